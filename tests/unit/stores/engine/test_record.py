"""The record: what a batch keeps, what is new of it, and what is refused."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from graphkit.model.errors import GraphkitError, InputError
from graphkit.model.incidents import Incident
from graphkit.model.index import FileKind, MetadataSource, ReleaseTable
from graphkit.model.names import ServiceId
from graphkit.model.organisation import DocumentUse, Organisation, Service
from graphkit.stores.engine.bulk import BulkTable
from graphkit.stores.engine.generation_mark import MARK, generation_in, marked
from graphkit.stores.engine.record import Record, explained
from graphkit.stores.engine.schema import TABLES
from graphkit.stores.port import ANYWHERE, Fact, Receipt
from tests.unit.stores.engine.kept import IN_MEMORY, component, document, metadata, page, recorded, release, wheel


def kept(record: Record) -> dict[str, list[tuple[object, ...]]]:
    """Everything that facts put into a record, its own name and numbers aside."""
    interned = "component_lists listings listing_edges components requirement_sets requirement_members requirements"
    tables = TABLES.keys() - {"record", *interned.split()}
    numbered = {"release_metadata": "EXCLUDE requirement_set", "documents": "EXCLUDE list"}
    queries = {name: f"SELECT * {numbered.get(name, '')} FROM {name} ORDER BY ALL" for name in sorted(tables)}
    return {name: record.connection.execute(query).fetchall() for name, query in queries.items()}


FACTS: tuple[Fact, ...] = (
    page("lib", release("lib", "1.0", wheel("lib", "1.0", None)), "1.1", read_at=5),
    page("lib", release("lib", "1.0.0", replace(wheel("lib", "1.0", 3), sha256="aa")), read_at=6),
    page("lib", release("lib", "1", replace(wheel("lib", "1.0", 4), kind=FileKind.OTHER, yanked=True)), read_at=4),
    metadata("lib", "1.0", "dep"),
    metadata("lib", "1", "dep", "other", source=MetadataSource.BULK),
    metadata("lib", "1.0.0", "dep>1", "other"),
    document("aa", component("lib", "1.0")),
    document("aa", component("lib", "1.0"), path="another.json"),
    DocumentUse(service=ServiceId("web"), document="aa"),
)


@settings(max_examples=6)
@given(st.permutations(FACTS), st.integers(0, len(FACTS)))
def test_neither_order_nor_batches_change_what_is_kept(facts: list[Fact], cut: int) -> None:
    with recorded(FACTS) as one, recorded(facts[:cut], facts[cut:]) as other:
        assert kept(one) == kept(other)


def test_of_the_files_of_one_name_the_newest_page_holds_and_the_earliest_upload_stays() -> None:
    with recorded(FACTS) as record:
        found = record.connection.execute("SELECT version_key, kind, sha256, uploaded, yanked FROM files").fetchall()
        assert sorted(found) == [("1", "wheel", "aa", 3, False), ("1.1", "wheel", "", 1, False)]
        shown = record.connection.execute("SELECT version FROM page_releases ORDER BY version_key").fetchall()
        assert shown == [("1.0.0",), ("1.1",)]  # the longest spelling, whichever page had it


def test_the_stronger_source_says_what_a_release_requires_though_a_weaker_one_knows_of_more() -> None:
    strong, weak = metadata("lib", "1", "a"), metadata("lib", "1", "a", "b", "c", source=MetadataSource.BULK)
    for batches in ([[strong, weak]], [[weak], [strong]], [[strong], [weak]]):
        with recorded(*batches) as record:
            found = record.connection.execute("SELECT source FROM release_metadata").fetchall()
            assert found == [("wheel",)]


def test_a_receipt_counts_facts_that_are_new_and_facts_that_were_there(tmp_path: Path) -> None:
    lib = page("lib", "1")
    with recorded() as record:
        assert record.write([], tmp_path / MARK) == Receipt(new=0, unchanged=0)
        before = record.generation()
        assert record.write([lib, lib], tmp_path / MARK) == Receipt(new=1, unchanged=1)
        after = record.generation()
        assert after != before
        assert record.write([lib], tmp_path / MARK) == Receipt(new=0, unchanged=1)
        assert record.generation() == after == generation_in((tmp_path / MARK).read_bytes())


def test_another_organisation_of_one_source_and_another_incident_of_one_id_replace_the_first(tmp_path: Path) -> None:
    def organisation(name: str, source: str = "a") -> Organisation:
        return Organisation(source=source, services=(Service(id=ServiceId(name)),))

    first, second = Incident(id="1", title="first", releases=()), Incident(id="1", title="second", releases=())
    with recorded([organisation("web"), organisation("web", "b"), first]) as record:
        facts: list[Fact] = [organisation("web"), organisation("api"), first, second]
        assert record.write(facts, tmp_path / MARK).new == 2  # of one batch the last of each
        services = record.connection.execute("SELECT source, id FROM services ORDER BY ALL").fetchall()
        assert services == [("a", "api"), ("b", "web")]
        assert record.connection.execute("SELECT title FROM incidents").fetchall() == [("second",)]
        assert record.write([organisation("web"), first], tmp_path / MARK).new == 2


def test_a_text_that_cannot_be_stored_keeps_nothing_of_its_batch(tmp_path: Path) -> None:
    fine, bad = document("aa", component("lib")), document("bb", component("lib", "1\ud800"))
    with recorded() as record:
        before = record.generation()
        with pytest.raises(InputError, match="lone surrogates"):
            record.write([fine, bad], tmp_path / MARK)
        assert record.known(["aa", "bb"]) == {}
        assert record.generation() == before
        assert record.write([fine], tmp_path / MARK) == Receipt(new=1, unchanged=0)  # nothing of it is left over
        assert record.connection.execute("SELECT count(*) FROM listings").fetchall() == [(1,)]


def test_known_documents_come_with_the_places_of_their_uses() -> None:
    uses = [
        DocumentUse(service=ServiceId("web"), document="aa", path="a/x.json"),
        DocumentUse(service=ServiceId("a"), document="aa", path="a/x.json", derived=True),
        DocumentUse(service=ServiceId("b"), document="aa", path="b/x.json", derived=True),
        DocumentUse(service=ServiceId("b"), document="bb", path="b/x.sh", repository="r", by_folder=True),
        DocumentUse(service=ServiceId("b"), document="none"),
    ]
    with recorded([document("aa"), document("bb"), document("cc"), *uses]) as record:
        assert record.known(["bb", "aa", "cc", "none"]) == {
            "aa": {ANYWHERE, ("", "a/x.json"), ("", "b/x.json")},
            "bb": {("r", "b/x.sh")},
            "cc": frozenset(),
        }
        assert record.known([]) == {}


def test_what_is_kept_of_packages_ends_where_more_of_them_comes(tmp_path: Path) -> None:
    with recorded([page("lib", "1"), page("app", "1"), page("other", "1")]) as record:
        names = "SELECT package FROM package_facts ORDER BY package"
        record.connection.execute("INSERT INTO package_facts SELECT package, 'facts' FROM pages")
        record.write([page("lib", "1")], tmp_path / MARK)
        record.write([document("aa", component("other", "1"))], tmp_path / MARK)
        assert record.connection.execute(names).fetchall() == [("app",), ("lib",), ("other",)]  # nothing new of them
        record.write([page("lib", "2"), metadata("app", "1")], tmp_path / MARK)
        assert record.connection.execute(names).fetchall() == [("other",)]


def test_a_table_that_is_damaged_keeps_nothing_and_says_no_path(tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    path.write_bytes(b"PAR1 and no more PAR1")
    table = ReleaseTable(paths=(str(path),), columns=frozenset(), digest="ab" * 32, source="table")
    with recorded() as record:
        with pytest.raises(InputError, match="damaged, so nothing from it was saved: ") as caught:
            record.write([page("lib", "1"), table], tmp_path / MARK)
        assert str(tmp_path) not in str(caught.value)
        assert "table.parquet" in str(caught.value)
        assert "\n" not in str(caught.value)
        assert record.connection.execute("SELECT count(*) FROM pages").fetchall() == [(0,)]


def altered(path: Path, statement: str) -> None:
    Record(path).close()
    with duckdb.connect(str(path)) as connection:
        connection.execute(statement)


def test_a_record_of_before_there_was_a_cache_gets_one(tmp_path: Path) -> None:
    altered(tmp_path / "graph.duckdb", "DROP TABLE package_facts")
    record = Record(tmp_path / "graph.duckdb")
    assert record.write([page("lib", "1")], tmp_path / MARK).new == 1
    record.close()


@pytest.mark.parametrize("table", ["pages", "files", "versions"])
def test_a_record_without_one_of_its_tables_is_refused(tmp_path: Path, table: str) -> None:
    altered(tmp_path / "graph.duckdb", f"DROP TABLE {table} CASCADE")
    with pytest.raises(GraphkitError, match=r"^graph\.duckdb is a database, but not a graph; give another folder$"):
        Record(tmp_path / "graph.duckdb")
    duckdb.connect(str(tmp_path / "graph.duckdb")).close()  # it let go of the file


def test_a_refused_record_says_which_format_it_has(tmp_path: Path) -> None:
    altered(tmp_path / "graph.duckdb", "UPDATE record SET format = '3'")
    with pytest.raises(GraphkitError, match="has format 3, this graphkit reads 4; ingest again into another folder"):
        Record(tmp_path / "graph.duckdb")


def test_an_error_of_the_database_is_its_first_line_without_the_folder() -> None:
    def line(text: str) -> str:
        with pytest.raises(GraphkitError) as caught, explained(Path("/srv/graph/graph.duckdb")):
            raise duckdb.IOException(text)
        return str(caught.value)

    full = "/srv/graph: the disk is full; free some space and run the same command again; what was saved before is kept"
    assert (
        line("IO Error: bad /srv/graph/x\nStack trace:") == "graph.duckdb: the record cannot be used: IO Error: bad x"
    )
    assert line("could not offload; see\nmax_temp_directory_size") == full
    assert line("Could not SET LOCK on file") == (
        "graph.duckdb: another process has this graph open; wait until it is done"
    )


@pytest.mark.parametrize(
    ("error", "what"),
    [
        (duckdb.Error("Corrupt database file: computed checksum 1 does not match stored checksum 2"), "checksum 1"),
        (duckdb.IOException("IO Error: Could not read enough bytes from file"), "enough bytes"),
        (duckdb.FatalException("FATAL Error: the database has been invalidated"), "invalidated"),
    ],
)
def test_a_damaged_record_says_what_to_do(error: duckdb.Error, what: str) -> None:
    line = rf"^graph\.duckdb: the record is damaged \(.*{what}.*backup"
    with pytest.raises(GraphkitError, match=line) as caught, explained(Path("/srv/graph/graph.duckdb")):
        raise error
    assert "\n" not in str(caught.value)


def test_memory_that_the_database_lacks_is_memory() -> None:
    with pytest.raises(MemoryError), explained(Path("/srv/graph/graph.duckdb")):
        raise duckdb.OutOfMemoryException("Out of Memory Error: failed to allocate data of size 1 GiB")


def test_a_record_reads_no_other_file_and_sees_no_variable() -> None:
    record = Record(IN_MEMORY)
    secret = [1]
    assert secret
    with pytest.raises(duckdb.Error):
        record.connection.execute("FROM secret")
    record.close()


def test_a_full_memory_while_a_table_is_read_is_no_damage_of_the_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: BulkTable) -> None:
        raise duckdb.OutOfMemoryException("Out of Memory Error: could not offload; max_temp_directory_size reached")

    monkeypatch.setattr(BulkTable, "write", full)
    table = ReleaseTable(paths=("table.parquet",), columns=frozenset(), digest="ab" * 32, source="table")
    with recorded() as record, pytest.raises(GraphkitError, match="the disk is full; free some space"):
        record.write([table], tmp_path / MARK)


def test_a_mark_that_cannot_be_written_says_why(tmp_path: Path) -> None:
    with recorded() as record:
        with pytest.raises(
            GraphkitError,
            match=r"the graph cannot be written: No such file or directory; it was deleted or replaced while it ",
        ):
            record.write_mark(tmp_path / "none" / MARK)
        assert marked(record.write_mark(tmp_path / MARK)) == (tmp_path / MARK).read_text()
        assert [path.name for path in tmp_path.iterdir()] == [MARK]
