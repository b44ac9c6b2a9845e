"""Who holds a package: every stored document that lists it, and whether that document is the newest one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet

from graphkit.model.answers import DocumentName, Holding, WhoHas
from graphkit.model.documents import Component, Document, DocumentKind
from graphkit.model.errors import UsageError
from graphkit.model.names import BadName, ServiceId, name_of_purl, package_name, purl_key, read_purl
from graphkit.model.organisation import DocumentUse
from graphkit.model.times import Instant, Moment
from graphkit.model.versions import release_version
from graphkit.stores import port
from graphkit.trace.evidence.other_ecosystems import is_one, release_of_purl, release_of_row
from graphkit.trace.notes import some


class _PackageQuery:
    """A query read: a Python package with a specifier, or a purl of any kind."""

    def __init__(self, query: str) -> None:
        self.package, self.purl, self.specifier, self.raw = "", "", SpecifierSet(), ""
        try:
            if query.strip().lower().startswith("pkg:"):
                purl = read_purl(query)
                self.package = name_of_purl(query) or ""
                self.purl = "" if self.package else query.strip()
                self.raw = purl.version or ""
                if self.package and (version := release_version(self.raw)).parsed:
                    self.raw, self.specifier = "", SpecifierSet(f"=={version.text}")
                return
            read = Requirement(query)
            self.package, self.specifier = package_name(read.name), read.specifier
        except (BadName, InvalidRequirement) as error:
            raise UsageError(f"{query!r} is not a package: give NAME, NAME==VERSION, NAME<VERSION or a purl") from error

    def admits(self, row: Component) -> bool:
        """Return whether a row is asked for; one without a version always is, since it may be."""
        if self.purl:
            return purl_key(row.purl) == purl_key(self.purl) and (
                not self.raw or is_one(release_of_row(row), release_of_purl(self.purl)) is not False
            )
        if row.package != self.package:
            return False
        if not row.version:
            return True
        version = release_version(row.version)
        if self.raw:
            return version.key == release_version(self.raw).key
        if version.parsed is None:
            return not self.specifier or any(
                one.operator == "===" and one.version == row.version for one in self.specifier
            )
        return self.specifier.contains(version.parsed, prereleases=True)


def who_has(reader: port.Reader, query: str, at: Instant | None, answer: type[WhoHas] = WhoHas) -> WhoHas:
    """Return one row per service, document and release that the query admits, over every stored document.

    ``current`` says whether the document is its service's newest of that path and branch, or with
    ``at``, whether it was at that instant. ``answer`` is the class that is made.

    Raises:
        UsageError: the query names no package.
    """
    asked = _PackageQuery(query)
    evidence = reader.evidence()
    found = evidence.listings([asked.package] if asked.package else [], [asked.purl] if asked.purl else [], [])
    rows: dict[str, list[Component]] = {}
    for sha256, row in zip(found.document, evidence.components(found), strict=True):
        rows.setdefault(sha256, []).append(row)
    uses: dict[ServiceId, list[DocumentUse]] = {}
    organisation = evidence.organisation()
    external = organisation.external_services
    for use in organisation.uses:
        uses.setdefault(use.service, []).append(use)
    uses = {service: known for service, known in uses.items() if any(use.document in rows for use in known)}
    distinct = sorted({*rows, *(use.document for known in uses.values() for use in known)})
    heads = dict(zip(distinct, evidence.heads(distinct), strict=True))
    matches = {
        Holding(
            service=service,
            release=f"{row.package or row.name}@{row.version or '?'}",
            current=use in current,
            document=DocumentName(sha256=use.document, path=heads[use.document].path),
            is_external=service in external,
        )
        for service, known in uses.items()
        for current in (_current(known, heads, at),)
        for use in known
        for row in rows.get(use.document, ())
        if asked.admits(row)
    }
    ordered = sorted(
        matches, key=lambda one: (one.service, one.document.path, one.document.sha256, one.release, one.current)
    )
    unversioned = sum(one.release.endswith("@?") for one in ordered)
    notes = [f"{unversioned} components have no version and may or may not be it"] if unversioned else []
    listed = (row for of_document in rows.values() for row in of_document)
    others = [row.purl or f"{row.name} without a purl" for row in listed if asked.package and row.package is None]
    if others:
        notes.append(f"{len(others)} components have its name and may or may not be it: {some(sorted(set(others)))}")
    return answer(query=query, matches=tuple(ordered), notes=tuple(notes))


def _current(uses: Sequence[DocumentUse], heads: Mapping[str, Document], at: Instant | None) -> set[DocumentUse]:
    """Return a service's documents that hold now, or at an instant.

    Build documents of one service are successive states of it: the newest counts, and those without a
    time, which may be. Locks and manifests follow one another by path and branch.
    """
    newest: dict[tuple[str, str], Instant] = {}
    standing: list[tuple[DocumentUse, tuple[str, str], Instant | None]] = []
    for use in uses:
        head = heads[use.document]
        since = _since(use, head)
        ended = use.stands_until is not None and (at is None or use.stands_until.latest <= at)
        if ended or (at is not None and since is not None and since > at):
            continue
        built = head.kind in {DocumentKind.SBOM, DocumentKind.ENVIRONMENT}
        line = (use.document if use.derived else "", "") if built else (use.path or head.path, use.branch)
        standing.append((use, line, since))
        if since is not None:
            newest[line] = max(since, newest.get(line, since))
    return {use for use, line, since in standing if since is None or since == newest[line]}


def _since(use: DocumentUse, document: Document) -> Instant | None:
    known: Iterable[Moment | None] = (use.stands_from, use.built_at, document.created, use.read_at)
    return next((time.earliest for time in known if time is not None), None)
