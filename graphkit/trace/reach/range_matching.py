"""The ranges on some packages, and what passes through them: unions of masks, and choices."""

from __future__ import annotations

from typing import Any, Final, NamedTuple, Self

import numpy as np

from graphkit.model.choices import Choosers
from graphkit.model.csr import Numbers, spread
from graphkit.stores import port
from graphkit.trace.resolve.availability_table import AvailabilityTable, Masks, Rows
from graphkit.trace.resolve.package_columns import Truths
from graphkit.trace.resolve.world import World

_NOWHERE: Final = -1
_HIGHEST: Final = np.iinfo(np.int32).max
"""The last and the first release of packages without a hit."""
Mask = np.unsignedinteger[Any]


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


class IntervalMatcher:
    """The stretches of ranges on some packages, and what was reached inside them."""

    def __init__(self, stretches: port.RangeIntervals, everything: Mask) -> None:
        self._lo, self._hi = stretches.lo, stretches.hi
        self._counts = np.diff(stretches.start)
        self._everything = everything

    def any_of(self, hits: Hits, place: Rows) -> Masks:
        """Return the union of the hits inside each stretch; mostly they are all or nothing.

        ``place``: where the package of each hit stands among those of the stretches.
        """
        result = np.zeros(len(self._lo), dtype=hits.masks.dtype)
        whole = hits.masks == self._everything
        if whole.all():
            result[self._meets(hits, place)] = self._everything
            return result
        result[self._meets(hits.at(whole), place[whole])] = self._everything
        waiting = np.flatnonzero(result == 0)
        found, masks = hits.at(~whole).sorted().between(self._lo[waiting], self._hi[waiting])
        result[waiting[found]] = masks
        return result

    def _meets(self, hits: Hits, place: Rows) -> Truths:
        """Return which stretches have a hit inside; most have the first or the last one of their package."""
        bottom = np.full(len(self._counts), _HIGHEST, dtype=hits.lo.dtype)
        top = np.full(len(self._counts), _NOWHERE, dtype=hits.lo.dtype)
        np.minimum.at(bottom, place, hits.lo)
        np.maximum.at(top, place, hits.hi - 1)
        row = np.repeat(np.arange(len(self._counts)), self._counts)
        least, most = bottom[row], top[row]
        begun = self._lo <= most
        found: Truths = begun & (most < self._hi)
        others = np.flatnonzero(begun & ~found & (least < self._hi))
        if len(others):
            asked = np.zeros(len(self._counts), dtype=np.bool_)
            asked[row[others]] = True
            some = asked[place]
            # No release is in two hits, so that the ends are in the order of the beginnings.
            begins, ends = np.sort(hits.lo[some]), np.sort(hits.hi[some])
            at = np.searchsorted(ends, self._lo[others], side="right")
            found[others] = begins[at] < self._hi[others]
        return found

    def any_among(self, rows: Rows, bases: Rows, hits: Hits) -> Masks:
        """Return for each of some stretches the union of the hits that are ``base`` and a release inside it."""
        result = np.zeros(len(rows), dtype=hits.masks.dtype)
        found, masks = hits.between(bases + self._lo[rows], bases + self._hi[rows])
        result[found] = masks
        return result


class RangeMatcher:
    """Ranges on some packages, which are ascending, as `port.Ranges` has them; ``row`` counts in the packages."""

    def __init__(self, world: World, packages: port.PackageIds, row: Rows, columns: port.Ranges) -> None:
        self._packages = packages
        self._row = row
        self._columns = columns
        self._profile = world.profile

    def chosen(self, availability: AvailabilityTable) -> tuple[Rows, Rows, Masks]:
        """Return (rows, release, slots): what ranges choose in each state of their package, which must be loaded."""
        choosers = Choosers(
            start=self._columns.start,
            lo=self._columns.lo,
            hi=self._columns.hi,
            pinned=self._columns.is_pinned,
            eager=self._columns.names_prerelease & (self._profile == "pip"),
            unreadable=self._columns.is_unreadable,
        )

        state_row, shift, slots = availability.states(self._packages)
        start = np.searchsorted(self._row, np.arange(len(self._packages) + 1))
        rows, begin = spread(start[state_row], start[state_row + 1])
        state = np.repeat(np.arange(len(state_row)), np.diff(begin))
        found = choosers.chosen(availability.newest, rows, shift[state])
        some = np.flatnonzero(found >= 0)
        return rows[some], found[some] - shift[state[some]], slots[state[some]]


def unions(masks: Masks, lo: Numbers, hi: Numbers) -> Masks:
    """Return the union of the masks in each stretch ``lo <= place < hi``; none of them is empty."""
    # reduceat takes [lo, hi) pairs; a sentinel lets hi stand one past the last mask.
    bounds = np.empty(2 * len(lo), dtype=np.int64)
    bounds[::2], bounds[1::2] = lo, hi
    found: Masks = np.bitwise_or.reduceat(np.append(masks, masks.dtype.type(0)), bounds)[::2]
    return found
