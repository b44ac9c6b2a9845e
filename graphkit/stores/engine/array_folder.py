"""A folder of ``.npy`` arrays under checksums: written whole, each block checked when it is first read.

``header.json`` says what the arrays are about, and of each its dtype, shape and size; ``checksums`` has a sum of
itself, one of the header, and one of every block of every array. Nothing else may stand in the folder. The same content
makes the same bytes. Why xxHash, and why blocks: docs/decisions/0028.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final, Self

import msgspec
import numpy as np
import xxhash
from numpy.typing import NDArray

from graphkit.model.errors import GraphkitError

HEADER: Final = "header.json"
SUMS: Final = "checksums"
BLOCK: Final = 2**18
"""Bytes that one sum is of; the first block of a file also has what stands before the array."""

_ENDING: Final = ".npy"
_SMALL: Final = 2**16
"""Bytes up to which a file is read, not mapped: that is one call to the system less."""
_WHOLE: Final = 2**20
"""Bytes up to which an array is checked as a whole when it is asked for, which takes 0.1 ms."""
_SUM: Final = np.dtype("<u8")
_BLOCK_IN_ROWS: Final = 4_096
"""Rows whose blocks can be looked up in the time that it takes to check a block."""


class DamagedIndex(GraphkitError):
    """A folder of arrays that is not as it was written; compiling it again mends it."""


class ArrayLayout(msgspec.Struct, frozen=True, array_like=True):
    """How an array stands in its file. ``size``: bytes of the file."""

    dtype: str
    shape: tuple[int, ...]
    size: int

    @property
    def blocks(self) -> int:
        """Return of how many blocks there are sums."""
        return max(1, -(-self.bytes // BLOCK))

    @property
    def bytes(self) -> int:
        """Return how many bytes the array has; those before it are of NumPy's format."""
        count = np.dtype(self.dtype).itemsize
        for length in self.shape:
            count *= length
        return count


class FolderHeader(msgspec.Struct, frozen=True, kw_only=True):
    """``header.json``. ``about``: what the one who wrote the folder says of it."""

    about: msgspec.Raw
    arrays: dict[str, ArrayLayout]


def _sums_of(held: memoryview, start: int) -> Iterable[int]:
    """Yield the sums of the blocks of a file whose array starts there."""
    yield xxhash.xxh3_64_intdigest(held[: start + BLOCK])
    for first in range(start + BLOCK, len(held), BLOCK):
        yield xxhash.xxh3_64_intdigest(held[first : first + BLOCK])


class ArrayFolderWriter:
    """Writes arrays into a folder that is there, and at last the sums of all of them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._arrays: dict[str, ArrayLayout] = {}
        self._sums: dict[str, NDArray[np.uint64]] = {}

    def array(self, name: str, values: NDArray[Any]) -> None:
        """Write one array. The sums are of what is given, not of what came to stand on the disk."""
        values = np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("<"))
        file = self.path / f"{name}{_ENDING}"
        np.save(file, values, allow_pickle=False)
        size = file.stat().st_size
        start = size - values.nbytes
        with file.open("rb") as opened:
            before = opened.read(start)
        data = values.reshape(-1).view(np.uint8).data if values.nbytes else memoryview(b"")
        first = xxhash.xxh3_64(before)
        first.update(data[:BLOCK])
        rest = (xxhash.xxh3_64_intdigest(data[at : at + BLOCK]) for at in range(BLOCK, len(data), BLOCK))
        self._arrays[name] = ArrayLayout(values.dtype.str, values.shape, size)
        self._sums[name] = np.array([first.intdigest(), *rest], dtype=_SUM)

    def link(self, name: str, older: ArrayFolder) -> None:
        """Take over an array of another folder of the same disk, with its sums; nothing is read or checked.

        Raises:
            OSError: the other folder is being removed, or the disk has no links.
        """
        (self.path / f"{name}{_ENDING}").hardlink_to(older.path / f"{name}{_ENDING}")
        self._arrays[name] = older.layout(name)
        self._sums[name] = older.sums(name)

    def names(self) -> tuple[str, ...]:
        """Return the names of the arrays so far, in their order."""
        return tuple(self._arrays)

    def clear(self) -> None:
        """Remove what was written so far."""
        for left in self.path.iterdir():
            left.unlink()
        self._arrays.clear()
        self._sums.clear()

    def finish(self, about: msgspec.Struct) -> None:
        """Write the header and the sums."""
        raw = msgspec.Raw(msgspec.json.encode(about, order="sorted"))
        header = msgspec.json.encode(FolderHeader(about=raw, arrays=dict(sorted(self._arrays.items()))))
        (self.path / HEADER).write_bytes(header)
        every = [self._sums[name] for name in sorted(self._sums)]
        sums = np.concatenate([np.array([xxhash.xxh3_64_intdigest(header)], dtype=_SUM), *every]).tobytes()
        (self.path / SUMS).write_bytes(xxhash.xxh3_64_intdigest(sums).to_bytes(8, "little") + sums)


class _File:
    """A file of a folder, read or mapped, and the sums of its blocks."""

    __slots__ = ("held", "layout", "start", "sums")

    def __init__(self, path: str, layout: ArrayLayout, sums: NDArray[np.uint64]) -> None:
        self.layout, self.sums = layout, sums
        self.start = layout.size - layout.bytes
        with open(path, "rb", buffering=0) as opened:  # noqa: PTH123 - a path object for each would cost as much again
            size = os.fstat(opened.fileno()).st_size
            if size != layout.size or self.start < 0:
                raise ValueError(f"{path} has {size} bytes")
            whole = opened.read() if size <= _SMALL else mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)
        self.held = memoryview(whole)

    def array(self) -> NDArray[Any]:
        """Return the array, read-only and not checked."""
        return np.ndarray(self.layout.shape, np.dtype(self.layout.dtype), self.held, self.start)

    def is_whole(self) -> bool:
        """Return whether every block is as it was written."""
        return all(map(int.__eq__, _sums_of(self.held, self.start), self.sums.tolist()))

    def is_good(self, block: int) -> bool:
        """Return whether one block is as it was written."""
        last = self.start + (block + 1) * BLOCK
        first = last - BLOCK if block else 0
        return bool(xxhash.xxh3_64_intdigest(self.held[first:last]) == int(self.sums[block]))


class CheckedArray:
    """A mapped array of one dimension, each block of which is checked when something of it is first read.

    Reads as the array that it stands for: rows by number, slice or array of numbers, and all of it by `numpy.asarray`.
    Cost beside the reading: for all together at most about twice the time that it takes to check every block.
    """

    __slots__ = ("_file", "_is_checked", "_left", "_mend", "_shift", "_values", "_work")

    def __init__(self, file: _File, mend: Callable[[], None]) -> None:
        self._file, self._mend = file, mend
        self._values = file.array()
        self._shift = (BLOCK // self._values.itemsize).bit_length() - 1
        self._left = file.layout.blocks
        self._is_checked = np.zeros(self._left, dtype=np.bool_)
        self._work = 0

    def take(self, file: _File) -> None:
        """Read from now on from another file of the same content, which was checked."""
        self._file, self._values, self._left = file, file.array(), 0

    def __len__(self) -> int:
        return len(self._values)

    def __getitem__(self, at: Any) -> Any:
        if self._left:
            self._check(at)
        return self._values[at]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:  # noqa: FBT001 - as NumPy calls it
        return np.array(self.whole(), dtype=dtype, copy=copy)

    def whole(self) -> NDArray[Any]:
        """Return the array, all of it checked."""
        self._check_blocks(np.flatnonzero(~self._is_checked).tolist() if self._left else ())
        return self._values

    def between(self, starts: NDArray[Any], ends: NDArray[Any]) -> memoryview:
        """Return the bytes of all of an array of bytes, of which those in the stretches asked for are checked."""
        if self._left and not self._check_all(len(starts)):
            some = starts < ends
            first, last = starts[some] >> self._shift, (ends[some] - 1) >> self._shift
            long = np.flatnonzero(last > first + 1)
            inner = [np.arange(first[row] + 1, last[row]) for row in long.tolist()]
            self._check_some(np.concatenate([first, last, *inner]).astype(np.int64))
        return self._values.data

    def _check(self, at: Any) -> None:
        if isinstance(at, np.ndarray):
            if not self._check_all(len(at)):
                rows = np.flatnonzero(at) if at.dtype == np.bool_ else at
                self._check_some(np.where(rows < 0, rows + len(self._values), rows) >> self._shift)
        elif isinstance(at, slice):
            first, last, _ = at.indices(len(self._values))
            if first < last:
                self._check_some(np.arange(first >> self._shift, ((last - 1) >> self._shift) + 1))
        else:
            row = int(at)
            block = (row + len(self._values) if row < 0 else row) >> self._shift
            if 0 <= block < len(self._is_checked) and not self._is_checked[block]:
                self._check_blocks([block])

    def _check_all(self, rows: int) -> bool:
        """Check all blocks that are left, if by now that is less work than to look for those of the rows asked for."""
        self._work += _BLOCK_IN_ROWS + rows
        if self._work <= self._left * _BLOCK_IN_ROWS:
            return False
        self.whole()
        return True

    def _check_some(self, blocks: NDArray[Any]) -> None:
        touched = np.zeros(len(self._is_checked), dtype=np.bool_)
        touched[blocks] = True
        self._check_blocks(np.flatnonzero(touched & ~self._is_checked).tolist())

    def _check_blocks(self, blocks: Iterable[int]) -> None:
        for block in blocks:
            if not self._file.is_good(block):
                self._mend()
                return
            self._is_checked[block] = True
            self._left -= 1


def _header_of(path: Path) -> tuple[bytes, FolderHeader]:
    """Return the sums and the header of a folder.

    Raises:
        ValueError: they are not as they were written, or do not tell of the files that are there.
    """
    header, sums = (path / HEADER).read_bytes(), (path / SUMS).read_bytes()
    wanted = [xxhash.xxh3_64_intdigest(sums[_SUM.itemsize :]), xxhash.xxh3_64_intdigest(header)]
    if np.frombuffer(sums[: 2 * _SUM.itemsize], dtype=_SUM).tolist() != wanted:
        raise ValueError(SUMS)
    decoded = msgspec.json.decode(header, type=FolderHeader)
    names = {HEADER, SUMS, *(f"{name}{_ENDING}" for name in decoded.arrays)}
    if names != set(os.listdir(path)):  # noqa: PTH208 - as for the files
        raise ValueError(path.name)
    return sums, decoded


class ArrayFolder:
    """Arrays on disk, memory-mapped as a whole when opened, and checked as they are read.

    Mapping all of it at once means that a later compilation, which removes the folder, takes nothing
    away from this reader. Cost: one small read per array, a few milliseconds together.
    """

    def __init__(self, path: Path, mended: Callable[[], Self] | None = None) -> None:
        """Open a folder. ``mended`` makes it anew where a block turns out to be damaged, and returns that.

        Raises:
            DamagedIndex: it is not there, not whole, or its header is not as it was written.
        """
        self.path = path
        self._mended = mended
        self._lazy: dict[str, CheckedArray] = {}
        try:
            self._sums, self._decoded = _header_of(path)
            sums = np.frombuffer(self._sums, dtype=_SUM)
            first, self._files = 2, {}
            for name, layout in sorted(self._decoded.arrays.items()):
                last = first + layout.blocks
                self._files[name] = _File(f"{path}{os.sep}{name}{_ENDING}", layout, sums[first:last])
                first = last
        except (msgspec.MsgspecError, TypeError, ValueError, FileNotFoundError, NotADirectoryError) as error:
            raise DamagedIndex(f"the index {path.name} is damaged") from error

    def about(self) -> msgspec.Raw:
        """Return what the folder says of itself."""
        return self._decoded.about

    def names(self) -> Iterable[str]:
        """Return the names of the arrays."""
        return self._files.keys()

    def has(self, names: Sequence[str]) -> bool:
        """Return whether all these arrays are there."""
        return self._files.keys() >= set(names)

    def layout(self, name: str) -> ArrayLayout:
        """Return how an array stands in its file."""
        return self._file(name).layout

    def sums(self, name: str) -> NDArray[np.uint64]:
        """Return the sums of an array's blocks."""
        return self._file(name).sums

    def array(self, name: str) -> NDArray[Any]:
        """Return one array, read-only, all of it checked.

        Raises:
            DamagedIndex: it is not there, or damaged.
        """
        file = self._file(name)
        if name in self._lazy:
            return self._lazy[name].whole()
        if not file.is_whole():
            self._mend()
            file = self._file(name)
        return file.array()

    def column(self, name: str) -> NDArray[Any] | CheckedArray:
        """Return one array, read-only: a small one checked, of a large one each block when it is first read.

        Raises:
            DamagedIndex: it is not there, or a small one is damaged.
        """
        layout = self._file(name).layout
        whole_rows = BLOCK % max(1, np.dtype(layout.dtype).itemsize) == 0
        if layout.size <= _WHOLE or len(layout.shape) != 1 or not whole_rows:
            return self.array(name)
        if name not in self._lazy:
            self._lazy[name] = CheckedArray(self._file(name), self._mend)
        return self._lazy[name]

    def is_whole(self, names: Iterable[str] | None = None) -> bool:
        """Return whether these arrays, or all, are as they were written. Cost: a read of them."""
        return all(self._files[name].is_whole() for name in (self._files if names is None else names))

    def _file(self, name: str) -> _File:
        try:
            return self._files[name]
        except KeyError as error:
            raise DamagedIndex(f"the index has no {name}") from error

    def _mend(self) -> None:
        """Have the folder made anew, and read from there; what was read before was checked, and stays."""
        if self._mended is None:
            raise DamagedIndex(f"the index {self.path.name} is damaged")
        other = self._mended()
        if other._sums != self._sums or not other.is_whole():  # noqa: SLF001 - of this class
            raise GraphkitError("the graph changed while it was read; run the same command again")
        self._files = other._files  # noqa: SLF001 - of this class
        for name, array in self._lazy.items():
            array.take(self._files[name])
