"""Every service with its verdict, worst first; those that are judged alike are judged once, and written out when read.

In a fleet most services have one SBOM, and most of those do not name the target, or in the same words.
What such a document says, and so the verdict, follows from those words and a few properties; only the
reason and the path are of each document.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, overload

from graphkit.model.answers import ServiceVerdict, Verdict
from graphkit.model.documents import Completeness, Document, DocumentKind
from graphkit.model.organisation import Build, DocumentUse, Service
from graphkit.stores import port

_VERDICTS = list(Verdict)


class _Alike(NamedTuple):
    """What decides, beside what it says of the target, the verdict of a service whose only document is an SBOM."""

    completeness: Completeness
    covers_python: bool
    is_dated: bool
    is_closed: bool


@dataclass(frozen=True, slots=True)
class Account:
    """A service with everything that it is judged by. ``alike`` None: it has to be judged by itself."""

    service: Service
    uses: tuple[DocumentUse, ...]
    builds: tuple[Build, ...]
    alike: _Alike | None


@lru_cache(maxsize=2)
def accounts_of(evidence: port.Evidence) -> tuple[Account, ...]:
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
    whole = {company.id for company in organisation.companies if company.builds_complete}
    return tuple(
        Account(
            service,
            tuple(uses.get(service.id, ())),
            tuple(builds.get(service.id, ())),
            _alike(heads.get(service.id), is_closed=service.builds_complete or service.company in whole),
        )
        for service in organisation.services
    )


def _is_simple(service: Service, uses: Sequence[DocumentUse], builds: Sequence[Build]) -> bool:
    if len(uses) != 1 or builds or service.company or service.environment or service.resolver:
        return False
    use = uses[0]
    return (use.built_at, use.stands_from, use.stands_until, use.read_at, use.branch) == (None, None, None, None, "")


def _alike(head: Document | None, *, is_closed: bool) -> _Alike | None:
    if head is None or head.kind is not DocumentKind.SBOM:
        return None
    return _Alike(head.completeness, head.covers_python, head.created is not None, is_closed)


class Roll(Sequence[ServiceVerdict]):
    """Verdicts of services, by verdict, then name. Equal to any sequence of the same ones.

    ``judged`` are those that were looked at one by one, among them all that a company runs.
    """

    def __init__(
        self,
        accounts: Sequence[Account],
        said: Callable[[str], tuple[int, ...] | None],
        judge: Callable[[Account], ServiceVerdict],
    ) -> None:
        """Judge services.

        ``said`` gives what a document says of the target, equal for documents that say the same, None
        where all of it may matter; ``judge`` is pure. Cost: one judgement for each service that is not
        simple, and one for each kind of the others.
        """
        self._judge = judge
        self._made: dict[int, ServiceVerdict] = {}
        groups: dict[tuple[_Alike, tuple[int, ...]], list[int]] = {}
        for number, account in enumerate(accounts):
            words = said(account.uses[0].document) if account.alike is not None else None
            if account.alike is None or words is None:
                self._made[number] = judge(account)
            else:
                groups.setdefault((account.alike, words), []).append(number)
        self.judged = tuple(self._made.values())
        ranked: dict[Verdict, list[int]] = {verdict: [] for verdict in Verdict}
        for number, one in self._made.items():
            ranked[one.verdict].append(number)
        for members in groups.values():
            first = self._made[members[0]] = judge(accounts[members[0]])
            ranked[first.verdict] += members
        self._accounts = accounts
        self._order = [(verdict, number) for verdict in Verdict for number in sorted(ranked[verdict])]
        self.counts = Counter({verdict: len(members) for verdict, members in ranked.items()})

    def verdicts(self) -> Mapping[str, Verdict]:
        """Return every service's verdict, without a reason."""
        return {self._accounts[number].service.id: verdict for verdict, number in self._order}

    def __len__(self) -> int:
        return len(self._order)

    @overload
    def __getitem__(self, index: int) -> ServiceVerdict: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[ServiceVerdict, ...]: ...

    def __getitem__(self, index: int | slice) -> ServiceVerdict | tuple[ServiceVerdict, ...]:
        if isinstance(index, slice):
            return tuple(map(self._at, self._order[index]))
        return self._at(self._order[index])

    def __iter__(self) -> Iterator[ServiceVerdict]:
        return map(self._at, self._order)

    def _at(self, entry: tuple[Verdict, int]) -> ServiceVerdict:
        verdict, number = entry
        if number not in self._made:
            self._made[number] = self._judge(self._accounts[number])
            assert self._made[number].verdict is verdict
        return self._made[number]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return repr(tuple(self))
