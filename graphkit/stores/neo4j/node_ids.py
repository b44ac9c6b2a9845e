"""Ids of one reader for the numbers that nodes have in the database: dense, in the order in which they were met."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graphkit.stores import port


class NodeIds:
    """Numbers below ``bound`` and their ids.

    ``every`` finds all numbers, for one who asks for ids that were not given out yet.
    """

    def __init__(self, bound: int, every: Callable[[], list[int]]) -> None:
        self._every = every
        self._ids = np.full(bound + 1, -1, dtype=np.int32)  # the last stands for number -1, none
        self._numbers = np.full(bound, -1, dtype=np.int64)
        self._count = 0

    @property
    def held(self) -> NDArray[np.int64]:
        """The numbers of all ids that were given out."""
        return self._numbers[: self._count]

    def ids(self, numbers: NDArray[Any]) -> NDArray[Any]:
        """Return the ids of numbers, new ones for those not met before; -1 for -1."""
        found = self._ids[numbers]
        if (missing := found < 0).any():
            fresh = np.unique(numbers[missing])
            fresh = fresh[fresh >= 0]
            self._ids[fresh] = np.arange(self._count, self._count + len(fresh), dtype=np.int32)
            self._numbers[self._count : self._count + len(fresh)] = fresh
            self._count += len(fresh)
            found = self._ids[numbers]
        return np.asarray(found)

    def give(self, numbers: NDArray[np.int64]) -> None:
        """Give out ids in the order of numbers, before any other was given."""
        self._ids[numbers] = np.arange(len(numbers), dtype=np.int32)
        self._numbers[: len(numbers)] = numbers
        self._count = len(numbers)

    def numbers(self, ids: NDArray[Any]) -> NDArray[np.int64]:
        """Return the numbers of ids."""
        wanted = np.asarray(ids, dtype=np.int64)
        if len(wanted) and int(wanted.max()) >= self._count:
            self.ids(np.array(self._every(), dtype=np.int64))
        return self._numbers[wanted]


class Blocks:
    """Release ids: the releases of a package are one block, given out when the package is first met."""

    def __init__(self, packages: int, releases: int) -> None:
        self._start = np.full(packages, -1, dtype=np.int64)
        self._sizes = np.zeros(packages, dtype=np.int64)
        self._package = np.full(releases, -1, dtype=np.int64)
        self._next = 0

    @property
    def held(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The packages that have blocks, in their order, and how many releases each has."""
        packages = np.flatnonzero(self._start >= 0)
        packages = packages[np.lexsort((self._sizes[packages], self._start[packages]))]
        return packages, self._sizes[packages]

    def missing(self, packages: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the numbers of packages that have no block yet."""
        return np.unique(packages[self._start[packages] < 0])

    def give(self, packages: list[int], sizes: list[int]) -> None:
        """Give out blocks."""
        for package, size in zip(packages, sizes, strict=True):
            self._start[package], self._sizes[package] = self._next, size
            self._package[self._next : self._next + size] = package
            self._next += size

    def start(self, packages: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the first id of each package's block."""
        return self._start[packages]

    def has(self, releases: NDArray[Any]) -> bool:
        """Return whether the blocks of all these releases were given out."""
        return not len(releases) or int(releases.max()) < self._next

    def package(self, releases: NDArray[Any]) -> NDArray[np.int64]:
        """Return the number of the package of each release."""
        return self._package[np.asarray(releases, dtype=np.int64)]


class Interned:
    """Texts and their ids; the empty text is 0."""

    def __init__(self) -> None:
        self._ids = {"": 0}
        self._texts = [""]

    @property
    def held(self) -> list[str]:
        """All texts, by their ids."""
        return self._texts

    def ids(self, texts: list[str]) -> port.TextIds:
        """Return the id of each text."""
        for text in texts:
            if text not in self._ids:
                self._ids[text] = len(self._texts)
                self._texts.append(text)
        return np.fromiter(map(self._ids.__getitem__, texts), dtype=port.TEXT, count=len(texts))

    def texts(self, ids: port.TextIds) -> tuple[str, ...]:
        """Return the text of each id."""
        return tuple(self._texts[number] for number in np.asarray(ids).tolist())
