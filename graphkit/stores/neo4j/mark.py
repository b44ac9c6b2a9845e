"""The answer in the graph: verdicts as relationships to incidents, which people read and no call of the port does.

One mark stands at a time. A small one is written in one transaction. A large one is written beside the one before, and
the last of its transactions makes it the answer, so that none ever looks whole that is not.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, Final

import msgspec
import neo4j
from msgspec import Struct
from msgspec.structs import asdict

from graphkit.model.errors import GraphkitError
from graphkit.stores.neo4j.queries import cypher
from graphkit.stores.neo4j.server import Server, chunks, one, rows

_MOST: Final = 20_000
"""Rows of one transaction, about: a server keeps all of it in memory until it commits."""
_Row = dict[str, Any]
_Statement = tuple[str, str, list[Any]]
"""The name of a statement, the incident that it is about, and its rows."""


class Judged(Struct, frozen=True, kw_only=True):
    """A service or company: its ``id``, the properties of what is written, and whether it was reached."""

    id: str
    said: _Row
    is_reached: bool


class MarkedIncident(Struct, frozen=True, kw_only=True):
    """What a mark says of one incident. ``said``: what was asked; ``claims``: the ids of those that are about it."""

    id: str
    said: _Row
    actors: tuple[str, ...]
    causes: tuple[_Row, ...]
    services: tuple[Judged, ...]
    companies: tuple[Judged, ...]
    claims: tuple[str, ...]

    def statements(self) -> Iterator[_Statement]:
        """Yield what writes its services, companies and claims."""
        for name, judged in (("mark_services", self.services), ("mark_companies", self.companies)):
            for part in chunks(map(asdict, judged)):
                yield name, self.id, part
        for claims in chunks(self.claims):
            yield "mark_claims", self.id, claims

    def last_statement(self) -> _Statement:
        """Return what ties it to the mark, its actors and causes; a mark before may have the same ones."""
        about = {"said": self.said, "actors": list(self.actors), "causes": list(self.causes)}
        return "mark_incidents", self.id, [about]


def digest_of(incidents: Sequence[MarkedIncident], made: _Row) -> str:
    """Return the digest of all that a mark says, and of what it was made of."""
    return hashlib.sha256(msgspec.json.encode([made, incidents])).hexdigest()


def write(server: Server, incidents: Sequence[MarkedIncident], made: _Row, most: int = _MOST) -> bool:
    """Let a mark be the answer in the graph; return whether the graph is still the one that was asked.

    ``made``: its ``facts_sha256``, ``generation`` and whatever else it was made of. ``most``: rows of a transaction.
    Cost: a relationship or two for each service and company, and the deletion of those of the mark before.

    Raises:
        GraphkitError: the graph changed so that a service is gone, or another mark was begun meanwhile.
    """
    server.prepare()
    work = _Work(server.shown, digest_of(incidents, made), made, most)
    batches = list(_batches([one for each in incidents for one in each.statements()], most))
    batches[-1] += [each.last_statement() for each in incidents]
    for number, batch in enumerate(batches):
        is_last = number == len(batches) - 1
        server.write(partial(work.write, batch=batch, is_first=number == 0, is_last=is_last))
    _drop_others(server, work.digest, most)
    return work.generation == int(made["generation"])


def clear(server: Server) -> None:
    """Take the mark out of the graph, and what is left of one that was broken off."""
    server.write(lambda transaction: transaction.run(cypher("mark_clear")).consume())
    _drop_others(server, "", _MOST)


def in_words(server: Server, graph: _Row) -> str:
    """Return what the mark of a graph answers, and whether it is stale."""
    found = server.read(lambda transaction: rows(transaction, "mark"))
    if not found or "digest" not in found[0]["mark"]:
        return "none"
    mark = found[0]["mark"]
    is_stale = (mark["generation"], mark["facts_sha256"]) != (graph["generation"], graph["facts_sha256"])
    return f"{mark['question']}{'; stale: mark it again' if is_stale else ''}"


def _drop_others(server: Server, mark: str, most: int) -> None:
    while server.write(partial(_drop, mark=mark, most=most)) == most:
        pass


def _batches(statements: Sequence[_Statement], most: int) -> Iterator[list[_Statement]]:
    batch: list[_Statement] = []
    size = 0
    for statement in statements:
        if batch and size + len(statement[2]) > most:
            yield batch
            batch, size = [], 0
        batch.append(statement)
        size += len(statement[2])
    yield batch


class _Work:
    """The transactions of one mark. Each may be run again, as the server asks for it."""

    def __init__(self, shown: str, digest: str, made: _Row, most: int) -> None:
        self._shown, self._made, self._most = shown, made, most
        self._writing = secrets.token_hex(8)
        self.digest = digest
        self.generation = -1

    def write(
        self, transaction: neo4j.ManagedTransaction, batch: Sequence[_Statement], *, is_first: bool, is_last: bool
    ) -> None:
        """Write a batch. The first takes away what broken marks left, the last lets this one be the answer."""
        if is_first:
            before = one(transaction, "mark_begin", writing=self._writing, mark=self.digest)["digest"]
            while _drop(transaction, before, self._most) == self._most:
                pass
        elif not one(transaction, "mark_step", writing=self._writing)["steps"]:
            raise GraphkitError(f"{self._shown}: another mark was begun meanwhile; wait until it is done")
        for name, incident, said in batch:
            written = one(transaction, name, rows=said, incident=incident, mark=self.digest)["written"]
            if written != len(said):
                raise GraphkitError(
                    f"{self._shown}: the graph changed while its answer was written, which is not there yet; retry"
                )
        if is_last:
            values = {"id": "mark", "digest": self.digest, **self._made}
            self.generation = one(transaction, "mark_end", values=values)["generation"]
            _drop(transaction, self.digest, self._most)


def _drop(transaction: neo4j.ManagedTransaction, mark: str, most: int) -> int:
    """Take out some relationships of other marks, and the nodes that they alone made; return how many of the first."""
    dropped: int = one(transaction, "mark_drop", mark=mark, most=most)["dropped"]
    return dropped
