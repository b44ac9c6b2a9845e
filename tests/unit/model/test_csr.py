"""Rows in compressed form, against lists of lists."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from graphkit.model import csr

TABLES = st.lists(st.lists(st.integers(0, 99), max_size=4), min_size=1, max_size=8)


@given(TABLES, st.data())
def test_gather_takes_rows_in_the_order_asked(table: list[list[int]], data: st.DataObject) -> None:
    start = csr.offsets(np.array([len(row) for row in table]))
    values = np.array([value for row in table for value in row], dtype=np.int32)
    ids = data.draw(st.lists(st.integers(0, len(table) - 1), max_size=6))
    new, found = csr.gather(start, values, np.array(ids, dtype=np.int32))
    assert [found[lo:hi].tolist() for lo, hi in pairwise(new)] == [table[i] for i in ids]
    assert found.dtype == np.int32


@given(st.lists(st.integers(-1, 5), max_size=20))
def test_inverted_finds_where_each_key_stands(keys: list[int]) -> None:
    start, at = csr.inverted(np.array(keys, dtype=np.int64), 6)
    rows = [at[lo:hi].tolist() for lo, hi in pairwise(start)]
    assert rows == [[place for place, key in enumerate(keys) if key == row] for row in range(6)]


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 4)), max_size=6))
def test_spread_counts_through_stretches_one_after_another(stretches: list[tuple[int, int]]) -> None:
    start = np.array([first for first, _ in stretches], dtype=np.int32)
    numbers, begin = csr.spread(start, start + np.array([count for _, count in stretches], dtype=np.int32))
    rows = [numbers[lo:hi].tolist() for lo, hi in pairwise(begin)]
    assert rows == [list(range(first, first + count)) for first, count in stretches]


@given(st.lists(st.integers(0, 99), max_size=20), st.sampled_from([None, 100, 10_000]))
def test_distinct_values_are_the_same_whether_sorted_or_ticked_off(values: list[int], below: int | None) -> None:
    column = np.array(values, dtype=np.int32)
    found = csr.distinct(column, below)
    assert found.tolist() == sorted(set(values))
    assert found.dtype == np.int32
    ticks = np.zeros(below or 100, dtype=np.uint8)
    ticks[column] = 2
    found = csr.ticked(column, ticks)
    assert found.tolist() == sorted(set(values))
    assert found.dtype == np.int32
