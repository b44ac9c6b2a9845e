"""Facts of small worlds, written down as a person would say them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from graphkit.model.answers import Blast, ServiceVerdict
from graphkit.model.documents import Basis, Completeness, Component, Document, DocumentKind
from graphkit.model.incidents import CompromisedFile, CompromisedRelease, Incident, Reading
from graphkit.model.index import File, FileKind, Hidden, MetadataSource, ProjectPage, ReleaseFiles, ReleaseMetadata
from graphkit.model.names import package_name, purl_of, service_id
from graphkit.model.organisation import DocumentUse, Organisation
from graphkit.model.requirements import requirement
from graphkit.model.times import Instant, exactly, instant
from graphkit.stores import open_store
from graphkit.stores.port import Fact, Reader
from graphkit.trace.blast import blast
from graphkit.trace.case import read_span
from graphkit.trace.case_answer import Question

DAY = "2026-03-24T"
LATER = instant("2026-11-01")


def at(clock: str) -> Instant:
    """Return an instant of the day: ``10:39`` or a full time."""
    return instant(f"{DAY}{clock}:00Z" if len(clock) == 5 else clock)


def page(name: str, releases: Mapping[str, str | None], **more: object) -> ProjectPage:
    """Return a project page: version → upload time (a clock of the day, a full time, or None: unknown)."""
    normal = package_name(name)
    return ProjectPage(
        package=normal,
        spelling=name,
        releases=tuple(
            ReleaseFiles(
                version=version,
                files=(
                    File(
                        filename=f"{normal.replace('-', '_')}-{version}-py3-none-any.whl",
                        kind=FileKind.WHEEL,
                        uploaded=None if time is None else at(time),
                    ),
                ),
            )
            for version, time in releases.items()
        ),
        read_at=LATER,
        source="index",
        **more,  # type: ignore[arg-type]
    )


def requires(name: str, version: str, *texts: str) -> ReleaseMetadata:
    """Return what a release requires."""
    return ReleaseMetadata(
        package=package_name(name),
        version=version,
        requirements=tuple(requirement(text) for text in texts),
        source=MetadataSource.CORE_METADATA,
    )


def package(name: str, releases: Mapping[str, tuple[str | None, Sequence[str]]]) -> Iterator[Fact]:
    """Yield a package's page and what each release requires."""
    yield page(name, {version: time for version, (time, _) in releases.items()})
    for version, (_, texts) in releases.items():
        yield requires(name, version, *texts)


def compromised(
    name: str, version: str, since: str | None, sha256: str = "", *, whole: bool = True
) -> CompromisedRelease:
    """Return a compromised release, listed from a clock of the day."""
    return CompromisedRelease(
        purl=purl_of(package_name(name), version),
        package=package_name(name),
        version=version,
        listed_from=None if since is None else at(since),
        files=(CompromisedFile(filename=f"{name}-{version}.whl", sha256=sha256),) if sha256 else (),
        whole=whole,
    )


def incident(
    *releases: CompromisedRelease, until: str | None, hidden: Sequence[Hidden] = (), **more: object
) -> Incident:
    """Return an incident with one reading."""
    reading = Reading(id="operator", preferred=True, until=None if until is None else at(until), hidden=tuple(hidden))
    return Incident(id="case-1", title="a case", releases=releases, readings=(reading,), **more)  # type: ignore[arg-type]


def document(path: str, kind: DocumentKind, rows: Sequence[str] = (), **more: object) -> Document:
    """Return a document whose rows are ``name==version``; a lock or environment is complete."""
    bases = {DocumentKind.LOCK: Basis.LOCKED, DocumentKind.ENVIRONMENT: Basis.INSTALLED, DocumentKind.SBOM: Basis.BUILT}
    closed = kind is not DocumentKind.SBOM
    known: dict[str, object] = {
        "components": tuple(
            Component(ref=str(number), name=name, package=package_name(name), version=version)
            for number, (name, _, version) in enumerate(row.partition("==") for row in rows)
        ),
        "completeness": Completeness.COMPLETE if closed else Completeness.UNKNOWN,
    }
    return Document(
        sha256=hashlib.sha256(f"{path} {rows} {more}".encode()).hexdigest(),
        path=path,
        kind=kind,
        format="test",
        basis=bases.get(kind, Basis.LISTED),
        **{**known, **more},  # type: ignore[arg-type]
    )


def use(service: str, of: Document, **times: str) -> DocumentUse:
    """Return a use of a document by a service, its times as clocks of the day or full times."""
    known = {name: exactly(at(time)) for name, time in times.items()}
    return DocumentUse(service=service_id(service), document=of.sha256, path=of.path, **known)  # type: ignore[arg-type]


def manifest(path: str, *texts: str) -> Document:
    """Return a manifest that requires what is said."""
    return document(path, DocumentKind.MANIFEST, requirements=tuple(requirement(text) for text in texts))


def reader_of(folder: Path, *facts: Fact) -> Reader:
    """Return a reader of a new graph that holds some facts."""
    with_store = open_store(folder, create=True)
    with_store.record(facts)
    return with_store.reader()


def ask(folder: Path, facts: Sequence[Fact], *targets: str, **options: object) -> Blast:
    """Return the blast radius in a new graph that holds some facts."""
    span = read_span(
        *(
            None if (text := options.pop(name, None)) is None else f"{DAY}{text}:00Z"
            for name in ("at", "start", "until")
        )
    )
    question = Question(targets=targets or ("case-1",), span=span, **options)  # type: ignore[arg-type]
    return blast(reader_of(folder, *facts), question)


def service(answer: Blast, name: str) -> ServiceVerdict:
    """Return one service of an answer."""
    return next(one for one in answer.services if one.service == name)


def tiers(answer: Blast) -> dict[str, str | None]:
    """Return each package's tier."""
    return {row.package: row.tier.value if row.tier else None for row in answer.packages}


def takes(answer: Blast, name: str) -> list[str]:
    """Return what a package's newest release takes, slot by slot."""
    row = next(row for row in answer.packages if row.package == name)
    return [take.release for take in row.takes]


def organisation(**parts: object) -> Organisation:
    """Return an organisation file of one source."""
    return Organisation(source="org.yaml", **parts)  # type: ignore[arg-type]
