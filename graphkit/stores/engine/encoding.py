"""Values on their way into the record: canonical bytes, digests, and columns in bulk."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import duckdb
import msgspec
import numpy as np
from numpy.typing import NDArray

from graphkit.model.errors import InputError
from graphkit.model.ordering import ordering_of
from graphkit.model.times import BEGINNING
from graphkit.model.versions import ReleaseVersion, release_version

DTYPES: Final = {"BIGINT": np.int64, "INTEGER": np.int32, "BOOLEAN": np.bool_}

version_of = lru_cache(maxsize=1 << 16)(release_version)
"""`release_version`, remembered: a page names each version once per file."""


def digest(value: Any) -> str:
    """Return the SHA-256 of a value's canonical bytes, in hex.

    Raises:
        InputError: a text in it has lone surrogates.
    """
    return hashlib.sha256(encoded(value)).hexdigest()


def encoded(value: Any) -> bytes:
    """Return a value as JSON bytes, fields in the order of its class.

    Raises:
        InputError: a text in it has lone surrogates, which no UTF-8 file or database can hold.
    """
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError as error:
        raise InputError("a text with lone surrogates, which UTF-8 cannot hold") from error


def insert(connection: duckdb.DuckDBPyConnection, table: str, columns: Mapping[str, NDArray[Any]]) -> None:
    """Append arrays to a table, by the names of its columns. Whole numbers of 64 bits: `BEGINNING` stands for NULL."""
    if not len(next(iter(columns.values()))):
        return
    connection.register("incoming", dict(columns))
    # NumPy integers have no null: an instant that no fact has stands for it on the way.
    shown = [f"nullif({name}, {BEGINNING})" if values.dtype == np.int64 else name for name, values in columns.items()]
    names = ", ".join(columns)
    connection.execute(f"INSERT INTO {table} ({names}) SELECT {', '.join(shown)} FROM incoming")  # noqa: S608 - own names
    connection.unregister("incoming")


def insert_versions(connection: duckdb.DuckDBPyConnection, table: str, versions: Sequence[ReleaseVersion]) -> None:
    """Append versions, each once, with the bytes that order them."""
    columns = {
        "version_key": np.array([one.key for one in versions], dtype=object),
        "ordering": np.array([ordering_of(one) for one in versions], dtype=object),
        "prerelease": np.array([one.is_prerelease for one in versions], dtype=np.bool_),
    }
    insert(connection, table, columns)
