"""Conflicts: which choices stand whatever a resolver does about what does not fit together.

Contract: docs/decisions/0005-what-no-conflict-can-shake.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from graphkit.trace.case_answer import Question
from graphkit.trace.resolve.forward import walk_intervals
from graphkit.trace.resolve.manifests import InstallSelection, root_of_manifest
from tests.cases.build import at, compromised, incident, manifest, organisation, package
from tests.property.asking import cases_of, view_of
from tests.property.memory import MemoryReader

Index = Mapping[str, Mapping[str, Sequence[str]]]
ACCUSED = incident(compromised("bad", "2", "11:00"), until="13:00")
BAD: Index = {"bad": {"1": [], "2": []}}


def standing(index: Index, *texts: str) -> list[str] | None:
    """Return the packages whose choice stands at noon, of an install from a manifest; None where nothing conflicts."""
    facts = [
        fact
        for name, releases in {**BAD, **index}.items()
        for fact in package(name, {version: ("01:00", asked) for version, asked in releases.items()})
    ]
    reader = MemoryReader([*facts, ACCUSED, organisation()])
    (case,) = cases_of(reader, ["case-1"])
    world = view_of(reader, case, Question(targets=("case-1",))).world
    root, _ = root_of_manifest(world, manifest("requirements.txt", *texts), InstallSelection())
    (found, *_) = walk_intervals(world, root, at("12:00"), at("12:00") + 1, doubtful=True)
    free = found.walk.conflict_free
    return None if free is None else sorted(world.package(one).name for one in free)


TORN: Index = {"left": {"1": ["lib<2"]}, "right": {"1": ["lib>=2"]}, "lib": {"1": [], "2": []}}
STANDING: Sequence[tuple[str, Index, list[str], list[str] | None]] = [
    ("nothing conflicts", TORN, ["left", "bad"], None),
    (
        "what a manifest asks for itself is given up last, so its own impossibility leaves nothing",
        TORN,
        ["left", "right", "bad"],
        [],
    ),
    (
        "what is chosen without those who conflict stands",
        {**TORN, "mid": {"1": ["left", "right"]}, "other": {"1": ["bad"]}},
        ["mid", "other"],
        ["bad", "mid", "other"],
    ),
    (
        "what one of them asks for may go with it",
        {**TORN, "left": {"1": ["lib<2", "bad"]}, "mid": {"1": ["left", "right"]}},
        ["mid"],
        ["mid"],
    ),
    (
        "what one of them narrows may be chosen otherwise",
        {**TORN, "left": {"1": ["lib<2", "bad<2"]}, "mid": {"1": ["left", "right", "bad"]}},
        ["mid"],
        ["mid"],
    ),
    (
        "what one of them asks for and the rest too stands where it falls the same",
        {**TORN, "left": {"1": ["lib<2", "bad>=1"]}, "mid": {"1": ["left", "right", "bad"]}},
        ["mid"],
        ["bad", "mid"],
    ),
    (
        "who asks for what is not there is involved alone",
        {"mid": {"1": ["alone", "other"]}, "alone": {"1": ["lib>9"]}, "other": {"1": ["lib", "bad"]}, "lib": {"1": []}},
        ["mid"],
        ["bad", "mid", "other"],
    ),
]


@pytest.mark.parametrize(
    ("why", "index", "texts", "found"), STANDING, ids=lambda one: one if isinstance(one, str) else ""
)
def test_a_choice_stands_that_no_way_out_of_a_conflict_changes(
    why: str, index: Index, texts: list[str], found: list[str] | None
) -> None:
    assert standing(index, *texts) == found, why
