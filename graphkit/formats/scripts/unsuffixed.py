"""Scripts by their paths, where a name alone does not say it, so that not every such file has to be read."""

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


_CODE: Final = re.compile(r"\.(?:[cm]?[jt]s|go|rs|rb|pl|php|lua)$")
_WITH_CODE: Final = re.compile(r"(?:^|/)(?:s?bin|scripts?|tools?|ci|\.ci|hack|\.github|build-?tools?|infra|cdk)/")
_OF_OTHERS: Final = re.compile(r"(?:^|/)(?:dist|vendor|third_party|node_modules)/|\.(?:d\.ts|min\.js)$")
"""Where code lies that was made of other code, or that others wrote."""
_BUILDS: Final = re.compile(
    r"(?:.*[-_.])?(?:install|setup|bootstrap|provision|build|deploy|prepare|postinstall|preinstall|magefile|gulpfile"
    r"|gruntfile|jakefile|dagger)(?:[-_.].*)?\.\w+"
)
"""What code in other languages is called that builds or sets something up, in lower case."""


def may_be_code_that_builds(path: str) -> bool:
    """Return whether a file of source code in another language than Python may build or set something up, by its path.

    >>> [may_be_code_that_builds(path) for path in ("build.rs", "scripts/a.mjs", "src/hooks/use.ts", "magefile.go")]
    [True, True, False, True]
    """
    low = path.lower()
    is_code = bool(_CODE.search(low)) and not _OF_OTHERS.search(low)
    return is_code and bool(_WITH_CODE.search(low) or _BUILDS.fullmatch(low.rpartition("/")[2]))


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
