"""What large inputs take: seconds of a processor, memory and disk of each step, and how they grow.

    .venv/bin/python -m benchmarks.load [NAME…] [--share 0.01 0.1] [--seed N] [--scratch FOLDER]

Each load of `benchmarks/load/worlds.py` is made anew, read into a new graph, and asked about twice: the first question
compiles. Every step is a process of its own. Seconds are those of the processors, and of the clock in brackets; memory
is that of its largest process. Of several shares it says with which power a step grows between the two largest,
where what the start of the program takes is not counted: 1 is linear, 2 quadratic.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.figures.commands import Sample, blast, graphkit, module, run
from benchmarks.load.worlds import SEED, WORLDS, World

_LEAST: Final = 0.05
"""Seconds that are taken as such where less is beyond the start: smaller ones say nothing of growth."""
_END: Final = 64 * 1024
_UNKNOWN: Final = frozenset({0, 3})


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a load of a size, and what it took."""

    name: str
    size: int
    took: Sample
    disk: float
    """Megabytes that the inputs or the graph have after it."""

    def __str__(self) -> str:
        peak = f"{self.took.peak:,.0f}" if self.took.peak is not None else "little"
        return (
            f"{self.size:>12,} {self.name:<16}{self.took.processor:>9.1f} s ({self.took.seconds:.1f})"
            f"{peak:>9} MB{self.disk:>10,.1f} MB on disk"
        )


def megabytes(folder: Path) -> float:
    """Return what the files below a folder have."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def reaches_a_service(answer: Path) -> bool:
    """Return whether an answer has an observed service, by its summary near the end: this process is to stay small."""
    with answer.open("rb") as file:
        file.seek(max(0, answer.stat().st_size - _END))
        summary = file.read().rpartition(b'"summary"')[2]
    return re.search(rb'"services":\s*\{[^}]*"observed":\s*[1-9]', summary) is not None


def steps(name: str, world: World, share: float, seed: int, folder: Path) -> Iterator[Step]:
    """Make the inputs of a share of a load, and yield each step over them."""
    size, inputs, graph = world.size(share), folder / "inputs", folder / "graph"
    run(module("benchmarks.load.worlds", name, str(inputs), "--share", str(share), "--seed", str(seed)))
    written = megabytes(inputs)
    for number, (kind, path) in enumerate(world.ingests):
        words = graphkit("ingest", kind, str(inputs / path), "--graph", str(graph), "--quiet")
        took = run(words)
        yield Step(name="ingest" if not number else f"ingest {kind}", size=size, took=took, disk=written)
    answer = folder / "answer.json"
    for step in ("first question", "question"):
        took = run(blast(graph, world.target, answer), good=_UNKNOWN)
        yield Step(name=step, size=size, took=took, disk=megabytes(graph))
    if not reaches_a_service(answer):
        raise SystemExit(f"{name}: the question reached no service, so its time says nothing")
    yield Step(name="first screen", size=size, took=run(_screen(graph, world), good=_UNKNOWN), disk=megabytes(graph))


def _screen(graph: Path, world: World) -> tuple[str, ...]:
    return graphkit("blast", world.target, "--graph", str(graph))


def growth(found: list[Step], start: float) -> Iterator[str]:
    """Yield how each step grows between the two largest sizes: exponents of seconds of the processor and of memory."""
    from benchmarks.index.growth import power

    for name in dict.fromkeys(one.name for one in found):
        of_it = [one for one in found if one.name == name][-2:]
        sizes = [one.size for one in of_it]
        if len(set(sizes)) > 1:
            _, seconds = power(sizes, [max(one.took.processor - start, _LEAST) for one in of_it])
            _, memory = power(sizes, [one.took.peak or 1 for one in of_it])
            yield f"{name}: seconds grow with the power of {seconds:.2f}, memory with that of {memory:.2f}"


def main() -> None:
    """Measure each load, print each step as it ends, then the growth."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help=f"all unless given: {', '.join(WORLDS)}")
    parser.add_argument("--share", type=float, nargs="+", default=[0.01, 0.1], help="of the full size; 1 is all of it")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--scratch", type=Path, help="a folder with room for the inputs and the graph")
    given = parser.parse_args()
    if unknown := [name for name in given.names if name not in WORLDS]:
        parser.error(f"no load is called {', '.join(unknown)}; there are {', '.join(WORLDS)}")
    start, failed = run(graphkit("--version")).processor, False
    for name in given.names or WORLDS:
        world, found = WORLDS[name], []
        print(f"{name}: {world.counts}; {world.full:,} in full, seed {given.seed}", flush=True)
        for share in given.share:
            folder = Path(tempfile.mkdtemp(prefix="graphkit-load-", dir=given.scratch))
            try:
                for step in steps(name, world, share, given.seed, folder):
                    found.append(step)
                    print(step, flush=True)
            except SystemExit as error:  # a step failed, or an input was refused: said, and the others go on
                failed = True
                print(f"{world.size(share):>12,} {error}", flush=True)
            finally:
                shutil.rmtree(folder)
        for line in growth(found, start):
            print(f"  {line}", flush=True)
    sys.exit(failed)


if __name__ == "__main__":
    main()
