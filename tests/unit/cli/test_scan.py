"""`graphkit scan` from end to end: with no network, with a recorded index on loopback, its exit codes and words."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from msgspec.structs import replace

from graphkit.cli.scan import _provisional
from tests.golden import fleet
from tests.unit.cli.door import run, start
from tests.unit.cli.inputs import BAD, GOOD, INCIDENT, NOWHERE, osv, put, sbom
from tests.unit.reports import answers
from tests.unit.sources.index.recorded import Index

SINCE = "2024-12-01T00:00:00Z"


@pytest.fixture
def projects(work: Path) -> Path:
    """The six projects, in the folder at hand."""
    return fleet.make(work)


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with fleet.serving(Index(fleet.PACKAGES)) as address:
        yield address


def test_without_a_network_it_says_so_and_names_the_scan_that_asks_one(projects: Path) -> None:
    ran = run("scan", "--offline", "--incident", "litellm-2026-03", "--unchanged-since", SINCE)
    assert ran.code == 0
    assert "index not asked" in ran.out
    assert "HIT      answerbot" in ran.out
    assert f"graphkit scan . --incident litellm-2026-03 --unchanged-since {SINCE}\n" in ran.out
    assert ran.err.startswith("--unchanged-since stays in this graph")


def test_a_folder_without_any_document_says_so(work: Path) -> None:
    put(work / "empty" / "README.md", "# nothing\n")
    ran = run("scan", "empty", "--offline", "--incident", "litellm==1.82.8")
    assert "No service was found there: no SBOM, lock, manifest or environment." in " ".join(ran.out.split())
    assert "Add one: graphkit scan" not in ran.out
    assert "reading what" not in ran.err


def test_a_folder_whose_only_document_is_cut_is_not_said_to_have_none(work: Path) -> None:
    put(work / "cut" / "bom.cdx.json", '{"bomFormat": "CycloneDX", "components": [{"name": "litellm"')
    ran = run("scan", "cut", "--offline", "--incident", "litellm==1.82.8", "--quiet")
    assert ran.code == 3
    assert "what was found there could not be read, so nobody knows what it shows" in " ".join(ran.out.split())
    assert "no SBOM" not in ran.out


def test_json_is_that_of_a_blast_of_the_same_graph(projects: Path) -> None:
    found = run("scan", "--offline", "--incident", "litellm-2026-03", "--format", "json")
    asked = run("blast", "litellm-2026-03", "--format", "json")
    assert (found.code, found.out) == (0, asked.out)


def test_the_index_is_asked_for_what_the_manifests_need_and_no_more(projects: Path, index: str) -> None:
    ran = run("scan", "--index-url", index, "--incident", "litellm-2026-03", "--explain", "--quiet")
    assert ran.code == 0
    assert "LIKELY   agents" in ran.out
    explained = ran.err.splitlines()
    assert explained[0].startswith("graphkit ingest advisory ")
    window = "--from 2026-03-24T10:39:00Z --until 2026-03-24T13:11:00Z"
    (read,) = [
        line for line in explained if f"ingest index --for-services --index-url {index} {window} --as-of " in line
    ]
    assert explained[-1] == "graphkit blast litellm-2026-03"
    pasted = run(*read.split()[1:], "--format", "json")
    assert pasted.code == 0
    assert pasted.json["rejected"] == []


def test_a_second_scan_reads_nothing_new(projects: Path, index: str) -> None:
    words = ("scan", "--index-url", index, "--incident", "litellm-2026-03", "--quiet")
    assert "0 new pages" not in run(*words).out
    assert run("stats", "--format", "json").json["counts"]["documents"] == 9
    again = run(*words)
    assert run("stats", "--format", "json").json["counts"]["documents"] == 9
    assert "HIT 2" in again.out


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ((), 0),
        (("--fail-on", "observed"), 1),
        (("--strict",), 3),
        (("--unchanged-since", "yesterday"), 2),
        (("--format", "pdf"), 2),
        (("--budget", "-1"), 2),
    ],
)
def test_exit_codes_are_those_of_a_blast(work: Path, words: tuple[str, ...], code: int) -> None:
    put(work / "app" / "requirements.txt", BAD)
    put(work / "bom.json", sbom("shop", "litellm==1.82.6"))
    assert run("scan", "--offline", "--incident", "litellm-2026-03", "--quiet", *words).code == code


def test_a_path_that_is_not_there_is_one_line(work: Path) -> None:
    ran = run("scan", "nowhere", "--offline", "--incident", "litellm-2026-03")
    assert (ran.code, ran.out, ran.err) == (2, "", "graphkit: nowhere: no such file or folder\n")
    ran = run("scan", ".", "--offline", "--incident", "mine.yaml", "--graph", "new")
    line = "graphkit: mine.yaml: no such file; give an incident file, an OSV record, an id or name==version\n"
    assert (ran.code, ran.out, ran.err) == (2, "", line)
    put(work / "app" / "requirements.txt", BAD)
    ran = run("scan", "nowhere", "app", "--offline", "--incident", "litellm-2026-03")
    assert (ran.code, ran.err) == (3, "not read: nowhere: no such file or folder\n")
    assert "HIT" in ran.out


def test_a_damaged_lock_is_said_and_the_rest_is_answered(work: Path) -> None:
    put(work / "app" / "requirements.txt", BAD)
    put(work / "web" / "uv.lock", "not = toml = at all")
    ran = run("scan", "--offline", "--incident", "litellm-2026-03")
    assert ran.code == 3
    assert ran.err.startswith("not read: web/uv.lock: ")
    assert "HIT      app" in ran.out
    assert "UNKNOWN  web" in ran.out


def test_an_index_that_is_away_is_one_line_and_what_was_read_is_kept(projects: Path, once: None) -> None:
    ran = run("scan", "--index-url", NOWHERE, "--incident", "litellm-2026-03", "--quiet")
    assert ran.code == 3
    assert ran.err.startswith("the index was not read: ")
    assert ran.err.count("\n") == 1
    assert "HIT      answerbot" in ran.out
    assert run("stats", "--format", "json").json["counts"]["documents"] == 9


def test_a_budget_of_nothing_reads_no_page_and_says_so(projects: Path, index: str) -> None:
    ran = run("scan", "--index-url", index, "--budget", "0", "--incident", "litellm-2026-03", "--quiet")
    assert ran.code == 0
    assert "stopped by --budget" in ran.out


def test_an_incident_file_and_a_record_are_taken_and_asked_about(work: Path, tmp_path: Path) -> None:
    put(work / "app" / "requirements.txt", BAD)
    case = put(tmp_path / "case.yaml", INCIDENT)
    ran = run("scan", "--offline", "--incident", case, "--format", "json")
    assert ran.json["incident"]["id"] == "case-1"
    record = put(tmp_path / "mal.json", osv("MAL-2026-1"))
    ran = run("scan", "--offline", "--incident", record, "--format", "json")
    assert [one["verdict"] for one in ran.json["services"]] == ["observed"]


def test_a_record_of_a_malicious_package_is_asked_about_by_itself(work: Path, tmp_path: Path) -> None:
    put(work / "app" / "requirements.txt", GOOD)
    for name in ("MAL-2026-1", "GHSA-1"):
        run("ingest", "advisory", put(tmp_path / f"{name}.json", osv(name)))

    def asked(*words: str) -> set[str]:
        made = run("scan", "--offline", "--format", "json", *words).json
        return {one["incident"] for one in made["windows"]}

    assert "MAL-2026-1" in asked()
    assert "GHSA-1" not in asked()
    assert "GHSA-1" in asked("--all-advisories")


def test_words_hold_for_the_scan_that_has_them(work: Path) -> None:
    put(work / "app" / "requirements.txt", GOOD)

    def verdict(*words: str) -> str:
        made = run("scan", "--offline", "--incident", "litellm-2026-03", "--format", "json", *words).json
        return str(made["services"][0]["verdict"])

    assert verdict() == "unknown"
    assert verdict("--unchanged-since", SINCE) == "cleared"


def test_an_output_file_has_the_whole_answer(work: Path) -> None:
    put(work / "app" / "requirements.txt", BAD)
    ran = run("scan", "--offline", "--incident", "litellm-2026-03", "--format", "json", "-o", "answer.json")
    assert (ran.code, ran.out, ran.err) == (0, "", "wrote answer.json\n")
    assert json.loads((work / "answer.json").read_text())["summary"]["services"]["observed"] == 1


def test_a_service_of_an_earlier_scan_is_said_to_be_one_and_settled_as_such(work: Path) -> None:
    for name in ("app", "till"):
        put(work / name / "requirements.txt", "other\n")
        ran = run("scan", name, "--offline", "--incident", "litellm-2026-03")
        assert ("from before" in ran.out) is (name == "till")
    assert "in this graph from before, and not in till: app\n" in ran.out
    assert "graphkit ingest lock app/requirements.txt --service app" in ran.out


def test_long_is_everything(work: Path) -> None:
    put(work / "app" / "requirements.txt", BAD)
    ran = run("scan", "--offline", "--incident", "litellm-2026-03", "--long")
    assert "SERVICES (1 OBSERVED)" in ran.out


def test_a_folder_in_which_nothing_lies_is_said_before_what_the_graph_has_already() -> None:
    first = answers.blast()
    assert _provisional(first, is_found=True).startswith("before the index is read: ")
    said = _provisional(first, is_found=False)
    assert said.startswith("nothing was found there; services that the graph has already: ")
    assert said.endswith("; reading what they need of the index")
    assert (
        _provisional(replace(first, summary=replace(first.summary, services=())), is_found=False)
        == "no service was found"
    )


def test_ctrl_c_ends_it_within_a_moment(tmp_path: Path, elsewhere: dict[str, str]) -> None:
    fleet.make(tmp_path / "code")
    waiting = threading.Event()

    class Slow(Index):
        def answer(self, request: httpx.Request) -> httpx.Response:
            waiting.set()
            time.sleep(1)
            return super().answer(request)

    kept = elsewhere | {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    with fleet.serving(Slow(fleet.PACKAGES)) as address:
        words = ("scan", "--index-url", address, "--incident", "litellm-2026-03")
        with start(words, tmp_path / "code", kept) as process:
            assert waiting.wait(60)
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=30)
    assert process.returncode == 4
    assert b"the graph keeps what was written to it so far" in err


class TestIndexForServices:
    def test_it_reads_what_manifests_require(self, projects: Path, index: str) -> None:
        run("scan", "--offline", "--quiet")
        done = run("ingest", "index", "--for-services", "--index-url", index, "--format", "json")
        assert done.code == 0
        assert done.json["new"] > 0
        some = ("--for-services", "--all-allowed", "--from", "2026-03-24T10:39:00Z", "--until", "2026-03-24T13:11:00Z")
        assert run("ingest", "index", *some, "--index-url", index, "--format", "json").json["new"] > 0

    def test_a_budget_ends_it(self, projects: Path, index: str) -> None:
        run("scan", "--offline", "--quiet")
        done = run("ingest", "index", "--for-services", "--budget", "0", "--index-url", index, "--format", "json")
        assert done.json["notes"] == [
            "stopped after 0 seconds: the index was not read to the end; a larger --budget goes on"
        ]

    def test_it_needs_a_graph_and_an_index(self, work: Path) -> None:
        assert run("ingest", "index", "--for-services").code == 4
        put(work / "requirements.txt", GOOD)
        run("scan", "--offline", "--quiet")
        assert run("ingest", "lock", ".", "--for-services").code == 2
        assert run("ingest", "index", "--for-services", "--refresh").code == 2
