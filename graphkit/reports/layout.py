"""Where each node stands: layers from left to right, computed once, so that a picture is the same every time."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from graphkit.reports.content import COMPANY, KINDS, PACKAGE, Content, Entry

MOST_DRAWN: Final = 2_000
"""How many nodes a picture has at most; the rest stand behind counted ones, and all in the table."""
_GROUPS: Final = 24
"""How many nodes a kind and verdict has where there are too many to draw them all: what a person can look through."""
TALLEST: Final = 24
"""How many nodes stand in one column before another is begun beside it; more where there are very many."""
LAYER_GAP: Final = 330
COLUMN_GAP: Final = 250
ROW_GAP: Final = 80

_ORDER: Final = (
    "compromised",
    "observed",
    "replayed",
    "stated",
    "picked",
    "supplier",
    "admitted",
    "nominated",
    "older",
    "unknown",
    "cleared",
    "none",
)
VERDICTS: Final = _ORDER
"""Every verdict that an entry can have, worst first."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedNode:
    """A drawn node: an entry, or a cluster of ``count`` entries of one kind and verdict, ``label`` what they share."""

    id: str
    kind: str
    verdict: str
    label: str
    x: int
    y: int
    count: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """Nodes and links as they are drawn. ``at`` names the node that stands for each entry."""

    spots: tuple[PlacedNode, ...]
    links: tuple[tuple[str, str, str], ...]
    at: Mapping[str, str]


def picture(content: Content, most: int = MOST_DRAWN) -> Picture:
    """Return the drawn nodes with their places: releases left, then packages by distance, services, companies.

    In a column nodes stand near what they hang on. Cost: nodes and links, sorted once per layer.
    """
    at, clusters = _clustered(content, most)
    entries = content.entries
    nodes: dict[str, Entry] = {entry_id: entries[entry_id] for entry_id in at if at[entry_id] == entry_id}
    nodes |= clusters
    links: dict[tuple[str, str], str] = {}
    for (start, end), why in content.links.items():
        pair = (at[start], at[end])
        if pair[0] != pair[1]:
            links.setdefault(pair, why if pair == (start, end) else "")
    places = _places(nodes, links)
    counts = Counter(at.values())
    spots = tuple(
        PlacedNode(
            id=entry_id,
            kind=one.kind,
            verdict=one.verdict,
            label=one.name,
            x=places[entry_id][0],
            y=places[entry_id][1],
            count=counts[entry_id],
        )
        for entry_id, one in nodes.items()
    )
    return Picture(spots=spots, links=tuple((start, end, why) for (start, end), why in links.items()), at=at)


def _clustered(content: Content, most: int) -> tuple[dict[str, str], dict[str, Entry]]:
    """Return which node stands for each entry, and the clusters.

    Where there are too many to draw, kinds and verdicts with few entries show them all. The others show their largest
    groups, services by company or owner, packages by what they hang on, companies by supplier; one node has the rest.
    """
    entries = list(content.entries.values())
    if len(entries) <= most:
        return {one.id: one.id for one in entries}, {}
    room = min(most // (len(KINDS) * len(_ORDER)), _GROUPS)  # for each kind and verdict
    classes: dict[tuple[str, str], list[Entry]] = {}
    for one in entries:
        classes.setdefault((one.kind, one.verdict), []).append(one)
    at: dict[str, str] = {}
    clusters: dict[str, Entry] = {}
    for (kind, verdict), members in classes.items():
        if len(members) <= room:
            at |= {one.id: one.id for one in members}
            continue
        groups: dict[str, list[Entry]] = {}
        for one in members:
            groups.setdefault(one.group, []).append(one)
        rest = groups.pop("", [])
        order = sorted(groups, key=lambda name: (-len(groups[name]), name))
        named = order[: max(room - 1, 0)]
        rest += [one for name in order[len(named) :] for one in groups[name]]
        for number, (name, inside) in enumerate([*((name, groups[name]) for name in named), ("", rest)]):
            if len(inside) == 1:
                at[inside[0].id] = inside[0].id
            elif inside:
                cluster_id = f"+{kind}-{verdict}-{number}"
                slots = sorted({slot for one in inside for slot in one.slots})
                column = inside[0].column
                clusters[cluster_id] = Entry(
                    id=cluster_id, kind=kind, name=name, verdict=verdict, column=column, slots=slots
                )
                at |= {one.id: cluster_id for one in inside}
    return at, clusters


def _places(nodes: Mapping[str, Entry], links: Iterable[tuple[str, str]]) -> dict[str, tuple[int, int]]:
    """Return x and y of each node; layers are kinds, packages and companies one layer per distance."""
    before: dict[str, list[str]] = {}
    for start, end in links:
        before.setdefault(end, []).append(start)
    layers: dict[tuple[int, int], list[Entry]] = {}
    for one in nodes.values():
        column = one.column if one.kind in {PACKAGE, COMPANY} else 0
        layers.setdefault((KINDS.index(one.kind), column), []).append(one)
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
        left += (columns - 1) * COLUMN_GAP + LAYER_GAP
    return places


def _by_neighbours(
    layer: Sequence[Entry], before: Mapping[str, Sequence[str]], places: Mapping[str, tuple[int, int]]
) -> list[Entry]:
    """Return a layer from top to bottom: worst verdict first, then beside what each node hangs on."""

    def height(one: Entry) -> int:
        ys = [places[other][1] for other in before.get(one.id, ()) if other in places]
        return sum(ys) // len(ys) if ys else 0

    return sorted(layer, key=lambda one: (_ORDER.index(one.verdict), height(one), one.name, one.id))
