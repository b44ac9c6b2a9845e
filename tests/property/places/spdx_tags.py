"""The places of SPDX 2.3 as tag-value, by the tags that its specification has (`tests/schemas/spdx`)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Any, Final

from tests.property.places import spdx
from tests.property.places.schemas import Format, Schema

_FOLDER: Final = Path(__file__).parents[2] / "schemas" / "spdx"
_TAGS: Final[dict[str, dict[str, str]]] = json.loads((_FOLDER / "tags-2.3.json").read_text(encoding="utf-8"))
_COMPOSED: Final = {
    **dict.fromkeys(("PackageChecksum", "FileChecksum"), "checksum"),
    "ExternalRef": "externalRef",
    "PackageVerificationCode": "packageVerificationCode",
    "ExternalDocumentRef": "externalDocumentRef",
    "Relationship": "relationship",
}
"""The tags whose value has parts, by what it is in JSON."""
_WORDS: Final = {"PrimaryPackagePurpose": "primaryPackagePurpose", "AnnotationType": "annotationType"}

KINDS: Final = {
    **spdx.KINDS_2,
    **dict.fromkeys(("PackageName", "ArtifactOfProjectName"), "name"),
    "PackageVersion": "version",
    **dict.fromkeys(("SPDXID", "SnippetSPDXID", "SPDXVersion", "DataLicense", "Created", "DocumentNamespace"), "key"),
    **dict.fromkeys(("PackageFileName", "FileName", "FileDependency"), "file"),
    **dict.fromkeys(("PackageDownloadLocation", "PackageHomePage", "LicenseCrossReference"), "address"),
    **dict.fromkeys(("ArtifactOfProjectURI", "ArtifactOfProjectHomePage"), "address"),
    **dict.fromkeys(("SnippetFromFileSPDXID", "SPDXREF"), "reference"),
    "Creator": "tool",
}


def form() -> Format:
    """Return tag-value as a format: the parts of a document, with their tags."""
    of_json = json.loads((_FOLDER / "spdx-2.3.json").read_text(encoding="utf-8"))["definitions"]
    parts = {part: _part(tags, of_json) for part, tags in _TAGS.items()}
    several = {part: {"type": "array", "items": {"$ref": f"#/definitions/{part}"}} for part in parts}
    numbers = count()

    def clean(name: str) -> Any:
        if name == "package":
            return {**_package("other", "1.0"), "SPDXID": f"SPDXRef-{next(numbers)}"}
        if name in {".SPDXID", ".SnippetSPDXID"}:
            return f"SPDXRef-{next(numbers)}"
        return _CLEAN.get(name)

    for name in _COMPOSED.values():
        of_json[name]["properties"].pop("comment", None)  # it has a tag of its own
    definitions = {**{name: of_json[name] for name in ("reference", *_COMPOSED.values())}, **parts}
    return Format(schema={"properties": several, "definitions": definitions}, clean=clean, first=("package",))


def _part(tags: Mapping[str, str], of_json: Schema) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for tag, often in tags.items():
        schema: dict[str, Any] = {"type": "string"}
        if tag in _COMPOSED:
            schema = {"$ref": f"#/definitions/{_COMPOSED[tag]}"}
        elif tag in _WORDS:
            schema = of_json["package" if tag.startswith("Primary") else "annotation"]["properties"][_WORDS[tag]]
        found[tag] = schema if often.endswith("1") else {"type": "array", "items": schema, "minItems": 1}
    return {"type": "object", "properties": found, "required": [tag for tag, often in tags.items() if often[0] == "1"]}


_REF: Final = {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl"}
_CHECKSUM: Final = {"algorithm": "SHA256", "checksumValue": "ab" * 32}
_CLEAN: Final[dict[str, Any]] = {
    "externalRef": {**_REF, "referenceLocator": "pkg:pypi/other@1.0"},
    "checksum": _CHECKSUM,
    "reference": "SPDXRef-other",
    ".relationshipType": "DEPENDS_ON",
    ".PackageDownloadLocation": "NOASSERTION",
    ".SnippetFromFileSPDXID": "SPDXRef-file",
    ".Relationship": {
        "spdxElementId": "SPDXRef-app",
        "relationshipType": "DEPENDS_ON",
        "relatedSpdxElement": "SPDXRef-other",
    },
}


def _package(name: str, version: str) -> dict[str, Any]:
    return {
        "PackageName": name,
        "SPDXID": f"SPDXRef-{name}",
        "PackageVersion": version,
        "PackageDownloadLocation": "NOASSERTION",
        "ExternalRef": [{**_REF, "referenceLocator": f"pkg:pypi/{name}@{version}"}],
    }


def document(subject: str) -> dict[str, Any]:
    """Return a document of a build, which SPDX cannot call complete."""
    relations = [("SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-app"), ("SPDXRef-app", "DEPENDS_ON", "SPDXRef-other")]
    names = ("spdxElementId", "relationshipType", "relatedSpdxElement")
    top = {
        "SPDXVersion": "SPDX-2.3",
        "DataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "DocumentName": "x",
        "DocumentNamespace": "https://example.com/x",
        "Creator": ["Tool: maker-1.0"],
        "Created": "2026-03-24T11:00:00Z",
    }
    app = {"PackageName": subject, "SPDXID": "SPDXRef-app", "PackageDownloadLocation": "NOASSERTION"}
    return {
        "document": [top],
        "package": [_package("other", "1.0"), app],
        "file": [{"FileName": "./other/__init__.py", "SPDXID": "SPDXRef-file", "FileChecksum": _CHECKSUM}],
        "relationship": [{"Relationship": [dict(zip(names, one, strict=True))]} for one in relations],
    }


def written(made: Mapping[str, Any]) -> bytes:
    """Return a document as text: its parts and their tags in the order of the specification."""
    lines = (
        f"{tag}: {_value(one)}"
        for part, tags in _TAGS.items()
        for row in made.get(part, ())
        for tag in tags
        for one in _each(row.get(tag))
    )
    return "\n".join((*lines, "")).encode()


def _each(value: Any) -> Iterator[Any]:
    if value is not None:
        yield from value if isinstance(value, list) else [value]


_IN_LINE: Final = (
    *("externalDocumentId", "spdxDocument", "checksum"),
    *("referenceCategory", "referenceType", "referenceLocator"),
    *("spdxElementId", "relationshipType", "relatedSpdxElement"),
)
"""The parts of values, in the order in which they stand on a line."""


def _value(one: Any) -> str:
    if not isinstance(one, dict):
        return str(one)
    if "algorithm" in one:
        return f"{one['algorithm']}: {one['checksumValue']}"
    if "packageVerificationCodeValue" in one:
        excluded = ", ".join(one.get("packageVerificationCodeExcludedFiles", ()))
        return f"{one['packageVerificationCodeValue']}{f' (excludes: {excluded})' if excluded else ''}"
    return " ".join(_value(one[key]) for key in _IN_LINE if key in one)


RIGHTLY: Final[dict[str, tuple[str, ...]]] = {
    "prose": (
        *("*Comment *", "package.PackageDescription *", "package.PackageSummary *", "package.PackageSourceInfo *"),
        *("*AttributionText *", "externalRef.referenceType *"),
    ),
    "words and times of its own": ("*Date *", "package.FilesAnalyzed *", "file.FileType *", "*.LicenseListVersion *"),
    "the texts of licenses": (
        *("*.License*", "*.*LicenseConcluded *", "package.PackageLicense*", "*LicenseComments *", "*CopyrightText *"),
        "license.ExtractedText *",
    ),
    "people": (
        *("annotation.Annotator *", "review.Reviewer *", "file.FileContributor *"),
        *("package.PackageOriginator *", "package.PackageSupplier *"),
    ),
    "a notice in a file": ("file.FileNotice *",),
    "the name of the document": ("document.DocumentName *",),
    "a part of a file; its file has a row": ("snippet.SnippetName *", "snippet.Snippet*Range *"),
    "a home page": ("package.PackageHomePage *", "file.ArtifactOfProjectHomePage *", "file.ArtifactOfProjectURI *"),
    "a digest, not of a file": ("packageVerificationCode.packageVerificationCodeValue *",),
    "the name of another, whose version it has": ("package.PackageName name",),
    "the purl of another": ("package.ExternalRef name beside a purl",),
    "a version alone names no package": ("package.PackageVersion version",),
    "a guess beside a purl": ("package.ExternalRef SECURITY",),
    "a link into a document that has to be named elsewhere": ("package.PackageDownloadLocation link",),
}
"""Where an accused release may stand and the service stays cleared: the reason, and `part what`, as patterns."""

OPEN: Final = ("externalDocumentRef.* *", "file.FileDependency *", "* link", "relationship.RelationshipComment *")
"""Where an innocent one leaves the service open too: it leads elsewhere, or stands for what says what is described."""
