from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from graphkit.model.answers import Assumption, Blast, Provenance
from graphkit.model.errors import UsageError
from graphkit.model.names import ServiceId
from graphkit.model.ranks import Tier
from graphkit.reports import names, report
from graphkit.reports.as_json import verification_json
from graphkit.reports.interface import ReportOptions
from graphkit.reports.provenance import Verification, read_stamp, stamp
from graphkit.reports.table import verification_table
from graphkit.reports.verification import recognised, verification
from tests.unit.reports import answers

FORMS = tuple(name for name in names() if name != "table")
VIEW = ReportOptions(tier=Tier.ADMITTED, limit=3, offset=1)


def checked(form: str, text: str, now: Blast, view: ReportOptions = VIEW) -> Verification:
    found, then = recognised(text, "report")
    assert found == form
    return verification(text, form, then, now, view)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("make", [answers.blast, answers.hostile])
def test_every_form_says_what_it_was_made_of(form: str, make: Callable[[], Blast]) -> None:
    found, made = recognised(report(form).render(make(), VIEW), "report")
    assert found == form
    asked = "blast litellm-2026-03 --tier admitted --limit 3 --offset 1"
    assert made.proofs_sha256
    assert replace(made, proofs_sha256="") == replace(make().provenance, question=asked)


@pytest.mark.parametrize("form", FORMS)
def test_the_same_answer_gives_the_same_report(form: str) -> None:
    text = report(form).render(answers.blast(), VIEW)
    found = checked(form, text, answers.blast())
    assert found.same
    assert found.verdict() == f"same: the graph gives this {form} report again"
    assert checked(form, text.replace("\r\n", "\n").replace("\n", "\r\n"), answers.blast()).same


@pytest.mark.parametrize("form", FORMS)
def test_another_answer_of_other_facts_says_so(form: str) -> None:
    found = checked(form, report(form).render(answers.blast(), VIEW), answers.later())
    assert not found.same
    assert found.verdict() == f"changed: the graph no longer gives this {form} report"
    assert found.reasons == (
        "the graph holds other facts: 14 inputs, aaaaaaaaaaaa; then 12 inputs, efefefefefef",
        "the proofs of what is cleared are others than then: other facts, words, assumptions or times",
    )
    assert found.changes
    assert all("\n" not in text and len(text) <= 400 for text in found.changes)


@pytest.mark.parametrize("form", FORMS)
def test_a_report_that_was_altered_is_told_from_one_that_is_old(form: str) -> None:
    text = report(form).render(answers.blast(), VIEW)
    altered = text.replace("payments", "paymentz")
    assert altered != text
    found = checked(form, altered, answers.blast())
    assert not found.same
    assert "altered after it was written" in found.verdict()


@pytest.mark.parametrize("form", FORMS)
def test_other_facts_that_change_nothing_leave_a_report_the_same(form: str) -> None:
    made = answers.blast()
    grown = replace(made, provenance=replace(made.provenance, inputs=13, facts_sha256="bb" * 32))
    found = checked(form, report(form).render(made, VIEW), grown)
    assert found.same
    assert found.verdict() == f"same: nothing that this {form} report says has changed, though what it rests on has"
    assert found.reasons[0].startswith("the graph holds other facts: 13 inputs, bbbbbbbbbbbb; then 12 inputs")


def other_proof(**changes: object) -> Blast:
    made = answers.blast()
    website = made.services[-1]
    proof = website.builds[0].clearance
    assert proof
    build = replace(website.builds[0], clearance=replace(proof, **changes))
    return replace(made, services=(*made.services[:-1], replace(website, builds=(build,))))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "changes",
    [
        {"assumes": (Assumption.LOCK,)},
        {"assumes": (Assumption.LOCK, Assumption.BUILD_ENV, Assumption.BASE)},
        {"proof": answers.clearance().proof},
        {"start": 1},
        {"incident": "another"},
    ],
)
def test_a_clearance_that_the_graph_does_not_give_any_more_is_a_change(form: str, changes: dict[str, object]) -> None:
    found = checked(form, report(form).render(answers.blast(), VIEW), other_proof(**changes))
    assert not found.same
    assert found.verdict() == f"changed: the graph no longer gives this {form} report"
    assert any("proofs of what is cleared" in text for text in found.reasons)


def test_a_changed_proof_is_told_with_its_service_and_what_is_new_in_it() -> None:
    text = report("json").render(answers.blast(), ReportOptions())
    proof = answers.clearance().proof
    facts = (replace(proof[0], text="litellm 1.82.8 alone"), *proof[1:])
    found = checked("json", text, other_proof(proof=facts), ReportOptions())
    assert "website is cleared by another proof: by fact, litellm 1.82.8 alone, and 1 more" in found.changes, (
        found.changes
    )
    grown = checked(
        "json", text, other_proof(assumes=(Assumption.LOCK, Assumption.BUILD_ENV, Assumption.BASE)), ReportOptions()
    )
    assert "website is cleared by another proof: assuming base images and CI actions bring none of it" in grown.changes


def test_a_strict_report_is_asked_again_strictly() -> None:
    view = ReportOptions(strict=True)
    text = report("openvex").render(answers.blast(), view)
    found, then = recognised(text, "report")
    assert (found, then.question) == ("openvex", "blast litellm-2026-03 --strict")
    assert checked("openvex", text, answers.blast(), view).same
    assert not checked("openvex", text, answers.blast(), ReportOptions()).same


def test_changes_of_json_are_those_of_a_comparison() -> None:
    found = checked("json", report("json").render(answers.blast(), ReportOptions()), answers.later(), ReportOptions())
    assert found.changes[0].startswith("1 release new, 1 service worse, 1 service new")
    assert "worse service billing: unknown → observed" in found.changes


def test_json_that_was_laid_out_anew_is_the_same_report() -> None:
    text = report("json").render(answers.blast(), ReportOptions())
    assert checked("json", json.dumps(json.loads(text)), answers.blast(), ReportOptions()).same


def test_json_that_lost_its_shape_is_one_line() -> None:
    shape = json.loads(report("json").render(answers.blast(), ReportOptions()))
    del shape["services"]
    found = checked("json", json.dumps(shape), answers.blast(), ReportOptions())
    assert len(found.changes) == 1
    assert "services" in found.changes[0]


def test_other_versions_are_reasons() -> None:
    made = answers.blast()
    then = replace(made.provenance, graphkit="0.0.9", packaging="25.0")
    old = report("csv").render(replace(made, provenance=then), ReportOptions())
    found = checked("csv", old, made, ReportOptions())
    assert found.same
    assert found.reasons == ("graphkit is 0.1.0; then 0.0.9", "packaging is 26.3; then 25.0")


@pytest.mark.parametrize("text", ["", "{}", "kind,name", "<html>", "# Status note: x", "flowchart LR\n%% x", "[]", "1"])
def test_a_file_that_is_no_report_names_those_that_are(text: str) -> None:
    with pytest.raises(UsageError, match="--format json, html, csv, markdown"):
        recognised(text, "notes.txt")


def test_a_table_cannot_be_verified() -> None:
    with pytest.raises(UsageError, match="is not a report that can be verified"):
        recognised(report("table").render(answers.blast(), ReportOptions()), "table.txt")


@pytest.mark.parametrize("value", ["null", "[]", "3", '{"made":"graphkit.made-of/1"}', '{"made":1}', "{" * 5_000])
def test_a_stamp_that_says_nothing_is_none(value: str) -> None:
    assert read_stamp(value) is None


def test_a_stamp_reads_back() -> None:
    made = Provenance(
        graphkit="0", packaging="1", question=f"blast {answers.SCRIPT} '{answers.BIDI}'", inputs=3, facts_sha256="ab"
    )
    assert read_stamp(stamp(made)) == made
    assert "\u202e" not in stamp(made)


def test_both_forms_of_the_outcome() -> None:
    found = checked("json", report("json").render(answers.blast(), ReportOptions()), answers.later(), ReportOptions())
    shape = json.loads(verification_json(found))
    assert (shape["schema"], shape["same"], shape["format"]) == ("graphkit.verify/1", False, "json")
    assert shape["then"]["facts_sha256"] == "ef" * 32
    text = verification_table(found)
    assert text.startswith("changed: the graph no longer gives this json report\n")
    assert max(map(len, text.splitlines())) <= 80


def test_a_report_of_which_only_the_order_changed_says_so() -> None:
    text = report("csv").render(answers.blast(), VIEW)
    head, first, second, *rest = text.splitlines(keepends=True)
    found = checked("csv", "".join((head, second, first, *rest)), answers.blast())
    assert not found.same
    assert found.changes == ("the same lines stand in another order",)


def test_a_report_whose_shape_is_broken_says_where() -> None:
    shape = json.loads(report("json").render(answers.blast(), VIEW))
    shape["services"] = "none"
    found = checked("json", json.dumps(shape), answers.blast())
    assert not found.same
    (line,) = found.changes
    assert "services" in line


def test_of_many_changes_the_first_are_told_and_the_rest_counted() -> None:
    text = report("json").render(answers.fleet(200), ReportOptions())
    made = answers.fleet(200)
    other = replace(
        made,
        services=tuple(
            replace(one, owner=f"{one.owner}x", service=ServiceId(f"{one.service}-b")) for one in made.services
        ),
    )
    found = checked("json", text, other, ReportOptions())
    assert len(found.changes) < 30
    assert found.changes[-1].endswith("more; graphkit blast --compare FILE lists them")
    assert all(len(line) <= 300 for line in found.changes)
