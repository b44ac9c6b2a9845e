"""The graph on a Neo4j server: an online push, an offline import, and closures asked level by level.

    .venv/bin/python -m benchmarks.neo4j.run [--parquet FILE] [--packages N] [--whole]

Starts a server from Maven's artifacts as the tests do (`tests/neo4j_server.py`). A graph is built of N packages of the
Parquet file and pushed, and the same relationships are written by a plain `UNWIND $pairs MATCH MATCH CREATE` in batches
of 50,000, in the same run. ``--whole`` exports the whole index, imports it offline, and asks the
worst closure of it and small ones, beside a plain frontier query; that takes some 25 minutes and 8 GB of disk.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, LiteralString

import duckdb
import neo4j
import numpy as np

from benchmarks.index.run import PARQUET
from graphkit.api import open_graph
from graphkit.api.neo4j import export_graph, push_graph
from graphkit.model.environment import Environment
from graphkit.stores import open_store
from graphkit.stores.engine.record import Record
from graphkit.stores.neo4j.server import chunks
from graphkit.stores.neo4j.tables import Tables
from graphkit.stores.port import PackageId, Position, Store
from graphkit.trace.reach.nominate import closure_of
from graphkit.trace.resolve.world import World
from tests.neo4j_server import PASSWORD, imported, running, settings

_BATCH: Final = 50_000
_PAIRS: Final = (
    "UNWIND $pairs AS pair MATCH (a:Plain {id: pair[0]}) MATCH (b:Plain {id: pair[1]}) CREATE (a)-[:LEADS]->(b)"
)
_NAMES: Final = ("certifi", "litellm", "dspy-ai")
_NODES: Final = "UNWIND $ids AS id CREATE (:Plain {id: id})"
_FRONTIER: Final = """
UNWIND $ids AS id MATCH (x:Release {id: id})-[:RELEASE_OF]->(p:Package)<-[:ON]-(g:Range)
WHERE any(i IN range(0, size(coalesce(g.lo, [])) - 1) WHERE g.lo[i] <= x.position < g.hi[i])
MATCH (g)<-[:REQUIRES]-(:RequirementSet)<-[:DECLARES]-(r:Release) RETURN DISTINCT r.id AS id
"""


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return seconds and what came of it."""
    start = time.perf_counter()
    found = work()
    return time.perf_counter() - start, found


def first_packages(parquet: Path, count: int, folder: Path) -> Path:
    """Write the rows of so many packages, those first by name, to a Parquet file of their own."""
    part = folder / "part.parquet"
    names = f"SELECT DISTINCT name FROM read_parquet('{parquet}') ORDER BY hash(name), name LIMIT {int(count)}"
    rows = f"SELECT * FROM read_parquet('{parquet}') SEMI JOIN ({names}) USING (name)"
    duckdb.execute(f"COPY ({rows}) TO '{part}' (FORMAT parquet)")
    return part


def built(parquet: Path, folder: Path) -> Path:
    """Return a graph of a Parquet file."""
    with open_graph(str(folder), create=True) as graph:
        graph.ingest("parquet", [str(parquet)], unknown_times="listed")
    return folder


def links(graph: Path) -> tuple[list[str], list[list[str]]]:
    """Return the ids of all nodes of a graph, and its relationships as pairs of them."""
    record = Record(graph / "graph.duckdb")
    nodes: list[str] = []
    pairs: list[list[str]] = []
    for part in Tables(record).parts():
        if part.name.isupper():
            pairs += [[f"{near}", f"{far}"] for near, far, _ in part.rows()]
        else:
            nodes += [row["id"] for row in part.rows()]
    record.close()
    return sorted(set(nodes)), pairs


def plain(address: str, nodes: Sequence[str], pairs: Sequence[list[str]]) -> float:
    """Return the seconds that the same relationships take, pair by pair, between nodes that are there."""
    with neo4j.GraphDatabase.driver(address, **settings()) as driver, driver.session() as session:
        session.run("CREATE CONSTRAINT plain IF NOT EXISTS FOR (n:Plain) REQUIRE n.id IS UNIQUE").consume()
        for some in chunks(nodes, _BATCH):
            session.execute_write(_run, _NODES, ids=some)
        start = time.perf_counter()
        for batch in chunks(pairs, _BATCH):
            session.execute_write(_run, _PAIRS, pairs=batch)
        seconds = time.perf_counter() - start
        session.run("MATCH (n:Plain) CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 5000 ROWS").consume()
    return seconds


def _run(transaction: neo4j.ManagedTransaction, /, statement: LiteralString, **parameters: Any) -> None:
    transaction.run(statement, parameters).consume()


class Split:
    """Takes the progress of a push, and tells the seconds of its relationships."""

    def __init__(self) -> None:
        self.links = 0.0
        self._name, self._since = "", time.perf_counter()

    def __call__(self, done: int, total: int | None, what: str) -> None:  # noqa: ARG002 - as progress is told
        """Note that a part begins."""
        now = time.perf_counter()
        if self._name.isupper():
            self.links += now - self._since
        self._name, self._since = what.partition(" ")[0], now


def online(parquet: Path, packages: int, folder: Path) -> Iterator[tuple[str, str]]:
    """Yield what a push takes, beside pairs one by one."""
    graph = built(first_packages(parquet, packages, folder), folder / "graph")
    nodes, pairs = links(graph)
    with running(folder / "home", heap="2g", pages="512m") as address:
        slow = plain(address, nodes, pairs)
        split = Split()
        fast, _ = timed(lambda: push_graph(str(graph), address, progress=split))
        split(0, None, "")
    yield "nodes; relationships", f"{len(nodes):,}; {len(pairs):,}"
    yield "relationships alone, pair by pair, a second", f"{len(pairs) / slow:,.0f}"
    yield "those of the push alone, a second", f"{len(pairs) / split.links:,.0f}"
    yield "whole push (nodes, properties and relationships), relationships a second", f"{len(pairs) / fast:,.0f}"
    yield "nodes and relationships a second", f"{(len(nodes) + len(pairs)) / fast:,.0f}"


def offline(parquet: Path, folder: Path) -> Iterator[tuple[str, str]]:
    """Yield what the whole index takes."""
    took, graph = timed(lambda: built(parquet, folder / "graph"))
    yield "Parquet to record, s", f"{took:.0f}"
    took, _ = timed(lambda: export_graph(str(graph), str(folder / "csv")))
    size = sum(path.stat().st_size for path in (folder / "csv").iterdir())
    yield "export, s; GB", f"{took:.0f}; {size / 1e9:.1f}"
    took, _ = timed(lambda: imported(folder / "home", folder / "csv"))
    yield "offline import, s", f"{took:.0f}"
    with running(folder / "home", heap="4g", pages="2g") as address:
        took, _ = timed(lambda: push_graph(str(graph), address))
        yield "keys of labels, s", f"{took:.0f}"
        yield from closures(address)


def closures(address: str) -> Iterator[tuple[str, str]]:
    """Yield closures asked by the port and by a plain frontier query; the first of each pays for cold pages."""
    store = open_store(address)
    for name in _NAMES:
        for number in (1, 2):
            took, (version, count) = timed(lambda name=name: by_port(store, name))  # type: ignore[misc]
            yield f"{name}=={version}, port, time {number}, s; releases", f"{took:.2f}; {count:,}"
            took, count = timed(lambda name=name, version=version: plain_frontier(address, name, version))  # type: ignore[misc]
            yield f"{name}=={version}, plain frontier query, time {number}, s; releases", f"{took:.2f}; {count:,}"
    store.close()


def by_port(store: Store, name: str) -> tuple[str, int]:
    """Return the newest version of a package, and how many releases lead to it at any time."""
    world = World(store.reader(), Environment(), "uv", (), {})
    about = world.reader.packages(world.reader.package_ids([name]))
    package_id = PackageId(int(world.reader.package_ids([name])[0]))
    reached = closure_of(world, {package_id: [Position(int(about.newest[0] - about.start[0]))]})
    version = world.reader.releases(about.newest).version[0]
    return version, int(np.count_nonzero(reached.plain))


def plain_frontier(address: str, name: str, version: str) -> int:
    """Return how many releases a plain query reaches, a frontier at a time, by the ids of releases."""
    seen = {f"{name}@{version}"}
    frontier = sorted(seen)
    with neo4j.GraphDatabase.driver(address, **settings()) as driver, driver.session() as session:
        while frontier:
            found = session.execute_read(lambda tx: tx.run(_FRONTIER, ids=frontier).value())  # noqa: B023
            frontier = sorted(set(found) - seen)
            seen |= set(frontier)
    return len(seen)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parquet", type=Path, default=PARQUET)
    parser.add_argument("--packages", type=int, default=20_000)
    parser.add_argument("--whole", action="store_true")
    given = parser.parse_args(arguments)
    os.environ["NEO4J_PASSWORD"] = PASSWORD
    with tempfile.TemporaryDirectory(prefix="graphkit-bench-") as name:
        rows = offline(given.parquet, Path(name)) if given.whole else online(given.parquet, given.packages, Path(name))
        for what, found in rows:
            print(f"| {what} | {found} |", flush=True)


if __name__ == "__main__":
    main()
