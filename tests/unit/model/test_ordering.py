"""Versions as bytes: they sort and compare as the versions do."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from graphkit.model.ordering import ordering_of
from graphkit.model.versions import release_version
from tests.property.test_ranges import version_texts

NUMBERS = st.one_of(st.integers(0, 300), st.integers(0, 2**70), st.sampled_from([255, 256, 65_535, 65_536, 256**254]))
ANY = version_texts() | NUMBERS.map(lambda n: f"1.{n}") | NUMBERS.map(lambda n: f"1+{n}") | st.text(max_size=6)


@given(ANY, ANY)
@example("1.0", "1.0.0")
@example("1.0.dev1", "1.0a1")
@example("1.0a1.dev1", "1.0a1")
@example("1.0", "1.0+a")
@example("1.0+a", "1.0+1")
@example("1.0+a.b", "1.0+a")
@example("1.0+ab", "1.0+a.z")
@example("1.0.post1.dev1", "1.0.post1")
@example("latest", "0.dev0")
@example("1.0+a", "1.0.0.1")
@example("1.256", "1.255")
@example("b", "aa")
def test_bytes_compare_as_versions_do(left: str, right: str) -> None:
    one, other = release_version(left), release_version(right)
    assert (ordering_of(one) < ordering_of(other)) == (one < other)
    assert (ordering_of(one) == ordering_of(other)) == (one.key == other.key)
