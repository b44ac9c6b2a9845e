"""The geometry of a picture, checked: which nodes a line comes too near to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Final

RADIUS: Final = 22
"""How far a node reaches from its middle, at most."""
_STEP: Final = re.compile(r"([MHVC])([^MHVC]+)")
_SAMPLES: Final = 16
Point = tuple[float, float]


def points(way: str) -> Iterator[Point]:
    """Yield the points of a way, its bends as many short straight pieces."""
    x = y = 0.0
    for letter, text in _STEP.findall(way):
        numbers = [float(one) for one in text.split()]
        if letter == "C":
            x1, y1, x2, y2, to_x, to_y = numbers
            for n in range(1, _SAMPLES + 1):
                t = n / _SAMPLES
                a, b, c, d = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
                yield a * x + b * x1 + c * x2 + d * to_x, a * y + b * y1 + c * y2 + d * to_y
            x, y = to_x, to_y
            continue
        x, y = numbers if letter == "M" else (numbers[0], y) if letter == "H" else (x, numbers[0])
        yield x, y


def distance(point: Point, start: Point, end: Point) -> float:
    """Return how far a point is from a straight piece."""
    (px, py), (x, y), (to_x, to_y) = point, start, end
    dx, dy = to_x - x, to_y - y
    along = max(0.0, min(1.0, ((px - x) * dx + (py - y) * dy) / ((dx * dx + dy * dy) or 1.0)))
    return float(((px - x - along * dx) ** 2 + (py - y - along * dy) ** 2) ** 0.5)


def run_through(
    places: Mapping[str, tuple[int, int]], links: Sequence[tuple[str, str]], ways: Sequence[str]
) -> list[tuple[str, str, str]]:
    """Return each link with a node that its way runs through and that it does not join."""
    found = []
    for (start, end), way in zip(links, ways, strict=True):
        passed = list(points(way))
        assert (passed[0], passed[-1]) == (places[start], places[end])
        found += [
            (start, end, node)
            for node, place in places.items()
            if node not in {start, end} and min(distance(place, *piece) for piece in pairwise(passed)) < RADIUS
        ]
    return found
