"""Duplicate keys in one object of JSON: decoders keep the last alone, so that what the other holds is lost."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from graphkit.formats.diagnostics import Diagnostics, quoted
from graphkit.model.errors import InputError

_Pairs = list[tuple[str, Any]]
_ANYTHING_WRONG: Final = (ValueError, RecursionError)
"""What ends a pass: text that is no JSON, more digits than int() reads, nesting."""
_JOINED: Final = 64 * 2**20
"""Bytes of the largest JSON whose duplicate keys are joined: that takes ten times the memory."""
_SMALL: Final = 2**20
"""Bytes of a text of which all values may be held at once."""
_KEY: Final = b'":'
_QUOTE: Final = b'"'
_ESCAPE: Final = b"\\"
_HIDDEN: Final = re.compile(rb"\\u00(?:22|3[aA])")
"""A quote or a colon as an escape."""
DUPLICATE: Final = "all of the duplicate key"
"""How the reason begins why JSON with a duplicate key was not read as a whole."""
_DIFFER: Final = "of which programs keep either value"


class _Found(Exception):
    """A key is a duplicate; the first that was found is its text."""


class _Object(dict[str, Any]):
    """An object of JSON; ``twice`` are the keys that stood in it more than once."""

    __slots__ = ("twice",)

    twice: dict[str, None]


def duplicate_key_in(text: bytes) -> str | None:
    """Return a duplicate key of one object of JSON, None where there is none.

    A key is the same in every spelling. Cost: about 10 ms per MB; of small texts less.

    Raises:
        ValueError: it is no JSON.
        RecursionError: it is nested too deep.

    >>> duplicate_key_in(b'{"components": [], "components": []}')
    'components'
    """
    if len(text) <= _SMALL and _is_plain(text):
        return None
    try:
        _CHECKING.decode(_text(text))
    except _Found as found:
        return str(found)
    return None


def refuse_duplicate_keys(text: bytes, what: str = "", place: str = "") -> None:
    """Return where no key of JSON is a duplicate: which of two values holds nobody knows, so neither is read.

    Raises:
        InputError: one is (``what`` begins its line), or it is nested too deep to tell. ``place`` is where.

    >>> refuse_duplicate_keys(b'{"files": []}')
    """
    try:
        key = duplicate_key_in(text)
    except _ANYTHING_WRONG as error:
        raise InputError("not read: whether a key is a duplicate cannot be told", place=place) from error
    if key is not None:
        raise InputError(f"{what}duplicate key {quoted(key)}, {_DIFFER}", place=place)


def _is_plain(text: bytes) -> bool:
    """Return whether JSON has as many keys as what it decodes to, by a count in both; False where that is not sure.

    Without escapes, every key and every text has two quotes in both. Else a quote before a colon ends a key, or stands
    in a text in both, unless it is written as an escape.
    """
    try:
        kept = msgspec.json.encode(msgspec.json.decode(text))
        if _ESCAPE not in text:
            return kept.count(_QUOTE) == text.count(_QUOTE)
        if _HIDDEN.search(text):
            return False
        return kept.count(_KEY) == msgspec.json.format(text, indent=-1).count(_KEY)
    except (msgspec.MsgspecError, UnicodeError, RecursionError, OverflowError):
        return False


def with_joined_keys(text: bytes, diagnostics: Diagnostics, within: str = "") -> bytes:
    """Return JSON without duplicate keys; each that there was is noted with its place, and leaves the document open.

    ``within`` is the place of the JSON itself, empty where it is the document. Lists under one key become one list,
    objects one object; of other values the last stays. Cost: as `duplicate_key_in`; ten times that where there are
    some.

    >>> with_joined_keys(b'{"a": [1.10], "a": [2]}', Diagnostics())
    b'{"a":[1.10,2]}'
    """
    try:
        first = duplicate_key_in(text)
    except _ANYTHING_WRONG as error:
        if not _is_json(text):  # who reads it says so
            return text
        problem = "it is nested too deep" if isinstance(error, RecursionError) else str(error)
        diagnostics.leave_open(within or "the document", f"whether a key is a duplicate: {problem}")
        return text
    if first is None:
        return text
    if len(text) <= _JOINED:
        try:
            top = _JOINING.decode(_text(text))
            made = msgspec.json.encode(top)
        except _ANYTHING_WRONG:
            pass
        else:
            for place, key in _places(top, within):
                diagnostics.leave_open(place or "the document", f"{DUPLICATE} {quoted(key)}, {_DIFFER}")
            return made
    diagnostics.leave_open(within or "the document", f"{DUPLICATE} {quoted(first)}, {_DIFFER}")
    return text


def _is_json(text: bytes) -> bool:
    """Return whether text is JSON, or nested too deep to tell."""
    try:
        msgspec.json.decode(text, type=msgspec.Raw)
    except RecursionError:
        return True
    except (msgspec.DecodeError, UnicodeError):
        return False
    return True


def _text(text: bytes) -> str:
    return text.decode("utf-8", "replace")


def _nothing(_: str) -> None:
    """Return nothing for a number: what it is does not matter here."""


def _as_written(number: str) -> msgspec.Raw:
    return msgspec.Raw(number.encode())


def _check(pairs: _Pairs) -> None:
    if len(dict(pairs)) < len(pairs):
        raise _Found(Counter(key for key, _ in pairs).most_common(1)[0][0])


def _joined(pairs: _Pairs) -> _Object:
    made = _Object()
    made.twice = {}
    for key, value in pairs:
        _put(made, key, value)
    return made


def _put(into: _Object, key: str, value: Any) -> None:
    """Put a value into an object, beside what stands there under its key: in place, for there may be very many."""
    first = into.get(key)
    if key in into:
        into.twice[key] = None
    if isinstance(first, list) and isinstance(value, list):
        first += value
    elif isinstance(first, _Object) and isinstance(value, _Object):
        first.twice |= value.twice
        for inner, one in value.items():
            _put(first, inner, one)
    else:
        into[key] = value


def _places(top: Any, within: str) -> Iterator[tuple[str, str]]:
    """Yield the place of each object that had a key twice, and the key."""
    waiting = [(within, top)]
    for place, value in waiting:
        if isinstance(value, _Object):
            yield from ((place, key) for key in value.twice)
            waiting += ((f"{place}.{key}".lstrip("."), one) for key, one in value.items())
        elif isinstance(value, list):
            waiting += ((f"{place}[{at}]", one) for at, one in enumerate(value))


_CHECKING: Final = json.JSONDecoder(object_pairs_hook=_check, parse_int=_nothing, parse_float=_nothing, strict=False)
_JOINING: Final = json.JSONDecoder(
    object_pairs_hook=_joined, parse_int=_as_written, parse_float=_as_written, strict=False
)
