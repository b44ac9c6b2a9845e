"""What a root could install at all: some choice of listed releases that the ranges allow (docs/semantics.md#tiers)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet

import numpy as np
from msgspec import Struct

from graphkit.model.answers import Path, Step
from graphkit.model.times import Instant
from graphkit.stores.port import PackageId, Position
from graphkit.trace.reach.reached import ReachedReleases
from graphkit.trace.resolve.availability_table import AvailabilityTable, Masks
from graphkit.trace.resolve.closure import Bounds, Span, closure_of
from graphkit.trace.resolve.confirm import Targets
from graphkit.trace.resolve.forward import Root
from graphkit.trace.resolve.world import Node, ResolvedRequirement, World


class Admission(Struct, frozen=True, kw_only=True):
    """Whether a root may install a target: the slots as bits, and for each a parent to walk back by."""

    slots: int
    path: Path


class _Admitting:
    """One admission: breadth first through every release that the ranges allow, slots as bits."""

    def __init__(self, world: World, root: Root, goal: ReachedReleases, availability: AvailabilityTable) -> None:
        self.world = world
        self._goal = goal
        self._availability = availability
        self.bounds = Bounds(world, root)
        self.reached: dict[Node, int] = {}
        self.parents: dict[Node, tuple[Node | None, ResolvedRequirement]] = {}
        self.queue: list[Node] = []
        self._unlocked: dict[PackageId, Masks] = {}

    def within(self, nodes: Iterable[Node]) -> int:
        """Return the slots in which any of some nodes was reached."""
        slots = 0
        for node in nodes:
            slots |= self.reached.get(node, 0)
        return slots

    def unlock(self, pins: Iterable[ResolvedRequirement], bit: int) -> None:
        """Let pins take what is yanked in a slot, for every other requirement on the packages too."""
        for requirement in pins:
            size = self.world.package(requirement.package).size
            known = self._unlocked.setdefault(requirement.package, np.zeros(size, dtype=np.uint64))
            for lo, hi in requirement.stretches or ():
                known[lo:hi] |= np.uint64(1 << bit)

    def enter(self, source: Node | None, requirement: ResolvedRequirement, slots: int) -> None:
        """Follow one requirement."""
        if requirement.stretches is None:
            return
        package_id = requirement.package
        able_of = [
            (extra, able)
            for extra in ("", *requirement.extras)
            if (able := self._goal.of(package_id, extra)) is not None
        ]
        if not able_of:
            return
        package = self.world.package(package_id)
        listed, available = self._availability.of(package)
        if package_id in self._unlocked:
            available = available | (listed & self._unlocked[package_id])
        for lo, hi in self.bounds.within(requirement):
            for extra, able in able_of:
                open_slots = able[lo:hi] & available[lo:hi] & np.uint64(slots)
                for position in (np.flatnonzero(open_slots) + lo).tolist():
                    node = (package_id, Position(position), extra)
                    if int(open_slots[position - lo]) & ~self.reached.get(node, 0):
                        self.reached[node] = self.reached.get(node, 0) | int(open_slots[position - lo])
                        self.parents.setdefault(node, (source, requirement))
                        self.queue.append(node)

    def start(self, root: Root, slots: int) -> None:
        """Reach what a root is, and follow what it requires."""
        if root.fixed:
            for extra in ("", *root.extras):
                self.reached[*root.fixed, extra] = slots
                self.queue.append((*root.fixed, extra))
        for requirement in root.requirements:
            self.enter(None, requirement, slots)

    def run(self, hits: Sequence[Node], mask: int) -> int:
        """Follow all requirements until every slot of a mask has a hit; return the slots that have one.

        Nothing is followed beyond a hit.
        """
        targets = {node[:2] for node in hits}
        done = 0
        while level := self.queue[done:]:
            done = len(self.queue)
            self.world.load(level)
            for node in level:
                if self.within(hits) & mask == mask:
                    return mask
                if node[:2] not in targets:
                    for requirement in self.world.declared(node).requirements:
                        self.enter(node, requirement, self.reached[node])
        return self.within(hits) & mask


def admission(
    world: World,
    root: Root,
    targets: Targets,
    instants: Sequence[Instant],
    goal: ReachedReleases,
    mask: int,
) -> Admission:
    """Return the slots of ``mask`` in which a root may install one of the targets, and a shortest path.

    ``goal`` is the reverse *admitted* walk over the same instants: nodes outside it are not entered,
    since they cannot reach a target. Cost: the part of the root's closure that can; the whole closure
    where something yanked could lead to a target, since any pin in it may unlock that.
    """
    assert goal.availability is not None
    walk = _Admitting(world, root, goal, goal.availability)
    yanked = {package_id for package_id, slots in goal.yanked.items() if slots & mask}
    if yanked:
        _unlock_yanked(walk, root, yanked, instants, mask)
    walk.start(root, mask)
    hits = [(package_id, position, "") for package_id, positions in targets.items() for position in positions]
    slots = walk.run(hits, mask)
    if slots and mask != slots & -slots:
        # A parent may have been reached in another slot; one slot alone gives a path that holds in it.
        return Admission(slots=slots, path=admission(world, root, targets, instants, goal, slots & -slots).path)
    first = min((walk.queue.index(hit) for hit in hits if hit in walk.parents), default=None)
    return Admission(slots=slots, path=() if first is None else _back(world, root, walk.parents, walk.queue[first]))


def _unlock_yanked(
    walk: _Admitting, root: Root, yanked: AbstractSet[PackageId], instants: Sequence[Instant], mask: int
) -> None:
    """Let the pins in a root's closure take what is yanked, slot by slot."""
    for bit, at in enumerate(instants):
        if mask >> bit & 1:
            pins = closure_of(walk.world, root, (), Span(start=at, until=at + 1, is_timeless=False)).pins
            walk.unlock((requirement for requirement in pins if requirement.package in yanked), bit)


def _back(world: World, root: Root, parents: dict[Node, tuple[Node | None, ResolvedRequirement]], node: Node) -> Path:
    steps: list[Step] = []
    at: Node | None = node
    while at is not None and at in parents:
        source, requirement = parents[at]
        asker = world.label(source) if source else root.label
        origin = world.source_of(source) if source else root.origin
        steps.append(Step(node=world.label((at[0], at[1], "")), why=f"{asker} allows {requirement.text} ({origin})"))
        at = source
    return (Step(node=root.label, why=root.why), *reversed(steps))
