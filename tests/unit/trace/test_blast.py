"""The blast radius: cases joined to one answer, packages of several, what other readings change, and the summary."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from graphkit.model.answers import Assumption, Blast, ServiceVerdict
from graphkit.model.documents import Component, Document, DocumentKind
from graphkit.model.errors import UsageError
from graphkit.model.incidents import CompromisedRelease, Incident, Reading
from graphkit.model.names import company_id, package_name, service_id
from graphkit.model.organisation import Company, Organisation, Service
from graphkit.model.ranks import Tier, Verdict
from graphkit.model.times import rfc3339
from graphkit.stores.port import Fact
from graphkit.trace.blast import blast, install_trees
from graphkit.trace.case import Span
from graphkit.trace.case_answer import Question
from tests.cases.build import at, compromised, document, incident, manifest, organisation, package, page, service, use
from tests.property.memory import MemoryReader

STOOD = {"stands_from": "08:00", "read_at": "18:00"}
INDEX: Sequence[Fact] = (
    *package("bad", {"1": ("01:00", []), "2": ("11:00", [])}),
    *package("evil", {"1": ("01:00", []), "2": ("15:00", [])}),
    *package("app", {"1": ("01:00", ["bad"])}),
    *package("both", {"1": ("01:00", ["bad", "evil"])}),
    *package("older", {"1": ("01:00", ["evil"]), "2": ("02:00", [])}),
)
FIRST = replace(incident(compromised("bad", "2", "11:00"), until="13:00"), id="first", title="First")
SECOND = replace(incident(compromised("evil", "2", "15:00"), until="17:00"), id="second", title="Second", actor="them")
HERE, THERE = manifest("requirements.txt", "app"), manifest("other.txt", "both")


def told(*documents: Document, **more: Any) -> Organisation:
    uses = tuple(use("shop", one, **STOOD) for one in documents)
    return organisation(**{"services": (Service(id=service_id("shop")),), "uses": uses, **more})


def ask(*facts: Fact, targets: Sequence[str] = ("first",), **more: Any) -> Blast:
    return blast(MemoryReader(facts), Question(targets=tuple(targets), **more))


def two(*facts: Fact, **more: Any) -> Blast:
    return ask(*INDEX, FIRST, SECOND, *facts, targets=["first", "second"], **more)


# One answer of several cases


def test_each_incident_has_its_own_window_and_slots_in_one_answer() -> None:
    found = two(told())
    assert [(one.start, one.until, one.incident) for one in found.windows] == [
        (at("11:00"), at("13:00"), "first"),
        (at("15:00"), at("17:00"), "second"),
    ]
    assert (found.window.start, found.window.until, found.window.reading) == (at("11:00"), at("17:00"), "operator")
    assert [one.incident for one in found.slots] == ["first", "second"]
    assert (found.incident.id, found.incident.title, found.incident.actor) == ("first second", "First; Second", "them")
    assert [one.release.purl for one in found.incident.releases] == ["pkg:pypi/bad@2", "pkg:pypi/evil@2"]


def test_the_reading_of_several_windows_is_told_where_it_is_one() -> None:
    other = replace(SECOND, readings=(replace(SECOND.readings[0], id="press"),))
    found = ask(*INDEX, FIRST, other, told(), targets=["first", "second"])
    assert [one.reading for one in found.windows] == ["operator", "press"]
    assert found.window.reading == ""


def test_a_service_takes_the_worst_of_the_incidents() -> None:
    found = service(two(HERE, told(HERE)), "shop")
    assert dict(found.incidents) == {"first": Verdict.PICKED, "second": Verdict.CLEARED}
    assert (found.verdict, found.slots) == (Verdict.PICKED, (0,))
    both = service(two(THERE, told(THERE)), "shop")
    assert (both.verdict, both.slots) == (Verdict.PICKED, (0, 1))


def test_a_package_of_several_incidents_has_one_row_with_the_slots_of_all() -> None:
    rows = {row.package: row for row in two(told()).packages}
    assert (rows["both"].tier, rows["both"].slots) == (Tier.PICKED, (0, 1))
    assert [(take.slot, take.release) for take in rows["both"].takes] == [(0, "bad@2"), (1, "evil@2")]
    assert (rows["app"].slots, rows["older"].tier) == ((0,), None)
    assert rows["older"].older_tier is not None


def test_a_question_about_several_is_the_union_of_the_questions_about_each() -> None:
    facts = [*INDEX, FIRST, SECOND, HERE, THERE, told(HERE, THERE)]
    alone = [ask(*facts, targets=[name]) for name in ("first", "second")]
    together = ask(*facts, targets=["second", "first"])
    tiers = [{row.package: row.tier for row in one.packages if row.tier} for one in alone]
    assert {row.package: row.tier for row in together.packages if row.tier} == tiers[0] | tiers[1]
    worst = min((service(one, "shop").verdict for one in alone), key=lambda verdict: verdict.rank)
    assert service(together, "shop").verdict is worst


def test_a_weaker_hit_of_one_incident_takes_nothing_from_a_stronger_one_of_another() -> None:
    facts = [
        *package("mix", {"1": ("01:00", ["bad", "wrap"])}),
        *package("wrap", {"1": ("01:00", ["evil"]), "2": ("02:00", [])}),
    ]
    row = next(row for row in two(told(), *facts).packages if row.package == "mix")
    assert (row.tier, row.slots, row.distance) == (Tier.PICKED, (0, 1), 1)


def test_what_each_case_notes_is_said_once() -> None:
    found = two(told())
    builds = [note for note in found.notes if note.startswith("build requirements")]
    assert len(builds) == 1
    assert len(found.notes) == len(set(found.notes))


def test_a_withdrawn_record_is_told() -> None:
    withdrawn = replace(FIRST, withdrawn=True, advisory=True)
    found = ask(*INDEX, withdrawn, told())
    assert found.incident.withdrawn == ("first",)
    assert found.notes[0] == "first was withdrawn by those who published it"


# Bare releases


def test_bare_releases_share_a_window_that_is_given_and_have_their_own_else() -> None:
    span = Span(start=at("10:00"), until=at("16:00"))
    given = ask(*INDEX, told(), targets=["bad==2", "evil==2"], span=span)
    assert (len(given.windows), given.incident.id) == (1, "pkg:pypi/bad@2 pkg:pypi/evil@2")
    moment = ask(*INDEX, told(), targets=["bad==2", "evil==2"], span=Span(at=at("12:00")))
    assert len(moment.windows) == 1
    own = ask(*INDEX, told(), targets=["bad==2", "evil==2"], span=Span(start=at("10:00")))
    assert len(own.windows) == 2


def test_a_release_that_nothing_knows_is_told() -> None:
    found = ask(*INDEX, told(), targets=["oldex==1"], span=Span(at=at("12:00")))
    assert found.unknown == ("nothing is known of `oldex`; did you mean `older`?",)
    assert found.notes[0] == found.unknown[0]


@pytest.mark.parametrize("target", ["bad==9", "bad==1"])
def test_a_release_of_a_package_that_the_index_has_is_known(target: str) -> None:
    assert ask(*INDEX, told(), targets=[target], span=Span(at=at("12:00"))).unknown == ()


def test_a_release_that_documents_alone_name_is_known() -> None:
    lock = document("uv.lock", DocumentKind.LOCK, ["quux==1"])
    row = Component(ref="n", name="left", purl="pkg:npm/left@1", version="1")
    sbom = replace(document("sbom.json", DocumentKind.SBOM), components=(row,))
    span = Span(at=at("12:00"))
    for target in ("quux==1", "pkg:npm/left@1"):
        assert ask(lock, sbom, told(lock, sbom), targets=[target], span=span).unknown == ()
    found = ask(lock, sbom, told(lock, sbom), targets=["pkg:npm/right@1"], span=span)
    assert found.unknown == ("nothing is known of `pkg:npm/right`",)


def listed(*rows: str) -> Document:
    return document("uv.lock", DocumentKind.LOCK, rows)


ODD = replace(incident(compromised("odd", "final-1", "11:00"), until="13:00"), id="first")
"""What accuses a version that is not PEP 440."""
OPEN: list[tuple[str, Document, list[Fact], bool]] = [
    ("nothing has it", listed("ok==1"), [], True),
    ("a row has another one", listed("odd==1.0"), [], True),
    ("a page has others", listed("odd==1.0"), [page("odd", {"1.0": "01:00"})], True),
    ("a page has it", listed("odd==1.0"), [page("odd", {"1.0": "01:00", "final-1": "11:00"})], False),
    (
        "an older page had it",
        listed("odd==1.0"),
        [
            replace(page("odd", {"1.0": "01:00", "final-1": "11:00"}), read_at=at("12:00")),
            page("odd", {"1.0": "01:00"}),
        ],
        False,
    ),
]


@pytest.mark.parametrize(("why", "lock", "facts", "is_open"), OPEN, ids=[why for why, *_ in OPEN])
def test_a_version_that_only_its_accusation_names_and_that_is_not_pep_440_leaves_its_package_open(
    why: str, lock: Document, facts: list[Fact], *, is_open: bool
) -> None:
    found = service(ask(ODD, lock, *facts, told(lock)), "shop")
    assert found.verdict is (Verdict.UNKNOWN if is_open else Verdict.CLEARED), why
    named = replace(ODD, releases=(compromised("odd", "final-1", "11:00", "a" * 64),))
    assert service(ask(named, lock, *facts, told(lock)), "shop").verdict is found.verdict


def test_a_row_has_such_a_version_and_is_observed() -> None:
    lock = listed("odd==final-1")
    assert service(ask(ODD, lock, told(lock)), "shop").verdict is Verdict.OBSERVED


def test_what_makes_no_sense_is_refused() -> None:
    for targets, more in ((["nothing at all"], {}), (["first"], {"reading": "press"})):
        with pytest.raises(UsageError):
            ask(*INDEX, FIRST, told(), targets=targets, **more)


# What was known


@pytest.mark.parametrize(
    ("facts", "is_read"),
    [
        (INDEX, True),
        ([page("evil", {"1": "01:00"})], False),
        ([replace(page("bad", {}), found=False)], False),
        ([], False),
    ],
)
def test_whether_a_page_of_what_leads_to_it_was_read(facts: Sequence[Fact], *, is_read: bool) -> None:
    assert ask(*facts, FIRST, told()).is_index_read is is_read


def test_a_release_that_the_index_no_longer_lists_is_a_ghost() -> None:
    gone = package("bad", {"1": ("01:00", [])})
    (accused,) = ask(*gone, FIRST, told()).incident.releases
    assert accused.ghost
    (there,) = ask(*INDEX, FIRST, told()).incident.releases
    assert not there.ghost
    npm = CompromisedRelease(purl="pkg:npm/left@1", package=None, version="1", listed_from=at("11:00"))
    (elsewhere,) = ask(incident(npm, until="13:00"), told(), targets=["case-1"]).incident.releases
    assert not elsewhere.ghost


def test_the_answer_says_what_was_asked() -> None:
    question = Question(targets=("first",), resolver="pip", builds_complete=True)
    found = blast(MemoryReader([*INDEX, FIRST, told()]), question)
    assert (found.provenance.question, found.resolver) == (str(question), "pip")
    assert found.provenance.inputs == 1


# Summary


def test_the_summary_counts_services_packages_and_releases() -> None:
    services = tuple(Service(id=service_id(name)) for name in ("shop", "till", "bare"))
    uses = (use("shop", HERE, **STOOD), use("till", manifest("x.txt", "bad<2"), **STOOD))
    barred = manifest("x.txt", "bad<2")
    found = ask(*INDEX, FIRST, HERE, barred, organisation(services=services, uses=uses))
    counted = {name: count for name, count in found.summary.services if count}
    assert counted == {"picked": 1, "cleared": 1, "unknown": 1}
    assert sum(count for _, count in found.summary.services) == len(list(found.services)) == 3
    assert dict(found.summary.packages) == {"picked": 2, "nominated": 0, "admitted": 0}
    assert found.summary.releases == 2
    assert found.summary.external_services == ()


def test_an_extra_whose_package_has_a_row_counts_no_release_of_its_own() -> None:
    facts = [
        *package("tool", {"1": ("01:00", ["bad ; extra == 'x'"])}),
        *package("mid", {"1": ("01:00", ["bad<2 ; extra == 'x'", "older"]), "2": ("02:00", ["bad ; extra == 'x'"])}),
        *package("old", {"1": ("01:00", ["bad"]), "2": ("02:00", ["bad ; extra == 'x'"])}),
    ]
    found = ask(*INDEX, *facts, FIRST, told())
    rows = {row.package: row.releases for row in found.packages}
    assert {"old", "old[x]", "tool[x]", "mid[x]"} <= rows.keys()
    alone = sum(count for name, count in rows.items() if name != "old[x]")
    assert found.summary.releases == alone


def test_services_of_others_are_counted_apart() -> None:
    theirs = company_id("them")
    services = (Service(id=service_id("shop")), Service(id=service_id("till"), company=theirs))
    companies = (Company(id=theirs, name="Them", is_external=True),)
    uses = (use("shop", HERE, **STOOD), use("till", HERE, **STOOD))
    found = ask(*INDEX, FIRST, HERE, organisation(services=services, companies=companies, uses=uses))
    assert found.external == {"till"}
    assert {name: count for name, count in found.summary.external_services if count} == {"picked": 1}
    assert {name: count for name, count in found.summary.services if count} == {"picked": 2}


# Other readings


def disputed(start: str, until: str) -> Incident:
    press = Reading(id="press", start=at(start), until=at(until))
    return replace(FIRST, readings=(*FIRST.readings, press))


def readings(record: Incident, *facts: Fact, **more: Any) -> list[str]:
    found = ask(*INDEX, record, *facts, **more)
    return [note for note in found.notes if "with the times of" in note or "other readings" in note]


def test_readings_that_change_no_verdict_are_named_together() -> None:
    one = disputed("11:00", "12:00")
    more = replace(one, readings=(*one.readings, Reading(id="vendor", start=at("11:00"), until=at("12:30"))))
    assert readings(more, told()) == ["no verdict changes with the times of press, vendor"]
    assert readings(FIRST, told()) == []


def test_a_reading_that_changes_a_verdict_is_told_with_what_it_changes() -> None:
    barred = manifest("requirements.txt", "evil")
    hidden = replace(disputed("11:00", "13:00"), releases=(compromised("evil", "2", None),))
    early, press = hidden.readings
    record = replace(hidden, readings=(replace(early, start=at("11:00")), replace(press, until=at("16:00"))))
    found = ask(*INDEX, record, barred, told(barred))
    (note,) = [one for one in found.notes if "with the times of" in one]
    assert note.startswith(
        f"with the times of press ({rfc3339(at('11:00'))} to {rfc3339(at('16:00'))}) other verdicts result: "
    )
    ours = service(found, "shop")
    assert f"shop {ours.verdict} → picked" in note
    assert "both not reached → picked" in note


def test_a_clearance_that_another_reading_would_take_away_rests_on_the_times() -> None:
    before, after = manifest("a.txt", "bad<2"), manifest("a.txt", "app")
    uses = (
        use("shop", before, stands_from="01:00", stands_until="13:00"),
        use("shop", after, stands_from="13:00", read_at="18:00"),
    )
    words = organisation(services=(Service(id=service_id("shop")),), uses=uses)
    record = disputed("11:00", "15:00")

    def judged(**more: Any) -> ServiceVerdict:
        return service(ask(*INDEX, record, before, after, words, **more), "shop")

    ours, asked = judged(), judged(reading="operator")
    assert (ours.verdict, asked.verdict) == (Verdict.CLEARED, Verdict.CLEARED)
    assert Assumption.TIMES in ours.assumes
    assert Assumption.TIMES not in asked.assumes  # the times are the word of who asks
    assert judged(reading="press").verdict is Verdict.PICKED


def test_a_run_that_was_stopped_compares_no_readings_and_rests_on_the_times() -> None:
    clean = document("uv.lock", DocumentKind.LOCK, ["evil==1"])

    def stopping(work: Any, over: Sequence[Any]) -> Iterator[Any]:
        yield work(over[0])
        raise KeyboardInterrupt

    facts = [*INDEX, clean, told(clean)]
    question = Question(targets=("first",))
    found = blast(MemoryReader([*facts, disputed("11:00", "15:00")]), question, spread=stopping)
    assert found.is_partial
    assert "other readings of the times were not compared with this one, because the run was stopped" in found.notes
    assert Assumption.TIMES in service(found, "shop").assumes
    alone = blast(MemoryReader([*facts, FIRST]), question, spread=stopping)
    assert alone.is_partial
    assert Assumption.TIMES not in service(alone, "shop").assumes


# Laws


def test_the_order_of_facts_changes_no_answer() -> None:
    facts = [*INDEX, FIRST, SECOND, HERE, THERE, told(HERE, THERE)]
    first = ask(*facts, targets=["first", "second"])
    turned = ask(*facts[::-1], targets=["first", "second"])
    assert first.packages == turned.packages
    assert list(first.services) == list(turned.services)
    assert (first.summary, first.notes, first.slots) == (turned.summary, turned.notes, turned.slots)


def test_what_has_nothing_to_do_with_it_changes_no_answer() -> None:
    unrelated = package("unrelated", {"1": ("01:00", []), "2": ("12:00", [])})
    first = ask(*INDEX, FIRST, HERE, told(HERE))
    more = ask(*INDEX, *unrelated, FIRST, HERE, told(HERE))
    assert (first.packages, first.slots, first.notes) == (more.packages, more.slots, more.notes)
    assert list(first.services) == list(more.services)


# Trees


def test_trees_are_told_for_each_incident() -> None:
    reader = MemoryReader([*INDEX, FIRST, SECOND, THERE, told(THERE)])
    trees = install_trees(reader, Question(targets=("first", "second")), service_id("shop"))
    assert [(tree.incident, tree.at) for tree in trees] == [("first", at("11:00")), ("second", at("15:00"))]
    assert install_trees(reader, Question(targets=("first",)), service_id("nobody")) == ()
    assert package_name("both") in {one.package for one in trees[0].releases}
