"""What a report says it was made of, in the one form that programs read back from every format."""

from __future__ import annotations

import json
from typing import Any, Final

from msgspec import Struct

from graphkit.model.answers import Provenance
from graphkit.model.times import BadTime, instant, rfc3339
from graphkit.reports.text import safe_json

_MARK: Final = "graphkit.made-of/1"


def provenance_shape(made: Provenance) -> dict[str, Any]:
    """Return what a report was made of as plain values."""
    return {
        "graphkit": made.graphkit,
        "packaging": made.packaging,
        "question": made.question,
        "inputs": made.inputs,
        "facts_sha256": made.facts_sha256,
        "facts_until": rfc3339(made.facts_until),
        **({"proofs_sha256": made.proofs_sha256} if made.proofs_sha256 else {}),
    }


def read_provenance(value: object) -> Provenance | None:
    """Return what `provenance_shape` made into plain values, None where they are something else."""
    if not isinstance(value, dict):
        return None
    words = [value.get(name) for name in ("graphkit", "packaging", "question", "facts_sha256")]
    words.append(value.get("proofs_sha256", ""))
    inputs, until = value.get("inputs"), value.get("facts_until")
    if not all(isinstance(word, str) for word in words) or not isinstance(inputs, int):
        return None
    try:
        newest = instant(until) if isinstance(until, str) else None
    except (ValueError, BadTime):
        return None
    graphkit, packaging, question, facts, proofs = map(str, words)
    return Provenance(
        graphkit=graphkit,
        packaging=packaging,
        question=question,
        inputs=inputs,
        facts_sha256=facts,
        facts_until=newest,
        proofs_sha256=proofs,
    )


def stamp(made: Provenance) -> str:
    """Return what a report was made of on one line, without characters that hide or reorder."""
    shape = {"made": _MARK, **provenance_shape(made)}
    return safe_json(json.dumps(shape, ensure_ascii=False, separators=(",", ":")))


def read_stamp(text: str) -> Provenance | None:
    """Return what a line of `stamp` says, None where it is another text."""
    read = read_object(text)
    return read_provenance(read) if read.get("made") == _MARK else None


def read_object(text: str) -> dict[str, Any]:
    """Return a JSON object, an empty one where the text is something else."""
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return read if isinstance(read, dict) else {}


class Verification(Struct, frozen=True, kw_only=True):
    """What became of a report. ``same``: asked again, the graph gives these bytes, or for JSON this value.

    ``reasons``: what it rests on that is another than then; ``changes``: what the answer says otherwise.
    """

    form: str
    then: Provenance
    now: Provenance
    same: bool
    reasons: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()

    def verdict(self) -> str:
        """Return the outcome in one sentence."""
        if self.same and self.reasons:
            return f"same: nothing that this {self.form} report says has changed, though what it rests on has"
        if self.same:
            return f"same: the graph gives this {self.form} report again"
        if self.reasons:
            return f"changed: the graph no longer gives this {self.form} report"
        return (
            f"changed: question, versions and facts are those of this {self.form} report, and it is another: "
            "it was altered after it was written, or was truncated"
        )
