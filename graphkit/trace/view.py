"""A case under one reading: the worlds it is asked in, the window, and every service."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np

from graphkit.model.answers import BuildVerdict, ServiceVerdict, Slot, Verdict, Window
from graphkit.model.documents import Document
from graphkit.model.environment import Environment, Profile
from graphkit.model.errors import UsageError
from graphkit.model.incidents import CompromisedRelease
from graphkit.model.organisation import Organisation, Service
from graphkit.model.times import FOREVER, Instant, rfc3339
from graphkit.stores import port
from graphkit.trace.accusation import accuse
from graphkit.trace.case import Case, Span
from graphkit.trace.confirm import Targets
from graphkit.trace.manifests import Asked
from graphkit.trace.nominate import closure_of
from graphkit.trace.offers import MOST_SLOTS
from graphkit.trace.packages import Effort
from graphkit.trace.reached import Reached
from graphkit.trace.roll import Account, Roll, accounts_of
from graphkit.trace.services import Bench, judge
from graphkit.trace.survey import Field, slots_between, survey
from graphkit.trace.world import World

_Judged = TypeVar("_Judged", BuildVerdict, ServiceVerdict)
_MANY_PACKAGES = 1_000
"""A closure of more packages is asked about all of a long window only where somebody says so."""
_NEWEST_SLOTS = 8
"""How many stretches at the end of such a window are asked about."""

_MOST_MEMORY = 8 << 30
"""Bytes that the passes over a window may take together."""
_ARRAYS, _PAGE, _EACH_HIT = 10, 4096, 20
"""What a pass keeps: arrays of eight bytes by release, where their pages are touched, and bytes by release reached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A blast as asked; as text it is the command that asks it.

    ``environment`` is that of packages, and of services that have none of their own.

    ``effort``: how many packages are walked where many are reached.
    """

    targets: tuple[str, ...]
    span: Span = field(default_factory=Span)
    reading: str | None = None
    environment: Environment = field(default_factory=Environment)
    resolver: Profile = "uv"
    builds_complete: bool = False
    effort: Effort = field(default_factory=Effort)

    def __str__(self) -> str:
        default, own = Environment(), self.environment
        platform = own.platform if own.machine == default.machine else f"{own.platform}-{own.machine}"
        asked = (
            ("--at", rfc3339(self.span.at)),
            ("--from", rfc3339(self.span.start)),
            ("--until", rfc3339(self.span.until)),
            ("--reading", self.reading),
            ("--python", own.python if own.python != default.python else None),
            ("--platform", platform if platform != default.platform else None),
            ("--resolver", self.resolver if self.resolver != "uv" else None),
        )
        words = [word for name, value in asked if value for word in (name, value)]
        if self.builds_complete:
            words.append("--builds-complete")
        if self.effort.most is None:
            words += ["--confirm", "all"]
        return shlex.join(("blast", *self.targets, *words))


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A case under one reading: every service judged, and the ground that packages are judged on."""

    case: Case
    world: World
    targets: Targets
    window: Window
    field: Field
    services: Roll
    unplaced: tuple[CompromisedRelease, ...]
    notes: tuple[str, ...]


class Documents:
    """Documents by sha256, each read once: whole where a row may matter to the case, else the head alone."""

    def __init__(self, reader: port.Reader, case: Case) -> None:
        self._evidence = reader.evidence()
        hashes = sorted({file.sha256 for release in case.releases for file in release.files if file.sha256})
        purls = sorted({release.purl for release in case.releases if not release.package})
        self._packages = frozenset(case.keys())
        self.organisation = self._evidence.organisation()
        aliases = [
            purl for one in self.organisation.aliases.packages if one.package in self._packages for purl in one.purls
        ]
        asked = self._packages or purls or hashes
        rows = self._evidence.listings(sorted(self._packages), [*purls, *aliases], hashes) if asked else None
        self._named: dict[str, tuple[int, ...]] = {}
        for sha256, content in zip(rows.document, rows.content.tolist(), strict=True) if rows is not None else ():
            self._named[sha256] = (*self._named.get(sha256, ()), content)
        self._everything = bool(purls)
        self._read: dict[str, Document] = {}
        self.accounts = accounts_of(self._evidence)

    def said(self, sha256: str) -> tuple[int, ...] | None:
        """Return what the rows say by which a document can matter, in numbers; None where all of it may matter."""
        return None if self._everything else self._named.get(sha256, ())

    def __call__(self, sha256: str) -> Document:
        """Return a document; KeyError where the graph keeps none of these bytes."""
        if sha256 not in self._read:
            read = self._evidence.document
            self._read[sha256] = read(sha256) if self.said(sha256) != () else self._evidence.heads([sha256])[0]
        return self._read[sha256]

    def mirrors(self) -> Iterator[str]:
        """Yield the index addresses that documents name for a package of the case."""
        for document in self._read.values():
            yield from (row.index for row in document.components if row.index and row.package in self._packages)


_Setting = tuple[Environment, Profile]


Worlds = Mapping[_Setting, World]
"""A world for each environment and resolver that the question or a service has."""


def worlds_of(reader: port.Reader, case: Case, question: Question, organisation: Organisation) -> Worlds:
    """Return the worlds that a case is asked in."""
    settings = {(question.environment, question.resolver): None}
    settings |= {_setting(service, question): None for service in organisation.services}
    return {one: World(reader, *one, case.hidden, case.keys()) for one in settings}


def answer(case: Case, question: Question, organisation: Organisation, documents: Documents, worlds: Worlds) -> View:
    """Return what one reading says of a case: every service, and the ground that packages are judged on.

    Raises:
        UsageError: the window asked for is empty.
    """
    world = worlds[question.environment, question.resolver]
    targets, unplaced = _targets(world, case)
    window, notes = _window(case, world, targets, question.span, world.reader.generation().newest_fact)
    closures = {one: closure_of(known, targets) for one, known in worlds.items()}
    # One list of slots for all environments, so that a slot's number means the same in every row.
    slots = slots_between([(worlds[one], closures[one]) for one in worlds], targets, window.start, window.until)
    if (cut := _newest_slots(case, question, slots, closures.values())) is not None:
        notes = (*notes, _cut_note(window, slots, cut))
        window, slots = replace(window, start=cut[0].start), cut
    _check_size(world, slots, closures.values())
    benches = {
        one: Bench(
            world=known,
            field=survey(known, targets, closures[one], slots),
            targets=targets,
            accused=accuse(case, organisation),
            start=window.start,
            until=window.until,
            earliest=_earliest(case, world, targets),
            unplaced=tuple(_unplaced(release) for release in unplaced),
            document=documents,
            asked=Asked(),
        )
        for one, known in worlds.items()
    }
    surveyed = benches[question.environment, question.resolver].field
    return View(
        case=case,
        world=world,
        targets=targets,
        window=window,
        field=surveyed,
        services=_services(benches, question, documents, is_cut=cut is not None),
        unplaced=unplaced,
        notes=notes,
    )


def _newest_slots(
    case: Case, question: Question, slots: tuple[Slot, ...], closures: Iterable[Reached]
) -> tuple[Slot, ...] | None:
    """Return the newest slots, where nobody said when to look and all of them would take many passes."""
    asked = question.span.start is not None or question.span.until is not None or case.incidents
    if asked or len(slots) <= MOST_SLOTS or max(len(one.packages) for one in closures) <= _MANY_PACKAGES:
        return None
    return slots[-_NEWEST_SLOTS:]


def _check_size(world: World, slots: Sequence[Slot], closures: Iterable[Reached]) -> None:
    """Refuse a window whose passes would take more memory than anybody has; say which part of it can be asked."""
    each = max(
        _ARRAYS * min(8 * world.releases, 2 * _PAGE * len(one.packages)) + _EACH_HIT * int(np.count_nonzero(one.plain))
        for one in closures
    )
    most = max(1, _MOST_MEMORY // max(1, each)) * MOST_SLOTS
    if len(slots) > most:
        raise UsageError(
            f"in that window the choices of what reaches it change {len(slots):,} times, too often for one question; "
            f"ask for parts of it, the first with --until {rfc3339(slots[most - 1].until)}"
        )


def _cut_note(window: Window, slots: Sequence[Slot], cut: Sequence[Slot]) -> str:
    return (
        f"from {rfc3339(window.start)} on the choices of what requires it changed {len(slots):,} times; this answer "
        f"is for the last {len(cut)} of those stretches, from {rfc3339(cut[0].start)} on: give --from and --until for "
        "others"
    )


def _setting(service: Service, question: Question) -> _Setting:
    """Return the environment and resolver that a service belongs to, else those asked for."""
    profile: Profile = "pip" if service.resolver == "pip" else "uv" if service.resolver == "uv" else question.resolver
    return service.environment or question.environment, profile


def _unplaced(release: CompromisedRelease) -> str:
    if release.package:
        return f"whether and when the index listed {release.package} {release.version}"
    return f"a listing that covers {release.purl.partition('/')[0]} components"


def _targets(world: World, case: Case) -> tuple[Targets, tuple[CompromisedRelease, ...]]:
    """Return the accused positions by package, and the releases that the index facts do not know."""
    targets: Targets = {}
    unplaced: list[CompromisedRelease] = []
    for release in case.releases:
        if found := world.find_release(release.package, release.version):
            package, position = found
            targets.setdefault(package.ident, []).append(position)
        else:
            unplaced.append(release)
    return targets, tuple(unplaced)


def _starts(case: Case, world: World) -> list[tuple[CompromisedRelease, Instant | None]]:
    """Return when each accused release was first listed, as far as anyone says."""
    starts = []
    for release in case.releases:
        start = release.listed_from
        if start is None and (found := world.find_release(release.package, release.version)):
            package, position = found
            first = int(package.first_upload[position])
            start = first if first < FOREVER else None
        starts.append((release, start))
    return starts


def _earliest(case: Case, world: World, targets: Targets) -> Instant | None:
    """Return the first upload of an accused file; None where one is not known, so nothing ran before it."""
    starts = [start for _, start in _starts(case, world)]
    return min(start for start in starts if start is not None) if starts and None not in starts and targets else None


def _window(case: Case, world: World, targets: Targets, span: Span, newest: Instant) -> tuple[Window, tuple[str, ...]]:
    """Return the window asked about: the reading's, cropped or replaced by the options."""
    if span.at is not None:
        return Window(start=span.at, until=span.at + 1, reading=case.reading.id), ()
    notes: list[str] = []
    starts = _starts(case, world)
    undated = [release for release, start in starts if start is None]
    known = [start for _, start in starts if start is not None]
    if case.reading.start is not None:
        known = [case.reading.start]
    elif undated and span.start is None:
        # Nobody says when: no earlier than the package itself, so nothing is cleared by leaving time out.
        known += [int(world.package(ident).first_upload.min(initial=FOREVER)) for ident in targets]
        notes.append(
            f"when {_named(undated)} was first listed is not known; the window starts where the graph's knowledge does"
        )
    if undated and case.reading.start is not None:
        notes.append(f"when {_named(undated)} was first listed is not known; between the bounds given it may have been")
    begin = min((start for start in known if start < FOREVER), default=newest)
    ends = [case.until_of(release) for release in case.releases]
    end = max((newest if end is None else end for end in ends), default=newest)
    if (
        span.until is None
        and case.incidents
        and (endless := [r for r, e in zip(case.releases, ends, strict=True) if e is None])
    ):
        notes.append(
            f"when {_named(endless)} left the index is not known; the window ends with the graph's newest fact"
        )
    start = begin if span.start is None else span.start
    until = end if span.until is None else span.until
    if start >= until:
        if span.start is not None or span.until is not None:
            raise UsageError(f"the window from {rfc3339(start)} to {rfc3339(until)} is empty; give --from and --until")
        until = start + 1
    return Window(start=start, until=until, reading=case.reading.id), tuple(notes)


def _named(releases: Sequence[CompromisedRelease]) -> str:
    return " and ".join(f"{release.package or release.purl} {release.version}" for release in releases)


def _services(benches: Mapping[_Setting, Bench], question: Question, documents: Documents, *, is_cut: bool) -> Roll:
    """Judge every service in its own environment; worst first, then by name. A window that was cut clears nobody."""
    whole = {company.id for company in documents.organisation.companies if company.builds_complete}

    def judged(account: Account) -> ServiceVerdict:
        service = account.service
        closed = service.builds_complete or service.company in whole or question.builds_complete
        asked = replace(service, builds_complete=closed)
        found = judge(benches[_setting(service, question)], asked, account.uses, account.builds)
        return _not_cleared(found) if is_cut else found

    return Roll(documents.accounts, documents.said, judged)


def _not_cleared(found: ServiceVerdict) -> ServiceVerdict:
    """Return a verdict of the end of a window for all of it: what came before was not looked at."""

    def doubted(one: _Judged) -> _Judged:
        if one.verdict is not Verdict.CLEARED:
            return one
        reason = f"{one.reason}; only the end of the window was looked at, --from and --until would settle the rest"
        return replace(one, verdict=Verdict.UNKNOWN, reason=reason)

    return replace(doubted(found), builds=tuple(map(doubted, found.builds)))
