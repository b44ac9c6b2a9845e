"""SPDX 2 in RDF/XML: every way in which one graph is written down, and what is refused."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from graphkit.formats import read_document
from graphkit.model.documents import Document
from graphkit.model.errors import InputError

DIGEST = "ab" * 32
TERMS = "http://spdx.org/rdf/terms#"
SPACE = "https://spdx.example/app"


def rdf(*nodes: str, attributes: str = "") -> str:
    names = f'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:spdx="{TERMS}"'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<rdf:RDF {names} {attributes}>{"".join(nodes)}</rdf:RDF>'


def read(text: str) -> Document:
    document = read_document(text.encode(), "app.rdf")
    assert document is not None
    return document


def typed(kind: str, address: str, *said: str) -> str:
    """Return a node as serialisers write it that do not know SPDX's terms."""
    return f'<rdf:Description {address}><rdf:type rdf:resource="{TERMS}{kind}"/>{"".join(said)}</rdf:Description>'


def named(kind: str, address: str, *said: str) -> str:
    return f"<spdx:{kind} {address}>{''.join(said)}</spdx:{kind}>"


def resource(predicate: str, value: str) -> str:
    return f'<spdx:{predicate} rdf:resource="{value}"/>'


def about(name: str) -> str:
    return f'rdf:about="{SPACE}#{name}"'


VERSION = "<spdx:specVersion>SPDX-2.3</spdx:specVersion>"
LITELLM = "<spdx:name>litellm</spdx:name><spdx:versionInfo>1.82.8</spdx:versionInfo>"
CHECKSUM = resource("algorithm", f"{TERMS}checksumAlgorithm_sha256") + (
    f"<spdx:checksumValue>{DIGEST}</spdx:checksumValue>"
)
PURL = resource("referenceType", "http://spdx.org/rdf/references/purl") + (
    "<spdx:referenceLocator>pkg:pypi/litellm@1.82.8</spdx:referenceLocator>"
)
DESCRIBES = resource("relationshipType", f"{TERMS}relationshipType_describes")
NODES: dict[str, Callable[..., str]] = {"typed": typed, "named": named}


def flat(node: Callable[..., str], *, is_blank: bool) -> str:
    """Return one document, every node of it at the top."""

    def end(name: str) -> str:
        return f'rdf:nodeID="{name}"' if is_blank else about(name)

    def link(name: str) -> str:
        return f'rdf:nodeID="{name}"' if is_blank else f'rdf:resource="{SPACE}#{name}"'

    return rdf(
        node("SpdxDocument", about("SPDXRef-DOCUMENT"), VERSION, f"<spdx:relationship {link('r')}/>"),
        node("Relationship", end("r"), DESCRIBES, resource("relatedSpdxElement", f"{SPACE}#SPDXRef-l")),
        node(
            "Package",
            about("SPDXRef-l"),
            LITELLM,
            f"<spdx:externalRef {link('e')}/>",
            f"<spdx:checksum {link('c')}/>",
        ),
        node("ExternalRef", end("e"), PURL),
        node("Checksum", end("c"), CHECKSUM),
    )


def check(text: str) -> None:
    document = read(text)
    (row,) = document.components
    assert (row.ref, row.package, row.version, row.sha256) == ("SPDXRef-l", "litellm", "1.82.8", (DIGEST,))
    assert document.roots == ("SPDXRef-l",)
    assert document.problems == ()


@pytest.mark.parametrize("node", NODES)
@pytest.mark.parametrize("is_blank", [True, False])
def test_nodes_at_the_top_however_they_are_typed_and_named(node: str, is_blank: bool) -> None:  # noqa: FBT001
    check(flat(NODES[node], is_blank=is_blank))


DOCUMENT = named("SpdxDocument", about("SPDXRef-DOCUMENT"), VERSION, resource("describesPackage", f"{SPACE}#SPDXRef-l"))
INNER = "<spdx:{0}><spdx:{1}>{2}</spdx:{1}></spdx:{0}>"


def test_nodes_inside_others() -> None:
    parts = (INNER.format("externalRef", "ExternalRef", PURL), INNER.format("checksum", "Checksum", CHECKSUM))
    package = named("Package", about("SPDXRef-l"), LITELLM, *parts)
    check(rdf(DOCUMENT, package))
    inside = f"<spdx:relatedSpdxElement>{package}</spdx:relatedSpdxElement>"
    hung = f"<spdx:relationship><spdx:Relationship>{DESCRIBES}{inside}</spdx:Relationship></spdx:relationship>"
    check(rdf(named("SpdxDocument", about("SPDXRef-DOCUMENT"), VERSION, hung)))
    held = f"<spdx:describesPackage>{package}</spdx:describesPackage>"
    check(rdf(named("SpdxDocument", about("SPDXRef-DOCUMENT"), VERSION, held)))


def test_the_short_forms_of_rdf() -> None:
    parts = (
        f'<spdx:externalRef rdf:parseType="Resource">{PURL}</spdx:externalRef>',
        f'<spdx:checksum rdf:parseType="Resource">{CHECKSUM}</spdx:checksum>',
    )
    as_attributes = 'spdx:name="litellm" spdx:versionInfo="1.82.8"'
    check(rdf(DOCUMENT, named("Package", f"{about('SPDXRef-l')} {as_attributes}", *parts)))
    short = rdf(DOCUMENT, named("Package", 'rdf:ID="SPDXRef-l"', LITELLM, *parts), attributes=f'xml:base="{SPACE}"')
    check(short.replace(SPACE + "#", "#"))
    relative = rdf(DOCUMENT, named("Package", about("SPDXRef-l"), LITELLM, *parts)).replace(SPACE + "#", "#")
    check(relative)


def test_what_is_said_of_one_address_twice_is_of_one_package() -> None:
    first = named("Package", about("SPDXRef-l"), LITELLM)
    more = (INNER.format("externalRef", "ExternalRef", PURL), INNER.format("checksum", "Checksum", CHECKSUM))
    check(rdf(DOCUMENT, first, f"<rdf:Description {about('SPDXRef-l')}>{''.join(more)}</rdf:Description>"))
    check(rdf(first, DOCUMENT, typed("Package", about("SPDXRef-l"), *more)))


def test_files_are_members_of_what_holds_them() -> None:
    held = named(
        "File",
        about("SPDXRef-f"),
        "<spdx:fileName>a.pth</spdx:fileName>",
        INNER.format("checksum", "Checksum", CHECKSUM),
    )
    inner = f"<spdx:hasFile>{held}</spdx:hasFile>"
    outer = resource("hasFile", f"{SPACE}#SPDXRef-f")
    contains = resource("relationshipType", f"{TERMS}relationshipType_contains") + outer.replace(
        "hasFile", "relatedSpdxElement"
    )
    related = f"<spdx:relationship><spdx:Relationship>{contains}</spdx:Relationship></spdx:relationship>"
    for package in (inner, outer, related):
        document = read(
            rdf(DOCUMENT, named("Package", about("SPDXRef-l"), LITELLM, package), *([held] * (package != inner)))
        )
        assert [row.members for row in document.components] == [(DIGEST,)]
    code = f"<spdx:packageVerificationCodeValue>{DIGEST[:40]}</spdx:packageVerificationCodeValue>"
    code = INNER.format("packageVerificationCode", "PackageVerificationCode", code)
    assert read(rdf(DOCUMENT, named("Package", about("SPDXRef-l"), LITELLM, code))).components[0].sha256 == ()


@pytest.mark.parametrize(
    ("kind", "edge"),
    [
        ("dependsOn", ("SPDXRef-a", "SPDXRef-b")),
        ("dependencyOf", ("SPDXRef-b", "SPDXRef-a")),
        ("devDependencyOf", ("SPDXRef-b", "SPDXRef-a")),
        ("containedBy", ("SPDXRef-b", "SPDXRef-a")),
        ("packageOf", ("SPDXRef-b", "SPDXRef-a")),
        ("dynamicLink", ("SPDXRef-a", "SPDXRef-b")),
        ("other", None),
    ],
)
def test_relationships_turn_as_in_json(kind: str, edge: tuple[str, str] | None) -> None:
    said = resource("relationshipType", f"{TERMS}relationshipType_{kind}") + resource(
        "relatedSpdxElement", f"{SPACE}#SPDXRef-b"
    )
    hung = f"<spdx:relationship><spdx:Relationship>{said}</spdx:Relationship></spdx:relationship>"
    document = read(
        rdf(
            DOCUMENT.replace("-l", "-a"),
            named("Package", about("SPDXRef-a"), hung),
            named("Package", about("SPDXRef-b")),
        )
    )
    assert [(one.source, one.target) for one in document.edges] == ([edge] if edge else [])


@pytest.mark.parametrize("word", ["noassertion", "none"])
def test_nobody_and_elements_elsewhere(word: str) -> None:
    nobody = resource("relationshipType", f"{TERMS}relationshipType_dependsOn") + resource(
        "relatedSpdxElement", f"{TERMS}{word}"
    )
    hung = f"<spdx:relationship><spdx:Relationship>{nobody}</spdx:Relationship></spdx:relationship>"
    document = read(rdf(DOCUMENT, named("Package", about("SPDXRef-l"), LITELLM, hung)))
    assert (document.edges, document.problems, document.dependencies_known) == ((), (), word == "none")
    far = hung.replace(f"{TERMS}{word}", "https://spdx.example/other#SPDXRef-x")
    document = read(rdf(DOCUMENT, named("Package", about("SPDXRef-l"), LITELLM, far)))
    assert "points into another document" in document.problems[0].text
    unversioned = resource("versionInfo", f"{TERMS}noassertion")
    row = named("Package", about("SPDXRef-l"), unversioned, INNER.format("externalRef", "ExternalRef", PURL))
    assert read(rdf(DOCUMENT, row)).components[0].version == "1.82.8"


@pytest.mark.parametrize(
    "prolog",
    [
        "<!DOCTYPE r>",
        '<!DOCTYPE r SYSTEM "https://files.example/r.dtd">',
        '<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>',
        '<!DOCTYPE r [<!ENTITY a SYSTEM "file:///etc/hostname">]>',
        '<!DOCTYPE r [<!ENTITY % a SYSTEM "https://files.example/a">%a;]>',
    ],
)
def test_document_types_are_refused(prolog: str) -> None:
    text = rdf(DOCUMENT, named("Package", about("SPDXRef-l"), LITELLM)).replace("<rdf:RDF", f"{prolog}<rdf:RDF", 1)
    with pytest.raises(InputError, match="a document type or entity"):
        read(text)
    plain = rdf(DOCUMENT, named("Package", about("SPDXRef-l"), "<spdx:name>a &amp; &#98;</spdx:name>"))
    assert read(plain).components[0].name == "a & b"
