"""Pointers of Git LFS: what they stand for is not known, so they clear nobody."""

from __future__ import annotations

import pytest

from graphkit.formats import read_document
from graphkit.model.documents import Completeness, DocumentKind

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"4d" * 32 + b"\nsize 12345\n"


NAMES = (
    *(
        "requirements.txt",
        "requirements/dev.in",
        "uv.lock",
        "a/pyproject.toml",
        "Pipfile",
        "web\\poetry.lock",
        "setup.py",
    ),
    *("conda-lock.yml", "a/dev.conda-lock.yaml", "pixi.lock", "conda-linux-64.lock", "pylock.dev.toml"),
)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("hint", ["", "lock"])
def test_a_pointer_in_the_place_of_an_input_is_one_that_nobody_read(name: str, hint: str) -> None:
    for data in (POINTER, POINTER.replace(b"\n", b"\r\n")):
        found = read_document(data, name, hint=hint)
        assert found is not None
        assert (found.kind, found.completeness) == (DocumentKind.MANIFEST, Completeness.INCOMPLETE)
        assert found.problems


@pytest.mark.parametrize("name", ["model.bin", "README.md", "data.csv"])
def test_other_pointers_are_nobodys(name: str) -> None:
    assert read_document(POINTER, name, hint="lock") is None
