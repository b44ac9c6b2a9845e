"""Which graph a mark is written into; what it says is tested on a server, in tests/neo4j/test_mark.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphkit.stores import open_store
from graphkit.stores.neo4j.mark import Judged, MarkedIncident, digest_of
from tests.unit.cli.door import run


def test_a_folder_ends_with_a_line_that_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "graph"
    open_store(folder, create=True).close()
    told = (
        f"graphkit: {folder} is a folder, and a mark is written into a graph on a Neo4j server: copy it there with "
        f"`graphkit neo4j push --graph {folder} --to neo4j://host:7687`, and give --graph neo4j://host:7687\n"
    )
    for words in (["x==1"], ["--clear"]):
        ran = run("neo4j", "mark", *words, "--graph", folder)
        assert (ran.code, ran.out, ran.err) == (2, "", told)
    monkeypatch.setenv("GRAPHKIT_GRAPH", str(folder))
    assert run("neo4j", "mark", "x==1").err == told


def test_without_an_address_it_asks_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NEO4J_URI", raising=False)
    ran = run("neo4j", "mark", "x==1")
    assert (ran.code, ran.err) == (2, "graphkit: name the server with --graph neo4j://host:7687, or set NEO4J_URI\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "name a target: "),
        (["x==1", "--clear"], "--clear takes the whole mark out"),
        (["x==1", "--at", "noon"], "'NOON' is not a valid"),
        (["x==1", "--python", "3"], "no Python version"),
    ],
)
def test_words_that_cannot_be_used_end_before_a_server_is_asked(words: list[str], said: str) -> None:
    ran = run("neo4j", "mark", *words, "--graph", "neo4j://127.0.0.1:1")
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert said in ran.err


def test_the_digest_is_of_all_that_it_says() -> None:
    def said(verdict: str) -> MarkedIncident:
        service = Judged(id="web", said={"verdict": verdict}, is_reached=False)
        return MarkedIncident(id="i", said={}, actors=(), causes=(), services=(service,), companies=(), claims=())

    digests = {digest_of([said(verdict)], {"generation": at}) for verdict in ("cleared", "unknown") for at in (1, 2)}
    assert len(digests) == 4
    assert digest_of([said("cleared")], {"generation": 1}) in digests
