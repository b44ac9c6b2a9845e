"""What the commands of a Dockerfile find in its image: the folder that it is built from, and what is kept out of it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from pathlib import PurePosixPath
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from graphkit.model.documents import DOCKERFILE, InstallCommand
from graphkit.model.input_names import INSTALLED_FROM, PROJECTS
from graphkit.model.path_patterns import is_hidden
from graphkit.model.repository_paths import PathParts, parts_of_path, path_from
from graphkit.trace.verdicts.inputs import InputState

_IGNORES: Final = (".dockerignore", ".containerignore")


def beside(script: InputState, here: Sequence[InputState]) -> list[InputState]:
    """Return the inputs of the repository and branch of a script: it sees no other, whatever their names are."""
    repository, _, branch = script.line
    return [state for state in here if (state.line[0], state.line[2]) == (repository, branch)]


def commands_in(script: InputState, here: Sequence[InputState]) -> Sequence[InstallCommand]:
    """Return the commands of a file with their inputs as paths from its folder; ``here``: all inputs.

    A Dockerfile copies from the folder that its image is built from, which others in place say: then that is it.
    Else it may be the Dockerfile's own, or the top of the repository. What does not get into the image is not there.
    One that only runs a program counts where the image has a project and no lock of it.
    Cost: for a Dockerfile, a look at all inputs.
    """
    commands = script.document.commands
    if script.document.format != DOCKERFILE or not any(map(_needs_files, commands)):
        return commands
    image = _image_of(script, beside(script, here))
    placed = [image.placed(one) if _needs_files(one) else one for one in commands]
    return [one for one in placed if one.is_past_lock or not one.needs_project]


def _needs_files(command: InstallCommand) -> bool:
    return bool(command.inputs or command.constraints)


class _Image(Struct, frozen=True, kw_only=True):
    """What is known of the images of a Dockerfile.

    ``contexts`` are folders that it may be built from, all of them told where it ``is_told``. ``known`` are the inputs
    of its repository, ``members`` other projects that a lock among them was made from, ``ignores`` the patterns of the
    files that keep others out of an image, by their paths.
    """

    dockerfile: PathParts
    contexts: tuple[PathParts, ...]
    is_told: bool
    known: frozenset[PathParts]
    members: frozenset[PathParts]
    ignores: dict[PathParts, tuple[tuple[str, ...], ...]]

    def placed(self, command: InstallCommand) -> InstallCommand:
        """Return a command of the Dockerfile as one that runs in its own folder."""
        locks = [one for one in command.inputs if PurePosixPath(one).name in INSTALLED_FROM]
        lacking = self._without(command, locks)
        problems = [self._not_there(path) for path in command.inputs if path not in locks]
        if self.is_told and locks and not lacking and not any(map(self._lies_there, locks)):
            problems.append(_unknown(_at(self.contexts[0], locks[0])))
        problems += [_unknown(project) for project in lacking if project not in self.known]
        is_bound = set(self.contexts) <= {self.dockerfile[:-1], ()}  # only these folders were looked into
        if command.constraints and not is_bound:
            problems.append("constraints of another folder, which were not read")
        places = [_at(context, path) for path, context in product(command.inputs, self.contexts)]
        return replace(
            command,
            inputs=tuple(dict.fromkeys(path_from(self.dockerfile[:-1], place) for place in places)),
            constraints=command.constraints if is_bound else (),
            is_past_lock=command.is_past_lock or bool(lacking),
            unreadable="; ".join(filter(None, (command.unreadable, *problems))),
        )

    def _lies_there(self, path: str) -> bool:
        return any(self._is_there(context, path) for context in self.contexts)

    def _is_there(self, context: PathParts, path: str) -> bool:
        """Return whether a file of a folder is known, and gets into the image that is built from that folder."""
        return _at(context, path) in self.known and not self._hider(context, path)

    def _without(self, command: InstallCommand, locks: Sequence[str]) -> list[PathParts]:
        """Return the projects of which an image may be built in which a tool has none of its locks.

        A command that fails without one is only run where there is one.
        """
        found = any(map(self._lies_there, locks))
        if command.needs_lock and found and not self.is_told:
            return []
        lacking = [one for one in self.contexts if not any(self._is_there(one, lock) for lock in locks)]
        projects = [(*_at(one, lock)[:-1], name) for one in lacking for lock in locks for name in sorted(PROJECTS)]
        return [one for one in dict.fromkeys(projects) if one in self.known or one in self.members]

    def _not_there(self, path: str) -> str:
        """Return why a list or manifest is not in the image, or not the one that it seems to be; empty if it may be."""
        if self._lies_there(path):
            return ""
        places = [_at(context, path) for context in self.contexts]
        for context, place in zip(self.contexts, places, strict=True):
            if place in self.known and (hider := self._hider(context, path)):
                return f"{'/'.join(hider)} keeps {path} out of the image"
        told = places[:1] if self.is_told else [one for one in places if one in self.members]
        return _unknown(told[0]) if told else ""

    def _hider(self, context: PathParts, path: str) -> PathParts:
        """Return which file keeps one out of the image that is built from a folder; empty where none does.

        The file beside the Dockerfile that has its name takes the place of that of the folder.
        """
        own = (*self.dockerfile[:-1], f"{self.dockerfile[-1]}{_IGNORES[0]}")
        places = [own] if own in self.ignores else [(*context, name) for name in _IGNORES]
        inside = "/".join(parts_of_path(path))
        hiding = (one for one in places if any(is_hidden(inside, hides) for hides in self.ignores.get(one, ())))
        return next(hiding, ())


def _image_of(script: InputState, alike: Sequence[InputState]) -> _Image:
    dockerfile = _place(script)
    told: dict[PathParts, None] = {}
    ignores: dict[PathParts, tuple[tuple[str, ...], ...]] = {}
    members: set[PathParts] = set()
    for state in alike:
        folder = PurePosixPath(state.line[1]).parent
        for build in state.document.image_builds:
            if parts_of_path(folder / build.dockerfile) == dockerfile:
                told[parts_of_path(folder / build.context)] = None
        members.update(parts_of_path(folder / path) for path in state.document.governs)
        if state.document.hides:
            ignores[_place(state)] = (*ignores.get(_place(state), ()), state.document.hides)
    own = dockerfile[:-1]
    usual = (own,) if not own or own[0] in {"/", ".."} else (own, ())
    return _Image(
        dockerfile=dockerfile,
        contexts=tuple(told) or usual,
        is_told=bool(told),
        known=frozenset(map(_place, alike)),
        members=frozenset(members),
        ignores=ignores,
    )


def _place(state: InputState) -> PathParts:
    return parts_of_path(state.line[1])


def _at(context: PathParts, path: str) -> PathParts:
    return parts_of_path(PurePosixPath(*context) / path)


def _unknown(place: PathParts) -> str:
    return f"{'/'.join(place)} gets into the image, and is not among the inputs"
