"""SPDX documents in YAML, versions 2.2 and 2.3: the shape is that of JSON."""

from __future__ import annotations

from typing import Final

from graphkit.formats.diagnostics import Diagnostics
from graphkit.formats.interface import RawDocument
from graphkit.formats.spdx2.document import document_of
from graphkit.formats.spdx2.shape import shaped, text_syntax
from graphkit.formats.yaml_values import yaml_text, yaml_value
from graphkit.model.documents import Document


class SpdxYaml:
    """The reader of SPDX 2 YAML."""

    format = "SPDX YAML"

    def claims(self, raw: RawDocument) -> bool:
        """Return whether text has an SPDX version as a key at its left edge. Cost: a search."""
        return text_syntax(raw.data) == "YAML"

    def parse(self, raw: RawDocument) -> Document:
        """Return a document; see `document_of`. Every value but null is text: a version ``1.10`` stays one.

        Cost: linear; with libyaml about 0.3 s for 1.4 MB, without it some ten times that.
        """
        diagnostics = Diagnostics()
        value = yaml_value(yaml_text(raw.data, diagnostics), diagnostics)
        return document_of(shaped(diagnostics.table(value, "the document"), diagnostics), raw, diagnostics)


READER: Final = SpdxYaml()
