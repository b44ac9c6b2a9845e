"""`graphkit neo4j`: which server is meant, what is printed, and how it ends; nothing of it asks a server."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from graphkit.model.callers import Caller
from graphkit.model.errors import GraphkitError
from tests.unit.cli.door import is_one_line, run

URI = "neo4j://host:7687"


class Pushed:
    """What takes the place of the push."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.fresh = True

    def push(
        self, address: str | None, to: str, *, around: Sequence[str], services: bool, progress: Any, caller: Caller
    ) -> bool:
        assert caller.verb == "graphkit neo4j push"
        self.asked.append((address, to, tuple(around), services, progress is None))
        if progress is not None:
            progress(1, 2, "packages")
        return self.fresh


@pytest.fixture
def pushed(monkeypatch: pytest.MonkeyPatch) -> Pushed:
    monkeypatch.delenv("NEO4J_URI", raising=False)
    made = Pushed()
    monkeypatch.setattr("graphkit.api.neo4j.push_graph", made.push)
    return made


def test_a_push_says_what_to_do_next_or_that_it_was_there(pushed: Pushed) -> None:
    ran = run("neo4j", "push", "--to", URI)
    assert (ran.code, ran.out, ran.err) == (0, "", "pushed; ask it with --graph and its address\n")
    pushed.fresh = False
    assert run("neo4j", "push", "--to", URI).err == "it is there already\n"
    assert run("neo4j", "push", "--to", URI, "--quiet").err == ""
    assert pushed.asked == [(None, URI, (), False, quiet) for quiet in (False, False, True)]


def test_options_of_a_push_are_handed_on(pushed: Pushed) -> None:
    run("neo4j", "push", "--to", URI, "--graph", "g", "--around", "a", "--around", "b", "--services")
    assert pushed.asked == [("g", URI, ("a", "b"), True, False)]


def test_the_server_is_that_of_the_option_then_that_of_the_variable(
    pushed: Pushed, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = run("neo4j", "push")
    assert (ran.code, ran.err) == (2, "graphkit: name the server with --to neo4j://host:7687, or set NEO4J_URI\n")
    monkeypatch.setenv("NEO4J_URI", "bolt://other")
    run("neo4j", "push")
    run("neo4j", "push", "--to", URI)
    assert [to for _, to, *_ in pushed.asked] == ["bolt://other", URI]


def test_an_export_prints_the_command_that_loads_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[tuple[Any, ...]] = []

    def export(address: str | None, folder: str, *, progress: Any, caller: Caller) -> str:
        assert caller.verb == "graphkit neo4j export"
        asked.append((address, folder, progress is None))
        return "neo4j-admin database import full …\n"

    monkeypatch.setattr("graphkit.api.neo4j.export_graph", export)
    ran = run("neo4j", "export", tmp_path, "--graph", "g", "-q")
    assert (ran.code, ran.out, ran.err) == (0, "neo4j-admin database import full …\n", "")
    assert asked == [("g", str(tmp_path), True)]


def test_a_status_stands_in_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graphkit.api.neo4j.server_status", lambda to: {"server": to, "stale": "nothing"})
    ran = run("neo4j", "status", "--to", URI)
    assert (ran.code, ran.out) == (0, f"server  {URI}\nstale   nothing\n")


def test_a_server_that_cannot_be_reached_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_: str) -> dict[str, str]:
        raise GraphkitError("the server at host cannot be reached\x1b[31m")

    monkeypatch.setattr("graphkit.api.neo4j.server_status", away)
    ran = run("neo4j", "status", "--to", URI)
    assert ran.code == 4
    assert is_one_line(ran.err)
    assert "\x1b" not in ran.err
