"""pyproject.toml as a manifest: the ``[project]`` table (PEP 621), or Poetry's own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import Any, Final

from msgspec.structs import replace
from packaging.markers import InvalidMarker, Marker
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from graphkit.formats.addresses import without_passwords
from graphkit.formats.decoding import is_json, toml
from graphkit.formats.diagnostics import Diagnostics, quoted
from graphkit.formats.interface import Beside, RawDocument
from graphkit.formats.locks.rows import index_address
from graphkit.formats.manifests.poetry import POETRY, PoetryTable
from graphkit.formats.manifests.pyproject_commands import commands_in
from graphkit.formats.manifests.pyproject_groups import Grouped, groups_of, marker_of_group
from graphkit.formats.manifests.pyproject_tools import (
    Sources,
    address_of,
    indexes_in,
    is_off_public,
    note_unread,
    pdm_guards,
    pixi_requirements,
    table_requirement,
)
from graphkit.formats.manifests.requirements_files import Included, digest_of
from graphkit.formats.manifests.requirements_lines import Line
from graphkit.formats.manifests.uv_guards import guards_of, stated_metadata
from graphkit.formats.manifests.uv_settings import UvSettings, settings_for, upgrades_in
from graphkit.model.documents import Basis, Completeness, Document, DocumentKind
from graphkit.model.errors import InputError
from graphkit.model.guards import Guards
from graphkit.model.names import BadName, ExtraName, extra_name, package_or_none
from graphkit.model.requirements import Requirement, requirement

_HEADER: Final = re.compile(rb"^[ \t]*\[[ \t]*(?:project|tool[ \t]*\.[ \t]*poetry)[ \t]*[\].]", re.MULTILINE)
_TELLING: Final = re.compile(
    rb"^[ \t]*(?:\[[ \t]*(?:build-system|tool[ \t]*\.|project[ \t]*\.)"
    rb"|(?:requires-python|dynamic|optional-dependencies)[ \t]*=|dependencies[ \t]*=[ \t]*\[)",
    re.MULTILINE,
)
_BESIDE_PROJECT: Final = re.compile(
    rb"^[ \t]*\[{1,2}[ \t]*(?:build-system|dependency-groups"
    rb"|tool[ \t]*\.[ \t]*(?:uv|pixi|pdm|rye|tox|hatch[ \t]*\.[ \t]*envs|flit[ \t]*\.[ \t]*metadata))[ \t]*[\].]",
    re.MULTILINE,
)
"""Tables that something is installed from where there is no project."""
_FILE: Final = re.compile(r"(?:^|[/\\])[^/\\]*pyproject[^/\\]*\.toml$", re.IGNORECASE)
_DYNAMIC: Final = ("dependencies", "optional-dependencies", "requires-python")


class PyProject:
    """The reader of pyproject.toml."""

    format = "pyproject.toml"

    def claims(self, raw: RawDocument) -> bool:
        """Return whether TOML has a ``[project]`` or ``[tool.poetry]`` table, and is not pixi's.

        By its name also what has a table without either that something is installed from.
        """
        if is_json(raw.data):
            return False
        if _HEADER.search(raw.data):
            return bool(_FILE.search(raw.path)) or bool(_TELLING.search(raw.data))
        return bool(_FILE.search(raw.path)) and bool(_BESIDE_PROJECT.search(raw.data))

    def parse(self, raw: RawDocument) -> Document:
        """Return a project's own requirements as a manifest.

        Those of an extra have ``extra == "…"`` in their marker, those of a dependency group
        ``"…" in dependency_groups``: an install may bring them. Complete unless something is dynamic,
        cannot be told, or was lost. What a tool takes from elsewhere, or at another version than
        is asked for, leaves the manifest incomplete. Files beside it that its build reads requirements from are read.
        """
        read = toml(raw.data)
        diagnostics = Diagnostics()
        tools = diagnostics.table(read.get("tool"), "tool")
        project = diagnostics.table(read.get("project"), "project")
        poetry = PoetryTable(diagnostics.table(tools.get(POETRY), "tool.poetry"), diagnostics)
        if not (project or poetry.table or (not _HEADER.search(raw.data) and _BESIDE_PROJECT.search(raw.data))):
            raise InputError("neither [project] nor [tool.poetry] holds anything")
        asked = _Asked(diagnostics, raw.beside)
        asked.of_all(read, tools, project, poetry)
        settings = settings_for(raw.path, raw.beside, diagnostics, climbs="uv" not in tools)
        asked.is_open |= note_unread(tools, diagnostics) or settings.is_open
        if settings.overrides:
            asked.is_open = True
            diagnostics.add(
                "[tool.uv]",
                "overrides of a pyproject.toml above reach this one too if it is a member, and are not read",
            )
        guards = _guards_of(raw.path, tools, settings, diagnostics)
        own_upgrades = upgrades_in(diagnostics.table(tools.get("uv"), "tool.uv"), "tool.uv.")
        subject = diagnostics.text(project.get("name"), "project.name") or poetry.name
        return Document(
            sha256=digest_of(raw.data, asked.files | dict(settings.files)),
            path=raw.path,
            kind=DocumentKind.MANIFEST,
            format="pyproject.toml",
            basis=Basis.LISTED,
            requirements=tuple(asked.requirements),
            build_requires=build_requires_of(read, tools, diagnostics),
            guards=guards,
            requires_python=asked.requires_python,
            extras=tuple(sorted(asked.extras)),
            indexes=tuple(dict.fromkeys((*indexes_in(tools, diagnostics), *asked.indexes, *settings.indexes))),
            is_off_public=is_off_public(tools, diagnostics) or settings.is_off_public,
            commands=commands_in(tools, settings.upgrades if settings.has_uv_toml else own_upgrades),
            subject=subject.strip(),
            completeness=Completeness.INCOMPLETE if asked.is_open or diagnostics.lost else Completeness.COMPLETE,
            dependencies_known=False,
            problems=diagnostics.as_tuple(),
        )


READER: Final = PyProject()


def _guards_of(path: str, tools: dict[str, Any], settings: UvSettings, diagnostics: Diagnostics) -> Guards | None:
    """Return what limits an install from a project: uv's settings, where uv reads the file by its name, else PDM's."""
    is_uvs = PurePosixPath(path.replace("\\", "/")).name == "pyproject.toml"
    guards = guards_of(tools, diagnostics, is_shadowed=settings.has_uv_toml) if is_uvs else None
    own = () if settings.has_uv_toml else stated_metadata(diagnostics.table(tools.get("uv"), "tool.uv"))
    if is_uvs and (metadata := settings.metadata or own):
        guards = replace(guards or Guards(), metadata=metadata)
    return guards or pdm_guards(tools)


class _Asked:
    """What a project asks for."""

    def __init__(self, diagnostics: Diagnostics, beside: Beside | None) -> None:
        self.requirements: dict[Requirement, None] = {}
        self.indexes: dict[str, None] = {}
        self.files: dict[str, str] = {}
        """The SHA-256 of each file beside that requirements were read from."""
        self.extras: set[ExtraName] = set()
        self.requires_python = ""
        self.is_open = False
        """Something is settled elsewhere only: when the project is built."""
        self._diagnostics = diagnostics
        self._beside = beside

    def of_all(self, read: dict[str, Any], tools: dict[str, Any], project: dict[str, Any], poetry: PoetryTable) -> None:
        """Take up what a file asks for: that of its project, its groups, and what its tools add or take elsewhere."""
        if project:
            self.of_project(project, tools, poetry)
        elif poetry.table:
            self.of_poetry(poetry)
        else:
            self.of_neither(read, tools)
        self.of_groups(groups_of(read, poetry, self._diagnostics))
        self.of_plugins(poetry)
        self.of_pixi(tools)
        self.apply_sources(tools, poetry if project else None)

    def of_project(self, project: dict[str, Any], tools: dict[str, Any], poetry: PoetryTable) -> None:
        """Take up ``[project]``; what it leaves to Poetry (dynamic dependencies), from Poetry's table."""
        raw = self._diagnostics.text(project.get("requires-python"), "project.requires-python")
        self.requires_python = self._specifier(raw, "project.requires-python")
        self._take(project.get("dependencies"), "project.dependencies", "")
        extras = self._diagnostics.table(project.get("optional-dependencies"), "project.optional-dependencies")
        for raw_extra, requirements in extras.items():
            extra = extra_name(raw_extra)
            self.extras.add(extra)
            self._take(requirements, f"project.optional-dependencies.{raw_extra}", extra)
        dynamic = self._diagnostics.array(project.get("dynamic"), "project.dynamic")
        for key in _DYNAMIC:
            if key not in dynamic:
                continue
            if key == "dependencies" and poetry.dependencies:
                self.of_poetry(poetry)
            elif not self._of_files(key, tools):
                self.is_open |= key != "requires-python"
                self._diagnostics.add("project.dynamic", f"{key} are settled when the project is built; unknown here")

    def of_neither(self, read: dict[str, Any], tools: dict[str, Any]) -> None:
        """Take up a file without a project; what one that is built requires is told elsewhere, if not by old Flit."""
        flit = self._diagnostics.table(
            self._diagnostics.table(tools.get("flit"), "tool.flit").get("metadata"), "tool.flit.metadata"
        )
        self._take(flit.get("requires"), "tool.flit.metadata.requires", "")
        for raw, requirements in self._diagnostics.table(
            flit.get("requires-extra"), "tool.flit.metadata.requires-extra"
        ).items():
            self.extras.add(extra_name(raw))
            self._take(requirements, f"tool.flit.metadata.requires-extra.{raw}", extra_name(raw))
        if "build-system" in read and not flit:
            self.is_open = True
            self._diagnostics.add("project", "is missing: its requirements are declared elsewhere, as in setup.py")

    def of_plugins(self, poetry: PoetryTable) -> None:
        """Take up the plugins that Poetry installs beside itself."""
        place = "tool.poetry.requires-plugins"
        for raw, value in self._diagnostics.table(poetry.table.get("requires-plugins"), place).items():
            if asked := table_requirement(raw, value, f"{place}.{raw}", self._diagnostics):
                self.requirements[_under_group(asked, "plugins")] = None

    def of_pixi(self, tools: dict[str, Any]) -> None:
        """Take up what pixi installs; a feature is taken on request, as a group is."""
        for feature, asked in pixi_requirements(tools, self._diagnostics):
            self.requirements[_under_group(asked, feature) if feature else asked] = None

    def apply_sources(self, tools: dict[str, Any], poetry: PoetryTable | None) -> None:
        """Put the sources of uv in the place of ranges; those that Poetry adds to a project leave it open."""
        sources = Sources(tools, self._diagnostics)
        self.requirements = dict.fromkeys(sources.applied(self.requirements))
        self.is_open |= sources.is_open
        names = {one.package for one in self.requirements}
        for raw, value in poetry.dependencies.items() if poetry else ():
            tables = value if isinstance(value, list) else [value]
            if any(isinstance(one, dict) and address_of(one) for one in tables) and package_or_none(raw) in names:
                self.is_open = True
                self._diagnostics.add(
                    f"tool.poetry.dependencies.{raw}", "Poetry takes it from another source than other tools do"
                )

    def _of_files(self, key: str, tools: dict[str, Any]) -> bool:
        """Take up what a build reads from files beside; return whether it is told which."""
        found = list(dynamic_files(key, tools, self._diagnostics))
        for extra, place, files in found:
            if extra:
                self.extras.add(extra)
            listing = "".join(f"-r {file}\n" for file in files)
            included = Included(listing.encode("utf-8", "backslashreplace"), self._beside, self._diagnostics)
            for line, where, constrains in included.lines():
                self._line(line, where if where.count(" ") > 1 else place, extra, constrains=constrains)
            self.files |= included.files
        return bool(found)

    def _line(self, line: Line, place: str, extra: str, *, constrains: bool) -> None:
        """Take up a line of such a file."""
        if line.kind in {"requirement", "bare"} and not constrains:
            self._take([line.text], place, extra)
        elif line.option in {"--index-url", "--extra-index-url"}:
            self.indexes[index_address(line.text)] = None
        elif line.kind != "comment":
            self._diagnostics.add(place, f"{quoted(line.text)} is not followed here", lost=True)

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
            self._diagnostics.add(place, f"{quoted(raw)} is not a valid version specifier (PEP 440)")
            return raw

    def _take(self, value: Any, place: str, extra: str) -> None:
        for number, one in enumerate(self._diagnostics.array(value, place)):
            where = f"{place}[{number}]"
            try:
                read = requirement(without_passwords(self._diagnostics.text(one, where)))
            except BadName as error:
                self._diagnostics.add(where, str(error), lost=True)
                continue
            if read.unreadable:
                self._diagnostics.add(
                    where, f"{quoted(read.unreadable)} cannot be read (PEP 508); every version is allowed"
                )
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


def build_requires_of(
    read: dict[str, Any], tools: dict[str, Any], diagnostics: Diagnostics
) -> tuple[Requirement, ...] | None:
    """Return what is needed to build a project (PEP 518), and what hooks of Hatch add; None without such a table."""
    added = [*_of_hatch(tools, diagnostics), *_of_uv(tools, diagnostics)]
    if "build-system" not in read and not added:
        return None
    table = diagnostics.table(read.get("build-system"), "build-system")
    places = [("build-system.requires", table.get("requires")), *added]
    found: dict[Requirement, None] = {}
    for place, value in places:
        for number, one in enumerate(diagnostics.array(value, place)):
            where = f"{place}[{number}]"
            try:
                asked = requirement(without_passwords(diagnostics.text(one, where)))
            except BadName as error:
                diagnostics.add(where, str(error), lost=True)
                continue
            if asked.unreadable:
                diagnostics.add(where, f"{quoted(asked.unreadable)} cannot be read (PEP 508); every version is allowed")
            found[asked] = None
    return tuple(found)


def _of_hatch(tools: dict[str, Any], diagnostics: Diagnostics) -> Iterator[tuple[str, Any]]:
    """Yield the lists of build requirements in Hatch's tables: its own, of targets, and of hooks in either."""
    build = diagnostics.table(diagnostics.table(tools.get("hatch"), "tool.hatch").get("build"), "tool.hatch.build")
    tables = [("tool.hatch.build", build)]
    for name, value in diagnostics.table(build.get("targets"), "tool.hatch.build.targets").items():
        tables.append(
            (f"tool.hatch.build.targets.{name}", diagnostics.table(value, f"tool.hatch.build.targets.{name}"))
        )
    for place, table in list(tables):
        for name, value in diagnostics.table(table.get("hooks"), f"{place}.hooks").items():
            tables.append((f"{place}.hooks.{name}", diagnostics.table(value, f"{place}.hooks.{name}")))
    yield from ((f"{place}.dependencies", table["dependencies"]) for place, table in tables if "dependencies" in table)


def _of_uv(tools: dict[str, Any], diagnostics: Diagnostics) -> Iterator[tuple[str, Any]]:
    """Yield the lists of what uv adds to the builds of single packages."""
    uv = diagnostics.table(tools.get("uv"), "tool.uv")
    place = "tool.uv.extra-build-dependencies"
    for name, value in diagnostics.table(uv.get("extra-build-dependencies"), place).items():
        listed = diagnostics.array(value, f"{place}.{name}")
        yield f"{place}.{name}", [one.get("requirement") if isinstance(one, dict) else one for one in listed]


def dynamic_files(
    key: str, tools: dict[str, Any], diagnostics: Diagnostics
) -> Iterator[tuple[ExtraName, str, list[str]]]:
    """Yield the files that a build reads requirements from, with the extra that they are of and where that is told.

    Setuptools and the hook `requirements_txt` of Hatch read such files.
    """
    setuptools = diagnostics.table(tools.get("setuptools"), "tool.setuptools")
    dynamic = diagnostics.table(setuptools.get("dynamic"), "tool.setuptools.dynamic")
    metadata = diagnostics.table(
        diagnostics.table(tools.get("hatch"), "tool.hatch").get("metadata"), "tool.hatch.metadata"
    )
    hooks = diagnostics.table(metadata.get("hooks"), "tool.hatch.metadata.hooks")
    hook = diagnostics.table(hooks.get("requirements_txt"), "tool.hatch.metadata.hooks.requirements_txt")
    told = [(f"tool.setuptools.dynamic.{key}", dynamic.get(key))]
    name = "files" if key == "dependencies" else key
    told.append((f"tool.hatch.metadata.hooks.requirements_txt.{name}", hook.get(name)))
    for place, value in told:
        of_extras = key == "optional-dependencies"
        for raw, one in (diagnostics.table(value, place) if of_extras else {"": value}).items():
            files = one.get("file") if isinstance(one, dict) else one
            listed = [files] if isinstance(files, str) else diagnostics.array(files, place)
            if names := [file for file in listed if isinstance(file, str)]:
                yield extra_name(raw), place, names
