"""What is kept of some packages and documents, brought into a record of its own, where the embedded store's rules hold.

The server keeps and the embedded engine decides: a batch joins what is kept of the packages it touches by the very
statements by which it would in the embedded store, and the same compilation works out what follows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

import duckdb
import msgspec
import neo4j
import numpy as np

from graphkit.model.documents import Document
from graphkit.model.incidents import Incident
from graphkit.model.index import ProjectPage, ReleaseMetadata
from graphkit.model.organisation import DocumentUse, Organisation
from graphkit.stores.engine.encoding import version_of
from graphkit.stores.engine.requirement_sets import requirement_digest
from graphkit.stores.engine.schema import TABLES, column_names
from graphkit.stores.engine.staging import organisation_row
from graphkit.stores.neo4j.node_rows import RANGE_KINDS, short
from graphkit.stores.neo4j.server import chunks, one, rows
from graphkit.stores.port import Fact

_Tables = dict[str, list[tuple[Any, ...]]]
"""Rows of a record, by the name of their table."""


def touched(facts: Iterable[Fact], settled: AbstractSet[str] = frozenset()) -> set[str]:
    """Return the packages of which facts say something new, tables aside; of the ``settled``, no document does."""
    names: set[str] = set()
    for fact in facts:
        match fact:
            case ProjectPage() | ReleaseMetadata():
                names.add(fact.package)
            case Document():
                names |= named_by(fact).keys() - settled
            case Incident():
                names |= accused(fact)
    return names


def named_by(document: Document) -> dict[str, set[str]]:
    """Return the packages that a document names, with the versions that it lists of each."""
    found: dict[str, set[str]] = {asked.package: set() for asked in (*document.requirements, *document.constraints)}
    for component in document.components:
        if component.package:
            versions = found.setdefault(component.package, set())
            if component.version and not component.origin:
                versions.add(component.version)
    return found


def accused(incident: Incident) -> set[str]:
    """Return the packages that an incident names."""
    found = {package for package, _ in incident.ranges}
    return {*found, *(one.package for one in incident.releases if one.package is not None)}


class _Pages(msgspec.Struct, frozen=True):
    """What is kept of a package, as `Compiled.packages` wrote it: rows of tables, but for its name."""

    pages: list[list[Any]]
    projects: list[list[Any]]


class _Metadata(msgspec.Struct, frozen=True, array_like=True):
    """A row of release metadata, but for its package and version key."""

    version: str
    source: str
    strength: int
    requirement_set: str
    requires_python: str
    provides_extra: str
    reason: str
    unreadable: str
    metadata: str

    def values(self, requirement_set: int | None) -> tuple[Any, ...]:
        """Return the row with the number that its requirement set has in the record, None for none."""
        said = msgspec.structs.astuple(self)
        return (*said[:3], requirement_set, *said[4:])


class _Release(msgspec.Struct, frozen=True):
    """What is kept of a release, as `Compiled.releases` wrote it."""

    listed: list[Any] | None
    metadata: _Metadata | None
    files: list[list[Any]]


class ExistingRows:
    """Brings rows from the server into a record. Remembers what the server has of them."""

    def __init__(self, transaction: neo4j.ManagedTransaction, connection: duckdb.DuckDBPyConnection) -> None:
        self._transaction, self._connection = transaction, connection
        self.numbers: dict[str, int] = {}
        """Packages that the server has."""
        self.named: set[str] = set()
        self.has_all_uses = False
        self.inputs = 0
        self.releases: dict[str, str] = {}
        """Releases of touched packages that the server has: package by id."""
        self.listed: list[tuple[str, str, str]] = []
        self._requirements: dict[str, int] = {}
        self._requirement_rows: list[tuple[Any, ...]] = []
        self._sets: dict[str, int] = {}
        self._members: list[tuple[int, int]] = []
        self._flushed = 0

    def packages(self, names: Iterable[str], *, whole: bool) -> None:
        """Bring what is kept of packages; ``whole`` with what they require, and what aims at them."""
        for part in chunks(sorted(names)):
            self._packages(list(part), whole=whole)

    def _packages(self, names: list[str], *, whole: bool) -> None:
        tables: _Tables = {name: [] for name in TABLES}
        self._bring_pages(names, tables, whole=whole)
        self._bring_releases(names, tables, whole=whole)
        self._flush(tables)

    def _bring_pages(self, names: list[str], tables: _Tables, *, whole: bool) -> None:
        for row in rows(self._transaction, "kept_packages", names=names):
            name = row["name"]
            # Ranges are places among all versions, so those that documents alone name count for every package.
            self.listed += [(name, version_of(version).key, version) for version in row["listed"]]
            if whole:
                self.inputs += row["inputs"]
            if row["n"] is None:
                continue
            self.numbers[name] = row["n"]
            if row["named"]:
                self.named.add(name)
            if row["kept"]:
                kept = msgspec.json.decode(row["kept"], type=_Pages)
                tables["pages"] += [(name, *page) for page in kept.pages]
                tables["projects"] += [(name, *project) for project in kept.projects]

    def _bring_releases(self, names: list[str], tables: _Tables, *, whole: bool) -> None:
        found = rows(self._transaction, "kept_releases", names=names)
        kept_of = [msgspec.json.decode(row["kept"], type=_Release) for row in found]
        if whole:
            self.releases.update((row["id"], row["name"]) for row in found)
            self._bring_sets(sorted({kept.metadata.requirement_set for kept in kept_of if kept.metadata} - {""}))
            self._bring_aims(names)
        for row, kept in zip(found, kept_of, strict=True):
            key = (row["name"], row["version_key"])
            tables["files"] += [(*key, *file) for file in kept.files]
            if kept.listed:
                tables["page_releases"].append((*key, *kept.listed))
            if kept.metadata:
                number = self._sets.get(kept.metadata.requirement_set) if whole else None
                tables["release_metadata"].append((*key, *kept.metadata.values(number)))

    def _bring_sets(self, digests: list[str]) -> None:
        """Bring requirement sets with what is in them. An empty set has no row of its own on the server."""
        members: dict[str, list[list[Any]]] = {digest: [] for digest in digests}
        for part in chunks(digests):
            for row in rows(self._transaction, "kept_sets", ids=list(part)):
                members[row["id"]] = row["members"]
        for digest, parts in members.items():
            if digest in self._sets:
                continue
            number = self._sets[digest] = len(self._sets)
            self._members += [(number, self._requirement(tuple(part))) for part in parts]

    def _bring_aims(self, names: list[str]) -> None:
        aims = one(self._transaction, "kept_ranges", names=names)["ranges"]
        numbers = [self._requirement((*parts, "")) for parts in aims]
        self._connection.execute("CREATE TEMP TABLE IF NOT EXISTS aiming (id INTEGER)")
        self._put("aiming", "id INTEGER", [(number,) for number in numbers])

    def _requirement(self, said: tuple[Any, ...]) -> int:
        package, extras, kind, text, marker = said
        specifier, url, unreadable = (text if kind == wanted else "" for wanted in RANGE_KINDS)
        parts = (package, extras, specifier, url, unreadable, marker)
        digest = requirement_digest(parts)
        if digest not in self._requirements:
            self._requirements[digest] = len(self._requirements)
            self._requirement_rows.append((self._requirements[digest], digest, *parts))
        return self._requirements[digest]

    def _flush(self, tables: _Tables) -> None:
        tables["requirements"] = self._requirement_rows
        tables["requirement_sets"] = [
            (number, digest) for digest, number in self._sets.items() if number >= self._flushed
        ]
        self._flushed = len(self._sets)
        tables["requirement_members"] = self._members
        for name, found in tables.items():
            self._put(name, TABLES[name], found)
        self._requirement_rows, self._members = [], []

    def _put(self, table: str, shape: str, found: Sequence[tuple[Any, ...]]) -> None:
        """Append rows to a table. Values are parameters; a few columns at a time is what DuckDB takes fast."""
        if not found:
            return
        names = [column.split()[0] for column in shape.split(", ")]
        columns = {f"c{at}": np.array(values, dtype=object) for at, values in enumerate(zip(*found, strict=True))}
        self._connection.register("brought", columns)
        shown = ", ".join(f"c{at}::{column.split()[1]}" for at, column in enumerate(shape.split(", ")))
        self._connection.execute(f"INSERT INTO {table} ({', '.join(names)}) SELECT {shown} FROM brought")  # noqa: S608
        self._connection.unregister("brought")

    def settled(self, facts: Sequence[Fact], known: dict[str, set[str]]) -> set[str]:
        """Return the packages of documents of which the graph knows all that these say: nothing changes of them.

        ``known`` gets the versions of those, and is not asked of the server again: they never go away.
        """
        said: dict[str, set[str]] = {}
        for fact in facts:
            if isinstance(fact, Document):
                for name, versions in named_by(fact).items():
                    said.setdefault(name, set()).update(versions)
        asked = [name for name in sorted(said) if name not in known or not said[name] <= known[name]]
        for part in chunks(asked):
            parameters = [[name, short(name), sorted(said[name])] for name in part]
            for name in one(self._transaction, "settled_packages", rows=parameters)["names"]:
                known.setdefault(name, set()).update(said[name])
        return {name for name, versions in said.items() if name in known and versions <= known[name]}

    def evidence(self, facts: Sequence[Fact]) -> None:
        """Bring the documents of a batch and their uses as they are kept, every organisation, incident and table.

        Every use comes along where something new is said of the organisation, or services have aliases.
        """
        shas = sorted({fact.sha256 for fact in facts if isinstance(fact, Document)})
        tables: _Tables = {name: [] for name in TABLES}
        lists: dict[str, int] = {}
        for part in chunks(shas):
            for row in rows(self._transaction, "kept_documents", ids=list(part)):
                number = lists.setdefault(row["list"], len(lists))
                shown = (row["sha256"], row["path"], row["kind"], row["format"], row["subject"], row["created"])
                tables["documents"].append((*shown, number, row["head"], row["digest"]))
                if number == len(tables["component_lists"]):
                    tables["component_lists"].append((number, row["list"], row["places"]))
        for row in rows(self._transaction, "kept_incidents"):
            tables["incidents"].append(
                tuple(row[name] for name in ("id", "title", "actor", "advisory", "body", "digest"))
            )
        for row in rows(self._transaction, "kept_tables"):
            tables["tables"].append(tuple(row[name] for name in column_names("tables")))
        kept = one(self._transaction, "organisations")
        tables["organisations"] += zip(kept["source"], kept["body"], kept["digest"], strict=True)
        said = {organisation_row(fact)[2] for fact in facts if isinstance(fact, Organisation)}
        bodies = [msgspec.json.decode(body, type=Organisation) for body in kept["body"]]
        self.has_all_uses = not said <= set(kept["digest"]) or any(body.aliases.services for body in bodies)
        if self.has_all_uses:
            self._put_uses(one(self._transaction, "uses"), tables)
        documents = sorted({fact.document for fact in facts if isinstance(fact, DocumentUse)})
        for part in chunks([] if self.has_all_uses else documents):
            self._put_uses(one(self._transaction, "kept_uses", ids=part), tables)
        self._flush(tables)

    def _put_uses(self, uses: dict[str, Any], tables: _Tables) -> None:
        names = ("service", "document", "path", "times", "branch", "derived", "rest", "digest")
        for service, document, path, times, branch, derived, rest, digest in zip(
            *(uses[name] for name in names), strict=True
        ):
            tables["document_uses"].append((service, document, path, *times, branch, derived, rest, digest))
