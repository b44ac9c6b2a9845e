"""pixi.lock in the versions of its documentation, and every way to be odd."""

from __future__ import annotations

import pytest

from graphkit.formats import read_document
from graphkit.formats.conda.pixi_lock import READER
from graphkit.formats.interface import RawDocument
from graphkit.model.documents import Basis, Completeness, Document, DocumentKind
from graphkit.model.errors import InputError

SHA = "ab" * 32
SIX = f"""version: 6
environments:
  default:
    channels:
    - url: https://conda.example/conda-forge/
    indexes:
    - https://me:hush@index.example/simple
    packages:
      linux-64:
      - conda: https://conda.example/conda-forge/linux-64/python-3.12.12-hd63d673_1_cpython.conda
      - pypi: https://files.example/litellm-1.82.8-py3-none-any.whl
      - pypi: ./
      osx-arm64:
      - conda: https://conda.example/conda-forge/osx-arm64/python-3.12.12-h18782d2_1_cpython.conda
      - pypi: https://files.example/litellm-1.82.8-py3-none-any.whl
  test:
    channels:
    - url: https://conda.example/conda-forge/
    packages:
      linux-64:
      - pypi: https://files.example/iniconfig-2.3.0-py3-none-any.whl
packages:
- conda: https://conda.example/conda-forge/linux-64/python-3.12.12-hd63d673_1_cpython.conda
  sha256: {SHA}
  md5: c3473ff8bdb3d124ed5ff11ec380d6f9
  depends:
  - openssl >=3.5.4,<4.0a0
- conda: https://conda.example/conda-forge/osx-arm64/python-3.12.12-h18782d2_1_cpython.conda
  sha256: {SHA}
- pypi: https://files.example/iniconfig-2.3.0-py3-none-any.whl
  name: iniconfig
  version: 2.3.0
  sha256: {SHA}
- pypi: https://files.example/litellm-1.82.8-py3-none-any.whl
  name: litellm
  version: 1.82.8
  sha256: {SHA}
  requires_dist:
  - iniconfig>=2
  - httpx>=0.23.0 ; extra == 'proxy'
- pypi: ./
  name: shop
  version: 0.1.0
  sha256: {SHA}
  editable: true
"""
FOUR = """version: 4
environments:
  default:
    channels: []
    packages:
      linux-64:
      - conda: https://conda.example/conda-forge/linux-64/python-3.12.1-h_0.conda
      - pypi: https://files.example/litellm-1.82.6.tar.gz
packages:
- kind: conda
  name: python
  version: 3.12.1
  build: h_0
  subdir: linux-64
  url: https://conda.example/conda-forge/linux-64/python-3.12.1-h_0.conda
- kind: pypi
  name: litellm
  version: 1.82.6
  url: https://files.example/litellm-1.82.6.tar.gz
"""


def read(text: str, name: str = "x", hint: str = "") -> Document:
    found = read_document(text.encode(), name, hint=hint)
    assert found is not None
    assert (found.kind, found.basis) == (DocumentKind.LOCK, Basis.LOCKED)
    return found


@pytest.mark.parametrize("name", ["x", "pixi.lock", "environment.yml"])
def test_a_lock(name: str) -> None:
    found = read(SIX, name)
    assert (found.format, found.completeness, found.problems) == ("pixi.lock 6", Completeness.COMPLETE, ())
    assert (found.generator, found.governs) == (("pixi",), ())
    assert found.indexes == ("https://index.example/simple",)
    rows = [(one.purl, one.optional, one.origin) for one in found.components]
    assert rows == [
        ("pkg:conda/python@3.12.12", False, ""),
        ("pkg:conda/python@3.12.12", True, ""),  # for macOS
        ("pkg:pypi/iniconfig@2.3.0", True, ""),  # of the environment test
        ("pkg:pypi/litellm@1.82.8", False, ""),
        ("pkg:pypi/shop@0.1.0", False, "path:./"),
    ]
    assert all(one.sha256 == (SHA,) for one in found.components)


def test_what_a_package_requires_for_sure_and_the_lock_does_not_list_is_a_row_without_version() -> None:
    found = read(SIX.replace("iniconfig>=2", "Fast_Glue>=2\n  - python\n  - fast.glue\n  - =2\n  - [7]"))
    assert [(one.package, one.version) for one in found.components if not one.version] == [("fast-glue", "")]
    assert {problem.place.rpartition(".")[2] for problem in found.problems} == {
        f"requires_dist[{n}]" for n in (0, 3, 4)
    }
    assert found.completeness is Completeness.COMPLETE


def test_the_python_package_that_one_of_conda_is_is_another_name_of_it() -> None:
    purls = "  purls:\n  - pkg:pypi/litellm?source=hash-mapping\n  - pkg:pypi/python\n  - pkg:conda/x\n"
    found = read(SIX.replace("  md5: c3473ff8bdb3d124ed5ff11ec380d6f9\n", purls))
    assert found.completeness is Completeness.COMPLETE
    assert [(one.purl, one.optional) for one in found.components][:2] == [
        ("pkg:conda/python@3.12.12", False),
        ("pkg:conda/litellm@3.12.12", True),
    ]
    odd = read(SIX.replace("  md5: c3473ff8bdb3d124ed5ff11ec380d6f9\n", "  purls: [litellm]\n"))
    assert odd.completeness is Completeness.INCOMPLETE


def test_a_lock_of_years_ago() -> None:
    found = read(FOUR)
    assert (found.format, found.completeness) == ("pixi.lock 4", Completeness.COMPLETE)
    assert [(one.purl, one.optional) for one in found.components] == [
        ("pkg:conda/python@3.12.1", False),
        ("pkg:pypi/litellm@1.82.6", False),
    ]


def test_a_lock_that_was_cut_lacks_what_its_environments_have() -> None:
    found = read(SIX.partition("- pypi: https://files.example/litellm-1.82.8-py3-none-any.whl\n  name")[0])
    assert found.completeness is Completeness.INCOMPLETE
    assert "pkg:pypi/litellm@1.82.8" in {one.purl for one in found.components}


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("- pypi: ./\n  name", "- npm: ./\n  name", "packages[4]"),
        ("- pypi: ./\n      osx", "- npm: ./\n      osx", "environments.default.packages.linux-64[2]"),
        ("  name: litellm", "  name: '-'", "packages[3]"),
        ("  name: iniconfig\n  version: 2.3.0", "  name: litellm\n  version: 1.82.8", "packages[2]"),
        ("    indexes:", "    packages: {}\n    indexes:", "line 17"),
        (
            f"- pypi: ./\n  name: shop\n  version: 0.1.0\n  sha256: {SHA}",
            "- x\n- pypi: ./\n  name: shop",
            "packages[4]",
        ),
    ],
)
def test_a_row_that_is_lost_leaves_it_open(old: str, new: str, place: str) -> None:
    assert old in SIX
    found = read(SIX.replace(old, new))
    assert found.completeness is Completeness.INCOMPLETE
    assert place in {one.place for one in found.problems}


@pytest.mark.parametrize(
    ("text", "match"),
    [
        (SIX.replace("version: 6", "version: 99"), "version: version '99' of pixi.lock cannot be read; 4 to 6 can"),
        (SIX.replace("\npackages:\n", "\npackages: x\ny:\n"), "packages: should be an array"),
        (SIX.replace("version: 6", "version: ["), "not valid YAML"),
        (SIX.replace("version: 6", f"version: {'[' * 100_000}"), "nested more than 100 deep"),
    ],
)
def test_a_lock_that_cannot_be_used_is_rejected(text: str, match: str) -> None:
    with pytest.raises(InputError, match=match):
        read(text)


def test_a_hostile_lock() -> None:
    odd = read(SIX.replace("name: litellm", f"name: {'l' * 300_000}").replace("./", "'\\e[31m\\u202e'"))
    assert all(len(one.name) <= 1_000 for one in odd.components)
    assert all(len(one.text) <= 500 for one in odd.problems)
    assert "hush" not in repr(odd)


def test_others_are_not_claimed() -> None:
    for data in (b"version: 1\nenvironments: {}\npackages: []\n", b"environments:\n- conda: x\n", b"{}"):
        assert not READER.claims(RawDocument(data, "pixi.lock", "lock"))
