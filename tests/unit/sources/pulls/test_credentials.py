"""Tokens and keys: where they come from, and where they never go."""

from __future__ import annotations

import pytest

from graphkit.model.errors import GraphkitError
from graphkit.sources.pulls.credentials import Credential, from_keyring, secret

NAMES = ("GITHUB_TOKEN", "GH_TOKEN")


def none(service: str, user: str) -> str | None:
    return None


def broken(service: str, user: str) -> str | None:
    raise RuntimeError("the keyring is locked")


def test_the_first_variable_that_is_set_counts_before_the_keyring() -> None:
    held = {"GITHUB_TOKEN": " a\n", "GH_TOKEN": "b"}
    assert secret(NAMES, "git.example", environ=held, keyring=lambda *_: "c") == "a"
    assert secret(NAMES, "git.example", environ={"GITHUB_TOKEN": " ", "GH_TOKEN": "b"}, keyring=none) == "b"


def test_the_keyring_is_asked_for_the_host_and_may_have_nothing() -> None:
    asked: list[tuple[str, str]] = []

    def keyring(service: str, user: str) -> str:
        asked.append((service, user))
        return "k\n"

    assert secret(NAMES, "git.example", environ={}, keyring=keyring) == "k"
    assert asked == [("graphkit", "git.example")]
    assert secret(NAMES, "git.example", environ={}, keyring=none) == ""
    assert secret(NAMES, "git.example", environ={}, keyring=broken) == ""


def test_a_keyring_that_is_not_installed_or_empty_has_nothing() -> None:
    assert from_keyring("graphkit", "nobody.example") is None


def test_a_secret_that_no_header_may_hold_is_named_by_its_place_alone() -> None:
    for environ, place in (({"GH_TOKEN": "se\ncret"}, "GH_TOKEN"), ({}, "the keyring's entry for git.example")):
        with pytest.raises(GraphkitError, match=place) as caught:
            secret(NAMES, "git.example", environ=environ, keyring=lambda *_: "se\x00cret")
        assert "cret" not in str(caught.value).replace("secret", "")
        assert "se\n" not in str(caught.value)


def test_a_credential_shows_no_secret() -> None:
    one = Credential(header="X-Api-Key", variables=NAMES, value="hush")
    assert "hush" not in repr(one) + str(one) + one.advice
