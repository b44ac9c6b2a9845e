"""What an index takes over of an older one is what it would have compiled, byte for byte."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, target
from hypothesis import strategies as st
from msgspec.structs import replace

from graphkit.model.documents import Component
from graphkit.model.incidents import CompromisedRelease, Incident
from graphkit.model.index import File, FileKind, MetadataSource, ProjectPage, ReleaseFiles, ReleaseMetadata
from graphkit.model.names import package_name
from graphkit.stores.embedded.store import EmbeddedStore
from graphkit.stores.engine import compile_changes
from graphkit.stores.engine.array_folder import HEADER
from graphkit.stores.engine.compile import compile_index
from graphkit.stores.engine.compile_changes import FEW
from graphkit.stores.engine.record import Record
from graphkit.stores.port import Fact
from tests.contract.test_store_contract import component, document, metadata, page
from tests.effort import share
from tests.property.worlds import MINUTE, READ_AT, facts, facts_of_services, manifests, worlds


@st.composite
def batches(draw: st.DrawFn) -> list[list[Fact]]:
    """Give what two readings of an index say, and its services, in any order, in a few batches."""
    world = draw(worlds())
    roots = draw(st.lists(manifests(world), min_size=1, max_size=4, unique=True))
    earlier, later = map(as_of_tables, facts(world)), map(read_later, facts(draw(worlds())))
    every = draw(st.permutations([*earlier, *later, *facts_of_services(tuple(roots))]))
    cuts = sorted(draw(st.lists(st.integers(0, len(every)), max_size=4)))
    return [list(every[a:b]) for a, b in zip([0, *cuts], [*cuts, len(every)], strict=True)]


def as_of_tables(fact: Fact) -> Fact:
    """Return metadata as of a weaker source."""
    if isinstance(fact, ReleaseMetadata) and fact.source == MetadataSource.CORE_METADATA:
        return replace(fact, source=MetadataSource.BULK)
    return fact


def read_later(fact: Fact) -> Fact:
    """Return a page as of a later reading."""
    return replace(fact, read_at=READ_AT + MINUTE) if isinstance(fact, ProjectPage) else fact


def content(index: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in index.iterdir()}


def taken_over(graph: Path, made: Sequence[Sequence[Fact]], apart: Path) -> int:
    """Compile after every batch, beside a compilation in full; return how often the ground was taken over."""
    store = EmbeddedStore(graph, create=True)
    count, before = 0, -1
    for number, batch in enumerate(made):
        store.record(batch)
        store.reader()
        store.close()
        (index,) = (graph / "index").iterdir()
        record = Record(graph / "graph.duckdb")
        whole = apart / str(number) / "whole"
        compile_index(record.connection, whole)
        record.close()
        assert content(index) == content(whole)
        now = (index / "package.start.npy").stat().st_ino
        count += now == before
        before = now
        assert (index / HEADER).is_file()
    return count


@pytest.mark.parametrize("few", [FEW, 2.0], ids=["as it is", "whatever changed"])
@settings(max_examples=share(6, of=2), deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(made=batches())
def test_an_index_in_steps_is_the_index_at_once(made: list[list[Fact]], few: float) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(compile_changes, "FEW", few)
        target(float(taken_over(Path(folder, "graph"), made, Path(folder, "apart"))))


def test_documents_that_bring_nothing_new_leave_the_ground_as_it_is(tmp_path: Path) -> None:
    lib = package_name("lib")
    index: list[Fact] = [
        page("lib", {"1.0": 10, "2.0": 20}),
        metadata("lib", "2.0", "other>1"),
        page("other", {"1.5": 5}),
    ]
    known = Component(ref="a", name="lib", package=lib, version="2.0", purl="pkg:pypi/lib@2.0")
    fresh = replace(known, version="3.0", purl="pkg:pypi/lib@3.0")
    accused = CompromisedRelease(purl="pkg:pypi/lib@2.0", package=lib, version="2.0")
    incident = Incident(id="bad", title="bad", releases=(accused,))
    steps: list[list[Fact]] = [
        index,
        [document("a" * 64, known)],
        [document("b" * 64, known)],
        [document("c" * 64, fresh)],
        [document("d" * 64, fresh)],
        [incident],
        [page("lib", {"1.0": 10, "2.0": 20, "2.1": 30}, read_at=2000)],
        [document("e" * 64, known)],
    ]
    assert taken_over(tmp_path / "graph", steps, tmp_path / "apart") == 4  # a, b, d and e


def steps_of_change() -> list[list[Fact]]:
    """What comes and goes: sets, ranges, texts, markers and names that only one release or incident brought."""
    lib, ghost = package_name("lib"), package_name("ghost")
    accused = CompromisedRelease(purl="pkg:pypi/lib@9.9", package=lib, version="9.9", listed_from=7)
    unknown = CompromisedRelease(purl="pkg:pypi/ghost@1", package=ghost, version="1")
    incident = Incident(id="bad", title="bad", releases=(accused, unknown))
    bulk = MetadataSource.BULK
    yanked = File(filename="zeta-2-py3-none-any.whl", kind=FileKind.WHEEL, yanked=True, yanked_since=77, uploaded=9)
    return [
        [
            page("lib", {"1.0": 10, "2.0": 20, "1.1": 15}),
            page("app", {"1": 5, "2": 6}),
            page("other", {"1.5": 5, "0.1-old": 4}),
            metadata("app", "1", "lib[fast]<2; python_version > '3'", "gone>=1", "lib===1.1", source=bulk),
            metadata("app", "2", "lib>=1", "lib @ https://files.example/lib.whl", "other>=1.0.*", source=bulk),
            metadata("other", "1.5", "app", "lib>=1"),
        ],
        [incident],
        [page("lib", {"1.0": 10, "2.0": 20, "2.5": 30, "0.5": 1}, read_at=2000)],
        [metadata("app", "1", "other")],  # its set goes, and with it `gone`, the extra, a marker and three ranges
        [metadata("app", "2", "zeta", "lib!=2.0")],
        [replace(incident, withdrawn=True)],
        [page("zeta", {"1": 3}), metadata("zeta", "1", "app>1", "aaa", "lib!=2.0,>0")],
        [replace(page("zeta", {"1": 3}, read_at=3000), releases=(ReleaseFiles(version="2.0", files=(yanked,)),))],
        [document("f" * 64, component("a", "lib", "7"), component("b", "hidden", "1.0"), component("c", "named"))],
    ]


def test_what_came_goes_again_without_a_compilation_in_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compile_changes, "FEW", 2.0)
    joined: list[int] = []
    made = compile_changes.compile_changes

    def counted(*args: Any) -> dict[str, int] | None:
        counts = made(*args)
        joined.append(counts is not None)
        return counts

    monkeypatch.setattr("graphkit.stores.engine.compile.compile_changes", counted)
    steps = steps_of_change()
    assert taken_over(tmp_path / "graph", steps, tmp_path / "apart") == 0
    assert joined == [1] * (len(steps) - 1)
