"""Packages, releases and files: the index as pages, metadata, documents and incidents know it."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

import duckdb
import numpy as np

from graphkit.model.index import MetadataSource
from graphkit.model.versions import ReleaseVersion
from graphkit.stores import port
from graphkit.stores.embedded import csr
from graphkit.stores.embedded.compile_ranges import Packages
from graphkit.stores.embedded.encoding import version_of
from graphkit.stores.embedded.folder import SOURCES, IndexWriter
from graphkit.stores.embedded.kept import columns, put, rows
from graphkit.stores.embedded.texts import Texts, TextsBuilder

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
UNION ALL SELECT package, version_key, version, 1, FALSE, FALSE FROM release_metadata
UNION ALL SELECT package, version_key, version, 2, FALSE, FALSE FROM listed_components
UNION ALL SELECT package, version_key, version, 3, FALSE, TRUE FROM accused;

CREATE OR REPLACE TEMP TABLE releases AS
SELECT package, version_key, first(version ORDER BY hearsay, length(version) DESC, version) AS version,
    bool_or(listed) AS listed, bool_or(accused) AS accused
FROM known GROUP BY ALL;

CREATE OR REPLACE TEMP TABLE package_names AS
SELECT package, row_number() OVER (ORDER BY package) - 1 AS id FROM (
    SELECT package FROM releases UNION SELECT package FROM pages UNION SELECT package FROM members
    UNION SELECT package FROM held_components WHERE package <> ''
    UNION SELECT package FROM mentioned);
"""

RELEASE_ROWS: Final = """
SELECT name.id, version_key, releases.version, listed, accused, coalesce(sets.id, -1), coalesce(strength, -1),
    coalesce(release_metadata.unreadable, '[]') <> '[]'
FROM releases JOIN package_names AS name USING (package)
LEFT JOIN release_metadata USING (package, version_key)
LEFT JOIN sets ON sets.requirement_set = release_metadata.requirement_set AND release_metadata.source <> 'unknown'
ORDER BY name.id, version_key
"""

GATHER_FILES: Final = f"""
CREATE OR REPLACE TEMP TABLE ghost_files AS
SELECT package, version_key, filename, first(kind ORDER BY kind) AS kind, max(sha256) AS sha256,
    min(listed_from) AS listed_from
FROM accused_files GROUP BY ALL;

CREATE OR REPLACE TEMP TABLE accused_since AS
SELECT package, version_key, min(listed_from) AS since FROM accused WHERE whole GROUP BY ALL;

CREATE OR REPLACE TEMP TABLE all_files AS
SELECT package, version_key, filename, coalesce(files.kind, ghost_files.kind) AS kind,
    coalesce(nullif(files.sha256, ''), ghost_files.sha256, '') AS sha256,
    coalesce(files.requires_python, '') AS requires_python, coalesce(uploaded, listed_from, since) AS uploaded,
    coalesce(yanked, FALSE) AS yanked, yanked_since
FROM files FULL OUTER JOIN ghost_files USING (package, version_key, filename)
LEFT JOIN accused_since USING (package, version_key)
UNION ALL
SELECT package, version_key, '', 'unknown', '', '', min(listed_from), FALSE, NULL
FROM accused ANTI JOIN files USING (package, version_key) ANTI JOIN ghost_files USING (package, version_key)
GROUP BY ALL;

CREATE OR REPLACE TEMP TABLE dressed_files AS
SELECT release, filename, all_files.sha256,
    CASE kind WHEN 'wheel' THEN array_to_string(string_split(regexp_replace(filename, '[.]whl$', ''), '-')[-3:], '-')
        ELSE kind END
    || ' ' || coalesce(nullif(all_files.requires_python, ''), release_metadata.requires_python, '') AS needs,
    coalesce(uploaded, 0) AS uploaded, coalesce(yanked_since, 0) AS yanked_since,
    (CASE WHEN uploaded IS NULL THEN 0 ELSE {port.FILE_TIME_KNOWN} END
    + CASE WHEN yanked THEN {port.FILE_YANKED} ELSE 0 END
    + CASE WHEN yanked_since IS NULL THEN 0 ELSE {port.FILE_YANK_DATED} END
    + CASE kind WHEN 'sdist' THEN {port.FILE_SDIST} WHEN 'wheel' THEN {port.FILE_WHEEL}
        WHEN 'unknown' THEN {port.FILE_KIND_UNKNOWN} ELSE 0 END)::UTINYINT AS flags
FROM all_files JOIN release_ids USING (package, version_key)
LEFT JOIN release_metadata USING (package, version_key);

CREATE OR REPLACE TEMP TABLE needs_texts AS
SELECT needs, (row_number() OVER (ORDER BY needs) - 1)::INTEGER AS id FROM (SELECT DISTINCT needs FROM dressed_files);
"""  # noqa: S608 - whole numbers of the port


@dataclass(slots=True)
class _Row:
    """One release on its way: ``place`` is its row in ``RELEASE_ROWS``."""

    place: int
    version: ReleaseVersion
    flags: int
    requirement_set: int
    source: int
    borrows: bool


def compile_packages(connection: duckdb.DuckDBPyConnection, out: IndexWriter) -> int:
    """Write names and flags of packages, sorted by name; return how many there are."""
    connection.execute(GATHER_RELEASES)
    query = """
        SELECT package, current_pages.found, current_pages.status = 'quarantined'
        FROM package_names LEFT JOIN current_pages USING (package) ORDER BY package_names.id"""
    names, flags = TextsBuilder(), bytearray()
    for name, found, quarantined in rows(connection, query):
        names.add(name)
        read = 0 if found is None else port.PAGE_READ if found else port.PAGE_MISSING
        flags.append(read | (port.PAGE_QUARANTINED if quarantined else 0))
    out.texts("package.name", names)
    out.array("package.flags", np.frombuffer(bytes(flags), dtype=np.uint8), fact=True)
    return len(flags)


def compile_releases(connection: duckdb.DuckDBPyConnection, out: IndexWriter, count: int, sets: int) -> Packages:
    """Write the releases, package by package in PEP 440 order; return what the ranges need of them.

    Cost: one parse of every version, one sort of every package.
    """
    texts, flags, sources = TextsBuilder(), bytearray(), bytearray()
    owner, chosen, places = array("i"), array("i"), array("q")
    legacy = np.zeros(count, dtype=np.int32)
    for package, group in groupby(_release_rows(connection), key=lambda pair: pair[0]):
        ordered = sorted((row for _, row in group), key=lambda row: row.version)
        _lend(ordered)
        legacy[package] = sum(row.version.parsed is None for row in ordered)
        for row in ordered:
            texts.add(row.version.text)
            flags.append(row.flags)
            sources.append(row.source)
            owner.append(package)
            chosen.append(row.requirement_set)
            places.append(row.place)
    owners, set_ids = np.array(owner, dtype=np.int32), np.array(chosen, dtype=np.int32)
    start = csr.offsets(np.bincount(owners, minlength=count))
    out.array("package.start", start.astype(np.int32), fact=True)
    out.texts("release.text", texts)
    out.array("release.flags", np.frombuffer(bytes(flags), dtype=np.uint8), fact=True)
    out.array("release.source", np.frombuffer(bytes(sources), dtype=np.uint8), fact=True)
    out.array("release.set", set_ids, fact=True)
    out.array("release.package", owners)
    set_start, members = csr.inverted(set_ids, sets)
    out.array("users.start", set_start)
    out.array("users.release", members.astype(np.int32))
    _number_releases(connection, np.array(places, dtype=np.int64))
    return Packages(start, legacy, Texts(*texts.arrays()))


def _release_rows(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[int, _Row]]:
    for place, row in enumerate(rows(connection, RELEASE_ROWS)):
        package, _, text, listed, accused, requirement_set, strength, partial = row
        version = version_of(text)
        flags = 0 if listed else port.RELEASE_GHOST
        flags |= port.RELEASE_PRERELEASE if version.is_prerelease else 0
        flags |= port.RELEASE_LEGACY if version.parsed is None else 0
        if requirement_set >= 0:
            nearest = strength == _NEAREST
            flags |= port.RELEASE_REQUIREMENTS_NEAREST if nearest else port.RELEASE_REQUIREMENTS_READ
            flags |= port.RELEASE_REQUIREMENTS_PARTIAL if partial else 0
        borrows = requirement_set < 0 and (accused or not listed)
        yield package, _Row(place, version, flags, requirement_set, strength % len(SOURCES), borrows)


def _lend(ordered: Iterable[_Row]) -> None:
    """Give ghosts without requirements those of the nearest earlier release, a final one if there is one."""
    final: _Row | None = None
    anyone: _Row | None = None
    for row in ordered:
        if row.version.parsed is None:
            continue
        lender = final or anyone
        if row.borrows and lender is not None:
            row.requirement_set, row.source = lender.requirement_set, _NEAREST
            row.flags |= port.RELEASE_REQUIREMENTS_NEAREST | lender.flags & port.RELEASE_REQUIREMENTS_PARTIAL
        elif row.requirement_set >= 0:
            anyone = row
            final = final if row.version.is_prerelease else row


def _number_releases(connection: duckdb.DuckDBPyConnection, places: Any) -> None:
    """Make the temporary table ``release_ids``, through the order that ``RELEASE_ROWS`` had."""
    release = np.empty(len(places), dtype=np.int32)
    release[places] = np.arange(len(places), dtype=np.int32)
    place = np.arange(len(places), dtype=np.int64)
    put(connection, "placed", "place BIGINT, release INTEGER", {"place": place, "release": release})
    connection.execute("""
        CREATE OR REPLACE TEMP TABLE release_ids AS SELECT package, version_key, release
        FROM (SELECT package, version_key, row_number() OVER (ORDER BY package, version_key) - 1 AS place FROM releases)
        JOIN placed USING (place)""")


def compile_files(connection: duckdb.DuckDBPyConnection, out: IndexWriter, releases: int) -> int:
    """Write the files of every release, by name; return how many there are."""
    connection.execute(GATHER_FILES)
    needs_texts = rows(connection, "SELECT needs FROM needs_texts ORDER BY id")
    out.texts("needs", TextsBuilder(text for (text,) in needs_texts))
    query = """
        SELECT release, uploaded, yanked_since, flags, needs_texts.id AS needs
        FROM dressed_files JOIN needs_texts USING (needs) ORDER BY release, filename"""
    release, uploaded, yanked_since, flags, needs = columns(connection, query)
    out.array("file.start", csr.offsets(np.bincount(release, minlength=releases)), fact=True)
    out.array("file.uploaded", uploaded, fact=True)
    out.array("file.yanked_since", yanked_since, fact=True)
    out.array("file.flags", flags, fact=True)
    out.array("file.needs", needs, fact=True)
    names, hashes = TextsBuilder(), TextsBuilder()
    for name, sha256 in rows(connection, "SELECT filename, sha256 FROM dressed_files ORDER BY release, filename"):
        names.add(name)
        hashes.add(sha256)
    out.texts("file.name", names)
    out.texts("file.sha256", hashes)
    return len(release)
