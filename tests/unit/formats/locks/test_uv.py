"""uv.lock: the locks of the examples, the samples, and every way to be odd."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphkit.formats.interface import RawDocument
from graphkit.formats.locks.uv import READER
from graphkit.model.documents import Basis, Completeness, Component, Document, DocumentKind, Edge
from graphkit.model.errors import InputError

ROOT = Path(__file__).resolve().parents[4]
LOCKS = ROOT / "examples" / "litellm-2026-03" / "locks"
HEAD = 'version = 1\nrevision = 3\nrequires-python = ">=3.11"\n'
APP = """
[[package]]
name = "app"
version = "0.1"
source = { editable = "." }
"""


def lock(*packages: str, head: str = HEAD) -> Document:
    data = (head + "".join(f"\n[[package]]\n{package}\n" for package in packages)).encode()
    assert READER.claims(RawDocument(data, "x"))
    return READER.parse(RawDocument(data, "x"))


def example(name: str) -> Document:
    return READER.parse(RawDocument((LOCKS / name).read_bytes(), name))


def rows_of(document: Document, name: str) -> list[Component]:
    return [row for row in document.components if row.package == name]


def test_dspy_locks_litellm_twice() -> None:
    read = example("dspy.uv.lock")
    assert (read.kind, read.basis, read.completeness) == (DocumentKind.LOCK, Basis.LOCKED, Completeness.COMPLETE)
    assert (read.subject, read.roots, read.requires_python) == ("dspy", ("dspy@3.1.3",), ">=3.10, <3.15")
    rows = rows_of(read, "litellm")
    assert [row.version for row in rows] == ["1.68.0", "1.72.6"]
    # 1.72.6 is for Windows, and for Python 3.14 everywhere: it may be what is installed.
    assert [row.optional for row in rows] == [False, False]
    assert "sys_platform != 'win32'" in rows[0].marker
    assert all(len(row.sha256) == 2 and row.index.endswith("/simple") for row in rows)
    assert {Edge(source="dspy@3.1.3", target=row.ref) for row in rows} <= set(read.edges)
    assert read.problems == ()


def test_a_workspace_has_several_roots_and_its_dev_groups_are_optional() -> None:
    read = example("graphrag.uv.lock")
    assert (len(read.roots), read.subject) == (9, "graphrag-monorepo")
    assert [row.version for row in rows_of(read, "litellm")] == ["1.81.9"]
    assert all(row.optional for row in rows_of(read, "pytest"))
    assert not any(row.optional for row in rows_of(read, "litellm"))


def test_members_without_a_version_and_groups_of_the_workspace_itself() -> None:
    read = example("crewai.uv.lock")
    assert read.roots == ("crewai", "crewai-devtools", "crewai-files", "crewai-tools")
    assert [row.version for row in rows_of(read, "litellm")] == ["1.75.3"]
    assert rows_of(read, "crewai")[0].origin == "editable:lib/crewai"
    assert rows_of(read, "ruff")[0].optional  # a group of the workspace
    assert rows_of(read, "pywin32")[0].optional  # another platform
    assert not rows_of(read, "litellm")[0].optional  # an extra of a member
    assert read.problems == ()


def test_every_source_is_an_identity_of_its_own() -> None:
    read = lock(
        'name = "a"\nversion = "1"\nsource = { registry = "https://index.corp/simple" }',
        'name = "b"\nversion = "1"\nsource = { git = "https://git.corp/b?rev=main#abc" }',
        'name = "c"\nversion = "1"\nsource = { url = "https://files.corp/c-1.whl" }',
        'name = "d"\nversion = "1"\nsource = { path = "d-1.whl" }',
        'name = "e"\nversion = "1"\nsource = { directory = "../e" }',
        'name = "f"\nversion = "1"\nsource = { virtual = "." }',
        'name = "g"\nversion = "1"\nsource = { moon = "base" }',
        'name = "h"\nversion = "1"',
    )
    assert [(row.index, row.origin) for row in read.components] == [
        ("https://index.corp/simple", ""),
        ("", "git+https://git.corp/b?rev=main#abc"),
        ("", "https://files.corp/c-1.whl"),
        ("", "path:d-1.whl"),
        ("", "directory:../e"),
        ("", "virtual:."),
        ("", "unknown:"),
        ("", ""),
    ]
    assert [problem.place for problem in read.problems] == ["package[6].source", "package[7].source"]
    assert (read.roots, read.subject) == (("f@1",), "f")
    assert read.components[0].purl == "pkg:pypi/a@1"


def test_a_dependency_without_version_goes_to_every_version() -> None:
    read = lock(
        'name = "app"\nversion = "0"\nsource = { virtual = "." }\ndependencies = [{ name = "a" }, '
        '{ name = "b", version = "1.0" }, { name = "c", source = { git = "x" } }, { name = "b", version = "3" }, '
        '{ name = "gone" }, 5]',
        'name = "a"\nversion = "1"\nsource = { registry = "r" }',
        'name = "a"\nversion = "2"\nsource = { registry = "r" }',
        'name = "b"\nversion = "1"\nsource = { registry = "r" }',
        'name = "b"\nversion = "2"\nsource = { registry = "r" }',
        'name = "c"\nversion = "1"\nsource = { registry = "r" }',
        'name = "c"\nversion = "1"\nsource = { git = "x" }',
    )
    assert [edge.target for edge in read.edges] == ["a@1", "a@2", "b@1", "c@1#2"]
    assert [(problem.place, problem.text) for problem in read.problems] == [
        ("package[0].dependencies[3]", "b '3' is not in this lock; the dependency was left out"),
        ("package[0].dependencies[4]", "gone is not a package of this lock; the dependency was left out"),
        ("package[0].dependencies[5]", "should be a table, is 5"),
    ]


def test_only_dev_groups_and_other_platforms_make_rows_optional() -> None:
    registry = 'version = "1"\nsource = { registry = "r" }'
    read = lock(
        'name = "app"\nversion = "0"\nsource = { editable = "." }\n'
        'dependencies = [{ name = "plain" }, { name = "win", marker = "sys_platform == \'win32\'" }, '
        '{ name = "fork", marker = "extra == \'extra-3-app-cpu\'" }]\n'
        '[package.optional-dependencies]\nmore = [{ name = "extra" }]\n'
        '[package.dev-dependencies]\ndev = [{ name = "dev" }, { name = "plain", extra = ["http_2"] }]',
        f'name = "plain"\n{registry}\n[package.optional-dependencies]\n"http-2" = [{{ name = "h2" }}]',
        *(f'name = "{name}"\n{registry}' for name in ("win", "fork", "extra", "h2", "lone")),
        f'name = "dev"\n{registry}\ndependencies = [{{ name = "below" }}, {{ name = "plain" }}]',
        f'name = "below"\n{registry}\ndependencies = [{{ name = "dev" }}]',
        f'name = "mac"\n{registry}\nresolution-markers = ["sys_platform == \'darwin\'"]',
    )
    assert {row.name for row in read.components if row.optional} == {"win", "h2", "dev", "below", "mac"}
    assert read.problems == ()


def test_hashes_of_all_archives_are_kept() -> None:
    read = lock(
        f'name = "a"\nversion = "1"\nsource = {{ registry = "r" }}\nsdist = {{ hash = "sha256:{"AA" * 32}" }}\n'
        f'wheels = [{{ hash = "sha256:{"bb" * 32}" }}, {{ hash = "md5:00" }}, {{}}, {{ hash = "sha256:xyz" }}]'
    )
    # Two of the files have no SHA-256, so the others rule none out.
    assert (read.components[0].sha256, read.components[0].members) == ((), ("aa" * 32, "bb" * 32))
    assert [problem.place for problem in read.problems] == ["package[0].wheels[3].hash", "package"]


def test_a_row_without_a_name_is_noted_and_the_lock_is_no_longer_complete() -> None:
    good = 'name = "a"\nversion = "1"\nsource = { registry = "r" }'
    read = lock('version = "1"', 'name = "-"', "name = []", good)
    assert [row.ref for row in read.components] == ["a@1"]
    assert [problem.place for problem in read.problems] == [
        "package[0]",
        "package[1].name",
        "package[2].name",
        "package[2]",
        "package",
    ]
    flat = READER.parse(RawDocument((HEAD + "package = [5]\n").encode(), "x"))
    assert [problem.place for problem in flat.problems] == ["package[0]", "package"]
    assert flat.completeness is Completeness.INCOMPLETE
    assert read.completeness is Completeness.INCOMPLETE


def test_odd_versions_and_types() -> None:
    read = lock(
        'name = "a"\nsource = { registry = "r" }',
        'name = "b"\nversion = 5\nsource = "r"\nwheels = 1\ndependencies = {}\nresolution-markers = "x"',
        'name = "c"\nversion = "2004d-final"\nsource = { registry = ["r"] }\noptional-dependencies = []',
    )
    assert [row.version for row in read.components] == ["", "5", "2004d-final"]
    assert ("package[0].version", "no version: unknown") in [(one.place, one.text) for one in read.problems]
    assert len(read.problems) >= 6


def test_the_lock_of_a_script_has_its_own_requirements_as_roots() -> None:
    rows = [f'name = "{name}"\nversion = "1"\nsource = {{ registry = "r" }}' for name in ("a", "b")]
    read = lock(*rows, head=HEAD + '\n[manifest]\nrequirements = [{ name = "B", specifier = ">=1" }]\n')
    assert (read.roots, read.subject) == (("b@1",), "")
    bare = lock(rows[0] + '\ndependencies = [{ name = "b" }]', rows[1])
    assert bare.roots == ("a@1",)


@pytest.mark.parametrize("version", ["2", "0"])
def test_another_version_is_refused(version: str) -> None:
    data = HEAD.replace("version = 1", f"version = {version}", 1).encode()
    assert READER.claims(RawDocument(data, "x"))
    with pytest.raises(InputError) as caught:
        READER.parse(RawDocument(data, "x"))
    assert caught.value.place == "version"


def test_broken_toml_names_the_line() -> None:
    with pytest.raises(InputError) as caught:
        READER.parse(RawDocument((HEAD + "\n[[package]]\nname = \n").encode(), "x"))
    assert caught.value.place == "line 6"


OWN = 'name = "app"\nversion = "1"\nsource = {{ {} = "{}" }}'


@pytest.mark.parametrize(
    "lock_of_nothing",
    [
        lock(OWN.format("virtual", ".")),
        lock(OWN.format("editable", ".")),
        lock(OWN.format("editable", "packages/app"), head=HEAD + '[manifest]\nmembers = ["app"]\n'),
    ],
)
def test_the_lock_of_a_project_that_wants_nothing_has_its_own_row_and_is_complete(lock_of_nothing: Document) -> None:
    assert [one.name for one in lock_of_nothing.components] == ["app"]
    assert lock_of_nothing.completeness is Completeness.COMPLETE


@pytest.mark.parametrize(
    "cut",
    [
        lock(),  # behind its head; the lock of a script (PEP 723) that wants nothing looks the same
        lock('name = "a"\nversion = "1"\nsource = { registry = "r" }'),  # before the project's own row
        lock(OWN.format("editable", "packages/app"), head=HEAD + '[manifest]\nmembers = ["app", "web"]\n'),
    ],
)
def test_a_lock_without_the_row_of_what_it_was_made_for_is_cut_short(cut: Document) -> None:
    assert cut.completeness is Completeness.INCOMPLETE
    assert "may be truncated" in cut.problems[-1].text


def test_what_a_member_says_it_requires_has_a_row() -> None:
    rows = (
        "name = 'a'",
        "name = 'b', marker = \"extra == 'x'\"",
        "name = 'c', marker = 'os_name == \"nt\"'",
        "name = 'app'",
    )
    wanted = ", ".join(f"{{ {one} }}" for one in rows)
    told = f"[package.metadata]\nrequires-dist = [{wanted}]\n[package.metadata.requires-dev]\ndev = [{{ name = 'd' }}]"
    read = lock(OWN.format("virtual", ".") + f"\n{told}", 'name = "a"\nversion = "1"\nsource = { registry = "r" }')
    assert [(one.name, one.version) for one in read.components] == [("app", "1"), ("a", "1"), ("b", ""), ("d", "")]


@pytest.mark.parametrize(
    ("manifest", "completeness"),
    [
        ("", Completeness.INCOMPLETE),
        ('[manifest]\noverrides = [{ name = "B", marker = "sys_platform == \'never\'" }]\n', Completeness.COMPLETE),
        ('[manifest]\nexcludes = ["b"]\n', Completeness.COMPLETE),
        ('[manifest]\nexcludes = ["a"]\n', Completeness.INCOMPLETE),
    ],
)
def test_a_lock_cut_off_between_two_rows_is_not_complete(manifest: str, completeness: Completeness) -> None:
    """An override or exclusion takes out what the project itself still says it requires."""
    told = '[package.metadata]\nrequires-dist = [{ name = "a" }, { name = "b" }]'
    first = 'dependencies = [{ name = "a" }]\n' + told
    rows = (OWN.format("virtual", ".") + f"\n{first}", 'name = "a"\nversion = "1"\nsource = { registry = "r" }')
    assert lock(*rows, head=HEAD + manifest).completeness is completeness


def test_a_lock_without_the_row_of_what_a_script_wants_has_that_of_no_version() -> None:
    read = lock(head=HEAD + '[manifest]\nrequirements = [{ name = "litellm", specifier = ">=1" }]\n')
    assert [(one.name, one.version) for one in read.components] == [("litellm", "")]


def test_a_chain_of_ten_thousand_is_no_recursion() -> None:
    count = 10_000
    read = lock(
        *(
            f'name = "p{i}"\nversion = "1"\nsource = {{ registry = "r" }}\n'
            f'dependencies = [{{ name = "p{(i + 1) % count}" }}]'
            for i in range(count)
        )
    )
    assert len(read.edges) == count


def test_deep_markers_are_left_alone() -> None:
    marker = "(" * 3_000 + "sys_platform == 'win32'" + ")" * 3_000
    read = lock(f'name = "a"\nversion = "1"\nsource = {{ registry = "r" }}\nresolution-markers = ["{marker}"]')
    assert read.components[0].marker == marker


def test_what_has_no_row_of_its_own_is_a_row_all_the_same() -> None:
    wanted = '{ name = "litellm" }, { name = "b", version = "2" }, { name = "b", version = "1.0" }, { name = "b" }'
    read = lock(
        f'name = "app"\nversion = "0"\nsource = {{ virtual = "." }}\ndependencies = [{wanted}]',
        'name = "b"\nversion = "1"\nsource = { registry = "r" }',
    )
    found = list(zip(read.components, read.places, strict=True))[2:]
    assert [(row.package, row.version, row.ref, place) for row, place in found] == [
        ("litellm", "", "litellm", "package[0].dependencies[0]"),
        ("b", "2", "b@2", "package[0].dependencies[1]"),
    ]
    assert read.completeness is Completeness.INCOMPLETE  # what it lost of them, it may have lost of others
    nameless = lock('name = "app"\nversion = "0"\nsource = { virtual = "." }\ndependencies = ["litellm"]')
    assert nameless.completeness is Completeness.INCOMPLETE


def test_the_name_of_a_hash_may_be_in_capitals() -> None:
    digest = "AA" * 32
    read = lock(f'name = "a"\nversion = "1"\nsource = {{ registry = "r" }}\nsdist = {{ hash = "SHA256:{digest}" }}')
    assert read.components[0].sha256 == (digest.lower(),)


def test_locks_of_uv_before_0_4_have_distributions() -> None:
    sources = {
        "a": "registry+https://index.example/simple",
        "b": "git+https://git.example/b#abc",
        "c": "direct+https://files.example/c.whl",
        "d": "editable+.",
    }
    rows = "".join(
        f'\n[[distribution]]\nname = "{name}"\nversion = "1"\nsource = "{source}"\n' for name, source in sources.items()
    )
    assert READER.claims(RawDocument((HEAD + rows).encode(), "x"))
    read = READER.parse(RawDocument((HEAD + rows).encode(), "x"))
    assert [(row.name, row.index, row.origin) for row in read.components] == [
        ("a", "https://index.example/simple", ""),
        ("b", "", "git+https://git.example/b#abc"),
        ("c", "", "https://files.example/c.whl"),
        ("d", "", "editable:."),
    ]
    assert (read.subject, read.problems) == ("d", ())


def test_what_it_was_made_from() -> None:
    read = lock(
        'name = "a"\nversion = "1"\nsource = { registry = "https://me:hush@Index.example/simple" }',
        'name = "app"\nversion = "0"\nsource = { virtual = "." }',
        'name = "b"\nversion = "0"\nsource = { editable = "packages/b" }',
        'name = "c"\nversion = "0"\nsource = { directory = "../c/" }',
        'name = "d"\nversion = "0"\nsource = { directory = "/srv/d" }',
    )
    assert read.governs == ("pyproject.toml", "packages/b/pyproject.toml", "../c/pyproject.toml")
    assert read.indexes == ("https://index.example/simple",)
    assert not read.is_of_one_environment
    script = READER.parse(RawDocument((HEAD + "[manifest]\nrequirements = []\n").encode(), "tools/run.py.lock"))
    assert script.governs == ("run.py",)
