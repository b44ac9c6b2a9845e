"""The short form of `make fuzz`: all that fuzzing left behind, and a few more inputs where the fuzzer is installed."""

from __future__ import annotations

import subprocess
import sys

import pytest

from benchmarks.reliability.fuzz import Run, fuzzer, reached
from tests.fuzz.families import CORPUS, FAMILIES, ROOT, Family

LARGEST = 128 * 1024
"""Bytes of the whole corpus, which every clone has."""


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
def test_the_corpus_breaks_nothing(family: Family, caplog: pytest.LogCaptureFixture) -> None:
    for data in (*family.seeds(), *family.corpus(), b""):
        family.run(data)
    assert caplog.messages == []


def test_the_corpus_is_of_the_families_and_small() -> None:
    assert {file.stem for file in CORPUS.iterdir()} <= set(FAMILIES)
    assert len(FAMILIES) <= 10
    assert sum(file.stat().st_size for file in CORPUS.iterdir()) <= LARGEST


def test_what_breaks_is_not_let_through() -> None:
    def check(kind: str, data: bytes) -> None:
        assert (kind, data) == ("a", b"x")

    family = Family("made-up", ("a", "b"), check, lambda: [("a", b"x")])
    assert family.seeds() == [b"\0x"]
    assert family.corpus() == []
    family.run(b"\0x")
    family.run(b"\2x")
    for data in (b"\1x", b"\0y"):
        with pytest.raises(AssertionError):
            family.run(data)


def test_lines_that_an_input_reaches_are_those_of_graphkit() -> None:
    family = FAMILIES["purls"]
    plain, odd = (reached(family, family.kinds.index("purl").to_bytes() + text) for text in (b"pkg:pypi/a@1", b"a"))
    assert plain - odd
    assert odd - plain
    assert {"purls.py", "names.py"} <= {file.rpartition("/")[2] for file, _ in plain}


def test_the_counts_are_one_line() -> None:
    run = Run(family="purls", seconds=60, cpu=50, tried=12_345, edges=678, found=("a", "b"))
    assert " ".join(str(run).split()) == "purls 60 s 50 s of a processor 12,345 inputs 678 edges 2 found"


@pytest.mark.skipif(not fuzzer().exists(), reason="make fuzz installs the fuzzer, on Linux")
def test_the_fuzzer_finds_nothing_more() -> None:
    command = [sys.executable, "-m", "benchmarks.reliability.fuzz", "purls", "requirements", "--runs", "1500"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert [line.partition(" ")[0] for line in ran.stdout.splitlines()] == ["purls", "requirements"]
