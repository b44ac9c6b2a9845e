"""What installs take, as text and as JSON: every release with who asked for it, and what is not known."""

from __future__ import annotations

import json

import pytest
from msgspec.structs import replace

from graphkit.reports.as_json import why_json
from graphkit.reports.table import why_table
from tests.unit.reports import answers


def plain(text: str) -> str:
    return " ".join(text.split())


def test_each_release_stands_with_who_asked_for_it_first() -> None:
    text = plain(why_table(answers.trees(), width=200))
    assert "requirements.in (cdcdcdcdcdcd) at 2026-03-24 10:52 UTC, for litellm-2026-03" in text
    assert "3 releases, 1 accused (litellm 1.82.8); by uv on linux x86_64, Python 3.12" in text
    assert "dspy 3.1.3 dspy>=3 by the manifest" in text
    assert "by dspy 3.1.3 accused" in text
    assert "openai 2.29.0 openai>=2.8 by litellm 1.82.8 may change" in text


def test_what_is_not_known_is_said() -> None:
    text = plain(why_table(answers.trees(), width=200))
    assert "nothing listed then fits: protobuf" in text
    assert 'left out, since only some installs take it: pytest>=8 ; extra == "dev"' in text
    assert "not read: project page of acme-core not read: requirements of jiter@0.9.0" in text
    assert "by another account of them it takes others" in text
    assert "a lock governs it" in text
    assert "no manifest of it is known to have been in place then" in why_table(replace(answers.why(), trees=()))


@pytest.mark.parametrize("width", [40, 80, 120])
def test_it_fits_and_nothing_acts_on_a_terminal(width: int) -> None:
    text = why_table(answers.trees(), width=width)
    assert max(map(len, text.splitlines())) <= width
    assert not {"\x1b", "\x07", "\u202e", "\r"} & set(text)


def test_builds_and_slots_give_way_and_a_proof_does_not() -> None:
    assert "BUILDS" not in why_table(answers.trees())
    both = why_table(replace(answers.cleared(), trees=answers.trees().trees), clearance=True)
    assert both.index("PROOFS") < both.index("WHAT AN INSTALL")


def test_in_json_they_are_there_where_somebody_asked() -> None:
    assert "trees" not in json.loads(why_json(answers.why()))
    first, second = json.loads(why_json(answers.trees()))["trees"]
    assert first["manifest"] == {"name": "requirements.in", "path": "requirements.in", "sha256": "cd" * 32}
    assert (first["at"], first["environment"]["resolver"]) == ("2026-03-24T10:52:00Z", "uv")
    assert [(one["asked_by"], one["accused"], one["firm"]) for one in first["releases"]] == [
        (None, False, True),
        ("dspy@3.1.3", True, True),
        ("litellm@1.82.8", False, False),
    ]
    assert (second["governed"], second["uncertain"], second["unread"]) == (True, False, [])
