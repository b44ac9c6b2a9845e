"""One batch: what it touches is brought, joined, compiled, and written back, all in the transaction of its writer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import duckdb
import msgspec
import neo4j
import numpy as np
import packaging

from graphkit.model.documents import Document
from graphkit.model.incidents import Incident
from graphkit.model.index import ProjectPage, ReleaseMetadata, ReleaseTable
from graphkit.model.organisation import Organisation
from graphkit.model.times import BEGINNING
from graphkit.stores.engine.base_index import base_key, facts_sha256, stage_facts
from graphkit.stores.engine.compile import compile_base, newest_fact, newest_of
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
from graphkit.stores.engine.record_reader import put, stage_incidents
from graphkit.stores.neo4j import evidence_rows
from graphkit.stores.neo4j.existing_rows import ExistingRows, accused, touched
from graphkit.stores.neo4j.flag_properties import PACKAGES
from graphkit.stores.neo4j.node_rows import Compiled, release_id, short
from graphkit.stores.neo4j.queries import cypher
from graphkit.stores.neo4j.server import chunks, one, rows
from graphkit.stores.port import Fact, Receipt

_Rows = Iterable[Any]
_MOST: Final = 40_000
"""Files and components that one transaction takes about: a server keeps all of it in memory until it commits."""


def parts(facts: Sequence[Fact], most: int = _MOST) -> Iterator[list[Fact]]:
    """Yield the facts of a batch in parts that a transaction can take; what is said of one package stays together.

    ``most``: files and components of a part, about; one package or document may have more.
    """
    by_package: dict[str, list[Fact]] = {}
    others: list[Fact] = []
    for fact in facts:
        if isinstance(fact, ProjectPage | ReleaseMetadata):
            by_package.setdefault(fact.package, []).append(fact)
        else:
            others.append(fact)
    groups = [*by_package.values(), *([fact] for fact in others)]
    part: list[Fact] = []
    size = 0
    for group in groups or [[]]:
        weight = sum(map(_weight, group))
        if part and size + weight > most:
            yield part
            part, size = [], 0
        part += group
        size += weight
    yield part


def _weight(fact: Fact) -> int:
    match fact:
        case ProjectPage():
            return 1 + sum(1 + len(release.files) for release in fact.releases)
        case Document():
            return 1 + len(fact.components) + len(fact.edges)
        case ReleaseMetadata():
            return 1 + len(fact.requirements)
        case _:
            return 1


class Batch:
    """A batch in a record of its own, which is gone afterwards."""

    def __init__(self, transaction: neo4j.ManagedTransaction, graph: dict[str, Any], folder: Path) -> None:
        folder.mkdir()
        self._transaction, self._graph, self._folder = transaction, graph, folder
        self._record = Record(folder / "graph.duckdb")
        self._connection = self._record.connection
        self._kept = ExistingRows(transaction, self._connection)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._record.close()

    def _ask(self, name: str, **parameters: Any) -> dict[str, Any]:
        return one(self._transaction, name, **parameters)

    def _put(self, name: str, found: _Rows, parameter: str = "rows", **more: Any) -> None:
        for part in chunks(found):
            self._transaction.run(cypher(name), {parameter: part, **more}).consume()

    def write(self, facts: Sequence[Fact]) -> Receipt:
        """Write what is new."""
        self._kept.evidence(facts)
        before = {one.id: one for one in kept_incidents(self._connection)}
        names = touched(facts) | self._in_tables(facts)
        for fact in facts:  # what an incident accused before it was replaced
            if isinstance(fact, Incident) and fact.id in before:
                names |= accused(before[fact.id])
        lists = {digest for (digest,) in self._texts("SELECT replace(digest::VARCHAR, '-', '') FROM component_lists")}
        documents = {digest for (digest,) in self._texts("SELECT document::VARCHAR FROM documents")}
        uses = {digest for (digest,) in self._texts("SELECT document_use::VARCHAR FROM document_uses")}
        self._kept.packages(names, whole=True)
        receipt = self._record.write(facts, self._folder / "generation")
        if not receipt.new and self._graph["facts_sha256"]:
            return receipt
        known = {name for (name,) in self._texts("SELECT DISTINCT package FROM requirements")} - names
        self._kept.packages(known, whole=False)
        self._write_ground(names)
        self._write_documents(documents, lists)
        self._write_evidence(facts, uses)
        self._write_components()
        self._finish()
        return receipt

    def _texts(self, query: str) -> list[tuple[str, ...]]:
        return self._connection.execute(query).fetchall()

    def _in_tables(self, facts: Sequence[Fact]) -> set[str]:
        """Return the packages of tables, which are read once for that."""
        if not (tables := [fact for fact in facts if isinstance(fact, ReleaseTable)]):
            return set()
        path = self._folder / "tables"
        path.mkdir()
        record = Record(path / "graph.duckdb")
        try:
            record.write(tables, path / "generation")
            query = "SELECT package FROM pages UNION SELECT package FROM release_metadata"
            return {name for (name,) in record.connection.execute(query).fetchall()}
        finally:
            record.close()

    def _compile(self, names: set[str]) -> Compiled:
        connection = self._connection
        connection.execute(HOLD)
        _table(connection, "listed", ("package", "version_key", "version"), self._kept.listed)
        connection.execute(
            "INSERT INTO held_components (package, version_key, version, origin) SELECT *, '' FROM listed"
        )
        heads, kept = kept_heads(connection), kept_incidents(connection)
        stage_incidents(connection, kept)
        stage_mentioned(connection, heads, kept)
        connection.executemany("INSERT INTO mentioned VALUES (?)", [(name,) for name in sorted(names)] or [("",)])
        connection.execute("DELETE FROM mentioned WHERE package = ''")
        stage_facts(connection)
        held = HeldArrays()
        _, order = compile_base(connection, held)
        self._mentioned = sorted(set().union(*map(accused, kept)))
        self._heads = heads
        return Compiled(connection, held.held(), order)

    def _write_ground(self, names: set[str]) -> None:
        compiled = self._compiled = self._compile(names)
        numbers = self._number_packages(compiled)
        places = [compiled.ids[name] for name in sorted(names)]
        named = self._named()
        before = self._ask("declared_sets", names=sorted(names))["n"]
        targets = set(self._ask("set_targets", n=before)["packages"])
        own = []
        for row in compiled.packages(places):
            del row["dependents"]
            own.append({**row, "n": numbers[row["id"]], "named": row["id"] in named})
        self._put("write_packages", own)
        others = [name for name in compiled.names if name not in names]
        self._put("write_targets", [_target(name, numbers[name], named=name in named) for name in others])
        releases = [{**row, "package": numbers[row["name"]]} for row in compiled.releases(places)]
        gone = set(self._kept.releases) - {row["id"] for row in releases}
        self._put("drop_releases", sorted(gone), "ids")
        self._put("write_releases", releases)
        fresh = self._write_sets(compiled, places, numbers)
        pruned = []
        for part in chunks(before):
            pruned += rows(self._transaction, "unused_sets", n=part)
        ranges = sorted({number for row in pruned for number in row["ranges"]})
        packages = set(numbers.values())
        for part in chunks(ranges):
            packages |= set(self._ask("unused_ranges", n=part)["packages"])
        self._put("unused_packages", sorted(packages), "n", mentioned=self._mentioned)
        targets |= set(self._ask("set_targets", n=fresh)["packages"]) | {numbers[name] for name in names}
        self._put("write_dependents", sorted(targets), "n")
        self._inputs = self._graph["inputs_ground"] - self._kept.inputs + sum(row["inputs"] for row in own)

    def _named(self) -> set[str]:
        """Return the packages that documents name, in this batch or before."""
        return self._kept.named | evidence_rows.named_packages(self._connection, self._heads)

    def _number_packages(self, compiled: Compiled) -> dict[str, int]:
        """Return the number on the server of every package here, new ones given out."""
        numbers = dict(self._kept.numbers)
        for part in chunks([name for name in compiled.names if name not in numbers]):
            found = self._ask("kept_package_numbers", names=part)
            numbers.update(zip(found["name"], found["n"], strict=True))
        self._give(numbers, compiled.names, "next_package")
        return numbers

    def _give(self, numbers: dict[str, int], keys: Iterable[str], counter: str) -> list[str]:
        """Number the keys that have none; return them."""
        fresh = [key for key in keys if key not in numbers]
        for key in fresh:
            numbers[key] = self._graph[counter]
            self._graph[counter] += 1
        return fresh

    def _write_sets(self, compiled: Compiled, places: Sequence[int], packages: dict[str, int]) -> list[int]:
        """Write requirement sets and ranges; return the numbers of the sets that packages declare now."""
        declared = list(compiled.declared(places))
        place_of = {digest: place for place, digest in enumerate(compiled.sets)}
        used = sorted({digest for _, digest in declared})
        sets = self._numbers("kept_set_numbers", used)
        fresh = self._give(sets, used, "next_set")
        self._put("write_sets", [[digest, sets[digest]] for digest in fresh])
        members = list(compiled.members([place_of[digest] for digest in fresh]))
        said = compiled.said
        wanted = {number for _, number, _ in members} | set(compiled.aimed_at(places).tolist())
        ranges = self._numbers("kept_range_numbers", sorted(said[number].id for number in wanted))
        anew = set(self._give(ranges, sorted(said[number].id for number in wanted), "next_range"))
        own = set(places)
        written = [
            number for number in sorted(wanted) if said[number].id in anew or compiled.ids[said[number].package] in own
        ]
        found = (
            {**row, "n": ranges[row["id"]], "package": packages[compiled.names[row["package"]]]}
            for row in compiled.ranges(written)
        )
        self._put("write_ranges", found)
        digests = compiled.sets
        self._put(
            "write_members",
            [[sets[digests[one]], ranges[said[number].id], marker] for one, number, marker in members],
        )
        self._put("write_declares", [[release, sets[digest]] for release, digest in declared])
        return [sets[digest] for digest in used]

    def _numbers(self, name: str, ids: Sequence[str]) -> dict[str, int]:
        numbers: dict[str, int] = {}
        for part in chunks(ids):
            found = self._ask(name, ids=part)
            numbers.update(zip(found["id"], found["n"], strict=True))
        return numbers

    def _write_documents(self, known: set[str], lists: set[str]) -> None:
        found = evidence_rows.documents(self._connection, self._heads)
        fresh = [(row, held) for row, held in found if row["digest"] not in known]
        self._put("write_documents", [row for row, _ in fresh])
        new = [row for row in evidence_rows.component_lists(self._connection) if row["id"] not in lists]
        have = set()
        for part in chunks([row["id"] for row in new]):
            have |= set(self._ask("kept_lists", ids=part)["id"])
        new = [row for row in new if row["id"] not in have]
        self._put("write_lists", new)
        self._put("write_holds", [[row["id"], held] for row, held in fresh])
        self._new_lists = {row["id"] for row in new}

    def _write_components(self) -> None:
        components = list(evidence_rows.components(self._connection))
        self._put("write_components", [row for row, _ in components])
        self._put("write_keys", [[row["id"], keys] for row, keys in components if keys])
        listed, edges = evidence_rows.listings(self._connection)
        self._put(
            "write_listings",
            [[digest, said["row"], component] for digest, component, said in listed if digest in self._new_lists],
        )
        self._put(
            "write_edges",
            [
                [said["list"], near, far, said["place"], said["source"], said["target"]]
                for near, far, said in edges
                if said["list"] in self._new_lists
            ],
        )
        query = """
            SELECT DISTINCT package, version_key FROM held_components
            WHERE package <> '' AND version_key <> '' AND origin = ''"""
        self._put(
            "write_is",
            [[short(package), short(key), release_id(package, key)] for package, key in self._texts(query)],
        )

    def _write_evidence(self, facts: Sequence[Fact], uses: set[str]) -> None:
        connection = self._connection
        told = {fact.id for fact in facts if isinstance(fact, Incident)}
        written = [row for row in evidence_rows.incidents(connection) if row["id"] in told]
        self._put("write_incidents", written)
        accusing = [msgspec.json.decode(row["body"], type=Incident) for row in written]
        self._put("write_compromises", map(list, evidence_rows.compromises(accusing)))
        self._put("write_tables", evidence_rows.tables(connection))
        links = evidence_rows.uses(connection)
        fresh = [link for link in links if link[2]["digest"] not in uses]
        self._put("write_uses", map(list, fresh))
        organisation = self._organisation = kept_organisation(connection)
        has_file = any(isinstance(fact, Organisation) for fact in facts)
        if has_file:
            self._transaction.run(cypher("drop_uses")).consume()
        if fresh or has_file:
            self._write_organisation(organisation)
        more = evidence_rows.uses_by_alias(links if has_file else fresh, organisation)
        if has_file:
            more += evidence_rows.uses_by_organisation(organisation_files(connection))
        self._put("write_uses", map(list, more))

    def _write_organisation(self, organisation: Organisation) -> None:
        self._put("write_organisations", evidence_rows.organisations(self._connection))
        self._transaction.run(cypher("drop_organisation")).consume()
        found = evidence_rows.organisation(organisation)
        self._put("write_companies", found["Company"])
        self._put("write_services", found["Service"])
        self._transaction.run(cypher("drop_services"), {"ids": [row["id"] for row in found["Service"]]}).consume()
        self._put("write_operates", map(list, found["OPERATES"]))
        self._put("write_supplies", map(list, found["SUPPLIES"]))
        self._put("write_claims", found["Claim"])

    def _finish(self) -> None:
        """Write the graph's own node: its next generation."""
        found = self._ask("digests")
        graph, connection = self._graph, self._connection
        totals = self._ask("totals")
        ground = max(graph["newest_ground"], newest_fact(connection, (), Organisation()))
        newest = max(ground, newest_of(self._heads, self._organisation), found["created"] or 0)
        values = {
            **{name: graph[name] for name in ("next_package", "next_set", "next_range")},
            **totals,
            "generation": graph["generation"] + 1,
            "packaging": packaging.__version__,
            "facts_sha256": self._digest(found),
            "newest_ground": ground,
            "newest_fact": newest,
            "inputs_ground": self._inputs,
            "inputs": self._inputs + totals.pop("tables") + totals.pop("others"),
        }
        values.pop("tables", None)
        values.pop("others", None)
        self._transaction.run(cypher("set_meta"), {"values": values}).consume()

    def _digest(self, found: dict[str, Any]) -> str:
        """Return ``facts_sha256``, by the statements of the embedded store over the digests of all facts."""
        connection = duckdb.connect()
        names, facts = found["names"], found["facts"]
        known = [(name, said) for name, said in zip(names, facts, strict=True) if said]
        named = [name for name, is_named in zip(names, found["named"], strict=True) if is_named]
        _table(connection, "all_facts", ("package", "facts"), known)
        mentioned = sorted({*named, *self._mentioned})
        _table(connection, "mentioned", ("package",), [(name,) for name in mentioned])
        _table(connection, "held_components", ("package",), [])
        _table(connection, "documents", ("document",), [(one,) for one in found["documents"]])
        _table(connection, "document_uses", ("document_use",), [(one,) for one in found["uses"]])
        for table, column in (("organisations", "organisation"), ("incidents", "incident")):
            _table(connection, table, (column,), self._texts(f"SELECT {column} FROM {table}"))  # noqa: S608 - own names
        query = "SELECT digest::VARCHAR, source, problems FROM tables"
        _table(connection, "tables", ("digest", "source", "problems"), self._texts(query))
        for table, column in (("documents", "document"), ("document_uses", "document_use"), ("tables", "digest")):
            connection.execute(f"ALTER TABLE {table} ALTER {column} TYPE UUID")
        return facts_sha256(connection, base_key(connection))


def _table(
    connection: duckdb.DuckDBPyConnection, name: str, columns: Sequence[str], found: Sequence[tuple[Any, ...]]
) -> None:
    shape = ", ".join(f"{column} VARCHAR" for column in columns)
    values = zip(*found, strict=True) if found else ([] for _ in columns)
    put(
        connection,
        name,
        shape,
        {column: np.array(list(each), dtype=object) for column, each in zip(columns, values, strict=True)},
    )


def _target(name: str, number: int, *, named: bool) -> dict[str, Any]:
    nothing = {"facts": "", "releases": 0, "downloads": -1, "maintainers": "", "newest": -1}
    return {
        "id": name,
        "n": number,
        "named": named,
        **dict.fromkeys(PACKAGES.names, False),
        **nothing,
        "settled": BEGINNING,
        "speaks_until": 0,
        "dependents": 0,
        "inputs": 0,
        "kept": "",
    }
