"""An XML schema (W3C XSD 1.0, as far as CycloneDX uses it) in the terms of `places.schemas`, and documents as XML.

An object is an element: its attributes have an ``@`` before their names, and its own text, where it has attributes or
may have others' elements, a ``#`` before that of its type. Elements of other namespaces are one text, ``##other``.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape, quoteattr

from tests.property.places.schemas import Schema

_XS: Final = "{http://www.w3.org/2001/XMLSchema}"
OTHER: Final = "##other"
"""Where elements of other namespaces may stand."""
_FOREIGN: Final = "https://example.com/extension"
_PLAIN: Final[dict[str, Schema]] = {
    "boolean": {"type": "boolean"},
    **{key: {"type": "integer"} for key in ("integer", "positiveInteger", "nonNegativeInteger")},
    **{key: {"type": "number"} for key in ("decimal", "float")},
    "dateTime": {"type": "string", "format": "date-time"},
    "date": {"type": "string", "format": "date"},
    "anyURI": {"type": "string", "format": "uri"},
}
_GROUPS: Final = frozenset({"sequence", "choice", "all"})


def read_schema(path: Path, root: str) -> dict[str, Any]:
    """Return the schema of the documents that an element ``root`` is, with each named type as a definition.

    A type of text or attributes alone is told wherever it stands, and is none of them.
    """
    top = ET.parse(path).getroot()
    read = _Types({one.get("name", ""): one for one in top if "name" in one.attrib})
    named = [one for one in top if _kind(one) in {"complexType", "simpleType"} and not _is_plain(one)]
    definitions = {_short(one): read.of_type(one) for one in named}
    element = next(one for one in top if _kind(one) == "element" and one.get("name") == root)
    return {**read.of_element(element), "definitions": definitions}


def _kind(node: ET.Element) -> str:
    return node.tag.removeprefix(_XS)


def _short(node: ET.Element) -> str:
    """Return the name of a type, of an element's without that word."""
    name = node.get("name", "")
    return name.removesuffix("Type") if _kind(node) == "complexType" else name


def _is_plain(node: ET.Element) -> bool:
    """Return whether a type is of elements with text or attributes alone; a hash is known by its type."""
    has_elements = any(_kind(one) in _GROUPS for one in node)
    return _kind(node) == "complexType" and not has_elements and node.get("name") != "hashType"


class _Types:
    """The types of a schema, by their names, in the terms of `places.schemas`."""

    def __init__(self, named: dict[str, ET.Element]) -> None:
        self._named = named

    def of_name(self, name: str) -> Schema:
        """Return a type by its name: one of XSD's own, one of the schema, or of another file."""
        prefix, _, local = name.rpartition(":")
        if prefix == "xs":
            return _PLAIN.get(local, {"type": "string"})
        if prefix != "bom":
            return {"type": "string", "enum": ["MIT"]}
        node = self._named[local]
        return self.of_type(node) if _is_plain(node) else {"$ref": f"#/definitions/{_short(node)}"}

    def of_type(self, node: ET.Element) -> dict[str, Any]:
        """Return a type."""
        if _kind(node) == "simpleType":
            return self._simple(node)
        found: dict[str, Any] = {"type": "object", "properties": {}, "required": []}
        for key, schema, is_needed in self._inside(node, _short(node), is_many=False, is_needed=True):
            found["properties"].setdefault(key, schema)
            found["required"] += [key] if is_needed and key not in found["required"] else []
        return found

    def of_element(self, node: ET.Element) -> Schema:
        """Return the type of an element or attribute."""
        if (name := node.get("type")) is not None:
            return self.of_name(name)
        inner = next((one for one in node if _kind(one) in {"complexType", "simpleType"}), None)
        return self.of_type(inner) if inner is not None else {"type": "string"}

    def _simple(self, node: ET.Element) -> dict[str, Any]:
        inner = next(one for one in node if _kind(one) in {"restriction", "union"})
        if _kind(inner) == "union":
            return {"anyOf": [self.of_name(one) for one in (inner.get("memberTypes") or "").split()]}
        words = [one.get("value") for one in inner if _kind(one) == "enumeration"]
        patterns = [one.get("value") for one in inner if _kind(one) == "pattern"]
        limits = {_kind(one): int(one.get("value", "0")) for one in inner if _kind(one) in {"minLength", "maxLength"}}
        base = self.of_name(inner.get("base", ""))
        found = {} if "$ref" in base else dict(base)
        if patterns:
            found["pattern"] = "|".join(f"^(?:{one})$" for one in patterns)
        return {"type": "string", **found, **limits, **({"enum": words} if words else {})}

    def _inside(
        self, node: ET.Element, owner: str, *, is_many: bool, is_needed: bool
    ) -> Iterator[tuple[str, Schema, bool]]:
        """Yield what may stand in a type, as key, schema, and whether it has to."""
        for one in node:
            kind = _kind(one)
            many = is_many or one.get("maxOccurs", "1") not in {"0", "1"}
            needed = is_needed and one.get("minOccurs", "1") != "0"
            if kind in _GROUPS:
                yield from self._inside(one, owner, is_many=many, is_needed=needed and kind != "choice")
            elif kind == "element":
                schema = self.of_element(one)
                yield one.get("name", ""), {"type": "array", "items": schema, "minItems": 1} if many else schema, needed
            elif kind == "any":
                yield OTHER, {"type": "string"}, False
            elif kind == "attribute":
                yield f"@{one.get('name')}", self.of_element(one), one.get("use") == "required"
            elif kind == "attributeGroup":
                group = self._named[one.get("ref", "").rpartition(":")[2]]
                yield from self._inside(group, owner, is_many=False, is_needed=True)
            elif kind == "simpleContent":
                extension = next(iter(one))
                yield f"#{owner}", self.of_name(extension.get("base", "")), True
                yield from self._inside(extension, owner, is_many=False, is_needed=True)


def as_xml(name: str, value: Any, namespace: str = "") -> str:
    """Return an element."""
    if not isinstance(value, dict):
        text = str(value).lower() if isinstance(value, bool) else str(value)
        return f"<{name}>{escape(text)}</{name}>"
    attributes = "".join(f" {key[1:]}={quoteattr(str(one))}" for key, one in value.items() if key.startswith("@"))
    attributes += f" xmlns={quoteattr(namespace)}" if namespace else ""
    inside: list[str] = []
    for key, one in value.items():
        for each in one if isinstance(one, list) else [one]:
            if key == OTHER:
                inside.append(f'<x:extension xmlns:x="{_FOREIGN}">{escape(str(each))}</x:extension>')
            elif key.startswith("#"):
                inside.append(escape(str(each)))
            elif not key.startswith("@"):
                inside.append(as_xml(key, each))
    return f"<{name}{attributes}>{''.join(inside)}</{name}>"
