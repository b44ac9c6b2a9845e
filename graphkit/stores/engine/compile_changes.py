"""The base of an index from that of an older one, where few packages changed.

Packages that changed are compiled alone, by the statements that compile all of them, and inserted among the others
(`table_merge`). Ids are row numbers of sorted tables, so rows of the others move together, and what they say is kept.
Stretches are read anew for ranges that are new, and for those that aim at a package that changed. What follows from the
facts (`compile_derived`) is computed in full.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import duckdb
import numpy as np
from numpy.typing import NDArray

from graphkit.model import csr
from graphkit.model.ordering import ordering_of
from graphkit.stores import port
from graphkit.stores.engine.base_index import stage_changed
from graphkit.stores.engine.compile_derived import compile_derived
from graphkit.stores.engine.compile_projects import compile_projects
from graphkit.stores.engine.compile_ranges import (
    KINDS,
    Aims,
    Ranges,
    Sets,
    compile_aims,
    compile_sets,
    number_sets,
    write_stretches,
)
from graphkit.stores.engine.compile_releases import (
    PLACES,
    Files,
    ReleaseOrder,
    Releases,
    compile_files,
    compile_packages,
    compile_releases,
    write_yanks,
    yanks_of,
)
from graphkit.stores.engine.encoding import version_of
from graphkit.stores.engine.id_remap import IdRemap, OldAndNew
from graphkit.stores.engine.index_folder import ArraySink, HeldArrays, IndexArrays
from graphkit.stores.engine.record_reader import columns, rows
from graphkit.stores.engine.specifiers import Specifiers
from graphkit.stores.engine.table_merge import Insertion
from graphkit.stores.engine.texts import Texts, TextsBuilder

FEW: Final = 1 / 16
"""Up to which part of all packages may have changed; for more, compiling all takes no longer."""

_RECORD: Final = ("pages", "page_releases", "files", "release_metadata", "projects")
_VERSIONS: Final = """
CREATE TEMP TABLE versions AS FROM {record}.versions SEMI JOIN (
    SELECT version_key FROM page_releases UNION SELECT version_key FROM release_metadata
    UNION SELECT version_key FROM files UNION SELECT version_key FROM held_components
    UNION SELECT version_key FROM accused UNION SELECT version_key FROM accused_files) USING (version_key)
"""

_Ids = NDArray[np.int32]


def compile_changes(connection: duckdb.DuckDBPyConnection, older: IndexArrays, out: ArraySink) -> dict[str, int] | None:
    """Write the base of the record; return what is in it, None where too much changed.

    Cost: copies of arrays, the packages that changed, and the versions of those that they require.
    """
    if stage_changed(connection, older) > FEW * len(older.texts("package.name")):
        return None
    query = "SELECT DISTINCT package FROM (FROM mentioned UNION ALL SELECT package FROM held_components)"
    mentioned = {name for (name,) in rows(connection, query)}
    held = HeldArrays()
    with _changed_alone(connection):
        number_sets(connection)
        count = compile_packages(connection, held)
        compile_sets(connection, held)
        order, _ = compile_releases(connection, held, count)
        compile_files(connection, held, order)
        compile_aims(connection, held)
        compile_projects(connection, held)
        query = """
            SELECT changed.package IS NOT NULL AS is_changed
            FROM package_names LEFT JOIN changed USING (package) ORDER BY id"""
        (changed,) = columns(connection, query)
    both = OldAndNew(older, held.held())
    return _JoinedBaseIndex(both, IdRemap(both, changed, mentioned)).write(out)


@contextmanager
def _changed_alone(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Let statements see of the record's packages only those that changed: temporary tables come before its own."""
    ((record,),) = connection.execute("SELECT current_database()").fetchall()
    record = f'"{record}".main'
    try:
        for table in _RECORD:
            connection.execute(f"CREATE TEMP TABLE {table} AS FROM {record}.{table} SEMI JOIN changed USING (package)")
        connection.execute(_VERSIONS.format(record=record))
        connection.execute("INSERT INTO mentioned FROM changed")
        yield
    finally:
        for table in (*_RECORD, "versions"):
            connection.execute(f"DROP TABLE IF EXISTS temp.{table}")


class _JoinedBaseIndex:
    """The base of an older index and of the packages that changed since, written as one."""

    def __init__(self, both: OldAndNew, ids: IdRemap) -> None:
        self._both, self._ids = both, ids

    def write(self, out: ArraySink) -> dict[str, int]:
        """Write the joined base, in the order in which it is compiled in full; return what is in it."""
        self._write_packages(out)
        sets = self._write_sets(out)
        releases, version, shown = self._write_releases(out)
        files = self._write_files(out)
        ranges = self._write_ranges(out, version, shown)
        self._write_column(out, self._ids.packages, "package.downloads")
        out.texts("package.maintainers", self._ids.packages.texts(*self._both.texts("package.maintainers")))
        extras = _every(self._ids.extras.texts(*self._both.texts("range_extras")))
        compile_derived(out, releases, sets, files, ranges, extras)
        return {
            "packages": len(self._ids.start) - 1,
            "releases": len(releases.flags),
            "files": len(files.flags),
            "requirement sets": sets.count,
            "ranges": len(ranges.flags),
        }

    def _write_column(self, out: ArraySink, insertion: Insertion, name: str) -> NDArray[Any]:
        column = insertion.column(*self._both.array(name))
        out.array(name, column)
        return column

    def _write_packages(self, out: ArraySink) -> None:
        out.texts("package.name", self._ids.packages.texts(*self._both.texts("package.name")))
        self._write_column(out, self._ids.packages, "package.flags")
        self._write_column(out, self._ids.packages, "package.speaks_until")
        self._write_column(out, self._ids.packages, "package.facts")

    def _write_sets(self, out: ArraySink) -> Sets:
        marker_texts = self._ids.markers.texts(*self._both.texts("marker"))
        out.texts("marker", marker_texts)
        count = len(self._write_column(out, self._ids.sets, "set.digest"))
        out.array("set.start", self._ids.set_start.astype(np.int32))
        ranges, markers = (
            self._ids.members.column(*self._ids.mapped(name, union.of_old, union.of_new))
            for name, union in (("set.range", self._ids.ranges), ("set.marker", self._ids.markers))
        )
        out.array("set.range", ranges)
        out.array("set.marker", markers)
        owner = np.repeat(np.arange(count, dtype=port.REQUIREMENT_SET), np.diff(self._ids.set_start))
        return Sets(count=count, set=owner, range=ranges, marker=markers, marker_texts=_every(marker_texts))

    def _write_releases(self, out: ArraySink) -> tuple[Releases, _Ids, Texts]:
        out.array("package.start", self._ids.start.astype(np.int32))
        shown = self._ids.versions.texts(*self._both.texts("version"))
        out.texts("version", shown)
        version = self._ids.releases.column(
            *self._ids.mapped("release.version", self._ids.versions.of_old, self._ids.versions.of_new)
        )
        out.array("release.version", version)
        flags = self._write_column(out, self._ids.releases, "release.flags")
        self._write_column(out, self._ids.releases, "release.source")
        # Number -1, no set, is the last of the maps.
        maps = (np.append(ids, np.int32(-1)) for ids in (self._ids.sets.of_old, self._ids.sets.of_new))
        set_id = self._ids.releases.column(*self._ids.mapped("release.set", *maps))
        out.array("release.set", set_id)
        package = np.repeat(np.arange(len(self._ids.start) - 1, dtype=port.PACKAGE), np.diff(self._ids.start))
        return (
            Releases(start=self._ids.start, package=package, set_id=set_id, flags=flags),
            version,
            Texts(*shown.arrays()),
        )

    def _write_files(self, out: ArraySink) -> Files:
        needs_texts = self._ids.needs.texts(*self._both.texts("needs"))
        out.texts("needs", needs_texts)
        out.array("file.start", self._ids.file_start.astype(np.int32))
        uploaded = self._write_column(out, self._ids.files, "file.uploaded")
        flags = self._write_column(out, self._ids.files, "file.flags")
        needs = self._ids.files.column(*self._ids.mapped("file.needs", self._ids.needs.of_old, self._ids.needs.of_new))
        out.array("file.needs", needs)
        yanked_since = self._ids.files.column(*map(yanks_of, (self._both.old, self._both.new)))
        write_yanks(out, yanked_since)
        for name in ("file.filename", "file.sha256"):
            out.texts(name, self._ids.files.texts(*self._both.texts(name)))
        return Files(
            start=self._ids.file_start,
            uploaded=uploaded,
            yanked_since=yanked_since,
            flags=flags,
            needs=needs,
            needs_texts=_every(needs_texts),
        )

    def _write_ranges(self, out: ArraySink, version: _Ids, shown: Texts) -> Ranges:
        out.texts("range_extras", self._ids.extras.texts(*self._both.texts("range_extras")))
        texts = self._ids.texts.texts(*self._both.texts("range_text"))
        out.texts("range_text", texts)
        kind = self._ids.texts.column(*(_kinds(bounds) for bounds in self._both.array("range_text.kind")))
        out.array("range_text.kind", csr.offsets(np.bincount(kind, minlength=KINDS)))
        package, extras, text = (self._ids.ranges.column(*pair) for pair in self._ids.said.values())
        for name, pair in self._ids.said.items():
            out.array(name, self._ids.ranges.column(*pair))
        anew = np.zeros(len(self._ids.start) - 1, dtype=np.bool_)
        anew[self._ids.packages.of_new[self._ids.changed & (self._ids.packages.of_new >= 0)]] = True
        read = np.flatnonzero(anew[package] | (self._ids.ranges.source >= len(self._ids.kept_ranges)))
        aims = Aims(package=package[read], extras=extras[read], text=text[read])
        found = self._read(aims, kind, Texts(*texts.arrays()), version, shown)
        ranges = self._with_read(Aims(package=package, extras=extras, text=text), read, found)
        write_stretches(out, ranges)
        return ranges

    def _read(self, aims: Aims, kind: NDArray[np.int64], texts: Texts, version: _Ids, shown: Texts) -> Ranges:
        """Return flags and stretches of some ranges, by the versions of the packages that they aim at."""
        packages, package = np.unique(aims.package, return_inverse=True)
        used, text = np.unique(aims.text, return_inverse=True)
        releases, start = csr.spread(self._ids.start[packages], self._ids.start[packages + 1])
        order = _order(start, version[releases], shown)
        specifiers = Specifiers(zip(kind[used].tolist(), texts.at(used), strict=True), order)
        pieces, lo, hi = specifiers.pieces_of(package.astype(np.int32), text.astype(np.int32))
        shift = np.repeat((self._ids.start[packages] - start[:-1])[package], np.diff(pieces))
        return Ranges(
            package=aims.package,
            extras=aims.extras,
            flags=specifiers.flags[text],
            start=pieces,
            lo=(lo + shift).astype(port.RELEASE),
            hi=(hi + shift).astype(port.RELEASE),
        )

    def _with_read(self, aims: Aims, read: NDArray[np.int64], found: Ranges) -> Ranges:
        """Return all ranges: those read anew, and the others moved with the releases that they admit."""
        old = self._both.old
        flags = self._ids.ranges.column(*self._both_flags())
        flags[read] = found.flags
        old_start = old.array("package.start").astype(np.int64)
        moved = np.append(self._ids.start, 0)[self._ids.package_of_old] - old_start[:-1]
        by_range = np.repeat(moved[old.array("range.package")], np.diff(old.array("range.start")))
        lo, hi = (
            np.concatenate([(old.array(name) + by_range).astype(np.int32), edge])
            for name, edge in (("range.lo", found.lo), ("range.hi", found.hi))
        )
        start = np.concatenate([old.array("range.start").astype(np.int64), len(by_range) + found.start[1:]])
        source = self._ids.ranges.source.copy()
        source[read] = len(self._ids.kept_ranges) + np.arange(len(read))
        start, at = csr.positions(start, source)
        return Ranges(package=aims.package, extras=aims.extras, flags=flags, start=start, lo=lo[at], hi=hi[at])

    def _both_flags(self) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Return flags of ranges, older and fresh; those of the fresh are read later."""
        return self._both.old.array("range.flags"), np.zeros(len(self._both.new.array("range.package")), dtype=np.uint8)


def _every(texts: TextsBuilder) -> list[str]:
    """Return all texts of a column that is written."""
    column = Texts(*texts.arrays())
    return list(column.at(np.arange(len(column))))


def _order(start: csr.Offsets, version: _Ids, shown: Texts) -> ReleaseOrder:
    """Return the order of some packages' releases, numbered from 0, by the spellings that they show."""
    used, number = np.unique(version, return_inverse=True)
    texts = shown.at(used)
    read = [version_of(text) for text in texts]
    by_order = {ordering_of(one): one for one in read}
    place_of = {ordering: place for place, ordering in enumerate(sorted(by_order))}
    place = np.array([place_of[ordering_of(one)] for one in read], dtype=np.int64)[number]
    package = np.repeat(np.arange(len(start) - 1, dtype=np.int64), np.diff(start))
    legacy = np.array([one.parsed is None for one in read], dtype=np.bool_)[number]
    return ReleaseOrder(
        start=start,
        legacy=np.bincount(package[legacy], minlength=len(start) - 1),
        keys=package << PLACES | place,
        versions=[by_order[ordering].key for ordering in place_of],
        first=sum(one.parsed is None for one in by_order.values()),
        version=number.astype(np.int32),
        shown=list(texts),
    )


def _kinds(bounds: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the kind of each text."""
    return np.repeat(np.arange(KINDS), np.diff(bounds))
