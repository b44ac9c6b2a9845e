"""Guards in `[tool.uv]` of pyproject.toml: constraints, overrides, cut-offs, as uv reads them (uv, "Settings").

Tried with uv 0.13: a plain date, and a time without a zone, mean the end of that day in the local zone; of a number of
days the zone does not matter; months and years are refused; `false` lifts a cut-off for one package; where a `uv.toml`
lies beside pyproject.toml, `[tool.uv]` is not read. What is excluded is asked for by nobody, overrides included.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any, Final

from graphkit.model.guards import CutOff, Guards
from graphkit.model.names import BadName, PackageName, package_name
from graphkit.model.requirements import Requirement, requirement
from graphkit.model.times import moment
from graphkit.sources.documents.addresses import without_passwords
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
_SECOND: Final = 1_000_000
_UNITS: Final = {
    "w": 7 * 86_400, "wk": 7 * 86_400, "week": 7 * 86_400,
    "d": 86_400, "day": 86_400,
    "h": 3_600, "hr": 3_600, "hour": 3_600,
    "m": 60, "min": 60, "minute": 60,
    "s": 1, "sec": 1, "second": 1,
}  # fmt: skip
_PART: Final = re.compile(r"(\d+)\s*([a-z]+?)s?(?![a-z])[\s,]*", re.ASCII)
_ISO: Final = re.compile(
    r"\+?p(?:(\d+)w)?(?:(\d+)d)?(?:t(?=\d)(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?)?", re.IGNORECASE | re.ASCII
)
_ISO_UNITS: Final = (7 * 86_400, 86_400, 3_600, 60, 1)
_DAY_OF: Final = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ][\d:.]*)?", re.IGNORECASE | re.ASCII)
_LONGEST: Final = 10_000 * 86_400
"""Seconds; a longer time before an install is no time that anybody means."""
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
    found = cut_off(value) if isinstance(value, str) else None
    if found is None:
        notes.add(place, f"{shown(value)} is no time or duration that uv reads; it counts as none")
    return found


def cut_off(text: str) -> CutOff | None:
    """Return a cut-off from what uv takes for one, None for what it does not.

    >>> cut_off("7 days").age == cut_off("P7D").age == cut_off("1w").age == 7 * 86_400 * 1_000_000
    True
    >>> print(cut_off("2026-03-20T10:00:00Z").at, cut_off("2026-03-20").at, cut_off("1 month"))
    2026-03-20T10:00:00Z 2026-03-21T00:00:00 None
    """
    text = text.strip()
    if (age := _age(text.lower())) is not None:
        return CutOff(age=age * _SECOND, text=text) if 0 < age <= _LONGEST else None
    try:
        if (day := _DAY_OF.fullmatch(text)) and not text.upper().endswith("Z"):
            end = dt.datetime.fromisoformat(day[1]) + dt.timedelta(days=1)
            return CutOff(at=moment(end), text=text)
        at = moment(text)
    except (ValueError, OverflowError):
        return None
    return CutOff(at=at, text=text) if at.is_exact else None


def _age(text: str) -> int | None:
    """Return seconds, None for what is no duration."""
    if iso := _ISO.fullmatch(text):
        return sum(int(one) * unit for one, unit in zip(iso.groups(), _ISO_UNITS, strict=True) if one)
    at, total = 0, 0
    while at < len(text):
        part = _PART.match(text, at)
        if part is None or part[2] not in _UNITS:
            return None
        total += int(part[1]) * _UNITS[part[2]]
        at = part.end()
    return total if text else None
