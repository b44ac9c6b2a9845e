"""What `make sizes` counts."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.sizes import COMPLEX, Function, lines, main, module, modules
from tests.unit.test_architecture import MODULES, ROOT

TEXT = '''"""Why."""

# A comment alone.
import os  # noqa: F401


class A:
    @overload
    def of(self, one: int) -> int: ...

    def of(self, one, *more, two=2, **rest):
        """Say.

        >>> 1
        """
        # Before.
        def inner():
            pass

        return inner

    @staticmethod
    def alone(one): "noqa"

    def said(self):
        """Say."""
'''


def test_what_is_counted_of_a_module() -> None:
    found = module("graphkit/a.py", TEXT)
    assert (found.folder, found.length, found.source, found.noqa) == ("graphkit", 26, 16, 1)
    assert sorted(found.functions, key=lambda one: one.name) == [
        Function(name="alone", body=0, parameters=1, complexity=1),
        Function(name="inner", body=1, parameters=0, complexity=1),
        Function(name="of", body=4, parameters=4, complexity=2),
        Function(name="said", body=0, parameters=0, complexity=1),
    ]


def test_the_package_is_counted_whole_and_its_complex_functions_as_ruff_does() -> None:
    package = modules(ROOT / "graphkit")
    assert len(package) == len(MODULES)
    counted = sorted(one.name for each in package for one in each.functions if one.complexity > COMPLEX)
    rule = ["--isolated", "--ignore-noqa", "--select", "C901", "--config", f"lint.mccabe.max-complexity={COMPLEX}"]
    asked = [sys.executable, "-m", "ruff", "check", *rule, "--output-format", "json", "graphkit"]
    done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)
    assert counted == sorted(one["message"].split("`")[1] for one in json.loads(done.stdout))


@pytest.mark.parametrize("text", ["match x:\n case 1: pass\n case _: pass", "try: pass\nexcept A: pass\nelse: pass"])
def test_branches_are_those_of_ruff(text: str, tmp_path: Path) -> None:
    whole = "def f():\n" + "".join(f" {line}\n" for line in text.splitlines())
    (tmp_path / "a.py").write_text(whole, encoding="utf-8")
    rule = ["--isolated", "--select", "C901", "--config", "lint.mccabe.max-complexity=0"]
    asked = [sys.executable, "-m", "ruff", "check", *rule, "--output-format", "json", str(tmp_path)]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    [one] = json.loads(done.stdout)
    assert f"({module('a.py', whole).functions[0].complexity} > 0)" in one["message"]


def test_what_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path, text in {
        "a/x.py": TEXT,
        "a/b/y.py": "",
        "t/test_x.py": "x = 1\n",
        "t/cases/trials/z.py": "no Python",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    main(["--package", str(tmp_path / "a"), "--tests", str(tmp_path / "t")])
    printed = capsys.readouterr().out
    rows = [" ".join(line.split()) for line in printed.splitlines()]
    assert rows[1:4] == ["a 1 16", "a/b 1 0", "all 2 16"]
    assert "lines of the body of a function 0 3 4 a/x.py: of" in rows
    assert "noqa per thousand source lines 62.5 (1)" in rows
    assert "test lines to source lines 0.06 (1)" in rows


def test_nothing_is_counted_of_nothing() -> None:
    assert any("0 of 0" in line for line in lines((), ()))
