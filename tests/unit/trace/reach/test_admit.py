"""Admission: in which slots some choice of listed releases that the ranges allow leads from a root to a target."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from graphkit.model.environment import Profile
from graphkit.model.index import ProjectPage
from graphkit.stores.port import Fact
from graphkit.trace.reach.admit import Admission, admission
from graphkit.trace.reach.nominate import ReachMode, reverse
from graphkit.trace.resolve.availability_table import AvailabilityTable
from graphkit.trace.resolve.forward import Root
from graphkit.trace.resolve.world import World
from tests.cases.build import at, package, page
from tests.unit.trace.parts import manifest_root, release_root, targets, world_of

INSTANTS = [at("10:00"), at("11:00"), at("12:00")]
EVERY = 0b111
BAD: Sequence[Fact] = tuple(package("bad", {"1": ("01:00", []), "2": ("11:00", [])}))


def admitted(world: World, root: Root, *bad: str, mask: int = EVERY) -> Admission:
    seeds = targets(world, *(bad or ("bad@2",)))
    goal = reverse(world, seeds, AvailabilityTable(world, INSTANTS, doubtful=True), ReachMode.ADMITTED)
    return admission(world, root, seeds, INSTANTS, goal, mask)


def slots(facts: Sequence[Fact], *texts: str, constraints: Sequence[str] = (), profile: Profile = "uv") -> int:
    world = world_of(*facts, profile=profile)
    return admitted(world, manifest_root(world, *texts, constraints=constraints)).slots


WRAP: Sequence[Fact] = (*BAD, *package("wrap", {"1": ("01:00", ["bad"]), "2": ("02:00", [])}))

ALLOWED: list[tuple[list[str], int]] = [
    (["bad"], 0b110),
    (["bad<2"], 0),
    (["wrap"], 0b110),  # an older release of it may be taken
    (["wrap>=2"], 0),
    (["wrap", "wrap>=2"], 0),  # what the root asks for binds together
    (["wrap", "bad<2"], 0),
    (["wrap ; os_name == 'nt'"], 0),
    (["wrap ; platform_release >= '5'"], 0b110),
    (["bad @ https://files.example/bad-2.whl"], 0),
    (["nowhere"], 0),
    ([], 0),
]


@pytest.mark.parametrize(("texts", "found"), ALLOWED)
def test_what_the_ranges_of_a_manifest_allow(texts: list[str], found: int) -> None:
    assert slots(WRAP, *texts) == found


def test_constraints_bind_where_a_package_is_reached() -> None:
    assert slots(WRAP, "wrap", constraints=["bad<2"]) == 0
    assert slots(WRAP, "wrap", constraints=["bad!=1"]) == 0b110


def test_only_the_slots_that_are_asked_for_are_told() -> None:
    world = world_of(*WRAP)
    root = manifest_root(world, "wrap")
    assert [admitted(world, root, mask=mask).slots for mask in (0b001, 0b010, 0b101, 0)] == [0, 0b010, 0b100, 0]


def test_each_slot_is_what_it_is_alone() -> None:
    facts = [
        *WRAP,
        *package("top", {"1": ("01:00", ["mid"])}),
        *package("mid", {"1": ("11:30", ["wrap"])}),
    ]
    world = world_of(*facts)
    root = manifest_root(world, "top")
    together = admitted(world, root).slots
    assert together == sum(admitted(world, root, mask=1 << bit).slots for bit in range(3)) == 0b100


def test_a_release_is_admitted_with_its_extras() -> None:
    facts = [*BAD, *package("tool", {"1": ("01:00", ["bad ; extra == 'x'"])})]
    world = world_of(*facts)
    assert admitted(world, release_root(world, "tool@1")).slots == 0
    assert admitted(world, release_root(world, "tool@1", "x")).slots == 0b110
    asked = world_of(*facts)
    assert [admitted(asked, manifest_root(asked, text)).slots for text in ("tool", "tool[x]")] == [0, 0b110]


def test_circles_come_to_an_end() -> None:
    facts = [*BAD, *package("a", {"1": ("01:00", ["b"])}), *package("b", {"1": ("01:00", ["a", "bad"])})]
    assert slots(facts, "a") == 0b110


# Ways


def path(world: World, root: Root, *bad: str) -> list[tuple[str, str]]:
    return [(step.node, step.why) for step in admitted(world, root, *bad).path]


def test_a_path_names_releases_and_what_allows_them() -> None:
    world = world_of(*WRAP, *package("top", {"1": ("01:00", ["wrap>=1"])}))
    assert path(world, manifest_root(world, "top", "wrap!=9")) == [
        ("a.txt", "said"),
        ("wrap@1", "a.txt allows wrap!=9 (manifest)"),
        ("bad@2", "wrap@1 allows bad (core-metadata)"),
    ]
    assert path(world, release_root(world, "top@1"))[0] == ("top@1", "said")
    assert path(world, manifest_root(world, "wrap>=2")) == []


def test_a_path_holds_in_one_slot_though_its_parts_hold_in_others_too() -> None:
    facts = [
        *BAD,
        *package("short", {"1": ("11:30", ["bad"])}),
        *package("long", {"1": ("01:00", ["step"])}),
        *package("step", {"1": ("01:00", ["bad"])}),
    ]
    world = world_of(*facts)
    root = manifest_root(world, "short", "long")
    assert admitted(world, root).slots == 0b110
    assert [node for node, _ in path(world, root)] == ["a.txt", "long@1", "step@1", "bad@2"]  # at 11:00


def test_a_path_ends_at_the_first_target_that_it_comes_to() -> None:
    facts = [*package("evil", {"1": ("01:00", ["bad"])}), *BAD]
    world = world_of(*facts)
    assert [node for node, _ in path(world, manifest_root(world, "evil"), "evil@1", "bad@2")] == ["a.txt", "evil@1"]


# Yanks


def yanked(listed: ProjectPage) -> ProjectPage:
    *rest, last = listed.releases
    gone = replace(last, files=tuple(replace(one, yanked=True, yanked_since=at("02:00")) for one in last.files))
    return replace(listed, releases=(*rest, gone))


YANKED: Sequence[Fact] = (
    yanked(page("bad", {"1": "01:00", "2": "01:30"})),
    *package("app", {"1": ("01:00", ["bad"])}),
    *package("pin", {"1": ("01:00", ["bad==2"])}),
    *package("late", {"1": ("11:30", ["bad==2"])}),
)


@pytest.mark.parametrize(
    ("texts", "constraints", "found"),
    [
        (["bad"], [], 0),
        (["bad==2"], [], EVERY),
        (["app"], [], 0),
        (["app", "pin"], [], EVERY),  # a pin beside it unlocks it
        (["app"], ["bad==2"], EVERY),
        (["app"], ["bad>=2"], 0),
        (["app", "late"], [], 0b100),  # in the slots where the pin is met alone
    ],
)
def test_a_pin_in_the_closure_unlocks_what_is_yanked(texts: list[str], constraints: list[str], found: int) -> None:
    assert slots(YANKED, *texts, constraints=constraints) == found


def test_a_pin_of_another_package_unlocks_nothing() -> None:
    facts = [*YANKED, *package("other", {"1": ("01:00", [])})]
    assert slots(facts, "app", "other==1") == 0
