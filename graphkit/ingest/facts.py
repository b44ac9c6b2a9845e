"""Facts of a run that are no documents: organisation files, advisories and incidents, index data."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from packaging.requirements import InvalidRequirement, Requirement

from graphkit.formats import read_document
from graphkit.formats.archives import unpacked
from graphkit.ingest.documents import Documents
from graphkit.ingest.files import Found, beside, content_of, label_of
from graphkit.ingest.limits import check_size
from graphkit.ingest.run import EXPECTED, IngestRun
from graphkit.ingest.unread import unread
from graphkit.model.documents import UNREADABLE, Document
from graphkit.model.errors import InputError
from graphkit.model.incidents import Incident
from graphkit.model.index import ProjectPage
from graphkit.model.names import company_id, package_name
from graphkit.model.organisation import Company, DocumentUse, Organisation, Service
from graphkit.model.times import instant
from graphkit.sources.advisories import incident, osv
from graphkit.sources.git.file_names import is_input
from graphkit.sources.organisation import aliases, backstage, codeowners, organisation_file
from graphkit.stores.port import Fact

if TYPE_CHECKING:
    from graphkit.model.progress import Progress
    from graphkit.sources.index import RootSet

_OWNERS_FOLDERS: Final = frozenset({".github", ".gitlab", "docs"})
_SHOWN: Final = 5
"""How many packages a note names."""
_ENDINGS: Final = (".slice", ".xz", ".lock", ".json", ".toml", ".txt", ".yaml", ".yml")


def take_advisory(run: IngestRun, found: Found, data: bytes) -> None:
    """Take an OSV record or an incident file."""
    if incident.claims(data):
        read: tuple[Incident, ...] = (incident.parse(data),)
    elif osv.claims(data):
        read = osv.parse(data)
    else:
        run.unclaimed(found, "no OSV record and no incident file; see docs/incident-file.md")
        return
    run.keep(found.label, read)
    run.tally.undecided(found.label, read)
    run.tally.read += 1


def take_organisation(run: IngestRun, found: Found, data: bytes) -> None:
    """Take an organisation file with the documents it names, an alias file, a catalogue, or a CODEOWNERS file."""
    if aliases.claims(data):
        run.tally.read += 1
        named = aliases.parse(data, found.label)
        run.tally.odd(found.label, named.problems)
        run.keep(found.label, [Organisation(source=found.label, aliases=named.aliases)])
        return
    if backstage.claims(data):
        run.tally.read += 1
        company = Company(id=company_id(run.order.company), name=run.order.company) if run.order.company else None
        catalogue = backstage.parse(data, found.label, company.id if company else None)
        run.tally.odd(found.label, catalogue.problems)
        companies = (company,) if company else ()
        source = _source_of(found, sorted(service.id for service in catalogue.organisation.services))
        facts = replace(catalogue.organisation, source=source, aliases=catalogue.aliases, companies=companies)
        run.keep(found.label, [facts])
        return
    if found.path.name == "CODEOWNERS":
        _take_owners(run, found, data)
        return
    if not organisation_file.claims(data):
        run.unclaimed(found, "no organisation file; see docs/organisation-file.md")
        return
    read = organisation_file.parse(data, found.label)
    stood = {use.path for use in read.organisation.uses if use.stands_from is not None or use.read_at is not None}
    documents = {
        path: _named_document(run, found, path, is_input=path in stood or is_input(path)) for path in read.documents
    }
    digests = {path: document.sha256 for path, document in documents.items()}
    facts = replace(
        read.organisation,
        uses=tuple(replace(use, document=digests[use.path]) for use in read.organisation.uses),
        builds=tuple(
            replace(
                build,
                document=digests.get(build.document, ""),
                lock=digests.get(build.lock, ""),
                manifest=digests.get(build.manifest, ""),
            )
            for build in read.organisation.builds
        ),
    )
    run.tally.read += 1
    run.keep(found.label, (*documents.values(), facts))
    # The file that is read last holds, but what it names no more, or cannot be read now, was still of its
    # service: an undated use exposes and never clears, and says nothing beside one that has times.
    # That a file could not be read is nothing of the service, and ends when it can.
    lasting = {(use.service, use.document, use.path) for use in facts.uses if documents[use.path].format != UNREADABLE}
    undated = (DocumentUse(service=service, document=sha, path=path) for service, sha, path in sorted(lasting))
    run.keep(found.label, undated, counted=False)


def _named_document(run: IngestRun, found: Found, path: str, *, is_input: bool) -> Document:
    """Return a document that an organisation file names. One that is not there, or cannot be read, was there then.

    ``is_input``: it was installed from, by its name or since it was in place; else it is a listing.
    """
    there = Found(path=found.path.parent / path, label=path, named=True, root=found.root)
    content = content_of(there)
    problem = EXPECTED
    try:
        if (document := Documents(run, "").read(content.bytes(), path, partial(beside, there))) is not None:
            return document
    except InputError as error:
        run.tally.reject(path, error)
        problem = str(error)
    else:
        run.tally.reject(path, problem)
    return unread(content.data, path, problem, is_input=is_input)


def _take_owners(run: IngestRun, found: Found, data: bytes) -> None:
    """Give the services whose documents lie in a repository the owners that its CODEOWNERS file names for them."""
    run.tally.read += 1
    owners = codeowners.parse(data)
    run.tally.odd(found.label, owners.problems)
    folder = found.path.parent
    top = folder.parent if folder.name in _OWNERS_FOLDERS else folder
    run.flush()  # what stands before it in this run counts
    uses = run.store.reader().evidence().organisation().uses
    # By its bytes, too: `requirements.txt` stands at the top of many repositories.
    here = {path: _digests(top, path) for path in {use.path for use in uses} if path and _is_file(top / path)}
    named = {
        use.service: ", ".join(owners.owners_of(use.path)) for use in uses if use.document in here.get(use.path, ())
    }
    services = tuple(Service(id=service, owner=owner) for service, owner in sorted(named.items()) if owner)
    if not services:
        run.tally.notes[f"{found.label} assigns no owner: the graph has no document from its repository"] = None
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


def take_index(run: IngestRun, sources: Sequence[str]) -> None:
    """Take packages of the live index by name, and recorded slices by path."""
    names: list[str] = []
    try:
        for source in sources:
            path = Path(source)
            if _is_file(path):
                _take_facts(run, label_of(path), _slice_facts(path))
            elif _is_name(source):
                names.append(source)
            else:
                run.tally.reject(label_of(path), "no such file; give package names, or a recorded slice")
        together = [] if run.order.for_services == frozenset() else _roots_of_services(run)
        if names or together:
            _take_facts(run, "index", _live_facts(run, names, together))
    except _OutOfTime:
        run.tally.is_stopped = True
        told = f"{run.order.budget:,.0f} seconds" if run.order.budget is not None else "its time"
        run.tally.notes[f"stopped after {told}: the index was not read to the end; a larger --budget goes on"] = None
    finally:
        run.flush()


class _OutOfTime(Exception):
    """The time that a person gave for the index is used up; what was read is kept."""


def _roots_of_services(run: IngestRun) -> Sequence[RootSet]:
    from graphkit.ingest.service_roots import service_roots  # noqa: PLC0415 - HTTP clients are heavy

    found = service_roots(run.store.reader(), run.order.for_services)
    if not found:
        run.tally.notes["no manifest in the graph asks an index for anything"] = None
    return found


def _until(run: IngestRun) -> Progress:
    """Return progress that ends the work when its time is used up."""
    budget = run.order.budget
    if budget is None:
        return run.progress
    end = time.monotonic() + budget

    def progress(done: int, total: int | None, what: str) -> None:
        run.progress(done, total, what)
        if time.monotonic() > end:
            raise _OutOfTime

    return progress


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a text too long for the name of a file
        return False


def _is_name(source: str) -> bool:
    """Return whether a source that is no file may name a package, as `litellm==1.82.6` or `zope.interface` do."""
    try:
        return Requirement(source).url is None and not source.lower().endswith(_ENDINGS)
    except InvalidRequirement:
        return False


def _take_facts(run: IngestRun, label: str, facts: Iterable[Fact]) -> None:
    try:
        for fact in facts:
            run.tally.read += 1
            run.keep(label, [fact])
            if isinstance(fact, ProjectPage):
                run.tally.odd(f"page of {fact.package}", fact.problems)
    except InputError as error:
        run.tally.reject(label, error)


def _slice_facts(path: Path) -> Iterator[Fact]:
    from graphkit.sources.index import is_slice, slice_facts  # noqa: PLC0415 - HTTP clients are heavy

    try:
        with path.open("rb") as file:
            head = file.read(512)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}") from error
    if not is_slice(head):
        raise InputError("not a recorded slice of an index")
    yield from slice_facts(path)


def index_cache() -> Path:
    """Return the folder in which answers of the live index are kept between runs."""
    from platformdirs import user_cache_path  # noqa: PLC0415 - only where the index is asked

    return user_cache_path("graphkit") / "index"


def _live_facts(run: IngestRun, names: Sequence[str], together: Sequence[RootSet]) -> Iterator[Fact]:
    from graphkit.sources.index import GatherOptions, gather, open_live  # noqa: PLC0415 - HTTP clients are heavy

    asked = run.order
    now = instant(dt.datetime.now(dt.UTC))
    at = asked.as_of or now
    order = GatherOptions(
        start=at if asked.start is None else asked.start,
        until=at + 1 if asked.until is None else asked.until,
        as_of=asked.as_of,
        closure=asked.closure or bool(together),
        all_allowed=asked.all_allowed,
        build_requires=asked.build_requires,
    )
    silent: dict[str, list[str]] = {}
    untold: dict[str, list[str]] = {}

    def note(name: str, why: str) -> None:
        untold.setdefault(why, []).append(name)

    given = {package_name(Requirement(name).name) for name in names}
    with open_live(asked.index_url, cache=index_cache(), read_at=now) as source:
        for fact in gather(
            source,
            names,
            order,
            together=together,
            record=asked.slice_to,
            progress=_until(run),
            reject=run.tally.reject,
            note=note,
        ):
            if isinstance(fact, ProjectPage) and (why := _says_nothing(fact, is_given=fact.package in given)):
                silent.setdefault(why, []).append(fact.package)
            yield fact
    for why, found in sorted(silent.items()):
        run.tally.notes[f"{why}, so nothing is known of them from it: {some(sorted(found))}"] = None
    for why, found in sorted(untold.items()):
        run.tally.notes[f"build requirements were not read ({why}): {some(sorted(found))}"] = None


def _says_nothing(page: ProjectPage, *, is_given: bool) -> str:
    """Return why a page says nothing of a package, and is not said yet; empty where it lists files."""
    if not page.found:
        return "" if is_given else "the index does not know some that others require"
    if page.status == "quarantined":
        return "the index has quarantined some"
    return "" if any(release.files for release in page.releases) else "the index lists no file of some"


def some(names: Sequence[str]) -> str:
    """Return the first names, and how many more there are."""
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
