"""What addresses say: names, versions, hashes, and nothing that is secret."""

from __future__ import annotations

import pytest

from graphkit.formats.addresses import named_by, sha256_of, without_passwords
from graphkit.formats.diagnostics import quoted

A = "aa" * 32


@pytest.mark.parametrize(
    ("address", "named"),
    [
        ("https://files.example/Lite_LLM-1.82.8-py3-none-any.whl?x=1#sha256=0", ("lite-llm", "1.82.8")),
        ("..\\wheels\\a-1.0.tar.gz", ("a", "1.0")),
        ("file:///tmp/a%5Fb-1.zip", ("a-b", "1")),
        ("./a-1.whl", ("", "")),
        ("git+https://git.example/x#subdirectory=y&egg=a[b]", ("a", "")),
        ("git+https://git.example/x#egg=litellm-1.82.8", ("", "")),
        ("https://git.example/litellm", ("", "")),
    ],
)
def test_names(address: str, named: tuple[str, str]) -> None:
    assert named_by(address) == named


def test_hashes_of_fragments() -> None:
    assert sha256_of(f"https://files.example/a.whl#egg=a&sha256={A.upper()}") == A
    assert sha256_of(f"https://files.example/a.whl#sha256={A}00") == ""
    assert sha256_of(f"https://files.example/a.whl?sha256={A}") == ""


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("--index-url https://user:p@ss@index.example/simple", "--index-url https://index.example/simple"),
        ("git+https://token@git.example/a@abc", "git+https://git.example/a@abc"),
        ("ssh://git:secret@git.example/a", "ssh://git.example/a"),
        ("git+ssh://git@git.example/a", "git+ssh://git@git.example/a"),
        ("https://files.example/@scope/a https://u:p@b.example", "https://files.example/@scope/a https://b.example"),
        ("a@b", "a@b"),
        ("1https://u:p@b.example 2+ssh://u@b.example -://u@b", "1https://b.example 2+ssh://u@b.example -://b"),
    ],
)
def test_secrets_are_left_out(text: str, left: str) -> None:
    assert without_passwords(text) == left
    assert quoted(text) == repr(left)


@pytest.mark.parametrize("part", ["x", "a+", "://", "a://"])
def test_a_long_text_is_looked_through_once(part: str) -> None:
    """A search that begins anew at every letter takes hours for this."""
    text = part * (1_000_000 // len(part))
    assert without_passwords(f"@{text}") == f"@{text}"
