"""Damages files of a graph at random, asks the same questions each time, and counts what came of it.

    .venv/bin/python -m benchmarks.reliability.flips [GRAPH] [--count N] [--seed N] [--only NUMBER]

Without GRAPH it is that of the made-up company of `examples/acme`. Each trial takes a fresh copy, changes one file of
it, and asks every question in a process of its own, the first of them another one each time. In one trial of four the
copy is as a killed process left it: with a write-ahead log, and an index of the generation before. An answer that
differs, a traceback, a signal, a code that says something else than before, or more than one line of an error is a
failure; it is printed with its number, which `--only` repeats. It ends with 1 where there is one; Ctrl-C ends it early.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.reliability.forks import End, ended, load_everything

FAILED: Final = 4
QUESTIONS: Final = (
    ("blast", "litellm-2026-03", "--tier", "admitted", "--format", "json"),
    ("who-has", "litellm", "--format", "json"),
    ("stats", "--problems"),
    ("ingest", "lock", "{extra}", "--service", "flipped", "--quiet"),
)
"""What is asked; the last one writes, so that the record is opened too."""
LOCK: Final = "litellm==1.82.7 \\\n    --hash=sha256:{}\n"
KINDS: Final = (
    ("flip",) * 12 + ("bytes",) * 3 + ("cut",) * 2 + ("zeros", "emptied", "removed", "swapped", "extra", "longer")
)
REBUILT: Final = "the index was damaged and was compiled anew"
RECORD: Final = "graph.duckdb"
MARK: Final = "generation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Damage:
    """What was done to which file."""

    kind: str
    file: str
    at: int

    def __str__(self) -> str:
        return f"{self.kind} at {self.at} of {self.file}"


def left_open() -> None:
    """Have this process end as if it were killed when it lets go of a graph."""
    from graphkit.stores.embedded.store import EmbeddedStore

    def killed(self: EmbeddedStore) -> None:  # noqa: ARG001 - in the place of a method
        os._exit(0)

    EmbeddedStore.close = killed  # type: ignore[method-assign]


def damage_to(graph: Path, number: int, seed: int) -> Damage:
    """Damage one file of a graph, and return what was done. Every file has its turn, the record and mark more often."""
    rng = random.Random(f"{seed} {number}")
    files = sorted(str(path.relative_to(graph)) for path in graph.rglob("*") if path.is_file())
    records = [name for name in files if name.startswith(RECORD)]
    others = [name for name in files if name not in records and name != MARK]
    turn, step = number % 10, number // 10
    if turn < 4:
        name = records[(step * 4 + turn) % len(records)]
    else:
        name = MARK if turn == 4 else others[(step * 5 + turn - 5) % len(others)]
    path, kind = graph / name, rng.choice(KINDS)
    data = path.read_bytes()
    # The start of a file says how the rest is read, so it is hit more often than its length deserves.
    at = rng.randrange(min(len(data), 4096 if rng.random() < 0.25 else len(data)) or 1)
    if kind == "flip" and data:
        data = data[:at] + bytes([data[at] ^ 1 << rng.randrange(8)]) + data[at + 1 :]
    elif kind in {"bytes", "zeros"}:
        size = min(len(data) - at, 4096 if kind == "zeros" else rng.randrange(1, 64))
        data = data[:at] + (bytes(size) if kind == "zeros" else rng.randbytes(size)) + data[at + size :]
    elif kind == "cut":
        data = data[:at]
    elif kind == "longer":
        data += rng.randbytes(rng.randrange(1, 64))
    elif kind == "swapped":
        data = (graph / rng.choice(others)).read_bytes()
    if kind == "removed":
        path.unlink()
    elif kind == "extra":
        path.with_name(f"{path.name}.{rng.randrange(100)}").write_bytes(data)
    else:
        path.write_bytes(b"" if kind == "emptied" else data)
    return Damage(kind=kind, file=name, at=at)


def judged(end: End, good: End) -> str:
    """Return what became of a question, by how it ended on the undamaged graph; ``FAILED: …`` where that is wrong.

    >>> judged(End(code=0, answer=b"{}", said=""), End(code=0, answer=b"{}", said=""))
    'same answer'
    >>> judged(End(code=4, answer=b"", said="graphkit: g: damaged"), End(code=0, answer=b"{}", said=""))
    'no answer, one line'
    >>> judged(End(code=1, answer=b"", said="Traceback"), End(code=0, answer=b"{}", said=""))
    'FAILED: ended with 1'
    """
    lines = [line for line in end.said.splitlines() if line not in good.said.splitlines()]
    if any("Traceback" in line for line in lines) and end.code == good.code:
        return "FAILED: a traceback"
    if end.code == good.code:
        if end.answer != good.answer:
            return "FAILED: another answer"
        if not lines:
            return "same answer"
        is_rebuilt = len(lines) == 1 and REBUILT in lines[0]
        return "same answer, index rebuilt" if is_rebuilt else f"FAILED: said {lines[0]}"
    if end.code != FAILED:
        return f"FAILED: ended with {end.code}"
    lines = [line for line in lines if REBUILT not in line]
    if end.answer or len(lines) != 1 or not lines[0].startswith("graphkit: "):
        return f"FAILED: {len(lines)} lines, {len(end.answer)} bytes of an answer"
    return "no answer, one line"


class Trials:
    """Damage and questions, one trial after another, in one scratch folder."""

    def __init__(self, scratch: Path, graph: Path | None, seed: int) -> None:
        self._scratch, self._seed = scratch, seed
        self._graph = scratch / "graph"
        extra = scratch / "requirements.txt"
        extra.write_text(LOCK.format("a" * 64), encoding="utf-8")
        self._questions = [[word.format(extra=extra) for word in question] for question in QUESTIONS]
        self._worlds = {False: scratch / "ready", True: scratch / "killed"}
        if graph is None:
            make_graph(self._graph, scratch)
        else:
            shutil.copytree(graph, self._graph)
        self._ask(("stats",))  # compiles the index
        shutil.copytree(self._graph, self._worlds[False])
        other = scratch / "others" / "requirements.txt"
        other.parent.mkdir()
        other.write_text(LOCK.format("b" * 64), encoding="utf-8")
        self._ask(("ingest", "lock", str(other), "--service", "killed", "--quiet"), left_open)
        assert (self._graph / f"{RECORD}.wal").exists(), "the killed process left no log"
        shutil.copytree(self._graph, self._worlds[True])
        self._good: dict[tuple[bool, int], list[End]] = {}

    def _ask(self, words: Sequence[str], before: Callable[[], None] = lambda: None) -> End:
        return ended((*words, "--graph", str(self._graph)), self._scratch, before)

    def _asked(self, first: int) -> list[End]:
        """Ask every question, beginning with one of them."""
        return [self._ask(self._questions[number]) for number in self._order(first)]

    def _order(self, first: int) -> list[int]:
        count = len(self._questions)
        return [(first + number) % count for number in range(count)]

    def _restore(self, *, is_killed: bool) -> None:
        shutil.rmtree(self._graph)
        shutil.copytree(self._worlds[is_killed], self._graph)

    def _good_ends(self, *, is_killed: bool, first: int) -> list[End]:
        """Return how questions end on an undamaged graph, asked in this order and once."""
        if (is_killed, first) not in self._good:
            self._restore(is_killed=is_killed)
            self._good[is_killed, first] = self._asked(first)
        return self._good[is_killed, first]

    def run(self, number: int) -> tuple[Damage, list[str]]:
        """Run one trial: what was damaged, and what became of each question."""
        is_killed, first = number % 4 == 3, number % len(self._questions)
        order, writing = self._order(first), len(self._questions) - 1
        good = dict(zip(order, self._good_ends(is_killed=is_killed, first=first), strict=True))
        # What is said where nothing came to be written: what is said before it is.
        before = dict(enumerate(self._good_ends(is_killed=is_killed, first=0)))
        self._restore(is_killed=is_killed)
        damage = damage_to(self._graph, number, self._seed)
        found = []
        for one in order:
            end = self._ask(self._questions[one])
            found.append(judged(end, good[one]))
            if one == writing and end.code == FAILED:
                good = before
            if self.shows:
                print(f"{damage}, {self._questions[one][0]}: {end.code}: {end.said}")
        return damage, found

    shows = False


def make_graph(graph: Path, scratch: Path) -> None:
    """Make the graph of the made-up company, in a process of its own."""

    def feed() -> None:
        from graphkit.api.demo import feed_acme
        from graphkit.api.graph import open_graph

        with open_graph(str(graph), create=True) as opened:
            feed_acme(opened)

    ended(("stats", "--graph", str(graph)), scratch, feed)


def table(found: Counter[tuple[str, str]]) -> str:
    """Return the counts as a table: a line for each kind of file, a column for each end."""
    ends = sorted({end for _, end in found})
    groups = sorted({group for group, _ in found})
    lines = [["file", *ends], *([group, *(f"{found[group, end]:,}" for end in ends)] for group in groups)]
    lines.append(["all", *(f"{sum(found[group, end] for group in groups):,}" for end in ends)])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(word.ljust(width) for word, width in zip(line, widths, strict=True)) for line in lines)


def group_of(file: str) -> str:
    """Return what kind of file it is.

    >>> [group_of(name) for name in ("graph.duckdb.wal", "generation", "index/x/header.json", "index/x/a.npy")]
    ['record, log', 'mark', 'index, header', 'index, array']
    """
    if file.startswith("index"):
        return "index, array" if file.endswith(".npy") else "index, header"
    if file == MARK:
        return "mark"
    return "record" if file == RECORD else "record, log"


def main() -> None:
    """Run the trials and print what came of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("graph", nargs="?", type=Path, help="the graph that is copied; the demo's Acme unless given")
    parser.add_argument("--count", type=int, default=1_000, help="trials")
    parser.add_argument("--seed", type=int, default=25, help="of what is random; another one damages otherwise")
    parser.add_argument("--only", type=int, help="this trial alone, with what was said")
    given = parser.parse_args()
    load_everything()
    found: Counter[tuple[str, str]] = Counter()
    failed = 0
    with tempfile.TemporaryDirectory(prefix="graphkit-flips-") as scratch:
        trials = Trials(Path(scratch).resolve(), given.graph, given.seed)
        trials.shows = given.only is not None
        with suppress(KeyboardInterrupt):
            for number in range(given.count) if given.only is None else [given.only]:
                damage, ends = trials.run(number)
                wrong = next((end for end in ends if end.startswith("FAILED")), None)
                if wrong:
                    failed += 1
                    print(f"trial {number}, seed {given.seed}: {damage}: {wrong}", flush=True)
                worst = (wrong and wrong.partition(":")[0]) or min(ends, key=_WORST.index)
                found[group_of(damage.file), worst] += 1
    print(f"{sum(found.values()):,} trials, seed {given.seed}; each counts once, by the worst end of its questions")
    print(table(found))
    sys.stdout.flush()
    os._exit(bool(failed))  # DuckDB complains of what is taken apart without having been used


_WORST: Final = ("no answer, one line", "same answer, index rebuilt", "same answer")


if __name__ == "__main__":
    main()
