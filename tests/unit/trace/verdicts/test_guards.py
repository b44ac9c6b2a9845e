"""Guards of a manifest: they hold where a fact names the installer that reads them, and nowhere else."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from graphkit.model.answers import Assumption
from graphkit.model.documents import Document, DocumentKind, InstallCommand
from graphkit.model.guards import CutOff, Guards, StatedMetadata
from graphkit.model.names import package_name
from graphkit.model.organisation import DocumentUse
from graphkit.model.ranks import Verdict
from graphkit.model.requirements import requirement
from graphkit.model.times import exactly
from tests.cases.build import at, document, manifest, use
from tests.unit.trace.verdicts.shop import STOOD, judged, unrecorded

GUARDS = Guards(constraints=(requirement("bad<2"),))
PROJECT = replace(manifest("pyproject.toml", "app"), guards=GUARDS)
LOCK = document("uv.lock", DocumentKind.LOCK, ["ok==1"], governs=("pyproject.toml",))
"""A lock that was made from the project, and that does not satisfy it."""


def script(*tools: str, path: str = "Dockerfile", **more: object) -> Document:
    told = {"place": "line 3", "text": "install it", "inputs": ("pyproject.toml",)}
    commands = tuple(InstallCommand(**{**told, "tool": tool, **more}) for tool in tools)  # type: ignore[arg-type]
    return document(path, DocumentKind.SCRIPT, commands=commands)


FORCE: list[tuple[str, str, Sequence[Document], bool]] = [
    ("nobody says", "", [], False),
    ("the organisation", "uv", [], True),
    ("another one", "pip", [], False),
    ("a command", "", [script("uv")], True),
    ("a command of another tool", "", [script("pip")], False),
    ("commands of both", "", [script("uv", "pip")], False),
    ("a command with other settings", "", [script("uv", is_past_guards=True)], False),
    ("a command against the organisation", "uv", [script("pip")], False),
    ("a command with the organisation", "uv", [script("uv")], True),
]


@pytest.mark.parametrize(("why", "resolver", "scripts", "holds"), FORCE, ids=[why for why, *_ in FORCE])
def test_guards_hold_where_a_fact_names_their_installer(
    why: str, resolver: str, scripts: Sequence[Document], *, holds: bool
) -> None:
    found = unrecorded(judged(PROJECT, *scripts, resolver=resolver))
    assert found.verdict is (Verdict.CLEARED if holds else Verdict.PICKED), why
    if holds:
        assert found.clearance is not None
        said = [one.text for one in found.clearance.proof]
        expected = "Dockerfile, line 3 installs from pyproject.toml with uv" if scripts else "that uv installs it"
        assert any(expected in text for text in said)


def test_a_manifest_that_says_nothing_more_needs_no_installer() -> None:
    metadata = Guards(metadata=(StatedMetadata(package=package_name("app")),))
    for guards in (None, metadata):  # what was said of metadata is for locks alone
        found = unrecorded(judged(replace(PROJECT, guards=guards), resolver="uv"))
        assert found.verdict is Verdict.PICKED


# The lock of the installer beside it


def with_lock(lock: Document = LOCK, **times: str) -> tuple[Verdict, tuple[Assumption, ...]]:
    uses = [use("shop", PROJECT, **STOOD), use("shop", lock, **{**STOOD, **times})]
    found = judged(PROJECT, lock, uses=uses)
    return found.verdict, found.assumes


def test_a_lock_that_was_made_from_it_and_stood_as_long_names_its_installer() -> None:
    verdict, assumes = with_lock()
    assert (verdict, Assumption.LOCK in assumes) == (Verdict.CLEARED, True)


@pytest.mark.parametrize(
    ("lock", "times"),
    [
        (replace(LOCK, path="poetry.lock"), {}),  # of another installer
        (replace(LOCK, governs=("other.toml",)), {}),  # made from something else
        (LOCK, {"stands_from": "09:00"}),  # it came later
        (LOCK, {"read_at": "17:00"}),  # it is known for less long
    ],
)
def test_another_lock_names_it_not(lock: Document, times: dict[str, str]) -> None:
    assert with_lock(lock, **times)[0] is Verdict.PICKED


# Workspaces


def in_workspace(root: Document, member: Document) -> Verdict:
    def placed(one: Document) -> DocumentUse:
        return replace(use("shop", one, **STOOD), path=one.path, repository="r")

    return judged(root, member, uses=[placed(root), placed(member)], resolver="uv").verdict


def test_of_a_member_of_a_workspace_the_guards_of_the_root_alone_are_read() -> None:
    root = replace(manifest("pyproject.toml", "ok"), guards=Guards(is_workspace=True))
    member = replace(PROJECT, path="member/pyproject.toml")
    assert in_workspace(root, member) is Verdict.PICKED
    assert in_workspace(replace(root, guards=Guards(constraints=GUARDS.constraints)), member) is Verdict.CLEARED


# The cut-off of pip


CUT_OFF = CutOff(at=exactly(at("10:00")), text="2026-03-24T10:00:00Z")
PRIOR: list[tuple[str, str, Sequence[Document], bool]] = [
    ("nobody says which installer", "", [], False),
    ("the organisation says pip", "pip", [], True),
    ("the organisation says uv", "uv", [], False),
    ("a command says pip", "", [script("pip")], True),
    ("a command says uv", "pip", [script("uv")], False),
    ("commands say both", "", [script("pip", "uv")], False),
]


@pytest.mark.parametrize(("why", "resolver", "scripts", "holds"), PRIOR, ids=[why for why, *_ in PRIOR])
def test_the_cut_off_of_pip_holds_where_pip_installs(
    why: str, resolver: str, scripts: Sequence[Document], *, holds: bool
) -> None:
    plain = replace(PROJECT, guards=None)
    found = judged(plain, *scripts, resolver=resolver, uploaded_prior_to=CUT_OFF)
    assert found.verdict is (Verdict.CLEARED if holds else Verdict.PICKED), why


@pytest.mark.parametrize(("microseconds", "holds"), [(-1, True), (0, True), (1, False)])
def test_a_cut_off_bars_what_was_uploaded_at_it_or_later(microseconds: int, *, holds: bool) -> None:
    cut_off = CutOff(at=exactly(at("11:00") + microseconds), text="a time")
    found = judged(replace(PROJECT, guards=None), resolver="pip", uploaded_prior_to=cut_off)
    assert (found.verdict is Verdict.CLEARED) is holds


def test_a_cut_off_reaches_no_file_by_url() -> None:
    by_url = manifest("requirements.txt", "bad @ https://files.example/bad-2.whl")
    assert judged(by_url, resolver="pip", uploaded_prior_to=CUT_OFF).verdict is Verdict.UNKNOWN
