"""The graph on a Neo4j server: an online push, an offline import, and closures asked level by level.

    make bench-all OPTIONS='--parts neo4j --packages 20000 --whole'

Starts a server from Maven's artifacts as the tests do (`tests/neo4j_server.py`). The real case is asked of the server
and of a graph in a folder, as commands that write their answers; a made-up fleet is ingested by 1, 2 and 4 writers. A
graph is built of N packages of the Parquet file and pushed, and the same relationships are written by a plain `UNWIND
$pairs MATCH MATCH CREATE` in batches of 50,000, in the same run. ``--whole`` exports the whole index, imports it
offline, and asks the worst closure of it and small ones, beside a plain frontier query; that takes some 25 minutes and
8 GB of disk.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, LiteralString

import duckdb
import neo4j
import numpy as np

from benchmarks.figures.commands import Command, blast, figure_of, graphkit, in_turns, module, output_of, run, who_has
from benchmarks.figures.plan import Plan
from benchmarks.figures.results import Figure, beside
from benchmarks.figures.starts import CASE
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

DOCUMENTS: Final = 2_000
"""Documents of the fleet that is ingested, of 50 components each."""
_FIRST: Final = 400
"""Documents that a new server is given before: until then Java compiles what it runs."""
WRITERS: Final = (1, 2, 4)
_ROUNDS: Final = 3
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


def pushed(plan: Plan, folder: Path) -> Iterator[Figure]:
    """Yield what a push takes, beside pairs one by one."""
    graph = built(first_packages(plan.parquet, plan.packages, folder), folder / "graph")
    nodes, pairs = links(graph)
    with running(folder / "home", heap="2g", pages="512m", measured=True) as address:
        slow = plain(address, nodes, pairs)
        split = Split()
        fast, _ = timed(lambda: push_graph(str(graph), address, progress=split))
        split(0, None, "")
    without = "start of processes and server"
    pair_by_pair = Figure(
        name="relationships, pair by pair",
        of="plain client",
        kind="kernel",
        value=slow,
        size=len(pairs),
        each="relationships",
        leaves_out=f"{without}, nodes, properties",
    )
    yield beside(pair_by_pair, pair_by_pair)
    own = Figure(
        name="push, its relationships",
        of="graphkit",
        kind="kernel",
        value=split.links,
        size=len(pairs),
        each="relationships",
        leaves_out=f"{without}, nodes",
    )
    yield beside(own, pair_by_pair)
    whole = Figure(
        name="push, nodes with properties and relationships",
        of="graphkit",
        kind="kernel",
        value=fast,
        size=len(nodes) + len(pairs),
        leaves_out=without,
    )
    yield beside(whole, pair_by_pair)


def offline(plan: Plan, folder: Path) -> Iterator[Figure]:
    """Yield what the whole index takes."""
    graph = built(plan.parquet, folder / "graph")
    took, _ = timed(lambda: export_graph(str(graph), str(folder / "csv")))
    yield _step("export of the whole index", took)
    size = sum(path.stat().st_size for path in (folder / "csv").iterdir())
    yield Figure(name="export of the whole index", of="graphkit", kind="size", value=size / 1e6, unit="MB")
    took, _ = timed(lambda: imported(folder / "home", folder / "csv"))
    yield _step("offline import of the whole index", took)
    with running(folder / "home", heap="4g", pages="2g", measured=True) as address:
        took, _ = timed(lambda: push_graph(str(graph), address))
        yield _step("keys of labels after it", took)
        yield from closures(address)


def _step(name: str, seconds: float, size: int | None = None, of: str = "graphkit") -> Figure:
    without = "start of processes and server, verdicts, JSON"
    return Figure(name=name, of=of, kind="kernel", value=seconds, size=size, leaves_out=without)


def closures(address: str) -> Iterator[Figure]:
    """Yield closures asked by the port and by a plain frontier query; the first of each pays for cold pages."""
    store = open_store(address)
    for name in _NAMES:
        for time_ in ("first", "second"):
            took, (version, count) = timed(lambda name=name: by_port(store, name))  # type: ignore[misc]
            own = _step(f"closure of {name}, {time_} time", took, count)
            took, count = timed(lambda name=name, version=version: plain_frontier(address, name, version))  # type: ignore[misc]
            peer = _step(f"closure of {name}, {time_} time", took, count, "plain frontier query")
            yield beside(own, peer)
            yield beside(peer, peer)
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


def case(folder: Path) -> Iterator[Figure]:
    """Yield the real case, asked of a server and of a folder as commands; the client's own cache is empty at first."""
    graph, answer = folder / "graph", folder / "answer.json"
    run(graphkit("demo", "--graph", str(graph), "--output", str(folder / "report.html"), "--quiet"))
    os.environ["XDG_CACHE_HOME"] = str(folder / "cache")
    with running(folder / "home", heap="2g", pages="512m", measured=True) as address:
        run(graphkit("neo4j", "push", "--graph", str(graph), "--to", address, "--quiet"))
        for verb, there, here in (
            ("blast", blast(address, CASE, answer), blast(graph, CASE, answer)),
            ("who-has", who_has(address, "litellm", answer), who_has(graph, "litellm", answer)),
        ):

            def forget() -> None:
                shutil.rmtree(folder / "cache", ignore_errors=True)

            pushed_before = "the push"
            found = in_turns(
                [
                    Command(name=f"{verb}, embedded", of="graphkit", words=here, leaves_out="the ingest"),
                    Command(
                        name=f"{verb}, first question of a client",
                        of="graphkit on Neo4j",
                        words=there,
                        before=forget,
                        leaves_out=pushed_before,
                    ),
                    Command(
                        name=f"{verb}, next question",
                        of="graphkit on Neo4j",
                        words=there,
                        leaves_out=pushed_before,
                    ),
                ],
                _ROUNDS,
            )
            for one in found.values():
                yield beside(one, found[f"{verb}, embedded"], "embedded")


def writers(folder: Path) -> Iterator[Figure]:
    """Yield the ingest of a made-up fleet by 1, 2 and 4 processes at once, each with its share of the documents."""
    fleet = folder / "fleet"
    made = ("--documents", str(DOCUMENTS + _FIRST), "--components", "50", "--made-up")
    output_of(module("benchmarks.documents.fleet", "--output", str(fleet), *made))
    files = sorted(fleet.rglob("*.json"))
    first_ones = folder / "first"
    first_ones.mkdir()
    for file in files[:_FIRST]:
        file.rename(first_ones / file.name)
    files = files[_FIRST:]
    words = graphkit("ingest", "sbom", str(fleet), "--graph", str(folder / "embedded"), "--quiet")
    embedded = figure_of(
        Command(
            name="ingest, embedded", of="graphkit", words=words, leaves_out="compiling for questions", each="documents"
        ),
        [run(words)],
        DOCUMENTS,
    )
    yield beside(embedded, embedded, "embedded")
    first: Figure | None = None
    for count in WRITERS:
        shares = [folder / f"share-{count}-{number}" for number in range(count)]
        for number, share in enumerate(shares):
            share.mkdir()
            for file in files[number::count]:
                (share / file.name).hardlink_to(file)  # links out of a folder are not followed
        with running(folder / f"home-{count}", heap="2g", pages="512m", measured=True) as address:
            run(graphkit("ingest", "sbom", str(first_ones), "--graph", address, "--quiet"))
            orders = [graphkit("ingest", "sbom", str(one), "--graph", address, "--quiet") for one in shares]
            with ThreadPoolExecutor(count) as pool:
                took, _ = timed(lambda pool=pool, orders=orders: list(pool.map(run, orders)))  # type: ignore[misc]
        one = Figure(
            name=f"ingest, {count} writers" if count > 1 else "ingest, 1 writer",
            of="graphkit on Neo4j",
            kind="command",
            value=took,
            size=DOCUMENTS,
            each="documents",
            leaves_out=f"start of the server and its first {_FIRST} documents",
        )
        yield beside(one, embedded, "embedded")
        first = first or one
        yield beside(replace(one, name=f"{one.name}, beside one writer"), first, "one writer")


def figures(plan: Plan) -> Iterator[Figure]:
    """Yield the figures of this part."""
    os.environ["NEO4J_PASSWORD"] = PASSWORD
    yield from case(plan.folder("case"))
    yield from writers(plan.folder("writers"))
    if not plan.parquet.exists():
        plan.missing.append(f"push beside a plain client: there is no {plan.parquet.name}")
        return
    yield from pushed(plan, plan.folder("pushed"))
    if plan.whole:
        yield from offline(plan, plan.folder("offline"))
    else:
        plan.missing.append("the whole index on a server (--whole)")
