"""The way of each link through a picture: round every node that it does not join.

Nodes stand in columns. Beside a column there is room for names, then a strip in which lines bend, then the next column.
A line is level wherever a node could be, and bends in those strips alone; picture.js draws the same (``routes``).
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from typing import Final

ROOM: Final = 26
"""How far from the middle of a column its nodes reach at most."""
BEND: Final = 60
"""How wide the strip is in which a line bends, left of the nodes of the column that it comes to."""
CLEAR: Final = 34
"""How far above or below a node a line passes at least, so that it does not cross its name either."""
LANE: Final = 14
"""How far lines that go over the same columns are apart."""
LANES: Final = 24
"""How many of them have a height of their own; where very many are drawn, several share one."""


_HEIGHT: Final = re.compile(r"V(-?[0-9]+)| (-?[0-9]+)(?=[HC]|$)")


def topmost(ways: Iterable[str]) -> int:
    """Return how far up such ways go: the least y of them, 0 where none is above it."""
    heights = (int(found[1] or found[2]) for way in ways for found in _HEIGHT.finditer(way))
    return min(heights, default=0)


def routes(places: Mapping[str, tuple[int, int]], links: Iterable[tuple[str, str]]) -> list[str]:
    """Return the way of each link as the path of an SVG, ``M0 0H100C130 0 130 48 160 48H300``.

    A link that comes past columns stays at the height of one of its ends where nothing is there, and goes over their
    topmost nodes elsewhere. Links from one node share the way over. Cost: links times columns.
    """
    columns: dict[int, list[int]] = {}
    for x, y in places.values():
        columns.setdefault(x, []).append(y)
    xs = sorted(columns)
    for ys in columns.values():
        ys.sort()
    lanes: dict[str, int] = {}

    def is_free(y: int, passed: Iterable[int]) -> bool:
        return all(bisect_right(columns[x], y - CLEAR) == bisect_left(columns[x], y + CLEAR) for x in passed)

    def over(start: str, passed: Iterable[int]) -> int:
        number = lanes.setdefault(start, len(lanes)) % LANES
        return min(columns[x][0] for x in passed) - CLEAR - LANE * number

    def route(start: str, end: str) -> str:
        (x, y), (to_x, to_y) = places[start], places[end]
        if to_x <= x:
            lane = over(start, xs[bisect_left(xs, to_x) : bisect_right(xs, x)])
            return f"M{x} {y}H{x + ROOM}V{lane}H{to_x - ROOM}V{to_y}H{to_x}"
        passed = xs[bisect_right(xs, x) : bisect_left(xs, to_x)]
        if not passed:
            return f"M{x} {y}{_bend(y, to_x, to_y)}H{to_x}"
        free = next((height for height in (y, to_y) if is_free(height, passed)), None)
        lane = over(start, passed) if free is None else free
        return f"M{x} {y}{_bend(y, passed[0], lane)}{_bend(lane, to_x, to_y)}H{to_x}"

    return [route(start, end) for start, end in links]


def _bend(y: int, to_x: int, to_y: int) -> str:
    """Return the bend from one height to another just before a column; nothing where they are the same."""
    if y == to_y:
        return ""
    end = to_x - ROOM
    begin, middle = end - BEND, end - BEND // 2
    return f"H{begin}C{middle} {y} {middle} {to_y} {end} {to_y}"
