"""CycloneDX BOMs in JSON, versions 1.2 to 1.7 (ECMA-424), as documents."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

import msgspec
from msgspec.structs import replace

from graphkit.formats.cyclonedx.fast import Plain, read_plain
from graphkit.formats.cyclonedx.other_parts import is_link
from graphkit.formats.cyclonedx.rows import ComponentRows, services_of
from graphkit.formats.cyclonedx.shape import Bom, Metadata, Part, Tools, decode
from graphkit.formats.decoding import is_json, marks_in
from graphkit.formats.diagnostics import Diagnostics, own_time, quoted
from graphkit.formats.interface import RawDocument
from graphkit.formats.named_releases import package_by_name
from graphkit.model.documents import (
    DENIES_ITSELF,
    NOT_READ,
    SAYS_COMPLETE,
    Basis,
    Completeness,
    Component,
    Document,
    DocumentKind,
    Edge,
)
from graphkit.model.errors import InputError

_MARK: Final = re.compile(rb"\"bomFormat\"\s*:\s*\"CycloneDX\"")
_SPEC: Final = re.compile(r"1\.(\d{1,3})")
_NEWEST: Final = 7
_PHASES: Final = {"operations": Basis.INSTALLED, "build": Basis.BUILT, "post-build": Basis.BUILT}
_EARLIER: Final = frozenset({"design", "pre-build", "discovery", "decommission"})
_PYTHON_TOOLS: Final = frozenset(
    {"cyclonedx-py", "cyclonedx-bom", "cyclonedx-python", "pip-audit", "pip_audit", "sbom4python", "uv"}
)
_LISTING: Final = ("dependencies", "compositions")
"""Where a reference says that what it leads to is there."""
_DENIAL: Final = "incomplete"
_SOURCES: Final = {"container": "image", "file": "directory"}
_NOT_NAMES: Final = frozenset({"file", "data"})
_PROJECTS: Final = frozenset({"", "application", "library", "framework"})


class _Mark(msgspec.Struct):
    bom: str = msgspec.field(default="", name="bomFormat")


class CycloneDx:
    """The reader of CycloneDX JSON."""

    format = "CycloneDX JSON"

    def claims(self, raw: RawDocument) -> bool:
        """Return whether JSON calls itself a CycloneDX BOM at its top. Cost: a search; decoded only on a hit."""
        if not is_json(raw.data) or not _MARK.search(raw.data):
            return False
        top = marks_in(raw.data, _Mark)
        return top is None or top.bom == "CycloneDX"

    def parse(self, raw: RawDocument) -> Document:
        """Return a BOM as a document; see `document_of`."""
        diagnostics = Diagnostics()
        if (plain := read_plain(raw.data)) is not None:
            found = _document(plain, _version_of(plain.spec, diagnostics), raw, diagnostics)
            return replace(found, completeness=Completeness.INCOMPLETE) if diagnostics.lost else found
        return document_of(decode(raw.data, diagnostics), raw, diagnostics)


READER: Final = CycloneDx()


def document_of(bom: Bom, raw: RawDocument, diagnostics: Diagnostics) -> Document:
    """Return a BOM, in JSON or XML, as a document.

    Its basis is the strongest that its life-cycle phases allow: `installed` for operations,
    `listed` where all come before a build, else `built`. It is complete only where its
    compositions say so of what it describes, none of them denies it, and no row was lost.
    """
    meta = bom.metadata or Metadata()
    rows = ComponentRows(diagnostics)
    rows.read(bom, meta)
    if _is_by_python_tool(meta) or any(row.package for ref, row in rows.components.items() if ref not in rows.beside):
        rows.name()
    graph = _Graph(bom, rows, diagnostics, raw.data)
    version = _version_of(bom.spec, diagnostics)
    read = Plain(
        spec=bom.spec,
        metadata=meta,
        rows=tuple(rows.components.values()),
        places=tuple(rows.places),
        edges=graph.edges,
        roots=graph.roots,
        is_known=graph.is_known,
        beside=frozenset(rows.beside),
    )
    completeness = _completeness_of(bom, rows, graph.roots, diagnostics)
    document = _document(read, version, raw, diagnostics)
    listed = document.components
    if completeness is Completeness.COMPLETE and document.covers_python:
        listed = _with_named_subject(listed, meta)
    return replace(document, completeness=completeness, components=listed)


def _document(read: Plain, version: str, raw: RawDocument, diagnostics: Diagnostics) -> Document:
    meta = read.metadata
    subject = (meta.component.name or "").strip() if meta.component else ""
    named = meta.component is not None and meta.component.type not in _NOT_NAMES and any(map(str.isalnum, subject))
    created = own_time(meta.timestamp, "metadata.timestamp", diagnostics)
    return Document(
        sha256=raw.sha256,
        path=raw.path,
        kind=DocumentKind.SBOM,
        format=f"CycloneDX {version}".strip(),
        basis=_basis_of(meta),
        components=read.rows,
        places=read.places,
        edges=read.edges,
        roots=read.roots,
        subject=subject if named else "",
        created=created,
        covers_python=any(row.package for row in read.rows if row.ref not in read.beside) or _is_by_python_tool(meta),
        generator=generators(meta),
        source_kind=_source_kind(meta),
        dependencies_known=read.is_known,
        problems=diagnostics.as_tuple(),
    )


def _version_of(spec: str | None, diagnostics: Diagnostics) -> str:
    text = (spec or "").strip()
    read = _SPEC.fullmatch(text)
    if not text:
        diagnostics.add("specVersion", "is missing; read as 1.7")
    elif not read:
        raise InputError(f"CycloneDX {quoted(text)} cannot be read; 1.2 to 1.7 can", place="specVersion")
    elif int(read[1]) > _NEWEST:
        diagnostics.read_as("specVersion", text, "1.7")
    return text


def _basis_of(meta: Metadata) -> Basis:
    phases = {(one.phase or "").strip().lower() for one in meta.lifecycles or ()}
    strong = {_PHASES[phase] for phase in phases if phase in _PHASES}
    if strong:
        return min(strong, key=lambda one: one.rank)
    return Basis.LISTED if phases & _EARLIER else Basis.BUILT


def _tools_of(meta: Metadata) -> list[Part]:
    return (meta.tools.components if isinstance(meta.tools, Tools) else meta.tools) or []


def _is_by_python_tool(meta: Metadata) -> bool:
    return any((tool.name or "").lower() in _PYTHON_TOOLS for tool in _tools_of(meta))


def generators(meta: Metadata) -> tuple[str, ...]:
    """Return the tools that made a BOM, each as ``name version``, in their order."""
    services = meta.tools.services if isinstance(meta.tools, Tools) else None
    named = [(one.name, one.version) for one in (*_tools_of(meta), *(services or ()))]
    texts = (f"{(name or '').strip()} {(version or '').strip()}".strip() for name, version in named if name)
    return tuple(dict.fromkeys(filter(None, texts)))


def _source_kind(meta: Metadata) -> str:
    """Return what a BOM says was looked at: `image` or `directory` by its subject, else its first life-cycle phase."""
    kind = ((meta.component.type if meta.component else "") or "").strip().lower()
    if kind in _SOURCES:
        return _SOURCES[kind]
    return next((text for one in meta.lifecycles or () if (text := (one.phase or "").strip().lower())), "")


def _with_named_subject(rows: tuple[Component, ...], meta: Metadata) -> tuple[Component, ...]:
    """Return rows in which the subject is the Python package of its name, where it has no purl.

    Tools describe a project that way. It was not taken from an index, which its origin says: a match
    with it stays open, where a complete list would clear it, since the subject is not in its own list.
    """
    subject = meta.component
    if subject is None or subject.group or (subject.type or "") not in _PROJECTS or rows[0].purl:
        return rows
    package = package_by_name(rows[0].name)
    return (replace(rows[0], package=package, origin="metadata.component"), *rows[1:]) if package else rows


_PART_REF: Final = re.compile(rb'"(?:bom-ref|serialNumber)"\s*:\s*("(?:[^"\\]|\\.)*")')


class _Graph:
    """The dependency graph of a BOM. ``roots``: what it describes, then what else nothing depends on."""

    def __init__(self, bom: Bom, rows: ComponentRows, diagnostics: Diagnostics, data: bytes) -> None:
        self._rows = rows
        self._diagnostics = diagnostics
        self._services = frozenset(one.ref for one in services_of(bom) if one.ref)
        self._decoded: dict[str, str] | None = None
        self._parts: frozenset[bytes] | None = None
        edges: dict[Edge, None] = {}
        for number, one in enumerate(bom.dependencies or ()):
            place = f"dependencies[{number}]"
            source = self._known(one.ref or "", f"{place}.ref")
            for at, name in enumerate(one.targets or ()):
                target = self._known(name, f"{place}.dependsOn[{at}]")
                if source and target:
                    edges[Edge(source=source, target=target)] = None
            for at, name in enumerate(one.provided or ()):
                self._known(name, f"{place}.provides[{at}]")
        for place, name in rows.refs:
            # What is annotated, or claimed of, may be any part: an organisation, a license, the BOM itself.
            is_any = place.startswith(("annotations", "declarations"))
            if name not in rows.defined and not (is_any and name not in rows.names and self._is_any_part(name, data)):
                self._known(name, place)
        for number, said in enumerate(bom.compositions or ()):
            for key, refs in (("assemblies", said.assemblies), ("dependencies", said.dependencies)):
                for at, name in enumerate(refs or ()):
                    if name and name not in rows.defined and not is_link(name):
                        self._known(name, f"compositions[{number}].{key}[{at}]")
        self.is_known = bool(bom.dependencies)
        self.edges = tuple(edges)
        targets = {edge.target for edge in edges if edge.source != edge.target}
        tops = dict.fromkeys(edge.source for edge in edges if edge.source not in targets)
        self.roots = tuple(dict.fromkeys((*([rows.root] if rows.root else ()), *tops)))

    def _is_any_part(self, ref: str, data: bytes) -> bool:
        """Return whether a BOM has a part of that ``bom-ref``, or is itself called so (``serialNumber``)."""
        if self._parts is None:
            self._parts = frozenset(_PART_REF.findall(data))
        return msgspec.json.encode(ref) in self._parts

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
        where = "points into another document" if is_link(written) else "is not a component of this document"
        found = self._rows.take_named(written, place) if place.startswith(_LISTING) else ""
        what = f"{where}; taken for the release that it names" if found else f"{where}; the dependency was left out"
        # What it leads to is missing from the list, whatever the compositions say.
        self._diagnostics.add(place, f"{quoted(written)} {what}", lost=True)
        return found


def _completeness_of(bom: Bom, rows: ComponentRows, roots: tuple[str, ...], diagnostics: Diagnostics) -> Completeness:
    """Return what the compositions say of the whole.

    One denial anywhere denies the whole, since what is missing below any part is missing from the list. Whatever
    they say, a part that was not read leaves it open.
    """
    said = {(one.aggregate or "").strip().lower() for one in bom.compositions or ()}
    _note_links(bom, diagnostics)
    denied = [
        i for i, one in enumerate(bom.compositions or ()) if (one.aggregate or "").strip().lower()[:10] == _DENIAL
    ]
    for number in denied[:1]:
        diagnostics.leave_open(f"compositions[{number}]", DENIES_ITSELF.removeprefix(NOT_READ))
    if diagnostics.lost and said == {"complete"}:
        diagnostics.add("compositions", f"{SAYS_COMPLETE}not all of it could be read")
    if diagnostics.lost:
        return Completeness.INCOMPLETE
    if said != {"complete"}:
        if "complete" in said:
            diagnostics.add("compositions", f"{SAYS_COMPLETE}not of every part that compositions name")
        return Completeness.UNKNOWN
    if not _is_all_covered(bom, rows, roots):
        diagnostics.add("compositions", f"{SAYS_COMPLETE}of a part alone")
        return Completeness.UNKNOWN
    if not rows.unidentified:
        return Completeness.COMPLETE
    of = "1 component without purl may be a Python package"
    if rows.unidentified > 1:
        of = f"{rows.unidentified} components without purl may be Python packages"
    diagnostics.add("compositions", f"{SAYS_COMPLETE}{of}")
    return Completeness.UNKNOWN


def _note_links(bom: Bom, diagnostics: Diagnostics) -> None:
    """Leave it open where a composition names what stands in another BOM."""
    for number, one in enumerate(bom.compositions or ()):
        for ref in (*(one.assemblies or ()), *(one.dependencies or ())):
            if is_link(ref):
                diagnostics.leave_open(f"compositions[{number}]", f"another BOM, which this links to: {quoted(ref)}")


def _is_all_covered(bom: Bom, rows: ComponentRows, roots: tuple[str, ...]) -> bool:
    """Return whether the compositions speak of the whole.

    One that names nothing speaks of the BOM. Those that name refs speak of these alone and do not
    cascade (schema): the assemblies of what is described are all that it is made of, but its
    dependencies are only the direct ones, so that those of every package have to be named too.
    """
    assembled: set[str] = set()
    depended: set[str] = set()
    for one in bom.compositions or ():
        if not (one.assemblies or one.dependencies or one.vulnerabilities):
            return True
        assembled.update(rows.names.get(ref, "") for ref in one.assemblies or ())
        depended.update(rows.names.get(ref, "") for ref in one.dependencies or ())
    packages = {ref for ref, row in rows.components.items() if row.package and ref not in rows.beside}
    named = assembled | depended
    return bool(roots) and (assembled.issuperset(roots) or named.issuperset((*roots, *packages)))
