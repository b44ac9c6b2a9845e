"""Which of the packages that were reached to walk: a whole index has more of them than anybody looks at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from graphkit.model.csr import distinct, spread
from graphkit.stores import port
from graphkit.trace.confirm import Targets
from graphkit.trace.listing import Truths
from graphkit.trace.survey import Field
from graphkit.trace.world import World

MOST_WALKED = 1_000
"""Packages that are walked unless told; a few milliseconds each."""


class Candidate(NamedTuple):
    """A package, with an extra or without: least distance from a target, and how many packages require it."""

    ident: int
    extra: str
    distance: int
    dependents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unwalked:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """Which packages to walk, ascending, and what is left."""

    walked: list[Candidate]
    unwalked: Unwalked


def ranked(world: World, field: Field, targets: Targets, most: int | None) -> Ranked:
    """Return which packages to walk: all where they are few, else the ``most`` that look worst; None: all nominated.

    A target itself is none. Those whose newest release is nominated come first, then by least distance and
    number of dependents.
    """
    reached = field.reached
    dependents = world.reader.packages(reached.ident).dependents
    inside = ~np.isin(reached.ident, np.array(list(targets), dtype=np.int32))
    if np.count_nonzero(inside) <= (MOST_WALKED if most is None else most):
        return Ranked(walked=_keyed(field, np.flatnonzero(inside), dependents), unwalked=Unwalked())
    nominated, admitted = _standing(field)
    rank = np.where(nominated, 0, np.where(admitted, 1, 2))
    # An extra says something only where it is exposed more than the package itself.
    plain = np.full(world.packages, 3, dtype=np.int64)
    bare = np.array([not extra for extra in reached.extra], dtype=np.bool_)
    plain[reached.ident[bare]] = rank[bare]
    rows = np.flatnonzero(inside & (bare | (rank < plain[reached.ident])))
    order = np.lexsort((reached.ident[rows], -dependents[rows], reached.distance[rows], rank[rows]))
    if most is None:
        most = max(MOST_WALKED, int(np.count_nonzero(rank[rows] == 0)))
    walked, left = rows[order[:most]], rows[order[most:]]
    idents = reached.ident[left]
    return Ranked(
        walked=_keyed(field, walked, dependents),
        unwalked=Unwalked(
            nominated=int(np.count_nonzero(rank[left] == 0)),
            admitted=int(np.count_nonzero(rank[left] == 1)),
            older=int(np.count_nonzero(rank[left] == 2)),
            releases=_releases_of(world, field, distinct(idents)),
        ),
    )


def _standing(field: Field) -> tuple[Truths, Truths]:
    """Return whether the newest release of every row of `Field.reached` is nominated, and admitted, in any slot."""
    reached = field.reached
    nominated, admitted = (np.zeros(len(reached.ident), dtype=np.bool_) for _ in range(2))
    with_extra = np.array([bool(extra) for extra in reached.extra], dtype=np.bool_)
    for one in field.passes:
        for account in one.nominated:
            assert account.offers is not None
            row, release, slots = account.offers.newest_releases(reached.ident)
            extras = with_extra[row]
            names = [reached.extra[at] for at in row[extras].tolist()]
            for truths, walks in ((nominated, one.nominated), (admitted, (one.admitted,))):
                for walk in walks:
                    hits = walk.plain[release] & slots
                    hits[extras] |= walk.masks_of(names, release[extras]) & slots[extras]
                    truths[row[hits != 0]] = True
    return nominated, admitted


def _keyed(field: Field, rows: NDArray[np.intp], dependents: port.Ids) -> list[Candidate]:
    reached = field.reached
    extras = [reached.extra[row] for row in rows.tolist()]
    columns = (reached.ident[rows].tolist(), extras, reached.distance[rows].tolist(), dependents[rows].tolist())
    return sorted(map(Candidate, *columns))


def _releases_of(world: World, field: Field, packages: port.Ids) -> int:
    """Return how many releases of some packages are admitted or nominated in any slot."""
    columns = world.reader.packages(packages)
    releases, _ = spread(columns.start, columns.stop)
    hit = np.zeros(len(releases), dtype=np.bool_)
    for one in field.passes:
        for walk in (one.admitted, *one.nominated):
            hit |= walk.plain[releases] != 0
    return int(np.count_nonzero(hit))
