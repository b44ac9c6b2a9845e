"""Columns of packages, of their releases and files, read together, and when the files of one package were listed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from graphkit.model import csr
from graphkit.model.guards import CutOff
from graphkit.model.index import Hidden
from graphkit.model.times import BEGINNING, FOREVER, Instant
from graphkit.stores import port
from graphkit.stores.port import Position

Truths = NDArray[np.bool_]


class PackageColumns:
    """What a store says of some packages and of all their releases and files; a row for each package.

    ``fits`` says of files, by their needs, whether the environment can install them; ``settled`` from when on nothing
    of a package changes and the store knows what it offers (`graphkit.trace.resolve.world.World.settled`). ``first``
    is where the releases of each package begin among all.
    """

    def __init__(
        self,
        packages: port.Packages,
        releases: port.Releases,
        settled: port.Times,
        fits: Callable[[port.TextIds], Truths],
    ) -> None:
        self.packages, self.releases, self.fits = packages, releases, fits
        self.names = tuple(packages.name)
        self.starts, self.stops = packages.start.tolist(), packages.stop.tolist()
        self.first: list[int] = csr.offsets(packages.stop - packages.start).tolist()
        self.has_page, self.is_gone = packages.has_page.tolist(), packages.is_gone.tolist()
        self.has_newest_alone = packages.has_newest_alone.tolist()
        self.speaks_until, self.settled = packages.speaks_until.tolist(), settled.tolist()
        self.is_ghost = releases.is_ghost
        self.has_borrowed_requirements = releases.has_borrowed_requirements
        self.lacks_requirements = releases.lacks_requirements
        self.is_legacy = releases.is_legacy
        self.is_final = ~(releases.is_prerelease | self.is_legacy)
        self.is_listed, self.is_fresh = releases.is_listed, releases.is_fresh

    @cached_property
    def files(self) -> FileTruths:
        """What is said of all files; a walk over what is settled never asks."""
        found = self.releases
        yanked, dated = found.file_is_yanked, found.file_has_yank_time
        return FileTruths(
            has_time=found.file_has_time,
            is_timed=found.file_has_time | found.file_is_always_listed,
            is_told=found.file_has_given_time,
            is_wheel=found.file_is_wheel,
            is_yanked_since=yanked & dated,
            is_yank_open=yanked & ~dated,
        )


class FileTruths(NamedTuple):
    """What is true of files: columns, a row for each.

    ``is_timed``: its listing has a known time, or is taken for known; ``is_told``: the time is an incident's, and it
    may have been listed before. Of a yank the time is known or it ``is_yank_open``.
    """

    has_time: Truths
    is_timed: Truths
    is_told: Truths
    is_wheel: Truths
    is_yanked_since: Truths
    is_yank_open: Truths


class FileTimes:
    """When the usable files of one package were listed and not yanked. ``owner``: the position of each one's release.

    ``within`` are the rows of its releases in the columns; ``accused`` says which of them are compromised; ``changes``
    are all instants at which something changes.
    """

    def __init__(self, columns: PackageColumns, within: slice, accused: Truths, cut_off: CutOff | None) -> None:
        releases = columns.releases
        start = releases.file_start[within.start : within.stop + 1]
        first, last = int(start[0]), int(start[-1])
        counts = np.diff(start)
        usable = np.flatnonzero(columns.fits(releases.file_needs[first:last]))
        self.owner = np.repeat(np.arange(len(counts)), counts)[usable]
        usable += first
        truths = FileTruths(*(column[usable] for column in columns.files))
        self._uploaded = np.where(truths.has_time, releases.file_uploaded[usable], BEGINNING)
        self._timed, self._told, self.wheel = truths.is_timed, truths.is_told, truths.is_wheel
        self._yanked_since = np.where(truths.is_yanked_since, releases.file_yanked_since[usable], FOREVER)
        # A compromised release counts as not yanked until proven (docs/semantics.md#yanks).
        self._yank_open = truths.is_yank_open & ~accused[self.owner]
        self._names = releases.filename, usable
        self._gaps: list[tuple[Truths, Instant, Instant]] = []
        # A compromised release that only documents name: it was listed at a time that is not known.
        if len(bare := np.flatnonzero(accused & (counts == 0))):
            self._add_unseen(bare)
        if cut_off:
            self._cut(cut_off)

    def _add_unseen(self, releases: NDArray[np.int64]) -> None:
        count = len(releases)
        never = np.zeros(count, dtype=np.bool_)
        self.owner = np.append(self.owner, releases)
        self._uploaded = np.append(self._uploaded, np.full(count, BEGINNING))
        self._yanked_since = np.append(self._yanked_since, np.full(count, FOREVER))
        self._timed, self._told = np.append(self._timed, never), np.append(self._told, never)
        self.wheel, self._yank_open = np.append(self.wheel, never), np.append(self._yank_open, never)

    def _cut(self, cut_off: CutOff) -> None:
        """List files as a cut-off has it: never, after an age, or perhaps where it is not precise."""
        known = self._timed & (self._uploaded > BEGINNING)
        if cut_off.at is None:
            self._uploaded = np.where(known, self._uploaded + (cut_off.age or 0) + 1, self._uploaded)
            return
        timed = self._timed & ~(known & (self._uploaded >= cut_off.at.earliest))
        self._uploaded = np.where(known & (self._uploaded >= cut_off.at.latest), FOREVER, self._uploaded)
        self._timed = timed | (self._uploaded == FOREVER)

    def hide(self, hidden: Sequence[Hidden], position_of: Callable[[str], Position | None]) -> None:
        """Take files from the list in gaps."""
        names = self._filenames() if any(gap.filename for gap in hidden) else []
        for gap in hidden:
            covers = np.ones(len(self.owner), dtype=np.bool_)
            if gap.version:
                covers &= self.owner == position_of(gap.version)
            if gap.filename:
                covers &= np.array([name == gap.filename for name in names], dtype=np.bool_)
            if covers.any():
                self._gaps.append((covers, gap.start, gap.until))

    def _filenames(self) -> list[str]:
        filename, rows = self._names
        known = [filename[row] for row in rows.tolist()]
        return [*known, *("" for _ in range(len(self.owner) - len(known)))]

    @cached_property
    def changes(self) -> tuple[Instant, ...]:
        """The instants at which the listing or yank of a file changes, ascending."""
        edges = [edge for _, start, until in self._gaps for edge in (start, until)]
        yanks = self._yanked_since[self._yanked_since < FOREVER]
        stamps = csr.distinct(np.concatenate([self._uploaded, yanks, np.array(edges, dtype=np.int64)]))
        return tuple(stamps[(stamps > BEGINNING) & (stamps < FOREVER)].tolist())

    @property
    def is_uncertain(self) -> bool:
        """Whether a listing or yank has no known time, so that two accounts differ."""
        return not bool(self._timed.all()) or bool(self._told.any()) or bool(self._yank_open.any())

    def offered(self, at: Instant, *, doubtful: bool) -> tuple[Truths, Truths]:
        """Return which files are listed at an instant, and which of them are not yanked."""
        offered = (self._uploaded <= at) & (self._timed | doubtful)
        if doubtful:
            offered |= self._told
        for covers, start, until in self._gaps:
            if start <= at < until:
                offered &= ~covers
        yanked = self._yanked_since <= at
        if not doubtful:
            yanked |= self._yank_open
        return offered, offered & ~yanked
