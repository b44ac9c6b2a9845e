"""A copy of the record as it was at one generation: from it an index is compiled while others write."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Final

from graphkit.stores.engine.disk_errors import on_disk

_PREFIX: Final = "snapshot-"
_ENDINGS: Final = (".wal", "")
"""What a record is made of, the log first: a copy without its log would be of an older generation."""


_OURS: Final = re.compile(rf"{_PREFIX}[0-9a-f]{{8}}-[0-9]+\.duckdb(?:\..*)?")
"""What nobody else calls a file of theirs: a copy that a person made of a record stays."""


class Snapshots:
    """The snapshots of a graph. They are made while its lock is held and nobody has the record open."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, generation: str) -> Path:
        """Return where that of a generation is."""
        return self._folder / f"{_PREFIX}{generation}.duckdb"

    def make(self, record: Path, generation: str) -> None:
        """Copy a record, where that was not done yet; those of other generations go. Cost: a copy of its bytes."""
        target, needed = self.path(generation), self.files(generation)
        for other in self.left():
            if other not in needed:
                other.unlink(missing_ok=True)
        if target.exists():
            return
        copy_record(record, target, self._folder)

    def files(self, generation: str) -> set[Path]:
        """Return what that of a generation is made of."""
        target = self.path(generation)
        return {target.with_name(f"{target.name}{ending}") for ending in _ENDINGS}

    def remove(self, generation: str) -> None:
        """Remove that of a generation; who reads it keeps it open."""
        for file in sorted(self.files(generation)):  # the log last: a copy without it would be of an older generation
            file.unlink(missing_ok=True)

    def left(self) -> list[Path]:
        """Return all that are there."""
        return sorted(path for path in self._folder.glob(f"{_PREFIX}*") if _OURS.fullmatch(path.name))


def copy_record(record: Path, target: Path, graph: Path) -> None:
    """Copy a record that nobody has open, with its log; the copy has its name when it is whole.

    Raises:
        GraphkitError: the disk is full, or cannot be read or written.
    """
    part = target.with_name(f"{target.name}.part")
    with on_disk(graph, "its record cannot be copied"):
        try:
            for ending in _ENDINGS:
                source = record.with_name(f"{record.name}{ending}")
                if source.exists():
                    shutil.copyfile(source, part)
                    part.replace(target.with_name(f"{target.name}{ending}"))
        finally:
            part.unlink(missing_ok=True)
