"""What Python code installs: calls of setuptools and Nox, and commands that it runs."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from typing import Final

from graphkit.formats.scripts.arguments import found_in
from graphkit.formats.scripts.findings import Finding, moved, same
from graphkit.formats.scripts.folders import Place, note_clone, put_in_place
from graphkit.formats.scripts.found import Found
from graphkit.formats.scripts.install_words import TOOLS
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
_MOST_FORMS: Final = 20
_HOLES: Final = re.compile(r"\{[^{}]*\}|%(?:\([^()]*\))?[a-z]")
"""Where `format` and `%` put in what is not known."""
_CHANGES: Final = frozenset({"append", "extend", "insert", "update", "remove", "clear", "pop"})
_MOST_TEXTS: Final = 1_000
_MOST_CALLS: Final = 500
_MOST_CODE: Final = 2_000_000
"""Bytes of Python that are parsed."""
_DEEPEST: Final = 30


def python_findings(text: str, *, is_setup: bool = False, is_nox: bool = False, first: int = 1) -> Iterator[Finding]:
    """Yield what Python code installs, read without running it: calls of setuptools or Nox, and commands in calls.

    Raises:
        SyntaxError, ValueError, RecursionError, MemoryError: it cannot be parsed.
    """
    if len(text) > _MOST_CODE:
        raise ValueError("too much code to read")
    tree = ast.increment_lineno(ast.parse(text), first - 1)
    names = _Literals(tree)
    runners = _RUNNERS | ({"main"} if _OF_PIP.search(text) else set())
    left = _MOST_CALLS
    for node in ast.walk(tree):
        yield from _runtime_env(node, names)
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        is_setup_call = is_setup and (called == "setup" or any(one.arg in _TELLING for one in node.keywords))
        if not is_setup_call and called not in _CALLS | runners:
            continue
        if not left:
            text = f"more than {_MOST_CALLS} calls that may install something"
            yield Finding("the file", Found(tool="python", unreadable=[text]), "…")
            return
        left -= 1
        if is_setup_call:
            yield from _setup_call(node, names)
        elif is_nox and called in _CALLS and isinstance(node.func, ast.Attribute):
            yield from _session_call(node, called, names)
        elif called in runners:
            yield from _command_call(node, called, names)


def code_findings(text: str, first: int = 1) -> Iterator[Finding]:
    """Yield what commands in Python code install; of code that cannot be parsed, that it may install something."""
    try:
        found = list(python_findings(text, first=first))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        if call := _MAY_RUN.search(text):
            at = first + text.count("\n", 0, call.start())
            yield Finding(f"line {at}", Found(tool="python", unreadable=["code that cannot be parsed"]), call[0])
    else:
        yield from found


class _Literals:
    """Lists of texts in code: literals, and names that a module assigns once, at its top."""

    def __init__(self, tree: ast.Module) -> None:
        self.named: dict[str, ast.expr] = {}
        self.assigned: dict[str, list[ast.expr]] = {}
        """What each name is given, anywhere."""
        self.changed = set[str]()
        self._known: dict[str, list[str] | None] = {}
        changed = self.changed
        for statement in tree.body:
            if isinstance(statement, ast.Assign):
                targets = statement.targets
            elif isinstance(statement, ast.AnnAssign):
                targets = [statement.target]
            else:
                continue
            for target in targets:
                if isinstance(target, ast.Name) and statement.value:
                    if target.id in self.named:
                        changed.add(target.id)
                    self.named[target.id] = statement.value
        self._look_anywhere(tree)
        for name in changed:
            self.named.pop(name, None)

    def _look_anywhere(self, tree: ast.Module) -> None:
        """Note what names are given, and which are changed, in functions as well."""
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    if isinstance(target, ast.Name):
                        self.assigned.setdefault(target.id, []).append(node.value)
            elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
                self.changed.add(node.target.id)
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.attr in _CHANGES:
                self.changed.add(node.value.id)

    def texts(self, node: ast.expr, depth: int = 0) -> list[str] | None:
        """Return the texts of a list; None where it is not known, or too long or nested to be read."""
        if depth > _DEEPEST:
            return None
        if isinstance(node, ast.Constant):
            return [node.value] if isinstance(node.value, str) else None
        if isinstance(node, ast.Name) and node.id in self.named:
            if node.id not in self._known:
                self._known[node.id] = None  # until it is known, so that a circle ends
                self._known[node.id] = self.texts(self.named[node.id], depth + 1)
            return self._known[node.id]
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            elements = [node.left, node.right]
            is_text = isinstance(node.left, ast.Constant) and isinstance(node.right, ast.Constant)
        elif isinstance(node, ast.List | ast.Tuple | ast.Set):
            elements, is_text = [one.value if isinstance(one, ast.Starred) else one for one in node.elts], False
        else:
            return None
        found: list[str] = []
        for one in elements:
            if (texts := self.texts(one, depth + 1)) is None:
                return None
            found += texts
            if len(found) > _MOST_TEXTS:
                return None
        return ["".join(found)] if is_text else found


def _setup_call(node: ast.Call, names: _Literals) -> Iterator[Finding]:
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


def _runtime_env(node: ast.AST, names: _Literals) -> Iterator[Finding]:
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
    for table in (each for one in given for each in _forms(one, names)):
        pairs = zip(table.keys, table.values, strict=True) if isinstance(table, ast.Dict) else ()
        for key, value in pairs:
            if _is_text(key, {"pip", "uv"}):
                yield from _packages_of_runtime(value, names)


def _as_table(call: ast.Call) -> ast.Dict:
    """Return the named arguments of a call as a table."""
    named = [(ast.Constant(one.arg), one.value) for one in call.keywords if one.arg]
    return ast.Dict([key for key, _ in named], [value for _, value in named])


def _packages_of_runtime(value: ast.expr, names: _Literals) -> Iterator[Finding]:
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


def _of_list(value: ast.expr, key: str, names: _Literals, place: str) -> Iterator[Finding]:
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


def _words(nodes: Iterable[ast.expr], names: _Literals) -> tuple[Word, ...]:
    """Return the arguments of a call as the words of a command."""
    found: list[Word] = []
    for one in nodes:
        inner = one.value if isinstance(one, ast.Starred) else one
        texts = names.texts(inner)
        if texts is not None:
            found += [Word(text, "", " " in text) for text in texts]
        elif isinstance(inner, ast.List | ast.Tuple):
            found += _words(inner.elts, names)
        elif isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.Add) and not _is_deep(inner):
            found += _words([inner.left, inner.right], names)
        else:
            text = _text_of(inner)
            is_known = "$(" not in text
            found.append(Word(text, "" if is_known else _shown(one), " " in text))
    return tuple(found)


def _shown(node: ast.expr) -> str:
    return "…" if _is_deep(node) else ast.unparse(node)[:80]


def _text_of(node: ast.expr) -> str:
    """Return a text as a shell would read it, with ``$(…)`` for what is not known of it."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(_text_of(one) for one in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add) and not _is_deep(node):
        return _text_of(node.left) + _text_of(node.right)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        return _HOLES.sub("$(…)", _text_of(node.left))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in {"format", "split"}:
        is_of_text = isinstance(node.func.value, ast.Constant)
        text = _text_of(node.func.value if is_of_text or not node.args else node.args[0])
        return _HOLES.sub("$(…)", text) if node.func.attr == "format" else text
    return "$(…)"


def _is_deep(node: ast.expr) -> bool:
    """Return whether code has more parts than are worth showing."""
    return any(number > 50 for number, _ in enumerate(ast.walk(node)))


def _session_call(node: ast.Call, called: str, names: _Literals) -> Iterator[Finding]:
    words = _words(node.args, names)
    if called == "install":
        words = (Word("pip"), Word("install"), *words)
    elif called == "conda_install":
        words = (Word("conda"), Word("install"), *words)
    for found, told in found_in(words):
        if called in {"install", "conda_install"}:
            found.tool = "nox"
        moved(found, same)
        yield Finding(f"line {node.lineno}", found, literal(told))


def _command_call(node: ast.Call, called: str, names: _Literals) -> Iterator[Finding]:
    """Yield what a command in a call of `subprocess`, `os.system` or `pip.main` installs."""
    if not node.args or isinstance(node.args[0], ast.Starred):
        return
    where = f"line {node.lineno}"
    at, known = _folder_of(node), Variables()
    for first in _forms(node.args[0], names):
        if isinstance(first, ast.List | ast.Tuple | ast.BinOp) and (words := _words([first], names))[1:]:
            if isinstance(node.args[0], ast.Name) and node.args[0].id in names.changed:
                words = (*words, Word("…", f"what is added to {node.args[0].id}"))
            yield from _told(where, (Word("pip"), *words) if called == "main" else words, at, known)
        elif called == "create_subprocess_exec":
            yield from _told(where, _words(node.args, names), at, known)
        else:
            text = " ".join(map(_text_of, node.args)) if called == "run_line_magic" else _text_of(first)
            for command in commands_of(text, node.lineno, known) if TOOLS.search(text) else ():
                at.move(command.words, known)
                note_clone(command.words, at, known)
                yield from _told(where, command.words, at, known)


def _folder_of(node: ast.Call) -> Place:
    """Return the folder that a call runs a command in, as far as it says."""
    told = next((one.value for one in node.keywords if one.arg == "cwd"), None)
    if isinstance(told, ast.Constant) and isinstance(told.value, str):
        return Place(told.value)
    return Place(is_open=told is not None)


def _forms(node: ast.expr, names: _Literals) -> list[ast.expr]:
    """Return what a node may be: for a name, all that it is given anywhere."""
    return names.assigned.get(node.id, [])[:_MOST_FORMS] if isinstance(node, ast.Name) else [node]


def _told(where: str, words: tuple[Word, ...], at: Place, known: Variables) -> Iterator[Finding]:
    for found, told in found_in(words):
        put_in_place(found, at, known)
        yield Finding(where, found, literal(told))
