"""The elements of an SPDX 3 document in JSON-LD, in whichever way they are written, as one flat list."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

from msgspec import Struct

from graphkit.formats.diagnostics import Diagnostics

PACKAGES: Final = frozenset({"package", "aipackage", "datasetpackage"})
"""Packages and the classes that SPDX 3 derives from them."""
COLLECTIONS: Final = frozenset({"spdxdocument", "sbom", "bom", "bundle"})
RELATIONSHIPS: Final = frozenset({"relationship", "lifecyclescopedrelationship"})
_CLASSES: Final = (
    PACKAGES
    | COLLECTIONS
    | RELATIONSHIPS
    | {
        *("agent", "person", "organization", "softwareagent", "tool", "creationinfo", "annotation", "file"),
        *("snippet", "build", "hash", "packageverificationcode", "externalidentifier", "externalref"),
        *("externalmap", "namespacemap", "dictionaryentry", "positiveintegerrange", "contentidentifier"),
        *("individualelement", "vulnerability", "energyconsumption", "energyconsumptiondescription"),
        *("simplelicensingtext", "licenseexpression", "customlicense", "customlicenseaddition"),
        *("listedlicense", "listedlicenseexception", "conjunctivelicenseset", "disjunctivelicenseset"),
        *("orlateroperator", "withadditionoperator", "individuallicensinginfo", "cdxpropertyentry"),
        "cdxpropertiesextension",
    }
)

NEEDS: Final = frozenset(
    {"dependson", "hasdynamiclink", "hasstaticlink", "hasprerequisite", "hasprovideddependency", "usestool"}
)
"""Relationships (Core, RelationshipType, by `word`) of an element that depends on others."""
MAY_NEED: Final = frozenset({"hasoptionaldependency", "hasoptionalcomponent"})
HOLDS: Final = frozenset({"contains"})
HOLDS_FILES: Final = frozenset({"expandsto", "hasdistributionartifact"})
"""Contents where they are files, which show a bad one; between packages they say nothing of the kind."""
READ: Final = NEEDS | MAY_NEED | HOLDS | HOLDS_FILES | {"describes"}
SILENT: Final = frozenset(
    {
        *("affects", "amendedby", "ancestorof", "availablefrom", "configures", "coordinatedby", "copiedto"),
        *("delegatedto", "descendantof", "doesnotaffect", "exploitcreatedby", "fixedby", "fixedin", "foundby"),
        *("generates", "hasaddedfile", "hasassessmentfor", "hasassociatedvulnerability"),
        *("hasconcludedlicense", "hasdatafile", "hasdeclaredlicense", "hasdeletedfile"),
        *("hasdependencymanifest", "hasdocumentation", "hasevidence", "hasexample", "hashost", "hasinput"),
        *("hasmetadata", "hasoutput", "hasrequirement", "hasspecification", "hastest", "hastestcase"),
        *("hasvariant", "invokedby", "modifiedby", "other", "packagedby", "patchedby", "publishedby"),
        *("reportedby", "republishedby", "serializedinartifact", "testedon", "trainedon"),
        "underinvestigationfor",
    }
)
"""Types of the standard that say nothing of what depends on what."""

_NESTING: Final = (
    *("@included", "createdUsing", "creationInfo", "definingArtifact", "element", "from", "rootElement"),
    *("security_assessedElement", "software_snippetFromFile", "subject", "to"),
)
"""Where a whole element that is a package or a file may stand in place of its id."""
_DEEPEST: Final = 50
_TERM: Final = re.compile(r"(?:https?://spdx\.org/rdf/v?3[^/]*/terms/|spdx:)(?:([A-Za-z]+)/)?([A-Za-z]+)")
_SHORT: Final = re.compile(r"([a-z]+):([A-Za-z]+)")
_NOBODY: Final = re.compile(r"(?:.*[/:#])?(None|NoAssertion)Element")
_CORE: Final = frozenset({"", "core", "spdx"})


class Element(Struct, frozen=True, kw_only=True):
    """One element. ``kind``: its class in lower case without profile; ``table``: its properties by plain names."""

    id: str
    kind: str
    place: str
    table: dict[str, Any]

    def at(self, *parts: str) -> str:
        """Return the place of a property, or of the element itself."""
        return ".".join((*((self.place,) if self.place else ()), *parts)) or "the document"

    def text(self, key: str, diagnostics: Diagnostics) -> str:
        """Return a property that should be text, empty where it is none (noted) or not there."""
        return text_of(self.table.get(key), self.at(key), diagnostics)

    def values(self, key: str) -> Iterator[tuple[str, Any]]:
        """Yield what a property holds, one value or a list of them, with its places."""
        return _each(self.table.get(key), self.at(key))

    def tables(self, key: str, diagnostics: Diagnostics) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the objects of a property with their places; what is none is noted, and yields an empty one."""
        for place, one in self.values(key):
            yield place, plain(diagnostics.table(one, place))

    def refs(self, key: str, diagnostics: Diagnostics) -> list[tuple[str, str]]:
        """Return the ids that a property names, each with its place; for an element inside, the id it goes by."""
        found = []
        for place, one in self.values(key):
            if written := _id_of(plain(one), place) if isinstance(one, dict) else diagnostics.text(one, place).strip():
                found.append((written, place))
        return found


def elements_in(top: dict[str, Any], diagnostics: Diagnostics) -> list[Element]:
    """Return every element of a document: of ``@graph``, or the document itself, then those that stand inside others.

    An element without a type is noted and left out. Cost: linear.
    """
    waiting = deque[tuple[Any, str, int]]()
    if "@graph" in top:
        graph = top["@graph"]
        if isinstance(graph, list):
            waiting.extend((one, f"@graph[{i}]", 0) for i, one in enumerate(graph))
        elif isinstance(graph, dict):
            waiting.append((graph, "@graph", 0))
        else:
            diagnostics.array(graph, "@graph")
    else:
        waiting.append((top, "", 0))
    found = []
    while waiting:
        value, place, depth = waiting.popleft()
        if not isinstance(value, dict):
            diagnostics.add(place, "is not an object; left out", lost=True)
            continue
        table = plain(value)
        if not (kind := _kind_of(table)):
            diagnostics.add(place or "the document", "an element without a type was left out", lost=True)
            continue
        one = Element(id=_id_of(table, place), kind=kind, place=place, table=table)
        found.append(one)
        inner = [(inside, where, depth + 1) for inside, where in _inside(one)]
        if inner and depth == _DEEPEST:
            diagnostics.add(one.at(), "elements are nested too deep to follow", lost=True)
        else:
            waiting.extend(inner)
    return found


def is_class(kind: str) -> bool:
    """Return whether a class is one of SPDX 3.0's, those of security by their ending."""
    return kind in _CLASSES or kind.endswith("vulnassessmentrelationship")


def text_of(value: Any, place: str, diagnostics: Diagnostics) -> str:
    """Return a JSON-LD value that should be text: bare, alone in a list, in ``@value``, or an entry's ``@id``."""
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, dict):
        value = value.get("@value", value.get("@id", value) if len(value) == 1 else value)
    return (diagnostics.version if place.endswith("packageVersion") else diagnostics.text)(value, place).strip()


def word(text: str) -> str:
    """Return an entry of a vocabulary in lower case: ``dependsOn``, its IRI, and ``DEPENDS_ON`` are one.

    >>> word("https://spdx.org/rdf/3.0.1/terms/Core/RelationshipType/dependsOn")
    'dependson'
    """
    return re.split(r"[/:#]", text)[-1].lower().replace("_", "").replace("-", "")


def nobody(ref: str) -> str:
    """Return `NONE` or `NOASSERTION`, as SPDX 2 has it, for an id that stands for no element, else nothing."""
    found = _NOBODY.fullmatch(ref)
    return found[1].upper() if found else ""


def plain(table: dict[str, Any]) -> dict[str, Any]:
    """Return an object under the property names of the context: ``name``, ``software_packageUrl``."""
    if not any(":" in key for key in table):
        return table
    return {_key(key): value for key, value in table.items()}


@lru_cache(maxsize=4096)
def _key(key: str) -> str:
    found = _TERM.fullmatch(key) or _SHORT.fullmatch(key)
    if not found:
        return key
    profile = (found[1] or "").lower()
    return found[2] if profile in _CORE else f"{profile}_{found[2]}"


def _kind_of(table: dict[str, Any]) -> str:
    """Return the class of an element, empty where it has none; of several, one that is read."""
    value = table.get("type", table.get("@type"))
    kinds = [_class(one) for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)]
    read = PACKAGES | COLLECTIONS | RELATIONSHIPS | {"file", "creationinfo"}
    return next((one for one in kinds if one in read), kinds[0] if kinds else "")


@lru_cache(maxsize=4096)
def _class(written: str) -> str:
    return re.split(r"[/:#_]", written.strip())[-1].lower()


def _id_of(table: dict[str, Any], place: str) -> str:
    """Return the id of an element, a blank one made of its place where it has none."""
    for key in ("spdxId", "@id"):
        if isinstance(found := table.get(key), str) and found.strip():
            return found.strip()
    return f"_:{place}"


def _inside(one: Element) -> Iterator[tuple[dict[str, Any], str]]:
    for key in _NESTING:
        for place, value in _each(one.table.get(key), one.at(key)):
            if isinstance(value, dict) and _kind_of(plain(value)):
                yield value, place


def _each(value: Any, place: str) -> Iterator[tuple[str, Any]]:
    """Yield what a property holds, one value or a list of them, with its places."""
    if isinstance(value, list):
        yield from ((f"{place}[{i}]", one) for i, one in enumerate(value))
    elif value is not None:
        yield place, value
