"""The verbs that ask: their codes, what goes to stdout, and files written whole or not at all."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from graphkit.cli import terminal
from tests.unit.cli.door import is_one_line, run
from tests.unit.cli.inputs import INCIDENT, put, recorded_slice

ASKING = [("blast", "case-1"), ("why", "shop", "case-1"), ("who-has", "litellm"), ("stats",)]
NAMES = [words[0] for words in ASKING]


@pytest.mark.parametrize("words", ASKING, ids=NAMES)
def test_results_go_to_stdout_and_nothing_to_stderr(graph: Path, words: tuple[str, ...]) -> None:
    ran = run(*words, "--graph", graph)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.endswith("\n")
    assert "\x1b" not in ran.out  # no colour but on a terminal


@pytest.mark.parametrize("words", ASKING, ids=NAMES)
def test_json_has_its_keys_sorted_and_is_the_same_each_time(graph: Path, words: tuple[str, ...]) -> None:
    ran = run(*words, "--graph", graph, "--format", "json")
    assert ran.out == json.dumps(ran.json, sort_keys=True, indent=2, ensure_ascii=False) + "\n"
    assert ran.json["schema"] == f"graphkit.{words[0]}/1"
    assert run(*words, "--graph", graph, "--format", "json") == ran
    assert str(graph.parent) not in ran.out


@pytest.mark.parametrize("words", ASKING, ids=NAMES)
def test_a_missing_graph_is_code_4_and_names_the_command_that_makes_one(
    tmp_path: Path, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRAPHKIT_GRAPH", str(tmp_path / "by-environment"))
    for told, name in (((), "by-environment"), (("--graph", tmp_path / "by-option"), "by-option")):
        ran = run(*words, *told)
        assert (ran.code, ran.out) == (4, "")
        assert is_one_line(ran.err), ran.err
        assert "graphkit ingest" in ran.err
        assert name in ran.err
    assert os.listdir(tmp_path) == []  # noqa: PTH208 - asking makes nothing


def test_the_environment_names_the_graph_and_the_option_comes_first(
    graph: Path, empty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRAPHKIT_GRAPH", str(graph))
    assert len(run("who-has", "litellm", "--format", "json").json["matches"]) == 3
    assert run("who-has", "litellm", "--format", "json", "--graph", empty).json["matches"] == []


def test_the_shape_of_who_has(graph: Path) -> None:
    answer = run("who-has", "litellm==1.82.8", "--graph", graph, "--format", "json").json
    (row,) = answer["matches"]
    assert len(row["document"].pop("sha256")) == 64
    assert row == {
        "service": "shop",
        "release": "litellm@1.82.8",
        "current": True,
        "document": {"path": "shop.json"},
    }
    assert {key: answer[key] for key in ("schema", "query")} == {
        "schema": "graphkit.who-has/1",
        "query": "litellm==1.82.8",
    }


def test_who_has_at_an_instant(graph: Path) -> None:
    def at(time: str) -> dict[str, bool]:
        rows = run("who-has", "litellm", "--graph", graph, "--at", time, "--format", "json").json["matches"]
        return {row["service"]: row["current"] for row in rows}

    assert at("2026-03-20") == {"desk": True, "shop": False, "till": False}
    assert at("2026-03-25") == {"desk": True, "shop": True, "till": True}


def test_the_keys_of_blast(graph: Path) -> None:
    answer = run("blast", "case-1", "--graph", graph, "--format", "json").json
    promised = "schema incident window windows slots environment summary services companies packages provenance notes"
    assert set(answer) == set(promised.split())
    assert {one["service"]: one["verdict"] for one in answer["services"]} == {
        "shop": "observed",
        "desk": "unknown",
        "till": "cleared",
    }
    assert [one["service"] for one in answer["services"]] == ["shop", "desk", "till"]
    assert answer["summary"]["services"] == {
        "observed": 1,
        "replayed": 0,
        "picked": 0,
        "admitted": 0,
        "unknown": 1,
        "cleared": 1,
    }
    made = "graphkit packaging question inputs facts_sha256 facts_until proofs_sha256"
    assert set(answer["provenance"]) == set(made.split())


def test_why_shows_all_that_an_install_takes(work: Path) -> None:
    recorded_slice(work / "index.slice")
    put(work / "case.yaml", INCIDENT)
    put(work / "kiosk.in", "app\n")
    for kind, name in (("index", "index.slice"), ("advisory", "case.yaml"), ("lock", "kiosk.in")):
        assert run("ingest", kind, name).code == 0
    asking = ("why", "kiosk.in", "case-1")
    ran = run(*asking, "--tree")
    assert (ran.code, ran.err) == (0, "")
    assert "2 releases, 1 accused (litellm 1.82.8); by uv on linux x86_64, Python 3.12" in ran.out
    assert "BUILDS" in run(*asking).out
    (tree,) = run(*asking, "--tree", "--format", "json", "--at", "2026-03-24T10:51:00Z").json["trees"]
    assert [(one["package"], one["version"]) for one in tree["releases"]] == [("app", "1.0"), ("litellm", "1.82.6")]
    assert "trees" not in run(*asking, "--format", "json").json


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ((), 0),
        (("--fail-on", "observed"), 1),
        (("--fail-on", "replayed"), 1),
        (("--fail-on", "picked"), 1),
        (("--fail-on", "admitted"), 1),
        (("--strict",), 3),
        (("--strict", "--fail-on", "admitted"), 1),
        (("--fail-on", "cleared"), 2),
        (("--tier", "strong"), 2),
        (("--limit", "-1"), 2),
        (("--limit", "1", "--offset", "1"), 0),
        (("--offset", "-1"), 2),
    ],
)
def test_the_codes_of_blast(graph: Path, words: tuple[str, ...], code: int) -> None:
    ran = run("blast", "case-1", "--graph", graph, *words)
    assert ran.code == code
    assert bool(ran.out) == (code != 2)
    said = [line for line in ran.err.splitlines() if not line.startswith("--strict: ")]
    assert bool(said) == (code == 2)


@pytest.mark.parametrize("words", [("--fail-on", "observed"), ("--fail-on", "admitted"), ("--strict",)])
def test_where_nothing_is_exposed_or_unknown_the_code_is_0(work: Path, words: tuple[str, ...]) -> None:
    put(work / "case.yaml", INCIDENT)
    assert run("ingest", "advisory", "case.yaml").code == 0
    assert run("blast", "case-1", *words).code == 0


def test_where_nothing_is_known_of_the_target_the_code_is_3(empty: Path) -> None:
    ran = run("blast", "litellm==1.82.8", "--graph", empty)
    assert ran.code == 3
    assert "nothing is known of `litellm`" in ran.err
    assert "compromised" not in ran.out.partition("SERVICES")[0]
    of_both = run("blast", "litellm==1.82.8", "litellm==1.82.7", "--graph", empty)
    assert (of_both.code, of_both.err.count("nothing is known of `litellm`")) == (3, 1)


def test_fail_on_counts_the_tier_and_those_above_it(work: Path) -> None:
    recorded_slice(work / "index.slice")
    put(work / "case.yaml", INCIDENT)
    put(work / "kiosk.in", "app\n")
    for kind, name in (("index", "index.slice"), ("advisory", "case.yaml"), ("lock", "kiosk.in")):
        assert run("ingest", kind, name).code == 0
    codes = {
        tier: run("blast", "case-1", "--fail-on", tier).code for tier in ("observed", "replayed", "picked", "admitted")
    }
    assert codes == {"observed": 0, "replayed": 0, "picked": 1, "admitted": 1}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("blast", "litellm"), "names no release"),
        (("blast", "litellm>=1"), "not a target"),
        (("blast", "pkg:pypi/litellm"), "names no version"),
        (("blast", "pkg:nonsense"), "not a valid purl"),
        (("blast", "GHSA-none"), "not a target"),
        (("blast", ""), "not a target"),
        (("blast", "\udcff"), "not a target"),
        (("blast", "case-1", "--from", "noon"), "RFC 3339"),
        (("blast", "case-1", "--at", "noon"), "RFC 3339"),
        (("blast", "case-1", "--from", "2026-03-25", "--until", "2026-03-24"), "--until"),
        (("blast", "case-1", "--at", "2026-03-25", "--from", "2026-03-24"), "--at"),
        (("blast", "case-1", "--reading", "none"), "operator"),
        (("blast", "case-1", "--reading", "\udcff"), "operator"),
        (("blast", "case-1", "--python", "three"), "3.12"),
        (("blast", "case-1", "--platform", "amiga"), "linux"),
        (("why", "shopp", "case-1"), "for example: shop"),
        (("why", "zzz", "case-1"), "shop, desk, till"),
        (("why", "\udcff", "case-1"), "shop, desk, till"),
        (("who-has", "no name"), "not a package"),
        (("who-has", ""), "not a package"),
        (("who-has", "\udcff"), "not a package"),
        (("who-has", "litellm", "--at", "noon"), "RFC 3339"),
    ],
)
def test_a_question_that_cannot_be_asked_is_one_line_and_code_2(graph: Path, words: tuple[str, ...], said: str) -> None:
    ran = run(*words, "--graph", graph)
    assert (ran.code, ran.out) == (2, "")
    assert is_one_line(ran.err), ran.err
    assert said in ran.err


def test_a_name_that_nothing_knows_is_one_line_with_what_is_near_and_code_3(graph: Path) -> None:
    ran = run("blast", "litelm==1.82.8", "--graph", graph)
    assert ran.code == 3
    assert ran.err == "nothing is known of `litelm`; did you mean `litellm`?\n"
    assert "compromised" not in ran.out.partition("SERVICES")[0]


def test_builds_complete_leaves_no_unrecorded_build(work: Path) -> None:
    put(work / "case.txt", "litellm==1.82.6\n")
    told = ("--service", "till", "--built-at", "2026-03-24T11:00:00Z")
    assert run("ingest", "env", "case.txt", *told).code == 0

    def verdict(*words: str) -> str:
        asked = ("blast", "litellm==1.82.8", "--from", "2026-03-24T10:00:00Z", "--until", "2026-03-24T12:00:00Z")
        (service,) = run(*asked, "--format", "json", *words).json["services"]
        return str(service["verdict"])

    assert verdict() == "unknown"
    assert verdict("--builds-complete") == "cleared"


# Files


@pytest.mark.parametrize("words", ASKING, ids=NAMES)
def test_an_output_file_holds_what_stdout_would(graph: Path, work: Path, words: tuple[str, ...]) -> None:
    printed = run(*words, "--graph", graph, "--format", "json").out
    put(work / "old.json", "old")
    for name in ("new.json", "old.json"):
        ran = run(*words, "--graph", graph, "--format", "json", "--output", name)
        assert (ran.code, ran.out) == (0, "")
        assert (work / name).read_text(encoding="utf-8") == printed
    assert sorted(os.listdir(work)) == ["new.json", "old.json"]  # noqa: PTH208 - nothing is left beside them


def test_a_file_that_was_written_is_named_on_stderr_unless_quiet(graph: Path, work: Path) -> None:
    assert run("blast", "case-1", "--graph", graph, "-o", "a.txt").err == "wrote a.txt\n"
    assert run("blast", "case-1", "--graph", graph, "-o", "a.txt", "--quiet").err == ""


@pytest.mark.parametrize("words", ASKING, ids=NAMES)
@pytest.mark.parametrize("place", ["gone/a.txt", "folder", ".", "/", "", "file/a.txt", "x" * 300])
def test_an_output_that_cannot_be_written_is_one_line_and_leaves_nothing(
    graph: Path, work: Path, words: tuple[str, ...], place: str
) -> None:
    (work / "folder").mkdir()
    put(work / "file", "kept")
    ran = run(*words, "--graph", graph, "--output", place)
    assert (ran.code, ran.out) == (4, "")
    assert is_one_line(ran.err), ran.err
    assert "give another --output" in ran.err
    assert ".part" not in ran.err
    assert sorted(os.listdir(work)) == ["file", "folder"]  # noqa: PTH208
    assert (work / "file").read_text() == "kept"


def test_a_file_that_was_there_stays_as_it_was_when_writing_fails(
    graph: Path, work: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(work / "a.txt", "kept")

    def full(*_: object, **__: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(terminal, "_write", full)
    ran = run("blast", "case-1", "--graph", graph, "--output", "a.txt")
    assert (ran.code, "No space left" in ran.err, is_one_line(ran.err)) == (4, True, True)
    assert (work / "a.txt").read_bytes() == b"kept"


def test_a_pipe_is_written_as_it_is_and_never_replaced(graph: Path, work: Path) -> None:
    os.mkfifo(work / "pipe")
    reader = os.open(work / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    ran = run("who-has", "litellm", "--graph", graph, "--format", "json", "--output", "pipe")
    got = os.read(reader, 65536)
    os.close(reader)
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    assert got.startswith(b"{")
    assert (work / "pipe").is_fifo()
