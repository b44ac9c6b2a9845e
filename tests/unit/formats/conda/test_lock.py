"""conda-lock's locks: two that conda-lock 4.0.3 wrote, of made-up files; and every way to be odd."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from graphkit.formats import read_document
from graphkit.formats.conda.lock import READER
from graphkit.formats.conda.rows import marker_of_platform
from graphkit.formats.interface import RawDocument
from graphkit.model.documents import Basis, Completeness, Document, DocumentKind
from graphkit.model.errors import InputError
from graphkit.model.times import rfc3339

SAMPLES = Path(__file__).parents[1] / "samples"
SHA = "ab" * 32


def row(name: Any = "a", **others: Any) -> dict[str, Any]:
    plain = {"name": name, "version": "1.0", "manager": "conda", "platform": "linux-64", "dependencies": {}}
    plain |= {"url": "https://conda.example/x", "hash": {"md5": "0", "sha256": SHA}, "category": "main"}
    return {**plain, "optional": False, **others}


def pip(name: Any = "litellm", **others: Any) -> dict[str, Any]:
    url = f"https://files.example/{name}-1.0-py3-none-any.whl"
    return row(name, **{"manager": "pip", "url": url, **others})


def lock(*rows: Any, version: Any = 1, **metadata: Any) -> bytes:
    told = json.dumps({"content_hash": {}, "sources": ["environment.yml"], **metadata})
    listed = "".join(f"- {json.dumps(one)}\n" for one in rows) or "  []\n"
    return f"version: {json.dumps(version)}\nmetadata: {told}\npackage:\n{listed}content_hash: x\n".replace(
        "content_hash: x", "# manager: pip\nx:\n  content_hash: 1"
    ).encode()


def read(data: bytes, name: str = "x", hint: str = "") -> Document:
    assert READER.claims(RawDocument(data, name, hint))
    found = read_document(data, name, hint=hint)
    assert found is not None
    assert (found.kind, found.basis) == (DocumentKind.LOCK, Basis.LOCKED)
    return found


def problems(document: Document) -> list[tuple[str, str]]:
    return [(one.place, one.text) for one in document.problems]


@pytest.mark.parametrize("hint", ["", "lock", "env", "sbom"])
@pytest.mark.parametrize("name", ["x", "conda-lock.yml", "environment.yml"])
def test_a_lock(name: str, hint: str) -> None:
    found = read((SAMPLES / "conda-lock.yml").read_bytes(), name, hint)
    assert (found.format, found.completeness, found.problems) == ("conda-lock.yml 1", Completeness.COMPLETE, ())
    assert found.governs == ("environment.yml",)
    assert found.created is not None
    assert rfc3339(found.created.earliest) == "2026-03-24T11:20:00Z"
    rows = {one.ref: one for one in found.components}
    assert len(rows) == 18
    litellm = rows["litellm@1.82.8"]
    assert (litellm.package, litellm.optional, litellm.origin, len(litellm.sha256)) == ("litellm", False, "", 1)
    assert rows["litellm@1.82.8#2"].optional  # for macOS
    assert rows["iniconfig@2.3.0"].optional  # of the category dev
    assert rows["conda openssl@3.6.0"].purl == "pkg:conda/openssl@3.6.0"
    assert ("conda python@3.12.12", "conda openssl@3.6.0") in found.edges
    assert ("conda python@3.12.12", "conda openssl@3.6.0#2") not in found.edges
    assert ("litellm@1.82.8", "httpx@0.28.1") in found.edges


def test_a_lock_for_windows_that_is_not_rendered() -> None:
    found = read((SAMPLES / "win.conda-lock.yml").read_bytes())
    assert (found.completeness, found.created) == (Completeness.COMPLETE, None)
    assert found.governs == ("../env/environment.yml",)
    assert all(one.optional for one in found.components)


@pytest.mark.parametrize(
    ("platform", "marker"),
    [
        ("linux-64", "sys_platform == 'linux' and platform_machine == 'x86_64'"),
        ("linux-aarch64", "sys_platform == 'linux' and platform_machine == 'aarch64'"),
        ("win-64", "sys_platform == 'win32' and platform_machine == 'AMD64'"),
        ("noarch", ""),
        ("", ""),
        ("plan-9", "sys_platform == 'unknown'"),
    ],
)
def test_platforms_are_markers(platform: str, marker: str) -> None:
    assert marker_of_platform(platform) == marker


def test_where_rows_of_pip_come_from() -> None:
    rows = [
        pip("a", source={"type": "url", "url": "https://me:hush@other.example/a-1.0.tar.gz"}),
        pip("b", url="git+https://git.example/b@1f"),
        pip("c"),
    ]
    found = read(lock(*rows))
    assert [one.origin for one in found.components] == [
        "https://other.example/a-1.0.tar.gz",
        "git+https://git.example/b@1f",
        "",
    ]


@pytest.mark.parametrize(
    ("rows", "place"),
    [
        ([row(manager="npm")], "package[0].manager"),
        ([row(manager=None)], "package[0].manager"),
        ([row("")], "package[0]"),
        ([pip("-")], "package[0]"),
        ([None], "package[0].manager"),
        (["x"], "package[0]"),
        ([row(dependencies={"gone": ">=1"})], "package[0].dependencies"),
        ([row("a", dependencies={"b": ""}), row("b", platform="osx-64")], "package[0].dependencies"),
        ([row("a", url="https://conda.example/noarch/litellm-1.82.8-py_0.conda")], "package[0].url"),
        ([pip("innocent", url="https://files.example/litellm-1.82.8-py3-none-any.whl")], "package[0]"),
    ],
)
def test_a_row_that_is_lost_leaves_it_open(rows: list[Any], place: str) -> None:
    found = read(lock(*rows))
    assert found.completeness is Completeness.INCOMPLETE
    assert place in {where for where, _ in problems(found)}


def test_what_a_machine_brings_is_no_package_of_a_lock_and_extras_of_pip_need_not_be() -> None:
    found = read(lock(row(dependencies={"__glibc": ">=2.17"}), pip(dependencies={"gone": "*"})))
    assert (found.completeness, found.problems) == (Completeness.COMPLETE, ())


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (lock(version=2), "version: version '2' of a conda-lock cannot be read; 1 can"),
        (lock(version=None), "version"),
        (lock(row()).replace(b"package:\n", b"package: 5\nx1:\n"), "package: should be an array"),
        (lock(row()).replace(b"metadata:", b"x: [\nmetadata:"), "not valid YAML"),
        (lock(row()).replace(b"version: 1", b"version: 1\ny: " + b"[" * 200), "nested more than 100 deep"),
        (lock(row()) + b"---\n" + lock(row()), "another document"),
    ],
)
def test_a_lock_that_cannot_be_used_is_rejected(data: bytes, match: str) -> None:
    with pytest.raises(InputError, match=match):
        READER.parse(RawDocument(data, "x"))


def test_a_hostile_lock() -> None:
    """A key that stands twice, an alias of everything, and names of megabytes lose something or are cut."""
    twice = lock(row()).replace(b"package:\n", b"package: []\n? package\n:\n")
    assert read(twice).completeness is Completeness.INCOMPLETE
    bomb = b"a: &a [x, x]\n" + b"".join(
        b"%c: &%c [*%c, *%c, *%c, *%c, *%c, *%c]\n" % (at, at, *([at - 1] * 6)) for at in range(ord("b"), ord("k"))
    )
    with pytest.raises(InputError, match="aliases that expand"):
        READER.parse(RawDocument(bomb + lock(row()), "x"))
    long = read(lock(pip("l" * 300_000), row("\u001b[31m" * 100_000)))
    assert all(len(one.name) <= 1_000 for one in long.components)


def test_what_it_was_made_from() -> None:
    assert read(lock(row(), sources=["/abs/environment.yml", "../a/pyproject.toml", "b\\c.yml", [5]])).governs == (
        "../a/pyproject.toml",
        "b/c.yml",
    )
    silent = lock(row()).replace(b'"sources": ["environment.yml"]', b'"x": 1')
    assert read(silent).governs == ("environment.yml", "environment.yaml")


def test_others_are_not_claimed() -> None:
    for data in (b"package:\n  name: x\n", b"package:\n- a\nmetadata:\n  x: 1\n", b'{"package": [], "metadata": {}}'):
        assert not READER.claims(RawDocument(data, "conda-lock.yml", "lock"))
