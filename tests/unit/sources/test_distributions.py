"""Wheels and source archives among other files: which release each is, by its name and its bytes."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
import zipfile

import pytest

from graphkit.sources.distributions import distribution, is_distribution


def packed(name: str, *, is_zip: bool = False) -> bytes:
    held = io.BytesIO()
    if is_zip:
        with zipfile.ZipFile(held, "w") as archive:
            archive.writestr(name, "")
    else:
        with tarfile.open(fileobj=held, mode="w:gz") as archive:
            archive.addfile(tarfile.TarInfo(name))
    return held.getvalue()


SDIST = packed("litellm-1.82.7/PKG-INFO")


@pytest.mark.parametrize(
    ("path", "data", "version"),
    [
        ("vendor/litellm-1.82.7-py3-none-any.whl", b"whatever it holds", "1.82.7"),
        ("vendor/LiteLLM-1.82.7-PY3-none-any.WHL", b"", "1.82.7"),
        ("litellm-1.82.7.tar.gz", SDIST, "1.82.7"),
        ("litellm-1.82.7.zip", packed("litellm-1.82.7/PKG-INFO", is_zip=True), "1.82.7"),
        ("litellm-1.82.7.tar.gz", packed("data/rows.csv"), None),  # other archives have such names, too
        ("litellm-1.82.7.tar.gz", SDIST[:40], "1.82.7"),  # another reader may make more of it
        ("litellm-1.82.7.tar.gz", gzip.compress(b"an old form of tar, or what has none"), "1.82.7"),
        ("litellm-1.82.7.tar.gz", packed("./litellm-1.82.7/PKG-INFO"), "1.82.7"),
        ("litellm-1.82.7.zip", packed("litellm-1.82.7/PKG-INFO", is_zip=True)[:-1], "1.82.7"),
        ("litellm-1.82.7.tar.gz", b"no archive", None),
        ("eggs/litellm-1.82.7-py3.12.egg", b"whatever it holds", "1.82.7"),
        ("eggs/litellm-1.82.7.egg", None, "1.82.7"),
        ("eggs/litellm-1.82.7-py3.12-linux-x86_64.egg", None, "1.82.7"),
        ("notes.zip", packed("a/PKG-INFO", is_zip=True), None),
    ],
    ids=range(14),  # archives hold the time at which they were made
)
def test_a_file_is_the_release_that_its_name_says(path: str, data: bytes | None, version: str | None) -> None:
    found = distribution(path, data)
    assert (found and found.components[0].version) == version
    if found is not None:
        assert found.components[0].package == "litellm"
        assert found.components[0].sha256 == (() if data is None else (hashlib.sha256(data).hexdigest(),))


def pointer(oid: str) -> bytes:
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize 10\n".encode()


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("a/litellm-1.82.7-py3-none-any.whl", ("litellm", "1.82.7")),
        ("other-1.0-py3-none-any.whl", ("other", "1.0")),
        ("other-1.0.tar.gz", ("other", "1.0")),
        ("foo.whl", (None, "")),
    ],
)
def test_a_pointer_says_the_hash_of_the_file_that_it_stands_for(path: str, named: tuple[str | None, str]) -> None:
    found = distribution(path, pointer("ab" * 32))
    assert found is not None
    (row,) = found.components
    assert (row.package, row.version, row.sha256) == (*named, ("ab" * 32,))
    unread = distribution(path, pointer("ab" * 32).replace(b"sha256:", b"sha512:"))
    assert unread is not None
    assert unread.components[0].sha256 == ()
    assert unread.components[0].package == named[0]


def test_a_wheel_whose_name_says_no_release_is_known_by_its_hash() -> None:
    found = distribution("vendor/pkg.whl", b"bytes")
    assert found is not None
    (row,) = found.components
    assert (row.name, row.package, row.sha256) == ("pkg.whl", None, (hashlib.sha256(b"bytes").hexdigest(),))
    assert distribution("vendor/pkg.whl", None) is None


def test_the_same_bytes_under_two_names_are_two_documents() -> None:
    one, other = (distribution(name, b"") for name in ("litellm-1.82.7-py3-none-any.whl", "ok-1-py3-none-any.whl"))
    assert one is not None
    assert other is not None
    assert one.sha256 != other.sha256


def test_of_a_file_that_cannot_be_had_the_name_counts() -> None:
    found = distribution("litellm-1.82.7.tar.gz", None)
    assert found is not None
    assert found.components[0].sha256 == ()


METADATA = b"Metadata-Version: 2.1\nName: LiteLLM\nVersion: 1.82.7\n\nName: other\n"


@pytest.mark.parametrize(
    ("path", "data", "named"),
    [
        ("env/litellm-1.82.7.dist-info/METADATA", METADATA, ["litellm 1.82.7"]),
        ("env/litellm-1.82.7.dist-info/METADATA", None, ["litellm 1.82.7"]),
        ("env/litellm-1.82.6.dist-info/METADATA", METADATA, ["litellm 1.82.7", "litellm 1.82.6"]),
        ("src/litellm.egg-info/PKG-INFO", METADATA, ["litellm 1.82.7"]),
        ("litellm-1.82.7-py3.12.egg-info/PKG-INFO", b"", ["litellm 1.82.7"]),
        ("litellm-1.82.7-py3.12.egg-info", METADATA, ["litellm 1.82.7"]),
        ("litellm-1.82.7-py3.12.egg/EGG-INFO/PKG-INFO", METADATA, ["litellm 1.82.7"]),
        ("vendor/litellm-1.82.7/PKG-INFO", METADATA, ["litellm 1.82.7"]),
        ("EGG-INFO/PKG-INFO", METADATA, ["litellm 1.82.7"]),
        ("src/litellm.egg-info/PKG-INFO", None, None),
        ("src/litellm.egg-info/PKG-INFO", b"Name: ?\nVersion: 1\n", None),
        ("src/litellm.egg-info/SOURCES.txt", METADATA, None),
        ("docs/METADATA", METADATA, None),
        ("litellm-1.82.7-py3-none-any.whl/litellm-1.82.7.dist-info/METADATA", METADATA, ["litellm 1.82.7"]),
        ("vendor/litellm/PKG-INFO", METADATA, ["litellm 1.82.7"]),
        ("vendor/litellm/PKG-INFO", None, None),
        ("env/litellm-1.82.7.dist-info/RECORD", METADATA, ["litellm 1.82.7"]),
        ("env/litellm-1.82.7.dist-info/WHEEL", None, ["litellm 1.82.7"]),
        ("docs/RECORD", METADATA, None),
    ],
)
def test_metadata_is_of_the_release_that_it_or_its_folder_names(
    path: str, data: bytes | None, named: list[str] | None
) -> None:
    assert is_distribution(path) is (named is not None or path.endswith("/PKG-INFO"))
    found = distribution(path, data) if is_distribution(path) else None
    assert (found and [f"{row.package} {row.version}" for row in found.components]) == named


def test_files_of_one_folder_that_say_the_same_are_one_document() -> None:
    one, other = (distribution(f"env/litellm-1.82.7.dist-info/{name}", METADATA) for name in ("METADATA", "RECORD"))
    assert one == other
    assert one is not None
    assert one.path == "env/litellm-1.82.7.dist-info"


def test_python_in_the_name_of_an_egg_ends_no_name() -> None:
    found = distribution("lite-pyllm-1.82.7-py3.12.egg", None)
    assert found is not None
    assert (found.components[0].package, found.components[0].version) == ("lite-pyllm", "1.82.7")


@pytest.mark.parametrize("path", ["a" + "-py3" * 60_000 + ".egg", "a-" * 100_000 + "/PKG-INFO"])
def test_a_long_path_is_looked_at_once(path: str) -> None:
    assert distribution(path, None) is None  # within the time that a test may take
