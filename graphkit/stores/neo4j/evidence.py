"""The organisation's side on the server."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any, Final, Protocol

import msgspec
import numpy as np
from msgspec.structs import replace

from graphkit.model.documents import Component, Document, Edge, Problem, usual_places
from graphkit.model.incidents import Incident
from graphkit.model.names import purl_key
from graphkit.model.organisation import DocumentUse, Organisation
from graphkit.stores import port
from graphkit.stores.engine.compile_evidence import document_use
from graphkit.stores.engine.component_bodies import component_of, outlines_of
from graphkit.stores.engine.organisation import joined
from graphkit.stores.neo4j.node_rows import key_of
from graphkit.stores.neo4j.server import chunks

_DOCUMENTS: Final = 200
"""Documents that one statement gives."""
_HEAD = msgspec.json.Decoder(Document)
_PLACES = msgspec.json.Decoder(tuple[str, ...])
_PROBLEMS = msgspec.json.Decoder(tuple[tuple[str, str], ...])


class Ask(Protocol):
    """Runs one of the store's statements and returns its columns."""

    def __call__(self, name: str, **parameters: Any) -> dict[str, Any]:
        """Return the columns."""


class ServerEvidence:
    """`port.Evidence` by statements on the server."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def incidents(self) -> tuple[Incident, ...]:
        """Return all incidents and advisories, by id. Asked for once."""
        return self._incidents

    @cached_property
    def _incidents(self) -> tuple[Incident, ...]:
        return tuple(msgspec.json.decode(body, type=Incident) for body in self._ask("incidents")["body"])

    def organisation(self) -> Organisation:
        """Return every organisation fact, joined. Asked for once."""
        return self._organisation

    @cached_property
    def _organisation(self) -> Organisation:
        bodies = [msgspec.json.decode(body, type=Organisation) for body in self._ask("organisations")["body"]]
        return joined(bodies, uses_of(self._ask("uses")))

    def heads(self, documents: Sequence[str]) -> tuple[Document, ...]:
        """Return documents without components and edges, in the order asked.

        Raises:
            KeyError: one of them is not kept.
        """
        if not documents:
            return ()
        found = self._ask("heads", sha256=list(dict.fromkeys(documents)))
        columns = zip(found["sha256"], found["path"], found["head"], strict=True)
        heads = {sha256: head_of(sha256, path, head) for sha256, path, head in columns}
        return tuple(heads[sha256] for sha256 in documents)

    def document(self, sha256: str) -> Document:
        """Return one whole document.

        Raises:
            KeyError: there is none.
        """
        return self._documents([sha256])[0]

    def _documents(self, asked: Sequence[str]) -> list[Document]:
        """Return whole documents, in the order asked, so many with each statement."""
        held: dict[str, Document] = {}
        for part in chunks(dict.fromkeys(asked), _DOCUMENTS):
            found = self._ask("documents", sha256=part)
            for row in zip(*found.values(), strict=True):
                document = _document(dict(zip(found, row, strict=True)))
                held[document.sha256] = document
        return [held[sha256] for sha256 in asked]

    def outlines(self, documents: Sequence[str], rows: Sequence[int]) -> port.Outlines:
        """Return the outlines of documents, in the order asked, each with a row of it; they are asked for whole.

        Raises:
            KeyError: one of them is not kept.
        """
        return outlines_of(self._documents(documents), rows)

    def listings(self, packages: Sequence[str], purls: Sequence[str], hashes: Sequence[str]) -> port.Listings:
        """Return rows by package, by purl without version, or by file hash; sorted by document, row."""
        if packages or purls or hashes:
            keys = [key_of("package", name) for name in packages]
            keys += [key_of("purl", purl_key(purl)) for purl in purls]
            keys += [key_of("hash", sha256.lower()) for sha256 in hashes]
            found = self._ask("listings", keys=sorted(set(keys)))
        else:
            found = self._ask("all_listings")
        table = sorted(zip(found["document"], found["row"], found["content"], strict=True))
        numbers = {content: number for number, content in enumerate(sorted(set(found["content"])))}
        component = np.array([row for _, row, _ in table], dtype=np.int32)
        content = np.array([numbers[content] for _, _, content in table], dtype=np.int32)
        component.flags.writeable = content.flags.writeable = False
        return port.Listings(document=tuple(sha256 for sha256, _, _ in table), component=component, content=content)

    def components(self, listings: port.Listings) -> tuple[Component, ...]:
        """Return the component of each listing, in their order."""
        wanted: dict[str, list[int]] = {}
        places = list(zip(listings.document, listings.component.tolist(), strict=True))
        for sha256, row in places:
            wanted.setdefault(sha256, []).append(row)
        asked = [{"document": sha256, "rows": rows} for sha256, rows in wanted.items()]
        found = self._ask("components", wanted=asked)
        bodies = dict(zip(zip(found["document"], found["row"], strict=True), found["body"], strict=True))
        return tuple(component_of(bodies[place], place[1]) for place in places)

    def problems(self) -> tuple[tuple[str, Problem], ...]:
        """Return every problem of documents and tables as (path, problem), sorted."""
        columns = self._ask("problems")
        found = [
            (path, Problem(place=place, text=text))
            for path, problems in zip(columns["path"], columns["problems"], strict=True)
            for place, text in _PROBLEMS.decode(problems)
        ]
        return tuple(sorted(found, key=lambda pair: (pair[0], pair[1].place, pair[1].text)))


def _document(row: dict[str, Any]) -> Document:
    if not row["head"]:
        raise KeyError(row["sha256"])
    head = head_of(row["sha256"], row["path"], row["head"])
    if row["bare"]:
        return head
    components = tuple(component_of(body, at) for at, body in enumerate(row["bodies"]))
    return replace(
        head,
        components=components,
        places=_PLACES.decode(row["places"]) if row["places"] else usual_places(len(components)),
        edges=tuple(Edge(source=str(source), target=str(target)) for source, target in row["edges"]),
    )


def head_of(sha256: str, path: str, head: str) -> Document:
    """Return a document without components, from what the record keeps of it apart."""
    fields = msgspec.json.decode(head)
    return _HEAD.decode(msgspec.json.encode({"sha256": sha256, "path": path, **fields}))


def uses_of(found: dict[str, Any]) -> Iterable[DocumentUse]:
    """Return uses from the columns of the statement ``uses``."""
    names = ("service", "document", "path", "times", "branch", "derived", "rest")
    for service, document, path, times, branch, derived, rest in zip(*(found[name] for name in names), strict=True):
        yield document_use((service, document, path, *times, branch, derived, rest))
