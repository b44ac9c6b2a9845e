"""Every case that ships, and made-up worlds, answer the same from a server as from a folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from graphkit.api import open_graph
from graphkit.api.neo4j import push_graph
from graphkit.stores import open_store
from tests.cases.test_examples import CASES
from tests.effort import share
from tests.neo4j_server import clear
from tests.property.test_laws import Scene, ask, in_json, scenes
from tests.property.worlds import graph_of

pytestmark = pytest.mark.server


@pytest.mark.parametrize("case", [case for case in CASES if case != "litellm-2026-03"])  # that one: test_answers
def test_a_case_answers_the_same(case: str, server: str, graph_of_case: Callable[[str], Path]) -> None:
    folder = str(graph_of_case(case))
    assert push_graph(folder, server)
    with open_graph(folder) as graph, open_graph(server) as pushed:
        assert pushed.blast(case) == graph.blast(case)
        assert pushed.stats() == graph.stats()


@settings(max_examples=share(8, of=4), deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(scene=scenes())
def test_made_up_worlds_answer_the_same(scene: Scene, servers: tuple[str, ...]) -> None:
    clear(servers[0])
    store = open_store(servers[0], create=True)
    try:
        half = len(scene.facts) // 2
        store.record(scene.facts[half:])
        store.record(scene.facts[:half])
        with graph_of(scene.world, *scene.facts) as reader:
            assert store.reader().generation() == reader.generation()
            assert in_json(ask(store.reader())) == in_json(ask(reader))
    finally:
        store.close()
