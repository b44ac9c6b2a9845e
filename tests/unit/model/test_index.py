"""What a file needs of an environment, and names of tables that are taken as they stand."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from graphkit.model.environment import Environment, MarkerEvaluator
from graphkit.model.index import FileKind, needs_of, table_sql


@pytest.mark.parametrize(
    ("kind", "filename", "needs"),
    [
        (FileKind.WHEEL, "a-1.0-py3-none-any.whl", "py3-none-any >=3.9"),
        (FileKind.WHEEL, "a-1.0-1-cp312-abi3-win_amd64.whl", "cp312-abi3-win_amd64 >=3.9"),  # with a build tag
        (FileKind.SDIST, "a-1.0.tar.gz", "sdist >=3.9"),
        (FileKind.UNKNOWN, "", "unknown >=3.9"),
        (FileKind.OTHER, "a-1.0.exe", "other >=3.9"),
    ],
)
def test_a_file_needs_its_tags_or_its_kind_and_its_python(kind: FileKind, filename: str, needs: str) -> None:
    assert needs_of(kind, filename, ">=3.9") == needs


def test_what_is_neither_wheel_nor_source_is_never_installed() -> None:
    installs = MarkerEvaluator(Environment()).installs
    kinds = {kind: installs(needs_of(kind, "a-1.0-py3-none-any.whl", "")) for kind in FileKind}
    assert kinds == {FileKind.WHEEL: True, FileKind.SDIST: True, FileKind.UNKNOWN: True, FileKind.OTHER: False}


@pytest.mark.parametrize("name", ["a.parquet", "it's [1].parquet", "*.parquet", "?.parquet", "k=v/a.parquet"])
def test_a_table_is_read_from_the_file_of_exactly_its_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    with duckdb.connect() as database:
        for number, place in enumerate((name, "1.parquet", "b.parquet")):
            literal = str(tmp_path / place).replace("'", "''")
            database.execute(f"copy (select {number} as n) to '{literal}' (format parquet)")
        found = database.execute(f"select * from {table_sql([str(tmp_path / name)])}").fetchall()
    assert found == [(0,)]
