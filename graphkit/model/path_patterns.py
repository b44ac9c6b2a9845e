"""Patterns of paths, as CODEOWNERS and `.dockerignore` have them, matched part by part.

No package reads them safely: those on the index turn a pattern into one regular expression, in which twenty stars take
hours. Here `**` is matched without recursion, and one part by `fnmatch`, whose expressions never go back behind a star.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import Final

ANY_DEPTH: Final = "**"
"""The part of a pattern that stands for any number of folders, also none."""
LONGEST: Final = 4096
"""No path is longer on the systems that hold repositories; a longer pattern matches nothing."""
_CHARACTER: Final = re.compile(r"\\(.)|(\[\^?[^\]\[\\!^]+\])|(.)", re.DOTALL)


def matches(pattern: Sequence[str], path: Sequence[str]) -> bool:
    """Return whether the parts of a path are those of a pattern. Cost: at worst the product of both.

    As for the star of a glob, only the last `**` ever has to take in more: what an earlier one could
    still take, the later can as well.
    """
    at = here = 0
    star, retry = -1, 0
    while here < len(path):
        if at < len(pattern) and pattern[at] == ANY_DEPTH:
            star, retry = at, here
            at += 1
        elif at < len(pattern) and fnmatchcase(path[here], pattern[at]):
            at += 1
            here += 1
        elif star >= 0:
            retry += 1
            at, here = star + 1, retry
        else:
            return False
    return all(part == ANY_DEPTH for part in pattern[at:])


def glob(part: str, *, has_ranges: bool = False) -> str:
    """Return one part of a pattern as `fnmatch` reads it: escaped characters stand for themselves.

    Raises:
        ValueError: it has a bracket that begins no range, or any at all where there are no ranges.
    """
    found: list[str] = []
    for escaped, in_range, plain in _CHARACTER.findall(part):
        if plain == "[" or (in_range and not has_ranges):
            raise ValueError("ranges of characters in [ ] are not read")
        named = f"[{escaped}]" if escaped and escaped in "*?[" else escaped
        found.append(named or in_range.replace("[^", "[!") or plain)
    return re.sub(r"(?<!\[)\*{2,}", "*", "".join(found))


@lru_cache(maxsize=4096)
def parts_of_hidden(pattern: str) -> tuple[str, ...]:
    """Return the parts of a pattern of a `.dockerignore`, which begins at the top and takes in all below.

    Raises:
        ValueError: it cannot be read.
    """
    if len(pattern) > LONGEST:
        raise ValueError("longer than any path")
    plain = posixpath.normpath(pattern.strip()).lstrip("/")
    if plain in {"", "."}:
        return ()
    found: list[str] = []
    for part in plain.split("/"):
        inner = part.lstrip("*") if part.startswith(ANY_DEPTH) else part
        found += [ANY_DEPTH] if inner != part else []  # `**.lock` crosses folders, as `**/*.lock` does
        if ANY_DEPTH in inner:
            raise ValueError("`**` inside a name")
        found += [glob(f"*{inner}" if inner != part else part, has_ranges=True)] if inner else []
    return (*found, ANY_DEPTH)


def is_hidden(path: str, patterns: Iterable[str]) -> bool:
    """Return whether the patterns of a `.dockerignore` keep a file out of the image; the last one that matches counts.

    ``path`` is that from the folder that the image is built from. A pattern that cannot be read keeps files out, and
    lets none in.

    >>> is_hidden("uv.lock", ["*.lock"]), is_hidden("uv.lock", ["*", "!uv.lock"]), is_hidden("a/uv.lock", ["*.lock"])
    (True, False, False)
    """
    parts = path.split("/")
    found = False
    for pattern in patterns:
        lets_in = pattern.startswith("!")
        try:
            is_match = matches(parts_of_hidden(pattern[lets_in:]), parts)
        except ValueError:
            is_match = not lets_in
        if is_match:
            found = not lets_in
    return found
