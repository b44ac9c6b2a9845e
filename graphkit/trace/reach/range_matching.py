"""The ranges on some packages, and what passes through them: unions of masks, and choices."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple, Self

import numpy as np

from graphkit.model.choices import Choosers
from graphkit.model.csr import Numbers, spread
from graphkit.stores import port
from graphkit.trace.resolve.availability_table import AvailabilityTable, Masks, Rows
from graphkit.trace.resolve.package_columns import Truths
from graphkit.trace.resolve.world import World

_NOWHERE: Final = -1
"""The release of packages without a hit."""


class Hits(NamedTuple):
    """Releases that were reached: ``lo <= release id < hi`` of a package, in some slots; no release twice.

    Of releases with an extra, what stands before the extra is added to the ids.
    """

    package: port.PackageIds
    lo: Numbers
    hi: Numbers
    masks: Masks

    @classmethod
    def of(cls, package: port.PackageIds, lo: Numbers, hi: Numbers, masks: Masks, base: Rows | None) -> Self:
        """Return those that were reached in any slot, with a base added to their ids."""
        hits = cls(package, lo, hi, masks) if base is None else cls(package, lo + base, hi + base, masks)
        return hits if masks.all() else hits.at(masks != 0)

    def at(self, rows: Truths) -> Self:
        """Return some of them."""
        return type(self)(self.package[rows], self.lo[rows], self.hi[rows], self.masks[rows])

    def sorted(self) -> Self:
        """Return them in the order of their ids, which those of their packages need not follow."""
        order = np.argsort(self.lo)
        return type(self)(self.package[order], self.lo[order], self.hi[order], self.masks[order])

    def between(self, lo: Numbers, hi: Numbers) -> tuple[Rows, Masks]:
        """Return which of some stretches have hits inside, and the union of those. They must be sorted."""
        first, last = np.searchsorted(self.hi, lo, side="right"), np.searchsorted(self.lo, hi)
        found = np.flatnonzero(first < last)
        found = found[np.argsort(first[found], kind="stable")]  # ascending, so that what lies between is passed once
        return found, unions(self.masks, first[found], last[found])


class RangeMatcher:
    """Ranges on some packages, which are ascending, as `port.Ranges` has them; ``row`` counts in the packages."""

    def __init__(self, world: World, packages: port.PackageIds, row: Rows, columns: port.Ranges) -> None:
        self._packages = packages
        self._row = row
        self._columns = columns
        self._profile = world.profile
        self._piece_row = np.repeat(np.arange(len(row)), np.diff(columns.start))

    def any_of(self, hits: Hits, everything: np.unsignedinteger[Any]) -> Masks:
        """Return the union of the hits inside each range; mostly they are all or nothing."""
        result = np.zeros(len(self._row), dtype=hits.masks.dtype)
        whole = hits.masks == everything
        if whole.all():
            result[self._piece_row[self._meets(hits)]] = everything
            return result
        inside = self._meets(hits.at(whole))
        result[self._piece_row[inside]] = everything
        rest = hits.at(~whole)
        waiting = np.flatnonzero(~inside)
        pieces, masks = rest.between(self._columns.lo[waiting], self._columns.hi[waiting])
        np.bitwise_or.at(result, self._piece_row[waiting[pieces]], masks)
        return result

    def _meets(self, hits: Hits) -> Truths:
        """Return which stretches of ranges have a hit inside; most have the first or the last one of their package."""
        count = len(hits.package)
        lo, hi = self._columns.lo, self._columns.hi
        if not count:
            return np.zeros(len(lo), dtype=np.bool_)
        first = np.flatnonzero(np.append(True, hits.package[1:] != hits.package[:-1]))
        bottom, top = np.full((2, len(self._packages)), _NOWHERE, dtype=np.int64)
        place = np.searchsorted(self._packages, hits.package[first])
        bottom[place], top[place] = hits.lo[first], hits.hi[np.append(first[1:], count) - 1] - 1
        row = self._row[self._piece_row]
        least, most = bottom[row], top[row]
        found: Truths = (lo <= most) & (most < hi)
        others = np.flatnonzero(~found & (lo <= most) & (least < hi))
        low, high = lo[others], hi[others]
        at = np.searchsorted(hits.hi, low, side="right")
        found[others] = hits.lo[np.minimum(at, count - 1)] < high
        return found

    def any_among(self, rows: Rows, bases: Rows, hits: Hits) -> Masks:
        """Return for each of some ranges the union of the hits that are ``base`` and a release inside it."""
        piece, begin = spread(self._columns.start[rows], self._columns.start[rows + 1])
        pair = np.repeat(np.arange(len(rows)), np.diff(begin))
        found, masks = hits.between(bases[pair] + self._columns.lo[piece], bases[pair] + self._columns.hi[piece])
        result = np.zeros(len(rows), dtype=masks.dtype)
        np.bitwise_or.at(result, pair[found], masks)
        return result

    def chosen(self, availability: AvailabilityTable) -> Iterator[tuple[Rows, Rows, Masks]]:
        """Yield (rows, release, slots): what ranges choose, state by state of their package, which must be loaded."""
        choosers = Choosers(
            start=self._columns.start,
            lo=self._columns.lo,
            hi=self._columns.hi,
            pinned=self._columns.is_pinned,
            eager=self._columns.names_prerelease & (self._profile == "pip"),
            unreadable=self._columns.is_unreadable,
        )

        def choose(rows: Rows, shift: Rows, slots: Masks) -> tuple[Rows, Rows, Masks]:
            found = choosers.chosen(availability.newest, rows, shift)
            some = found >= 0
            return rows[some], found[some] - shift[some], slots[some]

        state_row, shift, slots = availability.states(self._packages)
        count = len(self._packages)
        every = np.arange(len(self._row), dtype=np.int64)
        yield choose(every, shift[self._row], slots[self._row])
        # Further states: each with the ranges on its package.
        start = np.searchsorted(self._row, np.arange(count + 1))
        rows, begin = spread(start[state_row[count:]], start[state_row[count:] + 1])
        if len(rows):
            state = count + np.repeat(np.arange(len(begin) - 1), np.diff(begin))
            yield choose(rows, shift[state], slots[state])


def unions(masks: Masks, lo: Numbers, hi: Numbers) -> Masks:
    """Return the union of the masks in each stretch ``lo <= place < hi``; none of them is empty."""
    # reduceat takes [lo, hi) pairs; a sentinel lets hi stand one past the last mask.
    bounds = np.empty(2 * len(lo), dtype=np.int64)
    bounds[::2], bounds[1::2] = lo, hi
    found: Masks = np.bitwise_or.reduceat(np.append(masks, masks.dtype.type(0)), bounds)[::2]
    return found
