"""What is listed and chosen once nothing changes any more, on a few releases by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pytest

from graphkit.model import csr
from graphkit.model.times import BEGINNING, FOREVER
from graphkit.stores import port
from graphkit.stores.engine.compile_choices import compile_choices
from graphkit.stores.engine.compile_ranges import Ranges
from graphkit.stores.engine.compile_releases import Files, Releases
from graphkit.stores.engine.index_folder import HeldArrays, IndexArrays

TIMED = port.FILE_TIME_KNOWN
LISTED, FRESH, TAKEN = port.OFFER_LISTED, port.OFFER_FRESH, port.OFFER_TAKEN


@dataclass(frozen=True)
class Archive:
    """A file: its flags beside its time, what it needs, and since when it is yanked."""

    uploaded: int = 10
    flags: int = TIMED
    needs: str = "py3-none-any "
    yanked_since: int = 0


@dataclass(frozen=True)
class Made:
    """A release: its files and flags."""

    files: Sequence[Archive] = (Archive(),)
    flags: int = 0


FINE, PRE, LEGACY = Made(), Made(flags=port.RELEASE_PRERELEASE), Made(flags=port.RELEASE_LEGACY)
YANKED = Made((Archive(flags=TIMED | port.FILE_YANKED | port.FILE_YANK_DATED, yanked_since=20),))
ELSEWHERE = Made((Archive(needs="cp27-cp27m-win_amd64 "),))
TOO_NEW = Made((Archive(needs="py3-none-any >=4"),))
BARE = Made(())
Range = tuple[int, int]


def compiled(
    packages: Sequence[Sequence[Made]], ranges: Sequence[Sequence[Range]] = (), flags: Sequence[int] = ()
) -> IndexArrays:
    releases = [one for package in packages for one in package]
    files = [file for one in releases for file in one.files]
    needs = sorted({file.needs for file in files})
    sizes = np.array(list(map(len, packages)), dtype=np.int64)
    pieces = np.array([piece for one in ranges for piece in one], dtype=np.int32).reshape(-1, 2)
    out = HeldArrays()
    offer = compile_choices(
        out,
        Releases(
            start=csr.offsets(sizes),
            package=np.repeat(np.arange(len(sizes), dtype=port.PACKAGE), sizes),
            set_id=np.arange(len(releases), dtype=port.REQUIREMENT_SET),
            flags=np.array([one.flags for one in releases], dtype=np.uint8),
        ),
        Files(
            start=csr.offsets(np.array([len(one.files) for one in releases], dtype=np.int64)),
            uploaded=np.array([file.uploaded for file in files], dtype=np.int64),
            yanked_since=np.array([file.yanked_since for file in files], dtype=np.int64),
            flags=np.array([file.flags for file in files], dtype=np.uint8),
            needs=np.array([needs.index(file.needs) for file in files], dtype=np.int32),
            needs_texts=needs,
        ),
        Ranges(
            package=np.zeros(len(ranges), dtype=port.PACKAGE),
            extras=np.zeros(len(ranges), dtype=port.TEXT),
            flags=np.array(flags or [0] * len(ranges), dtype=np.uint8),
            start=csr.offsets(np.array(list(map(len, ranges)), dtype=np.int64)),
            lo=pieces[:, 0].astype(port.RELEASE),
            hi=pieces[:, 1].astype(port.RELEASE),
        ),
        len(releases),  # each release has a requirement set of its own
    )
    index = out.held()
    assert offer.tolist() == index.array("release.offer").tolist()
    return index


@pytest.mark.parametrize(
    ("releases", "newest"),
    [
        ([FINE, FINE], 1),
        ([FINE, PRE], 0),
        ([PRE, PRE], 1),  # a pre-release where nothing else is there
        ([FINE, YANKED], 0),
        ([YANKED], -1),  # a bare name takes no yanked release
        ([PRE, YANKED], 0),
        ([LEGACY], -1),
        ([FINE, ELSEWHERE], 0),
        ([FINE, TOO_NEW], 0),
        ([FINE, BARE], 0),
        ([BARE], -1),
        ([], -1),
    ],
)
def test_what_a_bare_name_chooses(releases: list[Made], newest: int) -> None:
    """Of each package for itself: neither what is before it nor what is behind it counts."""
    index = compiled([[FINE], releases, [FINE]])
    assert index.array("package.newest").tolist() == [0, newest + 1 if newest >= 0 else -1, len(releases) + 1]


def test_offers_say_what_is_listed_and_what_is_not_yanked() -> None:
    mixed = Made((*YANKED.files, *FINE.files))
    index = compiled([[LEGACY, FINE, YANKED, ELSEWHERE, BARE, mixed]])
    both = LISTED | FRESH
    assert index.array("release.offer").tolist() == [both, both, LISTED, 0, 0, both]


@pytest.mark.parametrize(
    ("releases", "pieces", "flags", "taken"),
    [
        ([FINE, FINE, FINE], [(0, 2)], 0, 1),
        ([FINE, FINE, FINE], [(0, 1), (2, 3)], 0, 2),
        ([FINE, FINE, YANKED], [(0, 1), (2, 3)], 0, 0),
        ([FINE, PRE], [(1, 2)], 0, 1),
        ([FINE, PRE], [(0, 2)], 0, 0),
        ([FINE, YANKED], [(1, 2)], 0, -1),
        ([FINE, YANKED], [(1, 2)], port.RANGE_PINNED, 1),
        ([FINE, YANKED], [(0, 2)], port.RANGE_PINNED, 0),
        ([FINE], [(0, 1)], port.RANGE_UNREADABLE, -1),
        ([LEGACY], [(0, 1)], port.RANGE_PINNED | port.RANGE_RAW, -1),
        ([FINE], [], 0, -1),
        ([ELSEWHERE], [(0, 1)], 0, -1),
    ],
)
def test_what_a_range_chooses(releases: list[Made], pieces: list[Range], flags: int, taken: int) -> None:
    index = compiled([releases], [pieces], [flags])
    takers = np.diff(index.array("takers.start")).tolist()
    assert takers == [int(at == taken) for at in range(len(releases))]
    assert index.array("takers.range").tolist() == [0] * (taken >= 0)
    assert index.array("range.takes").tolist() == [taken]
    assert (index.array("release.offer") & TAKEN != 0).tolist() == [at == taken for at in range(len(releases))]


def test_ranges_that_choose_one_release_come_in_their_order() -> None:
    index = compiled([[FINE, FINE]], [[(0, 1)], [(0, 2)], [(0, 1)], []])
    assert index.array("takers.start").tolist() == [0, 2, 3]
    assert index.array("takers.range").tolist() == [0, 2, 1]


@pytest.mark.parametrize(
    ("files", "settled"),
    [
        ([Archive(10), Archive(30), Archive(20)], 30),
        ([Archive(10, flags=TIMED | port.FILE_YANKED | port.FILE_YANK_DATED, yanked_since=50), Archive(30)], 50),
        ([Archive(10, flags=TIMED | port.FILE_YANKED)], FOREVER),  # nobody knows since when
        ([Archive(0, flags=0), Archive(30)], FOREVER),  # nobody knows when it came
        ([Archive(30, flags=TIMED | port.FILE_TIME_GIVEN)], FOREVER),  # it may have been there before
        ([Archive(0, flags=port.FILE_ALWAYS_LISTED)], BEGINNING),
        ([Archive(0, flags=port.FILE_ALWAYS_LISTED), Archive(30)], 30),
        ([Archive(10, flags=TIMED | port.FILE_YANK_DATED, yanked_since=50)], 10),  # no longer yanked
        ([], BEGINNING),
    ],
)
def test_a_package_is_settled_once_its_last_file_came_or_was_yanked(files: list[Archive], settled: int) -> None:
    index = compiled([[FINE], [Made(files), BARE], [], [FINE]])
    assert index.array("package.settled").tolist() == [10, settled, BEGINNING, 10]
