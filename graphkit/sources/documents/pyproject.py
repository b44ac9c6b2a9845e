"""pyproject.toml as a manifest: the ``[project]`` table (PEP 621), or Poetry's own."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Any, Final

from packaging.markers import InvalidMarker, Marker
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from graphkit.model.documents import Basis, Completeness, Document, DocumentKind
from graphkit.model.errors import InputError
from graphkit.model.names import BadName, ExtraName, PackageName, extra_name, package_name
from graphkit.model.requirements import Requirement, requirement
from graphkit.sources.documents.addresses import without_passwords
from graphkit.sources.documents.poetry import POETRY, PoetryTable
from graphkit.sources.documents.pyproject_groups import Grouped, groups_of, marker_of_group
from graphkit.sources.documents.rows import Notes, is_json, shown, toml

_HEADER: Final = re.compile(rb"^[ \t]*\[[ \t]*(?:project|tool[ \t]*\.[ \t]*poetry)[ \t]*[\].]", re.MULTILINE)
_TELLING: Final = re.compile(
    rb"^[ \t]*(?:\[[ \t]*(?:build-system|tool[ \t]*\.|project[ \t]*\.)"
    rb"|(?:requires-python|dynamic|optional-dependencies)[ \t]*=|dependencies[ \t]*=[ \t]*\[)",
    re.MULTILINE,
)
_ELSEWHERE: Final = frozenset({"git", "url", "path", "file", "workspace"})
_FILE: Final = re.compile(r"(?:^|[/\\])[^/\\]*pyproject[^/\\]*\.toml$", re.IGNORECASE)


class PyProject:
    """The reader of pyproject.toml."""

    format = "pyproject.toml"

    def claims(self, data: bytes, name: str, hint: str) -> bool:  # noqa: ARG002 - the content decides
        """Return whether TOML has a ``[project]`` or ``[tool.poetry]`` table, and is not pixi's."""
        if is_json(data) or not _HEADER.search(data):
            return False
        return bool(_FILE.search(name)) or bool(_TELLING.search(data))

    def parse(self, data: bytes, path: str, hint: str) -> Document:  # noqa: ARG002 - a manifest is a manifest
        """Return a project's own requirements as a manifest.

        Those of an extra have ``extra == "…"`` in their marker, those of a dependency group
        ``"…" in dependency_groups``: an install may bring them. Complete unless something is dynamic,
        cannot be told, or was lost. Build requirements are noted: an install
        does not bring them into the environment. What a tool takes from elsewhere, or at another version than
        is asked for, leaves the manifest incomplete.
        """
        read = toml(data)
        notes = Notes()
        tools = notes.table(read.get("tool"), "tool")
        project = notes.table(read.get("project"), "project")
        poetry = PoetryTable(notes.table(tools.get(POETRY), "tool.poetry"), notes)
        if not project and not poetry.table:
            raise InputError("neither [project] nor [tool.poetry] holds anything")
        asked = _Asked(notes)
        if project:
            asked.of_project(project, poetry)
        else:
            asked.of_poetry(poetry)
        asked.of_groups(groups_of(read, poetry, notes))
        asked.is_open |= _note_the_rest(read, tools, {one.package for one in asked.requirements}, notes)
        subject = notes.text(project.get("name"), "project.name") or poetry.name
        return Document(
            sha256=hashlib.sha256(data).hexdigest(),
            path=path,
            kind=DocumentKind.MANIFEST,
            format="pyproject.toml",
            basis=Basis.LISTED,
            requirements=tuple(asked.requirements),
            requires_python=asked.requires_python,
            extras=tuple(sorted(asked.extras)),
            subject=subject.strip(),
            completeness=Completeness.INCOMPLETE if asked.is_open or notes.lost else Completeness.COMPLETE,
            dependencies_known=False,
            problems=notes.told(),
        )


READER: Final = PyProject()


class _Asked:
    """What a project asks for."""

    def __init__(self, notes: Notes) -> None:
        self.requirements: dict[Requirement, None] = {}
        self.extras: set[ExtraName] = set()
        self.requires_python = ""
        self.is_open = False
        """Something is settled elsewhere only: when the project is built."""
        self._notes = notes

    def of_project(self, project: dict[str, Any], poetry: PoetryTable) -> None:
        """Take up ``[project]``; what it leaves to Poetry (dynamic dependencies), from Poetry's table."""
        raw = self._notes.text(project.get("requires-python"), "project.requires-python")
        self.requires_python = self._specifier(raw, "project.requires-python")
        self._take(project.get("dependencies"), "project.dependencies", "")
        extras = self._notes.table(project.get("optional-dependencies"), "project.optional-dependencies")
        for raw_extra, wanted in extras.items():
            extra = extra_name(raw_extra)
            self.extras.add(extra)
            self._take(wanted, f"project.optional-dependencies.{raw_extra}", extra)
        dynamic = self._notes.array(project.get("dynamic"), "project.dynamic")
        for key in ("dependencies", "optional-dependencies", "requires-python"):
            if key not in dynamic:
                continue
            if key == "dependencies" and poetry.dependencies:
                self.of_poetry(poetry)
                continue
            self.is_open |= key != "requires-python"
            self._notes.add("project.dynamic", f"{key} are settled when the project is built; unknown here")

    def of_poetry(self, poetry: PoetryTable) -> None:
        """Take up Poetry's own table."""
        self.requirements |= dict.fromkeys(poetry.requirements())
        self.extras |= poetry.extras
        self.requires_python = self.requires_python or self._specifier(poetry.python, "tool.poetry.dependencies.python")

    def of_groups(self, groups: Iterable[Grouped]) -> None:
        """Take up dependency groups, each under the marker that it has in a pylock.toml (PEP 751)."""
        for group, asked in groups:
            self.requirements[_under_group(asked, group)] = None

    def _specifier(self, raw: str, place: str) -> str:
        try:
            return str(SpecifierSet(raw))
        except InvalidSpecifier:
            self._notes.add(place, f"{shown(raw)} is no version specifier (PEP 440)")
            return raw

    def _take(self, value: Any, place: str, extra: str) -> None:
        for number, one in enumerate(self._notes.array(value, place)):
            where = f"{place}[{number}]"
            try:
                read = requirement(without_passwords(self._notes.text(one, where)))
            except BadName as error:
                self._notes.add(where, str(error), lost=True)
                continue
            if read.unreadable:
                self._notes.add(where, f"{shown(read.unreadable)} cannot be read (PEP 508); it admits every version")
            self.requirements[under_extra(read, extra)] = None


def under_extra(read: Requirement, extra: str) -> Requirement:
    """Return a requirement as metadata has it under an extra; unreadable ones stay as they are, for all."""
    if not extra or read.unreadable:
        return read
    text = f'({read.marker}) and extra == "{extra}"' if read.marker else f'extra == "{extra}"'
    try:
        return replace(read, marker=str(Marker(text)))
    except (InvalidMarker, RecursionError):
        return replace(read, specifier="", marker="", url="", unreadable=f"{read} ; {text}")


def _under_group(read: Requirement, group: str) -> Requirement:
    if read.unreadable:
        return read
    try:
        return replace(read, marker=marker_of_group(group, read.marker))
    except ValueError:
        return replace(read, specifier="", marker="", url="", unreadable=f"{read} (group {group})")


def _note_the_rest(read: dict[str, Any], tools: dict[str, Any], asked: AbstractSet[PackageName], notes: Notes) -> bool:
    """Note what stands in a pyproject.toml and not every install of the project itself takes into account.

    Return whether one that does may take something else than is asked for.
    """
    build = notes.table(read.get("build-system"), "build-system")
    wanted = [one for one in notes.array(build.get("requires"), "build-system.requires") if isinstance(one, str)]
    if wanted:
        notes.add("build-system.requires", f"needed to build it, and no part of its environment: {_some(wanted)}")
    uv = notes.table(tools.get("uv"), "tool.uv")
    for key in ("sources", "override-dependencies", "constraint-dependencies"):
        if uv.get(key):
            found = uv[key] if isinstance(uv[key], dict | list) else []
            names = [one for one in found if isinstance(one, str)]
            notes.add(f"tool.uv.{key}", f"heeded by uv alone, and not read: {_some(names)}")
    pdm = notes.table(notes.table(tools.get("pdm"), "tool.pdm").get("resolution"), "tool.pdm.resolution")
    if overrides := pdm.get("overrides"):
        what = _some(overrides if isinstance(overrides, dict) else [])
        notes.add("tool.pdm.resolution.overrides", f"heeded by PDM alone, and not read: {what}")
    poetry = notes.table(tools.get(POETRY), "tool.poetry").get("dependencies") if "project" in read else None
    moved = _moved(uv.get("sources"), asked) or _moved(poetry, asked)
    return moved or bool(uv.get("override-dependencies") or overrides)


def _moved(sources: Any, asked: AbstractSet[PackageName]) -> bool:
    """Return whether something asked for comes from a URL, a repository, a folder or the same workspace."""
    for raw, value in sources.items() if isinstance(sources, dict) else ():
        tables = value if isinstance(value, list) else [value]
        if any(isinstance(one, dict) and not _ELSEWHERE.isdisjoint(one) for one in tables):
            try:
                if package_name(raw) in asked:
                    return True
            except BadName:
                continue
    return False


def _some(names: Iterable[str]) -> str:
    found = list(names)
    more = f" and {len(found) - 5} more" if len(found) > 5 else ""
    return ", ".join(shown(one).strip("'") for one in found[:5]) + more
