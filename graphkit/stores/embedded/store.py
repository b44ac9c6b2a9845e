"""The embedded store: a folder with the record ``graph.duckdb`` and the index compiled from it.

One process writes at a time: it holds `lock` from its first call to `close`, and lets go of it for others of its own
stores between two calls. Before it changes anything it says there which generation others read meanwhile: that of the
newest index, or of a snapshot of the record from which they compile one. So those who ask wait for nobody who writes,
and nobody waits for their compilation.
"""

from __future__ import annotations

import os
import sys
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Final

from graphkit.model.callers import Caller
from graphkit.model.errors import GraphkitError, GraphkitWarning
from graphkit.model.organisation import Organisation
from graphkit.stores.embedded.leftovers import leftovers, remove
from graphkit.stores.embedded.lock import FolderLock, pauses
from graphkit.stores.embedded.reader import IndexReader
from graphkit.stores.embedded.snapshot import Snapshots, copy_record
from graphkit.stores.engine.array_folder import DamagedIndex
from graphkit.stores.engine.disk_errors import on_disk
from graphkit.stores.engine.generation_mark import MARK, generation_in, is_before
from graphkit.stores.engine.index_folder import INDEX, IndexFolder, index_path
from graphkit.stores.port import Answer, Fact, FolderPath, GraphReader, InputRead, Receipt

if TYPE_CHECKING:  # DuckDB takes 50 ms to import, and a question over a fresh index needs none of it
    from graphkit.stores.engine.record import Record

RECORD: Final = "graph.duckdb"
LOCK: Final = "lock"
INDEX_LOCK: Final = "index.lock"
_TRIES: Final = 3


class EmbeddedStore:
    """`port.Store` in one folder. What it reads is of one generation, whatever others write meanwhile."""

    def __init__(self, address: str | Path, *, create: bool = False, caller: Caller | None = None) -> None:
        """Open a graph; nothing is read yet.

        Raises:
            GraphkitError: there is none at the address and ``create`` is False, or something else is.
        """
        self._path = Path(address)
        self._caller = caller or Caller()
        self._lock = FolderLock(self._path / LOCK, self._given)
        self._using = threading.RLock()
        self._calls = 0
        self._index_lock = FolderLock(self._path / INDEX_LOCK)
        self._snapshots = Snapshots(self._path)
        self._record: Record | None = None
        self._file: os.stat_result | None = None
        self._meanwhile = ""
        self._reader: tuple[str, IndexReader] | None = None
        self._is_told = False
        with on_disk(self._path, "it cannot be opened"):
            if self._has_record():
                return
            is_other = self._path.exists() and (not self._path.is_dir() or any(map(_is_foreign, self._path.iterdir())))
        if self._is_used():
            raise self._lost("the file is missing")
        if is_other:
            raise GraphkitError(f"{self._path} is not a graph; give another folder")
        if not create:
            raise GraphkitError(f"no graph at {self._path}; make one with `graphkit ingest …` or `graphkit demo`")
        self._create()

    def _has_record(self) -> bool:
        return (self._path / RECORD).is_file()

    def _create(self) -> None:
        try:
            self._path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise GraphkitError(f"{self._path} cannot be made: {error.strerror}") from error
        self._opened(create=True)

    def _opened(self, *, create: bool = False) -> Record:
        """Return the record, locked for this process, to be written.

        Raises:
            GraphkitError: another process writes for longer than the caller waits, or the record cannot be used.
        """
        if self._record is None:
            self._lock.wait(self._caller)
            try:
                self._meanwhile = self._settled(create=create)
                self._clean(self._meanwhile)
                if not self._is_compiled(self._meanwhile):
                    self._snapshots.make(self._path / RECORD, self._meanwhile)
                self._lock.announce(self._caller.verb, self._meanwhile)
                self._record = self._record_here()
                self._file = self._stat()
            except BaseException:
                self._lock.release()
                raise
        self._look()
        return self._record

    def _is_used(self) -> bool:
        """Return whether something is left that was made from a record."""
        return (self._path / MARK).is_file() or (self._path / INDEX).is_dir()

    def _lost(self, what: str) -> GraphkitError:
        from graphkit.stores.engine.record import damaged

        return damaged(self._path / RECORD, what)

    def _record_here(self) -> Record:
        """Open the record, or make it; this process has the lock.

        Raises:
            GraphkitError: it is damaged, or a program that is not graphkit has it open.
        """
        from graphkit.stores.engine.record import Record

        path = self._path / RECORD
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
        return record

    def _settled(self, *, create: bool = False) -> str:
        """Return the generation of the record, which nobody has open while this process has the lock."""
        if not self._has_record() and not (create and self._lock.is_in_place):
            raise self._gone()
        if (generation := self._marked()) is not None:
            return generation
        record = self._record_here()
        try:
            return record.write_mark(self._path / MARK)
        finally:
            record.close()

    def _look(self) -> None:
        """Look whether the record is still the file that was opened.

        Raises:
            GraphkitError: its folder was deleted or replaced.
        """
        if self._file is None or not os.path.samestat(self._stat(), self._file):
            raise self._gone()

    def _stat(self) -> os.stat_result:
        try:
            return (self._path / RECORD).stat()
        except FileNotFoundError as error:
            raise self._gone() from error

    def _gone(self) -> GraphkitError:
        return GraphkitError(
            f"{self._path} was deleted or replaced while it was open, and nothing is written to what is there now; run "
            "the same command again"
        )

    @property
    def folder(self) -> Path | None:
        """The folder in which it is kept."""
        return self._path

    def record(self, facts: Iterable[Fact]) -> Receipt:
        """Keep a batch in one transaction. The same facts again change nothing, in any order.

        Only a second organisation of the same source or incident of the same id replaces the first,
        so of those the last one ingested holds. Cost: the batch, and what is kept of its packages.

        Raises:
            GraphkitError: another process writes to the graph, or the folder was deleted or replaced.
            InputError: a text in a fact cannot be stored; nothing of the batch is kept.
        """
        with self._in_use():
            receipt = self._opened().write(facts, self._path / MARK)
            self._look()
        return receipt

    def known(self, documents: Sequence[str]) -> dict[str, frozenset[FolderPath]]:
        """Return which documents are kept; see `port.Store.known`. Cost: one query."""
        with self._in_use():
            return self._opened().known(documents)

    def remember(self, read: InputRead, organisation: Organisation | None = None) -> None:
        """Keep that an input was read to its end; see `port.Store.remember`. Cost: one transaction."""
        with self._in_use():
            self._opened().remember(read, organisation)

    def remembered(self, input_id: str) -> InputRead | None:
        """Return what is known of an input; see `port.Store.remembered`. Cost: one query."""
        with self._in_use():
            return self._opened().remembered(input_id)

    @contextmanager
    def _in_use(self) -> Iterator[None]:
        """Keep the record for this store while a call uses it."""
        with self._using:
            self._calls += 1
            try:
                yield
            finally:
                self._calls -= 1

    def _given(self) -> bool:
        """Let go of the record for another store of this process; False while a call uses it.

        What was written is committed, so the other one reads it, as one part of a program expects of another.
        """
        if not self._using.acquire(blocking=False):
            return False
        try:
            if self._record is None or self._calls:
                return False
            self._let_go()
            return True
        finally:
            self._using.release()

    def copy_record(self, folder: Path) -> Path:
        """Copy the record into another folder, as of one generation; return the copy.

        Raises:
            GraphkitError: another process writes for longer than the caller waits, or the copy cannot be written.
        """
        self._let_go()
        self._lock.wait(self._caller)
        try:
            self._settled()
            copy_record(self._path / RECORD, folder / RECORD, folder)
        finally:
            self._lock.release()
        return folder / RECORD

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Keep every other process from writing and compiling.

        Raises:
            GraphkitError: another process writes for longer than the caller waits.
        """
        self._let_go()
        self._lock.wait(self._caller)
        try:
            self._index_lock.wait(self._caller)
            yield
        finally:
            self._index_lock.release()
            self._lock.release()

    def reader(self) -> IndexReader:
        """Return a reader of the newest generation; compiles it first where the record changed.

        While another process writes it is the newest generation before that, of which the caller is told.
        Cost: a few milliseconds where the index is fresh, and no database is opened.

        Raises:
            GraphkitError: the index is not fresh and cannot be compiled: the record is damaged, the folder was
                deleted or cannot be written, or another process has it for longer than the caller waits.
        """
        with self._in_use():
            return self._newest()

    def _newest(self) -> IndexReader:
        tries = 0
        for _ in pauses(self._caller.wait):
            generation = self._readable()
            if generation is None:
                continue
            if self._reader is not None and self._reader[0] == generation:
                return self._reader[1]
            if self._reader is not None and _store_of(self._reader[0]) != _store_of(generation):
                raise self._gone()
            target = index_path(self._path, generation)
            try:
                with on_disk(self._path, "its index cannot be read"):
                    if not self._is_compiled(generation) and not self._compile(generation):
                        continue
                    reader = IndexReader(IndexFolder(target, partial(self._mended, generation)))
            except DamagedIndex:
                # Half removed by a process that compiled a newer one, or broken on disk.
                tries += 1
                if tries == _TRIES:
                    raise GraphkitError(
                        f"{self._path}: the index cannot be saved; is the disk full, or is another program changing "
                        "the folder?"
                    ) from None
                if self._readable() == generation:
                    self._mended(generation)
                continue
            if self._reader is None:
                self._clean_if_free(generation)
            self._reader = generation, reader
            return reader
        raise GraphkitError(self._lock.in_use())

    def _clean_if_free(self, generation: str) -> None:
        """Remove what killed processes left, where no other one writes; who asks fails of nothing of it."""
        if self._lock.is_held or not leftovers(self._path, generation):
            return
        if (holder := self._lock.holder()) is not None and holder.pid == os.getpid():
            return  # a store of this process writes
        with suppress(GraphkitError, OSError):
            if self._lock.take(self._caller.verb):
                try:
                    if self._marked() == generation:
                        self._clean(generation)
                finally:
                    self._lock.release()

    def _clean(self, generation: str) -> None:
        """Remove what killed processes left, while this one has the lock and no other one compiles."""
        if sys.platform == "win32":  # which has no locks
            return
        if leftovers(self._path, generation) and self._index_lock.take(self._caller.verb):
            try:
                with suppress(GraphkitError):  # what is left is removed with the next one
                    remove(leftovers(self._path, generation))
            finally:
                self._index_lock.release()

    def ask(self, question: Callable[[GraphReader], Answer]) -> Answer:
        """Return what a question makes of `reader`, which stays as it is whatever is written meanwhile."""
        return question(self.reader())

    def _readable(self) -> str | None:
        """Return the generation to read now; None where the process that has the lock is about to say which."""
        marked = self._marked()
        if marked is not None and self._is_compiled(marked):
            return marked
        if marked is None and not self._has_record():
            raise self._gone()
        if self._lock.is_held or self._lock.take(self._caller.verb):
            return self._let_compile()
        holder = self._lock.holder()
        if holder is None or not holder.generation:
            return None
        if not self._is_told:
            self._is_told = True
            warnings.warn(
                f"{self._path} is being written by {holder}; this is the graph as it was before that",
                GraphkitWarning,
                stacklevel=2,
            )
        return holder.generation

    def _let_compile(self, *, anew: bool = False) -> str:
        """Let go of the record, and return its generation, with a snapshot of it to compile where it is not compiled.

        ``anew``: with one in any case.
        """
        from graphkit.stores.engine.base_index import keep_facts
        from graphkit.stores.engine.record import explained

        try:
            if self._record is None:
                self._record = self._record_here()
            with explained(self._path / RECORD):
                generation = self._record.generation()
                if self._marked() != generation:
                    self._record.write_mark(self._path / MARK)
                keep_facts(self._record.connection)  # a snapshot that has them need not be read through for them
            self._record.close()
            self._record = None
            if anew or not self._is_compiled(generation):
                self._snapshots.make(self._path / RECORD, generation)
        finally:
            self._let_go()
        return generation

    def _mended(self, generation: str) -> IndexFolder:
        """Compile an index that is damaged anew, which is what an index is for, and open it.

        Raises:
            DamagedIndex: the graph has another generation by now.
            GraphkitError: another process writes for longer than the caller waits, or the record is damaged too.
        """
        self._lock.wait(self._caller)
        if self._let_compile(anew=True) != generation or not self._compile(generation, anew=True):
            raise DamagedIndex("the graph changed while it was read; run the same command again")
        warnings.warn(
            f"{self._path}: the index was damaged and was compiled anew from the record; the answer is not touched by "
            "it, but check the disk",
            GraphkitWarning,
            stacklevel=2,
        )
        return IndexFolder(index_path(self._path, generation))

    def _marked(self) -> str | None:
        """Return the generation that the mark names; None where there is none, or it is damaged."""
        with on_disk(self._path, "it cannot be read"):
            try:
                return generation_in((self._path / MARK).read_bytes())
            except (FileNotFoundError, IsADirectoryError):
                return None

    def _is_compiled(self, generation: str) -> bool:
        return index_path(self._path, generation).is_dir()

    def _compile(self, generation: str, *, anew: bool = False) -> bool:
        """Compile the snapshot of a generation; return whether its index is there now.

        ``anew``: though there is one, which is damaged, if no other process compiled it meanwhile.
        """
        from graphkit.stores.engine.compile import compile_index
        from graphkit.stores.engine.record import Record, explained

        self._index_lock.wait(self._caller._replace(wait=inf))  # it ends with its process
        try:
            snapshot, target = self._snapshots.path(generation), index_path(self._path, generation)
            if self._is_compiled(generation) and not (anew and not _is_whole(target)):
                return True
            if not snapshot.is_file():
                return False
            record = Record(snapshot)
            try:
                with explained(snapshot):
                    is_whole = record.generation() == generation
                    if is_whole:
                        compile_index(record.connection, target, anew=anew)
            finally:
                record.close()
            self._snapshots.remove(generation)
            return is_whole
        finally:
            self._index_lock.release()

    def _let_go(self) -> None:
        if self._record is not None:
            self._record.close()
            self._record = None
        with suppress(GraphkitError, OSError):  # what is left is removed with the next one
            if self._meanwhile and self._meanwhile != self._marked():
                self._snapshots.remove(self._meanwhile)
        self._meanwhile = ""
        self._lock.release()

    def close(self) -> None:
        """Let go of files and connections. Safe to call twice; a later call opens them again."""
        self._let_go()
        self._reader = None


def _is_whole(target: Path) -> bool:
    """Return whether every block of an index is as it was written."""
    try:
        return IndexFolder(target).folder.is_whole()
    except DamagedIndex:
        return False


def _is_foreign(path: Path) -> bool:
    """Return whether a file is not one that a process leaves that is killed before it made the record."""
    return path.name not in {LOCK, INDEX_LOCK}


def _store_of(generation: str) -> str:
    """Return which graph a generation is of; each has a name of its own, made when its record was."""
    return generation.partition("-")[0]
