"""The Python door: a graph to feed and to ask, with the words of the command line, and answers that show themselves."""

from __future__ import annotations

from graphkit.api.demo import demo_graph
from graphkit.api.graph import Graph, open_graph

__all__ = ["Graph", "demo_graph", "open_graph"]
