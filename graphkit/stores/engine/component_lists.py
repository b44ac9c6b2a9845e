"""Component lists on their way into the record: equal components and equal lists are kept once, under numbers."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Mapping
from typing import Any, Final

import duckdb
import numpy as np
from numpy.typing import NDArray

from graphkit.model.documents import Component, Document, usual_places
from graphkit.stores.engine.encoding import encoded, insert, version_of
from graphkit.stores.engine.interned import numbered, stage

_REMEMBERED: Final = 200_000
"""Components whose digest and number are remembered between batches; a fleet shares most of them."""

_SHARED: Final = 10_000
_Digest = bytes
_DIGEST_SIZE: Final = 16
_NEW: Final = -1
"""The number of a component that the record may not have."""


class Lists:
    """The component lists of one batch. What it remembers of components outlives the batch, but no failed one."""

    def __init__(self) -> None:
        self._rows: list[tuple[Any, ...]] = []
        self._remember_nothing()
        self.forget()

    def _remember_nothing(self) -> None:
        self._by_id: dict[int, int] = {}
        """Places of components below by identity: readers hand over one object for rows of equal bytes."""
        self._held: list[Component] = []  # so that no id comes back
        self._places_of: dict[_Digest, int] = {}
        self._digests: list[_Digest] = []
        self._kept = array("i")
        """The number in the record of each component."""

    def forget(self) -> None:
        """Drop the batch; what was not written of it is not remembered either."""
        if self._rows or len(self._digests) > _REMEMBERED:
            self._remember_nothing()
        self._rows = []
        self._members: list[tuple[int, str]] = []
        self._lists: dict[_Digest, int] = {}
        self._places: list[str | None] = []
        self._sizes, self._numbers = array("q"), array("i")
        self._edge_sizes, self._sources, self._targets = array("q"), array("i"), array("i")

    def add(self, document: Document) -> tuple[int, _Digest, tuple[str, ...]]:
        """Take up a document's components: (number of the list in this batch, its digest, roots by position)."""
        components = document.components
        known = map(self._by_id.get, map(id, components))
        is_shared = len(components) <= _SHARED  # what a huge document lists, hardly any other does
        numbers = [
            self._number(one, is_shared=is_shared) if number is None else number
            for number, one in zip(known, components, strict=True)
        ]
        place_of = {one.ref: at for at, one in enumerate(components)}
        sources, targets = _positions(document, place_of)
        places = None if document.places == usual_places(len(numbers)) else encoded(document.places).decode()
        whole = hashlib.sha256(b"".join(map(self._digests.__getitem__, numbers)))
        whole.update(b"%d " % len(numbers) + sources.tobytes() + targets.tobytes() + (places or "").encode())
        identity = whole.digest()[:_DIGEST_SIZE]
        if (number := self._lists.get(identity)) is None:
            number = self._lists[identity] = len(self._lists)
            self._places.append(places)
            self._sizes.append(len(numbers))
            self._numbers.extend(numbers)
            self._edge_sizes.append(len(sources))
            self._sources += sources
            self._targets += targets
        return number, identity, tuple(str(place_of[ref]) for ref in document.roots if ref in place_of)

    def _number(self, one: Component, *, is_shared: bool) -> int:
        """Return the place of a component that is not known by its identity."""
        found = _digest(one)
        if (number := self._places_of.get(found)) is None:
            number = self._places_of[found] = len(self._digests)
            self._digests.append(found)
            self._kept.append(_NEW)
            fresh = len(self._rows)
            self._rows.append((fresh, found.hex(), *_columns(one)))
            self._members += [(fresh, sha256) for sha256 in one.members]
        if is_shared:
            self._by_id[id(one)] = number
            self._held.append(one)
        return number

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
        """Write the components that the record has not; return the number kept of each that is remembered."""
        if fresh := len(self._rows):
            shape = (
                "number INTEGER, digest VARCHAR, name VARCHAR, package VARCHAR, version VARCHAR, version_key VARCHAR, "
                "purl VARCHAR, sha256 VARCHAR, optional BOOLEAN, origin VARCHAR, index_url VARCHAR, marker VARCHAR"
            )
            stage(connection, "incoming_components", shape, self._rows)
            ids, _ = numbered(connection, "components", "incoming_components")
            connection.execute("""
                INSERT INTO components SELECT id, digest::UUID, name, package, version, version_key, purl, sha256,
                    optional, origin, index_url, marker
                FROM incoming_components JOIN numbered_components USING (number) WHERE is_new""")
            self._kept[-fresh:] = array("i", ids.tobytes())
        if self._members:
            stage(connection, "incoming_members", "number INTEGER, sha256 VARCHAR", self._members)
            connection.execute("""
                INSERT INTO component_members SELECT id, sha256
                FROM incoming_members JOIN numbered_components USING (number) WHERE is_new""")
        return np.array(self._kept, dtype=np.int32)


def _positions(document: Document, place_of: Mapping[str, int]) -> tuple[array[int], array[int]]:
    """Return where edges begin and end, as positions of rows."""
    edges = document.edges
    try:
        return array("i", [place_of[near] for near, _ in edges]), array("i", [place_of[far] for _, far in edges])
    except KeyError:  # an edge to a row that the document does not have leads nowhere, and a reader has said so
        pairs = [(place_of[near], place_of[far]) for near, far in edges if near in place_of and far in place_of]
        return array("i", [near for near, _ in pairs]), array("i", [far for _, far in pairs])


def _digest(one: Component) -> _Digest:
    """Return the digest of a component, its ref aside, which says nothing outside its document."""
    body = encoded(one)
    rest = body[len(_WITH_REF) + len(encoded(one.ref)) :]  # as if the ref were empty; `replace` takes much longer
    return hashlib.sha256(_WITHOUT_REF + rest).digest()[:_DIGEST_SIZE]


_WITH_REF: Final = b'{"ref":'
_WITHOUT_REF: Final = b'{"ref":""'


def _columns(one: Component) -> tuple[Any, ...]:
    key = version_of(one.version).key if one.version else ""
    known = (one.name, one.package, one.version, key, one.purl, encoded(one.sha256).decode())
    return (*known, one.optional, one.origin, one.index, one.marker)
