"""Wheels and source archives that lie among other files: releases by their name and hash. Nobody opens them.

Of a source archive the names of its files are looked at: others have such names, too. Nothing is unpacked or run.
A pointer of Git LFS in the place of one says the hash of the file, which an install then gets.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final

from msgspec.structs import replace

from graphkit.formats.archives import contents
from graphkit.formats.lfs_pointer import is_pointer, sha256_of_pointer
from graphkit.model.documents import Basis, Completeness, Component, Document, DocumentKind
from graphkit.model.errors import InputError
from graphkit.model.names import named_by_file, purl_of

_METADATA: Final = re.compile(r"[^/]+/PKG-INFO")


def is_distribution(path: str) -> bool:
    """Return whether a path is called like a wheel, or like a source archive of a release.

    >>> is_distribution("vendor/litellm-1.82.7-py3-none-any.whl"), is_distribution("notes.zip")
    (True, False)
    """
    return _is_wheel(path) or named_by_file(path) is not None


def distribution(path: str, data: bytes | None) -> Document | None:
    """Return the release that a file is, as a document of one row; None for a file that is none.

    ``data`` None: its bytes cannot be had, so the name alone counts. A wheel whose name says no release is known by its
    hash alone: it may be renamed before it is installed. Cost: a pass over the names in a source archive.
    """
    named = named_by_file(path)
    is_elsewhere = data is None or is_pointer(data)
    if named is None and (data is None or not _is_wheel(path)):
        return None
    if data is not None and not is_elsewhere and not _is_wheel(path) and not _is_sdist(data):
        return None
    file = path.replace("\\", "/").rpartition("/")[2]
    digest = _digest(data) if data is not None else ""
    row = Component(ref=file, name=file, version="", sha256=(digest,) if digest else ())
    if named is not None:
        package, version = named
        row = replace(row, name=package, package=package, version=version, purl=purl_of(package, version))
    return Document(
        # The same bytes under another name are another release, by name.
        sha256=hashlib.sha256(f"{file}\0{digest}".encode()).hexdigest(),
        path=path,
        kind=DocumentKind.DISTRIBUTION,
        format="wheel" if file.lower().endswith(".whl") else "source archive",
        basis=Basis.LISTED,
        components=(row,),
        completeness=Completeness.INCOMPLETE,
        dependencies_known=False,
    )


def _is_wheel(path: str) -> bool:
    return path.lower().endswith(".whl")


def _digest(data: bytes) -> str:
    """Return the SHA-256 of a file, of one that a pointer stands for what that says; empty where it says none."""
    return sha256_of_pointer(data) if is_pointer(data) else hashlib.sha256(data).hexdigest()


def _is_sdist(data: bytes) -> bool:
    """Return whether an archive has the metadata of a source archive; a damaged one has none that an install reads."""
    try:
        held = contents(data, lambda _: False)
    except InputError:
        return False
    return held is not None and any(map(_METADATA.fullmatch, held.names))
