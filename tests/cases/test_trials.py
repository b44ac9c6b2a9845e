"""Every trial of `tests/cases/trials`: small inputs that tempt a tool into a wrong verdict, each with the right one.

A folder holds the inputs and `case.yaml`; a new trial adds a folder of data, and no test code. Each stands for a kind
of fault. About a quarter are clean and demand `cleared`: they guard against the opposite fault.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec
import pytest
import yaml

from tests.unit.cli.door import Ran, run

TRIALS: Final = Path(__file__).with_name("trials")
NAMES: Final = sorted(path.name for path in TRIALS.iterdir() if (path / "case.yaml").is_file())
REPOSITORY: Final = "repo"
"""The folder of a trial's git repository."""


class Commit(msgspec.Struct, forbid_unknown_fields=True):
    """One commit: ``add`` files of the trial, ``write`` new ones, ``append`` to what is there."""

    at: str
    add: list[str] = []
    write: dict[str, str] = {}
    append: dict[str, str] = {}


class Trial(msgspec.Struct, forbid_unknown_fields=True):
    """The data file of a trial.

    ``about``: what it tries, and why the expected answer is the true one. ``demo``: start from the graph of
    `graphkit demo`. ``write``: files that the repository cannot keep. ``repository``: commits of a repository, oldest
    first. ``ingest``: words of each `graphkit ingest`, in order. ``ask`` and ``options``: those of `graphkit blast`.
    ``expect``: service → verdicts any of which is right; ``never``: service → verdicts that are wrong. ``says``:
    words, one of which the answer has to hold. ``exit``: codes that are right. ``window``: that of the answer.
    """

    about: str
    ask: list[str]
    demo: bool = False
    write: dict[str, str] = {}
    repository: list[Commit] = []
    ingest: list[list[str]] = []
    options: list[str] = []
    expect: dict[str, list[str]] = {}
    never: dict[str, list[str]] = {}
    says: list[str] = []
    exit: list[int] = []
    window: tuple[str, str] | None = None


def trial_of(name: str) -> Trial:
    text = (TRIALS / name / "case.yaml").read_text(encoding="utf-8")
    return msgspec.convert(yaml.load(text, yaml.BaseLoader), Trial, strict=False)


def put_all(folder: Path, texts: Mapping[str, str], mode: str = "w") -> None:
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        with (folder / name).open(mode, encoding="utf-8") as file:
            file.write(text)


def lay_out(trial: Trial, name: str, folder: Path, demo: Callable[[], Path]) -> tuple[Path, Path]:
    """Write a trial's files into a folder, and its graph if it starts from that of a demo; return where both are."""
    work, graph = folder / "work", folder / "graph"
    shutil.copytree(TRIALS / name, work, ignore=shutil.ignore_patterns("case.yaml"))
    if trial.demo:
        shutil.copytree(demo(), graph)
    put_all(work, trial.write)
    if trial.repository:
        commit_all(work, trial.repository)
    return work, graph


def commit_all(folder: Path, commits: Sequence[Commit]) -> None:
    """Make a repository beside the files of a trial; nothing of the machine's own git settings counts."""
    repository = folder / REPOSITORY
    repository.mkdir()
    person = {"NAME": "a", "EMAIL": "a@files.example"}
    plain = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    plain |= {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
    plain |= {f"GIT_{who}_{key}": value for who in ("AUTHOR", "COMMITTER") for key, value in person.items()}

    def git(*words: str, **more: str) -> None:
        subprocess.run(["git", *words], cwd=repository, env=plain | more, check=True, capture_output=True)

    git("init", "--quiet", "--initial-branch=main")
    for one in commits:
        for name in one.add:
            (repository / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(folder / name, repository / name)
        put_all(repository, one.write)
        put_all(repository, one.append, "a")
        git("add", "--all")
        git("commit", "--quiet", "--message=x", GIT_AUTHOR_DATE=one.at, GIT_COMMITTER_DATE=one.at)


def faults(trial: Trial, answer: Ran, told: str) -> list[str]:
    """Return what of an answer is not as the trial expects it; ``told`` is what the ingests said."""
    found = [f"exit {answer.code}: {answer.err}"] if trial.exit and answer.code not in trial.exit else []
    text = (answer.out + answer.err + told).lower()
    if trial.says and not any(word.lower() in text for word in trial.says):
        found.append(f"says none of {trial.says}")
    if not (trial.expect or trial.never or trial.window):
        return found
    if not answer.out:
        return [*found, f"no answer: {answer.err}{told}"]
    data = answer.json
    rows = {one["service"]: one for one in data["services"]}
    for name, right in trial.expect.items():
        if name not in rows:
            found.append(f"{name} is not in the answer: {told}")
        elif rows[name]["verdict"] not in right:
            found.append(f"{name} is {rows[name]['verdict']}, not {' or '.join(right)}: {rows[name]['reason']}")
    for name, wrong in trial.never.items():
        if name in rows and rows[name]["verdict"] in wrong:
            found.append(f"{name} is {rows[name]['verdict']}: {rows[name]['reason']}")
    if trial.window and (window := (data["window"]["from"], data["window"]["until"])) != trial.window:
        found.append(f"the window is {window}, not {trial.window}")
    return found


@pytest.mark.parametrize("name", NAMES)
def test_a_trial_gets_a_right_verdict(
    name: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial = trial_of(name)
    work, graph = lay_out(trial, name, tmp_path, lambda: request.getfixturevalue("demo"))
    monkeypatch.chdir(work)
    told = [run("ingest", *words, "--graph", graph) for words in trial.ingest]
    answer = run("blast", *trial.ask, "--graph", graph, "--tier", "admitted", "--format", "json", *trial.options)
    assert faults(trial, answer, "".join(one.out + one.err for one in told)) == []
