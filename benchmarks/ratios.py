"""This checkout beside another commit of it: the same questions, in turn, and the ratio of their times.

    .venv/bin/python -m benchmarks.ratios COMMIT [--rounds N] [--no-index] [--parquet FILE]

Each tree makes its own graphs: that of `graphkit demo`, and that of the whole index where the Parquet file is there.
Each question is a process from a cold start that writes its whole answer as JSON; A and B take turns, so that a busy
machine is busy for both. No figure is asserted, since machines differ.
"""

from __future__ import annotations

import argparse
import os
import platform
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.figures.results import PARQUET, ROOT

CASE: Final = ("litellm-2026-03", "MAL-2026-2144")
WHOLE_INDEX: Final = ("certifi==2023.7.22", "langchain==0.0.148")
"""Releases that a third of the index reaches, and that few reach."""
_CLI: Final = "from graphkit.cli import program; program()"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """One checkout, and the folder of its graphs and answers."""

    name: str
    source: Path
    scratch: Path

    def graphkit(self, *words: str) -> float:
        """Run graphkit of this tree and return its wall time in seconds.

        Raises:
            SystemExit: it failed; a time of a failure compares nothing.
        """
        start = time.perf_counter()
        done = self.run(*words)
        took = time.perf_counter() - start
        if done.returncode not in {0, 3}:
            raise SystemExit(f"{self.name}: graphkit {' '.join(words)} ended with {done.returncode}:\n{done.stderr}")
        return took

    def run(self, *words: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run graphkit of this tree in a folder, else in that of its graphs, whatever comes of it."""
        return self._python(_CLI, *words, folder=folder)

    def ask(self, graph: str, target: str) -> float:
        """Ask one question of a graph, write its whole answer, and return the seconds that both took."""
        told = ("--tier", "admitted", "--format", "json", "--output", str(self.scratch / "answer.json"))
        return self.graphkit("blast", target, "--graph", str(self.scratch / graph), *told)

    def check(self) -> None:
        """Make sure that it is this tree's graphkit that runs.

        Raises:
            SystemExit: it is another one.
        """
        found = self._python("import graphkit; print(graphkit.__file__)").stdout.strip()
        if not Path(found).is_relative_to(self.source):
            raise SystemExit(f"{self.name}: {found} would be timed, which is not in {self.source}")

    def _python(self, *words: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
        here = {**os.environ, "PYTHONPATH": str(self.source), "NO_COLOR": "1"}
        command = [sys.executable, "-c", *words]
        return subprocess.run(
            command, cwd=folder or self.scratch, env=here, capture_output=True, text=True, check=False
        )


@contextmanager
def trees(base: str, scratch: Path) -> Iterator[tuple[Tree, Tree]]:
    """Yield the other commit, checked out in a folder that is removed at the end, and this checkout."""
    other = scratch / "base"
    git = ("git", "-C", str(ROOT), "worktree")
    subprocess.run([*git, "add", "--quiet", "--detach", str(other), base], check=True)
    try:
        both = tuple(
            Tree(name=name, source=source, scratch=scratch / f"of-{name}")
            for name, source in (("base", other), ("here", ROOT))
        )
        for tree in both:
            tree.scratch.mkdir()
            tree.check()
        yield both[0], both[1]
    finally:
        subprocess.run([*git, "remove", "--force", str(other)], check=False)


def made(tree: Tree, parquet: Path | None) -> Mapping[str, tuple[str, ...]]:
    """Make the graphs of a tree and return what to ask of each."""
    report = str(tree.scratch / "report.html")
    tree.graphkit("demo", "--graph", str(tree.scratch / "case"), "--output", report)
    if parquet is None:
        return {"case": CASE}
    graph = str(tree.scratch / "index")
    tree.graphkit("ingest", "parquet", str(parquet), "--unknown-times", "listed", "--graph", graph)
    return {"case": CASE, "index": WHOLE_INDEX}


def measure(both: Sequence[Tree], graph: str, target: str, rounds: int) -> list[list[float]]:
    """Return seconds per tree: one unmeasured round to compile and to fill caches, then the trees in turn."""
    for tree in both:
        tree.ask(graph, target)
    taken = [[tree.ask(graph, target) for tree in both] for _ in range(rounds)]
    return [list(column) for column in zip(*taken, strict=True)]


def line(graph: str, target: str, base: Sequence[float], here: Sequence[float]) -> str:
    """Return one row of the table: medians, their ratio, and the least and greatest ratio of a round."""
    old, new = statistics.median(base), statistics.median(here)
    each = [after / before for before, after in zip(base, here, strict=True)]
    figures = f"{1000 * old:,.0f} | {1000 * new:,.0f} | {new / old:.2f} | {min(each):.2f} to {max(each):.2f}"
    return f"| {graph}: `{target}` | {figures} |"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("base", help="the commit to compare this checkout with")
    parser.add_argument("--rounds", type=int, default=5, help="measured runs of each question on each tree")
    parser.add_argument("--parquet", type=Path, default=PARQUET, help="the whole index; left out where it is not there")
    parser.add_argument("--no-index", action="store_true", help="ask about the case alone")
    given = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the other checkout is removed then too
    parquet = given.parquet.resolve() if given.parquet.exists() and not given.no_index else None
    with (
        tempfile.TemporaryDirectory(prefix="graphkit-ratios-") as scratch,
        trees(given.base, Path(scratch).resolve()) as both,
    ):
        asked = [made(tree, parquet) for tree in both][-1]
        print(f"base is {given.base}; {given.rounds} rounds in turn, Python {platform.python_version()},")
        print(f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, load {os.getloadavg()[0]:.1f}\n")
        print("| question | base ms | here ms | ratio | of each round |\n|---|---:|---:|---:|---:|")
        for graph, targets in asked.items():
            for target in targets:
                print(line(graph, target, *measure(both, graph, target, given.rounds)), flush=True)
        print(f"\nload at the end {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
