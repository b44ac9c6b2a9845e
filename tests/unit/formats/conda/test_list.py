"""What conda lists of an environment, in every form, by its documentation; and every way to be odd."""

from __future__ import annotations

import json
from typing import Any

import pytest

from graphkit.formats import read_document
from graphkit.formats.conda.list import READER
from graphkit.formats.interface import RawDocument
from graphkit.model.documents import Basis, Completeness, Document, DocumentKind
from graphkit.model.errors import InputError

TEXT = """# packages in environment at /opt/conda/envs/app:
#
# Name                    Version                   Build  Channel
_libgcc_mutex             0.1                 conda_forge    conda-forge
ca-certificates           2026.1.4             hbd8a1cb_0    conda-forge
litellm                   1.82.8                   pypi_0    pypi
numpy                     2.4.0           py312h33ff503_0
openssl                   3.6.0                h26f9b46_0    conda-forge
python                    3.12.12         hd63d673_1_cpython    conda-forge
"""
OLD = """# packages in environment at C:\\Users\\me\\Miniconda3:
#
ca-certificates           2018.03.07                    0
flask                     1.0.2                     <pip>
openssl                   1.0.2o               h8ea7d77_0
python                    3.6.5                h0c2934d_0
shop                      0.1                       dev_0    <develop>
"""
MAMBA = """List of packages in environment: "/opt/conda/envs/app"

  Name             Version  Build               Channel
──────────────────────────────────────────────────────────
  ca-certificates  2026.1.4 hbd8a1cb_0          conda-forge
  openssl          3.6.0    h26f9b46_0          conda-forge
  python           3.12.12  hd63d673_1_cpython  conda-forge
"""
EXPORT = """# This file may be used to create an environment using:
# $ conda create --name <env> --file <this file>
# platform: linux-64
# created-by: conda 25.9.1
ca-certificates=2026.1.4=hbd8a1cb_0
litellm=1.82.8=pypi_0
openssl=3.6.0=h26f9b46_0
python=3.12.12=hd63d673_1_cpython
"""


def row(name: Any, version: Any = "1", build: Any = "h0_0", channel: Any = "conda-forge") -> dict[str, Any]:
    base = f"https://conda.example/{channel}"
    more = {"base_url": base, "build_number": 0, "dist_name": f"{name}-{version}-{build}", "platform": "linux-64"}
    return {**more, "build_string": build, "channel": channel, "name": name, "version": version}


def as_json(*rows: Any) -> bytes:
    return json.dumps([row("ca-certificates"), row("openssl"), row("python"), *rows], indent=2).encode()


def read(data: str | bytes, hint: str = "", name: str = "x") -> Document:
    raw = data.encode() if isinstance(data, str) else data
    found = read_document(raw, name, hint=hint)
    assert found is not None
    assert (found.kind, found.basis, found.source_kind) == (DocumentKind.ENVIRONMENT, Basis.INSTALLED, "environment")
    return found


def purls(document: Document) -> list[str]:
    return [one.purl for one in document.components]


@pytest.mark.parametrize("hint", ["", "env", "lock", "sbom"])
@pytest.mark.parametrize("name", ["x", "requirements.txt", "environment.yml"])
def test_text(hint: str, name: str) -> None:
    found = read(TEXT, hint, name)
    assert (found.format, found.completeness, found.problems) == ("conda list", Completeness.COMPLETE, ())
    assert found.generator == ("conda",)
    assert purls(found) == [
        "pkg:conda/_libgcc_mutex@0.1",
        "pkg:conda/ca-certificates@2026.1.4",
        "pkg:pypi/litellm@1.82.8",
        "pkg:conda/numpy@2.4.0",
        "pkg:conda/openssl@3.6.0",
        "pkg:conda/python@3.12.12",
    ]
    assert [one.package for one in found.components if one.package] == ["litellm"]
    assert found.places[2] == "line 6"


def test_text_of_years_ago() -> None:
    found = read(OLD)
    assert purls(found)[1] == "pkg:pypi/flask@1.0.2"
    assert [(one.package, one.origin) for one in found.components if one.package] == [
        ("flask", ""),
        ("shop", "directory:"),
    ]
    assert found.completeness is Completeness.COMPLETE


def test_the_text_of_mamba_lists_what_pip_installed_or_not() -> None:
    found = read(MAMBA)
    assert (found.generator, found.completeness) == (("mamba",), Completeness.UNKNOWN)
    assert len(found.components) == 3
    assert read(f"{MAMBA}  litellm  1.82.8  pypi_0  pypi\n").completeness is Completeness.COMPLETE


def test_json() -> None:
    found = read(as_json(row("LiteLLM", "1.82.8", "pypi_0", "pypi")))
    assert found.format == "conda list (JSON)"
    assert (found.completeness, found.problems) == (Completeness.COMPLETE, ())
    assert purls(found)[-1] == "pkg:pypi/litellm@1.82.8"
    assert found.places[-1] == "rows[3]"
    assert read(as_json()).completeness is Completeness.UNKNOWN
    one = json.dumps([row("litellm", "1.82.8", "pypi_0", "https://conda.example/pypi")])
    assert purls(read(one, "env")) == ["pkg:pypi/litellm@1.82.8"]


def test_an_export() -> None:
    found = read(EXPORT)
    assert found.format == "conda list (export)"
    assert (found.generator, found.completeness) == (("conda 25.9.1",), Completeness.COMPLETE)
    assert purls(found)[1] == "pkg:pypi/litellm@1.82.8"
    anonymous = EXPORT.replace("# created-by: conda 25.9.1\n", "").replace("litellm=1.82.8=pypi_0\n", "")
    assert read(anonymous).completeness is Completeness.UNKNOWN


def test_a_list_that_was_filtered_is_not_complete() -> None:
    kept = [line for line in TEXT.splitlines(keepends=True) if "#" in line or "py" in line]
    assert read("".join(kept)).completeness is Completeness.UNKNOWN


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (f"{TEXT}litellm  1.8", "line 10"),
        (f"{TEXT}~itellm  1.82.8  pypi_0  pypi\n", "line 10"),
        (f"{EXPORT}litellm\n", "line 9"),
        (f"{EXPORT}litellm=1=2=3\n", "line 9"),
        (as_json(None), "rows[3]"),
        (as_json(5), "rows[3]"),
        (as_json({}), "rows[3]"),
        (as_json(row(None)), "rows[3]"),
        (as_json(row(["x"])), "rows[3].name"),
        (as_json(row("-", "1", "pypi_0", "pypi")), "rows[3]"),
        (as_json(row("litellm", 1.1, "pypi_0", "pypi")), "rows[3].version"),
    ],
)
def test_broken_rows_leave_it_open(data: str | bytes, place: str) -> None:
    found = read(data)
    assert found.completeness is Completeness.INCOMPLETE
    assert place in {one.place for one in found.problems}


@pytest.mark.parametrize("data", [as_json()[:-30], as_json().replace(b'"h0_0"', b"[" * 50_000, 1)])
def test_broken_json_is_rejected(data: bytes) -> None:
    with pytest.raises(InputError):
        read_document(data, "x.json") or pytest.fail("nobody claimed it")


def test_a_hostile_list() -> None:
    odd = "\x1b[31m\u202e"
    found = read(f"{TEXT}lit{odd}ellm 1.82.8 pypi_0 pypi\n{'n' * 300_000} {'9' * 100_000} b c d e f\n")
    assert found.completeness is Completeness.INCOMPLETE
    assert len(found.components[-1].name) == 1_000
    assert all(len(one.text) <= 500 for one in found.problems)


@pytest.mark.parametrize(
    "data",
    [
        b"litellm 1.82.8 pypi_0 pypi\n",
        b"JAVA_OPTS=-Dx=y\nHOME=/root\n",
        b'[{"name": "a", "version": "1"}]',
        b'[{"base_url": "x", "channel": "y"}]',
        b"# A list of packages in environment variables\n",
    ],
)
def test_others_are_not_claimed(data: bytes) -> None:
    assert not READER.claims(RawDocument(data, "conda-list.txt", "env"))
