"""When the first accused file was uploaded: before that instant nobody can have been given one.

Contract: docs/semantics.md#proof-by-a-bar.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from graphkit.model.incidents import CompromisedRelease
from graphkit.model.names import PackageName
from graphkit.model.times import Instant
from graphkit.trace.case import Case
from graphkit.trace.resolve.listing import Package
from graphkit.trace.resolve.world import World

FirstUploads = Mapping[PackageName | None, Instant | None]
"""By package, None for those elsewhere: the earliest upload of an accused file by any account, None where some account
is not known."""


def first_uploads(case: Case, world: World) -> FirstUploads:
    """Return when the first accused file of each accused package was uploaded.

    The index's own account is one of all, so its page must have been asked for. Cost: the accused releases.
    """
    found: dict[PackageName | None, Instant | None] = {}
    for package, at in _accounts(case, world):
        known = found.get(package, at)
        found[package] = None if known is None or at is None else min(known, at)
    return found


_Account = tuple[PackageName | None, Instant | None]
"""When a file of a package was uploaded, as one account of it says; None where it is not known."""


def _accounts(case: Case, world: World) -> Iterator[_Account]:
    """Yield every account of every part of what a case accuses."""
    yield from _of_ranges(case, world)
    yield from _of_releases(case, world)
    yield from ((undecided.package, None) for undecided in case.undecided)
    yield from ((file.package, None) for file in case.files if file.is_alone)
    if case.every_elsewhere:
        yield None, None


def _of_ranges(case: Case, world: World) -> Iterator[_Account]:
    for package, specifier in case.accused_ranges:
        one = world.find(package)
        # Of those in a range that somebody knows, ``case.releases`` has the rest; later ones came after the page.
        is_told = one is not None and one.is_whole and bool(one.stretches(specifier))
        yield package, one.speaks_until if one is not None and is_told else None


def _of_releases(case: Case, world: World) -> Iterator[_Account]:
    told = {one.release.purl: [at.earliest for at in one.accounts] for one in case.first_upload_accounts}
    for release in case.releases:
        known: list[Instant | None] = [*told.get(release.purl, ())]
        if case.reading.start is not None and case.is_timed(release):
            known.append(case.reading.start)
        known += _by_index(release, world) if release.package is not None else ()
        known += _after_its_page(release, world) if release.package is not None and known else ()
        yield from ((release.package, at) for at in known or (None,))


def first_of_all(found: FirstUploads) -> Instant | None:
    """Return the earliest upload of an accused file of any package, None where one of their times is not known."""
    if None in found.values():
        return None
    return min((at for at in found.values() if at is not None), default=None)


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


def _after_its_page(release: CompromisedRelease, world: World) -> Iterator[Instant]:
    """Yield until when the page of a release speaks that does not list it: for all that it says, it came right then.

    What happened after a page was read is not known from it, whatever other accounts say
    (docs/semantics.md#index-pages).
    """
    package = world.find(release.package) if release.package else None
    if package is not None and package.is_whole and not package.is_gone:
        place = world.find_release(release.package, release.version)
        if place is None or package.is_ghost[place[1]]:
            yield package.speaks_until


def _was_asked(package: Package, place: tuple[Package, int] | None) -> bool:
    """Return whether a page of a package was read, or there was none any more when it was asked for."""
    is_ghost = place is None or bool(package.is_ghost[place[1]])
    return package.is_whole or package.is_gone or (package.is_read and not is_ghost)


def _is_known_good(release: CompromisedRelease, sha256: str) -> bool:
    """Return whether a file of a release is another than its bad ones, all of which are known by their hash."""
    if release.whole or not sha256 or any(file.member or not file.sha256 for file in release.files):
        return False
    return bool(release.files) and sha256.lower() not in {file.sha256.lower() for file in release.files}
