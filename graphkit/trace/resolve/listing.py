"""What was listed, and when: the releases of one package over time, and the choice among them.

Contract: docs/semantics.md#listing.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray
from packaging.specifiers import SpecifierSet

from graphkit.model import csr
from graphkit.model.environment import Profile
from graphkit.model.guards import CutOff
from graphkit.model.index import Hidden
from graphkit.model.intervals import Readable, ReleaseRanges, stretches
from graphkit.model.names import PackageName
from graphkit.model.times import BEGINNING, FOREVER, Instant
from graphkit.model.versions import release_version
from graphkit.stores import port
from graphkit.stores.port import PackageId, Position, ReleaseId, RequirementSetId

Positions = NDArray[np.int64]
Truths = NDArray[np.bool_]


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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Availability:
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


class Package:
    """One package as an environment sees it: positions are release ids less ``start``.

    ``changes`` are the instants at which the listing or yank of a release changes, ascending; the
    state is constant between them, so any instant costs one bisection and, once, one availability.
    ``first_upload``: the earliest known upload of any file of each release, FOREVER where none is known.
    ``is_whole``: a page or table listed its releases, and speaks of them until ``speaks_until``; where it is False, no
    page was read, or only ones that were missing, quarantined or empty (``is_gone``). ``usable`` says of each file
    whether the environment can install it; ``cut_off`` keeps from it what is too new. ``availabilities`` are shared, so
    that equal states are one value, in whatever account of the times they occur.
    """

    def __init__(  # noqa: PLR0917 - every one of them is what the class is made of
        self,
        package_id: PackageId,
        columns: port.Packages,
        releases: port.Releases,
        usable: Truths,
        hidden: Sequence[Hidden],
        compromised: frozenset[str],
        availabilities: dict[AvailabilityKey, Availability],
        cut_off: CutOff | None = None,
    ) -> None:
        self.id = package_id
        self.name = PackageName(columns.name[0])
        self.is_whole = bool(columns.has_page[0])
        self.is_read = self.is_whole or bool(columns.has_newest_alone[0])
        self.is_gone = bool(columns.is_gone[0])
        self.speaks_until: Instant = int(columns.speaks_until[0])
        self.downloads = int(columns.downloads[0]) if columns.downloads[0] >= 0 else None
        self.maintainers = columns.maintainers[0]
        self.start, self.stop = ReleaseId(int(columns.start[0])), ReleaseId(int(columns.stop[0]))
        self.size = self.stop - self.start
        self.texts = releases.version
        self.is_ghost = releases.is_ghost
        self.has_borrowed_requirements = releases.has_borrowed_requirements
        self.lacks_requirements = releases.lacks_requirements
        self.requirement_sets = releases.requirement_set
        self.requirement_sources = releases.requirements_source
        self._legacy = releases.is_legacy
        self._final = ~(releases.is_prerelease | self._legacy)
        self._compromised = np.zeros(self.size, dtype=bool)
        # Legacy versions stand below all others.
        self._first = int(self._legacy.sum())
        self._readable = Readable(self.texts, self._first)
        self._compromised[[p for key in compromised if (p := self.position_of(key)) is not None]] = True
        self._hidden = hidden
        self._hides_files = any(gap.filename for gap in hidden)
        self._read_files(releases, usable)
        if cut_off:
            self._cut(cut_off)
        self._hide()
        self._states: dict[tuple[int, bool], Availability] = {}
        self._availabilities = availabilities
        self._stretches: dict[str, ReleaseRanges] = {}

    def _read_files(self, releases: port.Releases, usable: Truths) -> None:
        count = np.diff(releases.file_start)
        owner = np.repeat(np.arange(self.size), count)
        uploaded, yanked_since = releases.file_uploaded, releases.file_yanked_since
        known, told, always = releases.file_has_time, releases.file_has_given_time, releases.file_is_always_listed
        wheel, yanked, dated = releases.file_is_wheel, releases.file_is_yanked, releases.file_has_yank_time
        by_index = known & ~told
        self._uploads = owner, uploaded, by_index, releases.file_sha256
        # A compromised release that only documents name: it was listed at a time that is not known.
        without_files = np.flatnonzero(self._compromised & (count == 0))
        if len(without_files):
            nothing = np.zeros(len(without_files), dtype=np.int64)
            owner = np.append(owner, without_files)
            known, told, always, wheel, yanked, dated = (
                np.append(column, nothing != 0) for column in (known, told, always, wheel, yanked, dated)
            )
            uploaded, yanked_since = np.append(uploaded, nothing), np.append(yanked_since, nothing)
            usable = np.append(usable, nothing == 0)
        self.first_upload = np.full(self.size, FOREVER, dtype=np.int64)
        np.minimum.at(self.first_upload, owner[known], uploaded[known])
        self._owner, known = owner[usable], known[usable]
        self._uploaded = np.where(known, uploaded[usable], BEGINNING)
        self._timed = known | always[usable]
        self._told, self._wheel = told[usable], wheel[usable]
        yanked, dated = yanked[usable], dated[usable]
        # A compromised release counts as not yanked until proven (docs/semantics.md#yanks).
        self._yank_open = yanked & ~dated & ~self._compromised[self._owner]
        self._yanked_since = np.where(yanked & dated, yanked_since[usable], FOREVER)
        names = [*releases.filename, *("" for _ in without_files)] if self._hides_files else []
        self._filename = [name for name, keep in zip(names, usable.tolist(), strict=False) if keep]

    def _cut(self, cut_off: CutOff) -> None:
        """List files as a cut-off has it: never, after an age, or perhaps where it is not precise."""
        known = self._timed & (self._uploaded > BEGINNING)
        if cut_off.at is None:
            self._uploaded = np.where(known, self._uploaded + (cut_off.age or 0) + 1, self._uploaded)
            return
        self._timed &= ~(known & (self._uploaded >= cut_off.at.earliest))
        self._uploaded = np.where(known & (self._uploaded >= cut_off.at.latest), FOREVER, self._uploaded)
        self._timed |= self._uploaded == FOREVER

    def _hide(self) -> None:
        self._gaps: list[tuple[Truths, Instant, Instant]] = []
        for gap in self._hidden:
            covers = np.ones(len(self._owner), dtype=bool)
            if gap.version:
                covers &= self._owner == self.position_of(gap.version)
            if gap.filename:
                covers &= np.array([name == gap.filename for name in self._filename], dtype=bool)
            if covers.any():
                self._gaps.append((covers, gap.start, gap.until))
        edges = [edge for _, start, until in self._gaps for edge in (start, until)]
        yanks = self._yanked_since[self._yanked_since < FOREVER]
        stamps = csr.distinct(np.concatenate([self._uploaded, yanks, np.array(edges, dtype=np.int64)]))
        self.changes: tuple[Instant, ...] = tuple(stamps[(stamps > BEGINNING) & (stamps < FOREVER)].tolist())

    def uploads_of(self, position: Position) -> tuple[tuple[str, Instant | None], ...]:
        """Return the files of a release, whatever can install them: SHA-256 and upload, None where it is not known.

        What an incident alone says of a file that a page lists without a time is no upload of that file.
        """
        owner, uploaded, known, sha256 = self._uploads
        rows = np.flatnonzero(owner == position).tolist()
        return tuple((sha256[row], int(uploaded[row]) if known[row] else None) for row in rows)

    def requirement_set(self, position: Position) -> RequirementSetId:
        """Return the requirement set of a release, -1 where it is not known."""
        return RequirementSetId(int(self.requirement_sets[position]))

    @cached_property
    def is_uncertain(self) -> bool:
        """Whether any listing or yank of it has no known time, so that two accounts differ."""
        return not bool(self._timed.all()) or bool(self._told.any()) or bool(self._yank_open.any())

    @cached_property
    def built(self) -> Bits:
        """The releases that are built where they are installed: of their files that can be, none is a wheel."""
        has_file, has_wheel = np.zeros(self.size, dtype=bool), np.zeros(self.size, dtype=bool)
        has_file[self._owner] = True
        has_wheel[self._owner[self._wheel]] = True
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
        return self.availability_of(self.state_at(at), doubtful=doubtful)

    def availability_of(self, state: int, *, doubtful: bool) -> Availability:
        """Return what is listed in a state, by its number."""
        doubtful = doubtful or not self.is_uncertain
        key = (state, doubtful)
        if key not in self._states:
            self._states[key] = self._compute(self.changes[state - 1] if state else BEGINNING, doubtful=doubtful)
        return self._states[key]

    def _compute(self, at: Instant, *, doubtful: bool) -> Availability:
        offered = (self._uploaded <= at) & (self._timed | doubtful)
        if doubtful:
            offered |= self._told
        for covers, start, until in self._gaps:
            if start <= at < until:
                offered &= ~covers
        yanked = self._yanked_since <= at
        if not doubtful:
            yanked |= self._yank_open
        listed = np.zeros(self.size, dtype=bool)
        listed[self._owner[offered]] = True
        fresh = np.zeros(self.size, dtype=bool)
        fresh[self._owner[offered & ~yanked]] = True
        same = (self.id, listed.tobytes(), fresh.tobytes())
        if same in self._availabilities:
            return self._availabilities[same]
        choosable = listed & ~self._legacy
        self._availabilities[same] = Availability(
            listed=listed,
            fresh=fresh,
            final=Candidates(fresh & self._final),
            any=Candidates(fresh & choosable),
            pinned_final=Candidates(choosable & self._final),
            pinned_any=Candidates(choosable),
        )
        return self._availabilities[same]


@dataclass(frozen=True, slots=True)
class Constraint:
    """What all requirements on one package together ask for (the intersection, docs/semantics.md#choice)."""

    admits: Bits
    names_prerelease: bool = False
    pinned: bool = False
    """A single ``==`` or ``===`` that the profile lets unlock a yanked release."""


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
