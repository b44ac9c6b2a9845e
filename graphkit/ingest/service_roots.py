"""What the manifests of services ask an index for: each as one set of requirements that are installed together."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from graphkit.model.documents import Document, DocumentKind
from graphkit.model.names import ServiceId
from graphkit.sources.index.closure import RootSet
from graphkit.stores.port import Reader


def service_roots(reader: Reader, services: AbstractSet[ServiceId] | None = None) -> list[RootSet]:
    """Return the requirements of each manifest and install command of services, None for every service.

    What building a project takes (PEP 518) is a set of its own, since nothing binds it. Equal sets come once.
    Cost: the heads of the documents that the services use.
    """
    evidence = reader.evidence()
    uses = evidence.organisation().uses
    used = sorted({use.document for use in uses if services is None or use.service in services})
    found: dict[RootSet, None] = {}
    for document in evidence.heads(used):
        found.update(dict.fromkeys(_roots(document)))
    return list(found)


def _roots(document: Document) -> Iterator[RootSet]:
    if document.kind is DocumentKind.MANIFEST and document.requirements:
        yield RootSet(document.requirements, frozenset(document.extras))
    if document.build_requires:
        yield RootSet(document.build_requires)
    for command in document.commands:
        if command.requirements:
            yield RootSet(command.requirements)
