"""The store: batches in, one transaction each, behind a lock that lets one writer pass at a time."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
import neo4j
import packaging

from graphkit.model.errors import GraphChanged, GraphkitError
from graphkit.model.organisation import Organisation
from graphkit.model.times import rfc3339
from graphkit.stores.engine.schema import column_names
from graphkit.stores.neo4j import mark
from graphkit.stores.neo4j.changes import KEPT, Changes, packed
from graphkit.stores.neo4j.reader import ServerReader
from graphkit.stores.neo4j.reader_cache import ReaderCache
from graphkit.stores.neo4j.server import FORMAT, MayNot, Server, graph_of, one, rows
from graphkit.stores.neo4j.starts import Start, changes_after, held_start, start_of
from graphkit.stores.port import Answer, Fact, FolderPath, InputRead, Receipt
from graphkit.temporary import scratch_folder

_TURNS: Final = 3
"""How often a question is asked before writers have to wait for it."""
_PATIENCE: Final = 2.0
"""Seconds that a question waits for what a writer is about to show."""
_PAUSE: Final = 0.05


if TYPE_CHECKING:  # who asks needs no DuckDB, which takes long to import
    from graphkit.stores.neo4j.digests import Digests


class Neo4jStore:
    """`port.Store` in one database of a Neo4j server."""

    def __init__(self, address: str | Path, *, create: bool = False) -> None:
        """Take the address of a server; nothing is asked of it yet."""
        self._server = Server(str(address))
        self._create = create
        self._is_prepared = False
        self._reader: ServerReader | None = None
        self._digests: Digests | None = None
        self._is_asked = False
        self._facts_kept = 0

    def _graph(self) -> dict[str, Any] | None:
        return self._server.read(lambda transaction: graph_of(transaction, self._server.shown))

    def _existing(self) -> Start:
        if (start := self._start()) is None:
            if not self._create:
                raise GraphkitError(
                    f"no graph at {self._server.shown}; make one with `graphkit ingest …` or `graphkit neo4j push`"
                )
            self.record([])
            start = self._start()
        if start is None:
            raise GraphkitError(f"{self._server.shown}: the graph no longer exists")
        if start.graph.get("pushing"):
            raise GraphkitError(
                f"{self._server.shown}: a push into it is not finished; wait, or run `graphkit neo4j push` again"
            )
        return start

    def _start(self) -> Start | None:
        return self._server.read(lambda transaction: start_of(transaction, self._server.shown))

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
        from graphkit.stores.neo4j.batch import parts

        held = list(facts)
        if not self._is_prepared:
            graph = self._graph()
            if graph is None or graph["format"] != FORMAT:
                self._server.prepare()
            self._is_prepared = True
        with scratch_folder() as folder:
            receipts = [self._keep(part, folder) for part in parts(held)]
        return Receipt(
            new=sum(one.new for one in receipts),
            unchanged=sum(one.unchanged for one in receipts),
            problems=tuple(problem for one in receipts for problem in one.problems),
        )

    def _keep(self, facts: Sequence[Fact], folder: Path) -> Receipt:
        """Write a part of a batch, and say in the end that all of it can be seen."""
        announced: list[int] = []
        kept: list[Digests] = []
        receipt = self._server.write(partial(self._write, facts=facts, folder=folder, announced=announced, kept=kept))
        self._digests = kept[-1]  # what a transaction read that came to nothing is not kept
        self._facts_kept += len(facts)
        self._server.kept = f"{self._facts_kept:,} facts of this command" if self._facts_kept else ""
        if announced:
            self._server.write(lambda transaction: rows(transaction, "change_end", number=announced[-1], kept=KEPT))
        return receipt

    def _write(
        self,
        transaction: neo4j.ManagedTransaction,
        facts: Sequence[Fact],
        folder: Path,
        announced: list[int],
        kept: list[Digests],
    ) -> Receipt:
        from graphkit.stores.neo4j.batch import Batch
        from graphkit.stores.neo4j.digests import Digests

        before = graph_of(transaction, self._server.shown)
        if before is not None and before.get("pushing"):
            raise GraphkitError(f"{self._server.shown}: a push into it is not finished; run it again first")
        graph = one(transaction, "lock", fresh=_fresh(), writer=secrets.token_hex(8))["graph"]
        newest = one(transaction, "change_newest")["number"]
        number = 0 if newest is None else newest + 1
        announced.clear()

        def announce(changes: Changes, values: dict[str, Any]) -> None:
            # In a transaction of its own, which is over before this one can be seen.
            body = {"number": number, "generation": values["generation"], "body": packed(changes)}
            said = {"before": _shown(graph_before), "after": _shown({**graph_before, **values})}
            self._server.write(lambda other: rows(other, "change_begin", **body, **said))
            announced.append(number)

        graph_before = dict(graph)
        seen = -1 if newest is None else newest
        digests, self._digests = self._digests, None
        if digests is None or not digests.catch_up(transaction, graph["store"], seen):
            digests = Digests.read(transaction, graph["store"], seen)
        with Batch(transaction, graph, folder / secrets.token_hex(4), digests, announce) as batch:
            receipt = batch.write(facts)
        if announced:
            digests.seen = number
        digests.forget_most()
        kept.append(digests)
        return receipt

    def known(self, documents: Sequence[str]) -> dict[str, frozenset[FolderPath]]:
        """Return which documents are kept, each with the places of its uses; see `port.Store.known`."""
        from graphkit.stores.engine.compile_evidence import paths_of_use

        found = self._server.read(lambda transaction: rows(transaction, "known", sha256=list(documents)))
        return {
            row["sha256"]: frozenset(
                place for path, rest, derived in row["uses"] for place in paths_of_use(path, rest, derived=derived)
            )
            for row in found
        }

    def remember(self, read: InputRead, organisation: Organisation | None = None) -> None:
        """Keep that an input was read to its end; see `port.Store.remember`. Cost: one transaction."""
        from graphkit.stores.engine.record import input_row

        row = dict(zip(column_names("inputs_read"), input_row(read, organisation), strict=True))
        self._server.write(lambda transaction: rows(transaction, "write_input_read", **row))

    def remembered(self, input_id: str) -> InputRead | None:
        """Return what is known of an input; see `port.Store.remembered`. Cost: one statement."""
        found = self._server.read(lambda transaction: rows(transaction, "input_read", id=input_id))
        return msgspec.json.decode(found[0]["body"], type=InputRead) if found else None

    def reader(self) -> ServerReader:
        """Return a reader of the newest generation. Cost: one statement where that is the one read last."""
        start = self._existing()
        if self._create and not start.is_done:
            self._close_last_change()
            start = self._existing()
        if self._reader is None or self._reader.number != start.graph["generation"]:
            self._reader = self._reader_of(start)
        return self._reader

    def _reader_of(self, start: Start) -> ServerReader:
        """Return a new reader, with what was read before and still holds: here, or by another process."""
        reader, older = ServerReader(self._server, start), self._reader
        if older is None and (kept := self._cache(start).load()) is not None:
            before = Start(graph=kept.graph, seen=kept.seen)
            is_same = (kept.graph["generation"], kept.seen) == (start.graph["generation"], start.seen)
            older = reader if is_same else ServerReader(self._server, before)
            older.restore(kept)
        if older is None or older is reader or older.start.seen > start.seen:
            return reader
        changes, _ = changes_after(self._server, older.start)
        if not changes.is_all:
            reader.take_over(older, changes)
        return reader

    def _cache(self, start: Start) -> ReaderCache:
        return ReaderCache(*self._server.identity, start.graph["store"])

    def ask(self, question: Callable[[ServerReader], Answer]) -> Answer:
        """Return the answer to a question on one generation; see `port.Store.ask`.

        Where others change what is read while it is read, the question is asked again on a newer generation, a few
        times; and then once more while writers wait. Cost: the question, so often.

        Raises:
            GraphChanged: the user must not hold writers off, and the graph went on changing.
        """
        self._is_asked = True
        for turn in range(_TURNS):
            reader = self.reader()
            try:
                return question(reader)
            except GraphChanged as error:
                changed = error
            self._await_newer(reader.number, _PATIENCE if turn + 1 < _TURNS else 0)
        try:
            self._close_last_change()
            with self._server.held() as transaction:
                reader = self._reader = self._reader_of(held_start(transaction))
                with reader.held(transaction):
                    return question(reader)
        except MayNot:
            raise changed from None

    def _close_last_change(self) -> None:
        """Say of the last change of a writer that it is done, or came to nothing: its writer may have been killed.

        Cost: a transaction that waits for writers, so that whatever they committed is applied as a whole.

        Raises:
            MayNot: the user may only read.
        """

        def close(transaction: neo4j.ManagedTransaction) -> None:
            rows(transaction, "hold", writer=secrets.token_hex(8))
            said = one(transaction, "change_newest")
            if said["number"] is None or said["done"]:
                return
            if msgspec.json.decode(said["after"])["generation"] == said["graph"]["generation"]:
                rows(transaction, "change_end", number=said["number"], kept=KEPT)
            else:
                rows(transaction, "change_undone", number=said["number"], body=packed(Changes()))

        self._server.write(close)

    def _await_newer(self, number: int, seconds: float) -> None:
        """Wait until what a writer changes can be seen, but not long: it may have been broken off."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and self._existing().graph["generation"] == number:
            time.sleep(_PAUSE)

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
        """Keep what was read for the next question, and let go of connections. Safe to call twice."""
        if self._is_asked and self._reader is not None and (kept := self._reader.kept) is not None:
            self._cache(self._reader.start).save(kept)
        self._is_asked = False
        self._server.close()
        self._reader = self._digests = None


def _shown(graph: dict[str, Any]) -> str:
    return msgspec.json.encode({name: value for name, value in graph.items() if name != "writer"}).decode()


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
