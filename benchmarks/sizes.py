"""Counts how large graphkit's code is: modules, functions, parameters, branches, exceptions from rules, tests.

A module is as long as its file. Source lines are those that are neither blank nor a comment alone; docstrings are among
them. The body of a function is every line after its docstring; stubs of ``@overload`` are left out. The value that nine
of ten stay within is interpolated between neighbours. Complexity is McCabe's, counted as ruff's C901 does.
"""

from __future__ import annotations

import argparse
import ast
import io
import re
import statistics
import sys
import tokenize
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
COMPLEX = 10
"""A function with more branches than this is counted."""
DATA = ("cases/trials",)
"""Folders of tests that hold code as data."""
_NOQA = re.compile(r"#\s*noqa\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """A function: lines of its body, parameters that a caller can give, and its complexity."""

    name: str
    body: int
    parameters: int
    complexity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """A module: its path, lines of its file, source lines, exceptions from rules, and functions, inner ones too."""

    path: str
    length: int
    source: int
    noqa: int
    functions: tuple[Function, ...]

    @property
    def folder(self) -> str:
        """Return the folder that it is in."""
        return self.path.rpartition("/")[0]


def source_lines(text: str) -> int:
    r"""Return how many lines are neither blank nor a comment alone.

    >>> source_lines("# why\n\nx = 1  # so\n")
    1
    """
    return sum(1 for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#"))


def complexity(statements: Iterable[ast.stmt]) -> int:
    r"""Return how many branches statements add to the one way through a function.

    >>> complexity(ast.parse("if a: pass\nelif b: pass\nelse:\n for x in y: pass").body)
    3
    """
    return sum(_branches(one) for one in statements)


def _branches(one: ast.stmt) -> int:
    own = 0
    match one:
        case ast.If() | ast.For() | ast.AsyncFor() | ast.While() | ast.FunctionDef() | ast.AsyncFunctionDef():
            own = 1
        case ast.Try() | ast.TryStar():
            own = len(one.handlers) + bool(one.orelse)
        case ast.Match():
            own = len(one.cases) - _takes_all(one.cases[-1])
    return own + sum(complexity(block) for block in _blocks(one))


def _takes_all(case: ast.match_case) -> bool:
    return case.guard is None and isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None


def _blocks(one: ast.stmt) -> Iterator[list[ast.stmt]]:
    """Yield the blocks of a statement."""
    for field in ("body", "orelse", "finalbody"):
        yield getattr(one, field, [])
    for inner in (*getattr(one, "handlers", ()), *getattr(one, "cases", ())):
        yield inner.body


def functions(tree: ast.Module) -> Iterator[Function]:
    """Yield every function of a module, methods and inner ones too; of an overload the one that has the code."""
    methods = {id(one) for node in ast.walk(tree) if isinstance(node, ast.ClassDef) for one in node.body}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not any(map(_is_overload, node.decorator_list)):
            body = node.body[ast.get_docstring(node, clean=False) is not None :]
            static = any(isinstance(one, ast.Name) and one.id == "staticmethod" for one in node.decorator_list)
            yield Function(
                name=node.name,
                body=(body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0,
                parameters=_parameters(node.args) - (id(node) in methods and not static),
                complexity=1 + complexity(node.body),
            )


def _is_overload(decorator: ast.expr) -> bool:
    return ast.unparse(decorator).rpartition(".")[2] == "overload"


def _parameters(of: ast.arguments) -> int:
    return len(of.posonlyargs) + len(of.args) + len(of.kwonlyargs) + bool(of.vararg) + bool(of.kwarg)


def module(path: str, text: str) -> Module:
    """Return the figures of a module.

    Raises:
        SyntaxError: it is no Python.
    """
    comments = (one for one in tokenize.generate_tokens(io.StringIO(text).readline) if one.type == tokenize.COMMENT)
    return Module(
        path=path,
        length=len(text.splitlines()),
        source=source_lines(text),
        noqa=sum(bool(_NOQA.search(one.string)) for one in comments),
        functions=tuple(functions(ast.parse(text))),
    )


def modules(folder: Path) -> tuple[Module, ...]:
    """Return the figures of every module below a folder, by path; code that tests hold as data is left out."""
    paths = (path for path in sorted(folder.rglob("*.py")) if not _is_data(path.relative_to(folder)))
    return tuple(module(path.relative_to(folder.parent).as_posix(), path.read_text(encoding="utf-8")) for path in paths)


def _is_data(path: Path) -> bool:
    return any(path.is_relative_to(folder) for folder in DATA)


def spread(values: Sequence[int]) -> tuple[int, int, int]:
    """Return the value in the middle, the one that nine of ten stay within, and the largest.

    >>> spread([1, 2, 3, 4, 100]), spread([7]), spread([])
    ((3, 62, 100), (7, 7, 7), (0, 0, 0))
    """
    if len(values) < 2:
        return (*values, *values, *values) if values else (0, 0, 0)  # type: ignore[return-value]  # one of each
    deciles = statistics.quantiles(values, n=10, method="inclusive")
    return round(statistics.median(values)), round(deciles[-1]), max(values)


def lines(package: Sequence[Module], tests: Sequence[Module]) -> Iterator[str]:
    """Yield what is printed."""
    by_folder = defaultdict[str, list[Module]](list)
    for one in package:
        by_folder[one.folder].append(one)
    source = sum(one.source for one in package)
    yield f"{'folder':<36}{'modules':>8}{'source lines':>14}"
    for folder, inside in sorted(by_folder.items()):
        yield f"{folder:<36}{len(inside):>8,}{sum(one.source for one in inside):>14,}"
    yield f"{'all':<36}{len(package):>8,}{source:>14,}"
    yield ""
    every = [(one, f"{each.path}: {one.name}") for each in package for one in each.functions]
    yield f"{'':<36}{'p50':>8}{'p90':>6}{'max':>8}"
    for name, values in (
        ("lines of a module", [(one.length, one.path) for one in package]),
        ("lines of the body of a function", [(one.body, where) for one, where in every]),
        ("parameters of a function", [(one.parameters, where) for one, where in every]),
    ):
        middle, most, largest = spread([value for value, _ in values])
        yield f"{name:<36}{middle:>8,}{most:>6,}{largest:>8,}  {max(values, default=(0, ''))[1]}"
    yield ""
    complex_ones = sum(one.complexity > COMPLEX for one, _ in every)
    noqa = sum(one.noqa for one in package)
    tested = sum(one.source for one in tests)
    yield f"{f'functions of a complexity over {COMPLEX}':<36}{complex_ones:>8,} of {len(every):,}"
    yield f"{'noqa per thousand source lines':<36}{1000 * noqa / max(source, 1):>8.1f}  ({noqa:,})"
    yield f"{'test lines to source lines':<36}{tested / max(source, 1):>8.2f}  ({tested:,})"


def main(arguments: Sequence[str]) -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--package", type=Path, default=ROOT / "graphkit", help="the folder of the code")
    parser.add_argument("--tests", type=Path, default=ROOT / "tests", help="the folder of its tests")
    asked = parser.parse_args(arguments)
    print(*lines(modules(asked.package.resolve()), modules(asked.tests.resolve())), sep="\n")


if __name__ == "__main__":
    main(sys.argv[1:])
