"""Which graph a mark is written into, and what of an answer; how it is written: tests/neo4j/test_mark.py."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from graphkit.api.mark import Mark, mark_graph, marked
from graphkit.model.errors import GraphkitError
from graphkit.reports.as_json import whole_shape
from graphkit.reports.interface import ReportOptions
from graphkit.stores import open_store, port
from graphkit.stores.neo4j.mark import Judged, MarkedIncident, digest_of
from graphkit.trace.blast import OneIncident
from tests.contract.test_store_contract import WORLD
from tests.unit.cli.door import run
from tests.unit.reports import answers


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


def test_each_row_is_that_of_the_json() -> None:
    blast = answers.blast()
    said, found = whole_shape(blast, ReportOptions()), marked(OneIncident(blast, ("c1",)))
    assert [one.id for one in found.services] == [row["service"] for row in said["services"]]
    for service, row in zip(found.services, said["services"], strict=True):
        assert {name: service.said[name] for name in ("verdict", "basis", "reason")} == {
            name: row[name] for name in ("verdict", "basis", "reason")
        }
        slots = [said["slots"][number] for number in row["slots"]] or [said["window"]]
        assert (service.said["from"], service.said["until"]) == (
            min(one["from"] for one in slots), max(one["until"] for one in slots)
        )  # fmt: skip
        proofs = [one["clearance"] for one in row["builds"] if one["clearance"] and row["verdict"] == "cleared"]
        steps = [f"{step['node']}: {step['why']}" for path in row["paths"] for step in path]
        assert service.said["facts"] == list(
            dict.fromkeys([*steps, *(text for one in proofs for text in one["facts"])])
        )
        assert set(service.said["assumes"]) == {code for one in proofs for code in one["assumes"]}
        assert service.is_reached == (row["verdict"] not in {"unknown", "cleared"})
        assert service.said["external"] == row.get("external", False)
    for company, row in zip(found.companies, said["companies"], strict=True):
        assert (company.id, company.said["claims"]) == (row["company"], [one["id"] for one in row["claims"]])
        names = ("verdict", "distance", "via", "origin_tier", "data", "services")
        assert {name: company.said[name] for name in names} == {name: row[name] for name in names}
        assert company.is_reached == (row["distance"] is not None)
    assert (found.id, found.actors, found.claims) == (blast.incident.id, (blast.incident.actor,), ("c1",))
    assert [one["text"] for one in found.causes] == [one["text"] for one in said["incident"]["causes"]]
    assert len({one["id"] for one in found.causes}) == len(found.causes)


def test_what_has_no_known_window_has_no_times() -> None:
    blast = answers.blast()
    unknown = replace(blast, window=replace(blast.window, is_known=False), slots=())
    found = marked(OneIncident(unknown, ()))
    assert {(one.said["from"], one.said["until"]) for one in found.services} == {(None, None)}


class _Server:
    """A graph in a folder, in the place of one on a server: it keeps what is marked."""

    folder = Path()
    written: tuple[Any, ...] = ()

    def __init__(self, address: str) -> None:
        self.store = open_store(self.folder)

    def reader(self) -> Any:
        reader = self.store.reader()
        calls = [name for name in dir(port.Reader) if not name.startswith("_")]
        return SimpleNamespace(number=7, **{name: getattr(reader, name) for name in calls})

    def ask(self, question: Any) -> Any:
        return question(self.reader())

    def mark(self, incidents: Any, made: Any) -> bool:
        type(self).written = (incidents, made)
        return True

    def close(self) -> None:
        self.store.close()


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> type[_Server]:
    store = open_store(tmp_path / "graph", create=True)
    store.record(WORLD)
    store.close()
    monkeypatch.setattr(_Server, "folder", tmp_path / "graph")
    monkeypatch.setattr(_Server, "written", ())
    monkeypatch.setattr("graphkit.stores.neo4j.store.Neo4jStore", _Server)
    return _Server


def test_a_mark_counts_what_it_wrote_and_says_what_it_was_made_of(server: type[_Server]) -> None:
    found = mark_graph("neo4j://made-up", ["INC-1"], builds_complete=True)
    assert found == Mark(
        incidents=("INC-1",), services=2, exposed=1, companies=1, reached=1, claims=0, is_current=True
    )  # fmt: skip
    (incident,), made = server.written
    assert (made["question"], made["generation"]) == ("blast INC-1 --builds-complete", 7)
    assert incident.said["question"] == made["question"]
    assert {one.id for one in incident.services if one.is_reached} == {"web"}


def test_a_release_that_no_incident_names_is_refused_and_nothing_is_written(server: type[_Server]) -> None:
    ran = run("neo4j", "mark", "INC-1", "lib==1.1", "--graph", "neo4j://made-up")
    assert (ran.code, ran.err.count("\n"), server.written) == (2, 1, ())
    assert "no incident in the graph names" in ran.err


def test_a_walk_that_was_stopped_leaves_the_mark_as_it_was(
    server: type[_Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped = OneIncident(replace(answers.blast(), is_partial=True), ())
    monkeypatch.setattr("graphkit.trace.blast.each_incident", lambda *_: iter([stopped]))
    with pytest.raises(GraphkitError, match="stopped before there was an answer"):
        mark_graph("neo4j://made-up", ["INC-1"])
    assert server.written == ()


def test_the_line_says_where_the_graph_changed_meanwhile(
    server: type[_Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "mark", lambda *_: False)
    ran = run("neo4j", "mark", "INC-1", "--graph", "neo4j://made-up")
    said = "marked INC-1: 2 services, 1 exposed; 1 company, 1 reached; 0 claims about it; it is stale already"
    assert (ran.code, ran.err) == (0, f"{said}, since the graph changed meanwhile: mark it again\n")
    assert run("neo4j", "mark", "INC-1", "--graph", "neo4j://made-up", "--quiet").err == ""
