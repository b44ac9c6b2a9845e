"""Requirement texts read by their parts, against the reading of the whole."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphkit.model.names import BadName
from graphkit.model.requirement_texts import read_requirement
from graphkit.model.requirements import Requirement, requirement

PARTS = st.tuples(
    st.sampled_from(["lib", "Lib_A.b", "x", "9lib", "-lib", ""]),
    st.sampled_from(["", "[a]", "[B_c, a]", "[]", "[a,,b]", "[:build]"]),
    st.sampled_from(["", ">=1", " (>=1,<2)", "==1.*", ">=1.*", "==1.0+a", "~=1", "=1", " ( >=1", "===old"]),
    st.sampled_from(["", '; os_name=="nt"', " ;extra == 'a'", '; extra == ":build"', ";", "; nonsense", ";(((", "\n"]),
)


def read(reader: object, text: str) -> Requirement | None:
    try:
        return reader(text)  # type: ignore[operator,no-any-return]  # one of two functions
    except BadName:
        return None


@given(PARTS)
def test_a_text_means_the_same_however_it_is_read(parts: tuple[str, ...]) -> None:
    text = "".join(parts)
    assert read(read_requirement, text) == read(requirement, text)


@pytest.mark.parametrize(
    "text",
    [
        "lib[a]>=1 ; os_name == 'nt'",
        "lib>=1.*",
        "lib; nonsense",
        'lib; extra == ":build"',
        f"lib; {'(' * 2_000}os_name == 'nt'{')' * 2_000}",
        "lib @ https://files.example/lib-1.0.tar.gz",
    ],
)
def test_a_text_whose_parts_cannot_be_read_is_read_as_a_whole(text: str) -> None:
    assert read_requirement(text) == requirement(text)


def test_a_requirement_that_names_the_extra_of_builds_is_unreadable() -> None:
    assert requirement('lib>=1; extra == ":build"').unreadable


def test_a_text_without_a_name_is_bad() -> None:
    with pytest.raises(BadName):
        read_requirement(">=1")
