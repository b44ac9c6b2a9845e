"""Every verb's help, the version, and the codes that the help promises."""

from __future__ import annotations

import pytest

from graphkit.cli import GROUPS, VERBS
from graphkit.model import __version__
from tests.unit.cli.door import run

NAMES = [one.name for one in VERBS]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_every_verb_has_help(name: str, flag: str) -> None:
    ran = run(name, flag)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(f"Usage: graphkit {name} ")
    assert "--graph" in ran.out


def test_the_root_lists_every_verb_and_code() -> None:
    ran = run("--help")
    assert (ran.code, ran.err) == (0, "")
    listed = [line.split()[0] for line in ran.out.splitlines() if line.startswith("  ") and line.split()]
    assert [name for name in listed if name in NAMES] == NAMES
    words = " ".join(ran.out.split())
    for code, meaning in ((0, "done"), (1, "exposed"), (2, "usage"), (3, "done, but"), (4, "failed")):
        assert f"{code} {meaning}" in words


def test_every_verb_says_whether_ctrl_c_leaves_something_behind() -> None:
    lines = (*VERBS, *(one for group in GROUPS for one in group.verbs))
    assert {one.name: one.keeps for one in lines} == {
        "scan": True,
        "demo": True,
        "ingest": True,
        "blast": False,
        "why": False,
        "who-has": False,
        "stats": False,
        "doctor": False,
        "verify": False,
        "push": True,
        "export": True,
        "mark": False,
        "status": False,
    }


def test_version() -> None:
    ran = run("--version")
    assert (ran.code, ran.out, ran.err) == (0, f"graphkit {__version__}\n", "")


@pytest.mark.parametrize("words", [("nothing",), ("--nothing",), ("blast",), ("why", "shop"), ("who-has",)])
def test_words_that_are_none_are_code_2(words: tuple[str, ...]) -> None:
    ran = run(*words)
    assert (ran.code, ran.out) == (2, "")
    assert "Usage: graphkit" in ran.err
