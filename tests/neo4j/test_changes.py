"""A question is answered of one generation while others write, also between what a writer says and does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import neo4j
import pytest
from msgspec.structs import replace

from graphkit.api import open_graph
from graphkit.model.errors import GraphChanged, GraphkitError
from graphkit.model.incidents import CompromisedRelease, Incident
from graphkit.model.names import ServiceId
from graphkit.model.organisation import DocumentUse, Organisation, Service
from graphkit.model.times import exactly
from graphkit.stores import open_store, port
from graphkit.stores.neo4j.reader import ServerReader
from graphkit.stores.neo4j.server import Server
from graphkit.stores.neo4j.store import Neo4jStore
from graphkit.stores.port import Fact
from tests.contract.test_store_contract import BAD, WORLD, component, document, dump, metadata, page
from tests.neo4j_server import database, settings

pytestmark = pytest.mark.server


def read(reader: port.Reader) -> object:
    """All that a reader says, read to its end."""
    found = dump(reader)
    assert isinstance(found, list)
    return [tuple(one) if isinstance(one, Sequence) and not isinstance(one, str) else one for one in found]


def batches() -> list[list[Fact]]:
    """Batches that change all that a reader reads: packages, ranges, documents, organisation and incidents."""
    (incident,) = (fact for fact in WORLD if isinstance(fact, Incident))
    more = CompromisedRelease(purl="pkg:pypi/app@2", package=BAD.package, version="1.0")
    return [
        [page("lib", {"0.8": 10, "1.0": 100, "3.0": 900}, read_at=2_000)],
        [document("dd", component("0", "lib", "7"), component("1", "lib", "0.95"), path="dd.json")],
        [DocumentUse(service=ServiceId("ci"), document="dd", built_at=exactly(1_700))],
        [metadata("dep", "4", "lib>=3", "app"), page("dep", {"4": 800})],
        [Organisation(source="more", services=(Service(id=ServiceId("cron")),))],
        [replace(incident, releases=(*incident.releases, more))],
        [metadata("app", "1", "dep>=1", "lib"), page("app", {"1": 110, "3": 130}, read_at=3_000)],
        [document("ee", component("0", "extra-dep", "1"), path="ee.json")],
        [replace(incident, releases=())],
        [page("weaker", {"1": 5}), metadata("weaker", "1", "app!=2", 'lib; extra == "q"')],
        [document("ee", component("0", "extra-dep", "1"), path="aa.json")],
        [page("lib", {"0.8": 10, "4.0": 1_900}, read_at=4_000)],
    ]


@pytest.fixture(scope="module")
def states(tmp_path_factory: pytest.TempPathFactory) -> list[object]:
    """What an embedded graph says after each batch, by itself."""
    store = open_store(tmp_path_factory.mktemp("alone") / "graph", create=True)
    found = []
    for batch in ([*WORLD], *batches()):
        store.record(batch)
        found.append(read(store.reader()))
    store.close()
    return found


@pytest.fixture
def filled(server: str) -> Iterator[tuple[Neo4jStore, Neo4jStore]]:
    """One who asks and one who writes, of a graph with the first facts."""
    asking, writing = Neo4jStore(server, create=True), Neo4jStore(server, create=True)
    writing.record(WORLD)
    yield asking, writing
    asking.close()
    writing.close()


def test_the_answer_is_that_of_one_generation_where_a_batch_comes_after_each_statement(
    filled: tuple[Neo4jStore, Neo4jStore], states: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    asking, writing = filled
    left = batches()
    ask = Server.ask

    def interrupted(server: Server, name: str, seen: int, **parameters: Any) -> list[dict[str, Any]]:
        found = ask(server, name, seen, **parameters)
        if left and server is asking._server:
            writing.record(left.pop(0))
        return found

    monkeypatch.setattr(Server, "ask", interrupted)
    while left:
        first = len(states) - 1 - len(left)
        found = asking.ask(read)
        assert found in states[first : len(states) - len(left)]
    assert asking.ask(read) == states[-1]


@pytest.mark.parametrize("word", ["change_begin", "change_end"])
def test_the_answer_is_that_of_one_generation_between_what_a_writer_says_and_does(
    word: str,
    server: str,
    filled: tuple[Neo4jStore, Neo4jStore],
    states: list[object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Asked when its word is committed and its facts are not, and when its facts are and nobody knows yet."""
    asking, writing = filled
    reader = asking.reader()
    assert read(reader) == states[0]
    said: list[object] = []
    write = Server.write

    def interrupted(through: Server, work: Any) -> Any:
        code = getattr(work, "__code__", None)
        is_word = code is not None and word in code.co_consts
        if is_word and word == "change_end":
            said.append(asked())
        found = write(through, work)
        if is_word and word == "change_begin":
            said.append(asked())
        return found

    def asked() -> object:
        fresh = Neo4jStore(asking._server._address)
        try:
            return read(fresh.reader())
        except GraphChanged:
            return None
        finally:
            fresh.close()

    monkeypatch.setattr(Server, "write", interrupted)
    for number, batch in enumerate(batches(), 1):
        writing.record(batch)
        assert said[-1] in (None, states[number - 1])
        assert asking.ask(read) == states[number]
    assert len(said) == len(states) - 1
    assert any(said) or word == "change_end"


def test_every_answer_is_that_of_one_generation_while_another_writes(
    filled: tuple[Neo4jStore, Neo4jStore], states: list[object]
) -> None:
    asking, writing = filled
    is_done = Event()

    def write() -> None:
        for batch in batches():
            writing.record(batch)
        is_done.set()

    found = []
    with ThreadPoolExecutor(1) as pool:
        writer = pool.submit(write)
        while not is_done.is_set() and not writer.done():
            found.append(states.index(asking.ask(read)))
        writer.result()
    assert found == sorted(found)
    assert asking.ask(read) == states[-1]


def test_what_a_killed_writer_said_keeps_nobody_from_an_answer(
    filled: tuple[Neo4jStore, Neo4jStore], states: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It said what it would change, and then its transaction was not committed."""
    asking, writing = filled

    def killed(*_: object) -> None:
        raise GraphkitError("killed")

    with monkeypatch.context() as patch:
        patch.setattr("graphkit.stores.neo4j.store._PATIENCE", 0.1)
        patch.setattr("graphkit.stores.neo4j.batch.Batch.__exit__", killed)
        with pytest.raises(GraphkitError, match="killed"):
            writing.record(batches()[0])
        assert asking.ask(read) == states[0]
    for number, batch in enumerate(batches(), 1):
        writing.record(batch)
        assert asking.ask(read) == states[number]


@pytest.mark.parametrize("is_committed", [False, True])
def test_the_next_who_may_write_settles_what_a_killed_writer_said(
    filled: tuple[Neo4jStore, Neo4jStore],
    states: list[object],
    server: str,
    monkeypatch: pytest.MonkeyPatch,
    is_committed: bool,  # noqa: FBT001 - a case
) -> None:
    """It was killed before its batch was committed, or after that and before it said so."""
    _, writing = filled
    write = Server.write

    def killed(*_: object) -> None:
        raise GraphkitError("killed")

    def cut_off(through: Server, work: Any) -> Any:
        if "change_end" in getattr(getattr(work, "__code__", None), "co_consts", ()):
            killed()
        return write(through, work)

    expected = states[is_committed]
    with monkeypatch.context() as patch:
        if is_committed:
            patch.setattr(Server, "write", cut_off)
        else:
            patch.setattr("graphkit.stores.neo4j.batch.Batch.__exit__", killed)
        with pytest.raises(GraphkitError, match="killed"):
            writing.record(batches()[0])
    asking, going_on, later = Neo4jStore(server), Neo4jStore(server, create=True), Neo4jStore(server)
    if is_committed:
        with open_graph(server) as graph:
            assert dict(graph.stats().counts)["releases"] == asking.ask(ServerReader.counts)["releases"]
    assert read(going_on.reader()) == expected  # an ingest reads before it writes
    assert read(later.reader()) == expected
    for number, batch in enumerate(batches(), 1):
        going_on.record(batch)
        assert later.ask(read) == states[number]
    for store in (asking, going_on, later):
        store.close()


def test_a_graph_that_an_older_graphkit_writes_is_read_of_one_generation_too(
    filled: tuple[Neo4jStore, Neo4jStore], server: str
) -> None:
    """It says nothing of what it changes, only the next generation."""
    asking, _ = filled
    reader = asking.reader()
    with neo4j.GraphDatabase.driver(server, **settings()) as driver:
        driver.execute_query("MATCH (g:Graphkit) SET g.generation = 2", database_=database())
    with pytest.raises(GraphChanged, match="the graph changed while it was read; retry"):
        reader.package_ids(["lib"])


def test_writers_wait_for_a_question_that_was_asked_in_vain(
    filled: tuple[Neo4jStore, Neo4jStore], states: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    asking, writing = filled
    monkeypatch.setattr(asking, "_await_newer", lambda *_: None)
    with ThreadPoolExecutor(1) as pool:

        def question(reader: Any) -> tuple[object, Any]:
            if reader._held is None:
                raise GraphChanged("in vain")
            batch = pool.submit(writing.record, batches()[0])
            found = read(reader)
            assert not batch.done()
            return found, batch

        found, batch = asking.ask(question)
        assert found == states[0]
        assert batch.result().new
    assert asking.ask(read) == states[1]
