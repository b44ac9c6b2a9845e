"""Which places let a release by that should not, and which tables name places that there are none of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from itertools import chain

from graphkit.model.answers import ServiceVerdict
from graphkit.model.ranks import Verdict


def wrongly_cleared(judged: Mapping[str, ServiceVerdict], exempt: Mapping[str, Iterable[str]]) -> list[str]:
    """Return the plants (`part what`, then anything in brackets) that are cleared and that no table excuses."""
    patterns = tuple(chain.from_iterable(exempt.values()))
    return [
        f"{name}: {one.reason}"
        for name, one in judged.items()
        if one.verdict is Verdict.CLEARED and not excused(name, patterns)
    ]


def excused(name: str, patterns: Iterable[str]) -> bool:
    """Return whether a plant is of a place that some pattern names."""
    return any(fnmatchcase(name.partition(" (")[0], one) for one in patterns)


def idle(exempt: Mapping[str, Iterable[str]], names: Iterable[str]) -> list[str]:
    """Return the patterns that excuse nothing that was found cleared."""
    plants = {name.partition(" (")[0] for name in names}
    return [one for one in chain.from_iterable(exempt.values()) if not any(fnmatchcase(name, one) for name in plants)]
