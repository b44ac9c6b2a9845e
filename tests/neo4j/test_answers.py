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
from tests.conftest import DEMO_CASE, feed
from tests.neo4j.conftest import INGESTED
from tests.neo4j_server import imported, running
from tests.notebooks.test_notebooks import ON_A_SERVER, demos_are_copies, same_as_kept

pytestmark = pytest.mark.server


def asked_once(address: str, case: str = DEMO_CASE) -> dict[str, object]:
    """The answer about a case, in every format."""
    with open_graph(address) as graph:
        blast = graph.blast(case)
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


def test_the_notebook_of_neo4j_gives_what_is_kept_in_it(
    demo: Path, pushed_demo: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is the first test of a server, before another one ingests into it."""
    monkeypatch.setenv("NEO4J_URI", pushed_demo)  # of which the notebook's ingest reads nothing again
    demos_are_copies(demo, tmp_path / "ipython", monkeypatch)
    same_as_kept(ON_A_SERVER, tmp_path)


def test_a_graph_that_was_pushed_and_then_ingested_into_answers_the_same(
    pushed: str, wanted: dict[str, object]
) -> None:
    found = asked(pushed)
    assert {name for name in wanted if wanted[name] != found[name]} == set()
    assert server_status(pushed)["facts"] == wanted["stats"].facts_sha256  # type: ignore[attr-defined]


def test_what_is_ingested_into_a_server_answers_the_same(small: Path, shop: Path, server: str) -> None:
    with open_graph(str(small)) as alone, open_graph(server, create=True) as fed:
        if INGESTED == DEMO_CASE:
            feed_demo(fed)
        else:
            feed(fed, INGESTED)
        assert fed.ingest("sbom", [str(shop)], company="acme").new
        assert fed.ingest("sbom", [str(shop)], company="acme").new == 0
        assert fed.stats() == alone.stats()
        wanted, found = alone.blast(INGESTED), fed.blast(INGESTED)
        assert {name for name in names() if shown(wanted, name) != shown(found, name)} == set()
        for target in ("litellm", "telnyx"):
            assert fed.who_has(target) == alone.who_has(target)
        assert fed.why("shop </script>", INGESTED) == alone.why("shop </script>", INGESTED)


def test_an_imported_export_answers_the_same(small: Path, servers: tuple[str, ...], tmp_path: Path) -> None:
    wanted = asked_once(str(small), INGESTED)
    command = export_graph(str(small), str(tmp_path / "csv"))
    assert command.startswith("neo4j-admin database import full neo4j ")
    imported(tmp_path / "home", tmp_path / "csv")
    with running(tmp_path / "home") as address:
        assert not push_graph(str(small), address)  # makes the keys of labels, which an import does not
        found = asked_once(address, INGESTED)
        assert {name for name in found if wanted[name] != found[name]} == set()


def test_a_slice_has_what_leads_to_a_package(small: Path, server: str) -> None:
    assert push_graph(str(small), server, around=[INGESTED.partition("-")[0]], services=True)
    with open_graph(server) as graph, open_graph(str(small)) as whole:
        found, wanted = graph.blast(INGESTED), whole.blast(INGESTED)
        led = [one.package for one in wanted.packages if one.tier]
        assert led
        assert [one.package for one in found.packages if one.tier] == led
        assert [(one.service, one.verdict) for one in found.services] == [
            (one.service, one.verdict) for one in wanted.services
        ]
        assert found.services
