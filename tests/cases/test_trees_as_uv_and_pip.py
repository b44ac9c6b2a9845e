"""The whole tree of a forward walk, beside what uv and pip resolve: recorded pages and requirements, on loopback.

What the cases that ship have as `picked` is compared. A thorough run asks uv all of it and pip every third, since pip
is slow; any other run a share of these.
All that graphkit chose was recorded, else a tree is not whole and only its accused release is compared. What nobody
recorded is made up for the installer. Where everything fits, a release of which only the page was recorded requires
what the nearest later one does; else it requires nothing, so that there is a way out of every conflict. A package
without a page has the versions that are asked for.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest
from msgspec import Struct, field
from msgspec.structs import replace
from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from graphkit.model.environment import Environment, Profile
from graphkit.model.index import File, FileKind, ProjectPage, ReleaseFiles, ReleaseMetadata
from graphkit.model.names import PackageName
from graphkit.model.ranks import Tier
from graphkit.model.times import FOREVER, Instant, instant
from graphkit.sources.index.slice import slice_facts
from graphkit.stores import open_store
from graphkit.trace.blast import blast
from graphkit.trace.case import read_span, resolve
from graphkit.trace.case_answer import Question
from graphkit.trace.resolve.forward import walk
from graphkit.trace.resolve.manifests import InstallSelection, root_of_manifest
from graphkit.trace.resolve.world import World
from tests.cases.build import manifest
from tests.cases.recorded_index import SECOND, SLICES, Taken, of_pip, of_uv, pages_of, served
from tests.conftest import ROOT
from tests.effort import THOROUGH

CASES: Final[Mapping[str, str]] = {
    "durabletask-2026-05": "2026-05-19T16:54:00Z",
    "litellm-2026-03": "2026-03-24T10:52:00Z",
    "telnyx-2026-03": "2026-03-27T04:26:10Z",
    "ultralytics-2024-12": "2024-12-05T12:46:00Z",
}
"""Of each case the start of a time slot, in which every package is `picked` that is at all: of telnyx none is."""
PICKED: Final = 43
"""Packages in all; no service of a case that ships is `picked`."""
MOST_LATE: Final = 1
"""How many resolutions of pip may take too long (`MOST_SECONDS`), and are named in the output."""
EARLY: Final = instant("2000-01-01")
pytestmark = pytest.mark.xdist_group("trees of installers")


class Tree(Struct, frozen=True):
    """What a walk takes: every package with its version, the accused among them, and whether that is all of it."""

    releases: Mapping[PackageName, str]
    accused: Mapping[PackageName, str]
    is_whole: bool


class Asked(Struct, frozen=True):
    """An installer, and of how many packages one is asked of it: from the first on, in the order of `Case.trees`."""

    resolver: Profile
    taken: Taken
    every: int
    fewest_whole: int


INSTALLERS: Final = (
    Asked("uv", of_uv, every=1 if THOROUGH else 12, fewest_whole=20 if THOROUGH else 1),
    Asked("pip", of_pip, every=3 if THOROUGH else 36, fewest_whole=8 if THOROUGH else 1),
)


class Case:
    """A case that ships: its graph for the walk, and the same pages and requirements for an installer."""

    def __init__(self, name: str, graph: Path) -> None:
        reader = open_store(graph).reader()
        (self._case,) = resolve(reader.evidence().incidents(), (name,), None, lambda _: ())
        self.name, self.at = name, instant(CASES[name]) + SECOND
        self._reader = reader
        self._worlds = {
            one.resolver: World(reader, Environment(), one.resolver, self._case.hidden, self._case.keys())
            for one in INSTALLERS
        }
        facts = list(slice_facts(ROOT / "examples" / name / "index.slice"))
        self._metadata: dict[PackageName, dict[Version, ReleaseMetadata]] = {}
        for fact in facts:
            if isinstance(fact, ReleaseMetadata):
                self._metadata.setdefault(fact.package, {})[Version(fact.version)] = fact
        self._accused = {(one.package, Version(one.version)) for one in self._case.releases}
        self.pages = pages_of(facts)
        self.pages |= self._with_accused()
        self.pages |= _made_up([one for of in self._metadata.values() for one in of.values()], self.pages)

    def _with_accused(self) -> dict[PackageName, ProjectPage]:
        """Return the pages of the accused packages with the releases that were removed since."""
        found: dict[PackageName, ProjectPage] = {}
        for one in self._case.releases:
            place = self._worlds["uv"].find_release(one.package, one.version)
            assert place
            package, position = place
            page = found.get(package.name, self.pages[package.name])
            uploaded = int(package.first_upload[position])
            if one.version not in {release.version for release in page.releases} and uploaded < FOREVER:
                page = replace(page, releases=(*page.releases, _release(package.name, one.version, uploaded)))
            found[package.name] = page
        return found

    def only(self, name: PackageName, version: Version) -> Iterator[str]:
        """Yield what a release requires, as recorded; an accused one what the nearest earlier does, as in the graph."""
        known = self._metadata.get(name, {})
        if (name, version) in self._accused:
            version = max(one for one in known if one <= version)
        if version in known:
            yield from (f"Requires-Dist: {one}" for one in known[version].requirements)
            yield from (f"Provides-Extra: {extra}" for extra in known[version].provides_extra)

    def near(self, name: PackageName, version: Version) -> Iterator[str]:
        """Yield what a release requires, as recorded, else what the nearest later one does, else the last."""
        known = self._metadata.get(name, {})
        if known and version not in known and (name, version) not in self._accused:
            version = min((one for one in known if one > version), default=max(known))
        yield from self.only(name, version)

    def trees(self, resolver: Profile) -> dict[str, Tree]:
        """Return what is `picked` in the slot, with the tree that it installs: first the whole ones, by name."""
        question = Question(targets=(self.name,), span=read_span(CASES[self.name], None, None), resolver=resolver)
        rows = blast(self._reader, question).packages
        trees = {row.package: self._tree(row.package, resolver) for row in rows if row.tier is Tier.PICKED}
        return dict(sorted(trees.items(), key=lambda one: (not one[1].is_whole, one[0])))

    def _tree(self, text: str, resolver: Profile) -> Tree:
        """Return what the forward walk of a manifest takes. Yanks have no dates here: installers see each as done."""
        world, at = self._worlds[resolver], self.at
        root, missing = root_of_manifest(world, manifest("requirements.in", text), InstallSelection())
        found = walk(world, root, at, doubtful=False)
        releases = {
            world.package(package_id).name: world.package(package_id).texts[position]
            for package_id, position in found.picks.items()
        }
        conflict_free = (
            releases
            if found.conflict_free is None
            else {world.package(package_id).name for package_id in found.conflict_free}
        )
        bad = {(one.package, one.version) for one in self._case.releases}
        return Tree(
            releases=releases,
            accused={
                name: version for name, version in releases.items() if (name, version) in bad and name in conflict_free
            },
            is_whole=not (found.unresolvable or found.unread or missing),
        )

    def is_quiet(self) -> bool:
        """Return whether no file came within a second of the instant: cut-offs may be exclusive."""
        uploads = (file.uploaded for page in self.pages.values() for one in page.releases for file in one.files)
        return not any(uploaded and self.at - SECOND < uploaded < self.at + SECOND for uploaded in uploads)


def _release(name: PackageName, version: str, uploaded: Instant) -> ReleaseFiles:
    file = f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
    return ReleaseFiles(version=version, files=(File(filename=file, kind=FileKind.WHEEL, uploaded=uploaded),))


def _made_up(
    metadata: Iterable[ReleaseMetadata], pages: Mapping[PackageName, ProjectPage]
) -> dict[PackageName, ProjectPage]:
    """Return a page for every name that is required and has none: with each version that a requirement speaks of."""
    versions: dict[PackageName, set[str]] = {}
    for one in metadata:
        for wanted in one.requirements:
            if wanted.package not in pages and not wanted.url:
                spoken = {clause.version.removesuffix(".*") for clause in SpecifierSet(wanted.specifier)}
                versions.setdefault(wanted.package, {"1"}).update(filter(_is_version, spoken))
    template = next(iter(pages.values()))
    return {
        name: replace(
            template,
            package=name,
            spelling=name,
            releases=tuple(_release(name, version, EARLY) for version in sorted(known)),
        )
        for name, known in versions.items()
    }


def _is_version(text: str) -> bool:
    try:
        Version(text)
    except InvalidVersion:
        return False
    return True


class Compared(Struct):
    """What was compared: trees that are whole, their versions and those that are equal, and accused releases."""

    late: list[str] = field(default_factory=list)
    unsolved: list[str] = field(default_factory=list)
    whole: int = 0
    accused: int = 0
    equal: int = 0
    releases: int = 0
    differ: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)

    def ask(self, taken: Taken, index: str, text: str, mine: Tree, at: Instant, work: Path) -> None:
        """Take a root, with what an installer takes for it."""
        try:
            theirs = taken(index, [text], at, work, python=Environment().python)
        except TimeoutError:
            self.late.append(text)
            return
        if theirs is None:
            self.unsolved.append(text)
            return
        self.accused += bool(mine.accused)
        self.missed += [f"{text}: {one}" for one in mine.accused.items() if one not in theirs.items()]
        if mine.is_whole:
            self.whole += 1
            self.releases += len(mine.releases.keys() | theirs.keys())
            self.equal += len(mine.releases.items() & theirs.items())
            self.differ += [f"{text}: {one}" for one in sorted(mine.releases.items() ^ theirs.items())]


@pytest.fixture(scope="module")
def cases(graph_of_case: Callable[[str], Path]) -> tuple[Case, ...]:
    return tuple(Case(name, graph_of_case(name)) for name in CASES)


@pytest.mark.parametrize("asked", INSTALLERS, ids=[one.resolver for one in INSTALLERS])
def test_an_install_takes_the_tree_that_an_installer_takes(
    asked: Asked, cases: tuple[Case, ...], tmp_path: Path
) -> None:
    assert [case.name for case in cases] == [path.parent.name for path in SLICES]
    found, picked = Compared(), 0
    for case in cases:
        assert case.is_quiet()
        trees = case.trees(asked.resolver)
        picked += len(trees)
        assert all(mine.accused for mine in trees.values())
        compared = list(trees.items())[:: asked.every]
        for is_whole, requires in ((True, case.near), (False, case.only)):
            with served(case.pages, requires) as index:
                for text, mine in compared:
                    if mine.is_whole is is_whole:
                        found.ask(asked.taken, index, text, mine, case.at, tmp_path)
    sys.stdout.write(f"{found}\n")
    assert picked == PICKED
    assert len(found.late) <= MOST_LATE, found
    assert not [*found.unsolved, *found.missed, *found.differ], found
    assert found.whole >= asked.fewest_whole, found
    assert found.accused + len(found.late) >= PICKED // asked.every, found
