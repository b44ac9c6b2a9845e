"""`ingest index --build-requires` against a server on loopback, and what is kept of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import stamina

from graphkit.api import Graph, open_graph
from graphkit.model.answers import IngestReport
from graphkit.model.errors import UsageError
from graphkit.sources.index.pages import JSON_TYPE
from graphkit.stores import open_store
from tests.unit.cli.door import run
from tests.unit.ingest.test_refresh import OLD, Index, serving
from tests.unit.sources.index.archives import project, sdist

LIST = '[build-system]\nrequires = ["setuptools"]\nbackend-path = ["."]\nbuild-backend = "own"\n'


class OfSource(Index):
    """An index of which some releases have an sdist alone: ``sdists`` by file name."""

    def __init__(self) -> None:
        super().__init__()
        self.sdists: dict[str, bytes] = {}
        self.served: dict[str, bytes] = {}
        """What is sent in the place of some."""
        self.has_json = True

    def answer(self, path: str, etag: str) -> tuple[int, Mapping[str, str], bytes]:
        *_, folder, name = ["", *path.strip("/").split("/")]
        if folder == "files" and name in self.sdists:
            self.asked[path] += 1
            return 200, {"cache-control": "max-age=31536000"}, self.served.get(name, self.sdists[name])
        if folder == "simple" and (mine := [one for one in self.sdists if one.startswith(f"{name}-")]):
            self.asked[path] += 1
            return 200, {"content-type": JSON_TYPE}, self._sources(name, mine)
        if path.startswith("/pypi/") and not self.has_json:
            return 404, {}, b""
        if path.startswith("/pypi/"):
            return 200, {}, json.dumps({"info": {"requires_dist": []}}).encode()
        return super().answer(path, etag)

    def _sources(self, name: str, files: list[str]) -> bytes:
        listed = [
            {
                "filename": one,
                "url": f"/files/{one}",
                "hashes": {"sha256": hashlib.sha256(self.sdists[one]).hexdigest()},
                "upload-time": OLD,
            }
            for one in files
        ]
        return json.dumps({"meta": {"api-version": "1.1"}, "name": name, "files": listed}).encode()


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[OfSource]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    made = OfSource()
    made.releases = {"app": {"1.0": ["dep"]}, "setuptools": {"1.0": []}, "wheel": {"1.0": []}, "helper": {"1.0": []}}
    made.sdists = {
        "dep-1.0.tar.gz": sdist({"pyproject.toml": project("setuptools", "tool")}),
        "tool-1.0.tar.gz": sdist({"pyproject.toml": project("setuptools", "helper>=1")}, top="tool-1.0/"),
    }
    with serving(made), stamina.set_testing(True, attempts=2):
        yield made


@pytest.fixture
def graph(tmp_path: Path) -> Iterator[Graph]:
    with open_graph(str(tmp_path / "graph"), create=True) as opened:
        yield opened


def read(graph: Graph, index: OfSource, *names: str, **options: object) -> IngestReport:
    told = {"closure": True, "build_requires": True, "index_url": index.address, **options}
    return graph.ingest("index", names or ["app"], **told)  # type: ignore[arg-type]


def building(tmp_path: Path, *names: str) -> dict[str, list[str]]:
    """Return what building the one release of packages takes, as the graph has it."""
    store = open_store(str(tmp_path / "graph"))
    reader = store.reader()
    found = {}
    for name in names:
        [package_id] = reader.package_ids([name])
        start = reader.packages(reader.package_ids([name])).start
        members = reader.requirements(reader.releases(start).requirement_set)
        markers = reader.texts("marker", members.marker)
        packages = reader.packages(reader.ranges(members.range).package).name
        assert package_id >= 0
        found[name] = sorted(one for one, marker in zip(packages, markers, strict=True) if ":build" in marker)
    store.close()
    return found


def test_what_building_takes_is_read_to_its_end(graph: Graph, index: OfSource, tmp_path: Path) -> None:
    report = read(graph, index)
    assert (report.rejected, report.notes) == ((), ())
    graph.close()
    assert building(tmp_path, "app", "dep", "tool", "helper") == {
        "app": [],
        "dep": ["setuptools", "tool", "wheel"],
        "tool": ["helper", "setuptools", "wheel"],
        "helper": [],
    }
    assert index.asked["/files/dep-1.0.tar.gz"] == index.asked["/files/tool-1.0.tar.gz"] == 1


def test_nothing_is_downloaded_unless_it_is_asked_for(graph: Graph, index: OfSource) -> None:
    read(graph, index, build_requires=False)
    assert not [path for path in index.asked if path.endswith(".tar.gz")]
    assert "/simple/tool/" not in index.asked


def test_a_second_run_takes_sdists_from_the_cache(graph: Graph, index: OfSource) -> None:
    read(graph, index)
    read(graph, index)
    assert index.asked["/files/dep-1.0.tar.gz"] == 1


def test_an_sdist_that_cannot_be_read_is_named_and_the_rest_is_kept(
    graph: Graph, index: OfSource, tmp_path: Path
) -> None:
    index.served["tool-1.0.tar.gz"] = b"another file"
    index.sdists["app-1.0.tar.gz"] = sdist({"pyproject.toml": LIST}, top="app-1.0/")
    report = read(graph, index, "app", "dep")
    [rejected] = report.rejected
    assert (rejected.path, rejected.problem) == (
        "sdist of tool 1.0",
        "tool-1.0.tar.gz: its hash differs from the one that the index gives",
    )
    assert report.notes == ("build requirements were not read (its build backend is its own: backend-path): app 1.0",)
    graph.close()
    assert building(tmp_path, "app", "dep", "tool") == {
        "app": [],
        "dep": ["setuptools", "tool", "wheel"],
        "tool": [],
    }


def test_a_release_whose_own_requirements_are_not_known_is_named(graph: Graph, index: OfSource) -> None:
    index.has_json = False
    report = read(graph, index)
    assert report.rejected == ()
    assert report.notes == ("build requirements were not read (what they require themselves is not known): dep 1.0",)


def test_what_a_release_requires_is_read_from_its_sdist_where_the_index_does_not_know_it(
    graph: Graph, index: OfSource, tmp_path: Path
) -> None:
    index.has_json = False
    own = "Metadata-Version: 2.2\nName: {}\nVersion: 1.0\n"
    index.sdists = {
        "dep-1.0.tar.gz": sdist(
            {"PKG-INFO": own.format("dep") + "Requires-Dist: helper\n", "pyproject.toml": project("setuptools", "tool")}
        ),
        "tool-1.0.tar.gz": sdist({"PKG-INFO": own.format("tool"), "setup.py": ""}, top="tool-1.0/"),
    }
    report = read(graph, index)
    assert (report.rejected, report.notes) == ((), ())
    graph.close()
    assert building(tmp_path, "dep", "tool") == {
        "dep": ["setuptools", "tool", "wheel"],
        "tool": ["setuptools", "wheel"],
    }
    assert index.asked["/simple/helper/"] == 1, "what it requires itself is followed"


def test_a_slice_keeps_it(graph: Graph, index: OfSource, tmp_path: Path) -> None:
    path = tmp_path / "a.slice"
    read(graph, index, slice_to=str(path))
    graph.close()
    known = building(tmp_path, "dep", "tool")
    (tmp_path / "graph").rename(tmp_path / "first")
    with open_graph(str(tmp_path / "graph"), create=True) as other:
        assert other.ingest("index", [str(path)]).rejected == ()
    assert building(tmp_path, "dep", "tool") == known


@pytest.mark.parametrize(("kind", "options"), [("lock", {}), ("index", {"refresh": True})])
def test_it_goes_with_names_of_an_index_alone(graph: Graph, kind: str, options: Mapping[str, object]) -> None:
    with pytest.raises(UsageError, match="--build-requires"):
        graph.ingest(kind, ["x"], build_requires=True, **options)  # type: ignore[arg-type]


def test_the_command_line_has_the_option(index: OfSource, tmp_path: Path) -> None:
    arguments = ("app", "--closure", "--build-requires", "--graph", tmp_path / "graph", "--index-url", index.address)
    assert run("ingest", "index", *arguments).code == 0
    assert building(tmp_path, "dep")["dep"] == ["setuptools", "tool", "wheel"]
