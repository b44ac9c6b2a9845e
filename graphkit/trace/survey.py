"""The ground of an answer: the slots of a window, and who could reach the targets in each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from graphkit.model.answers import Slot
from graphkit.model.csr import distinct
from graphkit.model.times import Instant
from graphkit.trace.confirm import Targets
from graphkit.trace.listing import Truths
from graphkit.trace.nominate import Question, Reached, reverse
from graphkit.trace.offers import MOST_SLOTS, Offers, Places, changes_of, is_uncertain
from graphkit.trace.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Whether the newest releases reach a target, by package and extra, each in any slot of a pass.

    ``nominated`` and ``admitted`` are truths by row of `Field.reached`.
    """

    nominated: Truths
    admitted: Truths


@dataclass(frozen=True, slots=True, kw_only=True)
class ReachedPackages:
    """Every package of a closure, then every one with an extra: id, extra, least distance."""

    ident: Places
    extra: list[str]
    distance: Places


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """One pass of at most 64 slots: which slots, and what reaches the targets in them."""

    first: int
    slots: tuple[Slot, ...]
    admitted: Reached
    nominated: tuple[Reached, ...]
    """Under each account of the uncertain times."""
    standing: Standing
    """What the newest releases stand at in these slots."""

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
    reached: ReachedPackages


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
    plain = ReachedPackages(ident=closure.packages, extra=[""] * len(closure.packages), distance=closure.levels)
    ident, extra, level = closure.with_extras()
    reached = ReachedPackages(
        ident=np.concatenate([plain.ident, ident]),
        extra=plain.extra + extra,
        distance=np.concatenate([plain.distance, level.astype(np.int32)]),
    )
    for first in range(0, len(slots), MOST_SLOTS):
        part = slots[first : first + MOST_SLOTS]
        offers = [Offers(world, [slot.start for slot in part], doubtful=account) for account in accounts]
        admitted = reverse(world, targets, offers[0], Question.ADMITTED)
        nominated = tuple(reverse(world, targets, one, Question.NOMINATED) for one in offers)
        standing = _standing(world, reached, offers, admitted, nominated)
        passes.append(Pass(first=first, slots=part, admitted=admitted, nominated=nominated, standing=standing))
    return Field(slots=slots, passes=tuple(passes), closure=closure, reached=reached)


def _standing(
    world: World, reached: ReachedPackages, offers: Sequence[Offers], admitted: Reached, nominated: Sequence[Reached]
) -> Standing:
    """Return what the newest release of every package reached, with its extra or without, stands at."""
    found = Standing(
        nominated=np.zeros(len(reached.ident), dtype=np.bool_), admitted=np.zeros(len(reached.ident), dtype=np.bool_)
    )
    at_extra = np.array([bool(extra) for extra in reached.extra], dtype=np.bool_)
    for offer in offers:
        offer.load(distinct(reached.ident))
        row, release, slots = offer.newest_releases(world, reached.ident)
        extras = at_extra[row]
        names = [reached.extra[one] for one in row[extras].tolist()]
        for truths, walks in ((found.nominated, nominated), (found.admitted, (admitted,))):
            for walk in walks:
                hits = walk.plain[release] & slots
                hits[extras] |= walk.masks_of(names, release[extras]) & slots[extras]
                truths[row[hits != 0]] = True
    return found


def _idents(closure: Reached, targets: Targets) -> Places:
    with_extras, _, _ = closure.with_extras()
    return distinct(np.concatenate([closure.packages, with_extras, np.array(list(targets), dtype=np.int32)]))
