"""The seam of the document readers: what every format offers, and nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from graphkit.model.documents import Document

Beside = Callable[[str], bytes | None]
"""Returns the bytes of a file by its path from the document's folder (POSIX, normalised); None where there is none
that may be read."""


class RawDocument(Struct, frozen=True):
    """A file as a reader gets it: bytes, and what is known about them.

    ``data`` is UTF-8 without a byte order mark, already unpacked. ``path`` is what answers call the file. ``hint`` is
    `sbom`, `lock`, `env` or empty. ``beside`` gives files that the document may include, None where there are none.
    ``known_sha256`` is that of ``data``, empty where nobody worked it out.

    >>> RawDocument(b"litellm==1.82.8", "requirements.txt").hint
    ''
    """

    data: bytes
    path: str
    hint: str = ""
    beside: Beside | None = None
    known_sha256: str = ""

    @property
    def sha256(self) -> str:
        """The SHA-256 of ``data``, in hexadecimal. Cost: one pass over the bytes, where it is not known."""
        return self.known_sha256 or hashlib.sha256(self.data).hexdigest()


class Reader(Protocol):
    """One document format. Readers keep no state: the same bytes give the same document."""

    @property
    def format(self) -> str:
        """The format's name, as messages and the README show it."""
        ...

    def claims(self, raw: RawDocument) -> bool:
        """Return whether these bytes are of the format, by a cheap look at their content.

        The path helps and never decides; the hint only breaks a tie. A broken document of the format is claimed, so
        that it is rejected with an error. Never raises.
        """
        ...

    def parse(self, raw: RawDocument) -> Document:
        """Return the document. Odd rows become problems with their place, and the rest goes on.

        ``sha256`` is that of the bytes given here; where the document includes files from ``raw.beside``, it is that of
        a listing of all of them, so that a change of one is another document.

        Raises:
            InputError: the document as a whole cannot be used.
        """
        ...
