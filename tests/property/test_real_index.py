"""On a sample of the real index, the reverse walk says what `packaging` alone says, release by release.

Nothing of graphkit's reading of versions, ranges or markers is used on the slow side.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from random import Random

import duckdb
import numpy as np
import pytest
from packaging.markers import Marker, UndefinedComparison, UndefinedEnvironmentName
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from graphkit.api import open_graph
from graphkit.model.environment import Environment
from graphkit.model.names import package_name
from graphkit.stores import open_store
from graphkit.stores.port import PackageId, Position
from graphkit.trace.reach.nominate import ReachMode, reverse
from graphkit.trace.reach.reached import ReachedReleases
from graphkit.trace.resolve.availability_table import AvailabilityTable
from graphkit.trace.resolve.world import World
from tests.effort import share

pytestmark = pytest.mark.xdist_group("real-index")  # so that one worker makes the sample

SEED = 20230907
SAMPLED, ROUNDS = 400, 2
"""Packages by a hash of their names, and how often what they require comes along."""
TARGETS = share(220)
INSTANTS = tuple(
    int(datetime(year, month, 1, tzinfo=UTC).timestamp()) * 1_000_000
    for year, month in ((2014, 6), (2017, 3), (2019, 1), (2020, 7), (2021, 11), (2023, 2), (2023, 9), (2024, 11))
)
PYTHON = "3.12.0"
PYTHONS_BEFORE = (
    *(f"3.{minor}.{patch}" for minor in range(11, -1, -1) for patch in range(25)),
    *(f"2.{minor}.{patch}" for minor in range(7, -1, -1) for patch in range(19)),
    *("1.5", "1", "0"),
)
VARIABLES = {
    "implementation_name": "cpython",
    "implementation_version": PYTHON,
    "os_name": "posix",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "platform_system": "Linux",
    "python_full_version": PYTHON,
    "python_version": "3.12",
    "sys_platform": "linux",
}
_EXTRA = re.compile(r"""extra\s*(?:==|!=|in)\s*["']([^"']*)["']|["']([^"']*)["']\s*(?:==|!=|in)\s*extra""")
ASKING = "asks-"
_NORMAL = "lower(regexp_replace({}, '[-_.]+', '-', 'g'))"

Release = tuple[str, str]
"""Name and version, the latter as `packaging` writes it where it can read it."""
Node = tuple[str, str, str]
"""A release with an extra, which may be empty."""


# --- the slow side ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Want:
    """A requirement that can be read and is answered by the index."""

    name: str
    specifier: str
    extras: tuple[str, ...]


@dataclass(slots=True)
class Row:
    """A release as the table has it. ``uploaded``: None where the table does not know."""

    uploaded: int | None
    requires_python: str
    requires: tuple[str, ...]


@dataclass(slots=True)
class Index:
    """The sample in dictionaries."""

    rows: dict[Release, Row]
    versions: dict[str, list[Version]] = field(default_factory=dict)
    """Versions that PEP 440 knows, by name, oldest first."""
    admitted: dict[tuple[str, str], list[Version]] = field(default_factory=dict)
    choices: dict[tuple[str, str, int], Release | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, text in self.rows:
            if (version := parsed(text)) is not None:
                self.versions.setdefault(name, []).append(version)
        for found in self.versions.values():
            found.sort()

    def is_listed(self, release: Release, at: int) -> bool:
        row = self.rows[release]
        return (row.uploaded is None or row.uploaded <= at) and python_fits(row.requires_python)

    def choice(self, wanted: Want, at: int) -> Release | None:
        """What a requirement alone takes: the newest final release, else the newest pre-release (uv)."""
        key = wanted.name, wanted.specifier, at
        if key not in self.choices:
            listed = (one for one in self._admitted(wanted) if self.is_listed((wanted.name, str(one)), at))
            newest = max(listed, key=lambda one: (not one.is_prerelease, one), default=None)
            self.choices[key] = None if newest is None else (wanted.name, str(newest))
        return self.choices[key]

    def _admitted(self, wanted: Want) -> list[Version]:
        key = wanted.name, wanted.specifier
        if key not in self.admitted:
            every = self.versions.get(wanted.name, ())
            self.admitted[key] = list(SpecifierSet(wanted.specifier).filter(every, prereleases=True))
        return self.admitted[key]

    def wants(self, release: Release) -> Iterator[tuple[str, Want]]:
        """Every (extra, requirement) that holds with the extra and not without; extra empty: holds by itself."""
        for text in self.rows[release].requires:
            yield from active(text)

    def edges(self, at: int) -> dict[Node, set[Node]]:
        """Who is chosen by whom: nodes by the node that they choose."""
        found: dict[Node, set[Node]] = {}
        for release in self.rows:
            if not self.is_listed(release, at):
                continue
            for extra, wanted in self.wants(release):
                if (chosen := self.choice(wanted, at)) is not None:
                    for asked in ("", *wanted.extras):
                        found.setdefault((*chosen, asked), set()).add((*release, extra))
        return found


@cache
def parsed(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None


@cache
def python_fits(text: str) -> bool:
    """Whether a Python that is not newer fits: uv takes Requires-Python for a lower bound."""
    try:
        pythons = SpecifierSet(text)
        return any(pythons.contains(f"{one}", prereleases=True) for one in (PYTHON, *PYTHONS_BEFORE))
    except InvalidSpecifier:
        return True


@cache
def active(text: str) -> tuple[tuple[str, Want], ...]:
    """What a requirement asks for, under which extras; nothing where it cannot be read or has an address."""
    try:
        read = Requirement(text)
    except InvalidRequirement:
        return ()
    extras = tuple(canonicalize_name(extra) for extra in read.extras)
    wanted = Want(canonicalize_name(read.name), str(read.specifier), extras)
    if read.url:
        return ()
    if holds(read.marker, ""):
        return (("", wanted),)
    named = {canonicalize_name(left or right) for left, right in _EXTRA.findall(str(read.marker))}
    return tuple((extra, wanted) for extra in sorted(named) if holds(read.marker, extra))


def holds(marker: Marker | None, extra: str) -> bool:
    if marker is None:
        return True
    if re.search(r"platform_(release|version)", str(marker)):
        return False  # nobody knows the kernel
    try:
        return marker.evaluate({**VARIABLES, "extra": extra})
    except (UndefinedComparison, UndefinedEnvironmentName, InvalidVersion):
        return False


def spelled(text: str) -> str:
    return text if (version := parsed(text)) is None else str(version)


def reaching(edges: dict[Node, set[Node]], seed: Release) -> set[Node]:
    """All nodes that reach a release, itself among them."""
    seen: set[Node] = {(*seed, "")}
    waiting = list(seen)
    while waiting:
        new = edges.get(waiting.pop(), set()) - seen
        seen |= new
        waiting += new
    return seen


# --- the sample ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def table(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some packages of the index, what they require, and what those do; none with two spellings of a version."""
    source = shared / "bench" / "pypi-2023-09.parquet"
    if not source.exists():
        pytest.skip("../shared has no index to sample")
    target = tmp_path_factory.mktemp("sample") / "sample.parquet"
    normal = _NORMAL.format("name")
    required = _NORMAL.format("regexp_extract(text, '^\\s*([A-Za-z0-9][A-Za-z0-9._-]*)', 1)")
    with duckdb.connect() as connection:
        connection.execute("set threads = 2")
        connection.execute(f"create table known as select distinct name, {normal} as normal from '{source}'")
        connection.execute(
            f"create table taken as select name, normal from known order by md5(normal || '{SEED}') limit {SAMPLED}"
        )
        for _ in range(ROUNDS):
            connection.execute(f"""insert into taken select known.name, known.normal from known semi join (
                select distinct {required} as normal from (
                    select distinct unnest(requires_dist) as text from '{source}' semi join taken using (name)
                )) as wanted using (normal) anti join taken using (name)""")
        connection.execute(
            f"copy (select * from '{source}' semi join taken using (name)) to '{target}' (format parquet)"
        )
    return target


@pytest.fixture(scope="module")
def index(table: Path) -> Index:
    with duckdb.connect() as connection:
        found = connection.execute(
            f"select name, version, epoch_us(upload_time), requires_python, requires_dist from '{table}'"
        ).fetchall()
    rows: dict[Release, Row] = {}
    for name, version, uploaded, requires_python, requires in found:
        rows[canonicalize_name(name), spelled(version)] = Row(uploaded, requires_python or "", tuple(requires or ()))
    return Index(rows)


def world_of(table: Path, folder: Path) -> World:
    with open_graph(str(folder), create=True) as graph:
        done = graph.ingest("parquet", [str(table)], unknown_times="listed")
        assert not done.rejected
    return World(open_store(str(folder)).reader(), Environment(), "uv", (), {})


def sampled(index: Index, count: int) -> list[str]:
    """Names of packages that some release requires."""
    wants = (wanted for release in index.rows for _, wanted in index.wants(release))
    required: set[str] = {wanted.name for wanted in wants}
    required &= index.versions.keys()
    return Random(SEED).sample(sorted(required), min(count, len(required)))


class Spelling:
    """Release ids of a world as names and versions, and back."""

    def __init__(self, world: World) -> None:
        every = world.reader.releases(np.arange(world.releases, dtype=np.int32))
        names = list(world.reader.packages(np.arange(world.packages, dtype=np.int32)).name)
        self.releases = [
            (names[package], spelled(version))
            for package, version in zip(every.package.tolist(), every.version, strict=True)
        ]
        self.ids = {release: number for number, release in enumerate(self.releases)}
        self._world = world

    def seeds(self, releases: Iterable[Release]) -> dict[PackageId, list[Position]]:
        found: dict[PackageId, list[Position]] = {}
        for release in releases:
            package = self._world.find(package_name(release[0]))
            assert package is not None
            found.setdefault(package.id, []).append(Position(self.ids[release] - package.start))
        return found

    def nodes(self, reached: ReachedReleases, slot: int) -> set[Node]:
        found = set()
        for (package_id, extra), masks in reached.masks.items():
            start = self._world.package(package_id).start
            for position in np.flatnonzero(masks & (1 << slot)).tolist():
                found.add((*self.releases[start + position], extra))
        return found


# --- the tests -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def flat(table: Path, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Every package twice: once it only asks, under another name; once it is only asked for."""
    folder = tmp_path_factory.mktemp("flat")
    apart = folder / "flat.parquet"
    with duckdb.connect() as connection:
        connection.execute(f"""copy (
            select * replace ('{ASKING}' || name as name) from '{table}' union all
            select * replace ([]::varchar[] as requires_dist) from '{table}') to '{apart}' (format parquet)""")
    return world_of(apart, folder / "graph")


def test_a_single_choice_is_what_packaging_makes_of_the_listed_versions(index: Index, flat: World) -> None:
    spelling = Spelling(flat)
    names = sampled(index, TARGETS)
    asks: dict[str, list[tuple[Node, Want]]] = {name: [] for name in names}
    for release in index.rows:
        for extra, wanted in index.wants(release):
            if wanted.name in asks:
                asks[wanted.name].append(((*release, extra), wanted))
    availability = AvailabilityTable(flat, INSTANTS, doubtful=True)
    compared = 0
    for name in names:
        expected = by_choice(index, asks[name])
        never = [(name, str(one)) for one in index.versions[name] if (name, str(one)) not in expected]
        assert named(spelling, reached_by(flat, spelling, never, availability)) <= {name}
        for release, slots in expected.items():
            reached = reached_by(flat, spelling, [release], availability)
            for slot, who in enumerate(slots):
                got = {node for node in spelling.nodes(reached, slot) if node[0].startswith(ASKING)}
                assert got == who, (release, INSTANTS[slot], sorted(got ^ who)[:5])
                compared += len(who)
    assert len(names) == TARGETS
    assert compared > share(10_000)


def by_choice(index: Index, asks: list[tuple[Node, Want]]) -> dict[Release, list[set[Node]]]:
    """Who chooses which release, by instant; the ones that ask stand under their other name."""
    found: dict[Release, list[set[Node]]] = {}
    for slot, at in enumerate(INSTANTS):
        for (name, version, extra), wanted in asks:
            if index.is_listed((name, version), at) and (chosen := index.choice(wanted, at)) is not None:
                slots = found.setdefault(chosen, [set() for _ in INSTANTS])
                slots[slot].add((f"{ASKING}{name}", version, extra))
    return found


def reached_by(
    world: World, spelling: Spelling, releases: list[Release], availability: AvailabilityTable
) -> ReachedReleases:
    return reverse(world, spelling.seeds(releases), availability, ReachMode.NOMINATED)


def named(spelling: Spelling, reached: ReachedReleases) -> set[str]:
    return {node[0] for slot in range(len(INSTANTS)) for node in spelling.nodes(reached, slot)}


@pytest.fixture(scope="module")
def whole(table: Path, tmp_path_factory: pytest.TempPathFactory) -> World:
    return world_of(table, tmp_path_factory.mktemp("whole") / "graph")


def test_who_reaches_a_release_is_what_a_plain_walk_finds(index: Index, whole: World) -> None:
    spelling = Spelling(whole)
    random = Random(SEED)
    several = AvailabilityTable(whole, INSTANTS, doubtful=True)
    slots = (2, 5, 7)
    at_slot = [
        (slot, index.edges(INSTANTS[slot]), AvailabilityTable(whole, [INSTANTS[slot]], doubtful=True)) for slot in slots
    ]
    compared, largest = 0, 0
    for number, name in enumerate(sampled(index, TARGETS)):
        slot, edges, alone = at_slot[number % len(slots)]
        listed = [text for one in index.versions[name] if index.is_listed((name, text := str(one)), INSTANTS[slot])]
        for version in random.sample(listed, min(1, len(listed))) if number % 2 else listed[-1:]:
            expected = reaching(edges, (name, version))
            for availability, bit in ((alone, 0), (several, slot)):
                got = spelling.nodes(reached_by(whole, spelling, [(name, version)], availability), bit)
                assert got == expected, (name, version, INSTANTS[slot], sorted(got ^ expected)[:5])
            compared += 1
            largest = max(largest, len(expected))
    assert compared > 2 * TARGETS // 3
    assert largest > 10_000
