"""Scripts without a suffix, by their paths: which files may be one, so that not every such file has to be read."""

from __future__ import annotations

import re
from typing import Final

_FOLDERS: Final = re.compile(
    r"(?:^|/)(?:s?bin|scripts?|tools?|ci|\.ci|hack|hooks|\.githooks|\.husky|\.buildkite|docker|deploy|setup)/",
    re.IGNORECASE,
)
"""Where scripts lie, at any depth."""
_NAMES: Final = re.compile(
    r"(?:.*[-_])?(?:install|setup|bootstrap|configure|entrypoint|provision|build|deploy|prepare|init|run|start|test"
    r"|release|update|compile|deps|venv)(?:[-_].*)?"
)
"""What scripts are called that set something up, in lower case."""


def may_be_script(path: str) -> bool:
    """Return whether a file without a suffix may be a script by its path; its content decides.

    Names in capitals are prose.

    >>> [may_be_script(path) for path in ("scripts/x", "a/install-deps", "src/x", "scripts/README", "bin/x.md")]
    [True, True, False, False, False]
    """
    name = path.rpartition("/")[2]
    return not _is_no_script(name) and bool(_FOLDERS.search(path) or _NAMES.fullmatch(name.lower()))


def lies_with_scripts(path: str) -> bool:
    """Return whether a file without a suffix lies in a folder of scripts, where a shell may be told to run it."""
    return not _is_no_script(path.rpartition("/")[2]) and bool(_FOLDERS.search(path))


def _is_no_script(name: str) -> bool:
    return "." in name or (name.isupper() and len(name) > 1)
