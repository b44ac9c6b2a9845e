"""`--redact`: no byte of a report names anything internal, whichever field or sentence it stood in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from typing import Any

import pytest
from msgspec import Struct
from msgspec.structs import replace

from graphkit.model.answers import Blast, WhoHas, WhyAnswer
from graphkit.reports import names, report
from graphkit.reports.as_json import who_has_json, why_json
from graphkit.reports.interface import ReportOptions
from graphkit.reports.redaction import KEPT, KINDS, NOTE, Pseudonyms, redacted
from graphkit.reports.table import who_has_table, why_table
from graphkit.resources import own_words
from tests.unit.reports import answers

MARK = "Zqxwv"
BLASTS = {"blast": answers.blast, "hostile": answers.hostile, "several": answers.several}
SPELLINGS = (
    "{0}{1}",
    "{1}/{0}.py",
    "the {0} of {1}",
    "@{0}/x-{1}",
    "https://{0}.corp/{1}",
    "\u202e{0}\u0085 {1}",
    "{0}é—{1}",
)
"""How a name may be written: what a marker is put into."""


class Marked:
    """Puts a marker of its own into every internal text of an answer."""

    def __init__(self, spelling: str) -> None:
        self._spelling = spelling
        self.count = 0

    def value(self, value: Any, kind: str = "sentence") -> Any:
        if isinstance(value, str) and not isinstance(value, Enum):
            if kind == "keep":
                return value
            self.count += 1
            mark = self._spelling.format(f"{MARK}{self.count}", kind)
            return f"{value} {mark}, {mark.lower()}" if kind == "sentence" else mark
        if kind == "keep" or type(value).__name__ in KEPT:
            return value
        if isinstance(value, tuple | list | frozenset):
            return type(value)(self.value(one, kind) for one in value)
        if not isinstance(value, Struct):
            return value
        name = type(value).__name__
        changed = {
            field: self.value(getattr(value, field), KINDS.get((name, field), "sentence"))
            for field in value.__struct_fields__
        }
        return replace(value, **changed)


def hidden(answer: Any) -> Any:
    public = frozenset({"litellm", "dspy", "openai"})
    return redacted(answer, Pseudonyms(b"key", {}), own_words=own_words(), public=public, hidden=())


def written(answer: Blast) -> Iterator[tuple[str, str]]:
    for name in names():
        for long in (False, True):
            yield name, report(name).render(answer, ReportOptions(long=long))


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("made", BLASTS)
def test_no_byte_of_a_report_holds_what_any_internal_field_held(made: str, spelling: str) -> None:
    marking = Marked(spelling)
    marked = marking.value(BLASTS[made]())
    assert marking.count > 100
    assert any(MARK in text for _, text in written(marked))
    for name, text in written(hidden(marked)):
        assert not re.search(MARK, text, re.IGNORECASE), (
            name,
            re.findall(f".{{80}}{MARK}.{{20}}", text, re.IGNORECASE)[:3],
        )


@pytest.mark.parametrize("made", [answers.why, answers.cleared, answers.trees])
def test_neither_does_why(made: Any) -> None:
    marked: WhyAnswer = Marked(SPELLINGS[1]).value(made())
    for text in (why_json(hidden(marked), clearance=True), why_table(hidden(marked), clearance=True)):
        assert not re.search(MARK, text, re.IGNORECASE)


def test_neither_does_who_has() -> None:
    marked: WhoHas = Marked(SPELLINGS[0]).value(answers.who_has())
    for text in ("".join(who_has_json(hidden(marked))), who_has_table(hidden(marked))):
        assert not re.search(MARK, text, re.IGNORECASE)


def test_what_the_world_knows_stays() -> None:
    whole, told = answers.blast(), hidden(answers.blast())
    assert told.incident == whole.incident
    assert (told.window, told.slots, told.summary, told.environment) == (
        whole.window,
        whole.slots,
        whole.summary,
        whole.environment,
    )
    assert sorted(one.verdict for one in told.services) == sorted(one.verdict for one in whole.services)
    assert [one.package for one in told.packages if one.package == "litellm"] == [
        one.package for one in whole.packages if one.package == "litellm"
    ]
    assert NOTE in told.notes
    assert NOTE in report("markdown").render(told, ReportOptions())


def test_a_name_has_one_pseudonym_and_the_key_alone_makes_it() -> None:
    one, again, other = (Pseudonyms(key, {}) for key in (b"a", b"a", b"b"))
    assert one.of("service", "shop") == again.of("service", "shop") != other.of("service", "shop")
    assert (
        one.back(f"why {one.of('service', 'shop')}, and service-000000000000") == "why shop, and service-000000000000"
    )
    whole = answers.blast()
    told = hidden(whole)
    assert len({row.service for row in told.services}) == len({row.service for row in whole.services})
    services = {row.service for row in told.services}
    assert {name for row in told.companies for name in row.services} <= services
    assert set(told.external) <= services


def test_a_sentence_calls_a_service_as_its_field_does() -> None:
    whole = answers.blast()
    name = whole.services[0].service
    marked = replace(whole, notes=(f"{name} installs from uv.lock of {name}",))
    told = hidden(marked)
    names_of = Pseudonyms(b"key", {})
    assert told.notes[0] == f"{names_of.of('service', name)} installs from uv.lock of {names_of.of('service', name)}"


def test_rows_stand_in_the_order_of_their_pseudonyms() -> None:
    told = hidden(answers.crowd(30))
    for verdict in {one.verdict for one in told.services}:
        rows = [one.service for one in told.services if one.verdict is verdict]
        assert rows == sorted(rows)


def test_every_form_is_one_that_can_be_asked_again() -> None:
    told = hidden(answers.blast())
    for name in names():
        if name != "table":
            text = report(name).render(told, ReportOptions())
            assert report(name).provenance(text) is not None
