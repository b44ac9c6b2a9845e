"""The reverse walk over the whole graph: who could reach a release, all slots at once by 64-bit masks.

Three questions share one walk. *closure*: which releases have any range that admits it, whatever the
time. *admitted*: which could reach it through listed releases. *nominated*: which reach it when every
range alone chooses its newest (docs/semantics.md#nomination). Only how a range passes a mask on differs.

It moves over requirement sets, since releases that share one share the walk, and only over those that lead further
(docs/decisions/0040). `graphkit.trace.reach.reached` reads the others and makes releases of all, where they are asked
for. A level is a few gathers over columns, whatever its size: no step of Python per set, range or package. Every range
and every requirement set passes each slot on once, so a walk costs in the edges of its answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from typing import Any, NamedTuple, Self

import numpy as np

from graphkit.model.building import BACKENDS, is_of_build
from graphkit.model.csr import distinct, spread, ticked
from graphkit.model.zeros import zeros
from graphkit.stores import port
from graphkit.stores.port import PackageId, Position
from graphkit.trace.reach.range_matching import Hits, IntervalMatcher, RangeMatcher
from graphkit.trace.reach.reached import (
    Passed,
    ReachedReleases,
    Seeds,
    SetsReached,
    Undecided,
    looked_up,
    unite_into,
    united,
)
from graphkit.trace.resolve.availability_table import AvailabilityTable, Masks, Rows, mask_type
from graphkit.trace.resolve.markers import Markers
from graphkit.trace.resolve.package_columns import Truths
from graphkit.trace.resolve.world import World

_NO_ROWS: Rows = np.empty(0, dtype=np.int64)
_NO_RANGES: port.RangeIds = np.empty(0, dtype=port.RANGE)
_NO_PACKAGES: port.PackageIds = np.empty(0, dtype=port.PACKAGE)


class ReachMode(Enum):
    """How a range passes a hit on to those who declare it."""

    CLOSURE = "closure"
    ADMITTED = "admitted"
    NOMINATED = "nominated"


class _Level(NamedTuple):
    """Requirement sets that a level reached, with their new masks; and those with an extra, which has a number."""

    sets: port.RequirementSetIds
    masks: Masks
    sets_with: port.RequirementSetIds
    numbers: Rows
    masks_with: Masks

    def among(self, some: port.RequirementSetIds) -> Self:
        """Return what of it are some sets."""
        able, able_with = np.isin(self.sets, some), np.isin(self.sets_with, some)
        return type(self)(
            self.sets[able],
            self.masks[able],
            self.sets_with[able_with],
            self.numbers[able_with],
            self.masks_with[able_with],
        )


class _Scratch:
    """Zeros of the size of the graph, which walks use one after another and leave as zeros.

    ``ranges`` and ``sets``: the slots that each has passed on. ``arriving``: those in which a level reaches sets.
    ``place``: where packages stand among those that a level reached; nobody reads what was there before.
    """

    def __init__(self, generation: port.Generation, kind: np.dtype[Any]) -> None:
        self.ranges: Masks = zeros(generation.ranges, kind)
        self.sets: Masks = zeros(generation.requirement_sets, kind)
        self.arriving: Masks = zeros(generation.requirement_sets, kind)
        self.place: Rows = zeros(generation.packages, np.int64)


class _Scratches(dict[str, list[_Scratch]]):
    """Those that no walk uses now, by the type of their masks."""


class _ReverseWalk:
    """One walk, level by level. Extras of sets go beside the sets, numbered as `Markers` does."""

    def __init__(self, world: World, slots: int, question: ReachMode, availability: AvailabilityTable | None) -> None:
        self._world = world
        self._reader = world.reader
        self._question = question
        self._is_loose = question is not ReachMode.NOMINATED
        self._availability = availability
        self._everything = mask_type(slots).type((1 << slots) - 1)
        kind = self._everything.dtype
        self._nothing = kind.type(0)
        self._markers = world.memory_of(Markers)
        generation = world.reader.generation()
        self._size = np.int64(max(1, generation.releases))
        """Keys of releases with an extra: the number of the extra times this, and the release id."""
        self._sets_with: list[tuple[Rows, Masks]] = []
        """The slots that sets with an extra have passed on."""
        self._count_sets = np.int64(max(1, generation.requirement_sets))
        self._passed_on: list[Passed] = []
        self._leading: list[SetsReached] = []
        self._none = Hits(_NO_PACKAGES, _NO_ROWS, _NO_ROWS, np.empty(0, dtype=kind))

    def run(self, seeds: Mapping[PackageId, Sequence[Position]]) -> ReachedReleases:
        """Walk from accused positions by package id until nothing is new."""
        free = self._world.memory_of(_Scratches).setdefault(self._everything.dtype.str, [])
        self._scratch = free.pop() if free else _Scratch(self._reader.generation(), self._everything.dtype)
        first = self._seeded(seeds)
        parts = self._from(first)
        while len(self._new(parts).range):
            parts = self._passed(self._reached(self._passed_on[-1]))
        for passed in self._passed_on:
            self._scratch.ranges[passed.range] = 0
        for level in self._leading:
            self._scratch.sets[level.sets] = 0
        free.append(self._scratch)
        return ReachedReleases(
            self._world,
            self._passed_on,
            self._leading,
            first,
            self._everything,
            self._availability,
            loose=self._is_loose,
        )

    def _seeded(self, seeds: Mapping[PackageId, Sequence[Position]]) -> Seeds:
        package_ids = port.PACKAGE.of(sorted(seeds))
        start = self._reader.packages(package_ids).start.tolist()
        places = {
            first + position
            for package_id, first in zip(package_ids.tolist(), start, strict=True)
            for position in seeds[package_id]
        }
        releases = port.RELEASE.of(sorted(places))
        found = self._reader.releases(releases)
        masks = np.full(len(releases), self._everything)
        if self._availability is not None:
            masks &= self._availability.listed_of(releases, found.package, found.is_listed)
        return Seeds(releases, found.package, masks)

    def _from(self, seeds: Seeds) -> Iterator[Passed]:
        """Yield ranges that take seeds."""
        hits = Hits(seeds.package, seeds.release, seeds.release + 1, seeds.masks)
        if self._question is ReachMode.NOMINATED:
            known = self._settles(seeds.package)
            takers = self._reader.takers_of(seeds.release[known])
            yield Passed(takers.range, np.repeat(seeds.masks[known], np.diff(takers.start)))
            hits = hits.at(~known)
        yield from self._worked_out(hits, self._none)

    def _passed(self, level: _Level) -> Iterator[Passed]:
        """Yield ranges that take what a level reached: where what is chosen is known beforehand, and elsewhere."""
        if self._question is ReachMode.NOMINATED:
            assert self._availability is not None
            yield from self._taken(level)
            if self._availability.open_sets is not None:
                level = level.among(self._availability.open_sets)
        plain = extras = self._none
        if len(level.sets):
            runs = self._reader.runs(level.sets)
            plain = self._open(runs, np.repeat(level.masks, np.diff(runs.start)))
        if len(level.sets_with):
            runs = self._reader.runs(level.sets_with)
            row = np.repeat(np.arange(len(level.sets_with)), np.diff(runs.start))
            masks = np.where(runs.names_extras, level.masks_with[row], self._nothing)
            extras = self._open(runs, masks, level.numbers[row])
        yield from self._worked_out(plain, extras)

    def _taken(self, level: _Level) -> Iterator[Passed]:
        """Yield the ranges that choose what a level reached, where that is known beforehand."""
        takers = self._reader.takers(level.sets)
        masks = np.repeat(level.masks, np.diff(takers.start))
        known = self._settles(takers.package)
        yield Passed(takers.range[known], masks[known])
        if len(level.sets_with):
            yield self._taken_with(level)

    def _settles(self, packages: port.PackageIds) -> Truths:
        assert self._availability is not None
        return self._availability.settles(packages)

    def _taken_with(self, level: _Level) -> Passed:
        """Return the ranges that choose releases of sets and name the extra with which each set was reached."""
        takers = self._reader.takers(level.sets_with)
        pair = np.repeat(np.arange(len(level.sets_with)), np.diff(takers.start))
        known = np.flatnonzero(self._settles(takers.package) & (takers.extras != 0))
        row, number = self._markers.named(self._world, takers.extras[known])
        row = known[row]
        hit = number == level.numbers[pair[row]]
        return Passed(*united(takers.range[row[hit]], level.masks_with[pair[row[hit]]]))

    def _open(self, runs: port.Runs, masks: Masks, numbers: Rows | None = None) -> Hits:
        """Return what of runs of releases is listed, where it is not known beforehand which ranges choose it."""
        package, lo, hi = runs.package, runs.lo, runs.hi
        base = numbers * self._size if numbers is not None else None
        if self._availability is None:
            return Hits.of(package, lo, hi, masks, base)
        settled = self._settles(package)
        others = np.flatnonzero(~settled & (masks != 0))
        self._availability.load(distinct(package[others], self._world.packages))
        releases, begin = spread(lo[others], hi[others])
        row = np.repeat(others, np.diff(begin))
        apart = masks[row] & self._availability.listed[releases]
        found = Hits.of(package[row], releases, releases + 1, apart, base[row] if base is not None else None)
        if self._question is ReachMode.NOMINATED:
            return found
        there = np.flatnonzero(settled & runs.is_listed)
        known = Hits.of(package[there], lo[there], hi[there], masks[there], base[there] if base is not None else None)
        return Hits(*(np.concatenate(both) for both in zip(found, known, strict=True)))

    def _worked_out(self, plain: Hits, extras: Hits) -> Iterator[Passed]:
        """Yield the ranges on the packages of hits that take any of them, and in which slots."""
        if not len(plain.package) and not len(extras.package):
            return
        touched = distinct(np.concatenate([plain.package, extras.package]), self._world.packages)
        if self._question is ReachMode.NOMINATED:
            yield self._choosing(touched, plain.sorted(), extras.sorted())
        else:
            yield self._admitting(touched, plain, extras)

    def _admitting(self, touched: port.PackageIds, plain: Hits, extras: Hits) -> Passed:
        stretches = self._reader.intervals_on(touched)
        matcher = IntervalMatcher(stretches, self._everything)
        self._scratch.place[touched] = np.arange(len(touched))
        found = matcher.any_of(plain, self._scratch.place[plain.package])
        if len(extras.package):
            rows, numbers = self._markers.named(self._world, stretches.extras)
            np.bitwise_or.at(found, rows, matcher.any_among(rows, numbers * self._size, extras.sorted()))
        rows = np.flatnonzero(found)
        ranges, masks = stretches.range[rows], found[rows]
        if (ranges[1:] == ranges[:-1]).any():  # few have several stretches
            first = np.flatnonzero(np.append(True, ranges[1:] != ranges[:-1]))
            ranges, masks = ranges[first], np.bitwise_or.reduceat(masks, first)
        return Passed(ranges, masks)

    def _choosing(self, touched: port.PackageIds, plain: Hits, extras: Hits) -> Passed:
        assert self._availability is not None
        start, ranges = self._reader.constraints_on(touched)
        row = np.repeat(np.arange(len(touched)), np.diff(start))
        waiting = self._scratch.ranges[ranges] != self._everything
        ranges, row = ranges[waiting], row[waiting]
        columns = self._reader.ranges(ranges)
        named = self._markers.named(self._world, columns.extras) if len(extras.package) else None
        rows, release, slots = RangeMatcher(self._world, touched, row, columns).chosen(self._availability)
        found = np.zeros(len(ranges), dtype=self._everything.dtype)
        np.add.at(found, rows, looked_up(plain.lo, plain.masks, release) & slots)  # states share no slot
        if named is not None:
            at, hits = self._hits_with(named, rows, release, extras)
            np.bitwise_or.at(found, rows[at], hits & slots[at])
        return Passed(ranges, found)

    def _hits_with(self, named: tuple[Rows, Rows], rows: Rows, release: Rows, extras: Hits) -> tuple[Rows, Masks]:
        """Return (place in ``rows``, masks) for every extra that these ranges name of what they choose."""
        of, numbers = named
        pair, begin = spread(np.searchsorted(of, rows), np.searchsorted(of, rows, side="right"))
        at = np.repeat(np.arange(len(rows)), np.diff(begin))
        return at, looked_up(extras.lo, extras.masks, numbers[pair] * self._size + release[at])

    def _new(self, parts: Iterable[Passed]) -> Passed:
        """Return, and note, what ranges have not passed on before."""
        found = [Passed(_NO_RANGES, self._none.masks)]
        for passed in parts:
            before = self._scratch.ranges[passed.range]
            masks = passed.masks & ~before
            new = np.flatnonzero(masks)
            ranges, masks = passed.range[new], masks[new]
            self._scratch.ranges[ranges] = before[new] | masks
            found.append(Passed(ranges, masks))
        self._passed_on.append(Passed(*(np.concatenate(both) for both in zip(*found, strict=True))))
        return self._passed_on[-1]

    def _reached(self, passed: Passed) -> _Level:
        """Return the sets whose declarations hold, in slots that these have not passed on before."""
        declarers = self._reader.leading_declarers(passed.range)
        masks = np.repeat(passed.masks, np.diff(declarers.start))
        holds = self._markers.hold(self._world, declarers.marker, loose=self._is_loose)
        plain, others = np.flatnonzero(holds), np.flatnonzero(~holds)
        sets, masks_new = self._new_sets(declarers.set[plain], masks[plain])
        undecided = Undecided(declarers.set[others], declarers.marker[others], masks[others])
        self._leading.append(SetsReached(sets, masks_new, undecided))
        return _Level(sets, masks_new, *self._new_with_extras(undecided))

    def _new_sets(self, sets: port.RequirementSetIds, masks: Masks) -> tuple[port.RequirementSetIds, Masks]:
        arriving, known = self._scratch.arriving, self._scratch.sets
        unite_into(arriving, sets, masks, self._everything)
        each = ticked(sets, arriving)
        arrived, before = arriving[each], known[each]
        arriving[each] = 0
        arrived &= ~before
        new = np.flatnonzero(arrived)
        each, masks = each[new], arrived[new]
        known[each] = before[new] | masks
        return each, masks

    def _new_with_extras(self, undecided: Undecided) -> tuple[port.RequirementSetIds, Rows, Masks]:
        """Return (sets, numbers, masks): sets with extras under which their markers hold, in new slots."""
        row, numbers = self._markers.with_extras(undecided.marker, loose=self._is_loose)
        keys, masks = united(numbers * self._count_sets + undecided.set[row], undecided.masks[row])
        for known in self._sets_with:
            masks = masks & ~looked_up(*known, keys)
        new = np.flatnonzero(masks)
        keys, masks = keys[new], masks[new]
        if len(keys):
            self._sets_with.append((keys, masks))
        return (keys % self._count_sets).astype(port.REQUIREMENT_SET), keys // self._count_sets, masks


def closure_of(world: World, seeds: Mapping[PackageId, Sequence[Position]]) -> ReachedReleases:
    """Return every release with a chain of ranges that admits a seed, whatever the time; see `reverse`.

    It is walked once for all readings: what they say of the times does not matter to it.
    """
    known = world.memory_of(Closures)
    key = tuple((package_id, tuple(sorted(positions))) for package_id, positions in sorted(seeds.items()))
    if key not in known:
        known[key] = _ReverseWalk(world, 1, ReachMode.CLOSURE, None).run(seeds)
    return known[key]


class Closures(dict[tuple[tuple[PackageId, tuple[Position, ...]], ...], ReachedReleases]):
    """The closures of seeds that were walked in a world."""


def leads_by_building(world: World, seeds: Mapping[PackageId, Sequence[Position]]) -> bool:
    """Return whether a build requirement that was read admits what has a chain of ranges to a seed, in any environment.

    ``world`` is that of no environment. Cost: a closure; nothing but a look where no build requirement was read, since
    one of those is always a backend.
    """
    if not seeds:
        return False
    reader = world.reader
    backends = reader.package_ids(sorted(set(BACKENDS.values())))
    _, ranges = reader.constraints_on(backends[backends >= 0])
    markers = reader.texts("marker", distinct(reader.declarers(ranges).marker))
    if not any(map(is_of_build, markers)):
        return False
    closure_of(world, seeds).read()
    return world.memory_of(Markers).meets_build


def reverse(
    world: World, seeds: Mapping[PackageId, Sequence[Position]], availability: AvailabilityTable, question: ReachMode
) -> ReachedReleases:
    """Return everything that reaches the seeds at the instants of a table, at most 64, one bit each.

    ``seeds`` are positions by package id. Each node must be listed in a slot to be reached in it, the
    seeds and the roots included. Cost: in the edges of the answer.
    """
    return _ReverseWalk(world, availability.slots, question, availability).run(seeds)
