"""What tests of several modules start from: an empty graph, an empty folder, a server on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from graphkit.api import Graph, open_graph
from tests.unit.sources.pulls.replay import Server, serving


@pytest.fixture
def graph(tmp_path: Path) -> Iterator[Graph]:
    """An empty graph."""
    with open_graph(str(tmp_path / "graph"), create=True) as opened:
        yield opened


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to stand in."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def server() -> Iterator[Server]:
    """A server that answers as it is told; `elsewhere` is another one."""
    with serving() as opened:
        yield opened


@pytest.fixture
def elsewhere() -> Iterator[Server]:
    with serving() as opened:
        yield opened
