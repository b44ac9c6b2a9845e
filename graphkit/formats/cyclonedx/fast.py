"""Plain CycloneDX BOMs in JSON, read by what they share: a fleet repeats most components byte for byte.

A component is looked at once for each spelling of it that was met, then known by its bytes. A BOM in
which anything is out of the ordinary is left to the full reader, so that there is one place where odd
things are decided; for all others both give the same document (a property test).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import chain
from typing import Final, NamedTuple, TypeVar

import msgspec

from graphkit.formats.cyclonedx.rows import ComponentRows, rows_of_tools
from graphkit.formats.cyclonedx.shape import BESIDE, Dependency, Metadata, Part
from graphkit.formats.diagnostics import Diagnostics
from graphkit.formats.duplicate_keys import duplicate_key_in
from graphkit.formats.lines import address
from graphkit.model.documents import Component, Edge, usual_places

REMEMBERED: Final = 1 << 16
"""How many components, and as many dependencies, are known by their bytes; those used last."""
_WHOLE: Final = ("services", "compositions", "references", *BESIDE)
"""Parts of a BOM for which the full reader is needed."""
_EMPTY: Final = {b"", b"null", b"[]"}
_LONGEST: Final = 16 * 1024
"""Bytes of a component that is worth remembering."""
_T = TypeVar("_T")


class _Plain(msgspec.Struct):
    """A BOM whose components and dependencies are bytes still."""

    spec: str | None = msgspec.field(default=None, name="specVersion")
    metadata: Metadata | None = None
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
_DEPENDENCY: Final = msgspec.json.Decoder(Dependency)


class _Links(NamedTuple):
    """One entry of the dependencies: the refs it names, itself first, and its edges."""

    refs: tuple[str, ...]
    edges: tuple[Edge, ...]


def read_plain(data: bytes) -> Plain | None:
    """Return a plain BOM; None for one that the full reader has to look at.

    Plain is one with a subject, without services and compositions, whose components are not nested,
    have refs of their own and no problem, and whose dependencies all lead to components, one entry for
    each. No key stands twice. Cost: one pass over the bytes, and a look-up per component and dependency.
    """
    try:
        bom = _DECODER.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if _may_hide(_without(data, bom.components, bom.dependencies)):
        return None
    meta = bom.metadata
    if meta is None or meta.component is None or not {bytes(getattr(bom, one)) for one in _WHOLE} <= _EMPTY:
        return None
    if (tools := rows_of_tools(meta)) is None:
        return None
    root = _row(meta.component, "metadata.component")
    rows = [root, *_each(bom.components, _remembered_component, _fresh_component)]
    found = [row for row in rows if row is not None]
    links = [one for one in _each(bom.dependencies, _remembered_links, _fresh_links) if one is not None]
    if root is None or len(found) < len(rows) or len(links) < len(bom.dependencies or ()):
        return None
    refs = {row.ref for row in found}
    beside = frozenset(row.ref for row in tools[1])
    if len(refs) < len(found) or refs & beside or not refs.issuperset(chain.from_iterable(one.refs for one in links)):
        return None
    if len({one.refs[0] for one in links}) < len(links):
        return None
    targets = {edge.target for one in links for edge in one.edges if edge.target != edge.source}
    tops = (one.refs[0] for one in links if one.edges and one.refs[0] not in targets)
    return Plain(
        spec=bom.spec,
        metadata=meta,
        rows=(*found, *tools[1]),
        places=(*usual_places(len(found)), *tools[0]),
        edges=tuple(chain.from_iterable(one.edges for one in links)),
        roots=tuple(dict.fromkeys((root.ref, *tops))),
        is_known=bool(links),
        beside=beside,
    )


def _without(data: bytes, *lists: list[msgspec.Raw] | None) -> bytes:
    """Return JSON without the elements of some of its arrays, by where they stand; what is left is small.

    An array that is no longer there because its key stands twice is left, so that the key is found.
    """
    base = address(data)
    spans = sorted((address(one[0]) - base, address(one[-1]) - base + len(memoryview(one[-1]))) for one in lists if one)
    ends = (0, *(end for _, end in spans))
    return b"".join(data[end:start] for end, (start, _) in zip(ends, (*spans, (len(data), 0)), strict=True))


def _may_hide(text: bytes) -> bool:
    """Return whether a key of JSON hides another one: it stands twice, or that cannot be told."""
    try:
        return duplicate_key_in(text) is not None
    except (ValueError, RecursionError):
        return True


def _each(
    raws: list[msgspec.Raw] | None, remembered: Callable[[bytes], _T], fresh: Callable[[bytes], _T]
) -> Iterator[_T]:
    """Return what parts of a BOM are, each looked at once for its spelling; huge ones are not remembered."""
    parts = list(map(bytes, raws or ()))
    if max(map(len, parts), default=0) <= _LONGEST:
        return map(remembered, parts)
    return (remembered(one) if len(one) <= _LONGEST else fresh(one) for one in parts)


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
    is_odd = diagnostics.problems or rows.nameable or len(rows.components) != 1 or rows.shown_by_files()
    return None if is_odd else rows.components.get(part.ref)


def _fresh_links(raw: bytes) -> _Links | None:
    try:
        one = _DEPENDENCY.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    if not one.ref or one.provided or (not _is_bare(raw, one) and _may_hide(raw)):
        return None
    targets = tuple(dict.fromkeys(one.targets or ()))
    return _Links((one.ref, *targets), tuple(Edge(one.ref, target) for target in targets))


def _is_bare(raw: bytes, one: Dependency) -> bool:
    """Return whether an entry holds nothing but its ref and what it leads to, by its quotes: so no key stands twice."""
    texts = 2 + (0 if one.targets is None else 1 + len(one.targets))
    return raw.count(b'"') == 2 * texts and b"\\" not in raw


_remembered_component = lru_cache(maxsize=REMEMBERED)(_fresh_component)
_remembered_links = lru_cache(maxsize=REMEMBERED)(_fresh_links)
