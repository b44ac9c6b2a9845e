"""The short form of `make chaos`: whatever is killed, nothing is lost, nothing is half, and the verb goes on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.effort import share

ROOT = Path(__file__).parents[3]
TRIALS = share(16, of=2)


def test_a_verb_that_is_killed_loses_nothing_and_goes_on() -> None:
    command = [
        sys.executable,
        "-m",
        "benchmarks.reliability.chaos",
        "--no-server",
        "--count",
        str(TRIALS),
        "--seed",
        "7",
    ]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=600)
    assert found.returncode == 0, found.stdout + found.stderr
    assert found.stdout.startswith(f"{TRIALS} trials, ")
    assert "FAILED" not in found.stdout
