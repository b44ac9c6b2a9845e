"""The forward walk: what one root would install at one instant (semantics §2).

A round chooses every package from the intersection of all requirements that the root and the last
round's choices make, until a round changes nothing. There is no backtracking: where a package has no
release that fits, the walk is unresolvable and proves nothing.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from graphkit.model.answers import Path, Step
from graphkit.model.times import Instant
from graphkit.trace.listing import Demand, Stretches, choose, meet
from graphkit.trace.world import Node, Want, World

_MOST_ROUNDS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """Where a walk starts: a fixed release (with extras), or the requirements of a manifest.

    ``label`` names it in paths. ``fixed`` None: a manifest, whose ``wants`` are direct requirements;
    ``constraints`` bind where a package is reached, and add none.
    """

    label: str
    why: str
    fixed: tuple[int, int] | None = None
    extras: tuple[str, ...] = ()
    wants: tuple[Want, ...] = ()
    constraints: tuple[Want, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """What a walk found.

    ``picks``: package id → position. ``parents``: package id → the (node, requirement) that first led
    to it, None as the node for the root. ``unresolvable``: packages with no release that fits;
    ``unread``: packages or releases about which the graph does not know enough. ``visited``: ids of
    every package whose listing the result depends on.
    """

    picks: dict[int, int]
    parents: dict[int, tuple[Node | None, Want]]
    unresolvable: tuple[int, ...]
    unread: tuple[str, ...]
    visited: frozenset[int]

    def takes(self, ident: int, position: int) -> bool:
        """Return whether it installs that release; a walk that does not resolve installs nothing."""
        return not self.unresolvable and self.picks.get(ident) == position


def walk(world: World, root: Root, at: Instant, *, doubtful: bool) -> Walk:
    """Return what a root installs at an instant. Cost: the root's closure, times a few rounds."""
    picks: dict[int, int] = {root.fixed[0]: root.fixed[1]} if root.fixed else {}
    visited: set[int] = set(picks)
    for _ in range(_MOST_ROUNDS):
        gathered = _Gathering(world, root, picks)
        unread = gathered.unread
        visited.update(gathered.demands)
        chosen: dict[int, int] = {root.fixed[0]: root.fixed[1]} if root.fixed else {}
        failed = []
        for ident, wants in gathered.demands.items():
            if any(want.stretches is None for want in wants):
                unread.append(f"{world.package(ident).name} (a URL)")
                continue
            package = world.package(ident)
            if not package.is_read:
                unread.append(package.name)
                continue
            if root.fixed and ident == root.fixed[0]:
                if not _admits(wants, root.fixed[1]):
                    failed.append(ident)
                continue
            found = choose(package.shelf(at, doubtful=doubtful), _demand(world, wants, package.size), world.profile)
            if found < 0:
                failed.append(ident)
            else:
                chosen[ident] = found
        if chosen == picks:
            return Walk(
                picks=picks,
                parents=gathered.parents,
                unresolvable=tuple(sorted(failed)),
                unread=tuple(sorted(set(unread))),
                visited=frozenset(visited),
            )
        picks = chosen
    return Walk(picks={}, parents={}, unresolvable=tuple(sorted(picks)), unread=(), visited=frozenset(visited))


def _admits(wants: Sequence[Want], position: int) -> bool:
    return all(any(lo <= position < hi for lo, hi in want.stretches or ()) for want in wants)


def _demand(world: World, wants: Sequence[Want], size: int) -> Demand:
    stretches: Stretches = ((0, size),) if size else ()
    for want in wants:
        stretches = meet(stretches, want.stretches or ())
    return Demand(
        stretches=stretches,
        names_prerelease=any(want.names_prerelease for want in wants),
        pinned=any(want.pinned and (want.direct or world.profile == "pip") for want in wants),
    )


class _Gathering:
    """Every requirement that holds, collected breadth first from the root through the last choices."""

    def __init__(self, world: World, root: Root, picks: dict[int, int]) -> None:
        self.picks = picks
        self.demands: dict[int, list[Want]] = {}
        self.parents: dict[int, tuple[Node | None, Want]] = {}
        self.unread: list[str] = []
        self._seen: set[Node] = set()
        self._queue: list[Node] = []
        if root.fixed:
            self._reach(root.fixed, root.extras)
        self._follow(None, root.wants)
        for node in self._queue:
            declared = world.declared(node)
            if not declared.is_read:
                self.unread.append(f"requirements of {world.label(node)}")
            self._follow(node, declared.wants)
        for constraint in root.constraints:
            if constraint.package in self.demands:
                self.demands[constraint.package].append(constraint)

    def _follow(self, source: Node | None, wants: Sequence[Want]) -> None:
        for want in wants:
            if want.doubtful:
                continue
            self.demands.setdefault(want.package, []).append(want)
            self.parents.setdefault(want.package, (source, want))
            if want.package in self.picks:
                self._reach((want.package, self.picks[want.package]), want.extras)

    def _reach(self, release: tuple[int, int], extras: Sequence[str]) -> None:
        for extra in ("", *extras):
            if (node := (*release, extra)) not in self._seen:
                self._seen.add(node)
                self._queue.append(node)


def path_to(world: World, root: Root, found: Walk, ident: int) -> Path:
    """Return a shortest why-path of a walk from its root to a package that it chose."""
    steps: list[Step] = []
    while root.fixed is None or ident != root.fixed[0]:
        source, want = found.parents[ident]
        origin = world.source_of(source) if source else "manifest"
        asker = world.label(source) if source else root.label
        steps.append(
            Step(
                node=world.label((ident, found.picks[ident], "")),
                why=f"{asker} requires {want.text} ({origin})",
            )
        )
        if source is None or len(steps) > len(found.parents):
            break
        ident = source[0]
    return (Step(node=root.label, why=root.why), *reversed(steps))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """A walk's result and the stretch of time in which it stays the same."""

    start: Instant
    until: Instant
    walk: Walk


def stays(world: World, root: Root, start: Instant, until: Instant, *, doubtful: bool) -> Iterator[Stay]:
    """Yield the walks of a root over a window: one for each stretch in which nothing it saw changes.

    Exact, not sampled: a walk depends only on the listings of the packages that it visited, so its
    result holds until the first of them changes.
    """
    at = start
    while at < until:
        found = walk(world, root, at, doubtful=doubtful)
        nexts = [until]
        for ident in found.visited:
            changes = world.package(ident).changes
            index = bisect_right(changes, at)
            if index < len(changes):
                nexts.append(changes[index])
        stop = min(nexts)
        yield Stay(start=at, until=stop, walk=found)
        at = stop
