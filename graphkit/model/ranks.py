"""Values with an order: the one home of what is worse, or stronger, than what."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from functools import cached_property


class Ranked(StrEnum):
    """An enumeration whose members are written down in their order, the worst or strongest first."""

    @cached_property
    def rank(self) -> int:
        """Its place in that order, from 0 on; each member looks it up once."""
        return list(type(self)).index(self)


class Tier(Ranked):
    """Evidence that a release reached something, strongest first (docs/semantics.md#tiers)."""

    OBSERVED = "observed"
    REPLAYED = "replayed"
    PICKED = "picked"
    ADMITTED = "admitted"


class Verdict(Ranked):
    """The verdict of a service or build: the tiers, then `unknown`, then `cleared` (docs/semantics.md#worst-build)."""

    OBSERVED = "observed"
    REPLAYED = "replayed"
    PICKED = "picked"
    ADMITTED = "admitted"
    UNKNOWN = "unknown"
    CLEARED = "cleared"


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the worst of some verdicts; of none, `unknown`."""
    return min(verdicts, key=lambda one: one.rank, default=Verdict.UNKNOWN)


class CompanyVerdict(Ranked):
    """The verdict of a company: its own services' tiers beside `stated` and `supplier`, worst first."""

    OBSERVED = "observed"
    REPLAYED = "replayed"
    STATED = "stated"
    PICKED = "picked"
    SUPPLIER = "supplier"
    ADMITTED = "admitted"
    UNKNOWN = "unknown"
    CLEARED = "cleared"
    NONE = "none"
    """Named in claims or supply relations only; nothing ties it to the incident."""
