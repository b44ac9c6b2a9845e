"""Compares the ratios of a run with what is asked of them: reached, missed, or not measured.

    .venv/bin/python -m benchmarks.figures.targets [--results FOLDER] [--strict]

It ends with 0 whatever was reached, since machines differ; with ``--strict`` with 1 where a target is missed.
"""

from __future__ import annotations

import argparse
import itertools
import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.figures.results import BY_SIZE, Figure, read
from benchmarks.figures.run import PARTS, RESULTS, options
from benchmarks.figures.starts import CASE
from benchmarks.figures.tables import number

_LEAST_NET: Final = 0.5
"""Of an idle start: growth is looked at where what is above an idle start takes at least that much of it."""
_NOISE: Final = 1.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A figure by its part, name, engine and size (None: any), and what it may be at most.

    ``of_what`` says which of its values is compared: the ``ratio`` to its peer, its ``peak`` in MB, or its ``value``.
    """

    part: str
    name: str
    most: float
    size: int | None = None
    of: str | None = None
    of_what: str = "ratio"


TARGETS: Final = (
    Target(part="starts", name=f"blast {CASE} as JSON", most=5.5),
    Target(part="starts", name="demo again", most=2.0),
    Target(part="fleet", name="blast as JSON", size=4_000, most=5.0),
    Target(part="fleet", name="blast as the first screen", size=4_000, most=5.0),
    Target(part="fleet", name="who-has as JSON", size=4_000, most=3.0),
    Target(part="growth", name="blast that exposes 10, by documents", size=100_000, most=15.0),
    Target(part="growth", name="blast as the first screen, by documents", size=100_000, most=15.0),
    Target(part="growth", name="blast, by services that it exposes", size=100_000, most=15.0),
    Target(part="growth", name="who-has, by services that it finds", size=100_000, most=8.0),
    Target(part="growth", name="blast, by services that it exposes", size=100_000, most=500, of_what="peak"),
    Target(part="growth", name="who-has, by services that it finds", size=100_000, most=500, of_what="peak"),
    Target(part="fleet", name="ingest, 4,000 names in 5 versions", size=4_000, most=3.2),
    Target(part="index", name="blast of certifi==2023.7.22 as JSON, large question", most=7.0),
    Target(part="index", name="worst closure without its releases", most=1.0),
    Target(part="index", name="worst question, by slots", size=8, most=2.0),
    Target(part="index", name="small question, by releases that reach", size=10, most=0.0001, of_what="value"),
    Target(part="index", name="Parquet to ready, beside the commit before", most=0.6),
    Target(part="index", name="Parquet to ready", most=2_000, of_what="peak"),
    Target(part="neo4j", name="blast, first question of a client", most=3.0),
    Target(part="neo4j", name="blast, next question", most=1.5),
    Target(part="neo4j", name="ingest, 1 writer", most=3.0),
    Target(part="neo4j", name="ingest, 2 writers, beside one writer", most=1.0),
    Target(part="neo4j", name="push, its relationships", most=1.0),
)
"""Those of the issue on speed where people wait."""


def verdict(target: Target, figures: Sequence[Figure]) -> tuple[str, str]:
    """Return ``reached``, ``missed`` or ``not measured``, and a line that says so."""
    about = f"{target.part}: {target.name}"
    if target.size is not None:
        about += f" at {target.size:,}"
    found = [
        one
        for one in figures
        if one.name == target.name and target.size in {None, one.size} and target.of in {None, one.of}
    ]
    values = [value for one in found if (value := getattr(one, target.of_what)) is not None]
    unit = {"ratio": f" x {found[0].peer}" if found else " x", "peak": " MB", "value": " s"}[target.of_what]
    if not values:
        return "not measured", f"not measured  {about}, asked at most {number(target.most)}{unit}"
    worst = max(values)
    said = "reached" if worst <= target.most else "missed"
    return said, f"{said:<13} {about}: {number(worst)}{unit}, asked at most {number(target.most)}"


def growth(part: str, figures: Sequence[Figure]) -> Iterator[tuple[str, str]]:
    """Yield whether a figure that was measured at several sizes grows faster than n log n from one to the next.

    What an idle start takes is not counted, nor a tenth that one run differs from the next.
    """
    start = min((one.value for one in figures if one.name == "idle start"), default=0.0)
    series: dict[str, list[Figure]] = {}
    for one in figures:
        if one.size and one.unit == "s" and (BY_SIZE in one.name or part == "index-growth") and one.of != "fit":
            series.setdefault(one.name, []).append(one)
    for name, every in series.items():
        points = sorted(every, key=lambda one: one.size or 0)
        for less, more in itertools.pairwise(points):
            if (less.size or 0) == (more.size or 0):
                continue
            yield _step(f"{part}: {name} from {less.size:,} to {more.size:,}", less, more, start)


def _step(about: str, less: Figure, more: Figure, start: float) -> tuple[str, str]:
    before, after = ((one.value - start if one.kind == "command" else one.value) for one in (less, more))
    if more.kind == "command" and before < _LEAST_NET * start:
        return "not measured", f"not measured  {about}: the smaller one is hardly more than an idle start"
    allowed = _n_log_n(more.size or 0) / _n_log_n(less.size or 0)
    said = "reached" if after <= allowed * before * _NOISE else "missed"
    return said, f"{said:<13} {about}: {number(after / before)} times, n log n {number(allowed)}"


def _n_log_n(size: int) -> float:
    return size * math.log2(size + 1)


def measured(results: Path) -> Iterator[str]:
    """Yield when each part was measured, under which load, and how it differs from what is measured by default."""
    defaults = options()
    for name in PARTS:
        if part := read(results, name):
            told = part.options.items()
            other = [f"{key}={value}" for key, value in told if value != str(defaults.get_default(key))]
            load = f"load {part.load[0]} before and {part.load[1]} after"
            yield f"{name}: {part.ended} at {part.commit or 'no commit'}, {load}{', '.join(['', *other])}"


def verdicts(results: Path) -> list[tuple[str, str]]:
    """Return what is said of every target, then of every figure that grows."""
    parts = {name: part.figures if (part := read(results, name)) else () for name in PARTS}
    found = [verdict(target, parts[target.part]) for target in TARGETS]
    return found + [one for name, figures in parts.items() for one in growth(name, figures)]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a line for each target."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of results")
    parser.add_argument("--strict", action="store_true", help="end with 1 where a target is missed")
    given = parser.parse_args(arguments)
    found = verdicts(given.results)
    for line in (*measured(given.results), *(line for _, line in found)):
        print(line)
    count = [sum(said == one for said, _ in found) for one in ("reached", "missed", "not measured")]
    print(f"{count[0]} reached, {count[1]} missed, {count[2]} not measured")
    sys.exit(given.strict and bool(count[1]))


if __name__ == "__main__":
    main()
