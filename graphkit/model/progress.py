"""How long works tell how far they are."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Told how far a long work is: done, of how many (None: not known), and what is at hand."""

    def __call__(self, done: int, total: int | None, what: str, /) -> None:
        """Take note."""


def silent(_done: int, _total: int | None, _what: str, /) -> None:
    """Take no note of it."""
