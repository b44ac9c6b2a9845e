"""What is installed in an environment of conda: ``conda list`` as text, with ``--json`` and with ``--export``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from graphkit.formats.conda.rows import CondaRows
from graphkit.formats.decoding import loose_json, repaired
from graphkit.formats.diagnostics import Diagnostics
from graphkit.formats.interface import RawDocument
from graphkit.formats.locks.rows import tables_in
from graphkit.model.documents import Basis, Completeness, Document, DocumentKind

_HEAD: Final = 64 * 1024
_LIST: Final = re.compile(
    rb"^#[ \t]*packages in environment at [^\n]*$|^#[ \t]*Name[ \t]+Version[ \t]+Build\b[^\n]*$", re.MULTILINE
)
_MAMBA: Final = re.compile(rb"^List of packages in environment:[^\n]*$", re.MULTILINE)
_EXPORT: Final = re.compile(rb"^# \$ conda create --name <env> --file <this file>\s*$", re.MULTILINE)
_EXPLICIT: Final = re.compile(rb"^@EXPLICIT\s*$", re.MULTILINE)
_JSON: Final = re.compile(rb"\s*\[\s*\{")
_KEYS: Final = (b'"base_url"', b'"build_string"', b'"dist_name"', b'"channel"')
_TOOL: Final = re.compile(r"# created-by: (conda \S{1,40})\s*")
_EXPORTED: Final = re.compile(r"([^=\s]+)=([^=\s]+)(?:=([^=\s]+))?")
_RULED: Final = re.compile(r"[\s─-]+")
_TITLES: Final = ("Name", "Version", "Build")
_TEXT: Final = "conda list"
_MAKERS: Final = {"text": ("conda",), "mamba": ("mamba",)}
"""Who writes a list in a form; JSON and exports are of several tools."""


class _Row(NamedTuple):
    """One row, and where it stands; ``name`` empty: it is none that can be read."""

    place: str
    name: str
    version: str = ""
    build: str = ""
    channel: str = ""


class CondaList:
    """The reader of what conda and mamba list of an environment."""

    format = "conda list"

    def claims(self, raw: RawDocument) -> bool:
        """Return whether text has the header of such a list, or JSON the keys of its rows. Cost: a few searches."""
        return bool(_form_of(raw.data))

    def parse(self, raw: RawDocument) -> Document:
        """Return an environment; its basis is `installed`.

        Rows of the channel `pypi` are what pip installed, releases of the Python index; others are conda's packages,
        of which a list does not say what Python packages they hold. It is complete where it holds what every
        environment with a Python has (else it was filtered) and what pip installed is in it for sure: conda lists
        that, some releases of mamba do not, and which of them wrote JSON or an export, only a row of pip's tells.
        It has no edges and no time.
        """
        form, diagnostics = _form_of(raw.data), Diagnostics()
        rows = CondaRows(diagnostics)
        text = "" if form == "JSON" else repaired(raw.data, diagnostics).decode()
        if form == "JSON":
            found = _of_json(raw.data, diagnostics)
        else:
            found = _of_export(text) if form == "export" else _of_text(text)
        for row in found:
            if not row.name:
                diagnostics.add(row.place, "cannot be read as a package; left out", lost=True)
                continue
            rows.listed(row.name, row.version, row.build, row.channel, row.place)
        tool = _TOOL.search(text)
        is_sure = rows.has_pip or bool(tool) or form == "text"
        whole = Completeness.COMPLETE if is_sure and rows.are_whole() else Completeness.UNKNOWN
        return Document(
            sha256=raw.sha256,
            path=raw.path,
            kind=DocumentKind.ENVIRONMENT,
            format=_TEXT if form in {"text", "mamba"} else f"{_TEXT} ({form})",
            basis=Basis.INSTALLED,
            components=tuple(rows.components),
            places=tuple(rows.places),
            generator=(tool[1],) if tool else _MAKERS.get(form, ()),
            source_kind="environment",
            completeness=Completeness.INCOMPLETE if diagnostics.lost else whole,
            dependencies_known=False,
            problems=diagnostics.as_tuple(),
        )


READER: Final = CondaList()


def _form_of(data: bytes) -> str:
    """Return in which form a list is: `text`, `mamba` (as that writes text), `JSON` or `export`; empty for no list."""
    head = data[:_HEAD]
    if _JSON.match(head):
        return "JSON" if all(key in head for key in _KEYS) else ""
    if head.lstrip()[:1] == b"{" or _EXPLICIT.search(head):
        return ""
    forms = ((_LIST, "text"), (_EXPORT, "export"), (_MAMBA, "mamba"))
    return next((form for pattern, form in forms if pattern.search(head)), "")


def _of_text(text: str) -> Iterator[_Row]:
    """Yield the rows of a table: name, version, build, and a channel where it is not the default one."""
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.split()
        if not words or line.startswith(("#", "List of packages")) or _RULED.fullmatch(line):
            continue
        if tuple(words[:3]) == _TITLES:
            continue
        place = f"line {number}"
        name, version, build, channel = words[:4] if len(words) > 3 else (*words, "", "", "")[:4]
        yield _Row(place, name if build else "", version, build, channel)


def _of_export(text: str) -> Iterator[_Row]:
    """Yield the rows of an export: ``name=version=build``, which says nothing of channels."""
    for number, line in enumerate(text.splitlines(), start=1):
        plain = line.strip()
        if plain and not plain.startswith("#"):
            read = _EXPORTED.fullmatch(plain)
            yield _Row(f"line {number}", *(one or "" for one in read.groups())) if read else _Row(f"line {number}", "")


def _of_json(data: bytes, diagnostics: Diagnostics) -> Iterator[_Row]:
    value: Any = loose_json(data, diagnostics)
    rows = value if isinstance(value, list) else [value]
    for place, table in tables_in([{} if one is None else one for one in rows], "rows", diagnostics):
        keys = ("name", "version", "build_string", "channel")
        name, version, build, channel = (
            diagnostics.version(table.get(key), f"{place}.{key}")
            if key == "version"
            else diagnostics.text(table.get(key), f"{place}.{key}")
            for key in keys
        )
        yield _Row(place, name.strip(), version, build, channel)
