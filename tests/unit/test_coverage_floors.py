"""What `make coverage` compares."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.coverage_floors import TESTS, by_folder, floors, folder_of, lines, main, missed
from tests.unit.test_architecture import ROOT

LEAST = floors((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def report(**covered: tuple[int, int]) -> dict[str, Any]:
    """Return a report: module → how many lines and branches are reached, of 10 lines and 4 branches."""
    return {
        "files": {
            f"{path.replace('__', '/')}.py": {
                "summary": {
                    "covered_lines": reached,
                    "num_statements": 10,
                    "covered_branches": branches,
                    "num_branches": 4,
                }
            }
            for path, (reached, branches) in covered.items()
        }
    }


def test_a_module_counts_for_the_deepest_folder_with_a_floor() -> None:
    found = by_folder(report(a__one=(10, 4), a__b__two=(9, 4), a__b__c__three=(0, 0)), ("a", "a/b"))
    assert found == {"a": (14, 14), "a/b": (13, 28)}


def test_a_module_without_a_floor_is_an_error() -> None:
    with pytest.raises(ValueError, match="no floor holds for b/one"):
        by_folder(report(b__one=(10, 4)), ("a",))


def test_a_branch_that_is_not_reached_misses_a_floor_of_100() -> None:
    found = by_folder(report(a__one=(10, 3)), ("a",))
    assert missed(found, {"a": 100}) == ["a"]
    assert missed(found, {"a": 92}) == []


def test_a_folder_says_whether_its_floor_is_missed_or_may_rise() -> None:
    found = {"low": (999, 1_000), "met": (99, 100), "high": (99, 100)}
    _, *told = lines(found, {"low": 100, "met": 99, "high": 90})
    assert [line.partition("%")[2].split(maxsplit=1) for line in told] == [
        ["90", "may be raised to 99"],
        ["100", "missed"],
        ["99"],
    ]


@pytest.mark.parametrize(("branches", "code", "verdict"), [(4, 0, ""), (3, 1, "missed")])
def test_a_report_below_a_floor_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], branches: int, code: int, verdict: str
) -> None:
    place = tmp_path / "report.json"
    place.write_text(json.dumps(report(graphkit__model__one=(10, branches))), encoding="utf-8")
    assert main(["--report", str(place)]) == code
    (told,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("graphkit/model ")]
    assert told.partition("%")[2].split()[1:] == verdict.split()


def test_every_module_has_a_floor_and_every_floor_a_module() -> None:
    paths = [path.relative_to(ROOT).as_posix() for path in (ROOT / "graphkit").rglob("*.py")]
    assert {folder_of(path, tuple(LEAST)) for path in paths} == set(LEAST)


def test_what_decides_is_covered_whole() -> None:
    assert LEAST["graphkit/model"] == 100


def test_the_tests_that_are_measured_are_there() -> None:
    assert [one for one in TESTS if not (ROOT / one).exists()] == []
