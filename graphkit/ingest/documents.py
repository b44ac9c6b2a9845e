"""Documents of a run: recognised, read, and given to the services they describe."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain, islice
from typing import Final

from msgspec.structs import replace

from graphkit.formats import check_listing, is_claimed, parts_of
from graphkit.formats.archives import members, unopened, unpacked
from graphkit.formats.decoding import is_json, toml
from graphkit.formats.interface import Beside
from graphkit.ingest.ahead import FEWEST, Ahead, read_text
from graphkit.ingest.failed import Failed
from graphkit.ingest.files import Content, Found, beside, label_of
from graphkit.ingest.limits import release_at, with_short_texts
from graphkit.ingest.meant_as_sbom import is_meant_as_sbom
from graphkit.ingest.projects import Projects
from graphkit.ingest.repositories import Repositories, as_told, built_from
from graphkit.ingest.run import EXPECTED, IngestRun
from graphkit.ingest.unread import unread
from graphkit.model.documents import UNREADABLE, Document, DocumentKind, is_attested, is_telling, names_only
from graphkit.model.errors import InputError, NoDocument
from graphkit.model.input_names import is_manifest
from graphkit.model.names import BadName, ServiceId, company_id, service_id
from graphkit.model.organisation import Build, Company, DocumentUse, Organisation, Service
from graphkit.model.times import Instant, Moment, exactly
from graphkit.processes import can_share
from graphkit.sources.advisories import osv
from graphkit.sources.distributions import is_distribution, is_metadata_of_member
from graphkit.sources.environments import read_environment
from graphkit.sources.fetched_document import FetchedDocument
from graphkit.sources.git.file_names import Doubt, is_input, is_script, shown_doubt_of
from graphkit.sources.git.owners import Owners, folder_of
from graphkit.stores.port import ANYWHERE, Fact, FolderPath

INPUTS: Final = frozenset({DocumentKind.LOCK, DocumentKind.MANIFEST, DocumentKind.SCRIPT})
"""The kinds of documents that something is installed from (docs/semantics.md#install-inputs)."""
_PLAIN: Final = "requirements.txt"
"""The format that a manifest and what is compiled or exported share."""
_UNCHECKED: Final = "signatures of attestations are not checked: what one holds was read as any other file is"
_DAMAGED: Final = "looks like an SBOM that was cut off or damaged, which no reader knows: create it again"
_NO_SBOMS: Final = (
    "attestations that are not SBOMs and name no package, such as provenance by a commit and a base image, are listed "
    "as unrecognised"
)


class Documents:
    """Takes documents, chunk by chunk; ``hint`` is the kind that a person gave: `sbom`, `lock` or `env`."""

    def __init__(self, run: IngestRun, hint: str, projects: Projects | None = None, branch: str = "") -> None:
        """Make one. ``projects`` says whose the files of folders are; None: each names its own service.

        ``branch``: the line of states that inputs are on, where nobody names a branch.
        """
        self._run = run
        self._hint = hint
        self._projects = projects
        self._branch = run.order.branch or branch
        self.built: dict[ServiceId, set[tuple[str, str]]] = {}
        """Services of which a build was found, an SBOM or an environment: the folders in which, by repository."""
        self.of_others: set[ServiceId] = set()
        """Services beside whose inputs an SBOM lies that says it is about something else."""
        self.unread: set[tuple[str, str]] = set()
        """Files that were rejected and archives that are not opened: the folder that was given, and their label."""
        self._known: dict[str, frozenset[FolderPath]] = {}
        self._here: set[str] = set()
        self._last: tuple[bytes, Document] | None = None
        self._met: set[tuple[str, str]] | None = None
        self._is_built = False
        self._beside: list[tuple[Found, Document]] = []
        self._failed = Failed(run)
        self._ahead: Ahead | None = None

    def take_word(self) -> None:
        """Keep what the organisation says of a service: which of its inputs count."""
        order = self._run.order
        if order.service is not None and order.installs_from is not None:
            said = Service(id=order.service, installs_from=order.installs_from)
            source = f"ingest {order.service}: what it installs from"
            self._run.keep(source, [Organisation(source=source, services=(said,))], counted=False)

    def take_files(self, files: Iterator[Found]) -> None:
        """Take the document of each file that has one; each chunk is kept before the next is looked at."""
        first = list(islice(files, FEWEST))
        # Before anything is read on another thread: processes are copies of this one as it is.
        self._ahead = Ahead() if len(first) == FEWEST and can_share() else None
        try:
            look = self._put_ahead if self._ahead else None
            for chunk in self._run.chunks(chain(first, files), look):
                self._take_chunk(chunk)
        finally:
            if self._ahead is not None:
                self._ahead.close()
                self._ahead = None
            self._take_beside()
            self._run.flush()

    def _put_ahead(self, chunk: Sequence[Content]) -> None:
        """Have other processes read what is JSON and not yet in the graph; this one does when it comes to it."""
        known = self._run.store.known([one.sha256 for one in chunk])

        def is_new(one: Content) -> bool:
            return self._run.order.is_told or not self._is_used(one.sha256, one.found, known)

        if self._ahead is not None:
            self._ahead.put(
                (one, self._hint_of(one.found, one.data))
                for one in chunk
                if one.data and is_json(one.data) and is_new(one)
            )

    def take_history(self, found: Repositories) -> None:
        """Take every state that histories hold of their inputs; the work trees themselves are not read."""
        run = self._run
        self.take_arrivals(found.arrivals())
        if run.order.built_at is not None and not self._is_built:
            self._keep_build(run.order.built_at)

    def _keep_build(self, at: Moment) -> None:
        """Keep that a build ran of which no input is known, and say so."""
        order = self._run.order
        where = f"the branch {order.branch}" if order.branch else "the branch that is checked out"
        problem = f"no input was in place at {at} on {where}; --branch names another"
        self._run.stats.reject("--built-at", problem)
        if order.service is not None:
            build = Build(service=order.service, at=at, words=order.words("built_at"))
            source = f"ingest {order.service}: the build of {at}"
            self._run.keep(source, [Organisation(source=source, builds=(build,))], counted=False)
            self._run.flush()

    def take_arrivals(self, arrivals: Iterable[FetchedDocument], met: set[tuple[str, str]] | None = None) -> None:
        """Take documents that a source hands over one by one; ``met`` gets the (path, SHA-256) of each."""
        run = self._run
        self._met = met
        try:
            for one in arrivals:
                run.attempt(one.path, lambda one=one: self._take_state(one))  # type: ignore[misc]
        finally:
            run.flush()

    def _take_state(self, one: FetchedDocument) -> None:
        """Take what arrived. An input that cannot be read was in place all the same, so that is kept of it."""
        if is_distribution(one.path) and one.repository:
            if (document := release_at(one.path, None if one.problem else one.data)) is not None:
                self._run.stats.read += 1
                self._count_new(document)
                self._keep_use(document, one)
            return
        if one.problem:  # the source has reported it
            self._keep_unreadable(one, one.problem)
            return
        try:
            self._take_arrival(one)
        except InputError as error:
            if one.repository and one.stands_from is not None:
                self._keep_unreadable(one, str(error))
            raise

    def _keep_unreadable(self, one: FetchedDocument, problem: str) -> None:
        """Keep that an input was in place of which nothing is known: nothing clears a build that may have used it."""
        self._keep_use(unread(one.data, one.path, problem, is_input=True), one)

    def read(self, data: bytes, label: str, files: Beside | None = None) -> Document | None:
        """Return a document with its problems counted; None where no reader knows it."""
        return self._read_text(data, unpacked(data), label, files, self._hint)

    def _read_text(self, data: bytes, text: bytes, label: str, files: Beside | None, hint: str) -> Document | None:
        """Return the document of a file's bytes; ``text`` is what they hold once unpacked."""
        found = read_text(text, label, files, hint)
        return None if found is None else self._noted(found, data, text, label)

    def _noted(self, found: Document, data: bytes, text: bytes, label: str) -> Document:
        """Return the document of a file with its problems counted."""
        if text is not data:  # its lines are those of what is packed
            found = replace(found, lines=())
        if text is not data and found.sha256 == hashlib.sha256(text).hexdigest():  # else it includes others
            found = replace(found, sha256=hashlib.sha256(data).hexdigest())
        self._run.stats.odd(label, found.problems)
        if is_attested(found):
            self._run.stats.notes[_UNCHECKED] = None
        return found

    def _take_chunk(self, chunk: list[Content]) -> None:
        self._known = self._run.store.known([one.sha256 for one in chunk])
        self._here = set()
        for at in range(len(chunk)):
            self._attempt(chunk[at])
        if self._ahead is not None:
            self._ahead.forget(chunk)
        chunk.clear()  # the bytes are of no more use, and writing takes memory too
        self._run.flush()

    def _attempt(self, content: Content) -> None:
        rejected = len(self._run.stats.rejected)
        self._run.attempt(content.found.label, lambda: self._take_or_keep(content))
        if len(self._run.stats.rejected) > rejected:
            self.unread.add((content.found.repository, content.found.label))

    def _take_or_keep(self, content: Content) -> None:
        """Take a file. An input that cannot be read was in place all the same, so that is kept of it."""
        found = content.found
        if found.problem:  # whoever found it has reported it
            self._keep_unread(found, None, found.problem)
            return
        try:
            self._take(content)
            self._failed.mend(found)
        except InputError as error:
            if content.data is None or not osv.claims(content.data):
                self._keep_unread(found, content.data, str(error))
            raise

    def _take(self, content: Content) -> None:
        run, found, data = self._run, content.found, content.bytes()
        if found.is_environment:
            self._take_environment(found)
            return
        if not run.order.is_told and self._is_used(content.sha256, found, self._known):
            run.stats.read += 1
            self._note_taken(found, self._project_of(found))
            self._count(content.sha256)
            return
        is_release = self._take_distribution(content)
        document = self._ahead.document(content) if self._ahead else None
        if document is not None:
            self._take_read(self._noted(document, data, data, found.label), content)
            return
        if (inside := members(data)) is not None:
            self._take_archive(found, inside, is_release=is_release)
            return
        if is_release:
            return
        if osv.claims(data):
            run.stats.read += 1
            read = osv.parse(data)
            run.keep(found.label, read)
            run.stats.undecided(found.label, read)
            run.stats.notes[f"{found.label} is an advisory and was read as one"] = None
            run.stats.take("advisory", str(found.path))
            return
        if (document := self._read_one(found, data)) is not None:
            self._take_read(document, content)

    def _take_read(self, document: Document, content: Content) -> None:
        """Take the document that a file is."""
        run, found = self._run, content.found
        if document.kind is DocumentKind.SCRIPT and not found.named:
            self._take_script(document, found)
            return
        run.stats.read += 1
        if document.sha256 != content.sha256:  # it includes others
            self._known |= run.store.known([document.sha256])
        self._count(document.sha256)
        run.keep(found.label, (document, *self._service_of(document, found)), counted=False)

    def _is_used(self, sha256: str, found: Found, known: Mapping[str, frozenset[FolderPath]]) -> bool:
        """Return whether the graph has this use of a document; of what can install, at this place (`ANYWHERE`)."""
        if self._project_of(found) is not None and self._projects is not None:
            return self._projects.is_known(sha256, found)
        places = known.get(sha256, frozenset())
        if is_input(found.label) or is_distribution(found.label):
            return (found.repository, found.label) in places
        return not places.isdisjoint({ANYWHERE, (found.repository, found.label), ("", found.label)})

    def _take_distribution(self, content: Content) -> bool:
        """Keep the release that a wheel or source archive is; return whether a file is one.

        It belongs to the services whose inputs lie where it does, as a script does.
        """
        found = content.found
        if found.is_member and is_metadata_of_member(found.label):
            return False
        if (document := release_at(found.label, content.bytes())) is None:
            return False
        self._run.stats.read += 1
        self._count_new(document)
        self._run.keep(content.found.label, [document], counted=False)
        self._beside.append((content.found, document))
        return True

    def _take_archive(
        self, found: Found, inside: Iterator[tuple[str, bytes | InputError]], *, is_release: bool
    ) -> None:
        if found.is_member and is_release:
            return
        if found.is_member:
            raise InputError("an archive inside an archive; unpack the outer one and give the folder")
        stats = self._run.stats
        before = (stats.read, len(stats.rejected))
        self._take_members(found, inside)
        if found.named and not is_release and before == (stats.read, len(stats.rejected)):
            raise InputError("an archive in which nothing can be read: no reader knows any of its files")

    def _take_script(self, document: Document, found: Found) -> None:
        """Take a file of a folder that can install, beside the locks and manifests that it belongs to."""
        run = self._run
        if self._hint != "lock" or not is_telling(document):
            run.stats.unrecognised.append(found.label)
            return
        run.stats.read += 1
        self._count(document.sha256)
        run.keep(found.label, [document], counted=False)
        self._beside.append((found, document))

    def _keep_unread(self, found: Found, data: bytes | None, problem: str) -> None:
        """Keep that a file was in place of which nothing could be read, where it was an input of a service.

        It was one by its name; or the service was named, and a reader knew the file, or a person did. Of a wheel or
        source archive that cannot be had the name counts.
        """
        if data is None and (release := release_at(found.label, None)) is not None:
            self._run.keep(found.label, [release], counted=False)
            self._beside.append((found, release))
            return
        is_one = is_input(found.label) and (self._hint == "lock" or not is_script(found.label))
        if is_one or (self._run.order.service is not None and (data is not None or found.named)):
            document = unread(data, found.label, problem, is_input=is_input(found.label) or self._hint == "lock")
            self._run.keep(found.label, [document], counted=False)
            self._beside.append((found, document))

    def _take_beside(self) -> None:
        """Give scripts, and what could not be read, to the services whose inputs lie where they do.

        Those of earlier runs count too. Cost: where there are any, and nobody named the service, the uses of the
        whole graph are read.
        """
        here, derived = self._services() if self._beside and self._run.order.service is None else ({}, frozenset())
        owners = {repository: Owners(paths) for repository, paths in here.items()}
        for found, document in self._beside:
            paths = here.get(found.repository, {})  # a lock or manifest makes its folder a service of its own
            is_own = not (is_script(found.label) or document.kind is DocumentKind.DISTRIBUTION)
            folders = [folder_of(found.label)] if is_own else owners[found.repository].of(found.label) if paths else []
            services = {service for path, named in paths.items() if folder_of(path) in folders for service in named}
            if not services and self._run.order.service is None and names_only(document):
                continue  # it installs nothing, so that its folder is no service by it
            alone = self._run.order.service or ServiceId((not is_own and found.repository) or found.label)
            uses: list[DocumentUse] = []
            for service in sorted(services or {alone}):
                self._note_taken(found, service, of_inputs=True)
                was_made = not services or service in derived
                uses += self._uses_of(document.sha256, document.kind, found, service, is_derived=was_made)
            if document.format == UNREADABLE:
                self._failed.keep(found, uses)
            else:
                self._run.keep(found.label, uses, counted=False)
        self._beside.clear()
        self._failed.remember()

    def _services(self) -> tuple[dict[str, dict[str, set[ServiceId]]], frozenset[ServiceId]]:
        """Return the services that have locks and manifests, by their repository and path, and which are derived."""
        self._run.flush()
        told: dict[str, dict[str, set[ServiceId]]] = {found.repository: {} for found, _ in self._beside}
        uses = self._run.store.reader().evidence().organisation().uses
        for use in uses:
            if use.repository in told and not (is_script(use.path) or is_distribution(use.path)):
                told[use.repository].setdefault(use.path, set()).add(use.service)
        derived = frozenset(use.service for use in uses if use.derived)
        return {repository: paths for repository, paths in told.items() if paths}, derived

    def _read_one(self, found: Found, data: bytes) -> Document | None:
        """Return the document of a file; None, and all that is to do done, where it holds several or none."""
        text = unpacked(data)
        try:
            files = None if found.is_member else partial(beside, found)
            document = self._read_text(data, text, found.label, files, self._hint_of(found, text))
            if document is not None and document.format == _PLAIN and found.named and self._hint == "lock":
                check_listing(document)  # in a repository, such a file asks for nothing
        except NoDocument as error:
            self._run.unclaimed(found, str(error))
            self._run.stats.notes[_NO_SBOMS] = None
            return None
        except InputError:
            if found.is_part or (inside := parts_of(text, found.label)) is None:
                raise
        else:
            if document is not None:
                return document
            if found.is_part or (inside := parts_of(text, found.label)) is None:
                self._unclaimed(found, data)
                return None
        parts = ((str(number), error or part) for number, (part, error) in enumerate(inside, 1))
        self._take_members(found, parts, before="#")
        return None

    def _hint_of(self, found: Found, text: bytes) -> str:
        """Return the kind that a person gave, for a file that a person named; of others it only names environments.

        A kind lets odd lines pass, and lists of words: of a folder, that would make LICENSE, AUTHORS or
        robots.txt a list of packages.
        """
        if found.named or self._hint not in {"lock", "env"}:
            return self._hint
        is_environment = self._hint == "env" and (is_json(text) or is_claimed(text, found.label))
        return self._hint if is_environment else ""

    def _unclaimed(self, found: Found, data: bytes) -> None:
        packing = unopened(data)
        expected = f"{packing} is not opened; unpack it and give the folder" if packing else EXPECTED
        if shown_doubt_of(found.label) is Doubt.NONE:  # it is a lock, or a damaged one
            raise InputError(expected)
        if not packing and not found.named:
            text = unpacked(data)
            if is_meant_as_sbom(text, found.label):
                raise InputError(_DAMAGED)
            if is_manifest(found.label) and found.label.lower().endswith((".toml", "pipfile")):
                toml(text)  # settings of tools have such names, too; what is no TOML is damaged
        self._run.unclaimed(found, expected)
        if packing:
            self.unread.add((found.repository, found.label))
        if packing and not found.named:
            self._run.stats.notes[f"{packing} is not opened; what such files hold was not read"] = None

    def _take_environment(self, found: Found) -> None:
        """Take what is installed in a folder, and what else lies in it, as one document.

        Contract: docs/semantics.md#obligation-i.
        """
        run = self._run
        document = with_short_texts(read_environment(found.path, found.label, found.root))
        run.stats.odd(found.label, document.problems)
        run.stats.read += 1
        self._known |= run.store.known([document.sha256])
        self._count(document.sha256)
        run.keep(found.label, (document, *self._service_of(document, found)), counted=False)

    def _take_members(
        self, outer: Found, inside: Iterator[tuple[str, bytes | InputError]], *, before: str = "/"
    ) -> None:
        """Take what a file holds, each member as a file of its own; none of them was named by a person."""
        for name, data in inside:
            member = replace(
                outer, label=f"{outer.label}{before}{name}", named=False, is_member=True, is_part=before == "#"
            )
            if isinstance(data, InputError):
                self._attempt(Content(found=member, data=None, problem=data.problem))
                continue
            content = Content(found=member, data=data, sha256=hashlib.sha256(data).hexdigest())
            self._known |= self._run.store.known([content.sha256])
            self._attempt(content)

    def _arrived(self, one: FetchedDocument) -> Document:
        """Return the document that arrived. States of the same bytes come together, and are read once."""
        if self._last is None or self._last[0] is not one.data or self._last[1].path != one.path:
            files = one.included.get if one.included else None
            document = self._read_text(one.data, unpacked(one.data), one.path, files, one.hint)
            if document is None:
                raise InputError(EXPECTED)
            self._last = (one.data, document)
        return self._last[1]

    def _count_new(self, document: Document) -> None:
        if document.sha256 not in self._here:
            self._known |= self._run.store.known([document.sha256])
        self._count(document.sha256)

    def _count(self, sha256: str) -> None:
        known = sha256 in self._known or sha256 in self._here
        self._here.add(sha256)
        self._run.stats.new += not known
        self._run.stats.unchanged += known

    def _service_of(self, document: Document, found: Found) -> Iterator[Fact]:
        """Yield the use of a document by its service, and the company that runs it where one was named."""
        order = self._run.order
        name = order.service or self._project_of(found) or ServiceId(document.subject.strip() or found.label)
        if self._projects is not None:
            is_named = self._project_of(found) is not None
            is_own = not is_named and (document.subject.strip() or label_of(found.path) == found.label)
            self._note_taken(found, name, is_told=not is_own, of_inputs=document.kind in INPUTS)
        if document.kind not in INPUTS:
            if _is_about(document, found, name):
                self.built.setdefault(name, set()).add((found.repository, folder_of(found.label)))
            else:
                self.of_others.add(name)
        was_made = self._project_of(found) is None
        yield from self._uses_of(document.sha256, document.kind, found, name, is_derived=was_made)
        if order.company:
            yield operated(name, order.company)

    def _note_taken(
        self, found: Found, service: ServiceId | None, *, is_told: bool = True, of_inputs: bool | None = None
    ) -> None:
        """Note how a scan took a file. ``of_inputs``: whether it is an install input; None: its name says it."""
        if self._projects is None:
            return
        is_lock = is_input(found.label) if of_inputs is None else of_inputs
        kind = "env" if found.is_environment else "lock" if is_lock else "sbom"
        is_told = is_told and service is not None
        branch = self._branch if kind == "lock" else ""
        self._run.stats.take(kind, str(found.path), service or "", is_told=is_told, branch=branch)

    def _project_of(self, found: Found) -> ServiceId | None:
        return None if self._projects is None else self._projects.service_of(found)

    def _uses_of(
        self, sha256: str, kind: DocumentKind, found: Found, service: ServiceId, *, is_derived: bool
    ) -> list[DocumentUse]:
        """Return the use of a document by a service; of an input that also was built from, both apart."""
        order = self._run.order
        is_input = kind in INPUTS or kind is DocumentKind.DISTRIBUTION
        if order.stands_from is not None and not is_input and self._projects is None:
            self._run.stats.notes["--stands-from applies to locks and manifests only"] = None
        use = DocumentUse(
            service=service,
            document=sha256,
            path=found.label,
            stands_from=order.stands_from if is_input else None,
            read_at=order.read_at,
            words=order.words(
                *(("stands_from",) if is_input and order.stands_from is not None else ()),
                *(("read_at",) if order.read_at is not None else ()),
            ),
            branch=self._branch if is_input else order.branch,
            repository=found.repository if is_input else "",
            is_complete=order.is_complete,
            derived=order.service is None and is_derived,
            by_folder=order.service is None and not is_derived,
        )
        if order.built_at is None:
            return [use]
        of_build = built_from(use, order.built_at, order)
        if use.stands_from:
            return [use, of_build]
        return [replace(of_build, read_at=use.read_at, words=(*of_build.words, *use.words))]

    def _take_arrival(self, one: FetchedDocument) -> None:
        run = self._run
        document = self._arrived(one)
        if one.is_alone and names_only(document):
            run.stats.unrecognised.append(one.path)
            return
        if self._met is not None:
            self._met.add((one.path, document.sha256))
        run.stats.read += 1
        self._count_new(document)
        self._keep_use(document, one)

    def _keep_use(self, document: Document, one: FetchedDocument) -> None:
        run = self._run
        try:
            service = service_id(one.service or document.subject.strip() or one.path)
            company = one.company or run.order.company
            owner = [operated(service, company, one.owner)] if company or one.owner else []
        except BadName as error:
            raise InputError(str(error)) from error
        use = DocumentUse(
            service=service,
            document=document.sha256,
            path=one.path,
            built_at=_moment(one.built_at),
            stands_from=_moment(one.stands_from),
            stands_until=_moment(one.stands_until),
            read_at=_moment(one.read_at),
            branch=one.branch,
            repository=one.repository,
            is_first=one.is_first,
            is_last=one.is_last,
            is_complete=run.order.is_complete,
            note=one.note,
            sources=one.sources,
            derived=not one.service,
            by_folder=bool(one.service) and run.order.service is None,
        )
        told = tuple(as_told(use, one, run.order))
        self._is_built |= any(each.built_at is not None for each in told)
        run.keep(one.path, (document, *told, *owner), counted=False)


def _is_about(document: Document, found: Found, service: ServiceId) -> bool:
    """Return whether a document may be of a build of a service: it names the service, its folder or nothing."""
    subject = _letters(document.subject)
    folder = found.label.rpartition("/")[0].rpartition("/")[2] or found.repository.rpartition("/")[2]
    known = {service, service.rpartition("/")[2], folder}
    return not subject or document.kind is not DocumentKind.SBOM or subject in set(map(_letters, known))


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text)).casefold()


def _moment(at: Instant | None) -> Moment | None:
    return None if at is None else exactly(at)


def operated(service: ServiceId, company: str, owner: str = "") -> Organisation:
    """Return who runs a service, as one fact of its own."""
    named = (Company(id=company_id(company), name=company, is_external=None),) if company else ()
    run = Service(id=service, company=named[0].id if named else None, owner=owner)
    return Organisation(source=f"ingest {service}", companies=named, services=(run,))
