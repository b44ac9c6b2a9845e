"""What a reader found wrong with a document, each problem with its place, and values as messages quote them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

from graphkit.formats.addresses import without_passwords
from graphkit.model.documents import NOT_READ, SAYS_COMPLETE, Problem
from graphkit.model.times import BadTime, Moment, credible, moment

_HEX64: Final = re.compile(r"[0-9a-fA-F]{64}")
PROBLEMS: Final = 1_000
"""Problems of one document that are kept one by one."""
_KINDS: Final = 50
_SHOWN: Final = 5
_SAID: Final = 200
_PLACE: Final = 1_500
_TEXT: Final = 500
"""Characters of a place, which of nested rows is long, and of a problem that are kept."""
_OTHERS: Final = "other problems"
_PARTICULAR: Final = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|\d[\d.,]*")
"""What two problems of one kind may say differently: quoted values and numbers."""
_AS_WRITTEN: Final = re.compile(r"\d+\.\d*0")


def quoted(value: object) -> str:
    """Return a value as a message quotes it: escaped, without passwords, and cut where it is long.

    >>> quoted("a" * 100)[-6:]
    "aaaaa'"
    """
    if isinstance(value, int) and value.bit_length() > 256:
        return "a huge number"
    text = without_passwords(value) if isinstance(value, str) else type(value).__name__
    if not isinstance(value, str):
        return f"a {text}" if isinstance(value, dict | list | set | tuple) or value is None else repr(value)[:80]
    return repr(text if len(text) <= 80 else f"{text[:38]}...{text[-38:]}")


def own_time(text: str | None, place: str, diagnostics: Diagnostics) -> Moment | None:
    """Return the time that a document gives itself; None where it gives none that can be read, or one before 2000."""
    if not text:
        return None
    try:
        found = moment(text)
    except BadTime as error:
        diagnostics.add(place, str(error))
        return None
    if (told := credible(found)) is None:
        diagnostics.add(
            place, f"{quoted(text)} lies before 2000, so it comes from a missing clock and is not a real time"
        )
    return told


def _cut(text: str, most: int) -> str:
    """Return a place or a problem as it is kept: keys and quoted values may have megabytes."""
    return text if len(text) <= most else f"{text[: most - 100]}...{text[-97:]}"


class Diagnostics:
    """Problems in the order they were met; ``lost`` says whether a row is missing because of one.

    Of very many, the first `PROBLEMS` are kept, and those that tell why a document is not believed; the
    others are counted by what they say.
    """

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.lost = False
        self._more: Counter[str] | None = None
        self._next: Problem | None = None

    def add(self, place: str, text: str, *, lost: bool = False) -> None:
        """Note a problem; ``lost`` where a row, or what it names, cannot be told any more."""
        self.lost |= lost
        place, text = _cut(place, _PLACE), _cut(text, _TEXT)
        is_kept = text.startswith((SAYS_COMPLETE, NOT_READ)) and len(self.problems) < 2 * PROBLEMS
        if is_kept or len(self.problems) < PROBLEMS:
            self.problems.append(Problem(place=place, text=text))
            return
        if self._more is None:
            self._more = Counter()
            self._next = Problem(place=place, text=text)
        kind = _PARTICULAR.sub("…", text)[:_SAID]
        self._more[kind if kind in self._more or len(self._more) < _KINDS else _OTHERS] += 1

    def leave_open(self, place: str, text: str) -> None:
        """Note a part that can hold packages and was not read; the document then does not list everything."""
        self.add(place, f"{NOT_READ}{text}", lost=True)

    def read_as(self, place: str, version: str, known: str) -> None:
        """Note a format newer than the newest that is known: what is new in it may name packages."""
        self.leave_open(place, f"what is new in {version}; it was read as {known}")

    def as_tuple(self) -> tuple[Problem, ...]:
        """Return all problems: those that are kept, then what there is to say of the others."""
        return (*self.problems, *self.rest())

    def rest(self) -> tuple[Problem, ...]:
        """Return what to say of problems that are not kept: one line with how many there are of which kind."""
        if self._more is None or self._next is None:
            return ()
        if (count := self._more.total()) == 1:
            return (self._next,)
        quoted = sorted(self._more.items(), key=lambda pair: (-pair[1], pair[0]))[:_SHOWN]
        kinds = "; ".join(f"{number:,} times {kind}" for kind, number in quoted)
        more = "" if len(self._more) <= _SHOWN else "; and others"
        return (Problem(place="the document", text=f"{count:,} more, not kept: {kinds}{more}", count=count),)

    def text(self, value: Any, place: str) -> str:
        """Return a value that should be text; a number becomes text, anything else is empty and noted."""
        if isinstance(value, str):
            return value
        if value is None:
            return ""
        if isinstance(value, int | float) and not isinstance(value, bool):
            self.add(place, f"should be text, is the number {quoted(value)}")
            return "" if isinstance(value, int) and value.bit_length() > 256 else str(value)
        self.add(place, f"should be text, is {quoted(value)}")
        return ""

    def version(self, value: Any, place: str) -> str:
        """Return a version that should be text; see `text`.

        A fraction that ends in a zero is taken as written: no program that took it for a number would have
        kept the zero. Any other may have lost some, as 1.10 becomes 1.1: it is unknown.
        """
        if isinstance(value, float) and not _AS_WRITTEN.fullmatch(repr(value)):
            self.add(place, f"should be text, is the number {quoted(value)}: the version is unknown", lost=True)
            return ""
        return self.text(value, place)

    def table(self, value: Any, place: str) -> dict[str, Any]:
        """Return a value that should be a table; anything else is empty and noted."""
        if isinstance(value, dict):
            return value
        if value is not None:
            self.add(place, f"should be a table, is {quoted(value)}")
        return {}

    def array(self, value: Any, place: str) -> list[Any]:
        """Return a value that should be an array; anything else is empty and noted."""
        if isinstance(value, list):
            return value
        if value is not None:
            self.add(place, f"should be an array, is {quoted(value)}", lost=True)
        return []

    def sha256(self, value: str, place: str) -> str:
        """Return a SHA-256 in lower case; a text that is none is empty and noted."""
        if _HEX64.fullmatch(value):
            return value.lower()
        self.add(place, f"{quoted(value)} is not a SHA-256 hash")
        return ""


def bounded(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Return problems as `Diagnostics` would tell of them; a line that already stands for others stays."""
    diagnostics = Diagnostics()
    lines = []
    for one in problems:
        if one.count > 1:
            lines.append(one)
        else:
            diagnostics.add(one.place, one.text)
    return (*diagnostics.as_tuple(), *lines)
