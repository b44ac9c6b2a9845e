"""A base joined of an older one and of the packages that changed, array by array as one that was compiled in full."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace
from numpy.typing import NDArray

from graphkit.model.incidents import CompromisedRelease, Incident
from graphkit.model.index import MetadataSource, ReleaseFiles
from graphkit.model.names import PackageName
from graphkit.model.requirements import requirement
from graphkit.stores.engine import compile_changes as changes
from graphkit.stores.engine.base_index import stage_facts
from graphkit.stores.engine.compile import compile_base
from graphkit.stores.engine.compile_changes import FEW, _kinds, _order, compile_changes
from graphkit.stores.engine.compile_releases import PLACES
from graphkit.stores.engine.index_folder import HeldArrays
from graphkit.stores.engine.record import Record
from graphkit.stores.engine.texts import Texts, TextsBuilder
from graphkit.stores.port import Fact
from tests.unit.stores.engine.kept import component, document, metadata, page, recorded, release, staged, wheel

Arrays = dict[str, NDArray[Any]]
BULK = MetadataSource.BULK
FACTS: tuple[Fact, ...] = (
    page("lib", "1.0", "1.1", "odd one"),
    page("middle", "1", release("middle", "2", wheel("middle", "2", yanked=True, yanked_since=5))),
    page("top", "1"),
    metadata("middle", "1", "lib[fast]>=1.0; python_version > '3'", "gone", "lib===1.1", source=BULK),
    metadata("middle", "2", "lib>=1.0.*", "lib @ https://files.example/lib.whl", source=BULK),
    metadata("top", "1", "middle>1", "lib>=1.1", source=BULK),
)


def in_full(record: Record) -> tuple[dict[str, int], HeldArrays]:
    connection = staged(record)
    stage_facts(connection)
    out = HeldArrays()
    counts, _ = compile_base(connection, out)
    return counts, out


def in_steps(record: Record, older: HeldArrays) -> tuple[dict[str, int] | None, HeldArrays]:
    connection = staged(record)
    stage_facts(connection)
    out = HeldArrays()
    return compile_changes(connection, older.held(), out), out


def same(one: HeldArrays, other: HeldArrays) -> None:
    assert one._arrays.keys() == other._arrays.keys()
    for name, values in one._arrays.items():
        assert values.tolist() == other._arrays[name].tolist(), name
        assert values.dtype == other._arrays[name].dtype, name


BAD = CompromisedRelease(purl="pkg:pypi/lib@1.05", package=PackageName("lib"), version="1.05", listed_from=3)
NEW = CompromisedRelease(purl="pkg:pypi/new@1", package=PackageName("new"), version="1")
CHANGES: dict[str, list[Fact]] = {
    "nothing": [],
    "a name that sorts before all others": [page("aaa", "1")],
    "a name that sorts behind all others": [page("zzz", "1"), metadata("zzz", "1", "aaa>=1")],
    "a release between two": [page("lib", "1.0", "1.0.5", "1.1", "odd one", "even odder", read_at=2000)],
    "a page that went": [page("lib", read_at=2000, found=False)],
    "a page that lists no file": [page("lib", ReleaseFiles(version="1.0", files=()), read_at=2000)],
    "the only holder of a set, a range, a marker and an extra": [metadata("middle", "1", "lib")],
    "a text of each kind": [metadata("middle", "2", "lib<9", "aaa @ https://files.example/a.whl", "top>=2.0.*")],
    "a set that another package has": [metadata("middle", "2", "middle>1", "lib>=1.1")],
    "no requirement any more": [metadata("top", "1"), metadata("middle", "1"), metadata("middle", "2")],
    "accused releases": [Incident(id="x", title="", releases=(BAD, NEW))],
    "releases that documents alone know": [document("aa", component("lib", "7"), component("ghost", "1"))],
    "names alone": [document("aa", component("bare"), requirements=(requirement("asked"),))],
}


@pytest.mark.parametrize("later", CHANGES.values(), ids=CHANGES)
def test_what_changed_alone_and_everything_anew_make_the_same_arrays(
    later: list[Fact], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "FEW", 9)
    with recorded(FACTS) as record, recorded(FACTS, later) as newer:
        _, older = in_full(record)
        expected, whole = in_full(newer)
        counts, joined = in_steps(newer, older)
        assert counts == expected
        same(joined, whole)
        left = "SELECT table_name FROM duckdb_tables() WHERE temporary AND table_name IN ('pages', 'files', 'versions')"
        assert newer.connection.execute(left).fetchall() == []


def test_what_a_withdrawn_incident_brought_goes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "FEW", 9)
    incident = Incident(id="x", title="", releases=(BAD, NEW))
    with recorded([*FACTS, incident]) as record, recorded([*FACTS, replace(incident, withdrawn=True)]) as newer:
        _, older = in_full(record)
        _, whole = in_full(newer)
        same(in_steps(newer, older)[1], whole)


@pytest.mark.parametrize(("names", "is_joined"), [(1, True), (2, False)])
def test_where_more_than_a_part_changed_everything_is_compiled_anew(names: int, is_joined: bool) -> None:  # noqa: FBT001
    pages = [page(f"p{number:02}", "1") for number in range(round(1 / FEW))]
    with recorded(pages) as record, recorded(pages, [replace(one, read_at=2000) for one in pages[:names]]) as newer:
        counts, out = in_steps(newer, in_full(record)[1])
        assert (counts is not None) == is_joined
        assert bool(out._arrays) == is_joined


def test_an_older_index_of_nothing_is_none_to_join() -> None:
    with recorded() as record, recorded(FACTS) as newer:
        assert in_steps(newer, in_full(record)[1])[0] is None


def test_an_order_is_that_of_the_versions_that_are_shown() -> None:
    texts = ["1.0", "1.0.0", "2.0", "odd"]  # sorted, as a column is; two spellings of one version
    shown = Texts(*TextsBuilder(texts).arrays())
    found = _order(np.array([0, 3, 3, 5]), np.array([3, 0, 2, 1, 2], dtype=np.int32), shown)
    assert (found.versions, found.first, found.legacy.tolist()) == (["odd", "1", "2"], 1, [1, 0, 0])
    assert [(int(key >> PLACES), int(key & 255)) for key in found.keys] == [(0, 0), (0, 1), (0, 2), (2, 1), (2, 2)]
    assert [found.shown[number] for number in found.version] == ["odd", "1.0", "2.0", "1.0.0", "2.0"]


def test_kinds_of_texts_by_the_bounds_of_each() -> None:
    assert _kinds(np.array([0, 2, 2, 3])).tolist() == [0, 0, 2]
    assert _kinds(np.array([0, 0, 0, 0])).tolist() == []
