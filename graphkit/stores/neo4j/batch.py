"""One batch: what it touches is brought, joined, compiled, and written back, all in the transaction of its writer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import msgspec
import neo4j
import packaging

from graphkit.model.documents import Document
from graphkit.model.incidents import Incident
from graphkit.model.index import ProjectPage, ReleaseMetadata, ReleaseTable
from graphkit.model.organisation import Organisation
from graphkit.model.times import BEGINNING
from graphkit.stores.engine.base_index import stage_facts
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
from graphkit.stores.engine.record_reader import stage_incidents
from graphkit.stores.neo4j import evidence_rows
from graphkit.stores.neo4j.changes import Changes
from graphkit.stores.neo4j.digests import Digests, table
from graphkit.stores.neo4j.existing_rows import ExistingRows, accused, touched
from graphkit.stores.neo4j.flag_properties import PACKAGES
from graphkit.stores.neo4j.node_rows import Compiled, short
from graphkit.stores.neo4j.queries import cypher
from graphkit.stores.neo4j.server import FORMAT, chunks, one, rows
from graphkit.stores.port import Fact, Receipt

_Rows = Iterable[Any]
Announce = Callable[[Changes, dict[str, Any]], None]
"""Takes what is changed, and what the graph's own node says afterwards."""
_ROWS: Final = 5_000
_LISTS: Final = 1_000
"""Lists of components that one statement takes."""
_OF_PACKAGE: Final = ("id", "n", "facts")
_OF_RELEASE: Final = ("id", "package", "name", "position", "version", "version_key")
_OF_COMPONENT: Final = ("id", "name", "package", "version", "version_key", "purl", "optional", "origin", "body")
"""Properties of which each node has its own, in the order in which statements take them."""
_MOST: Final = 20_000
"""Files and components that one transaction takes about: a server keeps all of it in memory until it commits."""

_EDGES: Final = 4
"""Of edges, which are relationships alone, a transaction takes so many times more."""


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
            return 1 + len(fact.components) + len(fact.edges) // _EDGES
        case ReleaseMetadata():
            return 1 + len(fact.requirements)
        case _:
            return 1


class Batch:
    """A batch in a record of its own, which is gone afterwards."""

    def __init__(
        self,
        transaction: neo4j.ManagedTransaction,
        graph: dict[str, Any],
        folder: Path,
        digests: Digests,
        announce: Announce,
    ) -> None:
        """Take the transaction that holds the lock, and what is called before it ends with all that it changes.

        ``digests`` are those of the graph as it is; they are of no use where the transaction comes to nothing.
        """
        folder.mkdir()
        self._digests = digests
        self._announce = announce
        self._changes = Changes()
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

    def _put(self, name: str, found: _Rows, parameter: str = "rows", *, at_once: int = _ROWS, **more: Any) -> None:
        for part in chunks(found, at_once):
            self._transaction.run(cypher(name), {parameter: part, **more}).consume()

    def write(self, facts: Sequence[Fact]) -> Receipt:
        """Write what is new."""
        self._counts = self._ask("totals")  # once a transaction has written much, counting looks through all of that
        self._kept.evidence(facts)
        before = {one.id: one for one in kept_incidents(self._connection)}
        self._settled = self._kept.settled(facts, self._digests.versions)
        names = touched(facts, self._settled) | self._in_tables(facts)
        self._settled -= names
        organisations = set(self._texts("SELECT organisation FROM organisations"))
        for fact in facts:  # what an incident accused before it was replaced
            if isinstance(fact, Incident) and fact.id in before:
                names |= accused(before[fact.id])
        lists = {digest for (digest,) in self._texts("SELECT replace(digest::VARCHAR, '-', '') FROM component_lists")}
        documents = {digest for (digest,) in self._texts("SELECT document::VARCHAR FROM documents")}
        shas = {sha256 for (sha256,) in self._texts("SELECT sha256 FROM documents")}
        uses = {digest for (digest,) in self._texts("SELECT document_use::VARCHAR FROM document_uses")}
        self._kept.packages(names, whole=True)
        receipt = self._record.write(facts, self._folder / "generation")
        if not receipt.new and self._graph["facts_sha256"]:
            return receipt
        self._heads, incidents = kept_heads(self._connection), kept_incidents(self._connection)
        self._mentioned = sorted(set().union(*map(accused, incidents)))
        self._inputs = self._graph["inputs_ground"]
        if names:
            known = {name for (name,) in self._texts("SELECT DISTINCT package FROM requirements")} - names
            self._kept.packages(known, whole=False)
            self._write_ground(names, incidents)
        self._write_documents(documents, shas, lists)
        self._write_evidence(facts, uses, set(self._texts("SELECT organisation FROM organisations")) - organisations)
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

    def _compile(self, names: set[str], incidents: tuple[Incident, ...]) -> Compiled:
        connection = self._connection
        connection.execute(HOLD)
        settled = [(name,) for name in self._settled]
        table(connection, "settled", ("package",), settled)
        connection.execute("DELETE FROM held_components WHERE package IN (SELECT package FROM settled)")
        table(connection, "listed", ("package", "version_key", "version"), self._kept.listed)
        connection.execute(
            "INSERT INTO held_components (package, version_key, version, origin) SELECT *, '' FROM listed"
        )
        stage_incidents(connection, incidents)
        stage_mentioned(connection, self._heads, incidents)
        connection.execute("DELETE FROM mentioned WHERE package IN (SELECT package FROM settled)")
        table(connection, "touched", ("package",), [(name,) for name in sorted(names)])
        connection.execute("INSERT INTO mentioned SELECT package FROM touched")
        stage_facts(connection)
        held = HeldArrays()
        _, order = compile_base(connection, held)
        return Compiled(connection, held.held(), order)

    def _write_ground(self, names: set[str], incidents: tuple[Incident, ...]) -> None:
        compiled = self._compile(names, incidents)
        numbers = self._number_packages(compiled)
        places = [compiled.ids[name] for name in sorted(names)]
        named = self._named()
        before = self._ask("declared_sets", names=sorted(names))["n"]
        targets = set(self._ask("set_targets", n=before)["packages"])
        own = []
        for row in compiled.packages(places):
            del row["dependents"]
            own.append({**row, "n": numbers[row["id"]], "named": row["id"] in named})
        self._put("write_packages", _grouped(own, _OF_PACKAGE))
        others = [name for name in compiled.names if name not in names]
        self._put("write_targets", [_target(name, numbers[name], named=name in named) for name in others])
        for row in own:
            self._digests.put_package(row["id"], row["facts"], named=row["named"])
        for name in others:
            is_named = name in named or name in self._digests.named
            self._digests.put_package(name, self._digests.facts.get(name, ""), named=is_named)
        releases = [{**row, "package": numbers[row["name"]]} for row in compiled.releases(places)]
        gone = set(self._kept.releases) - {row["id"] for row in releases}
        self._put("drop_releases", sorted(gone), "ids")
        self._counts["releases"] += len(releases) - len(self._kept.releases)
        known = self._kept.releases
        self._put("create_releases", _grouped((row for row in releases if row["id"] not in known), _OF_RELEASE))
        self._put("write_releases", _grouped((row for row in releases if row["id"] in known), _OF_RELEASE))
        fresh = self._write_sets(compiled, places, numbers)
        pruned = []
        for part in chunks(before):
            pruned += rows(self._transaction, "unused_sets", n=part)
        ranges = sorted({number for row in pruned for number in row["ranges"]})
        packages = set(numbers.values())
        for part in chunks(ranges):
            found = self._ask("unused_ranges", n=part)
            packages |= set(found["packages"])
            self._changes.gone_ranges |= set(found["n"])
            self._counts["ranges"] -= len(found["n"])
        for part in chunks(sorted(packages)):
            found = self._ask("unused_packages", n=part, mentioned=self._mentioned)
            self._changes.names |= set(found["names"])
            self._digests.drop_packages(found["names"])
            self._changes.gone_packages |= set(found["n"])
            self._counts["packages"] -= len(found["n"])
        self._changes.gone_sets |= {row["n"] for row in pruned}
        self._counts["sets"] -= len(pruned)
        targets |= set(self._ask("set_targets", n=fresh)["packages"])
        targets |= {numbers[name] for name in compiled.aimed(places)}  # of the rest, who requires them stays nobody
        self._put("write_dependents", sorted(targets), "n")
        self._changes.packages |= {numbers[name] for name in names}
        self._changes.aimed |= targets
        self._changes.sets |= {*before, *fresh}
        self._changes.ranges |= set(ranges)
        self._inputs += -self._kept.inputs + sum(row["inputs"] for row in own)

    def _named(self) -> set[str]:
        """Return the packages that documents name, in this batch or before."""
        return self._kept.named | evidence_rows.named_packages(self._connection, self._heads)

    def _number_packages(self, compiled: Compiled) -> dict[str, int]:
        """Return the number on the server of every package here, new ones given out."""
        numbers = dict(self._kept.numbers)
        for part in chunks([name for name in compiled.names if name not in numbers]):
            found = self._ask("kept_package_numbers", names=part)
            numbers.update(zip(found["name"], found["n"], strict=True))
        fresh = self._give(numbers, compiled.names, "next_package")
        self._counts["packages"] += len(fresh)
        self._changes.names |= set(fresh)
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
        self._counts["sets"] += len(fresh)
        members = list(compiled.members([place_of[digest] for digest in fresh]))
        said = compiled.said
        wanted = {number for _, number, _ in members} | set(compiled.aimed_at(places).tolist())
        ranges = self._numbers("kept_range_numbers", sorted(said[number].id for number in wanted))
        anew = set(self._give(ranges, sorted(said[number].id for number in wanted), "next_range"))
        own = set(places)
        self._counts["ranges"] += len(anew)
        written = [
            number for number in sorted(wanted) if said[number].id in anew or compiled.ids[said[number].package] in own
        ]
        found = (
            {**row, "n": ranges[row["id"]], "package": packages[compiled.names[row["package"]]]}
            for row in compiled.ranges(written)
        )
        self._put("write_ranges", found)
        digests = compiled.sets
        self._changes.ranges |= {ranges[said[number].id] for _, number, _ in members}
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

    def _write_documents(self, known: set[str], shas: set[str], lists: set[str]) -> None:
        found = evidence_rows.documents(self._connection, self._heads)
        fresh = [(row, held) for row, held in found if row["digest"] not in known]
        self._put("write_documents", [row for row, _ in fresh])
        for row, _ in fresh:
            self._digests.put_document(row["id"], row["digest"], row["created"])
        self._changes.documents |= {row["id"] for row, _ in fresh} - shas
        self._changes.replaced |= {row["id"] for row, _ in fresh} & shas
        new = [row for row in evidence_rows.component_lists(self._connection) if row["id"] not in lists]
        have = set()
        for part in chunks([row["id"] for row in new]):
            have |= set(self._ask("kept_lists", ids=part)["id"])
        new = [row for row in new if row["id"] not in have]
        self._put("write_lists", new)
        self._put("write_holds", [[row["id"], held] for row, held in fresh])
        self._new_lists = {row["id"] for row in new}

    def _write_components(self) -> None:
        numbers, ids = evidence_rows.component_ids(self._connection)
        have = self._digests.components
        for part in chunks([digest for digest in ids if digest not in have]):
            have |= set(self._ask("kept_components", ids=part)["id"])
        fresh = [digest for digest in ids if digest not in have]
        written = (
            [*map(row.__getitem__, _OF_COMPONENT), evidence_rows.release_of(row), keys]
            for row, keys in evidence_rows.components(self._connection, fresh)
        )
        self._put("write_components", written)
        have |= set(fresh)
        lists = evidence_rows.numbered_listings(self._connection, numbers, self._new_lists)
        self._put("write_listings", lists, at_once=_LISTS, components=ids)
        self._put("write_is", [[*pair, "@".join(pair)] for pair in sorted(self._returned())])

    def _returned(self) -> set[tuple[str, str]]:
        """Return which releases, as components name them, are there now, and older components list them."""
        listed = ((short(package), short(key)) for package, key, _ in self._kept.listed)
        return {(package, key) for package, key in listed if f"{package}@{key}" not in self._kept.releases}

    def _write_evidence(self, facts: Sequence[Fact], uses: set[str], organisations: set[tuple[str, ...]]) -> None:
        """Write the organisation's side. ``uses``: those that were kept; ``organisations``: what is new of files."""
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
        has_file = bool(organisations)
        self._changes.uses |= {link[2]["digest"] for link in fresh}
        self._digests.uses |= self._changes.uses
        self._changes.incidents = bool(written)
        self._changes.organisations = has_file
        self._changes.tables = any(isinstance(fact, ReleaseTable) for fact in facts)
        if has_file:
            self._transaction.run(cypher("drop_uses")).consume()
        if has_file or self._kept.has_all_uses:
            self._write_organisation(organisation)
        self._put("write_used_services", sorted({service for service, _, _ in fresh}), "ids")
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
        graph, connection = self._graph, self._connection
        ground = max(graph["newest_ground"], newest_fact(connection, (), Organisation()))
        newest = max(ground, newest_of(self._heads, self._organisation), self._digests.created)
        if not self._changes.organisations:  # else all uses are here, and what was said before may be said no more
            newest = max(newest, graph["newest_fact"])
        values = {
            **{name: graph[name] for name in ("next_package", "next_set", "next_range")},
            **self._counts,
            "format": FORMAT,
            "generation": graph["generation"] + 1,
            "packaging": packaging.__version__,
            "facts_sha256": self._digests.facts_sha256(self._mentioned, connection),
            "newest_ground": ground,
            "newest_fact": newest,
            "inputs_ground": self._inputs,
            "inputs": self._inputs + len(self._digests.documents) + self._others(),
        }
        self._transaction.run(cypher("set_meta"), {"values": values}).consume()
        self._announce(self._changes, values)

    def _others(self) -> int:
        """Return how many inputs there are of the kinds that are brought whole for every batch."""
        return sum(len(self._connection.table(name)) for name in ("tables", "incidents", "organisations"))


def _grouped(found: Iterable[dict[str, Any]], own: Sequence[str]) -> list[list[Any]]:
    """Return rows as [what they share, [the own values of each]]: most say the same, and packing it takes long."""
    groups: dict[str, list[Any]] = {}
    for row in found:
        shared = {name: value for name, value in row.items() if name not in own}
        groups.setdefault(repr(shared), [shared, []])[1].append([row[name] for name in own])
    return list(groups.values())


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
