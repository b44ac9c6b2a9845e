"""A `uv.toml` beside a manifest: uv takes its indexes, overrides and links from there (uv, "Configuration files")."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from graphkit.model.errors import InputError
from graphkit.sources.documents.interface import Beside
from graphkit.sources.documents.pyproject_tools import indexes_in, is_off_public, note_unread
from graphkit.sources.documents.rows import Notes, toml
from graphkit.sources.documents.uv_guards import READ

UV_TOML: Final = "uv.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class UvSettings:
    """What a `uv.toml` adds to a manifest. ``files``: its SHA-256 by its name, as part of the manifest's identity."""

    files: tuple[tuple[str, str], ...] = ()
    indexes: tuple[str, ...] = ()
    is_off_public: bool = False
    is_open: bool = False
    """It can add or replace what is installed."""

    @property
    def is_there(self) -> bool:
        """Whether there is such a file."""
        return bool(self.files)


def settings_beside(beside: Beside | None, notes: Notes) -> UvSettings:
    """Return what a `uv.toml` beside a manifest says. One that cannot be read may say anything.

    Its guards are not read, and count as none.
    """
    if beside is None or (data := beside(UV_TOML)) is None:
        return UvSettings()
    files = ((UV_TOML, hashlib.sha256(data).hexdigest()),)
    try:
        table = toml(data)
    except InputError as error:
        notes.leave_open(UV_TOML, f"the settings of uv: {error}")
        return UvSettings(files=files, is_open=True)
    tools, told = {"uv": table}, Notes()
    found = UvSettings(
        files=files,
        indexes=indexes_in(tools, told),
        is_off_public=is_off_public(tools, told),
        is_open=note_unread(tools, told) or told.lost,
    )
    for key in sorted(READ & table.keys()):
        told.add(f"tool.uv.{key}", "is not read here; it counts as none")
    for one in told.told():
        notes.add(f"{UV_TOML}: {one.place.removeprefix('tool.uv').removeprefix('.')}", one.text)
    return found
