"""Lock files of conda-lock (``conda-lock.yml``, version 1): packages of conda and of pip, platform by platform."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from graphkit.formats.addresses import named_by, without_passwords
from graphkit.formats.conda.rows import CondaRows, archive_of, conda_package, marker_of_platform, pip_address
from graphkit.formats.decoding import is_json
from graphkit.formats.diagnostics import Diagnostics, own_time, quoted
from graphkit.formats.interface import RawDocument
from graphkit.formats.locks.rows import tables_in
from graphkit.formats.yaml_values import yaml_text, yaml_value
from graphkit.model.documents import Basis, Completeness, Document, DocumentKind, Edge
from graphkit.model.errors import InputError

_PACKAGE: Final = re.compile(rb"^package[ \t]*:", re.MULTILINE)
_METADATA: Final = re.compile(rb"^metadata[ \t]*:", re.MULTILINE)
_OWN: Final = re.compile(rb"^[ \t]+content_hash[ \t]*:|^[ \t-]+manager[ \t]*:[ \t]*(?:conda|pip)\b", re.MULTILINE)
_KNOWN: Final = "1"
_MAIN: Final = "main"
_MANAGERS: Final = ("conda", "pip")
_DEFAULT: Final = ("environment.yml", "environment.yaml")
"""What conda-lock makes a lock from where it is told of no other file."""
_VIRTUAL: Final = "__"
"""How the names begin of what a machine brings: a C library, an architecture, a driver."""


class CondaLock:
    """The reader of conda-lock's locks."""

    format = "conda-lock.yml"

    def claims(self, raw: RawDocument) -> bool:
        """Return whether YAML has the keys of such a lock at its left edge, and one of its own below."""
        data = raw.data
        if is_json(data) or b"package" not in data or b"metadata" not in data:  # plain searches first: they are faster
            return False
        return all(one.search(data) for one in (_PACKAGE, _METADATA, _OWN))

    def parse(self, raw: RawDocument) -> Document:
        """Return a lock as a document; its basis is `locked`, and it is complete unless a row was lost.

        Rows of other categories than `main`, which are installed on request, and rows for other platforms are
        optional. A dependency of one of conda's packages that has no row for its platform shows that the lock was
        cut; those of pip's rows may be of extras. It governs the files that it names as its sources.

        Raises:
            InputError: no YAML, or another version than 1.
        """
        diagnostics = Diagnostics()
        lock = diagnostics.table(yaml_value(yaml_text(raw.data, diagnostics), diagnostics), "the document")
        if lock.get("version") != _KNOWN:
            raise InputError(
                f"version {quoted(lock.get('version'))} of a conda-lock cannot be read; 1 can", place="version"
            )
        metadata = diagnostics.table(lock.get("metadata"), "metadata")
        if not isinstance(lock.get("package"), list):
            raise InputError(f"should be an array, is {quoted(lock.get('package'))}", place="package")
        rows = CondaRows(diagnostics)
        taken = [
            one
            for place, table in tables_in(
                [{} if one is None else one for one in lock["package"]], "package", diagnostics
            )
            if (one := _taken(table, place, rows, diagnostics))
        ]
        edges = _edges(taken, diagnostics)
        times = diagnostics.table(metadata.get("time_metadata"), "metadata.time_metadata")
        made = diagnostics.text(times.get("created_at"), "metadata.time_metadata.created_at")
        targets = {edge.target for edge in edges}
        return Document(
            sha256=raw.sha256,
            path=raw.path,
            kind=DocumentKind.LOCK,
            format=f"conda-lock.yml {_KNOWN}",
            basis=Basis.LOCKED,
            components=tuple(rows.components),
            places=tuple(rows.places),
            edges=edges,
            roots=tuple(row.ref for row in rows.components if row.ref not in targets),
            governs=_governs(metadata, diagnostics),
            generator=("conda-lock",),
            created=own_time(made, "metadata.time_metadata.created_at", diagnostics),
            completeness=Completeness.INCOMPLETE if diagnostics.lost else Completeness.COMPLETE,
            problems=diagnostics.as_tuple(),
        )


READER: Final = CondaLock()


class _Taken(Struct, frozen=True, kw_only=True):
    """A row that was taken up, and what it depends on."""

    ref: str
    place: str
    manager: str
    platform: str
    name: str
    dependencies: Mapping[str, Any]


def _taken(table: dict[str, Any], place: str, rows: CondaRows, diagnostics: Diagnostics) -> _Taken | None:
    texts = {
        key: diagnostics.text(table.get(key), f"{place}.{key}").strip()
        for key in ("name", "version", "manager", "platform", "url", "category")
    }
    manager, platform = texts["manager"], texts["platform"]
    if manager not in _MANAGERS:
        diagnostics.add(
            f"{place}.manager", f"{quoted(table.get('manager'))} is neither conda nor pip; left out", lost=True
        )
        return None
    if not platform:
        diagnostics.add(f"{place}.platform", "no platform: it counts for all")
    sha256 = diagnostics.text(
        diagnostics.table(table.get("hash"), f"{place}.hash").get("sha256"), f"{place}.hash.sha256"
    )
    known: dict[str, Any] = {
        "marker": marker_of_platform(platform),
        "is_extra": texts["category"] not in {"", _MAIN},
    }
    if manager == "conda":
        told = archive_of(texts["url"])
        if told and told != (texts["name"], texts["version"]):
            text = f"{quoted(texts['url'])} is {' '.join(told)}, in a row of {texts['name']} {texts['version']}"
            diagnostics.add(f"{place}.url", text, lost=True)
        ref = rows.conda(texts["name"], texts["version"], place, sha256=sha256, **known)
    else:
        source = diagnostics.table(table.get("source"), f"{place}.source")
        direct = diagnostics.text(source.get("url"), f"{place}.source.url")
        address, origin = ("", direct) if direct else pip_address(without_passwords(texts["url"]))
        version = texts["version"] or named_by(address or origin)[1]
        ref = rows.python(
            texts["name"], version, place, address=address, origin=origin, sha256=[sha256] if sha256 else [], **known
        )
    if not ref:
        return None
    dependencies = diagnostics.table(table.get("dependencies"), f"{place}.dependencies")
    return _Taken(
        ref=ref, place=place, manager=manager, platform=platform, name=texts["name"], dependencies=dependencies
    )


def _edges(taken: list[_Taken], diagnostics: Diagnostics) -> tuple[Edge, ...]:
    """Return what rows depend on, each within its platform: of conda's by name, of pip's first among pip's rows."""
    refs: dict[tuple[str, str, str], list[str]] = {}
    for one in taken:
        for name in {one.name, conda_package(one.name) or one.name}:
            refs.setdefault((one.platform, one.manager, name), []).append(one.ref)
    found: dict[Edge, None] = {}
    for one in taken:
        for name in one.dependencies:
            if name.startswith(_VIRTUAL):
                continue
            plain = conda_package(name) or name
            keys = [(one.platform, manager, key) for manager in (one.manager, *_MANAGERS) for key in (name, plain)]
            targets = next((refs[key] for key in keys if key in refs), ())
            if not targets and one.manager == "conda":
                text = f"{quoted(name)} is not a package of this lock for {one.platform or 'any platform'}; left out"
                diagnostics.add(f"{one.place}.dependencies", text, lost=True)
            found |= {Edge(source=one.ref, target=target): None for target in targets if target != one.ref}
    return tuple(found)


def _governs(metadata: dict[str, Any], diagnostics: Diagnostics) -> tuple[str, ...]:
    """Return the files that a lock was made from, as paths from its own folder; absolute ones are left out."""
    if "sources" not in metadata:
        return _DEFAULT
    named = (one for one in diagnostics.array(metadata["sources"], "metadata.sources") if isinstance(one, str))
    local = (one.strip().replace("\\", "/") for one in named)
    return tuple(
        dict.fromkeys(posixpath.normpath(one) for one in local if one and not posixpath.isabs(one) and ":" not in one)
    )
