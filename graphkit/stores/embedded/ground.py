"""What the ground of an index depends on: two records with one key have the same packages, releases and ranges."""

from __future__ import annotations

import hashlib
from typing import Final

import duckdb

_FACTS: Final = (("pages", "page"), ("release_metadata", "metadata"), ("projects", "page"), ("tables", "digest"))
"""Facts of the index by their digests; what else the record holds of them follows from those."""

_ACCUSED: Final = ("SELECT * FROM accused ORDER BY ALL", "SELECT * FROM accused_files ORDER BY ALL")

_NEW_NAMES: Final = """
SELECT DISTINCT package FROM (
    SELECT package FROM mentioned UNION ALL SELECT package FROM held_components WHERE package <> '')
ANTI JOIN pages USING (package) ANTI JOIN release_metadata USING (package) ORDER BY package
"""
_NEW_RELEASES: Final = """
SELECT DISTINCT package, version_key, version FROM held_components
ANTI JOIN page_releases USING (package, version_key) ANTI JOIN release_metadata USING (package, version_key)
WHERE package <> '' AND version_key <> '' AND origin = '' ORDER BY ALL
"""
"""What documents alone know; it becomes packages and releases of its own."""


def ground_key(connection: duckdb.DuckDBPyConnection) -> str:
    """Return the key. The evidence must be staged. Cost: a scan of digests, and what documents and incidents name."""
    key = hashlib.sha256()
    for table, digest in _FACTS:
        query = f"SELECT count(*), bit_xor(hash({digest})), sum(hash({digest})) FROM {table}"  # noqa: S608 - own names
        key.update(f"{table} {connection.execute(query).fetchall()}\n".encode())
    for query in (*_ACCUSED, _NEW_NAMES, _NEW_RELEASES):
        key.update(f"{connection.execute(query).fetchall()}\n".encode())
    return key.hexdigest()
