"""The short form of `make flips`: whatever is damaged, the answer is the same, or there is none and one line."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.reliability.flips import Damage, damage_to, group_of, judged, table
from benchmarks.reliability.forks import End
from tests.effort import share

ROOT = Path(__file__).parents[3]
TRIALS = share(40, of=2)
GOOD = End(code=0, answer=b"{}", said="graphkit: a note")


def test_damage_anywhere_changes_no_answer() -> None:
    command = [sys.executable, "-m", "benchmarks.reliability.flips", "--count", str(TRIALS), "--seed", "7"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=600)
    assert (found.returncode, found.stderr) == (0, ""), found.stdout
    assert found.stdout.startswith(f"{TRIALS} trials, seed 7;")
    assert "FAILED" not in found.stdout


@pytest.mark.parametrize(
    ("end", "told"),
    [
        (GOOD, "same answer"),
        (End(code=0, answer=b"[]", said=""), "FAILED: another answer"),
        (End(code=0, answer=b"{}", said="what?"), "FAILED: said what?"),
        (
            End(code=0, answer=b"{}", said="graphkit: g: the index was damaged and was compiled anew from"),
            "same answer, index rebuilt",
        ),
        (End(code=0, answer=b"{}", said="Traceback (most recent call last)"), "FAILED: a traceback"),
        (End(code=1, answer=b"{}", said=""), "FAILED: ended with 1"),
        (End(code=70, answer=b"", said="graphkit: a bug"), "FAILED: ended with 70"),
        (End(code=-11, answer=b"", said=""), "FAILED: ended with -11"),
        (End(code=4, answer=b"", said="graphkit: g: damaged"), "no answer, one line"),
        (End(code=4, answer=b"", said="graphkit: g: damaged\nmore"), "FAILED: 2 lines, 0 bytes of an answer"),
        (End(code=4, answer=b"{", said="graphkit: g: damaged"), "FAILED: 1 lines, 1 bytes of an answer"),
    ],
)
def test_every_end_is_told_apart(end: End, told: str) -> None:
    assert judged(end, GOOD) == told


def test_every_file_of_a_graph_is_damaged_and_the_same_again(tmp_path: Path) -> None:
    files = ("graph.duckdb", "graph.duckdb.wal", "generation", "index/a/header.json", "index/a/x.npy", "index/a/y.npy")
    hit: Counter[str] = Counter()
    for number in range(60):
        done = []
        for _ in range(2):
            for name in files:
                (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
                (tmp_path / name).write_bytes(name.encode() * 100)
            done.append(damage_to(tmp_path, number, 1))
            for extra in tmp_path.rglob("*.[0-9]*"):
                extra.unlink()
        assert done[0] == done[1]
        hit[done[0].file] += 1
    assert hit.keys() == set(files)
    assert str(Damage(kind="flip", file="x", at=3)) == "flip at 3 of x"


def test_the_table_counts_by_kind_of_file() -> None:
    found = Counter({(group_of("generation"), "same answer"): 1_200, (group_of("graph.duckdb"), "FAILED"): 1})
    assert table(found).splitlines() == [
        "file    FAILED  same answer",
        "mark    0       1,200      ",
        "record  1       0          ",
        "all     1       1,200      ",
    ]
