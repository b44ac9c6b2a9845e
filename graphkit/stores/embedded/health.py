"""Whether the files of a graph are as they were written, and what processes left that were killed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from graphkit.model.errors import GraphkitError
from graphkit.stores.embedded.snapshot import Snapshots
from graphkit.stores.embedded.store import RECORD, EmbeddedStore
from graphkit.stores.engine.array_folder import DamagedIndex
from graphkit.stores.engine.generation_mark import MARK, generation_in
from graphkit.stores.engine.index_folder import INDEX, IndexFolder, index_path
from graphkit.stores.engine.record import Record, explained
from graphkit.stores.engine.schema import TABLES


def index_of(graph: Path) -> Path | None:
    """Return the folder of the index of the newest generation, None where the record was not compiled since."""
    try:
        generation = generation_in((graph / MARK).read_bytes())
    except OSError:
        return None
    target = index_path(graph, generation) if generation else None
    return target if target is not None and target.is_dir() else None


def is_whole(index: Path) -> bool:
    """Return whether every block of an index has the sum with which it was written. Cost: a read of all of it."""
    try:
        return IndexFolder(index).folder.is_whole()
    except DamagedIndex:
        return False


def read_through(store: EmbeddedStore, folder: Path) -> tuple[int, int | None]:
    """Read every block of a copy of the record, which the database checks; return how many rows, and the newest page.

    The newest page is given by when it was read, None without pages. Cost: a copy of the record, and a read of it.

    Raises:
        GraphkitError: it is damaged, or another process writes for longer than the caller waits.
    """
    record = Record(store.copy_record(folder))
    try:
        with explained(folder / RECORD):
            found = 0
            for table in TABLES:
                row = record.connection.execute(f"SELECT count(*), bit_xor(hash(t)) FROM {table} AS t").fetchone()  # noqa: S608 - own names
                found += int(row[0]) if row else 0
            ((newest,),) = record.connection.execute("SELECT max(read_at) FROM pages").fetchall()
    finally:
        record.close()
    return found, None if newest is None else int(newest)


def left_behind(graph: Path) -> list[Path]:
    """Return what killed processes left; nothing that a process uses, as long as `EmbeddedStore.alone` is held."""
    return sorted({*Snapshots(graph).left(), *_older(graph), *graph.glob(f"{MARK}.*")})


def _older(graph: Path) -> Iterator[Path]:
    current = index_of(graph)
    if current is not None and (graph / INDEX).is_dir():
        yield from (one for one in (graph / INDEX).iterdir() if one != current)


def remove(left: list[Path]) -> None:
    """Remove files and folders.

    Raises:
        GraphkitError: one of them cannot be removed.
    """
    for path in left:
        try:
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        except OSError as error:
            raise GraphkitError(f"{path}: cannot be removed: {error.strerror}") from error
