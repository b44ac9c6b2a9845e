"""The places of CycloneDX 1.0 to 1.7 in XML, by its official XML schemas, which `cyclonedx-python-lib` brings."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import Any, Final

import cyclonedx.schema

from tests.property.places.schemas import Format
from tests.property.places.xsd import as_xml, read_schema

VERSIONS: Final = ("1.0", "1.1", "1.2", "1.3", "1.4", "1.5", "1.6", "1.7")
KINDS: Final = {
    **dict.fromkeys(("name", "@name"), "name"),
    **dict.fromkeys(("version", "@version"), "version"),
    "purl": "purl",
    "cpe": "cpe",
    "@bom-ref": "key",
    "@serialNumber": "key",
    **dict.fromkeys(("refLinkType", "ref", "@ref", "tool", "target"), "reference"),
    **dict.fromkeys(("url", "location"), "address"),
    "@alg": "algorithm",
    "#hash": "digest",
    "field": "kind",
    "externalReference.@type": "kind",
    "concludedValue": "concluded",
}
_OTHER: Final = {"name": "other", "version": "1.0", "purl": "pkg:pypi/other@1.0"}
_CLEAN: Final[dict[str, Any]] = {
    "component": {"@type": "library", **_OTHER},
    "externalReference": {"@type": "website", "url": "https://example.com/x"},
    "service": {"name": "running"},
    "tool": {"name": "maker"},
    "dependency": {"@ref": "other"},
    "composition": {"aggregate": ["complete"]},
    "refLinkType": "other",
    ".@ref": "other",
    ".ref": "other",
    ".modified": False,
}


def form_of(version: str) -> Format:
    """Return a version of CycloneDX in XML as a format."""
    folder = Path(cyclonedx.schema.__file__).parent / "_res"
    numbers = count()

    def clean(name: str) -> Any:
        if name in {".@bom-ref", "refType"}:
            return f"ref-{next(numbers)}"
        if name == "component" and version == "1.0":
            return {**_CLEAN["component"], "modified": False}
        return _CLEAN.get(name)

    schema = read_schema(folder / f"bom-{version}.SNAPSHOT.xsd", "bom")
    return Format(schema=schema, clean=clean, first=("components", "services"))


def document_of(version: str, subject: str) -> dict[str, Any]:
    """Return a BOM of a build that is complete: by its own word, where the version has one."""
    component = {"@type": "library", "@bom-ref": "other", **_OTHER}
    if version in {"1.0", "1.1"}:
        old: dict[str, Any] = {"@type": "library", **_OTHER, "modified": False}
        return {"@version": 1, "components": {"component": [component if version == "1.1" else old]}}
    app = {"@type": "application", "@bom-ref": "root", "name": subject, "version": "1"}
    bom: dict[str, Any] = {
        "@version": 1,
        "metadata": {"timestamp": "2026-03-24T11:00:00Z", "component": app},
        "components": {"component": [component]},
        "dependencies": {"dependency": [{"@ref": "root", "dependency": [{"@ref": "other"}]}, {"@ref": "other"}]},
    }
    return bom if version == "1.2" else bom | {"compositions": {"composition": [{"aggregate": ["complete"]}]}}


def written(version: str, bom: dict[str, Any]) -> bytes:
    """Return a BOM as XML."""
    return as_xml("bom", bom, f"http://cyclonedx.org/schema/bom/{version}").encode()
