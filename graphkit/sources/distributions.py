"""Wheels, eggs and source archives that lie among other files: releases by their name and hash. Nobody opens them.

Of a source archive the names of its files are looked at: others have such names, too. Nothing is unpacked or run.
A pointer of Git LFS in the place of one says the hash of the file, which an install then gets. Metadata of a release
that is installed or unpacked (`METADATA` of a `.dist-info`, `PKG-INFO`) says which one lies there; a `.dist-info` that
has lost it says so by its name.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final

from msgspec.structs import replace

from graphkit.formats.archives import contents
from graphkit.formats.lfs_pointer import is_pointer, sha256_of_pointer
from graphkit.model.documents import METADATA, Basis, Completeness, Component, Document, DocumentKind
from graphkit.model.errors import InputError
from graphkit.model.names import BadName, PackageName, named_by_file, package_name, purl_of
from graphkit.model.versions import release_version
from graphkit.sources.environments.metadata import called, headers

_METADATA: Final = re.compile(r"(?:\./)?[^/]+/PKG-INFO")
_PACKED: Final = (b"\x1f\x8b", b"PK\x03\x04")
_INSTALLED: Final = re.compile(
    r"(?:.*/)?(?:(?P<stem>[^/]+)\.(?P<kind>dist-info|egg-info|egg)(?:/EGG-INFO)?/(?:METADATA|PKG-INFO|(?P<other>RECORD|WHEEL))"
    r"|(?P<file>[^/-]+-[^/]+)\.egg-info|EGG-INFO/PKG-INFO|(?P<folder>[^/]+)/PKG-INFO)",
    re.IGNORECASE,
)
"""The metadata of a release that lies there installed or unpacked."""
_PYTHON: Final = re.compile(r"-py[0-9][0-9.]*(?:-[^/]*)?\Z", re.IGNORECASE)
"""What the name of an egg says behind its version: the Python that it is for, and perhaps the platform."""
_EGG: Final = re.compile(r"(?:.*/)?(?P<stem>[^/]+)\.egg", re.IGNORECASE)


def is_distribution(path: str) -> bool:
    """Return whether a path is called like a wheel or egg, a source archive of a release, or the metadata of one.

    >>> is_distribution("vendor/litellm-1.82.7-py3-none-any.whl"), is_distribution("notes.zip")
    (True, False)
    """
    return _is_wheel(path) or _named_by_egg(path) is not None or named_by_file(path) is not None or _is_metadata(path)


def distribution(path: str, data: bytes | None) -> Document | None:
    """Return the release that a file is, as a document of one row; None for a file that is none.

    ``data`` None: its bytes cannot be had, so the name alone counts. A wheel whose name says no release is known by its
    hash alone: it may be renamed before it is installed. Cost: a pass over the names in a source archive.
    """
    if _is_metadata(path):
        return _of_metadata(path, data)
    named = named_by_file(path) or _named_by_egg(path)
    is_elsewhere = data is None or is_pointer(data)
    if named is None and (data is None or not _is_wheel(path)):
        return None
    is_source = not (_is_wheel(path) or _EGG.fullmatch(path))
    if data is not None and not is_elsewhere and is_source and not _may_be_sdist(data):
        return None
    file = path.replace("\\", "/").rpartition("/")[2]
    digest = _digest(data) if data is not None else ""
    row = Component(ref=file, name=file, version="", sha256=(digest,) if digest else ())
    # The same bytes under another name are another release, by name.
    identity = hashlib.sha256(f"{file}\0{digest}".encode()).hexdigest()
    format_ = "source archive" if is_source else "wheel" if _is_wheel(path) else "egg"
    return _document(path, identity, format_, row if named is None else _row(row, *named))


def _row(row: Component, package: PackageName, version: str) -> Component:
    return replace(row, name=package, package=package, version=version, purl=purl_of(package, version))


def _document(path: str, identity: str, format_: str, *rows: Component) -> Document:
    return Document(
        sha256=identity,
        path=path,
        kind=DocumentKind.DISTRIBUTION,
        format=format_,
        basis=Basis.LISTED,
        components=rows,
        completeness=Completeness.INCOMPLETE,
        dependencies_known=False,
    )


def is_metadata_of_member(path: str) -> bool:
    """Return whether a member of an archive is metadata, and the archive is called as a release is, which says more.

    >>> is_metadata_of_member("litellm-1.82.7.tar.gz/x/PKG-INFO"), is_metadata_of_member("a.zip/x/PKG-INFO")
    (True, False)
    >>> is_metadata_of_member("app.pex/.deps/litellm-1.82.7-py3-none-any.whl/litellm-1.82.7.dist-info/METADATA")
    False
    """
    folders = path.split("/")[:-1]
    if ".deps" in folders:  # where a pex keeps what it installs, each in a folder called like its wheel
        return False
    return _is_metadata(path) and any(_is_wheel(one) or named_by_file(one) is not None for one in folders)


def _is_metadata(path: str) -> bool:
    """Return whether a path is that of metadata of a release. A project's own, at the top of it, is of what it is."""
    return _INSTALLED.fullmatch(path) is not None


def _of_metadata(path: str, data: bytes | None) -> Document | None:
    """Return the release that metadata is of: by what it says itself, and by its folder where that says another.

    Files of one `.dist-info` that say the same are one document, which has the path of the folder.
    """
    found = _INSTALLED.fullmatch(path)
    assert found is not None
    says = headers(data) if data is not None and not (found["other"] or is_pointer(data)) else {}
    if path.lower().rpartition("/")[0].endswith(".dist-info"):
        path = path.rpartition("/")[0]
    stem = found["stem"] or found["file"] or found["folder"]
    told = called(stem, "dist-info" if found["folder"] else (found["kind"] or "egg-info").lower()) if stem else {}
    named = dict.fromkeys(filter(None, map(_release, (says, told))))
    if not named:
        return None
    rows = [_row(Component(ref=f"{path}#{at}", name="", version=""), *one) for at, one in enumerate(named)]
    identity = hashlib.sha256(repr((path, *named)).encode("utf-8", "backslashreplace")).hexdigest()
    return _document(path, identity, METADATA, *rows)


def _release(told: dict[str, object]) -> tuple[PackageName, str] | None:
    """Return a package and a version as far as a text names both."""
    name, version = str(told.get("name") or ""), str(told.get("version") or "")
    try:
        return (package_name(name), release_version(version.replace("_", "-")).text) if version else None
    except BadName:
        return None


def _named_by_egg(path: str) -> tuple[PackageName, str] | None:
    """Return the release that an egg says it is, also where dashes in its name were not escaped."""
    found = _EGG.fullmatch(path)
    return None if found is None else named_by_file(f"{_PYTHON.sub('', found['stem'])}.tar.gz")


def _is_wheel(path: str) -> bool:
    return path.lower().endswith(".whl")


def _digest(data: bytes) -> str:
    """Return the SHA-256 of a file, of one that a pointer stands for what that says; empty where it says none."""
    return sha256_of_pointer(data) if is_pointer(data) else hashlib.sha256(data).hexdigest()


def _may_be_sdist(data: bytes) -> bool:
    """Return whether an archive may be a source archive: it has the metadata of one, or is not read here."""
    try:
        held = contents(data, lambda _: False)
    except InputError:
        return True
    if held is None:  # of an older form of tar, or cut off
        return data.startswith(_PACKED)
    return any(map(_METADATA.fullmatch, held.names))
