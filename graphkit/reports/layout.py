"""Where each node stands: layers from left to right, computed once, so that a picture is the same every time."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from heapq import heapify, heappop, heappush
from typing import Final

from msgspec import Struct

from graphkit.reports.content import KINDS, PACKAGE, VERDICTS, Content, Entry
from graphkit.reports.folding import gathered

MOST_DRAWN: Final = 2_000
"""How many nodes a picture has at most; the rest stand behind counted ones, and all in the table."""
TALLEST: Final = 24
"""How many nodes stand in one column before another is begun beside it; more where there are very many."""
COLUMN_GAP: Final = 300
ROW_GAP: Final = 80

COLOURS: Final[Mapping[str, tuple[str, str, str]]] = {
    "compromised": ("#4a0d0d", "#1f0000", "#ffffff"),
    "observed": ("#f4b6b6", "#8b0000", "#000000"),
    "replayed": ("#f8cfc0", "#a33b00", "#000000"),
    "stated": ("#f1c6e7", "#7a0a5e", "#000000"),
    "picked": ("#fbe6a2", "#7a5b00", "#000000"),
    "supplier": ("#e6d0f5", "#57208a", "#000000"),
    "admitted": ("#cdeaf0", "#0b5563", "#000000"),
    "unknown": ("#d4defa", "#1f3a93", "#000000"),
    "cleared": ("#d3efd3", "#1d6b1d", "#000000"),
}
"""Fill, outline and ink on white paper, for drawing programs; the page has colours of its own."""


class PlacedNode(Struct, frozen=True, kw_only=True):
    """A drawn node: an entry, or several of one kind and verdict; ``label`` is a name, or says how many of what."""

    id: str
    kind: str
    verdict: str
    label: str
    x: int
    y: int


class Picture(Struct, frozen=True, kw_only=True):
    """Nodes and links as they are drawn. ``at`` names the node that stands for each entry."""

    spots: tuple[PlacedNode, ...]
    links: tuple[tuple[str, str, str], ...]
    at: Mapping[str, str]


def picture(content: Content, most: int = MOST_DRAWN, *, folds: bool = True) -> Picture:
    """Return the drawn nodes with their places: releases left, then packages, services, companies.

    A link between two of a kind leads to the right, too; between packages that stand for several none is drawn. In a
    column nodes stand near what they hang on. Without ``folds`` every entry is a node, up to ``most``.

    Cost: nodes and links, sorted once per layer.
    """
    at, several = gathered(content, most, folds=folds)
    entries = content.entries
    nodes: dict[str, Entry] = {entry_id: one for entry_id, one in entries.items() if at[entry_id] == entry_id}
    nodes |= several
    links: dict[tuple[str, str], str] = {}
    for (start, end), why in content.links.items():
        pair = (at[start], at[end])
        if pair[0] != pair[1] and not all(node in several and nodes[node].kind == PACKAGE for node in pair):
            links.setdefault(pair, why if pair == (start, end) else "")
    places = _places(nodes, links)
    spots = tuple(
        PlacedNode(
            id=entry_id,
            kind=one.kind,
            verdict=one.verdict,
            label=one.name,
            x=places[entry_id][0],
            y=places[entry_id][1],
        )
        for entry_id, one in nodes.items()
    )
    return Picture(spots=spots, links=tuple((start, end, why) for (start, end), why in links.items()), at=at)


def _places(nodes: Mapping[str, Entry], links: Iterable[tuple[str, str]]) -> dict[str, tuple[int, int]]:
    """Return x and y of each node; layers are kinds, and inside a kind as many as its longest way has nodes."""
    before: dict[str, list[str]] = {}
    for start, end in links:
        before.setdefault(end, []).append(start)
    depths = _depths(nodes, before)
    layers: dict[tuple[int, int], list[Entry]] = {}
    for entry_id, one in nodes.items():
        layers.setdefault((KINDS.index(one.kind), depths[entry_id]), []).append(one)
    places: dict[str, tuple[int, int]] = {}
    tallest = max(TALLEST, math.isqrt(2 * len(nodes)))  # so that very many are about as wide as a screen
    left = 0
    for key in sorted(layers):
        ordered = _by_neighbours(layers[key], before, places)
        columns = -(-len(ordered) // tallest)
        rows = -(-len(ordered) // columns)
        for number, one in enumerate(ordered):
            column, row = divmod(number, rows)
            tall = min(rows, len(ordered) - column * rows)
            places[one.id] = (left + column * COLUMN_GAP, (2 * row - tall + 1) * ROW_GAP // 2)
        left += columns * COLUMN_GAP
    return places


def _depths(nodes: Mapping[str, Entry], before: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Return how many nodes of its own kind lead to each at most; a circle is entered at its nearest to a release."""
    after: dict[str, list[str]] = {}
    missing: dict[str, int] = {}
    for end in nodes:
        own = [start for start in before.get(end, ()) if nodes[start].kind == nodes[end].kind]
        missing[end] = len(own)
        for start in own:
            after.setdefault(start, []).append(end)
    order = {entry_id: (one.column, number) for number, (entry_id, one) in enumerate(nodes.items())}
    circles = sorted(nodes, key=order.__getitem__, reverse=True)
    ready = [(order[entry_id], entry_id) for entry_id, number in missing.items() if not number]
    heapify(ready)
    depths = dict.fromkeys(nodes, 0)
    done = set[str]()
    while len(done) < len(nodes):
        if ready:
            _, entry_id = heappop(ready)
        else:
            entry_id = circles.pop()
        if entry_id in done:
            continue
        done.add(entry_id)
        for end in after.get(entry_id, ()):
            missing[end] -= 1
            if end not in done:
                depths[end] = max(depths[end], depths[entry_id] + 1)
                if not missing[end]:
                    heappush(ready, (order[end], end))
    return depths


def _by_neighbours(
    layer: Sequence[Entry], before: Mapping[str, Sequence[str]], places: Mapping[str, tuple[int, int]]
) -> list[Entry]:
    """Return a layer from top to bottom: worst verdict first, then beside what each hangs on, several as one last."""

    def height(one: Entry) -> int:
        ys = [places[other][1] for other in before.get(one.id, ()) if other in places]
        return sum(ys) // len(ys) if ys else 0

    return sorted(
        layer, key=lambda one: (one.id.startswith("+"), VERDICTS.index(one.verdict), height(one), one.name, one.id)
    )
