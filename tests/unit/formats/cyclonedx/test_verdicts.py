"""What a blast says of services by one CycloneDX BOM each: none is cleared wrongly, none that is exposed drops out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

import graphkit
from graphkit.model.ranks import Verdict

BAD = "cd" * 32
INCIDENT = f"""schema: graphkit.incident/1
id: case-1
title: a case
releases:
- purl: pkg:pypi/litellm@1.82.8
  listed_from: '2026-03-24T10:52:00Z'
  files:
  - filename: litellm-1.82.8-py3-none-any.whl
    sha256: {BAD}
readings:
- id: operator
  until: '2026-03-24T16:00:00Z'
  preferred: true
"""
COMPLETE = {"compositions": [{"aggregate": "complete"}]}


def row(version: str | None = "1.82.8", **more: Any) -> dict[str, Any]:
    purl = f"pkg:pypi/litellm@{version}" if version else "pkg:pypi/litellm"
    made = {"type": "library", "bom-ref": "l", "name": "litellm", "version": version, "purl": purl} | more
    return {key: value for key, value in made.items() if value is not None}


def listed(*rows: dict[str, Any], **more: Any) -> dict[str, Any]:
    other = {"type": "library", "bom-ref": "requests", "name": "requests", "purl": "pkg:pypi/requests@2.0"}
    return {"components": [other, *rows], **COMPLETE, **more}


def versioned(version: Any) -> dict[str, Any]:
    return listed(row(purl="pkg:pypi/litellm", version=version))


def concluding(*purls: str, field: str = "purl") -> dict[str, Any]:
    return {"identity": [{"field": field, "confidence": 1, "concludedValue": purl} for purl in purls]}


def innocent(**more: Any) -> dict[str, Any]:
    made = {"type": "library", "name": "innocent", "version": "1", "purl": "pkg:npm/innocent@1", **more}
    return listed({key: value for key, value in made.items() if value is not None})


def composed(*compositions: dict[str, Any]) -> dict[str, Any]:
    return listed(compositions=list(compositions))


def linking(ref: str) -> dict[str, Any]:
    return listed(dependencies=[{"ref": "app", "dependsOn": [ref]}])


DIGESTS = [{"alg": "SHA-256", "content": BAD}]
EXPOSED: Mapping[str, dict[str, Any]] = {
    "plain": listed(row()),
    "not complete": listed(row(), compositions=[]),
    "dangling purl": linking("pkg:pypi/litellm@1.82.8"),
    "nested": listed({"type": "library", "name": "a", "purl": "pkg:pypi/a@1", "components": [row()]}),
    "excluded": listed(row(scope="excluded")),
    "in a service": listed(services=[{"bom-ref": "s", "name": "s", "components": [row()]}]),
    "in the subject": listed(
        metadata={"component": {"type": "application", "name": "in the subject", "components": [row()]}}
    ),
    "no purl": listed(row(purl=None)),
    "no purl, not complete": listed(row(purl=None), compositions=[]),
    "capitals": listed(row(name="LiteLLM", purl="pkg:PYPI/LiteLLM@1.82.8")),
    "slashes": listed(row(purl="pkg://pypi/litellm@1.82.8/")),
    "encoded": listed(row(purl="pkg:pypi/litellm%401.82.8")),
    "extras": listed(row(purl="pkg:pypi/litellm[proxy]@1.82.8")),
    "v": versioned("v1.82.8"),
    "zero": versioned("1.82.8.0"),
    "blanks": versioned(" 1.82.8 "),
    "version of the row": listed(row(purl="pkg:pypi/litellm@1.82.6")),
    "version of the purl": listed(row(version="1.82.6", purl="pkg:pypi/litellm@1.82.8")),
    "hash": innocent(hashes=DIGESTS),
    "hash in another spelling": innocent(hashes=[{"alg": "sha256", "content": f" {BAD.upper()}"}]),
    "hash of the source": innocent(externalReferences=[{"type": "source-distribution", "hashes": DIGESTS}]),
    "evidence": listed(row(purl=None, evidence=concluding("pkg:pypi/LiteLLM@1.82.8"))),
    "evidence of another name": innocent(purl=None, evidence=concluding("pkg:pypi/litellm@1.82.8")),
    "evidence in one": innocent(purl=None, evidence={"identity": concluding("pkg:pypi/litellm@1.82.8")["identity"][0]}),
    "evidence with a purl": innocent(purl=None, evidence={"purl": "pkg:pypi/litellm@1.82.8"}),
    "evidence of another version": listed(row("1.82.6", evidence=concluding("pkg:pypi/litellm@1.82.8"))),
    "evidence of another package": innocent(evidence=concluding("pkg:npm/innocent@1", "pkg:pypi/litellm@1.82.8")),
    "evidence beside": listed(row(evidence=concluding("pkg:npm/other@1"))),
    "another hash": listed(row(hashes=[{"alg": "SHA-256", "content": "ab" * 32}])),
    "another algorithm": listed(row(hashes=[{"alg": "SHA-512", "content": "ab" * 64}])),
    "wheel": listed({"type": "file", "name": "litellm-1.82.8-py3-none-any.whl"}),
    "pedigree": listed({"type": "library", "name": "f", "purl": "pkg:pypi/f@1", "pedigree": {"ancestors": [row()]}}),
    "tools": listed(
        metadata={"component": {"type": "application", "name": "tools", "bom-ref": "app"}, "tools": [row()]}
    ),
}
OPEN: Mapping[str, dict[str, Any]] = {
    "not said": listed(compositions=[]),
    "no version": listed(row(None)),
    "evidence without a version": innocent(version=None, purl=None, evidence=concluding("pkg:pypi/litellm")),
    "evidence that is not a valid purl": listed(row("1.82.6", evidence=concluding("pypi/litellm@1.82.8"))),
    "range": listed(row(None, isExternal=True, versionRange="vers:pypi/>=1.80|<1.83")),
    "specifier": versioned("==1.82.8"),
    "latest": versioned("latest"),
    "number": versioned(1.82),
    "namespace": listed(row(purl="pkg:pypi/berriai/litellm@1.82.8")),
    "no scheme": listed(row(purl="pypi/litellm@1.82.8")),
    "repository": listed(row(purl="pkg:pypi/litellm@1.82.8?vcs_url=git%2Bhttps://git.example/x")),
    "no purl among others": innocent(components=[row(purl=None)]),
    "dangling": linking("litellm@1.82.8"),
    "another BOM": linking("urn:cdx:f08a6ccd-4dce-4759-bd84-c626675d60a7/1#litellm"),
    "of vulnerabilities": composed({"aggregate": "complete", "vulnerabilities": ["v"]}),
    "of direct dependencies": composed({"aggregate": "complete", "dependencies": ["app"]}),
    "of a part": composed({"aggregate": "complete", "assemblies": ["requests"]}),
    "of nothing readable": composed({"aggregate": "complete", "assemblies": [{}]}),
    "in part incomplete": composed({"aggregate": "complete"}, {"aggregate": "incomplete", "assemblies": ["requests"]}),
    "in part not said": composed({"aggregate": "complete"}, {"aggregate": "not_specified"}),
    "litellm": listed(metadata={"component": {"type": "application", "name": "litellm", "version": "1.82.8"}}),
    "no Python": {"components": [{"type": "library", "name": "b", "purl": "pkg:npm/b@1"}], **COMPLETE},
}
CLEARED: Mapping[str, dict[str, Any]] = {
    "absent": listed(),
    "earlier": listed(row("1.82.6")),
    "earlier, with evidence": listed(row("1.82.6", evidence=concluding("pkg:pypi/LiteLLM@1.82.6.0"))),
    "evidence of a name": listed(row("1.82.6", evidence=concluding("pkg:pypi/litellm@1.82.8", field="name"))),
    "assembled": composed({"aggregate": "complete", "assemblies": ["app"]}),
    "post": versioned("1.82.8-1"),
    "npm": listed(row(purl="pkg:npm/litellm@1.82.8")),
}


def bom(name: str, parts: dict[str, Any]) -> str:
    metadata = {"component": {"type": "application", "bom-ref": "app", "name": name}} | parts.get("metadata", {})
    dated = metadata | {"timestamp": "2026-03-24T12:00:00Z"}
    return json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.7"} | parts | {"metadata": dated})


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Verdict]:
    """Return the verdict of every service, where nothing was built but what the BOMs say."""
    folder = tmp_path_factory.mktemp("boms")
    for number, (name, parts) in enumerate({**EXPOSED, **OPEN, **CLEARED}.items()):
        (folder / f"{number}.json").write_text(bom(name, parts))
    incident = tmp_path_factory.mktemp("incident") / "case.yaml"
    incident.write_text(INCIDENT)
    with graphkit.open(str(tmp_path_factory.mktemp("graph") / "g"), create=True) as graph:
        assert not graph.ingest("advisory", [str(incident)]).rejected
        assert not graph.ingest("sbom", [str(folder)]).rejected
        answer = graph.blast("litellm==1.82.8", builds_complete=True)
    return {one.service: one.verdict for one in answer.services}


def test_nothing_drops_out(verdicts: dict[str, Verdict]) -> None:
    assert sorted(verdicts) == sorted((*EXPOSED, *OPEN, *CLEARED))


@pytest.mark.parametrize("name", EXPOSED)
def test_what_is_exposed_is_observed(verdicts: dict[str, Verdict], name: str) -> None:
    assert verdicts[name] is Verdict.OBSERVED


@pytest.mark.parametrize("name", OPEN)
def test_what_cannot_be_told_is_unknown(verdicts: dict[str, Verdict], name: str) -> None:
    assert verdicts[name] is Verdict.UNKNOWN


@pytest.mark.parametrize("name", CLEARED)
def test_what_says_that_it_is_all_clears(verdicts: dict[str, Verdict], name: str) -> None:
    assert verdicts[name] is Verdict.CLEARED
