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
