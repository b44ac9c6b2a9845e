"""The store: batches in, one transaction each, behind a lock that lets one writer pass at a time."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import neo4j
import packaging

from graphkit.model.errors import GraphkitError
from graphkit.model.organisation import Organisation
from graphkit.model.times import rfc3339
from graphkit.stores.engine.record import input_row
from graphkit.stores.engine.schema import column_names
from graphkit.stores.neo4j import mark
from graphkit.stores.neo4j.batch import Batch, parts
from graphkit.stores.neo4j.reader import ServerReader
from graphkit.stores.neo4j.server import FORMAT, Server, graph_of, one, rows
from graphkit.stores.port import Fact, InputRead, Receipt


class Neo4jStore:
    """`port.Store` in one database of a Neo4j server."""

    def __init__(self, address: str | Path, *, create: bool = False) -> None:
        """Take the address of a server; nothing is asked of it yet."""
        self._server = Server(str(address))
        self._create = create
        self._is_prepared = False
        self._reader: ServerReader | None = None

    def _graph(self) -> dict[str, Any] | None:
        return self._server.read(lambda transaction: graph_of(transaction, self._server.shown))

    def _existing(self) -> dict[str, Any]:
        if (graph := self._graph()) is None:
            if not self._create:
                raise GraphkitError(
                    f"no graph at {self._server.shown}; make one with `graphkit ingest …` or `graphkit neo4j push`"
                )
            self.record([])
            graph = self._graph()
        if graph is None:
            raise GraphkitError(f"{self._server.shown}: the graph no longer exists")
        if graph.get("pushing"):
            raise GraphkitError(
                f"{self._server.shown}: a push into it is not finished; wait, or run `graphkit neo4j push` again"
            )
        return graph

    @property
    def folder(self) -> Path | None:
        """None: it is kept on a server."""
        return None

    def record(self, facts: Iterable[Fact]) -> Receipt:
        """Keep a batch in one transaction, a large one in several. The same facts again change nothing, in any order.

        Cost: the batch, what is kept of its packages and of those they require, and the digest of every fact.

        Raises:
            GraphkitError: the server cannot be used, or holds something else.
            InputError: a text in a fact cannot be stored; nothing of its transaction is kept.
        """
        held = list(facts)
        if not self._is_prepared:
            if self._graph() is None:
                self._server.prepare()
            self._is_prepared = True
        with TemporaryDirectory(prefix="graphkit-") as folder:
            receipts = [
                self._server.write(partial(self._write, facts=part, folder=Path(folder))) for part in parts(held)
            ]
        return Receipt(
            new=sum(one.new for one in receipts),
            unchanged=sum(one.unchanged for one in receipts),
            problems=tuple(problem for one in receipts for problem in one.problems),
        )

    def _write(self, transaction: neo4j.ManagedTransaction, facts: Sequence[Fact], folder: Path) -> Receipt:
        before = graph_of(transaction, self._server.shown)
        if before is not None and before.get("pushing"):
            raise GraphkitError(f"{self._server.shown}: a push into it is not finished; run it again first")
        graph = one(transaction, "lock", fresh=_fresh(), writer=secrets.token_hex(8))["graph"]
        with Batch(transaction, graph, folder / secrets.token_hex(4)) as batch:
            return batch.write(facts)

    def known(self, documents: Sequence[str]) -> dict[str, frozenset[str]]:
        """Return which documents are kept, each with the paths of its uses; see `port.Store.known`."""
        found = self._server.read(lambda transaction: rows(transaction, "known", sha256=list(documents)))
        return {row["sha256"]: frozenset(row["paths"]) for row in found}

    def remember(self, read: InputRead, organisation: Organisation | None = None) -> None:
        """Keep that an input was read to its end; see `port.Store.remember`. Cost: one transaction."""
        row = dict(zip(column_names("inputs_read"), input_row(read, organisation), strict=True))
        self._server.write(lambda transaction: rows(transaction, "write_input_read", **row))

    def remembered(self, input_id: str) -> InputRead | None:
        """Return what is known of an input; see `port.Store.remembered`. Cost: one statement."""
        found = self._server.read(lambda transaction: rows(transaction, "input_read", id=input_id))
        return msgspec.json.decode(found[0]["body"], type=InputRead) if found else None

    def reader(self) -> ServerReader:
        """Return a reader of the newest generation. Cost: one statement where that is the one read last."""
        graph = self._existing()
        if self._reader is None or self._reader.number != graph["generation"]:
            self._reader = ServerReader(self._server, graph)
        return self._reader

    def counts(self) -> dict[str, int]:
        """Return how many of each kind of thing are kept, by its word. Cost: a scan of releases."""
        reader = self.reader()
        found = self._server.read(lambda transaction: one(transaction, "counts"))
        organisation = reader.evidence().organisation()
        return {
            **found,
            "companies": len(organisation.companies),
            "services": len(organisation.services),
            "builds": len(organisation.builds),
            "supply relations": len(organisation.supplies),
            "claims": len(organisation.claims),
        }

    def status(self) -> dict[str, str]:
        """Return what runs there, what it holds and what is stale, each in a few words."""
        graph = self._graph()
        found = {"server": f"Neo4j {self._server.version}", "database": self._server.database}
        if graph is None:
            return {**found, "graph": "none"}
        if graph.get("pushing"):
            return {**found, "graph": f"unfinished push of {graph['pushing'][:12]}…, {graph['pushed']} parts are there"}
        found |= {"graph": f"generation {graph['generation']}", "facts": graph["facts_sha256"]}
        for name in ("packages", "releases", "sets", "ranges", "inputs"):
            found[name] = f"{graph[name]:,}"
        stale = "" if graph["packaging"] == packaging.__version__ else f"; this is {packaging.__version__}: push again"
        found["packaging"] = f"{graph['packaging']}{stale}"
        if graph["newest_fact"]:
            found["newest fact"] = rfc3339(graph["newest_fact"]) or ""
        found["mark"] = mark.in_words(self._server, graph)
        return found

    def mark(self, incidents: Sequence[mark.MarkedIncident], made: dict[str, Any]) -> bool:
        """Let an answer stand in the graph in place of the one before; see `graphkit.stores.neo4j.mark.write`."""
        return mark.write(self._server, incidents, made)

    def clear_mark(self) -> None:
        """Take the answer out of the graph.

        Raises:
            GraphkitError: there is no graph.
        """
        self._existing()
        mark.clear(self._server)

    def close(self) -> None:
        """Let go of connections. Safe to call twice."""
        self._server.close()
        self._reader = None


def _fresh() -> dict[str, Any]:
    numbers = ("generation", "next_package", "next_set", "next_range", "packages", "releases", "sets", "ranges")
    return {
        "format": FORMAT,
        "store": secrets.token_hex(4),
        "packaging": packaging.__version__,
        "facts_sha256": "",
        "newest_fact": 0,
        "newest_ground": 0,
        "newest_evidence": 0,
        "inputs": 0,
        "inputs_ground": 0,
        **dict.fromkeys(numbers, 0),
    }
