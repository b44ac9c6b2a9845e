"""`ingest index --refresh` against a server on loopback that counts requests and answers 304."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
import stamina

from graphkit.api import Graph, open_graph
from graphkit.ingest.index import MOST_ASKED
from graphkit.model.answers import IngestReport
from graphkit.model.errors import UsageError
from graphkit.sources.index.pages import JSON_TYPE
from tests.loopback import listening
from tests.tables import write_parquet
from tests.unit.cli.door import run
from tests.unit.cli.inputs import put, uv_lock
from tests.unit.sources.index.recorded import core_metadata

OLD, NEW = "2026-01-01T00:00:00Z", "2026-11-01T00:00:00Z"


class Index:
    """A simple API on loopback: ``releases`` by project, each with what it requires; ``asked`` counts by path."""

    def __init__(self) -> None:
        self.releases: dict[str, dict[str, Sequence[str]]] = {}
        self.yanked: set[str] = set()
        self.asked: Counter[str] = Counter()
        self.statuses: Counter[int] = Counter()
        self.has_etags = True
        self.before: Callable[[str], tuple[int, Mapping[str, str]] | None] = lambda _: None
        self.address = ""
        self._answers = 0
        self._start = time.time() - 3_600

    def answer(self, path: str, etag: str) -> tuple[int, Mapping[str, str], bytes]:
        self.asked[path] += 1
        if (early := self.before(path)) is not None:
            return (*early, b"")
        parts = path.strip("/").split("/")
        if parts[0] == "files":
            name, version = parts[1].split("-")[:2]
            return 200, {"content-type": "text/plain"}, core_metadata(name, version, self.releases[name][version])
        if parts[1] not in self.releases:
            return 404, {}, b""
        body = self._page(parts[1])
        known = f'"{hash(body)}"'
        if self.has_etags and etag == known:
            return 304, {"etag": known}, b""
        headers = {"content-type": JSON_TYPE, **({"etag": known} if self.has_etags else {})}
        return 200, headers | {"cache-control": "max-age=600"}, body

    def _page(self, name: str) -> bytes:
        files: list[dict[str, Any]] = [
            {
                "filename": (filename := f"{name}-{version}-py3-none-any.whl"),
                "url": f"/files/{filename}",
                "hashes": {},
                "upload-time": OLD if version.startswith("1") else NEW,
                "yanked": f"{name} {version}" in self.yanked,
                "core-metadata": True,
            }
            for version in self.releases[name]
        ]
        return json.dumps({"meta": {"api-version": "1.1"}, "name": name, "files": files}).encode()

    def date(self) -> str:
        """Return a later second for each answer: a cache takes the newer of two, and tests are quick."""
        self._answers += 1
        return formatdate(self._start + self._answers, usegmt=True)

    def forget(self) -> None:
        self.asked.clear()
        self.statuses.clear()


@contextmanager
def serving(index: Index) -> Iterator[None]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            status, headers, body = index.answer(self.path, self.headers.get("if-none-match", ""))
            index.statuses[status] += 1
            self.send_response_only(status)
            self.send_header("date", index.date())
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with listening(Handler) as port:
        index.address = f"http://127.0.0.1:{port}/simple/"
        yield


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Index]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    made = Index()
    made.releases = {"app": {"1.0": ["lib"]}, "lib": {"1.0": []}, "other": {"1.0": []}}
    with serving(made), stamina.set_testing(True, attempts=3):
        yield made


@pytest.fixture
def graph(index: Index, tmp_path: Path) -> Iterator[Graph]:
    """A graph that holds three pages."""
    with open_graph(str(tmp_path / "graph"), create=True) as opened:
        assert opened.ingest("index", ["app", "lib", "other"], index_url=index.address).rejected == ()
        index.forget()
        yield opened


def refreshed(graph: Graph, index: Index, *names: str, **options: Any) -> IngestReport:
    return graph.ingest("index", names, refresh=True, index_url=index.address, **options)


def test_pages_that_did_not_change_are_asked_for_and_not_sent(graph: Graph, index: Index) -> None:
    report = refreshed(graph, index)
    assert index.asked == {"/simple/app/": 1, "/simple/lib/": 1, "/simple/other/": 1}
    assert index.statuses == {304: 3}
    assert report.notes == ("3 project pages asked for: 0 changed, 0 new releases read",)


def test_requirements_are_read_of_new_releases_alone(graph: Graph, index: Index) -> None:
    index.releases["app"]["2.0"] = ["lib", "fresh"]
    report = refreshed(graph, index)
    assert index.statuses == {304: 2, 200: 2}
    assert index.asked["/files/app-2.0-py3-none-any.whl.metadata"] == 1
    assert "/files/app-1.0-py3-none-any.whl.metadata" not in index.asked
    first, second = report.notes
    assert first == "3 project pages asked for: 1 changed, 1 new releases read"
    assert "fresh" in second
    assert "--closure" in second
    (row,) = graph.blast("lib==1.0", at="2026-11-02T00:00:00Z").packages
    assert row.newest == "2.0"
    index.forget()
    assert refreshed(graph, index).notes == ("3 project pages asked for: 0 changed, 0 new releases read",)
    assert index.statuses == {304: 3}


def test_a_yank_and_a_removal_are_changes(graph: Graph, index: Index) -> None:
    index.yanked.add("lib 1.0")
    index.releases["other"] = {}
    assert refreshed(graph, index).notes == ("3 project pages asked for: 2 changed, 0 new releases read",)
    assert refreshed(graph, index).notes == ("3 project pages asked for: 0 changed, 0 new releases read",)


def test_a_project_that_is_gone_is_a_fact_and_may_come_back(graph: Graph, index: Index) -> None:
    gone = index.releases.pop("other")
    report = refreshed(graph, index)
    assert report.rejected == ()
    assert report.notes == (
        "3 project pages asked for: 1 changed, 0 new releases read",
        "no longer on the index: other",
    )
    assert refreshed(graph, index).notes == ("3 project pages asked for: 0 changed, 0 new releases read",)
    index.releases["other"] = gone
    assert refreshed(graph, index).notes[0].startswith("3 project pages asked for: 1 changed")


def test_what_another_graph_refreshed_is_still_news_to_this_one(graph: Graph, index: Index, tmp_path: Path) -> None:
    index.releases["app"]["2.0"] = []
    with open_graph(str(tmp_path / "second"), create=True) as second:
        second.ingest("index", ["app"], index_url=index.address)
        refreshed(second, index)  # the cache they share has the page now
    index.forget()
    assert refreshed(graph, index).notes == ("3 project pages asked for: 1 changed, 1 new releases read",)
    assert index.statuses[304] == 3


def test_an_index_without_etags_is_compared_with_the_graph(graph: Graph, index: Index) -> None:
    index.has_etags = False
    assert refreshed(graph, index).notes == ("3 project pages asked for: 0 changed, 0 new releases read",)
    index.releases["lib"]["2.0"] = []
    assert refreshed(graph, index).notes == ("3 project pages asked for: 1 changed, 1 new releases read",)


def test_names_narrow_it_and_those_without_a_page_are_rejected(graph: Graph, index: Index) -> None:
    report = refreshed(graph, index, "App", "nowhere", "not a name")
    assert index.asked == {"/simple/app/": 1}
    assert {one.path: one.problem.partition(";")[0] for one in report.rejected} == {
        "nowhere": "the graph has no page of it to refresh",
        "not a name": "not a valid package name",
    }


def test_a_name_that_is_refused_is_rejected_and_the_rest_is_kept(graph: Graph, index: Index) -> None:
    for name in ("app", "lib", "other"):
        index.releases[name]["2.0"] = []
    gate = threading.Event()

    def refuse(path: str) -> tuple[int, Mapping[str, str]] | None:
        if path == "/simple/other/":
            gate.wait(10)
            return 403, {}
        return None

    index.before = refuse

    def tell(done: int, total: int | None, what: str) -> None:
        if (done, total) == (2, 3):
            gate.set()

    [rejected] = refreshed(graph, index, progress=tell).rejected
    assert rejected.path == "other"
    assert "403" in rejected.problem
    index.before = lambda _: None
    index.forget()
    assert refreshed(graph, index).notes == ("3 project pages asked for: 1 changed, 1 new releases read",)
    assert index.statuses == {304: 2, 200: 2}


def test_an_interruption_keeps_what_was_read(graph: Graph, index: Index) -> None:
    index.releases["app"]["2.0"] = []
    index.releases["lib"]["2.0"] = []

    def stop(done: int, total: int | None, what: str) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        refreshed(graph, index, progress=stop)
    assert refreshed(graph, index).notes[0].startswith("3 project pages asked for: ")
    assert refreshed(graph, index).notes == ("3 project pages asked for: 0 changed, 0 new releases read",)


def test_a_busy_index_is_waited_for_as_long_as_it_says(graph: Graph, index: Index) -> None:
    busy = Counter[str]()

    def later(path: str) -> tuple[int, Mapping[str, str]] | None:
        busy[path] += 1
        return (429, {"retry-after": "0"}) if busy[path] == 1 else None

    index.before = later
    assert refreshed(graph, index).notes == ("3 project pages asked for: 0 changed, 0 new releases read",)
    assert index.statuses == {429: 3, 304: 3}


@pytest.mark.parametrize("options", [{"closure": True}, {"as_of": OLD}, {"slice_to": "x.slice"}])
def test_what_makes_no_sense_with_it_is_said(graph: Graph, index: Index, options: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="--refresh"):
        refreshed(graph, index, **options)
    with pytest.raises(UsageError, match="--refresh"):
        graph.ingest("lock", ["x"], refresh=True)


@pytest.fixture
def whole(index: Index, tmp_path: Path) -> Iterator[Graph]:
    """A graph that holds more projects than are asked for one by one."""
    rows = [
        {"name": f"p{number}", "version": "1.0", "upload_time": 1_767_225_600_000_000, "requires_dist": []}
        for number in range(MOST_ASKED)
    ]
    rows += [{"name": "app", "version": "1.0", "upload_time": 1_767_225_600_000_000, "requires_dist": ["lib"]}]
    write_parquet(
        tmp_path / "whole.parquet", rows, ["name", "version", "upload_time", "requires_python", "requires_dist"]
    )
    with open_graph(str(tmp_path / "graph"), create=True) as opened:
        assert opened.ingest("parquet", [str(tmp_path / "whole.parquet")]).rejected == ()
        yield opened


def test_a_whole_index_is_never_crawled(whole: Graph, index: Index, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"holds 5,001 projects, a whole index.*name those to refresh"):
        refreshed(whole, index)
    assert not index.asked
    put(tmp_path / "in" / "uv.lock", uv_lock("shop", "app==1.0", "unheard==1.0"))
    whole.ingest("lock", [str(tmp_path / "in")])
    index.releases["app"]["2.0"] = []
    narrowed, done = refreshed(whole, index).notes
    assert "the 1 of them that documents and incidents mention" in narrowed
    assert done == "1 project pages asked for: 1 changed, 1 new releases read"
    assert index.asked == {"/simple/app/": 1, "/files/app-2.0-py3-none-any.whl.metadata": 1}


def test_the_command_line(graph: Graph, index: Index, tmp_path: Path) -> None:
    graph.close()
    place = tmp_path / "graph"
    done = run("ingest", "index", "--refresh", "--graph", place, "--index-url", index.address, "--format", "json")
    assert (done.code, done.err) == (0, "")
    assert done.json["notes"] == ["3 project pages asked for: 0 changed, 0 new releases read"]
    assert index.statuses == {304: 3}
    nothing = run("ingest", "index", "--graph", place)
    assert nothing.code == 2
    assert "name what to read" in nothing.err
    nowhere = run("ingest", "index", "--refresh", "--graph", tmp_path / "none")
    assert (nowhere.code, (tmp_path / "none").exists()) == (4, False)
