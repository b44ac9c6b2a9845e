"""pyproject.toml as a manifest: [project], Poetry's table, and every way to be odd."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphkit.model.documents import Basis, Completeness, Document, DocumentKind
from graphkit.model.errors import InputError
from graphkit.sources.documents.poetry import specifier_of
from graphkit.sources.documents.pyproject import READER

ROOT = Path(__file__).resolve().parents[4]


def read(text: str) -> Document:
    assert READER.claims(text.encode(), "pyproject.toml", "")
    return READER.parse(text.encode(), "pyproject.toml", "")


def shown(document: Document) -> list[str]:
    return [str(one) for one in document.requirements]


def places(document: Document) -> list[str]:
    return [problem.place for problem in document.problems]


def test_our_own() -> None:
    found = READER.parse((ROOT / "pyproject.toml").read_bytes(), "pyproject.toml", "")
    assert (found.kind, found.basis, found.format) == (DocumentKind.MANIFEST, Basis.LISTED, "pyproject.toml")
    assert (found.subject, found.requires_python) == ("graphkit-blast", ">=3.11")
    assert "msgspec>=0.20" in shown(found)
    assert found.completeness is Completeness.COMPLETE
    assert places(found) == ["build-system.requires"]


def test_extras_stand_in_the_marker() -> None:
    found = read(
        "[project]\nname = 'App'\ndependencies = ['a>=1', 'a>=1']\n[project.optional-dependencies]\n"
        "Proxy_x = ['b[c]; python_version < \"3.12\" or os_name == \"nt\"', 'app[other]']\nother = []\n"
    )
    assert shown(found) == [
        "a>=1",
        'b[c] ; (python_version < "3.12" or os_name == "nt") and extra == "proxy-x"',
        'app[other] ; extra == "proxy-x"',
    ]
    assert found.extras == ("other", "proxy-x")
    assert found.subject == "App"


@pytest.mark.parametrize("key", ["dependencies", "optional-dependencies"])
def test_dynamic_requirements_are_unknown_here(key: str) -> None:
    found = read(f"[project]\nname = 'a'\ndynamic = ['version', '{key}']\n")
    assert found.completeness is Completeness.INCOMPLETE
    assert places(found) == ["project.dynamic"]


def test_what_cannot_be_read_is_kept_or_noted() -> None:
    found = read("[project]\nrequires-python = '3'\ndependencies = ['a>=1.0.*', '=1', [], 'b']\n")
    assert shown(found) == ["a>=1.0.*", "b"]
    assert found.requirements[0].unreadable
    assert places(found)[0] == "project.requires-python"
    assert "project.dependencies[1]" in places(found)
    assert "project.dependencies[2]" in places(found)
    assert found.completeness is Completeness.INCOMPLETE
    other = read("[project]\ndependencies = 'a'\noptional-dependencies = ['b']\ndynamic = 3\n")
    assert {"project.dependencies", "project.optional-dependencies", "project.dynamic"} <= set(places(other))
    assert other.completeness is Completeness.INCOMPLETE


def test_the_settings_of_uv_are_noted() -> None:
    found = read(
        "[project]\nname = 'a'\n[tool.uv]\nconstraint-dependencies = ['a<2']\n[tool.uv.sources]\nb = { git = 'x' }\n"
    )
    assert places(found) == ["tool.uv.sources", "tool.uv.constraint-dependencies"]
    assert found.completeness is Completeness.COMPLETE


GROUPS = """
[project]
name = "a"
[dependency-groups]
Dev = ["pytest>=8 ; python_version > '3.9'", {include-group = "lint_all"}]
lint-all = ["ruff", {include-group = "dev"}]
odd = ["what ever = 1"]
[tool.uv]
dev-dependencies = ["mypy"]
[tool.rye]
dev-dependencies = ["nox"]
[tool.pdm.dev-dependencies]
docs = ["sphinx"]
[tool.hatch.envs.test]
dependencies = ["hypothesis"]
extra-dependencies = ["coverage"]
[tool.poetry.dev-dependencies]
black = "^24"
[tool.poetry.group.types.dependencies]
python = "^3.9"
stubs = { version = "1.*", markers = "os_name == 'nt'" }
"""


def test_groups_are_asked_for_under_their_name() -> None:
    found = read(GROUPS)
    assert shown(found) == [
        'pytest>=8 ; python_version > "3.9" and "dev" in dependency_groups',
        'ruff ; "dev" in dependency_groups',
        'ruff ; "lint-all" in dependency_groups',
        'pytest>=8 ; python_version > "3.9" and "lint-all" in dependency_groups',
        "what ever = 1",
        'mypy ; "dev" in dependency_groups',
        'nox ; "dev" in dependency_groups',
        'sphinx ; "docs" in dependency_groups',
        'hypothesis ; "test" in dependency_groups',
        'coverage ; "test" in dependency_groups',
        'black<25,>=24 ; "dev" in dependency_groups',
        'stubs==1.* ; os_name == "nt" and "types" in dependency_groups',
    ]
    assert (places(found), found.completeness) == ([], Completeness.COMPLETE)


@pytest.mark.parametrize(
    ("group", "place"),
    [
        ("dev = ['-']", "dependency-groups.dev[0]"),
        ("dev = [{include-group = 'no'}]", "dependency-groups.dev[0]"),
        ("dev = [{}]", "dependency-groups.dev[0]"),
        ("dev = 'a'", "dependency-groups.dev"),
    ],
)
def test_what_cannot_be_told_of_a_group_leaves_a_manifest_open(group: str, place: str) -> None:
    found = read(f"[project]\nname = 'a'\n[dependency-groups]\n{group}\n")
    assert (places(found), found.completeness) == ([place], Completeness.INCOMPLETE)


POETRY = """
[tool.poetry]
name = "app"
[tool.poetry.dependencies]
python = "^3.9"
A = "^1.2.3"
b = { version = "~1.2", optional = true, extras = ["Foo_bar"] }
c = "*"
d = ">=1 || <0.5"
e = { git = "https://git.corp/e" }
f = { version = "1.2.*", python = "<3.11", markers = "os_name == 'nt' or os_name == 'posix'" }
g = [{ version = "<2", python = "<3.9" }, { version = ">=2", platform = "linux" }]
h = { version = "1", optional = true }
i = 5
j = { version = "1", markers = "nonsense" }
"-" = "1"
[tool.poetry.extras]
bee = ["B"]
[tool.poetry.group.dev.dependencies]
pytest = "*"
"""


def test_poetrys_table() -> None:
    found = read(POETRY)
    assert shown(found) == [
        "a<2,>=1.2.3",
        'b[foo-bar]<1.3,>=1.2 ; extra == "bee"',
        "c",
        "d >=1 || <0.5",
        "e @ git+https://git.corp/e",
        'f==1.2.* ; (os_name == "nt" or os_name == "posix") and python_full_version < "3.11"',
        'g<2 ; python_full_version < "3.9"',
        'g>=2 ; sys_platform == "linux"',
        "i",
        "j 1",
        'pytest ; "dev" in dependency_groups',
    ]
    assert (found.subject, found.requires_python, found.extras) == ("app", "<4,>=3.9", ("bee",))
    assert found.requirements[3].unreadable
    stem = "tool.poetry.dependencies"
    assert {f"{stem}.{name}" for name in "dhij-"} <= set(places(found))
    assert found.completeness is Completeness.INCOMPLETE  # a name is lost


def test_poetry_two_leaves_dependencies_to_its_table() -> None:
    found = read(
        "[project]\nname = 'p'\nrequires-python = '>=3.10'\ndynamic = ['dependencies']\n"
        "[tool.poetry.dependencies]\npython = '^3.9'\na = '^0.2.3'\n"
    )
    assert shown(found) == ["a<0.3,>=0.2.3"]
    assert (found.subject, found.requires_python, found.completeness) == ("p", ">=3.10", Completeness.COMPLETE)


@pytest.mark.parametrize(
    ("constraint", "specifier"),
    [
        ("^1.2.3", "<2,>=1.2.3"),
        ("^1", "<2,>=1"),
        ("^0.2.3", "<0.3,>=0.2.3"),
        ("^0.0.3", "<0.0.4,>=0.0.3"),
        ("^0.0", "<0.1,>=0.0"),
        ("^0", "<1,>=0"),
        ("^1.2b1", "<2,>=1.2b1"),
        ("~1.2.3", "<1.3,>=1.2.3"),
        ("~1", "<2,>=1"),
        ("~=1.4", "~=1.4"),
        ("1.2.3", "==1.2.3"),
        ("=1.2.3", "==1.2.3"),
        ("1.2.*", "==1.2.*"),
        ("1.x", "==1.*"),
        ("*", ""),
        (">=1,<2", "<2,>=1"),
        (">= 1.0 , < 2", "<2,>=1.0"),
        (">=1.0 <2", "<2,>=1.0"),
        ("!=1.82.8", "!=1.82.8"),
        ("<1 || >2", None),
        ("^1.*", None),
        ("latest", None),
        ("^", None),
        ("", None),
        ("9" * 6_000, None),
    ],
)
def test_poetrys_constraints(constraint: str, specifier: str | None) -> None:
    assert specifier_of(constraint) == specifier


@pytest.mark.parametrize(
    "text",
    [
        "[build-system]\nrequires = ['hatchling']\n",
        "[tool.ruff]\nline-length = 120\n",
        "[projects]\nname = 'x'\n",
        '{"project": {}}\n',
    ],
)
def test_what_is_not_claimed(text: str) -> None:
    assert not READER.claims(text.encode(), "pyproject.toml", "")


def test_the_name_helps_where_the_content_may_be_another_tools() -> None:
    text = b"[project]\nname = 'x'\n"
    assert READER.claims(text, "a/pyproject.toml", "")
    assert not READER.claims(text, "pixi.toml", "")
    assert READER.claims(text + b"requires-python = '>=3'\n", "any", "")


@pytest.mark.parametrize(
    "text", [b"[project]\n", b"[project]\nname = ", b"[project]\nname = '\xff'", b"[project]\n[project]\n"]
)
def test_broken_ones_are_refused(text: bytes) -> None:
    with pytest.raises(InputError):
        READER.parse(text, "x", "")


@pytest.mark.parametrize(
    "more",
    [
        "[tool.uv]\noverride-dependencies = ['litellm==1.82.8']\n",
        "[tool.uv.sources]\nB_b = { git = 'https://git.example/b' }\n",
        "[tool.uv.sources]\nb-b = [{ url = 'https://files.example/b.whl', marker = 'x' }]\n",
        "[tool.uv.sources]\nb-b = { workspace = true }\n",
        "[tool.pdm.resolution.overrides]\nlitellm = '1.82.8'\n",
        "[tool.poetry.dependencies]\nb_b = { path = '../b' }\n",
    ],
)
def test_what_a_tool_takes_instead_leaves_a_manifest_open(more: str) -> None:
    assert read(f"[project]\nname = 'a'\ndependencies = ['b-b']\n{more}").completeness is Completeness.INCOMPLETE


def test_an_index_of_a_package_and_constraints_do_not() -> None:
    more = (
        "[tool.uv]\nconstraint-dependencies = ['b<2']\n[tool.uv.sources]\nb = { index = 'corp' }\n'-' = { git = 'x' }\n"
    )
    assert read(f"[project]\nname = 'a'\ndependencies = ['b']\n{more}").completeness is Completeness.COMPLETE


def test_no_password_of_a_url_is_kept() -> None:
    project = (
        "[project]\ndependencies = ['a @ https://me:hush@files.example/a.whl', 'b @ https://me:hush@x.example ; 1']\n"
    )
    poetry = "[tool.poetry.dependencies]\na = { url = 'https://me:hush@files.example/a.whl' }\nb = 'https://hush@x.example'\n"
    assert shown(read(project))[0] == "a @ https://files.example/a.whl"
    assert shown(read(poetry))[0] == "a @ url+https://files.example/a.whl"
    assert "hush" not in repr((read(project), read(poetry)))
