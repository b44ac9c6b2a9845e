"""Component lists: equal rows and equal lists are kept once, and every document gets back what it listed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from graphkit.model.documents import Component, Document, Edge, usual_places
from graphkit.model.errors import InputError
from graphkit.stores.engine import component_lists
from graphkit.stores.engine.component_lists import Lists
from graphkit.stores.engine.encoding import digest
from graphkit.stores.engine.record import Record
from tests.unit.stores.engine.kept import component, document, recorded

A, B = component("a", "1.0"), component("b", "2", ref="2", purl="pkg:pypi/b@2", sha256=("ab",), members=("cd", "ef"))


def rows_of(record: Record) -> dict[str, list[tuple[str, str]]]:
    found = record.connection.execute("""
        SELECT held.sha256, name, version FROM
        (SELECT sha256, listings.rowid AS position, component FROM documents LEFT JOIN listings USING (list))
        AS held LEFT JOIN components ON components.id = component ORDER BY held.sha256, position""").fetchall()
    rows: dict[str, list[tuple[str, str]]] = {}
    for sha256, name, version in found:
        rows.setdefault(sha256, [])
        if name is not None:
            rows[sha256].append((name, version))
    return rows


ROWS = st.lists(st.sampled_from([A, B, replace(A, version="2"), replace(A, ref="9")]), max_size=3)
FLEET = st.lists(ROWS, min_size=1, max_size=4)


def fleet(lists: Sequence[Sequence[Component]]) -> list[Document]:
    return [
        document(f"{number:02}", *(replace(one, ref=str(at)) for at, one in enumerate(rows)))
        for number, rows in enumerate(lists)
    ]


@pytest.mark.parametrize("in_one", [True, False], ids=["in one batch", "one by one"])
def test_documents_get_back_the_rows_that_they_listed(in_one: bool) -> None:  # noqa: FBT001 - of a parameter
    lists = [[A, B], [], [B, A], [A, B], [A, A], [A]]
    documents = fleet(lists)
    batches = [documents] if in_one else [[one] for one in documents]
    with recorded(*batches) as record:
        expected = {f"{at:02}": [(one.name, one.version) for one in rows] for at, rows in enumerate(lists)}
        assert rows_of(record) == expected
        counts = {table: len(record.connection.table(table)) for table in ("component_lists", "components", "listings")}
    assert counts == {"component_lists": 5, "components": 2, "listings": 7}


@given(FLEET, FLEET)
def test_a_batch_numbers_equal_rows_and_lists_once(one: list[list[Component]], other: list[list[Component]]) -> None:
    lists = Lists()
    for batch in (one, other):
        identities = [lists.add(made)[:2] for made in fleet(batch)]
        assert len({number for number, _ in identities}) == len(set(identities)) == len({key for _, key in identities})
        same = {tuple(replace(row, ref="") for row in rows) for rows in batch}
        assert len(set(identities)) == len(same)
        lists.forget()


def test_everything_of_a_list_but_the_names_of_its_rows_is_its_identity() -> None:
    def identity(*rows: Component, **rest: object) -> bytes:
        return Lists().add(document("aa", *rows, **rest))[1]

    rows = (A, B)
    edge = Edge(source="a", target="2")
    found = [
        identity(*rows),
        identity(B, A),
        identity(A),
        identity(),
        identity(*rows, edges=(edge,)),
        identity(*rows, edges=(Edge(source="2", target="a"),)),
        identity(*rows, edges=(edge, edge)),
        identity(*rows, edges=(Edge(source="2", target="2"),)),
        identity(*rows, places=("line 1", "line 2")),
    ]
    assert len(set(found)) == len(found)
    renamed = (replace(A, ref="x"), replace(B, ref="y"))
    assert identity(*renamed, edges=(Edge(source="x", target="y"),)) == identity(*rows, edges=(edge,))
    assert identity(*rows, places=usual_places(2)) not in found


def test_edges_and_roots_to_rows_that_are_not_there_lead_nowhere() -> None:
    edges = (Edge(source="a", target="2"), Edge(source="a", target="gone"), Edge(source="gone", target="2"))
    number, identity, roots = Lists().add(document("aa", A, B, edges=edges, roots=("gone", "2", "a")))
    assert (number, roots) == (0, ("1", "0"))
    assert identity == Lists().add(document("bb", A, B, edges=edges[:1]))[1]


def test_edges_are_kept_with_the_list_that_has_them() -> None:
    plain, joined = document("aa", A, B), document("bb", A, B, edges=(Edge(source="a", target="2"),))
    with recorded([plain, joined]) as record:
        found = record.connection.execute("""
            SELECT documents.sha256, source, target FROM listing_edges JOIN documents USING (list)""").fetchall()
        assert found == [("bb", 0, 1)]


def test_usual_places_are_not_written_and_others_are() -> None:
    usual = document("aa", A, B, places=usual_places(2))
    other = document("bb", A, B, places=("[0]", "[1]"))
    with recorded([usual, other]) as record:
        found = record.connection.execute("""
            SELECT sha256, places FROM documents JOIN component_lists ON list = component_lists.id
            ORDER BY sha256""").fetchall()
        assert found == [("aa", None), ("bb", '["[0]","[1]"]')]


def test_files_inside_a_component_are_kept_once() -> None:
    with recorded([document("aa", A, B)], [document("bb", B)], [document("cc", replace(A, members=("cd",)))]) as record:
        found = record.connection.execute(
            "SELECT name, component_members.sha256 FROM component_members "
            "JOIN components ON id = component ORDER BY ALL"
        ).fetchall()
    assert found == [("a", "cd"), ("b", "cd"), ("b", "ef")]


@pytest.mark.parametrize("shared", [0, 1, 2, 10])
@pytest.mark.parametrize("remembered", [1, 100])
def test_what_is_remembered_between_batches_changes_nothing(
    shared: int, remembered: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(component_lists, "_SHARED", shared)
    monkeypatch.setattr(component_lists, "_REMEMBERED", remembered)
    lists = fleet([[A, B], [B, A], [A], [A, replace(A, version="3")]])
    with recorded(*[[one] for one in lists]) as record, recorded(lists) as at_once:
        assert rows_of(record) == rows_of(at_once)
        assert len(record.connection.table("components")) == 3
        assert len(record._lists._digests) == (0 if remembered == 1 else 3)
        assert len(record._lists._by_id) == (0 if remembered == 1 else {0: 0, 1: 1}.get(shared, 7))


def test_what_a_failed_batch_gave_numbers_to_is_written_by_the_next(tmp_path: Path) -> None:
    record = Record(tmp_path / "graph.duckdb")
    with pytest.raises(InputError, match="surrogates"):
        record.write([document("aa", A), document("bb", B, subject="\ud800")], tmp_path / "generation")
    record.write([document("cc", A, B)], tmp_path / "generation")
    assert rows_of(record) == {"cc": [("a", "1.0"), ("b", "2")]}
    record.close()


@given(st.builds(Component, ref=st.text(), name=st.text(), version=st.text(), sha256=st.tuples(st.text())))
def test_the_digest_of_a_component_is_that_of_one_without_a_ref(one: Component) -> None:
    assert component_lists._digest(one).hex() == digest(replace(one, ref=""))[:32]


def test_a_batch_without_documents_writes_nothing() -> None:
    with duckdb.connect() as database:  # which has not one of the tables
        Lists().write(database)


def test_a_version_is_kept_as_written_and_under_its_key(tmp_path: Path) -> None:
    rows = (component("a", "1.0.0"), component("b", ""), component("c", "not a version"))
    with recorded([document("aa", *rows)]) as record:
        found = record.connection.execute("SELECT name, version, version_key FROM components ORDER BY name").fetchall()
    assert found == [("a", "1.0.0", "1"), ("b", "", ""), ("c", "not a version", found[2][2])]
    assert found[2][2] not in {"", "1"}
