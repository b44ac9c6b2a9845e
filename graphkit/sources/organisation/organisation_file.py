"""Organisation files: companies, services, builds, documents, suppliers, claims (docs/organisation-file.md)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import PurePosixPath
from typing import Final, Literal, TypeVar

import msgspec
from msgspec import Struct

from graphkit.formats.manifests.cut_offs import pip_cut_off
from graphkit.model.addresses import without_secrets
from graphkit.model.environment import Environment
from graphkit.model.errors import InputError
from graphkit.model.guards import CutOff
from graphkit.model.incidents import Source
from graphkit.model.names import BadName, CompanyId, company_id, extra_name, package_name, service_id
from graphkit.model.organisation import (
    Build,
    Claim,
    Company,
    CompleteFrom,
    DocumentUse,
    Organisation,
    Polarity,
    Service,
    Standing,
    Supply,
)
from graphkit.model.requirements import requirement
from graphkit.model.times import NO_TIME, credible
from graphkit.sources.advisories.incident import Shape, SourceShape, cited, one_of
from graphkit.sources.structured_text import decode, time, time_as_told, typed

SCHEMA: Final = "graphkit.organisation/1"
_Name = TypeVar("_Name")


class _CompleteFromShape(Shape):
    tool: str
    source: str = ""


class _CompanyShape(Shape):
    id: str
    name: str = ""
    kind: str = ""
    builds: Literal["complete"] | None = None
    complete_from: tuple[_CompleteFromShape, ...] = ()
    external: bool = False


class _BuildShape(Shape):
    at: str
    started: str | None = None
    ended: str | None = None
    document: str = ""
    lock: str = ""
    manifest: str = ""


class _KnownBuilds(Shape):
    complete: bool
    known: tuple[_BuildShape, ...] = ()


class _DocumentShape(Shape):
    path: str
    built_at: str | None = None
    stands_from: str | None = None
    stands_until: str | None = None
    read_at: str | None = None
    branch: str = ""
    repository: str = ""
    complete: bool = False
    note: str = ""
    sources: tuple[str, ...] = ()


class _EnvironmentShape(Shape):
    python: str = "3.12"
    platform: Literal["linux", "musllinux", "macos", "windows"] = "linux"
    machine: str = "x86_64"
    implementation: str = "cpython"


class _ServiceShape(Shape):
    name: str
    company: str | None = None
    owner: str = ""
    builds: Literal["complete", "none"] | tuple[_BuildShape, ...] | _KnownBuilds | None = None
    documents: tuple[_DocumentShape, ...] = ()
    environment: _EnvironmentShape | None = None
    resolver: Literal["uv", "pip", ""] = ""
    extras: tuple[str, ...] | None = None
    groups: tuple[str, ...] | None = None
    installs_from: tuple[str, ...] | None = None
    lock: Literal["enforced", ""] = ""
    index: str = ""
    wheels_only: bool = False
    tools: tuple[str, ...] | None = None
    no_cache: bool = False
    uploaded_prior_to: str = ""
    complete_from: tuple[_CompleteFromShape, ...] = ()
    external: bool | None = None
    note: str = ""


class _SupplyShape(Shape):
    supplier: str
    customer: str
    what: str
    data: tuple[str, ...] = ()
    start: str | None = msgspec.field(name="from", default=None)
    until: str | None = None
    sources: tuple[str, ...] = ()


class _ClaimShape(Shape):
    id: str
    company: str
    claimant: str
    text: str
    polarity: str
    standing: str
    date: str
    certainty: str = ""
    about: str = ""
    relation: str = ""
    sources: tuple[str, ...] = ()


class _OrganisationShape(Shape):
    schema: str
    companies: tuple[_CompanyShape, ...] = ()
    services: tuple[_ServiceShape, ...] = ()
    supplies: tuple[_SupplyShape, ...] = ()
    claims: tuple[_ClaimShape, ...] = ()
    private_indexes: tuple[str, ...] = ()
    private_packages: tuple[str, ...] = ()
    sources: tuple[SourceShape, ...] = ()


class OrganisationFile(Struct, frozen=True, kw_only=True):
    """An organisation file as read. Uses and builds name documents by the paths in ``documents``.

    Those are relative to the file; who reads them puts their digests into the uses and builds.
    """

    organisation: Organisation
    documents: tuple[str, ...]


def claims(data: bytes) -> bool:
    """Return whether a file says that it is an organisation file."""
    return SCHEMA.rpartition("/")[0].encode() in data[:4096]


def parse(data: bytes, path: str) -> OrganisationFile:
    """Return what an organisation file says. ``path`` is kept as the source of its facts.

    Raises:
        InputError: the file does not follow docs/organisation-file.md, with the place.
    """
    read = typed(decode(data), _OrganisationShape)
    if read.schema != SCHEMA:
        raise InputError(f"{read.schema!r} is not {SCHEMA!r}, which this graphkit reads", place="schema")
    sources = {one.id: one.source() for one in read.sources}
    services = [_service(one, f"services[{i}]") for i, one in enumerate(read.services)]
    _no_doubles("services", "name", [service.id for service in services])
    _no_doubles("companies", "id", [one.id.strip() for one in read.companies])
    _no_doubles("claims", "id", [one.id for one in read.claims])
    organisation = Organisation(
        source=path,
        companies=tuple(_company(one, f"companies[{i}]") for i, one in enumerate(read.companies)),
        services=tuple(services),
        uses=tuple(
            _use(service, one, f"services[{i}].documents[{j}]", sources)
            for i, service in enumerate(read.services)
            for j, one in enumerate(service.documents)
        ),
        builds=tuple(
            _build(service, one, f"{place}[{j}]")
            for i, service in enumerate(read.services)
            for place, known in [_known_builds(service, f"services[{i}].builds")]
            for j, one in enumerate(known)
        ),
        supplies=tuple(_supply(one, f"supplies[{i}]", sources) for i, one in enumerate(read.supplies)),
        claims=tuple(_claim(one, f"claims[{i}]", sources) for i, one in enumerate(read.claims)),
        private_indexes=tuple(map(without_secrets, read.private_indexes)),
        private_packages=tuple(
            _named(package_name, one, f"private_packages[{i}]") for i, one in enumerate(read.private_packages)
        ),
    )
    paths = [use.path for use in organisation.uses]
    paths += [path for build in organisation.builds for path in (build.document, build.lock, build.manifest) if path]
    return OrganisationFile(organisation=organisation, documents=tuple(dict.fromkeys(paths)))


def _no_doubles(place: str, key: str, names: list[str]) -> None:
    seen = set[str]()
    for number, name in enumerate(names):
        if name in seen:
            raise InputError(f"duplicate {name!r}", place=f"{place}[{number}].{key}")
        seen.add(name)


def _named(read: Callable[[str], _Name], text: str, place: str) -> _Name:
    try:
        return read(text)
    except BadName as error:
        raise InputError(str(error), place=place) from error


def _company(read: _CompanyShape, place: str) -> Company:
    return Company(
        id=_named(company_id, read.id, f"{place}.id"),
        name=read.name or read.id,
        kind=read.kind,
        builds_complete=read.builds == "complete",
        complete_from=_complete_from(read.complete_from),
        is_external=read.external,
    )


def _complete_from(read: Iterable[_CompleteFromShape]) -> tuple[CompleteFrom, ...]:
    return tuple(CompleteFrom(tool=one.tool.strip(), source=one.source.strip()) for one in read)


def _service(read: _ServiceShape, place: str) -> Service:
    company: CompanyId | None = None
    if read.company is not None:
        company = _named(company_id, read.company, f"{place}.company")
    there = read.environment
    return Service(
        id=_named(service_id, read.name, f"{place}.name"),
        company=company,
        owner=read.owner,
        builds_complete=isinstance(read.builds, str)
        or (isinstance(read.builds, _KnownBuilds) and read.builds.complete),
        is_never_built=read.builds == "none",
        environment=None if there is None else _environment(there, f"{place}.environment"),
        resolver=read.resolver,
        extras=None if read.extras is None else tuple(sorted(map(extra_name, read.extras))),
        groups=None if read.groups is None else tuple(sorted(map(extra_name, read.groups))),
        installs_from=None
        if read.installs_from is None
        else tuple(sorted(_path(one, f"{place}.installs_from[{i}]") for i, one in enumerate(read.installs_from))),
        is_lock_enforced=read.lock == "enforced",
        index=without_secrets(read.index),
        is_wheels_only=read.wheels_only,
        tools=None if read.tools is None else _tools(read.tools, f"{place}.tools"),
        is_without_cache=read.no_cache,
        uploaded_prior_to=_cut_off(read.uploaded_prior_to, f"{place}.uploaded_prior_to"),
        complete_from=_complete_from(read.complete_from),
        is_external=read.external,
        note=read.note,
    )


def _tools(read: Iterable[str], place: str) -> tuple[str, ...]:
    """Return the tools that install a service, each of which is a requirement, as they were written."""
    for number, text in enumerate(read):
        _named(requirement, text, f"{place}[{number}]")
    return tuple(sorted(read))


def _cut_off(text: str, place: str) -> CutOff | None:
    """Return the cut-off that a service's pip is configured with (pip, `--uploaded-prior-to`); None for none."""
    found = pip_cut_off(text) if text else None
    if text and found is None:
        raise InputError(
            f"{text!r} is not a time or number of days that pip accepts; write 2026-03-20T00:00:00Z or P7D", place=place
        )
    return found


def _environment(read: _EnvironmentShape, place: str) -> Environment:
    parts = read.python.split(".")
    if len(parts) not in {2, 3} or not all(part.isascii() and part.isdecimal() for part in parts):
        raise InputError(f"{read.python!r} is not a Python version such as 3.12", place=f"{place}.python")
    return Environment(
        python=read.python, platform=read.platform, machine=read.machine, implementation=read.implementation
    )


def _known_builds(read: _ServiceShape, place: str) -> tuple[str, tuple[_BuildShape, ...]]:
    if isinstance(read.builds, _KnownBuilds):
        return f"{place}.known", read.builds.known
    return place, read.builds if isinstance(read.builds, tuple) else ()


def _use(service: _ServiceShape, read: _DocumentShape, place: str, sources: Mapping[str, Source]) -> DocumentUse:
    start = credible(time_as_told(read.stands_from, f"{place}.stands_from"))
    until = credible(time_as_told(read.stands_until, f"{place}.stands_until"))
    if start is not None and until is not None and start.earliest >= until.latest:
        raise InputError("`stands_from` must be before `stands_until`", place=place)
    return DocumentUse(
        service=service_id(service.name),
        document="",
        path=_path(read.path, f"{place}.path"),
        built_at=credible(time_as_told(read.built_at, f"{place}.built_at")),
        stands_from=start,
        stands_until=until,
        read_at=credible(time_as_told(read.read_at, f"{place}.read_at")),
        branch=read.branch,
        repository=read.repository,
        is_complete=read.complete,
        note=read.note,
        sources=cited(read.sources, f"{place}.sources", sources),
    )


def _build(service: _ServiceShape, read: _BuildShape, place: str) -> Build:
    at = credible(time_as_told(read.at, f"{place}.at")) or NO_TIME
    started = credible(time_as_told(read.started, f"{place}.started"))
    ended = credible(time_as_told(read.ended, f"{place}.ended"))
    if started is not None and ended is not None and started.earliest > ended.latest:
        raise InputError("`started` must be before `ended`", place=place)
    if at != NO_TIME and ((started and started.earliest > at.latest) or (ended and ended.latest < at.earliest)):
        raise InputError("`at` must lie between `started` and `ended`", place=place)
    return Build(
        service=service_id(service.name),
        at=at,
        started=started,
        ended=ended,
        document=_path(read.document, f"{place}.document"),
        lock=_path(read.lock, f"{place}.lock"),
        manifest=_path(read.manifest, f"{place}.manifest"),
    )


def _path(text: str, place: str) -> str:
    """Return a path relative to the file; another machine's absolute path would mean nothing here."""
    if not text:
        return ""
    path = PurePosixPath(text.replace("\\", "/"))
    if path.is_absolute() or "\0" in text or (path.parts and path.parts[0].endswith(":")):
        raise InputError(f"{text[:80]!r}: give the path relative to this file", place=place)
    return str(path)


def _supply(read: _SupplyShape, place: str, sources: Mapping[str, Source]) -> Supply:
    return Supply(
        supplier=_named(company_id, read.supplier, f"{place}.supplier"),
        customer=_named(company_id, read.customer, f"{place}.customer"),
        what=read.what,
        data=tuple(read.data),
        start=time(read.start, f"{place}.from"),
        until=time(read.until, f"{place}.until"),
        sources=cited(read.sources, f"{place}.sources", sources),
    )


def _claim(read: _ClaimShape, place: str, sources: Mapping[str, Source]) -> Claim:
    return Claim(
        id=read.id,
        company=_named(company_id, read.company, f"{place}.company"),
        claimant=read.claimant,
        text=read.text,
        polarity=one_of(Polarity, read.polarity, f"{place}.polarity"),
        standing=one_of(Standing, read.standing, f"{place}.standing"),
        certainty=read.certainty,
        date=read.date,
        object=read.about,
        relation=read.relation,
        sources=tuple(sources[one] for one in cited(read.sources, f"{place}.sources", sources)),
    )
