"""A file among what a document lists that is called as an archive of a release: it is a row, whatever else is known."""

from __future__ import annotations

import json

import pytest

from graphkit.formats import read_document
from graphkit.formats.named_releases import is_source_archive
from graphkit.model.documents import Component
from graphkit.model.names import namesakes_of
from tests.unit.formats.test_numbers import FORMATS as READ

WHEEL = "litellm-1.82.8-py3-none-any.whl"
SDIST = "./vendor/litellm-1.82.8.tar.gz"
FORMATS = {
    "CycloneDX": '{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"type": "file", "name": NAME}]}',
    "SPDX": '{"spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "name": "x", "packages": [{"SPDXID": '
    '"SPDXRef-a", "name": "a"}], "files": [{"SPDXID": "SPDXRef-f", "fileName": NAME}]}',
    "SPDX 3": '{"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": [{"type": "SpdxDocument", '
    '"spdxId": "d", "rootElement": ["p"], "element": ["p"]}, {"type": "software_Package", "spdxId": "p", "name": "a"}, '
    '{"type": "software_File", "spdxId": "f", "name": NAME}]}',
    "Syft": '{"artifacts": [], "files": [{"id": "f", "location": {"path": NAME}}], "artifactRelationships": [], '
    '"source": {"type": "directory", "target": "x"}, "descriptor": {"name": "syft", "version": "1"}, '
    '"schema": {"version": "16.0.0", "url": "x"}}',
}


def may_be_litellm(row: Component) -> bool:
    return "litellm" in ((row.package,) if row.package else namesakes_of(row.name, row.purl, row.version))


@pytest.mark.parametrize("name", [WHEEL, f"vendor/{WHEEL}", SDIST, "/srv/litellm-1.82.8.zip"])
@pytest.mark.parametrize("form", FORMATS)
def test_the_file_is_a_row_that_may_be_the_release(form: str, name: str) -> None:
    document = read_document(FORMATS[form].replace("NAME", json.dumps(name)).encode(), "x.json")
    assert document is not None
    assert any(map(may_be_litellm, document.components)), document.components


def test_the_archive_of_a_row_is_no_row_of_its_own() -> None:
    text = READ["Syft"].replace("VERSION", '"1.82.8", "locations": [{"path": "/srv/litellm-1.82.8.tar.gz"}]')
    document = read_document(text.encode(), "x.json")
    assert document is not None
    assert [row.name for row in document.components if may_be_litellm(row)] == ["litellm"]


def test_what_is_no_archive_of_a_release_is_none() -> None:
    names = ["app.tar.gz", "v1.2.zip", "https://files.example/litellm-1.82.8.tar.gz"]
    assert list(filter(is_source_archive, names)) == []
