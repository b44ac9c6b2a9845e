"""What the usual tools leave behind and is clean is cleared, however it is asked (semantics §6, law 13).

The inputs are the clean trials of `tests/cases/trials`. Each is asked as it stands, in parts of its window, about each
of its targets alone, and beside a service that has nothing to do with it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from tests.cases.test_trials import NAMES, Trial, lay_out, put_all, trial_of
from tests.unit.cli.door import run

CLEAN: Final = [name for name in NAMES if name.startswith("clean-")]
KINDS: Final = (
    *("uv-lock", "pdm-lock", "poetry-lock", "pylock", "pip-compile-header", "pip-compile-hashes", "uv-export-hashes"),
    *("environment-uv", "environment-venv", "freeze-all", "barred-by-a-pin", "by-walk", "repository-quiet"),
)
"""What the law names, as the trials call it."""
PARTS: Final = (
    ("--from", "2026-03-24T10:39:00Z", "--until", "2026-03-24T10:53:00Z"),
    ("--at", "2026-03-24T14:00:00Z"),
    ("--from", "2026-03-24T15:30:00Z", "--until", "2026-03-24T16:00:00Z"),
)
STRANGER: Final = {
    "stranger/requirements.txt": "stranger-of-them-all==1.0\n",
}


def test_the_kinds_of_the_law_are_there() -> None:
    assert {f"clean-{kind}" for kind in KINDS} <= set(CLEAN)


@pytest.mark.parametrize("name", CLEAN)
def test_still_clears_however_it_is_asked(
    name: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial = trial_of(name)
    work, graph = lay_out(trial, name, tmp_path, request)
    monkeypatch.chdir(work)
    for words in trial.ingest:
        run("ingest", *words, "--graph", graph)
    assert not_cleared(trial, graph, trial.ask, trial.options) == []
    if "--from" in trial.options:
        plain = [word for word in trial.options if word == "--builds-complete"]
        for part in PARTS:
            assert not_cleared(trial, graph, trial.ask, [*plain, *part]) == []
        for target in trial.ask:
            assert not_cleared(trial, graph, [target], trial.options) == []
    put_all(work, STRANGER)
    run("ingest", "lock", "stranger/requirements.txt", "--service", "stranger", "--graph", graph)
    assert not_cleared(trial, graph, trial.ask, trial.options) == []


def not_cleared(trial: Trial, graph: Path, ask: list[str], options: list[str]) -> list[str]:
    """Return which services of a trial are not cleared, each with the reason."""
    answer = run("blast", *ask, "--graph", graph, "--tier", "admitted", "--format", "json", *options)
    assert answer.out, answer.err
    rows = {one["service"]: one for one in answer.json["services"]}
    return [
        f"{name} is {rows[name]['verdict']} ({' '.join((*ask, *options))}): {rows[name]['reason']}"
        for name in trial.expect
        if rows[name]["verdict"] != "cleared"
    ]
