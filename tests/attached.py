"""Records as files attached to one database of the process: to start DuckDB takes 30 ms, and tests open thousands."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any, Final

import duckdb
import pytest

from graphkit.stores.engine import record

_numbers: Final = count()


class _Instance:
    """The database of this process, and which files are attached to it under which name, by how many connections."""

    def __init__(self) -> None:
        self.root: duckdb.DuckDBPyConnection | None = None
        self.names: dict[str, tuple[str, int]] = {}
        self._of_parents: list[duckdb.DuckDBPyConnection | None] = []

    def forget(self) -> None:
        """Use another one in a process that was forked: threads of this one are not there.

        It is kept, since to let go of it would wait for those threads, or end the process.
        """
        self._of_parents.append(self.root)
        self.root, self.names = None, {}


_instance: Final = _Instance()
os.register_at_fork(after_in_child=_instance.forget)


class Attached:
    """A connection to an attached file; does what one of DuckDB's does."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, file: str) -> None:
        self._connection: duckdb.DuckDBPyConnection | None = connection
        self._file = file

    def __getattr__(self, name: str) -> Any:
        if self._connection is None:
            raise duckdb.ConnectionException("Connection already closed!")
        return getattr(self._connection, name)

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        with suppress(duckdb.Error):
            connection.rollback()
        name, users = _instance.names.pop(self._file)
        if users > 1:
            _instance.names[self._file] = name, users - 1
            connection.close()
            return
        connection.execute("USE memory")
        connection.execute(f"DETACH {name}")
        connection.close()

    __del__ = close


def _attached(path: str, config: Any) -> Attached:
    if _instance.root is None:
        _instance.root = duckdb_connect(":memory:", config={**config, "threads": 1})  # to share work costs more here
    file = path if path == ":memory:" else str(Path(path).resolve())
    connection = _instance.root.cursor()
    name, users = _instance.names.get(file, (f"record_{next(_numbers)}", 0))
    if path == ":memory:":
        file = name
    if not users:
        quoted = path.replace("'", "''")
        connection.execute(f"ATTACH '{quoted}' AS {name}")
    connection.execute(f"USE {name}")
    _instance.names[file] = name, users + 1
    return Attached(connection, file)


duckdb_connect: Final = duckdb.connect


def connect(path: str = ":memory:", read_only: bool = False, config: Any = None) -> Any:  # noqa: FBT001, FBT002
    """As DuckDB's; a record is attached, if it can be: what is wrong with it is then said as always."""
    if config is record._CONFIG:
        with suppress(duckdb.Error):
            return _attached(path, config)
    return duckdb_connect(path, read_only=read_only, config=config or {})


@contextmanager
def records_attached() -> Iterator[None]:
    """Let records be attached where they would be connected to."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(duckdb, "connect", connect)
        yield
