"""Names of the live index into a graph: one that fails is named, and the rest is kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import stamina

from graphkit.api import Graph, open_graph
from graphkit.model.errors import GraphkitError
from graphkit.stores import open_store, port
from tests.unit.cli.door import run
from tests.unit.ingest.test_refresh import Index, serving


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Index]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    made = Index()
    made.releases = {"app": {"1.0": ["lib", "lost"]}, "lib": {"1.0": []}, "bare": {}, "barred": {"1.0": []}}
    made.before = broken
    with serving(made), stamina.set_testing(True, attempts=2):
        yield made


@pytest.fixture
def graph(tmp_path: Path) -> Iterator[Graph]:
    with open_graph(str(tmp_path / "graph"), create=True) as opened:
        yield opened


def broken(path: str) -> tuple[int, Mapping[str, str]] | None:
    if path == "/simple/login/":
        return 200, {"content-type": "text/html"}
    return (500, {}) if path == "/simple/barred/" else None


def states(tmp_path: Path, *names: str) -> dict[str, tuple[int, bool]]:
    """Return the flags of packages that the graph knows, and whether what is known of them speaks at all."""
    store = open_store(str(tmp_path / "graph"))
    reader = store.reader()
    ids = reader.package_ids(names)
    found = reader.packages(ids[ids >= 0])
    known = [name for name, package_id in zip(names, ids.tolist(), strict=True) if package_id >= 0]
    says = zip(known, found.flags.tolist(), found.speaks_until.tolist(), strict=True)
    store.close()
    return {name: (flags, until > 0) for name, flags, until in says}


def test_a_name_that_fails_is_named_and_the_rest_is_kept(graph: Graph, index: Index, tmp_path: Path) -> None:
    report = graph.ingest("index", ["nope", "login", "app", "barred", "bare"], index_url=index.address, closure=True)
    assert {one.path: one.problem.partition(",")[0].partition(" for ")[0] for one in report.rejected} == {
        "nope": "the index does not list it now",
        "login": "the HTML page is empty",
        "barred": "the index answered 500",
    }
    assert report.notes == (
        "the index does not know some that others require, so nothing is known of them from it: lost",
        "the index lists no file of some, so nothing is known of them from it: bare",
    )
    graph.close()
    assert states(tmp_path, "app", "lib", "nope", "lost", "bare", "login", "barred") == {
        "app": (port.PAGE_READ, True),
        "lib": (port.PAGE_READ, True),
        "nope": (port.PAGE_MISSING, False),
        "lost": (port.PAGE_MISSING, False),
        "bare": (port.PAGE_EMPTY, False),
    }


def test_a_refused_page_changes_nothing_that_was_known(graph: Graph, index: Index, tmp_path: Path) -> None:
    index.releases["login"] = {"1.0": []}
    index.before = lambda _: None
    graph.ingest("index", ["login"], index_url=index.address)
    before = graph.stats()
    index.before = broken
    [rejected] = graph.ingest("index", ["login"], index_url=index.address, refresh=True).rejected
    assert (rejected.path, rejected.problem) == ("login", "the HTML page is empty")
    assert graph.stats() == before
    graph.close()
    assert states(tmp_path, "login") == {"login": (port.PAGE_READ, True)}


def test_a_file_of_another_package_is_a_problem_of_the_page(graph: Graph, index: Index) -> None:
    index.releases["app"]["docs-1.0"] = []
    report = graph.ingest("index", ["app"], index_url=index.address)
    assert report.problems == 1
    [(place, problem)] = report.worst
    assert (place, problem.place) == ("page of app", "file 'app-docs-1.0-py3-none-any.whl'")


def test_an_index_that_is_down_is_an_error(graph: Graph, index: Index) -> None:
    index.before = lambda _: (500, {})
    with pytest.raises(GraphkitError, match="500"):
        graph.ingest("index", ["app", "lib"], index_url=index.address)


def test_the_command_line_says_which_failed(index: Index, tmp_path: Path) -> None:
    place = tmp_path / "graph"
    done = run("ingest", "index", "nope", "lib", "--graph", place, "--index-url", index.address, "--format", "json")
    assert done.code == 3
    assert [one["path"] for one in done.json["rejected"]] == ["nope"]
    assert states(tmp_path, "lib", "nope") == {"lib": (port.PAGE_READ, True), "nope": (port.PAGE_MISSING, False)}
    on_the_way = run("ingest", "index", "app", "--closure", "--graph", place, "--index-url", index.address)
    assert on_the_way.code == 0
