"""JSON text of answers: the layout that `json.dumps` writes, with what hides or reorders as escapes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphkit.reports.as_json import encoded
from graphkit.reports.text import safe_json

TEXTS = st.text(st.characters() | st.sampled_from('\x00\x08\x0c\x1b\x7f\x85\u2028\u202e\ud800\udfff"\\/<'))
PLAIN = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | TEXTS
SHAPES = st.recursive(
    PLAIN, lambda parts: st.lists(parts) | st.lists(parts).map(tuple) | st.dictionaries(TEXTS, parts), max_leaves=20
)


def by_python(shape: Any) -> str:
    return safe_json(json.dumps(shape, ensure_ascii=False, sort_keys=True, indent=2, allow_nan=False)) + "\n"


@given(st.dictionaries(TEXTS, SHAPES))
def test_it_is_what_python_writes(shape: dict[str, Any]) -> None:
    assert encoded(shape) == by_python(shape)


@pytest.mark.parametrize("shape", [{}, {"a": []}, {"a": {}}, {"b": [[], {}], "a": [1, "x"]}, {"\ud800": "\udfff"}])
def test_what_is_empty_and_what_is_no_utf_8(shape: dict[str, Any]) -> None:
    assert encoded(shape) == by_python(shape)
