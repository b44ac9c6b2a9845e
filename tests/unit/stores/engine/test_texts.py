"""Text columns, against a list of texts."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from graphkit.stores.engine.texts import Texts, TextsBuilder

UNICODE = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)


@given(st.lists(UNICODE, max_size=10))
def test_texts_come_back(texts: list[str]) -> None:
    column = Texts(*TextsBuilder(texts).arrays())
    assert column.at(np.arange(len(texts))) == tuple(texts)
    assert [column.raw(row).decode() for row in range(len(column))] == texts


@given(st.sets(UNICODE, max_size=10), UNICODE)
def test_find_in_a_sorted_column(texts: set[str], other: str) -> None:
    ordered = sorted(texts)
    column = Texts(*TextsBuilder(ordered).arrays())
    assert column.find(ordered).tolist() == list(range(len(ordered)))
    assert column.find([other]).tolist() == [ordered.index(other) if other in texts else -1]


def test_what_utf8_cannot_hold_is_not_found() -> None:
    assert Texts(*TextsBuilder(["a"]).arrays()).find(["\ud800"]).tolist() == [-1]
