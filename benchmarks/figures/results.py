"""What a part of the benchmarks measured, as one JSON file with the machine, the versions and the load beside it."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import os
import platform
import statistics
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

import msgspec

ROOT: Final = Path(__file__).resolve().parents[2]
PARQUET: Final = ROOT.parent / "shared" / "bench" / "pypi-2023-09.parquet"
"""The package index of September 2023 (see README.md), where it lies beside the checkout."""
_LIBRARIES: Final = ("duckdb", "msgspec", "neo4j", "numpy", "packaging")
BY_SIZE: Final = ", by "
"""In the name of a figure: it is measured at several sizes, and is held to n log n."""
Kind = Literal["command", "warm", "kernel", "browser", "size"]
KINDS: Final[Mapping[Kind, str]] = {
    "command": "whole process until its answer is written, its files in the cache of the system",
    "warm": "question and answer as JSON text by the Python library, in a process that has answered it before",
    "kernel": "calls of functions in one process; no command, nothing written for a reader",
    "browser": "from opening a file in Chromium until it can be read",
    "size": "no time",
}
"""What kind of thing a figure measures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One measured value: the median of its rounds, in seconds unless ``unit`` says otherwise.

    ``size`` is what it was measured at (documents, services, releases: the part says which); ``each`` names them where
    they are worked on one by one, so that so many a second says something. ``ratio`` is the value divided by that of
    ``peer`` in the same part. ``peak`` is in MB, of the largest process, None where not measured.
    """

    name: str
    of: str
    kind: Kind
    value: float
    unit: str = "s"
    size: int | None = None
    each: str = ""
    least: float | None = None
    most: float | None = None
    rounds: int = 1
    peer: str = ""
    ratio: float | None = None
    peak: float | None = None
    leaves_out: str = ""


def median(name: str, of: str, kind: Kind, values: Sequence[float], **more: object) -> Figure:
    """Return the figure of some rounds.

    >>> median("ask", "graphkit", "command", [3.0, 1.0, 2.0], size=7).value
    2.0
    """
    found = Figure(
        name=name,
        of=of,
        kind=kind,
        value=statistics.median(values),
        least=min(values),
        most=max(values),
        rounds=len(values),
    )
    return dataclasses.replace(found, **more)  # type: ignore[arg-type]  # fields of Figure, named by the caller


def beside(figure: Figure, peer: Figure, called: str = "") -> Figure:
    """Return a figure with its ratio to that of a peer.

    >>> one, other = (median("ask", of, "command", [value]) for of, value in (("graphkit", 3.0), ("grep", 2.0)))
    >>> beside(one, other).ratio, beside(one, other).peer
    (1.5, 'grep')
    """
    return dataclasses.replace(figure, peer=called or peer.of, ratio=figure.value / peer.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The figures of one part of one run, and what they were measured on.

    ``load`` is the load of the machine over one minute, before and after; times are in UTC (RFC 3339).
    """

    part: str
    commit: str
    begun: str
    ended: str
    machine: Mapping[str, str]
    versions: Mapping[str, str]
    load: tuple[float, float]
    options: Mapping[str, str]
    figures: tuple[Figure, ...]
    missing: tuple[str, ...] = field(default=())
    """What was to be measured and was not, with the reason."""


def machine() -> dict[str, str]:
    """Return what the figures depend on of this machine."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "cores": str(len(os.sched_getaffinity(0))),
        "memory": f"{memory / 1e9:.0f} GB",
        "processor": _processor(),
        "system": f"{platform.system()} {platform.machine()}",
    }


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:  # no Linux
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name")]
    return names[0] if names else platform.processor()


def versions() -> dict[str, str]:
    """Return the versions of Python and of the libraries that most of the time is spent in."""
    return {"python": platform.python_version(), **{name: importlib.metadata.version(name) for name in _LIBRARIES}}


def commit() -> str:
    """Return the commit of this checkout, with ``+`` where files differ from it; empty where there is no git."""
    words = ("git", "-C", str(ROOT), "describe", "--always", "--abbrev=12", "--exclude=*", "--dirty=+")
    return subprocess.run(words, capture_output=True, text=True, check=False).stdout.strip()


def file_of(results: Path, part: str) -> Path:
    """Return where the results of a part are kept."""
    return results / f"{part}.json"


def write(results: Path, part: Part) -> None:
    """Write the results of a part whole or not at all: a run that is killed leaves no half of a file."""
    results.mkdir(parents=True, exist_ok=True)
    file = file_of(results, part.part)
    new = file.with_suffix(".new")
    new.write_bytes(msgspec.json.format(msgspec.json.encode(part), indent=1) + b"\n")
    new.replace(file)


def read(results: Path, part: str) -> Part | None:
    """Return the results of a part, None where it was not run."""
    file = file_of(results, part)
    return msgspec.json.decode(file.read_bytes(), type=Part) if file.exists() else None
