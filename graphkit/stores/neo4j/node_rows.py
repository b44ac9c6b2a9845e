"""Rows for the server: what a compiled record says, as nodes and relationships of the design."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, Final

import duckdb
import msgspec
import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from graphkit.model import csr
from graphkit.stores.engine.bulk import SAYS_NOTHING
from graphkit.stores.engine.compile_releases import PLACES, ReleaseOrder, yanks_of
from graphkit.stores.engine.index_folder import SOURCES, IndexArrays
from graphkit.stores.engine.record_reader import rows
from graphkit.stores.neo4j.flag_properties import FILES, OFFERS, PACKAGES, RANGES, RELEASES

_LONGEST: Final = 200
"""Bytes of a text that may be part of a key; of a longer one a digest is."""
_TEXTS: Final = msgspec.json.Decoder(tuple[str, ...])
_Row = dict[str, Any]


def short(text: str) -> str:
    """Return a text that a key can hold: itself, or its beginning and its digest."""
    raw = text.encode("utf-8", "surrogatepass")
    if len(raw) <= _LONGEST:
        return text
    return f"{text[:40]}#{hashlib.sha256(raw).hexdigest()}"


def key_of(kind: str, text: str) -> str:
    """Return the id of a `Key` node: what components are found by."""
    return f"{kind}:{short(text)}"


def release_id(package: str, version_key: str) -> str:
    """Return the id of a `Release`."""
    return f"{short(package)}@{short(version_key)}"


RANGE_KINDS: Final = ("specifier", "url", "unreadable")
"""What the text of a range is, in the order of the numbers of the engine."""


def range_id(package: str, extras: str, kind: str, text: str) -> str:
    """Return the id of a `Range`, as a requirement is written; ``kind`` is one of `RANGE_KINDS`.

    >>> range_id("lib", "x", "url", "https://files.example/lib.whl")
    'lib[x] @ https://files.example/lib.whl'
    """
    asked = f"[{extras}]" if extras else ""
    between = {"specifier": "", "url": " @ ", "unreadable": " ? "}[kind]
    return short(f"{package}{asked}{between}{text}")


class Range(Struct, frozen=True, kw_only=True):
    """What a range says, and its id."""

    id: str
    package: str
    extras: str
    kind: str
    text: str


class Compiled:
    """A record whose base was compiled into arrays, on the way to the server."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, arrays: IndexArrays, order: ReleaseOrder) -> None:
        self._connection, self._arrays, self._order = connection, arrays, order
        texts = arrays.texts("package.name")
        self.names = list(texts.at(np.arange(len(texts))))
        self._start = arrays.array("package.start").astype(np.int64)

    def groups(self, weight: int) -> Iterator[range]:
        """Yield runs of packages that have about so many releases and files together, at least one package each."""
        files = self._arrays.array("file.start").astype(np.int64)[self._start]
        total = files + self._start + np.arange(len(self._start))
        first = 0
        while first < len(self.names):
            last = int(np.searchsorted(total, total[first] + weight))
            last = min(max(last, first + 1), len(self.names))
            yield range(first, last)
            first = last

    @cached_property
    def ids(self) -> dict[str, int]:
        """The number of each package here."""
        return {name: number for number, name in enumerate(self.names)}

    def packages(self, places: Sequence[int]) -> Iterator[_Row]:
        """Yield packages with all that is kept of them, but for their number on the server."""
        arrays = self._arrays
        at = np.array(places, dtype=np.int64)
        pages = self._grouped("SELECT package, read_at, source, status, found, page::VARCHAR, listed FROM pages", at)
        projects = self._grouped("SELECT package, read_at, downloads, maintainers, page::VARCHAR FROM projects", at)
        inputs = dict(self._connection.execute(_INPUTS, [SAYS_NOTHING]).fetchall())
        facts = dict(rows(self._connection, "SELECT package, facts FROM all_facts"))
        newest, start = arrays.array("package.newest"), self._start
        maintainers = arrays.texts("package.maintainers").at(at)
        columns = [
            arrays.array(f"package.{name}")[at].tolist()
            for name in ("downloads", "settled", "dependents", "speaks_until")
        ]
        truths = PACKAGES.rows(arrays.array("package.flags")[at])
        for place, text, said, *values in zip(places, maintainers, truths, *columns, strict=True):
            name = self.names[place]
            downloads, settled, dependents, speaks_until = values
            yield {
                "id": name,
                **said,
                "facts": facts.get(name) or "",
                "releases": int(start[place + 1] - start[place]),
                "downloads": downloads,
                "maintainers": text,
                "settled": settled,
                "speaks_until": speaks_until,
                "newest": int(newest[place] - start[place]) if newest[place] >= 0 else -1,
                "dependents": dependents,
                "inputs": inputs.get(name, 0),
                "kept": _json(
                    {"pages": sorted(pages.get(name, [])), "projects": sorted(projects.get(name, []), key=repr)}
                ),
            }

    def _grouped(self, query: str, at: NDArray[np.int64]) -> dict[str, list[tuple[Any, ...]]]:
        names = [self.names[place] for place in at.tolist()]
        found: dict[str, list[tuple[Any, ...]]] = {}
        asked = f"SELECT * FROM ({query}) WHERE package IN (SELECT unnest($names))"  # noqa: S608 - own statements
        for name, *row in self._connection.execute(asked, {"names": names}).fetchall():
            found.setdefault(name, []).append(tuple(row))
        return found

    def _by_release(self, query: str, at: NDArray[np.int64]) -> dict[tuple[str, str], list[tuple[Any, ...]]]:
        found: dict[tuple[str, str], list[tuple[Any, ...]]] = {}
        for name, listed in self._grouped(query, at).items():
            for key, *row in listed:
                found.setdefault((name, key), []).append(tuple(row))
        return found

    def releases(self, places: Sequence[int]) -> Iterator[_Row]:
        """Yield the releases of packages with their files; ``package`` is the number here."""
        arrays, order = self._arrays, self._order
        at = np.array(places, dtype=np.int64)
        listed = self._by_release("SELECT package, version_key, version, read_at, page::VARCHAR FROM page_releases", at)
        described = self._by_release(_DESCRIBED, at)
        files = self._by_release(_FILES, at)
        numbers, begin = csr.spread(self._start[at], self._start[at + 1])
        owner = np.repeat(at, np.diff(begin))
        place = (order.keys[numbers] & ((1 << PLACES) - 1)).tolist()
        shown = arrays.texts("version").at(arrays.array("release.version")[numbers])
        source = arrays.array("release.source")[numbers].tolist()
        truths = RELEASES.rows(arrays.array("release.flags")[numbers])
        offers = OFFERS.rows(arrays.array("release.offer")[numbers])
        file_start, file_at = csr.positions(arrays.array("file.start").astype(np.int64), numbers)
        columns = self._files(file_at)
        edges = file_start.tolist()
        for row, (package, number) in enumerate(zip(owner.tolist(), numbers.tolist(), strict=True)):
            name, key = self.names[package], order.versions[place[row]]
            own = slice(edges[row], edges[row + 1])
            metadata = described.get((name, key))
            kept = {
                "listed": listed[name, key][0] if (name, key) in listed else None,
                "metadata": metadata[0] if metadata else None,
                "files": sorted(files.get((name, key), []), key=repr),
            }
            yield {
                "id": release_id(name, key),
                "package": package,
                "name": name,
                "position": number - int(self._start[package]),
                "version": shown[row],
                "version_key": key,
                "source": SOURCES[source[row]],
                **truths[row],
                **offers[row],
                "yanked": are_yanked(columns["file_yanked"][own]),
                **{column: values[own] for column, values in columns.items()},
                "kept": _json(kept),
            }

    def _files(self, at: NDArray[np.int64]) -> dict[str, list[Any]]:
        """Return what releases say of files, property by property."""
        arrays = self._arrays
        return {
            "uploaded": arrays.array("file.uploaded")[at].tolist(),
            "yanked_since": yanks_of(arrays)[at].tolist(),
            **FILES.columns(arrays.array("file.flags")[at]),
            "needs": list(arrays.texts("needs").at(arrays.array("file.needs")[at])),
            "filenames": list(arrays.texts("file.filename").at(at)),
            "sha256": list(arrays.texts("file.sha256").at(at)),
        }

    def release_ids(self, places: Sequence[int]) -> Iterator[tuple[str, str]]:
        """Yield (package name, release id) of packages' releases."""
        at = np.array(places, dtype=np.int64)
        numbers, begin = csr.spread(self._start[at], self._start[at + 1])
        owner = np.repeat(at, np.diff(begin)).tolist()
        place = (self._order.keys[numbers] & ((1 << PLACES) - 1)).tolist()
        for package, version in zip(owner, place, strict=True):
            yield self.names[package], release_id(self.names[package], self._order.versions[version])

    def declared(self, places: Sequence[int]) -> Iterator[tuple[str, str]]:
        """Yield (release id, set digest) of packages' releases, borrowed sets among them."""
        at = np.array(places, dtype=np.int64)
        numbers, begin = csr.spread(self._start[at], self._start[at + 1])
        owner = np.repeat(at, np.diff(begin)).tolist()
        place = (self._order.keys[numbers] & ((1 << PLACES) - 1)).tolist()
        sets = self._arrays.array("release.set")[numbers].tolist()
        for package, version, number in zip(owner, place, sets, strict=True):
            if number >= 0:
                yield release_id(self.names[package], self._order.versions[version]), self.sets[number]

    @cached_property
    def sets(self) -> list[str]:
        """The digest of each requirement set, in hex."""
        shown = self._arrays.array("set.digest").tobytes().hex()
        return [shown[at : at + 32] for at in range(0, len(shown), 32)]

    def members(self, sets: Sequence[int]) -> Iterator[tuple[int, int, str]]:
        """Yield (set, range, marker) of requirement sets, sets and ranges as numbered here."""
        arrays = self._arrays
        ids = np.array(sets, dtype=np.int64)
        start, at = csr.positions(arrays.array("set.start").astype(np.int64), ids)
        owner = np.repeat(ids, np.diff(start)).tolist()
        markers = arrays.texts("marker").at(arrays.array("set.marker")[at])
        yield from zip(owner, arrays.array("set.range")[at].tolist(), markers, strict=True)

    @cached_property
    def said(self) -> list[Range]:
        """What each range says."""
        arrays = self._arrays
        packages = arrays.array("range.package").tolist()
        extras = arrays.texts("range_extras").at(arrays.array("range.extras"))
        numbers = arrays.array("range.text")
        kinds = np.repeat(np.arange(len(RANGE_KINDS)), np.diff(arrays.array("range_text.kind")))[numbers].tolist()
        texts = arrays.texts("range_text").at(numbers)
        found = []
        for package, extra, number, text in zip(packages, extras, kinds, texts, strict=True):
            name, kind = self.names[package], RANGE_KINDS[number]
            ident = range_id(name, extra, kind, text)
            found.append(Range(id=ident, package=name, extras=extra, kind=kind, text=text))
        return found

    def ranges(self, numbers: Sequence[int]) -> Iterator[_Row]:
        """Yield ranges with their stretches as positions; ``package`` is the number here."""
        arrays = self._arrays
        at = np.array(numbers, dtype=np.int64)
        start, edge = csr.positions(arrays.array("range.start").astype(np.int64), at)
        package = arrays.array("range.package")[at]
        base = np.repeat(self._start[package], np.diff(start))
        lo, hi = ((arrays.array(name)[edge] - base).tolist() for name in ("range.lo", "range.hi"))
        truths, edges = RANGES.rows(arrays.array("range.flags")[at]), start.tolist()
        takes = arrays.array("range.takes")[at].astype(np.int64)
        takes = np.where(takes < 0, -1, takes - self._start[package]).tolist()
        for row, number in enumerate(numbers):
            said = self.said[number]
            yield {
                "id": said.id,
                "package": int(package[row]),
                "extras": said.extras,
                "kind": said.kind,
                "text": said.text,
                **truths[row],
                "lo": lo[edges[row] : edges[row + 1]],
                "hi": hi[edges[row] : edges[row + 1]],
                "takes": takes[row],
            }

    def aimed(self, packages: Sequence[int]) -> set[str]:
        """Return the names of those packages that ranges aim at."""
        return {self.said[number].package for number in self.aimed_at(packages).tolist()}

    def aimed_at(self, packages: Sequence[int]) -> NDArray[np.int64]:
        """Return the ranges that aim at packages."""
        wanted = np.zeros(len(self.names) + 1, dtype=np.bool_)
        wanted[np.array(packages, dtype=np.int64)] = True
        return np.flatnonzero(wanted[self._arrays.array("range.package")])


_DESCRIBED: Final = """
SELECT package, version_key, version, source, strength,
    coalesce(replace(digest::VARCHAR, '-', ''), '') AS requirement_set, requires_python, provides_extra, reason,
    unreadable, metadata::VARCHAR AS metadata
FROM release_metadata LEFT JOIN requirement_sets ON id = requirement_set
"""
_FILES: Final = """
SELECT package, version_key, filename, kind, sha256, requires_python, uploaded, always, yanked, yanked_since, read_at,
    page::VARCHAR AS page FROM files
"""
_INPUTS: Final = """
SELECT package, count(*) FROM (
    SELECT package FROM pages WHERE source NOT IN (SELECT source FROM tables)
    UNION ALL SELECT package FROM release_metadata WHERE source <> 'bulk' AND reason <> ?
) GROUP BY package
"""


def are_yanked(files: Sequence[bool]) -> bool:
    """Return whether a release is yanked: it has files, and each of them is.

    >>> are_yanked([True, True]), are_yanked([True, False]), are_yanked([])
    (True, False, False)
    """
    return bool(files) and all(files)


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
