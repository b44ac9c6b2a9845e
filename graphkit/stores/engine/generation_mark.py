"""The file that repeats the generation of a record, for readers that do not open the database."""

from __future__ import annotations

import re
from typing import Final

import xxhash

MARK: Final = "generation"
"""The name of the file."""
_SHAPE: Final = re.compile(rb"([0-9a-f]{8}-[0-9]+) ([0-9a-f]{16})")


def marked(generation: str) -> str:
    """Return the content of the file, with a sum of it."""
    return f"{generation} {xxhash.xxh3_64_hexdigest(generation.encode())}"


def generation_in(content: bytes) -> str | None:
    """Return the generation that the file names; None where it is damaged, or of an earlier graphkit.

    >>> generation_in(marked("0badcafe-7").encode())
    '0badcafe-7'
    """
    found = _SHAPE.fullmatch(content)
    if found is None or xxhash.xxh3_64_hexdigest(found[1]) != found[2].decode():
        return None
    return found[1].decode()


def is_before(generation: str, mark: str) -> bool:
    """Return whether a record is older than what a mark says was written to it."""
    store, _, number = generation.partition("-")
    marked_store, _, marked_number = mark.partition("-")
    return store != marked_store or int(number) < int(marked_number)
