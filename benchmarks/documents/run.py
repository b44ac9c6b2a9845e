"""Reading a fleet of SBOMs: graphkit beside a plain `json.loads` loop and, where they are given, its peers.

    python -m benchmarks.documents.fleet --output DIR --documents 4000 --components 50
    python -m benchmarks.documents.run DIR [--osv-scanner PROGRAM] [--peer-python PYTHON]

Absolute times say little on a shared machine: read the ratios. Every figure is the best of the repeats,
which take turns. `--peer-python` is an interpreter that has cyclonedx-python-lib.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from graphkit.api import open_graph

_LOADS = """
import json, pathlib, sys
for path in pathlib.Path(sys.argv[1]).rglob("*.json"):
    json.loads(path.read_bytes())
"""
_PEER = """
import itertools, json, pathlib, sys
from cyclonedx.model.bom import Bom
for path in itertools.islice(pathlib.Path(sys.argv[1]).rglob("*.json"), int(sys.argv[2])):
    Bom.from_json(json.loads(path.read_bytes()))
"""
_PEER_DOCUMENTS = 20
_REPEATS = 3
_BLASTS = 9


def timed(work: Callable[[], object]) -> float:
    """Return how many seconds a piece of work takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def run(*words: str) -> None:
    """Run a program; its findings are no failure."""
    subprocess.run(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)


def processes(fleet: Path, scratch: Path, osv_scanner: str | None) -> dict[str, list[float]]:
    """Return the times of whole processes, taking turns."""
    graphkit = str(Path(sys.executable).with_name("graphkit"))
    graph = scratch / "graph"
    ingest = (graphkit, "ingest", "sbom", str(fleet), "--graph", str(graph), "--quiet")
    found: dict[str, list[float]] = {}
    for _ in range(_REPEATS):
        shutil.rmtree(graph, ignore_errors=True)
        found.setdefault("json.loads", []).append(timed(lambda: run(sys.executable, "-c", _LOADS, str(fleet))))
        found.setdefault("graphkit ingest", []).append(timed(lambda: run(*ingest)))
        found.setdefault("graphkit ingest again", []).append(timed(lambda: run(*ingest)))
        if osv_scanner:
            scan = (osv_scanner, "scan", "source", "--recursive", "--offline", "--format", "json", str(fleet))
            found.setdefault("osv-scanner", []).append(timed(lambda scan=scan: run(*scan)))  # type: ignore[misc]
    return found


def inside(fleet: Path, scratch: Path, target: str) -> tuple[float, float, float, int]:
    """Return seconds of a first and a second ingest and of a warm blast in one process, and bytes of the record."""
    address = scratch / "inside"
    with open_graph(str(address), create=True) as graph:
        first = timed(lambda: graph.ingest("sbom", [str(fleet)]))
        again = timed(lambda: graph.ingest("sbom", [str(fleet)]))
        graph.blast(target)
        blast = statistics.median(timed(lambda: graph.blast(target)) for _ in range(_BLASTS))
    return first, again, blast, os.path.getsize(address / "graph.duckdb")  # noqa: PTH202 - one number


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("fleet", type=Path)
    parser.add_argument("--osv-scanner")
    parser.add_argument("--peer-python")
    parser.add_argument("--target", default="certifi==2023.7.22")
    given = parser.parse_args(arguments)
    count = sum(1 for _ in given.fleet.rglob("*.json"))
    with tempfile.TemporaryDirectory() as folder:
        times = processes(given.fleet, Path(folder), given.osv_scanner)
        first, again, blast, size = inside(given.fleet, Path(folder), given.target)
    base = min(times["json.loads"])
    print(f"{count:,} documents; whole processes, best of {_REPEATS}, in turns")
    for name, seconds in times.items():
        best = min(seconds)
        print(f"  {name:<24}{count / best:>8,.0f} documents/s {best / base:>7.2f} x json.loads")
    if given.peer_python:
        words = (given.peer_python, "-c", _PEER, str(given.fleet), str(_PEER_DOCUMENTS))
        each = timed(lambda: run(*words)) / _PEER_DOCUMENTS
        print(f"  {'cyclonedx-python-lib':<24}{1 / each:>8,.0f} documents/s {each * count / base:>7.2f} x json.loads")
    if not given.osv_scanner:
        print("  osv-scanner             not given (--osv-scanner)")
    print("in one process")
    print(f"  second ingest           {again / first:>8.3f} x the first")
    print(f"  blast {given.target:<18}{blast * 1000:>8.1f} ms warm")
    print(f"  record                  {size / count:>8,.0f} bytes per document, distinct components among them")


if __name__ == "__main__":
    main()
