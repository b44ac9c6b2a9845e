"""The organisation's side of the compiled index; blobs are decoded when asked for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import msgspec
import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from graphkit.model import csr
from graphkit.model.documents import Component, Document, Edge, Problem, usual_places
from graphkit.model.incidents import Incident
from graphkit.model.names import purl_key
from graphkit.model.organisation import Organisation
from graphkit.stores import port
from graphkit.stores.engine.component_bodies import component_of
from graphkit.stores.engine.index_folder import IndexFolder
from graphkit.stores.engine.texts import Texts

_INCIDENTS, _ORGANISATION, _PROBLEMS = 0, 1, 2
_NONE = b"[]"


class IndexEvidence:
    """`port.Evidence` over a compiled index."""

    def __init__(self, index: IndexFolder) -> None:
        self._sha256, self._heads = index.texts("document.sha256"), index.texts("document.head")
        self._lists, self._list_start, self._components = index.columns(
            ("document.list", "list.start", "list.component")
        )
        self._bodies, self._places, self._wholes = map(index.texts, ("component.body", "list.places", "whole"))
        self._edge_start, self._sources, self._targets = index.columns(
            ("list.edge_start", "list.edge_source", "list.edge_target")
        )
        self._row_start, self._rows = index.columns(("component.row_start", "component.row"))
        self._document_start, self._documents = index.columns(("list.document_start", "list.document"))
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
        raw = self._wholes.raw(_INCIDENTS)
        # To read none, msgspec looks at the fields of all that is in an incident: it takes longer than to find out.
        return msgspec.json.decode(raw, type=tuple[Incident, ...]) if raw != _NONE else ()

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
        return tuple(map(_HEAD.decode, self._heads.parts(self._places_of(documents))))

    def document(self, sha256: str) -> Document:
        """Return one whole document; only this one is decoded.

        Raises:
            KeyError: there is none.
        """
        place = int(self._places_of([sha256])[0])
        head: Document = _HEAD.decode(self._heads.raw(place))
        number = int(self._lists[place])
        first, last = map(int, self._list_start[number : number + 2])
        numbers = self._components[first:last].tolist()
        near, far = map(int, self._edge_start[number : number + 2])
        edges = zip(self._sources[near:far].tolist(), self._targets[near:far].tolist(), strict=True)
        return replace(
            head,
            components=tuple(component_of(self._bodies.raw(one), row) for row, one in enumerate(numbers)),
            places=self._place_in(number, len(numbers)),
            edges=tuple(Edge(source=str(source), target=str(target)) for source, target in edges),
        )

    def outlines(self, documents: Sequence[str], rows: Sequence[int]) -> port.Outlines:
        """Return the outlines of documents, in the order asked, each with a row of it.

        Raises:
            KeyError: one of them is not kept.
        """
        lists = self._lists[self._places_of(documents)]
        start, content = csr.gather(self._list_start, self._components, lists)
        edge_start, source = csr.gather(self._edge_start, self._sources, lists)
        _, target = csr.gather(self._edge_start, self._targets, lists)
        places = map(self._place_in, lists.tolist(), np.diff(start).tolist())
        return port.Outlines(
            start=start,
            content=content,
            edge_start=edge_start,
            source=source,
            target=target,
            location=tuple(own[row] if own else "" for own, row in zip(places, rows, strict=True)),
        )

    def _place_in(self, number: int, count: int) -> tuple[str, ...]:
        """Return where the rows of a list stand."""
        places = self._places.raw(number)
        return _PLACES.decode(places) if places else usual_places(count)

    def _places_of(self, documents: Sequence[str]) -> NDArray[np.int32]:
        places = self._sha256.find(documents)
        if (missing := np.flatnonzero(places < 0)).size:
            raise KeyError(documents[int(missing[0])])
        return places

    def listings(self, packages: Sequence[str], purls: Sequence[str], hashes: Sequence[str]) -> port.Listings:
        """Return rows by package, by purl without version, or by file hash; sorted by document, row."""
        if packages or purls or hashes:
            components = np.concatenate(
                [
                    self._by_package.components(packages),
                    self._by_purl.components([purl_key(purl) for purl in purls]),
                    self._by_hash.components([sha256.lower() for sha256 in hashes]),
                ]
            )
            _, rows = csr.gather(self._row_start, self._rows, csr.distinct(components))
        else:
            rows = np.arange(len(self._components), dtype=np.int32)
        lists = np.searchsorted(self._list_start, rows, side="right") - 1
        start, documents = csr.gather(self._document_start, self._documents, lists)
        component = np.repeat(rows - self._list_start[lists], np.diff(start)).astype(np.int32)
        order = np.lexsort((component, documents))
        component, content = component[order], np.repeat(self._components[rows], np.diff(start))[order]
        component.flags.writeable = content.flags.writeable = False
        return port.Listings(document=self._sha256.at(documents[order]), component=component, content=content)

    def components(self, listings: port.Listings) -> tuple[Component, ...]:
        """Return the component of each listing, in their order; of those that say the same one is decoded."""
        return tuple(map(component_of, self._bodies.parts(listings.content), listings.component.tolist()))

    def problems(self) -> tuple[tuple[str, Problem], ...]:
        """Return every document's problems as (path, problem), sorted."""
        return msgspec.json.decode(self._wholes.raw(_PROBLEMS), type=tuple[tuple[str, Problem], ...])


_HEAD = msgspec.json.Decoder(Document)
_PLACES = msgspec.json.Decoder(tuple[str, ...])


class _LookUp:
    """Components by a sorted text key."""

    __slots__ = ("_components", "_start", "_texts")

    def __init__(self, index: IndexFolder, kind: str) -> None:
        self._texts: Texts = index.texts(f"by_{kind}.text")
        self._start, self._components = index.columns((f"by_{kind}.start", f"by_{kind}.component"))

    def components(self, keys: Sequence[str]) -> NDArray[np.int32]:
        """Return the components of all keys that are there."""
        found = self._texts.find(keys)
        _, components = csr.gather(self._start, self._components, found[found >= 0])
        return components
