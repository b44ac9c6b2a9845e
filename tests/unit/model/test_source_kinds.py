"""What is said where an option or a kind of sources is not the right one."""

from __future__ import annotations

import pytest

from graphkit.model.source_kinds import SOURCE_KINDS, flag, kinds_with, misplaced, unknown_kind


def test_an_option_is_told_by_its_word_on_the_command_line() -> None:
    words = {option: flag(option) for kind in SOURCE_KINDS.values() for option in kind.options}
    assert len(set(words.values())) == len(words)  # no two options have one word
    assert {option: word for option, word in words.items() if word != f"--{option.replace('_', '-')}"} == {
        "slice_to": "--slice",
        "window_from": "--from",
        "window_until": "--until",
    }


def test_no_kind_takes_an_option_that_there_is_not() -> None:
    assert kinds_with("no_such_option") == ()


TAKERS = [
    ("closure", "--closure goes with index, not with org; "),
    ("unknown_times", "--unknown-times goes with parquet and pypi-db, not with org; "),
    ("branch", "--branch goes with sbom, lock, env and github, not with org; "),
]


@pytest.mark.parametrize(("option", "said"), TAKERS)
def test_an_option_of_another_kind_says_which_kinds_take_it(option: str, said: str) -> None:
    told = str(misplaced(option, "org"))
    assert told == f"{said}graphkit ingest org --help lists what org takes"


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("sboms", "did you mean sbom?"),
        ("Lock", "did you mean lock?"),
        ("pipydb", "did you mean pypi-db?"),
        ("", f"choose one of {', '.join(SOURCE_KINDS)}"),
        ("quite another\n", f"choose one of {', '.join(SOURCE_KINDS)}"),
    ],
)
def test_a_word_that_is_no_kind_names_the_nearest_or_all(word: str, meant: str) -> None:
    assert str(unknown_kind(word)) == f"unknown kind {word!r}; {meant}"
