"""The proof behind `cleared` (docs/semantics.md#clearance). No other module makes a `Clearance`.

A proof is put together obligation by obligation: each is discharged by a fact or by the organisation's word, or it is
open. `prove` makes a `Clearance` of them where every obligation of its kind is discharged and none is open; else it
returns the first that is open. One that nobody looked at is open, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from graphkit.model.answers import NEEDED, Assumption, Clearance, Discharge, InputName, Obligation, ProofKind
from graphkit.model.organisation import Word, as_said
from graphkit.model.times import Instant


class OpenObligation(Struct, frozen=True, kw_only=True):
    """An obligation that nothing discharges. ``text`` says what is missing, and what would settle it.

    ``input``: the lock or manifest of which it is not known when it was in place. ``near``: a fresh install does not
    take it; only releases that it would not choose are unread. ``can_be_declared``: the user's word that a document
    lists everything would meet it. ``of_script``: a file that can install, and that nothing reads as a whole, leaves it
    open.
    """

    obligation: Obligation
    text: str
    input: InputName | None = None
    near: bool = False
    can_be_declared: bool = False
    of_script: bool = False


ProofStep = Discharge | OpenObligation
"""One obligation of a proof, discharged or open."""


def fact(obligation: Obligation, text: str) -> Discharge:
    """Return an obligation discharged by a fact."""
    return Discharge(obligation=obligation, text=text)


def word(obligation: Obligation, text: str) -> Discharge:
    """Return an obligation discharged by the organisation's word."""
    return Discharge(obligation=obligation, text=text, word=True)


def shown_or_said(obligation: Obligation, text: str, words: Sequence[Word]) -> Discharge:
    """Return an obligation discharged by a fact, or where somebody said it by that word, with who did."""
    return word(obligation, text + as_said(words)) if words else fact(obligation, text)


def prove(
    kind: ProofKind,
    incident: str,
    span: tuple[Instant, Instant],
    steps: Iterable[ProofStep],
    assumes: Iterable[Assumption] = (),
) -> Clearance | OpenObligation:
    """Return the proof that nothing accused was taken within a span, or the first obligation that is open.

    >>> prove(ProofKind.BAR, "inc", (0, 1), [fact(Obligation.ENDED, "it had ended")]).text
    'obligation (a) of a proof by bar was not checked'
    """
    done = sorted(steps, key=lambda one: one.obligation)
    if missing := [one for one in done if isinstance(one, OpenObligation)]:
        return missing[0]
    proof = tuple(one for one in done if isinstance(one, Discharge))
    shown = {one.obligation for one in proof}
    if not any(needed <= shown for needed in NEEDED[kind]):
        lacking = min((sorted(needed - shown) for needed in NEEDED[kind]), key=lambda one: (len(one), one))
        return OpenObligation(
            obligation=Obligation(lacking[0]), text=f"obligation ({lacking[0]}) of a proof by {kind} was not checked"
        )
    return Clearance(
        kind=kind,
        incident=incident,
        start=span[0],
        until=span[1],
        proof=proof,
        assumes=_ordered(assumes),
    )


def proof_alike(proof: Clearance, span: tuple[Instant, Instant], steps: Sequence[Discharge]) -> Clearance:
    """Return the proof of a build that is like another one in all that decides: the same steps, as worded for it."""
    return replace(proof, start=span[0], until=span[1], proof=tuple(steps))


def combined(parts: Sequence[Clearance]) -> Clearance:
    """Return the proofs of parts of one build as one: of stretches that follow each other, or of several inputs.

    Its kind is that of the weakest part: a walk, else a listing, else a bar.
    """
    kinds = (ProofKind.WALK, ProofKind.LISTING, ProofKind.BAR)
    first = min(parts, key=lambda one: kinds.index(one.kind))
    return replace(
        first,
        start=min(one.start for one in parts),
        until=max(one.until for one in parts),
        proof=tuple(
            sorted(dict.fromkeys(one for part in (first, *parts) for one in part.proof), key=lambda one: one.obligation)
        ),
        assumes=_ordered(one for part in parts for one in part.assumes),
    )


def with_assumption(proof: Clearance, assumption: Assumption) -> Clearance:
    """Return a proof that rests on one more assumption."""
    return replace(proof, assumes=_ordered((*proof.assumes, assumption)))


def with_word(proof: Clearance, said: Discharge) -> Clearance:
    """Return a proof that rests on one more word of the organisation."""
    steps = sorted(dict.fromkeys((*proof.proof, said)), key=lambda one: one.obligation)
    return replace(proof, proof=tuple(steps))


def _ordered(assumes: Iterable[Assumption]) -> tuple[Assumption, ...]:
    found = set(assumes)
    return tuple(one for one in Assumption if one in found)
