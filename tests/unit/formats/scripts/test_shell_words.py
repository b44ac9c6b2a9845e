"""Shell text as words: quotes, comments, variables, and what nobody can know without running it."""

from __future__ import annotations

import time

import pytest

from graphkit.formats.scripts.shell_words import Variables, commands_of, logical_lines


def words(text: str, *, is_make: bool = False) -> list[list[str]]:
    known = Variables()
    return [
        [f"?{word.unknown}" if word.unknown else word.text for word in command.words]
        for number, line in logical_lines(text)
        for command in commands_of(line, number, known, is_make=is_make)
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('a \'b c\' "d\\"e" f\\ g', [["a", "b c", 'd"e', "f g"]]),
        ("a && b || c; d | e & f", [["a"], ["b"], ["c"], ["d"], ["e"], ["f"]]),
        ("(cd x; a)\n{ b; }", [["cd", "x"], ["a"], ["{", "b"], ["}"]]),
        ("a # b\n# c\na#b", [["a"], ["a#b"]]),
        ("a > f 2>&1 < g >> h b", [["a", "b"]]),
        ("a x>=1", [["a", "x"]]),
        ("a <(b) `c` $(d (e)) ${f%g}", [["a", "?<(b)", "?`c`", "?$(d (e))", "?${f%g}"], ["b"], ["c"], ["d"], ["e"]]),
        ("a ${{ matrix.x }} {{ y }} $1 $@ $", [["a", "?${{ matrix.x }}", "?{{ y }}", "?$1", "?$@", "$"]]),
        ('X="b c"\na $X "$X" ${X}d \'$X\'', [["a", "b", "c", "b c", "b", "cd", "$X"]]),
        ('a $X ${X:-b} ${X-c} "${X}"', [["a", "?$X", "b", "c", "?${X}"]]),
        ("X=1\nX=2\na $X", [["a", "?$X"]]),
        ("X=1\nX+=2\na $X", [["a", "?$X"]]),
        ("X=$(y)\na $X", [["y"], ["a", "?$X"]]),
        ("export X=1 Y=$Z\na $X $Y", [["export", "X=1", "?$Z"], ["a", "1", "?$Y"]]),
        ('D=(a \'b\' "c")\nx ${D[@]} "${D[*]}"', [["x", "a", "b", "c", "a", "b", "c"]]),
        ("D=($(x))\ny ${D[@]}", [["?$(x)"], ["x"], ["y", "?${D[@]}"]]),
        ("for i in a b; do x $i; done", [["for", "i", "in", "a", "b"], ["do", "x", "a", "b"], ["done"]]),
        ("for i in $(y); do x $i; done", [["for", "i", "in", "?$(y)"], ["do", "x", "?$i"], ["done"], ["y"]]),
        ("read X\na $X", [["read", "X"], ["a", "?$X"]]),
        ("A=1 b c", [["b", "c"]]),
        ("a 'open", [["a", "open"]]),
        ("", []),
    ],
)
def test_words(text: str, expected: list[list[str]]) -> None:
    assert words(text) == expected


def test_variables_of_make() -> None:
    assert words("a $(X) $$Y $(shell z)", is_make=True) == [["a", "?$(X)", "?$$Y", "?$(shell z)"], ["shell", "z"]]


def test_lines_go_on_over_backslashes_and_open_quotation_marks() -> None:
    text = "a \\\n # why\n  b\nc 'd\ne' f\ng \\\\\nh\ni \"open\nj"
    assert [number for number, _ in logical_lines(text)] == [1, 4, 6, 7, 8, 9]
    assert words("c 'd\ne' f") == [["c", "d\ne", "f"]]
    assert [line for _, line in logical_lines("a it's\nb it's", joins_quoted=False)] == ["a it's", "b it's"]


@pytest.mark.parametrize(
    "text",
    [
        "pip install " + "x " * 200_000,
        "pip " * 50_000,
        "uv --with " * 50_000,
        "'" + "\nx" * 50_000,
        ("'" + "\nx" * 61 + "\n") * 3_000,
        "$(" * 100_000,
        "=(" * 100_000,
        "${" * 100_000,
        "<(" * 100_000,
        "\\\n" * 100_000,
        "`" * 99_999,
        "A0=aaaaaaaa\n" + "".join(f"A{at + 1}=$A{at}$A{at}\n" for at in range(60)) + "x $A60\n",
        "A=" + "a" * 4_000 + "\nx " + "$A" * 30_000,
    ],
)
def test_hostile_text_costs_little(text: str) -> None:
    start = time.process_time()
    words(text)
    assert time.process_time() - start < 5
