"""A user without rights, very long names, a server without memory or that goes away: one line that says what to do."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

import neo4j
import pytest

from graphkit.api.neo4j import push_graph
from graphkit.model.errors import GraphkitError
from graphkit.stores import open_store
from graphkit.stores.neo4j.server import Server, rows
from tests.contract.test_store_contract import WORLD, component, document, dump
from tests.neo4j_server import clear, settings

pytestmark = pytest.mark.server
PART = 3


def test_a_user_who_may_do_nothing_yet_is_one_line(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with neo4j.GraphDatabase.driver(server, **settings()) as driver:
        make = "CREATE OR REPLACE USER fresh SET PASSWORD 'long-enough' CHANGE REQUIRED"
        driver.execute_query(make, database_="system")
        monkeypatch.setenv("NEO4J_USERNAME", "fresh")
        monkeypatch.setenv("NEO4J_PASSWORD", "long-enough")
        store = open_store(server, create=True)
        with pytest.raises(GraphkitError) as caught:
            store.record(WORLD)
        store.close()
        driver.execute_query("DROP USER fresh", database_="system")
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(f"{server}: ")


def test_very_long_names_are_kept(server: str, tmp_path: Path) -> None:
    long = "x" * 40_000
    facts = [*WORLD, document("a" * 64, component("one", "lib", "1.0", origin=f"https://host.example/{long}"))]
    folder, store = open_store(tmp_path / "graph", create=True), open_store(server, create=True)
    for one in (folder, store):
        one.record(facts)
    assert dump(store.reader()) == dump(folder.reader())
    for one in (folder, store):
        one.close()
    clear(server)
    assert push_graph(str(tmp_path / "graph"), server)


def test_a_server_that_has_too_little_memory_is_one_line_that_says_what_to_raise(server: str) -> None:
    at = Server(server)
    with (
        pytest.raises(GraphkitError, match=r"MemoryPoolOutOfMemoryError: .*; give the server more memory"),
        at.explained(),
    ):
        raise neo4j.exceptions.Neo4jError._hydrate_neo4j(
            code="Neo.TransientError.General.MemoryPoolOutOfMemoryError", message="The allocation would use more\nthan"
        )
    at.close()


def test_a_server_that_goes_away_is_one_line_that_says_that_the_command_goes_on(server: str) -> None:
    at = Server(server)
    with pytest.raises(GraphkitError) as before, at.explained():
        raise neo4j.exceptions.ServiceUnavailable("gone")
    assert at.version
    with pytest.raises(GraphkitError) as after, at.explained():
        raise neo4j.exceptions.SessionExpired("gone\nmore")
    at.close()
    assert str(before.value) == f"{server}: no response from Neo4j: gone"
    for own in (OSError(28, "No space left on device"), ValueError("a bug"), TypeError("a bug")):
        with pytest.raises(type(own)), at.explained():  # a question runs within, and these are none of the server
            raise own
    goes_on = "; nothing that was kept is lost: run the same command again once the server answers"
    assert str(after.value) == f"{before.value}{goes_on}"


def test_the_line_says_what_the_command_is_known_to_have_kept(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, store = open_store(tmp_path / "graph", create=True), open_store(server, create=True)
    folder.record(WORLD)
    folder.close()
    store.record(WORLD)

    def lost(*_: object) -> None:
        raise neo4j.exceptions.SessionExpired("gone")

    with monkeypatch.context() as patch:
        patch.setattr("graphkit.stores.neo4j.batch.Batch.write", lost)
        with pytest.raises(GraphkitError) as caught:
            store.record([document("cc", component("one", "lib", "1.0"))])
    store.close()
    known = f"; nothing that was kept is lost ({len(WORLD)} facts of this command): run the same command again"
    assert known in str(caught.value)
    clear(server)
    with monkeypatch.context() as patch:
        patch.setattr("graphkit.stores.neo4j.push.rows", partial(_gone_at_part, PART))
        with pytest.raises(GraphkitError) as caught:
            push_graph(str(tmp_path / "graph"), server)
    assert re.search(rf"; nothing that was kept is lost \({PART} of [0-9]+ parts\): run", str(caught.value))
    assert push_graph(str(tmp_path / "graph"), server)


def _gone_at_part(part: int, transaction: neo4j.ManagedTransaction, name: str, **parameters: object) -> object:
    if name == "push_step" and parameters["step"] == part:
        raise neo4j.exceptions.SessionExpired("gone")
    return rows(transaction, name, **parameters)


def test_an_error_of_the_server_itself_is_one_line_that_says_to_look_at_it(server: str) -> None:
    at = Server(server)
    for code, todo in (
        ("DatabaseError.Transaction.TransactionLogError", "; its log says why, often a full disk: mend that, start it"),
        (
            "TransientError.General.DatabaseUnavailable",
            "; its log says why: run the same command again once the server",
        ),
        ("ClientError.Statement.SyntaxError", "not to log"),
    ):
        with pytest.raises(GraphkitError) as caught, at.explained():
            raise neo4j.exceptions.Neo4jError._hydrate_neo4j(code=f"Neo.{code}", message="not to log.\nmore")
        assert str(caught.value).startswith(f"{server}: Neo.{code}: not to log")
        assert todo in str(caught.value)
        assert "\n" not in str(caught.value)
    at.close()
