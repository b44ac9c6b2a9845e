"""The answer in the graph: what it says, that it is whole or not there, and that no question reads it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import neo4j
import pytest
from msgspec.structs import replace

from graphkit.api import open_graph
from graphkit.api.mark import mark_graph
from graphkit.api.neo4j import server_status
from graphkit.model.errors import GraphkitError
from graphkit.model.incidents import Incident, python_release
from graphkit.model.names import CompanyId, PackageName
from graphkit.model.organisation import Company, Organisation
from graphkit.reports.as_json import whole_shape
from graphkit.reports.interface import ReportOptions
from graphkit.stores import open_store
from graphkit.stores.neo4j import mark as marks
from graphkit.stores.neo4j import server
from tests.contract.test_store_contract import WORLD, dump, page
from tests.neo4j_server import clear, database, settings
from tests.unit.cli.door import run

pytestmark = pytest.mark.server
TYPES = "JUDGED|EXPOSED|REACHED|ABOUT|ANSWERS|ATTRIBUTED_TO|CAUSED_BY"
Rows = list[dict[str, Any]]


def asked(address: str, text: str) -> Rows:
    with neo4j.GraphDatabase.driver(address, **settings()) as driver:
        return [row.data() for row in driver.execute_query(text, database_=database()).records]


def marked(address: str) -> dict[str, int]:
    """How many relationships of each digest there are."""
    text = f"MATCH ()-[r:{TYPES}]->() WHERE r.mark IS NOT NULL RETURN r.mark AS mark, count(r) AS many"
    return {row["mark"]: row["many"] for row in asked(address, text)}


def digest(address: str) -> str:
    ((found,),) = [row.values() for row in asked(address, "MATCH (m:Mark) RETURN m.digest AS digest")]
    assert isinstance(found, str)
    return found


@pytest.fixture(scope="module")
def world(servers: tuple[str, ...]) -> Iterator[str]:
    """A server with a small graph."""
    clear(servers[0])
    store = open_store(servers[0], create=True)
    store.record(WORLD)
    store.close()
    yield servers[0]
    clear(servers[0])


def test_a_mark_says_what_blast_says(case: Path, pushed: str) -> None:
    with open_graph(str(case)) as graph:
        said = whole_shape(graph.blast("litellm-2026-03"), ReportOptions())
    found = asked(
        pushed, "MATCH (s:Service)-[j:JUDGED]->(i:Incident) RETURN s.id AS service, i.id AS incident, j{.*} AS said"
    )
    kept = {row["service"]: row["said"] for row in found}
    assert {row["incident"] for row in found} == {"litellm-2026-03"}
    assert len(found) == len(said["services"])
    for row in said["services"]:
        names = ("verdict", "basis", "reason")
        assert {name: kept[row["service"]][name] for name in names} == {name: row[name] for name in names}
    exposed = asked(pushed, "MATCH (s:Service)-[e:EXPOSED]->(:Incident) RETURN s.id AS service, e.verdict AS verdict")
    assert exposed == [{"service": "shop </script>", "verdict": "observed"}]
    assert kept["shop </script>"]["facts"][-1] == "litellm@1.82.8: dspy@2.6.5 depends on it"
    cleared = next(row for row in said["services"] if row["verdict"] == "cleared")
    proofs = [build["clearance"] for build in cleared["builds"]]
    assert kept[cleared["service"]]["facts"] == list(dict.fromkeys(text for proof in proofs for text in proof["facts"]))
    assert kept[cleared["service"]]["assumes"] == proofs[0]["assumes"]
    companies = asked(
        pushed, "MATCH (c:Company)-[j:JUDGED]->(:Incident) RETURN c.id AS company, j.verdict AS verdict, j.via AS via"
    )
    assert sorted((row["company"], row["verdict"], row["via"]) for row in companies) == sorted(
        (row["company"], row["verdict"], row["via"]) for row in said["companies"]
    )
    reached = asked(pushed, "MATCH (c:Company)-[r:REACHED]->(:Incident) RETURN c.id AS company, r.distance AS distance")
    assert {(row["company"], row["distance"]) for row in reached} == {
        (row["company"], row["distance"]) for row in said["companies"] if row["distance"] is not None
    }
    about = asked(pushed, "MATCH (k:Claim)-[:ABOUT]->(:Incident) RETURN k.id AS claim ORDER BY claim")
    assert (
        {"c1", "c2", "c5"}
        <= {row["claim"] for row in about}
        < {claim["id"] for row in said["companies"] for claim in row["claims"]}
    )
    (event,) = asked(
        pushed,
        "MATCH (a:Actor)<-[:ATTRIBUTED_TO]-(i:Incident)-[:CAUSED_BY]->(x:Cause) WITH a, x ORDER BY x.id "
        "RETURN a.id AS actor, collect(x.text) AS causes",
    )
    assert (event["actor"], sorted(event["causes"])) == (
        "TeamPCP",
        sorted(cause["text"] for cause in said["incident"]["causes"]),
    )


def test_it_is_replaced_goes_stale_and_is_taken_out(world: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store(world)
    before = dump(store.reader()), store.reader().counts()
    told = run("neo4j", "mark", "INC-1", "--graph", world)
    assert (told.code, told.out, told.err) == (
        0,
        "",
        "marked INC-1: 2 services, 1 exposed; 1 company, 1 reached; 0 claims about it\n",
    )
    fresh = open_store(world)
    assert (dump(fresh.reader()), fresh.reader().counts()) == before  # neither facts nor numbers of answers see it
    fresh.close()
    first = digest(world)
    assert set(marked(world)) == {first}
    monkeypatch.setenv("NEO4J_URI", world)
    assert run("neo4j", "mark", "lib==1.2", "--at", "1970-01-01T00:00:01Z", "--quiet").err == ""
    assert set(marked(world)) == {digest(world)} != {first}
    assert server_status(world)["mark"] == "blast lib==1.2 --at 1970-01-01T00:00:01Z"

    assert store.record([page("lib", {"9": 9}, read_at=2000)]).new == 1
    store.close()
    assert server_status(world)["mark"].endswith("; stale: mark it again")

    missing = run("neo4j", "mark", "lib==1.1", "INC-1")
    assert (missing.code, missing.err.count("\n")) == (2, 1)
    assert missing.err.startswith("graphkit: no incident in the graph names ")
    assert run("neo4j", "mark", "--clear").err == "the graph has no mark now\n"
    assert run("neo4j", "mark", "--clear").code == 0
    assert marked(world) == {}
    assert asked(world, "MATCH (n:Mark|Actor|Cause) RETURN n") == []
    assert server_status(world)["mark"] == "none"


def test_facts_that_come_and_go_make_it_stale(world: str) -> None:
    """What an ingest writes anew takes relationships along, so the same digest of facts is not enough."""
    (organisation,) = (fact for fact in WORLD if isinstance(fact, Organisation))
    more = replace(organisation, companies=(*organisation.companies, Company(id=CompanyId("other"), name="Other")))
    mark_graph(world, ["INC-1"])
    before = server_status(world)
    store = open_store(world)
    for fact in (more, organisation):
        assert store.record([fact]).new == 1
    store.close()
    after = server_status(world)
    assert (before["mark"], before["facts"]) == ("blast INC-1", after["facts"])
    assert after["mark"] == "blast INC-1; stale: mark it again"


def test_each_incident_has_its_own_verdicts(world: str) -> None:
    store = open_store(world)
    store.record([Incident(id="INC-2", title="app", releases=(python_release(PackageName("app"), "9"),))])
    store.close()
    assert mark_graph(world, ["INC-2", "INC-1"]).incidents == ("INC-1", "INC-2")
    text = """MATCH (s:Service {id: 'web'})-[j:JUDGED]->(i:Incident)
        RETURN i.id AS incident, j.verdict AS verdict, EXISTS { (s)-[:EXPOSED]->(i) } AS exposed ORDER BY incident"""
    assert asked(world, text) == [
        {"incident": "INC-1", "verdict": "observed", "exposed": True},
        {"incident": "INC-2", "verdict": "unknown", "exposed": False},
    ]


def test_one_that_is_broken_off_never_looks_whole(world: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mark_graph(world, ["INC-1"])
    first, held = digest(world), marked(world)

    def break_off(at: str, question: str) -> None:
        """Write a mark in transactions of one row, and fail at a statement."""

        def one(transaction: Any, name: str, **parameters: Any) -> dict[str, Any]:
            if name == at:
                raise GraphkitError("broken off")
            return server.one(transaction, name, **parameters)

        whole = marks.write
        with monkeypatch.context() as patch:
            patch.setattr("graphkit.stores.neo4j.mark.one", one)
            patch.setattr(marks, "write", lambda there, said, made: whole(there, said, made, most=1))
            with pytest.raises(GraphkitError, match="broken off"):
                mark_graph(world, [question])

    break_off("mark_companies", "lib==1.2")
    assert digest(world) == first  # what queries read is the mark before
    assert marked(world)[first] == held[first]
    assert len(marked(world)) == 2
    break_off("mark_end", "INC-1")  # the same answer again: what is written under its digest is not whole
    assert asked(world, "MATCH (m:Mark) RETURN m.digest AS digest") == [{"digest": None}]
    assert server_status(world)["mark"] == "none"
    mark_graph(world, ["INC-1"])
    assert (digest(world), marked(world)) == (first, held)


def test_two_at_once_leave_one(world: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def one(transaction: Any, name: str, **parameters: Any) -> dict[str, Any]:
        if name == "mark_step":
            asked(world, "MATCH (m:Mark) SET m.writing = 'another'")
        return server.one(transaction, name, **parameters)

    whole = marks.write
    with monkeypatch.context() as patch:
        patch.setattr("graphkit.stores.neo4j.mark.one", one)
        patch.setattr(marks, "write", lambda there, said, made: whole(there, said, made, most=1))
        with pytest.raises(GraphkitError, match="another mark was begun meanwhile"):
            mark_graph(world, ["INC-1"])


def test_a_graph_that_lost_a_service_meanwhile_is_not_marked(world: str) -> None:
    store = open_store(world)
    gone = marks.Judged(id="gone", said={"verdict": "cleared"}, is_reached=False)
    said = marks.MarkedIncident(id="INC-1", said={}, actors=(), causes=(), services=(gone,), companies=(), claims=())
    before = marked(world)
    with pytest.raises(GraphkitError, match="the graph changed while its answer was written"):
        store.mark([said], {"generation": 1})  # type: ignore[attr-defined]
    assert marked(world) == before
    with pytest.raises(GraphkitError, match="the graph changed while its answer was written"):
        store.mark([replace(said, id="no such incident")], {"generation": 1})  # type: ignore[attr-defined]
    store.close()
