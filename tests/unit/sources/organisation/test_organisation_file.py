from __future__ import annotations

import json
from pathlib import Path

import pytest

from graphkit.model.errors import InputError
from graphkit.model.organisation import Polarity, Standing
from graphkit.model.times import moment
from graphkit.sources.organisation import organisation_file

ROOT = Path(__file__).resolve().parents[4]
CASE = ROOT / "examples" / "litellm-2026-03" / "organisation.yaml"
SCHEMA = "schema: graphkit.organisation/1\n"


def parse(text: str) -> organisation_file.OrganisationFile:
    return organisation_file.parse((SCHEMA + text).encode(), "org.yaml")


def test_the_case_ties_nobody_to_litellm_but_who_said_so() -> None:
    read = organisation_file.parse(CASE.read_bytes(), CASE.name).organisation
    vouched = {
        claim.company
        for claim in read.claims
        if claim.polarity is Polarity.AFFIRMS
        and claim.standing in {Standing.FIRST_HAND, Standing.CONFIRMED}
        and claim.object.startswith("pkg:pypi/litellm")
    }
    assert vouched == {"mercor", "futuresearch"}
    assert {(one.supplier, one.customer) for one in read.supplies} == {
        ("mercor", "meta"),
        ("mercor", "openai"),
        ("mercor", "anthropic"),
    }
    assert all(claim.sources and claim.date for claim in read.claims)


def test_the_locks_stand_to_the_repair_of_their_project(shared: Path) -> None:
    facts = json.loads((shared / "case" / "litellm-2026-03.json").read_text(encoding="utf-8"))
    repairs = {one["project"]: one.get("commit_time") for one in facts["downstream_responses"]}
    read = organisation_file.parse(CASE.read_bytes(), CASE.name)
    until = {str(use.service): use.stands_until for use in read.organisation.uses}
    assert until["dspy repository"] == moment(repairs["stanfordnlp/dspy"])
    assert until["crewai repository"] == moment(repairs["crewAIInc/crewAI"])
    assert until["graphrag repository"] == moment(repairs["microsoft/graphrag"])
    assert until["aider repository"] is None
    assert all((CASE.parent / path).is_file() for path in read.documents)


def test_claims_and_causes_keep_the_words_of_the_facts(shared: Path) -> None:
    facts = json.loads((shared / "case" / "litellm-2026-03.json").read_text(encoding="utf-8"))
    known = {one["id"]: one for one in facts["claims"]}
    for claim in organisation_file.parse(CASE.read_bytes(), CASE.name).organisation.claims:
        if claim.id in known:
            assert (claim.date, claim.certainty) == (known[claim.id]["date"], known[claim.id]["confidence"])
            assert [source.id for source in claim.sources] == known[claim.id]["sources"]


def test_builds_may_be_complete_known_or_both() -> None:
    read = parse(
        "services:\n"
        "- {name: a, builds: complete}\n"
        "- {name: b, builds: [{at: 2026-03-24T11:00:00Z, lock: ./locks/b.lock}]}\n"
        "- {name: c, builds: {complete: true, known: [{at: 2026-03-24T11:00:00Z}]}}\n"
    )
    assert [service.builds_complete for service in read.organisation.services] == [True, False, True]
    assert [(build.service, build.lock) for build in read.organisation.builds] == [("b", "locks/b.lock"), ("c", "")]
    assert read.documents == ("locks/b.lock",)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("companys: []", ""),
        ("companies: [{id: a, builds: most}]", "companies[0].builds"),
        ("companies: [{id: a}, {id: a}]", "companies[1].id"),
        ("services: [{name: ''}]", "services[0].name"),
        ("services: [{name: a, environment: {python: three}}]", "services[0].environment.python"),
        ("services: [{name: a, environment: {platform: beos}}]", "services[0].environment.platform"),
        ("services: [{name: a, documents: [{path: /etc/passwd}]}]", "services[0].documents[0].path"),
        ("services: [{name: a, documents: [{path: a, built_at: soon}]}]", "services[0].documents[0].built_at"),
        ("services: [{name: a, builds: [{at: soon}]}]", "services[0].builds[0].at"),
        ("services: [{name: a, builds: {complete: true, known: [{at: soon}]}}]", "services[0].builds.known[0].at"),
        ("supplies: [{supplier: a, customer: b, what: c, sources: [S1]}]", "supplies[0].sources[0]"),
        (
            "claims: [{id: c, company: a, claimant: b, text: t, polarity: perhaps, standing: rumour, date: d}]",
            "claims[0].polarity",
        ),
        ("private_packages: ['-']", "private_packages[0]"),
    ],
)
def test_a_slip_is_shown_with_its_place(text: str, place: str) -> None:
    with pytest.raises(InputError) as caught:
        parse(text)
    assert caught.value.place == place


def one(said: str) -> str:
    return f"services:\n- name: web\n  {said}\n"


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ("tools: [uv, '(((']", "services[0].tools[1]"),
        ("tools: ['']", "services[0].tools[0]"),
        ("tools: ['https://files.example/uv.whl']", "services[0].tools[0]"),
        ("environment: {python: '3.\u0663'}", "services[0].environment.python"),
        ("environment: {python: '3'}", "services[0].environment.python"),
        ("environment: {python: '3.x'}", "services[0].environment.python"),
        ("company: ''", "services[0].company"),
        ("installs_from: [/uv.lock]", "services[0].installs_from[0]"),
        ("uploaded_prior_to: soon", "services[0].uploaded_prior_to"),
        (
            "builds: [{at: '2026-01-02T00:00:00Z', started: '2026-01-04T00:00:00Z', ended: '2026-01-03T00:00:00Z'}]",
            "services[0].builds[0]",
        ),
        (
            "builds: [{at: '2026-01-05T00:00:00Z', started: '2026-01-02T00:00:00Z', ended: '2026-01-03T00:00:00Z'}]",
            "services[0].builds[0]",
        ),
        (
            "builds: [{at: '2026-01-01T00:00:00Z', started: '2026-01-02T00:00:00Z', ended: '2026-01-03T00:00:00Z'}]",
            "services[0].builds[0]",
        ),
        (
            "documents: [{path: a, stands_from: '2026-01-02T00:00:00Z', stands_until: '2026-01-01T00:00:00Z'}]",
            "services[0].documents[0]",
        ),
    ],
)
def test_what_a_service_cannot_mean_has_its_place(said: str, place: str) -> None:
    """What is kept is asked about again and again: a tool that is no requirement ended every later question."""
    with pytest.raises(InputError) as caught:
        parse(one(said))
    assert caught.value.place == place


def test_tools_stay_as_they_were_written() -> None:
    (service,) = parse(one("tools: ['uv >=0.5', Pip, 'uv>=1.0.*']")).organisation.services
    assert service.tools == ("Pip", "uv >=0.5", "uv>=1.0.*")
    (service,) = parse(one("tools: []")).organisation.services
    assert service.tools == ()
