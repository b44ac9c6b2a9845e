"""pip's installation reports: two that pip 26.3 wrote (hosts replaced, prose left out), and every way to be odd."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from graphkit.formats import read_document
from graphkit.formats.environments.pip_inspect import READER as PIP_INSPECT
from graphkit.formats.environments.pip_report import READER
from graphkit.formats.interface import RawDocument
from graphkit.model.documents import Basis, Completeness, Document, DocumentKind
from graphkit.model.errors import InputError

SAMPLES = Path(__file__).parents[1] / "samples"
HEX = "0123456789abcdef" * 4
LINUX = {"python_version": "3.12", "sys_platform": "linux", "os_name": "posix"}


def row(name: Any, *requires: Any, version: Any = "1", **others: Any) -> dict[str, Any]:
    metadata = {"metadata_version": "2.1", "name": name, "version": version, "requires_dist": list(requires)}
    url = f"https://files.example/{name}-{version}-py3-none-any.whl"
    info = {"url": url, "archive_info": {"hashes": {"sha256": HEX}}}
    return {"metadata": metadata, "download_info": info, "is_direct": False, "requested": True, **others}


def report(*install: Any, version: Any = "1") -> bytes:
    top = {"version": version, "pip_version": "26.3", "install": list(install), "environment": LINUX}
    return json.dumps(top).encode()


def read(data: bytes, hint: str = "") -> Document:
    assert READER.claims(RawDocument(data, "x", hint))
    assert not PIP_INSPECT.claims(RawDocument(data, "x", hint))
    document = read_document(data, "x", hint=hint)
    assert document is not None
    return document


def problems(document: Document) -> list[tuple[str, str]]:
    return [(one.place, one.text) for one in document.problems if one.place != "environment"]


def edges(document: Document) -> set[tuple[str, str]]:
    names = {one.ref: one.name for one in document.components}
    return {(names[edge.source], names[edge.target]) for edge in document.edges}


@pytest.mark.parametrize("hint", ["", "lock", "env", "sbom"])
def test_a_report_of_a_fresh_install(hint: str) -> None:
    found = read((SAMPLES / "pip-report-fresh.json").read_bytes(), hint)
    assert (found.kind, found.basis, found.format) == (DocumentKind.LOCK, Basis.LOCKED, "pip install report 1")
    assert (found.completeness, found.problems) == (Completeness.UNKNOWN, ())
    assert found.generator == ("pip 26.3",)
    assert found.created is None
    assert found.is_of_one_environment
    names = {one.name: one for one in found.components}
    assert len(names) == len(found.components) == 10
    assert names["pysocks"].version == "1.7.1"
    assert all(one.sha256 and not one.origin for one in found.components)
    assert {("requests", "pysocks"), ("rich", "markdown-it-py"), ("markdown-it-py", "mdurl")} <= edges(found)
    assert {names[name].ref for name in ("requests", "rich")} == set(found.roots)


def test_what_was_there_before_is_not_in_a_report() -> None:
    """It was asked for pip and six, and pip was there."""
    found = read((SAMPLES / "pip-report-beside-pip.json").read_bytes())
    assert [one.name for one in found.components] == ["six"]
    assert found.completeness is Completeness.UNKNOWN
    nothing = read(report())
    assert nothing.completeness is Completeness.INCOMPLETE
    assert problems(nothing) == [("install", "installs nothing: what was already installed is not listed")]


def test_a_requirement_that_no_row_meets_is_a_row_of_no_known_version() -> None:
    found = read(report(row("a", "litellm>=1", 'b; sys_platform == "win32"', 'c; extra == "x"')))
    assert [(one.name, one.version) for one in found.components] == [("a", "1"), ("litellm", "")]
    assert found.completeness is Completeness.INCOMPLETE
    assert problems(found) == [
        (
            "install[0].metadata.requires_dist[0]",
            "litellm is required and not in the report: it was there before, or was left out",
        )
    ]


def test_extras_that_were_asked_for_count() -> None:
    asked = row("a", 'c; extra == "x_y"', requested_extras=["X.Y"])
    assert edges(read(report(asked, row("c")))) == {("a", "c")}
    assert read(report(asked)).completeness is Completeness.INCOMPLETE
    assert read(report(row("a", 'c; extra == "x_y"'))).completeness is Completeness.UNKNOWN


def test_a_marker_that_cannot_be_told_may_hold() -> None:
    found = read(report(row("a", 'b; platform_machine == "x86_64"')))
    assert found.completeness is Completeness.INCOMPLETE
    assert [one.name for one in found.components] == ["a"]
    assert problems(found) == [("install[0].metadata.requires_dist[0]", "b may be required but is not in the report")]


def test_where_rows_come_from() -> None:
    git = {"url": "https://me:hush@git.example/a", "vcs_info": {"vcs": "git", "commit_id": "1f"}}
    wheel = {"url": "https://other.example/b-1-py3-none-any.whl", "archive_info": {"hash": f"sha256={HEX}"}}
    local = {"url": "file:///wheels/c-1-py3-none-any.whl", "archive_info": {"hashes": {"sha256": HEX}}}
    rows = [
        row("a", download_info=git, is_direct=True),
        row("b", download_info=wheel, is_direct=True),
        row("c", download_info=local),
        row("d", download_info={}),
    ]
    found = read(report(*rows))
    assert [(one.origin, one.sha256) for one in found.components] == [
        ("git+https://git.example/a@1f", ()),
        ("https://other.example/b-1-py3-none-any.whl", (HEX,)),
        ("file:///wheels/c-1-py3-none-any.whl", (HEX,)),
        ("unknown", ()),
    ]


def test_a_file_of_another_release_is_told() -> None:
    info = {"url": "https://files.example/litellm-1.82.8-py3-none-any.whl"}
    found = read(report(row("innocent", download_info=info)))
    assert found.completeness is Completeness.INCOMPLETE
    assert "is litellm 1.82.8, in a row of innocent 1" in problems(found)[0][1]


@pytest.mark.parametrize(
    ("install", "count"),
    [
        ([None], 0),
        ([5], 0),
        ([{}], 0),
        ([{"metadata": 5}], 0),
        ([{"metadata": {"name": "-"}}], 0),
        ([row("a"), row("a")], 2),
        ([row("a", version=None)], 1),
        ([row("a", requested_extras=5)], 1),
    ],
)
def test_broken_rows(install: list[Any], count: int) -> None:
    found = read(report(*install))
    assert len(found.components) == count
    assert found.problems
    assert found.completeness is Completeness.INCOMPLETE or found.components[0].version == ""


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (report(version="2"), "version: version '2' cannot be read; 1 can"),
        (report(version=1), "version: version 1 cannot be read; 1 can"),
        (b'{"version": "1", "pip_version": "26.3", "install": {}}', "install: should be an array, is a dict"),
        (b'{"version": "1", "pip_version": "26.3", "install": [', "not valid JSON"),
        (b'{"version": "1", "pip_version": "26.3", "install": ' + b"[" * 100_000, "nested too deep"),
    ],
)
def test_a_report_that_cannot_be_used_is_rejected(data: bytes, match: str) -> None:
    with pytest.raises(InputError, match=match):
        read_document(data, "x")


def test_a_hostile_report() -> None:
    """Names, versions and addresses that would hurt where they are shown or matched stay data."""
    odd = row(
        "a", "b ; " + "(" * 5_000, version="9" * 100_000, download_info={"url": "https://u:p@x/" + "\u202e" * 9_000}
    )
    found = read(report(odd, row("LiteLLM", version="1.82.8"), {"metadata": {"name": "x" * 500_000}}))
    assert [one.name for one in found.components][:2] == ["a", "litellm"]
    assert all(len(one.text) <= 500 for one in found.problems)
    assert "u:p@" not in repr(found)
