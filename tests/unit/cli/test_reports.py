"""Reports as they are handed on: what changed since one, and whether one still stands."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from graphkit.reports import names
from tests.unit.cli.door import is_one_line, run
from tests.unit.cli.inputs import put, whole_sbom

FORMS = tuple(name for name in names() if name != "table")
ASKED = (
    (),
    ("--tier", "admitted", "--limit", "2", "--offset", "1"),
    ("--at", "2026-03-24T12:00:00Z", "--resolver", "pip", "--builds-complete"),
    ("--from", "2026-03-24", "--until", "2026-03-25", "--python", "3.11", "--platform", "macos-arm64"),
    ("--confirm", "all", "--limit", "1"),
)


@pytest.fixture
def own(graph: Path, tmp_path: Path) -> Path:
    """A graph of this test's own, to feed and to ask."""
    return Path(shutil.copytree(graph, tmp_path / "own"))


def feed(own: Path) -> None:
    """Let the service on whose build nothing was known have a document after all."""
    document = put(own.parent / "desk.json", whole_sbom("desk", "litellm==1.82.8", built="2026-03-24T12:00:00Z"))
    done = run("ingest", "sbom", document, "--service", "desk", "--graph", own)
    assert done.code == 0, done.err


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("words", ASKED, ids=lambda words: " ".join(words) or "plain")
def test_every_report_is_verified_by_its_own_question(
    graph: Path, tmp_path: Path, form: str, words: tuple[str, ...]
) -> None:
    file = tmp_path / "report"
    wrote = run("blast", "case-1", *words, "--graph", graph, "--format", form, "--output", file, "--quiet")
    assert (wrote.code, wrote.err) == (0, "")
    found = run("report", "verify", file, "--graph", graph, "--format", "json")
    assert (found.code, found.err) == (0, "")
    assert found.json["same"] is True
    assert found.json["format"] == form


@pytest.mark.parametrize("target", ["litellm==1.82.8", "pkg:pypi/litellm@1.82.8", " litellm == 1.82.8 "])
def test_a_target_of_any_spelling_is_asked_again(graph: Path, tmp_path: Path, target: str) -> None:
    file = tmp_path / "report.json"
    assert run("blast", target, "--graph", graph, "--format", "json", "--output", file, "--quiet").code == 0
    assert run("report", "verify", file, "--graph", graph).code == 0


def test_a_graph_that_learnt_something_is_another_and_says_what(own: Path, tmp_path: Path) -> None:
    file = tmp_path / "old.json"
    run("blast", "case-1", "--graph", own, "--format", "json", "--output", file, "--quiet")
    feed(own)
    verified = run("report", "verify", file, "--graph", own)
    assert (verified.code, verified.err) == (3, "")
    assert verified.out.startswith("changed: the graph no longer gives this json report\n")
    assert "worse service desk: unknown → observed" in verified.out
    found = run("blast", "case-1", "--graph", own, "--compare", file)
    assert (found.code, found.err) == (0, "")
    assert "worse desk: unknown → observed" in found.out
    shape = run("blast", "case-1", "--graph", own, "--compare", file, "--format", "json").json
    assert (shape["schema"], shape["same"]) == ("graphkit.compare/1", False)
    assert [one["name"] for one in shape["changes"] if one["kind"] == "service"] == ["desk"]
    note = run("blast", "case-1", "--graph", own, "--compare", file, "--format", "markdown").out
    assert "- **worse** `desk`: unknown → observed" in note


def test_comparing_keeps_the_codes_of_blast_and_writes_a_file(own: Path, tmp_path: Path) -> None:
    file = tmp_path / "old.json"
    put(file, run("blast", "case-1", "--graph", own, "--format", "json").out)
    words = ("blast", "case-1", "--graph", own, "--compare", file)
    assert run(*words, "--fail-on", "observed").code == 1
    assert run(*words, "--strict").code == 3
    assert run(*words).out.startswith("case-1: Nothing changed.\n")
    assert run(*words, "--output", tmp_path / "changes.txt", "--quiet").out == ""
    assert (tmp_path / "changes.txt").read_text().startswith("case-1: Nothing changed.")


@pytest.mark.parametrize("form", ["html", "csv", "mermaid", "graphml", "sarif", "openvex", "cyclonedx-vex"])
def test_changes_have_three_forms(graph: Path, tmp_path: Path, form: str) -> None:
    ran = run("blast", "case-1", "--graph", graph, "--compare", tmp_path / "none.json", "--format", form)
    assert ran.code == 2
    assert is_one_line(ran.err)
    assert "table, json or markdown" in ran.err


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read"),
        (b"\xff\xfe", "not valid UTF-8 from byte 0 on"),
        (b"nothing", "not a report that can be"),
        (b'{"schema": "graphkit.why/1"}', "not a report that can be"),
    ],
)
def test_a_file_that_is_no_report_is_one_line_and_code_2(
    graph: Path, tmp_path: Path, content: bytes | None, said: str
) -> None:
    file = tmp_path / "old.json"
    if content is not None:
        file.write_bytes(content)
    for words in (("report", "verify", file), ("blast", "case-1", "--compare", file)):
        ran = run(*words, "--graph", graph)
        assert (ran.code, ran.out) == (2, "")
        assert is_one_line(ran.err)
        assert said in ran.err


@pytest.mark.parametrize(
    "question",
    [
        "blast case-1 --output {place}",
        "blast case-1 --graph {place}",
        "blast case-1 --compare {place}",
        "blast case-1 --format html",
        "blast case-1 --nonsense",
        "blast --help",
        "blast",
        "stats",
        "blast 'case-1",
        "",
    ],
)
def test_a_question_cannot_write_or_read_elsewhere(graph: Path, tmp_path: Path, question: str) -> None:
    shape = run("blast", "case-1", "--graph", graph, "--format", "json").json
    shape["provenance"]["question"] = question.format(place=tmp_path / "taken")
    file = put(tmp_path / "old.json", json.dumps(shape))
    ran = run("report", "verify", file, "--graph", graph)
    assert (ran.code, ran.out) == (2, "")
    assert is_one_line(ran.err)
    assert not (tmp_path / "taken").exists()


def test_without_the_graph_a_report_is_not_verified(graph: Path, tmp_path: Path) -> None:
    file = put(tmp_path / "old.json", run("blast", "case-1", "--graph", graph, "--format", "json").out)
    ran = run("report", "verify", file, "--graph", tmp_path / "none")
    assert (ran.code, ran.out) == (4, "")
    assert is_one_line(ran.err)
