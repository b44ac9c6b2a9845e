"""CycloneDX BOMs in JSON, versions 1.2 to 1.7 (ECMA-424), as documents."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from typing import Final
from urllib.parse import unquote

import msgspec

from graphkit.model.documents import Basis, Completeness, Document, DocumentKind, Edge, usual_places
from graphkit.model.errors import InputError
from graphkit.model.times import BadTime, Instant, instant
from graphkit.sources.documents.cyclonedx_quick import Plain, read_plain
from graphkit.sources.documents.cyclonedx_rows import Rows
from graphkit.sources.documents.cyclonedx_shape import Bom, Metadata, Service, decode
from graphkit.sources.documents.rows import Notes, is_json, shown

_MARK: Final = re.compile(rb"\"bomFormat\"\s*:\s*\"CycloneDX\"")
_SPEC: Final = re.compile(r"1\.(\d{1,3})")
_NEWEST: Final = 7
_PHASES: Final = {"operations": Basis.INSTALLED, "build": Basis.BUILT, "post-build": Basis.BUILT}
_EARLIER: Final = frozenset({"design", "pre-build", "discovery", "decommission"})
_PYTHON_TOOLS: Final = frozenset(
    {"cyclonedx-py", "cyclonedx-bom", "cyclonedx-python", "pip-audit", "pip_audit", "sbom4python", "uv"}
)
_NOT_NAMES: Final = frozenset({"file", "data"})


class _Mark(msgspec.Struct):
    bom: str = msgspec.field(default="", name="bomFormat")


class CycloneDx:
    """The reader of CycloneDX JSON."""

    format = "CycloneDX JSON"

    def claims(self, data: bytes, name: str, hint: str) -> bool:  # noqa: ARG002 - the content decides
        """Return whether JSON calls itself a CycloneDX BOM at its top. Cost: a search; decoded only on a hit."""
        if not is_json(data) or not _MARK.search(data):
            return False
        try:
            return msgspec.json.decode(data, type=_Mark).bom == "CycloneDX"
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return True  # broken, to be rejected aloud

    def parse(self, data: bytes, path: str, hint: str) -> Document:  # noqa: ARG002 - a BOM is an SBOM
        """Return a BOM as a document; see `document_of`."""
        if (plain := read_plain(data)) is not None:
            return _document(plain, data, path, Notes())
        notes = Notes()
        return document_of(decode(data, notes), data, path, notes)


READER: Final = CycloneDx()


def document_of(bom: Bom, data: bytes, path: str, notes: Notes) -> Document:
    """Return a BOM, in JSON or XML, as a document.

    Its basis is the strongest that its life-cycle phases allow: `installed` for operations,
    `listed` where all come before a build, else `built`. It is complete only where its
    compositions say so of what it describes, none of them denies it, and no row was lost.
    """
    meta = bom.metadata or Metadata()
    rows = Rows(notes)
    rows.read(bom, meta)
    graph = _Graph(bom, rows, notes)
    read = Plain(
        spec=bom.spec,
        metadata=meta,
        rows=tuple(rows.components.values()),
        edges=graph.edges,
        roots=graph.roots,
        is_known=graph.is_known,
    )
    completeness = _completeness_of(bom, rows, graph.roots, notes)
    return replace(_document(read, data, path, notes), completeness=completeness, places=tuple(rows.places))


def _document(read: Plain, data: bytes, path: str, notes: Notes) -> Document:
    meta = read.metadata
    version = _version_of(read.spec, notes)
    subject = (meta.component.name or "").strip() if meta.component else ""
    named = meta.component is not None and meta.component.type not in _NOT_NAMES and any(map(str.isalnum, subject))
    created = _created_of(meta, notes)
    return Document(
        sha256=hashlib.sha256(data).hexdigest(),
        path=path,
        kind=DocumentKind.SBOM,
        format=f"CycloneDX {version}".strip(),
        basis=_basis_of(meta),
        components=read.rows,
        places=usual_places(len(read.rows)),
        edges=read.edges,
        roots=read.roots,
        subject=subject if named else "",
        created=created,
        covers_python=any(row.package for row in read.rows) or _is_by_python_tool(meta),
        dependencies_known=read.is_known,
        problems=tuple(notes.problems),
    )


def _version_of(spec: str | None, notes: Notes) -> str:
    text = (spec or "").strip()
    read = _SPEC.fullmatch(text)
    if not text:
        notes.add("specVersion", "is missing; read as 1.7")
    elif not read:
        raise InputError(f"CycloneDX {shown(text)} cannot be read; 1.2 to 1.7 can", place="specVersion")
    elif int(read[1]) > _NEWEST:
        notes.add("specVersion", f"{text} is newer than 1.7, as which it was read")
    return text


def _basis_of(meta: Metadata) -> Basis:
    phases = {(one.phase or "").strip().lower() for one in meta.lifecycles or ()}
    strong = {_PHASES[phase] for phase in phases if phase in _PHASES}
    if strong:
        return min(strong, key=list(Basis).index)
    return Basis.LISTED if phases & _EARLIER else Basis.BUILT


def _created_of(meta: Metadata, notes: Notes) -> Instant | None:
    if not meta.timestamp:
        return None
    try:
        return instant(meta.timestamp)
    except BadTime as error:
        notes.add("metadata.timestamp", str(error))
        return None


def _is_by_python_tool(meta: Metadata) -> bool:
    tools = meta.tools if isinstance(meta.tools, list) else (meta.tools.components if meta.tools else None)
    return any((tool.name or "").lower() in _PYTHON_TOOLS for tool in tools or ())


class _Graph:
    """The dependency graph of a BOM. ``roots``: what it describes, then what else nothing depends on."""

    def __init__(self, bom: Bom, rows: Rows, notes: Notes) -> None:
        self._rows = rows
        self._notes = notes
        self._services = _service_refs(bom)
        self._decoded: dict[str, str] | None = None
        edges: dict[Edge, None] = {}
        for number, one in enumerate(bom.dependencies or ()):
            place = f"dependencies[{number}]"
            source = self._known(one.ref or "", f"{place}.ref")
            for at, name in enumerate(one.targets or ()):
                target = self._known(name, f"{place}.dependsOn[{at}]")
                if source and target:
                    edges[Edge(source=source, target=target)] = None
        self.is_known = bool(bom.dependencies)
        self.edges = tuple(edges)
        targets = {edge.target for edge in edges if edge.source != edge.target}
        tops = dict.fromkeys(edge.source for edge in edges if edge.source not in targets)
        self.roots = tuple(dict.fromkeys((*([rows.root] if rows.root else ()), *tops)))

    def _known(self, written: str, place: str) -> str:
        """Return our ref for one as written, empty for a service's and for those of no component."""
        if found := self._rows.names.get(written):
            return found
        if written in self._services:
            return ""
        if self._decoded is None:  # `%40angular` for `@angular`: scancode.io#1918
            self._decoded = {unquote(name): ref for name, ref in reversed(self._rows.names.items())}
        if found := self._decoded.get(unquote(written)):
            return found
        where = "points into another document" if written.startswith("urn:cdx:") else "is no component here"
        self._notes.add(place, f"{shown(written)} {where}; the dependency was left out")
        return ""


def _service_refs(bom: Bom) -> frozenset[str]:
    waiting: list[Service] = list(bom.services or ())
    for one in waiting:
        waiting.extend(one.services or ())
    return frozenset(one.ref for one in waiting if one.ref)


def _completeness_of(bom: Bom, rows: Rows, roots: tuple[str, ...], notes: Notes) -> Completeness:
    """Return what the compositions say of the whole.

    One that names nothing speaks of the BOM. One denial anywhere denies the whole, since what is
    missing below any part is missing from the list.
    """
    said = {(one.aggregate or "").strip().lower() for one in bom.compositions or ()}
    if any(word.startswith("incomplete") for word in said):
        return Completeness.INCOMPLETE
    if said != {"complete"}:
        return Completeness.UNKNOWN
    covered: set[str] = set()
    for one in bom.compositions or ():
        named = [*(ref for ref in one.assemblies or () if isinstance(ref, str)), *(one.dependencies or ())]
        covered |= {rows.names.get(ref, "") for ref in named} if named else set(roots) | {""}
    if not covered.issuperset(roots) or (not roots and not covered):
        return Completeness.UNKNOWN
    if notes.lost:
        return Completeness.INCOMPLETE
    if rows.unidentified:
        text = f"says complete, but {rows.unidentified} components without purl may be Python packages"
        notes.add("compositions", text)
        return Completeness.UNKNOWN
    return Completeness.COMPLETE
