"""The blast radius of a case: who is reached, on what evidence, and what the answer rests on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from graphkit.model import __version__
from graphkit.model.answers import Asked, Blast, CompanyRow, InstallTree, PackageRow, Provenance, Summary, Window
from graphkit.model.incidents import CompromisedRelease, Incident
from graphkit.model.names import PackageName, ServiceId
from graphkit.model.organisation import Organisation
from graphkit.model.ranks import CompanyVerdict, Tier, Verdict
from graphkit.model.times import rfc3339
from graphkit.model.versions import release_version
from graphkit.stores import port
from graphkit.trace.case import Case, resolve, rest_of, under, without_incident_joined
from graphkit.trace.case_answer import CaseAnswer, Question, Worlds, answer, trees_in, worlds_of
from graphkit.trace.evidence.documents import CaseDocuments
from graphkit.trace.left_out import Unasked, unasked
from graphkit.trace.notes import footnotes, some
from graphkit.trace.verdicts.companies import CaseWindow, company_rows, is_about
from graphkit.trace.verdicts.packages import (
    Answered,
    Effort,
    Exposed,
    PackageWorlds,
    package_rows,
    package_tiers,
    row_order,
)
from graphkit.trace.verdicts.ranking import Unwalked
from graphkit.trace.verdicts.service_verdicts import ServiceVerdicts, Worst


def blast(reader: port.Reader, question: Question, spread: PackageWorlds = map, answer: type[Blast] = Blast) -> Blast:
    """Return everything that a graph can say of a case. ``spread`` may walk packages in several processes.

    ``answer`` is the class that is made. Each incident is judged under its own reading and in its own window; the worst
    verdict stands (docs/semantics.md#readings). Cost: for each incident the reverse closure of the targets, a few
    forward walks per package in it, and the rows of documents that name a target.

    Raises:
        UsageError: a target, reading or window that the graph cannot make sense of.
    """
    cases = _cases(reader, question, reader.evidence().incidents())
    return _blast_of(reader, cases, question, spread, answer)


class OneIncident(NamedTuple):
    """What a question says of one of its incidents. ``claims`` are the ids of those that are about it."""

    blast: Blast
    claims: tuple[str, ...]


def each_incident(reader: port.Reader, question: Question) -> Iterator[OneIncident]:
    """Yield the answer for each incident of a question alone, by id: each service and company has its verdict for it.

    Few packages are walked. Cost: as `blast`, for each incident when it is asked for.

    Raises:
        UsageError: a target, reading or window that the graph cannot make sense of.
    """
    asked = replace(question, effort=Effort(most=0, enough=0))
    claims = reader.evidence().organisation().claims
    for case in _cases(reader, question, reader.evidence().incidents()):
        yield OneIncident(
            blast=_blast_of(reader, (case,), asked, map, Blast),
            claims=tuple(one.id for one in claims if is_about(one, case)),
        )


def _blast_of(
    reader: port.Reader, cases: Sequence[Case], question: Question, spread: PackageWorlds, answer: type[Blast]
) -> Blast:
    incidents = reader.evidence().incidents()
    organisation = reader.evidence().organisation()
    parts = [_part(reader, case, question, organisation, incidents, spread) for case in cases]
    views = [part.view for part in parts]
    offsets = [sum(len(view.reach.slots) for view in views[:at]) for at in range(len(views))]
    services = views[0].services if len(views) == 1 else _worst(views, offsets)
    windows = tuple(view.window for view in views)
    exposed = _joined([part.exposed for part in parts], offsets)
    companies = company_rows(
        organisation,
        [CaseWindow(view.case, view.window.start, view.window.until) for view in views],
        services.judged,
    )
    generation = reader.generation()
    external = organisation.external_services
    unknown = tuple(dict.fromkeys(case.unknown for case in cases if case.unknown))
    left_out = tuple(part.unasked.counted(external) for part in parts if part.unasked is not None)
    unasked_notes = (f"{one.text}; all of it: graphkit blast {one.incident}" for one in left_out)
    return answer(
        incident=_asked(views),
        window=_whole(windows),
        windows=windows,
        slots=tuple(slot for view in views for slot in view.reach.slots),
        environment=question.environment,
        resolver=question.resolver,
        summary=_summary(services, exposed, companies, external),
        services=services,
        companies=companies,
        packages=exposed.rows,
        provenance=Provenance(
            graphkit=__version__,
            packaging=generation.packaging,
            question=str(question),
            inputs=generation.inputs,
            facts_sha256=generation.facts_sha256,
            facts_until=generation.newest_fact if generation.inputs else None,
        ),
        notes=tuple(dict.fromkeys((*unknown, *unasked_notes, *(note for part in parts for note in part.notes)))),
        is_partial=any(part.exposed.stopped is not None for part in parts),
        is_index_read=any(_is_index_read(view) for view in views),
        unknown=unknown,
        external=external,
        left_out=left_out,
        exposing=_exposing(views, external) if len(views) > 1 else (),
    )


def _exposing(views: Sequence[CaseAnswer], external: AbstractSet[ServiceId]) -> tuple[str, ...]:
    """Return the incidents of several that expose services that are not somebody else's."""
    return tuple(
        view.case.id
        for view in views
        if any(
            one.rank < Verdict.UNKNOWN.rank and name not in external for name, one in view.services.verdicts().items()
        )
    )


def install_trees(reader: port.Reader, question: Question, service: ServiceId) -> tuple[InstallTree, ...]:
    """Return what installs from each manifest of a service take, by incident; see `graphkit.trace.verdicts.trees`.

    Cost: for each incident the reverse closure of the targets, and the forward walks of each manifest.

    Raises:
        UsageError: a target, reading or window that the graph cannot make sense of.
    """
    organisation = reader.evidence().organisation()
    return tuple(
        tree
        for case in _cases(reader, question, reader.evidence().incidents())
        for tree in trees_in(
            case, question, CaseDocuments(reader, case), worlds_of(reader, case, question, organisation), service
        )
    )


def _cases(reader: port.Reader, question: Question, incidents: Sequence[Incident]) -> tuple[Case, ...]:
    """Return the cases that a question is about, each under the reading that answers."""
    known = _Known(reader)
    cases = resolve(
        incidents,
        question.targets,
        question.reading,
        known.versions_of,
        known_names=known.names,
        is_known=known.has,
    )
    is_told = question.span.at is not None or (question.span.start is not None and question.span.until is not None)
    return without_incident_joined(cases) if is_told else cases


def _worst(views: Sequence[CaseAnswer], offsets: Sequence[int]) -> Worst:
    return Worst([view.services for view in views], [view.case.id for view in views], offsets)


class _Part(Struct, frozen=True, kw_only=True):
    """What one case contributes to an answer."""

    view: CaseAnswer
    exposed: Exposed
    notes: tuple[str, ...]
    unasked: Unasked | None


def _part(
    reader: port.Reader,
    case: Case,
    question: Question,
    organisation: Organisation,
    incidents: Sequence[Incident],
    spread: PackageWorlds,
) -> _Part:
    documents = CaseDocuments(reader, case)
    worlds = worlds_of(reader, case, question, organisation)
    view = answer(case, question, documents, worlds)
    exposed = package_rows(view.world, view.reach, view.targets, question.effort, spread)
    rivals = tuple(_rivals(view, exposed, question, documents, incidents, worlds))
    withdrawn = tuple(f"{one} was withdrawn by those who published it" for one in case.withdrawn)
    notes = (*withdrawn, *footnotes(view, exposed, documents), *rivals)
    rest = rest_of(case, incidents, question.reading, _Known(reader).versions_of)
    if rest is None:
        return _Part(view=view, exposed=exposed, notes=notes, unasked=None)
    beside = unasked(reader, view, rest, question)
    view.services.say_first(beside.said_of())
    title = f"Only {beside.asked} of: {case.title}" if case.title else ""
    view = replace(view, case=replace(case, title=title))
    return _Part(view=view, exposed=exposed, notes=notes, unasked=beside)


class _Known:
    """What a graph knows of a target before anything is judged."""

    def __init__(self, reader: port.Reader) -> None:
        self._reader = reader
        self._versions: dict[PackageName, Sequence[str]] = {}

    def versions_of(self, name: PackageName) -> Sequence[str]:
        """Return every version that the graph knows of a package."""
        if name not in self._versions:
            self._versions[name] = _versions_of(self._reader, name)
        return self._versions[name]

    def has(self, release: CompromisedRelease) -> bool:
        """Return whether pages or documents have a release or, where no version of its package is known, that package.

        What an incident alone says is no account of it. Cost: where versions are known, the rows that list it.
        """
        evidence = self._reader.evidence()
        if release.package is None:
            return bool(evidence.listings((), (release.purl,), ()).document)
        rows = evidence.listings((release.package,), (), ())
        known = [release_version(text).key for text in self.versions_of(release.package)]
        if not known:
            return bool(rows.document)
        key = release_version(release.version).key
        if key in known and self._is_on_page(release, release.package, known.index(key)):
            return True
        return any(release_version(row.version).key == key for row in evidence.components(rows))

    def _is_on_page(self, release: CompromisedRelease, package: PackageName, position: int) -> bool:
        """Return whether a page lists a release, or listed it: it has files that no incident tells of."""
        start = self._reader.packages(self._reader.package_ids([package])).start[0]
        found = self._reader.releases(np.array([start + position], dtype=port.RELEASE))
        return not found.is_ghost[0] or not {"", *(one.filename for one in release.files)}.issuperset(found.filename)

    def names(self) -> Sequence[str]:
        """Return the name of every package that the graph knows."""
        return self._reader.packages(np.arange(self._reader.generation().packages, dtype=port.PACKAGE)).name


def _is_index_read(view: CaseAnswer) -> bool:
    """Return whether a page or table of an accused package, or of anything that leads to one, was read."""
    return bool(view.world.reader.packages(view.reach.packages).is_listed_somewhere.any())


def _whole(windows: Sequence[Window]) -> Window:
    """Return the stretch from the first to the last instant of several windows."""
    if len(windows) == 1:
        return windows[0]
    readings = {one.reading for one in windows}
    return Window(
        start=min(one.start for one in windows),
        until=max(one.until for one in windows),
        reading=readings.pop() if len(readings) == 1 else "",
        is_known=all(one.is_known for one in windows),
    )


def _asked(views: Sequence[CaseAnswer]) -> Asked:
    """Return everything that was asked, as an answer shows it."""
    asked = [replace(view.case.asked(_ghosts(view)), withdrawn=view.case.withdrawn) for view in views]
    if len(asked) == 1:
        return asked[0]
    return Asked(
        id=" ".join(one.id for one in asked),
        title="; ".join(one.title for one in asked),
        actor=", ".join(dict.fromkeys(one.actor for one in asked if one.actor)),
        causes=tuple(cause for one in asked for cause in one.causes),
        releases=tuple({one.release.purl: one for each in asked for one in each.releases}.values()),
        sources=tuple(dict.fromkeys(source for one in asked for source in one.sources)),
        withdrawn=tuple(dict.fromkeys(name for one in asked for name in one.withdrawn)),
        actions=tuple(action for one in asked for action in one.actions),
        files=tuple(file for one in asked for file in one.files),
    )


def _joined(parts: Sequence[Exposed], offsets: Sequence[int]) -> Exposed:
    """Return the packages of several cases as one list; a package of several takes the strongest tier."""
    if len(parts) == 1:
        return parts[0]
    rows: dict[str, PackageRow] = {}
    for part, offset in zip(parts, offsets, strict=True):
        for row in part.rows:
            moved = replace(
                row,
                takes=tuple(replace(take, slot=take.slot + offset) for take in row.takes),
                slots=tuple(slot + offset for slot in row.slots),
                unresolvable=tuple(slot + offset for slot in row.unresolvable),
            )
            rows[row.package] = _both(rows[row.package], moved) if row.package in rows else moved
    stopped = [part.stopped for part in parts if part.stopped is not None]
    return Exposed(
        rows=tuple(sorted(rows.values(), key=row_order)),
        unconfirmed=tuple(sorted({name for part in parts for name in part.unconfirmed})),
        unread=tuple(sorted({name for part in parts for name in part.unread})),
        unwalked=Unwalked(
            nominated=sum(part.unwalked.nominated for part in parts),
            admitted=sum(part.unwalked.admitted for part in parts),
            older=sum(part.unwalked.older for part in parts),
            releases=sum(part.unwalked.releases for part in parts),
        ),
        stopped=stopped[0] if stopped else None,
    )


def _both(one: PackageRow, other: PackageRow) -> PackageRow:
    first, second = sorted((one, other), key=row_order)
    tiers = [tier for tier in (first.older_tier, second.older_tier) if tier is not None]
    return replace(
        first,
        takes=tuple(sorted({*first.takes, *second.takes}, key=lambda take: (take.slot, take.release))),
        older_tier=min(tiers, key=lambda tier: tier.rank, default=None),
        releases=max(first.releases, second.releases),
        distance=min(first.distance, second.distance),
        slots=tuple(sorted({*first.slots, *second.slots})),
        unresolvable=tuple(sorted({*first.unresolvable, *second.unresolvable})),
    )


def _versions_of(reader: port.Reader, name: PackageName) -> Sequence[str]:
    package_ids = reader.package_ids([name])
    if package_ids[0] < 0:
        return ()
    columns = reader.packages(package_ids)
    return reader.releases(np.arange(columns.start[0], columns.stop[0], dtype=port.RELEASE)).version


def _ghosts(view: CaseAnswer) -> frozenset[str]:
    ghosts = set()
    for release in view.case.releases:
        if found := view.world.find_release(release.package, release.version):
            package, position = found
            if package.is_ghost[position]:
                ghosts.add(release.purl)
    return frozenset(ghosts)


def _summary(
    judged: ServiceVerdicts | Worst,
    exposed: Exposed,
    companies: Sequence[CompanyRow],
    external: AbstractSet[ServiceId],
) -> Summary:
    services = judged.counts
    of_others = Counter(one for name, one in judged.verdicts().items() if name in external) if external else Counter()
    counted = Counter(one.verdict for one in companies)
    tiers = Counter(row.tier for row in exposed.rows)
    bases = {row.package for row in exposed.rows if "[" not in row.package}
    return Summary(
        services=tuple((verdict.value, services[verdict]) for verdict in Verdict),
        companies=tuple((verdict.value, counted[verdict]) for verdict in CompanyVerdict),
        packages=(
            ("picked", tiers[Tier.PICKED]),
            ("nominated", len(exposed.unconfirmed) + exposed.unwalked.nominated),
            ("admitted", tiers[Tier.ADMITTED] + exposed.unwalked.admitted),
        ),
        # An extra's releases are those of its package: they count once.
        releases=sum(
            row.releases for row in exposed.rows if "[" not in row.package or row.package.partition("[")[0] not in bases
        )
        + exposed.unwalked.releases,
        external_services=tuple((verdict.value, of_others[verdict]) for verdict in Verdict) if external else (),
    )


def _rivals(
    view: CaseAnswer,
    exposed: Exposed,
    question: Question,
    documents: CaseDocuments,
    incidents: Sequence[Incident],
    worlds: Worlds,
) -> Iterator[str]:
    """Say which verdicts each other reading of the times would change (docs/semantics.md#readings)."""
    if exposed.stopped and view.case.others:
        yield "other readings of the times were not compared with this one, because the run was stopped"
        verdicts = view.services.verdicts()
        view.services.assume({name for name, verdict in verdicts.items() if verdict is Verdict.CLEARED})
        return
    resting: set[str] = set()
    agreeing: list[str] = []
    for reading in view.case.others:
        case = under(view.case, incidents, reading)
        rival = answer(case, question, documents, worlds.under(case))
        pairs = [
            (service, ours, theirs)
            for service, ours, theirs in _paired(view.services.verdicts(), rival.services.verdicts())
            if ours is not theirs
        ]
        changed = [f"{service} {ours} → {theirs}" for service, ours, theirs in pairs]
        resting |= {service for service, ours, _ in pairs if ours is Verdict.CLEARED}
        before = {row.package: row.tier.value if row.tier else "older only" for row in exposed.rows}
        answered = Answered(view.world, exposed.picked)
        tiers = package_tiers(rival.world, rival.reach, rival.targets, question.effort.most, answered)
        after = {name: tier.value if tier else "older only" for name, tier in tiers.items()}
        changed += [
            f"{name} {before.get(name, 'not reached')} → {after.get(name, 'not reached')}"
            for name in sorted(before.keys() | after.keys())
            if before.get(name) != after.get(name)
        ]
        if changed:
            span = f"{rfc3339(rival.window.start)} to {rfc3339(rival.window.until)}"
            yield f"with the times of {reading.id} ({span}) other verdicts result: {some(changed)}"
        else:
            agreeing.append(reading.id)
    if agreeing:
        yield f"no verdict changes with the times of {', '.join(agreeing)}"
    if view.case.reading.id != question.reading:  # else it is the word of the one who asks
        view.services.assume(resting)


def _paired(ours: Mapping[str, Verdict], theirs: Mapping[str, Verdict]) -> Iterator[tuple[str, Verdict, Verdict]]:
    return ((service, verdict, theirs[service]) for service, verdict in ours.items())
