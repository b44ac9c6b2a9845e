"""When the first accused file was uploaded: before that instant nobody can have been given one (semantics §5 p)."""

from __future__ import annotations

from collections.abc import Iterator

from graphkit.model.incidents import CompromisedRelease
from graphkit.model.times import Instant
from graphkit.stores import port
from graphkit.trace.case import Case
from graphkit.trace.listing import Package
from graphkit.trace.world import World


def first_upload(case: Case, world: World) -> Instant | None:
    """Return the earliest upload of an accused file by any account; None where one of their times is not known.

    The index's own account is one of them, so its page must have been asked for. Cost: the accused releases.
    """
    is_beyond = case.undecided or case.every_elsewhere or any(file.is_alone for file in case.files)
    by_range = {*(package for package, _ in case.ranges), *case.every}
    ranged = [world.find(package) for package in sorted(by_range)]
    if is_beyond or not (case.releases or ranged):
        return None
    stamps: list[Instant] = []
    for one in ranged:
        # Releases in a range are among those known, or came after their page was read.
        if one is None or not one.is_whole:
            return None
        stamps.append(one.speaks_until)
    told = {one.release.purl: [at.earliest for at in one.accounts] for one in case.first_upload_accounts}
    for release in case.releases:
        known: list[Instant | None] = [*told.get(release.purl, ())]
        if case.reading.start is not None and case.is_timed(release):
            known.append(case.reading.start)
        if release.package is not None:
            known += _by_index(release, world)
        if not known or None in known:
            return None
        stamps.append(min(at for at in known if at is not None))
    return min(stamps)


def _by_index(release: CompromisedRelease, world: World) -> Iterator[Instant | None]:
    """Yield what the index says of the uploads of a release, None for what it was not asked or does not tell."""
    place = world.find_release(release.package, release.version)
    package = place[0] if place else world.find(release.package) if release.package else None
    if package is None or not _was_asked(package, place):
        yield None
    if package is None or place is None:
        return
    for sha256, at in package.uploads_of(place[1]):
        if not _is_known_good(release, sha256):
            yield at


def _was_asked(package: Package, place: tuple[Package, int] | None) -> bool:
    """Return whether a page of a package was read, or there was none any more when it was asked for."""
    is_ghost = place is None or bool(package.flags[place[1]] & port.RELEASE_GHOST)
    return package.is_whole or package.is_gone or (package.is_read and not is_ghost)


def _is_known_good(release: CompromisedRelease, sha256: str) -> bool:
    """Return whether a file of a release is another than its bad ones, all of which are known by their hash."""
    if release.whole or not sha256 or any(file.member or not file.sha256 for file in release.files):
        return False
    return bool(release.files) and sha256.lower() not in {file.sha256.lower() for file in release.files}
