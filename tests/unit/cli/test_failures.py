"""How failures end: a bug with 70 and one line, lost memory and lost readers with 4; never with 1, a finding."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from graphkit.model import __version__
from tests.unit.cli.door import PROGRAM, is_one_line

SECRET = "planted-hush-secret"
_BROKEN = """
from functools import wraps
import graphkit.cli as cli
from graphkit.cli import stats as module

def broken():
    {body}

@wraps(module.stats)
def stats(*words, **options):
    broken()

module.stats = stats
cli.program()
"""


def ran(body: str, cwd: Path, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run `graphkit stats` with another body."""
    program = _BROKEN.format(body=body)
    command = [sys.executable, "-c", program, "stats"]
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ("raise KeyError('x')", "KeyError: 'x' at graphkit/"),
        ("raise EOFError", "EOFError at graphkit/"),
        ("raise RuntimeError('a\\nb\\x1b[31m')", "RuntimeError: a"),
        (f"raise ValueError('https://me:{SECRET}@index.example/simple/')", "ValueError: https://index.example/simple/"),
        ("broken()", "RecursionError"),
        ("import no_such_module", "ModuleNotFoundError"),
        ("raise ValueError('x' * 10_000)", "ValueError: xxx"),
        ("raise AssertionError", "AssertionError at"),
    ],
)
def test_a_bug_is_one_line_and_a_code_of_its_own(
    tmp_path: Path, elsewhere: dict[str, str], body: str, named: str
) -> None:
    end = ran(body, tmp_path, elsewhere)
    assert (end.returncode, end.stdout) == (70, "")
    assert is_one_line(end.stderr), end.stderr
    assert end.stderr.startswith(f"graphkit: this is a bug of graphkit, no answer: {named}")
    for word in (f"the version ({__version__}", "issue tracker", "command without secrets", "GRAPHKIT_TRACEBACK=1"):
        assert word in end.stderr
    assert len(end.stderr) < 700
    assert SECRET not in end.stderr
    assert str(Path(__file__).parents[3]) not in end.stderr


def test_the_traceback_of_a_bug_is_for_those_who_ask(tmp_path: Path, elsewhere: dict[str, str]) -> None:
    end = ran("raise KeyError('x')", tmp_path, elsewhere | {"GRAPHKIT_TRACEBACK": "1"})
    assert end.returncode == 70
    assert end.stderr.startswith("graphkit: this is a bug of graphkit")
    assert "Traceback (most recent call last)" in end.stderr


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("raise MemoryError", "graphkit: not enough memory; "),
        ("raise type('OutOfMemoryException', (Exception,), {})", "graphkit: not enough memory; "),
        ("raise KeyboardInterrupt", "graphkit: interrupted before there was an answer; "),
        ("raise OSError(28, 'No space left on device', 'g/x')", "graphkit: g/x: No space left on device"),
    ],
)
def test_what_is_no_bug_keeps_its_line(tmp_path: Path, elsewhere: dict[str, str], body: str, line: str) -> None:
    end = ran(body, tmp_path, elsewhere)
    assert (end.returncode, end.stdout) == (4, "")
    assert is_one_line(end.stderr)
    assert end.stderr.startswith(line)


def test_a_reader_that_goes_away_has_no_line(tmp_path: Path, elsewhere: dict[str, str]) -> None:
    end = ran("raise BrokenPipeError", tmp_path, elsewhere)
    assert (end.returncode, end.stdout, end.stderr) == (4, "", "")


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["blast", "--help"]])
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_help_that_nobody_reads_is_no_finding(elsewhere: dict[str, str], words: list[str], unbuffered: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        env = elsewhere | {"PYTHONUNBUFFERED": unbuffered}
        end = subprocess.run([PROGRAM, *words], env=env, stdout=writing, stderr=subprocess.PIPE, check=False)
    finally:
        os.close(writing)
    assert (end.returncode, end.stderr) == (4, b"")


@pytest.mark.parametrize("stream", ["1", "2"])
@pytest.mark.parametrize("to", ["&-", "/dev/full"])
@pytest.mark.parametrize(("words", "code"), [("who-has litellm", 4), ("no-such-verb", 2), ("--version", 0)])
def test_a_closed_or_full_stream_is_no_finding(
    tmp_path: Path, elsewhere: dict[str, str], stream: str, to: str, words: str, code: int
) -> None:
    command = f'exec "{PROGRAM}" {words} {stream}>{to}'
    end = subprocess.run(["/bin/sh", "-c", command], cwd=tmp_path, env=elsewhere, capture_output=True, check=False)
    full = (code, stream, to) == (0, "1", "/dev/full")
    lost = (code, stream, to) == (2, "2", "/dev/full")
    assert end.returncode == (4 if full or lost else code)
    assert stream == "1" or b"graphkit:" not in end.stdout
    if full:
        assert end.stderr.startswith(b"graphkit: ")
        assert end.stderr.count(b"\n") == 1
