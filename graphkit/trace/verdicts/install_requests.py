"""What an install asks for: the root of its walk, what binds it, the indexes it reads, and what is assumed of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from graphkit.model.answers import Assumption, Discharge, Obligation
from graphkit.model.documents import Completeness, Document, why_open
from graphkit.model.environment import nearest_within
from graphkit.model.guards import NO_GUARDS, Guards
from graphkit.model.requirements import Requirement
from graphkit.model.times import Instant
from graphkit.trace.evidence.accusation import same_index
from graphkit.trace.resolve.closure import REMOVAL_LAG, Span
from graphkit.trace.resolve.forward import Root
from graphkit.trace.resolve.manifests import InHouse, InstallSelection, root_of_manifest
from graphkit.trace.resolve.world import World
from graphkit.trace.verdicts.clearance import OpenObligation, ProofStep, fact
from graphkit.trace.verdicts.context import (
    ServiceContext,
    needed,
    tools_gap,
)
from graphkit.trace.verdicts.guards import GuardsRead

RootAndGaps = tuple[Root, tuple[str, ...]]
"""A root, and what of it the graph cannot follow."""


class InstallRequest(Struct, frozen=True, kw_only=True):
    """What is installed: ``path`` names it, ``root`` makes it the root of a walk in a world, and says what is missing.

    ``binding`` are the requirements that may bar a target, with their markers; none where nothing can. ``barring``:
    the obligation that leaves a bar open, if any does. ``indexes``: addresses of the indexes that it names.
    ``is_complete``: all of its requirements are known. ``requires_python`` as the manifest says it. ``guards`` hold as
    ``read_by`` shows, on what ``assumes`` says.
    """

    path: str
    document: Document
    root: Callable[[World], RootAndGaps]
    binding: tuple[Requirement, ...] = ()
    barring: OpenObligation | None = None
    indexes: tuple[str, ...] = ()
    is_off_public: bool = False
    is_complete: bool = True
    requires_python: str = ""
    guards: Guards = NO_GUARDS
    read_by: tuple[ProofStep, ...] = ()
    assumes: tuple[Assumption, ...] = ()

    @property
    def unread(self) -> tuple[str, ...]:
        """What of its own file was not read, in words; empty where all was."""
        if self.is_complete:
            return ()
        first = why_open(self.document)
        return (f"a part of {self.path}" + (f" ({first.place}: {first.text})" if first else ""),)


def of_manifest(
    manifest: Document, asked: InstallSelection, reader: GuardsRead | None = None, in_house: InHouse = lambda _: ()
) -> InstallRequest:
    """Return what an install from a manifest asks for, with the guards that are in force."""
    guards, read_by, assumes = (reader.guards, (reader.shown,), reader.assumes) if reader else (NO_GUARDS, (), ())
    is_complete = manifest.completeness is Completeness.COMPLETE
    return InstallRequest(
        path=manifest.path,
        document=manifest,
        root=lambda world: root_of_manifest(world, manifest, asked, guards, in_house),
        binding=tuple(
            one for one in (*manifest.requirements, *manifest.constraints, *guards.constraints) if not one.unreadable
        ),
        barring=None
        if is_complete
        else OpenObligation(obligation=Obligation.BARRED, text=f"{manifest.path} was not read completely", near=True),
        indexes=manifest.indexes,
        is_off_public=manifest.is_off_public,
        is_complete=is_complete,
        requires_python=manifest.requires_python,
        guards=guards,
        read_by=read_by,
        assumes=assumes,
    )


def of_build_system(manifest: Document) -> InstallRequest:
    """Return what building a project installs (PEP 518); nothing governs it (docs/semantics.md#governing-locks)."""
    bare = Document(
        sha256=manifest.sha256,
        path=f"build-system.requires of {manifest.path}",
        kind=manifest.kind,
        format=manifest.format,
        basis=manifest.basis,
        requirements=manifest.build_requires or (),
        requires_python=manifest.requires_python,
        indexes=manifest.indexes,
        is_off_public=manifest.is_off_public,
        completeness=Completeness.COMPLETE,
    )
    return of_manifest(bare, InstallSelection(extras=(), groups=()))


_ASSUMED: Final = (
    *(Assumption.INPUTS, Assumption.INDEX, Assumption.BUILD_ENV, Assumption.TOOLS, Assumption.BASE),
    Assumption.CACHES,
)


def assumed(context: ServiceContext, request: InstallRequest) -> tuple[Assumption, ...]:
    """Return what a proof about an install assumes: what no fact and no word of the organisation replaces."""
    return (*needed(context.service, _ASSUMED).assumes, *request.assumes)


def guarded(context: ServiceContext, guards: Guards) -> ServiceContext:
    """Return a context whose worlds offer what the cut-offs of a manifest let in, and require what it overrides."""
    if not guards.changes_the_index:
        return context
    union, in_environment = context.union, context.in_environment
    return replace(
        context,
        world=context.world.guarded(guards),
        union=lambda requires: union(requires).guarded(guards),
        in_environment=lambda one: in_environment(one).guarded(guards),
    )


def world_of(context: ServiceContext, request: InstallRequest) -> World:
    """Return the world that answers `picked`: with the nearest Python that a manifest allows, unless one is named."""
    known = context.world.environment
    nearest = known if context.service.environment else nearest_within(known, request.requires_python)
    return context.world if nearest == known else context.in_environment(nearest)


def common_steps(context: ServiceContext, inputs: ProofStep) -> Iterator[ProofStep]:
    """Yield the obligations that every proof about an install has: accusation, targets, inputs, tools."""
    yield context.decided
    yield fact(Obligation.TARGETS, f"asked about {context.releases}")
    yield inputs
    if isinstance(inputs, OpenObligation):
        return
    yield Discharge(obligation=Obligation.TIMES, text=inputs.text, word=inputs.word)
    if gap := tools_gap(context, needed(context.service, _ASSUMED).assumes):
        yield gap
    yield from needed(context.service, _ASSUMED).words


def indexes_of(context: ServiceContext, request: InstallRequest) -> tuple[str, ...]:
    """Return the indexes that an install is told of, by its files or by the organisation; none: the public one."""
    own = context.service.index
    return (*request.indexes, *((own,) if own not in {"", "public"} else ()))


def private_of(context: ServiceContext, request: InstallRequest) -> list[str]:
    """Return the indexes that are named and that the organisation declared private."""
    named_ones = indexes_of(context, request)
    return sorted(one for one in named_ones if same_index(one) in context.accused.private_indexes)


def window_of(span: tuple[Instant, Instant]) -> Span:
    """Return a stretch as closures of what was listed in it take it."""
    return Span(start=span[0] - REMOVAL_LAG, until=span[1], is_timeless=False)


def off_public(context: ServiceContext, request: InstallRequest) -> OpenObligation | None:
    """Return that an install takes all from indexes of which no page was read, so that there is no walk of it."""
    private = private_of(context, request)
    is_off_public = request.is_off_public or context.service.index not in {"", "public"}
    is_all = bool(private) and len(private) == len(indexes_of(context, request))
    return unread_index(request, private[0]) if is_off_public and is_all else None


def unread_index(request: InstallRequest, index: str) -> OpenObligation:
    """Return that an index from which an install takes was not read."""
    return OpenObligation(
        obligation=Obligation.PUBLIC,
        text=f"{request.path} installs from the private index {index}, of which no page was read; the lock or SBOM of "
        "the build would settle it",
    )
