"""Sentences that reports share: times, slots, names and counts, at their edges."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from graphkit.model.answers import Blast, Slot, Take, Window
from graphkit.model.organisation import Polarity, Standing
from graphkit.model.ranks import CompanyVerdict, Verdict
from graphkit.model.times import BEGINNING, FOREVER, Instant, Moment, exactly, instant, moment
from graphkit.reports.wording import (
    bearing,
    between,
    by_node,
    clock,
    headline,
    name_of,
    names_of,
    notices,
    slot_runs,
    slot_spans,
    span,
    takes_in_words,
    times_of,
    window_lines,
)
from tests.unit.reports import answers

TEN, ELEVEN, NOON = (instant(f"2026-03-24T{hour}:00:00Z") for hour in ("10", "11", "12"))
MORROW = instant("2026-03-25T10:00:00.5Z")


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (None, "an unknown time"),
        (BEGINNING, "an unknown time"),
        (FOREVER, "an unknown time"),
        (TEN, "2026-03-24 10:00 UTC"),
        (TEN + 1, "2026-03-24 10:00:00.000001 UTC"),
        (MORROW, "2026-03-25 10:00:00.500000 UTC"),
        (exactly(TEN), "2026-03-24 10:00 UTC"),
        (Moment(earliest=TEN, latest=NOON), "2026-03-24 10:00 to 12:00 UTC"),
        (moment("2026-03-24"), "2026-03-24 in an unknown zone"),
    ],
)
def test_a_time_as_people_read_it(at: Instant | Moment | None, expected: str) -> None:
    assert clock(at) == expected


@pytest.mark.parametrize(
    ("start", "until", "expected"),
    [
        (TEN, NOON, "2026-03-24 10:00 to 12:00 UTC"),
        (TEN, MORROW, "2026-03-24 10:00 UTC to 2026-03-25 10:00:00.500000 UTC"),
        (TEN, TEN + 1, "2026-03-24 10:00 UTC"),
        (None, NOON, "no known start to 2026-03-24 12:00 UTC"),
        (BEGINNING, NOON, "no known start to 2026-03-24 12:00 UTC"),
        (TEN, None, "2026-03-24 10:00 UTC to no known end"),
        (TEN, FOREVER, "2026-03-24 10:00 UTC to no known end"),
        (None, None, "no known times"),
        (BEGINNING, FOREVER, "no known times"),
    ],
)
def test_a_stretch_of_time_says_the_day_once(start: Instant | None, until: Instant | None, expected: str) -> None:
    assert between(start, until) == expected


@pytest.mark.parametrize(
    ("slots", "expected"),
    [([], ""), ([3], "3"), ([1, 2, 3], "1-3"), ([1, 2, 4, 6, 7], "1-2, 4, 6-7"), ([0], "0")],
)
def test_runs_of_slots(slots: list[int], expected: str) -> None:
    assert slot_runs(slots) == expected


def asked(*slots: Slot, windows: Sequence[Window] = (), **rest: object) -> Blast:
    return replace(answers.blast(), slots=slots, windows=tuple(windows), **rest)


def slot(start: Instant, until: Instant, incident: str = "one") -> Slot:
    return Slot(start=start, until=until, incident=incident)


def test_neighbouring_slots_are_one_stretch_and_many_are_counted() -> None:
    three = asked(slot(TEN, ELEVEN), slot(ELEVEN, NOON), slot(MORROW, MORROW + 60_000_000))
    assert times_of([0, 1], three) == "2026-03-24 10:00 to 12:00 UTC"
    assert times_of([0, 2], three).count(";") == 1
    assert times_of([], three) == ""
    assert times_of([7], three) == ""  # of an answer that was cut
    other = asked(slot(TEN, ELEVEN), slot(ELEVEN, NOON, "two"))
    assert times_of([0, 1], other) == "2026-03-24 10:00 to 11:00 UTC; 2026-03-24 11:00 to 12:00 UTC"
    many = asked(*(slot(TEN + 2 * n, TEN + 2 * n + 1) for n in range(4)))
    assert times_of([0, 1, 2, 3], many).startswith("4 stretches, 2026-03-24 10:00")


def test_slots_say_their_incident_where_there_are_several() -> None:
    assert slot_spans(asked(slot(TEN, NOON))) == ["2026-03-24 10:00 to 12:00 UTC"]
    assert slot_spans(asked(slot(TEN, NOON), slot(TEN, NOON, "two"))) == [
        "2026-03-24 10:00 to 12:00 UTC (one)",
        "2026-03-24 10:00 to 12:00 UTC (two)",
    ]
    assert slot_spans(asked(slot(TEN, NOON), slot(TEN, NOON, "")))[1] == "2026-03-24 10:00 to 12:00 UTC"


WINDOW = Window(start=TEN, until=NOON, reading="", incident="one")


def test_a_window_without_a_known_time_says_so() -> None:
    assert span(replace(WINDOW, is_known=False)) == "no time is known"
    assert window_lines(asked(windows=[WINDOW])) == ()
    assert window_lines(
        asked(windows=[WINDOW, replace(WINDOW, incident="two", reading="operator", is_known=False)])
    ) == (
        "one: 2026-03-24 10:00 to 12:00 UTC",
        "two: no time is known (times as given by the index operators)",
    )


def test_accused_releases_are_named_the_first_few() -> None:
    one, two = answers.accused("1", None), answers.accused("2", None)
    other = answers.accused("3", None, package="other")
    npm = replace(one, release=replace(one.release, package=None, purl="pkg:npm/left@1"))
    assert names_of([]) == "No release"
    assert names_of([one]) == "litellm 1"
    assert names_of([one, two]) == "litellm 1 and 2"
    assert names_of([one, other]) == "litellm 1 and other 3"
    assert names_of([npm]) == name_of(npm) == "pkg:npm/left@1"
    assert names_of([npm, npm]) == "pkg:npm/left@1 and pkg:npm/left@1"
    assert set(by_node([one, npm])) == {"litellm@1", "pkg:npm/left@1"}
    many = names_of([answers.accused(str(number), None) for number in range(50)])
    assert many.startswith("litellm 0")
    assert "more" in many


def test_takes_are_told_release_by_release() -> None:
    takes = [Take(slot=0, release="a@1"), Take(slot=1, release="b@1"), Take(slot=2, release="a@1")]
    assert takes_in_words(takes) == "a 1 (0, 2), b 1 (1)"
    assert takes_in_words([]) == ""


@pytest.mark.parametrize("standing", Standing)
@pytest.mark.parametrize("polarity", Polarity)
def test_a_claim_counts_only_where_somebody_who_can_know_affirms(polarity: Polarity, standing: Standing) -> None:
    why = bearing(answers.claim("1", "text", polarity, standing))
    counts = polarity is Polarity.AFFIRMS and standing in {Standing.FIRST_HAND, Standing.CONFIRMED}
    assert (why == "") == counts
    assert counts or why.endswith(": for information")


Counts = tuple[tuple[str, int], ...]


def counted(services: Counts = (), companies: Counts = (), packages: Counts = (), **rest: object) -> str:
    made = answers.blast()
    summary = replace(made.summary, services=services, companies=companies, packages=packages)
    return headline(replace(made, summary=summary, external=frozenset(), **rest))


def test_a_headline_without_anything_says_what_there_is_not() -> None:
    assert (
        "The graph holds no service. No company is reached. No fresh install of a public package took it." in counted()
    )
    assert "fresh installs: not checked" in counted(is_index_read=False)


@pytest.mark.parametrize(
    ("packages", "expected"),
    [
        ((("picked", 1),), "Installing one public package in that time took it."),
        ((("picked", 2),), "Installing any of 2 public packages in that time took it."),
        (
            (("picked", 2), ("nominated", 90_000)),
            "Installing any of 2 public packages in that time took it; 90,000 more may have, which were not walked.",
        ),
    ],
)
def test_a_headline_counts_packages(packages: Counts, expected: str) -> None:
    assert expected in counted(packages=packages)


def test_a_headline_counts_services_and_companies() -> None:
    services: Counts = ((Verdict.OBSERVED, 1), (Verdict.PICKED, 2), (Verdict.UNKNOWN, 3), (Verdict.CLEARED, 4))
    said = counted(services, ((CompanyVerdict.SUPPLIER, 1), (CompanyVerdict.NONE, 7)))
    assert "3 of 10 services exposed, at worst observed; 3 unknown, 4 cleared." in said
    assert "1 company reached: 1 supplier." in said
    assert "0 of 1 service exposed; 0 unknown, 1 cleared." in counted(((Verdict.CLEARED, 1),))


@pytest.mark.parametrize("question", ["is it so?", "nothing is known of `lib`"])
def test_a_headline_about_what_nothing_names_says_that_first(question: str) -> None:
    made = replace(answers.blast(), unknown=(question,), incident=replace(answers.blast().incident, title=""))
    said = headline(made)
    assert said.startswith(f"{question[0].upper()}{question[1:].removesuffix('?')}")
    assert "Asked about litellm" in said


def test_notices_are_empty_where_there_is_nothing_to_say() -> None:
    made = answers.blast()
    quiet = replace(made, is_index_read=True, incident=replace(made.incident, withdrawn=()))
    assert notices(quiet) == ()
    assert len(notices(replace(quiet, is_index_read=False))) == 1
    assert len(notices(replace(quiet, incident=replace(made.incident, withdrawn=("PYSEC-1",))))) == 1
