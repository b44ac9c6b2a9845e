"""What is planted at a place, by what the place is: an object with a name, a purl, a reference, an address, a text."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tests.property.places.schemas import ITEM, Format, Place, fits

_LINK: Final = "urn:cdx:f08a6ccd-4dce-4759-bd84-c626675d60a7/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A release that is planted: the accused one, or in its place one that nobody accuses."""

    name: str
    version: str
    digest: str

    @property
    def purl(self) -> str:
        """Its purl."""
        return f"pkg:pypi/{self.name}@{self.version}"

    @property
    def wheel(self) -> str:
        """The name of its wheel."""
        return f"{self.name}-{self.version}-py3-none-any.whl"

    @property
    def url(self) -> str:
        """The address of its wheel."""
        return f"https://files.example/{self.wheel}"

    @property
    def folder(self) -> str:
        """A path in its metadata, where it is installed."""
        return f"/usr/lib/python3/site-packages/{self.name}-{self.version}.dist-info/METADATA"

    @property
    def code(self) -> str:
        """A path of its code, where it was copied to."""
        return f"/srv/app/vendor/{self.name}/core.py"

    @property
    def command(self) -> str:
        """A command that installs it."""
        return f"pip install {self.name}=={self.version}"

    @property
    def cpe(self) -> str:
        """Its name in the Common Platform Enumeration, as it might be."""
        return f"cpe:2.3:a:{self.name}:{self.name}:{self.version}:*:*:*:*:*:*:*"


BAD: Final = Release(name="badpkg", version="1.2", digest=hashlib.sha256(b"the bad file").hexdigest())
GOOD: Final = Release(name="other", version="1.0", digest=hashlib.sha256(b"a good file").hexdigest())

_TYPES: Final = {"PACKAGE-": "purl", "PACKAGE_": "purl", "SECURITY": "cpe23Type"}
"""The type of a reference of SPDX 2, by the start of its category."""
Kinds = Mapping[str, str]
"""What places are, by their definition or last key; all others are ``text``.

``name``, ``purl``, ``cpe``, ``reference``, ``address``, ``version``, ``tool``, ``file``, ``algorithm`` and ``digest``,
``kind`` with what is ``concluded``, and ``key``, where nothing is planted. ``@link`` and ``@ref`` begin links and refs.
"""


def key_of(place: Place) -> str:
    """Return the last key of a place."""
    return next((key for key, _, _ in reversed(place.steps) if key != ITEM), "")


def kind_of(place: Place, kinds: Kinds) -> str:
    """Return what a place for text is."""
    for name in (place.part, place.steps[-1][2], key_of(place)):
        if (kind := kinds.get(name)) is not None:
            return kind
    return "address" if place.schema.get("format") in {"uri", "iri", "iri-reference"} else "text"


def texts(place: Place, release: Release, kinds: Kinds) -> Iterator[tuple[str, str]]:
    """Yield what a place for text may hold of a release, each with what it is."""
    link = f"{kinds.get('@link', _LINK)}#{release.name}"
    reference = (("reference", f"{kinds.get('@ref', '')}{release.name}"), ("link", link))
    offered = {
        "name": (("name", release.name), ("file", release.wheel)),
        "purl": (("purl", release.purl), ("file", f"pkg:pypi/other@1.0?file_name={release.wheel}")),
        "cpe": (("cpe", release.cpe),),
        "file": (("file", release.wheel), ("path", release.folder), ("code", release.code)),
        "hash": (("digest", f"sha256:{release.digest}"),),
        "reference": reference,
        "address": (("address", release.url), ("link", link), ("purl", release.purl)),
        "version": (("version", release.version),),
        "tool": (("tool", f"Tool: {release.name}-{release.version}"),),
        "text": (("purl", release.purl), ("path", release.folder), ("file", release.url), ("command", release.command)),
    }.get(kind_of(place, kinds), ())
    yield from ((what, value) for what, value in offered if fits(value, place.schema))


def objects(form: Format, place: Place, release: Release, kinds: Kinds) -> Iterator[tuple[str, Any]]:
    """Yield what a place for an object may hold of a release.

    It by its name, with or without a version, by its name beside the purl of another, by its purl, by its hash, and in
    each kind of reference that the object may be.
    """
    properties = form.properties(place.schema)
    kinds = {key: kinds[name] for key in properties for name in (key, f"{place.name}.{key}") if name in kinds} | {
        key: kind for key, kind in kinds.items() if key.startswith("@")
    }
    fresh = form.minimal({"$ref": f"#/definitions/{place.name}"})
    if not isinstance(fresh, dict):
        return
    told = {kind: [key for key in properties if kinds.get(key) == kind] for kind in ("name", "version", "purl")}
    fresh = {key: value for key, value in fresh.items() if kinds.get(key) not in told}
    refs = next((key for key in ("externalRefs", "externalRef", "ExternalRef") if key in fresh), "")
    beside = fresh.pop(refs, None)
    named = dict.fromkeys(told["name"], release.name)
    version = dict.fromkeys(told["version"], release.version)
    if named:
        yield "named", {**fresh, **named, **version}
    if named and version:
        yield "nameless version", {**fresh, **named}
    if told["purl"]:
        yield "purl", {**fresh, **named, **version, **dict.fromkeys(told["purl"], release.purl)}
        other = dict.fromkeys(told["purl"], f"pkg:pypi/other@{release.version}")
        yield "name beside a purl", {**fresh, **named, **version, **other}
    if beside:
        yield "name beside a purl", {**fresh, **named, **version, refs: beside}
    for key in properties:
        if kinds.get(key) == "algorithm":
            held = next(one for one in properties if kinds.get(one) == "digest")
            words = form.words(properties[key]) or ("sha256",)
            sha256 = next(one for one in words if one.lower().replace("-", "") == "sha256")
            yield "digest", {**fresh, key: sha256, held: release.digest}
        elif kinds.get(key) == "kind":
            value = next(one for one in properties if kinds.get(one) in {"address", "concluded", "purl", "reference"})
            for word in form.words(properties[key]):
                kind = {"referenceType": _TYPES.get(word[:8], "other")} if "referenceType" in properties else {}
                link = f"{kinds.get('@ref', '')}{release.name}" if kinds.get(value) == "reference" else ""
                yield f"{word}", {**fresh, **kind, key: word, value: link or _of_kind(word, release)}


def _of_kind(word: str, release: Release) -> str:
    """Return what a reference, or a conclusion, of some kind says of a release."""
    kinds = {
        "purl": release.purl,
        "packageUrl": release.purl,
        "name": release.name,
        "hash": release.digest,
        "cpe": release.cpe,
    }
    kinds |= {
        "SECURITY": release.cpe,
        "cpe22": release.cpe,
        "cpe23": release.cpe,
        "PACKAGE-MANAGER": release.purl,
        "PACKAGE_MANAGER": release.purl,
    }
    return kinds.get(word, release.version if word == "version" else release.url)
