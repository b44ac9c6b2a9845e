"""The graph that every engine is asked about, taken once from a graphkit graph through its port.

A node is a release, or a release with an extra; an edge leads to what one active requirement alone chooses at the
newest instant in the default environment (docs/semantics.md#environments), and, where it names extras that the chosen
release has, to those nodes too. So "which nodes reach this release" is one plain question, the same for all.

The choices are made here from columns, by other code than the walk's: their agreement says something.

    .venv/bin/python -m benchmarks.index.export GRAPH FOLDER
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.index.seeds import small_seeds
from graphkit.model.csr import distinct, spread
from graphkit.model.environment import Environment, MarkerEvaluator, extras_of
from graphkit.stores import port
from graphkit.stores.embedded.store import EmbeddedStore

WORST = ("certifi", "2023.7.22")
Rows = NDArray[np.int64]
Ids = NDArray[np.int32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plain:
    """A plain graph. Nodes below ``releases`` are release ids, those from it on releases with an extra.

    ``extra_release`` and ``extra_number`` say which, ``extras`` is the text of each number.
    """

    releases: int
    source: Ids
    target: Ids
    extra_release: Ids
    extra_number: Ids
    extras: tuple[str, ...]

    @property
    def nodes(self) -> int:
        """How many nodes there are."""
        return self.releases + len(self.extra_release)

    def write(self, folder: Path, **facts: Any) -> None:
        """Write arrays and facts to a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("source", "target", "extra_release", "extra_number"):
            np.save(folder / f"{name}.npy", getattr(self, name))
        known = {"releases": self.releases, "nodes": self.nodes, "edges": len(self.source), "extras": self.extras}
        (folder / "facts.json").write_text(json.dumps(known | facts), encoding="utf-8")


def listings(reader: port.Reader, at: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_], port.Flags]:
    """Return which releases are listed at an instant, which of them are not yanked, and the flags of all."""
    size = reader.generation().releases
    found = reader.releases(np.arange(size, dtype=np.int32))
    flags = found.file_flags
    evaluator = MarkerEvaluator(Environment(), "uv")
    needs = distinct(found.file_needs)
    usable = np.zeros(int(needs.max(initial=-1)) + 1, dtype=np.bool_)
    usable[needs] = [evaluator.installs(text) for text in reader.texts("needs", needs)]
    offered = usable[found.file_needs] & (((flags & port.FILE_TIME_KNOWN) == 0) | (found.file_uploaded <= at))
    dated = port.FILE_YANKED | port.FILE_YANK_DATED
    yanked = ((flags & dated) == dated) & (found.file_yanked_since <= at)
    owner = np.repeat(np.arange(size), np.diff(found.file_start))
    listed, fresh = (np.zeros(size, dtype=np.bool_) for _ in range(2))
    listed[owner[offered]] = True
    fresh[owner[offered & ~yanked]] = True
    return listed, fresh, found.flags


def _newest(columns: port.Ranges, able: NDArray[np.bool_]) -> Rows:
    """Return of each range the highest release inside it that is able, -1 for none."""
    upto = np.maximum.accumulate(np.where(able, np.arange(len(able)), -1))
    lo, hi = columns.lo.astype(np.int64), columns.hi.astype(np.int64)
    best = np.where(hi > lo, upto[hi - 1], -1)
    best[best < lo] = -1
    result = np.full(len(columns.flags), -1, dtype=np.int64)
    full = np.diff(columns.start) > 0
    if full.any():
        result[full] = np.maximum.reduceat(best, columns.start[:-1][full])
    return result


def choices(reader: port.Reader, columns: port.Ranges, at: int) -> tuple[Rows, NDArray[np.bool_]]:
    """Return the release that each range alone chooses, -1 for none, and which releases are listed."""
    listed, fresh, flags = listings(reader, at)
    readable = (flags & port.RELEASE_LEGACY) == 0
    final = readable & ((flags & port.RELEASE_PRERELEASE) == 0)
    pinned = (columns.flags & port.RANGE_PINNED) != 0
    chosen = np.full(len(pinned), -1, dtype=np.int64)
    for able, may in ((fresh & final, True), (fresh & readable, True), (listed & final, pinned)):
        chosen = np.where((chosen < 0) & may, _newest(columns, able), chosen)
    chosen = np.where((chosen < 0) & pinned, _newest(columns, listed & readable), chosen)
    chosen[(columns.flags & port.RANGE_UNREADABLE) != 0] = -1
    return chosen, listed


class _Numbers(dict[str, int]):
    """Extras by number; 0 is none."""

    def __missing__(self, extra: str) -> int:
        self[extra] = len(self)
        return self[extra]


def _dealt(ids: Ids, numbers: dict[int, list[int]]) -> tuple[Rows, Rows]:
    """Return (row, number): each row once for every number of its id."""
    size = max(numbers, default=-1) + 1
    counts = np.zeros(size, dtype=np.int64)
    counts[list(numbers)] = [len(found) for found in numbers.values()]
    flat = np.array([one for text_id in sorted(numbers) for one in numbers[text_id]], dtype=np.int64)
    stop = np.cumsum(counts)
    at, first = spread((stop - counts)[ids], stop[ids])
    return np.repeat(np.arange(len(ids), dtype=np.int64), np.diff(first)), flat[at]


def _active(reader: port.Reader, markers: port.TextIds, numbers: _Numbers) -> dict[int, list[int]]:
    """Return by marker under what it holds: [0] by itself, else the extras that make it hold."""
    evaluator = MarkerEvaluator(Environment())
    ids = distinct(markers)
    found = {}
    for marker_id, text in zip(ids.tolist(), reader.texts("marker", ids), strict=True):
        extras = [] if evaluator.truth(text) else [one for one in extras_of(text) if evaluator.truth(text, one)]
        found[marker_id] = [0] if evaluator.truth(text) else [numbers[one] for one in extras]
    return found


def plain_graph(reader: port.Reader) -> Plain:
    """Return the whole graph at the newest instant. Cost: every edge, once."""
    generation = reader.generation()
    size = np.int64(generation.releases)
    _, ids = reader.constraints_on(np.arange(generation.packages, dtype=np.int32))
    columns = reader.ranges(ids)
    chosen, listed = choices(reader, columns, generation.newest_fact)
    live = np.flatnonzero(chosen >= 0)
    declarers = reader.declarers(ids[live])
    numbers = _Numbers({"": 0})
    row, number = _dealt(declarers.marker, _active(reader, declarers.marker, numbers))
    ranges = np.repeat(live, np.diff(declarers.start))[row]
    users = reader.users(declarers.set[row])
    first, release = users.start, users.release.astype(np.int64)
    source = np.repeat(number, np.diff(first)) * size + release
    ranges = np.repeat(ranges, np.diff(first))[listed[release]]
    source = source[listed[release]]
    keys = distinct(source[source >= size])
    named = distinct(columns.extras)
    texts = zip(named.tolist(), reader.texts("extras", named), strict=True)
    aimed = {text_id: [numbers[one] for one in text.split(",") if one in numbers and one] for text_id, text in texts}
    with_extra, number = _dealt(columns.extras[ranges], aimed)
    asked = number * size + chosen[ranges[with_extra]]
    there = np.isin(asked, keys)
    source = _node(np.concatenate([source, source[with_extra[there]]]), keys, size)
    target = _node(np.concatenate([chosen[ranges], asked[there]]), keys, size)
    edges = distinct(source << 32 | target)
    return Plain(
        releases=int(size),
        source=(edges >> 32).astype(np.int32),
        target=(edges & 0xFFFFFFFF).astype(np.int32),
        extra_release=(keys % size).astype(np.int32),
        extra_number=(keys // size).astype(np.int32),
        extras=tuple(numbers),
    )


def _node(keys: Rows, extras: Rows, size: np.int64) -> Rows:
    return np.where(keys < size, keys, size + np.searchsorted(extras, keys))


def release_of(reader: port.Reader, name: str, version: str) -> int | None:
    """Return the id of a release, None where the graph has none such."""
    package_ids = reader.package_ids([name])
    if package_ids[0] < 0:
        return None
    about = reader.packages(package_ids)
    releases = np.arange(about.start[0], about.stop[0], dtype=np.int32)
    versions = list(reader.releases(releases).version)
    return int(releases[versions.index(version)]) if version in versions else None


def spelled(reader: port.Reader, release: int) -> str:
    """Return ``name==version``."""
    found = reader.releases(np.array([release], dtype=np.int32))
    return f"{reader.packages(found.package).name[0]}=={found.version[0]}"


def main() -> None:
    """Export a graph, and choose whom to ask about."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("graph")
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    reader = EmbeddedStore(given.graph).reader()
    start = time.perf_counter()
    graph = plain_graph(reader)
    took = time.perf_counter() - start
    worst = release_of(reader, *WORST)
    if worst is None:
        worst = int(np.bincount(graph.target, minlength=1)[: graph.releases].argmax())
    small = small_seeds(graph.source, graph.target, graph.nodes, graph.releases)
    graph.write(given.folder, worst=worst, small=small)
    some = small[len(small) // 2][0] if small else worst
    names = {"worst": spelled(reader, worst), "small": spelled(reader, some)}
    sizes = {"releases": graph.releases, "nodes": graph.nodes, "edges": len(graph.source)}
    print(json.dumps({"seconds": took} | sizes | names))


if __name__ == "__main__":
    main()
