"""Ranges on packages, and what passes through them: unions of masks, and what each chooses."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import or_

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphkit.model.csr import distinct
from graphkit.model.environment import Profile
from graphkit.stores import port
from graphkit.trace.reach.range_matching import Hits, IntervalMatcher, RangeMatcher, unions
from graphkit.trace.resolve.availability_table import AvailabilityTable
from graphkit.trace.resolve.listing import Package
from graphkit.trace.resolve.world import World
from tests.cases.build import at, package
from tests.unit.trace.parts import package_in, place, world_of

LIB = ("1", "1.5rc1", "2", "3")
RANGES = ["", "<2", ">=1.5rc1,<2", "!=2", "==3", ">9"]


def asking(*specifiers: str, name: str = "lib", profile: Profile = "uv", last: str = "01:00") -> World:
    """Return a world in which one package asks for each range on a package; its newest release came last."""
    releases = {version: (last if version == LIB[-1] else "01:00", ()) for version in LIB}
    return world_of(
        *package(name, releases),
        *package("app", {"1": ("01:00", [f"{name}{one}" for one in specifiers])}),
        profile=profile,
    )


def ranges_on_lib(world: World) -> tuple[RangeMatcher, list[str]]:
    """Return the ranges on `lib`, and their texts."""
    packages = port.PACKAGE.of([package_in(world, "lib").id])
    start, ranges = world.reader.constraints_on(packages)
    columns = world.reader.ranges(ranges)
    row = np.repeat(np.arange(len(packages)), np.diff(start))
    return RangeMatcher(world, packages, row, columns), list(columns.text)


def stretches(world: World) -> tuple[IntervalMatcher, list[list[int]]]:
    """Return the stretches of the ranges on `lib`, and the positions inside each."""
    lib = package_in(world, "lib")
    found = world.reader.intervals_on(port.PACKAGE.of([lib.id]))
    bounds = zip((found.lo - lib.start).tolist(), (found.hi - lib.start).tolist(), strict=True)
    return IntervalMatcher(found, np.uint8(3)), [list(range(lo, hi)) for lo, hi in bounds]


def hits_of(of: Package, masks: list[int], base: int = 0) -> Hits:
    """Return what was reached of a package, releases that lie together and have one mask as one hit; in any order."""
    found: list[list[int]] = []
    for position, mask in enumerate(masks):
        if found and found[-1][1] == position and found[-1][2] == mask:
            found[-1][1] += 1
        else:
            found.append([position, position + 1, mask])
    lo, hi, of_each = (np.array(column, dtype=np.int64) for column in zip(*found[::-1], strict=True))
    package = np.full(len(lo), of.id, dtype=port.PACKAGE)
    bases = np.full(len(lo), base, dtype=np.int64)
    return Hits.of(package, lo + of.start, hi + of.start, of_each.astype(np.uint8), bases).sorted()


MASKS = st.lists(st.sampled_from([0, 1, 2, 3]), min_size=len(LIB), max_size=len(LIB))


@given(MASKS)
def test_a_stretch_passes_on_what_any_release_inside_has(masks: list[int]) -> None:
    world = asking(*RANGES)
    hits = hits_of(package_in(world, "lib"), masks)
    matcher, inside = stretches(world)
    found = matcher.any_of(hits, np.zeros(len(hits.lo), dtype=np.int64))
    assert found.tolist() == [reduce(or_, (masks[one] for one in of), 0) for of in inside]


@given(MASKS)
def test_the_same_of_releases_that_were_reached_with_an_extra(masks: list[int]) -> None:
    world = asking(*RANGES)
    base = 100
    hits = hits_of(package_in(world, "lib"), masks, base)
    matcher, inside = stretches(world)
    rows = np.arange(len(inside))
    found = matcher.any_among(rows, np.full(len(rows), base), hits)
    assert found.tolist() == [reduce(or_, (masks[one] for one in of), 0) for of in inside]
    assert not matcher.any_among(rows, np.full(len(rows), base + 1000), hits).any()


def chosen(world: World, instants: Sequence[int]) -> dict[tuple[str, int], str]:
    """Return what each range chooses in each slot."""
    ranges, texts = ranges_on_lib(world)
    table = AvailabilityTable(world, instants, doubtful=True)
    lib = package_in(world, "lib")
    table.load(port.PACKAGE.of([lib.id]))
    found: dict[tuple[str, int], str] = {}
    for row, release, mask in zip(*(column.tolist() for column in ranges.chosen(table)), strict=True):
        for slot in range(len(instants)):
            if mask >> slot & 1:
                assert (texts[row], slot) not in found  # states share the slots out
                found[texts[row], slot] = lib.texts[release - lib.start]
    return found


CHOSEN = {"": ("2", "3"), "<2": ("1", "1"), "!=2": ("1", "3"), "==3": (None, "3"), ">9": (None, None)}


def test_a_range_chooses_its_newest_state_by_state() -> None:
    found = chosen(asking(*RANGES, last="11:00"), [at("10:00"), at("12:00")])
    for text, versions in CHOSEN.items():
        assert tuple(found.get((text, slot)) for slot in (0, 1)) == versions, text


@pytest.mark.parametrize(("profile", "version"), [("uv", "1"), ("pip", "1.5rc1")])
def test_pip_takes_a_pre_release_where_a_range_names_one(profile: Profile, version: str) -> None:
    found = chosen(asking("<2,>=1", ">=1,<2,!=1.2rc1", "<=1.5rc1", profile=profile), [at("12:00")])
    assert found["<=1.5rc1", 0] == version
    assert found["<2,>=1", 0] == "1"


def test_of_several_packages_each_range_counts_in_its_own() -> None:
    facts = [
        *package("lib", {"1": ("01:00", []), "2": ("11:00", [])}),
        *package("other", {"5": ("01:00", []), "6": ("11:00", [])}),
        *package("app", {"1": ("01:00", ["lib", "lib<2", "other", "other<6"])}),
    ]
    world = world_of(*facts)
    packages = port.PACKAGE.of(sorted(package_in(world, name).id for name in ("lib", "other")))
    start, ranges = world.reader.constraints_on(packages)
    columns = world.reader.ranges(ranges)
    row = np.repeat(np.arange(len(packages)), np.diff(start))
    table = AvailabilityTable(world, [at("10:00"), at("12:00")], doubtful=True)
    table.load(distinct(packages))
    chosen = RangeMatcher(world, packages, row, columns).chosen(table)
    found = {
        (
            columns.text[one],
            world.label((packages[row[one]], release - world.package(packages[row[one]]).start, "")),
            mask,
        )
        for one, release, mask in zip(*(column.tolist() for column in chosen), strict=True)
    }
    assert found == {
        ("", "lib@1", 0b01),
        ("", "lib@2", 0b10),
        ("<2", "lib@1", 0b01),
        ("<2", "lib@1", 0b10),
        ("", "other@5", 0b01),
        ("", "other@6", 0b10),
        ("<6", "other@5", 0b01),
        ("<6", "other@5", 0b10),
    }
    assert place(world, "lib@2") != place(world, "other@6")


@pytest.mark.parametrize("last", [3, 1])
def test_hits_keep_their_package_where_ids_of_packages_follow_another_order(last: int) -> None:
    """A reader of a server numbers packages and releases as it meets them, each in an order of its own."""
    hits = Hits(
        package=port.PACKAGE.of(map(port.PackageId, (2, 4))),
        lo=port.RELEASE.of(map(port.ReleaseId, (10, 0))),
        hi=port.RELEASE.of(map(port.ReleaseId, (12, 1))),
        masks=np.array([3, last], dtype=np.uint8),
    )
    assert [column.tolist() for column in hits.sorted()] == [[4, 2], [0, 10], [1, 12], [last, 3]]


@given(st.lists(st.integers(0, 255), min_size=1, max_size=12), st.data())
def test_unions_are_those_of_each_stretch(masks: list[int], data: st.DataObject) -> None:
    pairs = data.draw(
        st.lists(st.tuples(*[st.integers(0, len(masks))] * 2).filter(lambda p: p[0] < p[1]), min_size=1, max_size=5)
    )
    lo, hi = (np.array(column, dtype=np.int64) for column in zip(*pairs, strict=True))
    found = unions(np.array(masks, dtype=np.uint8), lo, hi)
    assert found.tolist() == [int(np.bitwise_or.reduce(masks[a:b])) for a, b in pairs]
