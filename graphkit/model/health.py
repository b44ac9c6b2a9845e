"""What `graphkit doctor` looked at, and what it found."""

from __future__ import annotations

from msgspec import Struct


class Check(Struct, frozen=True, kw_only=True):
    """One thing that was looked at.

    ``text``: how it is. ``do``: the command that mends it, empty where none is known or nothing is to be done.
    ``is_repaired``: it was found, and mended since.
    """

    subject: str
    text: str
    is_finding: bool = False
    do: str = ""
    is_repaired: bool = False


class Health(Struct, frozen=True, kw_only=True):
    """Every check, in the order in which they were made."""

    checks: tuple[Check, ...]

    @property
    def findings(self) -> tuple[Check, ...]:
        """What was found and is not mended."""
        return tuple(one for one in self.checks if one.is_finding and not one.is_repaired)
