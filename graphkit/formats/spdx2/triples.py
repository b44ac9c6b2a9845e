"""RDF/XML (W3C, 2014) as nodes and what is said of them, as far as SPDX uses it; nothing is fetched, ever."""

from __future__ import annotations

import io
from typing import Any, Final
from urllib.parse import urljoin
from xml.sax import SAXException, SAXParseException
from xml.sax.handler import ContentHandler, feature_namespaces
from xml.sax.xmlreader import InputSource

from defusedxml.common import DefusedXmlException
from defusedxml.expatreader import create_parser
from msgspec import Struct, field

from graphkit.formats.decoding import not_xml
from graphkit.formats.diagnostics import Diagnostics, quoted
from graphkit.model.errors import InputError

RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_BASE: Final = ("http://www.w3.org/XML/1998/namespace", "base")
_NAMING: Final = ("about", "ID", "nodeID")

Name = tuple[str | None, str]


class Said(Struct, frozen=True, kw_only=True):
    """What one property says: a node by its address, else text; and the line on which it stands."""

    predicate: str
    node: str = ""
    text: str = ""
    line: int = 0


class Node(Struct, kw_only=True):
    """A node. ``address`` is an IRI, or begins with ``_:`` where it has none; ``line`` is where it first stands."""

    address: str
    line: int
    types: list[str] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)


class _Open(Struct, kw_only=True):
    """An element that has not ended: of a node, or of a property of ``node``, or of neither."""

    node: Node | None
    base: str
    line: int
    predicate: str = ""
    target: str = ""
    texts: list[str] | None = None
    """The text of a property; None where no text belongs."""
    is_list: bool = False
    is_raw: bool = False


def read_nodes(text: bytes, diagnostics: Diagnostics) -> dict[str, Node]:
    """Return the nodes of RDF/XML by their addresses, in the order in which they first have an element.

    ``text`` is UTF-8, whatever its XML declaration says. Relative addresses without ``xml:base`` stay
    relative, as ``#SPDXRef-a``. Depth costs memory, never stack. Cost: linear, about 2 s for 10 MB.

    Raises:
        InputError: no well-formed XML, or XML with a document type, which is where entity bombs and
            outside addresses come in; with the line.
    """
    striped = _Striped(diagnostics)
    parser: Any = create_parser(forbid_dtd=True)
    parser.setFeature(feature_namespaces, 1)
    parser.setContentHandler(striped)
    source = InputSource()
    source.setByteStream(io.BytesIO(text))
    source.setEncoding("utf-8")
    try:
        parser.parse(source)
    except DefusedXmlException as error:
        raise InputError("a document type or entity in XML is not read", place=f"line {striped.line}") from error
    except SAXParseException as error:
        raise not_xml(error, f"line {error.getLineNumber()}") from error
    except SAXException as error:
        raise InputError(f"not valid XML: {error}") from error
    return striped.nodes


class _Striped(ContentHandler):
    """The reader of RDF/XML's stripes: elements of nodes and of properties, by turns."""

    def __init__(self, diagnostics: Diagnostics) -> None:
        super().__init__()
        self.nodes: dict[str, Node] = {}
        self._diagnostics = diagnostics
        self._open: list[_Open] = []
        self._blank = 0
        self._locator: Any = None

    @property
    def line(self) -> int:
        """The line that was come to."""
        return int(self._locator.getLineNumber() or 1) if self._locator else 1

    def setDocumentLocator(self, locator: Any) -> None:  # noqa: N802 - the name is SAX's
        """Take up who knows the line."""
        self._locator = locator

    def startElementNS(self, name: Name, _qname: str | None, attrs: Any) -> None:  # noqa: N802 - SAX's
        """Take up the start of an element."""
        line = self.line
        above = self._open[-1] if self._open else _Open(node=None, base="", line=line)
        given: dict[Name, str] = dict(attrs.items())
        base = given.pop(_BASE, None)
        base = above.base if base is None else base
        if not self._open and name == (RDF, "RDF"):
            self._open.append(_Open(node=None, base=base, line=line))
        elif above.is_raw:
            self._open.append(_Open(node=None, base=base, line=line, is_raw=True))
        elif above.node is None or above.predicate:
            self._start_node(name, given, above, base, line)
        else:
            self._start_property(above.node, name, given, base, line)

    def _start_node(self, name: Name, given: dict[Name, str], above: _Open, base: str, line: int) -> None:
        node = self._node(self._address(given, base, _NAMING), line)
        if name != (RDF, "Description"):
            node.types.append(_iri(name))
        self._say_attributes(node, given, line)
        if above.predicate:
            above.texts = None
            if above.target and not above.is_list:
                self._diagnostics.add(f"line {line}", "a second value in one property", lost=False)
            self._say(above, node.address)
        self._open.append(_Open(node=node, base=base, line=line))

    def _start_property(self, node: Node, name: Name, given: dict[Name, str], base: str, line: int) -> None:
        kind = given.pop((RDF, "parseType"), "")
        given.pop((RDF, "datatype"), None)
        given.pop((RDF, "ID"), None)
        here = _Open(node=node, base=base, line=line, predicate=_iri(name), texts=[])
        names = [(RDF, one) for one in ("resource", "nodeID") if (RDF, one) in given]
        if len(names) > 1:
            self._diagnostics.add(f"line {line}", "both rdf:resource and rdf:nodeID; the first counts")
        inner = any(key[0] and key[0] != _BASE[0] for key in given)
        if kind == "Resource":
            blank = self._node(self._new_blank(), line)
            self._say(here, blank.address)
            here = _Open(node=blank, base=base, line=line)
        elif kind == "Collection":
            here.is_list, here.texts = True, None
        elif kind:
            here.is_raw, here.texts = True, None
            self._diagnostics.add(f"line {line}", f"the value of {quoted(name[1])} is XML, not text; left out")
        elif names or inner:
            address = self._address(given, base, ("resource", "nodeID"))
            self._say(here, address)
            here.texts = None
            rest = {key: text for key, text in given.items() if key not in names}
            if any(key[0] for key in rest):
                self._say_attributes(self._node(address, line), rest, line)
        self._open.append(here)

    def characters(self, content: str) -> None:
        """Take up text."""
        here = self._open[-1]
        if here.texts is not None:
            here.texts.append(content)
        elif not here.is_raw and content.strip():
            self._diagnostics.add(f"line {self.line}", f"unexpected text {quoted(content.strip())}")

    def endElementNS(self, _name: Name, _qname: str | None) -> None:  # noqa: N802 - SAX's
        """Take up the end of an element."""
        here = self._open.pop()
        if here.predicate and here.texts is not None and here.node is not None:
            text = "".join(here.texts)
            here.node.said.append(Said(predicate=here.predicate, text=text, line=here.line))

    def _say(self, here: _Open, target: str) -> None:
        assert here.node is not None
        here.target = target
        if here.predicate == f"{RDF}type":  # a class may be a property too, as serialisers without SPDX's terms have it
            here.node.types.append(target)
        here.node.said.append(Said(predicate=here.predicate, node=target, line=here.line))

    def _say_attributes(self, node: Node, given: dict[Name, str], line: int) -> None:
        for name, text in given.items():
            if name == (RDF, "type"):
                node.types.append(text)
            elif name[0] and name[0] not in {RDF, _BASE[0]}:
                node.said.append(Said(predicate=_iri(name), text=text, line=line))

    def _node(self, address: str, line: int) -> Node:
        if address not in self.nodes:
            self.nodes[address] = Node(address=address, line=line)
        return self.nodes[address]

    def _address(self, given: dict[Name, str], base: str, names: tuple[str, ...]) -> str:
        for one in names:
            if (text := given.get((RDF, one))) is not None:
                if one == "nodeID":
                    return f"_:{text}"
                return _joined(base, f"#{text}" if one == "ID" else text)
        return self._new_blank()

    def _new_blank(self) -> str:
        self._blank += 1
        return f"_: {self._blank}"  # no NCName, so no rdf:nodeID, has a blank in it


def _iri(name: Name) -> str:
    return f"{name[0] or ''}{name[1]}"


def _joined(base: str, text: str) -> str:
    if not base or "://" in text:
        return text
    try:
        return urljoin(base, text)
    except ValueError:  # brackets that are no IPv6 address
        return text
