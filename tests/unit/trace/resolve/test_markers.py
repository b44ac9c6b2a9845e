"""Markers by id: which hold, by both accounts of what cannot be decided, and with which extras."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from graphkit.model.building import marker_of_build
from graphkit.model.environment import Environment
from graphkit.model.requirements import requirement
from graphkit.stores import port
from graphkit.trace.resolve.markers import Markers
from graphkit.trace.resolve.world import World
from tests.cases.build import package, requires
from tests.property.memory import MemoryReader
from tests.unit.trace.parts import world_of

HOLDS, FAILS, OPEN = 'os_name == "posix"', 'os_name == "nt"', 'platform_release >= "5"'
WITH_X, BOTH = 'extra == "x"', 'extra == "x" or os_name == "posix"'
EITHER = 'extra == "x" or extra == "y"'
NEVER = 'extra == "x" and os_name == "nt"'
PERHAPS = 'extra == "x" and platform_release >= "5"'
ALL = ("", HOLDS, FAILS, OPEN, WITH_X, BOTH, EITHER, NEVER, PERHAPS)


def world(*markers: str) -> World:
    """Return a world in which each marker stands before a requirement of its own."""
    asked = tuple(replace(requirement(f"lib{number}"), marker=marker) for number, marker in enumerate(markers))
    return world_of(replace(requires("app", "1"), requirements=asked))


def ids(used: World, *markers: str) -> port.TextIds:
    """Return the ids of marker texts."""
    reader = used.reader
    assert isinstance(reader, MemoryReader)
    return port.TEXT.of([port.TextId(reader._markers.index(one)) for one in markers])


def asked(used: World, *markers: str) -> Markers:
    made = Markers()
    made.hold(used, ids(used, *markers), loose=True)
    return made


def held(*markers: str, loose: bool) -> list[str]:
    used = world(*ALL)
    made = asked(used, *markers)
    truths = made.hold(used, ids(used, *markers), loose=loose).tolist()
    return [marker for marker, holds in zip(markers, truths, strict=True) if holds]


def test_what_cannot_be_decided_holds_by_one_account_alone() -> None:
    assert held(*ALL, loose=True) == ["", HOLDS, OPEN, BOTH]
    assert held(*ALL, loose=False) == ["", HOLDS, BOTH]


def with_extras(*markers: str, loose: bool, first: Sequence[str] = ()) -> list[tuple[str, str]]:
    """Return which markers hold with which extra; ``first`` are asked before."""
    used = world(*ALL)
    made = asked(used, *first)
    made.hold(used, ids(used, *markers), loose=True)
    rows, numbers = made.with_extras(ids(used, *markers), loose=loose)
    names = list(made.numbers)
    return [(markers[row], names[number]) for row, number in sorted(zip(rows.tolist(), numbers.tolist(), strict=True))]


def test_a_marker_that_fails_may_hold_with_an_extra() -> None:
    sure = [(WITH_X, "x"), (EITHER, "x"), (EITHER, "y")]
    assert with_extras(*ALL, loose=False) == sure
    assert with_extras(*ALL, loose=True) == [*sure, (PERHAPS, "x")]


def test_markers_are_asked_in_any_order_and_once() -> None:
    assert with_extras(EITHER, WITH_X, EITHER, loose=False) == [
        (EITHER, "x"),
        (EITHER, "y"),
        (WITH_X, "x"),
        (EITHER, "x"),
        (EITHER, "y"),
    ]
    assert with_extras(WITH_X, EITHER, loose=False, first=[EITHER]) == [(WITH_X, "x"), (EITHER, "x"), (EITHER, "y")]
    used = world(*ALL)
    made = asked(used, *ALL)
    before = [column.tolist() for column in made.with_extras(ids(used, *ALL), loose=True)]
    made.hold(used, ids(used, *ALL), loose=True)
    made.hold(used, port.TEXT.of([]), loose=True)
    assert [column.tolist() for column in made.with_extras(ids(used, *ALL), loose=True)] == before


def test_what_is_asked_later_is_found_by_all_who_ask_after_it() -> None:
    used = world(*ALL)
    made = asked(used, WITH_X)
    assert len(made.with_extras(ids(used, WITH_X), loose=False)[0]) == 1  # a table is made
    made.hold(used, ids(used, EITHER), loose=True)
    assert len(made.with_extras(ids(used, WITH_X, EITHER), loose=False)[0]) == 3


@pytest.mark.parametrize("marker", ["", HOLDS, OPEN])
def test_no_extra_makes_a_difference_where_none_is_named(marker: str) -> None:
    assert with_extras(marker, loose=True) == []


def test_a_build_requirement_holds_for_no_install_with_whatever_extra() -> None:
    build, other = marker_of_build(), marker_of_build(WITH_X)
    used = world(HOLDS, build, other)
    assert not asked(used, HOLDS).meets_build
    made = asked(used, HOLDS, build, other)
    assert made.meets_build
    assert made.hold(used, ids(used, build, other), loose=True).tolist() == [False, False]
    assert len(made.with_extras(ids(used, build, other), loose=True)[0]) == 0


def test_extras_in_another_spelling_are_one() -> None:
    first, second = 'extra == "Fast_Mode"', 'extra == "fast-mode" and os_name == "posix"'
    used = world(first, second)
    made = asked(used, first, second)
    assert list(made.numbers) == ["", "fast-mode"]


def test_extras_that_ranges_name_are_those_that_a_walk_has_seen() -> None:
    facts = [
        *package("app", {"1": ("01:00", ["lib", "lib[x]", "lib[y,x]", "lib[z]"])}),
        *package("lib", {"1": ("01:00", [])}),
    ]
    used = world_of(*facts)
    reader = used.reader
    assert isinstance(reader, MemoryReader)
    made = Markers()
    made.numbers.update({"x": 1, "y": 2})
    texts = ["", "x,y", "x", "", "z"]
    found = made.named(used, port.TEXT.of([port.TextId(reader._extras.index(text)) for text in texts]))
    pairs = sorted(zip(*(column.tolist() for column in found), strict=True))
    assert pairs == [(1, 1), (1, 2), (2, 1)]
    none = made.named(used, port.TEXT.of([port.TextId(0)] * 2))
    assert [len(column) for column in none] == [0, 0]


def test_markers_are_those_of_their_environment() -> None:
    windows = World(world(FAILS).reader, Environment(platform="windows", machine="AMD64"), "uv", (), {})
    assert Markers().hold(windows, ids(windows, FAILS), loose=False).tolist() == [True]
