"""What lock files share: rows under their names, edges between them, digests, and markers without extras."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Final

from packaging.specifiers import SpecifierSet

from graphkit.model.documents import Basis, Completeness, Component, Document, DocumentKind, Edge
from graphkit.model.names import BadName, PackageName, package_name
from graphkit.model.versions import release_version
from graphkit.sources.documents.rows import Notes, Refs

_EXTRA: Final = re.compile(
    r"\bextra\s*[!=]=\s*(?:\"[^\"]*\"|'[^']*')|(?:\"[^\"]*\"|'[^']*')\s*[!=]=\s*extra\b"
    r"|(?:\"[^\"]*\"|'[^']*')\s*(?:not\s+)?in\s+extras\b"
)
_ALWAYS: Final = 'python_version >= "0"'


def without_extras(marker: str) -> str:
    """Return a marker in which every comparison with an extra holds: which were asked for, no lock says.

    >>> without_extras('extra == "proxy" and os_name == "nt"')
    'python_version >= "0" and os_name == "nt"'
    """
    return _EXTRA.sub(_ALWAYS, marker)


def name_in(table: dict[str, Any], place: str, notes: Notes) -> PackageName | None:
    """Return the package that a row names, None (and noted as lost) where it names none."""
    if not (raw := notes.text(table.get("name"), f"{place}.name")):
        notes.add(place, "a package without a name was left out", lost=True)
        return None
    try:
        return package_name(raw)
    except BadName as error:
        notes.add(f"{place}.name", str(error), lost=True)
        return None


def tables_in(value: Any, place: str, notes: Notes) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the tables of an array of packages with their places; anything else in it is noted as lost."""
    for number, one in enumerate(notes.array(value, place)):
        where = f"{place}[{number}]"
        if isinstance(one, dict):
            yield where, one
        else:
            notes.table(one, where)
            notes.lost = True


def sha256_in(hashes: Iterable[tuple[str, Any]], notes: Notes) -> tuple[str, ...]:
    """Return the SHA-256 among ``algorithm:digest`` texts, given with their places; sorted, each once."""
    found = set()
    for place, value in hashes:
        kind, _, digest = notes.text(value, place).partition(":")
        if kind == "sha256" and (known := notes.sha256(digest, place)):
            found.add(known)
    return tuple(sorted(found))


class LockRows:
    """The rows of a lock in their order, each under its name, and the edges that were linked."""

    def __init__(self, notes: Notes) -> None:
        self.components: list[Component] = []
        self.places: list[str] = []
        self.edges: dict[Edge, None] = {}
        self._notes = notes
        self._refs = Refs()
        self._by_name: dict[PackageName, list[Component]] = {}

    def add(self, name: PackageName, row: Component, place: str) -> str:
        """Take up a row and return the ref it got."""
        self.places.append(place)
        ref = self._refs.unique(f"{name}@{row.version}" if row.version else name)
        self.components.append(replace(row, ref=ref))
        self._by_name.setdefault(name, []).append(self.components[-1])
        return ref

    def link(self, source: str, wanted: PackageName, specifier: str, place: str, *, sure: bool) -> None:
        """Lead a row to every row that a dependency may mean: all of the name, narrowed where several fit.

        ``sure``: it holds everywhere, so that a lock without it is odd; others are locked only where
        the lock's own Python, platforms and extras need them.
        """
        found = self._by_name.get(wanted, [])
        if not found and sure:
            self._notes.add(place, f"{wanted} is no package of this lock; the dependency was left out")
        if len(found) > 1 and specifier:
            found = [row for row in found if _fits(row.version, specifier)] or found
        for row in found:
            if row.ref != source:
                self.edges[Edge(source=source, target=row.ref)] = None

    def document(self, data: bytes, path: str, kind: str, requires_python: str) -> Document:
        """Return the lock: all that was taken up and noted so far. ``kind`` is its format as answers show it."""
        return Document(
            sha256=hashlib.sha256(data).hexdigest(),
            path=path,
            kind=DocumentKind.LOCK,
            format=kind,
            basis=Basis.LOCKED,
            components=tuple(self.components),
            places=tuple(self.places),
            edges=tuple(self.edges),
            roots=self.roots(),
            requires_python=requires_python,
            completeness=Completeness.INCOMPLETE if self._notes.lost else Completeness.COMPLETE,
            problems=tuple(self._notes.problems),
        )

    def roots(self) -> tuple[str, ...]:
        """Return what nothing in the lock requires, and one row of each cycle that nothing else leads to.

        These locks do not name what they were made for. Every row is reached from the roots.
        """
        targets: dict[str, list[str]] = {}
        for edge in self.edges:
            targets.setdefault(edge.source, []).append(edge.target)
        required = {edge.target for edge in self.edges}
        refs = [row.ref for row in self.components]
        found, seen = [], set[str]()
        for ref in [*(ref for ref in refs if ref not in required), *refs]:
            if ref in seen:
                continue
            found.append(ref)
            waiting = [ref]
            while waiting:
                if (one := waiting.pop()) not in seen:
                    seen.add(one)
                    waiting += targets.get(one, ())
        return tuple(found)


def _fits(version: str, specifier: str) -> bool:
    """Return whether a version is of a specifier; what cannot be read may be."""
    parsed = release_version(version).parsed
    try:
        return parsed is None or SpecifierSet(specifier).contains(parsed, prereleases=True)
    except ValueError:  # InvalidSpecifier is one; so are more digits than int() reads in one go
        return True
