"""SPDX documents in JSON, versions 2.2 and 2.3 (ISO/IEC 5962:2021), GitHub's dependency graph among them."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from graphkit.formats.decoding import is_json, marks_in
from graphkit.formats.diagnostics import Diagnostics
from graphkit.formats.interface import RawDocument
from graphkit.formats.spdx2.document import document_of
from graphkit.formats.spdx2.shape import Spdx, decode
from graphkit.model.documents import Document
from graphkit.model.errors import InputError

_MARKS: Final = (b'"spdxVersion"', b'"SPDXID"', b"spdx.org/rdf/terms", rb"spdx.org\/rdf\/terms")
_OTHERS: Final = re.compile(rb"\"bomFormat\"\s*:\s*\"CycloneDX\"|spdx\.org\\?/rdf\\?/v?3")
"""What a broken document holds that is CycloneDX, or SPDX 3, which has a reader of its own."""
_SPDX3: Final = re.compile(rb"spdx\.org\\?/rdf\\?/v?3")
_LINKED: Final = re.compile(rb"spdx\.org\\?/rdf\\?/terms")


class _Mark(msgspec.Struct):
    version: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw, name="spdxVersion")
    id: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw, name="SPDXID")
    packages: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw)
    context: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw, name="@context")
    sbom: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw)


class SpdxJson:
    """The reader of SPDX 2 JSON."""

    format = "SPDX JSON"

    def claims(self, raw: RawDocument) -> bool:
        """Return whether JSON has an SPDX version, or an SPDX id and packages, at its top or in ``sbom``.

        SPDX 3 is not claimed; JSON-LD of SPDX 2 is, to be rejected aloud. Cost: a search or a scan.
        """
        if not is_json(raw.data) or not any(mark in raw.data for mark in _MARKS):
            return False
        top = inner = marks_in(raw.data, _Mark)
        if top is not None and bytes(top.sbom).startswith(b"{"):
            inner = marks_in(bytes(top.sbom), _Mark)
        if top is None or inner is None:
            return _MARKS[0] in raw.data and not _OTHERS.search(raw.data)
        if _SPDX3.search(bytes(top.context)):
            return False
        if any(bytes(one.version) or (bytes(one.id) and bytes(one.packages)) for one in (top, inner)):
            return True
        return bool(_LINKED.search(bytes(top.context)))

    def parse(self, raw: RawDocument) -> Document:
        """Return an SPDX document, bare or in ``sbom``; see `document_of`."""
        diagnostics = Diagnostics()
        wrapped = decode(raw.data, diagnostics)
        if not wrapped.version and _LINKED.search(bytes(wrapped.context)):
            problem = "SPDX 2 in JSON-LD cannot be read; in JSON, YAML, tag-value and RDF/XML it can"
            raise InputError(problem, place="@context")
        if wrapped.sbom is None or wrapped.version or wrapped.packages:
            if wrapped.sbom is not None:
                diagnostics.add("sbom", "is inside a document and is not read", lost=True)
            return document_of(wrapped, raw, diagnostics)
        read: Spdx = wrapped.sbom
        return document_of(read, raw, diagnostics, place_of="sbom.{}".format, is_export=True)


READER: Final = SpdxJson()
