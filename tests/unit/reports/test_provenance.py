"""What a report was made of, written on one line and read back from whatever a file holds."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphkit.model.answers import Provenance
from graphkit.model.times import BEGINNING, FOREVER
from graphkit.reports import names, report
from graphkit.reports.interface import ReportOptions
from graphkit.reports.provenance import provenance_shape, read_object, read_provenance, read_stamp, stamp
from tests.unit.reports import answers

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
MADE = st.builds(
    Provenance,
    graphkit=TEXT,
    packaging=TEXT,
    question=TEXT,
    inputs=st.integers(0, 10**9),
    facts_sha256=TEXT,
    facts_until=st.none() | st.integers(0, 10**15),
    proofs_sha256=TEXT,
)


@given(MADE)
def test_a_line_says_what_was_written_into_it(made: Provenance) -> None:
    line = stamp(made)
    assert read_stamp(line) == made
    assert "\n" not in line
    assert read_provenance(json.loads(json.dumps(provenance_shape(made)))) == made


@pytest.mark.parametrize("at", [BEGINNING, FOREVER])
def test_a_time_that_is_none_is_not_written(at: int) -> None:
    made = answers.blast().provenance
    assert provenance_shape(Provenance(**{**fields(made), "facts_until": at}))["facts_until"] is None


def fields(made: Provenance) -> dict[str, Any]:
    return {name: getattr(made, name) for name in Provenance.__struct_fields__}


WHOLE: dict[str, Any] = provenance_shape(answers.blast().provenance)


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        "text",
        {},
        *({key: value for key, value in WHOLE.items() if key != name} for name in ("graphkit", "question", "inputs")),
        *({**WHOLE, name: 1} for name in ("graphkit", "packaging", "question", "facts_sha256", "proofs_sha256")),
        {**WHOLE, "inputs": "12"},
        {**WHOLE, "inputs": 1.5},
        {**WHOLE, "facts_until": "yesterday"},
        {**WHOLE, "facts_until": "9999-12-31T23:59:59-23:59"},
    ],
)
def test_other_values_are_none(value: object) -> None:
    assert read_provenance(value) is None


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", "1", '"a"', "[" * 100_000, '{"a":' * 100_000, "1" * 5_000, "{}", '{"made":"other"}']
)
def test_a_text_that_is_no_object_is_an_empty_one_and_no_stamp(text: str) -> None:
    assert read_object(text) in ({}, {"made": "other"})
    assert read_stamp(text) is None


FORMS = tuple(name for name in names() if name != "table")
WRITTEN = {form: report(form).render(answers.hostile(), ReportOptions()) for form in FORMS}


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=25)
@given(data=st.data())
def test_a_damaged_report_is_one_or_none_and_no_traceback(form: str, data: st.DataObject) -> None:
    """Cut, a part of it lost, or with another text in it, where it says what it was made of."""
    text = WRITTEN[form]
    about = max(text.find("facts_sha256"), text.find("facts%5Fsha256"), 0)
    near = st.integers(max(about - 300, 0), min(about + 300, len(text)))
    lo, hi = sorted((data.draw(near), data.draw(near)))
    instead = data.draw(st.sampled_from(["", "0", '"', "]", "}", "\\u", "%", "&#0;", "<", "\x00", "9" * 5_000]))
    for damaged in (text[:lo], text[hi:], text[:lo] + instead + text[hi:]):
        for one in names():
            found = report(one).provenance(damaged)
            assert found is None or isinstance(found, Provenance)


@pytest.mark.parametrize("form", FORMS)
def test_no_other_form_takes_a_report_for_its_own(form: str) -> None:
    assert [one for one in names() if report(one).provenance(WRITTEN[form]) is not None] == [form]


@pytest.mark.parametrize("last", ["summary,a\rb", "summary," + "a" * 200_000, "", "summary", '"', ',"' * 5])
def test_a_damaged_last_row_of_a_table_says_nothing(last: str) -> None:
    head, *_ = WRITTEN["csv"].splitlines()
    assert report("csv").provenance(f"{head}\r\n{last}\r\n") is None
