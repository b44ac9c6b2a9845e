"""A question about a part of an incident: services that the rest of it exposes are told so, in every report."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from msgspec.structs import replace

from graphkit.model.incidents import AccusedFile, FileHash, Incident
from graphkit.model.names import package_name
from graphkit.trace.case import Case, resolve, rest_of
from tests.cases.build import compromised, incident
from tests.unit.cli.door import run
from tests.unit.cli.inputs import put, sbom, uv_lock, whole_sbom

INCIDENT = """\
schema: graphkit.incident/1
id: case-2
title: two bad releases
releases:
- purl: pkg:pypi/thing@1.1
  listed_from: '2026-03-24T10:39:00Z'
- purl: pkg:pypi/thing@1.2
  listed_from: '2026-03-24T10:52:00Z'
readings:
- id: operator
  until: '2026-03-24T16:00:00Z'
  preferred: true
"""
BUILT = "2026-03-24T12:00:00Z"
STOOD = ("--stands-from", "2026-03-01T00:00:00Z", "--read-at", "2026-04-01T00:00:00Z")
SAID = "this answer is about thing 1.2 alone, and for thing 1.1 of the same incident it is observed"
FORMS = ("table", "json", "html", "csv", "markdown", "mermaid", "graphml", "sarif", "openvex", "cyclonedx-vex")


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("part")
    put(folder / "uv.lock", uv_lock("locked", "thing==1.1"))
    put(folder / "clean.lock", uv_lock("clean", "thing==1.0"))
    put(folder / "built.json", whole_sbom("built", "thing==1.1", built=BUILT))
    put(folder / "both.json", sbom("both", "thing==1.1", "thing==1.2", built=BUILT))
    put(folder / "case.yaml", INCIDENT)
    for words in (
        ("advisory", folder / "case.yaml"),
        ("lock", folder / "uv.lock", "--service", "locked", *STOOD),
        ("lock", folder / "clean.lock", "--service", "clean", *STOOD),
        ("sbom", folder / "built.json", folder / "both.json"),
    ):
        assert run("ingest", *words, "--graph", folder / "graph").code == 0
    return folder / "graph"


def test_a_service_that_has_another_accused_release_is_told_so(graph: Path) -> None:
    found = run("blast", "thing==1.2", "--builds-complete", "--format", "json", "--graph", graph).json
    rows = {one["service"]: one for one in found["services"]}
    assert [rows[name]["verdict"] for name in ("both", "built")] == ["observed", "cleared"]
    assert {name: one["reason"].startswith(f"{SAID}; ") for name, one in rows.items()} == {
        "both": False,
        "built": True,
        "clean": False,
        "locked": True,
    }
    assert found["incident"]["title"] == "Only thing 1.2 of: two bad releases"
    assert [one["purl"] for one in found["incident"]["releases"]] == ["pkg:pypi/thing@1.2"]
    words = ("--builds-complete", "--graph", graph)
    assert "this answer is about" not in run("blast", "case-2", *words).out
    assert "this answer is about" not in run("blast", "thing==1.2", "thing==1.1", *words).out
    assert found["notes"][0] == (
        "this answer is about thing 1.2 alone, and not about thing 1.1 of the same incident: 2 services have a worse "
        "verdict (2 observed) for the rest; all of it: graphkit blast case-2"
    )


@pytest.mark.parametrize("form", FORMS)
def test_every_report_says_that_a_part_was_asked_about(graph: Path, form: str) -> None:
    words = ("--builds-complete", "--graph", graph, "--format", form)
    told = " ".join(run("blast", "thing==1.2", *words).out.split())
    assert "about thing 1.2 alone" in told


def test_the_first_screen_names_the_command_and_why_the_reason(graph: Path) -> None:
    told = run("blast", "thing==1.2", "--builds-complete", "--graph", graph).out
    assert f"all of case-2: graphkit blast case-2 --graph {graph}" in told
    assert SAID in " ".join(told.split())
    assert SAID in " ".join(run("why", "built", "thing==1.2", "--builds-complete", "--graph", graph).out.split())


def test_a_vex_document_clears_no_service_that_has_another_accused_release(graph: Path) -> None:
    found = run("blast", "thing==1.2", "--builds-complete", "--format", "openvex", "--graph", graph).json
    status = {one["products"][0]["@id"]: one["status"] for one in found["statements"]}
    assert status["pkg:generic/built"] == "under_investigation"


def test_a_redacted_answer_keeps_the_sentence(graph: Path, tmp_path: Path) -> None:
    shutil.copytree(graph, tmp_path / "graph")
    put(tmp_path / "page.json", sbom("page", "thing==1.0"))
    key = tmp_path / "key"
    words = ("--builds-complete", "--format", "json", "--redact", key, "--graph", tmp_path / "graph")
    found = run("blast", "thing==1.2", *words).json
    assert found["notes"][0].startswith("this answer is about thing 1.2 alone, and not about thing 1.1 of the")
    assert not any("built" in one["service"] for one in found["services"])


# What the rest of an incident is


def rest(one: Incident, *targets: str) -> Case | None:
    (case,) = resolve((one,), targets, None, lambda _: ())
    return rest_of(case, (one,), None, lambda _: ())


TWO = incident(compromised("bad", "1", "01:00"), compromised("bad", "2", "02:00"), until="13:00")


def test_all_of_an_incident_leaves_nothing() -> None:
    assert rest(TWO, TWO.id) is None
    assert rest(TWO, "bad==1", "bad==2.0") is None
    left = rest(TWO, "bad==1")
    assert left is not None
    assert [one.version for one in left.releases] == ["2"]
    assert [one.release.version for one in left.first_upload_accounts] == ["2"]


def test_a_hash_is_left_out_where_it_is_all_that_accuses() -> None:
    hashes = (FileHash("sha256", "ab" * 32),)
    of_releases = AccusedFile(package=package_name("bad"), hashes=hashes)
    alone = AccusedFile(package=package_name("other"), hashes=hashes, is_alone=True)
    assert rest(replace(TWO, files=(of_releases,)), "bad==1", "bad==2") is None
    left = rest(replace(TWO, files=(alone,)), "bad==1", "bad==2")
    assert left is not None
    assert left.files == (alone,)


def test_versions_of_a_range_are_left_out_too() -> None:
    one = replace(TWO, ranges=((package_name("bad"), ">=1"),))
    left = rest(one, "bad==1", "bad==2")
    assert left is not None
    assert left.ranges == one.ranges
