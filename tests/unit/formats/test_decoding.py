"""What is said of JSON, TOML and XML that cannot be read."""

from __future__ import annotations

import pytest

from graphkit.formats import read_document
from graphkit.model.errors import InputError

BOM = b'<?xml version="1.0"?><bom xmlns="http://cyclonedx.org/schema/bom/1.5" version="1"><components><component>'
RDF = (
    b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://spdx.org/rdf/terms#"><SpdxDocument'
)


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (BOM, "bom.xml"),
        (BOM + b"<name", "bom.xml"),
        (RDF, "bom.rdf"),
        (b'version = 1\n\n[[package]]\nname = "a"\nsource = { registry = "x" }\nsdist = { url = "', "uv.lock"),
        (b'{"bomFormat": "CycloneDX", "specVersion": "1.5", "components": [{"na', "bom.json"),
    ],
)
def test_a_file_that_was_cut_says_what_to_do(data: bytes, name: str) -> None:
    with pytest.raises(InputError, match="the file ends too early: copy or export it again"):
        read_document(data, name)


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (BOM + b"</bom></component>", "bom.xml"),
        (b'version = 1\n[[package]]\nname = = "a"\nsource = { registry = "x" }\n', "uv.lock"),
        (b'{"bomFormat": "CycloneDX", "specVersion": 1.5.5, "components": []}', "bom.json"),
    ],
)
def test_a_file_that_is_broken_inside_is_not_called_cut(data: bytes, name: str) -> None:
    with pytest.raises(InputError, match="not valid") as caught:
        read_document(data, name)
    assert "too early" not in str(caught.value)
