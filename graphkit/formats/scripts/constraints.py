"""What the files say that commands name as constraints: they bind what is installed, and install nothing."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from hashlib import sha256
from typing import Final

from graphkit.formats.interface import Beside
from graphkit.formats.manifests.requirements_lines import logical_lines
from graphkit.formats.scripts.found import Found
from graphkit.model.names import BadName
from graphkit.model.requirements import Requirement, requirement

_MOST: Final = 50
"""Files of constraints of one script that are read."""


class Constraints:
    """The files of constraints that the commands of a file name. ``files``: the SHA-256 of each that was read."""

    def __init__(self, beside: Beside | None) -> None:
        self._beside = beside
        self._known: dict[str, list[tuple[Requirement, ...] | None]] = {}
        self.files: dict[str, str] = {}

    def take_up(self, found: Found, places: Iterable[str]) -> None:
        """Put what stands in the files of a command into it; one that cannot be read is left as what it installs from.

        ``places`` are the folders that its paths may be from; where files lie in several, what all of them say counts.
        """
        for name in found.constraints:
            paths = dict.fromkeys(posixpath.normpath(posixpath.join(place, name)) for place in places)
            read = [bounds for path in paths for bounds in self._in_file(path)]
            told = [bounds for bounds in read if bounds is not None]
            if not told or len(told) < len(read):
                found.inputs[name] = None
            else:
                found.bounds |= {one: None for one in told[0] if all(one in others for others in told)}

    def _in_file(self, path: str) -> list[tuple[Requirement, ...] | None]:
        """Return what a file says: nothing if there is none, None for one that is not read, or says more."""
        if path not in self._known:
            if len(self._known) >= _MOST:
                return [None]
            data = self._beside(path) if self._beside is not None else None
            self._known[path] = [] if data is None else [constraints_in(data)]
            if data is not None:
                self.files[path] = sha256(data).hexdigest()
        return self._known[path]


def constraints_in(data: bytes) -> tuple[Requirement, ...] | None:
    """Return the lines of a file of constraints; None where it says more: where a package is from, or another file.

    >>> [str(one) for one in constraints_in(b"a==1 # why") or ()], constraints_in(b"a @ https://files.example/a-1.zip")
    (['a==1'], None)
    """
    found: list[Requirement] = []
    for line in logical_lines(data.decode("utf-8-sig", "replace")):
        if line.kind == "comment":
            continue
        try:
            asked = requirement(line.text) if line.kind in {"requirement", "bare"} else None
        except BadName:
            asked = None
        if asked is None or asked.unreadable or asked.url or line.has_variable:
            return None
        found.append(asked)
    return tuple(found)
