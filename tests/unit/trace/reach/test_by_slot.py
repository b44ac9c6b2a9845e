"""The slots of a window, and what reaches a target in each, in as many passes as it takes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from graphkit.model.answers import Slot
from graphkit.model.times import Instant
from graphkit.stores.port import Fact, Position
from graphkit.trace.reach.by_slot import Reach, reach_of, slots_between
from graphkit.trace.reach.nominate import closure_of
from graphkit.trace.resolve import availability_table
from graphkit.trace.resolve.availability_table import MOST_SLOTS
from graphkit.trace.resolve.world import World
from tests.cases.build import at, package
from tests.unit.trace.parts import package_in, place, targets, world_of

START, UNTIL = at("10:00"), at("14:00")
INDEX: Sequence[Fact] = (
    *package("bad", {"1": ("01:00", []), "2": ("11:00", []), "3": ("14:00", [])}),
    *package("app", {"1": ("01:00", ["bad"]), "2": ("13:00", [])}),
    *package("tool", {"1": ("01:00", ["bad ; extra == 'x'"]), "2": ("12:00", [])}),
    *package("apart", {"1": ("01:00", []), "2": ("12:30", [])}),
)


def slots(world: World, *bad: str, start: Instant = START, until: Instant = UNTIL) -> list[Slot]:
    seeds = targets(world, *bad)
    return list(slots_between([(world, closure_of(world, seeds))], seeds, start, until))


def reach(world: World, *bad: str, start: Instant = START, until: Instant = UNTIL) -> Reach:
    seeds = targets(world, *bad)
    return reach_of(world, seeds, closure_of(world, seeds), tuple(slots(world, *bad, start=start, until=until)))


def test_a_slot_ends_where_a_listing_in_the_closure_changes() -> None:
    found = slots(world_of(*INDEX), "bad@2")
    assert [(one.start, one.until) for one in found] == [
        (START, at("11:00")),
        (at("11:00"), at("12:00")),  # of a package that is reached with an extra alone
        (at("12:00"), at("13:00")),
        (at("13:00"), UNTIL),  # what comes at the end is in no slot
    ]


def test_a_window_in_which_nothing_changes_is_one_slot() -> None:
    assert slots(world_of(*INDEX), "bad@2", start=at("11:00"), until=at("11:30")) == [
        Slot(start=at("11:00"), until=at("11:30"))
    ]
    assert slots(world_of(*INDEX), "apart@1", start=at("11:00"), until=at("12:30")) == [
        Slot(start=at("11:00"), until=at("12:30"))
    ]


def test_slots_are_those_of_all_worlds_together() -> None:
    world, other = world_of(*INDEX), world_of(*INDEX, *package("bad", {"9": ("10:30", [])}))
    seeds = targets(world, "bad@2")
    closures = [(one, closure_of(one, seeds)) for one in (world, other)]
    together = slots_between(closures, seeds, START, UNTIL)
    edges = {one.start for part in closures for one in slots_between([part], seeds, START, UNTIL)}
    assert {one.start for one in together} == edges
    assert at("10:30") in edges


def test_what_is_nominated_and_admitted_is_told_slot_by_slot() -> None:
    world = world_of(*INDEX)
    (one,) = reach(world, "bad@2").passes
    app, tool = place(world, "app@1"), place(world, "tool@1")
    assert [one.nominates(app[0], "", app[1]), one.nominates(tool[0], "x", tool[1])] == [0b1110, 0b1110]
    assert one.nominates(tool[0], "", tool[1]) == 0
    newest = place(world, "app@2")
    assert one.nominates(newest[0], "", newest[1]) == 0
    assert one.admitted.mask(app[0], "", app[1]) == 0b1110
    assert (one.first, len(one.nominated)) == (0, 1)


def test_where_times_are_uncertain_both_accounts_are_asked() -> None:
    world = world_of(*INDEX, *package("unsure", {"1": ("01:00", []), "2": (None, ["bad"])}))
    found = reach(world, "bad@2")
    assert [world.package(one).name for one in found.uncertain.tolist()] == ["unsure"]
    (one,) = found.passes
    unsure = place(world, "unsure@2")
    assert len(one.nominated) == 2
    assert [account.mask(unsure[0], "", unsure[1]) for account in one.nominated] == [0b1110, 0]
    assert one.nominates(unsure[0], "", unsure[1]) == 0b1110  # by either


def test_packages_of_large_closures_are_loaded_as_walks_reach_them(monkeypatch: pytest.MonkeyPatch) -> None:
    def masks() -> dict[tuple[int, str], list[list[int]]]:
        world = world_of(*INDEX, *package("unsure", {"1": ("01:00", []), "2": (None, ["bad", "tool[x]"])}))
        (one,) = reach(world, "bad@2").passes
        accounts, keys = (one.admitted, *one.nominated), one.admitted.keys()
        return {key: [of.tolist() for each in accounts if (of := each.of(*key)) is not None] for key in keys}

    loaded = masks()
    assert loaded
    monkeypatch.setattr(availability_table, "_MOST_KEPT", 0)
    assert masks() == loaded


@pytest.mark.parametrize("extra", ["x", "z"])
def test_masks_with_an_extra_are_those_of_each_release_with_it(extra: str) -> None:
    world = world_of(*INDEX, *package("tool", {"3": (None, ["bad ; extra == 'x'"])}))
    (one,) = reach(world, "bad@2").passes
    tool = package_in(world, "tool")
    for reached in (one.admitted, *one.nominated):
        alone = reached.masks_of([extra] * tool.size, np.arange(tool.start, tool.stop)).tolist()
        assert [reached.mask(tool.id, extra, Position(at)) for at in range(tool.size)] == alone
        found = reached.of(tool.id, extra)
        assert (found.tolist() if found is not None else [0] * tool.size) == alone
        assert any(alone) is (extra == "x")


def test_packages_are_those_of_the_closure_its_extras_and_the_targets() -> None:
    world = world_of(*INDEX)
    found = reach(world, "bad@2")
    assert [world.package(one).name for one in found.packages.tolist()] == ["app", "bad", "tool"]
    pairs = [
        (world.package(one).name, extra, distance)
        for one, extra, distance in zip(
            found.reached.package.tolist(), found.reached.extra, found.reached.distance.tolist(), strict=True
        )
    ]
    assert pairs == [("app", "", 1), ("bad", "", 0), ("tool", "x", 1)]


def test_a_target_that_nothing_requires_is_reached_by_itself() -> None:
    world = world_of(*INDEX)
    found = reach(world, "apart@2")
    assert [world.package(one).name for one in found.packages.tolist()] == ["apart"]
    assert found.reached.distance.tolist() == [0]


def test_more_slots_than_one_pass_holds_take_several() -> None:
    minutes = [f"11:{minute:02}" for minute in range(1, 60)] + [f"12:{minute:02}" for minute in range(1, 60)]
    many = package("bad", {"1": ("01:00", []), **{f"2.{n}": (clock, []) for n, clock in enumerate(minutes)}})
    world = world_of(*many, *package("app", {"1": ("01:00", ["bad"])}))
    found = reach(world, "bad@2.100")
    assert len(found.slots) == len(minutes) + 1
    assert [(one.first, len(one.slots)) for one in found.passes] == [(0, MOST_SLOTS), (MOST_SLOTS, 119 - MOST_SLOTS)]
    app = place(world, "app@1")
    named = [
        one.first + bit
        for one in found.passes
        for bit in range(len(one.slots))
        if one.nominates(app[0], "", app[1]) >> bit & 1
    ]
    assert named == [101]  # while it is the newest
