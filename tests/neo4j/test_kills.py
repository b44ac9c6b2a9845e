"""The short form of `make chaos OPTIONS=--kill-server`: a server is killed below an ingest, which then goes on."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TRIAL = "7"
"""It kills the server before a statement of an ingest of documents."""

pytestmark = pytest.mark.server


def test_a_server_that_is_killed_loses_nothing_and_the_ingest_goes_on() -> None:
    command = [sys.executable, "-m", "benchmarks.reliability.chaos", "--kill-server", "--only", TRIAL, "--seed", "7"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=900)
    assert found.returncode == 0, found.stdout + found.stderr
    assert re.search("nothing that was kept is lost.*: run the same command again", found.stdout), found.stdout
    assert "1 trials, 1 kills" in found.stdout
