"""The blast radius of a case: who is reached, on what evidence, and what the answer rests on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from graphkit.model import __version__
from graphkit.model.answers import Blast, CompanyRow, CompanyVerdict, Provenance, Summary, Tier, Verdict
from graphkit.model.incidents import Incident
from graphkit.model.names import PackageName
from graphkit.model.organisation import Organisation
from graphkit.model.times import rfc3339
from graphkit.stores import port
from graphkit.trace.case import resolve, under
from graphkit.trace.companies import company_rows
from graphkit.trace.notes import footnotes, some
from graphkit.trace.packages import Exposed, Spread, package_rows, package_tiers
from graphkit.trace.view import Documents, Question, View, Worlds, answer, worlds_of


def blast(reader: port.Reader, question: Question, spread: Spread = map) -> Blast:
    """Return everything that a graph can say of a case. ``spread`` may walk packages in several processes.

    Cost: the reverse closure of the targets, a few forward walks per package in it, and the rows of
    documents that name a target.

    Raises:
        UsageError: a target, reading or window that the graph cannot make sense of.
    """
    incidents = reader.evidence().incidents()
    organisation = reader.evidence().organisation()
    case = resolve(incidents, question.targets, question.reading, lambda name: _versions_of(reader, name))
    documents = Documents(reader, case)
    worlds = worlds_of(reader, case, question, organisation)
    view = answer(case, question, organisation, documents, worlds)
    exposed = package_rows(view.world, view.field, view.targets, question.effort, spread)
    start, until = view.window.start, view.window.until
    companies = company_rows(organisation, case, view.services.judged, start, until)
    generation = reader.generation()
    return Blast(
        incident=case.asked(_ghosts(view)),
        window=view.window,
        slots=view.field.slots,
        environment=question.environment,
        resolver=question.resolver,
        summary=_summary(view, exposed, companies),
        services=view.services,
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
        notes=(
            *footnotes(view, exposed, documents),
            *_rivals(view, exposed, question, organisation, documents, incidents, worlds),
        ),
        is_partial=exposed.stopped is not None,
    )


def _versions_of(reader: port.Reader, name: PackageName) -> Sequence[str]:
    idents = reader.package_ids([name])
    if idents[0] < 0:
        return ()
    columns = reader.packages(idents)
    return reader.releases(np.arange(columns.start[0], columns.stop[0], dtype=np.int32)).version


def _ghosts(view: View) -> frozenset[str]:
    ghosts = set()
    for release in view.case.releases:
        if found := view.world.find_release(release.package, release.version):
            package, position = found
            if package.flags[position] & port.RELEASE_GHOST:
                ghosts.add(release.purl)
    return frozenset(ghosts)


def _summary(view: View, exposed: Exposed, companies: Sequence[CompanyRow]) -> Summary:
    services = view.services.counts
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
    )


def _rivals(  # noqa: PLR0917 - everything that a reading is judged with
    view: View,
    exposed: Exposed,
    question: Question,
    organisation: Organisation,
    documents: Documents,
    incidents: Sequence[Incident],
    worlds: Worlds,
) -> Iterator[str]:
    """Say which verdicts each other reading of the times would change (semantics §1)."""
    if exposed.stopped and view.case.others:
        yield "other readings of the times were not compared with this one, since the walks were stopped"
        return
    for reading in view.case.others:
        case = under(view.case, incidents, reading)
        others = {setting: world.under(case.hidden) for setting, world in worlds.items()}
        rival = answer(case, question, organisation, documents, others)
        changed = [
            f"{service} {ours} → {theirs}"
            for service, ours, theirs in _paired(view.services.verdicts(), rival.services.verdicts())
            if ours is not theirs
        ]
        before = {row.package: row.tier.value if row.tier else "older only" for row in exposed.rows}
        tiers = package_tiers(rival.world, rival.field, rival.targets, question.effort.most)
        after = {name: tier.value if tier else "older only" for name, tier in tiers.items()}
        changed += [
            f"{name} {before.get(name, 'not reached')} → {after.get(name, 'not reached')}"
            for name in sorted(before.keys() | after.keys())
            if before.get(name) != after.get(name)
        ]
        span = f"{rfc3339(rival.window.start)} to {rfc3339(rival.window.until)}"
        yield f"reading {reading.id} ({span}) would change {some(changed) if changed else 'no verdict'}"


def _paired(ours: Mapping[str, Verdict], theirs: Mapping[str, Verdict]) -> Iterator[tuple[str, Verdict, Verdict]]:
    return ((service, verdict, theirs[service]) for service, verdict in ours.items())
