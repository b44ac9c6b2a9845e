"""Text from anywhere, made safe: nothing that hides, reorders or controls is left, and nothing else is touched."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphkit.reports.text import counted, cut, safe_json, script_json, shown
from tests.unit.reports.answers import HOSTILE

ANY = st.text(st.characters(), max_size=20)  # lone surrogates too
ACTING = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""Categories of Unicode whose characters act, or cannot be written. A Python of later may know more of them."""
SEEN_ALL_THE_SAME = {
    *range(0x600, 0x606),
    *(0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD),
    *range(0x13430, 0x13440),
    *range(0x1BCA0, 0x1BCA4),
}
"""Signs that are drawn around numbers or signs beside them: they are of a category that mostly is not seen."""


def test_every_character_that_acts_becomes_visible() -> None:
    left = [
        code
        for code in range(0x110000)
        if unicodedata.category(chr(code)) in ACTING and chr(code) in shown(f"a{chr(code)}é")
    ]
    assert set(left) <= SEEN_ALL_THE_SAME


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("plain é 中文 🦜", "plain é 中文 🦜"),
        ("\t\r\n", "\\x09\\x0d\\x0a"),
        ("\u202e", "\\u202e"),
        ("\U000e0041", "\\U000e0041"),
        ("half \ud83d", "half \\ud83d"),
        ("back\\slash", "back\\slash"),
    ],
)
def test_an_escape_has_the_number_of_what_it_stands_for(text: str, expected: str) -> None:
    assert shown(text) == expected


@given(ANY)
def test_what_is_shown_stays_as_it_is_when_it_is_shown_again(text: str) -> None:
    once = shown(text)
    assert shown(once) == once
    once.encode()


@given(st.dictionaries(ANY, ANY, max_size=3))
def test_json_is_the_same_value_without_what_acts(value: dict[str, str]) -> None:
    for encoded, safe in (
        (json.dumps(value, ensure_ascii=False, indent=1), safe_json),
        (json.dumps(value, ensure_ascii=False), script_json),
    ):
        made = safe(encoded)
        assert json.loads(made) == json.loads(encoded)
        assert shown(made.replace("\n", "")) == made.replace("\n", "")


@pytest.mark.parametrize("text", HOSTILE)
def test_a_script_holds_nothing_that_ends_it(text: str) -> None:
    assert not set("<>&\u2028\u2029") & set(script_json(json.dumps(text, ensure_ascii=False)))


@pytest.mark.parametrize(
    ("text", "most", "expected"), [("", 1, ""), ("abc", 3, "abc"), ("abcd", 3, "ab…"), ("ab", 1, "…")]
)
def test_a_long_text_is_cut_and_says_so(text: str, most: int, expected: str) -> None:
    assert cut(text, most) == expected


def test_a_noun_follows_its_number() -> None:
    assert [counted(number, "file") for number in (0, 1, 2, 1_000)] == ["0 files", "1 file", "2 files", "1,000 files"]
    assert [counted(number, "company", "companies") for number in (1, 2)] == ["1 company", "2 companies"]
