"""The places of SPDX 2.3 and 3.0.1, by the structure of their schemas (`tests/schemas/spdx`)."""

from __future__ import annotations

import json
from itertools import count
from pathlib import Path
from typing import Any, Final

from tests.property.places.schemas import Format, Schema

_FOLDER: Final = Path(__file__).parents[2] / "schemas" / "spdx"
_TIME: Final = "2026-03-24T11:00:00Z"

# --- SPDX 2.3 --------------------------------------------------------------------------------------------------------

KINDS_2: Final = {
    "@ref": "SPDXRef-",
    "@link": "DocumentRef-x:SPDXRef",
    "referenceCategory": "kind",
    "relationshipType": "kind",
    "relatedSpdxElement": "reference",
    "package.name": "name",
    "name": "name",
    "reference": "reference",
    "SPDXID": "key",
    "spdxVersion": "key",
    "versionInfo": "version",
    "algorithm": "algorithm",
    "checksumValue": "digest",
    "referenceLocator": "purl",
    "downloadLocation": "address",
    "packageFileName": "file",
    "fileName": "file",
    "$schema": "key",
    "dataLicense": "key",
    "documentNamespace": "key",
    "url": "address",
    "homepage": "address",
    "creators": "tool",
    "packageVerificationCodeExcludedFiles": "file",
    "seeAlsos": "address",
    "created": "key",
}
_PURL: Final = {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl"}
_CLEAN_2: Final[dict[str, Any]] = {
    "externalRef": {**_PURL, "referenceLocator": "pkg:pypi/other@1.0"},
    "checksum": {"algorithm": "SHA256", "checksumValue": "ab" * 32},
    "reference": "SPDXRef-other",
    ".relationshipType": "DEPENDS_ON",
    ".downloadLocation": "NOASSERTION",
    ".snippetFromFile": "SPDXRef-file",
}


def form_2() -> Format:
    """Return SPDX 2.3 as a format."""
    numbers = count()

    def clean(name: str) -> Any:
        if name == "package":
            return {**_package("other", "1.0"), "SPDXID": f"SPDXRef-{next(numbers)}"}
        return f"SPDXRef-{next(numbers)}" if name == ".SPDXID" else _CLEAN_2.get(name)

    schema = json.loads((_FOLDER / "spdx-2.3.json").read_text(encoding="utf-8"))
    return Format(schema=schema, clean=clean, first=("packages",))


def _package(name: str, version: str) -> dict[str, Any]:
    return {
        "SPDXID": f"SPDXRef-{name}",
        "name": name,
        "versionInfo": version,
        "downloadLocation": "NOASSERTION",
        "externalRefs": [{**_PURL, "referenceLocator": f"pkg:pypi/{name}@{version}"}],
    }


def document_2(subject: str) -> dict[str, Any]:
    """Return a document of a build, which SPDX cannot call complete."""
    top = {"SPDXID": "SPDXRef-app", "name": subject, "downloadLocation": "NOASSERTION"}
    relations = [("SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-app"), ("SPDXRef-app", "DEPENDS_ON", "SPDXRef-other")]
    return {
        "spdxVersion": "SPDX-2.3",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": "x",
        "dataLicense": "CC0-1.0",
        "documentNamespace": "https://example.com/x",
        "creationInfo": {"created": _TIME, "creators": ["Tool: maker-1.0"]},
        "packages": [_package("other", "1.0"), top],
        "files": [{"SPDXID": "SPDXRef-file", "fileName": "./other/__init__.py", "checksums": [_CLEAN_2["checksum"]]}],
        "relationships": [
            {"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other}
            for one, kind, other in relations
        ],
    }


RIGHTLY_2: Final[dict[str, tuple[str, ...]]] = {
    "prose": (
        *("annotation.*", "*.comment *", "crossRef.*", "externalRef.referenceType *", "package.description *"),
        *("package.summary *", "package.sourceInfo *", "*.attributionTexts *", "reviewed.*"),
    ),
    "the texts of licenses": ("*license*", "*.copyrightText *", "extractedLicensingInfo.*", "*LicensingInfos *"),
    "people and tools": (
        "file.fileContributors *",
        "package.originator *",
        "package.supplier *",
    ),
    "a notice in a file": ("file.noticeText *",),
    "the name of the document": ("bom.name *",),
    "a part of a file; its file has a row": ("bom.snippets *", "snippet.name *", "pointer.reference *"),
    "a home page": ("package.homepage *",),
    "a digest, not of a file": ("packageVerificationCode.packageVerificationCodeValue *",),
    "the name of another, whose version it has": ("package.name name",),
    "the purl of another": ("package.externalRefs name beside a purl",),
    "a version alone names no package": ("package.versionInfo version",),
    "a guess beside a purl": ("package.externalRefs SECURITY",),
    "a link into a document that has to be named elsewhere": ("package.downloadLocation link",),
}
"""Where an accused release may stand and the service stays cleared: the reason, and `part what`, as patterns."""

OPEN_2: Final = ("externalDocumentRef.* *", "bom.documentDescribes *", "*.hasFiles *", "*Dependencies *", "* link")
"""Where an innocent one leaves the service open too: it leads elsewhere."""


# --- SPDX 3.0.1 ------------------------------------------------------------------------------------------------------

CONTEXT: Final = "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"
KINDS_3: Final = {
    "@ref": "urn:elsewhere#",
    "@link": "urn:elsewhere",
    "reference": "reference",
    "spdxId": "key",
    "type": "key",
    "name": "name",
    "software_packageVersion": "version",
    "software_packageUrl": "purl",
    "creationInfo": "key",
    "algorithm": "algorithm",
    "hashValue": "digest",
    "externalIdentifierType": "kind",
    "externalRefType": "kind",
    "identifier": "concluded",
    "locator": "address",
    "relationshipType": "kind",
    "to": "reference",
    "software_contentIdentifierType": "kind",
    "software_contentIdentifierValue": "address",
    "specVersion": "key",
    "packageVerificationCodeExcludedFile": "file",
    "import": "import",
}
_OF_ALL: Final = frozenset(
    {
        "software_Package",
        "software_File",
        "SpdxDocument",
        "Tool",
        "Relationship",
        "build_Build",
        "security_Vulnerability",
    }
)
"""Classes in which what is inherited is tried; all others have the same, and only their own is tried in them."""
_INLINE: Final = frozenset({"software_Package", "software_File"})
"""Elements that are tried inside of others too, where the schema allows any."""


def form_3() -> Format:
    """Return SPDX 3.0.1 as a format: elements in `@graph`, each of a class with all its properties."""
    classes = json.loads((_FOLDER / "spdx-3.0.1.json").read_text(encoding="utf-8"))["classes"]
    made = {name: _schema_of(name, classes) for name, one in classes.items() if not one["abstract"]}
    first = ("build_Build", *sorted(made))  # what it shares with others is tried in it
    elements = [
        {"$ref": f"#/definitions/{name}"} for name in dict.fromkeys(first) if "Element" in _above(name, classes)
    ]
    graph = {"type": "object", "properties": {"@graph": {"type": "array", "items": {"anyOf": elements}}}}
    numbers = count()

    def clean(name: str) -> Any:
        if name == ".spdxId":
            return f"urn:made-{next(numbers)}"
        if name in {"software_Package", "ai_AIPackage", "dataset_DatasetPackage"}:
            return {**_element(name, f"urn:made-{next(numbers)}", name="other"), **_OTHER_3}
        return _CLEAN_3.get(name)

    definitions = {"reference": {"type": "string"}, **made}
    return Format(schema={**graph, "definitions": definitions}, clean=clean, first=("@graph",))


_OTHER_3: Final = {"software_packageVersion": "1.0", "software_packageUrl": "pkg:pypi/other@1.0"}
_CLEAN_3: Final[dict[str, Any]] = {
    "reference": "urn:other",
    ".creationInfo": "_:creationinfo",
    ".relationshipType": "dependsOn",
    ".algorithm": "sha256",
    ".created": _TIME,
}


def _above(name: str, classes: Schema) -> set[str]:
    return {name}.union(*(_above(one, classes) for one in classes[name]["of"]))


def _schema_of(name: str, classes: Schema) -> dict[str, Any]:
    """Return a class as the schema of an object, with the properties of all classes above it."""
    above = _above(name, classes)
    told = {key: kind for one in sorted(above) for key, kind in classes[one]["has"].items()}
    owners = {key: one for one in above for key in classes[one]["has"]}
    is_element = "Element" in above
    properties: dict[str, Any] = {"type": {"const": name}, **({"spdxId": {"type": "string"}} if is_element else {})}
    properties |= {
        key: {**_held(kind, classes), "owner": owners[key]}
        for key, kind in told.items()
        if owners[key] == name or name in _OF_ALL or kind.endswith("!") or not is_element
    }
    if name != "Relationship" and "relationshipType" in properties:  # each type is tried in one class
        properties["relationshipType"]["enum"] = ["affects"]
    needed = ["type", *(["spdxId"] if is_element else []), *(key for key, kind in told.items() if kind.endswith("!"))]
    return {"type": "object", "properties": properties, "required": needed}


def _held(kind: str, classes: Schema) -> dict[str, Any]:
    kind = kind.removesuffix("!")
    if kind.endswith("*"):
        return {"type": "array", "items": _held(kind.removesuffix("*"), classes), "minItems": 1}
    if kind.startswith("="):
        return {"type": "string", "enum": kind[1:].split("|")}
    plain: dict[str, dict[str, Any]] = {
        "string": {"type": "string"},
        "uri": {"type": "string", "format": "uri"},
        "boolean": {"type": "boolean"},
        "time": {"type": "string", "format": "date-time"},
        "number": {"type": "integer"},
        "float": {"type": "number"},
    }
    if kind in plain:
        return plain[kind]
    below = [name for name, one in classes.items() if kind in _above(name, classes) and not one["abstract"]]
    if "Element" not in _above(kind, classes):
        return {"anyOf": [{"$ref": f"#/definitions/{name}"} for name in below]}
    inline = [{"$ref": f"#/definitions/{name}"} for name in below if name in _INLINE]
    return {"anyOf": [{"$ref": "#/definitions/reference"}, *inline]}


def _element(kind: str, spdx_id: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "spdxId": spdx_id, "creationInfo": "_:creationinfo", **more}


def document_3(subject: str) -> dict[str, Any]:
    """Return a document of a build, which SPDX cannot call complete."""
    info = {"type": "CreationInfo", "@id": "_:creationinfo", "specVersion": "3.0.1", "created": _TIME}
    return {
        "@context": CONTEXT,
        "@graph": [
            {**info, "createdBy": ["urn:maker"], "createdUsing": ["urn:tool"]},
            _element("Organization", "urn:maker", name="Somebody"),
            _element("Tool", "urn:tool", name="maker"),
            _element("SpdxDocument", "urn:document", rootElement=["urn:app"]),
            _element("software_Package", "urn:other", name="other", **_OTHER_3),
            _element("software_Package", "urn:app", name=subject),
            _element(
                "Relationship", "urn:needs", **{"from": "urn:app", "relationshipType": "dependsOn", "to": ["urn:other"]}
            ),
        ],
    }


RIGHTLY_3: Final[dict[str, tuple[str, ...]]] = {
    "prose": (
        *("Annotation.statement *", "*.comment *", "Element.description *", "Element.summary *", "*Statement *"),
        *("software_Package.software_sourceInfo *", "software_SoftwareArtifact.software_attributionText *"),
    ),
    "words of its own": (
        *("*.contentType *", "Artifact.standardName *", "Bundle.context *", "ExternalIdentifier.issuingAuthority *"),
        *(
            "build_Build.build_buildId *",
            "build_Build.build_buildType *",
            "NamespaceMap.*",
            "security_*.*vectorString *",
        ),
    ),
    "the texts of licenses": (
        "*licensing_*",
        "software_SoftwareArtifact.software_copyrightText *",
        "SpdxDocument.dataLicense *",
    ),
    "what a model or its data was made with and for": ("ai_AIPackage.*", "dataset_DatasetPackage.*"),
    "free words, which only their tool can read": (
        "extension_*",
        "DictionaryEntry.key *",
    ),
    "people": ("Artifact.originatedBy *", "Artifact.suppliedBy *", "CreationInfo.createdBy *"),
    "the tools that made the document, each of which has a row": ("CreationInfo.createdUsing *",),
    "the name of another, whose version it has": ("Element.name name",),
    "a version alone names no package": ("software_Package.software_packageVersion version",),
    "the name of no package": ("Element.name file", "bom.@graph named", "*.*lement* named", "Relationship.to named"),
    "a part of a file; its file has a row": ("software_Snippet.software_snippetFromFile named",),
    "a hash over hashes": ("Element.verifiedUsing digest",),
    "an identifier by which nothing is accused": (
        *("*.verifiedUsing swhid", "*.verifiedUsing gitoid", "software_ContentIdentifier.*"),
    ),
    "where another document is, which is open where something leads there": ("ExternalMap.*",),
    "a home page": ("software_Package.software_homePage *",),
    "a link that no place has": ("* link",),
    "where a flaw is listed": ("security_ExploitCatalogVulnAssessmentRelationship.security_locator *",),
    "a guess beside a purl": ("Element.externalIdentifier cpe22", "Element.externalIdentifier cpe23"),
}
"""Where an accused release may stand and the service stays cleared: the reason, and `part what`, as patterns."""

OPEN_3: Final = ("* link", "* reference", "bom.@graph *", "build_Build.build_configSourceEntrypoint command")
"""Where an innocent one leaves the service open too: it leads elsewhere, or is run."""


RUNS_3: Final = frozenset({"build_Build.build_configSourceEntrypoint"})
"""The texts that a build runs, beside its parameters."""
