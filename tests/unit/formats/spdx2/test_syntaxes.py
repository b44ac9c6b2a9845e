"""One SPDX document in four syntaxes is one document; hostile text is one line."""

from __future__ import annotations

import json
from typing import Any
from xml.sax.saxutils import escape

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graphkit.formats import read_document
from graphkit.model.documents import Document
from graphkit.model.errors import InputError

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


SPACE = "https://spdx.example/app"
TERMS = "http://spdx.org/rdf/terms#"
SINGLE = ("name", "versionInfo", "downloadLocation", "sourceInfo")
WORDS = {"NONE": f"{TERMS}none", "NOASSERTION": f"{TERMS}noassertion"}


def as_tags(written: dict[str, Any]) -> str:
    """Return a document as tag-value; files come first, since those below a package are in it."""
    creation = written["creationInfo"]
    lines = [f"SPDXVersion: {written['spdxVersion']}", f"SPDXID: {written['SPDXID']}"]
    lines += [f"Creator: {one}" for one in creation["creators"]]
    lines += [f"Created: {creation['created']}", f"CreatorComment: <text>{creation['comment']}</text>"]
    related = [{"spdxElementId": written["SPDXID"], "relationshipType": "DESCRIBES", "relatedSpdxElement": one}
               for one in written["documentDescribes"]]  # fmt: skip
    for one in written["files"]:
        lines += [f"FileName: {one['fileName']}", f"SPDXID: {one['SPDXID']}"]
        lines += [f"FileChecksum: {sum_['algorithm']}: {sum_['checksumValue']}" for sum_ in one["checksums"]]
    for one in written["packages"]:
        lines += [f"PackageName: {one['name']}", f"SPDXID: {one['SPDXID']}"]
        for tag, key in (
            ("Version", "versionInfo"),
            ("DownloadLocation", "downloadLocation"),
            ("SourceInfo", "sourceInfo"),
        ):
            lines += [f"Package{tag}: {one[key]}"] if key in one else []
        lines += [] if "downloadLocation" in one else ["PackageDownloadLocation: NOASSERTION"]
        lines += [f"PackageChecksum: {sum_['algorithm']}: {sum_['checksumValue']}" for sum_ in one["checksums"]]
        lines += [
            f"ExternalRef: {ref['referenceCategory']} {ref['referenceType']} {ref['referenceLocator']}"
            for ref in one["externalRefs"]
        ]
        related += [
            {"spdxElementId": one["SPDXID"], "relationshipType": "CONTAINS", "relatedSpdxElement": file}
            for file in one["hasFiles"]
        ]
    lines += [
        f"Relationship: {one['spdxElementId']} {one['relationshipType']} {one['relatedSpdxElement']}"
        for one in (*related, *written["relationships"])
    ]
    return "\n".join(lines)


def as_rdf(written: dict[str, Any]) -> str:
    """Return a document as RDF/XML, its elements flat, and its relationships on the element that has them."""

    def text(name: str, value: str) -> str:
        where = WORDS.get(value)
        return f'<spdx:{name} rdf:resource="{where}"/>' if where else f"<spdx:{name}>{escape(value)}</spdx:{name}>"

    def link(name: str, value: str) -> str:
        return f'<spdx:{name} rdf:resource="{WORDS.get(value, f"{SPACE}#{value}")}"/>'

    def sums(one: dict[str, Any]) -> str:
        return "".join(
            f'<spdx:checksum><spdx:Checksum><spdx:algorithm rdf:resource="{TERMS}checksumAlgorithm_'
            f'{sum_["algorithm"].lower()}"/>{text("checksumValue", sum_["checksumValue"])}'
            "</spdx:Checksum></spdx:checksum>"
            for sum_ in one["checksums"]
        )

    def refs(one: dict[str, Any]) -> str:
        return "".join(
            f'<spdx:externalRef><spdx:ExternalRef><spdx:referenceType rdf:resource="http://spdx.org/rdf/references/'
            f'{ref["referenceType"]}"/>{text("referenceLocator", ref["referenceLocator"])}'
            "</spdx:ExternalRef></spdx:externalRef>"
            for ref in one["externalRefs"]
        )

    def hung(ref: str) -> str:
        found = ""
        for one in written["relationships"]:
            if one["spdxElementId"] == ref:
                head, *tail = one["relationshipType"].lower().split("_")
                kind = head + "".join(map(str.title, tail))
                found += (
                    f'<spdx:relationship><spdx:Relationship><spdx:relationshipType rdf:resource="{TERMS}'
                    f'relationshipType_{kind}"/>{link("relatedSpdxElement", one["relatedSpdxElement"])}'
                    "</spdx:Relationship></spdx:relationship>"
                )
        return found

    def node(kind: str, ref: str, *said: str) -> str:
        return f'<spdx:{kind} rdf:about="{SPACE}#{ref}">{"".join(said)}{hung(ref)}</spdx:{kind}>\n'

    creation = written["creationInfo"]
    names = f'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:spdx="{TERMS}"'
    made = "".join((
        text("created", creation["created"]),
        *(text("creator", one) for one in creation["creators"]),
        f'<rdfs:comment xmlns:rdfs="http://www.w3.org/2000/01/rdf-schema#">{creation["comment"]}</rdfs:comment>',
    ))  # fmt: skip
    return f"<rdf:RDF {names}>" + "".join((
        node(
            "SpdxDocument",
            written["SPDXID"],
            text("specVersion", written["spdxVersion"]),
            f"<spdx:creationInfo><spdx:CreationInfo>{made}</spdx:CreationInfo></spdx:creationInfo>",
            *(link("describesPackage", one) for one in written["documentDescribes"]),
        ),
        *(
            node(
                "Package",
                one["SPDXID"],
                *(text(key, one[key]) for key in SINGLE if key in one),
                sums(one),
                refs(one),
                *(link("hasFile", file) for file in one["hasFiles"]),
            )
            for one in written["packages"]
        ),
        *(node("File", one["SPDXID"], text("fileName", one["fileName"]), sums(one)) for one in written["files"]),
    )) + "</rdf:RDF>"  # fmt: skip


IDS = [f"SPDXRef-p{number}" for number in range(4)]
FILES = [f"SPDXRef-f{number}" for number in range(3)]
digests = st.sampled_from([f"{number:064x}" for number in range(3)])
sums = st.lists(
    st.fixed_dictionaries({"algorithm": st.sampled_from(["SHA256", "SHA1"]), "checksumValue": digests}), max_size=2
)
purls = st.sampled_from(
    [
        *("pkg:pypi/litellm@1.82.8", "pkg:pypi/litellm@1.82.6", "pkg:pypi/litellm", "pkg:PyPI/LiteLLM@1.82.8"),
        *(
            "pkg:pypi/ns/litellm@1.82.8",
            "pkg:pypi/other@1.10",
            "pkg:npm/litellm@1",
            "pkg:pypi/litellm@%3E1",
            "NOASSERTION",
        ),
        *("pkg:pypi/a@1?vcs_url=git%2Bhttps://git.example/a", f"pkg:pypi/a@1?checksum=sha256:{DIGEST}"),
    ]
)
references = st.lists(
    purls.map(lambda one: {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": one}),
    max_size=2,
)


def packages_of(ref: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {
            "SPDXID": st.just(ref),
            "name": st.sampled_from(["litellm", "app", "pip:litellm", "poetry.lock"]),
            "checksums": sums,
            "externalRefs": references,
            "hasFiles": st.lists(st.sampled_from(FILES), max_size=2, unique=True),
        },
        optional={
            "versionInfo": st.sampled_from(
                ["1.82.8", "1.10", "NOASSERTION", ">= 1.0,< 2", "= 1.82.8", "latest", "2026-03-24"]
            ),
            "downloadLocation": st.sampled_from(
                ["NONE", "NOASSERTION", "git+https://git.example/a", f"https://files.example/a.whl#sha256={DIGEST}"]
            ),
            "sourceInfo": st.sampled_from(
                ["found in: poetry.lock", "acquired package info from installed python package"]
            ),
        },
    )


ends = st.sampled_from([*IDS, *FILES, "SPDXRef-DOCUMENT", "NONE", "NOASSERTION", "SPDXRef-gone"])
documents = st.fixed_dictionaries(
    {
        "spdxVersion": st.sampled_from(["SPDX-2.2", "SPDX-2.3"]),
        "SPDXID": st.just("SPDXRef-DOCUMENT"),
        "creationInfo": st.fixed_dictionaries(
            {
                "created": st.just("2026-03-24T10:00:00Z"),
                "creators": st.sampled_from([["Tool: syft-1"], ["Tool: GitHub.com-Dependency-Graph", "Person: x"]]),
                "comment": st.sampled_from(["SBOM Type: Design", "SBOM Type: Runtime", "none"]),
            }
        ),
        "documentDescribes": st.lists(st.sampled_from(IDS), max_size=2, unique=True),
        "packages": st.tuples(*map(packages_of, IDS)).map(list),
        "files": st.tuples(
            *(
                st.fixed_dictionaries({"SPDXID": st.just(ref), "fileName": st.just(f"./{ref}"), "checksums": sums})
                for ref in FILES
            )
        ).map(list),
        "relationships": st.lists(
            st.fixed_dictionaries(
                {
                    "spdxElementId": st.sampled_from([*IDS, "SPDXRef-DOCUMENT"]),
                    "relationshipType": st.sampled_from(
                        [
                            *("DEPENDS_ON", "DEPENDENCY_OF", "CONTAINS", "CONTAINED_BY", "PACKAGE_OF", "DESCRIBES"),
                            *("DEV_DEPENDENCY_OF", "OPTIONAL_DEPENDENCY_OF", "TEST_DEPENDENCY_OF", "DESCRIBED_BY"),
                            *("BUILD_DEPENDENCY_OF", "DYNAMIC_LINK", "HAS_PREREQUISITE", "OTHER", "GENERATED_FROM"),
                        ]
                    ),
                    "relatedSpdxElement": ends,
                }
            ),
            max_size=6,
        ),
    }
)


def answer(document: Document) -> object:
    """Return what a document says, without what its syntax decides: places, the order of edges, and its bytes."""
    rows = {(one.ref, one.name, one.package, one.version, one.purl, one.sha256, one.members, one.optional, one.origin)
            for one in document.components if not one.ref.startswith("files[")}  # fmt: skip
    loose = {one.members for one in document.components if one.ref.startswith("files[")}
    head = (document.basis, document.subject, document.created, document.covers_python, document.dependencies_known)
    return rows, loose, set(document.edges), set(document.roots), head, len(document.problems)


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(documents)
def test_any_document_says_the_same_in_every_syntax(written: dict[str, Any]) -> None:
    said = answer(read(json.dumps(written)))
    assert answer(read(yaml.safe_dump(written))) == said
    if written["documentDescribes"]:  # else it may be cut off, which no other syntax can be
        assert answer(read(as_tags(written))) == said
    assert answer(read(as_rdf(written))) == said
