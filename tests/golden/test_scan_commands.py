"""What `scan --explain` prints: run one after another in a fresh graph, the commands give the verdicts of the scan."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from tests.golden import fleet
from tests.golden.test_scan_screens import WORDS
from tests.unit.cli.door import Ran, run
from tests.unit.cli.inputs import GOOD, put, sbom
from tests.unit.ingest.test_scan import git, repository
from tests.unit.sources.index.recorded import Index


@pytest.fixture
def code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The six projects, in the folder at hand; each graph is beside it."""
    folder = fleet.make(tmp_path / "code")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("GRAPHKIT_GRAPH", str(tmp_path / "graph"))
    return folder


@pytest.fixture
def address(code: Path) -> Iterator[str]:
    with fleet.serving(Index(fleet.PACKAGES)) as served:
        yield served


def commands(ran: Ran) -> list[list[str]]:
    """Return the words of each command that a scan explains, without the program; a file that one writes is written."""
    explained = []
    for line in ran.err.splitlines():
        if line.startswith("printf "):
            _, _, text, _, name, _, *words = shlex.split(line)
            Path(name).write_text(text)
            explained.append(words[1:])
        elif line.startswith("graphkit "):
            explained.append(shlex.split(line)[1:])
    return explained


def replayed(explained: list[list[str]], graph: Path) -> Any:
    """Return the answer of the last command, after the others, in a graph of its own."""
    with patch.dict(os.environ, {"GRAPHKIT_GRAPH": str(graph)}):
        for words in explained[:-1]:
            ran = run(*words, "--quiet")
            assert (ran.code, ran.err) == (0, ""), words
        return run(*explained[-1], "--format", "json").json


def verdicts(answer: Any) -> dict[str, Any]:
    """Return the verdict of each service, as a whole and for each incident."""
    return {
        one["service"]: (one["verdict"], {each["incident"]: each["verdict"] for each in one["incidents"]})
        for one in answer["services"]
    }


@pytest.mark.parametrize("name", WORDS)
def test_the_commands_give_the_verdicts_of_the_scan(name: str, code: Path, tmp_path: Path) -> None:
    ran = run("scan", "--offline", "--explain", *WORDS[name], "--format", "json")
    assert verdicts(replayed(commands(ran), tmp_path / "fresh")) == verdicts(ran.json)


@pytest.mark.parametrize("name", WORDS)
def test_with_an_index_too(name: str, code: Path, tmp_path: Path, address: str) -> None:
    ran = run("scan", "--index-url", address, "--explain", *WORDS[name], "--format", "json")
    explained = commands(ran)
    asked = [words for words in explained if words[:2] == ["ingest", "index"]]
    assert asked
    assert all(words[words.index("--index-url") + 1] == address for words in asked)
    found = verdicts(ran.json)
    assert found["agents"][0] == "picked"
    assert verdicts(replayed(explained, tmp_path / "fresh")) == found


def test_they_name_each_kind_with_the_words_of_the_scan(code: Path, tmp_path: Path) -> None:
    installed = "agents/.venv/lib/python3.12/site-packages"
    put(code / "agents" / ".venv" / "pyvenv.cfg", "home = /usr/bin\nversion = 3.12.1\n")
    put(code / installed / "idna-3.11.dist-info" / "METADATA", "Metadata-Version: 2.1\nName: idna\nVersion: 3.11\n")
    ran = run("scan", "--offline", "--explain", *WORDS["dated"], "--format", "json")
    explained = commands(ran)
    assert [words[:2] for words in explained[:1]] == [["ingest", "advisory"]]
    since = next(words[3:7] for words in explained if words[2] == "gateway/bom.json")
    assert since[::2] == ["--stands-from", "--read-at"]
    assert since[1] == "2024-12-01T00:00:00Z"
    assert ["ingest", "sbom", "gateway/bom.json", *since, "--service", "gateway"] in explained
    assert ["ingest", "env", installed, *since, "--service", "agents"] in explained
    assert ["ingest", "org", "builds-complete.json"] in explained
    said = json.loads((code / "builds-complete.json").read_text())["services"]
    assert said == [{"name": one, "builds": "complete"} for one in ("agents", "gateway")]
    lock = ["checkout/pyproject.toml", "checkout/uv.lock"]
    assert ["ingest", "lock", *lock, *since, "--service", "checkout"] in explained
    assert explained[-1][0] == "blast"
    assert verdicts(replayed(explained, tmp_path / "fresh")) == verdicts(ran.json)


def test_repositories_are_read_by_their_histories_and_the_rest_of_them_by_its_files(code: Path, tmp_path: Path) -> None:
    held = repository(code / "shop", requirements_txt=GOOD, api__requirements_txt="idna==3.11\n")
    git(held, "commit", "-q", "--allow-empty", "-m", "second")
    put(held / "bom.json", sbom("shop", "litellm==1.82.7"))
    put(held / "api" / "requirements.txt", "litellm>=1.80\n")
    put(code / "-odd name" / "bom.json", sbom("odd", "litellm==1.82.8"))
    put(code / "notes" / "osv.json", '{"id": "MAL-1", "modified": "2026-03-24T00:00:00Z", "affected": []}')
    ran = run("scan", "--offline", "--explain", *WORDS["dated"], "--format", "json")
    explained = commands(ran)
    (history,) = [words for words in explained if words[1:3] == ["lock", "shop"]]
    assert history[3:6:2] == ["--stands-from", "--read-at"]
    assert any("work tree" in words and "shop/api/requirements.txt" in words for words in explained)
    found = verdicts(ran.json)
    assert {"shop", "shop/api", "odd"} <= found.keys()
    assert verdicts(replayed(explained, tmp_path / "fresh")) == found


def test_many_sources_make_several_commands(code: Path) -> None:
    for number in range(250):
        put(code / "sboms" / f"{number}.json", sbom(f"service {number}", "idna==3.11"))
    asked = [words for words in commands(run("scan", "sboms", "--offline", "--explain")) if words[1] == "sbom"]
    assert [len(words) - 2 for words in asked] == [200, 50]
    assert len({source for words in asked for source in words[2:]}) == 250


def test_a_second_scan_explains_the_same(code: Path) -> None:
    first = commands(run("scan", "--offline", "--explain"))
    again = commands(run("scan", "--offline", "--explain"))
    assert sorted(map(sorted, again)) == sorted(map(sorted, first))
