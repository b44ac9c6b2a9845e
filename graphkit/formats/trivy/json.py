"""Trivy's own JSON reports (schema 2), as documents."""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from graphkit.formats.decoding import is_json, loose_json, marks_in
from graphkit.formats.diagnostics import Diagnostics, own_time, quoted
from graphkit.formats.interface import RawDocument
from graphkit.formats.purl_rows import OTHERS
from graphkit.formats.trivy.rows import ResultRows
from graphkit.model.documents import Basis, Completeness, Document, DocumentKind
from graphkit.model.errors import InputError

_MARK: Final = b'"SchemaVersion"'
_ARTIFACT: Final = (b'"ArtifactName"', b'"ArtifactType"')
_KNOWN: Final = 2
_SOURCES: Final = {"container_image": "image", "filesystem": "directory"}
_OF_A_BOM: Final = frozenset({"cyclonedx", "spdx"})
"""Types of artifacts of which Trivy did not look at files, but at an SBOM."""
_ARCHIVE: Final = re.compile(r"\.(?:tar|tgz|tar\.\w+)$", re.IGNORECASE)
_DIGEST: Final = re.compile(r"@sha\d+:[0-9a-f]+$", re.IGNORECASE)
_TAG: Final = re.compile(r":[\w.-]+$")


class _Mark(msgspec.Struct):
    version: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw, name="SchemaVersion")
    name: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw, name="ArtifactName")
    kind: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw, name="ArtifactType")


class TrivyJson:
    """The reader of Trivy's JSON."""

    format = "Trivy JSON"

    def claims(self, raw: RawDocument) -> bool:
        """Return whether JSON has Trivy's schema version and an artifact at its top.

        Cost: a search; a scan on a hit.
        """
        if not is_json(raw.data) or _MARK not in raw.data or not any(mark in raw.data for mark in _ARTIFACT):
            return False
        if (top := marks_in(raw.data, _Mark)) is None:
            return not OTHERS.search(raw.data)
        return bool(bytes(top.version)) and bool(bytes(top.name) or bytes(top.kind))

    def parse(self, raw: RawDocument) -> Document:
        """Return a report as a document.

        Its basis is `built`, as Syft's: Trivy looks at files that were put together. Rows that it took from a
        requirements file or a lock say only what may be installed, and are optional; where all Python rows are
        such (all rows, where none is of Python), or the report was made from an SBOM, the document is `listed`.
        It is never complete, for a report does not say what Trivy was told to leave out (development packages,
        folders, kinds of packages). Without ``--list-all-pkgs`` it lists what was found vulnerable and nothing
        else, and is incomplete. Cost: linear.

        Raises:
            InputError: it is no JSON object.
        """
        diagnostics = Diagnostics()
        top = loose_json(raw.data, diagnostics)
        if not isinstance(top, dict):
            raise InputError(f"should be an object, is {quoted(top)}")
        version = _version_of(top, diagnostics)
        kind = diagnostics.text(top.get("ArtifactType"), "ArtifactType").strip().lower()
        subject = _subject_of(top, kind, diagnostics)
        rows = ResultRows(diagnostics)
        root = rows.take_artifact(subject)
        for number, one in enumerate(diagnostics.array(top.get("Results"), "Results")):
            if isinstance(one, dict):
                rows.take_result(one, f"Results[{number}]")
            else:
                diagnostics.add(f"Results[{number}]", "is not an object; left out", lost=True)
        rows.close()
        if not rows.lists_packages:
            text = "packages in which nothing was found: the report lists findings alone; make it with --list-all-pkgs"
            diagnostics.leave_open("Results", text)
        python = [row for row in rows.components.values() if row.package and row.ref not in rows.imported]
        deciding = python or [row for row in rows.components.values() if row.ref not in {root, *rows.imported}]
        is_listed = kind in _OF_A_BOM or (bool(deciding) and all(row.ref in rows.listed for row in deciding))
        targets = {edge.target for edge in rows.edges if edge.source != edge.target}
        tops = dict.fromkeys(edge.source for edge in rows.edges if edge.source not in targets)
        return Document(
            sha256=raw.sha256,
            path=raw.path,
            kind=DocumentKind.SBOM,
            format=f"Trivy {version}".strip(),
            basis=Basis.LISTED if is_listed else Basis.BUILT,
            components=rows.shown(is_listed=is_listed),
            places=tuple(rows.places),
            edges=tuple(rows.edges),
            roots=tuple(dict.fromkeys((*([root] if root else ()), *tops))),
            subject=subject,
            created=own_time(diagnostics.text(top.get("CreatedAt"), "CreatedAt").strip(), "CreatedAt", diagnostics),
            generator=(_generator(top, diagnostics),),
            source_kind=_SOURCES.get(kind, kind),
            completeness=Completeness.INCOMPLETE if diagnostics.lost else Completeness.UNKNOWN,
            covers_python=bool(python) or rows.covers_libraries,
            dependencies_known=bool(rows.edges),
            problems=diagnostics.as_tuple(),
        )


READER: Final = TrivyJson()


def _version_of(top: dict[str, Any], diagnostics: Diagnostics) -> str:
    found = top.get("SchemaVersion")
    if type(found) is not int or found < _KNOWN:
        raise InputError(f"schema {quoted(found)} cannot be read; {_KNOWN} can", place="SchemaVersion")
    if found > _KNOWN:
        diagnostics.read_as("SchemaVersion", quoted(found), str(_KNOWN))
    return quoted(found)


def _generator(top: dict[str, Any], diagnostics: Diagnostics) -> str:
    """Return Trivy with its version, which reports since 0.68 have."""
    made = diagnostics.table(top.get("Trivy"), "Trivy")
    return f"trivy {diagnostics.text(made.get('Version'), 'Trivy.Version').strip()}".strip()


def _subject_of(top: dict[str, Any], kind: str, diagnostics: Diagnostics) -> str:
    """Return the name of what was looked at: an image's without digest and tag; a path names nothing."""
    name = diagnostics.text(top.get("ArtifactName"), "ArtifactName").strip()
    if kind == "container_image":
        if _ARCHIVE.search(name):  # a saved image: the report has its name, where it was given one
            metadata = diagnostics.table(top.get("Metadata"), "Metadata")
            tags = diagnostics.array(metadata.get("RepoTags"), "Metadata.RepoTags")
            name = next((one for one in tags if isinstance(one, str)), name)
        name = _TAG.sub("", _DIGEST.sub("", name))
    elif kind != "aws_account" and ("/" in name or "\\" in name):
        return ""
    return name if any(map(str.isalnum, name)) else ""
