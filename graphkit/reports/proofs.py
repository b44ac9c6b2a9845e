"""Proofs of what is cleared as people and programs read them: facts, words of the organisation, assumptions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from graphkit.model.answers import Assumption, BuildVerdict, Clearance, ProofKind, ServiceVerdict
from graphkit.model.times import NO_TIME, rfc3339
from graphkit.reports.text_canvas import TextCanvas
from graphkit.reports.wording import ASSUMED, OBLIGED, PROVEN, REPLACED, assumed, between, clock

Shape = dict[str, Any]
_SHORT = 12


def proof_of(one: Clearance) -> str:
    """Return a proof in one line: its kind, its stretch, what it assumes, the organisation's words, the facts."""
    about = f" for {one.incident}" if one.incident else ""
    head = f"proof by {one.kind}{about}, {between(one.start, one.until)}"
    return "; ".join((head, *_grounds((one,))))


def proofs_of(one: ServiceVerdict) -> str:
    """Return what all proofs of a service rest on, in one line; empty where it has none."""
    made = [build.clearance for build in one.builds if build.clearance]
    if not made:
        return ""
    kinds = [kind.value for kind in ProofKind if any(proof.kind is kind for proof in made)]
    return "; ".join((f"proof by {' and by '.join(kinds)}", *_grounds(made)))


def _grounds(made: Iterable[Clearance]) -> Iterator[str]:
    proofs = tuple(made)
    found = {one for proof in proofs for one in proof.assumes}
    yield assumed([one for one in Assumption if one in found])
    parts = dict.fromkeys(part for proof in proofs for part in proof.proof)
    for head, is_word in (("by the organisation's word", True), ("by fact", False)):
        texts = dict.fromkeys(f"({part.obligation}) {part.text}" for part in parts if part.word is is_word)
        if texts:
            yield f"{head}: {'; '.join(texts)}"


def clearance_shape(one: Clearance) -> Shape:
    """Return a proof as the JSON contract has it (docs/cli-contract.md#json-of-blast)."""
    return {
        "kind": one.kind.value,
        "incident": one.incident,
        "from": rfc3339(one.start),
        "until": rfc3339(one.until),
        "facts": list(one.facts),
        "words": list(one.words),
        "assumes": [code.value for code in one.assumes],
    }


def explained_shape(one: BuildVerdict) -> Shape:
    """Return what clears a build, with its obligations and assumptions in words; else what is open, the reason."""
    made = one.clearance
    return {
        "at": None if one.at is None or one.at == NO_TIME else str(one.at),
        "document": one.document.path if one.document else None,
        "incident": one.incident,
        "verdict": one.verdict.value,
        "open": None if made else one.reason,
        "clearance": None if made is None else _explained(made),
    }


def _explained(made: Clearance) -> Shape:
    return {
        **clearance_shape(made),
        "proof": [
            {
                "obligation": part.obligation.value,
                "by": "word" if part.word else "fact",
                "text": part.text,
                "asks": OBLIGED[part.obligation],
            }
            for part in made.proof
        ],
        "shows": PROVEN[made.kind],
        "assumes": [
            {"code": code.value, "text": ASSUMED[code], "replaced_by": REPLACED[code]} for code in made.assumes
        ],
    }


def write_proofs(sheet: TextCanvas, one: ServiceVerdict) -> None:
    """Write the proof of each build, or what is open where it has none."""
    sheet.title(f"Proofs, one for each build ({len(one.builds)})")
    for build in one.builds:
        when = f"build of {clock(build.at)}" if build.at is not None else "any build that nobody recorded"
        of = f", {build.document.path} ({build.document.sha256[:_SHORT]})" if build.document else ""
        about = f", for {build.incident}" if build.incident else ""
        sheet.line(f"{when}{of}{about}", indent=2, lead=build.verdict.value, tint=build.verdict)
        if build.clearance:
            _write(sheet, build.clearance)
        else:
            sheet.line(f"open: {build.reason}", indent=6)
    if not one.builds:
        sheet.line("no build is known", indent=2)


def _write(sheet: TextCanvas, made: Clearance) -> None:
    sheet.line(f"proof by {made.kind}: {PROVEN[made.kind]}", indent=6)
    sheet.line(f"{f'for {made.incident}, ' if made.incident else ''}{between(made.start, made.until)}", indent=6)
    for part in made.proof:
        sheet.line(f"({part.obligation}) {OBLIGED[part.obligation]}", indent=6, hang=4)
        sheet.line(f"{'word' if part.word else 'fact'}: {part.text}", indent=10)
    sheet.line("assuming" if made.assumes else assumed(()), indent=6)
    for code in made.assumes:
        sheet.line(f"{code}: {ASSUMED[code]}", indent=8)
        sheet.line(f"replaced by {REPLACED[code]}", indent=10, style="dim")
