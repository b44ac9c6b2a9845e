"""The ground of an answer: the slots of a window, and who could reach the targets in each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from graphkit.model.answers import Slot
from graphkit.model.times import Instant
from graphkit.trace.confirm import Targets
from graphkit.trace.nominate import MOST_SLOTS, Question, Reached, reverse
from graphkit.trace.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """One pass of at most 64 slots: which slots, and what reaches the targets in them."""

    first: int
    slots: tuple[Slot, ...]
    admitted: Reached
    nominated: tuple[Reached, ...]
    """Under each account of the uncertain times."""

    def nominates(self, ident: int, extra: str, position: int) -> int:
        """Return the slots of this pass, as bits, in which single choices reach a release."""
        bits = 0
        for account in self.nominated:
            bits |= account.mask(ident, extra, position)
        return bits


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """The slots of a window, the passes over them, and the time-free closure they stand on."""

    slots: tuple[Slot, ...]
    passes: tuple[Pass, ...]
    closure: Reached


def closure_of(world: World, targets: Targets, start: Instant) -> Reached:
    """Return every release with a chain of ranges that admits a target, whatever the time."""
    return reverse(world, targets, [start], Question.CLOSURE)


def slots_between(
    worlds: Iterable[tuple[World, Reached]], targets: Targets, start: Instant, until: Instant
) -> tuple[Slot, ...]:
    """Return the stretches of a window between which the listing of a release in a closure changes."""
    inside = {
        t
        for world, closure in worlds
        for ident in _idents(closure, targets)
        for t in world.package(ident).changes
        if start < t < until
    }
    return tuple(Slot(start=a, until=b) for a, b in pairwise([start, *sorted(inside), until]))


def survey(world: World, targets: Targets, closure: Reached, slots: tuple[Slot, ...]) -> Field:
    """Return who could reach the targets in each slot; more than 64 slots take several passes."""
    uncertain = any(world.package(ident).is_uncertain for ident in _idents(closure, targets))
    accounts = (True, False) if uncertain else (True,)
    passes = []
    for first in range(0, len(slots), MOST_SLOTS):
        part = slots[first : first + MOST_SLOTS]
        instants = [slot.start for slot in part]
        passes.append(
            Pass(
                first=first,
                slots=part,
                admitted=reverse(world, targets, instants, Question.ADMITTED),
                nominated=tuple(
                    reverse(world, targets, instants, Question.NOMINATED, doubtful=account) for account in accounts
                ),
            )
        )
    return Field(slots=slots, passes=tuple(passes), closure=closure)


def _idents(closure: Reached, targets: Targets) -> set[int]:
    return {ident for ident, _ in closure.masks} | set(targets)
