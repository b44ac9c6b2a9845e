"""What follows from the facts of an index, against plain loops over the same rows."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from graphkit.model import csr
from graphkit.stores import port
from graphkit.stores.engine.compile_derived import compile_derived
from graphkit.stores.engine.compile_ranges import Ranges, Sets
from graphkit.stores.engine.compile_releases import Files, Releases
from graphkit.stores.engine.index_folder import HeldArrays, IndexArrays

MARKERS = ["", 'extra == "X"']
EXTRAS = ["", "x,z"]


@dataclass(frozen=True)
class World:
    """Rows as lists: of packages the sets of their releases, of sets (range, marker), of ranges their targets.

    Marker 1 holds with the extra x alone; every other range names x.
    """

    releases: list[list[int]]
    sets: list[list[tuple[int, int]]]
    targets: list[int]


@st.composite
def worlds(draw: st.DrawFn) -> World:
    packages = draw(st.integers(1, 4))
    targets = sorted(draw(st.lists(st.integers(0, packages - 1), max_size=4)))
    member = st.tuples(st.integers(0, len(targets) - 1), st.integers(0, 1)) if targets else st.nothing()
    sets = draw(st.lists(st.sets(member, max_size=3 if targets else 0).map(sorted), max_size=3))
    set_id = st.integers(-1, len(sets) - 1)
    return World(draw(st.lists(st.lists(set_id, max_size=3), min_size=packages, max_size=packages)), sets, targets)


def compiled(world: World) -> IndexArrays:
    """Compile releases without a file, and ranges that admit nothing."""
    sizes = np.array(list(map(len, world.releases)), dtype=np.int64)
    count, ranges = int(sizes.sum()), len(world.targets)
    members = [(at, *member) for at, one in enumerate(world.sets) for member in one]
    columns = np.array(members, dtype=np.int32).reshape(-1, 3).T
    none = np.zeros(0, dtype=np.int64)
    out = HeldArrays()
    compile_derived(
        out,
        Releases(
            start=csr.offsets(sizes),
            package=np.repeat(np.arange(len(sizes), dtype=port.PACKAGE), sizes),
            set_id=np.array([one for sets in world.releases for one in sets], dtype=port.REQUIREMENT_SET),
            flags=np.zeros(count, dtype=np.uint8),
        ),
        Sets(count=len(world.sets), set=columns[0], range=columns[1], marker=columns[2], marker_texts=MARKERS),
        Files(
            start=np.zeros(count + 1, dtype=np.int64),
            uploaded=none,
            yanked_since=none,
            flags=none.astype(np.uint8),
            needs=none.astype(np.int32),
            needs_texts=[],
        ),
        Ranges(
            package=np.array(world.targets, dtype=port.PACKAGE),
            extras=np.arange(ranges, dtype=port.TEXT) % 2,
            flags=np.zeros(ranges, dtype=np.uint8),
            start=np.zeros(ranges + 1, dtype=np.int64),
            lo=none.astype(port.RELEASE),
            hi=none.astype(port.RELEASE),
        ),
        EXTRAS,
    )
    return out.held()


def table(index: IndexArrays, start: str, *columns: str) -> list[list[tuple[int, ...]]]:
    """Return rows in CSR form as lists."""
    bounds = index.array(start).tolist()
    values = list(zip(*(index.array(name).tolist() for name in columns), strict=True))
    return [values[lo:hi] for lo, hi in pairwise(bounds)]


@given(worlds())
def test_tables_the_other_way_round_hold_the_same_pairs(world: World) -> None:
    index = compiled(world)
    flat = [(package, one) for package, sets in enumerate(world.releases) for one in sets]
    assert index.array("release.package").tolist() == [package for package, _ in flat]
    assert list(map(sorted, table(index, "declared.start", "declared.set", "declared.marker"))) == [
        [(at, marker) for at, one in enumerate(world.sets) for found, marker in one if found == wanted]
        for wanted in range(len(world.targets))
    ]
    assert table(index, "users.start", "users.release", "users.package") == [
        [(release, package) for release, (package, one) in enumerate(flat) if one == wanted]
        for wanted in range(len(world.sets))
    ]
    start = index.array("constraints.start").tolist()
    assert [world.targets[lo:hi] for lo, hi in pairwise(start)] == [
        [target for target in world.targets if target == package] for package in range(len(world.releases))
    ]


@given(worlds())
def test_declarers_that_lead_further_come_first_and_those_that_need_an_extra_last(world: World) -> None:
    index = compiled(world)
    users = [{package for package, of in enumerate(world.releases) if one in of} for one in range(len(world.sets))]
    named = {target for number, target in enumerate(world.targets) if number % 2}
    bounds = zip(*(index.array(f"declared.{name}").tolist() for name in ("ending", "last")), strict=True)
    start = index.array("declared.start").tolist()
    rows = list(zip(index.array("declared.set").tolist(), index.array("declared.marker").tolist(), strict=True))
    for (first, last), (ending, extra_alone) in zip(pairwise(start), bounds, strict=True):
        assert first <= ending <= extra_alone <= last
        for at in range(first, last):
            one, marker = rows[at]
            leads = not users[one].isdisjoint(named if marker else world.targets)
            assert (at < ending) == leads
            assert (at >= extra_alone) == (not leads and marker == 1)


@given(worlds())
def test_runs_are_the_users_of_packages_at_which_a_range_aims(world: World) -> None:
    index = compiled(world)
    owner = index.array("release.package").tolist()
    named = {target for number, target in enumerate(world.targets) if number % 2}
    rows = table(index, "run.start", "run.package", "run.lo", "run.hi", "run.flags")
    users = table(index, "users.start", "users.release")
    for runs, of in zip(rows, users, strict=True):
        expected = [release for (release,) in of if owner[release] in world.targets]
        assert [release for _, lo, hi, _ in runs for release in range(lo, hi)] == expected
        for package, lo, hi, flags in runs:
            assert {owner[release] for release in range(lo, hi)} == {package}
            assert flags == (port.NAMES_EXTRAS if package in named else 0)  # no file, so nothing is listed
            assert all(other[1] != hi for other in runs if other[0] == package)  # as few as there can be


@given(worlds())
def test_a_package_counts_once_for_each_that_its_releases_require(world: World) -> None:
    pairs = {
        (user, world.targets[found])
        for user, sets in enumerate(world.releases)
        for one in sets
        if one >= 0
        for found, _ in world.sets[one]
    }
    expected = [len([user for user, target in pairs if target == package]) for package in range(len(world.releases))]
    assert compiled(world).array("package.dependents").tolist() == expected


def test_an_index_of_nothing_has_empty_tables() -> None:
    index = compiled(World([], [], []))
    for name in ("declared.start", "users.start", "constraints.start", "takers.start", "run.start"):
        assert index.array(name).tolist() == [0]
    for name in ("package.dependents", "package.settled", "release.offer", "users.offer", "run.package", "run.hi"):
        assert index.array(name).tolist() == []
