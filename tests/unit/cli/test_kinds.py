"""`graphkit ingest KIND`: each kind shows and takes its own options alone, and says whose another one is."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from graphkit.api import open_graph
from graphkit.cli import application
from graphkit.cli.ingest import OPTIONS
from graphkit.ingest import _KINDS
from graphkit.ingest.options import IngestArguments
from graphkit.model.errors import UsageError
from graphkit.model.source_kinds import SOURCE_KINDS, flag, kinds_with, misplaced
from tests.unit.cli.door import run
from tests.unit.cli.inputs import BAD, put

UNTOLD = {"declare_builds", "services"}
"""Options that no person gives: a scan and the demo do."""


def flags_in(text: str) -> set[str]:
    return set(re.findall(r"^  (?:-q, )?(--[a-z-]+)", text, re.MULTILINE))


def test_the_kinds_that_are_read_are_those_that_are_told() -> None:
    assert set(_KINDS) - {"scan"} == set(SOURCE_KINDS)


def test_every_option_is_told_and_declared() -> None:
    told = set().union(*(kind.options for kind in SOURCE_KINDS.values()))
    assert told | UNTOLD == IngestArguments.__optional_keys__
    assert told - UNTOLD == OPTIONS.keys()
    kinds = application().commands["ingest"].commands  # type: ignore[attr-defined]
    declared = {one.name: one.opts for name in SOURCE_KINDS for one in kinds[name].params if one.name in OPTIONS}
    assert declared == {name: [flag(name)] for name in OPTIONS}


@pytest.mark.parametrize("kind", SOURCE_KINDS)
def test_the_help_of_a_kind_has_its_own_options_alone(kind: str) -> None:
    ran = run("ingest", kind, "--help")
    assert (ran.code, ran.err) == (0, "")
    assert flags_in(ran.out) == {"--graph", "--format", "--wait", "--quiet"} | {
        flag(one) for one in SOURCE_KINDS[kind].options - UNTOLD
    }
    assert SOURCE_KINDS[kind].help in ran.out
    assert f"\n  Example: graphkit ingest {kind} {SOURCE_KINDS[kind].example}\n" in ran.out
    assert " ".join(SOURCE_KINDS[kind].source.split()[:3]) in ran.out


@pytest.mark.parametrize("kind", SOURCE_KINDS)
def test_the_example_of_a_kind_can_be_typed(kind: str) -> None:
    command = application().commands["ingest"].commands[kind]  # type: ignore[attr-defined]
    words = shlex.split(SOURCE_KINDS[kind].example)
    assert command.make_context(kind, [*words]).params["sources"][0] == words[0]


def test_the_help_lists_each_kind_in_a_line() -> None:
    ran = run("ingest", "--help")
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.partition("Kinds:\n")[2].partition("\n\n")[0].splitlines()
    assert [line.split()[0] for line in lines] == list(SOURCE_KINDS)
    assert [line.split(maxsplit=1)[1] for line in lines] == [one.help for one in SOURCE_KINDS.values()]


@pytest.mark.parametrize("kind", SOURCE_KINDS)
@pytest.mark.parametrize("option", OPTIONS)
def test_an_option_of_another_kind_is_one_line_that_names_those(kind: str, option: str, work: Path) -> None:
    if option in SOURCE_KINDS[kind].options:
        return
    value = () if OPTIONS[option][1] is False else ("2026-03-24",)
    for words in ((kind, "a.txt", flag(option), *value), (flag(option), *value, kind, "a.txt")):
        ran = run("ingest", *words)
        assert (ran.code, ran.out, ran.err) == (2, "", f"graphkit: {misplaced(option, kind)}\n")
    joined = run("ingest", kind, "a.txt", f"{flag(option)}=2026-03-24")
    assert (joined.code, joined.err) == (2, ran.err)
    assert all(name in ran.err for name in kinds_with(option))
    assert list(work.iterdir()) == []


def test_python_is_told_the_same(work: Path) -> None:
    with open_graph(create=True) as graph:
        with pytest.raises(UsageError, match="--closure goes with index, not with sbom"):
            graph.ingest("sbom", ["."], closure=True)
        with pytest.raises(UsageError, match="--budget goes with index, not with lock"):
            graph.ingest("lock", ["."], budget=0.0)
        with pytest.raises(UsageError, match="unknown kind 'sboms'; did you mean sbom"):
            graph.ingest("sboms", ["."])
        assert graph.ingest("lock", ["."], closure=False, budget=None, service=None).rejected == ()


@pytest.mark.parametrize(
    ("word", "meant"),
    [("sboms", "did you mean sbom?"), ("github-org", "did you mean github?"), ("zzz", "choose one of sbom, lock, env")],
)
def test_a_kind_that_is_mistyped_gets_a_suggestion(word: str, meant: str) -> None:
    ran = run("ingest", word, "a.txt")
    assert (ran.code, ran.out) == (2, "")
    assert f"Error: unknown kind '{word}'; {meant}" in ran.err


@pytest.mark.parametrize(
    "words",
    [
        ("lock", "a.txt", "b.txt", "--service", "till"),
        ("--service", "till", "lock", "a.txt", "b.txt"),
        ("--service=till", "lock", "a.txt", "b.txt"),
        ("lock", "--service", "till", "a.txt", "b.txt"),
        ("lock", "a.txt", "--service", "till", "b.txt"),
        ("-q", "lock", "a.txt", "--service", "till", "b.txt"),
        ("--complete", "--service", "till", "lock", "a.txt", "b.txt"),
        ("--format", "table", "lock", "--service", "till", "--", "a.txt", "b.txt"),
        ("--service", "till", "--", "lock", "a.txt", "b.txt"),
        ("--service", "lock", "sbom", "a.txt", "b.txt"),
    ],
)
def test_options_may_stand_anywhere(work: Path, words: tuple[str, ...]) -> None:
    put(work / "a.txt", BAD)
    put(work / "b.txt", BAD + "six==1.17.0\n")
    ran = run("ingest", *words)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith("2 read: 2 new")
    named = {one["service"] for one in run("blast", "litellm==1.82.8", "--format", "json").json["services"]}
    assert named == {words[1] if words[0] == "--service" else "till"}


@pytest.mark.parametrize("words", [("--graph", "g"), ("--service", "x"), ("--graph", "g", "--")])
def test_without_a_kind_it_says_so(words: tuple[str, ...]) -> None:
    ran = run("ingest", *words)
    assert (ran.code, ran.out) == (2, "")
    assert "Error: Missing argument 'KIND'." in ran.err


def test_the_help_of_a_kind_is_shown_wherever_it_is_asked_for() -> None:
    asked = run("ingest", "sbom", "--help").out
    assert run("ingest", "--help", "sbom").out == asked
    assert run("ingest", "-q", "sbom", "a.txt", "-h").out == asked
    assert run("ingest", "--graph", "g", "--help").out == run("ingest", "-h").out


def test_no_command_of_a_kind_is_made_for_the_list_of_verbs() -> None:
    commands = application().commands["ingest"].commands  # type: ignore[attr-defined]
    run("ingest", "--help")
    assert commands._made == {}
