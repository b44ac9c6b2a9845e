"""`graphkit doctor` on a graph of a server, and of a folder beside one."""

from __future__ import annotations

import shutil
from importlib import metadata
from pathlib import Path

import pytest

from graphkit.api import open_graph
from graphkit.api.doctor import examine
from graphkit.model.health import Health
from graphkit.stores import open_store
from tests.contract.test_store_contract import page
from tests.neo4j.conftest import SBOM
from tests.unit.cli.door import run
from tests.unit.cli.inputs import INCIDENT, put

pytestmark = pytest.mark.server


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def told(health: Health, subject: str) -> list[tuple[str, bool, str]]:
    return [(one.text, one.is_finding, one.do) for one in health.checks if one.subject == subject]


def test_a_server_with_the_same_graph_gives_the_same_verdicts(case: Path, pushed: str) -> None:
    (found,) = told(examine(str(case), pushed), "stores")
    assert found[0].startswith("litellm-2026-03: the same verdicts of ")
    assert found[1:] == (False, "")


def test_a_server_with_another_graph_is_a_finding(case: Path, pushed: str, tmp_path: Path) -> None:
    shutil.copytree(case, tmp_path / "graph")
    other = SBOM.replace("shop </script>", "other").replace("1.82.8", "1.82.7")
    with open_graph(str(tmp_path / "graph")) as graph:
        assert graph.ingest("sbom", [str(put(tmp_path / "other.json", other))]).new
    ran = run("doctor", "--graph", tmp_path / "graph", "--to", pushed, "--format", "json")
    assert ran.code == 3
    facts, verdicts = (one for one in ran.json["checks"] if one["subject"] == "stores")
    assert facts["text"] == f"{tmp_path / 'graph'} and {pushed} hold different facts"
    assert facts["do"].startswith("graphkit neo4j push --graph ")
    assert f"other is observed here and not there at {pushed}" in verdicts["text"]


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


def test_two_servers_are_compared(pushed: str, server: str) -> None:
    store = open_store(server, create=True)
    store.record([page("lib", {"1.0": 1})])
    store.close()
    facts, verdicts = told(examine(pushed, server), "stores")
    assert facts == (f"{pushed} and {server} hold different facts", True, "")
    assert verdicts[0].startswith("litellm-2026-03: ")
    assert verdicts[1]
