"""What was listed, and when: the releases of one package over time, and the choice among them.

Contract: docs/semantics.md#listing.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Final, NamedTuple

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray
from packaging.specifiers import SpecifierSet

from graphkit.model.environment import Profile
from graphkit.model.guards import CutOff
from graphkit.model.index import Hidden
from graphkit.model.intervals import Readable, ReleaseRanges, stretches
from graphkit.model.names import PackageName
from graphkit.model.times import BEGINNING, FOREVER, Instant
from graphkit.model.versions import release_version
from graphkit.stores.port import PackageId, Position, ReleaseId, RequirementSetId
from graphkit.trace.resolve.package_columns import FileTimes, PackageColumns, Truths

Positions = NDArray[np.int64]


NO_RELEASE: Final = Position(-1)

Bits = int
"""A set of positions of one package: bit p is position p, so the newest is the highest bit."""


def as_bits(truths: Truths) -> Bits:
    """Return the positions at which something holds, as bits."""
    return int.from_bytes(np.packbits(truths, bitorder="little").tobytes(), "little")


def positions_in(bits: Bits) -> Positions:
    """Return the positions of some bits, ascending. Cost: in the highest of them.

    >>> positions_in(0b1101).tolist(), positions_in(0).tolist()
    ([0, 2, 3], [])
    """
    data = bits.to_bytes((bits.bit_length() + 7) // 8, "little")
    return np.flatnonzero(np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little"))


class Candidates:
    """Releases that qualify, in the two shapes that walks ask for: one set of ranges, or all at once."""

    def __init__(self, qualifies: Truths) -> None:
        self._qualifies = qualifies

    @cached_property
    def bits(self) -> Bits:
        """The positions as bits."""
        return as_bits(self._qualifies)

    @cached_property
    def newest(self) -> Positions:
        """Running maxima: entry i is the highest position <= i that qualifies, -1 for none."""
        positions = np.where(self._qualifies, np.arange(len(self._qualifies), dtype=np.int64), np.int64(-1))
        return np.maximum.accumulate(positions) if len(positions) else positions


AvailabilityKey = tuple[PackageId, bytes, bytes]
"""Package id, what is listed, what is fresh."""


class Availability(Struct, frozen=True, kw_only=True, eq=False):
    """The releases of a package in one state, under one account of the uncertain times.

    ``listed`` and ``fresh`` (listed and not yanked), shape (releases,). The rest are what a choice may
    fall on, each as a `Candidates`; a pin also unlocks what is yanked.
    """

    listed: Truths
    fresh: Truths
    final: Candidates
    any: Candidates
    pinned_final: Candidates
    pinned_any: Candidates


class SaidOfPackage(Struct, frozen=True, kw_only=True):
    """What others than the index say of a package: its gaps, its compromised releases by key, and a cut-off."""

    hidden: Sequence[Hidden] = ()
    compromised: frozenset[str] = frozenset()
    cut_off: CutOff | None = None


NOTHING_SAID: Final = SaidOfPackage()


class Package:
    """One package as an environment sees it: positions are release ids less ``start``.

    ``changes`` are the instants at which the listing or yank of a release changes, ascending; the
    state is constant between them, so any instant costs one bisection and, once, one availability.
    ``is_whole``: a page or table listed its releases, and speaks of them until ``speaks_until``; where it is False, no
    page was read, or only ones that were missing, quarantined or empty (``is_gone``). ``cut_off`` keeps from the
    environment what is too new. ``availabilities`` are shared, so that equal states are one value, in whatever account
    of the times they occur. Files are looked at where something is asked from before the package is settled.
    """

    def __init__(
        self,
        package_id: PackageId,
        columns: PackageColumns,
        row: int,
        availabilities: dict[AvailabilityKey, Availability],
        said: SaidOfPackage,
    ) -> None:
        self.id = package_id
        self.name = PackageName(columns.names[row])
        self.is_whole: bool = columns.has_page[row]
        self.is_read: bool = self.is_whole or columns.has_newest_alone[row]
        self.is_gone: bool = columns.is_gone[row]
        self.speaks_until: Instant = columns.speaks_until[row]
        self.start, self.stop = ReleaseId(columns.starts[row]), ReleaseId(columns.stops[row])
        self.size = self.stop - self.start
        self._columns, self._row, self._said = columns, row, said
        self._within = within = slice(columns.first[row], columns.first[row + 1])
        self.texts = columns.releases.version[within]
        self.has_borrowed_requirements = columns.has_borrowed_requirements[within]
        self.lacks_requirements = columns.lacks_requirements[within]
        self.requirement_sets = columns.releases.requirement_set[within]
        self._legacy = columns.is_legacy[within]
        self._settled: Instant = columns.settled[row]
        self._states: dict[tuple[int, bool], Availability] = {}
        self._availabilities = availabilities
        self._stretches: dict[str, ReleaseRanges] = {}

    @property
    def downloads(self) -> int | None:
        """How often it is downloaded, None where that is not known."""
        found = int(self._columns.packages.downloads[self._row])
        return found if found >= 0 else None

    @property
    def maintainers(self) -> str:
        """Who maintains it."""
        return self._columns.packages.maintainers[self._row]

    @property
    def is_ghost(self) -> Truths:
        """Which releases the index no longer lists."""
        return self._columns.is_ghost[self._within]

    @property
    def is_listed(self) -> Truths:
        """Which releases the store lists once nothing changes any more; false where it does not know."""
        return self._columns.is_listed[self._within]

    @property
    def requirement_sources(self) -> Sequence[str]:
        """Where the requirements of each release came from."""
        return self._columns.releases.requirements_source[self._within]

    @cached_property
    def _first(self) -> int:
        """Return how many legacy versions there are: they stand below all others."""
        return int(self._legacy.sum())

    @cached_property
    def _readable(self) -> Readable:
        return Readable(self.texts, self._first)

    @cached_property
    def _files(self) -> FileTimes:
        accused = np.zeros(self.size, dtype=np.bool_)
        accused[[p for key in self._said.compromised if (p := self.position_of(key)) is not None]] = True
        files = FileTimes(self._columns, self._within, accused, self._said.cut_off)
        files.hide(self._said.hidden, self.position_of)
        return files

    @cached_property
    def first_upload(self) -> NDArray[np.int64]:
        """The earliest known upload of any file of each release, FOREVER where none is known."""
        releases, within = self._columns.releases, self._within
        start = releases.file_start[within.start : within.stop + 1]
        mine = slice(int(start[0]), int(start[-1]))
        known = releases.file_has_time[mine]
        owner = np.repeat(np.arange(self.size), np.diff(start))
        found = np.full(self.size, FOREVER, dtype=np.int64)
        np.minimum.at(found, owner[known], releases.file_uploaded[mine][known])
        return found

    @property
    def changes(self) -> tuple[Instant, ...]:
        """The instants at which the listing or yank of a release changes, ascending."""
        return self._files.changes

    def is_settled(self, at: Instant) -> bool:
        """Return whether nothing changes any more from an instant on, and the store knows what is offered then."""
        return at >= self._settled

    def changes_within(self, start: Instant, until: Instant) -> tuple[Instant, ...]:
        """Return the changes after ``start`` and before ``until``."""
        if start >= self._settled:
            return ()
        changes = self.changes
        return changes[bisect_right(changes, start) : bisect_left(changes, until)]

    def uploads_of(self, position: Position) -> tuple[tuple[str, Instant | None], ...]:
        """Return the files of a release, whatever can install them: SHA-256 and upload, None where it is not known.

        What an incident alone says of a file that a page lists without a time is no upload of that file.
        """
        releases, at = self._columns.releases, self._within.start + position
        rows = range(int(releases.file_start[at]), int(releases.file_start[at + 1]))
        by_index = releases.file_has_time & ~releases.file_has_given_time
        return tuple(
            (releases.file_sha256[row], int(releases.file_uploaded[row]) if by_index[row] else None) for row in rows
        )

    def requirement_set(self, position: Position) -> RequirementSetId:
        """Return the requirement set of a release, -1 where it is not known."""
        return RequirementSetId(int(self.requirement_sets[position]))

    @cached_property
    def is_uncertain(self) -> bool:
        """Whether any listing or yank of it has no known time, so that two accounts differ."""
        return self._settled == FOREVER and self._files.is_uncertain

    @cached_property
    def built(self) -> Bits:
        """The releases that are built where they are installed: of their files that can be, none is a wheel."""
        has_file, has_wheel = np.zeros(self.size, dtype=bool), np.zeros(self.size, dtype=bool)
        files = self._files
        has_file[files.owner] = True
        has_wheel[files.owner[files.wheel]] = True
        return Candidates(has_file & ~has_wheel).bits

    def position_of(self, version: str) -> Position | None:
        """Return the position of a version in any spelling, None where the package has no such release."""
        release = release_version(version)
        if release.parsed is None:
            return next((Position(i) for i in range(self._first) if self.texts[i].strip() == release.key), None)
        position = Position(self._first + bisect_left(self._readable, release.parsed))
        if position < self.size and self._readable[position - self._first] == release.parsed:
            return position
        return None

    def stretches(self, specifier: str) -> ReleaseRanges:
        """Return the positions that a specifier text admits, pre-releases included. Cost: two bisections each."""
        if specifier not in self._stretches:
            found = stretches(SpecifierSet(specifier), self._readable, self.texts[self._first :])
            self._stretches[specifier] = tuple((lo + self._first, hi + self._first) for lo, hi in found)
        return self._stretches[specifier]

    def state_at(self, at: Instant) -> int:
        """Return the number of the state that holds at an instant: how many changes came before or at it."""
        return bisect_right(self.changes, at)

    def availability(self, at: Instant, *, doubtful: bool) -> Availability:
        """Return what is listed at an instant.

        ``doubtful`` True takes every uncertain listing as listed and every undated yank as not
        yanked; False takes neither.
        """
        if at >= self._settled:
            return self._settled_availability
        return self.availability_of(self.state_at(at), doubtful=doubtful)

    def availabilities_within(self, start: Instant, until: Instant) -> Iterator[Availability]:
        """Yield what is listed at each instant of a stretch at which it changes, by any account of the times."""
        for at in (start, *self.changes_within(start, until)):
            yield self.availability(at, doubtful=True)

    @cached_property
    def _settled_availability(self) -> Availability:
        """Return what the store knows beforehand: it lists that whatever the account of the times."""
        return self._shared(self.is_listed, self._columns.is_fresh[self._within])

    def availability_of(self, state: int, *, doubtful: bool) -> Availability:
        """Return what is listed in a state, by its number."""
        doubtful = doubtful or not self.is_uncertain
        key = (state, doubtful)
        if key not in self._states:
            self._states[key] = self._compute(self.changes[state - 1] if state else BEGINNING, doubtful=doubtful)
        return self._states[key]

    def _compute(self, at: Instant, *, doubtful: bool) -> Availability:
        offered, unyanked = self._files.offered(at, doubtful=doubtful)
        listed, fresh = np.zeros(self.size, dtype=bool), np.zeros(self.size, dtype=bool)
        listed[self._files.owner[offered]] = True
        fresh[self._files.owner[unyanked]] = True
        return self._shared(listed, fresh)

    def _shared(self, listed: Truths, fresh: Truths) -> Availability:
        """Return an availability, the same one for equal states."""
        same = (self.id, listed.tobytes(), fresh.tobytes())
        if same in self._availabilities:
            return self._availabilities[same]
        final = self._columns.is_final[self._within]
        choosable = listed & ~self._legacy
        self._availabilities[same] = Availability(
            listed=listed,
            fresh=fresh,
            final=Candidates(fresh & final),
            any=Candidates(fresh & choosable),
            pinned_final=Candidates(choosable & final),
            pinned_any=Candidates(choosable),
        )
        return self._availabilities[same]


class Constraint(NamedTuple):
    """What all requirements on one package together ask for (the intersection, docs/semantics.md#choice)."""

    admits: Bits
    names_prerelease: bool = False
    pinned: bool = False
    """A single ``==`` or ``===`` that the profile lets unlock a yanked release."""


Choice = tuple[PackageId, Constraint, Position]
"""Package id, what was asked of it, and the position that was chosen, -1 for none."""


def bits_of(stretches: ReleaseRanges) -> Bits:
    """Return the positions of stretches as bits."""
    return sum((1 << hi) - (1 << lo) for lo, hi in stretches)


def choose(availability: Availability, constraint: Constraint, profile: Profile) -> Position:
    """Return the position that a resolver takes, -1 where no release fits.

    The newest final one; a pre-release where no final fits (uv and pip) or where a specifier names
    one (pip alone). Yanked ones only for a constraint that is pinned, and only where nothing else fits
    (PEP 592). Tried with uv 0.13 and pip 26.
    """
    finals_first = not (constraint.names_prerelease and profile == "pip")
    if finals_first and (found := availability.final.bits & constraint.admits):
        return Position(found.bit_length() - 1)
    order = [availability.any]
    if constraint.pinned:
        order += [*([availability.pinned_final] if finals_first else []), availability.pinned_any]
    for choosable in order:
        if found := choosable.bits & constraint.admits:
            return Position(found.bit_length() - 1)
    return NO_RELEASE
