"""Packages, releases and files as columns: whose word holds where pages, metadata, documents and incidents differ."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from graphkit.model.incidents import CompromisedFile, CompromisedRelease, Incident
from graphkit.model.index import File, FileKind, MetadataSource, ProjectPage
from graphkit.model.names import PackageName
from graphkit.stores import port
from graphkit.stores.engine.base_index import stage_facts
from graphkit.stores.engine.compile_ranges import number_sets
from graphkit.stores.engine.compile_releases import (
    _lend,
    _used,
    compile_files,
    compile_packages,
    compile_releases,
    write_yanks,
    yanks_of,
)
from graphkit.stores.engine.index_folder import SOURCES, HeldArrays, IndexArrays
from graphkit.stores.port import Fact
from tests.unit.stores.engine.kept import (
    component,
    document,
    metadata,
    page,
    recorded,
    release,
    staged,
    texts_of,
    wheel,
)

READ, NEAREST, PARTIAL = (
    port.RELEASE_REQUIREMENTS_READ,
    port.RELEASE_REQUIREMENTS_NEAREST,
    port.RELEASE_REQUIREMENTS_PARTIAL,
)
TIMED, GIVEN, WHEEL = port.FILE_TIME_KNOWN, port.FILE_TIME_GIVEN, port.FILE_WHEEL


def index_of(*facts: Fact) -> IndexArrays:
    with recorded(facts) as record:
        connection = staged(record)
        stage_facts(connection)
        number_sets(connection)
        out = HeldArrays()
        count = compile_packages(connection, out)
        order, _ = compile_releases(connection, out, count)
        compile_files(connection, out, order)
        return out.held()


def packages(*facts: Fact) -> dict[str, tuple[int, int]]:
    """Flags of packages, and until when what is known of them speaks."""
    index = index_of(*facts)
    said = zip(index.array("package.flags").tolist(), index.array("package.speaks_until").tolist(), strict=True)
    return dict(zip(texts_of(index, "package.name"), said, strict=True))


def releases(*facts: Fact, name: str = "lib") -> list[tuple[str, int, str]]:
    """Releases of a package in their order: what they show, their flags, and where their requirements come from."""
    index = index_of(*facts)
    at = texts_of(index, "package.name").index(name)
    rows = slice(*index.array("package.start").tolist()[at : at + 2])
    texts = texts_of(index, "version")
    columns = (index.array(f"release.{column}")[rows].tolist() for column in ("version", "flags", "source"))
    return [(texts[version], flags, SOURCES[source]) for version, flags, source in zip(*columns, strict=True)]


def files(*facts: Fact) -> list[list[tuple[Any, ...]]]:
    """Files of all releases in their order: name, hash, time, flags, what they need."""
    index = index_of(*facts)
    needs = texts_of(index, "needs")
    rows = [
        (name, sha256, uploaded, flags, needs[need])
        for name, sha256, uploaded, flags, need in zip(
            texts_of(index, "file.filename"),
            texts_of(index, "file.sha256"),
            *(index.array(f"file.{column}").tolist() for column in ("uploaded", "flags", "needs")),
            strict=True,
        )
    ]
    return [rows[lo:hi] for lo, hi in pairwise(index.array("file.start").tolist())]


GONE = page("lib", read_at=50, found=False)
EMPTY = page("lib", read_at=50)
QUARANTINED = page("lib", "1", read_at=50, status="quarantined")
PAGES: dict[str, tuple[list[ProjectPage], tuple[int, int]]] = {
    "one": ([page("lib", "1", read_at=9)], (port.PAGE_READ, 9)),
    "two": ([page("lib", "1", read_at=9), page("lib", "1", "2", read_at=8)], (port.PAGE_READ, 9)),
    "gone": ([GONE], (port.PAGE_MISSING, 0)),
    "gone-later": ([GONE, page("lib", "1", read_at=9)], (port.PAGE_READ | port.PAGE_MISSING, 9)),
    "back-again": ([GONE, page("lib", "1", read_at=60)], (port.PAGE_READ, 60)),
    "empty": ([EMPTY], (port.PAGE_EMPTY, 0)),
    "empty-later": ([EMPTY, page("lib", "1", read_at=9)], (port.PAGE_READ | port.PAGE_EMPTY, 9)),
    "quarantined": ([QUARANTINED], (port.PAGE_QUARANTINED, 0)),
    "quarantined-later": (
        [QUARANTINED, page("lib", "1", read_at=9)],
        (port.PAGE_READ | port.PAGE_QUARANTINED, 9),
    ),
    "gone-and-quarantined": (
        [replace(GONE, status="quarantined")],
        (port.PAGE_MISSING | port.PAGE_QUARANTINED, 0),
    ),
    "of-tomorrow": ([page("lib", "1", status="a status of tomorrow")], (port.PAGE_READ, 1000)),
}


def test_what_the_newest_page_says_and_until_when_a_page_that_lists_files_speaks() -> None:
    facts = [replace(one, package=PackageName(name)) for name, (pages, _) in PAGES.items() for one in pages]
    expected = {name: said for name, (_, said) in PAGES.items()}
    named = document("aa", component("named", "1"))
    assert packages(*facts, named) == packages(named, *facts[::-1]) == {**expected, "named": (0, 0)}


def test_packages_are_all_that_anything_names() -> None:
    bad = CompromisedRelease(purl="pkg:pypi/bad@1", package=PackageName("bad"), version="1")
    ranged = Incident(id="y", title="", releases=(), ranges=((PackageName("ranged"), "<1"),))
    found = packages(
        page("paged", "1"),
        metadata("described", "1", "required"),
        metadata("described", "2", "not-known", source=MetadataSource.UNKNOWN),
        document("aa", component("listed"), component("other", package=None)),
        Incident(id="x", title="", releases=(bad,)),
        ranged,
    )
    assert list(found) == ["bad", "described", "listed", "paged", "ranged", "required"]


def test_releases_stand_in_pep_440_order_with_legacy_ones_first() -> None:
    listed = ["2.0", "1.0.post1", "zz", "1.0", "1!0.1", "1.0rc1", "1.0.dev1", "1.0+cu1", "aa"]
    shown = [version for version, *_ in releases(page("lib", *listed))]
    assert shown == ["aa", "zz", "1.0.dev1", "1.0rc1", "1.0", "1.0+cu1", "1.0.post1", "2.0", "1!0.1"]
    flags = [found for _, found, _ in releases(page("lib", "zz", "1.0rc1", "1.0"))]
    assert flags == [port.RELEASE_LEGACY, port.RELEASE_PRERELEASE, 0]


BAD = CompromisedRelease(purl="pkg:pypi/lib@1", package=PackageName("lib"), version="1.0.0.0", listed_from=77)
ACCUSED = Incident(id="x", title="", releases=(BAD,))
LISTED = document("aa", component("lib", "1.0.0"))
DESCRIBED = metadata("lib", "1.0")


@pytest.mark.parametrize(
    ("facts", "shown"),
    [
        ([page("lib", "1"), DESCRIBED, LISTED, ACCUSED], "1"),
        ([DESCRIBED, LISTED, ACCUSED], "1.0"),
        ([LISTED, ACCUSED], "1.0.0"),
        ([ACCUSED], "1.0.0.0"),
        ([LISTED, document("bb", component("lib", "1.00.0"))], "1.00.0"),
    ],
)
def test_a_release_shows_the_spelling_of_whoever_knows_it_best(facts: list[Fact], shown: str) -> None:
    for order in (facts, facts[::-1]):
        assert [version for version, *_ in releases(*order)] == [shown]


def test_a_ghost_is_what_the_newest_page_no_longer_lists() -> None:
    older, newer = page("lib", "1", "2", read_at=5), page("lib", "2", "3", read_at=6)
    ghost = port.RELEASE_GHOST
    assert releases(older, newer) == [("1", ghost, ""), ("2", 0, ""), ("3", 0, "")]
    assert releases(older, page("lib", read_at=6, found=False)) == [("1", ghost, ""), ("2", ghost, "")]
    assert releases(older, LISTED) == [("1", 0, ""), ("2", 0, "")]
    assert releases(LISTED) == [("1.0.0", ghost, "")]


def test_requirements_come_with_their_source_and_whether_they_are_whole() -> None:
    facts = (
        page("lib", "1", "2", "3", "4"),
        metadata("lib", "1", "dep"),
        metadata("lib", "2", "dep", unreadable=("--",), source=MetadataSource.BULK),
        metadata("lib", "3", source=MetadataSource.UNKNOWN, reason="nobody could"),
    )
    assert releases(*facts) == [("1", READ, "wheel"), ("2", READ | PARTIAL, "bulk"), ("3", 0, "unknown"), ("4", 0, "")]


def test_a_ghost_borrows_the_requirements_of_the_nearest_final_before_it() -> None:
    facts = (
        page("lib", "1", "2", "3rc1"),
        metadata("lib", "1", "dep"),
        metadata("lib", "3rc1", "dep"),
        Incident(id="x", title="", releases=(replace(BAD, version="2"), replace(BAD, version="4"))),
    )
    found = {version: (flags & (READ | NEAREST), source) for version, flags, source in releases(*facts)}
    assert found == {
        "1": (READ, "wheel"),
        "2": (NEAREST, "nearest-release"),  # listed, but accused: it may not be what its page says
        "3rc1": (READ, "wheel"),
        "4": (NEAREST, "nearest-release"),
    }


@st.composite
def shelves(draw: st.DrawFn) -> tuple[list[int], list[int], list[int], list[bool]]:
    """Packages of releases: how many, and of each its set, flags and whether it borrows."""
    sizes = draw(st.lists(st.integers(0, 4), min_size=1, max_size=3))
    count = sum(sizes)
    flag = st.sampled_from([0, port.RELEASE_PRERELEASE, port.RELEASE_LEGACY, PARTIAL])
    flags = draw(st.lists(flag, min_size=count, max_size=count))
    sets = draw(st.lists(st.sampled_from([-1, -1, 3, 7]), min_size=count, max_size=count))
    wants = draw(st.lists(st.booleans(), min_size=count, max_size=count))
    return sizes, sets, flags, wants


@given(shelves())
def test_what_is_lent_is_of_the_same_package_and_never_lent_on(
    shelf: tuple[list[int], list[int], list[int], list[bool]],
) -> None:
    sizes, sets, flags, wants = shelf
    floor = np.repeat(np.cumsum([0, *sizes[:-1]]), sizes)
    borrowers = [at for at, want in enumerate(wants) if want and sets[at] < 0 and not flags[at] & port.RELEASE_LEGACY]
    found = np.array(sets), np.zeros(len(sets), dtype=np.int64), np.array(flags, dtype=np.uint8)
    _lend(np.array(borrowers, dtype=np.intp), floor[borrowers], *found)
    expected = list(sets)
    for at in borrowers:
        able = [one for one in range(floor[at], at) if sets[one] >= 0 and not flags[one] & port.RELEASE_LEGACY]
        finals = [one for one in able if not flags[one] & port.RELEASE_PRERELEASE]
        if lender := (finals or able)[-1:]:
            expected[at] = sets[lender[0]]
            assert found[2][at] == flags[at] | NEAREST | flags[lender[0]] & PARTIAL
            assert SOURCES[found[1][at]] == MetadataSource.NEAREST
    assert found[0].tolist() == expected


def test_texts_that_nothing_uses_are_left_out() -> None:
    texts, ids = _used(["a", "b", "c", "d"], np.array([3, 1, 3], dtype=np.int32))
    assert (texts, ids.tolist()) == (["b", "d"], [1, 0, 1])
    texts, ids = _used([], np.array([], dtype=np.int32))
    assert (texts, ids.tolist()) == ([], [])


def test_files_stand_by_name_with_what_each_needs() -> None:
    sdist = File(filename="lib-1.tar.gz", kind=FileKind.SDIST, uploaded=4, requires_python=">=3.9", sha256="ab")
    odd = File(filename="LIB-1.exe", kind=FileKind.OTHER)
    native = File(filename="lib-1-2-cp311-cp311-win_amd64.whl", kind=FileKind.WHEEL, uploaded=5)
    assert files(page("lib", release("lib", "1", sdist, native, odd))) == [
        [
            ("LIB-1.exe", "", 0, 0, "other "),
            (native.filename, "", 5, TIMED | WHEEL, "cp311-cp311-win_amd64 "),
            ("lib-1.tar.gz", "ab", 4, TIMED | port.FILE_SDIST, "sdist >=3.9"),
        ]
    ]


def test_a_file_without_its_own_word_on_python_has_that_of_its_release() -> None:
    said = wheel("lib", "2", requires_python=">=3.7")
    facts = (
        page("lib", release("lib", "1", wheel("lib", "1")), release("lib", "2", said)),
        metadata("lib", "1", requires_python=">=3.8"),
        metadata("lib", "2", requires_python=">=3.8"),
    )
    assert [needs for ((*_, needs),) in files(*facts)] == ["py3-none-any >=3.8", "py3-none-any >=3.7"]


def accusing(*found: CompromisedFile, **rest: Any) -> Incident:
    return Incident(id="x", title="", releases=(replace(BAD, version="1", files=found, **rest),))


NAME = "lib-1-py3-none-any.whl"


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        # An incident gives a file its time where its page has none, and says so.
        (
            [page("lib", release("lib", "1", wheel("lib", "1", None))), accusing()],
            [(NAME, "", 77, TIMED | GIVEN | WHEEL)],
        ),
        ([page("lib", release("lib", "1", wheel("lib", "1", 5))), accusing()], [(NAME, "", 5, TIMED | WHEEL)]),
        # One that names files says nothing of the time of others.
        (
            [
                page("lib", release("lib", "1", wheel("lib", "1", None))),
                accusing(CompromisedFile(filename="b"), whole=False),
            ],
            [("b", "", 77, TIMED), (NAME, "", 0, WHEEL)],
        ),
        # A hash that nobody else knows is the incident's; a page's own stays.
        (
            [page("lib", "1"), accusing(CompromisedFile(filename=NAME, sha256="cd"))],
            [(NAME, "cd", 1, TIMED | WHEEL)],
        ),
        (
            [
                page("lib", release("lib", "1", wheel("lib", "1", sha256="ab"))),
                accusing(CompromisedFile(filename=NAME, sha256="cd")),
            ],
            [(NAME, "ab", 1, TIMED | WHEEL)],
        ),
        # A release that no page knows is a file without a name, unless the incident names some.
        ([accusing()], [("", "", 77, TIMED | port.FILE_KIND_UNKNOWN)]),
        ([accusing(listed_from=None)], [("", "", 0, port.FILE_KIND_UNKNOWN)]),
        ([accusing(CompromisedFile(filename=NAME))], [(NAME, "", 77, TIMED | port.FILE_KIND_UNKNOWN)]),
        ([accusing(CompromisedFile(filename=NAME), whole=False)], [(NAME, "", 77, TIMED | WHEEL)]),
    ],
)
def test_what_an_incident_says_of_files(facts: list[Fact], expected: list[tuple[Any, ...]]) -> None:
    assert [found[:4] for found in files(*facts)[0]] == expected


def test_a_row_for_a_release_as_a_whole_counts_only_where_no_file_is_known() -> None:
    whole = File(filename="", kind=FileKind.UNKNOWN, uploaded=3)
    assert [one[:2] for one in files(page("lib", release("lib", "1", whole, wheel("lib", "1"))))[0]] == [(NAME, "")]
    assert files(page("lib", release("lib", "1", whole))) == [[("", "", 3, TIMED | port.FILE_KIND_UNKNOWN, "unknown ")]]


def test_yanks_stand_apart_where_they_have_a_date() -> None:
    dated = wheel("lib", "2", yanked=True, yanked_since=44)
    index = index_of(page("lib", "1", release("lib", "2", dated), release("lib", "3", wheel("lib", "3", yanked=True))))
    yanked = port.FILE_YANKED
    assert (index.array("file.flags") & (yanked | port.FILE_YANK_DATED)).tolist() == [
        0,
        yanked | port.FILE_YANK_DATED,
        yanked,
    ]
    assert (index.array("yank.file").tolist(), index.array("yank.since").tolist()) == ([1], [44])
    assert yanks_of(index).tolist() == [0, 44, 0]


@given(st.lists(st.sampled_from([0, 0, 5, -3]), max_size=5))
def test_dates_of_yanks_come_back(since: list[int]) -> None:
    out = HeldArrays()
    out.array("file.flags", np.zeros(len(since), dtype=np.uint8))
    write_yanks(out, np.array(since, dtype=np.int64))
    assert yanks_of(out.held()).tolist() == since


def test_an_empty_record_has_no_release() -> None:
    index = index_of()
    assert index.array("package.start").tolist() == index.array("file.start").tolist() == [0]
    assert texts_of(index, "version") == texts_of(index, "needs") == []
