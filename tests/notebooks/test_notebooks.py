"""Every notebook from a clean kernel: no cell fails, and what it puts out is what is kept in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest

from tests.notebooks.executed import NOTEBOOKS, executed, kept, text_of

NAMES = sorted(path.name for path in NOTEBOOKS.glob("*.ipynb"))
ON_A_SERVER = "4-the-same-in-neo4j.ipynb"
MOST_BYTES = 120_000


def outputs(notebook: Any) -> list[list[Any]]:
    return [cell.outputs for cell in notebook.cells if cell.cell_type == "code"]


def same_as_kept(name: str, folder: Path) -> None:
    made = executed(name, folder)
    assert outputs(made) == outputs(kept(name)), f"if the change is meant: python -m tests.notebooks.executed {name}"
    assert any(outputs(made))


COPIES: Final = """
import shutil
import graphkit
def demo(place, run=graphkit.demo):
    if "://" not in place:
        shutil.copytree({made!r}, place, dirs_exist_ok=True)
    return run(place)
graphkit.demo = demo
"""
"""What a kernel does before the first cell."""


def demos_are_copies(made: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each demo of a notebook go on from the graph that was made for this run, so that it has nothing to read."""
    start = folder / "profile_default" / "startup" / "demos.py"
    start.parent.mkdir(parents=True)
    start.write_text(COPIES.format(made=str(made)), encoding="utf-8")
    monkeypatch.setenv("IPYTHONDIR", str(folder))


def test_there_are_four() -> None:
    assert [name[0] for name in NAMES] == ["1", "2", "3", "4"]


@pytest.mark.parametrize("name", [name for name in NAMES if name != ON_A_SERVER])
def test_a_notebook_gives_what_is_kept_in_it(
    name: str, demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    demos_are_copies(demo, tmp_path / "ipython", monkeypatch)
    same_as_kept(name, tmp_path)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_kept_is_small_and_names_no_machine(name: str) -> None:
    text = (NOTEBOOKS / name).read_text(encoding="utf-8")
    assert len(text.encode()) < MOST_BYTES
    assert "/tmp/" not in text
    assert text == text_of(kept(name))
    assert all(cell.get("execution_count") is None or cell.outputs is not None for cell in _code(name))


def _code(name: str) -> list[Any]:
    return [cell for cell in kept(name).cells if cell.cell_type == "code"]
