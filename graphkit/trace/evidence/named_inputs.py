"""Inputs of other services that a service installs from: they are its inputs, too.

Where nobody names services, each folder of a repository is one of its own, and a workflow at the top may install what
lies in the folder of another (docs/semantics.md#install-inputs). In the same way a Compose file of one service may say
from which folder the image of another is built, and the lock of a workspace lies in the folder of its root.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import product
from pathlib import PurePosixPath
from typing import Final

from msgspec import Struct, field
from msgspec.structs import replace

from graphkit.model.documents import (
    DOCKERFILE,
    REQUIREMENTS_FILE,
    SETUP_FILES,
    Document,
    DocumentKind,
    ImageBuild,
    InstallCommand,
)
from graphkit.model.input_names import INSTALLED_FROM, PROJECTS, is_lock, is_manifest
from graphkit.model.names import ServiceId
from graphkit.model.organisation import DocumentUse
from graphkit.model.repository_paths import InputLine, PathParts, is_address_of, parts_of_path, path_from
from graphkit.model.times import Moment
from graphkit.trace.evidence.workspaces import Workspace

_AT_ONCE: Final = 1_000
_NEVER: Final = (".json", ".xml")
"""How the names of most SBOMs end, of which a graph may have a million, and no lock or manifest."""
_INSTALLED: Final = (DocumentKind.LOCK, DocumentKind.MANIFEST)
_LOCK_OF_WORKSPACES: Final = "uv.lock"


class NamedInputs(Struct, frozen=True):
    """What the files of one repository say of services that do not have them.

    ``uses``: inputs of others that a service's own scripts install from, and locks of workspaces of which it is a
    member, as its uses, in their order. ``image_builds``: of its Dockerfiles, from which folders scripts of others say
    that they are built, as if the Dockerfile said so itself. ``workspaces``: what it has to do with each such lock.
    """

    uses: tuple[DocumentUse, ...] = ()
    image_builds: Mapping[InputLine, tuple[ImageBuild, ...]] = field(default_factory=dict)
    workspaces: Mapping[InputLine, Workspace] = field(default_factory=dict)


def named_inputs(
    uses: Iterable[DocumentUse], heads: Callable[[Sequence[str]], Sequence[Document]]
) -> dict[ServiceId, NamedInputs]:
    """Return what files say of the inputs of other services, for each service of which one says any.

    Only services of one repository, or folder given, see each other's files; those of one build, only each other's.
    ``heads`` gives documents without their rows. Cost: a head of every document of a repository that has locks or
    manifests and several services.
    """
    shared: dict[tuple[str, Moment | None], list[DocumentUse]] = {}
    for use in uses:
        if use.repository and use.path:
            shared.setdefault((use.repository, use.built_at), []).append(use)
    found: dict[ServiceId, NamedInputs] = {}
    for some in shared.values():
        if any(_may_be_installed_from(use.path) for use in some) and len({use.service for use in some}) > 1:
            _add(found, _Repository(some, heads))
    return found


def _add(found: dict[ServiceId, NamedInputs], repository: _Repository) -> None:
    for service, known in repository.named():
        before = found.get(service, NamedInputs())
        found[service] = NamedInputs(
            uses=(*before.uses, *known.uses),
            image_builds={**before.image_builds, **known.image_builds},
            workspaces={**before.workspaces, **known.workspaces},
        )


def _may_be_installed_from(path: str) -> bool:
    return not path.endswith(_NEVER) and (is_lock(path) or is_manifest(path))


class _Repository:
    """The inputs of several services in one repository."""

    def __init__(self, uses: Sequence[DocumentUse], heads: Callable[[Sequence[str]], Sequence[Document]]) -> None:
        self._documents: dict[str, Document] = {}
        wanted = sorted({use.document for use in uses})
        for first in range(0, len(wanted), _AT_ONCE):
            some = wanted[first : first + _AT_ONCE]
            for sha256, head in zip(some, heads(some), strict=True):
                if head.kind in {*_INSTALLED, DocumentKind.SCRIPT}:
                    self._documents[sha256] = head
        known = (use for use in uses if use.document in self._documents)
        self._uses = sorted(known, key=lambda one: (one.path, one.branch, one.document, one.service))
        self._at: dict[PathParts, list[DocumentUse]] = {}
        self._owners: dict[PathParts, set[ServiceId]] = {}
        self._built: dict[tuple[PathParts, str], dict[PathParts, set[ServiceId]]] = {}
        """By Dockerfile and branch the folders that its images are built from, each with the services that say so."""
        self._lines: dict[InputLine, list[DocumentUse]] = {}
        """The states of each lock of uv."""
        for use in self._uses:
            place, document = parts_of_path(use.path), self._documents[use.document]
            self._owners.setdefault(place, set()).add(use.service)
            if document.kind in _INSTALLED:
                self._at.setdefault(place, []).append(use)
            if place[-1] == _LOCK_OF_WORKSPACES and document.kind is DocumentKind.LOCK:
                self._lines.setdefault((use.repository, use.path, use.branch), []).append(use)
            folder = PurePosixPath(use.path).parent
            for build in document.image_builds:
                told = self._built.setdefault((parts_of_path(folder / build.dockerfile), use.branch), {})
                told.setdefault(parts_of_path(folder / build.context), set()).add(use.service)

    def named(self) -> Iterator[tuple[ServiceId, NamedInputs]]:
        """Yield what is said of the inputs of others, for each service of which something is."""
        uses: dict[ServiceId, dict[DocumentUse, DocumentUse]] = {}
        builds: dict[ServiceId, dict[InputLine, tuple[ImageBuild, ...]]] = {}
        for script in self._uses:
            document = self._documents[script.document]
            if document.format == DOCKERFILE and (told := self._told_by_others(script)):
                builds.setdefault(script.service, {})[script.repository, script.path, script.branch] = told
            owners = self._owners[parts_of_path(script.path)]
            for command, place in self._named_by(script, document):
                if self._owners.get(place, owners).isdisjoint(owners):
                    known = uses.setdefault(script.service, {})
                    for use in self._at.get(place, ()):
                        known.setdefault(use, _taken(use, script, command))
        workspaces: dict[ServiceId, dict[InputLine, Workspace]] = {}
        for service, line, found in self._workspaces():
            known, states = uses.setdefault(service, {}), self._lines[line]
            if known.keys().isdisjoint(states):  # else its scripts install from all of the lock
                known.update((use, _shared(use, service)) for use in states)
                workspaces.setdefault(service, {})[line] = found
        for service in dict.fromkeys((*uses, *builds)):
            yield (
                service,
                NamedInputs(
                    tuple(uses.get(service, {}).values()), builds.get(service, {}), workspaces.get(service, {})
                ),
            )

    def _told_by_others(self, script: DocumentUse) -> tuple[ImageBuild, ...]:
        place = parts_of_path(script.path)
        contexts = self._built.get((place, script.branch), {})
        others = [context for context, services in contexts.items() if script.service not in services]
        return tuple(
            ImageBuild(dockerfile=place[-1], context=path_from(place[:-1], context) or ".")
            for context in sorted(others)
        )

    def _named_by(self, script: DocumentUse, document: Document) -> Iterator[tuple[InstallCommand, PathParts]]:
        yield from ((command, place) for command in document.commands for place in self._places(script, command))

    def _places(self, script: DocumentUse, command: InstallCommand) -> Iterator[PathParts]:
        """Yield where the files may lie that a command installs from, with the projects that a lock was made from."""
        for context, path in product(self._folders(script, command), self._inputs(script, command)):
            yield from self._with_projects(parts_of_path(PurePosixPath(*context) / path))
        for address, path in command.cloned:
            if is_address_of(address, script.repository):
                yield from self._with_projects(parts_of_path(path))

    def _inputs(self, script: DocumentUse, command: InstallCommand) -> Sequence[str]:
        """Return the paths of a command; of a project in a list of requirements the first at which there is one."""
        if self._documents[script.document].format != REQUIREMENTS_FILE:
            return command.inputs
        folder, names = PurePosixPath(script.path).parent, sorted(SETUP_FILES | PROJECTS)
        places = [(path, [parts_of_path((folder / path).with_name(one)) for one in names]) for path in command.inputs]
        there = [path for path, near in places if any(one in self._owners for one in near)]
        return there[:1] or command.inputs

    def _folders(self, script: DocumentUse, command: InstallCommand) -> Sequence[PathParts]:
        """Return from where the paths of a command go: of an image, its own folder first, where nobody tells."""
        place = parts_of_path(script.path)
        if self._documents[script.document].format != DOCKERFILE:
            return [place[:-1]]
        if told := self._built.get((place, script.branch)):
            return sorted(told)
        is_own = any(parts_of_path(PurePosixPath(*place[:-1]) / path) in self._owners for path in command.inputs)
        return [place[:-1]] if is_own else [()]

    def _with_projects(self, place: PathParts) -> Iterator[PathParts]:
        yield place
        if place and place[-1] in INSTALLED_FROM:
            yield from ((*place[:-1], name) for name in sorted(PROJECTS))
            for use in self._at.get(place, ()):
                folder = PurePosixPath(use.path).parent
                yield from (parts_of_path(folder / name) for name in self._documents[use.document].governs)

    def _workspaces(self) -> Iterator[tuple[ServiceId, InputLine, Workspace]]:
        """Yield the locks of workspaces with each service that has members of one and not the lock."""
        if any(use.built_at is not None for use in self._uses):  # what else was in place then is not known
            return
        for line, states in self._lines.items():
            place, branch = parts_of_path(line[1]), line[2]
            members: dict[ServiceId, set[PathParts]] = {}
            for one in self._projects_of(states) if self._is_of_workspace(place, branch) else ():
                if one.service not in self._owners[place]:
                    folder = path_from(place[:-1], parts_of_path(one.path)[:-1]) or "."
                    members.setdefault(one.service, set()).add(parts_of_path(folder))
            for service in sorted(members):
                is_whole = self._names_members(service)
                yield service, line, Workspace(members=frozenset(members[service]), is_whole=is_whole)

    def _is_of_workspace(self, lock: PathParts, branch: str) -> bool:
        beside = ((*lock[:-1], name) for name in PROJECTS)
        heads = (self._documents[use.document] for at in beside for use in self._at.get(at, ()) if use.branch == branch)
        return any(head.guards is not None and head.guards.is_workspace for head in heads)

    def _projects_of(self, states: Sequence[DocumentUse]) -> list[DocumentUse]:
        """Return every state of the manifests that the states of a lock were made from."""
        folder, branch = PurePosixPath(states[0].path).parent, states[0].branch
        governed = (name for use in states for name in self._documents[use.document].governs)
        places = dict.fromkeys(parts_of_path(folder / name) for name in governed)
        return [use for at in places for use in self._at.get(at, ()) if use.branch == branch]

    def _names_members(self, service: ServiceId) -> bool:
        """Return whether a command of a service names members of a workspace, or may: its text may be shortened."""
        own = (self._documents[use.document] for use in self._uses if use.service == service)
        commands = (one.text for document in own for one in document.commands if one.tool == "uv")
        return any("package" in text or text.endswith("...") for text in commands)


def _shared(use: DocumentUse, service: ServiceId) -> DocumentUse:
    """Return the lock of a workspace as an input of a service that is a member."""
    note = "; ".join(filter(None, (use.note, "it locks the workspace that this is a member of")))
    return replace(use, service=service, note=note)


def _taken(use: DocumentUse, script: DocumentUse, command: InstallCommand) -> DocumentUse:
    """Return an input as that of a service whose script installs from it."""
    note = "; ".join(filter(None, (use.note, f"{script.path}, {command.place} installs from it")))
    return replace(use, service=script.service, note=note)
