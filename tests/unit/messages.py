"""Every message that a user can meet, as it is written in the source: with {} for values.

``python -m tests.unit.messages`` writes the golden file anew; read the difference before you keep it.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).resolve().parents[2]
GOLDEN: Final = ROOT / "tests/golden/messages.txt"
NOTES: Final = "graphkit/trace/notes.py"
"""What this module yields are the notes of an answer."""
_ERRORS: Final = frozenset({"GraphkitError", "ValueError", "BadParameter"})
"""The roots of the errors whose text a user reads: that of a ValueError becomes a problem of a document."""
_DIAGNOSTICS: Final = frozenset({"add", "leave_open", "read_as"})
"""Calls of `Diagnostics`: the place comes first, then the text. `add` of a set has one argument."""
_STEPS: Final = frozenset({"fact", "word", "OpenObligation", "reject", "odd", "_miss"})
"""Other calls whose text comes after what it is about."""
_NOTES: Final = frozenset({"_note", "_note_partial"})
_KEYWORDS: Final = frozenset({"text", "reason", "help"})
_SENTENCE: Final = re.compile(r"[a-z]{2,}.* |[a-z]{2,} ", re.IGNORECASE | re.DOTALL)
_MOST: Final = 64

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Scope(NamedTuple):
    """What names mean at one place of a module: values bound to them, and functions."""

    values: Mapping[str, tuple[ast.expr, ...]]
    functions: Mapping[str, Function]
    within: frozenset[str] = frozenset()
    """Names that are being looked up: none is followed twice."""


class Saying(NamedTuple):
    """A call, a yield or an assignment, with the functions and the class that it is in, the outermost first."""

    node: ast.Call | ast.Yield | ast.Assign
    functions: tuple[Function, ...]
    of: str


class Module(NamedTuple):
    """What one pass over a module finds: its functions, the bases of its classes, and all that may say something."""

    values: Mapping[str, tuple[ast.expr, ...]]
    functions: Mapping[str, Function]
    bases: Mapping[str, frozenset[str]]
    sayings: tuple[Saying, ...]


def collected() -> str:
    """Return the golden text: each module's path, then its messages, one a line and sorted."""
    paths = sorted((ROOT / "graphkit").rglob("*.py"))
    modules = {path.relative_to(ROOT).as_posix(): read(path.read_text(encoding="utf-8")) for path in paths}
    errors = _error_names(modules.values())
    parts = []
    for path, module in modules.items():
        if found := messages(module, errors, has_notes=path == NOTES):
            parts.append("\n".join([path, *(f"    {one}" for one in found)]))
    return "\n\n".join(parts) + "\n"


def read(source: str) -> Module:
    """Return what a module's text holds."""
    functions: dict[str, Function] = {}
    bases: dict[str, frozenset[str]] = {}
    sayings: list[Saying] = []
    tree = ast.parse(source)
    waiting: list[tuple[ast.AST, tuple[Function, ...], str]] = [(tree, (), "")]
    while waiting:
        node, within, name = waiting.pop()
        if isinstance(node, Function):
            functions[node.name] = node
            within = (*within, node)
        elif isinstance(node, ast.ClassDef):
            name = node.name
            bases[name] = frozenset(map(_name, node.bases))
        elif isinstance(node, ast.Call | ast.Yield | ast.Assign):
            sayings.append(Saying(node, within, name))
        waiting += [(child, within, name) for child in ast.iter_child_nodes(node)]
    return Module(_bound(tree.body), functions, bases, tuple(sayings))


def messages(module: Module, errors: frozenset[str], *, has_notes: bool) -> list[str]:
    """Return the messages of one module, sorted and each once."""
    found: set[str] = set()
    for node, functions, of in module.sayings:
        if said := list(_said(node, errors | {"__init__"} if of in errors else errors, has_notes=has_notes)):
            values = dict(module.values)
            for function in functions:
                values |= _bound(function.body)
            scope = Scope(values, module.functions)
            found.update(text for one in said for text in texts(one, scope))
    return sorted(one for one in map(_on_one_line, found) if _SENTENCE.search(one))


def _error_names(modules: Iterable[Module]) -> frozenset[str]:
    """Return the names of all classes of errors that lead to one of the roots."""
    bases = {name: above for module in modules for name, above in module.bases.items()}
    names = set(_ERRORS)
    while more := {name for name, above in bases.items() if above & names} - names:
        names |= more
    return frozenset(names)


def _said(node: ast.AST, errors: frozenset[str], *, has_notes: bool) -> Iterator[ast.expr]:
    """Yield the expressions of a node that become messages."""
    match node:
        case ast.Yield(value=ast.expr() as value) if has_notes:
            yield value
        case ast.Assign(targets=[ast.Subscript(value=ast.Attribute(attr="notes"), slice=key)]):
            yield key
        case ast.Assign(targets=[ast.Name(id="notes")], value=value):
            yield value
        case ast.Call(func=ast.Attribute(value=ast.Name(id="notes"), attr="append"), args=args):
            yield from args
        case ast.Call(func=func, args=args, keywords=keywords):
            name = _name(func)
            if name in errors or name in _NOTES:
                yield from args
            elif len(args) > 1 and (name in _STEPS or (name in _DIAGNOSTICS and isinstance(func, ast.Attribute))):
                yield from args[1:]
            yield from (one.value for one in keywords if one.arg in _KEYWORDS)


def texts(node: ast.expr, scope: Scope) -> set[str]:
    """Return the texts that an expression can be: literals, with {} for what is known only when it runs."""
    match node:
        case ast.Constant(value=str(text)):
            return {text}
        case ast.JoinedStr(values=parts):
            return _joined([_part(one, scope) for one in parts])
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _joined([texts(left, scope) or {"{}"}, texts(right, scope) or {"{}"}])
        case ast.IfExp(body=one, orelse=other):
            return texts(one, scope) | texts(other, scope)
        case ast.BoolOp(values=parts) | ast.Dict(values=parts) | ast.List(elts=parts) | ast.Tuple(elts=parts):
            return set().union(*(texts(one, scope) for one in parts))
        case ast.Subscript(value=value) | ast.NamedExpr(value=value):
            return texts(value, scope)
    return _followed(node, scope)


def _followed(node: ast.expr, scope: Scope) -> set[str]:
    """Return the texts bound to a name, or returned by a function of the same module."""
    match node:
        case ast.Name(id=name) if name not in scope.within:
            inner = scope._replace(within=scope.within | {name})
            return set().union(*(texts(one, inner) for one in scope.values.get(name, ())))
        case ast.Call(func=ast.Name(id=name)) if name in scope.functions and name not in scope.within:
            made = scope.functions[name]
            inner = scope._replace(values={**scope.values, **_bound(made.body)}, within=scope.within | {name})
            returned = [one.value for one in ast.walk(made) if isinstance(one, ast.Return) and one.value]
            return set().union(*(texts(one, inner) for one in returned))
    return set()


def _part(node: ast.expr, scope: Scope) -> set[str]:
    """Return what a part of an f-string can be: its literals, those of a choice or a constant in it, else {}."""
    if isinstance(node, ast.Constant):
        return {str(node.value)}
    assert isinstance(node, ast.FormattedValue)
    value = node.value
    is_constant = isinstance(value, ast.Name) and value.id.strip("_").isupper()
    if is_constant or isinstance(value, ast.IfExp):
        return texts(value, scope) or {"{}"}
    return {"{}"}


def _joined(parts: list[set[str]]) -> set[str]:
    every = itertools.product(*(sorted(one) for one in parts))
    return {"".join(one) for one in itertools.islice(every, _MOST)}


def _bound(body: Iterable[ast.stmt]) -> dict[str, tuple[ast.expr, ...]]:
    """Return what is assigned to names in a body, also below its branches, but not in functions inside."""
    found: dict[str, list[ast.expr]] = {}
    waiting: list[ast.AST] = list(body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, Function | ast.ClassDef | ast.Lambda):
            continue
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                found.setdefault(name, []).append(value)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                found.setdefault(name, []).append(value)
            case ast.NamedExpr(target=ast.Name(id=name), value=value):
                found.setdefault(name, []).append(value)
        waiting += ast.iter_child_nodes(node)
    return {name: tuple(values) for name, values in found.items()}


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _on_one_line(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t").strip()


if __name__ == "__main__":
    GOLDEN.write_bytes(collected().encode())
