from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from graphkit.model.answers import Blast
from graphkit.model.errors import UsageError
from graphkit.model.ranks import Tier, Verdict
from graphkit.reports import report
from graphkit.reports.as_json import comparison_json, whole_shape
from graphkit.reports.comparison import Change, Comparison, _listed, compare, read_report
from graphkit.reports.interface import ReportOptions
from graphkit.reports.status_note import comparison_note
from graphkit.reports.table import comparison_table
from tests.unit.reports import answers


def told(answer: Comparison, kind: str) -> dict[str, Change]:
    return {one.name: one for one in answer.changes if one.kind == kind}


def shape(answer: Blast, view: ReportOptions | None = None) -> dict[str, Any]:
    return read_report(report("json").render(answer, view or ReportOptions()), "old.json")


def test_an_answer_does_not_differ_from_itself() -> None:
    for view in (ReportOptions(), ReportOptions(tier=Tier.ADMITTED), ReportOptions(limit=1)):
        for make in (answers.blast, answers.hostile):
            found = compare(shape(make(), view), whole_shape(make(), view))
            assert found.changes == ()
            assert found.headline() == "Nothing changed."


def test_services_are_worse_better_new_gone_or_on_other_grounds() -> None:
    found = told(answers.changes(), "service")
    assert {name: (one.what, one.before, one.after) for name, one in found.items()} == {
        "billing": ("worse", "unknown", "observed"),
        "newcomer": ("new", "", "unknown"),
        "payments": ("changed", "observed", "observed"),
        "search": ("better", "picked", "cleared"),
        "website": ("gone", "cleared", ""),
    }
    assert found["billing"].details[0] == "its SBOM lists litellm 1.82.8"
    assert found["payments"].details == (
        "exposed 2026-03-24 10:52 to 12:00:30.250000 UTC; before: 2026-03-24 10:52 to 13:11 UTC",
        "builds no longer there: 1 unknown",
    )
    assert found["search"].about == ""
    assert found["billing"].about == "owner team pay"


@pytest.mark.parametrize("is_now", [True, False])
def test_a_service_that_is_now_somebody_elses_or_no_longer(is_now: bool) -> None:  # noqa: FBT001
    own = answers.blast()
    others = replace(own, external=frozenset({own.services[0].service}))
    found = compare(shape(own if is_now else others), whole_shape(others if is_now else own, ReportOptions()))
    (change,) = found.changes
    text = "somebody else's" if is_now else "one of your own, no longer somebody else's"
    assert (change.name, change.what, change.details) == (own.services[0].service, "changed", (text,))


def test_companies_claims_releases_packages_and_notes() -> None:
    answer = answers.changes()
    assert told(answer, "company")["shop"].what == "worse"
    claims = told(answer, "claim")
    assert {name: one.what for name, one in claims.items()} == {"we renewed it all": "new", "we installed it": "gone"}
    assert told(answer, "release")["pkg:pypi/litellm@1.82.9"].what == "new"
    packages = {name: (one.what, one.before, one.after) for name, one in told(answer, "package").items()}
    assert packages["latecomer"] == ("new", "", "picked")
    assert packages["crewai[litellm]"] == ("better", "picked", "admitted")
    assert packages["graphrag"] == ("gone", "picked", "")
    notes = {name: one.what for name, one in told(answer, "note").items()}
    assert notes["another document could not be read"] == "new"


def test_slots_with_other_numbers_and_the_same_times_are_no_change() -> None:
    made = answers.blast()
    first = made.slots[0]
    cut = replace(first, until=first.start + 1), replace(first, start=first.start + 1)
    finer = replace(
        made,
        slots=(*cut, *made.slots[1:]),
        services=tuple(
            replace(one, slots=tuple(sorted({n + 1 for n in one.slots} | ({0} if 0 in one.slots else set()))))
            for one in made.services
        ),
        packages=tuple(
            replace(
                row,
                takes=tuple(
                    replace(take, slot=slot)
                    for take in row.takes
                    for slot in ((0, 1) if take.slot == 0 else (take.slot + 1,))
                ),
            )
            for row in made.packages
        ),
    )
    assert compare(shape(made), whole_shape(finer, ReportOptions())).changes == ()


def test_packages_that_the_old_report_did_not_list_are_not_new() -> None:
    made = answers.blast()
    assert compare(shape(made, ReportOptions(tier=Tier.OBSERVED)), whole_shape(made, ReportOptions())).changes == ()
    cut = compare(shape(made, ReportOptions(limit=1)), whole_shape(answers.later(), ReportOptions()))
    assert "latecomer" not in told(cut, "package")
    assert any("cut by --limit" in text for text in cut.remarks)


def test_what_makes_two_reports_hard_to_compare_is_remarked() -> None:
    assert answers.changes().remarks == ("reading: press; before: operator",)
    made = answers.blast()
    other = replace(made, incident=replace(made.incident, id="another"), resolver="pip")
    found = compare(shape(made), whole_shape(other, ReportOptions()))
    assert "the two ask about different things: litellm-2026-03 and another" in found.remarks
    assert "resolver of installs: pip; before: uv" in found.remarks
    assert "both rest on the same facts" in found.remarks


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "old.json is not a report that can be compared"),
        ("{}", "schema"),
        ('{"schema": "graphkit.why/1"}', "graphkit.why/1"),
        ("[" * 100_000, "old.json is not a report"),
        ('{"schema": "graphkit.blast/1", "services": [{"service": 1}]}', "--format json"),
    ],
)
def test_a_file_that_is_no_report_is_one_line(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        read_report(text, "old.json")
    assert "\n" not in str(caught.value)


def test_a_place_in_a_broken_report_is_named() -> None:
    broken = shape(answers.blast())
    broken["services"][1]["slots"] = "all"
    with pytest.raises(UsageError, match=r"\$\.services\[1\]\.slots"):
        read_report(json.dumps(broken), "old.json")


def test_slots_that_an_old_report_has_not_are_no_traceback() -> None:
    broken = shape(answers.blast())
    broken["services"][0]["slots"] = [77, -1]
    broken["incident"]["releases"][0]["from"] = "yesterday"
    found = compare(broken, whole_shape(answers.blast(), ReportOptions()))
    assert "exposed" in told(found, "service")["payments"].details[0]
    assert told(found, "release")["pkg:pypi/litellm@1.82.7"].before == "yesterday to 2026-03-24T13:11:00Z"


def test_hostile_names_are_text_in_every_form() -> None:
    made = replace(answers.hostile(), services=())
    found = compare(shape(answers.hostile()), whole_shape(made, ReportOptions()))
    note, table = comparison_note(found), comparison_table(found, width=100)
    assert "<script>" not in note.replace(f"`{answers.SCRIPT}`", "")
    assert "\u202e" not in note + table + comparison_json(found)
    assert max(map(len, table.splitlines())) <= 100
    assert [one["name"] for one in json.loads(comparison_json(found))["changes"]].count(answers.LONG) == 1


def test_a_verdict_that_is_not_known_is_a_change() -> None:
    made = answers.blast()
    old = shape(made)
    old["services"][0]["verdict"] = "strange"
    found = told(compare(old, whole_shape(made, ReportOptions())), "service")["payments"]
    assert (found.what, found.before, found.after) == ("changed", "strange", Verdict.OBSERVED)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("", (False, "picked")),
        ("blast 'unclosed", (False, "picked")),
        ("blast x --tier admitted", (False, "older")),
        ("blast x --tier observed --limit 3", (True, "observed")),
        ("blast x --offset 3", (True, "picked")),
        ("blast x --tier nonsense", (False, "picked")),
        ("blast x --tier", (False, "picked")),
    ],
)
def test_the_question_of_an_old_report_says_what_it_listed(question: str, expected: tuple[bool, str]) -> None:
    assert _listed(question) == expected
