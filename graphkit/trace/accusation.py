"""The accusation: what documents are matched with, and what one row of a document says of it (semantics §5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from graphkit.model.answers import Verdict
from graphkit.model.documents import Basis, Component, Document
from graphkit.model.names import PackageName, namesakes_of, purl_key
from graphkit.model.organisation import Organisation
from graphkit.model.versions import ReleaseVersion, release_version
from graphkit.trace.case import Case
from graphkit.trace.elsewhere import Release, is_one, release_of_purl, release_of_row

_BASES = list(Basis)
_VERDICTS = list(Verdict)

Named = tuple[PackageName, str]
"""A release of the index: its package and version key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accusation:
    """The case as documents are matched with it: version keys by package, purls, and known bad hashes."""

    keys: Mapping[PackageName, frozenset[str]]
    elsewhere: tuple[Release, ...]
    """The accused releases of other ecosystems."""
    hashes: Mapping[str, frozenset[Named]]
    """Which releases of the index hold a bad file, by its sha256; none where it is of another ecosystem."""
    archives: frozenset[tuple[PackageName, str, str]]
    """(package, version key, sha256) of every bad archive whose hash is known."""
    mixed: frozenset[Named]
    """Releases of which only some files are bad."""
    unhashed: frozenset[Named]
    """Releases with a bad file, or perhaps one, whose hash is not known."""
    aliases: Mapping[str, PackageName]
    """Which package a purl names elsewhere, by its key: accused ones and others."""
    private_indexes: frozenset[str]
    private_packages: frozenset[PackageName]


def accuse(case: Case, organisation: Organisation) -> Accusation:
    """Return a case in the form that documents are matched with."""
    archives: set[tuple[PackageName, str, str]] = set()
    mixed: set[Named] = set()
    unhashed: set[Named] = set()
    hashes: dict[str, frozenset[Named]] = {}
    for release in case.releases:
        key = release_version(release.version).key
        named = {(release.package, key)} if release.package else frozenset[Named]()
        for file in release.files:
            if file.sha256:
                hashes[file.sha256] = hashes.get(file.sha256, frozenset()) | named
        if release.package:
            archives |= {(release.package, key, f.sha256) for f in release.files if f.sha256 and not f.member}
            if not release.whole:
                mixed.add((release.package, key))
            if release.whole or not all(f.sha256 for f in release.files):
                unhashed.add((release.package, key))
    keys = case.keys()
    return Accusation(
        keys=keys,
        elsewhere=tuple(
            release_of_purl(release.purl, release.version) for release in case.releases if not release.package
        ),
        hashes=hashes,
        archives=frozenset(archives),
        mixed=frozenset(mixed),
        unhashed=frozenset(unhashed),
        aliases={purl_key(purl): one.package for one in organisation.aliases.packages for purl in one.purls},
        private_indexes=frozenset(address.rstrip("/") for address in organisation.private_indexes) - {""},
        private_packages=frozenset(organisation.private_packages),
    )


@dataclass(frozen=True, slots=True)
class RowTest:
    """What one row says. ``verdict`` None: it is another release, or another package."""

    verdict: Verdict | None
    reason: str = ""
    basis: Basis = Basis.LISTED
    shown: frozenset[Named] = frozenset()

    @property
    def rank(self) -> tuple[int, int]:
        """Where it stands among what rows say, the worst first."""
        return (len(_VERDICTS) if self.verdict is None else _VERDICTS.index(self.verdict), _BASES.index(self.basis))


_ELSE = RowTest(None)
"""It is another release, or another package."""


def test_row(row: Component, document: Document, accused: Accusation) -> RowTest:
    """Return what one row of a document says of the case."""
    if bad := accused.hashes.keys() & {*row.sha256, *row.members}:
        shown = frozenset[Named]().union(*(accused.hashes[digest] for digest in bad))
        return RowTest(Verdict.OBSERVED, "by its hash", Basis.HASH, shown)
    basis = Basis.LISTED if row.optional else document.basis
    if row.package is None:
        return min((_match_elsewhere(row, basis, accused), _match_name(row, accused)), key=lambda one: one.rank)
    keys = accused.keys.get(row.package)
    if keys is None:
        return _ELSE
    version = release_version(row.version)
    if not row.version:
        return RowTest(Verdict.UNKNOWN, f"it lists {row.package} without a version; its version would settle it")
    if version.key in keys:
        return _of_release(row, version.key, basis, accused)
    if version.parsed is None:
        odd = f"it lists {row.package} at {row.version!r}, no PEP 440 version; the version installed would settle it"
        return RowTest(Verdict.UNKNOWN, odd)
    if version.parsed.local and release_version(version.parsed.public).key in keys:
        rebuilt = f"it lists {row.package} {row.version}, somebody's build of {version.parsed.public} (PEP 440)"
        return RowTest(Verdict.UNKNOWN, f"{rebuilt}; its hash, or what it was built from, would settle it")
    return _ELSE


def _match_elsewhere(row: Component, basis: Basis, accused: Accusation) -> RowTest:
    """Return what a row of another ecosystem says of the accused releases of its own."""
    if not row.purl or not accused.elsewhere:
        return _ELSE
    found = release_of_row(row)
    said = [is_one(found, release) for release in accused.elsewhere]
    if True in said:
        return RowTest(Verdict.OBSERVED, "", basis)
    if None in said:
        at = f" at {row.version!r}" if row.version else " without a version"
        return RowTest(Verdict.UNKNOWN, f"it lists {row.purl}{at}; the version, or digest, that ran would settle it")
    return _ELSE


def _match_name(row: Component, accused: Accusation) -> RowTest:
    """Return what a row says that is no Python package by its purl, and yet may be an accused one.

    An alias file may call it that. Versions elsewhere carry a revision of their own (``6.0.1-2``), and
    what was built there is not the file that was compromised: a hit is `admitted` at most. Where no
    alias file says what it is, a row of that name is not absent either.
    """
    alias = accused.aliases.get(purl_key(row.purl)) if row.purl and accused.aliases else None
    if alias is None:
        return _match_namesake(row, accused)
    if alias not in accused.keys:
        return _ELSE
    name = f"it lists {row.purl}, by the alias file {alias}"
    version = release_version(row.version)
    if version.parsed is None:
        odd = f"at {row.version!r}, no PEP 440 version" if row.version else "without a version"
        return RowTest(Verdict.UNKNOWN, f"{name}, {odd}; what it was built from would settle it")
    if _is_of(version, accused.keys[alias]):
        return RowTest(Verdict.ADMITTED, f"by the alias file {alias}; what it was built from would settle it")
    return _ELSE


def _match_namesake(row: Component, accused: Accusation) -> RowTest:
    version = release_version(row.version)
    for package in namesakes_of(row.name, row.purl):
        if package not in accused.keys or (version.parsed is not None and not _is_of(version, accused.keys[package])):
            continue
        at = f" {row.version}" if row.version else " without a version"
        at = "" if row.purl and row.version and row.version in row.purl else at
        if not row.purl:
            text = f"it lists {row.name}{at} without a purl, which may be the Python package; its purl would settle it"
        else:
            text = f"it lists {row.purl}{at}, which may be {package}; an alias file that names it would settle it"
        return RowTest(Verdict.UNKNOWN, text)
    return _ELSE


def _is_of(version: ReleaseVersion, keys: frozenset[str]) -> bool:
    """Return whether a version that may carry a revision of its own is one of some releases."""
    assert version.parsed is not None
    bad = [release_version(key).parsed for key in keys]
    return any(one is not None and one.base_version == version.parsed.base_version for one in bad)


def _of_release(row: Component, key: str, basis: Basis, accused: Accusation) -> RowTest:
    """Return what a row says that names an accused release: same name, perhaps not the same file."""
    assert row.package is not None
    name = f"{row.package} {row.version}"
    if row.origin:
        return RowTest(
            Verdict.UNKNOWN, f"it lists {name} from {row.origin}, not from an index; its hash would settle it"
        )
    if row.index.rstrip("/") in accused.private_indexes or row.package in accused.private_packages:
        return RowTest(Verdict.UNKNOWN, f"it lists {name} from a private index; its hash would settle it")
    bad = {digest for package, version, digest in accused.archives if (package, version) == (row.package, key)}
    mixed = (row.package, key) in accused.mixed
    if bad and row.sha256:
        # A different known hash rules a match out, unless the release has bad files of unknown hash.
        if mixed and (row.package, key) not in accused.unhashed:
            return _ELSE
        return RowTest(Verdict.UNKNOWN, f"it lists {name} with a hash that is none of the known bad files'")
    if mixed:
        return RowTest(Verdict.ADMITTED, "of which only some files are bad; its hash would settle it")
    return RowTest(Verdict.OBSERVED, "", basis, frozenset({(row.package, key)}))
