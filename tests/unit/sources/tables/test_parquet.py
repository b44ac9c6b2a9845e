"""Parquet files as a table: what is checked of them before anything is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest

from graphkit.model.index import TABLE_COLUMNS, ReleaseTable
from graphkit.sources.tables import parquet_table
from tests.tables import Row, write_parquet

ROW: Row = {"name": "lib", "version": "1.0", "upload_time": 1_000_000, "requires_dist": ["a>=1"]}
NEEDED = [name for name, (_, needed) in TABLE_COLUMNS.items() if needed]


def read(*paths: Path, times_listed: bool = False) -> tuple[ReleaseTable | None, list[tuple[str, str]]]:
    rejected: list[tuple[str, str]] = []
    table = parquet_table(
        {path: path.name for path in paths},
        times_listed=times_listed,
        progress=lambda *_: None,
        reject=lambda path, problem: rejected.append((path, problem)),
    )
    return table, rejected


def test_columns_in_any_order_and_more_of_them(tmp_path: Path) -> None:
    columns = ["summary", *reversed(NEEDED), "home_page"]
    table, rejected = read(write_parquet(tmp_path / "a.parquet", [ROW], columns))
    assert (rejected, table is not None) == ([], True)
    assert table is not None
    assert (table.columns, table.source, table.one_release) == (frozenset(NEEDED), "a.parquet", False)


@pytest.mark.parametrize(
    "name", ["a[1].parquet", "it's *.parquet", "a?.parquet", "name=x.parquet", "é ü.parquet", "noending"]
)
def test_a_name_is_taken_as_it_stands(tmp_path: Path, name: str) -> None:
    (tmp_path / "version=2").mkdir()
    made = write_parquet(tmp_path / "plain.parquet", [ROW])
    for other in ("a1.parquet", "ab.parquet", "it's it.parquet"):
        made.with_name(other).write_bytes(b"no Parquet at all")
    path = made.rename(tmp_path / "version=2" / name)
    table, rejected = read(path)
    assert (rejected, table is not None) == ([], True)


def test_the_bytes_and_how_they_are_read_are_the_identity(tmp_path: Path) -> None:
    one = write_parquet(tmp_path / "one.parquet", [ROW])
    two = write_parquet(tmp_path / "two.parquet", [{**ROW, "version": "2"}])
    copy = tmp_path / "copy.parquet"
    copy.write_bytes(one.read_bytes())
    tables = [read(one, two), read(two, one), read(two, copy, one), read(one), read(one, two, times_listed=True)]
    digests = [table.digest for table, _ in tables if table is not None]
    assert digests[0] == digests[1] == digests[2]
    assert len(set(digests)) == 3
    assert tables[0][0] is not None
    assert tables[0][0].source == "one.parquet and 1 more"
    assert tables[2][0] is not None
    assert len(tables[2][0].paths) == 2


@pytest.mark.parametrize(
    ("cut", "problem"),
    [
        (lambda _: b"", "is empty"),
        (lambda _: b"name,version\nlib,1\n", "is not a Parquet file; export the table as Parquet"),
        (lambda data: data[:-9], "is truncated: the mark at the end of a Parquet file is missing; copy it again"),
        (lambda _: b"PAR1", "is truncated: the mark at the end of a Parquet file is missing; copy it again"),
        (lambda data: data[:-40] + b"\xff" * 30 + data[-10:], "damaged Parquet file: "),
    ],
)
def test_one_line_for_a_file_that_is_none(tmp_path: Path, cut: Any, problem: str) -> None:
    good = write_parquet(tmp_path / "good.parquet", [ROW])
    bad = tmp_path / "bad.parquet"
    bad.write_bytes(cut(good.read_bytes()))
    table, rejected = read(good, bad)
    assert table is None
    [(path, said)] = rejected
    assert path == "bad.parquet"
    assert said.startswith(problem)
    assert "\n" not in said
    assert str(tmp_path) not in said


def test_a_column_that_is_missing_is_named_with_what_is_there(tmp_path: Path) -> None:
    path = write_parquet(tmp_path / "a.parquet", [ROW], ["version", "name", "requires_python", "summary"])
    assert read(path)[1] == [
        (
            "a.parquet",
            "has no column requires_dist and no upload_time; it has name, requires_python, summary, version",
        )
    ]


def _made(path: Path, query: str) -> Path:
    with duckdb.connect() as made:
        made.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet)")
    return path


PLAIN = "'lib' AS name, '1' AS version, '' AS requires_python, ['a'] AS requires_dist"


def test_a_column_of_another_type_is_named(tmp_path: Path) -> None:
    path = _made(tmp_path / "a.parquet", f"SELECT {PLAIN}, '2020-01-01' AS upload_time")
    expected = "column upload_time: is of type VARCHAR; expected TIMESTAMP WITH TIME ZONE"
    assert read(path)[1] == [("a.parquet", expected)]


def test_files_of_one_table_agree_in_their_types(tmp_path: Path) -> None:
    one = _made(tmp_path / "a.parquet", f"SELECT {PLAIN}, TIMESTAMP '2020-01-01' AS upload_time")
    two = _made(tmp_path / "b.parquet", f"SELECT {PLAIN}, TIMESTAMPTZ '2020-01-01 00:00:00+00' AS upload_time")
    table, rejected = read(one, two)
    assert table is None
    assert rejected == [
        (
            "b.parquet",
            "column upload_time: is of type TIMESTAMP WITH TIME ZONE here and TIMESTAMP in the first file",
        )
    ]


def test_a_file_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    table, rejected = read(tmp_path / "gone.parquet")
    assert (table, rejected) == (None, [("gone.parquet", "cannot be read: No such file or directory")])
