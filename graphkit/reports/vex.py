"""What a VEX document says of a service, by its verdict; the same in each form of VEX."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import quote

from graphkit.model.answers import Blast, ServiceVerdict, Verdict
from graphkit.reports.text import cut, shown
from graphkit.reports.wording import by_node, slot_runs, span

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
_LONGEST: Final = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What is said of one service: ``ground`` why, ``action`` what to do, empty where it is cleared.

    ``product`` is its purl, of type generic, ``releases`` the purls of the compromised releases that it is about.
    """

    service: str
    product: str
    status: Status
    ground: str
    action: str
    releases: tuple[str, ...]


def statements(blast: Blast) -> tuple[Statement, ...]:
    """Return a statement for every service, in the order of the answer."""
    purls = {node: one.release.purl for node, one in by_node(blast.incident.releases).items()}
    return tuple(_statement(blast, one, purls, whole=_is_whole(blast)) for one in blast.services)


def _is_whole(blast: Blast) -> bool:
    """Return whether the window holds all that is known of when the releases were listed.

    A service that is cleared for a part of it is not cleared of the case, which is what a VEX document would say.
    """
    start, until = blast.window.start, blast.window.until
    return all(
        (one.start is None or start <= one.start) and (one.until is None or one.until <= until)
        for one in blast.incident.releases
    )


def _statement(blast: Blast, one: ServiceVerdict, purls: dict[str, str], *, whole: bool) -> Statement:
    status = _STATUS[one.verdict]
    part = ""
    if status == "not_affected" and not whole:
        status, part = "under_investigation", f"only {span(blast.window)} was asked about: "
    reached = [purls[path[-1].node] for path in one.paths if path and path[-1].node in purls]
    basis = f", {one.basis}" if one.basis else ""
    when = f"; exposed {', '.join(span(blast.slots[n]) for n in one.slots[:3])}" if one.slots else ""
    when += f" (slots {slot_runs(one.slots)})" if len(one.slots) > 3 else ""
    return Statement(
        service=shown(one.service),
        product=f"pkg:generic/{quote(shown(one.service), safe='')}",
        status=status,
        ground=cut(shown(f"{part}{one.verdict}{basis}: {one.reason}{when}"), _LONGEST),
        action="Ask about the whole time in which the releases were listed." if part else _action(one.verdict),
        releases=tuple(dict.fromkeys(reached)) if status == "affected" and reached else tuple(purls.values()),
    )


def _action(verdict: Verdict) -> str:
    if verdict in {Verdict.OBSERVED, Verdict.REPLAYED}:
        return "Renew every secret its builds could read; rebuild without the release."
    if verdict in {Verdict.PICKED, Verdict.ADMITTED}:
        return "Look at what it installed (lock, SBOM, build log); until then renew its secrets."
    return "" if verdict is Verdict.CLEARED else "Find what would settle it, as the reason says."
