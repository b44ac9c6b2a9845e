"""Functions of shell text and Makefiles that are told the folder that they work in, or the command that they run."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from itertools import islice, takewhile
from typing import Final

from graphkit.formats.scripts.folders import MOVES
from graphkit.formats.scripts.shell_words import Word

_HEAD: Final = re.compile(r"\s*(?:function\s+)?([A-Za-z_][\w-]{0,100})\s*\(\)\s*\{?(.*)")
_LONGEST: Final = 100
"""Lines of a function."""
_DEFINE: Final = re.compile(r"define\s+([\w.-]{1,100})\s*=?\s*")
_TOLD: Final = re.compile(r"\"?\$(?:\{([1-9@*])\}|([1-9@*]))\"?")
"""An argument of a function of the shell, or all of them."""
_SHIFT: Final = re.compile(r"\bshift(?:\s+([1-9]))?\b")
_CALL: Final = re.compile(r"\$\((?:call)\s+([\w.-]{1,100})((?:,[^(),]{0,200})*)\)")
_GIVEN: Final = re.compile(r"\$[({]([1-9])[)}]")
_MOST: Final = 50
"""Functions of one file that are told apart."""
MOST_CALLS: Final = 200
"""Calls of them that are followed: each may hold others."""


def functions_in(text: str) -> dict[str, str]:
    """Return the functions of shell text that are told something and change the folder: their text by their names."""
    found: dict[str, str] = {}
    waiting = iter(text.splitlines() if "()" in text else ())
    for line in waiting:
        if not (head := _HEAD.fullmatch(line)):
            continue
        body = [head[2].rstrip().removesuffix("}")]
        if not head[2].rstrip().endswith("}"):
            inside = takewhile(lambda one: one.strip() != "}", waiting)
            body += islice(inside, _LONGEST)
        whole = "\n".join(body)
        if len(found) < _MOST and _TOLD.search(whole) and MOVES.search(whole):
            found[head[1]] = whole
    return found


def body_of(function: str, arguments: Sequence[Word]) -> str:
    """Return the text of a function with what it is told, as a shell has it after all of its `shift`."""
    given = [f'"{one.text}"' if one.unknown else shlex.quote(one.text) for one in arguments]

    def value(told: re.Match[str]) -> str:
        number = told[1] or told[2]
        gone = sum(int(one[1] or "1") for one in _SHIFT.finditer(function, 0, told.start()))
        left = given[gone:]
        if number in "@*":
            return " ".join(left)
        return left[int(number) - 1] if int(number) <= len(left) else told[0]

    return _TOLD.sub(value, function)


def runs_arguments(function: str) -> bool:
    """Return whether a function runs, or hands on, all that it is told."""
    return any((told[1] or told[2]) in "@*" for told in _TOLD.finditer(function))


def with_calls(text: str) -> str:
    """Return a Makefile with the text of its functions in the place of their calls (`$(call name,a)`)."""
    functions: dict[str, str] = {}
    waiting = iter(text.splitlines() if "$(call " in text else ())
    for line in waiting:
        if head := _DEFINE.fullmatch(line):
            body = list(islice(takewhile(lambda one: one.strip() != "endef", waiting), _LONGEST))
            joined = "\n".join(body).replace("\\\n", " ")
            functions[head[1]] = " ; ".join(one.strip() for one in joined.splitlines())
    if not functions:
        return text

    def filled(call: re.Match[str]) -> str:
        given = [one.strip() for one in call[2].split(",")[1:]]
        body = functions.get(call[1])
        if body is None:
            return call[0]
        return _GIVEN.sub(lambda told: given[int(told[1]) - 1] if int(told[1]) <= len(given) else told[0], body)

    return _CALL.sub(filled, text, count=MOST_CALLS)
