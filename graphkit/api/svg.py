"""The picture of a blast as a small still image, for places that run no script."""

from __future__ import annotations

from html import escape
from typing import Final

from graphkit.model.answers import Blast
from graphkit.reports.content import COMPANY, PACKAGE, RELEASE, SERVICE, content
from graphkit.reports.layout import COLOURS, PlacedNode, picture
from graphkit.reports.routes import routes, topmost
from graphkit.reports.text import cut
from graphkit.reports.wording import Listing

MOST_NODES: Final = 150
_MARGIN: Final = 90
_LABEL: Final = 26
_PLAIN: Final = ("#dfe3e8", "#5a6575", "#000000")
_SHAPES: Final = {
    RELEASE: "M0-15l4 10 11 .4-9 6.6 3.2 11L0 6.5-9.200 13-6 2-15-4.600-4-5z",
    PACKAGE: "M-9 0a9 9 0 1 0 18 0a9 9 0 1 0-18 0z",
    SERVICE: "M-9-9h18v18h-18z",
    COMPANY: "M0-12l12 21h-24z",
}
_SEVERAL: Final = "M-7-12h14l7 12-7 12h-14l-7-12z"


def picture_svg(blast: Blast, listed: Listing) -> str:
    """Return the layers from the compromised releases to the companies, with words for what colours say.

    At most `MOST_NODES` nodes; counted ones stand for the rest. It follows the paper of the page that shows it, and has
    neither scripts nor addresses.
    """
    drawn = picture(content(blast, listed), most=MOST_NODES)
    places = {spot.id: (spot.x, spot.y) for spot in drawn.spots}
    ways = routes(places, ((start, end) for start, end, _ in drawn.links))
    lines = [f'<path d="{way}"/>' for way in ways]
    xs, ys = ([0, *(place[axis] for place in places.values())] for axis in (0, 1))
    left, top = min(xs) - _MARGIN, min(*ys, topmost(ways)) - 40
    width, height = max(xs) - left + _MARGIN, max(ys) - top + 60
    nodes = [_node(spot) for spot in drawn.spots]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="{left} {top} {width} {height}" '
        f'style="width:100%;max-height:36rem;font:15px system-ui,sans-serif" fill="currentColor">'
        f"<title>{escape('From the compromised releases through packages and services to companies')}</title>"
        f'<g fill="none" stroke="currentColor" stroke-opacity=".35">{"".join(lines)}</g>{"".join(nodes)}</svg>'
    )


def _node(spot: PlacedNode) -> str:
    fill, stroke, _ = COLOURS.get(spot.verdict, _PLAIN)
    several = spot.id.startswith("+")
    shape = _SEVERAL if several else _SHAPES[spot.kind]
    about = f"{cut(spot.label, 200)}: {spot.kind}, {spot.verdict}"
    return (
        f'<g transform="translate({spot.x} {spot.y})"><title>{escape(about)}</title>'
        f'<path d="{shape}" fill="{fill}" stroke="{stroke}" stroke-width="2"/>'
        f'<text y="28" text-anchor="middle">{escape(cut(spot.label, _LABEL))}</text>'
        f'<text y="43" text-anchor="middle" font-size="11" opacity=".75">{spot.verdict}</text></g>'
    )
