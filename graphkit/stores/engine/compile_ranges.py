"""Requirement sets, ranges, markers, and the ranges as stretches of release ids."""

from __future__ import annotations

from typing import Final

import duckdb
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from graphkit.model import csr
from graphkit.stores import port
from graphkit.stores.engine.compile_releases import ReleaseOrder
from graphkit.stores.engine.index_folder import ArraySink
from graphkit.stores.engine.record_reader import columns, rows, texts
from graphkit.stores.engine.specifiers import Specifiers
from graphkit.stores.engine.texts import TextsBuilder

NUMBER_SETS: Final = """
CREATE TEMP TABLE IF NOT EXISTS aiming (id INTEGER);

CREATE OR REPLACE TEMP TABLE sets AS
SELECT id AS requirement_set, (row_number() OVER (ORDER BY digest) - 1)::INTEGER AS id FROM requirement_sets
SEMI JOIN (SELECT requirement_set AS id FROM release_metadata WHERE source <> 'unknown') AS used USING (id);

CREATE OR REPLACE TEMP TABLE used_requirements AS
SELECT id, package, extras, marker,
    CASE WHEN unreadable <> '' THEN 2 WHEN url <> '' THEN 1 ELSE 0 END AS kind,
    CASE kind WHEN 2 THEN unreadable WHEN 1 THEN url ELSE specifier END AS text
FROM requirements SEMI JOIN (
    SELECT requirement AS id FROM requirement_members SEMI JOIN sets USING (requirement_set)
    UNION ALL FROM aiming) AS used USING (id);

CREATE OR REPLACE TEMP TABLE range_extras AS
SELECT extras, (row_number() OVER (ORDER BY extras) - 1)::INTEGER AS id
FROM (SELECT extras FROM used_requirements UNION SELECT '');

CREATE OR REPLACE TEMP TABLE range_texts AS
SELECT kind, text, (row_number() OVER (ORDER BY kind, text) - 1)::INTEGER AS id
FROM (SELECT DISTINCT kind, text FROM used_requirements);

CREATE OR REPLACE TEMP TABLE ranges AS
SELECT *, (row_number() OVER (ORDER BY package, extras, text_id) - 1)::INTEGER AS id
FROM (SELECT DISTINCT package, extras, range_texts.id AS text_id
    FROM used_requirements JOIN range_texts USING (kind, text));

CREATE OR REPLACE TEMP TABLE markers AS
SELECT marker, (row_number() OVER (ORDER BY marker) - 1)::INTEGER AS id
FROM (SELECT DISTINCT marker FROM used_requirements UNION SELECT '');

CREATE OR REPLACE TEMP TABLE placed_requirements AS
SELECT used.id AS requirement, ranges.id AS range_id, markers.id AS marker_id
FROM used_requirements AS used JOIN range_texts USING (kind, text) JOIN markers USING (marker)
JOIN ranges ON ranges.package = used.package AND ranges.extras = used.extras AND ranges.text_id = range_texts.id;
"""
"""Numbers by content, so that equal facts get equal ids in any order of ingest. The empty marker and no extras: 0.

``aiming`` are requirements of sets that are not here, which another store has.
"""


EXTRAS: Final = "SELECT extras FROM range_extras ORDER BY id"
DIGEST: Final = np.dtype("S16")
_DIGESTS: Final = """
SELECT digest::BLOB FROM sets JOIN requirement_sets AS kept ON kept.id = requirement_set ORDER BY sets.id
"""
KINDS: Final = 3
_KINDS: Final = """
SELECT count(*) FILTER (WHERE kind = 0) AS specifiers, count(*) FILTER (WHERE kind = 1) AS urls,
    count(*) FILTER (WHERE kind = 2) AS others FROM range_texts
"""
"""Texts of specifiers stand before those of URLs, and these before what could not be read."""


def number_sets(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the temporary tables ``sets``, ``used_requirements``, ``ranges``, ``range_extras`` and ``markers``."""
    connection.execute(NUMBER_SETS)


class Sets(Struct, frozen=True, kw_only=True):
    """The requirement sets: how many, and one row per member, ascending by set: its set, range and marker.

    ``marker_texts``: the text of each marker.
    """

    count: int
    set: port.RequirementSetIds
    range: port.RangeIds
    marker: port.TextIds
    marker_texts: list[str]


def compile_sets(connection: duckdb.DuckDBPyConnection, out: ArraySink) -> Sets:
    """Write requirement sets and what is in them."""
    marker_texts = [text for (text,) in rows(connection, "SELECT marker FROM markers ORDER BY id")]
    out.texts("marker", TextsBuilder(marker_texts))
    query = """
        SELECT DISTINCT sets.id AS set_id, range_id, marker_id
        FROM requirement_members JOIN sets USING (requirement_set) JOIN placed_requirements USING (requirement)
        ORDER BY ALL"""
    sets, ranges, markers = columns(connection, query)
    digests = b"".join(digest for (digest,) in rows(connection, _DIGESTS))
    out.array("set.digest", np.frombuffer(digests, dtype=DIGEST))
    count = len(digests) // DIGEST.itemsize
    out.array("set.start", csr.offsets(np.bincount(sets, minlength=count)).astype(np.int32))
    out.array("set.range", ranges)
    out.array("set.marker", markers)
    return Sets(count=count, set=sets, range=ranges, marker=markers, marker_texts=marker_texts)


class Ranges(Struct, frozen=True, kw_only=True):
    """Columns by range: its ``package``, the ``extras`` it names, ``flags``, and stretches of release ids (CSR)."""

    package: port.PackageIds
    extras: port.TextIds
    flags: NDArray[np.uint8]
    start: NDArray[np.int64]
    lo: port.ReleaseIds
    hi: port.ReleaseIds


class Aims(Struct, frozen=True, kw_only=True):
    """Columns by range: its ``package``, the ids of its ``extras`` and of its ``text``."""

    package: port.PackageIds
    extras: port.TextIds
    text: NDArray[np.int32]


def compile_aims(connection: duckdb.DuckDBPyConnection, out: ArraySink) -> Aims:
    """Write what every range says; return it."""
    query = """
        SELECT name.id AS package, range_extras.id AS extras, text_id
        FROM ranges JOIN package_names AS name ON name.package = ranges.package
        JOIN range_extras USING (extras) ORDER BY ranges.id"""
    package, extras, text = columns(connection, query)
    out.texts("range_extras", texts(connection, EXTRAS))
    out.texts("range_text", texts(connection, "SELECT text FROM range_texts ORDER BY id"))
    out.array("range_text.kind", csr.offsets(np.concatenate(columns(connection, _KINDS))))
    out.array("range.package", package)
    out.array("range.extras", extras)
    out.array("range.text", text)
    return Aims(package=package, extras=extras, text=text)


def compile_ranges(connection: duckdb.DuckDBPyConnection, out: ArraySink, order: ReleaseOrder) -> Ranges:
    """Write every range with its flags and stretches; return them.

    A specifier is read once, as stretches of the versions of the whole index in their order; what it
    admits of one package is then two bisections in arrays, all ranges at once.
    """
    aims = compile_aims(connection, out)
    specifiers = Specifiers(rows(connection, "SELECT kind, text FROM range_texts ORDER BY id"), order)
    start, lo, hi = specifiers.pieces_of(aims.package, aims.text)
    flags = specifiers.flags[aims.text]
    ranges = Ranges(package=aims.package, extras=aims.extras, flags=flags, start=start, lo=lo, hi=hi)
    write_stretches(out, ranges)
    return ranges


def write_stretches(out: ArraySink, ranges: Ranges) -> None:
    """Write the flags and stretches of ranges."""
    out.array("range.flags", ranges.flags)
    out.array("range.start", ranges.start.astype(np.int32))
    out.array("range.lo", ranges.lo)
    out.array("range.hi", ranges.hi)
