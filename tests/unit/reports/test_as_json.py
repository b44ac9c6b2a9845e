"""JSON text of answers: the layout that `json.dumps` writes, with what hides or reorders as escapes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from graphkit.model.answers import Step
from graphkit.model.ranks import Tier, Verdict
from graphkit.reports.as_json import REPORT, blast_shape, encoded, whole_shape
from graphkit.reports.interface import ReportOptions
from graphkit.reports.text import safe_json
from graphkit.reports.wording import listing, made_of
from tests.unit.reports import answers

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


@pytest.mark.parametrize("made", [answers.blast(), answers.hostile(), answers.several(), answers.nothing()])
@pytest.mark.parametrize("number", [0, 1, 600])
def test_what_is_written_in_parts_is_what_is_encoded_whole(made: Any, number: int) -> None:
    made = replace(made, services=(made.services * number)[:number])
    view = ReportOptions()
    whole = encoded(blast_shape(made, listing(made, view), made_of(made, view)))
    assert REPORT.render(made, view) == whole
    assert max(map(len, REPORT.parts(made, view))) <= len(whole) / max(1, number // 300)


@pytest.mark.parametrize("made", [answers.blast(), answers.hostile(), answers.several(), answers.nothing()])
def test_what_is_compared_is_what_is_read_from_a_report(made: Any) -> None:
    view = ReportOptions(tier=Tier.ADMITTED)
    read, whole = json.loads(REPORT.render(made, view)), whole_shape(made, view)
    assert whole == read
    path = Step(node="a\ud800", why="\x7f\u202e")
    odd = replace(answers.service("s", Verdict.OBSERVED), paths=((path,),))
    assert whole_shape(replace(made, services=(odd,)), view)["services"][0]["paths"] == [
        [{"node": path.node, "why": path.why}]
    ]


def test_groups_have_every_service_once_and_what_is_said_of_them() -> None:
    made = replace(
        answers.blast(),
        services=tuple(answers.service(f"s-{number}", Verdict.UNKNOWN, reason=f"{number % 2}") for number in range(7)),
    )
    read = json.loads(REPORT.render(made, ReportOptions(group=True)))
    assert [(one["count"], one["services"]) for one in read["groups"]] == [
        (4, ["s-0", "s-2", "s-4", "s-6"]),
        (3, ["s-1", "s-3", "s-5"]),
    ]
    first, *_ = read["services"]
    assert {"service": "s-0", **read["groups"][0]["shared"]} == first
    assert "groups" not in json.loads(REPORT.render(made, ReportOptions()))
