"""Runs every kind of verb with little memory, and looks whether each ends with its answer or one line.

    .venv/bin/python -m benchmarks.reliability.memory [GRAPH...] [--limits MB...]

Without GRAPH it is that of the demo, made anew. Each verb is a process of its own, whose address space is limited as
``ulimit -v`` does, on a copy of the graph whose index is not compiled. It is to answer as without a limit, or to end
with 4 and one line, or with 3 and say which input it could not read. It ends with 1 where one does not.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks.reliability.flips import table
from benchmarks.reliability.forks import End
from tests.unit.cli.inputs import put, sbom

PROGRAM: Final = str(Path(sys.executable).with_name("graphkit"))
_MB: Final = 1_000_000
_FILES: Final = 250
"""Documents of one ingest: enough for processes that read them beside each other."""
_SECONDS: Final = 600
_CASE: Final = "litellm-2026-03"
VERBS: Final = (
    ("stats",),
    ("blast", _CASE, "--tier", "admitted", "--format", "json"),
    ("who-has", "litellm", "--format", "json"),
    ("ingest", "sbom", "{inputs}/sboms", "--company", "acme", "--quiet"),
    ("blast", _CASE, "--format", "html"),
    ("ingest", "lock", "{inputs}/requirements.txt", "--service", "shop", "--quiet"),
    ("stats",),
    ("doctor",),
)
"""In this order on one copy: the first compiles, those after an ingest again."""
_VARIES: Final = ("doctor", "html")
"""What tells of the place or the time in its answer."""
_NO_MEMORY: Final = "memory"


def lay_out(inputs: Path) -> None:
    """Write what is ingested."""
    for number in range(_FILES):
        put(inputs / "sboms" / f"{number}.json", sbom(f"shop-{number}", "litellm==1.82.7", f"lib-{number}==1.0"))
    put(inputs / "requirements.txt", f"litellm==1.82.7 \\\n    --hash=sha256:{'a' * 64}\n")


def ended(words: list[str], limit: int | None) -> End:
    """Run a verb with a limit of so many bytes; None for none."""
    limited = None if limit is None else partial(resource.setrlimit, resource.RLIMIT_AS, (limit, limit))
    done = subprocess.run(words, capture_output=True, check=False, timeout=_SECONDS, preexec_fn=limited)
    return End(code=done.returncode, answer=done.stdout, said=done.stderr.decode("utf-8", "replace").strip())


def judged(end: End, good: End, *, varies: bool = False) -> str:
    """Return what became of a verb, by how it ends without a limit; ``FAILED: …`` where that is wrong.

    >>> judged(End(code=4, answer=b"", said="graphkit: not enough memory"), End(code=0, answer=b"{}", said=""))
    'one line'
    >>> judged(End(code=-11, answer=b"", said=""), End(code=0, answer=b"{}", said=""))
    'FAILED: ended with -11: '
    """
    if end.code == good.code and (end.answer == good.answer or varies) and "Traceback" not in end.said:
        return "answer"
    if end.code == 4 and not end.answer and len(end.said.splitlines()) == 1 and end.said.startswith("graphkit: "):
        return "one line"
    if end.code == 3 and _NO_MEMORY.encode() in end.answer and "Traceback" not in end.said:
        return "input not read"
    return f"FAILED: ended with {end.code}: {end.said[:200]}"


def tried(graph: Path, scratch: Path, limit: int | None) -> list[tuple[list[str], End]]:
    """Run every verb in turn on a copy of a graph whose index is not compiled."""
    copy = scratch / "graph"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(graph, copy, ignore=shutil.ignore_patterns("index"))
    found = []
    for verb in VERBS:
        words = [word.format(inputs=scratch / "inputs") for word in verb]
        found.append((words, ended([PROGRAM, *words, "--graph", str(copy)], limit)))
    return found


def main() -> None:
    """Try every graph with every limit, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("graphs", nargs="*", type=Path, help="graphs that are copied; the demo's unless given")
    parser.add_argument("--limits", nargs="+", type=int, default=[300, 600, 1_000], help="in MB")
    given = parser.parse_args()
    found: Counter[tuple[str, str]] = Counter()
    with tempfile.TemporaryDirectory(prefix="graphkit-memory-") as folder:
        scratch = Path(folder)
        lay_out(scratch / "inputs")
        graphs = given.graphs
        if not graphs:
            graphs = [scratch / "demo"]
            ended([PROGRAM, "demo", "--graph", str(graphs[0]), "--output", str(scratch / "page.html")], None)
        for graph in graphs:
            good = [end for _, end in tried(graph, scratch, None)]
            for limit in given.limits:
                lost = False
                for (words, end), before in zip(tried(graph, scratch, limit * _MB), good, strict=True):
                    varies = lost or bool(set(words) & set(_VARIES))
                    what = judged(end, before, varies=varies)
                    lost = lost or (words[0] == "ingest" and what != "answer")
                    if what.startswith("FAILED"):
                        print(f"{graph.name}, {limit} MB, {' '.join(words[:2])}: {what}", flush=True)
                    found[f"{graph.name}, {limit} MB", what.partition(":")[0]] += 1
    print(table(found))
    if any(what == "FAILED" for _, what in found):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
