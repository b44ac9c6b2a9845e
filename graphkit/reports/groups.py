"""The five words that people read first, and the tiers that each stands for; JSON keeps the tiers' own codes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from itertools import islice
from typing import Final

from graphkit.model.answers import Blast, ServiceVerdict
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

CALLED: Final[Mapping[str, str]] = {
    "compromised": "compromised",
    **{verdict.value: group.value for verdict, group in _GROUPS.items()},
    "stated": "hit, as stated",
    "supplier": "through a supplier",
    "nominated": "possible, not confirmed",
    "older": "older releases only",
    "none": "not tied to it",
}
"""What a page calls every verdict that an entry can have; data have the verdicts' own codes."""

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
    """Return the company that runs the reader's own services and no others, empty where there is none such."""
    number = len(blast.services) - len(blast.external)
    rows = (row for row in blast.companies if blast.external.isdisjoint(row.services))
    return next((row.name for row in rows if len(row.services) == number > 0), "")


def sentence(counts: Mapping[Group, int], company: str = "") -> str:
    """Return what happened to the services, for somebody who reads nothing else. ``company``: who runs all of them.

    >>> sentence({Group.HIT: 2, Group.LIKELY: 1, Group.POSSIBLE: 0, Group.UNKNOWN: 2, Group.CLEAR: 9})
    '2 of your 14 services were hit, 1 probably. 2 cannot be told yet. 9 are clear.'
    >>> sentence({Group.HIT: 0, Group.LIKELY: 1, Group.POSSIBLE: 2, Group.UNKNOWN: 0, Group.CLEAR: 1})
    'None of your 4 services is known to be hit. 1 was probably hit, 2 possibly. 1 is clear.'
    >>> sentence({Group.HIT: 0, Group.LIKELY: 0, Group.POSSIBLE: 0, Group.UNKNOWN: 0, Group.CLEAR: 4})
    'None of your 4 services was hit. 4 are clear.'
    """
    total, hit = sum(counts.values()), counts[Group.HIT]
    if not total:
        return "The graph holds no service of yours yet."
    number = f"{total:,} " if total > 1 else ""
    of = f"of the {number}services of {company}" if company else f"of your {number}services"
    words = ((Group.LIKELY, "probably"), (Group.POSSIBLE, "possibly"))
    weaker = [(counts[group], word) for group, word in words if counts[group]]
    if hit:
        parts = [f"{hit:,} {of} {_was(hit)} hit", *(f"{some:,} {word}" for some, word in weaker)]
        more = [f"{', '.join(parts)}."]
    elif counts[Group.CLEAR] == total:
        more = [f"None {of} was hit."]
    else:  # of one that is no more than probable, or cannot be told, nobody may say that it was not
        more = [f"None {of} is known to be hit."]
        parts = [f"{some:,} {word if at else f'{_was(some)} {word} hit'}" for at, (some, word) in enumerate(weaker)]
        more += [f"{', '.join(parts)}."] if parts else []
    more += [f"{counts[Group.UNKNOWN]:,} cannot be told yet."] if counts[Group.UNKNOWN] else []
    clear = counts[Group.CLEAR]
    more += [f"{clear:,} {'are' if clear > 1 else 'is'} clear."] if clear else []
    return " ".join(more)


def _was(number: int) -> str:
    return "were" if number > 1 else "was"


def counts_of(blast: Blast) -> dict[Group, int]:
    """Return how many of the reader's own services each group has, none left out, worst group first."""
    every, others = _counted(blast.summary.services), counts_of_others(blast)
    return {group: number - others[group] for group, number in every.items()}


def counts_of_others(blast: Blast) -> dict[Group, int]:
    """Return how many services of somebody else each group has, worst group first."""
    return _counted(blast.summary.external_services)


def own_services(
    blast: Blast, most: int, among: Collection[Group] = tuple(Group)
) -> dict[Group, tuple[ServiceVerdict, ...]]:
    """Return at most so many of the reader's own services of each of these groups that has some, worst first.

    Services are sorted by verdict, so each group is one stretch of them; only what is returned is written out.
    """
    counts = counts_of(blast)
    return _first_of_each(blast, most, {group: counts[group] for group in among}, is_own=True)


def services_of_others(blast: Blast, most: int) -> dict[Group, tuple[ServiceVerdict, ...]]:
    """Return at most so many of each group's services that are somebody else's, worst first."""
    return _first_of_each(blast, most, counts_of_others(blast), is_own=False)


def _first_of_each(
    blast: Blast, most: int, wanted: Mapping[Group, int], *, is_own: bool
) -> dict[Group, tuple[ServiceVerdict, ...]]:
    found, first = {}, 0
    for group, number in _counted(blast.summary.services).items():
        services = _stretch(blast.services, first, first + number, most)
        if number_wanted := min(most, wanted.get(group, 0)):
            asked = (one for one in services if (one.service not in blast.external) is is_own)
            found[group] = tuple(islice(asked, number_wanted))
        first += number
    return found


def _stretch(services: Sequence[ServiceVerdict], first: int, last: int, most: int) -> Iterator[ServiceVerdict]:
    """Yield some services, so many of which are written out together."""
    for at in range(first, last, most):
        yield from services[at : min(at + most, last)]


def _counted(services: Iterable[tuple[str, int]]) -> dict[Group, int]:
    counts = Counter[Group]()
    for name, number in services:
        counts[_GROUPS[Verdict(name)]] += number
    return {group: counts[group] for group in Group}
