"""Which folder or file each label of a graph stands for.

Answers call a folder by its name, and an input is known by that and its path in it. Two folders of one name that are
scanned one after the other stay two: else a scan of ``b/app`` would say of ``a/app`` what is true of the other. And a
file that is named from two working folders stays one.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from graphkit.ingest.files import folder_label, label_of, shown_path
from graphkit.sources.git import name_of
from graphkit.temporary import in_place_of

_FILE: Final = "scan-places.json"


class Places:
    """Labels of folders and files, remembered in a file beside the graph; of a graph on a server for one run."""

    def __init__(self, graph: Path | None) -> None:
        """Read what earlier runs called things; a file that is damaged or not there says nothing.

        ``graph``: the folder of the graph, None for one on a server.
        """
        self._file = None if graph is None else graph / _FILE
        self._known: dict[str, str] = {}
        if self._file is not None:
            try:
                self._known = msgspec.json.decode(self._file.read_bytes(), type=dict[str, str])
            except (OSError, ValueError, msgspec.MsgspecError):  # a ValueError is bytes that are not UTF-8
                self._known = {}
        self._before = dict(self._known)

    def label(self, folder: Path) -> str:
        """Return what answers call a folder: its label, with more of its path where that is another folder's."""
        return self._apart("folder", folder, folder_label)

    def name(self, folder: Path) -> str:
        """Return what the services of a repository are called by."""
        return self._apart("repository", folder, name_of)

    def document(self, path: Path, repository: str) -> tuple[str, str]:
        """Return what answers call a file that was named, and the folder that it is in: what they were at first.

        ``repository`` is what its folder would be called now. A file whose own label names its folder needs none, but
        where another file has that label: one would take the place of the other as its next state.
        """
        place = shown_path(Path(os.path.abspath(path)))  # noqa: PTH100 - the name that was given, not where a link leads
        label = self._known.setdefault(f"file {place}", label_of(path))
        is_first = self._known.setdefault(f"first {label}", place) == place
        needs_none = is_first and ("/" in label or not repository)
        folder = "" if needs_none else self.label(Path(place).parent)
        return label, self._known.setdefault(f"folder of {place}", folder)

    def _apart(self, kind: str, folder: Path, told: Callable[[Path], str]) -> str:
        whole = Path(os.path.abspath(folder))  # noqa: PTH100 - the name that was given, not where a link leads
        place, parts = shown_path(whole), whole.parts[1:]
        label, depth = told(folder), 1
        while self._known.setdefault(f"{kind} {label}", place) != place and depth < len(parts):
            depth += 1
            label = shown_path(Path(*parts[-depth:]))
        return label

    def save(self) -> None:
        """Remember the labels for the next run."""
        if self._file is None or self._known == self._before:
            return
        with in_place_of(self._file) as part:
            part.write_bytes(msgspec.json.encode(self._known, order="sorted"))
