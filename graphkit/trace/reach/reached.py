"""What a reverse walk reached, in columns, and as a mapping for those who ask about a few packages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from graphkit.model.csr import Numbers, Scalar, distinct, offsets, ticked
from graphkit.model.zeros import zeros
from graphkit.stores.port import (
    PACKAGE,
    RELEASE,
    REQUIREMENT_SET,
    Declarers,
    PackageId,
    PackageIds,
    Position,
    RangeIds,
    ReleaseIds,
    RequirementSetIds,
    TextIds,
    Users,
)
from graphkit.trace.reach.range_matching import Mask
from graphkit.trace.resolve.availability_table import AvailabilityTable, Masks, Rows
from graphkit.trace.resolve.listing import Package
from graphkit.trace.resolve.markers import Markers
from graphkit.trace.resolve.package_columns import Truths
from graphkit.trace.resolve.world import World

Levels = NDArray[np.int32]
_EXTRA = 24
"""Bits that the number of an extra takes."""
_DENSE = 8
"""To read what every release declares is less than to look for those of one set in so many."""
_SET = 32
"""Bits that a requirement set takes."""
_LEVELS = 1 << 16
"""More levels than any walk has: each costs a package of the chain."""


class Seeds(NamedTuple):
    """The releases that a walk began with, ascending, and the slots in which each is listed."""

    release: ReleaseIds
    package: PackageIds
    masks: Masks


class Passed(NamedTuple):
    """Ranges, each once, and the slots in which each of them takes something that a level reached."""

    range: RangeIds
    masks: Masks


class Undecided(NamedTuple):
    """Declarations that hold with no more than an extra, if at all: set, marker and mask of each."""

    set: RequirementSetIds
    marker: TextIds
    masks: Masks


class SetsReached(NamedTuple):
    """Requirement sets, each once, the slots in which a level was the first to reach it, and what needs an extra."""

    sets: RequirementSetIds
    masks: Masks
    undecided: Undecided


class ReachedReleases:
    """What a reverse walk reached: masks and least distance (edges) of packages, and of extras of them.

    It holds ranges and requirement sets: ``passed`` has the ranges that each level passed something on by, and in which
    slots it was new, and ``leading`` the sets that lead further. Who else declares those ranges, and releases of them,
    are made when they are first asked for, which costs in the answer; of a closure every range comes once.
    ``availability``: what was listed at the instants of the walk; None for the closure, which asks for no time.
    """

    def __init__(
        self,
        world: World,
        passed: Sequence[Passed],
        leading: Sequence[SetsReached],
        seeds: Seeds,
        everything: Mask,
        availability: AvailabilityTable | None = None,
        *,
        loose: bool,
    ) -> None:
        self.availability = availability
        self._world = world
        self._declared = _Declared(world, passed, leading, everything, loose=loose)
        self._extras = _ExtrasReached(world, self._declared, loose=loose)
        self._seeds = seeds

    def read(self) -> None:
        """Read who declares what was passed on, so that every marker of it is known."""
        self._declared.read()

    @cached_property
    def plain(self) -> Masks:
        """A mask for each release id."""
        sets, masks = self._declared.distinct
        every = self._world.reader.every_user() if len(sets) * _DENSE > len(self._declared.sets) else None
        if every is not None:
            found = self._declared.sets.take(every.requirement_set, mode="wrap")
            if self.availability is not None:
                self.availability.keep_listed(found, every)
        else:
            users = self._world.reader.users(sets)
            found = zeros(self._world.releases, masks.dtype)
            of_each = np.repeat(masks, np.diff(users.start))
            if self.availability is not None:
                of_each &= self.availability.listed_among(users)
            found[users.release] = of_each
        found[self._seeds.release] |= self._seeds.masks
        return found

    @cached_property
    def yanked(self) -> Mapping[PackageId, int]:
        """In which slots, as bits, a release of a package was reached that was listed, but yanked."""
        if self.availability is None:
            return {}
        keys, masks = self._extras.keys
        every = self._declared.sets.copy()
        np.bitwise_or.at(every, self._extras.sets_of(keys), masks)
        sets = np.flatnonzero(every[:-1]).astype(REQUIREMENT_SET)
        users = self._world.reader.users(sets)
        masks = np.repeat(every[sets], np.diff(users.start)) & self.availability.yanked_among(users)
        first = self._seeds
        offer = self._world.reader.releases(first.release).offer
        of_seeds = Users(
            start=np.arange(len(first.release) + 1), release=first.release, package=first.package, offer=offer
        )
        seeds = first.masks & self.availability.yanked_among(of_seeds)
        found: dict[PackageId, int] = {}
        for packages, of in ((users.package, masks), (self._seeds.package, seeds)):
            some = np.flatnonzero(of)
            for package_id, slots in zip(packages[some].tolist(), of[some].tolist(), strict=True):
                found[package_id] = found.get(package_id, 0) | slots
        return found

    @cached_property
    def masks(self) -> Mapping[tuple[PackageId, str], Masks]:
        """The masks of each package and extra reached; shape (releases of the package,)."""
        return _ByKey(self)

    def keys(self) -> list[tuple[PackageId, str]]:
        """Return every package, and extra of one, that was reached; ascending."""
        packages, extras, _ = self.with_extras()
        return sorted(
            [*((package_id, "") for package_id in self.packages.tolist()), *zip(packages.tolist(), extras, strict=True)]
        )

    @cached_property
    def packages(self) -> PackageIds:
        """The packages reached, ascending."""
        if self.availability is None:
            return np.flatnonzero(self._first).astype(PACKAGE)
        reached = np.flatnonzero(self.plain).astype(RELEASE)
        return distinct(self._world.reader.releases(reached).package)

    @property
    def count(self) -> int:
        """How many releases were reached; of a closure alone."""
        own = self._world.reader.releases(self._seeds.release).requirement_set
        return self._by_level[1] + int(np.count_nonzero(self._declared.sets[own] == 0))

    @property
    def _first(self) -> Levels:
        return self._by_level[0]

    @cached_property
    def _by_level(self) -> tuple[Levels, int]:
        """The level at which each package of the graph was first reached, from 1 on, 0 where it was not; and users."""
        first = np.zeros(self._world.packages, dtype=np.int32)
        sets, level = self._declared.levels()
        users = self._world.reader.users(sets)
        first[users.package] = np.repeat(level, np.diff(users.start))  # the last one stays, which is the least
        count = len(users.package)
        first[self._seeds.package] = 1
        return first, count

    @property
    def levels(self) -> Levels:
        """The level at which each of ``packages`` was first reached, from 0 on; of a closure alone."""
        levels: Levels = self._first[self.packages] - 1
        return levels

    def with_extras(self) -> tuple[PackageIds, list[str], Rows]:
        """Return (package, extra, first level) of all that was reached with an extra; levels are those of a closure."""
        return self._with_extras

    @cached_property
    def _with_extras(self) -> tuple[PackageIds, list[str], Rows]:
        packages, ranks, level = self._extras.near(self.availability)
        names = sorted(self._extras.numbers)
        return packages, [names[rank] for rank in ranks.tolist()], level

    def masks_of(self, extra: Sequence[str], releases: Rows) -> Masks:
        """Return the masks of releases, each with the extra asked."""
        numbers = self._extras.numbers
        number = np.array([numbers.get(one, -1) for one in extra], dtype=np.int64)
        return self._extras.at(number, releases, self.availability)

    def of(self, package_id: PackageId, extra: str) -> Masks | None:
        """Return the masks of a package's releases, None where it was not reached with that extra."""
        package = self._world.package(package_id)
        if not extra:
            found = self.plain[package.start : package.stop]
            return found if found.any() else None
        number = self._extras.numbers.get(extra)
        return None if number is None else self._extras.of(number, package, self.availability)

    def mask(self, package_id: PackageId, extra: str, position: Position) -> int:
        """Return the slots, as bits, in which a release or an extra of it was reached."""
        found = self.of(package_id, extra)
        return 0 if found is None else int(found[position])


class _ByKey(Mapping[tuple[PackageId, str], Masks]):
    """`ReachedReleases` as a mapping; views, made when they are asked for."""

    def __init__(self, reached: ReachedReleases) -> None:
        self._reached = reached
        self._keys: list[tuple[PackageId, str]] | None = None

    def __getitem__(self, key: tuple[PackageId, str]) -> Masks:
        found = self._reached.of(*key)
        if found is None:
            raise KeyError(key)
        return found

    def __iter__(self) -> Iterator[tuple[PackageId, str]]:
        self._keys = self._keys or self._reached.keys()
        return iter(self._keys)

    def __len__(self) -> int:
        self._keys = self._keys or self._reached.keys()
        return len(self._keys)


class _Declarations:
    """Who declares ranges that passed something on, level by level; ``read`` is a call of the reader."""

    def __init__(self, passed: Sequence[Passed], read: Callable[[RangeIds], Declarers]) -> None:
        found = read(np.concatenate([one.range for one in passed]))
        self.set, self.marker = found.set, found.marker
        self.masks = np.repeat(np.concatenate([one.masks for one in passed]), np.diff(found.start))
        self.bounds = found.start[offsets(np.array([len(one.range) for one in passed]))]
        """Where each level begins."""

    def at(self, rows: Rows) -> tuple[Undecided, Rows]:
        """Return some of them, and the level of each from 1 on."""
        of = Undecided(self.set[rows], self.marker[rows], self.masks[rows])
        return of, np.searchsorted(self.bounds, rows, side="right")


class _Declared:
    """The requirement sets that declare what a walk passed on by: those that it met, and those that lead no further."""

    def __init__(
        self, world: World, passed: Sequence[Passed], leading: Sequence[SetsReached], everything: Mask, *, loose: bool
    ) -> None:
        self._world = world
        self._passed = passed
        self._leading = leading
        self._everything = everything
        self._loose = loose

    @cached_property
    def _ending(self) -> tuple[_Declarations, Truths]:
        """Declarations that lead no further but for those with an extra alone, and which hold without an extra."""
        found = _Declarations(self._passed, self._world.reader.ending_declarers)
        return found, self._holds(found.marker)

    def _holds(self, markers: TextIds) -> Truths:
        return self._world.memory_of(Markers).hold(self._world, markers, loose=self._loose)

    def read(self) -> None:
        """Read all of them but for those with an extra alone."""
        assert self._ending

    @cached_property
    def _ended(self) -> tuple[RequirementSetIds, Masks, Rows]:
        """The sets that lead no further, the mask of each declaration, and where each level begins among them."""
        found, holds = self._ending
        rows = np.flatnonzero(holds)
        return found.set[rows], found.masks[rows], np.searchsorted(rows, found.bounds)

    def undecided(self) -> tuple[Undecided, Rows]:
        """Return all declarations that need an extra, if they hold at all, and the level of each from 1 on."""
        ending, holds = self._ending
        last = _Declarations(self._passed, self._world.reader.last_declarers)
        self._holds(last.marker)  # none of them, but now their markers are known
        leading = [one.undecided for one in self._leading]
        of_leading = np.repeat(np.arange(1, len(leading) + 1), [len(one.set) for one in leading])
        of_ending, of_last = ending.at(np.flatnonzero(~holds)), last.at(np.arange(len(last.set)))
        columns = zip(*leading, of_ending[0], of_last[0], strict=True)
        return Undecided(*map(np.concatenate, columns)), np.concatenate([of_leading, of_ending[1], of_last[1]])

    @cached_property
    def sets(self) -> Masks:
        """A mask for each requirement set, and a last one for none."""
        sets, masks, _ = self._ended
        found: Masks = zeros(self._world.reader.generation().requirement_sets + 1, masks.dtype)
        unite_into(found, sets, masks, self._everything)
        for level in self._leading:
            found[level.sets] |= level.masks
        return found

    @cached_property
    def distinct(self) -> tuple[RequirementSetIds, Masks]:
        """The requirement sets, ascending, and the mask of each."""
        sets = ticked(np.concatenate([self._ended[0], *(level.sets for level in self._leading)]), self.sets)
        return sets, self.sets[sets]

    def levels(self) -> tuple[RequirementSetIds, Levels]:
        """Return the requirement sets and the level of each, from 2 on, the last ones first."""
        ending, _, bounds = self._ended
        first = zeros(len(self.sets), np.int64)
        for level in range(len(self._leading), 0, -1):
            first[ending[bounds[level - 1] : bounds[level]]] = level + 1
            first[self._leading[level - 1].sets] = level + 1
        sets, _ = self.distinct
        both = np.sort(first[sets] << _SET | sets)[::-1]
        return (both & ((1 << _SET) - 1)).astype(REQUIREMENT_SET), (both >> _SET).astype(np.int32)


class _ExtrasReached:
    """Requirement sets that were reached with an extra. Which extras hold is worked out when it is asked for."""

    def __init__(self, world: World, declared: _Declared, *, loose: bool) -> None:
        self._world = world
        self._markers = world.memory_of(Markers)
        self._declared = declared
        self._loose = loose
        self._size = np.int64(max(1, world.reader.generation().requirement_sets))

    @property
    def numbers(self) -> Mapping[str, int]:
        """Extras by name."""
        return self._markers.numbers

    @cached_property
    def _arrived(self) -> tuple[Rows, Masks, Rows]:
        """Keys (number of the extra, then the set), masks and levels, from 1 on; keys may repeat."""
        found, level = self._declared.undecided()
        row, numbers = self._markers.with_extras(found.marker, loose=self._loose)
        return numbers * self._size + found.set[row], found.masks[row], level[row]

    @cached_property
    def keys(self) -> tuple[Rows, Masks]:
        """Distinct keys, ascending, and the mask of each."""
        keys, masks, _ = self._arrived
        return united(keys, masks)

    def sets_of(self, keys: Rows) -> RequirementSetIds:
        """Return the requirement set of each key."""
        return (keys % self._size).astype(REQUIREMENT_SET)

    def near(self, availability: AvailabilityTable | None) -> tuple[PackageIds, Rows, Rows]:
        """Return every package reached with an extra, which of all by name that is, and the first level; ascending.

        Numbers of extras follow the order in which they were met, which says nothing.
        """
        keys, _, level = self._arrived
        both = np.sort(keys * _LEVELS + level)
        keys = both // _LEVELS
        fresh = np.append(True, keys[1:] != keys[:-1])[: len(keys)]
        keys, level = keys[fresh], both[fresh] % _LEVELS
        users = self._world.reader.users(self.sets_of(keys))
        row = np.repeat(np.arange(len(keys)), np.diff(users.start))
        packages = users.package
        if availability is not None:
            there = np.flatnonzero(self.keys[1][row] & availability.listed_among(users))
            row, packages = row[there], packages[there]
        # Releases of one package stand together among the users of a set.
        fresh = np.append(True, (row[1:] != row[:-1]) | (packages[1:] != packages[:-1]))[: len(row)]
        row, packages = row[fresh], packages[fresh]
        ranks = np.argsort(np.argsort(np.array(list(self.numbers), dtype=np.object_)))
        both = (packages.astype(np.int64) << _EXTRA | ranks[keys // self._size][row]) * _LEVELS + level[row]
        both.sort()
        pairs = both // _LEVELS
        first = np.append(True, pairs[1:] != pairs[:-1])[: len(pairs)]
        pairs = pairs[first]
        return (pairs >> _EXTRA).astype(PACKAGE), pairs & ((1 << _EXTRA) - 1), both[first] % _LEVELS

    def of(self, number: int, package: Package, availability: AvailabilityTable | None) -> Masks | None:
        """Return the masks of all releases of a package with the extra of a number, None where none was reached."""
        masks = self._of_sets(np.int64(number), package.requirement_sets)
        some = np.flatnonzero(masks)
        if availability is not None and len(some):
            ids = np.full(len(some), package.id, dtype=PACKAGE)
            masks[some] &= availability.listed_of(some.astype(RELEASE) + package.start, ids, package.is_listed[some])
        return masks if masks.any() else None

    def _of_sets(self, numbers: Rows | np.int64, sets: RequirementSetIds) -> Masks:
        """Return the masks of requirement sets with the extras of numbers; 0 where either is negative."""
        return looked_up(*self.keys, np.where((sets < 0) | (numbers < 0), -1, numbers * self._size + sets))

    def at(self, numbers: Rows, releases: Rows, availability: AvailabilityTable | None) -> Masks:
        """Return the masks of releases, each with the extra of a number; 0 where it is negative."""
        found = self._world.reader.releases(releases.astype(RELEASE))
        masks = self._of_sets(numbers, found.requirement_set)
        if availability is None:
            return masks
        some = np.flatnonzero(masks)
        listed = availability.listed_of(releases[some].astype(RELEASE), found.package[some], found.is_listed[some])
        masks[some] &= listed
        return masks


def unite_into(found: Masks, at: Numbers, masks: Masks, everything: Mask) -> None:
    """Add masks to those found at some places, which may repeat; mostly they are all or nothing."""
    part = np.flatnonzero(masks != everything)
    if len(part):
        np.bitwise_or.at(found, at[part], masks[part])
        at = at[masks == everything]
    found[at] = everything


def looked_up(keys: Numbers, masks: Masks, asked: Numbers) -> Masks:
    """Return the mask of each key asked, 0 where it is not among ``keys``, which are distinct and ascending."""
    if not len(keys):
        return np.zeros(len(asked), dtype=masks.dtype)
    place = np.minimum(np.searchsorted(keys, asked), len(keys) - 1)
    return np.where(keys[place] == asked, masks[place], masks.dtype.type(0))


def united(keys: NDArray[Scalar], masks: Masks) -> tuple[NDArray[Scalar], Masks]:
    """Return distinct keys, ascending, each with the union of its masks."""
    if not len(keys):
        return keys, masks
    top = np.bitwise_or.reduce(masks)
    rest = np.flatnonzero(masks != top)
    if len(rest) * 2 < len(keys):  # mostly all or nothing: the others are put between those
        whole = distinct(keys[masks == top])
        others, of = _united(keys[rest], masks[rest])
        place = np.searchsorted(whole, others)
        apart = whole[np.minimum(place, len(whole) - 1)] != others
        place, others, of = place[apart], others[apart], of[apart]
        return np.insert(whole, place, others), np.insert(np.full(len(whole), top), place, of)
    return _united(keys, masks)


def _united(keys: NDArray[Scalar], masks: Masks) -> tuple[NDArray[Scalar], Masks]:
    if not len(keys):
        return keys, masks
    order = np.argsort(keys)
    keys, masks = keys[order], masks[order]
    first = np.flatnonzero(np.append(True, keys[1:] != keys[:-1]))
    return keys[first], np.bitwise_or.reduceat(masks, first)
