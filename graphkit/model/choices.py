"""What a requirement alone chooses, for many ranges at once: running maxima and bisected stretches.

Contract: docs/semantics.md#choice.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from graphkit.model.csr import Numbers, Offsets

FINAL, ANY, PINNED_FINAL, PINNED_ANY = range(4)
"""What a running maximum counts: finals, any; the same where a pin unlocks yanks."""
Truths = NDArray[np.bool_]


def running_newest(
    listed: Truths, fresh: Truths, final: Truths, readable: Truths, floor: Numbers
) -> tuple[Offsets, Offsets, Offsets, Offsets]:
    """Return four running maxima over places: the highest at or below each that qualifies, -1 for none.

    ``fresh``: listed and not yanked. ``floor``: the first place of the package that each place belongs to.
    They come in the order of `FINAL`, `ANY`, `PINNED_FINAL` and `PINNED_ANY`.
    """
    every = np.arange(len(listed), dtype=np.int64)

    def newest(qualifies: Truths) -> Offsets:
        found = np.maximum.accumulate(np.where(qualifies, every, -1))
        return np.where(found >= floor, found, -1)

    return newest(fresh & final), newest(fresh & readable), newest(listed & final), newest(listed & readable)


class Choosers(Struct, frozen=True, kw_only=True):
    """Ranges that choose: stretches in CSR form as places, ``lo <= place < hi``, ascending, and what bends the rule.

    ``pinned`` ones unlock what is yanked where nothing else fits; ``eager`` ones take a pre-release as
    readily as a final; ``unreadable`` ones choose nothing.
    """

    start: Numbers
    lo: Numbers
    hi: Numbers
    pinned: Truths
    eager: Truths
    unreadable: Truths

    def chosen(self, newest: Sequence[Numbers], rows: Offsets, shift: Offsets) -> Offsets:
        """Return the place that each of some ranges chooses, -1 for none, as `listing.choose` does.

        ``newest``: the maxima of `running_newest`, over places; ``shift`` is what places are higher than those
        of the stretches, one for each of ``rows``.
        """
        found = self._finals_first(newest[FINAL], newest[ANY], rows, shift)
        # Any declarer may be the root, whose pin unlocks a yanked release in every profile (PEP 592).
        pinned = np.flatnonzero(self.pinned[rows] & (found < 0))
        if len(pinned):
            found[pinned] = self._finals_first(newest[PINNED_FINAL], newest[PINNED_ANY], rows[pinned], shift[pinned])
        found[self.unreadable[rows]] = -1
        return found

    def _finals_first(self, final: Numbers, readable: Numbers, rows: Offsets, shift: Offsets) -> Offsets:
        found = self._top(final, rows, shift)
        found[self.eager[rows]] = -1
        rest = np.flatnonzero(found < 0)
        found[rest] = self._top(readable, rows[rest], shift[rest])
        return found

    def _top(self, newest: Numbers, rows: Offsets, shift: Offsets) -> Offsets:
        """Scan the stretches of every range from the top, all ranges at once."""
        result = np.full(len(rows), -1, dtype=np.int64)
        stop = self.start[rows + 1].astype(np.int64)
        count = stop - self.start[rows]
        for depth in range(int(count.max(initial=0))):
            waiting = np.flatnonzero((count > depth) & (result < 0))
            piece = stop[waiting] - 1 - depth
            found = newest[self.hi[piece] + shift[waiting] - 1].astype(np.int64)
            fits = found >= self.lo[piece] + shift[waiting]
            result[waiting[fits]] = found[fits]
        return result
