"""Which records are of one event: an incident file and the advisories of the same aliases, joined.

Contract: docs/semantics.md#obligation-a.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace
from packaging.specifiers import SpecifierSet

from graphkit.model.incidents import CompromisedRelease, Incident, Reading
from graphkit.model.names import BadName, name_of_purl, purl_key
from graphkit.model.times import Moment
from graphkit.model.versions import release_version

Identity = tuple[str, str]
"""A release of any ecosystem: its package or purl key, and its version key."""


def identity_of(release: CompromisedRelease) -> Identity:
    """Return what makes two accused releases one, however they are written."""
    if release.package is not None:
        return release.package, release_version(release.version).key
    return purl_key(release.purl), release.version.casefold()


class Event(Struct, frozen=True, kw_only=True):
    """One event: every record of it, by id, incident files before advisories and withdrawn ones last."""

    members: tuple[Incident, ...]
    names: frozenset[str]
    """Every id and alias of its records, in lower case."""

    @property
    def first(self) -> Incident:
        """The record that names it."""
        return self.members[0]

    @property
    def id(self) -> str:
        """The id of the record that names it."""
        return self.first.id

    @property
    def valid(self) -> tuple[Incident, ...]:
        """Its records that are not withdrawn."""
        return tuple(one for one in self.members if not one.withdrawn)

    def accusing(self, asked: Collection[str]) -> tuple[Incident, ...]:
        """Return the records that accuse: the valid ones and withdrawn ones that were asked by their own id.

        Where every record is withdrawn all of them do: what was asked is answered, and the answer says so.
        """
        return tuple(one for one in self.members if not one.withdrawn or one.id.lower() in asked) or self.members

    @property
    def readings(self) -> tuple[Reading, ...]:
        """Every account of its times."""
        return tuple(reading for one in self.members for reading in one.readings)

    @property
    def best_reading(self) -> Reading | None:
        """The reading that answers unless another is asked: the preferred one, else the first with clock times."""
        readings = self.readings
        preferred = next((one for one in readings if one.preferred), None)
        return preferred or next((one for one in readings if one.gives_times), None)

    def first_listings(self) -> dict[Identity, tuple[Moment, ...]]:
        """Return every account of when each release was listed first: its own times, else each reading's start.

        Where somebody says when a release was uploaded, the start of a reading is that of a window: it may be
        wider, to be on the safe side, and is no account of the upload.
        """
        own: dict[Identity, set[Moment]] = {}
        starts: dict[Identity, set[Moment]] = {}
        for one in self.members:
            told = [reading.first_listing for reading in one.readings if reading.first_listing is not None]
            for release in one.releases:
                identity = identity_of(release)
                starts.setdefault(identity, set()).update(told)
                if release.first_listing is not None:
                    own.setdefault(identity, set()).add(release.first_listing)
        return {identity: tuple(sorted(own.get(identity) or found)) for identity, found in starts.items()}


def events_of(incidents: Sequence[Incident]) -> tuple[Event, ...]:
    """Return incidents joined to events, by id: those that share an id or alias, over any number of steps.

    Cost: ids and aliases, each once.
    """
    parents: dict[str, str] = {}

    def top(name: str) -> str:
        while parents.setdefault(name, name) != name:
            parents[name] = name = parents[parents[name]]
        return name

    for one in incidents:
        for alias in filter(None, map(str.strip, one.aliases)):
            parents[top(alias.lower())] = top(one.id.strip().lower())
    members: dict[str, list[Incident]] = {}
    for one in incidents:
        members.setdefault(top(one.id.strip().lower()), []).append(one)
    events = [
        Event(
            members=tuple(sorted(found, key=lambda one: (one.withdrawn, one.advisory, one.id))),
            names=frozenset(name.strip().lower() for one in found for name in (one.id, *one.aliases)) - {""},
        )
        for found in members.values()
    ]
    return tuple(sorted(events, key=lambda event: event.id))


def names_release(incident: Incident, release: CompromisedRelease) -> bool:
    """Return whether an incident accuses a release: by itself, by a range, or with every version of its package."""
    identity = identity_of(release)
    if any(one.package == release.package and identity_of(one) == identity for one in incident.releases):
        return True
    if release.package is None:
        return purl_key(release.purl) in {purl_key(purl) for purl in incident.every}
    if any(_is_package(purl, release.package) for purl in incident.every):
        return True
    version = release_version(release.version).parsed
    return version is not None and any(
        package == release.package and SpecifierSet(specifier).contains(version, prereleases=True)
        for package, specifier in incident.ranges
    )


def _is_package(purl: str, package: str) -> bool:
    try:
        return name_of_purl(purl) == package
    except BadName:
        return False


def merged(records: Sequence[tuple[Incident, CompromisedRelease]]) -> CompromisedRelease:
    """Return one release from what several records of an event say of it.

    Incident files say more than advisories, which name versions alone: where a file says that only some files
    of the release are bad, a version in an advisory does not make the others bad. Of several upload times the
    earliest counts, so that none hides an exposure.
    """
    told = [release for one, release in records if not one.advisory] or [release for _, release in records]
    timed = [release for _, release in records if release.listed_from is not None]
    earliest = min(timed, key=lambda one: one.listed_from or 0, default=told[0])
    return replace(
        told[0],
        listed_from=earliest.listed_from,
        listed_from_latest=earliest.listed_from_latest,
        files=tuple(dict.fromkeys(file for _, release in records for file in release.files)),
        whole=any(release.whole for release in told),
        note=next((release.note for _, release in records if release.note), ""),
        sources=tuple(dict.fromkeys(source for _, release in records for source in release.sources)),
    )


def in_order(releases: Iterable[CompromisedRelease]) -> list[CompromisedRelease]:
    """Return releases by package and version."""
    return sorted(releases, key=lambda one: (one.package or one.purl, release_version(one.version)))
