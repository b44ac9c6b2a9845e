"""Graphs on a Neo4j server: copied there, written as files that one imports, and what a server holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from graphkit.api.graph import default_address
from graphkit.model.callers import Caller
from graphkit.model.errors import GraphkitError, UsageError
from graphkit.model.names import BadName, package_name
from graphkit.model.progress import Progress, silent
from graphkit.stores import copier
from graphkit.temporary import scratch_folder

if TYPE_CHECKING:
    from graphkit.stores.neo4j.tables import Tables


def push_graph(
    address: str | None,
    to: str,
    *,
    around: Sequence[str] = (),
    services: bool = False,
    progress: Progress | None = None,
    caller: Caller | None = None,
) -> bool:
    """Copy an embedded graph, or a slice of it, into the empty database of a server; False where it is there already.

    A push that was broken off goes on where it was. ``around`` are package names, ``services`` takes what documents
    hold; see `graphkit.stores.neo4j.slice`.

    Raises:
        UsageError: a name is not one of a package.
        GraphkitError: there is no such graph, or the database holds another.
    """
    from graphkit.stores.neo4j.server import Server

    server = Server(to)
    try:
        with _tables(address, around, services=services, caller=caller) as tables:
            return bool(copier("push")(server, tables, progress or silent))
    finally:
        server.close()


def export_graph(
    address: str | None, folder: str, *, progress: Progress | None = None, caller: Caller | None = None
) -> str:
    """Write an embedded graph as CSV for ``neo4j-admin database import full``; return the command that loads it.

    Raises:
        GraphkitError: there is no such graph, or the folder cannot be written.
    """
    with _tables(address, (), services=False, caller=caller) as tables:
        try:
            return str(copier("export")(tables, Path(folder), progress or silent))
        except OSError as error:
            raise GraphkitError(f"{folder}: cannot be written: {error.strerror}") from error


def server_status(address: str) -> dict[str, str]:
    """Return what a server holds, each thing in a few words.

    Raises:
        GraphkitError: it cannot be used, or holds something else.
    """
    from graphkit.stores.neo4j.store import Neo4jStore

    store = Neo4jStore(address)
    try:
        return store.status()
    finally:
        store.close()


@contextmanager
def _tables(address: str | None, around: Sequence[str], *, services: bool, caller: Caller | None) -> Iterator[Tables]:
    from graphkit.stores.embedded.store import EmbeddedStore
    from graphkit.stores.engine.record import Record
    from graphkit.stores.neo4j.tables import Tables

    where = address or default_address()
    if "://" in where:
        raise UsageError(
            f"{where.partition('://')[0]}://…: a push and an export start from an embedded graph, a folder"
        )
    try:
        names = [package_name(name) for name in around]
    except BadName as error:
        raise UsageError(str(error)) from error
    store = EmbeddedStore(where, caller=caller)
    with scratch_folder() as folder:
        copy = store.copy_record(folder)
        record = copier("slice")(copy, names, services=services) if names or services else Record(copy)
        try:
            yield Tables(record)
        finally:
            record.close()
