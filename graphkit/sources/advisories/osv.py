"""Advisories: OSV records in JSON or YAML (OSV schema 1.7), as the OpenSSF's and PyPA's databases keep them.

Each `affected` entry becomes tests on releases or files; what of it is no test leaves its package open and says
why (docs/semantics.md#obligation-a, docs/decisions/0014-what-an-accusation-decides.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace
from packageurl import PackageURL
from packaging.version import Version

from graphkit.model.errors import InputError
from graphkit.model.incidents import (
    AccusedFile,
    CompromisedFile,
    CompromisedRelease,
    Incident,
    Source,
    Undecided,
    python_release,
)
from graphkit.model.names import BadName, PackageName, bare_purl, named_by_file, package_name, purl_of, read_purl
from graphkit.model.versions import release_version
from graphkit.sources.advisories.indicators import files_of
from graphkit.sources.structured_text import decode, typed

# fmt: off
_PURL_TYPES: Final = {
    "alpine": "apk", "alpaquita": "apk", "bitnami": "bitnami", "chainguard": "apk", "conan": "conan",
    "conancenter": "conan", "cran": "cran", "crates": "cargo", "debian": "deb", "echo": "deb",
    "github actions": "githubactions", "go": "golang", "hackage": "hackage", "hex": "hex", "julia": "julia",
    "maven": "maven", "npm": "npm", "nuget": "nuget", "opam": "opam", "packagist": "composer", "pub": "pub",
    "rubygems": "gem", "swifturl": "swift", "ubuntu": "deb", "wolfi": "apk",
}
# fmt: on
"""Purl types by OSV's ecosystems, in lower case and up to a dot; that of the Python index apart."""
_DISTRIBUTIONS: Final = frozenset({"apk", "deb"})
"""Types whose purls have the distribution as namespace."""


class _Package(msgspec.Struct):
    name: str = ""
    ecosystem: str = ""
    purl: str | None = None


class _Range(msgspec.Struct):
    type: str = ""
    events: list[dict[str, Any]] = []


class _Affected(msgspec.Struct):
    package: _Package | None = None
    ranges: list[_Range] | None = None
    versions: list[str] | None = None
    database_specific: Any = None
    ecosystem_specific: Any = None


class _Reference(msgspec.Struct):
    type: str = ""
    url: str = ""


class _Record(msgspec.Struct):
    id: str
    modified: str | None = None
    published: str | None = None
    withdrawn: str | None = None
    aliases: list[str] | None = None
    summary: str | None = None
    affected: list[_Affected] | None = None
    references: list[_Reference] | None = None
    database_specific: Any = None


def claims(data: bytes) -> bool:
    """Return whether a file is an OSV record, or a list of them. Cost: a search; decoded only where it may be one."""
    if b"modified" not in data or b"affected" not in data:
        return False
    try:
        records = _records(decode(data))
    except InputError:
        return False
    return bool(records) and all("affected" in one and "modified" in one and "id" in one for one in records)


def parse(data: bytes) -> tuple[Incident, ...]:
    """Return the incidents of a file of OSV records: versions and ranges, no times, since records hold none.

    Versions and ranges unite, as OSV's own evaluation has it. What decides nothing is in ``undecided``, and in
    ``notes`` too.

    Raises:
        InputError: a record that does not follow the schema, with its place.
    """
    decoded = decode(data)
    single = isinstance(decoded, dict) and "affected" in decoded
    return tuple(_incident(one, "" if single else f"[{i}].") for i, one in enumerate(_records(decoded)))


def _records(decoded: Any) -> list[dict[str, Any]]:
    if isinstance(decoded, dict) and isinstance(decoded.get("vulns"), list):  # as OSV's API answers a query
        decoded = decoded["vulns"]
    found = decoded if isinstance(decoded, list) else [decoded]
    return found if all(isinstance(one, dict) for one in found) else []


class _Accused(Struct, kw_only=True):
    """What the entries of a record accuse, as they are read."""

    releases: dict[str, CompromisedRelease] = field(default_factory=dict)
    ranges: dict[tuple[PackageName, str], None] = field(default_factory=dict)
    every: dict[str, None] = field(default_factory=dict)
    files: list[AccusedFile] = field(default_factory=list)
    undecided: dict[Undecided, None] = field(default_factory=dict)


class _Subject(Struct, frozen=True, kw_only=True):
    """The package of an entry. ``package``: of the Python index, else ``purl`` without a version, else a bare name."""

    package: PackageName | None = None
    purl: str = ""
    name: str = ""

    @property
    def is_known(self) -> bool:
        return self.package is not None or bool(self.purl)

    @property
    def bare(self) -> str:
        return purl_of(self.package) if self.package is not None else self.purl

    def open_for(self, why: str) -> Undecided:
        return Undecided(package=self.package, purl=self.purl, name=self.name, why=why)


def _incident(decoded: dict[str, Any], place: str) -> Incident:
    try:
        record = typed(decoded, _Record)
    except InputError as error:
        raise InputError(error.problem, place=place + error.place) from error
    found = _Accused()
    entries = [
        _Entry(affected=one, subject=_subject(one.package or _Package()), where=f"{record.id} affected[{number}]")
        for number, one in enumerate(record.affected or ())
    ]
    for entry in entries:
        _add_versions(entry, found)
    known = {entry.subject for entry in entries if entry.subject.is_known}
    for entry in entries:
        of_record = [record.database_specific] if known == {entry.subject} else []
        _add_files(entry, of_record, found)
    if len(known) != 1:
        shared = _accused_files((record.database_specific,), _Subject())
        found.files += map(_alone, _without_releases(shared, found)) if not entries else shared
    return Incident(
        id=record.id,
        title=record.summary or record.id,
        releases=tuple(found.releases.values()),
        aliases=tuple(record.aliases or ()),
        sources=(
            Source(
                id=record.id,
                title="advisory",
                date=(record.published or record.modified or "")[:10],
                url=next((one.url for one in record.references or () if one.type == "ADVISORY"), ""),
            ),
        ),
        notes=tuple(dict.fromkeys(one.why for one in found.undecided)),
        advisory=True,
        withdrawn=record.withdrawn is not None,
        ranges=tuple(found.ranges),
        every=tuple(found.every),
        files=tuple(found.files),
        undecided=tuple(found.undecided),
    )


class _Entry(Struct, kw_only=True):
    """One `affected` entry, whether any of it is a test, and what of it is none."""

    affected: _Affected
    subject: _Subject
    where: str
    is_decided: bool = False
    doubts: list[Undecided] = field(default_factory=list)


def _add_versions(entry: _Entry, found: _Accused) -> None:
    """Add the releases and ranges that an entry accuses; what of it is no test leaves its package open."""
    affected, subject, where = entry.affected, entry.subject, entry.where
    entry.doubts += _doubts_of_name(affected.package or _Package(), subject, where)
    for version in affected.versions or ():
        if not version.strip() or "*" in version:
            entry.doubts.append(subject.open_for(f"{where}: version {version[:80]!r} names no release"))
        elif subject.is_known:
            release = _release(subject, version)
            found.releases.setdefault(release.purl, release)
            entry.is_decided = True
    read = _read_ranges(affected.ranges or (), subject, where)
    entry.doubts += [subject.open_for(why) for why in read.doubts]
    found.ranges.update(dict.fromkeys(read.ranges))
    entry.is_decided = entry.is_decided or bool(read.ranges)
    if not (read.is_every and subject.is_known):
        return
    entry.is_decided = True
    if affected.versions:
        entry.doubts.append(subject.open_for(f"{where} accuses every version and lists some, so the others are open"))
    else:
        found.every[subject.bare] = None


def _add_files(entry: _Entry, of_record: Sequence[Any], found: _Accused) -> None:
    """Add the files that an entry or its record names; where nothing else of it is a test, it accuses them alone."""
    affected, subject = entry.affected, entry.subject
    files = _accused_files((affected.database_specific, affected.ecosystem_specific, *of_record), subject)
    rest = _without_releases(files, found) if subject.is_known else files
    if not entry.is_decided and subject.is_known:
        entry.is_decided = len(rest) < len(files) or any(one.hashes for one in rest)
        rest = [_alone(one) for one in rest]
    if not entry.is_decided and not entry.doubts:
        entry.doubts.append(subject.open_for(f"{entry.where}: {_why_nothing(affected, subject)}"))
    found.files += rest
    found.undecided.update(dict.fromkeys(entry.doubts))


def _why_nothing(affected: _Affected, subject: _Subject) -> str:
    what = subject.package or subject.name or subject.purl or "an entry without a package"
    if any(one.type == "GIT" for one in affected.ranges or ()):
        return f"commits of a repository decide nothing about releases of {what}"
    if affected.versions is not None and not affected.versions:
        return f"an empty list of versions decides nothing about {what}"
    return f"{what} is named without versions or ranges that could be read"


def _doubts_of_name(named: _Package, subject: _Subject, where: str) -> Iterator[Undecided]:
    """Yield what is open because of how an entry names its package."""
    if not subject.is_known:
        told = f"{named.ecosystem} {named.name}".strip()[:160]
        yield subject.open_for(
            f"{where}: {told!r} is not a package name that is read" if told else f"{where} names no package"
        )
    elif named.purl and named.name:
        other = _subject_of_purl(named.purl)  # one that cannot be read says nothing beside the name
        if other is not None and other.bare.casefold() != subject.bare.casefold():
            yield other.open_for(f"{where}: the purl {named.purl[:160]!r} is not {subject.bare}")


def _subject(named: _Package) -> _Subject:
    """Return the package that an entry names by ecosystem and name, else by its purl, else by a name alone."""
    ecosystem = named.ecosystem.partition(":")[0]
    kind, name = ecosystem.partition(".")[0].strip().lower(), named.name.strip()
    if kind == "pypi" and name:
        try:
            return _Subject(package=package_name(name), name=name)
        except BadName:
            return _Subject(name=name[:160])
    if kind in _PURL_TYPES and name:
        try:
            return _Subject(purl=_purl_elsewhere(_PURL_TYPES[kind], kind, name), name=name)
        except ValueError:  # a name that its type does not allow
            return _Subject(name=name[:160])
    if named.purl and (found := _subject_of_purl(named.purl)) is not None:
        return found
    return _Subject(name=name[:160])


def _subject_of_purl(text: str) -> _Subject | None:
    try:
        read = read_purl(text)
        if read.type == "pypi":
            return None if read.namespace else _Subject(package=package_name(read.name), name=read.name)
        return _Subject(purl=bare_purl(text), name=read.name)
    except BadName:
        return None


def _purl_elsewhere(type_: str, ecosystem: str, name: str) -> str:
    """Return the bare purl of a package elsewhere, as the purl specification makes it of OSV's name."""
    namespace, _, rest = name.replace(":", "/", 1 if type_ == "maven" else 0).rpartition("/")
    if type_ in _DISTRIBUTIONS:
        namespace, rest = ecosystem, name
    return PackageURL(type_, namespace or None, rest or name).to_string()


def _release(subject: _Subject, version: str) -> CompromisedRelease:
    if subject.package is not None:
        return python_release(subject.package, version)
    purl = read_purl(subject.purl)._replace(version=version).to_string()
    return CompromisedRelease(purl=purl, package=None, version=version)


class _Ranges(Struct, frozen=True, kw_only=True):
    """The ranges of an entry: those of the Python index, whether every version is accused, and what is not read."""

    ranges: tuple[tuple[PackageName, str], ...] = ()
    is_every: bool = False
    doubts: tuple[str, ...] = ()


def _read_ranges(ranges: Sequence[_Range], subject: _Subject, where: str) -> _Ranges:
    found: list[tuple[PackageName, str]] = []
    doubts: list[str] = []
    is_every = False
    for number, one in enumerate(ranges):
        if one.type == "GIT":  # commits of a repository, not releases
            continue
        place = f"{where}.ranges[{number}]"
        try:
            specifiers = list(_stretches(_events(one.events, place, ordered=subject.package is not None), place))
        except InputError as error:
            doubts.append(str(error))
            continue
        is_every = is_every or "" in specifiers
        if subject.package is not None:
            found += [(subject.package, text) for text in specifiers if text]
    return _Ranges(ranges=tuple(found), is_every=is_every, doubts=tuple(doubts))


def _events(events: Sequence[dict[str, Any]], place: str, *, ordered: bool) -> list[tuple[str, str]]:
    """Return events as (kind, version) in version order; those of one version in the order of the schema.

    Raises:
        InputError: a version cannot be put in order: it is not PEP 440, or is of another ecosystem
            (``ordered`` False), and stands for more than the beginning or the end.
    """
    order = ["introduced", "fixed", "limit", "last_affected"]
    pairs = [(kind, str(event[kind]).strip()) for event in events for kind in order if kind in event]
    pairs = [pair for pair in pairs if pair[1] != "*"]
    for kind, version in pairs:
        if version != "0" and not ordered:
            raise InputError("the order of that ecosystem's versions is not read", place=place)
        if version != "0" and ((parsed := release_version(version).parsed) is None or parsed.local):
            raise InputError(f"{kind} {version[:80]!r} is not a public version (PEP 440)", place=place)
    return sorted(pairs, key=lambda pair: (pair[1] != "0", Version(pair[1]), order.index(pair[0])))


def _stretches(events: Sequence[tuple[str, str]], place: str) -> Iterator[str]:
    """Yield one specifier (PEP 440) for each stretch of a range's events, empty for every version."""
    start: str | None = None
    if not any(kind == "introduced" for kind, _ in events):
        raise InputError("a range without an `introduced` event", place=place)
    for kind, version in events:
        if kind == "introduced":
            start = version if start is None else start
        elif start is not None:
            low = "" if start == "0" else f">={start},"
            # PEP 440's `<2.0` leaves 2.0rc1 out, which is older than the fix and so affected.
            yield f"{low}<={version}" if kind == "last_affected" else f"{low}<={version},!={version}"
            start = None
    if start is not None:
        yield "" if start == "0" else f">={start}"


def _alone(file: AccusedFile) -> AccusedFile:
    return AccusedFile(
        filename=file.filename, hashes=file.hashes, package=file.package, purl=file.purl, is_alone=bool(file.hashes)
    )


def _without_releases(files: Sequence[AccusedFile], found: _Accused) -> list[AccusedFile]:
    """Add files to the releases that their names say, which are bad in part where nothing else accuses them.

    Returns the files whose names say none, and those with hashes that a release's file has no place for.
    """
    rest: list[AccusedFile] = []
    for file in files:
        filename = file.filename.rpartition("/")[2]
        named = named_by_file(filename)
        if named is None or file.package not in {None, named[0]}:
            rest.append(file)
            continue
        release = python_release(*named)
        before = found.releases.get(release.purl, replace(release, whole=False))
        sha256 = next((one.value for one in file.hashes if one.algorithm == "sha256"), "")
        bad = CompromisedFile(filename=filename, sha256=sha256)
        found.releases[release.purl] = replace(before, files=(*before.files, bad))
        if len(file.hashes) > bool(sha256):
            found.files.append(file)
    return rest


def _accused_files(said: Iterable[Any], subject: _Subject) -> list[AccusedFile]:
    """Return the files that the indicators (`iocs`) of a record or entry name, by hash, by name or both."""
    found: dict[AccusedFile, None] = {}
    for one in said:
        if not isinstance(one, dict):
            continue
        for key, value in one.items():
            if key.lower() in {"iocs", "ioc", "indicators"}:
                for name, hashes in files_of(value):
                    file = AccusedFile(filename=name, hashes=hashes, package=subject.package, purl=subject.purl)
                    found[file] = None
    return list(found)
