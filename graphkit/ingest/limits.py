"""What a document may cost: refused where reading it would take too much memory, and cut where texts are absurd."""

from __future__ import annotations

from itertools import repeat
from typing import Final

import msgspec
from msgspec.structs import replace

from graphkit.formats.attestations.layers import is_attestation, statements_of
from graphkit.formats.checked_rows import CheckedRows
from graphkit.formats.decoding import is_json
from graphkit.formats.diagnostics import Diagnostics, bounded
from graphkit.model.documents import Component, Document
from graphkit.model.errors import InputError
from graphkit.model.names import PackageName
from graphkit.model.requirements import Requirement
from graphkit.sources.distributions import distribution

MEMORY: Final = 1_400_000_000
"""Bytes that reading one document may take, about; the program itself takes some 100 MB."""
LONGEST: Final = 1_000
"""Characters of a version, a package's name or a specifier; nothing that an index lists comes near."""
LONGEST_ADDRESS: Final = 10_000
"""Characters of a purl, an address or a marker."""

_SMALL: Final = 32 * 2**20
"""Bytes below which nothing is counted: however dense, they are read in less."""
_ROW: Final = 2_400
_LINK: Final = 200
_YAML_ROW: Final = 2_600
_RDF_ROW: Final = 4_300
_TABLE_ROW: Final = 3_600
_LINE: Final = 300
_MARKS: Final = (
    (b"<component ", _ROW),
    (b"<component>", _ROW),
    (b"<dependency ", _LINK),
    (b"\nRelationship:", _LINK),
    (b"SPDXID: ", _YAML_ROW),
    (b":Package ", _RDF_ROW),
    (b":File ", _RDF_ROW),
    (b":Relationship>", _LINK),
    (b"[[package", _TABLE_ROW),
    (b"==", _ROW),
    (b'",\n', _LINE),
)
"""What a row of a format that is no JSON begins with, and the bytes of memory that it takes, as measured."""


class _Link(msgspec.Struct, gc=False):
    targets: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw, name="dependsOn")


class _Row(msgspec.Struct, gc=False):
    components: list[_Row] = []


class _Result(msgspec.Struct):
    packages: list[_Row] = msgspec.field(default_factory=list, name="Packages")
    findings: list[_Row] = msgspec.field(default_factory=list, name="Vulnerabilities")


class _Manifest(msgspec.Struct):
    resolved: dict[str, _Row] = {}


class _Listed(msgspec.Struct):
    """The lists of every format that is JSON, by their keys; what stands in them is passed over."""

    components: list[_Row] = []
    dependencies: list[_Link] = []
    packages: list[_Row] = []
    files: list[_Row] = []
    relationships: list[_Row] = []
    graph: list[_Row] = msgspec.field(default_factory=list, name="@graph")
    artifacts: list[_Row] = []
    artifact_relationships: list[_Row] = msgspec.field(default_factory=list, name="artifactRelationships")
    installed: list[_Row] = []
    default: dict[str, _Row] = {}
    develop: dict[str, _Row] = {}
    results: list[_Result] = msgspec.field(default_factory=list, name="Results")
    manifests: dict[str, _Manifest] = {}


_LISTED: Final = msgspec.json.Decoder(_Listed)


def check_size(text: bytes) -> None:
    """Refuse a text that could only be read with more memory than `MEMORY`; cost: one pass over a large one.

    Raises:
        InputError: it takes too much.
    """
    if len(text) < _SMALL:
        return
    needed = len(text) + (_json_memory(text) if is_json(text) else _text_memory(text))
    if is_attestation(text):
        needed += sum(len(one.predicate) + _json_memory(one.predicate) for one in statements_of(text, Diagnostics()))
    if needed > MEMORY:
        raise InputError(f"would take about {needed / 1e9:.1f} GB of memory to read; split it")


def _json_memory(text: bytes) -> int:
    try:
        found = _LISTED.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):  # odd values: the reader will say which
        return text.count(b"{") * _ROW // 4
    flat = (found.packages, found.artifacts, found.installed, found.default, found.develop)
    rows = _all(found.components) + sum(map(len, flat))
    rows += sum(len(one.packages) + len(one.findings) for one in found.results)
    rows += sum(len(one.resolved) for one in found.manifests.values())
    links = sum(bytes(one.targets).count(b",") + 1 for one in found.dependencies)
    relations = len(found.relationships) + len(found.artifact_relationships) + len(found.files)
    return rows * _ROW + links * _LINK + relations * _ROW // 3 + len(found.graph) * _ROW * 3 // 4


def _all(rows: list[_Row]) -> int:
    waiting, count = [rows], 0
    while waiting:
        level = waiting.pop()
        count += len(level)
        waiting += [one.components for one in level if one.components]
    return count


def _text_memory(text: bytes) -> int:
    return sum(text.count(mark) * cost for mark, cost in _MARKS)


def with_short_texts(document: Document) -> Document:
    """Return a document that can be shown and kept: absurdly long texts are cut or let go, and noted.

    A row whose version or marker is let go says nothing of its version any more, so that it clears nothing.
    """
    if long := _ROWS.odd_in(document.components):
        rows = list(document.components)
        places = document.places or tuple(repeat("the document", len(rows)))
        odd = Diagnostics()
        for at in long:
            rows[at], texts = _short(rows[at])
            for text in texts:
                odd.add(places[at], text)
        document = replace(document, components=tuple(rows), problems=bounded(document.problems + odd.as_tuple()))
    if any(len(str(one)) > LONGEST_ADDRESS for one in document.requirements + document.constraints):
        document = replace(
            document,
            requirements=tuple(map(_short_requirement, document.requirements)),
            constraints=tuple(map(_short_requirement, document.constraints)),
        )
    return document


def release_at(path: str, data: bytes | None) -> Document | None:
    """Return the release that a file beside the inputs is, as a document that can be shown; None for another file."""
    found = distribution(path, data)
    return None if found is None else with_short_texts(found)


def _is_long(row: Component) -> bool:
    return (
        len(row.version) > LONGEST
        or len(row.package or "") > LONGEST
        or len(row.purl) > LONGEST_ADDRESS
        or len(row.origin) > LONGEST_ADDRESS
        or len(row.index) > LONGEST_ADDRESS
        or len(row.marker) > LONGEST_ADDRESS
    )


_ROWS: Final = CheckedRows(_is_long)


def _short(row: Component) -> tuple[Component, list[str]]:
    """Return a row cut, and what is to say of it."""
    said = []
    if len(row.version) > LONGEST:
        said.append(f"a version of {len(row.version):,} characters; taken as unknown")
        row = replace(row, version="")
    if len(row.marker) > LONGEST_ADDRESS:
        said.append(f"a marker of {len(row.marker):,} characters; left out, and the version taken as unknown")
        row = replace(row, marker="", version="")
    if len(row.package or "") > LONGEST:
        row = replace(row, package=None)  # the name is noted where it is cut
    for what in ("purl", "origin", "index"):
        text = getattr(row, what)
        if len(text) > LONGEST_ADDRESS:
            said.append(f"{what} of {len(text):,} characters; cut")
            row = replace(row, **{what: text[:LONGEST_ADDRESS]})
    return row, said


def _short_requirement(one: Requirement) -> Requirement:
    """Return a requirement of which an absurd rest is cut: unreadable, it admits every version."""
    if len(str(one)) <= LONGEST_ADDRESS:
        return one
    return Requirement(package=PackageName(one.package[:LONGEST]), unreadable=f"{str(one)[:LONGEST]}...")
