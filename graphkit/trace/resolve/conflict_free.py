"""Where requirements conflict: which choices of a walk stay the same on every way out of the conflict.

A resolver leaves a conflict by going back to older releases of those who ask for what does not fit
together. Whatever it does there, a choice stays the same that the root reaches without them, and that is
the same without their requirements (docs/decisions/0005-what-no-conflict-can-shake.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations

from graphkit.stores.port import PackageId, Position
from graphkit.trace.resolve.listing import Availability, Bits, Choice, Constraint, choose
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
    choices: list[Choice],
) -> frozenset[PackageId]:
    """Return the packages whose choice stands, whatever a resolver does about the failed ones.

    ``asks`` are all requirements that hold in the walk. ``held`` are the packages that the root is, or that a manifest
    asks for itself: a resolver chooses them first, and goes back from them last, where no other way out is left.
    Every choice that it tries is added to ``choices``: where they fall alike, and the failed packages offer the same,
    the answer is the same. Cost: a few passes over the requirements.
    """
    by_package: dict[PackageId, list[RequestedBy]] = {}
    for ask in asks:
        by_package.setdefault(ask[1].package, []).append(ask)
    conflicting = set(failed)
    for package_id in failed:
        # Where what is held asks for the impossible by itself, it is not known what is installed, if anything.
        if not (involved := _involved(by_package.get(package_id, ()), availabilities[package_id]) - held - {None}):
            return frozenset()
        conflicting.update(one for one in involved if one is not None)
    by_node: dict[Node | None, list[ResolvedRequirement]] = {}
    for node, requirement in asks:
        by_node.setdefault(node, []).append(requirement)
    while True:
        reached = _reached(fixed, by_node, conflicting)
        new = {
            package_id
            for package_id, requirements in reached.items()
            if package_id not in conflicting
            and package_id in picks
            and not (fixed and package_id == fixed[0])
            and _chosen(world, package_id, requirements, availabilities, choices) != picks[package_id]
        }
        if not new:
            return frozenset(
                package_id for package_id in reached if package_id in picks and package_id not in conflicting
            )
        conflicting |= new


def offered(availability: Availability) -> Bits:
    """Return what there is of a package for any requirement on it."""
    return availability.any.bits | availability.pinned_any.bits


def _involved(asking: Sequence[RequestedBy], availability: Availability) -> set[PackageId | None]:
    """Return the packages that ask for what does not fit together; None for the root's own list.

    Those of every pair that no listed release satisfies; where each pair has something, all that narrow
    the choice. Where a single one finds nothing, it is involved alone.
    """
    available = offered(availability)
    alone = [(node, requirement) for node, requirement in asking if not requirement.admits & available]
    pairs = [
        ask
        for one, other in combinations(asking, 2)
        if not one[1].admits & other[1].admits & available
        for ask in (one, other)
    ]
    narrowing = [(node, requirement) for node, requirement in asking if requirement.admits & available != available]
    return {node and node[0] for node, _ in alone or pairs or narrowing}


def _reached(
    fixed: tuple[PackageId, Position] | None,
    by_node: Mapping[Node | None, Sequence[ResolvedRequirement]],
    conflicting: set[PackageId],
) -> dict[PackageId, list[ResolvedRequirement]]:
    """Return what is asked for by the root and by releases that it reaches and that no conflict involves."""
    reached: dict[PackageId, list[ResolvedRequirement]] = {}
    queue: list[Node | None] = [node for node in by_node if node is None or (fixed and node[0] == fixed[0])]
    waiting: dict[PackageId, list[Node]] = {}
    for node in by_node:
        if node is not None and not (fixed and node[0] == fixed[0]):
            waiting.setdefault(node[0], []).append(node)
    for node in queue:
        for requirement in by_node[node]:
            reached.setdefault(requirement.package, []).append(requirement)
            if requirement.package not in conflicting:
                kept = [
                    other for other in waiting.pop(requirement.package, ()) if not _enter(other, requirement, queue)
                ]
                if kept:
                    waiting[requirement.package] = kept
    return reached


def _enter(node: Node, requirement: ResolvedRequirement, queue: list[Node | None]) -> bool:
    """Put a node into the queue where a requirement names it: the release itself, or an extra of it."""
    if not node[2] or node[2] in requirement.extras:
        queue.append(node)
        return True
    return False


def _chosen(
    world: World,
    package_id: PackageId,
    requirements: Sequence[ResolvedRequirement],
    availabilities: Mapping[PackageId, Availability],
    choices: list[Choice],
) -> Position:
    """Return what some requirements choose of a package, and add the choice to those made."""
    admits = -1
    for requirement in requirements:
        admits &= requirement.admits
    pinned = any(one.pinned and (one.direct or world.profile == "pip") for one in requirements)
    constraint = Constraint(admits, any(one.names_prerelease for one in requirements), pinned)
    found = choose(availabilities[package_id], constraint, world.profile)
    choices.append((package_id, constraint, found))
    return found
