"""Tables of an index for tests: rows written as Parquet, and the same rows as the facts they mean."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from graphkit.model.index import (
    TABLE_COLUMNS,
    File,
    FileKind,
    MetadataSource,
    ProjectPage,
    ReleaseFiles,
    ReleaseMetadata,
)
from graphkit.model.names import BadName, PackageName, package_name
from graphkit.model.requirements import Requirement, requirement
from graphkit.model.times import Instant
from graphkit.model.versions import release_version

Row = Mapping[str, Any]
"""A row by the names of columns; what is left out is null. ``upload_time`` is in microseconds."""


def write_parquet(path: Path, rows: Sequence[Row], columns: Sequence[str] = tuple(TABLE_COLUMNS)) -> Path:
    """Write rows with these columns, in this order; a name that is no column of an export holds text."""
    kinds = {name: TABLE_COLUMNS.get(name, ("VARCHAR",))[0] for name in columns}
    with duckdb.connect() as made:
        made.execute(f"CREATE TABLE made ({', '.join(f'{name} {kind}' for name, kind in kinds.items())})")
        for row in rows:
            values = [_time(row.get(name)) if name == "upload_time" else row.get(name) for name in columns]
            made.execute(f"INSERT INTO made VALUES ({', '.join('?' * len(columns))})", values)
        made.execute(f"COPY made TO '{path}' (FORMAT parquet)")
    return path


def _time(at: Instant | None) -> dt.datetime | None:
    return None if at is None else dt.datetime.fromtimestamp(0, dt.UTC) + dt.timedelta(microseconds=at)


def facts_of(rows: Sequence[Row]) -> Iterator[ProjectPage | ReleaseMetadata]:
    """Yield what a table says, fact by fact, as `graphkit.stores.engine.bulk` says it in columns."""
    releases: dict[PackageName, dict[str, dict[str, Row]]] = defaultdict(lambda: defaultdict(dict))
    kept = [row for row in rows if row.get("version") is not None and _named(row) is not None]
    for row in sorted(kept, key=lambda row: (row.get("upload_time") is not None, row.get("upload_time") or 0)):
        package = package_name(row["name"])
        releases[package][release_version(row["version"]).key][row.get("filename") or ""] = row
    read_at = max((row["upload_time"] for row in kept if row.get("upload_time") is not None), default=0)
    for package, versions in releases.items():
        yield ProjectPage(
            package=package,
            spelling=package,
            releases=tuple(
                ReleaseFiles(version=row["version"], files=(_file(row),))
                for files in versions.values()
                for row in files.values()
            ),
            read_at=read_at,
            source="index.example",
        )
        for files in versions.values():
            yield _metadata(package, list(files.values()))


def _named(row: Row) -> PackageName | None:
    try:
        return package_name(row.get("name") or "")
    except BadName:
        return None


def _file(row: Row) -> File:
    filename = row.get("filename") or ""
    return File(
        filename=filename,
        kind=_kind(filename),
        sha256=(row.get("sha256_digest") or "").lower(),
        requires_python=row.get("requires_python") or "",
        uploaded=row.get("upload_time"),
        yanked=bool(row.get("yanked")),
    )


def _kind(filename: str) -> FileKind:
    if not filename:
        return FileKind.UNKNOWN
    if filename.endswith(".whl"):
        return FileKind.WHEEL
    return FileKind.SDIST if re.search(r"\.(tar\.(gz|bz2|xz|Z)|tgz|zip|tar)$", filename) else FileKind.OTHER


def _metadata(package: PackageName, rows: list[Row]) -> ReleaseMetadata:
    version = min((row["version"] for row in rows), key=lambda raw: (-len(release_version(raw).text), raw.strip()))
    said = [row for row in rows if row.get("requires_dist") is not None]
    silent = [row for row in said if not row["requires_dist"] and _file(row).kind in {FileKind.SDIST, FileKind.OTHER}]
    if len(said) == len(silent):
        return ReleaseMetadata(
            package=package, version=version, requirements=(), source=MetadataSource.UNKNOWN, reason="not known"
        )
    readable: list[Requirement] = []
    unreadable: list[str] = []
    for text in (text for row in said for text in row["requires_dist"]):
        try:
            readable.append(requirement(text or ""))
        except BadName:
            unreadable.append(text or "")
    if any(row.get("requires_dist") is None and _file(row).kind is FileKind.WHEEL for row in rows):
        unreadable.append("what one of its wheels requires")
    return ReleaseMetadata(
        package=package,
        version=version,
        requirements=tuple(readable),
        source=MetadataSource.BULK,
        unreadable=tuple(unreadable),
    )
