"""Lock files of the standard format (pylock.toml and pylock.*.toml, PEP 751, lock-version 1.x) as documents."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from msgspec.structs import replace
from packaging.pylock import Pylock, PylockValidationError
from packaging.version import Version

from graphkit.formats.decoding import is_json, toml
from graphkit.formats.diagnostics import Diagnostics, quoted
from graphkit.formats.interface import RawDocument
from graphkit.formats.locks.rows import (
    LockRows,
    digests_in,
    governed,
    indexes_of,
    name_in,
    note_strangers,
    release_row,
    requirements_in,
    tables_in,
    version_of,
    without_extras,
)
from graphkit.formats.manifests.requirements_header import Header, header_of
from graphkit.formats.markers import is_elsewhere
from graphkit.model.documents import Component, Document
from graphkit.model.errors import InputError
from graphkit.model.names import BadName, PackageName, package_name

_TABLE: Final = re.compile(rb"^[ \t]*\[", re.MULTILINE)
_LOCK_VERSION: Final = re.compile(rb"^[ \t]*lock-version[ \t]*=", re.MULTILINE)
_OWN: Final = re.compile(rb"^[ \t]*(?:created-by[ \t]*=|packages[ \t]*=|\[\[[ \t]*packages[ \t]*\]\])", re.MULTILINE)
_GROUP: Final = re.compile(r"(?:\"([^\"]*)\"|'([^']*)')\s*(not\s+)?in\s+dependency_groups\b")
_HOLDS: Final = ('python_version < "0"', 'python_version >= "0"')
_SOURCES: Final = ("vcs", "directory", "archive")
_HEAD: Final = 8_192
_LONGEST: Final = 200
_ALONE: Final = {"lock-version": "1.0", "created-by": "-"}
"""What makes one package a lock of its own, for `packaging` to check it alone."""


class PyLock:
    """The reader of pylock.toml."""

    format = "pylock.toml"

    def claims(self, raw: RawDocument) -> bool:
        """Return whether TOML has a lock-version before its first table, and its maker or packages.

        poetry.lock has its lock-version in a table.
        """
        if is_json(raw.data):
            return False
        first = _TABLE.search(raw.data)
        head = raw.data[: first.start()] if first else raw.data
        return bool(_LOCK_VERSION.search(head)) and bool(_OWN.search(raw.data))

    def parse(self, raw: RawDocument) -> Document:
        """Return a lock as a document; its basis is `locked`, and it is complete unless a row was lost.

        What goes against the standard, in the lock or in one of its packages, is a problem. Rows of
        groups that are not the default, and rows for other platforms, are optional; rows of extras are
        not. Dependencies "are purely informational": a lock in which no row has any has no known ones.
        """
        lock = toml(raw.data)
        minor = _minor_of(lock.get("lock-version"))
        if not isinstance(lock.get("packages"), list):
            raise InputError(f"should be an array, is {quoted(lock.get('packages'))}", place="packages")
        diagnostics = Diagnostics()
        header = header_of(raw.data[:_HEAD].decode("utf-8", "replace"))
        for one in header.partial():
            diagnostics.add("the lock", f"made with {quoted(one)}: not all that is installed is listed", lost=True)
        if minor:
            diagnostics.read_as("lock-version", f"1.{minor}", "1.0")
        _check({**lock, "lock-version": "1.0", "packages": []}, "", diagnostics)
        rows = LockRows(diagnostics)
        tables = _take_all(rows, lock, diagnostics)
        requires_python = diagnostics.text(lock.get("requires-python"), "requires-python")
        return replace(
            rows.document(raw, f"pylock.toml 1.{minor}", requires_python),
            roots=rows.roots() if rows.edges else (),
            governs=_governs(header, tables),
            generator=_generator(header, lock),
            is_of_one_environment=_is_of_one(header, lock),
            not_covered=tuple(sorted(set(header.left_out()) - {row.package for row in rows.components})),
            indexes=indexes_of(rows.components),
            dependencies_known=any("dependencies" in table or _pdm_of(table) for table in tables),
        )


READER: Final = PyLock()


def _take_all(rows: LockRows, lock: dict[str, Any], diagnostics: Diagnostics) -> list[dict[str, Any]]:
    """Take up the packages of a lock and the edges between them; return the tables that were read."""
    groups = diagnostics.array(lock.get("default-groups"), "default-groups")
    defaults = [one for one in groups if isinstance(one, str)]
    taken = []
    for place, table in tables_in(lock["packages"], "packages", diagnostics):
        _check({**_ALONE, "packages": [table]}, place, diagnostics)
        if (name := name_in(table, place, diagnostics)) is not None:
            ref = rows.add(name, _component(name, table, place, defaults, diagnostics), place)
            taken.append((ref, place, table))
    for ref, place, table in taken:
        for where, package, specifier in _dependencies(table, place, diagnostics):
            rows.link(ref, package, specifier, where, sure=where.startswith(f"{place}.dependencies"))
    return [table for _, _, table in taken]


def _governs(header: Header, tables: Iterable[dict[str, Any]]) -> tuple[str, ...]:
    """Return the manifests of a lock: those that its header names, else the one beside it; and listed projects."""
    sources = (table.get("directory") for table in tables)
    paths = (source.get("path") for source in sources if isinstance(source, dict))
    listed = governed(path for path in paths if isinstance(path, str))
    # A compiled lock is of the files that its command names; `pyproject.toml` may be another's.
    own = header.governs(()) if header.command and not header.is_custom else listed[:1]
    return tuple(dict.fromkeys((*own, *listed[1:])))


def _generator(header: Header, lock: dict[str, Any]) -> tuple[str, ...]:
    maker = lock.get("created-by")
    return header.generator or ((maker[:_LONGEST],) if isinstance(maker, str) and maker else ())


def _is_of_one(header: Header, lock: dict[str, Any]) -> bool:
    """Return whether a lock is of one environment: pip makes no others, and its ``environments`` narrow any."""
    return header.is_of_one_environment or lock.get("created-by") == "pip" or bool(lock.get("environments"))


def _minor_of(raw: Any) -> int:
    """Return the minor number of a lock-version; PEP 751 asks for an error where the major one is not 1."""
    try:
        version = Version(raw) if isinstance(raw, str) else None
    except ValueError:
        version = None
    if version is None or version.major != 1:
        raise InputError(f"lock-version {quoted(raw)} of pylock.toml cannot be read; 1.x can", place="lock-version")
    return version.minor


def _check(lock: dict[str, Any], place: str, diagnostics: Diagnostics) -> None:
    """Note the first thing in a lock that goes against the standard."""
    try:
        Pylock.from_dict(lock)
    except PylockValidationError as error:
        inner = (error.context or "").removeprefix("packages[0]").removeprefix(".")
        where = f"{place}.{inner}" if place and inner else place or inner
        is_huge = "set_int_max_str_digits" in error.message  # advice for programs, and none for a person
        diagnostics.add(where or "the lock", "a number with too many digits" if is_huge else error.message)
    except (ValueError, RecursionError):  # URLs that urllib refuses; packaging reads nested markers by recursion
        diagnostics.add(place or "the lock", "is not valid under PEP 751")


def _component(
    name: PackageName, table: dict[str, Any], place: str, defaults: list[str], diagnostics: Diagnostics
) -> Component:
    origin = _origin_of(table, place, diagnostics)
    written = diagnostics.version(table.get("version"), f"{place}.version")
    version = version_of(name, written, _named(table, place), place, diagnostics)
    if not version and not origin:
        diagnostics.add(f"{place}.version", "no version: unknown")
    marker = diagnostics.text(table.get("marker"), f"{place}.marker")
    sha256, members = digests_in(_hashes(table, place, diagnostics), diagnostics)
    note_strangers(name, version, _named(table, place), diagnostics)
    return replace(
        release_row(name, version),
        sha256=sha256,
        members=members,
        optional=is_elsewhere(_with_groups(without_extras(marker), defaults)),
        origin=origin,
        index="" if origin else diagnostics.text(table.get("index"), f"{place}.index"),
        marker=marker,
    )


def _with_groups(marker: str, defaults: list[str]) -> str:
    """Return a marker in which the default groups are installed and no others, as an installer does unasked."""
    return _GROUP.sub(lambda found: _HOLDS[((found[1] or found[2] or "") in defaults) != bool(found[3])], marker)


def _origin_of(table: dict[str, Any], place: str, diagnostics: Diagnostics) -> str:
    """Return where a row comes from if not from an index; an installer takes these before sdist and wheels."""
    kind = next((one for one in _SOURCES if one in table), "")
    if not kind:
        return ""
    where = f"{place}.{kind}"
    source = diagnostics.table(table[kind], where)
    keys = ("url", "path", "type", "commit-id", "subdirectory")
    url, path, vcs, commit, below = (diagnostics.text(source.get(key), f"{where}.{key}") for key in keys)
    tail = f"#subdirectory={below}" if below else ""
    if kind == "vcs":
        return f"{vcs or 'vcs'}+{url or path}" + (f"@{commit}" if commit else "") + tail
    return f"{url}{tail}" if url and kind == "archive" else f"{'path' if kind == 'archive' else kind}:{path}{tail}"


def _hashes(table: dict[str, Any], place: str, diagnostics: Diagnostics) -> Iterator[tuple[str, str]]:
    files = [(key, table[key]) for key in ("sdist", "archive") if key in table]
    wheels = diagnostics.array(table.get("wheels"), f"{place}.wheels")
    for key, file in [*files, *((f"wheels[{at}]", wheel) for at, wheel in enumerate(wheels))]:
        where = f"{place}.{key}.hashes"
        hashes = diagnostics.table(diagnostics.table(file, f"{place}.{key}").get("hashes"), where)
        known = "sha256" in hashes
        yield f"{where}.sha256", f"sha256:{diagnostics.text(hashes['sha256'], f'{where}.sha256')}" if known else ""


def _named(table: dict[str, Any], place: str) -> Iterator[tuple[str, str]]:
    """Yield the names and addresses of a row's files, with their places; an empty one of a file that has none."""
    wheels = table.get("wheels")
    files: list[tuple[str, Any]] = [("sdist", table.get("sdist"))]
    files += [(f"wheels[{at}]", wheel) for at, wheel in enumerate(wheels if isinstance(wheels, list) else [])]
    for key, file in files:
        if file is not None:
            told = file if isinstance(file, dict) else {}
            found = [(f"{place}.{key}.{word}", one) for word in ("name", "url", "path") if (one := told.get(word))]
            yield from [(at, one) for at, one in found if isinstance(one, str)] or [(f"{place}.{key}.url", "")]


def _dependencies(
    table: dict[str, Any], place: str, diagnostics: Diagnostics
) -> Iterator[tuple[str, PackageName, str]]:
    """Yield what a row leads to, with place and specifier: the standard's tables, else the lines that PDM adds."""
    if "dependencies" not in table:
        for where, dependency in requirements_in(_pdm_of(table), f"{place}.tool.pdm.dependencies", diagnostics):
            yield where, dependency.package, dependency.specifier
    for at, one in enumerate(diagnostics.array(table.get("dependencies"), f"{place}.dependencies")):
        where = f"{place}.dependencies[{at}]"
        named = diagnostics.table(one, where)
        version = diagnostics.version(named.get("version"), f"{where}.version")
        try:
            name = package_name(diagnostics.text(named.get("name"), f"{where}.name"))
        except BadName as error:
            diagnostics.add(where, str(error))
            continue
        yield where, name, f"=={version}" if version else ""


def _pdm_of(table: dict[str, Any]) -> list[Any]:
    tools = table.get("tool")
    pdm = tools.get("pdm") if isinstance(tools, dict) else None
    lines = pdm.get("dependencies") if isinstance(pdm, dict) else None
    return lines if isinstance(lines, list) else []
