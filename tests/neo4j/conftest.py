"""Everything here needs a server."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import neo4j
import pytest

from graphkit.api import open_graph
from graphkit.api.mark import mark_graph
from graphkit.api.neo4j import push_graph
from tests.conftest import DEMO_CASE
from tests.effort import THOROUGH
from tests.neo4j_server import clear, settings

SBOM = """{"bomFormat": "CycloneDX", "specVersion": "1.5", "metadata": {"component": {"type": "application",
"name": "shop </script>", "bom-ref": "root"}}, "components": [
{"type": "library", "bom-ref": "a", "name": "litellm", "version": "1.82.8", "purl": "pkg:pypi/litellm@1.82.8"},
{"type": "library", "bom-ref": "b", "name": "dspy", "version": "2.6.5", "purl": "pkg:pypi/dspy@2.6.5"}],
"dependencies": [{"ref": "root", "dependsOn": ["b"]}, {"ref": "b", "dependsOn": ["a"]}]}"""


INGESTED: Final = DEMO_CASE if THOROUGH else "telnyx-2026-03"
"""The case that is ingested into a server, imported, or pushed in part, where a large one takes minutes."""


@pytest.fixture(scope="package")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The SBOM of a service that has the release of the LiteLLM case."""
    path = tmp_path_factory.mktemp("shop") / "shop.json"
    path.write_text(SBOM, encoding="utf-8")
    return path


def with_shop(graph: Path, shop: Path, folder: Path) -> Path:
    """Return the graph of a case with that service."""
    shutil.copytree(graph, folder)
    with open_graph(str(folder)) as opened:
        assert opened.ingest("sbom", [str(shop)], company="acme").new
    return folder


@pytest.fixture(scope="package")
def case(demo: Path, shop: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The LiteLLM case in an embedded graph, with one service that has the release."""
    return with_shop(demo, shop, tmp_path_factory.mktemp("case") / "graph")


@pytest.fixture(scope="package")
def small(graph_of_case: Callable[[str], Path], shop: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The case `INGESTED` in an embedded graph, with that service."""
    return with_shop(graph_of_case(INGESTED), shop, tmp_path_factory.mktemp("small") / "graph")


@pytest.fixture(scope="package")
def pushed_demo(demo: Path, servers: tuple[str, ...]) -> str:
    """A server that holds the demo, until something asks for `pushed`. To push it takes a minute."""
    clear(servers[-1])
    assert push_graph(str(demo), servers[-1])
    assert not push_graph(str(demo), servers[-1])
    return servers[-1]


@pytest.fixture(scope="package")
def pushed(pushed_demo: str, shop: Path) -> str:
    """That server with the service, so that it holds the case, and the answer to it, which changes no other."""
    with open_graph(pushed_demo) as graph:
        assert graph.ingest("sbom", [str(shop)], company="acme").new
    assert mark_graph(pushed_demo, [DEMO_CASE]).is_current
    return pushed_demo


@pytest.fixture
def driver(pushed: str) -> Iterator[neo4j.Driver]:
    """A driver of that server."""
    with neo4j.GraphDatabase.driver(pushed, **settings()) as opened:
        yield opened
