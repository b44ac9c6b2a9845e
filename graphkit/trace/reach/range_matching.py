"""The ranges on some packages, and what passes through them: unions of masks, and choices."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from graphkit.model.choices import Choosers
from graphkit.model.csr import spread
from graphkit.stores import port
from graphkit.trace.resolve.availability_table import AvailabilityTable, Masks, Rows
from graphkit.trace.resolve.world import World


class RangeMatcher:
    """Ranges on some packages, which are ascending, as `port.Ranges` has them; ``row`` counts in the packages."""

    def __init__(self, world: World, packages: port.PackageIds, row: Rows, columns: port.Ranges) -> None:
        about = world.reader.packages(packages)
        self._first, self._last = about.start.astype(np.int64), about.stop.astype(np.int64)
        self._packages = packages
        self._row = row
        self._columns = columns
        self._profile = world.profile
        self._piece_row = np.repeat(np.arange(len(row)), np.diff(columns.start))

    def any_of(self, hits: Masks, everything: np.unsignedinteger[Any]) -> Masks:
        """Return the union of the hits inside each range; ``hits`` by release id, and mostly all or nothing."""
        result = np.zeros(len(self._row), dtype=hits.dtype)
        releases, begin = spread(self._first, self._last)
        found = hits[releases]
        shift = (begin[:-1] - self._first)[self._row[self._piece_row]]
        lo, hi = self._columns.lo + shift, self._columns.hi + shift
        whole, part = found == everything, found != 0
        inside = _counted(whole, lo, hi) > 0
        result[self._piece_row[inside]] = everything
        if np.count_nonzero(part) > np.count_nonzero(whole):
            rest = np.flatnonzero(~inside & (_counted(part, lo, hi) > 0))
            if len(rest):
                np.bitwise_or.at(result, self._piece_row[rest], unions(found, lo[rest], hi[rest]))
        return result

    def any_among(self, rows: Rows, bases: Rows, keys: Rows, masks: Masks) -> Masks:
        """Return for each of some ranges the union of the masks of keys that are ``base`` and a release inside it."""
        piece, begin = spread(self._columns.start[rows], self._columns.start[rows + 1])
        pair = np.repeat(np.arange(len(rows)), np.diff(begin))
        lo = np.searchsorted(keys, bases[pair] + self._columns.lo[piece])
        hi = np.searchsorted(keys, bases[pair] + self._columns.hi[piece])
        hit = np.flatnonzero(lo < hi)
        hit = hit[np.argsort(lo[hit], kind="stable")]  # ascending, so that what lies between is passed once
        result = np.zeros(len(rows), dtype=masks.dtype)
        if len(hit):
            np.bitwise_or.at(result, pair[hit], unions(masks, lo[hit], hi[hit]))
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


def _counted(truths: np.ndarray[tuple[int], np.dtype[np.bool_]], lo: Rows, hi: Rows) -> Rows:
    """Return how many are true in each stretch."""
    before = np.zeros(len(truths) + 1, dtype=np.int32)
    np.cumsum(truths, out=before[1:])
    counts: Rows = before[hi] - before[lo]
    return counts


def unions(masks: Masks, lo: Rows, hi: Rows) -> Masks:
    """Return the union of the masks in each stretch ``lo <= place < hi``; none of them is empty."""
    # reduceat takes [lo, hi) pairs; a sentinel lets hi stand one past the last mask.
    bounds = np.empty(2 * len(lo), dtype=np.int64)
    bounds[::2], bounds[1::2] = lo, hi
    found: Masks = np.bitwise_or.reduceat(np.append(masks, masks.dtype.type(0)), bounds)[::2]
    return found
