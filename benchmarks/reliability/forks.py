"""Runs of graphkit in forks of a process that has imported everything, so that each takes little more than its work."""

from __future__ import annotations

import gc
import importlib
import os
import pkgutil
import signal
import sys
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

_OUT, _ERR = "stdout", "stderr"


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """How a run ended."""

    code: int
    answer: bytes
    said: str


def load_everything() -> None:
    """Import what a run may need, so that no fork has to."""
    import duckdb  # noqa: F401

    for room in ("api", "cli", "ingest", "reports", "trace", "sources", "stores", "formats"):
        package = importlib.import_module(f"graphkit.{room}")
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    gc.collect()
    gc.freeze()


def started(words: Sequence[str], folder: Path, before: Callable[[], None] = lambda: None) -> int:
    """Run graphkit in a fork of this process, which has read nothing of any graph; return the number of its process.

    ``folder``: where what it writes goes. ``before`` is called in the fork.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # no thread of this process does anything
        child = os.fork()
    if not child:
        for number, file in ((0, Path(os.devnull)), (1, folder / _OUT), (2, folder / _ERR)):
            os.dup2(os.open(file, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), number)
        sys.stdout, sys.stderr = os.fdopen(1, "w", encoding="utf-8"), os.fdopen(2, "w", encoding="utf-8")
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        sys.argv = ["graphkit", *words]
        warnings.resetwarnings()
        from graphkit.cli import program

        before()
        program()
    return child


def end_of(child: int, folder: Path) -> End:
    """Wait for a run that was `started`, and return how it ended; a signal is a negative code."""
    _, status = os.waitpid(child, 0)
    return End(
        code=os.waitstatus_to_exitcode(status),
        answer=(folder / _OUT).read_bytes(),
        said=(folder / _ERR).read_text("utf-8", "replace").strip(),
    )


def ended(words: Sequence[str], folder: Path, before: Callable[[], None] = lambda: None) -> End:
    """Run graphkit as `started` does, and return how it ended."""
    return end_of(started(words, folder, before), folder)
