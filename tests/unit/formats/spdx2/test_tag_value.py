"""SPDX 2 as tag-value text: headers anywhere, texts of several lines, and lines that are odd."""

from __future__ import annotations

import pytest

from graphkit.formats import read_document
from graphkit.model.documents import Completeness, Document

DIGEST = "ab" * 32
HEADER = """SPDXVersion: SPDX-2.3
DataLicense: CC0-1.0
SPDXID: SPDXRef-Doc
DocumentName: app
DocumentNamespace: https://spdx.example/app
Creator: Tool: syft-1
Created: 2026-03-24T10:00:00Z
"""
LITELLM = f"""PackageName: litellm
SPDXID: SPDXRef-l
PackageVersion: 1.82.8
PackageDownloadLocation: NOASSERTION
PackageChecksum: SHA256: {DIGEST}
ExternalRef: PACKAGE_MANAGER purl pkg:pypi/litellm@1.82.8
"""
DESCRIBES = "Relationship: SPDXRef-Doc DESCRIBES SPDXRef-l\n"


def read(text: str) -> Document:
    document = read_document(text.encode(), "app.spdx")
    assert document is not None
    return document


def check(text: str) -> Document:
    document = read(text)
    (row,) = document.components
    assert (row.ref, row.package, row.version, row.sha256) == ("SPDXRef-l", "litellm", "1.82.8", (DIGEST,))
    return document


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (2, 1, 0), (1, 2, 0)])
def test_the_header_may_stand_behind_packages(order: tuple[int, ...]) -> None:
    document = check("\n".join((HEADER, LITELLM, DESCRIBES)[at] for at in order))
    assert (document.roots, document.subject, document.problems) == (("SPDXRef-l",), "litellm", ())
    assert document.created is not None


def test_a_package_without_id_does_not_take_that_of_the_document() -> None:
    document = read(LITELLM.replace("SPDXID: SPDXRef-l\n", "") + HEADER.replace("-Doc", "-DOCUMENT"))
    assert [(row.ref, row.version) for row in document.components] == [("packages[0]", "1.82.8")]
    assert document.problems == ()


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    "text",
    [
        "PackageComment: <text>of\nseveral\n\nSPDXID: SPDXRef-no\nPackageVersion: 9\n</text>\n",
        "PackageComment: <text></text>\n",
        "PackageDescription: <text>one line</text>\nPackageComment: <text>\nof two</text>\n",
        "ExternalRefComment: <text>of\ntwo</text>\n",
        "# PackageVersion: 9\n",
        "AnnotationComment: <text>\nPackageName: evil\nExternalRef: PACKAGE-MANAGER purl pkg:pypi/evil@1\n</text>\n",
    ],
)
def test_what_stands_in_a_text_is_no_tag(end: str, text: str) -> None:
    note = f"{HEADER}Annotator: Person: x\nAnnotationDate: 2026-03-24T10:00:00Z\n{text}SPDXREF: SPDXRef-Doc\n"
    name, rest = LITELLM.split("\n", 1)
    for one in (note + LITELLM, f"{HEADER}{name}\n{text}{rest}", HEADER + LITELLM + text):
        assert check(one.replace("\n", end)).problems == ()


def test_values_may_be_texts_and_stand_anywhere_in_the_line() -> None:
    row = LITELLM.replace("1.82.8\nPackageC", "<text>1.82.8</text>\n  PackageC").replace(
        "PackageName:", "\tPackageName :"
    )
    check(HEADER + row.replace("SPDXID", "  spdxid"))


def test_files_below_a_package_are_in_it() -> None:
    def file(name: str, digest: str) -> str:
        sums = f"FileChecksum: SHA1: {'0' * 40}\nFileChecksum: SHA256: {digest}\n"
        return f"FileName: ./{name}\nSPDXID: SPDXRef-{name}\n{sums}"

    bad, other = "cd" * 32, "ef" * 32
    below = read(HEADER + LITELLM + file("a.pth", bad))
    assert [row.members for row in below.components] == [(bad,)]
    above = read(HEADER + file("a.pth", bad) + LITELLM + DESCRIBES)
    assert [row.members for row in above.components] == [(bad,)]  # of what the document describes
    named = read(HEADER + file("a", bad) + file("b", other) + LITELLM + "Relationship: SPDXRef-l CONTAINS SPDXRef-a\n")
    assert [row.members for row in named.components] == [(bad,), (other,)]


@pytest.mark.parametrize(
    "odd",
    [
        "PackageVersion\n",
        "nonsense\n",
        "ExternalRef: purl\n",
        "ExternalRef:\n",
        "PackageChecksum: SHA256\n",
        "PackageChecksum: SHA256: no\n",
        "Relationship: SPDXRef-l DEPENDS_ON\n",
        "Relationship: SPDXRef-l LIKES SPDXRef-l\n",
        "FileChecksum: SHA256: no\n",
        "PackageVersion: 9\n",
        "Created: yesterday\n",
    ],
)
def test_an_odd_line_is_noted_and_loses_no_other(odd: str) -> None:
    document = check(HEADER + LITELLM + odd)
    assert [one.place for one in document.problems] == ["line 14"]


def test_a_locator_without_category_or_type_still_counts() -> None:
    for words in ("purl", "PACKAGE-MANAGER", ""):
        check(HEADER + LITELLM.replace("PACKAGE_MANAGER purl", words))


OTHER = "PackageName: other\nSPDXID: SPDXRef-o\nPackageVersion: 1\nPackageDownloadLocation: NONE\n"
PURL = "ExternalRef: PACKAGE_MANAGER purl pkg:pypi/other@1\n"
ENDS = "Relationship: SPDXRef-l DEPENDS_ON SPDXRef-o\n"
A_FILE = f"FileName: ./x\nSPDXID: SPDXRef-f\nFileChecksum: SHA256: {DIGEST}\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (LITELLM + OTHER + PURL + DESCRIBES + ENDS, ""),
        (LITELLM, ""),  # of a single package nothing has to say that it is described
        (LITELLM + OTHER + PURL, "no relationship says what it DESCRIBES"),
        (DESCRIBES + LITELLM + OTHER.partition("PackageD")[0], "its last element has no PackageDownloadLocation"),
        (DESCRIBES + LITELLM + OTHER.partition("SPDXID")[0], "its last element has no SPDXID"),
        (LITELLM + DESCRIBES + A_FILE.partition("FileC")[0], "its last element has no FileChecksum"),
        (LITELLM + DESCRIBES + ENDS, "'SPDXRef-o' is not an element of this document"),
        (DESCRIBES + OTHER, "'SPDXRef-l' is not an element of this document"),
        (f"{LITELLM}FilesAnalyzed: true\n{A_FILE}", ""),
        (f"{A_FILE}{LITELLM}FilesAnalyzed: true\nRelationship: SPDXRef-l CONTAINS SPDXRef-f\n", ""),
        (f"{LITELLM}FilesAnalyzed: false\n", ""),
        (f"{LITELLM}FilesAnalyzed: true\n", "they were analysed, and none is listed"),
        (f"{LITELLM}PackageComment: <text>begun\n", "the <text> of PackageComment has no end"),
    ],
)
def test_a_file_that_is_cut_off_between_two_lines_is_open_where_it_shows(text: str, said: str) -> None:
    document = read(HEADER + text)
    assert any(said in one.text for one in document.problems) == bool(said)
    assert document.completeness is (Completeness.INCOMPLETE if said else Completeness.UNKNOWN)
