"""The queries for people: each runs, and gives the rows that Python gives where it has the same question."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import neo4j
import numpy as np
import pytest

from graphkit.api import open_graph
from graphkit.model.ranks import Verdict
from graphkit.resources import resource
from graphkit.stores import open_store
from graphkit.stores.port import Reader
from tests.neo4j_server import database

pytestmark = pytest.mark.server
FOLDER = resource("queries", "explore")
NAMES = sorted(path.stem for path in FOLDER.glob("*.cypher"))
INCIDENT = "litellm-2026-03"
GIVEN = {
    "incident": INCIDENT,
    "company": "berriai",
    "package": "litellm",
    "target": "litellm",
    "release": "litellm@1.82.8",
    "at": "2026-03-24T11:00:00Z",
    "limit": 10,
}
EMPTY = {"supply-chains"}
"""Queries that have no rows here with the parameters above."""
Rows = list[dict[str, Any]]


@pytest.fixture
def ask(driver: neo4j.Driver) -> Callable[..., Rows]:
    def run(name: str, **given: Any) -> Rows:
        text = (FOLDER / f"{name}.cypher").read_text(encoding="utf-8")
        found = driver.execute_query(text, {**GIVEN, **given}, database_=database())
        return [record.data() for record in found.records]

    return run


@pytest.fixture
def reader(case: Path) -> Reader:
    return open_store(case).reader()


def test_there_are_a_dozen() -> None:
    assert len(NAMES) >= 12


@pytest.mark.parametrize("name", NAMES)
def test_each_says_its_question_and_runs(ask: Callable[..., Rows], name: str) -> None:
    text = (FOLDER / f"{name}.cypher").read_text(encoding="utf-8")
    comment = [line for line in text.splitlines() if line.startswith("//")]
    assert "?" in comment[0] + comment[1] or comment[0].startswith("// Whom")
    assert any(line.startswith("// Parameters: ") for line in comment)
    given = {"package": "dspy"} if name == "shortest-path" else {}
    assert bool(ask(name, **given)) == (name not in EMPTY)


def test_services_are_those_that_blast_shows(ask: Callable[..., Rows], case: Path) -> None:
    with open_graph(str(case)) as graph:
        blast = graph.blast(INCIDENT)
    shown = {one.service for one in blast.services if one.verdict == Verdict.OBSERVED}
    assert shown == {row["service"] for row in ask("blast-services")} == {"shop </script>"}
    assert {name for row in ask("owners-to-call") for name in row["services"]} == shown
    assert [row["releases"] for row in ask("timeline") if row["releases"]] == [["litellm@1.82.8"]]


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
    order = sorted(zip((-packages.dependents).tolist(), packages.name, strict=True))[:10]
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
    files = [every.file_is_yanked[start:stop] for start, stop in zip(starts, stops, strict=True)]
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
        rows = graph.blast("litellm==1.82.8", at=GIVEN["at"]).packages  # type: ignore[arg-type]
    direct = {one.package.partition("[")[0] for one in rows if one.distance == 1 and one.takes}
    assert direct <= {row["package"] for row in ask("picked-at")}


def test_who_is_not_covered_has_no_document(ask: Callable[..., Rows], reader: Reader) -> None:
    organisation = reader.evidence().organisation()
    described = {use.service for use in organisation.uses}
    assert {row["service"] for row in ask("unknown-coverage")} == {
        one.id for one in organisation.services if one.id not in described
    }
    assert len(ask("claims")) == len(organisation.claims)
    (incident,) = ask("incidents")
    assert (incident["incident"], incident["actor"]) == (INCIDENT, "TeamPCP")
