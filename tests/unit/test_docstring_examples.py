"""Every example of a docstring, and of the guide for Python, runs and shows what it says."""

from __future__ import annotations

import ast
import doctest
import importlib
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import networkx as nx
import polars as pl
import pytest

import graphkit
from graphkit.resources import resource
from tests.unit.test_architecture import MODULES, ROOT

ALSO = (
    "benchmarks/coverage_floors.py",
    "benchmarks/figures/growth.py",
    "benchmarks/figures/results.py",
    "benchmarks/figures/tables.py",
    "benchmarks/sizes.py",
    "tests/unit/test_documentation.py",
)
"""Files outside of the package whose docstrings have examples."""


def examples(text: str) -> int:
    """Return how many examples stand in the strings of a module that are statements: docstrings, wherever they are.

    >>> examples("'''>>> 1 + 1'''"), examples("'>>> 1 + 1', 2"), examples("#>>> 1")
    (1, 0, 0)
    """
    if ">>> " not in text:  # to parse all modules takes seconds in each process of a run
        return 0
    parser = doctest.DocTestParser()
    return sum(
        len(parser.get_examples(node.value.value))
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    )


WITH_EXAMPLES: Mapping[str, int] = {
    name: count
    for name, text in [
        *MODULES.items(),
        *((path.removesuffix(".py").replace("/", "."), (ROOT / path).read_text(encoding="utf-8")) for path in ALSO),
        (__name__, Path(__file__).read_text(encoding="utf-8")),
    ]
    if (count := examples(text))
}


@pytest.fixture(scope="module")
def known(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """Names that the examples of graphkit's own front take as given."""
    place = tmp_path_factory.mktemp("door") / "graph"
    shutil.copytree(demo, place)  # an example ingests
    with graphkit.open(str(place)) as opened:
        yield {
            "graph": opened,
            "answer": opened.blast("litellm-2026-03"),
            "locks": str(resource("examples", "litellm-2026-03") / "locks"),
        }


def place_of_a_demo(request: pytest.FixtureRequest, folder: Path) -> str:
    """Return where a demo was run before, so that another one has nothing to read."""
    shutil.copytree(request.getfixturevalue("demo"), folder / "graph")
    return str(folder / "graph")


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_every_example_of_a_module_runs(name: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """As many run as the text has: an example where doctest does not look, as in an inner function, is none."""
    names: dict[str, Any] = {}
    if name.startswith("graphkit.api"):
        names = {**request.getfixturevalue("known"), "place": place_of_a_demo(request, tmp_path)}
    failed, tried = doctest.testmod(importlib.import_module(name), extraglobs=names)
    assert (failed, tried) == (0, WITH_EXAMPLES[name])


def test_the_examples_of_the_guide_run(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    guide = ROOT / "docs" / "python.md"
    known = {"place": place_of_a_demo(request, tmp_path), "pl": pl, "nx": nx}
    failed, tried = doctest.testfile(str(guide), module_relative=False, globs=known)
    assert (failed, tried > 8) == (0, True)


def test_an_example_where_doctest_does_not_look_is_seen() -> None:
    text = "def f():\n    def g():\n        '''Say.\n\n        >>> 1\n        1\n        '''\n"
    module = ModuleType("made_up")
    exec(compile(text, "made_up", "exec"), vars(module))
    assert (doctest.testmod(module).attempted, examples(text)) == (0, 1)


def test_most_modules_with_examples_are_known() -> None:
    assert len(WITH_EXAMPLES) > 40
