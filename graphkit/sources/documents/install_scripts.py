"""Install commands in shell text, Dockerfiles, Makefiles, YAML of build services, and notebooks."""

from __future__ import annotations

import fnmatch
import json
import posixpath
import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, Final, NamedTuple

import yaml

from graphkit.sources.documents.install_arguments import TOOLS, Found, conda_name, export_in, found_in, installs_in
from graphkit.sources.documents.install_words import (
    Command,
    Exported,
    Variables,
    Word,
    commands_of,
    literal,
    logical_lines,
)
from graphkit.sources.documents.rows import shown

_LOADER: Final[Any] = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
_TELLS: Final = re.compile(r"[=$]|\bfor\b|\bread\b|\bcd\b|\bpushd\b|array\b")
_INSTRUCTION: Final = re.compile(r"\s*(?:ONBUILD\s+)?([A-Za-z]+)\s+(.*)", re.DOTALL)
_FLAG: Final = re.compile(r"\s*--[a-z][a-z-]*(?:=\S*)?\s+")
_SUBSHELL: Final = re.compile(r"\(\s*(?:cd|pushd)\b")
"""A change of folder that ends with a closing bracket."""
_OPEN_NAME: Final = re.compile(r"[$`*?{~]|^/dev/|^-$")
"""Names of files that only a shell could tell, and of none."""
_HEREDOC: Final = re.compile(r"<<-?\s*[\"']?([A-Za-z_][A-Za-z0-9_]*)[\"']?")
_MAKE: Final = re.compile(r"\s*(?:export\s+|override\s+)*([A-Za-z_][A-Za-z0-9_.-]*)\s*(::?=|\?=|\+=|=)\s*(.*)")
_CELL: Final = re.compile(r"\s*(?:!+|%(?=pip|conda|mamba|uv)|%(?:system|sx)\s)(.*)", re.DOTALL)
_CELL_SHELL: Final = re.compile(r"\s*%%(?:bash|sh|script|cmd|!)")
_BRACES: Final = re.compile(r"\{([^{}]*)\}")
_TELLING: Final = frozenset(
    {
        "name",
        "description",
        "summary",
        "title",
        "message",
        "label",
        "help",
        "doc",
        "if",
        "id",
        "uses",
        "key",
        "displayname",
    }
)
"""Keys of YAML whose text people read."""
_ARGUMENTS: Final = frozenset({"command", "args", "entrypoint", "entry", "cmd"})
_VALUES: Final = frozenset({"env", "variables", "environment", "vars"})
_NODE: Final = re.compile(r"@.+|[a-z0-9._/-]+@[\^~]?v?\d.*")
"""Packages of npm, as hooks in JavaScript ask for them."""
_DEEPEST: Final = 200


class Finding(NamedTuple):
    """What one command or list asks for, where it stands, and its text."""

    place: str
    found: Found
    text: str


Resolve = Callable[[str], str | None]
"""Returns where a path of a command lies, from the folder that it runs in; None where nothing tells."""


def shell_findings(
    text: str,
    variables: Variables | None = None,
    *,
    first: int = 1,
    resolve: Resolve | None = None,
    is_make: bool = False,
    prefix: str = "",
    folder: str = "",
) -> Iterator[Finding]:
    """Yield what shell text installs. ``cd`` to a literal folder moves the paths that follow."""
    known = variables or Variables()
    for number, line in logical_lines(text, first):
        if not (known.exports or TOOLS.search(line) or _TELLS.search(line)):
            continue
        for command in commands_of(line, number, known, is_make=is_make):
            folder = _folder_after(command.words, folder, known, is_inside=bool(_SUBSHELL.search(line)))
            lies_at = partial(_in_folder, folder, resolve or same)
            is_install = False
            for found, told in installs_in(command):
                is_install = True
                exports = _taken(found, known, folder)
                moved(found, lies_at)
                for one in exports:
                    found.inputs |= dict.fromkeys(one.inputs)
                    found.is_past_lock |= one.is_past_lock
                    found.unreadable += one.unreadable
                yield Finding(f"{prefix}line {number}", found, told)
            if not _SUBSHELL.search(line):
                _note_exports(known, command, folder, lies_at, is_install=is_install)


def _folder_after(words: tuple[Word, ...], folder: str, known: Variables, *, is_inside: bool) -> str:
    """Return the folder that commands run in after one; ``is_inside``: a change of it ends within the line."""
    name = words[0].text if words else ""
    is_told = name in {"cd", "pushd"} and len(words) > 1 and not words[1].unknown
    if name in {"cd", "pushd", "popd"} and (is_inside or not is_told):
        known.exports.clear()  # where later commands run is not known
    return posixpath.join(folder, words[1].text) if is_told else folder


def _taken(found: Found, known: Variables, folder: str) -> list[Exported]:
    """Take those inputs out of a command that are lists which were written out of a lock, and return what they are."""
    paths = {name: _path(folder, name) for name in found.inputs}
    found.inputs = {name: None for name, path in paths.items() if path not in known.exports}
    return [known.exports[path] for path in paths.values() if path in known.exports]


def _path(folder: str, name: str) -> str:
    """Return the path that a name has where a command runs in a folder."""
    return posixpath.normpath(posixpath.join(folder, name))


def _note_exports(known: Variables, command: Command, folder: str, lies_at: Resolve, *, is_install: bool) -> None:
    """Note the list that a command writes out of a lock; what else may change such a list makes it unknown again."""
    exported = export_in(command.words)
    # An install only reads what it names, unless it compiles a list, or a shell in it does more.
    is_reader = is_install and not any(
        word.text.partition("=")[0] in {"-o", "--output-file"} or " " in word.text for word in command.words
    )
    texts = [one.path for one in command.outputs] + [word.text for word in command.words if not is_reader]
    for path in [one for one in known.exports if any(posixpath.basename(one) in text for text in texts)]:
        del known.exports[path]
    if exported is None:
        return
    found, name = exported
    whole = [one.path for one in command.outputs if one.is_whole]
    name = name or (whole[0] if len(whole) == 1 else "")
    if name and not _OPEN_NAME.search(name):
        moved(found, lies_at)
        known.exports[_path(folder, name)] = Exported(tuple(found.inputs), found.is_past_lock, tuple(found.unreadable))


def _in_folder(folder: str, resolve: Resolve, path: str) -> str | None:
    return resolve(posixpath.join(folder, path))


def same(path: str) -> str | None:
    """Return a path as it is; None for one of a machine's root, which nothing here tells of."""
    return None if posixpath.isabs(path) or path.startswith("~") else posixpath.normpath(path)


def moved(found: Found, resolve: Resolve) -> None:
    """Put the inputs of a command where they lie; those that nothing tells of cannot be read."""
    inputs = list(found.inputs)
    found.inputs = {}
    for path in inputs:
        at = resolve(path)
        if at is None:
            found.unreadable.append(f"the file {shown(path)}")
        else:
            found.inputs[at] = None


class Dockerfile:
    """The commands of a Dockerfile or Containerfile, with what its image is told of paths and variables."""

    def __init__(self, text: str) -> None:
        self._lines = list(logical_lines(text, joins_quoted=False))
        self._variables = Variables()
        self._folder = "/"
        self._copies: list[tuple[list[str], str]] = []
        """What was copied from where, no sources for what another stage gave."""

    def findings(self) -> Iterator[Finding]:
        """Yield what its instructions install."""
        waiting = iter(self._lines)
        for number, line in waiting:
            if not (read := _INSTRUCTION.fullmatch(line)):
                continue
            name, rest = read[1].upper(), read[2]
            if name in {"FROM", "WORKDIR", "COPY", "ADD"}:  # another image or folder, or other files in it
                self._variables.exports.clear()
            if name in {"RUN", "CMD", "ENTRYPOINT"}:
                yield from self._run(number, rest, waiting)
            elif name in {"ARG", "ENV"}:
                self._assign(name, rest)
            elif name == "WORKDIR":
                self._folder = posixpath.normpath(posixpath.join(self._folder, self._words(rest)[0]))
            elif name in {"COPY", "ADD"}:
                self._copy(rest)

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

    def _copy(self, rest: str) -> None:
        is_of_stage = "--from" in rest or "://" in rest
        while flag := _FLAG.match(rest):
            rest = rest[flag.end() :]
        words = _json_words(rest) or self._words(rest)
        if len(words) > 1:
            sources = [] if is_of_stage else words[:-1]
            self._copies.append((sources, posixpath.normpath(posixpath.join(self._folder, words[-1]))))

    def _run(self, number: int, rest: str, waiting: Iterator[tuple[int, str]]) -> Iterator[Finding]:
        while flag := _FLAG.match(rest):
            rest = rest[flag.end() :]
        if words := _json_words(rest):
            quoted = tuple(Word(one, "", " " in one) for one in words)
            for found, told in found_in(quoted):
                moved(found, self._resolve)
                yield Finding(f"line {number}", found, literal(told))
            return
        scripts = [(number, rest)]
        if mark := _HEREDOC.search(rest):
            for at, line in waiting:
                if line.strip() == mark[1]:
                    break
                scripts.append((at, line))
        folder = ""
        for at, script in scripts:
            yield from shell_findings(script, self._variables, first=at, resolve=self._resolve, folder=folder)

    def _resolve(self, path: str) -> str | None:
        """Return where a path in the image comes from, as a path from the folder of the build."""
        at = posixpath.normpath(posixpath.join(self._folder, path))
        for sources, to in reversed(self._copies):
            if not sources and (at == to or at.startswith(f"{to.rstrip('/')}/")):
                return None
            for source in sources:
                if (found := _copied(source.lstrip("/") or ".", to, at)) is not None:
                    return found
        return same(path)


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
    return "." in posixpath.basename(source.rstrip("/")).lstrip(".") or "*" in source


def _json_words(text: str) -> list[str]:
    """Return the words of an instruction in JSON form, none for any other."""
    if not text.lstrip().startswith("["):
        return []
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return []
    return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []


def make_findings(text: str) -> Iterator[Finding]:
    """Yield what the recipes of a Makefile install; its variables are known where they are assigned once, literally."""
    variables = Variables()
    for _, line in logical_lines(text, joins_quoted=False):
        if not line.startswith("\t") and (read := _MAKE.fullmatch(line)):
            value = read[3].partition(" #")[0].strip()
            words = next(iter(commands_of(f"x {value}", 1, variables, is_make=True)), None)
            plain = " ".join(word.text for word in words.words[1:]) if words else ""
            variables.set(read[1], None if read[2] == "+=" else plain)
    for number, line in logical_lines(text, joins_quoted=False):
        # Each line of a recipe has a shell of its own, so a `cd` holds for that line.
        yield from shell_findings(line, variables, first=number, is_make=True)


class Scalar(NamedTuple):
    """A scalar of YAML with the keys that it stands under, the last few of them, and its line."""

    keys: tuple[str, ...]
    value: str
    line: int
    is_item: bool
    within: int
    """The number of the list that it is an item of."""


def scalars_of(text: str) -> list[Scalar]:
    """Return the scalars of all YAML documents in a text, in their order; an alias is one, as ``*name``.

    Nothing is constructed, and no alias is followed.

    Raises:
        yaml.YAMLError: the text is not YAML.
        RecursionError: it is nested too deep.
    """
    found: list[Scalar] = []
    stack: list[list[Any]] = []  # for each collection: is it a list, the key that is open, its number, is it a key
    made = 0
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            made += 1
            is_key = bool(stack) and not stack[-1][0] and stack[-1][1] is None
            stack.append([isinstance(event, yaml.SequenceStartEvent), None, made, is_key])
            if len(stack) > _DEEPEST:
                raise RecursionError
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            if stack.pop()[3]:
                stack[-1][1] = "?"
            else:
                _value_ends(stack)
        elif isinstance(event, yaml.ScalarEvent | yaml.AliasEvent):
            is_block = isinstance(event, yaml.ScalarEvent) and event.style in ("|", ">")
            value = event.value if isinstance(event, yaml.ScalarEvent) else f"*{event.anchor}"
            if stack and not stack[-1][0] and stack[-1][1] is None:
                stack[-1][1] = value
                continue
            keys = tuple(one[1] for one in stack[-8:] if isinstance(one[1], str))
            mark = event.start_mark
            line = (mark.line if mark else 0) + (2 if is_block else 1)
            is_item = bool(stack) and stack[-1][0]
            found.append(Scalar(keys, value, line, is_item, stack[-1][2] if stack else 0))
            _value_ends(stack)
    return found


def _value_ends(stack: list[list[Any]]) -> None:
    if stack and not stack[-1][0]:
        stack[-1][1] = None


def yaml_findings(text: str, *, is_hooks: bool = False) -> Iterator[Finding]:
    """Yield what commands in YAML install: scalars under any key but those that people read, and lists of words."""
    scalars = scalars_of(text)
    values = Variables()
    for one in scalars:
        if len(one.keys) > 1 and one.keys[-2].casefold() in _VALUES:
            values.set(one.keys[-1], one.value if "${{" not in one.value else None)
    folders = {one.within: one.value for one in scalars if one.keys[-1:] == ("working-directory",)}
    lists: dict[int, list[Scalar]] = {}
    job: tuple[str, ...] = ()
    for one in scalars:
        if one.keys[:-1] != job:  # each job has files of its own
            job = one.keys[:-1]
            values.exports.clear()
        if is_hooks and one.keys[-1:] == ("additional_dependencies",):
            yield from _of_hook(one)
        elif one.is_item and one.keys[-1:] and one.keys[-1] in _ARGUMENTS:
            lists.setdefault(one.within, []).append(one)
        elif TOOLS.search(one.value) and not (one.keys and one.keys[-1].casefold() in _TELLING):
            folder = folders.get(one.within, "")
            yield from shell_findings(one.value, values, first=one.line, folder="" if "$" in folder else folder)
    for items in lists.values():
        words = tuple(Word(one.value, "", " " in one.value) for one in items)
        for found, told in found_in(words):
            moved(found, same)
            yield Finding(f"line {items[0].line}", found, literal(told))


def _of_hook(one: Scalar) -> Iterator[Finding]:
    if not _NODE.fullmatch(one.value):
        found = Found(tool="pre-commit")
        found.name(Word(one.value, one.value if one.value.startswith("*") else ""))
        moved(found, same)
        yield Finding(f"line {one.line}", found, one.value)


def conda_findings(text: str) -> Iterator[Finding]:
    """Yield what an environment file of conda lists: conda's packages by name, pip's as requirements."""
    for one in scalars_of(text):
        if one.keys[-1:] == ("dependencies",) and one.is_item:
            found = Found(tool="conda")
            conda_name(found, Word(one.value))
        elif one.value.startswith("*") and "dependencies" in one.keys[-2:]:
            found = Found(tool="conda", unreadable=[f"the argument {shown(one.value)}"])
        elif one.keys[-2:] == ("dependencies", "pip") and one.is_item:
            (found,) = [*(found for found, _ in found_in(_pip_words(one.value))), Found(tool="pip")][:1]
        else:
            continue
        if not found.is_empty():
            moved(found, same)
            yield Finding(f"line {one.line}", found, one.value)


def _pip_words(line: str) -> tuple[Word, ...]:
    """Return a line of a requirements file as the words of a command that installs it."""
    words = line.split() if line.lstrip().startswith("-") else [line.partition(" #")[0]]
    return (Word("pip"), Word("install"), *map(Word, words))


def pip_line(line: str, tool: str) -> Found:
    """Return what a line of a requirements file asks for."""
    found = next((found for found, _ in found_in(_pip_words(line.strip()))), Found(tool=tool))
    found.tool = tool
    return found


def notebook_findings(text: str) -> Iterator[Finding]:
    """Yield what the code of a notebook installs: lines for the shell, and magics.

    Raises:
        ValueError: it is not JSON.
        RecursionError: it is nested too deep.
    """
    book = json.loads(text)
    cells = book.get("cells") if isinstance(book, dict) else None
    if cells is None and isinstance(book, dict):
        sheets = [one.get("cells") for one in _dicts(book.get("worksheets"))]
        cells = [cell for one in sheets if isinstance(one, list) for cell in one]
    for number, cell in enumerate(_dicts(cells), start=1):
        source = cell.get("source", cell.get("input"))
        code = "".join(one for one in source if isinstance(one, str)) if isinstance(source, list) else source
        if cell.get("cell_type") == "code" and isinstance(code, str) and TOOLS.search(code):
            yield from _cell_findings(code, f"cell {number} ")


def _dicts(value: Any) -> Iterable[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _cell_findings(code: str, prefix: str) -> Iterator[Finding]:
    if _CELL_SHELL.match(code):
        yield from shell_findings(code.partition("\n")[2], first=2, prefix=prefix)
        return
    for number, line in logical_lines(code, joins_quoted=False):
        if read := _CELL.fullmatch(line):
            yield from shell_findings(_BRACES.sub(r"$(\1)", read[1]), first=number, prefix=prefix)
