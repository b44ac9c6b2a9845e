"""One command in a folder of six projects of the usual kinds: what its first screen says, with and without dates.

``python -m tests.golden.test_scan_screens`` writes the golden screens anew; read the difference before you keep it.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from unittest.mock import patch

import pytest

from tests.golden import fleet
from tests.unit.cli.door import Ran, run
from tests.unit.sources.index.recorded import Index

GOLDEN: Final = Path(__file__).parent
WORDS: Final = {
    "undated": (),
    "dated": ("--unchanged-since", "2024-12-01T00:00:00Z", "--builds-complete"),
}
COLUMNS: Final = (80, 120)
ADDRESS: Final = "http://index.example/simple/"


def scanned(top: Path, *words: str, columns: int = 0) -> Ran:
    """Return what a scan of the six projects says, which lie in a folder beside its graph and cache."""
    projects = fleet.make(top / "code")
    before = Path.cwd()
    with (
        fleet.serving(Index(fleet.PACKAGES)) as address,
        patch.dict(os.environ, {"XDG_CACHE_HOME": str(top / "cache"), "GRAPHKIT_GRAPH": str(top / "graph")}),
    ):
        try:
            os.chdir(projects)
            ran = run("scan", "--index-url", address, *words, columns=columns)
        finally:
            os.chdir(before)
    return Ran(ran.code, ran.out.replace(address, ADDRESS), ran.err)


def screen(top: Path, name: str, columns: int) -> str:
    """Return a screen without how long it took, and so with that line whole: where it breaks depends on it."""
    ran = scanned(top, *WORDS[name], columns=columns)
    assert ran.code == 0
    whole = re.sub(r"(looked at [^\n]*)\n  (\S)", r"\1 \2", ran.out)
    return re.sub(r"· [\d,]+ s ·", "· 1 s ·", whole)


def golden(name: str, columns: int) -> Path:
    return GOLDEN / f"scan-{name}-{columns}.txt"


@pytest.mark.parametrize("columns", COLUMNS)
@pytest.mark.parametrize("name", WORDS)
def test_golden(tmp_path: Path, name: str, columns: int) -> None:
    made = screen(tmp_path, name, columns)
    kept = golden(name, columns).read_text(encoding="utf-8")
    assert made == kept, "if the change is meant: python -m tests.golden.test_scan_screens"


def verdicts(ran: Ran) -> dict[str, str]:
    assert ran.code == 0
    return {one["service"]: one["verdict"] for one in ran.json["services"]}


def test_with_dates_every_project_gets_its_verdict(tmp_path: Path) -> None:
    found = verdicts(scanned(tmp_path, *WORDS["dated"], "--format", "json"))
    assert found == {
        **dict.fromkeys(fleet.HIT, "observed"),
        **dict.fromkeys(fleet.LIKELY, "picked"),
        **dict.fromkeys(fleet.CLEAN, "cleared"),
    }


def test_without_dates_what_was_hit_is_seen_and_the_rest_is_one_question(tmp_path: Path) -> None:
    ran = scanned(tmp_path)
    hit = [line.split()[1] for line in ran.out.splitlines() if line.startswith(("HIT  ", "LIKELY  "))]
    assert hit == sorted(fleet.HIT) + sorted(fleet.LIKELY)
    unknown = [line.split()[1] for line in ran.out.splitlines() if line.startswith("UNKNOWN  ")]
    assert unknown == sorted(fleet.CLEAN)
    lines = ran.out.splitlines()
    [question] = [number for number, line in enumerate(lines) if "settle" in line]
    assert "graphkit scan . --index-url" in lines[question + 1]
    assert "--unchanged-since" in lines[question + 1]


if __name__ == "__main__":
    for word in WORDS:
        for width in COLUMNS:
            with TemporaryDirectory() as made_in:
                golden(word, width).write_text(screen(Path(made_in), word, width), encoding="utf-8")
