"""The made-up company of `examples/acme`: one service for each story that a verdict can tell, and all of it made up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
import pytest
import yaml

from graphkit.api import Graph, open_graph
from graphkit.api.answers import Blast
from graphkit.api.demo import feed_acme
from graphkit.model.answers import ServiceVerdict
from graphkit.model.names import package_name
from graphkit.model.ranks import Verdict
from graphkit.sources.index.slice import RecordedIndex
from tests.conftest import ROOT

ACME: Final = ROOT / "examples" / "acme"
LARGEST: Final = 250_000
"""Bytes of all its files: they ship in the wheel, and are read beside the real case."""

pytestmark = pytest.mark.xdist_group("acme")


class Story(msgspec.Struct, forbid_unknown_fields=True):
    """What is expected of a service; ``proof``: the kind of its clearance."""

    service: str
    verdict: str
    reason: str
    basis: str = ""
    proof: str = ""
    document: str = ""


class InHouse(msgspec.Struct, forbid_unknown_fields=True):
    """A library of the company, and the services whose paths lead through it."""

    library: str
    services: list[str]


class Expected(msgspec.Struct, forbid_unknown_fields=True):
    """The data file of the example."""

    stories: dict[str, Story]
    companies: dict[str, str]
    owners: list[str]
    in_house: InHouse


def expected() -> Expected:
    text = (ACME / "expected.yaml").read_text(encoding="utf-8")
    return msgspec.convert(yaml.load(text, yaml.BaseLoader), Expected, strict=False)


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Graph]:
    with open_graph(str(tmp_path_factory.mktemp("acme") / "graph"), create=True) as opened:
        feed_acme(opened)
        yield opened


@pytest.fixture(scope="module")
def answer(graph: Graph) -> Blast:
    return graph.blast("litellm-2026-03")


def deciding(one: ServiceVerdict) -> Iterator[tuple[str, str]]:
    """Yield of each build that decides a verdict the document and the kind of proof."""
    for build in one.builds:
        if build.verdict is one.verdict:
            document = build.document.path if build.document else ""
            yield document, build.clearance.kind.value if build.clearance else ""


def test_there_are_eight_stories_and_each_is_that_of_one_service(answer: Blast) -> None:
    stories = expected().stories
    assert len(stories) == 8
    assert sorted(one.service for one in stories.values()) == sorted(one.service for one in answer.services)


@pytest.mark.parametrize("story", expected().stories)
def test_a_service_tells_its_story(story: str, answer: Blast) -> None:
    wanted = expected().stories[story]
    (found,) = (one for one in answer.services if one.service == wanted.service)
    assert (found.verdict.value, found.basis) == (wanted.verdict, wanted.basis)
    assert wanted.reason in found.reason
    parts = list(deciding(found))
    assert {proof for _, proof in parts} == {wanted.proof}
    assert not wanted.document or wanted.document in {document for document, _ in parts}


def test_every_verdict_that_the_engine_gives_is_there(answer: Blast) -> None:
    assert {one.verdict for one in answer.services} == set(Verdict) - {Verdict.REPLAYED}


def test_the_lock_came_by_a_commit_and_went_by_another(answer: Blast) -> None:
    (found,) = (one for one in answer.services if one.service == "answerbot")
    assert any("from 2026-03-24T11:20:00Z to 2026-03-24T15:30:00Z" in build.reason for build in found.builds)


def test_the_library_is_between_two_services(answer: Blast) -> None:
    wanted = expected().in_house
    through = [
        str(one.service)
        for one in answer.services
        if any(f"by way of {wanted.library}" in step.why for path in one.paths for step in path)
    ]
    assert sorted(through) == wanted.services


def test_owners_suppliers_and_customers_are_there(answer: Blast) -> None:
    assert sorted({one.owner for one in answer.services}) == expected().owners
    assert {str(one.company): one.verdict.value for one in answer.companies} == expected().companies
    (acme,) = (one for one in answer.companies if one.company == "acme")
    assert [str(one.supplier) for one in acme.supplies] == ["lantern-labels"]


def test_every_company_is_called_made_up(answer: Blast) -> None:
    assert all(one.name.endswith(" (made up)") for one in answer.companies)
    assert all(claim.claimant.endswith(" (made up)") for one in answer.companies for claim in one.claims)
    assert (ACME / "README.md").read_text(encoding="utf-8").startswith("# Acme (made up)\n")


def test_no_other_account_of_the_times_changes_a_story(answer: Blast) -> None:
    (same,) = (note for note in answer.notes if note.startswith("no verdict changes with the times of "))
    assert same.count(", ") == 3
    assert not any("other verdicts result" in note for note in answer.notes)


def test_its_pages_are_those_of_the_real_case() -> None:
    part = RecordedIndex(ACME / "litellm-part.slice")
    whole = RecordedIndex(ROOT / "examples" / "litellm-2026-03" / "index.slice")
    assert part.packages == ["litellm", "smolagents"]
    assert part.read_at == whole.read_at
    for name in map(package_name, part.packages):
        assert part.page(name).page == whole.page(name).page


def test_it_is_small_and_has_no_incident_of_its_own() -> None:
    files = [path for path in ACME.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= LARGEST
    assert not (ACME / "incident.yaml").exists(), "a scan takes every incident that ships"


def test_read_again_it_says_the_same(graph: Graph, answer: Blast) -> None:
    feed_acme(graph)
    assert graph.blast("litellm-2026-03").provenance == answer.provenance


def test_without_git_its_history_is_left_out_and_the_rest_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with open_graph(str(tmp_path / "graph"), create=True) as opened:
        feed_acme(opened)
        verdicts = {str(one.service): one.verdict for one in opened.blast("litellm-2026-03").services}
    assert len(verdicts) == 8
    assert verdicts.pop("gateway") is Verdict.OBSERVED
    assert set(verdicts.values()) == {Verdict.UNKNOWN}
