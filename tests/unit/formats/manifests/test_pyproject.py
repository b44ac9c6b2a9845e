"""pyproject.toml as a manifest: [project], Poetry's table, and every way to be odd."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphkit.formats import read_document
from graphkit.formats.interface import RawDocument
from graphkit.formats.manifests.poetry import specifier_of
from graphkit.formats.manifests.pyproject import READER
from graphkit.model.documents import Basis, Completeness, Document, DocumentKind
from graphkit.model.errors import InputError

ROOT = Path(__file__).resolve().parents[4]


def read(text: str) -> Document:
    assert READER.claims(RawDocument(text.encode(), "pyproject.toml"))
    return READER.parse(RawDocument(text.encode(), "pyproject.toml"))


def shown(document: Document) -> list[str]:
    return [str(one) for one in document.requirements]


def places(document: Document) -> list[str]:
    return [problem.place for problem in document.problems]


def test_our_own() -> None:
    found = READER.parse(RawDocument((ROOT / "pyproject.toml").read_bytes(), "pyproject.toml"))
    assert (found.kind, found.basis, found.format) == (DocumentKind.MANIFEST, Basis.LISTED, "pyproject.toml")
    assert (found.subject, found.requires_python) == ("graphkit-blast", ">=3.11")
    assert "msgspec>=0.20" in shown(found)
    assert found.completeness is Completeness.COMPLETE
    assert next(str(one) for one in found.build_requires or ()).startswith("hatchling")
    assert places(found) == []


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
    found = read("[project]\nname = 'a'\n[tool.uv]\nprerelease = 'allow'\n[tool.uv.sources]\nb = { git = 'x' }\n")
    assert [(one.place, one.text) for one in found.problems] == [("tool.uv.prerelease", "is not applied yet: 'allow'")]
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
        "[tool.ruff]\nline-length = 120\n",
        "[projects]\nname = 'x'\n",
        '{"project": {}}\n',
    ],
)
def test_what_is_not_claimed(text: str) -> None:
    assert not READER.claims(RawDocument(text.encode(), "pyproject.toml"))


def test_the_name_helps_where_the_content_may_be_another_tools() -> None:
    text = b"[project]\nname = 'x'\n"
    assert READER.claims(RawDocument(text, "a/pyproject.toml"))
    assert not READER.claims(RawDocument(text, "pixi.toml"))
    assert READER.claims(RawDocument(text + b"requires-python = '>=3'\n", "any"))


@pytest.mark.parametrize(
    "text", [b"[project]\n", b"[project]\nname = ", b"[project]\nname = '\xff'", b"[project]\n[project]\n"]
)
def test_broken_ones_are_refused(text: bytes) -> None:
    with pytest.raises(InputError):
        READER.parse(RawDocument(text, "x"))


@pytest.mark.parametrize(
    "more",
    [
        "[tool.uv]\noverride-dependencies = ['litellm==1.82.8 ; x']\n",
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
    index = "[[tool.uv.index]]\nname = 'corp'\nurl = 'https://index.example/simple'\n"
    project = "[project]\nname = 'a'\ndependencies = ['b']\n"
    assert read(project + more + index).completeness is Completeness.COMPLETE
    assert read(project + more).completeness is Completeness.INCOMPLETE  # which index that is, nothing tells


def test_no_password_of_a_url_is_kept() -> None:
    project = (
        "[project]\ndependencies = ['a @ https://me:hush@files.example/a.whl', 'b @ https://me:hush@x.example ; 1']\n"
    )
    poetry = "[tool.poetry.dependencies]\na = { url = 'https://me:hush@files.example/a.whl' }\nb = 'https://hush@x.example'\n"
    assert shown(read(project))[0] == "a @ https://files.example/a.whl"
    assert shown(read(poetry))[0] == "a @ url+https://files.example/a.whl"
    assert "hush" not in repr((read(project), read(poetry)))


def test_build_requirements_are_an_input_of_their_own() -> None:
    text = "[project]\nname = 'a'\n[build-system]\nrequires = ['setuptools', 'LiteLLM>=1', 'x>=1.0.*', '-']\n"
    found = read(text)
    assert [str(one) for one in found.build_requires or ()] == ["setuptools", "litellm>=1", "x>=1.0.*"]
    assert (places(found), found.completeness) == (
        ["build-system.requires[2]", "build-system.requires[3]"],
        Completeness.INCOMPLETE,
    )
    assert found.requirements == ()
    assert read("[project]\nname = 'a'\n").build_requires is None
    assert read("[project]\nname = 'a'\n[build-system]\nbuild-backend = 'x'\n").build_requires == ()


def test_hooks_of_hatch_need_something_to_build_too() -> None:
    found = read(
        "[project]\nname = 'a'\n[build-system]\nrequires = ['hatchling']\n[tool.hatch.build]\ndependencies = ['b']\n"
        "[tool.hatch.build.targets.wheel.hooks.cython]\ndependencies = ['c>=1']\n[tool.hatch.build.hooks.vcs]\nx = 1\n"
    )
    assert [str(one) for one in found.build_requires or ()] == ["hatchling", "b", "c>=1"]


def test_a_file_without_a_project_is_open_where_something_is_built() -> None:
    found = read("[build-system]\nrequires = ['setuptools', 'litellm']\n")
    assert [str(one) for one in found.build_requires or ()] == ["setuptools", "litellm"]
    assert (places(found), found.completeness) == (["project"], Completeness.INCOMPLETE)
    groups = read("[dependency-groups]\ndev = ['pytest']\n")
    assert (shown(groups), groups.completeness) == (['pytest ; "dev" in dependency_groups'], Completeness.COMPLETE)
    flit = read(
        "[build-system]\nrequires = ['flit_core']\n[tool.flit.metadata]\nmodule = 'a'\nrequires = ['b>=1']\n"
        "[tool.flit.metadata.requires-extra]\nX = ['c']\n"
    )
    assert (shown(flit), flit.completeness) == (["b>=1", 'c ; extra == "x"'], Completeness.COMPLETE)
    assert not READER.claims(RawDocument(b"[build-system]\nrequires = []\n", "other.toml"))


PIXI = """
[project]
name = "shop"
[tool.pixi.workspace]
channels = ["conda-forge"]
[tool.pixi.dependencies]
python = ">=3.11"
[tool.pixi.pypi-dependencies]
litellm = ">=1.82"
Any_thing = "*"
shop = { path = ".", editable = true }
pinned = { version = "1.0", extras = ["x"], env-markers = "os_name == 'nt'" }
odd = { version = "what ever" }
[tool.pixi.feature.test.pypi-dependencies]
pytest = ">=8"
[tool.pixi.target.linux-64.pypi-dependencies]
uvloop = "==0.19"
"""


def test_what_pixi_installs_is_asked_for() -> None:
    found = read(PIXI)
    assert shown(found) == [
        "litellm>=1.82",
        "any-thing",
        "shop @ path:.",
        'pinned[x]==1.0 ; os_name == "nt"',
        "odd what ever",
        "uvloop==0.19",
        'pytest>=8 ; "test" in dependency_groups',
    ]
    assert (places(found), found.completeness) == (["tool.pixi.pypi-dependencies.odd"], Completeness.COMPLETE)
    conda = read(f"{PIXI}[tool.pixi.feature.ml.dependencies]\npython = '*'\nnumpy = '*'\n")
    assert conda.completeness is Completeness.INCOMPLETE
    assert "tool.pixi.feature.ml.dependencies" in places(conda)
    broken = read("[project]\nname = 'a'\n[tool.pixi]\npypi-dependencies = ['a']\n[tool.pixi.feature]\nx = 1\n")
    assert set(places(broken)) == {"tool.pixi.pypi-dependencies", "tool.pixi.feature.x"}


def test_indexes_of_every_tool_are_named() -> None:
    found = read(
        "[project]\nname = 'a'\n[tool.uv]\nindex-url = 'https://me:hush@A.example/simple'\n"
        "extra-index-url = ['https://b.example/simple?token=hush']\n[[tool.uv.index]]\nname = 'c'\n"
        "url = 'https://c.example/simple'\n[tool.uv.pip]\nextra-index-url = ['https://d.example/simple']\n"
        "[[tool.poetry.source]]\nname = 'e'\nurl = 'https://e.example/simple'\n"
        "[[tool.pdm.source]]\nurl = 'https://f.example/simple'\n[[tool.rye.sources]]\nurl = 'https://g.example/simple'\n"
        "[tool.pixi.pypi-options]\nindex-url = 'https://h.example/simple'\n"
    )
    assert found.indexes == tuple(f"https://{one}.example/simple" for one in "abcdhefg")
    assert found.completeness is Completeness.COMPLETE
    assert read("[project]\nname = 'a'\n").indexes == ()
    assert read("[project]\nname = 'a'\n[tool.uv]\nindex-url = 5\n").completeness is Completeness.INCOMPLETE


@pytest.mark.parametrize(
    ("more", "asked"),
    [
        ("b = { git = 'https://git.example/b', tag = 'v1' }", ["b @ git+https://git.example/b@v1"]),
        ("b = { url = 'https://files.example/b-1.tar.gz' }", ["b @ https://files.example/b-1.tar.gz"]),
        ("b = { path = '../b', editable = true }", ["b @ path:../b"]),
        ("b = { workspace = true }", ["b @ workspace:"]),
        ("b = { git = 'https://git.example/b', marker = 'x' }", ["b>=1", "b @ git+https://git.example/b"]),
        ("b = [{ git = 'g', group = 'dev' }, { index = 'corp' }]", ["b>=1", "b @ git+g"]),
    ],
)
def test_a_source_of_uv_is_an_identity_of_its_own(more: str, asked: list[str]) -> None:
    index = "[[tool.uv.index]]\nname = 'corp'\nurl = 'https://index.example/simple'\n"
    found = read(f"[project]\nname = 'a'\ndependencies = ['b>=1']\n{index}[tool.uv.sources]\n{more}\n")
    assert (shown(found), found.completeness, places(found)) == (asked, Completeness.INCOMPLETE, ["tool.uv.sources.b"])


@pytest.mark.parametrize(
    "option",
    [
        "[tool.uv]\nfind-links = ['./wheels']",
        "[tool.uv]\nno-index = true",
        "[[tool.uv.dependency-metadata]]\nname = 'b'\nrequires-dist = ['litellm']",
        "[tool.uv.extra-build-dependencies]\nb = ['litellm']",
        "[tool.uv.pip]\noverride-dependencies = ['litellm']",
        "[tool.pixi.pypi-options.dependency-overrides]\nlitellm = '*'",
    ],
)
def test_an_option_that_can_add_something_leaves_a_manifest_open(option: str) -> None:
    found = read(f"[project]\nname = 'a'\n{option}\n")
    assert (found.completeness, len(found.problems)) == (Completeness.INCOMPLETE, 1)


@pytest.mark.parametrize("option", ["resolution = 'lowest'", "build-constraint-dependencies = ['b<2']"])
def test_an_option_that_only_narrows_is_told_of(option: str) -> None:
    found = read(f"[project]\nname = 'a'\n[tool.uv]\n{option}\n")
    assert found.completeness is Completeness.COMPLETE
    assert "is not applied yet" in found.problems[0].text


DYNAMIC = """
[project]
name = "a"
dynamic = ["dependencies", "optional-dependencies"]
[tool.setuptools.dynamic]
dependencies = { file = ["requirements.txt", "more.txt"] }
optional-dependencies = { Dev_x = { file = "dev.txt" } }
"""


def test_requirements_that_a_build_reads_from_files_are_included() -> None:
    files = {
        "requirements.txt": b"# why\nlitellm>=1\n",
        "more.txt": b"-r base.txt\n--index-url https://index.example/simple\n",
        "base.txt": b"b\n",
        "dev.txt": b"pytest ; os_name == 'nt'\n",
    }
    found = READER.parse(RawDocument(DYNAMIC.encode(), "pyproject.toml", beside=files.get))
    assert shown(found) == ["litellm>=1", "b", 'pytest ; os_name == "nt" and extra == "dev-x"']
    assert (found.completeness, found.problems, found.extras) == (Completeness.COMPLETE, (), ("dev-x",))
    assert found.indexes == ("https://index.example/simple",)
    other = READER.parse(RawDocument(DYNAMIC.encode(), "pyproject.toml", beside={**files, "base.txt": b"c\n"}.get))
    assert other.sha256 != found.sha256
    files["base.txt"] = b"./local\n-\n"
    odd = READER.parse(RawDocument(DYNAMIC.encode(), "pyproject.toml", beside=files.get))
    assert (places(odd), odd.completeness) == (["base.txt line 1", "base.txt line 2"], Completeness.INCOMPLETE)


def test_files_that_cannot_be_followed_leave_it_open() -> None:
    found = read(DYNAMIC)
    assert found.completeness is Completeness.INCOMPLETE
    assert set(places(found)) == {
        "tool.setuptools.dynamic.dependencies",
        "tool.setuptools.dynamic.optional-dependencies",
    }
    hatch = DYNAMIC.partition("[tool.setup")[0] + "[tool.hatch.metadata.hooks.requirements_txt]\nfiles = ['r.txt']\n"
    read_too = READER.parse(RawDocument(hatch.encode(), "pyproject.toml", beside={"r.txt": b"litellm\n"}.get))
    assert shown(read_too) == ["litellm"]
    assert places(read_too) == ["project.dynamic"]  # of the extras nothing is told


def test_what_tools_install_for_themselves_is_asked_for_under_their_name() -> None:
    found = read(
        "[project]\nname = 'a'\n[tool.tox]\nrequires = ['tox-uv']\n[tool.tox.env_run_base]\ndeps = ['b']\n"
        "[tool.tox.env.lint]\ndeps = ['c>=1']\n[tool.cibuildwheel]\ntest-requires = 'd e'\n"
        "[tool.pdm]\nplugins = ['f']\n"
        "[tool.hatch.env]\nrequires = ['g']\n[tool.poetry.requires-plugins]\nh = '>=1'\n"
    )
    assert [(one.package, str(one.marker)) for one in found.requirements] == [
        ("tox-uv", '"tox" in dependency_groups'),
        ("d", '"cibuildwheel" in dependency_groups'),
        ("e", '"cibuildwheel" in dependency_groups'),
        ("f", '"pdm" in dependency_groups'),
        ("g", '"hatch" in dependency_groups'),
        ("b", '"tox" in dependency_groups'),
        ("c", '"tox" in dependency_groups'),
        ("h", '"plugins" in dependency_groups'),
    ]
    assert found.completeness is Completeness.COMPLETE


def test_commands_that_tools_are_told_to_run_are_kept() -> None:
    found = read(
        "[project]\nname = 'a'\n[tool.poe.tasks]\nx = 'pip install litellm'\ny = {shell = 'uv sync'}\n"
        "[tool.cibuildwheel]\nbefore-build = ['pip install $X']\n[tool.ruff]\nx = 'pip'\n"
    )
    assert [(one.place, [str(asked) for asked in one.requirements], one.inputs) for one in found.commands] == [
        ("tool.poe.tasks.x", ["litellm"], ()),
        ("tool.cibuildwheel.before-build", [], ()),
        ("tool.poe.tasks.y.shell", [], ("uv.lock",)),
    ]
    assert found.commands[1].unreadable
    tox = read("[project]\nname = 'a'\n[tool.tox.env_run_base]\ncommands = [['pip', 'install', 'b c'], ['x']]\n")
    assert [one.text for one in tox.commands] == ["pip install b c", "[env_run_base] installs the project"]
    legacy = read(
        "[project]\nname = 'a'\n[tool.tox]\nlegacy_tox_ini = '[testenv]\\ndeps = litellm'\n".replace("'", '"')
    )
    assert legacy.completeness is Completeness.COMPLETE
    assert [(one.place, one.inputs) for one in legacy.commands] == [
        ("tool.tox.legacy_tox_ini line 2", ()),
        ("tool.tox.legacy_tox_ini line 2", ("pyproject.toml",)),
    ]


def test_what_hooks_and_uv_add_to_a_build_is_required_to_build() -> None:
    for table in (
        "[tool.hatch.build.hooks.custom]\ndependencies = ['litellm']",
        "[tool.uv.extra-build-dependencies]\nsix = ['litellm']",
        "[tool.uv.extra-build-dependencies]\nsix = [{requirement = 'litellm', match-runtime = true}]",
    ):
        assert [one.package for one in read(f"[project]\nname = 'a'\n{table}\n").build_requires or ()] == ["litellm"]
    assert read("[project]\nname = 'a'\ndescription = 'pip install a'\n").commands == ()


@pytest.mark.parametrize(
    "text",
    [
        '[tool.tox.env_run_base]\ndeps = ["litellm"]\n',
        '[tool.tox]\nlegacy_tox_ini = """\n[testenv]\ndeps = litellm\n"""\n',
    ],
)
def test_settings_of_tox_alone_are_read(text: str) -> None:
    found = read_document(text.encode(), "pyproject.toml", hint="lock")
    assert found is not None
    assert "litellm" in [str(asked) for one in found.commands for asked in one.requirements]


@pytest.mark.parametrize(
    ("text", "is_past"),
    [
        ("upgrade = true\n", True),
        ('upgrade-package = ["litellm"]\n', True),
        ("upgrade = false\n", False),
        ("upgrade-package = []\n", False),
    ],
)
def test_a_setting_of_uv_that_upgrades_goes_past_the_lock(text: str, *, is_past: bool) -> None:
    project = b"[project]\nname = 'shop'\nversion = '1'\ndependencies = ['litellm']\n"
    own = read_document(project + b"[tool.uv]\n" + text.encode(), "pyproject.toml", hint="lock")
    assert own is not None
    assert [(one.inputs, one.is_past_lock) for one in own.commands] == ([(("uv.lock",), True)] if is_past else [])
    there = {"uv.toml": text.encode()}.get
    beside = read_document(project, "pyproject.toml", hint="lock", beside=there)
    assert beside is not None
    assert [one.place for one in beside.commands if one.is_past_lock] == (
        [f"uv.toml: {text.partition(' ')[0]}"] if is_past else []
    )
