"""The first upload of an accused file: the earliest by any account, and not known where one account is not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from graphkit.model.environment import Environment
from graphkit.model.incidents import AccusedFile, CompromisedFile, CompromisedRelease, FileHash, Incident, Undecided
from graphkit.model.index import ProjectPage
from graphkit.model.names import package_name
from graphkit.stores.port import Fact
from graphkit.trace.resolve.first_upload import FirstUploads, first_of_all, first_uploads
from graphkit.trace.resolve.world import World
from tests.cases.build import at, compromised, incident, page
from tests.property.asking import cases_of
from tests.property.memory import MemoryReader

GOOD, BAD = "a" * 64, "b" * 64


def firsts(record: Incident, *facts: Fact) -> FirstUploads:
    reader = MemoryReader([record, *facts])
    (case,) = cases_of(reader, [record.id])
    world = World(reader, Environment(), "uv", case.hidden, case.keys())
    return first_uploads(case, world)


def accusing(*releases: CompromisedRelease, start: str | None = None, **more: Any) -> Incident:
    made = incident(*releases, until="13:00", **more)
    (reading,) = made.readings
    return replace(made, readings=(replace(reading, start=None if start is None else at(start)),))


def hashed(listed: ProjectPage, *digests: str) -> ProjectPage:
    """Return a page whose newest release has files of some hashes, the first of them at its time, others later."""
    *rest, last = listed.releases
    first = last.files[0]
    assert first.uploaded is not None
    files = tuple(
        replace(first, filename=f"{number}{first.filename}", sha256=digest, uploaded=first.uploaded + number)
        for number, digest in enumerate(digests)
    )
    return replace(listed, releases=(*rest, replace(last, files=files)))


ACCOUNTS: list[tuple[str, str | None, str | None, str | None, str | None]] = [
    # why, the incident says, the reading starts, the page says, found
    ("all agree", "11:00", "11:00", "11:00", "11:00"),
    ("the index earlier", "11:00", None, "10:30", "10:30"),
    ("the incident earlier", "10:00", None, "11:00", "10:00"),
    ("the reading earlier, though somebody dates the upload", "11:00", "10:00", "11:00", "10:00"),
    ("no account but the index", None, None, "11:00", "11:00"),
    ("the index does not know", "11:00", None, None, None),
    ("nobody says anything", None, None, None, None),
]


@pytest.mark.parametrize(("why", "told", "start", "listed", "found"), ACCOUNTS, ids=[why for why, *_ in ACCOUNTS])
def test_the_earliest_account_counts_and_all_have_to_be_known(
    why: str, told: str | None, start: str | None, listed: str | None, found: str | None
) -> None:
    record = accusing(compromised("bad", "2", told), start=start)
    expected = None if found is None else at(found)
    assert firsts(record, page("bad", {"1": "01:00", "2": listed})) == {"bad": expected}, why


def test_without_a_page_nothing_is_known() -> None:
    assert firsts(accusing(compromised("bad", "2", "11:00"))) == {"bad": None}
    assert firsts(accusing(compromised("bad", "2", "11:00")), page("other", {"1": "01:00"})) == {"bad": None}


def test_what_a_page_no_longer_lists_may_have_come_after_it_was_read() -> None:
    gone = page("bad", {"1": "01:00"})
    record = accusing(compromised("bad", "2", "11:00"))
    assert firsts(record, gone) == {"bad": at("11:00")}
    assert firsts(record, replace(gone, read_at=at("10:00"))) == {"bad": at("10:00")}
    assert firsts(accusing(compromised("bad", "2", None)), gone) == {"bad": None}


@pytest.mark.parametrize("gone", [{"found": False}, {"status": "quarantined"}])
def test_a_project_that_is_gone_was_asked_for_and_says_nothing_of_when(gone: dict[str, Any]) -> None:
    shown = replace(page("bad", {}), read_at=at("10:00"), **gone)
    assert firsts(accusing(compromised("bad", "2", "11:00")), shown) == {"bad": at("11:00")}


def test_a_file_that_is_known_to_be_good_was_no_first_upload() -> None:
    listed = page("bad", {"1": "01:00", "2": "10:00"})
    mixed = compromised("bad", "2", "11:00", BAD, whole=False)
    assert firsts(accusing(mixed), hashed(listed, GOOD, BAD)) == {"bad": at("10:00") + 1}
    upper = replace(mixed, files=(CompromisedFile(filename="x", sha256=BAD.upper()),))
    assert firsts(accusing(upper), hashed(listed, GOOD, BAD)) == {"bad": at("10:00") + 1}
    for doubt in (
        compromised("bad", "2", "11:00", BAD),  # all files of it are bad
        replace(mixed, files=(*mixed.files, CompromisedFile(filename="y"))),  # a bad one whose hash is not known
        replace(mixed, files=(replace(mixed.files[0], member=True),)),  # the hash is of something inside
        replace(mixed, files=()),
    ):
        assert firsts(accusing(doubt), hashed(listed, GOOD, BAD)) == {"bad": at("10:00")}
    assert firsts(accusing(mixed), hashed(listed, "", BAD)) == {"bad": at("10:00")}


def test_of_several_releases_and_packages_each_package_has_its_own() -> None:
    record = accusing(
        compromised("bad", "2", "11:00"), compromised("bad", "3", "10:30"), compromised("evil", "1", "12:00")
    )
    pages = [page("bad", {"2": "11:00", "3": "10:45"}), page("evil", {"1": "12:00"})]
    found = firsts(record, *pages)
    assert found == {"bad": at("10:30"), "evil": at("12:00")}
    assert first_of_all(found) == at("10:30")
    assert firsts(record, pages[0]) == {"bad": at("10:30"), "evil": None}


def test_one_release_that_nobody_dates_leaves_its_package_open_in_any_order() -> None:
    releases = [compromised("bad", "2", "11:00"), compromised("bad", "3", None)]
    listed = page("bad", {"2": "11:00", "3": None})
    for told in (releases, releases[::-1]):
        assert firsts(accusing(*told), listed) == {"bad": None}


# What is accused otherwise


def test_what_a_range_accuses_came_with_a_known_release_or_after_the_page() -> None:
    early = replace(page("bad", {"1": "01:00", "2": "10:00"}), read_at=at("11:00"))
    within = accusing(ranges=((package_name("bad"), ">=2"),))
    assert firsts(within, early) == {"bad": at("10:00")}
    beyond = accusing(ranges=((package_name("bad"), ">=3"),))
    assert firsts(beyond, early) == {"bad": None}  # no release that is known falls in it
    assert firsts(within) == {"bad": None}
    every = accusing(every=("pkg:pypi/bad",))
    assert firsts(every, early) == {"bad": at("01:00")}


OPEN: Sequence[tuple[dict[str, Any], set[str | None]]] = [
    ({"undecided": (Undecided(package=package_name("bad"), name="bad", why="x"),)}, {"bad"}),
    ({"undecided": (Undecided(name="x", why="x"),)}, {None}),
    ({"files": (AccusedFile(hashes=(FileHash("sha256", BAD),), is_alone=True),)}, {None}),
    (
        {"files": (AccusedFile(package=package_name("bad"), hashes=(FileHash("md5", "c" * 32),), is_alone=True),)},
        {"bad"},
    ),
    (
        {"files": (AccusedFile(package=package_name("bad"), hashes=(FileHash("md5", "c" * 32),)),)},
        set(),
    ),  # an indicator
    ({"every": ("pkg:npm/evil",)}, {None}),
]


@pytest.mark.parametrize(("more", "unknown"), OPEN)
def test_what_has_no_release_has_no_first_upload(more: dict[str, Any], unknown: set[str | None]) -> None:
    found = firsts(accusing(compromised("bad", "2", "11:00"), **more), page("bad", {"2": "11:00"}))
    assert {package for package, first in found.items() if first is None} == unknown
    assert first_of_all(found) == (None if unknown else at("11:00"))


def test_a_release_elsewhere_has_the_account_of_its_incident_alone() -> None:
    npm = CompromisedRelease(purl="pkg:npm/left@1", package=None, version="1", listed_from=at("11:00"))
    assert firsts(accusing(npm)) == {None: at("11:00")}
    assert firsts(accusing(replace(npm, listed_from=None))) == {None: None}


def test_of_nothing_there_is_no_first_upload() -> None:
    assert first_of_all({}) is None
