"""Inputs of other services that the scripts of a service install from: they are its inputs, too.

Where nobody names services, each folder of a repository is one of its own, and a workflow at the top may install what
lies in the folder of another (docs/semantics.md#install-inputs). In the same way a Compose file of one service may say
from which folder the image of another is built.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import product
from pathlib import PurePosixPath
from typing import Final

from msgspec import Struct, field
from msgspec.structs import replace

from graphkit.model.documents import DOCKERFILE, Document, DocumentKind, ImageBuild, InstallCommand
from graphkit.model.input_names import INSTALLED_FROM, PROJECTS, is_lock, is_manifest
from graphkit.model.names import ServiceId
from graphkit.model.organisation import DocumentUse
from graphkit.model.repository_paths import InputLine, PathParts, is_address_of, parts_of_path, path_from
from graphkit.model.times import Moment

_AT_ONCE: Final = 1_000
_NEVER: Final = (".json", ".xml")
"""How the names of most SBOMs end, of which a graph may have a million, and no lock or manifest."""
_INSTALLED: Final = (DocumentKind.LOCK, DocumentKind.MANIFEST)


class NamedInputs(Struct, frozen=True):
    """What the scripts of one repository say of services that do not have them.

    ``uses``: inputs of others that a service's own scripts install from, as its uses, in their order.
    ``image_builds``: of its Dockerfiles, from which folders scripts of others say that they are built, as if the
    Dockerfile said so itself.
    """

    uses: tuple[DocumentUse, ...] = ()
    image_builds: Mapping[InputLine, tuple[ImageBuild, ...]] = field(default_factory=dict)


def named_inputs(
    uses: Iterable[DocumentUse], heads: Callable[[Sequence[str]], Sequence[Document]]
) -> dict[ServiceId, NamedInputs]:
    """Return what scripts say of the inputs of other services, for each service of which one says any.

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
            uses=(*before.uses, *known.uses), image_builds={**before.image_builds, **known.image_builds}
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
        for use in self._uses:
            place, document = parts_of_path(use.path), self._documents[use.document]
            self._owners.setdefault(place, set()).add(use.service)
            if document.kind in _INSTALLED:
                self._at.setdefault(place, []).append(use)
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
        for service in dict.fromkeys((*uses, *builds)):
            yield service, NamedInputs(tuple(uses.get(service, {}).values()), builds.get(service, {}))

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
        for context, path in product(self._folders(script, command), command.inputs):
            yield from self._with_projects(parts_of_path(PurePosixPath(*context) / path))
        for address, path in command.cloned:
            if is_address_of(address, script.repository):
                yield from self._with_projects(parts_of_path(path))

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


def _taken(use: DocumentUse, script: DocumentUse, command: InstallCommand) -> DocumentUse:
    """Return an input as that of a service whose script installs from it."""
    note = "; ".join(filter(None, (use.note, f"{script.path}, {command.place} installs from it")))
    return replace(use, service=script.service, note=note)
