"""What else in an environment names packages: vendor lists, nested SBOMs, and archives that Python installs from."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from msgspec.structs import replace
from packaging.utils import InvalidSdistFilename, InvalidWheelFilename, parse_sdist_filename, parse_wheel_filename

from graphkit.formats import read_document
from graphkit.formats.archives import Contents, contents
from graphkit.formats.diagnostics import quoted
from graphkit.formats.imported_code import VENDOR_FOLDERS
from graphkit.model.documents import DENIES_ITSELF, NOT_READ, RECORD, SAYS_COMPLETE, Completeness, Component
from graphkit.model.errors import InputError
from graphkit.model.names import BadName, PackageName, package_name, purl_of
from graphkit.model.requirements import requirement
from graphkit.sources.environments.files import InstalledFiles, shown_path
from graphkit.sources.environments.metadata import headers
from graphkit.sources.environments.tree import ARCHIVE, BOM, VENDOR_LIST

_COMMENT: Final = re.compile(r"(?:^|\s)#.*")
_OPTIONS: Final = re.compile(r"\s--hash[= ]\S+|\s*\\$")
_PINNED: Final = re.compile(r"===?([^=*,;\s]+)")
_METADATA: Final = re.compile(
    r"(?:.*/)?(?:(?P<entry>[^/]+\.dist-info)/METADATA|(?P<egg>[^/]+\.egg-info)(?:/PKG-INFO)?|(?:EGG-INFO|[^/]+)/PKG-INFO|PKG-INFO)",
    re.IGNORECASE,
)
_SDIST_MARKS: Final = re.compile(r"[^/]+/(?:PKG-INFO|setup\.py|setup\.cfg|pyproject\.toml)")
_ALWAYS: Final = re.compile(r".+\.(?:whl|egg|pyzw?|shiv|pex)", re.IGNORECASE)
"""Archives that only Python has a use for: one that cannot be read leaves an environment open."""
_CODE: Final = re.compile(r"([^\W\d]\w*)(?:\.pyw?|\.pyc|(?:\.[^./]+)*\.(?:so|pyd))", re.IGNORECASE)
"""A file that Python imports, with the name of its module."""
_OPENS: Final = re.compile(rf"{NOT_READ}|{SAYS_COMPLETE}|.*left out", re.DOTALL)
_DEPTH: Final = 2
"""How deep archives inside archives are read."""


def listed_row(
    ref: str, name: str, version: str, *, sha256: tuple[str, ...] = (), members: tuple[str, ...] = ()
) -> Component:
    """Return the row of a release that lies in an environment and is not installed at its top.

    Raises:
        BadName: the name is not a package name.
    """
    package = package_name(name)
    return Component(
        ref=ref, name=package, package=package, version=version, purl=purl_of(package, version or None),
        sha256=sha256, members=members, optional=True,
    )  # fmt: skip


def vendor_list(files: InstalledFiles, path: Path) -> Iterator[Component]:
    """Yield what a vendor list names, one requirement a line; a line that cannot be read leaves it open.

    A pin is a version; anything else is a row without one.
    """
    if (data := files.bytes_of(path, "list")) is None:
        return
    yield from vendor_lines(files, files.label(path), data)


def vendor_lines(files: InstalledFiles, label: str, data: bytes) -> Iterator[Component]:
    """Yield what the text of a vendor list names; see `vendor_list`."""
    for number, text in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
        line = _OPTIONS.sub("", _COMMENT.sub("", text)).strip()
        if not line or line.startswith("--"):
            continue
        try:
            asked = requirement(line)
        except ValueError:  # BadName is one; so are more digits than int() reads in one go
            asked = None
        if asked is None or asked.unreadable:
            files.diagnostics.leave_open(f"{label}: line {number}", f"{quoted(line)} in this list of vendored packages")
            continue
        pin = _PINNED.fullmatch(asked.specifier)
        yield replace(
            listed_row(f"{label} {number}", asked.package, pin[1] if pin else ""),
            origin=asked.url,
            marker=asked.marker,
        )


def loose_metadata(files: InstalledFiles, path: Path) -> Iterator[Component]:
    """Yield the release that core metadata in a folder of another name tells of; left open where it names none."""
    if (data := files.bytes_of(path, "METADATA")) is not None:
        yield from _metadata_row(files, files.label(path), data)


def bom_rows(files: InstalledFiles, path: Path) -> Iterator[Component]:
    """Yield the rows of an SBOM that lies in an environment; one that cannot be read leaves it open."""
    if (data := files.bytes_of(path, "sbom")) is None:
        return
    is_told = "sboms" in path.parts
    yield from bom_text(files, files.label(path), data, is_told=is_told)


def bom_text(files: InstalledFiles, label: str, data: bytes, *, is_told: bool) -> Iterator[Component]:
    """Yield the rows of an SBOM's bytes; ``is_told``: it lies where only SBOMs do (PEP 770)."""
    try:
        document = read_document(data, label, hint="sbom")
    except InputError as error:
        files.diagnostics.leave_open(label, f"this SBOM: {error}")
        return
    if document is None:
        if is_told:
            files.diagnostics.leave_open(label, "this SBOM, whose format is not known")
        return
    if document.completeness is Completeness.INCOMPLETE:
        # That it says so itself is of what it was made from, and changes nothing of what is installed.
        opening = [one for one in document.problems if _OPENS.match(one.text)]
        if not opening or any(one.text != DENIES_ITSELF for one in opening):
            first = next((one for one in opening if one.text != DENIES_ITSELF), None)
            files.diagnostics.leave_open(label, f"all of this SBOM{f': {first.place}: {first.text}' if first else ''}")
    for row in document.components:
        yield replace(row, ref=f"{label} {row.ref}", optional=True)


def archive_rows(files: InstalledFiles, path: Path) -> Iterator[Component]:
    """Yield the releases that an archive in an environment is or holds; left open where it cannot be read."""
    if (data := files.bytes_of(path, "archive")) is None:
        return
    yield from _in_archive(files, files.label(path), path.name, data, _DEPTH)


def _in_archive(files: InstalledFiles, label: str, name: str, data: bytes, depth: int) -> Iterator[Component]:
    digest = hashlib.sha256(data).hexdigest()
    try:
        held = contents(data, _is_wanted)
    except InputError as error:
        if _ALWAYS.fullmatch(name) or _named_release(name, None):
            files.diagnostics.leave_open(label, f"this archive: {error}")
        else:
            files.diagnostics.add(label, f"this archive is damaged, so nothing is installed from it: {error}")
        held = None
    else:
        if held is None and _ALWAYS.fullmatch(name):
            files.diagnostics.leave_open(label, "this archive, which is neither a ZIP nor a tar file")
    if (told := _named_release(name, held)) is not None:
        yield listed_row(label, *told, sha256=(digest,))
    if held is None:
        return
    for row in _held(files, label, held, depth):
        if told is None or (row.package, row.version) != told:
            yield row


def _is_wanted(name: str) -> bool:
    last = name.rpartition("/")[2]
    return bool(
        _METADATA.fullmatch(name)
        or VENDOR_LIST.fullmatch(last)
        or BOM.fullmatch(last)
        or ARCHIVE.fullmatch(last)
        or ".dist-info/sboms/" in name
    )


def _named_release(name: str, held: Contents | None) -> tuple[str, str] | None:
    """Return the release that an archive is called by; an sdist also has to look like one, where it was opened."""
    try:
        if name.lower().endswith(".whl"):
            package, version, *_ = parse_wheel_filename(name)
            return package, str(version)
        if name.lower().endswith(".egg"):
            package_text, _, rest = name[:-4].partition("-")
            return package_name(package_text), rest.partition("-")[0]
        if held is None or any(_SDIST_MARKS.fullmatch(one) for one in held.names):
            package, version = parse_sdist_filename(name)
            return package, str(version)
    except (InvalidWheelFilename, InvalidSdistFilename, BadName, ValueError):
        return None
    return None


def _held(files: InstalledFiles, label: str, held: Contents, depth: int) -> Iterator[Component]:
    """Yield what an opened archive holds: metadata at any depth, lists, SBOMs, archives, and code of no metadata."""
    named: set[PackageName] = set()
    for inner, content in held.files:
        place, last = f"{label}/{shown_path(inner)}", inner.rpartition("/")[2]
        if isinstance(content, InputError):
            files.diagnostics.leave_open(place, f"this file of an archive: {content}")
        elif _METADATA.fullmatch(inner):
            for row in _metadata_row(files, place, content):
                named.update(filter(None, (row.package,)))
                yield row
        elif ARCHIVE.fullmatch(last) and ".dist-info/" not in inner:
            if depth > 1:
                yield from _in_archive(files, place, last, content, depth - 1)
            elif _ALWAYS.fullmatch(last):
                files.diagnostics.leave_open(place, "this archive inside archives")
        elif VENDOR_LIST.fullmatch(last):
            for row in vendor_lines(files, place, content):
                named.update(filter(None, (row.package,)))
                yield row
        else:
            yield from bom_text(files, place, content, is_told=".dist-info/sboms/" in inner)
    whose = f"{RECORD}{next(iter(named))}" if len(named) == 1 else ""
    for name in sorted(_code(held.names) - named):
        yield replace(listed_row(f"{label} code {name}", name, ""), origin=whose)


def _metadata_row(files: InstalledFiles, place: str, data: bytes) -> Iterator[Component]:
    metadata = headers(data)
    try:
        version = str(metadata.get("version") or "")
        yield listed_row(place, str(metadata.get("name") or ""), version)
    except BadName:
        files.diagnostics.leave_open(place, "this metadata, which names no package")


def _code(names: tuple[str, ...]) -> set[PackageName]:
    """Return the names under which the code of an archive can be imported: at its top, and in vendor folders.

    Folders count with and without `__init__.py` (PEP 420), as in an environment (`imported_names`). PEX unpacks wheels
    into folders of their names.
    """
    found = set()
    for name in names:
        *folders, last = name.split("/")
        if not (module := _CODE.fullmatch(last)):
            continue
        for depth, one in enumerate((*folders, module[1])):
            above = folders[depth - 1].lower() if depth else ""
            is_top = not depth or above in VENDOR_FOLDERS or _ALWAYS.fullmatch(above)
            if is_top and one.isidentifier():
                try:
                    found.add(package_name(one))
                except BadName:
                    continue
    return found
