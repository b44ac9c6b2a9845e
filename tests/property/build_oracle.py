"""The oracle of verdicts where what building takes was read (docs/semantics.md#builds): each is its own install.

Nothing here is shared with `graphkit.trace`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from msgspec.structs import replace

from graphkit.model.documents import Completeness, Document, DocumentKind
from graphkit.model.index import FileKind
from graphkit.model.organisation import Service
from graphkit.model.ranks import Verdict
from graphkit.model.requirements import Requirement
from graphkit.model.times import Instant
from tests.property import oracle
from tests.property.verdict_oracle import (
    CLEARED,
    UNKNOWN,
    USUAL,
    Asked,
    Judge,
    Said,
    Span,
    State,
    just,
    worst,
)
from tests.property.worlds import ReleaseKey, read_requirements


class Unclear(Exception):
    """A conflict, or something that was not read, on which semantics.md allows more than one verdict."""


class BuildJudge(Judge, frozen=True):
    """A judge that knows what building takes."""

    @cached_property
    def builds(self) -> dict[ReleaseKey, list[Requirement]]:
        """What building each release without a wheel takes beside usual backends, where it was read."""
        found = {}
        for (name, version), texts in self.fleet.building.items():
            files = self._packages.get(name, {}).get(version, ())
            if files and all(file.kind is not FileKind.WHEEL for file in files):
                found[name, version] = [one for one in read_requirements(texts)[0] if one.package not in USUAL]
        return found

    @property
    def plain(self) -> BuildJudge:
        """The same without guards: none reaches a build."""
        return replace(self, guards=None)

    def walk(self, service: Service, manifest: Document, asked: Asked, span: Span, *, is_known: bool) -> Said:
        """Return what an install takes, or what it builds does."""
        own = super().walk(service, manifest, asked, span, is_known=is_known)
        if own == CLEARED and self._is_barred(service, manifest, (*asked.sure, *asked.bounds), span):
            reached = self.closure(asked, span, is_timeless=False).releases
            if self.plain.leads(reached, span, is_timeless=False)[0]:
                own = UNKNOWN
        return worst([own, *self.by_builds(service, asked, span, frozenset())])

    def by_builds(self, service: Service, asked: Asked, span: Span, seen: frozenset[ReleaseKey]) -> Iterator[Said]:
        """Yield what building takes of what an install takes, instant by instant."""
        assert service.environment is not None
        profile: oracle.Profile = "pip" if service.resolver == "pip" else "uv"
        for at in self.instants(span):
            walks = [
                oracle.forward(self.world, asked.root, at, service.environment, profile, uncertain_in=account)
                for account in oracle.BOTH
            ]
            for key in {pick for one in walks for pick in one.picks.items()} & (self.builds.keys() - seen):
                if any(one.unresolvable for one in walks):
                    if list(self.plain.built(service, key, at, seen)):
                        raise Unclear
                    continue
                is_sure = all(key in one.picks.items() for one in walks)
                for said in self.plain.built(service, key, at, seen):
                    yield said if is_sure else just(Verdict.ADMITTED)

    def built(self, service: Service, key: ReleaseKey, at: Instant, seen: frozenset[ReleaseKey]) -> Iterator[Said]:
        """Yield what building a release takes at an instant."""
        assert service.environment is not None
        profile: oracle.Profile = "pip" if service.resolver == "pip" else "uv"
        asked = Asked(sure=self.builds[key])
        whole = replace(self.world, compromised=tuple(one for one in self.world.compromised if not self.is_mixed(*one)))
        if oracle.picked(whole, asked.root, at, service.environment, profile):
            yield just(Verdict.PICKED)
        elif oracle.admitted(self.world, asked.root, at, service.environment, profile):
            if oracle.may_pick(whole, asked.root, at, service.environment, profile):
                raise Unclear
            yield just(Verdict.ADMITTED)
        yield from self.by_builds(service, asked, (at, at + 1), seen | {key})

    def leads(self, releases: Iterable[ReleaseKey], span: Span, *, is_timeless: bool) -> tuple[bool, bool]:
        """Return whether building any of some releases may take a target, and whether not all of that is known."""
        todo, seen = list(releases), set[ReleaseKey]()
        hits = unread = False
        for key in todo:  # grows
            if key in seen or key not in self.builds:
                continue
            seen.add(key)
            found = self.closure(Asked(sure=self.builds[key]), span, is_timeless=is_timeless)
            hits |= found.hits or any(self._carries(*one) for one in found.releases)
            unread |= found.unread or bool(found.names & {*self.fleet.private_packages, *self.open, *self.of_nothing})
            unread |= found.stuck and not is_timeless
            todo += found.releases
        return hits, unread

    def _ruled_out(self, service: Service, manifest: Document, asked: Asked, span: Span) -> Said:
        if super()._ruled_out(service, manifest, asked, span) != CLEARED:
            return UNKNOWN
        assert manifest.completeness is Completeness.COMPLETE
        for is_timeless in (True, False):
            closure = self.closure(asked, span, is_timeless=is_timeless)
            is_clean = not any(self.plain.leads(closure.releases, span, is_timeless=is_timeless))
            if is_clean and self._is_clean_by(service, manifest, asked, span, is_timeless=is_timeless):
                return CLEARED
        return UNKNOWN

    def _is_clean_by(
        self, service: Service, manifest: Document, asked: Asked, span: Span, *, is_timeless: bool
    ) -> bool:
        """Return whether the closure itself was read and does not reach a target, with time or without."""
        closure = self.closure(asked, span, is_timeless=is_timeless)
        strange = closure.names & {*self.fleet.private_packages, *self.open, *self.of_nothing}
        if closure.hits or closure.unread or strange or any(self._carries(*key) for key in closure.releases):
            return False
        assert service.environment is not None
        profile: oracle.Profile = "pip" if service.resolver == "pip" else "uv"
        stuck = closure.stuck or any(
            oracle.forward(self.world, asked.root, at, service.environment, profile, uncertain_in=account).unresolvable
            for at in self.instants(span)
            for account in oracle.BOTH
        )
        return (is_timeless or not stuck) and self._is_public(service, manifest, is_timeless=is_timeless)

    def _stretch(self, service: Service, states: Sequence[State], span: Span) -> Said:
        here = [one for one in states if one.may[0] < span[1] and span[0] < one.may[1]]
        locks = [one.document for one in here if one.document.kind is DocumentKind.LOCK]
        rows = [said for lock in locks for said in self.by_rows(service, lock, span)]
        return worst([super()._stretch(service, states, span), *rows])

    def _by_document(self, service: Service, document: Document, ran: Span, states: Sequence[State]) -> Said:
        own = super()._by_document(service, document, ran, states)
        is_lock = document.kind is DocumentKind.LOCK
        return worst([own, *(self.by_rows(service, document, ran) if is_lock else ())])

    def by_rows(self, service: Service, lock: Document, span: Span) -> Iterator[Said]:
        """Yield what building the rows of a lock takes; where it shows a target, it is not asked."""
        listed = self.listing(lock, service)
        if listed not in (CLEARED, UNKNOWN):
            return
        for row in lock.components:
            key = (row.package, row.version)
            if row.package is None or row.origin or key not in self.builds:
                continue
            found = [
                said
                for at in self.instants(span)
                for said in self.built(service, (row.package, row.version), at, frozenset())
            ]
            hits, unread = self.leads([(row.package, row.version)], span, is_timeless=False)
            if (unread and not hits) or (listed == UNKNOWN and (found or hits)):
                raise Unclear
            yield from (just(Verdict.ADMITTED) if row.optional else said for said in found)
            if hits:
                yield UNKNOWN
