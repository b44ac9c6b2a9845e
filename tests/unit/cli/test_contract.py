"""docs/cli-contract.md says what the command line does: every verb, option, exit code and key of JSON, and no other."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from graphkit.cli import application
from graphkit.model.health import Check, Health
from graphkit.model.source_kinds import SOURCE_KINDS
from graphkit.reports import names
from graphkit.reports.as_json import (
    JsonReport,
    comparison_json,
    doctor_json,
    ingest_json,
    stats_json,
    verification_json,
    who_has_json,
    why_json,
)
from graphkit.reports.interface import ReportOptions
from graphkit.reports.provenance import Verification
from tests.unit.reports import answers

PAGE = (Path(__file__).resolve().parents[3] / "docs" / "cli-contract.md").read_text(encoding="utf-8")
OPTION = re.compile(r"`(--?[a-z-]+)")
CODED = re.compile(r"`([^`]+)`")
LIKE_BLAST = ("incident", "window", "windows", "slots", "environment", "provenance", "notes")
"""Keys of `graphkit.why/1` that the page gives once, with `graphkit.blast/1`."""
EVERY_GRAPH = "all but `neo4j status`"


def section(title: str) -> str:
    """Return the text below a heading, up to the next one of its level or above."""
    found = re.search(rf"^(#+) {re.escape(title)}\n", PAGE, re.MULTILINE)
    assert found, title
    rest = PAGE[found.end() :]
    end = re.search(rf"^#{{1,{len(found[1])}}} ", rest, re.MULTILINE)
    return rest[: end.start()] if end else rest


def rows(title: str) -> list[list[str]]:
    """Return the cells of the first table below a heading, without its head."""
    lines = [line for line in section(title).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


def verbs() -> dict[str, Any]:
    """Return every verb as it is typed."""
    found: dict[str, Any] = {}
    waiting: list[tuple[str, Any]] = [("", application())]
    while waiting:
        prefix, command = waiting.pop()
        for name, one in command.commands.items():
            path = f"{prefix} {name}".strip()
            if hasattr(one, "commands") and path != "ingest":
                waiting.append((path, one))
            else:
                found[path] = one
    return found


def options(verb: Any) -> set[str]:
    """Return the options of a verb; of one that has kinds, those of all of them."""
    if kinds := getattr(verb, "commands", None):
        return set().union(*map(options, kinds.values()))
    return {word for one in verb.params for word in one.opts if word.startswith("-")} - {"-h", "--help"}


def told() -> Mapping[str, set[str]]:
    """Return the options that the page gives each verb."""
    found: dict[str, set[str]] = {name: set() for name in verbs()}
    for option, which, _ in rows("Options"):
        every = set(found) - set(CODED.findall(EVERY_GRAPH)) if which == EVERY_GRAPH else set(CODED.findall(which))
        for name in every:
            found[name] |= set(OPTION.findall(option))
    return found


def test_every_verb_is_there_and_no_other() -> None:
    assert sorted(CODED.findall(" ".join(row[0] for row in rows("Verbs")))) == sorted(verbs())


@pytest.mark.parametrize("name", verbs())
def test_the_options_of_a_verb_are_those_of_the_page(name: str) -> None:
    assert told()[name] == options(verbs()[name])


def test_the_kinds_of_sources_are_those_of_the_page() -> None:
    (line,) = [line for line in PAGE.split("**") if line.startswith(" is `sbom`")]
    assert CODED.findall(line.partition(".")[0]) == list(SOURCE_KINDS)


@pytest.mark.parametrize("kind", SOURCE_KINDS)
def test_the_options_of_a_kind_are_those_of_the_page(kind: str) -> None:
    listed = {
        name: set(CODED.findall(given))
        for row in rows("Options of a kind")
        for name in CODED.findall(row[0])
        for given in row[1:]
    }
    assert sorted(listed) == sorted(SOURCE_KINDS)
    like = listed.get(next((name for name in listed[kind] if name in listed), ""), set())
    every = {"--graph", "--format", "--wait", "--quiet", "-q"}
    made = application().commands["ingest"].commands[kind]  # type: ignore[attr-defined]
    assert (listed[kind] - listed.keys()) | like | every == options(made)


def test_the_formats_of_a_blast_are_those_of_the_page() -> None:
    (line,) = [row[2] for row in rows("Options") if row[:2] == ["`--format NAME`", "`blast`"]]
    assert CODED.findall(line) == list(names())


def test_the_help_has_the_codes_of_the_page() -> None:
    said = " ".join(str(application().help).split())
    assert [row[0] for row in rows("Exit codes")] == re.findall(r"(\d+) (?:done|exposed|usage|failed|a bug)", said)


def keys(value: object, place: str = "") -> Iterator[str]:
    """Yield the place of every key in decoded JSON, whatever the number of a list's elements."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield f"{place}.{name}".strip(".")
            yield from keys(inner, f"{place}.{name}")
    elif isinstance(value, list):
        for inner in value:
            yield from keys(inner, f"{place}[]")


def shape(title: str) -> dict[str, Any]:
    """Return the example below a heading."""
    found = re.search(r"```json\n(.*?)```", section(title), re.DOTALL)
    assert found, title
    read = json.loads(found[1])
    assert isinstance(read, dict)
    return read


def only(title: str) -> set[str]:
    """Return the keys that the page says are left out of some answers."""

    def found(value: object, place: str) -> Iterator[str]:
        if isinstance(value, dict):
            for name, inner in value.items():
                yield from found(inner, f"{place}.{name}")
        elif isinstance(value, list):
            for inner in value:
                yield from found(inner, f"{place}[]")
        elif str(value).startswith("only: "):
            yield place.strip(".")

    return set(found(shape(title), ""))


def test_the_keys_of_a_blast() -> None:
    made = (answers.blast(), answers.hostile(), answers.several(), answers.not_looked_at())
    given = {key for one in made for key in keys(json.loads(JsonReport().render(one, ReportOptions())))}
    page = set(keys(shape("JSON of blast")))
    assert given - page == set()
    assert page - given - only("JSON of blast") == set()


def test_the_keys_of_a_why() -> None:
    made = (why_json(answers.trees()), why_json(answers.cleared(), clearance=True))
    read = [json.loads(one) for one in made]
    given = {key for one in read for key in keys({k: v for k, v in one.items() if k not in {*LIKE_BLAST, "service"}})}
    assert given == set(keys(shape("JSON of why")))
    assert all({*LIKE_BLAST, "service"} <= set(one) for one in read)
    row = set(keys(shape("JSON of blast")["services"][0]))
    assert {key for one in read for key in keys(one["service"])} - row == set()


def _verified() -> str:
    made = answers.blast().provenance
    return verification_json(Verification(form="json", then=made, now=made, same=True, reasons=("a",), changes=("b",)))


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("JSON of who-has", "".join(who_has_json(answers.who_has()))),
        ("JSON of ingest", ingest_json(answers.ingest())),
        ("JSON of stats", stats_json(answers.stats())),
        ("JSON of doctor", doctor_json(Health(checks=(Check(subject="index", text="damaged", is_finding=True),)))),
        ("JSON of verify", _verified()),
        ("JSON of compare", comparison_json(answers.changes())),
    ],
)
def test_the_keys_of_other_answers(title: str, text: str) -> None:
    given, page = json.loads(text), shape(title)
    assert given["schema"] == page["schema"]
    inner = ("counts", "then", "now", "before", "after")  # words of the graph, or provenance as above
    held = [{name: None if name in inner else value for name, value in one.items()} for one in (given, page)]
    assert set(keys(held[0])) == set(keys(held[1]))


def test_provenance_is_the_same_everywhere() -> None:
    page = set(shape("JSON of blast")["provenance"])
    read = json.loads(comparison_json(answers.changes()))
    assert set(read["before"]) | {"proofs_sha256"} == page
