"""Packages, releases and files: the index as pages, metadata, tables, documents and incidents know it, in columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import duckdb
import numpy as np
from numpy.typing import NDArray

from graphkit.model.index import MetadataSource
from graphkit.model.ordering import ordering_of
from graphkit.stores import port
from graphkit.stores.embedded import csr
from graphkit.stores.embedded.encoding import insert, version_of
from graphkit.stores.embedded.folder import SOURCES, IndexWriter
from graphkit.stores.embedded.kept import columns, rows, scalar, texts
from graphkit.stores.embedded.texts import TextsBuilder

_NEAREST: Final = SOURCES.index(MetadataSource.NEAREST)

GATHER_RELEASES: Final = """
CREATE OR REPLACE TEMP TABLE current_pages AS
SELECT package, page, found, status FROM pages
QUALIFY row_number() OVER (PARTITION BY package ORDER BY read_at DESC, page DESC) = 1;

CREATE OR REPLACE TEMP TABLE listed_components AS
SELECT DISTINCT package, version_key, version FROM held_components
WHERE package <> '' AND version_key <> '' AND origin = '';

CREATE OR REPLACE TEMP TABLE known AS
SELECT package, version_key, version, 0 AS hearsay, current_pages.page = page_releases.page AS listed, FALSE AS accused
FROM page_releases JOIN current_pages USING (package)
UNION ALL SELECT package, version_key, version, 1, FALSE, FALSE
FROM release_metadata ANTI JOIN page_releases USING (package, version_key)
UNION ALL SELECT package, version_key, version, 2, FALSE, FALSE FROM listed_components
UNION ALL SELECT package, version_key, version, 3, FALSE, TRUE FROM accused;

CREATE OR REPLACE TEMP TABLE hearsay AS
SELECT package, version_key, first(version ORDER BY hearsay, length(version) DESC, version) AS version,
    bool_or(listed) AS listed, bool_or(accused) AS accused
FROM known SEMI JOIN (SELECT package, version_key FROM known WHERE hearsay > 0) AS heard USING (package, version_key)
GROUP BY package, version_key;

CREATE OR REPLACE TEMP TABLE releases AS
SELECT package, version_key, version, listed, accused FROM hearsay
UNION ALL
SELECT package, version_key, version, listed, accused FROM known ANTI JOIN hearsay USING (package, version_key);

CREATE OR REPLACE TEMP TABLE package_names AS
SELECT package, (row_number() OVER (ORDER BY package) - 1)::INTEGER AS id FROM (
    SELECT package FROM releases UNION SELECT package FROM pages UNION SELECT package FROM used_requirements
    UNION SELECT package FROM held_components WHERE package <> ''
    UNION SELECT package FROM mentioned);
"""
"""What only a page or table lists is one row already, and need not be grouped with what others say of it."""

ORDER_VERSIONS: Final = """
CREATE OR REPLACE TEMP TABLE ordered_versions AS
SELECT version_key, prerelease, ordering < '\\x01'::BLOB AS legacy,
    (row_number() OVER (ORDER BY ordering) - 1)::INTEGER AS place
FROM (FROM versions UNION ALL FROM more_versions) SEMI JOIN releases USING (version_key);

CREATE OR REPLACE TEMP TABLE version_texts AS
SELECT version, (row_number() OVER (ORDER BY version) - 1)::INTEGER AS id FROM (SELECT DISTINCT version FROM releases);

CREATE OR REPLACE TEMP TABLE release_ids AS
SELECT (row_number() OVER (ORDER BY name.id, place) - 1)::INTEGER AS release, name.id AS package_id, place,
    package, version_key, version_texts.id AS version_id, listed, accused, prerelease, legacy,
    coalesce(sets.id, -1) AS set_id, coalesce(strength, -1) AS strength,
    coalesce(release_metadata.unreadable, '[]') <> '[]' AS partial,
    coalesce(release_metadata.requires_python, '') AS requires_python
FROM releases JOIN package_names AS name USING (package) JOIN ordered_versions USING (version_key)
JOIN version_texts ON version_texts.version = releases.version
LEFT JOIN release_metadata USING (package, version_key)
LEFT JOIN sets ON sets.requirement_set = release_metadata.requirement_set AND release_metadata.source <> 'unknown';
"""

RELEASE_ROWS: Final = """
SELECT package_id, place, version_id, listed, accused, prerelease, legacy, set_id, strength, partial
FROM release_ids ORDER BY release
"""

GATHER_FILES: Final = f"""
CREATE OR REPLACE TEMP TABLE ghost_files AS
SELECT package, version_key, filename, first(kind ORDER BY kind) AS kind, max(sha256) AS sha256,
    min(listed_from) AS listed_from
FROM accused_files GROUP BY ALL;

CREATE OR REPLACE TEMP TABLE accused_since AS
SELECT package, version_key, min(listed_from) AS since FROM accused WHERE whole GROUP BY ALL;

CREATE OR REPLACE TEMP TABLE named_files AS
SELECT DISTINCT package, version_key FROM files SEMI JOIN (FROM files WHERE filename = '') AS whole
USING (package, version_key) WHERE filename <> '';

CREATE OR REPLACE TEMP TABLE current_files AS
SELECT * FROM files WHERE filename <> ''
UNION ALL SELECT * FROM files ANTI JOIN named_files USING (package, version_key) WHERE filename = '';

CREATE OR REPLACE TEMP TABLE all_files AS
SELECT package, version_key, filename, coalesce(files.kind, ghost_files.kind) AS kind,
    coalesce(nullif(files.sha256, ''), ghost_files.sha256, '') AS sha256,
    coalesce(files.requires_python, '') AS requires_python, coalesce(uploaded, listed_from, since) AS uploaded,
    coalesce(always, FALSE) AS always, coalesce(yanked, FALSE) AS yanked, yanked_since
FROM current_files AS files FULL OUTER JOIN ghost_files USING (package, version_key, filename)
LEFT JOIN accused_since USING (package, version_key)
UNION ALL
SELECT package, version_key, '', 'unknown', '', '', min(listed_from), FALSE, FALSE, NULL
FROM accused ANTI JOIN files USING (package, version_key) ANTI JOIN ghost_files USING (package, version_key)
GROUP BY ALL;

CREATE OR REPLACE TEMP TABLE dressed_files AS
SELECT release, filename, all_files.sha256,
    CASE kind WHEN 'wheel' THEN array_to_string(string_split(regexp_replace(filename, '[.]whl$', ''), '-')[-3:], '-')
        ELSE kind END
    || ' ' || coalesce(nullif(all_files.requires_python, ''), release_ids.requires_python) AS needs,
    coalesce(uploaded, 0) AS uploaded, coalesce(yanked_since, 0) AS yanked_since,
    (CASE WHEN uploaded IS NOT NULL THEN {port.FILE_TIME_KNOWN} WHEN always THEN {port.FILE_ALWAYS_LISTED} ELSE 0 END
    + CASE WHEN yanked THEN {port.FILE_YANKED} ELSE 0 END
    + CASE WHEN yanked_since IS NULL THEN 0 ELSE {port.FILE_YANK_DATED} END
    + CASE kind WHEN 'sdist' THEN {port.FILE_SDIST} WHEN 'wheel' THEN {port.FILE_WHEEL}
        WHEN 'unknown' THEN {port.FILE_KIND_UNKNOWN} ELSE 0 END)::UTINYINT AS flags
FROM all_files JOIN release_ids USING (package, version_key);

CREATE OR REPLACE TEMP TABLE needs_texts AS
SELECT needs, (row_number() OVER (ORDER BY needs) - 1)::INTEGER AS id FROM (SELECT DISTINCT needs FROM dressed_files);

CREATE OR REPLACE TEMP TABLE ordered_files AS
SELECT (row_number() OVER (ORDER BY release, filename) - 1)::INTEGER AS file, release, filename, sha256, uploaded,
    yanked_since, flags, needs_texts.id AS needs FROM dressed_files JOIN needs_texts USING (needs);
"""  # noqa: S608 - whole numbers of the port


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """How releases are numbered: ``start`` and ``legacy`` (how many) by package; ``place`` by release.

    ``place`` is the version's position among all versions of the index, in PEP 440 order; releases are
    sorted by package and place. ``versions`` are the keys of places, of which the first ``first`` are legacy.
    ``version`` is the id of the spelling that a release shows, a row of ``shown``.
    """

    start: NDArray[np.int64]
    legacy: NDArray[np.int64]
    package: NDArray[np.int32]
    place: NDArray[np.int32]
    versions: list[str]
    first: int
    version: NDArray[np.int32]
    shown: list[str]


def compile_packages(connection: duckdb.DuckDBPyConnection, out: IndexWriter) -> int:
    """Write names and flags of packages, sorted by name; return how many there are."""
    connection.execute(GATHER_RELEASES)
    query = f"""
        SELECT (CASE WHEN current_pages.found IS NULL THEN 0 WHEN current_pages.found THEN {port.PAGE_READ}
            ELSE {port.PAGE_MISSING} END
            + CASE WHEN current_pages.status = 'quarantined' THEN {port.PAGE_QUARANTINED} ELSE 0 END)::UTINYINT AS flags
        FROM package_names LEFT JOIN current_pages USING (package) ORDER BY package_names.id"""  # noqa: S608 - numbers
    (flags,) = columns(connection, query)
    out.texts("package.name", texts(connection, "SELECT package FROM package_names ORDER BY id"))
    out.array("package.flags", flags, fact=True)
    return len(flags)


def compile_releases(connection: duckdb.DuckDBPyConnection, out: IndexWriter, count: int, sets: int) -> Order:
    """Write the releases, package by package in PEP 440 order; return their order.

    Cost: columns throughout; versions that no table of the record has ordered are parsed once each.
    """
    _order_versions(connection)
    package, place, version, listed, accused, prerelease, legacy, set_ids, strength, partial = columns(
        connection, RELEASE_ROWS
    )
    start = csr.offsets(np.bincount(package, minlength=count))
    known = set_ids >= 0
    nearest = strength == _NEAREST
    flags = np.where(listed, 0, port.RELEASE_GHOST).astype(np.uint8)
    for truth, flag in (
        (prerelease, port.RELEASE_PRERELEASE),
        (legacy, port.RELEASE_LEGACY),
        (known & nearest, port.RELEASE_REQUIREMENTS_NEAREST),
        (known & ~nearest, port.RELEASE_REQUIREMENTS_READ),
        (known & partial, port.RELEASE_REQUIREMENTS_PARTIAL),
    ):
        flags[truth] |= flag
    source = (strength % len(SOURCES)).astype(np.uint8)
    borrows = np.flatnonzero(~known & (accused | ~listed) & ~legacy)
    _lend(borrows, start[package[borrows]], set_ids, source, flags)
    out.array("package.start", start.astype(np.int32), fact=True)
    shown = [text for (text,) in rows(connection, "SELECT version FROM version_texts ORDER BY id")]
    out.texts("version", TextsBuilder(shown))
    out.array("release.version", version, fact=True)
    out.array("release.flags", flags, fact=True)
    out.array("release.source", source, fact=True)
    out.array("release.set", set_ids, fact=True)
    out.array("release.package", package)
    set_start, members = csr.inverted(set_ids, sets)
    out.array("users.start", set_start.astype(np.int32))
    out.array("users.release", members.astype(np.int32))
    return Order(
        start=start,
        legacy=np.bincount(package[legacy], minlength=count),
        package=package,
        place=place,
        versions=[text for (text,) in rows(connection, "SELECT version_key FROM ordered_versions ORDER BY place")],
        first=scalar(connection, "SELECT count(*) FROM ordered_versions WHERE legacy"),
        version=version,
        shown=shown,
    )


def _order_versions(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the temporary tables ``ordered_versions``, ``version_texts`` and ``release_ids``."""
    query = "SELECT DISTINCT version_key FROM releases ANTI JOIN versions USING (version_key)"
    found = [version_of(key) for (key,) in connection.execute(query).fetchall()]
    connection.execute("CREATE OR REPLACE TEMP TABLE more_versions AS FROM versions LIMIT 0")
    insert(
        connection,
        "more_versions",
        {
            "version_key": np.array([one.key for one in found], dtype=object),
            "ordering": np.array([ordering_of(one) for one in found], dtype=object),
            "prerelease": np.array([one.is_prerelease for one in found], dtype=np.bool_),
        },
    )
    connection.execute(ORDER_VERSIONS)


def _lend(
    borrowers: NDArray[np.intp],
    floor: NDArray[np.int64],
    set_ids: NDArray[Any],
    source: NDArray[Any],
    flags: NDArray[np.uint8],
) -> None:
    """Give ghosts without requirements those of the nearest earlier release, a final one if there is one.

    ``floor`` is the first release of each borrower's package. What was lent is not lent on.
    """
    if not len(borrowers):
        return
    lends = (set_ids >= 0) & (flags & port.RELEASE_LEGACY == 0)
    places = np.arange(len(set_ids))
    lender = np.full(len(borrowers), -1)
    for able in (lends & (flags & port.RELEASE_PRERELEASE == 0), lends):
        newest = np.maximum.accumulate(np.where(able, places, -1))[borrowers]
        lender = np.where((lender < 0) & (newest >= floor), newest, lender)
    found = lender >= 0
    borrowers, lender = borrowers[found], lender[found]
    set_ids[borrowers], source[borrowers] = set_ids[lender], _NEAREST
    flags[borrowers] |= port.RELEASE_REQUIREMENTS_NEAREST | flags[lender] & port.RELEASE_REQUIREMENTS_PARTIAL


def compile_files(connection: duckdb.DuckDBPyConnection, out: IndexWriter, releases: int) -> int:
    """Write the files of every release, by name; return how many there are."""
    connection.execute(GATHER_FILES)
    out.texts("needs", texts(connection, "SELECT needs FROM needs_texts ORDER BY id"))
    query = "SELECT release, uploaded, flags, needs FROM ordered_files ORDER BY file"
    release, uploaded, flags, needs = columns(connection, query)
    out.array("file.start", csr.offsets(np.bincount(release, minlength=releases)).astype(np.int32), fact=True)
    out.array("file.uploaded", uploaded, fact=True)
    out.array("file.flags", flags, fact=True)
    out.array("file.needs", needs, fact=True)
    query = "SELECT file, yanked_since FROM ordered_files WHERE yanked_since <> 0 ORDER BY file"
    at, since = columns(connection, query)
    out.array("yank.file", at.astype(np.int32), fact=True)
    out.array("yank.since", since.astype(np.int64), fact=True)
    for name in ("filename", "sha256"):
        query = f"SELECT file, {name} FROM ordered_files WHERE {name} <> '' ORDER BY file"  # noqa: S608 - own names
        out.texts(f"file.{name}", TextsBuilder.sparse(connection.execute(query).fetchnumpy(), len(release)))
    return len(release)
