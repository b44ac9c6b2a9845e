"""What Python code installs: calls of setuptools and Nox, and commands that it runs."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import Final

from graphkit.formats.scripts.arguments import found_in
from graphkit.formats.scripts.findings import Finding, moved, same
from graphkit.formats.scripts.folders import MOVES, Place, note_archive, note_clone, put_in_place
from graphkit.formats.scripts.found import Found
from graphkit.formats.scripts.install_words import TOOLS
from graphkit.formats.scripts.python_places import Places
from graphkit.formats.scripts.python_words import Literals, forms_of, name_of, text_of, words_in
from graphkit.formats.scripts.shell_words import Variables, Word, commands_of, literal

SETUP: Final = ("install_requires", "setup_requires", "tests_require", "requires")
_TELLING: Final = frozenset({"install_requires", "setup_requires", "tests_require", "extras_require"})
_CALLS: Final = frozenset({"install", "run_install", "conda_install", "run", "run_always"})
_RUNNERS: Final = frozenset(
    {
        "system",
        "popen",
        "run",
        "call",
        "check_call",
        "check_output",
        "Popen",
        "getoutput",
        "getstatusoutput",
        "create_subprocess_exec",
        "create_subprocess_shell",
        "run_line_magic",
    }
)
_OF_PIP: Final = re.compile(r"\b(?:import|from)\s+pip\b|(?:__import__|import_module)\(\s*['\"]pip\b")
_MAY_RUN: Final = re.compile(
    rf"\b(?:{'|'.join(sorted(_RUNNERS))}|main)\s*\([^\n]{{0,200}}\b(?:pip|uv|poetry|pdm|conda)\b[^\n]{{0,200}}\binstall\b"
)
"""A call that may install something, in code that cannot be parsed."""
_RUNTIME: Final = "runtime_env"
"""How the environment of a job of Ray is called."""
_MOST_CALLS: Final = 500
_MOST_CODE: Final = 2_000_000
"""Bytes of Python that are parsed."""


def python_findings(
    text: str,
    *,
    is_setup: bool = False,
    is_nox: bool = False,
    first: int = 1,
    known: Variables | None = None,
    place: Place | None = None,
) -> Iterator[Finding]:
    """Yield what Python code installs, read without running it: calls of setuptools or Nox, and commands in calls.

    ``known``: folders of clones; ``place``: where it begins to run, and afterwards where it ended.

    Raises:
        SyntaxError, ValueError, RecursionError, MemoryError: it cannot be parsed.
    """
    if len(text) > _MOST_CODE:
        raise ValueError("too much code to read")
    tree = ast.increment_lineno(ast.parse(text), first - 1)
    names = Literals(tree)
    runners = _RUNNERS | ({"main"} if _OF_PIP.search(text) else set())
    calls = _Commands(names, runners, is_nox=is_nox)
    known = known or Variables()
    places = Places(tree, names, calls.of, known, place or Place())
    left = _MOST_CALLS
    for node in ast.walk(tree):
        yield from _runtime_env(node, names)
        if not isinstance(node, ast.Call):
            continue
        is_setup_call = is_setup and (name_of(node) == "setup" or any(one.arg in _TELLING for one in node.keywords))
        if not is_setup_call and name_of(node) not in _CALLS | runners:
            continue
        if not left:
            text = f"more than {_MOST_CALLS} calls that may install something"
            yield Finding("the file", Found(tool="python", unreadable=[text]), "…")
            return
        left -= 1
        if is_setup_call:
            yield from _setup_call(node, names)
        else:
            yield from _found(node, calls, places.of(node), known)


def code_findings(
    text: str, first: int = 1, known: Variables | None = None, place: Place | None = None
) -> Iterator[Finding]:
    """Yield what commands in Python code install; of code that cannot be parsed, that it may install something.

    ``known`` and ``place``: see `python_findings`.
    """
    try:
        found = list(python_findings(text, first=first, known=known, place=place))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        if call := _MAY_RUN.search(text):
            at = first + text.count("\n", 0, call.start())
            yield Finding(f"line {at}", Found(tool="python", unreadable=["code that cannot be parsed"]), call[0])
    else:
        yield from found


def _setup_call(node: ast.Call, names: Literals) -> Iterator[Finding]:
    for keyword in node.keywords:
        place = f"line {keyword.value.lineno}"
        if keyword.arg is None:
            found = Found(tool="setuptools", unreadable=["the arguments of setup(**…)"])
            yield Finding(place, found, "setup(**…)")
        elif keyword.arg in SETUP:
            yield from _of_list(keyword.value, keyword.arg, names, place)
        elif keyword.arg == "extras_require":
            value = keyword.value
            value = names.named.get(value.id, value) if isinstance(value, ast.Name) else value
            for one in value.values if isinstance(value, ast.Dict) else [value]:
                yield from _of_list(one, keyword.arg, names, place)


def _runtime_env(node: ast.AST, names: Literals) -> Iterator[Finding]:
    """Yield what the environment of a job of Ray installs: `runtime_env={"pip": […]}`, or `RuntimeEnv(pip=[…])`."""
    given: list[ast.expr] = []
    if isinstance(node, ast.keyword):
        given += [node.value] if node.arg == _RUNTIME else []
    elif isinstance(node, ast.Assign):
        given += [node.value for one in node.targets if getattr(one, "id", "") == _RUNTIME]
    elif isinstance(node, ast.Dict):
        given += [value for key, value in zip(node.keys, node.values, strict=True) if _is_text(key, {_RUNTIME})]
    elif isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) == "RuntimeEnv":
        given += [_as_table(node)]
    for table in (each for one in given for each in forms_of(one, names)):
        pairs = zip(table.keys, table.values, strict=True) if isinstance(table, ast.Dict) else ()
        for key, value in pairs:
            if _is_text(key, {"pip", "uv"}):
                yield from _packages_of_runtime(value, names)


def _as_table(call: ast.Call) -> ast.Dict:
    """Return the named arguments of a call as a table."""
    named = [(ast.Constant(one.arg), one.value) for one in call.keywords if one.arg]
    return ast.Dict([key for key, _ in named], [value for _, value in named])


def _packages_of_runtime(value: ast.expr, names: Literals) -> Iterator[Finding]:
    inner = value
    if isinstance(value, ast.Dict):
        pairs = zip(value.keys, value.values, strict=True)
        inner = next((one for key, one in pairs if _is_text(key, {"packages"})), value)
    texts = names.texts(inner)
    if texts is not None and not isinstance(inner, ast.Constant):
        yield from _of_list(inner, _RUNTIME, names, f"line {value.lineno}")
        return
    found = Found(tool="ray", unreadable=[] if texts else [f"{_RUNTIME} is not a literal list"])
    for text in texts or ():
        found.file(Word(text))
    moved(found, same)
    yield Finding(f"line {value.lineno}", found, f"{_RUNTIME}: {', '.join(texts or ['…'])}")


def _is_text(key: ast.expr | None, texts: AbstractSet[str]) -> bool:
    return isinstance(key, ast.Constant) and key.value in texts


def _of_list(value: ast.expr, key: str, names: Literals, place: str) -> Iterator[Finding]:
    texts = names.texts(value)
    found = Found(tool="setuptools")
    if texts is None:
        found.unreadable.append(f"{key} is not a literal list")
    for text in texts or ():
        for line in text.splitlines():
            if line.strip() and not line.strip().startswith("#"):
                found.name(Word(line))
    moved(found, same)
    if not found.is_empty():
        yield Finding(place, found, f"{key} = {', '.join(texts or ['…'])}")


class _Commands:
    """The commands that calls of a file run: of `subprocess`, `os.system` or `pip.main`, and of a session of Nox."""

    def __init__(self, names: Literals, runners: AbstractSet[str], *, is_nox: bool) -> None:
        self._names = names
        self._runners = runners
        self._is_nox = is_nox

    def is_of_session(self, node: ast.Call) -> bool:
        """Return whether a call is one of a session of Nox."""
        return self._is_nox and isinstance(node.func, ast.Attribute) and name_of(node) in _CALLS

    def of(self, node: ast.Call) -> Iterator[tuple[Word, ...]]:
        """Yield the commands of a call as words, in the order in which they run."""
        called = name_of(node)
        if self.is_of_session(node):
            tool = {"install": "pip", "conda_install": "conda"}.get(called)
            before = (Word(tool), Word("install")) if tool else ()
            yield (*before, *words_in(node.args, self._names))
            return
        given = node.args or [one.value for one in node.keywords if one.arg in {"args", "command", "cmd"}]
        if called not in self._runners or not given or isinstance(given[0], ast.Starred):
            return
        for first in forms_of(given[0], self._names):
            if isinstance(first, ast.List | ast.Tuple | ast.BinOp) and (words := words_in([first], self._names))[1:]:
                if isinstance(given[0], ast.Name) and given[0].id in self._names.changed:
                    words = (*words, Word("…", f"what is added to {given[0].id}"))
                yield (Word("pip"), *words) if called == "main" else words
            elif called == "create_subprocess_exec":
                yield words_in(given, self._names)
            else:
                text = " ".join(map(text_of, given)) if called == "run_line_magic" else text_of(first)
                if TOOLS.search(text) or MOVES.search(text):
                    yield from (command.words for command in commands_of(text, node.lineno, Variables()))


def _found(node: ast.Call, calls: _Commands, at: Place, known: Variables) -> Iterator[Finding]:
    """Yield what the commands of a call install."""
    cloning = known.cloning
    for program, *rest in filter(None, calls.of(node)):
        # The name of an unknown program may tell what it is.
        words = (program._replace(unknown=program.text if program.unknown else ""), *rest)
        at.move(words, known)
        note_clone(words, at, known)
        note_archive(words, at, known)
        for found, told in found_in(words):
            if calls.is_of_session(node) and name_of(node) in {"install", "conda_install"}:
                found.tool = "nox"
            put_in_place(found, at, known)
            yield Finding(f"line {node.lineno}", found, literal(told))
    known.cloning = cloning
