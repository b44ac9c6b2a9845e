"""What a fresh install of each reached package takes, slot by slot."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import NamedTuple, Protocol

import numpy as np

from graphkit.model.answers import PackageRow, Path, Slot, Take
from graphkit.model.ranks import Tier
from graphkit.model.times import rfc3339
from graphkit.stores.port import PackageId, Position
from graphkit.trace.reach.admit import admission
from graphkit.trace.reach.by_slot import Reach, ReachPass
from graphkit.trace.resolve.closure import own_requirements
from graphkit.trace.resolve.confirm import Confirmation, Hit, Targets, brief, confirm, in_both, slots_of
from graphkit.trace.resolve.forward import Root
from graphkit.trace.resolve.listing import Constraint, Package, Truths, choose
from graphkit.trace.resolve.world import World
from graphkit.trace.verdicts.ranking import MOST_WALKED, Candidate, Ranking, Unwalked

_MOST_OLDER_WALKS = 8
"""How many nominated older releases are walked before `older_tier` settles for `admitted`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Newest:
    """A package's newest listed final release over consecutive slots.

    ``agreed``: every account of the uncertain times has it; else it is what one account takes
    (``doubtful``: the one that believes every listing), and what it takes is `admitted` at most.
    """

    position: Position
    first: int
    last: int
    agreed: bool = True
    doubtful: bool = True


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


def package_tiers(world: World, reach: Reach, targets: Targets, most: int | None = None) -> dict[str, Tier | None]:
    """Return the tier of every row that `package_rows` has, by its name; None where only older ones are exposed."""
    found: dict[str, Tier | None] = {}
    tiers: dict[PackageId, Tier | None] = {}
    for package_id, extra, *_ in sorted(Ranking(world, reach, targets, most).planned):
        package = world.package(package_id)
        runs = list(newest_of(package, world, reach.slots))
        tier = _tier(world, reach, targets, (package_id, extra), runs)
        if tier is None and not _older_ones(world, reach, package_id, extra, {run.position for run in runs})[1]:
            continue
        if not extra:
            tiers[package_id] = tier
        elif not _stronger(tier, tiers.get(package_id)):
            continue
        found[f"{package.name}[{extra}]" if extra else package.name] = tier
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposed:
    """The packages reached. ``unconfirmed``: nominated, but the forward walk takes no accused release.

    ``unread``: what walks saw of which the graph does not know enough. ``stopped``: the walks were stopped when
    so many of so many were done.
    """

    rows: tuple[PackageRow, ...]
    unconfirmed: tuple[str, ...]
    unread: tuple[str, ...]
    unwalked: Unwalked
    stopped: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
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
    """What became of a candidate: its row, whether it was nominated, and what its walks saw that was not read."""

    row: PackageRow | None
    nominated: bool
    unread: tuple[str, ...]


def package_rows(
    world: World, reach: Reach, targets: Targets, effort: Effort | None = None, spread_over: PackageWorlds = map
) -> Exposed:
    """Return a row per exposed package.

    A package that is exposed only with an extra has a row ``name[extra]``. What is not walked is counted.
    ``spread_over`` may walk packages in several processes. Ctrl-C stops the walks: what they found stands.
    """
    effort = effort or Effort()
    ranking = Ranking(world, reach, targets, effort.most)
    found: dict[tuple[PackageId, str], Walked] = {}
    walks = iter(spread_over(partial(_walked, world, reach, targets), ranking.planned))
    enough = None if ranking.is_whole else effort.enough
    is_stopped = False
    try:
        for candidate, walked in zip(ranking.planned, walks, strict=False):
            found[candidate.package_id, candidate.extra] = walked
            if walked.row is not None and walked.row.tier is Tier.PICKED and enough is not None:
                enough -= 1
                if enough <= 0:
                    break
    except KeyboardInterrupt:
        is_stopped = True
    rows: list[PackageRow] = []
    unconfirmed: set[str] = set()
    tiers: dict[PackageId, Tier | None] = {}
    for (package_id, extra), (row, nominated, _) in sorted(found.items(), key=lambda one: one[0]):
        if nominated and (row is None or row.tier is not Tier.PICKED):
            unconfirmed.add(f"{world.package(package_id).name}{f'[{extra}]' if extra else ''}")
        if row is None:
            continue
        if not extra:
            tiers[package_id] = row.tier
        elif not _stronger(row.tier, tiers.get(package_id)):
            continue
        rows.append(row)
    rows.sort(key=row_order)
    return Exposed(
        rows=tuple(rows),
        unconfirmed=tuple(sorted(unconfirmed)),
        unread=tuple(sorted({one for walked in found.values() for one in walked.unread})),
        unwalked=ranking.left(len(found)),
        stopped=(len(found), len(ranking.planned)) if is_stopped else None,
    )


def _stronger(tier: Tier | None, base: Tier | None) -> bool:
    ranks = [*Tier, None]
    return ranks.index(tier) < ranks.index(base)


def row_order(row: PackageRow) -> tuple[int, int, int, int, str]:
    """Return where a row stands among others: by tier, distance, downloads, dependents and name."""
    downloads = 0 if row.downloads is None else row.downloads
    return ([*Tier, None].index(row.tier), row.distance, -downloads, -row.dependents, row.package)


def _walked(world: World, reach: Reach, targets: Targets, candidate: Candidate) -> Walked:
    package_id, extra, distance, dependents = candidate
    unread: set[str] = set()
    world.forget()
    package = world.package(package_id)
    runs = list(newest_of(package, world, reach.slots))
    picked: list[Hit] = []
    doubtful: list[Hit] = []
    hits: dict[bool, list[Hit]] = {True: [], False: []}
    stuck: set[int] = set()
    paths: list[Path] = []
    nominated = False
    admitted: set[int] = set()
    roots = [root_of(world, package_id, run.position, extra, reach.slots[run.first].start) for run in runs]
    for run, root in zip(runs, roots, strict=True):
        bits = _bits(reach, run, package_id, extra)
        nominated = nominated or bool(bits)
        if bits and not _rules_out(world, root, targets):
            found = confirm(world, root, reach.slots[run.first].start, reach.slots[run.last].until, targets)
            unread.update(found.unread)
            if run.agreed:
                picked += found.picked
            else:
                hits[run.doubtful] += found.picked
            doubtful += found.doubtful
            stuck |= _stuck_slots(found, reach.slots)
            if found.path:
                paths.append(found.path)
    picked += in_both(hits[True], hits[False])
    doubtful += [*hits[True], *hits[False]]
    takes = slots_of(tuple(picked), reach.slots)
    # What is picked is admitted: only for the rest is it worth to look at all that the ranges allow.
    for run, root in zip(runs, roots, strict=True) if not takes else ():
        slots, path = _admitted_slots(world, reach, targets, root, run)
        admitted |= slots
        if path:
            paths.append(path)
    admitted |= {number for number, _ in slots_of(tuple(doubtful), reach.slots)}
    tier = Tier.PICKED if takes else Tier.ADMITTED if admitted else None
    older, count = _older(world, reach, targets, package_id, extra, {run.position for run in runs})
    exposed = count + len({run.position for run in runs if tier})
    if tier is None and older is None:
        return Walked(None, nominated, tuple(unread))
    slots_shown = sorted({number for number, _ in takes} if takes else admitted)
    best = min(paths, key=len, default=())
    shown = _shown_run(runs, slots_shown)
    row = PackageRow(
        package=f"{package.name}[{extra}]" if extra else package.name,
        tier=tier,
        takes=tuple(Take(slot=number, release=release) for number, release in takes),
        older_tier=older,
        newest=package.texts[shown.position] if shown else "",
        releases=exposed,
        distance=len(best) - 1 if tier and best else distance,
        slots=tuple(slots_shown),
        paths=(best,) if tier and best else (),
        nominated=nominated and tier is not Tier.PICKED,
        unresolvable=tuple(sorted(stuck)),
        dependents=dependents,
        downloads=package.downloads,
        maintainers=package.maintainers,
    )
    return Walked(row, nominated, tuple(unread))


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
