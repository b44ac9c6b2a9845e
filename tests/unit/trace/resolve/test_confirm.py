"""Confirmation: in which stretches a root takes a target, by both accounts of uncertain times or by one."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from graphkit.model.answers import Slot
from graphkit.model.times import Instant
from graphkit.stores.port import Fact
from graphkit.trace.resolve.confirm import Confirmation, Hit, brief, confirm, in_both, slots_of
from graphkit.trace.resolve.world import World
from tests.cases.build import at, compromised, incident, package
from tests.unit.trace.parts import manifest_root, targets, world_of

START, UNTIL = at("10:00"), at("14:00")
SURE: Sequence[Fact] = (
    *package("app", {"1": ("01:00", ["bad"]), "2": ("13:00", [])}),
    *package("bad", {"1": ("01:00", []), "2": ("11:00", []), "3": ("12:00", [])}),
)


def hit(start: Instant, until: Instant, release: str = "bad@2", *, is_mixed: bool = False) -> Hit:
    return Hit(start=start, until=until, release=release, is_mixed=is_mixed)


def asked(world: World, *texts: str, bad: Sequence[str] = ("bad@2",)) -> Confirmation:
    return confirm(world, manifest_root(world, *texts), START, UNTIL, targets(world, *bad))


def test_a_target_is_picked_while_it_is_the_newest_that_fits() -> None:
    found = asked(world_of(*SURE), "bad")
    assert found.picked == (hit(at("11:00"), at("12:00")),)
    assert (found.doubtful, found.unresolvable, found.unread) == ((), (), ())
    assert [step.node for step in found.path] == ["a.txt", "bad@2"]


def test_several_targets_are_picked_each_in_its_stretch() -> None:
    found = asked(world_of(*SURE), "app", bad=("bad@3", "bad@2"))
    assert found.picked == (hit(at("11:00"), at("12:00")), hit(at("12:00"), at("13:00"), "bad@3"))


def test_what_is_picked_nowhere_has_no_path() -> None:
    assert asked(world_of(*SURE), "bad<2") == Confirmation(picked=(), doubtful=(), unresolvable=(), unread=(), path=())


def test_of_several_ways_the_shortest_is_shown() -> None:
    facts = [
        *package("far", {"1": ("01:00", ["app"])}),
        *package("mid", {"1": ("01:00", []), "2": ("11:30", ["bad"])}),
        *SURE,
    ]
    assert [step.node for step in asked(world_of(*facts), "far", "mid").path] == ["a.txt", "mid@2", "bad@2"]


def test_a_hit_by_one_account_of_an_uncertain_time_is_doubtful() -> None:
    world = world_of(*package("bad", {"1": ("01:00", []), "2": (None, [])}))
    found = asked(world, "bad")
    assert (found.picked, found.doubtful) == ((), (hit(START, UNTIL),))
    assert [step.node for step in found.path] == ["a.txt", "bad@2"]


def test_a_target_that_an_uncertain_release_would_win_over_is_doubtful_too() -> None:
    world = world_of(*package("bad", {"1": ("01:00", []), "2": ("01:00", []), "3": (None, [])}))
    found = asked(world, "bad")
    assert (found.picked, found.doubtful) == ((), (hit(START, UNTIL),))


def test_where_every_account_takes_some_target_it_is_picked() -> None:
    world = world_of(*package("bad", {"1": ("01:00", []), "2": ("01:00", []), "3": (None, [])}))
    found = asked(world, "bad", bad=("bad@2", "bad@3"))
    assert [one.release for one in found.picked] == ["bad@2"]
    assert [one.release for one in found.doubtful] == ["bad@3"]


def test_a_release_with_good_files_too_is_never_picked() -> None:
    bad = compromised("bad", "2", "11:00", "a" * 64, whole=False)
    world = world_of(*SURE, incident(bad, until=None), accused=["bad@2"], mixed=["bad@2"])
    found = asked(world, "bad")
    assert found.picked == ()
    assert hit(at("11:00"), at("12:00"), is_mixed=True) in found.doubtful


def test_where_nothing_fits_it_is_told_when_and_of_what() -> None:
    facts = [*package("lib", {"1": ("01:00", []), "2": ("12:00", [])}), *SURE]
    found = asked(world_of(*facts), "lib>=2")
    assert found.unresolvable == ((START, at("12:00"), ("lib",)),)


def test_what_walks_did_not_read_is_told_once() -> None:
    world = world_of(*package("app", {"1": ("01:00", ["lost", "bad"])}), *SURE[3:])
    assert asked(world, "app").unread == ("lost",)


# In brief


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("texts", [["bad"], ["app"], ["bad<2"], ["bad!=1,<3"], ["app", "bad!=3"]])
def test_in_brief_it_says_what_a_confirmation_says(texts: list[str], *, first: bool) -> None:
    world = world_of(*SURE)
    whole = asked(world, *texts, bad=("bad@2", "bad@3"))
    bad = targets(world, "bad@2", "bad@3")
    picked, doubtful = brief(world, manifest_root(world, *texts), START, UNTIL, bad, first=first)
    assert (bool(picked), doubtful) == (bool(whole.picked), bool(whole.doubtful))
    if not first:
        assert {one.release for one in picked} == {one.release for one in whole.picked}
        assert sum(one.until - one.start for one in picked) == sum(one.until - one.start for one in whole.picked)


def test_in_brief_nothing_is_walked_before_a_target_is_listed() -> None:
    world = world_of(*SURE)
    root = manifest_root(world, "bad")
    assert brief(world, root, START, at("11:00"), targets(world, "bad@2"), first=False) == ([], False)
    picked, _ = brief(world, root, START, at("11:00") + 1, targets(world, "bad@2"), first=False)
    assert picked == [hit(at("11:00"), at("11:00") + 1)]
    assert brief(world, root, START, UNTIL, {}, first=True) == ([], False)


def test_in_brief_what_one_account_alone_takes_is_doubtful() -> None:
    world = world_of(*package("bad", {"1": ("01:00", []), "2": (None, [])}))
    assert brief(world, manifest_root(world, "bad"), START, UNTIL, targets(world, "bad@2"), first=True) == ([], True)


# Stretches of two accounts


BOTH = [
    ([hit(0, 10)], [hit(10, 20)], []),  # they touch
    ([hit(0, 10)], [hit(9, 20)], [hit(9, 10)]),
    ([hit(0, 10, "bad@3")], [hit(0, 20)], [hit(0, 10, "bad@3")]),  # told as the first one takes it
    ([hit(0, 10)], [hit(0, 4), hit(6, 20)], [hit(0, 4), hit(6, 10)]),
    ([hit(0, 10)], [hit(0, 10), hit(0, 10, "bad@3")], [hit(0, 10)]),  # each once
    ([hit(0, 10)], [hit(0, 10, is_mixed=True)], [hit(0, 10, is_mixed=True)]),
    ([], [hit(0, 10)], []),
]


@pytest.mark.parametrize(("some", "others", "both"), BOTH)
def test_two_accounts_agree_where_both_have_a_hit(some: list[Hit], others: list[Hit], both: list[Hit]) -> None:
    assert in_both(some, others) == both


SLOTS = (Slot(start=0, until=10), Slot(start=10, until=20), Slot(start=20, until=30))


@pytest.mark.parametrize(
    ("hits", "numbers"),
    [((hit(10, 20),), [1]), ((hit(9, 21),), [0, 1, 2]), ((hit(30, 40),), []), ((hit(5, 6), hit(7, 8)), [0]), ((), [])],
)
def test_a_hit_falls_into_the_slots_that_it_has_an_instant_of(hits: tuple[Hit, ...], numbers: list[int]) -> None:
    assert [number for number, _ in slots_of(hits, SLOTS)] == numbers


def test_slots_are_told_in_order_with_each_release() -> None:
    assert slots_of((hit(12, 13, "bad@3"), hit(5, 15)), SLOTS) == ((0, "bad@2"), (1, "bad@2"), (1, "bad@3"))
