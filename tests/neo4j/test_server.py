"""What can go wrong with a server, two writers at once, and a push that is killed."""

from __future__ import annotations

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Final

import neo4j
import numpy as np
import pytest
from msgspec.structs import replace

from graphkit.api import open_graph
from graphkit.api.neo4j import push_graph, server_status
from graphkit.model.aliases import Aliases, ServiceAlias
from graphkit.model.documents import Document
from graphkit.model.errors import GraphChanged, GraphkitError
from graphkit.model.names import ServiceId
from graphkit.model.organisation import DocumentUse, Organisation
from graphkit.model.times import exactly
from graphkit.stores import open_store, port
from graphkit.stores.neo4j.server import Server
from graphkit.stores.port import Fact
from tests.contract.test_store_contract import WORLD, component, document, dump, metadata, page
from tests.neo4j.conftest import INGESTED
from tests.neo4j_server import NEWEST, NEWEST_JAVA, clear, database, free_port, has_java, held, running, settings

pytestmark = pytest.mark.server


def problem(address: str, *, create: bool = False) -> str:
    store = open_store(address, create=create)
    with pytest.raises(GraphkitError) as raised:
        store.reader()
    store.close()
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_writers_that_begin_together_on_an_empty_server(server: str) -> None:
    clear(server)
    admin = Server(server)
    drop = [f"DROP CONSTRAINT {name}" for name in admin.read(lambda read: read.run("SHOW CONSTRAINTS").value("name"))]
    for text in drop:
        admin.write(lambda write, text=text: write.run(text).consume())  # type: ignore[misc]
    writers = [Server(server) for _ in range(6)]
    with ThreadPoolExecutor(len(writers)) as pool:
        assert list(pool.map(Server.prepare, writers)) == [None] * len(writers)
    for one in (admin, *writers):
        one.close()


def test_no_server_there() -> None:
    address = f"neo4j://127.0.0.1:{free_port()}"
    assert problem(address).startswith(f"{address}: no response from Neo4j: ")


def test_a_wrong_password(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEO4J_PASSWORD", "not this one")
    assert (
        problem(server) == f"{server}: the server rejects the user or password; see NEO4J_USERNAME and NEO4J_PASSWORD"
    )


def test_no_password(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NEO4J_PASSWORD")
    monkeypatch.setattr("sys.stdin", StringIO())
    assert "set NEO4J_PASSWORD" in problem(server)


def test_a_password_in_the_address_is_refused_and_not_shown(server: str) -> None:
    with pytest.raises(GraphkitError) as raised:
        open_store(server.replace("://", "://neo4j:secret-word@"))
    assert "secret-word" not in str(raised.value)
    assert "NEO4J_PASSWORD" in str(raised.value)


def test_no_such_database(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEO4J_DATABASE", "elsewhere")
    assert problem(server) == f"{server} has no database 'elsewhere'; NEO4J_DATABASE names another"


def test_nothing_there(server: str) -> None:
    assert problem(server).startswith(f"no graph at {server}; make one with ")
    assert server_status(server)["graph"] == "none"


def test_something_else_there(server: str) -> None:
    with neo4j.GraphDatabase.driver(server, **settings()) as driver:
        driver.execute_query("CREATE (:Film {title: 'M'})", database_=database())
    wanted = f"{server} holds something else (Film); name an empty database in NEO4J_DATABASE"
    assert problem(server) == problem(server, create=True) == wanted


def test_a_graph_of_the_old_layout_is_refused_with_the_command_that_makes_a_new_one(
    tmp_path: Path, server: str
) -> None:
    """Layout 3 had numbers of flags, where now properties have names."""
    with neo4j.GraphDatabase.driver(server, **settings()) as driver:
        old = "CREATE (:Graphkit {id: 'graph', format: '3', generation: 1}), (:Package {id: 'lib', n: 0, flags: 1})"
        driver.execute_query(old, database_=database())
    said = (
        f"{server} holds a graph of layout 3, and this graphkit reads 7: name an empty database in NEO4J_DATABASE, "
        f"then make a new one there with `graphkit neo4j push --to {server}`"
    )
    assert problem(server) == problem(server, create=True) == said
    embedded, store = open_store(tmp_path / "graph", create=True), open_store(server, create=True)
    embedded.record(WORLD)
    embedded.close()
    pushed = partial(push_graph, str(tmp_path / "graph"), server)
    for refused in (partial(store.record, WORLD), pushed, partial(server_status, server)):
        with pytest.raises(GraphkitError) as raised:
            refused()
        assert str(raised.value) == said
    store.close()


@pytest.mark.parametrize("scheme", ["bolt", "neo4j"])
def test_every_scheme_leads_there(server: str, scheme: str) -> None:
    store = open_store(server.replace("bolt", scheme), create=True)
    store.record(WORLD[:3])
    assert store.reader().generation().packages == 2
    store.close()


def test_a_server_too_old(monkeypatch: pytest.MonkeyPatch, server: str) -> None:
    monkeypatch.setattr("graphkit.stores.neo4j.server.OLDEST", (99, 0))
    assert "graphkit needs 99.0 or newer" in problem(server)


def counted(address: str) -> dict[str, str]:
    """What the graph's own node says there is."""
    said = server_status(address)
    return {name: said[name] for name in ("packages", "releases", "sets", "ranges", "inputs")}


def test_writers_at_once_give_what_one_does_and_nothing_is_lost_or_doubled(
    servers: tuple[str, ...], tmp_path: Path
) -> None:
    """Some of them write the same facts."""
    clear(servers[0])
    batches: list[list[Fact]] = [
        [page(f"lib{n}", {"1.0": n, "2.0": n + 1}), metadata(f"lib{n}", "1.0", f"lib{n + 1}>=1"), document_of(n)]
        for n in range(8)
    ]

    def write(some: list[list[Fact]]) -> None:
        store = open_store(servers[0], create=True)
        for batch in some:
            store.record(batch)
        store.close()

    write([[]])
    with ThreadPoolExecutor() as pool:
        list(pool.map(write, [batches[:4], batches[4:], batches[6:1:-1], [batches[0] + batches[3]]]))
    alone = open_store(tmp_path / "graph", create=True)
    alone.record([fact for batch in batches for fact in batch])
    together = open_store(servers[0])
    assert together.reader().generation() == alone.reader().generation()
    assert dump(together.reader()) == dump(alone.reader())
    assert together.reader().counts() == alone.reader().counts()
    together.close()
    alone.close()
    found, said = held(servers[0]), counted(servers[0])
    clear(servers[0])
    assert push_graph(str(tmp_path / "graph"), servers[0])
    assert (held(servers[0]), counted(servers[0])) == (found, said)


def test_no_row_is_read_twice_and_packages_that_come_next_are_read_together(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(server, create=True)
    store.record([*WORLD, *(page(f"lib{n}", {"1.0": n, "2.0": n + 1}) for n in range(8))])
    reader = store.reader()
    asked: list[str] = []
    ask = Server.ask

    def counted(server: Server, name: str, seen: int, **parameters: object) -> list[dict[str, object]]:
        asked.append(name)
        return ask(server, name, seen, **parameters)

    monkeypatch.setattr(Server, "ask", counted)
    found = dump(reader)
    assert dump(reader) == found  # only now names of files are read
    once = len(asked)
    assert dump(reader) == found
    assert asked[once:] == []
    asked.clear()
    numbers = reader.package_ids([f"lib{n}" for n in range(8)])
    reader.expect(numbers)
    for number in numbers.tolist():
        columns = reader.packages(np.array([number], dtype=port.PACKAGE))
        assert reader.releases(np.arange(columns.start[0], columns.stop[0], dtype=port.RELEASE)).version == (
            "1.0",
            "2.0",
        )
    assert asked == ["package_ids", "packages", "releases"]
    store.close()


def test_what_changed_before_it_was_read_is_refused_and_all_else_is_read(server: str) -> None:
    store, other = open_store(server, create=True), open_store(server)
    store.record(WORLD)
    reader = store.reader()
    lib = reader.packages(reader.package_ids(["lib"]))
    other.record([page("lib", {"9": 9}, read_at=2000)])
    assert reader.packages(reader.package_ids(["lib"])).stop.tolist() == lib.stop.tolist()
    with pytest.raises(GraphChanged, match="the graph changed while it was read; retry"):
        reader.releases(lib.start)
    assert reader.package_ids(["app"]).tolist() != [-1]
    assert reader.evidence().incidents()
    store.close()
    other.close()


def document_of(number: int) -> Document:
    return document(f"{number:064x}", component("a", f"lib{number}", "1.0"), component("b", f"lib{number + 1}", "9"))


KILLED: Final = """
import os, signal
from graphkit.cli import program
from graphkit.stores.neo4j.server import Server
write, done = Server.write, []
def dying(server, work):
    done.append(work)
    return os.kill(os.getpid(), signal.SIGKILL) if len(done) == 6 else write(server, work)
Server.write = dying
program()
"""
"""graphkit, killed before it writes the fifth part."""


def test_a_killed_push_goes_on_and_ends_as_an_unbroken_one(small: Path, server: str) -> None:
    words = ["neo4j", "push", "--graph", str(small), "--to", server, "--quiet"]
    done = subprocess.run([sys.executable, "-c", KILLED, *words], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (-signal.SIGKILL, b"")
    status = server_status(server)["graph"]
    assert status.startswith("unfinished push")
    assert " 0 parts" not in status
    assert "a push into it is not finished" in problem(server)
    assert push_graph(str(small), server)
    with open_graph(server) as graph, open_graph(str(small)) as whole:
        assert graph.stats() == whole.stats()
        assert graph.blast(INGESTED) == whole.blast(INGESTED)


def test_a_push_into_a_graph_of_its_own_is_refused(small: Path, server: str) -> None:
    store = open_store(server, create=True)
    store.record(WORLD)
    store.close()
    with pytest.raises(GraphkitError, match="holds a graph already; ingest into it"):
        push_graph(str(small), server)


def test_times_that_an_organisation_tells_are_those_of_its_newest_file(server: str, tmp_path: Path) -> None:
    """They are on relationships of their own, which no fact is made of: the next file takes their place."""

    def told(at: int) -> Organisation:
        use = DocumentUse(service=ServiceId("web"), document="bb", stands_from=exactly(at))
        aliases = Aliases(source="o", services=(ServiceAlias(service=ServiceId("Shop"), names=("shop",)),))
        return Organisation(source="o", uses=(use,), aliases=aliases)

    of_alias = DocumentUse(service=ServiceId("shop"), document="cc", built_at=exactly(6))

    def described() -> list[list[object]]:
        text = """MATCH (s:Service)-[u:DESCRIBED_BY]->(d:Document)
            RETURN s.id, d.id, u.built_at, u.stands_from, u.by_organisation ORDER BY d.id, s.id, u.built_at"""
        with neo4j.GraphDatabase.driver(server, **settings()) as driver:
            return [list(row.values()) for row in driver.execute_query(text, database_=database()).records]

    alone, store = open_store(tmp_path / "graph", create=True), open_store(server, create=True)
    for facts in ([told(5)], [*WORLD, of_alias], [told(7)], [replace(of_alias, built_at=exactly(9))]):
        alone.record(facts)
        store.record(facts)
        assert store.reader().generation() == alone.reader().generation()
        assert dump(store.reader()) == dump(alone.reader())
    assert store.known(["aa", "bb"]) == alone.known(["aa", "bb"])
    wanted = [
        ["web", "aa", 1400, None, None],
        ["web", "bb", None, 7, True],
        ["Shop", "cc", 6, None, True],
        ["Shop", "cc", 9, None, True],
        ["shop", "cc", 6, None, None],
        ["shop", "cc", 9, None, None],
    ]
    assert described() == wanted
    store.close()
    alone.close()
    clear(server)
    assert push_graph(str(tmp_path / "graph"), server)
    assert described() == wanted


def test_hostile_texts_are_values(server: str) -> None:
    name = "x'}) DETACH DELETE n //"
    hostile = document("ee", component("a", "lib", "1.0`\n'\"$rows"), subject=name, path="</script>")
    store = open_store(server, create=True)
    store.record([*WORLD, hostile])
    found = store.reader().evidence().document("ee")
    assert (found.subject, found.components[0].version) == (name, "1.0`\n'\"$rows")
    store.close()


@pytest.mark.parametrize("version", [NEWEST] if has_java(NEWEST_JAVA) else [])
def test_the_newest_release_line_keeps_the_same(version: str, servers: tuple[str, ...], tmp_path: Path) -> None:
    alone = open_store(tmp_path / "graph", create=True)
    alone.record(WORLD)
    with running(tmp_path / "home", version, NEWEST_JAVA) as address:
        store = open_store(address, create=True)
        store.record(WORLD)
        assert store.reader().generation() == alone.reader().generation()
        assert dump(store.reader()) == dump(alone.reader())
        assert server_status(address)["server"] == f"Neo4j {version}"
        store.close()
