"""Files that can install and that no reader reads as a whole: what they leave open (docs/semantics.md#scripts)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from pathlib import PurePosixPath
from typing import Final

from msgspec.structs import replace

from graphkit.model.answers import Obligation
from graphkit.model.documents import (
    CONDA_ENVIRONMENT,
    DOWNLOAD,
    IMAGE,
    REQUIREMENTS_FILE,
    SETUP_FILES,
    UNREADABLE,
    Document,
    DocumentKind,
    InstallCommand,
)
from graphkit.model.input_names import INSTALLED_FROM, PROJECTS
from graphkit.model.repository_paths import InputLine, PathParts, is_address_of, parts_of_path
from graphkit.model.requirements import Requirement
from graphkit.model.times import Instant
from graphkit.model.versions import release_version
from graphkit.trace.evidence.accusation import same_index
from graphkit.trace.resolve.closure import Span, closure_of
from graphkit.trace.resolve.forward import Root
from graphkit.trace.resolve.manifests import InstallSelection, root_of_requirements
from graphkit.trace.verdicts.clearance import OpenObligation
from graphkit.trace.verdicts.context import USUAL_BACKENDS, USUAL_TOOLS, ServiceContext, is_usual, undecided_among
from graphkit.trace.verdicts.images import beside, commands_in
from graphkit.trace.verdicts.inputs import CONDA, InputState, is_made_from

_PROJECT: Final = "pyproject.toml"
_PIN: Final = re.compile(r"={2,3}\s*([^\s,*;]+)")


def passes_by(here: Sequence[InputState]) -> frozenset[InputLine]:
    """Return which inputs in place something is installed from without keeping to the lock beside them.

    A command may say so (`--upgrade`, `pip install .`); and a tool whose own lock is not there resolves the manifest.
    """
    found: set[InputLine] = set()
    for script, command in _installing(here):
        alike = beside(script, here)
        meant = _meant(script, command, alike)
        if command.is_past_lock:
            found |= {state.line for state in meant}
            found |= {state.line for state in here if any(is_made_from(lock, state) for lock in meant)}
        if _has_no_lock(script, command, _names(alike)):
            found |= {state.line for state in alike if _is_project(state)}
    return frozenset(found)


def _installing(here: Sequence[InputState]) -> Iterator[tuple[InputState, InstallCommand]]:
    """Yield the install commands in place that name inputs, each with its script."""
    for script in here:
        yield from ((script, command) for command in commands_in(script, here) if _paths(script, command))


def _paths(script: InputState, command: InstallCommand) -> list[PurePosixPath]:
    """Return the paths in its repository of what a command installs from, also where it was cloned once more."""
    folder = PurePosixPath(script.line[1]).parent
    cloned = [PurePosixPath(path) for address, path in command.cloned if is_address_of(address, script.line[0])]
    return [*(folder / name for name in command.inputs), *cloned]


def _names(states: Sequence[InputState]) -> frozenset[str]:
    return frozenset(PurePosixPath(state.line[1]).name for state in states)


def _has_no_lock(script: InputState, command: InstallCommand, known: AbstractSet[str]) -> bool:
    """Return whether a tool would keep to a lock and has none; ``known`` are the names of the inputs beside it.

    What an archive has nobody knows.
    """
    if command.unpacked:
        return False
    names = {one.name for one in _paths(script, command)}
    return bool(names & INSTALLED_FROM) and not names & known


def _is_project(state: InputState) -> bool:
    return PurePosixPath(state.line[1]).name in PROJECTS


def _meant(script: InputState, command: InstallCommand, alike: Sequence[InputState]) -> list[InputState]:
    """Return the inputs that a command installs from. Where none lies at its path, all of that name.

    An image has files in other folders than the repository. ``alike``: the inputs beside the script.
    """
    named = _named_by(script, command)
    exact = [state for state in alike if _place(state) in named]
    names = {path[-1] for _, _, path in named if path and not command.unpacked}
    return exact or [state for state in alike if PurePosixPath(state.line[1]).name in names]


def commands_for(state: InputState, here: Sequence[InputState]) -> list[tuple[InputState, InstallCommand]]:
    """Return the install commands in place that install from an input, each with its script.

    A tool that keeps to its own lock resolves the manifest where that lock is missing, or does not satisfy it.
    """
    found: list[tuple[InputState, InstallCommand]] = []
    for script, command in _installing(here):
        alike = beside(script, here)
        meant = _meant(script, command, alike)
        resolved = _resolved(script, command, meant, alike) if _is_project(state) else ()
        if any(one.line == state.line for one in (*meant, *resolved)):
            found.append((script, command))
    return found


def _resolved(
    script: InputState, command: InstallCommand, meant: Sequence[InputState], alike: Sequence[InputState]
) -> Iterator[InputState]:
    """Yield the projects that a tool resolves where its lock is not enough: those that the lock was made from.

    Where there is no lock, those in the folder where it would be, or all where none is there.
    """
    locks = [one for one in meant if PurePosixPath(one.line[1]).name in INSTALLED_FROM]
    yield from (one for one in alike if any(is_made_from(lock, one) for lock in locks))
    if _has_no_lock(script, command, _names(alike)):
        folders = {path[:-1] for _, _, path in _named_by(script, command) if path and path[-1] in INSTALLED_FROM}
        projects = [one for one in alike if _is_project(one)]
        yield from [one for one in projects if _place(one)[2][:-1] in folders] or projects


def with_indexes_of_commands(state: InputState, here: Sequence[InputState]) -> Document:
    """Return an input with the indexes that the scripts name which install from it."""
    told = {index: None for script, _ in commands_for(state, here) for index in script.document.indexes}
    document = state.document
    return replace(document, indexes=tuple(dict.fromkeys((*document.indexes, *told)))) if told else document


def constraints_for(state: InputState, here: Sequence[InputState]) -> tuple[tuple[Requirement, ...], str]:
    """Return what every command in place constrains that installs from an input, with the first of them as text."""
    commands = commands_for(state, here)
    if not commands or state.document.kind is not DocumentKind.MANIFEST:
        return (), ""
    script, first = commands[0]
    common = tuple(one for one in first.constraints if all(one in other.constraints for _, other in commands))
    return common, f"{script.document.path}, {first.place} installs from it under constraints: {first.text}"


def keeps_to(here: Sequence[InputState], lock: InputState) -> str:
    """Return the install command in place that keeps to a lock, with its file and line; empty for none.

    Where another command makes the lock anew, none keeps to the one that is here.
    """
    if lock.line in passes_by(here):
        return ""
    for script, command in _installing(here):
        if not command.is_past_lock and not command.unreadable and _place(lock) in _named_by(script, command):
            return f"{script.document.path}, {command.place} installs from it: {command.text}"
    return ""


def only_tool_of(here: Sequence[InputState], lock: InputState) -> str:
    """Return the one tool that the install commands in place install from a lock with; empty for none or several."""
    tools = {command.tool for _, command in commands_for(lock, here)}
    return tools.pop() if len(tools) == 1 and keeps_to(here, lock) else ""


def _named_by(script: InputState, command: InstallCommand) -> set[tuple[str, str, tuple[str, ...]]]:
    repository, _, branch = script.line
    return {(repository, branch, parts_of_path(path)) for path in _paths(script, command)}


def _place(state: InputState) -> tuple[str, str, tuple[str, ...]]:
    repository, path, branch = state.line
    return (repository, branch, parts_of_path(path))


def gap_of_unread(document: Document) -> OpenObligation | None:
    """Return that nothing is known of a file that was there; None for a document that was read."""
    if document.format != UNREADABLE:
        return None
    settles = "the file as it was, `installs_from` in the organisation file, or the SBOM of the build, would settle it"
    if document.kind is DocumentKind.SBOM:
        settles = "the file as it was would settle it"
    return OpenObligation(obligation=Obligation.INPUTS, text=f"{document.path}: {document.problems[0].text}; {settles}")


def judge_script(
    context: ServiceContext, script: InputState, here: Sequence[InputState], span: tuple[Instant, Instant]
) -> OpenObligation | None:
    """Return what a script leaves open; None where nothing that it names can bring a target. ``here``: all inputs."""
    if gap := gap_of_unread(script.document):
        return gap
    is_conda = script.document.format == CONDA_ENVIRONMENT  # what conda installs is judged with its manifest
    commands = [one for one in commands_in(script, here) if not (is_conda and one.tool == CONDA)]
    has_inputs = any(command.inputs or command.cloned for command in commands)
    alike = beside(script, here) if has_inputs else []
    for command in commands:
        problem = _problem(context, command, script.document.indexes, span)
        problem = problem or _unknown_input(script, command, alike) or _from_archive(script, command, alike)
        if problem:
            text = f"`{command.text}` {problem}; `installs_from` in the organisation file"
            gap = _opened(script.document, command, f"{text}, or the SBOM of the build, would settle it")
            return replace(gap, of_script=True)
    return None


def is_pin(context: ServiceContext, one: Requirement) -> bool:
    """Return whether a requirement is for one accused release of the index and no other."""
    found = _PIN.fullmatch(one.specifier.strip())
    return found is not None and not one.url and context.accused.has(one.package, release_version(found[1]))


def _may_be_accused(context: ServiceContext, one: Requirement) -> bool:
    """Return whether a release that a file's name says is accused, or may be."""
    return one.package in context.accused.open or is_pin(context, one)


def gap_of_conda(context: ServiceContext, manifest: Document, span: tuple[Instant, Instant]) -> OpenObligation | None:
    """Return what an environment file leaves open by what conda installs; None where that brings no target.

    Whether a package of conda is the Python package of its name, and at which version, nothing here tells.
    """
    commands = manifest.commands if manifest.format == CONDA_ENVIRONMENT else ()
    for command in (one for one in commands if one.tool == CONDA):
        by_name = tuple(replace(one, specifier="", unreadable="") for one in command.requirements)
        if problem := _problem(context, replace(command, requirements=by_name), (), span):
            text = f"conda's `{command.text}` {problem}; a conda-lock, or `conda list` of the build"
            return _opened(manifest, command, f"{text}, would settle it")
    return None


def gap_of_projects(manifest: Document, here: Sequence[InputState]) -> OpenObligation | None:
    """Return that a manifest which a build names installs projects beside it; None where it stands among the inputs."""
    if manifest.format not in {CONDA_ENVIRONMENT, REQUIREMENTS_FILE} or any(
        one.document.sha256 == manifest.sha256 for one in here
    ):
        return None
    for command in manifest.commands:
        if command.inputs:
            text = f"`{command.text}` installs from {command.inputs[0]}, of which nothing is known for that build"
            return _opened(manifest, command, f"{text}; its SBOM, or the lock it installed from, would settle it")
    return None


def _opened(document: Document, command: InstallCommand, text: str) -> OpenObligation:
    return OpenObligation(obligation=Obligation.INPUTS, text=f"{document.path}, {command.place}: {text}")


def _unknown_input(script: InputState, command: InstallCommand, alike: Sequence[InputState]) -> str:
    """Return that a command installs from a file that nobody has; empty where every one is among the inputs.

    Files are compared by their names with those beside the script (``alike``): an image has them in other folders than
    the repository. Those of a list of requirements lie where it says, or where pip runs. Where there is no lock, a tool
    that would keep to one takes the manifest; where a project has no manifest, it may say in its setup files what it
    requires. Of another repository, which a command before has cloned, nothing is known, whatever its files are called.
    """
    for address, path in command.cloned:
        if not is_address_of(address, script.line[0]):
            return f"installs from {path} of another repository ({address}), whose files are not here"
    named, known = _paths(script, command), _names(alike)
    places = {parts_of_path(state.line[1]) for state in alike}
    if script.document.format in {REQUIREMENTS_FILE, CONDA_ENVIRONMENT} and not any(
        parts_of_path(one) in places for one in named
    ):
        known = frozenset()
    is_set_up = any(parts_of_path(one.with_name(name)) in places for one in named for name in sorted(SETUP_FILES))
    for one in named:
        is_there = one.name in known or (one.name in INSTALLED_FROM and bool(known & PROJECTS))
        if not is_there and not (is_set_up and one.name == _PROJECT):
            return f"installs from {'/'.join(parts_of_path(one))}, which is not among the inputs"
    return ""


def _from_archive(script: InputState, command: InstallCommand, alike: Sequence[InputState]) -> str:
    """Return that a command installs from an archive or submodule; empty where all of its inputs are known.

    Of each name one lies at its very path, or the project of a lock; ``alike``: the inputs beside the script.
    """
    if not command.unpacked:
        return ""
    there = {_place(state)[2] for state in alike}
    paths = [parts_of_path(one) for one in _paths(script, command)]
    found = {path[-1] for path in paths if path in there or _has_project(path, there)}
    missing = next(("/".join(path) for path in paths if path[-1] not in found), "")
    return f"installs from {missing}, which may be from {command.unpacked}, whose files are not here" if missing else ""


def _has_project(path: PathParts, there: AbstractSet[PathParts]) -> bool:
    return path[-1] in INSTALLED_FROM and any((*path[:-1], name) in there for name in PROJECTS)


def _problem(
    context: ServiceContext, command: InstallCommand, indexes: Sequence[str], span: tuple[Instant, Instant]
) -> str:
    """Return why a command leaves the service open; empty where it does not."""
    if command.unreadable:
        return f"installs what cannot be read here ({command.unreadable})"
    if command.tool in {DOWNLOAD, IMAGE}:  # names of other files and images are no packages
        said = "fetches" if command.tool == DOWNLOAD else "is an image that says it has"
        return next((f"{said} {one}" for one in command.requirements if _may_be_accused(context, one)), "")
    usual = USUAL_TOOLS | USUAL_BACKENDS
    unusual = [one for one in command.requirements if not is_usual(context, one, usual)]
    accused = context.accused
    for one in unusual:
        if one.package in accused.packages:
            return f"installs {one}"
        if one.package in accused.private_packages:
            return f"installs the private package {one.package}, which no public page speaks for"
    if unusual and any(one.package is None and not one.purl for one in accused.files):
        return f"installs {unusual[0]}, and files of any package are accused by their hashes"
    named = [one for one in (*indexes, context.service.index) if same_index(one) in accused.private_indexes]
    if unusual and named:
        return f"may install from the private index {named[0]}, of which no page was read"
    return _reached(context, unusual, command.constraints, span) if unusual else ""


def _reached(
    context: ServiceContext,
    unusual: Sequence[Requirement],
    constraints: Sequence[Requirement],
    span: tuple[Instant, Instant],
) -> str:
    world, asked = context.union(""), InstallSelection(extras=(), groups=())
    requirements, missing = root_of_requirements(world, unusual, asked)
    if missing:
        return f"installs a package whose requirements were not read ({missing[0]})"
    bounds, _ = root_of_requirements(world, [one for one in constraints if world.find(one.package)], asked)
    root = Root(label="a command", why="a command", requirements=requirements, constraints=bounds)
    found = closure_of(world, root, context.target_bits, Span(start=span[0], until=span[1], is_timeless=True))
    if found.hits:
        return "installs a package that can bring it in"
    names = world.names_of(found.packages)
    if undecided := undecided_among(context, names):
        return f"installs a package that may bring it in ({undecided[0]} would settle it)"
    if private := sorted(names & context.accused.private_packages):
        return f"installs a package that needs the private package {private[0]}, which no public page speaks for"
    if carried := sorted(names & context.accused.carriers.keys()):
        return f"installs a package that may bring in {carried[0]}, whose own SBOM may list an accused release"
    if found.unread:
        return f"installs a package whose requirements were not read ({found.unread[0]})"
    return ""
