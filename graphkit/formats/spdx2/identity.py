"""Which Python releases a package of SPDX is: by its purls, its version, and what else tells its kind."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from msgspec.structs import replace

from graphkit.formats.diagnostics import Diagnostics, quoted
from graphkit.formats.purls import Identity, another_version, identity_of
from graphkit.formats.spdx2.relationships import NO_ELEMENTS
from graphkit.formats.spdx2.shape import Checksum, Package, Reference
from graphkit.model.names import BadName, package_name
from graphkit.model.versions import release_version

_EXACT: Final = re.compile(r"={1,3}\s*([^\s,*|]+)")
_RANGE: Final = re.compile(r"[<>^*,|]|^[~=!]|\S\s+\S")
_PREFIX: Final = re.compile(r"(?:pip|pypi):\s*(?=[^\s:/])", re.IGNORECASE)
"""Before names in GitHub's export of 2023: ``pip:requests``."""
_PYTHON_SOURCE: Final = re.compile(r"\bpython package\b", re.IGNORECASE)
"""In ``sourceInfo``, as Syft fills it: "acquired package info from installed python package manifest file"."""
_NAMED_HASH: Final = re.compile(r"\bsha-?256(?::|=|%3A)([0-9a-f]{64})(?![0-9a-f])", re.IGNORECASE)
_NO_LETTER: Final = re.compile(r"[^A-Z0-9]")
_SHA256: Final = re.compile(r"(?:CHECKSUMALGORITHM)?SHA256")
_LABEL: Final = re.compile(r"sha-?256\s*:\s*", re.IGNORECASE)

Releases = list[tuple[str, Identity]]
"""Purls, empty where there is none, each with who it says the package is."""


def said(text: str | None) -> str:
    """Return a text without white space around it, empty where it is none."""
    text = (text or "").strip()
    return "" if text in NO_ELEMENTS else text


def purls_of(references: Sequence[Reference] | None) -> list[tuple[int, str]]:
    """Return the purls among references, with their numbers. The category, written in several ways, decides nothing."""
    return [(i, said(one.locator)) for i, one in enumerate(references or ()) if _is_purl(one)]


def _is_purl(one: Reference) -> bool:
    locator = said(one.locator)
    return bool(locator) and ((one.type or "").lower().endswith("purl") or locator[:4].lower() == "pkg:")


def hashes_of(checksums: Iterable[Checksum] | None, place: str, diagnostics: Diagnostics) -> tuple[str, ...]:
    """Return the SHA-256 among checksums, however the algorithm is spelt."""
    found = set()
    for number, one in enumerate(checksums or ()):
        if _SHA256.fullmatch(_NO_LETTER.sub("", (one.algorithm or "").upper())):
            value = _LABEL.sub("", (one.value or "").strip(), count=1)
            found.add(diagnostics.sha256(value, f"{place}.checksums[{number}]"))
    return tuple(sorted(found - {""}))


def hashes_in(address: str) -> tuple[str, ...]:
    """Return the SHA-256 that an address names: ``checksum`` of a purl, ``#sha256=`` behind an archive.

    >>> hashes_in("https://files.example/a.whl#sha256=" + "AB" * 32) == ("ab" * 32,)
    True
    """
    return tuple(sorted({digest.lower() for digest in _NAMED_HASH.findall(address)}))


class _Stated(NamedTuple):
    """The version of a package: as it is written, without ``==`` before it, and whether it is a range."""

    written: str
    version: str
    is_range: bool

    @property
    def exact(self) -> str:
        """The version, empty where it is a range."""
        return "" if self.is_range else self.version


def _stated(part: Package) -> _Stated:
    written = said(part.version)
    version = exact[1] if (exact := _EXACT.fullmatch(written)) else written
    return _Stated(written, version, bool(_RANGE.search(version)))


def identities_of(part: Package, purls: Sequence[tuple[int, str]], place: str, diagnostics: Diagnostics) -> Releases:
    """Return every Python release that the purls of a package name, with its purl; else who else it is.

    Where its version is none of those that its purls name, which of them holds cannot be told: it is a
    release more.
    """
    stated = _stated(part)
    python: dict[tuple[str, str], tuple[str, Identity]] = {}
    others: Releases = []
    for number, purl in purls:
        own = Diagnostics()
        one = identity_of(purl, "", own, place)
        if one.package is None:
            others.append((purl, replace(one, version=stated.written)))
        elif not one.version and any(package == one.package for package, _ in python):
            continue
        else:
            one = _with_version(one, "" if python else stated.exact, place, own)
            if stated.is_range and not python:
                _note_range(one, stated.written, place, own, diagnostics)
            python.setdefault((one.package or "", release_version(one.version).key), (purl, one))
        for problem in own.problems:
            at = "versionInfo" if problem.place.endswith(".version") else f"externalRefs[{number}].referenceLocator"
            diagnostics.add(f"{place}.{at}", problem.text, lost=own.lost)
    found = [*python.values()]
    if len(found) > 1:
        diagnostics.add(f"{place}.externalRefs", f"purls of {len(found)} Python releases: a row for each")
    if found and stated.exact:
        found += _another(found, stated.exact, place, diagnostics)
    if found or others:
        return found or others[:1]
    named = by_name(part, place, diagnostics) if _is_pythons(part) else None
    return [("", named or Identity(version=stated.written))]


def _with_version(one: Identity, stated: str, place: str, diagnostics: Diagnostics) -> Identity:
    """Return a release with the version that its package states, where its purl has none or a range."""
    if not one.version and stated:
        diagnostics.problems.clear()
        return replace(one, version=stated)
    if _RANGE.search(one.version):
        text = "its version names one" if stated else "the version is unknown"
        diagnostics.add(f"{place}.purl", f"{quoted(one.version)} is a range: {text}")
        return replace(one, version=stated)
    return one


def _note_range(one: Identity, written: str, place: str, own: Diagnostics, diagnostics: Diagnostics) -> None:
    """Note that a package's version is a range, in the place of what was noted of its purl's."""
    names = "its purl names one" if one.version else "the version is unknown"
    diagnostics.add(f"{place}.versionInfo", f"{quoted(written)} is a range: {names}")
    own.problems = [problem for problem in own.problems if not problem.place.endswith(".version")]


def _another(found: Releases, version: str, place: str, diagnostics: Diagnostics) -> Releases:
    """Return the release that a package's own version names, where its purls name others only."""
    purl, first = found[0]
    text = f"{quoted(version)}, but its purl says {quoted(first.version)}"
    if all(another_version(one, version) for _, one in found):
        diagnostics.add(f"{place}.versionInfo", f"{text}: a row for each")
        return [(purl, replace(first, version=version))]
    read = release_version(version)
    if read.parsed is None and first.version and read.key not in {one.version for _, one in found}:
        diagnostics.add(f"{place}.versionInfo", f"{text}, which is kept", lost=True)
    return []


def by_name(part: Package, place: str, diagnostics: Diagnostics) -> Identity | None:
    """Return the Python release that a package without purl is by its name, None where that is no name of one."""
    stated = _stated(part)
    try:
        package = package_name(_PREFIX.sub("", said(part.name), count=1).partition("[")[0])
    except BadName:
        return None
    if not stated.written:
        diagnostics.add(f"{place}.versionInfo", "no version: unknown")
    elif stated.is_range:
        diagnostics.add(f"{place}.versionInfo", f"{quoted(stated.written)} is a range: the version is unknown")
    return Identity(package=package, version=stated.exact)


def _is_pythons(part: Package) -> bool:
    """Return whether something says that a name without purl is Python's; a name alone is nobody's."""
    return bool(_PREFIX.match(said(part.name)) or _PYTHON_SOURCE.search(part.source or ""))
