"""What was asked: targets made into one case for each incident, a reading's times, and the window."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from typing import NamedTuple

from msgspec import Struct, field
from msgspec.structs import replace
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from graphkit.model.answers import Accused, Asked, HashedFile, Instruction
from graphkit.model.errors import UsageError
from graphkit.model.incidents import (
    AccusedFile,
    CompromisedRelease,
    FileHash,
    Incident,
    Reading,
    Undecided,
    python_release,
)
from graphkit.model.index import Hidden
from graphkit.model.names import BadName, PackageName, name_of_purl, package_name, purl_key
from graphkit.model.times import FOREVER, Instant, Moment, instant
from graphkit.model.versions import release_version
from graphkit.trace.events import Event, Identity, events_of, identity_of, in_order, merged, names_release
from graphkit.trace.targets import near_names, release_of_target, shown_release, unknown_target

_NO_READING = Reading(id="index")
"""What the index itself says: used where no incident gives an account of the times."""
_Named = CompromisedRelease | AccusedFile | Undecided
VersionsOf = Callable[[PackageName], Sequence[str]]
"""Every version of a package that the graph knows."""


class FirstUpload(NamedTuple):
    """When an accused release was listed first, by every account of its incident; none where no account says it."""

    release: CompromisedRelease
    accounts: tuple[Moment, ...]


class Case(Struct, frozen=True, kw_only=True):
    """What one incident accuses, and one account of the times; or a release that no incident names.

    ``releases`` are the accused releases that are known one by one. ``ranges`` accuse versions that the graph does not
    know as well, as (package, specifier); of the packages of ``every`` and, by their purls' keys
    (`graphkit.model.names.purl_key`), ``every_elsewhere`` each version is accused. ``files`` are accused by hash.
    ``undecided`` leave their package open: no row or choice of it is cleared, and none is exposed
    (docs/semantics.md#obligation-a).

    ``hidden`` are the gaps of every incident in the graph, this one's under the reading that answers;
    ``others`` the other readings that give clock times; ``names`` every id and alias of the incident.
    ``withdrawn`` are the ids of its records that their database withdrew. ``first_upload_accounts`` has a row for
    each of ``releases``. ``unknown``: a line that says so where nothing in the graph and no incident names it.
    """

    id: str
    title: str
    actor: str
    incidents: tuple[Incident, ...]
    releases: tuple[CompromisedRelease, ...]
    reading: Reading
    others: tuple[Reading, ...]
    hidden: tuple[Hidden, ...]
    names: frozenset[str]
    ranges: tuple[tuple[PackageName, str], ...] = ()
    every: frozenset[PackageName] = frozenset()
    every_elsewhere: frozenset[str] = frozenset()
    undecided: tuple[Undecided, ...] = ()
    files: tuple[AccusedFile, ...] = ()
    withdrawn: tuple[str, ...] = ()
    first_upload_accounts: tuple[FirstUpload, ...] = ()
    timed: frozenset[Identity] = frozenset()
    """The releases that the reading speaks of: those that its file names."""
    imports: frozenset[PackageName] = frozenset()
    """The names that the accused packages are imported by, at their top and in the spelling of packages."""
    unknown: str = ""

    def keys(self) -> dict[PackageName, frozenset[str]]:
        """Return the compromised version keys by package."""
        found: dict[PackageName, set[str]] = {}
        for release in self.releases:
            if release.package:
                found.setdefault(release.package, set()).add(release_version(release.version).key)
        return {package: frozenset(keys) for package, keys in found.items()}

    @property
    def accused_ranges(self) -> tuple[tuple[PackageName, str], ...]:
        """What is accused by range, as (package, specifier): of a package with every version the specifier is empty."""
        return (*self.ranges, *((package, "") for package in self.every))

    @property
    def packages(self) -> frozenset[PackageName]:
        """Every package of the Python index that it accuses, wholly or in part, or leaves open."""
        named: tuple[_Named, ...] = (*self.releases, *self.files, *self.undecided)
        found = {one.package for one in named if one.package is not None}
        bare = (one.name for one in self.undecided if one.package is None and not one.purl)
        for name in bare:  # without an ecosystem it may be a package of this one
            with suppress(BadName):
                found.add(package_name(name))
        return frozenset(found | {package for package, _ in self.ranges} | self.every)

    @property
    def purls(self) -> frozenset[str]:
        """The keys of the purls of every package elsewhere that it accuses, wholly or in part, or leaves open."""
        named: tuple[_Named, ...] = (*self.releases, *self.files, *self.undecided)
        found = {purl_key(one.purl) for one in named if one.package is None and one.purl}
        return frozenset(found | self.every_elsewhere)

    @property
    def sha256(self) -> frozenset[str]:
        """The SHA-256 of every bad file, by which rows of any name are found."""
        of_releases = {file.sha256 for release in self.releases for file in release.files if file.sha256}
        alone = {one.value for file in self.files for one in file.hashes if one.algorithm == "sha256"}
        return frozenset(of_releases | alone)

    @property
    def is_about_any_row(self) -> bool:
        """Whether rows of every name matter: of other ecosystems, of files of no known package, of bare names."""
        alone = any(one.package is None for one in self.files if one.is_alone)
        return bool(self.purls) or alone or any(one.package is None for one in self.undecided)

    @property
    def is_open_for_all(self) -> bool:
        """Whether a part of it that decides nothing names no package, so that it may be about any."""
        return any(one.package is None and not one.purl and not one.name for one in self.undecided)

    @property
    def decides_nothing(self) -> bool:
        """Whether nothing of it is a test on releases or files; it clears nobody then."""
        tests = (self.releases, self.ranges, self.every, self.every_elsewhere)
        return not (any(tests) or any(file.hashes for file in self.files))

    @property
    def why_undecided(self) -> str:
        """Why it decides nothing, empty where it decides something."""
        if not self.decides_nothing:
            return ""
        return "; ".join(dict.fromkeys(one.why for one in self.undecided)) or "it names no release and no file"

    @property
    def accuses_more_than_releases(self) -> bool:
        """Whether it may accuse files whose first upload ``first_upload_accounts`` does not tell."""
        return bool(self.ranges or self.every or self.every_elsewhere or self.undecided) or any(
            file.is_alone for file in self.files
        )

    @property
    def gives_times(self) -> bool:
        """Whether the incident itself says any time; where False and the index knows none, no window is known."""
        return self.reading.gives_times or any(one.listed_from is not None for one in self.releases)

    def is_timed(self, release: CompromisedRelease) -> bool:
        """Return whether the reading speaks of a release: the file that gives it names that release."""
        return identity_of(release) in self.timed

    def until_of(self, release: CompromisedRelease) -> Instant | None:
        """Return when the reading has a release leave the index for good, None where it does not say."""
        key = release_version(release.version).key
        gaps = [
            gap
            for gap in self.hidden
            if gap.package == release.package
            and not gap.filename
            and (not gap.version or release_version(gap.version).key == key)
        ]
        end = FOREVER
        for gap in sorted(gaps, key=lambda one: one.until, reverse=True):
            if gap.until >= end:  # a gap from which it comes back does not end its listing
                end = min(end, gap.start)
        if end != FOREVER:
            return end
        return self.reading.until if self.is_timed(release) else None

    def asked(self, ghosts: frozenset[str]) -> Asked:
        """Return the case as an answer shows it; ``ghosts`` are the purls no longer listed."""
        return Asked(
            id=self.id,
            title=self.title,
            actor=self.actor,
            causes=tuple(cause for incident in self.incidents for cause in incident.causes),
            releases=tuple(
                Accused(
                    release=release,
                    start=release.listed_from,
                    until=self.until_of(release),
                    ghost=release.purl in ghosts,
                )
                for release in self.releases
            ),
            sources=tuple(dict.fromkeys(source for incident in self.incidents for source in incident.sources)),
            actions=tuple(dict.fromkeys(one for incident in self.incidents for one in self._actions(incident))),
            files=tuple(dict.fromkeys(self._hashed_files())),
        )

    def _actions(self, incident: Incident) -> Iterator[Instruction]:
        """Yield what to do, with the sources of the record that says it: ids of two records may be alike."""
        sources = {source.id: source for source in incident.sources}
        for one in incident.actions:
            cited = tuple(sources[name] for name in one.sources)
            yield Instruction(incident=self.id, do=one.do, text=one.text, sources=cited)

    def _hashed_files(self) -> Iterator[HashedFile]:
        for file in (file for release in self.releases for file in release.files if file.sha256):
            hashes = (FileHash("sha256", file.sha256),)
            yield HashedFile(incident=self.id, filename=file.filename, hashes=hashes)
        for alone in self.files:
            if alone.hashes:
                yield HashedFile(incident=self.id, filename=alone.filename, hashes=alone.hashes)


class _EventTargets(Struct, kw_only=True):
    """What was asked of one event. ``ids``: its ids that were asked; empty: only the ``releases`` were."""

    ids: set[str] = field(default_factory=set)
    releases: dict[Identity, CompromisedRelease] = field(default_factory=dict)

    def add(self, release: CompromisedRelease) -> None:
        """Ask for a release, once however it is spelled."""
        self.releases.setdefault(identity_of(release), release)


def resolve(
    incidents: Sequence[Incident],
    targets: Sequence[str],
    reading: str | None,
    versions_of: VersionsOf,
    *,
    known_names: Callable[[], Iterable[str]] = tuple,
    is_known: Callable[[CompromisedRelease], bool] = lambda _: True,
) -> tuple[Case, ...]:
    """Return the cases that target texts name, by id: one for each incident, one for each release that none names.

    A target is an incident or advisory id, an alias of one, ``name==version`` or a purl with a version. Records
    that name each other as aliases, or the same alias, are one incident and accuse the union. A release that an
    incident names brings that incident's account of the times along, and is all of it that is accused; where
    incident files and advisories that are no aliases of each other name it, the files answer. Where a record
    gives ranges, the releases in them are those of ``versions_of``.

    ``reading`` answers in the cases that have it. In others, and where None, the preferred one does, else
    the first that gives clock times. ``is_known`` says whether documents or pages have a release or, where its
    package has no version in ``versions_of``, know its package; ``known_names`` are asked for only where
    something is unknown.

    Raises:
        UsageError: a target that is none of these, or a reading that none of their incidents gives.
    """
    events = events_of(incidents)
    whole, alone = _sorted_targets(targets, events, versions_of)
    graph = _Graph(events=events, versions_of=versions_of, is_known=is_known)
    cases = [graph.case_of(event, of, reading) for event, of in whole]
    for release in alone:
        has_versions = release.package is not None and bool(versions_of(release.package))
        unknown = "" if has_versions else unknown_target(release, incidents, is_known, known_names)
        cases.append(replace(graph.case_alone(release), unknown=unknown))
    _check_reading(cases, reading)
    return tuple(sorted(cases, key=lambda case: case.id))


def _sorted_targets(
    targets: Sequence[str], events: Sequence[Event], versions_of: VersionsOf
) -> tuple[Iterable[tuple[Event, _EventTargets]], Iterable[CompromisedRelease]]:
    """Return what is asked of each event, and the releases that no event names."""

    def known_of(package: PackageName) -> tuple[Sequence[str], Sequence[str]]:
        about = [event.id for event in events if any(release.package == package for release in _releases_of(event))]
        return about, list(reversed(versions_of(package)))

    whole: dict[str, tuple[Event, _EventTargets]] = {}
    alone: dict[Identity, CompromisedRelease] = {}
    for text in targets:
        name = text.strip().lower()
        found = None if _can_only_be_release(name) else next((event for event in events if name in event.names), None)
        if found is not None:
            whole.setdefault(found.id, (found, _EventTargets()))[1].ids.add(name)
            continue
        release = _as_listed(release_of_target(text, partial(_near_ids, name, events), known_of), versions_of)
        naming = _naming(events, release)
        for event in naming:
            whole.setdefault(event.id, (event, _EventTargets()))[1].add(release)
        if not naming:
            alone.setdefault(identity_of(release), release)
    return whole.values(), alone.values()


def _releases_of(event: Event) -> Iterator[CompromisedRelease]:
    for record in event.valid:
        yield from record.releases


def rest_of(case: Case, incidents: Sequence[Incident], reading: str | None, versions_of: VersionsOf) -> Case | None:
    """Return the case of all that the incident of a case accuses beside it; None where that is nothing.

    ``reading`` and ``versions_of`` as for `resolve`. A hash beside which its record names releases is no part.
    """
    events = events_of(incidents)
    event = next((one for one in events if case.incidents and one.id == case.id), None)
    if event is None:
        return None
    graph = _Graph(events=events, versions_of=versions_of, is_known=lambda _: True)
    whole = graph.case_of(event, _EventTargets(ids={event.id.lower()}), reading)
    known = {identity_of(one) for one in case.releases}
    rest = replace(
        whole,
        releases=tuple(one for one in whole.releases if identity_of(one) not in known),
        first_upload_accounts=tuple(
            one for one in whole.first_upload_accounts if identity_of(one.release) not in known
        ),
        ranges=tuple(one for one in whole.ranges if one not in case.ranges),
        every=whole.every - case.every,
        every_elsewhere=whole.every_elsewhere - case.every_elsewhere,
        undecided=tuple(one for one in whole.undecided if one not in case.undecided),
        files=tuple(one for one in whole.files if one not in case.files),
    )
    parts = (rest.releases, rest.ranges, rest.every, rest.every_elsewhere, rest.undecided)
    return rest if any(parts) or any(one.is_alone for one in rest.files) else None


def without_incident_joined(cases: Sequence[Case]) -> tuple[Case, ...]:
    """Return cases, those of bare releases that no incident names as one: where all have one window, so are they."""
    bare = [case for case in cases if not case.incidents]
    if len(bare) < 2:
        return tuple(cases)
    joined = replace(
        bare[0],
        id=" ".join(case.id for case in bare),
        title=" and ".join(case.title for case in bare),
        releases=tuple(release for case in bare for release in case.releases),
        undecided=tuple(one for case in bare for one in case.undecided),
        first_upload_accounts=tuple(one for case in bare for one in case.first_upload_accounts),
        unknown="; ".join(dict.fromkeys(case.unknown for case in bare if case.unknown)),
    )
    return tuple(sorted((*(case for case in cases if case.incidents), joined), key=lambda case: case.id))


def under(case: Case, incidents: Sequence[Incident], reading: Reading) -> Case:
    """Return the same case under another reading."""
    others = tuple(known for known in (case.reading, *case.others) if known is not reading)
    hidden = _gaps(events_of(incidents), case.incidents, reading)
    return replace(case, reading=reading, others=others, hidden=hidden, timed=_timed(case.incidents, reading))


def _timed(incidents: Sequence[Incident], reading: Reading) -> frozenset[Identity]:
    return frozenset(identity_of(r) for one in incidents if reading in one.readings for r in one.releases)


def _first_uploads(events: Sequence[Event], releases: Sequence[CompromisedRelease]) -> tuple[FirstUpload, ...]:
    """Return every account of when each of some releases was listed first, whichever event gives it."""
    found: dict[Identity, set[Moment]] = {identity_of(one): set() for one in releases}
    for event in events:
        for identity, moments in event.first_listings().items():
            if identity in found:
                found[identity].update(moments)
    return tuple(FirstUpload(one, tuple(sorted(found[identity_of(one)]))) for one in releases)


def _can_only_be_release(text: str) -> bool:
    """Return whether a target can only mean a release, whatever a record calls itself or its aliases."""
    return text.startswith("pkg:") or "==" in text


def _near_ids(name: str, events: Sequence[Event]) -> tuple[str, ...]:
    return near_names(name, {one for event in events for one in event.names})


def _as_listed(release: CompromisedRelease, versions_of: VersionsOf) -> CompromisedRelease:
    """Return a release in the spelling of the index, which lists ``1.0`` where ``1.0.0`` was asked."""
    if release.package is None:
        return release
    key = release_version(release.version).key
    listed = next((one for one in versions_of(release.package) if release_version(one).key == key), None)
    return release if listed is None else python_release(release.package, listed)


def _naming(events: Sequence[Event], release: CompromisedRelease) -> list[Event]:
    """Return the events whose account of the times a release brings along: files before advisories."""
    naming = [event for event in events if any(names_release(one, release) for one in event.valid)]
    timed = [event for event in naming if any(not one.advisory for one in event.valid)]
    return timed or naming[:1]


class _Graph(Struct, frozen=True, kw_only=True):
    """What makes cases of events: all events, and what the graph knows of releases."""

    events: tuple[Event, ...]
    versions_of: VersionsOf
    is_known: Callable[[CompromisedRelease], bool]

    def case_of(self, event: Event, targets: _EventTargets, reading: str | None) -> Case:
        """Return the case of an event: all of it where one of its ids was asked, else the releases asked."""
        accusing = event.accusing(targets.ids) if targets.ids else event.valid
        accused = self._accused(accusing) if targets.ids else _Accused()
        for identity, release in targets.releases.items():
            same = [(one, other) for one in accusing for other in one.releases if identity_of(other) == identity]
            accused.releases.setdefault(identity, merged(same) if same else release)
        releases, legacy = self._decided(accused.releases.values())
        chosen, others = _readings(event, reading)
        first = event.first
        return Case(
            id=first.id,
            title=first.title,
            actor=", ".join(dict.fromkeys(one.actor for one in event.members if one.actor)),
            incidents=event.members,
            releases=releases,
            reading=chosen,
            others=others,
            hidden=_gaps(self.events, event.members, chosen),
            names=event.names,
            ranges=tuple(dict.fromkeys(accused.ranges)),
            every=frozenset(accused.every),
            every_elsewhere=frozenset(accused.every_elsewhere),
            undecided=tuple(dict.fromkeys((*accused.undecided, *legacy))),
            files=tuple(dict.fromkeys(accused.files)),
            withdrawn=tuple(one.id for one in event.members if one.withdrawn),
            first_upload_accounts=_first_uploads(self.events, releases),
            timed=_timed(event.members, chosen),
            imports=frozenset(
                PackageName(canonicalize_name(name.partition(".")[0])) for one in accusing for name in one.imports
            ),
        )

    def case_alone(self, release: CompromisedRelease) -> Case:
        """Return the case of a release that no incident names."""
        releases, legacy = self._decided((release,))
        return Case(
            id=release.purl,
            title=shown_release(release),
            actor="",
            incidents=(),
            releases=releases,
            reading=_NO_READING,
            others=(),
            hidden=_gaps(self.events, (), _NO_READING),
            names=frozenset(),
            undecided=legacy,
            first_upload_accounts=_first_uploads(self.events, releases),
        )

    def _accused(self, accusing: Sequence[Incident]) -> _Accused:
        """Return the union of what incidents accuse, the releases that the graph knows in ranges put in."""
        found = _Accused()
        same: dict[Identity, list[tuple[Incident, CompromisedRelease]]] = {}
        for one in accusing:
            for release in one.releases:
                same.setdefault(identity_of(release), []).append((one, release))
            found.ranges += [pair for pair in one.ranges if pair[1]]
            found.files += one.files
            found.undecided += one.undecided
            for package in (*map(_package_of, one.every), *(name for name, text in one.ranges if not text)):
                if package is not None:
                    found.every.add(package)
            found.every_elsewhere |= {purl_key(purl) for purl in one.every if _package_of(purl) is None}
        found.releases = {identity: merged(records) for identity, records in same.items()}
        for package, version in self._known_in(found):
            release = python_release(package, version)
            found.releases.setdefault(identity_of(release), release)
        return found

    def _known_in(self, found: _Accused) -> Iterator[tuple[PackageName, str]]:
        for package in sorted(found.every):
            yield from ((package, version) for version in self.versions_of(package))
        for package, specifier in found.ranges:
            yield from ((package, version) for version in _within(specifier, self.versions_of(package)))

    def _decided(
        self, releases: Iterable[CompromisedRelease]
    ) -> tuple[tuple[CompromisedRelease, ...], tuple[Undecided, ...]]:
        """Return the releases that something has or PEP 440 reads, in order, and what the others leave open."""
        decided: list[CompromisedRelease] = []
        legacy: list[Undecided] = []
        for release in in_order(releases):
            package, version = release.package, release_version(release.version)
            if package is None or version.parsed is not None or self.is_known(release):
                decided.append(release)
                continue
            why = f"{package} {release.version[:80]!r} is not a PEP 440 version, and nothing has it"
            legacy.append(Undecided(package=package, name=package, why=why))
        return tuple(decided), tuple(legacy)


class _Accused(Struct, kw_only=True):
    """What some incidents accuse, as it is put together."""

    releases: dict[Identity, CompromisedRelease] = field(default_factory=dict)
    ranges: list[tuple[PackageName, str]] = field(default_factory=list)
    every: set[PackageName] = field(default_factory=set)
    every_elsewhere: set[str] = field(default_factory=set)
    files: list[AccusedFile] = field(default_factory=list)
    undecided: list[Undecided] = field(default_factory=list)


def _package_of(purl: str) -> PackageName | None:
    try:
        return name_of_purl(purl)
    except BadName:
        return None


def _within(specifier: str, versions: Sequence[str]) -> list[str]:
    """Return the versions in a range; one that PEP 440 cannot read is in no range."""
    admitted = SpecifierSet(specifier)
    parsed = ((text, release_version(text).parsed) for text in versions)
    return [text for text, version in parsed if version and admitted.contains(version, prereleases=True)]


def _readings(event: Event, reading_id: str | None) -> tuple[Reading, tuple[Reading, ...]]:
    """Return the reading that answers for an event, and the others that give clock times."""
    readings = event.readings
    chosen = next((one for one in readings if one.id == reading_id), None) if reading_id else None
    if chosen is not None and not chosen.gives_times:
        raise UsageError(f"reading {reading_id!r} gives no clock times; ask with --from and --until instead")
    chosen = chosen or event.best_reading or _NO_READING
    return chosen, tuple(r for r in readings if r is not chosen and (r.start is not None or r.until is not None))


def _check_reading(cases: Sequence[Case], reading_id: str | None) -> None:
    if reading_id and not any(case.reading.id == reading_id for case in cases):
        known = ", ".join(one.id for case in cases for incident in case.incidents for one in incident.readings)
        raise UsageError(f"no reading {reading_id!r} for this target; there are: {known or 'none'}")


def _gaps(events: Sequence[Event], asked: Sequence[Incident], chosen: Reading) -> tuple[Hidden, ...]:
    """Return when what was hidden: by the chosen reading, and for other incidents by their best one."""
    gaps: list[Hidden] = []
    ids = {incident.id for incident in asked}
    for event in events:
        reading = chosen if any(one.id in ids for one in event.members) else event.best_reading
        for incident in event.valid:
            if reading is not None and reading in incident.readings:
                gaps += reading.hidden
                if reading.until is not None:
                    gaps += [
                        Hidden(package=release.package, version=release.version, start=reading.until)
                        for release in incident.releases
                        if release.package
                    ]
    return tuple(gaps)


class Span(Struct, frozen=True, kw_only=True):
    """The window asked about: given instants, or None for what the case says."""

    at: Instant | None = None
    start: Instant | None = None
    until: Instant | None = None


def read_span(at: str | None, start: str | None, until: str | None) -> Span:
    """Return the window that option texts name.

    Raises:
        UsageError: a text that is no time, ``at`` beside the others, or a start that is not before the end.
    """
    try:
        span = Span(
            at=None if at is None else instant(at),
            start=None if start is None else instant(start),
            until=None if until is None else instant(until),
        )
    except ValueError as error:
        raise UsageError(f"{error}; give a UTC time such as 2026-03-24T10:52:00Z") from error
    if span.at is not None and (span.start is not None or span.until is not None):
        raise UsageError("--at is one instant; it does not go with --from or --until")
    if span.start is not None and span.until is not None and span.start >= span.until:
        raise UsageError("--from must be before --until")
    return span
