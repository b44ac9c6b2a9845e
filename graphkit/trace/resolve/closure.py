"""The forward closure of a root: every release that its ranges allow, read or not (docs/semantics.md#proof-by-walk).

Nothing is chosen here. What is not in the closure of a root cannot be installed from it, provided that all of it was
read: so a closure that was read completely and does not hold a target is what a proof by walk rests on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from graphkit.model.answers import Path, Step
from graphkit.model.intervals import ReleaseRanges, meet
from graphkit.model.times import Instant, rfc3339
from graphkit.stores.port import PackageId, Position
from graphkit.trace.resolve.forward import Root
from graphkit.trace.resolve.listing import Bits, Package, as_bits, bits_of, positions_in
from graphkit.trace.resolve.package_columns import Truths
from graphkit.trace.resolve.world import Node, ResolvedRequirement, World

_MOST_SETS: Final = 200_000
"""Requirement sets that are followed before a closure counts as not read completely."""
REMOVAL_LAG: Final = 15 * 60 * 1_000_000
"""For clearing, a removal counts this much later, in microseconds: clients keep pages for a while.

Contract: docs/semantics.md#listing.
"""

_Key = tuple[PackageId, str]
"""A package id and an extra, empty for the package itself."""
_Way = tuple[Node | None, str, str]
"""Which release asks (None: the root), its label, and for what."""


class Closure(Struct, frozen=True, kw_only=True):
    """What a root can reach. ``packages``: ids of all that it meets; ``reached``: the positions that it may take.

    ``hits``: accused positions by package id, ``path`` a way to one of them. ``unread``: what was not read,
    guessed or cut off, so that more may be behind it. ``stuck``: requirements that no listed release fits, so
    that a resolver goes back to other releases. ``pins``: every requirement that may take a yanked release.
    """

    packages: frozenset[PackageId]
    reached: Mapping[PackageId, Bits]
    hits: Mapping[PackageId, Bits]
    path: Path
    unread: tuple[str, ...]
    stuck: tuple[str, ...]
    pins: tuple[ResolvedRequirement, ...]


class Span(Struct, frozen=True, kw_only=True):
    """The stretch that a closure has to hold for; pages have to speak for all of it.

    ``is_timeless``: every release ever known counts, listed or not; else those listed at some instant of it.
    ``is_on_offer``: of these only what an installer may take, which of yanked ones are those that are pinned.
    """

    start: Instant
    until: Instant
    is_timeless: bool
    is_on_offer: bool = False


class Bounds:
    """The root's own constraints: they bind wherever their package is reached."""

    def __init__(self, world: World, root: Root) -> None:
        self._own: dict[PackageId, ReleaseRanges] = {}
        asked = (*root.requirements, *root.constraints, *own_requirements(world, root))
        binding = [(one.package, one.stretches) for one in asked if one.stretches is not None and not one.doubtful]
        world.read(dict.fromkeys(package_id for package_id, _ in binding))
        for package_id, stretches in binding:
            self._bind(world, package_id, stretches)
        if root.fixed:
            self._bind(world, root.fixed[0], ((root.fixed[1], root.fixed[1] + 1),))

    def _bind(self, world: World, package_id: PackageId, stretches: ReleaseRanges) -> None:
        known = self._own.get(package_id, ((0, world.package(package_id).size),))
        self._own[package_id] = meet(known, stretches)

    def within(self, requirement: ResolvedRequirement) -> ReleaseRanges:
        """Return the positions that a requirement may take under the root's constraints."""
        stretches = requirement.stretches or ()
        return meet(stretches, self._own[requirement.package]) if requirement.package in self._own else stretches


def own_requirements(world: World, root: Root) -> tuple[ResolvedRequirement, ...]:
    """Return what a fixed root requires, with its extras and those that they ask of the root itself."""
    if root.fixed is None:
        return ()
    extras = ["", *root.extras]
    found: list[ResolvedRequirement] = []
    for extra in extras:
        for requirement in world.declared((*root.fixed, extra)).requirements:
            found.append(requirement)
            if requirement.package == root.fixed[0] and not requirement.doubtful:
                extras.extend(more for more in requirement.extras if more not in extras)
    return tuple(found)


def closure_of(world: World, root: Root, targets: Sequence[tuple[PackageId, Bits]], span: Span) -> Closure:
    """Return the closure of a root. ``targets`` are accused positions by package id, as bits.

    Cost: each distinct requirement set of what it meets is followed once; the same question is answered once, and for
    all readings where it asks for no time.
    """
    key = (root.requirements, root.constraints, root.fixed, root.extras, root.origin, tuple(targets), span)
    known: dict[object, tuple[str, object]] = world.memory_of(_Timeless) if span.is_timeless else world.closures
    if key not in known:
        known[key] = root.label, _Walk(world, root, dict(targets), span).result()
    label, found = known[key]
    assert isinstance(found, Closure)
    return found if label == root.label else replace(found, path=_renamed(found.path, label, root))


class _Timeless(dict[object, tuple[str, object]]):
    """Closures of roots over every release ever known, by what was asked: the same under every reading."""

    def forget(self) -> None:
        """Drop all of them."""
        self.clear()


def _renamed(path: Path, label: str, root: Root) -> Path:
    """Return a path as that of another root that asks for the same."""
    if len(path) < 2:
        return path
    first = replace(path[1], why=path[1].why.replace(label, root.label, 1))
    return (Step(node=root.label, why=root.why), first, *path[2:])


class _Walk:
    def __init__(self, world: World, root: Root, targets: Mapping[PackageId, Bits], span: Span) -> None:
        self._world = world
        self._root = root
        self._targets = targets
        self._span = span
        self._bounds = Bounds(world, root)
        self._seen: dict[_Key, Bits] = {}
        self._met: set[PackageId] = set()
        self._available: dict[tuple[PackageId, bool], Bits] = {}
        self._ways: dict[_Key, list[tuple[Bits, _Way]]] = {}
        """By which way each position was reached first."""
        self._queue: list[tuple[_Key, Bits]] = []
        self._unread: dict[str, None] = {}
        self._stuck: dict[str, None] = {}
        self._pins: list[ResolvedRequirement] = []
        self._hits: dict[PackageId, Bits] = {}
        self._first: Node | None = None
        self._followed = 0

    def result(self) -> Closure:
        root = self._root
        if root.fixed:
            for extra in ("", *root.extras):
                self._reach((root.fixed[0], extra), 1 << root.fixed[1])
        for requirement in root.constraints:
            self._note_pin(requirement)
        for requirement in root.requirements:
            self._enter(None, root.label, root.origin, requirement)
        self._follow_all()
        return Closure(
            packages=frozenset(self._met),
            reached={package_id: bits for (package_id, extra), bits in self._seen.items() if not extra},
            hits=self._hits,
            path=self._path(),
            unread=tuple(sorted(self._unread)),
            stuck=tuple(sorted(self._stuck)),
            pins=tuple(self._pins),
        )

    def _follow_all(self) -> None:
        """Follow what is reached, a level at a time: what a level requires is read together."""
        done = 0
        while level := self._queue[done:]:
            done = len(self._queue)
            of_each = [self._nodes(key, new) for key, new in level]
            self._load([node for nodes in of_each for node in nodes])
            for nodes in of_each:
                self._follow(nodes)
                if self._followed > _MOST_SETS:
                    self._unread[f"more than {_MOST_SETS:,} sets of requirements"] = None
                    return

    def _nodes(self, key: _Key, new: Bits) -> list[Node]:
        """Return the releases to follow, one for each distinct set of requirements."""
        return [(key[0], position, key[1]) for position in _first_of_each(self._world.package(key[0]), new)]

    def _load(self, nodes: list[Node]) -> None:
        some = nodes[: _MOST_SETS + 1]
        self._world.load(some)
        asked = (one.package for node in some for one in self._world.declared(node).requirements)
        self._world.read(dict.fromkeys(asked))

    def _note_pin(self, requirement: ResolvedRequirement) -> None:
        if requirement.pinned and requirement.stretches is not None:
            self._pins.append(requirement)

    def _enter(self, source: Node | None, asker: str, origin: str, requirement: ResolvedRequirement) -> None:
        self._note_pin(requirement)
        package = self._world.package(requirement.package)
        self._met.add(package.id)
        if requirement.stretches is None:
            self._unread[f"{requirement.text} (a URL)"] = None
            return
        if not package.is_whole:
            self._unread[f"project page of {package.name}"] = None
        elif package.speaks_until < self._span.until:
            self._unread[_stale(package)] = None
        allowed = bits_of(self._bounds.within(requirement)) & self._available_of(package, is_pinned=requirement.pinned)
        if not allowed:
            self._stuck[requirement.text] = None
        for extra in ("", *requirement.extras):
            self._reach((package.id, extra), allowed, (source, asker, f"{requirement.text} ({origin})"))

    def _reach(self, key: _Key, allowed: Bits, way: _Way | None = None) -> None:
        new = allowed & ~self._seen.get(key, 0)
        if not new:
            return
        self._seen[key] = self._seen.get(key, 0) | new
        self._met.add(key[0])
        if way is not None:
            self._ways.setdefault(key, []).append((new, way))
        hit = new & self._targets.get(key[0], 0)
        if hit:
            self._hits[key[0]] = self._hits.get(key[0], 0) | hit
            self._first = self._first or (key[0], Position(hit.bit_length() - 1), key[1])
        self._queue.append((key, new))

    def _follow(self, nodes: list[Node]) -> None:
        """Follow what releases require."""
        for node in nodes:
            self._followed += 1
            declared = self._world.declared(node)
            label = self._world.label(node)
            if not declared.is_read:
                self._unread[f"requirements of {label}"] = None
            elif declared.is_borrowed:
                self._unread[f"requirements of {label} itself"] = None
            for requirement in declared.requirements:
                self._enter(node, label, self._world.source_of(node), requirement)

    def _available_of(self, package: Package, *, is_pinned: bool) -> Bits:
        key = (package.id, is_pinned)
        if key not in self._available:
            every = (1 << package.size) - 1
            is_fresh = self._span.is_on_offer and not is_pinned
            found = every if self._span.is_timeless else as_bits(_ever_listed(package, self._span, is_fresh=is_fresh))
            self._available[key] = found
        return self._available[key]

    def _path(self) -> Path:
        """Return the way to the first hit: each release on it is one that the step before it allows."""
        steps: list[Step] = []
        node = self._first
        while node is not None and (way := self._way_to(node)) is not None:
            package_id, _, extra = node
            node, asker, asked = way
            name = self._world.package(package_id).name
            steps.append(Step(node=f"{name}[{extra}]" if extra else name, why=f"{asker} allows {asked}"))
        return (Step(node=self._root.label, why=self._root.why), *reversed(steps)) if steps else ()

    def _way_to(self, node: Node) -> _Way | None:
        """Return by which way a release, or an extra of it, was reached first; None where the root is that."""
        package_id, position, extra = node
        ways = self._ways.get((package_id, extra), ())
        return next((way for bits, way in ways if bits >> position & 1), None)


def _stale(package: Package) -> str:
    read = rfc3339(package.speaks_until) if package.speaks_until > 0 else None
    return (
        f"project page of {package.name} as of a later time than {read}" if read else f"project page of {package.name}"
    )


def _first_of_each(package: Package, positions: Bits) -> Iterator[Position]:
    """Yield of some positions one for each distinct set of requirements, read alike."""
    found = positions_in(positions)
    kinds = package.requirement_sets[found].astype(np.int64) * 4
    kinds += package.lacks_requirements[found] * 2 + package.has_borrowed_requirements[found]
    unread = package.requirement_sets[found] < 0
    kinds[unread] = -1 - found[unread]  # each is named, since each has to be read
    _, first = np.unique(kinds, return_index=True)
    yield from (Position(int(found[at])) for at in np.sort(first))


def _ever_listed(package: Package, span: Span, *, is_fresh: bool) -> Truths:
    """Return which releases were listed, and not yanked if asked, at some instant of a span, by any account."""
    found = np.zeros(package.size, dtype=np.bool_)
    for availability in package.availabilities_within(span.start, span.until):
        found |= availability.fresh if is_fresh else availability.listed
    return found
