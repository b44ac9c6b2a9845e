"""What uv takes for a manifest from other files: a `uv.toml`, and overrides in a `pyproject.toml` beside or above it.

The `uv.toml` is the nearest one, beside the manifest or in a folder above, unless a `[tool.uv]` is nearer (uv,
"Configuration files"). Overrides of the root of a workspace reach its members, and those of a `pyproject.toml` what
`uv pip install -r` reads in its folder or below (tried with uv 0.13).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from graphkit.formats.decoding import toml
from graphkit.formats.diagnostics import Diagnostics
from graphkit.formats.interface import Beside
from graphkit.formats.manifests.pyproject_tools import indexes_in, is_off_public, note_unread
from graphkit.formats.manifests.uv_guards import CAN_ADD, READ, guards_of, stated_metadata
from graphkit.model.errors import InputError
from graphkit.model.guards import StatedMetadata
from graphkit.model.requirements import Requirement

UV_TOML: Final = "uv.toml"
PYPROJECT: Final = "pyproject.toml"


class UvSettings(Struct, frozen=True, kw_only=True):
    """What other files add to a manifest. ``files``: their SHA-256 by path, as part of the manifest's identity."""

    files: tuple[tuple[str, str], ...] = ()
    indexes: tuple[str, ...] = ()
    is_off_public: bool = False
    is_open: bool = False
    """It can add or replace what is installed."""
    overrides: tuple[Requirement, ...] = ()
    """Of a `pyproject.toml` beside or above: they can replace what is installed as well."""
    metadata: tuple[StatedMetadata, ...] = ()
    """Of a `uv.toml`."""
    upgrades: tuple[str, str] = ("", "")
    """Where a setting of a `uv.toml` stands that has uv pass by its lock, and its text."""

    @property
    def has_uv_toml(self) -> bool:
        """Whether there is a `uv.toml`."""
        return any(PurePosixPath(name).name == UV_TOML for name, _ in self.files)


def settings_for(path: str, beside: Beside | None, diagnostics: Diagnostics, *, climbs: bool = True) -> UvSettings:
    """Return what uv takes for a manifest from files beside and above it. One that cannot be read may say anything.

    Guards in a `uv.toml` are not read, and count as none. ``climbs``: one in a folder above counts as well, as far as
    ``path`` leads and the files there are given.
    """
    if beside is None:
        return UvSettings()
    own = PurePosixPath(path.replace("\\", "/"))
    above = ["../" * level for level in range(len(own.parts))]
    found = _in_uv_toml(above if climbs else above[:1], beside, diagnostics)
    return _with_overrides(found, above[1:] if own.name == PYPROJECT else above, beside, diagnostics)


def upgrades_in(table: Mapping[str, Any], place: str) -> tuple[str, str]:
    """Return where a setting of uv stands that has it resolve anew in spite of its lock, and its text; empty for none.

    >>> upgrades_in({"upgrade-package": ["litellm"]}, "tool.uv.")
    ('tool.uv.upgrade-package', 'upgrade-package = ["litellm"]')
    """
    for key in ("upgrade", "upgrade-package"):
        if value := table.get(key):
            return f"{place}{key}", f"{key} = {json.dumps(value, default=str)}"
    return "", ""


def has_overrides(data: bytes) -> bool:
    """Return whether a `pyproject.toml` seems to have overrides of uv; cheap, and never wrong where it has some."""
    return any(key.encode() in data for key in CAN_ADD)


def _with_overrides(found: UvSettings, above: Sequence[str], beside: Beside, diagnostics: Diagnostics) -> UvSettings:
    """Return the settings with the overrides that uv may put in the place of what a manifest asks for."""
    names = (folder + PYPROJECT for folder in above)
    there = ((name, data) for name in names if (data := beside(name)) is not None and has_overrides(data))
    name, data = next(there, ("", b""))
    if not name:
        return found
    files = (*found.files, (name, hashlib.sha256(data).hexdigest()))
    try:
        tools = toml(data).get("tool")
    except InputError as error:
        diagnostics.leave_open(name, f"the settings of uv: {error}")
        return replace(found, files=files, is_open=True)
    told = Diagnostics()
    guards = guards_of(told.table(tools, "tool"), told, is_shadowed=False)
    return replace(found, files=files, is_open=found.is_open or told.lost, overrides=guards.overrides if guards else ())


def _in_uv_toml(above: Sequence[str], beside: Beside, diagnostics: Diagnostics) -> UvSettings:
    names = (folder + UV_TOML for folder in above)
    found_at = next(((name, data) for name in names if (data := beside(name)) is not None), None)
    if found_at is None:
        return UvSettings()
    name, data = found_at
    files = ((name, hashlib.sha256(data).hexdigest()),)
    try:
        table = toml(data)
    except InputError as error:
        diagnostics.leave_open(name, f"the settings of uv: {error}")
        return UvSettings(files=files, is_open=True)
    tools, told = {"uv": table}, Diagnostics()
    for key in sorted(READ & table.keys()):
        can_add = key in CAN_ADD
        text = "can add or replace what is installed, and is not read" if can_add else "is not read here; it is ignored"
        told.add(f"tool.uv.{key}", text, lost=can_add)
    found = UvSettings(
        files=files,
        indexes=indexes_in(tools, told),
        is_off_public=is_off_public(tools, told),
        is_open=note_unread(tools, told) or told.lost,
        metadata=stated_metadata(table),
        upgrades=upgrades_in(table, f"{name}: "),
    )
    for one in told.as_tuple():
        diagnostics.add(f"{name}: {one.place.removeprefix('tool.uv').removeprefix('.')}", one.text)
    return found
