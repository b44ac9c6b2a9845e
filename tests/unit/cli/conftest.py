"""A small graph that all tests of asking share: an index, an incident, and a service of each verdict."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import stamina

from tests.unit.cli.door import run
from tests.unit.cli.inputs import INCIDENT, put, recorded_slice, sbom, uv_lock, whole_sbom

ORGANISATION = """\
schema: graphkit.organisation/1
companies:
- id: acme
  name: Acme
services:
- name: shop
  company: acme
  documents:
  - path: shop.json
- name: till
  builds:
    complete: true
    known: []
  documents:
  - path: till.json
- name: desk
  documents:
  - path: desk.lock
    stands_from: '2026-03-01T00:00:00Z'
"""


@pytest.fixture(scope="session")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A graph to ask, never to feed: shop is observed, till cleared, desk unknown."""
    folder = tmp_path_factory.mktemp("asked")
    put(folder / "org.yaml", ORGANISATION)
    put(folder / "case.yaml", INCIDENT)
    put(folder / "shop.json", sbom("shop", "litellm==1.82.8", "app==1.0", built="2026-03-24T12:00:00Z"))
    put(folder / "till.json", whole_sbom("till", "litellm==1.82.6", built="2026-03-24T12:00:00Z"))
    put(folder / "desk.lock", uv_lock("desk", "litellm==1.82.6"))
    recorded_slice(folder / "index.slice")
    place = folder / "graph"
    for kind, name in (("index", "index.slice"), ("advisory", "case.yaml"), ("org", "org.yaml")):
        done = run("ingest", kind, folder / name, "--graph", place)
        assert (done.code, done.err) == (0, "")
    return place


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """A graph that holds nothing."""
    put(tmp_path / "none" / "README.md", "# nothing\n")
    assert run("ingest", "lock", tmp_path / "none", "--graph", tmp_path / "empty").code == 0
    return tmp_path / "empty"


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to stand in, and a default graph beside it."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("GRAPHKIT_GRAPH", str(tmp_path / "graph"))
    return folder


@pytest.fixture
def once() -> Iterator[None]:
    """What is away is asked once, not again and again."""
    with stamina.set_testing(True, attempts=1):
        yield


@pytest.fixture
def elsewhere(tmp_path: Path) -> dict[str, str]:
    """The environment of a process of its own, with a graph of its own."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    return kept | {"GRAPHKIT_GRAPH": str(tmp_path / "graph")}
