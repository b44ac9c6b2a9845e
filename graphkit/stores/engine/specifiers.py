"""Specifiers as stretches of releases: each read once for the whole index, then placed by bisection in arrays.

What a specifier admits is one stretch of all versions in PEP 440 order, or some, whatever packages they
belong to. So the distinct specifiers are read against one list of versions, and the stretch of a
package is found by looking up (package, place) in the sorted releases: no Python step per range.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from packaging.specifiers import InvalidSpecifier, Specifier, SpecifierSet

from graphkit.model import csr
from graphkit.model.intervals import Readable, ReleaseRanges, meet, raw_matches, single
from graphkit.model.requirement_texts import common_clauses
from graphkit.stores import port
from graphkit.stores.engine.compile_releases import ReleaseOrder

_URL, _UNREADABLE = 1, 2
_Rows = NDArray[np.int64]
_Stretched = tuple[csr.Offsets, port.ReleaseIds, port.ReleaseIds]
"""CSR start, then ``lo`` and ``hi`` of each stretch."""


class Specifiers:
    """Distinct specifiers by id: ``flags`` of the port, and what they admit of a package."""

    def __init__(self, texts: Iterable[tuple[int, str]], order: ReleaseOrder) -> None:
        """Read specifiers: (kind, text), where kind 1 is a URL and 2 a text that could not be read."""
        self._order = order
        self._versions = Readable(order.versions, order.first)
        self._known: dict[tuple[str, str], ReleaseRanges] = {}
        self._raw: dict[int, list[Specifier]] = {}
        flags, sizes, pieces = bytearray(), [], list[tuple[int, int]]()
        for kind, text in texts:
            flag, found = self._read(len(flags), kind, text)
            flags.append(flag)
            sizes.append(len(found))
            pieces += found
        self.flags = np.frombuffer(bytes(flags), dtype=np.uint8)
        self._start = csr.offsets(np.array(sizes, dtype=np.int64))
        bounds = np.array(pieces, dtype=np.int64).reshape(-1, 2) + order.first
        self._lo, self._hi = bounds[:, 0], bounds[:, 1]

    def _read(self, specifier_id: int, kind: int, text: str) -> tuple[int, ReleaseRanges]:
        if kind == _URL:
            return port.RANGE_URL, ()
        everything: ReleaseRanges = ((0, len(self._versions)),)
        if kind == _UNREADABLE:
            return port.RANGE_UNREADABLE, everything
        if (common := common_clauses(text)) is not None:
            for clause in common:
                everything = meet(everything, self._admitted(clause))
            return port.RANGE_PINNED if len(common) == 1 and common[0][0] == "==" else 0, everything
        try:
            whole = SpecifierSet(text)
            clauses = list(whole)
            flags = port.RANGE_NAMES_PRERELEASE if whole.prereleases else 0
        except InvalidSpecifier:
            return port.RANGE_UNREADABLE, everything
        if len(clauses) == 1 and _pins(clauses[0]):
            flags |= port.RANGE_PINNED
        if any(one.operator == "===" for one in clauses):
            self._raw[specifier_id] = clauses
            return flags | port.RANGE_RAW, ()
        for one in clauses:
            everything = meet(everything, self._admitted((one.operator, one.version)))
        return flags, everything

    def _admitted(self, clause: tuple[str, str]) -> ReleaseRanges:
        """Return what an operator with a version admits."""
        if clause not in self._known:
            self._known[clause] = single(Specifier("".join(clause)), self._versions)
        return self._known[clause]

    def pieces_of(self, package: NDArray[np.int32], specifier: NDArray[np.int32]) -> _Stretched:
        """Return the stretches of release ids that ranges admit, each a package and the id of a specifier."""
        start, at = csr.positions(self._start, specifier)
        row = np.repeat(np.arange(len(specifier), dtype=np.int64), np.diff(start))
        lo, hi = (self._order.first_from(package[row], edge[at]) for edge in (self._lo, self._hi))
        return _joined(len(specifier), *self._with_raw(row, lo, hi, package, specifier))

    def _with_raw(
        self, row: _Rows, lo: _Rows, hi: _Rows, package: NDArray[np.int32], specifier: NDArray[np.int32]
    ) -> tuple[_Rows, _Rows, _Rows]:
        """Add what ranges with ``===`` admit, which text decides, range by range: there are few."""
        found = [
            (number, *piece)
            for number in np.flatnonzero(self.flags[specifier] & port.RANGE_RAW).tolist()
            for piece in self._matching(int(package[number]), self._raw[int(specifier[number])])
        ]
        if not found:
            return row, lo, hi
        more = np.array(found, dtype=np.int64)
        row, lo, hi = (np.concatenate(pair) for pair in zip((row, lo, hi), more.T, strict=True))
        sorting = np.argsort(row, kind="stable")
        return row[sorting], lo[sorting], hi[sorting]

    def _matching(self, package: int, clauses: list[Specifier]) -> ReleaseRanges:
        order = self._order
        first, stop = int(order.start[package]), int(order.start[package + 1])
        texts = [order.shown[number] for number in order.version[first:stop].tolist()]
        if all(one.operator == "===" for one in clauses):
            # Text alone decides, so a legacy version matches too (PEP 440, arbitrary equality).
            admitted: ReleaseRanges = ((0, len(texts)),)
        else:
            admitted = ((int(order.legacy[package]), len(texts)),)
        versions = Readable(texts, int(order.legacy[package]))
        for one in clauses:
            if one.operator == "===":
                admitted = meet(admitted, raw_matches(one.version, texts))
            else:
                below = int(order.legacy[package])
                admitted = meet(admitted, tuple((lo + below, hi + below) for lo, hi in single(one, versions)))
        return tuple((first + lo, first + hi) for lo, hi in admitted)


def _pins(one: Specifier) -> bool:
    return one.operator == "===" or (one.operator == "==" and not one.version.endswith(".*"))


def _joined(count: int, row: _Rows, lo: _Rows, hi: _Rows) -> _Stretched:
    """Return stretches in CSR form, without empty ones, and with those that touch made one."""
    full = lo < hi
    row, lo, hi = row[full], lo[full], hi[full]
    touches = np.zeros(len(row), dtype=bool)
    touches[1:] = (row[1:] == row[:-1]) & (lo[1:] == hi[:-1])
    ends = np.ones(len(row), dtype=bool)
    ends[:-1] = ~touches[1:]
    start = csr.offsets(np.bincount(row[~touches], minlength=count))
    return start, lo[~touches].astype(port.RELEASE), hi[ends].astype(port.RELEASE)
