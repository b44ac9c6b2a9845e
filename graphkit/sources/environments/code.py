"""Whether the code of installed distributions is what their RECORDs claim (docs/semantics.md#obligation-i).

Which package is accused is not known while a folder is read, so all code is hashed: for a folder with 133 distributions
that is a third of the time that reading it takes.
"""

from __future__ import annotations

import hashlib
import os
import posixpath
import re
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final

from msgspec import Struct, field

from graphkit.formats.imported_code import VENDOR_FOLDERS
from graphkit.model.documents import Component
from graphkit.model.names import BadName, PackageName, package_name, purl_of
from graphkit.sources.environments.files import InstalledFiles, shown_path

_RUN: Final = re.compile(r".+\.(?:pyw?|pyc|pyd|so(?:\.[\d.]+)?|dll|dylib)", re.IGNORECASE)
"""What Python imports, and libraries that what it imports loads."""
_IMPORTED: Final = re.compile(r".+\.(?:pyw?|pyc|pyd|so)", re.IGNORECASE)
_SYSTEMS: Final = frozenset({"conda", "debian", "rpm"})
"""Installers of whole systems (`INSTALLER`, PEP 376). They change files after RECORD was written, or take it away, and
have lists of their own."""


class Owner(Struct, frozen=True, kw_only=True):
    """A distribution with the SHA-256 of the files that it claims, by their path from ``base``; empty for no hash.

    ``folder`` is that of its metadata. ``is_nested``: it lies in the code of another. ``is_conda``: it is what conda
    recorded of one.
    """

    label: str
    names: frozenset[PackageName]
    base: Path
    files: Mapping[str, str]
    folder: Path | None = None
    is_nested: bool = False
    is_conda: bool = False


class _Odd(Struct):
    """What is wrong with the code of a package: where first, in words, and the SHA-256 of every such file."""

    label: str
    why: str
    digests: set[str] = field(default_factory=set)


def is_of_a_system(files: InstalledFiles, folder: Path) -> bool:
    """Return whether the installer of a whole system put a distribution there, which may have no RECORD."""
    data = files.bytes_of(folder / "INSTALLER", "list") or b""
    return data.decode("utf-8", "replace").strip().casefold() in _SYSTEMS


def changed_code(
    files: InstalledFiles, present: Sequence[str], owners: Sequence[Owner]
) -> Iterator[tuple[Component, str]]:
    """Yield a row without version for each package whose code is not as recorded, with the file and why.

    A file differs from what a RECORD says of it, or has no hash there, or lies among claimed files and is in no RECORD:
    its release is then not known. Empty files hold no code; bytecode of claimed sources is theirs; of links that lead
    out of what was given the record stands. ``present``: the files of the environment's folder, by their path from it.
    """
    found: dict[PackageName, _Odd] = {}
    groups: dict[Path, list[Owner]] = {files.folder: []}
    for owner in sorted(owners, key=lambda one: one.base):
        groups.setdefault(next((one for one in groups if owner.base.is_relative_to(one)), owner.base), []).append(owner)
    for base, here in groups.items():
        paths = present if base == files.folder else sorted(_below(base, here))
        _Code(files, base, here).check(paths, found)
    for package, odd in sorted(found.items()):
        files.diagnostics.add(odd.label, odd.why)
        row = Component(
            ref=f"changed {package}",
            name=package,
            package=package,
            purl=purl_of(package),
            members=tuple(sorted(odd.digests)),
        )
        yield row, f"{odd.label}, which {odd.why}"


def _below(base: Path, owners: Iterable[Owner]) -> Iterator[str]:
    """Yield the files in the folders that distributions claim files of, and these files, by their path from a base."""
    tops = {posixpath.normpath(name).partition("/")[0] for one in owners for name in one.files} - {"..", ""}
    for top in sorted(tops):
        if not (base / top).is_dir():
            yield top
        for parent, _, names in os.walk(base / top):
            yield from ((Path(parent) / name).relative_to(base).as_posix() for name in names)


class _Code:
    """The code below a folder, and who claims it."""

    def __init__(self, files: InstalledFiles, base: Path, owners: Sequence[Owner]) -> None:
        self._files = files
        self._base = base
        self._claims: dict[str, list[tuple[Owner, str]]] = {}
        self._folders: dict[str, dict[int, Owner]] = {}
        """The distributions that claim files in a folder, or below it."""
        self._systems: dict[Path, bool] = {}
        for owner in owners:
            inside = owner.base.relative_to(base).as_posix()
            for name, digest in owner.files.items():
                path = self._path(inside, name)
                if path.startswith("../"):
                    continue
                self._claims.setdefault(path, []).append((owner, digest))
                folder = posixpath.dirname(path)
                while folder and id(owner) not in self._folders.setdefault(folder, {}):
                    self._folders[folder][id(owner)] = owner
                    folder = posixpath.dirname(folder)

    def _path(self, inside: str, name: str) -> str:
        """Return a path of a RECORD from the base: most are from the folder of the metadata, some from the root."""
        path = posixpath.normpath(posixpath.join(inside, name))
        return posixpath.relpath(path, self._base.as_posix()) if path.startswith("/") else path

    def check(self, present: Iterable[str], found: dict[PackageName, _Odd]) -> None:
        """Take up what is wrong with the code that is there, by the packages that it is of."""
        for path in present:
            if not _RUN.fullmatch(path) or self._is_bytecode(path):
                continue
            claims = self._claims.get(path, [])
            owners = [one for one, _ in claims] or self._around(path)
            if not owners or (digest := self._digest(path)) is None:
                continue
            why, odd = self._judged(claims, digest) if claims else (_unclaimed(owners), owners)
            if not odd:
                continue
            label = self._files.label(self._base / path)
            self._files.met(f"changed {label}", digest)
            inner = [one for one in owners if one.is_nested]
            for package in sorted({*_vendored(path), *(name for one in (*odd, *inner) for name in one.names)}):
                found.setdefault(package, _Odd(label, why)).digests.add(digest)

    def _is_bytecode(self, path: str) -> bool:
        """Return whether a file is bytecode of a source that somebody claims, or that nothing imports."""
        if not path.lower().endswith(".pyc"):
            return False
        return posixpath.basename(posixpath.dirname(path)) == "__pycache__" or path[:-1] in self._claims

    def _around(self, path: str) -> list[Owner]:
        """Return who claims files in the nearest folder around one that nobody claims."""
        if not _IMPORTED.fullmatch(path):
            return []
        folder = posixpath.dirname(path)
        while folder and folder not in self._folders:
            folder = posixpath.dirname(folder)
        return list(self._folders.get(folder, {}).values())

    def _judged(self, claims: Sequence[tuple[Owner, str]], digest: str) -> tuple[str, list[Owner]]:
        """Return in words what is wrong with a file, and the distributions whose claim does not hold; none if all do.

        The RECORD of what another is shipped in comes before the RECORD of what is shipped. Of what conda installed
        either record may hold: it changes files, and pip replaces some.
        """
        deciding = [one for one in claims if not one[0].is_nested] or list(claims)
        by_conda = [stated for owner, stated in deciding if owner.is_conda]
        if by_conda and ("" in by_conda or digest in {stated for _, stated in deciding}):
            return "", []
        odd = [(owner, stated) for owner, stated in deciding if stated != digest and not self._may_change(owner)]
        if not odd:
            return "", []
        owner, stated = odd[0]
        why = (
            f"differs from what {owner.label} recorded of it"
            if stated
            else f"has no hash in what {owner.label} recorded"
        )
        return why, [one for one, _ in odd]

    def _may_change(self, owner: Owner) -> bool:
        """Return whether an installer that changes files after RECORD was written put a distribution there."""
        if owner.folder is None:
            return False
        if owner.folder not in self._systems:
            self._systems[owner.folder] = is_of_a_system(self._files, owner.folder)
        return self._systems[owner.folder]

    def _digest(self, path: str) -> str | None:
        """Return the SHA-256 of a file; None for one that is empty, no file, or behind a link that leads out."""
        whole = self._base / path
        try:
            status = whole.lstat()
            if stat.S_ISLNK(status.st_mode):
                if not self._files.may_read(whole):
                    return None
                status = whole.stat()
            if not stat.S_ISREG(status.st_mode) or not status.st_size:
                return None
            with whole.open("rb", buffering=0) as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        except FileNotFoundError:
            return None
        except OSError as error:
            self._files.diagnostics.add(self._files.label(whole), f"cannot be read: {error.strerror}", lost=True)
            return None


def _unclaimed(owners: Sequence[Owner]) -> str:
    return f"is in no RECORD, among files of {shown_path(owners[0].label)}"


def _vendored(path: str) -> Iterator[PackageName]:
    """Yield the packages whose code lies on a path by the names of its folders, where copies of packages lie."""
    parts = path.split("/")
    for folder, name in pairwise(parts):
        if folder.lower() in VENDOR_FOLDERS:
            try:
                yield package_name(name.partition(".")[0])
            except BadName:
                continue
