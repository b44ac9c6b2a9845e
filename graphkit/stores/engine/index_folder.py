"""The compiled index on disk: one folder of ``.npy`` arrays and a header, never changed once it has its name."""

from __future__ import annotations

import mmap
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec
import numpy as np
import packaging
from numpy.typing import NDArray

from graphkit.model.errors import GraphkitError
from graphkit.model.index import MetadataSource
from graphkit.stores.engine.texts import Texts, TextsBuilder

FORMAT: Final = "12"
"""Version of the arrays; an index of another format is compiled anew."""

SOURCES: Final = (*(str(source) for source in MetadataSource), "")
"""What the array ``release.source`` numbers: every metadata source in order of strength, then none."""

HEADER: Final = "header.json"
_ENDING: Final = ".npy"
_SMALL: Final = 2**16
"""Bytes up to which a file is read, not mapped: that is one call to the system less."""
_HEADER: Final = re.compile(
    rb"\x93NUMPY\x01\0..\{'descr': '([<>|=][biufSU]\d+)', "
    rb"'fortran_order': False, 'shape': \((\d+),\), \} *\n",
    re.DOTALL,
)
"""How a file begins that `numpy.save` wrote of an array of one dimension: its dtype and length."""


class DamagedIndex(GraphkitError):
    """An index that is not whole; compiling it again mends it."""


class ArraySink(Protocol):
    """Where compiled arrays go."""

    def array(self, name: str, values: NDArray[Any]) -> None:
        """Take one array."""

    def texts(self, name: str, builder: TextsBuilder) -> None:
        """Take one text column."""


class BaseIndex(msgspec.Struct, frozen=True, kw_only=True):
    """The part of an index that documents and incidents seldom change: packages, releases, files, ranges.

    ``key``: of the facts it was compiled from. ``arrays``: the names of its arrays.
    """

    key: str
    arrays: tuple[str, ...]
    counts: dict[str, int]


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """``header.json``: what was compiled. The same facts make the same bytes."""

    format: str
    packaging: str
    facts_sha256: str
    base: BaseIndex = msgspec.field(name="ground")
    newest_fact: int
    inputs: int
    counts: dict[str, int]


def index_path(graph: Path, generation: str) -> Path:
    """Return the folder of a generation's index; an update of packaging, too, leads to another one."""
    return graph / "index" / f"{generation}-{FORMAT}-{packaging.__version__}"


class IndexWriter:
    """Writes an index beside its place and moves it there whole, so that no reader sees half of one."""

    def __init__(self, target: Path) -> None:
        self._target = target
        target.parent.mkdir(parents=True, exist_ok=True)
        self._folder = Path(tempfile.mkdtemp(prefix=".building-", dir=target.parent))
        self._names: list[str] = []
        self._base: BaseIndex | None = None

    def older(self) -> Iterator[IndexFolder]:
        """Yield other indexes of the same format, as they were kept so far."""
        for other in sorted(self._target.parent.iterdir()):
            if other in (self._folder, self._target):
                continue
            try:
                index = IndexFolder(other)
            except (DamagedIndex, OSError):  # no index, or being removed
                continue
            same = index.header.format == FORMAT and index.header.packaging == packaging.__version__
            if same and index.has(index.header.base.arrays):
                yield index

    def take_over(self, older: IndexFolder) -> BaseIndex | None:
        """Link the base of an older index; None where that cannot be."""
        base = older.header.base
        try:
            for name in base.arrays:
                (self._folder / f"{name}.npy").hardlink_to(older.path / f"{name}.npy")
        except OSError:  # being removed, or a disk without links
            for left in self._folder.iterdir():
                left.unlink()
            return None
        self._base = base
        return base

    def end_base(self, key: str, counts: dict[str, int]) -> BaseIndex:
        """Close the first part of the index: what was written so far."""
        self._base = BaseIndex(key=key, arrays=tuple(self._names), counts=counts)
        return self._base

    def array(self, name: str, values: NDArray[Any]) -> None:
        """Write one array."""
        values = np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("<"))
        np.save(self._folder / f"{name}.npy", values, allow_pickle=False)
        self._names.append(name)

    def texts(self, name: str, builder: TextsBuilder) -> None:
        """Write one text column."""
        blob, start = builder.arrays()
        self.array(f"{name}.blob", blob)
        self.array(f"{name}.start", start)

    def finish(self, *, facts_sha256: str, newest_fact: int, inputs: int, counts: dict[str, int]) -> None:
        """Write the header, move the folder to its place and remove those of older generations."""
        assert self._base is not None
        header = Header(
            base=self._base,
            format=FORMAT,
            packaging=packaging.__version__,
            facts_sha256=facts_sha256,
            newest_fact=newest_fact,
            inputs=inputs,
            counts=counts,
        )
        (self._folder / HEADER).write_bytes(msgspec.json.encode(header, order="sorted"))
        if self._target.exists():
            shutil.rmtree(self._target)
        self._folder.rename(self._target)
        for other in self._target.parent.iterdir():
            if other != self._target:
                shutil.rmtree(other, ignore_errors=True)

    def abandon(self) -> None:
        """Remove what was written so far; harmless after ``finish``."""
        shutil.rmtree(self._folder, ignore_errors=True)


class IndexArrays:
    """The arrays of an index, by name."""

    def __init__(self, arrays: dict[str, NDArray[Any]]) -> None:
        self._arrays = arrays

    def array(self, name: str) -> NDArray[Any]:
        """Return one array, read-only.

        Raises:
            DamagedIndex: it is not there.
        """
        try:
            return self._arrays[name]
        except KeyError as error:
            raise DamagedIndex(f"the index has no {name}") from error

    def has(self, names: Sequence[str]) -> bool:
        """Return whether all these arrays are there."""
        return self._arrays.keys() >= set(names)

    def arrays(self, names: Sequence[str]) -> tuple[NDArray[Any], ...]:
        """Return several arrays, read-only."""
        return tuple(self.array(name) for name in names)

    def texts(self, name: str) -> Texts:
        """Return one text column."""
        return Texts(self.array(f"{name}.blob"), self.array(f"{name}.start"))


class HeldArrays:
    """An `ArraySink` in memory."""

    def __init__(self) -> None:
        self._arrays: dict[str, NDArray[Any]] = {}

    def array(self, name: str, values: NDArray[Any]) -> None:
        """Keep one array."""
        self._arrays[name] = values

    def texts(self, name: str, builder: TextsBuilder) -> None:
        """Keep one text column."""
        self._arrays[f"{name}.blob"], self._arrays[f"{name}.start"] = builder.arrays()

    def held(self) -> IndexArrays:
        """Return what was kept."""
        return IndexArrays(self._arrays)


class IndexFolder(IndexArrays):
    """A compiled index on disk, memory-mapped as a whole when opened.

    Mapping all of it at once means that a later compilation, which removes the folder, takes nothing
    away from this reader. Cost: one small read per array, a few milliseconds together.
    """

    def __init__(self, path: Path) -> None:
        """Open an index.

        Raises:
            DamagedIndex: it is not there or not whole.
        """
        try:
            self.path = path
            self.header = msgspec.json.decode((path / HEADER).read_bytes(), type=Header)
            files = [name for name in os.listdir(path) if name.endswith(_ENDING)]  # noqa: PTH208 - as below
            super().__init__({name.removesuffix(_ENDING): _mapped(f"{path}{os.sep}{name}") for name in files})
        except (msgspec.MsgspecError, TypeError, ValueError, EOFError, FileNotFoundError) as error:
            raise DamagedIndex(f"the index {path.name} is damaged") from error


def _mapped(file: str) -> NDArray[Any]:
    """Return the array of a file, read-only. `numpy.load` takes ten times as long, which for a hundred files is felt.

    Raises:
        ValueError: the file is no whole array.
    """
    with open(file, "rb", buffering=0) as opened:  # noqa: PTH123 - a path object for each would cost as much again
        size = os.fstat(opened.fileno()).st_size
        held = opened.read() if size <= _SMALL else mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)
    found = _HEADER.match(held)
    if found is None:  # written by another NumPy
        return np.asarray(np.load(file, mmap_mode="r", allow_pickle=False))
    count, dtype = int(found[2]), np.dtype(found[1].decode())
    if size - found.end() != count * dtype.itemsize:
        raise ValueError(f"{file} has {size} bytes")
    return np.ndarray((count,), dtype, held, found.end())
