"""The Python door: what a graph answers, and how it says that a question makes no sense."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from graphkit.api import Graph, open_graph
from graphkit.api.graph import default_address
from graphkit.api.questions import BlastOptions, question_of
from graphkit.model.answers import ServiceVerdict
from graphkit.model.errors import GraphkitError, UsageError
from graphkit.model.times import exactly, instant
from graphkit.trace.verdicts.packages import Effort
from tests.unit.cli.inputs import BAD, GOOD, INCIDENT, osv, put, recorded_slice, sbom, uv_lock, whole_sbom

RELEASE = "litellm==1.82.8"
NOON = "2026-03-24T12:00:00Z"


@pytest.fixture
def graph(work: Path) -> Iterator[Graph]:
    """A graph that knows the case and the index of that day, and no service."""
    recorded_slice(work / "index.slice")
    put(work / "case.yaml", INCIDENT)
    with open_graph(str(work.parent / "graph"), create=True) as opened:
        assert not opened.ingest("index", ["index.slice"]).rejected
        assert not opened.ingest("advisory", ["case.yaml"]).rejected
        yield opened


def feed(graph: Graph, work: Path, kind: str, content: str, name: str = "a.txt", **options: Any) -> None:
    put(work / name, content)
    report = graph.ingest(kind, [name], **options)
    assert (report.read, report.rejected) == (1, ())


def only(graph: Graph, *targets: str, **options: Any) -> ServiceVerdict:
    (service,) = graph.blast(*(targets or ("case-1",)), **options).services
    return service


def test_what_to_do_about_several_incidents_says_which_and_by_whom(graph: Graph, work: Path) -> None:
    for name, publisher in (("one", "the press"), ("two", "the index")):
        feed(
            graph,
            work,
            "advisory",
            "schema: graphkit.incident/1\n"
            f"id: {name}\ntitle: x\nreleases: [{{purl: 'pkg:pypi/{name}@1'}}]\n"
            f"actions: [{{do: rotate, text: Rotate {name}., sources: [S1]}}]\n"
            f"sources: [{{id: S1, publisher: {publisher}}}]\n",
            f"{name}.yaml",
        )
    told = graph.blast("two", "one").incident.actions
    assert [(one.incident, one.do, one.text) for one in told] == [
        ("one", "rotate", "Rotate one."),
        ("two", "rotate", "Rotate two."),
    ]
    assert [source.publisher for one in told for source in one.sources] == ["the press", "the index"]


# What a document proves


def test_an_undated_sbom_exposes(graph: Graph, work: Path) -> None:
    feed(graph, work, "sbom", sbom("shop", RELEASE))
    assert only(graph).verdict == "observed"
    assert only(graph, builds_complete=True).verdict == "observed"


def test_an_undated_sbom_never_clears_even_where_it_is_complete_and_no_build_is_missing(
    graph: Graph, work: Path
) -> None:
    feed(graph, work, "sbom", whole_sbom("shop", "litellm==1.82.6"))
    for complete in (False, True):
        shop = only(graph, builds_complete=complete)
        assert shop.verdict == "unknown"
        assert "undated" in " ".join([shop.reason, *(build.reason for build in shop.builds)])


def test_a_dated_and_complete_sbom_clears_its_build_and_not_the_unrecorded_one(graph: Graph, work: Path) -> None:
    feed(graph, work, "sbom", whole_sbom("shop", "litellm==1.82.6", built=NOON))
    verdicts = {build.at: build.verdict for build in only(graph).builds}
    assert verdicts == {exactly(instant(NOON)): "cleared", None: "unknown"}
    assert only(graph).verdict == "unknown"
    shop = only(graph, builds_complete=True)
    assert (shop.verdict, len(shop.builds)) == ("cleared", 1)
    assert shop.reason


def test_an_sbom_that_does_not_say_it_is_complete_clears_nothing_by_silence(graph: Graph, work: Path) -> None:
    feed(graph, work, "sbom", sbom("shop", "app==1.0", built=NOON))
    assert only(graph, builds_complete=True).verdict == "unknown"


def test_an_option_dates_what_the_document_does_not(graph: Graph, work: Path) -> None:
    feed(graph, work, "sbom", whole_sbom("shop", "litellm==1.82.6"), built_at=NOON)
    assert only(graph, builds_complete=True).verdict == "cleared"


def test_a_lock_speaks_from_its_commit_to_the_last_time_it_was_seen_to_stand(graph: Graph, work: Path) -> None:
    times = {"stands_from": "2026-03-20T00:00:00Z", "read_at": "2026-03-30T00:00:00Z"}
    feed(graph, work, "lock", uv_lock("shop", "litellm==1.82.6"), **times)
    assert only(graph).verdict == "cleared"


def test_a_lock_that_nobody_saw_since_is_unknown(graph: Graph, work: Path) -> None:
    feed(graph, work, "lock", uv_lock("shop", "litellm==1.82.6"), stands_from="2026-03-20T00:00:00Z")
    assert only(graph).verdict == "unknown"


def test_two_documents_of_a_named_service_are_its_states_and_of_a_derived_one_are_not(graph: Graph, work: Path) -> None:
    old, new = "2026-03-01T00:00:00Z", "2026-03-20T00:00:00Z"
    feed(graph, work, "sbom", sbom("shop", RELEASE, built=old), "old.json", service="till")
    feed(graph, work, "sbom", sbom("shop", "litellm==1.82.6", built=new), "new.json", service="till")
    feed(graph, work, "sbom", sbom("kiosk", RELEASE, built=old), "kiosk-old.json")
    feed(graph, work, "sbom", sbom("kiosk", "litellm==1.82.6", built=new), "kiosk-new.json")
    rows = [(row.service, row.document.path, row.current) for row in graph.who_has("litellm").matches]
    assert rows == [
        ("kiosk", "kiosk-new.json", True),
        ("kiosk", "kiosk-old.json", True),
        ("till", "new.json", True),
        ("till", "old.json", False),
    ]


def test_nothing_drops_out(graph: Graph, work: Path) -> None:
    feed(graph, work, "lock", BAD, "bad.txt")
    feed(graph, work, "lock", GOOD, "good.txt")
    feed(graph, work, "sbom", sbom("empty"), "empty.json")
    answer = graph.blast("case-1")
    assert {one.service for one in answer.services} == {"bad.txt", "good.txt", "empty"}
    assert sum(count for _, count in answer.summary.services) == 3
    assert all(one.reason for one in answer.services)


# Manifests

LINUX = {"environment": {"python": "3.12", "platform": "linux"}}
EXTRA = "[project.optional-dependencies]\nproxy = ['litellm==1.82.8']\nall = ['shop[proxy]']\nnone = ['other']\n"


def organised(graph: Graph, work: Path, **more: Any) -> None:
    times = {"stands_from": "2026-03-01T00:00:00Z", "read_at": "2026-03-30T00:00:00Z"}
    documents = [{"path": "pyproject.toml", **times}]
    service = {"name": "shop", "documents": documents, **more}
    put(work / "org.json", json.dumps({"schema": "graphkit.organisation/1", "services": [service]}))
    assert not graph.ingest("org", ["org.json"]).rejected


@pytest.mark.parametrize(
    ("asked", "more", "verdict"),
    [
        (EXTRA, {}, "admitted"),
        (EXTRA, {"extras": ["none"]}, "cleared"),
        (EXTRA, {"extras": []}, "cleared"),
        (EXTRA, {"extras": ["Proxy"]}, "picked"),
        (EXTRA, {"extras": ["all"]}, "picked"),
        ("[dependency-groups]\ndev = ['litellm==1.82.8']\n", {}, "admitted"),
        ("[dependency-groups]\ndev = ['litellm==1.82.8']\n", {"groups": ["dev"]}, "picked"),
        ("[dependency-groups]\ndev = ['litellm==1.82.8']\n", {"groups": ["docs"], "extras": ["dev"]}, "cleared"),
        ("[dependency-groups]\nci = [{include-group = 'x'}]\nx = ['litellm>1.82.6']\n", {"groups": ["ci"]}, "picked"),
        # Where the service runs is not known, so Windows counts.
        ("[dependency-groups]\ndev = ['litellm ; os_name == \"nt\"']\n", {}, "admitted"),
        ("[dependency-groups]\ndev = ['litellm ; os_name == \"nt\"']\n", LINUX, "cleared"),
        ("[dependency-groups]\ndev = ['unread']\n", {}, "unknown"),
        ("[tool.uv]\ndev-dependencies = ['litellm']\n", {}, "admitted"),
        ("[tool.pdm.dev-dependencies]\ntest = ['litellm']\n", {}, "admitted"),
        ("[tool.hatch.envs.test]\nextra-dependencies = ['litellm']\n", {}, "admitted"),
        ("[tool.poetry.group.test.dependencies]\nlitellm = '^1'\n", {}, "admitted"),
        ("[tool.poetry.dev-dependencies]\nlitellm = '^1'\n", {}, "admitted"),
    ],
)
def test_what_an_install_may_ask_for_is_admitted(
    graph: Graph, work: Path, asked: str, more: dict[str, Any], verdict: str
) -> None:
    put(work / "pyproject.toml", f"[project]\nname = 'shop'\ndependencies = ['other']\n{asked}")
    recorded_slice(work / "other.slice", {"other": {"1.0": ("2026-01-01T00:00:00Z", [])}})
    assert not graph.ingest("index", ["other.slice"]).rejected
    organised(graph, work, **more)
    assert only(graph).verdict == verdict


@pytest.mark.parametrize(
    ("asked", "verdict"),
    [
        ("litellm==1.82.8", "picked"),
        ("litellm===1.82.8", "picked"),
        ("litellm==1.82.8+corp", "unknown"),
        ("litellm===1.82.8+corp", "unknown"),
        ("litellm==1.82.6+corp", "cleared"),  # a bar: no other build satisfies it
        ("litellm===1.82.6", "cleared"),
        ("litellm===1.82.8.0", "unknown"),
        ("litellm===main", "unknown"),
        ("litellm<1.82.8", "cleared"),
        ("litellm!=1.82.8", "cleared"),
        ("litellm", "picked"),
        ("litellm @ git+https://git.example/litellm", "unknown"),
    ],
)
def test_a_manifest_of_one_range(graph: Graph, work: Path, asked: str, verdict: str) -> None:
    put(work / "pyproject.toml", f"[project]\nname = 'shop'\ndependencies = ['{asked}']\n")
    organised(graph, work)
    assert only(graph).verdict == verdict


# Targets


@pytest.mark.parametrize(
    "target", [RELEASE, "LiteLLM == 1.82.8", "litellm===1.82.8", "pkg:pypi/litellm@1.82.8", "CASE-1", "case-1"]
)
def test_a_release_and_its_incident_are_one_question(graph: Graph, work: Path, target: str) -> None:
    feed(graph, work, "lock", BAD)
    answer = graph.blast(target)
    assert (answer.incident.id, answer.window.reading) == ("case-1", "operator")
    assert [one.release.purl for one in answer.incident.releases] == ["pkg:pypi/litellm@1.82.8"]


def test_an_advisory_is_a_target_by_its_id_and_alias(graph: Graph, work: Path) -> None:
    feed(graph, work, "advisory", osv("GHSA-1", aliases=["CVE-1"]))
    assert graph.blast("GHSA-1").incident.releases == graph.blast("cve-1").incident.releases


def test_without_an_incident_the_window_starts_at_the_first_listing(work: Path) -> None:
    recorded_slice(work / "index.slice")
    with open_graph("graph", create=True) as graph:
        graph.ingest("index", ["index.slice"])
        answer = graph.blast(RELEASE)
    assert (answer.window.start, answer.window.reading) == (instant("2026-03-24T10:52:00Z"), "index")


# Questions that make no sense


@pytest.mark.parametrize(
    ("targets", "options", "said"),
    [
        ((), {}, "name a target"),
        (("litellm",), {}, "names no release"),
        ((RELEASE,), {"resolver": "poetry"}, "choose uv or pip"),
        ((RELEASE,), {"platform": "amiga"}, "linux, musllinux, macos, windows"),
        ((RELEASE,), {"python": "3"}, "3.12"),
        ((RELEASE,), {"python": "3.x"}, "3.12"),
        ((RELEASE,), {"at": "noon"}, "RFC 3339"),
        ((RELEASE,), {"at": NOON, "window_from": NOON}, "at"),
        ((RELEASE,), {"window_from": NOON, "window_until": NOON}, "before"),
        ((RELEASE,), {"reading": "hearsay"}, "operator"),
    ],
)
def test_a_question_that_makes_no_sense(
    graph: Graph, targets: tuple[str, ...], options: dict[str, Any], said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        graph.blast(*targets, **options)


def test_options_that_are_none_are_as_good_as_not_given(graph: Graph, work: Path) -> None:
    feed(graph, work, "lock", BAD)
    names = ("at", "window_from", "window_until", "reading", "python", "platform", "resolver")
    assert graph.blast("case-1", **dict.fromkeys(names)) == graph.blast("case-1")  # type: ignore[arg-type]


@pytest.mark.parametrize("platform", ["linux", "macos-arm64", "Windows", "musllinux-aarch64"])
def test_a_platform_may_name_its_machine(graph: Graph, platform: str) -> None:
    environment = graph.blast("case-1", platform=platform).environment
    name, _, machine = platform.lower().partition("-")
    assert (environment.platform, environment.machine) == (name, machine or "x86_64")


def test_why_of_an_unknown_service_names_those_near(graph: Graph, work: Path) -> None:
    with pytest.raises(UsageError, match="there are, for example: none"):
        graph.why("payments", "case-1")
    for name in ("payments", "payment-api", "desk", "shop"):
        feed(graph, work, "lock", BAD, service=name)
    with pytest.raises(UsageError, match=r"for example: payments, payment-api$"):
        graph.why("paymens", "case-1")
    with pytest.raises(UsageError, match=r"for example: \S+, \S+, \S+$"):
        graph.why("zzz", "case-1")
    assert graph.why("payments", "case-1").service.verdict == "observed"


def test_why_is_the_service_of_the_blast(graph: Graph, work: Path) -> None:
    feed(graph, work, "lock", BAD)
    answer = graph.why("a.txt", "case-1", at="2026-03-24T11:00:00Z")
    assert answer.blast == graph.blast("case-1", at="2026-03-24T11:00:00Z")
    assert answer.service in answer.blast.services


# The graph itself


def test_the_default_address_is_the_environments_else_this_users(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAPHKIT_GRAPH", "here")
    assert default_address() == "here"
    for unset in ("", None):
        monkeypatch.delenv("GRAPHKIT_GRAPH") if unset is None else monkeypatch.setenv("GRAPHKIT_GRAPH", unset)
        assert Path(default_address()).parts[-2:] == ("graphkit", "graph")


def test_a_graph_is_opened_by_the_environment(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAPHKIT_GRAPH", "by-environment")
    with open_graph(create=True) as graph:
        feed(graph, work, "lock", BAD)
    with open_graph("by-environment") as graph:
        assert len(graph.who_has("litellm").matches) == 1


def test_a_missing_graph_is_not_made_by_asking(work: Path) -> None:
    with pytest.raises(GraphkitError, match="graphkit ingest"), open_graph("gone") as graph:
        graph.stats()
    assert not (work / "gone").exists()


def test_stats_of_an_empty_graph_and_of_one_that_was_fed(work: Path) -> None:
    with open_graph("graph", create=True) as graph:
        empty = graph.stats()
        assert (empty.newest_fact, empty.problems) == (None, ())
        assert not any(count for _, count in empty.counts)
        put(work / "a.json", sbom("shop", built=NOON, components=[{"type": "library", "name": "x", "purl": "pkg:::"}]))
        graph.ingest("sbom", ["a.json"])
        fed = graph.stats()
    assert dict(fed.counts)["documents"] == 1
    assert fed.facts_sha256 != empty.facts_sha256
    assert {path for path, _ in fed.problems} == {"a.json"}


def test_closing_twice_is_no_harm(work: Path) -> None:
    graph = open_graph("graph", create=True)
    graph.close()
    graph.close()


def test_the_order_of_feeding_does_not_matter(work: Path) -> None:
    recorded_slice(work / "index.slice")
    put(work / "case.yaml", INCIDENT)
    put(work / "in" / "a.txt", BAD)
    put(work / "in" / "b.json", whole_sbom("shop", "litellm==1.82.6", built=NOON))
    steps = [("index", "index.slice"), ("advisory", "case.yaml"), ("lock", "in")]
    answers = []
    for number, order in enumerate((steps, steps[::-1])):
        with open_graph(f"graph-{number}", create=True) as graph:
            for kind, source in order:
                graph.ingest(kind, [source])
            answers.append(graph.blast("case-1"))
    assert answers[0] == answers[1]


# What is asked


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ({"resolver": "poetry"}, "unknown resolver 'poetry'; choose uv or pip"),
        ({"confirm": "some"}, "unknown confirmation 'some'; choose shown or all"),
        ({"platform": "beos-arm64"}, "unknown platform 'beos'; choose one of linux, musllinux, macos, windows, with a"),
        ({"python": "3"}, "no Python version '3'; give one such as 3.12"),
        ({"python": "3.x"}, "no Python version '3.x'"),
        ({"python": "3.12.1.1"}, "no Python version"),
        ({"python": "\u0663.12"}, "no Python version"),
    ],
)
def test_an_option_that_is_none_is_named_with_those_there_are(options: dict[str, Any], line: str) -> None:
    with pytest.raises(UsageError) as caught:
        question_of([RELEASE], cast("BlastOptions", options))
    assert str(caught.value).startswith(line)


def test_a_question_without_a_target_names_some() -> None:
    with pytest.raises(UsageError, match=r"^name a target: a release such as"):
        question_of([], {})


@pytest.mark.parametrize(
    ("options", "most", "enough"),
    [
        ({}, Effort().most, Effort().enough),
        ({"limit": 5}, 100, 5),
        ({"limit": 500}, 500, 500),
        ({"limit": 5, "confirm": "all"}, None, Effort().enough),
    ],
)
def test_how_many_packages_are_walked(options: dict[str, Any], most: int | None, enough: int | None) -> None:
    effort = question_of([RELEASE], cast("BlastOptions", options)).effort
    assert (effort.most, effort.enough) == (most, enough)


def test_a_service_that_is_not_there_is_an_error_that_names_those_near_it(graph: Graph, work: Path) -> None:
    with pytest.raises(UsageError, match=r"^the graph has no service 'shop'; there are, for example: none$"):
        graph.why("shop", "case-1")
    feed(graph, work, "sbom", sbom("shop", RELEASE))
    feed(graph, work, "sbom", sbom("kiosk", RELEASE), "b.json")
    with pytest.raises(UsageError, match=r"there are, for example: shop$"):
        graph.why("shopp", "case-1")
    with pytest.raises(UsageError, match=r"there are, for example: kiosk, shop$"):
        graph.why("zzz", "case-1")


def test_what_an_install_takes_is_asked_for_by_itself(graph: Graph, work: Path) -> None:
    feed(graph, work, "lock", "litellm>=1.82\n", "requirements.txt", service="shop")
    assert graph.why("shop", "case-1").trees is None
    assert graph.why("shop", "case-1", tree=True).trees is not None


def test_a_graph_in_a_folder_knows_where_files_beside_it_lie(graph: Graph, tmp_path: Path) -> None:
    assert graph.file("notes.json") == str(tmp_path / "graph" / "notes.json")
