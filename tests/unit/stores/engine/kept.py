"""Records in memory and small facts for the tests of the engine: no file, no whole store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import numpy as np
from msgspec.structs import replace

from graphkit.model.documents import Basis, Component, Document, DocumentKind
from graphkit.model.index import File, FileKind, MetadataSource, ProjectPage, ReleaseFiles, ReleaseMetadata
from graphkit.model.names import package_name
from graphkit.model.requirements import requirement
from graphkit.stores.engine.compile_evidence import HOLD, kept_heads, stage_mentioned
from graphkit.stores.engine.index_folder import IndexArrays
from graphkit.stores.engine.record import Record
from graphkit.stores.engine.record_reader import incidents, stage_incidents
from graphkit.stores.port import Fact

IN_MEMORY = Path(":memory:")


@contextmanager
def recorded(*batches: Iterable[Fact]) -> Iterator[Record]:
    """Give a record in memory into which these batches were written, one transaction each."""
    record = Record(IN_MEMORY)
    try:
        with TemporaryDirectory() as folder:
            for batch in batches:
                record.write(batch, Path(folder, "generation"))
        yield record
    finally:
        record.close()


def staged(record: Record) -> duckdb.DuckDBPyConnection:
    """Stage what documents and incidents name, as a compilation does first; return the connection."""
    connection = record.connection
    kept = incidents(connection)
    connection.execute(HOLD)
    stage_incidents(connection, kept)
    stage_mentioned(connection, kept_heads(connection), kept)
    return connection


def wheel(name: str, version: str, uploaded: int | None = 1, **rest: Any) -> File:
    return File(filename=f"{name}-{version}-py3-none-any.whl", kind=FileKind.WHEEL, uploaded=uploaded, **rest)


def release(name: str, version: str, *files: File) -> ReleaseFiles:
    return ReleaseFiles(version=version, files=files or (wheel(name, version),))


def page(name: str, *releases: str | ReleaseFiles, read_at: int = 1000, **rest: Any) -> ProjectPage:
    """A page whose releases have one wheel each where only their version is given."""
    listed = tuple(one if isinstance(one, ReleaseFiles) else release(name, one) for one in releases)
    made = ProjectPage(
        package=package_name(name), spelling=name, releases=listed, read_at=read_at, source="index.example"
    )
    return replace(made, **rest)


def metadata(name: str, version: str, *requires: str, **rest: Any) -> ReleaseMetadata:
    made = ReleaseMetadata(
        package=package_name(name),
        version=version,
        requirements=tuple(map(requirement, requires)),
        source=MetadataSource.WHEEL,
    )
    return replace(made, **rest)


def component(name: str, version: str = "", **rest: Any) -> Component:
    """A row of the Python index."""
    return replace(Component(ref=name, name=name, package=package_name(name), version=version), **rest)


def document(sha256: str, *components: Component, **rest: Any) -> Document:
    made = Document(
        sha256=sha256,
        path=f"{sha256}.json",
        kind=DocumentKind.SBOM,
        format="cyclonedx",
        basis=Basis.BUILT,
        components=components,
    )
    return replace(made, **rest)


def texts_of(index: IndexArrays, name: str) -> list[str]:
    """Return a whole text column."""
    column = index.texts(name)
    return list(column.at(np.arange(len(column))))
