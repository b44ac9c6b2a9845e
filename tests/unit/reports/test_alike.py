"""Services that are alike: all that is said of them is equal but their names, and of quiet ones the times of builds."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from graphkit.model.answers import Blast, DocumentName, ServiceVerdict
from graphkit.model.names import CompanyId, ServiceId
from graphkit.model.ranks import Tier, Verdict
from graphkit.model.times import exactly
from graphkit.reports import report
from graphkit.reports.alike import alike
from graphkit.reports.interface import ReportOptions
from tests.unit.reports import answers

ALL = ReportOptions(tier=Tier.ADMITTED, width=400)
LONG = ReportOptions(tier=Tier.ADMITTED, width=400, long=True)


def one(name: str, verdict: Verdict = Verdict.UNKNOWN, hour: int = 0, **more: object) -> ServiceVerdict:
    """Return a service with a build of an SBOM of its own, which its reason names."""
    reason = f"{name}/bom.json of {exactly(hour * 3_600_000_000)} says too little"
    made = answers.build(
        verdict,
        reason,
        at=exactly(hour * 3_600_000_000),
        document=DocumentName(sha256=name, path=f"{name}/bom.json"),
    )
    return answers.service(name, verdict, reason=reason, builds=(made,), **more)  # type: ignore[arg-type]


def made_of(*services: ServiceVerdict, external: frozenset[ServiceId] = frozenset()) -> Blast:
    return replace(answers.blast(), services=services, external=external)


def names(*services: ServiceVerdict) -> list[list[str]]:
    return [[str(name) for name in group.names] for group in alike(made_of(*services))]


def test_names_of_documents_and_times_of_builds_tell_quiet_services_not_apart() -> None:
    assert names(one("a"), one("b", hour=7)) == [["a", "b"]]
    assert names(one("a", Verdict.CLEARED), one("b", Verdict.CLEARED, hour=7)) == [["a", "b"]]
    assert names(one("a", Verdict.OBSERVED), one("b", Verdict.OBSERVED, hour=7)) == [["a"], ["b"]]
    assert names(one("a", Verdict.OBSERVED), one("b", Verdict.OBSERVED)) == [["a", "b"]]


@pytest.mark.parametrize(
    "change",
    [
        {"owner": "team"},
        {"company": CompanyId("acme")},
        {"basis": "built"},
        {"near": True},
        {"incidents": (("case", Verdict.UNKNOWN),)},
        {"slots": (1,)},
        {"verdict": Verdict.OBSERVED},
        {"reason": "another one"},
        {"builds": ()},
    ],
)
def test_all_else_tells_them_apart(change: dict[str, object]) -> None:
    assert names(one("a"), replace(one("b"), **change)) == [["a"], ["b"]]


def test_services_of_others_are_apart() -> None:
    found = alike(made_of(one("a"), one("b"), external=frozenset({ServiceId("b")})))
    assert [group.names for group in found] == [["a"], ["b"]]


def test_a_table_shows_many_that_are_alike_once_and_a_long_one_each() -> None:
    made = made_of(*(one(f"s-{number}", hour=number) for number in range(9)))
    text = report("table").render(made, ALL)
    assert "  and 8 more like this: s-1, s-2, s-3, … (--long lists them)\n" in text
    assert ("unknown s-0" in text, "unknown s-1" in text) == (True, False)
    long = report("table").render(made, LONG)
    assert "more like this" not in long
    assert all(f"unknown s-{number}" in long for number in range(9))


def test_a_table_shows_each_of_a_few_and_each_that_is_exposed() -> None:
    few = report("table").render(made_of(*(one(f"s-{number}") for number in range(3))), ALL)
    exposed = report("table").render(made_of(*(one(f"s-{number}", Verdict.OBSERVED) for number in range(9))), ALL)
    assert "more like this" not in few + exposed
    assert all(f"observed s-{number}" in exposed for number in range(9))
