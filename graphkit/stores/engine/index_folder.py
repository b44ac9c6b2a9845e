"""The compiled index on disk: one folder of arrays under checksums, never changed once it has its name."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Protocol, Self, cast

import msgspec
import packaging
from numpy.typing import NDArray

from graphkit.model.index import MetadataSource
from graphkit.stores.engine.array_folder import ArrayFolder, ArrayFolderWriter, DamagedIndex
from graphkit.stores.engine.texts import Texts, TextsBuilder

FORMAT: Final = "18"
"""Version of the arrays; an index of another format is compiled anew."""

SOURCES: Final = (*(str(source) for source in MetadataSource), "")
"""What the array ``release.source`` numbers: every metadata source in order of strength, then none."""

INDEX: Final = "index"
"""The folder of a graph in which its indexes stand."""
_BUILDING: Final = ".building-"


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
    """What was compiled. The same facts make the same bytes."""

    format: str
    packaging: str
    facts_sha256: str
    base: BaseIndex = msgspec.field(name="ground")
    newest_fact: int
    inputs: int
    counts: dict[str, int]


def index_path(graph: Path, generation: str) -> Path:
    """Return the folder of a generation's index; an update of packaging, too, leads to another one."""
    return graph / INDEX / f"{generation}-{FORMAT}-{packaging.__version__}"


def unfinished(graph: Path) -> list[Path]:
    """Return the folders in which indexes of a graph are being compiled, or were when their process was killed."""
    return sorted((graph / INDEX).glob(f"{_BUILDING}*"))


class IndexWriter:
    """Writes an index beside its place and moves it there whole, so that no reader sees half of one."""

    def __init__(self, target: Path, *, anew: bool = False) -> None:
        """Begin an index. ``anew``: nothing is taken of older ones, since they may be damaged."""
        self._target = target
        self._anew = anew
        target.parent.mkdir(parents=True, exist_ok=True)
        import tempfile

        folder = Path(tempfile.mkdtemp(prefix=_BUILDING, dir=target.parent))
        folder.chmod(target.parent.stat().st_mode)  # who may read the graph may read its index
        self._out = ArrayFolderWriter(folder)
        self._base: BaseIndex | None = None

    def older(self) -> Iterator[IndexFolder]:
        """Yield other indexes of the same format, as they were kept so far."""
        for other in () if self._anew else sorted(self._target.parent.iterdir()):
            if other in (self._out.path, self._target):
                continue
            try:
                index = IndexFolder(other)
            except (DamagedIndex, OSError):  # no index, or being removed
                continue
            same = index.header.format == FORMAT and index.header.packaging == packaging.__version__
            if same and index.has(index.header.base.arrays):
                yield index

    def take_over(self, older: IndexFolder) -> BaseIndex | None:
        """Link the base of an older index; None where that cannot be.

        It comes with its sums, so that damage in it is found where it is read, as it would have been in the older one.
        """
        base = older.header.base
        try:
            for name in base.arrays:
                self._out.link(name, older.folder)
        except OSError:  # being removed, or a disk without links
            self._out.clear()
            return None
        self._base = base
        return base

    def end_base(self, key: str, counts: dict[str, int]) -> BaseIndex:
        """Close the first part of the index: what was written so far."""
        self._base = BaseIndex(key=key, arrays=self._out.names(), counts=counts)
        return self._base

    def array(self, name: str, values: NDArray[Any]) -> None:
        """Write one array."""
        self._out.array(name, values)

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
        self._out.finish(header)
        if self._target.exists():  # damaged; a reader that opens it meanwhile finds one of both
            import tempfile

            aside = Path(tempfile.mkdtemp(prefix=_BUILDING, dir=self._target.parent))
            self._target.rename(aside / self._target.name)
        self._out.path.rename(self._target)
        for other in self._target.parent.iterdir():
            if other != self._target:
                shutil.rmtree(other, ignore_errors=True)

    def abandon(self) -> None:
        """Remove what was written so far; harmless after ``finish``."""
        shutil.rmtree(self._out.path, ignore_errors=True)


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
    """A compiled index on disk, each block of which is checked when it is first read.

    Cost: one small read per array, a few milliseconds together.
    """

    def __init__(self, path: Path, mended: Callable[[], Self] | None = None) -> None:
        """Open an index. ``mended`` compiles it anew where a block turns out to be damaged, and opens that.

        Raises:
            DamagedIndex: it is not there or not whole.
        """
        super().__init__({})
        self.folder: ArrayFolder = ArrayFolder(path, mended and (lambda: mended().folder))
        self.path = path
        try:
            self.header = msgspec.json.decode(self.folder.about(), type=Header)
        except msgspec.MsgspecError as error:
            raise DamagedIndex(f"the index {path.name} is damaged") from error

    def array(self, name: str) -> NDArray[Any]:
        """Return one array, read-only, all of it checked; as for `IndexArrays`."""
        return self.folder.array(name)

    def has(self, names: Sequence[str]) -> bool:
        """Return whether all these arrays are there."""
        return self.folder.has(names)

    def columns(self, names: Sequence[str]) -> tuple[NDArray[Any], ...]:
        """Return several arrays, read-only, the large ones checked as they are read.

        Those can be indexed, measured by ``len`` and given to `numpy.asarray`, and nothing else: see `CheckedArray`.
        """
        return tuple(cast("NDArray[Any]", self.folder.column(name)) for name in names)

    def texts(self, name: str) -> Texts:
        """Return one text column, checked as it is read."""
        return Texts(*self.columns((f"{name}.blob", f"{name}.start")))
