"""The command line as a person meets it: in this process where that is enough, else in one of its own."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from graphkit.cli import main

PROGRAM = str(Path(sys.executable).with_name("graphkit"))
_LONGEST = 300
"""Seconds that a run may take on a busy machine."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What a run wrote and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What stdout holds, decoded."""
        return json.loads(self.out)


class _Terminal(io.TextIOWrapper):
    """What a terminal is to a program that writes to it."""

    def isatty(self) -> bool:
        return True


def run(*words: str | Path, columns: int = 0) -> Ran:
    """Run graphkit in this process, its output caught as through a pipe; or on a terminal of so many columns."""
    kind = _Terminal if columns else io.TextIOWrapper
    out = kind(io.BytesIO(), encoding="utf-8", write_through=True)
    err = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    code = 0
    terminal = {"COLUMNS": str(columns), "NO_COLOR": "1"} if columns else {}
    with (
        patch.object(sys, "argv", ["graphkit", *map(str, words)]),
        patch.dict(os.environ, terminal),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 1
    texts = [stream.buffer.getvalue().decode() for stream in (out, err) if isinstance(stream.buffer, io.BytesIO)]
    return Ran(code, *texts)


@contextmanager
def start(
    words: Sequence[str | Path | bytes], cwd: Path, env: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Start graphkit as a process of its own; it does not outlive a test that fails."""
    with subprocess.Popen(
        [PROGRAM, *words], cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def apart(*words: str | Path | bytes, cwd: Path, env: Mapping[str, str] | None = None) -> Ran:
    """Run graphkit as a process of its own to its end."""
    with start(words, cwd, env) as process:
        out, err = process.communicate(timeout=_LONGEST)
    return Ran(process.returncode, out.decode(), without_progress(err.decode()))


def without_progress(err: str) -> str:
    """Return stderr without the lines that tell how far a long work is: a busy machine has more of them."""
    return re.sub(r"(?m)^\d+ s: .*\n", "", err)


def is_one_line(err: str) -> bool:
    """Return whether stderr holds one line of graphkit's own, and nothing else."""
    return err.startswith("graphkit: ") and err.endswith("\n") and err.count("\n") == 1
