"""What pip says of an environment: ``pip inspect``, and the shorter ``pip list --format json``."""

from __future__ import annotations

import hashlib
import re
from collections import deque
from dataclasses import dataclass, replace
from typing import Any, Final

from packaging.markers import Environment as Variables
from packaging.markers import Marker, UndefinedComparison, UndefinedEnvironmentName

from graphkit.model.documents import Basis, Completeness, Component, Document, DocumentKind, Edge
from graphkit.model.environment import extras_of
from graphkit.model.errors import InputError
from graphkit.model.names import PackageName, purl_of
from graphkit.model.requirements import Requirement, requirement
from graphkit.sources.documents.addresses import sha256_of, without_passwords
from graphkit.sources.documents.lock_rows import LockRows, name_in, sha256_in, tables_in
from graphkit.sources.documents.rows import Notes, is_json, json_value, repaired, shown

_PIP: Final = re.compile(rb"(?<!\\)\"pip_version\"\s*:")
_INSTALLED: Final = re.compile(rb"(?<!\\)\"installed\"\s*:")
_LIST: Final = re.compile(rb"\s*\[\s*\{\s*\"name\"\s*:\s*\"[^\"\\]*\"\s*,\s*\"version\"\s*:")
_NOTHING: Final = re.compile(rb"\s*\[\s*\]\s*")
_KNOWN: Final = ("0", "1")
_LONGEST: Final = 4_000
_VARIABLES: Final = tuple(Variables.__annotations__)


class PipInspect:
    """The reader of what pip says of an environment."""

    format = "pip inspect"

    def claims(self, data: bytes, name: str, hint: str) -> bool:  # noqa: ARG002 - the content decides
        """Return whether JSON has the keys of a report, or, told of an environment, rows as of ``pip list``.

        Cost: two searches. An empty list is claimed where it was told of an environment, which it cannot be.
        """
        if hint == "env" and (_LIST.match(data) or _NOTHING.fullmatch(data)):
            return True
        if not is_json(data) or b'"pip_version"' not in data:  # a plain search first: it is ten times as fast
            return False
        return bool(_PIP.search(data)) and bool(_INSTALLED.search(data))

    def parse(self, data: bytes, path: str, hint: str) -> Document:  # noqa: ARG002 - an environment is one
        """Return an environment; its basis is `installed`, and it is complete unless a row was lost.

        Edges are the requirements whose markers hold in the environment that the report names, with
        an extra where an installed row asks for it; other extras that were asked for no report says.
        A list has no edges, so ``dependencies_known`` is False. Roots are the rows that a user asked
        for, unless all are said to be, as after an install of a whole lock, and those that nothing requires.
        """
        notes = Notes()
        return environment_of(json_value(repaired(data, notes)), hashlib.sha256(data).hexdigest(), path, notes)


READER: Final = PipInspect()


def environment_of(report: Any, sha256: str, path: str, notes: Notes) -> Document:
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
    rows = LockRows(notes)
    if isinstance(report, list):
        _listed(report, rows, notes)
    elif isinstance(report, dict):
        document = _inspected(report, rows, document, notes)
    else:
        raise InputError(f"should be an object, is {shown(report)}")
    return replace(
        document,
        components=tuple(rows.components),
        places=tuple(rows.places),
        edges=tuple(rows.edges),
        completeness=Completeness.INCOMPLETE if notes.lost else Completeness.COMPLETE,
        problems=notes.told(),
    )


def _listed(report: list[Any], rows: LockRows, notes: Notes) -> None:
    if any("latest_version" in row for row in report if isinstance(row, dict)):
        notes.add("rows", "a list of outdated packages leaves out the others", lost=True)
    for place, table in tables_in([{} if row is None else row for row in report], "rows", notes):
        if name := name_in(table, place, notes):
            at = notes.text(table.get("editable_project_location"), f"{place}.editable_project_location")
            rows.add(name, _component(name, table, place, f"directory:{at}" if at else "", notes), place)


def _component(name: PackageName, table: dict[str, Any], place: str, origin: str, notes: Notes) -> Component:
    version = notes.version(table.get("version"), f"{place}.version")
    if not version:
        notes.add(f"{place}.version", "no version: unknown")
    purl = purl_of(name, version or None)
    return Component(ref="", name=name, package=name, version=version, purl=purl, origin=origin)


@dataclass(slots=True, kw_only=True)
class _Want:
    """What a row requires; ``extras`` are those its marker compares with."""

    asked: Requirement
    extras: tuple[str, ...]
    place: str
    is_met: bool = False


@dataclass(slots=True, kw_only=True)
class _Row:
    """An installed row: its ref, and what it requires under each extra (empty: none)."""

    ref: str
    wants: dict[str, list[_Want]]


def _inspected(report: dict[str, Any], rows: LockRows, document: Document, notes: Notes) -> Document:
    version = report.get("version")
    if version not in _KNOWN:
        raise InputError(f"version {shown(version)} cannot be read; 1 can", place="version")
    listed = report.get("installed")
    if not isinstance(listed, list):
        raise InputError(f"should be an array, is {shown(listed)}", place="installed")
    first: dict[PackageName, _Row] = {}
    installed: list[_Row] = []
    requested: list[str] = []
    for place, table in tables_in([{} if one is None else one for one in listed], "installed", notes):
        where = f"{place}.metadata"
        metadata = notes.table(table.get("metadata"), where)
        if not (name := name_in(metadata, where, notes)):
            continue
        origin, digests = _direct_of(table.get("direct_url"), f"{place}.direct_url", notes)
        ref = rows.add(name, replace(_component(name, metadata, where, origin, notes), sha256=digests), place)
        row = _Row(ref=ref, wants=_wants_of(metadata, f"{where}.requires_dist", notes))
        installed.append(row)
        if first.setdefault(name, row) is not row:
            notes.add(place, f"{name} is installed twice; Python imports the first, and edges lead to it")
        if table.get("requested") is True:
            requested.append(ref)
    _link(installed, first, rows, _Markers(report.get("environment"), notes), notes)
    told = requested if len(requested) < len(installed) else []
    roots = tuple(dict.fromkeys((*told, *rows.roots())))
    pip = notes.text(report.get("pip_version"), "pip_version").strip()
    made = (f"pip {pip}",) if pip else ()
    return replace(document, format=f"pip inspect {version}", generator=made, dependencies_known=True, roots=roots)


def _direct_of(value: Any, place: str, notes: Notes) -> tuple[str, tuple[str, ...]]:
    """Return the origin that a ``direct_url`` (PEP 610) names, and its archive's SHA-256; empty for an index."""
    if value is None:
        return "", ()
    table = notes.table(value, place)
    url = without_passwords(notes.text(table.get("url"), f"{place}.url"))
    if not url:
        notes.add(f"{place}.url", "not from an index, and from where it does not say")
        return "unknown", ()
    below = notes.text(table.get("subdirectory"), f"{place}.subdirectory")
    tail = f"#subdirectory={below}" if below else ""
    own = sha256_of(url)
    if "vcs_info" in table:
        vcs = notes.table(table["vcs_info"], f"{place}.vcs_info")
        kind, commit = (notes.text(vcs.get(key), f"{place}.vcs_info.{key}") for key in ("vcs", "commit_id"))
        return f"{kind or 'vcs'}+{url}{f'@{commit}' if commit else ''}{tail}", ()
    where = f"{place}.archive_info"
    archive = notes.table(table.get("archive_info"), where)
    hashes = notes.table(archive.get("hashes"), f"{where}.hashes")
    found = [(f"{where}.hashes.sha256", f"sha256:{notes.text(hashes['sha256'], where)}")] if "sha256" in hashes else []
    found += [(f"{place}.url", f"sha256:{own}")] if own else []
    found.append((f"{where}.hash", notes.text(archive.get("hash"), f"{where}.hash").replace("=", ":", 1)))
    return url + tail, sha256_in(found, notes)


def _wants_of(metadata: dict[str, Any], place: str, notes: Notes) -> dict[str, list[_Want]]:
    found: dict[str, list[_Want]] = {}
    for at, text in enumerate(notes.array(metadata.get("requires_dist"), place)):
        where = f"{place}[{at}]"
        try:
            asked = requirement(notes.text(text, where))
        except ValueError as error:  # BadName is one; so are more digits than int() reads in one go
            notes.add(where, str(error))
            continue
        if asked.unreadable:
            notes.add(where, f"{shown(asked.unreadable)} cannot be read (PEP 508)")
        want = _Want(asked=asked, extras=extras_of(asked.marker or asked.unreadable), place=where)
        for extra in ("", *want.extras):
            found.setdefault(extra, []).append(want)
    return found


class _Markers:
    """What markers come to in the environment that a report names, never in the one that asks."""

    def __init__(self, environment: Any, notes: Notes) -> None:
        named = notes.table(environment, "environment")
        self._variables = {
            key: text for key in _VARIABLES if isinstance(text := named.get(key), str) and len(text) < _LONGEST
        }
        missing = [key for key in _VARIABLES if key not in self._variables]
        self._missing = re.compile(rf"\b(?:{'|'.join(missing)})\b") if missing else None
        self._known: dict[tuple[str, str], bool | None] = {}
        if missing:
            text = "does not say {}; requirements that turn on it are taken to hold"
            notes.add("environment", text.format(", ".join(missing)))

    def truth(self, marker: str, extra: str) -> bool | None:
        """Return whether a marker holds; None where it cannot be told."""
        if not marker:
            return True
        if len(marker) > _LONGEST or (self._missing and self._missing.search(marker)):
            return None
        if (marker, extra) not in self._known:
            try:
                self._known[marker, extra] = Marker(marker).evaluate(self._variables | {"extra": extra})
            except (UndefinedComparison, UndefinedEnvironmentName, ValueError, RecursionError):
                self._known[marker, extra] = None
        return self._known[marker, extra]


def _link(
    installed: list[_Row], first: dict[PackageName, _Row], rows: LockRows, markers: _Markers, notes: Notes
) -> None:
    """Lead each row to what it requires, under the extras that other rows ask of it. Each requirement counts once."""
    waiting = deque((row, "") for row in installed)
    seen: set[tuple[str, str]] = set()
    while waiting:
        row, extra = waiting.popleft()
        if (row.ref, extra) in seen:
            continue
        seen.add((row.ref, extra))
        for want in row.wants.get(extra, ()):
            truth = None if want.asked.unreadable else markers.truth(want.asked.marker, extra)
            # What cannot be told holds where it needs no extra, or one that was asked for.
            if want.is_met or not (truth if truth is not None else extra or not want.extras):
                continue
            want.is_met = True
            target = first.get(want.asked.package)
            if target is None:
                if truth:
                    notes.add(want.place, f"{want.asked.package} is required and not installed")
                continue
            if target.ref != row.ref:
                rows.edges[Edge(source=row.ref, target=target.ref)] = None
            waiting.extend((target, one) for one in want.asked.extras if one in target.wants)
