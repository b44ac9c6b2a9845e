"""What was reached, in columns: masks by key, and the same as a mapping."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphkit.trace.reach.nominate import closure_of
from graphkit.trace.reach.reached import looked_up, united
from tests.cases.build import package
from tests.unit.trace.parts import package_in, place, targets, world_of

KEYS = st.lists(st.tuples(st.integers(0, 6), st.integers(1, 255)), max_size=20)


@given(KEYS, st.lists(st.integers(-1, 8), max_size=6))
def test_masks_of_one_key_are_united_and_looked_up_again(pairs: list[tuple[int, int]], asked: list[int]) -> None:
    expected: dict[int, int] = {}
    for key, mask in pairs:
        expected[key] = expected.get(key, 0) | mask
    keys, masks = united(
        np.array([key for key, _ in pairs], dtype=np.int64), np.array([mask for _, mask in pairs], dtype=np.uint8)
    )
    assert dict(zip(keys.tolist(), masks.tolist(), strict=True)) == expected
    assert keys.tolist() == sorted(expected)
    found = looked_up(keys, masks, np.array(asked, dtype=np.int64))
    assert found.tolist() == [expected.get(key, 0) for key in asked]
    assert found.dtype == masks.dtype


def test_masks_that_are_all_alike_are_united_too() -> None:
    keys, masks = united(np.array([5, 2, 5]), np.array([3, 3, 3], dtype=np.uint16))
    assert (keys.tolist(), masks.tolist(), masks.dtype) == ([2, 5], [3, 3], np.dtype(np.uint16))


def test_nothing_was_reached_where_nothing_was_asked() -> None:
    found = closure_of(world_of(*WORLD), {})
    assert (found.keys(), found.packages.tolist(), found.count) == ([], [], 0)
    assert [len(column) for column in found.with_extras()] == [0, 0, 0]
    assert found.masks_of(["x"], np.array([0])).tolist() == [0]


WORLD = (
    *package("bad", {"1": ("01:00", []), "2": ("02:00", [])}),
    *package("app", {"1": ("01:00", ["bad"]), "2": ("02:00", [])}),
    *package("tool", {"1": ("01:00", ["bad ; extra == 'x'", "app ; extra == 'y'"])}),
    *package("apart", {"1": ("01:00", ["tool"])}),
)


def test_a_closure_reads_as_a_mapping_of_packages_and_extras() -> None:
    world = world_of(*WORLD)
    found = closure_of(world, targets(world, "bad@2"))
    ids = {name: package_in(world, name).id for name in ("app", "bad", "tool", "apart")}
    keys = [(ids["app"], ""), (ids["bad"], ""), (ids["tool"], "x"), (ids["tool"], "y")]
    assert found.keys() == list(found.masks) == keys
    assert len(found.masks) == 4
    assert found.masks[ids["bad"], ""].tolist() == [0, 1]
    assert found.masks[ids["app"], ""].tolist() == [1, 0]
    for absent in ((ids["apart"], ""), (ids["tool"], ""), (ids["tool"], "z"), (ids["app"], "x")):
        assert absent not in found.masks
        with pytest.raises(KeyError):
            found.masks[absent]
        assert found.mask(*absent, place(world, "app@1")[1]) == 0


def test_levels_are_edges_from_the_nearest_target() -> None:
    world = world_of(*WORLD, *package("far", {"1": ("01:00", ["app", "bad"]), "2": ("01:00", ["app"])}))
    found = closure_of(world, targets(world, "bad@2"))
    names = [world.package(one).name for one in found.packages.tolist()]
    assert dict(zip(names, found.levels.tolist(), strict=True)) == {"app": 1, "bad": 0, "far": 1}
    packages, extras, levels = found.with_extras()
    assert [(world.package(one).name, extra) for one, extra in zip(packages.tolist(), extras, strict=True)] == [
        ("tool", "x"),
        ("tool", "y"),
    ]
    assert levels.tolist() == [1, 2]
    assert found.count == np.count_nonzero(found.plain) == 4


def test_extras_come_by_name_whatever_was_met_first() -> None:
    world = world_of(*WORLD, *package("late", {"1": ("01:00", ["bad ; extra == 'z'", "app ; extra == 'a'"])}))
    late = package_in(world, "late").id
    packages, extras, _ = closure_of(world, targets(world, "bad@2")).with_extras()
    assert [extra for one, extra in zip(packages.tolist(), extras, strict=True) if one == late] == ["a", "z"]


def test_masks_of_many_releases_with_extras_are_asked_at_once() -> None:
    world = world_of(*WORLD)
    found = closure_of(world, targets(world, "bad@2"))
    tool, app = package_in(world, "tool"), package_in(world, "app")
    asked = found.masks_of(["x", "y", "z", "x"], np.array([tool.start, tool.start, tool.start, app.start]))
    assert asked.tolist() == [1, 1, 0, 0]
