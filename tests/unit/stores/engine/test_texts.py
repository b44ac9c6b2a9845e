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


BINARY = st.text(st.sampled_from("\0\x01a\x7f\xff"), min_size=1, max_size=3)


@given(st.sets(BINARY, max_size=30), st.lists(BINARY | st.just(""), min_size=16, max_size=40))
def test_many_texts_are_found_where_each_one_is(texts: set[str], asked: list[str]) -> None:
    """NumPy finds them in columns of one length, as of digests; it takes NULs at the end for padding."""
    for length in (1, 2, 3):
        ordered = sorted(text for text in texts if len(text.encode()) == length)
        column = Texts(*TextsBuilder(ordered).arrays())
        expected = [ordered.index(text) if text in ordered else -1 for text in asked]
        assert column.find(asked).tolist() == expected
        assert [int(column.find([text])[0]) for text in asked] == expected


def test_many_texts_in_a_column_of_several_lengths_or_none() -> None:
    asked = [f"{number}" for number in range(20)]
    assert Texts(*TextsBuilder(sorted(asked)).arrays()).find(asked).tolist() == [
        sorted(asked).index(one) for one in asked
    ]
    assert Texts(*TextsBuilder([]).arrays()).find(asked).tolist() == [-1] * 20
    assert Texts(*TextsBuilder([""]).arrays()).find(["", *asked]).tolist() == [0, *[-1] * 20]
