"""How ids of two tables become ids of one, on plain columns."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from graphkit.model import csr
from graphkit.stores.engine.id_remap import _any, _ordered, _placed, _same, _standing
from graphkit.stores.engine.index_folder import HeldArrays
from graphkit.stores.engine.texts import Texts, TextsBuilder

TEXTS = st.lists(st.text("abé", max_size=2), unique=True, max_size=6).map(sorted)


def column(texts: list[str]) -> Texts:
    return Texts(*TextsBuilder(texts).arrays())


@given(TEXTS, TEXTS, st.data())
def test_new_texts_have_a_place_among_those_of_their_part(old: list[str], new: list[str], data: st.DataObject) -> None:
    lo = data.draw(st.integers(0, len(old)))
    hi = data.draw(st.integers(lo, len(old)))
    first = data.draw(st.integers(0, len(new)))
    place, same = _placed(column(old), column(new), (lo, hi), (first, len(new)))
    part, taken = old[lo:hi], new[first:]
    assert place.tolist() == [lo + sum(one < text for one in part) for text in taken]
    assert same.tolist() == [text in part for text in taken]


def test_without_parts_all_rows_count() -> None:
    place, same = _placed(column(["a", "b"]), column(["b", "c"]))
    assert (place.tolist(), same.tolist()) == ([1, 2], [True, False])
    place, same = _placed(column([]), column([]))
    assert place.dtype == np.int64
    assert (place.tolist(), same.tolist()) == ([], [])


KEYS = st.lists(st.integers(0, 9), unique=True, max_size=6).map(sorted)


@given(KEYS, KEYS)
def test_a_new_key_is_an_old_one_where_both_are_there(old: list[int], new: list[int]) -> None:
    old_keys, new_keys = np.array(old, dtype=np.int64), np.array(new, dtype=np.int64)
    found = _same(old_keys, np.searchsorted(old_keys, new_keys), new_keys)
    assert found.tolist() == [key in old for key in new]


@given(st.lists(st.lists(st.booleans(), max_size=3), max_size=5))
def test_a_row_has_a_true_value_or_none(rows: list[list[bool]]) -> None:
    start = csr.offsets(np.array(list(map(len, rows)), dtype=np.int64))
    truths = np.array([truth for row in rows for truth in row], dtype=np.bool_)
    assert _any(start, truths).tolist() == [any(row) for row in rows]


ROWS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9), st.integers(0, 2)), max_size=6)


@given(ROWS, ROWS)
def test_one_number_orders_rows_of_both_tables_as_their_ids_do(
    old: list[tuple[int, int, int]], new: list[tuple[int, int, int]]
) -> None:
    sides = [[np.array(ids, dtype=np.int32) for ids in np.array(rows).reshape(-1, 3).T] for rows in (old, new)]
    keys = [int(key) for side in _ordered(*sides) for key in side]
    rows = old + new
    assert sorted(range(len(rows)), key=keys.__getitem__) == sorted(range(len(rows)), key=rows.__getitem__)
    assert len(set(keys)) == len(set(rows))


def test_packages_stand_by_facts_of_their_own_ranges_or_their_name() -> None:
    out = HeldArrays()
    out.array("package.flags", np.array([1, 0, 0, 0, 0], dtype=np.uint8))
    out.array("package.start", np.array([0, 0, 2, 2, 2, 2]))
    out.texts("package.name", TextsBuilder(["paged", "released", "aimed", "named", "none"]))
    aimed = np.array([False, False, True, False, False])
    assert _standing(out.held(), aimed, {"named"}).tolist() == [True, True, True, True, False]
    counted = np.array([False, True, False, False, True])
    assert _standing(out.held(), aimed, set(), counted).tolist() == [False, True, True, False, False]
