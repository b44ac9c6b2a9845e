"""What a closure brings beside itself: by what building its releases takes, and by what their own SBOMs list.

A release without a wheel is built where it is installed. What its build requires (PEP 518) is installed for that, in an
environment of its own that no lock and no guard reaches (docs/semantics.md#governing-locks). Where it was read, it is
followed; where it was not, it is assumed to be usual (`Assumption.BUILD_ENV`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from msgspec import Struct

from graphkit.model.answers import Obligation
from graphkit.model.names import PackageName
from graphkit.model.sentences import and_more
from graphkit.stores.port import PackageId, Position
from graphkit.trace.resolve.closure import Closure, Span, closure_of
from graphkit.trace.resolve.forward import Root
from graphkit.trace.resolve.listing import Bits, Package, positions_in
from graphkit.trace.resolve.world import ResolvedRequirement, World
from graphkit.trace.verdicts.clearance import OpenObligation
from graphkit.trace.verdicts.context import USUAL_BACKENDS, ServiceContext, undecided_among

NOT_BUILT = "the SBOM of the build, or `wheels_only`, would settle it"


class Builds(Struct, frozen=True, kw_only=True):
    """What building the releases of a closure adds to its proof: obligations that are open, and words for its fact."""

    steps: tuple[OpenObligation, ...]
    text: str


def build_root(world: World, package_id: PackageId, position: Position) -> Root:
    """Return what building a release takes as a root; nothing where it was not read."""
    return Root(
        label=f"building {_named(world, package_id, position)}",
        why=f"{_named(world, package_id, position)} has no wheel, so it is built from its sdist",
        requirements=world.building(package_id, position) or (),
        origin="its sdist",
    )


def _named(world: World, package_id: PackageId, position: Position) -> str:
    package = world.package(package_id)
    return f"{package.name} {package.texts[position]}"


def builds_of(context: ServiceContext, requires_python: str, reached: Mapping[PackageId, Bits], within: Span) -> Builds:
    """Return what building what was ``reached`` brings, and what building that takes, to a fixed point.

    ``reached`` are positions by package id, as of `Closure`.

    Where usual backends alone are asked for, more may be behind them than was read, as where nothing was read. Cost: a
    closure for each set of build requirements that was read; of the others a look.
    """
    world = context.building(requires_python)
    steps: list[OpenObligation] = []
    read = unread = 0
    seen: dict[PackageId, Bits] = {}
    done: set[tuple[ResolvedRequirement, ...]] = set()
    queue = [(reached, True)]
    for some, is_counted in queue:
        for package_id, position, count, requirements in _built_among(world, some, seen):
            if requirements is None:
                unread += count if is_counted else 0
                continue
            read += count
            if requirements not in done:
                done.add(requirements)
                root = build_root(world, package_id, position)
                unusual = tuple(one for one in requirements if not _is_usual(context, world, one))
                found = closure_of(world, root, context.target_bits, within)
                steps += _open_steps(context, world, root, found, unusual, within)
                queue.append((found.reached, bool(unusual)))
    return Builds(steps=() if context.service.is_wheels_only else tuple(steps), text=_text(read, unread))


def _built_among(
    world: World, reached: Mapping[PackageId, Bits], seen: dict[PackageId, Bits]
) -> Iterator[tuple[PackageId, Position, int, tuple[ResolvedRequirement, ...] | None]]:
    """Yield releases without a wheel that are not ``seen``: of each set of build requirements the first, and how many.

    As (package id, position, how many, what building takes or None where it was not read), in their order.
    """
    for package, bits in sorted(
        ((world.package(package_id), bits) for package_id, bits in reached.items()), key=lambda one: one[0].name
    ):
        package_id = package.id
        new = package.built & bits & ~seen.get(package_id, 0)
        if not new:
            continue
        seen[package_id] = seen.get(package_id, 0) | new
        for position, count in _first_of_each(package, new):
            yield package_id, position, count, world.building(package_id, position)


def _first_of_each(package: Package, positions: Bits) -> Iterator[tuple[Position, int]]:
    found = positions_in(positions)
    borrowed = package.has_borrowed_requirements[found]
    _, first, count = np.unique(
        np.where(borrowed, -1, package.requirement_sets[found]), return_index=True, return_counts=True
    )
    yield from sorted(zip(found[first].tolist(), count.tolist(), strict=True))


def _is_usual(context: ServiceContext, world: World, one: ResolvedRequirement) -> bool:
    """Return whether a build requirement names a usual backend, by which no target comes as far as is known."""
    if one.stretches is None:
        return False
    name = world.package(one.package).name
    return name in USUAL_BACKENDS and name not in context.reaching()


def _open_steps(
    context: ServiceContext,
    world: World,
    root: Root,
    closure: Closure,
    unusual: tuple[ResolvedRequirement, ...],
    within: Span,
) -> Iterator[OpenObligation]:
    names = world.names_of(closure.packages)
    if private := sorted(names & context.accused.private_packages):
        yield OpenObligation(
            obligation=Obligation.INDEXES,
            text=f"{root.label} takes the private package {private[0]}, which no public page speaks for; {NOT_BUILT}",
        )
    if closure.hits:
        what = closure.path[-1].node if closure.path else "a target"
        yield OpenObligation(
            obligation=Obligation.ADMITTED,
            text=f"some releases that {root.label} allows lead to {what}; {NOT_BUILT}",
        )
    yield from carrying(context, world, root, closure, within)
    if not unusual:
        return
    asked = Root(label=root.label, why=root.why, requirements=unusual, origin=root.origin)
    found = closure_of(world, asked, context.target_bits, within)
    stuck = () if within.is_timeless else (f"what is built where nothing fits {one}" for one in found.stuck)
    unread = (*undecided_among(context, world.names_of(found.packages)), *found.unread, *stuck)
    if unread:
        yield OpenObligation(
            obligation=Obligation.CLOSURE,
            text=f"{root.label} takes {world.package(unusual[0].package).name}, and not all of that is known: "
            f"{unread[0]}{and_more(len(unread))} would settle it; so would the SBOM of the build, or `wheels_only`",
            near=not closure.hits,
        )


def _text(read: int, unread: int) -> str:
    """Return how many releases in a closure are built where they are installed; empty for none."""
    text = ""
    if read:
        of = "1 release" if read == 1 else f"{read:,} releases"
        text += f"; the build requirements of {of} without a wheel were read"
    if unread:
        have = "1 release in it has" if unread == 1 else f"{unread:,} releases in it have"
        text += f"; {have} no wheel, and what building takes was not read"
    return text


def carrying(
    context: ServiceContext, world: World, root: Root, closure: Closure, within: Span
) -> Iterator[OpenObligation]:
    """Yield that a closure holds a release whose own SBOM shows an accused one, or may: whatever installs it has that.

    Cost: nothing where the closure meets no package with such an SBOM.
    """
    carriers = context.accused.carriers
    known = [world.find(PackageName(name)) for name in sorted(world.names_of(closure.packages) & carriers.keys())]
    for package in (one for one in known if one is not None):
        for key, carrier in sorted(carriers[package.name].items()):
            position = package.position_of(key) if key else None
            bits = (1 << package.size) - 1 if not key else 0 if position is None else 1 << position
            if closure_of(world, root, ((package.id, bits),), within).hits:
                which = package.name if position is None else f"{package.name} {package.texts[position]}"
                yield OpenObligation(
                    obligation=Obligation.ADMITTED,
                    text=f"{root.label} allows {which}, {carrier.reason}; the lock or SBOM of the build would settle "
                    "it",
                )
