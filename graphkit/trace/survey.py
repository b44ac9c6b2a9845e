"""The ground of an answer: the slots of a window, and who could reach the targets in each."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from graphkit.model.answers import Slot
from graphkit.model.times import Instant
from graphkit.trace.confirm import Targets
from graphkit.trace.nominate import Question, Reached, reverse
from graphkit.trace.offers import MOST_SLOTS, Offers, Places, changes_of, is_uncertain
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


def slots_between(
    worlds: Iterable[tuple[World, Reached]], targets: Targets, start: Instant, until: Instant
) -> tuple[Slot, ...]:
    """Return the stretches of a window between which the listing of a release in a closure changes."""
    inside: set[Instant] = set()
    for world, closure in worlds:
        inside |= changes_of(world, _idents(closure, targets), start, until)
    return tuple(Slot(start=a, until=b) for a, b in pairwise([start, *sorted(inside), until]))


def survey(world: World, targets: Targets, closure: Reached, slots: tuple[Slot, ...]) -> Field:
    """Return who could reach the targets in each slot; more than 64 slots take several passes."""
    uncertain = bool(is_uncertain(world, _idents(closure, targets)).any())
    accounts = (True, False) if uncertain else (True,)
    passes = []
    for first in range(0, len(slots), MOST_SLOTS):
        part = slots[first : first + MOST_SLOTS]
        offers = [Offers(world, [slot.start for slot in part], doubtful=account) for account in accounts]
        passes.append(
            Pass(
                first=first,
                slots=part,
                admitted=reverse(world, targets, offers[0], Question.ADMITTED),
                nominated=tuple(reverse(world, targets, one, Question.NOMINATED) for one in offers),
            )
        )
    return Field(slots=slots, passes=tuple(passes), closure=closure)


def _idents(closure: Reached, targets: Targets) -> Places:
    with_extras = [ident for ident, _ in closure.extra_keys()]
    return np.unique(np.concatenate([closure.packages, np.array([*targets, *with_extras], dtype=np.int32)]))
