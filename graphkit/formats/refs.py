"""Names of the rows of a document, each given only once."""

from __future__ import annotations

from graphkit.formats.diagnostics import Diagnostics, quoted


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


class WrittenRefs(Refs):
    """Refs of rows to which a document gives ids of its own, under ``key``.

    ``names`` is our ref for each id as written.
    """

    def __init__(self, key: str, diagnostics: Diagnostics) -> None:
        super().__init__()
        self.names: dict[str, str] = {}
        self._key = key
        self._diagnostics = diagnostics

    def of(self, written: str, place: str) -> str:
        """Return the ref of a row by its id, else by its place; a second row of an id is renamed, and noted."""
        ref = self.unique(written or place)
        if written in self.names:
            self._diagnostics.add(
                f"{place}.{self._key}", f"{quoted(written)} is a duplicate; this one is renamed to {quoted(ref)}"
            )
        elif written:
            self.names[written] = ref
        return ref
