"""Work in a process of its own, with an end to its time and memory, both of them measured."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MEGABYTE = 1 << 20
_LOOKED_AT = 0.02  # seconds between two looks


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """What became of a process. ``answer``: the JSON of its last line, None where it ``failure``."""

    seconds: float
    peak: int
    """Bytes at most resident, as the kernel counted them; of the process, not of what it started."""
    answer: Any
    failure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How long a process may take, and how many bytes it may hold."""

    seconds: float
    memory: int


def environment(cache: Path) -> Mapping[str, str]:
    """Return an environment in which every child finds and leaves compiled code, as an installed program would."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"PYTHONPYCACHEPREFIX": str(cache / "bytecode"), "NO_COLOR": "1", "COLUMNS": "120"}


def run(command: Sequence[str], bounds: Bounds, surroundings: Mapping[str, str], folder: Path | None = None) -> Child:
    """Run a command to its end, or to that of its bounds.

    This process has to be small: a child counts at least the memory of the one that started it.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=out, stderr=err, env=surroundings, cwd=folder)
        why = ""
        while not (ended := os.wait4(process.pid, os.WNOHANG))[0]:
            time.sleep(_LOOKED_AT)
            why = why or _beyond(process.pid, time.perf_counter() - start, bounds)
            if why:
                os.kill(process.pid, signal.SIGKILL)
        took = time.perf_counter() - start
        _, status, usage = ended
        process.returncode = os.waitstatus_to_exitcode(status)
        texts = []
        for stream in (out, err):
            stream.seek(0)
            texts.append(stream.read().decode(errors="replace").strip().splitlines())
    peak = usage.ru_maxrss * 1024
    if process.returncode:
        why = why or (texts[1][-1] if texts[1] else f"ended with {process.returncode}")
        return Child(seconds=took, peak=peak, answer=None, failure=why)
    try:
        return Child(seconds=took, peak=peak, answer=json.loads(texts[0][-1]) if texts[0] else None)
    except ValueError:
        return Child(seconds=took, peak=peak, answer=None)


def _beyond(process: int, seconds: float, bounds: Bounds) -> str:
    if seconds > bounds.seconds:
        return f"not done in {bounds.seconds:.0f} s"
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text(encoding="ascii").split()[1])
    except OSError:  # it ended, or this is no Linux
        return ""
    held = pages * os.sysconf("SC_PAGE_SIZE")
    return f"needs more than {bounds.memory / MEGABYTE:,.0f} MB" if held > bounds.memory else ""
