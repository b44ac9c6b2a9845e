"""Confirmation: the stretches of a window in which a root's forward walk takes an accused release."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from graphkit.model.answers import Path, Slot
from graphkit.model.times import Instant
from graphkit.stores.port import PackageId, Position
from graphkit.trace.resolve.forward import Root, WalkInterval, path_to, walk_intervals
from graphkit.trace.resolve.world import World

Targets = dict[PackageId, list[Position]]
"""Accused positions by package id."""


class Hit(Struct, frozen=True, kw_only=True):
    """In ``start <= t < until`` the root takes ``release`` (``name@version``)."""

    start: Instant
    until: Instant
    release: str
    is_mixed: bool = False
    """It has good files too, and which of them the root takes is not known: `admitted` at most.

    Contract: docs/semantics.md#compromised-files.
    """


class Confirmation(Struct, frozen=True, kw_only=True):
    """What the forward walks of one root say over a window.

    ``picked``: under every account of the uncertain times some accused release is taken, be it another one;
    ``doubtful``: under one only (then it is `admitted`). ``unresolvable``: stretches without a resolution, with the
    packages that had no release.
    """

    picked: tuple[Hit, ...]
    doubtful: tuple[Hit, ...]
    unresolvable: tuple[tuple[Instant, Instant, tuple[str, ...]], ...]
    unread: tuple[str, ...]
    path: Path


def confirm(world: World, root: Root, start: Instant, until: Instant, targets: Targets) -> Confirmation:
    """Walk a root over a window, under both accounts of uncertain times where it saw any."""
    loose = list(walk_intervals(world, root, start, until, doubtful=True))
    uncertain = any(interval.walk.is_uncertain for interval in loose)
    strict = list(walk_intervals(world, root, start, until, doubtful=False)) if uncertain else loose
    either, path = _hits(world, root, loose, targets)
    certain, strict_path = _hits(world, root, strict, targets) if uncertain else (either, path)
    picked = tuple(hit for hit in in_both(certain, either) if not hit.is_mixed)
    return Confirmation(
        picked=picked,
        doubtful=tuple(hit for hit in (*either, *certain) if not _covered(hit, picked)),
        unresolvable=tuple(
            (
                interval.start,
                interval.until,
                tuple(world.package(package_id).name for package_id in interval.walk.unresolvable),
            )
            for interval in strict
            if interval.walk.unresolvable
        ),
        unread=tuple(sorted({name for interval in loose for name in interval.walk.unread})),
        path=(strict_path if picked else ()) or path or strict_path,
    )


def brief(
    world: World, root: Root, start: Instant, until: Instant, targets: Targets, *, first: bool
) -> tuple[list[Hit], bool]:
    """Return what a root certainly takes in a window, and whether it takes anything by one account only.

    As `confirm` says, with fewer walks: none before a target is listed and, with ``first``, none after
    the first certain hit.
    """
    picked: list[Hit] = []
    doubtful = False
    begin = _first_listed(world, targets, start, until)
    for interval in () if begin is None else walk_intervals(world, root, begin, until, doubtful=True):
        found = confirm(world, root, interval.start, interval.until, targets)
        picked += found.picked
        doubtful = doubtful or bool(found.doubtful)
        if first and picked:
            break
    return picked, doubtful


def _first_listed(world: World, targets: Targets, start: Instant, until: Instant) -> Instant | None:
    """Return the first instant of a window at which some target may be listed, None for none."""
    found = [
        at
        for package_id, positions in targets.items()
        for at in (start, *(t for t in world.package(package_id).changes if start < t < until))
        if world.package(package_id).availability(at, doubtful=True).listed[positions].any()
    ]
    return min(found, default=None)


def _hits(world: World, root: Root, found: list[WalkInterval], targets: Targets) -> tuple[tuple[Hit, ...], Path]:
    hits: list[Hit] = []
    best: Path = ()
    for interval in found:
        for package_id, positions in sorted(targets.items()):
            for position in positions:
                if interval.walk.takes(package_id, position):
                    release = world.label((package_id, position, ""))
                    mixed = world.is_mixed(package_id, position)
                    hits.append(Hit(start=interval.start, until=interval.until, release=release, is_mixed=mixed))
                    path = path_to(world, root, interval.walk, package_id)
                    best = path if not best or len(path) < len(best) else best
    return tuple(hits), best


def in_both(some: Iterable[Hit], others: Sequence[Hit]) -> list[Hit]:
    """Return the stretches in which two accounts both have a hit, with the release that the first one takes."""
    return list(dict.fromkeys(hit for one in some for other in others if (hit := _both(one, other))))


def _both(one: Hit, other: Hit) -> Hit | None:
    start, until = max(one.start, other.start), min(one.until, other.until)
    if start >= until:
        return None
    return Hit(start=start, until=until, release=one.release, is_mixed=one.is_mixed or other.is_mixed)


def _covered(hit: Hit, by: tuple[Hit, ...]) -> bool:
    return any(known.release == hit.release and known.start <= hit.start and hit.until <= known.until for known in by)


def slots_of(hits: tuple[Hit, ...], slots: tuple[Slot, ...]) -> tuple[tuple[int, str], ...]:
    """Return (slot number, release) for every slot that a hit falls into, sorted."""
    return tuple(
        sorted(
            {
                (number, hit.release)
                for number, slot in enumerate(slots)
                for hit in hits
                if hit.start < slot.until and slot.start < hit.until
            }
        )
    )
