"""The oracle of verdicts: what docs/semantics.md#verdicts means, in plain slow code over a `Fleet`.

Written from docs/semantics.md, and nothing here is shared with `graphkit.trace`: the walks are those of
`tests/property/oracle.py`. It judges services with one fixed environment, and no guards.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache, cached_property
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Final

from msgspec import Struct
from msgspec.structs import replace
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from graphkit.model.documents import Basis, Completeness, Component, Document, DocumentKind, InstallCommand
from graphkit.model.guards import Guards
from graphkit.model.incidents import CompromisedRelease, Incident, Reading
from graphkit.model.index import File, FileKind, Hidden
from graphkit.model.names import PackageName, package_name
from graphkit.model.organisation import Build, DocumentUse, Service
from graphkit.model.ranks import Verdict
from graphkit.model.requirements import Requirement
from graphkit.model.times import BEGINNING, FOREVER, Instant, Moment
from tests.property import oracle
from tests.property.fleets import HOUR, Fleet
from tests.property.worlds import Constrained, ReleaseKey, World, read_requirements

ORDER: Final = list(Verdict)
LISTINGS: Final = (DocumentKind.SBOM, DocumentKind.ENVIRONMENT)
AROUND: Final = 2 * HOUR
"""A build with a single time ran within this much of it (docs/semantics.md#precision)."""
LAG: Final = HOUR // 4
"""A removal counts this much later for clearing (docs/semantics.md#listing)."""
LOCKS: Final = frozenset({"uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "pylock.toml"})
PROJECTS: Final = frozenset({"pyproject.toml", "Pipfile"})
USUAL: Final = frozenset({"setuptools", "wheel", "pip"})
"""Of the usual backends and tools (docs/semantics.md#usual-tools) those that fleets name; no index here has them."""
MAYBE: Final = 'platform_release >= "5"'
"""A marker that nothing decides: what stands under it counts for `admitted` alone."""

Span = tuple[Instant, Instant]
Said = frozenset[Verdict]
"""The verdicts that docs/semantics.md allows: one, or two where a conflict leaves open what a resolver takes."""


class Judged(Struct, frozen=True, kw_only=True):
    """What is said of one build. ``what`` names it: a document, a lock, a build, or the unrecorded one."""

    what: str
    at: Moment | None
    said: Said


class State(Struct, frozen=True, kw_only=True):
    """A state of an input. ``may``: when it may have been in place; ``was``: when it surely was. Both half-open."""

    use: DocumentUse
    document: Document
    may: Span
    was: Span

    @property
    def line(self) -> tuple[str, str, str]:
        """Which input it is a state of: repository, branch, path."""
        return self.use.repository, self.use.branch, self.use.path


def worst(found: Iterable[Said]) -> Said:
    """Return the worst of several verdicts; of none `unknown`."""
    parts = list(found)
    if not parts:
        return frozenset({Verdict.UNKNOWN})
    best = min(max(map(ORDER.index, part)) for part in parts)
    return frozenset(one for part in parts for one in part if ORDER.index(one) <= best)


def just(verdict: Verdict) -> Said:
    """Return one verdict."""
    return frozenset({verdict})


UNKNOWN, CLEARED = just(Verdict.UNKNOWN), just(Verdict.CLEARED)


class Asked(Struct, frozen=True, kw_only=True):
    """What an install asks for: surely, perhaps (extras and groups that nobody spoke of), and within which bounds."""

    sure: Sequence[Requirement]
    maybe: Sequence[Requirement] = ()
    bounds: Sequence[Requirement] = ()

    @property
    def root(self) -> Constrained:
        """The same as the walks of the oracle take it."""
        return Constrained(
            texts=(*map(str, self.sure), *(str(replace(one, marker=MAYBE)) for one in self.maybe)),
            constraints=tuple(map(str, self.bounds)),
        )


class Judge(Struct, frozen=True, dict=True):
    """One incident under one reading, in its own window or the one that is asked for."""

    fleet: Fleet
    incident: Incident
    cropped: Span | None = None
    guards: Guards | None = None
    """Those that hold for what is judged."""

    @cached_property
    def window(self) -> Span:
        """The window of the question about this incident (docs/semantics.md#readings)."""
        reading = best_reading(self.incident)
        assert reading.start is not None
        assert reading.until is not None
        return self.cropped or (reading.start, reading.until)

    # What is accused (docs/semantics.md#obligation-a)

    @cached_property
    def accused(self) -> frozenset[ReleaseKey]:
        """Every accused release that is known, by itself or by a range."""
        found = {(one.package, one.version) for one in self.incident.releases if one.package is not None}
        for name, text in self.incident.ranges:
            found |= {(name, version) for version in self._packages.get(name, ()) if _in(text, version)}
        return frozenset(found)

    @cached_property
    def open(self) -> frozenset[PackageName]:
        """Packages of which it is not decided what is accused."""
        return frozenset(one.package for one in self.incident.undecided if one.package is not None)

    @cached_property
    def of_nothing(self) -> frozenset[PackageName]:
        """Packages accused by a range in which no release is known."""
        return frozenset(
            name
            for name, text in self.incident.ranges
            if not any(_in(text, version) for version in self._packages.get(name, ()))
        )

    @cached_property
    def is_decided(self) -> bool:
        """Whether the accusation is about what it names, and not perhaps about anything."""
        return all(one.package is not None or one.purl or one.name for one in self.incident.undecided)

    def is_accused(self, name: PackageName, version: str) -> bool:
        """Whether a version is accused, known to the index or not."""
        if any(one.package == name and Version(one.version) == Version(version) for one in self.incident.releases):
            return True
        return any(package == name and _in(text, version) for package, text in self.incident.ranges)

    @cached_property
    def packages_accused(self) -> frozenset[PackageName]:
        """Packages that are accused, wholly or in part."""
        found = {one.package for one in self.incident.releases if one.package is not None}
        return frozenset(found | {name for name, _ in self.incident.ranges})

    def _release(self, name: PackageName, version: str) -> CompromisedRelease | None:
        for one in self.incident.releases:
            if one.package == name and Version(one.version) == Version(version):
                return one
        return None

    def is_mixed(self, name: PackageName, version: str) -> bool:
        """Whether only some files of an accused release are bad, and nothing else accuses all of it."""
        release = self._release(name, version)
        return release is not None and not release.whole

    @cached_property
    def bad_hashes(self) -> dict[str, ReleaseKey]:
        """The release of every bad file whose hash is known."""
        return {
            file.sha256: (one.package, one.version)
            for one in self.incident.releases
            if one.package is not None
            for file in one.files
            if file.sha256
        }

    def good_hashes(self, name: PackageName, version: str) -> frozenset[str]:
        """Return the hashes of the files that are known of a release, less those of bad ones."""
        files = self._packages.get(name, {}).get(version, ())
        return frozenset(file.sha256 for file in files if file.sha256) - self.bad_hashes.keys()

    # The index, as the best reading of every incident has it (docs/semantics.md#offers)

    @cached_property
    def _packages(self) -> dict[PackageName, dict[str, tuple[File, ...]]]:
        found: dict[PackageName, dict[str, dict[str, File]]] = {}
        for page in self.fleet.pages:
            for release in page.releases:
                files = found.setdefault(page.package, {}).setdefault(release.version, {})
                files.update({file.filename: file for file in release.files})
        for name, version in self.fleet.requirements:
            found.setdefault(name, {}).setdefault(version, {})
        for incident in self.fleet.incidents:
            for one in incident.releases:
                assert one.package is not None
                files = found.setdefault(one.package, {}).setdefault(one.version, {})
                told = {file.filename: file.sha256 for file in one.files}
                for filename, file in list(files.items()):
                    if file.uploaded is None and (one.whole or filename in told):
                        files[filename] = replace(file, uploaded=one.listed_from)
                for filename, sha256 in told.items():
                    ghost = File(filename=filename, kind=FileKind.SDIST, sha256=sha256, uploaded=one.listed_from)
                    files.setdefault(filename, ghost)
                if not files:
                    files[""] = File(filename="", kind=FileKind.UNKNOWN, uploaded=one.listed_from)
        return {
            name: {version: tuple(files.values()) for version, files in releases.items()}
            for name, releases in found.items()
        }

    @cached_property
    def _undated(self) -> frozenset[str]:
        """The names of files that a page lists without a time: one of theirs is what an incident says alone."""
        releases = (one for page in self.fleet.pages for one in page.releases)
        return frozenset(file.filename for one in releases for file in one.files if file.uploaded is None)

    @cached_property
    def _texts(self) -> dict[ReleaseKey, tuple[str, ...] | None]:
        """The requirements of every release; a ghost's may be guessed from the nearest earlier release."""
        known = dict(self.fleet.requirements)
        for key in self.fleet.unreadable:
            known[key] = (*(known[key] or ()), "???")
        found = dict(known)
        for key in self._guessed:
            earlier = [
                version
                for version in self._packages[key[0]]
                if known.get((key[0], version)) is not None and Version(version) < Version(key[1])
            ]
            finals = [version for version in earlier if not Version(version).is_prerelease]
            found[key] = known[key[0], max(finals or earlier, key=Version)] if earlier else None
        return found

    @cached_property
    def _guessed(self) -> frozenset[ReleaseKey]:
        """Ghosts and accused releases whose requirements nobody read."""
        newest = {page.package: page for page in sorted(self.fleet.pages, key=lambda one: one.read_at)}
        listed = {(name, release.version) for name, page in newest.items() for release in page.releases}
        bad = {(one.package, one.version) for incident in self.fleet.incidents for one in incident.releases}
        every = {(name, version) for name, releases in self._packages.items() for version in releases}
        return frozenset(
            key for key in every if self.fleet.requirements.get(key) is None and (key in bad or key not in listed)
        )

    @cached_property
    def _required(self) -> dict[ReleaseKey, tuple[str, ...] | None]:
        """The same after overrides: an extra goes on holding, the rest of what asked is replaced."""
        found: dict[ReleaseKey, tuple[str, ...] | None] = {}
        for key, texts in self._texts.items():
            read, unreadable = read_requirements(texts)
            told = tuple(str(new) for one in read for new in self._instead(one))
            found[key] = (
                texts if texts is None or not self.guards else (*told, *("???" for _ in range(bool(unreadable))))
            )
        return found

    def _instead(self, one: Requirement) -> list[Requirement]:
        """Return what is asked in the place of a requirement: itself where nothing overrides it."""
        overrides = [new for new in (self.guards.overrides if self.guards else ()) if new.package == one.package]
        if not overrides:
            return [one]
        kept = [part for part in ('extra == "more"', '"dev" in dependency_groups') if part in one.marker]
        return [replace(new, marker=" and ".join(filter(None, (*kept, new.marker)))) for new in overrides]

    @cached_property
    def speaks_until(self) -> dict[PackageName, Instant]:
        """Until when the pages of a package speak; absent where none that lists files was read.

        Contract: docs/semantics.md#index-pages.
        """
        found: dict[PackageName, Instant] = {}
        for page in self.fleet.pages:
            if page.found and page.status != "quarantined" and any(one.files for one in page.releases):
                found[page.package] = max(found.get(page.package, 0), page.read_at)
        return found

    @cached_property
    def hidden(self) -> tuple[Hidden, ...]:
        """When accused releases were gone for good, each by its own incident's best reading."""
        return tuple(
            Hidden(package=one.package, version=one.version, start=reading.until, until=FOREVER)
            for incident in self.fleet.incidents
            for reading in (best_reading(incident),)
            for one in incident.releases
            if one.package is not None and reading.until is not None
        )

    @cached_property
    def world(self) -> World:
        """The index as the oracle of walks takes it."""
        return World(
            packages=self._packages,
            requirements=self._required,
            compromised=tuple(sorted(self.accused)),
            window=(BEGINNING, FOREVER),
            told_alone=self._undated,
            guards=self.guards,
            pages_read=frozenset(self.speaks_until),
            hidden=self.hidden,
        )

    def instants(self, span: Span) -> list[Instant]:
        """Return the start of a stretch and every later instant in it at which a listing or yank changes."""
        files = [file for releases in self._packages.values() for held in releases.values() for file in held]
        times = [file.uploaded for file in files if file.uploaded is not None]
        if self.guards:
            ages = {one.age for one in (self.guards.cut_off, *dict(self.guards.cut_offs).values()) if one and one.age}
            times += [at + age + 1 for at in times for age in ages]
        times += [file.yanked_since for file in files if file.yanked_since is not None]
        times += [at for gap in self.hidden for at in (gap.start, gap.until)]
        return sorted({span[0], *(at for at in times if span[0] < at < span[1])})

    @cached_property
    def first_upload(self) -> Instant | None:
        """The earliest upload of an accused file by any account, None where one of their times is not known (p)."""
        return None if self.incident.undecided else self.first_upload_of(self.packages_accused)

    def first_upload_of(self, packages: Collection[PackageName]) -> Instant | None:
        """Return the earliest upload of an accused file of some packages by any account."""
        found: list[Instant] = []
        for package in {package for package, _ in self.incident.ranges if package in packages}:
            if package not in self.speaks_until or package in self.of_nothing:  # what is in the range is not known
                return None
            found.append(self.speaks_until[package])
        if (start := best_reading(self.incident).start) is not None:
            found.append(start)
        for one in self.incident.releases:
            assert one.package is not None
            if one.package not in packages:
                continue
            if not any(page.package == one.package for page in self.fleet.pages):
                return None  # the index was not asked
            files = self._packages[one.package][one.version]
            bad = {file.sha256 for file in one.files}
            if not one.whole and bad and "" not in bad:
                files = tuple(file for file in files if not file.sha256 or file.sha256 in bad)
            times = [None if file.filename in self._undated else file.uploaded for file in files]
            if not times or None in times:
                return None
            found += [at for at in times if at is not None]
            if (read := self._read_without(one.package, one.version)) is not None:
                found.append(read)  # what came after that is not known from the page
            if one.listed_from is not None:
                found.append(one.listed_from)
            else:
                found += [reading.start for reading in self.incident.readings if reading.start is not None]
        return min(found, default=None)

    def _read_without(self, package: PackageName, version: str) -> Instant | None:
        """Return until when the pages of a package speak, where none lists a file of a release, and none is gone."""
        pages = [page for page in self.fleet.pages if page.package == package]
        newest = max(pages, key=lambda page: page.read_at)
        is_gone = not newest.found or newest.status == "quarantined" or not any(one.files for one in newest.releases)
        is_listed = any(one.files for page in pages for one in page.releases if one.version == version)
        return None if is_gone or is_listed else self.speaks_until.get(package)

    # Rows (docs/semantics.md#obligation-d)

    def row(self, row: Component, document: Document) -> Said | None:
        """Return what one row shows, None where it is another release or package."""
        if bad := set(row.sha256) & self.bad_hashes.keys():
            keys = {self.bad_hashes[one] for one in bad}
            rest = set(row.sha256) - bad
            if all(self.is_mixed(*key) for key in keys) and any(rest & self.good_hashes(*key) for key in keys):
                return just(Verdict.ADMITTED)
            return just(Verdict.OBSERVED)
        if row.package is None:
            name = package_name(row.name)
            if name in self.open:
                return UNKNOWN
            return UNKNOWN if name in self.packages_accused and self.is_accused(name, row.version) else None
        name = row.package
        if row.version and self.is_accused(name, row.version):
            return self._row_of(row, name)
        if not row.version and name in self.packages_accused:
            return UNKNOWN
        return UNKNOWN if name in self.open else None

    def _row_of(self, row: Component, name: PackageName) -> Said | None:
        if name in self.fleet.private_packages:
            return UNKNOWN
        if not self.is_mixed(name, row.version):
            return just(Verdict.OBSERVED)
        if not row.sha256:
            return just(Verdict.ADMITTED)
        return None if set(row.sha256) <= self.good_hashes(name, row.version) else UNKNOWN

    def listing(self, document: Document, service: Service) -> Said:
        """Return what a document says of what was installed, whatever its date: obligations (d) and (f) to (i)."""
        subject = _subject_of(document)
        said = [self._row_or_carried(row, document) for row in document.components if row.ref != subject]
        exposing = [one for one in said if one is not None and one != UNKNOWN]
        if exposing:
            return worst(exposing)
        described = [self.row(row, document) for row in document.components if row.ref == subject]
        is_open = UNKNOWN in said or any(one is not None for one in described) or not document.covers_python
        if is_open or (document.kind is DocumentKind.SBOM and document.basis is Basis.LISTED):
            return UNKNOWN
        if set(document.not_covered) & (self.packages_accused | self.open):
            return UNKNOWN
        if document.completeness is Completeness.COMPLETE:
            return CLEARED
        if document.completeness is Completeness.INCOMPLETE:
            return UNKNOWN
        tools = {one.split(" ")[0] for one in document.generator}
        by_tool = any(
            one.tool in tools and (not one.source or document.source_kind in {"", one.source})
            for one in service.complete_from
        )
        uses = [one for one in self.uses_of(service) if one.document == document.sha256]
        return CLEARED if by_tool or any(one.is_complete for one in uses) else UNKNOWN

    @cached_property
    def carriers(self) -> dict[ReleaseKey, Said]:
        """The releases whose own SBOMs show an accused one, over any number of steps.

        Contract: docs/semantics.md#in-house-packages.
        """
        found: dict[ReleaseKey, Said] = {}
        while True:
            more: dict[ReleaseKey, Said] = {}
            for document in self.fleet.documents:
                subject = _subject_of(document)
                about = next((row for row in document.components if row.ref == subject), None)
                if document.kind is not DocumentKind.SBOM or about is None:
                    continue
                rows = [row for row in document.components if row.ref != subject]
                said = [one for row in rows for one in (self.row(row, document), self._carried(row, found)) if one]
                if said:
                    key = (PackageName(canonicalize_name(about.name)), about.version)
                    shows = worst(said) if about.version else UNKNOWN
                    more[key] = worst([shows, *([more[key]] if key in more else [])])
            if more == found:
                return found
            found = more

    def _carries(self, name: PackageName, version: str) -> bool:
        """Return whether a release of the index carries an accused one by its own SBOM, or may."""
        return any(
            package == name and (not known or Version(known) == Version(version)) for package, known in self.carriers
        )

    def _row_or_carried(self, row: Component, document: Document) -> Said | None:
        said = [one for one in (self.row(row, document), self._carried(row, self.carriers)) if one is not None]
        return worst(said) if said else None

    def _carried(self, row: Component, carriers: Mapping[ReleaseKey, Said]) -> Said | None:
        """Return what a row says of a release that carries an accused one."""
        name = PackageName(canonicalize_name(row.name))
        known = {version: said for (package, version), said in carriers.items() if package == name}
        if not known or (row.version and row.version not in known and "" not in known):
            return None
        said = known.get(row.version or "", UNKNOWN)
        return said if row.version and row.package is not None else UNKNOWN

    # The service (docs/semantics.md#builds)

    def uses_of(self, service: Service) -> list[DocumentUse]:
        """Return the uses of a service, and of inputs of others from which its scripts install."""
        own = [use for use in self.fleet.uses if use.service == service.id]
        more: list[DocumentUse] = []
        for script in own:
            commands = self.fleet.document(script.document).commands if script.repository else ()
            named = {name for command in commands for name in command.inputs}
            names = {*named, *(PROJECTS if named & LOCKS else ())}
            paths = {PurePosixPath(script.path).parent / name for name in names}
            more += [
                replace(one, service=service.id)
                for one in self.fleet.uses
                if PurePosixPath(one.path) in paths and _lies_with(one, script) and self._is_of_others(one, script)
            ]
        return [*own, *dict.fromkeys(more)]

    def _is_of_others(self, one: DocumentUse, script: DocumentUse) -> bool:
        """Return whether no service that has a script has an input, of whatever time and branch."""
        owners = [
            {use.service for use in self.fleet.uses if use.path == at.path and _lies_with(use, script)}
            for at in (one, script)
        ]
        return owners[0].isdisjoint(owners[1])

    def service(self, service: Service) -> list[Judged]:
        """Return every build of a service with its verdict; where there is none, nothing."""
        found: list[Judged] = []
        uses = self.uses_of(service)
        states = states_of([use for use in uses if _counts(service, use)], self.fleet)
        used: dict[tuple[Moment, str, str], list[DocumentUse]] = {}
        for use in uses:
            document = self.fleet.document(use.document)
            if document.kind in LISTINGS:
                at = use.built_at or document.created
                found.append(Judged(what=use.path, at=at, said=self.recorded(service, use, document, states)))
            elif use.built_at is not None:
                used.setdefault((use.built_at, use.repository, use.branch), []).append(use)
        for (at, _, _), together in used.items():  # the names of fleets are such that no lock governs a manifest here
            builds = [Build(service=service.id, at=at, lock=use.document) for use in together]
            said = worst(self.named(service, build, states) for build in builds)
            found.append(Judged(what=together[0].path, at=at, said=said))
        for state in states:
            if state.document.kind is DocumentKind.LOCK:
                said = self.listing(state.document, service)
                if said == just(Verdict.OBSERVED):
                    at = state.use.stands_from or state.document.created
                    found.append(Judged(what=state.use.path, at=at, said=said))
        found += [
            Judged(what="a build", at=build.at, said=self.named(service, build, states))
            for build in self.fleet.builds
            if build.service == service.id
        ]
        if service.is_never_built:
            found.append(Judged(what="never built", at=None, said=CLEARED if self.is_decided else UNKNOWN))
        elif not service.builds_complete:
            said = self.unrecorded(service, states, self.window)
            found.append(Judged(what="the unrecorded build", at=None, said=said))
        return found

    def recorded(self, service: Service, use: DocumentUse, document: Document, states: Sequence[State]) -> Said:
        """Return the verdict of the build that a listing describes, and of what building the project took then."""
        said = self.listing(document, service)
        at = use.built_at or document.created
        records = use.built_at or (document.created if document.basis is not Basis.LISTED else None)
        if said in (UNKNOWN, CLEARED):
            if records is not None and not self._is_subject(document) and self._ended_before(records.latest + AROUND):
                return CLEARED
            said = said if at is not None and self.is_decided else UNKNOWN
        if at is None:
            return said
        ran = (at.earliest - AROUND, at.latest + AROUND + 1)
        return worst([said, *self._building(service, _in_place(states, ran), ran)])

    def _building(self, service: Service, manifests: Iterable[Document], ran: Span) -> Iterator[Said]:
        """Yield what building the projects takes of some manifests."""
        for one in manifests:
            if one.kind is DocumentKind.MANIFEST and one.build_requires:
                yield self.manifest(service, one, ran, is_known=True, is_governed=True)

    def _ended_before(self, latest: Instant) -> bool:
        return self.is_decided and self.first_upload is not None and latest < self.first_upload

    def named(self, service: Service, build: Build, states: Sequence[State]) -> Said:
        """Return the verdict of a build that the organisation names."""
        start = build.at.earliest - AROUND if build.started is None else build.started.earliest
        last = build.at.latest + AROUND if build.ended is None else build.ended.latest
        ran = (start, max(start, last) + 1)
        given = [self.fleet.document(one) for one in (build.document, build.lock) if one]
        manifest = self.fleet.document(build.manifest) if build.manifest else None
        if manifest is not None and manifest.kind is not DocumentKind.MANIFEST:
            given, manifest = [*given, manifest], None
        listings = [one for one in given if one.kind in LISTINGS]
        inputs = [one for one in given if one.kind not in LISTINGS]
        parts = [self._by_document(service, one, ran, states) for one in given]
        if not given and manifest is not None:
            inputs = [manifest]
            parts.append(self._by_document(service, manifest, ran, states))
        elif inputs and manifest is not None:
            for one in inputs:
                is_governed = _satisfies(one, manifest, service)
                guards = _of_build(service, manifest, states, ran)
                parts.append(
                    self.manifest(service, manifest, ran, is_known=True, is_governed=is_governed, guards=guards)
                )
        built = [one for one in _in_place(states, ran) if one is not manifest] if given else []
        if not all(one.kind is DocumentKind.LOCK for one in inputs):
            built = []
        if manifest is not None and given and not inputs:
            built.append(manifest)
        parts += self._building(service, built, ran)
        if inputs:
            parts.append(self._by_scripts(service, states, ran))
        exposing = [one for one in parts if one not in (UNKNOWN, CLEARED)]
        if exposing:
            return worst(parts)
        if self._ended_before(ran[1] - 1) and not any(self._is_subject(one) for one in listings):
            return CLEARED
        return worst(parts) if parts else self.unrecorded(service, states, ran)

    def _is_subject(self, document: Document) -> bool:
        """Return whether a document is about an accused release itself, or about one that may be."""
        subject = _subject_of(document)
        return any(row.ref == subject and self.row(row, document) is not None for row in document.components)

    def _by_scripts(self, service: Service, states: Sequence[State], span: Span) -> Said:
        """Return whether files in place leave a build open."""
        here = [one for one in states if one.may[0] < span[1] and span[0] < one.may[1]]
        is_open = any(
            self._leaves_open(command, span) or _names_nobody(command, _names_beside(state, here))
            for state in here
            for command in state.document.commands
        )
        return UNKNOWN if is_open else CLEARED

    def _by_document(self, service: Service, document: Document, ran: Span, states: Sequence[State]) -> Said:
        if document.kind is DocumentKind.MANIFEST:
            guards = _of_build(service, document, states, ran)
            return self.manifest(service, document, ran, is_known=True, is_governed=False, guards=guards)
        said = self.listing(document, service)
        return UNKNOWN if said == CLEARED and not self.is_decided else said

    def unrecorded(self, service: Service, states: Sequence[State], span: Span) -> Said:
        """Return the verdict of a build at any instant of a span, by every input that stood then."""
        if span == self.window and self.first_upload is not None and self.is_decided:
            # Before the first accused upload there was nothing to take.
            if self.first_upload >= span[1]:
                return CLEARED
            span = (max(span[0], self.first_upload), span[1])
        edges = {at for state in states for at in (*state.may, *state.was) if span[0] < at < span[1]}
        parts = [self._stretch(service, states, one) for one in pairwise(sorted({*span, *edges}))]
        return worst(parts)

    def _stretch(self, service: Service, states: Sequence[State], span: Span) -> Said:
        here = [one for one in states if one.may[0] < span[1] and span[0] < one.may[1]]
        inputs = [one for one in here if one.document.kind is not DocumentKind.SCRIPT]
        if not inputs:
            return UNKNOWN
        known = {name for one in states for name in (one.use.path, f"{one.use.repository}/{one.use.path}")}
        is_known = set(service.installs_from or ()) <= known
        is_known &= all(one.was[0] <= span[0] and span[1] <= one.was[1] for one in here) and all(
            _is_absent(states, line, span) for line in {one.line for one in states} - {one.line for one in here}
        )
        parts: list[Said] = []
        for state in inputs:
            if state.document.kind is DocumentKind.LOCK:
                said = self.listing(state.document, service)
                parts.append(said if said != CLEARED or (is_known and self.is_decided) else UNKNOWN)
                continue
            stood = [one for one in inputs if one.was[0] <= span[0] and span[1] <= one.was[1]]
            is_governed = state in stood and any(_governs(lock, state, service) for lock in stood)
            is_governed = is_governed and not _is_passed_by(here, state)
            guards = _in_force(service, state, here)
            parts.append(
                self.manifest(service, state.document, span, is_known=is_known, is_governed=is_governed, guards=guards)
            )
        parts.append(self._by_scripts(service, here, span))
        return worst(parts)

    def _leaves_open(self, command: InstallCommand, span: Span) -> bool:
        """Return whether an install command may install what no input says."""
        if command.unreadable:
            return True
        for one in command.requirements:
            if one.package in USUAL:
                continue
            if one.package in self.packages_accused | self.open:
                return True
            closure = self.closure(Asked(sure=[one]), span, is_timeless=True)
            strange = {*self.fleet.private_packages, *self.open, *self.of_nothing, *(name for name, _ in self.carriers)}
            if closure.hits or closure.unread or closure.names & strange:
                return True
        return False

    # The walk and the bar (docs/semantics.md#clearance)

    def manifest(
        self,
        service: Service,
        manifest: Document,
        span: Span,
        *,
        is_known: bool,
        is_governed: bool,
        guards: Guards | None = None,
    ) -> Said:
        """Return the verdict of installs from a manifest over a stretch."""
        parts: list[Said] = []
        if not is_governed:
            known = manifest.guards
            is_open = guards is None and known is not None and service.resolver in {"", known.installer}
            ways = [guards, known] if known is not None and known.overrides and is_open else [guards]
            judges = [replace(self, guards=way) if way else self for way in ways]
            parts += [judge.resolving(service, manifest, span, is_known=is_known) for judge in judges]
            if all(part >= CLEARED for part in parts):
                parts += judges[0].groups_alone(service, manifest, span, is_known=is_known)
        unusual = [one for one in manifest.build_requires or () if one.package not in USUAL]
        if unusual:
            bare = replace(manifest, completeness=Completeness.COMPLETE)
            parts.append(self.walk(service, bare, Asked(sure=unusual), span, is_known=is_known))
        if not parts:
            return CLEARED if is_known and self.is_decided else UNKNOWN
        return worst(parts)

    def resolving(self, service: Service, manifest: Document, span: Span, *, is_known: bool) -> Said:
        """Return the verdict of what a manifest requires, under guards if there are any."""
        required = [new for one in manifest.requirements for new in self._instead(one)]
        sure, maybe = _taken(required, service)
        bounds, _ = _taken((*manifest.constraints, *(self.guards.constraints if self.guards else ())), service)
        return self.walk(service, manifest, Asked(sure=sure, maybe=maybe, bounds=bounds), span, is_known=is_known)

    def groups_alone(self, service: Service, manifest: Document, span: Span, *, is_known: bool) -> Iterator[Said]:
        """Yield what groups say that are installed without their project, where one reaches a target by itself."""
        alone = [replace(one, marker="") for one in manifest.requirements if one.marker == '"dev" in dependency_groups']
        alone = [new for one in alone for new in self._instead(one)]
        if not alone or not (service.groups is None or "dev" in service.groups):
            return
        bounds, _ = _taken((*manifest.constraints, *(self.guards.constraints if self.guards else ())), service)
        asked = Asked(sure=alone, bounds=bounds)
        is_named = any(one.package in self.packages_accused | self.open for one in alone)
        if is_named or self.closure(asked, span, is_timeless=True).hits:
            said = self.walk(service, manifest, asked, span, is_known=is_known)
            yield frozenset(Verdict.ADMITTED if one is Verdict.PICKED else one for one in said)

    def walk(self, service: Service, manifest: Document, asked: Asked, span: Span, *, is_known: bool) -> Said:
        """Return what an install takes, may take, or cannot take over a stretch."""
        environment, profile = service.environment, _profile_of(service)
        assert environment is not None
        whole = replace(self.world, compromised=tuple(key for key in self.world.compromised if not self.is_mixed(*key)))
        at = self.instants(span)
        walks = [(asked.root, one, environment, profile) for one in at]
        if any(oracle.picked(whole, *one) for one in walks):
            return just(Verdict.PICKED)
        may_pick = any(oracle.may_pick(whole, *one) for one in walks)
        if any(oracle.admitted(self.world, *one) for one in walks):
            return frozenset({Verdict.ADMITTED, Verdict.PICKED}) if may_pick else just(Verdict.ADMITTED)
        if not is_known or not self.is_decided:
            return UNKNOWN
        if self._is_barred(service, manifest, (*asked.sure, *asked.bounds), span):
            return CLEARED
        return self._ruled_out(service, manifest, asked, span)

    def _is_barred(self, service: Service, manifest: Document, binding: Sequence[Requirement], span: Span) -> bool:
        """Whether what binds every resolution admits no accused release: obligations (e) and (o)."""
        if manifest.completeness is not Completeness.COMPLETE:
            return False
        overrides = self.guards.overrides if self.guards else ()
        if set(manifest.indexes) & set(self.fleet.private_indexes):
            return False
        if self.packages_accused & set(self.fleet.private_packages):
            return False
        for name in {*self.packages_accused, *self.open}:
            if name not in self.open and self._is_cut_off(name, span):
                continue
            own = [one for one in binding if one.package == name and not one.marker]
            own += [one for one in binding if one.package == name and one.marker and self._holds(service, one)]
            texts = [one.specifier for one in own if one.specifier]
            bad = [f"=={one.version}" for one in self.incident.releases if one.package == name]
            bad += [text for package, text in self.incident.ranges if package == name]
            bad += [""] if name in self.open else []  # any of its releases may be
            instead = [one for one in overrides if one.package == name]
            if instead:  # nothing asks for it where none of them applies, else each has to exclude it
                constraints = {*manifest.constraints, *(self.guards.constraints if self.guards else ())}
                bounds = [one.specifier for one in own if one in constraints]
                applied = [one for one in instead if oracle.is_active(one.marker, "", oracle.DEFAULT) is not False]
                joined = [",".join(filter(None, (*bounds, one.specifier))) for one in applied]
            else:
                joined = [",".join(texts)]
            if not all(text and _excludes(text, other) for text in joined for other in bad):
                return False
        return True

    def _is_cut_off(self, name: PackageName, span: Span) -> bool:
        """Whether a cut-off keeps every accused file of a package out at every instant of a span."""
        cut_off, first = self.guards.cut_off_of(name) if self.guards else None, self.first_upload_of({name})
        if cut_off is None or first is None:
            return False
        return first >= cut_off.at.latest if cut_off.at is not None else first >= span[1] - 1 - (cut_off.age or 0)

    def _holds(self, service: Service, one: Requirement) -> bool:
        assert service.environment is not None
        return oracle.is_active(one.marker, "", service.environment) is True

    def _ruled_out(self, service: Service, manifest: Document, asked: Asked, span: Span) -> Said:
        """Return whether a closure, with time or without, was read completely and does not reach a target."""
        if manifest.completeness is not Completeness.COMPLETE:
            return UNKNOWN
        assert service.environment is not None
        stuck = any(
            oracle.forward(
                self.world, asked.root, at, service.environment, _profile_of(service), uncertain_in=account
            ).unresolvable
            for at in self.instants(span)
            for account in oracle.BOTH
        )
        for is_timeless in (True, False):
            closure = self.closure(asked, span, is_timeless=is_timeless)
            if (
                closure.hits
                or any(self._carries(*key) for key in closure.releases)
                or closure.unread
                or closure.names & {*self.fleet.private_packages, *self.open, *self.of_nothing}
            ):
                continue
            if not is_timeless and (stuck or closure.stuck):
                continue
            if self._is_public(service, manifest, is_timeless=is_timeless):
                return CLEARED
        return UNKNOWN

    def _is_public(self, service: Service, manifest: Document, *, is_timeless: bool) -> bool:
        """Obligation (n)."""
        if set(manifest.indexes) & set(self.fleet.private_indexes):
            return False
        return not manifest.indexes or is_timeless

    def closure(self, asked: Asked, span: Span, *, is_timeless: bool) -> Closure:
        """Return every release that ranges allow from a root on: ever known, or listed at some time of a stretch."""
        env = oracle.DEFAULT
        active = [one for one in asked.sure if oracle.is_active(one.marker, "", env) is not False]
        binding = [one for one in (*asked.sure, *asked.bounds) if oracle.is_active(one.marker, "", env) is True]
        todo = [*active, *asked.maybe]
        seen: set[ReleaseKey] = set()
        names: set[PackageName] = set()
        hits = unread = stuck = False
        for one in todo:  # grows
            names.add(one.package)
            if self.speaks_until.get(one.package, BEGINNING) < span[1]:
                unread = True
            fits = [
                version
                for version in self._packages.get(one.package, ())
                if _in(one.specifier, version)
                and all(_in(bound.specifier, version) for bound in binding if bound.package == one.package)
                and (is_timeless or self._was_listed(one.package, version, span))
            ]
            stuck |= not fits
            for key in ((one.package, version) for version in fits):
                if key in seen:
                    continue
                seen.add(key)
                hits |= key in self.accused
                texts = self._required.get(key)
                unread |= texts is None or key in self._guessed or bool(read_requirements(texts)[1])
                todo += [
                    wanted
                    for wanted in read_requirements(texts)[0]
                    if oracle.is_active(wanted.marker, "", env) is not False
                ]
        return Closure(hits=hits, unread=unread, stuck=stuck, names=frozenset(names), releases=frozenset(seen))

    def _was_listed(self, name: PackageName, version: str, span: Span) -> bool:
        """Whether a release was listed at some time of a stretch by any account; a removal counts later."""
        return any(oracle.listed(self.world, name, version, at) for at in self.instants((span[0] - LAG, span[1])))


class Closure(Struct, frozen=True, kw_only=True):
    """What a root can reach, and whether all of it was read."""

    hits: bool
    unread: bool
    stuck: bool
    names: frozenset[PackageName]
    releases: frozenset[ReleaseKey]


def best_reading(incident: Incident) -> Reading:
    """Return the reading that answers: the preferred one, else the first."""
    return next((one for one in incident.readings if one.preferred), incident.readings[0])


def _profile_of(service: Service) -> oracle.Profile:
    return "pip" if service.resolver == "pip" else "uv"


@cache
def _in(specifier: str, version: str) -> bool:
    return SpecifierSet(specifier).contains(version, prereleases=True)


def _excludes(own: str, bad: str) -> bool:
    """Return whether two ranges have no version in common, tried on every version that matters here."""
    versions = [f"{release}{suffix}" for release in range(12) for suffix in ("", "rc1", ".dev1", ".post1", ".1")]
    return not any(_in(own, version) and _in(bad, version) for version in versions)


def _counts(service: Service, use: DocumentUse) -> bool:
    chosen = service.installs_from
    return chosen is None or use.path in chosen or f"{use.repository}/{use.path}" in chosen


def _taken(requirements: Iterable[Requirement], service: Service) -> tuple[list[Requirement], list[Requirement]]:
    """Return what an install surely asks for, and what it may: extras and groups that nobody spoke of (k)."""
    sure: list[Requirement] = []
    maybe: list[Requirement] = []
    for one in requirements:
        if "extra ==" in one.marker:
            maybe += [one] if service.extras is None else []
        elif "dependency_groups" in one.marker:
            maybe += [one] if service.groups is None else []
        else:
            sure.append(one)
    return sure, maybe


# What was in place when (docs/semantics.md#in-place)


def _lies_with(one: DocumentUse, script: DocumentUse) -> bool:
    return (one.repository, one.built_at) == (script.repository, script.built_at)


def states_of(uses: Iterable[DocumentUse], fleet: Fleet) -> list[State]:
    """Return the states of the inputs among some uses."""
    lines: dict[tuple[str, str, str], list[DocumentUse]] = {}
    for use in uses:
        if fleet.document(use.document).kind not in LISTINGS and use.built_at is None:
            lines.setdefault((use.repository, use.branch, use.path), []).append(use)
    return [
        State(use=use, document=fleet.document(use.document), may=_may(use, members), was=_was(use, members))
        for members in lines.values()
        for use in members
    ]


def _may(use: DocumentUse, members: Sequence[DocumentUse]) -> Span:
    """For exposure a state stands until it is known to be replaced."""
    if use.stands_from is None:
        return BEGINNING, FOREVER
    # Only what surely came later has surely taken its place.
    ends = [
        other.stands_from.latest
        for other in members
        if other.stands_from is not None and other.stands_from.earliest > use.stands_from.latest
    ]
    if use.stands_until is not None:
        ends.append(use.stands_until.latest)
    return use.stands_from.earliest, min(ends, default=FOREVER)


def _was(use: DocumentUse, members: Sequence[DocumentUse]) -> Span:
    """For clearance it stands from when it had surely come until it was last known to stand, or may have been replaced.

    Where nothing is known of an end it stood at that one instant.
    """
    if use.stands_from is None:
        at = FOREVER if use.read_at is None else use.read_at.earliest
        return at, at if use.read_at is None else use.read_at.earliest + 1
    since = use.stands_from.latest
    ends = [
        max(other.stands_from.earliest, since)
        for other in members
        if other is not use and other.stands_from is not None and other.stands_from.latest > use.stands_from.earliest
    ]
    if use.stands_until is not None:
        ends.append(use.stands_until.earliest)
    if not ends:
        ends = [since if use.read_at is None else use.read_at.earliest + 1]
    return since, max(since, min(ends))


def _is_absent(states: Sequence[State], line: tuple[str, str, str], span: Span) -> bool:
    """Return whether it is shown that an input of other times was not there in a stretch."""
    known = [one for one in states if one.line == line]
    before = [one for one in known if one.may[1] <= span[0]]
    after = [one for one in known if one.may[0] >= span[1]]
    newest = max(before, key=lambda one: one.may[1], default=None)
    oldest = min(after, key=lambda one: one.may[0], default=None)
    if newest is not None:  # its end left nothing there until the next known state
        return newest.use.is_last
    return oldest is None or oldest.use.is_first


def _governs(lock: State, manifest: State, service: Service) -> bool:
    """Return whether a lock was made from a manifest and satisfies it."""
    if lock.document.kind is not DocumentKind.LOCK or lock.line[:2] != manifest.line[:2]:
        return False
    folder = PurePosixPath(lock.use.path).parent
    if PurePosixPath(manifest.use.path) not in {folder / name for name in lock.document.governs}:
        return False
    return _satisfies(lock.document, manifest.document, service)


def _satisfies(lock: Document, manifest: Document, service: Service) -> bool:
    """Return whether a lock lists all that a manifest requires; of extras and groups what may be installed."""
    sure, maybe = _taken(manifest.requirements, service)
    overrides = manifest.guards.overrides if manifest.guards else ()
    for one in overrides:  # takes the place of whatever asks for its package
        versions = [row.version for row in lock.components if row.package == one.package]
        is_asked = not one.marker and any(other.package == one.package for other in (*sure, *maybe))
        if (versions or is_asked) and not any(_in(one.specifier, version) for version in versions):
            return False
    for one in (*sure, *maybe):
        if any(other.package == one.package for other in overrides):
            continue
        versions = [row.version for row in lock.components if row.package == one.package]
        is_of_project = "extra" in one.marker or "dependency_groups" in one.marker
        if not versions and lock.is_of_one_environment and one.marker and not is_of_project:
            continue
        if not any(_in(one.specifier, version) for version in versions):
            return False
    return True


def _subject_of(document: Document) -> str | None:
    """Return the row that a document is about: a root that goes by the document's subject."""
    roots = set(document.roots) if document.subject else set()
    return next((row.ref for row in document.components if row.ref in roots and row.name == document.subject), None)


def _names_beside(script: State, here: Sequence[State]) -> set[str]:
    """Return what the inputs of a script's own repository and branch are called."""
    return {PurePosixPath(one.use.path).name for one in here if one.line[:2] == script.line[:2]}


def _names_nobody(command: InstallCommand, known: set[str]) -> bool:
    """Return whether a command installs from a file that is not among the inputs."""
    names = {PurePosixPath(one).name for one in command.inputs}
    return any(one not in known and not (one in LOCKS and known & PROJECTS) for one in names)


def _is_passed_by(here: Sequence[State], manifest: State) -> bool:
    """Return whether something in place is installed from a manifest past the lock beside it.

    A command may name the manifest, or the lock that was made from it; where no input lies at a path that it names,
    every one of that name is meant. A tool whose own lock is not there takes the manifest.
    """
    for script in here:
        known = _names_beside(script, here)
        alike = [one for one in here if one.line[:2] == script.line[:2]]
        for command in script.document.commands:
            names = {PurePosixPath(one).name for one in command.inputs}
            if names & LOCKS and not names & known and manifest in alike:
                return PurePosixPath(manifest.use.path).name in PROJECTS
            places = {PurePosixPath(script.use.path).parent / name for name in command.inputs}
            meant = [one for one in alike if PurePosixPath(one.use.path) in places]
            meant = meant or [one for one in alike if PurePosixPath(one.use.path).name in names]
            made_from = [one for one in meant if one.document.kind is DocumentKind.LOCK and _is_of(one, manifest)]
            if command.is_past_lock and (manifest in meant or made_from):
                return True
    return False


def _is_of(lock: State, manifest: State) -> bool:
    folder = PurePosixPath(lock.use.path).parent
    governed = {folder / name for name in lock.document.governs}
    return lock.line[:2] == manifest.line[:2] and PurePosixPath(manifest.use.path) in governed


def _told_by_organisation(service: Service, manifest: Document) -> Guards | None:
    """Return the guards of a manifest where the organisation says that their installer is used."""
    guards = manifest.guards
    return guards if guards is not None and guards.installer == service.resolver else None


def _in_place(states: Iterable[State], span: Span) -> list[Document]:
    """Return what may have been in place at some time of a span."""
    return [one.document for one in states if one.may[0] < span[1] and span[0] < one.may[1]]


def _of_build(service: Service, manifest: Document, states: Sequence[State], ran: Span) -> Guards | None:
    """Return the guards of what a build resolved from, by what was in place with it, else by the organisation."""
    here = [one for one in states if one.may[0] < ran[1] and ran[0] < one.may[1]]
    own = [one for one in here if one.document.sha256 == manifest.sha256]
    read = [_in_force(service, one, here) for one in own] or [_told_by_organisation(service, manifest)]
    return None if None in read else read[0]


def _in_force(service: Service, manifest: State, here: Sequence[State]) -> Guards | None:
    """Return the guards of a manifest in place, where a fact says that their installer is used, and none another."""
    guards = manifest.document.guards
    if guards is None:
        return None
    tools: list[str] = []
    for script in here:
        alike = [one for one in here if one.line[:2] == script.line[:2]]
        for command in script.document.commands:
            places = {PurePosixPath(script.use.path).parent / name for name in command.inputs}
            names = {one.name for one in places}
            meant = [one for one in alike if PurePosixPath(one.use.path) in places]
            if manifest in (meant or [one for one in alike if PurePosixPath(one.use.path).name in names]):
                tools.append(command.tool)
    if tools:
        return guards if set(tools) == {guards.installer} else None
    if service.resolver:
        return _told_by_organisation(service, manifest.document)
    for lock in here:
        is_beside = PurePosixPath(lock.use.path).name == f"{guards.installer}.lock" and _is_of(lock, manifest)
        if is_beside and lock.was[0] <= manifest.was[0] and manifest.was[1] <= lock.was[1]:
            return guards
    return None
