"""Whom to ask about: releases that few others reach, by how many do, chosen by a fixed seed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmarks.index.sizes import SIZES
from graphkit.model.csr import inverted

EACH = 8
_SEED = 20230907
_TRIED = 50_000


def small_seeds(
    source: NDArray[np.int32], target: NDArray[np.int32], nodes: int, releases: int
) -> list[tuple[int, int]]:
    """Return (release, nodes of its answer), `EACH` of every size where the graph has as many; smallest size first."""
    start, order = inverted(target, nodes)
    upstream = source[order]
    found: list[list[tuple[int, int]]] = [[] for _ in SIZES]
    asked = np.flatnonzero(np.diff(start)[:releases])
    for seed in np.random.default_rng(_SEED).permutation(asked)[:_TRIED].tolist():
        count = _reaching(start, upstream, seed, SIZES[-1][1])
        for bucket, (least, most) in zip(found, SIZES, strict=True):
            if least <= count <= most and len(bucket) < EACH:
                bucket.append((seed, count))
        if all(len(bucket) == EACH for bucket in found):
            break
    return [one for bucket in found for one in bucket]


def _reaching(start: NDArray[np.int64], upstream: NDArray[np.int32], seed: int, most: int) -> int:
    """Return how many nodes reach one, counted no further than just above ``most``."""
    seen = {seed}
    waiting = [seed]
    while waiting and len(seen) <= most:
        one = waiting.pop()
        new = set(upstream[start[one] : start[one + 1]].tolist()) - seen
        seen |= new
        waiting += new
    return len(seen)
