"""The messages of graphkit are kept in one list, so that a change of words is read as a whole."""

from __future__ import annotations

from tests.unit.messages import GOLDEN, collected, messages, read


def test_golden() -> None:
    made, kept = collected(), GOLDEN.read_bytes().decode()
    assert made == kept, "if the change is meant: python -m tests.unit.messages"


def test_what_is_collected() -> None:
    source = """
REASON = "no such thing"

class Odd(InputError):
    def __init__(self, name):
        super().__init__(f"{name!r} is odd")

def _why(what):
    if what:
        return f"because of {what}"
    return "nobody knows why"

def read(diagnostics, seen, gap, places):
    seen.add("only a member of a set")
    text = "a local text" if seen else f"{REASON} here"
    diagnostics.add("components[1]", text, lost=True)
    diagnostics.leave_open("components[2]", "what " + gap + " holds")
    fact(Obligation.DATED, _why(gap))
    places.notes["a note of an ingest"] = None
    yield "a note of an answer"
    raise Odd("one word or more") from None
"""
    assert messages(read(source), frozenset({"InputError", "Odd"}), has_notes=True) == [
        "a local text",
        "a note of an answer",
        "a note of an ingest",
        "because of {}",
        "no such thing here",
        "nobody knows why",
        "one word or more",
        "what {} holds",
        "{} is odd",
    ]
