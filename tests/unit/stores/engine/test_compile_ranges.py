"""Requirement sets and ranges: numbers by content, and what each range says."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import pytest

from graphkit.model.index import MetadataSource
from graphkit.stores import port
from graphkit.stores.engine.base_index import stage_facts
from graphkit.stores.engine.compile_ranges import compile_ranges, compile_sets, number_sets
from graphkit.stores.engine.compile_releases import compile_packages, compile_releases
from graphkit.stores.engine.index_folder import HeldArrays, IndexArrays
from graphkit.stores.engine.record import Record
from graphkit.stores.port import Fact
from tests.unit.stores.engine.kept import metadata, page, recorded, staged, texts_of


def compiled(record: Record) -> IndexArrays:
    connection = staged(record)
    stage_facts(connection)
    number_sets(connection)
    out = HeldArrays()
    count = compile_packages(connection, out)
    compile_sets(connection, out)
    order, _ = compile_releases(connection, out, count)
    compile_ranges(connection, out, order)
    return out.held()


def index_of(facts: Iterable[Fact]) -> IndexArrays:
    with recorded(facts) as record:
        return compiled(record)


def said(index: IndexArrays) -> list[tuple[Any, ...]]:
    """Every range in its order: package, extras, text, and the versions that it admits."""
    names, extras, texts = (texts_of(index, name) for name in ("package.name", "range_extras", "range_text"))
    versions = [texts_of(index, "version")[at] for at in index.array("release.version").tolist()]
    columns = (index.array(f"range.{name}").tolist() for name in ("package", "extras", "text"))
    lo, hi = index.array("range.lo").tolist(), index.array("range.hi").tolist()
    pieces = [range(first, last) for first, last in pairwise(index.array("range.start").tolist())]
    return [
        (names[package], extras[extra], texts[text], [one for at in piece for one in versions[lo[at] : hi[at]]])
        for package, extra, text, piece in zip(*columns, pieces, strict=True)
    ]


FACTS: tuple[Fact, ...] = (
    page("lib", "1.0", "1.1rc1", "2.0"),
    metadata("a", "1", "lib>=1.1rc1", "lib[y,x]", "lib @ https://files.example/lib.whl", "lib>=1.0.*"),
    metadata("b", "1", "lib>=1.1rc1", "aaa; python_version > '3'", "lib!=1.1rc1"),
    metadata("c", "1", "unused", source=MetadataSource.UNKNOWN),
    metadata("d", "1", "lib!=1.1rc1", "aaa; python_version > '3'", "lib>=1.1rc1"),
)


def test_ranges_stand_by_package_extras_and_text_and_say_what_they_admit() -> None:
    index = index_of(FACTS)
    assert said(index) == [
        ("aaa", "", "", []),
        ("lib", "", "!=1.1rc1", ["1.0", "2.0"]),
        ("lib", "", ">=1.1rc1", ["1.1rc1", "2.0"]),
        ("lib", "", "https://files.example/lib.whl", []),
        ("lib", "", "lib>=1.0.*", ["1.0", "1.1rc1", "2.0"]),
        ("lib", "x,y", "", ["1.0", "1.1rc1", "2.0"]),
    ]
    assert index.array("range.flags").tolist() == [
        0,
        0,
        port.RANGE_NAMES_PRERELEASE,
        port.RANGE_URL,
        port.RANGE_UNREADABLE,
        0,
    ]


def test_texts_stand_by_kind_whatever_their_letters() -> None:
    index = index_of(FACTS)
    kinds = [texts_of(index, "range_text")[lo:hi] for lo, hi in pairwise(index.array("range_text.kind").tolist())]
    assert kinds == [["", "!=1.1rc1", ">=1.1rc1"], ["https://files.example/lib.whl"], ["lib>=1.0.*"]]


def test_equal_sets_are_one_and_a_set_that_nobody_knows_is_none() -> None:
    index = index_of(FACTS)
    sets = [index.array("set.range").tolist()[lo:hi] for lo, hi in pairwise(index.array("set.start").tolist())]
    assert sorted(sets) == [[0, 1, 2], [2, 3, 4, 5]]
    assert index.array("set.digest").tolist() == sorted(index.array("set.digest").tolist())
    assert texts_of(index, "marker") == ["", 'python_version > "3"']
    assert sorted(index.array("set.marker").tolist()) == [0] * 6 + [1]


def test_numbers_do_not_depend_on_the_order_of_facts() -> None:
    one, other = index_of(FACTS), index_of(reversed(FACTS))
    for name in ("set.digest", "set.start", "set.range", "set.marker", "range.package", "range.text", "range.lo"):
        assert one.array(name).tolist() == other.array(name).tolist()


@pytest.mark.parametrize("facts", [(), (page("lib", "1.0"),), (metadata("lib", "1"),)])
def test_without_a_requirement_the_empty_texts_stay(facts: tuple[Fact, ...]) -> None:
    index = index_of(facts)
    assert said(index) == []
    assert (texts_of(index, "marker"), texts_of(index, "range_extras"), texts_of(index, "range_text")) == (
        [""],
        [""],
        [],
    )
    assert index.array("range_text.kind").tolist() == [0, 0, 0, 0]
    assert index.array("range.start").tolist() == [0]


def test_ranges_that_another_store_asks_for_are_compiled_too() -> None:
    with recorded(FACTS) as record:
        connection = record.connection
        weak = metadata("c", "1", "unused>3").requirements[0]
        connection.execute("CREATE TEMP TABLE aiming AS SELECT id FROM requirements WHERE package = ?", [weak.package])
        index = compiled(record)
    assert ("unused", "", "", []) in said(index)
    assert "unused" in texts_of(index, "package.name")


def test_one_requirement_under_two_markers_is_one_range_and_two_members() -> None:
    index = index_of([page("lib", "1"), metadata("a", "1", "lib; os_name == 'nt'", "lib; os_name == 'posix'", "Lib")])
    assert said(index) == [("lib", "", "", ["1"])]
    assert index.array("set.range").tolist() == [0, 0, 0]
    assert index.array("set.marker").tolist() == [0, 1, 2]
