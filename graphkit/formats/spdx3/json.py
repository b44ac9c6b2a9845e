"""SPDX documents of version 3.0 in JSON-LD (SPDX 3.0.0 and 3.0.1).

Their packages, files and relationships are put into the terms of SPDX 2.3, so that names, ranges, several
purls and loose files mean the same in both; what only SPDX 3 says is read here.
"""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from graphkit.formats.decoding import is_json, loose_json, marks_in
from graphkit.formats.diagnostics import Diagnostics, quoted
from graphkit.formats.generators import with_tools
from graphkit.formats.interface import RawDocument
from graphkit.formats.spdx2 import shape as spdx2
from graphkit.formats.spdx2.document import Beside, document_of
from graphkit.formats.spdx3.other_parts import hashes_beside, texts_beside
from graphkit.formats.spdx3.packages import file_of, is_package, package_of, tells_who
from graphkit.formats.spdx3.shape import (
    COLLECTIONS,
    HOLDS_FILES,
    MAY_NEED,
    NEEDS,
    READ,
    RELATIONSHIPS,
    SILENT,
    Element,
    elements_in,
    is_class,
    nobody,
    text_of,
    word,
)
from graphkit.model.documents import DENIES_ITSELF, SAYS_COMPLETE, Basis, Completeness, Document
from graphkit.model.errors import InputError

_MARK: Final = re.compile(rb"spdx\.org\\?/rdf\\?/v?3")
_EXPANDED: Final = re.compile(rb"\s*\[\s*\{")
_TYPE: Final = re.compile(rb"spdx\.org\\?/rdf\\?/v?3[^\"]{0,20}/terms")
_CYCLONEDX: Final = re.compile(rb"\"bomFormat\"\s*:\s*\"CycloneDX\"")
_CONTEXT: Final = re.compile(r"spdx\.org/rdf/v?(3(?:\.\d{1,3}){0,2})")
_VERSION: Final = re.compile(r"3(?:\.(\d{1,3}))?(?:\.\d{1,3})?")
_LICENSE: Final = re.compile(r"https?://spdx\.org/licenses/")
_DOCUMENT: Final = "_:every collection"
"""What SPDX 2 has one of: all documents, SBOMs and bundles of a file go by this id."""

_TYPES: Final = {
    **dict.fromkeys(("design", "source"), Basis.LISTED),
    **dict.fromkeys(("build", "analyzed"), Basis.BUILT),
    **dict.fromkeys(("deployed", "runtime"), Basis.INSTALLED),
}
_UNSHIPPED: Final = frozenset({"development", "test"})
_PLACE: Final = re.compile(r"(packages|files|relationships|documentDescribes)\[(\d+)\](.*)", re.DOTALL)
_TAILS: Final = (
    (re.compile(r"^\.SPDXID\b"), ".spdxId"),
    (re.compile(r"^\.versionInfo\b"), ".software_packageVersion"),
    (re.compile(r"^\.checksums\b"), ".verifiedUsing"),
    (re.compile(r"^\.externalRefs\[0\]\.referenceLocator"), ".software_packageUrl"),
    (
        re.compile(r"^\.externalRefs\[(\d+)\]\.referenceLocator"),
        lambda found: f".externalIdentifier[{int(found[1]) - 1}].identifier",
    ),
    (re.compile(r"^\.externalRefs\b"), ".externalIdentifier"),
    (re.compile(r"^\.(?:spdxElementId|relatedSpdxElement)\b"), ""),
)


class _Mark(msgspec.Struct):
    context: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw, name="@context")
    graph: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw, name="@graph")
    type: msgspec.Raw = msgspec.field(default_factory=msgspec.Raw, name="@type")


class Spdx3Json:
    """The reader of SPDX 3 JSON-LD."""

    format = "SPDX 3 JSON"

    def claims(self, raw: RawDocument) -> bool:
        """Return whether JSON has the context of SPDX 3, or has ``@graph`` and its terms. Cost: a search or a scan."""
        if _EXPANDED.match(raw.data):
            return _is_expanded(raw.data)
        if not is_json(raw.data) or not _MARK.search(raw.data):
            return False
        if (top := marks_in(raw.data, _Mark)) is None:
            return (b'"@context"' in raw.data or b'"@graph"' in raw.data) and not _CYCLONEDX.search(raw.data)
        return bool(_MARK.search(bytes(top.context) or bytes(top.graph)) or _TYPE.search(bytes(top.type)))

    def parse(self, raw: RawDocument) -> Document:
        """Return an SPDX 3 document.

        Its basis is the strongest of its SBOM types; without one it is as in SPDX 2. ``created`` and
        the version are those of the document itself, else of an SBOM in it, else the newest. It is complete
        only where every package in it says so of its dependencies; see `_completeness_of`. Cost: linear.

        Raises:
            InputError: it is no JSON, or of another version than 3.
        """
        diagnostics = Diagnostics()
        top = loose_json(raw.data, diagnostics)
        if isinstance(top, list) and _EXPANDED.match(raw.data):
            top = {"@graph": top}
        if not isinstance(top, dict):
            raise InputError(f"should be an object, is {quoted(top)}")
        graph = _Graph(elements_in(top, diagnostics), diagnostics)
        version = _version_of(top, graph, diagnostics)
        read = graph.in_terms_of_2()
        found = document_of(read, raw, diagnostics, place_of=graph.place_of, beside=graph.beside())
        types = {_TYPES[one] for one in graph.sbom_types() if one in _TYPES}
        known = len(diagnostics.problems)
        completeness = _completeness_of(graph, found, diagnostics)
        whole = replace(
            found,
            format=f"SPDX {version}".strip(),
            basis=min(types, key=lambda one: one.rank) if types else found.basis,
            completeness=completeness,
            problems=(*found.problems[:known], *diagnostics.problems[known:], *diagnostics.rest()),
        )
        return with_tools(whole, graph.tools())


READER: Final = Spdx3Json()


def _is_expanded(data: bytes) -> bool:
    """Return whether JSON is a list of elements of SPDX 3 with their terms in full (JSON-LD 1.1, "expanded form")."""
    if b'"@type"' not in data or not _MARK.search(data):
        return False
    try:
        rows = msgspec.json.decode(data, type=list[_Mark])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return any(_TYPE.search(bytes(one.type)) for one in rows) and not any(one.context or one.graph for one in rows)


def _version_of(top: dict[str, Any], graph: _Graph, diagnostics: Diagnostics) -> str:
    context = _CONTEXT.search(str(msgspec.json.encode(top.get("@context")), "utf-8"))
    one = graph.creation
    text = one.text("specVersion", diagnostics) if one else ""
    place = one.at("specVersion") if one else "@context"
    if not text and context:
        return context[1]
    found = _VERSION.fullmatch(text)
    if not text:
        diagnostics.add(place, "is missing; read as 3.0.1")
    elif not found:
        raise InputError(f"SPDX {quoted(text)} cannot be read here; 3.0 can", place=place)
    elif int(found[1] or 0):
        diagnostics.read_as(place, text, "3.0")
    return text


def _completeness_of(graph: _Graph, found: Document, diagnostics: Diagnostics) -> Completeness:
    """Return whether the document lists everything below what it describes.

    ``completeness`` is said of one relationship: its list of targets is exhaustive. The whole is so
    only if every package says it of all that it depends on, under no scope, for then no dependency of a
    dependency can be missing either; and if nothing was lost, leads elsewhere, or may be a Python package
    without saying so. One denial of a dependency or of contents denies the whole.
    """
    if graph.is_denied:
        diagnostics.add("completeness", DENIES_ITSELF)
        return Completeness.INCOMPLETE
    packages = {one.id for one in graph.packages}
    is_clear = len(packages) == len(graph.packages) and not graph.is_torn  # each id is one package's
    says_so = bool(packages) and bool(found.roots) and packages <= graph.exhaustive
    if diagnostics.lost:
        if says_so:
            diagnostics.add("completeness", f"{SAYS_COMPLETE}not all of it could be read")
        return Completeness.INCOMPLETE
    if not says_so or not is_clear:
        return Completeness.UNKNOWN
    roots = set(found.roots)
    untold = sum(row.ref not in roots and not tells_who(row) for row in found.components)
    if untold:
        diagnostics.add("completeness", f"{SAYS_COMPLETE}{untold} packages without purl may be Python packages")
    return Completeness.UNKNOWN if untold else Completeness.COMPLETE


class _Graph:
    """The elements of a document by their class, and what they are in the terms of SPDX 2."""

    def __init__(self, elements: list[Element], diagnostics: Diagnostics) -> None:
        self._diagnostics = diagnostics
        self._elements = elements
        self._by_id: dict[str, Element] = {}
        self._dangling: list[tuple[str, str]] = []
        """Where something is said to be here that is not, and its id: a purl names a release all the same."""
        for one in elements:
            self._by_id.setdefault(one.id, one)
            if isinstance(other := one.table.get("@id"), str):  # beside an spdxId
                self._by_id.setdefault(other.strip(), one)
        self.packages = [one for one in elements if is_package(one, self._by_id)]
        self._held = {one.id for one in self.packages}
        """The ids of packages; an archive with a purl is one, though its class is that of files."""
        self._files = [one for one in elements if one.kind == "file" and not is_package(one, self._by_id)]
        documents = [one for one in elements if one.kind == "spdxdocument"]
        self._collections = [*documents, *(one for one in elements if one.kind in COLLECTIONS - {"spdxdocument"})]
        maps = [row for one in documents for key in ("import", "imports") for _, row in one.tables(key, diagnostics)]
        self._imported = {row["externalSpdxId"] for row in maps if isinstance(row.get("externalSpdxId"), str)}
        self.creation = self._creation()
        self.exhaustive: set[str] = set()
        """The ids of elements that say that all they depend on is listed."""
        self.is_denied = False
        self.is_torn = False
        """A relationship leads to what is not here, or to what nothing is asserted of."""
        self._relationships: list[spdx2.Relationship] = []
        self._relationship_places: list[str] = []
        self._root_places: list[str] = []

    def in_terms_of_2(self) -> spdx2.Spdx:
        """Return what the elements say as an SPDX 2.3 document."""
        self._relate()
        self._look_for_elements()
        self._unfold()
        others = [one.id for one in self._elements if one.id not in self._held and one.kind != "file"]
        return spdx2.Spdx(
            version="SPDX-2.3",
            id=_DOCUMENT,
            creation=self._made(),
            described=self._described(),
            packages=[package_of(one, self._by_id, self._diagnostics) for one in self.packages],
            files=[file_of(one, self._by_id, self._diagnostics) for one in self._files],
            snippets=[spdx2.Snippet(id=one) for one in others],
            relationships=self._relationships,
        )

    def beside(self) -> Beside:
        """Return the files that elements name beside packages and files."""
        others = [one for one in self._elements if one.id not in self._held and one.kind != "file"]
        hashes = tuple(hashes_beside(others, self._by_id))
        texts = (*texts_beside(self._elements, self._by_id, self._diagnostics), *self._dangling)
        return Beside(texts=texts, hashes=hashes, is_whole=True)

    def tools(self) -> list[tuple[str, str]]:
        """Return the tools that made the document, and those that a build used, as place and name."""
        found = [one for one in self._elements if one.kind == "tool" and one.id not in self._held]
        return [(one.at(), name) for one in found if (name := one.text("name", Diagnostics()))]

    def place_of(self, place: str) -> str:
        """Return where in the file something stands that has this place in the terms of SPDX 2."""
        if place == "creationInfo.created" and self.creation:
            return self.creation.at("created")
        if not (found := _PLACE.fullmatch(place)):
            return place
        number, tail = int(found[2]), found[3]
        for pattern, instead in _TAILS:
            tail = pattern.sub(instead, tail)
        if found[1] == "relationships":
            return self._relationship_places[number]
        if found[1] == "documentDescribes":
            return self._root_places[number]
        one = (self.packages if found[1] == "packages" else self._files)[number]
        return f"{one.place}{tail}".lstrip(".") or "the document"

    def sbom_types(self) -> set[str]:
        """Return every SBOM type that is said, in lower case."""
        found = set()
        for one in self._collections:
            value = one.table.get("software_sbomType")
            for number, said in enumerate(value if isinstance(value, list) else [value]):
                found.add(word(text_of(said, one.at(f"software_sbomType[{number}]"), self._diagnostics)))
        return found

    def _creation(self) -> Element | None:
        """Return how the document was made, as it says itself, else as an SBOM in it says, else the newest."""
        made = [one for one in self._elements if one.kind == "creationinfo"]
        for one in self._collections:
            for ref, _ in one.refs("creationInfo", Diagnostics()):
                if (found := self._by_id.get(ref)) and found.kind == "creationinfo":
                    return found
        return max(made, key=lambda one: one.text("created", Diagnostics()), default=None)

    def _made(self) -> spdx2.Creation:
        if self.creation is None:
            return spdx2.Creation()
        tools = [self._by_id.get(ref) for ref, _ in self.creation.refs("createdUsing", self._diagnostics)]
        return spdx2.Creation(
            created=self.creation.text("created", self._diagnostics),
            creators=[f"Tool: {one.text('name', self._diagnostics)}" for one in tools if one],
        )

    def _described(self) -> list[str]:
        """Return the root elements of the document, and of the SBOMs among them; without any, of every collection."""
        documents = [one for one in self._collections if one.kind == "spdxdocument"]
        found = self._roots_of(documents) or self._roots_of(self._collections)
        self._root_places = list(found.values())
        return list(found)

    def _roots_of(self, waiting: list[Element]) -> dict[str, str]:
        waiting = list(waiting)
        seen = {one.id for one in waiting}
        found: dict[str, str] = {}
        for one in waiting:
            for ref, place in one.refs("rootElement", self._diagnostics):
                inner = self._by_id.get(ref)
                if inner is None:
                    self._resolved(ref, place, "root element")
                elif inner.kind not in COLLECTIONS:
                    found.setdefault(inner.id, place)
                elif inner.id not in seen:
                    seen.add(inner.id)
                    waiting.append(inner)
        return found

    def _check_ends(self, one: Element, *keys: str) -> None:
        """Leave it open where an element names one that is not here, of which nothing else is read."""
        for key in keys:
            for ref, place in one.refs(key, Diagnostics()):
                if ref not in self._by_id and not nobody(ref) and not _LICENSE.match(ref):
                    self._dangling += [(place, ref)] if key == "element" else []
                    self._diagnostics.leave_open(place, f"{quoted(ref)}, which is in another document")

    def _relate(self) -> None:
        odd: set[str] = set()
        for one in self._elements:
            if one.kind not in RELATIONSHIPS:
                self._check_ends(one, "from", "to", "subject", "software_snippetFromFile", "security_assessedElement")
                if not is_class(one.kind) and one.kind not in odd and one.id not in self._held:
                    odd.add(one.kind)
                    self._diagnostics.add(one.at("type"), f"{quoted(one.kind)} is not an SPDX 3 class", lost=True)
                continue
            written = one.text("relationshipType", self._diagnostics)
            kind = word(written)
            if kind in READ:
                self._take(one, kind)
                continue
            self._check_ends(one, "from", "to")
            if kind not in SILENT and kind not in odd:
                odd.add(kind)
                self._diagnostics.add(one.at("relationshipType"), f"{quoted(written)} is not an SPDX 3 type; ignored")

    def _look_for_elements(self) -> None:
        """Leave it open where a collection says that it holds what is not here; texts of licenses are never here."""
        for one in self._collections:
            self._check_ends(one, "element")

    def _take(self, one: Element, kind: str) -> None:
        scope, said = (word(one.text(key, self._diagnostics)) for key in ("scope", "completeness"))
        sources, targets = self._ends(one, "from"), self._ends(one, "to")
        if len(sources) > 1:
            self._diagnostics.add(
                one.at("from"), f"names {len(sources)} elements, but only one is allowed; the first was read"
            )
            self.is_torn = True
        self.is_denied |= said == "incomplete" and kind != "describes"
        if said == "complete" and kind == "dependson" and not scope:
            self.exhaustive.update(ref for ref, _ in sources[:1])
            if not targets and not self.is_torn:  # a list without elements says what NoneElement does
                targets = [("NONE", one.at("to"))]
        for source, _ in sources[:1]:
            for target, place in targets:
                if row := self._in_terms_of_2(kind, source, target, is_optional=scope in _UNSHIPPED):
                    self._relationships.append(row)
                    self._relationship_places.append(place)

    def _in_terms_of_2(self, kind: str, source: str, target: str, *, is_optional: bool) -> spdx2.Relationship | None:
        if kind in NEEDS and not is_optional:
            return spdx2.Relationship(element=source, type="DEPENDS_ON", related=target)
        if kind in NEEDS or kind in MAY_NEED:
            return spdx2.Relationship(element=target, type="OPTIONAL_DEPENDENCY_OF", related=source)
        if kind == "describes":
            is_ours = source == _DOCUMENT
            return spdx2.Relationship(element=source, type="DESCRIBES", related=target) if is_ours else None
        if kind in HOLDS_FILES and ((held := self._by_id.get(target)) is None or held.kind != "file"):
            return None
        return spdx2.Relationship(element=source, type="CONTAINS", related=target)

    def _unfold(self) -> None:
        """Put the files in folders, which are files too, into the package that holds the folder.

        Of several packages that hold one folder the first gets what is in it, so that the work stays linear.
        """
        inside: dict[str, list[tuple[str, str]]] = {}
        waiting: list[tuple[str, str]] = []
        for row, place in zip(self._relationships, self._relationship_places, strict=True):
            if row.type == "CONTAINS" and row.element and row.related and (holder := self._by_id.get(row.element)):
                if holder.kind == "file" and holder.id not in self._held:
                    inside.setdefault(holder.id, []).append((row.related, place))
                elif holder.id in self._held:
                    waiting.append((holder.id, row.related))
        for package, held in waiting:
            for ref, place in inside.pop(held, ()):
                waiting.append((package, ref))
                self._relationships.append(spdx2.Relationship(element=package, type="CONTAINS", related=ref))
                self._relationship_places.append(place)

    def _ends(self, one: Element, key: str) -> list[tuple[str, str]]:
        refs = one.refs(key, self._diagnostics)
        if not refs and (key == "from" or one.table.get(key) is None):
            self._diagnostics.add(one.at(key), "names no element; the relationship was left out")
            self.is_torn = True
        found = [(self._resolved(ref, place, "relationship"), place) for ref, place in refs]
        return [(ref, place) for ref, place in found if ref]

    def _resolved(self, ref: str, place: str, what: str) -> str:
        """Return an id as SPDX 2 has it, empty (and noted) for what is no element here."""
        if found := self._by_id.get(ref):
            return _DOCUMENT if found.kind in COLLECTIONS else found.id
        if none := nobody(ref):
            self.is_torn |= none == "NOASSERTION"
            return none
        self.is_torn = True
        self._dangling += [(place, ref)] if what == "relationship" else []
        where = "points into another document" if ref in self._imported else "is not an element of this document"
        self._diagnostics.add(place, f"{quoted(ref)} {where}; the {what} was left out", lost=True)
        return ""
