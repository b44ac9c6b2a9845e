"""What addresses of files and projects say themselves: a name, a version, a hash, and secrets to leave out."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

from packaging.utils import parse_sdist_filename, parse_wheel_filename

from graphkit.model.versions import release_version

_EGG: Final = re.compile(r"[#&]egg=([^&\[\s]+)")
_DATED_EGG: Final = re.compile(r".+-v?\d[0-9A-Za-z.!+_]*")
_SHA256: Final = re.compile(r"[#&]sha256=([0-9a-fA-F]{64})(?![0-9a-fA-F])")
_USER: Final = re.compile(r"(?<![A-Za-z0-9+.-])([A-Za-z0-9+.-]*)://([^/\\\s?#]*)@")
"""User and password of an address. Begun at the start of a word alone, a text is looked through once."""


def named_by(address: str) -> tuple[str, str]:
    """Return the project and version that a URL or path names, each empty where it names none.

    >>> named_by("./wheels/litellm-1.82.8-py3-none-any.whl")
    ('litellm', '1.82.8')
    >>> named_by("git+https://git.example/x#egg=litellm"), named_by("https://git.example/litellm")
    (('litellm', ''), ('', ''))
    """
    path = address.partition("#")[0].partition("?")[0].rstrip("/\\")
    found = named_by_file(unquote(re.split(r"[/\\]", path)[-1]))
    if found != ("", ""):
        return found
    egg = _EGG.search(address)
    name = unquote(egg[1]) if egg else ""
    # `egg=litellm-1.82.8` is a name with a version, or the whole a name: that cannot be told.
    return ("" if _DATED_EGG.fullmatch(name) else name), ""


def named_by_file(file: str) -> tuple[str, str]:
    """Return the project and version that the name of a wheel or sdist says, both empty for other names."""
    try:
        if file.endswith(".whl"):
            name, version, *_ = parse_wheel_filename(file)
            return name, str(version)
        if file.endswith((".tar.gz", ".zip")):
            name, version = parse_sdist_filename(file)
            return name, str(version)
    except ValueError:  # InvalidWheelFilename and InvalidSdistFilename are
        pass
    return "", ""


def key_of_file(file: str) -> str:
    """Return the version key (`release_version`) that a file's name says, empty where it says none."""
    version = named_by_file(file)[1]
    return release_version(version).key if version else ""


def sha256_of(address: str) -> str:
    """Return the SHA-256 that the fragment of a URL names (pip, "Hashes from URL fragments"), else nothing."""
    found = _SHA256.search(address)
    return found[1].lower() if found else ""


def without_passwords(text: str) -> str:
    """Return a text in which no address has a user and password, or a token; the user of SSH is no secret.

    >>> without_passwords("-i https://user:secret@index.example/simple")
    '-i https://index.example/simple'
    >>> without_passwords("git+ssh://git@git.example/a.git")
    'git+ssh://git@git.example/a.git'
    """

    def plain(found: re.Match[str]) -> str:
        is_user = found[1].lower().endswith("ssh") and ":" not in found[2]
        return found[0] if is_user else f"{found[1]}://"

    return _USER.sub(plain, text) if "@" in text else text
