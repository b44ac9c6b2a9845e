"""The reverse walk over the whole graph: who could reach a release, all slots at once by 64-bit masks.

Three questions share one walk. *closure*: which releases have any range that admits it, whatever the
time. *admitted*: which could reach it through listed releases. *nominated*: which reach it when every
range alone chooses its newest (semantics §2). Only how a range passes a mask on differs.

A level is a few gathers over columns, whatever its size: no step of Python per release, range or package.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from graphkit.model.csr import distinct, spread
from graphkit.model.environment import extras_of
from graphkit.stores import port
from graphkit.trace.listing import Package
from graphkit.trace.offers import ANY, FINAL, PINNED_ANY, PINNED_FINAL, Masks, Offers, Places, Rows
from graphkit.trace.world import World

_EXTRA = 24
"""Bits that the number of an extra takes."""


class Question(Enum):
    """How a range passes a hit on to those who declare it."""

    CLOSURE = "closure"
    ADMITTED = "admitted"
    NOMINATED = "nominated"


class Reached:
    """What a reverse walk reached: masks and least distance (edges) of packages, and of extras of them.

    ``plain`` has a mask per release id; extras, which are few, stand apart as sorted keys. ``offers``: what
    was on offer at the instants of the walk; None for the closure, which asks for no time.
    """

    def __init__(
        self, world: World, plain: Masks, distance: Places, extras: _Extras, offers: Offers | None = None
    ) -> None:
        self.plain = plain
        self.offers = offers
        self.packages: Places = np.flatnonzero(distance >= 0).astype(np.int32)
        self._world = world
        self._distance = distance
        self._extras = extras

    @cached_property
    def masks(self) -> Mapping[tuple[int, str], Masks]:
        """The masks of each package and extra reached; shape (releases of the package,)."""
        return _ByKey(self)

    @cached_property
    def yanked(self) -> dict[int, int]:
        """The slots, as bits, in which a release of a package that was reached is listed, but yanked."""
        if self.offers is None:
            return {}
        keys = self._extras.keys % self._extras.size
        releases = np.concatenate([np.flatnonzero(self.plain), keys])
        masks = np.concatenate([self.plain[releases[: len(releases) - len(keys)]], self._extras.masks])
        masks &= self.offers.listed[releases] & ~self.offers.fresh[releases]
        releases, masks = releases[masks != 0], masks[masks != 0]
        found: dict[int, int] = {}
        owners = self._world.reader.releases(releases.astype(np.int32)).package.tolist()
        for ident, slots in zip(owners, masks.tolist(), strict=True):
            found[ident] = found.get(ident, 0) | slots
        return found

    def keys(self) -> list[tuple[int, str]]:
        """Return every package, and extra of one, that was reached; ascending."""
        packages, extras, _ = self.with_extras()
        return sorted(
            [*((ident, "") for ident in self.packages.tolist()), *zip(packages.tolist(), extras, strict=True)]
        )

    @property
    def levels(self) -> Places:
        """The level at which each of ``packages`` was first reached."""
        levels: Places = self._distance[self.packages]
        return levels

    def with_extras(self) -> tuple[Places, list[str], Rows]:
        """Return (package, extra, first level) of all that was reached with an extra."""
        keys, level = self._extras.near
        names = list(self._extras.numbers)
        numbers = (keys & ((1 << _EXTRA) - 1)).tolist()
        return (keys >> _EXTRA).astype(np.int32), [names[number] for number in numbers], level

    def masks_of(self, extra: Sequence[str], releases: Rows) -> Masks:
        """Return the masks of releases, each with the extra asked."""
        numbers = self._extras.numbers
        number = np.array([numbers.get(one, -1) for one in extra], dtype=np.int64)
        return self._extras.at(number * self._extras.size + releases)

    def of(self, ident: int, extra: str) -> Masks | None:
        """Return the masks of a package's releases, None where it was not reached with that extra."""
        if extra:
            return self._extras.of(self._world.package(ident), extra)
        if self._distance[ident] < 0:
            return None
        package = self._world.package(ident)
        return self.plain[package.start : package.stop]

    def mask(self, ident: int, extra: str, position: int) -> int:
        """Return the slots, as bits, in which a release or an extra of it was reached."""
        found = self.of(ident, extra)
        return 0 if found is None else int(found[position])


class _ByKey(Mapping[tuple[int, str], Masks]):
    """`Reached` as a mapping; views, made when they are asked for."""

    def __init__(self, reached: Reached) -> None:
        self._reached = reached
        self._keys: list[tuple[int, str]] | None = None

    def __getitem__(self, key: tuple[int, str]) -> Masks:
        found = self._reached.of(*key)
        if found is None:
            raise KeyError(key)
        return found

    def __iter__(self) -> Iterator[tuple[int, str]]:
        self._keys = self._keys or self._reached.keys()
        return iter(self._keys)

    def __len__(self) -> int:
        self._keys = self._keys or self._reached.keys()
        return len(self._keys)


class _Extras:
    """Extras reached: ``keys`` (number of the extra, then release id), ascending, and their ``masks``."""

    def __init__(self, releases: int) -> None:
        self.numbers: dict[str, int] = {"": 0}
        self.keys: Rows = np.empty(0, dtype=np.int64)
        self.masks: Masks = np.empty(0, dtype=np.uint64)
        self._levels: list[Rows] = []
        self.size = np.int64(max(1, releases))

    def number(self, extra: str) -> int:
        """Return the number of an extra."""
        return self.numbers.setdefault(extra, len(self.numbers))

    def note(self, packages: Places, numbers: Rows, level: int) -> None:
        """Note that packages were reached with extras at a level."""
        assert level == len(self._levels)
        self._levels.append(distinct(packages.astype(np.int64) << _EXTRA | numbers))

    @cached_property
    def near(self) -> tuple[Rows, Rows]:
        """Every package reached with an extra, as package and number of the extra in one key, and its first level."""
        keys = np.concatenate(self._levels) if self._levels else np.empty(0, dtype=np.int64)
        level = np.repeat(np.arange(len(self._levels)), [len(one) for one in self._levels])
        order = np.lexsort((level, keys))
        keys, level = keys[order], level[order]
        first = np.append(True, keys[1:] != keys[:-1])[: len(keys)]
        return keys[first], level[first]

    def enter(self, keys: Rows, masks: Masks) -> tuple[Rows, Masks]:
        """Take up masks by key, ascending; return what is new of them."""
        if not len(keys):
            return keys, masks
        known = self.at(keys)
        new = masks & ~known
        keys, masks = keys[new != 0], new[new != 0]
        self.keys, self.masks = _united(np.concatenate([self.keys, keys]), np.concatenate([self.masks, masks]))
        return keys, masks

    def at(self, keys: Rows) -> Masks:
        """Return the masks of keys, 0 where unknown."""
        return _looked_up(self.keys, self.masks, keys)

    def of(self, package: Package, extra: str) -> Masks | None:
        """Return the masks of a package's releases with an extra, None where none was reached."""
        start, stop = package.start, package.stop
        if extra not in self.numbers:
            return None
        base = self.numbers[extra] * self.size
        first, last = np.searchsorted(self.keys, [base + start, base + stop])
        if first == last:
            return None
        found = np.zeros(stop - start, dtype=np.uint64)
        found[self.keys[first:last] - base - start] = self.masks[first:last]
        return found


def _looked_up(keys: Rows, masks: Masks, asked: Rows) -> Masks:
    if not len(keys):
        return np.zeros(len(asked), dtype=np.uint64)
    place = np.minimum(np.searchsorted(keys, asked), len(keys) - 1)
    return np.where(keys[place] == asked, masks[place], np.uint64(0))


def _united(keys: Rows, masks: Masks) -> tuple[Rows, Masks]:
    """Return distinct keys, ascending, each with the union of its masks."""
    if not len(keys):
        return keys, masks
    order = np.argsort(keys)
    keys, masks = keys[order], masks[order]
    first = np.flatnonzero(np.append(True, keys[1:] != keys[:-1]))
    return keys[first], np.bitwise_or.reduceat(masks, first)


def _unions(masks: Masks, lo: Rows, hi: Rows) -> Masks:
    """Return the union of the masks in each stretch ``lo <= place < hi``; none of them is empty."""
    # reduceat takes [lo, hi) pairs; a sentinel lets hi stand one past the last mask.
    bounds = np.empty(2 * len(lo), dtype=np.int64)
    bounds[::2], bounds[1::2] = lo, hi
    found: Masks = np.bitwise_or.reduceat(np.append(masks, np.uint64(0)), bounds)[::2]
    return found


def _dealt(rows: Rows, ids: Places, known: Places, numbers: Sequence[Sequence[int]]) -> tuple[Rows, Rows]:
    """Return each row once for every number that its id has; ``known`` are the distinct ids, ascending."""
    counts = np.array([len(one) for one in numbers], dtype=np.int64)
    flat = np.array([number for one in numbers for number in one], dtype=np.int64)
    place = np.searchsorted(known, ids)
    begin = (np.cumsum(counts) - counts)[place]
    at, first = spread(begin, begin + counts[place])
    return np.repeat(rows, np.diff(first)), flat[at]


class _ReverseWalk:
    """One walk. Its frontier is releases with masks, and keys of extras with masks."""

    def __init__(self, world: World, slots: int, question: Question, offers: Offers | None) -> None:
        self._world = world
        self._question = question
        self._offers = offers
        self._everything = np.uint64((1 << slots) - 1)
        self._fresh: Masks = np.zeros(world.releases, dtype=np.uint64)
        """Masks of the frontier by release."""
        self._markers: dict[int, tuple[bool, tuple[int, ...]]] = {}
        self.plain: Masks = np.zeros(world.releases, dtype=np.uint64)
        self.extras = _Extras(world.releases)
        self.distance: Places = np.full(world.packages, -1, dtype=np.int32)

    def run(self, seeds: Mapping[int, Sequence[int]]) -> Reached:
        """Walk from accused positions by package id until nothing is new."""
        idents = np.array(sorted(seeds), dtype=np.int32)
        start = self._world.reader.packages(idents).start.tolist()
        places = [
            first + position
            for ident, first in zip(idents.tolist(), start, strict=True)
            for position in sorted(set(seeds[ident]))
        ]
        owners = np.repeat(idents, [len(set(seeds[ident])) for ident in idents.tolist()])
        releases, packages, masks = self._enter(
            np.array(places, dtype=np.int64), owners, np.full(len(places), self._everything, dtype=np.uint64)
        )
        extras, of_extras = self.extras.keys, self.extras.masks
        level = 0
        while len(releases) or len(extras):
            owners = self._owners(extras % self.extras.size)
            touched = distinct(np.concatenate([packages, owners]))
            self._fresh[releases] = masks
            self.distance[packages[self.distance[packages] < 0]] = level
            self.extras.note(owners, extras // self.extras.size, level)
            arrived = self._step(touched, extras, of_extras)
            self._fresh[releases] = 0
            (releases, packages, masks), (extras, of_extras) = arrived
            level += 1
        return Reached(self._world, self.plain, self.distance, self.extras, self._offers)

    def _owners(self, releases: Rows) -> Places:
        return self._world.reader.releases(releases.astype(np.int32)).package

    def _enter(self, releases: Rows, packages: Places, masks: Masks) -> tuple[Rows, Places, Masks]:
        """Keep what is new of arrivals, each release once, in the slots in which it is listed."""
        if self._offers is not None:
            self._offers.load(distinct(packages))
            masks = masks & self._offers.listed[releases]
        masks = masks & ~self.plain[releases]
        new = np.flatnonzero(masks)
        releases, packages, masks = releases[new], packages[new], masks[new]
        self.plain[releases] |= masks
        return releases, packages, masks

    def _step(
        self, touched: Places, extras: Rows, of_extras: Masks
    ) -> tuple[tuple[Rows, Places, Masks], tuple[Rows, Masks]]:
        reader = self._world.reader
        start, ranges = reader.constraints_on(touched)
        columns = reader.ranges(ranges)
        row = np.repeat(np.arange(len(touched)), np.diff(start))
        aimed = _Ranges(self._world, touched, row, columns)
        passed = self._through(aimed, self._fresh)
        if len(extras):
            passed |= self._through_extras(aimed, extras, of_extras)
        live = np.flatnonzero(passed)
        return self._arrive(reader.declarers(ranges[live]), passed[live])

    def _through(self, aimed: _Ranges, fresh: Masks) -> Masks:
        """Return the slots in which each range takes a release of the frontier."""
        if self._question is Question.CLOSURE:
            return aimed.any_of(fresh[aimed.releases])
        assert self._offers is not None
        if self._question is Question.ADMITTED:
            # Yanked ones too: whether a pin unlocks them depends on the root, and is settled by its admission.
            return aimed.any_of(fresh[aimed.releases] & self._offers.listed[aimed.releases])
        result = np.zeros(len(aimed.flags), dtype=np.uint64)
        for rows, release, slots in self._chosen(aimed):
            np.bitwise_or.at(result, rows, fresh[release] & slots)
        return result

    def _chosen(self, aimed: _Ranges) -> Iterator[tuple[Rows, Rows, Masks]]:
        """Yield (rows, release, slots): what ranges choose, state by state of their package."""
        assert self._offers is not None
        state_row, shift, slots = self._offers.states(aimed.packages)
        first = len(aimed.packages)
        every = np.arange(len(aimed.flags), dtype=np.int64)
        yield from self._chosen_in(aimed, every, shift[aimed.row], slots[aimed.row])
        # Further states: each with the ranges on its package.
        rows, begin = spread(aimed.start[state_row[first:]], aimed.start[state_row[first:] + 1])
        if len(rows):
            state = first + np.repeat(np.arange(len(begin) - 1), np.diff(begin))
            yield from self._chosen_in(aimed, rows, shift[state], slots[state])

    def _chosen_in(self, aimed: _Ranges, rows: Rows, shift: Rows, slots: Masks) -> Iterator[tuple[Rows, Rows, Masks]]:
        assert self._offers is not None
        chosen = aimed.newest(self._offers, rows, shift, self._world.profile)
        found = chosen >= 0
        yield rows[found], chosen[found] - shift[found], slots[found]

    def _through_extras(self, aimed: _Ranges, extras: Rows, of_extras: Masks) -> Masks:
        """Return the slots in which ranges that name an extra take it of a release of the frontier."""
        rows, numbers = self._named_extras(aimed)
        result = np.zeros(len(aimed.flags), dtype=np.uint64)
        if not len(rows):
            return result
        bases = numbers * self.extras.size
        if self._question is not Question.NOMINATED:
            if self._offers is not None:
                of_extras = of_extras & self._offers.listed[extras % self.extras.size]
            np.bitwise_or.at(result, rows, aimed.any_among(rows, bases, extras, of_extras))
            return result
        for found, release, slots in self._chosen(aimed):
            lo, hi = np.searchsorted(rows, found), np.searchsorted(rows, found, side="right")
            pair, begin = spread(lo, hi)
            which = np.repeat(np.arange(len(found)), np.diff(begin))
            hits = _looked_up(extras, of_extras, bases[pair] + release[which])
            np.bitwise_or.at(result, rows[pair], hits & slots[which])
        return result

    def _named_extras(self, aimed: _Ranges) -> tuple[Rows, Rows]:
        """Return (rows, numbers) of the extras that ranges name, as far as any was reached; rows ascending."""
        rows = np.flatnonzero(aimed.extras)
        ids = distinct(aimed.extras[rows])
        texts = self._world.reader.texts("extras", ids)
        known = [[n for one in text.split(",") if (n := self.extras.numbers.get(one))] for text in texts]
        return _dealt(rows, aimed.extras[rows], ids, known)

    def _arrive(
        self, declarers: port.Declarers, passed: Masks
    ) -> tuple[tuple[Rows, Places, Masks], tuple[Rows, Masks]]:
        """Turn declarations into nodes, under their markers and their own listing."""
        masks = np.repeat(passed, np.diff(declarers.start))
        plain, rows, numbers = self._by_marker(declarers.marker)
        count = len(declarers.users) - 1
        sets, of_sets = _united(declarers.set[plain].astype(np.int64), masks[plain])
        at, begin = spread(declarers.users[sets], declarers.users[sets + 1])
        found = self._enter(
            declarers.release[at].astype(np.int64), declarers.package[at], np.repeat(of_sets, np.diff(begin))
        )
        keys, of_keys = _united(numbers * np.int64(max(1, count)) + declarers.set[rows], masks[rows])
        sets, numbers = keys % max(1, count), keys // max(1, count)
        at, begin = spread(declarers.users[sets], declarers.users[sets + 1])
        releases = declarers.release[at].astype(np.int64)
        of_keys = np.repeat(of_keys, np.diff(begin))
        if self._offers is not None and len(at):
            self._offers.load(distinct(declarers.package[at]))
            of_keys = of_keys & self._offers.listed[releases]
        keys, of_keys = _united(np.repeat(numbers, np.diff(begin)) * self.extras.size + releases, of_keys)
        return found, self.extras.enter(keys, of_keys)

    def _by_marker(self, markers: Places) -> tuple[Rows, Rows, Rows]:
        """Return the rows that hold without an extra, then (rows, extras) of those that hold with one."""
        ids = distinct(markers)
        new = np.array([one for one in ids.tolist() if one not in self._markers], dtype=np.int32)
        loose = self._question is not Question.NOMINATED
        for one, marker in zip(new.tolist(), self._world.reader.texts("marker", new), strict=True):
            holds = self._holds(marker, "", loose=loose)
            extras = () if holds else tuple(e for e in extras_of(marker) if self._holds(marker, e, loose=loose))
            self._markers[one] = holds, tuple(map(self.extras.number, extras))
        known = [self._markers[one] for one in ids.tolist()]
        holds_of = np.zeros(int(ids.max(initial=-1)) + 1, dtype=np.bool_)
        holds_of[ids] = [holds for holds, _ in known]
        rows = np.arange(len(markers), dtype=np.int64)
        return np.flatnonzero(holds_of[markers]), *_dealt(rows, markers, ids, [extras for _, extras in known])

    def _holds(self, marker: str, extra: str, *, loose: bool) -> bool:
        truth = self._world.ground.truth(marker, extra)
        return loose if truth is None else truth


class _Ranges:
    """The ranges on some packages, ``row`` of each; their stretches as release ids, in CSR form.

    ``releases`` are those of the packages behind each other; ``any_of`` takes masks in that order.
    """

    def __init__(self, world: World, packages: Places, row: Rows, columns: port.Ranges) -> None:
        about = world.reader.packages(packages)
        first = about.start.astype(np.int64)
        self.packages = packages
        self.row = row
        self.start = np.searchsorted(row, np.arange(len(packages) + 1))
        self.releases, begin = spread(first, about.stop.astype(np.int64))
        self.flags = columns.flags
        self.extras = columns.extras
        self._offsets = columns.start
        self._lo, self._hi = columns.lo.astype(np.int64), columns.hi.astype(np.int64)
        of_piece = np.repeat(row, np.diff(columns.start))
        self._local = (begin[:-1] - first)[of_piece]

    def any_of(self, hits: Masks) -> Masks:
        """Return the union of the hits inside each range."""
        result = np.zeros(len(self.flags), dtype=np.uint64)
        if not len(self._lo):
            return result
        unions = _unions(hits, self._lo + self._local, self._hi + self._local)
        full = np.diff(self._offsets) > 0
        result[full] = np.bitwise_or.reduceat(unions, self._offsets[:-1][full])
        return result

    def any_among(self, rows: Rows, bases: Rows, keys: Rows, masks: Masks) -> Masks:
        """Return for each of some ranges the union of the masks of keys that are ``base`` and a release inside it."""
        piece, begin = spread(self._offsets[rows], self._offsets[rows + 1])
        pair = np.repeat(np.arange(len(rows)), np.diff(begin))
        lo = np.searchsorted(keys, bases[pair] + self._lo[piece])
        hi = np.searchsorted(keys, bases[pair] + self._hi[piece])
        hit = np.flatnonzero(lo < hi)
        hit = hit[np.argsort(lo[hit], kind="stable")]  # ascending, so that what lies between is passed once
        result = np.zeros(len(rows), dtype=np.uint64)
        if len(hit):
            np.bitwise_or.at(result, pair[hit], _unions(masks, lo[hit], hi[hit]))
        return result

    def newest(self, offers: Offers, rows: Rows, shift: Rows, profile: str) -> NDArray[np.int64]:
        """Return the place that each of some ranges alone chooses in a state, -1 for none; as `listing.choose` does."""
        flags = self.flags[rows]
        chosen = self._finals_first(offers, rows, shift, profile, (FINAL, ANY))
        # Any declarer may be the root, whose pin unlocks a yanked release in every profile (PEP 592).
        pinned = np.flatnonzero(((flags & port.RANGE_PINNED) != 0) & (chosen < 0))
        if len(pinned):
            kinds = (PINNED_FINAL, PINNED_ANY)
            chosen[pinned] = self._finals_first(offers, rows[pinned], shift[pinned], profile, kinds)
        chosen[(flags & port.RANGE_UNREADABLE) != 0] = -1
        return chosen

    def _finals_first(
        self, offers: Offers, rows: Rows, shift: Rows, profile: str, kinds: tuple[int, int]
    ) -> NDArray[np.int64]:
        chosen = self._top(offers, rows, shift, kinds[0])
        if profile == "pip":
            chosen[(self.flags[rows] & port.RANGE_NAMES_PRERELEASE) != 0] = -1
        rest = np.flatnonzero(chosen < 0)
        chosen[rest] = self._top(offers, rows[rest], shift[rest], kinds[1])
        return chosen

    def _top(self, offers: Offers, rows: Rows, shift: Rows, kind: int) -> NDArray[np.int64]:
        """Scan the stretches of every range from the top, all ranges at once."""
        result = np.full(len(rows), -1, dtype=np.int64)
        stop = self._offsets[rows + 1]
        count = stop - self._offsets[rows]
        for depth in range(int(count.max(initial=0))):
            waiting = np.flatnonzero((count > depth) & (result < 0))
            piece = stop[waiting] - 1 - depth
            found = offers.newest(kind, self._hi[piece] + shift[waiting] - 1)
            fits = found >= self._lo[piece] + shift[waiting]
            result[waiting[fits]] = found[fits]
        return result


def closure_of(world: World, seeds: Mapping[int, Sequence[int]]) -> Reached:
    """Return every release with a chain of ranges that admits a seed, whatever the time; see `reverse`."""
    return _ReverseWalk(world, 1, Question.CLOSURE, None).run(seeds)


def reverse(world: World, seeds: Mapping[int, Sequence[int]], offers: Offers, question: Question) -> Reached:
    """Return everything that reaches the seeds at the instants of some offers, at most 64, one bit each.

    ``seeds`` are positions by package id. Each node must be listed in a slot to be reached in it, the
    seeds and the roots included. Cost: in the edges of the answer.
    """
    return _ReverseWalk(world, offers.slots, question, offers).run(seeds)
