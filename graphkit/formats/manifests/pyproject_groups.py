"""Dependency groups of a pyproject.toml: PEP 735's table, and what tools had before it or have beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from packaging.markers import InvalidMarker, Marker
from packaging.utils import canonicalize_name

from graphkit.formats.addresses import without_passwords
from graphkit.formats.diagnostics import Diagnostics, quoted
from graphkit.formats.manifests.poetry import PoetryTable
from graphkit.model.names import BadName
from graphkit.model.requirements import Requirement, requirement

_OF_HATCH: Final = ("dependencies", "extra-dependencies")
_DEEPEST: Final = 12
"""Keys above an override of Hatch."""
_DEV: Final = "dev"
_INCLUDES: Final = "include-group"


class Grouped(NamedTuple):
    """A requirement of a group."""

    group: str
    asked: Requirement


def groups_of(read: Mapping[str, Any], poetry: PoetryTable, diagnostics: Diagnostics) -> Iterator[Grouped]:
    """Yield what every dependency group of a project asks for; the groups it includes are of it too.

    Poetry's groups, ``dev-dependencies`` of uv, Rye and PDM, and environments of Hatch are such groups.
    """
    tools = diagnostics.table(read.get("tool"), "tool")
    standard = diagnostics.table(read.get("dependency-groups"), "dependency-groups")
    for group in standard:
        for place, text in _texts_of(group, standard, diagnostics):
            yield from _grouped(group, text, place, diagnostics)
    for tool in ("uv", "rye"):
        table = diagnostics.table(tools.get(tool), f"tool.{tool}")
        yield from _listed(_DEV, table.get("dev-dependencies"), f"tool.{tool}.dev-dependencies", diagnostics)
    pdm = diagnostics.table(tools.get("pdm"), "tool.pdm")
    for group, listed in diagnostics.table(pdm.get("dev-dependencies"), "tool.pdm.dev-dependencies").items():
        yield from _listed(group, listed, f"tool.pdm.dev-dependencies.{group}", diagnostics)
    hatch = diagnostics.table(tools.get("hatch"), "tool.hatch")
    for name, value in diagnostics.table(hatch.get("envs"), "tool.hatch.envs").items():
        environment = diagnostics.table(value, f"tool.hatch.envs.{name}")
        for key in _OF_HATCH:
            yield from _listed(name, environment.get(key), f"tool.hatch.envs.{name}.{key}", diagnostics)
        for place, added in _overrides(environment.get("overrides"), f"tool.hatch.envs.{name}.overrides"):
            yield from _listed(name, added, place, diagnostics)
    for group, asked in poetry.groups():
        yield Grouped(group, asked)
    for group, place, value in _of_other_tools(tools, diagnostics):
        yield from _listed(group, value.split() if isinstance(value, str) else value, place, diagnostics)


def _overrides(value: Any, place: str) -> Iterator[tuple[str, list[Any]]]:
    """Yield the lists that overrides of an environment of Hatch add, whatever they depend on."""
    waiting = [(place, value)]
    for where, table in waiting:
        for key, one in table.items() if isinstance(table, dict) else ():
            is_list = key.removeprefix("set-") in _OF_HATCH
            if is_list:
                listed = one if isinstance(one, list) else [one]
                texts = [each.get("value") if isinstance(each, dict) else each for each in listed]
                yield f"{where}.{key}", [text for text in texts if isinstance(text, str)]
            elif where.count(".") < _DEEPEST:
                waiting.append((f"{where}.{key}", one))


def _of_other_tools(tools: Mapping[str, Any], diagnostics: Diagnostics) -> Iterator[tuple[str, str, Any]]:
    """Yield the lists of tools that install into environments or beside themselves: (group, place, list)."""
    for tool, key in (("tox", "requires"), ("cibuildwheel", "test-requires"), ("pdm", "plugins")):
        table = diagnostics.table(tools.get(tool), f"tool.{tool}")
        yield tool, f"tool.{tool}.{key}", table.get(key)
    briefcase = diagnostics.table(tools.get("briefcase"), "tool.briefcase")
    for name, value in diagnostics.table(briefcase.get("app"), "tool.briefcase.app").items():
        place = f"tool.briefcase.app.{name}"
        apps = [(place, diagnostics.table(value, place))]
        apps += [(f"{place}.{key}", one) for key, one in apps[0][1].items() if isinstance(one, dict)]
        for where, table in apps:
            for key in ("requires", "test_requires"):
                yield name, f"{where}.{key}", table.get(key)
    hatch = diagnostics.table(tools.get("hatch"), "tool.hatch")
    yield "hatch", "tool.hatch.env.requires", diagnostics.table(hatch.get("env"), "tool.hatch.env").get("requires")
    tox = diagnostics.table(tools.get("tox"), "tool.tox")
    tables = [(f"tool.tox.{name}", tox.get(name)) for name in ("env_run_base", "env_pkg_base")]
    tables += [(f"tool.tox.env.{name}", one) for name, one in diagnostics.table(tox.get("env"), "tool.tox.env").items()]
    for place, value in tables:
        yield "tox", f"{place}.deps", diagnostics.table(value, place).get("deps")


def _texts_of(group: str, groups: Mapping[str, Any], diagnostics: Diagnostics) -> Iterator[tuple[str, Any]]:
    """Yield the lines of a group and of those that it includes, each group once."""
    names = {canonicalize_name(name): name for name in groups}
    waiting = [group]
    for name in waiting:
        place = f"dependency-groups.{name}"
        for number, one in enumerate(diagnostics.array(groups[name], place)):
            where = f"{place}[{number}]"
            if not isinstance(one, dict):
                yield where, one
                continue
            inner = names.get(canonicalize_name(diagnostics.text(one.get(_INCLUDES), f"{where}.{_INCLUDES}")))
            if inner is None:
                diagnostics.add(where, f"{quoted(one.get(_INCLUDES))} is not a group of this file", lost=True)
            elif inner not in waiting:
                waiting.append(inner)


def _listed(group: str, value: Any, place: str, diagnostics: Diagnostics) -> Iterator[Grouped]:
    for number, text in enumerate(diagnostics.array(value, place)):
        yield from _grouped(group, text, f"{place}[{number}]", diagnostics)


def _grouped(group: str, value: Any, place: str, diagnostics: Diagnostics) -> Iterator[Grouped]:
    try:
        yield Grouped(group, requirement(without_passwords(diagnostics.text(value, place))))
    except ValueError as error:  # BadName is one; so are more digits than int() reads in one go
        text = str(error) if isinstance(error, BadName) else f"{quoted(value)} cannot be read"
        diagnostics.add(place, text, lost=True)


def marker_of_group(group: str, marker: str) -> str:
    """Return a marker under which a group is installed too, in the words of PEP 751.

    >>> marker_of_group("Dev", 'os_name == "nt"')
    'os_name == "nt" and "dev" in dependency_groups'

    Raises:
        ValueError: the marker, or the name of the group, does not fit into one.
    """
    name = canonicalize_name(group)
    if '"' in name or "\\" in name:
        raise ValueError(f"{quoted(group)} is not a valid group name")
    held = f'"{name}" in dependency_groups'
    try:
        return str(Marker(f"({marker}) and {held}" if marker else held))
    except (InvalidMarker, RecursionError) as error:
        raise ValueError(f"{quoted(marker)} is not a valid marker") from error
