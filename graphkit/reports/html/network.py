"""The network that vis draws, built by pyvis, and pyvis' copy of the script that draws it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

from pyvis.network import Network

from graphkit.reports.layout import COLUMN_GAP, ROW_GAP, Picture
from graphkit.reports.text import cut

_SCRIPT: Final = ("templates", "lib", "vis-9.1.2", "vis-network.min.js")
_SOURCE_MAP: Final = re.compile(r"^//# sourceMappingURL=.*$", re.MULTILINE)
_LABEL: Final = 60
_CLOSER: Final = 2
"""How much closer rows stand than in other pictures: names are beside the nodes here, not below them."""
SHAPES: Final[Mapping[str, str]] = {
    "release": "star",
    "package": "dot",
    "service": "square",
    "company": "triangle",
}
CLUSTER_SHAPE: Final = "hexagon"
_SIZES: Final = {"release": 22, "package": 11, "service": 15, "company": 16}
_BOTTOM: Final = {"none", "cleared"}


@cache
def drawing_script() -> str:
    """Return the text of vis-network as pyvis carries it, fit for an inline script.

    Line ends are as a browser's parser makes them, since its hash is taken of that, and the comment
    that would have developer tools look for a source map is gone.
    """
    script = files("pyvis").joinpath(*_SCRIPT).read_text(encoding="utf-8")
    script = script.replace("\r\n", "\n").replace("\r", "\n")
    # The two texts that end an inline script, or hide its end from a parser; inside strings both read the same.
    return _SOURCE_MAP.sub("", script).replace("</script", "<\\/script").replace("<!--", "<\\!--").strip() + "\n"


def network(picture: Picture) -> dict[str, list[Any]]:
    """Return nodes and edges as vis takes them; colours are the page's, which knows light from dark.

    ``gaps`` are those between columns and rows, for what the page itself adds.
    """
    drawn = Network(directed=True)
    for spot in picture.spots:
        clustered = spot.id.startswith("+")
        name = cut(spot.label, _LABEL)
        if clustered:
            name = f"{spot.count:,} {'of' if spot.label else 'more'} {name}".strip()
        worded = spot.kind in {"service", "company"} or clustered
        drawn.add_node(
            spot.id,
            label=f"{name}\n{spot.verdict}" if worded else name,
            shape=CLUSTER_SHAPE if clustered else SHAPES[spot.kind],
            group=spot.verdict,
            size=_SIZES[spot.kind] - (4 if spot.verdict in _BOTTOM else 0),
            x=spot.x,
            y=spot.y // _CLOSER,
            kind=spot.kind,
            count=spot.count,
        )
    for number, (start, end, _) in enumerate(picture.links):
        drawn.add_edge(start, end, id=f"e{number}")
    return {"nodes": drawn.nodes, "edges": drawn.edges, "gaps": [COLUMN_GAP, ROW_GAP // _CLOSER]}
