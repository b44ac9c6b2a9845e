"""Which of the packages that were reached to walk: a whole index has more of them than anybody looks at."""

from __future__ import annotations

from functools import cached_property
from typing import NamedTuple

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from graphkit.model.csr import distinct
from graphkit.stores import port
from graphkit.stores.port import PackageId
from graphkit.trace.reach.by_slot import Reach
from graphkit.trace.resolve.confirm import Targets
from graphkit.trace.resolve.package_columns import Truths
from graphkit.trace.resolve.world import World

MOST_WALKED = 1_000
"""Packages that are walked unless told; a few milliseconds each."""
_PASSED_OVER = 3


class Candidate(NamedTuple):
    """A package, with an extra or without: least distance from a target, and how many packages require it."""

    package_id: PackageId
    extra: str
    distance: int
    dependents: int


class Unwalked(Struct, frozen=True, kw_only=True):
    """What was reached, but not walked, since no more than so many rows were asked for.

    ``nominated`` and ``admitted`` count packages by what the reverse walks say of their newest release,
    ``older`` those that only older releases may reach by, ``releases`` the releases of all of them.
    """

    nominated: int = 0
    admitted: int = 0
    older: int = 0
    releases: int = 0

    def __bool__(self) -> bool:
        """Return whether anything was left."""
        return bool(self.nominated or self.admitted or self.older)


class Ranking:
    """The packages that were reached, and which of them to walk.

    All where they are few, else the ``most`` that look worst, worst first; None: all nominated. A target
    itself is none. Those whose newest release is nominated come first, then by least distance, downloads,
    and number of dependents.
    """

    def __init__(self, world: World, reach: Reach, targets: Targets, most: int | None) -> None:
        self._world = world
        self._reach = reach
        reached = reach.reached
        columns = world.reader.packages(reached.package)
        self._dependents, self._downloads = columns.dependents, columns.downloads
        inside = ~np.isin(reached.package, port.PACKAGE.of(targets))
        self.is_whole = int(np.count_nonzero(inside)) <= (MOST_WALKED if most is None else most)
        if self.is_whole:
            self._rows = np.flatnonzero(inside)
            self._planned = len(self._rows)
            return
        self._rows = self._in_order(inside)
        if most is None:
            most = max(MOST_WALKED, int(np.count_nonzero(self._rank[self._rows] == 0)))
        self._planned = min(most, len(self._rows))

    @cached_property
    def planned(self) -> list[Candidate]:
        """What to walk."""
        rows = self._rows[: self._planned]
        reached = self._reach.reached
        extras = [reached.extra[row] for row in rows.tolist()]
        columns = (reached.package[rows].tolist(), extras, reached.distance[rows].tolist())
        return list(map(Candidate, *columns, self._dependents[rows].tolist()))

    def left(self, walked: int) -> Unwalked:
        """Return what is left where only the first so many were walked."""
        rows = self._rows[walked:]
        if not len(rows):
            return Unwalked()
        rank = self._rank[rows]
        return Unwalked(
            nominated=int(np.count_nonzero(rank == 0)),
            admitted=int(np.count_nonzero(rank == 1)),
            older=int(np.count_nonzero(rank == 2)),
            releases=self._releases_of(distinct(self._reach.reached.package[rows], self._world.packages)),
        )

    def _in_order(self, inside: Truths) -> NDArray[np.intp]:
        reached, rank = self._reach.reached, self._rank
        # An extra says something only where it is exposed more than the package itself.
        plain = np.full(self._world.packages, _PASSED_OVER, dtype=np.int64)
        bare = np.array([not extra for extra in reached.extra], dtype=np.bool_)
        plain[reached.package[bare]] = rank[bare]
        rows = np.flatnonzero(inside & (bare | (rank < plain[reached.package])))
        keys = (reached.package, -self._dependents, -self._downloads, reached.distance, rank)
        return rows[np.lexsort([key[rows] for key in keys])]

    @cached_property
    def _rank(self) -> NDArray[np.int64]:
        """Of every row of `Reach.reached`: 0 its newest release is nominated in a slot, 1 admitted, 2 neither."""
        nominated, admitted = self._standing()
        return np.where(nominated, 0, np.where(admitted, 1, 2))

    def _standing(self) -> tuple[Truths, Truths]:
        reached = self._reach.reached
        nominated, admitted = (np.zeros(len(reached.package), dtype=np.bool_) for _ in range(2))
        with_extra = np.array([bool(extra) for extra in reached.extra], dtype=np.bool_)
        for one in self._reach.passes:
            for account in one.nominated:
                assert account.availability is not None
                row, release, slots = account.availability.newest_releases(reached.package)
                extras = with_extra[row]
                names = [reached.extra[at] for at in row[extras].tolist()]
                for truths, walks in ((nominated, one.nominated), (admitted, (one.admitted,))):
                    for walk in walks:
                        hits = walk.plain[release] & slots
                        hits[extras] |= walk.masks_of(names, release[extras]) & slots[extras]
                        truths[row[hits != 0]] = True
        return nominated, admitted

    def _releases_of(self, packages: port.PackageIds) -> int:
        """Return how many releases of some packages are admitted or nominated in any slot."""
        hit = np.zeros(self._world.releases, dtype=np.bool_)
        for one in self._reach.passes:
            for walk in (one.admitted, *one.nominated):
                hit |= walk.plain != 0
        before = np.zeros(len(hit) + 1, dtype=np.int32)
        np.cumsum(hit, out=before[1:])
        columns = self._world.reader.packages(packages)
        return int((before[columns.stop] - before[columns.start]).sum(dtype=np.int64))
