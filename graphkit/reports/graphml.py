"""A blast as GraphML, which Gephi, yEd and networkx open: laid out, coloured by verdict, shaped by kind."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from xml.etree import ElementTree as ET

from graphkit.model.answers import Blast, Provenance
from graphkit.reports.content import COMPANY, PACKAGE, RELEASE, SERVICE
from graphkit.reports.graph import graph_of
from graphkit.reports.interface import ReportOptions
from graphkit.reports.layout import COLOURS
from graphkit.reports.provenance import read_stamp, stamp
from graphkit.reports.text import cut, shown
from graphkit.reports.wording import listing, made_of, notices, window_lines

if TYPE_CHECKING:
    import networkx as nx

_YED: Final = "http://www.yworks.com/xml/graphml"
_DRAWN: Final = "yed"
_SHAPES: Final = {RELEASE: "star5", PACKAGE: "ellipse", SERVICE: "rectangle", COMPANY: "triangle"}
_SIZES: Final = {RELEASE: 36.0, PACKAGE: 22.0, SERVICE: 28.0, COMPANY: 32.0}
_PLAIN: Final = ("#dfe3e8", "#5a6575", "#000000")
_LONGEST: Final = 40
_NO_XML: Final = re.compile("[\ufffe\uffff]")
"""What no XML 1.0 document can hold and `shown` lets through."""
_MADE: Final = re.compile(r'<data key="\w+">(?P<stamp>\{&?[^<]*\})</data>')
_ENTITIES: Final = (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&amp;", "&"))


class GraphMLReport:
    """A blast as a directed graph in GraphML 1.0, with positions and colours as Gephi and as yEd read them."""

    suffix: Final = ".graphml"

    def render(self, blast: Blast, view: ReportOptions) -> str:
        """Return the document; what is not listed, and the notes of the answer, are data of the graph."""
        from networkx.readwrite.graphml import GraphMLWriter

        listed = listing(blast, view)
        graph = graph_of(blast, listed)
        for _, node in graph.nodes(data=True):
            fill = COLOURS.get(node["verdict"], _PLAIN)[0]
            # The names by which Gephi takes them for size and colour.
            node |= {
                "label": cut(node["name"], _LONGEST),
                "size": _SIZES[node["kind"]],
                **dict(zip("rgb", bytes.fromhex(fill[1:]), strict=True)),
            }
        graph.graph = {
            "title": shown(blast.incident.title or blast.incident.id),
            "notes": " | ".join(map(shown, (*notices(blast), *window_lines(blast), *listed.notes, *blast.notes))),
            "made_of": stamp(made_of(blast, view)),
        }
        _without_what_xml_forbids(graph)
        writer = GraphMLWriter(graph=graph, prettyprint=True)
        _draw(writer.xml, graph)
        ET.indent(writer.xml)
        return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(writer.xml, encoding="unicode")}\n'

    def provenance(self, text: str) -> Provenance | None:
        """Return what such a document says it was made of."""
        if "<graphml" not in text[:200]:
            return None
        for found in _MADE.finditer(text):
            said = found["stamp"]
            for entity, character in _ENTITIES:
                said = said.replace(entity, character)
            if (made := read_stamp(said)) is not None:
                return made
        return None


REPORT: Final = GraphMLReport()


def _without_what_xml_forbids(graph: nx.DiGraph[str]) -> None:
    rows = [graph.graph, *(row for _, row in graph.nodes(data=True)), *(row for *_, row in graph.edges(data=True))]
    for row in rows:
        for name, value in row.items():
            if isinstance(value, str) and _NO_XML.search(value):
                row[name] = _NO_XML.sub(lambda found: f"\\u{ord(found[0]):04x}", value)


def _draw(root: ET.Element, graph: nx.DiGraph[str]) -> None:
    """Add what yEd draws a node by: it takes neither positions nor labels from plain attributes."""
    # The writer names elements without their namespace, which it declares on the root; so does this.
    root.set("xmlns:y", _YED)
    root.insert(0, ET.Element("key", {"id": _DRAWN, "for": "node", "yfiles.type": "nodegraphics"}))
    for element in root.iter("node"):
        node = graph.nodes[element.attrib["id"]]
        fill, stroke, _ = COLOURS.get(node["verdict"], _PLAIN)
        side = str(node["size"])
        place = {"x": str(node["x"]), "y": str(node["y"]), "width": side, "height": side}
        shape = ET.SubElement(ET.SubElement(element, "data", {"key": _DRAWN}), "y:ShapeNode")
        ET.SubElement(shape, "y:Geometry", place)
        ET.SubElement(shape, "y:Fill", {"color": fill, "transparent": "false"})
        ET.SubElement(shape, "y:BorderStyle", {"color": stroke, "type": "line", "width": "1.5"})
        label = ET.SubElement(shape, "y:NodeLabel", {"modelName": "sides", "modelPosition": "s"})
        label.text = f"{node['label']}\n{node['verdict']}"
        ET.SubElement(shape, "y:Shape", {"type": _SHAPES[node["kind"]]})
