"""The `uv.toml` of a manifest: uv takes indexes, overrides and links from it (uv, "Configuration files").

It is the nearest one, beside the manifest or in a folder above, unless a `[tool.uv]` is nearer.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from graphkit.model.errors import InputError
from graphkit.sources.documents.interface import Beside
from graphkit.sources.documents.pyproject_tools import indexes_in, is_off_public, note_unread
from graphkit.sources.documents.rows import Notes, toml
from graphkit.sources.documents.uv_guards import READ

UV_TOML: Final = "uv.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class UvSettings:
    """What a `uv.toml` adds to a manifest. ``files``: its SHA-256 by its path, as part of the manifest's identity."""

    files: tuple[tuple[str, str], ...] = ()
    indexes: tuple[str, ...] = ()
    is_off_public: bool = False
    is_open: bool = False
    """It can add or replace what is installed."""

    @property
    def is_there(self) -> bool:
        """Whether there is such a file."""
        return bool(self.files)


def settings_for(path: str, beside: Beside | None, notes: Notes, *, climbs: bool = True) -> UvSettings:
    """Return what the `uv.toml` of a manifest says. One that cannot be read may say anything.

    Its guards are not read, and count as none. ``climbs``: those in folders above count as well, as far as ``path``
    leads and the files there are given.
    """
    levels = len(PurePosixPath(path.replace("\\", "/")).parts) if climbs else 1
    names = ("../" * level + UV_TOML for level in range(levels))
    found_at = next(((name, data) for name in names if beside and (data := beside(name)) is not None), None)
    if found_at is None:
        return UvSettings()
    name, data = found_at
    files = ((name, hashlib.sha256(data).hexdigest()),)
    try:
        table = toml(data)
    except InputError as error:
        notes.leave_open(name, f"the settings of uv: {error}")
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
        notes.add(f"{name}: {one.place.removeprefix('tool.uv').removeprefix('.')}", one.text)
    return found
