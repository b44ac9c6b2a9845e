"""Packages and files of SPDX 3 in the terms of SPDX 2.3, with their purls and hashes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from graphkit.formats.diagnostics import Diagnostics, quoted
from graphkit.formats.spdx2 import shape as spdx2
from graphkit.formats.spdx3.shape import COLLECTIONS, PACKAGES, RELATIONSHIPS, Element, plain, text_of, word
from graphkit.model.documents import Component
from graphkit.model.names import BadName, package_name

_MANY: Final = re.compile(r"\bmerkle\b|\bnot (?:a|the) hash of\b", re.IGNORECASE)
_PURL_TYPES: Final = frozenset({"packageurl", "purl"})
_NOT_LISTED: Final = (
    COLLECTIONS | RELATIONSHIPS | {"agent", "person", "organization", "softwareagent", "tool", "creationinfo"}
)
"""Classes whose purl names no part of what is described: who made the document, and the document itself."""

_ELSEWHERE: Final = frozenset(
    {
        *("alpm", "apk", "bitnami", "cargo", "cocoapods", "composer", "conan", "cpan", "cran", "deb", "docker"),
        *("gem", "githubactions", "golang", "hackage", "hex", "huggingface", "julia", "luarocks", "maven", "npm"),
        *("nuget", "oci", "opam", "otp", "pub", "qpkg", "rpm", "swift", "vscode-extension"),
    }
)
"""Types of purls whose packages are no Python packages of that name; a conda, generic or GitHub one may be."""

ById = Mapping[str, Element]


def is_package(one: Element, by_id: ById) -> bool:
    """Return whether an element is a package by its class, or by a purl: an archive may be a file that has one."""
    if one.kind in PACKAGES:
        return True
    return one.kind not in _NOT_LISTED and any(ref.locator for ref in _purls(one, by_id, Diagnostics()))


def tells_who(row: Component) -> bool:
    """Return whether a row says beyond doubt which Python package it is, or that it is none.

    Without a purl its name is all there is; where its name is another package's than its purl, either may be wrong.
    """
    if not row.purl or row.package is None:
        return row.purl.partition("/")[0].removeprefix("pkg:").lower() in _ELSEWHERE
    try:
        return package_name(row.name) == row.package
    except BadName:  # a title, as in "Beautiful Soup"
        return True


def package_of(one: Element, by_id: ById, diagnostics: Diagnostics) -> spdx2.Package:
    """Return an element as a package of SPDX 2."""
    return spdx2.Package(
        id=one.id,
        name=one.text("name", diagnostics),
        version=one.text("software_packageVersion", diagnostics),
        download=one.text("software_downloadLocation", diagnostics),
        source=one.text("software_sourceInfo", diagnostics),
        purpose=word(one.text("software_primaryPurpose", diagnostics)),
        checksums=checksums_of(one, by_id, diagnostics),
        references=list(_purls(one, by_id, diagnostics)),
    )


def file_of(one: Element, by_id: ById, diagnostics: Diagnostics) -> spdx2.File:
    """Return an element as a file of SPDX 2."""
    return spdx2.File(id=one.id, name=one.text("name", diagnostics), checksums=checksums_of(one, by_id, diagnostics))


def _purls(one: Element, by_id: ById, diagnostics: Diagnostics) -> Iterator[spdx2.Reference]:
    """Yield the purl of a package, then one reference per external identifier, empty where that is not a purl."""
    yield spdx2.Reference(type="purl", locator=one.text("software_packageUrl", diagnostics))
    for place, row in tables_of(one, "externalIdentifier", by_id, diagnostics):
        kind = word(text_of(row.get("externalIdentifierType"), f"{place}.externalIdentifierType", diagnostics))
        text = text_of(row.get("identifier"), f"{place}.identifier", diagnostics)
        is_purl = kind in _PURL_TYPES or text[:4].lower() == "pkg:"
        yield spdx2.Reference(type="purl", locator=text) if is_purl else spdx2.Reference()


def checksums_of(
    one: Element, by_id: ById, diagnostics: Diagnostics, key: str = "verifiedUsing"
) -> list[spdx2.Checksum]:
    """Return one checksum per integrity method, empty where it is no hash of one file's bytes.

    A PackageVerificationCode is a hash over hashes; taken for an archive's it would rule out a bad one.
    """
    found = []
    for place, row in tables_of(one, key, by_id, diagnostics):
        kind = word(text_of(row.get("type", row.get("@type")), f"{place}.type", diagnostics))
        algorithm = word(text_of(row.get("algorithm"), f"{place}.algorithm", diagnostics))
        value = text_of(row.get("hashValue"), f"{place}.hashValue", diagnostics)
        is_of_many = _MANY.search(text_of(row.get("comment"), f"{place}.comment", Diagnostics()))
        if algorithm == "sha256" and is_of_many:
            diagnostics.add(place, "is a hash over several files, as its comment says, and was left out")
        is_hash = kind in {"hash", ""} and not is_of_many
        found.append(spdx2.Checksum(algorithm=algorithm, value=value) if is_hash else spdx2.Checksum())
    return found


def tables_of(one: Element, key: str, by_id: ById, diagnostics: Diagnostics) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the objects of a property with their places, inside it or, as JSON-LD allows, named by their ids."""
    for place, value in one.values(key):
        ref = value.get("@id") if isinstance(value, dict) and len(value) == 1 else value
        if not isinstance(ref, str):
            yield place, plain(diagnostics.table(value, place))
        elif found := by_id.get(ref.strip()):
            yield place, found.table
        else:
            diagnostics.add(place, f"{quoted(ref)} is not an element of this document; left out", lost=True)
            yield place, {}
