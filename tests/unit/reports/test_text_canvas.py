"""Text as wide as a terminal: nothing is wider, nothing is lost, and colours are around words only."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from graphkit.reports.text import shown
from graphkit.reports.text_canvas import NARROWEST, STYLES, TextCanvas, folded

TEXT = st.text(st.sampled_from("ab 中é🦜\u202e\x1b\t\u0301"), max_size=60)
WORDS = st.lists(st.text("ab中", min_size=1, max_size=12), min_size=1, max_size=12).map(" ".join)


@given(TEXT, st.integers(8, 30))
def test_a_folded_text_fits_and_keeps_every_character_but_spaces_at_its_breaks(text: str, width: int) -> None:
    text = shown(text)
    lines = list(folded(text, width))
    assert lines
    assert all(cell_len(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


@given(WORDS, st.integers(12, 30))
def test_words_that_fit_are_not_broken(text: str, width: int) -> None:
    words = [word for word in text.split(" ") if cell_len(word) <= width]
    found = [word for line in folded(" ".join(words), width) for word in line.split(" ")]
    assert found == (words or [""])


@given(TEXT, st.integers(-5, 90), st.integers(0, 12))
def test_a_line_is_never_wider_than_the_page(text: str, width: int, indent: int) -> None:
    sheet = TextCanvas(width)
    sheet.line(text, indent=indent, lead="observed", tint="observed")
    assert all(cell_len(line) <= max(width, NARROWEST) for line in sheet.text().splitlines())
    assert sheet.height == len(sheet.text().splitlines())
    plain = sheet.text().replace("\n", "").replace(" ", "")
    assert plain == f"observed{shown(text)}".replace(" ", "")


CELLS = st.lists(st.lists(TEXT, min_size=3, max_size=3), max_size=4)


@given(CELLS, st.integers(40, 100), st.integers(0, 2))
def test_a_table_fits_and_keeps_what_is_in_its_cells(rows: list[list[str]], width: int, whole: int) -> None:
    sheet = TextCanvas(width)
    sheet.table(("one", "two", "three"), rows, whole=whole)
    lines = sheet.text().splitlines()
    assert all(cell_len(line) <= width for line in lines)
    kept = sorted("".join(lines).replace(" ", ""))
    assert kept == sorted("onetwothree" + "".join(shown(cell) for row in rows for cell in row).replace(" ", ""))


def test_the_widest_column_gives_way_first_and_the_whole_one_last() -> None:
    sheet = TextCanvas(40)
    sheet.table(("name", "why"), [("n" * 20, "w" * 60)], whole=0)
    assert sheet.text().splitlines()[:2] == ["name                 why", "n" * 19 + "  " + "w" * 19]
    other = TextCanvas(40)
    other.table(("name", "why"), [("n" * 20, "w" * 60)], whole=1)
    assert other.text().splitlines()[1] == "n" * 18 + "  " + "w" * 20
    narrow = TextCanvas(40)
    narrow.table(("name", "why"), [("n" * 10, "w" * 60)])
    assert narrow.text().splitlines()[1] == "n" * 10 + "  " + "w" * 28


def test_an_empty_line_is_never_the_first_unless_it_is_asked_for() -> None:
    sheet = TextCanvas()
    sheet.blank()
    sheet.title("title")
    sheet.blank()
    assert sheet.text() == "TITLE\n\n"
    other = TextCanvas()
    other.gap()
    assert other.text() == "\n"
    assert TextCanvas().text() == ""


def test_a_line_that_is_laid_out_is_left_as_it_is() -> None:
    sheet = TextCanvas(40)
    sheet.line("a" + " " * 50 + "b\x1b", is_laid_out=True, indent=1)
    assert sheet.text() == " a" + " " * 50 + "b\\x1b\n"


def test_words_stand_side_by_side_as_long_as_they_fit() -> None:
    sheet = TextCanvas(40)
    sheet.words([(f"HIT {'1' * size}", "observed") for size in (3, 3, 3, 3, 60)])
    lines = sheet.text().splitlines()
    assert [line.split() for line in lines] == [["HIT", "111"] * 3, ["HIT", "111"], ["HIT", "1" * 60]]


@pytest.mark.parametrize("verdict", STYLES)
def test_a_colour_is_around_the_word_and_no_text_brings_its_own(verdict: str) -> None:
    plain, coloured = TextCanvas(60), TextCanvas(60, colour=True)
    for sheet in (plain, coloured):
        sheet.line("name \x1b[31m", lead=verdict, tint=verdict)
        sheet.table(("tier", "name"), [(verdict, "x"), ("no verdict", "y")], tint=0)
        sheet.words([(verdict, verdict)])
    assert "\x1b" not in plain.text()
    codes = re.findall(r"\x1b\[[0-9;]*m", coloured.text())
    assert len(codes) >= 6
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured.text()) == plain.text()
