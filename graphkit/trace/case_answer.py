"""A case under one reading: the worlds it is asked in, the window, and every service."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from graphkit.model.answers import InstallTree, Obligation, ServiceVerdict, Slot, Window
from graphkit.model.environment import AnyOfEnvironments, Environment, Profile, environments_within
from graphkit.model.errors import UsageError
from graphkit.model.incidents import CompromisedRelease
from graphkit.model.names import PackageName, ServiceId
from graphkit.model.organisation import Organisation, Service
from graphkit.model.sentences import and_more
from graphkit.model.times import FOREVER, Instant, rfc3339
from graphkit.model.versions import release_version
from graphkit.stores import port
from graphkit.stores.port import PackageId, Position
from graphkit.trace.case import Case, Span
from graphkit.trace.evidence.accusation import Accusation, accuse
from graphkit.trace.evidence.documents import CaseDocuments
from graphkit.trace.evidence.service_facts import ServiceFacts
from graphkit.trace.reach.by_slot import Reach, reach_of, slots_between
from graphkit.trace.reach.nominate import closure_of, leads_by_building
from graphkit.trace.reach.reached import ReachedReleases
from graphkit.trace.resolve.availability_table import MOST_SLOTS
from graphkit.trace.resolve.confirm import Targets
from graphkit.trace.resolve.first_upload import FirstUploads, first_of_all, first_uploads
from graphkit.trace.resolve.world import World
from graphkit.trace.verdicts.alike import marked, marked_use
from graphkit.trace.verdicts.clearance import OpenObligation, ProofStep, fact
from graphkit.trace.verdicts.context import ServiceContext, usual_ways
from graphkit.trace.verdicts.in_house import with_carriers
from graphkit.trace.verdicts.packages import Effort
from graphkit.trace.verdicts.service_verdicts import ServiceVerdicts
from graphkit.trace.verdicts.services import judge
from graphkit.trace.verdicts.trees import trees_of

_MANY_PACKAGES = 1_000
"""A closure of more packages is asked about all of a long window only where somebody says so."""
_NEWEST_SLOTS = 8
"""How many stretches at the end of such a window are asked about."""

_MOST_MEMORY = 8 << 30
"""Bytes that the passes over a window may take together."""
_ARRAYS, _PAGE, _EACH_HIT = 10, 4096, 20
"""What a pass keeps: arrays of eight bytes by release, where their pages are touched, and bytes by release reached."""


class Question(Struct, frozen=True, kw_only=True):
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


class CaseAnswer(Struct, frozen=True, kw_only=True):
    """A case under one reading: every service judged, and the reach that packages are judged by."""

    case: Case
    world: World
    targets: Targets
    window: Window
    reach: Reach
    services: ServiceVerdicts
    unplaced: tuple[CompromisedRelease, ...]
    notes: tuple[str, ...]


_Setting = tuple[Environment, Profile]


class Worlds:
    """The worlds that one case is asked in, each made when it is asked for."""

    def __init__(self, reader: port.Reader, case: Case, settings: Iterable[_Setting]) -> None:
        self._reader = reader
        self._case = case
        self.settings = tuple(dict.fromkeys(settings))
        self._worlds: dict[tuple[object, ...], World] = {}
        for one in self.settings:
            self.of(one)

    def under(self, case: Case) -> Worlds:
        """Return the same worlds under another reading; all that does not depend on it is shared."""
        other = Worlds(self._reader, case, ())
        other.settings = self.settings
        other._worlds = {key: world.under(case.hidden) for key, world in self._worlds.items()}
        return other

    def of(self, setting: _Setting) -> World:
        """Return the world of one environment and installer."""
        if setting not in self._worlds:
            self._worlds[setting] = self._new(*setting, None)
        return self._worlds[setting]

    def union(self, known: Environment | None, requires_python: str) -> World:
        """Return the world of every environment that a service may have."""
        key = ("union", known, requires_python)
        if key not in self._worlds:
            self._worlds[key] = self._new(
                Environment(), "uv", AnyOfEnvironments(environments_within(requires_python, known))
            )
        return self._worlds[key]

    def _new(self, environment: Environment, profile: Profile, union: AnyOfEnvironments | None) -> World:
        case = self._case
        mixed: dict[PackageName, set[str]] = {}
        for release in case.releases:
            if release.package and not release.whole:
                mixed.setdefault(release.package, set()).add(release_version(release.version).key)
        return World(
            self._reader,
            environment,
            profile,
            case.hidden,
            case.keys(),
            mixed={package: frozenset(keys) for package, keys in mixed.items()},
            union=union,
        )


def worlds_of(reader: port.Reader, case: Case, question: Question, organisation: Organisation) -> Worlds:
    """Return the worlds that a case is asked in."""
    settings = [(question.environment, question.resolver)]
    settings += [_setting(service, question) for service in organisation.services]
    return Worlds(reader, case, settings)


def answer(case: Case, question: Question, documents: CaseDocuments, worlds: Worlds) -> CaseAnswer:
    """Return what one reading says of a case: every service, and the reach that packages are judged by.

    Raises:
        UsageError: the window asked for is empty.
    """
    judging, unplaced, notes = _prepared(case, question, documents, worlds)
    first = first_of_all(judging.first_uploads)
    setting = (question.environment, question.resolver)
    return CaseAnswer(
        case=case,
        world=worlds.of(setting),
        targets=judging.targets,
        window=judging.window,
        reach=judging.fields[setting],
        services=ServiceVerdicts(documents.services, documents, judging, judging.packages, first),
        unplaced=unplaced,
        notes=notes,
    )


def trees_in(
    case: Case, question: Question, documents: CaseDocuments, worlds: Worlds, service: ServiceId
) -> tuple[InstallTree, ...]:
    """Return what installs of one service take under one reading, none where the graph has no such service.

    Raises:
        UsageError: the window asked for is empty.
    """
    judging, _, _ = _prepared(case, question, documents, worlds)
    return tuple(tree for one in documents.services if one.service.id == service for tree in judging.trees(one))


def _prepared(
    case: Case, question: Question, documents: CaseDocuments, worlds: Worlds
) -> tuple[_Judging, tuple[CompromisedRelease, ...], tuple[str, ...]]:
    """Return what services are judged with, the releases that the index facts do not know, and notes on the window."""
    world = worlds.of((question.environment, question.resolver))
    targets, unplaced = _targets(world, case)
    nowhere = _ranges_of_nothing(world, case)
    newest = world.reader.generation().newest_fact
    window, notes = _window(case, world, targets, question.span, newest)
    whole, _ = _window(case, world, targets, Span(), newest)
    known = {one: worlds.of(one) for one in worlds.settings}
    closures = {one: closure_of(that, targets) for one, that in known.items()}
    # One list of slots for all environments, so that a slot's number means the same in every row.
    slots = slots_between([(known[one], closures[one]) for one in known], targets, window.start, window.until)
    if (cut := _newest_slots(case, question, slots, closures.values())) is not None:
        notes = (*notes, _cut_note(window, slots, cut))
        window, slots = replace(window, start=cut[0].start), cut
    slots = tuple(replace(one, incident=case.id) for one in slots)
    _check_size(world, slots, closures.values())
    fields = {one: reach_of(that, targets, closures[one], slots) for one, that in known.items()}
    judging = _Judging(
        case=case,
        question=question,
        documents=documents,
        worlds=worlds,
        closures=closures,
        fields=fields,
        targets=targets,
        window=window,
        whole_window=(min(window.start, whole.start), max(window.until, whole.until))
        if whole.is_known
        else (window.start, window.until),
        accused=with_carriers(documents, accuse(case, documents.organisation, world.file_hashes)),
        is_cut=cut is not None,
        unplaced=(*((release.package, _unplaced(release)) for release in unplaced), *nowhere),
        first_uploads=first_uploads(case, world),
    )
    return judging, unplaced, notes


class _Judging(Struct, frozen=True, kw_only=True):
    """How the services of one case are judged, each in its own environment."""

    case: Case
    question: Question
    documents: CaseDocuments
    worlds: Worlds
    closures: Mapping[_Setting, ReachedReleases]
    fields: Mapping[_Setting, Reach]
    targets: Targets
    window: Window
    whole_window: tuple[Instant, Instant]
    accused: Accusation
    is_cut: bool
    unplaced: tuple[tuple[PackageName | None, str], ...]
    first_uploads: FirstUploads
    contexts: dict[_Setting, ServiceContext] = field(default_factory=dict)
    reaches: dict[tuple[_Setting, Instant, Instant], Reach] = field(default_factory=dict)
    ways: dict[Environment | None, frozenset[str]] = field(default_factory=dict)
    """Of which usual backends and tools a target is in the closure, by the environment that a service names."""
    by_building: list[bool] = field(default_factory=list)
    """Whether a build requirement that was read may lead to a target, once it is asked for."""

    @property
    def packages(self) -> frozenset[PackageName]:
        """The accused packages: a document that describes one of them is judged by itself."""
        return self.case.packages

    def service(self, account: ServiceFacts) -> ServiceVerdict:
        """Return the verdict of a service."""
        return judge(self._context_of(account), account.uses, account.builds)

    def marked(self, account: ServiceFacts) -> ServiceVerdict:
        """Return the verdict of a service that has one document alone, with marks for what is of it alone."""
        document = marked(self.documents(account.uses[0].document))
        context = replace(self._context_of(account), document=lambda _: document)
        return judge(context, tuple(map(marked_use, account.uses)), ())

    def trees(self, account: ServiceFacts) -> tuple[InstallTree, ...]:
        """Return what installs from each manifest of a service take; none where no time of the case is known."""
        if not self.window.is_known:
            return ()
        return trees_of(self._context_of(account), account.uses, account.builds)

    def _context_of(self, account: ServiceFacts) -> ServiceContext:
        service = account.service
        asked = replace(service, builds_complete=service.builds_complete or self.question.builds_complete)
        context = self._context(_setting(service, self.question))
        union = self._union_of(service.environment)
        context = replace(
            context,
            service=asked,
            union=union,
            building=union,
            image_builds=account.image_builds,
            workspaces=account.workspaces,
        )
        return replace(context, reaching=lambda: self._reaching(context))

    def _reaching(self, context: ServiceContext) -> frozenset[str]:
        known = context.service.environment
        if known not in self.ways:
            self.ways[known] = usual_ways(context)
        return self.ways[known]

    def _is_reached_by_building(self) -> bool:
        if not self.by_building:
            world = self.worlds.union(None, "").anywhere()
            accused = self.accused
            # What may be accused, or carries what is, counts as much.
            names = {*accused.carriers, *accused.open, *(one.package for one in accused.files if one.package)}
            names |= {package for package, _ in self.unplaced if package is not None}
            known = [world.find(PackageName(name)) for name in sorted(names)]
            seeds = {
                one.id: [Position(position) for position in range(one.size)]
                for one in known
                if one is not None and one.size
            }
            self.by_building.append(leads_by_building(world, {**self.targets, **seeds}))
        return self.by_building[0]

    def _union_of(self, known: Environment | None) -> Callable[[str], World]:
        """Return what gives the world of every environment that a service may have: one that it names, else all."""
        return lambda requires: self.worlds.union(known, requires)

    def _context(self, setting: _Setting) -> ServiceContext:
        if setting not in self.contexts:
            self.contexts[setting] = self._new_context(setting)
        return self.contexts[setting]

    def _new_context(self, setting: _Setting) -> ServiceContext:
        case, world = self.case, self.worlds.of(setting)

        def reach_between(start: Instant, until: Instant) -> Reach:
            if (key := (setting, start, until)) not in self.reaches:
                slots = slots_between([(world, self.closures[setting])], self.targets, start, until)
                self.reaches[key] = reach_of(world, self.targets, self.closures[setting], slots)
            return self.reaches[key]

        return ServiceContext(
            incident=case.id,
            service=Service(id=ServiceId("")),
            world=world,
            union=self._union_of(None),
            in_environment=lambda one: self.worlds.of((one, setting[1])),
            reach=self.fields[setting],
            reach_between=reach_between,
            targets=self.targets,
            accused=self.accused,
            names=tuple(_shown(release) for release in case.releases),
            start=self.window.start,
            until=self.window.until,
            whole_window=self.whole_window,
            first_uploads=self.first_uploads,
            decided=self._decided(),
            unplaced=self.unplaced,
            document=self.documents,
            whole=self.documents.whole,
            in_house=self.documents.manifests_of,
            in_workspace=self.documents.is_in_workspace,
            reaching=frozenset,
            building=self._union_of(None),
            is_reached_by_building=self._is_reached_by_building,
            findings={},
        )

    def _decided(self) -> ProofStep:
        """Return obligation (a), what is accused is known; or (c) where no time of it is."""
        case = self.case
        if self.is_cut:
            return OpenObligation(
                obligation=Obligation.ACCUSATION,
                text="only the end of the window was checked; give --from and --until for the rest",
            )
        if not self.window.is_known:
            return OpenObligation(
                obligation=Obligation.TIMES,
                text="it is not known when the accused release was on the index; --from and --until, or an incident "
                "file with times, would settle it",
            )
        if case.decides_nothing or case.is_open_for_all:
            why = case.why_undecided or "; ".join(dict.fromkeys(one.why for one in case.undecided))
            return OpenObligation(
                obligation=Obligation.ACCUSATION,
                text=f"what {case.id} accuses is unknown ({why}); a record with releases, or the hashes of the bad "
                "files, would settle it",
            )
        return fact(Obligation.ACCUSATION, f"{case.id} accuses {in_words(case)}")


def in_words(case: Case) -> str:
    """Return what a case accuses in words, of many parts the first ones."""
    names = [_shown(release) for release in case.releases]
    names += [f"{package} {specifier or 'in every version'}" for package, specifier in case.ranges]
    names += [f"every version of {package}" for package in sorted(case.every)]
    names += ["files by their hashes"] if case.files else []
    return " and ".join(names[:4]) + and_more(len(names), 4)


def _shown(release: CompromisedRelease) -> str:
    return f"{release.package} {release.version}" if release.package else release.purl


def _newest_slots(
    case: Case, question: Question, slots: tuple[Slot, ...], closures: Iterable[ReachedReleases]
) -> tuple[Slot, ...] | None:
    """Return the newest slots, where nobody said when to look and all of them would take many passes."""
    asked = question.span.start is not None or question.span.until is not None or case.incidents
    if asked or len(slots) <= MOST_SLOTS or max(len(one.packages) for one in closures) <= _MANY_PACKAGES:
        return None
    return slots[-_NEWEST_SLOTS:]


def _check_size(world: World, slots: Sequence[Slot], closures: Iterable[ReachedReleases]) -> None:
    """Refuse a window whose passes would take more memory than anybody has; say which part of it can be asked."""
    each = max(
        _ARRAYS * min(8 * world.releases, 2 * _PAGE * len(one.packages)) + _EACH_HIT * one.count for one in closures
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
        f"is for the last {len(cut)} of those stretches, from {rfc3339(cut[0].start)} on: use --from and "
        "--until to ask about the rest"
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
    found: dict[PackageId, set[Position]] = {}
    unplaced: list[CompromisedRelease] = []
    for release in case.releases:
        if place := world.find_release(release.package, release.version):
            found.setdefault(place[0].id, set()).add(place[1])
        else:
            unplaced.append(release)
    for name, specifier in case.accused_ranges:
        if package := world.find(name):
            found.setdefault(package.id, set()).update(
                Position(position) for lo, hi in package.stretches(specifier) for position in range(lo, hi)
            )
    return {package_id: sorted(positions) for package_id, positions in found.items()}, tuple(unplaced)


def _ranges_of_nothing(world: World, case: Case) -> Iterator[tuple[PackageName, str]]:
    """Yield ranges that accuse something and that no known release falls in, as an open obligation words them.

    There was such a release, and it went before its page was read; or the range is of those to come.
    """
    for name, specifier in case.accused_ranges:
        package = world.find(name)
        if package is None or not package.stretches(specifier):
            yield name, f"which releases of {name} {specifier} there were".replace("  ", " ")


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


def _window(case: Case, world: World, targets: Targets, span: Span, newest: Instant) -> tuple[Window, tuple[str, ...]]:
    """Return the window asked about: the reading's, cropped or replaced by the options."""
    if span.at is not None:
        return Window(start=span.at, until=span.at + 1, reading=case.reading.id, incident=case.id), ()
    first, of_start = _begin(case, world, targets, span, newest)
    last, of_end = _end(case, span, newest)
    start = first if span.start is None else span.start
    until = last if span.until is None else span.until
    window = Window(start=start, until=until, reading=case.reading.id, incident=case.id)
    if start < until:
        return window, (*of_start, *of_end)
    if span.start is not None or span.until is not None:
        raise UsageError(f"the window from {rfc3339(start)} to {rfc3339(until)} is empty; give --from and --until")
    notes = ["no time of it is known: give --from and --until, or an incident file with its times"]
    return replace(window, until=start + 1, is_known=False), tuple(notes)


def _begin(case: Case, world: World, targets: Targets, span: Span, newest: Instant) -> tuple[Instant, list[str]]:
    """Return when a window starts that nobody gave a start, and what is not known of it."""
    notes: list[str] = []
    starts = _starts(case, world)
    undated = [release for release, start in starts if start is None]
    known = [start for _, start in starts if start is not None]
    if case.reading.start is not None:
        # The reading gives the times of those that it speaks of; an advisory may accuse more.
        others = [start for release, start in starts if start is not None and not case.is_timed(release)]
        known = [case.reading.start, *others]
        if undated:
            notes.append(
                f"when {_named(undated)} was first listed is not known; between the bounds given it may have been"
            )
    elif undated and span.start is None:
        # Nobody says when: no earlier than the package itself, so nothing is cleared by leaving time out.
        known += [int(world.package(package_id).first_upload.min(initial=FOREVER)) for package_id in targets]
        is_dated = any(start < FOREVER for start in known)
        from_when = "the first facts of the graph" if is_dated else "the newest fact of the graph"
        notes.append(f"when {_named(undated)} was first listed is not known; the window starts with {from_when}")
    return min((start for start in known if start < FOREVER), default=newest), notes


def _end(case: Case, span: Span, newest: Instant) -> tuple[Instant, list[str]]:
    """Return when a window ends that nobody gave an end, and what is not known of it."""
    notes: list[str] = []
    ends = [(release, case.until_of(release)) for release in case.releases]
    endless = [release for release, end in ends if end is None]
    if endless and span.until is None and case.incidents:
        notes.append(
            f"when {_named(endless)} left the index is not known; the window ends with the graph's newest fact"
        )
    return max((newest if end is None else end for _, end in ends), default=newest), notes


def _named(releases: Sequence[CompromisedRelease]) -> str:
    return " and ".join(f"{release.package or release.purl} {release.version}" for release in releases)
