"""Packages, releases and files: the index as pages, metadata, tables, documents and incidents know it, in columns.

Texts become numbers in the database, a look-up per distinct text; what follows is sorting and bisecting arrays
of numbers. A release is one number on the way: its package, then the place of its version.
"""

from __future__ import annotations

from typing import Any, Final

import duckdb
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from graphkit.model import csr
from graphkit.model.index import MetadataSource
from graphkit.stores import port
from graphkit.stores.engine.base_index import write_package_facts
from graphkit.stores.engine.encoding import insert_versions, version_of
from graphkit.stores.engine.index_folder import SOURCES, ArraySink, IndexArrays
from graphkit.stores.engine.record_reader import columns, rows, texts
from graphkit.stores.engine.texts import TextsBuilder

_NEAREST: Final = SOURCES.index(MetadataSource.NEAREST)
PLACES: Final = 32
"""Bits that the place of a version takes in the number of a release."""
Keys = NDArray[np.int64]

NUMBER_NAMES: Final = """
CREATE OR REPLACE TEMP TABLE current_pages AS
SELECT package, page, found, status, read_at, listed FROM pages
QUALIFY row_number() OVER (PARTITION BY package ORDER BY found IS NULL, read_at DESC, page DESC) = 1;

CREATE OR REPLACE TEMP TABLE speaking_pages AS
SELECT package, max(read_at) FILTER (found AND listed AND status <> 'quarantined') AS whole,
    coalesce(whole, max(read_at) FILTER (found IS NULL), 0) AS speaks_until
FROM pages GROUP BY package;

CREATE OR REPLACE TEMP TABLE listed_components AS
SELECT DISTINCT package, version_key, version FROM held_components
WHERE package <> '' AND version_key <> '' AND origin = '';

CREATE OR REPLACE TEMP TABLE package_names AS
SELECT package, (row_number() OVER (ORDER BY package) - 1)::INTEGER AS id, page, found, status, read_at, listed,
    whole IS NOT NULL AS whole, coalesce(speaks_until, 0) AS speaks_until,
    assumed.package IS NOT NULL AS assumed FROM (
    SELECT package FROM pages UNION SELECT package FROM release_metadata UNION SELECT package FROM accused
    UNION SELECT package FROM used_requirements UNION SELECT package FROM mentioned
    UNION SELECT package FROM held_components WHERE package <> '')
LEFT JOIN current_pages USING (package)
LEFT JOIN speaking_pages USING (package)
LEFT JOIN (SELECT DISTINCT package FROM files WHERE always) AS assumed USING (package);
"""

"""An index that forgot a package says nothing of it then: the pages that list its files speak, until they were read."""

NEW_VERSIONS: Final = """
SELECT version_key FROM (
    SELECT version_key FROM page_releases UNION SELECT version_key FROM release_metadata
    UNION SELECT version_key FROM listed_components UNION SELECT version_key FROM accused
    UNION SELECT version_key FROM accused_files UNION SELECT version_key FROM files)
ANTI JOIN versions USING (version_key)
"""

NUMBER_VERSIONS: Final = """
CREATE OR REPLACE TEMP TABLE ordered_versions AS
SELECT version_key, prerelease, ordering < '\\x01'::BLOB AS legacy,
    (row_number() OVER (ORDER BY ordering) - 1)::BIGINT AS place
FROM (FROM versions UNION ALL FROM more_versions);

CREATE OR REPLACE TEMP TABLE version_texts AS
SELECT version, (row_number() OVER (ORDER BY version) - 1)::INTEGER AS id FROM (
    SELECT version FROM page_releases UNION SELECT version FROM release_metadata
    UNION SELECT version FROM listed_components UNION SELECT version FROM accused);
"""

_KEY: Final = f"name.id::BIGINT << {PLACES} | place"
_PLACED: Final = "JOIN package_names AS name USING (package) JOIN ordered_versions USING (version_key)"

LISTED: Final = f"""
SELECT {_KEY} AS key, shown.id AS version,
    release.page = name.page OR name.found IS NULL OR release.read_at > name.read_at AS listed
FROM page_releases AS release {_PLACED} JOIN version_texts AS shown USING (version)
"""  # noqa: S608 - own names
"""What names the newest release alone can add to a page, and never takes away what a page lists."""
DESCRIBED: Final = f"""
SELECT {_KEY} AS key, shown.id AS version, coalesce(sets.id, -1) AS set_id, strength, unreadable <> '[]' AS partial
FROM release_metadata {_PLACED} JOIN version_texts AS shown USING (version)
LEFT JOIN sets ON sets.requirement_set = release_metadata.requirement_set AND source <> 'unknown'
"""  # noqa: S608 - own names
MENTIONED: Final = f"""
SELECT {_KEY} AS key, source_rank, length(version) AS size, shown.id AS version, accused FROM (
    SELECT package, version_key, version, 2 AS source_rank, FALSE AS accused FROM listed_components
    UNION ALL SELECT package, version_key, version, 3, TRUE FROM accused)
{_PLACED} JOIN version_texts AS shown USING (version) ORDER BY key, source_rank, size DESC, shown.id
"""  # noqa: S608 - own names

GATHER_FILES: Final = f"""
CREATE OR REPLACE TEMP TABLE ghost_files AS
SELECT package, version_key, filename, first(kind ORDER BY kind) AS kind, max(sha256) AS sha256,
    min(listed_from) AS listed_from
FROM accused_files GROUP BY ALL;

CREATE OR REPLACE TEMP TABLE accused_since AS
SELECT package, version_key, min(listed_from) AS since FROM accused WHERE whole GROUP BY ALL;

CREATE OR REPLACE TEMP TABLE touched_files AS
SELECT package, version_key, filename, coalesce(known.kind, ghost_files.kind) AS kind,
    coalesce(nullif(known.sha256, ''), ghost_files.sha256, '') AS sha256,
    coalesce(known.requires_python, '') AS requires_python, coalesce(uploaded, listed_from, since) AS uploaded,
    coalesce(always, FALSE) AS always, coalesce(yanked, FALSE) AS yanked, yanked_since,
    known.kind IS NOT NULL AND known.uploaded IS NULL AS told
FROM (FROM files SEMI JOIN (
    SELECT package, version_key FROM ghost_files UNION SELECT package, version_key FROM accused_since) AS accused
    USING (package, version_key)) AS known
FULL OUTER JOIN ghost_files USING (package, version_key, filename)
LEFT JOIN accused_since USING (package, version_key)
UNION ALL
SELECT package, version_key, '', 'unknown', '', '', min(listed_from), FALSE, FALSE, NULL, FALSE
FROM accused ANTI JOIN files USING (package, version_key) ANTI JOIN ghost_files USING (package, version_key)
GROUP BY ALL;

CREATE OR REPLACE TEMP VIEW all_files AS
SELECT package, version_key, filename, kind, sha256, requires_python, uploaded, always, yanked, yanked_since,
    FALSE AS told
FROM files ANTI JOIN touched_files USING (package, version_key)
UNION ALL SELECT * FROM touched_files;

CREATE OR REPLACE TEMP TABLE dressed_files AS
SELECT {_KEY} AS key, filename, sha256,
    CASE kind WHEN 'wheel' THEN array_to_string(string_split(regexp_replace(filename, '[.]whl$', ''), '-')[-3:], '-')
        ELSE kind END AS tags,
    requires_python, coalesce(uploaded, 0) AS uploaded, coalesce(yanked_since, 0) AS yanked_since,
    (CASE WHEN uploaded IS NOT NULL THEN {port.FILE_TIME_KNOWN} + CASE WHEN told THEN {port.FILE_TIME_GIVEN} ELSE 0 END
        WHEN always THEN {port.FILE_ALWAYS_LISTED} ELSE 0 END
    + CASE WHEN yanked THEN {port.FILE_YANKED} ELSE 0 END
    + CASE WHEN yanked_since IS NULL THEN 0 ELSE {port.FILE_YANK_DATED} END
    + CASE kind WHEN 'sdist' THEN {port.FILE_SDIST} WHEN 'wheel' THEN {port.FILE_WHEEL}
        WHEN 'unknown' THEN {port.FILE_KIND_UNKNOWN} ELSE 0 END)::UTINYINT AS flags
FROM all_files {_PLACED};

UPDATE dressed_files SET requires_python = metadata.requires_python
FROM (SELECT {_KEY} AS key, requires_python FROM release_metadata {_PLACED} WHERE requires_python <> '') AS metadata
WHERE metadata.key = dressed_files.key AND dressed_files.requires_python = '';

CREATE OR REPLACE TEMP TABLE needs_texts AS
SELECT tags, requires_python, (dense_rank() OVER (ORDER BY tags || ' ' || requires_python) - 1)::INTEGER AS id
FROM (SELECT DISTINCT tags, requires_python FROM dressed_files);
"""  # noqa: S608 - whole numbers of the port, own names
"""A file that an incident accuses is in the table ``touched_files`` with what the incident says of it."""

FILES: Final = """
SELECT key, filename, sha256, uploaded, yanked_since, flags, needs_texts.id AS needs
FROM dressed_files JOIN needs_texts USING (tags, requires_python) WHERE filename <> '' ORDER BY filename
"""
UNNAMED_FILES: Final = """
SELECT key, uploaded, yanked_since, flags, needs_texts.id AS needs
FROM dressed_files JOIN needs_texts USING (tags, requires_python) WHERE filename = ''
"""


class ReleaseOrder(Struct, frozen=True, kw_only=True):
    """How releases are numbered: ``start`` and ``legacy`` (how many) by package; ``keys`` by release, ascending.

    The key of a release is its package and the place of its version among all versions of the index in PEP
    440 order. ``versions`` are the texts of places, of which the first ``first`` are legacy. ``version``
    is the id of the spelling that a release shows, a row of ``shown``.
    """

    start: NDArray[np.int64]
    legacy: NDArray[np.int64]
    keys: Keys
    versions: list[str]
    first: int
    version: NDArray[np.int32]
    shown: list[str]

    def releases_of(self, keys: Keys) -> NDArray[np.int64]:
        """Return the ids of the releases with these keys, all of which must be there."""
        return np.searchsorted(self.keys, keys)

    def first_from(self, package: NDArray[np.int32], place: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the first release from a place on, of each package or behind it."""
        return np.searchsorted(self.keys, package.astype(np.int64) << PLACES | place)


class Releases(Struct, frozen=True, kw_only=True):
    """Releases in their order: ``start`` by package; by release ``package``, ``flags``, ``set_id`` (-1: none known)."""

    start: NDArray[np.int64]
    package: port.PackageIds
    set_id: port.RequirementSetIds
    flags: NDArray[np.uint8]


def compile_packages(connection: duckdb.DuckDBPyConnection, out: ArraySink) -> int:
    """Write names and flags of packages, sorted by name; return how many there are."""
    connection.execute(NUMBER_NAMES)
    query = f"""
        SELECT (CASE WHEN whole THEN {port.PAGE_READ} ELSE 0 END
            + CASE WHEN page IS NULL OR found AND listed THEN 0 WHEN found IS NULL THEN {port.PAGE_ONE_RELEASE}
                WHEN found THEN {port.PAGE_EMPTY} ELSE {port.PAGE_MISSING} END
            + CASE WHEN status = 'quarantined' THEN {port.PAGE_QUARANTINED} ELSE 0 END
            + CASE WHEN assumed THEN {port.PAGE_TIMES_ASSUMED} ELSE 0 END)::UTINYINT AS flags, speaks_until
        FROM package_names ORDER BY id"""  # noqa: S608 - numbers
    flags, speaks_until = columns(connection, query)
    out.texts("package.name", texts(connection, "SELECT package FROM package_names ORDER BY id"))
    out.array("package.flags", flags)
    out.array("package.speaks_until", speaks_until)
    write_package_facts(connection, out)
    return len(flags)


class _Releases(Struct, kw_only=True):
    """Columns by release, ascending in ``key``. What is not known of one: set -1, strength -1, version -1."""

    key: Keys
    version: NDArray[np.int32]
    listed: NDArray[np.bool_]
    accused: NDArray[np.bool_]
    set_id: port.RequirementSetIds
    strength: NDArray[np.int32]
    partial: NDArray[np.bool_]


def compile_releases(
    connection: duckdb.DuckDBPyConnection, out: ArraySink, count: int
) -> tuple[ReleaseOrder, Releases]:
    """Write the releases of ``count`` packages, package by package in PEP 440 order; return them and their order.

    Cost: columns throughout; versions that no table of the record has ordered are parsed once each.
    """
    _number_versions(connection)
    read = _gathered(connection)
    package = (read.key >> PLACES).astype(port.PACKAGE)
    prerelease, legacy = columns(connection, "SELECT prerelease, legacy FROM ordered_versions ORDER BY place")
    place = read.key & ((1 << PLACES) - 1)
    is_legacy = legacy[place]
    start = csr.offsets(np.bincount(package, minlength=count))
    known, nearest = read.set_id >= 0, read.strength == _NEAREST
    flags = np.where(read.listed, 0, port.RELEASE_GHOST).astype(np.uint8)
    for truth, flag in (
        (prerelease[place], port.RELEASE_PRERELEASE),
        (is_legacy, port.RELEASE_LEGACY),
        (known & nearest, port.RELEASE_REQUIREMENTS_NEAREST),
        (known & ~nearest, port.RELEASE_REQUIREMENTS_READ),
        (known & read.partial, port.RELEASE_REQUIREMENTS_PARTIAL),
    ):
        flags[truth] |= flag
    source = (read.strength % len(SOURCES)).astype(np.uint8)
    borrows = np.flatnonzero(~known & (read.accused | ~read.listed) & ~is_legacy)
    _lend(borrows, start[package[borrows]], read.set_id, source, flags)
    shown, version = _shown(connection, read.version)
    out.array("package.start", start.astype(np.int32))
    out.texts("version", TextsBuilder(shown))
    out.array("release.version", version)
    out.array("release.flags", flags)
    out.array("release.source", source)
    out.array("release.set", read.set_id)
    order = ReleaseOrder(
        start=start,
        legacy=np.bincount(package[is_legacy], minlength=count),
        keys=read.key,
        versions=[text for (text,) in rows(connection, "SELECT version_key FROM ordered_versions ORDER BY place")],
        first=int(np.count_nonzero(legacy)),
        version=version,
        shown=shown,
    )
    return order, Releases(start=start, package=package, set_id=read.set_id, flags=flags)


def _number_versions(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the temporary tables ``ordered_versions`` and ``version_texts``."""
    found = [version_of(key) for (key,) in connection.execute(NEW_VERSIONS).fetchall()]
    connection.execute("CREATE OR REPLACE TEMP TABLE more_versions AS FROM versions LIMIT 0")
    insert_versions(connection, "more_versions", found)
    connection.execute(NUMBER_VERSIONS)


def _gathered(connection: duckdb.DuckDBPyConnection) -> _Releases:
    """Return every release that anything names. Its spelling is a page's, else metadata's, else of who names it."""
    listed_key, listed_version, listed = columns(connection, LISTED)
    described_key, described_version, set_id, strength, partial = columns(connection, DESCRIBED)
    mentioned_key, _, _, mentioned_version, accused = columns(connection, MENTIONED)
    key = csr.distinct(np.concatenate([listed_key, described_key, mentioned_key]))
    count = len(key)
    found = _Releases(
        key=key,
        version=np.full(count, -1, dtype=np.int32),
        listed=np.zeros(count, dtype=np.bool_),
        accused=np.zeros(count, dtype=np.bool_),
        set_id=np.full(count, -1, dtype=port.REQUIREMENT_SET),
        strength=np.full(count, -1, dtype=np.int32),
        partial=np.zeros(count, dtype=np.bool_),
    )
    at = np.searchsorted(key, mentioned_key)
    found.version[at[::-1]] = mentioned_version[::-1]  # of several the first stays
    np.logical_or.at(found.accused, at, accused)
    at = np.searchsorted(key, described_key)
    found.version[at], found.set_id[at], found.strength[at], found.partial[at] = (
        described_version,
        set_id,
        strength,
        partial,
    )
    at = np.searchsorted(key, listed_key)
    found.version[at], found.listed[at] = listed_version, listed
    return found


def _shown(connection: duckdb.DuckDBPyConnection, version: NDArray[np.int32]) -> tuple[list[str], NDArray[np.int32]]:
    """Return the spellings that releases show, sorted, and the number of each release's."""
    return _used([text for (text,) in rows(connection, "SELECT version FROM version_texts ORDER BY id")], version)


def _used(texts: list[str], ids: NDArray[np.int32]) -> tuple[list[str], NDArray[np.int32]]:
    """Return the texts that are used, in their order, and their numbers."""
    used = np.zeros(len(texts), dtype=np.bool_)
    used[ids] = True
    number = np.cumsum(used, dtype=np.int32) - 1
    return [texts[place] for place in np.flatnonzero(used).tolist()], number[ids]


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


class Files(Struct, frozen=True, kw_only=True):
    """Columns by file, those of a release behind each other: ``start`` by release, the rest as in `port.Releases`."""

    start: NDArray[np.int64]
    uploaded: NDArray[np.int64]
    yanked_since: NDArray[np.int64]
    flags: NDArray[np.uint8]
    needs: NDArray[np.int32]
    needs_texts: list[str]


def compile_files(connection: duckdb.DuckDBPyConnection, out: ArraySink, order: ReleaseOrder) -> Files:
    """Write the files of every release, by name; return them.

    A row without a file name stands for a release as a whole, and for nothing where its files are known.
    """
    connection.execute(GATHER_FILES)
    named = connection.execute(FILES).fetchnumpy()
    names, hashes = named.pop("filename"), named.pop("sha256")
    key, *of_named = map(np.asarray, named.values())
    whole_key, *of_whole = columns(connection, UNNAMED_FILES)
    alone = ~np.isin(whole_key, key)
    release = order.releases_of(np.concatenate([key, whole_key[alone]]))
    sorting = np.argsort(release, kind="stable")
    uploaded, yanked_since, flags, needs = (
        np.concatenate([one, other[alone]])[sorting] for one, other in zip(of_named, of_whole, strict=True)
    )
    counts = np.bincount(release, minlength=len(order.keys))
    query = "SELECT DISTINCT ON (id) tags || ' ' || requires_python FROM needs_texts ORDER BY id"
    needs_texts, needs = _used([text for (text,) in rows(connection, query)], needs)
    start = csr.offsets(counts)
    out.texts("needs", TextsBuilder(needs_texts))
    out.array("file.start", start.astype(np.int32))
    out.array("file.uploaded", uploaded)
    out.array("file.flags", flags)
    out.array("file.needs", needs)
    write_yanks(out, yanked_since)
    at = np.flatnonzero(sorting < len(key))
    for name, column in (("filename", names), ("sha256", hashes)):
        out.texts(f"file.{name}", TextsBuilder.sparse(at, np.asarray(column)[sorting[at]], len(release)))
    return Files(
        start=start, uploaded=uploaded, yanked_since=yanked_since, flags=flags, needs=needs, needs_texts=needs_texts
    )


def yanks_of(index: IndexArrays) -> NDArray[np.int64]:
    """Return since when each file of an index is yanked, 0 where no date is known."""
    since = np.zeros(len(index.array("file.flags")), dtype=np.int64)
    since[index.array("yank.file")] = index.array("yank.since")
    return since


def write_yanks(out: ArraySink, yanked_since: NDArray[np.int64]) -> None:
    """Write since when files are yanked; few have a date."""
    dated = np.flatnonzero(yanked_since)
    out.array("yank.file", dated.astype(np.int32))
    out.array("yank.since", yanked_since[dated])
