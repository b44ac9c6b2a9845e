"""Finds the files that ship beside the code: the `queries` and `examples` folders."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from graphkit.model.errors import GraphkitError

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


def _is_plain(part: str) -> bool:
    """Whether a part stays inside its folder on every system (no separator, drive, ``..`` or NUL)."""
    return part not in {"", ".", ".."} and not set(part) & set("/\\:\0")
