"""`graphkit doctor` on a graph of a server, and of a folder beside one."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import pytest

from graphkit.api import open_graph
from graphkit.api.doctor import examine
from graphkit.api.neo4j import push_graph
from graphkit.model.health import Health
from tests.unit.cli.door import run
from tests.unit.cli.inputs import INCIDENT, put, sbom

pytestmark = pytest.mark.server


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def told(health: Health, subject: str) -> list[tuple[str, bool, str]]:
    return [(one.text, one.is_finding, one.do) for one in health.checks if one.subject == subject]


def test_a_folder_and_a_server_are_compared(server: str, tmp_path: Path) -> None:
    folder = str(tmp_path / "graph")
    put(tmp_path / "incident.yaml", INCIDENT)
    put(tmp_path / "shop.json", sbom("shop", "litellm==1.82.8"))
    put(tmp_path / "other.json", sbom("other", "litellm==1.82.8"))
    with open_graph(folder, create=True) as graph:
        graph.ingest("advisory", [str(tmp_path / "incident.yaml")])
        graph.ingest("sbom", [str(tmp_path / "shop.json")])
    assert push_graph(folder, server)
    assert told(examine(folder, server), "stores") == [("case-1: the same verdicts of 1 services in both", False, "")]
    with open_graph(folder) as graph:
        graph.ingest("sbom", [str(tmp_path / "other.json")])
    ran = run("doctor", "--graph", folder, "--to", server, "--format", "json")
    assert ran.code == 3
    facts, verdicts = (one for one in ran.json["checks"] if one["subject"] == "stores")
    assert facts["text"] == f"{folder} and {server} hold different facts"
    assert facts["do"].startswith("graphkit neo4j push --graph ")
    assert f"other is observed here and not there at {server}" in verdicts["text"]


def test_incidents_of_a_graph_on_a_server_are_looked_for_among_what_is_installed(server: str, tmp_path: Path) -> None:
    name = "packaging"
    incident = INCIDENT.replace("pkg:pypi/litellm@1.82.8", f"pkg:pypi/{name}@{metadata.version(name)}")
    with open_graph(server, create=True) as graph:
        assert graph.ingest("advisory", [str(put(tmp_path / "incident.yaml", incident))]).new
    health = examine(server)
    assert [what for what, is_finding, _ in told(health, "server") if is_finding] == []
    accused = [one for one in told(health, "installed") if "case-1" in one[0]]
    assert accused
    assert f"graphkit blast case-1 --long --graph {server}" in {do for _, _, do in accused}
    assert told(health, "stores") == []


def test_a_server_without_a_graph_is_a_finding(server: str) -> None:
    (found,) = (one for one in told(examine(server), "installed") if one[1])
    assert found[0].startswith(f"no graph at {server}; ")
    assert found[2] == f"graphkit neo4j status --to {server}"
