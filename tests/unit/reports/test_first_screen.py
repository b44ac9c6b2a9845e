"""The first screen: it fits, whatever was asked, says the worst first, and counts what it leaves out."""

from __future__ import annotations

import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.cells import cell_len

from graphkit.model.answers import Blast, DocumentName, Obligation
from graphkit.model.ranks import Verdict
from graphkit.reports import report
from graphkit.reports.first_screen import Screen, first_screen, screen_of
from graphkit.reports.groups import Group, counts_of, group_of, own_services, services_of_others
from graphkit.reports.interface import ReportOptions
from graphkit.reports.settling import Remedy
from tests.unit.reports import answers

WORST_FIRST = sorted(Verdict, key=lambda one: one.rank)
MOST = {80: 50, 100: 40}
LEADS = tuple(f"{group.upper():<8}" for group in Group)


def services_of(numbers: list[int], name: str = "service") -> Blast:
    """Return an answer with so many services of each verdict, worst first, some of them with owners."""
    made = answers.blast()
    services = tuple(
        answers.service(f"{name}-{verdict}-{number}", verdict, owner="team pay" if number % 2 else "")
        for verdict, many in zip(WORST_FIRST, numbers, strict=True)
        for number in range(many)
    )
    counts = tuple((verdict.value, many) for verdict, many in zip(WORST_FIRST, numbers, strict=True))
    return replace(made, services=services, summary=replace(made.summary, services=counts))


def with_commands(made: Blast, view: ReportOptions) -> Screen:
    """Return a full screen: seven actions, and three commands for unknown services."""
    return replace(
        screen_of(made, view),
        actions=[f"hunt: Look for what was left behind, number {number}." for number in range(7)],
        told_by="the publisher, 2026-03-24",
        settle=lambda one: Remedy(
            f"graphkit scan {'x' * 120} --budget {len(one.service) + int(one.service[-1]) % 3}", "it is so"
        ),
    )


@given(numbers=st.lists(st.integers(0, 60), min_size=len(WORST_FIRST), max_size=len(WORST_FIRST)))
@pytest.mark.parametrize("width", MOST)
def test_it_fits_and_counts_what_it_leaves_out(width: int, numbers: list[int]) -> None:
    made = services_of(numbers)
    view = ReportOptions(width=width)
    lines = first_screen(made, view, with_commands(made, view)).splitlines()
    assert len(lines) <= MOST[width]
    for group, number in counts_of(made).items():
        assert any(f"{group.upper()} {number:,}" in line for line in lines)
    for line in lines:
        assert cell_len(line) <= width or line.lstrip().startswith("graphkit") or "settle" in line or "page:" in line
    led = [line for line in lines if line.startswith(LEADS)]
    assert [LEADS.index(line[:8]) for line in led] == sorted(LEADS.index(line[:8]) for line in led)
    for group, lead in zip(Group, LEADS, strict=True):
        names = [line for line in led if line.startswith(lead)]
        told = sum(int(found[1]) for line in names if (found := re.search(r"(\d+) (?:more|services?): --long", line)))
        one_by_one = sum("--long" not in line for line in names)
        assert one_by_one + told == counts_of(made)[group]


@given(
    numbers=st.lists(st.integers(0, 3), min_size=len(WORST_FIRST), max_size=len(WORST_FIRST)),
    width=st.integers(40, 160),
)
def test_names_that_mean_harm_are_escaped(numbers: list[int], width: int) -> None:
    made = services_of(numbers, name=f"{answers.BIDI}{answers.ESCAPES}")
    text = report("table").render(made, ReportOptions(width=width))
    assert not set("\x1b\x07\r\t\u202e\u2066") & set(text)


def test_hostile_text_is_escaped_everywhere() -> None:
    text = report("table").render(answers.hostile(), ReportOptions(width=100))
    assert not set("\x1b\x07\r\t\u202e\u2066\u2028") & set(text)
    text.encode()


def test_no_service_says_how_to_add_one() -> None:
    text = report("table").render(services_of([0] * len(WORST_FIRST)), ReportOptions())
    assert "The graph holds no service yet. Add one: graphkit scan PATH" in text
    assert "HIT 0" in text


def test_everything_clear_asks_nobody_to_act() -> None:
    made = services_of([0] * (len(WORST_FIRST) - 1) + [3])
    text = report("table").render(made, ReportOptions())
    assert "CLEAR 3" in text
    assert "DO NOW" not in text


def test_the_words_of_a_group_are_those_of_its_verdicts() -> None:
    assert [group_of(one) for one in WORST_FIRST] == [
        Group.HIT,
        Group.LIKELY,
        Group.LIKELY,
        Group.POSSIBLE,
        Group.UNKNOWN,
        Group.CLEAR,
    ]


def test_the_owner_stands_at_the_right_or_on_the_second_line() -> None:
    made = services_of([2, 0, 0, 0, 0, 0])
    [_, first, *_] = [
        line for line in report("table").render(made, ReportOptions(width=100)).splitlines() if "HIT  " in line
    ]
    assert first.endswith("team pay")
    assert cell_len(first) == 100
    long = replace(made, services=tuple(replace(one, reason="a" * 200) for one in made.services))
    assert "owner: team pay" in report("table").render(long, ReportOptions(width=80))


def test_a_lock_is_shown_with_the_times_of_the_release_and_not_as_a_build() -> None:
    made = answers.blast()
    text = report("table").render(made, ReportOptions(width=100))
    assert "2026-03-24 10:52 to 13:11 UTC · a lock file" in text


def test_what_was_not_read_is_said_in_place_of_a_reason() -> None:
    made = services_of([0, 0, 0, 0, 1, 0])
    near = answers.build(Verdict.UNKNOWN, "older", near=True, missing=Obligation.ADMITTED)
    services = tuple(replace(one, near=True, builds=(near,)) for one in made.services)
    text = report("table").render(replace(made, services=services), ReportOptions(width=120))
    assert "not everything that an install could take was read" in text
    assert "settle it: graphkit ingest index --for-services --from 2026-03-24T10:39:00Z --until" in text


@given(
    numbers=st.lists(st.integers(0, 9), min_size=len(WORST_FIRST), max_size=len(WORST_FIRST)),
    chosen=st.sets(st.integers(0, 54)),
)
def test_services_of_others_are_counted_apart_and_left_out_of_the_list(numbers: list[int], chosen: set[int]) -> None:
    every = services_of(numbers)
    theirs = [one for number, one in enumerate(every.services) if number in chosen]
    counted = Counter(one.verdict.value for one in theirs)
    made = replace(
        every,
        external=frozenset(one.service for one in theirs),
        summary=replace(
            every.summary, external_services=tuple((one.value, counted[one.value]) for one in Verdict) if theirs else ()
        ),
    )
    mine = [one for one in every.services if one not in theirs]
    assert Counter(group_of(one.verdict) for one in mine) == Counter(counts_of(made))
    assert [one for found in own_services(made, 99).values() for one in found] == mine
    assert [one for found in services_of_others(made, 99).values() for one in found] == theirs
    assert all(len(found) <= 2 for found in own_services(made, 2).values())
    text = first_screen(made, ReportOptions(width=100), Screen())
    shown = set(re.findall(r"service-\S+", text))
    assert shown.isdisjoint(one.service for one in theirs)
    assert (f"{len(theirs)} service" in text and " of others: " in text) is bool(theirs)
    assert ("no service of yours yet" in text) is (bool(theirs) and not mine)


@pytest.mark.parametrize("name", ["was checked; x", "fine; x/uv.lock", "a`; b"])
def test_a_name_ends_no_statement(name: str) -> None:
    reason = f"{name} lists bad 2; it was in place"
    shown = answers.build(Verdict.OBSERVED, reason, document=DocumentName(sha256="aa", path=name))
    made = services_of([1 if one is Verdict.OBSERVED else 0 for one in WORST_FIRST])
    made = replace(made, services=(answers.service(name, Verdict.OBSERVED, reason=reason, builds=(shown,)),))
    text = " ".join(first_screen(made, ReportOptions(width=200), Screen()).split())
    assert f"{name} lists bad 2" in text
    assert "it was in place" not in text
