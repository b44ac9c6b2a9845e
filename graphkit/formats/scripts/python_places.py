"""Where the calls of Python code run, and which folders hold the files of another repository that calls cloned."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from msgspec.structs import replace

from graphkit.formats.scripts.folders import (
    Place,
    address_of,
    name_in,
    note_archive,
    note_clone,
    note_files,
    note_unpacked,
    other_in,
    under,
)
from graphkit.formats.scripts.python_words import OWN, Literals, name_of, text_of
from graphkit.formats.scripts.shell_words import Variables, Word

_MOST_FORMS: Final = 20
"""Values of one name that are compared."""
_MOST: Final = 2_000
"""Calls of one file whose folder is told."""
_LONGEST: Final = 500
"""Characters of a path."""
_CHANGES: Final = frozenset({"chdir", "cd", "lcd", "pushd", "working_directory"})
"""Functions that change the folder of what follows them, or of a block."""
_CLONES: Final = frozenset({"clone_from", "clone_repository", "clone"})
"""Functions of git libraries that clone: the address and the folder are their first arguments."""
_ADDRESS: Final = re.compile(r"://|^git@|\.git$")
_ADDRESSES: Final = frozenset({"url", "source", "from_path"})
_FOLDERS: Final = frozenset({"to_path", "path", "target", "extract_dir"})
_UNPACKS: Final = frozenset({"unpack_archive", "extractall"})
"""Functions that unpack an archive, the first of the file that it is given."""
_NAMED: Final = re.compile(r"\$\(([A-Za-z_]\w*)\)")

Words = tuple[Word, ...]


class Places:
    """The folders that calls of a file run in: after changes of the folder in the same function, and by ``cwd``.

    ``commands_in`` returns the commands of a call as words. ``known`` are the folders of clones, wherever in the file
    they are made. ``at``: where the file begins to run, and afterwards where it ended.
    """

    def __init__(
        self,
        tree: ast.Module,
        names: Literals,
        commands_in: Callable[[ast.Call], Iterable[Words]],
        known: Variables,
        at: Place,
    ) -> None:
        self._names = names
        self._commands_in = commands_in
        self._known = known
        self._calls: dict[int, Place] = {}
        self._values: dict[str, str] = {}
        for start in (replace(at), at):  # a second time with the clones that are made further down
            self._calls.clear()
            self._functions: list[list[ast.stmt]] = []
            self._body(tree.body, start)
            for body in self._functions:
                self._body(body, replace(start))

    def of(self, call: ast.Call) -> Place:
        """Return where a call runs its command."""
        return replace(self._calls.get(id(call), Place(is_open=True)))

    def _body(self, statements: list[ast.stmt], at: Place) -> None:
        for one in statements:
            if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef):
                self._functions.append(one.body)
                continue
            before = replace(at)
            for call in sorted(_calls_of(one), key=lambda call: (call.lineno, call.col_offset)):
                self._take(call, at)
            for inner in _bodies_of(one):
                self._body(inner, at)
            if any(name_of(call) in _CHANGES for call in _calls_of(one)) and isinstance(one, ast.With | ast.AsyncWith):
                at.at, at.is_open = before.at, before.is_open

    def _take(self, call: ast.Call, at: Place) -> None:
        called, commands = name_of(call), tuple(self._commands_in(call))
        if len(self._calls) >= _MOST or not (commands or called in _CHANGES | _CLONES | _UNPACKS):
            return
        told = next((one.value for one in call.keywords if one.arg == "cwd"), None)
        here = replace(at)
        if told is not None and not (isinstance(told, ast.Constant) and told.value is None):
            self._enter(told, here)
        self._calls[id(call)] = here
        if called in _CHANGES and call.args:
            at.is_elsewhere = True  # an absolute folder is one of a container
            self._enter(call.args[0], at)
            at.is_elsewhere = False
        elif called in _CLONES:
            self._clone(call, here)
        elif called in _UNPACKS:
            self._unpack(call, here, 1 if called == "unpack_archive" else 0)
        inner = replace(here)
        for words in commands:
            filled = tuple(one._replace(text=_from_own(self._filled(one.text))) for one in words)
            inner.move(filled, self._known)
            note_clone(filled, inner, self._known)
            note_archive(filled, inner, self._known)

    def _clone(self, call: ast.Call, at: Place) -> None:
        given = [*call.args, *(one.value for one in call.keywords if one.arg in _ADDRESSES)][:1]
        to = [*call.args[1:2], *(one.value for one in call.keywords if one.arg in _FOLDERS)][:1]
        address = self._text(given[0]) if given else ""
        if name_of(call) == "clone" and not _ADDRESS.search(address):
            return  # of something else than a repository
        folder = _from_own(self._text(to[0])) if to else name_in(address)
        note_files(self._known, under(at.at, folder), address_of(address))

    def _unpack(self, call: ast.Call, at: Place, number: int) -> None:
        to = [*call.args[number : number + 1], *(one.value for one in call.keywords if one.arg in _FOLDERS)][:1]
        folder = _from_own(self._text(to[0])) if to else "."
        note_unpacked(self._known, under(at.at, folder), self._text(call.args[0]) if number and call.args else "")

    def _enter(self, node: ast.expr, at: Place) -> None:
        text = self._text(node)
        is_own = text.startswith(OWN)
        if is_own:
            at.at, at.is_open, text = "", False, _from_own(text)
        at.enter(Word(text, text if is_own or "$" in text else ""), self._known)
        if "$" in text and at.is_open and not is_own and (other := other_in(self._known)):
            note_files(self._known, text, other)  # nothing tells that it is not the folder of the clone
            at.enter(Word(text, text), self._known)

    def _text(self, node: ast.expr) -> str:
        return self._filled(text_of(node))

    def _filled(self, text: str) -> str:
        """Return a text with the values of names in it that are literals, or lead to where the file is."""
        return _NAMED.sub(lambda told: self._value(told[1]), text)

    def _value(self, name: str) -> str:
        if name not in self._values:
            self._values[name] = f"$({name})"  # until it is known, so that a circle ends
            forms = self._names.assigned.get(name, [])
            texts = {self._text(one) for one in forms[:_MOST_FORMS]} if len(self._values) < _MOST else set()
            value = texts.pop() if len(texts) == 1 and len(forms) <= _MOST_FORMS else "$"
            if ("$" not in value or value.startswith(OWN)) and len(value) <= _LONGEST:
                self._values[name] = value
        return self._values[name]


def _from_own(text: str) -> str:
    """Return a path from the folder of the file, where it says that it leads from there."""
    return text.removeprefix(OWN).lstrip("/") or "." if text.startswith(OWN) else text


def _calls_of(statement: ast.stmt) -> Iterator[ast.Call]:
    """Yield the calls in a statement that are in none of the statements inside of it."""
    for child in ast.iter_child_nodes(statement):
        if not isinstance(child, ast.stmt | ast.excepthandler | ast.match_case):
            yield from (one for one in ast.walk(child) if isinstance(one, ast.Call))


def _bodies_of(statement: ast.stmt) -> Iterator[list[ast.stmt]]:
    for part in (statement, *getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
        yield from (inner for name in ("body", "orelse", "finalbody") if (inner := getattr(part, name, None)))
