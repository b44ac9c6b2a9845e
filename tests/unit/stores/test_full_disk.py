"""A disk without room: one line that says what to do, and nothing half written left behind."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import duckdb
import pytest

from graphkit.model.errors import GraphkitError
from graphkit.stores.embedded.store import EmbeddedStore
from graphkit.stores.engine.record import explained

FULL = "/srv/graph: the disk is full; free some space and run the same command again; what was saved before is kept"


@pytest.mark.parametrize(
    "error",
    [
        duckdb.TransactionException(
            "TransactionContext Error: Failed to commit: Could not write file "
            '"/srv/graph/graph.duckdb.wal": No space left on device'
        ),
        duckdb.IOException(f"IO Error: Could not write file: {os.strerror(errno.EDQUOT)}"),
        OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/srv/graph/generation"),
        OSError("4096 requested and 1024 written"),  # as NumPy says it
    ],
)
def test_a_full_disk_is_one_line(error: Exception) -> None:
    with pytest.raises(GraphkitError) as caught, explained(Path("/srv/graph/graph.duckdb")):
        raise error
    assert str(caught.value) == FULL


def test_other_errors_have_no_path_of_this_machine() -> None:
    place = Path.cwd() / "of a person" / "graph.duckdb"
    for given in (place, place.relative_to(Path.cwd())):
        with pytest.raises(GraphkitError) as caught, explained(given):
            raise duckdb.IOException(f'IO Error: Cannot open file "{place}": is a directory')
        assert str(caught.value).endswith('IO Error: Cannot open file "graph.duckdb": is a directory')


def test_a_mark_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    store = EmbeddedStore(tmp_path / "graph", create=True)
    (tmp_path / "graph" / "generation").unlink()
    (tmp_path / "graph" / "generation" / "inside").mkdir(parents=True)
    with pytest.raises(GraphkitError, match="graph: the graph cannot be written"):
        store.record([])
    store.close()
    assert not list((tmp_path / "graph").glob("generation.*"))


def test_an_index_that_cannot_be_written_leaves_no_half(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError("4096 requested and 1024 written")

    store = EmbeddedStore(tmp_path / "graph", create=True)
    monkeypatch.setattr("numpy.save", full)
    with pytest.raises(GraphkitError, match="graph: the disk is full"):
        store.reader()
    assert list((tmp_path / "graph" / "index").iterdir()) == []
    monkeypatch.undo()
    assert store.reader().counts()["documents"] == 0
    store.close()
