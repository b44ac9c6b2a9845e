"""Install commands in shell text and Makefiles."""

from __future__ import annotations

import posixpath
import re
import textwrap
from bisect import bisect
from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from typing import Final

from msgspec.structs import replace

from graphkit.formats.diagnostics import quoted
from graphkit.formats.scripts.arguments import export_in, found_in, only_prints
from graphkit.formats.scripts.at_start import started_findings
from graphkit.formats.scripts.changed_files import CHANGES, changed_by
from graphkit.formats.scripts.fetched import fetched_findings
from graphkit.formats.scripts.findings import Finding, Resolve, moved, same
from graphkit.formats.scripts.folders import BEFORE, MOVES, Place, in_own, note_archive, note_clone, put_in_place
from graphkit.formats.scripts.found import Found
from graphkit.formats.scripts.functions import MOST_CALLS, body_of, functions_in, runs_arguments, with_calls
from graphkit.formats.scripts.image_builds import image_build_in, may_build
from graphkit.formats.scripts.install_words import INDEXES, TOOLS, indexes_in
from graphkit.formats.scripts.python import code_findings
from graphkit.formats.scripts.shell_words import (
    Command,
    Exported,
    Variables,
    Word,
    commands_of,
    literal,
    logical_lines,
)
from graphkit.formats.scripts.unpacked import OWN_ARCHIVE
from graphkit.model.input_names import INSTALLED_FROM

_TELLS: Final = re.compile(r"[=$]|\bfor\b|\bread\b|\bcd\b|\bpushd\b|array\b")
HEREDOC: Final = re.compile(r"<<-?\s*[\"']?([A-Za-z_][A-Za-z0-9_]*)[\"']?")
_PYTHON: Final = re.compile(r"(?:^|[\s/\\])python[0-9.]*(?:\.exe)?(?=\s|$)")
_PYTHON_SHEBANG: Final = re.compile(r"#!.*\bpython")
_INTO_SHELL: Final = re.compile(r"\|\s*(?:sudo\s+)?(?:\S*/)?(?:(?:ba|z|da|k|a)?sh|python[0-9.]*)\b")
_SUBSHELL: Final = re.compile(r"\(\s*(?:cd|pushd)\b")
"""A change of folder that ends with a closing bracket."""
_OPEN_NAME: Final = re.compile(r"[$`*?{~]|^/dev/|^-$")
"""Names of files that only a shell could tell, and of none."""
_SHELLS: Final = frozenset({"sh", "bash", "dash", "ash", "zsh", "ksh"})
_GIVEN: Final = re.compile(r"-[a-z]*c")
"""The option of a shell whose value is what it runs."""
_OWN_FOLDER: Final = re.compile(
    r"\$\(\s*dirname\s+(?:--\s+)?[\"']?\$(?:0|\{0\}|BASH_SOURCE|\{BASH_SOURCE(?:\[0\])?\})[\"']?\s*\)"
    r"|\$\{(?:0|BASH_SOURCE(?:\[0\])?)%/\*\}"
)
"""How a script names the folder that it lies in."""
_PRINTED: Final = re.compile(
    r"\$\(\s*cd\s+(?:--\s+)?[\"']?(\.(?:/\.\.){0,9})/?[\"']?\s*(?:>\s*/dev/null\s*(?:2>&1\s*)?)?&&\s*pwd(?:\s+-P)?\s*\)"
)
"""How it has the whole path of that printed, or of one above."""
_MOVED: Final = re.compile(r"(?:^|[\s;&|(])(?:cd|pushd)[ \t]+([^\s;&|)]*)")
_PLAIN_FOLDER: Final = re.compile(r"[\"']?\./?[\"']?")
_ASSIGNED: Final = re.compile(r"\w+=")
_DEEPEST: Final = 4
"""Shells in shells that are followed."""
_MAKE: Final = re.compile(r"\s*(?:export\s+|override\s+)*([A-Za-z_][A-Za-z0-9_.-]*)\s*(::?=|\?=|\+=|=)\s*(.*)")


def shell_findings(
    text: str,
    variables: Variables | None = None,
    *,
    first: int = 1,
    resolve: Resolve | None = None,
    is_make: bool = False,
    prefix: str = "",
    place: Place | None = None,
    depth: int = 0,
) -> Iterator[Finding]:
    """Yield what shell text installs. ``cd`` to a literal folder moves the paths that follow.

    ``place``: where it begins to run, and afterwards where it ended. ``depth``: how many shells it is in.
    """
    at = place or Place()
    text, found = without_python(text, first)
    yield from (one._replace(place=f"{prefix}{one.place}") for one in found)
    known = variables or Variables()
    known.functions |= functions_in(text)
    for number, line in logical_lines(text, first):
        where = f"{prefix}line {number}"
        yield from index_findings(line, where)
        if not line.lstrip().startswith("#"):
            yield from fetched_findings(line, where)
            yield from started_findings(line, where)
        tells = (TOOLS, _TELLS, CHANGES, MOVES)
        is_call = bool(known.functions) and any(name in line for name in known.functions)
        if not (known.exports or is_call or any(one.search(line) for one in tells) or may_build(line)):
            continue
        is_run = bool(_INTO_SHELL.search(line))
        is_inside = bool(_SUBSHELL.search(line))
        is_own = bool(OWN_ARCHIVE.search(line))
        outside = at.at
        for command in commands_of(line, number, known, is_make=is_make):
            at.move(command.words, known, is_inside=is_inside)
            here = at.of_command(command.words, known)
            note_clone(command.words, here, known)
            note_archive(command.words, here, known, is_own=is_own)
            yield from image_build_in(command.words, partial(in_own, known, here))
            yield from (one._replace(place=where) for one in _code_findings(command.words))
            texts, words = ([], command.words) if is_run or depth >= _DEEPEST else _scripts_in(command.words)
            for inner in texts:
                there = replace(here, is_elsewhere=resolve is None)
                yield from shell_findings(
                    inner, known, first=number, resolve=resolve, prefix=prefix, place=there, depth=depth + 1
                )
            function = known.functions.get(words[0].text, "") if words and depth < _DEEPEST else ""
            if function and known.calls < MOST_CALLS:
                known.calls += 1
                inner = body_of(function, words[1:])
                yield from _at_line(shell_findings(inner, known, resolve=resolve, place=at, depth=depth + 1), where)
                words = () if runs_arguments(function) else words
            is_install = any(map(TOOLS.search, texts))
            for found_here, told in found_in(_run_by(words, line) if is_run else words):
                is_install = True
                _take_up(found_here, known, here, resolve or same)
                yield Finding(where, found_here, literal(told))
            if not is_inside:
                _note_exports(known, command, here, resolve or same, is_install=is_install)
            if not is_install:
                known.changed |= {path: (command.line, is_gone) for path, is_gone in changed_by(command, here.at)}
                for path in known.exports:
                    known.changed.pop(path, None)
        at.at = outside if is_inside else at.at


def shell_script_findings(text: str) -> Iterator[Finding]:
    """Yield what a script installs; its own folder may stand in its paths (``$(dirname "$0")/requirements.txt``).

    Where it goes to another folder first, that is not read: paths are from where it runs then.
    """
    plain = _PRINTED.sub(r"\1", _OWN_FOLDER.sub(".", text))
    is_moved = any(_PLAIN_FOLDER.fullmatch(read[1]) is None for read in _MOVED.finditer(plain))
    yield from shell_findings(text if is_moved else plain)


def script_in(words: tuple[Word, ...]) -> str:
    """Return the text that a command has a shell run and that may install (``bash -c "…"``); empty for any other."""
    waiting = iter(words)
    for word in waiting:
        if posixpath.basename(word.text.lstrip("@-+")) in _SHELLS:
            break
        if word.text not in BEFORE and not _ASSIGNED.match(word.text):
            return ""
    given = next((next(waiting, None) for word in waiting if _GIVEN.fullmatch(word.text)), None)
    return given.text if given and given.is_quoted and TOOLS.search(given.text) else ""


def _at_line(found: Iterator[Finding], where: str) -> Iterator[Finding]:
    yield from (one._replace(place=where) for one in found)


def _scripts_in(words: tuple[Word, ...]) -> tuple[list[str], tuple[Word, ...]]:
    """Return the texts in a command that another shell runs which change its folder or files, and the words left over.

    Such are those of `sh -c`, `docker run`, `ssh`, and `sh` of a Jenkinsfile.
    """
    if inner := script_in(words):
        return [inner], ()
    if only_prints(words) or any(_PYTHON.search(word.text) for word in words):
        return [], words
    texts = [
        word.text
        for word in words
        if word.is_quoted
        and " " in word.text.strip()
        and (MOVES.search(word.text) or (TOOLS.search(word.text) and CHANGES.search(word.text)))
    ]
    return texts, tuple(word._replace(is_quoted=word.is_quoted and word.text not in texts) for word in words)


def _take_up(found: Found, known: Variables, at: Place, resolve: Resolve) -> None:
    """Put the inputs of a command where they lie; a list that was written out of a lock is that lock."""
    exports = _taken(found, known, at.at)
    for name in (*found.inputs, *found.constraints):
        line, is_gone = known.changed.get(_path(at.at, name), (0, False))
        if is_gone and posixpath.basename(name) in INSTALLED_FROM:
            found.is_past_lock = True  # a tool without its lock resolves the manifest
        elif line:
            found.unreadable.append(f"line {line} changes {quoted(name)} before")
    put_in_place(found, at, known, resolve)
    for one in exports:
        found.inputs |= dict.fromkeys(one.inputs)
        found.is_past_lock |= one.is_past_lock
        found.unreadable += one.unreadable


def _taken(found: Found, known: Variables, folder: str) -> list[Exported]:
    """Take those inputs out of a command that are lists which were written out of a lock, and return what they are."""
    paths = {name: _path(folder, name) for name in found.inputs}
    found.inputs = {name: None for name, path in paths.items() if path not in known.exports}
    return [known.exports[path] for path in paths.values() if path in known.exports]


def _path(folder: str, name: str) -> str:
    """Return the path that a name has where a command runs in a folder."""
    return posixpath.normpath(posixpath.join(folder, name))


def _note_exports(known: Variables, command: Command, at: Place, resolve: Resolve, *, is_install: bool) -> None:
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
        moved(found, lambda path: resolve(at.lies_at(path)))
        known.exports[_path(at.at, name)] = Exported(tuple(found.inputs), found.is_past_lock, tuple(found.unreadable))


def index_findings(text: str, place: str) -> Iterator[Finding]:
    """Yield the indexes that variables in a text name, as a finding that installs nothing itself."""
    if indexes := indexes_in(text):
        yield Finding(place, Found(tool="", indexes=indexes), text.strip())


def without_python(text: str, first: int = 1) -> tuple[str, list[Finding]]:
    """Return a text whose here-documents for Python are empty, and what those install."""
    if "<<" not in text:
        return text, []
    lines = text.splitlines()
    found: list[Finding] = []
    places: dict[str, list[int]] = {}
    for at, line in enumerate(lines):
        places.setdefault(line.strip(), []).append(at)
    for at, line in enumerate(lines):
        if not (mark := HEREDOC.search(line)):
            continue
        ends = places.get(mark[1], [])
        later = bisect(ends, at)
        end = ends[later] if later < len(ends) else at
        body = lines[at + 1 : end]
        if body and (_PYTHON.search(line) or _PYTHON_SHEBANG.match(body[0].lstrip())):
            found += code_findings(textwrap.dedent("\n".join(body)), first + at + 1)
            lines[at + 1 : end] = [""] * len(body)
    return "\n".join(lines), found


def _code_findings(words: tuple[Word, ...]) -> Iterator[Finding]:
    """Yield what code that is given to Python in an argument installs."""
    for before, word in pairwise(words):
        if before.text == "-c" and "pip" in word.text and any(_PYTHON.search(one.text) for one in words):
            yield from code_findings(word.text)


def _run_by(words: tuple[Word, ...], line: str) -> tuple[Word, ...]:
    """Return the words of a command beside a pipe into a shell or Python, as what is run there."""
    if not words:
        return words
    if words[0].text in {"echo", "printf", "cat"}:
        return tuple(word._replace(text=word.text.replace("\\n", "\n")) for word in words[1:])
    if _PYTHON.search(words[0].text) and "get-pip" in line:
        return (Word("get-pip.py"), *words[1:])
    return words


def make_findings(text: str) -> Iterator[Finding]:
    """Yield what the recipes of a Makefile install; its variables are known where they are assigned once, literally."""
    variables = Variables()
    text = with_calls(text)
    for _, line in logical_lines(text, joins_quoted=False):
        if not line.startswith("\t") and (read := _MAKE.fullmatch(line)):
            value = read[3].partition(" #")[0].strip()
            words = next(iter(commands_of(f"x {value}", 1, variables, is_make=True)), None)
            plain = " ".join(word.text for word in words.words[1:]) if words else ""
            variables.set(read[1], None if read[2] == "+=" else plain)
    for number, line in logical_lines(text, joins_quoted=False):
        if not line.startswith("\t"):  # a rule, which need not run after the one before
            variables.changed.clear()
        # Each line of a recipe has a shell of its own, so a `cd` holds for that line.
        is_assigned = not line.startswith("\t") and (read := _MAKE.fullmatch(line))
        text = f"x {read[3]}" if is_assigned and read and not INDEXES.search(line) else line
        yield from shell_findings(text, variables, first=number, is_make=True)
