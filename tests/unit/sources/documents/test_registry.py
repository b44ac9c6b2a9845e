"""The registry: what is claimed, by whom, and what is taken off before."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import pytest

from graphkit.model.documents import DocumentKind
from graphkit.model.errors import InputError
from graphkit.sources import documents, packed
from graphkit.sources.documents import read_document

ROOT = Path(__file__).resolve().parents[4]
SAMPLES = ROOT.parent / "shared" / "samples"
ALL = sorted(path for path in SAMPLES.glob("*/*") if path.is_file())
BOM = b'{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": []}'
PINNED = "litellm==1.82.8\nhttpx==0.28.1\n"
FORMATS = {
    "cyclonedx-json": "CycloneDX",
    "github-dependency-graph": "SPDX",
    "pdm-lock": "pdm.lock",
    "pipfile-lock": "Pipfile.lock",
    "poetry-lock": "poetry.lock",
    "pylock": "pylock.toml",
    "requirements": "requirements.txt",
    "spdx-json": "SPDX",
    "uv-lock": "uv.lock",
}

needs_samples = pytest.mark.skipif(not ALL, reason="the shared samples are not here")


@needs_samples
@pytest.mark.parametrize("hint", ["", "sbom", "lock", "env"])
def test_every_sample_has_at_most_one_reader(hint: str) -> None:
    for path in ALL:
        data = path.read_bytes()
        claimed = [reader.format for reader in documents._readers() if reader.claims(data, path.name, hint)]
        assert len(claimed) == (path.parent.name in FORMATS) or path.parent.name not in FORMATS, (path, claimed)
        assert len(claimed) <= 1, (path, claimed)


@needs_samples
@pytest.mark.parametrize("path", [p for p in ALL if p.parent.name in FORMATS], ids=lambda path: path.name[:60])
def test_samples_are_read_by_content_whatever_their_name(path: Path) -> None:
    data = path.read_bytes()
    document = read_document(data, "x/y")
    assert document is not None
    assert document.format.startswith(FORMATS[path.parent.name])
    assert document.sha256 == hashlib.sha256(data).hexdigest()
    assert document.path == "x/y"
    assert document == read_document(data, "x/y")
    refs = {row.ref for row in document.components}
    assert len(refs) == len(document.components)
    assert refs.issuperset(ref for edge in document.edges for ref in (edge.source, edge.target))
    assert refs.issuperset(document.roots)
    assert len(document.places) == len(document.components)
    assert all(document.places)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n\n",
        b"Hello there\n",
        b"alpha\nbeta\ngamma\n",
        b"2026-03-24 10:39:11 INFO installing litellm==1.82.8\n",
        b"The fix is x == y, and so on.\n",
        b"\x89PNG\r\n\x1a\n\0\0\0",
        b"\xff\xfe\x00",
        b"{}",
        b'{"components": [], "note": "bomFormat"}',
        b'{"predicate": {"bomFormat": "CycloneDX"}}',
        b"[package]\nname = 'x'\n",
        b"name: litellm\nversion: 1.82.8\n",
        b"<project/>",
        b"version = 3\n\n[[package]]\nname = 'serde'\nsource = 'registry+x'\n",
        b"[build-system]\nrequires = ['hatchling']\n",
        b"[project]\nname = 'x'\nchannels = ['conda-forge']\n\n[dependencies]\npython = '*'\n",
    ],
)
def test_other_content_is_not_claimed(data: bytes) -> None:
    assert read_document(data, "file") is None


@pytest.mark.parametrize(
    "encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"]
)
@pytest.mark.parametrize("text", [PINNED, BOM.decode()])
def test_marks_and_wide_text_are_taken_off(text: str, encoding: str) -> None:
    data = text.encode(encoding)
    document = read_document(data, "file")
    assert document is not None
    assert document.sha256 == hashlib.sha256(data).hexdigest()
    assert len(document.components) == (2 if text == PINNED else 0)
    assert document.problems == ()


def test_gzip_is_unpacked_and_the_digest_is_that_of_what_was_given() -> None:
    packed = gzip.compress(PINNED[:16].encode(), mtime=0) + gzip.compress(PINNED[16:].encode(), mtime=0)
    document = read_document(packed, "requirements.txt.gz")
    assert document is not None
    assert [row.version for row in document.components] == ["1.82.8", "0.28.1"]
    assert document.sha256 == hashlib.sha256(packed).hexdigest()


def test_gzip_that_is_broken_is_an_error_and_a_binary_in_it_is_no_document() -> None:
    whole = gzip.compress(BOM)
    with pytest.raises(InputError, match="cut short"):
        read_document(whole[:-9], "x")
    with pytest.raises(InputError, match="cannot be unpacked"):
        read_document(whole[:-8] + b"\xff" * 8, "x")
    assert read_document(gzip.compress(b"tar\0\0\0\0" * 99), "x.tar.gz") is None


def test_gzip_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "MEMBER_BYTES", 1024 * 1024)
    bomb = gzip.compress(b" " * 4 * 1024 * 1024 + BOM)
    with pytest.raises(InputError, match="more than 1 MiB"):
        read_document(bomb, "x")
    with pytest.raises(InputError, match="more than 1 MiB"):
        read_document(gzip.compress(b" " * 700_000) * 2, "x")


def test_the_hint_only_breaks_a_tie() -> None:
    as_environment = read_document(PINNED.encode(), "x", hint="env")
    as_lock = read_document(PINNED.encode(), "x", hint="lock")
    bom = read_document(BOM, "x", hint="env")
    assert as_environment is not None
    assert as_lock is not None
    assert bom is not None
    assert as_environment.kind is DocumentKind.ENVIRONMENT
    assert as_lock.kind is DocumentKind.LOCK
    assert bom.kind is DocumentKind.SBOM


def test_two_claims_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    readers = documents._readers()
    monkeypatch.setattr(documents, "_readers", lambda: (readers[0], readers[0]))
    with pytest.raises(InputError, match="two readers"):
        read_document(BOM, "x")


@pytest.mark.parametrize(
    "data",
    [
        b'{"bomFormat": "CycloneDX", "components": [',
        b'{"bomFormat": "CycloneDX", "x": NaN}',
        b'{"bomFormat": "CycloneDX", "components": ' + b'[{"components": ' * 50_000,
        b'{"bomFormat": "CycloneDX", "specVersion": "2.0"}',
        b"version = 1\nrequires-python = '>=3'\n[[package]]\nname = ",
        b"version = 2\nrequires-python = '>=3'\n",
        b"version = 1\nrequires-python = '>=3'\nx = " + b"[" * 50_000,
        b"[project]\ndependencies = [",
        b"[project]\ndependencies = ['\xff']",
        b"[project]\n[tool.x]\n",
    ],
)
def test_broken_documents_are_rejected_aloud(data: bytes) -> None:
    with pytest.raises(InputError):
        read_document(data, "file")


def test_two_hundred_thousand_blanks_cost_nothing() -> None:
    for line in (b"a" + b" " * 200_000 + b"x", b"a" * 200_000 + b"=", b"a[" + b"a, " * 70_000, b"a==1;(" * 40_000):
        read_document(b"b==1\n" + line + b"\n", "requirements.txt", hint="lock")


def test_no_password_of_an_index_or_repository_is_kept() -> None:
    data = b"""version = 1
requires-python = ">=3.11"

[[package]]
name = "a"
version = "1.0"
source = { registry = "https://user:secret@packages.example/simple" }

[[package]]
name = "b"
version = "1.0"
source = { git = "https://token@code.example/b.git?rev=1#abc" }
"""
    document = read_document(data, "uv.lock")
    assert document is not None
    assert "secret" not in repr(document)
    assert "token" not in repr(document)
    assert document.components[0].index == "https://packages.example/simple"


def test_the_short_way_to_plain_boms_claims_what_all_readers_would(shared: Path) -> None:
    plain = 0
    for path in sorted((shared / "samples").rglob("*")):
        if path.is_file():
            data = path.read_bytes()
            claimed = [one.format for one in documents._readers() if one.claims(data, path.name, "")]
            if documents._is_plain_bom(data):
                plain += 1
                assert claimed == ["CycloneDX JSON"]
    assert plain >= 15


@pytest.mark.parametrize("key", ["spdxVersion", "@context", "sbom", "artifacts", "_meta", "pip_version"])
def test_a_bom_with_a_key_of_another_format_is_asked_of_every_reader(key: str) -> None:
    assert documents._is_plain_bom(b'{"bomFormat": "CycloneDX"}')
    assert not documents._is_plain_bom(f'{{"bomFormat": "CycloneDX", "{key}": 1}}'.encode())


def test_a_name_of_megabytes_is_cut_and_noted() -> None:
    long = "l" * 5_000_000
    data = (
        f'{{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{{"type": "library", "name": "{long}"}}]}}'
    )
    document = read_document(data.encode(), "a.json")
    assert document is not None
    assert [len(row.name) for row in document.components] == [1_000]
    assert [(one.place, one.text) for one in document.problems] == [
        ("components[0]", "a name of 5,000,000 characters; cut")
    ]


HALF = rb"cut off \ud83d"


@pytest.mark.parametrize(
    ("field", "name"),
    [
        (rb'"name": "a", "description": "%b"' % HALF, "a"),
        (rb'"name": "%b"' % HALF, "cut off \ufffd"),
        (rb'"name": "\udc00\ud83d\ude00\uD83D\u00e9"', "\ufffd\U0001f600\ufffd\xe9"),
        (rb'"name": "\\ud83d \ud83d"', "\\ud83d \ufffd"),
    ],
)
def test_half_a_character_loses_no_document(field: bytes, name: str) -> None:
    data = b'{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{' + field + b"}]}"
    document = read_document(data, "a.json")
    assert document is not None
    assert [row.name for row in document.components] == [name]
    assert document.sha256 == hashlib.sha256(data).hexdigest()
    assert document.problems[0].place.startswith("byte ")
    assert "half a character" in document.problems[0].text


def test_whole_characters_are_left_alone() -> None:
    data = rb'{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"name": "\ud83d\ude00 \\ud83d"}]}'
    document = read_document(data, "a.json")
    assert document is not None
    assert [row.name for row in document.components] == ["\U0001f600 \\ud83d"]
    assert document.problems == ()
    for broken in (rb'{"bomFormat": "CycloneDX", "a": "\ud83d', rb'{"bomFormat": "CycloneDX", "a": "\ud83d" "b"}'):
        with pytest.raises(InputError):
            read_document(broken, "a.json")


def test_an_array_around_one_document_is_taken_off() -> None:
    for data in (b"[" + BOM + b"]", b" [\n" + BOM + b"\n] "):
        document = read_document(data, "a.json")
        assert document is not None
        assert document.format == "CycloneDX 1.6"
        assert document.sha256 == hashlib.sha256(data).hexdigest()
        assert documents.parts_of(data, "a.json") is None
    for other in (b"[]", b"[1]", b"[[" + BOM + b"]]", b"[" + BOM, b"[" + BOM + b"," + BOM + b"]", b"[" * 100_000):
        assert read_document(other, "a.json") is None
    assert len(documents.parts_of(b"[" + BOM + b"," + BOM + b"]", "a.json") or ()) == 2
