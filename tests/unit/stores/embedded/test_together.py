"""Several processes on one graph: those who ask, those who write, and folders that go away meanwhile."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import duckdb
import pytest

from graphkit.model.callers import Caller
from graphkit.model.errors import GraphkitError, GraphkitWarning
from graphkit.model.index import ProjectPage
from graphkit.model.names import PackageName
from graphkit.stores.embedded.store import EmbeddedStore

BATCHES = 24
WRITE = f"""
import sys
from graphkit.model.index import ProjectPage
from graphkit.stores import open_store
store = open_store(sys.argv[1], create=True)
name = "p%03d"
for batch in range({BATCHES}):
    store.record([
        ProjectPage(package=name % (2 * batch + one), spelling="p", releases=(), read_at=1, source="index.example")
        for one in range(2)
    ])
    print("written", flush=True)
    if batch % 6 == 5:
        store.close()  # and the next batch opens it again
"""
"""Two packages a batch, so that an odd number of them is of no generation."""
ASK = f"""
import sys
from graphkit.stores import open_store
found = -1
while found < {2 * BATCHES}:
    store = open_store(sys.argv[1])
    found = store.reader().generation().packages
    print(found, flush=True)
    store.close()
"""


def pages(*names: str) -> list[ProjectPage]:
    return [
        ProjectPage(package=PackageName(name), spelling=name, releases=(), read_at=1, source="index.example")
        for name in names
    ]


@contextmanager
def started(script: str, *arguments: str | Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", script, *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def test_every_answer_is_of_a_committed_generation(tmp_path: Path) -> None:
    graph = tmp_path / "graph"
    EmbeddedStore(graph, create=True).close()
    with started(ASK, graph) as one, started(ASK, graph) as other, started(WRITE, graph) as writer:
        ended = [process.communicate(timeout=60) for process in (writer, one, other)]
        assert [process.returncode for process in (writer, one, other)] == [0, 0, 0], ended
    for out, err in ended[1:]:
        found = [int(line) for line in out.split()]
        assert "Traceback" not in err
        assert all(count % 2 == 0 for count in found)
        assert found == sorted(found), "nobody sees an older generation after a newer one"
        assert found[-1] == 2 * BATCHES
    assert EmbeddedStore(graph).reader().counts()["packages"] == 2 * BATCHES
    assert not list(graph.glob("snapshot-*"))


def test_who_asks_while_another_writes_gets_what_was_complete_before(tmp_path: Path) -> None:
    graph = tmp_path / "graph"
    store = EmbeddedStore(graph, create=True)
    store.record(pages("first"))
    store.close()  # and nobody asked, so that there is no index of it
    writer = EmbeddedStore(graph, caller=Caller("graphkit ingest index"))
    writer.record(pages("second"))
    writer._lock._give = None  # as in another process
    asker = EmbeddedStore(graph)
    told = rf"is being written by graphkit ingest index \(process {os.getpid()}, since 20.*as it was before that"
    with pytest.warns(GraphkitWarning, match=told):
        before = asker.reader().generation()
    assert before.packages == 1
    assert asker.reader().generation() == before, "and it is said once"
    assert not list(graph.glob("snapshot-*")), "it is an index now"
    writer.close()
    assert asker.reader().generation().packages == 2


def test_a_store_reads_and_writes_what_another_of_its_process_wrote(tmp_path: Path) -> None:
    graph = tmp_path / "graph"
    one, other = EmbeddedStore(graph, create=True), EmbeddedStore(graph)
    one.record(pages("first"))
    assert other.reader().generation().packages == 1
    other.record(pages("second"))
    one.record(pages("third"))
    assert other.known([]) == {}
    assert one.reader().generation().packages == 3
    assert other.reader().generation().packages == 3


def test_a_store_keeps_the_record_for_a_call_of_its_own(tmp_path: Path) -> None:
    graph = tmp_path / "graph"
    one, other = EmbeddedStore(graph, create=True), EmbeddedStore(graph, caller=Caller(wait=0))

    def facts() -> Iterator[ProjectPage]:
        with pytest.raises(GraphkitError, match="in use"):
            other.record(pages("second"))
        yield from pages("first")

    assert one.record(facts()).new == 1
    one.close()
    assert other.record(pages("second")).new == 1


def test_a_writer_waits_for_nobody_who_compiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = tmp_path / "graph"
    store = EmbeddedStore(graph, create=True)
    store.record(pages("first"))
    seen = []

    def compiled(connection: duckdb.DuckDBPyConnection, target: Path, *, anew: bool) -> None:
        writer = EmbeddedStore(graph, caller=Caller(wait=0))
        assert writer.record(pages("second")).new == 1
        writer.close()
        whole(connection, target, anew=anew)
        seen.append(target)

    from graphkit.stores.engine.compile import compile_index as whole

    monkeypatch.setattr("graphkit.stores.engine.compile.compile_index", compiled)
    assert store.reader().generation().packages == 1, "what was there when it asked"
    monkeypatch.undo()
    assert len(seen) == 1
    assert store.reader().generation().packages == 2
    store.close()


def test_a_killed_writer_leaves_nothing_to_clean(tmp_path: Path) -> None:
    graph = tmp_path / "graph"
    store = EmbeddedStore(graph, create=True)
    store.record(pages("first"))
    store.close()
    with started(WRITE.replace("store.close()", "import time; time.sleep(60); #"), graph) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "written\n"
        writer.send_signal(signal.SIGKILL)
        writer.wait()
    asker = EmbeddedStore(graph, caller=Caller(wait=5))
    kept = asker.reader().generation().packages
    assert kept % 2 == 1
    assert kept >= 3, "with what the writer committed"
    assert not list(graph.glob("snapshot-*"))
    assert asker.record(pages("after")).new == 1
    asker.close()


def test_what_a_person_puts_beside_the_record_stays(tmp_path: Path) -> None:
    graph = tmp_path / "graph"
    with closing(EmbeddedStore(graph, create=True)) as store:
        store.record(pages("first"))
        store.reader()
    own = [graph / name for name in ("generation.md", "generation.2026-03-24", "snapshot-2026-03-24.duckdb")]
    left = [graph / "generation.4711", graph / "snapshot-0badcafe-7.duckdb", graph / "snapshot-0badcafe-7.duckdb.wal"]
    for path in (*own, *left):
        path.touch()
    with closing(EmbeddedStore(graph)) as store:
        store.reader()
    assert [path.name for path in (*own, *left) if path.exists()] == [path.name for path in own]


def test_a_process_that_is_killed_before_there_is_a_record_is_not_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text("")
    EmbeddedStore(tmp_path, create=True).close()


@pytest.mark.parametrize("becomes", ["nothing", "empty", "another"])
def test_a_folder_that_goes_away_while_it_is_open_is_one_line(tmp_path: Path, becomes: str) -> None:
    graph = tmp_path / "graph"
    store = EmbeddedStore(graph, create=True)
    store.record(pages("first"))
    shutil.rmtree(graph)
    if becomes == "empty":
        graph.mkdir()
    if becomes == "another":  # made by another process: in this one the database would still have the old file
        with started(WRITE, graph) as other:
            other.communicate(timeout=60)
    there = sorted(path.name for path in tmp_path.rglob("*"))
    for _ in range(2):
        with pytest.raises(GraphkitError, match="graph was deleted or replaced while it was open"):
            store.record(pages("second"))
    assert sorted(path.name for path in tmp_path.rglob("*")) == there
    store.close()


def test_a_reader_says_that_its_graph_went_away(tmp_path: Path) -> None:
    graph = tmp_path / "graph"
    store = EmbeddedStore(graph, create=True)
    store.reader()
    shutil.rmtree(graph)
    with pytest.raises(GraphkitError, match="graph was deleted or replaced while it was open"):
        store.reader()
    other = EmbeddedStore(graph, create=True)
    other.record(pages("another"))
    other.close()
    with pytest.raises(GraphkitError, match="graph was deleted or replaced while it was open"):
        store.reader()
    store.close()
    assert store.reader().generation().packages == 1, "opened again, it is another graph"
