"""What was compiled of the same packages in another graph of this process, taken over as from an older index.

Most tests make a graph whose index nobody fed, and to compile that takes a third of all that they do.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import ClassVar, Final

import duckdb
import pytest

from graphkit.stores.engine import compile as engine
from graphkit.stores.engine.array_folder import DamagedIndex
from graphkit.stores.engine.base_index import base_key, stage_facts
from graphkit.stores.engine.index_folder import BaseIndex, IndexFolder, IndexWriter

COMPILED_IN_FULL: Final = ("tests/contract", "tests/neo4j", "tests/property", "tests/unit/stores")
"""Folders of tests that are about what is compiled."""
_LARGEST: Final = 1 << 20
"""Bytes of an index that is kept."""


class KeptBases:
    """Indexes by the key of their base, in a folder; used while ``is_on``."""

    is_on: ClassVar[bool] = False

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._base, self._compile_index = engine._base, engine.compile_index

    def base(self, connection: duckdb.DuckDBPyConnection, out: IndexWriter) -> BaseIndex:
        if self.is_on and not out._anew and next(out.older(), None) is None:
            stage_facts(connection)
            if (kept := self._folder / base_key(connection)).is_dir():
                index = IndexFolder(kept)
                if index.folder.is_whole(index.header.base.arrays) and (base := out.take_over(index)) is not None:
                    return base
        return self._base(connection, out)

    def compile_index(self, connection: duckdb.DuckDBPyConnection, target: Path, *, anew: bool = False) -> None:
        self._compile_index(connection, target, anew=anew)
        if not self.is_on:
            return
        with suppress(DamagedIndex, OSError):  # which another process replaced by now
            kept = self._folder / IndexFolder(target).header.base.key
            if not kept.is_dir() and sum(file.stat().st_size for file in target.iterdir()) <= _LARGEST:
                shutil.copytree(target, kept)


@contextmanager
def bases_kept(folder: Path) -> Iterator[None]:
    """Let indexes that are compiled meanwhile be kept."""
    kept = KeptBases(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "_base", kept.base)
        patch.setattr(engine, "compile_index", kept.compile_index)
        yield
