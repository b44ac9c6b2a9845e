"""How build, memory, disk and questions grow: with 1/16 to all of the packages, then with four copies of the index.

    .venv/bin/python -m benchmarks.index.growth [--parquet FILE] [--copies 4]

A sample takes packages by a hash of the name, so smaller ones lie inside larger ones; requirements on packages outside
it stay. A copy has suffixed names, in its requirements too, so how many requirements a release has, and how many
releases a package, stays as it is. Power laws are fitted to the largest sizes. What today's index holds is assumed.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from benchmarks.index.children import MEGABYTE
from benchmarks.index.export import WORST
from benchmarks.index.run import Place, options, place_of
from benchmarks.index.table import SIZES, lines

SIXTEENTHS = (1, 2, 4, 8, 16)
TODAY_PACKAGES, TODAY_RELEASES = 750_000, 8_500_000
"""An assumption, not a count: about what the index's own front page says, rounded up."""
_FITTED = 4
"""So many of the largest sizes: in small ones it is the start of the process that takes the time."""
_NAME = r"^\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)"
_BUCKET = "md5_number_lower(lower(regexp_replace({}, '[-_.]+', '-', 'g'))) % 16"


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """A size of the index: what it is called, its Parquet, and how many copies of the index it has."""

    name: str
    parquet: Path
    copies: int = 1


def sample(source: Path, target: Path, sixteenths: int) -> None:
    """Write some packages, those of the worst release's bucket first, so that it is in every sample."""
    first = _BUCKET.format(f"'{WORST[0]}'")
    bucket = f"({_BUCKET.format('name')} + 16 - {first}) % 16"
    _write(f"select * from read_parquet(?) where {bucket} < {sixteenths}", source, target)


def copy(source: Path, target: Path, number: int) -> None:
    """Write the whole index under suffixed names."""
    renamed = f"list_transform(requires_dist, lambda text: regexp_replace(text, '{_NAME}', '\\1-c{number}'))"
    columns = f"name || '-c{number}' as name, {renamed} as requires_dist"
    _write(f"select * replace ({columns}) from read_parquet(?)", source, target)


def _write(query: str, source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(config={"memory_limit": "3GB", "preserve_insertion_order": False}) as connection:
        connection.execute(f"copy ({query}) to '{target}' (format parquet, compression zstd)", [str(source)])


def sizes(source: Path, folder: Path, copies: int) -> list[Size]:
    """Write every size; copies share files."""
    found = []
    for part in SIXTEENTHS[:-1]:
        sample(source, folder / f"{part}.parquet", part)
        found.append(Size(name=f"{part}/16", parquet=folder / f"{part}.parquet"))
    found.append(Size(name="1", parquet=source))
    if copies > 1:
        several = folder / "copies"
        several.mkdir()
        (several / "0.parquet").symlink_to(source.resolve())
        for number in range(1, copies):
            copy(source, several / f"{number}.parquet", number)
        found.append(Size(name=str(copies), parquet=several, copies=copies))
    return found


def measured(place: Place, size: Size) -> dict[str, Any]:
    """Build a graph of a size and ask it; return all figures by name."""
    graph = place.scratch / "graph"
    shutil.rmtree(graph, ignore_errors=True)
    built = place.own("benchmarks.index.own", "build", str(graph), str(size.parquet))
    asked = place.own("benchmarks.index.own", "worst", str(graph), str(size.copies))
    figures = {
        **built.answer,
        **asked.answer,
        "build": built.answer["ingest"] + built.answer["compile"],
        "peak": built.peak / MEGABYTE,
        "disk": (built.answer["index"] + built.answer["record"]) / MEGABYTE,
    }
    print(f"{size.name}: {figures['releases']:,} releases, {figures['build']:.1f} s", file=sys.stderr)
    return figures


def power(sizes: Sequence[float], values: Sequence[float]) -> tuple[float, float]:
    """Return (factor, exponent) of the power law that fits best in logarithms."""
    exponent, factor = np.polyfit(np.log(np.maximum(sizes, 1e-9)), np.log(np.maximum(values, 1e-9)), 1)
    return float(np.exp(factor)), float(exponent)


def measured_table(names: Sequence[str], found: Sequence[Mapping[str, Any]]) -> str:
    """Return what was measured at every size."""
    heads = ("packages of the index", *names)
    rows = [
        ["packages", *(f"{one['packages']:,}" for one in found)],
        ["releases", *(f"{one['releases']:,}" for one in found)],
        ["members of requirement sets", *(f"{one['members']:,}" for one in found)],
        ["build, s", *(f"{one['build']:.1f}" for one in found)],
        ["peak of the build, MB", *(f"{one['peak']:,.0f}" for one in found)],
        ["index on disk, MB", *(f"{one['index'] / MEGABYTE:,.1f}" for one in found)],
        ["index and record, MB", *(f"{one['disk']:,.1f}" for one in found)],
        ["worst of one copy, ms", *(f"{one['one'] * 1000:,.1f}" for one in found)],
        ["releases it reaches", *(f"{one['nodes']:,}" for one in found)],
        ["worst of every copy at once, ms", *(f"{one['every'] * 1000:,.1f}" for one in found)],
        ["releases they reach", *(f"{one['every_nodes']:,}" for one in found)],
    ]
    for number, name in enumerate(SIZES):
        rows.append([f"small, {name} releases, ms", *(f"{one['small'][number] * 1000:.2f}" for one in found)])
    return lines(heads, rows)


def growth_table(found: Sequence[Mapping[str, Any]]) -> str:
    """Return exponents, and what they make of today's index and of ten times that."""
    releases = [one["releases"] for one in found]
    reached = found[-1]["every_nodes"] / releases[-1]
    rows = []
    for name, by, values in (
        ("build, s", "releases", [one["build"] for one in found]),
        ("peak of the build, MB", "releases", [one["peak"] for one in found]),
        ("index and record, MB", "releases", [one["disk"] for one in found]),
        ("worst question, s", "releases reached", [one["every"] for one in found]),
        *(
            (f"small, {name}, ms", "releases", [one["small"][n] * 1000 for one in found])
            for n, name in enumerate(SIZES)
        ),
    ):
        at = releases if by == "releases" else [one["every_nodes"] for one in found]
        factor, exponent = power(at[-_FITTED:], values[-_FITTED:])
        today = TODAY_RELEASES if by == "releases" else TODAY_RELEASES * reached
        guesses = (f"{factor * (times * today) ** exponent:,.3g}" for times in (1, 10))
        rows.append([name, by, f"{exponent:.2f}", *guesses])
    return lines(("grows", "with", "exponent", "today", "10 x"), rows)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print both tables."""
    parser: argparse.ArgumentParser = options(__doc__)
    parser.add_argument(
        "--copies", type=int, default=4, help="how often the index stands beside itself at the largest size"
    )
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="graphkit-bench-") as scratch:
        place = place_of(given, scratch)
        every = sizes(given.parquet, place.scratch / "parquet", given.copies)
        found = [measured(place, size) for size in every]
    print(measured_table([size.name for size in every], found))
    print(growth_table(found))
    print(f"today: assumed {TODAY_PACKAGES:,} packages with {TODAY_RELEASES:,} releases; not counted.")
    print("The worst question is taken to reach the same share of them as at the largest size measured.")


if __name__ == "__main__":
    main()
