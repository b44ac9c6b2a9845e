"""The seam of the document readers: what every format offers, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, runtime_checkable

from graphkit.model.documents import Document

Beside = Callable[[str], bytes | None]
"""Returns the bytes of a file by its path from the document's folder (POSIX, normalised); None where there is none
that may be read."""


class Reader(Protocol):
    """One document format. Readers keep no state: the same bytes give the same document.

    ``format`` is the format's name as messages show it. Bytes come as UTF-8 without a byte order
    mark, already unpacked.
    """

    @property
    def format(self) -> str:
        """The format's name, as messages show it."""
        ...

    def claims(self, data: bytes, name: str, hint: str) -> bool:
        """Return whether these bytes are of the format, by a cheap look at their content.

        ``name`` is the file's name and helps, but never decides; ``hint`` is `sbom`, `lock`, `env` or
        empty and only breaks a tie. A broken document of the format is claimed, so that it is
        rejected aloud. Never raises.
        """
        ...

    def parse(self, data: bytes, path: str, hint: str) -> Document:
        """Return the document. Odd rows become problems with their place, and the rest goes on.

        ``sha256`` is that of the bytes given here.

        Raises:
            InputError: the document as a whole cannot be used.
        """
        ...


@runtime_checkable
class Including(Protocol):
    """A format whose documents may include files that lie beside them."""

    def parse_with(self, data: bytes, path: str, hint: str, beside: Beside) -> Document:
        """Return the document with what it includes; else as `Reader.parse`.

        ``sha256`` is that of a listing of all files where it includes any, so that a change of one of
        them is another document.
        """
        ...
