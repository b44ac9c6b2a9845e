"""Finds what ships with the code: the `queries` and `examples` folders, and the words that the code writes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType
from typing import Final

from graphkit.model.errors import GraphkitError

_LONG: Final = 60
_PACKAGE: Final = Path(__file__).resolve().parent


def resource(*parts: str, package: Path = _PACKAGE) -> Path:
    """Return the path of a shipped file or folder, such as ``resource("examples", "litellm-2026-03")``.

    A wheel carries the two folders inside the package, as ``_resources``; a checkout has them beside
    it. The wheel's own are looked at first, since what stands beside an installed package is somebody
    else's. ``package`` is the folder of the package, for tests. A part may come from the command line
    (the id of an incident), so each must be one plain name. Cost: two looks at the file system.

    Raises:
        GraphkitError: a part is no plain name, or nothing of that name ships with graphkit.
    """
    name = "/".join(parts)[:80]  # as far as a message needs it
    if not parts or not all(map(_is_plain, parts)):
        raise GraphkitError(f"{name!r} does not name a file that ships with graphkit")
    shipped = package / "_resources"
    found = (shipped if shipped.is_dir() else package.parent).joinpath(*parts)
    try:
        found.stat()
    except OSError as error:  # missing, or a name the file system cannot hold
        raise GraphkitError(f"{name!r} does not ship with this graphkit") from error
    return found


_ROOMS: Final = ("model", "formats", "trace", "reports")
"""Where the sentences of answers are made."""
_LOADED: Final = "graphkit"
"""What a module is called whose code is read and not run."""
_WORD: Final = re.compile(r"[^\W_](?:[\w.+!-]*\w)?")


@cache
def own_words() -> frozenset[str]:
    """Return every word, in lower case, of the texts in the code that makes sentences; its docstrings are none.

    Cost: some 0.2 s, once in a process.
    """
    files = (file for room in _ROOMS for file in (_PACKAGE / room).rglob("*.py"))
    return frozenset(
        word.lower() for file in files for word in _words(SourceFileLoader(_LOADED, str(file)).get_code(_LOADED))
    )


def _words(code: object) -> Iterator[str]:
    if isinstance(code, str):
        yield from _WORD.findall(code)
    elif isinstance(code, tuple | frozenset):
        for one in code:
            yield from _words(one)
    elif isinstance(code, CodeType):
        consts = code.co_consts
        # What comes first in a function or module is its docstring, or None; a class keeps it at any place.
        has_text = bool(consts) and isinstance(consts[0], str) and (len(consts[0]) > _LONG or "\n" in consts[0])
        yield from _words(consts[1:] if has_text else consts)


def _is_plain(part: str) -> bool:
    """Whether a part stays inside its folder on every system (no separator, drive, ``..`` or NUL)."""
    return part not in {"", ".", ".."} and not set(part) & set("/\\:\0")
