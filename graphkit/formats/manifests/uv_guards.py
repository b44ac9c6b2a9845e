"""Guards in `[tool.uv]` of pyproject.toml: constraints, overrides, cut-offs, as uv reads them (uv, "Settings").

Tried with uv 0.13: months and years are refused; `false` lifts a cut-off for one package. Where a `uv.toml` lies beside
pyproject.toml, `uv pip` does not read `[tool.uv]`; `uv lock` reads its constraints and overrides all the same. What is
excluded is asked for by nobody, overrides included.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from graphkit.formats.addresses import without_passwords
from graphkit.formats.diagnostics import Diagnostics, quoted
from graphkit.formats.manifests.cut_offs import uv_cut_off
from graphkit.formats.manifests.pyproject_tools import address_of, source_tables
from graphkit.model.guards import CutOff, Guards, StatedMetadata
from graphkit.model.names import BadName, PackageName, package_name
from graphkit.model.requirements import Requirement, requirement

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


def guards_of(tools: Mapping[str, Any], diagnostics: Diagnostics, *, is_shadowed: bool) -> Guards | None:
    """Return the guards of a manifest, None for none. What cannot be read is noted, and counts as none.

    ``is_shadowed``: a `uv.toml` lies beside the manifest.
    """
    uv = diagnostics.table(tools.get("uv"), "tool.uv")
    is_workspace = isinstance(uv.get("workspace"), dict)
    named = sorted(READ & uv.keys())
    if is_shadowed and named:
        can_add = next((one for one in named if one in CAN_ADD), "")
        text = "`uv pip` does not read it, because there is a uv.toml beside it; it is ignored"
        diagnostics.add(f"tool.uv.{can_add or named[0]}", text, lost=bool(can_add))
        named = []
    exempt = _Exempt(uv, diagnostics)
    cut_off = _cut_off(uv.get("exclude-newer"), "tool.uv.exclude-newer", diagnostics) if named else None
    cut_offs = _cut_offs(uv.get("exclude-newer-package"), diagnostics) if named else {}
    if cut_off is not None:
        cut_off = None if exempt.any_package else cut_off
        cut_offs = dict.fromkeys(exempt.packages) | cut_offs
    found = Guards(
        constraints=_requirements(uv, "constraint-dependencies", diagnostics) if named else (),
        overrides=_overrides(uv, diagnostics) if named else (),
        cut_off=cut_off,
        cut_offs=tuple(sorted(cut_offs.items(), key=lambda one: one[0])),
        is_workspace=is_workspace,
        replaced=replaced_in(uv, "override-dependencies", "exclude-dependencies"),
    )
    return found if found != Guards() else None


class _Exempt:
    """The packages that the cut-off for every package does not reach, since an index has one of its own.

    Uv puts that before the other (tried with 0.13, where it is experimental); which index a package comes from is known
    of an explicit one alone. Its own is not read, and counts as none.
    """

    def __init__(self, uv: Mapping[str, Any], diagnostics: Diagnostics) -> None:
        self.any_package = False
        self.packages: set[PackageName] = set()
        listed = uv.get("index")
        tables = [one for one in (listed if isinstance(listed, list) else [listed]) if isinstance(one, dict)]
        own = [one for one in tables if "exclude-newer" in one]
        for one in own:
            self.any_package |= one.get("explicit") is not True
            if "exclude-newer" in uv:
                place = f"tool.uv.index.{one.get('name') or one.get('url') or ''}.exclude-newer"
                diagnostics.add(
                    place, "holds for this index in place of tool.uv.exclude-newer, and is not read: both are ignored"
                )
        names = {one.get("name") for one in own}
        for package, table in source_tables(uv, diagnostics):
            if table.get("index") in names:
                self.packages.add(package)


def _requirements(
    uv: Mapping[str, Any], key: str, diagnostics: Diagnostics, *, can_add: bool = False
) -> tuple[Requirement, ...]:
    """Return the requirements of an option, each once. ``can_add``: one that is not read may add anything."""
    found: dict[Requirement, None] = {}
    elsewhere = {package for package, table in source_tables(uv, diagnostics) if address_of(table)}
    for number, one in enumerate(diagnostics.array(uv.get(key), f"tool.uv.{key}")):
        place = f"tool.uv.{key}[{number}]"
        try:
            asked = requirement(without_passwords(diagnostics.text(one, place)))
        except BadName as error:
            diagnostics.add(place, f"{error}; it is ignored", lost=can_add)
            continue
        if (asked.url and not can_add) or asked.package in elsewhere:  # whoever requires it, uv takes it from there
            diagnostics.leave_open(place, f"what {asked.package} is, which uv takes from an address")
            continue
        if asked.unreadable:
            diagnostics.add(place, f"{quoted(one)} cannot be read as a requirement; it is ignored", lost=can_add)
            continue
        found[asked] = None
    return tuple(found)


def _overrides(uv: Mapping[str, Any], diagnostics: Diagnostics) -> tuple[Requirement, ...]:
    """Return what replaces other requirements. One that is excluded is replaced by what holds nowhere."""
    excluded: dict[PackageName, None] = {}
    for number, one in enumerate(diagnostics.array(uv.get("exclude-dependencies"), "tool.uv.exclude-dependencies")):
        place = f"tool.uv.exclude-dependencies[{number}]"
        try:
            excluded[package_name(diagnostics.text(one, place))] = None
        except BadName as error:
            diagnostics.add(place, f"{error}; it is ignored")
    replaced = _requirements(uv, "override-dependencies", diagnostics, can_add=True)
    nowhere = (Requirement(package=one, marker=_NOWHERE) for one in excluded)
    return (*(one for one in replaced if one.package not in excluded), *nowhere)


def replaced_in(table: Mapping[str, Any], *keys: str) -> tuple[PackageName, ...]:
    """Return the packages that lists of requirements name, as texts or as uv.lock writes them; sorted, each once."""
    found: set[PackageName] = set()
    for key in keys:
        listed = table.get(key)
        for one in listed if isinstance(listed, list) else ():
            with suppress(BadName):
                found.add(
                    package_name(str(one.get("name"))) if isinstance(one, dict) else requirement(str(one)).package
                )
    return tuple(sorted(found))


def stated_metadata(table: Mapping[str, Any]) -> tuple[StatedMetadata, ...]:
    """Return `dependency-metadata`, in their order: of `[tool.uv]`, a `uv.toml` or the `[manifest]` of a uv.lock.

    It is compared alone: what cannot be read is kept as it is written, and is like nothing else.
    """
    listed = table.get("dependency-metadata")
    tables = (one for one in listed if isinstance(one, dict)) if isinstance(listed, list) else ()
    return tuple(one for one in map(_stated, tables) if one is not None)


def _stated(table: Mapping[str, Any]) -> StatedMetadata | None:
    try:
        package = package_name(str(table.get("name") or ""))
    except BadName:
        return None
    required = table.get("requires-dist")
    found: list[Requirement] = []
    for one in required if isinstance(required, list) else ():
        try:
            found.append(requirement(without_passwords(str(one))))
        except BadName:
            found.append(Requirement(package=package, unreadable=str(one)[:200]))
    version, python = (str(table.get(key) or "") for key in ("version", "requires-python"))
    return StatedMetadata(package=package, version=version, requirements=tuple(found), requires_python=python)


def _cut_offs(value: Any, diagnostics: Diagnostics) -> dict[PackageName, CutOff | None]:
    found: dict[PackageName, CutOff | None] = {}
    for raw, one in diagnostics.table(value, "tool.uv.exclude-newer-package").items():
        place = f"tool.uv.exclude-newer-package.{raw}"
        try:
            package = package_name(raw)
        except BadName as error:
            diagnostics.add(place, f"{error}; it is ignored")
            continue
        # One that cannot be read counts as none, and so do those of all packages for this one.
        found[package] = None if one is False else _cut_off(one, place, diagnostics)
    return found


def _cut_off(value: Any, place: str, diagnostics: Diagnostics) -> CutOff | None:
    if value is None or value is False:
        return None
    found = uv_cut_off(value) if isinstance(value, str) else None
    if found is None:
        diagnostics.add(place, f"{quoted(value)} is not a time or duration that uv accepts; it is ignored")
    return found
