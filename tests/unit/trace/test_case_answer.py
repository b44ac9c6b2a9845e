"""A case under one reading: the question as a command, its window and slots, and where each service is judged."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from graphkit.model.answers import Obligation
from graphkit.model.documents import DocumentKind
from graphkit.model.environment import Environment
from graphkit.model.errors import UsageError
from graphkit.model.incidents import CompromisedRelease, Incident, Reading
from graphkit.model.index import Hidden
from graphkit.model.names import company_id, package_name, service_id
from graphkit.model.organisation import Company, Organisation, Service
from graphkit.model.ranks import Verdict
from graphkit.model.times import Instant
from graphkit.stores.engine.organisation import joined
from graphkit.stores.port import Fact
from graphkit.trace.case import Span, under
from graphkit.trace.case_answer import CaseAnswer, Question, answer, trees_in, worlds_of
from graphkit.trace.evidence.documents import CaseDocuments
from graphkit.trace.verdicts.packages import Effort
from tests.cases.build import LATER, at, compromised, document, incident, manifest, organisation, package, page, use
from tests.property.asking import cases_of, view_of
from tests.property.memory import MemoryReader

BAD: Sequence[Fact] = tuple(package("bad", {"1": ("01:00", []), "2": ("11:00", [])}))
ACCUSED = compromised("bad", "2", "11:00")
RECORD = incident(ACCUSED, until="13:00")
WINDOWS = Environment(platform="windows", machine="AMD64")
HERE = manifest("requirements.txt", "app")
STOOD = {"stands_from": "08:00", "read_at": "18:00"}


def view(*facts: Fact, record: Incident = RECORD, span: Span | None = None, **more: Any) -> CaseAnswer:
    reader = MemoryReader([record, *facts])
    (case,) = cases_of(reader, [record.id])
    return view_of(reader, case, Question(targets=(record.id,), span=span or Span(), **more))


# The question as a command


COMMANDS: list[tuple[dict[str, Any], str]] = [
    ({}, "blast bad==2"),
    ({"targets": ("a b", "it's")}, "blast 'a b' 'it'\"'\"'s'"),
    ({"span": Span(at=at("12:00"))}, "blast bad==2 --at 2026-03-24T12:00:00Z"),
    (
        {"span": Span(start=at("10:00"), until=at("12:00"))},
        "blast bad==2 --from 2026-03-24T10:00:00Z --until 2026-03-24T12:00:00Z",
    ),
    ({"reading": "press"}, "blast bad==2 --reading press"),
    ({"environment": Environment(python="3.9")}, "blast bad==2 --python 3.9"),
    ({"environment": WINDOWS}, "blast bad==2 --platform windows-AMD64"),
    ({"environment": Environment(platform="macos")}, "blast bad==2 --platform macos"),
    ({"environment": Environment(machine="aarch64")}, "blast bad==2 --platform linux-aarch64"),
    ({"resolver": "pip"}, "blast bad==2 --resolver pip"),
    ({"builds_complete": True, "effort": Effort(most=None)}, "blast bad==2 --builds-complete --confirm all"),
]


@pytest.mark.parametrize(("more", "command"), COMMANDS)
def test_a_question_is_the_command_that_asks_it(more: dict[str, Any], command: str) -> None:
    text = str(Question(**{"targets": ("bad==2",), **more}))
    expected = command if "--confirm" in command else f"{command}{_effort()}"
    assert shlex.split(text) == shlex.split(expected)


def _effort() -> str:
    return " --confirm all" if Effort().most is None else ""


# The window


def windows(found: CaseAnswer) -> tuple[Instant, Instant, str]:
    return found.window.start, found.window.until, found.window.reading


def timed(*releases: CompromisedRelease, **times: str | None) -> Incident:
    told = {name: None if clock is None else at(clock) for name, clock in times.items()}
    reading = Reading(id="operator", preferred=True, **told)  # type: ignore[arg-type]
    return replace(incident(*releases, until=None), readings=(reading,))


SPANS: list[tuple[Incident, Span, str, str]] = [
    (RECORD, Span(), "11:00", "13:00"),
    (timed(ACCUSED, start="10:30", until="13:00"), Span(), "10:30", "13:00"),  # the reading may be wider
    (RECORD, Span(start=at("10:00")), "10:00", "13:00"),
    (RECORD, Span(until=at("12:00")), "11:00", "12:00"),
    (RECORD, Span(start=at("01:00"), until=at("02:00")), "01:00", "02:00"),
    (timed(ACCUSED, compromised("bad", "1", "09:00"), until="13:00"), Span(), "09:00", "13:00"),
]


@pytest.mark.parametrize(("record", "span", "start", "until"), SPANS)
def test_a_window_is_that_of_the_reading_cropped_by_what_was_asked(
    record: Incident, span: Span, start: str, until: str
) -> None:
    assert windows(view(*BAD, record=record, span=span)) == (at(start), at(until), "operator")


def test_one_instant_is_a_window_of_one_microsecond() -> None:
    assert windows(view(*BAD, span=Span(at=at("12:00")))) == (at("12:00"), at("12:00") + 1, "operator")


@pytest.mark.parametrize("span", [Span(start=at("13:00")), Span(until=at("11:00")), Span(start=at("20:00"))])
def test_a_window_that_is_cropped_to_nothing_is_refused(span: Span) -> None:
    with pytest.raises(UsageError, match=r"is empty; give --from and --until$"):
        view(*BAD, span=span)


def test_what_nobody_dates_starts_with_the_package_and_ends_with_the_newest_fact() -> None:
    found = view(page("bad", {"1": "01:00", "2": None}), record=timed(compromised("bad", "2", None)))
    assert windows(found) == (at("01:00"), LATER, "operator")
    assert len(found.notes) == 2


def test_what_nobody_dates_and_no_page_shows_starts_with_the_newest_fact_and_says_so() -> None:
    record = replace(RECORD, releases=(compromised("bad", "2", None),))
    record = replace(record, readings=(replace(record.readings[0], start=None, until=LATER + 1),))
    found = view(*package("other", {"1": ("01:00", [])}), record=record)
    assert (found.window.start, found.notes[0]) == (
        LATER,
        "when bad 2 was first listed is not known; the window starts with the newest fact of the graph",
    )


def test_of_several_releases_the_one_that_nobody_dates_widens_the_window() -> None:
    record = timed(ACCUSED, compromised("bad", "3", None), until="13:00")
    facts = [page("bad", {"1": "01:00", "2": "11:00", "3": None})]
    found = view(*facts, record=record)
    assert (found.window.start, found.notes[0]) == (
        at("01:00"),
        "when bad 3 was first listed is not known; the window starts with the first facts of the graph",
    )
    told = view(*facts, record=replace(record, readings=(replace(record.readings[0], start=at("10:00")),)))
    assert (told.window.start, told.notes[0]) == (
        at("10:00"),
        "when bad 3 was first listed is not known; between the bounds given it may have been",
    )


def test_a_case_without_any_time_has_no_window_and_clears_nobody() -> None:
    npm = CompromisedRelease(purl="pkg:npm/left@1", package=None, version="1")
    lock = document("uv.lock", DocumentKind.LOCK, ["ok==1"])
    shop = Service(id=service_id("shop"), builds_complete=True)
    told = organisation(services=(shop,), uses=(use("shop", lock, built_at="12:00"),))
    found = view(lock, told, record=replace(incident(npm, until=None), readings=()))
    assert not found.window.is_known
    assert found.notes == ("no time of it is known: give --from and --until, or an incident file with its times",)
    (judged_,) = found.services
    assert (judged_.verdict, judged_.builds[-1].missing) == (Verdict.UNKNOWN, Obligation.TIMES)


def test_no_tree_is_drawn_where_no_time_is_known() -> None:
    npm = CompromisedRelease(purl="pkg:npm/left@1", package=None, version="1")
    record = replace(incident(npm, until=None), readings=())
    told = organisation(services=(Service(id=service_id("shop")),), uses=(use("shop", HERE, **STOOD),))
    reader = MemoryReader([record, HERE, told, *package("app", {"1": ("01:00", [])})])
    (case,) = cases_of(reader, ["case-1"])
    question = Question(targets=("case-1",))
    worlds = worlds_of(reader, case, question, told)
    assert trees_in(case, question, CaseDocuments(reader, case), worlds, service_id("shop")) == ()
    span = Span(start=at("10:00"), until=at("12:00"))
    asked = replace(question, span=span)
    (tree,) = trees_in(case, asked, CaseDocuments(reader, case), worlds, service_id("shop"))
    assert tree.at == at("10:00")
    assert trees_in(case, asked, CaseDocuments(reader, case), worlds, service_id("nobody")) == ()


def test_a_release_that_leaves_for_good_ends_the_window() -> None:
    hidden = (Hidden(package=package_name("bad"), start=at("12:00"), version="2"),)
    record = replace(RECORD, readings=(replace(RECORD.readings[0], hidden=hidden, until=None),))
    assert windows(view(*BAD, record=record))[:2] == (at("11:00"), at("12:00"))


# Slots and targets


def test_slots_are_numbered_over_all_environments_and_name_their_incident() -> None:
    facts = [*BAD, *package("app", {"1": ("01:00", ["bad"]), "2": ("12:00", [])})]
    found = view(*facts)
    assert [(one.start, one.until, one.incident) for one in found.reach.slots] == [
        (at("11:00"), at("12:00"), "case-1"),
        (at("12:00"), at("13:00"), "case-1"),
    ]


def test_targets_are_accused_positions_and_what_the_index_does_not_know_is_apart() -> None:
    npm = CompromisedRelease(purl="pkg:npm/left@1", package=None, version="1", listed_from=at("11:00"))
    record = incident(ACCUSED, npm, until="13:00", ranges=((package_name("bad"), "<2"), (package_name("gone"), ">1")))
    found = view(*BAD, record=record)
    named = {found.world.package(one).name: positions for one, positions in found.targets.items() if positions}
    assert named == {"bad": [0, 1]}
    assert [one.purl for one in found.unplaced] == ["pkg:npm/left@1"]


@pytest.mark.parametrize(("specifier", "verdict"), [(">=2", Verdict.CLEARED), (">=9", Verdict.UNKNOWN)])
def test_a_range_that_no_known_release_falls_in_clears_no_walk(specifier: str, verdict: Verdict) -> None:
    record = timed(compromised("other", "1", "11:00"), until="13:00")
    record = replace(record, ranges=((package_name("bad"), specifier),))
    told = organisation(services=(Service(id=service_id("shop")),), uses=(use("shop", HERE, **STOOD),))
    facts = [*BAD, page("other", {"1": "11:00"}), *package("app", {"1": ("01:00", ["bad<2"])}), HERE, told]
    (shop,) = view(*facts, record=record, span=Span(start=at("11:00"), until=at("13:00"))).services
    assert shop.verdict is verdict


# Whose environment


def judged(*facts: Fact, **more: Any) -> dict[str, Verdict]:
    return {str(one.service): one.verdict for one in view(*BAD, *facts, **more).services}


ON_WINDOWS = package("app", {"1": ("01:00", ["bad ; os_name == 'nt'"])})


def running(**services: Service | dict[str, Any]) -> Organisation:
    made = [Service(**{"id": service_id(name), **more}) for name, more in services.items()]  # type: ignore[dict-item]
    return organisation(services=tuple(made), uses=tuple(use(name, HERE, **STOOD) for name in services))


def test_a_service_is_judged_in_its_own_environment_else_in_the_one_asked_for() -> None:
    told = running(own={"environment": Environment()}, named={"environment": WINDOWS}, bare={})
    facts = [*ON_WINDOWS, HERE, told]
    assert judged(*facts) == {"own": Verdict.CLEARED, "named": Verdict.PICKED, "bare": Verdict.ADMITTED}
    assert judged(*facts, environment=WINDOWS) == {
        "own": Verdict.CLEARED,
        "named": Verdict.PICKED,
        "bare": Verdict.PICKED,
    }


def test_a_service_is_judged_by_its_own_installer_else_by_the_one_asked_for() -> None:
    facts = [
        page("bad", {"1": "01:00", "2rc1": "11:00"}),
        *package("app", {"1": ("01:00", ["bad>=1rc1"])}),
        HERE,
        running(pip={"resolver": "pip"}, uv={"resolver": "uv"}, poetry={"resolver": "poetry"}),
    ]
    record = incident(compromised("bad", "2rc1", "11:00"), until="13:00")

    def picked(**more: Any) -> set[str]:
        found = view(*facts, record=record, **more).services
        return {str(one.service) for one in found if one.verdict is Verdict.PICKED}

    assert picked() == {"pip"}
    assert picked(resolver="pip") == {"pip", "poetry"}


@pytest.mark.parametrize(
    ("service", "company", "asked", "is_closed"),
    [
        ({}, {}, False, False),
        ({"builds_complete": True}, {}, False, True),
        ({}, {"builds_complete": True}, False, True),
        ({}, {}, True, True),
    ],
)
def test_that_builds_are_complete_is_the_word_of_the_service_its_company_or_who_asks(
    service: dict[str, Any],
    company: dict[str, Any],
    asked: bool,  # noqa: FBT001 - a case
    is_closed: bool,  # noqa: FBT001 - a case
) -> None:
    acme = company_id("acme")
    clean = document("uv.lock", DocumentKind.LOCK, ["ok==1"])
    told = organisation(
        companies=(Company(id=acme, name="Acme", **company),),
        services=(Service(id=service_id("shop"), company=acme, **service),),
        uses=(use("shop", clean, built_at="12:00"),),
    )
    found = judged(clean, joined([told], told.uses), builds_complete=asked)
    assert found == {"shop": Verdict.CLEARED if is_closed else Verdict.UNKNOWN}


# Another reading


def test_worlds_under_another_reading_have_its_gaps_and_the_rest_in_common() -> None:
    other = Reading(id="press", start=at("10:00"), until=at("12:00"))
    record = replace(RECORD, readings=(*RECORD.readings, other))
    reader = MemoryReader([record, *BAD, *package("app", {"1": ("01:00", ["bad"])}), organisation()])
    (case,) = cases_of(reader, ["case-1"])
    question = Question(targets=("case-1",))
    worlds = worlds_of(reader, case, question, organisation())
    setting = (question.environment, question.resolver)
    rival = under(case, [record], other)
    documents = CaseDocuments(reader, case)
    app = worlds.of(setting).find(package_name("app"))
    theirs = worlds.under(rival)
    assert theirs.of(setting).find(package_name("app")) is app
    assert worlds.of(setting) is worlds.of(setting)
    assert theirs.settings == worlds.settings
    found = answer(rival, question, documents, theirs)
    assert windows(found) == (at("10:00"), at("12:00"), "press")
    assert windows(answer(case, question, documents, worlds)) == (at("11:00"), at("13:00"), "operator")


def test_the_world_of_every_environment_is_made_once_for_what_it_requires() -> None:
    reader = MemoryReader([RECORD, *BAD, organisation()])
    (case,) = cases_of(reader, ["case-1"])
    worlds = worlds_of(reader, case, Question(targets=("case-1",)), organisation())
    assert worlds.union(None, ">=3.9") is worlds.union(None, ">=3.9")
    assert worlds.union(None, ">=3.9") is not worlds.union(None, "")
    assert worlds.union(Environment(), "") is not worlds.union(None, "")
