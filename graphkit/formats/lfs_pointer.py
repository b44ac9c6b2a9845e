"""Pointers of Git LFS in the place of locks and manifests, whose content is kept elsewhere."""

from __future__ import annotations

import re
from typing import Final

from graphkit.formats.interface import RawDocument
from graphkit.model.documents import Basis, Completeness, Document, DocumentKind, Problem
from graphkit.model.input_names import is_lock, is_manifest

_POINTER: Final = re.compile(rb"\s*version https://git-lfs\.github\.com/spec/v\d+\r?\n")
_OID: Final = re.compile(rb"^oid sha256:([0-9a-f]{64})\r?$", re.MULTILINE | re.IGNORECASE)
_HEAD: Final = 1_024
"""Bytes that a pointer has at most, by its specification."""
_INPUT: Final = re.compile(
    r"(?:^|/)(?:[^/]*(?:requirements|constraints|freeze|pyproject|pylock|environment)[^/]*"
    r"\.(?:txt|in|pip|lock|toml|ya?ml)|setup\.(?:py|cfg))$",
    re.IGNORECASE,
)
"""More names of files that something is installed from, or that such files include."""


def sha256_of_pointer(data: bytes) -> str:
    r"""Return the SHA-256 of the file that a pointer stands for; empty for no pointer, and one of another hash.

    >>> sha256_of_pointer(b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"4d" * 32)[:6]
    '4d4d4d'
    """
    oid = _OID.search(data[:_HEAD]) if is_pointer(data) else None
    return oid[1].decode().lower() if oid else ""


def is_pointer(data: bytes) -> bool:
    """Return whether bytes are those of a pointer."""
    return _POINTER.match(data[:200]) is not None


class LfsPointer:
    """The reader of pointers: what is installed is known to nobody here."""

    format = "Git LFS pointer"

    def claims(self, raw: RawDocument) -> bool:
        """Return whether a pointer stands in the place of a file that something is installed from."""
        if not is_pointer(raw.data):
            return False
        path = raw.path.replace("\\", "/")
        return is_lock(path) or is_manifest(path) or bool(_INPUT.search(path))

    def parse(self, raw: RawDocument) -> Document:
        """Return a manifest of which nothing is known."""
        return Document(
            sha256=raw.sha256,
            path=raw.path,
            kind=DocumentKind.MANIFEST,
            format=self.format,
            basis=Basis.LISTED,
            completeness=Completeness.INCOMPLETE,
            dependencies_known=False,
            problems=(Problem(place="the file", text="is a Git LFS pointer; run `git lfs pull` to get the file"),),
        )


READER: Final = LfsPointer()
