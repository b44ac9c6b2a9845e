"""Component lists on their way into the record: equal components and equal lists are kept once, under numbers."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import duckdb
import numpy as np
from numpy.typing import NDArray

from graphkit.model.documents import Component, Document, usual_places
from graphkit.stores.embedded.encoding import DTYPES, digest, encoded, insert, version_of

_REMEMBERED: Final = 200_000
"""Components whose digest is remembered between batches; a fleet shares most of them."""

_Digest = bytes
_DIGEST_SIZE: Final = 16


class Lists:
    """The component lists of one batch. What it remembers of components outlives the batch."""

    def __init__(self) -> None:
        self._digests: dict[int, tuple[Component, _Digest]] = {}
        """By identity: readers hand over one object for rows of equal bytes. Held, so that no id comes back."""
        self.forget()

    def forget(self) -> None:
        """Drop the batch."""
        self._components: dict[_Digest, int] = {}
        self._rows: list[tuple[Any, ...]] = []
        self._members: list[tuple[int, str]] = []
        self._lists: dict[_Digest, int] = {}
        self._places: list[str | None] = []
        self._sizes, self._numbers = array("q"), array("i")
        self._edge_sizes, self._sources, self._targets = array("q"), array("i"), array("i")
        if len(self._digests) > _REMEMBERED:
            self._digests.clear()

    @property
    def weight(self) -> int:
        """How many rows wait to be written."""
        return len(self._numbers) + len(self._sources)

    def add(self, document: Document) -> tuple[int, _Digest, tuple[str, ...]]:
        """Take up a document's components: (number of the list in this batch, its digest, roots by position)."""
        remembered = self._digests
        digests = [known[1] if (known := remembered.get(id(one))) else self._digest(one) for one in document.components]
        place_of = {one.ref: at for at, one in enumerate(document.components)}
        edges = document.edges
        # An edge to a row that the document does not have leads nowhere, and a reader has said so.
        pairs = [
            (place_of[edge.source], place_of[edge.target])
            for edge in edges
            if edge.source in place_of and edge.target in place_of
        ]
        sources, targets = array("i", [near for near, _ in pairs]), array("i", [far for _, far in pairs])
        places = None if document.places == usual_places(len(digests)) else encoded(document.places).decode()
        whole = hashlib.sha256(b"".join(digests))
        whole.update(b"%d " % len(digests) + sources.tobytes() + targets.tobytes() + (places or "").encode())
        identity = whole.digest()[:_DIGEST_SIZE]
        if (number := self._lists.get(identity)) is None:
            number = self._lists[identity] = len(self._lists)
            self._places.append(places)
            self._sizes.append(len(digests))
            self._numbers.extend(map(self._components.__getitem__, self._numbered(document.components, digests)))
            self._edge_sizes.append(len(sources))
            self._sources += sources
            self._targets += targets
        return number, identity, tuple(str(place_of[ref]) for ref in document.roots if ref in place_of)

    def _digest(self, one: Component) -> _Digest:
        """Return the digest of a component, its ref aside, which says nothing outside its document."""
        found = bytes.fromhex(digest(replace(one, ref="")))[:_DIGEST_SIZE]
        self._digests[id(one)] = (one, found)
        return found

    def _numbered(self, components: Sequence[Component], digests: Sequence[_Digest]) -> Sequence[_Digest]:
        """Return digests, after the components that are new to this batch got their numbers."""
        if not self._components.keys() >= set(digests):
            for one, found in zip(components, digests, strict=True):
                if found not in self._components:
                    number = self._components[found] = len(self._components)
                    self._rows.append((number, found.hex(), *_columns(one)))
                    self._members += [(number, sha256) for sha256 in one.members]
        return digests

    def write(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Write what is new to the record, and into the staged documents which list each of them has."""
        if not self._lists:
            return
        kept = self._write_components(connection)
        shape = "list INTEGER, digest VARCHAR, places VARCHAR"
        rows = [(i, found.hex(), places) for (found, i), places in zip(self._lists.items(), self._places, strict=True)]
        _stage(connection, "incoming_lists", shape, rows)
        connection.execute("""
            CREATE OR REPLACE TEMP TABLE staged_lists AS
            SELECT incoming.list, coalesce(known.id, (SELECT coalesce(max(id) + 1, 0) FROM component_lists)
                + (count(*) FILTER (known.id IS NULL) OVER (ORDER BY incoming.list) - 1))::INTEGER AS id,
                known.id IS NULL AS is_new
            FROM incoming_lists AS incoming LEFT JOIN component_lists AS known ON known.digest = incoming.digest::UUID;
            INSERT INTO component_lists SELECT id, digest::UUID, places
            FROM incoming_lists JOIN staged_lists USING (list) WHERE is_new ORDER BY list""")
        found = connection.execute("SELECT id, is_new FROM staged_lists ORDER BY list").fetchnumpy()
        ids, is_new = np.asarray(found["id"]), np.asarray(found["is_new"], dtype=np.bool_)
        sizes = np.array(self._sizes, dtype=np.int64)
        fresh = np.repeat(is_new, sizes)
        numbers = np.array(self._numbers, dtype=np.int32)
        insert(connection, "listings", {"list": np.repeat(ids, sizes)[fresh], "component": kept[numbers][fresh]})
        sizes = np.array(self._edge_sizes, dtype=np.int64)
        fresh = np.repeat(is_new, sizes)
        sources, targets = np.array(self._sources, dtype=np.int32), np.array(self._targets, dtype=np.int32)
        edges = {"list": np.repeat(ids, sizes)[fresh], "source": sources[fresh], "target": targets[fresh]}
        insert(connection, "listing_edges", edges)
        connection.execute("""
            UPDATE staged_documents SET list = staged_lists.id FROM staged_lists
            WHERE staged_documents.list = staged_lists.list""")

    def _write_components(self, connection: duckdb.DuckDBPyConnection) -> NDArray[np.int32]:
        """Write the components that the record has not; return the number kept of each in this batch."""
        shape = (
            "number INTEGER, digest VARCHAR, name VARCHAR, package VARCHAR, version VARCHAR, version_key VARCHAR, "
            "purl VARCHAR, sha256 VARCHAR, optional BOOLEAN, origin VARCHAR, index_url VARCHAR, marker VARCHAR"
        )
        _stage(connection, "incoming_components", shape, self._rows)
        connection.execute("""
            CREATE OR REPLACE TEMP TABLE staged_components AS
            SELECT incoming.number, coalesce(known.id, (SELECT coalesce(max(id) + 1, 0) FROM components)
                + (count(*) FILTER (known.id IS NULL) OVER (ORDER BY incoming.number) - 1))::INTEGER AS id,
                known.id IS NULL AS is_new
            FROM incoming_components AS incoming LEFT JOIN components AS known ON known.digest = incoming.digest::UUID;
            INSERT INTO components SELECT id, digest::UUID, name, package, version, version_key, purl, sha256, optional,
                origin, index_url, marker
            FROM incoming_components JOIN staged_components USING (number) WHERE is_new ORDER BY number""")
        _stage(connection, "incoming_members", "number INTEGER, sha256 VARCHAR", self._members)
        connection.execute("""
            INSERT INTO component_members SELECT id, sha256 FROM incoming_members JOIN staged_components USING (number)
            WHERE is_new""")
        query = "SELECT id FROM staged_components ORDER BY number"
        return np.asarray(connection.execute(query).fetchnumpy()["id"], dtype=np.int32)


def _columns(one: Component) -> tuple[Any, ...]:
    key = version_of(one.version).key if one.version else ""
    known = (one.name, one.package, one.version, key, one.purl, encoded(one.sha256).decode())
    return (*known, one.optional, one.origin, one.index, one.marker)


def _stage(connection: duckdb.DuckDBPyConnection, table: str, shape: str, rows: list[tuple[Any, ...]]) -> None:
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {table} ({shape})")
    if rows:
        names = [column.split() for column in shape.split(", ")]
        columns = zip(*rows, strict=True)
        arrays: dict[str, NDArray[Any]] = {
            name: np.array(values, dtype=DTYPES.get(kind, object))
            for (name, kind), values in zip(names, columns, strict=True)
        }
        insert(connection, table, arrays)
