"""Files that say what does not get into an image: their names, their patterns, and what cannot be read."""

from __future__ import annotations

import pytest

from graphkit.formats import read_document
from graphkit.model.documents import DocumentKind, is_telling, names_only


@pytest.mark.parametrize("name", [".dockerignore", "a/.DockerIgnore", "Dockerfile.dockerignore", ".containerignore"])
def test_its_patterns_are_kept_in_their_order(name: str) -> None:
    found = read_document(b"\xef\xbb\xbf# pip install x\n*\n\n  ! uv.lock \r\n #b\n", name, hint="lock")
    assert found is not None
    assert (found.kind, found.hides, found.commands) == (DocumentKind.SCRIPT, ("*", "! uv.lock", "#b"), ())
    assert is_telling(found)
    assert names_only(found)  # its folder is no service by it


def test_a_pattern_that_cannot_be_read_is_a_problem_and_one_of_comments_is_nobodys() -> None:
    found = read_document(b"a\n![\n" + b"b\n" * 1000, ".dockerignore")
    assert found is not None
    assert [one.place for one in found.problems] == ["line 2", "the file"]
    assert found.hides[-1] == "**"
    assert read_document(b"# a\n\n", ".dockerignore") is None
