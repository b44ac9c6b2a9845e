"""The documents of one case, read as far as the case is about them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Final, NamedTuple

import numpy as np
from packaging.utils import canonicalize_name

from graphkit.model.answers import Path
from graphkit.model.documents import Component, Document, DocumentKind, is_attested, line_among, location_of
from graphkit.model.names import PackageName
from graphkit.model.organisation import DocumentUse
from graphkit.model.times import Moment
from graphkit.stores import port
from graphkit.trace.case import Case
from graphkit.trace.evidence.service_facts import service_facts
from graphkit.trace.evidence.ways import label_of, path_along, ways_to

Said = tuple[int, ...]
"""What the rows of a document say by which it can matter, in numbers, in the order of the rows.

Equal for documents that say the same.
"""


class RowShown(NamedTuple):
    """A row as an answer shows it: where it stands, in words and as its line, and the way to it in its document."""

    location: str
    line: int
    path: Path


_Folder = tuple[str, tuple[str, ...]]
"""A repository or folder given, and the parts of the path of a folder in it."""


_MOST_HELD: Final = 2_000
"""How many documents are held at once; of a fleet each is asked for several times, and then never again."""


class CaseDocuments:
    """Documents by sha256, read when asked for: whole where a row may matter to the case, else the head alone."""

    def __init__(self, reader: port.Reader, case: Case) -> None:
        self._reader = reader
        self._evidence = reader.evidence()
        hashes = {file.sha256 for release in case.releases for file in release.files if file.sha256}
        hashes |= {one.value for file in case.files for one in file.hashes}
        self._packages = case.packages
        self.organisation = self._evidence.organisation()
        aliases = [
            purl for one in self.organisation.aliases.packages if one.package in self._packages for purl in one.purls
        ]
        purls = sorted(case.purls)
        asked = self._packages or purls or hashes
        names = sorted(self._packages | case.imports)
        rows = self._evidence.listings(names, [*purls, *aliases], sorted(hashes)) if asked else None
        self._rows: dict[str, dict[int, int]] = {}
        """By document the first row that says each thing by which it can matter."""
        self._read: dict[str, Document] = {}
        self._whole: dict[str, Document] = {}
        self._is_attested = False
        self._mirrors: set[str] = set()
        self._manifests: dict[str, list[Document]] | None = None
        self._workspaces: frozenset[_Folder] | None = None
        self._folders: dict[str, set[_Folder]] = {}
        if rows is not None:
            self.take_up(rows)
        # What another ecosystem calls a package, and files of any package, cannot be looked up by name.
        unnamed = [one.package is None and not one.purl for one in case.files]
        unnamed += [one.package is None and not one.purl for one in case.undecided]
        self._everything = bool(purls) or any(unnamed)
        self.services = service_facts(self._evidence)

    @property
    def naming(self) -> Mapping[str, Said]:
        """What every document says of which rows are known to matter, by sha256."""
        return {sha256: _in_order(rows) for sha256, rows in self._rows.items()}

    def take_up(self, rows: port.Listings) -> None:
        """Take rows for such as matter to the case."""
        # Where a document describes something, that is its first row in most formats: it is told from others.
        words = rows.content.astype(np.int64) * 2 + (rows.component == 0)
        for sha256, said, row in zip(rows.document, words.tolist(), rows.component.tolist(), strict=True):
            known = self._rows.setdefault(sha256, {})
            if said not in known:
                known[said] = row
                self._read.pop(sha256, None)

    def rows_of(self, packages: Sequence[PackageName]) -> port.Listings:
        """Return where documents list packages."""
        return self._evidence.listings(packages, (), ())

    def components(self, listings: port.Listings) -> tuple[Component, ...]:
        """Return the component of each listing, in their order."""
        return self._evidence.components(listings)

    def on_index(self, packages: Sequence[PackageName]) -> set[PackageName]:
        """Return which packages installs may find, since a page or table of them was read."""
        ids = self._reader.package_ids(packages)
        known = [package for package, package_id in zip(packages, ids.tolist(), strict=True) if package_id >= 0]
        found = self._reader.packages(ids[ids >= 0]).is_listed_somewhere
        return {package for package, is_read in zip(known, found.tolist(), strict=True) if is_read}

    def subjects(self, documents: Sequence[str]) -> list[str]:
        """Return what each of some SBOMs describes, by the name that a package of it would have.

        Empty where one does not say, and for other documents.
        """
        known = {one.uses[0].document: one.single_sbom.subject for one in self.services if one.single_sbom}
        others = [sha256 for sha256 in documents if sha256 not in known]
        for sha256, head in zip(others, self._evidence.heads(others), strict=True):
            known[sha256] = canonicalize_name(head.subject) if head.kind is DocumentKind.SBOM and head.subject else ""
        return [known[sha256] for sha256 in documents]

    def manifests_of(self, package: PackageName) -> Sequence[Document]:
        """Return the manifests of projects of a name, each once. Cost: the first time, a head of every input."""
        if self._manifests is None:
            found: dict[str, list[Document]] = {}
            for head in self._heads_of_inputs():
                if head.kind is DocumentKind.MANIFEST and head.subject:
                    found.setdefault(canonicalize_name(head.subject), []).append(head)
            self._manifests = found
        return self._manifests.get(package, ())

    def is_in_workspace(self, manifest: Document) -> bool:
        """Return whether a manifest lies, or lay, below the root of a workspace of uv, whichever service has that.

        Cost: as of `manifests_of`.
        """
        if self._workspaces is None:
            for one in self._uses_of_inputs():
                path = PurePosixPath(one.path)
                self._folders.setdefault(one.document, set()).add((one.repository, path.parent.parts))
            roots = (one for one in self._heads_of_inputs() if one.guards is not None and one.guards.is_workspace)
            self._workspaces = frozenset(place for root in roots for place in self._places_of(root))
        return any(
            (repository, folder[:depth]) in self._workspaces
            for repository, folder in self._places_of(manifest)
            for depth in range(len(folder))
        )

    def _places_of(self, document: Document) -> set[_Folder]:
        return self._folders.get(document.sha256, set()) | {("", PurePosixPath(document.path).parent.parts)}

    def _uses_of_inputs(self) -> Iterator[DocumentUse]:
        return (use for one in self.services if one.single_sbom is None for use in one.uses)

    def _heads_of_inputs(self) -> Sequence[Document]:
        return self._evidence.heads(sorted({use.document for use in self._uses_of_inputs()}))

    def said(self, sha256: str) -> Said | None:
        """Return what the rows say by which a document can matter, in numbers; None where all of it may matter."""
        return None if self._everything else _in_order(self._rows.get(sha256, {}))

    def rows_said(self, sha256: str) -> Sequence[int]:
        """Return the first row that says each thing by which a document can matter, in their order."""
        return sorted(self._rows.get(sha256, {}).values())

    def rows_shown(self, asked: Sequence[tuple[str, str, int]]) -> Iterator[RowShown | None]:
        """Yield rows as answers show them; None where a document does not say where its rows stand.

        ``asked``: of each the document, the path that this goes by, and the number of the row. Cost: a head and the
        numbers of each document, and the rows on the ways.
        """
        documents, rows = [sha256 for sha256, _, _ in asked], [row for _, _, row in asked]
        heads = self._evidence.heads(documents)
        outlines = self._evidence.outlines(documents, rows)
        first = outlines.start.tolist()
        counts = np.diff(outlines.start).tolist()
        roots = [_numbers(head.roots, count) for head, count in zip(heads, counts, strict=True)]
        ways = ways_to(rows, roots, outlines)
        contents = [
            outlines.content[start + np.array(way or [row])].tolist()
            for start, way, row in zip(first, ways, rows, strict=False)
        ]
        labels = self._labels(documents, [way or [row] for way, row in zip(ways, rows, strict=True)], contents)
        for (sha256, path, row), head, way, said, place in zip(
            asked, heads, ways, contents, outlines.location, strict=True
        ):
            line = line_among(head.lines, path, row)
            shown = path_along([labels[one] for one in said], path, sha256, is_led_to=bool(way))
            yield RowShown(location_of(head.lines, place, line), line, shown) if place else None

    def _labels(
        self, documents: Sequence[str], ways: Sequence[Sequence[int]], contents: Sequence[Sequence[int]]
    ) -> Mapping[int, str]:
        """Return what the rows on some ways are called, by their content."""
        found = {
            content: (sha256, row)
            for sha256, way, said in zip(documents, ways, contents, strict=True)
            for row, content in zip(way, said, strict=True)
        }
        listings = port.Listings(
            document=tuple(sha256 for sha256, _ in found.values()),
            component=np.array([row for _, row in found.values()], dtype=np.int32),
            content=np.array(list(found), dtype=np.int32),
        )
        rows = self._evidence.components(listings)
        return {content: label_of(one.name, one.version) for content, one in zip(found, rows, strict=True)}

    def __call__(self, sha256: str) -> Document:
        """Return a document; KeyError where the graph keeps none of these bytes."""
        if sha256 not in self._read:
            read = self._evidence.document
            _let_go(self._read)
            found = read(sha256) if self.said(sha256) != () else self._evidence.heads([sha256])[0]
            self._read[sha256] = found
            self._is_attested |= is_attested(found)
            self._mirrors.update(row.index for row in found.components if row.index and row.package in self._packages)
        return self._read[sha256]

    def whole(self, sha256: str) -> Document:
        """Return a document with all of its rows; KeyError as above."""
        if self.said(sha256) != ():
            return self(sha256)
        if sha256 not in self._whole:
            _let_go(self._whole)
            self._whole[sha256] = self._evidence.document(sha256)
        return self._whole[sha256]

    def imprecise(self) -> list[str]:
        """Return the services of which a time that counts is no single instant, as somebody wrote it."""
        found = set()
        for account in self.services:
            times: list[Moment | None] = [at for one in account.builds for at in (one.at, one.started, one.ended)]
            for use in account.uses:
                times += [use.built_at, use.stands_from, use.read_at]
            if any(at is not None and not at.is_exact for at in times):
                found.add(str(account.service.id))
        return sorted(found)

    def has_attested(self) -> bool:
        """Return whether a document that was read came in an attestation."""
        return self._is_attested

    def mirrors(self) -> list[str]:
        """Return the index addresses that documents name for a package of the case, sorted."""
        return sorted(self._mirrors)


def _in_order(rows: Mapping[int, int]) -> Said:
    return tuple(rows) if len(rows) < 2 else tuple(sorted(rows, key=rows.__getitem__))


def _numbers(roots: Sequence[str], count: int) -> list[int]:
    """Return the roots that are rows; others lead nowhere."""
    return [int(one) for one in roots if one.isdecimal() and one == str(int(one)) and int(one) < count]


def _let_go(held: dict[str, Document]) -> None:
    """Let go of the document that was read first, where there are many."""
    if len(held) >= _MOST_HELD:
        del held[next(iter(held))]
