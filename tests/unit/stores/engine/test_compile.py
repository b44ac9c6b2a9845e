"""The compilation as a whole: what it counts, what it takes over, and that it leaves nothing half done."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from graphkit.model.incidents import Incident
from graphkit.model.index import MetadataSource, ReleaseTable
from graphkit.model.names import ServiceId
from graphkit.model.organisation import Build, DocumentUse, Organisation, Service
from graphkit.model.times import BEGINNING, FOREVER, Moment, exactly
from graphkit.stores.engine import compile as compilation
from graphkit.stores.engine.compile import compile_index, count_inputs, newest_of
from graphkit.stores.engine.index_folder import IndexFolder, IndexWriter
from graphkit.stores.port import Fact
from tests.tables import write_parquet
from tests.unit.stores.engine.kept import component, document, metadata, page, recorded, release, wheel

WEB = ServiceId("web")
FACTS: tuple[Fact, ...] = (
    page("lib", "1", "2", read_at=9),
    metadata("app", "1", "lib>=1", "dep"),
    document("aa", component("lib", "1"), component("lib", "2")),
    document("bb", component("lib", "1"), component("lib", "2")),
    Organisation(source="o", services=(Service(id=WEB),), builds=(Build(service=WEB, at=exactly(3)),)),
    Incident(id="x", title="", releases=()),
)


def compiled(facts: Iterable[Fact], folder: Path) -> IndexFolder:
    with recorded(facts) as record:
        compile_index(record.connection, folder / "index")
    return IndexFolder(folder / "index")


def test_counts_say_what_was_compiled(tmp_path: Path) -> None:
    header = compiled(FACTS, tmp_path).header
    assert header.counts == {
        "packages": 3,
        "releases": 3,
        "files": 2,
        "requirement sets": 1,
        "ranges": 2,
        "documents": 2,
        "components": 4,
        "incidents": 1,
        "companies": 0,
        "services": 1,
        "builds": 1,
        "supply relations": 0,
        "claims": 0,
    }
    assert (header.inputs, header.newest_fact) == (6, 9)


def test_an_empty_record_is_an_index_of_nothing(tmp_path: Path) -> None:
    header = compiled([], tmp_path).header
    assert set(header.counts.values()) == {0}
    assert (header.inputs, header.newest_fact) == (0, 0)


def test_a_table_is_one_input_whatever_it_says(tmp_path: Path) -> None:
    rows = [
        {"name": name, "version": version, "requires_dist": requires, "filename": f"{name}-{version}.tar.gz"}
        for name, version, requires in (("a", "1", ["b"]), ("a", "2", []), ("b", "1", None))
    ]
    path = write_parquet(tmp_path / "t.parquet", rows)
    table = ReleaseTable(paths=(str(path),), columns=frozenset(rows[0]), digest="ab" * 32, source="table")
    silent = metadata("c", "1", source=MetadataSource.UNKNOWN, reason="nobody could read it")
    with recorded([table]) as record:
        assert count_inputs(record.connection) == 1
    with recorded([table, silent, page("lib", "1")]) as record:
        assert count_inputs(record.connection) == 3


@pytest.mark.parametrize(
    ("fact", "newest"),
    [
        (page("lib", "1", read_at=7), 7),
        (page("lib", release("lib", "1", wheel("lib", "1", 50)), read_at=7), 50),
        (page("lib", release("lib", "1", wheel("lib", "1", FOREVER)), read_at=7), 7),
        (page("lib", "1", read_at=-7), 1),
        (page("lib", release("lib", "1", wheel("lib", "1", None)), read_at=-7), 0),
        (document("aa", created=Moment(earliest=5, latest=9)), 5),
        (DocumentUse(service=WEB, document="aa", built_at=exactly(3), stands_until=exactly(8)), 8),
        (DocumentUse(service=WEB, document="aa", stands_from=exactly(3), stands_until=exactly(FOREVER)), 3),
    ],
)
def test_the_newest_fact_is_the_latest_instant_that_one_gives_for_sure(fact: Fact, newest: int, tmp_path: Path) -> None:
    assert compiled([fact], tmp_path).header.newest_fact == newest


def test_a_use_without_a_known_start_gives_no_instant() -> None:
    use = DocumentUse(service=WEB, document="aa", stands_from=exactly(BEGINNING), read_at=exactly(4))
    assert newest_of([], Organisation(uses=(use,))) == 4
    assert newest_of([document("aa")], Organisation()) == 0


def test_a_compilation_that_fails_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise KeyboardInterrupt

    with recorded(FACTS) as record:
        compile_index(record.connection, tmp_path / "index" / "one")
        monkeypatch.setattr(compilation, "compile_heads", broken)
        with pytest.raises(KeyboardInterrupt):
            compile_index(record.connection, tmp_path / "index" / "two")
    assert [path.name for path in (tmp_path / "index").iterdir()] == ["one"]


def test_a_base_that_cannot_be_taken_over_is_compiled_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with recorded(FACTS) as record:
        compile_index(record.connection, tmp_path / "index" / "one")
        before = {file.name: file.read_bytes() for file in (tmp_path / "index" / "one").iterdir()}
        monkeypatch.setattr(IndexWriter, "take_over", lambda *_: None)
        compile_index(record.connection, tmp_path / "index" / "two")
        assert {file.name: file.read_bytes() for file in (tmp_path / "index" / "two").iterdir()} == before


def test_where_all_changed_nothing_of_an_older_index_is_left(tmp_path: Path) -> None:
    other: list[Fact] = [page("other", "1"), metadata("other", "1", "new>1")]
    with recorded(FACTS) as record, recorded(other) as another:
        compile_index(record.connection, tmp_path / "index" / "one")
        compile_index(another.connection, tmp_path / "index" / "two")
        compile_index(another.connection, tmp_path / "apart" / "two")
    found, apart = (
        {file.name: file.read_bytes() for file in (tmp_path / name / "two").iterdir()} for name in ("index", "apart")
    )
    assert found == apart
