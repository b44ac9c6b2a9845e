"""What a reverse walk reached, in columns, and as a mapping for those who ask about a few packages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from graphkit.model.csr import Numbers, Scalar, distinct
from graphkit.stores.port import PACKAGE, RELEASE, PackageId, PackageIds, Position
from graphkit.trace.resolve.availability_table import AvailabilityTable, Masks, Rows
from graphkit.trace.resolve.listing import Package
from graphkit.trace.resolve.world import World

Levels = NDArray[np.int32]
_EXTRA = 24
"""Bits that the number of an extra takes."""


class ReachedReleases:
    """What a reverse walk reached: masks and least distance (edges) of packages, and of extras of them.

    ``plain`` has a mask per release id; extras, which are few, stand apart as sorted keys. ``levels``: the
    packages of what a closure reached edge by edge, the targets first. ``availability``: what
    was listed at the instants of the walk; None for the closure, which asks for no time. ``yanked``: in
    which slots, as bits, a release of a package was reached that was listed, but yanked.
    """

    def __init__(
        self,
        world: World,
        plain: Masks,
        levels: Sequence[PackageIds],
        extras: ExtrasReached,
        availability: AvailabilityTable | None = None,
        yanked: Mapping[PackageId, int] | None = None,
    ) -> None:
        self.plain = plain
        self.availability = availability
        self.yanked: Mapping[PackageId, int] = yanked or {}
        self._world = world
        self._levels = levels
        self._extras = extras

    @cached_property
    def masks(self) -> Mapping[tuple[PackageId, str], Masks]:
        """The masks of each package and extra reached; shape (releases of the package,)."""
        return _ByKey(self)

    def keys(self) -> list[tuple[PackageId, str]]:
        """Return every package, and extra of one, that was reached; ascending."""
        packages, extras, _ = self.with_extras()
        return sorted(
            [*((package_id, "") for package_id in self.packages.tolist()), *zip(packages.tolist(), extras, strict=True)]
        )

    @cached_property
    def packages(self) -> PackageIds:
        """The packages reached, ascending."""
        if self.availability is None:
            return np.flatnonzero(self._first).astype(PACKAGE)
        reached = np.flatnonzero(self.plain).astype(RELEASE)
        return distinct(self._world.reader.releases(reached).package)

    @cached_property
    def _first(self) -> Levels:
        """The level at which each package of the graph was first reached, from 1 on; 0 where it was not."""
        first = np.zeros(self._world.packages, dtype=np.int32)
        for level, packages in reversed(list(enumerate(self._levels, 1))):
            first[packages] = level
        return first

    @property
    def levels(self) -> Levels:
        """The level at which each of ``packages`` was first reached, from 0 on; of a closure alone."""
        levels: Levels = self._first[self.packages] - 1
        return levels

    def with_extras(self) -> tuple[PackageIds, list[str], Rows]:
        """Return (package, extra, first level) of all that was reached with an extra."""
        keys, level = self._extras.near
        names = list(self._extras.numbers)
        numbers = (keys & ((1 << _EXTRA) - 1)).tolist()
        return (keys >> _EXTRA).astype(PACKAGE), [names[number] for number in numbers], level

    def masks_of(self, extra: Sequence[str], releases: Rows) -> Masks:
        """Return the masks of releases, each with the extra asked."""
        numbers = self._extras.numbers
        number = np.array([numbers.get(one, -1) for one in extra], dtype=np.int64)
        return self._extras.at(number * self._extras.size + releases)

    def of(self, package_id: PackageId, extra: str) -> Masks | None:
        """Return the masks of a package's releases, None where it was not reached with that extra."""
        if extra:
            return self._extras.of(self._world.package(package_id), extra)
        package = self._world.package(package_id)
        found = self.plain[package.start : package.stop]
        return found if found.any() else None

    def mask(self, package_id: PackageId, extra: str, position: Position) -> int:
        """Return the slots, as bits, in which a release or an extra of it was reached."""
        found = self.of(package_id, extra)
        return 0 if found is None else int(found[position])


class _ByKey(Mapping[tuple[PackageId, str], Masks]):
    """`ReachedReleases` as a mapping; views, made when they are asked for."""

    def __init__(self, reached: ReachedReleases) -> None:
        self._reached = reached
        self._keys: list[tuple[PackageId, str]] | None = None

    def __getitem__(self, key: tuple[PackageId, str]) -> Masks:
        found = self._reached.of(*key)
        if found is None:
            raise KeyError(key)
        return found

    def __iter__(self) -> Iterator[tuple[PackageId, str]]:
        self._keys = self._keys or self._reached.keys()
        return iter(self._keys)

    def __len__(self) -> int:
        self._keys = self._keys or self._reached.keys()
        return len(self._keys)


class ExtrasReached:
    """Extras of releases that were reached, level by level: keys (number of the extra, then release id), and masks.

    ``numbers`` of extras by name; ``size``: one past the greatest release id.
    """

    def __init__(self, releases: int, numbers: Mapping[str, int]) -> None:
        self.numbers = numbers
        self.size = np.int64(max(1, releases))
        self._arrived: list[tuple[Rows, Masks, PackageIds]] = []

    def note(self, keys: Rows, masks: Masks, packages: PackageIds) -> None:
        """Note what was reached at the next level, and the package of each."""
        self._arrived.append((keys, masks, packages))

    @cached_property
    def near(self) -> tuple[Rows, Rows]:
        """Every package reached with an extra, as package and number of the extra in one key, and its first level."""
        levels = [
            distinct((owners.astype(np.int64) << _EXTRA | keys // self.size)[masks != 0])
            for keys, masks, owners in self._arrived
        ]
        keys = np.concatenate([np.empty(0, dtype=np.int64), *levels])
        level = np.repeat(np.arange(len(levels)), [len(one) for one in levels])
        order = np.lexsort((level, keys))
        keys, level = keys[order], level[order]
        first = np.append(True, keys[1:] != keys[:-1])[: len(keys)]
        return keys[first], level[first]

    @cached_property
    def _all(self) -> tuple[Rows, Masks]:
        if not self._arrived:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.uint8)
        keys, masks = (np.concatenate(column) for column in list(zip(*self._arrived, strict=True))[:2])
        return united(keys[masks != 0], masks[masks != 0])

    def at(self, keys: Rows) -> Masks:
        """Return the masks of keys, 0 where unknown."""
        return looked_up(*self._all, keys)

    def of(self, package: Package, extra: str) -> Masks | None:
        """Return the masks of a package's releases with an extra, None where none was reached."""
        start, stop = package.start, package.stop
        if extra not in self.numbers:
            return None
        base = self.numbers[extra] * self.size
        keys, masks = self._all
        first, last = np.searchsorted(keys, [base + start, base + stop])
        if first == last:
            return None
        found = np.zeros(stop - start, dtype=masks.dtype)
        found[keys[first:last] - base - start] = masks[first:last]
        return found


def looked_up(keys: Numbers, masks: Masks, asked: Numbers) -> Masks:
    """Return the mask of each key asked, 0 where it is not among ``keys``, which are distinct and ascending."""
    if not len(keys):
        return np.zeros(len(asked), dtype=masks.dtype)
    place = np.minimum(np.searchsorted(keys, asked), len(keys) - 1)
    return np.where(keys[place] == asked, masks[place], masks.dtype.type(0))


def united(keys: NDArray[Scalar], masks: Masks) -> tuple[NDArray[Scalar], Masks]:
    """Return distinct keys, ascending, each with the union of its masks."""
    if not len(keys):
        return keys, masks
    if (masks == masks[0]).all():
        keys = distinct(keys)
        return keys, np.full(len(keys), masks[0])
    order = np.argsort(keys)
    keys, masks = keys[order], masks[order]
    first = np.flatnonzero(np.append(True, keys[1:] != keys[:-1]))
    return keys[first], np.bitwise_or.reduceat(masks, first)
