"""Text columns, against a list of texts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphkit.stores.engine.texts import TextColumn, Texts, TextsBuilder

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


@given(st.lists(UNICODE, max_size=6), st.lists(st.integers(0, 5), max_size=6))
def test_rows_of_a_column_are_a_sequence_of_texts(texts: list[str], rows: list[int]) -> None:
    rows = [row for row in rows if row < len(texts)]
    column = TextColumn(Texts(*TextsBuilder(texts).arrays()), np.array(rows, dtype=np.int32))
    expected = tuple(texts[row] for row in rows)
    assert (len(column), tuple(column), repr(column)) == (len(expected), expected, repr(expected))
    assert [column[at] for at in range(len(rows))] == list(expected)
    assert (column == expected, column == list(expected), column == (*expected, "x"), column == 1) == (1, 1, 0, 0)
    assert hash(column) == hash(expected)
    assert tuple(column[1:]) == expected[1:]
    assert isinstance(column[::-1], TextColumn)


@given(st.lists(UNICODE, max_size=6), st.data())
def test_columns_are_put_together_from_rows_of_others(texts: list[str], data: st.DataObject) -> None:
    lo = data.draw(st.integers(0, len(texts)))
    hi = data.draw(st.integers(lo, len(texts)))
    column = Texts(*TextsBuilder(texts).arrays())
    builder = TextsBuilder(["first"])
    builder.add_rows(column, lo, hi)
    builder.add("é")
    builder.add_raw("ü".encode())
    made = Texts(*builder.arrays())
    assert made.at(np.arange(len(made))) == ("first", *texts[lo:hi], "é", "ü")
    raw, sizes = column.part(lo, hi)
    assert (raw, sizes.tolist()) == ("".join(texts[lo:hi]).encode(), [len(one.encode()) for one in texts[lo:hi]])


@given(st.lists(st.one_of(st.just(""), UNICODE), max_size=6))
def test_a_column_of_few_texts_is_empty_elsewhere(texts: list[str]) -> None:
    rows = [at for at, text in enumerate(texts) if text]
    some = np.array([texts[at] for at in rows], dtype=object)
    made = TextsBuilder.sparse(np.array(rows, dtype=np.int64), some, len(texts)).arrays()
    assert [part.tolist() for part in made] == [part.tolist() for part in TextsBuilder(texts).arrays()]


@given(st.lists(UNICODE, min_size=1, max_size=6, unique=True).map(sorted), UNICODE, st.data())
def test_a_place_is_that_of_the_first_row_of_a_part_that_is_not_less(
    texts: list[str], text: str, data: st.DataObject
) -> None:
    lo = data.draw(st.integers(0, len(texts)))
    hi = data.draw(st.integers(lo, len(texts)))
    place, found = Texts(*TextsBuilder(texts).arrays()).place(text.encode(), lo, hi)
    assert place == lo + sum(one < text for one in texts[lo:hi])
    assert found == (text in texts[lo:hi])


def test_starts_take_eight_bytes_only_where_four_do_not_hold_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graphkit.stores.engine.texts._MOST_IN_FOUR_BYTES", 4)
    for text, dtype in (("abc", np.uint32), ("abcd", np.int64)):
        blob, start = TextsBuilder([text]).arrays()
        assert start.dtype == dtype
        assert Texts(blob, start).raw(0) == text.encode()


def test_a_text_that_utf8_cannot_hold_is_no_row() -> None:
    builder = TextsBuilder(["a"])
    with pytest.raises(UnicodeEncodeError):
        builder.add("\ud800")
    with pytest.raises(UnicodeEncodeError):
        builder.extend(["b", "\ud800"])
    assert Texts(*builder.arrays()).at(np.arange(1)) == ("a",)
    assert len(Texts(*builder.arrays())) == 1
