"""Files of an environment: what may be read, what is remembered, and what a link or a name of no file leads to."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from graphkit.model.environment import Environment
from graphkit.sources.environments import files as installed_files
from graphkit.sources.environments.files import InstalledFiles, shown_path

DEFAULT = Environment().python


@pytest.fixture
def library(tmp_path: Path) -> Path:
    folder = tmp_path / "venv" / "lib" / "python3.12" / "site-packages"
    folder.mkdir(parents=True)
    (tmp_path / "venv" / "pyvenv.cfg").write_text("include-system-site-packages = false\nversion = 3.11.2\n")
    return folder


def texts(files: InstalledFiles) -> list[tuple[str, str]]:
    return [(one.place, one.text) for one in files.diagnostics.problems]


def test_a_file_is_read_and_its_hash_is_of_the_identity(library: Path) -> None:
    (library / "a").write_bytes(b"data")
    one, other = InstalledFiles(library, library), InstalledFiles(library, library)
    empty = one.identity()
    assert empty == hashlib.sha256(b"").hexdigest()
    assert one.bytes_of(library / "a", "METADATA") == b"data"
    assert one.identity() != empty
    (library / "a").write_bytes(b"other")
    other.bytes_of(library / "a", "METADATA")
    assert other.identity() != one.identity()


@pytest.mark.parametrize("name", ["gone", "folder", "nul\0", "n" * 300])
def test_what_is_no_file_is_none_and_no_problem(library: Path, name: str) -> None:
    (library / "folder").mkdir()
    files = InstalledFiles(library, library)
    if name == "n" * 300:
        assert files.bytes_of(library / name, "METADATA") is None  # longer than a name may be
    else:
        assert files.bytes_of(library / name, "METADATA") is None
        assert texts(files) == []


def test_a_link_out_of_what_was_given_is_not_followed_and_said_once(library: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("mine")
    (library / "out").symlink_to(tmp_path / "secret")
    (library / "in").symlink_to(library / "real")
    (library / "real").write_text("ours")
    files = InstalledFiles(library, library)
    assert files.bytes_of(library / "in", "METADATA") == b"ours"
    for _ in range(2):
        assert files.bytes_of(library / "out", "METADATA") is None
    assert texts(files) == [("out", "not read: what this link leads to")]
    (tmp_path / "venv" / "conda-meta").mkdir()
    (library / "up").symlink_to(tmp_path / "venv" / "pyvenv.cfg")  # of the same environment
    assert InstalledFiles(library, library).bytes_of(library / "up", "METADATA") is not None


def test_links_in_a_circle_are_of_no_file(library: Path) -> None:
    (library / "a").symlink_to(library / "b")
    (library / "b").symlink_to(library / "a")
    files = InstalledFiles(library, library)
    assert files.bytes_of(library / "a", "METADATA") is None
    assert not files.may_read(library / "a")
    assert not files.is_given(library / "a")


def test_a_name_with_a_nul_may_not_be_read(library: Path) -> None:
    files = InstalledFiles(library, library)
    assert not files.may_read(library / "a\0b")
    assert not files.is_given(library / "a\0b")
    assert files.is_given(library / "a")
    assert not files.is_given(library.parent)


def test_a_file_that_is_larger_than_its_kind_may_be_is_not_read(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(installed_files.LARGEST, "list", 3)
    (library / "three").write_bytes(b"abc")
    (library / "four").write_bytes(b"abcd")
    files = InstalledFiles(library, library)
    assert files.bytes_of(library / "three", "list") == b"abc"
    assert files.bytes_of(library / "four", "list") is None
    assert texts(files) == [("four", "larger than 0 MiB; not read")]


def test_a_file_that_the_system_does_not_give_is_said(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    (library / "a").write_text("x")
    monkeypatch.setattr(Path, "read_bytes", refused)
    files = InstalledFiles(library, library)
    assert files.bytes_of(library / "a", "METADATA") is None
    assert texts(files) == [("a", "cannot be read: Permission denied")]
    assert files.identity() != InstalledFiles(library, library).identity()


def test_a_path_is_called_from_the_folder_the_prefix_or_what_was_given(library: Path, tmp_path: Path) -> None:
    files = InstalledFiles(library, tmp_path)
    assert files.prefix == tmp_path / "venv"
    assert files.label(library / "a" / "b") == "a/b"
    assert files.label(tmp_path / "venv" / "conda-meta") == "conda-meta"
    assert files.label(tmp_path / "beside") == "beside"
    assert files.label(Path("/elsewhere/x")) == "/elsewhere/x"


def test_a_name_that_is_not_utf8_is_shown_with_its_bytes() -> None:
    assert shown_path(os.fsdecode(b"a\xffb")) == "a\\xffb"
    assert shown_path("é") == "é"


@pytest.mark.parametrize(
    ("folder", "settings", "python", "is_open"),
    [
        ("python3.12", "include-system-site-packages = false\nversion = 3.11.2", "3.12", False),
        ("python3.13t", "include-system-site-packages = false", "3.13", False),
        ("lib64", "include-system-site-packages = False\nversion = 3.11.2", "3.11", False),
        ("lib64", "version_info = 3.10.1.final.0\nINCLUDE-SYSTEM-SITE-PACKAGES=FALSE", "3.10", False),
        ("lib64", "include-system-site-packages = true", DEFAULT, True),
        ("lib64", "include-system-site-packages = false\ninclude-system-site-packages = true", DEFAULT, True),
        ("lib64", "", DEFAULT, True),  # Python takes silence for yes
        ("lib64", None, DEFAULT, False),
        ("python2.7", None, DEFAULT, False),
        ("python3.12x", None, DEFAULT, False),
    ],
)
def test_the_python_of_a_folder(
    tmp_path: Path,
    folder: str,
    settings: str | None,
    python: str,
    is_open: bool,  # noqa: FBT001 - a parameter of a test
) -> None:
    library = tmp_path / "v" / folder / "site-packages"
    library.mkdir(parents=True)
    if settings is not None:
        (tmp_path / "v" / "pyvenv.cfg").write_bytes(settings.encode() + b"\n\xff\n")
    files = InstalledFiles(library, library)
    before = files.identity()
    assert files.python() == python
    assert bool(texts(files)) == is_open
    assert files.identity() != before


def test_settings_that_are_a_folder_are_none(tmp_path: Path) -> None:
    (tmp_path / "pyvenv.cfg").mkdir()
    assert InstalledFiles(tmp_path, tmp_path).prefix is None
    assert InstalledFiles(tmp_path, tmp_path).python() == DEFAULT
