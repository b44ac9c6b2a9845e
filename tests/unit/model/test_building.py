"""Build requirements among the requirements of a release: nothing from outside can pass for one, or be lost as one."""

from __future__ import annotations

import pytest
from packaging.markers import Marker

from graphkit.model.building import BUILD_EXTRA, bare_marker, is_of_build, marker_of_build, names_build
from graphkit.model.environment import Environment, EveryEnvironment, MarkerEvaluator
from graphkit.model.names import extra_name

OWN = ["", 'os_name == "nt"', 'os_name == "nt" or os_name == "posix"', '(a_b == "1")', 'os_name == ") or ("']


@pytest.mark.parametrize("marker", OWN[:3])
def test_the_marker_of_a_build_requirement_is_as_packaging_writes_it(marker: str) -> None:
    made = marker_of_build(marker)
    assert str(Marker(made)) == made


@pytest.mark.parametrize("marker", OWN)
def test_the_marker_of_a_build_requirement_is_known_for_one(marker: str) -> None:
    made = marker_of_build(marker)
    assert is_of_build(made)
    assert names_build(made)


@pytest.mark.parametrize("marker", OWN[:2])
def test_the_own_marker_of_a_build_requirement_comes_back(marker: str) -> None:
    assert bare_marker(marker_of_build(marker)) == marker


@pytest.mark.parametrize(
    "marker",
    [
        "",
        'extra == "build"',
        f'extra == "{BUILD_EXTRA}" or os_name == "nt"',
        f'extra == "{BUILD_EXTRA}" and (os_name == "nt") or os_name == "posix"',
        f'os_name == "nt" and extra == "{BUILD_EXTRA}"',
    ],
)
def test_what_can_hold_without_the_extra_is_no_build_requirement(marker: str) -> None:
    assert not is_of_build(marker)


def test_no_extra_of_a_package_is_called_so() -> None:
    assert extra_name(BUILD_EXTRA) != BUILD_EXTRA


@pytest.mark.parametrize("own", ["", 'os_name == "posix"'])
def test_a_build_requirement_holds_under_its_extra_alone(own: str) -> None:
    marker, evaluator = marker_of_build(own), MarkerEvaluator(Environment())
    assert [evaluator.truth(marker, extra) for extra in ("", "build", BUILD_EXTRA)] == [False, False, True]
    assert [EveryEnvironment().truth(marker, extra) for extra in ("", "build", BUILD_EXTRA)] == [False, False, None]
