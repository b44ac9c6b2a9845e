"""The examples that ship: what is read of them, in which order, and what is said where they are damaged."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self, cast

import pytest
from msgspec.structs import replace

from graphkit.api import Graph, demo
from graphkit.api.demo import acme_address, blast_acme, demo_graph, feed_acme, feed_demo, has_history, run_demo
from graphkit.model.answers import IngestReport, Rejected
from graphkit.model.errors import GraphkitError

READ = IngestReport(read=1, new=1, unchanged=0)


class FakeGraph:
    """A graph that notes what it is fed."""

    def __init__(self, report: IngestReport = READ) -> None:
        self.fed: list[tuple[str, str]] = []
        self._report = report

    def ingest(self, kind: str, sources: Sequence[str], **options: Any) -> IngestReport:
        (source,) = sources
        assert Path(source).exists(), "a history is unpacked while it is read"
        self.fed.append((kind, Path(source).name))
        return self._report

    def blast(self, *targets: str) -> tuple[str, ...]:
        return targets

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.fed.append(("closed", ""))


CASE = [("index", "index.slice"), ("advisory", "incident.yaml"), ("org", "organisation.yaml")]
ACME = [("index", "litellm-part.slice"), ("advisory", "incident.yaml"), ("lock", "acme.git")]
ORGANISATION = [("org", "aliases.yaml"), ("org", "organisation.yaml")]


def test_the_case_is_fed_in_the_order_of_what_needs_what() -> None:
    graph = FakeGraph()
    feed_demo(cast("Graph", graph))
    assert graph.fed == CASE


@pytest.mark.parametrize("git", [True, False])
def test_a_company_is_fed_with_its_history_where_git_is(git: bool, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: FBT001
    if git and not has_history():
        pytest.skip("there is no git")
    monkeypatch.setattr("graphkit.api.demo.shutil.which", lambda _: "git" if git else None)
    graph = FakeGraph()
    feed_acme(cast("Graph", graph))
    assert graph.fed == [*(ACME if git else ACME[:2]), *ORGANISATION]


def test_damage_of_what_ships_is_one_line_that_says_what_to_do() -> None:
    bad = replace(READ, rejected=(Rejected(path="index.slice", place="line 1", problem="is cut off"),))
    graph = FakeGraph(bad)
    with pytest.raises(GraphkitError, match=r"index\.slice.*is cut off; reinstall graphkit$"):
        feed_demo(cast("Graph", graph))
    assert graph.fed == CASE[:1]


def test_each_example_is_read_and_asked_in_a_graph_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[tuple[str, bool]] = []
    graph = FakeGraph()

    def opening(address: str, *, create: bool, **_: object) -> FakeGraph:
        opened.append((address, create))
        return graph

    monkeypatch.setattr(demo, "open_graph", opening)
    monkeypatch.setattr(demo, "has_history", lambda: False)
    for found in (run_demo(None), blast_acme(acme_address("my/demo/")), run_demo("mine")):
        assert cast("Any", found) == ("litellm-2026-03",)
    assert cast("Any", demo_graph()) is graph
    assert opened == [(name, True) for name in ("graphkit-demo", "my/demo-acme", "mine", "graphkit-demo")]
    assert graph.fed == [*CASE, ("closed", ""), *ACME[:2], *ORGANISATION, ("closed", ""), *CASE, ("closed", ""), *CASE]
