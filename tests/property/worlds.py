"""Small worlds: an index with its mishaps over a few minutes, made up by Hypothesis (docs/semantics.md#offers).

A world is plain data. `facts` says it in the words of `graphkit.model`, so that a store can be fed with it, and the
oracle beside this file answers for it slowly.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from hypothesis import strategies as st
from msgspec import Struct, field
from packaging.version import Version

from graphkit.model.documents import Basis, Completeness, Document, DocumentKind
from graphkit.model.environment import Environment
from graphkit.model.guards import Guards
from graphkit.model.incidents import CompromisedRelease, Incident, Reading
from graphkit.model.index import File, FileKind, Hidden, MetadataSource, ProjectPage, ReleaseFiles, ReleaseMetadata
from graphkit.model.names import BadName, PackageName, extra_name, package_name, purl_of, service_id
from graphkit.model.organisation import DocumentUse, Organisation, Service
from graphkit.model.requirements import Requirement, requirement
from graphkit.model.times import FOREVER, Instant, exactly, instant
from graphkit.stores import open_store
from graphkit.stores.port import Fact, Reader

ReleaseKey = tuple[PackageName, str]
"""A release: PEP 503 name, and the version as ``str(Version)`` spells it (a legacy one as written)."""

MINUTE: Final[Instant] = 60_000_000
NOON: Final[Instant] = instant("2026-03-24T12:00:00Z")
"""Where every made-up window starts."""
READ_AT: Final[Instant] = NOON + 600 * MINUTE
"""When every page was read: after all that happens."""
INCIDENT: Final = "WORLD-1"
SERVED_IN: Final = Environment(python="3.12.4")
"""Where every service runs, so that no other environment matters to it."""


class World(Struct, frozen=True, kw_only=True):
    """An index over a stretch of time, and what was bad in it.

    ``packages``: package → version → files; a ghost has one file of unknown kind, because nobody kept more.
    ``requirements``: PEP 508 texts per release, None where nobody read them. ``listed_from``: when the incident
    says that a compromised release appeared; it overrides upload times; absent: the incident does not say.
    ``guards``: whose cut-offs keep new files from the one who asks. ``told_alone``: names of files that their page
    lists without a time, so that one of theirs is an incident's alone.
    ``ghosts`` are compromised releases that the page no longer names. ``spellings``: names as their pages write
    them. A package outside ``pages_read`` has no releases but ghosts. No two versions of a package are equal.
    """

    packages: Mapping[PackageName, Mapping[str, tuple[File, ...]]]
    requirements: Mapping[ReleaseKey, tuple[str, ...] | None]
    compromised: tuple[ReleaseKey, ...]
    window: tuple[Instant, Instant]
    pages_read: frozenset[PackageName]
    hidden: tuple[Hidden, ...] = ()
    listed_from: Mapping[ReleaseKey, Instant] = field(default_factory=dict)
    told_alone: frozenset[str] = frozenset()
    guards: Guards | None = None
    ghosts: frozenset[ReleaseKey] = frozenset()
    spellings: Mapping[PackageName, str] = field(default_factory=dict)

    @property
    def read(self) -> frozenset[PackageName]:
        """The packages whose page lists a file: one without files may have had some before.

        Contract: docs/semantics.md#index-pages.
        """
        return frozenset(
            name
            for name in self.pages_read
            if any(
                files for version, files in self.packages.get(name, {}).items() if (name, version) not in self.ghosts
            )
        )


class RootRelease(Struct, frozen=True, kw_only=True):
    """A walk's start that is a release itself, asked for with extras in PEP 685 normal form."""

    package: PackageName
    version: str
    extras: frozenset[str] = frozenset()


class Constrained(Struct, frozen=True, kw_only=True):
    """A manifest with constraints, which bind where their package is reached and ask for nothing themselves."""

    texts: tuple[str, ...]
    constraints: tuple[str, ...]


Root = RootRelease | tuple[str, ...] | Constrained
"""A release, or the PEP 508 texts of a manifest, with constraints or without."""


def manifest_of(root: Root, path: str = "requirements.txt") -> Document:
    """Return a manifest as a reader of such files gives it; texts without a name are left out.

    Raises:
        TypeError: the root is a release.
    """
    if isinstance(root, RootRelease):
        raise TypeError("a release is no manifest")
    texts, constraints = (root.texts, root.constraints) if isinstance(root, Constrained) else (root, ())
    return Document(
        sha256=hashlib.sha256(f"{path} {root}".encode()).hexdigest(),
        path=path,
        kind=DocumentKind.MANIFEST,
        format="test",
        basis=Basis.LISTED,
        requirements=read_requirements(texts)[0],
        constraints=read_requirements(constraints)[0],
        completeness=Completeness.COMPLETE,
    )


@cache
def named_extras(texts: tuple[str, ...] | None) -> frozenset[str]:
    """Return the extras that a release has: those its markers name, in PEP 685 normal form."""
    readable, _ = read_requirements(texts)
    found = (extra for wanted in readable for extra in re.findall(r'\bextra == "([^"]+)"', wanted.marker))
    return frozenset(extra_name(extra) for extra in found)


@cache
def read_requirements(texts: tuple[str, ...] | None) -> tuple[tuple[Requirement, ...], tuple[str, ...]]:
    """Return the requirements of a release, and the texts that do not even name a package."""
    readable: list[Requirement] = []
    nameless: list[str] = []
    for text in texts or ():
        try:
            readable.append(requirement(text))
        except BadName:
            nameless.append(text)
    return tuple(readable), tuple(nameless)


def instants(world: World) -> tuple[Instant, ...]:
    """Return the window's start and every later instant in it at which a listing or a yank changes."""
    start, until = world.window
    files = [file for releases in world.packages.values() for held in releases.values() for file in held]
    times = [start, *world.listed_from.values()]
    times += [file.uploaded for file in files if file.uploaded is not None]
    times += [file.yanked_since for file in files if file.yanked_since is not None]
    times += [at for stretch in world.hidden for at in (stretch.start, stretch.until)]
    return tuple(sorted({at for at in times if start <= at < until}))


def facts(world: World) -> list[Fact]:
    """Return the world as facts: pages read after everything, core metadata, and one incident."""
    pages = [_page(world, name) for name in world.packages if name in world.pages_read]
    return [*pages, *(_metadata(key, texts) for key, texts in world.requirements.items()), _incident(world)]


def facts_of_services(manifests_of: Iterable[Root]) -> list[Fact]:
    """Return services, named by their number, that were always installed from these manifests in `SERVED_IN`."""
    found: list[Fact] = []
    services: list[Service] = []
    for number, root in enumerate(manifests_of):
        document = manifest_of(root, f"{number}.txt")
        use = DocumentUse(
            service=service_id(str(number)),
            document=document.sha256,
            path=document.path,
            stands_from=exactly(NOON - 10_000 * MINUTE),
            read_at=exactly(READ_AT),
        )
        found += [document, use]
        services.append(Service(id=use.service, environment=SERVED_IN))
    return [*found, Organisation(source="services", services=tuple(services))]


@contextmanager
def graph_of(world: World, *more: Fact) -> Iterator[Reader]:
    """Give a reader of an embedded store that holds the world's facts and more; the store is gone afterwards."""
    with graph_in_batches([[*facts(world), *more]]) as reader:
        yield reader


@contextmanager
def graph_in_batches(batches: Iterable[Sequence[Fact]]) -> Iterator[Reader]:
    """Give a reader of an embedded store that was fed batch by batch; the store is gone afterwards."""
    with TemporaryDirectory() as folder:
        store = open_store(Path(folder) / "graph", create=True)
        try:
            for batch in batches:
                store.record(batch)
            yield store.reader()
        finally:
            store.close()


def _page(world: World, name: PackageName) -> ProjectPage:
    return ProjectPage(
        package=name,
        spelling=world.spellings.get(name, name),
        releases=tuple(
            ReleaseFiles(version=version, files=files)
            for version, files in world.packages[name].items()
            if (name, version) not in world.ghosts
        ),
        read_at=READ_AT,
        source="index.example",
    )


def _metadata(key: ReleaseKey, texts: tuple[str, ...] | None) -> ReleaseMetadata:
    readable, nameless = read_requirements(texts)
    return ReleaseMetadata(
        package=key[0],
        version=key[1],
        requirements=readable,
        source=MetadataSource.UNKNOWN if texts is None else MetadataSource.CORE_METADATA,
        provides_extra=tuple(extra_name(extra) for extra in sorted(named_extras(texts))),
        reason="no metadata was served" if texts is None else "",
        unreadable=nameless,
    )


def _incident(world: World) -> Incident:
    start, until = world.window
    return Incident(
        id=INCIDENT,
        title="A made-up compromise",
        releases=tuple(
            CompromisedRelease(
                purl=purl_of(name, version),
                package=name,
                version=version,
                listed_from=world.listed_from.get((name, version)),
            )
            for name, version in world.compromised
        ),
        readings=(Reading(id="operator", preferred=True, start=start, until=until, hidden=world.hidden),),
    )


# --- The generator ---------------------------------------------------------------------------------------------------

_NAMES: Final = ("Alpha", "beta_lib", "Gamma.Kit", "delta--x", "epsilon", "Zeta_.Z", "eta")
_VERSIONS: Final = (
    *("1.0", "1.1", "2.0", "2.1", "0.9", "3.0", "1.0.1"),
    *("2.0rc1", "2.0.dev1", "3.0b2", "1.1.post1", "1.1+cu1", "2.0+local.1", "1!0.5", "1!1.0a1"),
)
_LEGACY: Final = "2004d-final"
_EXTRAS: Final = ("x", "Fast_Mode", "all")
_UNKNOWN_EXTRA: Final = "nope"
_MARKERS: Final = (
    *("",) * 10,
    *('python_version >= "3.8"', 'sys_platform == "linux"', 'platform_release >= "5"'),
    *('python_version < "3"', 'sys_platform == "win32"', 'platform_release >= "5" and sys_platform == "win32"'),
)
_OWN_MARKERS: Final = (
    *_MARKERS,
    *(f'extra == "{extra}"' for extra in _EXTRAS * 2),
    *('extra == "x" and sys_platform == "linux"', 'python_version < "3" and extra == "all"'),
    'platform_release >= "5" and extra == "Fast_Mode"',
)
_ASKED: Final = (*("",) * 10, "[x]", "[x]", "[Fast_Mode]", "[all]", "[all,x]", f"[{_UNKNOWN_EXTRA}]")
_KINDS: Final = (*(FileKind.SDIST,) * 8, *(FileKind.WHEEL,) * 6, FileKind.UNKNOWN, FileKind.UNKNOWN, FileKind.OTHER)
_ODDITIES: Final = (*("",) * 8, *("yank", "dated yank", "no time"), *(">=3.8", "<3.10", ">=3.13", "not a range"))
"""What may be odd about a file: at most one thing, so that most of a world can be installed."""

_near = st.integers(-3, 14).map(lambda minutes: NOON + minutes * MINUTE)
"""Within or around the window, which is twelve minutes long."""
_long_ago = st.just(NOON - 1_000 * MINUTE)
_uploads = st.one_of(_long_ago, _long_ago, _near)


def _sometimes(one_in: int) -> st.SearchStrategy[bool]:
    """Give True about once in so many draws; shrinks to False."""
    return st.integers(0, one_in - 1).map(lambda drawn: drawn == one_in - 1)


def _respelled(name: str) -> st.SearchStrategy[str]:
    normal = package_name(name)
    return st.sampled_from([normal, name, normal.upper(), normal.replace("-", "_")])


@st.composite
def _file(draw: st.DrawFn, name: PackageName, version: str, kind: FileKind) -> File:
    if kind == FileKind.WHEEL and version == _LEGACY:
        kind = FileKind.OTHER  # no wheel can be named after it
    ending = {FileKind.SDIST: ".tar.gz", FileKind.OTHER: ".exe"}.get(kind, "-py3-none-any.whl")
    if kind == FileKind.WHEEL and draw(_sometimes(8)):
        ending = "-cp312-cp312-win_amd64.whl"
    odd = draw(st.sampled_from(_ODDITIES))
    return File(
        filename=f"{name.replace('-', '_')}-{version}{ending}" if kind != FileKind.UNKNOWN else "",
        kind=kind,
        requires_python="" if "yank" in odd or odd == "no time" else odd,
        uploaded=None if odd == "no time" else draw(_uploads),
        yanked="yank" in odd,
        yanked_since=draw(_near) if odd == "dated yank" else None,
    )


@st.composite
def _files(draw: st.DrawFn, name: PackageName, version: str) -> tuple[File, ...]:
    kinds = draw(st.sampled_from([*((kind,) for kind in _KINDS), *((FileKind.WHEEL, FileKind.SDIST),) * 5, ()]))
    return tuple(draw(_file(name, version, kind)) for kind in kinds)  # PEP 700: a version may have no files


@st.composite
def _specifier(draw: st.DrawFn, versions: list[str]) -> str:
    wide = st.just("")
    if not versions:
        return draw(wide | st.just(">=1"))
    version = draw(st.sampled_from(versions))
    public = Version(version).public
    base = ".".join([*Version(public).base_version.split("."), "0"][:2])
    shapes = [
        *(
            "",
            "",
            "",
            "",
            ">=0.5",
            ">=1",
            f">={public}",
            f">={public}",
            f"<={public}",
            f"<{public}",
            f">{public}",
            f"!={version}",
        ),
        *(f"=={version}", f"=={public}", f"==={version}", f"~={base}", f"=={base.rpartition('.')[0]}.*"),
        *(f">={public},<3", f">=0.9,!={version}", f"<{public},!=1.0", "<=1!0,>=0.1"),
    ]
    return draw(st.sampled_from(shapes))


@st.composite
def _requirement(
    draw: st.DrawFn, world: Mapping[PackageName, list[str]], hot: list[PackageName], *, in_release: bool
) -> str:
    target = draw(st.sampled_from([*sorted(world), *hot]))
    text = draw(_respelled(target)) + draw(st.sampled_from(_ASKED))
    if draw(_sometimes(40)):
        return f"{text}>=1.0.*"  # an old form that nobody can read any more
    text += draw(_specifier(world[target]))
    marker = draw(st.sampled_from(_OWN_MARKERS if in_release else _MARKERS))
    return f"{text} ; {marker}" if marker else text


@st.composite
def _texts(draw: st.DrawFn, world: Mapping[PackageName, list[str]], hot: list[PackageName]) -> tuple[str, ...] | None:
    count = draw(st.sampled_from([0, 1, 1, 2, 2, 1, 1, 1, 2, 3, 0, -1]))
    if count < 0:
        return draw(st.sampled_from([None, ("???",)]))
    return tuple(draw(_requirement(world, hot, in_release=True)) for _ in range(count))


@st.composite
def _hidden(draw: st.DrawFn, packages: Mapping[PackageName, Mapping[str, tuple[File, ...]]]) -> Hidden:
    name = draw(st.sampled_from(sorted(packages)))
    start = draw(_near)
    until = draw(st.just(FOREVER) | st.integers(1, 8).map(lambda minutes: start + minutes * MINUTE))
    level = draw(st.sampled_from(["project", "release", "file"]))
    versions = sorted(packages[name])
    if level == "project" or not versions:
        return Hidden(package=name, start=start, until=until)
    version = draw(st.sampled_from(versions))
    filenames = [file.filename for file in packages[name][version] if file.filename] if level == "file" else []
    filename = draw(st.sampled_from(filenames)) if filenames else ""
    return Hidden(package=name, start=start, until=until, version=version, filename=filename)


@st.composite
def _accused_files(draw: st.DrawFn, files: tuple[File, ...], *, ghost: bool) -> tuple[tuple[File, ...], Instant | None]:
    """Give the files of a compromised release, and when the incident says that it appeared.

    All its files appear at once, so that the incident's time and theirs never contradict each other.
    """
    at = draw(_uploads)
    told = at if not draw(_sometimes(4)) else None
    if ghost:
        return (File(filename="", kind=FileKind.UNKNOWN, uploaded=told),), told
    uploaded = None if draw(_sometimes(6)) else at
    moved = tuple(
        File(
            filename=file.filename,
            kind=file.kind,
            requires_python=file.requires_python,
            uploaded=uploaded,
            yanked=file.yanked,
            yanked_since=file.yanked_since,
        )
        for file in files
    )
    return moved, told


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Give a world of two to seven packages with one to six versions each.

    Names want normalising; times crowd around a window of twelve minutes; it has gaps, yanks with and without a
    date, unknown upload times, extras (unknown ones and cycles too), markers, every kind of range, cycles, ghosts.
    """
    spelled = draw(st.lists(st.sampled_from(_NAMES), min_size=2, max_size=7, unique=True))
    names = [package_name(name) for name in spelled]
    versions: dict[PackageName, list[str]] = {}
    for name in names:
        versions[name] = draw(st.lists(st.sampled_from(_VERSIONS), min_size=1, max_size=6, unique=True))
    unread = frozenset(name for name in names[1:] if draw(_sometimes(12)))
    pool = [(name, version) for name in names for version in versions[name]]
    compromised = tuple(draw(st.lists(st.sampled_from(pool), min_size=1, max_size=2, unique=True)))

    packages: dict[PackageName, dict[str, tuple[File, ...]]] = {name: {} for name in names}
    listed_from: dict[ReleaseKey, Instant] = {}
    ghosts: set[ReleaseKey] = set()
    for name in names:
        held = [*versions[name], *([_LEGACY] if draw(_sometimes(20)) else [])]
        for version in held:
            key = (name, version)
            if key in compromised:
                ghost = name in unread or draw(st.booleans())
                files, told = draw(_accused_files(draw(_files(name, version)), ghost=ghost))
                packages[name][version] = files
                ghosts |= {key} if ghost else set()
                listed_from |= {} if told is None else {key: told}
            elif name not in unread:
                packages[name][version] = draw(_files(name, version))
    hot = [name for name, _ in compromised]
    # A way to the compromise, so that most worlds have something to find: each package on it asks for the next.
    way = [*draw(st.lists(st.sampled_from(names), max_size=3, unique=True)), hot[0]]
    following = {name: after for name, after in pairwise(way) if name != after}
    texts: dict[ReleaseKey, tuple[str, ...] | None] = {}
    for name, releases in packages.items():
        for version in releases:
            read = draw(_texts(versions, hot))
            if name in following and read is not None:
                read = (*read, following[name] + draw(st.sampled_from(["", "", ">=0.5", "[x]", "[all]>=0.9"])))
            # An accused release whose requirements nobody kept borrows its neighbour's: a store's matter, not a walk's.
            texts[name, version] = () if read is None and (name, version) in compromised else read
    return World(
        packages=packages,
        requirements=texts,
        compromised=compromised,
        window=(NOON, NOON + 12 * MINUTE),
        # A page that lists nothing says nothing: an empty one is not a page read.
        pages_read=frozenset(
            name
            for name in names
            if name not in unread and any((name, version) not in ghosts for version in packages[name])
        ),
        hidden=tuple(draw(st.lists(_hidden(packages), max_size=2))),
        listed_from=listed_from,
        ghosts=frozenset(ghosts),
        spellings=dict(zip(names, spelled, strict=True)),
    )


@st.composite
def roots(draw: st.DrawFn, world: World) -> Root:
    """Give a root for a walk through the world: a release with or without extras, or a manifest's texts."""
    releases = sorted(world.requirements)
    if not draw(_sometimes(8)):
        releases = [key for key in releases if key not in world.compromised and world.requirements[key]]
    if draw(st.booleans()) and releases:
        package, version = draw(st.sampled_from(releases))
        asked = draw(st.sets(st.sampled_from([*_EXTRAS, _UNKNOWN_EXTRA]), max_size=2))
        return RootRelease(package=package, version=version, extras=frozenset(extra_name(extra) for extra in asked))
    return draw(manifests(world))


@st.composite
def _manifests(draw: st.DrawFn, known: Mapping[PackageName, list[str]]) -> Root:
    one = _requirement(known, [], in_release=False)
    texts = tuple(draw(st.lists(one, min_size=1, max_size=3)))
    bound = st.lists(one.filter(lambda text: "platform_release" not in text), max_size=2)  # nobody says what that is
    constraints = tuple(draw(bound)) if draw(_sometimes(3)) else ()
    return Constrained(texts=texts, constraints=constraints) if constraints else texts


@st.composite
def manifests(draw: st.DrawFn, world: World) -> Root:
    """Give a manifest of one to three requirements, at times with constraints."""
    return draw(_manifests(_known(world)))


def _known(world: World) -> dict[PackageName, list[str]]:
    return {name: [version for version in held if version != _LEGACY] for name, held in world.packages.items()}
