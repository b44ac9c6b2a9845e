"""The Python door: a graph to feed and to ask, with the words of the command line, and answers that show themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Unpack

from graphkit.api import answers, session
from graphkit.api.progress_bar import bar
from graphkit.model.progress import Progress

if TYPE_CHECKING:
    from graphkit.ingest import IngestArguments

__all__ = ["Graph", "demo_graph", "open_graph"]


def open_graph(address: str | None = None, *, create: bool = False) -> Graph:
    """Return the graph at an address: a folder, ``neo4j://…``, or None for the default one.

    Raises:
        GraphkitError: there is none and ``create`` is False, or the address is no graph's.
    """
    return Graph(session.open_store_at(address, create=create))


def demo_graph(address: str | None = None) -> Graph:
    """Return a graph of the LiteLLM case that ships with graphkit, read into it where it is not there yet.

    Needs no network. Without an address it is ``./graphkit-demo``, as for ``graphkit demo``.

    >>> demo_graph(place).blast("litellm-2026-03").slots == answer.slots
    True
    """
    graph = open_graph(address or session.DEMO_GRAPH, create=True)
    session.feed_demo(graph)
    return graph


class Graph(session.Graph):
    """A graph, as `graphkit.open` returns it. Use it in a ``with`` statement, or call `close`.

    >>> graph.stats().newest_fact is not None
    True
    """

    def ingest(
        self, kind: str, sources: Sequence[str], *, progress: Progress | None = None, **options: Unpack[IngestArguments]
    ) -> answers.IngestReport:
        """Read sources of one kind into the graph; see `graphkit.api.session.Graph.ingest`.

        >>> graph.ingest("lock", [locks]).rejected
        ()
        """
        with bar() as shown:
            found = super().ingest(kind, sources, progress=progress or shown, **options)
        return answers.rich(answers.IngestReport, found)

    def blast(
        self, *targets: str, progress: Progress | None = None, **options: Unpack[session.BlastOptions]
    ) -> answers.Blast:
        """Return who was reached by releases, incidents or advisories; see `graphkit.api.session.Graph.blast`.

        >>> graph.blast("litellm==1.82.8", at="2026-03-24T12:00:00Z").incident.actor
        'TeamPCP'
        """
        with bar() as shown:
            found = super().blast(*targets, progress=progress or shown, **options)
        return answers.rich(answers.Blast, found)

    def why(
        self, service: str, *targets: str, tree: bool = False, **options: Unpack[session.BlastOptions]
    ) -> answers.WhyAnswer:
        """Return one service of a blast, with every build of it and the paths behind its verdict.

        >>> graph.why("aider repository", "litellm-2026-03").service.verdict
        <Verdict.CLEARED: 'cleared'>
        """
        return answers.rich(answers.WhyAnswer, super().why(service, *targets, tree=tree, **options))

    def who_has(self, query: str, *, at: str | None = None) -> answers.WhoHas:
        """Return every stored document and service that lists a package.

        >>> [row.release for row in graph.who_has("litellm>=1.80").matches]
        ['litellm@1.81.9']
        """
        return answers.rich(answers.WhoHas, super().who_has(query, at=at))

    def stats(self) -> answers.Stats:
        """Return what the graph holds, and every problem its documents had."""
        return answers.rich(answers.Stats, super().stats())
