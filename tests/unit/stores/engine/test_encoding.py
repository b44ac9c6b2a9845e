"""Values on their way into the record: one text for equal values, and rows that are kept once."""

from __future__ import annotations

import hashlib

import duckdb
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphkit.model.documents import Component
from graphkit.model.errors import InputError
from graphkit.model.times import BEGINNING
from graphkit.model.versions import release_version
from graphkit.stores.engine.encoding import digest, encoded, insert, insert_versions
from graphkit.stores.engine.interned import append, numbered, stage

SHAPE = "number INTEGER, digest VARCHAR"


def test_a_digest_is_that_of_the_canonical_bytes() -> None:
    assert digest(["a", 1]) == hashlib.sha256(b'["a",1]').hexdigest()
    assert digest(Component(ref="a", name="b")) == digest(Component(name="b", ref="a"))
    assert digest(Component(ref="a", name="b")) != digest(Component(ref="b", name="a"))


@pytest.mark.parametrize("work", [encoded, digest])
def test_a_text_that_no_file_can_hold_is_refused(work: object) -> None:
    with pytest.raises(InputError, match="lone surrogates"):
        work(["\ud800"])  # type: ignore[operator]  # one of two functions


def test_an_instant_that_no_fact_has_is_null() -> None:
    with duckdb.connect() as database:
        database.execute("create table kept (name VARCHAR, since BIGINT, number INTEGER)")
        columns = {
            "since": np.array([5, BEGINNING]),
            "name": np.array(["a", None], dtype=object),
            "number": np.array([1, 2], dtype=np.int32),
        }
        insert(database, "kept", columns)
        insert(database, "kept", {"since": np.array([], dtype=np.int64)})
        assert database.execute("from kept").fetchall() == [("a", 5, 1), (None, None, 2)]


VERSIONS = st.lists(st.sampled_from(["1.0", "1.0rc1", "1.0.post1", "2.0", "0.9.dev1", "odd"]), unique=True)


@given(VERSIONS)
def test_versions_are_kept_with_bytes_that_sort_as_they_do(texts: list[str]) -> None:
    versions = [release_version(text) for text in texts]
    with duckdb.connect() as database:
        database.execute("create table kept (version_key VARCHAR, ordering BLOB, prerelease BOOLEAN)")
        insert_versions(database, "kept", versions)
        found = database.execute("select version_key, prerelease from kept order by ordering").fetchall()
    assert found == [(one.key, one.is_prerelease) for one in sorted(versions)]


BATCHES = st.lists(st.lists(st.integers(0, 6), max_size=5, unique=True), max_size=4)


@given(BATCHES)
def test_equal_rows_get_the_number_that_is_kept_whatever_came_before(batches: list[list[int]]) -> None:
    kept: dict[int, int] = {}
    with duckdb.connect() as database:
        database.execute("create table kept (id INTEGER, digest UUID)")
        for batch in batches:
            rows = [(number, f"{value:032x}") for number, value in enumerate(batch)]
            stage(database, "batch", SHAPE, list(rows))
            ids, is_new = numbered(database, "kept", "batch")
            assert is_new.tolist() == [value not in kept for value in batch]
            for value in batch:
                kept.setdefault(value, len(kept))
            assert ids.tolist() == [kept[value] for value in batch]
            told = database.execute("select number, id, is_new from numbered_kept order by number").fetchall()
            assert told == list(zip(range(len(batch)), ids.tolist(), is_new.tolist(), strict=True))
            database.execute(
                "insert into kept select id, digest::UUID from numbered_kept join batch using (number) where is_new"
            )


@given(st.integers(0, 9))
def test_rows_are_moved_and_the_list_is_empty_then(count: int) -> None:
    rows: list[tuple[object, ...]] = [(number, str(number)) for number in range(count)]
    with duckdb.connect() as database:
        stage(database, "moved", SHAPE, rows)
        assert rows == []
        append(database, "moved", SHAPE, [(-1, None)])
        found = database.execute("from moved order by number").fetchall()
    assert found == [(-1, None), *((number, str(number)) for number in range(count))]
