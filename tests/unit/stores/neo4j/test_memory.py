"""What a reader remembers of one call of the port."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from graphkit.model import csr
from graphkit.stores.neo4j.memory import Memory


class Rows(Struct, frozen=True, kw_only=True):
    """An answer with each kind of column: of row n the square of n, and n times the letter of n."""

    start: NDArray[np.int64]
    square: NDArray[np.int32]
    name: Sequence[str]
    letter: Sequence[str]
    later: Sequence[str]


class Source:
    """Reads rows, and notes which."""

    def __init__(self, **options: Any) -> None:
        self.asked: list[list[int]] = []
        self.memory = Memory(50, Rows, self._read, start="start", nested=("letter",), apart=("later",), **options)

    def _read(self, ids: NDArray[np.int64]) -> Rows:
        self.asked.append(ids.tolist())
        return expected(ids.tolist())

    def of(self, *ids: int, ahead: Sequence[int] = ()) -> Rows:
        return self.memory.of(np.array(ids, dtype=np.int32), lambda: np.array(ahead, dtype=np.int64))


def expected(ids: Sequence[int]) -> Rows:
    return Rows(
        start=csr.offsets(np.array(ids, dtype=np.int64)),
        square=np.array([one**2 for one in ids], dtype=np.int32),
        name=tuple(map(str, ids)),
        letter=tuple(chr(97 + one) for one in ids for _ in range(one)),
        later=(),
    )


def same(found: Rows, *ids: int) -> bool:
    wanted = expected(ids)
    assert found.start.dtype == wanted.start.dtype
    assert found.square.dtype == wanted.square.dtype
    assert not found.start.flags.writeable
    assert not found.square.flags.writeable
    return (found.start.tolist(), found.square.tolist(), found.name, found.letter, found.later) == (
        wanted.start.tolist(),
        wanted.square.tolist(),
        wanted.name,
        wanted.letter,
        wanted.later,
    )


def test_rows_come_in_the_order_asked_and_each_is_read_once() -> None:
    source = Source()
    assert same(source.of(3, 1, 3, 0), 3, 1, 3, 0)
    assert same(source.of(2, 1, 0), 2, 1, 0)
    assert same(source.of(0, 1, 2, 3), 0, 1, 2, 3)
    assert source.asked == [[0, 1, 3], [2]]


def test_no_rows_have_columns_of_the_same_types() -> None:
    source = Source()
    assert same(source.of())
    assert same(source.of(4), 4)
    assert same(source.of())
    assert source.asked == [[], [4]]


def test_what_comes_next_is_read_with_what_has_to_be_read() -> None:
    source = Source()
    assert same(source.of(5, ahead=(7, 6)), 5)
    assert same(source.of(7, 6, ahead=(8,)), 7, 6)
    assert same(source.of(9, ahead=(5, 8)), 9)
    assert source.asked == [[5, 6, 7], [8, 9]]


def test_where_it_holds_too_much_all_is_dropped_and_read_again() -> None:
    source = Source(most=10)
    assert same(source.of(4, 5), 4, 5)
    assert same(source.of(4, 6), 4, 6)
    assert same(source.of(5, 4, 7), 5, 4, 7)
    assert same(source.of(7, 5), 7, 5)
    assert source.asked == [[4, 5], [6], [4, 5, 7]]
