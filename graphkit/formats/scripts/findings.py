"""What one install command or list in a file asks for, where it stands, and where the paths in it lie."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator
from typing import NamedTuple

from graphkit.formats.diagnostics import quoted
from graphkit.formats.scripts.arguments import found_in
from graphkit.formats.scripts.found import MANIFESTS, Found
from graphkit.formats.scripts.shell_words import Word


class Finding(NamedTuple):
    """What one command or list asks for, where it stands, and its text."""

    place: str
    found: Found
    text: str


Resolve = Callable[[str], tuple[str, ...]]
"""Returns where a path of a command may lie, from the folder that it runs in; empty where nothing tells."""


class NotThere(str):
    """A path at which a tool's own lock would lie, and does not: the tool resolves its manifest anew."""

    __slots__ = ()


def same(path: str) -> tuple[str, ...]:
    """Return a path as it is; nothing for one of a machine's root, which nothing here tells of."""
    return () if posixpath.isabs(path) or path.startswith("~") else (posixpath.normpath(path),)


def moved(found: Found, resolve: Resolve) -> None:
    """Put the inputs of a command where they lie; those that nothing tells of cannot be read."""
    inputs, constraints = list(found.inputs), list(found.constraints)
    found.inputs, found.constraints = {}, {}
    for path in constraints:
        places = resolve(path)
        if not places:
            found.unreadable.append(f"the file {quoted(path)}")
        found.constraints |= {str(at): None for at in places}
    for path in inputs:
        places = resolve(path)
        if not places:
            found.unreadable.append(f"the file {quoted(path)}")
        for at in places:
            found.inputs[at] = None
            is_wish = bool(MANIFESTS.search(posixpath.basename(at)))
            found.is_past_lock |= is_wish or isinstance(at, NotThere)


def found_together(first: tuple[Word, ...], second: tuple[Word, ...]) -> Iterator[tuple[Found, tuple[Word, ...]]]:
    """Yield what a program and its arguments install together, and neither of them alone, as `found_in` does."""
    alone = {told for part in (first, second) for _, told in found_in(part)}
    yield from ((found, told) for found, told in found_in((*first, *second)) if told not in alone)


def pip_words(line: str) -> tuple[Word, ...]:
    """Return a line of a requirements file as the words of a command that installs it."""
    words = line.split() if line.lstrip().startswith("-") else [line.partition(" #")[0]]
    return (Word("pip"), Word("install"), *map(Word, words))


def pip_line(line: str, tool: str) -> Found:
    """Return what a line of a requirements file asks for."""
    found = next((found for found, _ in found_in(pip_words(line.strip()))), Found(tool=tool))
    found.tool = tool
    return found


def project_of(tool: str) -> Found:
    """Return that a tool installs the project itself, past its lock."""
    found = Found(tool=tool)
    found.folder(Word("."))
    return found
