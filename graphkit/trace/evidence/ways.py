"""The way from what a document describes to one of its rows, as answers show it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from graphkit.model.answers import Path, Step

_Row = TypeVar("_Row", int, str)


def way_to(row: _Row, roots: Iterable[_Row], edges: Iterable[tuple[_Row, _Row]]) -> list[_Row]:
    """Return the rows of a shortest way from a root to a row, breadth first in the order of roots and edges.

    Empty: no root leads to it.

    >>> way_to(3, [0], [(0, 1), (0, 2), (2, 3), (1, 3)])
    [0, 1, 3]
    """
    children: dict[_Row, list[_Row]] = {}
    for source, target in edges:
        children.setdefault(source, []).append(target)
    queue = list(roots)
    parents: dict[_Row, _Row | None] = dict.fromkeys(queue)
    for one in queue:
        if row in parents:
            break
        for child in children.get(one, ()):
            if child not in parents:
                parents[child] = one
                queue.append(child)
    if row not in parents:
        return []
    way = [row]
    while (before := parents[way[-1]]) is not None:
        way.append(before)
    return way[::-1]


def path_along(labels: Sequence[str], path: str, sha256: str, *, is_led_to: bool) -> Path:
    """Return a way as an answer shows it. ``labels``: what its rows are called; ``is_led_to`` False: the row alone."""
    where = f"{path} (sha256 {sha256[:12]})"
    if not is_led_to:
        return (Step(node=path, why=where), Step(node=labels[-1], why=f"listed in {where}"))
    steps = [Step(node=labels[0], why=where)]
    steps += [
        Step(node=label, why=f"{before} depends on it") for before, label in zip(labels, labels[1:], strict=False)
    ]
    return (Step(node=path, why=where), *steps) if len(steps) == 1 else tuple(steps)


def label_of(name: str, version: str) -> str:
    """Return what a row is called on a way.

    >>> label_of("lib", "1.0"), label_of("lib", "")
    ('lib@1.0', 'lib')
    """
    return f"{name}@{version}" if version else name
