"""The way from what a document describes to one of its rows, as answers show it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final

import numpy as np

from graphkit.model import csr
from graphkit.model.answers import Path, Step
from graphkit.model.documents import Edge
from graphkit.stores import port

_UNSEEN: Final = -2
_ROOT: Final = -1


def way_to(row: str, roots: Iterable[str], edges: Iterable[Edge]) -> list[str]:
    """Return the rows of a shortest way from a root to a row, breadth first in the order of roots and edges.

    Empty: no root leads to it.

    >>> way_to("3", ["0"], [Edge("0", "1"), Edge("0", "2"), Edge("2", "3"), Edge("1", "3")])
    ['0', '1', '3']
    """
    children: dict[str, list[str]] = {}
    for source, target in edges:
        children.setdefault(source, []).append(target)
    queue = list(roots)
    before: dict[str, str | None] = dict.fromkeys(queue)
    for one in queue:
        for child in children.get(one, ()):
            if child not in before:
                before[child] = one
                queue.append(child)
    way = [row] if row in before else []
    while way and (last := before[way[-1]]) is not None:
        way.append(last)
    return way[::-1]


def ways_to(rows: Sequence[int], roots: Sequence[Sequence[int]], outlines: port.Outlines) -> list[list[int]]:
    """Return what `way_to` does for a row of each of some documents. Cost: a few passes over all their edges."""
    start = outlines.start
    shift = np.repeat(start[:-1], np.diff(outlines.edge_start))
    source, target = outlines.source + shift, outlines.target + shift
    child_start, order = csr.inverted(source, int(start[-1]))
    children = target[order]
    before = np.full(int(start[-1]), _UNSEEN, dtype=np.int64)
    tops = [int(first) + root for first, own in zip(start[:-1], roots, strict=True) for root in dict.fromkeys(own)]
    reached = np.array(tops, dtype=np.int64)
    before[reached] = _ROOT
    while reached.size:
        offsets, found = csr.gather(child_start, children, reached)
        parents = np.repeat(reached, np.diff(offsets))
        is_new = before[found] == _UNSEEN
        found, parents = found[is_new], parents[is_new]
        _, first = np.unique(found, return_index=True)
        first.sort()
        reached = found[first]
        before[reached] = parents[first]
    known = before.tolist()
    return [_way_back(known, int(first), row) for first, row in zip(start[:-1], rows, strict=True)]


def _way_back(before: Sequence[int], start: int, row: int) -> list[int]:
    """Return the way that leads to a row, from its end; rows are counted from ``start``."""
    at = start + row
    way: list[int] = []
    while at >= 0 and before[at] != _UNSEEN:
        way.append(at - start)
        at = before[at]
    return way[::-1]


def path_along(labels: Sequence[str], path: str, sha256: str, *, is_led_to: bool) -> Path:
    """Return a way as an answer shows it. ``labels``: what its rows are called; ``is_led_to`` False: the row alone."""
    where = f"{path} (sha256 {sha256[:12]})"
    if not is_led_to:
        return (Step(node=path, why=where), Step(node=labels[-1], why=f"listed in {where}"))
    steps = [Step(node=labels[0], why=where)]
    steps += [Step(node=label, why=f"{before} depends on it") for before, label in pairwise(labels)]
    return (Step(node=path, why=where), *steps) if len(steps) == 1 else tuple(steps)


def label_of(name: str, version: str) -> str:
    """Return what a row is called on a way.

    >>> label_of("lib", "1.0"), label_of("lib", "")
    ('lib@1.0', 'lib')
    """
    return f"{name}@{version}" if version else name
