"""The parts of an SPDX 2 document that graphkit reads, as typed structs; sloppy ones are put into the same shape."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import islice
from typing import Any, Final, TypeVar, get_args, get_origin

import msgspec

from graphkit.formats.decoding import is_json, shaped_json
from graphkit.formats.diagnostics import Diagnostics

_Text = str | None
_Texts = list[str] | None
_Shape = TypeVar("_Shape", bound=msgspec.Struct)


class Checksum(msgspec.Struct):
    """A digest and its algorithm."""

    algorithm: _Text = None
    value: _Text = msgspec.field(default=None, name="checksumValue")


class Reference(msgspec.Struct):
    """An external reference; only purls count, whatever their category is called."""

    type: _Text = msgspec.field(default=None, name="referenceType")
    locator: _Text = msgspec.field(default=None, name="referenceLocator")


class Verification(msgspec.Struct):
    """A digest over the files of a package, and the names of those that it leaves out."""

    excluded: _Texts = msgspec.field(default=None, name="packageVerificationCodeExcludedFiles")


class Package(msgspec.Struct):
    """A package."""

    id: _Text = msgspec.field(default=None, name="SPDXID")
    name: _Text = None
    version: _Text = msgspec.field(default=None, name="versionInfo")
    download: _Text = msgspec.field(default=None, name="downloadLocation")
    source: _Text = msgspec.field(default=None, name="sourceInfo")
    file: _Text = msgspec.field(default=None, name="packageFileName")
    purpose: _Text = msgspec.field(default=None, name="primaryPackagePurpose")
    checksums: list[Checksum] | None = None
    references: list[Reference] | None = msgspec.field(default=None, name="externalRefs")
    files: _Texts = msgspec.field(default=None, name="hasFiles")
    verification: Verification | None = msgspec.field(default=None, name="packageVerificationCode")


class Element(msgspec.Struct):
    """What relationships may name too, beside packages."""

    id: _Text = msgspec.field(default=None, name="SPDXID")


class Project(msgspec.Struct):
    """A project that a file came from."""

    name: _Text = None


class File(Element):
    """A file, with the ids of files that it depends on, and the projects that it came from (fields of SPDX 1)."""

    name: _Text = msgspec.field(default=None, name="fileName")
    checksums: list[Checksum] | None = None
    needs: _Texts = msgspec.field(default=None, name="fileDependencies")
    projects: list[Project] | None = msgspec.field(default=None, name="artifactOfs")


class Snippet(Element):
    """A part of a file, with the id of that file."""

    file: _Text = msgspec.field(default=None, name="snippetFromFile")


class Relationship(msgspec.Struct):
    """How one element relates to another."""

    element: _Text = msgspec.field(default=None, name="spdxElementId")
    type: _Text = msgspec.field(default=None, name="relationshipType")
    related: _Text = msgspec.field(default=None, name="relatedSpdxElement")


class Creation(msgspec.Struct):
    """Who wrote the document, when and how."""

    created: _Text = None
    creators: _Texts = None
    comment: _Text = None


class ExternalDocument(msgspec.Struct):
    """Another document that this one refers to."""

    id: _Text = msgspec.field(default=None, name="externalDocumentId")
    address: _Text = msgspec.field(default=None, name="spdxDocument")


class Spdx(msgspec.Struct):
    """A whole document."""

    version: _Text = msgspec.field(default=None, name="spdxVersion")
    id: _Text = msgspec.field(default=None, name="SPDXID")
    creation: Creation | None = msgspec.field(default=None, name="creationInfo")
    described: _Texts = msgspec.field(default=None, name="documentDescribes")
    packages: list[Package] | None = None
    files: list[File] | None = None
    snippets: list[Snippet] | None = None
    relationships: list[Relationship] | None = None
    documents: list[ExternalDocument] | None = msgspec.field(default=None, name="externalDocumentRefs")


class Wrapped(Spdx):
    """What a file holds: a document, or one inside ``sbom`` as GitHub's REST API gives it.

    ``context`` is there in JSON-LD only.
    """

    sbom: Spdx | None = None
    context: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw, name="@context")


_VERSION_TAG: Final = re.compile(rb"(?:^|[\r\n])(?:(SPDXVersion)|[\"']?spdxVersion[\"']?)[ \t]*:")
_CODE_LINE: Final = re.compile(rb"[^\r\n]+")
_NO_CODE: Final = re.compile(rb"\s*(?:#|---|%YAML|$)")
_KEY: Final = re.compile(rb"[ \t]*[\"']?[A-Za-z][\w-]{0,59}[\"']?[ \t]*:")
_LOOKED_AT: Final = 200


def text_syntax(data: bytes) -> str:
    """Return `tag-value` or `YAML` where text without brackets is an SPDX 2 document of it, else nothing.

    The first line that gives the SPDX version decides, by its spelling; and the first line that is
    no comment must be a key with a value, which it is in no lock and no TOML. Cost: a search.
    """
    if is_json(data) or not (found := _VERSION_TAG.search(data)):
        return ""
    lines = (one[0] for one in islice(_CODE_LINE.finditer(data), _LOOKED_AT))
    first = next((one for one in lines if not _NO_CODE.match(one)), b"")
    return "" if not _KEY.match(first) else "tag-value" if found[1] else "YAML"


def line_of(place: str, lines: Mapping[str, int]) -> str:
    """Return the line on which a place as in ``packages[3].checksums[0]`` stands, or what it stands in."""
    at = place
    while at and at not in lines:
        at = at[: max(at.rfind("."), at.rfind("["), 0)]
    return f"line {lines[at]}" if at else place


_DECODER: Final = msgspec.json.Decoder(Wrapped)


def decode(data: bytes, diagnostics: Diagnostics) -> Wrapped:
    """Return a document. A value of a type that the schema does not allow is noted and left out, alone.

    Cost: one pass, a few ms per MB; a document against the schema takes a second one.

    Raises:
        InputError: the bytes are no JSON (RFC 8259; it has no NaN), or nested too deep.
    """
    return shaped_json(data, _DECODER, lambda loose, diagnostics: _shaped(loose, Wrapped, "", diagnostics), diagnostics)


def shaped(loose: dict[str, Any], diagnostics: Diagnostics) -> Spdx:
    """Return a loose table, as YAML gives it, as a document; values of other types are noted and left out."""
    return _shaped(loose, Spdx, "", diagnostics)


def _shaped(row: dict[str, Any], shape: type[_Shape], place: str, diagnostics: Diagnostics) -> _Shape:
    """Return a loose table as a struct. The recursion goes as deep as the structs do, never as the input does."""
    found: dict[str, Any] = {}
    for field in msgspec.structs.fields(shape):
        value = row.get(field.encode_name)
        kind = get_args(field.type)[0] if get_args(field.type) else field.type
        where = f"{place}.{field.encode_name}".lstrip(".")
        if value is None:
            continue
        if kind is str:
            is_version = shape is Package and field.name == "version"
            found[field.name] = (diagnostics.version if is_version else diagnostics.text)(value, where)
        elif kind is msgspec.Raw:
            found[field.name] = msgspec.Raw(msgspec.json.encode(value, enc_hook=float))
        elif get_origin(kind) is list:
            found[field.name] = _list(value, get_args(kind)[0], where, diagnostics)
        elif isinstance(value, dict):
            found[field.name] = _shaped(value, kind, where, diagnostics)
        else:
            diagnostics.table(value, where)
    return shape(**found)


def _list(value: Any, inner: type[Any], place: str, diagnostics: Diagnostics) -> list[Any]:
    found: list[Any] = []
    for number, row in enumerate(diagnostics.array(value, place)):
        where = f"{place}[{number}]"
        if inner is str:
            found.append(diagnostics.text(row, where))
        elif isinstance(row, dict):
            found.append(_shaped(row, inner, where, diagnostics))
        else:
            # Counted on, so that the places of the rows behind it stay right.
            diagnostics.add(where, "is not an object; left out", lost=True)
            found.append(inner())
    return found
