"""A scan step by step, over a graph that answers as it is told: which step is taken, and how it is explained."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import pytest
from msgspec.structs import replace

from graphkit.api import Graph
from graphkit.api import scan as scanning
from graphkit.api.scan import Scan, ScanOptions, _is_open, _windows, scan
from graphkit.model.answers import Blast, IngestReport, Rejected, ServiceVerdict, Taken, Window
from graphkit.model.errors import GraphkitError, UsageError
from graphkit.model.names import service_id
from graphkit.model.organisation import DocumentUse, Organisation
from graphkit.model.ranks import Verdict
from graphkit.model.times import BEGINNING, FOREVER, instant
from tests.unit.reports import answers

ID = "litellm-2026-03"
WINDOW = Window(start=instant("2026-03-24T10:39:00Z"), until=instant("2026-03-24T13:11:00Z"), reading="op", incident=ID)
OPEN = replace(answers.service("web", Verdict.UNKNOWN), incidents=())
CLEARED = replace(answers.service("api", Verdict.CLEARED), incidents=())
NOTHING = IngestReport(read=0, new=0, unchanged=0)


def answer(*services: ServiceVerdict, windows: Sequence[Window] = (), window: Window = WINDOW) -> Any:
    """An answer, of the class of the model: what a scan needs of it is there."""
    return replace(answers.blast(), services=services, windows=tuple(windows), window=window)


class FakeGraph:
    """What a scan needs of a `Graph`: it notes what it is asked, and says what it was given."""

    def __init__(
        self,
        *blasts: Blast,
        scanned: IngestReport = NOTHING,
        index: Sequence[IngestReport | Exception] = (),
        known: Sequence[str] = (ID,),
        advisory: IngestReport = NOTHING,
        uses: Sequence[DocumentUse] = (),
    ) -> None:
        self._organisation = Organisation(uses=tuple(uses))
        self.ingested: list[tuple[str, tuple[str, ...], dict[str, Any]]] = []
        self.asked: list[tuple[tuple[str, ...], dict[str, Any]]] = []
        self.malicious_only: list[bool] = []
        self._blasts = itertools.chain(blasts[:-1], itertools.repeat(blasts[-1]))
        self._reports: dict[str, Any] = {"scan": itertools.repeat(scanned), "index": iter(index)}
        self._advisory = itertools.chain([NOTHING], itertools.repeat(advisory))  # what ships comes first
        self._known = tuple(known)

    def ingest(self, kind: str, sources: Sequence[str], *, progress: object = None, **options: Any) -> IngestReport:
        self.ingested.append((kind, tuple(sources), options))
        report = next(self._advisory if kind == "advisory" else self._reports.get(kind, itertools.repeat(NOTHING)))
        if isinstance(report, Exception):
            raise report
        return cast("IngestReport", report)

    def blast(self, *targets: str, progress: object = None, **options: Any) -> Blast:
        self.asked.append((targets, options))
        return next(self._blasts)

    def incidents(self, *, malicious_only: bool) -> tuple[str, ...]:
        self.malicious_only.append(malicious_only)
        return self._known

    def organisation(self) -> Organisation:
        return self._organisation

    def of(self, kind: str) -> list[tuple[tuple[str, ...], dict[str, Any]]]:
        """What was ingested of a kind: its sources and options."""
        return [(sources, options) for one, sources, options in self.ingested if one == kind]


def made(graph: FakeGraph, paths: Sequence[str] = (".",), **options: Any) -> Scan:
    return scan(cast("Graph", graph), paths, **cast("ScanOptions", options))


def explained(found: Scan) -> list[str]:
    """The commands without the first, which names what ships."""
    assert found.commands[0].startswith("graphkit ingest advisory ")
    return list(found.commands[1:])


def test_without_the_index_there_is_one_answer_and_nobody_is_asked_for_another() -> None:
    graph, told = FakeGraph(answer(OPEN)), list[tuple[Blast, bool]]()
    found = scan(cast("Graph", graph), ["."], offline=True, provisional=lambda *one: told.append(one))
    assert (found.blast.services, found.index_facts, found.is_stopped, found.problem) == ((OPEN,), 0, False, "")
    assert (told, graph.of("index"), len(graph.asked)) == ([], [], 1)
    assert explained(found) == ["graphkit blast litellm-2026-03"]
    ((_, options),) = graph.of("scan")
    assert options["check_remote"] is False
    assert options["read_at"] is None


def test_the_index_is_read_for_open_services_in_two_rounds() -> None:
    first, second = answer(OPEN, CLEARED), answer(replace(OPEN, builds=(near(),)), CLEARED)
    last = answer(CLEARED)
    graph = FakeGraph(first, second, last, index=[replace(NOTHING, new=3), replace(NOTHING, new=2)])
    told = list[tuple[Blast, bool]]()
    found = scan(
        cast("Graph", graph), ["."], provisional=lambda *one: told.append(one), index_url="https://index.example"
    )
    assert (told, found.blast, found.index_facts) == ([(first, False)], last, 5)
    (_, one), (_, other) = graph.of("index")
    assert (one["services"], one["all_allowed"], other["all_allowed"]) == (["web"], False, True)
    assert (one["window_from"], one["window_until"]) == ("2026-03-24T10:39:00Z", "2026-03-24T13:11:00Z")
    words = "--from 2026-03-24T10:39:00Z --until 2026-03-24T13:11:00Z --as-of"
    for line, more in zip(explained(found), ["", " --all-allowed"], strict=False):
        assert line.startswith(
            f"graphkit ingest index --for-services{more} --index-url https://index.example {words} {one['as_of']}"
        )


def near(verdict: Verdict = Verdict.UNKNOWN, **more: Any) -> Any:
    return answers.build(verdict, "older choices", near=True, **more)


def test_an_index_that_brings_nothing_new_is_not_asked_about_again() -> None:
    graph = FakeGraph(answer(OPEN), index=[NOTHING])
    found = made(graph)
    assert (len(graph.asked), found.index_facts, [kind for kind, _ in found.reports]) == (1, 0, ["scan", "index"])


def test_an_index_that_cannot_be_reached_leaves_the_answer_without_it_and_is_asked_once() -> None:
    graph = FakeGraph(answer(replace(OPEN, builds=(near(),))), index=[GraphkitError("no response after 5 tries")])
    found = made(graph)
    assert (found.problem, found.index_facts, len(graph.of("index"))) == ("no response after 5 tries", 0, 1)
    assert explained(found) == ["graphkit blast litellm-2026-03"]


def test_an_option_that_the_index_refuses_is_an_error_of_the_person() -> None:
    with pytest.raises(UsageError, match="not an address"):
        made(FakeGraph(answer(OPEN), index=[UsageError("not an address")]))


@pytest.mark.parametrize(("budget", "is_stopped"), [(0, True), (0.5, True), (1, False)])
def test_without_time_the_index_is_not_begun(budget: float, is_stopped: bool) -> None:  # noqa: FBT001
    graph = FakeGraph(answer(OPEN), index=[NOTHING])
    found = made(graph, budget=budget)
    assert found.is_stopped == is_stopped
    assert len(graph.of("index")) == (not is_stopped)


def test_what_one_window_took_is_gone_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = itertools.count(0, 20)  # seconds between two looks at it
    monkeypatch.setattr("graphkit.api.scan.time.monotonic", lambda: next(clock))
    windows = [WINDOW, replace(WINDOW, incident="other", start=WINDOW.start + 1_000_000)]
    graph = FakeGraph(answer(OPEN, windows=windows), index=[replace(NOTHING, is_stopped=True), NOTHING])
    assert made(graph, budget=20.5).is_stopped
    ((_, options),) = graph.of("index")
    assert (options["window_from"], options["budget"]) == ("2026-03-24T10:39:01Z", 20.5)  # the newest first


def test_windows_are_those_that_are_known_the_newest_first() -> None:
    later = replace(WINDOW, start=WINDOW.start + 1, incident="later")
    unknown = replace(WINDOW, is_known=False)
    assert [one[0] for one in _windows(answer(windows=[WINDOW, unknown, later]))] == ["later", ID]
    assert [one[0] for one in _windows(answer(window=later))] == ["later"]
    assert _windows(answer(window=unknown)) == []
    endless = [replace(WINDOW, until=FOREVER), replace(WINDOW, start=BEGINNING)]
    assert _windows(answer(windows=endless)) == []


@pytest.mark.parametrize(
    ("one", "far", "close"),
    [
        (OPEN, True, False),
        (CLEARED, False, False),
        (replace(OPEN, verdict=Verdict.ADMITTED, builds=(near(),)), True, True),
        (replace(OPEN, verdict=Verdict.PICKED, builds=(near(),)), False, False),
        (replace(OPEN, builds=(near(Verdict.CLEARED),)), True, False),
        (replace(OPEN, builds=(near(incident="other"),)), True, False),
        (replace(OPEN, builds=(near(incident=ID),)), True, True),
        (replace(OPEN, incidents=((ID, Verdict.CLEARED),), builds=(near(),)), False, False),
        (replace(CLEARED, incidents=((ID, Verdict.UNKNOWN),), builds=(near(),)), True, True),
    ],
)
def test_a_service_is_open_where_more_of_the_index_may_change_it(one: ServiceVerdict, far: bool, close: bool) -> None:  # noqa: FBT001
    assert (_is_open(one, ID, near=False), _is_open(one, ID, near=True)) == (far, close)


@pytest.mark.parametrize(
    ("paths", "line"), [([], "give a folder, a repository or a file"), (["gone"], "gone: no such file or folder")]
)
def test_nothing_to_scan_is_one_line(work: Path, paths: list[str], line: str) -> None:
    with pytest.raises(UsageError, match=f"^{line}$"):
        made(FakeGraph(answer()), paths)


def test_a_link_that_leads_nowhere_is_something_to_scan(work: Path) -> None:
    (work / "link").symlink_to("nowhere")
    assert made(FakeGraph(answer()), ["gone", "link"], offline=True).paths == ("gone", "link")


def test_without_an_incident_there_is_no_question() -> None:
    with pytest.raises(GraphkitError, match="no incident is known; name one: graphkit scan --incident"):
        made(FakeGraph(answer(), known=[]), offline=True)


def test_named_targets_are_asked_about_alone_and_files_of_incidents_by_their_ids(work: Path) -> None:
    (work / "case.yaml").write_text("")
    graph = FakeGraph(answer(), advisory=replace(NOTHING, incidents=("case-1", "case-2")), known=[])
    found = made(graph, incidents=["lib==1", "case.yaml"], offline=True)
    assert graph.asked[0][0] == ("lib==1", "case-1", "case-2")
    assert explained(found) == ["graphkit ingest advisory case.yaml", "graphkit blast lib==1 case-1 case-2"]
    assert graph.malicious_only == []


def test_a_file_of_an_incident_that_cannot_be_read_ends_the_scan(work: Path) -> None:
    (work / "case.yaml").write_text("")
    bad = replace(NOTHING, rejected=(Rejected(path="case.yaml", place="line 1", problem="is empty"),))
    graph = FakeGraph(answer(), advisory=bad)
    with pytest.raises(UsageError, match=r"case\.yaml.*is empty"):
        made(graph, incidents=["case.yaml"])
    assert graph.of("scan") == []


@pytest.mark.parametrize("everything", [False, True])
def test_which_advisories_count_is_asked_for(everything: bool) -> None:  # noqa: FBT001
    graph = FakeGraph(answer())
    made(graph, offline=True, all_advisories=everything)
    assert graph.malicious_only == [not everything]


def test_options_of_a_question_are_handed_on_and_no_others() -> None:
    graph = FakeGraph(answer())
    made(graph, offline=True, at="2026-03-24", python="3.12", declare_builds=True, unchanged_since="2026-01-01")
    assert graph.asked[0][1] == {"at": "2026-03-24", "python": "3.12"}
    ((_, options),) = graph.of("scan")
    assert (options["declare_builds"], options["stands_from"]) == (True, "2026-01-01")
    assert options["read_at"]


def test_every_way_of_taking_files_is_explained() -> None:
    taken = (
        Taken(kind="lock", sources=("a/uv.lock", "-odd/uv.lock"), service="web", branch="main", builds_complete=True),
        Taken(kind="lock", sources=("repo",), is_history=True),
        Taken(kind="advisory", sources=("x.json",)),
        Taken(kind="sbom", sources=("bom\n.json",), service="a'b", builds_complete=True),
    )
    graph = FakeGraph(answer(), scanned=replace(NOTHING, taken=taken))
    found = made(graph, unchanged_since="2026-01-01", budget=0.0)
    now = graph.of("scan")[0][1]["read_at"]
    since = f"--stands-from 2026-01-01 --read-at {now}"
    *lines, word, _ = explained(found)
    assert lines == [
        f"graphkit ingest lock a/uv.lock ./-odd/uv.lock {since} --service web --branch main",
        f"graphkit ingest lock repo {since} --check-remote",
        "graphkit ingest advisory x.json",
        f"graphkit ingest sbom $'bom\\x0a.json' {since} --service 'a'\"'\"'b'",
    ]
    assert word.endswith("> builds-complete.json && graphkit ingest org builds-complete.json")
    assert word.index("a'") < word.index('"web"')


def test_many_sources_take_several_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "_MOST_SOURCES", 2)
    taken = (Taken(kind="sbom", sources=("a", "b", "c", "d", "e")),)
    found = made(FakeGraph(answer(), scanned=replace(NOTHING, taken=taken)), offline=True)
    lines = [line for line in found.commands if line.startswith("graphkit ingest sbom")]
    assert lines == ["graphkit ingest sbom a b", "graphkit ingest sbom c d", "graphkit ingest sbom e"]


def test_what_is_pulled_is_explained_and_counted() -> None:
    graph = FakeGraph(answer())
    found = made(graph, offline=True, github="acme", dependency_track="https://track.example")
    assert [kind for kind, _ in found.reports] == ["scan", "github", "dependency-track"]
    assert explained(found)[:2] == [
        "graphkit ingest github acme",
        "graphkit ingest dependency-track https://track.example",
    ]


def test_what_was_rejected_and_noted_is_that_of_all_steps() -> None:
    bad = Rejected(path="a", place="", problem="is odd")
    report = replace(NOTHING, rejected=(bad,), notes=("kept", "left out"))
    found = made(FakeGraph(answer(OPEN), scanned=report, index=[replace(report, notes=("kept", "more"))]))
    assert (found.rejected, found.remarks) == ((bad, bad), ("kept", "left out", "more"))


def used(service: str, repository: str) -> DocumentUse:
    return DocumentUse(service=service_id(service), document="00", path="uv.lock", repository=repository)


USES = [used("shop", "shop"), used("till", "till"), used("both", "shop"), used("both", "till"), used("file", "")]


@pytest.mark.parametrize(("more", "names"), [({}, ("till",)), ({"github": "github:acme"}, ())])
def test_services_of_earlier_scans_are_told_from_its_own(more: dict[str, Any], names: tuple[str, ...]) -> None:
    scanned = replace(NOTHING, looked_into=("shop",))
    assert made(FakeGraph(answer(), scanned=scanned, uses=USES), offline=True, **more).from_before == names
