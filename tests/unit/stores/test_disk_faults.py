"""A disk that does not do as it should: one true line, and the graph is as it was."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from graphkit.model.errors import GraphkitError
from graphkit.model.index import ProjectPage
from graphkit.model.names import package_name
from graphkit.stores.embedded.store import EmbeddedStore
from graphkit.stores.engine.disk_errors import cause_in, disk_error

RUN = """
import resource, sys
from graphkit.model.errors import GraphkitError
from graphkit.model.index import ProjectPage
from graphkit.stores.embedded.store import EmbeddedStore
import duckdb, graphkit.stores.engine.compile, graphkit.stores.engine.record
limit, most, what, graph = sys.argv[1:]
resource.setrlimit(getattr(resource, limit), (int(most), int(most)))
try:
    store = EmbeddedStore(graph)
    if what == "ask":
        print(store.reader().generation().packages)
    else:
        many = [f"package-{number}-{'long' * 20}" for number in range(20_000)]
        store.record([
            ProjectPage(package=name, spelling=name, releases=(), read_at=1, source="index.example") for name in many
        ])
    store.close()
except GraphkitError as error:
    print(error)
"""


def page(name: str) -> ProjectPage:
    return ProjectPage(package=package_name(name), spelling=name, releases=(), read_at=9, source="index.example")


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    """Return a graph whose index is not fresh."""
    store = EmbeddedStore(tmp_path / "graph", create=True)
    store.record([page("lib")])
    store.close()
    return tmp_path / "graph"


def limited(limit: str, most: int, what: str, graph: Path) -> str:
    command = [sys.executable, "-c", RUN, limit, str(most), what, str(graph)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize(
    ("limit", "most", "match"),
    [("RLIMIT_FSIZE", 500_000, "the disk is full"), ("RLIMIT_NOFILE", 5, r"Too many open files; raise .*ulimit -n")],
)
@pytest.mark.parametrize("what", ["ask", "write"])
def test_a_limit_is_one_line_and_the_graph_is_whole(graph: Path, limit: str, most: int, match: str, what: str) -> None:
    before = (graph / "graph.duckdb").read_bytes()
    line = limited(limit, most, what, graph)
    assert line.startswith(f"{graph}: ")
    assert line.count("\n") == 1
    with pytest.raises(GraphkitError, match=match):
        raise GraphkitError(line)
    assert (graph / "graph.duckdb").read_bytes() == before
    store = EmbeddedStore(graph)
    assert store.reader().generation().packages == 1
    store.close()
    assert not [path.name for path in graph.rglob("*") if "snapshot" in path.name or path.name.startswith(".")]


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOLCK])
def test_a_folder_that_cannot_be_written_is_one_line(graph: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    opened = os.open

    def refused(path: str | Path, flags: int, *rest: int) -> int:
        if flags & os.O_CREAT and str(path).startswith(str(graph)):
            raise OSError(number, os.strerror(number))
        return opened(path, flags, *rest)

    monkeypatch.setattr("os.open", refused)
    for what in ("ask", "write"):
        store = EmbeddedStore(graph)
        with pytest.raises(GraphkitError) as caught:
            _ = store.reader() if what == "ask" else store.record([page("new")])
        assert str(caught.value).startswith(f"{graph}: it cannot be written: {os.strerror(number)}; ")
    monkeypatch.undo()
    store = EmbeddedStore(graph)
    before = store.reader().generation()
    store.close()
    monkeypatch.setattr("os.open", refused)
    assert EmbeddedStore(graph).reader().generation() == before, "a fresh index is read without a lock"


@pytest.mark.parametrize(
    "name", ["a b", "it's", 'q"uo', "ünï", "new\nline", "--", ":memory:", "md:x", "%41;#", "x" * 240]
)
def test_odd_paths_are_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    store = EmbeddedStore(name, create=True)
    store.record([page("lib")])
    assert store.reader().generation().packages == 1
    store.close()
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert EmbeddedStore(name).reader().generation().packages == 1


def test_a_path_that_the_database_cannot_have_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(GraphkitError, match=r"below a folder with \? in its name; give another one"):
        EmbeddedStore(tmp_path / "what?", create=True)


@pytest.mark.parametrize("name", ["x" * 300, "folder/" * 700])
def test_a_path_that_is_too_long_is_one_line(tmp_path: Path, name: str) -> None:
    with pytest.raises(GraphkitError, match="File name too long; give a shorter path with --graph"):
        EmbeddedStore(tmp_path / name, create=True)


def test_an_index_may_be_read_by_whom_the_graph_may_be_read(graph: Path) -> None:
    graph.chmod(0o755)
    (graph / "index").mkdir(mode=0o755)
    store = EmbeddedStore(graph)
    store.reader()
    store.close()
    (index,) = (graph / "index").iterdir()
    assert index.stat().st_mode & 0o777 == 0o755


def test_what_duckdb_says_of_the_disk_is_found() -> None:
    assert cause_in("IO Error: Parser Error") is None
    cause = cause_in('IO Error: Cannot open file "/a/b": Read-only file system')
    assert cause is not None
    assert str(disk_error(Path("there"), "it cannot be read", cause)) == (
        "there: it cannot be read: Read-only file system; copy the graph to where it can be written, and give that "
        "folder with --graph"
    )
    assert str(disk_error(Path("there"), "it cannot be read", OSError(errno.EIO, "broken"))) == (
        "there: it cannot be read: broken"
    )
