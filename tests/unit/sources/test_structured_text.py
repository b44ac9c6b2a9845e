from __future__ import annotations

import pytest

from graphkit.model.errors import InputError
from graphkit.sources.structured_text import decode, time


def test_yaml_keeps_versions_and_dates_as_written() -> None:
    assert decode(b"version: 1.10\ndate: 2026-03-24\nnone: ~\nempty:\nyes: true\n") == {
        "version": "1.10",
        "date": "2026-03-24",
        "none": None,
        "empty": None,
        "yes": "true",
    }


def test_toml_and_json_are_known_by_content() -> None:
    assert decode(b'at = 2026-03-24T10:39:00Z\n[a]\nb = "c"\n') == {"at": "2026-03-24T10:39:00+00:00", "a": {"b": "c"}}
    assert decode(b' {"a": [1]}') == {"a": [1]}
    assert decode(b"\xef\xbb\xbfa: b") == {"a": "b"}


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (b"a: 1\nb: 2\na: 3\n", "line 3"),
        (b"a: [1\nb: 2\n", "line 2"),
        (b"\xff\xfe", "byte 0"),
    ],
)
def test_what_cannot_be_read_says_where(data: bytes, place: str) -> None:
    with pytest.raises(InputError) as caught:
        decode(data)
    assert caught.value.place == place


@pytest.mark.parametrize(
    "data", [b"[" * 100_000, b"- " * 20_000 + b"a", b"a = " + b"[" * 5_000 + b"]" * 5_000, b'{"a": ']
)
def test_deep_or_broken_text_is_an_input_error(data: bytes) -> None:
    with pytest.raises(InputError):
        decode(data)


def test_a_slip_in_a_time_has_its_place() -> None:
    with pytest.raises(InputError, match=r"readings\[0\].from: .*2026-3-24.* give a UTC time"):
        time("2026-3-24", "readings[0].from")


def test_tags_construct_nothing() -> None:
    assert decode(b"a: !!python/object/apply:os.system [touch x]\n") == {"a": ["touch x"]}


@pytest.mark.parametrize(
    "data", [b"a = " + b"9" * 5_000, b"a = 1979-05-27T07:32:00+99:99", b"a = 1\na = 2", b"a = 1\n: ["]
)
def test_broken_toml_is_said_to_be_that(data: bytes) -> None:
    """A number of more digits than Python reads in one go is broken, too; to YAML these are texts."""
    with pytest.raises(InputError, match=r"^not valid TOML: "):
        decode(data)


def test_what_only_looks_like_toml_is_yaml() -> None:
    assert decode(b"a: >\n  x = 1\n") == {"a": "x = 1\n"}


def test_json_is_as_strict_with_keys_as_yaml_is() -> None:
    with pytest.raises(InputError, match="duplicate key 'affected'"):
        decode(b'{"id": "X-1", "affected": [{"package": {"name": "litellm"}}], "affected": []}')
