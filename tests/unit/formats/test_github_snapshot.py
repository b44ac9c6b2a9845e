"""GitHub's dependency snapshots: as detectors submit them, and every way to be odd."""

from __future__ import annotations

import json
from typing import Any

import pytest

from graphkit.formats import read_document
from graphkit.formats.github_snapshot import READER
from graphkit.formats.interface import RawDocument
from graphkit.model.documents import Basis, Completeness, Document, DocumentKind
from graphkit.model.errors import InputError
from graphkit.model.times import moment


def snapshot(manifests: Any = None, **more: Any) -> dict[str, Any]:
    """Return a snapshot with the keys of GitHub's own toolkit for detectors."""
    return {
        "version": 0,
        "job": {"correlator": "build_python", "id": "9", "html_url": "https://github.com/acme/shop/actions/runs/9"},
        "sha": "ce587453ced02b1526dfb4cb910479d431683101",
        "ref": "refs/heads/main",
        "detector": {"name": "component-detection", "version": "0.0.1", "url": "https://example.com/detector"},
        "scanned": "2026-03-24T11:00:00.123Z",
        "manifests": manifests if manifests is not None else {},
    } | more


def manifest(resolved: Any, location: str = "", name: str = "") -> dict[str, Any]:
    file = {"file": {"source_location": location}} if location else {}
    return {"name": name or location or "build", **file, "resolved": resolved}


def dependency(purl: str, *needs: str, **more: Any) -> dict[str, Any]:
    return {"package_url": purl, "relationship": "direct", "scope": "runtime", "dependencies": list(needs)} | more


def read(data: Any) -> Document:
    found = read_document(json.dumps(data).encode(), "snapshot.json")
    assert found is not None
    return found


def rows(document: Document) -> list[tuple[str, str, bool]]:
    packages = [row for row in document.components if row.purl or row.package]
    return [(str(row.package or row.purl), row.version, row.optional) for row in packages]


@pytest.mark.parametrize(("purl", "row"), [("pkg:pypi/bad@1.2", "bad"), ("pkg:npm/bad@1.2", "pkg:npm/bad@1.2")])
def test_a_dependency_that_is_not_resolved_and_is_a_purl_names_a_release(purl: str, row: str) -> None:
    document = read(snapshot({"image": manifest({"a": dependency("pkg:pypi/a@1", purl), "b": dependency("", purl)})}))
    assert rows(document)[-1] == (row, "1.2", True)
    assert len(rows(document)) == 2
    assert document.completeness is Completeness.INCOMPLETE


def test_a_build_that_submits_what_it_resolved() -> None:
    resolved = {
        "litellm": dependency("pkg:pypi/litellm@1.82.8", "httpx"),
        "httpx": dependency("pkg:pypi/httpx@0.28.1", relationship="indirect"),
        "ruff": dependency("pkg:pypi/ruff@0.9.0", scope="development"),
    }
    document = read(snapshot({"image": manifest(resolved)}))
    assert document.kind is DocumentKind.SBOM
    assert (document.format, document.basis) == ("GitHub dependency snapshot", Basis.BUILT)
    assert (document.subject, document.created) == ("acme/shop", moment("2026-03-24T11:00:00.123Z"))
    assert document.generator == ("component-detection 0.0.1",)
    assert (document.completeness, document.covers_python) == (Completeness.UNKNOWN, True)
    assert rows(document) == [("litellm", "1.82.8", False), ("httpx", "0.28.1", False), ("ruff", "0.9.0", True)]
    names = {row.ref: row.name for row in document.components}
    assert [(names[edge.source], names[edge.target]) for edge in document.edges] == [
        ("acme/shop", "manifest image"),
        ("manifest image", "litellm"),
        ("manifest image", "ruff"),
        ("litellm", "httpx"),
    ]
    assert document.places == (
        "job.html_url", "manifests['image']", "manifests['image'].resolved['litellm']",
        "manifests['image'].resolved['httpx']", "manifests['image'].resolved['ruff']",
    )  # fmt: skip
    assert document.problems == ()


def test_manifests_of_python_are_listed_and_named_by_their_file() -> None:
    """As an action for conda submits it: keys are purls, and some have no version."""
    resolved = {
        one: dependency(one) for one in ("pkg:conda/cudatoolkit@11.0", "pkg:conda/pip", "pkg:pypi/einops@0.3.2")
    }
    document = read(snapshot({"env": manifest(resolved, "envs/environment.yml")}))
    assert document.basis is Basis.LISTED
    assert [row.name for row in document.components] == [
        "acme/shop", "manifest envs/environment.yml", "cudatoolkit", "pip", "einops",
    ]  # fmt: skip
    assert [row.version for row in document.components][2:] == ["11.0", "", "0.3.2"]


@pytest.mark.parametrize("location", ["requirements.txt", "app/uv.lock", "poetry.lock", "pyproject.toml", "setup.py"])
def test_a_manifest_of_python_beside_a_build_is_optional(location: str) -> None:
    manifests = {
        "image": manifest({"a": dependency("pkg:pypi/a@1")}, "images.example/acme/shop:1.2@sha256:00"),
        location: manifest({"b": dependency("pkg:pypi/b@2")}, location),
    }
    document = read(snapshot(manifests))
    assert (document.basis, rows(document)) == (Basis.BUILT, [("a", "1", False), ("b", "2", True)])


def test_a_manifest_of_python_with_nothing_in_it_covers_python() -> None:
    assert read(snapshot({"requirements.txt": manifest({}, "requirements.txt")})).covers_python
    assert not read(snapshot({"package-lock.json": manifest({}, "package-lock.json")})).covers_python
    assert not read(snapshot({})).covers_python


def test_dependencies_by_key_purl_or_name_and_version_are_edges() -> None:
    resolved = {
        "one": dependency("pkg:pypi/a@1", "two", "pkg:pypi/c@3", "d@4"),
        "two": dependency("pkg:pypi/b@2"),
        "c": dependency("pkg:pypi/c@3"),
        "d": dependency("pkg:pypi/d@4"),
    }
    document = read(snapshot({"x": manifest(resolved)}))
    assert len(document.edges) == 1 + 4 + 3
    assert document.completeness is Completeness.UNKNOWN


def test_a_dependency_on_nothing_leaves_it_open() -> None:
    document = read(snapshot({"x": manifest({"a": dependency("pkg:pypi/a@1", "gone")})}))
    assert document.completeness is Completeness.INCOMPLETE
    assert document.problems[0].place == "manifests['x'].resolved['a'].dependencies[0]"


def test_of_trivy_a_second_version_of_a_name_is_lost() -> None:
    document = read(snapshot({"Python": manifest({"a": dependency("pkg:pypi/a@1")})}, detector={"name": "trivy"}))
    assert document.completeness is Completeness.INCOMPLETE
    assert "keep one version of each" in document.problems[0].text


WHEEL = "dist/litellm-1.82.8-py3-none-any.whl"
FOLDER = "usr/lib/python3/litellm-1.82.8.dist-info/METADATA"


@pytest.mark.parametrize(
    "more",
    [
        {"manifests": {WHEEL: manifest({})}},
        {"manifests": {"x": manifest({}, WHEEL)}},
        {"manifests": {"x": manifest({}, name=WHEEL)}},
        {"manifests": {"x": manifest({}) | {"metadata": {"path": FOLDER}}}},
        {"metadata": {"path": FOLDER}},
        {"manifests": {"x": manifest({"a": dependency("pkg:pypi/a@1", metadata={"source_location": FOLDER})})}},
        {"manifests": {"x": manifest({"pkg:pypi/litellm@1.82.8": dependency("pkg:pypi/a@1")})}},
        {"manifests": {"x": manifest({"a": dependency(f"pkg:pypi/a@1?file_name={WHEEL[5:]}")})}},
    ],
)
def test_whatever_else_names_a_release_is_a_row(more: dict[str, Any]) -> None:
    found = {(row.package, row.version) for row in read(snapshot(**more)).components}
    assert ("litellm", "1.82.8") in found


def test_a_dependency_without_purl_has_its_key_as_name() -> None:
    document = read(snapshot({"x": manifest({"litellm": dependency("")})}))
    assert [(row.name, row.package, row.purl) for row in document.components][2:] == [("litellm", None, "")]


def test_a_manifest_is_no_package_whatever_it_is_called() -> None:
    document = read(snapshot({"pip": manifest({"a": dependency("pkg:pypi/a@1")})}, job={"id": "1"}))
    assert [row.name for row in document.components] == ["manifest pip", "a"]
    assert document.roots == ("manifests['pip']",)
    assert document.subject == ""


@pytest.mark.parametrize(
    "manifests",
    [
        [],
        "x",
        {"x": []},
        {"x": None},
        {"x": manifest([])},
        {"x": manifest({"a": "pkg:pypi/a@1"})},
        {"x": manifest({"a": dependency("pkg:pypi/")})},
        {"x": manifest({"a": dependency("pkg:pypi/a@1") | {"dependencies": {}}})},
    ],
)
def test_what_cannot_be_read_leaves_it_open(manifests: Any) -> None:
    document = read(snapshot(manifests))
    assert document.problems
    assert document.completeness is Completeness.INCOMPLETE


@pytest.mark.parametrize(
    "data",
    [
        b'{"version": 0, "detector": {}, "scanned": "x", "manifests": {',
        b'{"version": 0, "detector": {}, "scanned": "x", "manifests": NaN}',
        b'{"detector": {}, "scanned": "x", "manifests": ' + b'{"x":' * 100_000,
    ],
)
def test_a_broken_snapshot_is_rejected_aloud(data: bytes) -> None:
    assert READER.claims(RawDocument(data, "x"))
    with pytest.raises(InputError):
        read_document(data, "x")


@pytest.mark.parametrize(
    "data",
    [
        b'{"manifests": [], "schemaVersion": 2}',
        b'{"scanned": "2026-03-24", "manifests": {}}',
        b'{"note": {"scanned": "x", "detector": {}, "manifests": {}}}',
        b'{"scanned": 1, "detector": {}, "job": {}}',
    ],
)
def test_what_is_no_snapshot_is_not_claimed(data: bytes) -> None:
    assert not READER.claims(RawDocument(data, "snapshot.json"))


def test_hostile_values_are_escaped_and_cut() -> None:
    key = f"\x1b[31m\u202e{'k' * 100_000}"
    resolved = {key: dependency(f"pkg:pypi/{'x' * 100_000}@\x00"), "b": dependency("pkg:pypi/b@1", *["gone"] * 3_000)}
    document = read(snapshot({key: manifest(resolved, key)}, scanned="not a time", job=[key], metadata={key: key}))
    assert document.completeness is Completeness.INCOMPLETE
    assert len(document.problems) < 1_100
    assert all("\x1b" not in one.text + one.place and len(one.place) <= 1_500 for one in document.problems)
    assert document.created is None
