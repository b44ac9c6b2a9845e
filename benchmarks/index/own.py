"""graphkit's part, each command in a process of its own: build a graph, and ask it what the peers are asked.

.venv/bin/python -m benchmarks.index.own build GRAPH PARQUET
.venv/bin/python -m benchmarks.index.own change GRAPH
.venv/bin/python -m benchmarks.index.own ask GRAPH EXPORT
.venv/bin/python -m benchmarks.index.own worst GRAPH COPIES
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.index.export import WORST, choices, release_of
from benchmarks.index.peers import REPEATS, digest
from benchmarks.index.sizes import SIZES
from graphkit.api import open_graph
from graphkit.model.csr import distinct
from graphkit.model.environment import Environment
from graphkit.model.index import File, FileKind, MetadataSource, ProjectPage, ReleaseFiles, ReleaseMetadata
from graphkit.model.names import package_name
from graphkit.model.requirements import requirement
from graphkit.stores import port
from graphkit.stores.embedded.store import EmbeddedStore
from graphkit.trace.reach.nominate import Closures, ReachMode, closure_of, reverse
from graphkit.trace.reach.reached import ReachedReleases
from graphkit.trace.resolve.availability_table import AvailabilityTable
from graphkit.trace.resolve.world import World

SLOTS = (1, 8, 64)
_SEED = 20230907
_CHANGED = "graphkit-benchmark-changed"
_TRIED = 2000
_EACH = 24
Seeds = dict[port.PackageId, list[port.Position]]


def build(graph: str, parquet: str) -> dict[str, Any]:
    """Ingest Parquet and compile it; return seconds, and what is on disk for how many rows."""
    start = time.perf_counter()
    with open_graph(graph, create=True) as opened:
        done = opened.ingest("parquet", [parquet], unknown_times="listed")
    ingested = time.perf_counter()
    if done.rejected:
        raise SystemExit(f"rejected: {done.rejected}")
    store = EmbeddedStore(graph)
    reader = store.reader()
    ready = time.perf_counter()
    generation = reader.generation()
    every = np.arange(generation.releases, dtype=port.RELEASE)
    sets = distinct(reader.releases(every).requirement_set)
    members = len(reader.requirements(sets[sets >= 0]).range)
    store.close()
    return {
        "ingest": ingested - start,
        "compile": ready - ingested,
        "packages": generation.packages,
        "releases": generation.releases,
        "members": members,
        "index": _size(Path(graph, "index")),
        "record": _size(Path(graph)) - _size(Path(graph, "index")),
    }


def change(graph: str) -> dict[str, Any]:
    """Put a page and its release's requirements into a graph; return seconds until it answers again.

    The package is one that nothing requires, so that answers stay as they were.
    """
    package = package_name(_CHANGED)
    page = ProjectPage(
        package=package,
        spelling=_CHANGED,
        releases=(ReleaseFiles(version="1.0", files=(File(filename="", kind=FileKind.UNKNOWN, uploaded=1),)),),
        read_at=1,
        source="benchmark",
    )
    wanted = (requirement("certifi>2000"), requirement("numpy<3"))
    said = ReleaseMetadata(package=package, version="1.0", requirements=wanted, source=MetadataSource.CORE_METADATA)
    store = EmbeddedStore(graph)
    store.reader()
    start = time.perf_counter()
    store.record([page, said])
    kept = time.perf_counter()
    reader = store.reader()
    ready = time.perf_counter()
    found = reader.package_ids([_CHANGED])
    store.close()
    if found[0] < 0:
        raise SystemExit("the changed package is not in the index")
    return {"record": kept - start, "compile": ready - kept}


def _size(folder: Path) -> int:
    return sum(one.stat().st_size for one in folder.rglob("*") if one.is_file())


def _opened(graph: str) -> World:
    return World(EmbeddedStore(graph).reader(), Environment(), "uv", (), {})


def _seeds(reader: port.Reader, releases: Sequence[int]) -> Seeds:
    """Return positions by package."""
    packages = reader.releases(np.array(releases, dtype=port.RELEASE)).package
    start = reader.packages(packages).start.tolist()
    found: Seeds = {}
    for release, package_id, first in zip(releases, packages.tolist(), start, strict=True):
        found.setdefault(package_id, []).append(port.Position(release - first))
    return found


def _rounds(work: Callable[[], ReachedReleases]) -> tuple[list[float], ReachedReleases]:
    """Return the seconds of some rounds, after one that is not counted, and what came of the last."""
    seconds, found = [], work()
    for _ in range(REPEATS):
        start = time.perf_counter()
        found = work()
        seconds.append(time.perf_counter() - start)
    return seconds, found


def _median(work: Callable[[], ReachedReleases]) -> tuple[float, ReachedReleases]:
    seconds, found = _rounds(work)
    return float(np.median(seconds)), found


def ask(graph: str, export: str) -> dict[str, Any]:
    """Ask about all seeds of an export; return seconds and answers, as the peers do, and what else is of interest."""
    start = time.perf_counter()
    world = _opened(graph)
    load = time.perf_counter() - start
    folder = Path(export)
    facts = json.loads((folder / "facts.json").read_text(encoding="utf-8"))
    release, number = (np.load(folder / f"extra_{name}.npy") for name in ("release", "number"))
    owner = world.reader.releases(release).package
    newest = world.reader.generation().newest_fact
    found: dict[str, Any] = {"load": load, "answers": []}
    for one in (facts["worst"], *(seed for seed, _ in facts["small"])):
        seeds = _seeds(world.reader, [one])
        seconds, reached = _rounds(lambda seeds=seeds: _nominated(world, seeds, [newest]))  # type: ignore[misc]
        near = np.flatnonzero(np.isin(owner, reached.with_extras()[0]))
        extras = [facts["extras"][one] for one in number[near].tolist()]
        with_extra = near[reached.masks_of(extras, release[near].astype(np.int64)) != 0]
        nodes = np.concatenate([np.flatnonzero(reached.plain), facts["releases"] + with_extra])
        sha256, size = digest(nodes, one)
        found["answers"].append({"seconds": seconds, "sha256": sha256, "nodes": size})
    return found | _further(world, facts["worst"], newest)


def _nominated(world: World, seeds: Seeds, instants: Sequence[int]) -> ReachedReleases:
    """Ask at instants that were never asked about: what was on offer is part of the question."""
    return _made(reverse(world, seeds, AvailabilityTable(world, instants, doubtful=True), ReachMode.NOMINATED))


def _made(reached: ReachedReleases) -> ReachedReleases:
    """Have the releases made, which belongs to what the peers are asked."""
    assert len(reached.plain)
    return reached


def _closure(world: World, seeds: Seeds) -> ReachedReleases:
    """Walk a closure anew: a world remembers it."""
    world.memory_of(Closures).clear()
    return closure_of(world, seeds)


def _while_listed(reader: port.Reader, release: int) -> tuple[int, int]:
    """Return from when a release came until the end of the days for which the index knows many uploads.

    The very newest fact may be months after those: nothing changes there, so it would measure nothing.
    """
    every = reader.releases(np.arange(reader.generation().releases, dtype=port.RELEASE))
    known = (every.file_flags & port.FILE_TIME_KNOWN) != 0
    late, end = np.quantile(every.file_uploaded[known], (0.9, 0.999))
    own = reader.releases(np.array([release], dtype=port.RELEASE)).file_uploaded.max(initial=0)
    return int(own if 0 < own < end else late), int(end)


def _further(world: World, release: int, newest: int) -> dict[str, list[float]]:
    """Return seconds of the other questions about the worst release; ``slots_N`` asks at N instants at once."""
    seeds = _seeds(world.reader, [release])
    start, end = _while_listed(world.reader, release)
    many = {count: [int(at) for at in np.linspace(end, start, count)][::-1] for count in SLOTS}
    availability = AvailabilityTable(world, [newest], doubtful=True)
    found = {f"slots_{n}": _rounds(lambda at=at: _nominated(world, seeds, at))[0] for n, at in many.items()}  # type: ignore[misc]
    for count in SLOTS[:2]:
        same = AvailabilityTable(world, many[count], doubtful=True)
        found[f"again_{count}"] = _rounds(lambda same=same: _made(reverse(world, seeds, same, ReachMode.NOMINATED)))[0]  # type: ignore[misc]
    return found | {
        "admitted": _rounds(lambda: _made(reverse(world, seeds, availability, ReachMode.ADMITTED)))[0],
        "closure": _rounds(lambda: _made(_closure(world, seeds)))[0],
        "closure_alone": _rounds(lambda: _closure(world, seeds))[0],
    }


def worst(graph: str, copies: int) -> dict[str, Any]:
    """Ask about the worst release, of one copy of the index and of all; and about some that few reach."""
    world = _opened(graph)
    reader = world.reader
    newest = reader.generation().newest_fact
    names = [WORST[0], *(f"{WORST[0]}-c{number}" for number in range(1, copies))]
    releases = [release_of(reader, name, WORST[1]) for name in names]
    known = [one for one in releases if one is not None]
    one, reached = _median(lambda: _nominated(world, _seeds(reader, known[:1]), [newest]))
    every, reached_all = _median(lambda: _nominated(world, _seeds(reader, known), [newest]))
    small = _small(world, newest)
    return {"one": one, "nodes": _nodes(reached), "every": every, "every_nodes": _nodes(reached_all), "small": small}


def _nodes(reached: ReachedReleases) -> int:
    return int(np.count_nonzero(reached.plain))


def _small(world: World, newest: int) -> list[float]:
    """Return median milliseconds by size of the answer, of releases that some range chooses."""
    reader = world.reader
    _, ids = reader.constraints_on(np.arange(world.packages, dtype=np.int32))
    chosen, _ = choices(reader, reader.ranges(ids), newest)
    asked = np.random.default_rng(_SEED).permutation(distinct(chosen[chosen >= 0]))
    times: list[list[float]] = [[] for _ in SIZES]
    for release in asked[:_TRIED].tolist():
        seeds = _seeds(reader, [release])
        nodes = _nodes(_nominated(world, seeds, [newest]))
        for bucket, (least, most) in zip(times, SIZES, strict=True):
            if least <= nodes <= most and len(bucket) < _EACH:
                bucket.append(_median(lambda seeds=seeds: _nominated(world, seeds, [newest]))[0])  # type: ignore[misc]
        if all(len(bucket) == _EACH for bucket in times):
            break
    return [float(np.median(bucket)) if bucket else float("nan") for bucket in times]


def main() -> None:
    """Do what the words say, and print one line of JSON."""
    what, graph, *rest = sys.argv[1:]
    if what == "build":
        found = build(graph, rest[0])
    elif what == "change":
        found = change(graph)
    elif what == "ask":
        found = ask(graph, rest[0])
    else:
        found = worst(graph, int(rest[0]))
    print(json.dumps(found))


if __name__ == "__main__":
    main()
