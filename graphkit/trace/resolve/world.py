"""The index as one environment and one reading see it, read through the port as far as a question goes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from typing import TypeVar

import numpy as np
from msgspec import Struct
from msgspec.structs import force_setattr, replace
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from graphkit.model import csr
from graphkit.model.building import BUILD_EXTRA, bare_marker, is_of_build
from graphkit.model.environment import (
    AnyOfEnvironments,
    Environment,
    EveryEnvironment,
    MarkerEvaluator,
    Profile,
    extras_of,
)
from graphkit.model.guards import Guards
from graphkit.model.index import Hidden, MetadataSource
from graphkit.model.intervals import ReleaseRanges
from graphkit.model.names import PackageName
from graphkit.model.requirements import Requirement
from graphkit.model.times import FOREVER, Instant
from graphkit.stores import port
from graphkit.stores.port import PackageId, Position, RangeId, ReleaseId, RequirementSetId
from graphkit.trace.resolve.listing import (
    NOTHING_SAID,
    Availability,
    AvailabilityKey,
    Bits,
    Package,
    SaidOfPackage,
    bits_of,
)
from graphkit.trace.resolve.over_time import Availabilities, ChangesWithin
from graphkit.trace.resolve.package_columns import PackageColumns, Truths

_M = TypeVar("_M")
_MOST_REMEMBERED = 5_000
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")
Node = tuple[PackageId, Position, str]
"""A release as a walk sees it: package id, position, extra (empty: the release itself)."""


class ResolvedRequirement(Struct, frozen=True):
    """A requirement as a walk follows it: on which package, with which extras, admitting what.

    ``stretches`` None: it names a URL, an identity of its own; ``admits`` are the same as bits.
    ``doubtful``: its marker is undecidable
    or its specifier unreadable, so it counts for `admitted` only. ``direct``: the root itself asks.
    """

    package: PackageId
    extras: tuple[str, ...]
    stretches: ReleaseRanges | None
    names_prerelease: bool
    pinned: bool
    doubtful: bool
    text: str
    admits: Bits
    direct: bool = False
    is_plain: bool = False
    """It has no extras and nothing that changes the rules of choice: its range says it all."""

    def __post_init__(self) -> None:
        bent = self.extras or self.names_prerelease or self.pinned or self.stretches is None
        force_setattr(self, "is_plain", not bent)


class DeclaredRequirements(Struct, frozen=True):
    """What a node declares. ``is_read`` False: its requirements, or some, are not known.

    ``is_borrowed``: they are those of another release, so nothing is cleared by them.
    """

    requirements: tuple[ResolvedRequirement, ...]
    is_read: bool
    is_borrowed: bool = False


def _under(requirement: ResolvedRequirement, marker: str, *, is_sure: bool) -> ResolvedRequirement:
    """Return a requirement as it is declared under a marker; where that cannot be decided, it is doubtful."""
    text = f"{requirement.text} ; {marker}" if marker else requirement.text
    return ResolvedRequirement(
        requirement.package,
        requirement.extras,
        requirement.stretches,
        requirement.names_prerelease,
        requirement.pinned,
        requirement.doubtful or not is_sure,
        text,
        requirement.admits,
    )


def _by_package(hidden: Iterable[Hidden]) -> dict[str, list[Hidden]]:
    found: dict[str, list[Hidden]] = {}
    for gap in hidden:
        found.setdefault(gap.package, []).append(gap)
    return found


def _differing(some: Mapping[str, list[Hidden]], others: Mapping[str, list[Hidden]]) -> set[str]:
    """Return the packages of which two readings know other gaps."""
    return {name for name in some.keys() | others.keys() if some.get(name) != others.get(name)}


class World:
    """Packages and requirements, each read once. Nothing here depends on the question's window."""

    def __init__(
        self,
        reader: port.Reader,
        environment: Environment,
        profile: Profile,
        hidden: Iterable[Hidden],
        compromised: Mapping[PackageName, frozenset[str]],
        *,
        mixed: Mapping[PackageName, frozenset[str]] | None = None,
        union: AnyOfEnvironments | None = None,
    ) -> None:
        """Make the world of one environment, or with ``union`` of several at once.

        ``mixed``: of which releases, by version key, only some files are bad.
        """
        self.reader = reader
        self.environment = environment
        self.profile: Profile = profile
        self.evaluator: MarkerEvaluator | AnyOfEnvironments | EveryEnvironment = union or MarkerEvaluator(
            environment, profile
        )
        generation = reader.generation()
        self.packages, self.releases = generation.packages, generation.releases
        self._hidden = _by_package(hidden)
        self._compromised = compromised
        self.incident_names = frozenset(self._hidden.keys() | compromised.keys())
        """The names of packages of which an incident says something."""
        self._mixed = mixed or {}
        self._packages: dict[PackageId, Package] = {}
        self._availabilities: dict[AvailabilityKey, Availability] = {}
        self._usable = np.empty(0, dtype=np.int8)
        self._memories: dict[type, object] = {}
        self._availabilities_at: dict[tuple[Instant, bool], Availabilities] = {}
        self._incident_packages: port.PackageIds | None = None
        self._settled: port.Times | None = None
        self._settled_by: tuple[Instant, Truths] | None = None
        self._changes: dict[tuple[Instant, Instant], ChangesWithin] = {}
        self._ids: dict[str, PackageId] = {}
        self._members: dict[RequirementSetId, tuple[tuple[RangeId, str], ...]] = {}
        self._ranges: dict[RangeId, ResolvedRequirement] = {}
        self._of_installs: dict[tuple[RequirementSetId, bool], list[tuple[RangeId, str]]] = {}
        self._declared: dict[Node, DeclaredRequirements] = {}
        self._required: dict[tuple[RequirementSetId, str], tuple[tuple[ResolvedRequirement, ...], bool]] = {}
        """What is declared, by requirement set and extra: many releases share one."""
        self._building: dict[RequirementSetId, tuple[ResolvedRequirement, ...] | None] = {}
        self._guards: Guards | None = None
        self._guarded: dict[Guards, World] = {}
        self._anywhere: list[World] = []
        """The world of that name, once it is asked for; shared with those under other gaps."""
        self.closures: dict[object, tuple[str, object]] = {}
        """Closures of roots (`graphkit.trace.resolve.closure`), by what was asked."""

    def under(self, hidden: Iterable[Hidden]) -> World:
        """Return the same world with other gaps; all that does not depend on them is shared."""
        there = _by_package(hidden)
        changed = _differing(self._hidden, there)
        other = copy(self)
        other._availabilities_at = {}  # noqa: SLF001 - a world of its own kind
        other._incident_packages = None  # noqa: SLF001
        other.incident_names = frozenset(there.keys() | self._compromised.keys())
        other._settled = other._settled_by = None  # noqa: SLF001
        other._guarded = {}  # noqa: SLF001
        other._changes = {}  # noqa: SLF001
        other.closures = {}
        other._hidden = there  # noqa: SLF001
        other._packages = {  # noqa: SLF001
            package_id: one for package_id, one in self._packages.items() if one.name not in changed
        }
        return other

    def lists_as(self, other: World, at: Instant) -> bool:
        """Return whether the same world with other gaps lists the same at an instant, by each account of the times.

        Cost: a look at each package of which the gaps are others.
        """
        pairs = [
            (self.find(PackageName(name)), other.find(PackageName(name)))
            for name in _differing(self._hidden, other._hidden)
        ]
        return all(
            one.availability(at, doubtful=doubtful) is another.availability(at, doubtful=doubtful)
            for one, another in pairs
            if one is not None and another is not None
            for doubtful in (True, False)
        )

    def guarded(self, guards: Guards) -> World:
        """Return the same world with the cut-offs and overrides of a manifest; each is made once."""
        if not guards.changes_the_index:
            return self
        if guards not in self._guarded:
            other = self._emptied()
            other._guarded, other._anywhere = {}, []  # noqa: SLF001
            other._guards = guards  # noqa: SLF001
            if guards.overrides:
                other._declared, other._required = {}, {}  # noqa: SLF001
            self._guarded[guards] = other
        return self._guarded[guards]

    def anywhere(self) -> World:
        """Return the same world without an environment (`model.environment.EveryEnvironment`); it is read fast.

        Gaps are those of the world that asked first: only what is timeless may be asked of it.
        """
        if not self._anywhere:
            other = self._emptied()
            other._declared, other._required, other._building = {}, {}, {}  # noqa: SLF001
            other._usable = np.empty(0, dtype=np.int8)  # noqa: SLF001
            other.evaluator = EveryEnvironment()
            self._anywhere.append(other)
        return self._anywhere[0]

    def _emptied(self) -> World:
        """Return a copy that shares what the store says, and has looked at no package yet."""
        other = copy(self)
        other._availabilities_at, other._changes = {}, {}  # noqa: SLF001 - a world of its own kind
        other._settled = other._settled_by = None  # noqa: SLF001
        other._packages, other._memories, other.closures = {}, {}, {}  # noqa: SLF001
        return other

    @property
    def has_guards(self) -> bool:
        """Whether something else is listed here, or required, than the index says."""
        return self._guards is not None

    @property
    def incident_packages(self) -> port.PackageIds:
        """The packages of which an incident says something: hidden, or with accused releases; ascending."""
        if self._incident_packages is None:
            found = self.reader.package_ids(sorted(self.incident_names))
            self._incident_packages = np.sort(found[found >= 0])
        return self._incident_packages

    @property
    def settled(self) -> port.Times:
        """Of each package the instant from which the store knows beforehand what it offers and what chooses it.

        `FOREVER` where it does not: of packages of which an incident says something, and of all where the
        environment or the resolver is another than the store's.
        """
        if self._settled is None:
            if self._is_settled_by_store:
                found = self.reader.packages(np.arange(self.packages, dtype=port.PACKAGE)).settled.copy()
                found[self.incident_packages] = FOREVER
            else:
                found = np.full(self.packages, FOREVER, dtype=np.int64)
            self._settled = found
        return self._settled

    def settled_by(self, at: Instant) -> Truths:
        """Return of each package whether it is `settled` at an instant. Cost: a pass; none for the last one again."""
        if self._settled_by is None or self._settled_by[0] != at:
            self._settled_by = at, self.settled <= at
        return self._settled_by[1]

    @property
    def _is_settled_by_store(self) -> bool:
        """Whether the store knows beforehand what packages offer here once nothing changes any more."""
        is_the_stores = self.environment == port.SETTLED and self.profile == "uv" and self._guards is None
        return is_the_stores and isinstance(self.evaluator, MarkerEvaluator)

    def memory_of(self, kind: type[_M]) -> _M:
        """Return what walks of a kind remember between the questions asked of this world."""
        found = self._memories.setdefault(kind, kind())
        assert isinstance(found, kind)
        return found

    def forget(self, beyond: int = _MOST_REMEMBERED) -> None:
        """Drop what was read and walked, where it is of more than so many packages.

        Between the walks of a whole index this keeps memory bounded; what is asked for again is read again.
        """
        if len(self._packages) <= beyond:
            return
        for known in (self._packages, self._availabilities, self._availabilities_at, self._changes, self._ids):
            known.clear()
        self._members.clear()
        self._of_installs.clear()
        self._ranges.clear()
        self._declared.clear()
        self._required.clear()
        self._building.clear()
        self.closures.clear()
        self._guarded.clear()
        for memory in self._memories.values():
            if (forget := getattr(memory, "forget", None)) is not None:
                forget()

    def find(self, name: PackageName) -> Package | None:
        """Return a package by name, None where the graph has none of that name."""
        if name not in self._ids:
            self.expect_names([name])
        package_id = self._ids[name]
        return None if package_id < 0 else self.package(package_id)

    def expect_names(self, names: Iterable[PackageName]) -> None:
        """Look up packages that are found next, all in one call of the store, and tell it of them."""
        if new := [name for name in dict.fromkeys(names) if name not in self._ids]:
            ids = map(PackageId, self.reader.package_ids(new).tolist())
            self._ids.update(zip(new, ids, strict=True))
            self.expect(self._ids[name] for name in new if self._ids[name] >= 0)

    def expect(self, package_ids: Iterable[PackageId]) -> None:
        """Tell the store which packages are asked for next: one by one they cost a store far away a call each."""
        if new := [package_id for package_id in dict.fromkeys(package_ids) if package_id not in self._packages]:
            self.reader.expect(port.PACKAGE.of(new))

    def find_release(self, name: PackageName | None, version: str) -> tuple[Package, Position] | None:
        """Return a package and the position of a release in it, None where the graph does not know it."""
        package = self.find(name) if name else None
        position = package.position_of(version) if package else None
        return None if package is None or position is None else (package, position)

    def file_hashes(self, name: PackageName, version: str) -> frozenset[str]:
        """Return the SHA-256, in lower case, of every file of a release that has one known; empty where there is none.

        Pages, tables and incidents say them: those of files that an incident accuses are among them. Cost: a call of
        the store.
        """
        found = self.find_release(name, version)
        if found is None:
            return frozenset()
        package, position = found
        release = self.reader.releases(port.RELEASE.of([ReleaseId(package.start + position)]))
        return frozenset(text.lower() for text in release.file_sha256 if _SHA256.fullmatch(text))

    def names_of(self, ids: Iterable[PackageId]) -> frozenset[str]:
        """Return the names of packages. Cost: one call of the store."""
        return frozenset(self.reader.packages(port.PACKAGE.of(sorted(ids))).name)

    def package(self, package_id: PackageId) -> Package:
        """Return a package by id."""
        if package_id not in self._packages:
            self.read([package_id])
        return self._packages[package_id]

    def read(self, package_ids: Iterable[PackageId]) -> None:
        """Read packages that are asked for next, all together: one by one each costs some twenty steps of NumPy."""
        new = [package_id for package_id in package_ids if package_id not in self._packages]
        if not new:
            return
        ids = port.PACKAGE.of(new)
        self.reader.expect(ids)
        packages = self.reader.packages(ids)
        releases = self.reader.releases(csr.spread(packages.start, packages.stop)[0].astype(port.RELEASE))
        settled = np.where(np.isin(ids, self.incident_packages), FOREVER, packages.settled)
        if not self._is_settled_by_store:
            settled = np.full(len(ids), FOREVER)
        columns = PackageColumns(packages, releases, settled, self.fits)
        for row, package_id in enumerate(new):
            said = self._said_of(PackageName(columns.names[row]))
            self._packages[package_id] = Package(package_id, columns, row, self._availabilities, said)

    def _said_of(self, name: PackageName) -> SaidOfPackage:
        """Return what others than the index say of a package."""
        hidden, compromised = self._hidden.get(name, ()), self._compromised.get(name, frozenset())
        cut_off = self._guards.cut_off_of(name) if self._guards else None
        if not (hidden or compromised or cut_off):
            return NOTHING_SAID
        return SaidOfPackage(hidden=hidden, compromised=compromised, cut_off=cut_off)

    def is_mixed(self, package_id: PackageId, position: Position) -> bool:
        """Return whether an accused release has good files beside the bad ones."""
        package = self.package(package_id)
        keys = self._mixed.get(package.name, frozenset())
        return bool(keys) and any(package.position_of(key) == position for key in keys)

    def fits(self, needs: port.TextIds) -> Truths:
        """Return which files the environment can install. Each distinct need is asked once."""
        top = int(needs.max(initial=-1)) + 1
        if top > len(self._usable):
            self._usable = np.append(self._usable, np.full(top - len(self._usable), -1, dtype=np.int8))
        known = self._usable[needs]
        if (new := csr.distinct(needs[known < 0])).size:
            self._usable[new] = [self.evaluator.installs(text) for text in self.reader.texts("needs", new)]
            known = self._usable[needs]
        return known > 0

    def availabilities_at(self, at: Instant, *, doubtful: bool) -> Availabilities:
        """Return what is listed at an instant by package id, each computed when it is asked for."""
        key = (at, doubtful)
        if key not in self._availabilities_at:
            self._availabilities_at[key] = Availabilities(self.package, at, doubtful=doubtful)
        return self._availabilities_at[key]

    def changes(self, start: Instant, until: Instant) -> ChangesWithin:
        """Return when the listings of packages change inside a window, by package id."""
        key = (start, until)
        if key not in self._changes:
            self._changes[key] = ChangesWithin(self.package, start, until)
        return self._changes[key]

    def label(self, node: Node) -> str:
        """Return ``name@version`` or ``name[extra]@version``."""
        package = self.package(node[0])
        return f"{package.name}{f'[{node[2]}]' if node[2] else ''}@{package.texts[node[1]]}"

    def declared(self, node: Node) -> DeclaredRequirements:
        """Return what a release, or an extra of it, requires in this environment.

        An extra requires what is active with it and not without it; its own release comes with the
        requirement that named it. An extra that the release lacks adds nothing.
        """
        if node not in self._declared:
            self._declared[node] = self._read_declared(node)
        return self._declared[node]

    def _read_declared(self, node: Node) -> DeclaredRequirements:
        package_id, position, extra = node
        package = self.package(package_id)
        requirement_set = package.requirement_set(position)
        if requirement_set < 0:
            return DeclaredRequirements((), is_read=False)
        key = (requirement_set, extra)
        if key not in self._required:
            self._required[key] = self._read_required(requirement_set, extra)
        requirements, is_known = self._required[key]
        return DeclaredRequirements(
            requirements,
            is_read=is_known and not package.lacks_requirements[position],
            is_borrowed=bool(package.has_borrowed_requirements[position]),
        )

    def _read_required(
        self, requirement_set: RequirementSetId, extra: str
    ) -> tuple[tuple[ResolvedRequirement, ...], bool]:
        """Return what releases with a requirement set require, with an extra or without, and whether all is known."""
        requirements, replaced = [], dict[PackageName, None]()
        truth_of = self.evaluator.truth
        for range_id, marker in self._members_with(requirement_set, extra):
            if self._guards is not None and (name := self._overridden(range_id)):
                # As uv does it: of the marker that is replaced its extras alone hold on.
                holds = extra in extras_of(marker) if extra else truth_of(marker) is not False or not extras_of(marker)
                if holds:
                    replaced[name] = None
                continue
            truth = truth_of(marker, extra)
            if truth is not False and (not extra or truth_of(marker) is False):
                requirement = self._requirement(range_id)
                requirements.append(_under(requirement, marker, is_sure=truth is True) if marker else requirement)
        is_known = True
        for name in replaced:
            for one in self._guards.overrides_of(name) if self._guards else ():
                truth = truth_of(one.marker)
                is_known &= truth is False or self.find(name) is not None
                instead = self.requirement_of(one, is_sure=truth is True) if truth is not False else None
                requirements += [instead] if instead else []
        return tuple(requirements), is_known

    def _members_with(self, requirement_set: RequirementSetId, extra: str) -> Sequence[tuple[RangeId, str]]:
        """Return the members that may hold for an install with an extra and not without it, or without any."""
        key = (requirement_set, bool(extra))
        if key not in self._of_installs:
            members = [one for one in self._members_of(requirement_set) if not (one[1] and is_of_build(one[1]))]
            self._of_installs[key] = [one for one in members if "extra" in one[1]] if extra else members
        return self._of_installs[key]

    def building(self, package_id: PackageId, position: Position) -> tuple[ResolvedRequirement, ...] | None:
        """Return what building a release takes in this environment, as a root asks for it; None where it was not read.

        What was read of another release says nothing of this one. No guard reaches a build environment
        (docs/semantics.md#guards).
        """
        package = self.package(package_id)
        requirement_set = package.requirement_set(position)
        if requirement_set < 0 or package.has_borrowed_requirements[position]:
            return None
        if requirement_set not in self._building:
            asked = [one for one in self._members_of(requirement_set) if is_of_build(one[1])]
            truths = ((one, marker, self.evaluator.truth(marker, BUILD_EXTRA)) for one, marker in asked)
            requirements = (
                _under(self._requirement(one), bare_marker(marker), is_sure=truth is True)
                for one, marker, truth in truths
                if truth is not False
            )
            direct = tuple(replace(one, direct=True) for one in requirements)
            self._building[requirement_set] = direct if asked else None
        return self._building[requirement_set]

    def _overridden(self, range_id: RangeId) -> PackageName | None:
        """Return the package of a range where what asks for it is replaced by overrides, else None."""
        if self._guards is None or not self._guards.overrides:
            return None
        name = self.package(self._requirement(range_id).package).name
        return name if self._guards.overrides_of(name) else None

    def requirement_of(self, one: Requirement, *, is_sure: bool) -> ResolvedRequirement | None:
        """Return what a requirement of the root, or an override, asks for; None where its package is not known.

        One that cannot be read admits everything, and is doubtful.
        """
        package = self.find(one.package)
        if package is None:
            return None
        doubtful = bool(one.unreadable) or not is_sure
        try:
            specifiers = SpecifierSet(one.specifier)
            stretches = package.stretches(one.specifier)
        except InvalidSpecifier:
            specifiers, stretches, doubtful = SpecifierSet(), package.stretches(""), True
        single = list(specifiers)
        return ResolvedRequirement(
            package=package.id,
            extras=one.extras,
            stretches=None if one.url else stretches,
            names_prerelease=bool(specifiers.prereleases),
            pinned=len(single) == 1 and single[0].operator in {"==", "==="} and not single[0].version.endswith(".*"),
            doubtful=doubtful,
            text=str(one),
            admits=bits_of(stretches),
            direct=True,
        )

    def _members_of(self, requirement_set: RequirementSetId) -> tuple[tuple[RangeId, str], ...]:
        if requirement_set not in self._members:
            self._load_members([requirement_set])
        return self._members[requirement_set]

    def load(self, nodes: Iterable[Node]) -> None:
        """Read what many releases require in one go; asked for one by one it costs a call of the store each."""
        new = (node for node in nodes if node not in self._declared)
        sets = {self.package(package_id).requirement_set(position) for package_id, position, _ in new}
        if missing := sorted(one for one in sets if one >= 0 and one not in self._members):
            self._load_members(missing)

    def _load_members(self, sets: list[RequirementSetId]) -> None:
        found = self.reader.requirements(port.REQUIREMENT_SET.of(sets))
        pairs = list(zip(found.range.tolist(), self.reader.texts("marker", found.marker), strict=True))
        bounds = found.start.tolist()
        self.load_ranges(found.range)
        # By their texts: the order of a store is its own, and a path names the first that leads on.
        for requirement_set, first, last in zip(sets, bounds, bounds[1:], strict=False):
            members = sorted(pairs[first:last], key=lambda one: (self._ranges[one[0]].text, one[1]))
            self._members[requirement_set] = tuple(members)

    def load_ranges(self, ids: port.RangeIds) -> None:
        """Read ranges that are not yet known, all in one call."""
        known = self._ranges  # to subtract its keys from a set takes as long as they are many
        missing = port.RANGE.of(sorted({one for one in ids.tolist() if one not in known}))
        if not len(missing):
            return
        columns = self.reader.ranges(missing)
        named = self.reader.texts("extras", columns.extras)
        texts = tuple(columns.text)
        about = self.reader.packages(columns.package)
        names = tuple(about.name)
        bounds, bases = columns.start.tolist(), about.start.tolist()
        los, his = columns.lo.tolist(), columns.hi.tolist()
        is_url, is_unreadable = columns.is_url.tolist(), columns.is_unreadable.tolist()
        names_prerelease, is_pinned = columns.names_prerelease.tolist(), columns.is_pinned.tolist()
        for row, range_id in enumerate(missing.tolist()):
            base = bases[row]
            first, last = bounds[row], bounds[row + 1]
            pieces = tuple((lo - base, hi - base) for lo, hi in zip(los[first:last], his[first:last], strict=True))
            extras = tuple(named[row].split(",")) if named[row] else ()
            bracket = f"[{','.join(extras)}]" if extras else ""
            text = texts[row]
            shown = f"{names[row]}{bracket} @ {text}" if is_url[row] else f"{names[row]}{bracket}{text}"
            self._ranges[range_id] = ResolvedRequirement(
                PackageId(int(columns.package[row])),
                extras,
                None if is_url[row] else pieces,
                names_prerelease[row],
                is_pinned[row],
                is_unreadable[row],
                text if is_unreadable[row] else shown,
                bits_of(pieces),
            )

    def _requirement(self, range_id: RangeId) -> ResolvedRequirement:
        if range_id not in self._ranges:
            self.load_ranges(port.RANGE.of([range_id]))
        return self._ranges[range_id]

    def source_of(self, node: Node) -> str:
        """Return where a release's requirements came from, as a why-path says it."""
        source = self.package(node[0]).requirement_sources[node[1]]
        if source == MetadataSource.NEAREST:
            return "requirements of the nearest earlier release"
        return source or "source not known"
