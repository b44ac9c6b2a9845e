"""What the compilation reads of the record, in batches and as columns."""

from __future__ import annotations

import duckdb
import numpy as np
import pytest

from graphkit.model.documents import Problem
from graphkit.model.incidents import CompromisedFile, CompromisedRelease, Incident
from graphkit.model.names import PackageName
from graphkit.stores.engine import record_reader
from graphkit.stores.engine.record_reader import (
    columns,
    incidents,
    put,
    rows,
    scalar,
    stage_incidents,
    table_problems,
    texts,
)
from graphkit.stores.engine.texts import Texts
from tests.unit.stores.engine.kept import recorded

LIB = PackageName("lib")


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5])
def test_rows_and_texts_come_whole_and_in_order_whatever_a_batch_holds(
    count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record_reader, "_BATCH", 2)
    with duckdb.connect() as database:
        query = f"SELECT 'é' || range FROM range({count})"
        expected = tuple(f"é{number}" for number in range(count))
        assert tuple(text for (text,) in rows(database, query)) == expected
        column = Texts(*texts(database, query).arrays())
        assert column.at(np.arange(len(column))) == expected


def test_columns_and_a_number() -> None:
    with duckdb.connect() as database:
        number, name = columns(database, "SELECT range::INTEGER AS a, 'x' || range AS b FROM range(2)")
        assert number.dtype == np.int32
        assert (number.tolist(), name.tolist()) == ([0, 1], ["x0", "x1"])
        assert scalar(database, "SELECT max(range) FROM range(3)") == 2


def test_arrays_become_a_table_that_takes_the_place_of_an_older_one() -> None:
    with duckdb.connect() as database:
        shape = "name VARCHAR, size INTEGER"
        put(database, "made", shape, {"name": np.array(["a", "b"], dtype=object), "size": np.array([1, 2])})
        assert database.execute("FROM made").fetchall() == [("a", 1), ("b", 2)]
        put(database, "made", shape, {"name": np.array([], dtype=object), "size": np.array([], dtype=np.int32)})
        assert database.execute("FROM made").fetchall() == []


def test_incidents_come_by_id_as_they_were_given() -> None:
    given = [Incident(id=name, title="t", releases=(), notes=("“quoted”",)) for name in ("b", "a", "B")]
    with recorded(given) as record:
        assert incidents(record.connection) == (given[2], given[1], given[0])


def test_problems_of_tables_keep_their_source() -> None:
    with recorded() as record:
        row = ["00" * 16, "table", 0, 1, '[["name x", "is none"], ["version", "lacks"]]']
        record.connection.execute("INSERT INTO tables VALUES (?, ?, ?, ?, ?)", row)
        assert table_problems(record.connection) == [
            ("table", Problem(place="name x", text="is none")),
            ("table", Problem(place="version", text="lacks")),
        ]


def accused(*files: CompromisedFile, whole: bool = True) -> CompromisedRelease:
    return CompromisedRelease(
        purl="pkg:pypi/lib@1.0", package=LIB, version="1.0", listed_from=5, files=files, whole=whole
    )


def staged(*found: Incident) -> tuple[list[tuple[object, ...]], list[tuple[object, ...]]]:
    with duckdb.connect() as database:
        stage_incidents(database, found)
        return database.execute("FROM accused").fetchall(), database.execute("FROM accused_files").fetchall()


def test_what_accuses_no_release_of_the_index_stages_nothing() -> None:
    other = CompromisedRelease(purl="pkg:npm/lib@1", package=None, version="1")
    unsaid = CompromisedRelease(purl="pkg:pypi/lib", package=LIB, version="")
    withdrawn = Incident(id="w", title="", releases=(accused(),), withdrawn=True)
    assert staged() == ([], [])
    assert staged(withdrawn, Incident(id="x", title="", releases=(other, unsaid))) == ([], [])


def test_archives_of_a_release_that_is_bad_as_a_whole_narrow_nothing_down() -> None:
    archive = CompromisedFile(filename="lib-1.0-py3-none-any.whl", sha256="ab")
    inside, nameless = CompromisedFile(filename="x.py", member=True), CompromisedFile(filename="", sha256="cd")
    incident = Incident(id="x", title="", releases=(accused(archive, inside, nameless),))
    assert staged(incident) == (
        [("lib", "1", "1.0", 5, True)],
        [("lib", "1", archive.filename, "unknown", "ab", 5)],
    )


@pytest.mark.parametrize(
    ("filename", "kind"),
    [
        ("lib-1.0-py3-none-any.WHL", "wheel"),
        *((f"lib-1.0{ending}", "sdist") for ending in (".tar.gz", ".ZIP", ".tar.bz2", ".tgz", ".tar.xz", ".tar.Z")),
        ("lib-1.0.tar", "sdist"),
        ("lib-1.0.exe", "other"),
        ("whl", "other"),
    ],
)
def test_of_a_release_that_has_good_files_too_the_name_says_what_a_file_is(filename: str, kind: str) -> None:
    incident = Incident(id="x", title="", releases=(accused(CompromisedFile(filename=filename), whole=False),))
    assert staged(incident)[1] == [("lib", "1", filename, kind, "", 5)]
