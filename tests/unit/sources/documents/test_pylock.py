"""pylock.toml: the samples, the standard's rules, and every way to be odd."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphkit.model.documents import Basis, Completeness, Document, DocumentKind, Edge
from graphkit.model.errors import InputError
from graphkit.sources.documents import read_document
from graphkit.sources.documents.pylock import READER

SAMPLES = Path(__file__).resolve().parents[5] / "shared" / "samples" / "pylock"
HEAD = 'lock-version = "1.0"\ncreated-by = "test"\nrequires-python = ">=3.11"\n'
needs_samples = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the shared samples are not here")


def lock(*packages: str, head: str = HEAD) -> Document:
    text = "".join(f"\n[[packages]]\n{package}\n" for package in packages) or "packages = []\n"
    data = (head + text).encode()
    assert READER.claims(data, "x", "")
    read = read_document(data, "x")
    assert read is not None
    return read


def row(name: str, version: str = "1", more: str = "", digest: str = "aa" * 32) -> str:
    sdist = f'sdist = {{name = "{name}-{version}.tar.gz", url = "https://x/y", hashes = {{sha256 = "{digest}"}}}}'
    return f'name = "{name}"\nversion = "{version}"\n{sdist}\n{more}'


def sample(part: str) -> Document:
    path = next(path for path in SAMPLES.iterdir() if part in path.name)
    return READER.parse(path.read_bytes(), path.name, "")


@needs_samples
def test_the_example_of_the_standard() -> None:
    read = sample("spec-example")
    assert (read.kind, read.basis, read.completeness) == (DocumentKind.LOCK, Basis.LOCKED, Completeness.COMPLETE)
    assert (read.format, read.requires_python, read.problems) == ("pylock.toml 1.0", "==3.12.*", ())
    assert [(one.ref, len(one.sha256), bool(one.index)) for one in read.components] == [
        ("attrs@25.1.0", 1, False),
        ("cattrs@24.1.2", 1, True),
        ("numpy@2.2.3", 2, False),
    ]
    assert read.edges == (Edge(source="cattrs@24.1.2", target="attrs@25.1.0"),)
    assert (read.roots, read.dependencies_known) == (("cattrs@24.1.2", "numpy@2.2.3"), True)


@needs_samples
def test_a_lock_that_pdm_wrote() -> None:
    read = sample("VERTEX")
    assert (len(read.components), read.problems, read.completeness) == (180, (), Completeness.COMPLETE)
    assert {one.name for one in read.components if one.optional} == {"appnope", "cffi", "pycparser"}
    (git,) = (one for one in read.components if one.origin)
    assert git.origin.startswith("git+https://github.com/ISARICResearch/ISARICAnalytics@f62c5cae")
    assert ("anyio@4.13.0", "idna") in {(edge.source, edge.target.split("@")[0]) for edge in read.edges}


def test_every_source_is_an_identity_of_its_own() -> None:
    hashes = f'hashes = {{sha256 = "{"bb" * 32}"}}'
    read = lock(
        row("a", more='index = "https://index.corp/simple"'),
        'name = "b"\nvcs = {type = "git", url = "https://git.corp/b", requested-revision = "main", commit-id = "abc"}',
        'name = "c"\nvcs = {type = "hg", path = "../c", commit-id = "abc", subdirectory = "py"}',
        f'name = "d"\nversion = "1"\narchive = {{url = "https://files.corp/d-1.zip", {hashes}}}',
        f'name = "e"\narchive = {{path = "e-1.zip", {hashes}, subdirectory = "py"}}',
        'name = "f"\ndirectory = {path = "../f", editable = true}',
    )
    assert [(one.version, one.index, one.origin) for one in read.components] == [
        ("1", "https://index.corp/simple", ""),
        ("", "", "git+https://git.corp/b@abc"),
        ("", "", "hg+../c@abc#subdirectory=py"),
        ("1", "", "https://files.corp/d-1.zip"),
        ("", "", "path:e-1.zip#subdirectory=py"),
        ("", "", "directory:../f"),
    ]
    assert read.problems == ()  # source trees need no version
    assert [one.sha256 for one in read.components[2:5]] == [(), ("bb" * 32,), ("bb" * 32,)]
    assert (read.dependencies_known, read.roots) == (False, ())


def test_a_package_may_be_there_for_several_markers() -> None:
    read = lock(
        row("app", more='dependencies = [{name = "a"}, {name = "b", version = "2.0"}]'),
        row("a", more="marker = \"sys_platform == 'win32'\""),
        row("a", more="marker = \"sys_platform == 'linux'\""),
        row("b"),
        row("b", "2"),
    )
    assert [(one.ref, one.optional) for one in read.components][1:3] == [("a@1", True), ("a@1#2", False)]
    assert [edge.target for edge in read.edges] == ["a@1", "a@1#2", "b@2"]


@pytest.mark.parametrize(
    ("marker", "optional"),
    [
        ("'main' in dependency_groups", False),
        ("'dev' in dependency_groups", True),
        ("'dev' not in dependency_groups", False),
        ("'main' not in dependency_groups", True),
        ("'dev' in dependency_groups or 'proxy' in extras", False),
        ("'proxy' in extras and 'other' not in extras", False),
        ("'proxy' in extras and sys_platform == 'darwin'", True),
        ("'dev' in dependency_groups and sys_platform == 'linux'", True),
        ("extra == 'proxy'", False),
        ("implementation_name == 'pypy'", True),
    ],
)
def test_only_other_groups_and_other_platforms_make_rows_optional(marker: str, optional: bool) -> None:  # noqa: FBT001
    head = HEAD + 'extras = ["proxy", "other"]\ndependency-groups = ["main", "dev"]\ndefault-groups = ["main"]\n'
    read = lock(row("a", more=f'marker = "{marker}"'), head=head)
    assert (read.components[0].marker, read.components[0].optional) == (marker, optional)


def test_one_odd_package_does_not_lose_the_document() -> None:
    read = lock(
        row("good"),
        'version = "1"',
        row("Not.Normal"),
        row("a", more='wheels = [{name = "a-2-py3-none-any.whl", url = "u", hashes = {sha256 = "x"}}]'),
        row("b", more="marker = 'nonsense ('\ndirectory = {path = '.'}"),
        'name = "c"\nversion = "2004d-final"',
        'name = "d"',
        'name = "e"\nversion = 1\nwheels = 5\nvcs = "x"\ndependencies = [5, {}]\nsdist = []\nmarker = []',
        row("f", more='archive = {url = "http://[", hashes = {}}'),
        'name = "-"',
    )
    assert [one.name for one in read.components] == ["good", "not-normal", "a", "b", "c", "d", "e", "f"]
    assert read.completeness is Completeness.INCOMPLETE
    places = [one.place for one in read.problems]
    assert not any(place.startswith("packages[0]") for place in places)
    assert {"packages[1]", "packages[2].name", "packages[3].wheels[0]", "packages[9].name"} <= set(places)
    assert ("packages[6].version", "no version: unknown") in [(one.place, one.text) for one in read.problems]
    assert all(f"packages[{at}]" in " ".join(places) for at in range(1, 10))


def test_odd_heads_are_noted() -> None:
    read = lock(row("a"), head='lock-version = "1.2"\nextras = ["B_"]\nnew-key = 5\nrequires-python = 3\n')
    assert (read.format, read.requires_python, len(read.components)) == ("pylock.toml 1.2", "3", 1)
    assert [one.place for one in read.problems][:2] == ["lock-version", "extras[0]"]


@pytest.mark.parametrize("version", ['"2.0"', '"0.9"', "1", "1.0", '"x"', "[]", '"' + "9" * 5_000 + '"'])
def test_another_version_is_refused(version: str) -> None:
    with pytest.raises(InputError) as caught:
        lock(row("a"), head=HEAD.replace('"1.0"', version))
    assert caught.value.place == "lock-version"


@pytest.mark.parametrize("packages", ["", "packages = {}\n", 'packages = "a"\n'])
def test_a_lock_needs_packages(packages: str) -> None:
    with pytest.raises(InputError) as caught:
        read_document((HEAD + packages).encode(), "pylock.api.toml")
    assert caught.value.place == "packages"


def test_what_is_no_table_among_the_packages_is_lost() -> None:
    read = read_document((HEAD + "packages = [5]\n").encode(), "x")
    assert read is not None
    assert (read.completeness, read.components) == (Completeness.INCOMPLETE, ())
    assert {one.place for one in read.problems} == {"packages[0]"}
    assert lock().completeness is Completeness.COMPLETE


def test_broken_toml_names_the_line() -> None:
    with pytest.raises(InputError) as caught:
        lock("name = ")
    assert caught.value.place == "line 6"


def test_hostile_values() -> None:
    deep = "(" * 3_000 + "os_name == 'nt'" + ")" * 3_000
    long = "9" * 5_000
    read = lock(
        row("a", long, f'marker = "{deep}"\ndependencies = [{{name = "b", version = "{long}"}}]'),
        row("b"),
        row("b", "2", f"[packages.tool.pdm]\ndependencies = ['b=={long}', \"a; {deep}\", 5, '-']"),
    )
    assert (len(read.components), read.components[0].optional) == (3, False)
    assert all(len(one.text) < 400 for one in read.problems)


def test_a_circle_of_ten_thousand_is_no_recursion() -> None:
    count = 10_000
    read = lock(*(row(f"p{i}", more=f'dependencies = [{{name = "p{(i + 1) % count}"}}]') for i in range(count)))
    assert (len(read.edges), read.roots) == (count, ("p0@1",))


@pytest.mark.parametrize(
    ("options", "completeness"),
    [
        ("pip compile --no-deps x.in", Completeness.INCOMPLETE),
        ("export --prune x --format pylock.toml", Completeness.INCOMPLETE),
        ("export --only-group lint --format pylock.toml", Completeness.COMPLETE),
        ("export --no-dev --only-binary x --no-emit-index-url", Completeness.COMPLETE),
    ],
)
def test_a_lock_that_was_made_of_a_part_is_not_complete(options: str, completeness: Completeness) -> None:
    made = f"# This file was autogenerated by uv via the following command:\n#    uv {options}\n"
    assert lock(row("a"), head=made + HEAD).completeness is completeness


@pytest.mark.parametrize(
    ("head", "governs", "one"),
    [
        ("", ("pyproject.toml", "lib/pyproject.toml"), False),
        (
            "# autogenerated by uv via the following command:\n#    uv export -o locks/pylock.toml\n",
            ("../pyproject.toml", "lib/pyproject.toml"),
            False,
        ),
        (
            "# autogenerated by uv via the following command:\n#    uv pip compile x.in --no-emit-package z\n",
            ("x.in", "lib/pyproject.toml"),
            True,
        ),
    ],
)
def test_what_it_was_made_from(head: str, governs: tuple[str, ...], *, one: bool) -> None:
    read = lock(row("a"), '[[packages]]\nname = "lib"\ndirectory = {path = "./lib"}\n', head=head + HEAD)
    assert (read.governs, read.is_of_one_environment) == (governs, one)
    assert read.not_covered == (("z",) if one else ())
    assert len(read.generator) == 1


def test_what_is_required_and_not_listed_is_a_row_of_unknown_version() -> None:
    read = lock(row("app", more='dependencies = [{name = "litellm"}]'))
    assert read.completeness is Completeness.INCOMPLETE
    assert [(one.package, one.version) for one in read.components] == [("app", "1"), ("litellm", "")]
    assert read.roots == ()


def test_a_newer_minor_version_is_read_and_noted() -> None:
    read = lock(row("a", more="tomorrow = 1"), head=HEAD.replace('"1.0"', '"1.9"') + 'someday = "x"\n')
    assert [problem.place for problem in read.problems] == ["lock-version"]
    assert len(read.components) == 1
