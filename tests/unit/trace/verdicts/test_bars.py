"""Bars: what leaves no accused version, against packaging asked about every version."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from graphkit.model.answers import BuildVerdict
from graphkit.model.documents import Document
from graphkit.model.guards import Guards
from graphkit.model.names import package_name
from graphkit.model.ranks import Verdict
from graphkit.model.requirements import requirement
from graphkit.trace.verdicts.bars import _barring, _is_disjoint, _named_by_url
from tests.cases.build import manifest
from tests.unit.trace.verdicts.shop import BARRED, PRIVATE, judged, unrecorded

VERSIONS = [
    Version(text)
    for text in (
        *("0.9", "1.0.dev1", "1.0a1", "1.0rc1", "1.0", "1.0+local", "1.0.post1", "1.0.1", "1.1a1", "1.1", "1.1+x"),
        *("2.0.dev1", "2.0rc1", "2.0", "2.0.post1.dev1", "10", "1!0.1"),
    )
]
ANCHORS = st.sampled_from([str(one) for one in VERSIONS])
PUBLIC = st.sampled_from(sorted({one.public for one in VERSIONS}))
CLAUSES = st.one_of(
    st.builds(str.__add__, st.sampled_from(["==", "!=", "==="]), ANCHORS),
    st.builds(str.__add__, st.sampled_from([">", ">=", "<", "<="]), PUBLIC),
    st.sampled_from(["==1.*", "!=1.*", "==1.0.*", "!=1.0.*", "~=1.0", "~=1.0.1", "===V1.0", "===odd"]),
)
SPECIFIERS = st.lists(CLAUSES, max_size=3).map(",".join)
ACCUSED = st.lists(st.builds("=={}".format, ANCHORS) | SPECIFIERS, max_size=2).map(
    lambda texts: [SpecifierSet(text) for text in texts if "===" not in text]
)


def admits(specifier: SpecifierSet, version: Version) -> bool:
    return specifier.contains(version, prereleases=True)


@given(SPECIFIERS, ACCUSED)
def test_what_shares_no_version_with_the_accused_admits_none(specifier: str, accused: Sequence[SpecifierSet]) -> None:
    if _is_disjoint(specifier, accused):
        own = SpecifierSet(specifier)
        assert [one for one in VERSIONS if admits(own, one) and any(admits(it, one) for it in accused)] == []


@given(st.lists(SPECIFIERS, max_size=3), ACCUSED)
def test_what_bars_together_admits_no_accused_version(texts: list[str], accused: Sequence[SpecifierSet]) -> None:
    bars = [requirement(f"lib{text}") for text in texts]
    if next(_barring(bars, accused), None) is not None:
        own = [SpecifierSet(one.specifier) for one in bars]
        taken = [one for one in VERSIONS if all(admits(it, one) for it in own)]
        assert [one for one in taken if any(admits(it, one) for it in accused)] == []


BARS = [
    (["lib<2"], "==2", "lib<2"),
    (["lib<=2"], "==2", None),
    (["lib<3", "lib<2"], "==2", "lib<2"),  # one is enough
    (["lib>=1", "lib!=2,<3"], ">=2,<3", None),
    (["lib!=2.*", "lib<3"], ">=2", "lib!=2.*,<3"),  # all of them together
    (["lib"], "==2", None),
    ([], "==2", None),
    (["lib<2"], "==2rc1", "lib<2"),  # PEP 440: what is below 2 is no pre-release of it
    (["lib<2"], "==2.dev1", "lib<2"),
    (["lib===1.0"], "==2", "lib===1.0"),
    (["lib===2"], "==2.0", None),
    (["lib===odd"], "==2", None),
]


@pytest.mark.parametrize(("texts", "accused", "bar"), BARS)
def test_one_requirement_bars_or_all_of_them_together(texts: list[str], accused: str, bar: str | None) -> None:
    assert next(_barring([requirement(text) for text in texts], [SpecifierSet(accused)]), None) == bar


def test_a_range_that_cannot_be_read_bars_nothing() -> None:
    assert not _is_disjoint("odd", [SpecifierSet("==2")])


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("lib", None),
        ("lib @ https://files.example/lib-1.0-py3-none-any.whl", "lib"),
        ("other @ https://files.example/lib-1.0.tar.gz#sha256=00", "lib"),  # whatever the requirement calls it
        ("lib @ https://files.example/l%69b-1.0.tar.gz?x=/a-1.0.tar.gz", "lib"),
        ("lib @ git+https://git.example/lib", None),
    ],
)
def test_a_url_names_the_package_of_its_file(url: str, name: str | None) -> None:
    assert _named_by_url(requirement(url)) == (package_name(name) if name else None)


# As a service is judged


@pytest.mark.parametrize(
    ("here", "private"),
    [
        (replace(BARRED, indexes=(PRIVATE,)), []),
        (BARRED, ["bad"]),
        (manifest("requirements.txt", "x @ https://files.example/bad-1.0.tar.gz", "bad<2"), []),
    ],
)
def test_no_range_binds_what_comes_from_elsewhere(here: Document, private: list[str]) -> None:
    assert judged(BARRED).verdict is Verdict.CLEARED
    assert unrecorded(judged(here, private=private)).verdict is Verdict.UNKNOWN


def overriding(*overrides: str, constraints: Sequence[str] = (), asks: str = "bad") -> BuildVerdict:
    """Return the verdict of a project whose uv replaces requirements."""
    guards = Guards(overrides=tuple(map(requirement, overrides)), constraints=tuple(map(requirement, constraints)))
    here = replace(manifest("pyproject.toml", asks), guards=guards)
    return unrecorded(judged(here, resolver="uv"))


OVERRIDES: list[tuple[list[str], list[str], str, str]] = [
    (["bad<2"], [], "cleared", "requires bad<2 (override)"),
    (["bad>=2"], [], "picked", ""),
    (["bad<2", "bad>=1"], [], "cleared", "over a closure that was read completely"),  # no bar: each has to by itself
    (["bad>=1"], ["bad<2"], "cleared", "requires bad>=1 (override)"),  # constraints bind what they put in
    (["bad ; python_version < '2'"], [], "cleared", "no bad (its requirements are overridden or excluded)"),
    (["bad @ https://files.example/bad-2.whl"], [], "unknown", ""),
]


@pytest.mark.parametrize(("overrides", "constraints", "verdict", "told"), OVERRIDES)
def test_an_override_bars_by_itself_and_with_constraints(
    overrides: list[str], constraints: list[str], verdict: str, told: str
) -> None:
    found = overriding(*overrides, constraints=constraints)
    assert found.verdict.value == verdict
    assert told in found.reason


def test_what_an_override_replaces_bars_nothing_any_more() -> None:
    assert overriding("bad>=1", asks="bad<2").verdict is Verdict.PICKED
