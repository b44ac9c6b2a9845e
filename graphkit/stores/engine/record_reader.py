"""Blobs of the record decoded to model values, and rows streamed from it, for the compilation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import duckdb
import msgspec
import numpy as np
from numpy.typing import NDArray

from graphkit.model.documents import Problem
from graphkit.model.incidents import Incident
from graphkit.model.index import FileKind
from graphkit.stores.engine.encoding import version_of
from graphkit.stores.engine.texts import TextsBuilder

_BATCH: Final = 50_000
_SDIST_ENDINGS: Final = (".tar.gz", ".zip", ".tar.bz2", ".tgz", ".tar.xz", ".tar.z", ".tar")


def rows(connection: duckdb.DuckDBPyConnection, query: str) -> Iterator[tuple[Any, ...]]:
    """Yield a query's rows, a batch at a time. One stream at a time: a second query ends the first."""
    result = connection.execute(query)
    while batch := result.fetchmany(_BATCH):
        yield from batch


def columns(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[NDArray[Any], ...]:
    """Return a query's columns as arrays; none of them may hold NULL."""
    return tuple(np.asarray(column) for column in connection.execute(query).fetchnumpy().values())


def scalar(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    """Return the one number that a query gives."""
    ((value,),) = connection.execute(query).fetchall()
    return int(value)


def texts(connection: duckdb.DuckDBPyConnection, query: str) -> TextsBuilder:
    """Return a query's one column of texts, to be written."""
    builder = TextsBuilder()
    result = connection.execute(query)
    while batch := result.fetchmany(_BATCH):
        builder.extend([text for (text,) in batch])
    return builder


def put(connection: duckdb.DuckDBPyConnection, table: str, shape: str, values: Mapping[str, NDArray[Any]]) -> None:
    """Make a temporary table of arrays, one per column of ``shape`` (SQL)."""
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {table} ({shape})")
    if len(next(iter(values.values()))):
        connection.register("incoming", dict(values))
        connection.execute(f"INSERT INTO {table} SELECT {', '.join(values)} FROM incoming")  # noqa: S608 - own names
        connection.unregister("incoming")


def incidents(connection: duckdb.DuckDBPyConnection) -> tuple[Incident, ...]:
    """Return all incidents, by id."""
    found = connection.execute("SELECT body FROM incidents ORDER BY id").fetchall()
    return tuple(msgspec.json.decode(body, type=Incident) for (body,) in found)


def table_problems(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, Problem]]:
    """Return the problems of tables, as (source, problem)."""
    found = connection.execute("SELECT source, problems FROM tables").fetchall()
    return [
        (source, Problem(place=place, text=text))
        for source, problems in found
        for place, text in msgspec.json.decode(problems, type=list[tuple[str, str]])
    ]


def stage_incidents(connection: duckdb.DuckDBPyConnection, kept: tuple[Incident, ...]) -> None:
    """Put compromised releases and their archives into temporary tables, for the releases they bring back.

    A withdrawn advisory accuses nothing and brings nothing back.
    """
    releases: list[tuple[Any, ...]] = []
    files: list[tuple[Any, ...]] = []
    for one in (release for incident in kept if not incident.withdrawn for release in incident.releases):
        if one.package is None or not one.version:
            continue
        version = version_of(one.version)
        identity = (one.package, version.key)
        releases.append((*identity, version.text, one.listed_from, one.whole))
        archives = [file for file in one.files if not file.member and file.filename]
        # An incident seldom names every archive of a release that is bad as a whole, so the names it gives do
        # not narrow down where the release could be installed.
        kinds = [FileKind.UNKNOWN if one.whole else _kind(file.filename) for file in archives]
        files += [
            (*identity, file.filename, kind, file.sha256, one.listed_from)
            for file, kind in zip(archives, kinds, strict=True)
        ]
    shape = "package VARCHAR, version_key VARCHAR, version VARCHAR, listed_from BIGINT, whole BOOLEAN"
    _fill(connection, "accused", shape, releases)
    shape = "package VARCHAR, version_key VARCHAR, filename VARCHAR, kind VARCHAR, sha256 VARCHAR, listed_from BIGINT"
    _fill(connection, "accused_files", shape, files)


def _fill(connection: duckdb.DuckDBPyConnection, table: str, shape: str, found: list[tuple[Any, ...]]) -> None:
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {table} ({shape})")
    if found:  # a few hundred rows at most, so one by one is fast enough
        marks = ", ".join("?" * len(found[0]))
        connection.executemany(f"INSERT INTO {table} VALUES ({marks})", found)  # noqa: S608 - own names


def _kind(filename: str) -> FileKind:
    lowered = filename.lower()
    if lowered.endswith(".whl"):
        return FileKind.WHEEL
    return FileKind.SDIST if lowered.endswith(_SDIST_ENDINGS) else FileKind.OTHER
