"""The digests of all facts of a graph, which a writer keeps between batches: others' are read by what they changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import duckdb
import numpy as np
from msgspec import Struct, field

from graphkit.stores.engine.base_index import base_key, facts_sha256
from graphkit.stores.engine.record_reader import put
from graphkit.stores.neo4j.changes import Changes, unpacked
from graphkit.stores.neo4j.server import Asked, chunks, one, rows

_MOST: Final = 500_000
"""Components, and versions of packages, of which a writer remembers that they are there."""


class Digests(Struct, kw_only=True):
    """Of packages and documents by name and SHA-256, of uses alone; ``seen``: the last change that they have.

    Beside them some of what is there and never goes away: the ids of ``components``, and ``versions`` by package that
    `ExistingRows.settled` found.
    """

    store: str
    seen: int
    facts: dict[str, str] = field(default_factory=dict)
    named: set[str] = field(default_factory=set)
    documents: dict[str, str] = field(default_factory=dict)
    uses: set[str] = field(default_factory=set)
    created: int = 0
    components: set[str] = field(default_factory=set)
    versions: dict[str, set[str]] = field(default_factory=dict)

    @classmethod
    def read(cls, transaction: Asked, store: str, seen: int) -> Digests:
        """Return those of a graph. Cost: a property of each package, document and use."""
        found = one(transaction, "digests")
        names = found["names"]
        return cls(
            store=store,
            seen=seen,
            facts=dict(zip(names, found["facts"], strict=True)),
            named={name for name, is_named in zip(names, found["named"], strict=True) if is_named},
            documents=dict(zip(found["sha256"], found["documents"], strict=True)),
            uses=set(found["uses"]),
            created=found["created"] or 0,
        )

    def catch_up(self, transaction: Asked, store: str, seen: int) -> bool:
        """Take in what others wrote up to ``seen``, and return whether that is known. Cost: what they changed."""
        if self.store != store:
            return False
        if seen == self.seen:
            return True
        found = one(transaction, "changes", seen=self.seen)
        changes = unpacked(found["bodies"])
        if found["first"] != self.seen + 1 or changes.is_all:
            return False
        self._take(transaction, changes)
        self.seen = seen
        return True

    def _take(self, transaction: Asked, changes: Changes) -> None:
        """Read anew what others changed."""
        self.drop_packages(changes.names)
        for part in chunks(sorted(changes.packages)):
            self._take_packages(rows(transaction, "package_digests", n=part, names=[]))
        for names in chunks(sorted(changes.names)):
            self._take_packages(rows(transaction, "package_digests", n=[], names=names))
        for some in chunks(sorted(changes.documents | changes.replaced)):
            for row in rows(transaction, "document_digests", sha256=some):
                self.put_document(row["sha256"], row["digest"], row["created"])
        self.uses |= changes.uses

    def _take_packages(self, found: Iterable[dict[str, Any]]) -> None:
        for row in found:
            self.put_package(row["name"], row["facts"], named=row["named"])

    def put_package(self, name: str, facts: str, *, named: bool) -> None:
        """Take in what is said of a package now."""
        self.facts[name] = facts
        (self.named.add if named else self.named.discard)(name)

    def drop_packages(self, names: Iterable[str]) -> None:
        """Forget packages that are there no more."""
        for name in names:
            self.facts.pop(name, None)
            self.named.discard(name)

    def put_document(self, sha256: str, digest: str, created: int | None) -> None:
        """Take in what a document says now."""
        self.documents[sha256] = digest
        self.created = max(self.created, created or 0)

    def forget_most(self) -> None:
        """Hold what is remembered of components within bounds."""
        if len(self.components) > _MOST:
            self.components.clear()
        if sum(map(len, self.versions.values())) > _MOST:
            self.versions.clear()

    def facts_sha256(self, mentioned: Iterable[str], tables: duckdb.DuckDBPyConnection) -> str:
        """Return the digest of all facts, by the statements of the embedded store over the digests of each.

        ``mentioned``: packages that incidents name. ``tables`` is a record with every organisation, incident and table.
        """
        connection = duckdb.connect()
        known = [(name, said) for name, said in self.facts.items() if said]
        table(connection, "all_facts", ("package", "facts"), known)
        table(connection, "mentioned", ("package",), [(name,) for name in sorted({*self.named, *mentioned})])
        table(connection, "held_components", ("package",), [])
        table(connection, "documents", ("document",), [(one,) for one in self.documents.values()])
        table(connection, "document_uses", ("document_use",), [(one,) for one in self.uses])
        for name, column in (("organisations", "organisation"), ("incidents", "incident")):
            query = f"SELECT {column} FROM {name}"  # noqa: S608 - own names
            table(connection, name, (column,), tables.execute(query).fetchall())
        query = "SELECT digest::VARCHAR, source, problems FROM tables"
        table(connection, "tables", ("digest", "source", "problems"), tables.execute(query).fetchall())
        for name, column in (("documents", "document"), ("document_uses", "document_use"), ("tables", "digest")):
            connection.execute(f"ALTER TABLE {name} ALTER {column} TYPE UUID")
        return facts_sha256(connection, base_key(connection))


def table(
    connection: duckdb.DuckDBPyConnection, name: str, columns: Sequence[str], found: Sequence[tuple[Any, ...]]
) -> None:
    """Make a temporary table of texts."""
    shape = ", ".join(f"{column} VARCHAR" for column in columns)
    values = zip(*found, strict=True) if found else ([] for _ in columns)
    put(
        connection,
        name,
        shape,
        {column: np.array(list(each), dtype=object) for column, each in zip(columns, values, strict=True)},
    )
