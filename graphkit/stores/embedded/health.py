"""Whether the files of a graph are as they were written, and what processes left that were killed."""

from __future__ import annotations

from pathlib import Path

from graphkit.model.callers import Caller
from graphkit.stores.embedded.leftovers import leftovers, remove
from graphkit.stores.embedded.store import RECORD, EmbeddedStore
from graphkit.stores.engine.array_folder import DamagedIndex
from graphkit.stores.engine.generation_mark import MARK, generation_in
from graphkit.stores.engine.index_folder import IndexFolder, index_path
from graphkit.stores.engine.record import Record, explained
from graphkit.stores.engine.schema import TABLES


class FolderHealth:
    """What can be looked at and mended in the folder of a graph."""

    def __init__(self, address: str, caller: Caller | None) -> None:
        """Open a graph; as for `EmbeddedStore`."""
        self._path, self._store = Path(address), EmbeddedStore(address, caller=caller)

    def index(self) -> Path | None:
        """Return the folder of the index of the newest generation, None where the record was not compiled since."""
        generation = self._generation()
        target = index_path(self._path, generation) if generation else None
        return target if target is not None and target.is_dir() else None

    def _generation(self) -> str | None:
        try:
            return generation_in((self._path / MARK).read_bytes())
        except OSError:
            return None

    @staticmethod
    def is_whole(index: Path) -> bool:
        """Return whether every block of an index has the sum with which it was written. Cost: a read of all of it."""
        try:
            return IndexFolder(index).folder.is_whole()
        except DamagedIndex:
            return False

    def compile_anew(self, index: Path) -> None:
        """Remove an index and compile the record."""
        with self._store.alone():
            remove([index])
        self._store.reader()
        self._store.close()

    def read_through(self, folder: Path) -> tuple[int, int | None]:
        """Read every block of a copy of the record, which the database checks; return its rows and the newest page.

        The newest page is given by when it was read, None without pages. Cost: a copy of the record, and a read of it.

        Raises:
            GraphkitError: it is damaged, or another process writes for longer than the caller waits.
        """
        record = Record(self._store.copy_record(folder))
        try:
            with explained(folder / RECORD):
                found = 0
                for table in TABLES:
                    query = f"SELECT count(*), bit_xor(hash(one)) FROM {table} AS one"  # noqa: S608 - own names
                    ((rows, _),) = record.connection.execute(query).fetchall()
                    found += int(rows)
                ((newest,),) = record.connection.execute("SELECT max(read_at) FROM pages").fetchall()
        finally:
            record.close()
        return found, None if newest is None else int(newest)

    def left_behind(self, *, to_remove: bool) -> list[str]:
        """Return what killed processes left, as paths in the folder, and remove it where told.

        Raises:
            GraphkitError: one of them cannot be removed, or another process writes for longer than the caller waits.
        """
        with self._store.alone():
            left = leftovers(self._path, self._generation())
            if to_remove:
                remove(left)
        return [str(path.relative_to(self._path)) for path in left]
