"""Every service with what is known of it: its documents, its builds, and what the organisation says.

In a fleet most services have one SBOM alone. What decides the verdict of such a service, beside what its SBOM says of
the targets, is a few properties; services that have them alike are judged once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from packaging.utils import canonicalize_name

from graphkit.model.documents import Basis, Completeness, Document, DocumentKind, is_attested
from graphkit.model.organisation import Build, DocumentUse, Service
from graphkit.model.times import Moment
from graphkit.stores import port


class SingleSbom(NamedTuple):
    """What decides, beside what it says of the target, the verdict of a service whose only document is an SBOM."""

    completeness: Completeness
    covers_python: bool
    basis: Basis
    is_of_image: bool
    created: Moment | None
    is_closed: bool
    subject: str
    is_subject_first: bool
    """What it describes, if anything, is its first row."""
    is_attested: bool
    """An answer says that there are such, so one of them is read."""


@dataclass(frozen=True, slots=True)
class ServiceFacts:
    """A service with everything that it is judged by. ``single_sbom`` None: it has to be judged by itself."""

    service: Service
    uses: tuple[DocumentUse, ...]
    builds: tuple[Build, ...]
    single_sbom: SingleSbom | None


@lru_cache(maxsize=2)
def service_facts(evidence: port.Evidence) -> tuple[ServiceFacts, ...]:
    """Return every service with its documents and builds, by name. Read once for each reading of a graph.

    Cost: the first time, a head for every service that has one document alone.
    """
    organisation = evidence.organisation()
    uses: dict[str, list[DocumentUse]] = {}
    builds: dict[str, list[Build]] = {}
    for use in organisation.uses:
        uses.setdefault(use.service, []).append(use)
    for build in organisation.builds:
        builds.setdefault(build.service, []).append(build)
    simple = {
        service.id: uses[service.id][0].document
        for service in organisation.services
        if _is_simple(service, uses.get(service.id, ()), builds.get(service.id, ()))
    }
    heads = dict(zip(simple, evidence.heads(tuple(simple.values())), strict=True))
    return tuple(
        ServiceFacts(
            service,
            tuple(uses.get(service.id, ())),
            tuple(builds.get(service.id, ())),
            _single_sbom(heads.get(service.id), is_closed=service.builds_complete),
        )
        for service in organisation.services
    )


def _is_simple(service: Service, uses: Sequence[DocumentUse], builds: Sequence[Build]) -> bool:
    if len(uses) != 1 or builds or _says_more(service):
        return False
    use = uses[0]
    dated = (use.built_at, use.stands_from, use.stands_until, use.read_at)
    return dated == (None, None, None, None) and not use.branch and not use.is_complete


def _says_more(service: Service) -> bool:
    """Return whether the organisation says anything of a service that may decide its verdict."""
    plain = Service(id=service.id, owner=service.owner, note=service.note, builds_complete=service.builds_complete)
    return service != plain


def _single_sbom(head: Document | None, *, is_closed: bool) -> SingleSbom | None:
    if head is None or head.kind is not DocumentKind.SBOM:
        return None
    return SingleSbom(
        completeness=head.completeness,
        covers_python=head.covers_python,
        basis=head.basis,
        is_of_image=head.source_kind == "image",
        created=head.created,
        is_closed=is_closed,
        subject=canonicalize_name(head.subject),
        is_subject_first=head.format.startswith("CycloneDX"),
        is_attested=is_attested(head),
    )
