"""The tables of the record, and the rules by which rows join them."""

from __future__ import annotations

import duckdb
import pytest

from graphkit.model.index import MetadataSource
from graphkit.stores.engine.schema import INTERNED, MERGES, STRENGTH, TABLES, VIEWS, Merge, column_names


@pytest.fixture
def database() -> duckdb.DuckDBPyConnection:
    made = duckdb.connect()
    for name, columns in TABLES.items():
        made.execute(f"CREATE TABLE {name} ({columns})")
    return made


def test_the_columns_of_a_table_are_those_that_the_database_has(database: duckdb.DuckDBPyConnection) -> None:
    for name in TABLES:
        found = database.execute(f"SELECT name FROM pragma_table_info('{name}') ORDER BY cid").fetchall()
        assert column_names(name) == tuple(column for (column,) in found)


def test_views_can_be_made_of_the_tables_and_are_empty_then(database: duckdb.DuckDBPyConnection) -> None:
    for view in VIEWS:
        database.execute(view)
    made = [name for (name,) in database.execute("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall()]
    assert len(made) == len(VIEWS)
    assert all(database.execute(f"FROM {name}").fetchall() == [] for name in made)


@pytest.mark.parametrize("merge", MERGES, ids=lambda merge: str(merge.table))
def test_a_merge_names_columns_of_its_table(merge: Merge) -> None:
    columns = set(column_names(merge.table))
    ordered = {part.split()[0] for part in merge.order.split(", ")}
    assert {*merge.keys.split(", "), *ordered, *(name for name, _ in merge.pooled)} <= columns
    assert not merge.digest or merge.digest in columns
    assert merge.table not in INTERNED


def test_the_strongest_source_of_metadata_comes_first() -> None:
    assert min(STRENGTH, key=STRENGTH.__getitem__) is MetadataSource.CORE_METADATA
    assert max(STRENGTH, key=STRENGTH.__getitem__) is MetadataSource.UNKNOWN
    assert set(STRENGTH) == set(MetadataSource)
