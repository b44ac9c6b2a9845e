"""`graphkit doctor`: what it finds, what it says to do, and what it mends."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest

from graphkit.api import doctor
from graphkit.api.doctor import examine
from graphkit.api.installed import Installed
from graphkit.model.health import Health
from graphkit.model.index import ProjectPage
from graphkit.model.names import package_name
from graphkit.stores.embedded.store import EmbeddedStore
from tests.unit.cli.door import run
from tests.unit.test_architecture import ROOT


@pytest.fixture(autouse=True)
def apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give each test a cache of its own and no server."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("NEO4J_URI", raising=False)
    monkeypatch.setattr(doctor, "_installed", lambda *_: iter(()))


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    store = EmbeddedStore(tmp_path / "graph", create=True)
    page = ProjectPage(package=package_name("lib"), spelling="lib", releases=(), read_at=9, source="index.example")
    store.record([page])
    store.reader()
    store.close()
    return tmp_path / "graph"


def found(health: Health) -> dict[str, str]:
    return {one.subject: one.do for one in health.findings}


def test_a_sound_graph_has_old_pages_alone(graph: Path) -> None:
    health = examine(str(graph))
    assert found(health) == {"index pages": f"graphkit ingest index --refresh --graph {graph}"}
    assert {"versions", "cache", "record", "index"} <= {one.subject for one in health.checks}


def test_what_is_required_and_too_old_or_missing_is_a_finding(monkeypatch: pytest.MonkeyPatch, graph: Path) -> None:
    installed = doctor._version
    monkeypatch.setattr(doctor, "_version", lambda name: {"numpy": "1.0", "xxhash": None}.get(name, installed(name)))
    told = [one.text for one in examine(str(graph)).findings if one.subject == "versions"]
    assert [text.partition(">=")[0] + text.partition(",")[2] for text in told] == [
        "graphkit needs numpy and 1.0 is installed",
        "graphkit needs xxhash and none is installed",
    ]
    assert (
        tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["name"] == doctor.DISTRIBUTION
    )


def test_a_finding_is_code_3_and_says_what_to_do(graph: Path) -> None:
    ran = run("doctor", "--graph", graph)
    assert (ran.code, ran.err) == (3, "")
    assert "FOUND   index pages: the newest was read at 1970-01-01T00:00:00.000009Z" in " ".join(ran.out.split("\n  "))
    assert ran.out.endswith("1 finding\n")
    read = run("doctor", "--graph", graph, "--format", "json")
    assert read.code == 3
    assert read.json["findings"] == 1


def test_a_damaged_index_and_leftovers_are_mended(graph: Path) -> None:
    (file,) = (graph / "index").glob("*/package.name.blob.npy")
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    (graph / "snapshot-aaaaaaaa-1.duckdb").touch()
    (graph / "index" / ".building-left").mkdir()
    mend = f"graphkit doctor --repair --graph {graph}"
    before = found(examine(str(graph)))
    assert (before["index"], before["leftovers"]) == (mend, mend)
    assert file.read_bytes() == bytes(data), "nothing is mended that was not asked for"
    after = examine(str(graph), repair=True)
    assert "index" in {one.subject for one in after.checks if one.is_repaired}
    assert found(after).keys() == {"index pages"}, "and nothing of what was left is left"
    assert found(examine(str(graph))).keys() == {"index pages"}


def test_a_damaged_record_is_named_and_left_alone(graph: Path) -> None:
    record = graph / "graph.duckdb"
    data = bytearray(record.read_bytes())
    data[0:4096] = bytes(4096)
    record.write_bytes(data)
    health = examine(str(graph), repair=True)
    assert "record" in found(health)
    assert record.read_bytes() == bytes(data)


@pytest.mark.skipif(os.name != "posix", reason="other permissions")
def test_a_cache_that_others_may_read_is_closed(tmp_path: Path, graph: Path) -> None:
    folder = tmp_path / "cache" / "graphkit" / "index"
    folder.mkdir(parents=True, mode=0o755)
    (folder / "kept.db").touch(mode=0o644)
    assert found(examine(str(graph)))["cache"] == f"chmod -R go= {folder.parent}"
    assert "cache" not in found(examine(str(graph), repair=True))
    assert [path.stat().st_mode & 0o077 for path in (folder.parent, folder, folder / "kept.db")] == [0, 0, 0]
    assert "cache" not in found(examine(str(graph)))


def test_a_server_that_does_not_answer_is_a_finding(graph: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEO4J_PASSWORD", "none")
    assert found(examine(str(graph), "bolt://127.0.0.1:1"))["server"] == "graphkit neo4j status --to bolt://127.0.0.1:1"


def test_an_accused_distribution_is_a_finding(graph: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setattr("graphkit.api.installed.distributions", lambda: iter([Installed("litellm", "1.82.8", {})]))
    checks = [one for one in examine(str(graph)).checks if one.subject == "installed"]
    assert [one.text for one in checks] == ["litellm-2026-03: litellm 1.82.8 is installed, which is an accused release"]
    assert checks[0].do.startswith("graphkit blast litellm-2026-03 --long")


def test_no_graph_is_no_finding_where_none_was_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.delenv("GRAPHKIT_GRAPH", raising=False)
    assert found(examine()) == {}
    assert run("doctor", "--graph", tmp_path / "none").code == 4
