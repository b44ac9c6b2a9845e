"""The reverse walk: who reaches a target by any range, by what was listed, and by single choices."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from graphkit.model.building import marker_of_build
from graphkit.model.environment import Environment, Profile
from graphkit.model.index import ProjectPage
from graphkit.model.requirements import requirement
from graphkit.model.times import Instant
from graphkit.stores.port import Fact
from graphkit.trace.reach.nominate import ReachMode, closure_of, leads_by_building, reverse
from graphkit.trace.reach.reached import ReachedReleases
from graphkit.trace.resolve.availability_table import AvailabilityTable
from graphkit.trace.resolve.confirm import Targets
from graphkit.trace.resolve.world import World
from tests.cases.build import at, package, page, requires
from tests.unit.trace.parts import place, targets, world_of

BAD: Sequence[Fact] = tuple(package("bad", {"1": ("01:00", []), "2": ("11:00", [])}))
INDEX: Sequence[Fact] = (
    *BAD,
    *package("near", {"1": ("01:00", ["bad"])}),
    *package("far", {"1": ("01:00", ["near"])}),
    *package("barred", {"1": ("01:00", ["bad<2"])}),
    *package("above", {"1": ("01:00", ["barred"])}),
    *package("held", {"1": ("01:00", ["bad<=2,!=2"])}),
    *package("older", {"1": ("01:00", ["bad"]), "2": ("02:00", [])}),
    *package("wrap", {"1": ("01:00", ["older"])}),
    *package("late", {"1": ("12:30", ["bad"])}),
    *package("windows", {"1": ("01:00", ["bad ; os_name == 'nt'"])}),
    *package("kernel", {"1": ("01:00", ["bad ; platform_release >= '5'"])}),
    *package("odd", {"1": ("01:00", ["bad>=1.0.*"])}),
    *package("url", {"1": ("01:00", ["bad @ https://files.example/bad-2.whl"])}),
    *package("apart", {"1": ("01:00", [])}),
)
NOON = [at("12:00")]


def names(world: World, reached: ReachedReleases, bit: int = 0) -> list[str]:
    """Return every release, and extra of one, that was reached in a slot."""
    found = []
    for (package_id, extra), masks in reached.masks.items():
        one = world.package(package_id)
        bracket = f"[{extra}]" if extra else ""
        found += [f"{one.name}{bracket}@{one.texts[p]}" for p, mask in enumerate(masks.tolist()) if mask >> bit & 1]
    return sorted(found)


def reach(
    world: World, seeds: Targets, mode: ReachMode, instants: Sequence[Instant] = NOON, *, doubtful: bool = True
) -> ReachedReleases:
    return reverse(world, seeds, AvailabilityTable(world, instants, doubtful=doubtful), mode)


def reached_by(facts: Sequence[Fact], *seeds: str, mode: ReachMode, profile: Profile = "uv") -> list[str]:
    world = world_of(*facts, profile=profile)
    return names(world, reach(world, targets(world, *seeds), mode))


# The three questions


def test_a_closure_asks_for_ranges_alone() -> None:
    world = world_of(*INDEX)
    assert names(world, closure_of(world, targets(world, "bad@2"))) == [
        *("bad@2", "far@1", "kernel@1", "late@1", "near@1", "odd@1", "older@1", "wrap@1"),
    ]


def test_what_is_admitted_was_listed_and_may_choose_it() -> None:
    found = reached_by(INDEX, "bad@2", mode=ReachMode.ADMITTED)
    assert found == ["bad@2", "far@1", "kernel@1", "near@1", "odd@1", "older@1", "wrap@1"]


def test_what_is_nominated_chooses_it_by_each_range_alone() -> None:
    assert reached_by(INDEX, "bad@2", mode=ReachMode.NOMINATED) == ["bad@2", "far@1", "near@1", "older@1"]
    assert reached_by(INDEX, "bad@1", mode=ReachMode.NOMINATED) == ["above@1", "bad@1", "barred@1", "held@1"]


def test_each_answer_is_within_the_wider_ones() -> None:
    world = world_of(*INDEX)
    for seeds in (targets(world, "bad@2"), targets(world, "bad@1"), targets(world, "bad@1", "near@1")):
        closure = set(names(world, closure_of(world, seeds)))
        admitted = set(names(world, reach(world, seeds, ReachMode.ADMITTED)))
        nominated = set(names(world, reach(world, seeds, ReachMode.NOMINATED)))
        assert nominated <= admitted <= closure


def test_a_target_of_several_is_reached_by_the_union() -> None:
    world = world_of(*INDEX)
    for mode in (ReachMode.ADMITTED, ReachMode.NOMINATED):
        alone = [set(names(world, reach(world, targets(world, one), mode))) for one in ("bad@1", "bad@2")]
        assert set(names(world, reach(world, targets(world, "bad@2", "bad@1"), mode))) == alone[0] | alone[1]


def test_the_order_of_facts_and_seeds_changes_nothing() -> None:
    first, second = world_of(*INDEX), world_of(*INDEX[::-1])
    seeds = targets(first, "bad@2", "near@1")
    turned = {key: [*seeds[key], *seeds[key]][::-1] for key in reversed(seeds)}
    assert names(first, closure_of(first, seeds)) == names(first, closure_of(first, turned))
    assert names(first, closure_of(first, seeds)) == names(
        second, closure_of(second, targets(second, "near@1", "bad@2"))
    )


def test_nothing_reaches_no_target() -> None:
    world = world_of(*INDEX)
    found = closure_of(world, {})
    assert (names(world, found), found.packages.tolist()) == ([], [])
    assert names(world, reach(world, {}, ReachMode.NOMINATED)) == []


def test_circles_come_to_an_end() -> None:
    facts = [*BAD, *package("a", {"1": ("01:00", ["b", "bad"])}), *package("b", {"1": ("01:00", ["a", "b"])})]
    for mode in (ReachMode.ADMITTED, ReachMode.NOMINATED):
        assert reached_by(facts, "bad@2", mode=mode) == ["a@1", "b@1", "bad@2"]


def test_a_target_that_was_not_listed_is_reached_by_nobody() -> None:
    world = world_of(*INDEX)
    for mode in (ReachMode.ADMITTED, ReachMode.NOMINATED):
        assert names(world, reach(world, targets(world, "bad@2"), mode, [at("11:00") - 1])) == []
        assert names(world, reach(world, targets(world, "bad@2"), mode, [at("11:00")])) != []


# Slots


def test_masks_over_many_slots_are_one_run_for_each() -> None:
    instants = [at("10:00"), at("11:00"), at("12:00"), at("12:30"), at("13:00")]
    world = world_of(*INDEX)
    seeds = targets(world, "bad@2")
    for mode in (ReachMode.ADMITTED, ReachMode.NOMINATED):
        together = reach(world, seeds, mode, instants)
        for bit, instant in enumerate(instants):
            assert names(world, together, bit) == names(world, reach(world, seeds, mode, [instant]))


def test_a_way_may_be_another_in_each_slot() -> None:
    facts = [
        *BAD,
        *package("top", {"1": ("01:00", ["mid"])}),
        *package("mid", {"1": ("01:00", ["bad"]), "2": ("12:00", []), "3": ("13:00", ["bad"])}),
    ]
    world = world_of(*facts)
    found = reach(world, targets(world, "bad@2"), ReachMode.NOMINATED, [at("11:00"), at("12:00"), at("13:00")])
    top = place(world, "top@1")
    assert found.mask(top[0], "", top[1]) == 0b101


# Extras


EXTRAS: Sequence[Fact] = (
    *BAD,
    *package("tool", {"1": ("01:00", ["bad ; extra == 'x'", "bad ; extra == 'y' and platform_release >= '5'"])}),
    *package("plain", {"1": ("01:00", ["tool"])}),
    *package("with-x", {"1": ("01:00", ["tool[x]"])}),
    *package("with-y", {"1": ("01:00", ["tool[y]"])}),
    *package("with-z", {"1": ("01:00", ["tool[z]"])}),
    *package("nested", {"1": ("01:00", ["tool[x] ; extra == 'all'"])}),
    *package("top", {"1": ("01:00", ["nested[all]"])}),
)


def test_an_extra_passes_on_to_who_names_it() -> None:
    assert reached_by(EXTRAS, "bad@2", mode=ReachMode.NOMINATED) == [
        *("bad@2", "nested[all]@1", "tool[x]@1", "top@1", "with-x@1"),
    ]
    assert reached_by(EXTRAS, "bad@2", mode=ReachMode.ADMITTED) == [
        *("bad@2", "nested[all]@1", "tool[x]@1", "tool[y]@1", "top@1", "with-x@1", "with-y@1"),
    ]


def test_an_extra_of_another_release_passes_nothing_on() -> None:
    facts = [
        *BAD,
        *package("tool", {"1": ("01:00", ["bad ; extra == 'x'"]), "2": ("01:00", [])}),
        *package("app", {"1": ("01:00", ["tool[x]"])}),
        *package("pinned", {"1": ("01:00", ["tool[x]<2"])}),
    ]
    assert reached_by(facts, "bad@2", mode=ReachMode.NOMINATED) == ["bad@2", "pinned@1", "tool[x]@1"]
    assert "app@1" in reached_by(facts, "bad@2", mode=ReachMode.ADMITTED)


def test_the_extras_of_a_release_that_is_a_target_reach_nothing_more() -> None:
    facts = [*package("bad", {"1": ("01:00", ["x ; extra == 'x'"])}), *package("app", {"1": ("01:00", ["bad[x]"])})]
    assert reached_by(facts, "bad@1", mode=ReachMode.NOMINATED) == ["app@1", "bad@1"]


# Choices


@pytest.mark.parametrize(
    ("text", "uv", "pip"),
    [("lib>=1.0rc1", False, True), ("lib", False, False), ("lib>1.9", True, True), ("lib==2.0b1", True, True)],
)
def test_single_choices_follow_the_installer(text: str, *, uv: bool, pip: bool) -> None:
    facts = [*package("lib", {"1.5": ("01:00", []), "2.0b1": ("01:00", [])}), *package("app", {"1": ("01:00", [text])})]
    for profile, is_taken in (("uv", uv), ("pip", pip)):
        found = reached_by(facts, "lib@2.0b1", mode=ReachMode.NOMINATED, profile=profile)  # type: ignore[arg-type]
        assert ("app@1" in found) is is_taken
        assert "app@1" in reached_by(facts, "lib@2.0b1", mode=ReachMode.ADMITTED)


def yanked(listed: ProjectPage) -> ProjectPage:
    """Return a page of which the newest release was yanked in the night."""
    *rest, last = listed.releases
    gone = replace(last, files=tuple(replace(one, yanked=True, yanked_since=at("02:00")) for one in last.files))
    return replace(listed, releases=(*rest, gone))


def test_a_yanked_release_is_reached_by_pins_and_told() -> None:
    facts = [
        yanked(page("bad", {"1": "01:00", "2": "01:30"})),
        *package("app", {"1": ("01:00", ["bad"])}),
        *package("pin", {"1": ("01:00", ["bad==2"])}),
    ]
    world = world_of(*facts)
    seeds = targets(world, "bad@2")
    found = reach(world, seeds, ReachMode.ADMITTED)
    assert names(world, found) == ["app@1", "bad@2", "pin@1"]  # any pin in a walk may unlock it
    assert dict(found.yanked) == {place(world, "bad@2")[0]: 1}
    assert names(world, reach(world, seeds, ReachMode.NOMINATED)) == ["bad@2", "pin@1"]
    fresh = reach(world, targets(world, "bad@1"), ReachMode.ADMITTED)
    assert dict(fresh.yanked) == {}


def test_an_uncertain_listing_is_followed_by_one_account() -> None:
    facts = [*package("bad", {"1": ("01:00", []), "2": (None, [])}), *package("app", {"1": ("01:00", ["bad"])})]
    world = world_of(*facts)
    seeds = targets(world, "bad@2")
    assert names(world, reach(world, seeds, ReachMode.NOMINATED)) == ["app@1", "bad@2"]
    assert names(world, reach(world, seeds, ReachMode.NOMINATED, doubtful=False)) == []
    below = targets(world, "bad@1")
    assert names(world, reach(world, below, ReachMode.NOMINATED, doubtful=False)) == ["app@1", "bad@1"]


def test_an_accused_release_that_is_told_apart_is_read_by_its_own_times() -> None:
    world = world_of(*INDEX, accused=["near@1"])
    assert names(world, reach(world, targets(world, "bad@2"), ReachMode.NOMINATED)) == [
        *("bad@2", "far@1", "near@1", "older@1"),
    ]


def test_a_walk_follows_the_markers_of_its_environment() -> None:
    world = world_of(*INDEX, environment=Environment(platform="windows", machine="AMD64"))
    found = names(world, reach(world, targets(world, "bad@2"), ReachMode.NOMINATED))
    assert "windows@1" in found


# Building


def source(name: str, *texts: str, installs: Sequence[str] = ()) -> list[Fact]:
    """Return a release that says what building it takes; what was read has a usual backend in it."""
    build = [requirement(text) for text in ("setuptools", *texts)]
    marked = tuple(replace(one, marker=marker_of_build(one.marker)) for one in build)
    told = replace(requires(name, "1"), requirements=(*map(requirement, installs), *marked))
    return [page(name, {"1": "01:00"}), told]


SETUPTOOLS: Sequence[Fact] = tuple(package("setuptools", {"80": ("01:00", [])}))


@pytest.mark.parametrize(
    ("facts", "leads"),
    [
        (source("src", "bad"), True),
        (source("src", "near"), True),
        (source("src", "bad ; os_name == 'nt'"), True),  # in any environment
        (source("src", "apart"), False),
        (source("src", "bad<2"), False),
        (source("src", installs=["bad"]), False),  # that is no build requirement
        ([], False),  # none was read
    ],
)
def test_whether_building_something_may_lead_to_a_target(facts: list[Fact], *, leads: bool) -> None:
    world = world_of(*INDEX, *SETUPTOOLS, *facts)
    assert leads_by_building(world.anywhere(), targets(world, "bad@2")) is leads
    assert not leads_by_building(world.anywhere(), {})


def test_where_no_usual_backend_is_known_nothing_was_read() -> None:
    world = world_of(*INDEX)
    assert not leads_by_building(world.anywhere(), targets(world, "bad@2"))


def test_nobody_who_installs_reaches_what_building_takes() -> None:
    world = world_of(*INDEX, *SETUPTOOLS, *source("src", "bad"))
    assert "src@1" not in names(world, closure_of(world, targets(world, "bad@2")))
