"""A copy of a file of one service, at another path of another service, changes nothing of the first."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from graphkit.api import open_graph
from graphkit.model.ranks import Verdict
from tests.unit.cli.inputs import INCIDENT, put, sbom, uv_lock

Shown = dict[str, tuple[str, str]]
"""Services with their verdict and its reason."""
Places = set[tuple[str, str, str]]
"""The service, folder given and path of every use."""

SINCE = {"stands_from": "2026-03-01T00:00:00Z", "read_at": "2026-04-01T00:00:00Z"}
DIRECTLY = "pip install litellm==1.82.8\n"
FILES = {
    "dockerfile": ("Dockerfile", "docker/Dockerfile", f"FROM python:3.12\nRUN {DIRECTLY}"),
    "script": ("i.sh", "scripts/i.sh", f"#!/bin/sh\n{DIRECTLY}"),
    "unreadable": ("j.sh", "scripts/j.sh", "#!/bin/sh\npip install $DEPS\n"),
    "workflow": (
        ".github/workflows/a.yml",
        "ci/.github/workflows/a.yml",
        f"on: push\njobs:\n  a:\n    steps:\n      - run: {DIRECTLY}",
    ),
    "wheel": ("litellm-1.82.8-py3-none-any.whl", "wheels/litellm-1.82.8-py3-none-any.whl", "no wheel, by its bytes"),
    "sbom": ("bom.json", "sbom/bom.json", sbom("", "litellm==1.82.8")),
    "lock": ("other/uv.lock", "more/uv.lock", uv_lock("other", "litellm==1.82.8")),
    "list": ("deps.txt", "lists/deps.txt", "litellm==1.82.8 --hash=sha256:" + "0" * 64 + "\n"),
}
FIRST = [(first, text) for first, _, text in FILES.values()]
SECOND = [(second, text) for _, second, text in FILES.values()]


@pytest.fixture
def code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to stand in."""
    folder = tmp_path / "code"
    folder.mkdir()
    monkeypatch.chdir(folder)
    put(tmp_path / "incident.yaml", INCIDENT)
    return folder


def service(folder: Path, *files: tuple[str, str]) -> None:
    """Write the inputs of a service that would be clear, and files beside them."""
    put(folder / "uv.lock", uv_lock(folder.name, "litellm==1.82.6"))
    for name, text in files:
        put(folder / name, text)


def asked(tmp_path: Path, name: str, *scans: str, **options: str) -> tuple[Shown, Places]:
    """Return what some scans of a graph of its own say, one after the other."""
    with open_graph(str(tmp_path / name), create=True) as graph:
        graph.ingest("advisory", [str(tmp_path / "incident.yaml")])
        for source in scans:
            graph.ingest("scan", [source], **options)  # type: ignore[arg-type]
        shown: Shown = {one.service: (one.verdict, one.reason) for one in graph.blast("case-1").services}
        return shown, {(use.service, use.repository, use.path) for use in graph.organisation().uses}


@pytest.mark.parametrize("options", [SINCE, {}], ids=["dated", "undated"])
def test_copies_at_other_paths_change_nothing(code: Path, tmp_path: Path, options: dict[str, str]) -> None:
    service(code / "bb", *SECOND)
    alone, places = asked(tmp_path, "alone", ".", **options)
    assert len(places) == len(FILES) + 1
    before = asked(tmp_path, "before", "bb", **options)
    service(code / "aa", *FIRST)
    together, all_places = asked(tmp_path, "together", ".", ".", **options)
    assert (alone.items() <= together.items(), places <= all_places) == (True, True)
    after = asked(tmp_path, "after", "bb", "aa", **options)
    assert (before[0].items() <= after[0].items(), before[1] <= after[1]) == (True, True)
    assert asked(tmp_path, "other", "aa", "bb", **options) == after


@pytest.mark.parametrize("name", ["dockerfile", "script", "unreadable", "workflow", "wheel"])
def test_a_copy_alone_changes_no_verdict(code: Path, tmp_path: Path, name: str) -> None:
    first, second, text = FILES[name]
    service(code / "aa", (first, text))
    service(code / "bb", (second, text))
    shown, _ = asked(tmp_path, "graph", ".", **SINCE)
    assert shown["bb"][0] == shown["aa"][0] != Verdict.CLEARED


def test_a_copy_that_somebody_named_is_still_of_the_folder_that_it_lies_in(code: Path, tmp_path: Path) -> None:
    first, second, text = FILES["dockerfile"]
    service(code / "bb", (second, text))
    put(code / "aa" / first, text)
    with open_graph(str(tmp_path / "graph"), create=True) as graph:
        graph.ingest("lock", [f"aa/{first}"], service="aa")
        graph.ingest("scan", ["bb"])
        assert ("bb", second) in {(use.service, use.path) for use in graph.organisation().uses}


def git(folder: Path, *words: str) -> None:
    who = ("-c", "user.name=a", "-c", "user.email=a@b.example", "-c", "init.defaultBranch=main")
    env = {"HOME": str(folder), "PATH": "/usr/bin:/bin:/usr/local/bin"}
    subprocess.run(["git", *who, *words], cwd=folder, env=env, check=True, capture_output=True)


def repository(folder: Path) -> None:
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "first")


@pytest.mark.parametrize("committed", [True, False])
def test_a_copy_in_a_repository_changes_nothing(code: Path, tmp_path: Path, *, committed: bool) -> None:
    first, second, text = FILES["dockerfile"]
    service(code / "bb")
    repository(code / "bb")
    put(code / "bb" / second, text)
    service(code / "aa", *([(first, text)] if committed else []))
    repository(code / "aa")
    put(code / "aa" / first, text)
    shown, places = asked(tmp_path, "graph", ".", **SINCE)
    assert ("bb", "code/bb", second) in places
    assert shown["bb"][0] == shown["aa"][0] != Verdict.CLEARED
