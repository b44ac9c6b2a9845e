"""An UNKNOWN service ends in a command: run as it is printed, with the times filled in, it settles the service."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.door import run
from tests.unit.cli.inputs import INCIDENT, put, sbom, uv_lock, whole_sbom
from tests.unit.ingest.test_scan import repository

BUILT = "2026-03-24T12:00:00Z"
TIMES = ("2026-03-24T10:52:00Z", "2026-03-24T16:00:00Z")
MOST = 3
"""Commands after which a service has to be settled."""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to stand in, with a graph that has the incident."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GRAPHKIT_GRAPH", str(tmp_path / "graph"))
    put(tmp_path / "incident.yaml", INCIDENT)
    assert run("ingest", "advisory", "incident.yaml").code == 0
    return tmp_path


def asked(*words: str) -> tuple[int, list[Any], list[str]]:
    """Return how a question ended, its services, and the commands that its first screen names."""
    shown = run(*words, columns=200)
    lines = [line.strip().partition("settle it: ")[2] or line.strip() for line in shown.out.splitlines()]
    commands = [line for line in lines if line.startswith("graphkit ") and "--format html" not in line]
    found = run(*words, "--format", "json")
    return found.code, found.json["services"], commands


def settled(words: tuple[str, ...], service: str) -> list[str]:
    """Return the commands after which a service is clear, each the first that the screen then names."""
    done: list[str] = []
    for _ in range(MOST + 1):
        _, services, commands = asked(*words)
        (one,) = [each for each in services if each["service"] == service]
        if one["verdict"] == "cleared":
            return done
        assert one["verdict"] == "unknown", one
        first = commands[0].removeprefix("graphkit ")
        done.append(first)
        assert "REPOSITORY" not in first, done
        times = iter(TIMES if first.count("TIME") > 1 else (BUILT,))
        told = {"FILE": "uv.lock"}
        filled = [next(times) if word == "TIME" else told.get(word, word) for word in shlex.split(first)]
        if filled[0] == words[0]:
            words = tuple(filled)
        else:
            assert run(*filled).code == 0, filled
    raise AssertionError(f"{service} is not settled by: {done}")


BLAST = ("blast", "case-1")


def test_an_sbom_that_does_not_say_that_it_is_complete(here: Path) -> None:
    put(here / "boms" / "shop.json", sbom("shop", "litellm==1.82.6"))
    assert run("ingest", "sbom", "boms/shop.json").code == 0
    assert settled(BLAST, "shop") == [
        "ingest sbom boms/shop.json --service shop --complete --built-at TIME",
        "blast case-1 --builds-complete",
    ]


def test_an_sbom_without_a_time(here: Path) -> None:
    put(here / "shop.json", whole_sbom("shop", "litellm==1.82.6"))
    assert run("ingest", "sbom", "shop.json").code == 0
    assert settled(BLAST, "shop") == [
        "ingest sbom shop.json --service shop --built-at TIME",
        "blast case-1 --builds-complete",
    ]


@pytest.mark.parametrize(("folder", "path"), [("", "uv.lock"), ("app", "app/uv.lock")])
def test_a_lock_of_which_no_time_is_known(here: Path, folder: str, path: str) -> None:
    put(here / folder / "uv.lock", uv_lock("shop", "litellm==1.82.6"))
    assert run("ingest", "lock", path, "--service", "shop").code == 0
    assert settled(BLAST, "shop") == [
        f"ingest lock {path} --service shop --stands-from 2026-03-24T10:52:00Z --read-at now"
    ]


@pytest.mark.parametrize(("service", "told"), [("shop", ()), ("till", ("--service", "till"))])
def test_a_clone_without_a_remote(here: Path, service: str, told: tuple[str, ...]) -> None:
    repository(here / "shop", uv_lock=uv_lock("shop", "litellm==1.82.6"))
    assert run("ingest", "lock", "shop", *told).code == 0
    assert settled(BLAST, service) == [" ".join(("ingest lock shop --branch main --read-at now", *told))]


def test_a_release_of_which_no_time_is_known(here: Path) -> None:
    put(here / "uv.lock", uv_lock("shop", "litellm==1.82.6"))
    dated = ("--stands-from", "2026-03-01T00:00:00Z", "--read-at", "now")
    assert run("ingest", "lock", "uv.lock", "--service", "shop", *dated).code == 0
    assert settled(("blast", "other==9"), "shop") == ["blast other==9 --from TIME --until TIME"]


def test_a_script_that_changes_a_file_before_it_installs_from_it(here: Path) -> None:
    put(here / "shop" / "uv.lock", uv_lock("shop", "litellm==1.82.6"))
    put(here / "shop" / "requirements.txt", "litellm==1.82.6\n")
    put(here / "shop" / "install.sh", "sed -i s/6/7/ requirements.txt\npip install -r requirements.txt\n")
    words = ("scan", "shop", "--offline", "--incident", "case-1", "--graph", "graph")
    since = "2026-03-24T10:52:00Z"
    assert settled(words, "shop") == [
        "ingest lock shop --service shop --installs-from FILE --graph graph",
        f"scan shop --graph graph --incident case-1 --offline --unchanged-since {since}",
    ]


def test_a_scan_of_one_sbom(here: Path) -> None:
    put(here / "boms" / "shop.json", sbom("shop", "litellm==1.82.6"))
    words = ("scan", "boms", "--offline", "--incident", "case-1", "--graph", "graph")
    assert settled(words, "shop") == [
        "ingest sbom boms/shop.json --service shop --complete --built-at TIME --graph graph",
        "scan boms --graph graph --incident case-1 --offline --builds-complete",
    ]
