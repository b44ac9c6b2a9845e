"""What processes left in the folder of a graph that were killed, or ended by a full disk."""

from __future__ import annotations

import shutil
from pathlib import Path

from graphkit.model.errors import GraphkitError
from graphkit.stores.embedded.snapshot import Snapshots
from graphkit.stores.engine.generation_mark import MARK
from graphkit.stores.engine.index_folder import INDEX, index_path, unfinished


def leftovers(graph: Path, generation: str | None) -> list[Path]:
    """Return what nobody needs where no process writes or compiles. Cost: a look at the names of two folders.

    ``generation``: the newest, None where it is not known. Its index is needed; where it is not compiled, a snapshot of
    it and the indexes of older ones are.
    """
    index = index_path(graph, generation) if generation else None
    is_compiled = index is not None and index.is_dir()
    snapshots = Snapshots(graph)
    needed = set() if is_compiled or generation is None else snapshots.files(generation)
    indexes = [path for path in (graph / INDEX).glob("*") if path != index] if is_compiled else []
    marks = [path for path in graph.glob(f"{MARK}.*") if path.name.removeprefix(f"{MARK}.").isdecimal()]
    found = {*snapshots.left(), *unfinished(graph), *indexes, *marks}
    return sorted(found - needed)


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
