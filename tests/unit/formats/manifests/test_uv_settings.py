"""A `uv.toml` beside a manifest: what it adds, and when it leaves the manifest open."""

from __future__ import annotations

import pytest

from graphkit.formats import read_document
from graphkit.model.documents import Completeness, Document, DocumentKind

PROJECT = "[project]\nname = 'a'\nversion = '1'\ndependencies = ['b<2']\n"
LOCK = f"b==1 --hash=sha256:{'ab' * 32}\n"
INDEX = "https://private.example/simple"


def read(text: str, name: str, settings: str | None, hint: str = "") -> Document:
    files = {} if settings is None else {"uv.toml": settings.encode()}
    document = read_document(text.encode(), name, hint=hint, beside=files.get)
    assert document is not None
    return document


MANIFESTS = pytest.mark.parametrize(
    ("text", "name"), [(PROJECT, "pyproject.toml"), ("b<2\n", "requirements.txt"), (LOCK, "requirements.txt")]
)


@MANIFESTS
@pytest.mark.parametrize(
    "settings",
    [
        "override-dependencies = ['b==2']",
        "[pip]\nno-index = true",
        "find-links = ['wheels']",
        "[[dependency-metadata]]\nname = 'b'",
        "extra-build-dependencies = {b = ['c']}",
        "index-url = 3",
        "this is no TOML",
    ],
)
def test_what_can_add_or_replace_leaves_it_open(text: str, name: str, settings: str) -> None:
    assert read(text, name, None).completeness is Completeness.COMPLETE
    found = read(text, name, settings)
    assert found.completeness is Completeness.INCOMPLETE
    if name == "pyproject.toml":
        assert found.problems[0].place.startswith("uv.toml")


@MANIFESTS
@pytest.mark.parametrize(
    "settings", ["", "preview = true", "exclude-newer = '7 days'", f"extra-index-url = ['{INDEX}']"]
)
def test_what_adds_nothing_leaves_it_as_it_was(text: str, name: str, settings: str) -> None:
    found = read(text, name, settings)
    assert (found.completeness, found.kind) == (Completeness.COMPLETE, read(text, name, None).kind)
    assert found.guards is None


@MANIFESTS
@pytest.mark.parametrize(
    ("settings", "is_off_public"),
    [
        (f"index-url = '{INDEX}'", True),
        (f"extra-index-url = ['{INDEX}']", False),
        (f"[[index]]\nname = 'p'\nurl = '{INDEX}'", False),
        (f"[[index]]\nurl = '{INDEX}'\ndefault = true", True),
        (f"[pip]\nextra-index-url = ['{INDEX}']", False),
    ],
)
def test_its_indexes_are_those_of_the_manifest(text: str, name: str, settings: str, *, is_off_public: bool) -> None:
    found = read(text, name, settings)
    assert found.indexes == (INDEX,)
    if found.kind is DocumentKind.MANIFEST:
        assert found.is_off_public == is_off_public


@MANIFESTS
def test_it_is_part_of_the_identity(text: str, name: str) -> None:
    told = [read(text, name, settings).sha256 for settings in (None, "", "preview = true")]
    assert len(set(told)) == 3


OVERRIDE = "override-dependencies = ['b==2']"


@pytest.mark.parametrize(
    ("text", "name", "files", "is_open"),
    [
        (PROJECT, "a/c/pyproject.toml", {"../uv.toml": OVERRIDE}, True),
        (PROJECT, "a/c/pyproject.toml", {"../../uv.toml": OVERRIDE}, True),
        (PROJECT, "a/c/pyproject.toml", {"../../../uv.toml": OVERRIDE}, False),
        (PROJECT, "a/c/pyproject.toml", {"uv.toml": "", "../uv.toml": OVERRIDE}, False),
        (PROJECT + "[tool.uv]\n", "a/c/pyproject.toml", {"../uv.toml": OVERRIDE}, False),
        (PROJECT + "[tool.uv]\n", "a/c/pyproject.toml", {"uv.toml": OVERRIDE}, True),
        ("b<2\n", "a/requirements.txt", {"../uv.toml": OVERRIDE}, True),
    ],
)
def test_the_nearest_one_counts(text: str, name: str, files: dict[str, str], *, is_open: bool) -> None:
    document = read_document(text.encode(), name, beside={key: one.encode() for key, one in files.items()}.get)
    assert document is not None
    assert (document.completeness is Completeness.INCOMPLETE) == is_open


def overriding(*texts: str) -> dict[str, bytes]:
    return {name: f"[tool.uv]\noverride-dependencies = {list(texts)}\n".encode() for name in ("pyproject.toml", "a")}


@pytest.mark.parametrize("folder", ["", "../", "../../"])
def test_a_list_of_requirements_heeds_overrides_of_a_project_beside_or_above(folder: str) -> None:
    data = overriding("b==2", "c>1")["pyproject.toml"]
    found = read_document(b"b<2\n", "x/y/requirements.txt", beside={f"{folder}pyproject.toml": data}.get)
    assert found is not None
    assert found.guards is not None
    assert [str(one) for one in found.guards.overrides] == ["b==2", "c>1"]
    assert found.completeness is Completeness.COMPLETE
    plain = read_document(b"b<2\n", "x/y/requirements.txt")
    assert plain is not None
    assert found.sha256 != plain.sha256


@pytest.mark.parametrize(
    ("overrides", "is_open"),
    [(["b==1"], False), (["c>1"], False), (["b>=1"], True), (["b==2"], True), (["b @ https://a.example/b.whl"], True)],
)
def test_a_lock_is_open_where_an_override_replaces_a_row(overrides: list[str], *, is_open: bool) -> None:
    found = read_document(LOCK.encode(), "requirements.txt", beside=overriding(*overrides).get)
    assert found is not None
    assert found.kind is DocumentKind.LOCK
    assert (found.completeness is Completeness.INCOMPLETE) == is_open


@pytest.mark.parametrize("own", ["", "[tool.uv.sources]\nb = { index = 'x' }\n"])
def test_a_project_below_another_with_overrides_may_be_a_member_of_it(own: str) -> None:
    above = {"../pyproject.toml": overriding("b==2")["pyproject.toml"]}
    assert read_project(own, above) is Completeness.INCOMPLETE
    assert read_project("", {"pyproject.toml": above["../pyproject.toml"]}) is Completeness.COMPLETE
    assert read_project("", {"../pyproject.toml": b"override-dependencies ="}) is Completeness.INCOMPLETE
    assert read_project("", {"../pyproject.toml": b"# override-dependencies"}) is Completeness.COMPLETE


def read_project(own: str, files: dict[str, bytes]) -> Completeness:
    found = read_document((PROJECT + own).encode(), "a/pyproject.toml", beside=files.get)
    assert found is not None
    return found.completeness


def test_what_is_installed_already_does_not_heed_it() -> None:
    plain = read("b==1\npip==26\n", "freeze.txt", None, "env")
    assert plain.kind is DocumentKind.ENVIRONMENT
    assert read("b==1\npip==26\n", "freeze.txt", "override-dependencies = ['b==2']", "env") == plain


def test_guards_in_it_are_told_of_and_count_as_none() -> None:
    (problem,) = read(PROJECT, "pyproject.toml", "exclude-newer = '7 days'").problems
    assert (problem.place, problem.text) == ("uv.toml: exclude-newer", "is not read here; it is ignored")
