"""A graph in memory: the port over plain data, for questions about many small worlds.

It knows nothing beforehand (no package is settled), keeps no table, and is meant for a few dozen releases. What it has
to say is what a store has to say of the same facts; `tests/property/test_verdicts.py` compares them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
from msgspec import Struct, field
from msgspec.structs import replace
from numpy.typing import NDArray
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from graphkit.model.documents import Component, Document, Problem
from graphkit.model.incidents import CompromisedRelease, Incident
from graphkit.model.index import File, FileKind, MetadataSource, ProjectPage, ReleaseMetadata, needs_of
from graphkit.model.names import PackageName, namesakes_of, purl_key
from graphkit.model.organisation import DocumentUse, Organisation
from graphkit.model.requirements import Requirement
from graphkit.model.times import FOREVER, Instant
from graphkit.model.versions import release_version
from graphkit.stores import port
from graphkit.stores.engine.component_bodies import outlines_of
from graphkit.stores.engine.no_shortcuts import NoShortcuts
from graphkit.stores.engine.organisation import joined

Key = tuple[PackageName, str]
"""A release: its package and version key."""
_SOURCES: Final = list(MetadataSource)
_Row = TypeVar("_Row")
_Number = TypeVar("_Number", bound=np.integer[Any])


class _Release(Struct, kw_only=True):
    """What facts say of one release. ``text`` is the spelling shown; ``files`` None: nobody names any."""

    package: PackageName
    key: str
    text: str
    is_listed: bool = False
    is_accused: bool = False
    files: list[File] = field(default_factory=list)
    undated: frozenset[str] = frozenset()
    """The names of the files that a page lists without a time."""
    members: frozenset[Requirement] | None = None
    is_partial: bool = False
    is_borrowed: bool = False
    source: str = MetadataSource.UNKNOWN

    @property
    def is_legacy(self) -> bool:
        """Whether PEP 440 cannot read its version."""
        return release_version(self.key).parsed is None


class MemoryStore:
    """`port.Store` over plain facts: what is recorded twice counts once."""

    def __init__(self, facts: Iterable[port.Fact] = ()) -> None:
        self._facts = dict.fromkeys(facts)
        self._reader: MemoryReader | None = None
        self._inputs: dict[str, port.InputRead] = {}

    @property
    def folder(self) -> Path | None:
        """None: it is kept nowhere."""
        return None

    def record(self, facts: Iterable[port.Fact]) -> port.Receipt:
        before, told = len(self._facts), list(facts)
        self._facts |= dict.fromkeys(told)
        self._reader = None
        new = len(self._facts) - before
        return port.Receipt(new=new, unchanged=len(told) - new)

    def known(self, documents: Sequence[str]) -> dict[str, frozenset[port.FolderPath]]:
        kept = {fact.sha256 for fact in self._facts if isinstance(fact, Document)}
        uses = [fact for fact in self._facts if isinstance(fact, DocumentUse)]
        return {
            sha256: frozenset((use.repository, use.path) for use in uses if use.document == sha256)
            for sha256 in kept.intersection(documents)
        }

    def remember(self, read: port.InputRead, organisation: Organisation | None = None) -> None:
        if organisation is None:
            self._inputs[read.id] = read

    def remembered(self, input_id: str) -> port.InputRead | None:
        return self._inputs.get(input_id)

    def reader(self) -> MemoryReader:
        self._reader = self._reader or MemoryReader(self._facts)
        return self._reader

    def ask(self, question: Callable[[port.GraphReader], port.Answer]) -> port.Answer:
        return question(self.reader())

    def close(self) -> None:
        """Do nothing: there is nothing to let go of."""


class MemoryReader(NoShortcuts):
    """`port.Reader` over plain facts: pages, metadata, documents, their uses, organisations and incidents."""

    def __init__(self, facts: Iterable[port.Fact]) -> None:
        """Read facts; a later one about the same release takes the place of an earlier one.

        Raises:
            TypeError: a fact of a kind that it does not keep.
        """
        self._package_rows: dict[int, tuple[PackageName, int, int, int, int, Instant]] = {}
        self._pages: dict[PackageName, list[ProjectPage]] = {}
        self._metadata: dict[Key, ReleaseMetadata] = {}
        documents: dict[str, Document] = {}
        uses: list[DocumentUse] = []
        organisations: list[Organisation] = []
        incidents: dict[str, Incident] = {}
        for fact in facts:
            match fact:
                case ProjectPage():
                    self._pages.setdefault(fact.package, []).append(fact)
                case ReleaseMetadata():
                    self._metadata[fact.package, release_version(fact.version).key] = fact
                case Document():
                    documents[fact.sha256] = fact
                case DocumentUse():
                    uses.append(fact)
                case Organisation():
                    organisations.append(fact)
                case Incident():
                    incidents[fact.id] = fact
                case _:
                    raise TypeError(f"{type(fact).__name__} is not kept in memory")
        self._incidents = tuple(incidents[incident_id] for incident_id in sorted(incidents))
        self._evidence = _Evidence(documents, self._incidents, joined(organisations, uses))
        self._number(documents.values())

    def counts(self) -> dict[str, int]:
        return {}

    def _number(self, documents: Iterable[Document]) -> None:
        """Give everything its number: packages by name, releases in PEP 440 order, sets and ranges by content."""
        held = list(documents)
        found = self._found_releases(held)
        names = {key[0] for key in found} | self._pages.keys()
        names |= {one.package for document in held for one in (*document.requirements, *document.constraints)}
        names |= {row.package for document in held for row in document.components if row.package is not None}
        names |= {package for incident in self._incidents for package, _ in incident.ranges}
        names |= {one.package for release in found.values() for one in release.members or ()}
        self._names = sorted(names)
        self._ids = {name: number for number, name in enumerate(self._names)}
        self._releases = sorted(found.values(), key=lambda one: (one.package, release_version(one.key)))
        self._starts: list[int] = []
        for name in self._names:
            self._starts.append(sum(one.package < name for one in self._releases))
        self._starts.append(len(self._releases))
        self._lend()
        self._sets = sorted({one.members for one in self._releases if one.members is not None}, key=sorted)
        set_ids = {members: number for number, members in enumerate(self._sets)}
        self._set_of = [-1 if one.members is None else set_ids[one.members] for one in self._releases]
        asked = {_range_of(one) for members in self._sets for one in members}
        self._ranges = sorted(asked)
        self._range_ids = {one: number for number, one in enumerate(self._ranges)}
        self._markers = ["", *sorted({one.marker for members in self._sets for one in members} - {""})]
        self._extras = ["", *sorted({",".join(one[1]) for one in self._ranges} - {""})]
        texts = {_needs(file) for one in self._releases for file in one.files}
        self._needs = sorted(texts)
        self._members = [
            [(self._range_ids[_range_of(one)], self._markers.index(one.marker)) for one in sorted(members)]
            for members in self._sets
        ]
        self._stretches = [self._stretches_of(one) for one in self._ranges]

    def _found_releases(self, documents: Sequence[Document]) -> dict[Key, _Release]:
        found: dict[Key, _Release] = {}

        def known(package: PackageName, version: str) -> _Release:
            key = release_version(version).key
            return found.setdefault((package, key), _Release(package=package, key=key, text=version))

        for row in (row for document in documents for row in document.components):
            if row.package is not None and row.version and not row.origin:
                known(row.package, row.version)
        for metadata in self._metadata.values():
            one = known(metadata.package, metadata.version)
            one.text = metadata.version
            if metadata.source is not MetadataSource.UNKNOWN:
                one.members, one.is_partial = frozenset(metadata.requirements), bool(metadata.unreadable)
            one.source = metadata.source
        for page, is_newest in self._read_in_order():
            for listed in page.releases:
                one = known(page.package, listed.version)
                one.text, one.is_listed = listed.version, is_newest
                one.files = list({file.filename: file for file in (*one.files, *listed.files)}.values())
        for accused in (one for incident in self._incidents for one in incident.releases):
            if accused.package is not None:
                known(accused.package, accused.version).is_accused = True
        for key, one in found.items():
            self._dress(key, one)
        return found

    def _read_in_order(self) -> Iterator[tuple[ProjectPage, bool]]:
        """Yield pages as they were read, and whether each is the newest of its package."""
        for pages in self._pages.values():
            newest = max(one.read_at for one in pages)
            for page in sorted(pages, key=lambda one: one.read_at):
                yield page, page.read_at == newest

    def _dress(self, key: Key, one: _Release) -> None:
        """Fill up the files of a release with what metadata and incidents say of them."""
        metadata = self._metadata.get(key)
        needed = metadata.requires_python if metadata else ""
        one.files = [replace(file, requires_python=file.requires_python or needed) for file in one.files]
        one.undated = frozenset(file.filename for file in one.files if file.uploaded is None)
        if one.is_accused:
            one.files = _accused_files(one.files, self._accounts(*key))

    def _accounts(self, package: PackageName, key: str) -> list[CompromisedRelease]:
        return [
            release
            for incident in self._incidents
            for release in incident.releases
            if release.package == package and release_version(release.version).key == key
        ]

    def _lend(self) -> None:
        """Give ghosts without requirements those of the nearest earlier release, a final one where there is one."""
        own = [one.members for one in self._releases]
        for at, one in enumerate(self._releases):
            if own[at] is not None or one.is_legacy or not (one.is_accused or not one.is_listed):
                continue
            earlier = [
                number
                for number in range(self._starts[self._ids[one.package]], at)
                if own[number] is not None and not self._releases[number].is_legacy
            ]
            finals = [n for n in earlier if not release_version(self._releases[n].key).is_prerelease]
            if lender := (finals or earlier)[-1:]:
                other = self._releases[lender[0]]
                one.members, one.is_borrowed, one.source = own[lender[0]], True, MetadataSource.NEAREST
                one.is_partial = other.is_partial

    def _stretches_of(self, one: _Range) -> list[tuple[int, int]]:
        start, stop = self._bounds(self._ids[one[0]])
        if one[2] == _URL:
            return []
        versions = tuple(self._releases[at].key for at in range(start, stop))
        return [(start + lo, start + hi) for lo, hi in _admitted(one[3] if one[2] == _PLAIN else "", versions)]

    def _bounds(self, package_id: int) -> tuple[int, int]:
        return self._starts[package_id], self._starts[package_id + 1]

    # What the port asks

    def generation(self) -> port.Generation:
        """Return what this reader reads."""
        times = [page.read_at for pages in self._pages.values() for page in pages]
        times += [file.uploaded for one in self._releases for file in one.files if file.uploaded is not None]
        return port.Generation(
            facts_sha256="",
            packages=len(self._names),
            releases=len(self._releases),
            requirement_sets=len(self._sets),
            ranges=len(self._ranges),
            newest_fact=max(times, default=0),
            inputs=1,
            packaging="",
        )

    def package_ids(self, names: Sequence[str]) -> port.PackageIds:
        """Return the ids of PEP 503 names, -1 where unknown."""
        return _ids(self._ids.get(PackageName(name), -1) for name in names)

    def packages(self, ids: port.PackageIds) -> port.Packages:
        """Return names, flags and release stretches of packages."""
        rows = [self._package_row(package_id) for package_id in ids.tolist()]
        count = len(rows)
        name, flags, start, stop, dependents, speaks_until = zip(*rows, strict=True) if rows else [()] * 6
        return port.Packages(
            name=name,
            flags=_array(flags, np.uint8),
            start=_ids(start),
            stop=_ids(stop),
            dependents=_ids(dependents),
            downloads=_array([-1] * count, np.int64),
            maintainers=("",) * count,
            settled=_array([FOREVER] * count, np.int64),
            newest=_ids([-1] * count),
            speaks_until=_array(speaks_until, np.int64),
        )

    def _package_row(self, package_id: int) -> tuple[PackageName, int, int, int, int, Instant]:
        if (row := self._package_rows.get(package_id)) is None:
            name, bounds = self._names[package_id], self._bounds(package_id)
            row = (name, self._page_flags(name), *bounds, self._dependents(name), self._speaks_until(name))
            self._package_rows[package_id] = row
        return row

    def _dependents(self, name: PackageName) -> int:
        """Return how many packages have a release that requires one."""
        return len({one.package for one in self._releases if any(of.package == name for of in one.members or ())})

    def _page_flags(self, name: PackageName) -> int:
        pages = sorted(self._pages.get(name, ()), key=lambda one: one.read_at)
        if not pages:
            return 0
        newest = pages[-1]
        flags = port.PAGE_READ if self._speaks_until(name) else 0
        if not newest.found:
            flags |= port.PAGE_MISSING
        elif not any(one.files for one in newest.releases):
            flags |= port.PAGE_EMPTY
        return flags | (port.PAGE_QUARANTINED if newest.status == "quarantined" else 0)

    def _speaks_until(self, name: PackageName) -> Instant:
        return max(
            (
                page.read_at
                for page in self._pages.get(name, ())
                if page.found and page.status != "quarantined" and any(one.files for one in page.releases)
            ),
            default=0,
        )

    def expect(self, packages: port.PackageIds) -> None:
        """Do nothing: what is asked for is here already."""

    def releases(self, ids: port.ReleaseIds) -> port.Releases:
        """Return releases with their files."""
        asked = ids.tolist()
        rows = [self._releases[release_id] for release_id in asked]
        files = [file for one in rows for file in one.files]
        file_flags = [_file_flags(file, is_told=file.filename in one.undated) for one in rows for file in one.files]
        return port.Releases(
            package=_ids(self._ids[one.package] for one in rows),
            version=tuple(one.text for one in rows),
            flags=_array(map(_release_flags, rows), np.uint8),
            offer=_array([0] * len(rows), np.uint8),
            requirement_set=_ids(self._set_of[release_id] for release_id in asked),
            requirements_source=tuple(one.source for one in rows),
            file_start=_offsets([len(one.files) for one in rows]),
            file_uploaded=_array((file.uploaded or 0 for file in files), np.int64),
            file_yanked_since=_array((file.yanked_since or 0 for file in files), np.int64),
            file_flags=_array(file_flags, np.uint8),
            file_needs=_ids(self._needs.index(_needs(file)) for file in files),
            filename=tuple(file.filename for file in files),
            file_sha256=tuple(file.sha256 for file in files),
        )

    def requirements(self, sets: port.RequirementSetIds) -> port.Members:
        """Return the members of requirement sets."""
        start, found = _csr([self._members[one] for one in sets.tolist()])
        return port.Members(start=start, range=_ids(one for one, _ in found), marker=_ids(one for _, one in found))

    def ranges(self, ids: port.RangeIds) -> port.Ranges:
        """Return ranges with their stretches."""
        asked = ids.tolist()
        rows = [self._ranges[range_id] for range_id in asked]
        start, found = _csr([self._stretches[range_id] for range_id in asked])
        return port.Ranges(
            package=_ids(self._ids[one[0]] for one in rows),
            extras=_ids(self._extras.index(",".join(one[1])) for one in rows),
            text=tuple(one[3] for one in rows),
            flags=_array(map(_range_flags, rows), np.uint8),
            start=start,
            lo=_ids(lo for lo, _ in found),
            hi=_ids(hi for _, hi in found),
        )

    def constraints_on(self, packages: port.PackageIds) -> tuple[port.Offsets, port.RangeIds]:
        """Return the ranges that aim at each package."""
        names = [self._names[package_id] for package_id in packages.tolist()]
        start, found = _csr([[n for n, one in enumerate(self._ranges) if one[0] == name] for name in names])
        return start, _ids(found)

    def declarers(self, ranges: port.RangeIds) -> port.Declarers:
        """Return which requirement sets hold each range."""
        start, found = _csr(
            [
                [(number, marker) for number, of in enumerate(self._members) for one, marker in of if one == asked]
                for asked in ranges.tolist()
            ]
        )
        return port.Declarers(start=start, set=_ids(one for one, _ in found), marker=_ids(one for _, one in found))

    def users(self, sets: port.RequirementSetIds) -> port.Users:
        """Return which releases declare each requirement set."""
        start, found = _csr([[n for n, one in enumerate(self._set_of) if one == asked] for asked in sets.tolist()])
        return port.Users(
            start=start,
            release=_ids(found),
            package=_ids(self._ids[self._releases[one].package] for one in found),
            offer=_array([0] * len(found), np.uint8),
        )

    def takers(self, sets: port.RequirementSetIds) -> port.Takers:
        """Return no range: nothing is known beforehand."""
        return port.Takers(start=_offsets([0] * len(sets)), range=_ids(()), package=_ids(()), extras=_ids(()))

    def takers_of(self, releases: port.ReleaseIds) -> port.Takers:
        """Return no range: nothing is known beforehand."""
        return port.Takers(start=_offsets([0] * len(releases)), range=_ids(()), package=_ids(()), extras=_ids(()))

    def texts(self, kind: port.TextKind, ids: port.TextIds) -> tuple[str, ...]:
        """Return texts that many rows share."""
        texts = {"marker": self._markers, "needs": self._needs, "extras": self._extras}[kind]
        return tuple(texts[text_id] for text_id in np.asarray(ids).tolist())

    def evidence(self) -> _Evidence:
        """Return the organisation's side."""
        return self._evidence


class _Evidence:
    """`port.Evidence` over plain data."""

    def __init__(
        self, documents: Mapping[str, Document], incidents: tuple[Incident, ...], organisation: Organisation
    ) -> None:
        self._documents = {sha256: _handled(one) for sha256, one in documents.items()}
        self._incidents = incidents
        self._organisation = organisation
        distinct: dict[Component, int] = {}
        self._rows = [
            (sha256, number, row, distinct.setdefault(replace(row, ref=""), len(distinct)))
            for sha256, document in sorted(documents.items())
            for number, row in enumerate(document.components)
        ]

    def incidents(self) -> tuple[Incident, ...]:
        """Return all incidents and advisories, by id."""
        return self._incidents

    def organisation(self) -> Organisation:
        """Return every organisation fact, joined."""
        return self._organisation

    def heads(self, documents: Sequence[str]) -> tuple[Document, ...]:
        """Return documents without components and edges, in the order asked."""
        return tuple(replace(self._documents[one], components=(), edges=(), places=()) for one in documents)

    def document(self, sha256: str) -> Document:
        """Return one whole document. Raises KeyError where there is none."""
        return self._documents[sha256]

    def outlines(self, documents: Sequence[str], rows: Sequence[int]) -> port.Outlines:
        """Return the outlines of documents, in the order asked, each with a row of it."""
        return outlines_of([self._documents[sha256] for sha256 in documents], rows)

    def listings(self, packages: Sequence[str], purls: Sequence[str], hashes: Sequence[str]) -> port.Listings:
        """Return rows by package, by purl without version, or by file hash; sorted by document, row."""
        keys, digests = {purl_key(purl) for purl in purls}, {one.lower() for one in hashes}

        def is_asked(row: Component) -> bool:
            names = (row.package,) if row.package is not None else namesakes_of(row.name, row.purl, row.version)
            own = {one.lower() for one in (*row.sha256, *row.members)}
            return (
                bool(set(names) & set(packages))
                or bool(own & digests)
                or (bool(row.purl) and purl_key(row.purl) in keys)
            )

        is_open = not (packages or purls or hashes)
        found = [one for one in self._rows if is_open or is_asked(one[2])]
        return port.Listings(
            document=tuple(one[0] for one in found),
            component=_ids(one[1] for one in found),
            content=_ids(one[3] for one in found),
        )

    def components(self, listings: port.Listings) -> tuple[Component, ...]:
        """Return the component of each listing, in their order."""
        found = zip(listings.document, listings.component.tolist(), strict=True)
        return tuple(self._documents[sha256].components[row] for sha256, row in found)

    def problems(self) -> tuple[tuple[str, Problem], ...]:
        """Return every problem of documents as (path, problem), sorted."""
        found = [(one.path, problem) for one in self._documents.values() for problem in one.problems]
        return tuple(sorted(found, key=lambda pair: (pair[0], pair[1].place, pair[1].text)))


def _handled(document: Document) -> Document:
    """Return a document whose rows are called by their number, as a store gives it back."""
    handles = {row.ref: str(number) for number, row in enumerate(document.components)}
    return replace(
        document,
        components=tuple(replace(row, ref=handles[row.ref]) for row in document.components),
        roots=tuple(handles.get(ref, ref) for ref in document.roots),
        edges=tuple(edge._replace(source=handles[edge.source], target=handles[edge.target]) for edge in document.edges),
    )


def _accused_files(files: Sequence[File], accounts: Sequence[CompromisedRelease]) -> list[File]:
    """Return the files of an accused release: what pages say, filled up with what incidents say."""
    listed = min((one.listed_from for one in accounts if one.listed_from is not None), default=None)
    whole = min((one.listed_from for one in accounts if one.whole and one.listed_from is not None), default=None)
    told = {file.filename: file for one in accounts for file in one.files if not file.member}
    found = {file.filename: file for file in files if file.filename}
    merged = [
        replace(
            file,
            uploaded=file.uploaded if file.uploaded is not None else (listed if name in told else whole),
            sha256=file.sha256 or (told[name].sha256 if name in told else ""),
        )
        for name, file in found.items()
    ]
    merged += [
        File(
            filename=name,
            kind=FileKind.WHEEL if name.endswith(".whl") else FileKind.SDIST,
            sha256=file.sha256,
            uploaded=listed,
        )
        for name, file in told.items()
        if name not in found
    ]
    if not merged:
        merged = [File(filename="", kind=FileKind.UNKNOWN, uploaded=listed)]
    return sorted(merged, key=lambda one: one.filename)


_Range = tuple[PackageName, tuple[str, ...], int, str]
_PLAIN, _URL, _UNREADABLE = range(3)


def _range_of(one: Requirement) -> _Range:
    kind = _UNREADABLE if one.unreadable else _URL if one.url else _PLAIN
    return (one.package, one.extras, kind, (one.specifier, one.url, one.unreadable)[kind])


def _needs(file: File) -> str:
    return needs_of(file.kind, file.filename, file.requires_python)


@lru_cache(maxsize=10_000)
def _admitted(specifier: str, versions: tuple[str, ...]) -> tuple[tuple[int, int], ...]:
    """Return the stretches of versions, in their order, that a specifier admits."""
    wanted = SpecifierSet(specifier)
    found: list[tuple[int, int]] = []
    for at, version in enumerate(versions):
        is_readable = release_version(version).parsed is not None
        if not (wanted.contains(version, prereleases=True) if is_readable else not specifier):
            continue
        if found and found[-1][1] == at:
            found[-1] = (found[-1][0], at + 1)
        else:
            found.append((at, at + 1))
    return tuple(found)


def _release_flags(one: _Release) -> int:
    version = release_version(one.key)
    flags = 0 if one.is_listed else port.RELEASE_GHOST
    flags |= port.RELEASE_LEGACY if one.is_legacy else 0
    flags |= port.RELEASE_PRERELEASE if version.parsed is not None and version.parsed.is_prerelease else 0
    if one.members is not None:
        flags |= port.RELEASE_REQUIREMENTS_NEAREST if one.is_borrowed else port.RELEASE_REQUIREMENTS_READ
        flags |= port.RELEASE_REQUIREMENTS_PARTIAL if one.is_partial else 0
    return flags


def _file_flags(file: File, *, is_told: bool) -> int:
    flags = 0 if file.uploaded is None else port.FILE_TIME_KNOWN | (port.FILE_TIME_GIVEN if is_told else 0)
    flags |= port.FILE_YANKED if file.yanked else 0
    flags |= 0 if file.yanked_since is None else port.FILE_YANK_DATED
    kinds = {FileKind.SDIST: port.FILE_SDIST, FileKind.WHEEL: port.FILE_WHEEL, FileKind.UNKNOWN: port.FILE_KIND_UNKNOWN}
    return flags | kinds.get(file.kind, 0)


def _range_flags(one: _Range) -> int:
    if one[2] == _URL:
        return port.RANGE_URL
    try:
        specifiers = SpecifierSet(one[3] if one[2] == _PLAIN else "???")
    except InvalidSpecifier:
        return port.RANGE_UNREADABLE
    single = list(specifiers)
    flags = port.RANGE_NAMES_PRERELEASE if specifiers.prereleases else 0
    if any(each.operator == "===" for each in single):
        flags |= port.RANGE_RAW
    if len(single) == 1 and single[0].operator in {"==", "==="} and not single[0].version.endswith(".*"):
        flags |= port.RANGE_PINNED
    return flags


def _ids(found: Iterable[int]) -> NDArray[Any]:
    """Return a column of ids, of whichever kind is asked for."""
    return _array(found, np.int32)


def _array(found: Iterable[int], kind: type[_Number]) -> NDArray[_Number]:
    made = np.array(list(found), dtype=kind)
    made.flags.writeable = False
    return made


def _offsets(counts: Sequence[int]) -> port.Offsets:
    return _array([0, *accumulate(counts)], np.int64)


def _csr(rows: Sequence[Sequence[_Row]]) -> tuple[port.Offsets, list[_Row]]:
    return _offsets([len(one) for one in rows]), [one for row in rows for one in row]
