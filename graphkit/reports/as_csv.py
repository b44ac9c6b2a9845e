"""A blast as CSV for spreadsheets: a row for each service, company and package, and for what a reader must know.

Own services come first, the worst of them on top, then companies, public packages and notes. New columns come last, so
that what reads the others by their number still does.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from graphkit.model.answers import Blast, CompanyRow, PackageRow, Path, Provenance, ServiceVerdict
from graphkit.model.ranks import CompanyVerdict, Verdict
from graphkit.model.times import Instant, rfc3339
from graphkit.reports.evidence import Place, exposed_from, shown_by
from graphkit.reports.groups import group_of
from graphkit.reports.interface import ReportOptions
from graphkit.reports.provenance import read_stamp, stamp
from graphkit.reports.settling import Remedy, Settle, settle_in_graph
from graphkit.reports.text import shown
from graphkit.reports.wording import (
    WORDS,
    by_incident,
    clearance_in_words,
    listing,
    made_of,
    notices,
    slot_runs,
    standing,
    takes_in_words,
    window_lines,
)

COLUMNS: Final = (
    *("kind", "name", "verdict", "basis", "slots", "reason", "company", "owner", "path"),
    *("word", "from", "until", "repository", "file", "line", "settle", "settle only if", "external"),
)
_REASON: Final = COLUMNS.index("reason")
_FORMULA: Final = frozenset("=+-@\t\r\uff1d\uff0b\uff0d\uff20")
"""What a spreadsheet may take for the start of a formula; the last four are the wide forms of the first."""


class CsvReport:
    """A blast as RFC 4180 has it. What is not listed, and the notes of the answer, are rows of kind ``note``.

    The last row says what it was made of.
    """

    suffix: Final = ".csv"

    def render(self, blast: Blast, view: ReportOptions) -> str:
        """Return the table with its heads; lines end in CR and LF."""
        return "".join(self.parts(blast, view))

    def parts(self, blast: Blast, view: ReportOptions) -> Iterator[str]:
        """Yield the table in parts, a row at a time."""
        held = io.StringIO()
        writer = csv.writer(held, lineterminator="\r\n")
        writer.writerow(COLUMNS)
        for row in _rows(blast, view):
            writer.writerow([cell(text) for text in (*row, *[""] * (len(COLUMNS) - len(row)))])
            yield held.getvalue()
            held.seek(0)
            held.truncate()

    def provenance(self, text: str) -> Provenance | None:
        """Return what such a table says it was made of, in its last row."""
        if not text.startswith(",".join(COLUMNS[: _REASON + 1])):
            return None
        try:
            last = next(csv.reader(text.rstrip("\r\n").rpartition("\n")[2:]), [])
        except csv.Error:  # damaged: a carriage return inside of a row, or a cell of more than 128 KiB
            return None
        return read_stamp(last[_REASON]) if len(last) > _REASON else None


REPORT: Final = CsvReport()


def cell(text: str) -> str:
    r"""Return a text as no spreadsheet takes for a formula: an apostrophe before it where it starts like one.

    >>> cell("=1+1"), cell("a\tb")
    ("'=1+1", 'a\\x09b')
    """
    return f"'{shown(text)}" if text[:1] in _FORMULA else shown(text)


def _rows(blast: Blast, view: ReportOptions) -> Iterator[Sequence[str]]:
    listed = listing(blast, view)
    settle = settle_in_graph(blast, None)  # a table is handed on, and the same wherever its graph is
    companies = {name: row.company for row in blast.companies for name in row.services}
    in_order: Iterable[ServiceVerdict] = blast.services
    if blast.external:
        in_order = sorted(blast.services, key=lambda one: one.service in blast.external)
    for one in in_order:
        yield _service(one, blast, settle, one.company or companies.get(one.service) or "")
    yield from map(_company, blast.companies)
    yield from (_package(row, blast) for row in listed.packages)
    texts = (*notices(blast), *window_lines(blast), *listed.notes, *blast.notes)
    yield from (("note", "", "", "", "", text) for text in texts)
    yield ("made of", "", "", "", "", stamp(made_of(blast, view)))


def _service(one: ServiceVerdict, blast: Blast, settle: Settle, company: str) -> Sequence[str]:
    about = filter(None, (clearance_in_words(one), by_incident(one)))
    reasons = "; ".join((one.reason, *about, *_unknown_builds(one)))
    path = _path(one.paths)
    place = shown_by(one) or Place("", "", 0)
    line = str(place.line) if place.line else ""
    remedy = settle(one) if one.verdict is Verdict.UNKNOWN else Remedy("")
    return (
        *("service", one.service, one.verdict, one.basis, _slots(one.slots), reasons, company, one.owner, path),
        *(group_of(one.verdict).upper(), *_times(exposed_from(blast, one.slots))),
        *(place.repository, place.file, line, remedy.command, remedy.only_if),
        "yes" if one.service in blast.external else "",
    )


def _times(stretch: tuple[Instant, Instant] | None) -> tuple[str, str]:
    """Return both ends of a stretch in UTC, as spreadsheets read them; empty where there is none."""
    start, until = stretch or (None, None)
    return rfc3339(start) or "", rfc3339(until) or ""


def _unknown_builds(one: ServiceVerdict) -> Iterator[str]:
    """Yield what is not known of the builds of a service whose own verdict says something else."""
    for reason, number in _counted(b.reason for b in one.builds if b.verdict is Verdict.UNKNOWN):
        if one.verdict is not Verdict.UNKNOWN or reason != one.reason:
            yield f"{'a build' if number == 1 else f'{number:,} builds'} unknown: {reason}"


def _counted(texts: Iterable[str]) -> Sequence[tuple[str, int]]:
    counts: dict[str, int] = {}
    for text in texts:
        counts[text] = counts.get(text, 0) + 1
    return tuple(counts.items())


def _company(row: CompanyRow) -> Sequence[str]:
    reasons = [f"its services: {', '.join(row.services)}"] if row.services else []
    if row.distance:
        reasons.append(f"supplied by {' < '.join(row.via)}, which is {row.origin_tier}")
    if row.verdict is CompanyVerdict.NONE:
        reasons.append("named only, nothing ties it to the incident")
    if row.verdict is CompanyVerdict.STATED:
        reasons.append("an affirmative claim, first-hand or confirmed")
    if row.claims:
        reasons.append(f"claims: {', '.join(claim.id for claim in row.claims)}")
    path = " -> ".join((row.company, *row.via)) if row.via else ""
    return ("company", row.name, row.verdict, row.origin_tier, "", "; ".join(reasons), row.company, "", path)


def _package(row: PackageRow, blast: Blast) -> Sequence[str]:
    takes = takes_in_words(row.takes)
    reasons = [f"a fresh install takes {takes}" if takes else WORDS[standing(row)]]
    if row.newest:
        reasons.append(f"newest {row.newest}")
    if row.older_tier:
        reasons.append(f"older releases {row.older_tier}")
    if row.unresolvable:
        reasons.append(f"unresolvable in slots {slot_runs(row.unresolvable)}")
    if row.downloads is not None:
        reasons.append(f"{row.downloads:,} downloads")
    reason = "; ".join(reasons)
    path = _path(row.paths)
    word = group_of(Verdict(row.tier)).upper() if row.tier else ""
    return (
        *("package", row.package, standing(row), "", _slots(row.slots), reason, "", row.maintainers, path),
        *(word, *_times(exposed_from(blast, row.slots))),
    )


def _slots(slots: Sequence[int]) -> str:
    """Return slot numbers so that no spreadsheet takes them for a date, as it does with ``1-2``."""
    return slot_runs(slots).replace("-", " to ")


def _path(paths: Sequence[Path]) -> str:
    return " -> ".join(step.node for step in min(paths, key=len)) if paths else ""
