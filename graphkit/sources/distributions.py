"""Wheels and source archives that lie among other files: releases by their name and hash. Nobody opens them.

Of a source archive the names of its files are looked at: others have such names, too. Nothing is unpacked or run.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final

from graphkit.formats.archives import contents
from graphkit.model.documents import Basis, Completeness, Component, Document, DocumentKind
from graphkit.model.errors import InputError
from graphkit.model.names import named_by_file, purl_of

_METADATA: Final = re.compile(r"[^/]+/PKG-INFO")


def is_distribution(path: str) -> bool:
    """Return whether a path is called like a wheel or a source archive of a release.

    >>> is_distribution("vendor/litellm-1.82.7-py3-none-any.whl"), is_distribution("notes.zip")
    (True, False)
    """
    return named_by_file(path) is not None


def distribution(path: str, data: bytes | None) -> Document | None:
    """Return the release that a file is, as a document of one row; None for a file that is none.

    ``data`` None: its bytes cannot be had, so the name alone counts. Cost: a pass over the names in a source archive.
    """
    named = named_by_file(path)
    if named is None or (data is not None and not path.lower().endswith(".whl") and not _is_sdist(data)):
        return None
    package, version = named
    file = path.replace("\\", "/").rpartition("/")[2]
    digest = hashlib.sha256(data).hexdigest() if data is not None else ""
    row = Component(
        ref=file,
        name=package,
        package=package,
        version=version,
        purl=purl_of(package, version),
        sha256=(digest,) if digest else (),
    )
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


def _is_sdist(data: bytes) -> bool:
    """Return whether an archive has the metadata of a source archive; a damaged one has none that an install reads."""
    try:
        held = contents(data, lambda _: False)
    except InputError:
        return False
    return held is not None and any(map(_METADATA.fullmatch, held.names))
