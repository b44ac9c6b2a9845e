"""Requirements files that include others: all their lines in pip's order, each with its place."""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Iterator, Mapping
from typing import Final

from graphkit.formats.diagnostics import Diagnostics
from graphkit.formats.interface import Beside
from graphkit.formats.manifests.requirements_lines import Line, logical_lines

_MOST: Final = 1_000
"""How many files one may include."""


def digest_of(data: bytes, files: Mapping[str, str]) -> str:
    """Return the SHA-256 of a document's bytes; where it includes files, of a listing of all with their hashes."""
    own = hashlib.sha256(data).hexdigest()
    if not files:
        return own
    listing = "".join(f"{name}\0{digest}\n" for name, digest in sorted(files.items()))
    return hashlib.sha256(f"{own}\n{listing}".encode("utf-8", "backslashreplace")).hexdigest()


class Included:
    """The lines of a file and of those it includes, each file once; what cannot be followed stays a line.

    ``-r`` and ``-c`` name files beside the one they stand in (pip, "Requirements File Format").
    ``digest`` is the identity of them all.
    """

    def __init__(self, data: bytes, beside: Beside | None, diagnostics: Diagnostics) -> None:
        self._beside = beside
        self._diagnostics = diagnostics
        self._data = data
        self.files: dict[str, str] = {}
        """The SHA-256 of each file that was included, by its path."""
        self._met: set[tuple[str, bool]] = set()

    def lines(self) -> Iterator[tuple[Line, str, bool]]:
        """Yield (line, its place, whether it only constrains). Nested files are read without recursion."""
        waiting = [("", "", False, logical_lines(self._text(self._data, "")))]
        while waiting:
            prefix, folder, constrains, lines = waiting[-1]
            line = next(lines, None)
            if line is None:
                waiting.pop()
                continue
            is_include = line.kind == "option" and line.option in {"--requirement", "--constraint"}
            name = (
                posixpath.normpath(posixpath.join(folder, line.text.strip().replace("\\", "/"))) if is_include else ""
            )
            found = self._file(name) if is_include else None
            if found is None:
                yield line, f"{prefix}line {line.number}", constrains
                continue
            below = constrains or line.option == "--constraint"
            if (name, below) not in self._met:
                self._met.add((name, below))
                shown = f"{name} "
                waiting.append((shown, posixpath.dirname(name), below, logical_lines(self._text(found, shown))))

    def digest(self, beside: Mapping[str, str]) -> str:
        """Return the SHA-256 of the file's bytes; with others that count, of a listing of all with their hashes."""
        return digest_of(self._data, {**self.files, **beside})

    def _file(self, name: str) -> bytes | None:
        if self._beside is None or "://" in name or "$" in name or len(self._met) >= _MOST:
            return None
        data = self._beside(name)
        if data is not None:
            self.files[name] = hashlib.sha256(data).hexdigest()
        return data

    def _text(self, data: bytes, prefix: str) -> str:
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            self._diagnostics.add(f"{prefix}byte {error.start}", "not valid UTF-8; invalid bytes were escaped")
            return data.decode("utf-8", "backslashreplace")
