"""Specifiers as stretches of releases: what packaging says of every version of every package."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet

from graphkit.model import csr
from graphkit.model.ordering import ordering_of
from graphkit.model.versions import ReleaseVersion, release_version
from graphkit.stores import port
from graphkit.stores.engine.compile_releases import PLACES, ReleaseOrder
from graphkit.stores.engine.specifiers import Specifiers, _joined

VERSIONS = (
    "old-one",
    "zz",
    "0.9",
    "1.0.dev1",
    "1.0a1",
    "1.0",
    "1.0.post1",
    "1.0+local",
    "1.1rc1",
    "1.1",
    "2.0",
    "1!0.1",
)
CLAUSES = (
    *("==1.0", "==1.*", "==1.0+local", "!=1.0", "!=1.*", "<1.0", "<=1.0", ">1.0", ">=1.1rc1", "~=1.0", ">=99", "<0"),
    *("===1.0", "===old-one", "==1!0.1", "!=99"),
)


def order_of(packages: Sequence[Sequence[str]]) -> ReleaseOrder:
    """The order of releases of packages by number, as a compilation makes it."""
    every: dict[str, ReleaseVersion] = {text: release_version(text) for texts in packages for text in texts}
    places = sorted(every, key=lambda text: ordering_of(every[text]))
    keys = [(number << PLACES) | places.index(text) for number, texts in enumerate(packages) for text in texts]
    keys.sort()
    legacy = [sum(every[text].parsed is None for text in texts) for texts in packages]
    return ReleaseOrder(
        start=csr.offsets(np.array([len(texts) for texts in packages], dtype=np.int64)),
        legacy=np.array(legacy, dtype=np.int64),
        keys=np.array(keys, dtype=np.int64),
        versions=[every[text].key for text in places],
        first=sum(one.parsed is None for one in every.values()),
        version=np.array([key & ((1 << PLACES) - 1) for key in keys], dtype=np.int32),
        shown=places,
    )


def admitted(specifiers: Specifiers, order: ReleaseOrder, package: int, number: int) -> list[str]:
    one = np.array([package], dtype=np.int32)
    start, lo, hi = specifiers.pieces_of(one, np.array([number], dtype=np.int32))
    assert start.tolist() == [0, len(lo)]
    assert all(lo < hi)
    assert all(lo[1:] > hi[:-1])  # ascending, and none touches the next
    releases, _ = csr.spread(lo, hi)
    return [order.shown[order.version[release]] for release in releases]


PACKAGES = st.lists(st.sets(st.sampled_from(VERSIONS)).map(sorted), min_size=1, max_size=3)


@given(PACKAGES, st.lists(st.lists(st.sampled_from(CLAUSES), unique=True, max_size=3).map(",".join), max_size=3))
def test_a_specifier_admits_of_each_package_what_packaging_says(packages: list[list[str]], texts: list[str]) -> None:
    order = order_of(packages)
    specifiers = Specifiers([(0, text) for text in texts], order)
    for number, text in enumerate(texts):
        wanted = SpecifierSet(text)
        literal = all(one.operator == "===" for one in wanted) and bool(text)
        for package, versions in enumerate(packages):
            # A version that PEP 440 cannot read is compared with as text alone.
            expected = {
                one
                for one in versions
                if (release_version(one).parsed is not None or literal) and wanted.contains(one, prereleases=True)
            }
            assert set(admitted(specifiers, order, package, number)) == expected


@pytest.mark.parametrize(
    ("kind", "text", "flags"),
    [
        (0, "", 0),
        (0, ">=1", 0),
        (0, ">=1rc1", port.RANGE_NAMES_PRERELEASE),
        (0, "==1", port.RANGE_PINNED),
        (0, "==1rc1", port.RANGE_PINNED | port.RANGE_NAMES_PRERELEASE),
        (0, "==1.*", 0),
        (0, "==1,>0", 0),
        (0, "===1", port.RANGE_PINNED | port.RANGE_RAW),
        (0, "===1,>0", port.RANGE_RAW),
        (0, "no specifier", port.RANGE_UNREADABLE),
        (1, "https://files.example/lib.whl", port.RANGE_URL),
        (2, "lib>=1,<", port.RANGE_UNREADABLE),
    ],
)
def test_flags_of_a_specifier(kind: int, text: str, flags: int) -> None:
    assert Specifiers([(kind, text)], order_of([["1"]])).flags.tolist() == [flags]


def test_what_cannot_be_read_admits_every_version_that_can_be_chosen_and_a_url_none() -> None:
    order = order_of([["zz", "0.9", "1.0"]])
    specifiers = Specifiers([(1, "https://files.example"), (2, "lib>=1,<"), (0, "?"), (0, "")], order)
    found = [admitted(specifiers, order, 0, number) for number in range(4)]
    assert found == [[], ["0.9", "1.0"], ["0.9", "1.0"], ["0.9", "1.0"]]


def test_nothing_is_admitted_of_no_release_and_no_range() -> None:
    order = order_of([[], ["1.0"], []])
    specifiers = Specifiers([(0, ""), (0, "===1.0")], order)
    assert [admitted(specifiers, order, package, 0) for package in range(3)] == [[], ["1.0"], []]
    assert [admitted(specifiers, order, package, 1) for package in range(3)] == [[], ["1.0"], []]
    none = np.array([], dtype=np.int32)
    assert [column.tolist() for column in specifiers.pieces_of(none, none)] == [[0], [], []]
    assert [column.tolist() for column in Specifiers([], order).pieces_of(none, none)] == [[0], [], []]


def test_raw_ranges_among_others_keep_the_order_of_ranges() -> None:
    order = order_of([["1.0", "2.0"], ["1.0", "3.0"]])
    specifiers = Specifiers([(0, "===1.0"), (0, ">1"), (0, "===3.0,!=1.0")], order)
    package = np.array([1, 0, 1, 0, 1], dtype=np.int32)
    start, lo, hi = specifiers.pieces_of(package, np.array([0, 1, 2, 0, 1], dtype=np.int32))
    assert (start.tolist(), lo.tolist(), hi.tolist()) == ([0, 1, 2, 3, 4, 5], [2, 1, 3, 0, 3], [3, 2, 4, 1, 4])


def test_stretches_that_touch_are_one_within_a_range_only() -> None:
    def rows(*values: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        return np.array(values, dtype=np.int64)

    start, lo, hi = _joined(4, rows(0, 0, 0, 1, 3, 3), rows(0, 2, 2, 4, 5, 7), rows(2, 2, 4, 5, 6, 8))
    assert (start.tolist(), lo.tolist(), hi.tolist()) == ([0, 1, 2, 2, 4], [0, 4, 5, 7], [4, 5, 6, 8])
    assert lo.dtype == hi.dtype == np.dtype(np.int32)
