"""What is listed once nothing changes any more, and which ranges choose it: most questions ask about just that."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from graphkit.model import csr
from graphkit.model.choices import ANY, FINAL, Choosers, running_newest
from graphkit.model.environment import MarkerEvaluator
from graphkit.model.times import BEGINNING, FOREVER
from graphkit.stores import port
from graphkit.stores.engine.compile_ranges import Ranges
from graphkit.stores.engine.compile_releases import Files, Releases
from graphkit.stores.engine.index_folder import ArraySink


def compile_choices(out: ArraySink, releases: Releases, files: Files, ranges: Ranges, sets: int) -> NDArray[np.uint8]:
    """Write since when packages are settled, and what is listed and chosen from then on in `port.SETTLED`.

    Who takes a release is kept by its requirement set, of which there are so many. Return the offer bits of every
    release.

    Cost: columns throughout; what files need is asked once for each different need.
    """
    evaluator = MarkerEvaluator(port.SETTLED, "uv")
    installs = np.array([evaluator.installs(text) for text in files.needs_texts], dtype=np.bool_)
    usable = installs[files.needs]
    owner = np.repeat(np.arange(len(releases.flags)), np.diff(files.start))
    listed, fresh = (np.zeros(len(releases.flags), dtype=np.bool_) for _ in range(2))
    listed[owner[usable]] = True
    fresh[owner[usable & (files.flags & port.FILE_YANKED == 0)]] = True
    final = releases.flags & (port.RELEASE_PRERELEASE | port.RELEASE_LEGACY) == 0
    readable = releases.flags & port.RELEASE_LEGACY == 0
    newest = running_newest(listed, fresh, final, readable, releases.start[releases.package])
    choosers = Choosers(
        start=ranges.start,
        lo=ranges.lo,
        hi=ranges.hi,
        pinned=ranges.flags & port.RANGE_PINNED != 0,
        eager=np.zeros(len(ranges.flags), dtype=np.bool_),
        unreadable=ranges.flags & port.RANGE_UNREADABLE != 0,
    )
    every = np.arange(len(ranges.flags), dtype=np.int64)
    chosen = choosers.chosen(newest, every, np.zeros(len(every), dtype=np.int64))
    some = np.flatnonzero(chosen >= 0)
    taken = np.zeros(len(releases.flags), dtype=np.bool_)
    taken[chosen[some]] = True
    offer = (
        np.where(listed, port.OFFER_LISTED, 0)
        | np.where(fresh, port.OFFER_FRESH, 0)
        | np.where(taken, port.OFFER_TAKEN, 0)
    )
    last = releases.start[1:] - 1
    full = np.diff(releases.start) > 0
    best = np.where(newest[FINAL][last] >= 0, newest[FINAL][last], newest[ANY][last]) if len(newest[ANY]) else last
    out.array("package.settled", _settled(releases, files))
    out.array("package.newest", np.where(full, best, -1).astype(np.int32))
    out.array("release.offer", offer.astype(np.uint8))
    by_set = np.full(len(chosen), -1, dtype=np.int64)
    by_set[some] = releases.set_id[chosen[some]]
    start, takers = csr.inverted(by_set, sets)
    out.array("range.takes", chosen.astype(np.int32))
    out.array("takers.start", start.astype(np.int32))
    out.array("takers.range", takers.astype(np.int32))
    return offer.astype(np.uint8)


def _settled(releases: Releases, files: Files) -> NDArray[np.int64]:
    """Return of each package when a file of it last came or was yanked, `FOREVER` where that is not known of one."""
    timed = files.flags & (port.FILE_TIME_KNOWN | port.FILE_TIME_GIVEN) == port.FILE_TIME_KNOWN
    yanked = files.flags & port.FILE_YANKED != 0
    listed = np.where(timed, files.uploaded, np.where(files.flags & port.FILE_ALWAYS_LISTED, BEGINNING, FOREVER))
    dated = np.where(files.flags & port.FILE_YANK_DATED, files.yanked_since, FOREVER)
    last = np.maximum(listed, np.where(yanked, dated, BEGINNING))
    first = files.start[releases.start]
    found = np.full(len(releases.start) - 1, BEGINNING, dtype=np.int64)
    full = np.diff(first) > 0
    if full.any():
        found[full] = np.maximum.reduceat(last, first[:-1][full])
    return found
