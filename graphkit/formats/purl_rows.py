"""Rows of documents that list packages by purl and no more: Trivy's reports, dependency snapshots, provenance."""

from __future__ import annotations

import re
from typing import Final

from msgspec.structs import replace

from graphkit.formats.diagnostics import Diagnostics
from graphkit.formats.named_releases import NamedReleases
from graphkit.formats.purls import Identity, another_version, identity_of
from graphkit.formats.refs import Refs
from graphkit.model.documents import Component

OTHERS: Final = re.compile(rb"\"(?:bomFormat|spdxVersion|@context|predicateType)\"\s*:")
"""Keys of SBOMs and attestations: broken JSON that has one is for their readers to reject."""


class PurlRows:
    """Rows under refs of their own, each with its place in the document; `close` ends them.

    ``named`` takes texts beside the rows that may name releases: `close` makes rows of those. ``listed``: rows that say
    only what may be installed, by their refs; those of texts are among them.
    """

    def __init__(self, diagnostics: Diagnostics) -> None:
        self.components: dict[str, Component] = {}
        self.places: list[str] = []
        self.listed: set[str] = set()
        self.named = NamedReleases()
        self._diagnostics = diagnostics
        self._refs = Refs()

    def identity(self, purl: str, version: str, place: str) -> Identity:
        """Return who a purl says a row is; see `graphkit.formats.purls.identity_of`."""
        self.named.take_qualifiers(purl, place)
        return identity_of(purl, version, self._diagnostics, place)

    def add(self, row: Component, place: str, written: str = "") -> str:
        """Take up a row and return its ref, which is ``row.ref``, with a number behind it where that was taken.

        ``written`` is the version beside the purl: where the purl has another one, either may be meant, and there
        is a row for each.
        """
        ref = self._refs.unique(row.ref or place)
        self._keep(replace(row, ref=ref), place)
        other = another_version(Identity(package=row.package, version=row.version), written)
        if other and row.version:
            self._keep(replace(row, ref=self._refs.unique(ref), version=other, sha256=()), place)
        return ref

    def close(self) -> None:
        """Add the releases that texts beside the rows name: each is `listed`, for nothing says that it is installed."""
        for row, place in self.named.rows([*self.components.values()], self._refs):
            self._keep(replace(row, optional=True), place)
            self.listed.add(row.ref)

    def shown(self, *, is_listed: bool) -> tuple[Component, ...]:
        """Return the rows as the document has them; of one that is not `listed` as a whole, such rows are optional."""
        if is_listed:
            return tuple(self.components.values())
        return tuple(replace(row, optional=row.optional or ref in self.listed) for ref, row in self.components.items())

    def _keep(self, row: Component, place: str) -> None:
        self.components[row.ref] = row
        self.places.append(place)
