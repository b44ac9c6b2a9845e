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
from graphkit.stores.engine.encoding import digest, encoded, insert, version_of
from graphkit.stores.engine.interned import numbered, stage

_REMEMBERED: Final = 200_000
"""Components whose digest is remembered between batches; a fleet shares most of them."""

_SHARED: Final = 10_000
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

    def add(self, document: Document) -> tuple[int, _Digest, tuple[str, ...]]:
        """Take up a document's components: (number of the list in this batch, its digest, roots by position)."""
        components = document.components
        digests = self._digested(components)
        place_of = {one.ref: at for at, one in enumerate(components)}
        edges = document.edges
        # An edge to a row that the document does not have leads nowhere, and a reader has said so.
        pairs = [
            (place_of[source], place_of[target])
            for source, target in edges
            if source in place_of and target in place_of
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
            self._numbers.extend(self._numbered(components, digests))
            self._edge_sizes.append(len(sources))
            self._sources += sources
            self._targets += targets
        return number, identity, tuple(str(place_of[ref]) for ref in document.roots if ref in place_of)

    def _digested(self, components: Sequence[Component]) -> list[_Digest]:
        known = list(map(self._digests.get, map(id, components)))
        found = []
        for one, entry in zip(components, known, strict=True):
            if entry is None:
                entry = (one, _digest(one))  # noqa: PLW2901 - what it was not
                if len(components) <= _SHARED:  # what a huge document lists, hardly any other does
                    self._digests[id(one)] = entry
            found.append(entry[1])
        return found

    def _numbered(self, components: Sequence[Component], digests: Sequence[_Digest]) -> list[int]:
        """Return the numbers of components in this batch, new ones after the others."""
        known = list(map(self._components.get, digests))
        numbers = []
        for number, one, found in zip(known, components, digests, strict=True):
            if number is not None or (number := self._components.get(found)) is not None:
                numbers.append(number)
                continue
            numbers.append(len(self._rows))
            self._components[found] = numbers[-1]
            self._rows.append((numbers[-1], found.hex(), *_columns(one)))
            self._members += [(numbers[-1], sha256) for sha256 in one.members]
        return numbers

    def write(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Write what is new to the record, and into the staged documents which list each of them has."""
        if not self._lists:
            return
        components = self._write_components(connection)
        shape = "number INTEGER, digest VARCHAR, places VARCHAR"
        rows = [(i, found.hex(), places) for (found, i), places in zip(self._lists.items(), self._places, strict=True)]
        stage(connection, "incoming_lists", shape, rows)
        ids, is_new = numbered(connection, "component_lists", "incoming_lists")
        connection.execute("""
            INSERT INTO component_lists SELECT id, digest::UUID, places
            FROM incoming_lists JOIN numbered_component_lists USING (number) WHERE is_new ORDER BY number""")
        sizes = np.array(self._sizes, dtype=np.int64)
        fresh = np.repeat(is_new, sizes)
        numbers = np.array(self._numbers, dtype=np.int32)
        insert(connection, "listings", {"list": np.repeat(ids, sizes)[fresh], "component": components[numbers][fresh]})
        sizes = np.array(self._edge_sizes, dtype=np.int64)
        fresh = np.repeat(is_new, sizes)
        sources, targets = np.array(self._sources, dtype=np.int32), np.array(self._targets, dtype=np.int32)
        edges = {"list": np.repeat(ids, sizes)[fresh], "source": sources[fresh], "target": targets[fresh]}
        insert(connection, "listing_edges", edges)
        connection.execute("""
            UPDATE staged_documents SET list = numbered.id FROM numbered_component_lists AS numbered
            WHERE staged_documents.list = numbered.number""")

    def _write_components(self, connection: duckdb.DuckDBPyConnection) -> NDArray[np.int32]:
        """Write the components that the record has not; return the number kept of each in this batch."""
        shape = (
            "number INTEGER, digest VARCHAR, name VARCHAR, package VARCHAR, version VARCHAR, version_key VARCHAR, "
            "purl VARCHAR, sha256 VARCHAR, optional BOOLEAN, origin VARCHAR, index_url VARCHAR, marker VARCHAR"
        )
        stage(connection, "incoming_components", shape, self._rows)
        ids, _ = numbered(connection, "components", "incoming_components")
        connection.execute("""
            INSERT INTO components SELECT id, digest::UUID, name, package, version, version_key, purl, sha256, optional,
                origin, index_url, marker
            FROM incoming_components JOIN numbered_components USING (number) WHERE is_new""")
        if self._members:
            stage(connection, "incoming_members", "number INTEGER, sha256 VARCHAR", self._members)
            connection.execute("""
                INSERT INTO component_members SELECT id, sha256
                FROM incoming_members JOIN numbered_components USING (number) WHERE is_new""")
        return ids


def _digest(one: Component) -> _Digest:
    """Return the digest of a component, its ref aside, which says nothing outside its document."""
    return bytes.fromhex(digest(replace(one, ref="")))[:_DIGEST_SIZE]


def _columns(one: Component) -> tuple[Any, ...]:
    key = version_of(one.version).key if one.version else ""
    known = (one.name, one.package, one.version, key, one.purl, encoded(one.sha256).decode())
    return (*known, one.optional, one.origin, one.index, one.marker)
