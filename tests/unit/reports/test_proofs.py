"""How what clears a service is shown: proofs and assumptions in every report, several incidents, what was not read."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from msgspec.structs import replace

from graphkit.model.answers import Assumption, Blast, Obligation, ProofKind, ServiceVerdict
from graphkit.model.ranks import Tier, Verdict
from graphkit.model.times import Moment, instant, moment
from graphkit.reports import names, report
from graphkit.reports.as_json import whole_shape, why_json
from graphkit.reports.comparison import compare
from graphkit.reports.interface import ReportOptions
from graphkit.reports.table import why_table
from graphkit.reports.wording import (
    ASSUMED,
    OBLIGED,
    PROVEN,
    REPLACED,
    clearance_in_words,
    clock,
    headline,
    notices,
    refused,
    span,
)
from tests.unit.reports import answers

FORMS = names()
WORDS = "assuming installs keep to the lock, and build requirements that were not read are the usual ones"


def plain(text: str) -> str:
    """Return a report's text without wrapping, escapes and character codes."""
    text = re.sub(r"#(\d+);", lambda code: chr(int(code[1])), text)
    return re.sub(r"\s+", " ", text)


def decoded(name: str, answer: Blast, view: ReportOptions | None = None) -> dict[str, Any]:
    found = json.loads(report(name).render(answer, view or ReportOptions()))
    assert isinstance(found, dict)
    return found


def with_website(**changes: object) -> Blast:
    made = answers.blast()
    return replace(made, services=(*made.services[:-1], replace(made.services[-1], **changes)))


def test_every_assumption_and_obligation_has_its_words() -> None:
    assert set(ASSUMED) == set(REPLACED) == set(Assumption)
    assert set(OBLIGED) == set(Obligation)
    assert set(PROVEN) == set(ProofKind)


class TestTheLine:
    def test_it_names_every_assumption_in_order(self) -> None:
        proof = answers.clearance(Assumption.LOCK, Assumption.TIMES, Assumption.CACHES)
        one = answers.service("web", Verdict.CLEARED, proof)
        assert clearance_in_words(one) == (
            "cleared, assuming installs keep to the lock, the times are as best supported, "
            "and no cache brought a removed file"
        )

    def test_without_assumptions_it_says_so(self) -> None:
        assert clearance_in_words(answers.service("web", Verdict.CLEARED)) == "cleared, assuming nothing"

    def test_it_says_where_it_rests_on_the_word_of_the_organisation(self) -> None:
        proof = answers.clearance(words=(Obligation.COMPLETE,))
        one = answers.service("web", Verdict.CLEARED, proof)
        assert clearance_in_words(one) == "cleared, by the organisation's word, assuming nothing"

    def test_only_what_is_cleared_has_one(self) -> None:
        for verdict in set(Verdict) - {Verdict.CLEARED}:
            assert clearance_in_words(answers.service("web", verdict)) == ""

    def test_a_service_that_is_cleared_without_a_proof_is_not_called_assumption_free(self) -> None:
        one = answers.service("web", Verdict.CLEARED, builds=())
        assert clearance_in_words(one) == "cleared, but this report has no proof of it"

    @pytest.mark.parametrize("form", [form for form in FORMS if form != "mermaid"])
    def test_every_report_has_it(self, form: str) -> None:
        assert WORDS in plain(report(form).render(answers.blast(), ReportOptions(long=True))) or form == "json"

    def test_a_chart_names_assumptions_where_their_words_are_too_long(self) -> None:
        assert "website<br/>cleared, assuming lock, build-env" in plain(
            report("mermaid").render(answers.blast(), ReportOptions())
        )
        short = answers.service("website", Verdict.CLEARED, answers.clearance(Assumption.LOCK))
        chart = report("mermaid").render(replace(answers.blast(), services=(short,)), ReportOptions())
        assert "website<br/>cleared, assuming installs keep to the lock" in plain(chart)

    @pytest.mark.parametrize("form", FORMS)
    def test_all_assumptions_at_once_fit_everywhere(self, form: str) -> None:
        full = tuple(answers.service(f"web-{n}", Verdict.CLEARED, answers.clearance(*Assumption)) for n in range(300))
        text = report(form).render(replace(answers.blast(), services=full), ReportOptions())
        assert form != "mermaid" or len(text) < 50_000


class TestStrict:
    def test_it_counts_what_is_cleared_only_by_assumptions(self) -> None:
        made = answers.blast()
        assert refused(made) == "--strict: 1 service is cleared only by assumptions"
        twice = replace(made, services=(*made.services, made.services[-1]))
        assert refused(twice) == "--strict: 2 services are cleared only by assumptions"

    def test_a_proof_without_assumptions_stands(self) -> None:
        assert refused(with_website(builds=answers.service("w", Verdict.CLEARED).builds)) == ""

    def test_a_missing_proof_does_not_stand(self) -> None:
        assert refused(with_website(builds=())) != ""

    @pytest.mark.parametrize("form", [form for form in FORMS if form not in {"openvex", "cyclonedx-vex"}])
    def test_reports_say_it_only_where_it_was_asked_for(self, form: str) -> None:
        line = "strict: 1 service is cleared only by assumptions"
        assert line in plain(report(form).render(answers.blast(), ReportOptions(strict=True)))
        assert line not in plain(report(form).render(answers.blast(), ReportOptions()))

    def test_it_is_not_a_change_of_the_answer(self) -> None:
        old = decoded("json", answers.blast(), ReportOptions(strict=True))
        assert compare(old, whole_shape(answers.blast(), ReportOptions())).changes == ()


class TestVex:
    def told(self, answer: Blast, *, strict: bool = False) -> tuple[tuple[str, str], tuple[str, str]]:
        """Return status and text of the last service, in both forms."""
        view = ReportOptions(strict=strict)
        one = decoded("openvex", answer, view)["statements"][-1]
        other = decoded("cyclonedx-vex", answer, view)["vulnerabilities"][-1]["analysis"]
        said = one.get("impact_statement") or one["status_notes"]
        return (one["status"], said), (other["state"], other["detail"])

    def test_the_proof_stands_in_one_line(self) -> None:
        for status, text in self.told(answers.blast()):
            assert status == "not_affected"
            assert "\n" not in text
            assert text.startswith("cleared: its lock lists litellm 1.82.6; proof by listing; assuming installs keep")
            assert "by the organisation's word: (g) the organisation says so of (g)" in text
            assert "by fact: (a) litellm 1.82.7 and 1.82.8, named by version; (b) " in text

    def test_refused_assumptions_are_under_investigation_with_what_replaces_them(self) -> None:
        for status, text in self.told(answers.blast(), strict=True):
            assert status in {"under_investigation", "in_triage"}
            assert text.startswith("assumptions were refused (--strict): cleared: ")
        one = decoded("openvex", answers.blast(), ReportOptions(strict=True))["statements"][-1]
        assert (
            "lock: an install command in the repository that uses the lock, or `lock: enforced`" in one["status_notes"]
        )

    def test_strict_leaves_a_proof_without_assumptions(self) -> None:
        sure = with_website(builds=answers.service("w", Verdict.CLEARED).builds)
        assert [status for status, _ in self.told(sure, strict=True)] == ["not_affected", "not_affected"]

    def test_without_a_proof_nothing_is_said_to_be_unaffected(self) -> None:
        for status, _ in self.told(with_website(builds=())):
            assert status in {"under_investigation", "in_triage"}

    def test_a_long_proof_is_not_cut(self) -> None:
        proof = answers.clearance(*Assumption)
        long = replace(proof, proof=(*proof.proof[:-1], replace(proof.proof[-1], text="x" * 5_000)))
        for _, text in self.told(with_website(builds=answers.service("w", Verdict.CLEARED, long).builds)):
            assert "x" * 5_000 in text


class TestJson:
    def test_a_clearance_has_the_shape_of_the_contract(self) -> None:
        found = decoded("json", answers.blast())["services"][-1]["builds"][0]["clearance"]
        assert set(found) == {"kind", "incident", "from", "until", "facts", "words", "assumes"}
        assert (found["kind"], found["incident"]) == ("listing", "litellm-2026-03")
        assert (found["from"], found["until"]) == ("2026-03-24T10:39:00Z", "2026-03-24T13:11:00Z")
        assert found["assumes"] == ["lock", "build-env"]
        assert found["words"] == ["the organisation says so of (g)"]

    def test_what_is_not_cleared_has_none(self) -> None:
        for service in decoded("json", answers.blast())["services"][:-1]:
            assert [build["clearance"] for build in service["builds"]] == [None] * len(service["builds"])

    def test_several_incidents_have_their_own_windows_slots_and_verdicts(self) -> None:
        found = decoded("json", answers.several())
        assert found["window"] == {"from": "2026-03-24T10:39:00Z", "until": "2026-03-27T20:30:00Z", "reading": ""}
        assert [(one["incident"], one["reading"]) for one in found["windows"]] == [
            ("litellm-2026-03", "operator"),
            ("telnyx-2026-03", "vendor"),
        ]
        assert [one["incident"] for one in found["slots"]] == ["litellm-2026-03"] * 3 + ["telnyx-2026-03"]
        website = found["services"][3]
        assert website["incidents"] == [
            {"incident": "litellm-2026-03", "verdict": "cleared"},
            {"incident": "telnyx-2026-03", "verdict": "unknown"},
        ]
        assert website["near"] == "not_picked"
        assert found["services"][0]["near"] is None
        assert [build["incident"] for build in website["builds"]] == ["litellm-2026-03", "telnyx-2026-03"]

    def test_the_window_has_no_reading_where_incidents_differ_in_it(self) -> None:
        made = answers.several()
        told = replace(made, window=replace(made.window, reading="operator"))
        assert decoded("json", told)["window"]["reading"] == ""

    def test_an_answer_without_a_list_of_windows_has_the_one(self) -> None:
        found = decoded("json", replace(answers.blast(), windows=()))
        assert [one["incident"] for one in found["windows"]] == ["litellm-2026-03"]

    def test_times_of_builds_are_as_they_were_written(self) -> None:
        found = decoded("json", answers.several())["services"][3]["builds"]
        assert [build["at"] for build in found] == [None, "2026-03-27"]

    def test_why_has_the_windows_too(self) -> None:
        assert len(json.loads(why_json(answers.why()))["windows"]) == 1


class TestWhyClearance:
    def test_each_obligation_stands_with_its_letter_and_its_fact_or_word(self) -> None:
        text = plain(why_table(answers.cleared(), clearance=True))
        assert "proof by walk: what could be installed is known" in text
        assert "(l) no allowed choice of releases reaches the accused one fact: no choice of 161 packages" in text
        assert "(k) every input that was in place then was looked at word: the organisation says so of (k)" in text
        for code in Assumption:
            assert f"{code}: {ASSUMED[code]} replaced by {REPLACED[code]}" in text
        assert "(o) what binds every install admits no accused release" in text
        assert "assuming nothing" in text

    def test_what_is_not_cleared_has_what_settles_it(self) -> None:
        assert "open: an SBOM of the build of 2026-03-24 would settle it" in plain(
            why_table(answers.cleared(), clearance=True)
        )

    @pytest.mark.parametrize("width", [40, 80, 120])
    def test_it_fits(self, width: int) -> None:
        assert max(map(len, why_table(answers.cleared(), clearance=True, width=width).splitlines())) <= width

    def test_in_json_proofs_have_words(self) -> None:
        assert "proofs" not in json.loads(why_json(answers.cleared()))
        found = json.loads(why_json(answers.cleared(), clearance=True))["proofs"]
        assert [(one["verdict"], one["open"] is None) for one in found] == [
            ("unknown", False),
            ("cleared", True),
            ("cleared", True),
        ]
        assert found[0]["clearance"] is None
        walk = found[1]["clearance"]
        assert walk["assumes"][1] == {
            "code": "lock",
            "text": "installs keep to the lock",
            "replaced_by": REPLACED[Assumption.LOCK],
        }
        assert walk["proof"][0]["asks"] == OBLIGED[Obligation.ACCUSATION]
        assert walk["shows"] == PROVEN[ProofKind.WALK]


class TestWhatWasNotLookedAt:
    def test_the_headline_does_not_say_that_no_install_takes_it(self) -> None:
        said = headline(answers.not_looked_at())
        assert "fresh installs: not checked" in said
        assert "No fresh install" not in said
        assert "No fresh install of a public package took it." in headline(
            replace(answers.not_looked_at(), is_index_read=True)
        )

    def test_no_window_of_a_microsecond_is_shown(self) -> None:
        made = answers.not_looked_at()
        assert span(made.window) == "no time is known"
        assert "; no time is known." in headline(made)
        assert decoded("json", made)["window"] == {"from": None, "until": None, "reading": ""}

    def test_a_question_about_one_instant_names_it_once(self) -> None:
        at = instant("2026-03-24T12:00Z")
        made = answers.blast()
        window = replace(made.windows[0], start=at, until=at + 1)
        asked = replace(made, window=window, windows=(window,))
        assert "; window 2026-03-24 12:00 UTC (times as given by the index operators)." in headline(asked)

    @pytest.mark.parametrize("form", FORMS)
    def test_no_report_shows_the_ends_of_a_window_that_is_not_known(self, form: str) -> None:
        assert "00.000001" not in report(form).render(answers.not_looked_at(), ReportOptions())
        assert "1970-01-01" not in report(form).render(answers.not_looked_at(), ReportOptions()) or "vex" in form

    @pytest.mark.parametrize("form", FORMS)
    def test_every_report_says_which_records_are_withdrawn(self, form: str) -> None:
        text = report(form).render(answers.not_looked_at(), ReportOptions())
        assert "GHSA-2" in plain(text)
        assert "PYSEC-1" in plain(text)
        assert "withdrawn" in text

    @pytest.mark.parametrize("form", [form for form in FORMS if form != "json"])
    def test_every_report_says_that_installs_were_not_checked(self, form: str) -> None:
        assert "fresh installs: not checked" in plain(report(form).render(answers.not_looked_at(), ReportOptions()))
        assert decoded("json", answers.not_looked_at())["fresh_installs"] == "not_checked"

    def test_there_is_nothing_to_notice_where_all_was_read(self) -> None:
        assert notices(answers.blast()) == ()


class TestComparison:
    def changed(self, old: ServiceVerdict, new: ServiceVerdict) -> tuple[str, ...]:
        made = answers.blast()
        shapes = [whole_shape(replace(made, services=(one,)), ReportOptions()) for one in (old, new)]
        found = [one for one in compare(*shapes).changes if one.kind == "service"]
        assert all((one.what, one.before, one.after) == ("changed", "cleared", "cleared") for one in found)
        return found[0].details if found else ()

    def cleared(self, *assumes: Assumption) -> ServiceVerdict:
        return answers.service("web", Verdict.CLEARED, answers.clearance(*assumes))

    def test_more_assumptions_are_a_change(self) -> None:
        one, more = self.cleared(Assumption.LOCK), self.cleared(Assumption.LOCK, Assumption.BASE)
        assert self.changed(one, more) == ("cleared, assuming more: base images and CI actions bring none of it",)
        assert self.changed(more, one) == ("cleared, assuming no longer: base images and CI actions bring none of it",)
        assert self.changed(one, one) == ()

    def test_an_incident_with_another_verdict_is_a_change(self) -> None:
        made = answers.several()
        old = made.services[3]
        new = replace(old, incidents=(old.incidents[0], (old.incidents[1][0], Verdict.CLEARED)))
        shapes = [whole_shape(replace(made, services=(one,)), ReportOptions()) for one in (old, new)]
        (found,) = [one for one in compare(*shapes).changes if one.kind == "service"]
        assert found.details == ("for telnyx-2026-03: unknown → cleared",)

    def test_an_incident_with_another_window_is_a_remark(self) -> None:
        made = answers.several()
        moved = replace(made.windows[1], reading="press")
        shapes = [whole_shape(one, ReportOptions()) for one in (made, replace(made, windows=(made.windows[0], moved)))]
        assert "reading of telnyx-2026-03: press; before: vendor" in compare(*shapes).remarks

    def test_a_record_that_was_withdrawn_since_is_a_remark(self) -> None:
        made = answers.blast()
        gone = replace(made, incident=replace(made.incident, withdrawn=("GHSA-2",)))
        found = compare(whole_shape(made, ReportOptions()), whole_shape(gone, ReportOptions()))
        assert "withdrawn records: GHSA-2; before: none" in found.remarks


@pytest.mark.parametrize("form", FORMS)
def test_several_incidents_are_told_apart(form: str) -> None:
    text = plain(report(form).render(answers.several(), ReportOptions(tier=Tier.ADMITTED)))
    if "vex" not in form:
        assert "telnyx-2026-03" in text
    assert report(form).render(answers.several(), ReportOptions()).endswith("\n")


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (moment("2026-03-24"), "2026-03-24 in an unknown zone"),
        (moment("2026-03-24T10:39"), "2026-03-24 10:39:00 in an unknown zone"),
        (moment("2026-03-24T10:39Z"), "2026-03-24 10:39 UTC"),
        (
            Moment(earliest=instant("2026-03-24T10:39Z"), latest=instant("2026-03-24T12:00Z")),
            "2026-03-24 10:39 to 12:00 UTC",
        ),
    ],
)
def test_a_time_is_shown_as_it_was_written(at: Moment, said: str) -> None:
    assert clock(at) == said
