"""What every store must do, whichever it is: one line in STORES adds one to the suite."""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from numpy.typing import NDArray

from graphkit.model.building import marker_of_build
from graphkit.model.documents import Basis, Component, Document, DocumentKind, Edge, Problem
from graphkit.model.environment import Environment
from graphkit.model.errors import GraphkitError, InputError
from graphkit.model.incidents import Action, ActionKind, CompromisedFile, CompromisedRelease, Incident, Source
from graphkit.model.index import File, FileKind, MetadataSource, ProjectPage, ReleaseFiles, ReleaseMetadata, needs_of
from graphkit.model.names import CompanyId, PackageName, ServiceId, package_name
from graphkit.model.organisation import (
    Build,
    Claim,
    Company,
    DocumentUse,
    Organisation,
    Polarity,
    Service,
    Standing,
    Word,
)
from graphkit.model.requirements import requirement
from graphkit.model.times import FOREVER, exactly
from graphkit.stores import open_store, port
from graphkit.trace.resolve.world import World
from tests.effort import share
from tests.neo4j_server import clear

STORES = ("embedded", pytest.param("neo4j", marks=pytest.mark.server))


@pytest.fixture(params=STORES)
def fresh(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[], port.Store]]:
    """Makes empty stores. On servers there are as many at once as `servers` gives; older ones are cleared."""
    opened: list[port.Store] = []

    def make() -> port.Store:
        if request.param == "embedded":
            address = str(tmp_path_factory.mktemp("store") / "graph")
        else:
            addresses = request.getfixturevalue("servers")
            address = addresses[len(opened) % len(addresses)]
            clear(address)
        opened.append(open_store(address, create=True))
        return opened[-1]

    yield make
    for store in opened:
        store.close()
        store.close()


def page(name: str, listed: dict[str, int | None], *, read_at: int = 1000, **rest: Any) -> ProjectPage:
    """A page that lists one wheel per version, uploaded when the mapping says."""
    releases = tuple(
        ReleaseFiles(
            version=version,
            files=(File(filename=f"{name}-{version}-py3-none-any.whl", kind=FileKind.WHEEL, uploaded=at),),
        )
        for version, at in listed.items()
    )
    return replace(
        ProjectPage(
            package=package_name(name), spelling=name, releases=releases, read_at=read_at, source="index.example"
        ),
        **rest,
    )


def metadata(
    name: str, version: str, *requires: str, source: MetadataSource = MetadataSource.CORE_METADATA
) -> ReleaseMetadata:
    return ReleaseMetadata(
        package=package_name(name), version=version, requirements=tuple(map(requirement, requires)), source=source
    )


def built(read: ReleaseMetadata, *requires: str) -> ReleaseMetadata:
    """The same with what building it takes."""
    asked = map(requirement, requires)
    return replace(
        read,
        requirements=(*read.requirements, *(replace(one, marker=marker_of_build(one.marker)) for one in asked)),
    )


def component(ref: str, name: str, version: str = "", **rest: Any) -> Component:
    row = Component(ref=ref, name=name, package=package_name(name), version=version, purl=f"pkg:pypi/{name}@{version}")
    return replace(row, **rest)


def document(sha256: str, *components: Component, **rest: Any) -> Document:
    return replace(
        Document(
            sha256=sha256,
            path=f"sboms/{sha256}.json",
            kind=DocumentKind.SBOM,
            format="cyclonedx",
            basis=Basis.BUILT,
            components=components,
        ),
        **rest,
    )


BAD = CompromisedRelease(
    purl="pkg:pypi/lib@1.2",
    package=PackageName("lib"),
    version="1.2",
    listed_from=500,
    files=(CompromisedFile(filename="lib-1.2.tar.gz", sha256="f" * 64),),
)

TOLD = (Word("built_at", "--built-at"),)
WORLD: tuple[port.Fact, ...] = (
    page("lib", {"1.0": 100, "1.1rc1": 200, "1.1": 300, "2004d-final": 50}),
    page("lib", {"0.9": 20, "1.0": None}, read_at=900),
    page("app", {"1": 110, "2": 120}),
    metadata("lib", "1.0", "dep>=1", 'extra-dep; extra == "x"'),
    metadata("lib", "1.1", "dep>=2"),
    metadata("lib", "1.1", "weaker", source=MetadataSource.BULK),
    metadata("app", "1", "lib>=1,<2"),
    metadata("app", "2", "Lib[x]!=1.0 ; python_version > '3'", "lib @ https://files.example/lib.whl", "lib>=1.0.*"),
    document("aa", component("0", "lib", "1.2"), component("1", "app", "1"), edges=(Edge(source="1", target="0"),)),
    document(
        "bb",
        Component(ref="0", name="left", purl="pkg:npm/%40s/left@1.0?a=b", sha256=("AB" * 32,)),
        created=exactly(1500),
    ),
    document("cc", component("0", "lib", "1.2"), component("1", "app", "1"), edges=(Edge(source="1", target="0"),)),
    DocumentUse(service=ServiceId("web"), document="aa", built_at=exactly(1400), words=TOLD),
    Organisation(
        source="org.toml",
        companies=(Company(id=CompanyId("acme"), name="Acme"),),
        services=(Service(id=ServiceId("web"), company=CompanyId("acme")),),
        builds=(Build(service=ServiceId("ci"), at=exactly(5)),),
    ),
    Incident(id="INC-1", title="lib", releases=(BAD,)),
)


def ids(*numbers: int) -> NDArray[Any]:
    return np.array(numbers, dtype=np.int32)


def one(reader: port.Reader, name: str) -> tuple[port.Packages, port.Releases]:
    """A package and its releases by name."""
    found = reader.packages(reader.package_ids([name]))
    return found, reader.releases(np.arange(found.start[0], found.stop[0], dtype=port.RELEASE))


def dump(reader: port.Reader) -> object:
    """Everything a reader says, with no id left in it and rows in an order of their own."""
    evidence = reader.evidence()
    everything = evidence.listings([], [], [])
    names = ["app", "dep", "extra-dep", "lib", "weaker"]
    held: list[object] = [reader.generation(), evidence.incidents(), evidence.organisation(), evidence.problems()]
    held += [everything.document, everything.component.tolist()]
    for name in names:
        if (package_ids := reader.package_ids([name]))[0] < 0:
            continue
        package, releases = one(reader, name)
        start, ranges = reader.constraints_on(package_ids)
        columns = reader.ranges(ranges)
        owners = reader.declarers(ranges)
        users = reader.users(owners.set)
        own = releases.requirement_set[releases.requirement_set >= 0]
        takers, runs = reader.takers(own), reader.runs(own)
        held += [package.name, package.flags.tolist(), releases.version, releases.flags.tolist(), start.tolist()]
        held += [releases.file_uploaded.tolist(), releases.filename, releases.requirements_source]
        held += [
            columns.text,
            reader.texts("extras", columns.extras),
            (columns.lo - package.start[0]).tolist(),
            columns.flags.tolist(),
        ]
        markers = reader.texts("marker", owners.marker)
        held += [sorted(markers[lo:hi]) for lo, hi in pairwise(owners.start.tolist())]
        about = reader.releases(users.release).version, reader.packages(users.package).name
        held.append(sorted(zip(*about, users.offer.tolist(), strict=True)))
        taking = reader.ranges(takers.range).text, reader.texts("extras", takers.extras)
        held += [sorted([*zip(*taking, strict=True)][lo:hi]) for lo, hi in pairwise(takers.start.tolist())]
        held += [reader.packages(takers.package).name, runs_of(reader, runs)]
        by_release = reader.takers_of(np.arange(package.start[0], package.stop[0], dtype=port.RELEASE))
        taking = reader.ranges(by_release.range).text, reader.texts("extras", by_release.extras)
        held += [sorted([*zip(*taking, strict=True)][lo:hi]) for lo, hi in pairwise(by_release.start.tolist())]
        stretches = reader.intervals_on(package_ids)
        held += [
            reader.ranges(stretches.range).text,
            reader.texts("extras", stretches.extras),
            (stretches.lo - package.start[0]).tolist(),
            (stretches.hi - package.start[0]).tolist(),
        ]
        assert in_parts(reader, ranges) == [
            sorted(zip(owners.set[lo:hi].tolist(), owners.marker[lo:hi].tolist(), strict=True))
            for lo, hi in pairwise(owners.start.tolist())
        ]
        held += [
            package.settled.tolist(),
            (package.newest - package.start).tolist() if package.newest[0] >= 0 else None,
        ]
    return held


def in_parts(reader: port.Reader, ranges: port.RangeIds) -> list[list[tuple[int, int]]]:
    """The declarers of ranges, as their three parts together have them."""
    found: list[list[tuple[int, int]]] = [[] for _ in ranges.tolist()]
    for read in (reader.leading_declarers, reader.ending_declarers, reader.last_declarers):
        part = read(ranges)
        rows = list(zip(part.set.tolist(), part.marker.tolist(), strict=True))
        for of, (lo, hi) in zip(found, pairwise(part.start.tolist()), strict=True):
            of.extend(rows[lo:hi])
    return list(map(sorted, found))


def runs_of(reader: port.Reader, runs: port.Runs) -> list[list[tuple[str, str, bool]]]:
    """The releases of runs, of packages on which a range aims; others may be left out."""
    names, listed = reader.packages(runs.package).name, runs.is_listed.tolist()
    aimed = np.diff(reader.constraints_on(runs.package)[0]).tolist()
    found = []
    for first, last in pairwise(runs.start.tolist()):
        rows = [row for row in range(first, last) if aimed[row]]
        each = [(row, np.arange(runs.lo[row], runs.hi[row], dtype=port.RELEASE)) for row in rows]
        found.append(
            sorted((names[row], text, listed[row]) for row, of in each for text in reader.releases(of).version)
        )
    return found


def test_the_same_facts_again_change_nothing(fresh: Callable[[], port.Store]) -> None:
    store = fresh()
    first = store.record(WORLD)
    before = dump(store.reader())
    assert (first.new, first.unchanged) == (len(WORLD) - 1, 1)  # the weaker metadata says nothing new
    assert store.record(reversed(WORLD)) == port.Receipt(new=0, unchanged=len(WORLD))
    assert dump(store.reader()) == before
    assert store.record([]) == port.Receipt(new=0, unchanged=0)


@settings(max_examples=share(12, of=4), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(WORLD), cuts=st.lists(st.integers(0, len(WORLD)), max_size=3))
def test_order_and_batching_change_nothing(
    fresh: Callable[[], port.Store], order: Sequence[port.Fact], cuts: list[int]
) -> None:
    whole, parts = fresh(), fresh()
    whole.record(WORLD)
    edges = [0, *sorted(cuts), len(order)]
    for lo, hi in pairwise(edges):
        parts.record(order[lo:hi])
    assert dump(parts.reader()) == dump(whole.reader())
    assert parts.reader().counts() == whole.reader().counts()


def test_another_spelling_of_a_name_changes_nothing(fresh: Callable[[], port.Store]) -> None:
    one_way, other_way = fresh(), fresh()
    one_way.record([page("Zope.Interface", {"1": 1}, releases=()), metadata("Zope_Interface", "1", "A.B>=1")])
    other_way.record([page("zope-interface", {"1": 1}, releases=()), metadata("zope.interface", "1", "a-b >=1")])
    assert one_way.reader().generation() == other_way.reader().generation()


def test_a_new_fact_changes_the_digest(fresh: Callable[[], port.Store]) -> None:
    store = fresh()
    store.record(WORLD)
    before = store.reader().generation()
    assert store.record([metadata("app", "2", "other", source=MetadataSource.BULK)]).new == 0
    assert store.reader().generation() == before
    store.record([metadata("lib", "1.1rc1", "other")])
    assert store.reader().generation().facts_sha256 != before.facts_sha256
    assert store.reader().generation().inputs == before.inputs + 1


def test_an_input_is_remembered_while_what_it_said_is_kept(fresh: Callable[[], port.Store]) -> None:
    store = fresh()
    odd = (("a.txt", Problem(place="line 1", text="odd", count=2)),)
    read = port.InputRead(id="a", facts=2, problems=odd, files=(("a.txt", "b.txt"), ("c.txt",)), files_sha256="00")
    said = Organisation(source="org.yaml", services=(Service(id=ServiceId("till")),))
    store.record([page("lib", {"1": 1}), said])
    before = store.reader().generation()
    assert store.remembered("a") is None
    store.remember(port.InputRead(id="slice", facts=1))
    store.remember(read, said)
    assert store.remembered("slice") == port.InputRead(id="slice", facts=1)
    assert store.remembered("a") == read
    store.remember(replace(read, id="b"), said)
    assert store.remembered("a") is None
    assert store.remembered("b") == replace(read, id="b")
    assert store.reader().generation() == before
    store.record([replace(said, services=())])
    assert store.remembered("b") is None
    assert store.remembered("slice") is not None
    store.record([said])
    assert store.remembered("b") is not None
    store.remember(replace(read, id="b", facts=3), said)
    assert store.remembered("b") == replace(read, id="b", facts=3)


def test_a_reader_stays_as_it_was(fresh: Callable[[], port.Store]) -> None:
    store = fresh()
    store.record(WORLD)
    old = store.reader()
    before = dump(old)
    store.record([page("lib", {"9": 9}, read_at=2000)])
    assert one(store.reader(), "lib")[1].version[-1] == "9"
    try:
        assert dump(old) == before
    except GraphkitError as error:  # a server shows the newest state alone, and then a reader says so
        assert "changed while it was read" in str(error)  # noqa: PT017


def test_what_is_expected_next_changes_no_answer(fresh: Callable[[], port.Store]) -> None:
    store = fresh()
    store.record(WORLD)
    before = dump(store.reader())
    store.close()
    reader = store.reader()
    reader.expect(ids())
    reader.expect(reader.package_ids(["lib", "app"]))
    assert one(reader, "app")[1].version == ("1", "2")
    assert dump(reader) == before


def test_an_empty_store_answers(fresh: Callable[[], port.Store]) -> None:
    reader = fresh().reader()
    none = ids()
    assert reader.package_ids(["lib"]).tolist() == [-1]
    assert reader.packages(none).name == reader.releases(none).version == ()
    assert reader.ranges(none).text == reader.texts("marker", none) == ()
    assert reader.texts("marker", ids(0)) == ("",)
    assert len(reader.declarers(none).start) == len(reader.constraints_on(none)[0]) == 1
    assert reader.evidence().organisation() == Organisation()
    assert reader.evidence().listings([], [], ["aa"]).document == ()
    assert reader.generation().newest_fact == reader.generation().inputs == 0


def test_releases_stand_in_order_and_ghosts_are_marked(fresh: Callable[[], port.Store]) -> None:
    store = fresh()
    store.record(WORLD)
    package, releases = one(store.reader(), "lib")
    assert package.flags.tolist() == [port.PAGE_READ]
    assert releases.version == ("2004d-final", "0.9", "1.0", "1.1rc1", "1.1", "1.2")
    read, nearest = port.RELEASE_REQUIREMENTS_READ, port.RELEASE_REQUIREMENTS_NEAREST
    assert releases.flags.tolist() == [
        port.RELEASE_LEGACY,
        port.RELEASE_GHOST,
        read,
        port.RELEASE_PRERELEASE,
        read,
        port.RELEASE_GHOST | nearest,
    ]
    assert releases.requirement_set[5] == releases.requirement_set[4]
    assert releases.requirements_source == ("", "", "core-metadata", "", "core-metadata", "nearest-release")
    assert releases.file_uploaded.tolist() == [50, 20, 100, 200, 300, 500]
    assert (releases.filename[5], releases.file_sha256[5]) == ("lib-1.2.tar.gz", "f" * 64)
    assert releases.file_flags[5] == port.FILE_TIME_KNOWN | port.FILE_KIND_UNKNOWN
    assert not releases.file_flags.flags.writeable


def test_requirements_are_lent_by_final_releases_first(fresh: Callable[[], port.Store]) -> None:
    store = fresh()
    store.record(
        [
            page("lib", {"1.0": 1, "1.1rc1": 2, "2.0": 3}),
            metadata("lib", "1.0", "final"),
            metadata("lib", "1.1rc1", "pre"),
            metadata("lib", "2.0", "later"),
            Incident(id="i", title="", releases=(BAD, replace(BAD, version="0.1", files=(), listed_from=None))),
        ]
    )
    _, releases = one(store.reader(), "lib")
    assert releases.version == ("0.1", "1.0", "1.1rc1", "1.2", "2.0")
    assert releases.requirement_set[3] == releases.requirement_set[1]
    assert releases.requirement_set[0] == -1
    assert releases.file_flags[0] == port.FILE_KIND_UNKNOWN


def test_a_listed_compromised_release_is_no_ghost(fresh: Callable[[], port.Store]) -> None:
    store = fresh()
    member = CompromisedFile(filename="lib/evil.pth", member=True)
    named = replace(BAD, files=(CompromisedFile(filename="lib-1.2.0-py3-none-any.whl", sha256="e" * 64), member))
    store.record([page("lib", {"1.2.0": None}), Incident(id="i", title="", releases=(named,))])
    _, releases = one(store.reader(), "lib")
    assert (releases.version, releases.flags.tolist()) == (("1.2.0",), [0])
    assert (releases.filename, releases.file_sha256) == (("lib-1.2.0-py3-none-any.whl",), ("e" * 64,))
    assert releases.file_uploaded.tolist() == [500]


def test_a_withdrawn_advisory_brings_nothing_back(fresh: Callable[[], port.Store]) -> None:
    store = fresh()
    store.record([page("lib", {"1.0": 1}), Incident(id="i", title="", releases=(BAD,), withdrawn=True)])
    assert one(store.reader(), "lib")[1].version == ("1.0",)


@pytest.mark.parametrize(
    ("rest", "flags"),
    [
        ({"found": False}, port.PAGE_MISSING),
        ({"status": "quarantined"}, port.PAGE_QUARANTINED | port.PAGE_EMPTY),
        ({}, port.PAGE_EMPTY),
    ],
)
def test_an_index_that_forgot_a_package_says_nothing_of_it(
    fresh: Callable[[], port.Store], rest: dict[str, Any], flags: int
) -> None:
    """What an earlier page listed stays known, and speaks until that page was read (docs/semantics.md#index-pages)."""
    earlier, later = page("lib", {"1": 1}, read_at=1000), page("lib", {}, read_at=2000, **rest)
    for facts in ([earlier, later], [later, earlier]):
        store = fresh()
        for fact in facts:
            store.record([fact])
        package, releases = one(store.reader(), "lib")
        assert (package.flags[0], releases.flags[0]) == (port.PAGE_READ | flags, port.RELEASE_GHOST)
        assert package.speaks_until.tolist() == [1000]
        seen = World(store.reader(), Environment(), "uv", (), {}).find(package_name("lib"))
        assert seen is not None
        assert (seen.is_whole, seen.speaks_until) == (True, 1000)
    alone = fresh()
    alone.record([later])
    package, _ = one(alone.reader(), "lib")
    assert (package.flags[0], package.speaks_until.tolist()) == (flags, [0])
    seen = World(alone.reader(), Environment(), "uv", (), {}).find(package_name("lib"))
    assert seen is not None
    assert (seen.is_whole, seen.speaks_until) == (False, 0)


def test_a_quarantined_page_that_lists_files_does_not_speak(fresh: Callable[[], port.Store]) -> None:
    store = fresh()
    store.record([page("lib", {"1": 1}, read_at=2000, status="quarantined")])
    package, _ = one(store.reader(), "lib")
    assert (package.flags[0], package.speaks_until.tolist()) == (port.PAGE_QUARANTINED, [0])


def test_a_page_that_lists_versions_without_files_is_empty(fresh: Callable[[], port.Store]) -> None:
    store = fresh()
    store.record([page("lib", {}, releases=(ReleaseFiles(version="1", files=()),))])
    package, _ = one(store.reader(), "lib")
    assert (package.flags[0], package.speaks_until.tolist()) == (port.PAGE_EMPTY, [0])


def test_the_newest_page_that_lists_files_speaks(fresh: Callable[[], port.Store]) -> None:
    store = fresh()
    store.record([page("lib", {"1": 1}, read_at=2000, status="a new word"), page("other", {"1": 1}, read_at=500)])
    store.record([page("lib", {"1": 1}, read_at=1000), metadata("app", "1", "lib")])
    reader = store.reader()
    found = reader.packages(reader.package_ids(["lib", "other", "app"]))
    assert found.flags.tolist() == [port.PAGE_READ, port.PAGE_READ, 0]
    assert found.speaks_until.tolist() == [2000, 500, 0]
    assert found.speaks_until.dtype == np.int64
    assert not found.speaks_until.flags.writeable


def test_hearsay_packages_have_no_page(fresh: Callable[[], port.Store]) -> None:
    store = fresh()
    manifest = document("dd", requirements=(requirement("wanted>1"),), constraints=(requirement("bound<2"),))
    store.record([metadata("app", "1", "dep"), document("aa", component("1", "seen", "3")), manifest])
    reader = store.reader()
    found = reader.packages(reader.package_ids(["app", "bound", "dep", "seen", "wanted"]))
    assert found.flags.tolist() == [0] * 5
    assert (found.stop - found.start).tolist() == [1, 0, 0, 1, 0]
    assert one(reader, "seen")[1].flags.tolist() == [port.RELEASE_GHOST]


def test_components_from_elsewhere_are_no_releases(fresh: Callable[[], port.Store]) -> None:
    store = fresh()
    store.record([document("aa", component("1", "lib", "3", origin="git+https://code.example/lib"))])
    assert one(store.reader(), "lib")[1].version == ()


def test_files_say_what_the_pages_said(fresh: Callable[[], port.Store]) -> None:
    files = (
        File(filename="lib-1.tar.gz", kind=FileKind.SDIST, uploaded=7, yanked=True, yanked_since=9),
        File(filename="lib-1.exe", kind=FileKind.OTHER, requires_python=">=3", sha256="a" * 64, yanked=True),
    )
    newest = page("lib", {}, releases=(ReleaseFiles(version="1", files=files), ReleaseFiles(version="2", files=())))
    store = fresh()
    store.record([newest, replace(metadata("lib", "1"), requires_python=">=3.8")])
    reader = store.reader()
    _, releases = one(reader, "lib")
    assert releases.file_start.tolist() == [0, 2, 2]
    assert releases.filename == ("lib-1.exe", "lib-1.tar.gz")
    assert reader.texts("needs", releases.file_needs) == ("other >=3", "sdist >=3.8")
    assert releases.file_flags.tolist() == [
        port.FILE_YANKED,
        port.FILE_TIME_KNOWN | port.FILE_YANKED | port.FILE_YANK_DATED | port.FILE_SDIST,
    ]
    assert releases.file_yanked_since.tolist() == [0, 9]


def test_what_files_need_is_what_the_model_says(fresh: Callable[[], port.Store]) -> None:
    files = (
        File(filename="lib-1.0-py2.py3-none-any.whl", kind=FileKind.WHEEL, requires_python=">=3.8, <4"),
        File(filename="lib-1.0-1-cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", kind=FileKind.WHEEL),
        File(filename="lib-1.0.whl.tar.gz", kind=FileKind.SDIST, requires_python=">=3"),
        File(filename="lib-1.0.egg", kind=FileKind.OTHER),
    )
    store = fresh()
    store.record([page("lib", {}, releases=(ReleaseFiles(version="1.0", files=files),))])
    reader = store.reader()
    _, releases = one(reader, "lib")
    needs = dict(zip(releases.filename, reader.texts("needs", releases.file_needs), strict=True))
    assert needs == {file.filename: needs_of(file.kind, file.filename, file.requires_python) for file in files}


def test_the_newest_page_holds_and_upload_times_stay(fresh: Callable[[], port.Store]) -> None:
    store = fresh()
    yanked = File(filename="lib-1-py3-none-any.whl", kind=FileKind.WHEEL, yanked=True)
    store.record([page("lib", {}, read_at=2000, releases=(ReleaseFiles(version="1.0", files=(yanked,)),))])
    store.record([page("lib", {"1": 5})])
    _, releases = one(store.reader(), "lib")
    assert releases.version == ("1.0",)
    assert releases.file_flags.tolist() == [port.FILE_TIME_KNOWN | port.FILE_YANKED | port.FILE_WHEEL]
    assert releases.file_uploaded.tolist() == [5]


def test_hashes_of_files_are_readable_by_release(fresh: Callable[[], port.Store]) -> None:
    files = (
        File(filename="lib-1.0-py3-none-any.whl", kind=FileKind.WHEEL, sha256="a" * 64),
        File(filename="lib-1.0.tar.gz", kind=FileKind.SDIST, sha256="B" * 64),
        File(filename="lib-1.0.egg", kind=FileKind.OTHER, sha256="no hash"),
        File(filename="lib-1.0.exe", kind=FileKind.OTHER),
    )
    store = fresh()
    other = ReleaseFiles(version="2.0", files=(replace(files[0], filename="lib-2.0.tar.gz", sha256="c" * 64),))
    store.record([page("lib", {}, releases=(ReleaseFiles(version="1.0", files=files), other))])
    store.record([Incident(id="i", title="", releases=(BAD,))])
    world = World(store.reader(), Environment(), "uv", (), {})
    lib = package_name("lib")
    assert world.file_hashes(lib, "1") == {"a" * 64, "b" * 64}
    assert world.file_hashes(lib, "2.0") == {"c" * 64}
    assert world.file_hashes(lib, "1.2") == {"f" * 64}  # an incident's
    assert world.file_hashes(lib, "9") == world.file_hashes(package_name("nowhere"), "1") == frozenset()


def test_ranges_and_their_declarers(fresh: Callable[[], port.Store]) -> None:
    store = fresh()
    store.record(WORLD)
    reader = store.reader()
    lib = reader.package_ids(["lib"])
    start = int(reader.packages(lib).start[0])
    bounds, ranges = reader.constraints_on(lib)
    found = reader.ranges(ranges)
    assert bounds.tolist() == [0, 4]
    assert found.text == ("<2,>=1", "https://files.example/lib.whl", "lib>=1.0.*", "!=1.0")
    assert reader.texts("extras", found.extras) == ("", "", "", "x")
    assert found.extras.tolist()[:3] == [0, 0, 0]
    assert found.flags.tolist() == [0, port.RANGE_URL, port.RANGE_UNREADABLE, 0]
    pieces = [list(zip(found.lo[a:b] - start, found.hi[a:b] - start, strict=True)) for a, b in pairwise(found.start)]
    assert pieces == [[(2, 6)], [], [(1, 6)], [(1, 2), (3, 6)]]
    declared = reader.declarers(ranges)
    assert declared.start.tolist() == [0, 1, 2, 3, 4]
    assert declared.set.tolist()[1:] == [declared.set[1]] * 3
    users = reader.users(declared.set)
    assert users.start.tolist() == [0, 1, 2, 3, 4]
    assert reader.releases(users.release).version == ("1", "2", "2", "2")
    assert reader.releases(users.release).requirement_set.tolist() == declared.set.tolist()
    assert reader.packages(users.package).name == ("app",) * 4
    assert reader.texts("marker", declared.marker) == ("", "", "", 'python_version > "3"')
    members = reader.requirements(declared.set[:2])
    assert sorted(members.range[: members.start[1]]) == [ranges[0]]
    assert sorted(members.range[members.start[1] :]) == sorted(ranges[1:])


@pytest.mark.parametrize(
    ("specifier", "flags", "versions"),
    [
        ("===2004D-final", port.RANGE_RAW | port.RANGE_PINNED, ["2004d-final"]),
        ("===1.0,>=0", port.RANGE_RAW, ["1.0"]),
        ("==1.0", port.RANGE_PINNED, ["1.0", "1.0+cu1"]),
        ("==1.*", 0, ["1.0", "1.0+cu1", "1.1rc1", "1.1"]),
        (">=1.1rc1", port.RANGE_NAMES_PRERELEASE, ["1.1rc1", "1.1"]),
        ("", 0, ["1.0", "1.0+cu1", "1.1rc1", "1.1"]),
        ("<1", 0, []),
    ],
)
def test_range_flags_and_stretches(
    fresh: Callable[[], port.Store], specifier: str, flags: int, versions: list[str]
) -> None:
    store = fresh()
    listed: dict[str, int | None] = {"2004d-final": 1, "1.0": 2, "1.0+cu1": 3, "1.1rc1": 4, "1.1": 5}
    store.record([page("lib", listed), metadata("app", "1", f"lib{specifier}")])
    found = store.reader().ranges(ids(0))
    admitted = [at for lo, hi in zip(found.lo, found.hi, strict=True) for at in range(lo, hi)]
    assert found.flags.tolist() == [flags]
    assert list(store.reader().releases(ids(*admitted)).version) == versions


def test_unknown_and_partial_requirements(fresh: Callable[[], port.Store]) -> None:
    store = fresh()
    store.record(
        [
            page("lib", {"1": 1, "2": 2, "3": 3}),
            metadata("lib", "1", source=MetadataSource.UNKNOWN),
            replace(metadata("lib", "2", "dep"), unreadable=("???",)),
            metadata("lib", "3"),
        ]
    )
    _, releases = one(store.reader(), "lib")
    assert (releases.requirement_set >= 0).tolist() == [False, True, True]
    assert releases.flags[1] == port.RELEASE_REQUIREMENTS_READ | port.RELEASE_REQUIREMENTS_PARTIAL
    assert releases.requirements_source[0] == "unknown"
    members = store.reader().requirements(releases.requirement_set[1:])
    assert np.diff(members.start).tolist() == [1, 0]


@pytest.mark.parametrize("turn", [1, -1])
def test_of_two_readings_of_a_release_the_one_that_knows_more_holds(fresh: Callable[[], port.Store], turn: int) -> None:
    """A release may get a wheel that requires more, and be read before and after."""
    store = fresh()
    whole = metadata("lib", "2", "dep")
    pairs = [
        (metadata("lib", "1", "dep"), metadata("lib", "1", "dep", "more")),
        (whole, replace(whole, unreadable=("?",))),
        # What building it takes is no requirement of an install, and is known from one of them.
        (metadata("lib", "3", "dep", "more"), built(metadata("lib", "3", "dep"), "setuptools", "wheel")),
        (metadata("lib", "4", "dep"), built(metadata("lib", "4", "dep"), "setuptools", "wheel")),
        (metadata("lib", "5", "dep"), built(metadata("lib", "5", "dep"), "setuptools", "wheel")),
    ]
    store.record([page("lib", {str(number): number for number in range(1, 6)})])
    for at in range(2):
        store.record([pair[::turn][at] for pair in pairs])
    _, releases = one(store.reader(), "lib")
    members = store.reader().requirements(releases.requirement_set)
    assert np.diff(members.start).tolist() == [2, 1, 2, 3, 3]
    assert (releases.flags & port.RELEASE_REQUIREMENTS_PARTIAL).astype(bool).tolist() == [False, True, *[False] * 3]


def test_build_requirements_come_back_apart_and_count_for_no_install(fresh: Callable[[], port.Store]) -> None:
    store = fresh()
    read = built(metadata("lib", "1", "dep"), "setuptools>=40", 'helper[x] ; os_name == "nt" or os_name == "posix"')
    store.record([page("lib", {"1": 1, "2": 2}), page("dep", {"1": 1}), read, metadata("lib", "2")])
    world = World(store.reader(), Environment(), "uv", (), {})
    lib = world.find(package_name("lib"))
    assert lib is not None
    assert [one.text for one in world.declared((lib.id, port.Position(0), "")).requirements] == ["dep"]
    assert world.declared((lib.id, port.Position(0), "build")).requirements == ()
    building = world.building(lib.id, port.Position(0))
    assert building is not None
    assert [(one.text, one.extras, one.direct, one.doubtful) for one in building] == [
        ('helper[x] ; (os_name == "nt" or os_name == "posix")', ("x",), True, False),
        ("setuptools>=40", (), True, False),
    ]
    assert world.building(lib.id, port.Position(1)) is None


def test_documents_come_back_whole(fresh: Callable[[], port.Store]) -> None:
    store = fresh()
    odd = document("ee", component("0", "lib"), problems=(Problem(place="line 1", text="odd"),), subject="it")
    lonely = document("ff", roots=("nowhere",), edges=(Edge(source="a", target="b"),))
    store.record([*WORLD, odd, lonely])
    evidence = store.reader().evidence()
    for fact in (*WORLD, odd, lonely):
        if isinstance(fact, Document):
            kept = replace(fact, edges=(), roots=()) if fact is lonely else fact  # they lead nowhere
            assert evidence.document(fact.sha256) == kept
            assert evidence.heads([fact.sha256]) == (replace(kept, components=(), edges=()),)
            assert fact.sha256 in store.known([fact.sha256])
    assert evidence.problems() == ((odd.path, odd.problems[0]),)
    assert store.known(["00"]) == {}
    with pytest.raises(KeyError):
        evidence.document("00")


def test_outlines_have_the_numbers_of_whole_documents(fresh: Callable[[], port.Store]) -> None:
    store = fresh()
    odd = document("ee", component("0", "lib"), component("1", "lib"), edges=(Edge(source="0", target="1"),))
    store.record([*WORLD, odd])
    evidence = store.reader().evidence()
    asked = [("ee", 1), ("aa", 1), ("aa", 0), ("cc", 1), ("bb", 0)]
    found = evidence.outlines([sha256 for sha256, _ in asked], [row for _, row in asked])
    for number, (sha256, row) in enumerate(asked):
        whole = evidence.document(sha256)
        first, last = found.start[number : number + 2].tolist()
        near, far = found.edge_start[number : number + 2].tolist()
        edges = zip(found.source[near:far].tolist(), found.target[near:far].tolist(), strict=True)
        assert [(str(source), str(target)) for source, target in edges] == list(whole.edges)
        assert found.location[number] == (whole.places[row] if whole.places else "")
        own = np.arange(last - first, dtype=np.int32)
        rows = port.Listings(document=(sha256,) * len(own), component=own, content=found.content[first:last])
        assert evidence.components(rows) == whole.components
    assert not len(evidence.outlines([], []).content)
    with pytest.raises(KeyError):
        evidence.outlines(["00"], [0])


def test_listings_by_package_purl_and_hash(fresh: Callable[[], port.Store]) -> None:
    store = fresh()
    store.record(WORLD)
    evidence = store.reader().evidence()

    def rows(*asked: Sequence[str]) -> list[tuple[str, int]]:
        found = evidence.listings(*asked)
        return list(zip(found.document, found.component.tolist(), strict=True))

    assert rows(["lib"], [], []) == [("aa", 0), ("cc", 0)]
    assert rows([], ["pkg:npm/%40s/left@9"], []) == rows([], [], ["ab" * 32]) == [("bb", 0)]
    assert rows(["app"], ["PKG:npm/%40s/left"], ["ab" * 32]) == [("aa", 1), ("bb", 0), ("cc", 1)]
    assert rows(["nowhere"], ["pkg:npm/nowhere", "no purl"], ["00"]) == []
    assert rows([], [], []) == [("aa", 0), ("aa", 1), ("bb", 0), ("cc", 0), ("cc", 1)]
    for package in ("lib", "", "nowhere"):
        found = evidence.listings([package] if package else [], [], [])
        places = zip(found.document, found.component.tolist(), strict=True)
        assert evidence.components(found) == tuple(evidence.document(sha256).components[row] for sha256, row in places)


def test_one_document_under_two_paths_takes_the_first_by_name(fresh: Callable[[], port.Store]) -> None:
    store, other = fresh(), fresh()
    near, far = document("aa", path="a.json"), document("aa", path="b.json")
    store.record([near, far])
    other.record([far])
    assert other.record([near]).new == 1
    assert store.reader().evidence().heads(["aa"]) == other.reader().evidence().heads(["aa"]) == (near,)


def test_the_organisation_is_joined(fresh: Callable[[], port.Store]) -> None:
    store = fresh()
    claim = Claim(
        id="c1",
        company=CompanyId("acme"),
        claimant="press",
        text="hit",
        polarity=Polarity.AFFIRMS,
        standing=Standing.REPORTED,
        certainty="",
        date="2026-03-24",
    )
    second = Organisation(
        source="a-first.toml", companies=(Company(id=CompanyId("acme"), name="ACME", kind="vendor"),), claims=(claim,)
    )
    store.record([*WORLD, second])
    found = store.reader().evidence().organisation()
    assert found.companies == (Company(id=CompanyId("acme"), name="ACME", kind="vendor"),)
    assert [service.id for service in found.services] == ["ci", "web"]
    assert found.services[1].company == "acme"
    assert found.claims == (claim,)
    assert [(use.service, use.document, use.built_at, use.words) for use in found.uses] == [
        ("web", "aa", exactly(1400), TOLD)
    ]
    assert [one.words for one in found.builds] == [(Word("builds", "org.toml"),)]
    store.record([replace(second, companies=(), claims=())])
    again = store.reader().evidence().organisation()
    assert (again.companies[0].name, again.claims) == ("Acme", ())


def test_the_last_ingest_of_an_incident_holds(fresh: Callable[[], port.Store]) -> None:
    store = fresh()
    first, last = Incident(id="i", title="z", releases=()), Incident(id="i", title="a", releases=())
    store.record([last, first])
    assert store.record([first, last]).new == 1
    assert store.reader().evidence().incidents() == (last,)


def test_the_actions_of_an_incident_come_back(fresh: Callable[[], port.Store]) -> None:
    store = fresh()
    action = Action(do=ActionKind.ROTATE, text="Rotate the keys.", sources=("S1",))
    told = Incident(id="i", title="a", releases=(BAD,), sources=(Source(id="S1"),), actions=(action,))
    store.record([replace(told, actions=())])
    before = store.reader().generation().facts_sha256
    assert store.record([told]).new == 1
    assert store.reader().evidence().incidents() == (told,)
    assert store.reader().generation().facts_sha256 != before


def test_newest_fact_and_counts(fresh: Callable[[], port.Store]) -> None:
    store = fresh()
    store.record(WORLD)
    generation = store.reader().generation()
    assert (generation.newest_fact, generation.inputs) == (1500, 12)
    counts = store.reader().counts()
    assert (counts["documents"], counts["components"], counts["incidents"], counts["releases"]) == (3, 5, 1, 8)


def test_a_failing_batch_leaves_nothing(fresh: Callable[[], port.Store]) -> None:
    store = fresh()
    store.record(WORLD[:3])
    before = store.reader().generation()

    def interrupted() -> Iterator[port.Fact]:
        yield from WORLD
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.record(interrupted())
    with pytest.raises(InputError, match="surrogate"):
        store.record([*WORLD, document("dd", path="\ud800")])
    assert store.reader().generation() == before
    assert store.record(WORLD).new == len(WORLD) - 4


@pytest.mark.parametrize("text", ["'; DROP TABLE files; --", "\x00", "a\nb", "\U0001f40d", "</script>", " "])
def test_hostile_texts_come_back_as_they_were(fresh: Callable[[], port.Store], text: str) -> None:
    store = fresh()
    hostile = document("aa", Component(ref="0", name=text, version=text, purl=text, sha256=(text,)), path=text)
    files = (File(filename=text, kind=FileKind.OTHER, sha256=text, requires_python=text),)
    store.record([hostile, page("lib", {}, releases=(ReleaseFiles(version=text, files=files),))])
    reader = store.reader()
    assert reader.evidence().document("aa") == hostile
    assert one(reader, "lib")[1].filename == (text,)
    assert one(reader, "lib")[1].version == (text.strip(),)
    assert len(reader.evidence().listings([], [], [text]).document) == bool(text)


def test_a_reader_knows_beforehand_what_stands_in_the_end(fresh: Callable[[], port.Store]) -> None:
    store = fresh()
    wheel = FileKind.WHEEL
    files = {
        "1": File(filename="lib-1-py3-none-any.whl", kind=wheel, uploaded=10),
        "2": File(filename="lib-2-py3-none-any.whl", kind=wheel, uploaded=20),
        "3": File(filename="lib-3-py3-none-any.whl", kind=wheel, uploaded=30, yanked=True, yanked_since=40),
        "4": File(filename="lib-4-py3-none-any.whl", kind=wheel, uploaded=35, requires_python=">=3.13"),
        "5rc1": File(filename="lib-5rc1-py3-none-any.whl", kind=wheel, uploaded=36),
    }
    lib = replace(
        page("lib", {}), releases=tuple(ReleaseFiles(version=version, files=(file,)) for version, file in files.items())
    )
    undated = replace(page("undated", {"1": None}))
    own = (metadata("lib", version, f"undated!={version}") for version in files)  # a requirement set for each release
    store.record(
        [lib, undated, *own, metadata("app", "1", "lib", "lib[x]<2", "lib==3", "lib>=5rc1", "lib==4", "undated")]
    )
    reader = store.reader()
    about = reader.packages(reader.package_ids(["lib", "undated"]))
    assert about.settled.tolist() == [40, FOREVER]
    start, stop = int(about.start[0]), int(about.stop[0])
    releases = np.arange(start, stop, dtype=port.RELEASE)
    assert reader.releases(releases).version == ("1", "2", "3", "4", "5rc1")
    listed, fresh_, taken = port.OFFER_LISTED, port.OFFER_FRESH, port.OFFER_TAKEN
    every = listed | fresh_ | taken
    assert reader.releases(releases).offer.tolist() == [every, every, listed | taken, 0, every]
    assert int(about.newest[0]) == start + 1
    for takers in (reader.takers(reader.releases(releases).requirement_set), reader.takers_of(releases)):
        assert set(reader.packages(takers.package).name) == {"lib"}
        rows = list(zip(reader.ranges(takers.range).text, reader.texts("extras", takers.extras), strict=True))
        assert [sorted(rows[a:b]) for a, b in pairwise(takers.start)] == [
            [("<2", "x")],
            [("", "")],
            [("==3", "")],  # a pin unlocks what is yanked
            [],  # needs a Python that the environment lacks
            [(">=5rc1", "")],
        ]
