"""The places of Syft's own JSON, by its schemas (`tests/schemas/syft`)."""

from __future__ import annotations

import copy
import json
from itertools import count
from pathlib import Path
from typing import Any, Final

from tests.property.places.schemas import Format

_FOLDER: Final = Path(__file__).parents[2] / "schemas" / "syft"
VERSIONS: Final = ("1.1.0", "8.0.1", "16.1.10")
_TEXT: Final = {"type": "string"}
_DIGESTS: Final = {"type": "array", "items": {"$ref": "#/definitions/Digest"}}
_IMAGE: Final = ("userInput", "imageID", "manifestDigest", "mediaType", "manifest", "config", "architecture", "os")
_SOURCES: Final[dict[str, dict[str, Any]]] = {
    "image": {
        **dict.fromkeys(_IMAGE, _TEXT),
        "tags": {"type": "array", "items": _TEXT},
        "layers": {"type": "array", "items": {"type": "object", "properties": {"digest": _TEXT}}},
        "repoDigests": {"type": "array", "items": _TEXT},
        "labels": {"type": "object", "additionalProperties": _TEXT},
        "annotations": {"type": "object", "additionalProperties": _TEXT},
    },
    "file": {"path": _TEXT, "digests": _DIGESTS, "mimeType": _TEXT},
    "snap": {"summary": _TEXT, "base": _TEXT, "digests": _DIGESTS},
}
"""What ``metadata`` of a source holds, which the schema leaves open: after `syft/source` at the same commit."""

KINDS: Final = {
    "name": "name",
    "version": "version",
    "purl": "purl",
    "cpe": "cpe",
    "cpes": "cpe",
    "algorithm": "algorithm",
    "value": "digest",
    **dict.fromkeys(("path", "accessPath", "realPath", "files", "linkDestination"), "file"),
    **dict.fromkeys(("url", "resolved", "downloadURL"), "address"),
    **dict.fromkeys(("parent", "child"), "reference"),
    "hashes": "hash",
    **dict.fromkeys(("id", "Schema.version", "Schema.url"), "key"),
    **dict.fromkeys(("License.value", "KeyValue.value"), "text"),
}
_OTHER: Final[dict[str, Any]] = {
    "name": "other",
    "version": "1.0",
    "type": "python",
    "language": "python",
    "purl": "pkg:pypi/other@1.0",
    "foundBy": "python-installed-package-cataloger",
    "locations": [],
    "licenses": [],
    "cpes": [],
}

_CLEAN: Final[dict[str, Any]] = {
    "Source": {"id": "source", "name": "app", "version": "", "type": "image"},
    "Digest": {"algorithm": "sha1", "value": "00"},
    "PythonPoetryLockDependencyEntry": {"name": "other", "version": "1.0", "optional": False},
    "PythonUvLockDependencyEntry": {"name": "other", "optional": False},
}


def form_of(version: str) -> Format:
    """Return a version of Syft's JSON as a format."""
    schema = json.loads((_FOLDER / f"{version}.json").read_text(encoding="utf-8"))
    definitions = schema["definitions"]
    free = "metadata" if "metadata" in definitions["Source"]["properties"] else "target"
    for kind, properties in _SOURCES.items():
        definitions[kind] = {"type": "object", "properties": properties}
    definitions["Source"]["properties"][free] = {
        "anyOf": [*({"$ref": f"#/definitions/{kind}"} for kind in _SOURCES), *([_TEXT] if free == "target" else [])]
    }
    exclude = {"type": "object", "properties": {"exclude": {"type": "array", "items": _TEXT}}}
    definitions["Descriptor"]["properties"]["configuration"] = exclude
    numbers = count()

    def clean(name: str) -> Any:
        if name == "Package":
            return {**_OTHER, "id": f"made-{next(numbers)}"}
        return f"made-{next(numbers)}" if name == ".id" else copy.deepcopy(_CLEAN.get(name))

    return Format(schema=schema, clean=clean, first=("artifacts",))


def document_of(version: str, subject: str) -> dict[str, Any]:
    """Return a document of a build, which Syft never calls complete."""
    source: dict[str, Any] = {"id": "source", "name": subject, "version": "", "type": "image"}
    source |= {"target": {"userInput": subject}} if version != VERSIONS[-1] else {"metadata": {"userInput": subject}}
    holds = "contains" if version != VERSIONS[0] else "ownership-by-file-overlap"
    files = [{"id": "file", "location": {"path": "/x"}, "metadata": {}}]
    return {
        **({"files": files} if version != VERSIONS[0] else {}),
        "artifacts": [{**_OTHER, "id": "other"}],
        "artifactRelationships": [{"parent": "source", "child": "other", "type": holds}],
        "source": source,
        "distro": {},
        "descriptor": {"name": "syft", "version": "1.0"},
        "schema": {"version": version, "url": "https://raw.example/anchore/syft/main/schema/json/schema.json"},
    }


RIGHTLY: Final[dict[str, tuple[str, ...]]] = {
    "words and numbers of its own": (
        *("Package.type *", "Package.language *", "Package.foundBy *", "Package.metadataType *"),
        *("Relationship.type *", "*.layerID *", "CPE.source *", "FileMetadataEntry.mimeType *"),
        *("FileMetadataEntry.type *", "Executable.*", "ELFSecurityFeatures.*", "Classification.class *"),
        *("*FileRecord.size *", "ApkFileRecord.*", "AlpmFileRecord.?id *", "AlpmFileRecord.type *"),
        *("RpmdbFileRecord.*", "RpmFileRecord.flags *", "RpmFileRecord.groupName *", "RpmFileRecord.userName *"),
    ),
    "a link of a file, which has a row": ("AlpmFileRecord.link *",),
    "the texts of licenses": ("License.*", "FileLicense.*", "Package.licenses *"),
    "people": ("PhpComposer*.authors *", "PhpComposerAuthors.*"),
    "the operating system": ("bom.distro *", "Distribution.*", "LinuxRelease.*"),
    "what is secret": ("SearchResult.*",),
    "what a file holds, whose path is read": ("File.contents *", "FileContents.contents *"),
    "a message": ("File.unknowns *",),
    "a guess beside a name": ("CPE.cpe *", "Package.cpes *"),
    "the name of another, whose version it has": (
        *("Package.name name", "Python*.name name", "AppleAppBundleEntry.name *", "LinuxKernelModule*.name *"),
        *("Descriptor.name *", "Package.metadata nameless version"),
    ),
    "a version alone names no package": ("*.version version",),
    "the name of an extra": ("Python*LockEntry.extras named", "Python*LockExtraEntry.name *"),
    "packages of Java": ("Java*.pom* *", "JavaPomProject.*", "JavaPomProperties.*", "PomProject.*", "PomProperties.*"),
    "a link that no place has": ("* link",),
}
"""Where an accused release may stand and the service stays cleared: the reason, and `part what`, as patterns."""

OPEN: Final = ("* link", "Descriptor.configuration.exclude *", "Python*LockDependencyEntry.name file")
"""Where an innocent one leaves the service open too: it leads elsewhere, or says what was not looked at."""
