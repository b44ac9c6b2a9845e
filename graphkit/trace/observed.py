"""What one document says of a case: it shows an accused release, clears it, or leaves it open (semantics §3, §4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from graphkit.model.answers import Path, Step, Verdict
from graphkit.model.documents import SAYS_COMPLETE, Basis, Completeness, Component, Document, DocumentKind, how_many
from graphkit.model.names import PackageName, namesakes_of, purl_key
from graphkit.model.organisation import Organisation
from graphkit.model.versions import ReleaseVersion, release_version
from graphkit.trace.case import Case
from graphkit.trace.elsewhere import Release, is_one, release_of_purl, release_of_row, type_of

_BASES = list(Basis)
_VERDICTS = list(Verdict)

Named = tuple[PackageName, str]
"""A release of the index: its package and version key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a document says of the case, whatever its date."""

    verdict: Verdict
    reason: str
    basis: str = ""
    paths: tuple[Path, ...] = ()
    shown: frozenset[Named] = frozenset()
    """The accused releases of the index that it shows: every one, not only the one that decides."""


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


def read_document(document: Document, accused: Accusation) -> Finding:
    """Return what one document says: it shows an accused release, clears it, or leaves it open, and why."""
    rows = [(number, row, _match(row, document, accused)) for number, row in enumerate(document.components)]
    suspects = [(row, match, number) for number, row, match in rows if match.verdict is not Verdict.CLEARED]
    if suspects:
        row, match, number = min(suspects, key=lambda one: (_rank(one[1]), one[2]))
        if match.verdict is Verdict.UNKNOWN:
            return Finding(verdict=Verdict.UNKNOWN, reason=f"{document.path}: {match.reason}")
        place = f" at {document.places[number]}" if document.places else ""
        name = f"{row.package or row.name} {row.version}".strip()
        return Finding(
            verdict=match.verdict,
            basis=match.basis if match.verdict is Verdict.OBSERVED else "",
            reason=f"{document.path} lists {name}{place}" + (f", {match.reason}" if match.reason else ""),
            paths=(_path_in(document, row),),
            shown=frozenset[Named]().union(*(one.shown for _, one, _ in suspects)),
        )
    if not document.covers_python:
        return Finding(
            verdict=Verdict.UNKNOWN,
            reason=f"{document.path} says nothing of Python packages; a listing that covers Python would settle it",
        )
    kinds = {type_of(row.purl) for row in document.components if row.purl} if accused.elsewhere else set()
    if missing := sorted({type_of(release.key) for release in accused.elsewhere} - kinds):
        return Finding(
            verdict=Verdict.UNKNOWN,
            reason=f"{document.path} says nothing of {missing[0]} components; a listing of them would settle it",
        )
    others = sorted({f"{row.package} {row.version}" for row in document.components if row.package in accused.keys})
    if document.completeness is not Completeness.COMPLETE:
        held = f"holds {' and '.join(others)}, but " if others else ""
        return Finding(
            verdict=Verdict.UNKNOWN,
            reason=f"{document.path} {held}{_why_not_complete(document)}; a lock file or an environment listing "
            "of that build would settle it",
        )
    what = " and ".join(others) or f"no {' or '.join(sorted(accused.keys)) or 'accused component'}"
    return Finding(verdict=Verdict.CLEARED, reason=f"{document.path} is complete and lists {what}")


def _why_not_complete(document: Document) -> str:
    """Return why a document is not taken for complete: what it says, or why that was not believed."""
    if unbelieved := [one.text for one in document.problems if one.text.startswith(SAYS_COMPLETE)]:
        return unbelieved[0]
    if document.completeness is not Completeness.INCOMPLETE:
        return "does not say that it is complete"
    says = "says that it is not complete"
    if not document.problems:
        return says
    first, count = document.problems[0], how_many(document.problems)
    more = f", the first of {count} problems" if count > 1 else ""
    unread = f"was not read completely ({first.place}: {first.text}{more})"
    return f"{says}, or {unread}" if document.kind is DocumentKind.SBOM else unread


@dataclass(frozen=True, slots=True)
class _Match:
    """What one row says. `cleared`: it is something else, or the target at another version."""

    verdict: Verdict
    reason: str = ""
    basis: Basis = Basis.LISTED
    shown: frozenset[Named] = frozenset()


_ELSE = _Match(Verdict.CLEARED)


def _rank(match: _Match) -> tuple[int, int]:
    return (_VERDICTS.index(match.verdict), _BASES.index(match.basis))


def _match(row: Component, document: Document, accused: Accusation) -> _Match:
    """Return what one row of a document says of the case."""
    if bad := accused.hashes.keys() & {*row.sha256, *row.members}:
        shown = frozenset[Named]().union(*(accused.hashes[digest] for digest in bad))
        return _Match(Verdict.OBSERVED, "by its hash", Basis.HASH, shown)
    basis = Basis.LISTED if row.optional else document.basis
    if row.package is None:
        return min((_match_elsewhere(row, basis, accused), _match_name(row, accused)), key=_rank)
    keys = accused.keys.get(row.package)
    if keys is None:
        return _ELSE
    version = release_version(row.version)
    if not row.version:
        return _Match(Verdict.UNKNOWN, f"it lists {row.package} without a version; its version would settle it")
    if version.key in keys:
        return _of_release(row, version.key, basis, accused)
    if version.parsed is None:
        odd = f"it lists {row.package} at {row.version!r}, no PEP 440 version; the version installed would settle it"
        return _Match(Verdict.UNKNOWN, odd)
    if version.parsed.local and release_version(version.parsed.public).key in keys:
        rebuilt = f"it lists {row.package} {row.version}, somebody's build of {version.parsed.public} (PEP 440)"
        return _Match(Verdict.UNKNOWN, f"{rebuilt}; its hash, or what it was built from, would settle it")
    return _ELSE


def _match_elsewhere(row: Component, basis: Basis, accused: Accusation) -> _Match:
    """Return what a row of another ecosystem says of the accused releases of its own."""
    if not row.purl or not accused.elsewhere:
        return _ELSE
    found = release_of_row(row)
    said = [is_one(found, release) for release in accused.elsewhere]
    if True in said:
        return _Match(Verdict.OBSERVED, "", basis)
    if None in said:
        at = f" at {row.version!r}" if row.version else " without a version"
        return _Match(Verdict.UNKNOWN, f"it lists {row.purl}{at}; the version, or digest, that ran would settle it")
    return _ELSE


def _match_name(row: Component, accused: Accusation) -> _Match:
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
        return _Match(Verdict.UNKNOWN, f"{name}, {odd}; what it was built from would settle it")
    if _is_of(version, accused.keys[alias]):
        return _Match(Verdict.ADMITTED, f"by the alias file {alias}; what it was built from would settle it")
    return _ELSE


def _match_namesake(row: Component, accused: Accusation) -> _Match:
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
        return _Match(Verdict.UNKNOWN, text)
    return _ELSE


def _is_of(version: ReleaseVersion, keys: frozenset[str]) -> bool:
    """Return whether a version that may carry a revision of its own is one of some releases."""
    assert version.parsed is not None
    bad = [release_version(key).parsed for key in keys]
    return any(one is not None and one.base_version == version.parsed.base_version for one in bad)


def _of_release(row: Component, key: str, basis: Basis, accused: Accusation) -> _Match:
    """Return what a row says that names an accused release: same name, perhaps not the same file."""
    assert row.package is not None
    name = f"{row.package} {row.version}"
    if row.origin:
        return _Match(
            Verdict.UNKNOWN, f"it lists {name} from {row.origin}, not from an index; its hash would settle it"
        )
    if row.index.rstrip("/") in accused.private_indexes or row.package in accused.private_packages:
        return _Match(Verdict.UNKNOWN, f"it lists {name} from a private index; its hash would settle it")
    bad = {digest for package, version, digest in accused.archives if (package, version) == (row.package, key)}
    mixed = (row.package, key) in accused.mixed
    if bad and row.sha256:
        # A different known hash rules a match out, unless the release has bad files of unknown hash.
        if mixed and (row.package, key) not in accused.unhashed:
            return _ELSE
        return _Match(Verdict.UNKNOWN, f"it lists {name} with a hash that is none of the known bad files'")
    if mixed:
        return _Match(Verdict.ADMITTED, "of which only some files are bad; its hash would settle it")
    return _Match(Verdict.OBSERVED, "", basis, frozenset({(row.package, key)}))


def _path_in(document: Document, row: Component) -> Path:
    """Return a shortest path inside one document from what it describes to a row; breadth first."""
    labels = {one.ref: f"{one.name}@{one.version}" if one.version else one.name for one in document.components}
    parents: dict[str, str] = {}
    children: dict[str, list[str]] = {}
    for edge in document.edges:
        children.setdefault(edge.source, []).append(edge.target)
    queue = list(document.roots)
    seen = set(queue)
    for ref in queue:
        for child in children.get(ref, ()):
            if child not in seen:
                seen.add(child)
                parents[child] = ref
                queue.append(child)
    steps: list[Step] = []
    ref = row.ref
    while ref in parents:
        steps.append(Step(node=labels.get(ref, ref), why=f"{labels.get(parents[ref], parents[ref])} depends on it"))
        ref = parents[ref]
    where = f"{document.path} (sha256 {document.sha256[:12]})"
    if ref not in seen:
        return (Step(node=document.path, why=where), Step(node=labels.get(ref, ref), why=f"listed in {where}"))
    top = Step(node=labels.get(ref, ref), why=where)
    return (Step(node=document.path, why=where), top, *reversed(steps)) if ref == row.ref else (top, *reversed(steps))
