"""What to do now: the actions of an incident, or the hashes of its bad files."""

from __future__ import annotations

import json

from msgspec.structs import replace

from graphkit.model.answers import Asked, Blast, HashedFile
from graphkit.model.incidents import ActionKind, FileHash, Source
from graphkit.reports.actions import NO_INSTRUCTIONS, action_lines
from graphkit.reports.as_json import JsonReport
from graphkit.reports.interface import ReportOptions
from tests.unit.reports import answers

SHA256 = "cd" * 32


def told(blast: Blast) -> list[str]:
    return [str(line) for line in action_lines(blast)]


def asked(blast: Blast, **more: object) -> Asked:
    return replace(blast.incident, **more)


def test_each_action_says_who_said_it_and_when() -> None:
    assert told(answers.blast()) == [
        "contain: Isolate what had it. (the press, 2026-03-25; a letter)",
        "rotate: Rotate what could be read there.",
    ]
    first, second = action_lines(answers.blast())
    assert (first.incident, first.do, first.text) == ("", "contain", "Isolate what had it.")
    assert (first.by, second.by) == ("the press, 2026-03-25; a letter", "")


def test_a_publisher_of_several_sources_is_named_once() -> None:
    blast = answers.blast()
    sources = (answers.PAGE, replace(answers.PAGE, id="S9"), Source(id="S7"))
    action = answers.instruction(ActionKind.BLOCK, "Pin it.", *sources)
    assert told(replace(blast, incident=asked(blast, actions=(action,)))) == [
        "block: Pin it. (the press, 2026-03-25; S7)"
    ]


def test_without_actions_the_bad_files_are_to_be_looked_for() -> None:
    blast = answers.blast()
    nameless = HashedFile(
        incident="litellm-2026-03", filename="", hashes=(FileHash("md5", "ab" * 16), FileHash("sha256", SHA256))
    )
    bare = asked(blast, actions=(), files=(*blast.incident.files, nameless))
    assert told(replace(blast, incident=bare)) == [
        NO_INSTRUCTIONS,
        f"hunt: Look for litellm-1.82.8-py3-none-any.whl (sha256 {SHA256}).",
        f"hunt: Look for a file with md5 {'ab' * 16}, sha256 {SHA256}.",
    ]
    nothing = asked(blast, actions=(), files=())
    assert told(replace(blast, incident=nothing)) == [NO_INSTRUCTIONS]


def test_of_several_incidents_each_line_says_which() -> None:
    blast = answers.several()
    other = HashedFile(incident="telnyx-2026-03", filename="_client.py", hashes=(FileHash("sha256", SHA256),))
    both = replace(blast, incident=asked(blast, files=(*blast.incident.files, other)))
    assert told(both) == [
        "litellm-2026-03: contain: Isolate what had it. (the press, 2026-03-25; a letter)",
        "litellm-2026-03: rotate: Rotate what could be read there.",
        f"telnyx-2026-03: {NO_INSTRUCTIONS}",
        f"telnyx-2026-03: hunt: Look for _client.py (sha256 {SHA256}).",
    ]


def test_json_has_the_actions_in_their_order() -> None:
    read = json.loads(JsonReport().render(answers.blast(), ReportOptions()))
    assert read["incident"]["actions"] == [
        {
            "incident": "litellm-2026-03",
            "do": "contain",
            "text": "Isolate what had it.",
            "sources": ["S1", "S3"],
        },
        {"incident": "litellm-2026-03", "do": "rotate", "text": "Rotate what could be read there.", "sources": []},
    ]
