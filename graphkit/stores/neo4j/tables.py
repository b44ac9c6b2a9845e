"""A whole embedded graph as tables of nodes and relationships, in parts, for a push or an export."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, Final

import packaging

from graphkit.model.organisation import Organisation
from graphkit.stores.engine.base_index import base_key, facts_sha256, stage_facts
from graphkit.stores.engine.compile import compile_base, count_inputs, newest_fact
from graphkit.stores.engine.compile_evidence import HOLD, kept_heads, kept_organisation, stage_mentioned
from graphkit.stores.engine.index_folder import HeldArrays
from graphkit.stores.engine.record import Record
from graphkit.stores.engine.record_reader import incidents as kept_incidents
from graphkit.stores.engine.record_reader import stage_incidents
from graphkit.stores.neo4j.node_rows import Compiled, component_rows, compromises, organisation_rows, release_id
from graphkit.stores.neo4j.record_rows import document_rows, incident_rows, source_rows, table_rows, use_rows
from graphkit.stores.neo4j.server import FORMAT, chunks

_FILES: Final = 20_000
"""Files of releases in one part, about: a server keeps a transaction in memory."""
_ROWS: Final = 10_000
Row = dict[str, Any]
Link = tuple[str, str, Row]
"""From the id of a node to that of another, with properties."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Rows of one label or relationship type; they are made when they are asked for, the same each time."""

    name: str
    rows: Callable[[], Iterable[Any]]


class Tables:
    """The parts of a graph, nodes before what ties them."""

    def __init__(self, record: Record) -> None:
        """Compile a record. Cost: as the compilation of its index, in memory."""
        connection = self._connection = record.connection
        connection.execute(HOLD)
        self._heads, self._incidents = kept_heads(connection), kept_incidents(connection)
        self._organisation = kept_organisation(connection)
        stage_incidents(connection, self._incidents)
        stage_mentioned(connection, self._heads, self._incidents)
        stage_facts(connection)
        key = base_key(connection)
        held = HeldArrays()
        self._counts, order = compile_base(connection, held)
        self._compiled = Compiled(connection, held.held(), order)
        self.facts_sha256 = facts_sha256(connection, key)

    def graph(self) -> Row:
        """Return the properties of the graph's own node."""
        inputs = count_inputs(self._connection)
        evidence = sum(
            len(self._connection.table(name)) for name in ("tables", "documents", "incidents", "organisations")
        )
        counts = self._counts
        return {
            "format": FORMAT,
            "packaging": packaging.__version__,
            "facts_sha256": self.facts_sha256,
            "newest_fact": newest_fact(self._connection, self._heads, self._organisation),
            "newest_ground": newest_fact(self._connection, (), Organisation()),
            "inputs": inputs,
            "inputs_ground": inputs - evidence,
            "packages": counts["packages"],
            "releases": counts["releases"],
            "sets": counts["requirement sets"],
            "ranges": counts["ranges"],
            "next_package": counts["packages"],
            "next_set": counts["requirement sets"],
            "next_range": counts["ranges"],
        }

    def parts(self) -> Iterator[Part]:
        """Yield every part, in an order that is the same each time."""
        counts = self._counts
        packages = list(self._compiled.groups(_FILES))
        sets, ranges = (
            [range(at, min(at + _ROWS, counts[name])) for at in range(0, counts[name], _ROWS)]
            for name in ("requirement sets", "ranges")
        )
        for part in packages:
            yield Part(name="Package", rows=partial(self._packages, part))
        for part in ranges:
            yield Part(name="Range", rows=partial(self._ranges, part))
            yield Part(name="ON", rows=partial(self._aims, part))
        for part in sets:
            yield Part(name="RequirementSet", rows=partial(self._sets, part))
            yield Part(name="REQUIRES", rows=partial(self._members, part))
        for part in packages:
            yield Part(name="Release", rows=partial(self._releases, part))
            yield Part(name="RELEASE_OF", rows=partial(self._owners, part))
            yield Part(name="DECLARES", rows=partial(self._declares, part))
        yield from self._evidence()

    def _evidence(self) -> Iterator[Part]:
        for name, found in self._documents.items():
            for part in chunks(found, _ROWS):
                yield Part(name=name, rows=lambda part=part: part)  # type: ignore[misc]

    def _packages(self, places: range) -> Iterator[Row]:
        for row in self._compiled.packages(places):
            yield {**row, "n": self._compiled.ids[row["id"]], "named": row["id"] in self._named}

    @cached_property
    def _named(self) -> set[str]:
        found = {one.package for head in self._heads for one in (*head.requirements, *head.constraints)}
        query = "SELECT DISTINCT package FROM components WHERE package <> ''"
        return found | {name for (name,) in self._connection.execute(query).fetchall()}

    def _ranges(self, numbers: range) -> Iterator[Row]:
        for number, row in zip(numbers, self._compiled.ranges(numbers), strict=True):
            yield {**row, "n": number}

    def _aims(self, numbers: range) -> Iterator[Link]:
        said = self._compiled.said
        return ((said[number].id, said[number].package, {}) for number in numbers)

    def _sets(self, numbers: range) -> Iterator[Row]:
        return ({"id": self._compiled.sets[number], "n": number} for number in numbers)

    def _members(self, numbers: range) -> Iterator[Link]:
        sets, said = self._compiled.sets, self._compiled.said
        for owner, number, marker in self._compiled.members(numbers):
            yield sets[owner], said[number].id, {"marker": marker}

    def _releases(self, places: range) -> Iterator[Row]:
        return self._compiled.releases(places)

    def _owners(self, places: range) -> Iterator[Link]:
        for name, ident in self._compiled.release_ids(places):
            yield ident, name, {}

    def _declares(self, places: range) -> Iterator[Link]:
        return ((release, digest, {}) for release, digest in self._compiled.declared(places))

    @cached_property
    def _documents(self) -> dict[str, list[Any]]:
        """The organisation's side, table by table."""
        connection = self._connection
        found: dict[str, list[Any]] = {}
        documents = document_rows(connection, self._heads)
        known = {row["id"] for row, _ in documents}
        found["Document"] = [row for row, _ in documents]
        query = """
            SELECT replace(digest::VARCHAR, '-', '') AS id, coalesce(places, ''),
                (SELECT count(*) FROM listings WHERE list = component_lists.id)
            FROM component_lists WHERE id IN (SELECT list FROM documents) ORDER BY id"""
        lists = connection.execute(query).fetchall()
        found["ComponentList"] = [dict(zip(("id", "places", "size"), row, strict=True)) for row in lists]
        components = sorted(component_rows(connection), key=lambda pair: str(pair[0]["id"]))
        found["Component"] = [row for row, _ in components]
        found["Key"] = [{"id": key} for key in sorted({key for _, keys in components for key in keys})]
        uses: list[Link] = use_rows(connection)
        for _, document, _ in uses:
            if document not in known:  # it waits for its document
                known.add(document)
                found["Document"].append({"id": document})
        rows = organisation_rows(self._organisation)
        services = {row["id"] for row in rows["Service"]}
        rows["Service"] += [{"id": name} for name in sorted({service for service, _, _ in uses} - services)]
        found |= {name: rows[name] for name in ("Service", "Company", "Claim")}
        found["Incident"] = incident_rows(connection)
        found["Organisation"] = source_rows(connection)
        found["Table"] = table_rows(connection)
        found["HOLDS"] = [(row["id"], held, {}) for row, held in documents]
        found["LISTS"], found["DEPENDS_ON"] = self._listings()
        found["HAS"] = [(row["id"], key, {}) for row, keys in components for key in keys]
        releases = {ident for _, ident in self._compiled.release_ids(range(self._counts["packages"]))}
        identities: list[Link] = [
            (row["id"], release_id(package, key), {})
            for (row, _), (package, key) in zip(components, self._identities(), strict=True)
            if package
        ]
        found["IS"] = [link for link in identities if link[1] in releases]
        found["DESCRIBED_BY"] = uses
        found |= {name: rows[name] for name in ("OPERATES", "SUPPLIES", "ABOUT")}
        found["COMPROMISES"] = [link for link in compromises(self._incidents) if link[1] in releases]
        return found

    def _identities(self) -> list[tuple[str, str]]:
        query = """
            SELECT CASE WHEN origin = '' AND version_key <> '' THEN coalesce(package, '') ELSE '' END, version_key
            FROM components ORDER BY replace(digest::VARCHAR, '-', '')"""
        return self._connection.execute(query).fetchall()

    def _listings(self) -> tuple[list[Link], list[Link]]:
        query = """
            SELECT replace(component_lists.digest::VARCHAR, '-', '') AS l,
                replace(components.digest::VARCHAR, '-', '') AS component
            FROM listings JOIN component_lists ON component_lists.id = list
            JOIN components ON components.id = component ORDER BY l, listings.rowid"""
        rows_of: dict[str, list[str]] = {}
        listed: list[Link] = []
        for digest, component in self._connection.execute(query).fetchall():
            at = rows_of.setdefault(digest, [])
            listed.append((digest, component, {"row": len(at)}))
            at.append(component)
        query = """
            SELECT replace(digest::VARCHAR, '-', '') AS l, source, target
            FROM listing_edges JOIN component_lists ON id = list ORDER BY l, listing_edges.rowid"""
        edges: list[Link] = []
        for place, (digest, source, target) in enumerate(self._connection.execute(query).fetchall()):
            said = {"list": digest, "place": place, "source": source, "target": target}
            edges.append((rows_of[digest][source], rows_of[digest][target], said))
        return listed, edges
