"""Every service with its verdict, worst first; those that are alike are judged once, and written out when read.

In a fleet most services have one SBOM, and most of those do not name the target, or in the same words. All that their
verdict depends on is then equal; only names, times and paths are of each (`graphkit.trace.verdicts.alike`).
"""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Final, Generic, Protocol, TypeVar, overload

from msgspec import Struct, field
from msgspec.structs import replace

from graphkit.model.answers import Assumption, BuildProof, Obligation, Services, ServiceVerdict, proofs
from graphkit.model.documents import Basis
from graphkit.model.names import ServiceId
from graphkit.model.ranks import Verdict, worst
from graphkit.model.times import Instant
from graphkit.trace.evidence.documents import RowShown, Said
from graphkit.trace.evidence.service_facts import ServiceFacts
from graphkit.trace.verdicts.alike import Own, Pattern
from graphkit.trace.verdicts.build_times import AROUND
from graphkit.trace.verdicts.clearance import with_assumption

_Entry = TypeVar("_Entry")
_AT_ONCE: Final = 512
"""How many verdicts are written out together, where all are read."""
_JUDGED_APART: Final = 2
"""How many of those that are alike are judged by themselves, before the others are written out by a pattern."""


class Documents(Protocol):
    """What documents say of a case; see `graphkit.trace.evidence.documents.CaseDocuments`."""

    def said(self, sha256: str) -> Said | None:
        """Return what a document says, equal for such as say the same; None where all of it may matter."""

    def rows_said(self, sha256: str) -> Sequence[int]:
        """Return the row of each thing that it says."""

    def rows_shown(self, asked: Sequence[tuple[str, str, int]]) -> Iterator[RowShown | None]:
        """Yield rows as answers show them."""


class Judging(Protocol):
    """How services are judged; it is pure."""

    def service(self, account: ServiceFacts) -> ServiceVerdict:
        """Return the verdict of a service."""

    def marked(self, account: ServiceFacts) -> ServiceVerdict:
        """Return it with marks for what is of the service alone (`graphkit.trace.verdicts.alike.marked`)."""


def with_times(one: ServiceVerdict) -> ServiceVerdict:
    """Return a verdict whose clearances rest on the reading of the times that answered."""
    builds = (
        replace(build, clearance=with_assumption(build.clearance, Assumption.TIMES)) if build.clearance else build
        for build in one.builds
    )
    return replace(one, builds=tuple(builds))


class _Verdicts(Services, Generic[_Entry]):
    """Verdicts in an order, each written out when it is read. Equal to any sequence of the same ones."""

    _order: list[_Entry]

    @abstractmethod
    def _written(self, entries: Sequence[_Entry]) -> Sequence[ServiceVerdict]:
        """Return the verdicts of some entries of the order, written out."""

    def __len__(self) -> int:
        return len(self._order)

    @overload
    def __getitem__(self, index: int) -> ServiceVerdict: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[ServiceVerdict, ...]: ...

    def __getitem__(self, index: int | slice) -> ServiceVerdict | tuple[ServiceVerdict, ...]:
        if isinstance(index, slice):
            return tuple(self._each(self._order[index]))
        return self._written([self._order[index]])[0]

    def __iter__(self) -> Iterator[ServiceVerdict]:
        return self._each(self._order)

    def _each(self, entries: Sequence[_Entry]) -> Iterator[ServiceVerdict]:
        for first in range(0, len(entries), _AT_ONCE):
            yield from self._written(entries[first : first + _AT_ONCE])

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
        self.judged = tuple(self._written(list(dict.fromkeys(judged))))

    def verdicts(self) -> Mapping[str, Verdict]:
        """Return every service's verdict, without a reason."""
        return {name: self._worst[name] for name in self._order}

    def _written(self, entries: Sequence[str]) -> Sequence[ServiceVerdict]:
        cases = [
            case.at([places[name] for name in entries]) for case, places in zip(self._cases, self._places, strict=True)
        ]
        return [self._joined(name, parts) for name, *parts in zip(entries, *cases, strict=True)]

    def _joined(self, name: str, found: Sequence[ServiceVerdict]) -> ServiceVerdict:
        parts = [_shifted(one, offset) for one, offset in zip(found, self._offsets, strict=True)]
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


class _Alike(Struct):
    """Services that are alike: which, those that were judged by themselves, and the pattern of all, once it is made.

    ``place``: which of the things that their documents say decides, None for none. ``is_apart``: each has to be judged
    by itself, for the pattern does not give what was judged.
    """

    members: list[int] = field(default_factory=list)
    judged: list[int] = field(default_factory=list)
    pattern: Pattern | None = None
    place: int | None = None
    is_apart: bool = False


class ServiceVerdicts(_Verdicts[tuple[Verdict, int]]):
    """Verdicts of services, by verdict, then name.

    ``judged`` are those that were looked at one by one, among them all that a company runs.
    """

    def __init__(
        self,
        accounts: Sequence[ServiceFacts],
        documents: Documents,
        judging: Judging,
        accused: AbstractSet[str],
        first_upload: Instant | None,
    ) -> None:
        """Judge services.

        ``accused`` are names: a document that describes one of them is judged by itself. Cost: one judgement for each
        service that is not simple, and one for each kind of the others.
        """
        self._documents = documents
        self._judging = judging
        self._made: dict[int, ServiceVerdict] = {}
        self._assuming: frozenset[str] = frozenset()
        self._said_first: Mapping[ServiceId, str] = {}
        self._alike: dict[int, _Alike] = {}
        groups: dict[tuple[int, bool, bool, Said], _Alike] = {}
        for number, account in enumerate(accounts):
            alone = account.single_sbom
            words = documents.said(account.uses[0].document) if alone and alone.subject not in accused else None
            if alone is None or words is None or (words and not alone.is_subject_first):
                self._made[number] = judging.service(account)
                continue
            made = alone.created
            is_early = made is not None and first_upload is not None and made.latest + AROUND < first_upload
            key = (alone.kind, made is not None, is_early, words)
            if (known := groups.get(key)) is None:
                known = groups[key] = _Alike()
            known.members.append(number)
            self._alike[number] = known
        self.judged = tuple(self._made.values())
        ranked: dict[Verdict, list[int]] = {verdict: [] for verdict in Verdict}
        for number, one in self._made.items():
            ranked[one.verdict].append(number)
        self._accounts = accounts
        for group in groups.values():
            ranked[self._judged(group, group.members[0]).verdict] += group.members
        self._order = [(verdict, number) for verdict in Verdict for number in sorted(ranked[verdict])]
        self.counts = Counter({verdict: len(members) for verdict, members in ranked.items()})

    def assume(self, services: AbstractSet[str]) -> None:
        """Let the clearances of some services rest on the reading of the times that answered."""
        self._assuming = frozenset(services)

    def say_first(self, texts: Mapping[ServiceId, str]) -> None:
        """Let a text stand before the reasons of some services."""
        self._said_first = texts

    def verdicts(self) -> Mapping[str, Verdict]:
        """Return every service's verdict, without a reason."""
        return {self._accounts[number].service.id: verdict for verdict, number in self._order}

    def proofs(self) -> Iterator[BuildProof]:
        """Yield the proof of every build that is cleared, in their order.

        Of services that are alike, whose proofs seldom say where a row stands, no document is read for it.
        """
        for first in range(0, len(self._order), _AT_ONCE):
            entries = self._order[first : first + _AT_ONCE]
            brief = {entry: pattern for entry in entries if (pattern := self._brief(entry[1])) is not None}
            whole = [entry for entry in entries if entry not in brief]
            written = dict(zip(whole, self._written(whole), strict=True))
            for entry in entries:
                if entry in brief:
                    yield from map(self._assumed, brief[entry].proofs(self._named(entry[1])))
                else:
                    yield from proofs((written[entry],))

    def _brief(self, number: int) -> Pattern | None:
        """Return a pattern that gives the proofs of a service without its document; None where there is none."""
        if number in self._made:
            return None
        if len((group := self._alike[number]).judged) < _JUDGED_APART:
            self._judged(group, number)
            return None
        pattern = self._pattern(group)
        return None if pattern is None or pattern.proves_by_rows else pattern

    def _assumed(self, one: BuildProof) -> BuildProof:
        if one.service not in self._assuming:
            return one
        return one._replace(clearance=with_assumption(one.clearance, Assumption.TIMES))

    def at(self, places: Sequence[int]) -> Sequence[ServiceVerdict]:
        """Return the verdicts at some places, written out together."""
        return self._written([self._order[place] for place in places])

    def _written(self, entries: Sequence[tuple[Verdict, int]]) -> Sequence[ServiceVerdict]:
        found: dict[int, ServiceVerdict] = {}
        shared: dict[int, Pattern] = {}
        for verdict, number in entries:
            if number in self._made:
                found[number] = self._made[number]
            elif (pattern := self._pattern(self._alike[number])) is not None:
                shared[number] = pattern
            else:
                found[number] = self._judged(self._alike[number], number)
                assert found[number].verdict is verdict
        for (number, pattern), own in zip(shared.items(), self._own(list(shared)), strict=True):
            found[number] = self._judging.service(self._accounts[number]) if own is None else pattern.filled(own)
        made = [found[number] for _, number in entries]
        if self._said_first:
            made = [self._with_text(one) for one in made]
        return [with_times(one) if one.service in self._assuming else one for one in made] if self._assuming else made

    def _with_text(self, one: ServiceVerdict) -> ServiceVerdict:
        text = self._said_first.get(one.service)
        return one if text is None else replace(one, reason=f"{text}; {one.reason}")

    def _judged(self, group: _Alike, number: int) -> ServiceVerdict:
        """Judge one of those that are alike by itself."""
        one = self._judging.service(self._accounts[number])
        if len(group.judged) < _JUDGED_APART:
            group.judged.append(number)
            self._made[number] = one
        return one

    def _pattern(self, group: _Alike) -> Pattern | None:
        """Return the pattern of those that are alike, once some were judged; None where it does not give the same."""
        if group.pattern is None and not group.is_apart and len(group.judged) == _JUDGED_APART:
            first = self._accounts[group.judged[0]]
            pattern = Pattern(self._judging.marked(first))
            rows = list(self._documents.rows_said(first.uses[0].document))
            group.place = rows.index(pattern.row) if pattern.row in rows else None
            told = zip(group.judged, self._own(group.judged), strict=True)
            group.is_apart = not all(own is not None and pattern.filled(own) == self._made[one] for one, own in told)
            group.pattern = None if group.is_apart else pattern
        return group.pattern

    def _own(self, numbers: Sequence[int]) -> Iterator[Own | None]:
        """Yield what is of each of some services alone; None where its document does not say where its rows stand."""
        owns = [(self._named(number), self._alike[number].place) for number in numbers]
        said = self._documents.rows_said
        shown = self._documents.rows_shown(
            [(one.sha256, one.path, said(one.sha256)[place]) for one, place in owns if place is not None]
        )
        for one, place in owns:
            if place is None:
                yield one
            elif (row := next(shown)) is not None:
                yield one._replace(location=row.location, line=row.line, paths=(row.path,))
            else:
                yield None

    def _named(self, number: int) -> Own:
        """Return what is of a service alone that has one document, but for where a row of that stands."""
        account = self._accounts[number]
        alone, service = account.single_sbom, account.service
        assert alone is not None
        return Own(service.id, service.owner, account.uses[0].document, alone.path, alone.created)
