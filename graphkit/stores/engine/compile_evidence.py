"""Documents and what they list, incidents and the organisation, compiled for look-up by name, purl and hash."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from itertools import repeat
from typing import Any, Final

import duckdb
import msgspec
import numpy as np
from numpy.typing import NDArray

from graphkit.model import csr
from graphkit.model.documents import Document, Problem
from graphkit.model.incidents import Incident
from graphkit.model.names import namesakes_of, purl_key
from graphkit.model.organisation import DocumentUse, Organisation, Word
from graphkit.model.times import Moment
from graphkit.stores.engine.encoding import encoded
from graphkit.stores.engine.index_folder import ArraySink
from graphkit.stores.engine.organisation import joined
from graphkit.stores.engine.record_reader import columns, put, rows
from graphkit.stores.engine.texts import TextsBuilder
from graphkit.stores.port import ANYWHERE, FolderPath

HOLD: Final = """
CREATE OR REPLACE TEMP TABLE held_lists AS
SELECT id, (row_number() OVER (ORDER BY digest) - 1)::INTEGER AS place, places
FROM component_lists WHERE id IN (SELECT list FROM documents);

CREATE OR REPLACE TEMP TABLE held_components AS
SELECT *, (row_number() OVER (ORDER BY digest) - 1)::INTEGER AS place FROM components
WHERE id IN (SELECT component FROM listings WHERE list IN (SELECT id FROM held_lists));
"""
"""Numbers that do not depend on the order in which lists and components came: their digests are of their content."""

_BODIES: Final = """
SELECT to_json({ref: '', name: name, package: package, version: version, purl: purl, sha256: sha256::JSON,
    members: coalesce(inside, []), optional: optional, origin: origin, index: index_url, marker: marker}),
    coalesce(package, ''), name, purl, version, sha256, coalesce(inside, [])
FROM held_components
LEFT JOIN (SELECT component, list(sha256 ORDER BY rowid) AS inside FROM component_members GROUP BY component)
ON component = id ORDER BY place
"""
_HEADS: Final = """
SELECT '{"sha256":' || to_json(sha256) || ',"path":' || to_json(path) || ',' || head[2:] FROM documents ORDER BY sha256
"""
_TEXTS: Final = msgspec.json.Decoder(tuple[str, ...])


def kept_heads(connection: duckdb.DuckDBPyConnection) -> tuple[Document, ...]:
    """Return every document without components and edges, by SHA-256."""
    decoder = msgspec.json.Decoder(Document)
    return tuple(decoder.decode(head) for (head,) in rows(connection, _HEADS))


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
    query = """
        SELECT service, document, path, built_at, stands_from, stands_until, read_at, branch, derived, rest
        FROM document_uses ORDER BY document_use"""
    return joined(_organisations(connection), [document_use(row) for row in rows(connection, query)])


def organisation_files(connection: duckdb.DuckDBPyConnection) -> Organisation:
    """Return every organisation joined, without the uses that came with documents."""
    return joined(_organisations(connection), ())


def _organisations(connection: duckdb.DuckDBPyConnection) -> list[Organisation]:
    bodies = connection.execute("SELECT body FROM organisations ORDER BY source").fetchall()
    return [msgspec.json.decode(body, type=Organisation) for (body,) in bodies]


def document_use(row: tuple[Any, ...]) -> DocumentUse:
    """Return a use from its columns in the record, the last of which says what has no column."""
    service, document, path, built_at, stands_from, stands_until, read_at, branch, derived, rest = row
    said = _REST.decode(rest)

    def time(name: str, earliest: int | None) -> Moment | None:
        return None if earliest is None else Moment(earliest=earliest, latest=said.latest.get(name, earliest))

    return DocumentUse(
        service=service,
        document=document,
        path=path,
        built_at=time("built_at", built_at),
        stands_from=time("stands_from", stands_from),
        stands_until=time("stands_until", stands_until),
        read_at=time("read_at", read_at),
        branch=branch,
        repository=said.repository,
        is_first=said.is_first,
        is_last=said.is_last,
        is_complete=said.is_complete,
        note=said.note,
        sources=said.sources,
        derived=derived,
        by_folder=said.by_folder,
        words=said.words,
    )


def paths_of_use(path: str, rest: str, *, derived: bool) -> tuple[FolderPath, ...]:
    """Return the places of a use as `port.Store.known` gives them, from its columns in the record."""
    said = _REST.decode(rest)
    own: FolderPath = (said.repository, path)
    return (own,) if derived or said.by_folder else (own, ANYWHERE)


class _Rest(msgspec.Struct, frozen=True):
    """What a use says beside its columns. ``latest``: of each time that is no single instant, its latest."""

    repository: str = ""
    is_first: bool = False
    is_last: bool = False
    is_complete: bool = False
    latest: dict[str, int] = {}
    note: str = ""
    sources: tuple[str, ...] = ()
    by_folder: bool = False
    words: tuple[Word, ...] = ()


_REST: Final = msgspec.json.Decoder(_Rest)


def compile_heads(
    out: ArraySink,
    heads: Sequence[Document],
    incidents: Sequence[Incident],
    organisation: Organisation,
    more_problems: Iterable[tuple[str, Problem]],
) -> None:
    """Write the organisation's side, without components; ``more_problems`` are problems of no document."""
    out.texts("document.sha256", TextsBuilder(head.sha256 for head in heads))
    blobs = TextsBuilder()
    for head in heads:
        blobs.add_raw(encoded(head))
    out.texts("document.head", blobs)
    problems: list[tuple[str, Problem]] = [(head.path, one) for head in heads for one in head.problems]
    problems += more_problems
    problems.sort(key=lambda pair: (pair[0], pair[1].place, pair[1].text))
    wholes = TextsBuilder()
    for whole in (incidents, organisation, problems):
        wholes.add_raw(encoded(whole))
    out.texts("whole", wholes)


def compile_listings(connection: duckdb.DuckDBPyConnection, out: ArraySink) -> int:
    """Write the component lists, and which components name a package, purl or hash; return how many rows there are.

    Every distinct component is written once, every distinct list once as numbers of components; documents
    point at lists. A row of a document is found from a component by the lists that hold it.
    """
    bodies = TextsBuilder()
    purls = list[str]()
    packages, named = list[str](), array("q")
    hashes, owners = list[str](), array("q")
    for number, (body, package, name, purl, version, sha256, inside) in enumerate(rows(connection, _BODIES)):
        bodies.add(body)
        names = (package,) if package else namesakes_of(name, purl, version)
        packages += names
        named.extend(repeat(number, len(names)))
        purls.append(purl_key(purl) if purl else "")
        digests = {one.lower() for one in (*_TEXTS.decode(sha256), *inside)}
        hashes += sorted(digests)
        owners.extend(repeat(number, len(digests)))
    out.texts("component.body", bodies)
    _look_up(out, "package", packages, np.array(named, dtype=np.int32))
    _look_up(out, "purl", purls, np.arange(len(purls), dtype=np.int32))
    _look_up(out, "hash", hashes, np.array(owners, dtype=np.int32))
    _compile_places(connection, out)
    sizes = _compile_rows(connection, out, len(purls))
    query = "SELECT place FROM documents JOIN held_lists ON list = id ORDER BY sha256"
    (lists,) = columns(connection, query)
    out.array("document.list", lists)
    start, documents = csr.inverted(lists, len(sizes))
    out.array("list.document_start", start)
    out.array("list.document", documents.astype(np.int32))
    return int(sizes[lists].sum())


def _compile_places(connection: duckdb.DuckDBPyConnection, out: ArraySink) -> None:
    query = "SELECT coalesce(places, '') FROM held_lists ORDER BY place"
    out.texts("list.places", TextsBuilder(places for (places,) in rows(connection, query)))


def _compile_rows(connection: duckdb.DuckDBPyConnection, out: ArraySink, components: int) -> NDArray[np.int64]:
    """Write what lists hold and how their rows depend on each other; return the length of each list."""
    count = len(connection.table("held_lists"))
    query = """
        SELECT held_lists.place AS list, held_components.place AS component FROM listings
        JOIN held_lists ON held_lists.id = list JOIN held_components ON held_components.id = component
        ORDER BY held_lists.place, listings.rowid"""
    lists, numbers = columns(connection, query)
    sizes = np.bincount(lists, minlength=count)
    out.array("list.start", csr.offsets(sizes))
    out.array("list.component", numbers)
    start, at = csr.inverted(numbers, components)
    out.array("component.row_start", start)
    out.array("component.row", at.astype(np.int32))
    query = """
        SELECT place, source, target FROM listing_edges JOIN held_lists ON id = list
        ORDER BY place, listing_edges.rowid"""
    lists, sources, targets = columns(connection, query)
    out.array("list.edge_start", csr.offsets(np.bincount(lists, minlength=count)))
    out.array("list.edge_source", sources)
    out.array("list.edge_target", targets)
    return sizes


def _look_up(out: ArraySink, kind: str, keys: Sequence[str], components: NDArray[np.int32]) -> None:
    """Write a sorted text column of keys and the components that have each; an empty key stands for none."""
    texts = sorted(set(keys) - {""})
    out.texts(f"by_{kind}.text", TextsBuilder(texts))
    numbers = {text: number for number, text in enumerate(texts)}
    numbered = np.array([numbers.get(key, -1) for key in keys], dtype=np.int64)
    start, entries = csr.inverted(numbered, len(texts))
    out.array(f"by_{kind}.start", start)
    out.array(f"by_{kind}.component", components[entries])
