"""Text columns: one UTF-8 blob and where each text starts in it."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, overload

import numpy as np
from numpy.typing import NDArray

from graphkit.stores.engine.array_folder import CheckedArray

Bytes = NDArray[np.uint8]
Starts = NDArray[np.int64] | NDArray[np.uint32]
_MOST_IN_FOUR_BYTES: Final = 1 << 32
_MANY: Final = 16
"""From how many texts on it pays to look at the lengths of a column."""


class Texts:
    """A text column of ``len`` rows over memory-mapped arrays; nothing is decoded before it is asked for.

    The arrays may be such as are checked when they are read (`CheckedArray`).
    """

    __slots__ = ("_blob", "_equal", "_start")

    def __init__(self, blob: Bytes | CheckedArray, start: Starts) -> None:
        self._blob: memoryview | CheckedArray = blob if isinstance(blob, CheckedArray) else blob.data
        self._start = start
        self._equal: NDArray[np.bytes_] | None = None

    def __len__(self) -> int:
        return len(self._start) - 1

    def raw(self, row: int) -> bytes:
        """Return one text as UTF-8 bytes."""
        return bytes(self._blob[int(self._start[row]) : int(self._start[row + 1])])

    def at(self, rows: NDArray[Any]) -> tuple[str, ...]:
        """Return the texts of rows, in the order asked."""
        return tuple(str(one, "utf-8") for one in self.parts(rows))

    def parts(self, rows: NDArray[Any]) -> Iterator[memoryview]:
        """Yield the texts of rows as UTF-8 bytes, in the order asked; they are not copied."""
        at = np.asarray(rows, dtype=np.int64)
        starts, ends = self._start[at], self._start[at + 1]
        blob = self._blob.between(starts, ends) if isinstance(self._blob, CheckedArray) else self._blob
        return (blob[first:last] for first, last in zip(starts.tolist(), ends.tolist(), strict=True))

    def find(self, texts: Sequence[str]) -> NDArray[np.int32]:
        """Return the row of each text, -1 where there is none. The column must be sorted.

        UTF-8 bytes sort as code points do, so Python's and DuckDB's order are this one. Cost: one
        bisection a text, for many in a column of digests by NumPy; the column is not read as a whole, but for
        the lengths of its texts where many are asked for, and where so many are that it is less work.
        """
        if len(texts) >= _MANY and len(self) and len(rows := self._of_equal_length()):
            return self._found(rows, [text.encode("utf-8", "replace") for text in texts])
        if len(texts) >= _MANY and len(texts) * _MANY > len(self):
            rows_of = dict(zip(self.at(np.arange(len(self))), range(len(self)), strict=True))
            raw = (text if text.isascii() else text.encode("utf-8", "replace").decode() for text in texts)
            return np.fromiter((rows_of.get(text, -1) for text in raw), dtype=np.int32, count=len(texts))
        found = (self._bisect(text.encode("utf-8", "replace")) for text in texts)
        return np.fromiter(found, dtype=np.int32, count=len(texts))

    def _found(self, rows: NDArray[np.bytes_], texts: Sequence[bytes]) -> NDArray[np.int32]:
        """Return the row of each text in sorted rows of one length, -1 where there is none."""
        asked = np.array(texts, dtype=rows.dtype)
        at = np.searchsorted(rows, asked)
        is_there = (at < len(rows)) & [len(text) == rows.dtype.itemsize for text in texts]
        is_there[is_there] = rows[at[is_there]] == asked[is_there]
        found = np.where(is_there, at, -1).astype(np.int32)
        for number, text in enumerate(texts):
            if text.endswith(b"\0"):  # which NumPy takes for padding
                found[number] = self._bisect(text)
        return found

    def _of_equal_length(self) -> NDArray[np.bytes_]:
        """Return the texts as an array, where all of them have one length; an empty one where they differ."""
        if self._equal is None:
            lengths = np.diff(np.asarray(self._start))
            length = int(lengths[0])
            is_equal = length > 0 and bool((lengths == length).all())
            every = np.asarray(self._blob)[: len(lengths) * length] if is_equal else np.zeros(0, dtype=np.uint8)
            self._equal = every.view(f"S{max(length, 1)}")
        return self._equal

    def _bisect(self, text: bytes) -> int:
        place, found = self.place(text, 0, len(self))
        return place if found else -1

    def place(self, text: bytes, lo: int, hi: int) -> tuple[int, bool]:
        """Return the first of the rows ``lo`` to ``hi`` that is not less than a text, and whether it is that text.

        The rows must be sorted.
        """
        end = hi
        while lo < hi:
            middle = (lo + hi) // 2
            if self.raw(middle) < text:
                lo = middle + 1
            else:
                hi = middle
        return lo, lo < end and self.raw(lo) == text

    def part(self, lo: int, hi: int) -> tuple[bytes, NDArray[np.int32]]:
        """Return the bytes of some rows behind each other, and how many each has."""
        start = self._start[lo : hi + 1]
        return bytes(self._blob[int(start[0]) : int(start[-1])]), np.diff(start).astype(np.int32)


class TextColumn(Sequence[str]):
    """Rows of a text column, each decoded when it is read; equal to any sequence of the same texts."""

    __slots__ = ("_rows", "_texts")

    def __init__(self, texts: Texts, rows: NDArray[Any]) -> None:
        self._texts = texts
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> str: ...

    @overload
    def __getitem__(self, index: slice) -> TextColumn: ...

    def __getitem__(self, index: int | slice) -> str | TextColumn:
        if isinstance(index, slice):
            return TextColumn(self._texts, self._rows[index])
        return self._texts.raw(int(self._rows[index])).decode()

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts.at(self._rows))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return repr(tuple(self))


class TextsBuilder:
    """Collects texts into the two arrays of a text column."""

    __slots__ = ("_blob", "_sizes")

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self._blob = bytearray()
        self._sizes = array("i")
        self.extend(texts)

    @classmethod
    def sparse(cls, rows: NDArray[Any], texts: NDArray[Any], count: int) -> TextsBuilder:
        """Return a column of ``count`` texts, all empty but those of some rows, ascending."""
        raw = list(map(str.encode, texts.tolist()))
        sizes = np.zeros(count, dtype=np.int32)
        sizes[rows] = list(map(len, raw))
        found = cls()
        found._blob += b"".join(raw)
        found._sizes = array("i", sizes.tobytes())
        return found

    def add(self, text: str) -> None:
        """Put one text at the end."""
        self.add_raw(text.encode("utf-8"))

    def add_raw(self, text: bytes) -> None:
        """Put one text at the end, as UTF-8 bytes."""
        self._blob += text
        self._sizes.append(len(text))

    def add_rows(self, texts: Texts, lo: int, hi: int) -> None:
        """Put rows of a column at the end. Cost: a copy."""
        raw, sizes = texts.part(lo, hi)
        self._blob += raw
        self._sizes.frombytes(sizes.tobytes())

    def extend(self, texts: Iterable[str]) -> None:
        """Put texts at the end. Cost: no Python step per text."""
        raw = list(map(str.encode, texts))
        self._blob += b"".join(raw)
        self._sizes.extend(map(len, raw))

    def arrays(self) -> tuple[Bytes, Starts]:
        """Return (blob, starts) of all rows so far."""
        start = np.zeros(len(self._sizes) + 1, dtype=np.int64)
        np.cumsum(np.frombuffer(self._sizes, dtype=np.int32), out=start[1:])
        fitting = start.astype(np.uint32) if start[-1] < _MOST_IN_FOUR_BYTES else start
        return np.frombuffer(bytes(self._blob), dtype=np.uint8), fitting
