"""Columns of packages, of their releases and files, read together, and when the files of one package were listed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

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

    ``usable`` says of each file whether the environment can install it; ``settled`` from when on nothing of a package
    changes and the store knows what it offers (`graphkit.trace.resolve.world.World.settled`). ``first`` is where the
    releases of each package begin among all.
    """

    def __init__(self, packages: port.Packages, releases: port.Releases, usable: Truths, settled: port.Times) -> None:
        self.packages, self.releases, self.usable = packages, releases, usable
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
    def files(self) -> UsableFiles:
        """The files that can be installed; a walk over what is settled never asks for them."""
        return UsableFiles(self.releases, self.usable)


class UsableFiles:
    """The files of some releases that an environment can install. ``first``: where those of each release begin."""

    def __init__(self, releases: port.Releases, usable: Truths) -> None:
        known = releases.file_has_time[usable]
        yanked, dated = releases.file_is_yanked[usable], releases.file_has_yank_time[usable]
        self.first = csr.offsets(usable)[releases.file_start]
        self.owner = np.repeat(np.arange(len(self.first) - 1), np.diff(self.first))
        self.uploaded = np.where(known, releases.file_uploaded[usable], BEGINNING)
        self.timed = known | releases.file_is_always_listed[usable]
        self.told = releases.file_has_given_time[usable]
        self.wheel = releases.file_is_wheel[usable]
        self.yank_open = yanked & ~dated
        self.yanked_since = np.where(yanked & dated, releases.file_yanked_since[usable], FOREVER)


class FileTimes:
    """When the usable files of one package were listed and not yanked. ``owner``: the position of each one's release.

    ``accused`` says which releases are compromised; ``changes`` are all instants at which something changes.
    """

    def __init__(self, columns: PackageColumns, row: int, accused: Truths, cut_off: CutOff | None) -> None:
        begin, end = columns.first[row], columns.first[row + 1]
        files, file_start = columns.files, columns.releases.file_start
        mine = slice(int(files.first[begin]), int(files.first[end]))
        self.owner = files.owner[mine] - begin
        self._uploaded, self._timed, self._told = files.uploaded[mine], files.timed[mine], files.told[mine]
        self.wheel, self._yanked_since = files.wheel[mine], files.yanked_since[mine]
        # A compromised release counts as not yanked until proven (docs/semantics.md#yanks).
        self._yank_open = files.yank_open[mine] & ~accused[self.owner]
        self._named = columns.releases.filename, file_start[begin], columns.usable[file_start[begin] : file_start[end]]
        self._gaps: list[tuple[Truths, Instant, Instant]] = []
        # A compromised release that only documents name: it was listed at a time that is not known.
        if len(bare := np.flatnonzero(accused & (np.diff(file_start[begin : end + 1]) == 0))):
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
        filename, first, usable = self._named
        known = [filename[first + at] for at in np.flatnonzero(usable).tolist()]
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
