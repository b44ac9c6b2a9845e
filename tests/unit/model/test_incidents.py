"""Incidents: times as precisely as they are said, and what decides nothing."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from graphkit.model.incidents import AccusedFile, FileHash, Incident, Reading, Undecided, python_release
from graphkit.model.index import Hidden
from graphkit.model.names import package_name
from graphkit.model.times import Moment

LIB = package_name("lib")
RELEASE = python_release(LIB, "1.0.0")
HASHED = AccusedFile(hashes=(FileHash("sha256", "aa" * 32),))


def incident(**more: object) -> Incident:
    return Incident(id="i", title="", **{"releases": (), **more})  # type: ignore[arg-type]  # fields by name


def test_a_release_of_the_index_is_named_by_its_normal_version() -> None:
    assert (RELEASE.purl, RELEASE.version, RELEASE.whole) == ("pkg:pypi/lib@1.0.0", "1.0.0", True)
    assert python_release(LIB, "v1.0-RC1").purl == "pkg:pypi/lib@1.0rc1"
    assert python_release(LIB, "final-1").version == "final-1"


@pytest.mark.parametrize(
    ("start", "latest", "found"),
    [
        (None, None, None),
        (None, 9, None),
        (5, None, Moment(earliest=5, latest=5)),
        (5, 9, Moment(earliest=5, latest=9)),
    ],
)
def test_a_first_listing_is_as_precise_as_it_is_said(
    start: int | None, latest: int | None, found: Moment | None
) -> None:
    assert Reading(id="r", start=start, start_latest=latest).first_listing == found
    assert replace(RELEASE, listed_from=start, listed_from_latest=latest).first_listing == found


@pytest.mark.parametrize(
    ("reading", "gives_times", "is_exact"),
    [
        (Reading(id="r"), False, True),
        (Reading(id="r", start=1), True, True),
        (Reading(id="r", until=1), True, True),
        (Reading(id="r", hidden=(Hidden(package=LIB, start=1),)), True, True),
        (Reading(id="r", start=1, start_latest=2), True, False),
        (Reading(id="r", until=2, until_earliest=1), True, False),
    ],
)
def test_a_reading_says_whether_it_knows_the_clock_and_how_well(
    reading: Reading, *, gives_times: bool, is_exact: bool
) -> None:
    assert (reading.gives_times, reading.is_exact) == (gives_times, is_exact)


@pytest.mark.parametrize(
    "decided",
    [
        incident(releases=(RELEASE,)),
        incident(ranges=((LIB, "<2"),)),
        incident(every=("pkg:npm/left",)),
        incident(files=(HASHED,)),
        incident(releases=(RELEASE,), undecided=(Undecided(why="a commit"),)),
    ],
)
def test_any_test_on_releases_or_files_decides_something(decided: Incident) -> None:
    assert (decided.decides_nothing, decided.why_undecided) == (False, "")


@pytest.mark.parametrize(
    ("record", "why"),
    [
        (incident(), "it names no release and no file"),
        (incident(files=(AccusedFile(filename="x.whl"),)), "it names no release and no file"),  # a name is no test
        (incident(undecided=(Undecided(why="b"), Undecided(why="a"), Undecided(why="b"))), "b; a"),
    ],
)
def test_a_record_that_decides_nothing_says_each_reason_once(record: Incident, why: str) -> None:
    assert (record.decides_nothing, record.why_undecided) == (True, why)
