"""What walks are made of, over a few facts in memory: a world, places in it, roots and targets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from graphkit.model.environment import Environment, Profile
from graphkit.model.index import Hidden
from graphkit.model.names import PackageName, package_name
from graphkit.model.requirements import requirement
from graphkit.model.versions import release_version
from graphkit.stores.port import Fact, PackageId, Position
from graphkit.trace.resolve.confirm import Targets
from graphkit.trace.resolve.forward import Root
from graphkit.trace.resolve.listing import Package
from graphkit.trace.resolve.manifests import InstallSelection, root_of_requirements
from graphkit.trace.resolve.world import ResolvedRequirement, World
from tests.property.memory import MemoryReader


def world_of(
    *facts: Fact,
    accused: Iterable[str] = (),
    mixed: Iterable[str] = (),
    hidden: Iterable[Hidden] = (),
    environment: Environment | None = None,
    profile: Profile = "uv",
) -> World:
    """Return a world of facts; ``accused`` are releases as ``name@version``, ``mixed`` those with good files too."""
    return World(
        MemoryReader(facts),
        environment or Environment(),
        profile,
        hidden,
        _keys(accused),
        mixed=_keys(mixed),
    )


def _keys(releases: Iterable[str]) -> dict[PackageName, frozenset[str]]:
    found: dict[PackageName, frozenset[str]] = {}
    for name, _, version in (one.partition("@") for one in releases):
        found[package_name(name)] = found.get(package_name(name), frozenset()) | {release_version(version).key}
    return found


def package_in(world: World, name: str) -> Package:
    """Return a package that the world has."""
    found = world.find(package_name(name))
    assert found is not None
    return found


def place(world: World, release: str) -> tuple[PackageId, Position]:
    """Return where ``name@version`` is."""
    name, _, version = release.partition("@")
    found = world.find_release(package_name(name), version)
    assert found is not None
    return found[0].id, found[1]


def targets(world: World, *releases: str) -> Targets:
    """Return releases as targets, whatever their order."""
    found: Targets = {}
    for package_id, position in sorted(place(world, one) for one in releases):
        found.setdefault(package_id, []).append(position)
    return found


def asking(world: World, *texts: str) -> tuple[ResolvedRequirement, ...]:
    """Return requirements as a root asks for them."""
    found, _ = root_of_requirements(world, [requirement(text) for text in texts], InstallSelection())
    return found


def manifest_root(world: World, *texts: str, constraints: Sequence[str] = ()) -> Root:
    """Return a manifest as a root."""
    return Root(label="a.txt", why="said", requirements=asking(world, *texts), constraints=asking(world, *constraints))


def release_root(world: World, release: str, *extras: str) -> Root:
    """Return a release as a root, with extras."""
    return Root(label=release, why="said", fixed=place(world, release), extras=extras)
