"""One SPDX document in four syntaxes is one document; hostile text is one line."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from graphkit.model.documents import Document
from graphkit.model.errors import InputError
from graphkit.sources.documents import read_document

DIGEST = "ab" * 32
PACKAGES: list[dict[str, Any]] = [
    {"SPDXID": "SPDXRef-app", "name": "app", "versionInfo": "1.0", "downloadLocation": "NOASSERTION"},
    {
        "SPDXID": "SPDXRef-litellm",
        "name": "litellm",
        "versionInfo": "1.82.8",
        "downloadLocation": "NONE",
        "checksums": [{"algorithm": "SHA256", "checksumValue": DIGEST}],
        "externalRefs": [
            {
                "referenceCategory": "PACKAGE-MANAGER",
                "referenceType": "purl",
                "referenceLocator": "pkg:pypi/litellm@1.82.8",
            }
        ],
    },
]
SPDX: dict[str, Any] = {
    "spdxVersion": "SPDX-2.3",
    "SPDXID": "SPDXRef-DOCUMENT",
    "name": "app",
    "documentNamespace": "https://spdx.example/app",
    "creationInfo": {"created": "2026-03-24T10:00:00Z", "creators": ["Tool: sbom4python-1"]},
    "packages": PACKAGES,
    "relationships": [
        {"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "SPDXRef-app"},
        {"spdxElementId": "SPDXRef-app", "relationshipType": "DEPENDS_ON", "relatedSpdxElement": "SPDXRef-litellm"},
        {"spdxElementId": "SPDXRef-litellm", "relationshipType": "DEPENDS_ON", "relatedSpdxElement": "NONE"},
    ],
}
TAGS = f"""SPDXVersion: SPDX-2.3
DataLicense: CC0-1.0
SPDXID: SPDXRef-DOCUMENT
DocumentName: app
DocumentNamespace: https://spdx.example/app
Creator: Tool: sbom4python-1
Created: 2026-03-24T10:00:00Z
CreatorComment: <text>of two
lines</text>
# a comment
PackageName: app
SPDXID: SPDXRef-app
PackageVersion: 1.0
PackageDownloadLocation: NOASSERTION

PackageName: litellm
SPDXID: SPDXRef-litellm
PackageVersion: 1.82.8
PackageDownloadLocation: NONE
PackageChecksum: SHA256: {DIGEST}
ExternalRef: PACKAGE-MANAGER purl pkg:pypi/litellm@1.82.8

Relationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-app
Relationship: SPDXRef-app DEPENDS_ON SPDXRef-litellm
Relationship: SPDXRef-litellm DEPENDS_ON NONE
"""
RDF = f"""<?xml version="1.0" encoding="UTF-8"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:spdx="http://spdx.org/rdf/terms#">
  <spdx:SpdxDocument rdf:about="https://spdx.example/app#SPDXRef-DOCUMENT">
    <spdx:specVersion>SPDX-2.3</spdx:specVersion>
    <spdx:name>app</spdx:name>
    <spdx:creationInfo><spdx:CreationInfo>
      <spdx:created>2026-03-24T10:00:00Z</spdx:created><spdx:creator>Tool: sbom4python-1</spdx:creator>
    </spdx:CreationInfo></spdx:creationInfo>
    <spdx:relationship><spdx:Relationship>
      <spdx:relationshipType rdf:resource="http://spdx.org/rdf/terms#relationshipType_describes"/>
      <spdx:relatedSpdxElement>
        <spdx:Package rdf:about="https://spdx.example/app#SPDXRef-app">
          <spdx:name>app</spdx:name><spdx:versionInfo>1.0</spdx:versionInfo>
          <spdx:downloadLocation rdf:resource="http://spdx.org/rdf/terms#noassertion"/>
          <spdx:relationship><spdx:Relationship>
            <spdx:relationshipType rdf:resource="http://spdx.org/rdf/terms#relationshipType_dependsOn"/>
            <spdx:relatedSpdxElement>
              <spdx:Package rdf:about="https://spdx.example/app#SPDXRef-litellm">
                <spdx:name>litellm</spdx:name><spdx:versionInfo>1.82.8</spdx:versionInfo>
                <spdx:downloadLocation rdf:resource="http://spdx.org/rdf/terms#none"/>
                <spdx:checksum><spdx:Checksum>
                  <spdx:algorithm rdf:resource="http://spdx.org/rdf/terms#checksumAlgorithm_sha256"/>
                  <spdx:checksumValue>{DIGEST}</spdx:checksumValue>
                </spdx:Checksum></spdx:checksum>
                <spdx:externalRef><spdx:ExternalRef>
                  <spdx:referenceCategory rdf:resource="http://spdx.org/rdf/terms#referenceCategory_packageManager"/>
                  <spdx:referenceType rdf:resource="http://spdx.org/rdf/references/purl"/>
                  <spdx:referenceLocator>pkg:pypi/litellm@1.82.8</spdx:referenceLocator>
                </spdx:ExternalRef></spdx:externalRef>
              </spdx:Package>
            </spdx:relatedSpdxElement>
          </spdx:Relationship></spdx:relationship>
        </spdx:Package>
      </spdx:relatedSpdxElement>
    </spdx:Relationship></spdx:relationship>
  </spdx:SpdxDocument>
</rdf:RDF>
"""
SYNTAXES = {"JSON": json.dumps(SPDX), "YAML": yaml.safe_dump(SPDX), "tag-value": TAGS, "RDF": RDF}


def read(text: str) -> Document:
    document = read_document(text.encode(), "app.spdx")
    assert document is not None
    return document


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_every_syntax_says_the_same(syntax: str) -> None:
    document = read(SYNTAXES[syntax])
    rows = {row.ref: row for row in document.components}
    assert [(row.name, row.package, row.version, row.sha256) for row in rows.values()] == [
        ("app", None, "1.0", ()),
        ("litellm", "litellm", "1.82.8", (DIGEST,)),
    ]
    assert [(rows[edge.source].name, rows[edge.target].name) for edge in document.edges] == [("app", "litellm")]
    assert [rows[ref].name for ref in document.roots] == ["app"]
    assert (document.subject, document.created, document.basis) == (
        "app",
        read(SYNTAXES["JSON"]).created,
        read(SYNTAXES["JSON"]).basis,
    )
    assert document.problems == ()


def test_line_ends_of_other_systems_and_marks_change_nothing() -> None:
    for text in (TAGS.replace("\n", "\r\n"), f"\ufeff{TAGS}"):
        assert [row.name for row in read(text).components] == ["app", "litellm"]


def test_a_text_that_never_ends_loses_no_package() -> None:
    document = read(TAGS.replace("lines</text>", "lines"))
    assert [row.name for row in document.components] == ["app", "litellm"]
    assert document.problems


def test_a_bad_element_loses_no_other() -> None:
    document = read(TAGS.replace("PackageVersion: 1.0\n", "PackageVersion\nnonsense here\n"))
    assert "litellm" in [row.name for row in document.components]


BOMB = "spdxVersion: SPDX-2.3\na: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + at)}: &{chr(98 + at)} [{', '.join([f'*{chr(97 + at)}'] * 10)}]\n" for at in range(9)
)


@pytest.mark.parametrize(
    "text",
    [
        BOMB + "packages: *j\n",
        "spdxVersion: SPDX-2.3\npackages: " + "[" * 100_000,
        RDF.replace("<rdf:RDF", '<!DOCTYPE r [<!ENTITY a "aaaa">]>\n<rdf:RDF', 1),
        RDF[:600],
    ],
    ids=["aliases", "depth", "document type", "cut"],
)
def test_hostile_text_is_one_line(text: str) -> None:
    with pytest.raises(InputError) as caught:
        read(text)
    assert "\n" not in str(caught.value)
