"""Ingest of attestations: what is in one file, what is no SBOM, and what is said of signatures."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from graphkit.api import Graph
from graphkit.ingest import limits
from graphkit.ingest.limits import check_size
from graphkit.model.answers import Blast
from graphkit.model.errors import InputError
from tests.unit.cli.inputs import INCIDENT, put, whole_sbom

NOON = "2026-03-24T12:00:00Z"
UNCHECKED = "signatures of attestations are not checked"
SLSA = "https://slsa.dev/provenance/v1"
VSA = "https://slsa.dev/verification_summary/v1"


def line(predicate: Any, kind: str = "https://cyclonedx.org/bom", digest: str = "ab" * 32) -> str:
    """Return an envelope on one line, as `cosign download attestation` prints it."""
    subject = [{"name": "images.example/acme/shop", "digest": {"sha256": digest}}]
    statement = {"_type": "https://in-toto.io/Statement/v0.1", "predicateType": kind, "subject": subject}
    payload = base64.b64encode(json.dumps(statement | {"predicate": predicate}).encode()).decode()
    return json.dumps({"payloadType": "application/vnd.in-toto+json", "payload": payload, "signatures": [{"sig": ""}]})


def bom(*rows: str, name: str = "shop") -> str:
    return line(json.loads(whole_sbom(name, *rows, built=NOON)))


GIT = {"buildDefinition": {"resolvedDependencies": [{"uri": "git+https://git.example/shop"}]}}


def asked(graph: Graph) -> Blast:
    put(Path("case.yaml"), INCIDENT)
    assert not graph.ingest("advisory", ["case.yaml"]).rejected
    return graph.blast("case-1", builds_complete=True)


def uses(graph: Graph) -> list[tuple[str, str]]:
    return sorted((use.service, use.path) for use in graph._store.reader().evidence().organisation().uses)


def test_a_bundle_with_one_sbom_is_one_document(graph: Graph, work: Path) -> None:
    put(work / "shop.intoto.jsonl", f"{bom('httpx==0.28.1')}\n{line(GIT, SLSA)}\n{line({}, VSA)}\n")
    report = graph.ingest("sbom", ["shop.intoto.jsonl"])
    assert (report.read, report.rejected, report.unrecognised, report.problems) == (1, (), (), 0)
    assert [one for one in report.notes if one.startswith(UNCHECKED)]
    assert uses(graph) == [("shop", "shop.intoto.jsonl")]
    answer = asked(graph)
    assert [(one.service, one.verdict) for one in answer.services] == [("shop", "cleared")]
    assert [one for one in answer.notes if one.startswith("signatures of attestations were not checked")]
    assert graph.ingest("sbom", ["shop.intoto.jsonl"]).new == 0


def test_an_answer_about_other_documents_says_nothing_of_signatures(graph: Graph, work: Path) -> None:
    put(work / "a.json", whole_sbom("shop", "httpx==0.28.1", built=NOON))
    assert not [one for one in graph.ingest("sbom", ["a.json"]).notes if one.startswith(UNCHECKED)]
    assert not [one for one in graph.blast("litellm==1.82.8").notes if "signatures" in one]


def test_one_note_stands_for_all_services_that_are_judged_alike(graph: Graph, work: Path) -> None:
    for number in range(20):
        name = f"{number}.json"
        text = whole_sbom(f"plain-{number}", "httpx==0.28.1", built=NOON)
        put(work / "in" / name, bom("httpx==0.28.1", name="signed") if number == 7 else text)
    assert graph.ingest("sbom", ["in"]).read == 20
    answer = asked(graph)
    assert {one.verdict for one in answer.services} == {"cleared"}
    assert len([one for one in answer.notes if one.startswith("signatures of attestations")]) == 1


def test_several_sboms_in_one_file_are_documents_of_their_own(graph: Graph, work: Path) -> None:
    put(work / "in" / "all.intoto.jsonl", f"{bom('a==1')}\n{line({}, VSA)}\n{bom('b==1', name='other')}\n")
    report = graph.ingest("sbom", ["in"])
    assert (report.read, report.rejected, report.unrecognised) == (2, (), ("all.intoto.jsonl#2",))
    assert uses(graph) == [("other", "all.intoto.jsonl#3"), ("shop", "all.intoto.jsonl#1")]


def test_what_is_no_sbom_is_listed_in_a_folder_and_refused_by_name(graph: Graph, work: Path) -> None:
    put(work / "in" / "build.intoto.jsonl", line(GIT, SLSA))
    put(work / "in" / "shop.intoto.jsonl", bom("httpx==0.28.1"))
    report = graph.ingest("sbom", ["in"], service="shop")
    assert (report.read, report.rejected, report.unrecognised) == (1, (), ("build.intoto.jsonl",))
    assert [one for one in report.notes if one.startswith("attestations that are not SBOMs")]
    assert uses(graph) == [("shop", "shop.intoto.jsonl")]
    (one,) = graph.ingest("sbom", ["in/build.intoto.jsonl"], service="shop").rejected
    assert one.problem == f"an attestation ('{SLSA}') that is not an SBOM and names no package"
    # It was read: nothing is open for it.
    answer = asked(graph)
    assert [(one.service, one.verdict) for one in answer.services] == [("shop", "cleared")]


def test_a_broken_line_is_rejected_and_the_others_are_read(graph: Graph, work: Path) -> None:
    broken = json.dumps({"payloadType": "application/vnd.in-toto+json", "payload": "?", "signatures": []})
    put(work / "all.jsonl", f"{bom('a==1')}\n{broken}\n{bom('b==1', name='other')[:-9]}\n")
    report = graph.ingest("sbom", ["all.jsonl"])
    assert report.read == 1
    assert [(one.path, one.place) for one in report.rejected] == [("all.jsonl#2", "payload"), ("all.jsonl#3", "")]


def test_what_an_envelope_holds_counts_as_what_a_file_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_SMALL", 10)
    monkeypatch.setattr(limits, "MEMORY", 1_000_000)
    rows = [f"a-{number}==1" for number in range(1_000)]
    check_size(bom(*rows[:10]).encode())
    with pytest.raises(InputError, match="of memory to read"):
        check_size(bom(*rows).encode())
