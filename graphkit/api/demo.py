"""The LiteLLM case that ships with graphkit, in a graph of its own."""

from __future__ import annotations

from typing import Final

from graphkit.api.answers import Blast
from graphkit.api.graph import Graph, open_graph
from graphkit.model.errors import GraphkitError
from graphkit.model.progress import Progress
from graphkit.resources import resource

DEMO_GRAPH: Final = "graphkit-demo"
"""Where the demo keeps its graph unless told: apart from a person's own, so that no example reaches their report."""


def demo_graph(address: str | None = None) -> Graph:
    """Return a graph of the LiteLLM case that ships with graphkit, read into it where it is not there yet.

    Needs no network. Without an address it is ``./graphkit-demo``, as for ``graphkit demo``.

    >>> demo_graph(place).blast("litellm-2026-03").slots == answer.slots
    True
    """
    graph = open_graph(address or DEMO_GRAPH, create=True)
    feed_demo(graph)
    return graph


def run_demo(address: str | None, progress: Progress | None = None) -> Blast:
    """Read the LiteLLM case that ships with graphkit into a graph of its own and return its blast radius.

    Needs no network. A second run finds everything there and answers the same.
    """
    with open_graph(address or DEMO_GRAPH, create=True) as graph:
        feed_demo(graph, progress)
        return graph.blast("litellm-2026-03")


def feed_demo(graph: Graph, progress: Progress | None = None) -> None:
    """Read the LiteLLM case that ships with graphkit into a graph.

    Raises:
        GraphkitError: what ships is damaged.
    """
    case = resource("examples", "litellm-2026-03")
    for kind, name in (("index", "index.slice"), ("advisory", "incident.yaml"), ("org", "organisation.yaml")):
        report = graph.ingest(kind, [str(case / name)], progress=progress)
        if report.rejected:
            first = report.rejected[0]
            raise GraphkitError(f"{first.path}: {first.place} {first.problem}; reinstall graphkit")
