"""What a service may be installed from: its inputs as they were in place, and what an install from each asks for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import NamedTuple

from msgspec.structs import replace

from graphkit.model.answers import Obligation
from graphkit.model.documents import Document, DocumentKind, ImageBuild
from graphkit.model.organisation import DocumentUse
from graphkit.model.repository_paths import InputLine, PathParts
from graphkit.model.requirements import Requirement
from graphkit.model.times import Instant
from graphkit.trace.evidence.workspaces import for_members
from graphkit.trace.resolve.manifests import InstallSelection, is_selected, leaves_out, may_not_hold, needs_of_extras
from graphkit.trace.verdicts.clearance import ProofStep, fact, word
from graphkit.trace.verdicts.context import USUAL_BACKENDS, ServiceContext, is_usual, word_on_environment
from graphkit.trace.verdicts.guards import GuardsRead, guards_in_force
from graphkit.trace.verdicts.inputs import InputState, InstallNeeds, governed, satisfies, states_of
from graphkit.trace.verdicts.install_requests import InstallRequest, of_build_system, of_manifest
from graphkit.trace.verdicts.scripts import constraints_for, passes_by, with_indexes_of_commands


class ManifestInPlace(NamedTuple):
    """A manifest as something is installed from it.

    ``read`` are guards that hold for what it requires; none reach a build environment (docs/semantics.md#guards).
    ``is_governed``: a lock settles what it requires. ``constrained_by``: a command that binds it further.
    """

    manifest: Document
    read: GuardsRead | None
    is_governed: bool = False
    constrained_by: str = ""


def in_place(context: ServiceContext, uses: Sequence[DocumentUse]) -> tuple[ServiceContext, list[InputState]]:
    """Return the states of the inputs that count, and a context in which documents go by the paths of this service."""
    context = _with_own_paths(context, uses)
    if chosen := context.service.installs_from:
        known = {name for use in uses for name in names_of(use, context.document(use.document))}
        context = replace(context, is_astray=not known.issuperset(chosen))
    states = states_of(uses, context.document)
    return context, [with_builds_of_others(context, one) for one in states if counts(context, one.use, one.document)]


def with_builds_of_others(context: ServiceContext, state: InputState) -> InputState:
    """Return an input that says itself from which folders scripts of other services have its images built."""
    told = context.image_builds.get(state.line, ())
    if not told:
        return state
    # Others may have said so at another time: then it may be built from its own folder.
    own = ImageBuild(dockerfile=PurePosixPath(state.line[1]).name, context=".")
    return replace(state, document=replace(state.document, image_builds=(*state.document.image_builds, *told, own)))


def _with_own_paths(context: ServiceContext, uses: Sequence[DocumentUse]) -> ServiceContext:
    """Return a context in which documents go by the paths of this service: equal bytes may lie in many places.

    The repository is part of the path where the service has inputs of several.
    """
    repositories = {use.repository for use in uses if use.repository}
    paths: dict[str, str] = {}
    files: dict[str, tuple[str, str]] = {}
    for use in uses:
        if use.path:
            files.setdefault(use.document, (use.repository, use.path))
            is_inside = len(repositories) < 2 or not use.repository
            paths.setdefault(use.document, use.path if is_inside else f"{use.repository}/{use.path}")
    read = context.document
    members = _members_of(context, uses)

    def document(sha256: str) -> Document:
        found = read(sha256)
        path = paths.get(sha256, found.path)
        found = found if path == found.path else replace(found, path=path)
        return for_members(found, members[sha256]) if sha256 in members else found

    said = frozenset(use.document for use in uses if use.is_complete)
    return replace(context, document=document, findings={}, said_complete=said, files=files)


def _members_of(context: ServiceContext, uses: Sequence[DocumentUse]) -> dict[str, frozenset[PathParts]]:
    """Return of which members alone locks count, by their sha256: those of workspaces that other services have."""
    found: dict[str, frozenset[PathParts]] = {}
    for use in uses if context.workspaces else ():
        workspace = context.workspaces.get((use.repository, use.path, use.branch))
        if workspace is not None and not workspace.is_whole:
            found[use.document] = found.get(use.document, frozenset()) | workspace.members
    if not found:
        return found
    whole = {use.document for use in uses if (use.repository, use.path, use.branch) not in context.workspaces}
    return {sha256: members for sha256, members in found.items() if sha256 not in whole}


def counts(context: ServiceContext, use: DocumentUse, document: Document) -> bool:
    """Return whether an input counts: the organisation may say which do."""
    chosen = context.service.installs_from
    return chosen is None or not set(chosen).isdisjoint(names_of(use, document))


def names_of(use: DocumentUse, document: Document) -> tuple[str, ...]:
    """Return what an organisation may call an input: its path, alone or with its repository."""
    path = use.path or document.path
    return (path, f"{use.repository}/{path}") if use.repository else (path,)


def asked_of(context: ServiceContext) -> InstallSelection:
    """Return which extras and groups of its manifests a service installs."""
    return InstallSelection(extras=context.service.extras, groups=context.service.groups)


def needs(context: ServiceContext) -> InstallNeeds:
    """Return what tells how a manifest is installed from: what is left out, and what extras need."""
    asked = asked_of(context)

    return InstallNeeds(
        leaves_out=lambda manifest, one: leaves_out(context.union(manifest.requires_python), manifest, one, asked),
        may_not_hold=lambda python, one: may_not_hold(context.union(python), one),
        of_extras=lambda one, version: needs_of_extras(context.union(""), one, version),
    )


def is_settled_by(context: ServiceContext, lock: Document, manifest: Document) -> bool:
    """Return whether the lock of a build settles what a manifest requires that it was resolved from."""
    is_beside = PurePosixPath(lock.path).parent == PurePosixPath(manifest.path).parent
    return satisfies(context.whole(lock.sha256), manifest, needs(context), is_beside=is_beside)


def locked_in(
    context: ServiceContext, here: Sequence[InputState], start: Instant, until: Instant
) -> set[tuple[InputLine, str, tuple[Instant, Instant]]]:
    """Return which manifests a lock settles in a stretch, by `InputState.key`: nothing in place passes that by."""
    stood = [
        state
        for state in here
        if state.document.kind is not DocumentKind.SCRIPT
        and state.stood(start, until)
        and state.line not in context.workspaces  # whether it is kept for a member hangs on all of its workspace
    ]
    locked = governed(stood, context.whole, needs(context))
    bypassed = passes_by(here) if locked else ()
    return {key for key in locked if key[0] not in bypassed}


def manifests_in(
    context: ServiceContext, here: Sequence[InputState], start: Instant, until: Instant
) -> dict[tuple[InputLine, str, tuple[Instant, Instant]], ManifestInPlace]:
    """Return the manifests among the inputs that may have been in place in a stretch, by `InputState.key`."""
    locked = locked_in(context, here, start, until)
    found: dict[tuple[InputLine, str, tuple[Instant, Instant]], ManifestInPlace] = {}
    for state in here:
        if state.document.kind is DocumentKind.MANIFEST:
            manifest, by = _constrained(with_indexes_of_commands(state, here), *constraints_for(state, here))
            guards = guards_in_force(context, state.document, state, here)
            found[state.key] = ManifestInPlace(manifest, guards, state.key in locked, by)
    return found


def _constrained(manifest: Document, constraints: Sequence[Requirement], command: str) -> tuple[Document, str]:
    """Return a manifest with what a command constrains, and the command where it does."""
    if not constraints:
        return manifest, ""
    return replace(manifest, constraints=(*manifest.constraints, *constraints)), command


def manifest_of_build(
    context: ServiceContext,
    manifest: Document,
    states: Sequence[InputState],
    span: tuple[Instant, Instant],
    *,
    is_governed: bool = False,
) -> ManifestInPlace:
    """Return a manifest as a build installed from it that ran in a stretch.

    Where it was in place with these very bytes, what was there with it says whether its guards hold, else the
    organisation alone; the indexes that commands name which install from them count as well.
    """
    here = [state for state in states if state.may_stand(*span)]
    own = [state for state in here if state.document.sha256 == manifest.sha256]
    read = [guards_in_force(context, manifest, state, here) for state in own] or [guards_in_force(context, manifest)]
    guards = None if None in read else read[0]
    told = (index for state in own for index in with_indexes_of_commands(state, here).indexes)
    indexes = tuple(dict.fromkeys((*manifest.indexes, *told)))
    if indexes != manifest.indexes:
        manifest = replace(manifest, indexes=indexes)
    bounds = [constraints_for(state, here) for state in own]
    common = [one for one in bounds[0][0] if all(one in other for other, _ in bounds)] if bounds else []
    manifest, by = _constrained(manifest, common, bounds[0][1] if bounds else "")
    return ManifestInPlace(manifest, guards, is_governed, by)


def install_requests(context: ServiceContext, one: ManifestInPlace) -> Iterator[InstallRequest]:
    """Yield what installs from a manifest ask for: what it requires, then what building it takes where unusual.

    Last, what it requires under its overrides, where no fact says whether the installer that reads them is used: they
    can bring in what the manifest does not ask for.
    """
    request = of_manifest(one.manifest, asked_of(context), one.read, context.in_house)
    told = [fact(Obligation.INPUTS, one.constrained_by)] if one.constrained_by else []
    yield replace(request, read_by=(*request.read_by, *told, *_words_on(context, one)))
    if needs_walk(context, one.manifest):
        yield of_build_system(one.manifest)
    guards = one.manifest.guards
    may_be_read = guards is not None and one.read is None and context.service.resolver in {"", guards.installer}
    if guards is not None and guards.overrides and may_be_read:
        text = f"judged with and without the overrides of {one.manifest.path}, which {guards.installer} alone reads"
        read = GuardsRead(guards=guards, shown=fact(Obligation.INPUTS, text))
        yield of_manifest(one.manifest, asked_of(context), read, context.in_house)


def _words_on(context: ServiceContext, one: ManifestInPlace) -> Iterator[ProofStep]:
    """Yield the words of the organisation that narrow what an install from a manifest asks for."""
    yield from _words_on_selection(context, one.manifest)
    resolver, guards = context.service.resolver, one.manifest.guards
    if guards is not None and guards.overrides and one.read is None and resolver not in {"", guards.installer}:
        text = (
            f"the organisation says that {resolver} installs it (resolver: {resolver}), which reads no such overrides"
        )
        yield word(Obligation.INPUTS, text)


def _words_on_selection(context: ServiceContext, manifest: Document) -> Iterator[ProofStep]:
    """Yield that the organisation says which extras and groups are installed, where a requirement hangs on it."""
    asked = asked_of(context)
    keys = [name for name, said in (("extras", asked.extras), ("groups", asked.groups)) if said is not None]
    if keys and is_selected(context.union(manifest.requires_python), manifest, asked):
        named = " and ".join(keys)
        text = f"the organisation says which {named} of {manifest.path} it installs ({', '.join(keys)})"
        yield word(Obligation.INPUTS, text)


def words_on_governed(context: ServiceContext, manifest: Document) -> tuple[ProofStep, ...]:
    """Return the words of the organisation by which a lock may settle what a manifest requires."""
    is_marked = bool(manifest.requires_python) or any(one.marker for one in manifest.requirements)
    named = word_on_environment(context, Obligation.INPUTS) if is_marked else ()
    return (*_words_on_selection(context, manifest), *named)


def needs_walk(context: ServiceContext, manifest: Document) -> bool:
    """Return whether the build requirements of a project are other than what is assumed of usual ones."""
    return not all(is_usual(context, one, USUAL_BACKENDS) for one in manifest.build_requires or ())
