"""What conda installed into an environment: the JSON files of its `conda-meta` folder."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from msgspec import Struct

from graphkit.formats.conda.rows import conda_purl
from graphkit.formats.decoding import json_value
from graphkit.formats.diagnostics import Diagnostics
from graphkit.formats.duplicate_keys import with_joined_keys
from graphkit.model.documents import Component
from graphkit.model.errors import InputError
from graphkit.model.names import BadName, PackageName, package_name, purl_of
from graphkit.sources.environments.files import InstalledFiles

_METADATA: Final = re.compile(
    r"(?:.*/)?(?:site|dist)-packages/(?P<name>[^/]+?)-(?P<version>[^/-]+)(?:-py[\d.]+)?\.(?:dist|egg)-info(?:/.*)?"
)
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_LIBRARY: Final = re.compile(r"(?:.*/)?(?:site|dist)-packages/(.+)")


class CondaPackage(Struct, frozen=True, kw_only=True):
    """One package that conda installed.

    ``files`` are those of its files that lie in `site-packages`, from there, each with its SHA-256 as it was put
    there, empty where conda does not say.
    """

    place: str
    component: Component
    python: tuple[tuple[PackageName, str], ...]
    """The Python releases that its files show, by their metadata, else by its own name, as (name, version)."""
    files: Mapping[str, str]


def conda_packages(files: InstalledFiles) -> Iterator[CondaPackage]:
    """Yield what the `conda-meta` folder of an environment's prefix records, sorted by file name.

    A file that cannot be used leaves the environment open. Cost: each file once.
    """
    folder = files.prefix / "conda-meta" if files.prefix else None
    if folder is None or not folder.is_dir():
        return
    try:
        paths = sorted(folder.glob("*.json"))
    except OSError as error:
        files.diagnostics.leave_open(files.label(folder), f"this folder: {error.strerror}")
        return
    for path in paths:
        if (data := files.bytes_of(path, "conda-meta")) is None:
            continue
        label = files.label(path)
        try:
            record = json_value(with_joined_keys(data, files.diagnostics, label))
        except InputError as error:
            files.diagnostics.leave_open(label, f"this record of conda: {error}")
            continue
        if (package := _package(record, label, files.diagnostics)) is not None:
            yield package


def _package(record: Any, place: str, diagnostics: Diagnostics) -> CondaPackage | None:
    table = diagnostics.table(record, place)
    name, version = (diagnostics.text(table.get(key), f"{place}: {key}") for key in ("name", "version"))
    if not name.strip():
        diagnostics.leave_open(place, "this record of conda, which names no package")
        return None
    listed = {name.replace("\\", "/"): digest for name, digest in _paths(table)}
    inside = {found[1]: digest for one, digest in listed.items() if (found := _LIBRARY.fullmatch(one))}
    shown = {(found["name"], found["version"]) for one in listed if (found := _METADATA.fullmatch(one))}
    if inside and not shown:  # Python code without metadata: conda's name is all that it is known by
        shown = {(name, version)}
    digest = table.get("sha256")
    sha256 = (diagnostics.sha256(digest, f"{place}: sha256"),) if isinstance(digest, str) and digest else ()
    return CondaPackage(
        place=place,
        component=Component(
            ref=f"conda {place}",
            name=name.strip(),
            version=version,
            purl=conda_purl(name.strip(), version),
            sha256=tuple(filter(None, sha256)),
            members=tuple(sorted({one for one in listed.values() if _SHA256.fullmatch(one)})),
        ),
        python=tuple(sorted(pair for one in shown if (pair := _release(*one)) is not None)),
        files=inside,
    )


def _paths(table: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the files of a package, each with its SHA-256 in lower case, empty where there is none."""
    if isinstance(listed := table.get("files"), list):
        yield from ((one, "") for one in listed if isinstance(one, str))
    data = table.get("paths_data")
    if isinstance(data, dict) and isinstance(paths := data.get("paths"), list):
        for one in paths:
            if isinstance(one, dict) and isinstance(path := one.get("_path"), str):
                digest = one.get("sha256_in_prefix") or one.get("sha256")
                yield path, digest.lower() if isinstance(digest, str) else ""


def _release(name: str, version: str) -> tuple[PackageName, str] | None:
    try:
        return package_name(name), version
    except BadName:
        return None


def python_row(package: PackageName, version: str, place: str) -> Component:
    """Return the Python row for a release that conda installed and no metadata in `site-packages` shows."""
    return Component(
        ref=f"conda-python {place} {package}",
        name=package,
        package=package,
        version=version,
        purl=purl_of(package, version),
    )
