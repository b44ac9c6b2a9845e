"""What locks and manifests are called: every place that knows an input by its name asks here."""

from __future__ import annotations

import re
from typing import Final, NamedTuple


class LockNames(NamedTuple):
    """What the locks of one format are called.

    ``patterns`` are names in any folder, in which `*` is any text; the first one is what tools write.
    ``is_installed_from``: a command installs what the lock of that first name lists, and resolves the manifest beside
    it where there is none.
    """

    format: str
    patterns: tuple[str, ...]
    is_installed_from: bool = False


LOCKS: Final = (
    LockNames("uv.lock", ("uv.lock",), is_installed_from=True),
    LockNames("poetry.lock", ("poetry.lock",), is_installed_from=True),
    LockNames("pdm.lock", ("pdm.lock",), is_installed_from=True),
    LockNames("Pipfile.lock", ("Pipfile.lock",), is_installed_from=True),
    LockNames("pylock.toml", ("pylock.toml", "pylock.*.toml"), is_installed_from=True),
    LockNames("conda-lock.yml", ("conda-lock.yml", "conda-lock.yaml", "*.conda-lock.yml", "*.conda-lock.yaml")),
    LockNames("pixi.lock", ("pixi.lock",)),
)
"""What lock files are called."""

MANIFESTS: Final = (
    "pyproject.toml",
    "Pipfile",
    "*requirements*.txt",
    "*requirements*.in",
    "*requirements*.pip",
    "*requirements*.lock",
    *("environment*.yml", "environment*.yaml", "*environment.yml", "*environment.yaml"),
    *("conda*.lock", "explicit.txt", "*spec-file*.txt"),
)
"""What manifests are called, and lists that may be a lock. Other files have these names too."""

NOT_COMMITTED: Final = "work tree"
"""What the line of states is called that no commit has, in place of a branch."""
INSTALLED_FROM: Final = frozenset(one.patterns[0] for one in LOCKS if one.is_installed_from)
"""The names of locks that install commands install from."""
PROJECTS: Final = frozenset(("pyproject.toml", "Pipfile"))
"""The names of manifests that tools resolve anew where such a lock is missing."""


def any_of(patterns: tuple[str, ...]) -> re.Pattern[str]:
    """Return what matches a name, in lower case, by any of the patterns; `*` is any text.

    >>> bool(any_of(("*.Lock",)).fullmatch("uv.lock"))
    True
    """
    texts = (".*".join(map(re.escape, pattern.lower().split("*"))) for pattern in patterns)
    return re.compile("|".join(texts), re.DOTALL)


_LOCK: Final = any_of(tuple(pattern for one in LOCKS for pattern in one.patterns))
_MANIFEST: Final = any_of(MANIFESTS)
_LISTS: Final = re.compile(r"(?:.*/)?requirements/.*\.(?:txt|in|pip)", re.DOTALL)
"""Lists in a folder of that name, at any depth."""


def is_lock(path: str) -> bool:
    """Return whether a path, with `/` between its parts, is called like a lock.

    >>> is_lock("web/Pylock.dev.toml"), is_lock("requirements.txt")
    (True, False)
    """
    return bool(_LOCK.fullmatch(path.lower().rpartition("/")[2]))


def is_manifest(path: str) -> bool:
    """Return whether a path, with `/` between its parts, is called like a manifest or a list that may be a lock.

    >>> is_manifest("requirements/web/base.in"), is_manifest("notes.txt")
    (True, False)
    """
    low = path.lower()
    return bool(_MANIFEST.fullmatch(low.rpartition("/")[2]) or _LISTS.fullmatch(low))


def is_docker_ignore(path: str) -> bool:
    """Return whether a path is called like a file that says which files do not get into an image.

    >>> is_docker_ignore("api/.dockerignore"), is_docker_ignore("api.Dockerfile.dockerignore")
    (True, True)
    """
    return path.lower().endswith((".dockerignore", ".containerignore"))
