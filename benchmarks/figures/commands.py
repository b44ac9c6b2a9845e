"""Whole processes, timed in turns: a machine that is busy is busy for all of them."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.figures.results import ROOT, Figure, median

MEGABYTE: Final = 1e6
_ALMOST: Final = 1.05
_CLI: Final = "from graphkit.cli import program; program()"
_HIDDEN: Final = ("PYTHONDONTWRITEBYTECODE", "GRAPHKIT_GRAPH")


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command to be timed: whose it is, its words, what is done before it untimed, and which exit codes are good."""

    name: str
    of: str
    words: Sequence[str]
    before: Callable[[], None] | None = None
    good: frozenset[int] = frozenset({0})
    leaves_out: str = ""
    each: str = ""
    """As of a figure."""
    says: bytes = b""
    """Words that it must print once for each document: for a program whose exit code does not tell that it worked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One run: seconds from start to end, of all processors together, and MB at most resident in its largest process.

    The system counts at least the memory of the process that started it, so what is no more than that is None.
    """

    seconds: float
    processor: float
    peak: float | None


def graphkit(*words: str) -> tuple[str, ...]:
    """Return the words that start graphkit of this checkout."""
    return (sys.executable, "-c", _CLI, *words)


def module(*words: str) -> tuple[str, ...]:
    """Return the words that start a module of this checkout."""
    return (sys.executable, "-m", *words)


def blast(graph: Path | str, target: str, output: Path, *options: str) -> tuple[str, ...]:
    """Return a question for its whole answer as JSON in a file."""
    told = ("--tier", "admitted", "--format", "json", "--output", str(output), "--graph", str(graph))
    return graphkit("blast", target, *told, *options)


def who_has(graph: Path | str, query: str, output: Path) -> tuple[str, ...]:
    """Return a question for who has a package on file, its answer as JSON in a file."""
    return graphkit("who-has", query, "--format", "json", "--output", str(output), "--graph", str(graph))


def surroundings() -> Mapping[str, str]:
    """Return an environment in which graphkit of this checkout runs, and leaves compiled code as if installed."""
    kept = {name: value for name, value in os.environ.items() if name not in _HIDDEN}
    return kept | {"PYTHONPATH": str(ROOT), "NO_COLOR": "1", "COLUMNS": "100"}


def run(
    words: Sequence[str],
    folder: Path | None = None,
    good: frozenset[int] = frozenset({0}),
    *,
    says: bytes = b"",
    times: int = 0,
) -> Sample:
    """Run a process to its end; its output goes to a file.

    Raises:
        SystemExit: it failed, or printed the words that show its work fewer times than told; a time of a failure
            compares nothing.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        start = time.perf_counter()
        process = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=surroundings(), cwd=folder
        )
        _, status, usage = os.wait4(process.pid, 0)
        took = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        printed = err.read()
        if process.returncode not in good or (says and printed.count(says) + out.read().count(says) < times):
            said = printed.decode(errors="replace")[-2000:]
            raise SystemExit(f"{' '.join(words)[:300]} ended with {process.returncode}:\n{said}")
    least = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _ALMOST
    peak = usage.ru_maxrss * 1024 / MEGABYTE if usage.ru_maxrss > least else None
    return Sample(seconds=took, processor=usage.ru_utime + usage.ru_stime, peak=peak)


def in_turns(commands: Sequence[Command], rounds: int, size: int | None = None) -> dict[str, Figure]:
    """Return a figure for each command by its name: one unmeasured round to fill caches, then rounds in turn."""
    taken: dict[str, list[Sample]] = {one.name: [] for one in commands}
    for number in range(rounds + 1):
        for one in commands:
            if one.before:
                one.before()
            sample = run(one.words, good=one.good, says=one.says, times=size or 1)
            if number:
                taken[one.name].append(sample)
    return {one.name: figure_of(one, taken[one.name], size) for one in commands}


def figure_of(command: Command, samples: Sequence[Sample], size: int | None = None) -> Figure:
    """Return the figure of the runs of a command."""
    seconds = [one.seconds for one in samples]
    peak = max((one.peak for one in samples if one.peak is not None), default=None)
    more = {"size": size, "peak": peak, "leaves_out": command.leaves_out, "each": command.each}
    return median(command.name, command.of, "command", seconds, **more)


def output_of(words: Sequence[str]) -> str:
    """Return what a process of this checkout prints.

    Raises:
        SystemExit: it failed.
    """
    done = subprocess.run(words, env=surroundings(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(words)[:300]} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    return done.stdout
