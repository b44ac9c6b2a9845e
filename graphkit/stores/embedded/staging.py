"""Facts as columns of the record's tables, staged for one merge."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Any, Final

import duckdb
import msgspec
import numpy as np

from graphkit.model.documents import Document
from graphkit.model.errors import InputError
from graphkit.model.incidents import Incident
from graphkit.model.index import File, MetadataSource, ProjectPage, ReleaseMetadata
from graphkit.model.organisation import DocumentUse, Organisation
from graphkit.model.times import BEGINNING
from graphkit.model.versions import release_version
from graphkit.stores.embedded.schema import TABLES, column_names
from graphkit.stores.port import Fact

_FLUSH_ROWS: Final = 200_000
_STRENGTH: Final = {source: place for place, source in enumerate(MetadataSource)}
_DTYPES: Final = {"BIGINT": np.int64, "INTEGER": np.int32, "BOOLEAN": np.bool_}

version_of = lru_cache(maxsize=1 << 16)(release_version)
"""`release_version`, remembered: a page names each version once per file."""


def digest(value: Any) -> str:
    """Return the SHA-256 of a value's canonical bytes, in hex.

    Raises:
        InputError: a text in it has lone surrogates.
    """
    return hashlib.sha256(encoded(value)).hexdigest()


def encoded(value: Any) -> bytes:
    """Return a value as JSON bytes, fields in the order of its class.

    Raises:
        InputError: a text in it has lone surrogates, which no UTF-8 file or database can hold.
    """
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError as error:
        raise InputError("a text with lone surrogates, which UTF-8 cannot hold") from error


class Staging:
    """Collects facts into temporary tables ``staged_*``. ``facts`` counts what was added."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.facts = 0
        self._connection = connection
        self._columns: dict[str, list[tuple[Any, ...]]] = {name: [] for name in TABLES if name != "record"}
        self._lists: set[str] = set()
        self._newest: dict[tuple[str, str], tuple[Any, ...]] = {}
        self._rows = 0
        for name in self._columns:
            connection.execute(f"CREATE OR REPLACE TEMP TABLE staged_{name} ({TABLES[name]})")

    def add(self, fact: Fact) -> None:
        """Stage one fact.

        Raises:
            InputError: a text in it cannot be stored.
        """
        self.facts += 1
        match fact:
            case ProjectPage():
                self._page(fact)
            case ReleaseMetadata():
                self._metadata(fact)
            case Document():
                self._document(fact)
            case DocumentUse():
                self._use(fact)
            case Organisation():
                self._organisation(fact)
            case Incident():
                self._incident(fact)
        if self._rows >= _FLUSH_ROWS:
            self.flush()

    def finish(self) -> None:
        """Stage what is left; of organisations and incidents the one ingested last."""
        for (table, _), row in self._newest.items():
            self._put(table, row)
        self.flush()

    def flush(self) -> None:
        """Move the rows collected so far into the temporary tables, in bulk."""
        for table, rows in self._columns.items():
            if rows:
                self._flush_table(table, rows)
                rows.clear()
        self._rows = 0

    def _flush_table(self, table: str, rows: list[tuple[Any, ...]]) -> None:
        kinds = [_DTYPES.get(column.split()[1]) for column in TABLES[table].split(", ")]
        arrays: dict[str, Any] = {}
        shown = []
        for name, kind, values in zip(column_names(table), kinds, zip(*rows, strict=True), strict=True):
            # NumPy integers have no null: an instant that no fact has stands for it on the way.
            is_time = kind is np.int64
            shown.append(f"nullif({name}, {BEGINNING})" if is_time else name)
            filled = [BEGINNING if value is None else value for value in values] if is_time else values
            arrays[name] = np.array(filled, dtype=kind or object)
        self._connection.register("incoming", arrays)
        self._connection.execute(f"INSERT INTO staged_{table} SELECT {', '.join(shown)} FROM incoming")  # noqa: S608 - own names
        self._connection.unregister("incoming")

    def _put(self, table: str, row: tuple[Any, ...]) -> None:
        self._columns[table].append(row)
        self._rows += 1

    def _page(self, page: ProjectPage) -> None:
        listed = [(version_of(release.version), release.files) for release in page.releases]
        content = [(version.key, version.text, sorted(map(encoded, files))) for version, files in listed]
        state = (page.package, page.read_at, page.source, page.status, page.found)
        identity = digest((state, sorted(content)))
        self._put("pages", (*state, identity))
        for version, files in listed:
            seen = (page.read_at, identity)
            self._put("page_releases", (page.package, version.key, version.text, *seen))
            for file in files:
                self._put("files", (page.package, version.key, *_file_columns(file), *seen))

    def _metadata(self, fact: ReleaseMetadata) -> None:
        version = version_of(fact.version)
        requirements = sorted(set(fact.requirements))
        requirement_set = digest(requirements)
        if requirement_set not in self._lists:
            self._lists.add(requirement_set)
            for one in requirements:
                extras = ",".join(one.extras)
                rest = (one.specifier, one.url, one.unreadable, one.marker)
                self._put("requirements", (requirement_set, one.package, extras, *rest))
        offered, unreadable = sorted(set(fact.provides_extra)), sorted(set(fact.unreadable))
        words = (fact.requires_python, _list(offered), fact.reason, _list(unreadable))
        content = (
            fact.package,
            version.key,
            version.text,
            fact.source,
            _STRENGTH[fact.source],
            requirement_set,
            *words,
        )
        self._put("release_metadata", (*content, digest(content)))

    def _document(self, fact: Document) -> None:
        component_list = digest((fact.components, fact.edges))
        head = encoded(replace(fact, components=(), edges=()))
        shown = (fact.sha256, fact.path, fact.kind, fact.format, fact.subject, fact.created)
        self._put("documents", (*shown, component_list, head.decode(), digest((head.decode(), component_list))))
        if component_list in self._lists:
            return
        self._lists.add(component_list)
        for position, one in enumerate(fact.components):
            key = version_of(one.version).key if one.version else ""
            name = (one.ref, one.name, one.package, one.version, key, one.purl, _list(one.sha256))
            rest = (one.optional, one.origin, one.index, one.marker, one.place)
            self._put("components", (component_list, position, *name, *rest))
        for position, edge in enumerate(fact.edges):
            self._put("component_edges", (component_list, position, edge.source, edge.target))

    def _use(self, fact: DocumentUse) -> None:
        body = encoded(fact).decode()
        times = (fact.built_at, fact.stands_from, fact.stands_until, fact.read_at)
        self._put("document_uses", (fact.service, fact.document, fact.path, *times, fact.branch, body, digest(body)))

    def _organisation(self, fact: Organisation) -> None:
        body = encoded(fact).decode()
        self._newest["organisations", fact.source] = (fact.source, body, digest(body))

    def _incident(self, fact: Incident) -> None:
        body = encoded(fact).decode()
        row = (fact.id, fact.title, fact.actor, fact.advisory, body, digest(body))
        self._newest["incidents", fact.id] = row


def _file_columns(file: File) -> tuple[Any, ...]:
    known = (file.filename, file.kind, file.sha256, file.requires_python)
    return (*known, file.uploaded, file.yanked, file.yanked_since)


def _list(texts: Sequence[str]) -> str:
    return encoded(texts).decode()
