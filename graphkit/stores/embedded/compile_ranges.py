"""Requirement sets, ranges, markers, and the ranges as stretches of release ids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import duckdb
import numpy as np
from numpy.typing import NDArray

from graphkit.model import csr
from graphkit.stores.embedded.compile_releases import Order
from graphkit.stores.embedded.folder import IndexWriter
from graphkit.stores.embedded.kept import columns, rows, scalar, texts
from graphkit.stores.embedded.specifiers import Specifiers

NUMBER_SETS: Final = """
CREATE OR REPLACE TEMP TABLE sets AS
SELECT id AS requirement_set, (row_number() OVER (ORDER BY digest) - 1)::INTEGER AS id FROM requirement_sets
SEMI JOIN (SELECT requirement_set AS id FROM release_metadata WHERE source <> 'unknown') AS used USING (id);

CREATE OR REPLACE TEMP TABLE used_requirements AS
SELECT id, package, extras, marker,
    CASE WHEN unreadable <> '' THEN 2 WHEN url <> '' THEN 1 ELSE 0 END AS kind,
    CASE kind WHEN 2 THEN unreadable WHEN 1 THEN url ELSE specifier END AS text
FROM requirements SEMI JOIN (
    SELECT requirement AS id FROM requirement_members SEMI JOIN sets USING (requirement_set)) AS used USING (id);

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
"""Numbers by content, so that equal facts get equal ids in any order of ingest. The empty marker and no extras: 0."""


def number_sets(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the temporary tables ``sets``, ``used_requirements``, ``ranges``, ``range_extras`` and ``markers``."""
    connection.execute(NUMBER_SETS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sets:
    """The requirement sets: how many, and one row per member, ascending: its set and its range."""

    count: int
    set: NDArray[np.int32]
    range: NDArray[np.int32]


def compile_sets(connection: duckdb.DuckDBPyConnection, out: IndexWriter) -> Sets:
    """Write requirement sets and who is in them, both ways."""
    out.texts("marker", texts(connection, "SELECT marker FROM markers ORDER BY id"))
    query = """
        SELECT DISTINCT sets.id AS set_id, range_id, marker_id
        FROM requirement_members JOIN sets USING (requirement_set) JOIN placed_requirements USING (requirement)
        ORDER BY ALL"""
    sets, ranges, markers = columns(connection, query)
    count, range_count = (scalar(connection, f"SELECT count(*) FROM {name}") for name in ("sets", "ranges"))  # noqa: S608
    out.array("set.start", csr.offsets(np.bincount(sets, minlength=count)).astype(np.int32), fact=True)
    out.array("set.range", ranges, fact=True)
    out.array("set.marker", markers, fact=True)
    start, at = csr.inverted(ranges, range_count)
    out.array("declared.start", start.astype(np.int32))
    out.array("declared.set", sets[at])
    out.array("declared.marker", markers[at])
    return Sets(count=count, set=sets, range=ranges)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretches:
    """Columns by range: ``flags``, and stretches of release ids in CSR form."""

    flags: NDArray[np.uint8]
    start: NDArray[np.int64]
    lo: NDArray[np.int32]
    hi: NDArray[np.int32]


def compile_ranges(connection: duckdb.DuckDBPyConnection, out: IndexWriter, order: Order, sets: Sets) -> Stretches:
    """Write every range with its flags and stretches, and how many packages require each; return the stretches.

    A specifier is read once, as stretches of the versions of the whole index in their order; what it
    admits of one package is then two bisections in arrays, all ranges at once.
    """
    query = """
        SELECT name.id AS package, range_extras.id AS extras, text_id
        FROM ranges JOIN package_names AS name ON name.package = ranges.package
        JOIN range_extras USING (extras) ORDER BY ranges.id"""
    package, extras, text = columns(connection, query)
    specifiers = Specifiers(rows(connection, "SELECT kind, text FROM range_texts ORDER BY id"), order)
    start, lo, hi = specifiers.pieces_of(package, text)
    out.texts("range_extras", texts(connection, "SELECT extras FROM range_extras ORDER BY id"))
    out.texts("range_text", texts(connection, "SELECT text FROM range_texts ORDER BY id"))
    out.array("range.package", package, fact=True)
    out.array("range.extras", extras, fact=True)
    out.array("range.text", text, fact=True)
    flags = specifiers.flags[text]
    out.array("range.flags", flags)
    out.array("range.start", start.astype(np.int32))
    out.array("range.lo", lo)
    out.array("range.hi", hi)
    counts = np.bincount(package, minlength=len(order.start) - 1)
    out.array("constraints.start", csr.offsets(counts).astype(np.int32))
    out.array("package.dependents", _dependents(order, sets, package))
    return Stretches(flags=flags, start=start, lo=lo, hi=hi)


def _dependents(order: Order, sets: Sets, package: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return of each package how many packages have a release that requires it; ``package`` is that of each range."""
    count = np.int64(max(1, len(order.start) - 1))
    required = csr.distinct(sets.set * count + package[sets.range])
    known = order.set_id >= 0
    users = csr.distinct(order.set_id[known] * count + order.package[known])
    start = np.searchsorted(users, np.arange(sets.count + 1) * count)
    owner = required // count
    at, begin = csr.spread(start[owner], start[owner + 1])
    pairs = np.repeat(required % count, np.diff(begin)) * count + users[at] % count
    return np.bincount(csr.distinct(pairs) // count, minlength=len(order.start) - 1).astype(np.int32)
