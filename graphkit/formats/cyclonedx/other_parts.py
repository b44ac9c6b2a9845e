"""Parts of a CycloneDX BOM beside its list of components that can name some (docs/parts-of-sboms.md).

They are looked through as they are, whatever the version of the schema: what is a component becomes a row
that is `listed`, and what leads to another document, or cannot be read, leaves the BOM open.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import msgspec

_COMPONENTS: Final = frozenset({"components", "ancestors", "descendants", "variants", "tools"})
_SERVICES: Final = frozenset({"services"})
_ONE_COMPONENT: Final = frozenset({"component"})
_ONE_SERVICE: Final = frozenset({"service"})
PASSED_OVER: Final = frozenset(
    {"licenses", "properties", "tags", "signature", "cryptoProperties", "copyright", "patentAssertions", "ratings"}
)
"""Keys of what is not looked through, in JSON and XML: it names no packages."""
_INSTALLS: Final = re.compile(
    r"\b(?:pip[\d.]*|uv|uvx|pipx|poetry|pdm|pipenv|conda|mamba|micromamba|easy_install|hatch|rye|pixi)\b", re.IGNORECASE
)
_BOM_LINK: Final = re.compile(r"urn:cdx:[^\s\"']+", re.IGNORECASE)
_LEADS_ON: Final = frozenset({"bom", "formulation"})
"""Types of external references behind which components are named."""
_COMMANDS: Final = frozenset({"executed", "value", "environmentVars", "expression"})
"""Texts of a formulation that are run, or given to what is run."""
_DEEPEST: Final = 200


_REFS: Final = frozenset({"ref", "dependsOn", "provides", "subjects", "target"})
"""Keys of refs to what is in the BOM: a component or service, or another part that has a ``bom-ref``."""


class Met(NamedTuple):
    """Something met: a `component`, `service`, `ref`, a ``bom-ref`` (`defined`), or what is not read (`open`).

    Also a `text` that may be the name of a file or a purl, and `hashes` of a file.
    """

    kind: str
    place: str
    value: Any


def look_through(raw: msgspec.Raw | Any, place: str) -> Iterator[Met]:
    """Yield what a part of a BOM names, in its order. Cost: linear, without recursion.

    ``raw`` is the part's bytes, or what they hold.
    """
    if isinstance(raw, msgspec.Raw):
        if not bytes(raw):
            return
        raw = msgspec.json.decode(raw)
    waiting: list[tuple[str, Any, str, int]] = [(place.rpartition(".")[2].partition("[")[0], raw, place, 0)]
    while waiting:
        key, value, where, depth = waiting.pop()
        if depth > _DEEPEST:
            yield Met("open", where, "what is nested deeper than this")
            continue
        if isinstance(value, list):
            waiting.extend((key, one, f"{where}[{i}]", depth + 1) for i, one in reversed([*enumerate(value)]))
        elif isinstance(value, dict):
            yield from _of_table(key, value, where)
            inner = [(name, one) for name, one in value.items() if name not in PASSED_OVER]
            waiting.extend((name, one, f"{where}.{name}"[:1500], depth + 1) for name, one in reversed(inner))
        elif isinstance(value, str):
            yield from _of_text(key, value, where)


def _of_table(key: str, value: dict[str, Any], place: str) -> Iterator[Met]:
    if isinstance(ref := value.get("bom-ref"), str):
        yield Met("defined", place, ref)
    is_tool = key == "tools" and not {"components", "services"} & value.keys()
    if key in _ONE_COMPONENT or (key in _COMPONENTS and (key != "tools" or is_tool)):
        yield Met("component", place, value)
    elif key in _SERVICES or key in _ONE_SERVICE:
        yield Met("service", place, value)
    elif key in {"externalReferences", "externalReference"} and is_another_bom(value.get("type"), value.get("url")):
        yield Met("open", place, "the document that this reference points to")
    elif key in {"data", "attachment", "contents"} and isinstance(value.get("content"), str):
        yield Met("open", place, "what is attached here")
    if isinstance(hashes := value.get("hashes"), list):
        yield Met("hashes", f"{place}.hashes", hashes)


def _of_text(key: str, value: str, place: str) -> Iterator[Met]:
    if _BOM_LINK.match(value):
        yield Met("open", place, f"another BOM, which this links to: {value[:100]}")
    elif place.startswith("formulation") and key in _COMMANDS and installs(value):
        yield Met("open", place, "what this command installs")
    elif key in _REFS:
        yield Met("ref", place, value)
    elif key != "bom-ref" and may_name_a_file(value):
        yield Met("text", place, value)


def installs(text: str) -> bool:
    """Return whether a text that is run names a program that installs Python packages."""
    return _INSTALLS.search(text) is not None


def may_name_a_file(text: str) -> bool:
    """Return whether it is worth looking for a release that a text is the purl, wheel or metadata of."""
    return text[:4].lower() == "pkg:" or ".whl" in text or "-info" in text or ".egg" in text


def is_another_bom(kind: object, url: object) -> bool:
    """Return whether an external reference leads to a document that may name components."""
    if isinstance(kind, str) and (kind in _LEADS_ON or kind.strip().lower() in _LEADS_ON):
        return True
    return isinstance(url, str) and _BOM_LINK.match(url.strip()) is not None


def is_link(ref: str) -> bool:
    """Return whether a ref is a BOM-Link (CycloneDX): it points into another document."""
    return _BOM_LINK.match(ref.strip()) is not None
