"""`--redact KEYFILE`: reports of a graph that name nothing internal, and a file that translates them back."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from graphkit.reports import names
from tests.unit.cli.door import is_one_line, run
from tests.unit.cli.inputs import INCIDENT, put, recorded_slice, uv_lock, whole_sbom

MARK = "zqxwv"
TARGET = "case-1"
ORGANISATION = f"""\
schema: graphkit.organisation/1
private_packages: [{MARK}-private]
private_indexes: ['https://{MARK}.index.corp/simple']
companies:
- id: {MARK}-company
  name: The {MARK} Company
services:
- name: {MARK}-shop
  company: {MARK}-company
  owner: team {MARK}
  documents:
  - path: {MARK}/shop.json
- name: build
  documents:
  - path: {MARK}/desk.lock
    stands_from: '2026-03-01T00:00:00Z'
"""


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp(MARK)
    put(folder / "org.yaml", ORGANISATION)
    put(folder / "case.yaml", INCIDENT)
    rows = ("litellm==1.82.8", "app==1.0", f"{MARK}-private==1.0", f"{MARK}-unknown==2.0")
    put(folder / MARK / "shop.json", whole_sbom(f"{MARK}-shop", *rows, built="2026-03-24T12:00:00Z"))
    put(folder / MARK / "desk.lock", uv_lock(f"{MARK}-desk", "litellm==1.82.6", f"{MARK}-private==1.0"))
    put(
        folder / MARK / "requirements.txt",
        f"--index-url https://{MARK}.index.corp/simple\nlitellm>=1\n{MARK}-unknown>=1\n",
    )
    recorded_slice(folder / "index.slice")
    for words in (("index", "index.slice"), ("advisory", "case.yaml"), ("org", "org.yaml"), ("lock", MARK)):
        done = run("ingest", words[0], folder / words[1], "--graph", folder / "graph")
        assert done.code == 0, done
    return folder / "graph"


def test_no_verb_names_what_is_internal_in_any_form(graph: Path, tmp_path: Path) -> None:
    key = tmp_path / "key.json"
    services = [one["service"] for one in run("blast", TARGET, "--graph", graph, "--format", "json").json["services"]]
    assert len(services) > 2
    asked: list[tuple[str, ...]] = [("blast", TARGET, "--format", name) for name in names()]
    asked += [("blast", TARGET, "--long"), ("blast", TARGET, "--tier", "admitted", "--format", "json")]
    asked += [
        ("why", one, TARGET, "--clearance", "--tree", "--format", form)
        for one in services
        for form in ("json", "table")
    ]
    asked += [("who-has", one, "--format", form) for one in ("litellm", "app") for form in ("json", "table")]
    for words in asked:
        done = run(*words, "--graph", graph, "--redact", key)
        assert done.code in {0, 3}, done
        assert MARK not in done.out.lower(), words
        assert "corp" not in done.out.replace("incorp", ""), words
    told = json.loads(key.read_text())["names"]
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert {f"{MARK}-shop", f"{MARK}-company", f"team {MARK}", "build"} <= set(told.values())
    assert (
        run("blast", TARGET, "--graph", graph, "--redact", key).out
        == run("blast", TARGET, "--graph", graph, "--redact", key).out
    )


def test_a_report_can_be_verified_by_whoever_has_the_key(graph: Path, tmp_path: Path) -> None:
    key, report = tmp_path / "key.json", tmp_path / "report.json"
    for name in names()[1:]:
        assert run("blast", TARGET, "--graph", graph, "--redact", key, "--format", name, "-o", report).code in {0, 3}
        done = run("report", "verify", report, "--graph", graph, "--redact", key)
        assert done.code == 0, (name, done)
    assert run("blast", TARGET, "--graph", graph, "--redact", key, "--format", "json", "-o", report).code in {0, 3}
    done = run("report", "verify", report, "--graph", graph)
    assert (done.code, is_one_line(done.err)) == (2, True)
    same = run("blast", TARGET, "--graph", graph, "--redact", key, "--compare", report)
    assert "same" in same.out.lower() or "nothing" in same.out.lower(), same
    done = run("blast", TARGET, "--graph", graph, "--compare", report)
    assert (done.code, is_one_line(done.err)) == (2, True)


def test_commands_of_a_redacted_answer_name_the_graph_by_a_word(graph: Path, tmp_path: Path) -> None:
    told = " ".join(run("blast", TARGET, "--graph", graph, "--redact", tmp_path / "key.json").out.split())
    assert "settle" in told
    assert "page: graphkit blast" in told
    assert told.count("graphkit ") == told.count("--graph GRAPH")
    assert str(graph) not in told


def test_a_private_target_is_asked_again_by_its_pseudonym(graph: Path, tmp_path: Path) -> None:
    key, report = tmp_path / "key.json", tmp_path / "report.json"
    run("blast", f"{MARK}-private==1.0", "--graph", graph, "--redact", key, "--format", "json", "-o", report)
    done = run("report", "verify", report, "--graph", graph, "--redact", key)
    assert done.code == 0, done


@pytest.mark.parametrize("text", ["", "{}", "no", '{"schema": "graphkit.redaction/1", "key": "00", "names": {}}'])
def test_what_is_no_key_file_is_one_line(graph: Path, tmp_path: Path, text: str) -> None:
    key = put(tmp_path / "key.json", text)
    key.chmod(0o600)
    done = run("blast", TARGET, "--graph", graph, "--redact", key)
    assert (done.code, is_one_line(done.err), done.out) == (2, True, "")
    assert key.read_text() == text


def test_a_key_that_others_may_read_is_refused(graph: Path, tmp_path: Path) -> None:
    key = tmp_path / "key.json"
    assert run("blast", TARGET, "--graph", graph, "--redact", key).code in {0, 3}
    key.chmod(0o644)
    done = run("blast", TARGET, "--graph", graph, "--redact", key)
    assert (done.code, is_one_line(done.err)) == (2, True)
    done = run("blast", TARGET, "--graph", graph, "--redact", tmp_path / "no" / "key")
    assert (done.code, is_one_line(done.err)) == (2, True)


def test_scan_writes_the_long_form_without_internal_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / MARK / "requirements.txt", f"litellm==1.82.8\n{MARK}-private==1\n")
    monkeypatch.chdir(tmp_path)
    key = tmp_path / "key.json"
    words = ("scan", MARK, "--offline", "--incident", "litellm==1.82.8", "--graph", tmp_path / "graph", "--redact", key)
    for form in ((), ("--format", "json")):
        done = run(*words, *form)
        assert done.code in {0, 3}
        assert MARK not in done.out
        assert "1.82.8" in done.out
