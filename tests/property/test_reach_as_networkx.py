"""The reverse walk beside networkx: the same sets on a graph of releases that share lists of requirements."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import networkx as nx
import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet

from graphkit.model.environment import Environment
from graphkit.model.times import FOREVER
from graphkit.stores import open_store
from graphkit.trace.reach.nominate import ReachMode, closure_of, reverse
from graphkit.trace.reach.reached import ReachedReleases
from graphkit.trace.resolve.availability_table import AvailabilityTable
from graphkit.trace.resolve.world import World
from tests.cases.build import at, package
from tests.effort import share
from tests.unit.trace.parts import package_in, targets

NAMES, VERSIONS = ("bad", "near", "far", "app", "tool"), ("1", "2", "3")
CLOCKS = ("01:00", "09:00", "13:00")
"""When versions come; slots lie between."""
SLOTS = ("00:30", "08:00", "12:00", "20:00")
Wanted = tuple[str, str, str, str]
"""A package, an extra of it, a range, and the extra under which it is declared."""
Node = tuple[str, str, str]
Listed = Mapping[str, Sequence[Sequence[Wanted]]]

wanted: st.SearchStrategy[Wanted] = st.tuples(
    st.sampled_from(NAMES),
    st.sampled_from(["", "", "x"]),
    st.sampled_from(["", "<2", ">=2", "!=2", "==1", "<3,>=2"]),
    st.sampled_from(["", "", "x", "y"]),
)
lists = st.lists(wanted, max_size=3, unique=True)
indexes: st.SearchStrategy[Listed] = st.lists(lists, min_size=1, max_size=4).flatmap(
    lambda pool: st.fixed_dictionaries(
        {name: st.tuples(*[st.sampled_from(pool)] * len(VERSIONS)) for name in NAMES}  # so that releases share them
    )
)


def edges(index: Listed, listed: Sequence[str], *, alone: bool) -> Iterator[tuple[Node, Node]]:
    """Yield who takes whom of the versions that are listed: all that a range admits, or ``alone`` its newest."""
    for name, of in index.items():
        for version, one in zip(VERSIONS, of, strict=True):
            for target, extra, specifier, under in one if version in listed else ():
                able = [other for other in listed if SpecifierSet(specifier).contains(other)]
                for taken in able[-1:] if alone else able:
                    for aimed in {"", extra}:
                        yield (name, version, under), (target, taken, aimed)


def ancestors(index: Listed, listed: Sequence[str], *, alone: bool) -> set[Node]:
    """Return what reaches the accused release, itself among it, where it is listed."""
    if "2" not in listed:
        return set()
    graph = nx.DiGraph(edges(index, listed, alone=alone))
    graph.add_node(("bad", "2", ""))
    return {("bad", "2", ""), *nx.ancestors(graph, ("bad", "2", ""))}


def nodes(world: World, reached: ReachedReleases, bit: int = 0) -> set[Node]:
    """Return what a walk reached in a slot."""
    return {
        (world.package(package_id).name, world.package(package_id).texts[position], extra)
        for (package_id, extra), masks in reached.masks.items()
        for position in np.flatnonzero(masks & masks.dtype.type(1 << bit)).tolist()
    }


@settings(max_examples=share(40, of=4), deadline=None, suppress_health_check=list(HealthCheck))
@given(indexes)
def test_a_walk_over_requirement_sets_reaches_what_networkx_does(index: Listed) -> None:
    facts = [
        fact
        for name, of in index.items()
        for fact in package(
            name,
            {
                version: (clock, [_written(*one) for one in wanted])
                for version, clock, wanted in zip(VERSIONS, CLOCKS, of, strict=True)
            },
        )
    ]
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(Path(folder, "graph"), create=True)
        store.record(facts)
        world = World(store.reader(), Environment(), "uv", (), {})
        assert package_in(world, "bad").size == len(VERSIONS)
        seeds = targets(world, "bad@2")
        assert nodes(world, closure_of(world, seeds)) == ancestors(index, VERSIONS, alone=False)
        for slots in (list(map(at, SLOTS)), [FOREVER - 1]):  # the last one is after all has come
            table = AvailabilityTable(world, slots, doubtful=True)
            for mode in (ReachMode.ADMITTED, ReachMode.NOMINATED):
                found = reverse(world, seeds, table, mode)
                for bit, when in enumerate(slots):
                    listed = [one for one, clock in zip(VERSIONS, CLOCKS, strict=True) if at(clock) <= when]
                    assert nodes(world, found, bit) == ancestors(index, listed, alone=mode is ReachMode.NOMINATED)
        store.close()


def _written(name: str, extra: str, specifier: str, under: str) -> str:
    return f"{name}{f'[{extra}]' if extra else ''}{specifier}{f' ; extra == {under!r}' if under else ''}"
