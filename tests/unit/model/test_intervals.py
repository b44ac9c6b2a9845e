"""Ranges as stretches of positions, against packaging asked about every version."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import Specifier, SpecifierSet
from packaging.version import Version

from graphkit.model.intervals import Readable, ReleaseRanges, meet, raw_matches, single, stretches

TEXTS = ["0.9", "1.0.dev1", "1.0a1", "1.0", "1.0+local", "1.0.post1", "1.1", "1.10", "2.0rc1", "2.0", "1!0.1"]
VERSIONS = sorted(map(Version, TEXTS))
ANCHORS = st.sampled_from(["0.1", "1.0", "1.0a1", "1.0.post1", "1.5", "2.0", "2.0rc1", "1!0.1", "9"])
CLAUSES = st.one_of(
    st.builds(str.__add__, st.sampled_from([">", ">=", "<", "<=", "==", "!=", "==="]), ANCHORS),
    st.sampled_from(["==1.*", "!=1.*", "==1.0.*", "!=1.0.*", "~=1.0", "~=1.0.1", "==1.0+local", "!=1.0+local"]),
)
FEW = st.lists(st.sampled_from(VERSIONS), unique=True).map(sorted)
POSITIONS = st.sets(st.integers(0, 12))


def positions(ranges: ReleaseRanges) -> list[int]:
    return [at for lo, hi in ranges for at in range(lo, hi)]


def ranges_of(found: set[int]) -> ReleaseRanges:
    """Return positions as stretches, none of which touches another."""
    starts = sorted(at for at in found if at - 1 not in found)
    return tuple((at, next(end for end in range(at, 99) if end not in found)) for at in starts)


@given(CLAUSES, FEW)
def test_a_clause_admits_the_versions_that_packaging_does(clause: str, versions: list[Version]) -> None:
    specifier = Specifier(clause)
    found = single(specifier, versions)
    assert positions(found) == [at for at, one in enumerate(versions) if specifier.contains(one, prereleases=True)]


@given(st.lists(CLAUSES, max_size=3), FEW)
def test_a_set_admits_what_all_of_its_clauses_do(clauses: list[str], versions: list[Version]) -> None:
    found = stretches(SpecifierSet(",".join(clauses)), versions)
    whole = SpecifierSet(",".join(clauses), prereleases=True)
    assert positions(found) == [at for at, one in enumerate(versions) if whole.contains(one)]
    assert all(lo < hi for lo, hi in found)


@given(POSITIONS, POSITIONS)
def test_meet_is_the_intersection(left: set[int], right: set[int]) -> None:
    assert positions(meet(ranges_of(left), ranges_of(right))) == sorted(left & right)


@pytest.mark.parametrize(("literal", "found"), [("1.0", ((1, 2),)), ("V1", ((0, 1), (2, 3))), ("1", ()), ("1.0.0", ())])
def test_an_exact_literal_is_compared_as_text_whatever_its_case(literal: str, found: ReleaseRanges) -> None:
    assert raw_matches(literal, ["v1", "1.0", "V1"]) == found


def test_the_spellings_of_an_exact_literal_are_those_given_else_the_normal_ones() -> None:
    versions = [Version("1.0"), Version("2.0rc1")]
    assert stretches(SpecifierSet("===2.0-RC1"), versions, ["1.0", "2.0-rc1"]) == ((1, 2),)
    assert stretches(SpecifierSet("===2.0-RC1"), versions) == ()


def test_of_no_versions_nothing_is_admitted() -> None:
    assert stretches(SpecifierSet(""), []) == ()


def test_versions_are_parsed_when_they_are_looked_at() -> None:
    found = Readable(["not a version", "1.0", "2.0", "nor this"], 1)
    assert (len(found), found[0], found[1], found[0:2]) == (3, Version("1.0"), Version("2.0"), [found[0], found[1]])
    assert found[0] is found[0]
    with pytest.raises(ValueError, match="nor this"):
        found[2]
