"""Requirement sets, ranges, markers, and the ranges as stretches of release ids."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from itertools import groupby
from typing import Any, Final

import duckdb
import numpy as np
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import Version

from graphkit.model.intervals import Stretches, meet, raw_matches, stretches
from graphkit.stores import port
from graphkit.stores.embedded import csr
from graphkit.stores.embedded.folder import IndexWriter
from graphkit.stores.embedded.kept import columns, rows
from graphkit.stores.embedded.texts import Texts, TextsBuilder

_URL, _UNREADABLE = 1, 2

NUMBER_SETS: Final = """
CREATE OR REPLACE TEMP TABLE sets AS
SELECT requirement_set, row_number() OVER (ORDER BY requirement_set) - 1 AS id
FROM (SELECT DISTINCT requirement_set FROM release_metadata WHERE source <> 'unknown');

CREATE OR REPLACE TEMP TABLE members AS
SELECT sets.id AS set_id, package, extras, marker,
    CASE WHEN unreadable <> '' THEN 2 WHEN url <> '' THEN 1 ELSE 0 END AS kind,
    CASE kind WHEN 2 THEN unreadable WHEN 1 THEN url ELSE specifier END AS text
FROM requirements JOIN sets USING (requirement_set);

CREATE OR REPLACE TEMP TABLE ranges AS
SELECT *, row_number() OVER (ORDER BY package, extras, kind, text) - 1 AS id
FROM (SELECT DISTINCT package, extras, kind, text FROM members);

CREATE OR REPLACE TEMP TABLE range_extras AS
SELECT extras, row_number() OVER (ORDER BY extras) - 1 AS id FROM (SELECT DISTINCT extras FROM ranges);

CREATE OR REPLACE TEMP TABLE markers AS
SELECT marker, row_number() OVER (ORDER BY marker) - 1 AS id
FROM (SELECT DISTINCT marker FROM members UNION SELECT '');
"""
"""Numbers by content, so that equal facts get equal ids in any order of ingest. The empty marker is 0."""


def number_sets(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the temporary tables ``sets``, ``members``, ``ranges``, ``range_extras`` and ``markers``."""
    connection.execute(NUMBER_SETS)


def compile_sets(connection: duckdb.DuckDBPyConnection, out: IndexWriter) -> int:
    """Write requirement sets and who is in them, both ways; return how many sets there are."""
    out.texts("marker", TextsBuilder(text for (text,) in rows(connection, "SELECT marker FROM markers ORDER BY id")))
    query = """
        SELECT DISTINCT set_id::INTEGER AS set_id, ranges.id::INTEGER AS range_id, markers.id::INTEGER AS marker_id
        FROM members JOIN ranges USING (package, extras, kind, text) JOIN markers USING (marker) ORDER BY ALL"""
    sets, ranges, markers = columns(connection, query)
    ((count, range_count),) = connection.execute(
        "SELECT (SELECT count(*) FROM sets), (SELECT count(*) FROM ranges)"
    ).fetchall()
    out.array("set.start", csr.offsets(np.bincount(sets, minlength=count)), fact=True)
    out.array("set.range", ranges, fact=True)
    out.array("set.marker", markers, fact=True)
    start, at = csr.inverted(ranges, range_count)
    out.array("declared.start", start)
    out.array("declared.set", sets[at])
    out.array("declared.marker", markers[at])
    return int(count)


def compile_ranges(connection: duckdb.DuckDBPyConnection, out: IndexWriter, packages: Packages) -> int:
    """Write every range with its flags and stretches; return how many there are.

    Ranges are sorted by package, so those of one package share its parsed versions.
    """
    query = """
        SELECT name.id, range_extras.id, ranges.kind, ranges.text
        FROM ranges JOIN package_names AS name ON name.package = ranges.package
        JOIN range_extras USING (extras) ORDER BY ranges.id"""
    extras = rows(connection, "SELECT extras FROM range_extras ORDER BY id")
    out.texts("range_extras", TextsBuilder(text for (text,) in extras))
    owner, extra_ids, texts, flags = array("i"), array("i"), TextsBuilder(), bytearray()
    lo, hi, pieces = array("i"), array("i"), array("q", [0])
    for package, group in groupby(rows(connection, query), key=lambda row: row[0]):
        target = Target(packages, package)
        for _, extra, kind, text in group:
            flag, found = target.read(kind, text)
            owner.append(package)
            extra_ids.append(extra)
            texts.add(text)
            flags.append(flag)
            lo.extend(piece[0] for piece in found)
            hi.extend(piece[1] for piece in found)
            pieces.append(len(lo))
    out.array("range.package", np.array(owner, dtype=np.int32), fact=True)
    out.array("range.extras", np.array(extra_ids, dtype=np.int32), fact=True)
    out.texts("range.text", texts)
    out.array("range.flags", np.frombuffer(bytes(flags), dtype=np.uint8))
    out.array("range.start", np.array(pieces, dtype=np.int64))
    out.array("range.lo", np.array(lo, dtype=np.int32))
    out.array("range.hi", np.array(hi, dtype=np.int32))
    counts = np.bincount(np.array(owner, dtype=np.int64), minlength=packages.count)
    out.array("constraints.start", csr.offsets(counts))
    return len(owner)


class Packages:
    """What ranges need of the packages: their release stretches, texts and how many releases are legacy."""

    def __init__(self, start: Any, legacy: Any, text: Texts) -> None:
        self.start = start
        self.legacy = legacy
        self.text = text

    @property
    def count(self) -> int:
        """How many packages there are."""
        return len(self.start) - 1


class Target:
    """One package that ranges aim at, its versions parsed once."""

    def __init__(self, packages: Packages, ident: int) -> None:
        self._first, self._stop = int(packages.start[ident]), int(packages.start[ident + 1])
        self._legacy = int(packages.legacy[ident])
        self._texts = packages.text.at(np.arange(self._first, self._stop))
        self._versions = [Version(text) for text in self._texts[self._legacy :]]

    def read(self, kind: int, text: str) -> tuple[int, Stretches]:
        """Return the flags of a range and its stretches of release ids."""
        if kind == _URL:
            return port.RANGE_URL, ()
        if kind == _UNREADABLE:
            return port.RANGE_UNREADABLE, self._all()
        try:
            wanted = SpecifierSet(text)
        except InvalidSpecifier:
            return port.RANGE_UNREADABLE, self._all()
        operators = [(one.operator, one.version) for one in wanted]
        flags = port.RANGE_NAMES_PRERELEASE if wanted.prereleases else 0
        if any(operator == "===" for operator, _ in operators):
            flags |= port.RANGE_RAW
        if len(operators) == 1 and _pins(*operators[0]):
            flags |= port.RANGE_PINNED
        return flags, tuple(self._positions(wanted, operators))

    def _all(self) -> Stretches:
        first = self._first + self._legacy
        return ((first, self._stop),) if first < self._stop else ()

    def _positions(self, wanted: SpecifierSet, operators: list[tuple[str, str]]) -> Iterator[tuple[int, int]]:
        if operators and all(operator == "===" for operator, _ in operators):
            # Text alone decides, so a legacy version matches too (PEP 440, arbitrary equality).
            found: Stretches = ((0, len(self._texts)),)
            for _, literal in operators:
                found = meet(found, raw_matches(literal, self._texts))
            base = self._first
        else:
            found = stretches(wanted, self._versions, self._texts[self._legacy :])
            base = self._first + self._legacy
        for lo, hi in found:
            yield base + lo, base + hi


def _pins(operator: str, version: str) -> bool:
    return operator == "===" or (operator == "==" and not version.endswith(".*"))
