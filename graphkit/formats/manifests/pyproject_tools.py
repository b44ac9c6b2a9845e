"""What tools' tables in pyproject.toml add to a project: indexes, sources, pixi's packages, and options not read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from msgspec.structs import replace
from packaging.markers import InvalidMarker, Marker

from graphkit.formats.addresses import without_passwords
from graphkit.formats.diagnostics import Diagnostics, quoted
from graphkit.formats.locks.rows import index_address
from graphkit.formats.manifests.poetry import POETRY
from graphkit.model.guards import Guards
from graphkit.model.names import BadName, PackageName, package_name
from graphkit.model.requirements import Requirement, requirement
from graphkit.model.sentences import first_of

_VCS: Final = ("git", "hg", "svn", "bzr")
_NOWHERE: Final = ("workspace",)
_PLACES: Final = ("url", "path", "file")
_REVISIONS: Final = ("rev", "ref", "tag", "branch")
_PYTHON: Final = frozenset({"python", "pip"})
CONDA: Final = ("dependencies", "host-dependencies", "build-dependencies", "run-dependencies")
"""Tables of pixi whose packages are conda's."""
_REPLACING: Final = {
    ("uv",): ("dependency-metadata", "extra-build-dependencies", "no-index"),
    ("uv", "pip"): ("dependency-metadata", "override-dependencies", "extra-build-dependencies", "no-index"),
    ("pdm", "resolution"): ("overrides",),
    ("pixi", "pypi-options"): ("dependency-overrides",),
}
"""Options that can add or replace requirements, their metadata or their sources, by the table they stand in."""
_NARROWING: Final = {
    ("uv",): (
        "build-constraint-dependencies",
        "prerelease",
        "resolution",
    ),
    ("pixi", "pypi-options"): ("prerelease-mode",),
    ("pixi", "workspace"): ("exclude-newer",),
    ("pdm", "resolution"): ("excludes", "allow-prereleases"),
}
"""Options that only narrow or shift what is chosen among the same requirements."""


def table_requirement(raw: str, value: Any, place: str, diagnostics: Diagnostics) -> Requirement | None:
    """Return an entry of a table of packages, ``name = ">=1"`` or ``name = {version = …}``, as pixi and Pipenv do.

    None, noted as lost, where it does not name a package. What cannot be read admits every version.
    """
    table = {"version": value} if isinstance(value, str) else diagnostics.table(value, place)
    if not table:
        diagnostics.add(place, f"{quoted(value)} is not a valid requirement; every version is allowed")
    specifier = diagnostics.text(table.get("version"), f"{place}.version").strip()
    specifier = "" if specifier == "*" else specifier
    specifier = f"=={specifier}" if specifier[:1].isdigit() else specifier
    extras = [one for one in diagnostics.array(table.get("extras"), f"{place}.extras") if isinstance(one, str)]
    url = address_of(table)
    text = f"{raw}[{','.join(extras)}]" if extras else raw
    try:
        found = requirement(f"{text} @ {url}" if url else without_passwords(f"{text} {specifier}"))
        package = package_name(raw)
    except BadName as error:
        diagnostics.add(place, str(error), lost=True)
        return None
    marker = _marker(table, place, diagnostics)
    if found.unreadable or found.package != package or marker is None:
        diagnostics.add(place, f"{quoted(f'{text} {specifier}')} cannot be read (PEP 508); every version is allowed")
        return Requirement(package=package, unreadable=f"{text} {specifier}".strip()[:200])
    return replace(found, marker=marker)


def _marker(table: Mapping[str, Any], place: str, diagnostics: Diagnostics) -> str | None:
    """Return the marker of an entry, empty for none, None where it cannot be read."""
    parts = [diagnostics.text(table.get(key), f"{place}.{key}") for key in ("markers", "env-markers")]
    names = ("os_name", "sys_platform", "platform_machine", "platform_system", "python_version", "python_full_version")
    parts += [f"{key} {one}" for key in names if (one := diagnostics.text(table.get(key), f"{place}.{key}"))]
    try:
        told = [str(Marker(one)) for one in parts if one]
        return str(Marker(" and ".join(f"({one})" for one in told))) if len(told) > 1 else "".join(told)
    except (InvalidMarker, RecursionError):
        return None


def address_of(table: Mapping[str, Any]) -> str:
    """Return where a table takes a package from if not from an index: an identity of its own; empty for an index.

    >>> address_of({"git": "https://git.example/a", "rev": "1f"}), address_of({"version": ">=1"})
    ('git+https://git.example/a@1f', '')
    """
    for kind in _VCS:
        if isinstance(table.get(kind), str):
            revision = next((table[key] for key in _REVISIONS if isinstance(table.get(key), str)), "")
            return without_passwords(f"{kind}+{table[kind]}") + (f"@{revision}" if revision else "")
    for kind in _PLACES:
        if isinstance(table.get(kind), str):
            text = without_passwords(table[kind])
            return text if "://" in text else f"path:{text}"
    return next((f"{kind}:" for kind in _NOWHERE if table.get(kind)), "")


def indexes_in(tools: Mapping[str, Any], diagnostics: Diagnostics) -> tuple[str, ...]:
    """Return the addresses of indexes, and of pages of links, that tools are told to take packages from; each once."""
    found = (index_address(one) for one in _addresses(tools, diagnostics))
    return tuple(dict.fromkeys(one for one in found if one))


def _addresses(tools: Mapping[str, Any], diagnostics: Diagnostics) -> Iterator[str]:
    uv = diagnostics.table(tools.get("uv"), "tool.uv")
    pixi = diagnostics.table(tools.get("pixi"), "tool.pixi")
    for place, table in (
        ("tool.uv", uv),
        ("tool.uv.pip", diagnostics.table(uv.get("pip"), "tool.uv.pip")),
        ("tool.pixi.pypi-options", diagnostics.table(pixi.get("pypi-options"), "tool.pixi.pypi-options")),
    ):
        for key in ("index-url", "default-index", "extra-index-url", "extra-index-urls", "find-links", "index"):
            yield from _texts(table.get(key), f"{place}.{key}", diagnostics)
    for tool, key in ((POETRY, "source"), ("pdm", "source"), ("rye", "sources")):
        table = diagnostics.table(tools.get(tool), f"tool.{tool}")
        yield from _texts(table.get(key), f"tool.{tool}.{key}", diagnostics)


def _texts(value: Any, place: str, diagnostics: Diagnostics) -> Iterator[str]:
    """Yield the addresses of a text, a table with one, or several of either."""
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            yield from (one[key] for key in ("url", "path") if isinstance(one.get(key), str))
        elif one is not None:
            diagnostics.add(place, f"{quoted(one)} is not an address", lost=True)


def is_off_public(tools: Mapping[str, Any], diagnostics: Diagnostics) -> bool:
    """Return whether uv is told of an index in place of its default."""
    uv = diagnostics.table(tools.get("uv"), "tool.uv")
    named = uv.get("index")
    tables = [one for one in named if isinstance(one, dict)] if isinstance(named, list) else []
    return bool(uv.get("index-url") or uv.get("default-index")) or any(one.get("default") is True for one in tables)


def note_unread(tools: Mapping[str, Any], diagnostics: Diagnostics) -> bool:
    """Note what tools heed and nothing here applies; return whether any of it can add or replace something."""
    is_open = False
    for path, key, value in _options(tools, _REPLACING, diagnostics):
        diagnostics.add(
            f"tool.{'.'.join(path)}.{key}", f"can add or replace what is installed, and is not read: {_some(value)}"
        )
        is_open = True
    for path in (("uv",), ("uv", "pip"), ("pixi", "pypi-options")):
        if (_table(tools, path, diagnostics)).get("find-links"):
            diagnostics.add(
                f"tool.{'.'.join(path)}.find-links", "packages are taken from links too, which are not read"
            )
            is_open = True
    for path, key, value in _options(tools, _NARROWING, diagnostics):
        diagnostics.add(f"tool.{'.'.join(path)}.{key}", f"is not applied yet: {_some(value)}")
    return is_open


def _options(
    tools: Mapping[str, Any], known: Mapping[tuple[str, ...], Iterable[str]], diagnostics: Diagnostics
) -> Iterator[tuple[tuple[str, ...], str, Any]]:
    for path, keys in known.items():
        table = _table(tools, path, diagnostics)
        yield from ((path, key, table[key]) for key in keys if table.get(key))


def _table(tools: Mapping[str, Any], path: tuple[str, ...], diagnostics: Diagnostics) -> Mapping[str, Any]:
    table = tools
    for depth, key in enumerate(path, start=1):
        table = diagnostics.table(table.get(key), f"tool.{'.'.join(path[:depth])}")
    return table


def _some(value: Any) -> str:
    """Return names of an option's value as a message shows them."""
    if not isinstance(value, list | dict):
        return quoted(value)
    found = [one.get("name") if isinstance(one, dict) else one for one in value]
    texts = [quoted(one).strip("'") for one in found if isinstance(one, str)]
    return first_of(texts, 5)


def pixi_requirements(tools: Mapping[str, Any], diagnostics: Diagnostics) -> Iterator[tuple[str, Requirement]]:
    """Yield what pixi takes from the Python index, with the feature that asks for it, empty for all environments.

    Conda packages are of other channels; which Python packages they hold is not known, so they are lost.
    """
    pixi = diagnostics.table(tools.get("pixi"), "tool.pixi")
    for feature, place, table in pixi_tables(pixi, "tool.pixi", diagnostics):
        for raw, value in diagnostics.table(table.get("pypi-dependencies"), f"{place}.pypi-dependencies").items():
            if asked := table_requirement(raw, value, f"{place}.pypi-dependencies.{raw}", diagnostics):
                yield feature, asked
        for key in CONDA:
            names = [one for one in diagnostics.table(table.get(key), f"{place}.{key}") if one not in _PYTHON]
            if names:
                diagnostics.add(f"{place}.{key}", f"conda packages, which are not read: {_some(names)}", lost=True)


def pixi_tables(
    pixi: Mapping[str, Any], place: str, diagnostics: Diagnostics
) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Yield the tables that may hold dependencies: pixi's own, those of features, and of platforms in either."""
    tables: list[tuple[str, str, Mapping[str, Any]]] = [("", place, pixi)]
    for name, value in diagnostics.table(pixi.get("feature"), f"{place}.feature").items():
        tables.append((name, f"{place}.feature.{name}", diagnostics.table(value, f"{place}.feature.{name}")))
    for feature, where, table in tables:
        yield feature, where, table
        for name, value in diagnostics.table(table.get("target"), f"{where}.target").items():
            yield feature, f"{where}.target.{name}", diagnostics.table(value, f"{where}.target.{name}")


class Sources:
    """``[tool.uv.sources]``: where uv takes single packages from; no other installer reads it."""

    def __init__(self, tools: Mapping[str, Any], diagnostics: Diagnostics) -> None:
        self.is_open = False
        """Something that is asked for comes from elsewhere with uv, and from its index with others."""
        self._diagnostics = diagnostics
        self._by_name: dict[PackageName, list[Mapping[str, Any]]] = {}
        uv = diagnostics.table(tools.get("uv"), "tool.uv")
        self._indexes = {
            one["name"] for one in _tables(uv.get("index")) if isinstance(one.get("name"), str) and one.get("url")
        }
        for package, table in source_tables(uv, diagnostics):
            self._by_name.setdefault(package, []).append(table)

    def applied(self, asked: Iterable[Requirement]) -> Iterator[Requirement]:
        """Yield requirements as uv reads them: those of another source with its address in place of their range.

        One whose source holds under a marker, an extra or a group alone is yielded both ways.
        """
        noted = set[PackageName]()
        for one in asked:
            tables = self._by_name.get(one.package, []) if not one.url else []
            if one.package not in noted:
                noted.add(one.package)
                self._note(one.package, tables)
            elsewhere = [table for table in tables if address_of(table)]
            is_always = len(tables) == 1 and {"marker", "extra", "group"}.isdisjoint(tables[0])
            if not (elsewhere and is_always) or one.unreadable:
                yield one
            if not one.unreadable:
                yield from (replace(one, specifier="", url=address_of(table)) for table in elsewhere)

    def _note(self, package: PackageName, tables: Iterable[Mapping[str, Any]]) -> None:
        place = f"tool.uv.sources.{package}"
        for table in tables:
            index = table.get("index")
            if address := address_of(table):
                self.is_open = True
                self._diagnostics.add(place, f"uv takes it from {quoted(address)}, other installers from their index")
            elif isinstance(index, str) and index not in self._indexes:
                self.is_open = True
                self._diagnostics.add(place, f"is taken from the index {quoted(index)}, which is not named here")


def pdm_guards(tools: Mapping[str, Any]) -> Guards | None:
    """Return what PDM puts in the place of requirements, as far as it can be read; `note_unread` names all of it."""
    told = Diagnostics()
    overrides = _table(tools, ("pdm", "resolution"), told).get("overrides")
    found: dict[Requirement, None] = {}
    for raw, value in (overrides if isinstance(overrides, dict) else {}).items():
        asked = {"url": value} if isinstance(value, str) and "://" in value else {"version": value}
        if isinstance(value, str) and (one := table_requirement(raw, asked, "tool.pdm.resolution.overrides", told)):
            found[one] = None
    return Guards(installer="pdm", overrides=tuple(found)) if found else None


def source_tables(uv: Mapping[str, Any], diagnostics: Diagnostics) -> Iterator[tuple[PackageName, Mapping[str, Any]]]:
    """Yield each source in `[tool.uv]` with the package that it is for."""
    for raw, value in diagnostics.table(uv.get("sources"), "tool.uv.sources").items():
        try:
            yield from ((package_name(raw), one) for one in _tables(value))
        except BadName as error:
            diagnostics.add(f"tool.uv.sources.{raw}", str(error))


def _tables(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, dict)]
