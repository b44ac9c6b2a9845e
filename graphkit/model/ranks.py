"""Values with an order: the one home of what is worse, or stronger, than what."""

from __future__ import annotations

from enum import StrEnum


class Ranked(StrEnum):
    """An enumeration whose members are written down in their order, the worst or strongest first."""

    @property
    def rank(self) -> int:
        """Its place in that order, from 0 on."""
        return list(type(self)).index(self)
