"""What building releases without a wheel takes, where it was read: walked as installs of its own.

Contract: docs/semantics.md#governing-locks.

In the index `badpkg` 1.2 is bad from 10:00 to 13:00, and so is `late` 1.2, beside which 1.3 is newer; `mid` needs the
former. `dep` 1.0 has an sdist alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import pytest
from msgspec.structs import replace

from graphkit.model.answers import Assumption, Blast, ServiceVerdict
from graphkit.model.building import marker_of_build
from graphkit.model.documents import Document, DocumentKind
from graphkit.model.index import FileKind, ProjectPage, ReleaseMetadata
from graphkit.model.names import service_id
from graphkit.model.organisation import Service
from graphkit.model.ranks import Verdict
from graphkit.model.requirements import requirement
from graphkit.stores.port import Fact
from graphkit.trace.blast import blast
from graphkit.trace.case_answer import Question
from tests.cases.build import ask, compromised, document, incident, manifest, organisation, package, page, requires, use
from tests.property.memory import MemoryReader

OLD: Final = "2025-01-01T00:00:00Z"
STOOD: Final = {"stands_from": "2026-03-01T00:00:00Z", "read_at": "2026-03-26T00:00:00Z"}
BAD: Final = incident(compromised("badpkg", "1.2", "10:00"), compromised("late", "1.2", "10:00"), until="13:00")
NOT_READ: Final = "1 release in it has no wheel, and what building takes was not read"
READ: Final = "the build requirements of 1 release without a wheel were read"


def index() -> list[Fact]:
    return [
        *package("badpkg", {"1.0": (OLD, []), "1.1": (OLD, []), "1.2": ("10:00", [])}),
        *package("late", {"1.2": ("10:00", []), "1.3": (OLD, [])}),
        *package("mid", {"2.0": (OLD, ["badpkg"])}),
        *package("other", {"1.0": (OLD, [])}),
        *package("plain", {"1.0": (OLD, [])}),
    ]


def of_source(name: str, version: str, needs: Sequence[str], building: Sequence[str] | None) -> list[Fact]:
    """Return a package with one release that has an sdist alone; ``building`` None: what that takes was not read."""
    bare = page(name, {version: OLD})
    files = tuple(
        replace(file, filename=f"{name}-{version}.tar.gz", kind=FileKind.SDIST)
        for one in bare.releases
        for file in one.files
    )
    return [
        replace(bare, releases=tuple(replace(one, files=files) for one in bare.releases)),
        with_builds(requires(name, version, *needs), building),
    ]


def with_builds(read: ReleaseMetadata, building: Sequence[str] | None) -> ReleaseMetadata:
    asked = [requirement(text) for text in building or ()]
    marked = tuple(replace(one, marker=marker_of_build(one.marker)) for one in asked)
    return replace(read, requirements=(*read.requirements, *marked))


def answer(facts: Iterable[Fact], of: Document, **said: object) -> Blast:
    told = organisation(services=(Service(id=service_id("svc"), **said),))  # type: ignore[arg-type]
    every = [*index(), *facts, of, use("svc", of, **STOOD), told, BAD]
    return blast(MemoryReader(every), Question(targets=("case-1",)))


def judged(facts: Iterable[Fact], *texts: str, **said: object) -> ServiceVerdict:
    (found,) = answer(facts, manifest("requirements.in", *texts), **said).services
    return found


def facts_of(found: ServiceVerdict) -> str:
    return " ".join(one for build in found.builds if build.clearance for one in build.clearance.facts)


@pytest.mark.parametrize(
    ("building", "verdict"),
    [
        (["setuptools", "badpkg"], "picked"),
        (["setuptools", "mid"], "picked"),
        (["setuptools", "late"], "admitted"),
        (["setuptools", "badpkg ; sys_platform == 'win32'"], "admitted"),
        (["setuptools", "badpkg ; platform_version == 'x' and os_name == 'posix'"], "admitted"),
        (["setuptools", "badpkg ; platform_version == 'x' or os_name == 'nt'"], "admitted"),
        (["setuptools", "badpkg<1.2", "late!=1.2"], "cleared"),
        (["setuptools", "other"], "cleared"),
        (["setuptools"], "cleared"),
        (["setuptools[core]>=40"], "cleared"),
        (None, "cleared"),
        # What is no usual backend has to be known.
        (["setuptools", "nowhere"], "unknown"),
        (["setuptools", "other @ https://files.example/other-1.0.tar.gz"], "unknown"),
    ],
)
def test_what_building_takes_is_an_input(building: Sequence[str] | None, verdict: str) -> None:
    found = judged(of_source("dep", "1.0", [], building), "dep")
    assert found.verdict == verdict, found.reason
    if found.verdict is Verdict.CLEARED:
        said = facts_of(found)
        assert (READ in said, NOT_READ in said) == (building is not None, building is None)
        (proof,) = {one.clearance for one in found.builds if one.clearance}
        assert Assumption.BUILD_ENV in proof.assumes


def test_the_path_names_the_sdist() -> None:
    found = judged(of_source("dep", "1.0", [], ["setuptools", "mid"]), "dep")
    assert found.reason == (
        "requirements.in takes dep 1.0, which has no wheel and is built: "
        "a fresh install from the build requirements of dep 1.0 takes badpkg 1.2"
    )
    ((first, *steps),) = found.paths
    assert first.node == "requirements.in"
    assert [(one.node, one.why) for one in steps] == [
        ("dep@1.0", "requirements.in requires dep (manifest)"),
        ("building dep 1.0", "dep 1.0 has no wheel, so it is built from its sdist"),
        ("mid@2.0", "building dep 1.0 requires mid (its sdist)"),
        ("badpkg@1.2", "mid@2.0 requires badpkg (core-metadata)"),
    ]


def test_what_building_a_build_requirement_takes_is_one_too() -> None:
    tool = of_source("tool", "1.0", [], ["setuptools", "badpkg"])
    dep = of_source("dep", "1.0", [], ["setuptools", "tool"])
    found = judged([*tool, *dep], "dep")
    assert found.verdict is Verdict.PICKED
    assert "building tool 1.0" in [one.node for one in found.paths[0]]
    circle = of_source("tool", "1.0", [], ["setuptools", "dep"])
    found = judged([*circle, *dep], "dep")
    assert (found.verdict, "of 2 releases without a wheel were read" in facts_of(found)) == (Verdict.CLEARED, True)
    unread = of_source("tool", "1.0", [], None)
    found = judged([*unread, *dep], "dep")
    assert (found.verdict, READ in facts_of(found), NOT_READ in facts_of(found)) == (Verdict.CLEARED, True, True)


def test_each_sdist_is_built_by_itself() -> None:
    """What one of them bounds bounds no other."""
    one = of_source("one", "1.0", [], ["setuptools", "badpkg<1.2"])
    two = of_source("two", "1.0", [], ["setuptools", "badpkg"])
    assert judged([*one, *two], "one", "two").verdict is Verdict.PICKED
    assert judged(one, "one", "other").verdict is Verdict.CLEARED


@pytest.mark.parametrize(
    ("building", "verdict"),
    [(["setuptools", "badpkg"], "picked"), (["setuptools", "late"], "admitted"), (["setuptools"], "cleared")],
)
def test_no_bar_and_no_guard_reaches_a_build(building: Sequence[str], verdict: str) -> None:
    dep = of_source("dep", "1.0", [], building)
    assert judged(dep, "dep", "badpkg<1.2", "late!=1.2").verdict == verdict
    assert judged(dep, "other", "badpkg<1.2", "late!=1.2").verdict is Verdict.CLEARED
    bound = replace(
        manifest("requirements.in", "dep"), constraints=(requirement("badpkg<1.2"), requirement("late!=1.2"))
    )
    (found,) = answer(dep, bound).services
    assert found.verdict == verdict


@pytest.mark.parametrize("texts", [["dep"], ["dep", "badpkg<1.2", "late!=1.2"]])
def test_an_older_release_that_is_not_chosen_leaves_it_open(texts: Sequence[str]) -> None:
    old = of_source("dep", "0.9", [], ["setuptools", "badpkg"])
    (of_old,) = [one for one in old if isinstance(one, ProjectPage)]
    new = page("dep", {"1.0": OLD})
    both = replace(new, releases=(*of_old.releases, *new.releases))
    facts = [both, *[one for one in old if one is not of_old], requires("dep", "1.0")]
    assert judged(facts, *texts).verdict is Verdict.UNKNOWN
    assert judged(facts, *texts, is_wheels_only=True).verdict is Verdict.CLEARED
    assert judged(facts, "dep>=1", *texts[1:]).verdict is Verdict.CLEARED


def test_wheels_only_leaves_nothing_to_build() -> None:
    dep = of_source("dep", "1.0", [], ["setuptools", "badpkg"])
    assert judged(dep, "dep", is_wheels_only=True).verdict is Verdict.CLEARED


@pytest.mark.parametrize(
    ("building", "verdict"),
    [
        (["setuptools", "badpkg"], "picked"),
        (["setuptools", "late"], "admitted"),
        (["setuptools"], "cleared"),
        (None, "cleared"),
    ],
)
def test_no_lock_governs_what_building_its_releases_takes(building: Sequence[str] | None, verdict: str) -> None:
    dep = of_source("dep", "1.0", [], building)
    (found,) = answer(dep, document("uv.lock", DocumentKind.LOCK, ["dep==1.0"])).services
    assert found.verdict == verdict, found.reason
    (found,) = answer(dep, document("uv.lock", DocumentKind.LOCK, ["other==1.0"])).services
    assert found.verdict is Verdict.CLEARED, found.reason


def test_what_a_package_says_itself_is_no_build_requirement() -> None:
    """An extra of such a name cannot be, so the requirement under it is one that cannot be read."""
    found = judged(of_source("dep", "1.0", ['other ; extra == ":build"'], None), "dep")
    assert NOT_READ in facts_of(found)
    found = judged(of_source("dep", "1.0", ['badpkg ; extra == ":build"'], None), "dep")
    assert found.verdict is not Verdict.CLEARED


def test_what_another_release_was_built_with_says_nothing() -> None:
    """Requirements of a release that nobody kept are those of the one before; what building it takes is not known."""
    old, kept = of_source("dep", "1.0", [], ["setuptools"])
    (new, _) = of_source("dep", "2.0", [], None)
    assert isinstance(old, ProjectPage)
    assert isinstance(new, ProjectPage)
    both = replace(old, releases=(*old.releases, *new.releases))
    found = judged([both, kept], "dep")
    assert found.verdict is Verdict.UNKNOWN


@pytest.mark.parametrize("building", [["setuptools", "badpkg"], ["setuptools", "late"], ["setuptools"]])
def test_packages_are_listed_as_without_it_and_both_stores_agree(tmp_path: Path, building: Sequence[str]) -> None:
    of = manifest("requirements.in", "dep")
    told = organisation(services=(Service(id=service_id("svc")),))
    every = [*index(), of, use("svc", of, **STOOD), told, BAD]
    there = ask(tmp_path / "a", [*every, *of_source("dep", "1.0", [], building)])
    without = ask(tmp_path / "b", [*every, *of_source("dep", "1.0", [], None)])
    assert there.packages == without.packages
    assert not [one.package for one in there.packages if one.package.startswith("dep")]
    in_memory = answer(of_source("dep", "1.0", [], building), of)
    assert list(there.services) == list(in_memory.services)
