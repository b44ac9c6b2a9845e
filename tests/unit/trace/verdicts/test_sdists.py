"""What building releases from source brings: installs of their own, which no lock, bar or cut-off reaches.

`bad` 2 is accused, and was listed from 11:00 to 13:00. `src` has an sdist alone, and what building it takes differs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from msgspec.structs import replace

from graphkit.model.answers import BuildVerdict
from graphkit.model.building import marker_of_build
from graphkit.model.documents import Document, DocumentKind
from graphkit.model.index import File, FileKind, ProjectPage, ReleaseFiles
from graphkit.model.names import package_name, service_id
from graphkit.model.organisation import Service
from graphkit.model.ranks import Verdict
from graphkit.model.requirements import Requirement, requirement
from graphkit.stores.port import Fact
from tests.cases.build import (
    LATER,
    at,
    compromised,
    document,
    incident,
    manifest,
    organisation,
    package,
    page,
    requires,
    use,
)
from tests.property.asking import services_of
from tests.property.memory import MemoryReader

PAGES: Sequence[Fact] = (
    *package("bad", {"1": ("01:00", []), "2": ("11:00", [])}),
    *package("app", {"1": ("01:00", ["bad"])}),
    *package("ok", {"1": ("01:00", [])}),
    *package("setuptools", {"80": ("01:00", [])}),
    page("lost", {"1": "01:00"}),
    incident(compromised("bad", "2", "11:00"), until="13:00"),
)
MANIFEST = manifest("requirements.txt", "src")


def source(name: str, *builds: str, requiring: Sequence[str] = (), time: str | None = "01:00") -> Iterator[Fact]:
    """Yield release 1 of a package that has an sdist alone, and what it and building it takes; nothing: not read.

    What was read has a backend in it (`graphkit.model.building.BACKENDS`), here setuptools.
    """
    file = File(filename=f"{name}-1.tar.gz", kind=FileKind.SDIST, uploaded=None if time is None else at(time))
    yield ProjectPage(
        package=package_name(name),
        spelling=name,
        releases=(ReleaseFiles(version="1", files=(file,)),),
        read_at=LATER,
        source="index",
    )
    yield replace(
        requires(name, "1"),
        requirements=(*map(requirement, requiring), *map(building, ("setuptools", *builds) if builds else ())),
    )


def building(text: str) -> Requirement:
    one = requirement(text)
    return replace(one, marker=marker_of_build(one.marker))


def judged(here: Document, *facts: Fact, private: Sequence[str] = (), **more: object) -> BuildVerdict:
    """Return the verdict of installs from a document that was in place all day."""
    told = organisation(
        services=(Service(id=service_id("shop"), **more),),  # type: ignore[arg-type]
        uses=(use("shop", here, stands_from="08:00", read_at="18:00"),),
        private_packages=tuple(map(package_name, private)),
    )
    found = services_of(MemoryReader([*PAGES, *facts, here, told]), "case-1")[service_id("shop")]
    return found.builds[-1]


TAKES = "requirements.txt takes src 1, which has no wheel and is built: "
BUILT = [
    (["setuptools>1"], "cleared", "the build requirements of 1 release without a wheel were read"),
    ([], "cleared", "1 release in it has no wheel, and what building takes was not read"),
    (["ok"], "cleared", "the build requirements of 1 release without a wheel were read"),
    (["bad"], "picked", f"{TAKES}a fresh install from the build requirements of src 1 takes bad 2"),
    (["app"], "picked", f"{TAKES}a fresh install from the build requirements of src 1 takes bad 2"),
    (["bad<2"], "cleared", ""),
    (["bad ; os_name == 'nt'"], "admitted", TAKES),
    (["lost @ https://files.example/lost-1.tar.gz"], "unknown", "and not all of that is known"),
    (["lost"], "unknown", "building src 1 takes lost, and not all of that is known"),
    (["nowhere"], "unknown", "and not all of that is known"),
    (["secret"], "unknown", "building src 1 takes the private package secret"),
]


@pytest.mark.parametrize(("builds", "verdict", "reason"), BUILT)
def test_what_building_a_release_takes_the_install_has_had(builds: list[str], verdict: str, reason: str) -> None:
    found = judged(MANIFEST, *source("src", *builds), private=["secret"])
    assert found.verdict.value == verdict
    proof = " ".join(one.text for one in found.clearance.proof) if found.clearance else ""
    assert reason in f"{found.reason} {proof}"


def test_nothing_is_built_where_wheels_alone_are_installed() -> None:
    assert judged(MANIFEST, *source("src", "bad"), is_wheels_only=True).verdict is Verdict.CLEARED


def test_no_bar_of_the_install_reaches_what_it_builds() -> None:
    found = judged(manifest("requirements.txt", "src", "bad<2"), *source("src", "bad"))
    assert found.verdict is Verdict.PICKED


def test_a_release_that_may_be_built_instead_leaves_a_bar_open() -> None:
    facts = [*source("src", "bad"), *package("wrap", {"1": ("01:00", []), "0.9": ("01:00", ["src"])})]
    found = judged(manifest("requirements.txt", "wrap", "bad<2"), *facts)
    assert found.verdict is Verdict.UNKNOWN
    assert "some releases that building src 1 allows lead to bad" in found.reason


def test_what_is_built_to_build_something_counts() -> None:
    found = judged(MANIFEST, *source("src", "tool"), *source("tool", "bad"))
    assert found.verdict is Verdict.PICKED
    assert [step.node for step in found.paths[0]][-1] == "bad@2"


def test_two_releases_that_build_each_other_come_to_an_end() -> None:
    found = judged(MANIFEST, *source("src", "tool"), *source("tool", "src", "ok"), *source("third", "bad"))
    assert found.verdict is Verdict.CLEARED


def test_several_releases_that_are_built_are_counted_together() -> None:
    facts = [*source("src", "ok", requiring=["other"]), *source("other", "ok")]
    found = judged(MANIFEST, *facts, *source("third", "bad"))
    assert found.clearance is not None
    proof = " ".join(one.text for one in found.clearance.proof)
    assert "the build requirements of 2 releases without a wheel were read" in proof


def test_a_release_of_uncertain_listing_is_built_perhaps() -> None:
    facts = [*source("src", "bad", time=None)]
    assert judged(MANIFEST, *facts).verdict is Verdict.ADMITTED


LOCKED = [
    (["src==1"], False, "picked"),
    (["src==1"], True, "admitted"),  # an optional row may not be installed
    (["src==9"], False, "cleared"),  # not on the index
    (["ok==1"], False, "cleared"),  # has a wheel
]


@pytest.mark.parametrize(("rows", "is_optional", "verdict"), LOCKED)
def test_the_rows_of_a_lock_that_have_no_wheel_are_built(rows: list[str], verdict: str, *, is_optional: bool) -> None:
    lock = document("uv.lock", DocumentKind.LOCK, rows)
    here = replace(lock, components=tuple(replace(one, optional=is_optional) for one in lock.components))
    found = judged(here, *source("src", "bad"))
    assert found.verdict.value == verdict


def test_a_row_from_elsewhere_is_not_what_the_index_builds() -> None:
    lock = document("uv.lock", DocumentKind.LOCK, ["src==1"])
    here = replace(lock, components=(replace(lock.components[0], origin="git+https://git.example/src"),))
    assert "is built" not in judged(here, *source("src", "bad")).reason


def test_a_lock_whose_builds_may_lead_to_a_target_is_admitted() -> None:
    lock = document("uv.lock", DocumentKind.LOCK, ["src==1"])
    facts = [*source("src", "wrap"), *package("wrap", {"1": ("01:00", []), "0.9": ("01:00", ["bad"])})]
    found = judged(lock, *facts)
    assert (found.verdict, found.paths[0][-1].node) == (Verdict.ADMITTED, "bad@2")


def test_what_is_built_whatever_the_uncertain_times_are_is_taken_for_sure() -> None:
    unsure = package("unsure", {"1": ("01:00", []), "2": (None, [])})
    found = judged(manifest("requirements.txt", "src", "unsure"), *source("src", "bad"), *unsure)
    assert found.verdict is Verdict.PICKED


def test_what_one_account_of_the_uncertain_times_builds_is_admitted() -> None:
    unsure = package("unsure", {"1": ("01:00", []), "2": (None, ["src"])})
    found = judged(manifest("requirements.txt", "unsure"), *source("src", "bad"), *unsure)
    assert found.verdict is Verdict.ADMITTED


def test_accounts_that_build_different_releases_agree_on_none() -> None:
    unsure = package("unsure", {"1": ("01:00", ["src"]), "2": (None, ["other"])})
    facts = [*source("src", "bad"), *source("other", "bad")]
    found = judged(manifest("requirements.txt", "unsure"), *facts, *unsure)
    assert found.verdict is Verdict.ADMITTED
