"""Feeding a graph: files found, recognised, read and kept, batch by batch; nothing odd stops the rest."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Final, TypedDict

from packaging.requirements import InvalidRequirement, Requirement

from graphkit.model.answers import IngestReport, Rejected
from graphkit.model.documents import Document, DocumentKind, Problem
from graphkit.model.errors import InputError, UsageError
from graphkit.model.names import BadName, ServiceId, company_id, service_id
from graphkit.model.organisation import Company, DocumentUse, Organisation, Service
from graphkit.model.times import BadTime, Instant, instant
from graphkit.sources import advisories, incident, organisation
from graphkit.sources.documents import read_document
from graphkit.stores.port import Fact, Store

_BATCH: Final = 500
_WORST: Final = 5
_ENDINGS: Final = (".slice", ".xz", ".lock", ".json", ".toml", ".txt", ".yaml", ".yml")
_SKIPPED: Final = frozenset({".git", ".hg", ".svn"})
_RECORD: Final = "graph.duckdb"
"""Marks a folder as a graph, such as the one at work: it changes while it is walked, and holds no document."""
_EXPECTED: Final = "no reader knows it; expected an SBOM, a lock file, an environment listing or a manifest"


class IntakeOptions(TypedDict, total=False):
    """How sources are read. Times are RFC 3339 texts; ``built_at`` of a lock is the commit it stands from."""

    service: str | None
    company: str | None
    built_at: str | None
    read_at: str | None
    branch: str | None
    closure: bool
    as_of: str | None
    window_from: str | None
    window_until: str | None
    slice_to: str | None
    index_url: str | None


Progress = Callable[[int, int | None, str], None]


def take_in(
    store: Store, kind: str, sources: Sequence[str], options: IntakeOptions, progress: Progress
) -> IngestReport:
    """Read sources of one kind into a store and return what became of each.

    What was read is kept in batches, also when it is interrupted. Cost: each input once; documents
    whose bytes the graph has are not parsed again.

    Raises:
        UsageError: an unknown kind, or an option that makes no sense.
        GraphkitError: the graph is in use elsewhere, or the index cannot be reached.
    """
    if kind not in _KINDS:
        raise UsageError(f"no kind {kind!r}; there are {', '.join(_KINDS)}")
    tally = _Tally()
    _KINDS[kind](_Intake(store, tally, _Order.read(options), progress, kind), sources)
    return tally.report()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Order:
    """The options, read."""

    service: ServiceId | None
    company: str
    built_at: Instant | None
    read_at: Instant | None
    branch: str
    closure: bool
    start: Instant | None
    until: Instant | None
    as_of: Instant | None
    slice_to: Path | None
    index_url: str | None

    @classmethod
    def read(cls, options: IntakeOptions) -> _Order:
        """Return options with their times and names read; UsageError where one makes no sense."""
        try:
            times = {
                name: instant(str(options[name])) if options.get(name) else None
                for name in ("built_at", "read_at", "as_of", "window_from", "window_until")
            }
            service = options.get("service")
            company = options.get("company")
            named = service_id(_utf8("--service", service)) if service is not None else None
            owner = company_id(_utf8("--company", company)) if company is not None else ""
            branch = _utf8("--branch", options.get("branch") or "")
        except BadTime as error:
            raise UsageError(f"{error}; give a UTC time such as 2026-03-24T10:52:00Z") from error
        except BadName as error:
            raise UsageError(str(error)) from error
        start, until = times["window_from"], times["window_until"]
        if (start is None) != (until is None):
            raise UsageError("--from and --until of an ingest go together: the window in which choices fall")
        if start is not None and until is not None and start >= until:
            raise UsageError("--from must be before --until")
        slice_to = options.get("slice_to")
        return cls(
            service=named,
            company=owner,
            built_at=times["built_at"],
            read_at=times["read_at"],
            branch=branch,
            closure=options.get("closure", False),
            start=start,
            until=until,
            as_of=times["as_of"],
            slice_to=Path(slice_to) if slice_to else None,
            index_url=options.get("index_url"),
        )


def _utf8(option: str, text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise UsageError(f"{option} is no UTF-8 text") from error
    return text


@dataclass(slots=True, kw_only=True)
class _Tally:
    """What became of each input so far."""

    read: int = 0
    new: int = 0
    unchanged: int = 0
    rejected: list[Rejected] = field(default_factory=list)
    unrecognised: list[str] = field(default_factory=list)
    problems: list[tuple[str, tuple[Problem, ...]]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def reject(self, path: str, error: InputError | str, place: str = "") -> None:
        """Note an input that could not be used."""
        if isinstance(error, InputError):
            place, error = error.place or place, error.problem
        self.rejected.append(Rejected(path=path, place=place, problem=error))

    def report(self) -> IngestReport:
        """Return the report; ``worst`` holds the first problem of the inputs with most of them."""
        worst = sorted(self.problems, key=lambda one: (-len(one[1]), one[0]))[:_WORST]
        return IngestReport(
            read=self.read,
            new=self.new,
            unchanged=self.unchanged,
            rejected=tuple(self.rejected),
            unrecognised=tuple(sorted(self.unrecognised)),
            problems=sum(len(found) for _, found in self.problems),
            worst=tuple((path, found[0]) for path, found in worst),
            notes=tuple(dict.fromkeys(self.notes)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """A file to read: where it is, what answers call it, and whether a person named it."""

    path: Path
    label: str
    named: bool


def _walk(sources: Sequence[str], tally: _Tally) -> Iterator[_Found]:
    """Yield the files that sources name or hold, in the order of their names; links out are not followed."""
    for source in sources:
        path = Path(source)
        try:
            if source and path.is_dir():  # an empty text, as of an unset variable, is not the folder at hand
                yield from _inside(path, tally)
            elif source and path.exists():
                yield _Found(path=path, label=_label(path), named=True)
            else:
                tally.reject(_label(path) if source else "", "no such file or folder")
        except (OSError, ValueError) as error:
            tally.reject(_label(path), f"cannot be read: {getattr(error, 'strerror', None) or error}")


def _inside(folder: Path, tally: _Tally) -> Iterator[_Found]:
    def note(error: OSError) -> None:
        inside = Path(error.filename).relative_to(folder)
        tally.reject(_shown(inside) if inside.parts else _label(folder), f"cannot be read: {error.strerror}")

    for parent, folders, files in os.walk(folder, onerror=note):
        kept = set(folders) - _SKIPPED
        folders[:] = sorted(name for name in kept if not Path(parent, name, _RECORD).exists())
        for name in sorted(files):
            path = Path(parent, name)
            if path.is_file():  # no pipes or devices, which would never end
                yield _Found(path=path, label=_shown(path.relative_to(folder)), named=False)


def _label(path: Path) -> str:
    """Return what answers call a named file: the path as given where it is relative, else its name alone."""
    plain = not path.is_absolute() and ".." not in path.parts
    return _shown(path if plain else Path(path.name))


def _shown(path: Path) -> str:
    return os.fsencode(str(PurePosixPath(*path.parts))).decode("utf-8", "backslashreplace")


class _Intake:
    """One run: reads files into facts and keeps them batch by batch."""

    def __init__(self, store: Store, tally: _Tally, order: _Order, progress: Progress, kind: str) -> None:
        self.store = store
        self.tally = tally
        self.order = order
        self.progress = progress
        self.kind = kind
        self._batch: list[tuple[str, tuple[Fact, ...]]] = []
        self._size = 0
        self._here: set[str] = set()
        self._served: set[tuple[str, str]] | None = None

    def bytes_of(self, found: _Found) -> bytes | None:
        """Return a file's bytes; None and a rejection where it cannot be read."""
        try:
            return found.path.read_bytes()
        except OSError as error:
            self.tally.reject(found.label, f"cannot be read: {error.strerror}")
            return None

    def keep(self, label: str, facts: Iterable[Fact]) -> None:
        """Put facts into the batch; a full batch goes to the store."""
        facts = tuple(facts)
        self._batch.append((label, facts))
        self._size += len(facts)
        if self._size >= _BATCH:
            self.flush()

    def flush(self) -> None:
        """Write the batch; facts that cannot be stored are rejected one input at a time."""
        batch, self._batch, self._size = self._batch, [], 0
        try:
            self._record([fact for _, facts in batch for fact in facts])
        except InputError:
            for label, facts in batch:
                try:
                    self._record(facts)
                except InputError as error:
                    self.tally.reject(label, error)

    def _record(self, facts: Sequence[Fact]) -> None:
        """Write facts. Of documents, those are counted; of all else, facts."""
        receipt = self.store.record(facts)
        if _KINDS[self.kind] is not _documents:
            self.tally.new += receipt.new
            self.tally.unchanged += receipt.unchanged

    def document(self, data: bytes, label: str) -> Document | None:
        """Return a document with its problems counted; None where no reader knows it."""
        read = read_document(data, label, hint=self.kind if self.kind in {"sbom", "lock", "env"} else "")
        if read is not None and read.problems:
            self.tally.problems.append((label, read.problems))
        return read

    def has_service(self, sha256: str, label: str) -> bool:
        """Return whether the graph has these bytes with a service that somebody named, or one of this path."""
        if not self.store.has_document(sha256):
            return False
        if self._served is None:
            uses = self.store.reader().evidence().organisation().uses
            self._served = {(use.document, use.path if use.derived else "") for use in uses}
        return (sha256, "") in self._served or (sha256, label) in self._served

    def is_known(self, sha256: str) -> bool:
        """Return whether these bytes are kept, or met before in this run; counts them either way."""
        known = sha256 in self._here or self.store.has_document(sha256)
        self._here.add(sha256)
        self.tally.new += not known
        self.tally.unchanged += known
        return known


def _each(intake: _Intake, sources: Sequence[str], take: Callable[[_Intake, _Found, bytes], None]) -> None:
    """Take every file that sources name or hold; what was taken before an interruption is kept."""
    found = list(_walk(sources, intake.tally))
    try:
        for number, file in enumerate(found):
            intake.progress(number, len(found), file.label)
            if (data := intake.bytes_of(file)) is not None:
                try:
                    take(intake, file, data)
                except InputError as error:
                    intake.tally.reject(file.label, error)
        intake.progress(len(found), len(found), "keeping")
    finally:
        intake.flush()


def _unclaimed(intake: _Intake, file: _Found, expected: str) -> None:
    """Note a file that nobody reads: rejected where a person named it, else unrecognised."""
    if file.named:
        intake.tally.reject(file.label, expected)
    else:
        intake.tally.unrecognised.append(file.label)


def _documents(intake: _Intake, sources: Sequence[str]) -> None:
    _each(intake, sources, _take_document)


def _take_document(intake: _Intake, file: _Found, data: bytes) -> None:
    order = intake.order
    told = order.service or order.company or order.branch or order.built_at is not None or order.read_at is not None
    sha256 = hashlib.sha256(data).hexdigest()
    if not told and intake.has_service(sha256, file.label):
        intake.tally.read += 1
        intake.is_known(sha256)
        return
    if advisories.claims(data, file.label):
        intake.tally.read += 1
        intake.keep(file.label, advisories.parse(data, file.label))
        intake.tally.notes.append(f"{file.label} is an advisory and was read as one")
        return
    document = intake.document(data, file.label)
    if document is None:
        _unclaimed(intake, file, _EXPECTED)
        return
    intake.tally.read += 1
    intake.is_known(sha256)
    intake.keep(file.label, (document, *_service_of(document, file.label, order)))


def _service_of(document: Document, label: str, order: _Order) -> Iterator[Fact]:
    """Yield the use of a document by its service, and the company that runs it where one was named."""
    derived = order.service is None
    name = order.service or ServiceId(document.subject.strip() or label)
    stands = document.kind in {DocumentKind.LOCK, DocumentKind.MANIFEST}
    yield DocumentUse(
        service=name,
        document=document.sha256,
        path=label,
        built_at=None if stands else order.built_at,
        stands_from=order.built_at if stands else None,
        read_at=order.read_at,
        branch=order.branch,
        derived=derived,
    )
    if order.company:
        company = Company(id=company_id(order.company), name=order.company)
        service = Service(id=name, company=company.id)
        yield Organisation(source=f"ingest {name}", companies=(company,), services=(service,))


def _advisories(intake: _Intake, sources: Sequence[str]) -> None:
    _each(intake, sources, _take_advisory)


def _take_advisory(intake: _Intake, file: _Found, data: bytes) -> None:
    if incident.claims(data, file.label):
        intake.keep(file.label, [incident.parse(data, file.label)])
    elif advisories.claims(data, file.label):
        intake.keep(file.label, advisories.parse(data, file.label))
    else:
        _unclaimed(intake, file, "no OSV record and no incident file; see docs/incident-file.md")
        return
    intake.tally.read += 1


def _organisations(intake: _Intake, sources: Sequence[str]) -> None:
    _each(intake, sources, _take_organisation)


def _take_organisation(intake: _Intake, file: _Found, data: bytes) -> None:
    if not organisation.claims(data, file.label):
        _unclaimed(intake, file, "no organisation file; see docs/organisation-file.md")
        return
    read = organisation.parse(data, file.label)
    digests: dict[str, str] = {}
    documents: list[Document] = []
    for path in read.documents:
        named = _Found(path=file.path.parent / path, label=path, named=True)
        content = intake.bytes_of(named)
        if content is None:
            continue
        try:
            document = intake.document(content, path)
        except InputError as error:
            intake.tally.reject(path, error)
            continue
        if document is None:
            intake.tally.reject(path, _EXPECTED)
            continue
        digests[path] = document.sha256
        documents.append(document)
    facts = replace(
        read.organisation,
        uses=tuple(replace(use, document=digests[use.path]) for use in read.organisation.uses if use.path in digests),
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
    intake.tally.read += 1
    intake.keep(file.label, (*documents, facts))


def _index(intake: _Intake, sources: Sequence[str]) -> None:
    names: list[str] = []
    try:
        for source in sources:
            path = Path(source)
            if _is_file(path):
                _take_facts(intake, _label(path), _slice_facts(path))
            elif _is_name(source):
                names.append(source)
            else:
                intake.tally.reject(_label(path), "no such file; give package names, or a recorded slice")
        if names:
            _take_facts(intake, "index", _live_facts(intake, names))
    finally:
        intake.flush()


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


def _take_facts(intake: _Intake, label: str, facts: Iterable[Fact]) -> None:
    try:
        for fact in facts:
            intake.tally.read += 1
            intake.keep(label, [fact])
    except InputError as error:
        intake.tally.reject(label, error)


def _slice_facts(path: Path) -> Iterator[Fact]:
    from graphkit.sources.index import is_slice, slice_facts  # noqa: PLC0415 - HTTP clients are heavy

    try:
        with path.open("rb") as file:
            head = file.read(512)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}") from error
    if not is_slice(head):
        raise InputError("no recorded slice of an index")
    yield from slice_facts(path)


def _live_facts(intake: _Intake, names: Sequence[str]) -> Iterator[Fact]:
    from platformdirs import user_cache_path  # noqa: PLC0415 - only where the index is asked

    from graphkit.sources.index import Order, gather, open_live  # noqa: PLC0415 - HTTP clients are heavy

    asked = intake.order
    now = instant(dt.datetime.now(dt.UTC))
    at = asked.as_of or now
    order = Order(
        start=at if asked.start is None else asked.start,
        until=at + 1 if asked.until is None else asked.until,
        as_of=asked.as_of,
        closure=asked.closure,
    )
    with open_live(asked.index_url, cache=user_cache_path("graphkit") / "index", read_at=now) as source:
        yield from gather(
            source, names, order, record=asked.slice_to, progress=intake.progress, reject=intake.tally.reject
        )


_KINDS: Final[dict[str, Callable[[_Intake, Sequence[str]], None]]] = {
    "sbom": _documents,
    "lock": _documents,
    "env": _documents,
    "org": _organisations,
    "advisory": _advisories,
    "index": _index,
}
"""Every kind of source, by the word of the command line."""
