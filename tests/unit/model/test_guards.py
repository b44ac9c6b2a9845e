"""What installers are told beside the requirements."""

from __future__ import annotations

import pytest

from graphkit.model.guards import NO_GUARDS, CutOff, Guards, StatedMetadata
from graphkit.model.names import package_name
from graphkit.model.requirements import requirement
from graphkit.model.times import Moment

LIB, OTHER = package_name("lib"), package_name("other")
WEEK, DAY = CutOff(age=7, text="7"), CutOff(age=1, text="1")


@pytest.mark.parametrize(
    ("cut_off", "latest"),
    [
        (CutOff(at=Moment(earliest=10, latest=40)), 40),  # an imprecise date may be its last instant
        (CutOff(age=7), 93),
        (CutOff(age=0), 100),
        (CutOff(), 100),
    ],
)
def test_a_cut_off_lets_in_what_its_latest_meaning_does(cut_off: CutOff, latest: int) -> None:
    assert cut_off.latest(100) == latest


@pytest.mark.parametrize(
    ("guards", "found"),
    [
        (Guards(), None),
        (Guards(cut_off=WEEK), WEEK),
        (Guards(cut_off=WEEK, cut_offs=((LIB, DAY),)), DAY),
        (Guards(cut_off=WEEK, cut_offs=((LIB, None),)), None),  # an exemption lifts it
        (Guards(cut_off=WEEK, cut_offs=((OTHER, None),)), WEEK),
    ],
)
def test_the_cut_off_of_a_single_package_stands_in_place_of_the_one_for_all(
    guards: Guards, found: CutOff | None
) -> None:
    assert guards.cut_off_of(LIB) == found


def test_every_override_of_a_package_is_found_and_of_no_other() -> None:
    overrides = (requirement("lib<2"), requirement("other<2"), requirement("lib<3; os_name == 'nt'"))
    guards = Guards(overrides=overrides)
    assert guards.overrides_of(LIB) == (overrides[0], overrides[2])
    assert guards.overrides_of(package_name("third")) == ()


SAID = [
    (NO_GUARDS, "locks"),
    (Guards(installer="pip"), "locks"),
    (Guards(metadata=(StatedMetadata(package=LIB),), replaced=(LIB,)), "locks"),
    (Guards(constraints=(requirement("lib<2"),)), ""),
    (Guards(is_workspace=True), ""),
    (Guards(cut_off=WEEK), "cuts changes"),
    (Guards(cut_offs=((LIB, DAY),)), "cuts changes"),
    (Guards(cut_offs=((LIB, None),)), ""),
    (Guards(overrides=(requirement("lib<2"),)), "changes"),
]


@pytest.mark.parametrize(("guards", "found"), SAID)
def test_what_guards_change_is_told_by_what_they_say(guards: Guards, found: str) -> None:
    words = {"locks": guards.is_for_locks_alone, "cuts": guards.cuts, "changes": guards.changes_the_index}
    assert [word for word, holds in words.items() if holds] == found.split()
