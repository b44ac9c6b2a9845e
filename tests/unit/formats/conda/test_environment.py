"""Environment files of conda, by its documentation and as conda-lock 4.0.3 writes one; exports; and odd ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphkit.formats import read_document
from graphkit.formats.conda.environment import READER, pip_lines
from graphkit.formats.conda.rows import conda_spec
from graphkit.formats.interface import RawDocument
from graphkit.model.documents import CONDA_ENVIRONMENT, Basis, Completeness, Document, DocumentKind
from graphkit.model.errors import InputError

SAMPLES = Path(__file__).parents[1] / "samples"
MANIFEST = """name: app
channels:
  - conda-forge
dependencies:
  - python=3.12  # as in production
  - numpy>=1.26,<3
  - conda-forge::scipy=1.11
  - pip
  - pip:
    - litellm[proxy]>=1.80 ; python_version >= "3.9"
    - -r requirements/base.txt
    - -c constraints.txt
    - --extra-index-url https://me:hush@index.example/simple
"""
EXPORT = """name: app
channels:
  - defaults
dependencies:
  - ca-certificates=2026.1.4=hbd8a1cb_0
  - openssl=3.6.0=h26f9b46_0
  - python=3.12.12=hd63d673_1_cpython
  - pip=25.3=pyh8b19718_0
  - pip:
      - httpx==0.28.1
      - litellm==1.82.8
prefix: /opt/conda/envs/app
"""


def read(text: str, hint: str = "", name: str = "environment.yml", files: dict[str, bytes] | None = None) -> Document:
    found = read_document(text.encode(), name, hint=hint, beside=(files or {}).get)
    assert found is not None
    return found


def asked(document: Document) -> list[str]:
    return [str(one) for one in document.requirements]


def by_conda(document: Document) -> list[tuple[str, str]]:
    return [(one.place, str(one.requirements[0])) for one in document.commands]


@pytest.mark.parametrize("name", ["environment.yml", "x", "ci/some.yaml", "requirements.txt"])
@pytest.mark.parametrize("hint", ["", "lock", "env", "sbom"])
def test_a_manifest(name: str, hint: str) -> None:
    files = {"requirements/base.txt": b"httpx\n", "constraints.txt": b"httpx<1\n", "uv.toml": b"index-url = 'x'\n"}
    found = read(MANIFEST, hint, name, files)
    assert (found.kind, found.basis, found.format) == (DocumentKind.MANIFEST, Basis.LISTED, CONDA_ENVIRONMENT)
    assert asked(found) == ['litellm[proxy]>=1.80 ; python_version >= "3.9"', "httpx"]
    assert [str(one) for one in found.constraints] == ["httpx<1"]
    assert by_conda(found) == [("line 6", "numpy<3,>=1.26"), ("line 7", "scipy==1.11.*"), ("line 8", "pip")]
    assert {one.tool for one in found.commands} == {"conda"}
    assert (found.requires_python, found.indexes) == ("==3.12.*", ("https://index.example/simple",))
    assert (found.subject, found.created, found.completeness) == ("", None, Completeness.COMPLETE)
    assert [one.place for one in found.problems] == ["line 13"]


def test_a_change_of_what_it_includes_is_another_document() -> None:
    text = "dependencies:\n- pip:\n  - -r r.txt\n"
    found = [read(text, files={"r.txt": one}).sha256 for one in (b"a\n", b"b\n")]
    assert len({*found, read(text).sha256}) == 3
    missing = read(text)
    assert missing.completeness is Completeness.INCOMPLETE
    assert [(one.place, one.text) for one in missing.problems] == [
        ("line 3", "includes 'r.txt', which is not followed here")
    ]
    assert pip_lines(text.encode()) == "\n\n-r r.txt"


def test_one_that_conda_lock_wrote() -> None:
    found = read((SAMPLES / "conda-linux-64.lock.yml").read_text())
    assert asked(found) == ["httpx==0.28.1", "litellm==1.82.8"]
    assert len(found.commands) == 5
    assert (found.completeness, found.problems, found.requires_python) == (Completeness.COMPLETE, (), "==3.12.12")


def test_an_export_is_an_environment_where_that_was_said() -> None:
    found = read(EXPORT, "env")
    assert (found.kind, found.basis, found.format) == (DocumentKind.ENVIRONMENT, Basis.INSTALLED, "conda env export")
    assert (found.completeness, found.commands, found.requirements) == (Completeness.COMPLETE, (), ())
    assert [one.purl for one in found.components][-2:] == ["pkg:pypi/httpx@0.28.1", "pkg:pypi/litellm@1.82.8"]
    assert found.components[0].purl == "pkg:conda/ca-certificates@2026.1.4"
    assert read(EXPORT).kind is DocumentKind.MANIFEST
    without_pip = EXPORT.partition("  - pip:\n")[0]
    assert read(without_pip, "env").completeness is Completeness.UNKNOWN
    assert read(EXPORT.replace("ca-certificates", "a"), "env").completeness is Completeness.UNKNOWN


@pytest.mark.parametrize("change", ["python=3.12", "litellm>=1", "litellm"])
def test_an_export_without_pins_is_a_manifest(change: str) -> None:
    pins = {
        "python=3.12": "python=3.12.12=hd63d673_1_cpython",
        "litellm>=1": "litellm==1.82.8",
        "litellm": "litellm==1.82.8",
    }
    text = EXPORT.replace(pins[change], "python>=3.12" if "python" in change else change)
    assert read(text, "env").kind is DocumentKind.MANIFEST


@pytest.mark.parametrize(
    ("text", "specifier"),
    [
        ("numpy", ""),
        ("numpy *", ""),
        ("numpy=*", ""),
        ("numpy=1.26", "==1.26.*"),
        ("numpy=1.26.*", "==1.26.*"),
        ("numpy==1.26.0", "==1.26.0"),
        ("numpy=1.26.0=py312_0", "==1.26.0"),
        ("numpy 1.26.*", "==1.26.*"),
        ("numpy 1.26.0 py312_0", "==1.26.0"),
        ("defaults::numpy >=1.26, <2", "<2,>=1.26"),
        ("numpy~=1.26", "~=1.26"),
        ("numpy>=1.26|<1", None),
        ("numpy=1.26|1.27", None),
        ("numpy[version='>=1']", None),
        ("numpy<2.0a0", "<2.0a0"),
    ],
)
def test_what_conda_is_asked_for(text: str, specifier: str | None) -> None:
    assert conda_spec(text) == ("numpy", specifier)


@pytest.mark.parametrize("text", ["", "-e .", "=1.0", "<numpy", "https://x.example/a-1-0.conda", "a b c d e"])
def test_what_is_no_package_of_conda_leaves_it_open(text: str) -> None:
    found = read(f"channels: []\ndependencies:\n- '{text}'\n")
    assert found.completeness is Completeness.INCOMPLETE or found.commands[0].requirements[0].unreadable


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("channels: []\ndependencies:\n- *d\n", "line 3"),
        ("<<: *x\nchannels: []\ndependencies:\n- a\n", "line 1"),
        ("channels: []\ndependencies: litellm\n", "line 2"),
        ("channels: []\ndependencies:\n- npm:\n  - left-pad\n", "line 4"),
        ("channels: []\ndependencies:\n  litellm: '*'\n", "line 3"),
        ("dependencies:\n- pip:\n  - ==1\n", "line 3"),
        ("dependencies:\n- pip:\n  - -e /srv/lib\n", "line 3"),
        ("dependencies:\n- pip:\n  - -e git+https://git.example/x\n", "line 3"),
        ("dependencies:\n- pip:\n  - ./a-1.tar.gz.x.whl\n", "line 3"),
    ],
)
def test_what_cannot_be_read_leaves_it_open(text: str, place: str) -> None:
    found = read(text)
    assert found.kind is DocumentKind.MANIFEST
    assert found.completeness is Completeness.INCOMPLETE
    assert place in {one.place for one in found.problems}


@pytest.mark.parametrize(
    ("text", "of_pip", "of_conda"),
    [
        ("x: &d [litellm]\ndependencies:\n- pip: *d\n", ["litellm"], []),
        ("x: &d litellm\ndependencies:\n- *d\n- pip: []\n", [], [("line 1", "litellm")]),
        ("channels: []\nx: &d {pip: [a]}\ndependencies:\n- <<: *d\n", ["a"], []),
    ],
)
def test_what_an_alias_stands_for_is_read(text: str, of_pip: list[str], of_conda: list[tuple[str, str]]) -> None:
    found = read(text)
    assert (asked(found), by_conda(found)) == (of_pip, of_conda)
    assert found.completeness is not Completeness.INCOMPLETE


def test_a_list_that_stands_twice_counts_twice() -> None:
    found = read("dependencies:\n- a\ndependencies:\n- pip: [b, c]\n- pip: d\n")
    assert (asked(found), by_conda(found)) == (["b", "c", "d"], [("line 2", "a")])


def test_projects_by_their_folder_are_inputs_of_their_own() -> None:
    found = read("dependencies:\n- pip:\n  - -e .[x]\n  - ./lib\n  - a\n")
    assert [(one.place, one.tool, one.inputs, one.is_past_lock) for one in found.commands] == [
        ("line 3", "pip", ("pyproject.toml",), True),
        ("line 4", "pip", ("lib/pyproject.toml",), True),
    ]
    assert (asked(found), found.completeness, found.problems) == (["a"], Completeness.COMPLETE, ())


def test_further_indexes() -> None:
    text = "dependencies:\n- pip: [a]\npip-repositories:\n- https://me:hush@one.example/simple\nvariables:\n"
    found = read(f"{text}  PIP_EXTRA_INDEX_URL: https://two.example/simple\n")
    assert found.indexes == ("https://one.example/simple", "https://two.example/simple")


@pytest.mark.parametrize(
    ("text", "match"),
    [
        ("channels: []\ndependencies:\n- a\n{% if x %}\n", "line 4: not valid YAML"),
        ("channels: [\ndependencies:\n- a\n", "not valid YAML"),
        (f"channels: []\ndependencies: {'[' * 100_000}\n", "nested too deep"),
    ],
)
def test_a_file_that_cannot_be_used_is_rejected(text: str, match: str) -> None:
    with pytest.raises(InputError, match=match):
        read(text)


def test_a_hostile_file() -> None:
    """Very many entries, names of megabytes, and what a terminal would act on."""
    many = "dependencies:\n- pip: []\n" + "- a\n" * 20_000
    found = read(many)
    assert found.completeness is Completeness.INCOMPLETE
    assert "first 10,000 entries" in found.problems[0].text
    odd = read(f'dependencies:\n- "{"x" * 300_000}=1"\n- "\\e[31m\\u202e"\n- pip:\n  - "lit\\nellm"\n')
    assert all(len(one.text) <= 200 for one in odd.commands)
    assert all(len(one.text) <= 500 for one in odd.problems)
    assert asked(odd) == ["lit", "ellm"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Chart.yaml", "dependencies:\n- name: a\n  version: 1\n"),
        ("meta/main.yml", "dependencies:\n- role: a\n"),
        ("pubspec.yaml", "name: x\ndependencies:\n  a: ^1\n"),
        ("environment.yml", "NODE_ENV: production\ndependencies:\n  a: ^1\n"),
        ("README.md", "To install:\n\nchannels:\n- a\ndependencies:\n- b\n"),
        ("x.json", '{"channels": [], "dependencies": []}'),
        ("environment.yml", "spdxVersion: SPDX-2.3\ndependencies:\n- a\n"),
    ],
)
def test_others_are_not_claimed(name: str, text: str) -> None:
    assert not READER.claims(RawDocument(text.encode(), name, "lock"))
