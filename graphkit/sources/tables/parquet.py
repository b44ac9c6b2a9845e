"""Parquet files in the shape of the public `distribution_metadata` table: checked, and named by their bytes."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from graphkit.model.errors import InputError
from graphkit.model.index import TABLE_COLUMNS, ReleaseTable, table_sql
from graphkit.model.progress import Progress
from graphkit.model.sentences import first_of
from graphkit.model.times import Moment, instant, rfc3339
from graphkit.sources.fetched_document import Reject

if TYPE_CHECKING:
    import duckdb

_MARK: Final = b"PAR1"
_CHUNK: Final = 2**22
_TIMES: Final = frozenset({"TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"})
"""Times without a zone are UTC, as the export's are."""
_SHOWN: Final = 12


def parquet_table(
    files: Mapping[Path, str],
    *,
    times_listed: bool,
    progress: Progress,
    reject: Reject,
    as_of: Moment | None = None,
) -> ReleaseTable | None:
    """Return files, given with what answers call them, as one table; None where one of them cannot be used.

    Shards of an export split packages among them, so that without one of them others would seem to lack
    releases: then nothing is read. ``as_of``: the time that the table is said to stand for. Cost: the bytes once, for
    the digest, and each file's footer.
    """
    import duckdb

    digests: dict[str, Path] = {}
    shapes: dict[Path, dict[str, str]] = {}
    total = sum(_size(path) for path in files)
    done = 0
    with duckdb.connect(config={"autoinstall_known_extensions": False, "autoload_known_extensions": False}) as reader:
        for path, label in files.items():
            try:
                shape = checked(reader, path)
                _same_types(shape, next(iter(shapes.values()), shape))
                digest = hashlib.sha256()
                with path.open("rb") as file:
                    while chunk := file.read(_CHUNK):
                        digest.update(chunk)
                        done += len(chunk)
                        progress(done, total, f"checking {label}")
                shapes[path], digests[digest.hexdigest()] = shape, path
            except InputError as error:
                reject(label, str(error))
            except OSError as error:
                reject(label, f"cannot be read: {error.strerror}")
    if len(shapes) < len(files) or not digests:
        return None
    return ReleaseTable(
        paths=tuple(str(path) for _, path in sorted(digests.items())),
        columns=frozenset.union(*(frozenset(shape) for shape in shapes.values())),
        digest=table_digest(sorted(digests), times_listed=times_listed, as_of=as_of),
        source=_called(list(files.values())),
        times_listed=times_listed,
        as_of=as_of,
    )


def table_digest(digests: Sequence[str], *, times_listed: bool, as_of: Moment | None = None) -> str:
    """Return the identity of a table: its files, by their digests, and how it is read."""
    told = [] if as_of is None else [f"as_of={as_of.earliest}-{as_of.latest}"]
    return hashlib.sha256("\n".join([*digests, f"times_listed={times_listed}", *told]).encode()).hexdigest()


def checked(reader: duckdb.DuckDBPyConnection, path: Path) -> dict[str, str]:
    """Return the columns of a file that matter, with their types.

    Raises:
        InputError: no Parquet file, or a column that is needed is missing or of another type.
        OSError: it cannot be read.
    """
    import duckdb

    _check_marks(path)
    try:
        described = reader.execute(f"DESCRIBE SELECT * FROM {table_sql([str(path)])}").fetchall()  # noqa: S608 - escaped
    except (duckdb.Error, RuntimeError) as error:
        line = str(error).partition("\n")[0]
        raise InputError(f"damaged Parquet file: {line}") from error
    found = {str(name).lower(): str(kind) for name, kind, *_ in described}
    if missing := sorted(name for name, (_, needed) in TABLE_COLUMNS.items() if needed and name not in found):
        raise InputError(f"has no column {' and no '.join(missing)}; it has {first_of(sorted(found), _SHOWN)}")
    shape = {name: found[name] for name in TABLE_COLUMNS if name in found}
    for name, kind in shape.items():
        expected, _ = TABLE_COLUMNS[name]
        if kind != expected and not (expected.startswith("TIMESTAMP") and kind in _TIMES):
            raise InputError(f"is of type {kind}; expected {expected}", place=f"column {name}")
    _check_uploads(reader, path)
    return shape


def _check_uploads(reader: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Refuse a file with an upload that is yet to come: a table speaks until its newest upload."""
    import duckdb

    query = f"SELECT epoch_us(max(upload_time)) FROM {table_sql([str(path)])}"  # noqa: S608 - escaped
    try:
        found = reader.execute(query).fetchone()
    except (duckdb.Error, RuntimeError):  # a damaged column, of which the store says more
        return
    newest = found[0] if found else None
    if newest is not None and newest > instant(dt.datetime.now(dt.UTC)):
        raise InputError(f"has an upload of {rfc3339(newest)}, which is in the future", place="column upload_time")


def _check_marks(path: Path) -> None:
    with path.open("rb") as file:
        head = file.read(len(_MARK))
        file.seek(0, 2)
        size = file.tell()
        file.seek(max(0, size - len(_MARK)))
        tail = file.read(len(_MARK))
    if not size:
        raise InputError("is empty")
    if head != _MARK:
        raise InputError("is not a Parquet file; export the table as Parquet")
    if tail != _MARK or size < 3 * len(_MARK):
        raise InputError("is truncated: the mark at the end of a Parquet file is missing; copy it again")


def _same_types(shape: Mapping[str, str], first: Mapping[str, str]) -> None:
    for name, kind in shape.items():
        if (other := first.get(name, kind)) != kind:
            raise InputError(f"is of type {kind} here and {other} in the first file", place=f"column {name}")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _called(labels: Sequence[str]) -> str:
    return first_of(labels, 1)
