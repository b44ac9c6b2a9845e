"""Guards in `[tool.uv]` of pyproject.toml: constraints, overrides, cut-offs, as uv reads them (uv, "Settings").

Tried with uv 0.13: months and years are refused; `false` lifts a cut-off for one package; where a `uv.toml`
lies beside pyproject.toml, `[tool.uv]` is not read. What is excluded is asked for by nobody, overrides included.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from graphkit.model.guards import CutOff, Guards
from graphkit.model.names import BadName, PackageName, package_name
from graphkit.model.requirements import Requirement, requirement
from graphkit.sources.documents.addresses import without_passwords
from graphkit.sources.documents.cut_offs import uv_cut_off
from graphkit.sources.documents.rows import Notes, shown

READ: Final = frozenset(
    {
        *("constraint-dependencies", "override-dependencies", "exclude-dependencies"),
        *("exclude-newer", "exclude-newer-package"),
    }
)
"""Keys of `[tool.uv]` that are read here."""
CAN_ADD: Final = frozenset({"override-dependencies"})
"""Those of them that can bring in what nobody asks for: where one is not read, the manifest is open."""
_NOWHERE: Final = 'python_version < "0"'
"""A marker that holds nowhere: what is excluded is replaced by this."""


def guards_of(tools: Mapping[str, Any], notes: Notes, *, is_shadowed: bool) -> Guards | None:
    """Return the guards of a manifest, None for none. What cannot be read is noted, and counts as none.

    ``is_shadowed``: a `uv.toml` lies beside the manifest.
    """
    uv = notes.table(tools.get("uv"), "tool.uv")
    is_workspace = isinstance(uv.get("workspace"), dict)
    named = sorted(READ & uv.keys())
    if is_shadowed and named:
        notes.add(f"tool.uv.{named[0]}", "uv does not read it, since a uv.toml lies beside; it counts as none")
        named = []
    found = Guards(
        constraints=_requirements(uv, "constraint-dependencies", notes) if named else (),
        overrides=_overrides(uv, notes) if named else (),
        cut_off=_cut_off(uv.get("exclude-newer"), "tool.uv.exclude-newer", notes) if named else None,
        cut_offs=_cut_offs(uv.get("exclude-newer-package"), notes) if named else (),
        is_workspace=is_workspace,
    )
    return found if found != Guards() else None


def _requirements(uv: Mapping[str, Any], key: str, notes: Notes, *, can_add: bool = False) -> tuple[Requirement, ...]:
    """Return the requirements of an option, each once. ``can_add``: one that is not read may add anything."""
    found: dict[Requirement, None] = {}
    for number, one in enumerate(notes.array(uv.get(key), f"tool.uv.{key}")):
        place = f"tool.uv.{key}[{number}]"
        try:
            asked = requirement(without_passwords(notes.text(one, place)))
        except BadName as error:
            notes.add(place, f"{error}; it counts as none", lost=can_add)
            continue
        if asked.unreadable or (asked.url and not can_add):
            notes.add(place, f"{shown(one)} cannot be read as a requirement; it counts as none", lost=can_add)
            continue
        found[asked] = None
    return tuple(found)


def _overrides(uv: Mapping[str, Any], notes: Notes) -> tuple[Requirement, ...]:
    """Return what replaces other requirements. One that is excluded is replaced by what holds nowhere."""
    excluded: dict[PackageName, None] = {}
    for number, one in enumerate(notes.array(uv.get("exclude-dependencies"), "tool.uv.exclude-dependencies")):
        place = f"tool.uv.exclude-dependencies[{number}]"
        try:
            excluded[package_name(notes.text(one, place))] = None
        except BadName as error:
            notes.add(place, f"{error}; it counts as none")
    replaced = _requirements(uv, "override-dependencies", notes, can_add=True)
    nowhere = (Requirement(package=one, marker=_NOWHERE) for one in excluded)
    return (*(one for one in replaced if one.package not in excluded), *nowhere)


def _cut_offs(value: Any, notes: Notes) -> tuple[tuple[PackageName, CutOff | None], ...]:
    found: dict[PackageName, CutOff | None] = {}
    for raw, one in notes.table(value, "tool.uv.exclude-newer-package").items():
        place = f"tool.uv.exclude-newer-package.{raw}"
        try:
            package = package_name(raw)
        except BadName as error:
            notes.add(place, f"{error}; it counts as none")
            continue
        # One that cannot be read counts as none, and so do those of all packages for this one.
        found[package] = None if one is False else _cut_off(one, place, notes)
    return tuple(sorted(found.items(), key=lambda one: one[0]))


def _cut_off(value: Any, place: str, notes: Notes) -> CutOff | None:
    if value is None:
        return None
    found = uv_cut_off(value) if isinstance(value, str) else None
    if found is None:
        notes.add(place, f"{shown(value)} is no time or duration that uv reads; it counts as none")
    return found
