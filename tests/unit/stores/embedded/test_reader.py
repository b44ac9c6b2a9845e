"""What the reader of a folder answers, on a small index by hand."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from graphkit.stores import port
from graphkit.stores.embedded.reader import IndexReader
from graphkit.stores.engine.compile import compile_index
from graphkit.stores.engine.index_folder import IndexFolder
from graphkit.stores.port import Fact
from tests.unit.stores.engine.kept import metadata, page, recorded, release, wheel

FACTS: tuple[Fact, ...] = (
    page("lib", "1.0", release("lib", "2.0", wheel("lib", "2.0", yanked=True, yanked_since=7), wheel("lib", "2"))),
    page("app", "1", "2"),
    page("bare", release("bare", "1", wheel("bare", "1", yanked=True))),
    metadata("app", "1", "lib[b,a]>=1; python_version > '3'", "other"),
    metadata("app", "2", "lib==1.0", "lib @ https://files.example/lib.whl"),
    metadata("bare", "1", "lib==1.0", "lib @ https://files.example/lib.whl"),
)


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> IndexReader:
    path = tmp_path_factory.mktemp("index") / "one"
    with recorded(FACTS) as record:
        compile_index(record.connection, path)
    return IndexReader(IndexFolder(path))


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> IndexReader:
    path: Path = tmp_path_factory.mktemp("index") / "one"
    with recorded() as record:
        compile_index(record.connection, path)
    return IndexReader(IndexFolder(path))


def ids(*numbers: int) -> Any:
    """Ids of any kind."""
    return np.array(numbers, dtype=np.int32)


def releases_of(reader: IndexReader, name: str) -> port.ReleaseIds:
    found = reader.packages(reader.package_ids([name]))
    return np.arange(found.start[0], found.stop[0], dtype=port.RELEASE)


def test_packages_are_found_by_their_names_in_the_order_asked(reader: IndexReader) -> None:
    found = reader.package_ids(["other", "none", "app", "\ud800", "other"])
    assert found.tolist() == [3, -1, 0, -1, 3]
    packages = reader.packages(ids(3, 0))
    assert packages.name == ("other", "app")
    assert (packages.stop - packages.start).tolist() == [0, 2]
    assert packages.dependents.tolist() == [1, 0]
    assert (packages.downloads.tolist(), packages.maintainers) == ([-1, -1], ("", ""))
    assert packages.has_page.tolist() == [False, True]


def test_releases_come_with_their_files_and_dated_yanks(reader: IndexReader) -> None:
    asked = np.concatenate([releases_of(reader, "lib")[::-1], releases_of(reader, "bare")])
    found = reader.releases(asked)
    assert found.version == ("2.0", "1.0", "1")
    files = [found.filename[lo:hi] for lo, hi in pairwise(found.file_start.tolist())]
    assert [len(names) for names in files] == [2, 1, 1]
    assert sorted(files[0]) == ["lib-2-py3-none-any.whl", "lib-2.0-py3-none-any.whl"]
    since = dict(zip(found.filename, found.file_yanked_since.tolist(), strict=True))
    assert {name: at for name, at in since.items() if at} == {"lib-2.0-py3-none-any.whl": 7}
    assert found.requirements_source == ("", "", "wheel")
    assert set(reader.texts("needs", found.file_needs)) == {"py3-none-any "}


def test_requirements_and_who_has_them(reader: IndexReader) -> None:
    sets = reader.releases(releases_of(reader, "app")).requirement_set
    members = reader.requirements(sets[::-1])
    ranges = reader.ranges(members.range)
    assert [ranges.text[lo:hi] for lo, hi in pairwise(members.start.tolist())] == [
        ("==1.0", "https://files.example/lib.whl"),
        (">=1", ""),
    ]
    assert reader.texts("extras", ranges.extras) == ("", "", "a,b", "")
    assert reader.texts("marker", members.marker) == ("", "", 'python_version > "3"', "")
    users = reader.users(sets[1:])
    assert reader.packages(users.package).name == ("app", "bare")
    assert reader.releases(users.release).version == ("2", "1")
    assert users.is_listed.tolist() == [True, True]
    assert users.is_fresh.tolist() == [True, False]


def test_ranges_of_a_package_and_what_they_admit(reader: IndexReader) -> None:
    start, found = reader.constraints_on(reader.package_ids(["lib", "bare", "other"]))
    assert start.tolist() == [0, 3, 3, 4]
    ranges = reader.ranges(found)
    assert ranges.text == ("==1.0", "https://files.example/lib.whl", ">=1", "")
    admitted = [
        reader.releases(
            np.concatenate([np.arange(a, b) for a, b in zip(ranges.lo[x:y], ranges.hi[x:y], strict=True)] or [ids()])
        ).version
        for x, y in pairwise(ranges.start.tolist())
    ]
    assert admitted == [("1.0",), (), ("1.0", "2.0"), ()]
    assert (ranges.is_pinned.tolist(), ranges.is_url.tolist()) == ([1, 0, 0, 0], [0, 1, 0, 0])
    declarers = reader.declarers(found)
    assert np.diff(declarers.start).tolist() == [1, 1, 1, 1]
    assert np.diff(reader.leading_declarers(found).start).tolist() == [0, 0, 0, 0]  # nothing requires app or bare
    assert np.diff(reader.ending_declarers(found).start).tolist() == [1, 1, 1, 1]
    stretches = reader.intervals_on(reader.package_ids(["lib", "bare", "other"]))
    assert stretches.start.tolist() == [0, 2, 2, 2]
    assert stretches.range.tolist() == [found[0], found[2]]
    assert reader.texts("extras", stretches.extras) == ("", "a,b")
    assert (stretches.lo.tolist(), stretches.hi.tolist()) == (ranges.lo.tolist(), ranges.hi.tolist())


def test_takers_and_runs_are_of_the_releases_that_share_a_set(tmp_path: Path) -> None:
    sets_of_lib = (metadata("lib", version, f"other!={version}") for version in ("1.0", "2.0"))
    with recorded((*FACTS, *sets_of_lib)) as record:
        compile_index(record.connection, tmp_path / "one")
    reader = IndexReader(IndexFolder(tmp_path / "one"))
    releases = releases_of(reader, "lib")
    sets = reader.releases(releases).requirement_set
    runs = reader.runs(np.concatenate([sets, reader.releases(releases_of(reader, "app")).requirement_set]))
    assert np.diff(runs.start).tolist() == [1, 1, 0, 0]  # nothing requires app
    assert runs.package.tolist() == reader.package_ids(["lib", "lib"]).tolist()
    assert (runs.lo.tolist(), runs.hi.tolist()) == (releases.tolist(), (releases + 1).tolist())
    assert (runs.is_listed.tolist(), runs.names_extras.tolist()) == ([True, True], [True, True])
    takers = reader.takers(sets)
    assert takers.package.tolist() == runs.package.tolist()
    assert np.diff(takers.start).tolist() == [1, 1]
    assert reader.ranges(takers.range).text == ("==1.0", ">=1")
    assert reader.texts("extras", takers.extras) == ("", "a,b")
    of_each = reader.takers_of(releases)
    assert [column.tolist() for column in (of_each.start, of_each.range, of_each.package, of_each.extras)] == [
        column.tolist() for column in (takers.start, takers.range, takers.package, takers.extras)
    ]
    every = reader.every_user()
    assert every.requirement_set[releases].tolist() == sets.tolist()
    assert every.is_listed.tolist() == reader.releases(ids(*range(len(every.offer)))).is_listed.tolist()


def test_counts_are_those_of_the_header_and_nobody_can_change_them(reader: IndexReader) -> None:
    counts = reader.counts()
    assert (counts["packages"], counts["releases"], counts["files"]) == (4, 5, 6)
    counts["packages"] = 0
    assert reader.counts()["packages"] == reader.generation().packages == 4


def test_no_array_can_be_written(reader: IndexReader) -> None:
    every = ids(0, 1, 2, 3)
    start, found = reader.constraints_on(every)
    given: list[Any] = [reader.package_ids(["lib"]), start, found]
    for columns in (
        *(reader.packages(every), reader.releases(every), reader.requirements(ids(0)), reader.ranges(every)),
        *(reader.declarers(every), reader.users(ids(0, 1)), reader.takers(ids(0, 1)), reader.runs(ids(0, 1))),
        *(reader.leading_declarers(every), reader.ending_declarers(every), reader.last_declarers(every)),
        reader.intervals_on(every),
        *(reader.takers_of(every), reader.every_user()),
    ):
        values = [getattr(columns, name) for name in columns.__struct_fields__]
        given += [value for value in values if isinstance(value, np.ndarray)]
    assert len(given) > 30
    assert not [one for one in given if one.flags.writeable]


def test_nothing_asked_is_nothing_answered(reader: IndexReader, empty: IndexReader) -> None:
    for one in (reader, empty):
        assert one.package_ids([]).tolist() == []
        assert one.packages(ids()).name == ()
        assert (one.releases(ids()).version, one.releases(ids()).file_start.tolist()) == ((), [0])
        assert one.ranges(ids()).start.tolist() == one.users(ids()).start.tolist() == [0]
        assert one.requirements(ids()).start.tolist() == one.takers(ids()).start.tolist() == [0]
        assert one.runs(ids()).start.tolist() == one.takers_of(ids()).start.tolist() == [0]
        assert one.leading_declarers(ids()).start.tolist() == one.ending_declarers(ids()).start.tolist() == [0]
        assert one.intervals_on(ids()).start.tolist() == [0]
        assert one.declarers(ids()).start.tolist() == one.constraints_on(ids())[0].tolist() == [0]
        assert one.texts("marker", ids(0)) == one.texts("extras", ids(0)) == ("",)
    assert empty.package_ids(["lib"]).tolist() == [-1]
    assert empty.evidence().incidents() == ()
