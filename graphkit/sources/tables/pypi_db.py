"""The SQLite database that `sethmlarson/pypi-data` publishes, turned into a table of releases.

Written to its published schema and to what its scraper puts there, which differ from what one would think:

- ``dep_specifier`` is the requirement in lower case, except where a blank followed the name: then the name is cut off;
- of a package without a row in ``deps`` nobody knows whether it requires nothing, or whether nobody read it;
- ``yanked`` says that *some* release of the package is yanked, so it is of no use for the one that is there;
- ``downloads`` is 0 for all but the most popular packages, which therefore means unknown;
- ``wheels`` lists wheels alone, so that what else a release has is not known.
"""

# ruff: noqa: S608 - statements are put together from own names and an escaped path alone

from __future__ import annotations

import gzip
import hashlib
import re
import shutil
import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import numpy as np

from graphkit.model.errors import GraphkitError, InputError
from graphkit.model.index import ReleaseTable
from graphkit.model.progress import Progress
from graphkit.model.times import Moment
from graphkit.sources.tables.parquet import table_digest

if TYPE_CHECKING:
    import duckdb

_SQLITE: Final = b"SQLite format 3\x00"
_GZIP: Final = b"\x1f\x8b"
_CHUNK: Final = 2**22
_ROWS: Final = 50_000
_COLUMNS: Final = {
    "packages": ("name", "version", "requires_python", "first_uploaded_at", "downloads"),
    "deps": ("package_name", "dep_name", "dep_specifier"),
    "wheels": ("package_name", "filename", "uploaded_at"),
    "maintainers": ("package_name", "name"),
}
_NEEDED: Final = {"packages": ("name", "version"), "deps": ("package_name", "dep_name", "dep_specifier")}
_GIVEN: Final = frozenset(
    ("name", "version", "upload_time", "requires_python", "requires_dist", "filename", "downloads", "maintainers")
)
_Row = tuple[str | None, ...]

_JOIN: Final = """
CREATE TABLE files AS
SELECT DISTINCT package_name, filename, TRY_CAST(uploaded_at AS TIMESTAMP) AS uploaded FROM wheels
WHERE filename IS NOT NULL;

CREATE TABLE first_wheels AS
SELECT package_name, min(uploaded) AS uploaded,
    min(uploaded) FILTER (
        WHERE regexp_matches(filename, '-(py[0-9]+[.])*py3([.]py[0-9]+)*-none-any[.]whl$')) AS anywhere
FROM files GROUP BY package_name;

CREATE TABLE releases AS
WITH read AS (
    SELECT name, version, TRY_CAST(first_uploaded_at AS TIMESTAMP) AS upload_time, requires_python,
        nullif(TRY_CAST(downloads AS BIGINT), 0) AS downloads
    FROM packages),
said AS (SELECT package_name, list(DISTINCT text ORDER BY text) AS requires_dist FROM deps GROUP BY package_name),
people AS (
    SELECT package_name, list(DISTINCT name ORDER BY name) AS maintainers FROM maintainers
    WHERE name IS NOT NULL GROUP BY package_name)
SELECT read.name, version, coalesce(files.uploaded, upload_time) AS upload_time, requires_python,
    CASE WHEN requires_dist IS NOT NULL THEN requires_dist WHEN first_wheels.uploaded <= upload_time THEN []::VARCHAR[]
        END AS requires_dist,
    files.filename, downloads, maintainers
FROM read
LEFT JOIN said ON said.package_name = read.name
LEFT JOIN people ON people.package_name = read.name
LEFT JOIN first_wheels ON first_wheels.package_name = read.name
LEFT JOIN files ON files.package_name = read.name AND first_wheels.anywhere <= upload_time;
"""
"""Rows per release, or per wheel where one of them can be installed everywhere and nothing was uploaded before it:
elsewhere what the database does not list, a source archive, may be what an environment takes, and when.

No requirements means none where a wheel was the first file, for the index takes them from the first.
"""
_VALUES: Final = {
    "platform_system": ("Linux", "Windows", "Darwin", "Java", "FreeBSD", "OpenBSD", "NetBSD", "SunOS", "AIX"),
    "platform_python_implementation": ("CPython", "PyPy", "Jython", "IronPython", "GraalVM"),
    "python_implementation": ("CPython", "PyPy", "Jython", "IronPython", "GraalVM"),
    "platform.python_implementation": ("CPython", "PyPy", "Jython", "IronPython", "GraalVM"),
    "platform_machine": ("AMD64",),
}
"""What markers compare with that is not in lower case, by variable."""
_VARIABLE: Final = "|".join(map(re.escape, _VALUES))
_SIGN: Final = r"\s*(?:[=!<>~]=?=?|(?:not\s+)?in\b)\s*"
_COMPARED: Final = re.compile(
    rf"(?P<left>{_VARIABLE})(?P<sign>{_SIGN})'(?P<text>[^']*)'"
    rf"|'(?P<before>[^']*)'(?P<between>{_SIGN})(?P<right>{_VARIABLE})"
)
_WORD: Final = re.compile(r"[a-z0-9_]+")


def pypi_db_table(
    path: Path, label: str, folder: Path, *, times_listed: bool, progress: Progress, as_of: Moment | None = None
) -> ReleaseTable:
    """Return the database as a table; what it takes on the way, the table too, stands in ``folder``.

    It has one release of each package, the newest when it was made. ``as_of``: the time that it is said to stand for.
    Cost: a pass over its tables, in chunks.

    Raises:
        InputError: no such database, or one that is damaged or lacks a table.
        GraphkitError: the folder has no room.
        OSError: it cannot be read, or the folder has no room.
    """
    database, digest = _unpacked(path, folder, progress, label)
    try:
        # Immutable: a journal beside it is not looked for, and nothing is locked.
        address = f"file:{quote(str(database.absolute()))}?mode=ro&immutable=1"
        with closing(sqlite3.connect(address, uri=True)) as source:
            source.text_factory = lambda raw: raw.decode("utf-8", "replace")
            target = _write(source, _columns(source), folder, progress)
    except sqlite3.Error as error:
        raise InputError(f"damaged SQLite database: {error}") from error
    return ReleaseTable(
        paths=(str(target),),
        columns=_GIVEN,
        digest=table_digest([digest, "pypi-db"], times_listed=times_listed, as_of=as_of),
        source=label,
        times_listed=times_listed,
        as_of=as_of,
        one_release=True,
    )


def requirement_text(name: str, said: str) -> str:
    """Return a requirement as the database means it: its name put back, and the case that markers compare with.

    >>> requirement_text("torch", "torch>=2; platform_system=='linux'")
    "torch>=2; platform_system=='Linux'"
    >>> requirement_text("six", ">=1.9")
    'six >=1.9'
    """
    said = said.strip()
    text = said if said[:1].isalnum() or not name else f"{name} {said}".strip()
    before, semicolon, marker = text.partition(";")
    return before + semicolon + _COMPARED.sub(_recased, marker) if semicolon else text


def _recased(found: re.Match[str]) -> str:
    variable = found["left"] or found["right"]
    known = {value.lower(): value for value in _VALUES[variable]}
    text = _WORD.sub(lambda word: known.get(word[0], word[0]), found["text"] or found["before"] or "")
    if found["left"]:
        return f"{variable}{found['sign']}'{text}'"
    return f"'{text}'{found['between']}{variable}"


def _unpacked(path: Path, folder: Path, progress: Progress, label: str) -> tuple[Path, str]:
    """Return the database as a plain file, and the digest of the bytes given."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        head = file.read(len(_SQLITE))
        file.seek(0)
        total = path.stat().st_size
        done = 0
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            done += len(chunk)
            progress(done, total, f"checking {label}")
    if head == _SQLITE:
        return path, digest.hexdigest()
    if not head.startswith(_GZIP):
        raise InputError("is not a SQLite database, compressed with gzip or not" if head else "is empty")
    plain = folder / "packages.db"
    progress(0, None, f"unpacking {label}")
    try:
        with gzip.open(path) as packed, plain.open("wb") as file:
            shutil.copyfileobj(packed, file, _CHUNK)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise InputError(f"damaged gzip file: {error}; copy it again") from error
    with plain.open("rb") as file:
        if file.read(len(_SQLITE)) != _SQLITE:
            raise InputError("does not contain a SQLite database")
    return plain, digest.hexdigest()


def _columns(source: sqlite3.Connection) -> dict[str, frozenset[str]]:
    """Return which columns each table has.

    Raises:
        InputError: one that is needed is missing.
    """
    has = {
        table: frozenset(str(row[1]).lower() for row in source.execute(f"PRAGMA table_info({table})"))
        for table in _COLUMNS
    }
    for table, columns in _NEEDED.items():
        if not has[table]:
            raise InputError(f"has no table {table}; expected the database of pypi-data")
        if missing := [name for name in columns if name not in has[table]]:
            there = ", ".join(sorted(has[table]))
            raise InputError(f"table {table} has no column {' and no '.join(missing)}; it has {there}")
    return has


def _write(source: sqlite3.Connection, has: dict[str, frozenset[str]], folder: Path, progress: Progress) -> Path:
    """Write the table of releases. What SQLite holds is moved in chunks, and joined where it may wait on disk."""
    import duckdb

    target = folder / "releases.parquet"
    config: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "memory_limit": "1GB",
        "temp_directory": str(folder),
    }
    try:
        with duckdb.connect(config=config) as work:
            for table, columns in _COLUMNS.items():
                rows = _rows(source, table, [name if name in has[table] else "NULL" for name in columns], progress)
                _fill(work, table, columns, rows)
            progress(0, None, "joining packages and requirements")
            work.execute(_JOIN)
            path = str(target).replace("'", "''")
            work.execute(f"COPY releases TO '{path}' (FORMAT parquet)")
    except duckdb.Error as error:
        line = str(error).partition("\n")[0]
        raise GraphkitError(f"the table cannot be built: {line}") from error
    return target


def _rows(source: sqlite3.Connection, table: str, columns: list[str], progress: Progress) -> Iterator[list[_Row]]:
    if columns == ["NULL"] * len(columns):  # there is no such table
        return
    (total,) = source.execute(f"SELECT count(*) FROM {table}").fetchone()
    done = 0
    cursor = source.execute(f"SELECT {', '.join(columns)} FROM {table}")
    while chunk := cursor.fetchmany(_ROWS):
        rows = [tuple(_text(value) for value in row) for row in chunk]
        if table == "deps":
            rows = [(package, requirement_text(name or "", said or "")) for package, name, said in rows]
        yield rows
        done += len(rows)
        progress(done, total, f"reading {table}")


def _text(value: object) -> str | None:
    """Return a value as text: SQLite keeps in any column what it was given."""
    if value is None or isinstance(value, str):
        return value
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def _fill(work: duckdb.DuckDBPyConnection, table: str, columns: Sequence[str], chunks: Iterator[list[_Row]]) -> None:
    names = ("package_name", "text") if table == "deps" else columns
    work.execute(f"CREATE TABLE {table} ({', '.join(f'{name} VARCHAR' for name in names)})")
    for rows in chunks:
        values = zip(*rows, strict=True)
        arrays = {name: np.array(column, dtype=object) for name, column in zip(names, values, strict=True)}
        work.register("incoming", arrays)
        work.execute(f"INSERT INTO {table} SELECT {', '.join(names)} FROM incoming")
        work.unregister("incoming")
