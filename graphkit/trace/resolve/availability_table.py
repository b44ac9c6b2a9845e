"""Which releases were listed at many instants, in columns: the same as `listing`, for a whole index at once.

States of packages follow each other in one array of places, as they are loaded: one in most windows, a
further one for each change. Packages that an incident hides or accuses are few; `listing.Package` decides for those.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graphkit.model.choices import ANY, FINAL, running_newest
from graphkit.model.csr import Scalar, distinct, spread
from graphkit.model.times import BEGINNING, FOREVER, Instant
from graphkit.model.zeros import zeros
from graphkit.stores.port import (
    PACKAGE,
    RELEASE,
    REQUIREMENT_SET,
    EveryUser,
    PackageIds,
    ReleaseIds,
    RequirementSetIds,
    Users,
)
from graphkit.trace.resolve.listing import Availability, Package
from graphkit.trace.resolve.package_columns import Truths
from graphkit.trace.resolve.world import World

Masks = NDArray[np.unsignedinteger[Any]]
"""Bit b of an entry: in slot b. As narrow as the number of slots allows, see `mask_type`."""
MOST_SLOTS = 64
_MOST_KEPT = 200
"""Packages of which files are loaded before they are asked for, and kept between the tables of a question."""
Rows = NDArray[np.int64]


class _Files:
    """The usable files of some packages: ``release`` of each, ``first`` of each package.

    ``start`` and ``stop`` bound the releases of each package; ``is_final`` and ``is_readable`` are of all of them,
    ``release_first`` where each package begins in those.
    """

    def __init__(self, world: World, packages: PackageIds) -> None:
        columns = world.reader.packages(packages)
        self.start, self.stop = columns.start.astype(np.int64), columns.stop.astype(np.int64)
        releases, first = spread(self.start, self.stop)
        found = world.reader.releases(releases.astype(RELEASE))
        self.is_readable, self.release_first = ~found.is_legacy, first
        self.is_final = self.is_readable & ~found.is_prerelease
        usable = world.fits(found.file_needs)
        owner = np.repeat(releases, np.diff(found.file_start))
        known = found.file_has_time[usable]
        yanked, dated = found.file_is_yanked[usable], found.file_has_yank_time[usable]
        self.release = owner[usable]
        self.uploaded = np.where(known, found.file_uploaded[usable], BEGINNING)
        self.timed = known | found.file_is_always_listed[usable]
        self.is_told = found.file_has_given_time[usable]
        self.yank_open = yanked & ~dated
        self.yanked_since = np.where(yanked & dated, found.file_yanked_since[usable], FOREVER)
        before = np.concatenate([[0], np.cumsum(usable)])
        self.first = before[found.file_start[first]]

    def changes(self, start: Instant, until: Instant) -> Iterator[tuple[Rows, NDArray[np.int64]]]:
        """Yield where files change within ``start < t <= until``, and when: uploads, then yanks."""
        for times, able in ((self.uploaded, self.timed), (self.yanked_since, np.True_)):
            inside = np.flatnonzero((times > start) & (times <= until) & able)
            yield inside, times[inside]


class _FilesRead(dict[bytes, _Files]):
    """The files of packages that were read for some reading of the times, by the ids of these packages."""


def _files_of(world: World, packages: PackageIds) -> _Files:
    """Return the files of packages; the readings of an incident ask for the same ones again, each under two accounts.

    Where they are many they are read each time: to keep them takes more than it saves.
    """
    if len(packages) > _MOST_KEPT:
        return _Files(world, packages)
    known = world.memory_of(_FilesRead)
    key = packages.tobytes()
    if key not in known:
        known[key] = _Files(world, packages)
    return known[key]


class _States:
    """States of packages, in the order in which they were loaded: where their places begin, and their slots.

    ``shift``: by how much a place is higher than the release id; ``newest``: see `AvailabilityTable`. There is room for
    more behind those ``count`` states and ``used`` places.
    """

    def __init__(self, kind: np.dtype[Any]) -> None:
        self.count = self.used = 0
        self.shift: Rows = np.empty(0, dtype=np.int64)
        self.slots: Masks = np.empty(0, dtype=kind)
        self.newest = [np.empty(0, dtype=np.int32) for _ in range(4)]

    def add(self, start: Rows, sizes: Rows, slots: Masks) -> None:
        """Add states: the first release of the package of each, and how many it has."""
        first, base = self.count, self.used
        self.count += len(start)
        self.used += int(sizes.sum())
        self.shift, self.slots = _enlarged(self.shift, self.count), _enlarged(self.slots, self.count)
        self.newest = [_enlarged(column, self.used) for column in self.newest]
        self.shift[first : self.count] = base + np.cumsum(sizes) - sizes - start
        self.slots[first : self.count] = slots


def _enlarged(column: NDArray[Scalar], room: int) -> NDArray[Scalar]:
    """Return a column with so much room, or more."""
    if room <= len(column):
        return column
    found = np.empty(2 * room, dtype=column.dtype)
    found[: len(column)] = column
    return found


class AvailabilityTable:
    """What is listed at the instants of one pass, under one account of the uncertain times; loaded as walks reach it.

    Of each place: ``newest`` four running maxima, see `graphkit.model.choices`. ``listed`` and ``fresh``
    (listed, not yanked): by release, the slots in which it is, of packages that were loaded.
    """

    def __init__(self, world: World, instants: Sequence[Instant], *, doubtful: bool) -> None:
        if len(instants) > MOST_SLOTS:
            raise ValueError(f"one pass holds {MOST_SLOTS} slots, not {len(instants)}")
        self._world = world
        self.slots = len(instants)
        self.kind = mask_type(self.slots)
        self._instants = np.array(instants, dtype=np.int64)
        self._doubtful = doubtful
        self._size = world.releases
        self._is_loaded = zeros(world.packages, np.bool_)
        self._first_state = zeros(world.packages, np.int32)
        self._count_states = zeros(world.packages, np.int32)
        self._states = _States(self.kind)
        self.listed: Masks = zeros(self._size, self.kind)
        self.fresh: Masks = zeros(self._size, self.kind)

    @property
    def newest(self) -> Sequence[NDArray[np.int32]]:
        """Four columns by place."""
        return self._states.newest

    def settles(self, packages: PackageIds) -> Truths:
        """Return which packages have one state in all slots that the store knows beforehand: they need no loading."""
        return self._world.settled_by(int(self._instants[0]))[packages]

    @cached_property
    def open_sets(self) -> RequirementSetIds | None:
        """The requirement sets of packages that are not settled, ascending; None where these are many: any may be."""
        settled = self._world.settled_by(int(self._instants[0]))
        count = len(settled) - np.count_nonzero(settled)
        if not count or count > _MOST_KEPT:
            return None if count else REQUIREMENT_SET.of(())
        packages = self._world.reader.packages(np.flatnonzero(~settled).astype(PACKAGE))
        releases, _ = spread(packages.start, packages.stop)
        return distinct(self._world.reader.releases(releases.astype(RELEASE)).requirement_set)

    def listed_among(self, users: Users) -> Masks:
        """Return the slots in which each user of requirement sets is listed. Packages are loaded as is needed."""
        return self.listed_of(users.release, users.package, users.is_listed)

    def keep_listed(self, masks: Masks, every: EveryUser) -> None:
        """Take from the masks of all releases the slots in which these are not listed."""
        packages = np.flatnonzero(~self._world.settled_by(int(self._instants[0]))).astype(PACKAGE)
        columns = self._world.reader.packages(packages)
        releases, begin = spread(columns.start, columns.stop)
        held = masks[releases]
        masks *= every.is_listed
        some = np.flatnonzero(held)
        owner = np.repeat(packages, np.diff(begin))[some]
        self.load(distinct(owner))
        masks[releases] = 0
        masks[releases[some]] = held[some] & self.listed[releases[some]]

    def yanked_among(self, users: Users) -> Masks:
        """Return the slots in which each user of requirement sets is listed, but yanked."""
        listed = self.listed_among(users)
        return listed & ~self._among(self.fresh, users.release, users.package, users.is_fresh)

    def listed_of(self, releases: ReleaseIds, packages: PackageIds, is_listed: Truths) -> Masks:
        """Return the slots in which releases are listed, by what the store says of those in settled packages."""
        return self._among(self.listed, releases, packages, is_listed)

    def _among(self, held: Masks, releases: ReleaseIds, packages: PackageIds, known: Truths) -> Masks:
        found = np.where(known, self.kind.type((1 << self.slots) - 1), self.kind.type(0))
        others = np.flatnonzero(~self.settles(packages))
        if len(others):
            self.load(distinct(packages[others], self._world.packages))
            found[others] = held[releases[others]]
        return found

    def expect(self, packages: PackageIds) -> None:
        """Load packages that walks may ask about, where they are few: together they take little more than one."""
        if len(packages) <= _MOST_KEPT:
            self.load(packages[~self.settles(packages)])

    def load(self, packages: PackageIds) -> None:
        """Read what is not known yet of some packages, distinct and ascending."""
        packages = packages[~self._is_loaded[packages]]
        if not len(packages):
            return
        self._is_loaded[packages] = True
        by_incident = np.isin(packages, self._world.incident_packages)
        self._load_plain(packages[~by_incident])
        for package_id in packages[by_incident].tolist():
            self._load_by_incident(self._world.package(package_id))

    def _load_plain(self, packages: PackageIds) -> None:
        if not len(packages):
            return
        files = _files_of(self._world, packages)
        start = files.start
        row, slot = self._boundaries(files, len(packages))
        first = np.flatnonzero(np.append(True, row[1:] != row[:-1]))
        until = np.append(slot[1:], len(self._instants))
        until[first[1:] - 1] = len(self._instants)
        slots = _bits(slot, until).astype(self.kind)
        self._first_state[packages] = self._states.count + first
        self._count_states[packages] = np.diff(np.append(first, len(row)))
        base = self._states.used
        self._states.add(start[row], (files.stop - start)[row], slots)
        self._compute(files, row, base, slot, slots)

    def _boundaries(self, files: _Files, count: int) -> tuple[Rows, Rows]:
        """Return (package row, first slot) of every state, ascending: one begins where a listing or yank changes."""
        rows, slots = [np.arange(count, dtype=np.int64)], [np.zeros(count, dtype=np.int64)]
        for at, times in files.changes(int(self._instants[0]), int(self._instants[-1])):
            rows.append(np.searchsorted(files.first, at, side="right") - 1)
            slots.append(np.searchsorted(self._instants, times))
        width = np.int64(len(self._instants) + 1)
        key = distinct(np.concatenate(rows) * width + np.concatenate(slots))
        return key // width, key % width

    def _compute(self, files: _Files, row: Rows, base: int, slot: Rows, slots: Masks) -> None:
        """Fill places from ``base`` on: by state the ``row`` of its package, its first ``slot`` and all ``slots``."""
        start = files.start
        at = self._instants[slot]
        chosen, first = spread(files.first[row], files.first[row + 1])
        state = np.repeat(np.arange(len(row)), np.diff(first))
        when = at[state]
        offered = (files.uploaded[chosen] <= when) & (files.timed[chosen] | self._doubtful)
        if self._doubtful:
            offered |= files.is_told[chosen]
        yanked = files.yanked_since[chosen] <= when
        if not self._doubtful:
            yanked |= files.yank_open[chosen]
        releases, begin = spread(start[row], files.stop[row])
        of_file = files.release[chosen] - start[row[state]] + begin[state]
        listed, fresh = (np.zeros(len(releases), dtype=np.bool_) for _ in range(2))
        listed[of_file[offered]] = True
        fresh[of_file[offered & ~yanked]] = True
        in_flags, _ = spread(files.release_first[row], files.release_first[row + 1])
        of = files.is_final[in_flags], files.is_readable[in_flags]
        floor = np.repeat(begin[:-1], np.diff(begin))
        for newest, found in zip(self.newest, running_newest(listed, fresh, *of, floor), strict=True):
            newest[base : base + len(releases)] = np.where(found >= 0, found + base, -1)
        masks = np.repeat(slots, np.diff(begin))
        # The first state of a package sets its bits, further ones add theirs: states of a package share no slot.
        further = np.repeat(np.append(False, row[1:] == row[:-1]), np.diff(begin))
        for held, able in ((self.listed, listed), (self.fresh, fresh)):
            first_ones, others = np.flatnonzero(able & ~further), np.flatnonzero(able & further)
            held[releases[first_ones]] = masks[first_ones]
            np.add.at(held, releases[others], masks[others])

    def _load_by_incident(self, package: Package) -> None:
        states: dict[int, int] = {}
        for bit, at in enumerate(self._instants.tolist()):
            state = package.state_at(at)
            states[state] = states.get(state, 0) | 1 << bit
        self._first_state[package.id], self._count_states[package.id] = self._states.count, len(states)
        for state, slots in states.items():
            base = self._states.used
            self._states.add(np.array([package.start]), np.array([package.size]), np.array([slots], dtype=self.kind))
            self._fill_by_incident(package, package.availability_of(state, doubtful=self._doubtful), base, slots)

    def _fill_by_incident(self, package: Package, availability: Availability, base: int, slots: int) -> None:
        for newest, choosable in zip(
            self.newest,
            (availability.final, availability.any, availability.pinned_final, availability.pinned_any),
            strict=True,
        ):
            found = choosable.newest
            newest[base : base + package.size] = np.where(found < 0, -1, found + base)
        self.listed[package.start : package.stop][availability.listed] |= self.kind.type(slots)
        self.fresh[package.start : package.stop][availability.fresh] |= self.kind.type(slots)

    def of(self, package: Package) -> tuple[Masks, Masks]:
        """Return the slots in which each release of a package is listed, and those in which it is fresh too."""
        if not self._is_loaded[package.id]:
            self.load(PACKAGE.of([package.id]))
        return self.listed[package.start : package.stop], self.fresh[package.start : package.stop]

    def states(self, package: PackageIds) -> tuple[Rows, Rows, Masks]:
        """Return (row, shift, slots) of every state of the packages asked, which must be loaded; repeats are fine.

        ``row`` counts in ``package``; a place less ``shift`` is a release id.
        """
        first = self._first_state[package]
        which, begin = spread(first, first + self._count_states[package])
        return np.repeat(np.arange(len(package)), np.diff(begin)), self._states.shift[which], self._states.slots[which]

    def newest_releases(self, packages: PackageIds) -> tuple[Rows, Rows, Masks]:
        """Return (row, release, slots): the newest release of packages in each of their states, finals first.

        States without any are left out. Packages that are not settled are loaded.
        """
        columns = self._world.reader.packages(packages)
        settled = self.settles(packages)
        known, others = np.flatnonzero(settled & (columns.newest >= 0)), np.flatnonzero(~settled)
        self.load(distinct(packages[others]))
        row, shift, slots = self.states(packages[others])
        last = columns.stop[others].astype(np.int64)[row] - 1 + shift
        full = (columns.stop > columns.start)[others][row]
        row, shift, slots, last = row[full], shift[full], slots[full], last[full]
        final, other = (self.newest[kind][last].astype(np.int64) for kind in (FINAL, ANY))
        place = np.where(final >= 0, final, other)
        there = place >= 0
        return (
            np.concatenate([known, others[row[there]]]),
            np.concatenate([columns.newest[known].astype(np.int64), place[there] - shift[there]]),
            np.concatenate([np.full(len(known), (1 << self.slots) - 1, dtype=self.kind), slots[there]]),
        )


def mask_type(slots: int) -> np.dtype[np.unsignedinteger[Any]]:
    """Return the narrowest type of masks for a number of slots: most questions have few."""
    return np.dtype(np.min_scalar_type((1 << slots) - 1))


def _bits(start: Rows, stop: Rows) -> NDArray[np.uint64]:
    """Return masks with the bits from start to stop, at most 64."""
    below = np.uint64(0xFFFFFFFFFFFFFFFF)
    upto = np.where(stop >= 64, below, (np.uint64(1) << (stop % 64).astype(np.uint64)) - np.uint64(1))
    masks: NDArray[np.uint64] = upto & ~((np.uint64(1) << start.astype(np.uint64)) - np.uint64(1))
    return masks


def changes_of(world: World, packages: PackageIds, start: Instant, until: Instant) -> set[Instant]:
    """Return every instant in ``start < t < until`` at which a listing or yank of the packages changes."""
    packages = packages[_latest_change(world, packages) > start]
    by_incident = np.isin(packages, world.incident_packages)
    found = {
        t
        for package_id in packages[by_incident].tolist()
        for t in world.package(package_id).changes
        if start < t < until
    }
    if len(plain := packages[~by_incident]):
        files = _files_of(world, plain)
        for _, times in files.changes(start, until - 1):
            found.update(times.tolist())
    return found


def uncertain_among(world: World, packages: PackageIds) -> PackageIds:
    """Return the packages of which a listing or yank has no known time."""
    packages = packages[_latest_change(world, packages) == FOREVER]
    by_incident = np.isin(packages, world.incident_packages)
    found = np.zeros(len(packages), dtype=np.bool_)
    found[by_incident] = [world.package(package_id).is_uncertain for package_id in packages[by_incident].tolist()]
    if len(plain := packages[~by_incident]):
        files = _files_of(world, plain)
        unknown = np.concatenate([[0], np.cumsum(~files.timed | files.is_told | files.yank_open)])
        found[~by_incident] = unknown[files.first[1:]] > unknown[files.first[:-1]]
    return packages[found]


def _latest_change(world: World, packages: PackageIds) -> NDArray[np.int64]:
    """Return since when nothing changes of each package in any environment, `FOREVER` where that is not known."""
    latest = world.reader.packages(packages).settled.copy()
    latest[np.isin(packages, world.incident_packages)] = FOREVER
    return latest
