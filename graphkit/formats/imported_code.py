"""Code among the files of a document, by the names that Python imports it by (docs/semantics.md#obligation-i)."""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterator
from typing import Final, NamedTuple

from graphkit.formats.refs import Refs
from graphkit.model.documents import COPY, RECORD, Component
from graphkit.model.names import PackageName, package_or_none

LIBRARIES: Final = frozenset({"site-packages", "dist-packages"})
"""Folders that packages are installed into."""
VENDOR_FOLDERS: Final = frozenset(
    {
        "_vendor", "vendor", "_vendored", "vendored", "_vendored_packages", "vendored_packages", "_bundled", "bundled",
        "_bundle", "bundle", "_extern", "extern", "_externals", "externals", "_external", "external", "third_party",
        "thirdparty", "_third_party", "_thirdparty", "3rdparty", *LIBRARIES,
    }
)  # fmt: skip
"""Folders that hold copies of other projects' packages."""
MODULE: Final = re.compile(
    r"([^\W\d]\w*)(?:\.py|\.pyc|\.pyd|\.so|\.(?:cpython|cp\d|pypy|abi3)[^/]*\.(?:so|pyd))", re.IGNORECASE
)
"""A file that Python imports, with the name of its module."""
_TOP, _COPIED, _ELSEWHERE = "among packages", "in a folder of copies", "elsewhere"
"""Where a name stands that code is imported by."""
_CODE_FILES: Final = (".py", ".pyc", ".pyd", ".so")
_METADATA: Final = (".dist-info", ".egg-info")
_LONGEST: Final = 4_000
_OF_PYTHON: Final = re.compile(r"python\d(?:\.\d+)?t?|Lib")
"""Folders that hold the standard library."""


def may_be_code(path: str) -> bool:
    """Return whether a path may be that of code, or of metadata of a distribution, which tell what is around them."""
    return path.lower().endswith(_CODE_FILES) or "-info" in path


class _File(NamedTuple):
    """A file of code: its folders, its module, its path and place, and what holds it, empty for nothing."""

    folders: tuple[str, ...]
    module: str
    path: str
    place: str
    holder: str
    is_python: bool


class _Folder(NamedTuple):
    """What the folders of a file say: at which depths names stand that count, and whether among packages.

    ``outermost``: the depth of the name elsewhere; None where packages are installed in one of the folders.
    """

    depths: tuple[tuple[int, bool], ...]
    outermost: int | None


class ImportedCode:
    """The code among the files of a document; `rows` makes rows of what no release in it accounts for.

    A name counts that lies directly in a folder of installed packages, or of copies of packages. Elsewhere the
    outermost package counts, and a module or a folder with modules that lies in no package.
    """

    def __init__(self) -> None:
        self._files: list[_File] = []
        self._packages: set[tuple[str, ...]] = set()
        self._installed: set[tuple[str, ...]] = set()
        self._folders: dict[tuple[str, ...], _Folder] = {}

    def __bool__(self) -> bool:
        """Return whether any code was met."""
        return bool(self._files)

    def take(self, path: str, place: str, holder: str = "", *, is_python: bool = False) -> None:
        """Remember a file, if it is code or metadata of a distribution.

        ``holder`` is the package, or the name, of the row that holds the file, empty where no row does.
        """
        if not may_be_code(path):
            return
        *folders, last = path[-_LONGEST:].replace("\\", "/").removeprefix("./").split("/")
        parts = (*folders, last) if "-info" in path else ()
        info = next((at for at, one in enumerate(parts) if one.lower().endswith(_METADATA)), None)
        if info is not None:
            self._installed.add(tuple(folders[:info]))
            return
        if folders and folders[-1] == "__pycache__":
            del folders[-1]
            last = f"{last.partition('.')[0]}.pyc"
        if (module := MODULE.fullmatch(last)) is None:
            return
        if module[1] == "__init__":
            self._packages.add(tuple(folders))
        self._files.append(_File(tuple(folders), module[1], path, place, holder, is_python))

    def rows(
        self, known: Collection[PackageName | None], described: Collection[PackageName | None], refs: Refs
    ) -> Iterator[tuple[Component, str]]:
        """Yield a row without version, `listed`, with its place, for each name of code that no release accounts for.

        A release accounts for the files of its name that it holds. Of code among installed packages that nobody holds,
        a row of its name (``known``) does; of all code of its name, what the document describes does. The origin of a
        row says who holds the code, or that it is a copy, and where. Cost: linear.
        """
        seen: set[tuple[str, str]] = set()
        for file in self._files:
            for found, kind in self._names(file):
                is_top = kind == _TOP
                origin = COPY if not is_top else f"{RECORD}{file.holder}" if file.holder else ""
                if (found, origin) in seen:
                    continue
                name = package_or_none(found)
                if name is None or name == file.holder or name in described or _is_told(file, kind, name in known):
                    continue
                seen.add((found, origin))
                ref = refs.unique(f"{file.place} {name}")
                shown = f"{origin}{file.path[-_LONGEST:]}" if origin == COPY else origin
                yield Component(ref=ref, name=found, package=name, optional=True, origin=shown), file.place

    def _names(self, file: _File) -> Iterator[tuple[str, str]]:
        """Yield each name that a file, or the package around it, is imported by, and where that name stands."""
        if (folder := self._folders.get(file.folders)) is None:
            folder = self._folders[file.folders] = self._looked_at(file.folders)
        chain = (*file.folders, file.module)
        for depth, is_top in folder.depths:
            if _is_name(chain[depth]):
                yield chain[depth], _TOP if is_top else _COPIED
        if folder.outermost is None:
            return
        is_module = folder.outermost == len(file.folders)
        names = [chain[folder.outermost]]
        if is_module and file.path.lower().endswith(".so") and names[0].startswith("lib"):
            return  # of another language
        if is_module and not file.path.lower().endswith((".so", ".pyd")):
            names += file.folders[-1:]
        for name in names:
            if _is_name(name) and not (name in sys.stdlib_module_names and any(map(_OF_PYTHON.fullmatch, chain))):
                yield name, _ELSEWHERE

    def _looked_at(self, folders: tuple[str, ...]) -> _Folder:
        depths = []
        for depth in range(len(folders) + 1):
            above = folders[depth - 1].lower() if depth else ""
            is_top = above in LIBRARIES or folders[:depth] in self._installed
            if is_top or above in VENDOR_FOLDERS:
                depths.append((depth, is_top))
        if any(is_top for _, is_top in depths):
            return _Folder(tuple(depths), None)
        outermost = len(folders)
        if outermost > 1 and folders[:-1] in self._packages:  # a folder in a package is of it, also without `__init__`
            outermost -= 1
        while outermost and folders[:outermost] in self._packages:
            outermost -= 1
        return _Folder(tuple(depths), outermost)


def _is_told(file: _File, kind: str, is_known: bool) -> bool:  # noqa: FBT001 - of one call
    """Return whether a row accounts for code that is imported by another name than its own, or that nobody holds."""
    if not file.holder:
        return kind == _TOP and is_known
    # A copy is of another release than what it lies in. What another ecosystem installed is its own package.
    return not (kind == _COPIED or (kind == _TOP and file.is_python))


def _is_name(text: str) -> bool:
    return text.isidentifier() and not text.startswith("__")
