"""Rows of documents that were looked at before: a fleet repeats most of its components."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from graphkit.model.documents import Component

_REMEMBERED: Final = 1 << 16
_SHARED: Final = 10_000
"""What a longer document lists, hardly any other does."""


class CheckedRows:
    """Finds the rows that a test is true of, and asks it once for each row.

    Readers give one object for rows of equal bytes, so a row is known by its identity. It is held, so that no other
    gets the same one; all are let go of at 65,536.
    """

    def __init__(self, is_odd: Callable[[Component], bool]) -> None:
        """Make one; ``is_odd`` is the test."""
        self._is_odd = is_odd
        self._usual: dict[int, Component] = {}

    def odd_in(self, rows: Sequence[Component]) -> list[int]:
        """Return the positions of the rows that the test is true of, ascending.

        Cost: where all rows are known, a look-up for each.

        >>> from graphkit.model.documents import Component
        >>> CheckedRows(lambda row: not row.name).odd_in([Component(ref="a", name="a"), Component(ref="b", name="")])
        [1]
        """
        known = self._usual
        if all(map(known.__contains__, map(id, rows))):
            return []
        fresh = [row for row in rows if id(row) not in known]
        odd = {id(row) for row in fresh if self._is_odd(row)}
        if len(rows) <= _SHARED:
            if len(known) > _REMEMBERED:
                known.clear()
            known.update((id(row), row) for row in fresh if id(row) not in odd)
        return [at for at, row in enumerate(rows) if id(row) in odd] if odd else []
