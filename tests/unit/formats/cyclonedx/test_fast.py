"""Plain BOMs read by their bytes give what the full reader gives; everything odd is left to it."""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graphkit.formats.cyclonedx.fast import read_plain
from graphkit.formats.cyclonedx.json import READER, document_of
from graphkit.formats.cyclonedx.shape import decode
from graphkit.formats.diagnostics import Diagnostics
from graphkit.formats.interface import RawDocument
from graphkit.model.documents import Document
from graphkit.model.errors import InputError

DIGEST = "ab" * 32


def full(data: bytes) -> Document:
    diagnostics = Diagnostics()
    return document_of(decode(data, diagnostics), RawDocument(data, "x.json"), diagnostics)


def fast(data: bytes) -> Document:
    return READER.parse(RawDocument(data, "x.json", "sbom"))


def library(ref: str, **rest: Any) -> dict[str, Any]:
    return {"type": "library", "bom-ref": ref, "name": ref, "version": "1.0", "purl": f"pkg:pypi/{ref}@1.0", **rest}


def bom(**rest: Any) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "metadata": {
            "timestamp": "2026-03-24T10:00:00Z",
            "component": {"type": "application", "bom-ref": "app", "name": "app"},
        },
        "components": [library("a"), library("b", hashes=[{"alg": "SHA-256", "content": DIGEST}], scope="optional")],
        "dependencies": [{"ref": "app", "dependsOn": ["a", "b", "a"]}, {"ref": "a", "dependsOn": ["a", "b"]}],
    }
    return plain | rest


def test_every_sample_reads_the_same_either_way(shared: Path) -> None:
    quick = 0
    for path in sorted((shared / "samples" / "cyclonedx-json").glob("*.json")):
        data = path.read_bytes()
        try:
            expected = full(data)
        except ValueError:
            continue
        assert fast(data) == expected
        quick += read_plain(data) is not None
    assert quick >= 5


def test_a_plain_bom_is_read_the_quick_way() -> None:
    data = json.dumps(bom()).encode()
    read = read_plain(data)
    assert read is not None
    assert [row.ref for row in read.rows] == ["app", "a", "b"]
    assert read.roots == ("app",)
    assert fast(data) == full(data)
    again = read_plain(data)
    assert again is not None
    assert again.rows[1] is read.rows[1]  # by its bytes, so that a store knows it again by identity


def made_by(tools: object) -> dict[str, Any]:
    return {"metadata": {"component": {"type": "application", "bom-ref": "app", "name": "app"}, "tools": tools}}


TOOLS: list[object] = [
    [{"name": "other"}],
    [{"name": "other", "version": "1.0"}, {"vendor": "x", "name": "second"}, {"name": "syft"}],
    {"components": [{"type": "application", "name": "in-house", "version": "3"}]},
    {"components": [{"type": "application", "name": "in-house", "bom-ref": "tool", "purl": "pkg:pypi/in-house@1"}]},
    [{"name": "other-1.0-py3-none-any.whl", "version": "2.0"}],
    {"components": [{"type": "application", "name": "outer", "components": [{"type": "library", "name": "inner"}]}]},
    [{"name": ""}, {"version": "2"}],
]


@pytest.mark.parametrize("tools", TOOLS)
def test_what_made_a_bom_may_be_anything_with_a_name(tools: object) -> None:
    data = json.dumps(bom(**made_by(tools))).encode()
    assert read_plain(data) is not None
    assert fast(data) == full(data)


ODD: dict[str, dict[str, Any]] = {
    "no subject": {"metadata": {}},
    "no metadata": {"metadata": None},
    "subject without ref": {"metadata": {"component": {"name": "app"}}},
    "references": {"externalReferences": [{"type": "bom", "url": "https://example.com/bom.json"}]},
    "formulation": {"formulation": [{"components": [library("b")]}]},
    "annotations": {"annotations": [{"annotator": {"component": library("b")}}]},
    "vulnerabilities": {"vulnerabilities": [{"id": "CVE-1", "affects": [{"ref": "gone"}]}]},
    "pedigree": {"components": [library("a", pedigree={"ancestors": [library("c")]}), library("b")]},
    "reference of a row": {
        "components": [library("a", externalReferences=[{"type": "bom", "url": "x"}]), library("b")]
    },
    "another name": {"components": [library("a", swid={"tagId": "x", "name": "c"}), library("b")]},
    "found in files of another": {
        "components": [library("a", evidence={"occurrences": [{"location": "c-1.dist-info/RECORD"}]}), library("b")]
    },
    "file of another": {"components": [library("a", purl="pkg:pypi/a@1?file_name=c-1.tar.gz"), library("b")]},
    "file of another before its own": {
        "components": [
            library("a", externalReferences=[{"type": "distribution", "url": "x/c-1-py3-none-any.whl#/a-1.0.tar.gz"}]),
            library("b"),
        ]
    },
    "version that ends its own file otherwise": {
        "components": [
            library(
                "a",
                version="1-1",
                purl="pkg:pypi/a@1-1",
                externalReferences=[{"type": "distribution", "url": "x/a-1-1.tar.gz"}],
            )
        ],
        "dependencies": [],
    },
    "service as tool": made_by({"services": [{"name": "scanner"}]}),
    "tool that links": made_by([{"name": "other", "externalReferences": [{"type": "bom", "url": "x"}]}]),
    "tool with the ref of a row": made_by({"components": [{"bom-ref": "a", "name": "other", "type": "application"}]}),
    "provides": {"dependencies": [{"ref": "a", "provides": ["gone"]}]},
    "services": {"services": [{"bom-ref": "s", "name": "s"}]},
    "compositions": {"compositions": [{"aggregate": "complete"}]},
    "nested": {"components": [library("a", components=[library("b")])]},
    "no ref": {"components": [{"name": "a"}, library("b")]},
    "twice": {"components": [library("a"), library("b"), library("a")]},
    "subject again": {"components": [library("app"), library("a"), library("b")]},
    "dangling": {"dependencies": [{"ref": "app", "dependsOn": ["gone"]}]},
    "encoded": {"components": [library("@a"), library("b")], "dependencies": [{"ref": "%40a"}]},
    "entry twice": {"dependencies": [{"ref": "app", "dependsOn": ["a"]}, {"ref": "app", "dependsOn": ["b"]}]},
    "no version": {"components": [{"bom-ref": "a", "name": "a", "purl": "pkg:pypi/a"}, library("b")]},
    "bad purl": {"components": [library("a", purl="pkg:pypi/"), library("b")]},
    "bad hash": {"components": [library("a", hashes=[{"alg": "SHA-256", "content": "x"}]), library("b")]},
    "number for text": {"components": [library("a", version=1), library("b")]},
    "null in a list": {"components": [None, library("a"), library("b")]},
    "text for a list": {"dependencies": "none"},
}


@pytest.mark.parametrize("case", ODD)
def test_what_is_odd_is_left_to_the_full_reader(case: str) -> None:
    data = json.dumps(bom(**ODD[case])).encode()
    assert read_plain(data) is None
    assert fast(data) == full(data)


@pytest.mark.parametrize(
    "usual",
    [
        {"services": []},
        {"services": None},
        {"compositions": []},
        {"dependencies": None},
        {"components": None, "dependencies": []},
    ],
)
def test_what_is_empty_is_plain(usual: dict[str, Any]) -> None:
    data = json.dumps(bom(**usual)).encode()
    assert read_plain(data) is not None
    assert fast(data) == full(data)


@pytest.mark.parametrize("end", ["", "?x", "#sha256=00"])
def test_a_row_with_the_address_of_its_own_archive_is_plain(end: str) -> None:
    archive = {"type": "distribution", "url": f"https://files.example/ab/a-1.0.tar.gz{end}"}
    data = json.dumps(bom(components=[library("a", externalReferences=[archive]), library("b")])).encode()
    assert read_plain(data) is not None
    assert fast(data) == full(data)


def test_an_unknown_or_missing_spec_version_is_noted_either_way() -> None:
    for version in ("1.9", None):
        data = json.dumps(bom(specVersion=version)).encode()
        assert read_plain(data) is not None
        assert fast(data) == full(data)


def test_a_component_too_long_to_remember_is_read_all_the_same() -> None:
    data = json.dumps(bom(components=[library("a", description="x" * 40_000), library("b")])).encode()
    assert read_plain(data) is not None
    assert fast(data) == full(data)


_NAMES = st.sampled_from(["a", "b", "c", "@d", "%40d", ""])
_PARTS = st.fixed_dictionaries(
    {"bom-ref": _NAMES, "name": _NAMES},
    optional={
        "type": st.sampled_from(["library", "file", 3]),
        "version": st.sampled_from(["1.0", "1", "", "not a version"]),
        "purl": st.sampled_from(["pkg:pypi/a@1.0", "pkg:pypi/B_b@2", "pkg:npm/x@1", "pkg:", "pkg:pypi/a?vcs_url=git"]),
        "scope": st.sampled_from(["required", "optional", "excluded", None]),
        "hashes": st.lists(
            st.fixed_dictionaries(
                {"alg": st.sampled_from(["SHA-256", "MD5"]), "content": st.sampled_from([DIGEST, "x"])}
            ),
            max_size=2,
        ),
        "components": st.just([]),
    },
)
_LINKS = st.lists(
    st.fixed_dictionaries({"ref": _NAMES}, optional={"dependsOn": st.lists(_NAMES, max_size=3)}), max_size=4
)


@given(parts=st.lists(_PARTS, max_size=4), links=_LINKS, subject=st.one_of(st.none(), _PARTS))
def test_both_ways_agree_on_anything(parts: list[Any], links: list[Any], subject: Any) -> None:
    data = json.dumps(bom(components=parts, dependencies=links, metadata={"component": subject})).encode()
    assert fast(data) == full(data)


_ODD: st.SearchStrategy[Any] = st.sampled_from(
    [
        *(None, True, 1, 1.5, 10**400, "", " ", "x", [], {}, [None], [[]], {"ref": "x"}),
        *("pkg:pypi/litellm@1.82.8", "pkg:pypi/a[b]%40@%2541?x", "library", "complete", "urn:cdx:x/1#y"),
    ]
)
_KEYS = (
    *("name", "version", "purl", "bom-ref", "scope", "type", "group", "isExternal", "versionRange", "hashes"),
    *("externalReferences", "components", "ref", "dependsOn", "services", "metadata", "compositions", "specVersion"),
)


def nodes(value: Any) -> list[Any]:
    """Return every object and list in a value that is not empty."""
    waiting = [value]
    for one in waiting:
        waiting.extend(one.values() if isinstance(one, dict) else one if isinstance(one, list) else ())
    return [one for one in waiting if one and isinstance(one, dict | list)]


def spoil(bom: Any, draw: st.DataObject) -> None:
    """Delete, duplicate, add or retype one field somewhere in a BOM."""
    holder = draw.draw(st.sampled_from(nodes(bom)))
    if isinstance(holder, dict):
        key = draw.draw(st.sampled_from(sorted({*holder, *_KEYS})))
        if draw.draw(st.booleans()):
            holder.pop(key, None)
        else:
            holder[key] = draw.draw(_ODD)
        return
    at = draw.draw(st.integers(0, len(holder) - 1))
    how = draw.draw(st.sampled_from(["delete", "twice", "odd"]))
    if how == "twice":
        holder.insert(0, json.loads(json.dumps(holder[at])))
    elif how == "odd":
        holder[at] = draw.draw(_ODD)
    else:
        del holder[at]


@cache
def small_samples(folder: Path) -> tuple[bytes, ...]:
    return tuple(path.read_bytes() for path in sorted(folder.glob("*.json")) if path.stat().st_size < 40_000)


@given(draw=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_both_ways_agree_on_spoilt_samples(shared: Path, draw: st.DataObject) -> None:
    samples = small_samples(shared / "samples" / "cyclonedx-json")
    bom = json.loads(draw.draw(st.sampled_from(samples)))
    for _ in range(draw.draw(st.integers(1, 4))):
        if nodes(bom):
            spoil(bom, draw)
    data = json.dumps(bom).encode()
    read, expected = (outcome(one, data) for one in (fast, full))
    assert read == expected


def outcome(reader: Callable[[bytes], Document], data: bytes) -> Document | str:
    try:
        return reader(data)
    except InputError as error:
        return str(error)


@given(st.binary(max_size=60))
def test_no_bytes_are_plain_by_accident(noise: bytes) -> None:
    assert read_plain(b'{"components": [' + noise + b"]}") is None
