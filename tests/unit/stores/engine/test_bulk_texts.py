"""Requirement texts read by their parts in the database, against the reading of each as a whole."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphkit.model.names import BadName
from graphkit.model.requirements import requirement
from graphkit.stores.engine.bulk_texts import read_texts
from graphkit.stores.engine.interned import stage
from graphkit.stores.engine.requirement_sets import requirement_row

PARTS = st.tuples(
    st.sampled_from(["lib", "Lib_A.b", "x", "9lib", "-lib", "", "l\u00efb"]),
    st.sampled_from(["", "[a]", "[B_c, a]", "[a,a]", "[]", "[a,,b]", "[:build]"]),
    st.sampled_from(["", ">=1", " (>=1,<2)", "==1.*", ">=1.*", "==1.0+a", "~=1", "=1", " ( >=1", "===old"]),
    st.sampled_from(
        ["", '; os_name=="nt"', " ;extra == 'a'", '; extra == ":build"', ";", "; ", "; nonsense", ";(((", "\n", "\0"]
    ),
)
WHOLE = [
    "lib[a]>=1 ; os_name == 'nt'",
    "lib>=1.*",
    "lib; nonsense",
    'lib; extra == ":build"',
    f"lib; {'(' * 2_000}os_name == 'nt'{')' * 2_000}",
    "lib @ https://files.example/lib-1.0.tar.gz",
    "lib @ https://files.example/lib-1.0.tar.gz ; os_name == 'nt'",
    "lib>=1 ; os_name == 'n\u00efx'",
]


def read(texts: Sequence[str]) -> tuple[list[tuple[str, ...] | None], dict[int, str]]:
    """Return the row of each text, None where it has not even a name, and what is said of those that are odd."""
    with duckdb.connect() as database:
        stage(database, "table_texts", "id INTEGER, text VARCHAR", list(enumerate(texts)))
        found = read_texts(database)
        rows = database.execute("SELECT * EXCLUDE (number) FROM incoming_requirements ORDER BY number").fetchall()
        left = database.execute("SELECT table_name FROM duckdb_tables() WHERE table_name <> 'table_texts'").fetchall()
    assert left == [("incoming_requirements",)]
    assert found.digests.tolist() == [row[0].encode() for row in rows]
    assert len(set(rows)) == len(rows)
    return [None if number < 0 else rows[number] for number in found.number.tolist()], found.unreadable


def expected(text: str) -> tuple[str, ...] | None:
    try:
        return requirement_row(requirement(text))
    except BadName:
        return None


def check(texts: Sequence[str]) -> None:
    rows, unreadable = read(texts)
    assert rows == [expected(text) for text in texts]
    assert set(unreadable) == {at for at, row in enumerate(rows) if row is None or row[5]}


@settings(max_examples=10, deadline=None)  # each has many texts: a database takes longer than they do
@given(st.lists(PARTS.map("".join), max_size=100, unique=True))
def test_a_text_means_the_same_however_it_is_read(texts: list[str]) -> None:
    check(texts)


def test_a_text_whose_parts_cannot_be_read_is_read_as_a_whole() -> None:
    check(WHOLE)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (">=1", "'>=1' is not a valid requirement (PEP 508); the requirements of its releases are not complete"),
        ("lib>=1.*", "'lib>=1.*' cannot be read; every version is allowed"),
    ],
)
def test_what_cannot_be_read_is_told(text: str, said: str) -> None:
    assert read(["lib", text])[1] == {1: said}
