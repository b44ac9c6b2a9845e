"""Who packages of SPDX are: no version, name, hash or source that they say is lost."""

from __future__ import annotations

import json
from typing import Any

import pytest

from graphkit.formats.interface import RawDocument
from graphkit.formats.spdx2.json import READER
from graphkit.model.documents import Basis, Document

DIGEST = "ab" * 32


def spdx(**parts: Any) -> Document:
    return READER.parse(
        RawDocument(json.dumps({"spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", **parts}).encode(), "x")
    )


def package(project: str, version: str | None = "1.0", **more: Any) -> dict[str, Any]:
    purl = f"pkg:pypi/{project}@{version}" if version else f"pkg:pypi/{project}"
    return {"SPDXID": project, "name": project, "versionInfo": version, "externalRefs": [purl_ref(purl)]} | more


def purl_ref(purl: str) -> dict[str, str]:
    return {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": purl}


@pytest.mark.parametrize(
    ("written", "purls", "versions"),
    [
        ("1.82.8", ["pkg:pypi/litellm@1.82.6"], ["1.82.6", "1.82.8"]),
        ("1.82.6", ["pkg:pypi/litellm@1.82.8"], ["1.82.8", "1.82.6"]),
        ("1.82.8", ["pkg:pypi/litellm@1.82.6", "pkg:pypi/litellm@1.82.8"], ["1.82.6", "1.82.8"]),
        ("1.82.8", ["pkg:pypi/litellm@1.82.6", "pkg:pypi/litellm@1.82.7"], ["1.82.6", "1.82.7", "1.82.8"]),
        ("v1.82.8", ["pkg:pypi/litellm@1.82.8"], ["1.82.8"]),
        ("latest", ["pkg:pypi/litellm@1.82.8"], ["1.82.8"]),
        ("latest", ["pkg:pypi/litellm"], ["latest"]),
        ("1.82.8", ["pkg:pypi/litellm@%3E1"], ["1.82.8"]),
        (">=1.82", ["pkg:pypi/litellm@%3E1"], [""]),
        ("1.82.8", ["pkg:pypi/litellm", "pkg:pypi/litellm@1.82.6"], ["1.82.8", "1.82.6"]),
    ],
)
def test_no_version_that_a_package_says_is_lost(written: str, purls: list[str], versions: list[str]) -> None:
    document = spdx(packages=[package("litellm", versionInfo=written, externalRefs=[*map(purl_ref, purls)])])
    assert [(row.package, row.version) for row in document.components] == [("litellm", one) for one in versions]


def test_all_rows_of_an_optional_package_are_optional() -> None:
    dev = {"spdxElementId": "b", "relationshipType": "DEV_DEPENDENCY_OF", "relatedSpdxElement": "a"}
    document = spdx(packages=[package("a"), package("b", "2", versionInfo="1")], relationships=[dev])
    assert [(row.ref, row.optional) for row in document.components] == [("a", False), ("b", True), ("b#2", True)]


@pytest.mark.parametrize(
    ("row", "version"),
    [
        ({"name": "pip:litellm", "versionInfo": "1.82.8"}, "1.82.8"),
        ({"name": "pip:LiteLLM", "versionInfo": ">= 1.0,< 2"}, ""),
        ({"name": "pypi:litellm", "versionInfo": ""}, ""),
        (
            {"name": "litellm", "versionInfo": "1.82.8", "sourceInfo": "from: installed python package manifest"},
            "1.82.8",
        ),
    ],
)
def test_a_name_without_purl_is_pythons_where_something_says_so(row: dict[str, str], version: str) -> None:
    document = spdx(packages=[{"SPDXID": "x"} | row])
    assert [(one.package, one.version) for one in document.components] == [("litellm", version)]
    assert bool(document.problems) is not bool(version)
    for other in ("pip:", "npm:litellm", "pip:/x y", "pip:..", "litellm"):
        assert spdx(packages=[{"SPDXID": "x", "name": other}]).components[0].package is None


def test_the_same_package_from_two_sources_is_two_rows() -> None:
    twice = [package("a", downloadLocation="git+https://git.example/a"), package("a")]
    assert [row.origin for row in spdx(packages=twice).components] == ["git+https://git.example/a", ""]
    lock = package("a", sourceInfo="found in: poetry.lock")
    assert spdx(packages=[lock, package("a")]).basis is Basis.BUILT


@pytest.mark.parametrize(
    "algorithm", ["SHA256", "sha256", "SHA-256", "SHA_256", "checksumAlgorithm_sha256", "checksumAlgorithm_SHA256"]
)
@pytest.mark.parametrize("value", ["{}", " {}\n", "sha256:{}", "SHA-256: {}"])
def test_every_spelling_of_a_checksum(algorithm: str, value: str) -> None:
    sums = [{"algorithm": algorithm, "checksumValue": value.format(DIGEST.upper())}]
    document = spdx(packages=[package("a", checksums=sums)], files=[{"SPDXID": "f", "checksums": sums}])
    assert (document.components[0].sha256, document.components[1].members) == ((DIGEST,), (DIGEST,))
    for other in ("SHA3-256", "BLAKE2b-256", "SHA512", "SHA1", "", None):
        assert spdx(packages=[package("a", checksums=[sums[0] | {"algorithm": other}])]).components[0].sha256 == ()


def test_hashes_in_addresses_are_those_of_archives() -> None:
    url = f"https://index.example/packages/a-1.0-py3-none-any.whl#sha256={DIGEST}"
    refs = [purl_ref(f"pkg:pypi/a@1.0?checksum=sha1:{'00' * 20},sha256:{'cd' * 32}&file_name=a.whl")]
    document = spdx(packages=[package("a", downloadLocation=url, externalRefs=refs), package("b")])
    assert [row.sha256 for row in document.components] == [(DIGEST, "cd" * 32), ()]
    assert spdx(packages=[package("a", downloadLocation=f"{url}0")]).components[0].sha256 == ()


def test_a_name_is_pythons_where_all_purls_are() -> None:
    bare = {"SPDXID": "l", "name": "LiteLLM", "versionInfo": "1.82.8"}
    app = {"SPDXID": "app", "name": "app", "versionInfo": "2"}
    document = spdx(packages=[app, package("a"), bare], documentDescribes=["app"])
    assert [(row.package, row.version, row.optional) for row in document.components] == [
        (None, "2", False),  # what is described is no package of the index
        ("a", "1.0", False),
        ("litellm", "1.82.8", True),
    ]
    assert [one.text for one in document.problems] == [
        "without purl; taken for the Python package litellm, by its name"
    ]

    def named(*rows: dict[str, Any]) -> list[str]:
        return [row.name for row in spdx(packages=[app, *rows], documentDescribes=["app"]).components if row.package]

    assert named(bare) == []  # nothing says that it lists Python
    assert named(bare, package("a"), package("n", externalRefs=[purl_ref("pkg:npm/n@1")])) == ["a"]
    for purpose, is_named in (("LIBRARY", True), ("framework", True), ("APPLICATION", False), ("FILE", False)):
        assert named(package("a"), bare | {"primaryPackagePurpose": purpose}) == ["a", *(["LiteLLM"] * is_named)]
    for name in ("poetry.lock", "x y", "/app/x", ""):
        assert named(package("a"), bare | {"name": name}) == ["a"]
    loose = spdx(packages=[package("a"), bare | {"versionInfo": ">=1"}])
    assert [row.version for row in loose.components] == ["1.0", ""]


def test_a_fraction_is_no_version() -> None:
    loose = package("a", None) | {"versionInfo": 1.5}
    document = spdx(
        packages=[loose, package("b", "1.10") | {"versionInfo": 1.1}, package("c", None) | {"versionInfo": 2}]
    )
    assert [row.version for row in document.components] == ["", "1.10", "2"]
    assert document.problems[0].text == "should be text, is the number 1.5: the version is unknown"
