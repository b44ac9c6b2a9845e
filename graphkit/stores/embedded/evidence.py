"""The organisation's side of the compiled index; blobs are decoded when asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

import msgspec
import numpy as np

from graphkit.model.documents import Component, Document, Edge, Problem
from graphkit.model.incidents import Incident
from graphkit.model.organisation import Organisation
from graphkit.stores import port
from graphkit.stores.embedded import csr
from graphkit.stores.embedded.folder import IndexFolder
from graphkit.stores.embedded.purls import purl_key
from graphkit.stores.embedded.texts import Texts

_INCIDENTS, _ORGANISATION, _PROBLEMS = 0, 1, 2
_Rows = port.Offsets


class IndexEvidence:
    """`port.Evidence` over a compiled index."""

    def __init__(self, index: IndexFolder) -> None:
        self._sha256, self._heads = index.texts("document.sha256"), index.texts("document.head")
        self._lists, self._row_start = index.arrays(("document.list", "row.start"))
        self._bodies, self._wholes = index.texts("list.body"), index.texts("whole")
        self._by_package, self._by_purl, self._by_hash = (
            _LookUp(index, "package"),
            _LookUp(index, "purl"),
            _LookUp(index, "hash"),
        )

    def incidents(self) -> tuple[Incident, ...]:
        """Return all incidents and advisories, by id. Decoded once."""
        return self._incidents

    @cached_property
    def _incidents(self) -> tuple[Incident, ...]:
        return msgspec.json.decode(self._wholes.raw(_INCIDENTS), type=tuple[Incident, ...])

    def organisation(self) -> Organisation:
        """Return every organisation fact, joined. Decoded once."""
        return self._organisation

    @cached_property
    def _organisation(self) -> Organisation:
        return msgspec.json.decode(self._wholes.raw(_ORGANISATION), type=Organisation)

    def heads(self, documents: Sequence[str]) -> tuple[Document, ...]:
        """Return documents without components and edges, in the order asked.

        Raises:
            KeyError: one of them is not kept.
        """
        return tuple(_HEAD.decode(self._heads.raw(self._place(sha256))) for sha256 in documents)

    def document(self, sha256: str) -> Document:
        """Return one whole document; only this one is decoded.

        Raises:
            KeyError: there is none.
        """
        place = self._place(sha256)
        head: Document = _HEAD.decode(self._heads.raw(place))
        if (body := int(self._lists[place])) < 0:
            return head
        components, edges = _BODY.decode(self._bodies.raw(body))
        return replace(head, components=components, edges=edges)

    def _place(self, sha256: str) -> int:
        if (place := int(self._sha256.find([sha256])[0])) < 0:
            raise KeyError(sha256)
        return place

    def listings(self, packages: Sequence[str], purls: Sequence[str], hashes: Sequence[str]) -> port.Listings:
        """Return rows by package, by purl without version, or by file hash; sorted by document, row."""
        if packages or purls or hashes:
            rows = np.unique(
                np.concatenate(
                    [
                        self._by_package.rows(packages),
                        self._by_purl.rows([purl_key(purl) for purl in purls]),
                        self._by_hash.rows([sha256.lower() for sha256 in hashes]),
                    ]
                )
            )
        else:
            rows = np.arange(self._row_start[-1], dtype=np.int64)
        documents = np.searchsorted(self._row_start, rows, side="right") - 1
        component = (rows - self._row_start[documents]).astype(np.int32)
        component.flags.writeable = False
        return port.Listings(document=self._sha256.at(documents), component=component)

    def problems(self) -> tuple[tuple[str, Problem], ...]:
        """Return every document's problems as (path, problem), sorted."""
        return msgspec.json.decode(self._wholes.raw(_PROBLEMS), type=tuple[tuple[str, Problem], ...])


_HEAD = msgspec.json.Decoder(Document)
_BODY = msgspec.json.Decoder(tuple[tuple[Component, ...], tuple[Edge, ...]])


class _LookUp:
    """Document rows by a sorted text key."""

    __slots__ = ("_rows", "_start", "_texts")

    def __init__(self, index: IndexFolder, kind: str) -> None:
        self._texts: Texts = index.texts(f"by_{kind}.text")
        self._start, self._rows = index.arrays((f"by_{kind}.start", f"by_{kind}.row"))

    def rows(self, keys: Sequence[str]) -> _Rows:
        """Return the rows of all keys that are there."""
        found = self._texts.find(keys)
        _, rows = csr.gather(self._start, self._rows, found[found >= 0])
        return rows
