"""What an answer rests on: the slots of a window, and who could reach the targets in each."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import numpy as np
from msgspec import Struct

from graphkit.model.answers import Slot
from graphkit.model.csr import distinct
from graphkit.model.times import Instant
from graphkit.stores.port import PACKAGE, PackageId, PackageIds, Position
from graphkit.trace.reach.nominate import ReachMode, reverse
from graphkit.trace.reach.reached import Levels, ReachedReleases
from graphkit.trace.resolve.availability_table import MOST_SLOTS, AvailabilityTable, changes_of, uncertain_among
from graphkit.trace.resolve.confirm import Targets
from graphkit.trace.resolve.world import World


class ReachedPackages(Struct, frozen=True, kw_only=True):
    """Every package of a closure, then every one with an extra: id, extra, least distance."""

    package: PackageIds
    extra: list[str]
    distance: Levels


class ReachPass(Struct, frozen=True, kw_only=True):
    """One pass of at most 64 slots: which slots, and what reaches the targets in them."""

    first: int
    slots: tuple[Slot, ...]
    admitted: ReachedReleases
    nominated: tuple[ReachedReleases, ...]
    """Under each account of the uncertain times."""

    def nominates(self, package_id: PackageId, extra: str, position: Position) -> int:
        """Return the slots of this pass, as bits, in which single choices reach a release."""
        bits = 0
        for account in self.nominated:
            bits |= account.mask(package_id, extra, position)
        return bits


class Reach(Struct, frozen=True, kw_only=True):
    """The slots of a window, the passes over them, and the time-free closure they stand on.

    ``packages`` are those of the closure and the targets, ascending; ``uncertain`` those of them of which a
    listing or yank has no known time.
    """

    slots: tuple[Slot, ...]
    passes: tuple[ReachPass, ...]
    closure: ReachedReleases
    reached: ReachedPackages
    packages: PackageIds
    uncertain: PackageIds


def slots_between(
    worlds: Iterable[tuple[World, ReachedReleases]], targets: Targets, start: Instant, until: Instant
) -> tuple[Slot, ...]:
    """Return the stretches of a window between which the listing of a release in a closure changes."""
    inside: set[Instant] = set()
    for world, closure in worlds:
        inside |= changes_of(world, _packages_of(closure, targets), start, until)
    return tuple(Slot(start=a, until=b) for a, b in pairwise([start, *sorted(inside), until]))


def reach_of(world: World, targets: Targets, closure: ReachedReleases, slots: tuple[Slot, ...]) -> Reach:
    """Return who could reach the targets in each slot; more than 64 slots take several passes."""
    packages = _packages_of(closure, targets)
    uncertain = uncertain_among(world, packages)
    accounts = (True, False) if len(uncertain) else (True,)
    passes = []
    for first in range(0, len(slots), MOST_SLOTS):
        part = slots[first : first + MOST_SLOTS]
        availabilities = [
            AvailabilityTable(world, [slot.start for slot in part], doubtful=account) for account in accounts
        ]
        for one in availabilities:
            one.expect(packages)
        admitted = reverse(world, targets, availabilities[0], ReachMode.ADMITTED)
        nominated = tuple(reverse(world, targets, one, ReachMode.NOMINATED) for one in availabilities)
        passes.append(ReachPass(first=first, slots=part, admitted=admitted, nominated=nominated))
    return Reach(
        slots=slots,
        passes=tuple(passes),
        closure=closure,
        reached=_reached_packages(closure),
        packages=packages,
        uncertain=uncertain,
    )


def _reached_packages(closure: ReachedReleases) -> ReachedPackages:
    package, extra, level = closure.with_extras()
    return ReachedPackages(
        package=np.concatenate([closure.packages, package]),
        extra=[""] * len(closure.packages) + extra,
        distance=np.concatenate([closure.levels, level.astype(np.int32)]),
    )


def _packages_of(closure: ReachedReleases, targets: Targets) -> PackageIds:
    with_extras, _, _ = closure.with_extras()
    return distinct(np.concatenate([closure.packages, with_extras, PACKAGE.of(targets)]))
