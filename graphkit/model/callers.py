"""Who opens a graph: what others are told who wait for it, and how long it waits itself."""

from __future__ import annotations

from typing import Final, NamedTuple

WAIT: Final = 60.0
"""Seconds that one writer waits for another unless told."""


class Caller(NamedTuple):
    """A command, or a program in Python.

    ``verb``: what it does, for those who wait for it. ``wait``: seconds that it waits while another process writes.
    """

    verb: str = "a Python program"
    wait: float = WAIT
