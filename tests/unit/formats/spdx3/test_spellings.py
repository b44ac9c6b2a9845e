"""SPDX 3 in every form of JSON-LD, and packages in odd places: none may be lost, none cleared."""

from __future__ import annotations

import json
from typing import Any

import pytest

from graphkit.formats import parts_of, read_document
from graphkit.formats.interface import RawDocument
from graphkit.formats.spdx3.json import READER
from graphkit.model.documents import Completeness, Document

CONTEXT = "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"
TERMS = "https://spdx.org/rdf/3.0.1/terms"
DIGEST = "ab" * 32
PURL = "pkg:pypi/litellm@1.82.8"


def read(data: Any) -> Document:
    found = read_document(json.dumps(data).encode(), "x.json")
    assert found is not None
    return found


def spdx(*elements: Any) -> Document:
    return read({"@context": CONTEXT, "@graph": list(elements)})


def litellm(**more: Any) -> dict[str, Any]:
    return {"type": "software_Package", "spdxId": "urn:l", "name": "litellm", "software_packageUrl": PURL} | more


def whole(*elements: dict[str, Any]) -> Document:
    """Return a document of elements that says that it is complete."""
    app = {"type": "software_Package", "spdxId": "urn:app", "name": "app", "software_packageUrl": "pkg:pypi/app@1"}
    told = [
        {
            "type": "Relationship",
            "spdxId": f"urn:r{number}",
            "relationshipType": "dependsOn",
            "completeness": "complete",
            "from": one["spdxId"],
            "to": [other["spdxId"] for other in elements] if one is app else [],
        }
        for number, one in enumerate((app, *elements))
    ]
    return spdx({"type": "SpdxDocument", "spdxId": "urn:doc", "rootElement": ["urn:app"]}, app, *elements, *told)


def rows(found: Document) -> list[tuple[str, str | None, str, tuple[str, ...]]]:
    return [(row.ref, row.package, row.version, row.sha256) for row in found.components if row.ref != "urn:app"]


BAD = ("urn:l", "litellm", "1.82.8", (DIGEST,))
HASH = {"type": "Hash", "algorithm": "sha256", "hashValue": DIGEST}
IDENTIFIER = {"type": "ExternalIdentifier", "externalIdentifierType": "packageUrl", "identifier": PURL}


def test_a_complete_document_is_complete() -> None:
    found = whole(litellm(software_packageVersion="1.82.8", verifiedUsing=[HASH]))
    assert (found.completeness, rows(found), found.problems) == (Completeness.COMPLETE, [BAD], ())


def test_packages_of_other_ecosystems_and_titles_keep_it_complete() -> None:
    other = litellm(software_packageUrl="pkg:npm/litellm@1", spdxId="urn:n")
    title = litellm(name="Beautiful Soup", software_packageUrl="pkg:pypi/beautifulsoup4@4", spdxId="urn:b")
    assert whole(other, title, litellm(name="LiteLLM")).completeness is Completeness.COMPLETE


@pytest.mark.parametrize("link", ["_:h", {"@id": "_:h"}, " _:h "])
def test_hashes_and_identifiers_may_be_nodes_of_their_own(link: Any) -> None:
    row = litellm(software_packageUrl=None, verifiedUsing=[link], externalIdentifier={"@id": "_:e"})
    found = spdx(row, HASH | {"@id": "_:h"}, IDENTIFIER | {"@id": "_:e"})
    assert (rows(found), found.problems) == ([BAD], ())
    lost = spdx(row, IDENTIFIER | {"@id": "_:e"})
    assert [one.place for one in lost.problems] == ["@graph[0].verifiedUsing[0]"]
    assert "is not an element of this document" in lost.problems[0].text


def expanded() -> list[dict[str, Any]]:
    def of(profile: str, name: str) -> str:
        return f"{TERMS}/{profile}/{name}"

    def text(value: str) -> list[dict[str, str]]:
        return [{"@value": value}]

    def ids(*values: str) -> list[dict[str, str]]:
        return [{"@id": one} for one in values]

    made = {
        "@id": "_:made",
        "@type": [of("Core", "CreationInfo")],
        of("Core", "specVersion"): text("3.0.1"),
        of("Core", "created"): [
            {"@type": "http://www.w3.org/2001/XMLSchema#dateTimeStamp", "@value": "2026-03-24T12:00:00Z"}
        ],
    }
    document = {
        "@id": "urn:doc",
        "@type": [of("Core", "SpdxDocument")],
        of("Core", "creationInfo"): ids("_:made"),
        of("Core", "rootElement"): ids("urn:l"),
    }
    package = {
        "@id": "urn:l",
        "@type": [of("Software", "Package")],
        of("Core", "name"): text("litellm"),
        of("Software", "packageUrl"): text(PURL),
        of("Core", "verifiedUsing"): [
            {
                "@type": [of("Core", "Hash")],
                of("Core", "algorithm"): ids(of("Core", "HashAlgorithm/sha256")),
                of("Core", "hashValue"): text(DIGEST),
            }
        ],
    }
    relationship = {
        "@id": "urn:r",
        "@type": [of("Core", "Relationship")],
        of("Core", "from"): ids("urn:l"),
        of("Core", "to"): ids(of("Core", "NoneElement")),
        of("Core", "relationshipType"): ids(of("Core", "RelationshipType/dependsOn")),
        of("Core", "completeness"): ids(of("Core", "RelationshipCompleteness/complete")),
    }
    return [made, document, package, relationship]


@pytest.mark.parametrize("is_wrapped", [True, False])
def test_the_expanded_form(is_wrapped: bool) -> None:  # noqa: FBT001
    found = read({"@graph": expanded()} if is_wrapped else expanded())
    assert (found.format, rows(found), found.roots) == ("SPDX 3.0.1", [BAD], ("urn:l",))
    assert (found.completeness, found.problems) == (Completeness.COMPLETE, ())
    assert found.created is not None


def test_lists_of_anything_else_are_not_the_expanded_form() -> None:
    document = {"@context": CONTEXT, "@graph": [litellm()]}
    several = json.dumps([document, document]).encode()
    assert not READER.claims(RawDocument(several, ""))
    assert len(parts_of(several, "x") or ()) == 2
    for other in (
        [{"@type": ["x"], "a": f"{TERMS}/Core/name"}],
        [1, {"@type": [TERMS]}],
        [{"type": f"{TERMS}/Core/x"}],
    ):
        assert not READER.claims(RawDocument(json.dumps(other).encode(), ""))
    assert not READER.claims(RawDocument(f'[{{"@type": ["{TERMS}/Core/Hash"'.encode(), ""))


@pytest.mark.parametrize("kind", ["software_File", "software_Pakage", "software_SoftwareArtifact"])
@pytest.mark.parametrize("key", ["software_packageUrl", "externalIdentifier"])
def test_what_has_a_purl_is_a_package_whatever_its_class(kind: str, key: str) -> None:
    row = {"type": kind, "spdxId": "urn:l", "name": "litellm.whl", "verifiedUsing": [HASH]}
    row[key] = PURL if key == "software_packageUrl" else [IDENTIFIER]
    assert rows(whole(row)) == [BAD]
    held = {"type": "Relationship", "relationshipType": "contains", "from": "urn:app", "to": ["urn:l"]}
    assert rows(whole(row | {"spdxId": "urn:l"})) == rows(spdx(row, held)) == [BAD]


@pytest.mark.parametrize("kind", ["Tool", "Organization", "SpdxDocument", "software_Sbom"])
def test_the_purl_of_who_made_it_is_no_part_of_it(kind: str) -> None:
    found = spdx({"type": kind, "spdxId": "urn:t", "externalIdentifier": [IDENTIFIER]}, litellm())
    assert [row.ref for row in found.components] == ["urn:l"]


def test_the_type_of_an_identifier_may_be_another() -> None:
    for kind in ("packageUrl", "purl", "other", "urlScheme", None):
        row = litellm(software_packageUrl=None, externalIdentifier=[IDENTIFIER | {"externalIdentifierType": kind}])
        assert [row[:3] for row in rows(spdx(row))] == [BAD[:3]]


@pytest.mark.parametrize(
    ("row", "versions"),
    [
        (
            litellm(software_packageVersion="1.82.8", software_packageUrl="pkg:pypi/litellm@1.82.6"),
            ["1.82.6", "1.82.8"],
        ),
        (litellm(software_packageVersion="1.82.6"), ["1.82.8", "1.82.6"]),
        (litellm(software_packageUrl="pkg:pypi/litellm@1.82.6", externalIdentifier=[IDENTIFIER]), ["1.82.6", "1.82.8"]),
        (litellm(software_packageUrl="pkg:pypi/litellm"), [""]),
        (litellm(software_packageUrl="pkg:pypi/litellm", software_packageVersion="NOASSERTION"), [""]),
        (litellm(software_packageUrl="pkg:pypi/litellm", software_packageVersion=">=1"), [""]),
        (litellm(software_packageUrl="pkg:pypi/litellm", software_packageVersion="latest"), ["latest"]),
    ],
)
def test_a_complete_document_holds_every_version_it_says_and_no_more(row: dict[str, Any], versions: list[str]) -> None:
    assert [(one.package, one.version) for one in whole(row).components[1:]] == [("litellm", one) for one in versions]


@pytest.mark.parametrize(
    "row",
    [
        litellm(software_packageUrl="pypi/litellm@1.82.8"),
        litellm(software_packageUrl="pkg:pypi/BerriAI/litellm@1.82.8"),
        litellm(software_packageUrl="pkg:pypi/"),
        litellm(software_packageUrl=["pkg:generic/a@1", PURL]),
        litellm(software_packageUrl={"a": PURL}),
        litellm(software_packageUrl=None),
        litellm(software_packageUrl=None, externalIdentifier=["_:gone"]),
        litellm(type="software_Pakage", software_packageUrl=None),
        litellm(software_packageUrl="pkg:generic/litellm@1.82.8"),
        litellm(software_packageUrl="pkg:github/BerriAI/litellm@v1.82.8"),
        litellm(software_packageUrl="pkg:conda/litellm@1.82.8"),
        litellm(software_packageUrl="pkg:pip/litellm@1.82.8"),
        litellm(software_packageUrl="pkg:pypi/openai@1.82.8"),
        litellm(software_packageUrl="pkg:pypi/litellm@1.82.6", software_packageVersion="garbage"),
        litellm(software_packageUrl="pkg:pypi/litellm", software_packageVersion=1.5),
        litellm(software_packageUrl="pkg:pypi/litellm", software_packageVersion=[{"@value": 1.5}]),
        litellm(type=None),
        litellm(type=7),
        litellm(type="software_File", software_packageUrl=None, externalIdentifier=[{"identifier": 7}]) | {"type": "x"},
    ],
)
def test_no_document_with_an_element_it_cannot_tell_is_complete(row: dict[str, Any]) -> None:
    assert whole(row).completeness is not Completeness.COMPLETE
    assert whole(row).problems or whole(row).completeness is Completeness.UNKNOWN


def test_why_a_document_is_not_taken_at_its_word_is_a_problem() -> None:
    for row in (litellm(software_packageUrl=None), litellm(software_packageUrl="pkg:pypi/")):
        assert whole(row).problems[-1].text.startswith("says complete, but ")
