"""The parts of plain requirement texts, each read alone."""

from __future__ import annotations

import re

import pytest
from packaging.specifiers import InvalidSpecifier, Specifier, SpecifierSet

from graphkit.model.requirement_texts import COMMON, PARTS, common_clauses, read_extras, read_marker, read_specifier
from graphkit.model.requirements import requirement


def parts_of(text: str) -> dict[str, str | None] | None:
    found = re.match(COMMON, text)
    return dict(zip(PARTS, found.groups(), strict=True)) if found else None


def test_a_plain_text_is_cut_into_its_parts() -> None:
    found = {"name": "Lib", "extras": "a, B_c", "bracketed": ">=1,<2", "bare": None, "marker": "os_name=='nt'"}
    assert parts_of("Lib [a, B_c] (>=1,<2) ; os_name=='nt'") == found
    assert parts_of("lib") == dict.fromkeys(PARTS) | {"name": "lib"}


@pytest.mark.parametrize("text", ["", ">=1", "lib @ https://files.example/lib.zip", "lib===old", "lib[]", "lib;"])
def test_other_texts_are_not_plain(text: str) -> None:
    assert parts_of(text) is None


@pytest.mark.parametrize("text", ["nonsense", f"{'(' * 2_000}os_name == 'nt'{')' * 2_000}", 'extra == ":build"', " "])
def test_a_marker_that_cannot_be_read_alone_leaves_the_text_to_be_read_as_a_whole(text: str) -> None:
    assert read_marker(text) is None


def test_parts_are_read_as_the_whole_is() -> None:
    whole = requirement("lib[B_c,a]<2,>=1.0 ; os_name == 'nt'")
    assert (read_extras("B_c, a"), read_specifier(">=1.0 , <2"), read_marker("os_name=='nt' ")) == (
        ",".join(whole.extras),
        whole.specifier,
        whole.marker,
    )
    assert read_specifier("==1.*") == "==1.*"
    assert read_specifier(">=1.*") is None


def test_a_requirement_that_names_the_extra_of_builds_is_unreadable() -> None:
    assert requirement('lib>=1; extra == ":build"').unreadable


OPERATORS = ("~=", "==", "!=", "<=", ">=", "<", ">", "===", "=", "~", "")
VERSIONS = (
    "1",
    "1.0",
    "01.2",
    "1.2.3",
    "0",
    "1.*",
    "1a1",
    "1.dev0",
    "1!2",
    "1+l",
    "v1",
    "1.",
    "1..2",
    "1.2 3",
    "9" * 12,
)


@pytest.mark.parametrize("operator", OPERATORS)
@pytest.mark.parametrize("version", VERSIONS)
def test_common_clauses_are_what_packaging_reads(operator: str, version: str) -> None:
    for text in (
        f"{operator}{version}",
        f" {operator} \t{version} ",
        f"!=1.0,{operator}{version}",
        f"{operator}{version},<3",
    ):
        try:
            whole = SpecifierSet(text)
        except InvalidSpecifier:
            assert read_specifier(text) is None
            assert common_clauses(text) is None
            continue
        assert read_specifier(text) == str(whole)
        if (clauses := common_clauses(text)) is not None:
            read = map(Specifier, text.split(","))
            assert clauses == [(one.operator, one.version) for one in read]
            assert not whole.prereleases


def test_odd_numbers_are_not_common() -> None:
    assert common_clauses(">=1.0 , <2") == [(">=", "1.0"), ("<", "2")]
    assert common_clauses(f"=={'9' * 5_000}") is None
    assert common_clauses("==\u0661") is None
    assert common_clauses("") is None
