"""What a reader has read, in columns by id: a question asks for the same rows again and again; each is sent once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, Generic, TypeVar

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from graphkit.model import csr
from graphkit.model.csr import frozen
from graphkit.model.zeros import zeros

_Answer = TypeVar("_Answer", bound=Struct)
_Ids = NDArray[np.int64]
MOST: Final = 4_000_000
"""Values that a column of a memory holds before all of it is dropped: 32 MB of numbers, some 250 MB of texts."""


class Memory(Generic[_Answer]):
    """Answers of one call of the port: what is asked for the first time is read, the rest is remembered.

    Where it holds more than ``most`` values, all is dropped and read again.
    """

    def __init__(
        self,
        size: int,
        kind: type[_Answer],
        read: Callable[[_Ids], _Answer],
        *,
        start: str = "",
        nested: Sequence[str] = (),
        apart: Sequence[str] = (),
        most: int = MOST,
    ) -> None:
        """Take ids below ``size``, and what reads the rows of distinct ids, ascending, as a frozen value of ``kind``.

        ``start`` is its field of row starts, and ``nested`` the columns in which those count; ``apart`` are columns
        that are not remembered, and empty here. All others have a value for each row.
        """
        self._size, self._kind, self._read = size, kind, read
        self._start_name = start
        self._names = {name: name in nested for name in kind.__struct_fields__ if name != start and name not in apart}
        self._apart = dict.fromkeys(apart, ())
        self._most = most
        self._drop()

    def _drop(self) -> None:
        self._row: NDArray[np.int32] = zeros(self._size, np.int32)
        """The row of each id, counted from 1; 0 stands for none."""
        self._columns: dict[str, _Numbers | list[str]] = {}
        self._start = _Numbers(np.zeros(1, dtype=np.int64))

    def missing(self, ids: NDArray[Any]) -> _Ids:
        """Return which ids were not read yet, each once, ascending."""
        ids = np.asarray(ids, dtype=np.int64)
        return csr.distinct(ids[self._row[ids] == 0])

    def of(self, ids: NDArray[Any], ahead: Callable[[], _Ids] | None = None) -> _Answer:
        """Return the rows of ids. Where some have to be read, those of ``ahead``, distinct, are read with them."""
        ids = np.asarray(ids, dtype=np.int64)
        if len(self.missing(ids)) or not self._columns:
            self._make_room()
            asked = ids if ahead is None else np.concatenate([ids, ahead()])
            self.keep(asked, self._read)
        return self._gathered(self._row[ids] - 1)

    def _make_room(self) -> None:
        if len(self._start.values) > self._most or any(len(one) > self._most for one in self._columns.values()):
            self._drop()

    @property
    def ids(self) -> _Ids:
        """The ids of which it has rows, ascending."""
        return np.flatnonzero(self._row)

    def columns(self, answer: _Answer) -> dict[str, Any]:
        """Return the columns of an answer that are remembered, and its row starts."""
        names = [*self._names, self._start_name] if self._start_name else [*self._names]
        return {name: getattr(answer, name) for name in names}

    def answer(self, columns: dict[str, Any]) -> _Answer:
        """Return an answer of its columns."""
        return self._kind(**columns, **self._apart)

    def keep(self, ids: NDArray[Any], read: Callable[[_Ids], _Answer]) -> None:
        """Remember rows that another call brings along; ``read`` gives those of them that are not known."""
        missing = self.missing(ids)
        self.put(missing, read(missing))

    def put(self, ids: _Ids, found: _Answer) -> None:
        """Remember rows of ids of which it has none yet."""
        rows = len(self._start.values) - 1
        for name in self._names:
            more = getattr(found, name)
            if isinstance(more, np.ndarray):
                column = self._columns.setdefault(name, _Numbers(more[:0]))
                assert isinstance(column, _Numbers)
                column.extend(more)
            else:
                texts = self._columns.setdefault(name, [])
                assert isinstance(texts, list)
                texts.extend(more)
        start = getattr(found, self._start_name)[1:] if self._start_name else np.zeros(len(ids), dtype=np.int64)
        self._start.extend(self._start.values[-1] + start)
        self._row[ids] = np.arange(rows + 1, rows + 1 + len(ids), dtype=np.int32)

    def _gathered(self, rows: NDArray[Any]) -> _Answer:
        start, at = csr.positions(self._start.values, rows)
        found: dict[str, Any] = dict(self._apart)
        if self._start_name:
            found[self._start_name] = frozen(start)
        for name, is_nested in self._names.items():
            column, place = self._columns.get(name, []), at if is_nested else rows
            if isinstance(column, _Numbers):
                found[name] = frozen(column.values[place])
            else:
                found[name] = tuple(map(column.__getitem__, place.tolist()))
        return self._kind(**found)


class _Numbers:
    """A column that grows."""

    def __init__(self, values: NDArray[Any]) -> None:
        self._held, self._size = values.copy(), len(values)

    def __len__(self) -> int:
        return self._size

    @property
    def values(self) -> NDArray[Any]:
        return self._held[: self._size]

    def extend(self, more: NDArray[Any]) -> None:
        size = self._size + len(more)
        if size > len(self._held):
            self._held = np.concatenate([self.values, np.empty(max(size, 2 * self._size) - self._size, more.dtype)])
        self._held[self._size : size] = more
        self._size = size
