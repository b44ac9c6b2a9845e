"""What is kept of a file that could not be read is taken back for that file alone."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from graphkit.ingest.failed import _source

KEYS = st.tuples(st.text(), st.text(), st.text())


@given(KEYS, KEYS)
@example(("", "a/uv.lock till", ""), ("", "a/uv.lock", "till"))
@example(("", "\ud800.lock", ""), ("", "\ud801.lock", ""))
def test_what_is_kept_of_each_file_has_a_source_of_its_own(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    assert (_source(one) == _source(other)) == (one == other)
