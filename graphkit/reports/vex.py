"""What a VEX document says of a service, by its verdict; the same in each form of VEX."""

from __future__ import annotations

from typing import Final, Literal
from urllib.parse import quote

from msgspec import Struct

from graphkit.model.answers import Blast, Provenance, ServiceVerdict
from graphkit.model.ranks import Verdict
from graphkit.model.times import Instant, rfc3339
from graphkit.reports.proofs import proofs_of
from graphkit.reports.text import cut, shown
from graphkit.reports.wording import (
    REPLACED,
    by_node,
    clearance_in_words,
    is_proven,
    notices,
    slot_runs,
    slot_spans,
    span,
)

Status = Literal["affected", "not_affected", "under_investigation"]

_STATUS: Final[dict[Verdict, Status]] = {
    Verdict.OBSERVED: "affected",
    Verdict.REPLAYED: "affected",
    Verdict.PICKED: "under_investigation",
    Verdict.ADMITTED: "under_investigation",
    Verdict.UNKNOWN: "under_investigation",
    Verdict.CLEARED: "not_affected",
}
"""Only what was shown affects: that a release would have been picked, or could have been, is what one looks into."""
_FEW: Final = 3
"""How many slots are told in words."""
_LONGEST: Final = 2_000
_LONGEST_PROOF: Final = 20_000
"""A proof is not cut where a reason is: what it assumes and rests on is what it is worth."""


class Statement(Struct, frozen=True, kw_only=True):
    """What is said of one service: ``reason`` why, ``action`` what to do, empty where it is cleared.

    ``product`` is its purl, of type generic, ``releases`` the purls of the compromised releases that it is about.
    """

    service: str
    product: str
    status: Status
    reason: str
    action: str
    releases: tuple[str, ...]


def statements(blast: Blast, *, strict: bool = False) -> tuple[Statement, ...]:
    """Return a statement for every service, in the order of the answer; ``strict`` refuses every assumption."""
    purls = {node: one.release.purl for node, one in by_node(blast.incident.releases).items()}
    spans, whole = slot_spans(blast), _is_whole(blast)
    return tuple(
        _statement(one, purls, spans, _doubt(blast, one, whole=whole, strict=strict)) for one in blast.services
    )


def described(blast: Blast) -> str:
    """Return what the case is called and what every reader of it must know; empty where nothing is."""
    return shown(" ".join(filter(None, (blast.incident.title, *notices(blast), *(one.text for one in blast.left_out)))))


def written_at(blast: Blast, made: Provenance) -> Instant:
    """Return the time that a document bears: of the newest fact, else the end of the window, else the epoch's start."""
    until = blast.window.until if blast.window.is_known and rfc3339(blast.window.until) else 0
    return until if made.facts_until is None else made.facts_until


def _is_whole(blast: Blast) -> bool:
    """Return whether the window holds all that is known of when the releases were listed.

    A service that is cleared for a part of it is not cleared of the case, which is what a VEX document would say.
    """
    start, until = blast.window.start, blast.window.until
    return all(
        (one.start is None or start <= one.start) and (one.until is None or one.until <= until)
        for one in blast.incident.releases
    )


def _doubt(blast: Blast, one: ServiceVerdict, *, whole: bool, strict: bool) -> tuple[str, str]:
    """Return why a service that is cleared is not said to be unaffected, and what to do; empty where it is said."""
    if one.verdict is not Verdict.CLEARED:
        return "", ""
    if not whole:
        asked = f"only {span(blast.window)} was asked about: "
        return asked, "Ask about the whole time in which the releases were listed."
    if any(one.service in left.worse or not left.is_judged for left in blast.left_out):
        return "not all of the incident was asked about: ", "Ask about all of it."
    if not is_proven(one):
        return (
            "no proof of it is in this report: ",
            "Ask again; graphkit why SERVICE TARGET --clearance shows the proof.",
        )
    if strict and one.assumes:
        known = "; ".join(f"{code}: {REPLACED[code]}" for code in one.assumes)
        return "assumptions were refused (--strict): ", f"Replace each assumption: {known}."
    return "", ""


def _statement(one: ServiceVerdict, purls: dict[str, str], spans: list[str], doubt: tuple[str, str]) -> Statement:
    status = "under_investigation" if doubt[0] else _STATUS[one.verdict]
    reached = [purls[path[-1].node] for path in one.paths if path and path[-1].node in purls]
    basis = f", {one.basis}" if one.basis else ""
    when = f"; exposed {', '.join(spans[n] for n in one.slots[:_FEW])}" if one.slots else ""
    when += f" (slots {slot_runs(one.slots)})" if len(one.slots) > _FEW else ""
    reason = cut(shown(f"{doubt[0]}{one.verdict}{basis}: {one.reason}{when}"), _LONGEST)
    if one.verdict is Verdict.CLEARED:
        reason = cut(shown(f"{reason}; {proofs_of(one) or clearance_in_words(one)}"), _LONGEST_PROOF)
    return Statement(
        service=shown(one.service),
        product=f"pkg:generic/{quote(shown(one.service), safe='')}",
        status=status,
        reason=reason,
        action=doubt[1] or _action(one.verdict),
        releases=tuple(dict.fromkeys(reached)) if status == "affected" and reached else tuple(purls.values()),
    )


def _action(verdict: Verdict) -> str:
    if verdict in {Verdict.OBSERVED, Verdict.REPLAYED}:
        return "Renew every secret its builds could read; rebuild without the release."
    if verdict in {Verdict.PICKED, Verdict.ADMITTED}:
        return "Look at what it installed (lock, SBOM, build log); until then renew its secrets."
    return "" if verdict is Verdict.CLEARED else "Find what would settle it, as the reason says."
