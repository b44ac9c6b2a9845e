"""Facts of a run that are no documents: organisation files, advisories and incidents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from graphkit.formats import read_document
from graphkit.formats.archives import members, unpacked
from graphkit.ingest.documents import Documents
from graphkit.ingest.files import Found, beside, content_of, is_file
from graphkit.ingest.inputs_read import NamedFiles, input_id
from graphkit.ingest.limits import check_size
from graphkit.ingest.run import EXPECTED, IngestRun
from graphkit.ingest.unread import unread
from graphkit.model.documents import UNREADABLE, Document, is_attested
from graphkit.model.errors import InputError
from graphkit.model.incidents import Incident
from graphkit.model.names import company_id
from graphkit.model.organisation import Company, DocumentUse, Organisation, Service
from graphkit.sources.advisories import incident, osv
from graphkit.sources.git.file_names import is_input
from graphkit.sources.organisation import aliases, backstage, codeowners, organisation_file

_OWNERS_FOLDERS: Final = frozenset({".github", ".gitlab", "docs"})


def take_advisory(run: IngestRun, found: Found, data: bytes) -> None:
    """Take an OSV record or an incident file, or each of a ZIP archive of them, as OSV hands out its databases."""
    if not found.is_member and (inside := members(data)) is not None:
        for name, part in inside:
            member = replace(found, label=f"{found.label}/{name}", named=False, is_member=True)
            run.attempt(member.label, partial(_take_member, run, member, part))
        return
    if incident.claims(data):
        read: tuple[Incident, ...] = (incident.parse(data),)
    elif osv.claims(data):
        read = osv.parse(data)
    else:
        run.unclaimed(found, "no OSV record and no incident file; see docs/incident-file.md")
        return
    run.keep(found.label, read)
    run.stats.incidents += [one.id for one in read]
    run.stats.undecided(found.label, read)
    run.stats.read += 1


def _take_member(run: IngestRun, found: Found, data: bytes | InputError) -> None:
    if isinstance(data, InputError):
        raise data
    take_advisory(run, found, data)


def take_organisation(run: IngestRun, found: Found, data: bytes) -> None:
    """Take an organisation file with the documents it names, an alias file, a catalogue, or a CODEOWNERS file."""
    if aliases.claims(data):
        _take_aliases(run, found, data)
    elif backstage.claims(data):
        _take_catalogue(run, found, data)
    elif found.path.name == "CODEOWNERS":
        _take_owners(run, found, data)
    elif organisation_file.claims(data):
        _take_organisation_file(run, found, data)
    else:
        run.unclaimed(found, "no organisation file; see docs/organisation-file.md")


def _take_aliases(run: IngestRun, found: Found, data: bytes) -> None:
    run.stats.read += 1
    named = aliases.parse(data, found.label)
    run.stats.odd(found.label, named.problems)
    run.keep(found.label, [Organisation(source=found.label, aliases=named.aliases)])


def _take_catalogue(run: IngestRun, found: Found, data: bytes) -> None:
    run.stats.read += 1
    named = run.order.company
    company = Company(id=company_id(named), name=named, is_external=None) if named else None
    catalogue = backstage.parse(data, found.label, company.id if company else None)
    run.stats.odd(found.label, catalogue.problems)
    companies = (company,) if company else ()
    source = _source_of(found, sorted(service.id for service in catalogue.organisation.services))
    facts = replace(catalogue.organisation, source=source, aliases=catalogue.aliases, companies=companies)
    run.keep(found.label, [facts])


def _take_organisation_file(run: IngestRun, found: Found, data: bytes) -> None:
    """Take an organisation file with the documents that it names; all unchanged, none of them is read again.

    It is read where another file of its source came since: of those the last one holds. What documents say merges in
    any order. No option bears on what is read of either.
    """
    this = input_id("organisation", data, found.label)
    if (known := run.remembered(this, found.label)) is not None and NamedFiles(found).are_as(known):
        run.take_unchanged(known, read=1)
        return
    rejected = len(run.stats.rejected)
    read = organisation_file.parse(data, found.label)
    run.stats.read += 1
    stood = {use.path for use in read.organisation.uses if use.stands_from is not None or use.read_at is not None}
    named = NamedFiles(found)
    documents = {
        path: _named_document(run, named, path, is_input=path in stood or is_input(path)) for path in read.documents
    }
    facts = _with_digests(read.organisation, {path: document.sha256 for path, document in documents.items()})
    run.keep(found.label, (*documents.values(), facts))
    # The file that is read last holds, but what it names no more, or cannot be read now, was still of its
    # service: an undated use exposes and never clears, and says nothing beside one that has times.
    # That a file could not be read is nothing of the service, and ends when it can.
    lasting = {(use.service, use.document, use.path) for use in facts.uses if documents[use.path].format != UNREADABLE}
    undated = (DocumentUse(service=service, document=sha, path=path) for service, sha, path in sorted(lasting))
    run.keep(found.label, undated, counted=False)
    if len(run.stats.rejected) == rejected and not any(map(is_attested, documents.values())):
        odd = tuple((path, one) for path, document in documents.items() for one in document.problems)
        run.remember(replace(named.read_of(this, len(documents) + 1), problems=odd), facts)


def _with_digests(organisation: Organisation, digests: Mapping[str, str]) -> Organisation:
    """Return an organisation whose documents, named by their paths, are named by their SHA-256."""
    return replace(
        organisation,
        uses=tuple(replace(use, document=digests[use.path]) for use in organisation.uses),
        builds=tuple(
            replace(
                build,
                document=digests.get(build.document, ""),
                lock=digests.get(build.lock, ""),
                manifest=digests.get(build.manifest, ""),
            )
            for build in organisation.builds
        ),
    )


def _named_document(run: IngestRun, named: NamedFiles, path: str, *, is_input: bool) -> Document:
    """Return a document that an organisation file names. One that is not there, or cannot be read, was there then.

    ``is_input``: it was installed from, by its name or since it was in place; else it is a listing.
    """
    content = named.content(path)
    problem = EXPECTED
    try:
        if (document := Documents(run, "").read(content.bytes(), path, named.beside)) is not None:
            return document
    except InputError as error:
        run.stats.reject(path, error)
        problem = str(error)
    else:
        run.stats.reject(path, problem)
    return unread(content.data, path, problem, is_input=is_input)


def _take_owners(run: IngestRun, found: Found, data: bytes) -> None:
    """Give the services whose documents lie in a repository the owners that its CODEOWNERS file names for them."""
    run.stats.read += 1
    owners = codeowners.parse(data)
    run.stats.odd(found.label, owners.problems)
    folder = found.path.parent
    top = folder.parent if folder.name in _OWNERS_FOLDERS else folder
    run.flush()  # what stands before it in this run counts
    uses = run.store.reader().evidence().organisation().uses
    # By its bytes, too: `requirements.txt` stands at the top of many repositories.
    here = {path: _digests(top, path) for path in {use.path for use in uses} if path and is_file(top / path)}
    named = {
        use.service: ", ".join(owners.owners_of(use.path)) for use in uses if use.document in here.get(use.path, ())
    }
    services = tuple(Service(id=service, owner=owner) for service, owner in sorted(named.items()) if owner)
    if not services:
        run.stats.notes[f"{found.label} assigns no owner: the graph has no document from its repository"] = None
        return
    source = _source_of(found, [service.id for service in services])
    run.keep(found.label, [Organisation(source=source, services=services)])


def _source_of(found: Found, services: Sequence[str]) -> str:
    """Return what makes a catalogue or CODEOWNERS file one of its own: each repository has one of that name."""
    return f"{found.label} of {', '.join(services[:1]) or 'nobody'}"


def _digests(top: Path, path: str) -> frozenset[str]:
    """Return the SHA-256 that a file of a repository has as a document: alone, and with what it includes."""
    found = Found(path=top / path, label=path, named=False, root=top)
    content = content_of(found)
    if content.data is None:
        return frozenset()
    try:
        check_size(unpacked(content.data))
        document = read_document(content.data, path, hint="lock", beside=partial(beside, found))
    except InputError:
        document = None
    return frozenset({content.sha256, *([document.sha256] if document else ())})
