"""SPDX 2 in JSON: samples of the field, GitHub's export, and every way to be odd."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graphkit.formats import read_document
from graphkit.formats.interface import RawDocument
from graphkit.formats.spdx2.json import READER
from graphkit.model.documents import Basis, Completeness, Document, DocumentKind, Edge
from graphkit.model.errors import InputError
from graphkit.model.times import moment

SAMPLES = Path(__file__).resolve().parents[5] / "shared" / "samples"
DIGEST = "ab" * 32


def shape(**parts: Any) -> dict[str, Any]:
    return {"spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", **parts}


def read(data: Any) -> Document:
    found = READER.parse(RawDocument(json.dumps(data).encode(), "x"))
    refs = {row.ref for row in found.components}
    assert len(refs) == len(found.components)
    assert refs.issuperset((*found.roots, *(one for edge in found.edges for one in (edge.source, edge.target))))
    return found


def spdx(**parts: Any) -> Document:
    return read(shape(**parts))


def package(project: str, version: str | None = "1.0", **more: Any) -> dict[str, Any]:
    purl = f"pkg:pypi/{project}@{version}" if version else f"pkg:pypi/{project}"
    row = {"SPDXID": project, "name": project, "versionInfo": version, "downloadLocation": "NOASSERTION"}
    return row | {"externalRefs": [purl_ref(purl)]} | more


def purl_ref(purl: str, category: str = "PACKAGE-MANAGER") -> dict[str, str]:
    return {"referenceCategory": category, "referenceType": "purl", "referenceLocator": purl}


def related(*rows: str) -> list[dict[str, str]]:
    keys = ("spdxElementId", "relationshipType", "relatedSpdxElement")
    return [dict(zip(keys, row.split(), strict=True)) for row in rows]


def edges(document: Document) -> list[str]:
    return [f"{edge.source}>{edge.target}" for edge in document.edges]


def texts(document: Document) -> list[tuple[str, str]]:
    return [(problem.place, problem.text) for problem in document.problems]


def sample(name: str) -> Document:
    found = [path for path in SAMPLES.glob("*/*.json") if name in f"{path.parent.name}/{path.name}"]
    if not found:
        pytest.skip("the shared samples are not here")
    document = read_document(found[0].read_bytes(), found[0].name)
    assert document is not None
    return document


def test_every_sample_holds_what_the_manifest_says() -> None:
    if not SAMPLES.exists():
        pytest.skip("the shared samples are not here")
    seen = 0
    for row in csv.DictReader((SAMPLES / "MANIFEST.csv").read_text(encoding="utf-8").splitlines()):
        if not row["file"].startswith(("spdx-json/", "github-dependency-graph/")):
            continue
        seen += 1
        found = sample(row["file"])
        python = {(one.package, one.version) for one in found.components if one.package}
        litellm = sorted(version for name, version in python if name == "litellm")
        assert len(python) == int(row["pypi_components"]), row["file"]
        assert litellm == row["litellm_versions"].split(), row["file"]
        assert found.format == row["spec_version"].replace("-", " "), row["file"]
        assert found.problems == (), row["file"]
    assert seen == 8


def test_a_real_export_of_github() -> None:
    found = sample("github-dependency-graph/")
    assert (found.kind, found.format, found.basis) == (DocumentKind.SBOM, "SPDX 2.3", Basis.LISTED)
    assert found.subject == "com.github.tdupoiron-org/sandbox-maven"
    assert found.created == moment("2025-10-09T12:55:25Z")
    assert (len(found.components), len(found.edges), len(found.roots)) == (12, 11, 1)
    assert not found.dependencies_known  # all hang on the repository, flatly
    assert not found.covers_python
    assert found.places[0] == "sbom.packages[0]"


def test_real_documents_of_syft() -> None:
    lock = sample("sbomify_syft")
    assert (lock.basis, lock.subject) == (Basis.LISTED, "")  # every row says: found in poetry.lock
    assert lock.roots == ("SPDXRef-DocumentRoot-File-poetry.lock",)
    assert lock.dependencies_known
    names = {row.ref: row.name for row in lock.components}
    pairs = {(names[edge.source], names[edge.target]) for edge in lock.edges}
    assert ("botocore", "jmespath") in pairs
    assert ("jmespath", "botocore") not in pairs
    image = sample("spdx-syft-sysdig")
    assert image.basis is Basis.BUILT
    assert image.subject == ""  # the document describes itself
    assert len(image.roots) == 6
    folder = sample("spdx-json/Nafsgerman")
    assert not folder.dependencies_known
    assert (folder.subject, folder.basis) == ("", Basis.LISTED)


def test_real_documents_of_trivy() -> None:
    image = sample("spdx-trivy-bitnami")
    assert image.format == "SPDX 2.2"
    assert image.subject.startswith("bitnami/airflow-scheduler@sha256:")
    assert image.created == moment("2022-12-29T18:26:45.327814Z")
    assert not image.dependencies_known  # it says only what contains what
    service = sample("windfarm")
    assert (service.subject, service.basis) == ("pred-main-service", Basis.BUILT)
    assert service.dependencies_known
    assert sample("sbomify_trivy").basis is Basis.LISTED


@pytest.mark.parametrize(
    ("relation", "found"),
    [
        ("a DEPENDS_ON b", "a>b"),
        ("a DYNAMIC_LINK b", "a>b"),
        ("a STATIC_LINK b", "a>b"),
        ("a HAS_PREREQUISITE b", "a>b"),
        ("a CONTAINS b", "a>b"),
        ("b CONTAINED_BY a", "a>b"),
        ("b PACKAGE_OF a", "a>b"),
        ("b DEPENDENCY_OF a", "a>b"),
        ("b dependency-of a", "a>b"),
        ("b RUNTIME_DEPENDENCY_OF a", "a>b"),
        ("b PROVIDED_DEPENDENCY_OF a", "a>b"),
        ("b BUILD_DEPENDENCY_OF a", "a>b"),
        ("b DEV_DEPENDENCY_OF a", "a>b"),
        ("b TEST_DEPENDENCY_OF a", "a>b"),
        ("b OPTIONAL_DEPENDENCY_OF a", "a>b"),
        ("a OTHER b", ""),
        ("a DESCRIBES b", ""),
        ("a VARIANT_OF b", ""),
    ],
)
def test_every_direction_of_the_field(relation: str, found: str) -> None:
    document = spdx(packages=[package("a"), package("b")], relationships=related(relation))
    assert edges(document) == ([found] if found else [])
    assert document.problems == ()
    is_optional = any(kind in relation for kind in ("DEV_", "TEST_", "OPTIONAL_"))
    assert [row.optional for row in document.components] == [False, is_optional]


def test_what_only_an_optional_dependency_needs_is_optional() -> None:
    document = spdx(
        packages=[package(name) for name in "rabcdef"],
        relationships=related(
            "SPDXRef-DOCUMENT DESCRIBES r",
            "r CONTAINS a",
            "a DEV_DEPENDENCY_OF r",
            "a DEPENDS_ON b",
            "b DEPENDS_ON a",
            "a DEPENDS_ON c",
            "r DEPENDS_ON c",
            "d TEST_DEPENDENCY_OF r",
            "r DEPENDS_ON d",
            "e DEPENDS_ON f",
            "f DEPENDS_ON e",
            "r DEV_DEPENDENCY_OF f",
        ),
    )
    assert [row.name for row in document.components if row.optional] == ["a", "b"]


def test_none_and_noassertion_are_nobody() -> None:
    for kind in ("DEPENDS_ON", "DEPENDENCY_OF", "CONTAINS", "DESCRIBES"):
        document = spdx(
            packages=[package("a")], relationships=related(f"a {kind} NOASSERTION", f"NOASSERTION {kind} a")
        )
        assert (document.edges, document.problems) == ((), ())
        assert not document.dependencies_known
    assert spdx(packages=[package("a")], relationships=related("a DEPENDS_ON NONE")).dependencies_known
    assert spdx(packages=[package("a")], relationships=related("NONE DEPENDENCY_OF a")).dependencies_known
    assert not spdx(packages=[package("a")], relationships=related("a CONTAINS NONE")).dependencies_known


def test_several_roots_in_every_spelling() -> None:
    document = spdx(
        SPDXID="SPDXRef-Doc",
        documentDescribes=["a", "a", "NOASSERTION", "gone"],
        packages=[package(name) for name in "abcdefgh"],
        files=[{"SPDXID": "file"}],
        relationships=related(
            "SPDXRef-Doc DESCRIBES b",
            "c DESCRIBED_BY SPDXRef-DOCUMENT",
            "SPDXRef-Doc DESCRIBES file",
            "SPDXRef-Doc DESCRIBES SPDXRef-Doc",
            "SPDXRef-Doc DEPENDS_ON d",
            "e PACKAGE_OF SPDXRef-Doc",
            "f DEPENDS_ON g",
            "g DEPENDS_ON g",
            "d DEPENDS_ON h",
        ),
    )
    assert document.roots == ("a", "b", "c", "d", "e", "f")
    assert document.subject == ""
    assert texts(document) == [
        ("documentDescribes[3]", "'gone' is not an element of this document; the relationship was left out")
    ]


@pytest.mark.parametrize(
    ("name", "more", "subject"),
    [
        ("app", {}, "app"),
        (".", {}, ""),
        ("/poetry.lock", {"primaryPackagePurpose": "FILE"}, ""),
        ("uv.lock", {"primaryPackagePurpose": "SOURCE"}, ""),
        ("NOASSERTION", {}, "r"),  # its purl has a name
    ],
)
def test_the_subject_is_the_one_package_described(name: str, more: dict[str, Any], subject: str) -> None:
    assert spdx(documentDescribes=["r"], packages=[package("r", name=name) | more]).subject == subject


def test_dependencies_are_unknown_where_nothing_tells_them() -> None:
    packages = [package("app"), package("a"), {"SPDXID": "os", "name": "debian"}]
    none: list[Any] | None
    for none in (None, []):
        flat = spdx(packages=packages, relationships=none)
        assert (len(flat.components), flat.edges, flat.roots) == (3, (), ())
        assert not flat.dependencies_known
    for relation, known in (("os CONTAINS a", False), ("app CONTAINS a", True), ("app OTHER a", False)):
        assert spdx(packages=packages, relationships=related(relation)).dependencies_known is known


def test_a_purl_in_the_place_of_an_id_names_a_release() -> None:
    bad = "pkg:pypi/bad@1.2"
    document = spdx(packages=[package("a")], relationships=related(f"a DEPENDS_ON {bad}", f"a CONTAINS {bad}"))
    last = document.components[-1]
    assert (last.package, last.version, last.optional, document.places[-1]) == (
        "bad", "1.2", True, "relationships[0].relatedSpdxElement",
    )  # fmt: skip
    assert edges(document) == [f"a>{bad}"]
    assert document.completeness is Completeness.INCOMPLETE


def test_dangling_ids_and_odd_types_are_noted_and_the_rest_stands() -> None:
    document = spdx(
        packages=[package("a"), package("b")],
        files=[{"SPDXID": "file"}],
        snippets=[{"SPDXID": "snippet"}],
        relationships=related(
            "a DEPENDS_ON gone",
            "DocumentRef-x:y DEPENDENCY_OF a",
            "a CONTAINS file",
            "a CONTAINS snippet",
            "a OTHER gone",
            "a LIKES b",
            "b LIKES a",
            "a DEPENDS_ON b",
            "a DEPENDS_ON b",
        ),
    )
    assert edges(document) == ["a>b"]
    assert texts(document) == [
        (
            "relationships[0].relatedSpdxElement",
            "'gone' is not an element of this document; the relationship was left out",
        ),
        (
            "relationships[1].spdxElementId",
            "'DocumentRef-x:y' points into another document; the relationship was left out",
        ),
        (
            "relationships[4].relatedSpdxElement",
            "'gone' is not an element of this document; the relationship was left out",
        ),
        ("relationships[5].relationshipType", "'LIKES' is not an SPDX 2 type; ignored"),
    ]


def test_cycles_have_no_top() -> None:
    document = spdx(
        packages=[package("a"), package("b")],
        relationships=related("a DEPENDS_ON b", "b DEPENDS_ON a", "a DEPENDS_ON a"),
    )
    assert document.edges == (
        Edge(source="a", target="b"),
        Edge(source="b", target="a"),
        Edge(source="a", target="a"),
    )
    assert document.roots == ()


@pytest.mark.parametrize("category", ["PACKAGE-MANAGER", "PACKAGE_MANAGER", "OTHER", "PERSISTENT-ID"])
@pytest.mark.parametrize("kind", ["purl", "http://spdx.org/rdf/references/purl", "PURL", ""])
def test_purls_under_every_category(category: str, kind: str) -> None:
    odd = {"referenceCategory": category, "referenceType": kind, "referenceLocator": " pkg:PyPI/LiteLLM@1.82.8"}
    cpe = {"referenceCategory": "SECURITY", "referenceType": "cpe23Type", "referenceLocator": "cpe:2.3:a:x"}
    row = spdx(packages=[{"SPDXID": "x", "name": "n", "externalRefs": [cpe, odd]}]).components[0]
    assert (row.package, row.version, row.name) == ("litellm", "1.82.8", "n")


def test_no_purl_is_no_identity() -> None:
    document = spdx(
        packages=[
            {"SPDXID": "x", "name": "litellm", "versionInfo": "1.82.8"},
            {"SPDXID": "y", "name": "z", "versionInfo": "NOASSERTION", "externalRefs": [purl_ref("NOASSERTION")]},
        ]
    )
    assert [(row.package, row.name, row.version) for row in document.components] == [
        (None, "litellm", "1.82.8"),
        (None, "z", ""),
    ]
    assert not document.covers_python
    assert document.problems == ()


def test_several_purls_lose_nobody() -> None:
    several = [
        "pkg:deb/debian/python3-a@1-1",
        "pkg:pypi/a@1.0?file_name=a.whl",
        "pkg:pypi/a@1.0.0",
        "pkg:pypi/a",
        "pkg:pypi/litellm@1.82.8",
        "pkg:pypi/a@2",
    ]
    sums = [{"algorithm": "SHA256", "checksumValue": DIGEST}]
    row = package("a", externalRefs=[purl_ref(one) for one in several], checksums=sums)
    document = spdx(packages=[row, package("b")])
    assert [row.sha256 for row in document.components] == [(DIGEST,), (), (), ()]
    assert [(row.ref, row.package, row.version) for row in document.components] == [
        ("a", "a", "1.0"),
        ("a#2", "litellm", "1.82.8"),
        ("a#3", "a", "2"),
        ("b", "b", "1.0"),
    ]
    assert texts(document) == [("packages[0].externalRefs", "purls of 3 Python releases: a row for each")]
    other = spdx(packages=[package("a", externalRefs=[purl_ref("pkg:npm/a@2"), purl_ref("pkg:deb/b@3")])])
    assert (other.components[0].package, other.components[0].purl) == (None, "pkg:npm/a@2")


@pytest.mark.parametrize("purl", ["pkg:pypi/ns/litellm@1", "pkg:pypi", "pkg:pypi/%20@1"])
def test_a_bad_purl_loses_the_identity_and_says_so(purl: str) -> None:
    document = spdx(packages=[package("litellm", externalRefs=[{}, purl_ref(purl)])])
    assert (document.components[0].package, document.components[0].name) == (None, "litellm")
    assert document.problems[0].place == "packages[0].externalRefs[1].referenceLocator"


@pytest.mark.parametrize(
    "written", [">= 1.0", "^1.2", "~=1.4", "~> 1.0", "1.*", "4.*.*", "1.0 - 2.0", ">=1,<2", "1||2"]
)
def test_a_range_is_no_version(written: str) -> None:
    loose = package("a", None, versionInfo=written)
    document = spdx(packages=[loose, loose | {"SPDXID": "b", "externalRefs": [purl_ref("pkg:pypi/a@1.5")]}])
    assert [row.version for row in document.components] == ["", "1.5"]
    assert texts(document) == [
        ("packages[0].versionInfo", f"{written!r} is a range: the version is unknown"),
        ("packages[1].versionInfo", f"{written!r} is a range: its purl names one"),
    ]
    other = package("a", versionInfo=written, externalRefs=[purl_ref("pkg:githubactions/a@1.%2A")])
    assert spdx(packages=[other]).components[0].version == written  # what is no Python package stays as it is


def test_versions_missing_exact_and_in_the_purl() -> None:
    document = spdx(
        packages=[
            package("a", None),
            package("b", None, versionInfo="NOASSERTION"),
            package("c", "1.0", versionInfo=None),
            package("d", None, versionInfo="== 1.82.8"),
            package("e", None, externalRefs=[purl_ref("pkg:pypi/e@%3E%3D1.0")]),
            package("f", "1.0", versionInfo="1.0.0"),
            package("g", "2.0", versionInfo="1.0"),
            package("h", "2004d-final"),
        ]
    )
    versions = ["", "", "1.0", "1.82.8", "", "1.0", "2.0", "1.0", "2004d-final"]
    assert [row.version for row in document.components] == versions
    assert texts(document) == [
        ("packages[0].versionInfo", "no version: unknown"),
        ("packages[1].versionInfo", "no version: unknown"),
        ("packages[4].externalRefs[0].referenceLocator", "'>=1.0' is a range: the version is unknown"),
        ("packages[6].versionInfo", "'1.0', but its purl says '2.0': a row for each"),
    ]


def test_checksums_are_lower_case_sha256() -> None:
    sums = [
        {"algorithm": "SHA256", "checksumValue": DIGEST.upper()},
        {"algorithm": "SHA1", "checksumValue": "00"},
        {"algorithm": "SHA256", "checksumValue": "xyz"},
        {"algorithm": "SHA-256", "checksumValue": "cd" * 32},
    ]
    document = spdx(packages=[package("a", checksums=sums)])
    assert document.components[0].sha256 == (DIGEST, "cd" * 32)
    assert texts(document) == [("packages[0].checksums[2]", "'xyz' is not a SHA-256 hash")]


@pytest.mark.parametrize(
    ("download", "origin", "index"),
    [
        ("NOASSERTION", "", ""),
        ("NONE", "", ""),
        (None, "", ""),
        ("https://index.example/project/a/1.0/#files", "", ""),
        ("https://index.example/packages/00/11/2233/a-1.0-py3-none-any.whl", "", ""),
        ("https://index.corp/root/dev/+f/001/a-1.0.tar.gz", "", ""),
        ("https://u:p@index.corp/team/simple/a/a-1.0.tar.gz", "", "https://index.corp/team/simple"),
        ("https://home.example/a", "", ""),
        ("https://[broken", "", ""),
        ("git+https://git.corp/a@abc", "git+https://git.corp/a@abc", ""),
        ("https://git.corp/a.git@abc", "https://git.corp/a.git@abc", ""),
        ("https://files.corp/a-1.0-py3-none-any.whl", "https://files.corp/a-1.0-py3-none-any.whl", ""),
        ("file:///src/a", "file:///src/a", ""),
        ("./dist/a-1.0.tar.gz", "./dist/a-1.0.tar.gz", ""),
    ],
)
def test_a_download_location_is_an_origin_only_outside_an_index(download: str | None, origin: str, index: str) -> None:
    row = spdx(packages=[package("a", downloadLocation=download)]).components[0]
    assert (row.origin, row.index) == (origin, index)
    other = package("a", downloadLocation=download, externalRefs=[purl_ref("pkg:npm/a@1")])
    assert spdx(packages=[other]).components[0].origin == ""


def test_qualifiers_of_the_purl_go_before_the_download_location() -> None:
    refs = [purl_ref("pkg:pypi/a@1.0?vcs_url=git%2Bhttps://git.corp/a&repository_url=https://index.corp/simple")]
    row = spdx(packages=[package("a", downloadLocation="https://x.example/a.zip", externalRefs=refs)]).components[0]
    assert (row.origin, row.index) == ("git+https://git.corp/a", "https://index.corp/simple")


def test_the_same_package_is_one_row_and_ids_are_unique() -> None:
    document = spdx(
        packages=[
            package("a"),
            package("a", checksums=[{"algorithm": "SHA256", "checksumValue": DIGEST}]),
            package("a", "2.0"),
            package("b", SPDXID=None),
            package("c", SPDXID="packages[3]"),
            package("d", SPDXID="NONE"),
        ],
        relationships=related("packages[3] DEPENDS_ON a"),
    )
    assert [row.ref for row in document.components] == ["a", "a#2", "packages[3]", "packages[3]#2", "packages[5]"]
    assert document.components[0].sha256 == (DIGEST,)
    assert edges(document) == ["packages[3]#2>a"]
    assert texts(document) == [("packages[2].SPDXID", "'a' is a duplicate; this one is renamed to 'a#2'")]


def creation(**more: Any) -> dict[str, Any]:
    return {"created": "2026-03-24T10:39:00Z", "creators": ["Tool: syft-1"], **more}


@pytest.mark.parametrize(
    ("parts", "basis"),
    [
        ({}, Basis.BUILT),
        ({"creationInfo": creation()}, Basis.BUILT),
        ({"creationInfo": creation(comment="SBOM Type: Source - made by hand")}, Basis.LISTED),
        ({"creationInfo": creation(comment="SBOM Type: Design")}, Basis.LISTED),
        ({"creationInfo": creation(comment="SBOM Type: Build")}, Basis.BUILT),
        ({"creationInfo": creation(comment="SBOM type: Deployed")}, Basis.INSTALLED),
        ({"creationInfo": creation(comment="SBOM Type: Runtime")}, Basis.INSTALLED),
        ({"creationInfo": creation(comment="SBOM Type: None of these")}, Basis.BUILT),
        ({"creationInfo": creation(creators=["Tool: GitHub.com-Dependency-Graph"])}, Basis.LISTED),
    ],
)
def test_the_basis(parts: dict[str, Any], basis: Basis) -> None:
    document = spdx(packages=[package("a")], **parts)
    assert document.basis is basis
    assert document.completeness is Completeness.UNKNOWN


@pytest.mark.parametrize(
    ("source", "basis"),
    [
        ("package found in: poetry.lock", Basis.LISTED),
        ("acquired package info from installed python package manifest file: /a/requirements-dev.txt", Basis.LISTED),
        ("acquired package info from the following paths: /uv.lock, /pyproject.toml", Basis.LISTED),
        ("from file: C:\\src\\Pipfile.lock", Basis.LISTED),
        ("from: /usr/lib/a.dist-info/METADATA, /usr/lib/a.dist-info/top_level.txt", Basis.BUILT),
        ("nothing", Basis.BUILT),
        (None, Basis.BUILT),
    ],
)
def test_what_was_found_in_manifests_only_is_listed(source: str | None, basis: Basis) -> None:
    other = {"SPDXID": "o", "name": "bash", "sourceInfo": "built package from: bash 5"}
    assert spdx(packages=[package("a", sourceInfo=source), other]).basis is basis
    assert spdx(packages=[package("a", sourceInfo=source), package("b")]).basis is Basis.BUILT


def test_the_export_of_github_is_a_document_in_sbom() -> None:
    inner = shape(
        packages=[package("repo"), package("a", None), package("b"), {"SPDXID": "x", "versionInfo": "1"}],
        relationships=related("SPDXRef-DOCUMENT DESCRIBES repo", "repo DEPENDS_ON a", "repo DEPENDS_ON gone"),
    )
    document = read({"sbom": inner})
    assert document.basis is Basis.LISTED
    assert not document.dependencies_known
    assert document.places == tuple(f"sbom.packages[{i}]" for i in range(4))
    assert [place for place, _ in texts(document)] == [
        "sbom.packages[1].versionInfo",
        "sbom.packages[3]",
        "sbom.relationships[2].relatedSpdxElement",
    ]
    inner["relationships"] += related("a DEPENDS_ON b")
    assert read({"sbom": inner}).dependencies_known
    assert read({"sbom": inner | {"creationInfo": creation()}}).basis is Basis.BUILT  # another tool, wrapped
    assert READER.claims(RawDocument(json.dumps({"sbom": inner}).encode(), "x"))
    odd = read({"sbom": inner | {"packages": [4]}})
    assert odd.problems[0].place == "sbom.packages[0]"


def test_no_document_is_dropped_for_what_stands_beside_it() -> None:
    row = package("litellm", "1.82.8")
    beside = read({"sbom": shape(packages=[row])} | shape())
    assert texts(beside) == [("sbom", "is inside a document and is not read")]
    nameless = {"SPDXID": "SPDXRef-DOCUMENT", "packages": [row]}
    for data in (nameless, {"sbom": nameless}):
        found = read_document(json.dumps(data).encode(), "x")
        assert found is not None
        assert [one.version for one in found.components] == ["1.82.8"]
        assert "is missing; read as 2.3" in [text for _, text in texts(found)]
    rest: list[dict[str, Any]] = [
        {"SPDXID": "x"},
        {"packages": []},
        {"SPDXID": "x", "packages": [], "@context": "spdx.org/rdf/3.0.1/x"},
    ]
    for other in rest:
        assert not READER.claims(RawDocument(json.dumps(other).encode(), "x"))


def test_python_is_covered_where_a_row_or_the_tool_says_so() -> None:
    assert not spdx().covers_python
    assert not spdx(packages=[{"SPDXID": "x", "name": "x", "externalRefs": [purl_ref("pkg:npm/x@1")]}]).covers_python
    assert spdx(creationInfo=creation(creators=["Tool: sbom4python-0.11.3"])).covers_python
    assert not spdx(creationInfo=creation(creators=["Organization: sbom4python"])).covers_python
    assert spdx(packages=[package("a")]).covers_python


def test_versions_of_spdx() -> None:
    assert spdx(spdxVersion="SPDX-2.2").problems == ()
    assert texts(spdx(spdxVersion="SPDX-2.1")) == [("spdxVersion", "SPDX-2.1 is neither 2.2 nor 2.3; read as 2.3")]
    newer = spdx(spdxVersion="SPDX-2.4")
    assert texts(newer) == [("spdxVersion", "not read: what is new in SPDX-2.4; it was read as 2.3")]
    assert newer.completeness is Completeness.INCOMPLETE
    assert texts(spdx(spdxVersion=None)) == [("spdxVersion", "is missing; read as 2.3")]
    for other in ("SPDX-3.0", "SPDX-1.2", "two", "SPDX-2.3.1"):
        with pytest.raises(InputError, match=r"2\.2 and 2\.3 can") as caught:
            spdx(spdxVersion=other)
        assert caught.value.place == "spdxVersion"
    with pytest.raises(InputError, match="JSON-LD"):
        read({"@context": {"spdx": "http://spdx.org/rdf/terms#"}, "@graph": []})


@pytest.mark.parametrize(
    ("text", "claimed"),
    [
        (json.dumps(shape()), True),
        (json.dumps({"sbom": shape()}), True),
        (json.dumps({"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": []}), False),
        ('{"@context":"https:\\/\\/spdx.org\\/rdf\\/3.0.1\\/spdx-context.jsonld"}', False),
        ('{"spdxVersion": "x", "@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"}', False),
        ('{"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "spdxVersion', False),
        ('{"@context": {"@vocab": "http://spdx.org/rdf/terms#"}}', True),
        ('{"spdxVersion": "SPDX-2.3", "packages": [', True),
        ('{"spdxVersion": 2.3}', True),
        ('{"other": {"spdxVersion": "SPDX-2.3"}}', False),
        ('{"sbom": [{"spdxVersion": "SPDX-2.3"}]}', False),
        ('{"bomFormat": "CycloneDX", "x": {"spdxVersion": "SPDX-2.3"}', False),
        ('{"bomFormat": "CycloneDX", "license": "https://spdx.org/licenses/MIT"}', False),
        ('[{"spdxVersion": "SPDX-2.3"}]', False),
        ("SPDXVersion: SPDX-2.3\n", False),
        ("", False),
    ],
)
def test_claims_by_content(text: str, claimed: bool) -> None:  # noqa: FBT001
    assert READER.claims(RawDocument(text.encode(), "x.spdx.json")) is claimed


@pytest.mark.parametrize("time", ["yesterday", "", "9999-99-99T00:00:00Z"])
def test_a_bad_time_is_a_problem_only(time: str) -> None:
    document = spdx(creationInfo={"created": time}, packages=[package("a")])
    assert document.created is None
    assert [place for place, _ in texts(document)] == (["creationInfo.created"] if time else [])


def test_odd_values_are_noted_and_the_rest_goes_on() -> None:
    document = spdx(
        spdxVersion=2.3,
        creationInfo={"creators": "me", "created": []},
        documentDescribes=[1, None, {}],
        packages=[
            None,
            package("a", versionInfo=1),
            package("b", name=["b"], checksums={"a": 1}, externalRefs=[3, purl_ref("pkg:pypi/b@1.0")]),
            {},
            {"SPDXID": "nameless"},
        ],
        files="none",
        relationships=[
            7,
            {"spdxElementId": "a", "relationshipType": 1, "relatedSpdxElement": "b"},
            *related("a DEPENDS_ON b"),
        ],
    )
    assert [row.package for row in document.components if row.package] == ["a", "b"]
    assert edges(document) == ["a>b"]
    places = {place for place, _ in texts(document)}
    wanted = "spdxVersion creationInfo.created creationInfo.creators packages[0] packages[1].versionInfo packages[3]"
    assert places.issuperset(
        (*wanted.split(), "packages[2].name", "packages[2].checksums", "files", "relationships[0]")
    )


def digest(number: int) -> str:
    return f"{number:064x}"


def file(name: str, *digests: str, **more: Any) -> dict[str, Any]:
    sums = [{"algorithm": "SHA256", "checksumValue": one} for one in digests]
    return {"SPDXID": name, "fileName": f"./{name}.txt", "checksums": sums} | more


def members(document: Document) -> dict[str, list[int]]:
    return {row.ref: [int(one, 16) for one in row.members] for row in document.components if row.members}


def test_hashes_of_files_are_members_of_the_packages_that_hold_them() -> None:
    document = spdx(
        documentDescribes=["r"],
        packages=[package("r"), package("a", hasFiles=["f1", "f2"]), package("b", hasFiles=["f2", "gone", "NONE"])],
        files=[file(f"f{i}", digest(i)) for i in range(1, 7)] + [file("f7")],
        snippets=[{"SPDXID": "s"}],
        relationships=related("b CONTAINS f3", "f4 CONTAINED_BY b", "r OTHER f5", "b CONTAINS s", "a CONTAINS f7"),
    )
    assert members(document) == {"r": [5, 6], "a": [1, 2], "b": [2, 3, 4]}
    assert texts(document) == [("packages[2].hasFiles[1]", "'gone' is not a file of this document; left out")]
    assert document.completeness is Completeness.INCOMPLETE
    assert all(row.sha256 == () for row in document.components)


@pytest.mark.parametrize("described", [[], ["a", "b"], ["f1"]])
def test_files_of_no_package_get_a_row_where_not_one_package_is_described(described: list[str]) -> None:
    parts: dict[str, Any] = {"packages": [package("a", hasFiles=["f0"]), package("b")], "documentDescribes": described}
    document = spdx(files=[file("f0", digest(9)), file("f1", digest(1)), file("f2", digest(2), digest(3))], **parts)
    assert members(document) == {"a": [9], "files[1]": [1, 2, 3]}
    assert (document.components[-1].name, document.components[-1].package) == ("./f1.txt and 1 more", None)
    assert len(document.places) == len(document.components)
    assert document.places[-1] == "files[1]"
    alone = spdx(files=[file("f1", digest(1), fileName=None)])
    assert (alone.components[0].name, alone.covers_python) == ("f1", False)


def test_odd_files_lose_no_hash() -> None:
    document = spdx(
        documentDescribes=["r"],
        packages=[package("r"), package("a", hasFiles=["f"]), package("a", hasFiles=["g"])],
        files=[
            file("f", digest(1), digest(2)),
            file("f", digest(3)),
            file("g", digest(4)),
            file("h", "no digest"),
            {"checksums": [{"algorithm": "SHA256", "checksumValue": digest(5).upper()}]},
        ],
    )
    assert members(document) == {"r": [2, 3, 5], "a": [1, 4]}
    assert texts(document) == [("files[3].checksums[0]", "'no digest' is not a SHA-256 hash")]


def test_a_file_in_every_package_costs_no_more_than_it_says() -> None:
    many = 3_000
    row = file("f", *map(digest, range(1, many)))
    document = spdx(packages=[package(f"p{i}", hasFiles=["f"]) for i in range(many)], files=[row] * 2)
    assert sum(len(row.members) for row in document.components) < 3 * many


def test_what_is_no_json_or_too_deep_is_refused() -> None:
    deep = '{"spdxVersion": "SPDX-2.3", "packages": ' + "[" * 100_000 + "]" * 100_000 + "}"
    nested = '{"sbom": ' * 100_000 + "{}" + "}" * 100_000
    for text in ("", "{", '{"spdxVersion": "SPDX-2.3", "x": NaN}', '{"name": "\\ud800"}', deep):
        with pytest.raises(InputError):
            READER.parse(RawDocument(text.encode(), "x"))
    with pytest.raises(InputError):
        READER.parse(RawDocument(nested.encode(), "x"))


def test_a_byte_that_is_no_utf8_is_replaced_and_noted() -> None:
    for more in ({}, {"name": 1}):  # by the schema, and not
        text = json.dumps(shape(packages=[package("a", name="caf\xe9"), package("b") | more]), ensure_ascii=False)
        document = READER.parse(RawDocument(text.encode("latin-1"), "x"))
        assert document.problems[0].place == f"byte {text.index(chr(0xE9))}"
        assert (document.components[0].name, document.components[0].package) == ("caf\ufffd", "a")


def test_long_chains_and_many_rows() -> None:
    many = 20_000
    document = spdx(
        packages=[package(f"p{i}") for i in range(many)],
        relationships=related("p1 DEV_DEPENDENCY_OF p0", *(f"p{i + 1} DEPENDENCY_OF p{i}" for i in range(1, many - 1))),
    )
    assert document.roots == ("p0",)
    assert sum(row.optional for row in document.components) == many - 1


SEED = shape(
    creationInfo=creation(),
    documentDescribes=["a"],
    packages=[
        package("a", checksums=[{"algorithm": "SHA256", "checksumValue": DIGEST}], sourceInfo="in: poetry.lock"),
        package("b", None, externalRefs=[purl_ref("pkg:pypi/b@1"), purl_ref("pkg:pypi/c@2?vcs_url=x")]),
    ],
    files=[{"SPDXID": "f"}],
    relationships=related("a CONTAINS b", "b DEV_DEPENDENCY_OF a", "a OTHER f", "a DEPENDS_ON NONE"),
)
ODD = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**80), 2**80)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=6)
    | st.sampled_from(["a", "b", "NONE", "pkg:pypi/a@1", "pkg:pypi/%", ">=1", "//[", "SPDX-2.2", "DEPENDENCY_OF"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["SPDXID", "name", "sbom"]), inner),
    max_leaves=6,
)
QUICK = settings(max_examples=250, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def check(data: bytes) -> None:
    READER.claims(RawDocument(data, "x"))
    try:
        found = READER.parse(RawDocument(data, "x"))
    except InputError:
        return
    refs = {row.ref for row in found.components}
    assert len(refs) == len(found.components)
    assert refs.issuperset((*found.roots, *(one for edge in found.edges for one in (edge.source, edge.target))))
    assert all(problem.place and problem.text for problem in found.problems)
    assert found == READER.parse(RawDocument(data, "x"))
    assert hash(found) == hash(found)


@QUICK
@given(odd=ODD, at=st.integers(0, 80), is_wrapped=st.booleans())
def test_values_of_other_types(odd: Any, at: int, is_wrapped: bool) -> None:  # noqa: FBT001
    value = json.loads(json.dumps({"sbom": SEED} if is_wrapped else SEED))
    spots: list[tuple[Any, Any]] = []
    waiting = [value]
    for one in waiting:
        keys = list(one) if isinstance(one, dict) else list(range(len(one))) if isinstance(one, list) else []
        spots += [(one, key) for key in keys]
        waiting += [one[key] for key in keys]
    owner, key = spots[at % len(spots)]
    owner[key] = odd
    check(json.dumps(value).encode())


@QUICK
@given(st.integers(0, 4_000), st.integers(0, 12), st.binary(max_size=6))
def test_changed_bytes(at: int, gone: int, new: bytes) -> None:
    data = json.dumps(SEED).encode()
    at %= len(data)
    check(data[:at] + new + data[at + gone :])


def test_code_that_no_package_holds_is_a_row_by_the_name_that_it_is_imported_by() -> None:
    """A folder of installed packages may hold code whose metadata are gone: which release it is of nobody knows."""
    top = "./usr/lib/python3/dist-packages"
    files = [file(f"f{i}", digest(1), fileName=f"{top}/{one}") for i, one in enumerate(("litellm.py", "yaml/x.so"))]

    def shown(*packages: dict[str, Any], **more: Any) -> list[str]:
        found = spdx(packages=list(packages), files=files, **more)
        return [row.package for row in found.components if row.package and not row.version and row.optional]

    holds_yaml = related("PyYAML CONTAINS f1")
    assert shown(package("a"), package("PyYAML")) == ["litellm", "yaml"]
    assert shown(package("a"), package("PyYAML"), relationships=holds_yaml) == ["litellm", "yaml"]
    assert shown(package("litellm"), package("PyYAML"), relationships=holds_yaml) == ["yaml"]
    assert not spdx(files=files).covers_python
