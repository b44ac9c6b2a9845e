"""Runs the benchmarks part by part, keeps what each measured, and writes the tables of two pages from that.

    .venv/bin/python -m benchmarks.figures.run [--parts PART…] [--again PART…] [--results FOLDER] [--tables]

A part whose results are in the folder is not run again unless ``--again`` names it, so a run that was stopped goes on
where it was. Absolute times say little on a shared machine: read the ratios. ``--tables`` alone measures nothing.
"""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from platformdirs import user_cache_path

from benchmarks.figures import tables
from benchmarks.figures.plan import Plan
from benchmarks.figures.results import PARQUET, ROOT, Figure, Part, commit, file_of, machine, versions, write

PARTS: Final = {
    "starts": "benchmarks.figures.starts",
    "fleet": "benchmarks.figures.fleet",
    "growth": "benchmarks.figures.growth",
    "index": "benchmarks.index.run",
    "index-growth": "benchmarks.index.growth",
    "neo4j": "benchmarks.neo4j.run",
    "page": "benchmarks.page",
}
"""The module of each part, whose ``figures`` takes a plan and yields figures. Those that measure memory come first."""
RESULTS: Final = ROOT / "build" / "bench"
PAGES: Final = [ROOT / "README.md", ROOT / "docs" / "performance.md"]
"""Where the tables are: one in the first, those of each part in the second."""


def options() -> argparse.ArgumentParser:
    """Return what a run is told."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS), help="which to run; default all")
    parser.add_argument("--again", nargs="+", choices=PARTS, default=[], help="which to run though they were run")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of results")
    parser.add_argument("--pages", type=Path, nargs="+", default=PAGES, help="the pages whose tables are written")
    parser.add_argument("--tables", action="store_true", help="write the tables of what is there, and measure nothing")
    parser.add_argument("--no-tables", action="store_true", help="print the tables in place of writing them")
    parser.add_argument("--rounds", type=int, default=9, help="measured runs of each command")
    parser.add_argument("--parquet", type=Path, default=PARQUET, help="the whole index")
    parser.add_argument("--cache", type=Path, default=user_cache_path("graphkit-benchmarks"), help="for the peers")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 4_000], help="fleet: documents")
    parser.add_argument("--fleet", type=Path, help="fleet: a folder of SBOMs to take in place of those")
    parser.add_argument("--target", default="certifi==2023.7.22", help="fleet: the release that is asked for")
    parser.add_argument("--osv-scanner", help="fleet: the program")
    parser.add_argument(
        "--peer-python", default=sys.executable, help="fleet: an interpreter that has cyclonedx-python-lib"
    )
    parser.add_argument(
        "--growth", type=int, nargs="+", default=[1_000, 10_000, 100_000], help="growth: documents of each fleet"
    )
    parser.add_argument("--base", help="index: a commit whose time from Parquet to ready is compared")
    parser.add_argument("--copies", type=int, default=4, help="index-growth: copies of the index at the largest size")
    parser.add_argument("--services", type=int, nargs="+", default=[1_000, 10_000, 100_000], help="page: services")
    parser.add_argument("--pyvis-most", type=int, default=10_000, help="page: the most services that pyvis is given")
    parser.add_argument("--packages", type=int, default=20_000, help="neo4j: packages of the index that are pushed")
    parser.add_argument("--whole", action="store_true", help="neo4j: export and import the whole index too")
    return parser


def plan_of(given: argparse.Namespace, scratch: Path) -> Plan:
    """Return what the parts are told."""
    return Plan(
        scratch=scratch,
        rounds=given.rounds,
        parquet=given.parquet.resolve(),
        cache=given.cache.resolve(),
        sizes=tuple(given.sizes),
        fleet=given.fleet and given.fleet.resolve(),
        target=given.target,
        growth=tuple(sorted(given.growth)),
        copies=given.copies,
        services=tuple(given.services),
        pyvis_most=given.pyvis_most,
        packages=given.packages,
        whole=given.whole,
        base=given.base,
        osv_scanner=given.osv_scanner,
        peer_python=given.peer_python,
    )


def measured(name: str, given: argparse.Namespace) -> Part:
    """Run a part and return its results; its figures are printed as they come."""
    figures: Callable[[Plan], Iterable[Figure]] = importlib.import_module(PARTS[name]).figures
    begun, load = _now(), os.getloadavg()[0]
    found = []
    with tempfile.TemporaryDirectory(prefix=f"graphkit-bench-{name}-") as scratch:
        plan = plan_of(given, Path(scratch).resolve())
        for one in figures(plan):
            found.append(one)
            print(f"  {tables.in_words(one)}", flush=True)
    return Part(
        part=name,
        commit=commit(),
        begun=begun,
        ended=_now(),
        machine=machine(),
        versions=versions(),
        load=(round(load, 2), round(os.getloadavg()[0], 2)),
        options={key: str(value) for key, value in vars(given).items() if key in Plan.__dataclass_fields__},
        figures=tuple(found),
        missing=tuple(plan.missing),
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run what is to be run, then write the tables."""
    given = options().parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that scratch folders are removed then too
    failed = []
    for name in () if given.tables else [one for one in PARTS if one in {*given.parts, *given.again}]:
        if name not in given.again and file_of(given.results, name).exists():
            print(f"{name}: is there; --again {name} runs it again", flush=True)
            continue
        print(f"{name}:", flush=True)
        start = time.perf_counter()
        try:
            part = measured(name, given)
        except SystemExit as why:
            if isinstance(why.code, int):  # somebody stopped it
                raise
            failed.append(name)
            print(f"{name}: failed: {why}", file=sys.stderr, flush=True)
            continue
        write(given.results, part)
        for what in part.missing:
            print(f"  not measured: {what}", flush=True)
        print(f"{name}: done in {time.perf_counter() - start:.0f} s", flush=True)
    if given.no_tables:
        for name, (of, *_) in tables.BLOCKS.items():
            if of in {*given.parts, *given.again}:
                print(tables.table(given.results, name) or f"{name}: no results\n")
    else:
        for line in tables.rewrite(given.pages, given.results):
            print(line)
    if failed:
        raise SystemExit(f"failed, the others are kept: {', '.join(failed)}")


if __name__ == "__main__":
    main()
