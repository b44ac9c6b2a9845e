"""Runs the tests that are near the code, and compares the coverage of each folder with its floor in pyproject.toml.

Covered is what `coverage` counts: lines and branches together. A module counts for the deepest folder that has a floor;
a floor is the least whole percentage that its folder may have, and only rises. The tests are those of ``TESTS``: what
whole questions over large worlds, servers and browsers reach besides is not counted, so that a run takes minutes.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
TESTS = (
    "tests/unit",
    "tests/cases/test_document_verdicts.py",
    "tests/cases/test_small_worlds.py",
    "tests/cases/test_worked_examples.py",
    "tests/property/test_builds.py",
    "tests/property/test_once_wrong.py",
    "tests/property/test_ranges.py",
)
"""Tests of one module or one small world each."""
TABLE = "coverage-floors"
"""Where the floors stand in pyproject.toml: `[tool.graphkit.coverage-floors]`, folder = percentage."""

Counts = tuple[int, int]
"""How many lines and branches were reached, of how many."""


def floors(pyproject: str) -> dict[str, int]:
    r"""Return the floors of a pyproject.toml.

    >>> floors('[tool.graphkit.coverage-floors]\n"graphkit/model" = 100\n')
    {'graphkit/model': 100}
    """
    return dict(tomllib.loads(pyproject)["tool"]["graphkit"][TABLE])


def folder_of(path: str, folders: Sequence[str]) -> str | None:
    """Return the deepest of some folders that holds a module, None for none.

    >>> folder_of("a/b/c.py", ["a", "a/b", "a/b/d"]), folder_of("ab/c.py", ["a"])
    ('a/b', None)
    """
    return max((one for one in folders if path.startswith(f"{one}/")), key=len, default=None)


def by_folder(report: Mapping[str, Any], folders: Sequence[str]) -> dict[str, Counts]:
    """Return what of each folder is covered, by a report of `coverage json`.

    Raises:
        ValueError: a module is in none of the folders.
    """
    covered, all_of = Counter[str](), Counter[str]()
    for path, found in report["files"].items():
        folder = folder_of(path, folders)
        if folder is None:
            raise ValueError(f"no floor holds for {path}")
        summary = found["summary"]
        covered[folder] += summary["covered_lines"] + summary["covered_branches"]
        all_of[folder] += summary["num_statements"] + summary["num_branches"]
    return {folder: (covered[folder], all_of[folder]) for folder in folders}


def lines(found: Mapping[str, Counts], least: Mapping[str, int]) -> Iterator[str]:
    """Yield what is printed: each folder with its coverage and floor, and what to do about it."""
    yield f"{'folder':<28}{'lines and branches':>20}{'covered':>9}{'floor':>7}"
    for folder, (covered, of) in sorted(found.items()):
        whole = _percent(covered, of)
        verdict = ""
        if whole < least[folder]:
            verdict = "  missed"
        elif whole > least[folder]:
            verdict = f"  may be raised to {whole}"
        yield f"{folder:<28}{of:>20,}{covered * 100 / max(of, 1):>8.2f}%{least[folder]:>7}{verdict}"


def missed(found: Mapping[str, Counts], least: Mapping[str, int]) -> list[str]:
    """Return the folders whose coverage is below their floor, sorted.

    >>> missed({"a": (99, 100), "b": (100, 100), "c": (0, 0)}, {"a": 100, "b": 100, "c": 100})
    ['a']
    """
    return sorted(folder for folder, (covered, of) in found.items() if _percent(covered, of) < least[folder])


def _percent(covered: int, of: int) -> int:
    """Return the whole percentage, cut and never rounded up; of nothing it is all."""
    return covered * 100 // of if of else 100


def _run(*arguments: str) -> int:
    return subprocess.run([sys.executable, "-m", *arguments], cwd=ROOT, check=False).returncode


def main(arguments: Sequence[str]) -> int:
    """Run the tests, print the coverage, and return 1 where a test failed or a floor is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--report", type=Path, help="a report of `coverage json`, instead of a run")
    report = parser.parse_args(arguments).report
    if report is None:
        report = ROOT / ".coverage.json"
        _run("coverage", "erase")
        failed = _run("coverage", "run", "-m", "pytest", "-n", "2", "--dist", "loadgroup", *TESTS)
        if failed:
            return failed
        _run("coverage", "combine", "--quiet")
        _run("coverage", "json", "--quiet", "-o", str(report))
    least = floors((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    found = by_folder(json.loads(report.read_text(encoding="utf-8")), tuple(least))
    print(*lines(found, least), sep="\n")
    return 1 if missed(found, least) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
