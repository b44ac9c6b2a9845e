"""SPDX documents in RDF/XML, versions 2.2 and 2.3 (ISO/IEC 5962:2021)."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Final
from urllib.parse import unquote
from xml.parsers import expat

from graphkit.formats.decoding import repaired
from graphkit.formats.diagnostics import Diagnostics, quoted
from graphkit.formats.interface import RawDocument
from graphkit.formats.refs import Refs
from graphkit.formats.spdx2.document import Beside, document_of
from graphkit.formats.spdx2.shape import (
    Checksum,
    Creation,
    ExternalDocument,
    File,
    Package,
    Reference,
    Relationship,
    Snippet,
    Spdx,
    Verification,
    line_of,
)
from graphkit.formats.spdx2.triples import RDF, Node, Said, read_nodes
from graphkit.model.documents import Document
from graphkit.model.errors import InputError

_SPDX: Final = "http://spdx.org/rdf/terms#"
_COMMENT: Final = "http://www.w3.org/2000/01/rdf-schema#comment"
_DOAP: Final = "http://usefulinc.com/ns/doap#"
_MARK: Final = b"spdx.org/rdf/terms"
_PLAIN: Final = b"<spdxVersion>"
_HEAD: Final = 64 * 1024
_TURTLE: Final = re.compile(rb"^\s*@?prefix\s+[\w-]*:\s*<https?://spdx\.org/rdf/terms#?>", re.IGNORECASE | re.MULTILINE)
_ENCODING: Final = re.compile(rb"\s*<\?xml[^>]{0,100}?encoding\s*=\s*[\"']([\w.-]{1,40})[\"']")
_ONE_BYTE: Final = re.compile(r"(?:iso-?8859-?\d+|latin-?\d|windows-125\d|cp125\d)", re.IGNORECASE)
_HUMP: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_KINDS: Final = {"AMENDMENT": "AMENDS", "TESTCASE_OF": "TEST_CASE_OF"}
"""Relationship types that the terms of RDF spell otherwise."""


class SpdxRdf:
    """The reader of SPDX 2 in RDF/XML."""

    format = "SPDX RDF/XML"

    def claims(self, raw: RawDocument) -> bool:
        """Return whether XML is RDF at its root and names SPDX 2's terms.

        Turtle and plain XML of SPDX 2 are claimed too, to be rejected aloud. Cost: two searches, and a
        look at the head on a hit.
        """
        if _MARK not in raw.data and _PLAIN not in raw.data:
            return False
        return _root_of(raw.data) in {f"{RDF} RDF", "Document"} if is_xml(raw.data) else _is_turtle(raw.data)

    def parse(self, raw: RawDocument) -> Document:
        """Return a document; see `document_of`. Places are lines.

        Packages, files and relationships come in the order in which they stand, nested or not.
        """
        diagnostics = Diagnostics()
        if not is_xml(raw.data) or _root_of(raw.data) == "Document":
            said = "plain XML" if is_xml(raw.data) else "Turtle"
            raise InputError(f"SPDX in {said} cannot be read; in JSON, YAML, tag-value and RDF/XML it can")
        reading = _Reading(read_nodes(_utf8(raw.data, diagnostics), diagnostics), diagnostics)
        read = reading.read()
        beside = reading.beside()
        return document_of(read, raw, diagnostics, place_of=lambda place: line_of(place, reading.lines), beside=beside)


READER: Final = SpdxRdf()


def is_xml(data: bytes) -> bool:
    """Return whether text begins as XML does."""
    return data[:_HEAD].lstrip().startswith(b"<")


def _is_turtle(data: bytes) -> bool:
    return bool(_TURTLE.search(data[:_HEAD]))


class _Enough(Exception):
    """Raised to leave the parser at the root."""


def _root_of(data: bytes) -> str:
    """Return namespace and name of XML's root, empty where none is to be seen. Nothing is expanded or fetched."""
    found: list[str] = []

    def note(name: str, _attributes: object) -> None:
        found.append(name)
        raise _Enough

    def doubt(*_given: object) -> None:  # entities are refused when it is parsed, aloud
        if b":RDF" in data[:_HEAD]:
            found.append(f"{RDF} RDF")
        raise _Enough

    parser = expat.ParserCreate("utf-8", " ")
    parser.StartElementHandler, parser.EntityDeclHandler = note, doubt
    with suppress(_Enough, expat.ExpatError):
        parser.Parse(data[:_HEAD].decode("utf-8", "replace").lstrip().encode())
    return found[0] if found else ""


def _utf8(data: bytes, diagnostics: Diagnostics) -> bytes:
    """Return XML as UTF-8, from the encoding that it declares where its bytes are not UTF-8 anyway."""
    try:
        data.decode()
    except UnicodeDecodeError:
        said = _ENCODING.match(data)
        if said and _ONE_BYTE.fullmatch(name := said[1].decode()):
            with suppress(LookupError):
                return data.decode(name, "replace").encode()
        return repaired(data, diagnostics)
    return data


class _Reading:
    """Nodes turned into the shape that all syntaxes share."""

    def __init__(self, nodes: dict[str, Node], diagnostics: Diagnostics) -> None:
        self.lines: dict[str, int] = {}
        """The line on which each part that may be noted stands."""
        self._nodes = nodes
        self._diagnostics = diagnostics
        self._of: dict[str, list[Node]] = {}
        for node in nodes.values():
            for kind in dict.fromkeys(node.types):
                self._of.setdefault(kind.removeprefix(_SPDX), []).append(node)
        self._checksum_of: dict[str, Checksum] = {}
        self._reference_of: dict[str, Reference] = {}
        self._space = ""
        self._ids = self._named()

    def _named(self) -> dict[str, str]:
        """Return the SPDX id of each element, by its address: the fragment, or all of it where that is taken."""
        refs = Refs()
        found: dict[str, str] = {}
        for kind in ("SpdxDocument", "Package", "File", "Snippet"):
            for node in self._of.get(kind, ()):
                space, _, fragment = node.address.rpartition("#")
                if kind == "SpdxDocument" and not found:
                    self._space = space or fragment
                if node.address not in found:
                    is_free = fragment and refs.unique(fragment) == fragment
                    found[node.address] = fragment if is_free else node.address
        return found

    def read(self) -> Spdx:
        """Return the document that the nodes are about; of several the first, which is noted."""
        tops = self._of.get("SpdxDocument", [])
        if len(tops) > 1:
            self._diagnostics.add(f"line {tops[1].line}", "a second SpdxDocument; the first is read, with all packages")
        if not tops:
            self._diagnostics.add("line 1", "no SpdxDocument is described")
        top = tops[0] if tops else Node(address="", line=1)
        described = self._all(top, "describesPackage")
        self.lines |= {f"documentDescribes[{number}]": one.line for number, one in enumerate(described)}
        read = Spdx(id=self._ids.get(top.address), creation=self._creation(top))
        read.version = self._text(top, "specVersion", "spdxVersion")
        read.described = [self._id(one) for one in described]
        read.packages = [self._package(node, number) for number, node in enumerate(self._of.get("Package", ()))]
        read.packages += self._called_otherwise(read.packages)
        read.files = [self._file(node, number) for number, node in enumerate(self._of.get("File", ()))]
        read.snippets = [self._snippet(node, number) for number, node in enumerate(self._of.get("Snippet", ()))]
        read.relationships = self._relationships()
        for number, one in enumerate(self._all(top, "externalDocumentRef")):
            self.lines[f"externalDocumentRefs[{number}]"] = one.line
        read.documents = [ExternalDocument(id=self._id(one)) for one in self._all(top, "externalDocumentRef")]
        return read

    def beside(self) -> Beside:
        """Return what is named beside packages and files: other names of files, and projects that things came from."""
        files = ((node, self._all(node, "name")) for node in self._of.get("File", ()))
        projects = (node for kind in ("Project", f"{_DOAP}Project") for node in self._of.get(kind, ()))
        named = ((node.line, one.text) for node in projects for one in node.said if one.predicate == f"{_DOAP}name")
        return Beside(
            texts=tuple((f"line {node.line}", one.text) for node, told in files for one in told),
            projects=tuple((f"line {line}", text.strip()) for line, text in named),
        )

    def _called_otherwise(self, packages: list[Package]) -> list[Package]:
        """Return a package more for each that has two names."""
        found: list[Package] = []
        for node, one in zip(self._of.get("Package", ()), packages, strict=True):
            for said in self._all(node, "packageName"):
                if said.text.strip() and said.text.strip() != (one.name or "").strip():
                    self.lines[f"packages[{len(packages) + len(found)}]"] = said.line
                    found.append(Package(name=said.text, version=one.version))
        return found

    def _snippet(self, node: Node, number: int) -> Snippet:
        told = self._all(node, "snippetFromFile")
        self.lines |= {f"snippets[{number}]": one.line for one in told}
        return Snippet(id=self._ids.get(node.address), file=self._id(told[0]) if told else None)

    def _all(self, node: Node, *names: str) -> list[Said]:
        predicates = {f"{_SPDX}{name}" for name in names}
        return [one for one in node.said if one.predicate in predicates]

    def _text(self, node: Node, name: str, place: str = "", predicate: str = "") -> str | None:
        """Return what a property that stands once says, NONE and NOASSERTION by their words."""
        predicate = predicate or f"{_SPDX}{name}"
        found = [one for one in node.said if one.predicate == predicate]
        if not found:
            return None
        if place:
            self.lines[place] = found[0].line
        values = [_word(one) for one in found]
        for one, value in zip(found, values, strict=True):
            if value != values[0]:
                self._diagnostics.add(f"line {one.line}", f"duplicate {name}; {quoted(value)} is ignored")
                break
        return values[0]

    def _creation(self, top: Node) -> Creation:
        for one in self._all(top, "creationInfo"):
            node = self._nodes.get(one.node)
            if node is not None:
                return Creation(
                    created=self._text(node, "created", "creationInfo.created"),
                    creators=[_word(said) for said in self._all(node, "creator")],
                    comment=self._text(node, "comment", predicate=_COMMENT),
                )
        return Creation()

    def _package(self, node: Node, number: int) -> Package:
        place = f"packages[{number}]"
        self.lines[place] = node.line
        references: list[Reference] = []
        for one in self._all(node, "externalRef"):
            self.lines[f"{place}.externalRefs[{len(references)}]"] = one.line
            references.append(self._reference(one))
        files: list[str] = []
        for one in self._all(node, "hasFile"):
            self.lines[f"{place}.hasFiles[{len(files)}]"] = one.line
            files.append(self._id(one))
        purpose = self._text(node, "primaryPackagePurpose")
        return Package(
            id=self._ids.get(node.address),
            name=self._text(node, "name"),
            version=self._text(node, "versionInfo", f"{place}.versionInfo"),
            download=self._text(node, "downloadLocation"),
            source=self._text(node, "sourceInfo"),
            file=self._text(node, "packageFileName"),
            purpose=_term(purpose) if purpose else None,
            checksums=self._checksums(node, place),
            references=references,
            files=files,
            verification=self._verification(node),
        )

    def _verification(self, node: Node) -> Verification:
        """Return the files that the verification code of a package leaves out."""
        codes = (self._nodes.get(one.node) for one in self._all(node, "packageVerificationCode"))
        inside = (self._all(code, "packageVerificationCodeExcludedFile") for code in codes if code is not None)
        return Verification(excluded=[one.text.strip() for told in inside for one in told])

    def _file(self, node: Node, number: int) -> File:
        place = f"files[{number}]"
        self.lines[place] = node.line
        return File(
            id=self._ids.get(node.address),
            name=self._text(node, "fileName"),
            checksums=self._checksums(node, place),
            needs=[self._id(one) for one in self._all(node, "fileDependency")],
        )

    def _checksums(self, node: Node, place: str) -> list[Checksum]:
        found: list[Checksum] = []
        for one in self._all(node, "checksum"):
            self.lines[f"{place}.checksums[{len(found)}]"] = one.line
            found.append(self._checksum(one))
        return found

    def _checksum(self, one: Said) -> Checksum:
        """Return a checksum, read once however many elements share its node."""
        if one.node not in self._checksum_of:
            node = self._nodes.get(one.node) or self._lost(one)
            algorithm = (self._text(node, "algorithm") or "").rpartition("_")[2]
            digest = (self._text(node, "checksumValue") or "").strip()
            self._checksum_of[one.node] = Checksum(algorithm=algorithm, value=digest)
        return self._checksum_of[one.node]

    def _reference(self, one: Said) -> Reference:
        """Return an external reference, read once however many packages share its node."""
        if one.node not in self._reference_of:
            node = self._nodes.get(one.node) or self._lost(one)
            kind, locator = self._text(node, "referenceType"), self._text(node, "referenceLocator")
            self._reference_of[one.node] = Reference(type=kind, locator=locator)
        return self._reference_of[one.node]

    def _lost(self, one: Said) -> Node:
        what = one.predicate.removeprefix(_SPDX)
        self._diagnostics.add(
            f"line {one.line}", f"{what} names {quoted(one.node or one.text)}, which is not in this document", lost=True
        )
        return Node(address="", line=one.line)

    def _relationships(self) -> list[Relationship]:
        """Return the relationships in the order of their lines: hung on an element, or naming theirs."""
        found: list[tuple[int, Relationship]] = []
        hung: set[str] = set()
        for node in self._nodes.values():
            for one in self._all(node, "relationship"):
                inner = self._nodes.get(one.node) or self._lost(one)
                if inner.address in hung:  # else many elements times many relations
                    self._diagnostics.add(
                        f"line {one.line}", "a relationship of two elements; the first counts", lost=True
                    )
                    continue
                hung.add(inner.address or f"_:{len(hung)} lost")
                element = self._ids.get(node.address) or self._written(node.address)
                found += self._related(inner, element, one.line)
        for node in self._of.get("Relationship", ()):
            if node.address not in hung:
                elements = [self._id(one) for one in self._all(node, "spdxElement")]
                for element in elements or ["NOASSERTION"]:
                    found += self._related(node, element, node.line)
        for one in (one for top in self._of.get("SpdxDocument", ()) for one in self._all(top, "referencesFile")):
            found.append((one.line, Relationship(element="NOASSERTION", type="OTHER", related=self._id(one))))
        found.sort(key=lambda row: row[0])
        self.lines |= {f"relationships[{i}]": line for i, (line, _) in enumerate(found)}
        return [row for _, row in found]

    def _related(self, node: Node, element: str, line: int) -> list[tuple[int, Relationship]]:
        kind = _HUMP.sub("_", _term(self._text(node, "relationshipType") or "")).upper()
        kind = _KINDS.get(kind, kind)
        others = self._all(node, "relatedSpdxElement")
        if node.line and not others:
            self._diagnostics.add(f"line {line}", "a relationship to nothing; left out", lost=True)
        return [(line, Relationship(element=element, type=kind, related=self._id(one))) for one in others]

    def _id(self, one: Said) -> str:
        return self._ids.get(one.node) or self._written(one.node or one.text.strip())

    def _written(self, address: str) -> str:
        """Return the id of what is no element here: NONE, NOASSERTION, of another document, or missing."""
        if address.startswith(_SPDX) and _word(Said(predicate="", node=address)) != address:
            return _word(Said(predicate="", node=address))
        space, _, fragment = address.rpartition("#")
        if fragment.startswith("DocumentRef-"):
            return unquote(fragment)
        is_own = not space or space == self._space
        return fragment if is_own else f"DocumentRef-{address}"


def _word(one: Said) -> str:
    """Return the text of a property; an address of SPDX's own for none and no assertion as the word."""
    return {f"{_SPDX}none": "NONE", f"{_SPDX}noassertion": "NOASSERTION"}.get(one.node, one.node or one.text)


def _term(address: str) -> str:
    """Return what stands behind the kind in a term: ``dependsOn`` of ``…#relationshipType_dependsOn``."""
    fragment = address.rpartition("#")[2]
    return fragment.partition("_")[2] if "#" in address and "_" in fragment else fragment
