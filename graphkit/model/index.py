"""What an index page and a release's metadata say, as facts."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from msgspec import Struct

from graphkit.model.documents import Problem
from graphkit.model.names import ExtraName, PackageName
from graphkit.model.requirements import Requirement
from graphkit.model.times import FOREVER, Instant, Moment


class FileKind(StrEnum):
    """What a file of a release is; `unknown` where a source names a release but not its files."""

    WHEEL = "wheel"
    SDIST = "sdist"
    OTHER = "other"
    UNKNOWN = "unknown"


class File(Struct, frozen=True, kw_only=True):
    """A file of a release (PEP 691). ``uploaded`` None: time unknown. ``sha256`` empty: unknown.

    ``yanked`` is the state as read; ``yanked_since`` dates it (PEP 592 does not), None: unknown.
    """

    filename: str
    kind: FileKind
    sha256: str = ""
    requires_python: str = ""
    uploaded: Instant | None = None
    yanked: bool = False
    yanked_since: Instant | None = None


def needs_of(kind: FileKind, filename: str, requires_python: str) -> str:
    """Return what a file needs of an environment, as one text: its wheel tags or kind, a blank, Requires-Python.

    >>> needs_of(FileKind.WHEEL, "a-1.0-py3-none-any.whl", ">=3.9")
    'py3-none-any >=3.9'
    """
    tags = "-".join(filename.removesuffix(".whl").rsplit("-", 3)[1:]) if kind is FileKind.WHEEL else kind.value
    return f"{tags} {requires_python}"


class ReleaseFiles(Struct, frozen=True, kw_only=True):
    """A release as a project page lists it. ``version`` is as written there."""

    version: str
    files: tuple[File, ...]


class ProjectPage(Struct, frozen=True, kw_only=True):
    """One reading of a project page: every release it listed when read.

    ``status`` is PEP 792's project status as text (`active`, `archived`, `quarantined`,
    `deprecated`, or a value unknown today). ``found`` False: the index answered that there is no
    such project. ``source`` is a short name of the index, never a path of a machine. ``problems``: files
    on it that belong to no release of the package, and why; stores do not keep them.
    """

    package: PackageName
    spelling: str
    releases: tuple[ReleaseFiles, ...]
    read_at: Instant
    source: str
    status: str = "active"
    found: bool = True
    problems: tuple[Problem, ...] = ()


class MetadataSource(StrEnum):
    """Where the requirements of a release came from, strongest first."""

    CORE_METADATA = "core-metadata"
    WHEEL = "wheel"
    RELEASE_JSON = "release-json"
    BULK = "bulk"
    NEAREST = "nearest-release"
    UNKNOWN = "unknown"


class ReleaseMetadata(Struct, frozen=True, kw_only=True):
    """The requirements of one release. ``source`` UNKNOWN: nobody could read them; see ``reason``.

    ``unreadable`` are requirement texts without even a name: the set is incomplete because of them.
    """

    package: PackageName
    version: str
    requirements: tuple[Requirement, ...]
    source: MetadataSource
    provides_extra: tuple[ExtraName, ...] = ()
    requires_python: str = ""
    reason: str = ""
    unreadable: tuple[str, ...] = ()


class ReleaseTable(Struct, frozen=True, kw_only=True):
    """Every release of an index, or every file, as a table on disk that a store reads in columns.

    Rows of millions are never Python values: the fact says where they are, and what a reader has checked of them.
    ``paths`` are Parquet files of one table; ``columns`` those of `TABLE_COLUMNS` and `PROJECT_COLUMNS` that it has.
    ``digest`` is the SHA-256 of its bytes and of how it is read, its identity. ``source`` is what answers call it.
    ``times_listed``: rows without a time are taken as listed always (docs/semantics.md#uncertain-times).
    ``one_release``: it has one release per package, the newest, so older ones are unknown. ``as_of``: the time that its
    ingest was told it stands for; it speaks until then, or where None until its newest upload.
    """

    paths: tuple[str, ...]
    columns: frozenset[str]
    digest: str
    source: str
    times_listed: bool = False
    one_release: bool = False
    as_of: Moment | None = None


TABLE_COLUMNS: Final[dict[str, tuple[str, bool]]] = {
    "name": ("VARCHAR", True),
    "version": ("VARCHAR", True),
    "upload_time": ("TIMESTAMP WITH TIME ZONE", True),
    "requires_python": ("VARCHAR", True),
    "requires_dist": ("VARCHAR[]", True),
    "filename": ("VARCHAR", False),
    "sha256_digest": ("VARCHAR", False),
    "yanked": ("BOOLEAN", False),
}
"""Columns of a table by the names of the public `distribution_metadata` export: type in SQL, and whether it is needed.

Any of them may hold nulls; the order does not matter, and others are ignored.
"""

PROJECT_COLUMNS: Final[dict[str, str]] = {"downloads": "BIGINT", "maintainers": "VARCHAR[]"}
"""Columns that say something of the package, with their types; no export has them, but another source does."""


def table_sql(paths: Sequence[str]) -> str:
    """Return the SQL that reads Parquet files as one table. A name is taken as it stands: no pattern, no partition.

    >>> table_sql(["it's [1].parquet"])
    "read_parquet(['it''s [[]1].parquet'], union_by_name = true, hive_partitioning = false)"
    """
    signs = str.maketrans({"[": "[[]", "*": "[*]", "?": "[?]", "'": "''"})
    listed = ", ".join(f"'{path.translate(signs)}'" for path in paths)
    return f"read_parquet([{listed}], union_by_name = true, hive_partitioning = false)"


class Hidden(Struct, frozen=True, kw_only=True):
    """A stretch in which a file, a release or a whole project was not listed (removed, quarantined).

    ``version`` empty: the whole project; ``filename`` empty: the whole release.
    """

    package: PackageName
    start: Instant
    until: Instant = FOREVER
    version: str = ""
    filename: str = ""
    why: str = ""
    sources: tuple[str, ...] = ()
