"""Which release a file of a project page belongs to, by what its name says (PEP 427, 625, and what came before)."""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)

from graphkit.model.index import FileKind
from graphkit.model.names import PackageName
from graphkit.model.versions import release_version

_SDISTS: Final = (".tar.gz", ".zip", ".tar.bz2", ".tgz", ".tar.xz", ".tar.Z", ".tar")
_OTHERS: Final = (".egg", ".exe", ".msi", ".rpm", ".dmg", ".deb")
_WHEEL_PARTS: Final = 5
_LONGEST: Final = 512
"""Characters of a file name that are looked at; no file system takes longer ones."""

_PLATFORM: Final = (
    r"\.(?:win32|win-\w+|(?:linux|macosx|darwin|cygwin|freebsd|openbsd|netbsd|sunos|solaris|aix)-[\w.-]+)"
)
_PYTHON: Final = r"-py\d(?:\.?\d+)?(?:-[\w.-]+)?"
_PACKAGED: Final = r"-\d+\.(?:noarch|src|x86_64|i\d86|aarch64|ppc64\w*|s390x|armv\w+)"
_BUILT: Final = re.compile(rf"(?:{_PLATFORM}(?:{_PYTHON})?|{_PYTHON}|{_PACKAGED})$")
"""What follows the version in files that were built for a machine or a Python: bdist_dumb, egg, wininst, msi, rpm."""
_LEGACY: Final = re.compile(r"[vV]?\d\S*")


class Placed(Struct, frozen=True, kw_only=True):
    """What a file name says. ``problem`` is empty, or says why the file belongs to no release of the package."""

    version: str
    kind: FileKind
    problem: str = ""


def is_file_name(filename: str) -> bool:
    """Return whether a name ends as one of a wheel, an sdist, or another kind of file that indexes keep."""
    return filename.endswith((".whl", *_SDISTS, *_OTHERS))


def placed(filename: str, package: PackageName) -> Placed:
    """Return the release of ``package`` that a file belongs to, and its kind.

    What stands after the package's name and a dash is the version, as pip and uv read it: `thing-1.0.2-2.tar.gz` is
    1.0.2.post2 of thing, though a reader who does not know the package would take it for 2 of thing-1.0.2. A version
    that PEP 440 cannot read stays text, where it begins as one and the name does not parse as another package's.

    >>> from graphkit.model.names import package_name
    >>> placed("thing-1.0.2-2.tar.gz", package_name("thing")).version
    '1.0.2-2'
    >>> placed("thing-more-1.0.tar.gz", package_name("thing")).problem
    'says thing-more 1.0'
    """
    if len(filename) > _LONGEST:
        return Placed(version="", kind=FileKind.OTHER, problem=f"has a name of {len(filename):,} characters")
    if filename.endswith(".whl"):
        return _wheel(filename, package)
    ending = next((one for one in (*_SDISTS, *_OTHERS) if filename.endswith(one)), "")
    kind = FileKind.SDIST if ending in _SDISTS else FileKind.OTHER
    text = _after_name(filename[: len(filename) - len(ending)], package)
    if not ending:
        return _nowhere(kind, "is not a file of a release")
    if text and _is_version(text):
        return Placed(version=text, kind=kind)
    if (other := _said_by_itself(filename)) is not None and other[0] != package:
        return _nowhere(kind, f"says {other[0]} {other[1]}")
    if not text:
        return _nowhere(kind, f"does not begin with the name {package}")
    return _built(kind, text)


def _built(kind: FileKind, text: str) -> Placed:
    """Return the release of a file whose version is followed by what it was built for, or is one of old."""
    version = _BUILT.sub("", text)
    if version != text:
        # A bdist_dumb archive holds no source, and of an sdist for one Python pip takes those up to 3.9 alone.
        kind = FileKind.OTHER
    for spelled in (version, version.replace("_", "-")):  # eggs have no dash in a version
        if _is_version(spelled):
            return Placed(version=spelled, kind=kind)
    if (kind is FileKind.SDIST or version != text) and _LEGACY.fullmatch(version):
        return Placed(version=version, kind=kind)
    return _nowhere(kind, "its version cannot be read from its name")


def _wheel(filename: str, package: PackageName) -> Placed:
    parts = filename.split("-")
    # The usual case: one name without dashes, version, three tags (PEP 427). The rest is read in full.
    if len(parts) == _WHEEL_PARTS and canonicalize_name(parts[0]) == str(package):
        # Wheels of old have an underscore where the version has a dash.
        dashed = parts[1].replace("_", "-")
        version = dashed if dashed != parts[1] and _is_version(dashed) else parts[1]
        return Placed(version=version, kind=FileKind.WHEEL)
    if (other := _said_by_itself(filename)) is not None:
        name, version = other
        if name == package:
            return Placed(version=version, kind=FileKind.WHEEL)
        return _nowhere(FileKind.WHEEL, f"says {name} {version}")
    # A wheel whose name no rule reads is one that no installer takes.
    text = _after_name(filename.removesuffix(".whl"), package)
    if text is None:
        return _nowhere(FileKind.OTHER, f"does not begin with the name {package}")
    version, *tags = text.split("-")
    if len(tags) in {3, 4} and _is_version(version):
        return Placed(version=version, kind=FileKind.OTHER)
    return _nowhere(FileKind.OTHER, "its version cannot be read from its name")


def _nowhere(kind: FileKind, why: str) -> Placed:
    return Placed(version="", kind=kind, problem=why)


def _said_by_itself(filename: str) -> tuple[str, str] | None:
    """Return the package and version that a name says to a reader who does not know the package."""
    try:
        if filename.endswith(".whl"):
            name, version, _, _ = parse_wheel_filename(filename)
        else:
            name, version = parse_sdist_filename(filename)
    except (InvalidWheelFilename, InvalidSdistFilename, ValueError):
        return None
    return str(name), str(version)


def _after_name(stem: str, package: PackageName) -> str | None:
    """Return what follows a package's name, in whatever spelling, and a dash; None where it does not begin so."""
    at = stem.find("-")
    while at >= 0:
        if str(canonicalize_name(stem[:at])) == package:
            return stem[at + 1 :]
        at = stem.find("-", at + 1)
    return None


def _is_version(text: str) -> bool:
    return release_version(text).parsed is not None
