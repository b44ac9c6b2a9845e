"""A key that stands twice in one object: whatever it hides, the document does not list everything."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from graphkit.formats import read_document
from graphkit.formats.decoding import is_json
from graphkit.formats.diagnostics import Diagnostics
from graphkit.formats.duplicate_keys import DUPLICATE, duplicate_key_in, refuse_duplicate_keys, with_joined_keys
from graphkit.formats.interface import RawDocument
from graphkit.model.documents import Completeness, Document, DocumentKind, why_open
from graphkit.model.errors import InputError
from tests.fuzz.seeds import SEEDS

BAD = {"type": "library", "name": "litellm", "version": "1.82.8", "purl": "pkg:pypi/litellm@1.82.8", "bom-ref": "bad"}
GOOD = {"type": "library", "name": "httpx", "version": "0.28.1", "purl": "pkg:pypi/httpx@0.28.1", "bom-ref": "good"}
PLAIN = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.6",
    "metadata": {"component": {"type": "application", "name": "app", "bom-ref": "app"}},
    "components": [GOOD],
    "dependencies": [{"ref": "app", "dependsOn": ["good"]}],
    "compositions": [{"aggregate": "complete", "assemblies": ["app"]}],
}
FLEET = {key: value for key, value in PLAIN.items() if key != "compositions"}


def doubled(value: Any, at: tuple[Any, ...], key: str, first: Any) -> str:
    """Return JSON with a key twice in the object at a path; ``first`` stands before what was there."""
    if not at:
        inner = [
            f"{json.dumps(key)}: {json.dumps(first)}",
            *(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in value.items()),
        ]
        return "{" + ", ".join(inner) + "}"
    here, *rest = at
    if isinstance(value, list):
        return (
            "["
            + ", ".join(
                doubled(v, tuple(rest), key, first) if i == here else json.dumps(v) for i, v in enumerate(value)
            )
            + "]"
        )
    pairs = (
        f"{json.dumps(k)}: {doubled(v, tuple(rest), key, first) if k == here else json.dumps(v)}"
        for k, v in value.items()
    )
    return "{" + ", ".join(pairs) + "}"


def objects(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], dict[str, Any]]]:
    if isinstance(value, dict):
        yield at, value
    for key, one in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from objects(one, (*at, key))


def read(text: str) -> Document:
    found = read_document(text.encode(), "bom.json")
    assert found is not None
    return found


@pytest.mark.parametrize("bom", [PLAIN, FLEET], ids=["full", "fast"])
def test_rows_under_both_keys_are_read_and_the_bom_is_open(bom: dict[str, Any]) -> None:
    for first in ([BAD], []):
        document = read(doubled(bom, (), "components", first))
        assert document.completeness is Completeness.INCOMPLETE
        problem = why_open(document)
        assert problem is not None
        assert (problem.place, DUPLICATE in problem.text, "'components'" in problem.text) == (
            "the document",
            True,
            True,
        )
        assert {row.name for row in document.components} >= {"httpx", *(["litellm"] if first else [])}


@pytest.mark.parametrize("bom", [PLAIN, FLEET], ids=["full", "fast"])
@pytest.mark.parametrize(
    ("at", "key", "first", "place"),
    [
        (("components", 0), "version", "1.82.8", "components[0]"),
        (("components", 0), "purl", "pkg:pypi/litellm@1.82.8", "components[0]"),
        (("components", 0), "components", [BAD], "components[0]"),
        (("metadata",), "component", {"name": "other"}, "metadata"),
        (("dependencies", 0), "dependsOn", [], "dependencies[0]"),
        ((), "metadata", {}, "the document"),
        ((), "components", {}, "the document"),
    ],
)
def test_every_object_of_a_bom_is_looked_at(
    bom: dict[str, Any], at: tuple[Any, ...], key: str, first: Any, place: str
) -> None:
    bom = json.loads(json.dumps(bom))
    if key not in (inner := next(value for path, value in objects(bom) if path == at)):
        inner[key] = []
    document = read(doubled(bom, at, key, first))
    assert document.completeness is Completeness.INCOMPLETE
    assert (place, True) in {(one.place, DUPLICATE in one.text) for one in document.problems}


JSON_SEEDS = [
    pytest.param(raw, id=f"{name} {raw.path}")
    for name, seeds in SEEDS.items()
    for raw in seeds
    if (is_json(raw.data) or raw.data.startswith(b"[")) and name != "install commands"
]


@pytest.mark.parametrize("raw", JSON_SEEDS)
def test_no_format_is_complete_with_a_key_that_stands_twice(raw: RawDocument) -> None:
    try:
        value = json.loads(raw.data)
    except ValueError:  # JSON by the line
        return
    for at, inner in objects(value):
        for key in inner:
            text = doubled(value, at, key, None).encode()
            try:
                document = read_document(text, raw.path, hint=raw.hint)
            except InputError:
                continue
            if document is not None:
                assert document.completeness is Completeness.INCOMPLETE, (at, key)
                assert any(DUPLICATE in one.text for one in document.problems), (at, key)


def test_a_notebook_is_read_under_both_keys_and_is_open() -> None:
    cell = {"cell_type": "code", "source": "!pip install litellm==1.82.8"}
    text = doubled({"cells": [{"cell_type": "code", "source": "!pip install httpx"}]}, (), "cells", [cell])
    document = read_document(text.encode(), "a.ipynb")
    assert document is not None
    assert document.kind is DocumentKind.SCRIPT
    names = {asked.package for one in document.commands for asked in one.requirements}
    assert {"litellm", "httpx"} <= names
    assert any(DUPLICATE in one.unreadable for one in document.commands)


def test_a_key_in_another_spelling_is_the_same() -> None:
    assert duplicate_key_in(b'{"a": 1, "\\u0061": 2}') == "a"
    assert duplicate_key_in(b'{"a": {"b": 1}, "b": {"a": 1}}') is None
    with pytest.raises(ValueError, match="Expecting"):
        duplicate_key_in(b"{")


def test_all_else_stays_as_it_is_written() -> None:
    diagnostics = Diagnostics()
    text = b'{"a": {"x": [1.10]}, "n": 1e400, "a": {"x": [12345678901234567890123], "y": "\\u00e9"}}'
    assert (
        with_joined_keys(text, diagnostics) == '{"a":{"x":[1.10,12345678901234567890123],"y":"é"},"n":1e400}'.encode()
    )
    assert [one.place for one in diagnostics.problems] == ["the document", "a"]
    plain = b'{"a": 1.10}'
    assert with_joined_keys(plain, Diagnostics()) is plain


def test_very_many_are_joined_in_one_pass() -> None:
    text = b'{"bomFormat": "CycloneDX", "specVersion": "1.6"' + b', "components": [{"name": "a"}]' * 50_000 + b"}"
    assert len(read(text.decode()).components) == 50_000


HIDDEN = [
    b'{"x" :1, "a":1, "a":2}',
    b'{"a":"\\u0022:\\u0022:", "a":1}',
    b'{"a":"\\"\\u003A", "a":1}',
    b'{"a":{"b":1,"b":"\\":\\":"}}',
    b'{"a" : [ 1e999, {"c":1, "c":"\\ud800"} ]}',
    b'[{"a":1,"a":123456789012345678901234567890}]',
]


@pytest.mark.parametrize("text", HIDDEN)
def test_no_spelling_hides_a_key(text: bytes) -> None:
    assert duplicate_key_in(text) in {"a", "b", "c"}
    assert duplicate_key_in(text + b" " * 2**20) in {"a", "b", "c"}


@pytest.mark.parametrize("what", ["", "not read: the page has the "])
def test_where_it_cannot_be_told_the_line_is_a_sentence(what: str) -> None:
    with pytest.raises(InputError) as error:
        refuse_duplicate_keys(b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", what)
    assert error.value.problem == "not read: whether a key is a duplicate cannot be told"


@pytest.mark.parametrize("deep", ["x", "properties"])
def test_json_that_nests_too_deep_is_open_or_refused(deep: str) -> None:
    """In either reader of BOMs; where the limits lie, nobody promises."""
    for depth in (*range(880, 1_010, 2), 100_000):
        nested = "[" * depth + "]" * depth
        bom = json.dumps(FLEET)[:-1]
        text = f'{bom}, "components": [{json.dumps(BAD)}], "{deep}": {nested}, "components": []}}'
        try:
            document = read(text)
        except InputError:
            continue
        assert document.completeness is Completeness.INCOMPLETE, depth
