"""Documents of many files read in all processes of a run, before it is their turn; what comes of each is the same.

Between processes a component goes once, then by its number; a document is its head, numbers, and pairs of positions.
"""

from __future__ import annotations

import os
from array import array
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec.structs import force_setattr

from graphkit.formats import read_document
from graphkit.formats.archives import members
from graphkit.formats.interface import Beside
from graphkit.ingest.files import Content
from graphkit.ingest.limits import check_size, with_short_texts
from graphkit.model.documents import Component, Document, Edge, usual_places
from graphkit.processes import Workers
from graphkit.sources.advisories import osv

if TYPE_CHECKING:
    from concurrent.futures import Future

FEWEST: Final = 200
"""Files below which no process is started for them."""
_AT_ONCE: Final = 32
_BYTES: Final = 2 * 2**20
"""Documents, and about how many bytes, that a process gets at a time."""
_REMEMBERED: Final = 1 << 16
"""Components that go by their number."""
_PAIRS: Final = "i"
_REF: Final = attrgetter("ref")
_EDGE: Final = partial(tuple.__new__, Edge)


def read_text(text: bytes, label: str, files: Beside | None, hint: str, sha256: str = "") -> Document | None:
    """Return the document that a text holds, with its texts cut; None where no reader knows it.

    ``sha256`` is that of the text, empty where it is not known.

    Raises:
        InputError: as for `read_document`; or it would take too much memory.
    """
    check_size(text)
    found = read_document(text, label, hint=hint, beside=files, sha256=sha256)
    return None if found is None else with_short_texts(found)


class _Asked(msgspec.Struct, array_like=True, frozen=True):
    """A file to read."""

    data: bytes
    label: str
    hint: str
    sha256: str


class _Told(msgspec.Struct, array_like=True, frozen=True):
    """A document without its rows and edges, these by number and position; ``places`` None: the usual ones."""

    head: Document
    numbers: bytes
    sources: bytes
    targets: bytes
    places: tuple[str, ...] | None


class _Answer(msgspec.Struct, array_like=True, frozen=True):
    """What a process made of its files; None for one that has to be looked at in its turn.

    ``fresh`` are the components that it had not sent yet; where it is ``anew``, it has forgotten those before.
    """

    process: int
    anew: bool
    fresh: list[bytes]
    documents: list[_Told | None]


_ASKED: Final = msgspec.msgpack.Decoder(list[_Asked])
_ANSWER: Final = msgspec.msgpack.Decoder(_Answer)
_COMPONENT: Final = msgspec.msgpack.Decoder(Component)
_ENCODER: Final = msgspec.msgpack.Encoder()


class Packer:
    """Makes documents small, in the process that read them. What it remembers of components is bounded."""

    def __init__(self) -> None:
        """Make one that has sent nothing yet."""
        self._numbers: dict[int, int] = {}
        self._held: list[Component] = []  # so that no id comes back

    def read(self, task: bytes) -> bytes:
        """Return an answer to a task, both packed."""
        if anew := len(self._held) > _REMEMBERED:
            self._numbers.clear()
            self._held.clear()
        before = len(self._held)
        documents = [self._read(one) for one in _ASKED.decode(task)]
        fresh = [_ENCODER.encode(one) for one in self._held[before:]]
        return _ENCODER.encode(_Answer(os.getpid(), anew, fresh, documents))

    def _read(self, one: _Asked) -> _Told | None:
        # Whatever it is that cannot be read, the first process says so when it comes to it.
        with suppress(Exception):
            if members(one.data) is None and not osv.claims(one.data):
                found = read_text(one.data, one.label, None, one.hint, one.sha256)
                return None if found is None else self.pack(found)
        return None

    def pack(self, document: Document) -> _Told | None:
        """Return a document made small, which has lost its rows then; None where an edge of it leads to no row."""
        rows = document.components
        place_of = {row.ref: at for at, row in enumerate(rows)}
        try:
            sources = array(_PAIRS, [place_of[source] for source, _ in document.edges])
            targets = array(_PAIRS, [place_of[target] for _, target in document.edges])
        except KeyError:
            return None
        known = map(self._numbers.get, map(id, rows))
        numbers = [self._number(row) if one is None else one for one, row in zip(known, rows, strict=True)]
        places = None if document.places == usual_places(len(rows)) else document.places
        for apart in ("components", "edges", "places"):  # it is sent and gone: `replace` takes much longer
            force_setattr(document, apart, ())
        return _Told(
            document,
            array(_PAIRS, numbers).tobytes(),
            sources.tobytes(),
            targets.tobytes(),
            places,
        )

    def _number(self, row: Component) -> int:
        if (number := self._numbers.get(id(row))) is None:
            number = self._numbers[id(row)] = len(self._held)
            self._held.append(row)
        return number


class Unpacker:
    """Makes documents of what processes send; equal components of all of them become one object."""

    def __init__(self) -> None:
        """Make one that has got nothing yet."""
        self._sent: dict[int, list[Component]] = {}
        self._known: dict[bytes, Component] = {}

    def unpack(self, packed: bytes) -> list[Document | None]:
        """Return the documents of an answer. Those of one process have to come in the order in which it gave them."""
        answer = _ANSWER.decode(packed)
        sent = self._sent.setdefault(answer.process, [])
        if answer.anew:
            sent.clear()
            self._known.clear()
        for one in answer.fresh:
            if (row := self._known.get(one)) is None:
                row = self._known[one] = _COMPONENT.decode(one)
            sent.append(row)
        return [None if one is None else _unpacked(one, sent) for one in answer.documents]


def _unpacked(one: _Told, sent: Sequence[Component]) -> Document:
    rows = tuple(map(sent.__getitem__, _whole(one.numbers)))
    at = list(map(_REF, rows)).__getitem__
    pairs = zip(map(at, _whole(one.sources)), map(at, _whole(one.targets)), strict=True)
    document = one.head
    # Nobody else has it yet, so it may be finished here: `replace` takes several times as long.
    force_setattr(document, "components", rows)
    force_setattr(document, "edges", tuple(map(_EDGE, pairs)))
    force_setattr(document, "places", usual_places(len(rows)) if one.places is None else one.places)
    return document


def _whole(packed: bytes) -> array[int]:
    return array(_PAIRS, packed)


class Ahead:
    """Documents that other processes read: files are put in, and asked for in the same order."""

    def __init__(self) -> None:
        """Start the processes."""
        self._workers = Workers(Packer().read)
        self._unpacker = Unpacker()
        self._waiting: deque[tuple[list[Content], Future[bytes]]] = deque()
        self._asked: set[int] = set()
        self._found: dict[int, Document] = {}

    def put(self, files: Iterator[tuple[Content, str]]) -> None:
        """Have files read, each with the kind that a person gave for it."""
        part: list[Content] = []
        asked: list[_Asked] = []
        size = 0
        for content, hint in files:
            data = content.bytes()
            part.append(content)
            asked.append(_Asked(data, content.found.label, hint, content.sha256))
            size += len(data)
            if len(part) >= _AT_ONCE or size >= _BYTES:
                self._submit(part, asked)
                part, asked, size = [], [], 0
        if part:
            self._submit(part, asked)

    def _submit(self, part: list[Content], asked: list[_Asked]) -> None:
        self._waiting.append((part, self._workers.submit(_ENCODER.encode(asked))))
        self._asked.update(map(id, part))

    def document(self, content: Content) -> Document | None:
        """Return the document of a file; None where it was not put, or has to be read here.

        Raises:
            GraphkitError: a process was ended from outside.
        """
        while id(content) in self._asked:
            part, made = self._waiting.popleft()
            for one, document in zip(part, self._unpacker.unpack(made.result()), strict=True):
                self._asked.discard(id(one))
                if document is not None:
                    self._found[id(one)] = document
        return self._found.pop(id(content), None)

    def forget(self, chunk: Sequence[Any]) -> None:
        """Let go of what was found for files, asked for or not, before they are gone."""
        for one in chunk:
            self.document(one)

    def close(self) -> None:
        """End the processes. Safe to call twice."""
        self._workers.close()
