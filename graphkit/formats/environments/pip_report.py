"""What pip says of one install (``pip install --report``): what it installed or, with ``--dry-run``, would install."""

from __future__ import annotations

import re
from typing import Any, Final

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
from graphkit.formats.locks.rows import LockRows, name_in, note_strangers, tables_in
from graphkit.model.documents import Completeness, Document
from graphkit.model.errors import InputError
from graphkit.model.names import PackageName, extra_name

_PIP: Final = re.compile(rb"(?<!\\)\"pip_version\"\s*:")
_INSTALL: Final = re.compile(rb"(?<!\\)\"install\"\s*:")
_KNOWN: Final = ("0", "1")
_LOCAL: Final = "file:"


class PipReport:
    """The reader of pip's installation reports."""

    format = "pip install report"

    def claims(self, raw: RawDocument) -> bool:
        """Return whether JSON has the keys of such a report. Cost: two searches."""
        if not is_json(raw.data) or b'"pip_version"' not in raw.data:  # a plain search first: it is ten times as fast
            return False
        return bool(_PIP.search(raw.data)) and bool(_INSTALL.search(raw.data))

    def parse(self, raw: RawDocument) -> Document:
        """Return a report (pip, "Installation Report", version 1) as a lock: what one command takes, file by file.

        Whether it was a dry run a report does not say, so its basis is `locked`: it may have been installed. What
        was in the environment before is not in it, so it never says that it lists everything; a requirement of a row
        that no row meets shows that something is left out. Edges are as of `pip inspect`. It has no time.

        Raises:
            InputError: the report as a whole cannot be used.
        """
        diagnostics = Diagnostics()
        report = loose_json(raw.data, diagnostics)
        if not isinstance(report, dict):
            raise InputError(f"should be an object, is {quoted(report)}")
        if (version := report.get("version")) not in _KNOWN:
            raise InputError(f"version {quoted(version)} cannot be read; 1 can", place="version")
        if not isinstance(report.get("install"), list):
            raise InputError(f"should be an array, is {quoted(report.get('install'))}", place="install")
        rows = LockRows(diagnostics)
        requested = _taken(report, rows, diagnostics)
        count = len(rows.components)
        if not report["install"]:
            diagnostics.add("install", "installs nothing: what was already installed is not listed", lost=True)
        found = rows.document(raw, f"pip install report {version}", "")
        return replace(
            found,
            roots=roots_of(rows, requested, count),
            generator=made_by(report, diagnostics),
            is_of_one_environment=True,
            completeness=Completeness.INCOMPLETE if diagnostics.lost else Completeness.UNKNOWN,
            problems=diagnostics.as_tuple(),
        )


READER: Final = PipReport()


def _taken(report: dict[str, Any], rows: LockRows, diagnostics: Diagnostics) -> list[str]:
    """Take up the rows of a report; return the refs of those that were asked for by name."""
    first: dict[PackageName, PipRow] = {}
    listed: list[PipRow] = []
    asked: list[tuple[PipRow, str]] = []
    requested: list[str] = []
    for place, table in tables_in([{} if one is None else one for one in report["install"]], "install", diagnostics):
        where = f"{place}.metadata"
        metadata = diagnostics.table(table.get("metadata"), where)
        if not (name := name_in(metadata, where, diagnostics)):
            continue
        address, digests = direct_of(table.get("download_info"), f"{place}.download_info", diagnostics)
        # A file of a folder (`--find-links`) is of no index, whatever was asked for.
        is_elsewhere = table.get("is_direct") is True or address.lower().startswith(_LOCAL) or address == "unknown"
        own = component(name, metadata, where, address if is_elsewhere else "", diagnostics)
        if not is_elsewhere and address:
            note_strangers(name, own.version, [(f"{place}.download_info.url", address)], diagnostics)
        row = PipRow(
            ref=rows.add(name, replace(own, sha256=digests), place),
            requirements=requirements_of(metadata, f"{where}.requires_dist", diagnostics),
        )
        listed.append(row)
        if first.setdefault(name, row) is not row:
            diagnostics.add(place, f"{name} is installed twice", lost=True)
        if table.get("requested") is True:
            requested.append(row.ref)
        extras = diagnostics.array(table.get("requested_extras"), f"{place}.requested_extras")
        asked += [(row, extra_name(one)) for one in extras if isinstance(one, str)]
    for required in link(listed, first, rows, Markers(report.get("environment"), diagnostics), asked=asked):
        _note_missing(required.asked.package, required.place, rows, diagnostics, is_sure=required.is_sure)
    return requested


def _note_missing(package: PackageName, place: str, rows: LockRows, diagnostics: Diagnostics, *, is_sure: bool) -> None:
    """Note a requirement that no row meets: it was there before, at a version that nobody tells, or was left out."""
    text = "is required and not in the report: it was there before, or was left out"
    if is_sure:
        diagnostics.add(place, f"{package} {text}", lost=True)
        rows.miss(package, place)
    else:
        diagnostics.add(place, f"{package} may be required but is not in the report", lost=True)
