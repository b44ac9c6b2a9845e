"""Every real document of the shared samples reads, with what its manifest says is in it."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

import pytest

from graphkit.formats import read_document
from graphkit.model.documents import Document, DocumentKind
from graphkit.model.names import read_purl

BY_NAME = ("uv-lock/crewAIInc__crewAI__uv.lock", "uv-lock/stanfordnlp__dspy__uv.lock")
"""Locks of which the manifest counts names: some stand there in several versions, for different Pythons."""
ROWS_APART: dict[str, set[tuple[str, str]]] = {
    # The address of its archive is of a private index; the file that it names is a row of its own, listed at most.
    "cyclonedx-json/CycloneDX__cyclonedx-python__pipenv__plain_private-packages_1.6.json": {("six", "1.16.0")},
    # The row says 0.10.2 and its purl 9.10.2: either may be meant, so there is a row for each.
    "cyclonedx-json/aboutcode-org__scancode.io__nested.cdx.json": {("fictional", "0.10.2")},
}
"""Releases that documents list and no purl of theirs names; the manifest does not count them."""


@cache
def read(path: Path) -> Document:
    document = read_document(path.read_bytes(), path.name)
    assert document is not None, path
    return document


def releases(document: Document) -> set[tuple[str | None, str]]:
    return {(row.package, row.version) for row in document.components if row.package}


def purls(document: Document) -> set[tuple[str | None, str]]:
    """Return what the manifest counts: Python purls that differ in name or version, whatever else a row says."""
    return {(row.package, read_purl(row.purl).version or "") for row in document.components if row.package and row.purl}


def test_the_table_of_the_manifest_is_reproduced(shared: Path) -> None:
    folder = shared / "samples"
    with (folder / "MANIFEST.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if not row["file"].startswith("osv-advisories")]
    assert len(rows) == 49
    for row in rows:
        document = read(folder / row["file"])
        if document.kind is DocumentKind.MANIFEST:  # aider's file, which pins all lines but five
            assert (len(document.requirements), document.components) == (110, ())
            continue
        found = purls(document)
        apart = releases(document) - found
        assert apart == ROWS_APART.get(row["file"], set()), row["file"]
        count = len({name for name, _ in found}) if row["file"] in BY_NAME else len(found)
        assert count == int(row["pypi_components"]), row["file"]
        versions = sorted(version for name, version in releases(document) if name == "litellm")
        assert versions == row["litellm_versions"].split(";") if row["litellm_versions"] else versions == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("sbomify__github-action__trivy.cdx.json", "sbomify__github-action__syft.cdx.json"),
        ("sbomify__github-action__trivy.cdx.json", "sbomify__github-action__sbom4python.cdx.json"),
        ("chainguard-dev__bom-shelter__spdx-syft-sysdig*", "chainguard-dev__bom-shelter__spdx-trivy-sysdig*"),
        ("*regression-issue702_lock21_1.4.json", "*regression-issue702_lock21_1.5.xml"),
        ("*regression-issue702__lock21__poetry.lock", "*regression-issue702_lock21_1.7.json"),
    ],
)
def test_one_thing_by_two_tools_has_the_same_releases(shared: Path, one: str, other: str) -> None:
    (left,) = (shared / "samples").glob(f"*/{one}")
    (right,) = (shared / "samples").glob(f"*/{other}")
    assert releases(read(left)) == releases(read(right))


@pytest.mark.parametrize(
    ("more", "less", "missing"),
    [
        # The SPDX export leaves out what setuptools bundles; Trivy read the lock without its dev groups.
        ("Nafsgerman__siftguard__sbom.cyclonedx.json", "Nafsgerman__siftguard__sbom.spdx.json", 26),
        ("sbomify__sbomify__sbomify_syft*", "sbomify__sbomify__sbomify_trivy*", 88),
    ],
)
def test_where_two_tools_differ_one_lists_less_and_nothing_else(
    shared: Path, more: str, less: str, missing: int
) -> None:
    (left,) = (shared / "samples").glob(f"*/{more}")
    (right,) = (shared / "samples").glob(f"*/{less}")
    assert releases(read(right)) < releases(read(left))
    assert len(releases(read(left)) - releases(read(right))) == missing
