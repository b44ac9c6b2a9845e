"""Graphs on their way to a server: what is copied, what is refused, and that everything is let go."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from graphkit.api import neo4j
from graphkit.api.neo4j import export_graph, push_graph, server_status
from graphkit.model.errors import GraphkitError, UsageError
from graphkit.stores import copier
from graphkit.stores.embedded.store import EmbeddedStore
from tests.unit.stores.engine.kept import component, document, metadata, page

SERVER = "neo4j://localhost:1"


@pytest.fixture
def address(tmp_path: Path) -> str:
    """A small graph: `app` requires `lib`, `other` nothing, and a document lists `listed`."""
    store = EmbeddedStore(tmp_path / "graph", create=True)
    pages = [page(name, "1") for name in ("app", "lib", "other", "listed")]
    store.record([*pages, metadata("app", "1", "lib"), document("aa", component("listed", "1"))])
    store.close()
    return str(tmp_path / "graph")


class Pushed:
    """What takes the place of the copier: it notes which packages it was given, and ends as it is told."""

    def __init__(self, *, answer: bool | Exception) -> None:
        self.answer = answer
        self.names: list[str] = []
        self.closed = 0

    def push(self, server: Any, tables: Any, progress: Any) -> bool:
        query = "SELECT package FROM pages ORDER BY package"
        self.names = [name for (name,) in tables._connection.execute(query).fetchall()]
        progress(1, 1, "told to nobody")
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def close(self, _: object = None) -> None:
        self.closed += 1


def pushing(monkeypatch: pytest.MonkeyPatch, *, answer: bool | Exception) -> Pushed:
    made = Pushed(answer=answer)
    monkeypatch.setattr(neo4j, "copier", lambda name: made.push if name == "push" else copier(name))
    monkeypatch.setattr("graphkit.stores.neo4j.server.Server.close", made.close)
    return made


@pytest.mark.parametrize("answer", [True, False])
def test_a_push_takes_the_whole_graph_and_lets_go_of_it(
    address: str,
    answer: bool,  # noqa: FBT001 - a parameter of a test
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pushed = pushing(monkeypatch, answer=answer)
    assert push_graph(address, SERVER) is answer
    assert (pushed.names, pushed.closed) == (["app", "lib", "listed", "other"], 1)
    EmbeddedStore(address).record([])  # nobody holds it


@pytest.mark.parametrize(
    ("around", "services", "names"),
    [(["LIB"], False, ["app", "lib"]), ([], True, ["listed"]), (["app", "lib"], True, ["app", "lib", "listed"])],
)
def test_a_push_takes_what_is_around_a_package_or_in_documents(
    address: str,
    around: Sequence[str],
    services: bool,  # noqa: FBT001
    names: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pushed = pushing(monkeypatch, answer=True)
    push_graph(address, SERVER, around=around, services=services)
    assert pushed.names == names


def test_a_push_that_fails_lets_go_of_both(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pushed = pushing(monkeypatch, answer=GraphkitError("the database holds another graph"))
    with pytest.raises(GraphkitError, match="holds another graph"):
        push_graph(address, SERVER, around=["lib"])
    assert pushed.closed == 1
    EmbeddedStore(address).record([])


def test_a_graph_on_a_server_is_none_to_start_from_and_its_address_is_not_repeated(tmp_path: Path) -> None:
    for call in (
        lambda: push_graph("bolt://user:secret@host", SERVER),
        lambda: export_graph("bolt://user:secret@host", str(tmp_path)),
    ):
        with pytest.raises(UsageError) as caught:
            call()
        assert str(caught.value) == "bolt://…: a push and an export start from an embedded graph, a folder"


def test_a_graph_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(GraphkitError, match="no graph at"):
        export_graph(str(tmp_path / "none"), str(tmp_path / "out"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["-", "", "lib>=1", "a\x1b[31m"])
def test_a_name_that_is_none_is_an_error_of_the_person(address: str, name: str) -> None:
    with pytest.raises(UsageError, match=r"is not a valid package name \(PEP 508\)$"):
        push_graph(address, SERVER, around=["lib", name])
    EmbeddedStore(address).record([])


def test_an_export_writes_files_with_headers_and_says_what_loads_them(address: str, tmp_path: Path) -> None:
    told: list[tuple[int, int | None, str]] = []
    line = export_graph(address, str(tmp_path / "out"), progress=lambda *said: told.append(said))
    files = {path.name for path in (tmp_path / "out").iterdir()}
    assert line.startswith("neo4j-admin database import full neo4j ")
    assert set(re.findall(r"\w+\.csv", line)) == {name for name in files if name.endswith(".csv")}
    assert told
    text = "".join((tmp_path / "out" / name).read_text() for name in sorted(files) if name.startswith("Package"))
    assert {"app", "lib", "listed", "other"} <= set(re.findall(r"[a-z]+", text))


def test_a_folder_that_cannot_be_written_is_one_line(address: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(GraphkitError, match="file/out: cannot be written: Not a directory"):
        export_graph(address, str(tmp_path / "file" / "out"))


def test_the_default_graph_is_taken_where_none_is_named(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRAPHKIT_GRAPH", address)
    assert export_graph(None, str(tmp_path / "out"))


def test_a_server_that_cannot_be_used_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[bool] = []

    def status(_: object) -> dict[str, str]:
        raise GraphkitError("the server cannot be reached")

    monkeypatch.setattr("graphkit.stores.neo4j.store.Neo4jStore.status", status)
    monkeypatch.setattr("graphkit.stores.neo4j.store.Neo4jStore.close", lambda _: closed.append(True))
    with pytest.raises(GraphkitError, match="cannot be reached"):
        server_status(SERVER)
    assert closed == [True]
