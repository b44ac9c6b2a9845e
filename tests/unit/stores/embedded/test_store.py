"""The embedded folder: locks, kills, damage, and what a reader may import."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from graphkit.model.errors import GraphkitError, GraphkitWarning
from graphkit.model.index import File, FileKind, MetadataSource, ProjectPage, ReleaseFiles, ReleaseMetadata
from graphkit.model.names import PackageName, package_name
from graphkit.model.requirements import requirement
from graphkit.stores import STORES, open_store, port
from graphkit.stores.embedded.store import EmbeddedStore
from graphkit.stores.engine.array_folder import DamagedIndex
from graphkit.stores.engine.index_folder import IndexFolder
from graphkit.stores.neo4j.store import Neo4jStore
from tests.contract.test_store_contract import document


def page(name: str, *versions: str) -> ProjectPage:
    releases = tuple(
        ReleaseFiles(version=one, files=(File(filename=f"{name}-{one}.tar.gz", kind=FileKind.SDIST, uploaded=1),))
        for one in versions
    )
    return ProjectPage(package=package_name(name), spelling=name, releases=releases, read_at=9, source="index.example")


def metadata(name: str, version: str, *requires: str) -> ReleaseMetadata:
    return ReleaseMetadata(
        package=package_name(name),
        version=version,
        requirements=tuple(map(requirement, requires)),
        source=MetadataSource.WHEEL,
    )


FACTS: tuple[port.Fact, ...] = (page("lib", "1", "2"), page("app", "1"), metadata("app", "1", "lib>=1", "dep"))


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    store = EmbeddedStore(tmp_path / "graph", create=True)
    store.record(FACTS)
    store.reader()
    store.close()
    return tmp_path / "graph"


def in_another_process(script: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_every_store_of_the_registry_is_there(tmp_path: Path) -> None:
    assert [name for name, _ in STORES] == ["embedded", "neo4j"]
    opened: port.Store = EmbeddedStore(tmp_path / "new", create=True)  # mypy compares it with the port here
    opened.close()
    assert isinstance(open_store(tmp_path / "new"), EmbeddedStore)


@pytest.mark.parametrize("address", ["neo4j://host", "bolt+s://host", "NEO4J://host"])
def test_addresses_of_servers_open_the_other_store(address: str) -> None:
    assert isinstance(open_store(address), Neo4jStore)  # nothing is asked of the server yet
    with pytest.raises(GraphkitError, match="no store takes"):
        open_store("redis://host")


def test_a_missing_graph_names_the_command_that_makes_one(tmp_path: Path) -> None:
    with pytest.raises(GraphkitError, match=r"graphkit ingest .*graphkit demo"):
        open_store(tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_a_foreign_folder_or_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    for address in (tmp_path, tmp_path / "thesis.txt"):
        with pytest.raises(GraphkitError, match="is not a graph"):
            open_store(address, create=True)
    with pytest.raises(GraphkitError, match="cannot be made"):
        open_store(tmp_path / "thesis.txt" / "below", create=True)


def test_a_broken_record_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "graph.duckdb").write_bytes(b"no database" * 2000)
    with pytest.raises(GraphkitError, match=r"graph\.duckdb: the record is damaged .*from a backup") as caught:
        open_store(tmp_path).reader()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("statement", "match"),
    [
        ("CREATE TABLE mine (a INTEGER)", "but not a graph"),
        ("CREATE VIEW mine AS SELECT 1", "but not a graph"),
        ("UPDATE record SET format = '0'", "has format 0"),
        ("UPDATE record SET format = '2'; DROP TABLE versions", "has format 2"),  # as an older graphkit left it
    ],
)
def test_other_databases_are_refused(tmp_path: Path, statement: str, match: str) -> None:
    path = tmp_path / "graph.duckdb"
    if statement.startswith("UPDATE"):
        EmbeddedStore(tmp_path, create=True).close()
    with duckdb.connect(str(path)) as connection:
        connection.execute(statement)
    with pytest.raises(GraphkitError, match=match):
        open_store(tmp_path).record(FACTS)


def test_pages_that_an_earlier_graphkit_kept_speak_by_what_is_left_of_them(tmp_path: Path) -> None:
    store = EmbeddedStore(tmp_path, create=True)
    wheel = File(filename="lib-1.0-py3-none-any.whl", kind=FileKind.WHEEL, uploaded=10)
    pages = [
        ProjectPage(package=package_name(name), spelling=name, releases=releases, read_at=1000, source="index.example")
        for name, releases in (("lib", (ReleaseFiles(version="1.0", files=(wheel,)),)), ("bare", ()))
    ]
    store.record(pages)
    store.close()
    with duckdb.connect(str(tmp_path / "graph.duckdb")) as connection:
        connection.execute("ALTER TABLE pages DROP COLUMN listed")
    reader = open_store(tmp_path).reader()
    found = reader.packages(reader.package_ids(["lib", "bare"]))
    assert found.speaks_until.tolist() == [1000, 0]
    assert found.flags.tolist() == [port.PAGE_READ, port.PAGE_EMPTY]


def test_a_fresh_index_needs_no_database(graph: Path) -> None:
    script = """
import sys
from graphkit.stores import open_store
reader = open_store(sys.argv[1]).reader()
print(reader.package_ids(["lib", "none"]).tolist(), len(reader.evidence().incidents()), "duckdb" in sys.modules)
"""
    assert in_another_process(script, graph).stdout == "[2, -1] 0 False\n"


def test_a_second_writer_waits_and_then_says_who_writes(graph: Path) -> None:
    script = """
import sys
from graphkit.model.callers import Caller
from graphkit.model.errors import GraphkitError
from graphkit.stores import open_store
store = open_store(sys.argv[1], caller=Caller(wait=0))
print(store.reader().counts()["packages"])
try:
    store.record([])
except GraphkitError as error:
    print(error)
"""
    holder = EmbeddedStore(graph)
    holder.known([])
    count, _, line = in_another_process(script, graph).stdout.partition("\n")
    holder.close()
    assert count == "3", "reading a fresh index needs no lock"
    assert f"graph is in use by a Python program (process {os.getpid()}, since 20" in line


@pytest.mark.parametrize("moment", ["_replace", "write_mark"])
def test_a_killed_ingest_is_all_or_nothing(graph: Path, moment: str) -> None:
    script = f"""
import os, signal, sys
from graphkit.model.index import ProjectPage
from graphkit.stores import open_store
from graphkit.stores.engine.record import Record
whole = Record.{moment}
def killed(self, *rest):
    if {moment!r} == "_replace":
        whole(self, *rest)
    os.kill(os.getpid(), signal.SIGKILL)
store = open_store(sys.argv[1])
Record.{moment} = killed
store.record([ProjectPage(package="late", spelling="late", releases=(), read_at=10, source="index.example")])
"""
    assert in_another_process(script, graph).returncode == -signal.SIGKILL
    store = EmbeddedStore(graph)
    kept = moment == "write_mark"  # by then the commit is done
    assert (store.reader().package_ids(["late"])[0] >= 0) == kept
    assert store.record(FACTS).new == 0
    store.close()


def test_equal_facts_compile_to_equal_bytes(tmp_path: Path) -> None:
    found = []
    for number, facts in enumerate([FACTS, tuple(reversed(FACTS)), (*FACTS, *FACTS)]):
        store = EmbeddedStore(tmp_path / str(number), create=True)
        for fact in facts:
            store.record([fact])
        store.reader()
        store.close()
        (index,) = (tmp_path / str(number) / "index").iterdir()
        found.append({file.name: file.read_bytes() for file in index.iterdir()})
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize("name", ["header.json", "package.start.npy", "release.flags.npy"])
@pytest.mark.parametrize("damage", ["removed", "emptied", "cut"])
def test_a_damaged_index_is_compiled_anew(graph: Path, name: str, damage: str) -> None:
    (file,) = (graph / "index").glob(f"*/{name}")
    if damage == "removed":
        file.unlink()
    else:
        file.write_bytes(b"" if damage == "emptied" else file.read_bytes()[:-1])
    store = EmbeddedStore(graph)
    with pytest.warns(GraphkitWarning, match="graph: the index was damaged and was compiled anew from the record; "):
        assert store.reader().package_ids(["app"]).tolist() == [0]
    store.close()
    assert len(list((graph / "index").iterdir())) == 1
    assert EmbeddedStore(graph).reader().counts()["packages"] == 3


def flip(file: Path, at: int) -> None:
    data = bytearray(file.read_bytes())
    data[at] ^= 1
    file.write_bytes(data)


def in_all(graph: Path, change: Callable[[Path], object]) -> None:
    for file in (graph / "index").glob("*/*.npy"):
        change(file)


def test_a_flipped_bit_changes_no_answer(graph: Path) -> None:
    store = EmbeddedStore(graph)
    flags = store.reader().packages(store.reader().package_ids(["app", "lib"])).flags.tolist()
    store.close()
    (file,) = (graph / "index").glob("*/package.flags.npy")
    flip(file, -1)
    store = EmbeddedStore(graph)
    with pytest.warns(GraphkitWarning, match="compiled anew"):
        assert store.reader().packages(store.reader().package_ids(["app", "lib"])).flags.tolist() == flags
    store.close()


def test_damage_that_processes_of_a_question_find_is_mended(graph: Path) -> None:
    script = """
import sys, warnings
import numpy as np
from graphkit import processes
from graphkit.model.progress import silent
from graphkit.stores import open_store
from graphkit.stores.engine import array_folder
array_folder._WHOLE = processes._FEWEST = 0
warnings.simplefilter("always")
warnings.showwarning = lambda message, *_, **__: print(str(message).rpartition(": ")[2][:35], flush=True)
reader = open_store(sys.argv[1]).reader()
work = lambda name: int(reader.packages(reader.package_ids([name])).flags[0])
print(list(processes.spread(silent, work, ["lib", "app"] * 100)) == [1] * 200)
print(reader.packages(reader.package_ids(["lib"])).flags.tolist(), reader.counts()["packages"])
"""
    in_all(graph, lambda file: flip(file, -1))
    found = in_another_process(script, graph)
    *told, numbers = found.stdout.splitlines()
    assert (numbers, found.stderr) == ("[1] 3", "")
    assert {one for one in told if not one.startswith("waiting for")} == {"True", "the index was damaged and was compi"}


def test_an_older_index_that_is_damaged_is_not_compiled_from(graph: Path) -> None:
    in_all(graph, lambda file: flip(file, -1))
    store = EmbeddedStore(graph)
    store.record([page("new", "1")])
    assert store.reader().package_ids(["new"]).tolist() == [3]
    (index,) = (graph / "index").iterdir()
    assert IndexFolder(index).folder.is_whole()
    store.close()


def test_damage_that_was_taken_over_is_found_where_it_is_read(graph: Path) -> None:
    (file,) = (graph / "index").glob("*/release.flags.npy")
    flip(file, -1)
    store = EmbeddedStore(graph)
    store.record([document("aa" * 32)])
    with pytest.warns(GraphkitWarning, match="compiled anew"):
        store.reader()
    (index,) = (graph / "index").iterdir()
    assert IndexFolder(index).folder.is_whole()
    store.close()


def test_an_index_that_is_damaged_while_the_graph_goes_on_is_asked_for_again(
    graph: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("graphkit.stores.engine.array_folder._WHOLE", 0)
    (file,) = (graph / "index").glob("*/package.flags.npy")
    flip(file, -1)
    store = EmbeddedStore(graph)
    reader = store.reader()
    other = EmbeddedStore(graph)
    other.record([page("new", "1")])
    other.close()
    with pytest.raises(DamagedIndex, match="the graph changed while it was read; run the same command again"):
        reader.packages(reader.package_ids(["app"]))
    assert store.reader().package_ids(["new"]).tolist() == [3]
    store.close()


@pytest.mark.parametrize("content", [b"", b"\0\xff", b"0badcafe-9", None])
def test_a_mark_that_is_damaged_is_written_anew(graph: Path, content: bytes | None) -> None:
    mark = graph / "generation"
    before = mark.read_bytes()
    mark.unlink() if content is None else mark.write_bytes(content)
    store = EmbeddedStore(graph)
    assert store.reader().counts()["packages"] == 3
    store.close()
    assert mark.read_bytes() == before


@pytest.mark.parametrize("what", ["missing", "empty", "older", "of another graph"])
def test_a_record_that_is_not_the_one_that_was_written_is_damage(graph: Path, tmp_path: Path, what: str) -> None:
    record = graph / "graph.duckdb"
    older = record.read_bytes()
    store = EmbeddedStore(graph)
    store.record([page("new", "1")])
    store.close()
    if what == "missing":
        record.unlink()
    elif what == "of another graph":
        EmbeddedStore(tmp_path / "other", create=True).close()
        record.write_bytes((tmp_path / "other" / "graph.duckdb").read_bytes())
    else:
        record.write_bytes(b"" if what == "empty" else older)
    words = {"missing": "the file is missing", "empty": "the file is empty"}
    for create in (False, True):
        with pytest.raises(GraphkitError, match=r"the record is damaged .*put the whole folder back") as caught:
            EmbeddedStore(graph, create=create).record(FACTS)
        assert words.get(what, "was written; if you put an older one in its place") in str(caught.value)
    if what == "older":  # as the line says
        (graph / "generation").unlink()
        assert EmbeddedStore(graph).reader().counts()["packages"] == 3


def test_the_whole_index_may_be_thrown_away(graph: Path) -> None:
    before = EmbeddedStore(graph).reader().generation()
    for folder in (graph / "index").iterdir():
        shutil.rmtree(folder)
    (graph / "generation").unlink()
    (graph / "index" / ".building-left").mkdir()
    store = EmbeddedStore(graph)
    assert store.reader().generation() == before
    assert store.reader() is store.reader()
    store.close()
    assert [path.name for path in (graph / "index").iterdir() if path.name.startswith(".")] == []


def test_a_failed_compilation_leaves_nothing_behind(graph: Path) -> None:
    store = EmbeddedStore(graph)
    store.record([ProjectPage(package=PackageName("x"), spelling="x", releases=(), read_at=1, source="index.example")])
    index = graph / "index"
    index.rename(graph / "kept")
    index.write_text("in the way")
    with pytest.raises(GraphkitError, match="File exists"):
        store.reader()
    index.unlink()
    assert store.reader().package_ids(["x"]).tolist() == [3]
    store.close()


def test_an_index_that_is_damaged_whatever_is_compiled_is_one_line(
    graph: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def damaged(_: IndexFolder) -> None:
        raise DamagedIndex("the index has no package.start")

    monkeypatch.setattr("graphkit.stores.embedded.store.IndexReader", damaged)
    store = EmbeddedStore(graph)
    monkeypatch.setattr("graphkit.stores.embedded.store.warnings.warn", lambda *_, **__: None)
    with pytest.raises(GraphkitError, match=r"graph: the index cannot be saved; is the disk full, or is another prog"):
        store.reader()
    monkeypatch.undo()
    assert store.reader().counts()["packages"] == 3
    store.close()


def test_a_store_knows_its_folder_and_opens_again_after_it_was_closed(graph: Path) -> None:
    store = EmbeddedStore(graph)
    assert store.folder == graph
    for _ in range(2):
        store.close()
    assert store.known(["aa"]) == {}
    assert store.reader().counts()["packages"] == 3
    store.close()
