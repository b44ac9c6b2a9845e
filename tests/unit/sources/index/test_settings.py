from __future__ import annotations

from pathlib import Path

import pytest
from pypi_simple import PYPI_SIMPLE_ENDPOINT

from graphkit.formats.structured_text import without_secrets
from graphkit.model.errors import GraphkitError
from graphkit.sources.index.settings import PUBLIC, index_address, index_name


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    return {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "config"), "PIP_CONFIG_FILE": "/dev/null"}


def test_what_is_told_goes_first(home: dict[str, str]) -> None:
    home["UV_INDEX_URL"] = "https://other.example/simple"
    assert index_address("https://told.example/simple", environ=home) == "https://told.example/simple/"
    assert index_address(environ=home) == "https://other.example/simple/"


def test_a_named_uv_index_is_read_without_its_name(home: dict[str, str]) -> None:
    home["UV_DEFAULT_INDEX"] = "internal=https://named.example/simple"
    assert index_address(environ=home) == "https://named.example/simple/"


def test_files_of_uv_then_of_pip(home: dict[str, str], tmp_path: Path) -> None:
    pip = tmp_path / "pip.conf"
    pip.write_text("[global]\nindex-url = https://pip.example/simple\n", encoding="utf-8")
    home["PIP_CONFIG_FILE"] = str(pip)
    assert index_address(environ=home) == "https://pip.example/simple/"
    uv = tmp_path / "config" / "uv" / "uv.toml"
    uv.parent.mkdir(parents=True)
    uv.write_text('[[index]]\nurl = "https://uv.example/simple"\ndefault = true\n', encoding="utf-8")
    assert index_address(environ=home) == "https://uv.example/simple/"
    uv.write_text("not toml", encoding="utf-8")
    assert index_address(environ=home) == "https://pip.example/simple/"


def test_an_address_that_is_none_is_an_error_without_its_password(home: dict[str, str]) -> None:
    with pytest.raises(GraphkitError) as caught:
        index_address("ftp://user:secret@files.example/", environ=home)
    assert "secret" not in str(caught.value)


def test_facts_name_an_index_without_secrets() -> None:
    assert index_name(PYPI_SIMPLE_ENDPOINT) == PUBLIC
    assert index_name("https://user:secret@mirror.example/root/simple/?token=x") == "mirror.example"
    assert without_secrets("https://user:secret@mirror.example/a") == "https://mirror.example/a"
