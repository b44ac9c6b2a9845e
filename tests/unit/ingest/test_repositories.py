"""What a person says of all inputs of a history, beside what the history says of each."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from graphkit.ingest.options import IngestOptions
from graphkit.ingest.repositories import as_told
from graphkit.model.names import ServiceId
from graphkit.model.organisation import DocumentUse, Word
from graphkit.model.times import Moment, exactly
from graphkit.sources.fetched_document import FetchedDocument

USE = DocumentUse(
    service=ServiceId("web"),
    document="aa",
    stands_from=exactly(10),
    stands_until=exactly(20),
    read_at=exactly(15),
    is_first=True,
)
STATE = FetchedDocument(data=b"", path="uv.lock", stands_from=10, stands_until=20, read_at=15, branch="main")


def told(one: FetchedDocument, **said: Any) -> list[DocumentUse]:
    return list(as_told(USE, one, replace(IngestOptions.read({}), **said)))


def said(use: DocumentUse, *times: str) -> DocumentUse:
    """Return a use with the times that are what a person said, where the history shows another."""
    return replace(use, words=tuple(Word(time, f"--{time.replace('_', '-')}") for time in times if use != USE))


def test_without_a_word_the_history_holds() -> None:
    assert told(replace(STATE, lives=True, is_beginning=True, is_checked_out=True)) == [USE]


@pytest.mark.parametrize(
    ("at", "known", "expected"),
    [
        (exactly(30), 15, exactly(30)),
        (exactly(12), 15, exactly(15)),  # it was read later than that
        (Moment(earliest=12, latest=18), 15, Moment(earliest=15, latest=18)),
        (exactly(30), None, exactly(30)),
    ],
)
def test_until_when_it_was_in_place_holds_for_branches_that_exist(
    at: Moment, known: int | None, expected: Moment
) -> None:
    assert told(replace(STATE, lives=True, read_at=known), read_at=at) == [
        said(replace(USE, read_at=expected), *(() if expected != at else ("read_at",)))
    ]
    assert told(replace(STATE, lives=False), read_at=at) == [USE]


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (exactly(5), exactly(5)),
        (exactly(50), exactly(10)),  # the first commit has it already
        (Moment(earliest=5, latest=50), Moment(earliest=5, latest=10)),
        (Moment(earliest=10, latest=50), exactly(10)),
    ],
)
def test_since_when_it_is_in_place_holds_for_what_the_first_commit_brought(at: Moment, expected: Moment) -> None:
    assert told(replace(STATE, is_beginning=True), stands_from=at) == [
        said(replace(USE, stands_from=expected), "stands_from")
    ]
    assert told(replace(STATE, is_beginning=False), stands_from=at) == [USE]
    assert told(replace(STATE, is_beginning=True, stands_from=None), stands_from=at) == [USE]


@pytest.mark.parametrize(
    ("state", "branch", "at", "is_of_it"),
    [
        (replace(STATE, is_checked_out=True), "", exactly(10), True),
        (replace(STATE, is_checked_out=True), "", exactly(9), False),
        (replace(STATE, is_checked_out=True), "", exactly(19), True),
        (replace(STATE, is_checked_out=True), "", exactly(20), False),
        (replace(STATE, is_checked_out=True), "", Moment(earliest=5, latest=10), True),
        (replace(STATE, is_checked_out=True, stands_until=None), "", exactly(90), True),
        (replace(STATE, is_checked_out=True, stands_from=None), "", exactly(15), False),
        (STATE, "", exactly(15), False),
        (STATE, "main", exactly(15), True),
        (replace(STATE, is_checked_out=True), "other", exactly(15), False),
    ],
)
def test_a_build_installed_from_what_was_in_place_on_its_branch(
    state: FetchedDocument,
    branch: str,
    at: Moment,
    is_of_it: bool,  # noqa: FBT001 - a parameter of a test
) -> None:
    build = replace(USE, built_at=at, stands_from=None, stands_until=None, read_at=None, is_first=False)
    build = replace(build, words=(Word("built_at", "--built-at"),))
    assert told(state, built_at=at, branch=branch) == [*([build] if is_of_it else []), USE]
