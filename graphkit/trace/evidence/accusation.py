"""The accusation: what documents are matched with, and what one row of a document says of it.

Contract: docs/semantics.md#common-obligations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final
from urllib.parse import unquote, urlsplit

from msgspec import Struct, field
from msgspec.structs import replace
from packaging.specifiers import SpecifierSet

from graphkit.model.answers import Path
from graphkit.model.documents import COPY, RECORD, Basis, Component, Document, DocumentKind
from graphkit.model.incidents import AccusedFile, CompromisedRelease, FileHash
from graphkit.model.names import (
    BadName,
    PackageName,
    named_by_file,
    namesakes_of,
    package_name,
    purl_key,
    read_purl,
    releases_of_image,
)
from graphkit.model.organisation import Organisation
from graphkit.model.ranks import Verdict
from graphkit.model.versions import ReleaseVersion, release_version
from graphkit.trace.case import Case
from graphkit.trace.evidence.other_ecosystems import (
    OtherRelease,
    is_one,
    may_be_named,
    release_of_purl,
    release_of_row,
    versions_of,
)

_OF_ANYTHING: Final = frozenset({"conda", "generic"})
"""Purl types of other ecosystems that hold Python packages under their own names (docs/semantics.md#obligation-d)."""
_FORGES: Final = frozenset({"bitbucket", "github", "githubactions", "gitlab"})
"""Purl types of repositories, of which a row is the source of the package of its name at most, at a tag."""
_FILES: Final = (".whl", ".tar.gz", ".zip")
_PORTS: Final = {"http": 80, "https": 443}

Named = tuple[PackageName, str]
"""A release of the index: its package and version key."""
GoodHashes = Callable[[PackageName, str], frozenset[str]]
"""The sha256 of every file that index pages list for a release, by package and version key."""


class Carrier(Struct, frozen=True, kw_only=True):
    """What the document of a release shows: ``path`` leads from the release to the accused one, ``shown``.

    ``verdict`` is `unknown` where it may show one, and nobody can tell.
    """

    verdict: Verdict
    reason: str
    path: Path = ()
    shown: frozenset[Named] = frozenset()


class Accusation(Struct, frozen=True, kw_only=True):
    """The case as documents are matched with it: version keys by package, purls, and known bad hashes."""

    keys: Mapping[PackageName, frozenset[str]]
    ranges: Mapping[PackageName, tuple[SpecifierSet, ...]]
    """Accused versions by range: those that no page has, too."""
    every: frozenset[PackageName]
    """Packages of which every version is accused."""
    elsewhere: tuple[OtherRelease, ...]
    """The accused releases of other ecosystems."""
    mixed_elsewhere: frozenset[OtherRelease]
    """Those of them of which only some files are bad."""
    every_elsewhere: frozenset[str]
    """Purl keys of packages elsewhere of which every version is accused."""
    open: Mapping[PackageName, str]
    """Packages of which it is not decided which releases are accused, and why."""
    open_elsewhere: Mapping[str, str]
    """The same by purl key."""
    open_names: Mapping[str, str]
    """The same by a name alone, in lower case and in the spelling of packages."""
    packages: frozenset[PackageName]
    """Every package of the Python index that a row may expose or leave open by its name."""
    hashes: Mapping[FileHash, frozenset[Named]]
    """Which releases of the index hold a bad file, by its hash; none where that is not known."""
    bad_sha256: frozenset[str]
    """The values of those of them that are SHA-256, the algorithm that rows are kept with."""
    files: tuple[AccusedFile, ...]
    """Files that a row can be told from by a hash only."""
    archives: frozenset[tuple[PackageName, str, str]]
    """(package, version key, sha256) of every bad archive whose hash is known."""
    mixed: frozenset[Named]
    """Releases of which only some files are bad."""
    unhashed: frozenset[Named]
    """Releases with a bad file, or perhaps one, whose hash is not known."""
    good_hashes: GoodHashes
    aliases: Mapping[str, PackageName]
    """Which package a purl names elsewhere, by its key: accused ones and others."""
    private_indexes: frozenset[str]
    """Addresses, as `same_index` writes them."""
    private_packages: frozenset[PackageName]
    imports: frozenset[PackageName]
    """The names that accused packages are imported by, where they differ from their own."""
    are_images_told: bool = True
    """False: of what a document describes, whose content it lists."""
    carriers: Mapping[PackageName, Mapping[str, Carrier]] = field(default_factory=dict)
    """Releases whose own documents show an accused one, by package and version key; by "" where that is not known."""

    @property
    def keys_elsewhere(self) -> frozenset[str]:
        """The purl keys of everything of other ecosystems that is accused, or left open."""
        return frozenset(
            {release.key for release in self.elsewhere} | self.every_elsewhere | self.open_elsewhere.keys()
        )

    @property
    def beyond_packages(self) -> str:
        """What of it no requirement of a Python package can rule out, in words; empty where there is no such part."""
        if self.keys_elsewhere:
            return f"components of other ecosystems ({min(self.keys_elsewhere)})"
        if self.open_names:
            return f"something that is called {min(self.open_names)}"
        if any(one.package is None for one in self.files):
            return "files of any package, by their hashes"
        return ""

    def has(self, package: PackageName, version: ReleaseVersion) -> bool:
        """Return whether a version of a package is accused, as written: a local version is one of its own."""
        if package in self.every or version.key in self.keys.get(package, ()):
            return True
        parsed = version.parsed
        if parsed is None or parsed.local:
            return False
        return any(one.contains(parsed, prereleases=True) for one in self.ranges.get(package, ()))


def accuse(
    case: Case, organisation: Organisation, good_hashes: GoodHashes = lambda _name, _key: frozenset()
) -> Accusation:
    """Return a case in the form that documents are matched with.

    ``good_hashes`` gives the hashes that index pages have for a release; of a release that is accused as a whole
    none is good.
    """
    hashes = _bad_hashes(case)
    of_index = [(release, named) for release in case.releases if (named := _named(release))]
    of_others = [release for release in case.releases if not release.package]
    of_no_package = [one for one in reversed(case.undecided) if one.package is None]
    return Accusation(
        packages=case.packages,
        bad_sha256=frozenset(one.value for one in hashes if one.algorithm == "sha256"),
        keys=case.keys(),
        ranges=_by_package(case.ranges),
        every=case.every,
        elsewhere=tuple(release_of_purl(one.purl, one.version) for one in of_others),
        mixed_elsewhere=frozenset(release_of_purl(one.purl, one.version) for one in of_others if not one.whole),
        every_elsewhere=case.every_elsewhere,
        open={one.package: one.why for one in reversed(case.undecided) if one.package is not None},
        open_elsewhere={purl_key(one.purl): one.why for one in of_no_package if one.purl},
        open_names={
            name: one.why for one in of_no_package if one.name and not one.purl for name in _spellings(one.name)
        },
        hashes=hashes,
        files=tuple(one for one in case.files if one.is_alone and one.hashes),
        archives=frozenset(
            (*named, file.sha256)
            for release, named in of_index
            for file in release.files
            if file.sha256 and not file.member
        ),
        mixed=frozenset(named for release, named in of_index if not release.whole),
        unhashed=frozenset(
            named for release, named in of_index if release.whole or not all(file.sha256 for file in release.files)
        ),
        good_hashes=good_hashes,
        aliases={purl_key(purl): one.package for one in organisation.aliases.packages for purl in one.purls},
        private_indexes=frozenset(map(same_index, organisation.private_indexes)) - {""},
        private_packages=frozenset(organisation.private_packages),
        imports=case.imports - case.packages,
    )


def _named(release: CompromisedRelease) -> Named | None:
    """Return a release by its package and version key; None for one of another ecosystem."""
    return (release.package, release_version(release.version).key) if release.package else None


def _bad_hashes(case: Case) -> dict[FileHash, frozenset[Named]]:
    """Return which releases of the index hold a bad file, by every hash that is known of one."""
    found: dict[FileHash, frozenset[Named]] = {}
    for release in case.releases:
        named = _named(release)
        holding = frozenset((named,)) if named else frozenset[Named]()
        for one in (FileHash("sha256", file.sha256) for file in release.files if file.sha256):
            found[one] = found.get(one, frozenset()) | holding
    for one in (one for alone in case.files for one in alone.hashes):
        found.setdefault(one, frozenset())
    return found


def _spellings(name: str) -> Iterable[str]:
    yield name.strip().casefold()
    try:
        yield package_name(name)
    except BadName:
        return


def _by_package(ranges: Iterable[tuple[PackageName, str]]) -> dict[PackageName, tuple[SpecifierSet, ...]]:
    found: dict[PackageName, tuple[SpecifierSet, ...]] = {}
    for package, specifier in ranges:
        found[package] = (*found.get(package, ()), SpecifierSet(specifier))
    return found


def same_index(address: str) -> str:
    """Return an index address in one spelling: host in lower case, no user, default port or slash at the end.

    >>> same_index("https://User@P.Example:443/Simple/")
    'https://p.example/Simple'
    """
    text = address.strip()
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:  # a port that is no number, brackets that are no IPv6 address
        return text.rstrip("/")
    if not host:
        return text.rstrip("/")
    scheme = parts.scheme.lower()
    host = f"[{host}]" if ":" in host else host.rstrip(".")
    shown = "" if port is None or port == _PORTS.get(scheme) else f":{port}"
    path = unquote(parts.path).rstrip("/")
    return f"{scheme}://{host}{shown}{path}" + (f"?{parts.query}" if parts.query else "")


class RowTest(Struct, frozen=True):
    """What one row says. ``verdict`` None: it is another release, or another package.

    ``reason`` says why, and what would settle it where that is not known. ``basis`` is how the row shows it.
    ``shown`` are the accused releases of the index that it shows; ``path`` leads on to one in another document.
    """

    verdict: Verdict | None
    reason: str = ""
    basis: Basis = Basis.LISTED
    shown: frozenset[Named] = frozenset()
    path: Path = ()

    @property
    def rank(self) -> tuple[int, int]:
        """Where it stands among what rows say, the worst first."""
        return (len(Verdict) if self.verdict is None else self.verdict.rank, self.basis.rank)


_ELSE = RowTest(None)
"""It is another release, or another package."""


def _unknown(reason: str) -> RowTest:
    return RowTest(Verdict.UNKNOWN, reason)


def worst_test(tests: Iterable[RowTest]) -> RowTest:
    """Return the worst of what several tests say of one row; of none, that it is something else."""
    return min(tests, key=lambda one: one.rank, default=_ELSE)


def test_row(row: Component, document: Document, accused: Accusation) -> RowTest:
    """Return what one row of a document says of the case: `observed`, `admitted`, `unknown`, or something else."""
    row = _named_in_full(row)
    if (by_hash := _by_hash(row, accused)) is not None:
        return by_hash
    basis = Basis.LISTED if row.optional else document.basis
    if row.package is not None:
        found = _of_package(row, row.package, basis, accused)
    else:
        found = worst_test((_of_other_ecosystem(row, basis, accused), _by_alias_or_name(row, accused)))
    others = (test(row, accused) for test in (_by_open_name, _by_file, _by_carrier))
    told = [one for one in (found, *others, _by_import(row, document, accused)) if one is not _ELSE]
    return worst_test(told)


def _named_in_full(row: Component) -> Component:
    """Return a row with the package and version that its name says, where that is the name of a wheel or sdist."""
    if not row.name.lower().endswith(_FILES) or (named := named_by_file(row.name)) is None:
        return row
    package, version = named
    is_python = row.package in _spellings_of_file(row.name, package) or (
        not row.purl and row.name.lower().endswith(".whl")
    )
    return replace(row, package=package, version=row.version or version) if is_python else row


def _spellings_of_file(file: str, package: PackageName) -> set[str]:
    """Return what a reader may have made of a purl whose name is that of a file: its package, or one of that name."""
    return {package, *_spellings(file)}


def _type_of(purl: str) -> str:
    try:
        return read_purl(purl).type
    except BadName:
        return ""


def _hashes_of(row: Component) -> frozenset[FileHash]:
    """Return the hashes of the archive that a row names."""
    return frozenset(FileHash("sha256", digest) for digest in row.sha256)


def _by_hash(row: Component, accused: Accusation) -> RowTest | None:
    """Return what a row says that has the hash of a bad file, None where it has none.

    Locks name every file of a release: where good ones are among them, which one was installed is not known.
    """
    if accused.bad_sha256.isdisjoint((*row.sha256, *row.members)):
        return None
    inside = frozenset(FileHash("sha256", digest) for digest in row.members)
    bad = accused.hashes.keys() & (_hashes_of(row) | inside)
    shown = frozenset[Named]().union(*(accused.hashes[one] for one in bad))
    rest = frozenset(row.sha256) - {one.value for one in bad}
    are_mixed = bool(shown) and shown <= accused.mixed and not bad & inside
    if are_mixed and any(rest & accused.good_hashes(*named) for named in shown):
        some = "with the hashes of good and of bad files; the file that was installed would settle it"
        return RowTest(Verdict.ADMITTED, some)
    return RowTest(Verdict.OBSERVED, "by its hash", Basis.HASH, shown)


def _of_package(row: Component, package: PackageName, basis: Basis, accused: Accusation) -> RowTest:
    """Return what a row of a Python package says, by its name and version."""
    by_version = package in accused.keys or package in accused.ranges
    if not by_version and package not in accused.every and package not in accused.open:
        return _ELSE  # nearly every row of a fleet, whose version is of no account then
    if row.origin.startswith(COPY) and not row.version:
        return _of_copy(row, package)
    version = release_version(row.version)
    if accused.has(package, version) and (row.version or package in accused.every):
        return _of_release(row, package, version.key, basis, accused)
    if by_version and not row.version:
        return _unknown(f"it lists {package} without a version; its version would settle it")
    if by_version and version.parsed is None:
        problem = f"it lists {package} at {row.version!r}, not a PEP 440 version; the version installed would settle it"
        return _unknown(problem)
    if by_version and version.parsed is not None and version.parsed.local:
        public = release_version(version.parsed.public)
        if accused.has(package, public):
            rebuilt = f"it lists {package} {row.version}, somebody's build of {public.text} (PEP 440)"
            return _unknown(f"{rebuilt}; its hash, or what it was built from, would settle it")
    if (why := accused.open.get(package)) is not None:
        at = f" {row.version}" if row.version else ""
        return _unknown(
            f"it lists {package}{at}, which may be accused: {why}; an advisory with versions would settle it"
        )
    return _ELSE


def _of_release(row: Component, package: PackageName, key: str, basis: Basis, accused: Accusation) -> RowTest:
    """Return what a row says that names an accused release: same name, perhaps not the same file.

    Only the hash of a file that is known to be good rules a match out (docs/semantics.md#compromised-files).
    """
    name, named = f"{package} {row.version}".strip(), (package, key)
    if row.origin:
        return _unknown(f"it lists {name} from {row.origin}, not from an index; its hash would settle it")
    if (row.index and same_index(row.index) in accused.private_indexes) or package in accused.private_packages:
        return _unknown(f"it lists {name} from a private index; its hash would settle it")
    bad = {digest for one, version, digest in accused.archives if (one, version) == named}
    if named in accused.mixed:
        if not row.sha256:
            return RowTest(Verdict.ADMITTED, "of which only some files are bad; its hash would settle it", basis)
        if set(row.sha256) <= accused.good_hashes(package, key) - bad and named not in accused.unhashed:
            return _ELSE
        return _unknown(f"it lists {name} with a hash that is neither a known bad file's nor a known good one's")
    # All files of such a release are accused, so another hash is that of another bad file, or was changed.
    reason = "with a hash that is none of the known bad files'" if bad and row.sha256 else ""
    return RowTest(Verdict.OBSERVED, reason, basis, frozenset({named}))


def _of_other_ecosystem(row: Component, basis: Basis, accused: Accusation) -> RowTest:
    """Return what a row of another ecosystem says of the accused releases of its own."""
    if not (accused.elsewhere or accused.every_elsewhere or accused.open_elsewhere):
        return _ELSE
    if not row.purl or not _type_of(row.purl):
        return _of_no_ecosystem(row, accused)
    found = release_of_row(row)
    if found.key in accused.every_elsewhere:
        return RowTest(Verdict.OBSERVED, "", basis)
    said = {release: is_one(found, release) for release in accused.elsewhere}
    if hit := [release for release, same in said.items() if same]:
        return _of_release_elsewhere(row, basis, is_mixed=accused.mixed_elsewhere.issuperset(hit))
    if None in said.values():
        at = f" at {row.version!r}" if row.version else " without a version"
        return _unknown(f"it lists {row.purl}{at}; the version, or digest, that ran would settle it")
    if (why := accused.open_elsewhere.get(found.key)) is not None:
        return _unknown(f"it lists {row.purl}, which may be accused: {why}; an advisory with versions would settle it")
    return _ELSE


def _of_release_elsewhere(row: Component, basis: Basis, *, is_mixed: bool) -> RowTest:
    if not is_mixed:
        return RowTest(Verdict.OBSERVED, "", basis)
    if row.sha256:
        return _unknown(f"it lists {row.purl} with a hash that is not a known bad file's")
    return RowTest(Verdict.ADMITTED, "of which only some files are bad; its hash would settle it", basis)


def _of_no_ecosystem(row: Component, accused: Accusation) -> RowTest:
    """Return what a row says that may be of any ecosystem: it has no purl, or one that cannot be read."""
    every = (*accused.every_elsewhere, *accused.open_elsewhere)
    versions = release_of_purl("", row.version).versions
    for one in (*accused.elsewhere, *(OtherRelease(key, frozenset()) for key in every)):
        if not may_be_named(one.key, row.name, row.purl):
            continue
        if one.versions and versions and is_one(OtherRelease(one.key, versions), one) is False and not row.purl:
            continue
        said = (
            f"{row.purl}, which cannot be read,"
            if row.purl
            else f"{row.name} {row.version}".strip() + " without a purl,"
        )
        return _unknown(f"it lists {said} and may be {unquote(one.key)}; its purl would settle it")
    return _ELSE


def _by_alias_or_name(row: Component, accused: Accusation) -> RowTest:
    """Return what a row says that is no Python package by its purl, and yet may be an accused one.

    An alias file may call it that. Versions elsewhere carry a revision of their own (``6.0.1-2``), and
    what was built there is not the file that was compromised: a hit is `admitted` at most. Where no
    alias file says what it is, a row of that name is not absent either.
    """
    alias = accused.aliases.get(purl_key(row.purl)) if row.purl and accused.aliases else None
    if alias is None:
        return _by_name(row, accused)
    if alias not in accused.packages:
        return _ELSE
    name = f"it lists {row.purl}, by the alias file {alias}"
    versions = versions_of(row)
    if any(_is_of(version, alias, accused) for version in versions):
        return RowTest(Verdict.ADMITTED, f"by the alias file {alias}; what it was built from would settle it")
    if any(version.parsed is None for version in versions):
        problem = f"at {row.version!r}, not a PEP 440 version" if row.version else "without a version"
        return _unknown(f"{name}, {problem}; what it was built from would settle it")
    if alias in accused.open:
        return _unknown(f"{name}, which may be accused: {accused.open[alias]}")
    return _ELSE


def _by_name(row: Component, accused: Accusation) -> RowTest:
    """Return what a row says whose name, or unreadable purl, may mean an accused package."""
    if images := releases_of_image(row.name, row.purl, row.version):
        return _by_image(row, images, accused)
    found = [package for package in namesakes_of(row.name, row.purl, row.version) if package in accused.packages]
    versions = versions_of(row)
    if not found:
        return _ELSE
    if row.purl and _type_of(row.purl) in _FORGES:
        return _by_source(row, found, versions, accused)
    for package in found:
        if package not in accused.open and all(
            version.parsed is not None and not _is_of(version, package, accused) for version in versions
        ):
            continue
        at = f" {row.version}" if row.version else " without a version"
        at = "" if row.purl and row.version and row.version in row.purl else at
        if not row.purl:
            text = f"it lists {row.name}{at} without a purl, which may be the Python package; its purl would settle it"
        else:
            text = f"it lists {row.purl}{at}, which may be {package}; an alias file that names it would settle it"
        return _unknown(text)
    return _ELSE


def _by_source(
    row: Component, found: Sequence[PackageName], versions: Sequence[ReleaseVersion], accused: Accusation
) -> RowTest:
    """Return what a row of a repository says that is called as a package, at a tag that is an accused version.

    Whether that is the source of the package nobody here knows. A commit, a branch and any other tag are none of it.
    """
    is_action = _type_of(row.purl) == "githubactions"  # one has a name of its own
    for package in () if is_action else found:
        if any(accused.has(package, version) for version in versions if version.parsed is not None):
            text = f"it lists {row.purl}, which may be the source of {package}"
            return _unknown(f"{text}; an alias file that names it would settle it")
    return _ELSE


def _by_image(row: Component, images: Iterable[Named], accused: Accusation) -> RowTest:
    """Return what a row of a container image says whose name and tag are those of a release; it is no file of one."""
    for package, version in images if accused.are_images_told else ():
        if package not in accused.packages:
            continue
        if package not in accused.open and not _is_of(release_version(version), package, accused):
            continue
        listed = row.purl or f"{row.name} {row.version}".strip()
        what = f"an image that may hold {package} {version}"
        return _unknown(f"it lists {listed}, {what}; an SBOM of that image would settle it")
    return _ELSE


def _is_of(version: ReleaseVersion, package: PackageName, accused: Accusation) -> bool:
    """Return whether a version that may carry a revision of its own is one of the accused releases of a package."""
    if package in accused.every:
        return True
    if version.parsed is None:
        return False
    base = version.parsed.base_version
    bad = [release_version(key).parsed for key in accused.keys.get(package, ())]
    if any(one is not None and one.base_version == base for one in bad):
        return True
    plain = (release_version(text) for text in {base, version.parsed.public})
    return any(accused.has(package, one) for one in plain)


def _by_open_name(row: Component, accused: Accusation) -> RowTest:
    """Return what a row says whose name an entry has that names no package of an ecosystem."""
    if not accused.open_names:
        return _ELSE
    names = (row.name.strip().casefold(), row.package or "")
    why = next((accused.open_names[name] for name in names if name in accused.open_names), None)
    if why is None:
        return _ELSE
    return _unknown(f"it lists {row.name}, which may be accused: {why}")


def _by_import(row: Component, document: Document, accused: Accusation) -> RowTest:
    """Return what a row says of code that is imported by the name of an accused package, and that names no release."""
    if row.package not in accused.imports or row.version or row.origin.removeprefix(RECORD) in accused.packages:
        return _ELSE  # what a distribution of an accused package claims is of the release of its own row
    names = " or ".join(sorted(accused.packages))
    if (is_copy := row.origin.startswith(COPY)) or document.kind is DocumentKind.SBOM:
        # An SBOM claims nothing: installed code is of the release that it lists, all code of what it describes.
        rows = (one for one in document.components if not is_copy or one.ref in document.roots[:1])
        if any(one.package in accused.packages for one in rows):
            return _ELSE
    if is_copy:
        return _of_copy(row, names)
    told = f"it has the import package {row.name}, which may be of {names}"
    return _unknown(f"{told}; what it is a copy of would settle it")


def _of_copy(row: Component, names: str) -> RowTest:
    """Return what a row says of code outside of installed packages that is imported by a name of accused packages."""
    path = row.origin.removeprefix(COPY)
    return _unknown(f"it has {path}, which may be copied from {names}; the release that it is of would settle it")


def _by_carrier(row: Component, accused: Accusation) -> RowTest:
    """Return what a row says of a release whose own document shows an accused one."""
    if not accused.carriers:
        return _ELSE
    names = (row.package,) if row.package is not None else namesakes_of(row.name, row.purl, row.version)
    known = next((accused.carriers[name] for name in names if name in accused.carriers), None)
    if known is None:
        return _ELSE
    named = f"{row.package or row.name} {row.version}".strip()
    carrier = known.get(release_version(row.version).key if row.version else "", known.get(""))
    if carrier is None:
        if row.version:
            return _ELSE
        carrier = next(iter(known.values()))
    if carrier.verdict is Verdict.UNKNOWN or row.package is None or not row.version:
        return _unknown(f"it lists {named}, {carrier.reason}")
    return RowTest(carrier.verdict, carrier.reason, Basis.LISTED, carrier.shown, carrier.path)


def _by_file(row: Component, accused: Accusation) -> RowTest:
    """Return what a row says of the files that are accused by hash alone, none of which it has."""
    for file in accused.files:
        if not _may_hold(row, file):
            continue
        algorithms = {one.algorithm for one in file.hashes}
        if algorithms & {one.algorithm for one in _hashes_of(row)}:
            continue  # another value is another file
        what = row.package or row.name
        needed = " or ".join(sorted(algorithms))
        return _unknown(
            f"it lists {what} without a {needed} hash, and a file of it is accused by hash; that would settle it"
        )
    return _ELSE


def _may_hold(row: Component, file: AccusedFile) -> bool:
    """Return whether a row may be of the package that a file is of; of any, where the accusation names none."""
    if file.package is not None:
        if row.package is not None:
            return row.package == file.package
        return file.package in namesakes_of(row.name, row.purl, row.version)
    if file.purl:
        key = purl_key(file.purl)
        is_readable = bool(row.purl) and bool(_type_of(row.purl))
        return purl_key(row.purl) == key if is_readable else may_be_named(key, row.name, row.purl)
    return True
