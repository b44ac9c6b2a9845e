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
from graphkit.formats.cyclonedx.other_parts import PASSED_OVER
from graphkit.formats.cyclonedx.shape import BESIDE, shaped
from graphkit.formats.decoding import not_xml
from graphkit.formats.diagnostics import Diagnostics, quoted
from graphkit.formats.interface import RawDocument
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

    A ``text``, an ``object``, one object more in a list (``append``), a ``list``, or a ``ref`` out of it. ``any``: a
    table of whatever stands in it.
    """

    key: str
    how: str
    kind: str = ""


_PARTS: Final = _Rule("components", "list", "components")
_NAMING: Final[dict[str, _Rule]] = {
    **{key: _Rule(key, "list", "components") for key in ("components", "ancestors", "descendants", "variants")},
    "component": _Rule("component", "append", "component"),
    "services": _Rule("services", "list", "services"),
    "service": _Rule("service", "append", "service"),
    "tools": _Rule("tools", "object", "tools"),
    "hashes": _Rule("hashes", "list", "hashes"),
    "externalReferences": _Rule("externalReferences", "list", "references"),
    "externalReference": _Rule("externalReference", "append", "reference"),
    "supportingMaterial": _Rule("supportingMaterial", "list", "materials"),
}
"""What has a form of its own in JSON, wherever it stands."""
_RULES: Final[dict[str, dict[str, _Rule]]] = {
    "any": _NAMING,
    "materials": {"attachment": _Rule("supportingMaterial", "any", "any")},
    "bom": {
        "metadata": _Rule("metadata", "object", "metadata"),
        "components": _PARTS,
        "services": _Rule("services", "list", "services"),
        "dependencies": _Rule("dependencies", "list", "dependencies"),
        "compositions": _Rule("compositions", "list", "compositions"),
        "externalReferences": _Rule("externalReferences", "list", "references"),
        **{key: _Rule(key, "any", "any") for key in BESIDE},
    },
    "metadata": {
        "timestamp": _Rule("timestamp", "text"),
        "lifecycles": _Rule("lifecycles", "list", "lifecycles"),
        "component": _Rule("component", "object", "component"),
        "tools": _NAMING["tools"],
    },
    "lifecycles": {"lifecycle": _Rule("", "object", "lifecycle")},
    "lifecycle": {"phase": _Rule("phase", "text")},
    # Since 1.5 the tools are components and services of their own, up to then each was a `tool`.
    "tools": {
        **dict.fromkeys(("tool", "component"), _Rule("components", "append", "component")),
        "components": _PARTS,
        "services": _Rule("services", "list", "services"),
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
        **{key: _Rule(key, "any", "any") for key in ("pedigree", "data", "modelCard")},
        "scope": _Rule("scope", "text"),
        "hashes": _Rule("hashes", "list", "hashes"),
        "externalReferences": _Rule("externalReferences", "list", "references"),
        "evidence": _Rule("evidence", "object", "evidence"),
        "components": _PARTS,
    },
    # In 1.5 there is one `identity`, since 1.6 there may be several, one after the other.
    "evidence": {
        "identity": _Rule("identity", "append", "identity"),
        "purl": _Rule("purl", "text"),
        "occurrences": _Rule("occurrences", "list", "occurrences"),
        "callstack": _Rule("callstack", "object", "callstack"),
    },
    "occurrences": {"occurrence": _Rule("", "object", "occurrence")},
    "occurrence": {"location": _Rule("location", "text")},
    "identity": {
        "field": _Rule("field", "text"),
        "concludedValue": _Rule("concludedValue", "text"),
        "methods": _Rule("methods", "list", "methods"),
        "tools": _Rule("tools", "list", "refs"),
    },
    "methods": {"method": _Rule("", "object", "method")},
    "method": {"value": _Rule("value", "text")},
    "callstack": {"frames": _Rule("frames", "list", "frames")},
    "frames": {"frame": _Rule("", "object", "frame")},
    "frame": {"fullFilename": _Rule("fullFilename", "text")},
    "hashes": {"hash": _Rule("content", "object", "hash")},
    "references": {"reference": _Rule("", "object", "reference")},
    "reference": {"url": _Rule("url", "text"), "hashes": _Rule("hashes", "list", "hashes")},
    "services": {"service": _Rule("", "object", "service")},
    "service": {
        "name": _Rule("name", "text"),
        "version": _Rule("version", "text"),
        "externalReferences": _Rule("externalReferences", "list", "references"),
        "data": _Rule("data", "any", "any"),
        "services": _Rule("services", "list", "services"),
        "components": _PARTS,
    },
    "dependencies": {"dependency": _Rule("", "object", "dependency")},
    "dependency": {
        "dependency": _Rule("dependsOn", "ref", "dependency"),
        "provides": _Rule("provides", "ref"),
    },
    "compositions": {"composition": _Rule("", "object", "composition")},
    "composition": {
        "aggregate": _Rule("aggregate", "text"),
        "assemblies": _Rule("assemblies", "list", "refs"),
        "dependencies": _Rule("dependencies", "list", "refs"),
        "vulnerabilities": _Rule("vulnerabilities", "list", "refs"),
    },
    "refs": dict.fromkeys(("assembly", "dependency", "vulnerability", "tool"), _Rule("", "ref")),
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
_TEXT_OF: Final = {"environmentVar": "value"}
"""The key of the text of an element that has attributes beside it, where it is not ``content``."""
_ATTACHED: Final = frozenset({"attachment", "contents", "data"})
"""Elements whose text is something attached, whether or not they have attributes."""

_UNREAD: Final = frozenset({"component", "service", "workflows", "purl"})
"""Elements that name components; where one stands that no rule reads, the BOM is left open."""
_OURS: Final = re.compile(r"https?://cyclonedx\.org/schema/")
"""How the namespaces of CycloneDX begin, those of its extensions too."""
_LINK: Final = re.compile(rb"urn:cdx:[^\s<>\"']{1,200}", re.IGNORECASE)
_DEEPEST: Final = 1_000
"""Elements that are read and may stand open at once: about where JSON is nested too deep, too."""
_DEEPEST_ANY: Final = 80
"""Elements that may stand open at once in a part that is looked through; what is deeper leaves the BOM open."""


class CycloneDxXml:
    """The reader of CycloneDX XML."""

    format = "CycloneDX XML"

    def claims(self, raw: RawDocument) -> bool:
        """Return whether the root element of XML is a BOM. Cost: a look at the head."""
        head = raw.data[:_HEAD]
        return head.lstrip()[:1] == b"<" and _is_bom(head) and (_MARK in head or bool(_FILE.search(raw.path)))

    def parse(self, raw: RawDocument) -> Document:
        """Return a BOM as a document, the same as from JSON; see `cyclonedx.document_of`.

        Cost: one pass over the events of the parser, without a tree; memory for what is read alone.

        Raises:
            InputError: the bytes are no XML, with the line and column, or have a document type
                definition, through which entities could make much of little, or are nested too deep.
        """
        diagnostics = Diagnostics()
        return document_of(shaped(_loose(raw.data, diagnostics), diagnostics), raw, diagnostics)


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
        raise not_xml(error, place) from error
    except (LookupError, ValueError) as error:
        raise InputError(f"cannot read XML: {error}") from error
    found = _NAMESPACE.fullmatch(handler.namespace)
    if found:
        handler.bom["specVersion"] = found[1]
    elif handler.namespace:
        diagnostics.add("bom", f"namespace {quoted(handler.namespace)} is not a CycloneDX namespace; read anyway")
    for key in handler.twice:
        diagnostics.leave_open(key, f"the first {key} of an element that has two")
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
        self.unread: dict[str, int] = {}
        """How often elements that name components were passed over, by what they stand in."""
        self.twice: dict[str, None] = {}
        """What stands in one element twice, as it may not; the last of them is read."""
        self._open: list[_Open] = []
        """The elements that stand open and are read."""
        self._passed = 0
        self._depth = 0
        """How many of them belong to a part that is looked through."""
        self._in = ""

    def startElementNS(self, name: tuple[str | None, str], _qname: str | None, attrs: AttributesNSImpl) -> None:  # noqa: N802 - SAX's
        """Take up an element, or begin to pass it over."""
        if not self._open:
            self.namespace = name[0] or ""
            self._open.append(_Open("bom", self.bom))
            return
        above = self._open[-1]
        is_own = name[0] == (self.namespace or None) or bool(name[0] and _OURS.match(name[0]))
        rule = self._rule(above, name[1]) if is_own and not self._passed else None
        if rule is None:
            self._pass_over(above.kind, name[1], is_own=is_own)
            return
        if len(self._open) >= _DEEPEST:
            raise InputError("cannot read XML: nested too deep")
        self._open.append(self._opened(above, rule, attrs))

    def _rule(self, above: _Open, name: str) -> _Rule | None:
        rule = _RULES.get(above.kind, {}).get(name)
        if rule is None and above.kind == "any" and name not in PASSED_OVER and self._depth < _DEEPEST_ANY:
            return _Rule(name, "any", "any")
        return rule

    def _pass_over(self, kind: str, name: str, *, is_own: bool) -> None:
        self._in = self._in if self._passed else f"{kind}.{name}"
        is_deep = not self._passed and kind == "any" and name not in PASSED_OVER and is_own
        if is_deep or (name in _UNREAD and is_own and (self._passed or name != "purl")):
            self.unread[self._in] = self.unread.get(self._in, 0) + 1
        self._passed += 1

    def _opened(self, above: _Open, rule: _Rule, attrs: AttributesNSImpl) -> _Open:
        holder = above.value
        if rule.how == "text":
            return _Open("text", holder, rule.key, [])
        if rule.how == "list":
            return _Open(rule.kind, _list_of(holder, rule.key))
        if rule.how == "ref":
            targets = _list_of(holder, rule.key)
            targets.append(ref := _attribute(attrs, "ref") or "")
            return _Open(rule.kind or "ref", {"ref": ref}, is_nested=True)
        if rule.how == "any":
            self._depth += 1
            made = {key if not space else f"#{key}": text for (space, key), text in attrs.items()}
            return _Open("any", made, rule.key, [], above=holder)
        return _Open(rule.kind, self._object(holder, rule, attrs), texts=[] if rule.kind == "hash" else None)

    def _object(self, holder: Any, rule: _Rule, attrs: AttributesNSImpl) -> dict[str, Any]:
        made: dict[str, Any] = {"components": []} if rule.kind == "tools" else {}
        for key in _ATTRIBUTES.get(rule.kind, ()):
            if (value := _attribute(attrs, key)) is not None:
                made[key] = value.strip() in {"true", "1"} if key == "isExternal" else value
        if isinstance(holder, list):
            holder.append(made)
        elif rule.how == "append":
            _list_of(holder, rule.key).append(made)
        else:
            self._set(holder, rule.key, made)
        return made

    def _set(self, holder: dict[str, Any], key: str, value: Any) -> None:
        if key in holder and holder[key] != value:
            self.twice[key] = None
        holder[key] = value

    def endElementNS(self, _name: tuple[str | None, str], _qname: str | None) -> None:  # noqa: N802 - SAX's
        """Close an element."""
        if self._passed:
            self._passed -= 1
            return
        one = self._open.pop()
        text = "".join(one.texts or ()).strip()
        if one.kind == "text":
            self._set(one.value, one.key, text)
        elif one.kind == "hash":
            one.value["content"] = text
        elif one.kind == "any":
            self._depth -= 1
            is_table = one.value or one.key in _ATTACHED
            if text and is_table:
                one.value.setdefault(_TEXT_OF.get(one.key, "content"), text)
            if text or one.value:
                _put(one.above, one.key, one.value if is_table else text)
        elif one.kind == "dependency" and one.is_nested and len(one.value) > 1:
            self.bom.setdefault("dependencies", []).append(one.value)

    def characters(self, content: str) -> None:
        """Keep text of the elements that have some."""
        if not self._passed and self._open and (texts := self._open[-1].texts) is not None:
            texts.append(content)


class _Open(NamedTuple):
    """An element that stands open: what it is, and what becomes of it.

    ``value`` is its table or list, of a text the table that it belongs in, under ``key``. ``texts``: its own text, None
    where that says nothing. ``above``: of one in a part that is looked through, the table around it.
    """

    kind: str
    value: Any
    key: str = ""
    texts: list[str] | None = None
    above: Any = None
    is_nested: bool = False


def _put(holder: Any, key: str, value: Any) -> None:
    """Put what stands in an element into a table, or list; a second of its name makes a list of both."""
    if isinstance(holder, dict) and key not in holder:
        holder[key] = value
    else:
        _list_of(holder, key).append(value)


def _list_of(holder: Any, key: str) -> list[Any]:
    """Return the list that more of a kind belong in; an attribute of the same name is one of them."""
    if isinstance(holder, list):
        return holder
    found = holder.setdefault(key, [])
    if not isinstance(found, list):
        found = holder[key] = [found]
    return found


def _attribute(attrs: AttributesNSImpl, key: str) -> str | None:
    found = attrs.get((None, key))
    return None if found is None else str(found)
