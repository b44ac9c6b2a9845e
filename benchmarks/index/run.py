"""The whole index: graphkit beside SciPy, igraph, rustworkx, networkx, DuckDB and LadybugDB, on the same graph.

    .venv/bin/python -m benchmarks.index.run [--parquet FILE] [--cache FOLDER]

Builds a graph from Parquet, exports it once (see `export`), asks every engine which nodes reach the same releases,
and checks that all give the same sets. Each runs in a process of its own. Peers are installed into an environment
of their own under the cache; one that cannot be is said to be missing. Times are the best of three after loading.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

from benchmarks.index import table
from benchmarks.index.children import MEGABYTE, Bounds, Child, environment, run

ROOT = Path(__file__).resolve().parents[2]
PARQUET = ROOT.parent / "shared" / "bench" / "pypi-2023-09.parquet"
PEERS = ("SciPy", "igraph", "rustworkx", "networkx", "DuckDB", "LadybugDB")
_REQUIREMENTS = Path(__file__).with_name("requirements.txt")
_COLD = 3
_CLI = "from graphkit.cli import program; program()"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where things are, and what a child may use."""

    cache: Path
    scratch: Path
    surroundings: Mapping[str, str]
    bounds: Bounds

    def run(self, *words: str) -> Child:
        """Run a command in the checkout."""
        return run(words, self.bounds, self.surroundings, ROOT)

    def own(self, *words: str) -> Child:
        """Run a module of this benchmark with graphkit.

        Raises:
            SystemExit: it failed; nothing can be compared then.
        """
        child = self.run(sys.executable, "-m", *words)
        if child.failure:
            raise SystemExit(f"{' '.join(words)}: {child.failure}")
        return child


def options(description: str | None) -> argparse.ArgumentParser:
    """Return what both benchmarks are told."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parquet", type=Path, default=PARQUET)
    parser.add_argument("--cache", type=Path, default=user_cache_path("graphkit-benchmarks"))
    parser.add_argument("--seconds", type=float, default=600, help="how long one process may take")
    parser.add_argument("--memory", type=int, default=12_000, help="how many MB it may hold")
    return parser


def place_of(given: argparse.Namespace, scratch: str) -> Place:
    """Return where to work."""
    if not given.parquet.exists():
        raise SystemExit(f"there is no {given.parquet}; name another with --parquet")
    return Place(
        cache=given.cache,
        scratch=Path(scratch),
        surroundings={**environment(given.cache), "TMPDIR": scratch},
        bounds=Bounds(seconds=given.seconds, memory=given.memory * MEGABYTE),
    )


def peers_python(cache: Path) -> tuple[Path, dict[str, str]]:
    """Return the interpreter of the peers, made where it is not there, and which requirement would not install."""
    text = _REQUIREMENTS.read_text(encoding="utf-8")
    folder = cache / f"peers-{hashlib.sha256(text.encode() + sys.version.encode()).hexdigest()[:12]}"
    python, done = folder / "bin" / "python", folder / "done"
    missing: dict[str, str] = {}
    if not done.exists():
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        for line in text.splitlines():
            if line and not line.startswith("#"):
                words = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", line]
                got = subprocess.run(words, capture_output=True, text=True, check=False)
                if got.returncode:
                    missing[line] = (got.stderr.strip().splitlines() or ["?"])[-1]
        if not missing:
            done.touch()
    return python, missing


def asked_peers(place: Place, export: Path) -> dict[str, Child]:
    """Return what became of each peer."""
    python, missing = peers_python(place.cache)
    for line, why in missing.items():
        print(f"not installed: {line}: {why}", file=sys.stderr)
    script = str(Path(__file__).with_name("peers.py"))
    found = {}
    for name in PEERS:
        found[name] = place.run(str(python), "-P", script, name, str(export))
        print(f"{name}: {found[name].failure or 'done'}", file=sys.stderr)
    return found


def cold(place: Place, graph: Path, target: str) -> Child:
    """Return the best of some blasts, each a process of its own; the first, which is not counted, compiles modules."""
    words = (sys.executable, "-c", _CLI, "blast", target, "--limit", "20", "--graph", str(graph))
    place.run(*words)
    return min((place.run(*words) for _ in range(_COLD)), key=lambda child: child.seconds)


def same(answers: Sequence[Mapping[str, Any]], others: Sequence[Mapping[str, Any]]) -> bool:
    """Return whether every answer is the same set."""
    return [one["sha256"] for one in answers] == [one["sha256"] for one in others]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables; exit with 1 where an engine gives another set."""
    parser = options(__doc__)
    parser.add_argument("--graph", type=Path, help="a graph that is built already; it is not timed then")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="graphkit-bench-") as scratch:
        place = place_of(given, scratch)
        graph, export = given.graph or place.scratch / "graph", place.scratch / "export"
        built = None if given.graph else place.own("benchmarks.index.own", "build", str(graph), str(given.parquet))
        exported = place.own("benchmarks.index.export", str(graph), str(export))
        own = place.own("benchmarks.index.own", "ask", str(graph), str(export))
        peers = asked_peers(place, export)
        blasts = {name: cold(place, graph, name) for name in (exported.answer["worst"], exported.answer["small"])}
        changed = None if given.graph else place.own("benchmarks.index.own", "change", str(graph))
    children = {"graphkit": own, **peers}
    wrong = [
        name
        for name, child in children.items()
        if child.answer and not same(own.answer["answers"], child.answer["answers"])
    ]
    print(table.header(exported.answer, own.answer))
    print(table.engines(children, wrong))
    if built and changed:
        print(table.build(built, changed))
    print(table.questions(own.answer, blasts))
    print(table.targets(built, children, blasts))
    if wrong:
        raise SystemExit(f"another set than graphkit's: {', '.join(wrong)}")


if __name__ == "__main__":
    main()
