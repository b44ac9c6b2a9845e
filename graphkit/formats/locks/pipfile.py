"""Pipenv's lock files (Pipfile.lock, pipfile-spec 6) as documents."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from msgspec.structs import replace

from graphkit.formats.addresses import named_by, sha256_of
from graphkit.formats.decoding import is_json, json_value
from graphkit.formats.diagnostics import Diagnostics, quoted
from graphkit.formats.duplicate_keys import with_joined_keys
from graphkit.formats.interface import RawDocument
from graphkit.formats.locks.rows import LockRows, digests_in, governed, index_address, release_row
from graphkit.formats.markers import is_elsewhere
from graphkit.model.documents import Component, Document
from graphkit.model.errors import InputError
from graphkit.model.names import BadName, PackageName, package_name, package_or_none

_META: Final = re.compile(rb"(?<!\\)\"_meta\"\s*:")
_SPEC: Final = re.compile(rb"(?<!\\)\"pipfile-spec\"\s*:")
_KNOWN: Final = 6
_DEFAULT: Final = "default"
_VCS: Final = ("git", "hg", "svn", "bzr")
_PINNED: Final = re.compile(r"\s*={2,3}\s*([^\s,*]+)\s*")
_HASHED: Final = re.compile(r"[0-9a-f]{5,64}")
"""Keys of what Pipenv does not know the name of: the start of a hash of where it is."""
_ITSELF: Final = frozenset({"path:.", "path:./"})
_PYTHON: Final = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9}){0,3}")
# fmt: off
_VARIABLES: Final = (
    "os_name", "sys_platform", "platform_machine", "platform_python_implementation", "platform_release",
    "platform_system", "platform_version", "python_version", "python_full_version", "implementation_name",
    "implementation_version",
)
# fmt: on


class PipfileLock:
    """The reader of Pipfile.lock."""

    format = "Pipfile.lock"

    def claims(self, raw: RawDocument) -> bool:
        """Return whether JSON has the keys that only Pipenv writes. Cost: two searches."""
        if not is_json(raw.data) or b'"pipfile-spec"' not in raw.data:  # a plain search first: it is ten times as fast
            return False
        return bool(_META.search(raw.data)) and bool(_SPEC.search(raw.data))

    def parse(self, raw: RawDocument) -> Document:
        """Return a lock as a document; its basis is `locked`, and it is complete unless a row was lost.

        It has no edges, so ``dependencies_known`` is False, and it has no roots. Every section but
        `default` is a group that is installed on request (`develop`, and categories of one's own): its
        rows are optional, as are rows for other platforms.
        """
        diagnostics = Diagnostics()
        lock = _decoded(raw.data, diagnostics)
        meta = diagnostics.table(lock.get("_meta"), "_meta")
        spec = meta.get("pipfile-spec")
        if spec != _KNOWN or type(spec) is not int:
            raise InputError(f"pipfile-spec {quoted(spec)} cannot be read; 6 can", place="_meta.pipfile-spec")
        if _DEFAULT not in lock:
            diagnostics.add(_DEFAULT, "the section is missing", lost=True)
        indexes = _indexes(meta, diagnostics)
        rows = LockRows(diagnostics)
        for section in sorted(lock.keys() - {"_meta"}, key=lambda one: (one != _DEFAULT, one)):
            if not isinstance(lock[section], dict):
                diagnostics.add(section, f"should be a table, is {quoted(lock[section])}", lost=True)
                continue
            for name, value in lock[section].items():
                _take(rows, section, name, value, indexes, diagnostics)
        read = rows.document(raw, f"Pipfile.lock {spec}", _python_of(meta, diagnostics))
        return replace(
            read,
            roots=(),
            dependencies_known=False,
            governs=("Pipfile", *governed(_folders(read.components))[1:]),
            # Pipenv resolves for the interpreter and platform that it runs on.
            is_of_one_environment=True,
            indexes=tuple(dict.fromkeys(index_address(url) for url in indexes.values() if url)),
        )


READER: Final = PipfileLock()


def _folders(rows: Iterable[Component]) -> Iterator[str]:
    """Yield the folders of projects that rows are of; an archive's path is none."""
    for row in rows:
        path = row.origin.removeprefix("path:")
        if path != row.origin and not named_by(path)[0]:
            yield path


def _decoded(data: bytes, diagnostics: Diagnostics) -> dict[str, Any]:
    lock = json_value(with_joined_keys(data, diagnostics))
    if not isinstance(lock, dict):
        raise InputError(f"should be an object, is {quoted(lock)}")
    return lock


def _indexes(meta: dict[str, Any], diagnostics: Diagnostics) -> dict[str, str]:
    """Return the address of every index by its name; the first stands under "" too: it is Pipenv's default."""
    found: dict[str, str] = {}
    for at, one in enumerate(diagnostics.array(meta.get("sources"), "_meta.sources")):
        place = f"_meta.sources[{at}]"
        source = diagnostics.table(one, place)
        url = diagnostics.text(source.get("url"), f"{place}.url")
        found.setdefault("", url)
        if name := diagnostics.text(source.get("name"), f"{place}.name"):
            found[name] = url
    return found


def _python_of(meta: dict[str, Any], diagnostics: Diagnostics) -> str:
    requires = diagnostics.table(meta.get("requires"), "_meta.requires")
    for key, tail in (("python_full_version", ""), ("python_version", ".*")):
        text = diagnostics.text(requires.get(key), f"_meta.requires.{key}")
        if _PYTHON.fullmatch(text):
            return f"=={text}{tail}"
    return ""


def _take(
    rows: LockRows, section: str, key: str, value: Any, indexes: dict[str, str], diagnostics: Diagnostics
) -> None:
    """Take up a row, which stands in its section under the name of its package."""
    place = f"{section}.{key}"
    try:
        name = package_name(key)
    except BadName as error:
        diagnostics.add(place, str(error), lost=True)
        return
    table = diagnostics.table(value, place)
    origin = _origin_of(table, place, diagnostics)
    version = _version_of(table, place, diagnostics)
    if origin:
        if _HASHED.fullmatch(key) and origin not in _ITSELF:  # Pipenv did not know its name
            name = _name_in(origin, place, diagnostics) or name
        version = version or named_by(origin)[1]
    elif not version:
        diagnostics.add(f"{place}.version", "no version: unknown")
    index = diagnostics.text(table.get("index"), f"{place}.index")
    if index and index not in indexes:
        diagnostics.add(f"{place}.index", f"{quoted(index)} is not a source of this lock")
    marker = _marker_of(table, place, diagnostics)
    sha256, members = digests_in(_hashes(table, origin, place, diagnostics), diagnostics)
    row = replace(
        release_row(name, version),
        sha256=sha256,
        members=members,
        optional=section != _DEFAULT or is_elsewhere(marker),
        origin=origin,
        index="" if origin else indexes.get(index, index),
        marker=marker,
    )
    rows.add(name, row, place)


def _name_in(origin: str, place: str, diagnostics: Diagnostics) -> PackageName | None:
    """Return the package that an address is an archive of, None (and noted as lost) where it names none."""
    named, _ = named_by(origin)
    if not named:
        diagnostics.add(place, f"{quoted(origin)} does not name its package", lost=True)
    return package_or_none(named)


def _hashes(table: dict[str, Any], origin: str, place: str, diagnostics: Diagnostics) -> Iterator[tuple[str, Any]]:
    """Yield the hashes of a row with their places, and the one that its address has."""
    for at, one in enumerate(diagnostics.array(table.get("hashes"), f"{place}.hashes")):
        yield f"{place}.hashes[{at}]", one
    if own := sha256_of(origin):
        yield place, f"sha256:{own}"


def _version_of(table: dict[str, Any], place: str, diagnostics: Diagnostics) -> str:
    text = diagnostics.version(table.get("version"), f"{place}.version")
    if read := _PINNED.fullmatch(text):
        return read[1]
    if text and text != "*":
        diagnostics.add(f"{place}.version", f"{quoted(text)} pins no version")
    return ""


def _origin_of(table: dict[str, Any], place: str, diagnostics: Diagnostics) -> str:
    for kind in _VCS:
        if kind in table:
            commit = diagnostics.text(table.get("ref"), f"{place}.ref")
            below = diagnostics.text(table.get("subdirectory"), f"{place}.subdirectory")
            url = diagnostics.text(table[kind], f"{place}.{kind}")
            return f"{kind}+{url}" + (f"@{commit}" if commit else "") + (f"#subdirectory={below}" if below else "")
    for key in ("file", "url", "path"):
        if key in table:
            text = diagnostics.text(table[key], f"{place}.{key}")
            return text if "://" in text else f"path:{text}"
    return ""


def _marker_of(table: dict[str, Any], place: str, diagnostics: Diagnostics) -> str:
    """Return a row's marker; older locks write a condition on one variable under its name."""
    found = [diagnostics.text(table.get("markers"), f"{place}.markers")]
    found += [f"{key} {one}" for key in _VARIABLES if (one := diagnostics.text(table.get(key), f"{place}.{key}"))]
    found = [one for one in found if one]
    return found[0] if len(found) == 1 else " and ".join(f"({one})" for one in found)
