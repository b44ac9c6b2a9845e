"""The places of SPDX 2.3 in RDF/XML, by the terms of its ontology (`tests/schemas/spdx`)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape, quoteattr

from tests.property.places import spdx
from tests.property.places.schemas import Format

_CLASSES: Final[dict[str, dict[str, Any]]] = json.loads(
    (Path(__file__).parents[2] / "schemas" / "spdx" / "terms-2.3.json").read_text(encoding="utf-8")
)
_CLASSES["Project"]["has"] = {"doap:name": "string", "doap:homepage": "uri"}  # of another ontology
_CLASSES["ReferenceType"]["words"] = ["purl", "cpe23Type", "cpe22Type", "swh", "gitoid", "swid", "maven-central"]
_ELEMENTS: Final = ("Package", "File", "Snippet", "SpdxDocument")
_NOT_INSIDE: Final = frozenset(
    {
        *("Snippet", "SpdxDocument"),
        *("SpdxElement", "SpdxItem", "AnyLicenseInfo", "SinglePointer", "OffsetPointer"),
    }
)
"""Classes that stand at the top, and those that are only above others."""
_SPACE: Final = "http://spdx.org/rdf/terms#"
_NAMESPACES: Final = {
    "xmlns": _SPACE,
    "xmlns:rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "xmlns:rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "xmlns:doap": "http://usefulinc.com/ns/doap#",
}

KINDS: Final = {
    **spdx.KINDS_2,
    "@link": "https://example.com/other#SPDXRef",
    "@ref": "#SPDXRef-",
    "@about": "key",
    **dict.fromkeys(("name", "packageName", "doap:name"), "name"),
    "packageVerificationCodeExcludedFile": "file",
    **dict.fromkeys(("seeAlso", "doap:homepage"), "address"),
    **dict.fromkeys(("specVersion", "externalDocumentId"), "key"),
    "creator": "tool",
    **dict.fromkeys(("File.name", "Snippet.name", "SpdxDocument.name"), "text"),
    **{f"{name}.name": "text" for name in _CLASSES if "License" in name or "Operator" in name},
    "resource": "reference",
}


def form() -> Format:
    """Return RDF/XML as a format: nodes, each of a class with all its properties, and those that they hold."""
    numbers = count()
    made = {name: _schema_of(name) for name, one in _CLASSES.items() if "words" not in one}
    made["resource"] = {"type": "string"}
    nodes = [{"$ref": f"#/definitions/{name}"} for name in ("Package", *_ELEMENTS, "Relationship", "Annotation")]

    def clean(name: str) -> Any:
        if name == "Package":
            return {**_package("other", "1.0"), "@about": f"#SPDXRef-{next(numbers)}"}
        if name == ".@about":
            return f"#SPDXRef-{next(numbers)}"
        return _CLEAN.get(name)

    schema = {"properties": {"nodes": {"type": "array", "items": {"anyOf": nodes}}}, "definitions": made}
    return Format(schema=schema, clean=clean, first=("nodes",))


def _above(name: str) -> list[str]:
    return [name, *(one for above in _CLASSES[name]["of"] for one in _above(above))]


def _schema_of(name: str) -> dict[str, Any]:
    told = {key: kind for one in reversed(_above(name)) for key, kind in _CLASSES[one]["has"].items()}
    properties: dict[str, Any] = {"type": {"const": name}}
    if name in _ELEMENTS:
        properties["@about"] = {"type": "string"}
    needed = ["type", *(["@about"] if name in _ELEMENTS else [])]
    needed += [key for key, kind in told.items() if kind.endswith("!")]
    return {"type": "object", "properties": properties | {k: _held(v) for k, v in told.items()}, "required": needed}


def _held(kind: str) -> dict[str, Any]:
    kind = kind.removesuffix("!")
    if kind.endswith("*"):
        return {"type": "array", "items": _held(kind.removesuffix("*")), "minItems": 1}
    plain: dict[str, dict[str, Any]] = {
        "string": {"type": "string"},
        "uri": {"type": "string", "format": "uri"},
        "boolean": {"type": "boolean"},
        "time": {"type": "string", "format": "date-time"},
        "number": {"type": "integer"},
    }
    if kind in plain:
        return plain[kind]
    if "words" in _CLASSES[kind]:
        return {"type": "string", "enum": _CLASSES[kind]["words"]}
    below = sorted((name for name in _CLASSES if kind in _above(name)), key=lambda name: "Simple" not in name)
    inline = [{"$ref": f"#/definitions/{name}"} for name in below if name not in _NOT_INSIDE]
    if any(name in _ELEMENTS for name in below):
        return {"anyOf": [{"$ref": "#/definitions/resource"}, *inline]}
    return {"anyOf": inline}


_CHECKSUM: Final = {"type": "Checksum", "algorithm": "sha256", "checksumValue": "ab" * 32}
_CLEAN: Final[dict[str, Any]] = {
    "ExternalRef": {
        "type": "ExternalRef",
        "referenceCategory": "packageManager",
        "referenceType": "purl",
        "referenceLocator": "pkg:pypi/other@1.0",
    },
    "Checksum": _CHECKSUM,
    "resource": "#SPDXRef-other",
    ".relationshipType": "dependsOn",
    ".downloadLocation": "NOASSERTION",
}


def _package(name: str, version: str) -> dict[str, Any]:
    return {
        "type": "Package",
        "@about": f"#SPDXRef-{name}",
        "name": name,
        "versionInfo": version,
        "downloadLocation": "NOASSERTION",
        "externalRef": [{**_CLEAN["ExternalRef"], "referenceLocator": f"pkg:pypi/{name}@{version}"}],
    }


def document(subject: str) -> dict[str, Any]:
    """Return a document of a build, which SPDX cannot call complete."""
    needs = {"type": "Relationship", "relationshipType": "dependsOn", "relatedSpdxElement": "#SPDXRef-other"}
    app = {"type": "Package", "@about": "#SPDXRef-app", "name": subject, "downloadLocation": "NOASSERTION"}
    info = {"type": "CreationInfo", "creator": ["Tool: maker-1.0"], "created": "2026-03-24T11:00:00Z"}
    top = {
        "type": "SpdxDocument",
        "@about": "#SPDXRef-DOCUMENT",
        "specVersion": "SPDX-2.3",
        "name": "x",
        "creationInfo": info,
        "describesPackage": ["#SPDXRef-app"],
    }
    file = {"type": "File", "@about": "#SPDXRef-file", "fileName": "./other/__init__.py", "checksum": [_CHECKSUM]}
    return {"nodes": [top, _package("other", "1.0"), {**app, "relationship": [needs]}, file]}


def written(made: Mapping[str, Any]) -> bytes:
    """Return a document as RDF/XML."""
    spaces = "".join(f" {key}={quoteattr(one)}" for key, one in _NAMESPACES.items())
    return f"<rdf:RDF{spaces}>{''.join(map(_node, made['nodes']))}</rdf:RDF>".encode()


def _node(one: Mapping[str, Any]) -> str:
    kind = "doap:Project" if one["type"] == "Project" else one["type"]
    about = f" rdf:about={quoteattr(one['@about'])}" if "@about" in one else ""
    told = {key: kind for above in _above(one["type"]) for key, kind in _CLASSES[above]["has"].items()}
    inside = (
        _property(key, told[key].rstrip("*!"), each)
        for key, value in one.items()
        if key in told
        for each in (value if isinstance(value, list) else [value])
    )
    return f"<{kind}{about}>{''.join(inside)}</{kind}>"


def _property(key: str, kind: str, value: Any) -> str:
    name = "rdfs:comment" if key == "comment" else key
    if isinstance(value, dict):
        return f"<{name}>{_node(value)}</{name}>"
    if kind not in _CLASSES:
        text = str(value).lower() if isinstance(value, bool) else str(value)
        return f"<{name}>{escape(text)}</{name}>"
    prefix = "http://spdx.org/rdf/references/" if kind == "ReferenceType" else f"{_SPACE}{kind[0].lower()}{kind[1:]}_"
    address = f"{prefix}{value}" if "words" in _CLASSES[kind] else str(value)
    return f"<{name} rdf:resource={quoteattr(address)}/>"


RIGHTLY: Final[dict[str, tuple[str, ...]]] = {
    "prose": (
        *("*.comment *", "Package.description *", "Package.summary *", "Package.sourceInfo *", "*.attributionText *"),
        "SpdxDocument.name *",
    ),
    "the texts of licenses": ("*icens*", "CrossRef.*", "*.copyrightText *", "*OrLater*", "*WithException*"),
    "people": ("Annotation.annotator *", "Review.reviewer *", "File.fileContributor *", "Package.originator *"),
    "a supplier": ("Package.supplier *",),
    "a notice in a file": ("File.noticeText *",),
    "a part of a file; its file has a row": ("Snippet.name *", "Snippet.snippetName *", "*Pointer.reference *"),
    "a home page": ("Package.homepage *", "Project.doap:homepage *"),
    "a digest, not of a file": ("PackageVerificationCode.packageVerificationCodeValue *",),
    "the name of another, whose version it has": ("Package.name name", "Package.packageName name"),
    "the purl of another": ("Package.externalRef name beside a purl",),
    "a version alone names no package": ("Package.versionInfo version",),
    "a link into a document that has to be named elsewhere": ("Package.downloadLocation link",),
}
"""Where an accused release may stand and the service stays cleared: the reason, and `part what`, as patterns."""

OPEN: Final = ("ExternalDocumentRef.* *", "* link")
"""Where an innocent one leaves the service open too: it leads elsewhere."""
