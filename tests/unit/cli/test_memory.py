"""Little memory: a verb ends with its answer or one line, and never by a signal, with a traceback or as a bug."""

from __future__ import annotations

import resource
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from graphkit.api import open_graph
from tests.unit.cli.door import PROGRAM, is_one_line
from tests.unit.cli.inputs import INCIDENT, put, sbom

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems do not limit the address space")


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("memory")
    put(folder / "incident.yaml", INCIDENT)
    put(folder / "sbom.json", sbom("shop", "litellm==1.82.8"))
    with open_graph(str(folder / "graph"), create=True) as graph:
        graph.ingest("advisory", [str(folder / "incident.yaml")])
        graph.ingest("sbom", [str(folder / "sbom.json")])
    return folder / "graph"


def limited(megabytes: int, *words: str | Path) -> subprocess.CompletedProcess[str]:
    most = megabytes * 1_000_000
    limit = partial(resource.setrlimit, resource.RLIMIT_AS, (most, most))
    command = [PROGRAM, *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, preexec_fn=limit)


def test_a_record_needs_more_than_a_little_and_says_so(graph: Path) -> None:
    """The index is not compiled yet."""
    for words in (("stats",), ("ingest", "sbom", graph.parent / "sbom.json", "--quiet")):
        ran = limited(300, *words, "--graph", graph)
        assert (ran.returncode, ran.stdout) == (4, "")
        assert is_one_line(ran.stderr), ran.stderr
        assert ran.stderr.endswith("; `ulimit -v` limits this process to 286 MiB\n")


def test_a_question_over_a_fresh_index_needs_little(graph: Path) -> None:
    assert limited(600, "stats", "--graph", graph).returncode == 0
    ran = limited(300, "blast", "case-1", "--format", "json", "--graph", graph)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert '"shop"' in ran.stdout
