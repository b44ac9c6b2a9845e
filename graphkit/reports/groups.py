"""The five words that people read first, and the tiers that each stands for; JSON keeps the tiers' own codes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from graphkit.model.answers import Blast
from graphkit.model.ranks import Verdict


class Group(StrEnum):
    """What a verdict says to somebody who does not know the tiers, worst first."""

    HIT = "hit"
    LIKELY = "likely"
    POSSIBLE = "possible"
    UNKNOWN = "unknown"
    CLEAR = "clear"


_GROUPS: Final[Mapping[Verdict, Group]] = {
    Verdict.OBSERVED: Group.HIT,
    Verdict.REPLAYED: Group.LIKELY,
    Verdict.PICKED: Group.LIKELY,
    Verdict.ADMITTED: Group.POSSIBLE,
    Verdict.UNKNOWN: Group.UNKNOWN,
    Verdict.CLEARED: Group.CLEAR,
}

MEANING: Final[Mapping[Group, str]] = {
    Group.HIT: "a document shows the compromised release",
    Group.LIKELY: "a fresh install would have taken it",
    Group.POSSIBLE: "the version ranges allow it",
    Group.UNKNOWN: "not enough is known",
    Group.CLEAR: "proven, on the assumptions that each names",
}
"""What each group says, in a few words."""

EVIDENCE: Final[Mapping[str, str]] = {
    "hash": "an accused file, by its hash",
    "installed": "a list of what is installed",
    "downloaded": "a download log",
    "built": "the SBOM of a build",
    "locked": "a lock file",
    "listed": "an SBOM or a list",
}
"""What a basis of `observed` is, in words."""


def group_of(verdict: Verdict) -> Group:
    """Return the group of a verdict."""
    return _GROUPS[verdict]


def whose(blast: Blast) -> str:
    """Return the company that runs every service, empty where there are several or none."""
    number = len(blast.services)
    return next((row.name for row in blast.companies if number and len(row.services) == number), "")


def sentence(counts: Mapping[Group, int], company: str = "") -> str:
    """Return what happened to the services, for somebody who reads nothing else. ``company``: who runs all of them.

    >>> sentence({Group.HIT: 2, Group.LIKELY: 1, Group.POSSIBLE: 0, Group.UNKNOWN: 2, Group.CLEAR: 9})
    '2 of your 14 services were hit, 1 probably. 2 cannot be told yet. 9 are clear.'
    """
    total, hit = sum(counts.values()), counts[Group.HIT]
    if not total:
        return "The graph holds no service of yours yet."
    number = f"{total:,} " if total > 1 else ""
    of = f"of the {number}services of {company}" if company else f"of your {number}services"
    parts = [f"{f'{hit:,}' if hit else 'None'} {of} {'were' if hit > 1 else 'was'} hit"]
    words = ((Group.LIKELY, "probably"), (Group.POSSIBLE, "possibly"))
    parts += [f"{counts[group]:,} {word}" for group, word in words if counts[group]]
    more = [f"{counts[Group.UNKNOWN]:,} cannot be told yet."] if counts[Group.UNKNOWN] else []
    clear = counts[Group.CLEAR]
    more += [f"{clear:,} {'are' if clear > 1 else 'is'} clear."] if clear else []
    return " ".join((f"{', '.join(parts)}.", *more))


def counts_of(blast: Blast) -> dict[Group, int]:
    """Return how many services each group has, none left out, worst group first."""
    counts = Counter[Group]()
    for name, number in blast.summary.services:
        counts[_GROUPS[Verdict(name)]] += number
    return {group: counts[group] for group in Group}
