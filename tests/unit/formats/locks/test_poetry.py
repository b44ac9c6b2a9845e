"""poetry.lock: the samples, both generations, and every way to be odd."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphkit.formats import read_document
from graphkit.formats.interface import RawDocument
from graphkit.formats.locks.poetry import READER
from graphkit.model.documents import Basis, Completeness, Component, Document, DocumentKind, Edge
from graphkit.model.errors import InputError

SAMPLES = Path(__file__).resolve().parents[5] / "shared" / "samples" / "poetry-lock"
TAIL = '[metadata]\nlock-version = "2.1"\npython-versions = "^3.10"\ncontent-hash = "00"\n'
needs_samples = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the shared samples are not here")


def lock(*packages: str, tail: str = TAIL) -> Document:
    data = ("".join(f"[[package]]\n{package}\n\n" for package in packages) + tail).encode()
    assert READER.claims(RawDocument(data, "x"))
    read = read_document(data, "x")
    assert read is not None
    return read


def row(name: str, version: str = "1", more: str = "") -> str:
    return f'name = "{name}"\nversion = "{version}"\noptional = false\n{more}'


def rows_of(document: Document, name: str) -> list[Component]:
    return [one for one in document.components if one.package == name]


def sample(part: str) -> Document:
    path = next(path for path in SAMPLES.iterdir() if part in path.name)
    return READER.parse(RawDocument(path.read_bytes(), path.name))


@needs_samples
def test_openhands_locks_one_litellm() -> None:
    read = sample("OpenHands")
    assert (read.kind, read.basis, read.completeness) == (DocumentKind.LOCK, Basis.LOCKED, Completeness.COMPLETE)
    assert (read.format, len(read.components), read.problems) == ("poetry.lock 2.1", 647, ())
    (litellm,) = rows_of(read, "litellm")
    assert (litellm.version, litellm.optional, len(litellm.sha256)) == ("1.77.7", False, 2)
    assert {"aiohttp", "openai"} <= {edge.target.split("@")[0] for edge in read.edges if edge.source == litellm.ref}
    git = [one.origin for one in read.components if one.origin]
    assert len(git) == 3
    assert all(one.startswith("git+https://") and "@" in one for one in git)
    assert rows_of(read, "commit0")[0].optional  # a group beside main
    assert not rows_of(read, "e2b-code-interpreter")[0].optional  # an extra of the project


@needs_samples
@pytest.mark.parametrize(("part", "count", "version"), [("lock10", 60, "1.0"), ("lock21", 63, "2.1")])
def test_both_generations(part: str, count: int, version: str) -> None:
    read = sample(part)
    assert (len(read.components), read.format, read.problems) == (count, f"poetry.lock {version}", ())
    assert [one.name for one in read.components if one.optional] == ["colorama"]
    assert [ref.split("@")[0] for ref in read.roots] == ["ray"]
    assert read.requires_python == "<4,>=3.10.13"


def test_every_source_is_an_identity_of_its_own() -> None:
    def of(source: str) -> str:
        return f"[package.source]\n{source}"

    read = lock(
        row("a", more=of('type = "legacy"\nurl = "https://index.corp/simple"\nreference = "corp"')),
        row("b", more=of('type = "git"\nurl = "https://git.corp/b"\nreference = "main"\nresolved_reference = "abc"')),
        row("c", more=of('type = "git"\nurl = "https://git.corp/c"\nreference = "v1"\nsubdirectory = "py"')),
        row("d", more=of('type = "url"\nurl = "https://files.corp/d-1.whl"')),
        row("e", more=of('type = "file"\nurl = "e-1.whl"')),
        row("f", more=of('type = "directory"\nurl = "../f"')),
        row("g", more=of('type = "moon"\nurl = "base"')),
        row("h", more="source = 5"),
        row("i"),
    )
    assert [(one.index, one.origin) for one in read.components] == [
        ("https://index.corp/simple", ""),
        ("", "git+https://git.corp/b@abc"),
        ("", "git+https://git.corp/c@v1#subdirectory=py"),
        ("", "https://files.corp/d-1.whl"),
        ("", "path:e-1.whl"),
        ("", "directory:../f"),
        ("", "moon:base"),
        ("", "unknown:"),
        ("", ""),
    ]
    assert [one.place for one in read.problems] == ["package[6].source", "package[7].source", "package[7].source"]
    assert read.components[0].purl == "pkg:pypi/a@1"


def test_only_other_groups_and_other_platforms_make_rows_optional() -> None:
    win = "sys_platform == 'win32'"
    read = lock(
        row("plain", more='groups = ["main", "dev"]'),
        row("dev", more='groups = ["dev", "test"]'),
        row("win", more=f'groups = ["main"]\nmarkers = "{win}"'),
        row("extra", more='groups = ["main"]\nmarkers = "extra == \'proxy\'"'),
        row("winextra", more=f'groups = ["main"]\nmarkers = "extra == \'proxy\' and {win}"'),
        row("split", more=f'groups = ["main", "dev"]\nmarkers = {{main = "{win}"}}'),
        row("other", more=f'groups = ["main", "dev"]\nmarkers = {{dev = "{win}"}}'),
        row("tests", more=f'groups = ["dev", "test"]\nmarkers = {{dev = "{win}", test = "{win}"}}'),
        row("old", more='category = "dev"'),
        row("main", more='category = "main"'),
        row("asked").replace("false", "true"),
        row("oldwin", more=f'category = "main"\nmarker = "{win}"'),
    )
    assert {one.name for one in read.components if one.optional} == {
        *("dev", "win", "winextra", "split", "tests", "old", "oldwin"),
    }
    markers = {one.name: one.marker for one in read.components}
    assert (markers["split"], markers["other"], markers["tests"]) == (win, "", win)
    assert read.problems == ()


def test_edges_follow_constraints_and_conditions() -> None:
    read = lock(
        row("app", more='[package.dependencies]\na = "^1"\nB_x = {version = "*", optional = true}\ngone = ">=1"\n'
            'away = {version = "*", markers = "os_name == \'nt\'"}\napp = "*"\n"-" = "*"\nodd = 5'),
        row("a", "1.4"),
        row("a", "2.0"),
        row("b-x", more='[package.dependencies]\na = [{version = "<2", python = "<3.9"}, {version = ">=2 || <1"}]'),
    )  # fmt: skip
    assert read.edges == (
        Edge(source="app@1", target="a@1.4"),
        Edge(source="app@1", target="b-x@1"),
        Edge(source="b-x@1", target="a@1.4"),
        Edge(source="b-x@1", target="a@2.0"),
    )
    assert read.roots == ("app@1",)
    assert [one.place for one in read.problems] == [
        "package[0].dependencies.gone",
        "package[0].dependencies.-",
        "package[0].dependencies.odd",
        "package[0].dependencies.odd",
    ]
    assert read.completeness is Completeness.INCOMPLETE  # as if it were cut short


@pytest.mark.parametrize(
    ("wanted", "completeness"),
    [
        ('gone = "*"', Completeness.INCOMPLETE),
        ('gone = {version = "*", optional = true}', Completeness.COMPLETE),
        ('gone = {version = "*", markers = "sys_platform == \'win32\'"}', Completeness.COMPLETE),
        ('gone = {version = "*", python = "<3.8"}', Completeness.COMPLETE),
        ('setuptools = "*"', Completeness.COMPLETE),
    ],
)
def test_a_row_that_is_missing_for_no_reason_is_lost(wanted: str, completeness: Completeness) -> None:
    assert lock(row("app", more=f"[package.dependencies]\n{wanted}")).completeness is completeness


def test_files_of_1x_go_to_their_own_version() -> None:
    old, new, lone = ("aa" * 32, "bb" * 32, "cc" * 32)
    tail = (
        '[metadata]\nlock-version = "1.1"\npython-versions = "*"\ncontent-hash = "00"\n[metadata.files]\n'
        f'litellm = [{{file = "litellm-1.82.6-py3-none-any.whl", hash = "sha256:{old}"}},'
        f'{{file = "litellm-1.82.8.tar.gz", hash = "sha256:{new}"}}, {{file = "x", hash = "sha256:{lone}"}}]\n'
        f'Lone = [{{file = "anything", hash = "sha256:{lone}"}}, {{hash = "md5:0"}}, {{hash = "sha256:0"}}]\n'
    )
    read = lock(row("litellm", "1.82.6"), row("litellm", "1.82.8"), row("lone"), tail=tail)
    assert [one.sha256 for one in read.components] == [(old,), (new,), ()]
    assert [one.members for one in read.components] == [(lone,), (lone,), (lone,)]
    assert [one.place for one in read.problems] == ["metadata.files.Lone[2].hash"]


def test_rows_without_a_name_are_noted_and_refs_stay_unique() -> None:
    read = lock('version = "1"', row("-"), row("a"), row("a"), 'name = "b"')
    assert [one.ref for one in read.components] == ["a@1", "a@1#2", "b"]
    assert [one.place for one in read.problems] == ["package[0]", "package[1].name", "package[4].version"]
    assert read.completeness is Completeness.INCOMPLETE


def test_a_lock_without_a_list_of_packages_is_not_complete() -> None:
    assert lock().completeness is Completeness.INCOMPLETE
    assert lock(tail="package = []\n" + TAIL).completeness is Completeness.COMPLETE


@pytest.mark.parametrize("version", ['"3.0"', '"0.9"', "2", '"1"', "[]", '"2.x"'])
def test_another_version_is_refused(version: str) -> None:
    with pytest.raises(InputError) as caught:
        lock(row("a"), tail=TAIL.replace('"2.1"', version))
    assert caught.value.place == "metadata.lock-version"


def test_broken_locks_are_rejected_aloud() -> None:
    made = b"# This file is automatically @generated by Poetry 2.1.1 and should not be changed by hand.\n"
    with pytest.raises(InputError) as caught:
        read_document(made + b'[[package]]\nname = "a\n', "x")
    assert caught.value.place == "line 3"
    with pytest.raises(InputError):
        read_document(made + b'[[package]]\nname = "a"\n', "x")  # cut before its metadata


def test_a_circle_of_ten_thousand_is_no_recursion() -> None:
    count = 10_000
    read = lock(*(row(f"p{i}", more=f'[package.dependencies]\np{(i + 1) % count} = "*"') for i in range(count)))
    assert (len(read.edges), read.roots) == (count, ("p0@1",))


def test_deep_markers_are_left_alone() -> None:
    marker = "(" * 3_000 + "sys_platform == 'win32'" + ")" * 3_000
    read = lock(row("a", more=f'markers = "{marker}"'))
    assert (read.components[0].marker, read.components[0].optional) == (marker, False)


@pytest.mark.parametrize(
    ("condition", "listed"),
    [
        ('markers = "python_version >= \\"3.10\\""', True),
        ('markers = "python_version >= \\"3.11\\""', False),
        ('markers = "extra == \\"x\\""', False),
        ('markers = "sys_platform == \\"linux\\""', False),
        ('python = ">=3.8"', True),
        ('python = "^3.11"', False),
        ('python = ">=3.8 || <3"', False),
        ('platform = "linux"', False),
        ("optional = true", False),
    ],
)
def test_a_condition_that_always_holds_is_none(condition: str, *, listed: bool) -> None:
    read = lock(row("app", more=f'[package.dependencies]\nlitellm = {{version = "*", {condition}}}'))
    assert ("litellm" in [one.name for one in read.components]) == listed


def test_a_lock_that_ends_before_its_content_hash_is_cut_short() -> None:
    for text in ('[metadata]\nlock-version = "2.1"\n', TAIL.rpartition("content-hash")[0]):
        read = lock(row("a"), tail=text)
        assert read.completeness is Completeness.INCOMPLETE
    whole = lock(tail=f"package = []\n{TAIL}")  # of a project that wants nothing
    assert (whole.components, whole.completeness) == ((), Completeness.COMPLETE)


def test_what_is_required_and_not_listed_is_a_row_of_unknown_version() -> None:
    wanted = '[package.dependencies]\nlitellm = ">=1"\nwin = {version = "*", markers = "os_name == \'nt\'"}'
    read = lock(row("app", more=wanted), row("other", more='[package.dependencies]\nlitellm = "*"'))
    assert [(one.package, one.version) for one in read.components] == [("app", "1"), ("other", "1"), ("litellm", "")]
    assert read.places[2] == "package[0].dependencies.litellm"
    assert read.roots == ("app@1", "other@1")


def test_no_hash_of_1x_drops_out() -> None:
    one, two, three = "aa" * 32, "bb" * 32, "cc" * 32
    tail = (
        '[metadata]\nlock-version = "1.0"\npython-versions = "*"\ncontent-hash = "00"\n[metadata.files]\n'
        f'twice = [{{file = "odd", hash = "sha256:{one}"}}, {{file = "twice-2.tar.gz", hash = "sha256:{two}"}}]\n'
        f'gone = [{{file = "gone-1.tar.gz", hash = "sha256:{three}"}}]\n'
        f'[metadata.hashes]\nplain = ["{three}"]\n"-" = []\n'
    )
    read = lock(row("twice", "1"), row("twice", "2"), row("plain"), tail=tail)
    assert [(one.ref, one.sha256, one.members) for one in read.components] == [
        ("twice@1", (), (one,)),
        ("twice@2", (two,), (one,)),
        ("plain@1", (three,), ()),
        ("gone", (three,), ()),
    ]
    assert [problem.place for problem in read.problems] == ["metadata.hashes.-", "metadata.files.gone"]
    assert read.completeness is Completeness.INCOMPLETE


def test_what_it_was_made_from() -> None:
    source = '[package.source]\ntype = "%s"\nurl = "%s"'
    read = lock(
        row("a", more=source % ("directory", "../lib")),
        row("b", more=source % ("file", "b-1.tar.gz")),
        row("c", more=source % ("legacy", "https://index.example/simple")),
    )
    assert read.governs == ("pyproject.toml", "../lib/pyproject.toml")
    assert read.indexes == ("https://index.example/simple",)
