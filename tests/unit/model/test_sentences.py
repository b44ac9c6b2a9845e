"""Lists of names in sentences."""

from __future__ import annotations

import pytest

from graphkit.model.sentences import and_more, first_of


@pytest.mark.parametrize(
    ("count", "shown", "text"), [(0, 1, ""), (1, 1, ""), (2, 1, " and 1 more"), (12_345, 2, " and 12,343 more")]
)
def test_what_is_not_shown_is_counted(count: int, shown: int, text: str) -> None:
    assert and_more(count, shown) == text


@pytest.mark.parametrize(
    ("names", "text"), [([], ""), (["a"], "a"), (["a", "b"], "a, b"), (["a", "b", "c", "d"], "a, b and 2 more")]
)
def test_the_first_names_are_shown_and_the_others_counted(names: list[str], text: str) -> None:
    assert first_of(names, 2) == text
