"""Relationships of an SPDX 2 document (SPDX 2.3, clause 11) as edges, roots and optional packages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from graphkit.formats.diagnostics import Diagnostics, quoted
from graphkit.formats.spdx2.shape import Relationship, Spdx
from graphkit.model.documents import Edge

NO_ELEMENTS: Final = frozenset({"NONE", "NOASSERTION"})

_DOWN: Final = frozenset({"DEPENDS_ON", "DYNAMIC_LINK", "STATIC_LINK", "HAS_PREREQUISITE"})
"""The element depends on the related one."""
_UP: Final = frozenset(
    {
        *("DEPENDENCY_OF", "RUNTIME_DEPENDENCY_OF", "PROVIDED_DEPENDENCY_OF", "BUILD_DEPENDENCY_OF"),
        *("BUILD_TOOL_OF", "PREREQUISITE_FOR"),
    }
)
"""The related element depends on this one."""
_UP_OPTIONAL: Final = frozenset(
    {
        *("DEV_DEPENDENCY_OF", "OPTIONAL_DEPENDENCY_OF", "TEST_DEPENDENCY_OF"),
        *("DEV_TOOL_OF", "TEST_TOOL_OF", "OPTIONAL_COMPONENT_OF"),
    }
)
_HOLDS: Final = frozenset({"CONTAINS"})
_HELD: Final = frozenset({"CONTAINED_BY", "PACKAGE_OF"})
_DESCRIBES: Final = frozenset({"DESCRIBES", "DESCRIBE"})  # Trivy of 2022 writes the second
_SILENT: Final = frozenset(
    {
        *("OTHER", "AMENDS", "ANCESTOR_OF", "COPY_OF"),
        *("DATA_FILE_OF", "DEPENDENCY_MANIFEST_OF", "DESCENDANT_OF", "DISTRIBUTION_ARTIFACT"),
        *("DOCUMENTATION_OF", "EXAMPLE_OF", "EXPANDED_FROM_ARCHIVE", "FILE_ADDED"),
        *("FILE_DELETED", "FILE_MODIFIED", "GENERATED_FROM", "GENERATES"),
        *("HAS_EXAMPLE", "METAFILE_OF", "PATCH_APPLIED", "PATCH_FOR"),
        *("REQUIREMENT_DESCRIPTION_FOR", "SPECIFICATION_FOR", "TEST_CASE_OF", "TEST_OF"),
        "VARIANT_OF",
    }
)
"""Types of the standard that say nothing of what depends on what; OTHER is Syft's ``evident-by``, mostly."""
_READ: Final = _DOWN | _UP | _UP_OPTIONAL | _HOLDS | _HELD | _DESCRIBES | {"DESCRIBED_BY"}


class Relationships:
    """What the relationships say.

    ``roots``: what the document describes, then what hangs on the document itself, then what else
    nothing depends on; ``described`` the first of these. ``optional``: reached from a development,
    test or optional dependency and from nothing else. ``is_known``: some dependency is told, be it
    as ``NONE``; that one element contains another counts where the container is a Python package,
    as sbom4python wrote it (sbom4python#2). ``contents``: our refs of packages, each with the id of
    what else it contains: files, mostly. Cost: linear.
    """

    def __init__(
        self, document: Spdx, names: Mapping[str, str], python: frozenset[str], diagnostics: Diagnostics
    ) -> None:
        self._names = names
        self._diagnostics = diagnostics
        self._self = {document.id or "SPDXRef-DOCUMENT", "SPDXRef-DOCUMENT"}
        others = (*(document.files or ()), *(document.snippets or ()))
        self._others = NO_ELEMENTS.union(one.id for one in others if one.id) | self._self
        self.contents: list[tuple[str, str]] = []
        self._edges: dict[Edge, None] = {}
        self._needs: dict[str, list[str]] = {}
        self._weak: dict[str, None] = {}
        self._hanging: dict[str, None] = {}
        self._described: dict[str, None] = {}
        self.is_known = False
        for number, name in enumerate(document.described or ()):
            if ref := self._known(name, f"documentDescribes[{number}]"):
                self._described[ref] = None
        self._read(document, python)
        self._check_files(document)
        self.edges = tuple(self._edges)
        self.described = tuple(self._described)
        targets = {edge.target for edge in self.edges if edge.source != edge.target}
        tops = (edge.source for edge in self.edges if edge.source not in targets)
        self.roots = tuple(dict.fromkeys((*self._described, *self._hanging, *tops)))
        self.optional = self._optional()

    def _read(self, document: Spdx, python: frozenset[str]) -> None:
        odd: set[str] = set()
        for number, one in enumerate(document.relationships or ()):
            kind = (one.type or "").strip().upper().replace("-", "_")
            place = f"relationships[{number}]"
            if kind not in _READ:
                self._far(one, place)
                if kind not in _SILENT and kind not in odd:
                    odd.add(kind)
                    self._diagnostics.add(
                        f"{place}.relationshipType", f"{quoted(one.type)} is not an SPDX 2 type; ignored"
                    )
                continue
            left, right = (one.element or "").strip(), (one.related or "").strip()
            near = self._known(left, f"{place}.spdxElementId")
            far = self._known(right, f"{place}.relatedSpdxElement")
            if kind in _DESCRIBES or kind == "DESCRIBED_BY":
                if ref := near if kind == "DESCRIBED_BY" else far:
                    self._described[ref] = None
            elif kind in _DOWN or kind in _HOLDS:
                self._add(near, far, kind, source=left, target=right, python=python)
            else:
                self._add(far, near, kind, source=right, target=left, python=python)

    def _far(self, one: Relationship, place: str) -> None:
        """Leave it open where a relationship that says nothing of dependencies leads out of the document."""
        for key, written in (("spdxElementId", one.element), ("relatedSpdxElement", one.related)):
            if (written or "").strip().startswith("DocumentRef-"):
                self._diagnostics.leave_open(f"{place}.{key}", f"{quoted(written)}, which is in another document")
            else:
                self._known((written or "").strip(), f"{place}.{key}")

    def _check_files(self, document: Spdx) -> None:
        """Leave it open where a snippet or a file names a file that is not in the document."""
        for number, snippet in enumerate(document.snippets or ()):
            if snippet.file:
                self._known(snippet.file.strip(), f"snippets[{number}].snippetFromFile")
        for number, file in enumerate(document.files or ()):
            for at, needed in enumerate(file.needs or ()):
                self._known((needed or "").strip(), f"files[{number}].fileDependencies[{at}]")

    def _add(self, near: str, far: str, kind: str, *, source: str, target: str, python: frozenset[str]) -> None:
        """Take up that ``near`` needs or holds ``far``, our refs for elements as written."""
        holds = kind in _HOLDS or kind in _HELD
        if source in self._self and far:
            self._hanging[far] = None
        if near and target == "NONE" and not holds:
            self.is_known = True
        if not near or not far:
            self.contents += [(near, target)] if near and holds else []
            return
        self._edges[Edge(source=near, target=far)] = None
        self.is_known |= near in python if holds else True
        if kind in _UP_OPTIONAL:
            self._weak[far] = None
        elif not holds:
            self._needs.setdefault(near, []).append(far)

    def _known(self, written: str, place: str) -> str:
        """Return our ref for an id as written, empty for what is no package here."""
        if found := self._names.get(written):
            return found
        if written not in self._others:
            where = (
                "points into another document"
                if written.startswith("DocumentRef-")
                else "is not an element of this document"
            )
            self._diagnostics.add(place, f"{quoted(written)} {where}; the relationship was left out", lost=True)
        return ""

    def _optional(self) -> frozenset[str]:
        held = self._reached(ref for ref in self._weak if ref not in self._described)
        free = dict.fromkeys((*self._needs, *self._described, *self._hanging))
        needed = self._reached(ref for ref in free if ref not in held or ref in self._described)
        return frozenset(held - needed)

    def _reached(self, refs: Iterable[str]) -> set[str]:
        found = set(refs)
        waiting = list(found)
        while waiting:
            for target in self._needs.get(waiting.pop(), ()):
                if target not in found:
                    found.add(target)
                    waiting.append(target)
        return found
