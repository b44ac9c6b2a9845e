"""Documents and what they list, incidents and the organisation, compiled for look-up by name, purl and hash."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any, Final

import duckdb
import msgspec
import numpy as np

from graphkit.model.documents import Component, Document, Edge, Problem
from graphkit.model.incidents import Incident
from graphkit.model.organisation import DocumentUse, Organisation
from graphkit.stores.embedded import csr
from graphkit.stores.embedded.folder import IndexWriter
from graphkit.stores.embedded.kept import put, rows
from graphkit.stores.embedded.organisation import joined
from graphkit.stores.embedded.purls import purl_key
from graphkit.stores.embedded.staging import encoded
from graphkit.stores.embedded.texts import TextsBuilder

_COMPONENTS: Final = """
SELECT component_list, ref, name, package, version, purl, sha256, optional, origin, index_url, marker, place
FROM components WHERE component_list IN (SELECT component_list FROM documents) ORDER BY component_list, position
"""
_TEXTS: Final = msgspec.json.Decoder(tuple[str, ...])
_EDGES: Final = """
SELECT component_list, source, target FROM component_edges
WHERE component_list IN (SELECT component_list FROM documents) ORDER BY component_list, position
"""


def kept_heads(connection: duckdb.DuckDBPyConnection) -> tuple[Document, ...]:
    """Return every document without components and edges, by SHA-256."""
    found = rows(connection, "SELECT head FROM documents ORDER BY sha256")
    decoder = msgspec.json.Decoder(Document)
    return tuple(decoder.decode(head) for (head,) in found)


def stage_mentioned(
    connection: duckdb.DuckDBPyConnection, heads: Iterable[Document], incidents: Iterable[Incident]
) -> None:
    """Put the packages that manifests require and incidents accuse into the temporary table ``mentioned``."""
    names = {one.package for head in heads for one in (*head.requirements, *head.constraints)}
    names |= {package for incident in incidents for package, _ in incident.ranges}
    names |= {one.package for incident in incidents for one in incident.releases if one.package is not None}
    put(connection, "mentioned", "package VARCHAR", {"package": np.array(sorted(names), dtype=object)})


def kept_organisation(connection: duckdb.DuckDBPyConnection) -> Organisation:
    """Return every organisation and every use of a document, joined."""
    bodies = connection.execute("SELECT body FROM organisations ORDER BY source").fetchall()
    uses = connection.execute("SELECT body FROM document_uses ORDER BY document_use").fetchall()
    return joined(
        [msgspec.json.decode(body, type=Organisation) for (body,) in bodies],
        [msgspec.json.decode(body, type=DocumentUse) for (body,) in uses],
    )


def compile_heads(
    out: IndexWriter, heads: Sequence[Document], incidents: Sequence[Incident], organisation: Organisation
) -> None:
    """Write everything of the organisation's side that is not a component."""
    out.texts("document.sha256", TextsBuilder(head.sha256 for head in heads))
    blobs = TextsBuilder()
    for head in heads:
        blobs.add_raw(encoded(head))
    out.texts("document.head", blobs)
    problems: list[tuple[str, Problem]] = [(head.path, one) for head in heads for one in head.problems]
    problems.sort(key=lambda pair: (pair[0], pair[1].place, pair[1].text))
    wholes = TextsBuilder()
    for whole in (incidents, organisation, problems):
        wholes.add_raw(encoded(whole))
    out.texts("whole", wholes)


class _Lists:
    """Component lists as they are read: one body each, and every row's keys."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.bodies = TextsBuilder()
        self.sizes = array("q")
        self.package: list[str] = []
        self.purl: list[str] = []
        self.hash_rows = array("q")
        self.hashes: list[str] = []

    def add(self, name: str, components: tuple[Component, ...], edges: tuple[Edge, ...]) -> None:
        """Add one list under its digest."""
        self.names.append(name)
        self.bodies.add_raw(encoded((components, edges)))
        self.sizes.append(len(components))
        for one in components:
            for sha256 in one.sha256:
                self.hash_rows.append(len(self.package))
                self.hashes.append(sha256.lower())
            self.package.append(one.package or "")
            self.purl.append(purl_key(one.purl) if one.purl else "")


def compile_listings(connection: duckdb.DuckDBPyConnection, out: IndexWriter) -> int:
    """Write the component lists, and where documents name a package, purl or hash; return how many rows.

    A row is numbered by its document's place and its own within the document, equal lists being
    written once but numbered for every document.
    """
    found = _Lists()
    for name, components, edges in _kept_lists(connection):
        found.add(name, components, edges)
    out.texts("list.body", found.bodies)
    places = {name: place for place, name in enumerate(found.names)}
    query = "SELECT component_list FROM documents ORDER BY sha256"
    lists = np.array([places.get(name, -1) for (name,) in rows(connection, query)], dtype=np.int64)
    out.array("document.list", lists.astype(np.int32), fact=True)
    # A last, empty list stands for documents without components.
    sizes = np.array([*found.sizes, 0], dtype=np.int64)
    list_start = csr.offsets(sizes)
    lists = np.where(lists < 0, len(sizes) - 1, lists)
    start, at = csr.positions(list_start, lists)
    out.array("row.start", start)
    total = len(found.package)
    everything = np.arange(total, dtype=np.int64)
    _look_up(out, "package", found.package, csr.inverted(everything, total)[0], at)
    _look_up(out, "purl", found.purl, csr.inverted(everything, total)[0], at)
    hash_rows = np.array(found.hash_rows, dtype=np.int64)
    _look_up(out, "hash", found.hashes, csr.inverted(hash_rows, total)[0], at)
    return len(at)


def _look_up(out: IndexWriter, kind: str, keys: Sequence[str], key_start: csr.Offsets, at: csr.Offsets) -> None:
    """Write a sorted text column of keys and the document rows of each.

    ``key_start``: which keys each list row has, CSR. ``at``: the list row of each document row.
    """
    texts = sorted({key for key in keys if key})
    out.texts(f"by_{kind}.text", TextsBuilder(texts), fact=False)
    numbers = {text: number for number, text in enumerate(texts)}
    numbered = np.array([numbers.get(key, -1) for key in keys], dtype=np.int64)
    row_start, row_keys = csr.gather(key_start, numbered, at)
    start, entries = csr.inverted(row_keys, len(texts))
    owners = np.repeat(np.arange(len(at), dtype=np.int64), np.diff(row_start))
    out.array(f"by_{kind}.start", start)
    out.array(f"by_{kind}.row", owners[entries])


def _kept_lists(
    connection: duckdb.DuckDBPyConnection,
) -> Iterator[tuple[str, tuple[Component, ...], tuple[Edge, ...]]]:
    edges: dict[str, list[Edge]] = {}
    for name, source, target in rows(connection, _EDGES):
        edges.setdefault(name, []).append(Edge(source=source, target=target))
    for name, group in groupby(rows(connection, _COMPONENTS), key=lambda row: row[0]):
        yield name, tuple(_component(row) for row in group), tuple(edges.pop(name, ()))
    for name, orphans in sorted(edges.items()):  # edges between rows that the document does not have
        yield name, (), tuple(orphans)


def _component(row: tuple[Any, ...]) -> Component:
    _, ref, name, package, version, purl, sha256, optional, origin, index, marker, place = row
    return Component(
        ref=ref,
        name=name,
        package=package,
        version=version,
        purl=purl,
        sha256=_TEXTS.decode(sha256),
        optional=optional,
        origin=origin,
        index=index,
        marker=marker,
        place=place,
    )
