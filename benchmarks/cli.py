"""Times whole processes from a cold start: `graphkit --help` and a blast of the case, beside peers.

Every round runs each command once, in turn, so that a busy machine is busy for all of them. What is
printed is a comparison within this run; no figure is asserted, since machines differ.
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
from collections.abc import Mapping, Sequence
from pathlib import Path

Command = Sequence[str]


def commands(graph: Path) -> dict[str, Command]:
    """Return the commands by the name they have in the table; the first is what the others are compared with."""
    beside = Path(sys.executable).parent  # not resolved: a virtual environment's python is a link
    graphkit = str(beside / "graphkit")
    chosen: dict[str, Command] = {
        "python -c pass": [sys.executable, "-c", "pass"],
        "graphkit --help": [graphkit, "--help"],
        "graphkit blast litellm-2026-03": [graphkit, "blast", "litellm-2026-03", "--graph", str(graph)],
        "pip --version": [sys.executable, "-m", "pip", "--version"],
    }
    if uv := shutil.which("uv", path=os.pathsep.join([str(beside), os.environ.get("PATH", "")])):
        chosen["uv --version"] = [uv, "--version"]
    return chosen


def seconds(command: Command) -> float:
    """Return the wall time of one process, start to end.

    Raises:
        SystemExit: the command failed; a time of a failure compares nothing.
    """
    start = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    took = time.perf_counter() - start
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr}")
    return took


def measure(chosen: Mapping[str, Command], rounds: int) -> dict[str, list[float]]:
    """Return seconds per command: one unmeasured round to fill the file cache, then ``rounds`` interleaved ones."""
    for command in chosen.values():
        seconds(command)
    times: dict[str, list[float]] = {name: [] for name in chosen}
    for _ in range(rounds):
        for name, command in chosen.items():
            times[name].append(seconds(command))
    return times


def table(times: Mapping[str, Sequence[float]]) -> str:
    """Return milliseconds as a Markdown table; the ratio is of medians, to the first command."""
    bare = statistics.median(next(iter(times.values())))
    rows = ["| command | min ms | median ms | max ms | x bare python |", "|---|---:|---:|---:|---:|"]
    for name, taken in times.items():
        middle = statistics.median(taken)
        figures = " | ".join(f"{1000 * figure:.0f}" for figure in (min(taken), middle, max(taken)))
        rows.append(f"| `{name}` | {figures} | {middle / bare:.1f} |")
    return "\n".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9, help="measured runs of each command")
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        graph = Path(folder, "graph")
        # The demo makes the graph of the case; that is not what is timed.
        seconds(
            [
                str(Path(sys.executable).parent / "graphkit"),
                "demo",
                "--graph",
                str(graph),
                "--output",
                f"{folder}/r.html",
            ]
        )
        print(f"{rounds} interleaved rounds, Python {sys.version.split()[0]}, {os.cpu_count()} cores\n")
        print(table(measure(commands(graph), rounds)))


if __name__ == "__main__":
    main()
