"""graphkit: who transitively pulled a compromised release, when, by which path, on what evidence.

The Python door: ``graphkit.open()`` returns a `Graph` to feed and to ask, with the same words as the command line.
Its answers show themselves in a notebook and become pandas, polars, Arrow and networkx.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphkit.model import __version__

if TYPE_CHECKING:
    from graphkit.api import Graph

__all__ = ["__version__", "demo", "open"]


def open(address: str | None = None, *, create: bool = False) -> Graph:  # noqa: A001 - graphkit.open is its name
    """Return the graph at an address: a folder, or None for the default one; ``create`` makes a missing one.

    Raises:
        GraphkitError: there is none and ``create`` is False, or the address is no graph's.
    """
    from graphkit.api import open_graph

    return open_graph(address, create=create)


def demo(address: str | None = None) -> Graph:
    """Return a graph of the LiteLLM case that ships with graphkit, at ``./graphkit-demo`` unless told; no network."""
    from graphkit.api import demo_graph

    return demo_graph(address)
