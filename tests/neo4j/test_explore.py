"""The queries for people: each runs, and gives the rows that Python gives where it has the same question."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, LiteralString

import neo4j
import numpy as np
import pytest

from graphkit.api import open_graph
from graphkit.resources import resource
from graphkit.stores import open_store
from graphkit.stores.port import Reader
from tests.neo4j_server import database

pytestmark = pytest.mark.server
FOLDER = resource("queries", "explore")
NAMES = sorted(path.stem for path in FOLDER.glob("*.cypher"))
INCIDENT = "litellm-2026-03"
MARKED = {"blast-companies", "blast-services", "claims", "owners-to-call", "timeline"}
"""Queries that read what `graphkit neo4j mark` wrote."""
Rows = list[dict[str, Any]]


def text_of(name: str) -> str:
    return (FOLDER / f"{name}.cypher").read_text(encoding="utf-8")


def given(name: str) -> str:
    """The parameters of a query's own example, as a map in Cypher; of one without parameters an empty one."""
    found = re.search(r"Example: :param (?:(\w+) => (.*)|({.*}))$", text_of(name), re.MULTILINE)
    if found is None:
        assert "// Parameters: none." in text_of(name)
        return "{}"
    return found[3] or f"{{{found[1]}: {found[2]}}}"


@pytest.fixture
def ask(driver: neo4j.Driver) -> Callable[..., Rows]:
    def run(name: str, **parameters: Any) -> Rows:
        """Run a query with the parameters of its example, or others."""
        read: LiteralString = f"RETURN {given(name)} AS example"
        (example,) = driver.execute_query(read, database_=database()).records
        query: LiteralString = text_of(name)
        found = driver.execute_query(query, {**example["example"], **parameters}, database_=database())
        return [record.data() for record in found.records]

    return run


@pytest.fixture
def reader(case: Path) -> Reader:
    return open_store(case).reader()


def test_there_are_a_dozen() -> None:
    assert len(NAMES) >= 12


@pytest.mark.parametrize("name", NAMES)
def test_the_example_of_each_gives_rows_on_the_demo(ask: Callable[..., Rows], name: str) -> None:
    comment = [line for line in text_of(name).splitlines() if line.startswith("//")]
    assert "?" in comment[0] + comment[1] or comment[0].startswith("// Whom")
    assert any(line.startswith("// Parameters: ") for line in comment)
    rows = ask(name)
    assert [row for row in rows if "shop" not in str(row)] != []  # the shop is not of the demo
    assert {row.get("stale") for row in rows} == ({False} if name in MARKED else {None})


@pytest.fixture(scope="module")
def said(case: Path) -> dict[str, Any]:
    """What `blast --format json` says."""
    with open_graph(str(case)) as graph:
        found: dict[str, Any] = json.loads(graph.blast(INCIDENT).report("json"))
    return found


def test_services_and_owners_are_those_of_the_json(ask: Callable[..., Rows], said: dict[str, Any]) -> None:
    services = said["services"]
    names = ("service", "owner", "verdict", "basis", "reason")
    rows = ask("blast-services")
    assert [[row[name] for name in names] for row in rows] == [[one[name] for name in names] for one in services]
    assert [row["company"] for row in rows] == [one["company"] or "" for one in services]
    assert {row["service"] for row in rows if row["external"]} == {
        one["service"] for one in services if one.get("external")
    }
    called = ask("owners-to-call")
    assert [name for row in called for name in row["services"]] == [
        one["service"] for one in services if one["verdict"] != "cleared"
    ]
    assert called[0] == {
        "owner": "", "company": "acme", "verdict": "observed", "services": ["shop </script>"], "stale": False
    }  # fmt: skip


def test_companies_and_claims_are_those_of_the_json(ask: Callable[..., Rows], said: dict[str, Any]) -> None:
    companies = said["companies"]
    names = ("company", "name", "verdict", "distance", "via", "origin_tier", "data", "services")
    assert [[row[name] for name in names] for row in ask("blast-companies")] == [
        [one[name] for name in names] for one in companies
    ]
    of_claims = ("claimant", "polarity", "standing", "certainty", "date", "text")
    claims = ask("claims")
    assert [(row["company"], *(row[name] for name in of_claims)) for row in claims] == [
        (one["company"], *(claim[name] for name in of_claims))
        for one in sorted(companies, key=lambda one: str(one["company"]))
        for claim in one["claims"]
    ]
    stating = {row["company"] for row in claims if row["is_about_it"] and row["polarity"] == "affirms"}
    assert {one["company"] for one in companies if one["verdict"] == "stated"} <= stating
    reached = [one["company"] for one in companies if one["distance"] is not None and one["company"] != "acme"]
    assert [row["company"] for row in ask("owners-to-call") if not row["services"]] == reached


def test_the_timeline_has_the_times_of_the_json(ask: Callable[..., Rows], said: dict[str, Any]) -> None:
    rows = ask("timeline")
    assert [row["at"] for row in rows] == sorted(row["at"] for row in rows)
    releases = [(one["from"], f"{one['package']}@{one['version']}") for one in said["incident"]["releases"]]
    assert [(row["at"], row["name"]) for row in rows if row["event"] == "release listed"] == releases
    (window,) = said["windows"]
    assert [row["at"] for row in rows if row["event"].startswith("window")] == [window["from"], window["until"]]
    verdicts = {one["service"]: one["verdict"] for one in said["services"]}
    described = [row for row in rows if row["event"] in {"built", "in place", "replaced", "document made"}]
    assert {row["name"]: row["verdict"] for row in described}.items() <= verdicts.items()
    # The organisation file of the demo says since when its four locks were in place, and until when.
    assert [row["name"] for row in described if row["event"] == "in place" and row["at"] == "2026-03-24T10:39:00Z"] == [
        "aider repository",
        "crewai repository",
        "dspy repository",
        "graphrag repository",
    ]
    assert ("2026-03-24T14:05:58Z", "dspy repository") in {
        (row["at"], row["name"]) for row in described if row["event"] == "replaced"
    }


def test_without_a_mark_there_is_nothing_to_read(ask: Callable[..., Rows]) -> None:
    assert [name for name in MARKED if ask(name, incident="no such incident")] == []


def test_holdings_are_those_of_who_has(ask: Callable[..., Rows], case: Path) -> None:
    with open_graph(str(case)) as graph:
        wanted = {(one.service, one.release, one.document.sha256) for one in graph.who_has("litellm").matches}
    assert {(row["service"], row["release"], row["document"]) for row in ask("who-has")} == wanted


def test_ghosts_and_dependents_are_those_of_the_index(ask: Callable[..., Rows], reader: Reader) -> None:
    every = reader.releases(np.arange(reader.generation().releases, dtype=np.int32))
    gone = np.flatnonzero(every.is_ghost)
    names = reader.packages(every.package[gone]).name
    wanted = {(name, every.version[at]) for name, at in zip(names, gone.tolist(), strict=True)}
    assert {(row["package"], row["version"]) for row in ask("ghosts")} == wanted
    packages = reader.packages(np.arange(reader.generation().packages, dtype=np.int32))
    order = sorted(zip((-packages.dependents).tolist(), packages.name, strict=True))[:20]
    assert [(-row["dependents"], row["package"]) for row in ask("most-reached")] == order


def test_named_properties_are_the_truths_of_the_index(driver: neo4j.Driver, reader: Reader) -> None:
    def names(label: str, where: str) -> list[str]:
        text = f"MATCH (n:{label}) WHERE {where} RETURN n.id AS id ORDER BY id"
        return [row["id"] for row in driver.execute_query(text, database_=database()).records]

    def number(label: str, where: str) -> int:
        text = f"MATCH (n:{label}) WHERE {where} RETURN count(n) AS found"
        return int(driver.execute_query(text, database_=database()).records[0]["found"])

    packages = reader.packages(np.arange(reader.generation().packages, dtype=np.int32))
    read = [name for name, is_read in zip(packages.name, packages.has_page.tolist(), strict=True) if is_read]
    assert names("Package", "n.page_read") == sorted(read)
    assert names("Package", "NOT n.page_read") == sorted(set(packages.name) - set(read))
    every = reader.releases(np.arange(reader.generation().releases, dtype=np.int32))
    starts, stops = every.file_start[:-1].tolist(), every.file_start[1:].tolist()
    yanked = every.file_is_yanked  # made once: each look at it makes a column
    files = [yanked[start:stop] for start, stop in zip(starts, stops, strict=True)]
    wanted = {
        "n.prerelease": every.is_prerelease.tolist(),
        "n.listed AND NOT n.prerelease": (~every.is_ghost & ~every.is_prerelease).tolist(),
        "n.yanked": [len(of) > 0 and bool(of.all()) for of in files],
        "true IN n.file_yanked": [bool(of.any()) for of in files],
        "n.installable AND NOT n.installable_unyanked": (every.is_listed & ~every.is_fresh).tolist(),
        "n.taken": every.is_taken.tolist(),
    }
    assert {where: number("Release", where) for where in wanted} == {
        where: sum(truths) for where, truths in wanted.items()
    }
    assert all(map(any, wanted.values()))


def test_requirers_are_those_of_the_index(ask: Callable[..., Rows], reader: Reader) -> None:
    _, ranges = reader.constraints_on(reader.package_ids(["litellm"]))
    held = reader.declarers(ranges)
    users = reader.users(held.set)
    assert {row["package"] for row in ask("requirers")} == set(reader.packages(users.package).name)


def test_who_picked_it_then_is_a_part_of_what_was_nominated(ask: Callable[..., Rows], case: Path) -> None:
    with open_graph(str(case)) as graph:
        rows = graph.blast("litellm==1.82.8", at="2026-03-24T11:00:00Z").packages
    direct = {one.package.partition("[")[0] for one in rows if one.distance == 1 and one.takes}
    assert direct <= {row["package"] for row in ask("picked-at")}


def test_who_is_not_covered_has_no_document(ask: Callable[..., Rows], reader: Reader) -> None:
    organisation = reader.evidence().organisation()
    described = {use.service for use in organisation.uses}
    assert {row["service"] for row in ask("unknown-coverage")} == {
        one.id for one in organisation.services if one.id not in described
    }
    (incident,) = ask("incidents")
    assert (incident["incident"], incident["actor"]) == (INCIDENT, "TeamPCP")
