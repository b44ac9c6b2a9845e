"""Completion in a shell: verbs and options, of verbs that are loaded when they are called, too."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = "import sys; sys.argv[0] = 'graphkit'; from graphkit.cli import program; program()"


def run(tmp_path: Path, *words: str, **more: str) -> str:
    """Return what a process of graphkit writes that has a home of its own."""
    here = {**os.environ, "HOME": str(tmp_path), "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), **more}
    # The shell is found among the processes around this one; where a run was started by a service there is none.
    command = ["bash", "-c", '"$@"; exit $?', "bash", sys.executable, "-c", PROGRAM, *words]
    done = subprocess.run(command, env=here, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("graphkit bl", ["blast"]),
        ("graphkit blast --for", ["--format"]),
        ("graphkit neo4j st", ["status"]),
        ("graphkit neo4j mark --cl", ["--clear"]),
        ("graphkit ingest p", ["parquet", "pypi-db"]),
        ("graphkit ingest --graph g sb", ["sbom"]),
        ("graphkit ingest index --bu", ["--build-requires", "--budget"]),
        ("graphkit ingest sbom a --bu", ["--built-at"]),
        ("graphkit ingest --graph g org --", ["--company", "--format", "--wait", "--quiet", "--help"]),
        ("graphkit ingest parquet --unknown-times l", ["listed"]),
    ],
)
def test_what_is_typed_is_completed(tmp_path: Path, typed: str, offered: list[str]) -> None:
    place = str(len(typed.split()) - 1)
    told = run(tmp_path, _GRAPHKIT_COMPLETE="complete_bash", COMP_WORDS=typed, COMP_CWORD=place)
    assert told.split() == offered


def test_completion_is_installed_for_a_shell(tmp_path: Path) -> None:
    assert "installed" in run(tmp_path, "--install-completion", "bash")
    assert "graphkit" in (tmp_path / ".bashrc").read_text(encoding="utf-8")
