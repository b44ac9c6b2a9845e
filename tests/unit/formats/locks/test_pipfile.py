"""Pipfile.lock: the sample, and every way to be odd."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from graphkit.formats import read_document
from graphkit.formats.interface import RawDocument
from graphkit.formats.locks.pipfile import READER
from graphkit.model.documents import Basis, Completeness, Document, DocumentKind
from graphkit.model.errors import InputError

SAMPLES = Path(__file__).resolve().parents[5] / "shared" / "samples" / "pipfile-lock"
CORP = "https://index.corp/simple"
META: dict[str, Any] = {
    "hash": {"sha256": "00"},
    "pipfile-spec": 6,
    "requires": {"python_version": "3.12"},
    "sources": [{"name": "main", "url": "https://index.example/simple"}, {"name": "corp", "url": CORP}],
}


def lock(default: Any, meta: dict[str, Any] = META, **sections: Any) -> Document:
    data = json.dumps({"_meta": meta, "default": default, "develop": {}, **sections}).encode()
    assert READER.claims(RawDocument(data, "x"))
    read = read_document(data, "x")
    assert read is not None
    return read


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the shared samples are not here")
def test_dspy_docs_lock_one_litellm() -> None:
    (path,) = SAMPLES.iterdir()
    read = READER.parse(RawDocument(path.read_bytes(), path.name))
    assert (read.kind, read.basis, read.completeness) == (DocumentKind.LOCK, Basis.LOCKED, Completeness.COMPLETE)
    assert (read.format, len(read.components), read.requires_python) == ("Pipfile.lock 6", 146, "==3.12.*")
    assert (read.dependencies_known, read.edges, read.roots, read.problems) == (False, (), (), ())
    (litellm,) = (one for one in read.components if one.package == "litellm")
    assert (litellm.version, len(litellm.sha256), litellm.optional) == ("1.63.7", 2, False)
    assert litellm.index.endswith("/simple")
    (git,) = (one for one in read.components if one.origin)
    assert git.origin == "git+https://github.com/stanfordnlp/dspy.git@7801edd8b5d81e7e6e3741b23a5280dc02eeddbc"
    assert (git.version, git.index) == ("", "")


def test_sources_and_indexes() -> None:
    read = lock(
        {
            "a": {"version": "==1"},
            "b": {"version": "==1", "index": "corp"},
            "c": {"version": "==1", "index": "gone"},
            "d": {"git": "https://git.corp/d", "ref": "abc", "subdirectory": "py"},
            "e": {"file": "https://files.corp/e-1.whl"},
            "f": {"path": ".", "editable": True},
            "g": {"svn": "https://svn.corp/g"},
        }
    )
    assert [(one.index, one.origin) for one in read.components] == [
        ("https://index.example/simple", ""),
        (CORP, ""),
        ("gone", ""),
        ("", "git+https://git.corp/d@abc#subdirectory=py"),
        ("", "https://files.corp/e-1.whl"),
        ("", "path:."),
        ("", "svn+https://svn.corp/g"),
    ]
    assert [one.place for one in read.problems] == ["default.c.index"]
    assert read.components[0].purl == "pkg:pypi/a@1"


def test_other_sections_and_other_platforms_are_optional() -> None:
    read = lock(
        {
            "Plain": {"version": "==1", "markers": "python_version >= '3.9'"},
            "win": {"version": "==1", "markers": "sys_platform == 'win32'"},
            "nt": {"version": "==1", "os_name": "== 'nt'", "markers": "python_version >= '3.9'"},
        },
        develop={"plain": {"version": "==1"}, "pytest": {"version": "===2"}},
        docs={"sphinx": {"version": "==3"}},
    )
    assert [(one.ref, one.optional) for one in read.components] == [
        ("plain@1", False),
        ("win@1", True),
        ("nt@1", True),
        ("plain@1#2", True),
        ("pytest@2", True),
        ("sphinx@3", True),
    ]
    assert read.components[2].marker == "(python_version >= '3.9') and (os_name == 'nt')"
    assert read.places[-1] == "docs.sphinx"
    assert read.problems == ()


def test_what_pins_no_version_is_unknown() -> None:
    read = lock({"a": {"version": "*"}, "b": {"version": ">=1"}, "c": {}, "d": "==1", "e": {"version": 5}})
    assert [one.version for one in read.components] == [""] * 5
    assert [one.place for one in read.problems][:4] == [
        "default.a.version",
        "default.b.version",
        "default.b.version",
        "default.c.version",
    ]
    assert {one.place for one in read.problems} >= {"default.d", "default.e.version"}
    assert read.completeness is Completeness.COMPLETE  # every row is there


def test_hashes() -> None:
    read = lock(
        {"a": {"version": "==1", "hashes": [f"sha256:{'BB' * 32}", f"sha256:{'aa' * 32}", "md5:0", "sha256:0", 5]}}
    )
    # Other files may have the hashes that are not SHA-256, so these rule none out.
    assert (read.components[0].sha256, read.components[0].members) == ((), ("aa" * 32, "bb" * 32))
    assert [one.place for one in read.problems] == ["default.a.hashes[3]", "default.a.hashes[4]"]


def test_lost_rows_make_a_lock_incomplete() -> None:
    read = lock({"-": {"version": "==1"}, "a": {"version": "==1"}})
    assert [one.ref for one in read.components] == ["a@1"]
    assert (read.problems[0].place, read.completeness) == ("default.-", Completeness.INCOMPLETE)
    assert lock([]).completeness is Completeness.INCOMPLETE
    assert lock({}, develop=None).completeness is Completeness.INCOMPLETE
    bare = read_document(json.dumps({"_meta": META}).encode(), "x")
    assert bare is not None
    assert (bare.completeness, [one.place for one in bare.problems]) == (Completeness.INCOMPLETE, ["default"])
    assert lock({}).completeness is Completeness.COMPLETE


@pytest.mark.parametrize(
    ("requires", "python"),
    [
        ({}, ""),
        ({"python_full_version": "3.12.1", "python_version": "3.12"}, "==3.12.1"),
        ({"python_version": "3"}, "==3.*"),
        ({"python_version": "*"}, ""),
        ([], ""),
    ],
)
def test_the_python_asked_for(requires: Any, python: str) -> None:
    assert lock({}, {**META, "requires": requires}).requires_python == python


@pytest.mark.parametrize("spec", [5, 7, "6", 6.0, True, None, []])
def test_another_spec_is_refused(spec: Any) -> None:
    with pytest.raises(InputError) as caught:
        lock({}, {**META, "pipfile-spec": spec})
    assert caught.value.place == "_meta.pipfile-spec"


@pytest.mark.parametrize(
    "tail",
    [
        b"",
        b'"default": {',
        b'"default": NaN}',
        b'"default": {"\xff": 1}}',
        b'"x": ' + b"[" * 99_999,
    ],
)
def test_broken_json_is_rejected_aloud(tail: bytes) -> None:
    with pytest.raises(InputError):
        read_document(b'{"_meta": {"pipfile-spec": 6}, ' + tail, "x")


def test_what_only_speaks_of_it_is_not_claimed() -> None:
    for value in ({"note": '"_meta": "pipfile-spec": '}, {"_meta": {"hash": 1}}, {"pipfile-spec": 6}):
        assert not READER.claims(RawDocument(json.dumps(value).encode(), "Pipfile.lock", "lock"))
    with pytest.raises(InputError):
        READER.parse(RawDocument(b"[]", "x"))


def test_hostile_values() -> None:
    deep = "(" * 3_000 + "os_name == 'nt'" + ")" * 3_000
    read = lock({"a": {"version": f"=={'9' * 5_000}", "markers": deep}, "b" * 9_999: {"version": "==1"}})
    assert (len(read.components), read.components[0].optional) == (2, False)


def test_what_pipenv_had_no_name_for_is_named_by_its_address() -> None:
    digest = "ab" * 32
    wheel = f"https://files.example/litellm-1.82.8-py3-none-any.whl#sha256={digest}"
    read = lock({"e1839a8": {"file": wheel}, "abcdef0": {"path": "./wheels/b-2.tar.gz"}, "fade5": {"version": "==1"}})
    assert [(row.package, row.version, row.sha256) for row in read.components] == [
        ("litellm", "1.82.8", (digest,)),
        ("b", "2", ()),
        ("fade5", "1", ()),
    ]
    assert read.completeness is Completeness.COMPLETE
    assert lock({"e1839a8": {"path": ".", "editable": True}}).completeness is Completeness.COMPLETE
    for source in ({"path": "./litellm"}, {"git": "https://git.example/x"}):
        nameless = lock({"e1839a8": source})
        assert nameless.completeness is Completeness.INCOMPLETE
        assert "does not name its package" in nameless.problems[0].text


def test_half_a_character_loses_its_row_alone() -> None:
    rows = b'"default": {"a\\ud800": {"version": "==1"}, "b": {"version": "==2"}}}'
    read = read_document(b'{"_meta": {"pipfile-spec": 6}, ' + rows, "x")
    assert read is not None
    assert ([one.ref for one in read.components], read.completeness) == (["b@2"], Completeness.INCOMPLETE)


def test_what_it_was_made_from() -> None:
    read = lock({"a": {"path": "./lib", "editable": True}, "b": {"version": "==1"}})
    assert read.governs == ("Pipfile", "lib/pyproject.toml")
    assert read.is_of_one_environment
    assert read.indexes == ("https://index.example/simple", CORP)
