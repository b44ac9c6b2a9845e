from __future__ import annotations

from pathlib import Path

import pytest
from pypi_simple import PYPI_SIMPLE_ENDPOINT

from graphkit.model.addresses import without_secrets
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


@pytest.mark.parametrize(
    "address",
    [
        "mirror.example/simple",
        "https://",
        "https:///simple",
        "https://[::1/simple",
        "file:///srv/simple",
        "//mirror/simple",
    ],
)
def test_what_is_no_web_address_is_one_line_that_names_the_option(home: dict[str, str], address: str) -> None:
    with pytest.raises(GraphkitError, match=r"is not an http or https URL; see --index-url$"):
        index_address(address, environ=home)


def test_a_password_without_a_scheme_is_not_shown(home: dict[str, str]) -> None:
    with pytest.raises(GraphkitError) as caught:
        index_address("user:secret@mirror.example/simple", environ=home)
    assert str(caught.value) == "the index address 'mirror.example/simple' is not an http or https URL; see --index-url"


@pytest.mark.parametrize("end", ["?token=secret", "#part", "/?a"])
def test_an_address_below_which_nothing_can_be_put_is_refused_without_its_query(home: dict[str, str], end: str) -> None:
    with pytest.raises(GraphkitError, match=r"holds \? or #") as caught:
        index_address(f"https://mirror.example/simple{end}", environ=home)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("https://a.example/simple?x=y", None),
        ("https://a.example/x=y/simple", "https://a.example/x=y/simple/"),
        ("named=https://a.example/simple//", "https://a.example/simple/"),
        ("  https://a.example/simple  ", "https://a.example/simple/"),
        ("   ", f"{PYPI_SIMPLE_ENDPOINT.rstrip('/')}/"),
        ("https://[::1]:8080/simple", "https://[::1]:8080/simple/"),
    ],
)
def test_a_variable_may_have_a_name_before_its_address(home: dict[str, str], value: str, expected: str | None) -> None:
    home["PIP_INDEX_URL"] = value
    if expected is None:
        with pytest.raises(GraphkitError):
            index_address(environ=home)
    else:
        assert index_address(environ=home) == expected


PUBLIC_ADDRESS = f"{PYPI_SIMPLE_ENDPOINT.rstrip('/')}/"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", PUBLIC_ADDRESS),
        ("\x00\x01 no toml", PUBLIC_ADDRESS),
        ('index-url = "https://old.example/simple"', "https://old.example/simple/"),
        ("index-url = 5", PUBLIC_ADDRESS),
        ('index = "https://a.example"', PUBLIC_ADDRESS),
        ('index = ["https://a.example"]', PUBLIC_ADDRESS),
        ('[[index]]\nurl = "https://a.example"', PUBLIC_ADDRESS),  # one beside the default
        ('[[index]]\nurl = "https://a.example"\ndefault = "true"', PUBLIC_ADDRESS),
        ("[[index]]\ndefault = true", PUBLIC_ADDRESS),
        (
            '[[index]]\nurl = "https://a.example"\n[[index]]\nurl = "https://b.example"\ndefault = true',
            "https://b.example/",
        ),
    ],
)
def test_what_a_file_of_uv_says(home: dict[str, str], tmp_path: Path, text: str, expected: str) -> None:
    path = tmp_path / "config" / "uv" / "uv.toml"
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    assert index_address(environ=home) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", PUBLIC_ADDRESS),
        ("no section", PUBLIC_ADDRESS),
        ("[global]\nindex-url =\n", PUBLIC_ADDRESS),
        ("[global]\nindex-url = https://a.example\n[install]\nindex-url = https://b.example\n", "https://b.example/"),
        ("[global]\nindex-url = https://a.example/%(x)s\n", "https://a.example/%(x)s/"),  # as it stands
        ("[global]\nindex-url = https://a.example\n[global]\n", PUBLIC_ADDRESS),
    ],
)
def test_what_a_file_of_pip_says(home: dict[str, str], tmp_path: Path, text: str, expected: str) -> None:
    for path in (tmp_path / "config" / "pip" / "pip.conf", tmp_path / ".pip" / "pip.conf"):
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
        assert index_address(environ=home) == expected
        path.unlink()


def test_a_file_that_is_no_text_says_nothing(home: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "config" / "uv" / "uv.toml").mkdir(parents=True)
    pip = tmp_path / "pip.conf"
    pip.write_bytes(b"[global]\nindex-url = https://a.example/\xff\n")
    home["PIP_CONFIG_FILE"] = str(pip)
    assert index_address(environ=home) == PUBLIC_ADDRESS
    assert index_name(PUBLIC_ADDRESS) == PUBLIC
