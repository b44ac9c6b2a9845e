"""Listings in columns, for many packages and instants at once: the same as each package says by itself."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from graphkit.model.index import File, FileKind, Hidden, ProjectPage, ReleaseFiles
from graphkit.model.names import package_name
from graphkit.model.times import Instant
from graphkit.stores.port import PACKAGE, Fact
from graphkit.trace.resolve.availability_table import AvailabilityTable, changes_of, mask_type, uncertain_among
from graphkit.trace.resolve.listing import Package
from graphkit.trace.resolve.world import World
from tests.cases.build import LATER, at, compromised, incident
from tests.unit.trace.parts import package_in, world_of

NAMES = ("accused", "empty", "hidden", "plain", "unsure")
HOURS = [at(f"{hour:02}:00") for hour in range(9, 15)]


def file(name: str, version: str, uploaded: str | None, **more: object) -> File:
    known = {"kind": FileKind.WHEEL, "uploaded": None if uploaded is None else at(uploaded)}
    return File(filename=f"{name}-{version}-py3-none-any.whl", **{**known, **more})  # type: ignore[arg-type]


def listed(name: str, *files: File) -> ProjectPage:
    by_version: dict[str, list[File]] = {}
    for one in files:
        by_version.setdefault(one.filename.split("-")[1], []).append(one)
    releases = tuple(ReleaseFiles(version=version, files=tuple(of)) for version, of in by_version.items())
    return ProjectPage(package=package_name(name), spelling=name, releases=releases, read_at=LATER, source="index")


FACTS: Sequence[Fact] = (
    listed(
        "plain",
        file("plain", "1", "01:00"),
        file("plain", "2rc1", "10:00"),
        file("plain", "2", "11:00", yanked=True, yanked_since=at("12:00")),
        file("plain", "3", "13:00"),
        file("plain", "final-1", "01:00"),
    ),
    listed(
        "unsure", file("unsure", "1", "01:00"), file("unsure", "2", None), file("unsure", "3", "10:00", yanked=True)
    ),
    listed("hidden", file("hidden", "1", "01:00"), file("hidden", "2", "10:00")),
    listed(
        "accused", file("accused", "1", "01:00"), file("accused", "2", None), file("accused", "3", "11:00", yanked=True)
    ),
    listed("empty"),
    incident(compromised("accused", "2", "11:00"), compromised("accused", "3", "11:00"), until="13:00"),
)
GAPS = (
    Hidden(package=package_name("hidden"), start=at("11:00"), until=at("12:00")),
    Hidden(package=package_name("accused"), start=at("13:00"), version="2"),
)


def world() -> World:
    return world_of(*FACTS, accused=["accused@2", "accused@3"], hidden=GAPS)


def said_by_table(table: AvailabilityTable, package: Package) -> list[tuple[list[bool], list[bool]]]:
    """Return (listed, fresh) of a package's releases, slot by slot."""
    masks, fresh = table.of(package)
    return [
        ((masks >> slot & 1).astype(bool).tolist(), (fresh >> slot & 1).astype(bool).tolist())
        for slot in range(table.slots)
    ]


@pytest.mark.parametrize("doubtful", [True, False])
@pytest.mark.parametrize("instants", [HOURS, HOURS[:1], [at("11:00") - 1, at("11:00"), at("12:00") - 1, at("12:00")]])
def test_each_release_is_listed_as_its_package_says(instants: list[Instant], *, doubtful: bool) -> None:
    used = world()
    table = AvailabilityTable(used, instants, doubtful=doubtful)
    for package in (package_in(used, name) for name in NAMES):
        alone = [package.availability(one, doubtful=doubtful) for one in instants]
        assert said_by_table(table, package) == [(one.listed.tolist(), one.fresh.tolist()) for one in alone], (
            package.name
        )


def newest_of_table(table: AvailabilityTable, used: World, names: Sequence[str]) -> set[tuple[str, str, int]]:
    packages = PACKAGE.of([package_in(used, name).id for name in names])
    rows, releases, slots = table.newest_releases(packages)
    found = set()
    for row, release, mask in zip(rows.tolist(), releases.tolist(), slots.tolist(), strict=True):
        package = package_in(used, names[row])
        found |= {
            (names[row], package.texts[release - package.start], slot)
            for slot in range(table.slots)
            if mask >> slot & 1
        }
    return found


@pytest.mark.parametrize("doubtful", [True, False])
@pytest.mark.parametrize("names", [NAMES, NAMES[::-1], ("plain",), ("empty",), ()])
def test_the_newest_release_is_the_last_final_one_else_the_last_one(names: Sequence[str], *, doubtful: bool) -> None:
    used = world()
    table = AvailabilityTable(used, HOURS, doubtful=doubtful)
    expected = set()
    for name in names:
        package = package_in(used, name)
        for slot, instant in enumerate(HOURS):
            state = package.availability(instant, doubtful=doubtful)
            for kind in (state.final, state.any):
                if kind.bits:
                    expected.add((name, package.texts[kind.bits.bit_length() - 1], slot))
                    break
    assert newest_of_table(table, used, names) == expected


def test_what_was_loaded_before_is_not_loaded_again() -> None:
    used = world()
    one, other = AvailabilityTable(used, HOURS, doubtful=True), AvailabilityTable(used, HOURS, doubtful=True)
    every = np.arange(used.packages, dtype=PACKAGE)
    one.load(every)
    one.load(every)
    for package_id in (3, 1, 4, 0, 2):
        other.load(np.array([package_id], dtype=PACKAGE))
    assert np.array_equal(one.listed, other.listed)
    assert np.array_equal(one.fresh, other.fresh)
    rows, _, slots = one.states(every)
    assert sorted(zip(rows.tolist(), slots.tolist(), strict=True)) == sorted(
        zip(*(column.tolist() for column in (other.states(every)[0], other.states(every)[2])), strict=True)
    )


def test_the_states_of_a_package_share_the_slots_out() -> None:
    used = world()
    table = AvailabilityTable(used, HOURS, doubtful=True)
    every = np.arange(used.packages, dtype=PACKAGE)
    table.load(every)
    rows, _, slots = table.states(every)
    for row in range(len(every)):
        own = [int(mask) for mask in slots[rows == row]]
        assert sum(own) == (1 << len(HOURS)) - 1
        assert all(one & other == 0 for at_, one in enumerate(own) for other in own[at_ + 1 :])


def test_more_states_than_releases_find_room() -> None:
    many = [file("plain", str(number), f"{9 + number // 60:02}:{number % 60:02}") for number in range(60)]
    used = world_of(listed("plain", *many))
    instants = [at("09:00") + 60_000_000 * minute for minute in range(60)]
    table = AvailabilityTable(used, instants, doubtful=True)
    package = package_in(used, "plain")
    assert [len(one) for one in said_by_table(table, package)] == [2] * 60
    newest = newest_of_table(table, used, ["plain"])
    assert newest == {("plain", str(minute), minute) for minute in range(60)}
    assert package.size == 60


@pytest.mark.parametrize(("slots", "bits"), [(1, 8), (8, 8), (9, 16), (16, 16), (17, 32), (32, 32), (33, 64), (64, 64)])
def test_masks_are_as_narrow_as_the_slots_allow(slots: int, bits: int) -> None:
    assert mask_type(slots).itemsize * 8 == bits
    table = AvailabilityTable(world(), [at("09:00") + one for one in range(slots)], doubtful=True)
    assert table.kind == mask_type(slots)
    plain = package_in(world(), "plain")
    assert int(table.of(plain)[0].max()) == (1 << slots) - 1


def test_one_pass_holds_64_slots_and_no_more() -> None:
    with pytest.raises(ValueError, match="holds 64 slots, not 65"):
        AvailabilityTable(world(), list(range(65)), doubtful=True)


# Changes


def test_changes_are_those_of_the_packages_inside_the_window() -> None:
    used = world()

    def changes(*names: str, start: str = "10:00", until: str = "13:00") -> list[Instant]:
        packages = PACKAGE.of(sorted(package_in(used, name).id for name in names))
        return sorted(changes_of(used, packages, at(start), at(until)))

    assert changes("plain") == [at("11:00"), at("12:00")]
    assert changes("hidden") == [at("11:00"), at("12:00")]
    assert changes("plain", "hidden", start="09:59", until="13:01") == [at(f"{hour}:00") for hour in range(10, 14)]
    assert changes("empty") == []
    assert changes() == []
    for name in NAMES:  # as the package says itself
        own = [one for one in package_in(used, name).changes if at("10:00") < one < at("13:00")]
        assert changes(name) == own


def test_uncertain_are_packages_of_which_some_time_is_not_known() -> None:
    used = world()
    every = np.arange(used.packages, dtype=PACKAGE)
    found = [used.package(one).name for one in uncertain_among(used, every).tolist()]
    assert found == [name for name in NAMES if package_in(used, name).is_uncertain] == ["accused", "unsure"]
    assert uncertain_among(used, PACKAGE.of([])).tolist() == []


CLOCKS = st.sampled_from([None, "08:00", "10:00", "10:30", "12:00", "15:00"])
YANKS = st.sampled_from([{}, {"yanked": True}, {"yanked": True, "yanked_since": at("10:30")}])


@given(
    st.lists(st.tuples(CLOCKS, YANKS, st.booleans()), min_size=1, max_size=5),
    st.lists(st.sampled_from(HOURS), min_size=1, max_size=6, unique=True).map(sorted),
    st.booleans(),
)
def test_any_package_is_listed_as_it_says_itself(
    files: list[tuple[str | None, dict[str, object], bool]],
    instants: list[Instant],
    doubtful: bool,  # noqa: FBT001 - drawn
) -> None:
    made = [
        replace(file("plain", str(number), clock, **yank), kind=FileKind.WHEEL if is_wheel else FileKind.SDIST)
        for number, (clock, yank, is_wheel) in enumerate(files)
    ]
    used = world_of(listed("plain", *made))
    package = package_in(used, "plain")
    alone = [package.availability(one, doubtful=doubtful) for one in instants]
    table = AvailabilityTable(used, instants, doubtful=doubtful)
    assert said_by_table(table, package) == [(one.listed.tolist(), one.fresh.tolist()) for one in alone]
