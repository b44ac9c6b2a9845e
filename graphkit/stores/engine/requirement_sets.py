"""Requirement sets on their way into the record: equal requirements and equal sets are kept once, under numbers."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterable
from typing import Any, Final

import duckdb
import numpy as np
from numpy.typing import NDArray

from graphkit.model import csr
from graphkit.model.requirements import Requirement
from graphkit.stores.engine.encoding import insert
from graphkit.stores.engine.interned import numbered, stage

DIGITS: Final = 32
"""How many hexadecimal digits of a digest the record keeps."""

REQUIREMENT_COLUMNS: Final = (
    "number INTEGER, digest VARCHAR, package VARCHAR, extras VARCHAR, specifier VARCHAR, url VARCHAR, "
    "unreadable VARCHAR, marker VARCHAR"
)


def requirement_row(one: Requirement) -> tuple[str, ...]:
    """Return the digest of a requirement and its columns."""
    parts = (one.package, ",".join(one.extras), one.specifier, one.url, one.unreadable, one.marker)
    return requirement_digest(parts), *parts


def requirement_digest(parts: tuple[str, ...]) -> str:
    """Return the digest of a requirement by its columns."""
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:DIGITS]


def set_digest(members: Iterable[str]) -> str:
    """Return the digest of a set, by the digests of its members; SQL makes the same in `bulk`."""
    return hashlib.sha256("".join(sorted(members)).encode()).hexdigest()[:DIGITS]


class RequirementSets:
    """The requirement sets of one batch."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._rows: list[tuple[Any, ...]] = []
        self._sets: dict[str, int] = {}
        self._sizes, self._members = array("q"), array("i")

    def add(self, requirements: Iterable[Requirement]) -> tuple[int, str]:
        """Take up a set: its number in this batch, and its digest."""
        rows = {row[0]: row for row in map(requirement_row, requirements)}
        digest = set_digest(rows)
        if (number := self._sets.get(digest)) is None:
            number = self._sets[digest] = len(self._sets)
            self._sizes.append(len(rows))
            self._members.extend(self._number_of(row) for _, row in sorted(rows.items()))
        return number, digest

    def _number_of(self, row: tuple[str, ...]) -> int:
        if (number := self._numbers.get(row[0])) is None:
            number = self._numbers[row[0]] = len(self._rows)
            self._rows.append((number, *row))
        return number

    def write(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Write what is new to the record, and into the staged metadata which set each of them has."""
        if not self._sets:
            return
        stage(connection, "incoming_requirements", REQUIREMENT_COLUMNS, self._rows)
        sets = [(number, digest) for digest, number in self._sets.items()]
        stage(connection, "incoming_sets", "number INTEGER, digest VARCHAR", sets)
        sizes = np.array(self._sizes, dtype=np.int64)
        start, members = csr.offsets(sizes), np.array(self._members, dtype=np.int32)
        write_sets(connection, start, members)
        connection.execute("""
            UPDATE staged_release_metadata SET requirement_set = numbered.id FROM numbered_requirement_sets AS numbered
            WHERE staged_release_metadata.requirement_set = numbered.number""")


def write_sets(
    connection: duckdb.DuckDBPyConnection, start: csr.Offsets, members: NDArray[np.int32]
) -> NDArray[np.int32]:
    """Write the tables ``incoming_requirements`` and ``incoming_sets``; return the number kept of each set.

    Row i of the sets has ``members[start[i]:start[i + 1]]``, numbers of incoming requirements.
    """
    requirements, _ = numbered(connection, "requirements", "incoming_requirements")
    connection.execute("""
        INSERT INTO requirements SELECT id, digest::UUID, package, extras, specifier, url, unreadable, marker
        FROM incoming_requirements JOIN numbered_requirements USING (number) WHERE is_new""")
    ids, is_new = numbered(connection, "requirement_sets", "incoming_sets")
    connection.execute("""
        INSERT INTO requirement_sets SELECT id, digest::UUID
        FROM incoming_sets JOIN numbered_requirement_sets USING (number) WHERE is_new""")
    fresh = np.repeat(is_new, np.diff(start))
    columns = {"requirement_set": np.repeat(ids, np.diff(start))[fresh], "requirement": requirements[members][fresh]}
    insert(connection, "requirement_members", columns)
    return ids
