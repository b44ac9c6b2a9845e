"""Plain CycloneDX BOMs in JSON, read by what they share: a fleet repeats most components byte for byte.

A component is looked at once for each spelling of it that was met, then known by its bytes. A BOM in
which anything is out of the ordinary is left to the full reader, so that there is one place where odd
things are decided; for all others both give the same document (a property test).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache, partial
from itertools import chain, repeat
from operator import attrgetter
from typing import Final, NamedTuple

import msgspec

from graphkit.formats.cyclonedx.rows import ComponentRows, rows_of_tools
from graphkit.formats.cyclonedx.shape import BESIDE, Dependency, Metadata, Part, Phase, Tools
from graphkit.formats.diagnostics import Diagnostics
from graphkit.formats.duplicate_keys import duplicate_key_in
from graphkit.formats.lines import address
from graphkit.model.documents import Component, Edge, usual_places

REMEMBERED: Final = 1 << 16
"""How many components are known by their bytes; those used last."""
_WHOLE: Final = ("services", "compositions", "references", *BESIDE)
"""Parts of a BOM for which the full reader is needed."""
_EMPTY: Final = {b"", b"null", b"[]"}
_LONGEST: Final = 16 * 1024
"""Bytes of a component, or of tools, that are worth remembering."""
_FEW: Final = 64
"""How many spellings of the tools that made a BOM are remembered."""


class _Head(msgspec.Struct):
    """What a BOM says of itself, whose tools are bytes still."""

    timestamp: str | None = None
    component: Part | None = None
    lifecycles: list[Phase] | None = None
    tools: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw)


class _Plain(msgspec.Struct):
    """A BOM whose components and dependencies are bytes still."""

    spec: str | None = msgspec.field(default=None, name="specVersion")
    metadata: _Head | None = None
    components: list[msgspec.Raw] | None = None
    services: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw)
    dependencies: list[msgspec.Raw] | None = None
    compositions: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw)
    references: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw, name="externalReferences")
    formulation: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw)
    vulnerabilities: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw)
    annotations: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw)
    declarations: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw)
    definitions: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw)
    citations: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw)


class Plain(msgspec.Struct, frozen=True):
    """A BOM read the quick way: its rows in order, the one it describes first, and what leads where.

    ``spec`` and ``metadata`` are as the BOM has them. ``is_known``: it says what depends on what. ``beside``: refs
    of rows that stand beside its list of components.
    """

    spec: str | None
    metadata: Metadata
    rows: tuple[Component, ...]
    places: tuple[str, ...]
    edges: tuple[Edge, ...]
    roots: tuple[str, ...]
    is_known: bool
    beside: frozenset[str] = frozenset()


_DECODER: Final = msgspec.json.Decoder(_Plain)
_PART: Final = msgspec.json.Decoder(Part)
_ENTRIES: Final = msgspec.json.Decoder(list[Dependency])
_TOOLS: Final = msgspec.json.Decoder(list[Part] | Tools | None)
_REF: Final = attrgetter("ref")
_PROVIDED: Final = attrgetter("provided")
_START: Final = attrgetter("start")
_PAIR: Final = 2
_EDGE: Final = partial(tuple.__new__, Edge)
"""Makes an edge of a pair, without a step in Python."""


class _MadeBy(NamedTuple):
    """The tools that made a BOM, with the places and rows that they have in it."""

    tools: list[Part] | Tools | None
    places: tuple[str, ...]
    rows: tuple[Component, ...]


class _Links(NamedTuple):
    """The dependencies of a BOM: its edges, and of each entry that has some, what depends on them."""

    edges: tuple[Edge, ...]
    sources: tuple[str, ...]


def read_plain(data: bytes) -> Plain | None:
    """Return a plain BOM; None for one that the full reader has to look at.

    Plain is one with a subject, without services and compositions, whose components are not nested,
    have refs of their own and no problem, and whose dependencies all lead to components, one entry for
    each. There is no duplicate key. Cost: two passes over the bytes, and a look-up per component.
    """
    try:
        bom = _DECODER.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    spans = [_span(data, one) for one in (bom.components, bom.dependencies)]
    if _may_hide(_without(data, spans)):
        return None
    meta = bom.metadata
    if meta is None or meta.component is None or not {bytes(getattr(bom, one)) for one in _WHOLE} <= _EMPTY:
        return None
    written = bytes(meta.tools)
    made_by = _remembered_tools(written) if len(written) <= _LONGEST else _fresh_tools(written)
    if made_by is None:
        return None
    root = _row(meta.component, "metadata.component")
    rows = [root, *_each(bom.components)]
    found = tuple(filter(None, rows))
    if root is None or len(found) < len(rows):
        return None
    refs = frozenset(map(_REF, found))
    beside = frozenset(map(_REF, made_by.rows))
    if len(refs) < len(found) or refs & beside:
        return None
    entries = _entries(data[spans[1]])
    if entries is None or (links := _links(entries, refs)) is None:
        return None
    targets = {target for source, target in links.edges if target != source}
    return Plain(
        spec=bom.spec,
        metadata=Metadata(meta.timestamp, meta.component, meta.lifecycles, made_by.tools),
        rows=(*found, *made_by.rows),
        places=(*usual_places(len(found)), *made_by.places),
        edges=links.edges,
        roots=tuple(dict.fromkeys((root.ref, *(one for one in links.sources if one not in targets)))),
        is_known=bool(bom.dependencies),
        beside=beside,
    )


def _entries(text: bytes) -> list[Dependency] | None:
    """Return the entries of the dependencies, read in one pass; None where one cannot be, or a key may be hidden."""
    if not text:
        return []
    text = b"[" + text + b"]"
    try:
        entries = _ENTRIES.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return None if not _are_bare(text, entries) and _may_hide(text) else entries


def _are_bare(text: bytes, entries: list[Dependency]) -> bool:
    """Return whether entries hold nothing but their refs and what they lead to, by their quotes: no key is a duplicate.

    A null in the place of a text would make room for a key more; `_links` takes no such entry.
    """
    texts = sum(2 if one.targets is None else 3 + len(one.targets) for one in entries)
    return text.count(b'"') == 2 * texts and b"\\" not in text


def _links(entries: list[Dependency], refs: frozenset[str]) -> _Links | None:
    """Return what dependencies say; None where one leads elsewhere than to these refs, or has more to say."""
    known = frozenset(map(_REF, entries))
    if len(known) < len(entries) or not known <= refs or any(map(_PROVIDED, entries)):
        return None
    leading = [one for one in entries if one.targets]
    told = [one.targets or () for one in leading]
    if not refs.issuperset(chain.from_iterable(told)):
        return None
    # Each has one entry, so that what is a duplicate is one there.
    unlike = [one if len(one) < _PAIR or len(frozenset(one)) == len(one) else dict.fromkeys(one) for one in told]
    sources = tuple(map(_REF, leading))
    pairs = chain.from_iterable(map(zip, map(repeat, sources), unlike))
    return _Links(tuple(map(_EDGE, pairs)), sources)


def _span(data: bytes, elements: list[msgspec.Raw] | None) -> slice:
    """Return where the elements of an array stand in JSON; nowhere, at its end, where there are none."""
    if not elements:
        return slice(len(data), len(data))
    base, last = address(data), elements[-1]
    return slice(address(elements[0]) - base, address(last) - base + len(memoryview(last)))


def _without(data: bytes, spans: list[slice]) -> bytes:
    """Return JSON without the elements of some of its arrays, by where they stand; what is left is small.

    An array whose key is a duplicate was replaced by a later one; it is left, so that the key is found.
    """
    first, second = sorted(spans, key=_START)
    return data[: first.start] + data[first.stop : second.start] + data[second.stop :]


def _may_hide(text: bytes) -> bool:
    """Return whether a key of JSON may hide another one: it is a duplicate, or that cannot be told."""
    try:
        return duplicate_key_in(text) is not None
    except (ValueError, RecursionError):
        return True


def _each(raws: list[msgspec.Raw] | None) -> Iterable[Component | None]:
    """Return the rows of components, each looked at once for its spelling; huge ones are not remembered."""
    parts = list(map(bytes, raws or ()))
    if max(map(len, parts), default=0) <= _LONGEST:
        return map(_remembered_component, parts)
    return (_remembered_component(one) if len(one) <= _LONGEST else _fresh_component(one) for one in parts)


def _fresh_component(raw: bytes) -> Component | None:
    try:
        return None if _may_hide(raw) else _row(_PART.decode(raw), "")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _row(part: Part, place: str) -> Component | None:
    """Return a component as a row, None where there is anything to say about it, or the others decide what it is."""
    if not part.ref or part.components:
        return None
    diagnostics = Diagnostics()
    rows = ComponentRows(diagnostics)
    rows.take(part, place)
    is_alone = len(rows.components) == 1 and not rows.shown_by_files() and not rows.has_code()
    is_odd = diagnostics.problems or rows.nameable or not is_alone
    return None if is_odd else rows.components.get(part.ref)


def _fresh_tools(raw: bytes) -> _MadeBy | None:
    try:
        tools = _TOOLS.decode(raw) if raw else None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if (found := rows_of_tools(Metadata(tools=tools))) is None:
        return None
    places, rows = found
    return _MadeBy(tools, tuple(places), tuple(rows))


_remembered_component = lru_cache(maxsize=REMEMBERED)(_fresh_component)
_remembered_tools = lru_cache(maxsize=_FEW)(_fresh_tools)
