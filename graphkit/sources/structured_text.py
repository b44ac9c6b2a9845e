"""Text files that people write, YAML, TOML or JSON, decoded into typed values: every error with its place."""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from collections.abc import Callable
from typing import Any, Final, TypeVar

import msgspec

from graphkit.formats.duplicate_keys import refuse_duplicate_keys
from graphkit.formats.yaml_values import strict_yaml_value
from graphkit.model.errors import InputError
from graphkit.model.times import BadTime, Instant, Moment, instant, moment

_T = TypeVar("_T")
_DEEPEST: Final = 100


def decode(data: bytes) -> Any:
    """Return what a file holds, by its content: JSON, TOML or YAML (1.1), in this order.

    Nothing is ever constructed but mappings, lists and scalars. TOML dates come as RFC 3339 text.

    Raises:
        InputError: none of the three can read it, with the place that the most likely one names; or a key stands
            twice in one object.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError("not valid UTF-8", place=f"byte {error.start}") from error
    try:
        if text.lstrip()[:1] in {"{", "["}:
            found = msgspec.json.decode(text)
            refuse_duplicate_keys(text.encode())
            return found
        if not re.search(r"^[ \t]*(?:\[\[?[\w.\"-]+\]\]?|[\w.\"-]+\s*=)", text, re.MULTILINE):
            return strict_yaml_value(text)
        try:
            return _without_dates(tomllib.loads(text))
        except ValueError as error:  # TOMLDecodeError is one; so are more digits than int() reads in one go
            try:
                found = strict_yaml_value(text)
            except InputError:
                found = ""
            if isinstance(found, str):  # to YAML most broken TOML is one long text
                raise InputError(f"not valid TOML: {error}") from error
            return found
    except (msgspec.DecodeError, RecursionError) as error:
        raise InputError(f"cannot be read: {error}") from error


def _without_dates(value: Any, depth: int = 0) -> Any:
    if depth > _DEEPEST:
        raise InputError(f"nested more than {_DEEPEST} deep")
    if isinstance(value, dict):
        return {key: _without_dates(one, depth + 1) for key, one in value.items()}
    if isinstance(value, list):
        return [_without_dates(one, depth + 1) for one in value]
    return value.isoformat() if isinstance(value, dt.datetime | dt.date | dt.time) else value


def typed(value: Any, shape: type[_T]) -> _T:
    """Return a decoded value as a struct type.

    Raises:
        InputError: a key or value that the shape does not have, with its place as in ``services[2].owner``.
    """
    try:
        return msgspec.convert(value, shape, strict=False)
    except (msgspec.ValidationError, RecursionError) as error:
        problem, _, place = str(error).partition(" - at `")
        raise InputError(problem, place=place.rstrip("`").removeprefix("$").lstrip(".")) from error


def time_as_told(text: str | None, place: str) -> Moment | None:
    """Return the moment of a text, as precisely as it says it, None for none.

    Raises:
        InputError: the text is no time.
    """
    return _read(moment, text, place)


def time(text: str | None, place: str) -> Instant | None:
    """Return the instant of a text, None for none.

    Raises:
        InputError: the text is no time.
    """
    return _read(instant, text, place)


def _read(reader: Callable[[str], _T], text: str | None, place: str) -> _T | None:
    if text is None:
        return None
    try:
        return reader(text)
    except BadTime as error:
        raise InputError(f"{error}; give a UTC time such as 2026-03-24T10:52:00Z", place=place) from error
