"""`graphkit ingest`: the shape of its answer, its codes, its one line on what a person got wrong."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from graphkit.api import open_graph
from tests.unit.cli.door import apart, is_one_line, run
from tests.unit.cli.inputs import BAD, GOOD, NOWHERE, osv, put, recorded_slice, sbom, unreadable

KEYS = {"schema", "read", "new", "unchanged", "rejected", "unrecognised", "problems", "worst", "notes"}


def test_the_shape_that_is_promised(work: Path) -> None:
    put(work / "in" / "a.txt", BAD)
    put(work / "in" / "b.txt", GOOD)
    put(work / "in" / "bom.json", sbom("odd", components=[{"type": "library", "name": "x", "purl": "pkg:::"}]))
    put(work / "in" / "notes.md", "# nothing\n")
    put(work / "in" / "broken.json", sbom("", specVersion="9.9"))
    put(work / "in" / "osv.json", osv())
    ran = run("ingest", "sbom", "in", "--format", "json")
    assert (ran.code, ran.err) == (3, "")
    problems = ran.json.pop("problems")
    worst = ran.json["worst"]
    assert problems >= 1
    assert [set(one) for one in worst] == [{"path", "place", "problem"}]
    assert ran.json == {
        "schema": "graphkit.ingest/1",
        "read": 4,
        "new": 4,
        "unchanged": 0,
        "rejected": [
            {
                "path": "broken.json",
                "place": "specVersion",
                "problem": ran.json["rejected"][0]["problem"],
            }
        ],
        "unrecognised": ["notes.md"],
        "problems": problems,
        "worst": worst,
        "notes": ["osv.json is an advisory and was read as one"],
    }
    assert ran.out == json.dumps(ran.json, sort_keys=True, indent=2) + "\n"
    again = run("ingest", "sbom", "in", "--format", "json")
    assert (again.code, again.json["new"]) == (3, 0)
    assert set(again.json) == KEYS


def test_the_table_names_every_input_that_was_not_used(work: Path) -> None:
    put(work / "in" / "a.txt", BAD)
    put(work / "in" / "notes.md", "# nothing\n")
    ran = run("ingest", "lock", "in", "gone.txt")
    assert (ran.code, ran.err) == (3, "")
    assert ran.out.startswith("1 read: 1 new, 0 unchanged; 1 rejected, 1 unrecognised, 0 problems\n")
    assert "  gone.txt: no such file or folder\n" in ran.out
    assert "  notes.md\n" in ran.out


@pytest.mark.parametrize(("source", "code"), [("in", 0), ("in/notes.md", 3), ("in/a.txt", 0), ("gone", 3)])
def test_a_file_that_none_knows_is_passed_over_in_a_folder_and_refused_by_name(
    work: Path, source: str, code: int
) -> None:
    put(work / "in" / "a.txt", BAD)
    put(work / "in" / "notes.md", "# nothing\n")
    assert run("ingest", "lock", source).code == code


@pytest.mark.parametrize("kind", ["sbom", "lock", "env", "org", "advisory", "index", "parquet", "pypi-db"])
def test_an_input_that_cannot_be_used_is_code_3_for_every_kind(work: Path, kind: str) -> None:
    put(work / "notes.md", "# nothing\n")
    unreadable(work / "secret.txt")
    ran = run("ingest", kind, "notes.md", "secret.txt", "--format", "json")
    assert (ran.code, ran.err) == (3, "")
    assert [one["path"] for one in ran.json["rejected"]] == ["notes.md", "secret.txt"]
    assert ran.json["rejected"][1]["problem"].startswith("cannot be read: ")


def test_the_options_reach_the_document(work: Path) -> None:
    put(work / "bom.json", sbom("subject", "litellm==1.82.8"))
    told = ("--service", "till", "--company", "acme", "--built-at", "2026-03-24T11:00:00Z", "--read-at", "2026-03-25")
    assert run("ingest", "sbom", "bom.json", *told, "--branch", "main").code == 0
    (service,) = run("blast", "litellm==1.82.8", "--format", "json").json["services"]
    assert (service["service"], service["company"], service["verdict"]) == ("till", "acme", "observed")
    assert service["builds"][0]["at"] == "2026-03-24T11:00:00Z"


def test_what_a_person_says_of_an_input_reaches_it(work: Path) -> None:
    put(work / "pdm.lock", '[metadata]\nlock_version = "4.5.0"\n[[package]]\nname = "a"\nversion = "1"\n')
    told = ("--service", "svc", "--stands-from", "2026-03-01T00:00:00Z", "--read-at", "2026-04-01T00:00:00Z")
    more = ("--installs-from", "pdm.lock", "--installs-from", "b/pdm.lock", "--complete", "--check-remote")
    ran = run("ingest", "lock", "pdm.lock", *told, *more, "--graph", work / "g")
    assert (ran.code, "not checked" in ran.out) == (0, True)
    with open_graph(str(work / "g"), create=False) as graph:
        found = graph._store.reader().evidence().organisation()
    (use,), (service,) = found.uses, found.services
    assert (str(use.stands_from), str(use.read_at)) == ("2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z")
    assert (use.is_complete, use.is_first, use.built_at) == (True, False, None)
    assert service.installs_from == ("b/pdm.lock", "pdm.lock")


@pytest.mark.parametrize(
    "words",
    [
        ("--built-at", "yesterday"),
        ("--read-at", "2026-13-01"),
        ("--stands-from", "now"),
        ("--installs-from", "uv.lock"),
        ("--service", "svc", "--installs-from", "../uv.lock"),
        ("--as-of", "soon"),
        ("--from", "2026-03-24"),
        ("--until", "2026-03-24"),
        ("--from", "2026-03-25", "--until", "2026-03-24"),
        ("--service", " "),
        ("--company", ""),
    ],
)
def test_an_option_that_makes_no_sense_is_one_line_and_code_2(work: Path, words: tuple[str, ...]) -> None:
    put(work / "a.txt", BAD)
    ran = run("ingest", "lock", "a.txt", *words)
    assert (ran.code, ran.out) == (2, "")
    assert is_one_line(ran.err), ran.err


@pytest.mark.parametrize(
    "words", [("sboms", "a.txt"), ("sbom",), (), ("lock", "a.txt", "--format", "xml"), ("lock", "a.txt", "--nothing")]
)
def test_words_that_are_none_are_code_2(work: Path, words: tuple[str, ...]) -> None:
    ran = run("ingest", *words)
    assert (ran.code, ran.out) == (2, "")
    assert "Usage: graphkit ingest" in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.usefixtures("once")
def test_names_with_no_network_are_one_line_and_code_4(work: Path) -> None:
    ran = run("ingest", "index", "litellm", "--index-url", NOWHERE)
    assert (ran.code, ran.out) == (4, "")
    assert is_one_line(ran.err), ran.err
    assert "ingest a recorded slice: graphkit ingest index FILE" in ran.err


@pytest.mark.usefixtures("once")
@pytest.mark.parametrize("address", ["nonsense", "ftp://index.example/simple/", "http://"])
def test_an_index_that_is_none_is_one_line(work: Path, address: str) -> None:
    ran = run("ingest", "index", "litellm", "--index-url", address)
    assert ran.code in {2, 4}
    assert is_one_line(ran.err), ran.err


def test_a_recorded_slice_needs_no_network(work: Path) -> None:
    recorded_slice(work / "index.slice")
    ran = run("ingest", "index", "index.slice", "--index-url", NOWHERE, "--format", "json")
    assert (ran.code, ran.err) == (0, "")
    assert ran.json["new"] == ran.json["read"] > 3


def test_a_graph_is_made_where_there_is_none_with_the_folders_above_it(work: Path) -> None:
    put(work / "a.txt", BAD)
    assert run("ingest", "lock", "a.txt", "--graph", work / "deep" / "er" / "graph").code == 0
    assert run("who-has", "litellm", "--graph", work / "deep" / "er" / "graph", "--format", "json").json["matches"]


def test_a_graph_that_another_process_has_open_is_one_line_and_code_4(work: Path, elsewhere: dict[str, str]) -> None:
    put(work / "a.txt", BAD)
    with open_graph(create=True) as graph:
        graph.ingest("lock", ["a.txt"])
        ran = apart("ingest", "lock", "a.txt", "--service", "till", "--wait", "0", cwd=work, env=elsewhere)
    assert (ran.code, ran.out) == (4, "")
    assert is_one_line(ran.err), ran.err
    assert "wait until it is done" in ran.err


def test_a_damaged_graph_is_one_line_and_code_4(work: Path) -> None:
    put(work / "a.txt", BAD)
    put(work.parent / "graph" / "graph.duckdb", "nothing of the kind")
    for words in (("ingest", "lock", "a.txt"), ("who-has", "litellm"), ("stats",), ("blast", "litellm==1")):
        ran = run(*words)
        assert (ran.code, ran.out) == (4, "")
        assert is_one_line(ran.err), ran.err


def test_a_graph_that_cannot_be_made_is_one_line_and_code_4(work: Path) -> None:
    put(work / "a.txt", BAD)
    for place in ("a.txt", "a.txt/graph", "redis://host"):
        ran = run("ingest", "lock", "a.txt", "--graph", place)
        assert (ran.code, ran.out) == (4, "")
        assert is_one_line(ran.err), ran.err
    assert (work / "a.txt").read_text() == BAD


def test_nobodys_folder_becomes_a_graph(work: Path) -> None:
    put(work / "home" / "letter.txt", "dear")
    put(work / "a.txt", BAD)
    ran = run("ingest", "lock", "a.txt", "--graph", work / "home")
    assert ran.code == 4
    assert is_one_line(ran.err), ran.err
    assert os.listdir(work / "home") == ["letter.txt"]  # noqa: PTH208
