"""What a run of the benchmarks is told, and what its parts share."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.figures.commands import Command, graphkit, module, output_of
from benchmarks.figures.results import Figure, Kind, median

IDLE = "graphkit --help"
"""The idle start: what every process of graphkit takes before it does anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Sizes, rounds and places of a run. ``scratch`` is emptied after each part."""

    scratch: Path
    rounds: int
    parquet: Path
    cache: Path
    sizes: tuple[int, ...]
    """Documents of the fleets whose trees are real."""
    fleet: Path | None
    """A fleet that is there already, taken in place of those."""
    target: str
    """The release that is asked for in those fleets."""
    growth: tuple[int, ...]
    """Documents of the made-up fleets, each ten times the one before or so."""
    copies: int
    services: tuple[int, ...]
    pyvis_most: int
    packages: int
    whole: bool
    base: str | None
    """A commit that Parquet to ready is compared with."""
    osv_scanner: str | None
    peer_python: str | None
    missing: list[str] = field(default_factory=list)
    """What could not be measured, with the reason; parts add to it."""

    def folder(self, name: str) -> Path:
        """Return a new folder in the scratch space."""
        made = self.scratch / name
        made.mkdir(parents=True)
        return made


def idle() -> Command:
    """Return the idle start."""
    return Command(name="idle start", of=IDLE, words=graphkit("--help"), leaves_out="any graph")


def warm(graph: Path | str, rounds: int, verb: str, target: str, *limit: str, size: int | None = None) -> Figure:
    """Return how long a question takes, up to its JSON text, in a process that has answered it before."""
    words = module("benchmarks.figures.warm", str(graph), str(rounds), verb, target, *limit)
    seconds = json.loads(output_of(words).splitlines()[-1])
    kind: Kind = "warm"
    return median(f"{verb} as JSON, warm", "graphkit", kind, seconds, size=size, leaves_out="start, opening the graph")
