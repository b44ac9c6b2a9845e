"""A whole embedded graph as tables of nodes and relationships, in parts, for a push or an export."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property, partial
from typing import Any, Final

import packaging
from msgspec import Struct

from graphkit.model.organisation import Organisation
from graphkit.stores.engine.base_index import base_key, facts_sha256, stage_facts
from graphkit.stores.engine.compile import compile_base, count_inputs, newest_fact
from graphkit.stores.engine.compile_evidence import (
    HOLD,
    kept_heads,
    kept_organisation,
    organisation_files,
    stage_mentioned,
)
from graphkit.stores.engine.index_folder import HeldArrays
from graphkit.stores.engine.record import Record
from graphkit.stores.engine.record_reader import incidents as kept_incidents
from graphkit.stores.engine.record_reader import stage_incidents
from graphkit.stores.neo4j import evidence_rows
from graphkit.stores.neo4j.evidence_rows import Link, Row
from graphkit.stores.neo4j.node_rows import Compiled
from graphkit.stores.neo4j.server import FORMAT, chunks

_FILES: Final = 20_000
"""Files of releases in one part, about: a server keeps a transaction in memory."""
_ROWS: Final = 10_000


class Part(Struct, frozen=True, kw_only=True):
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
        return evidence_rows.named_packages(self._connection, self._heads)

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
        """The organisation's side, table by table: nodes before what ties them."""
        connection = self._connection
        documents = evidence_rows.documents(connection, self._heads)
        components = sorted(evidence_rows.components(connection), key=lambda pair: str(pair[0]["id"]))
        uses = evidence_rows.uses(connection)
        files = organisation_files(connection)
        uses += [*evidence_rows.uses_by_organisation(files), *evidence_rows.uses_by_alias(uses, files)]
        listed, edges = evidence_rows.listings(connection)
        organisation = evidence_rows.organisation(self._organisation)
        return {
            "Document": _with_ends([row for row, _ in documents], (document for _, document, _ in uses)),
            "ComponentList": evidence_rows.component_lists(connection),
            "Component": [row for row, _ in components],
            "Key": [{"id": key} for key in sorted({key for _, keys in components for key in keys})],
            "Service": _with_ends(organisation["Service"], sorted(service for service, _, _ in uses)),
            "Company": organisation["Company"],
            "Claim": organisation["Claim"],
            "Incident": evidence_rows.incidents(connection),
            "Organisation": evidence_rows.organisations(connection),
            "Table": evidence_rows.tables(connection),
            "HOLDS": [(row["id"], held, {}) for row, held in documents],
            "LISTS": listed,
            "DEPENDS_ON": edges,
            "HAS": [(row["id"], key, {}) for row, keys in components for key in keys],
            "IS": self._to_releases(
                (row["id"], release, {}) for row, _ in components if (release := evidence_rows.release_of(row))
            ),
            "DESCRIBED_BY": uses,
            **{name: organisation[name] for name in ("OPERATES", "SUPPLIES", "ABOUT")},
            "COMPROMISES": self._to_releases(evidence_rows.compromises(self._incidents)),
        }

    def _to_releases(self, links: Iterable[Link]) -> list[Link]:
        """Return the links that lead to a release of the graph."""
        return [link for link in links if link[1] in self._release_ids]

    @cached_property
    def _release_ids(self) -> set[str]:
        return {ident for _, ident in self._compiled.release_ids(range(self._counts["packages"]))}


def _with_ends(nodes: list[Row], ends: Iterable[str]) -> list[Row]:
    """Return nodes, and behind them one for each end of a link that waits for its node."""
    known = {node["id"] for node in nodes}
    return [*nodes, *({"id": end} for end in dict.fromkeys(ends) if end not in known)]
