"""Install commands in Dockerfiles and Containerfiles."""

from __future__ import annotations

import fnmatch
import json
import posixpath
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import PurePosixPath
from typing import Final, NamedTuple

from msgspec import Struct, field
from msgspec.structs import replace

from graphkit.formats.addresses import named_by
from graphkit.formats.scripts.arguments import found_in
from graphkit.formats.scripts.at_start import started_findings
from graphkit.formats.scripts.fetched import fetched_findings, image_findings
from graphkit.formats.scripts.findings import Finding, NotThere, found_together, same
from graphkit.formats.scripts.folders import (
    Place,
    address_of,
    is_unpacked,
    note_archive,
    note_clone,
    note_files,
    note_unpacked,
    put_in_place,
)
from graphkit.formats.scripts.found import Found
from graphkit.formats.scripts.shell import HEREDOC, index_findings, script_in, shell_findings, without_python
from graphkit.formats.scripts.shell_words import Exported, Variables, Word, commands_of, literal, logical_lines
from graphkit.formats.scripts.unpacked import is_archive
from graphkit.model.input_names import INSTALLED_FROM, PROJECTS

_INSTRUCTION: Final = re.compile(r"\s*(?:ONBUILD\s+)?([A-Za-z]+)\s+(.*)", re.DOTALL)
_CHECK: Final = re.compile(r"\bCMD\s+(.*)", re.DOTALL)
_DIRECTIVE: Final = re.compile(r"#\s*([A-Za-z][A-Za-z0-9]*)\s*=\s*(.+?)\s*")
_FROM: Final = re.compile(r"(?:--|,)from=([^\s,]+)")
"""Another image that files are taken from."""
_OF_STAGE: Final = re.compile(r"--from=(\S+)")
_MOST_ABOVE: Final = 20
"""Folders above a project in which its lock is looked for."""
_UV_RUN: Final = re.compile(r"\buv[\"',]*\s+[\"']?run\b[^;|&\n]{0,500}")
"""A command of `uv run`, which resolves a project that has no lock."""
_NO_PROJECT: Final = re.compile(r"--(?:no-project|no-sync|frozen|locked|script)\b")
_REPOSITORY: Final = re.compile(r"^git@|^(?:git|ssh)://|\.git(?:#|$)")
"""What `ADD` clones."""
_KEEPING: Final = ("UV_NO_SYNC", "UV_FROZEN", "UV_LOCKED")
"""Variables under which it resolves nothing."""
_NOT_SET: Final = frozenset({None, "", "0", "false"})
_FLAG: Final = re.compile(r"\s*--[a-z][a-z-]*(?:=\S*)?\s+")


class _Started(Struct):
    """What an image is started with: the words of its program and its arguments, and the line of the last of them."""

    program: tuple[Word, ...] = ()
    arguments: tuple[Word, ...] = ()
    line: int = 0

    def take(self, name: str, number: int, rest: str) -> None:
        """Take up an instruction; a program that is text for a shell gets no arguments."""
        words = _quoted_words(rest)
        if name == "ENTRYPOINT":
            self.program, self.line = words, number
        elif name == "CMD":
            self.arguments, self.line = (
                words or (Word("sh"), Word("-c"), Word(rest.strip(), "", is_quoted=True)),
                number,
            )

    def findings(self, put: Callable[[Found], None]) -> Iterator[Finding]:
        """Yield what the program installs with its arguments; one without them may be told to install anything.

        ``put``: puts the inputs of a command where they lie.
        """
        for found, told in found_together(self.program, self.arguments) if self.program else ():
            put(found)
            yield Finding(f"line {self.line}", found, literal(told))
        given = (*self.program, Word("install"), Word("…", "what it is started with"))
        for found, _ in found_in(given if self.program and not self.arguments else ()):
            put(found)
            yield Finding(f"line {self.line}", found, literal(self.program))


class _Copy(NamedTuple):
    """What was copied to a place of the image: files of the build, or those of another stage, which has no ``sources``.

    ``lists``: of those the files that are known, by their paths in the image: as the file of the build that they were
    copied from, or as the lock that a list was written out of.
    """

    sources: list[str]
    to: str
    lists: Mapping[str, tuple[str, ...]] = {}

    def is_of_stage(self, at: str) -> bool:
        """Return whether what lies at a path came from another stage."""
        return not self.sources and (at == self.to or at.startswith(f"{self.to.rstrip('/')}/"))


class _Stage(Struct):
    """How a stage was left: what starts it, what was copied from where, the folder, and what was cloned where.

    ``exports``: the lists that were written out of locks, by their paths from the folder.
    """

    start: _Started = field(default_factory=_Started)
    copies: list[_Copy] = field(default_factory=list)
    folder: str = "/"
    clones: dict[str, str] = field(default_factory=dict)
    exports: dict[str, Exported] = field(default_factory=dict)
    changed: frozenset[str] = frozenset()
    """Files that commands changed, by their paths in the image."""

    def lists(self, source: str, to: str) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield where files come to lie that are copied from a path of the stage, each with what it is."""
        at = posixpath.normpath(posixpath.join("/", source))
        if _is_file(at) and "*" not in at and at not in self.changed:
            found = _source_of(self.copies, at)
            if found and "$" not in found:
                yield _target(to, at), (found,)
        for name, one in self.exports.items():
            path = posixpath.normpath(posixpath.join(self.folder, name))
            if one.is_past_lock or one.unreadable or not one.inputs:
                continue
            if path == at:
                yield _target(to, at), one.inputs
            elif path.startswith(f"{at.rstrip('/')}/"):
                yield posixpath.normpath(posixpath.join(to, posixpath.relpath(path, at))), one.inputs


class Dockerfile:
    """The commands of a Dockerfile or Containerfile, with what its image is told of paths and variables."""

    def __init__(self, text: str) -> None:
        text, self._found = without_python(text)
        self._lines = list(logical_lines(text, joins_quoted=False, skips_empty=True, escape=_escape_of(text)))
        self._variables = Variables()
        self._folder = "/"
        self._start = _Started()
        self._copies: list[_Copy] = []
        self._changed: set[str] = set()
        """Files that commands of the stage changed, by their paths in the image."""
        self._stage = ""
        self._count = 0
        self._stages: dict[str, _Stage] = {}
        """How stages were left, by name and number."""

    def findings(self) -> Iterator[Finding]:
        """Yield what its instructions install."""
        yield from self._found
        waiting = iter(self._lines)
        for number, line in waiting:
            if not (read := _INSTRUCTION.fullmatch(line)):
                continue
            name, rest = read[1].upper(), read[2]
            if name == "HEALTHCHECK" and (check := _CHECK.search(rest)):
                name, rest = "CMD", check[1]
            if name in {"WORKDIR", "COPY", "ADD"}:  # another folder, or other files in it
                self._variables.forget_files()
            if name == "FROM":
                yield from self._start.findings(self._put)
                self._begin(rest)
                for word in self._words(rest):
                    yield from image_findings(word, f"line {number}")
            if name in {"RUN", "CMD", "ENTRYPOINT"}:
                self._start.take(name, number, rest)
                yield from self._run(number, rest, waiting)
            elif name in {"ARG", "ENV"}:
                yield from index_findings(rest, f"line {number}")
                yield from started_findings(_with_equals(rest), f"line {number}")
                self._assign(name, rest)
            elif name == "WORKDIR":
                self._folder = posixpath.normpath(posixpath.join(self._folder, self._words(rest)[0]))
                self._variables.base = self._folder
            for image in _FROM.findall(rest) if name in {"COPY", "RUN"} else ():
                yield from image_findings(image, f"line {number}")
            if name in {"COPY", "ADD"}:
                yield from self._added(number, rest)
                self._copy(rest, is_add=name == "ADD")
                if HEREDOC.search(rest):  # what the file has stands here, and is none of the repository's
                    to = posixpath.normpath(posixpath.join(self._folder, self._words(rest)[-1]))
                    paths = (to, posixpath.relpath(to, self._folder))
                    self._variables.changed |= dict.fromkeys(paths, (number, False))
                    self._changed.add(to)
                yield from self._bodies(rest, waiting)
        yield from self._start.findings(self._put)

    def _begin(self, rest: str) -> None:
        """Begin another stage: it has what the stage has that it is made from, and nothing of any other."""
        known = self._variables
        exports, changed = dict(known.exports), frozenset(self._changed)
        done = _Stage(self._start, self._copies, self._folder, dict(known.clones), exports, changed)
        self._stages[self._stage] = self._stages[str(self._count - 1)] = done
        self._count += 1
        base, *more = [one for one in self._words(rest) if not one.startswith("--")] or [""]
        left = self._stages.get(base.casefold() or "-", _Stage())
        self._start, self._copies, self._folder = replace(left.start), list(left.copies), left.folder
        self._changed = set(left.changed)
        self._stage = more[1].casefold() if len(more) > 1 else ""
        self._variables.start_anew()
        self._variables.base = self._folder
        self._variables.clones |= left.clones
        self._variables.exports |= left.exports

    def _words(self, text: str) -> list[str]:
        found = [word.text for one in commands_of(f"x {text}", 1, self._variables) for word in one.words]
        return found[1:] or [""]

    def _assign(self, name: str, rest: str) -> None:
        first, _, value = rest.strip().partition(" ")
        if name == "ENV" and "=" not in first:
            self._variables.set(first, value.strip().strip("\"'"))
            return
        for command in commands_of(f"export {rest}", 1, self._variables):
            for word in command.words[1:]:
                if name == "ARG" and "=" not in word.text and word.text not in self._variables:
                    self._variables.set(word.text, None)

    def _copy(self, rest: str, *, is_add: bool) -> None:
        is_of_stage = "--from" in rest or "://" in rest
        stage = _Stage()
        while flag := _FLAG.match(rest):
            if read := _OF_STAGE.fullmatch(flag[0].strip()):
                stage = self._stages.get(read[1].casefold(), stage)
            rest = rest[flag.end() :]
        words = _json_words(rest) or self._words(rest)
        if len(words) > 1:
            sources = [] if is_of_stage else words[:-1]
            to = posixpath.join(self._folder, words[-1])
            lists = dict(one for source in words[:-1] for one in stage.lists(source, to))
            self._copies.append(_Copy(sources, posixpath.normpath(to), lists))
            for source in words[:-1] if is_add else ():
                if is_archive(source) and "://" not in source:
                    note_unpacked(self._variables, posixpath.normpath(to), source)
                elif _REPOSITORY.search(source):
                    note_files(self._variables, posixpath.normpath(to), address_of(source))

    def _added(self, number: int, rest: str) -> Iterator[Finding]:
        """Yield the releases whose files are taken from an address."""
        for word in self._words(rest):
            name, version = named_by(word) if "://" in word else ("", "")
            if name and version:
                found = Found(tool="docker")
                found.name(Word(f"{name}=={version}"))
                yield Finding(f"line {number}", found, f"ADD {word}")

    def _bodies(self, rest: str, waiting: Iterator[tuple[int, str]]) -> Iterator[Finding]:
        """Yield what the here-documents of an instruction install."""
        for mark in HEREDOC.finditer(rest):
            for at, line in waiting:
                if line.strip() == mark[1]:
                    break
                yield from shell_findings(line, self._variables, first=at, resolve=self._resolve)

    def _run(self, number: int, rest: str, waiting: Iterator[tuple[int, str]]) -> Iterator[Finding]:
        copies = len(self._copies)
        while flag := _FLAG.match(rest):
            self._mount(flag[0].strip())
            rest = rest[flag.end() :]
        yield from self._command(number, rest, waiting)
        self._changed.update(posixpath.normpath(posixpath.join(self._folder, one)) for one in self._variables.changed)
        del self._copies[copies:]

    def _mount(self, flag: str) -> None:
        """Take up what a command of the image sees for its own time (`--mount=type=bind,source=…,target=…`)."""
        name, _, told = flag.partition("=")
        parts = dict(part.partition("=")[::2] for part in told.split(","))
        if name != "--mount" or parts.get("type", "bind") != "bind":
            return
        to = parts.get("target") or parts.get("dst") or parts.get("destination") or "."
        source = parts.get("source") or parts.get("src") or "."
        to = posixpath.normpath(posixpath.join(self._folder, to))
        self._copies.append(_Copy([] if "from" in parts else [source], to))

    def _command(self, number: int, rest: str, waiting: Iterator[tuple[int, str]]) -> Iterator[Finding]:
        yield from self._run_by_uv(number, rest)
        words = _quoted_words(rest)
        inner = script_in(words)
        if words and not inner:
            note_clone(words, Place(), self._variables)
            note_archive(words, Place(), self._variables)
            for one in (one.text for one in words if one.is_quoted):
                yield from fetched_findings(one, f"line {number}")
            for found, told in found_in(words):
                self._put(found)
                yield Finding(f"line {number}", found, literal(told))
            return
        yield from shell_findings(inner or rest, self._variables, first=number, resolve=self._resolve)
        yield from self._bodies(rest, waiting)

    def _run_by_uv(self, number: int, rest: str) -> Iterator[Finding]:
        """Yield that `uv run` installs from the lock of the folder, and resolves the project where it has none.

        Whether there is a project, the folder that the image is built from tells.
        """
        if any(self._variables.get(name) not in _NOT_SET for name in _KEEPING):
            return
        for run in _UV_RUN.finditer(rest):
            places = () if _NO_PROJECT.search(run[0]) else self._resolve("uv.lock")
            if places:
                found = Found(tool="uv", inputs=dict.fromkeys(places), needs_project=True)
                found.is_past_lock = any(isinstance(one, NotThere) for one in places)
                yield Finding(f"line {number}", found, "uv run")

    def _put(self, found: Found) -> None:
        put_in_place(found, Place(), self._variables, self._resolve)

    def _resolve(self, path: str) -> tuple[str, ...]:
        """Return where a path in the image comes from, as paths from the folder of the build.

        A tool takes its lock of a folder above, too.
        """
        at = posixpath.normpath(posixpath.join(self._folder, path))
        found = _source_of(self._copies, at)
        if found is None:
            return next(one for one in reversed(self._copies) if one.is_of_stage(at)).lists.get(at, ())
        folder, name = posixpath.split(at)
        folders = map(str, islice(PurePosixPath(folder).parents, _MOST_ABOVE)) if name in INSTALLED_FROM else ()
        above = [_source_of(self._copies, posixpath.join(one, name)) for one in folders]
        places = tuple(dict.fromkeys(one for one in (found, *above) if one))
        if places or None in above:
            return places or same(path)
        if missing := self._missing_lock(folder, name):
            return (missing,)
        return (at,) if is_unpacked(self._variables, at) else same(path)

    def _missing_lock(self, folder: str, name: str) -> str:
        """Return where a tool's own lock would lie that was not copied, while its project was; empty for others."""
        if name not in INSTALLED_FROM or any("$" in source for one in self._copies for source in one.sources):
            return ""
        projects = (_source_of(self._copies, posixpath.join(folder, one)) for one in sorted(PROJECTS, reverse=True))
        return next((NotThere(posixpath.join(posixpath.dirname(one), name)) for one in projects if one), "")


def _source_of(copies: Sequence[_Copy], at: str) -> str | None:
    """Return which file of the build lies at a path; empty where none was copied, None for one of another stage."""
    for one in reversed(copies):
        if one.is_of_stage(at):
            return None
        for source in one.sources:
            if (found := _copied(source.lstrip("/") or ".", one.to, at)) is not None:
                return found
    return ""


def _target(to: str, at: str) -> str:
    """Return where a file comes to lie that is copied to a file or a folder."""
    is_file = not to.endswith(("/", "/.")) and _is_file(to)
    return posixpath.normpath(to if is_file else posixpath.join(to, posixpath.basename(at)))


def _escape_of(text: str) -> str:
    """Return the sign at the end of a line that goes on, which a directive above all else may set (`# escape=`)."""
    for line in text.splitlines():
        if not (read := _DIRECTIVE.fullmatch(line.strip())):
            break
        if read[1].lower() == "escape" and read[2] in {"`", "\\"}:
            return read[2]
    return "\\"


def _with_equals(rest: str) -> str:
    """Return the assignments of an instruction, also of an old one that has none but a name and its value."""
    first, _, value = rest.strip().partition(" ")
    return rest if "=" in first else f'{first}="{value.strip()}"'


def _copied(source: str, to: str, at: str) -> str | None:
    """Return which file of a source lies at a path, where the source was copied to another; None for none of it."""
    inside = posixpath.join(to, posixpath.basename(source))
    if at == inside or (at == to and _is_file(source)):
        return posixpath.normpath(source)
    if (
        "*" in source
        and posixpath.dirname(at) == to
        and fnmatch.fnmatch(posixpath.basename(at), posixpath.basename(source))
    ):
        return posixpath.join(posixpath.dirname(source), posixpath.basename(at))
    if _is_file(source) or not at.startswith(f"{to.rstrip('/')}/"):
        return None
    return posixpath.normpath(posixpath.join(source, posixpath.relpath(at, to)))


def _is_file(source: str) -> bool:
    name = posixpath.basename(source.rstrip("/"))
    return "." in name.lstrip(".") or name == "Pipfile" or "*" in source


def _json_words(text: str) -> list[str]:
    """Return the words of an instruction in JSON form, none for any other."""
    if not text.lstrip().startswith("["):
        return []
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return []
    return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []


def _quoted_words(text: str) -> tuple[Word, ...]:
    """Return the words of an instruction in JSON form as those of a command, none for any other."""
    return tuple(Word(one, "", " " in one) for one in _json_words(text))
