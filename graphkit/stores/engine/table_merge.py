"""Rows inserted among the rows of an older table, and rows left out of it: runs of both, one after another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from graphkit.model import csr
from graphkit.stores.engine.texts import Texts, TextsBuilder

_Scalar = TypeVar("_Scalar", bound=np.generic)
_Run = tuple[bool, int, int]
"""Whether it is one of the new rows, the first row, one past the last."""


class Insertion:
    """A table made of two: what stays of the old one, in its order, with rows of the new one in between."""

    __slots__ = ("_runs",)

    def __init__(self, runs: list[_Run]) -> None:
        self._runs = runs

    def column(self, old: NDArray[_Scalar], new: NDArray[_Scalar]) -> NDArray[_Scalar]:
        """Return a column of the table, of the type of the old one. Cost: a copy, run by run."""
        new = new.astype(old.dtype, copy=False)
        return np.concatenate([old[:0], *((new if fresh else old)[lo:hi] for fresh, lo, hi in self._runs)])

    def rows(self, old: NDArray[Any], new: NDArray[Any]) -> tuple[csr.Offsets, Insertion]:
        """Return the start of each row in CSR form, and how the values of the two are put together."""
        start = csr.offsets(self.column(np.diff(old), np.diff(new)))
        return start, Insertion([(fresh, *_edges(new if fresh else old, lo, hi)) for fresh, lo, hi in self._runs])

    def texts(self, old: Texts, new: Texts) -> TextsBuilder:
        """Return a text column of the table."""
        builder = TextsBuilder()
        for fresh, lo, hi in self._runs:
            builder.add_rows(new if fresh else old, lo, hi)
        return builder


class MergedRows(Insertion):
    """A merge of two tables with the same kind of key, which also says where rows came from and went.

    ``of_old`` and ``of_new``: by row of each, its row in the table, -1 for none. ``source``: by row of the table, the
    row it was of the old one, or how many those were and the row it was of the new one.
    """

    __slots__ = ("of_new", "of_old", "source")

    def __init__(self, keep: NDArray[np.bool_], place: NDArray[np.int64], taken: NDArray[np.bool_]) -> None:
        """Join what is kept of the old rows with the new rows that are taken.

        ``place``: before which old row each new one goes, ascending. Cost: arrays of the size of both tables.
        """
        kept, which = np.flatnonzero(keep), np.flatnonzero(taken)
        size = len(keep)
        # A number is left out between the two, so that the last old row and the first new one are no run.
        codes = np.insert(kept, np.searchsorted(kept, place[which]), which + size + 1)
        super().__init__(list(_runs(codes, size)))
        where = np.full(size + 1 + len(taken), -1, dtype=np.int32)
        where[codes] = np.arange(len(codes), dtype=np.int32)
        self.of_old, self.of_new = where[:size], where[size + 1 :]
        self.source = codes - (codes > size)

    @classmethod
    def by_key(
        cls,
        keep: NDArray[np.bool_],
        place: NDArray[np.int64],
        same: NDArray[np.bool_],
        standing: NDArray[np.bool_] | None = None,
    ) -> MergedRows:
        """Join tables where a new row may be one of the old: ``same`` as the one at its place.

        New rows that are not ``standing`` are left out.
        """
        same = same.copy()
        same[same] = keep[place[same]]
        taken = ~same if standing is None else ~same & standing
        union = cls(keep, place, taken)
        union.of_new[same] = union.of_old[place[same]]
        return union


def _edges(start: NDArray[Any], lo: int, hi: int) -> tuple[int, int]:
    return int(start[lo]), int(start[hi])


def _runs(codes: NDArray[np.int64], size: int) -> Iterator[_Run]:
    if not len(codes):
        return
    first = np.flatnonzero(np.diff(codes, prepend=codes[0] - 2) != 1)
    last = np.append(first[1:], len(codes)) - 1
    for lo, hi in zip(codes[first].tolist(), codes[last].tolist(), strict=True):
        fresh = lo > size
        base = size + 1 if fresh else 0
        yield fresh, lo - base, hi + 1 - base
