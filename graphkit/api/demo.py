"""The examples that `graphkit demo` shows, each in a graph of its own: Acme (made up), and the real LiteLLM case."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

from graphkit.api.answers import Blast
from graphkit.api.graph import Graph, open_graph
from graphkit.model.callers import Caller
from graphkit.model.errors import GraphkitError
from graphkit.model.progress import Progress
from graphkit.resources import resource

DEMO_GRAPH: Final = "graphkit-demo"
"""Where the demo keeps its graph unless told: apart from a person's own, so that no example reaches their report."""
_CASE: Final = "litellm-2026-03"
_ACME: Final = "acme"


def demo_graph(address: str | None = None) -> Graph:
    """Return a graph of the LiteLLM case that ships with graphkit, read into it where it is not there yet.

    Needs no network. Without an address it is ``./graphkit-demo``, as for ``graphkit demo``.

    >>> demo_graph(place).blast("litellm-2026-03").slots == answer.slots
    True
    """
    graph = open_graph(address or DEMO_GRAPH, create=True)
    feed_demo(graph)
    return graph


def run_demo(address: str | None, progress: Progress | None = None, caller: Caller | None = None) -> Blast:
    """Read the LiteLLM case that ships with graphkit into a graph of its own and return its blast radius.

    Needs no network. A second run finds everything there and answers the same.
    """
    return _answered(address or DEMO_GRAPH, feed_demo, progress, caller)


def feed_demo(graph: Graph, progress: Progress | None = None) -> None:
    """Read the LiteLLM case that ships with graphkit into a graph.

    Raises:
        GraphkitError: what ships is damaged.
    """
    case = resource("examples", _CASE)
    for kind, name in (("index", "index.slice"), ("advisory", "incident.yaml"), ("org", "organisation.yaml")):
        _take(graph, kind, case / name, progress)


def acme_address(address: str | None) -> str:
    """Return where Acme's graph is kept: a folder beside that of the real case, also where that is on a server.

    >>> acme_address(None), acme_address("cases/demo"), acme_address("neo4j://localhost:7687")
    ('graphkit-demo-acme', 'cases/demo-acme', 'graphkit-demo-acme')
    """
    of_case = DEMO_GRAPH if address is None or "://" in address else address.rstrip("/")
    return f"{of_case}-{_ACME}"


def has_history() -> bool:
    """Return whether Acme's history can be read here: it takes git."""
    return shutil.which("git") is not None


def blast_acme(address: str, progress: Progress | None = None, caller: Caller | None = None) -> Blast:
    """Read the made-up company that ships with graphkit into a graph of its own and return its blast radius.

    Every verdict is in it. Needs no network. Without git its history is left out; see `has_history`.
    """
    return _answered(address, feed_acme, progress, caller)


def feed_acme(graph: Graph, progress: Progress | None = None) -> None:
    """Read the made-up company that ships with graphkit, and the incident that is asked about, into a graph.

    Raises:
        GraphkitError: what ships is damaged.
    """
    from graphkit.ingest.history_stream import unpacked_history

    company = resource("examples", _ACME)
    _take(graph, "index", company / "litellm-part.slice", progress)
    _take(graph, "advisory", resource("examples", _CASE) / "incident.yaml", progress)
    if has_history():
        with unpacked_history(company / "history.fast-import", _ACME) as repository:
            _take(graph, "lock", repository, progress)
    for name in ("aliases.yaml", "organisation.yaml"):
        _take(graph, "org", company / name, progress)


def _answered(
    address: str, feed: Callable[[Graph, Progress | None], None], progress: Progress | None, caller: Caller | None
) -> Blast:
    with open_graph(address, create=True, caller=caller) as graph:
        feed(graph, progress)
        return graph.blast(_CASE)


def _take(graph: Graph, kind: str, path: Path, progress: Progress | None) -> None:
    report = graph.ingest(kind, [str(path)], progress=progress)
    if report.rejected:
        raise GraphkitError(f"{report.rejected[0]}; reinstall graphkit")
