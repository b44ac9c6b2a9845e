"""What a service may be installed from: which inputs count, by which names, and what installs from each ask for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from graphkit.model.answers import BuildVerdict
from graphkit.model.documents import Document, DocumentKind, InstallCommand
from graphkit.model.guards import Guards
from graphkit.model.ranks import Verdict
from graphkit.model.requirements import requirement
from tests.cases.build import document, manifest, package, use
from tests.unit.trace.verdicts.shop import BARRED, CLEAN, HIT, PICKS, PRIVATE, STOOD, build, judged, only, unrecorded

# Which inputs count


@pytest.mark.parametrize(
    ("chosen", "verdict"),
    [
        (None, "picked"),
        (("uv.lock",), "cleared"),
        (("git.example/shop/uv.lock",), "cleared"),
        (("requirements.txt",), "picked"),
        (("other.txt",), "unknown"),  # nothing that counts was in place
        ((), "unknown"),
    ],
)
def test_an_input_counts_by_its_path_alone_or_with_its_repository(chosen: tuple[str, ...] | None, verdict: str) -> None:
    uses = [replace(use("shop", one, **STOOD), path=one.path, repository="git.example/shop") for one in (CLEAN, PICKS)]
    assert judged(CLEAN, PICKS, uses=uses, installs_from=chosen).verdict.value == verdict


def test_equal_bytes_go_by_the_path_that_the_service_has_them_at() -> None:
    here = replace(use("shop", PICKS, **STOOD), path="deploy/requirements.txt", repository="r")
    assert "a fresh install from deploy/requirements.txt takes" in unrecorded(judged(PICKS, uses=[here])).reason
    other = replace(use("shop", CLEAN, **STOOD), path="uv.lock", repository="s")
    found = judged(PICKS, CLEAN, uses=[here, other])
    assert "a fresh install from r/deploy/requirements.txt takes" in found.reason  # it has inputs of several


# Manifests of builds


def command(**more: Any) -> InstallCommand:
    told = {"place": "line 3", "text": "install it", "tool": "pip", "inputs": ("requirements.txt",)}
    return InstallCommand(**{**told, **more})


def of_build(here: Document, *scripts: Document, uses: bool = True, **more: Any) -> BuildVerdict:
    """Return the verdict of a build that installed from a manifest, beside what was in place."""
    told = [use("shop", one, **STOOD) for one in ((here, *scripts) if uses else scripts)]
    return only(judged(here, *scripts, uses=told, builds=[build(manifest=here)], builds_complete=True, **more))


def test_indexes_that_commands_name_count_for_the_manifest_of_a_build() -> None:
    script = document("Dockerfile", DocumentKind.SCRIPT, commands=(command(),), indexes=(PRIVATE,))
    assert of_build(BARRED).verdict is Verdict.CLEARED
    found = of_build(BARRED, script)
    assert found.verdict is Verdict.UNKNOWN
    assert of_build(BARRED, replace(script, indexes=())).verdict is Verdict.CLEARED
    elsewhere = replace(script, commands=(command(inputs=("other.txt",)),))
    assert of_build(BARRED, elsewhere).verdict is Verdict.UNKNOWN  # other.txt is not among the inputs


GUARDED = replace(manifest("pyproject.toml", "app"), guards=Guards(constraints=(requirement("bad<2"),)))


@pytest.mark.parametrize(
    ("scripts", "resolver", "verdict"),
    [
        ([], "", "picked"),
        ([], "uv", "cleared"),
        ([("uv",)], "", "cleared"),
        ([("pip",)], "uv", "picked"),
        ([("uv", "pip")], "", "picked"),
    ],
)
def test_guards_of_the_manifest_of_a_build_hold_as_what_was_there_with_it_says(
    scripts: Sequence[tuple[str, ...]], resolver: str, verdict: str
) -> None:
    made = [
        document(
            "Dockerfile",
            DocumentKind.SCRIPT,
            commands=tuple(command(tool=tool, inputs=("pyproject.toml",)) for tool in tools),
        )
        for tools in scripts
    ]
    assert of_build(GUARDED, *made, resolver=resolver).verdict.value == verdict


def test_for_a_manifest_that_was_not_in_place_the_organisation_alone_says_who_installs_it() -> None:
    script = document("Dockerfile", DocumentKind.SCRIPT, commands=(command(tool="uv", inputs=("pyproject.toml",)),))
    assert of_build(GUARDED, uses=False).verdict is Verdict.PICKED
    assert of_build(GUARDED, uses=False, resolver="uv").verdict is Verdict.CLEARED
    assert of_build(GUARDED, script, uses=False).verdict is not Verdict.CLEARED


# What installs ask for


@pytest.mark.parametrize(
    ("resolver", "verdict"),
    [("uv", "picked"), ("pip", "cleared"), ("", "picked")],  # with and without them, where nobody says
)
def test_overrides_may_bring_in_what_a_manifest_does_not_ask_for(resolver: str, verdict: str) -> None:
    guards = Guards(overrides=(requirement("bad>=2"),))
    here = replace(manifest("pyproject.toml", "pinned"), guards=guards)
    found = unrecorded(judged(here, resolver=resolver))
    assert found.verdict.value == verdict


def test_guards_without_overrides_are_asked_about_once() -> None:
    here = replace(manifest("pyproject.toml", "ok"), guards=Guards(constraints=(requirement("bad<2"),)))
    found = unrecorded(judged(here))
    assert found.verdict is Verdict.CLEARED


@pytest.mark.parametrize(
    ("requires", "verdict", "told"),
    [
        (None, "cleared", ""),
        ((), "cleared", ""),
        (("setuptools>=61",), "cleared", ""),  # usual, and assumed to bring what usual ones need
        (("app",), "picked", "build-system.requires of pyproject.toml takes bad 2"),
        (("setuptools", "ok"), "cleared", ""),
        (("lost",), "unknown", "build-system.requires of pyproject.toml"),
    ],
)
def test_unusual_build_requirements_are_an_input_that_no_guard_reaches(
    requires: tuple[str, ...] | None, verdict: str, told: str
) -> None:
    build_requires = None if requires is None else tuple(map(requirement, requires))
    guards = Guards(constraints=(requirement("bad<2"),))
    here = replace(manifest("pyproject.toml", "ok"), build_requires=build_requires, guards=guards)
    found = unrecorded(judged(here, resolver="uv", facts=package("setuptools", {"80": ("01:00", [])})))
    assert found.verdict.value == verdict
    assert told in found.reason


def test_no_lock_governs_what_building_takes() -> None:
    here = replace(manifest("pyproject.toml", "ok"), build_requires=(requirement("app"),))
    lock = document("uv.lock", DocumentKind.LOCK, ["ok==1"], governs=("pyproject.toml",))
    assert judged(here, lock).verdict is Verdict.PICKED
    assert judged(replace(here, build_requires=None), lock).verdict is Verdict.CLEARED
    assert (
        judged(replace(here, build_requires=None), replace(HIT, governs=("pyproject.toml",))).verdict
        is Verdict.OBSERVED
    )
