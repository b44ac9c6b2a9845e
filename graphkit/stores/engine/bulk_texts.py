"""The requirement texts of a whole index, cut into parts in the database; Python reads each distinct part once."""

# ruff: noqa: S608 - statements are put together from own names and one own pattern

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import duckdb
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from graphkit.model.names import BadName, package_name
from graphkit.model.requirement_texts import COMMON, PARTS, read_extras, read_marker, read_specifier
from graphkit.model.requirements import requirement
from graphkit.stores.engine.interned import append, stage
from graphkit.stores.engine.record_reader import columns, rows
from graphkit.stores.engine.requirement_sets import DIGITS, REQUIREMENT_COLUMNS, requirement_row

_READ: Final = (
    "id INTEGER, package VARCHAR, extras VARCHAR, specifier VARCHAR, url VARCHAR, unreadable VARCHAR, marker VARCHAR"
)
_CUT: Final = f"""
CREATE OR REPLACE TEMP TABLE table_parts AS
SELECT id, part.name AS name, part.extras AS extras, part.bracketed || part.bare AS specifier, part.marker AS marker
FROM (SELECT id, regexp_extract(text, '{COMMON}', {list(PARTS)}) AS part FROM table_texts) WHERE part.name <> '';
"""
_PLACED: Final = """
INSERT INTO table_read
SELECT id, names.said, extras.said, specifiers.said, '', '', markers.said
FROM table_parts AS parts JOIN table_part_name AS names ON names.part = parts.name
JOIN table_part_extras AS extras ON extras.part = parts.extras
JOIN table_part_specifier AS specifiers ON specifiers.part = parts.specifier
JOIN table_part_marker AS markers ON markers.part = parts.marker
WHERE specifiers.said IS NOT NULL AND markers.said IS NOT NULL;
"""
_LEFT: Final = "SELECT id, text FROM table_texts ANTI JOIN table_read USING (id) ORDER BY id"
_NUMBERED: Final = f"""
CREATE OR REPLACE TEMP TABLE table_digests AS
SELECT *, substr(sha256(concat_ws(chr(31), package, extras, specifier, url, unreadable, marker)), 1, {DIGITS}) AS digest
FROM table_read;

CREATE OR REPLACE TEMP TABLE incoming_requirements ({REQUIREMENT_COLUMNS});

INSERT INTO incoming_requirements
SELECT (row_number() OVER (ORDER BY digest) - 1)::INTEGER, * FROM
(SELECT DISTINCT digest, package, extras, specifier, url, unreadable, marker FROM table_digests);
"""
"""A digest as `requirement_sets.requirement_digest` makes it."""
_NUMBERS: Final = """
SELECT coalesce(number, -1)::INTEGER AS number FROM table_texts
LEFT JOIN table_digests USING (id) LEFT JOIN incoming_requirements USING (digest) ORDER BY table_texts.id
"""
_READERS: Final[tuple[tuple[str, Callable[[str], str | None]], ...]] = (
    ("name", package_name),
    ("extras", read_extras),
    ("specifier", read_specifier),
    ("marker", read_marker),
)
_TABLES: Final = ("parts", "read", "digests", *(f"part_{part}" for part, _ in _READERS))


class ReadTexts(Struct, frozen=True, kw_only=True):
    """The distinct requirement texts, read.

    ``number`` of each text's requirement, -1 where it has not even a name; ``digests`` of the
    requirements by number; ``unreadable`` says by text what is wrong with it.
    """

    number: NDArray[np.int32]
    digests: NDArray[Any]
    unreadable: dict[int, str]


def read_texts(connection: duckdb.DuckDBPyConnection) -> ReadTexts:
    """Read every text of the table ``table_texts``, and stage the requirements as ``incoming_requirements``.

    What comes of each is what `requirement` says. Cost: a few passes in the database; in Python a step for each
    distinct name, specifier, marker and list of extras, and for each text that is not plain.
    """
    connection.execute(_CUT)
    for part, read in _READERS:
        query = f"SELECT DISTINCT {part} FROM table_parts"
        told: list[tuple[Any, ...]] = [(text, read(text)) for (text,) in rows(connection, query)]
        stage(connection, f"table_part_{part}", "part VARCHAR, said VARCHAR", told)
    connection.execute(f"CREATE OR REPLACE TEMP TABLE table_read ({_READ})")
    connection.execute(_PLACED)
    unreadable = _read_whole(connection)
    connection.execute(_NUMBERED)
    (number,) = columns(connection, _NUMBERS)
    (digests,) = columns(connection, "SELECT digest FROM incoming_requirements ORDER BY number")
    for name in _TABLES:
        connection.execute(f"DROP TABLE table_{name}")
    return ReadTexts(number=number.astype(np.int32), digests=digests.astype(f"S{DIGITS}"), unreadable=unreadable)


def _read_whole(connection: duckdb.DuckDBPyConnection) -> dict[int, str]:
    """Read the texts that are not plain; return what is wrong with those that cannot be read."""
    unreadable: dict[int, str] = {}
    fresh: list[tuple[Any, ...]] = []
    for place, text in rows(connection, _LEFT):
        try:
            one = requirement(text)
        except BadName as error:
            unreadable[place] = f"{error}; the requirements of its releases are not complete"
            continue
        if one.unreadable:
            unreadable[place] = f"{text[:200]!r} cannot be read; every version is allowed"
        _, *parts = requirement_row(one)
        fresh.append((place, *parts))
    append(connection, "table_read", _READ, fresh)
    return unreadable
