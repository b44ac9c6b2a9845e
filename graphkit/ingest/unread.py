"""Files of which nothing can be read, kept as facts: they were in place all the same.

Contract: docs/semantics.md#obligation-k.
"""

from __future__ import annotations

import hashlib

from graphkit.model.documents import (
    UNREADABLE,
    Basis,
    Completeness,
    Document,
    DocumentKind,
    InstallCommand,
    Problem,
)


def unread(data: bytes | None, path: str, problem: str, *, is_input: bool) -> Document:
    """Return a document that stands for a file of which nothing is known; ``data`` None: its bytes are not here.

    An input leaves every build open that may have used it; another file is a build whose listing cannot be read. Its
    identity is not that of its bytes: under another name, or later, a reader may be able to use them.
    """
    text = f"it could not be read: {problem.removeprefix('cannot be read: ')}"
    named = path.encode("utf-8", "backslashreplace")
    return Document(
        sha256=hashlib.sha256(b"\0".join([UNREADABLE.encode(), named, data or b""])).hexdigest(),
        path=path,
        kind=DocumentKind.SCRIPT if is_input else DocumentKind.SBOM,
        format=UNREADABLE,
        basis=Basis.LISTED,
        commands=(InstallCommand(place="the whole file", text=path, unreadable=text),),
        completeness=Completeness.INCOMPLETE,
        problems=(Problem(place="", text=text),),
    )
