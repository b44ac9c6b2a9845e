"""Paths inside of a repository, as their parts: two ways to write one path are equal there."""

from __future__ import annotations

import re
from itertools import takewhile
from pathlib import PurePosixPath

PathParts = tuple[str, ...]
"""The parts of a path from the top of a repository."""
InputLine = tuple[str, str, str]
"""Repository or folder, path and branch: successive states of one input."""


def parts_of_path(path: PurePosixPath | str) -> PathParts:
    """Return the parts of a path, with what leads up and down again left out.

    >>> parts_of_path("api/../uv.lock"), parts_of_path("../uv.lock")
    (('uv.lock',), ('..', 'uv.lock'))
    """
    parts: list[str] = []
    for part in PurePosixPath(path).parts:
        if part == ".." and parts and parts[-1] != "..":
            parts.pop()
        else:
            parts.append(part)
    return tuple(parts)


def path_from(folder: PathParts, place: PathParts) -> str:
    """Return the path that leads from a folder to a place.

    >>> path_from(("api",), ("uv.lock",)), path_from((), ("api", "uv.lock"))
    ('../uv.lock', 'api/uv.lock')
    """
    alike = len(list(takewhile(lambda pair: pair[0] == pair[1], zip(folder, place, strict=False))))
    return "/".join([".."] * (len(folder) - alike) + list(place[alike:]))


def is_address_of(address: str, repository: str) -> bool:
    """Return whether the address of a repository is that of the one which answers call so, by its name.

    >>> is_address_of("git@git.example:acme/shop.git", "clones/shop"), is_address_of("https://git.example/x", "shop")
    (True, False)
    """
    plain = re.split(r"[?#]", address, maxsplit=1)[0].rstrip("/").removesuffix(".git")
    own = PurePosixPath(repository).name.casefold()
    return bool(own) and re.split(r"[/:]", plain)[-1].casefold() == own
