"""Trivy's own JSON: reports as versions 0.40 to 0.70 write them, and every way to be odd."""

from __future__ import annotations

import json
from typing import Any

import pytest

from graphkit.formats import read_document
from graphkit.formats.interface import RawDocument
from graphkit.formats.trivy.json import READER
from graphkit.model.documents import NOT_READ, Basis, Completeness, Document, DocumentKind
from graphkit.model.errors import InputError
from graphkit.model.times import moment

DIGEST = "ab" * 32
IMAGE = {"ArtifactName": f"images.example/acme/shop:1.2@sha256:{DIGEST}", "ArtifactType": "container_image"}


def report(*results: Any, **more: Any) -> dict[str, Any]:
    """Return a report as Trivy 0.70 writes it, of an image."""
    return {
        "SchemaVersion": 2,
        "Trivy": {"Version": "0.70.0"},
        "ReportID": "017b7d41-e09f-7000-80ea-000000000001",
        "CreatedAt": "2026-03-24T11:00:30.000000005Z",
        "ArtifactID": f"sha256:{DIGEST}",
        **IMAGE,
        "Metadata": {
            "OS": {"Family": "debian", "Name": "12.9"},
            "ImageID": f"sha256:{DIGEST}",
            "RepoTags": ["images.example/acme/shop:1.2"],
            "ImageConfig": {"history": [{"created_by": "RUN pip install -r requirements.txt"}]},
        },
        "Results": list(results),
    } | more


def package(name: str, version: str = "1.0", **more: Any) -> dict[str, Any]:
    """Return an installed Python package."""
    return {
        "Name": name,
        "Identifier": {"PURL": f"pkg:pypi/{name.lower()}@{version}", "UID": "bb446a3b5f805121"},
        "Version": version,
        "Layer": {"DiffID": f"sha256:{DIGEST}"},
        "FilePath": f"usr/local/lib/python3.12/site-packages/{name}-{version}.dist-info/METADATA",
        "AnalyzedBy": "python-pkg",
    } | more


def result(*packages: Any, kind: str = "python-pkg", target: str = "Python", **more: Any) -> dict[str, Any]:
    return {"Target": target, "Class": "lang-pkgs", "Type": kind, "Packages": list(packages)} | more


def finding(name: str, version: str, **more: Any) -> dict[str, Any]:
    return {
        "VulnerabilityID": "CVE-2026-1",
        "PkgName": name,
        "PkgIdentifier": {"PURL": f"pkg:pypi/{name}@{version}"},
        "InstalledVersion": version,
        "Severity": "HIGH",
    } | more


def read(data: Any) -> Document:
    found = read_document(json.dumps(data).encode(), "trivy.json")
    assert found is not None
    return found


def rows(document: Document) -> list[tuple[str, str, bool]]:
    return [(str(row.package or row.purl), row.version, row.optional) for row in document.components[1:]]


def test_an_image_with_all_its_packages() -> None:
    debian = {
        "ID": "libc6@2.36-9+deb12u10",
        "Name": "libc6",
        "Identifier": {"PURL": "pkg:deb/debian/libc6@2.36-9%2Bdeb12u10?arch=amd64&distro=debian-12.9"},
        "Version": "2.36",
        "Release": "9+deb12u10",
        "DependsOn": ["libgcc-s1@12.2.0-14"],
        "InstalledFiles": ["/lib/x86_64-linux-gnu/libc.so.6"],
    }
    gcc = debian | {"ID": "libgcc-s1@12.2.0-14", "Name": "libgcc-s1", "Identifier": {}, "DependsOn": []}
    system = {"Target": "shop (debian 12.9)", "Class": "os-pkgs", "Type": "debian", "Packages": [debian, gcc]}
    document = read(report(system, result(package("litellm", "1.82.8"), package("Jinja2", "3.1.6"))))
    assert document.kind is DocumentKind.SBOM
    assert (document.format, document.basis, document.subject) == ("Trivy 2", Basis.BUILT, "images.example/acme/shop")
    assert document.created == moment("2026-03-24T11:00:30Z")
    assert (document.generator, document.source_kind) == (("trivy 0.70.0",), "image")
    assert (document.completeness, document.covers_python) == (Completeness.UNKNOWN, True)
    assert rows(document) == [
        ("pkg:deb/debian/libc6@2.36-9%2Bdeb12u10?arch=amd64&distro=debian-12.9", "2.36-9+deb12u10", False),
        ("pkg:deb/debian/libgcc-s1@2.36-9%2Bdeb12u10", "2.36-9+deb12u10", False),
        ("litellm", "1.82.8", False),
        ("jinja2", "3.1.6", False),
    ]
    assert [(edge.source, edge.target) for edge in document.edges] == [
        ("Results[0].Packages[0]", "Results[0].Packages[1]")
    ]
    assert document.places[:2] == ("ArtifactName", "Results[0].Packages[0]")
    assert document.roots[0] == "ArtifactName"
    assert document.problems == ()


def test_a_repository_with_a_lock_is_listed() -> None:
    """As Trivy's own test has it for a poetry.lock: ids of the lock, and who depends on whom."""
    colorama = {"ID": "colorama@0.4.6", "Name": "colorama", "Version": "0.4.6", "Relationship": "indirect"}
    click = {
        "ID": "click@8.1.3",
        "Name": "click",
        "Identifier": {"PURL": "pkg:pypi/click@8.1.3", "UID": "f583a10d818c65e3"},
        "Version": "8.1.3",
        "Relationship": "direct",
        "DependsOn": ["colorama@0.4.6"],
    }
    lock = result(click, colorama, kind="poetry", target="poetry.lock")
    document = read(report(lock, ArtifactName="/src/shop", ArtifactType="repository"))
    assert (document.basis, document.subject, document.source_kind) == (Basis.LISTED, "", "repository")
    assert [(row.package, row.version, row.optional) for row in document.components] == [
        ("click", "8.1.3", False),
        ("colorama", "0.4.6", False),
    ]
    assert len(document.edges) == 1
    assert document.dependencies_known


@pytest.mark.parametrize("kind", ["pip", "pipenv", "poetry", "uv", "pylock"])
def test_what_a_lock_in_an_image_names_is_listed(kind: str) -> None:
    lock = {"Name": "b", "Version": "2", "Identifier": {"PURL": "pkg:pypi/b@2"}}
    document = read(report(result(package("a")), result(lock, kind=kind, target="app/lock")))
    assert document.basis is Basis.BUILT
    assert rows(document) == [("a", "1.0", False), ("b", "2", True)]


@pytest.mark.parametrize(("kind", "is_lock"), [("npm", True), ("gomod", True), ("node-pkg", False), ("jar", False)])
def test_locks_of_other_ecosystems_are_listed_too(kind: str, *, is_lock: bool) -> None:
    other = result({"Name": "x", "Version": "1"}, kind=kind, target="package-lock.json")
    assert read(report(other)).basis is (Basis.LISTED if is_lock else Basis.BUILT)
    document = read(report(result(package("a")), other))
    assert [row.optional for row in document.components[1:]] == [False, is_lock]


def test_a_report_of_findings_alone_is_incomplete() -> None:
    findings = [finding("werkzeug", "0.11"), finding("werkzeug", "0.11")]
    bare = {"Target": "Python", "Class": "lang-pkgs", "Type": "python-pkg", "Vulnerabilities": findings}
    document = read(report(bare))
    assert rows(document) == [("werkzeug", "0.11", False)]
    assert document.completeness is Completeness.INCOMPLETE
    assert [
        (one.place, one.text.startswith(f"{NOT_READ}packages in which nothing was found")) for one in document.problems
    ] == [("Results", True)]


@pytest.mark.parametrize("results", [None, [], [{"Target": "Python", "Class": "lang-pkgs", "Type": "python-pkg"}],
                                     [{"Target": "Dockerfile", "Class": "config", "Type": "dockerfile"}]])  # fmt: skip
def test_a_report_without_any_package_is_incomplete(results: Any) -> None:
    assert read(report(Results=results)).completeness is Completeness.INCOMPLETE


def test_findings_are_rows_where_the_list_lacks_them() -> None:
    listed = result(package("a"), package("Werk_zeug", "0.11"))
    listed["Vulnerabilities"] = [finding("werk-zeug", "0.11"), finding("litellm", "1.82.8")]
    document = read(report(listed))
    assert [(name, version) for name, version, _ in rows(document)] == [
        ("a", "1.0"), ("werk-zeug", "0.11"), ("litellm", "1.82.8"),
    ]  # fmt: skip
    assert document.completeness is Completeness.UNKNOWN


def test_a_result_with_findings_and_no_list_beside_others_leaves_it_open() -> None:
    bare = {"Target": "x", "Class": "lang-pkgs", "Type": "pip", "Vulnerabilities": [finding("b", "1")]}
    for results in ([result(package("a")), bare], [bare, result(package("a"))]):
        assert read(report(*results)).completeness is Completeness.INCOMPLETE


PLACES = {
    "FilePath": "usr/lib/agent/_vendor/litellm-1.82.8.dist-info/METADATA",
    "InstalledFiles": ["/opt/litellm-1.82.8-py3-none-any.whl"],
    "Name": "litellm",
    "Identifier": {"PURL": "pkg:pypi/a@1.0?file_name=litellm-1.82.8-py3-none-any.whl"},
}


@pytest.mark.parametrize("key", PLACES)
def test_other_names_of_a_package_are_rows_and_listed(key: str) -> None:
    document = read(report(result(package("a", "1.82.8") | {key: PLACES[key]})))
    assert ("litellm", "1.82.8", True) in rows(document)


@pytest.mark.parametrize(
    "more",
    [
        {"Vulnerabilities": [finding("a", "1.0", PkgPath="x/litellm-1.82.8.dist-info/METADATA")]},
        {"ExperimentalModifiedFindings": [{"Type": "vulnerability", "Finding": finding("litellm", "1.82.8")}]},
        {"Licenses": [{"PkgName": "litellm", "Name": "MIT"}]},
        {"Licenses": [{"FilePath": "x/litellm-1.82.8.dist-info/LICENSE", "Name": "MIT"}]},
        {"Target": "dist/litellm-1.82.8-py3-none-any.whl"},
    ],
)
def test_whatever_else_of_a_result_names_a_package_is_a_row(more: dict[str, Any]) -> None:
    document = read(report(result(package("a")) | more))
    assert "litellm" in {row.package or row.name for row in document.components}


def test_what_an_extension_found_leaves_it_open() -> None:
    document = read(report(result(package("a"), CustomResources=[{"Type": "x", "Data": {}}])))
    assert document.completeness is Completeness.INCOMPLETE


def test_licenses_of_what_is_listed_are_no_rows() -> None:
    licenses = {"Target": "Python", "Class": "license", "Licenses": [{"PkgName": "A", "Name": "MIT"}]}
    assert rows(read(report(result(package("a")), licenses))) == [("a", "1.0", False)]


@pytest.mark.parametrize(
    ("kind", "name", "purl"),
    [
        ("npm", "@scope/x", "pkg:npm/%40scope/x@1"),
        ("gobinary", "github.com/a/b", "pkg:golang/github.com/a/b@1"),
        ("jar", "org.a:b", "pkg:maven/org.a/b@1"),
        ("conda-pkg", "litellm", "pkg:conda/litellm@1"),
        ("cargo", "serde", "pkg:cargo/serde@1"),
        ("alpine", "musl", "pkg:apk/alpine/musl@1"),
        ("redhat", "glibc", "pkg:rpm/redhat/glibc@1"),
        ("kubernetes", "k8s.io/api", ""),
    ],
)
def test_types_of_old_reports_without_purls_are_of_their_ecosystems(kind: str, name: str, purl: str) -> None:
    document = read(report(result({"Name": name, "Version": "1"}, kind=kind)))
    assert [(row.package, row.purl) for row in document.components[1:]] == [(None, purl)]


def test_an_old_report_of_python_without_purls() -> None:
    document = read({"SchemaVersion": 2, **IMAGE, "Results": [result({"Name": "Zope.Interface", "Version": "5.0"})]})
    assert [(row.package, row.version) for row in document.components[1:]] == [("zope-interface", "5.0")]
    assert (document.generator, document.created) == (("trivy",), None)


@pytest.mark.parametrize(
    ("name", "kind", "subject"),
    [
        ("images.example/acme/shop:1.2", "container_image", "images.example/acme/shop"),
        ("localhost:5000/shop", "container_image", "localhost:5000/shop"),
        ("out/shop.tar.gz", "container_image", "images.example/acme/shop"),
        ("shop", "filesystem", "shop"),
        ("/", "filesystem", ""),
        (".", "filesystem", ""),
        ("https://git.example/acme/shop", "repository", ""),
    ],
)
def test_what_was_looked_at(name: str, kind: str, subject: str) -> None:
    document = read(report(result(package("a")), ArtifactName=name, ArtifactType=kind))
    assert document.subject == subject


def test_a_report_of_an_sbom_is_listed_for_trivy_saw_no_files() -> None:
    document = read(report(result(package("a")), ArtifactName="bom.json", ArtifactType="cyclonedx"))
    assert document.basis is Basis.LISTED


def test_development_packages_and_digests() -> None:
    document = read(report(result(package("a", Dev=True, Digest=f"sha256:{DIGEST}"), package("b", Digest="sha1:00"))))
    assert [(row.optional, row.members) for row in document.components[1:]] == [(True, (DIGEST,)), (False, ())]


def test_without_results_of_languages_it_says_nothing_of_python() -> None:
    system = {"Target": "x", "Class": "os-pkgs", "Type": "alpine", "Packages": [{"Name": "musl", "Version": "1"}]}
    assert not read(report(system)).covers_python
    assert read(report(system, result({"Name": "x", "Version": "1"}, kind="npm"))).covers_python


def test_code_in_the_files_of_another_package_is_a_row_by_the_name_that_it_is_imported_by() -> None:
    files = [f"usr/lib/python3/dist-packages/pip/{one}" for one in ("__init__.py", "_vendor/idna/core.py")]
    document = read(report(result(package("pip", InstalledFiles=files))))
    assert rows(document)[-2:] == [("pip", "1.0", False), ("idna", "", True)]


def test_a_dependency_on_nothing_leaves_it_open() -> None:
    document = read(report(result(package("a", ID="a@1.0", DependsOn=["b@2"]))))
    assert document.completeness is Completeness.INCOMPLETE
    assert document.problems[0].place == "Results[0].Packages[0].DependsOn[0]"
    assert rows(document)[-1] == ("b", "2", True)  # an id of Trivy names a release


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (None, "is not an object; left out"),
        ({}, "a package without name and purl"),
        ({"Name": "a b", "Version": "1"}, "package name"),
        ({"Name": "a", "Version": "1", "Identifier": {"PURL": "pkg:pypi"}}, "is not a valid purl"),
        ({"Name": "a", "Version": 1.1}, "the version is unknown"),
    ],
)
def test_a_row_that_cannot_be_read_leaves_it_open(row: Any, problem: str) -> None:
    document = read(report(result(row, package("b"))))
    assert document.completeness is Completeness.INCOMPLETE
    assert any(problem in one.text for one in document.problems)
    assert "b" in {one.package for one in document.components}


@pytest.mark.parametrize("version", [1, "2", None, True, 2.0])
def test_another_schema_is_refused(version: Any) -> None:
    with pytest.raises(InputError, match="cannot be read; 2 can"):
        read(report(SchemaVersion=version))


def test_a_newer_schema_leaves_it_open() -> None:
    document = read(report(result(package("a")), SchemaVersion=3))
    assert (document.format, document.completeness) == ("Trivy 3", Completeness.INCOMPLETE)


@pytest.mark.parametrize(
    "data",
    [
        b'{"SchemaVersion": 2, "ArtifactName": "x", "Results": [',
        b'{"SchemaVersion": 2, "ArtifactName": "x", "x": NaN}',
        b'{"SchemaVersion": 2, "ArtifactName": "x", "Results": ' + b"[" * 100_000,
    ],
)
def test_a_broken_report_is_rejected_aloud(data: bytes) -> None:
    assert READER.claims(RawDocument(data, "x"))
    with pytest.raises(InputError):
        read_document(data, "x")


@pytest.mark.parametrize(
    "data",
    [
        b'{"schemaVersion": 2, "config": {}}',
        b'{"SchemaVersion": 2, "x": "ArtifactName"}',
        b'{"Results": [], "ArtifactName": "x"}',
        b'{"note": {"SchemaVersion": 2, "ArtifactName": "x"}}',
        b'{"bomFormat": "CycloneDX", "SchemaVersion": 2, "ArtifactName": [',
    ],
)
def test_what_is_no_report_is_not_claimed(data: bytes) -> None:
    assert not READER.claims(RawDocument(data, "trivy.json"))


def test_hostile_values_are_escaped_and_cut() -> None:
    odd = package("a", f"1.0\x1b[31m{'9' * 100_000}", Identifier={"PURL": f"pkg:pypi/{'x' * 100_000}@\u202e"})
    many = [package("a", DependsOn=[f"gone-{number}"]) for number in range(3_000)]
    document = read(report(result(odd, *many), Metadata=[1], CreatedAt={"a": 1}, Trivy="x"))
    assert document.completeness is Completeness.INCOMPLETE
    assert len(document.problems) < 1_100
    assert all(len(one.text) <= 500 and "\x1b" not in one.text for one in document.problems)
