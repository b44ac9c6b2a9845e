"""A graph on a server answers with the bytes of the embedded one."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphkit.api import open_graph
from graphkit.api.demo import feed_demo
from graphkit.api.neo4j import export_graph, push_graph, server_status
from graphkit.model.answers import Blast
from graphkit.reports import names, report
from graphkit.reports.interface import ReportOptions
from tests.neo4j_server import clear, imported, running
from tests.notebooks.test_notebooks import ON_A_SERVER, same_as_kept

pytestmark = pytest.mark.server


def asked_once(address: str) -> dict[str, object]:
    """The answer about the case, in every format."""
    with open_graph(address) as graph:
        blast = graph.blast("litellm-2026-03")
        return {**{name: shown(blast, name) for name in names()}, "stats": graph.stats()}


def asked(address: str) -> dict[str, object]:
    """Every verb's answer."""
    with open_graph(address) as graph:
        later = graph.blast(
            "litellm==1.82.8", at="2026-03-24T11:00:00Z", resolver="pip", python="3.11", platform="macos"
        )
        return {
            **asked_once(address),
            "later": shown(later, "json"),
            "why": graph.why("shop </script>", "litellm-2026-03"),
            "who has": graph.who_has("litellm"),
            "at": graph.who_has("litellm>1.70", at="2026-03-24T11:00:00Z"),
        }


def shown(blast: Blast, name: str) -> bytes | str:
    return report(name).render(blast, ReportOptions())


@pytest.fixture(scope="module")
def wanted(case: Path) -> dict[str, object]:
    return asked(str(case))


def test_a_pushed_graph_answers_the_same(case: Path, pushed: str, wanted: dict[str, object]) -> None:
    found = asked(pushed)
    assert {name for name in wanted if wanted[name] != found[name]} == set()
    assert not push_graph(str(case), pushed)
    assert server_status(pushed)["facts"] == wanted["stats"].facts_sha256  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def fed(servers: tuple[str, ...]) -> str:
    """A server that the case was ingested into: the slowest thing here, so what needs it stands side by side."""
    clear(servers[0])
    with open_graph(servers[0], create=True) as graph:
        feed_demo(graph)
    return servers[0]


def test_the_notebook_of_neo4j_gives_what_is_kept_in_it(
    fed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEO4J_URI", fed)
    same_as_kept(ON_A_SERVER, tmp_path)


def test_what_is_ingested_into_a_server_answers_the_same(case: Path, fed: str, wanted: dict[str, object]) -> None:
    with open_graph(fed) as graph:
        assert graph.ingest("sbom", [str(case.parent / "shop.json")], company="acme").new
        assert graph.ingest("sbom", [str(case.parent / "shop.json")], company="acme").new == 0
    found = asked(fed)
    assert {name for name in wanted if wanted[name] != found[name]} == set()


def test_an_imported_export_answers_the_same(
    case: Path, tmp_path: Path, servers: tuple[str, ...], wanted: dict[str, object]
) -> None:
    command = export_graph(str(case), str(tmp_path / "csv"))
    assert command.startswith("neo4j-admin database import full neo4j ")
    imported(tmp_path / "home", tmp_path / "csv")
    with running(tmp_path / "home") as address:
        assert not push_graph(str(case), address)  # makes the keys of labels, which an import does not
        found = asked_once(address)
        assert {name for name in found if wanted[name] != found[name]} == set()


def test_a_slice_has_what_leads_to_a_package(case: Path, server: str) -> None:
    assert push_graph(str(case), server, around=["litellm"], services=True)
    with open_graph(server) as graph, open_graph(str(case)) as whole:
        found, wanted = graph.blast("litellm-2026-03"), whole.blast("litellm-2026-03")
        assert [one.package for one in found.packages if one.tier] == [
            one.package for one in wanted.packages if one.tier
        ]
        assert [(one.service, one.verdict) for one in found.services] == [
            (one.service, one.verdict) for one in wanted.services
        ]
    clear(server)
