"""How build, memory, disk and questions grow: with 1/16 to all of the packages, then with 2 and 4 copies of the index.

    make bench-all OPTIONS='--parts index-growth --copies 4'

A sample takes packages by a hash of the name, so smaller ones lie inside larger ones; requirements on packages outside
it stay. A copy has suffixed names, in its requirements too, so how many requirements a release has, and how many
releases a package, stays as it is. Power laws are fitted to the largest sizes. What today's index holds is assumed.
"""

from __future__ import annotations

import math
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from benchmarks.figures.plan import Plan
from benchmarks.figures.results import Figure
from benchmarks.index.children import MEGABYTE
from benchmarks.index.export import WORST
from benchmarks.index.peers import REPEATS
from benchmarks.index.run import Place, place_of
from benchmarks.index.sizes import SIZES

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
    files = [source.resolve()]
    for many in (one for one in (2, 4, 8) if one <= copies):
        for number in range(len(files), many):
            files.append(folder / f"copy-{number}.parquet")
            copy(source, files[-1], number)
        several = folder / f"copies-{many}"
        several.mkdir()
        for number, file in enumerate(files):
            (several / f"{number}.parquet").symlink_to(file)
        found.append(Size(name=str(many), parquet=several, copies=many))
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


def figures(plan: Plan) -> Iterator[Figure]:
    """Yield the figures of this part."""
    place = place_of(plan)
    found = []
    for size in sizes(plan.parquet, plan.folder("parquet"), plan.copies):
        found.append(measured(place, size))
        yield from of_a_size(found[-1])
    yield from fitted(found)


def of_a_size(one: Mapping[str, Any]) -> Iterator[Figure]:
    """Yield what was measured of an index of one size."""
    releases, without = one["releases"], "start, verdicts, JSON"
    yield Figure(
        name="Parquet to ready",
        of="graphkit",
        kind="kernel",
        value=one["build"],
        size=releases,
        peak=one["peak"],
        leaves_out="start, a question",
    )
    yield Figure(name="index and record", of="graphkit", kind="size", value=one["disk"], unit="MB", size=releases)
    for name, key, size in (
        ("worst question of one copy", "one", releases),
        ("worst question of every copy, by releases that reach", "every", one["every_nodes"]),
    ):
        yield Figure(
            name=name, of="graphkit", kind="kernel", value=one[key], size=size, rounds=REPEATS, leaves_out=without
        )
    for (least, most), seconds in zip(SIZES, one["small"], strict=True):
        if not math.isnan(seconds):
            name = f"small question that {least} to {most:,} reach"
            yield Figure(
                name=name,
                of="graphkit",
                kind="kernel",
                value=seconds,
                size=releases,
                rounds=REPEATS,
                leaves_out=without,
            )


def fitted(found: Sequence[Mapping[str, Any]]) -> Iterator[Figure]:
    """Yield what power laws through the largest sizes make of today's index, whose size is assumed."""
    releases = [one["releases"] for one in found]
    reached = TODAY_RELEASES * found[-1]["every_nodes"] / releases[-1]
    for name, at, today, values, unit in (
        ("Parquet to ready", releases, TODAY_RELEASES, [one["build"] for one in found], "s"),
        ("peak of Parquet to ready", releases, TODAY_RELEASES, [one["peak"] for one in found], "MB"),
        ("worst question", [one["every_nodes"] for one in found], reached, [one["every"] for one in found], "s"),
    ):
        factor, exponent = power(at[-_FITTED:], values[-_FITTED:])
        yield Figure(
            name=f"{name}, fitted to today's index of an assumed size (exponent {exponent:.2f})",
            of="fit",
            kind="size",
            value=factor * today**exponent,
            unit=unit,
            size=int(today),
        )
