"""Every service with its verdict, worst first; those that are judged alike are judged once, and written out when read.

In a fleet most services have one SBOM, and most of those do not name the target, or in the same words.
What such a document says, and so the verdict, follows from those words and a few properties; only the
reason and the path are of each document.
"""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Generic, TypeVar, overload

from graphkit.model.answers import Assumption, Obligation, ServiceVerdict
from graphkit.model.documents import Basis
from graphkit.model.ranks import Verdict, worst
from graphkit.model.times import Instant
from graphkit.trace.evidence.service_facts import ServiceFacts, SingleSbom
from graphkit.trace.verdicts.build_times import AROUND
from graphkit.trace.verdicts.clearance import with_assumption

_Entry = TypeVar("_Entry")


def with_times(one: ServiceVerdict) -> ServiceVerdict:
    """Return a verdict whose clearances rest on the reading of the times that answered."""
    builds = (
        replace(build, clearance=with_assumption(build.clearance, Assumption.TIMES)) if build.clearance else build
        for build in one.builds
    )
    return replace(one, builds=tuple(builds))


class _Verdicts(Sequence[ServiceVerdict], Generic[_Entry]):
    """Verdicts in an order, each written out when it is read. Equal to any sequence of the same ones."""

    _order: list[_Entry]

    @abstractmethod
    def _at(self, entry: _Entry) -> ServiceVerdict:
        """Return the verdict of an entry of the order, written out."""

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

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return repr(tuple(self))


class Worst(_Verdicts[str]):
    """The verdicts of services over several cases, each judged in its own window: the worst stands.

    Contract: docs/semantics.md#readings.

    ``incidents`` are the ids of the cases; ``offsets``: of each the number of its first slot.
    """

    def __init__(self, cases: Sequence[ServiceVerdicts], incidents: Sequence[str], offsets: Sequence[int]) -> None:
        self._cases = cases
        self._incidents = incidents
        self._offsets = offsets
        by_case = [dict(one.verdicts()) for one in cases]
        self._places = [{name: at for at, name in enumerate(verdicts)} for verdicts in by_case]
        self._worst = {name: worst(one[name] for one in by_case) for name in sorted(by_case[0])}
        self._order = sorted(self._worst, key=lambda name: self._worst[name].rank)
        self.counts = Counter(self._worst.values())
        judged = [one.service for case in cases for one in case.judged]
        self.judged = tuple(self._at(name) for name in dict.fromkeys(judged))

    def verdicts(self) -> Mapping[str, Verdict]:
        """Return every service's verdict, without a reason."""
        return {name: self._worst[name] for name in self._order}

    def _at(self, name: str) -> ServiceVerdict:
        parts = [
            _shifted(case[places[name]], offset)
            for case, places, offset in zip(self._cases, self._places, self._offsets, strict=True)
        ]
        # What is missing of one incident is of more use than that nobody knows when another was.
        deciding = sorted((one for one in parts if one.verdict is self._worst[name]), key=_is_timeless)
        return replace(
            min(deciding, key=lambda one: Basis(one.basis).rank if one.basis else len(Basis)),
            reason="; ".join(dict.fromkeys(one.reason for one in deciding)),
            slots=tuple(sorted({slot for one in deciding for slot in one.slots})),
            builds=tuple(build for one in parts for build in one.builds),
            paths=next((one.paths for one in deciding if one.paths), ()),
            incidents=tuple((name, one.verdict) for name, one in zip(self._incidents, parts, strict=True)),
            near=all(one.near for one in deciding),
        )


def _is_timeless(one: ServiceVerdict) -> bool:
    """Return whether a service is unknown, among others, since no time of the incident is known."""
    return any(build.missing is Obligation.TIMES for build in one.builds if build.verdict is Verdict.UNKNOWN)


def _shifted(one: ServiceVerdict, offset: int) -> ServiceVerdict:
    """Return a verdict whose slots are counted over all cases."""
    if not offset:
        return one
    builds = (replace(build, slots=tuple(slot + offset for slot in build.slots)) for build in one.builds)
    return replace(one, slots=tuple(slot + offset for slot in one.slots), builds=tuple(builds))


class ServiceVerdicts(_Verdicts[tuple[Verdict, int]]):
    """Verdicts of services, by verdict, then name.

    ``judged`` are those that were looked at one by one, among them all that a company runs.
    """

    def __init__(
        self,
        accounts: Sequence[ServiceFacts],
        said: Callable[[str], tuple[int, ...] | None],
        judge: Callable[[ServiceFacts], ServiceVerdict],
        accused: AbstractSet[str],
        first_upload: Instant | None,
    ) -> None:
        """Judge services.

        ``said`` gives what a document says of the target, equal for documents that say the same, None
        where all of it may matter; ``judge`` is pure. ``accused`` are names: a document that describes one of
        them is judged by itself. Cost: one judgement for each service that is not simple, and one for each kind
        of the others.
        """
        self._judge = judge
        self._made: dict[int, ServiceVerdict] = {}
        self._assuming: frozenset[str] = frozenset()
        groups: dict[tuple[SingleSbom, bool, bool, tuple[int, ...]], list[int]] = {}
        for number, account in enumerate(accounts):
            alike = account.single_sbom
            words = said(account.uses[0].document) if alike is not None and alike.subject not in accused else None
            if alike is None or words is None or (words and not alike.is_subject_first):
                self._made[number] = judge(account)
                continue
            made = alike.created
            is_early = made is not None and first_upload is not None and made.latest + AROUND < first_upload
            kind = alike._replace(created=None, subject="")
            groups.setdefault((kind, made is not None, is_early, words), []).append(number)
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

    def assume(self, services: AbstractSet[str]) -> None:
        """Let the clearances of some services rest on the reading of the times that answered."""
        self._assuming = frozenset(services)

    def verdicts(self) -> Mapping[str, Verdict]:
        """Return every service's verdict, without a reason."""
        return {self._accounts[number].service.id: verdict for verdict, number in self._order}

    def _at(self, entry: tuple[Verdict, int]) -> ServiceVerdict:
        verdict, number = entry
        if number not in self._made:
            self._made[number] = self._judge(self._accounts[number])
            assert self._made[number].verdict is verdict
        made = self._made[number]
        return with_times(made) if made.service in self._assuming else made
