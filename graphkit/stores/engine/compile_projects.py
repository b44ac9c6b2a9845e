"""What tables say of packages beside their releases: how often they are downloaded, and who maintains them."""

from __future__ import annotations

from typing import Final

import duckdb

from graphkit.stores.engine.index_folder import ArraySink
from graphkit.stores.engine.record_reader import columns, texts

CURRENT: Final = """
CREATE OR REPLACE TEMP TABLE current_projects AS
SELECT id, coalesce(downloads, -1) AS downloads, coalesce(maintainers, '') AS maintainers
FROM package_names LEFT JOIN (
    FROM projects QUALIFY row_number() OVER (PARTITION BY package ORDER BY read_at DESC, page DESC) = 1
) USING (package) ORDER BY id
"""
"""The newest table that says anything of a package holds."""


def compile_projects(connection: duckdb.DuckDBPyConnection, out: ArraySink) -> None:
    """Write downloads (-1: not known) and maintainers by package."""
    connection.execute(CURRENT)
    (downloads,) = columns(connection, "SELECT downloads FROM current_projects ORDER BY id")
    out.array("package.downloads", downloads)
    out.texts("package.maintainers", texts(connection, "SELECT maintainers FROM current_projects ORDER BY id"))
