"""A reader whose ids are others than those of the one behind it: a store may number things as it likes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from graphkit.model import csr
from graphkit.stores import port


class Renumbered:
    """`port.Reader` over another; only releases of one package stay together."""

    def __init__(self, inner: port.Reader, seed: int) -> None:
        """Shuffle the ids of packages (with their releases), requirement sets and ranges."""
        self._inner = inner
        counts, shuffled = inner.generation(), np.random.default_rng(seed)
        self._packages, self._sets, self._ranges = (
            _Numbers(shuffled.permutation(count)) for count in (counts.packages, counts.requirement_sets, counts.ranges)
        )
        known = inner.packages(_every(counts.packages))
        sizes = (known.stop - known.start)[self._packages.back]
        start = np.zeros(counts.packages + 1, dtype=np.int64)
        np.cumsum(sizes, out=start[1:])
        self._start = start[self._packages.there]
        package = inner.releases(_every(counts.releases)).package
        self._releases = _Numbers(self._start[package] + np.arange(counts.releases) - known.start[package])

    def generation(self) -> port.Generation:
        """Return what the other reads."""
        return self._inner.generation()

    def package_ids(self, names: Sequence[str]) -> port.PackageIds:
        """Return ids of names."""
        return self._packages.of(self._inner.package_ids(names))

    def packages(self, ids: port.PackageIds) -> port.Packages:
        """Return packages."""
        old = self._packages.old(ids)
        found = self._inner.packages(old)
        start = self._start[old].astype(np.int32)
        newest = self._releases.of(found.newest)
        return replace(found, start=start, stop=start + found.stop - found.start, newest=newest)

    def expect(self, packages: port.PackageIds) -> None:
        """Tell of packages."""
        self._inner.expect(self._packages.old(packages))

    def releases(self, ids: port.ReleaseIds) -> port.Releases:
        """Return releases."""
        found = self._inner.releases(self._releases.old(ids))
        package, sets = self._packages.of(found.package), self._sets.of(found.requirement_set)
        return replace(found, package=package, requirement_set=sets)

    def requirements(self, sets: port.RequirementSetIds) -> port.Members:
        """Return members of requirement sets."""
        found = self._inner.requirements(self._sets.old(sets))
        return replace(found, range=self._ranges.of(found.range))

    def ranges(self, ids: port.RangeIds) -> port.Ranges:
        """Return ranges."""
        found = self._inner.ranges(self._ranges.old(ids))
        lo, hi = self._releases.of(found.lo), self._releases.of(found.hi - 1) + 1
        return replace(found, package=self._packages.of(found.package), lo=lo, hi=hi)

    def constraints_on(self, packages: port.PackageIds) -> tuple[port.Offsets, port.RangeIds]:
        """Return ranges on packages."""
        start, found = self._inner.constraints_on(self._packages.old(packages))
        return start, self._ranges.of(found)

    def intervals_on(self, packages: port.PackageIds) -> port.RangeIntervals:
        """Return the stretches of ranges on packages."""
        found = self._inner.intervals_on(self._packages.old(packages))
        lo, hi = self._releases.of(found.lo), self._releases.of(found.hi - 1) + 1
        return replace(found, range=self._ranges.of(found.range), lo=lo, hi=hi)

    def declarers(self, ranges: port.RangeIds) -> port.Declarers:
        """Return the sets that hold ranges."""
        found = self._inner.declarers(self._ranges.old(ranges))
        return replace(found, set=self._sets.of(found.set))

    def leading_declarers(self, ranges: port.RangeIds) -> port.Declarers:
        """Return those of them that lead further."""
        found = self._inner.leading_declarers(self._ranges.old(ranges))
        return replace(found, set=self._sets.of(found.set))

    def ending_declarers(self, ranges: port.RangeIds) -> port.Declarers:
        """Return those that lead no further."""
        found = self._inner.ending_declarers(self._ranges.old(ranges))
        return replace(found, set=self._sets.of(found.set))

    def last_declarers(self, ranges: port.RangeIds) -> port.Declarers:
        """Return those that lead no further and hold with one extra alone."""
        found = self._inner.last_declarers(self._ranges.old(ranges))
        return replace(found, set=self._sets.of(found.set))

    def users(self, sets: port.RequirementSetIds) -> port.Users:
        """Return the releases that declare sets."""
        found = self._inner.users(self._sets.old(sets))
        return replace(found, release=self._releases.of(found.release), package=self._packages.of(found.package))

    def every_user(self) -> port.EveryUser | None:
        """Return what every release declares, in another order."""
        found = self._inner.every_user()
        if found is None:
            return None
        back = self._releases.back
        return port.EveryUser(requirement_set=self._sets.of(found.requirement_set)[back], offer=found.offer[back])

    def runs(self, sets: port.RequirementSetIds) -> port.Runs:
        """Return the runs of releases that declare sets."""
        found = self._inner.runs(self._sets.old(sets))
        lo, hi = self._releases.of(found.lo), self._releases.of(found.hi - 1) + 1
        return replace(found, package=self._packages.of(found.package), lo=lo, hi=hi)

    def takers(self, sets: port.RequirementSetIds) -> port.Takers:
        """Return the ranges that choose releases that declare sets."""
        found = self._inner.takers(self._sets.old(sets))
        return replace(found, range=self._ranges.of(found.range), package=self._packages.of(found.package))

    def takers_of(self, releases: port.ReleaseIds) -> port.Takers:
        """Return the ranges that choose releases, of which only the packages stand in another order."""
        old = self._releases.old(releases)
        order = np.argsort(old)
        found = self._inner.takers_of(old[order])
        rows, start = csr.spread(found.start[:-1][np.argsort(order)], found.start[1:][np.argsort(order)])
        return replace(
            found,
            start=start,
            range=self._ranges.of(found.range[rows]),
            package=self._packages.of(found.package[rows]),
            extras=found.extras[rows],
        )

    def texts(self, kind: port.TextKind, ids: port.TextIds) -> tuple[str, ...]:
        """Return texts, whose ids are left as they are."""
        return self._inner.texts(kind, ids)

    def evidence(self) -> port.Evidence:
        """Return the organisation's side."""
        return self._inner.evidence()


class _Numbers:
    """A permutation: ``there`` from the other reader's ids to these, ``back`` the other way."""

    def __init__(self, there: NDArray[np.int64]) -> None:
        self.there, self.back = there, np.argsort(there)

    def of(self, ids: NDArray[Any]) -> NDArray[Any]:
        """Return these ids for the other's, negative ones as they are."""
        return np.asarray(np.append(self.there, -1)[np.maximum(ids, -1)], dtype=np.int32)

    def old(self, ids: NDArray[Any]) -> NDArray[Any]:
        """Return the other's ids for these."""
        return np.asarray(self.back[np.asarray(ids, dtype=np.int64)], dtype=np.int32)


def _every(count: int) -> NDArray[Any]:
    return np.arange(count, dtype=np.int32)
