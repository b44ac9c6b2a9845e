"""Markers by id as one environment reads them: whether they hold, and with which extras; each is asked once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from graphkit.model.building import is_of_build
from graphkit.model.csr import Numbers, distinct, offsets, spread
from graphkit.model.environment import extra_alone, extras_of
from graphkit.stores import port
from graphkit.trace.resolve.package_columns import Truths
from graphkit.trace.resolve.world import World

Rows = NDArray[np.int64]
_NOT_ASKED, _UNDECIDED, _FALSE, _TRUE = -2, -1, 0, 1
_SEVERAL = -1
"""Several extras, in the place of the number of the only one."""


class Markers:
    """What walks of one world remember of markers, and the numbers that they give to extras."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {"": 0}
        """Number of every extra seen; 0 stands for none."""
        self.meets_build = False
        """Whether a marker of a build requirement was seen: it holds for no install, with whatever extra."""
        self._truth = np.empty(0, dtype=np.int8)
        self._pairs: list[tuple[int, int, bool]] = []
        """(marker, number of an extra, decided): the extras with which a marker may hold that fails without."""
        self._tables: dict[bool, tuple[NDArray[np.int32], Rows, Rows]] = {}
        """By whether it is loose: of each marker the only extra, and of all of them, in CSR form, every extra."""
        self._names: dict[int, list[str]] = {}
        self._is_named = np.zeros(0, dtype=np.bool_)
        self._named_of = 0
        """How many extras had a number when ``_named`` was made: of each text in ``_names`` the numbers that it has."""
        self._named: tuple[Rows, Rows] = np.zeros(1, dtype=np.int64), np.empty(0, dtype=np.int64)

    def _asked(self, world: World, ids: port.TextIds) -> NDArray[np.int8]:
        """Return what each marker says; those that were not asked about before are read."""
        top = int(ids.max(initial=-1)) + 1
        if top > len(self._truth):
            self._truth = np.append(self._truth, np.full(top - len(self._truth), _NOT_ASKED, dtype=np.int8))
        found: NDArray[np.int8] = self._truth[ids]
        new = ids[found == _NOT_ASKED]
        if not len(new):
            return found
        self._read(world, distinct(new))
        return self._truth[ids]

    def _read(self, world: World, new: port.TextIds) -> None:
        self._tables.clear()
        truth = world.evaluator.truth
        for text_id, marker in zip(new.tolist(), world.reader.texts("marker", new), strict=True):
            if is_of_build(marker):
                self._truth[text_id], self.meets_build = _FALSE, True
                continue
            if alone := extra_alone(marker):
                self._truth[text_id] = _FALSE
                self._pairs.append((text_id, self.numbers.setdefault(alone, len(self.numbers)), True))
                continue
            holds = truth(marker)
            self._truth[text_id] = _UNDECIDED if holds is None else _TRUE if holds else _FALSE
            for extra in extras_of(marker) if not holds else ():
                with_extra = truth(marker, extra)
                if with_extra is not False:
                    number = self.numbers.setdefault(extra, len(self.numbers))
                    self._pairs.append((text_id, number, with_extra is not None))

    def hold(self, world: World, ids: port.TextIds, *, loose: bool) -> Truths:
        """Return which markers hold without an extra. ``loose``: what cannot be decided does."""
        truth = self._asked(world, ids)
        holds: Truths = truth != _FALSE if loose else truth == _TRUE
        return holds

    def with_extras(self, ids: port.TextIds, *, loose: bool) -> tuple[Rows, Numbers]:
        """Return (row, number of the extra) for every extra with which one of some markers holds, once they were read.

        Rows of markers with one extra come first.
        """
        if loose not in self._tables:
            pairs = np.array(self._pairs, dtype=np.int64).reshape(-1, 3)
            pairs = pairs[self._truth[pairs[:, 0]] == _FALSE] if loose else pairs[pairs[:, 2] != 0]
            pairs = pairs[np.argsort(pairs[:, 0], kind="stable")]
            counts = np.bincount(pairs[:, 0], minlength=len(self._truth))
            only = np.where(counts > 1, _SEVERAL, 0).astype(np.int32)
            alone = counts[pairs[:, 0]] == 1
            only[pairs[alone, 0]] = pairs[alone, 1]
            self._tables[loose] = only, offsets(counts), pairs[:, 1]
        only, start, numbers = self._tables[loose]
        found = only[ids]
        one, several = np.flatnonzero(found > 0), np.flatnonzero(found == _SEVERAL)
        if not len(several):
            return one, found[one]
        at, begin = spread(start[ids[several]], start[ids[several].astype(np.int64) + 1])
        row = np.concatenate([one, np.repeat(several, np.diff(begin))])
        return row, np.concatenate([found[one], numbers[at]])

    def named(self, world: World, extras: port.TextIds) -> tuple[Rows, Rows]:
        """Return (row, number) of every extra that some ranges name, as far as any walk saw it; rows ascending.

        ``extras``: ids of texts as in `port.Ranges`.
        """
        rows = np.flatnonzero(extras)
        ids = extras[rows]
        top = int(ids.max(initial=-1)) + 1
        if top > len(self._is_named):
            self._is_named = np.append(self._is_named, np.zeros(top - len(self._is_named), dtype=np.bool_))
        new = distinct(ids[~self._is_named[ids]])
        if len(new):
            self._is_named[new] = True
            texts = world.reader.texts("extras", new)
            self._names.update(zip(new.tolist(), (text.split(",") for text in texts), strict=True))
        if len(new) or self._named_of != len(self.numbers):
            self._named_of = len(self.numbers)
            numbers = {
                text_id: [number for one in names if (number := self.numbers.get(one))]
                for text_id, names in sorted(self._names.items())
            }
            counts = np.zeros(len(self._is_named), dtype=np.int64)
            counts[list(numbers)] = [len(one) for one in numbers.values()]
            self._named = offsets(counts), np.array([n for of in numbers.values() for n in of], dtype=np.int64)
        start, flat = self._named
        at, begin = spread(start[ids], start[ids.astype(np.int64) + 1])
        return np.repeat(rows, np.diff(begin)), flat[at]
