"""Projects that are known already, asked for again: what changed, and what releases that came since require."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Final

from msgspec import Struct

from graphkit.model.documents import Problem
from graphkit.model.errors import InputError
from graphkit.model.index import File, FileKind, ProjectPage, ReleaseMetadata
from graphkit.model.names import PackageName
from graphkit.model.progress import Progress
from graphkit.model.versions import release_version
from graphkit.sources.index.client import HttpIndex, NoAnswer, Unanswered
from graphkit.sources.index.metadata import unknown
from graphkit.sources.index.pages import PageReading
from graphkit.sources.index.transport import CONNECTIONS

_AT_ONCE: Final = 8 * CONNECTIONS
"""Projects in hand at once: a page may list some thousand files, and their readings are not to pile up."""


class Known(Struct, frozen=True, kw_only=True):
    """What was known of a project: the keys of releases that its page listed with files, and the files of these.

    ``files`` says of each whether it was yanked. ``found`` False: the index had no such project.
    """

    package: PackageName
    versions: frozenset[str]
    files: Mapping[str, bool]
    found: bool = True
    is_quarantined: bool = False

    def lacks(self, file: File) -> bool:
        """Return whether a file is a wheel that came since: it may require what other wheels do not.

        Where a source named no files of some release (an empty name), what came since cannot be told.
        """
        return file.kind is FileKind.WHEEL and file.filename not in self.files and "" not in self.files


class Refreshed(Struct, frozen=True, kw_only=True):
    """A project as the index has it now. ``new`` are its new releases.

    ``facts`` are its page and the requirements of new releases and of those that got wheels.

    ``is_gone``: the index had it before and answers now that there is no such project, which is a fact too.
    """

    package: PackageName
    facts: tuple[ProjectPage | ReleaseMetadata, ...]
    new: tuple[str, ...]
    is_changed: bool
    is_gone: bool

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is odd about its page."""
        return tuple(one for fact in self.facts if isinstance(fact, ProjectPage) for one in fact.problems)


def refresh(
    index: HttpIndex, known: Iterable[Known], *, total: int, progress: Progress, reject: Reject
) -> Iterator[Refreshed]:
    """Yield projects as they are read anew, one by one, in no order.

    A page that nobody can read, or that the index does not answer with, goes to ``reject``.

    A page is asked for on condition that it changed. Cost: one small request a project that did not; one
    page, and about one request a new release, for one that did. ``total`` is for ``progress`` alone.

    Raises:
        NoAnswer: the index answers nothing, or no more; what was yielded before stays good.
    """
    waiting = iter(known)
    unanswered = Unanswered(reject)
    done = 0
    from concurrent.futures import ThreadPoolExecutor, as_completed

    with ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="index") as pool:
        try:
            while batch := list(islice(waiting, _AT_ONCE)):
                futures = {pool.submit(_read, index, one): one.package for one in batch}
                for future in as_completed(futures):
                    done += 1
                    progress(done, total, futures[future])
                    try:
                        found = future.result()
                    except NoAnswer as error:
                        unanswered.failed(futures[future], error)
                        continue
                    except InputError as error:
                        reject(futures[future], error)
                    else:
                        yield found
                    unanswered.answered()
            unanswered.close()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


Reject = Callable[[str, InputError], None]


def _read(index: HttpIndex, known: Known) -> Refreshed:
    reading = index.page(known.package, anew=True)
    new = tuple(
        release.version
        for release in reading.page.releases
        if release.files and release_version(release.version).key not in known.versions
    )
    grown = tuple(
        release.version
        for release in reading.page.releases
        if release.version not in new and any(map(known.lacks, release.files))
    )
    return Refreshed(
        package=known.package,
        facts=(reading.page, *(_requirements(index, reading, version) for version in (*new, *grown))),
        new=new,
        is_changed=_is_changed(reading, known),
        is_gone=known.found and not reading.page.found,
    )


def _requirements(index: HttpIndex, reading: PageReading, version: str) -> ReleaseMetadata:
    try:
        return index.metadata(reading, version)
    except InputError as error:
        return unknown(reading.page.package, version, str(error))


def _is_changed(reading: PageReading, known: Known) -> bool:
    """Return whether a page says something else than what was known, which the cache may be ahead of."""
    page = reading.page
    if page.found != known.found or (page.status == "quarantined") != known.is_quarantined:
        return True
    if {release_version(release.version).key for release in page.releases if release.files} != known.versions:
        return True
    files = {file.filename: file.yanked for release in page.releases for file in release.files}
    if any(known.files.get(name) is not yanked for name, yanked in files.items()):
        return True
    # A file that only went is remembered as one that was there, so where the page is the same it is no news.
    return not reading.is_confirmed and bool(known.files.keys() - files.keys())
