"""CycloneDX BOMs in XML, versions 1.0 to 1.7 (ECMA-424), as documents; nothing is expanded or fetched, ever."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from sys import intern
from typing import Any, Final

import msgspec
from defusedxml.common import DefusedXmlException

from graphkit.model.documents import Document
from graphkit.model.errors import InputError
from graphkit.sources.documents.cyclonedx import document_of
from graphkit.sources.documents.cyclonedx_shape import (
    Bom,
    Composition,
    Dependency,
    Hash,
    Metadata,
    Part,
    Phase,
    Reference,
    Service,
    Tool,
)
from graphkit.sources.documents.rows import Notes, repaired, shown

_SPACE: Final = re.compile(r"http://cyclonedx\.org/schema/bom/(1\.\d{1,3})")
_EXTENSION: Final = re.compile(r"http://cyclonedx\.org/schema/ext/(?:dependency-graph|bom-descriptor)/1\.\d")
"""What 1.1 had for dependencies and metadata; 1.2 took both in."""

_HEAD: Final = 64 * 1024
_BLANK: Final = re.compile(rb"\s*")
_ROOT: Final = re.compile(rb"<(?:[^\s<>/:=\"']{1,200}:)?bom(?=[\s/>]|\Z)[^>]*")
_ENCODING: Final = re.compile(rb"<\?xml\s[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]{1,40})[\"']")
_AS_DECLARED: Final = re.compile(
    r"utf-?8|us-ascii|ascii|iso[-_]?8859[-_]\d+|latin-?\d|windows-125\d|cp125\d|koi8-[ru]", re.IGNORECASE
)
_WIDE: Final = re.compile(r"utf-?(?:16|32)\w*|u(?:cs|nicode)\w*|iso-10646-ucs.*", re.IGNORECASE)
_TRUTH: Final = {"true": True, "1": True, "false": False, "0": False}  # xs:boolean

_BELOW: Final[dict[str, dict[str, str]]] = {
    "bom": {
        "metadata": "metadata",
        "components": "components",
        "services": "services",
        "dependencies": "dependencies",
        "compositions": "compositions",
    },
    "metadata": {"timestamp": "text", "lifecycles": "lifecycles", "tools": "tools", "component": "component"},
    "lifecycles": {"lifecycle": "lifecycle"},
    "lifecycle": {"phase": "text"},
    "tools": {"tool": "tool", "components": "tool components"},
    "tool components": {"component": "tool"},
    "tool": {"name": "text"},
    "components": {"component": "component"},
    "component": {
        "name": "text",
        "version": "text",
        "purl": "text",
        "scope": "text",
        "hashes": "hashes",
        "externalReferences": "references",
        "components": "components",
    },
    "hashes": {"hash": "hash"},
    "references": {"reference": "reference"},
    "reference": {"hashes": "hashes"},
    "services": {"service": "service"},
    "service": {"services": "services"},
    "dependencies": {"dependency": "dependency"},
    "dependency": {"dependency": "dependency"},
    "compositions": {"composition": "composition"},
    "composition": {
        "aggregate": "text",
        "assemblies": "assemblies",
        "dependencies": "composed",
        "vulnerabilities": "judged",
    },
    "assemblies": {"assembly": "ref"},
    "composed": {"dependency": "ref"},
    "judged": {"vulnerability": "ref"},
    "ref": {},
    "text": {},
    "hash": {},
}
"""What is read inside what, by element names, and as which kind. All else is passed over with all in it:
pedigree, evidence, vulnerabilities and formulation have components and dependencies that are not the BOM's."""

_LISTS: Final = {
    "components": "components",
    "dependencies": "dependencies",
    "compositions": "compositions",
    "lifecycles": "lifecycles",
    "tools": "tools",
    "hashes": "hashes",
    "references": "references",
    "assemblies": "assemblies",
    "composed": "dependencies",
    "judged": "vulnerabilities",
}
"""Kinds that only hold others, and the field that those are kept in."""

_ROWS: Final[dict[str, tuple[type[msgspec.Struct], dict[str, str]]]] = {
    "lifecycle": (Phase, {}),
    "tool": (Tool, {}),
    "component": (Part, {"bom-ref": "ref", "type": "type"}),
    "hash": (Hash, {"alg": "alg"}),
    "reference": (Reference, {"type": "type"}),
    "service": (Service, {"bom-ref": "ref"}),
    "composition": (Composition, {}),
}
"""Kinds that become a struct, and their attributes that become its fields."""

_FLAT: Final = frozenset({"services", "tool components"})  # of services and tools only the names count
_STRICT: Final = frozenset({"components", "dependencies", "compositions", "assemblies", "composed", "text", "hash"})


class CycloneDxXml:
    """The reader of CycloneDX XML."""

    format = "CycloneDX XML"

    def claims(self, data: bytes, name: str, hint: str) -> bool:  # noqa: ARG002 - a BOM is an SBOM
        """Return whether the root of XML is a `bom` of CycloneDX by its namespace, else by the file's name.

        Cost: a look at what stands before the root, and at its start tag.
        """
        at = _BLANK.match(data).end()  # type: ignore[union-attr]  # an empty match is one
        if not data.startswith(b"<", at):
            return False
        at, is_plain = _root_at(data, at)
        head = data[at : at + _HEAD]
        root = _ROOT.match(head) if is_plain else _ROOT.search(head)
        return bool(root) and (b"cyclonedx" in root[0].lower() or name.lower().endswith((".cdx.xml", "bom.xml")))

    def parse(self, data: bytes, path: str, hint: str) -> Document:  # noqa: ARG002 - a BOM is an SBOM
        """Return a BOM as a document, the same that its JSON gives; see `document_of`.

        Places are written as in JSON. Depth costs memory, never stack. Cost: linear, about 1 s for
        10 MB, and memory for what is read of it.

        Raises:
            InputError: no well-formed XML, with line and column; or XML with a document type, which is
                where entity bombs and outside addresses come in.
        """
        notes = Notes()
        return document_of(_read(data, notes), data, path, notes)


READER: Final = CycloneDxXml()


def _root_at(data: bytes, at: int) -> tuple[int, bool]:
    """Return where the root's start tag stands, or a document type before it, and which of both."""
    ends = ((b"<?", b"?>"), (b"<!--", b"-->"))
    while True:
        start = next((one for one in ends if data.startswith(one[0], at)), None)
        if start is None:
            return at, not data.startswith(b"<!", at)
        end = data.find(start[1], at + len(start[0]))
        if end < 0:
            return len(data), True
        at = _BLANK.match(data, end + len(start[1])).end()  # type: ignore[union-attr]


def _read(data: bytes, notes: Notes) -> Bom:
    from defusedxml.ElementTree import ParseError, XMLParser

    start = _BLANK.match(data).end()  # type: ignore[union-attr]  # expat wants the declaration first
    target = _Target(notes)
    text, encoding = _text_of(memoryview(data)[start:], notes)
    lines = data.count(b"\n", 0, start)
    parser = XMLParser(target=target, encoding=encoding, forbid_dtd=True)
    try:
        parser.feed(text)
        parser.close()
    except DefusedXmlException as error:
        raise InputError("a document type or entity in XML is not read", place=f"line {target.line}") from error
    except ParseError as error:
        line, column = error.position
        problem = str(error).partition(": line ")[0]
        raise InputError(f"no XML: {problem}", place=f"line {line + lines}, column {column + 1}") from error
    return target.finished()
