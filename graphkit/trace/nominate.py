"""The reverse walk over the whole graph: who could reach a release, all slots at once by 64-bit masks.

Three questions share one walk. *closure*: which releases have any range that admits it, whatever the
time. *admitted*: which could reach it through listed releases. *nominated*: which reach it when every
range alone chooses its newest (semantics §2). Only how a range passes a mask on differs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from graphkit.model.environment import extras_of
from graphkit.model.times import Instant
from graphkit.stores import port
from graphkit.trace.listing import Package, Shelf
from graphkit.trace.world import World

Masks = NDArray[np.uint64]
"""Bit b of entry i: release i of the package, in slot b. Shape (releases of the package,)."""

MOST_SLOTS = 64


class Question(Enum):
    """How a range passes a hit on to those who declare it."""

    CLOSURE = "closure"
    ADMITTED = "admitted"
    NOMINATED = "nominated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """What a reverse walk reached: ``masks`` and least ``distance`` (edges) by (package id, extra)."""

    masks: dict[tuple[int, str], Masks]
    distance: dict[tuple[int, str], int]

    def mask(self, ident: int, extra: str, position: int) -> int:
        """Return the slots, as bits, in which a release or an extra of it was reached."""
        found = self.masks.get((ident, extra))
        return 0 if found is None else int(found[position])


class _ReverseWalk:
    """One walk. Levels are package by package; within a package all is columns."""

    def __init__(self, world: World, instants: Sequence[Instant], question: Question, *, doubtful: bool) -> None:
        if len(instants) > MOST_SLOTS:
            raise ValueError(f"one pass holds {MOST_SLOTS} slots, not {len(instants)}")
        self._world = world
        self._instants = instants
        self._question = question
        self._doubtful = doubtful
        self._everything = np.uint64((1 << len(instants)) - 1)
        self._listed: dict[int, Masks] = {}
        self.masks: dict[tuple[int, str], Masks] = {}
        self.distance: dict[tuple[int, str], int] = {}

    def run(self, seeds: dict[int, list[int]]) -> None:
        frontier: dict[tuple[int, str], Masks] = {}
        for ident, positions in seeds.items():
            fresh = np.zeros(self._world.package(ident).size, dtype=np.uint64)
            fresh[positions] = self._everything
            frontier[ident, ""] = fresh & self._listing(ident)
        level = 0
        while frontier := self._enter(frontier, level):
            frontier = self._step(frontier)
            level += 1

    def _enter(self, arrived: dict[tuple[int, str], Masks], level: int) -> dict[tuple[int, str], Masks]:
        """Keep what is new of each arrival; the walk ends when nothing is."""
        news = {}
        for key, masks in arrived.items():
            known = self.masks.get(key)
            new = masks if known is None else masks & ~known
            if new.any():
                self.masks[key] = masks.copy() if known is None else known | masks
                self.distance.setdefault(key, level)
                news[key] = new
        return news

    def _step(self, frontier: dict[tuple[int, str], Masks]) -> dict[tuple[int, str], Masks]:
        reader = self._world.reader
        idents = np.array(sorted({ident for ident, _ in frontier}), dtype=np.int32)
        start, ranges = reader.constraints_on(idents)
        columns = reader.ranges(ranges)
        passed = np.zeros(len(ranges), dtype=np.uint64)
        for row, ident in enumerate(idents.tolist()):
            rows = slice(int(start[row]), int(start[row + 1]))
            passed[rows] = self._pass_on(self._world.package(ident), columns, rows, frontier)
        live = np.flatnonzero(passed)
        declarers = reader.declarers(ranges[live])
        return self._arrive(declarers, np.repeat(passed[live], np.diff(declarers.start)))

    def _pass_on(
        self, package: Package, columns: port.Ranges, rows: slice, frontier: dict[tuple[int, str], Masks]
    ) -> Masks:
        """Return the slots in which each range on one package takes a release of the frontier."""
        count = rows.stop - rows.start
        result = np.zeros(count, dtype=np.uint64)
        starts = columns.start[rows.start : rows.stop + 1]
        pieces = slice(int(starts[0]), int(starts[-1]))
        lo = columns.lo[pieces].astype(np.int64) - package.start
        hi = columns.hi[pieces].astype(np.int64) - package.start
        offsets = starts - starts[0]
        flags = columns.flags[rows]
        extras = columns.extras[rows]
        for (ident, extra), hits in frontier.items():
            if ident != package.ident:
                continue
            passed = self._through(package, hits, _Stretched(offsets, lo, hi, flags))
            if extra:
                passed[[extra not in named for named in extras]] = 0
            result |= passed
        return result

    def _through(self, package: Package, hits: Masks, ranges: _Stretched) -> Masks:
        if self._question is Question.CLOSURE:
            return ranges.any_of(hits)
        if self._question is Question.ADMITTED:
            # Yanked ones too: whether a pin unlocks them depends on the root, and is settled by its admission.
            return ranges.any_of(hits & self._listing(package.ident))
        result = np.zeros(len(ranges.flags), dtype=np.uint64)
        for shelf, slots in self._shelves(package):
            chosen = ranges.newest(shelf, self._world.profile)
            result |= np.where(chosen >= 0, hits[chosen] & slots, np.uint64(0))
        return result

    def _arrive(self, declarers: port.Declarers, passed: Masks) -> dict[tuple[int, str], Masks]:
        """Turn declarations into nodes, under their markers and their own listing."""
        arrived: dict[tuple[int, str], Masks] = {}
        distinct, rows = np.unique(declarers.marker, return_inverse=True)
        loose = self._question is not Question.NOMINATED
        for number, marker in enumerate(self._world.reader.texts("marker", distinct.astype(np.int32))):
            extras = [""] if self._holds(marker, "", loose=loose) else [*extras_of(marker)]
            for extra in extras:
                if not self._holds(marker, extra, loose=loose):
                    continue
                chosen = np.flatnonzero(rows == number)
                self._place(arrived, extra, declarers, chosen, passed)
        return {(ident, extra): masks & self._listing(ident) for (ident, extra), masks in arrived.items()}

    def _holds(self, marker: str, extra: str, *, loose: bool) -> bool:
        truth = self._world.ground.truth(marker, extra)
        return loose if truth is None else truth

    def _place(
        self,
        arrived: dict[tuple[int, str], Masks],
        extra: str,
        declarers: port.Declarers,
        chosen: NDArray[np.intp],
        passed: Masks,
    ) -> None:
        owners = declarers.package[chosen]
        order = np.argsort(owners, kind="stable")
        chosen, owners = chosen[order], owners[order]
        bounds = np.flatnonzero(np.diff(owners)) + 1
        for rows in np.split(chosen, bounds):
            if not len(rows):
                continue
            package = self._world.package(int(declarers.package[rows[0]]))
            key = (package.ident, extra)
            if key not in arrived:
                arrived[key] = np.zeros(package.size, dtype=np.uint64)
            np.bitwise_or.at(arrived[key], declarers.release[rows] - package.start, passed[rows])

    def _shelves(self, package: Package) -> list[tuple[Shelf, np.uint64]]:
        """Return the distinct states of a package over the slots, each with its slots as a mask."""
        states: dict[int, int] = {}
        for bit, at in enumerate(self._instants):
            state = package.state_at(at)
            states[state] = states.get(state, 0) | 1 << bit
        return [(package.shelf_of(state, doubtful=self._doubtful), np.uint64(slots)) for state, slots in states.items()]

    def _listing(self, ident: int) -> Masks:
        """Return the slots in which each release is listed."""
        if ident not in self._listed:
            package = self._world.package(ident)
            if self._question is Question.CLOSURE:
                self._listed[ident] = np.full(package.size, self._everything, dtype=np.uint64)
            else:
                listed = np.zeros(package.size, dtype=np.uint64)
                for shelf, slots in self._shelves(package):
                    listed[shelf.listed] |= slots
                self._listed[ident] = listed
        return self._listed[ident]


@dataclass(frozen=True, slots=True)
class _Stretched:
    """The ranges on one package: CSR ``offsets`` into stretches ``lo``, ``hi`` (positions), and flags."""

    offsets: NDArray[np.int64]
    lo: NDArray[np.int64]
    hi: NDArray[np.int64]
    flags: port.Flags

    def any_of(self, hits: Masks) -> Masks:
        """Return the union of the hits inside each range."""
        result = np.zeros(len(self.flags), dtype=np.uint64)
        if not len(self.lo) or not len(hits):
            return result
        # reduceat takes [lo, hi) pairs; a sentinel lets hi stand one past the last release.
        bounds = np.empty(2 * len(self.lo), dtype=np.int64)
        bounds[::2], bounds[1::2] = self.lo, self.hi
        unions = np.bitwise_or.reduceat(np.append(hits, np.uint64(0)), bounds)[::2]
        unions[self.lo >= self.hi] = 0
        np.bitwise_or.at(result, np.repeat(np.arange(len(result)), np.diff(self.offsets)), unions)
        return result

    def newest(self, shelf: Shelf, profile: str) -> NDArray[np.int64]:
        """Return the position that each range alone chooses, -1 for none; as `listing.choose` does."""
        chosen = self._finals_first(shelf.final.newest, shelf.any.newest, profile)
        # Any declarer may be the root, whose pin unlocks a yanked release in every profile (PEP 592).
        pinned = ((self.flags & port.RANGE_PINNED) != 0) & (chosen < 0)
        if pinned.any():
            chosen = np.where(
                pinned, self._finals_first(shelf.pinned_final.newest, shelf.pinned_any.newest, profile), chosen
            )
        chosen[(self.flags & port.RANGE_UNREADABLE) != 0] = -1
        return chosen

    def _finals_first(
        self, finals: NDArray[np.int64], everything: NDArray[np.int64], profile: str
    ) -> NDArray[np.int64]:
        final, every = self._top(finals), self._top(everything)
        if profile == "pip":
            final[(self.flags & port.RANGE_NAMES_PRERELEASE) != 0] = -1
        return np.where(final >= 0, final, every)

    def _top(self, newest: NDArray[np.int64]) -> NDArray[np.int64]:
        """Scan the stretches of every range from the top, all ranges at once."""
        result = np.full(len(self.flags), -1, dtype=np.int64)
        count = np.diff(self.offsets)
        for depth in range(int(count.max(initial=0))):
            open_ranges = np.flatnonzero((count > depth) & (result < 0))
            piece = self.offsets[open_ranges + 1] - 1 - depth
            found = newest[self.hi[piece] - 1]
            fits = (found >= self.lo[piece]) & (self.hi[piece] > self.lo[piece])
            result[open_ranges[fits]] = found[fits]
        return result


def reverse(
    world: World, seeds: dict[int, list[int]], instants: Sequence[Instant], question: Question, *, doubtful: bool = True
) -> Reached:
    """Return everything that reaches the seeds, in at most 64 slots, one bit each.

    ``seeds`` are positions by package id. Each node must be listed in a slot to be reached in it, the
    seeds and the roots included. Cost: in the edges of the answer.

    Raises:
        ValueError: more than 64 instants; take several passes.
    """
    found = _ReverseWalk(world, instants, question, doubtful=doubtful)
    found.run(seeds)
    return Reached(masks=found.masks, distance=found.distance)
