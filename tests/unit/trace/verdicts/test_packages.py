"""Packages that were reached: which are walked, in which order, and what is said of the others."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from graphkit.model.ranks import Tier
from graphkit.stores.port import Fact, Reader
from graphkit.trace.case_answer import CaseAnswer, Question
from graphkit.trace.verdicts.packages import Effort, package_rows, package_tiers
from graphkit.trace.verdicts.ranking import MOST_WALKED, Ranking, Unwalked
from tests.cases.build import compromised, incident, organisation, package, reader_of
from tests.property.asking import cases_of, view_of
from tests.property.fleets import fleet_of
from tests.property.memory import MemoryReader

INDEX: Sequence[Fact] = (
    *package("bad", {"1": ("01:00", []), "2": ("11:00", [])}),
    *package("near", {"1": ("01:00", ["bad"])}),
    *package("far", {"1": ("01:00", ["near"])}),
    *package("extra", {"1": ("01:00", ["bad ; extra == 'more'"])}),
    *package("older", {"1": ("01:00", ["bad"]), "2": ("02:00", [])}),
    *package("allowed", {"1": ("01:00", ["wrap"])}),
    *package("wrap", {"1": ("01:00", ["bad"]), "2": ("02:00", [])}),
    *package("barred", {"1": ("01:00", ["near", "bad<2"])}),
    *package("unsure", {"1": ("01:00", []), "2": (None, ["bad"])}),
    *package("apart", {"1": ("01:00", [])}),
    incident(compromised("bad", "2", "11:00"), until="13:00"),
    organisation(),
)
TIERS = {
    "near": Tier.PICKED,
    "far": Tier.PICKED,
    "extra[more]": Tier.PICKED,
    "older": None,
    "wrap": None,
    "allowed": Tier.ADMITTED,
    "unsure": Tier.ADMITTED,
}


def view(facts: Sequence[Fact] = INDEX, target: str = "case-1") -> CaseAnswer:
    return view_in(MemoryReader(facts), target)


def view_in(reader: Reader, target: str) -> CaseAnswer:
    (case,) = cases_of(reader, [target])
    return view_of(reader, case, Question(targets=(target,)))


def tiers_of(seen: CaseAnswer, most: int | None = None) -> dict[str, Tier | None]:
    """Return the tier of every row, as the rows have it."""
    rows = package_rows(seen.world, seen.reach, seen.targets, Effort(most=most)).rows
    return {row.package: row.tier for row in rows}


def test_each_package_has_the_tier_of_its_newest_release() -> None:
    assert tiers_of(view()) == TIERS


def test_the_tiers_alone_are_those_of_the_rows() -> None:
    seen = view()
    assert package_tiers(seen.world, seen.reach, seen.targets) == tiers_of(seen)


@pytest.mark.parametrize("seed", range(0, 60, 3))
def test_the_tiers_alone_are_those_of_the_rows_in_any_world(seed: int) -> None:
    fleet = fleet_of(seed)
    for record in fleet.incidents:
        seen = view(fleet.facts, record.id)
        assert package_tiers(seen.world, seen.reach, seen.targets) == tiers_of(seen)


def test_an_extra_that_is_exposed_no_more_than_its_package_has_no_row() -> None:
    seen = view([*INDEX, *package("both", {"1": ("01:00", ["bad", "near ; extra == 'more'"])})])
    for tiers in (tiers_of(seen), package_tiers(seen.world, seen.reach, seen.targets)):
        assert (tiers.get("both"), "both[more]" in tiers) == (Tier.PICKED, False)


def test_of_very_many_all_that_are_nominated_are_walked_where_nobody_says_how_many(
    tmp_path: Path,
) -> None:
    many = [fact for number in range(MOST_WALKED + 1) for fact in package(f"p{number}", {"1": ("01:00", ["bad"])})]
    seen = view_in(reader_of(tmp_path / "graph", *INDEX, *many), "case-1")
    ranking = Ranking(seen.world, seen.reach, seen.targets, None)
    assert (len(ranking.planned), ranking.is_whole) == (MOST_WALKED + 1 + 5, False)
    left = ranking.left(len(ranking.planned))
    assert (left.nominated, left.admitted, left.older) == (0, 1, 2)


def names(seen: CaseAnswer, most: int | None) -> list[str]:
    planned = Ranking(seen.world, seen.reach, seen.targets, most).planned
    return [f"{seen.world.package(one.package_id).name}{f'[{one.extra}]' if one.extra else ''}" for one in planned]


def test_a_target_itself_is_not_walked() -> None:
    assert "bad" not in names(view(), None)


def test_where_few_are_walked_those_that_look_worst_come_first() -> None:
    seen = view()
    first = names(seen, 4)
    assert set(names(seen, 3)) < set(first)
    assert set(first) <= {"near", "far", "extra[more]", "barred", "unsure"}  # nominated
    assert first[0] in {"near", "extra[more]", "unsure"}  # at the least distance


@pytest.mark.parametrize("most", [0, 1, 3, 5, 100])
def test_what_is_not_walked_is_counted_by_what_it_looks_like(most: int) -> None:
    seen = view()
    ranking = Ranking(seen.world, seen.reach, seen.targets, most)
    left = ranking.left(len(ranking.planned))
    assert left == package_rows(seen.world, seen.reach, seen.targets, Effort(most=most)).unwalked
    walked = len(ranking.planned)
    assert (walked, bool(left)) == (min(most, walked), most < 8)
    if most == 0:
        assert (left.nominated, left.admitted, left.older) == (5, 1, 2)
        assert left.releases == len(set(TIERS) | {"barred"}) - 1  # an extra is of the same release, and one is exposed
    if not left:
        assert left == Unwalked()


def test_walks_end_once_enough_rows_are_picked() -> None:
    seen = view()
    found = package_rows(seen.world, seen.reach, seen.targets, Effort(most=5, enough=1))
    assert [row.tier for row in found.rows if row.tier is Tier.PICKED] == [Tier.PICKED]
    assert found.unwalked.nominated > 0


def test_walks_go_on_until_enough_rows_are_picked() -> None:
    seen = view()
    found = package_rows(seen.world, seen.reach, seen.targets, Effort(most=5, enough=2))
    assert [row.tier for row in found.rows if row.tier is Tier.PICKED] == [Tier.PICKED] * 2


def test_walks_that_are_stopped_keep_what_they_found() -> None:
    seen = view()

    def stopped(work: object, over: Sequence[object]) -> object:
        yield work(over[0])  # type: ignore[operator]
        raise KeyboardInterrupt

    found = package_rows(seen.world, seen.reach, seen.targets, spread_over=stopped)  # type: ignore[arg-type]
    assert found.stopped is not None
    assert found.stopped[0] == 1
    assert found.unwalked
