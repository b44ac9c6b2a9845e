"""A blast as a networkx graph: releases, packages, services and companies, and the links from the first to the last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from graphkit.model.answers import Blast
from graphkit.reports.content import content
from graphkit.reports.layout import picture
from graphkit.reports.wording import Listing, slot_runs

if TYPE_CHECKING:
    import networkx as nx

_ALL: Final = 1 << 62


def graph_of(blast: Blast, listed: Listing) -> nx.DiGraph[str]:
    """Return every service and company, and the packages and releases listed, as nodes; texts are safe to show.

    Nodes have ``name``, ``kind``, ``verdict``, ``evidence``, ``reason``, ``company``, ``owner``, ``slots`` (as in
    ``0-2, 5``), and ``x`` and ``y`` where the picture has them. Edges lead outwards, with ``why``. Cost: linear in what
    is listed.
    """
    import networkx as nx

    shown = content(blast, listed)
    places = {spot.id: (spot.x, spot.y) for spot in picture(shown, most=_ALL, folds=False).spots}
    graph: nx.DiGraph[str] = nx.DiGraph(name=blast.incident.id)
    for one in shown.entries.values():
        x, y = places[one.id]
        graph.add_node(
            one.id,
            name=one.name,
            kind=one.kind,
            verdict=one.verdict,
            evidence=one.evidence,
            reason=one.reason,
            company=one.company,
            owner=one.owner,
            slots=slot_runs(one.slots),
            x=x,
            y=y,
        )
    for (start, end), why in shown.links.items():
        graph.add_edge(start, end, why=why)
    return graph
