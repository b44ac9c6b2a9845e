"""The network that vis draws, built by pyvis, and pyvis' copy of the script that draws it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

from pyvis.network import Network

from graphkit.reports.layout import COLUMN_GAP, ROW_GAP, Picture
from graphkit.reports.routes import BEND, CLEAR, LANE, LANES, ROOM
from graphkit.reports.text import cut

_SCRIPT: Final = ("templates", "lib", "vis-9.1.2", "vis-network.min.js")
_SOURCE_MAP: Final = re.compile(r"^//# sourceMappingURL=.*$", re.MULTILINE)
_LABEL: Final = 60
_LONGEST: Final = 200
"""Names of entries are whole in the table and beside the node that is pointed at; those of several stand here alone."""
SHAPES: Final[Mapping[str, str]] = {
    "release": "star",
    "package": "dot",
    "service": "square",
    "company": "triangle",
}
SEVERAL_SHAPE: Final = "hexagon"
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
    """Return nodes and edges as vis takes them; colours, words and lines are the page's, which knows what is shown.

    ``gaps`` are those between columns and rows, ``measures`` are of the ways of lines (`graphkit.reports.routes`).
    """
    drawn = Network(directed=True)
    for spot in picture.spots:
        several = spot.id.startswith("+")
        drawn.add_node(
            spot.id,
            label=cut(spot.label, _LONGEST if several else _LABEL),
            shape=SEVERAL_SHAPE if several else SHAPES[spot.kind],
            group=spot.verdict,
            size=_SIZES[spot.kind] - (4 if spot.verdict in _BOTTOM else 0),
            x=spot.x,
            y=height(spot.y),
            kind=spot.kind,
        )
    for number, (start, end, _) in enumerate(picture.links):
        drawn.add_edge(start, end, id=f"e{number}")
    gaps, measures = [COLUMN_GAP, height(ROW_GAP)], [ROOM, BEND, CLEAR, LANE, LANES]
    return {"nodes": drawn.nodes, "edges": drawn.edges, "gaps": gaps, "measures": measures}


def height(y: int) -> int:
    """Return where a row stands in the page: closer than in other pictures, since names are beside the nodes."""
    return y * 3 // 4
