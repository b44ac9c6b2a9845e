"""The components of a CycloneDX BOM as rows of a document."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from graphkit.model.documents import Component
from graphkit.sources.documents.cyclonedx_shape import Bom, Metadata, Part, deeper
from graphkit.sources.documents.purls import identity_of
from graphkit.sources.documents.rows import Notes, Refs, shown

_NO_PACKAGES: Final = frozenset({"file", "container", "operating-system", "device", "firmware", "platform", "data"})


class Rows:
    """The components of a BOM under refs of their own, and how the BOM itself calls them."""

    def __init__(self, notes: Notes) -> None:
        self.components: dict[str, Component] = {}
        self.places: list[str] = []
        self.names: dict[str, str] = {}
        """Our ref for each ``bom-ref`` as written."""
        self.root = ""
        self.unidentified = 0
        """Rows without a purl that may stand for a Python package."""
        self._notes = notes
        self._refs = Refs()
        self._seen: dict[tuple[str, str, str, str], str] = {}

    def read(self, bom: Bom, meta: Metadata) -> None:
        """Take up every component, first the one that the BOM describes; nested ones after those around them."""
        for part, place in _walk(bom, meta):
            self.take(part, place)

    def take(self, part: Part, place: str) -> None:
        """Take up one component."""
        written, name, purl = part.ref or "", part.name or "", (part.purl or "").strip()
        is_root = place == "metadata.component"
        key = (written, name, part.version or "", purl)
        if written and key in self._seen:  # the same component once more: syft#2062, trivy#4447
            self._merge(self._seen[key], part, place)
            return
        identity = identity_of(purl, part.version or "", self._notes, place)
        ref = self._refs.unique(written or place)
        if not written:
            pass
        elif written in self.names:
            self._notes.add(f"{place}.bom-ref", f"{shown(written)} stands twice; this one goes by {shown(ref)}")
        else:
            self.names[written] = ref
        if not purl:
            if not name and not is_root:
                self._notes.add(place, "a component without name and purl", lost=True)
            self.unidentified += not is_root and part.type not in _NO_PACKAGES
        self._seen[key] = ref
        if is_root:
            self.root = ref
        self.components[ref] = Component(
            ref=ref,
            name=name or (identity.package or ""),
            package=identity.package,
            version=identity.version,
            purl=purl,
            sha256=self._hashes(part, place),
            optional=_is_optional(part),
            origin=identity.origin,
            index=identity.index,
        )
        self.places.append(place)

    def _merge(self, ref: str, part: Part, place: str) -> None:
        row = self.components[ref]
        hashes = tuple(dict.fromkeys((*row.sha256, *self._hashes(part, place))))
        self.components[ref] = replace(row, sha256=hashes, optional=row.optional and _is_optional(part))

    def _hashes(self, part: Part, place: str) -> tuple[str, ...]:
        """Return the SHA-256 of a component and of the archives it was distributed as."""
        named = [(f"{place}.hashes", one) for one in part.hashes or ()]
        for number, reference in enumerate(part.references or ()):
            if reference.type == "distribution":
                named += [(f"{place}.externalReferences[{number}].hashes", one) for one in reference.hashes or ()]
        found = [self._notes.sha256(one.content or "", where) for where, one in named if one.alg == "SHA-256"]
        return tuple(sorted({digest for digest in found if digest}))


def _is_optional(part: Part) -> bool:
    return (part.scope or "").lower() in {"optional", "excluded"} or part.external is True


def _walk(bom: Bom, meta: Metadata) -> Iterator[tuple[Part, str]]:
    """Yield every component with its place. Nesting is assembly and makes no edge."""
    waiting = [(part, f"components[{i}]") for i, part in enumerate(bom.components or ())]
    if meta.component:
        waiting.insert(0, (meta.component, "metadata.component"))
    for part, place in waiting:
        yield part, place
        waiting.extend((inner, deeper(place, i)) for i, inner in enumerate(part.components or ()))
