"""The accused release that tests plant, and what the engine says of services into whose documents it was put."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Final

from msgspec.structs import replace

from graphkit.formats import read_document
from graphkit.model.answers import ServiceVerdict
from graphkit.model.documents import Completeness, Document, DocumentKind
from graphkit.model.environment import Environment
from graphkit.model.errors import InputError
from graphkit.model.incidents import CompromisedFile, CompromisedRelease, Incident, Reading
from graphkit.model.names import package_name, purl_of, service_id
from graphkit.model.organisation import DocumentUse, Organisation, Service
from graphkit.model.times import exactly
from graphkit.stores.port import Fact
from tests.cases.build import at, package
from tests.property.asking import services_of
from tests.property.memory import MemoryReader

NAME: Final = "badpkg"
VERSION: Final = "1.2"
PURL: Final = "pkg:pypi/badpkg@1.2"
WHEEL: Final = "badpkg-1.2-py3-none-any.whl"
DIGEST: Final = hashlib.sha256(b"the bad file").hexdigest()
BUILT_AT: Final = "2026-03-24T11:00:00Z"
OLD: Final = "2025-01-01T00:00:00Z"


def index() -> list[Fact]:
    """Return a tiny index: `badpkg` 1.2 is bad from 10:00 to 13:00, `mid` needs it, `other` and `fine` need nothing."""
    bad = CompromisedRelease(
        purl=purl_of(package_name(NAME), VERSION),
        package=package_name(NAME),
        version=VERSION,
        listed_from=at("10:00"),
        files=(CompromisedFile(filename=WHEEL, sha256=DIGEST),),
    )
    reading = Reading(id="operator", preferred=True, start=at("10:00"), until=at("13:00"))
    return [
        *package(NAME, {"1.0": (OLD, []), "1.1": (OLD, []), VERSION: ("10:00", [])}),
        *package("mid", {"2.0": (OLD, ["badpkg"])}),
        *package("other", {"1.0": (OLD, [])}),
        *package("fine", {"1.0": (OLD, [])}),
        Incident(id="inc", title="made up", releases=(bad,), readings=(reading,)),
    ]


def read(data: bytes, path: str, hint: str = "") -> Document:
    """Return a document; one that is refused is there all the same, and nothing of it was read."""
    try:
        found = read_document(data, path, hint=hint)
    except InputError:
        found = None
    if found is not None:
        return found
    return Document(
        sha256=hashlib.sha256(data).hexdigest(),
        path=path,
        kind=DocumentKind.SBOM,
        format="unreadable",
        basis="listed",  # type: ignore[arg-type]
        completeness=Completeness.INCOMPLETE,
    )


def judged(documents: Mapping[str, Document], *, is_complete: bool = False) -> dict[str, ServiceVerdict]:
    """Return what is said of builds of 11:00, each with its one document; ``is_complete``: by somebody's word."""
    known = {name: replace(one, sha256=hashlib.sha256(name.encode()).hexdigest()) for name, one in documents.items()}
    uses = [
        DocumentUse(
            service=service_id(name),
            document=one.sha256,
            path=one.path,
            built_at=exactly(at(BUILT_AT)),
            is_complete=is_complete,
        )
        for name, one in known.items()
    ]
    environment = Environment(python="3.12.4", platform="linux", machine="x86_64")
    services = tuple(Service(id=service_id(name), builds_complete=True, environment=environment) for name in known)
    facts: Sequence[Fact] = [*index(), *known.values(), *uses, Organisation(source="org", services=services)]
    return {str(name): one for name, one in services_of(MemoryReader(facts), "inc").items()}
