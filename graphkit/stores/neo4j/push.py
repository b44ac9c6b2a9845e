"""A whole embedded graph into an empty database, in parts that each say that they are there."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

import neo4j

from graphkit.model.errors import GraphkitError
from graphkit.model.progress import Progress
from graphkit.stores.neo4j.evidence_rows import Row
from graphkit.stores.neo4j.flag_properties import FILES, OFFERS, PACKAGES, RANGES, RELEASES
from graphkit.stores.neo4j.queries import cypher
from graphkit.stores.neo4j.server import FORMAT, Server, chunks, graph_of, rows
from graphkit.stores.neo4j.tables import Part, Tables

_AT_ONCE: Final = 10_000
_NEAR: Final = itemgetter(0)
_FAR: Final = itemgetter(1)
_BARE: Final = frozenset({"RELEASE_OF", "DECLARES", "ON", "HOLDS", "HAS", "IS", "OPERATES", "ABOUT"})
"""Relationships without properties, which most are: their rows are ids alone."""
_TRUTHS: Final = {
    "Package": PACKAGES.names,
    "Release": (*RELEASES.names, *OFFERS.names, "yanked", *FILES.names),
    "Range": RANGES.names,
}
"""Properties in which many nodes of a label agree: they are sent once for all of these."""


def push(server: Server, tables: Tables, progress: Progress) -> bool:
    """Write a graph; return False where the database has it already.

    A push that was broken off goes on where it was: each part is written in one transaction with its number.

    Raises:
        GraphkitError: the database holds another graph, or something else.
    """
    graph = server.read(lambda transaction: graph_of(transaction, server.shown))
    if graph is not None and graph["facts_sha256"] == tables.facts_sha256:
        server.prepare()
        return False
    if graph is not None and graph.get("pushing") != tables.facts_sha256:
        what = "an unfinished push of another graph" if graph.get("pushing") else "a graph already"
        raise GraphkitError(
            f"{server.shown} holds {what}; ingest into it with --graph, or push into an empty database (NEO4J_DATABASE)"
        )
    server.prepare()
    server.write(partial(_begin, facts=tables.facts_sha256))
    done = int(graph["pushed"]) if graph else 0
    parts = list(tables.parts())
    for number, part in enumerate(parts):
        progress(number, len(parts), f"{part.name} into {server.shown}")
        server.kept = f"{max(number, done):,} of {len(parts):,} parts"
        if number >= done:
            server.write(partial(_write, part=part, facts=tables.facts_sha256, number=number))
    server.write(partial(_end, values=tables.graph()))
    return True


def _begin(transaction: neo4j.ManagedTransaction, facts: str) -> None:
    fresh = {"format": FORMAT, "facts_sha256": "", "pushing": facts, "pushed": 0, "generation": 0}
    transaction.run(cypher("lock"), {"fresh": fresh, "writer": secrets.token_hex(8)}).consume()


def _write(transaction: neo4j.ManagedTransaction, part: Part, facts: str, number: int) -> None:
    (found,) = rows(transaction, "push_step", pushing=facts, step=number)
    if not found["steps"]:
        raise GraphkitError("another push into this database is under way; wait until it is done, or run this again")
    statement = cypher(f"push_{_snake(part.name)}")
    for some in chunks(grouped(part), _AT_ONCE):
        transaction.run(statement, {"rows": some}).consume()


def grouped(part: Part) -> Iterable[Any]:
    """Return rows as the statement of a part takes them.

    Links by the node that most of them share, and nodes with truths as [truths, rows that share them].
    """
    found = part.rows()
    if part.name in _TRUTHS:
        return _by_truths(found, _TRUTHS[part.name])
    if not part.name.isupper():
        return found
    shared, other = (_NEAR, _FAR) if part.name == "REQUIRES" else (_FAR, _NEAR)
    return _grouped(sorted(found, key=shared), shared, other, part.name)


def _by_truths(found: Iterable[Row], names: Sequence[str]) -> list[list[Any]]:
    groups: dict[str, list[Any]] = {}
    for row in found:
        truths = {name: row[name] for name in names}
        rest = {name: value for name, value in row.items() if name not in truths}
        groups.setdefault(repr(truths), [truths, []])[1].append(rest)
    return list(groups.values())


def _grouped(links: list[Any], shared: Any, other: Any, name: str) -> Iterator[list[Any]]:
    for key, group in groupby(links, key=shared):
        if name in _BARE:
            yield [key, list(map(other, group))]
        elif name == "REQUIRES":
            held = list(group)
            yield [key, list(map(other, held)), [said["marker"] for _, _, said in held]]
        else:
            yield [key, [[other(link), link[2]] for link in group]]


def _end(transaction: neo4j.ManagedTransaction, values: dict[str, Any]) -> None:
    values = {**values, "pushing": None, "pushed": None, "generation": 1, "store": secrets.token_hex(4)}
    transaction.run(cypher("set_meta"), {"values": values}).consume()


def _snake(name: str) -> str:
    if name.isupper():
        return name.lower()
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")
