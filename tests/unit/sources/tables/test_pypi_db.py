"""The database of pypi-data, made here to its published schema: none of its data is at hand."""

from __future__ import annotations

import gzip
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pytest

from graphkit.model.errors import InputError
from graphkit.model.index import ReleaseTable
from graphkit.sources.tables import pypi_db_table
from graphkit.sources.tables.pypi_db import requirement_text

SCHEMA = """
CREATE TABLE packages (
    name TEXT, version TEXT, requires_python TEXT, yanked BOOLEAN DEFAULT 0, has_binary_wheel BOOLEAN,
    has_vulnerabilities BOOLEAN, first_uploaded_at TIMESTAMP, last_uploaded_at TIMESTAMP,
    recorded_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP, downloads INTEGER, scorecard_overall FLOAT,
    in_google_assured_oss BOOLEAN, PRIMARY KEY (name));
CREATE TABLE deps (
    package_name TEXT, version TEXT, dep_name TEXT, dep_specifier TEXT, extra TEXT DEFAULT NULL,
    PRIMARY KEY (package_name, version, dep_name, dep_specifier));
CREATE TABLE wheels (
    package_name TEXT, version TEXT, filename TEXT, build TEXT, python TEXT, abi TEXT, platform TEXT,
    uploaded_at TIMESTAMP);
CREATE TABLE maintainers (name TEXT, package_name TEXT, PRIMARY KEY (name, package_name));
"""
PACKAGES = (
    "INSERT INTO packages (name, version, requires_python, first_uploaded_at, downloads, yanked) VALUES (?,?,?,?,?,?)"
)
DEPS = "INSERT INTO deps (package_name, dep_name, dep_specifier, extra) VALUES (?, ?, ?, ?)"
WHEELS = "INSERT INTO wheels (package_name, filename, uploaded_at) VALUES (?, ?, ?)"


def database(path: Path, rows: Sequence[tuple[str, tuple[Any, ...]]] = (), schema: str = SCHEMA) -> Path:
    made = sqlite3.connect(path)
    made.executescript(schema)
    for statement, values in rows:
        made.execute(statement, values)
    made.commit()
    made.close()
    return path


ROWS = (
    (PACKAGES, ("App", "2.0", ">=3.9", "2026-03-01T10:00:00", 500, 1)),
    (DEPS, ("App", "lib", "lib>=1,<2", None)),
    (DEPS, ("App", "six", ">=1.9", None)),
    (DEPS, ("App", "torch", "torch>=2; platform_system=='linux' and extra=='gpu'", "gpu")),
    (DEPS, ("App", "torch", "torch>=2; platform_system=='linux' and extra=='gpu'", "all")),
    (WHEELS, ("App", "App-2.0-py3-none-any.whl", "2026-03-01T10:00:00")),
    (WHEELS, ("App", "App-2.0-cp311-cp311-win_amd64.whl", "2026-03-01T10:05:00")),
    ("INSERT INTO maintainers VALUES (?, ?)", ("zoe", "App")),
    ("INSERT INTO maintainers VALUES (?, ?)", ("ann", "App")),
    (PACKAGES, ("sdist-first", "1.0", None, "2026-03-01T10:00:00", 0, 0)),
    (WHEELS, ("sdist-first", "sdist_first-1.0-py3-none-any.whl", "2026-03-01T11:00:00")),
    (PACKAGES, ("windows", "1.0", None, "2026-03-01T10:00:00", None, 0)),
    (WHEELS, ("windows", "windows-1.0-cp311-cp311-win_amd64.whl", "2026-03-01T10:00:00")),
    (PACKAGES, ("bare", None, None, None, None, None)),
    (PACKAGES, (None, "1.0", None, "yesterday", "many", None)),
    (DEPS, ("windows", None, None, None)),
    (DEPS, ("nobody", "lib", "lib", None)),
)


def read(path: Path, folder: Path) -> tuple[ReleaseTable, dict[str, list[tuple[Any, ...]]]]:
    folder.mkdir()
    table = pypi_db_table(path, path.name, folder, times_listed=False, progress=lambda *_: None)
    found: dict[str, list[tuple[Any, ...]]] = {}
    columns = "coalesce(name, ''), version, epoch_us(upload_time), requires_dist, filename, downloads, maintainers"
    with duckdb.connect() as reader:
        for name, *rest in reader.execute(f"SELECT {columns} FROM '{table.paths[0]}' ORDER BY filename").fetchall():
            found.setdefault(name, []).append(tuple(rest))
    return table, found


def test_a_release_of_each_package(tmp_path: Path) -> None:
    table, found = read(database(tmp_path / "pypi.db", ROWS), tmp_path / "work")
    assert (table.one_release, table.source) == (True, "pypi.db")
    at = 1772359200_000000
    requires = ["lib>=1,<2", "six >=1.9", "torch>=2; platform_system=='Linux' and extra=='gpu'"]
    assert found == {
        "App": [
            ("2.0", at + 300_000_000, requires, "App-2.0-cp311-cp311-win_amd64.whl", 500, ["ann", "zoe"]),
            ("2.0", at, requires, "App-2.0-py3-none-any.whl", 500, ["ann", "zoe"]),
        ],
        # What was uploaded before the wheel is not listed, and from its first file the index took no requirements.
        "sdist-first": [("1.0", at, None, None, None, None)],
        # A source archive may be there for everybody else.
        "windows": [("1.0", at, [""], None, None, None)],
        "bare": [(None, None, None, None, None, None)],
        "": [("1.0", None, None, None, None, None)],
    }


def test_packed_or_not_it_holds_the_same(tmp_path: Path) -> None:
    plain = database(tmp_path / "pypi.db", ROWS)
    packed = tmp_path / "pypi.db.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert read(packed, tmp_path / "one")[1] == read(plain, tmp_path / "two")[1]


def test_no_requirements_are_none_where_a_wheel_came_first(tmp_path: Path) -> None:
    rows = (
        (PACKAGES, ("app", "1", None, "2026-03-01 10:00:00", 1, 0)),
        (WHEELS, ("app", "app-1-py2.py3-none-any.whl", "2026-03-01T10:00:00.000000")),
    )
    found = read(database(tmp_path / "pypi.db", rows), tmp_path / "work")[1]
    assert found == {"app": [("1", 1772359200_000000, [], "app-1-py2.py3-none-any.whl", 1, None)]}


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "is empty"),
        (b"hello", "is not a SQLite database, compressed with gzip or not"),
        (gzip.compress(b"hello"), "does not contain a SQLite database"),
        (gzip.compress(b"SQLite format 3\x00" * 500)[:-20], "damaged gzip file"),
        (b"SQLite format 3\x00" + b"x" * 4000, "damaged SQLite database"),
    ],
    ids=range(5),  # the bytes hold the time
)
def test_what_is_no_database_is_said_in_one_line(tmp_path: Path, data: bytes, problem: str) -> None:
    path = tmp_path / "pypi.db"
    path.write_bytes(data)
    with pytest.raises(InputError, match=problem) as raised:
        read(path, tmp_path / "work")
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("schema", "problem"),
    [
        ("CREATE TABLE other (name)", "has no table packages"),
        ("CREATE TABLE packages (name, version)", "has no table deps"),
        (
            "CREATE TABLE packages (name, version); CREATE TABLE deps (name, version, dep_name)",
            "table deps has no column package_name and no dep_specifier; it has dep_name, name, version",
        ),
    ],
)
def test_what_it_lacks_is_named(tmp_path: Path, schema: str, problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        read(database(tmp_path / "pypi.db", schema=schema), tmp_path / "work")


def test_tables_and_columns_that_are_not_needed_may_lack(tmp_path: Path) -> None:
    schema = "CREATE TABLE packages (name, version); CREATE TABLE deps (package_name, dep_name, dep_specifier)"
    rows = (
        ("INSERT INTO packages VALUES (?, ?)", ("app", 2)),
        ("INSERT INTO packages VALUES (?, ?)", (b"l\xffb", b"1.0")),
        ("INSERT INTO deps VALUES (?, ?, ?)", ("app", "lib", "lib")),
    )
    found = read(database(tmp_path / "pypi.db", rows, schema), tmp_path / "work")[1]
    assert found == {
        "app": [("2", None, ["lib"], None, None, None)],
        "l\ufffdb": [("1.0", None, None, None, None, None)],
    }


@pytest.mark.parametrize(
    ("name", "said", "meant"),
    [
        ("lib", "lib>=1", "lib>=1"),
        ("lib", "lib[x]>=1; extra=='y'", "lib[x]>=1; extra=='y'"),
        ("lib", ">=1; extra=='y'", "lib >=1; extra=='y'"),
        ("lib", "@ https://files.example/lib.whl", "lib @ https://files.example/lib.whl"),
        ("lib", "", "lib"),
        ("", "lib>=1", "lib>=1"),
        ("", "", ""),
        ("lib", "lib; 'windows'!=platform_system", "lib; 'Windows'!=platform_system"),
        ("lib", "lib; platform_python_implementation not in 'pypy jython'", None),
        ("lib", "lib; platform_machine=='amd64' or sys_platform=='linux'", None),
        ("lib", "lib; platform_system=='linux'", "lib; platform_system=='Linux'"),
    ],
)
def test_requirements_get_back_their_name_and_case(name: str, said: str, meant: str | None) -> None:
    expected = meant or said.replace("pypy jython", "PyPy Jython").replace("amd64", "AMD64")
    assert requirement_text(name, said) == expected
