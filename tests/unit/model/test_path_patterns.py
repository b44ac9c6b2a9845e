"""Patterns of `.dockerignore`, as Docker reads them: from the top, the last that matches, and all below."""

from __future__ import annotations

import pytest

from graphkit.model.path_patterns import is_hidden

HIDDEN = [
    ("uv.lock", "uv.lock", True),
    ("/uv.lock", "uv.lock", True),
    ("./uv.lock", "uv.lock", True),
    ("uv.lock", "api/uv.lock", False),  # from the top
    ("**/uv.lock", "uv.lock", True),
    ("**/uv.lock", "a/b/uv.lock", True),
    ("**.lock", "a/uv.lock", True),
    ("*.lock", "a/uv.lock", False),
    ("api", "api/a/uv.lock", True),  # all below
    ("api/", "api/uv.lock", True),
    ("*/uv.lock", "api/uv.lock", True),
    ("*", "api/uv.lock", True),
    ("uv.loc?", "uv.lock", True),
    ("uv.[a-m]ock", "uv.lock", True),
    ("uv.[^l]ock", "uv.lock", False),
    ("\\*", "uv.lock", False),
    (".", "uv.lock", False),
    ("*.lock !uv.lock", "uv.lock", False),
    ("!uv.lock *.lock", "uv.lock", True),  # the last counts
    ("* !src", "src/uv.lock", False),
    ("* !src !pyproject.toml", "uv.lock", True),
    ("uv[.lock", "uv.lock", True),  # what cannot be read keeps all out
    ("* !uv[.lock", "uv.lock", True),  # and lets nothing in
    ("a**b", "uv.lock", True),
    ("* !", "uv.lock", True),
]


@pytest.mark.parametrize(("patterns", "path", "hidden"), HIDDEN)
def test_the_last_pattern_that_matches_says_what_gets_into_an_image(patterns: str, path: str, *, hidden: bool) -> None:
    assert is_hidden(path, patterns.split()) is hidden
