"""The footnotes of an answer: what is uncertain, unread, unconfirmed, or would differ under another reading."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from heapq import nsmallest

import numpy as np

from graphkit.model.answers import Slot
from graphkit.model.incidents import CompromisedRelease
from graphkit.model.sentences import and_more, first_of
from graphkit.model.times import rfc3339
from graphkit.stores.port import PackageId, PackageIds
from graphkit.trace.case_answer import CaseAnswer
from graphkit.trace.evidence.documents import CaseDocuments
from graphkit.trace.resolve.forward import walk
from graphkit.trace.verdicts.packages import Exposed, newest_of, root_of
from graphkit.trace.verdicts.ranking import Unwalked

_SHOWN = 8
_MOST_STUCK_WALKS = 500


def some(names: Sequence[str]) -> str:
    """Return the first names, and how many more there are."""
    return first_of(names, _SHOWN)


def _some_of(view: CaseAnswer, packages: PackageIds) -> str:
    """Return the first names of packages by the alphabet, and how many more there are: there may be 100,000s."""
    first = nsmallest(_SHOWN, view.world.reader.packages(packages).name)
    return ", ".join(first) + and_more(len(packages), _SHOWN)


def footnotes(view: CaseAnswer, exposed: Exposed, documents: CaseDocuments) -> Iterator[str]:
    """Yield what qualifies an answer, most important first; nothing is left out silently."""
    yield from view.notes
    yield from _unplaced_notes(view.unplaced)
    yield from _stopped_note(exposed)
    yield from _ghost_notes(view)
    yield from _unwalked_note(exposed.unwalked)
    if exposed.unconfirmed:
        yield (
            "one range by itself lets an install of these take it, all their ranges together do not: "
            f"{some(exposed.unconfirmed)}"
        )
    yield from _stuck_notes(view)
    if exposed.unread:
        yield f"what these packages require was not read, so what they pull in is not known: {some(exposed.unread)}"
    yield from _uncertain_note(view)
    yield from _table_notes(view)
    yield from _document_notes(documents)
    yield from _package_notes(exposed)


def _unplaced_notes(unplaced: Iterable[CompromisedRelease]) -> Iterator[str]:
    """Say which accused releases the index facts do not know."""
    for release in unplaced:
        if release.package:
            yield (
                f"the graph's index facts do not include {release.package} {release.version}: only documents can show "
                f"it (graphkit ingest index {release.package} --closure)"
            )
        else:
            yield f"{release.purl} is not a Python package: only documents can show it"


def _stopped_note(exposed: Exposed) -> Iterator[str]:
    if exposed.stopped:
        done, planned = exposed.stopped
        yield (
            f"PARTIAL: stopped when {done:,} of {planned:,} packages were walked; services and companies are judged in "
            "full, packages that were not walked are counted below; run it again for all of them"
        )


def _uncertain_note(view: CaseAnswer) -> Iterator[str]:
    if len(view.reach.uncertain):
        yield (
            f"some upload or yank times of {_some_of(view, view.reach.uncertain)} are not known; what is reached only "
            "if they were one way and not the other is no more than possible (admitted)"
        )


def _package_notes(exposed: Exposed) -> Iterator[str]:
    """Say what the rows of packages leave out."""
    if exposed.rows:
        yield "build requirements (PEP 518) of source distributions were not read; an install that builds may pull more"
    if older := [row for row in exposed.rows if row.tier is None]:
        yield (
            f"{len(older)} packages are reached by older releases alone, which a fresh install does not take: "
            f"{some([row.package for row in older])}"
        )


def _document_notes(documents: CaseDocuments) -> Iterator[str]:
    """Say what was taken as it is of the documents that were read."""
    if blurred := documents.imprecise():
        yield (
            "times without a zone, or of a day only, were taken as every instant that they can mean (UTC-12 to "
            "UTC+14): of "
            f"{some(blurred)}"
        )
    if mirrors := documents.mirrors():
        yield (
            f"documents name other package indexes, which are taken for mirrors of the public one: {some(mirrors)}; "
            "if one of them is not, name it in `private_indexes` of the organisation file"
        )
    if documents.has_attested():
        yield "signatures of attestations were not checked: their content was read like any other document"


def _unwalked_note(left: Unwalked) -> Iterator[str]:
    if not left:
        return
    parts = (
        f"{left.nominated:,} nominated by single choices" if left.nominated else "",
        f"{left.admitted:,} reached by what ranges allow" if left.admitted else "",
        f"{left.older:,} reached by older releases at most" if left.older else "",
    )
    yield (
        f"not walked, so neither confirmed nor listed: {', '.join(part for part in parts if part)}; "
        "--limit walks more, --confirm all walks every one that is nominated"
    )


def _table_notes(view: CaseAnswer) -> Iterator[str]:
    """Say where a table stands for pages: without times, or with the newest release alone."""
    package_ids = view.reach.packages
    packages = view.world.reader.packages(package_ids)
    if len(assumed := package_ids[packages.has_assumed_times]):
        yield (
            f"releases without an upload time were taken as always listed, as requested when they were ingested: of "
            f"{_some_of(view, assumed)}"
        )
    if len(alone := package_ids[packages.has_newest_alone]):
        yield (
            f"only one release each is known, the newest when their table was made, so older ones are not judged: of "
            f"{_some_of(view, alone)}"
        )


def _ghost_notes(view: CaseAnswer) -> Iterator[str]:
    for package_id, positions in sorted(view.targets.items()):
        package = view.world.package(package_id)
        nearest = [package.texts[p] for p in positions if package.has_borrowed_requirements[p]]
        if nearest:
            yield (
                f"nobody kept what {package.name} {' and '.join(nearest)} required; the requirements of the nearest "
                "earlier release are taken for it"
            )


def _stuck_notes(view: CaseAnswer) -> Iterator[str]:
    """Say where the accused package has no release on the index at all: then nothing resolves, and nothing follows."""
    for package_id in sorted(view.targets):
        package = view.world.package(package_id)
        gaps = [gap.why for gap in view.case.hidden if gap.package == package.name and not gap.version]
        if not (package.is_read or package.is_gone or gaps):
            continue  # nobody read what else its page lists
        empty = [s for s in view.reach.slots if not package.availability(s.start, doubtful=True).listed.any()]
        if not empty:
            continue
        stuck, walked = _stuck(view, package_id, empty)
        because = f" ({gaps[0]})" if gaps and gaps[0] else ""
        limit = f"; looked at {walked} packages" if walked >= _MOST_STUCK_WALKS else ""
        yield (
            f"from {rfc3339(empty[0].start)} the index lists no release of {package.name}{because}: {len(stuck)} "
            f"packages that need it are unresolvable then{': ' if stuck else ''}{some(stuck)}{limit}. That proves "
            "nothing: resolvers go back to older releases that do not need it"
        )


def _stuck(view: CaseAnswer, package_id: PackageId, empty: Sequence[Slot]) -> tuple[list[str], int]:
    reached = view.reach.reached
    near = np.argsort(reached.distance, kind="stable")[: _MOST_STUCK_WALKS + len(view.targets)].tolist()
    rows = sorted((int(reached.distance[row]), int(reached.package[row]), reached.extra[row]) for row in near)
    found = [(PackageId(other), extra) for _, other, extra in rows]
    keys = [key for key in found if key[0] not in view.targets][:_MOST_STUCK_WALKS]
    stuck = []
    for other, extra in keys:
        package = view.world.package(other)
        for run in newest_of(package, view.world, empty):
            root = root_of(view.world, other, run.position, extra, empty[run.first].start)
            if package_id in walk(view.world, root, empty[run.first].start, doubtful=True).unresolvable:
                stuck.append(f"{package.name}[{extra}]" if extra else package.name)
                break
    bare = set(stuck)
    return sorted(name for name in stuck if "[" not in name or name.partition("[")[0] not in bare), len(keys)
