"""The next process starts from what the one before read of a server, and fetches what changed since."""

from __future__ import annotations

from typing import Any

import pytest

from graphkit.stores import open_store
from graphkit.stores.neo4j.server import Server
from graphkit.stores.neo4j.store import Neo4jStore
from tests.contract.test_store_contract import WORLD, one, page
from tests.neo4j.test_changes import batches, read
from tests.neo4j_server import clear

pytestmark = pytest.mark.server


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements that readers ask."""
    names: list[str] = []
    ask = Server.ask

    def counted(server: Server, name: str, seen: int, **parameters: Any) -> list[dict[str, Any]]:
        names.append(name)
        return ask(server, name, seen, **parameters)

    monkeypatch.setattr(Server, "ask", counted)
    return names


def answer(address: str) -> object:
    """What a process of its own says."""
    store = Neo4jStore(address)
    found = store.ask(read)
    store.close()
    return found


def test_the_next_process_asks_for_what_changed_alone(
    server: str, asked: list[str], tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = open_store(tmp_path_factory.mktemp("alone") / "graph", create=True)
    writing = Neo4jStore(server, create=True)
    for store in (alone, writing):
        store.record(WORLD)
    assert answer(server) == read(alone.reader())
    first = len(asked)
    assert answer(server) == read(alone.reader())
    assert asked[first:] == []
    for batch in batches():
        for store in (alone, writing):
            store.record(batch)
        assert answer(server) == read(alone.reader())
    for store in (alone, writing):
        store.record([page("unasked", {"1": 1})])
    assert answer(server) == read(alone.reader())
    known = len(asked)
    monkeypatch.setenv("GRAPHKIT_NO_CACHE", "1")
    assert answer(server) == read(alone.reader())
    assert len(asked) - known >= first
    for store in (alone, writing):
        store.close()


def test_another_graph_at_the_same_address_is_another(server: str) -> None:
    for version in ("1", "2"):
        clear(server)
        store = Neo4jStore(server, create=True)
        store.record([*WORLD, page("more", {version: 5})])
        more = store.ask(lambda reader: one(reader, "more")[1])
        assert list(more.version) == [version]
        store.close()
