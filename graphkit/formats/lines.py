"""In which line of its file each row of a document stands: found by the place that its reader gave it.

A line is given only where the row's own text holds its name, so that none is wrong; all others are not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec
import numpy as np

from graphkit.formats.decoding import is_json
from graphkit.formats.duplicate_keys import DUPLICATE
from graphkit.model.documents import Component, Document, DocumentKind

_LINE: Final = re.compile(r"line (\d{1,9})")
_INDEX: Final = re.compile(r"\[(\d{1,9})\]")
_TABLE: Final = re.compile(rb"^[ \t]*\[\[[ \t]*([A-Za-z0-9_-]+)[ \t]*\]\]", re.MULTILINE)
_ANY_TABLE: Final = re.compile(rb"^[ \t]*\[", re.MULTILINE)
_NAME: Final = re.compile(rb"^[ \t]*name[ \t]*=[ \t]*[\"']([^\"'\n]*)[\"']", re.MULTILINE)
_NAME_IN_JSON: Final = re.compile(rb"\"[Nn]ame\"\s*:\s*\"([^\"\\]*)\"")
_KEY: Final = re.compile(rb"\"([^\"\\]*)\"\s*:\s*$")
_SEPARATORS: Final = re.compile(r"[-_.]+")
_SPACE: Final = re.compile(rb"[\s,]*")
_OTHER_ENDS: Final = re.compile("[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
"""Line ends for pip that editors do not count."""
_MULTI_LINE: Final = (b'"""', b"'''")
"""What opens a text of TOML in which a line may look like a table."""
_DEEPEST: Final = 32
_LOOKED_AT: Final = 16 * 1024
_READ: Final = 4 * 1024
"""Bytes of a row in which its name is looked for, as the value of a key and anywhere; it stands near the start."""

_LONGEST_KEY: Final = 256

_Span = tuple[int, int]
_OBJECT: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ARRAY: Final = msgspec.json.Decoder(list[msgspec.Raw])


def lines_in(text: bytes, document: Document) -> tuple[int, ...]:
    """Return the lines in which the rows of a document stand, as `Document.lines` has them.

    ``text`` is all of its file, as UTF-8. Cost: one or two passes over the text; none where it is one line.
    """
    if b"\r" in text and text.count(b"\r") != text.count(b"\r\n"):
        return ()
    if not document.components:
        found = _of_requirements(text, document) if document.lines and _are_usual(text) else []
        return tuple(found) if any(found) else ()
    if len(document.places) != len(document.components):
        return ()
    if is_json(text):
        if any(DUPLICATE in one.text for one in document.problems):  # places are those in what was joined
            return ()
        if b"\n" not in text.rstrip():
            return (1,)
        found = _numbers(text, _in_json(text, document))
    elif any(map(number_in, document.places)):
        found = _in_lines(text, document) if _are_usual(text) else []
    else:
        found = _numbers(text, _in_toml(text, document)) if document.kind is DocumentKind.LOCK else []
    return tuple(found) if any(found) else ()


_IN_WORDS: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789")


def number_in(place: str) -> int:
    """Return the line that a place names, 0 where it names none of the file itself.

    >>> number_in("line 7"), number_in("base.txt line 7")
    (7, 0)
    """
    found = _LINE.fullmatch(place)
    return int(found[1]) if found else 0


def _are_usual(text: bytes) -> bool:
    """Return whether every line ends as editors have it, so that a reader's count is theirs."""
    return not _OTHER_ENDS.search(_decoded(text))


def _decoded(text: bytes) -> str:
    return text.decode("utf-8", "replace")


def _normal(name: str) -> str:
    return _SEPARATORS.sub("-", name).lower()


def _holds(text: bytes, name: str) -> bool:
    """Return whether a name stands in a text as a whole, and not in another word."""
    line, word = _normal(_decoded(text)), _normal(name)
    at = line.find(word)
    while at >= 0:
        if line[max(at - 1, 0) : at] not in _IN_WORDS and line[at + len(word) : at + len(word) + 1] not in _IN_WORDS:
            return True
        at = line.find(word, at + 1)
    return False


def _numbers(text: bytes, at: Iterable[int]) -> list[int]:
    """Return the lines of bytes, counted from 1; 0 for a negative one."""
    places = np.fromiter(at, dtype=np.int64)
    ends = np.flatnonzero(np.frombuffer(text, dtype=np.uint8) == ord("\n"))
    found: list[int] = np.where(places < 0, 0, np.searchsorted(ends, places) + 1).tolist()
    return found


def _in_lines(text: bytes, document: Document) -> list[int]:
    told = map(number_in, document.places)
    return _holding(text, [(number, row.name) for number, row in zip(told, document.components, strict=True)])


def _of_requirements(text: bytes, document: Document) -> list[int]:
    """Return the lines of a manifest's requirements, as its reader told them."""
    told = zip(document.lines, document.requirements, strict=True)
    return _holding(text, [(number, one.package) for number, one in told])


def _holding(text: bytes, told: list[tuple[int, str]]) -> list[int]:
    """Return the lines that hold the names that they should, 0 for others."""
    lines = text.split(b"\n")
    return [number if 0 < number <= len(lines) and _holds(lines[number - 1], name) else 0 for number, name in told]


# TOML


def _in_toml(text: bytes, document: Document) -> Iterator[int]:
    """Yield where the names of rows stand that are tables of an array, as locks write them; -1 for others."""
    if any(mark in text for mark in _MULTI_LINE):
        return
    tables: dict[str, list[int]] = {}
    for found in _TABLE.finditer(text):
        tables.setdefault(found[1].decode(), []).append(found.end())
    for row, place in zip(document.components, document.places, strict=True):
        start = _start_of(place, tables)
        yield _name_in_table(text, row, start) if start >= 0 else -1


def _start_of(place: str, tables: dict[str, list[int]]) -> int:
    key, _, rest = place.partition("[")
    index = _INDEX.fullmatch(f"[{rest}")
    starts = tables.get(key, [])
    return starts[int(index[1])] if index and int(index[1]) < len(starts) else -1


def _name_in_table(text: bytes, row: Component, start: int) -> int:
    """Return where the name of a row stands in the table that begins there, -1 where it has another one."""
    after = _ANY_TABLE.search(text, start)
    found = _NAME.search(text, start, after.start() if after else len(text))
    return found.start(1) if found and _normal(_decoded(found[1])) == _normal(row.name) else -1


# JSON


def _in_json(text: bytes, document: Document) -> Iterator[int]:
    """Yield where the names of rows stand, each found by its place, as ``components[3].components[0]``; else -1."""
    value = _Json(text)
    for row, place in zip(document.components, document.places, strict=True):
        span = value.at(place)
        yield _name_in_json(text, row, span) if span else -1


def _name_in_json(text: bytes, row: Component, span: _Span) -> int:
    """Return where a row names itself, else where its name stands first in it, or is its key; -1 where it does not."""
    start, end = span
    name = row.name.encode("utf-8", "backslashreplace")
    for found in _NAME_IN_JSON.finditer(text, start, min(end, start + _LOOKED_AT)):
        if found[1] == name:
            return found.start(1)
    for line in re.finditer(rb"[^\n]+", text[start : min(end, start + _READ)]):
        if _holds(line[0], row.name):
            return start + line.start()
    before = max(start - _LONGEST_KEY, 0)
    key = _KEY.search(text, max(text.rfind(b"\n", before, start) + 1, before), start)
    return key.start() if key and _normal(_decoded(key[1])) == _normal(row.name) else -1


class _Json:
    """The values of a JSON text by their places, as bytes of it; each that is opened is looked at once."""

    def __init__(self, text: bytes) -> None:
        self._text = text
        self._view = memoryview(text)
        self._base = address(text)
        self._opened: dict[_Span, dict[str, _Span] | list[_Span]] = {}
        self._arrays: dict[str, list[_Span]] = {}

    def at(self, place: str) -> _Span | None:
        """Return where a value begins and ends, None where the place leads to none."""
        head, _, last = place.rpartition("[")
        index = _INDEX.fullmatch(f"[{last}")
        if head not in self._arrays:  # one look-up for each that most rows stand in
            span = self._walk(head)
            inside = self._open(span) if span and head else None
            self._arrays[head] = inside if isinstance(inside, list) else []
        if not place:
            return None
        elements = self._arrays[head]
        return elements[int(index[1])] if index and int(index[1]) < len(elements) else self._walk(place)

    def _walk(self, place: str) -> _Span | None:
        span, rest = (0, len(self._text)), place
        for _ in range(_DEEPEST):
            if not rest:
                return span
            inside = self._open(span)
            if isinstance(inside, list):
                index = _INDEX.match(rest)
                if index is None or int(index[1]) >= len(inside):
                    return None
                span, rest = inside[int(index[1])], rest[index.end() :]
            else:
                key = _key_of(rest.removeprefix("."), inside)
                if key is None:
                    return None
                span, rest = inside[key], rest.removeprefix(".")[len(key) :]
        return None

    def _open(self, span: _Span) -> dict[str, _Span] | list[_Span]:
        if span not in self._opened:
            self._opened[span] = self._parts(span)
        return self._opened[span]

    def _parts(self, span: _Span) -> dict[str, _Span] | list[_Span]:
        inner = self._view[span[0] : span[1]]
        try:
            if self._text[span[0] : span[0] + 1] == b"[":
                return list(self._elements(_ARRAY.decode(inner), span[0] + 1))
            return {key: self._span_of(raw) for key, raw in _OBJECT.decode(inner).items()}
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return {}

    def _elements(self, raws: list[msgspec.Raw], at: int) -> Iterator[_Span]:
        for raw in raws:
            found = _SPACE.match(self._text, at)
            start = found.end() if found else at
            at = start + len(memoryview(raw))
            yield start, at

    def _span_of(self, raw: msgspec.Raw) -> _Span:
        """Return where a value stands; see `address`."""
        start = address(raw) - self._base
        return start, start + len(memoryview(raw))


def _key_of(rest: str, keys: dict[str, _Span]) -> str | None:
    """Return the key that a place goes on with; keys may have dots themselves."""
    first = re.split(r"[.\[]", rest, maxsplit=1)[0]
    if first in keys:
        return first
    return rest if rest in keys else None


def address(value: bytes | msgspec.Raw) -> int:
    """Return where bytes stand in memory: a value of JSON is a view of what it was decoded from, and no copy."""
    return int(np.frombuffer(value, dtype=np.uint8).__array_interface__["data"][0])
