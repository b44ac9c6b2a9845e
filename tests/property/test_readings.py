"""What readings of the times share changes no answer: beside worlds in which each reading is asked for alone."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from graphkit.model.incidents import Incident, Reading
from graphkit.model.index import Hidden
from graphkit.model.names import package_name
from graphkit.model.times import Instant
from graphkit.stores.port import Reader
from graphkit.trace.case import Case, under
from graphkit.trace.case_answer import CaseAnswer, Question, answer, worlds_of
from graphkit.trace.evidence.documents import CaseDocuments
from graphkit.trace.reach.nominate import closure_of
from graphkit.trace.verdicts.packages import Answered, newest_of, package_rows, package_tiers
from tests.effort import share
from tests.property.asking import cases_of
from tests.property.memory import MemoryReader
from tests.property.small import made, sdist
from tests.property.worlds import (
    INCIDENT,
    MINUTE,
    NOON,
    Root,
    World,
    facts,
    facts_of_services,
    graph_in_batches,
    manifests,
    worlds,
)

BAD = package_name("bad")
QUESTION = Question(targets=(INCIDENT,))
Scene = tuple[World, tuple[Root, ...], tuple[Reading, ...]]


@st.composite
def readings(draw: st.DrawFn, world: World, name: str) -> Reading:
    """Give another account of the times of an incident: a window, and perhaps a gap that no other account has."""
    start = NOON + draw(st.integers(-3, 8)) * MINUTE
    until = start + draw(st.integers(1, 12)) * MINUTE
    gone = draw(st.sampled_from([None, None, None, *sorted(world.packages)]))
    hidden = () if gone is None else (Hidden(package=gone, start=start + MINUTE, until=until + MINUTE),)
    return Reading(id=name, start=start, until=until, hidden=(*hidden, *draw(st.sampled_from([(), world.hidden]))))


@st.composite
def scenes(draw: st.DrawFn) -> Scene:
    """Give a world, some services in it, and other accounts of its times."""
    world = draw(worlds())
    asked = draw(st.lists(manifests(world), max_size=2, unique=True))
    return world, tuple(asked), tuple(draw(readings(world, name)) for name in ("press", "vendor"))


def _alone(reader: Reader, case: Case) -> CaseAnswer:
    organisation = reader.evidence().organisation()
    return answer(case, QUESTION, CaseDocuments(reader, case), worlds_of(reader, case, QUESTION, organisation))


@settings(max_examples=share(40, of=4), deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(scenes())
def test_what_another_reading_takes_over_is_what_it_says_alone(scene: Scene) -> None:
    world, asked, others = scene
    known = [
        replace(fact, readings=(*fact.readings, *others)) if isinstance(fact, Incident) else fact
        for fact in facts(world)
    ]
    with graph_in_batches([[*known, *facts_of_services(asked)]]) as reader:
        (case,) = cases_of(reader, [INCIDENT])
        documents = CaseDocuments(reader, case)
        shared = worlds_of(reader, case, QUESTION, reader.evidence().organisation())
        view = answer(case, QUESTION, documents, shared)
        answered = Answered(view.world, package_rows(view.world, view.reach, view.targets).picked)
        for reading in case.others:
            note(str(reading))
            other = under(case, reader.evidence().incidents(), reading)
            rival, alone = answer(other, QUESTION, documents, shared.under(other)), _alone(reader, other)
            assert rival.services.verdicts() == alone.services.verdicts()
            assert rival.reach.slots == alone.reach.slots
            tiers = package_tiers(rival.world, rival.reach, rival.targets, None, answered)
            assert tiers == package_tiers(rival.world, rival.reach, rival.targets)
            assert tiers == package_tiers(alone.world, alone.reach, alone.targets)
            assert closure_of(rival.world, rival.targets) is closure_of(view.world, view.targets)


@pytest.mark.parametrize(
    ("start", "until", "hidden", "is_shown"),
    [
        (NOON, NOON + 3 * MINUTE, (), True),
        (NOON - MINUTE, NOON + 30 * MINUTE, (), True),
        (NOON, NOON + 3 * MINUTE, (Hidden(package=BAD, start=NOON + MINUTE, until=NOON + 9 * MINUTE),), True),
        (NOON, NOON + 3 * MINUTE, (Hidden(package=BAD, start=NOON, until=NOON + 9 * MINUTE),), False),
        (NOON + 20 * MINUTE, NOON + 30 * MINUTE, (), False),
    ],
)
def test_what_one_reading_found_holds_in_another_while_both_list_the_same(
    start: Instant,
    until: Instant,
    hidden: tuple[Hidden, ...],
    is_shown: bool,  # noqa: FBT001 - a case
) -> None:
    world = made({"bad": {"1": sdist(), "2": sdist()}, "app": {"1": sdist()}}, {"app@1": ("bad",)}, bad=["bad@2"])
    press = Reading(id="press", start=start, until=until, hidden=hidden)
    known = [
        replace(fact, readings=(*fact.readings, press)) if isinstance(fact, Incident) else fact for fact in facts(world)
    ]
    reader = MemoryReader(known)
    (case,) = cases_of(reader, [INCIDENT])
    shared = worlds_of(reader, case, QUESTION, reader.evidence().organisation())
    view = answer(case, QUESTION, CaseDocuments(reader, case), shared)
    answered = Answered(view.world, package_rows(view.world, view.reach, view.targets).picked)
    (key,) = answered.picked
    other = under(case, reader.evidence().incidents(), press)
    rival = answer(other, QUESTION, CaseDocuments(reader, case), shared.under(other))
    runs = list(newest_of(rival.world.package(key[0]), rival.world, rival.reach.slots))
    assert answered.shows_picked(rival.world, rival.reach, key, runs) == is_shown
    assert package_tiers(rival.world, rival.reach, rival.targets, None, answered) == package_tiers(
        rival.world, rival.reach, rival.targets
    )
