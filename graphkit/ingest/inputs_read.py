"""Inputs that were read to their end: what tells whether one, and the files that it names, are as they were."""

from __future__ import annotations

import hashlib

import packaging

from graphkit.ingest.files import Content, Found, beside, content_of
from graphkit.model import __version__
from graphkit.stores.port import InputRead


def input_id(kind: str, data: bytes, label: str = "") -> str:
    """Return the id of an input: of its kind, its bytes, its label where its facts have it, and of what reads it.

    Another version of graphkit, or of `packaging`, may read more of the same bytes.
    """
    parts = (kind, hashlib.sha256(data).hexdigest(), __version__, packaging.__version__, label)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


class NamedFiles:
    """The files that an input names, as they are read: each with what it includes, and the digest of them all."""

    def __init__(self, found: Found) -> None:
        """Make one; ``found`` is the input, from whose folder the paths lead."""
        self._found = found
        self._files: list[list[str]] = []
        self._sha256 = hashlib.sha256()

    def content(self, path: str) -> Content:
        """Return the bytes of a file that the input names."""
        self._files.append([path])
        content = content_of(self._at(path))
        self._add(content.data)
        return content

    def beside(self, name: str) -> bytes | None:
        """Return a file that the file read last includes; see `graphkit.ingest.files.beside`."""
        data = beside(self._at(self._files[-1][0]), name)
        self._files[-1].append(name)
        self._add(data)
        return data

    def _at(self, path: str) -> Found:
        return Found(path=self._found.path.parent / path, label=path, named=True, root=self._found.root)

    def _add(self, data: bytes | None) -> None:
        self._sha256.update(b"-" if data is None else b"+" + hashlib.sha256(data).digest())

    def read_of(self, input_id: str, facts: int) -> InputRead:
        """Return that the input was read, with the files as they were."""
        files = tuple(map(tuple, self._files))
        return InputRead(id=input_id, facts=facts, files=files, files_sha256=self._sha256.hexdigest())

    def are_as(self, known: InputRead) -> bool:
        """Return whether the files are what they were when the input was read. Cost: each is read and hashed."""
        for path, *names in known.files:
            self.content(path)
            for name in names:
                self.beside(name)
        return self._sha256.hexdigest() == known.files_sha256
