"""Every service with what is known of it: its documents, its builds, and what the organisation says.

In a fleet most services have one SBOM alone. Those are alike of which all is equal but their names, those of the SBOM,
and its time; where their rows that matter are equal too, they are judged once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Final, NamedTuple

from msgspec import Struct, field
from packaging.utils import canonicalize_name

from graphkit.model.documents import Document, DocumentKind, ImageBuild
from graphkit.model.organisation import Build, DocumentUse, Service
from graphkit.model.repository_paths import InputLine
from graphkit.model.times import NO_TIME, Moment
from graphkit.stores import port
from graphkit.trace.evidence.named_inputs import NamedInputs, named_inputs
from graphkit.trace.evidence.workspaces import Workspace

_AT_ONCE: Final = 1_000
_NOTHING: Final = NamedInputs()


class SingleSbom(NamedTuple):
    """What decides, beside the rows of its SBOM, the verdict of a service that has that alone.

    ``kind`` is equal for services of which all is equal that documents, the organisation and the tools say, but what
    follows here, and their own names, owners and notes.
    """

    kind: int
    created: Moment | None
    path: str
    subject: str
    """What it describes, as the name of a package."""
    is_subject_first: bool
    """What it describes, if anything, is its first row."""


class ServiceFacts(Struct, frozen=True):
    """A service with everything that it is judged by. ``single_sbom`` None: it has to be judged by itself.

    ``uses`` has inputs of other services, too, that it installs from, among them the locks of its ``workspaces``;
    ``image_builds``: from which folders scripts of others say that its Dockerfiles are built
    (`graphkit.trace.evidence.named_inputs`).
    """

    service: Service
    uses: tuple[DocumentUse, ...]
    builds: tuple[Build, ...]
    single_sbom: SingleSbom | None
    image_builds: Mapping[InputLine, tuple[ImageBuild, ...]] = field(default_factory=dict)
    workspaces: Mapping[InputLine, Workspace] = field(default_factory=dict)


@lru_cache(maxsize=2)
def service_facts(evidence: port.Evidence) -> tuple[ServiceFacts, ...]:
    """Return every service with its documents and builds, by name. Read once for each reading of a graph.

    Cost: the first time, a head for every service that has one document alone, and as of `named_inputs`.
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
    kinds: dict[object, int] = {}
    alone: dict[str, SingleSbom | None] = {}
    for some in _some_at_once([one for one in organisation.services if one.id in simple]):
        heads = evidence.heads([simple[one.id] for one in some])
        for one, head in zip(some, heads, strict=True):
            alone[one.id] = _single_sbom(one, uses[one.id][0], head, kinds)
    others = (use for one in organisation.services if alone.get(one.id) is None for use in uses.get(one.id, ()))
    named = named_inputs(others, evidence.heads)
    return tuple(
        ServiceFacts(
            one,
            (*uses.get(one.id, ()), *named.get(one.id, _NOTHING).uses),
            tuple(builds.get(one.id, ())),
            alone.get(one.id),
            named.get(one.id, _NOTHING).image_builds,
            named.get(one.id, _NOTHING).workspaces,
        )
        for one in organisation.services
    )


def _some_at_once(services: Sequence[Service]) -> Iterator[Sequence[Service]]:
    """Yield services, few enough at once that the heads of their documents take little memory."""
    return (services[first : first + _AT_ONCE] for first in range(0, len(services), _AT_ONCE))


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


def _all_but(kind: type[Document | DocumentUse | Service], *own: str) -> Callable[[object], object]:
    """Return what gives all fields of a value but some, so that one that is added later counts too."""
    return attrgetter(*(name for name in kind.__struct_fields__ if name not in own))


_OF_DOCUMENT: Final = _all_but(
    Document, "sha256", "path", "created", "subject", "lines", "components", "places", "edges"
)
_OF_USE: Final = _all_but(DocumentUse, "service", "document", "path")
_OF_SERVICE: Final = _all_but(Service, "id", "owner", "note")


def _single_sbom(service: Service, use: DocumentUse, head: Document, kinds: dict[object, int]) -> SingleSbom | None:
    """Return what decides; ``kinds`` numbers all that is equal of services that are alike."""
    if head.kind is not DocumentKind.SBOM or head.created == NO_TIME:
        return None
    what = (_OF_DOCUMENT(head), _OF_USE(use), bool(use.path), _OF_SERVICE(service))
    return SingleSbom(
        kind=kinds.setdefault(what, len(kinds)),
        created=head.created,
        path=use.path or head.path,
        subject=canonicalize_name(head.subject) if head.subject else "",
        is_subject_first=head.format.startswith("CycloneDX"),
    )
