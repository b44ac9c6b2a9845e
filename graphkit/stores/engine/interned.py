"""Rows that are kept once under a number: equal ones, by the digest of their content, get the number kept."""

# ruff: noqa: S608 - statements are put together from own names alone

from __future__ import annotations

from typing import Any, Final

import duckdb
import numpy as np
from numpy.typing import NDArray

from graphkit.stores.engine.encoding import DTYPES, insert

_PART: Final = 50_000
"""Rows that are turned into columns at a time."""


def numbered(
    connection: duckdb.DuckDBPyConnection, table: str, incoming: str
) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """Return the number kept of each row of a batch, and whether it is new; leaves both as ``numbered_…``."""
    query = f"""
        SELECT coalesce(known.id, -1) AS id FROM (SELECT number, digest::UUID AS digest FROM {incoming}) AS incoming
        LEFT JOIN {table} AS known USING (digest) ORDER BY number"""
    ids = np.asarray(connection.execute(query).fetchnumpy()["id"], dtype=np.int32)
    row = connection.execute(f"SELECT coalesce(max(id) + 1, 0) FROM {table}").fetchone()
    is_new = ids < 0
    ids[is_new] = (row[0] if row else 0) + np.arange(np.count_nonzero(is_new), dtype=np.int32)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE numbered_{table} (number INTEGER, id INTEGER, is_new BOOLEAN)")
    number = np.arange(len(ids), dtype=np.int32)
    insert(connection, f"numbered_{table}", {"number": number, "id": ids, "is_new": is_new})
    return ids, is_new


def stage(connection: duckdb.DuckDBPyConnection, table: str, shape: str, rows: list[tuple[Any, ...]]) -> None:
    """Move rows into a new temporary table; the list is empty then."""
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {table} ({shape})")
    append(connection, table, shape, rows)


def append(connection: duckdb.DuckDBPyConnection, table: str, shape: str, rows: list[tuple[Any, ...]]) -> None:
    """Move rows into a table of that shape; the list is empty then."""
    names = [column.split() for column in shape.split(", ")]
    while rows:  # from the end, and let go: a huge document is not held twice
        part = rows[-_PART:]
        del rows[-_PART:]
        arrays: dict[str, NDArray[Any]] = {
            name: np.array(values, dtype=DTYPES.get(kind, object))
            for (name, kind), values in zip(names, zip(*part, strict=True), strict=True)
        }
        insert(connection, table, arrays)
