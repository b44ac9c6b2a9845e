"""What building releases from source takes, as far as their build requirements were read: installs of their own.

Each sdist is built in an environment of its own, which no lock, constraint or cut-off reaches
(docs/semantics.md#governing-locks). So a walk starts at its build requirements, and what that takes the install has
had.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from graphkit.model.answers import BuildVerdict, Obligation, Path, ProofKind
from graphkit.model.answers import Step as PathStep
from graphkit.model.documents import Basis, Completeness, Document, DocumentKind
from graphkit.model.ranks import Verdict, worst
from graphkit.model.times import Instant
from graphkit.stores.port import PackageId, Position
from graphkit.trace.resolve.closure import closure_of
from graphkit.trace.resolve.forward import Root, WalkInterval, path_to, walk_intervals
from graphkit.trace.resolve.world import World
from graphkit.trace.verdicts.clearance import OpenObligation, ProofStep
from graphkit.trace.verdicts.context import ServiceContext, named, opened
from graphkit.trace.verdicts.install_requests import InstallRequest, guarded, off_public, window_of, world_of
from graphkit.trace.verdicts.sdists import build_root, builds_of
from graphkit.trace.verdicts.walks import judge_walk, witness_of

_Seen = set[tuple[PackageId, Position, Instant, Instant, bool]]


class _Sdist(Struct, frozen=True, kw_only=True):
    """A release that is built in a stretch, with the way to it. ``is_certain``: whatever the uncertain times are."""

    package_id: PackageId
    position: Position
    start: Instant
    until: Instant
    path: Path
    is_certain: bool


def judge_install(
    context: ServiceContext, request: InstallRequest, span: tuple[Instant, Instant], inputs: ProofStep
) -> BuildVerdict:
    """Return the verdict of installs over a stretch, with what they build: as `judge_walk` says, or worse.

    Cost: that of `judge_walk` where no build requirement that was read may lead to a target.
    """
    own = judge_walk(context, request, span, inputs)
    if own.verdict is Verdict.PICKED or not may_build(context) or off_public(context, request):
        return own
    parts = [own, *_by_sdists(context, request, span, set())]
    is_barred = own.clearance is not None and own.clearance.kind is ProofKind.BAR
    if is_barred and (gap := _allowed_beside(context, request, span)):
        parts.append(opened(gap, request.document))
    return worst_of(parts)


def judge_rows(context: ServiceContext, lock: Document, span: tuple[Instant, Instant]) -> Iterator[BuildVerdict]:
    """Yield what building the releases of a lock takes, where that takes a target, could, or is not known to not.

    Cost: nothing where no build requirement that was read may lead to a target.
    """
    if not may_build(context):
        return
    request = InstallRequest(
        path=lock.path,
        document=lock,
        root=lambda _: (Root(label=lock.path, why=lock.path), ()),  # only what is built is walked
        indexes=lock.indexes,
        is_off_public=lock.is_off_public,
        requires_python=lock.requires_python,
    )
    seen: _Seen = set()
    for row in context.whole(lock.sha256).components:
        place = None if row.origin else context.world.find_release(row.package, row.version)
        if place is None:
            continue
        package, position = place
        if not package.built >> position & 1 or context.world.building(package.id, position) is None:
            continue
        lists = f"{lock.path} lists {package.name} {package.texts[position]}"
        way = (
            PathStep(node=lock.path, why=f"{lock.path} (sha256 {lock.sha256[:12]})"),
            PathStep(node=context.world.label((package.id, position, "")), why=lists),
        )
        one = _Sdist(
            package_id=package.id,
            position=position,
            start=span[0],
            until=span[1],
            path=way,
            is_certain=not row.optional,
        )
        yield from _of_sdist(context, request, one, seen)
        builds = builds_of(context, lock.requires_python, {package.id: 1 << position}, window_of(span))
        yield from (opened(step, lock) for step in builds.steps)


def may_build(context: ServiceContext) -> bool:
    """Return whether building a release from source may take a target, for all that was read."""
    return not context.service.is_wheels_only and context.is_reached_by_building()


def worst_of(parts: Sequence[BuildVerdict]) -> BuildVerdict:
    """Return the first of the worst of some verdicts."""
    verdict = worst(one.verdict for one in parts)
    return next(one for one in parts if one.verdict is verdict)


def _by_sdists(
    context: ServiceContext, request: InstallRequest, span: tuple[Instant, Instant], seen: _Seen
) -> Iterator[BuildVerdict]:
    """Yield what shows that building the releases that an install takes takes a target, or could."""
    for one in _built_by(context, request, span):
        key = (one.package_id, one.position, one.start, one.until, one.is_certain)
        if key not in seen:
            seen.add(key)
            yield from _of_sdist(context, request, one, seen)


def _built_by(context: ServiceContext, request: InstallRequest, span: tuple[Instant, Instant]) -> Iterator[_Sdist]:
    """Yield the releases that an install takes, and that are built by requirements that were read.

    Certain is what is taken at one time under both accounts of the uncertain times.
    """
    world = world_of(guarded(context, request.guards), request)
    root, _ = request.root(world)
    loose = list(walk_intervals(world, root, *span, doubtful=True))
    either = list(_built_in(world, root, loose))
    if not any(interval.walk.is_uncertain for interval in loose):
        yield from either
        return
    strict = list(_built_in(world, root, walk_intervals(world, root, *span, doubtful=False)))
    for one in strict:
        for other in either:
            start, until = max(one.start, other.start), min(one.until, other.until)
            if (one.package_id, one.position) == (other.package_id, other.position) and start < until:
                yield replace(one, start=start, until=until)
    yield from (replace(one, is_certain=False) for one in (*either, *strict))


def _built_in(world: World, root: Root, found: Iterable[WalkInterval]) -> Iterator[_Sdist]:
    for interval in found:
        for package_id, position in sorted(interval.walk.picks.items(), key=lambda pick: world.package(pick[0]).name):
            is_built = world.package(package_id).built >> position & 1 and interval.walk.takes(package_id, position)
            if is_built and world.building(package_id, position) is not None:
                path = path_to(world, root, interval.walk, package_id)
                yield _Sdist(
                    package_id=package_id,
                    position=position,
                    start=interval.start,
                    until=interval.until,
                    path=path,
                    is_certain=True,
                )


def _of_sdist(context: ServiceContext, request: InstallRequest, one: _Sdist, seen: _Seen) -> Iterator[BuildVerdict]:
    package = context.world.package(one.package_id)
    name = f"{package.name} {package.texts[one.position]}"
    inner = _asking_of(request, one, name)
    span = (one.start, one.until)
    witness, _ = witness_of(context, inner, span)
    for found in (*((witness,) if witness else ()), *_by_sdists(context, inner, span, seen)):
        is_picked = one.is_certain and found.verdict is Verdict.PICKED
        yield replace(
            found,
            verdict=Verdict.PICKED if is_picked else Verdict.ADMITTED,
            reason=f"{request.path} takes {name}, which has no wheel and is built: {found.reason}",
            document=named(request.document),
            paths=tuple((*one.path, *path) for path in found.paths[:1]),
        )


def _asking_of(request: InstallRequest, one: _Sdist, name: str) -> InstallRequest:
    """Return what building a release asks for. The indexes are those of the install; no guard of it holds."""
    path = f"the build requirements of {name}"
    return InstallRequest(
        path=path,
        document=Document(
            sha256="",
            path=path,
            kind=DocumentKind.MANIFEST,
            format="",
            basis=Basis.LISTED,
            completeness=Completeness.COMPLETE,
        ),
        root=lambda world: (build_root(world, one.package_id, one.position), ()),
        indexes=request.indexes,
        is_off_public=request.is_off_public,
        requires_python=request.requires_python,
    )


def _allowed_beside(
    context: ServiceContext, request: InstallRequest, span: tuple[Instant, Instant]
) -> OpenObligation | None:
    """Return that building what an install may take may lead to a target though a bar keeps that out of the install."""
    union = guarded(context, request.guards).union(request.requires_python)
    root, _ = request.root(union)
    reached = closure_of(union, root, context.target_bits, window_of(span)).reached
    builds = builds_of(context, request.requires_python, reached, window_of(span))
    return next((step for step in builds.steps if step.obligation is Obligation.ADMITTED), None)
