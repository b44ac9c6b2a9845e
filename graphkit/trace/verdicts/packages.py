"""What a fresh install of each reached package takes, slot by slot."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import groupby
from typing import NamedTuple, Protocol

import numpy as np
from msgspec import Struct, field

from graphkit.model.answers import PackageRow, Path, Slot, Take
from graphkit.model.ranks import Tier
from graphkit.model.times import Instant, rfc3339
from graphkit.stores.port import PackageId, Position
from graphkit.trace.reach.admit import admission
from graphkit.trace.reach.by_slot import Reach, ReachPass
from graphkit.trace.resolve.closure import own_requirements
from graphkit.trace.resolve.confirm import Confirmation, Hit, Targets, brief, confirm, in_both, slots_of
from graphkit.trace.resolve.forward import Root
from graphkit.trace.resolve.listing import Constraint, Package, choose
from graphkit.trace.resolve.package_columns import Truths
from graphkit.trace.resolve.world import World
from graphkit.trace.verdicts.ranking import MOST_WALKED, Candidate, Ranking, Unwalked

_MOST_OLDER_WALKS = 8
"""How many nominated older releases are walked before `older_tier` settles for `admitted`."""


class Newest(Struct, frozen=True, kw_only=True):
    """A package's newest listed final release over consecutive slots.

    ``agreed``: every account of the uncertain times has it; else it is what one account takes
    (``doubtful``: the one that believes every listing), and what it takes is `admitted` at most.
    """

    position: Position
    first: int
    last: int
    agreed: bool = True
    doubtful: bool = True


_Key = tuple[PackageId, str]
"""A package, and an extra of it or empty."""
Stretches = tuple[tuple[Instant, Instant], ...]
"""Stretches of time: from, and until."""


def newest_of(package: Package, world: World, slots: Sequence[Slot]) -> Iterator[Newest]:
    """Yield what a fresh install of a package alone takes, run by run; slots without any are left out.

    Where a release of uncertain listing is the newest, the newest certain one is a choice as well.
    """
    everything = Constraint((1 << package.size) - 1)
    loose, strict = (
        [choose(package.availability(slot.start, doubtful=doubtful), everything, world.profile) for slot in slots]
        for doubtful in (True, False)
    )
    same = [one == other for one, other in zip(loose, strict, strict=True)]
    yield from _runs(loose, same, doubtful=True)
    if not all(same):
        rest = [-1 if agreed else position for position, agreed in zip(strict, same, strict=True)]
        yield from _runs(rest, same, doubtful=False)


def _runs(positions: Sequence[int], agreed: Sequence[bool], *, doubtful: bool) -> Iterator[Newest]:
    numbered = enumerate(zip(positions, agreed, strict=True))
    for (position, same), run in groupby(numbered, key=lambda one: one[1]):
        numbers = [number for number, _ in run]
        if position >= 0:
            yield Newest(position=position, first=numbers[0], last=numbers[-1], agreed=same, doubtful=doubtful)


def package_tiers(
    world: World, reach: Reach, targets: Targets, most: int | None = None, answered: Answered | None = None
) -> dict[str, Tier | None]:
    """Return the tier of every row that `package_rows` has, by its name; None where only older ones are exposed.

    What is ``answered`` under another reading is not walked again where both readings list the same.
    """
    found: dict[str, Tier | None] = {}
    tiers: dict[PackageId, Tier | None] = {}
    for package_id, extra, *_ in sorted(Ranking(world, reach, targets, most).planned):
        package = world.package(package_id)
        runs = list(newest_of(package, world, reach.slots))
        if answered and answered.shows_picked(world, reach, (package_id, extra), runs):
            tier: Tier | None = Tier.PICKED
        else:
            tier = _tier(world, reach, targets, (package_id, extra), runs)
        if tier is None and not _older_ones(world, reach, package_id, extra, {run.position for run in runs})[1]:
            continue
        if not extra:
            tiers[package_id] = tier
        elif not _stronger(tier, tiers.get(package_id)):
            continue
        found[_named(package, extra)] = tier
    return found


def _tier(
    world: World, reach: Reach, targets: Targets, key: tuple[PackageId, str], runs: Sequence[Newest]
) -> Tier | None:
    package_id, extra = key
    tier: Tier | None = None
    hits: dict[bool, list[Hit]] = {True: [], False: []}
    for run in runs:
        start, until = reach.slots[run.first].start, reach.slots[run.last].until
        root = root_of(world, package_id, run.position, extra, start)
        nominated = _bits(reach, run, package_id, extra) and not _rules_out(world, root, targets)
        if nominated:
            picked, doubtful = brief(world, root, start, until, targets, first=run.agreed)
            if picked and run.agreed:
                return Tier.PICKED
            hits[run.doubtful] += picked
            tier = Tier.ADMITTED if picked or doubtful else tier
        if _admitted_slots(world, reach, targets, root, run)[0]:
            tier = Tier.ADMITTED
    return Tier.PICKED if in_both(hits[True], hits[False]) else tier


class Exposed(Struct, frozen=True, kw_only=True):
    """The packages reached. ``unconfirmed``: nominated, but the forward walk takes no accused release.

    ``unread``: what walks saw of which the graph does not know enough. ``stopped``: the walks were stopped when
    so many of so many were done. ``picked``: when a fresh install takes an accused release.
    """

    rows: tuple[PackageRow, ...]
    unconfirmed: tuple[str, ...]
    unread: tuple[str, ...]
    unwalked: Unwalked
    stopped: tuple[int, int] | None = None
    picked: Mapping[_Key, Stretches] = field(default_factory=dict)


class Answered(NamedTuple):
    """What was found under one reading: its world, and when a fresh install of a package takes an accused release."""

    world: World
    picked: Mapping[_Key, Stretches]

    def shows_picked(self, world: World, reach: Reach, key: _Key, runs: Sequence[Newest]) -> bool:
        """Return whether a package is picked under another reading as well, as walks from ``runs`` would find.

        At an instant at which both readings list the same, every walk goes the same way.
        """
        for start, until in self.picked.get(key, ()):
            at = max(start, reach.slots[0].start)
            if at < min(until, reach.slots[-1].until) and world.lists_as(self.world, at):
                slot = next(number for number, slot in enumerate(reach.slots) if slot.start <= at < slot.until)
                there = [run for run in runs if run.first <= slot <= run.last]
                if there and all(_bits(reach, run, *key) for run in there):
                    return True
        return False


class Effort(Struct, frozen=True, kw_only=True):
    """How much to walk: at most so many packages (None: all that are nominated), and no more than give ``enough`` rows.

    Few packages are walked in any case, all of them.
    """

    most: int | None = MOST_WALKED
    enough: int | None = None


class PackageWorlds(Protocol):
    """Does work on many things, perhaps in several processes; what comes of it, in their order."""

    def __call__(self, work: Callable[[Candidate], Walked], over: Sequence[Candidate], /) -> Iterable[Walked]:
        """Return what the work made of each."""


class Walked(NamedTuple):
    """What became of a candidate: its row, whether it was nominated, and what its walks saw that was not read.

    ``picked``: when its newest release takes an accused one.
    """

    row: PackageRow | None
    nominated: bool
    unread: tuple[str, ...]
    picked: Stretches = ()

    @property
    def is_picked(self) -> bool:
        """Whether a fresh install takes an accused release."""
        return self.row is not None and self.row.tier is Tier.PICKED


def package_rows(
    world: World, reach: Reach, targets: Targets, effort: Effort | None = None, spread_over: PackageWorlds = map
) -> Exposed:
    """Return a row per exposed package.

    A package that is exposed only with an extra has a row ``name[extra]``. What is not walked is counted.
    ``spread_over`` may walk packages in several processes. Ctrl-C stops the walks: what they found stands.
    """
    effort = effort or Effort()
    ranking = Ranking(world, reach, targets, effort.most)
    world.expect(candidate.package_id for candidate in ranking.planned)
    world.read(dict.fromkeys(candidate.package_id for candidate in ranking.planned[: effort.enough or MOST_WALKED]))
    walks = iter(spread_over(partial(_walked, world, reach, targets), ranking.planned))
    enough = None if ranking.is_whole else effort.enough
    found, is_stopped = _until_enough(zip(ranking.planned, walks, strict=False), enough)
    return Exposed(
        rows=tuple(sorted(_rows_among(found), key=row_order)),
        unconfirmed=tuple(sorted(_unconfirmed(world, found))),
        unread=tuple(sorted({one for walked in found.values() for one in walked.unread})),
        unwalked=ranking.left(len(found)),
        stopped=(len(found), len(ranking.planned)) if is_stopped else None,
        picked={key: walked.picked for key, walked in found.items() if walked.picked},
    )


def _until_enough(walks: Iterable[tuple[Candidate, Walked]], enough: int | None) -> tuple[dict[_Key, Walked], bool]:
    """Return what became of candidates until so many have a picked row, and whether Ctrl-C stopped the walks."""
    found: dict[_Key, Walked] = {}
    picked = 0
    try:
        for candidate, walked in walks:
            found[candidate.package_id, candidate.extra] = walked
            picked += walked.is_picked
            if enough is not None and walked.is_picked and picked >= enough:
                break
    except KeyboardInterrupt:
        return found, True
    return found, False


def _rows_among(found: Mapping[_Key, Walked]) -> Iterator[PackageRow]:
    """Yield the rows that were found; one with an extra only where that exposes the package more than it is without."""
    plain = {package_id: row.tier for (package_id, extra), (row, *_) in found.items() if row and not extra}
    for (package_id, extra), (row, *_) in found.items():
        if row and (not extra or _stronger(row.tier, plain.get(package_id))):
            yield row


def _unconfirmed(world: World, found: Mapping[_Key, Walked]) -> Iterator[str]:
    """Yield the names of candidates that single choices lead to a target, and no walk."""
    for (package_id, extra), walked in found.items():
        if walked.nominated and not walked.is_picked:
            yield _named(world.package(package_id), extra)


def _named(package: Package, extra: str) -> str:
    """Return what a row is called."""
    return f"{package.name}[{extra}]" if extra else package.name


def _stronger(tier: Tier | None, base: Tier | None) -> bool:
    ranks = [*Tier, None]
    return ranks.index(tier) < ranks.index(base)


def row_order(row: PackageRow) -> tuple[int, int, int, int, str]:
    """Return where a row stands among others: by tier, distance, downloads, dependents and name."""
    downloads = 0 if row.downloads is None else row.downloads
    return ([*Tier, None].index(row.tier), row.distance, -downloads, -row.dependents, row.package)


def _walked(world: World, reach: Reach, targets: Targets, candidate: Candidate) -> Walked:
    world.forget()
    walks = _CandidateWalks(world, reach, targets, candidate)
    walks.confirm()
    return Walked(walks.row(), walks.nominated, tuple(walks.unread), walks.picked)


class _CandidateWalks:
    """The walks of one candidate, from its newest release in each run of slots, and what they found."""

    def __init__(self, world: World, reach: Reach, targets: Targets, candidate: Candidate) -> None:
        self._world, self._reach, self._targets, self._candidate = world, reach, targets, candidate
        self._key = package_id, extra = candidate.package_id, candidate.extra
        self._package = world.package(package_id)
        self._runs = list(newest_of(self._package, world, reach.slots))
        self._roots = [root_of(world, package_id, run.position, extra, self._stretch(run)[0]) for run in self._runs]
        self._picked: list[Hit] = []
        self._doubtful: list[Hit] = []
        self._stuck: set[int] = set()
        self._paths: list[Path] = []
        self.nominated = False
        self.unread: set[str] = set()

    def _stretch(self, run: Newest) -> tuple[Instant, Instant]:
        return self._reach.slots[run.first].start, self._reach.slots[run.last].until

    def confirm(self) -> None:
        """Walk forwards from every newest release that is nominated and may take a target."""
        by_account: dict[bool, list[Hit]] = {True: [], False: []}
        for run, root in zip(self._runs, self._roots, strict=True):
            if not _bits(self._reach, run, *self._key):
                continue
            self.nominated = True
            if not _rules_out(self._world, root, self._targets):
                found = confirm(self._world, root, *self._stretch(run), self._targets)
                (self._picked if run.agreed else by_account[run.doubtful]).extend(found.picked)
                self._take(found)
        self._picked += in_both(by_account[True], by_account[False])
        self._doubtful += [*by_account[True], *by_account[False]]

    @property
    def picked(self) -> Stretches:
        """When its newest release takes an accused one."""
        return tuple(dict.fromkeys((hit.start, hit.until) for hit in self._picked))

    def _take(self, found: Confirmation) -> None:
        self._doubtful += found.doubtful
        self._stuck |= _stuck_slots(found, self._reach.slots)
        self._paths += [found.path] if found.path else []
        self.unread.update(found.unread)

    def row(self) -> PackageRow | None:
        """Return the row of the candidate; None where neither its newest releases are exposed nor older ones."""
        takes = slots_of(tuple(self._picked), self._reach.slots)
        # What is picked is admitted: only for the rest is it worth to look at all that the ranges allow.
        admitted = set[int]() if takes else self._admitted()
        admitted |= {number for number, _ in slots_of(tuple(self._doubtful), self._reach.slots)}
        tier = Tier.PICKED if takes else Tier.ADMITTED if admitted else None
        newest = {run.position for run in self._runs}
        older, count = _older(self._world, self._reach, self._targets, *self._key, newest)
        if tier is None and older is None:
            return None
        slots = sorted({number for number, _ in takes} if takes else admitted)
        shown = _shown_run(self._runs, slots)
        best = min(self._paths, key=len, default=()) if tier else ()
        return PackageRow(
            package=_named(self._package, self._candidate.extra),
            tier=tier,
            takes=tuple(Take(slot=number, release=release) for number, release in takes),
            older_tier=older,
            newest=self._package.texts[shown.position] if shown else "",
            releases=count + (len(newest) if tier else 0),
            distance=len(best) - 1 if best else self._candidate.distance,
            slots=tuple(slots),
            paths=(best,) if best else (),
            nominated=self.nominated and tier is not Tier.PICKED,
            unresolvable=tuple(sorted(self._stuck)),
            dependents=self._candidate.dependents,
            downloads=self._package.downloads,
            maintainers=self._package.maintainers,
        )

    def _admitted(self) -> set[int]:
        """Return the slots in which the ranges allow a target, and note the paths to it."""
        found: set[int] = set()
        for run, root in zip(self._runs, self._roots, strict=True):
            slots, path = _admitted_slots(self._world, self._reach, self._targets, root, run)
            found |= slots
            self._paths += [path] if path else []
        return found


def _rules_out(world: World, root: Root, targets: Targets) -> bool:
    """Return whether a root's own requirements leave no target to take, so that no walk of it can take one."""
    left = {package_id: sum(1 << position for position in positions) for package_id, positions in targets.items()}
    for requirement in own_requirements(world, root):
        if requirement.package in left and not requirement.doubtful and requirement.stretches is not None:
            left[requirement.package] &= requirement.admits
    return not any(left.values())


def _shown_run(runs: Sequence[Newest], slots: Sequence[int]) -> Newest | None:
    for run in runs:
        if slots and run.first <= slots[0] <= run.last:
            return run
    return runs[-1] if runs else None


def root_of(world: World, package_id: PackageId, position: Position, extra: str, at: int) -> Root:
    """Return the root of a fresh install of one release, with an extra or without."""
    return Root(
        label=world.label((package_id, position, extra)),
        why=f"newest release listed at {rfc3339(at)}",
        fixed=(package_id, position),
        extras=(extra,) if extra else (),
    )


def _bits(reach: Reach, run: Newest, package_id: PackageId, extra: str) -> int:
    bits = 0
    for one in reach.passes:
        window = _window(one, run)
        bits |= one.nominates(package_id, extra, run.position) & window
        if extra:
            bits |= one.nominates(package_id, "", run.position) & window
    return bits


def _window(one: ReachPass, run: Newest) -> int:
    """Return the bits of a pass that a run of slots covers."""
    mask = 0
    for bit in range(len(one.slots)):
        if run.first <= one.first + bit <= run.last:
            mask |= 1 << bit
    return mask


def _admitted_slots(world: World, reach: Reach, targets: Targets, root: Root, run: Newest) -> tuple[set[int], Path]:
    found: set[int] = set()
    path: Path = ()
    assert root.fixed is not None
    for one in reach.passes:
        mask = 0
        for extra in ("", *root.extras):
            mask |= one.admitted.mask(*(root.fixed[0], extra, root.fixed[1])) & _window(one, run)
        if mask:
            instants = [slot.start for slot in one.slots]
            answer = admission(world, root, targets, instants, one.admitted, mask)
            found |= {one.first + bit for bit in range(len(instants)) if answer.slots >> bit & 1}
            path = path or answer.path
    return found, path


def _stuck_slots(found: Confirmation, slots: Sequence[Slot]) -> set[int]:
    return {
        number
        for number, slot in enumerate(slots)
        for start, until, _ in found.unresolvable
        if start < slot.until and slot.start < until
    }


def _older_ones(
    world: World, reach: Reach, package_id: PackageId, extra: str, newest: set[Position]
) -> tuple[Truths, int]:
    """Return which releases that are not the newest are nominated, and how many are exposed at all."""
    package = world.package(package_id)
    admitted = np.zeros(package.size, dtype=bool)
    nominated = np.zeros(package.size, dtype=bool)
    for one in reach.passes:
        for masks, reached in ((admitted, one.admitted), *((nominated, account) for account in one.nominated)):
            if (found := reached.masks.get((package_id, extra))) is not None:
                np.logical_or(masks, found != 0, out=masks)
    admitted[list(newest)] = nominated[list(newest)] = False
    return nominated, int((admitted | nominated).sum())


def _older(
    world: World, reach: Reach, targets: Targets, package_id: PackageId, extra: str, newest: set[Position]
) -> tuple[Tier | None, int]:
    """Return the strongest tier among the releases that are not the newest, and how many are exposed."""
    nominated, count = _older_ones(world, reach, package_id, extra, newest)
    start, until = reach.slots[0].start, reach.slots[-1].until
    for position in np.flatnonzero(nominated)[::-1][:_MOST_OLDER_WALKS].tolist():
        root = root_of(world, package_id, position, extra, start)
        if confirm(world, root, start, until, targets).picked:
            return Tier.PICKED, count
    return (Tier.ADMITTED if count else None), count
