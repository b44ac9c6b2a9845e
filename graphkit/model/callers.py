"""Who opens a graph: what others who wait for it are told, how long it waits itself, and where its remarks go."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

WAIT: Final = 60.0
"""Seconds that one writer waits for another unless told."""


def unheard(_text: str, /) -> None:
    """Take no note of a remark."""


class Caller(NamedTuple):
    """A command, or a program in Python.

    ``verb``: what it does, for those who wait for it. ``wait``: seconds that it waits while another process writes.
    ``tell`` takes a remark of one line, at the moment when it holds: that it waits, or that what it reads is older.
    """

    verb: str = "a Python program"
    wait: float = WAIT
    tell: Callable[[str], None] = unheard
