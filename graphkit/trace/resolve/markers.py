"""Markers by id as one environment reads them: whether they hold, and with which extras; each is asked once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from graphkit.model.building import is_of_build
from graphkit.model.csr import distinct, offsets, spread
from graphkit.model.environment import extra_alone, extras_of
from graphkit.stores import port
from graphkit.trace.resolve.package_columns import Truths
from graphkit.trace.resolve.world import World

Rows = NDArray[np.int64]
_NOT_ASKED, _UNDECIDED, _FALSE, _TRUE = -2, -1, 0, 1


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
        self._tables: dict[bool, tuple[Rows, Rows]] = {}
        self._named: dict[int, tuple[str, ...]] = {}

    def ask(self, world: World, ids: port.TextIds) -> None:
        """Read markers that were not asked about before."""
        top = int(ids.max(initial=-1)) + 1
        if top > len(self._truth):
            self._truth = np.append(self._truth, np.full(top - len(self._truth), _NOT_ASKED, dtype=np.int8))
        new = distinct(ids[self._truth[ids] == _NOT_ASKED])
        if not len(new):
            return
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

    def hold(self, ids: port.TextIds, *, loose: bool) -> Truths:
        """Return which markers hold without an extra. ``loose``: what cannot be decided does."""
        truth = self._truth[ids]
        holds: Truths = truth != _FALSE if loose else truth == _TRUE
        return holds

    def with_extras(self, ids: port.TextIds, *, loose: bool) -> tuple[Rows, Rows]:
        """Return (row, number of the extra) for every extra with which one of some markers holds."""
        if loose not in self._tables:
            pairs = np.array(self._pairs, dtype=np.int64).reshape(-1, 3)
            pairs = pairs[self._truth[pairs[:, 0]] == _FALSE] if loose else pairs[pairs[:, 2] != 0]
            pairs = pairs[np.argsort(pairs[:, 0], kind="stable")]
            self._tables[loose] = offsets(np.bincount(pairs[:, 0], minlength=len(self._truth))), pairs[:, 1]
        start, numbers = self._tables[loose]
        at, begin = spread(start[ids], start[ids.astype(np.int64) + 1])
        return np.repeat(np.arange(len(ids)), np.diff(begin)), numbers[at]

    def named(self, world: World, extras: port.TextIds) -> tuple[Rows, Rows]:
        """Return (row, number) of every extra that some ranges name, as far as any walk saw it; rows ascending.

        ``extras``: ids of texts as in `port.Ranges`.
        """
        rows = np.flatnonzero(extras)
        ids = distinct(extras[rows])
        new = [text_id for text_id in ids.tolist() if text_id not in self._named]
        for text_id, text in zip(new, world.reader.texts("extras", port.TEXT.of(new)), strict=True):
            self._named[text_id] = tuple(text.split(","))
        known = (self._named[text_id] for text_id in ids.tolist())
        numbers = [[number for one in names if (number := self.numbers.get(one))] for names in known]
        start = offsets(np.array([len(one) for one in numbers], dtype=np.int64))
        flat = np.array([n for of in numbers for n in of], dtype=np.int64)
        place = np.searchsorted(ids, extras[rows])
        at, begin = spread(start[place], start[place + 1])
        return np.repeat(rows, np.diff(begin)), flat[at]
