"""The one table that says how graphkit does beside others: each of its figures with that of a peer in the same part.

A row names both by what the part that measured them calls them. One without its figure of graphkit is left out; a peer
that was not measured is said to be missing by the part.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from benchmarks.figures.results import Figure, Part

ENGINES: Final = ("SciPy", "igraph", "rustworkx", "networkx", "DuckDB", "LadybugDB")
"""Those that are asked what reaches a release of the whole index."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What is compared: a figure of graphkit and those of peers, each by its name and whose it is.

    ``size`` is that of all of them, None where they have none or each has its own.
    """

    what: str
    part: str
    name: str
    beside: tuple[tuple[str, str], ...]
    of: str = "graphkit"
    size: int | None = None


def _each_engine(name: str) -> tuple[tuple[str, str], ...]:
    return tuple((name, engine) for engine in ENGINES)


ROWS: Final = (
    Row(
        what="the real case, whole answer as JSON, from a cold start",
        part="starts",
        name="blast litellm-2026-03 as JSON",
        beside=(("idle start", "graphkit --help"), ("pip --version", "pip")),
    ),
    Row(
        what="who has it, in 4,000 SBOMs, as JSON, from a cold start",
        part="fleet",
        name="who-has as JSON",
        size=4_000,
        beside=(("grep -rl", "grep"), ("scan", "osv-scanner")),
    ),
    Row(
        what="who was hit, in 4,000 SBOMs, as JSON, from a cold start",
        part="fleet",
        name="blast as JSON",
        size=4_000,
        beside=(("grep -rl", "grep"), ("scan", "osv-scanner")),
    ),
    Row(
        what="4,000 SBOMs read and stored",
        part="fleet",
        name="ingest",
        size=4_000,
        beside=(("json.loads loop", "python"), ("parsing", "cyclonedx-python-lib"), ("scan", "osv-scanner")),
    ),
    Row(
        what="all that reaches the worst release of the whole index (kernel)",
        part="index",
        name="worst question",
        beside=_each_engine("worst question"),
    ),
    Row(
        what="a question that reaches 101 to 1,000 of it (kernel)",
        part="index",
        name="question that reaches 101 to 1,000",
        beside=_each_engine("question that reaches 101 to 1,000"),
    ),
    Row(
        what="the whole index opened for questions (kernel)",
        part="index",
        name="load",
        beside=_each_engine("load"),
    ),
    Row(
        what="relationships pushed to Neo4j (kernel)",
        part="neo4j",
        name="push, its relationships",
        beside=(("relationships, pair by pair", "plain client"),),
    ),
    Row(
        what="the real case on Neo4j, first question of a client",
        part="neo4j",
        name="blast, first question of a client",
        of="graphkit on Neo4j",
        beside=(("blast, embedded", "graphkit"),),
    ),
    Row(
        what="an interactive page of 1,000 services, opened",
        part="page",
        name="to open",
        size=1_000,
        beside=(("to open", "pyvis"),),
    ),
)


def compared(parts: Mapping[str, Part]) -> Iterator[tuple[Row, Figure, Figure]]:
    """Yield each row with the figure of graphkit and that of a peer, as far as both were measured."""
    for row in ROWS:
        figures = parts[row.part].figures if row.part in parts else ()
        own = _of(figures, row.name, row.of, row.size)
        for name, of in row.beside:
            peer = _of(figures, name, of, row.size)
            if own is not None and peer is not None:
                yield row, own, peer


def _of(figures: Iterable[Figure], name: str, of: str, size: int | None) -> Figure | None:
    found = (one for one in figures if (one.name, one.of) == (name, of) and size in {None, one.size})
    return next(found, None)
