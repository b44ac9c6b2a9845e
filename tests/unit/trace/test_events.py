"""Records of one event: which are joined, which of them accuse, and what they say together of one release."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from graphkit.model.incidents import CompromisedFile, CompromisedRelease, Incident, Reading
from graphkit.model.names import package_name, purl_of
from graphkit.model.times import Moment, exactly
from graphkit.trace.events import Event, events_of, identity_of, in_order, merged, names_release

LIB = package_name("lib")
NPM = CompromisedRelease(purl="pkg:npm/%40scope/name@1.0", package=None, version="1.0")


def bad(version: str, **more: Any) -> CompromisedRelease:
    made = CompromisedRelease(purl=purl_of(LIB, version), package=LIB, version=version)
    return replace(made, **more)


def record(id_: str, *aliases: str, **more: Any) -> Incident:
    return Incident(**{"id": id_, "title": id_, "releases": (), "aliases": aliases, **more})


# Which are joined


JOINED: list[tuple[list[Incident], list[list[str]]]] = [
    ([], []),
    ([record("b"), record("a")], [["a"], ["b"]]),
    ([record("a", "b"), record("b")], [["a", "b"]]),
    ([record("a"), record("b", " A ")], [["a", "b"]]),  # in any case, with blanks around
    ([record("a", "x"), record("b", "y"), record("c", "x", "y")], [["a", "b", "c"]]),
    ([record("a", ""), record("b", " ")], [["a"], ["b"]]),
    ([record("a", "a"), record("b")], [["a"], ["b"]]),
    ([record("b", advisory=True), record("c", "b")], [["c", "b"]]),  # files before advisories
    ([record("a", withdrawn=True), record("b", "a", advisory=True)], [["b", "a"]]),  # withdrawn ones last
]


@pytest.mark.parametrize(("records", "members"), JOINED)
def test_records_that_share_a_name_are_one_event(records: list[Incident], members: list[list[str]]) -> None:
    for order in permutations(records):
        assert [[one.id for one in event.members] for event in events_of(order)] == members


NAMES = st.sampled_from("abcdef")


@given(st.lists(st.tuples(NAMES, st.lists(NAMES, max_size=2)), max_size=6, unique_by=lambda one: one[0]))
def test_events_are_the_connected_parts(drawn: list[tuple[str, list[str]]]) -> None:
    groups: list[set[str]] = []
    for id_, aliases in drawn:
        own = {id_, *aliases}
        touching = [group for group in groups if group & own]
        groups = [group for group in groups if not group & own] + [own.union(*touching)]
    found = events_of([record(id_, *aliases) for id_, aliases in drawn])
    assert sorted(map(sorted, groups)) == sorted(sorted(event.names) for event in found)
    assert sorted(one.id for event in found for one in event.members) == sorted(id_ for id_, _ in drawn)


def event(*records: Incident) -> Event:
    (found,) = events_of([replace(one, aliases=(*one.aliases, "same")) for one in records])
    return found


@pytest.mark.parametrize(
    ("records", "asked", "accusing"),
    [
        ([record("a"), record("b")], ["a"], ["a", "b"]),
        ([record("a"), record("b", withdrawn=True)], ["a"], ["a"]),
        ([record("a"), record("B", withdrawn=True)], ["b"], ["a", "B"]),
        (
            [record("a", withdrawn=True), record("b", withdrawn=True)],
            ["same"],
            ["a", "b"],
        ),  # what was asked is answered
        ([record("a", withdrawn=True), record("b", withdrawn=True)], ["a"], ["a"]),
    ],
)
def test_withdrawn_records_accuse_where_they_were_asked(
    records: list[Incident], asked: list[str], accusing: list[str]
) -> None:
    assert [one.id for one in event(*records).accusing(asked)] == accusing


READINGS: list[tuple[list[Reading], str | None]] = [
    ([], None),
    ([Reading(id="vague")], None),
    ([Reading(id="vague", preferred=True)], "vague"),
    ([Reading(id="vague"), Reading(id="timed", start=1)], "timed"),
    ([Reading(id="timed", start=1), Reading(id="late", start=2, preferred=True)], "late"),
]


@pytest.mark.parametrize(("readings", "best"), READINGS)
def test_the_best_reading_is_the_preferred_one_else_one_with_times(readings: list[Reading], best: str | None) -> None:
    first, second = record("a"), record("b", readings=tuple(readings))
    found = event(first, second).best_reading
    assert (found.id if found else None) == best


def test_every_account_of_a_first_listing_is_told_once_and_in_order() -> None:
    vague = bad("1", listed_from=10, listed_from_latest=20)
    one = record("a", releases=(vague, bad("2")), readings=(Reading(id="x", start=5), Reading(id="y", start=3)))
    other = record("b", releases=(bad("1.0", listed_from=7), NPM), readings=(Reading(id="z"),))
    assert event(one, other).first_listings() == {
        ("lib", "1"): (exactly(7), Moment(earliest=10, latest=20)),
        ("lib", "2"): (exactly(3), exactly(5)),  # nobody dates its upload, so each reading's start counts
        ("pkg:npm/%40scope/name", "1.0"): (),
    }


# One release


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (bad("1.0"), bad("1"), True),
        (bad("1.0"), bad("1.0+x"), False),
        (bad("1.0RC1"), bad("1.0rc1"), True),
        (NPM, replace(NPM, purl="pkg:npm/@scope%2Fname@1.0"), True),
        (NPM, replace(NPM, version="1.0.0"), False),  # other ecosystems have their own rules
        (bad("1"), replace(NPM, purl="pkg:npm/lib@1", version="1"), False),
    ],
)
def test_two_releases_are_one_however_they_are_written(
    one: CompromisedRelease, other: CompromisedRelease, *, same: bool
) -> None:
    assert (identity_of(one) == identity_of(other)) is same


NAMED: list[tuple[dict[str, Any], CompromisedRelease, bool]] = [
    ({"releases": (bad("1.0"),)}, bad("1"), True),
    ({"releases": (bad("1.0"),)}, bad("2"), False),
    ({"ranges": ((LIB, ">=1,<2"),)}, bad("1.5rc1"), True),
    ({"ranges": ((LIB, ">=1,<2"),)}, bad("2"), False),
    ({"ranges": ((LIB, ">=1,<2"),)}, bad("odd"), False),  # in no range
    ({"ranges": ((package_name("other"), ">=1"),)}, bad("1"), False),
    ({"every": ("pkg:pypi/Lib",)}, bad("odd"), True),
    ({"every": ("pkg:npm/lib",)}, bad("1"), False),
    ({"every": ("no purl", "pkg:pypi/a/lib")}, bad("1"), False),
    ({"releases": (NPM,)}, replace(NPM, purl="pkg:npm/@scope%2Fname@1.0"), True),
    ({"every": ("pkg:npm/@scope/NAME",)}, NPM, True),
    ({"every": ("pkg:npm/name",)}, NPM, False),
    ({"ranges": ((LIB, ">=1"),)}, NPM, False),
    ({}, bad("1"), False),
]


@pytest.mark.parametrize(("more", "release", "named"), NAMED)
def test_whether_an_incident_names_a_release(more: dict[str, Any], release: CompromisedRelease, *, named: bool) -> None:
    assert names_release(record("a", **more), release) is named


def of_file(**more: Any) -> tuple[Incident, CompromisedRelease]:
    return record("file"), bad("1", **more)


def of_advisory(**more: Any) -> tuple[Incident, CompromisedRelease]:
    return record("advisory", advisory=True), bad("1", **more)


WHEEL, SDIST = CompromisedFile(filename="a.whl"), CompromisedFile(filename="a.tar.gz")
MERGED: list[tuple[list[tuple[Incident, CompromisedRelease]], dict[str, object]]] = [
    ([of_advisory(whole=True), of_file(whole=False)], {"whole": False}),  # a version alone makes no good file bad
    ([of_file(whole=True), of_file(whole=False)], {"whole": True}),
    ([of_advisory(whole=True), of_advisory(whole=False)], {"whole": True}),
    ([of_file(listed_from=20), of_advisory(listed_from=10)], {"listed_from": 10}),
    ([of_file(listed_from=None), of_file(listed_from=20)], {"listed_from": 20}),
    ([of_file(listed_from=None)], {"listed_from": None}),
    ([of_file(listed_from=0), of_file(listed_from=20)], {"listed_from": 0}),
    (
        [of_file(listed_from=10, listed_from_latest=15), of_file(listed_from=12)],
        {"listed_from": 10, "listed_from_latest": 15},  # both ends of the same account
    ),
    ([of_file(files=(WHEEL,)), of_advisory(files=(SDIST, WHEEL))], {"files": (WHEEL, SDIST)}),
    ([of_file(note=""), of_file(note="second")], {"note": "second"}),
    ([of_file(sources=("A",)), of_file(sources=("B", "A"))], {"sources": ("A", "B")}),
]


@pytest.mark.parametrize(("records", "said"), MERGED)
def test_what_several_records_say_of_one_release(
    records: Sequence[tuple[Incident, CompromisedRelease]], said: dict[str, object]
) -> None:
    found = merged(records)
    assert {name: getattr(found, name) for name in said} == said


def test_no_order_of_records_hides_an_exposure() -> None:
    records = [of_file(listed_from=20, whole=False), of_file(listed_from=None), of_advisory(listed_from=10)]
    for order in permutations(records):
        assert (merged(order).listed_from, merged(order).whole) == (10, True)


def test_releases_are_ordered_by_package_and_pep_440() -> None:
    other = replace(bad("1"), package=package_name("a"))
    told = [bad("1.10"), NPM, bad("1.9"), bad("1.9rc1"), bad("final-1"), other]
    for order in (told, told[::-1]):
        assert [(one.package, one.version) for one in in_order(order)] == [
            ("a", "1"),
            ("lib", "final-1"),
            ("lib", "1.9rc1"),
            ("lib", "1.9"),
            ("lib", "1.10"),
            (None, "1.0"),
        ]
