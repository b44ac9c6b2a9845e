"""Which nodes a picture has, where they stand, and that no line runs through one that it does not join."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from graphkit.model.answers import Blast
from graphkit.model.ranks import Tier
from graphkit.reports.content import KINDS, VERDICTS, Content, Entry, content
from graphkit.reports.html.network import height
from graphkit.reports.interface import ReportOptions
from graphkit.reports.layout import Picture, picture
from graphkit.reports.routes import routes, topmost
from graphkit.reports.wording import listing
from tests.unit.reports import answers
from tests.unit.reports.ways import points, run_through


def drawn(answer: Blast, most: int = 2_000, tier: Tier = Tier.ADMITTED) -> Picture:
    return picture(content(answer, listing(answer, ReportOptions(tier=tier))), most)


def crossed(made: Picture) -> list[tuple[str, str, str]]:
    """Return what is run through as other pictures place it, and as the page does."""
    links = [(start, end) for start, end, _ in made.links]
    found = []
    for change in (lambda y: y, height):
        places = {spot.id: (spot.x, change(spot.y)) for spot in made.spots}
        found += run_through(places, links, routes(places, links))
    return found


@st.composite
def contents(draw: st.DrawFn) -> Content:
    """Make entries of any kind and verdict, linked anyhow: past columns, inside one, backwards and in circles."""
    number = draw(st.integers(2, 70))
    kinds = draw(st.lists(st.sampled_from(KINDS), min_size=number, max_size=number))
    verdicts = draw(st.lists(st.sampled_from(VERDICTS), min_size=number, max_size=number))
    made = Content()
    for n, (kind, verdict) in enumerate(zip(kinds, verdicts, strict=True)):
        made.entries[f"n{n}"] = Entry(id=f"n{n}", kind=kind, name=f"name {n}", verdict=verdict, lit=[f"n{n}"])
    ends = st.integers(0, number - 1)
    for start, end in draw(st.lists(st.tuples(ends, ends), max_size=90)):
        if start != end:
            made.links[f"n{start}", f"n{end}"] = "because"
    return made


@given(made=contents(), folds=st.booleans())
def test_no_line_runs_through_a_node_that_it_does_not_join(*, made: Content, folds: bool) -> None:
    shown = picture(made, folds=folds)
    assert len({(spot.x, spot.y) for spot in shown.spots}) == len(shown.spots)
    assert crossed(shown) == []


@pytest.mark.parametrize(
    "make", [answers.blast, answers.later, answers.several, lambda: answers.fleet(120), lambda: answers.crowd(300)]
)
def test_no_line_of_an_answer_runs_through_a_node(make: Callable[[], Blast]) -> None:
    assert crossed(drawn(make())) == []


def test_a_line_goes_over_columns_whose_nodes_are_in_its_way() -> None:
    places = {"a": (0, 0), "b": (300, 0), "c": (600, 0), "d": (600, 60)}
    over, free, next_to = routes(places, [("a", "c"), ("a", "d"), ("a", "b")])
    assert over == "M0 0H214C244 0 244 -34 274 -34H514C544 -34 544 0 574 0H600"
    assert free == "M0 0H214C244 0 244 60 274 60H600", "the height of its end is free"
    assert next_to == "M0 0H300"
    assert topmost([over, free, next_to]) == min(y for _, y in points(over)) == -34


def test_lines_from_different_nodes_have_ways_of_their_own() -> None:
    places = {"a": (0, -30), "b": (0, 30), "m": (300, -30), "n": (300, 30), "z": (600, -30), "y": (600, 30)}
    ways = routes(places, [("a", "z"), ("b", "y"), ("a", "y")])
    heights = [min(y for _, y in points(way)) for way in ways]
    assert heights[0] == heights[2] != heights[1]


def test_a_link_back_goes_round() -> None:
    places = {"a": (300, 0), "b": (300, 60), "c": (0, 0)}
    ways = routes(places, [("a", "c"), ("b", "a")])
    assert ways == ["M300 0H326V-34H-26V0H0", "M300 60H326V-48H274V0H300"]


def test_packages_that_reach_no_service_are_one_node() -> None:
    made = drawn(answers.crowd(300), tier=Tier.ADMITTED)
    labels = Counter(spot.label for spot in made.spots if spot.id.startswith("+"))
    assert labels == {"100 public packages": 3}
    assert {spot.verdict for spot in made.spots if spot.id.startswith("+")} == {"picked", "admitted", "older"}
    assert {"payments", "helper-lib@1.0", "Acme"} <= {spot.label for spot in made.spots}


def test_what_is_on_the_way_to_a_service_is_drawn_by_itself() -> None:
    labels = {spot.label for spot in drawn(answers.blast()).spots}
    assert {"dspy", "graphrag", "payments", "search", "billing", "website", "Reseller"} <= labels


def test_where_there_is_no_service_the_first_packages_are_drawn() -> None:
    made = replace(answers.crowd(120), services=(), companies=())
    labels = [spot.label for spot in drawn(made, tier=Tier.PICKED).spots]
    assert len([label for label in labels if label.startswith("p0")]) == 8
    assert "32 more packages" in labels
    few = drawn(replace(answers.blast(), services=(), companies=()))
    assert not [spot for spot in few.spots if spot.id.startswith("+")]


def test_services_of_others_are_one_node_unless_they_are_exposed() -> None:
    made = answers.blast()
    names = {
        spot.label for spot in drawn(replace(made, external=frozenset(one.service for one in made.services))).spots
    }
    assert {"payments", "search", "billing", "website"} <= names, "one of a verdict is drawn by itself"
    fleet = answers.fleet(20, companies=2)
    others = drawn(replace(fleet, external=frozenset(one.service for one in fleet.services)))
    labels = {(spot.label, spot.verdict) for spot in others.spots}
    assert {("8 services of others", "cleared"), ("4 services of others", "unknown")} <= labels
    assert ("team-0/service-000000", "observed") in labels
    assert ("dspy", "picked") in labels, "no service of the reader: the first packages"


def test_clear_services_and_companies_not_tied_to_it_are_one_node_each() -> None:
    labels = {spot.label for spot in drawn(answers.fleet(100, companies=5)).spots}
    assert "40 services" in labels
    assert "team-0/service-000000" in labels


def test_nothing_is_folded_where_every_entry_is_to_have_a_place() -> None:
    made = content(answers.crowd(300), listing(answers.crowd(300), ReportOptions(tier=Tier.ADMITTED)))
    whole = picture(made, folds=False)
    assert set(whole.at) == {spot.id for spot in whole.spots} == set(made.entries)


def test_a_link_between_two_packages_leads_to_the_right() -> None:
    made = drawn(answers.blast())
    at = {spot.label: spot for spot in made.spots}
    assert at["litellm 1.82.8"].x < at["helper-lib@1.0"].x < at["dspy"].x < at["payments"].x < at["Acme"].x


def test_nodes_in_a_circle_have_a_place_each() -> None:
    made = Content()
    for name in "abc":
        made.entries[name] = Entry(id=name, kind=KINDS[-1], name=name, verdict=VERDICTS[0], lit=[name])
    for start, end in ("ab", "bc", "ca"):
        made.links[start, end] = "supplies it"
    found = picture(made, 10, folds=False)
    assert {spot.id for spot in found.spots} == set("abc")
    assert len({(spot.x, spot.y) for spot in found.spots}) == 3
    assert len(found.links) == 3
