"""The LiteLLM case that ships: its verdicts are those of the facts (`../shared/case`), table by table."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from graphkit.api import Graph, open_graph
from graphkit.api.demo import run_demo
from graphkit.model.answers import Blast, PackageRow
from graphkit.model.index import ProjectPage, ReleaseMetadata
from graphkit.model.names import PackageName, ServiceId
from graphkit.model.organisation import Polarity, Standing
from graphkit.model.ranks import CompanyVerdict, Tier, Verdict
from graphkit.reports import report
from graphkit.reports.interface import ReportOptions
from graphkit.sources.index import GatherOptions, gather, open_live, slice_facts
from graphkit.trace.blast import install_trees
from graphkit.trace.case import Span
from graphkit.trace.case_answer import CaseAnswer, Question
from graphkit.trace.resolve.world import World
from tests.cases.build import at
from tests.property.asking import cases_of, view_of

pytestmark = pytest.mark.xdist_group("litellm")
EXTRAS = {
    "crewai": "litellm",
    "google-adk": "extensions",
    "instructor": "litellm",
    "smolagents": "litellm",
    "camel-ai": "all",
}


@pytest.fixture(scope="module")
def folder(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("case") / "graph"
    shutil.copytree(demo, path)
    return path


@pytest.fixture(scope="module")
def graph(folder: Path) -> Iterator[Graph]:
    with open_graph(str(folder)) as opened:
        yield opened


@pytest.fixture(scope="module")
def answer(graph: Graph) -> Blast:
    return graph.blast("litellm-2026-03")


def row(answer: Blast, package: str) -> PackageRow | None:
    return next((one for one in answer.packages if one.package == package), None)


def takes(answer: Blast, package: str) -> list[tuple[int, str]]:
    found = row(answer, package)
    return [(take.slot, take.release) for take in found.takes] if found else []


def test_the_slots_are_those_of_the_two_uploads(answer: Blast) -> None:
    assert [(slot.start, slot.until) for slot in answer.slots] == [
        (at("10:39"), at("10:52")),
        (at("10:52"), at("13:11")),
    ]
    assert answer.window.reading == "operator"


def test_the_table_of_the_facts(answer: Blast, shared: Path) -> None:
    facts = json.loads((shared / "case" / "litellm-2026-03.json").read_text(encoding="utf-8"))
    for told in facts["dependents_as_of"]["rows"]:
        extra = told.get("extra") or EXTRAS.get(told["package"])
        name = f"{told['package']}[{extra}]" if extra else told["package"]
        found = row(answer, name)
        if told["admits"]:
            assert found is not None, name
            assert (found.tier, found.newest) == (Tier.PICKED, told["version"]), name
            assert takes(answer, name) == [(0, "litellm@1.82.7"), (1, "litellm@1.82.8")], name
        else:
            assert found is None or found.tier is not Tier.PICKED, name


def test_a_requirement_that_only_an_extra_has(answer: Blast) -> None:
    assert row(answer, "crewai") is None
    assert row(answer, "aider-chat") is None


def test_graphrag_only_by_way_of_graphrag_llm(answer: Blast) -> None:
    found = row(answer, "graphrag")
    assert found is not None
    assert found.distance == 2
    assert [step.node.partition("@")[0] for step in found.paths[0]] == ["graphrag", "graphrag-llm", "litellm"]
    assert "litellm<2,>=1.80" in found.paths[0][-1].why or "litellm~=1.80" in found.paths[0][-1].why


def test_camel_is_nominated_and_not_confirmed(answer: Blast) -> None:
    assert row(answer, "camel-ai[all]") is None
    (note,) = (one for one in answer.notes if one.startswith("one range by itself lets"))
    assert "camel-ai[all]" in note
    assert all(one.tier is not Tier.PICKED for one in answer.packages if one.package.startswith("camel-ai"))


def test_what_a_conflict_elsewhere_does_not_hide(answer: Blast) -> None:
    # uv 0.13 takes litellm 1.82.6 for each of them on the index as of 10:30, for all the OpenTelemetry in between.
    for name in ("crewai[litellm]", "google-adk[extensions]", "openhands-ai"):
        found = row(answer, name)
        assert found is not None
        assert found.unresolvable == (0, 1)


def test_what_is_forgotten_between_walks_changes_nothing(
    graph: Graph, answer: Blast, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget = World.forget
    monkeypatch.setattr(World, "forget", lambda world: forget(world, beyond=0))
    assert graph.blast("litellm-2026-03") == answer


def test_in_the_afternoon_nothing_is_picked(graph: Graph) -> None:
    answer = graph.blast("litellm-2026-03", at="2026-03-24T14:00:00Z")
    assert [one.package for one in answer.packages if one.tier is Tier.PICKED] == []
    (note,) = (one for one in answer.notes if "unresolvable" in one)
    assert "quarantined" in note
    assert "crewai[litellm]" in note


def test_in_the_evening_the_good_release_is_back(graph: Graph) -> None:
    answer = graph.blast("litellm-2026-03", at="2026-03-24T20:30:00Z")
    assert [one.package for one in answer.packages if one.tier] == []
    assert not any("unresolvable" in one for one in answer.notes)


def test_the_other_readings(graph: Graph) -> None:
    def view(reading: str) -> CaseAnswer:
        reader = graph._store.reader()
        (case,) = cases_of(reader, ["litellm-2026-03"], reading)
        return view_of(reader, case, Question(targets=("litellm-2026-03",), reading=reading))

    short = view("maintainer-short").window
    assert (short.start, short.until) == (at("10:39"), at("11:19"))
    wide = view("maintainer-wide").services
    assert {str(one.service): one.verdict for one in wide}["dspy repository"] is Verdict.UNKNOWN


def test_locks_clear_installs_from_them_with_the_version_in_the_reason(answer: Blast, shared: Path) -> None:
    facts = json.loads((shared / "case" / "litellm-2026-03.json").read_text(encoding="utf-8"))
    services = {one.owner: one for one in answer.services}
    for told in facts["locks_as_of"]["rows"]:
        service = services[told["project"]]
        assert service.verdict is Verdict.CLEARED, service
        if told["file"].endswith(".lock"):
            assert all(version in service.reason for version in told["litellm"])
    assert takes(answer, "dspy") != []  # the published package is another question


def test_a_service_without_a_document_is_unknown(answer: Blast) -> None:
    (cloud,) = (one for one in answer.services if one.service == "LiteLLM Cloud")
    assert cloud.verdict is Verdict.UNKNOWN
    assert "would settle it" in cloud.reason


def test_companies(answer: Blast) -> None:
    rows = {str(one.company): one for one in answer.companies}
    assert {name for name, one in rows.items() if one.verdict is CompanyVerdict.STATED} == {"mercor", "futuresearch"}
    (mercor,) = (one for one in rows["mercor"].claims if one.id == "c5")
    assert (mercor.date, [source.id for source in mercor.sources]) == ("2026-03-31", ["S15", "S19", "S20"])
    labs = [rows[name] for name in ("meta", "openai", "anthropic")]
    assert {(one.verdict, one.distance, one.via, one.origin_tier) for one in labs} == {
        (CompanyVerdict.SUPPLIER, 1, ("mercor",), "stated")
    }
    assert all("proprietary training data" in one.data[0] for one in labs)
    assert any("no user data" in text for text in rows["openai"].data)
    assert len({claim.text for one in labs for claim in one.claims if claim.relation != "customer_of"}) >= 3
    assert all(rows[name].verdict is CompanyVerdict.NONE for name in ("ec", "cisco", "telnyx", "aqua"))


def test_a_denial_and_an_attackers_word_are_shown_without_effect(answer: Blast) -> None:
    rows = {str(one.company): one for one in answer.companies}
    assert any(claim.polarity is Polarity.DENIES for claim in rows["berriai"].claims)
    assert rows["berriai"].verdict is CompanyVerdict.UNKNOWN  # by its service without a document, not by its word
    assert any(claim.standing is Standing.ATTACKER for claim in rows["mercor"].claims)


def test_a_release_alone_asks_the_same_question(graph: Graph) -> None:
    assert takes(graph.blast("litellm==1.82.8"), "dspy")[-1][1] == "litellm@1.82.8"


@pytest.mark.parametrize(
    ("named", "alike"),
    [
        ("litellm==1.82.8", ("pkg:pypi/LiteLLM@1.82.8",)),
        ("litellm-2026-03", ("MAL-2026-2144", "PYSEC-2026-2")),
    ],
)
def test_other_names_ask_the_same_question(graph: Graph, named: str, alike: tuple[str, ...]) -> None:
    """An answer is made of its cases, so that equal cases have equal answers; to make each answer takes seconds."""
    cases = cases_of(graph._store.reader(), [named])
    assert all(cases_of(graph._store.reader(), [other]) == cases for other in alike)


def test_all_that_an_install_takes(folder: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(folder, tmp_path / "graph")
    (tmp_path / "requirements.txt").write_text("crewai[litellm]\n", encoding="utf-8")
    with open_graph(str(copy)) as graph:
        graph.ingest("lock", [str(tmp_path / "requirements.txt")], service="agents")
        # The trees alone: `why` also judges the service in every environment, which takes half a minute.
        question = Question(targets=("litellm-2026-03",), span=Span(at=at("11:30")))
        (tree,) = install_trees(graph._store.reader(), question, ServiceId("agents"))
    taken = {one.package: one for one in tree.releases}
    assert tree.at == at("11:30")
    assert (taken["litellm"].version, taken["litellm"].is_accused, taken["litellm"].is_firm) == ("1.82.8", True, True)
    assert (taken["litellm"].asked_by, taken["crewai"].asked_by) == ("crewai[litellm]@1.11.1", None)
    assert "opentelemetry-sdk" in tree.unresolvable
    assert len(taken) > 100


def test_a_second_run_reads_nothing_new_and_says_the_same(folder: Path, answer: Blast) -> None:
    assert run_demo(str(folder)) == answer


_IN_TWO_FORMS = """
import sys
from graphkit.api import open_graph
from graphkit.model.ranks import Tier
from graphkit.reports import report
from graphkit.reports.interface import ReportOptions
with open_graph(sys.argv[1]) as graph:
    answer = graph.blast("litellm-2026-03")
for form in ("json", "html"):
    print(report(form).render(answer, ReportOptions(tier=Tier.ADMITTED)))
"""


def test_two_hash_seeds_give_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    outputs = set()
    for seed in ("1", "2"):
        copy = tmp_path / seed
        shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("index"))  # compiled anew
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        command = [sys.executable, "-c", _IN_TWO_FORMS, str(copy)]
        done = subprocess.run(command, env=environment, capture_output=True, check=True)
        outputs.add(done.stdout)
    (output,) = outputs
    assert output.count(b"</html>") == 1


def test_the_report_never_shows_a_machine(answer: Blast) -> None:
    for form in ("json", "html", "table"):
        text = report(form).render(answer, ReportOptions())
        assert str(Path.cwd()) not in text


@pytest.mark.live
def test_the_slice_and_the_live_index_say_the_same() -> None:
    """A few requests: what is recorded of two packages is what the index says of that day now."""
    case = Path(__file__).resolve().parents[2] / "examples" / "litellm-2026-03" / "index.slice"
    names = {PackageName("dspy"), PackageName("graphrag-llm")}
    order = GatherOptions(start=at("08:00"), until=at("22:00"), as_of=at("2026-04-01T00:00:00Z"), closure=False)
    with open_live(None, cache=None, read_at=at("2026-11-24T00:00:00Z")) as index:
        live = list(gather(index, sorted(names), order, record=None, progress=lambda *_: None, reject=lambda *_: None))
    recorded = [fact for fact in slice_facts(case) if fact.package in names]

    def said(facts: Iterable[ProjectPage | ReleaseMetadata]) -> set[object]:
        return {
            (fact.package, fact.version, fact.requirements)
            if isinstance(fact, ReleaseMetadata)
            else (fact.package, frozenset((one.version, one.files) for one in fact.releases))
            for fact in facts
        }

    assert said(live) <= said(recorded)
