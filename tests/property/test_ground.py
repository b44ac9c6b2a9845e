"""What an index takes over of an older one is what it would have compiled, byte for byte."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from hypothesis import HealthCheck, given, settings, target
from hypothesis import strategies as st

from graphkit.model.documents import Component
from graphkit.model.incidents import CompromisedRelease, Incident
from graphkit.model.names import package_name
from graphkit.stores.embedded.compile import compile_index
from graphkit.stores.embedded.folder import HEADER
from graphkit.stores.embedded.record import Record
from graphkit.stores.embedded.store import EmbeddedStore
from graphkit.stores.port import Fact
from tests.contract.test_store_contract import document, metadata, page
from tests.property.worlds import facts, facts_of_services, manifests, worlds


@st.composite
def batches(draw: st.DrawFn) -> list[list[Fact]]:
    """Give the facts of a world and its services in any order, in a few batches."""
    world = draw(worlds())
    roots = draw(st.lists(manifests(world), min_size=1, max_size=4, unique=True))
    every = draw(st.permutations([*facts(world), *facts_of_services(tuple(roots))]))
    cuts = sorted(draw(st.lists(st.integers(0, len(every)), max_size=4)))
    return [list(every[a:b]) for a, b in zip([0, *cuts], [*cuts, len(every)], strict=True)]


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


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(batches())
def test_an_index_in_steps_is_the_index_at_once(made: list[list[Fact]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
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
