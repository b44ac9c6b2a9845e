"""Whole indexes of a run: tables that the store reads in columns."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

from graphkit.ingest.files import label_of
from graphkit.ingest.run import IngestRun
from graphkit.model.errors import InputError, UsageError
from graphkit.model.index import ReleaseTable
from graphkit.model.times import instant
from graphkit.sources.tables import parquet_table, pypi_db_table
from graphkit.temporary import scratch_folder


def take_parquet(run: IngestRun, sources: Sequence[str]) -> None:
    """Take files, and those inside folders that are called `*.parquet`, as one table: an export comes in many.

    Raises:
        UsageError: the time that the table is said to stand for is yet to come.
    """
    _check_as_of(run)
    files: dict[Path, str] = {}
    complete = True
    for source in sources:
        path = Path(source)
        found = sorted(path.rglob("*.parquet")) if source and _is_there(path, folder=True) else [path]
        for one in found:
            files[one] = label_of(path if one == path else Path(path.name, one.relative_to(path)))
        if not source or not found or not _is_there(found[0], folder=False):
            run.stats.reject(
                label_of(path) if source else "", "it contains no Parquet file" if not found else "no such file"
            )
            complete = False
    rejected = len(run.stats.rejected)
    table = None
    if complete:
        table = parquet_table(
            files,
            times_listed=run.order.times_listed,
            progress=run.progress,
            reject=run.stats.reject,
            as_of=run.order.table_as_of,
        )
    if table is not None:
        _keep(run, table)
    elif len(files) > len(run.stats.rejected) - rejected and len(files) > 1:
        run.stats.notes["no file was ingested: the files of a table belong together, and one is missing"] = None


def take_pypi_db(run: IngestRun, sources: Sequence[str]) -> None:
    """Take databases of pypi-data, each a table of its own.

    Raises:
        UsageError: the time that they are said to stand for is yet to come.
    """
    _check_as_of(run)
    for source in sources:
        path = Path(source)
        run.attempt(label_of(path), lambda path=path: _take_pypi_db(run, path))  # type: ignore[misc]


def _check_as_of(run: IngestRun) -> None:
    told = run.order.table_as_of
    if told is not None and told.earliest > instant(dt.datetime.now(dt.UTC)):
        raise UsageError(f"--as-of {told} is in the future; a table describes the time before it was exported")


def _take_pypi_db(run: IngestRun, path: Path) -> None:
    label = label_of(path)
    with scratch_folder() as folder:
        try:
            table = pypi_db_table(
                path,
                label,
                folder,
                times_listed=run.order.times_listed,
                progress=run.progress,
                as_of=run.order.table_as_of,
            )
        except OSError as error:
            raise InputError(f"cannot be read: {error.strerror}") from error
        _keep(run, table)
    run.stats.notes[f"{label} has one release of each package: what older ones require is not known"] = None


def _keep(run: IngestRun, table: ReleaseTable) -> None:
    run.progress(0, None, f"keeping {table.source}")
    run.stats.read += len(table.paths)
    run.keep(table.source, [table])
    run.flush()


def _is_there(path: Path, *, folder: bool) -> bool:
    try:
        return path.is_dir() if folder else path.is_file()
    except OSError:  # a text too long for the name of a file
        return False
