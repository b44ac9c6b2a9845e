"""Everything here needs a server."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import neo4j
import pytest

from graphkit.api import open_graph
from graphkit.api.mark import mark_graph
from graphkit.api.neo4j import push_graph
from tests.neo4j_server import clear, settings

SBOM = """{"bomFormat": "CycloneDX", "specVersion": "1.5", "metadata": {"component": {"type": "application",
"name": "shop </script>", "bom-ref": "root"}}, "components": [
{"type": "library", "bom-ref": "a", "name": "litellm", "version": "1.82.8", "purl": "pkg:pypi/litellm@1.82.8"},
{"type": "library", "bom-ref": "b", "name": "dspy", "version": "2.6.5", "purl": "pkg:pypi/dspy@2.6.5"}],
"dependencies": [{"ref": "root", "dependsOn": ["b"]}, {"ref": "b", "dependsOn": ["a"]}]}"""


@pytest.fixture(scope="package")
def case(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The LiteLLM case in an embedded graph, with one service that has the release."""
    folder = tmp_path_factory.mktemp("case")
    shutil.copytree(demo, folder / "graph")
    (folder / "shop.json").write_text(SBOM, encoding="utf-8")
    with open_graph(str(folder / "graph")) as graph:
        assert graph.ingest("sbom", [str(folder / "shop.json")], company="acme").new
    return folder / "graph"


@pytest.fixture(scope="package")
def pushed(case: Path, servers: tuple[str, ...]) -> str:
    """A server that holds the case, and the answer to it, which changes no other."""
    clear(servers[-1])
    assert push_graph(str(case), servers[-1])
    assert mark_graph(servers[-1], ["litellm-2026-03"]).is_current
    return servers[-1]


@pytest.fixture
def driver(pushed: str) -> Iterator[neo4j.Driver]:
    """A driver of that server."""
    with neo4j.GraphDatabase.driver(pushed, **settings()) as opened:
        yield opened
