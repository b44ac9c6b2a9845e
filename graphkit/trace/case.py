"""What was asked: targets made into accused releases, a reading's times, and the window."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet

from graphkit.model.answers import Accused, Asked
from graphkit.model.errors import UsageError
from graphkit.model.incidents import CompromisedRelease, Incident, Reading
from graphkit.model.index import Hidden
from graphkit.model.names import BadName, PackageName, package_name, purl_key, purl_of, read_purl
from graphkit.model.times import FOREVER, Instant, instant
from graphkit.model.versions import release_version

_NO_READING = Reading(id="index")
"""What the index itself says: used where no incident gives an account of the times."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """The accused releases and one account of the times.

    ``hidden`` are the gaps of every incident in the graph, the asked ones under the reading asked;
    ``others`` the other readings that give clock times; ``names`` every id and alias of the incidents.
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

    def keys(self) -> dict[PackageName, frozenset[str]]:
        """Return the compromised version keys by package."""
        found: dict[PackageName, set[str]] = {}
        for release in self.releases:
            if release.package:
                found.setdefault(release.package, set()).add(release_version(release.version).key)
        return {package: frozenset(keys) for package, keys in found.items()}

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
        return self.reading.until if end == FOREVER else end

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
            sources=tuple(source for incident in self.incidents for source in incident.sources),
        )


def resolve(
    incidents: Sequence[Incident],
    targets: Sequence[str],
    reading: str | None,
    versions_of: Callable[[PackageName], Sequence[str]],
) -> Case:
    """Return the case that target texts name.

    A target is an incident or advisory id, an alias of one, ``name==version`` or a purl with a version.
    A release that an incident names brings that incident's account of the times along. Where an
    advisory gives ranges, the releases in them are those of ``versions_of``, all that the graph knows.

    Raises:
        UsageError: a target that is none of these, or a reading that no incident gives.
    """
    asked: dict[str, Incident] = {}
    releases: dict[str, CompromisedRelease] = {}
    for text in targets:
        if incident := _incident(incidents, text):
            asked[incident.id] = incident
            releases.update((release.purl, release) for release in incident.releases)
            for package, specifier in incident.ranges:
                for version in _within(specifier, versions_of(package)):
                    named = _python_release(package, version)
                    releases.setdefault(named.purl, named)
            continue
        wanted = _release(text)
        key = release_version(wanted.version).key
        for known in incidents:
            for release in known.releases:
                same = release.package == wanted.package
                same = same and (wanted.package is not None or purl_key(release.purl) == purl_key(wanted.purl))
                if same and release_version(release.version).key == key and not known.withdrawn:
                    previous = next(iter(i for i in asked.values() if not i.advisory), None)
                    if known.advisory and (previous or wanted is not releases.get(wanted.purl, wanted)):
                        continue
                    asked[known.id] = known
                    wanted = release
        releases[wanted.purl] = wanted
    found = _without_doubles(tuple(asked[name] for name in sorted(asked)))
    chosen, others = _readings(found, reading)
    ordered = sorted(releases.values(), key=lambda r: (r.package or r.purl, release_version(r.version)))
    return Case(
        id=" ".join(incident.id for incident in found) or " ".join(targets),
        title="; ".join(incident.title for incident in found) or " and ".join(_shown(release) for release in ordered),
        actor=", ".join(dict.fromkeys(incident.actor for incident in found if incident.actor)),
        incidents=found,
        releases=tuple(ordered),
        reading=chosen,
        others=others,
        hidden=_gaps(incidents, found, ordered, chosen),
        names=frozenset(name.lower() for incident in found for name in (incident.id, *incident.aliases)),
    )


def under(case: Case, incidents: Sequence[Incident], reading: Reading) -> Case:
    """Return the same case under another reading."""
    others = tuple(known for known in (case.reading, *case.others) if known is not reading)
    return replace(
        case, reading=reading, others=others, hidden=_gaps(incidents, case.incidents, case.releases, reading)
    )


def _shown(release: CompromisedRelease) -> str:
    return f"{release.package} {release.version}" if release.package else release.purl


def _incident(incidents: Sequence[Incident], text: str) -> Incident | None:
    wanted = text.strip().lower()
    matches = [i for i in incidents if wanted == i.id.lower() or wanted in {alias.lower() for alias in i.aliases}]
    # One event may stand in the graph as an incident file and as its advisories: the file knows the times.
    return min(matches, key=lambda i: (i.advisory, i.id.lower() != wanted, i.id), default=None)


def _without_doubles(found: tuple[Incident, ...]) -> tuple[Incident, ...]:
    named = {alias.lower() for incident in found if not incident.advisory for alias in incident.aliases}
    return tuple(incident for incident in found if not (incident.advisory and incident.id.lower() in named))


def _release(text: str) -> CompromisedRelease:
    if text.strip().lower().startswith("pkg:"):
        try:
            purl = read_purl(text)
        except BadName as error:
            raise UsageError(str(error)) from error
        if not purl.version:
            raise UsageError(f"{text} names no version; ask for one release, as in pkg:pypi/litellm@1.82.8")
        if purl.type != "pypi":
            return CompromisedRelease(purl=purl.to_string(), package=None, version=purl.version)
        return _python_release(package_name(purl.name), purl.version)
    try:
        read = Requirement(text)
    except InvalidRequirement:
        read = None
    if read is None or not re.fullmatch(r"===?[^=*,]+", str(read.specifier)):
        raise UsageError(
            f"{text!r} is no target: give name==version, a purl with a version, or the id of an incident "
            "or advisory in the graph (graphkit ingest advisory FILE adds one)"
        )
    return _python_release(package_name(read.name), str(read.specifier).lstrip("="))


def _python_release(package: PackageName, version: str) -> CompromisedRelease:
    shown = release_version(version).text
    return CompromisedRelease(purl=purl_of(package, shown), package=package, version=shown)


def _within(specifier: str, versions: Sequence[str]) -> list[str]:
    """Return the versions in a range; one that PEP 440 cannot read is in no range."""
    admitted = SpecifierSet(specifier)
    parsed = ((text, release_version(text).parsed) for text in versions)
    return [text for text, version in parsed if version and admitted.contains(version, prereleases=True)]


def _readings(incidents: tuple[Incident, ...], wanted: str | None) -> tuple[Reading, tuple[Reading, ...]]:
    readings = [reading for incident in incidents for reading in incident.readings]
    if wanted:
        chosen = next((reading for reading in readings if reading.id == wanted), None)
        if chosen is None:
            known = ", ".join(reading.id for reading in readings) or "none"
            raise UsageError(f"no reading {wanted!r} for this target; there are: {known}")
        if chosen.until is None and chosen.start is None and not chosen.hidden:
            raise UsageError(f"reading {wanted!r} gives no clock times; ask with --from and --until instead")
    else:
        chosen = next((reading for reading in readings if reading.preferred), None) or _NO_READING
    return chosen, tuple(r for r in readings if r is not chosen and (r.start is not None or r.until is not None))


def _gaps(
    incidents: Sequence[Incident],
    asked: Sequence[Incident],
    releases: Sequence[CompromisedRelease],
    chosen: Reading,
) -> tuple[Hidden, ...]:
    """Return when what was hidden: by the chosen reading, and for other incidents by their preferred one."""
    ids = {incident.id for incident in asked}
    gaps = _of_reading(chosen, releases)
    for incident in incidents:
        if incident.id not in ids and not incident.withdrawn:
            preferred = next((reading for reading in incident.readings if reading.preferred), None)
            if preferred:
                gaps += _of_reading(preferred, incident.releases)
    return tuple(gaps)


def _of_reading(reading: Reading, releases: Sequence[CompromisedRelease]) -> list[Hidden]:
    gaps = list(reading.hidden)
    if reading.until is not None:
        gaps += [
            Hidden(package=release.package, version=release.version, start=reading.until)
            for release in releases
            if release.package
        ]
    return gaps


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
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
