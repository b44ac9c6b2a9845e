"""The compiled index on disk: one folder of ``.npy`` arrays and a header, never changed once it has its name."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import packaging
from numpy.typing import NDArray

from graphkit.model.errors import GraphkitError
from graphkit.model.index import MetadataSource
from graphkit.stores.embedded.texts import Texts, TextsBuilder

FORMAT: Final = "9"
"""Version of the arrays; an index of another format is compiled anew."""

SOURCES: Final = (*(str(source) for source in MetadataSource), "")
"""What the array ``release.source`` numbers: every metadata source in order of strength, then none."""

HEADER: Final = "header.json"


class DamagedIndex(GraphkitError):
    """An index that is not whole; compiling it again mends it."""


class Ground(msgspec.Struct, frozen=True, kw_only=True):
    """The part of an index that documents and incidents seldom change: packages, releases, files, ranges.

    ``key``: of the facts it was compiled from. ``sha256``: of its arrays that are facts. ``arrays``: their names.
    """

    key: str
    sha256: str
    arrays: tuple[str, ...]
    counts: dict[str, int]


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """``header.json``: what was compiled. The same facts make the same bytes."""

    format: str
    packaging: str
    facts_sha256: str
    ground: Ground
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
        self._digest = hashlib.sha256()
        self._names: list[str] = []
        self._ground: Ground | None = None

    def take_over(self, key: str) -> Ground | None:
        """Link the ground of an older index that was compiled from the same; None where there is none."""
        for other in sorted(self._target.parent.iterdir()):
            try:
                header = msgspec.json.decode((other / HEADER).read_bytes(), type=Header)
                same = header.format == FORMAT and header.packaging == packaging.__version__
                if not same or header.ground.key != key:
                    continue
                for name in header.ground.arrays:
                    (self._folder / f"{name}.npy").hardlink_to(other / f"{name}.npy")
            except (OSError, msgspec.MsgspecError):  # no index, being removed, or a disk without links
                for left in self._folder.iterdir():
                    left.unlink()
                continue
            self._ground = header.ground
            return header.ground
        return None

    def end_ground(self, key: str, counts: dict[str, int]) -> Ground:
        """Close the first part of the index: what was written so far."""
        self._ground = Ground(key=key, sha256=self._digest.hexdigest(), arrays=tuple(self._names), counts=counts)
        self._digest = hashlib.sha256()
        return self._ground

    def array(self, name: str, values: NDArray[Any], *, fact: bool = False) -> None:
        """Write one array. ``fact``: its bytes are part of ``facts_sha256``, not derived from others."""
        values = np.ascontiguousarray(values, dtype=values.dtype.newbyteorder("<"))
        np.save(self._folder / f"{name}.npy", values, allow_pickle=False)
        self._names.append(name)
        if fact:
            self._digest.update(f"{name} {values.dtype.str} {len(values)}\n".encode())
            self._digest.update(values.data)

    def texts(self, name: str, builder: TextsBuilder, *, fact: bool = True) -> None:
        """Write one text column."""
        blob, start = builder.arrays()
        self.array(f"{name}.blob", blob, fact=fact)
        self.array(f"{name}.start", start, fact=fact)

    def finish(self, *, newest_fact: int, inputs: int, counts: dict[str, int]) -> None:
        """Write the header, move the folder to its place and remove those of older generations."""
        assert self._ground is not None
        self._digest.update(f"ground {self._ground.sha256} newest {newest_fact}".encode())
        header = Header(
            ground=self._ground,
            format=FORMAT,
            packaging=packaging.__version__,
            facts_sha256=self._digest.hexdigest(),
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


class IndexFolder:
    """A compiled index, memory-mapped as a whole when opened.

    Mapping all of it at once means that a later compilation, which removes the folder, takes nothing
    away from this reader. Cost: one small read per array, a few milliseconds together.
    """

    def __init__(self, path: Path) -> None:
        """Open an index.

        Raises:
            DamagedIndex: it is not there or not whole.
        """
        try:
            self.header = msgspec.json.decode((path / HEADER).read_bytes(), type=Header)
            self._arrays = {file.stem: _mapped(file) for file in path.glob("*.npy")}
        except (msgspec.MsgspecError, ValueError, EOFError, FileNotFoundError) as error:
            raise DamagedIndex(f"the index {path.name} is damaged") from error

    def array(self, name: str) -> NDArray[Any]:
        """Return one array, read-only.

        Raises:
            DamagedIndex: it is not there.
        """
        try:
            return self._arrays[name]
        except KeyError as error:
            raise DamagedIndex(f"the index has no {name}") from error

    def arrays(self, names: Sequence[str]) -> tuple[NDArray[Any], ...]:
        """Return several arrays, read-only."""
        return tuple(self.array(name) for name in names)

    def texts(self, name: str) -> Texts:
        """Return one text column."""
        return Texts(self.array(f"{name}.blob"), self.array(f"{name}.start"))


def _mapped(file: Path) -> NDArray[Any]:
    return np.asarray(np.load(file, mmap_mode="r", allow_pickle=False))
