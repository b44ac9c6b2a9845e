"""What of an index a question needs: from some packages on, every release that could be picked in a window."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Final, NamedTuple

from msgspec import Struct, field
from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as Pep508
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from graphkit.model.building import BUILD_EXTRA, is_of_build
from graphkit.model.environment import Environment, MarkerEvaluator
from graphkit.model.errors import GraphkitError, InputError, UsageError
from graphkit.model.index import FileKind, MetadataSource, ProjectPage, ReleaseFiles, ReleaseMetadata, needs_of
from graphkit.model.names import PackageName, extra_name, package_name
from graphkit.model.progress import Progress
from graphkit.model.requirements import Requirement
from graphkit.model.times import Instant
from graphkit.model.versions import ReleaseVersion, release_version
from graphkit.sources.index.client import Index, NoAnswer, Unanswered
from graphkit.sources.index.metadata import built_with, unknown
from graphkit.sources.index.pages import PageReading, absent, as_of
from graphkit.sources.index.sdists import Untold, build_requirements, own_metadata
from graphkit.sources.index.slice import SliceWriter
from graphkit.sources.index.transport import CONNECTIONS

Fact = ProjectPage | ReleaseMetadata
Reject = Callable[[str, InputError], None]
Note = Callable[[str, str], None]
"""Takes a name and what is to be known of it."""
_NOT_KNOWN: Final = "the index does not list it now, so its past is unknown; check the spelling and --index-url"


class GatherOptions(Struct, frozen=True, kw_only=True):
    """What to read: the window in which choices fall, and the instant whose pages are asked for (None: now).

    ``build_requires``: of releases without a wheel also what building them takes, by their sdists. ``all_allowed``: the
    requirements of every release that the ranges allow, not only of those that an install could choose.
    """

    start: Instant
    until: Instant
    as_of: Instant | None = None
    closure: bool = True
    build_requires: bool = False
    all_allowed: bool = False
    environment: Environment = field(default_factory=Environment)


class RootSet(NamedTuple):
    """Requirements that are installed together, as those of one manifest, and the extras that may be asked for."""

    requirements: Sequence[Requirement]
    extras: AbstractSet[str] = frozenset()


class _Release(Struct, frozen=True, kw_only=True):
    """What a release requires. ``problem``: why what building it takes was not read, though that was asked for."""

    metadata: ReleaseMetadata
    problem: InputError | NoAnswer | Untold | None = None


_Answer = PageReading | _Release | InputError | NoAnswer


def gather(
    index: Index,
    names: Sequence[str],
    order: GatherOptions,
    *,
    together: Sequence[RootSet] = (),
    record: Path | None = None,
    progress: Progress,
    reject: Reject,
    note: Note = lambda _name, _text: None,
) -> Iterator[Fact]:
    """Yield pages and requirements of packages, and with ``closure`` of all they may lead to in the window.

    Names may carry extras and a version, as in ``crewai[litellm]`` or ``litellm==1.82.6``. Each package
    is a root of its own: the ranges that its closure aims at a package tell which releases of it a
    resolver could take. ``together``: requirements that have one closure; those by URL are left out. Cost: one request
    a package and about one a release that could be taken; with ``build_requires`` a download for each of these without
    a wheel.
    ``record`` is written when everything was asked for. What nobody can read, or the index does not answer, goes to
    ``reject`` and nothing of it is yielded; a name given that the index does not know goes there too, and the page
    that says so is yielded, as those of names met on the way are. An sdist that cannot be read goes there, and one that
    does not tell what building it takes to ``note``: what the release requires is yielded all the same.

    Raises:
        UsageError: a name that is none.
        NoAnswer: the index answers nothing, or no more; what was yielded before stays good.
    """
    named = [_root(name) for name in names]
    roots = {root.package for root in named}
    gathered = _Gathered(order, SliceWriter({root.package for root in named if not root.specifier}))
    walks = [*(_Walk([root]) for root in named), *(_Walk(gathered.dependencies(*one)) for one in together)]
    unanswered = Unanswered(reject)
    done = 0
    while missing := _missing(walks, gathered, order):
        for (package, version), answer in _fetch(index, gathered, missing, order):
            done += 1
            progress(done, None, package)
            if isinstance(answer, NoAnswer):
                unanswered.failed(package, answer)
                gathered.put_aside(package, version, answer)
                continue
            unanswered.answered()
            if isinstance(answer, InputError):
                reject(package, answer)
                gathered.put_aside(package, version, answer)
            elif isinstance(answer, PageReading):
                page = gathered.take_page(package, answer)
                if package in roots and not page.found:
                    reject(package, InputError(_NOT_KNOWN))
                yield page
            else:
                _tell_problem(f"{package} {version}", answer, reject, note)
                yield gathered.take_release(package, version, answer)
    unanswered.close()
    if record is not None:
        gathered.writer.write(record)


def _tell_problem(name: str, release: _Release, reject: Reject, note: Note) -> None:
    """Tell why what building a release takes was not read, where that was asked for."""
    if isinstance(release.problem, Untold):
        note(name, str(release.problem))
    elif release.problem is not None:
        reject(f"sdist of {name}", InputError(str(release.problem)))


def _fetch(
    index: Index, gathered: _Gathered, missing: Sequence[tuple[PackageName, str]], order: GatherOptions
) -> Iterator[tuple[tuple[PackageName, str], _Answer]]:
    """Yield pages (version empty) and requirements as they come, read by one pool of threads."""

    def read(package: PackageName, version: str) -> _Answer:
        try:
            return _release_of(index, gathered.readings[package], version, order) if version else index.page(package)
        except (InputError, NoAnswer) as error:
            return error

    from concurrent.futures import ThreadPoolExecutor, as_completed

    with ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="index") as pool:
        futures = {pool.submit(read, package, version): (package, version) for package, version in missing}
        try:
            for future in as_completed(futures):
                yield futures[future], future.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _release_of(index: Index, reading: PageReading, version: str, order: GatherOptions) -> _Release:
    """Return what a release requires, with what building it takes where that is asked for and it has no wheel."""
    metadata = index.metadata(reading, version)
    files = next((release.files for release in reading.page.releases if release.version == version), ())
    is_built = bool(files) and all(file.kind is not FileKind.WHEEL for file in files)
    if not (order.build_requires and is_built):
        return _Release(metadata=metadata)
    try:
        sdists = index.sdists(reading, version)
        if metadata.source is MetadataSource.UNKNOWN:
            metadata = own_metadata(sdists, reading.page.package, version) or metadata
        building = () if metadata.source is MetadataSource.UNKNOWN else build_requirements(sdists)
    except (InputError, NoAnswer, Untold) as error:
        return _Release(metadata=metadata, problem=error)
    if metadata.source is MetadataSource.UNKNOWN:  # nobody is cleared by it, whatever building it takes
        return _Release(metadata=metadata, problem=Untold("what they require themselves is not known"))
    return _Release(metadata=built_with(metadata, building))


class _Dependency(Struct, frozen=True, kw_only=True):
    """A requirement as the closure follows it."""

    package: PackageName
    extras: tuple[str, ...]
    specifier: str


def _root(text: str) -> _Dependency:
    try:
        read = Pep508(text)
    except InvalidRequirement as error:
        raise UsageError(
            f"{text!r} is not a valid package name; give one as in litellm, crewai[litellm] or x==1.0"
        ) from error
    extras = tuple(sorted(extra_name(extra) for extra in read.extras))
    return _Dependency(package=package_name(read.name), extras=extras, specifier=str(read.specifier))


class _Walk:
    """The closure of roots that are installed together, as far as it is known."""

    def __init__(self, roots: Iterable[_Dependency]) -> None:
        self.dependencies: dict[PackageName, set[_Dependency]] = {}
        self.changed: set[PackageName] = set()
        self.followed: set[tuple[PackageName, str, str]] = set()
        for root in roots:
            self.add(root)

    def add(self, dependency: _Dependency) -> None:
        """Take a requirement into the closure."""
        there = self.dependencies.setdefault(dependency.package, set())
        if dependency not in there:
            there.add(dependency)
            self.changed.add(dependency.package)


class _Gathered:
    """What was read, with the choices that ranges leave, each computed once. ``writer`` gets all of it."""

    def __init__(self, order: GatherOptions, writer: SliceWriter) -> None:
        self.writer = writer
        self.readings: dict[PackageName, PageReading] = {}
        self.metadata: dict[tuple[PackageName, str], ReleaseMetadata] = {}
        self._offers: dict[PackageName, tuple[_Candidates, ...]] = {}
        self._order = order
        self.evaluator = MarkerEvaluator(order.environment)
        # What either resolver may choose is read: they differ in what they make of Requires-Python.
        self._evaluators = (MarkerEvaluator(order.environment, "uv"), MarkerEvaluator(order.environment, "pip"))

    def take_page(self, package: PackageName, reading: PageReading) -> ProjectPage:
        """Take up a page as of the instant asked for, and return it."""
        if self._order.as_of is not None:
            reading = as_of(reading, self._order.as_of)
        self.readings[package] = reading
        self.writer.page(reading)
        return reading.page

    def take_release(self, package: PackageName, version: str, release: _Release) -> ReleaseMetadata:
        """Take up what a release requires, and return it."""
        self.metadata[package, version] = release.metadata
        self.writer.metadata(release.metadata)
        return release.metadata

    def put_aside(self, package: PackageName, version: str, error: GraphkitError) -> None:
        """Go on without a page or requirements that nobody could read."""
        if version:
            self.metadata[package, version] = unknown(package, version, str(error))
        else:
            self.readings[package] = absent(package, read_at=self._order.start, source="")

    def choices(self, package: PackageName, specifiers: frozenset[str]) -> list[str]:
        """Return the versions of a package whose requirements are read: what the ranges may leave as the choice."""
        if package not in self._offers:
            page = self.readings[package].page
            self._offers[package] = tuple(_Candidates(page, self._order, evaluator) for evaluator in self._evaluators)
        of_both = (
            one.allowed(specifiers) if self._order.all_allowed else one.choices(specifiers)
            for one in self._offers[package]
        )
        return list(dict.fromkeys(chain.from_iterable(of_both)))

    def dependencies(self, requirements: Iterable[Requirement], extras: AbstractSet[str]) -> Iterator[_Dependency]:
        """Yield requirements as a closure follows them; without those whose marker is false for each extra."""
        for one in requirements:
            # What cannot be decided keeps its edge (docs/semantics.md#environments); a URL is an identity of its own.
            if not one.url and any(self.evaluator.truth(one.marker, extra) is not False for extra in ("", *extras)):
                yield _Dependency(package=one.package, extras=one.extras, specifier=one.specifier)


class _Candidates:
    """The releases of a page, newest first; sets of them are bits of an integer, bit 0 the newest."""

    def __init__(self, page: ProjectPage, order: GatherOptions, evaluator: MarkerEvaluator) -> None:
        read = [(release_version(release.version), release) for release in page.releases]
        self._order = order
        self._evaluator = evaluator
        self._releases = sorted(
            (one for one in read if one[0].parsed and self._may_be_listed(one[1])), key=lambda one: one[0], reverse=True
        )
        self._masks: dict[str, int] = {}

    def _may_be_listed(self, release: ReleaseFiles) -> bool:
        return any(
            (file.uploaded is None or file.uploaded < self._order.until)
            and self._evaluator.installs(needs_of(file.kind, file.filename, file.requires_python))
            for file in release.files
        )

    @cached_property
    def _finals(self) -> int:
        return self._bits(lambda version, release: not version.is_prerelease and not _is_yanked(release))

    @cached_property
    def _settled(self) -> int:
        """What was there all the time, and not yanked: nothing older of its sort is chosen where it fits."""
        start = self._order.start
        return self._bits(
            lambda _, release: (
                not _is_yanked(release) and any(f.uploaded is not None and f.uploaded <= start for f in release.files)
            )
        )

    def _bits(self, holds: Callable[[ReleaseVersion, ReleaseFiles], bool]) -> int:
        return sum(1 << position for position, one in enumerate(self._releases) if holds(*one))

    def _mask(self, specifier: str) -> int:
        if specifier not in self._masks:
            try:
                admitted = SpecifierSet(specifier)
                mask = self._bits(lambda version, _: admitted.contains(version.parsed or "", prereleases=True))
            except InvalidSpecifier:
                mask = self._bits(lambda *_: True)
            self._masks[specifier] = mask
        return self._masks[specifier]

    def allowed(self, specifiers: frozenset[str]) -> list[str]:
        """Return what some of the ranges allows."""
        union = 0
        for one in specifiers:
            union |= self._mask(one)
        return [release.version for position, (_, release) in enumerate(self._releases) if union >> position & 1]

    def choices(self, specifiers: frozenset[str]) -> list[str]:
        """Return what some of the ranges together may leave as the choice.

        The ranges that admit a release, all of them at once, leave the fewest others: if that
        intersection has a newer release that stops the search, no part of it chooses this one.
        """
        masks = [(self._mask(one), bool(_names_prerelease(one))) for one in specifiers]
        union = 0
        for mask, _ in masks:
            union |= mask
        found = []
        for position, (version, release) in enumerate(self._releases):
            bit = 1 << position
            if not union & bit:
                continue
            common, is_named = -1, False
            for mask, names_prerelease in masks:
                if mask & bit:
                    common &= mask
                    is_named = is_named or names_prerelease
            newer = common & (bit - 1) & self._settled
            if newer & self._finals or (version.is_prerelease and (newer or (not is_named and common & self._finals))):
                continue
            found.append(release.version)
        return found


def _is_yanked(release: ReleaseFiles) -> bool:
    return all(file.yanked for file in release.files)


def _names_prerelease(specifier: str) -> bool:
    try:
        return bool(SpecifierSet(specifier).prereleases)
    except InvalidSpecifier:
        return False


def _missing(walks: Sequence[_Walk], gathered: _Gathered, order: GatherOptions) -> list[tuple[PackageName, str]]:
    """Return the pages (version empty) and requirements to read next; follow what is there already."""
    missing: dict[tuple[PackageName, str], None] = {}
    for walk in walks:
        while walk.changed:
            package = walk.changed.pop()
            if package not in gathered.readings:
                missing[package, ""] = None
                continue
            dependencies = walk.dependencies[package]
            # What building it takes, where it was read, is installed to build it.
            extras = {"", BUILD_EXTRA, *(extra for dependency in dependencies for extra in dependency.extras)}
            for version in gathered.choices(package, frozenset(dependency.specifier for dependency in dependencies)):
                if (package, version) not in gathered.metadata:
                    missing[package, version] = None
                elif order.closure:
                    _follow(walk, gathered, package, version, extras)
    for walk in walks:
        walk.changed |= {package for package, _ in missing if package in walk.dependencies}
    return list(missing)


def _follow(walk: _Walk, gathered: _Gathered, package: PackageName, version: str, extras: set[str]) -> None:
    for extra in extras:
        if (package, version, extra) in walk.followed:
            continue
        walk.followed.add((package, version, extra))
        asked = (
            one
            for one in gathered.metadata[package, version].requirements
            if is_of_build(one.marker) is (extra == BUILD_EXTRA)
        )
        for one in gathered.dependencies(asked, {extra}):
            walk.add(one)
