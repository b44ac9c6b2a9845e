"""What the base of an index depends on, package by package: where that is the same, the arrays are."""

from __future__ import annotations

import hashlib
from typing import Final

import duckdb
import numpy as np

from graphkit.stores.engine.index_folder import ArraySink, IndexArrays
from graphkit.stores.engine.record_reader import put, rows, scalar

FACTS: Final = np.dtype("S16")
"""How the facts of a package are summed up: the first half of a SHA-256, zeros for a package without any."""

_OWN: Final = """
INSERT INTO package_facts SELECT package, sha256(list(fact ORDER BY fact)::VARCHAR) FROM (
    SELECT package, page AS fact FROM pages UNION ALL SELECT package, metadata FROM release_metadata
    UNION ALL SELECT package, substr(sha256(concat_ws(' ', page, downloads, maintainers)), 1, 32)::UUID FROM projects
) ANTI JOIN package_facts USING (package) GROUP BY package
"""
"""Facts of the index by their digests; what else the record holds of them follows from those. Kept in the record until
a batch brings more of a package (`Record`)."""

_ALL: Final = """
CREATE OR REPLACE TEMP TABLE all_facts AS
SELECT package, CASE WHEN mentioned IS NULL THEN facts ELSE sha256(concat_ws(' ', facts, mentioned)) END AS facts
FROM package_facts FULL JOIN (
    SELECT package, list(said ORDER BY said)::VARCHAR AS mentioned FROM (
        SELECT package, ['accused', version_key, version, listed_from::VARCHAR, whole::VARCHAR] AS said FROM accused
        UNION ALL SELECT package, ['file', version_key, filename, kind, sha256, listed_from::VARCHAR] FROM accused_files
        UNION ALL SELECT DISTINCT package, ['listed', version_key, version] FROM held_components
        ANTI JOIN page_releases USING (package, version_key) ANTI JOIN release_metadata USING (package, version_key)
        WHERE package <> '' AND version_key <> '' AND origin = ''
    ) GROUP BY package) USING (package)
"""
"""With what incidents accuse, and the releases that documents alone know."""

_KEY: Final = "SELECT coalesce(sha256(string_agg(package || ' ' || facts, ',' ORDER BY package)), '') FROM all_facts"
_NEW_NAMES: Final = """
SELECT DISTINCT package FROM (
    SELECT package FROM mentioned UNION ALL SELECT package FROM held_components WHERE package <> '')
ANTI JOIN all_facts USING (package) ORDER BY package
"""
_EVIDENCE: Final = (
    "SELECT list(document ORDER BY document)::VARCHAR FROM documents",
    "SELECT list(document_use ORDER BY document_use)::VARCHAR FROM document_uses",
    "SELECT list(organisation ORDER BY organisation)::VARCHAR FROM organisations",
    "SELECT list(incident ORDER BY incident)::VARCHAR FROM incidents",
    "SELECT list((digest, source, problems) ORDER BY digest, source)::VARCHAR FROM tables",
)

_CHANGED: Final = """
CREATE OR REPLACE TEMP TABLE changed AS
SELECT package FROM all_facts FULL JOIN older_facts USING (package)
WHERE substr(all_facts.facts, 1, 32) IS DISTINCT FROM older_facts.facts
"""


def keep_facts(connection: duckdb.DuckDBPyConnection) -> None:
    """Sum up the facts of each package that changed, in the record. Cost: a scan of digests of those packages."""
    connection.execute(_OWN)


def stage_facts(connection: duckdb.DuckDBPyConnection) -> None:
    """Put what the base depends on into the temporary table ``all_facts``. The evidence must be staged.

    Cost: a scan of digests, and what documents and incidents name.
    """
    keep_facts(connection)
    connection.execute(_ALL)


def base_key(connection: duckdb.DuckDBPyConnection) -> str:
    """Return the key of a base: two records with one key have the same packages, releases, files and ranges."""
    key = hashlib.sha256()
    for query in (_KEY, _NEW_NAMES):
        key.update(f"{connection.execute(query).fetchall()}\n".encode())
    return key.hexdigest()


def facts_sha256(connection: duckdb.DuckDBPyConnection, base: str) -> str:
    """Return the digest of all facts, those of the base by its key; in any order of ingest the same."""
    facts = hashlib.sha256(base.encode())
    for query in _EVIDENCE:
        facts.update(f"{connection.execute(query).fetchall()}\n".encode())
    return facts.hexdigest()


def write_package_facts(connection: duckdb.DuckDBPyConnection, out: ArraySink) -> None:
    """Write what the base depends on beside the packages."""
    query = f"""
        SELECT unhex(coalesce(substr(facts, 1, 32), '{"0" * 32}'))
        FROM package_names LEFT JOIN all_facts USING (package) ORDER BY id"""  # noqa: S608 - own names
    out.array("package.facts", np.frombuffer(b"".join(facts for (facts,) in rows(connection, query)), dtype=FACTS))


def stage_changed(connection: duckdb.DuckDBPyConnection, older: IndexArrays) -> int:
    """Put packages whose facts an older index does not have as they are into the table ``changed``; count them."""
    known = older.array("package.facts")
    some = np.flatnonzero(known != b"")
    shown, width = known[some].tobytes().hex(), 2 * FACTS.itemsize
    names = [*older.texts("package.name").at(some), ""]
    facts = [*(shown[at : at + width] for at in range(0, len(shown), width)), ""]
    values = {"package": np.array(names, dtype=object)[:-1], "facts": np.array(facts, dtype=object)[:-1]}
    put(connection, "older_facts", "package VARCHAR, facts VARCHAR", values)
    connection.execute(_CHANGED)
    connection.execute("DROP TABLE older_facts")
    return scalar(connection, "SELECT count(*) FROM changed")
