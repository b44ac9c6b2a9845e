"""Values with an order: the one home of what is worse, or stronger, than what."""

from __future__ import annotations

from enum import StrEnum
from functools import cached_property


class Ranked(StrEnum):
    """An enumeration whose members are written down in their order, the worst or strongest first."""

    @cached_property
    def rank(self) -> int:
        """Its place in that order, from 0 on; each member looks it up once."""
        return list(type(self)).index(self)
