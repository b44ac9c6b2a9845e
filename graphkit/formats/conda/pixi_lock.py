"""pixi's lock files (pixi.lock, versions 4 to 6): packages of conda and of the Python index, by environment."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from graphkit.formats.addresses import named_by, sha256_of, without_passwords
from graphkit.formats.conda.rows import CondaRows, archive_of, conda_package, marker_of_platform, pip_address
from graphkit.formats.decoding import is_json
from graphkit.formats.diagnostics import Diagnostics, quoted
from graphkit.formats.interface import RawDocument
from graphkit.formats.locks.rows import index_address, requirements_in, tables_in
from graphkit.formats.markers import any_marker
from graphkit.formats.yaml_values import yaml_text, yaml_value
from graphkit.model.documents import Basis, Completeness, Document, DocumentKind
from graphkit.model.errors import InputError
from graphkit.model.names import BadName, PackageName, name_of_purl

_KEYS: Final = tuple(
    re.compile(rb"^%s[ \t]*:" % key, re.MULTILINE) for key in (b"version", b"environments", b"packages")
)
_OWN: Final = re.compile(rb"^[ \t]*-[ \t]+(?:conda|pypi|kind)[ \t]*:", re.MULTILINE)
_KNOWN: Final = ("4", "5", "6")
_DEFAULT: Final = "default"
_KINDS: Final = ("conda", "pypi")


class _Package(NamedTuple):
    """A package as environments name it: `conda` or `pypi`, and its address or path."""

    kind: str
    address: str


class PixiLock:
    """The reader of pixi.lock."""

    format = "pixi.lock"

    def claims(self, raw: RawDocument) -> bool:
        """Return whether YAML has pixi's keys at its left edge, and packages as it writes them. Cost: searches."""
        if is_json(raw.data) or b"environments" not in raw.data:  # a plain search first: it is faster
            return False
        return all(one.search(raw.data) for one in (*_KEYS, _OWN))

    def parse(self, raw: RawDocument) -> Document:
        """Return a lock as a document; its basis is `locked`, and it is complete unless a row was lost.

        Rows that the environment `default` does not have, and rows for other platforms, are optional. The Python
        package that one of conda is by its purls is another name of it, listed. Edges are not read. It governs
        nothing: what pixi installs is asked for in tables of conda's packages too.

        Raises:
            InputError: no YAML, or a version that is not known.
        """
        diagnostics = Diagnostics()
        lock = diagnostics.table(yaml_value(yaml_text(raw.data, diagnostics), diagnostics), "the document")
        version = lock.get("version")
        if version not in _KNOWN:
            raise InputError(f"version {quoted(version)} of pixi.lock cannot be read; 4 to 6 can", place="version")
        if not isinstance(lock.get("packages"), list):
            raise InputError(f"should be an array, is {quoted(lock.get('packages'))}", place="packages")
        used, indexes = _used(diagnostics.table(lock.get("environments"), "environments"), diagnostics)
        rows = CondaRows(diagnostics)
        listed: set[_Package] = set()
        required: dict[PackageName, str] = {}
        for place, table in tables_in(
            [{} if one is None else one for one in lock["packages"]], "packages", diagnostics
        ):
            if package := _taken(table, place, used, rows, diagnostics):
                listed.add(package)
                for name, where in _required(table, place, diagnostics):
                    required.setdefault(name, where)
        for package in used:
            if package not in listed:
                diagnostics.add("packages", f"{quoted(package.address)} of an environment is not there", lost=True)
                _row(package, {}, "packages", used, rows, diagnostics)
        known = {one.package or conda_package(one.name) for one in rows.components}
        for name, where in required.items():
            if name not in known:  # conda may have it under a name of its own: the rest of the lock stands
                rows.python(name, "", where)
        return Document(
            sha256=raw.sha256,
            path=raw.path,
            kind=DocumentKind.LOCK,
            format=f"pixi.lock {version}",
            basis=Basis.LOCKED,
            components=tuple(rows.components),
            places=tuple(rows.places),
            generator=("pixi",),
            indexes=indexes,
            completeness=Completeness.INCOMPLETE if diagnostics.lost else Completeness.COMPLETE,
            dependencies_known=False,
            problems=diagnostics.as_tuple(),
        )


READER: Final = PixiLock()

_Used = dict[_Package, dict[str, set[str]]]
"""By package: the platforms for which each environment has it."""


def _used(environments: dict[str, Any], diagnostics: Diagnostics) -> tuple[_Used, tuple[str, ...]]:
    found: _Used = defaultdict(lambda: defaultdict(set))
    indexes: dict[str, None] = {}
    for name, value in environments.items():
        place = f"environments.{name}"
        table = diagnostics.table(value, place)
        for one in diagnostics.array(table.get("indexes"), f"{place}.indexes"):
            if isinstance(one, str):
                indexes[index_address(one)] = None
        for platform, listed in diagnostics.table(table.get("packages"), f"{place}.packages").items():
            for where, package in tables_in(listed, f"{place}.packages.{platform}", diagnostics):
                if named := _named(package, where, diagnostics):
                    found[named][name].add(platform)
    return dict(found), tuple(indexes)


def _named(table: dict[str, Any], place: str, diagnostics: Diagnostics) -> _Package | None:
    """Return which package a table names; None, noted as lost, for a kind that nobody knows."""
    for kind in _KINDS:
        if kind in table:
            return _Package(kind, diagnostics.text(table[kind], f"{place}.{kind}"))
    diagnostics.add(
        place, f"{quoted(', '.join(map(str, table))[:80])} is neither of conda nor of the Python index", lost=True
    )
    return None


def _taken(
    table: dict[str, Any], place: str, used: _Used, rows: CondaRows, diagnostics: Diagnostics
) -> _Package | None:
    if (kind := table.get("kind")) is not None:  # as before version 6
        address = next((table[key] for key in ("url", "path") if isinstance(table.get(key), str)), "")
        table = {**table, **({kind: address} if kind in _KINDS else {})}
    if (package := _named(table, place, diagnostics)) is None:
        return None
    _row(package, table, place, used, rows, diagnostics)
    return package


def _required(table: dict[str, Any], place: str, diagnostics: Diagnostics) -> Iterator[tuple[PackageName, str]]:
    """Yield what a Python package requires for sure, without a marker, and where it says so."""
    for where, asked in requirements_in(table.get("requires_dist"), f"{place}.requires_dist", diagnostics):
        if not asked.marker and not asked.unreadable:
            yield asked.package, where


def _python_in(purl: Any, place: str, diagnostics: Diagnostics) -> PackageName | None:
    """Return the Python package that a package of conda is, by a purl; None for none."""
    try:
        return name_of_purl(diagnostics.text(purl, place))
    except BadName as error:
        diagnostics.add(place, str(error), lost=True)
        return None


def _row(
    package: _Package, table: dict[str, Any], place: str, used: _Used, rows: CondaRows, diagnostics: Diagnostics
) -> None:
    environments = used.get(package, {})
    platforms = environments.get(_DEFAULT) or {one for found in environments.values() for one in found}
    marker = any_marker(marker_of_platform(one) for one in sorted(platforms)) if platforms else ""
    is_extra = _DEFAULT not in environments
    name, version, sha256 = (
        diagnostics.text(table.get(key), f"{place}.{key}").strip() for key in ("name", "version", "sha256")
    )
    if package.kind == "conda":
        told = archive_of(package.address) or ("", "")
        name, version = name or told[0], version or told[1]
        rows.conda(name, version, place, sha256=sha256, marker=marker, is_extra=is_extra)
        for at, purl in enumerate(diagnostics.array(table.get("purls"), f"{place}.purls")):
            where = f"{place}.purls[{at}]"
            if (python := _python_in(purl, where, diagnostics)) and python != conda_package(name):
                rows.conda(python, version, where, marker=marker, is_extra=True)
        return
    plain = without_passwords(package.address)
    address, origin = pip_address(plain) if "://" in plain else ("", f"path:{plain}")
    named = named_by(plain)
    digests = [one for one in (sha256, sha256_of(plain)) if one]
    known: dict[str, Any] = {"address": address, "origin": origin, "marker": marker, "is_extra": is_extra}
    rows.python(name or named[0], version or named[1], place, sha256=digests, **known)
