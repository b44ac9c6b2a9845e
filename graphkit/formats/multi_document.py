"""Several documents in one file: JSON one after the other or by the line, a JSON array of them, YAML with ``---``.

GitHub's answers with several attestations are such files too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

import msgspec

from graphkit.formats.decoding import not_json
from graphkit.model.errors import InputError

PARTS: Final = 50_000
"""The most documents that one file may hold."""

Part = tuple[bytes, "InputError | None"]
"""A document's bytes; with the error where they are none."""

_SPACE: Final = b" \t\r\n"
_BYTE: Final = re.compile(r"\(byte (\d+)\)")
_TRAILING: Final = "trailing characters"
_NEXT_LINE: Final = re.compile(rb"\n(?=\{)")
_MARKER: Final = re.compile(rb"^---(?=\s|$).*$", re.MULTILINE)
_SPACES: Final = re.compile(rb"[ \t\r\n\x1e,]*")
"""What stands between values; a record separator before each is RFC 7464."""
_ARRAY: Final = msgspec.json.Decoder(list[msgspec.Raw])


def several(text: bytes) -> list[Part] | None:
    """Return the parts of a text that holds several documents, in their order; None where it holds one, or none.

    ``text`` is UTF-8. Values of JSON (RFC 8259) need no separator; where one is broken, the next line
    that begins with an object goes on. What a part is, its reader says. Cost: one pass.

    Raises:
        InputError: more than `PARTS` documents.
    """
    start = text.lstrip(_SPACE)[:1]
    if start == b"{":
        found = list(_values(text))
        if len(found) == 1:
            found = _attestations(text) or found
    elif start == b"[":
        found = _elements(text)
    else:
        found = _between(text)
    if len(found) > PARTS:
        raise InputError(f"more than {PARTS} documents in one file; split it")
    return found if len(found) > 1 else None


def _values(text: bytes) -> Iterator[Part]:
    """Yield the values of JSON text one after the other, to one more than are allowed."""
    view = memoryview(text)
    at, count = _after_space(text, 0), 0
    while at < len(text) and count <= PARTS:
        end, error = _end_of_value(view[at:])
        if error is None:
            yield text[at : at + end].rstrip(_SPACE), None
        else:
            found = _NEXT_LINE.search(text, at)
            end = (found.start() if found else len(text)) - at
            yield text[at : at + end], error
        at = _after_space(text, at + end)
        count += 1


def _end_of_value(view: memoryview) -> tuple[int, InputError | None]:
    """Return where the first value of JSON ends; with the error where it is none."""
    try:
        msgspec.json.decode(view, type=msgspec.Raw)
    except msgspec.DecodeError as error:
        place = _BYTE.search(str(error))
        if place and _TRAILING in str(error) and int(place[1]) > 1:  # it names the byte behind the first odd one
            return int(place[1]) - 1, None
        return 0, not_json(error)
    except RecursionError as error:
        return 0, not_json(error)
    return len(view), None


def _after_space(text: bytes, at: int) -> int:
    found = _SPACES.match(text, at)
    return found.end() if found else at


def _elements(text: bytes) -> list[Part]:
    """Return the objects of a JSON array; an array of one holds one document all the same."""
    try:
        values = [bytes(one) for one in _ARRAY.decode(text)]
    except (msgspec.DecodeError, RecursionError):
        return []
    return [(one, None) for one in values if one.startswith(b"{")]


class _Answer(msgspec.Struct):
    attestations: list[msgspec.Raw] = []


def _attestations(text: bytes) -> list[Part]:
    """Return the attestations of an answer of GitHub's, which has them in an array; empty for other JSON."""
    try:
        found = msgspec.json.decode(text, type=_Answer).attestations
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return []
    return [(bytes(one), None) for one in found]


def _between(text: bytes) -> list[Part]:
    """Return the documents of a YAML stream (1.1, section 9.2); nothing else may stand at the left edge as ``---``."""
    starts = list(_MARKER.finditer(text))
    if len(starts) > PARTS + 1:
        return [(b"", None)] * (PARTS + 1)
    bounds = [0, *(one.start() for one in starts), len(text)]
    parts = (text[a:b] for a, b in pairwise(bounds))
    return [(part, None) for part in parts if _holds_something(part)]


def _holds_something(part: bytes) -> bool:
    lines = (line.strip() for line in part.removeprefix(b"---").splitlines())
    return any(line and not line.startswith((b"#", b"%", b"...")) for line in lines)
