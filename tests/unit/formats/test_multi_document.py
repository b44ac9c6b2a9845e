"""Several documents in one file: each is read apart, and a broken one loses none of the others."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphkit.api import open_graph
from graphkit.formats import parts_of
from graphkit.formats.multi_document import PARTS, several
from graphkit.model.errors import InputError
from tests.unit.cli.inputs import sbom

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.lists(st.dictionaries(st.text(), VALUES, max_size=4), min_size=2, max_size=6)


@given(OBJECTS, st.sampled_from(["", "\n", " \r\n\t", "\x1e", ",\n"]), st.booleans())
def test_json_values_come_back_as_they_stood(values: list[object], between: str, pretty: bool) -> None:  # noqa: FBT001
    texts = [json.dumps(one, indent=2 if pretty else None, ensure_ascii=False) for one in values]
    parts = several(between.join(texts).encode())
    assert parts is not None
    assert [part.decode() for part, _ in parts] == texts
    assert not any(error for _, error in parts)


@given(OBJECTS)
def test_an_array_is_its_objects(values: list[object]) -> None:
    parts = several(json.dumps(values).encode())
    assert parts is not None
    assert [json.loads(part) for part, _ in parts] == values


@given(st.dictionaries(st.text(), VALUES))
def test_one_value_is_not_several(value: dict[str, object]) -> None:
    assert several(json.dumps(value).encode()) is None
    assert several(json.dumps([value]).encode()) is None


@pytest.mark.parametrize(
    "text", [b"", b"   ", b"[", b"{", b"[1, 2]", b"litellm==1.82.8\n", b"---\na: 1\n", b"[" * 100_000]
)
def test_other_text_is_not_several(text: bytes) -> None:
    assert several(text) is None


def test_a_broken_value_loses_its_line_alone() -> None:
    parts = several(b'{"a": 1}\n{"b": nope}\n{"c": 3}\ntrailing words')
    assert parts is not None
    good = [part for part, error in parts if error is None]
    assert good == [b'{"a": 1}', b'{"c": 3}']
    assert [bool(error) for _, error in parts] == [False, True, False, True]


def test_yaml_documents_part_at_their_markers() -> None:
    parts = several(b"# head\n---\na: 1\n--- # two\nb: 2\n...\n---\n# nothing\n")
    assert parts is not None
    assert [part for part, _ in parts] == [b"---\na: 1\n", b"--- # two\nb: 2\n...\n"]


def test_too_many_are_refused() -> None:
    with pytest.raises(InputError, match="split it"):
        several(b"{}\n" * (PARTS + 1))


def test_what_no_reader_claims_is_left_whole() -> None:
    assert parts_of(b'{"level": "info"}\n{"level": "warn"}\n', "log.jsonl") is None
    assert parts_of(b"---\ntitle: words\n---\n# A page\n", "page.md") is None


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("shape", ["lines", "one after the other", "array"])
def test_each_document_has_its_service(shape: str, packed: bool, tmp_path: Path) -> None:  # noqa: FBT001
    texts = [sbom("shop", "litellm==1.82.8"), sbom("desk", "litellm==1.82.6"), sbom("till", "requests==2.0")]
    if shape == "lines":
        text = "\n".join(json.dumps(json.loads(one)) for one in texts)
    elif shape == "array":
        text = json.dumps([json.loads(one) for one in texts])
    else:
        text = "".join(json.dumps(json.loads(one), indent=1) for one in texts)
    folder = tmp_path / "in"
    folder.mkdir()
    name = "fleet.json.gz" if packed else "fleet.json"
    (folder / name).write_bytes(gzip.compress(text.encode()) if packed else text.encode())
    with open_graph(str(tmp_path / "graph"), create=True) as graph:
        first = graph.ingest("sbom", [str(folder)])
        again = graph.ingest("sbom", [str(folder)])
        held = graph.who_has("litellm")
    assert (first.read, first.new, first.rejected) == (3, 3, ())
    assert (again.read, again.unchanged) == (3, 3)
    assert {(row.service, row.release, row.document.path) for row in held.matches} == {
        ("shop", "litellm@1.82.8", f"{name}#1"),
        ("desk", "litellm@1.82.6", f"{name}#2"),
    }


def test_words_behind_a_document_do_not_lose_it(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.json").write_text(sbom("shop", "litellm==1.82.8") + "\nDone in 3 s.\n")
    with open_graph(str(tmp_path / "graph"), create=True) as graph:
        done = graph.ingest("sbom", [str(tmp_path / "in")])
        assert [one.path for one in done.rejected] == ["a.json#2"]
        assert [row.service for row in graph.who_has("litellm").matches] == ["shop"]
