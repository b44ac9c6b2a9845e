"""Names of the rows of a document, each given only once."""

from __future__ import annotations


class Refs:
    """Refs handed out, each only once."""

    def __init__(self) -> None:
        self._next: dict[str, int] = {}

    def unique(self, ref: str) -> str:
        """Return a ref, with ``#2``, ``#3``, … behind it where it was taken."""
        found = ref
        while found in self._next:
            self._next[ref] += 1
            found = f"{ref}#{self._next[ref]}"
        self._next[found] = 1
        return found
