"""The tools that make SBOMs: which of those that a document says made it are no row of their own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from msgspec.structs import replace

from graphkit.formats.refs import Refs
from graphkit.model.documents import Component, Document

_GENERATORS: Final = frozenset(
    {
        *("syft", "trivy", "grype", "cdxgen", "@cyclonedx/cdxgen", "cyclonedx-py", "cyclonedx-bom", "cyclonedx-python"),
        *("cyclonedx-python-lib", "cyclonedx-library", "cyclonedx-cli", "uv", "pip-audit", "pip_audit", "sbom4python"),
        *("hatch-cyclonedx", "cargo-cyclonedx", "auditwheel", "scancode.io", "dependency-track", "snyk", "ort"),
        *("oss review toolkit", "github.com-dependency-graph", "protobom"),
    }
)


def is_generator(name: str) -> bool:
    """Return whether a tool is known to make SBOMs: then it is in a document's ``generator``, and no row."""
    return name.strip().lower() in _GENERATORS


def with_tools(document: Document, tools: Iterable[tuple[str, str]]) -> Document:
    """Return a document with a row, listed, for each tool of ``tools``, as place and ``name version``.

    What is known to make SBOMs is in its ``generator`` alone.
    """
    refs = Refs()
    for row in document.components:
        refs.unique(row.ref)
    rows: list[Component] = []
    places: list[str] = []
    for place, text in tools:
        name, _, version = text.rpartition(" ") if " " in text else (text, "", "")
        if not is_generator(name):
            rows.append(Component(ref=refs.unique(place), name=name, version=version, optional=True))
            places.append(place)
    if not rows:
        return document
    return replace(document, components=(*document.components, *rows), places=(*document.places, *places))
