"""What graphkit says a requirement takes, beside what uv takes: real pages at past instants, served on loopback.

The pages are those that the cases recorded: they have the time of every file. Every release requires nothing here;
whole trees are compared in `test_trees_as_uv.py`.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from packaging.version import Version

from graphkit.model.environment import Environment
from graphkit.model.index import MetadataSource, ProjectPage, ReleaseMetadata
from graphkit.model.names import PackageName, package_name
from graphkit.model.requirements import requirement
from graphkit.model.times import Instant, rfc3339
from graphkit.sources.index.slice import slice_facts
from graphkit.stores import open_store
from graphkit.stores.port import Reader
from graphkit.trace.reach.range_matching import RangeMatcher
from graphkit.trace.resolve.availability import AvailabilityTable
from graphkit.trace.resolve.listing import Constraint, Package, bits_of, choose
from graphkit.trace.resolve.world import World
from tests.cases.recorded_index import SECOND, SLICES, of_uv, pages_of, served

FEWEST: Final = 200
PACKAGES: Final = 160
PYTHONS: Final = ("3.12", "3.9")
INSTANTS: Final = 24
AT_ONCE: Final = 14


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


def theirs_of(index: str, asked: Sequence[Asked], work: Path) -> dict[PackageName, str] | None:
    """Return what uv takes for requirements on different packages, all of one instant and Python; None: no solution."""
    texts = [f"{each.package}{each.specifier}" for each in asked]
    return of_uv(index, texts, asked[0].at, work, python=asked[0].python, only=True)


class Ours:
    """graphkit's choice, twice: of one package as a forward walk makes it, and in columns as a reverse walk does."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._worlds = {one: World(reader, Environment(python=one), "uv", (), {}) for one in PYTHONS}

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
            if part and "*" not in part
        )
        demand = Constraint(bits_of(stretches), names_prerelease=early, pinned=pinned)
        # Yanks have no dates on these pages, and uv takes every one as done.
        found = choose(package.availability(asked.at, doubtful=False), demand, "uv")
        return None if found < 0 else package.texts[found]

    def in_columns(self, asked: Asked) -> str | None:
        world, package = self._worlds[asked.python], self._package(asked)
        offers = AvailabilityTable(world, [asked.at], doubtful=False)
        packages = np.array([package.ident], dtype=np.int32)
        offers.load(packages)
        _, ranges = self._reader.constraints_on(packages)
        columns = self._reader.ranges(ranges)
        wanted = requirement(f"{asked.package}{asked.specifier}").specifier
        row = tuple(columns.text).index(wanted)
        aimed = RangeMatcher(world, packages, np.zeros(len(ranges), dtype=np.int64), columns)
        chosen = [release for rows, releases, _ in aimed.chosen(offers) for release in releases[rows == row].tolist()]
        return package.texts[chosen[0] - package.start] if chosen else None

    def _package(self, asked: Asked) -> Package:
        package = self._worlds[asked.python].find(asked.package)
        assert package is not None
        return package


def test_a_requirement_takes_what_uv_takes(pages: dict[PackageName, ProjectPage], index: str, tmp_path: Path) -> None:
    asked_at_once = questions(pages)
    every = [one for asked in asked_at_once for one in asked]
    store = open_store(tmp_path / "graph", create=True)
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
    ours = Ours(store.reader())
    differ = []
    compared = nothing = 0
    for asked in asked_at_once:
        mine = {one: ours.of_one(one) for one in asked}
        assert {one: ours.in_columns(one) for one in asked} == mine
        # One question without an answer leaves uv without any: those are asked one by one.
        alone = [one for one in asked if mine[one] is None]
        together = [one for one in asked if mine[one] is not None]
        taken = theirs_of(index, together, tmp_path)
        if taken is None:
            alone, taken = [*alone, *together], {}
        theirs = {one: taken.get(one.package) for one in together}
        theirs |= {one: (theirs_of(index, [one], tmp_path) or {}).get(one.package) for one in alone}
        for one, release in theirs.items():
            compared += 1
            nothing += release is None
            same = mine[one] is None if release is None else Version(mine[one] or "0") == Version(release)
            if not same:
                differ.append((f"{one.package}{one.specifier}", rfc3339(one.at), one.python, mine[one], release))
    store.close()
    assert not differ
    assert compared - nothing >= FEWEST
    assert nothing
