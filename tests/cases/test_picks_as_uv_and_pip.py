"""What graphkit says a requirement takes, beside what uv and pip take: real pages at past instants, on loopback.

The pages are those that the cases recorded: they have the time of every file. Every release requires nothing here;
whole trees are compared in `test_trees_as_uv_and_pip.py`. uv is asked at every instant, pip at every third.

graphkit follows the rules of pip 26. Before it, what ``!=``, ``>`` and ``<`` say of a pre-release was read in another
way, so where the tests run with such a pip it is not asked that: the output says how often.
"""

from __future__ import annotations

import random
import sys
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from graphkit.model.environment import Environment, Profile
from graphkit.model.index import MetadataSource, ProjectPage, ReleaseMetadata
from graphkit.model.names import PackageName, package_name
from graphkit.model.requirements import requirement
from graphkit.model.times import Instant, rfc3339
from graphkit.sources.index.slice import slice_facts
from graphkit.stores import open_store
from graphkit.stores.port import PACKAGE, Reader
from graphkit.trace.reach.range_matching import RangeMatcher
from graphkit.trace.resolve.availability_table import AvailabilityTable
from graphkit.trace.resolve.listing import Constraint, Package, bits_of, choose
from graphkit.trace.resolve.world import World
from tests.cases.recorded_index import SECOND, SLICES, Taken, of_pip, of_uv, pages_of, served
from tests.effort import share

INSTALLERS: Final[Mapping[Profile, tuple[Taken, int, int]]] = {
    "uv": (of_uv, 1, share(200, of=4)),
    "pip": (of_pip, 3, share(67, of=4)),
}
"""How an installer is asked, of how many instants one, and how many releases it takes at least."""
RULES_OF_PIP: Final = 26
MOST_LEFT_OUT: Final = 8
PACKAGES: Final = 160
PYTHONS: Final = ("3.12", "3.9")
INSTANTS: Final = share(24, of=4)
AT_ONCE: Final = 14
pytestmark = pytest.mark.xdist_group("picks of installers")


@dataclass(frozen=True, slots=True)
class Asked:
    """A requirement by itself, at an instant, for a Python."""

    package: PackageName
    specifier: str
    at: Instant
    python: str


@pytest.fixture(scope="module")
def pages() -> dict[PackageName, ProjectPage]:
    return pages_of(fact for path in SLICES for fact in slice_facts(path))


@pytest.fixture(scope="module")
def index(pages: dict[PackageName, ProjectPage]) -> Iterator[str]:
    with served(pages) as address:
        yield address


@pytest.fixture(scope="module")
def asked(pages: dict[PackageName, ProjectPage]) -> list[list[Asked]]:
    return questions(pages)


def questions(pages: dict[PackageName, ProjectPage]) -> list[list[Asked]]:
    """Return questions that are awkward for a choice, the same on every run: those of a list are of one instant."""
    draw = random.Random(20260324)
    odd = [name for name, page in pages.items() if any(f.yanked for r in page.releases for f in r.files)]
    early = [name for name, page in pages.items() if all(Version(r.version).is_prerelease for r in page.releases)]
    rest = [name for name in pages if name not in odd]
    names = sorted({*draw.sample(odd, PACKAGES // 2), *early, *draw.sample(rest, PACKAGES // 2)})
    uploads = {
        name: sorted({file.uploaded for r in pages[name].releases for file in r.files if file.uploaded})
        for name in names
    }
    every = sorted({at for of in uploads.values() for at in of})
    # A second behind an upload, where no other file comes within three.
    quiet = [a + SECOND for a, b in pairwise(every) if b - a > 3 * SECOND]
    found = []
    for number in range(INSTANTS):
        at = draw.choice(quiet[len(quiet) // 2 :])
        there = [name for name in names if bisect_right(uploads[name], at) > 2]
        python = PYTHONS[number % len(PYTHONS)]
        asked = []
        for name in draw.sample(there, AT_ONCE):
            versions = sorted(
                {Version(r.version) for r in pages[name].releases if any((f.uploaded or at) < at for f in r.files)}
            )
            if len(versions) > 2:
                asked.append(Asked(name, draw.choice(_specifiers(draw, versions)), at, python))
        found.append(asked)
    return found


def _uploads(page: ProjectPage) -> list[Instant]:
    return sorted({file.uploaded for release in page.releases for file in release.files if file.uploaded})


def _specifiers(draw: random.Random, versions: Sequence[Version]) -> list[str]:
    low, high = sorted(draw.sample(versions[len(versions) // 3 :], 2))
    base = ".".join(map(str, low.release[:2])) if len(low.release) > 1 else f"{low.release[0]}.0"
    early = [one for one in versions if one.is_prerelease and not one.local]
    yanked = [f"=={one}" for one in draw.sample(versions, 2)]
    some = ["", f">={low.public}", f"<{high.public}", f"~={base}", f"!={high.public}", f"=={base}.*", *yanked]
    some += [f">={low.public},<{high.public}", f"<={high.public}", f">{low.public}", f"==={high}"]
    return some + [f">={one.public}" for one in early[-2:]] + [f"=={one.public}" for one in early[-1:]]


def is_read_as_now(asked: Asked, resolver: Profile) -> bool:
    """Return whether the installer that is here reads pre-releases in a question as the one does that is followed."""
    if resolver == "uv" or Version(version("pip")).major >= RULES_OF_PIP:
        return True
    clauses = SpecifierSet(asked.specifier)
    return not any(one.operator in {"!=", ">", "<"} and Version(one.version).is_prerelease for one in clauses)


class Ours:
    """graphkit's choice, twice: of one package as a forward walk makes it, and in columns as a reverse walk does."""

    def __init__(self, reader: Reader, resolver: Profile) -> None:
        self._reader = reader
        self._resolver = resolver
        self._worlds = {one: World(reader, Environment(python=one), resolver, (), {}) for one in PYTHONS}

    def of_one(self, asked: Asked) -> str | None:
        package = self._package(asked)
        wants = requirement(f"{asked.package}{asked.specifier}")
        pinned = wants.specifier.startswith("==") and "*" not in wants.specifier and "," not in wants.specifier
        stretches = package.stretches(asked.specifier) if not wants.specifier.startswith("===") else None
        if stretches is None:
            place = package.position_of(wants.specifier[3:])
            stretches = () if place is None else ((place, place + 1),)
        early = any(
            Version(part.lstrip("=<>~!")).is_prerelease
            for part in asked.specifier.split(",")
            if part and "*" not in part and not part.startswith("!=")
        )
        constraint = Constraint(bits_of(stretches), names_prerelease=early, pinned=pinned)
        # Yanks have no dates on these pages, and installers take every one as done.
        found = choose(package.availability(asked.at, doubtful=False), constraint, self._resolver)
        return None if found < 0 else package.texts[found]

    def in_columns(self, asked: Asked) -> str | None:
        world, package = self._worlds[asked.python], self._package(asked)
        availability = AvailabilityTable(world, [asked.at], doubtful=False)
        packages = PACKAGE.of([package.id])
        availability.load(packages)
        _, ranges = self._reader.constraints_on(packages)
        columns = self._reader.ranges(ranges)
        wanted = requirement(f"{asked.package}{asked.specifier}").specifier
        row = tuple(columns.text).index(wanted)
        aimed = RangeMatcher(world, packages, np.zeros(len(ranges), dtype=np.int64), columns)
        rows, releases, _ = aimed.chosen(availability)
        chosen = releases[rows == row].tolist()
        return package.texts[chosen[0] - package.start] if chosen else None

    def _package(self, asked: Asked) -> Package:
        package = self._worlds[asked.python].find(asked.package)
        assert package is not None
        return package


@pytest.fixture(scope="module")
def reader(
    asked: list[list[Asked]], pages: dict[PackageName, ProjectPage], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Reader]:
    """A graph of the packages that are asked about, and of one more for each question, which requires what is asked."""
    every = [one for at_once in asked for one in at_once]
    store = open_store(tmp_path_factory.mktemp("picks") / "graph", create=True)
    askers = [
        ReleaseMetadata(
            package=package_name(f"asker-{number}"),
            version="1",
            source=MetadataSource.CORE_METADATA,
            requirements=(requirement(f"{one.package}{one.specifier}"),),
        )
        for number, one in enumerate(every)
    ]
    store.record([*(pages[name] for name in sorted({one.package for one in every})), *askers])
    yield store.reader()
    store.close()


@pytest.mark.parametrize("resolver", INSTALLERS)
def test_a_requirement_takes_what_an_installer_takes(
    resolver: Profile, asked: list[list[Asked]], reader: Reader, index: str, tmp_path: Path
) -> None:
    ours, (installer, every, fewest) = Ours(reader, resolver), INSTALLERS[resolver]

    def taken(questions: Sequence[Asked]) -> dict[PackageName, str] | None:
        texts = [f"{each.package}{each.specifier}" for each in questions]
        return installer(index, texts, questions[0].at, tmp_path, python=questions[0].python, only=True)

    differ = []
    compared = nothing = left_out = 0
    for every_one in asked[::every]:
        at_once = [one for one in every_one if is_read_as_now(one, resolver)]
        left_out += len(every_one) - len(at_once)
        mine = {one: ours.of_one(one) for one in at_once}
        assert {one: ours.in_columns(one) for one in at_once} == mine
        # One question without an answer leaves an installer without any: those are asked one by one.
        alone = [one for one in at_once if mine[one] is None]
        together = [one for one in at_once if mine[one] is not None]
        found = taken(together)
        if found is None:
            alone, found = [*alone, *together], {}
        theirs = {one: found.get(one.package) for one in together}
        theirs |= {one: (taken([one]) or {}).get(one.package) for one in alone}
        for one, release in theirs.items():
            compared += 1
            nothing += release is None
            same = mine[one] is None if release is None else Version(mine[one] or "0") == Version(release)
            if not same:
                differ.append((f"{one.package}{one.specifier}", rfc3339(one.at), one.python, mine[one], release))
    sys.stdout.write(f"{resolver}: {compared} compared, {nothing} without an answer, {left_out} left out\n")
    assert not differ
    assert left_out <= MOST_LEFT_OUT
    assert compared - nothing >= fewest
    assert nothing
