"""What is handed over, from real files to the report: true lines, the repository, own services before all else."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from tests.json_schema import json_schema
from tests.unit.cli.door import run
from tests.unit.cli.inputs import BAD, GOOD, INCIDENT, put, uv_lock
from tests.unit.formats.test_lines import CASES, SPDX, SYFT, normal
from tests.unit.ingest.test_scan import repository

SCHEMA = Path(__file__).parents[2] / "schemas" / "sarif-2.1.0.json"
FILES = {
    "uv.lock": (CASES / "tools/uv/uv.lock").read_bytes(),
    "poetry.lock": (CASES / "tools/poetry/poetry.lock").read_bytes(),
    "requirements.txt": (CASES / "tools/pip-tools/requirements.txt").read_bytes(),
    "hashes/requirements.txt": (CASES / "tools/pip-tools/requirements-hashes.txt").read_bytes(),
    "bom.cdx.json": (CASES / "tools/cyclonedx-py/environment.json").read_bytes(),
    "spdx.json": json.dumps(SPDX, indent=2).replace("lib", "click").encode(),
    "syft.json": json.dumps(SYFT, indent=2).replace("lib", "click").encode(),
}


def sarif(*words: str | Path) -> dict[str, Any]:
    log = run("blast", *words, "--format", "sarif").json
    json_schema().Draft7Validator(json.loads(SCHEMA.read_text())).validate(log)
    found = log["runs"][0]
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("name", FILES)
def test_the_line_of_a_result_holds_the_package(name: str, tmp_path: Path) -> None:
    file = put(tmp_path / "given" / name, FILES[name])
    done = run("ingest", "sbom" if name.endswith(".json") else "lock", file, "--graph", tmp_path / "graph")
    assert (done.code, done.err) == (0, "")
    held = run("who-has", "click", "--graph", tmp_path / "graph", "--format", "json").json["matches"]
    version = held[0]["release"].partition("@")[2]
    (one,) = sarif(f"click=={version}", "--graph", tmp_path / "graph")["results"]
    place = one["locations"][0]["physicalLocation"]
    line = file.read_text().split("\n")[place["region"]["startLine"] - 1]
    assert "click" in normal(line)
    assert place["artifactLocation"]["uri"] == file.name
    assert one["message"]["text"].startswith("HIT ")


@pytest.fixture
def repositories(tmp_path: Path) -> Path:
    """A graph of two repositories, each with a bad lock at the same path."""
    code = tmp_path / "code"
    repository(code / "shop", uv_lock=uv_lock("shop", "rich==1.0", "litellm==1.82.8"))
    repository(code / "till", uv_lock=uv_lock("till", "litellm==1.82.8"), requirements_txt=GOOD)
    put(tmp_path / "case.yaml", INCIDENT)
    for kind, source in (("lock", code), ("advisory", tmp_path / "case.yaml")):
        done = run("ingest", kind, source, "--graph", tmp_path / "graph")
        assert (done.code, done.err) == (0, "")
    return tmp_path / "graph"


def test_a_path_says_in_which_repository_it_is(repositories: Path) -> None:
    found = sarif("case-1", "--graph", repositories)
    places = [one["locations"][0]["physicalLocation"]["artifactLocation"] for one in found["results"]]
    assert places == [{"uri": "uv.lock", "uriBaseId": f"code/{name}"} for name in ("shop", "till")]
    assert [one["properties"]["repository"] for one in found["results"]] == ["code/shop", "code/till"]
    assert found["originalUriBaseIds"]["code/shop"] == {
        "description": {"text": "The root of code/shop, a repository or folder"}
    }
    builds = run("blast", "case-1", "--graph", repositories, "--format", "json").json["services"][0]["builds"]
    assert {(one["document"]["repository"], one["document"]["line"]) for one in builds} == {("code/shop", 16)}


def test_the_row_that_a_manifest_asks_for_has_its_line(graph: Path, tmp_path: Path) -> None:
    """A pin in a plain list is walked; what it asks for stands in the list."""
    own = tmp_path / "own"
    put(tmp_path / "case.yaml", INCIDENT)
    put(tmp_path / "ours" / "requirements.txt", "# ours\n\nlitellm==1.82.8\n")
    for words in (
        ("index", graph.parent / "index.slice"),
        ("advisory", tmp_path / "case.yaml"),
        ("lock", tmp_path / "ours", "--stands-from", "2026-03-01", "--read-at", "2026-04-01"),
    ):
        assert run("ingest", *words, "--graph", own).code == 0
    (one,) = sarif("case-1", "--graph", own)["results"]
    assert one["locations"][0]["physicalLocation"]["region"] == {"startLine": 3}
    assert one["properties"]["tier"] == "picked"


def test_a_line_that_nobody_knows_is_not_given(tmp_path: Path) -> None:
    put(tmp_path / "base.txt", BAD)
    file = put(tmp_path / "requirements.txt", "-r base.txt\n")
    assert run("ingest", "lock", file, "--graph", tmp_path / "graph").code == 0
    (one,) = sarif("litellm==1.82.8", "--graph", tmp_path / "graph")["results"]
    assert "region" not in one["locations"][0]["physicalLocation"]


def test_own_services_come_first_in_a_table_with_what_to_do(repositories: Path) -> None:
    text = run("blast", "case-1", "--graph", repositories, "--format", "csv").out
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["kind"] for row in rows[:2]] == ["service", "service"]
    first = {key: rows[0][key] for key in ("name", "word", "repository", "file", "line", "settle")}
    assert first == {
        "name": "shop",
        "word": "HIT",
        "repository": "code/shop",
        "file": "uv.lock",
        "line": "16",
        "settle": "",
    }


def test_a_note_names_services_before_packages(repositories: Path) -> None:
    text = run("blast", "case-1", "--graph", repositories, "--format", "markdown").out
    heads = [line for line in text.splitlines() if line.startswith("## ")]
    assert heads[:3] == ["## In short", "## Services", "## What to do now"]
    assert heads.index("## Appendix: public packages") > heads.index("## Companies, and what they said")
    assert "- **HIT** `shop`" in text
    assert "  - Evidence: a lock file; uv.lock, line 16, in code/shop" in text
    assert "<" not in text.replace("<https://", "")
