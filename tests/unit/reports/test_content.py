"""What reports with pictures draw of an answer, where the answer lacks what is mostly there."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from graphkit.model.answers import Blast, CompanyRow
from graphkit.model.names import CompanyId, ServiceId
from graphkit.model.ranks import CompanyVerdict, Tier, Verdict
from graphkit.reports.content import COMPANY, RELEASE, SERVICE, Entry, content
from graphkit.reports.interface import ReportOptions
from graphkit.reports.wording import listing
from tests.unit.reports import answers

MADE, EMPTY = answers.blast(), answers.nothing()


def entries(blast: Blast, kind: str) -> list[Entry]:
    found = content(blast, listing(blast, ReportOptions(tier=Tier.ADMITTED)))
    return [one for one in found.entries.values() if one.kind == kind]


def test_an_answer_about_nothing_has_no_entry_and_no_link() -> None:
    found = content(EMPTY, listing(EMPTY, ReportOptions()))
    assert (found.entries, found.links) == ({}, {})


def test_a_release_is_lit_in_the_slots_in_which_it_was_listed() -> None:
    first, second, third = MADE.slots
    one, *_ = MADE.incident.releases
    cases = [
        ((None, None), [0, 1, 2]),
        ((second.start, None), [1, 2]),
        ((None, second.start), [0]),
        ((first.until, third.start), [1]),
        ((third.until, None), []),
    ]
    made = tuple(replace(one, start=start, until=until) for (start, until), _ in cases)
    blast = replace(MADE, incident=replace(MADE.incident, releases=made), services=(), companies=(), packages=())
    assert [entry.slots for entry in entries(blast, RELEASE)] == [slots for _, slots in cases]


def test_a_release_of_another_ecosystem_is_called_by_its_purl() -> None:
    one, *_ = MADE.incident.releases
    npm = replace(one, release=replace(one.release, package=None, purl="pkg:npm/left@1", whole=False, files=()))
    (entry,) = entries(replace(EMPTY, incident=replace(MADE.incident, releases=(npm,))), RELEASE)
    assert entry.name == "pkg:npm/left@1"
    assert ("files", "only those named here are bad") in entry.facts


def company(name: str, verdict: CompanyVerdict, **more: object) -> CompanyRow:
    row = answers.company(name, verdict)
    bare = replace(row, distance=None, via=(), origin_tier="", supplies=(), services=(), claims=())
    return replace(bare, **more)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (company("acme", CompanyVerdict.NONE), "named only, nothing ties it to the incident"),
        (company("acme", CompanyVerdict.STATED), "an affirmative claim, first-hand or confirmed"),
        (company("acme", CompanyVerdict.UNKNOWN), ""),
        (
            company("acme", CompanyVerdict.OBSERVED, distance=0, services=(ServiceId("a\u202eb"),)),
            "its services: a\\u202eb",
        ),
        (
            company(
                "acme",
                CompanyVerdict.SUPPLIER,
                distance=2,
                via=(CompanyId("b"), CompanyId("c")),
                origin_tier="observed",
            ),
            "supplied by b < c, which is observed",
        ),
    ],
)
def test_what_a_company_hangs_on(row: CompanyRow, why: str) -> None:
    (entry,) = entries(replace(EMPTY, companies=(row,)), COMPANY)
    assert entry.reason == why


def test_many_services_of_a_company_are_counted() -> None:
    services = tuple(ServiceId(f"s{number:02}") for number in range(30))
    (entry,) = entries(
        replace(EMPTY, companies=(company("acme", CompanyVerdict.OBSERVED, distance=0, services=services),)), COMPANY
    )
    assert entry.reason.startswith("its services: s00, s01")
    assert "s29" not in entry.reason
    assert "more" in entry.reason


def test_a_chain_through_companies_that_the_answer_does_not_have_is_told_and_not_drawn() -> None:
    row = company("acme", CompanyVerdict.SUPPLIER, distance=1, via=(CompanyId("gone"),), origin_tier="stated")
    found = content(replace(EMPTY, companies=(row,)), listing(EMPTY, ReportOptions()))
    (entry,) = found.entries.values()
    ((steps, lit),) = entry.paths
    assert [name for name, _ in steps] == ["gone", "acme"]
    assert steps[0][1] == "is stated"
    assert (lit, found.links) == ([entry.id], {})


def test_a_path_without_a_step_draws_nothing() -> None:
    one = replace(answers.service("web", Verdict.PICKED), paths=((),))
    (entry,) = entries(replace(EMPTY, services=(one,)), SERVICE)
    assert entry.trail == []
