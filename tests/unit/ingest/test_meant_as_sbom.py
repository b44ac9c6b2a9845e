"""Files that no reader claims, and that were meant as SBOMs."""

from __future__ import annotations

import pytest

from graphkit.formats import is_claimed
from graphkit.formats.decoding import is_json
from graphkit.ingest.meant_as_sbom import is_meant_as_sbom
from graphkit.model.errors import InputError
from tests.fuzz.seeds import SEEDS

FORMATS = ("CycloneDX JSON", "CycloneDX XML", "SPDX JSON", "SPDX tag-value", "SPDX RDF/XML")
CUT = [raw.data for name in FORMATS for raw in SEEDS[name]]


@pytest.mark.parametrize("data", CUT, ids=FORMATS)
def test_an_sbom_that_was_cut_is_claimed_or_is_meant_as_one(data: bytes) -> None:
    for length in range(8, min(len(data), 200)):
        try:
            known = is_claimed(data[:length], "sbom.json" if is_json(data) else "bom.xml")
        except InputError:
            known = True
        assert known or is_meant_as_sbom(data[:length], "sbom.json" if is_json(data) else "bom.xml"), data[:length]


@pytest.mark.parametrize(
    ("text", "path", "is_one"),
    [
        (b"", "bom.json", True),
        (b"", "a/app.cdx.json", True),
        (b'{"bomForm', "x.json", True),
        (b'{"bomFormat": "Cycl', "x.json", True),
        (b'{"bomFormat": "other"}', "x.json", True),
        (b'{"SchemaVersion": 2, "Arti', "trivy.json", True),
        (b"<?xml vers", "bom.xml", True),
        (b"SPDXVers", "x.spdx", True),
        (b"", "notes.json", False),
        (b'{"a": ', "notes.json", False),
        (b'{"parts": []}', "bom.json", False),
        (b"<parts></parts>", "bom.xml", False),
        (b'{"properties": {"bomFormat": {}}}', "bom-1.5.schema.json", False),
        (b"how to make an SBOM", "sbom.md", False),
    ],
)
def test_it_is_known_by_its_name_or_its_first_bytes(text: bytes, path: str, is_one: bool) -> None:  # noqa: FBT001
    assert is_meant_as_sbom(text, path) is is_one
