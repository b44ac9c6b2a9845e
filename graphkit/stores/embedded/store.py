"""The embedded store: a folder with the record ``graph.duckdb`` and the index compiled from it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from graphkit.model.errors import GraphkitError
from graphkit.model.organisation import Organisation
from graphkit.stores.embedded.reader import IndexReader
from graphkit.stores.engine.index_folder import HEADER, DamagedIndex, IndexFolder, index_path
from graphkit.stores.port import Fact, InputRead, Receipt

if TYPE_CHECKING:  # DuckDB takes 50 ms to import, and a question over a fresh index needs none of it
    from graphkit.stores.engine.record import Record

_RECORD: Final = "graph.duckdb"
_MARK: Final = "generation"
_TRIES: Final = 3


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

    def _opened(self) -> Record:
        if self._record is None:
            from graphkit.stores.engine.record import Record

            self._record = Record(self._path / _RECORD)
        return self._record

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
        return self._opened().write(facts, self._path / _MARK)

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
                if not (target / HEADER).is_file():
                    target = self._compile()
                reader = IndexReader(IndexFolder(target))
            except DamagedIndex:
                # Half removed by a process that compiled a newer one, or broken on disk: it is
                # compiled anew either way, which is what an index is for.
                (target / HEADER).unlink(missing_ok=True)
                continue
            self._reader = generation, reader
            return reader
        raise GraphkitError(
            f"{self._path}: the index cannot be saved; is the disk full, or is another program changing the folder?"
        )

    def _generation(self) -> str:
        mark = self._path / _MARK
        try:
            return mark.read_text(encoding="utf-8")
        except FileNotFoundError:
            generation = self._opened().write_mark(mark)
            self._let_go()
            return generation

    def _compile(self) -> Path:
        from graphkit.stores.engine.compile import compile_index
        from graphkit.stores.engine.record import explained

        record = self._opened()
        try:
            with explained(self._path / _RECORD):
                target = index_path(self._path, record.generation())
                compile_index(record.connection, target)
        finally:
            self._let_go()
        return target

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
