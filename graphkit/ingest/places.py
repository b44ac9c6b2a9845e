"""Which folder each label of a graph stands for: two folders of one name that are scanned one after the other stay two.

Answers call a folder by its name, and an input is known by that and its path in it. Without this a scan of ``b/app``
would say of ``a/app`` what is true of the other.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import msgspec

from graphkit.ingest.files import folder_label, shown_path
from graphkit.sources.git import name_of


class Places:
    """Labels of folders, remembered in a file beside the graph. Without a file they are remembered for one scan."""

    def __init__(self, file: Path | None) -> None:
        """Read what earlier scans called folders; a file that is damaged or not there says nothing."""
        self._file = file
        self._known: dict[str, str] = {}
        if file is not None:
            try:
                self._known = msgspec.json.decode(file.read_bytes(), type=dict[str, str])
            except (OSError, msgspec.MsgspecError):
                self._known = {}

    def label(self, folder: Path) -> str:
        """Return what answers call a folder: its label, with more of its path where that is another folder's."""
        return self._apart("folder", folder, folder_label)

    def name(self, folder: Path) -> str:
        """Return what the services of a repository are called by."""
        return self._apart("repository", folder, name_of)

    def _apart(self, kind: str, folder: Path, told: Callable[[Path], str]) -> str:
        whole = Path(os.path.abspath(folder))  # noqa: PTH100 - the name that was given, not where a link leads
        place, parts = shown_path(whole), whole.parts[1:]
        label, depth = told(folder), 1
        while self._known.setdefault(f"{kind} {label}", place) != place and depth < len(parts):
            depth += 1
            label = shown_path(Path(*parts[-depth:]))
        return label

    def save(self) -> None:
        """Remember the labels for the next scan."""
        if self._file is None:
            return
        beside = self._file.with_suffix(f".{os.getpid()}.part")
        beside.write_bytes(msgspec.json.encode(self._known, order="sorted"))
        beside.replace(self._file)
