"""What many documents take: bytes of disk and of memory by documents, rows and distinct components, and a fit of them.

    .venv/bin/python -m benchmarks.neo4j.scale embedded --documents 2500 5000 10000 20000 --output sizes.json
    .venv/bin/python -m benchmarks.neo4j.scale server --documents 250 500 1000 2000 --output server.json
    .venv/bin/python -m benchmarks.neo4j.scale fit sizes.json --documents 10000000 --distinct 2000000

The facts are made up: documents of 50 components, of 4,000 names in 5 versions each, so that a fleet soon has all
20,000 of them (``shared``); or so many that no two documents share one (``distinct``). Each service has 100 documents.
The fit is of least squares, of the bytes of all graphs that were measured: a constant, and so much for each document,
each row of a list and each distinct component.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from graphkit.model.documents import Basis, Component, Document, DocumentKind
from graphkit.model.names import PackageName, ServiceId
from graphkit.model.organisation import DocumentUse
from graphkit.model.times import exactly
from graphkit.stores import open_store
from graphkit.stores.port import Fact
from tests.neo4j_server import PASSWORD, running

ROWS: Final = 50
NAMES: Final = 4_000
VERSIONS: Final = 5
PER_SERVICE: Final = 100
_BATCH: Final = 500


def facts(first: int, count: int, *, distinct: bool) -> Iterator[Fact]:
    """Yield documents and their uses, the same each time."""
    for number in range(first, first + count):
        chosen = random.Random(number)
        rows = []
        for at in range(ROWS):
            name, version = chosen.randrange(NAMES), chosen.randrange(VERSIONS)
            text = f"made-up-{name}" + (f"-{number}-{at}" if distinct else "")
            purl = f"pkg:pypi/{text}@{version}.0"
            rows.append(Component(ref=str(at), name=text, package=PackageName(text), version=f"{version}.0", purl=purl))
        sha256 = f"{number:064x}"
        yield Document(
            sha256=sha256,
            path=f"sboms/service-{number // PER_SERVICE}/{number}.cdx.json",
            kind=DocumentKind.SBOM,
            format="cyclonedx",
            basis=Basis.BUILT,
            components=tuple(rows),
        )
        service = ServiceId(f"service-{number // PER_SERVICE}")
        yield DocumentUse(service=service, document=sha256, built_at=exactly(1_700_000_000_000_000 + number))


def distinct_of(count: int, *, distinct: bool) -> int:
    """Return how many components of so many documents differ."""
    if distinct:
        return count * ROWS
    met = set()
    for number in range(count):
        chosen = random.Random(number)
        met |= {(chosen.randrange(NAMES), chosen.randrange(VERSIONS)) for _ in range(ROWS)}
    return len(met)


def filled(address: str, count: int, *, distinct: bool) -> float:
    """Record so many documents; return seconds of this process's processor."""
    before = time.process_time()
    store = open_store(address, create=True)
    for first in range(0, count, _BATCH):
        store.record(list(facts(first, min(_BATCH, count - first), distinct=distinct)))
    store.close()
    return time.process_time() - before


def bytes_of(folder: Path) -> int:
    """Return the bytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def asked(address: str) -> dict[str, float]:
    """Ask who has a package, in a process of its own; return its seconds of processor and its memory."""
    store = open_store(address)
    listings = store.reader().evidence().listings(["made-up-1"], [], [])
    store.reader().evidence().components(listings)
    store.close()
    usage = resource.getrusage(resource.RUSAGE_SELF)
    # Not `ru_maxrss`, in which the process that started this one counts.
    (peak,) = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    return {"seconds": usage.ru_utime + usage.ru_stime, "peak": int(peak) * 1024, "rows": len(listings.document)}


def embedded(count: int, *, distinct: bool) -> dict[str, Any]:
    """Measure a graph in a folder."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "graph"
        took = filled(str(folder), count, distinct=distinct)
        start = time.process_time()
        store = open_store(str(folder))
        counts = store.reader().counts()
        store.close()
        compiled = time.process_time() - start
        words = [sys.executable, "-m", "benchmarks.neo4j.scale", "ask", str(folder)]
        said = json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)
        return {
            "store": "embedded",
            "documents": count,
            "rows": counts["components"],
            "distinct": distinct_of(count, distinct=distinct),
            "record": sum(path.stat().st_size for path in folder.glob("graph.duckdb*")),
            "index": bytes_of(folder / "index"),
            "ingest_seconds": took,
            "compile_seconds": compiled,
            "question_seconds": said["seconds"],
            "question_peak": said["peak"],
        }


def on_server(count: int, *, distinct: bool) -> dict[str, Any]:
    """Measure a graph on a server, whose disk is looked at once it was stopped."""
    os.environ["NEO4J_PASSWORD"] = PASSWORD
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        with running(home, heap="1g", pages="256m", measured=True) as address:
            took = filled(address, count, distinct=distinct)
        return {
            "store": "server",
            "documents": count,
            "rows": count * ROWS,
            "distinct": distinct_of(count, distinct=distinct),
            "data": bytes_of(home / "data" / "databases" / "neo4j"),
            "ingest_seconds": took,
        }


def fit(found: Sequence[dict[str, Any]], column: str) -> tuple[float, float, float]:
    """Return bytes of the graph as such, for each document of `ROWS` rows, and for each distinct component."""
    table = np.array([[1, one["documents"], one["distinct"]] for one in found], dtype=np.float64)
    values = np.array([one[column] for one in found], dtype=np.float64)
    weights = 1 / values
    constant, document, component = np.linalg.lstsq(table * weights[:, None], values * weights, rcond=None)[0]
    return float(constant), float(document), float(component)


def main() -> None:
    """Measure, or fit what was measured."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("what", choices=["embedded", "server", "fit", "ask"])
    parser.add_argument("files", nargs="*")
    parser.add_argument("--documents", type=int, nargs="+", default=[2_500, 5_000, 10_000])
    parser.add_argument("--distinct", type=int, default=2_000_000)
    parser.add_argument("--output", type=Path)
    given = parser.parse_args()
    if given.what == "ask":
        print(json.dumps(asked(given.files[0])))
        return
    if given.what == "fit":
        found = [one for file in given.files for one in json.loads(Path(file).read_text(encoding="utf-8"))]
        for column in ("record", "index", "question_peak", "data", "ingest_seconds", "compile_seconds"):
            if some := [one for one in found if column in one]:
                constant, document, component = fit(some, column)
                total = constant + document * given.documents[0] + component * given.distinct
                off = max(
                    abs(constant + document * one["documents"] + component * one["distinct"] - one[column])
                    / one[column]
                    for one in some
                )
                print(
                    f"{column}: {constant:.4g} + {document:.4g} a document + {component:.4g} a component;"
                    f" then {total:.3g}; off by {off:.1%} at most"
                )
        return
    found = []
    for count in given.documents:
        for distinct in (False, True):
            if distinct and count > max(given.documents) // 4:  # they take most, and do so evenly
                continue
            found.append((embedded if given.what == "embedded" else on_server)(count, distinct=distinct))
            print(json.dumps(found[-1]), flush=True)
            if given.output:
                given.output.write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    main()
