"""What lies in the folders of an environment: nested metadata, SBOMs, vendor lists, archives, vendored code, links.

Nothing of it is read here; `graphkit.sources.environments` reads what is met.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from msgspec import Struct, field

from graphkit.formats.imported_code import LIBRARIES, MODULE, VENDOR_FOLDERS
from graphkit.sources.environments.files import InstalledFiles

INSTALLED: Final = re.compile(r"(?P<stem>[^/]+)\.(?P<kind>dist-info|egg-info|egg-link|egg)", re.IGNORECASE)
BOM: Final = re.compile(
    r"(?!.*\.schema\.json)(?:(?:.+[._-])?(?:cdx|cyclonedx|sbom|bom|syft|spdx)(?:[._-][^/]*)?|sbom[^/]*)"
    r"\.(?:json|xml|ya?ml|rdf|tag|txt)|.+\.(?:spdx3?|sbom)",
    re.IGNORECASE,
)
"""Names of files that SBOMs have, by the specifications of CycloneDX and SPDX and by custom."""
VENDOR_LIST: Final = re.compile(
    r"_?(?:vendor|vendors|vendored|vendoring|bundled)(?:[-_.](?:requirements|packages|libs|versions))?(?:\.(?:txt|in|lock))?",
    re.IGNORECASE,
)
REQUIREMENTS: Final = re.compile(r"[^/]*requirements[^/]*\.(?:txt|in)", re.IGNORECASE)
"""Lists of what a vendor folder holds, also under the usual name of requirements."""
ARCHIVE: Final = re.compile(r".+\.(?:whl|egg|zip|pyzw?|shiv|pex|tar\.(?:gz|bz2|xz)|tgz|tbz2?|txz|tar)", re.IGNORECASE)
_CACHED: Final = re.compile(r"([^\W\d]\w*)\.(?:cpython|pypy)[^/]*\.pyc", re.IGNORECASE)
_INTERPRETER: Final = re.compile(r"(?:python|pypy)[\d.]*t?", re.IGNORECASE)
_PROGRAMS: Final = frozenset({"bin", "Scripts"})
_ZIP_END: Final = 66_000
"""Bytes at the end of a ZIP archive that hold its last record, with the longest comment."""
_NEVER: Final = frozenset({".git", ".hg", ".svn", "node_modules", ".tox", ".nox", "tests", "test", "docs"})
"""Folders of a project being worked on that nobody imports an installed package from."""
_EXAMPLES: Final = "/graphkit/_resources/examples/"
"""Where a wheel of graphkit has its examples: their SBOMs name bad releases, and nothing of them is installed."""
MOST: Final = 1_000_000
"""The most files and folders that are looked at."""


class Tree(Struct, kw_only=True):
    """What was met, each as its path, sorted by it."""

    nested: list[Path] = field(default_factory=list)
    """Metadata of distributions that is not directly in the folder of the environment."""
    boms: list[Path] = field(default_factory=list)
    lists: list[Path] = field(default_factory=list)
    loose: list[Path] = field(default_factory=list)
    """Core metadata in a folder of no such name, as of a source distribution that was unpacked."""
    archives: list[Path] = field(default_factory=list)
    vendors: list[Path] = field(default_factory=list)
    """Folders with copies of packages, and eggs."""
    links: list[Path] = field(default_factory=list)
    """Links that lead out of everything that may be read, or to a folder that is not walked."""
    files: list[str] = field(default_factory=list)
    """Every file in the folder of the environment, by its path from there."""


def walk_tree(files: InstalledFiles, added: Iterable[Path]) -> Tree:
    """Return what lies in an environment, and in folders that are ``added`` to what Python imports.

    A virtual environment is walked as a whole where it was given, else its `site-packages` alone; of added
    folders only metadata and copies of packages are looked for. No link is followed.
    Cost: one listing for each folder, up to `MOST` entries.
    """
    tree = Tree()
    folder = files.folder
    start = files.prefix if files.prefix and files.is_given(files.prefix) and _is_virtual(files.prefix) else folder
    left = _walk(files, start, tree, MOST, is_added=False)
    walked = [start, folder]
    for one in sorted(added):
        if not _is_inside(one, walked):
            left = _walk(files, one, tree, left, is_added=True)
            walked.append(one)
    if left <= 0:
        files.diagnostics.leave_open(files.label(folder), f"files beyond the first {MOST:,}")
    for found in (tree.nested, tree.boms, tree.lists, tree.loose, tree.archives, tree.vendors, tree.links):
        found.sort()
    tree.files.sort()
    return tree


def _is_inside(path: Path, walked: Iterable[Path]) -> bool:
    return any(path.is_relative_to(one) for one in walked)


def _is_virtual(prefix: Path) -> bool:
    return (prefix / "pyvenv.cfg").is_file()


def _walk(files: InstalledFiles, start: Path, tree: Tree, left: int, *, is_added: bool) -> int:
    """Walk a folder; return how many more entries may be looked at."""
    waiting = [start]
    while waiting and left > 0:
        parent = waiting.pop()
        try:
            with os.scandir(parent) as listing:
                entries = sorted(listing, key=lambda one: one.name)
        except OSError as error:
            files.diagnostics.leave_open(files.label(parent), f"this folder: {error.strerror}")
            continue
        left -= len(entries)
        folder = _Folder(path=parent, is_start=parent == start, is_own=parent.is_relative_to(files.folder))
        waiting += [path for entry in entries if (path := _take(files, folder, entry, tree, is_added=is_added))]
    return left


class _Folder(NamedTuple):
    """A folder at work; ``is_own``: it is in that of the environment."""

    path: Path
    is_start: bool
    is_own: bool


def _take(
    files: InstalledFiles, folder: _Folder, entry: os.DirEntry[str], tree: Tree, *, is_added: bool
) -> Path | None:
    """Put an entry of a folder where it belongs; return its path where it is a folder to walk."""
    path = folder.path / entry.name
    if entry.is_symlink():
        _link(files, path, tree)
        return None
    is_folder = entry.is_dir(follow_symlinks=False)
    if folder.path != files.folder and _is_metadata(entry.name, is_folder=is_folder):
        tree.nested.append(path)
    if not is_folder:
        if folder.is_own:
            tree.files.append(path.relative_to(files.folder).as_posix())
        if not is_added:
            _file(path, entry.name, tree)
        return None
    is_site = path == files.folder
    if not (folder.is_own or is_site or _is_walked(path, is_added=is_added and folder.is_start)):
        return None
    if not is_site and (entry.name.lower() in VENDOR_FOLDERS or entry.name.lower().endswith(".egg")):
        tree.vendors.append(path)
    return path


def _is_metadata(name: str, *, is_folder: bool) -> bool:
    """Return whether an entry has the name of a distribution's metadata; an egg that is a file is an archive."""
    return INSTALLED.fullmatch(name) is not None and (is_folder or not name.lower().endswith(".egg"))


def _is_walked(path: Path, *, is_added: bool) -> bool:
    """Return whether a folder outside of `site-packages` is looked into: other environments are not."""
    name = path.name
    if name in LIBRARIES or (is_added and name in _NEVER) or name == ".git":
        return False
    return not (path / "pyvenv.cfg").exists()


def _link(files: InstalledFiles, path: Path, tree: Tree) -> None:
    prefix = files.prefix
    if prefix is not None and path.parent.parent == prefix and path.parent.name in _PROGRAMS:
        if _INTERPRETER.fullmatch(path.name):
            return
    elif prefix is not None and path == prefix / "lib64":
        return
    if path.parent == files.folder or path.is_relative_to(files.folder):
        tree.files.append(path.relative_to(files.folder).as_posix())
    if not files.may_read(path) or (path.is_dir() and not _leads_within(files, path)):
        tree.links.append(path)


def _leads_within(files: InstalledFiles, path: Path) -> bool:
    """Return whether a link leads to what is walked anyway."""
    root = files.prefix if files.prefix and files.is_given(files.prefix) and _is_virtual(files.prefix) else files.folder
    try:
        return path.resolve().is_relative_to(root.resolve())
    except (OSError, RuntimeError):
        return False


def _file(path: Path, name: str, tree: Tree) -> None:
    in_vendor = path.parent.name.lower() in VENDOR_FOLDERS
    if _EXAMPLES in path.as_posix():
        return
    if "sboms" in path.parts and any(part.lower().endswith(".dist-info") for part in path.parts):
        tree.boms.append(path)
    elif name == "PKG-INFO" and not path.parent.name.lower().endswith((".egg-info", ".dist-info", "egg-info")):
        tree.loose.append(path)
    elif VENDOR_LIST.fullmatch(name) or (in_vendor and REQUIREMENTS.fullmatch(name)):
        tree.lists.append(path)
    elif ARCHIVE.fullmatch(name) or (path.parent.name in _PROGRAMS and _is_zipped_program(path)):
        tree.archives.append(path)
    elif BOM.fullmatch(name):
        tree.boms.append(path)


def _is_zipped_program(path: Path) -> bool:
    """Return whether a program is a script with a ZIP archive behind it (`zipapp`, shiv, PEX), whatever its name."""
    try:
        with path.open("rb") as file:
            if file.read(2) != b"#!":
                return False
            file.seek(max(0, file.seek(0, os.SEEK_END) - _ZIP_END))
            return b"PK\x05\x06" in file.read()
    except (OSError, ValueError):
        return False


def imported_names(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield what can be imported from a folder, as (entry, name), sorted by the entry.

    Folders count that hold anything, also without `__init__.py` (PEP 420), and modules in source, compiled, or
    as bytecode; bytecode that is left in `__pycache__` counts where its source is gone.
    """
    try:
        with os.scandir(folder) as listing:
            entries = sorted((entry.name, entry.is_dir()) for entry in listing)
    except OSError:
        return
    names = {name for name, _ in entries}
    for name, is_folder in entries:
        if is_folder and name == "__pycache__":
            for cached in _listed(folder / name):
                found = _CACHED.fullmatch(cached)
                if found and not {f"{found[1]}.py", f"{found[1]}.pyc", found[1]} & names:
                    yield f"{name}/{cached}", found[1]
        elif is_folder and name.isidentifier() and _listed(folder / name):
            yield name, name
        elif not is_folder and (module := MODULE.fullmatch(name)):
            yield name, module[1]


def _listed(folder: Path) -> list[str]:
    try:
        return sorted(one.name for one in folder.iterdir())
    except (OSError, ValueError):
        return []
