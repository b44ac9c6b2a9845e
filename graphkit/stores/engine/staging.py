"""Facts as columns of the record's tables, staged for one merge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import duckdb
import msgspec
import numpy as np
from msgspec.structs import fields
from numpy.typing import NDArray

from graphkit.model.building import is_of_build
from graphkit.model.documents import Document
from graphkit.model.incidents import Incident
from graphkit.model.index import File, ProjectPage, ReleaseMetadata, ReleaseTable
from graphkit.model.organisation import USE_TIMES, DocumentUse, Organisation
from graphkit.model.times import BEGINNING, Instant, Moment
from graphkit.stores.engine.component_lists import Lists
from graphkit.stores.engine.encoding import DTYPES, digest, encoded, insert, version_of
from graphkit.stores.engine.requirement_sets import DIGITS, RequirementSets
from graphkit.stores.engine.schema import MERGES, STRENGTH, TABLES, column_names
from graphkit.stores.port import Fact

_FLUSH_ROWS: Final = 200_000

_LAST_RANK: Final = 2**32 - 1
_MOST_RANKED: Final = 2**30
_APART: Final = frozenset({"sha256", "path", "components", "places", "edges", "roots"})
_USE_COLUMNS: Final = frozenset(column_names("document_uses"))


class Staging:
    """Collects facts into temporary tables ``staged_*``. ``facts`` counts what was added.

    ``filled`` names the tables that facts were staged for; the others have no staged table.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, lists: Lists) -> None:
        self.facts = 0
        self.lists = lists
        self._connection = connection
        merged = {merge.table: list[tuple[Any, ...]]() for merge in MERGES}
        self._columns = merged
        self.sets = RequirementSets()
        self.tables: list[ReleaseTable] = []
        self._newest: dict[tuple[str, str], tuple[Any, ...]] = {}
        self._rows = 0
        self.filled: set[str] = set()

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
            case ReleaseTable():
                self.tables.append(fact)
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
        if table not in self.filled:
            make_staged(self._connection, table)
            self.filled.add(table)
        kinds = [DTYPES.get(column.split()[1]) for column in TABLES[table].split(", ")]
        arrays: dict[str, NDArray[Any]] = {}
        for name, kind, values in zip(column_names(table), kinds, zip(*rows, strict=True), strict=True):
            is_time = kind is np.int64
            filled = [BEGINNING if value is None else value for value in values] if is_time else values
            arrays[name] = np.array(filled, dtype=kind or object)
        insert(self._connection, f"staged_{table}", arrays)

    def _put(self, table: str, row: tuple[Any, ...]) -> None:
        self._columns[table].append(row)
        self._rows += 1

    def _page(self, page: ProjectPage) -> None:
        listed = [(version_of(release.version), release.files) for release in page.releases]
        content = [(version.key, version.text, sorted(map(encoded, files))) for version, files in listed]
        state = (page.package, page.read_at, page.source, page.status, page.found)
        identity = digest((state, sorted(content)))[:DIGITS]
        self._put("pages", (*state, identity, any(files for _, files in listed)))
        for version, files in listed:
            seen = (page.read_at, identity)
            self._put("page_releases", (page.package, version.key, version.text, *seen))
            for file in files:
                self._put("files", (page.package, version.key, *_file_columns(file), *seen))

    def _metadata(self, fact: ReleaseMetadata) -> None:
        version = version_of(fact.version)
        number, requirement_set = self.sets.add(fact.requirements)
        offered, unreadable = sorted(set(fact.provides_extra)), sorted(set(fact.unreadable))
        words = (fact.requires_python, _list(offered), fact.reason, _list(unreadable))
        content = (fact.package, version.key, version.text, fact.source, STRENGTH[fact.source])
        # A release may have got wheels since it was read. Of two facts, the one that knows of more requirements comes
        # first, then the one that does not know all, then one that knows what building takes: the order of their ids.
        required = set(fact.requirements)  # what is repeated says nothing more
        building = sum(is_of_build(one.marker) for one in required)
        rank = _LAST_RANK - 2 * min(len(required) - building, _MOST_RANKED) - bool(unreadable)
        first = "0" * 8 if building else ""
        identity = f"{rank:08x}{first}{digest((*content, requirement_set, *words))}"[:DIGITS]
        self._put("release_metadata", (*content, number, *words, identity))

    def _document(self, fact: Document) -> None:
        number, listed, roots = self.lists.add(fact)
        head = encoded({**_said(fact, _APART), **({"roots": roots} if roots else {})}).decode()
        shown = (fact.sha256, fact.path, fact.kind, fact.format, fact.subject, _column(fact.created))
        self._put("documents", (*shown, number, head, digest((shown, head, listed.hex()))[:DIGITS]))

    def _use(self, fact: DocumentUse) -> None:
        times = {name: getattr(fact, name) for name in USE_TIMES}
        latest = {name: at.latest for name, at in times.items() if at is not None and not at.is_exact}
        said = {**_said(fact, _USE_COLUMNS), **({"latest": latest} if latest else {})}
        rest = encoded(said).decode()
        shown = (fact.service, fact.document, fact.path, *map(_column, times.values()), fact.branch, fact.derived, rest)
        self._put("document_uses", (*shown, digest(shown)[:DIGITS]))

    def _organisation(self, fact: Organisation) -> None:
        self._newest["organisations", fact.source] = organisation_row(fact)

    def _incident(self, fact: Incident) -> None:
        body = encoded(_without_empty(fact)).decode()
        row = (fact.id, fact.title, fact.actor, fact.advisory, body, digest(body))
        self._newest["incidents", fact.id] = row


def organisation_row(fact: Organisation) -> tuple[str, str, str]:
    """Return the row of an organisation: its source, its body and its digest.

    Raises:
        InputError: a text in it cannot be stored.
    """
    body = encoded(fact).decode()
    return fact.source, body, digest(body)


def make_staged(connection: duckdb.DuckDBPyConnection, table: str) -> None:
    """Make the temporary table, empty, whose rows are to join a table."""
    connection.execute(f"CREATE OR REPLACE TEMP TABLE staged_{table} ({TABLES[table]})")


def _without_empty(fact: Incident) -> Any:
    """Return an incident for its body; one without actions has the same body, and digest, as before there were any."""
    if fact.actions:
        return fact
    body: dict[str, Any] = msgspec.to_builtins(fact)
    del body["actions"]
    return body


def _said(fact: Document | DocumentUse, apart: frozenset[str]) -> dict[str, Any]:
    """Return the fields of a fact that differ from their default, without those that have columns of their own."""
    shown = _USE if isinstance(fact, DocumentUse) else _DOCUMENT
    differing = [name for name, default in shown if getattr(fact, name) != default]
    return {name: getattr(fact, name) for name in differing if name not in apart}


def _column(at: Moment | None) -> Instant | None:
    """Return what a time's column holds: its earliest instant. The latest is in the rest of the fact."""
    return None if at is None else at.earliest


_DOCUMENT: Final = tuple((field.name, field.default) for field in fields(Document))
_USE: Final = tuple((field.name, field.default) for field in fields(DocumentUse))


def _file_columns(file: File) -> tuple[Any, ...]:
    known = (file.filename, file.kind, file.sha256, file.requires_python)
    return (*known, file.uploaded, False, file.yanked, file.yanked_since)


def _list(texts: Sequence[str]) -> str:
    return encoded(texts).decode()
