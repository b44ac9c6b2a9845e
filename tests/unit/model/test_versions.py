"""Versions: PEP 440 where it reads them, text where it does not, and one total order over both."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import canonicalize_version
from packaging.version import Version

from graphkit.model.versions import ReleaseVersion, release_version

READABLE = st.from_regex(
    r"v?([0-2]!)?[0-9]{1,2}(\.[0-9]{1,2}){0,3}((a|b|rc)[0-3])?(\.post[0-3])?(\.dev[0-3])?(\+[a-z0-9]{1,3}(\.[0-9])?)?",
    fullmatch=True,
)
LEGACY = st.sampled_from(["2004d", "1.0-final-x", "latest", "", "1.0.x", "dev", "*", "1..0", "\u0661.0", "1.0+\u212a"])
ANY = READABLE | LEGACY


@pytest.mark.parametrize("raw", ["1", "1.0", "1.0.0", "v1.0", " 1.0 ", "1.00", "01.0", "0!1"])
def test_one_release_has_one_key(raw: str) -> None:
    assert release_version(raw).key == "1"


@pytest.mark.parametrize(
    ("raw", "key", "text"),
    [
        ("1.0-1", "1.post1", "1.0.post1"),
        ("1.0RC1", "1rc1", "1.0rc1"),
        ("1!1.0", "1!1", "1!1.0"),
        ("2.1.0+CU118", "2.1+cu118", "2.1.0+cu118"),
        ("1.0+a_1", "1+a.1", "1.0+a.1"),
        ("1.0.dev0", "1.dev0", "1.0.dev0"),
        ("0.0", "0", "0.0"),
        ("10.0", "10", "10.0"),
    ],
)
def test_key_and_shown_text(raw: str, key: str, text: str) -> None:
    version = release_version(raw)
    assert (version.key, version.text) == (key, text)


def test_locals_epochs_and_posts_are_releases_of_their_own() -> None:
    raws = ["1.0", "1.0+cu118", "1.0+cpu", "1!1.0", "1.0.post1", "1.0rc1", "1.0.dev1"]
    assert len({release_version(raw).key for raw in raws}) == len(raws)


@given(LEGACY)
def test_legacy_stays_text(raw: str) -> None:
    version = release_version(raw)
    assert (version.parsed, version.key, version.text) == (None, raw.strip(), raw.strip())
    assert not version.is_prerelease


@given(st.text(max_size=40))
def test_any_text_is_a_version(raw: str) -> None:
    version = release_version(raw)
    assert version.parsed is None or release_version(version.text) == version


def test_endless_digits_stay_text() -> None:
    assert release_version("1" * 5_000).parsed is None


@pytest.mark.parametrize(
    ("raw", "expected"), [("1.0", False), ("1.0rc1", True), ("1.0.dev1", True), ("1.0.post1", False)]
)
def test_is_prerelease(raw: str, *, expected: bool) -> None:
    assert release_version(raw).is_prerelease is expected


def test_legacy_versions_stand_below_all_others() -> None:
    ordered = ["2004d", "latest", "zzz", "0.dev0", "0", "1.0rc1", "1.0", "1.0+local", "1.0.post1", "1!0"]
    for shuffled in (ordered, ordered[::-1], ordered[::2] + ordered[1::2]):
        assert [v.text for v in sorted(map(release_version, shuffled))] == ordered


@given(ANY, ANY)
def test_order_is_total_and_agrees_with_the_key(left: str, right: str) -> None:
    a, b = release_version(left), release_version(right)
    assert [a < b, b < a].count(True) == (a.key != b.key)


@given(ANY, ANY, ANY)
def test_order_is_transitive(one: str, two: str, three: str) -> None:
    for a, b, c in itertools.permutations(map(release_version, (one, two, three))):
        assert a < c or not (a < b < c)


@given(READABLE, READABLE)
def test_order_and_key_agree_with_packaging(left: str, right: str) -> None:
    a, b = release_version(left), release_version(right)
    assert (a < b) == (Version(left) < Version(right))
    assert (a.key == b.key) == (Version(left) == Version(right))


def test_values_are_frozen() -> None:
    version = release_version("1.0")
    with pytest.raises(AttributeError):
        version.key = "2"  # type: ignore[misc]
    assert version == ReleaseVersion(key="1", text="1.0", parsed=Version("1.0"))


@given(READABLE | st.from_regex(r"[01](\.[01]){0,4}((a|b|rc)0?[0-3])?(\.post0?[0-3])?(\.dev0?[0-3])?", fullmatch=True))
def test_key_and_text_are_those_of_packaging(raw: str) -> None:
    version = release_version(raw)
    assert (version.key, version.text) == (canonicalize_version(Version(raw)), str(Version(raw)))


def test_a_long_version_is_read_in_no_more_time_than_its_length_takes() -> None:
    raw = "0" + ".0" * 5_000 + ".1"
    assert release_version(raw).key == raw
