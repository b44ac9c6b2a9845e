"""CycloneDX BOMs in XML, versions 1.0 to 1.7 (ECMA-424), as documents."""

from __future__ import annotations

import io
import re
from typing import Any, Final, NamedTuple
from xml.sax import SAXParseException
from xml.sax.handler import ContentHandler, feature_external_ges, feature_namespaces
from xml.sax.xmlreader import AttributesNSImpl

from defusedxml import DefusedXmlException
from defusedxml.sax import make_parser

from graphkit.formats.cyclonedx.json import document_of
from graphkit.formats.cyclonedx.shape import shaped
from graphkit.formats.diagnostics import Diagnostics, quoted
from graphkit.model.documents import Document
from graphkit.model.errors import InputError

_PROLOG: Final = re.compile(rb"\s*(?:<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^\[>]*(?:\[.*?\]\s*)?>)", re.DOTALL)
"""One part of what may stand before the root element; asked part by part, since all at once takes forever on some."""
_ROOT: Final = re.compile(rb"\s*<(?:[\w.-]+:)?bom[\s/>]")
_MARK: Final = b"cyclonedx.org/schema/bom"
_FILE: Final = re.compile(r"(?:^|[./_-])(?:bom|cdx|cyclonedx)\.xml$", re.IGNORECASE)
_NAMESPACE: Final = re.compile(r"https?://cyclonedx\.org/schema/bom/(\d+\.\d+)/?")
_DECLARATION: Final = re.compile(rb"\s*<\?xml\s[^>]{0,1000}>")
_DECLARED: Final = re.compile(rb"\sencoding\s*=\s*(?:\"[^\"]*\"|'[^']*')")
_HEAD: Final = 64 * 1024


class _Rule(NamedTuple):
    """What an element becomes in the JSON form.

    A ``text``, an ``object``, one object more in a list (``append``), a ``list``, or a ``ref`` out of it.
    """

    key: str
    how: str
    kind: str = ""


_RULES: Final[dict[str, dict[str, _Rule]]] = {
    "bom": {
        "metadata": _Rule("metadata", "object", "metadata"),
        "components": _Rule("components", "list", "components"),
        "services": _Rule("services", "list", "services"),
        "dependencies": _Rule("dependencies", "list", "dependencies"),
        "compositions": _Rule("compositions", "list", "compositions"),
        "externalReferences": _Rule("externalReferences", "list", "references"),
        "formulation": _Rule("formulation", "list", "formulation"),
    },
    "formulation": {"formula": _Rule("", "object", "formula")},
    "formula": {
        "components": _Rule("components", "list", "components"),
        "services": _Rule("services", "list", "services"),
    },
    "metadata": {
        "timestamp": _Rule("timestamp", "text"),
        "lifecycles": _Rule("lifecycles", "list", "lifecycles"),
        "component": _Rule("component", "object", "component"),
        "tools": _Rule("tools", "list", "tools"),
    },
    "lifecycles": {"lifecycle": _Rule("", "object", "lifecycle")},
    "lifecycle": {"phase": _Rule("phase", "text")},
    # Since 1.5 the tools are components (and services) of their own, up to then each was a `tool`.
    "tools": {
        "tool": _Rule("", "object", "component"),
        "components": _Rule("", "list", "tools"),
        "component": _Rule("", "object", "component"),
    },
    "components": {"component": _Rule("", "object", "component")},
    "component": {
        "group": _Rule("group", "text"),
        "name": _Rule("name", "text"),
        "version": _Rule("version", "text"),
        "versionRange": _Rule("versionRange", "text"),
        "purl": _Rule("purl", "text"),
        "cpe": _Rule("cpe", "text"),
        "swid": _Rule("swid", "object", "swid"),
        "pedigree": _Rule("pedigree", "object", "pedigree"),
        "scope": _Rule("scope", "text"),
        "hashes": _Rule("hashes", "list", "hashes"),
        "externalReferences": _Rule("externalReferences", "list", "references"),
        "evidence": _Rule("evidence", "object", "evidence"),
        "components": _Rule("components", "list", "components"),
    },
    "pedigree": dict.fromkeys(("ancestors", "descendants", "variants"), _Rule("components", "list", "components")),
    # In 1.5 there is one `identity`, since 1.6 there may be several, one after the other.
    "evidence": {
        "identity": _Rule("identity", "append", "identity"),
        "purl": _Rule("purl", "text"),
        "occurrences": _Rule("occurrences", "list", "occurrences"),
    },
    "occurrences": {"occurrence": _Rule("", "object", "occurrence")},
    "occurrence": {"location": _Rule("location", "text")},
    "identity": {"field": _Rule("field", "text"), "concludedValue": _Rule("concludedValue", "text")},
    "hashes": {"hash": _Rule("content", "object", "hash")},
    "references": {"reference": _Rule("", "object", "reference")},
    "reference": {"url": _Rule("url", "text"), "hashes": _Rule("hashes", "list", "hashes")},
    "services": {"service": _Rule("", "object", "service")},
    "service": {
        "name": _Rule("name", "text"),
        "version": _Rule("version", "text"),
        "externalReferences": _Rule("externalReferences", "list", "references"),
        "services": _Rule("services", "list", "services"),
        "components": _Rule("components", "list", "components"),
    },
    "dependencies": {"dependency": _Rule("", "object", "dependency")},
    "dependency": {"dependency": _Rule("dependsOn", "ref"), "provides": _Rule("provides", "ref")},
    "compositions": {"composition": _Rule("", "object", "composition")},
    "composition": {
        "aggregate": _Rule("aggregate", "text"),
        "assemblies": _Rule("assemblies", "list", "refs"),
        "dependencies": _Rule("dependencies", "list", "refs"),
        "vulnerabilities": _Rule("vulnerabilities", "list", "refs"),
    },
    "refs": dict.fromkeys(("assembly", "dependency", "vulnerability"), _Rule("", "ref")),
}
"""The elements that are read, by what they stand in; all others, and what is in them, are passed over."""

_ATTRIBUTES: Final[dict[str, tuple[str, ...]]] = {
    "component": ("bom-ref", "type", "isExternal"),
    "swid": ("name", "version"),
    "hash": ("alg",),
    "reference": ("type",),
    "service": ("bom-ref",),
    "dependency": ("ref",),
}


_UNREAD: Final = frozenset({"component", "service", "workflows", "purl", "dataset"})
"""Elements that name components; where one stands that no rule reads, the BOM is left open."""
_LINK: Final = re.compile(rb"urn:cdx:[^\s<>\"']{1,200}", re.IGNORECASE)
_DEEPEST: Final = 1_000
"""Elements that are read and may stand open at once: about where JSON is nested too deep, too."""


class CycloneDxXml:
    """The reader of CycloneDX XML."""

    format = "CycloneDX XML"

    def claims(self, data: bytes, name: str, hint: str) -> bool:  # noqa: ARG002 - the content decides
        """Return whether the root element of XML is a BOM. Cost: a look at the head."""
        head = data[:_HEAD]
        return head.lstrip()[:1] == b"<" and _is_bom(head) and (_MARK in head or bool(_FILE.search(name)))

    def parse(self, data: bytes, path: str, hint: str) -> Document:  # noqa: ARG002 - a BOM is an SBOM
        """Return a BOM as a document, the same as from JSON; see `cyclonedx.document_of`.

        Cost: one pass over the events of the parser, without a tree; memory for what is read alone.

        Raises:
            InputError: the bytes are no XML, with the line and column, or have a document type
                definition, through which entities could make much of little, or are nested too deep.
        """
        diagnostics = Diagnostics()
        return document_of(shaped(_loose(data, diagnostics), diagnostics), data, path, diagnostics)


READER: Final = CycloneDxXml()


def _loose(data: bytes, diagnostics: Diagnostics) -> dict[str, Any]:
    handler = _Handler()
    parser = make_parser()
    parser.forbid_dtd = True
    parser.setFeature(feature_namespaces, 1)
    parser.setFeature(feature_external_ges, 0)
    parser.setContentHandler(handler)
    try:
        parser.parse(io.BytesIO(_undeclared(data)))
    except DefusedXmlException as error:
        raise InputError("XML with a document type definition, which is not read; take it out") from error
    except SAXParseException as error:
        place = f"line {error.getLineNumber()}, column {(error.getColumnNumber() or 0) + 1}"
        raise InputError(f"no XML: {error.getMessage()}", place=place) from error
    except (LookupError, ValueError) as error:
        raise InputError(f"no XML that can be read: {error}") from error
    found = _NAMESPACE.fullmatch(handler.namespace)
    if found:
        handler.bom["specVersion"] = found[1]
    elif handler.namespace:
        diagnostics.add("bom", f"namespace {quoted(handler.namespace)} is none of CycloneDX; read all the same")
    for place, count in handler.unread.items():
        diagnostics.leave_open(place, f"{count} elements here that can name components")
    if link := _LINK.search(data):
        diagnostics.leave_open(
            "the document", f"another BOM, which this links to: {link[0].decode('utf-8', 'replace')}"
        )
    return handler.bom


def _is_bom(head: bytes) -> bool:
    at = 0
    while part := _PROLOG.match(head, at):
        at = part.end()
    return bool(_ROOT.match(head, at))


def _undeclared(data: bytes) -> bytes:
    """Return UTF-8 without an encoding in its declaration: it may be that of before somebody converted it."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return data
    declaration = _DECLARATION.match(data)
    if declaration is None:
        return data
    return _DECLARED.sub(b"", declaration[0], count=1) + data[declaration.end() :]


class _Handler(ContentHandler):
    """Builds the JSON form of a BOM from events. ``namespace`` is that of the root element."""

    def __init__(self) -> None:
        super().__init__()
        self.bom: dict[str, Any] = {}
        self.namespace = ""
        self._open: list[tuple[str, Any]] = []
        """The elements that stand open, as kind and value; a text has its holder and key as the value."""
        self._passed = 0
        self.unread: dict[str, int] = {}
        """How often elements that name components were passed over, by what they stand in."""
        self._in = ""
        self._text: list[str] = []

    def startElementNS(self, name: tuple[str | None, str], qname: str | None, attrs: AttributesNSImpl) -> None:  # noqa: ARG002, N802 - SAX's
        """Take up an element, or begin to pass it over."""
        if not self._open:
            self.namespace = name[0] or ""
            self._open.append(("bom", self.bom))
            return
        kind, holder = self._open[-1]
        rule = _RULES.get(kind, {}).get(name[1]) if not self._passed and name[0] == (self.namespace or None) else None
        if rule is None:
            self._in = self._in if self._passed else f"{kind}.{name[1]}"
            if name[1] in _UNREAD and name[0] == (self.namespace or None) and (self._passed or name[1] != "purl"):
                self.unread[self._in] = self.unread.get(self._in, 0) + 1
            self._passed += 1
            return
        if len(self._open) >= _DEEPEST:
            raise InputError("no XML that can be read: nested too deep")
        self._text.clear()
        if rule.how == "text":
            self._open.append(("text", (holder, rule.key)))
        elif rule.how == "ref":
            targets = holder if isinstance(holder, list) else holder.setdefault(rule.key, [])
            targets.append(_attribute(attrs, "ref") or "")
            self._open.append(("ref", None))
        elif rule.how == "list":
            self._open.append((rule.kind, holder if isinstance(holder, list) else holder.setdefault(rule.key, [])))
        else:
            self._open.append((rule.kind, self._object(holder, rule, attrs)))

    def _object(self, holder: Any, rule: _Rule, attrs: AttributesNSImpl) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for key in _ATTRIBUTES.get(rule.kind, ()):
            if (value := _attribute(attrs, key)) is not None:
                made[key] = value.strip() in {"true", "1"} if key == "isExternal" else value
        if isinstance(holder, list):
            holder.append(made)
        elif rule.how == "append":
            holder.setdefault(rule.key, []).append(made)
        else:
            holder[rule.key] = made
        return made

    def endElementNS(self, name: tuple[str | None, str], qname: str | None) -> None:  # noqa: ARG002, N802 - SAX's
        """Close an element."""
        if self._passed:
            self._passed -= 1
            return
        kind, value = self._open.pop()
        if kind == "text":
            holder, key = value
            holder[key] = "".join(self._text).strip()
        elif kind == "hash":
            value["content"] = "".join(self._text).strip()

    def characters(self, content: str) -> None:
        """Keep text of the elements that have some."""
        if not self._passed and self._open and self._open[-1][0] in {"text", "hash"}:
            self._text.append(content)


def _attribute(attrs: AttributesNSImpl, key: str) -> str | None:
    found = attrs.get((None, key))
    return None if found is None else str(found)
