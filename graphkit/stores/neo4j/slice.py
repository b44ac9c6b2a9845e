"""A part of an embedded graph, as a record of its own: what a team wants to look at without the whole index."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import duckdb

from graphkit.model.errors import GraphkitError
from graphkit.stores.engine.record import Record
from graphkit.stores.engine.schema import CACHES

_EDGES: Final = """
CREATE OR REPLACE TEMP TABLE edges AS SELECT DISTINCT release_metadata.package AS near, requirements.package AS far
FROM release_metadata JOIN requirement_members USING (requirement_set)
JOIN requirements ON requirements.id = requirement
"""
_STEP: Final = """
INSERT INTO chosen SELECT DISTINCT {there} FROM edges JOIN chosen ON {here} = package
ANTI JOIN chosen AS known ON known.package = {there}
"""
_SERVED: Final = """
SELECT package FROM components WHERE package <> ''
UNION SELECT json_extract_string(one.value, '$.package') FROM documents, json_each(head, '$.requirements') AS one
UNION SELECT json_extract_string(one.value, '$.package') FROM incidents, json_each(body, '$.releases') AS one
"""
_OF_PACKAGES: Final = ("pages", "page_releases", "files", "release_metadata", "projects")


def sliced(record_file: Path, around: Sequence[str], *, services: bool) -> Record:
    """Return a record, which is a copy, with the packages alone that lead to some, and what these require directly.

    ``services``: with what documents list or require, and all that requires in turn. The organisation's side is
    whole either way. Cost: a join of what its packages require.

    Raises:
        GraphkitError: there is no such package.
    """
    record = Record(record_file)
    connection = record.connection
    connection.execute("CREATE TEMP TABLE chosen (package VARCHAR)")
    connection.execute(_EDGES)
    for name in around:
        if not connection.execute("SELECT 1 FROM edges WHERE far = $1 OR near = $1 LIMIT 1", [name]).fetchall():
            record.close()
            raise GraphkitError(f"nothing in the graph requires {name}, and it requires nothing")
        connection.execute("INSERT INTO chosen VALUES (?)", [name])
    _close(connection, "near", "far")
    connection.execute(_STEP.format(there="far", here="near"))
    if services:
        connection.execute(f"INSERT INTO chosen SELECT * FROM ({_SERVED}) ANTI JOIN chosen USING (package)")  # noqa: S608
        _close(connection, "far", "near")
    for table in _OF_PACKAGES:
        connection.execute(f"DELETE FROM {table} WHERE package NOT IN (SELECT package FROM chosen)")  # noqa: S608
    for table in CACHES:
        connection.execute(f"DELETE FROM {table}")  # noqa: S608 - own names
    return record


def _close(connection: duckdb.DuckDBPyConnection, there: str, here: str) -> None:
    """Follow edges until no package is new."""
    count = -1
    while count != (count := len(connection.table("chosen"))):
        connection.execute(_STEP.format(there=there, here=here))
