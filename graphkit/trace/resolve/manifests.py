"""A manifest as the root of a walk: what an install from it asks for, for sure or perhaps."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import replace
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from graphkit.model.documents import Document
from graphkit.model.environment import extras_of
from graphkit.model.guards import NO_GUARDS, Guards
from graphkit.model.names import ExtraName, PackageName
from graphkit.model.requirements import Requirement
from graphkit.model.versions import release_version
from graphkit.trace.resolve.forward import Root
from graphkit.trace.resolve.world import ResolvedRequirement, World

_GROUP: Final = re.compile(r"(?:\"([^\"]*)\"|'([^']*)')\s+in\s+dependency_groups\b")
_HOLDS: Final = ('python_version < "0"', 'python_version >= "0"')


InHouse = Callable[[PackageName], Sequence[Document]]
"""Gives the manifests of a package, as far as the graph has them."""


class InstallSelection(Struct, frozen=True, kw_only=True):
    """Which of a manifest's own extras and dependency groups an install takes; None: any, for all one knows."""

    extras: tuple[ExtraName, ...] | None = None
    groups: tuple[str, ...] | None = None


def root_of_manifest(
    world: World,
    manifest: Document,
    asked: InstallSelection,
    guards: Guards = NO_GUARDS,
    in_house: InHouse = lambda _: (),
) -> tuple[Root, tuple[str, ...]]:
    """Return a manifest as the root of a walk, and what of it the graph cannot follow.

    ``guards`` are what the installer reads beside the requirements; ``world`` is the one under them. What constrains a
    package that the graph does not know matters only where that is reached, and then its page is missing anyway.
    ``in_house`` gives the manifests of a package: the walk goes on through them where no index page of it was read
    (docs/semantics.md#in-house-packages).

    What an install may ask for and need not (extras and groups that nobody spoke of) is doubtful: it
    counts for `admitted`, and binds nothing.
    """
    itself = PackageName(canonicalize_name(manifest.subject))
    asked = _widened(manifest, asked)
    required = overridden(manifest.requirements, guards)
    requirements, missing = root_of_requirements(world, required, asked, itself)
    binding = [one for one in (*manifest.constraints, *guards.constraints) if world.find(one.package)]
    constraints, more = root_of_requirements(world, binding, asked, itself)
    through = _requirements_through(world, required, asked, guards, in_house, frozenset({itself}))
    return (
        Root(
            label=manifest.path,
            why=f"{manifest.path} (sha256 {manifest.sha256[:12]})",
            requirements=(*requirements, *through),
            constraints=constraints,
        ),
        tuple(dict.fromkeys((*missing, *more))),
    )


def overridden(requirements: Sequence[Requirement], guards: Guards) -> tuple[Requirement, ...]:
    """Return requirements with what overrides put in the place of theirs.

    As uv does it: an override drops the range and the marker of what it replaces, but for its extras and groups.
    """
    if not guards.overrides:
        return tuple(requirements)
    found: dict[Requirement, None] = {}
    for one in requirements:
        instead = guards.overrides_of(one.package)
        for other in (replace(new, marker=_joined(_choice_of(one.marker), new.marker)) for new in instead):
            found[other] = None
        if not instead:
            found[one] = None
    return tuple(found)


def _choice_of(marker: str) -> str:
    """Return the extras and groups under which a marker stands, as a marker of their own; empty for none."""
    extras = [f'extra == "{one}"' for one in extras_of(marker)]
    groups = [f'"{left or right}" in dependency_groups' for left, right in _GROUP.findall(marker)]
    return " or ".join((*extras, *groups))


def _joined(*markers: str) -> str:
    told = [one for one in markers if one]
    return " and ".join(f"({one})" for one in told) if len(told) > 1 else "".join(told)


def _requirements_through(
    world: World,
    requirements: Sequence[Requirement],
    asked: InstallSelection,
    guards: Guards,
    in_house: InHouse,
    seen: frozenset[PackageName],
) -> Iterator[ResolvedRequirement]:
    """Yield what packages of one's own require that a manifest asks for, over any number of steps.

    Where one has several manifests, which of them is installed is not known, so what they require is doubtful.
    """
    for one in requirements:
        package = world.find(one.package)
        if one.package in seen or (package is not None and package.is_read):
            continue
        truth = truth_of(world, one.marker, asked.extras, asked.groups)
        manifests = in_house(one.package) if truth is not False else ()
        for manifest in manifests:
            inner = _widened(manifest, InstallSelection(extras=one.extras, groups=()))
            required = overridden(manifest.requirements, guards)
            found, _ = root_of_requirements(world, required, inner, one.package)
            way = f"by way of {one.package}, {manifest.path}"
            is_sure = truth is True and len(manifests) == 1
            for requirement in found:
                is_doubtful = requirement.doubtful or not is_sure
                yield replace(requirement, text=f"{requirement.text} ({way})", direct=False, doubtful=is_doubtful)
            yield from _requirements_through(world, required, inner, guards, in_house, seen | {one.package})


def root_of_requirements(
    world: World, requirements: Sequence[Requirement], asked: InstallSelection, itself: PackageName | None = None
) -> tuple[tuple[ResolvedRequirement, ...], tuple[str, ...]]:
    """Return requirements as a walk follows them, and what of them the graph cannot follow."""
    missing: list[str] = []
    found: list[ResolvedRequirement] = []
    world.expect_names(one.package for one in requirements)
    for one in requirements:
        truth = truth_of(world, one.marker, asked.extras, asked.groups)
        if truth is False or (one.package == itself and one.extras and not one.url):
            continue  # a project's own extras are in its manifest
        requirement = world.requirement_of(one, is_sure=truth is True)
        if requirement is None:
            missing.append(f"project page of {one.package}")
            continue
        if not requirement.admits and not one.url and (pinned := _odd_pin_of(one)):
            missing.append(f"what {one.package} {pinned} is, which no index here lists")
        found.append(requirement)
    return tuple(found), tuple(missing)


def groups_alone(manifest: Document, asked: InstallSelection) -> Iterator[tuple[str, Document]]:
    """Yield the dependency groups that may be installed, each with the manifest as if it were all of it.

    `pip install --group` takes a group without the project, whose ranges then bind nothing (PEP 735).
    """
    by_group: dict[str, list[Requirement]] = {}
    for one in manifest.requirements:
        for left, right in _GROUP.findall(one.marker):
            by_group.setdefault(left or right, []).append(one)
    for group, requirements in sorted(by_group.items()):
        if asked.groups is None or group in asked.groups:
            yield group, replace(manifest, requirements=tuple(requirements), path=f"group {group} of {manifest.path}")


def may_not_hold(world: World, one: Requirement) -> bool:
    """Return whether the marker of a requirement may be false in some environment; extras and groups apart."""
    is_of_choice = "extra" in one.marker or "dependency_groups" in one.marker
    return bool(one.marker) and not is_of_choice and world.evaluator.truth(one.marker) is not True


def needs_of_extras(world: World, one: Requirement, version: str) -> frozenset[PackageName]:
    """Return what the extras of a requirement surely need at a version; nothing where that was not read."""
    place = world.find_release(one.package, version)
    if place is None:
        return frozenset()
    package, position = place
    declared = [world.declared((package.id, position, extra)) for extra in one.extras]
    named = [each.package for of in declared for each in of.requirements if not each.doubtful]
    return frozenset(world.package(package_id).name for package_id in named)


def leaves_out(world: World, manifest: Document, one: Requirement, asked: InstallSelection) -> bool:
    """Return whether an install leaves a requirement of a manifest out for the sake of its extras and groups alone."""
    asked = _widened(manifest, asked)
    taken = truth_of(world, one.marker, asked.extras, asked.groups)
    return taken is False and truth_of(world, one.marker, None, None) is not False


def is_selected(world: World, manifest: Document, asked: InstallSelection) -> bool:
    """Return whether it matters for a manifest which extras and groups are installed: one requirement hangs on it."""
    asked = _widened(manifest, asked)
    bounds = (*manifest.requirements, *manifest.constraints)
    return any(
        truth_of(world, one.marker, asked.extras, asked.groups) is not truth_of(world, one.marker, None, None)
        for one in bounds
        if one.marker
    )


def _widened(manifest: Document, asked: InstallSelection) -> InstallSelection:
    """Return what is asked for, with the extras that the project asks of itself (``dev = ["app[proxy]"]``)."""
    if asked.extras is None:
        return asked
    itself = PackageName(canonicalize_name(manifest.subject))
    own = [one for one in manifest.requirements if one.package == itself and one.extras]
    found = list(asked.extras)
    for one in own:
        if not extras_of(one.marker) and _is_taken(one, asked):
            found.extend(more for more in one.extras if more not in found)
    for extra in found:
        for one in own:
            if extra in extras_of(one.marker):
                found.extend(more for more in one.extras if more not in found)
    return replace(asked, extras=tuple(found))


def _is_taken(one: Requirement, asked: InstallSelection) -> bool:
    """Return whether the groups that are installed take a requirement, or may take it."""
    named = [left or right for left, right in _GROUP.findall(one.marker)]
    return not named or asked.groups is None or any(group in asked.groups for group in named)


def truth_of(
    world: World, marker: str, extras: Sequence[ExtraName] | None, groups: Sequence[str] | None
) -> bool | None:
    """Return whether an install asks for what stands under a marker; None: it may."""
    is_sure = True
    if named := [left or right for left, right in _GROUP.findall(marker)]:
        taken = named if groups is None else groups
        is_sure = groups is not None
        marker = _GROUP.sub(lambda found: _HOLDS[(found[1] or found[2]) in taken], marker)
    truth = world.evaluator.truth(marker)
    if truth is False and (known := extras_of(marker)):
        open_to = known if extras is None else [extra for extra in known if extra in extras]
        truths = {world.evaluator.truth(marker, extra) for extra in open_to}
        truth = True in truths or (None if None in truths else False)
        is_sure &= extras is not None
    return truth if is_sure or truth is False else None


def _odd_pin_of(one: Requirement) -> str:
    """Return a pin that may be met from elsewhere alone: a local version (PEP 440), or any text by ``===``.

    Somebody's build of the accused release may be behind it.
    """
    try:
        pins = [clause for clause in SpecifierSet(one.specifier) if clause.operator in {"==", "==="}]
    except InvalidSpecifier:
        return ""
    parsed = ((pin, release_version(pin.version).parsed) for pin in pins)
    return next((pin.version for pin, read in parsed if pin.operator == "===" or (read is not None and read.local)), "")
