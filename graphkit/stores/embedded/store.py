"""The embedded store: a folder with the record ``graph.duckdb`` and the index compiled from it."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from graphkit.model.errors import GraphkitError, GraphkitWarning
from graphkit.model.organisation import Organisation
from graphkit.stores.embedded.reader import IndexReader
from graphkit.stores.engine.array_folder import DamagedIndex
from graphkit.stores.engine.generation_mark import MARK, generation_in, is_before
from graphkit.stores.engine.index_folder import INDEX, IndexFolder, index_path
from graphkit.stores.port import Fact, InputRead, Receipt

if TYPE_CHECKING:  # DuckDB takes 50 ms to import, and a question over a fresh index needs none of it
    from graphkit.stores.engine.record import Record

_RECORD: Final = "graph.duckdb"
_TRIES: Final = 3
_PATIENCE: Final = 60.0
"""Seconds that a question waits for another process that compiles a damaged index anew."""
_BETWEEN: Final = 0.2


class EmbeddedStore:
    """`port.Store` in one folder. The record is locked only while it is written or compiled."""

    def __init__(self, address: str | Path, *, create: bool = False) -> None:
        """Open a graph; nothing is read yet.

        Raises:
            GraphkitError: there is none at the address and ``create`` is False, or something else is.
        """
        self._path = Path(address)
        self._record: Record | None = None
        self._reader: tuple[str, IndexReader] | None = None
        if (self._path / _RECORD).is_file():
            return
        if self._is_used():
            raise self._lost("the file is missing")
        if self._path.exists() and (not self._path.is_dir() or any(self._path.iterdir())):
            raise GraphkitError(f"{self._path} is not a graph; give another folder")
        if not create:
            raise GraphkitError(f"no graph at {self._path}; make one with `graphkit ingest …` or `graphkit demo`")
        self._create()

    def _create(self) -> None:
        try:
            self._path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise GraphkitError(f"{self._path} cannot be made: {error.strerror}") from error
        self._opened()

    def _is_used(self) -> bool:
        """Return whether something is left that was made from a record."""
        return (self._path / MARK).is_file() or (self._path / INDEX).is_dir()

    def _lost(self, what: str) -> GraphkitError:
        from graphkit.stores.engine.record import damaged

        return damaged(self._path / _RECORD, what)

    def _opened(self) -> Record:
        """Return the record.

        Raises:
            GraphkitError: another process has it open, or it is damaged.
        """
        if self._record is not None:
            return self._record
        from graphkit.stores.engine.record import Record

        path = self._path / _RECORD
        # DuckDB makes a new database of an empty file.
        if self._is_used() and path.is_file() and not path.stat().st_size:
            raise self._lost("the file is empty")
        record = Record(path)
        mark = self._marked()
        if mark is not None and is_before(at := record.generation(), mark):
            record.close()
            raise self._lost(
                f"it is at {at}, and {mark} was written; if you put an older one in its place, remove the file {MARK} "
                "beside it"
            )
        self._record = record
        return record

    @property
    def folder(self) -> Path | None:
        """The folder in which it is kept."""
        return self._path

    def record(self, facts: Iterable[Fact]) -> Receipt:
        """Keep a batch in one transaction. The same facts again change nothing, in any order.

        Only a second organisation of the same source or incident of the same id replaces the first,
        so of those the last one ingested holds. Cost: the batch, and what is kept of its packages.

        Raises:
            GraphkitError: another process has the graph open.
            InputError: a text in a fact cannot be stored; nothing of the batch is kept.
        """
        return self._opened().write(facts, self._path / MARK)

    def known(self, documents: Sequence[str]) -> dict[str, frozenset[str]]:
        """Return which documents are kept; see `port.Store.known`. Cost: one query."""
        return self._opened().known(documents)

    def remember(self, read: InputRead, organisation: Organisation | None = None) -> None:
        """Keep that an input was read to its end; see `port.Store.remember`. Cost: one transaction."""
        self._opened().remember(read, organisation)

    def remembered(self, input_id: str) -> InputRead | None:
        """Return what is known of an input; see `port.Store.remembered`. Cost: one query."""
        return self._opened().remembered(input_id)

    def reader(self) -> IndexReader:
        """Return a reader of the newest generation; compiles it first where the record changed.

        Cost: a few milliseconds where the index is fresh, and no database is opened.

        Raises:
            GraphkitError: the record changed and another process has it open, or it is damaged.
        """
        for _ in range(_TRIES):
            generation = self._generation()
            if self._reader is not None and self._reader[0] == generation:
                return self._reader[1]
            target = index_path(self._path, generation)
            try:
                if not target.is_dir():
                    target = self._compile()
                reader = IndexReader(IndexFolder(target, partial(self._mended, generation)))
            except DamagedIndex:
                # Half removed by a process that compiled a newer one, or broken on disk.
                if self._generation() == generation:
                    self._mended(generation)
                continue
            self._reader = generation, reader
            return reader
        raise GraphkitError(
            f"{self._path}: the index cannot be saved; is the disk full, or is another program changing the folder?"
        )

    def _marked(self) -> str | None:
        """Return the generation that the mark names; None where there is none, or it is damaged."""
        try:
            return generation_in((self._path / MARK).read_bytes())
        except (FileNotFoundError, IsADirectoryError):
            return None

    def _generation(self) -> str:
        if (generation := self._marked()) is not None:
            return generation
        try:
            return self._opened().write_mark(self._path / MARK)
        finally:
            self._let_go()

    def _compile(self, *, anew: bool = False) -> Path:
        from graphkit.stores.engine.compile import compile_index
        from graphkit.stores.engine.record import explained

        record = self._opened()
        try:
            with explained(self._path / _RECORD):
                target = index_path(self._path, record.generation())
                compile_index(record.connection, target, anew=anew)
                if self._marked() != record.generation():
                    record.write_mark(self._path / MARK)
        finally:
            self._let_go()
        return target

    def _mended(self, generation: str) -> IndexFolder:
        """Compile an index that is damaged anew, which is what an index is for, and open it.

        Raises:
            DamagedIndex: the graph has another generation by now.
            GraphkitError: another process has the graph open, or the record is damaged too.
        """
        from graphkit.stores.engine.record import RecordInUse

        target, begun = index_path(self._path, generation), time.monotonic()
        while True:
            try:
                if self._compile(anew=True) != target:
                    raise DamagedIndex("the graph changed while it was read; run the same command again")
                break
            except RecordInUse:
                if time.monotonic() - begun > _PATIENCE:
                    raise
                time.sleep(_BETWEEN)
                if (found := _whole(target)) is not None:  # the other process compiled it
                    return found
        warnings.warn(
            f"{self._path}: the index was damaged and was compiled anew from the record; the answer is not touched by "
            "it, but check the disk",
            GraphkitWarning,
            stacklevel=2,
        )
        return IndexFolder(target)

    def counts(self) -> dict[str, int]:
        """Return how many of each kind of thing are kept, by its word."""
        return self.reader().counts()

    def _let_go(self) -> None:
        if self._record is not None:
            self._record.close()
            self._record = None

    def close(self) -> None:
        """Let go of files and connections. Safe to call twice; a later call opens them again."""
        self._let_go()
        self._reader = None


def _whole(target: Path) -> IndexFolder | None:
    """Return an index, None where it is damaged."""
    try:
        index = IndexFolder(target)
    except DamagedIndex:
        return None
    return index if index.folder.is_whole() else None
