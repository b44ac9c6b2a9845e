"""Where requirements conflict: which choices of a walk no way out of the conflict can shake.

A resolver leaves a conflict by going back to older releases of those who ask for what does not fit
together. Whatever it does there, a choice stands that the root reaches without them, and that falls
the same without their requirements (docs/decisions/0005-what-no-conflict-can-shake.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations

from graphkit.stores.port import PackageId, Position
from graphkit.trace.resolve.listing import Availability, Constraint, choose
from graphkit.trace.resolve.world import Node, ResolvedRequirement, World

RequestedBy = tuple[Node | None, ResolvedRequirement]
"""Who asks (None: the root's own list) for what."""


def conflict_free(
    world: World,
    fixed: tuple[PackageId, Position] | None,
    asks: Sequence[RequestedBy],
    picks: Mapping[PackageId, Position],
    failed: Iterable[PackageId],
    availabilities: Mapping[PackageId, Availability],
    *,
    held: frozenset[PackageId],
) -> frozenset[PackageId]:
    """Return the packages whose choice stands, whatever a resolver does about the failed ones.

    ``asks`` are all requirements that hold in the walk. ``held`` are the packages that the root is, or that a manifest
    asks for itself: a resolver chooses them first, and goes back from them last, where no other way out is left.
    Cost: a few passes over the requirements.
    """
    by_package: dict[PackageId, list[RequestedBy]] = {}
    for ask in asks:
        by_package.setdefault(ask[1].package, []).append(ask)
    shaken = set(failed)
    for package_id in failed:
        # Where what is held asks for the impossible by itself, nobody knows what is installed, if anything.
        if not (involved := _involved(by_package.get(package_id, ()), availabilities[package_id]) - held - {None}):
            return frozenset()
        shaken.update(one for one in involved if one is not None)
    while True:
        reached = _reached(fixed, asks, shaken)
        new = {
            package_id
            for package_id, wants in reached.items()
            if package_id not in shaken
            and package_id in picks
            and not _falls_the_same(world, fixed, package_id, wants, picks, availabilities)
        }
        if not new:
            return frozenset(package_id for package_id in reached if package_id in picks and package_id not in shaken)
        shaken |= new


def _involved(asking: Sequence[RequestedBy], availability: Availability) -> set[PackageId | None]:
    """Return the packages that ask for what does not fit together; None for the root's own list.

    Those of every pair that nothing on offer satisfies; where each pair has something, all that narrow
    the choice. Where a single one finds nothing, it is involved alone.
    """
    offer = availability.any.bits | availability.pinned_any.bits
    alone = [(node, want) for node, want in asking if not want.admits & offer]
    pairs = [
        ask
        for one, other in combinations(asking, 2)
        if not one[1].admits & other[1].admits & offer
        for ask in (one, other)
    ]
    narrowing = [(node, want) for node, want in asking if want.admits & offer != offer]
    return {node and node[0] for node, _ in alone or pairs or narrowing}


def _reached(
    fixed: tuple[PackageId, Position] | None, asks: Sequence[RequestedBy], shaken: set[PackageId]
) -> dict[PackageId, list[ResolvedRequirement]]:
    """Return what is asked for by the root and by releases that it reaches and that are not shaken."""
    by_node: dict[Node | None, list[ResolvedRequirement]] = {}
    for node, want in asks:
        by_node.setdefault(node, []).append(want)
    reached: dict[PackageId, list[ResolvedRequirement]] = {}
    queue: list[Node | None] = [node for node in by_node if node is None or (fixed and node[0] == fixed[0])]
    waiting: dict[PackageId, list[Node]] = {}
    for node in by_node:
        if node is not None and node not in queue:
            waiting.setdefault(node[0], []).append(node)
    for node in queue:
        for want in by_node[node]:
            reached.setdefault(want.package, []).append(want)
            if want.package not in shaken:
                kept = [other for other in waiting.pop(want.package, ()) if not _enter(other, want, queue)]
                if kept:
                    waiting[want.package] = kept
    return reached


def _enter(node: Node, want: ResolvedRequirement, queue: list[Node | None]) -> bool:
    """Put a node into the queue where a requirement names it: the release itself, or an extra of it."""
    if not node[2] or node[2] in want.extras:
        queue.append(node)
        return True
    return False


def _falls_the_same(
    world: World,
    fixed: tuple[PackageId, Position] | None,
    package_id: PackageId,
    wants: Sequence[ResolvedRequirement],
    picks: Mapping[PackageId, Position],
    availabilities: Mapping[PackageId, Availability],
) -> bool:
    if fixed and package_id == fixed[0]:
        return True
    admits = -1
    for want in wants:
        admits &= want.admits
    pinned = any(want.pinned and (want.direct or world.profile == "pip") for want in wants)
    demand = Constraint(admits, any(want.names_prerelease for want in wants), pinned)
    return choose(availabilities[package_id], demand, world.profile) == picks[package_id]
