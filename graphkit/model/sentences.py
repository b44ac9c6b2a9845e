"""Lists of names in sentences, which show the first of them and say how many more there are."""

from __future__ import annotations

from collections.abc import Sequence


def and_more(count: int, shown: int = 1) -> str:
    """Return what stands behind the first of several things, nothing where all are shown.

    >>> and_more(1_003, 3), and_more(2, 2)
    (' and 1,000 more', '')
    """
    return f" and {count - shown:,} more" if count > shown else ""


def first_of(names: Sequence[str], most: int) -> str:
    """Return the first names, at most so many, and how many more there are.

    >>> first_of(["a", "b", "c"], 2), first_of(["a", "b"], 2)
    ('a, b and 1 more', 'a, b')
    """
    return ", ".join(names[:most]) + and_more(len(names), most)
