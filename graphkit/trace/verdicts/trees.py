"""What an install takes, whole: the releases that the forward walk of a manifest chose, and who asked for each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

from msgspec.structs import replace

from graphkit.model.answers import DocumentName, InstallTree, TakenRelease
from graphkit.model.documents import DocumentKind
from graphkit.model.organisation import Build, DocumentUse
from graphkit.model.times import Instant
from graphkit.stores.port import PackageId
from graphkit.trace.resolve.confirm import confirm
from graphkit.trace.resolve.forward import Root, Walk, walk
from graphkit.trace.resolve.world import World
from graphkit.trace.verdicts.build_times import ran
from graphkit.trace.verdicts.context import ServiceContext
from graphkit.trace.verdicts.in_place import (
    ManifestInPlace,
    in_place,
    install_requests,
    is_settled_by,
    manifest_of_build,
    manifests_in,
)
from graphkit.trace.verdicts.inputs import InputState, stretches_of
from graphkit.trace.verdicts.install_requests import InstallRequest, guarded, off_public, world_of

_Part = tuple[tuple[Instant, Instant], ManifestInPlace]
"""A manifest as something is installed from it in a stretch."""


def trees_of(context: ServiceContext, uses: Sequence[DocumentUse], builds: Sequence[Build]) -> tuple[InstallTree, ...]:
    """Return what installs take from each manifest of a service that may have been in place, and from builds' own.

    Each is of the first instant of the window at which its walk takes an accused release, else of the first at which
    it may have been in place. Cost: the forward walks of each manifest over the window.
    """
    context, states = in_place(context, uses)
    parts: dict[object, list[_Part]] = {}
    for start, until in stretches_of(states, context.start, context.until):
        here = [state for state in states if state.may_stand(start, until)]
        for key, one in manifests_in(context, here, start, until).items():
            parts.setdefault(key, []).append(((start, until), one))
    found = [*parts.values(), *([part] for part in _of_builds(context, uses, builds, states))]
    return tuple(dict.fromkeys(tree for one in found for tree in _trees(context, one)))


def _of_builds(
    context: ServiceContext, uses: Sequence[DocumentUse], builds: Sequence[Build], states: Sequence[InputState]
) -> Iterator[_Part]:
    """Yield the manifests that builds installed from, of those that may have run inside the window."""
    known = [Build(service=one.service, at=one.built_at, manifest=one.document) for one in uses if one.built_at]
    for build in (*builds, *known):
        start, until = ran(context, build)
        span = max(start, context.start), min(until, context.until)
        documents = [context.document(sha) for sha in (build.document, build.lock, build.manifest) if sha]
        locks = [one for one in documents if one.kind is DocumentKind.LOCK]
        for manifest in documents if span[0] < span[1] else ():
            if manifest.kind is DocumentKind.MANIFEST:
                is_governed = any(is_settled_by(context, one, manifest) for one in locks)
                yield span, manifest_of_build(context, manifest, states, (start, until), is_governed=is_governed)


def _trees(context: ServiceContext, parts: Sequence[_Part]) -> Iterator[InstallTree]:
    """Yield the trees of a manifest: of what it requires, and of what building it takes where that is unusual."""
    spans = [span for span, _ in parts]
    for over_time in zip_longest(*(install_requests(context, one) for _, one in parts)):
        there = [number for number, request in enumerate(over_time) if request is not None]
        found = {number: _first_taken(context, spans[number], over_time[number]) for number in there}
        number = next((number for number, at in found.items() if at is not None), there[0])
        at = found[number]
        yield _tree(context, over_time[number], spans[number][0] if at is None else at, parts[number][1])


def _first_taken(context: ServiceContext, span: tuple[Instant, Instant], request: InstallRequest) -> Instant | None:
    """Return the first instant of a stretch at which the walk takes an accused release, for sure before perhaps."""
    if off_public(context, request):
        return None
    world = world_of(guarded(context, request.guards), request)
    found = confirm(world, request.root(world)[0], *span, context.targets)
    return min((hit.start for hit in found.picked or found.doubtful), default=None)


def _tree(context: ServiceContext, request: InstallRequest, at: Instant, one: ManifestInPlace) -> InstallTree:
    world, gap = world_of(guarded(context, request.guards), request), off_public(context, request)
    context = replace(context, world=world)
    root, missing = request.root(world)
    found, releases, is_uncertain = _walked(context, root, at) if gap is None else (None, (), False)
    unread = (*missing, *(found.unread if found else ()), *((gap.text,) if gap else ()), *request.unread)
    return InstallTree(
        incident=context.incident,
        manifest=request.path,
        document=DocumentName(sha256=one.manifest.sha256, path=one.manifest.path),
        at=at,
        environment=world.environment,
        resolver=world.profile,
        releases=releases,
        unresolvable=_names(world, found.unresolvable if found else ()),
        left_out=tuple(sorted({requirement.text for requirement in root.requirements if requirement.doubtful})),
        unread=tuple(dict.fromkeys(unread)),
        is_governed=one.is_governed and request.document is one.manifest,
        is_uncertain=is_uncertain,
    )


def _walked(context: ServiceContext, root: Root, at: Instant) -> tuple[Walk, tuple[TakenRelease, ...], bool]:
    """Return the walk of an instant: of two accounts of uncertain times that which takes an accused release."""
    either = [walk(context.world, root, at, doubtful=doubtful) for doubtful in (False, True)]
    found = next((one for one in either if any(_accused(context, one))), either[0])
    releases = sorted(_releases(context, found), key=lambda one: one.package)
    return found, tuple(releases), either[0].picks != either[1].picks


def _accused(context: ServiceContext, found: Walk) -> Iterator[int]:
    """Yield the packages of which a walk takes an accused release."""
    for package_id, positions in context.targets.items():
        if any(found.takes(package_id, position) for position in positions):
            yield package_id


def _releases(context: ServiceContext, found: Walk) -> Iterator[TakenRelease]:
    world = context.world
    for package_id, position in found.picks.items():
        source, requirement = found.parents[package_id]
        package = world.package(package_id)
        yield TakenRelease(
            package=package.name,
            version=package.texts[position],
            asked_by=world.label(source) if source else None,
            requirement=requirement.text,
            is_accused=position in context.targets.get(package_id, ()),
            is_firm=found.conflict_free is None or package_id in found.conflict_free,
        )


def _names(world: World, package_ids: Iterable[PackageId]) -> tuple[str, ...]:
    return tuple(sorted(world.package(package_id).name for package_id in package_ids))
