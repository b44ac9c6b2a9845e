"""The reverse walk over the whole graph: who could reach a release, all slots at once by 64-bit masks.

Three questions share one walk. *closure*: which releases have any range that admits it, whatever the
time. *admitted*: which could reach it through listed releases. *nominated*: which reach it when every
range alone chooses its newest (docs/semantics.md#nomination). Only how a range passes a mask on differs.

A level is a few gathers over columns, whatever its size: no step of Python per release, range or package.
Every range and every requirement set passes each slot on once, so a walk costs in the edges of its answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from typing import NamedTuple

import numpy as np

from graphkit.model.building import BACKENDS, is_of_build
from graphkit.model.csr import distinct, spread
from graphkit.model.zeros import zeros
from graphkit.stores import port
from graphkit.stores.port import PackageId, Position
from graphkit.trace.reach.range_matching import RangeMatcher
from graphkit.trace.reach.reached import ExtrasReached, ReachedReleases, looked_up, united
from graphkit.trace.resolve.availability_table import AvailabilityTable, Masks, Rows, mask_type
from graphkit.trace.resolve.markers import Markers
from graphkit.trace.resolve.package_columns import Truths
from graphkit.trace.resolve.world import World

_NO_ROWS: Rows = np.empty(0, dtype=np.int64)
_NO_RANGES: port.RangeIds = np.empty(0, dtype=port.RANGE)


class ReachMode(Enum):
    """How a range passes a hit on to those who declare it."""

    CLOSURE = "closure"
    ADMITTED = "admitted"
    NOMINATED = "nominated"


class _Arrivals(NamedTuple):
    """Releases that a level reached: of each its package, its new masks (0 where it is not listed), and two truths.

    ``taken``: which ranges choose it is known beforehand, and there are some. ``open``: it is not known.
    """

    release: port.ReleaseIds
    package: port.PackageIds
    masks: Masks
    taken: Truths
    open: Truths


class _Passed(NamedTuple):
    """Ranges, each once, and the slots in which each of them takes something that a level reached."""

    range: port.RangeIds
    masks: Masks


class _ReverseWalk:
    """One walk, level by level. Extras of releases go beside the releases, numbered as `Markers` does."""

    def __init__(self, world: World, slots: int, question: ReachMode, availability: AvailabilityTable | None) -> None:
        self._world = world
        self._reader = world.reader
        self._question = question
        self._availability = availability
        self._everything = mask_type(slots).type((1 << slots) - 1)
        kind = self._everything.dtype
        self._nothing = kind.type(0)
        self._markers = world.memory_of(Markers)
        generation = world.reader.generation()
        self._plain: Masks = zeros(generation.releases, kind)
        self._levels: list[port.PackageIds] = []
        self._ranges: Masks = zeros(generation.ranges, kind)
        """The slots that each range has passed on; below the same of requirement sets, and of sets with an extra."""
        self._sets: Masks = zeros(generation.requirement_sets, kind)
        self._sets_with: list[tuple[Rows, Masks]] = []
        self._arriving: Masks = zeros(generation.requirement_sets, kind)
        self._count_sets = np.int64(max(1, generation.requirement_sets))
        self._extras = ExtrasReached(generation.releases, self._markers.numbers)
        self._yanked: dict[PackageId, int] = {}

    def run(self, seeds: Mapping[PackageId, Sequence[Position]]) -> ReachedReleases:
        """Walk from accused positions by package id until nothing is new."""
        plain = self._seeded(seeds)
        keys, extras = _NO_ROWS, _Arrivals(*(column[:0] for column in plain))  # type: ignore[arg-type]
        while plain.masks.any() or extras.masks.any():
            if self._everything == 1:  # nothing to keep of what was there: a release comes with one set, once a slot
                self._plain[plain.release] = plain.masks
            else:
                self._plain[plain.release] |= plain.masks
            if self._question is ReachMode.CLOSURE:  # others are not asked how far, and may be many
                self._levels.append(plain.package)
            self._extras.note(keys, extras.masks, extras.package)
            parts = [self._new(part) for part in self._passed(plain, keys, extras)]
            declarers, masks = self._declared(parts)
            holds = self._markers.hold(declarers.marker, loose=self._question is not ReachMode.NOMINATED)
            plain = self._arrived(declarers.set[holds], masks[holds])
            keys, extras = self._arrived_with(declarers.set[~holds], declarers.marker[~holds], masks[~holds])
        return ReachedReleases(self._world, self._plain, self._levels, self._extras, self._availability, self._yanked)

    def _seeded(self, seeds: Mapping[PackageId, Sequence[Position]]) -> _Arrivals:
        package_ids = port.PACKAGE.of(sorted(seeds))
        start = self._reader.packages(package_ids).start.tolist()
        positions = [sorted(set(seeds[package_id])) for package_id in package_ids.tolist()]
        places = [first + position for first, of in zip(start, positions, strict=True) for position in of]
        releases = port.RELEASE.of(places)
        packages = np.repeat(package_ids, [len(of) for of in positions])
        found = self._reader.releases(releases)
        return self._arrivals(releases, packages, found, np.full(len(places), self._everything))

    def _arrivals(
        self, release: port.ReleaseIds, package: port.PackageIds, columns: port.Releases | port.Users, masks: Masks
    ) -> _Arrivals:
        """Return arrivals, their masks without the slots in which they are not listed."""
        if self._availability is None:
            every = np.ones(len(release), dtype=np.bool_)
            return _Arrivals(release, package, masks, ~every, every)
        unknown = ~self._availability.is_settled[package]
        listed = np.where(columns.is_listed, masks, self._nothing)
        others = np.flatnonzero(unknown)
        if len(others):
            self._availability.load(distinct(package[others], self._world.packages))
            listed[others] = self._availability.listed[release[others]] & masks[others]
        if self._question is ReachMode.ADMITTED:
            fresh = np.where(columns.is_fresh, self._everything, self._nothing)
            fresh[others] = self._availability.fresh[release[others]]
            yanked = np.flatnonzero(listed & ~fresh)
            for package_id, slots in zip(package[yanked].tolist(), (listed & ~fresh)[yanked].tolist(), strict=True):
                self._yanked[package_id] = self._yanked.get(package_id, 0) | slots
            return _Arrivals(release, package, listed, ~unknown, np.ones(len(release), dtype=np.bool_))
        return _Arrivals(release, package, listed, columns.is_taken & ~unknown, unknown)

    def _passed(self, plain: _Arrivals, keys: Rows, extras: _Arrivals) -> Iterator[_Passed]:
        """Yield ranges that take what a level reached: where what is chosen is known beforehand, and elsewhere."""
        if self._question is ReachMode.NOMINATED:
            taken = np.flatnonzero(plain.taken)
            takers = self._reader.takers(plain.release[taken])
            yield _Passed(takers.range, np.repeat(plain.masks[taken], np.diff(takers.start)))
            taken = np.flatnonzero(extras.taken)
            yield self._taken_with(extras.release[taken], keys[taken] // self._extras.size, extras.masks[taken])
        owners = np.concatenate([plain.package[plain.open], extras.package[extras.open]])
        if len(owners):
            order = np.argsort(keys)
            yield self._worked_out(distinct(owners, self._world.packages), keys[order], extras.masks[order])

    def _taken_with(self, releases: port.ReleaseIds, numbers: Rows, masks: Masks) -> _Passed:
        """Return the ranges that choose releases and name the extra with which each was reached."""
        takers = self._reader.takers(releases)
        pair = np.repeat(np.arange(len(releases)), np.diff(takers.start))
        row, number = self._markers.named(self._world, takers.extras)
        row = row[number == numbers[pair[row]]]
        ranges, of = united(takers.range[row], masks[pair[row]])
        return _Passed(ranges, of)

    def _worked_out(self, touched: port.PackageIds, keys: Rows, masks: Masks) -> _Passed:
        """Return the ranges on some packages that have not passed everything on yet, and what they pass on."""
        start, ranges = self._reader.constraints_on(touched)
        row = np.repeat(np.arange(len(touched)), np.diff(start))
        waiting = self._ranges[ranges] != self._everything
        ranges, row = ranges[waiting], row[waiting]
        columns = self._reader.ranges(ranges)
        matcher = RangeMatcher(self._world, touched, row, columns)
        found = np.zeros(len(ranges), dtype=self._everything.dtype)
        named = self._markers.named(self._world, columns.extras) if len(keys) else None
        if self._question is not ReachMode.NOMINATED:
            found |= matcher.any_of(self._plain, self._everything)
            if named is not None:
                rows, numbers = named
                hits = matcher.any_among(rows, numbers * self._extras.size, keys, masks)
                np.bitwise_or.at(found, rows, hits)
        else:
            assert self._availability is not None
            for rows, release, slots in matcher.chosen(self._availability):
                np.bitwise_or.at(found, rows, self._plain[release] & slots)
                if named is not None:
                    at, hits = self._hits_with(named, rows, release, keys, masks)
                    np.bitwise_or.at(found, rows[at], hits & slots[at])
        return _Passed(ranges, found)

    def _hits_with(
        self, named: tuple[Rows, Rows], rows: Rows, release: Rows, keys: Rows, masks: Masks
    ) -> tuple[Rows, Masks]:
        """Return (place in ``rows``, masks) for every extra that these ranges name of what they choose."""
        of, numbers = named
        pair, begin = spread(np.searchsorted(of, rows), np.searchsorted(of, rows, side="right"))
        at = np.repeat(np.arange(len(rows)), np.diff(begin))
        return at, looked_up(keys, masks, numbers[pair] * self._extras.size + release[at])

    def _new(self, passed: _Passed) -> _Passed:
        """Return what ranges have not passed on before, and remember that they did."""
        before = self._ranges[passed.range]
        masks = passed.masks & ~before
        new = np.flatnonzero(masks)
        ranges, masks = passed.range[new], masks[new]
        self._ranges[ranges] = before[new] | masks
        return _Passed(ranges, masks)

    def _declared(self, parts: Sequence[_Passed]) -> tuple[port.Declarers, Masks]:
        """Return who declares ranges, and the mask of each declaration."""
        declarers = self._reader.declarers(np.concatenate([_NO_RANGES, *(part.range for part in parts)]))
        masks = np.concatenate([np.empty(0, dtype=self._everything.dtype), *(part.masks for part in parts)])
        self._markers.ask(self._world, declarers.marker)
        return declarers, np.repeat(masks, np.diff(declarers.start))

    def _arrived(self, sets: port.RequirementSetIds, masks: Masks) -> _Arrivals:
        """Return the releases that declare some sets, in slots that these have not passed on before."""
        masks = masks & ~self._sets[sets]
        new = np.flatnonzero(masks)
        sets = sets[new]
        if self._everything == 1:
            self._arriving[sets] = 1
        else:
            np.bitwise_or.at(self._arriving, sets, masks[new])
        sets = distinct(sets, len(self._sets))
        masks = self._arriving[sets]
        self._arriving[sets] = 0
        self._sets[sets] |= masks
        users = self._reader.users(sets)
        return self._arrivals(users.release, users.package, users, np.repeat(masks, np.diff(users.start)))

    def _arrived_with(
        self, sets: port.RequirementSetIds, markers: port.TextIds, masks: Masks
    ) -> tuple[Rows, _Arrivals]:
        """Return the same with extras under which their markers hold: keys, and the releases."""
        row, numbers = self._markers.with_extras(markers, loose=self._question is not ReachMode.NOMINATED)
        keys, masks = united(numbers * self._count_sets + sets[row], masks[row])
        for known in self._sets_with:
            masks = masks & ~looked_up(*known, keys)
        new = np.flatnonzero(masks)
        keys, masks = keys[new], masks[new]
        if len(keys):
            self._sets_with.append((keys, masks))
        users = self._reader.users((keys % self._count_sets).astype(port.REQUIREMENT_SET))
        row = np.repeat(np.arange(len(keys)), np.diff(users.start))
        keys = (keys // self._count_sets)[row] * self._extras.size + users.release
        return keys, self._arrivals(users.release, users.package, users, masks[row])


def closure_of(world: World, seeds: Mapping[PackageId, Sequence[Position]]) -> ReachedReleases:
    """Return every release with a chain of ranges that admits a seed, whatever the time; see `reverse`.

    It is walked once for all readings: what they say of the times does not matter to it.
    """
    known = world.memory_of(_Closures)
    key = tuple((package_id, tuple(sorted(positions))) for package_id, positions in sorted(seeds.items()))
    if key not in known:
        known[key] = _ReverseWalk(world, 1, ReachMode.CLOSURE, None).run(seeds)
    return known[key]


class _Closures(dict[tuple[tuple[PackageId, tuple[Position, ...]], ...], ReachedReleases]):
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
    closure_of(world, seeds)
    return world.memory_of(Markers).meets_build


def reverse(
    world: World, seeds: Mapping[PackageId, Sequence[Position]], availability: AvailabilityTable, question: ReachMode
) -> ReachedReleases:
    """Return everything that reaches the seeds at the instants of a table, at most 64, one bit each.

    ``seeds`` are positions by package id. Each node must be listed in a slot to be reached in it, the
    seeds and the roots included. Cost: in the edges of the answer.
    """
    return _ReverseWalk(world, availability.slots, question, availability).run(seeds)
