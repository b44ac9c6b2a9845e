"""Fuzzes readers, pages, requirements and purls, guided by what of the code each input reaches.

    .venv/bin/python -m benchmarks.reliability.fuzz [FAMILY…] [--seconds N] [--runs N] [--seed N] [--keep]

The families are those of `tests/fuzz/families.py`, one process after another. It prints how many inputs were tried, how
many edges of the code they reached, and what was found: an input of each kind of failure stays in `build/fuzz`, with
its traceback. It ends with 1 where something was found. ``--keep`` writes the smallest inputs that together reach every
line into the corpus, `tests/fuzz/corpus`. What it needs (atheris, which is libFuzzer for Python) is installed once into
the user's cache, by the hashes of `benchmarks/reliability/requirements.txt`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Final

from platformdirs import user_cache_path

from tests.fuzz.families import CORPUS, FAMILIES, ROOT, Family

LONGEST: Final = 4_096
"""Bytes of an input."""
FOUND: Final = ROOT / "build" / "fuzz"
_REQUIREMENTS: Final = Path(__file__).with_name("requirements.txt")
_WORD: Final = re.compile(rb"[A-Za-z@$_][A-Za-z0-9@$_:/.-]{2,40}")
_EDGES: Final = re.compile(r"\bcov: (\d+)")
_RUNS: Final = re.compile(r"stat::number_of_executed_units:\s*(\d+)")
_LARGEST: Final = 12_000
"""Bytes that the corpus of one family may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What came of fuzzing a family; ``cpu``: seconds of a processor, ``found``: a line for each kind of failure."""

    family: str
    seconds: int
    cpu: int
    tried: int
    edges: int
    found: tuple[str, ...]

    def __str__(self) -> str:
        counts = f"{self.tried:>12,} inputs{self.edges:>8,} edges{len(self.found):>4} found"
        return f"{self.family:<14}{self.seconds:>7} s{self.cpu:>7} s of a processor{counts}"


def fuzzer() -> Path:
    """Return the folder that has atheris, which need not be there."""
    text = _REQUIREMENTS.read_bytes() + sys.version.encode()
    return user_cache_path("graphkit-benchmarks") / f"fuzz-{hashlib.sha256(text).hexdigest()[:12]}"


def install(folder: Path) -> None:
    """Put atheris into a folder, unless it is there.

    Raises:
        SystemExit: it has no archive for this system, or the package index cannot be reached.
    """
    if not folder.exists():
        part = folder.with_suffix(".part")
        shutil.rmtree(part, ignore_errors=True)
        words = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
        words += ["--only-binary", ":all:", "--require-hashes", "--requirement", str(_REQUIREMENTS)]
        if subprocess.run([*words, "--target", str(part)], check=False).returncode:
            raise SystemExit(f"{_REQUIREMENTS.name} could not be installed; fuzzing needs Linux and CPython")
        part.rename(folder)


def fuzz(family: Family, library: Path, scratch: Path, limits: Sequence[str], seed: int) -> Run:
    """Fuzz a family from its seeds and its corpus within the limits; ``scratch`` holds the inputs afterwards."""
    inputs, findings = scratch / "inputs", scratch / "found"
    for folder in (inputs, findings):
        folder.mkdir(parents=True)
    known = [*family.seeds(), *family.corpus()]
    for number, data in enumerate(known):
        (inputs / f"known-{number}").write_bytes(data)
    words = sorted({word for data in known for word in _WORD.findall(data)})
    (scratch / "words").write_text("".join(f'"{word.decode()}"\n' for word in words), encoding="utf-8")
    options = [f"-dict={scratch / 'words'}", f"-artifact_prefix={findings}/", f"-seed={seed}", f"-max_len={LONGEST}"]
    options += ["-timeout=60", "-rss_limit_mb=2048", "-print_final_stats=1", *limits, str(inputs)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    ran = subprocess.run(
        [sys.executable, "-m", "benchmarks.reliability.fuzz_family", family.name, str(findings), *options],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join((str(ROOT), str(library)))},
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    found = [file.read_text("utf-8", "replace").partition("\n")[0] for file in sorted(findings.glob("*.txt"))]
    found += [file.name for file in sorted(findings.glob("*-*"))]  # what ended the process
    if ran.returncode and not found:
        raise SystemExit(f"{family.name}: the fuzzer ended with {ran.returncode}\n{ran.stderr[-2_000:]}")
    tried = _RUNS.findall(ran.stderr)
    return Run(
        family=family.name,
        seconds=round(float(next(iter(re.findall(r"Done \d+ runs in (\d+)", ran.stderr)), 0))),
        cpu=round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before),
        tried=int(tried[-1]) if tried else 0,
        edges=max(map(int, _EDGES.findall(ran.stderr)), default=0),
        found=tuple(found),
    )


def reached(family: Family, data: bytes) -> set[tuple[str, int]]:
    """Return the lines of graphkit that an input reaches."""
    lines: set[tuple[str, int]] = set()

    def inside(frame: FrameType, event: str, _: Any) -> Any:
        if event == "line":
            lines.add((frame.f_code.co_filename, frame.f_lineno))
        return inside

    def called(frame: FrameType, _event: str, _: Any) -> Any:
        return inside if "/graphkit/" in frame.f_code.co_filename else None

    sys.settrace(called)
    with suppress(Exception):  # one that breaks something is kept too, until that is mended
        family.run(data)
    sys.settrace(None)
    return lines


def keep(family: Family, inputs: Path) -> None:
    """Write the corpus of a family: inputs by their size, where each reaches a line that none before it does."""
    every = {file.read_bytes() for file in inputs.iterdir()}
    seen: set[tuple[str, int]] = set()
    for data in family.seeds():
        family.run(data)
        seen |= reached(family, data)
    kept: list[bytes] = []
    for data in sorted(every, key=lambda data: (len(data), data)):
        lines = reached(family, data)
        if not lines <= seen and sum(map(len, kept)) + len(data) <= _LARGEST:
            kept.append(data)
            seen |= lines
    CORPUS.mkdir(exist_ok=True)
    text = json.dumps([data.decode("latin-1") for data in kept], indent=0)
    (CORPUS / f"{family.name}.json").write_text(f"{text}\n", encoding="utf-8")


def main() -> None:
    """Fuzz each family and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("families", nargs="*", choices=[*FAMILIES, []], help="all unless given")
    parser.add_argument("--seconds", type=int, default=240, help="of each family")
    parser.add_argument("--runs", type=int, help="inputs of each family, in place of seconds")
    parser.add_argument("--seed", type=int, default=25)
    parser.add_argument("--keep", action="store_true", help="renew the corpus")
    given = parser.parse_args()
    library = fuzzer()
    install(library)
    limits = [f"-runs={given.runs}"] if given.runs else [f"-max_total_time={given.seconds}"]
    failed = False
    for name in given.families or FAMILIES:
        family = FAMILIES[name]
        with tempfile.TemporaryDirectory(prefix="graphkit-fuzz-") as folder:
            scratch = Path(folder)
            run = fuzz(family, library, scratch, limits, given.seed)
            print(run, *run.found, sep="\n    ", flush=True)
            if run.found:
                failed = True
                shutil.copytree(scratch / "found", FOUND / name, dirs_exist_ok=True)
            if given.keep:
                keep(family, scratch / "inputs")
    sys.exit(failed)


if __name__ == "__main__":
    main()
