"""Texts and words in Python code: literals, names that are given one, and arguments of calls as a shell has them."""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Iterable
from typing import Final

from graphkit.formats.scripts.shell_words import Word

_AS_IT_IS: Final = frozenset(
    {"Path", "PurePath", "str", "fspath", "abspath", "realpath", "resolve", "absolute", "expanduser"}
)
"""Functions whose result is the path that they are given."""
OWN: Final = "$(.)"
"""How the text of a path says that it leads from the folder of the file, or the one that it was started in."""
_OWN: Final = re.compile(r"__file__|\bgetcwd\b|\bcwd\(\)")
"""What code has that names one of these folders."""
_MOST_FORMS: Final = 20
_HOLES: Final = re.compile(r"\{[^{}]*\}|%(?:\([^()]*\))?[a-z]")
"""Where `format` and `%` put in what is not known."""
_CHANGES: Final = frozenset({"append", "extend", "insert", "update", "remove", "clear", "pop"})
_MOST_TEXTS: Final = 1_000
_DEEPEST: Final = 30


class Literals:
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


def words_in(nodes: Iterable[ast.expr], names: Literals) -> tuple[Word, ...]:
    """Return the arguments of a call as the words of a command."""
    found: list[Word] = []
    for one in nodes:
        inner = one.value if isinstance(one, ast.Starred) else one
        texts = names.texts(inner)
        if texts is not None:
            found += [Word(text, "", " " in text) for text in texts]
        elif isinstance(inner, ast.List | ast.Tuple):
            found += words_in(inner.elts, names)
        elif isinstance(inner, ast.BinOp) and isinstance(inner.op, ast.Add) and not _is_deep(inner):
            found += words_in([inner.left, inner.right], names)
        else:
            text = text_of(inner)
            found.append(Word(text, _shown(one) if "$(" in text else "", " " in text))
    return tuple(found)


def _shown(node: ast.expr) -> str:
    return "…" if _is_deep(node) else ast.unparse(node)[:80]


def text_of(node: ast.expr, depth: int = 0) -> str:
    """Return a text or path as a shell would read it, with ``$(name)`` or ``$(…)`` for what is not known of it."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    told = _text_of_parts(node, depth + 1) if depth < _DEEPEST else None
    if told is not None:
        return told
    shown = _shown(node)
    if _OWN.search(shown):
        return OWN
    is_name = isinstance(node, ast.Name) or (isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name))
    return f"$({shown})" if is_name else "$(…)"


def _text_of_parts(node: ast.expr, depth: int) -> str | None:
    """Return the text that code makes of others; None for any other code."""
    if isinstance(node, ast.JoinedStr):
        return "".join(text_of(one, depth) for one in node.values)
    if isinstance(node, ast.FormattedValue):
        return text_of(node.value, depth)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Div) and not _is_deep(node):
        left, right = (text_of(one, depth) for one in (node.left, node.right))
        return left + right if isinstance(node.op, ast.Add) else posixpath.join(left, right)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        return _HOLES.sub("$(…)", text_of(node.left, depth))
    return _text_of_call(node, depth) if isinstance(node, ast.Call) else None


def _text_of_call(node: ast.Call, depth: int) -> str | None:
    called, given = name_of(node), node.args
    owner = [node.func.value] if isinstance(node.func, ast.Attribute) else []
    if called in {"format", "split"} and owner:
        is_of_text = isinstance(owner[0], ast.Constant)
        text = text_of(owner[0] if is_of_text or not given else given[0], depth)
        return _HOLES.sub("$(…)", text) if called == "format" else text
    if called in _AS_IT_IS and (given or owner):
        return posixpath.join(*(text_of(one, depth) for one in given or owner))
    if given and (called == "joinpath" or (called == "join" and len(given) > 1)):
        parts = [*owner, *given] if called == "joinpath" else given
        return posixpath.join(*(text_of(one, depth) for one in parts))
    return None


def _is_deep(node: ast.expr) -> bool:
    """Return whether code has more parts than are worth showing."""
    return any(number > 50 for number, _ in enumerate(ast.walk(node)))


def name_of(call: ast.Call) -> str:
    """Return the name of the function that a call is of, without what it belongs to; empty for none."""
    return call.func.attr if isinstance(call.func, ast.Attribute) else str(getattr(call.func, "id", ""))


def forms_of(node: ast.expr, names: Literals) -> list[ast.expr]:
    """Return what a node may be: for a name, all that it is given anywhere."""
    return names.assigned.get(node.id, [])[:_MOST_FORMS] if isinstance(node, ast.Name) else [node]
