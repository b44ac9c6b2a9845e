"""What pip says of an environment: ``pip inspect``, and the shorter ``pip list --format json``."""

from __future__ import annotations

import re
from typing import Any, Final

from msgspec import Struct, field
from msgspec.structs import replace

from graphkit.formats.decoding import is_json, loose_json
from graphkit.formats.diagnostics import Diagnostics, quoted
from graphkit.formats.environments.pip_rows import (
    Markers,
    PipRow,
    component,
    direct_of,
    link,
    made_by,
    requirements_of,
    roots_of,
)
from graphkit.formats.interface import RawDocument
from graphkit.formats.locks.rows import LockRows, name_in, tables_in
from graphkit.model.documents import Basis, Completeness, Document, DocumentKind
from graphkit.model.errors import InputError
from graphkit.model.names import PackageName

_PIP: Final = re.compile(rb"(?<!\\)\"pip_version\"\s*:")
_INSTALLED: Final = re.compile(rb"(?<!\\)\"installed\"\s*:")
_LIST: Final = re.compile(rb"\s*\[\s*\{\s*\"name\"\s*:\s*\"[^\"\\]*\"\s*,\s*\"version\"\s*:")
_NOTHING: Final = re.compile(rb"\s*\[\s*\]\s*")
_KNOWN: Final = ("0", "1")


class PipInspect:
    """The reader of what pip says of an environment."""

    format = "pip inspect"

    def claims(self, raw: RawDocument) -> bool:
        """Return whether JSON has the keys of a report, or, told of an environment, rows as of ``pip list``.

        Cost: two searches. An empty list is claimed where it was told of an environment, which it cannot be.
        """
        if raw.hint == "env" and (_LIST.match(raw.data) or _NOTHING.fullmatch(raw.data)):
            return True
        if not is_json(raw.data) or b'"pip_version"' not in raw.data:  # a plain search first: it is ten times as fast
            return False
        return bool(_PIP.search(raw.data)) and bool(_INSTALLED.search(raw.data))

    def parse(self, raw: RawDocument) -> Document:
        """Return an environment; its basis is `installed`, and it is complete unless a row was lost.

        Edges are the requirements whose markers hold in the environment that the report names, with
        an extra where an installed row asks for it; other extras that were asked for no report says.
        A list has no edges, so ``dependencies_known`` is False. Roots are the rows that a user asked
        for, unless all are said to be, as after an install of a whole lock, and those that nothing requires.
        """
        diagnostics = Diagnostics()
        return environment_of(loose_json(raw.data, diagnostics), raw.sha256, raw.path, diagnostics)


READER: Final = PipInspect()


def environment_of(report: Any, sha256: str, path: str, diagnostics: Diagnostics) -> Document:
    """Return an environment from a report of pip's, or one in its form.

    Raises:
        InputError: the report as a whole cannot be used.
    """
    document = Document(
        sha256=sha256,
        path=path,
        kind=DocumentKind.ENVIRONMENT,
        format="pip list",
        basis=Basis.INSTALLED,
        source_kind="environment",
        dependencies_known=False,
    )
    rows = LockRows(diagnostics)
    if isinstance(report, list):
        _listed(report, rows, diagnostics)
    elif isinstance(report, dict):
        document = _inspected(report, rows, document, diagnostics)
    else:
        raise InputError(f"should be an object, is {quoted(report)}")
    return replace(
        document,
        components=tuple(rows.components),
        places=tuple(rows.places),
        edges=tuple(rows.edges),
        completeness=Completeness.INCOMPLETE if diagnostics.lost else Completeness.COMPLETE,
        problems=diagnostics.as_tuple(),
    )


def _listed(report: list[Any], rows: LockRows, diagnostics: Diagnostics) -> None:
    if any("latest_version" in row for row in report if isinstance(row, dict)):
        diagnostics.add("rows", "a list of outdated packages leaves out the others", lost=True)
    for place, table in tables_in([{} if row is None else row for row in report], "rows", diagnostics):
        if name := name_in(table, place, diagnostics):
            at = diagnostics.text(table.get("editable_project_location"), f"{place}.editable_project_location")
            rows.add(name, component(name, table, place, f"directory:{at}" if at else "", diagnostics), place)


def _inspected(report: dict[str, Any], rows: LockRows, document: Document, diagnostics: Diagnostics) -> Document:
    version = report.get("version")
    if version not in _KNOWN:
        raise InputError(f"version {quoted(version)} cannot be read; 1 can", place="version")
    listed = report.get("installed")
    if not isinstance(listed, list):
        raise InputError(f"should be an array, is {quoted(listed)}", place="installed")
    found = _Installed()
    for place, table in tables_in([{} if one is None else one for one in listed], "installed", diagnostics):
        _take(found, rows, table, place, diagnostics)
    for required in link(found.rows, found.first, rows, Markers(report.get("environment"), diagnostics)):
        if required.is_sure:
            diagnostics.add(required.place, f"{required.asked.package} is required but not installed")
    return replace(
        document,
        format=f"pip inspect {version}",
        generator=made_by(report, diagnostics),
        dependencies_known=True,
        roots=roots_of(rows, found.requested, len(found.rows)),
    )


class _Installed(Struct):
    """The rows of a report, the first of each package, which Python imports, and the refs of those a user asked for."""

    rows: list[PipRow] = field(default_factory=list)
    first: dict[PackageName, PipRow] = field(default_factory=dict)
    requested: list[str] = field(default_factory=list)


def _take(found: _Installed, rows: LockRows, table: dict[str, Any], place: str, diagnostics: Diagnostics) -> None:
    """Take up one installed distribution."""
    where = f"{place}.metadata"
    metadata = diagnostics.table(table.get("metadata"), where)
    if not (name := name_in(metadata, where, diagnostics)):
        return
    origin, digests = direct_of(table.get("direct_url"), f"{place}.direct_url", diagnostics)
    ref = rows.add(name, replace(component(name, metadata, where, origin, diagnostics), sha256=digests), place)
    row = PipRow(ref=ref, requirements=requirements_of(metadata, f"{where}.requires_dist", diagnostics))
    found.rows.append(row)
    if found.first.setdefault(name, row) is not row:
        diagnostics.add(place, f"{name} is installed twice; Python imports the first, and edges lead to it")
    if table.get("requested") is True:
        found.requested.append(ref)
