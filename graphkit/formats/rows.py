"""What the readers share: problems with their place, refs unique in a document, hashes and platforms."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, Final, Self, TypeVar

import msgspec

from graphkit.formats.addresses import without_passwords
from graphkit.model.documents import NOT_READ, SAYS_COMPLETE, Problem
from graphkit.model.environment import Environment, Ground
from graphkit.model.errors import InputError
from graphkit.model.times import BadTime, Moment, credible, moment

_Shape = TypeVar("_Shape")
_HEX64: Final = re.compile(r"[0-9a-fA-F]{64}")
_JSON: Final = re.compile(rb"\s*\{")
_HUGE: Final = re.compile(
    r'"""(?:[^\\]|\\.)*?"""|"(?:[^"\\\n]|\\.)*"'
    r"|'''.*?'''|'[^'\n]*'|#[^\n]*|(?<![\w.])([-+]?[1-9]\d{19})[\d_]{1000,}",
    re.DOTALL,
)
"""What a number may not be looked for in, in JSON and TOML: texts and comments; and a number beyond reading."""
PROBLEMS: Final = 1_000
"""Problems of one document that are kept one by one."""
_KINDS: Final = 50
_SHOWN: Final = 5
_SAID: Final = 200
_PLACE: Final = 1_500
_TEXT: Final = 500
"""Characters of a place, which of nested rows is long, and of a problem that are kept."""
_OTHERS: Final = "other problems"
_CUT: Final = "Input data was truncated"
"""What msgspec says of JSON that ends too early."""
_PARTICULAR: Final = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|\d[\d.,]*")
"""What two problems of one kind may say differently: quoted values and numbers."""
_AS_WRITTEN: Final = re.compile(r"\d+\.\d*0")
_FAKE_EXTRA: Final = re.compile(r"extra\s*[!=]=\s*[\"'](?:extra|group|project)-")
_PYTHONS: Final = tuple(f"3.{minor}" for minor in range(8, 16))


def shown(value: object) -> str:
    """Return a value as a message quotes it: escaped, without passwords, and cut where it is long.

    >>> shown("a" * 100)[-6:]
    "aaaaa'"
    """
    if isinstance(value, int) and value.bit_length() > 256:
        return "a huge number"
    text = without_passwords(value) if isinstance(value, str) else type(value).__name__
    if not isinstance(value, str):
        return f"a {text}" if isinstance(value, dict | list | set | tuple) or value is None else repr(value)[:80]
    return repr(text if len(text) <= 80 else f"{text[:38]}...{text[-38:]}")


def time_of_itself(text: str | None, place: str, notes: Notes) -> Moment | None:
    """Return the time that a document gives itself; None where it gives none that can be read, or one before 2000."""
    if not text:
        return None
    try:
        found = moment(text)
    except BadTime as error:
        notes.add(place, str(error))
        return None
    if (told := credible(found)) is None:
        notes.add(place, f"{shown(text)} lies before 2000, so it is the mark of a missing clock and no time")
    return told


def is_json(data: bytes) -> bool:
    """Return whether bytes begin as a JSON object does."""
    return bool(_JSON.match(data))


def _cut(text: str, most: int) -> str:
    """Return a place or a problem as it is kept: keys and quoted values may have megabytes."""
    return text if len(text) <= most else f"{text[: most - 100]}...{text[-97:]}"


class Fraction(float):
    """A fraction in JSON or TOML, which knows how it was written: ``1.10`` is not ``1.1``, and ``1e400`` not infinite.

    >>> str(Fraction("1.10"))
    '1.10'
    """

    __slots__ = ("written",)

    def __new__(cls, written: str) -> Self:
        """Return what is written."""
        made = super().__new__(cls, written)
        made.written = written
        return made

    written: str

    def __repr__(self) -> str:
        """Return the text as written."""
        return self.written


_ANYTHING: Final = msgspec.json.Decoder(float_hook=Fraction)


class Notes:
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

    def told(self) -> tuple[Problem, ...]:
        """Return all problems: those that are kept, then what there is to say of the others."""
        return (*self.problems, *self.rest())

    def rest(self) -> tuple[Problem, ...]:
        """Return what to say of problems that are not kept: one line with how many there are of which kind."""
        if self._more is None or self._next is None:
            return ()
        if (count := self._more.total()) == 1:
            return (self._next,)
        shown = sorted(self._more.items(), key=lambda pair: (-pair[1], pair[0]))[:_SHOWN]
        kinds = "; ".join(f"{number:,} times {kind}" for kind, number in shown)
        more = "" if len(self._more) <= _SHOWN else "; and others"
        return (Problem(place="the document", text=f"{count:,} more, not kept: {kinds}{more}", count=count),)

    def text(self, value: Any, place: str) -> str:
        """Return a value that should be text; a number becomes text, anything else is empty and noted."""
        if isinstance(value, str):
            return value
        if value is None:
            return ""
        if isinstance(value, int | float) and not isinstance(value, bool):
            self.add(place, f"should be text, is the number {shown(value)}")
            return "" if isinstance(value, int) and value.bit_length() > 256 else str(value)
        self.add(place, f"should be text, is {shown(value)}")
        return ""

    def version(self, value: Any, place: str) -> str:
        """Return a version that should be text; see `text`.

        A fraction that ends in a zero is taken as written: no program that took it for a number would have
        kept the zero. Any other may have lost some, as 1.10 becomes 1.1: it is unknown.
        """
        if isinstance(value, float) and not _AS_WRITTEN.fullmatch(repr(value)):
            self.add(place, f"should be text, is the number {shown(value)}: the version is unknown", lost=True)
            return ""
        return self.text(value, place)

    def table(self, value: Any, place: str) -> dict[str, Any]:
        """Return a value that should be a table; anything else is empty and noted."""
        if isinstance(value, dict):
            return value
        if value is not None:
            self.add(place, f"should be a table, is {shown(value)}")
        return {}

    def array(self, value: Any, place: str) -> list[Any]:
        """Return a value that should be an array; anything else is empty and noted."""
        if isinstance(value, list):
            return value
        if value is not None:
            self.add(place, f"should be an array, is {shown(value)}", lost=True)
        return []

    def sha256(self, value: str, place: str) -> str:
        """Return a SHA-256 in lower case; a text that is none is empty and noted."""
        if _HEX64.fullmatch(value):
            return value.lower()
        self.add(place, f"{shown(value)} is no SHA-256")
        return ""


def few(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Return problems as `Notes` would tell of them; a line that already stands for others stays."""
    notes = Notes()
    lines = []
    for one in problems:
        if one.count > 1:
            lines.append(one)
        else:
            notes.add(one.place, one.text)
    return (*notes.told(), *lines)


def json_value(data: bytes) -> Any:
    """Return what JSON (RFC 8259; it has no NaN) holds; each fraction is a `Fraction`.

    Raises:
        InputError: the bytes are none, are no UTF-8, or are nested too deep.
    """
    try:
        try:
            return _ANYTHING.decode(data)
        except msgspec.ValidationError:  # untyped, that is a number of too many digits
            return _ANYTHING.decode(_without_huge_numbers(data.decode()))
    except UnicodeDecodeError as error:
        raise InputError("no UTF-8 text", place=f"byte {error.start}") from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise no_json(error) from error


def _without_huge_numbers(text: str) -> str:
    """Return JSON or TOML with whole numbers that nothing reads as fractions that everything does: ``12…e9999``."""
    return _HUGE.sub(lambda found: f"{found[1]}e9999" if found[1] else found[0], text)


def shaped_json(
    data: bytes, decoder: msgspec.json.Decoder[_Shape], loosely: Callable[[dict[str, Any], Notes], _Shape], notes: Notes
) -> _Shape:
    """Return JSON in the shape of a decoder; where a value does not fit, what ``loosely`` makes of all of it.

    Cost: one pass, a few ms per MB; a document against its schema takes a second one.

    Raises:
        InputError: the bytes are no JSON, or nested too deep.
    """
    try:
        return decoder.decode(data)
    except (msgspec.ValidationError, UnicodeDecodeError):
        return loosely(notes.table(json_value(repaired(data, notes)), "the document"), notes)
    except (msgspec.DecodeError, RecursionError) as error:
        raise no_json(error) from error


def no_json(error: Exception) -> InputError:
    """Return what is wrong with bytes that are no JSON, or nested too deep."""
    if isinstance(error, RecursionError):
        return InputError("no JSON that can be read: nested too deep")
    what_to_do = "; the file ends too early: copy or export it again" if _CUT in str(error) else ""
    return InputError(f"no JSON: {error}{what_to_do}")


def repaired(data: bytes, notes: Notes) -> bytes:
    """Return UTF-8 with a replacement character for each byte that is none; notes where the first stands."""
    try:
        data.decode()
    except UnicodeDecodeError as error:
        notes.add(f"byte {error.start}", "no UTF-8 text; what cannot be read is replaced")
    return data.decode("utf-8", "replace").encode()


class Refs:
    """Refs handed out, each only once."""

    def __init__(self) -> None:
        self._next: dict[str, int] = {}

    def unique(self, ref: str) -> str:
        """Return a ref, with ``#2``, ``#3``, … behind it where it was taken."""
        found = ref
        while found in self._next:
            self._next[ref] += 1
            found = f"{ref}#{self._next[ref]}"
        self._next[found] = 1
        return found


def is_elsewhere(marker: str) -> bool:
    """Return whether a marker (PEP 508) holds under no Python on the platform that answers assume.

    Conflict markers of uv compare with extras that nobody asks for (``extra == 'extra-3-app-cpu'``);
    what they decide is not known, so they never put a row elsewhere. Unreadable markers do not either.
    """
    return bool(marker) and not _FAKE_EXTRA.search(marker) and _holds_nowhere(marker)


@cache
def _grounds() -> tuple[Ground, ...]:
    return tuple(Ground(Environment(python=python)) for python in _PYTHONS)


@cache
def _holds_nowhere(marker: str) -> bool:
    try:
        return all(ground.truth(marker) is False for ground in _grounds())
    except RecursionError:  # packaging reads nested markers by recursion
        return False


def any_marker(markers: Iterable[str]) -> str:
    """Return one marker that holds where any of several does."""
    found = list(dict.fromkeys(markers))
    return found[0] if len(found) == 1 else " or ".join(f"({one})" for one in found)


def toml(data: bytes) -> dict[str, Any]:
    """Return what TOML bytes hold; each fraction is a `Fraction`.

    Raises:
        InputError: they are no TOML, with the line and column that are wrong.
    """
    try:
        text = data.decode()
        try:
            return tomllib.loads(text, parse_float=Fraction)
        except tomllib.TOMLDecodeError:
            raise
        except ValueError:  # more digits than int() reads in one go
            return tomllib.loads(_without_huge_numbers(text), parse_float=Fraction)
    except UnicodeDecodeError as error:
        raise InputError("no UTF-8 text", place=f"byte {error.start}") from error
    except RecursionError as error:
        raise InputError("no TOML that can be read: nested too deep") from error
    except ValueError as error:  # TOMLDecodeError is one; so are more digits than int() reads in one go
        problem, _, place = str(error).partition(" (at ")
        raise InputError(f"no TOML: {problem}", place=place.rstrip(")").partition(",")[0]) from error
