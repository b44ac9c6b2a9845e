"""How ids of an older index, and of the packages that changed since, become ids of one index.

Ids are row numbers of sorted tables: rows that stay keep their order, and each new one has its place among them.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from graphkit.model import csr
from graphkit.stores.engine.index_folder import IndexArrays
from graphkit.stores.engine.table_merge import MergedRows
from graphkit.stores.engine.texts import Texts

_TEXTS_OF: Final = {
    "release.version": "version",
    "file.needs": "needs",
    "range.extras": "range_extras",
    "range.text": "range_text",
    "set.marker": "marker",
}
"""Which texts the ids of a column number."""

_Ids = NDArray[np.int32]
_Truths = NDArray[np.bool_]


class OldAndNew(Struct):
    """Columns of the older index and of the packages that changed, by name."""

    old: IndexArrays
    new: IndexArrays

    def array(self, name: str) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return a column of each."""
        return self.old.array(name), self.new.array(name)

    def texts(self, name: str) -> tuple[Texts, Texts]:
        """Return a text column of each."""
        return self.old.texts(name), self.new.texts(name)


class IdRemap:
    """Which rows of both go where, table by table.

    ``packages``, ``releases``, ``versions``, ``needs``, ``sets``, ``ranges`` and the texts of ranges and markers are
    unions; ``files`` and ``members`` follow the rows that own them. ``start`` is the first release of each package,
    ``said`` what ranges say, in ids of the joined index. ``package_of_old`` finds packages that changed, too.
    """

    def __init__(self, both: OldAndNew, changed: _Truths, mentioned: set[str]) -> None:
        """Join both, where of the new packages those ``changed`` count, and the others are only aimed at.

        ``mentioned``: the packages that are there because documents or incidents name them.
        """
        self._both = both
        self.changed = changed
        self._old_of_new, self._is_old = _placed(*self._both.texts("package.name"))
        self._old_changed = np.zeros(len(both.old.texts("package.name")), dtype=np.bool_)
        self._old_changed[self._old_of_new[changed & self._is_old]] = True
        self._choose_sets()
        self._join_packages(mentioned)
        self._join_releases()
        self._join_ranges()

    def _choose_sets(self) -> None:
        """Find the requirement sets and ranges of the older index that packages as they were still have."""
        old = self._both.old
        start = old.array("package.start").astype(np.int64)
        gone, _ = csr.spread(start[:-1][self._old_changed], start[1:][self._old_changed])
        self._gone = gone
        doubtful = csr.distinct(old.array("release.set")[gone])
        doubtful = doubtful[doubtful >= 0]
        self._kept_sets = np.ones(len(old.array("set.digest")), dtype=np.bool_)
        users, user = csr.gather(old.array("users.start"), old.array("users.package"), doubtful)
        self._kept_sets[doubtful] = _any(users, ~self._old_changed[user])
        _, self._gone_members = csr.positions(old.array("set.start"), doubtful[~self._kept_sets[doubtful]])
        doubtful = csr.distinct(old.array("set.range")[self._gone_members])
        self.kept_ranges = np.ones(len(old.array("range.package")), dtype=np.bool_)
        holders, holder = csr.gather(old.array("declared.start"), old.array("declared.set"), doubtful)
        self.kept_ranges[doubtful] = _any(holders, self._kept_sets[holder])

    def _join_packages(self, mentioned: set[str]) -> None:
        """Join the packages: those with facts, those that ranges aim at, and those that are only named."""
        both = self.changed & self._is_old
        aimed = np.zeros(len(self._old_changed), dtype=np.bool_)
        aimed[self._both.old.array("range.package")[self.kept_ranges]] = True
        stays = ~self._old_changed & _standing(self._both.old, aimed, mentioned)
        fresh_aimed = np.zeros(len(self.changed), dtype=np.bool_)
        fresh_aimed[self._both.new.array("range.package")] = True
        fresh_aimed[both] |= aimed[self._old_of_new[both]]
        stands = _standing(self._both.new, fresh_aimed, mentioned, self.changed)
        self.packages = MergedRows.by_key(stays, self._old_of_new, self._is_old, stands)
        # Ranges of packages as they were may aim at one that changed, which the fresh rows hold.
        self.package_of_old = self.packages.of_old.copy()
        self.package_of_old[self._old_of_new[both]] = self.packages.of_new[both]

    def _join_releases(self) -> None:
        """Join releases and their files, package by package."""
        old_start, new_start = self._both.array("package.start")
        counts = self.packages.column(np.diff(old_start), np.where(self.changed, np.diff(new_start), 0))
        self.start = csr.offsets(counts)
        package = np.repeat(np.arange(len(new_start) - 1), np.diff(new_start))
        taken = self.changed[package]
        stays = np.ones(int(old_start[-1]), dtype=np.bool_)
        stays[self._gone] = False
        self.releases = MergedRows(stays, old_start[self._old_of_new[package]].astype(np.int64), taken)
        self.file_start, self.files = self.releases.rows(*self._both.array("file.start"))
        used = np.bincount(
            self._both.new.array("release.version")[taken], minlength=len(self._both.new.texts("version"))
        )
        self.versions = self._dictionary("version", self._left("release.version", self._gone), used > 0)
        _, gone = csr.positions(self._both.old.array("file.start"), self._gone)
        _, fresh = csr.positions(self._both.new.array("file.start"), np.flatnonzero(taken))
        used = np.bincount(self._both.new.array("file.needs")[fresh], minlength=len(self._both.new.texts("needs")))
        self.needs = self._dictionary("needs", self._left("file.needs", gone), used > 0)

    def _join_ranges(self) -> None:
        """Join requirement sets, what is in them, and the texts of ranges and markers."""
        gone = np.flatnonzero(~self.kept_ranges)
        self.extras = self._dictionary("range_extras", self._left("range.extras", gone))
        self.markers = self._dictionary("marker", self._left("set.marker", self._gone_members))
        self.texts = self._specifiers(self._left("range.text", gone))
        old, new = self._both.array("set.digest")
        place = np.searchsorted(old, new)
        self.sets = MergedRows.by_key(self._kept_sets, place, _same(old, place, new))
        self.set_start, self.members = self.sets.rows(*self._both.array("set.start"))
        self.said = {
            "range.package": self.mapped("range.package", self.package_of_old, self.packages.of_new),
            "range.extras": self.mapped("range.extras", self.extras.of_old, self.extras.of_new),
            "range.text": self.mapped("range.text", self.texts.of_old, self.texts.of_new),
        }
        kept = np.flatnonzero(self.kept_ranges)
        old, new = _ordered(*([pair[side] for pair in self.said.values()] for side in (0, 1)))
        place = np.searchsorted(old[kept], new)
        same = _same(old[kept], place, new)
        place = np.append(kept, len(self.kept_ranges))[place]
        self.ranges = MergedRows.by_key(self.kept_ranges, place, same)

    def _left(self, name: str, gone: NDArray[Any]) -> _Truths:
        """Return which texts a column of the older index still names without some of its rows."""
        column = self._both.old.array(name)
        size = len(self._both.old.texts(_TEXTS_OF[name]))
        left: _Truths = np.bincount(column, minlength=size) > np.bincount(column[gone], minlength=size)
        return left

    def _dictionary(self, name: str, keep: _Truths, standing: _Truths | None = None) -> MergedRows:
        """Join sorted texts that each stand once."""
        return MergedRows.by_key(keep, *_placed(*self._both.texts(name)), standing)

    def _specifiers(self, keep: _Truths) -> MergedRows:
        """Join the texts of ranges, sorted within each kind."""
        old, new = self._both.texts("range_text")
        parts = [
            _placed(old, new, of_old, of_new)
            for of_old, of_new in zip(
                *(pairwise(bounds.tolist()) for bounds in self._both.array("range_text.kind")), strict=True
            )
        ]
        place, same = map(np.concatenate, zip(*parts, strict=True))
        return MergedRows.by_key(keep, place, same)

    def mapped(self, name: str, of_old: _Ids, of_new: _Ids) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return a column of ids of any kind, older and fresh, as ids of the joined index."""
        old, new = self._both.array(name)
        return of_old[old], of_new[new]


def _standing(index: IndexArrays, aimed: _Truths, mentioned: set[str], counted: _Truths | None = None) -> _Truths:
    """Return which packages an index has: with facts of their own (if they count), target of a range, or mentioned."""
    own = (index.array("package.flags") != 0) | (np.diff(index.array("package.start")) > 0)
    stands: _Truths = (own if counted is None else own & counted) | aimed
    doubtful = np.flatnonzero(~stands)
    stands[doubtful] = [name in mentioned for name in index.texts("package.name").at(doubtful)]
    return stands


def _placed(
    old: Texts, new: Texts, old_part: tuple[int, int] | None = None, new_part: tuple[int, int] | None = None
) -> tuple[NDArray[np.int64], _Truths]:
    """Return before which old text each new one goes, and whether it is that one. Cost: a bisection each."""
    lo, hi = old_part or (0, len(old))
    first, last = new_part or (0, len(new))
    found = [old.place(new.raw(row), lo, hi) for row in range(first, last)]
    table = np.array(found, dtype=np.int64).reshape(-1, 2)
    return table[:, 0], table[:, 1] > 0


def _same(old: NDArray[Any], place: NDArray[np.int64], new: NDArray[Any]) -> _Truths:
    """Return which new keys are the old ones at their places."""
    same: _Truths = place < len(old)
    same[same] = old[place[same]] == new[same]
    return same


def _any(start: csr.Offsets, truths: _Truths) -> _Truths:
    """Return which rows in CSR form have a true value."""
    before = csr.offsets(truths)
    return np.asarray(before[start[1:]] > before[start[:-1]], dtype=np.bool_)


def _ordered(old: list[_Ids], new: list[_Ids]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return one number a row that orders rows of several ids, the first first, alike for both tables."""
    keys = [np.zeros(len(side[0]), dtype=np.int64) for side in (old, new)]
    for sides in zip(old, new, strict=True):
        size = 1 + max((int(column.max()) for column in sides if len(column)), default=0)
        keys = [key * size + column for key, column in zip(keys, sides, strict=True)]
    return keys[0], keys[1]
