"""Write down what stands where in SPDX 2.3 beside JSON: the terms of RDF, or the tags of tag-value.

From a checkout of `spdx/spdx-spec`, branch `support/2.3.1`:

    python tests/schemas/spdx_2.py terms ontology/spdx-ontology.owl.xml > tests/schemas/spdx/terms-2.3.json
    python tests/schemas/spdx_2.py tags chapters > tests/schemas/spdx/tags-2.3.json
"""

from __future__ import annotations

import json
import re
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

_OWL: Final = "{http://www.w3.org/2002/07/owl#}"
_RDFS: Final = "{http://www.w3.org/2000/01/rdf-schema#}"
_RDF: Final = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_SIMPLE: Final = {"anyURI": "uri", "boolean": "boolean", "dateTime": "time", "dateTimeStamp": "time", "date": "time"}
_NUMBERS: Final = frozenset({"nonNegativeInteger", "positiveInteger", "integer"})
_CHAPTERS: Final = {
    "document": "document-creation-information",
    "package": "package-information",
    "file": "file-information",
    "snippet": "snippet-information",
    "license": "other-licensing-information-detected",
    "relationship": "relationships-between-SPDX-elements",
    "annotation": "annotations",
    "review": "review-information-deprecated",
}
_FIELD: Final = re.compile(r"^## \d+\.\d+ .*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
_TAG: Final = re.compile(r"Tag: (?:Property )?`([A-Za-z]+):?`")
_CARDINALITY: Final = re.compile(r"\| Cardinality \| *([01*])\.\.([1*])")


def terms(path: Path) -> dict[str, Any]:
    """Return the classes of an ontology: those above each, and what it has.

    ``*``: several; ``!``: needed. A class of words has its words.
    """
    top = ET.parse(path).getroot()
    classes = [one for one in top if one.tag == f"{_OWL}Class"]
    found: dict[str, dict[str, Any]] = {}
    for node in classes:
        above = [one.get(f"{_RDF}resource", "") for one in node.findall(f"{_RDFS}subClassOf")]
        has = dict(_restrictions(node))
        found[_local(node.get(f"{_RDF}about", ""))] = {"of": [_local(one) for one in above if one], "has": has}
    for node in top:
        types = [_local(one.get(f"{_RDF}resource", "")) for one in node.findall(f"{_RDF}type")]
        own = _local(node.tag.replace("}", "").replace("{", ""))
        for kind in (*types, own):
            word = _local(node.get(f"{_RDF}about", ""))
            if kind in found and "_" in word:
                found[kind].setdefault("words", []).append(word.partition("_")[2])
    for node in top:
        if node.tag in {f"{_OWL}ObjectProperty", f"{_OWL}DatatypeProperty"}:
            _add_by_domain(node, found)
    return {"classes": dict(sorted(found.items()))}


def _restrictions(node: ET.Element) -> Iterator[tuple[str, str]]:
    for one in node.iter(f"{_OWL}Restriction"):
        name = _local(one.find(f"{_OWL}onProperty").get(f"{_RDF}resource"))  # type: ignore[union-attr, arg-type]
        held = next((two for two in one if two.tag in {f"{_OWL}onClass", f"{_OWL}onDataRange"}), None)
        if held is None:
            continue
        count = next(two for two in one if "ardinality" in two.tag)
        kind = _kind(_local(held.get(f"{_RDF}resource", "")))
        several = "*" if "min" in count.tag else ""
        needed = "" if "max" in count.tag or count.text == "0" else "!"
        yield name, kind + several + needed


def _add_by_domain(node: ET.Element, found: dict[str, dict[str, Any]]) -> None:
    name = _local(node.get(f"{_RDF}about", ""))
    ranges = [one.get(f"{_RDF}resource", "") for one in node.findall(f"{_RDFS}range")]
    inside = {id(one) for part in node.findall(f"{_RDFS}domain") for one in part.iter()}
    domains = [one.get(f"{_RDF}resource") or one.get(f"{_RDF}about") for one in node.iter() if id(one) in inside]
    for domain in domains:
        if domain and (kind := _local(domain)) in found:
            found[kind]["has"].setdefault(name, _kind(_local(ranges[0]) if ranges and ranges[0] else "string") + "*")


def _kind(name: str) -> str:
    return _SIMPLE.get(name, "number" if name in _NUMBERS else name if name[:1].isupper() else "string")


def _local(address: str) -> str:
    return re.split(r"[#/]", address)[-1]


def tags(folder: Path) -> dict[str, Any]:
    """Return the tags of each part of a document, in their order, with how often each may stand there."""
    found: dict[str, dict[str, str]] = {}
    for part, chapter in _CHAPTERS.items():
        told: dict[str, str] = {}
        for field in _FIELD.findall((folder / f"{chapter}.md").read_text(encoding="utf-8")):
            named, often = _TAG.search(field), _CARDINALITY.search(field)
            if named is not None:
                told[named[1]] = f"{often[1]}..{often[2]}" if often else "0..*"
        found[part] = told
    return found


def lines(table: dict[str, Any]) -> str:
    """Return a table of tables as JSON, one inner table a line."""
    inner = ",\n".join(f"  {json.dumps(name)}: {json.dumps(one)}" for name, one in table.items())
    return f"{{\n{inner}\n}}\n"


if __name__ == "__main__":
    what, given = sys.argv[1], Path(sys.argv[2])
    sys.stdout.write(lines(tags(given) if what == "tags" else terms(given)["classes"]))
