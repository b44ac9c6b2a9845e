"""Answers as text for a terminal, made to be read without colour and at 80 columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Final

from graphkit.model.answers import (
    Blast,
    BuildVerdict,
    CompanyRow,
    IngestReport,
    PackageRow,
    Path,
    Provenance,
    ServiceVerdict,
    Stats,
    WhoHas,
    WhyAnswer,
)
from graphkit.model.documents import Problem
from graphkit.model.health import Health
from graphkit.model.names import ServiceId
from graphkit.model.organisation import Claim
from graphkit.model.ranks import CompanyVerdict
from graphkit.reports.alike import alike
from graphkit.reports.comparison import HEADS, Comparison, since
from graphkit.reports.first_screen import first_screen, nodes_of, screen_of
from graphkit.reports.groups import EVIDENCE, group_of
from graphkit.reports.interface import ReportOptions
from graphkit.reports.proofs import write_proofs
from graphkit.reports.provenance import Verification
from graphkit.reports.text import counted
from graphkit.reports.text_canvas import TextCanvas
from graphkit.reports.trees import write_trees
from graphkit.reports.wording import (
    EXPOSED,
    NOT_CHECKED,
    SOMEBODY_ELSES,
    WORDS,
    Listing,
    bearing,
    between,
    by_incident,
    clearance_in_words,
    clock,
    headline,
    listing,
    made_of,
    name_of,
    notices,
    renown,
    slot_runs,
    slot_spans,
    span,
    standing,
    takes_in_words,
    times_of,
    window_lines,
)

_SHORT: Final = 12
_FEW: Final = 3
"""How many services that are alike are shown one by one."""
_NAMED: Final = 3
"""How many of those that are not shown one by one are named."""


class TableReport:
    """A blast as text: the first screen, or all of it: releases, services, companies, packages and notes."""

    suffix: Final = ".txt"

    def render(self, blast: Blast, view: ReportOptions) -> str:
        """Return the answer as text ``view.width`` columns wide."""
        return "".join(self.parts(blast, view))

    def parts(self, blast: Blast, view: ReportOptions) -> Iterator[str]:
        """Yield the answer in parts; the services of a fleet are never all in memory."""
        if not view.lists_everything:
            yield first_screen(blast, view, screen_of(blast, view))
            return
        sheet = TextCanvas(view.width, colour=view.colour)
        listed = listing(blast, view)
        sheet.line(f"{blast.incident.id}: {blast.incident.title}" if blast.incident.title else blast.incident.id)
        sheet.blank()
        sheet.line(headline(blast), style="bold", hang=0)
        yield from _services(sheet, blast, view)
        _companies(sheet, blast)
        _slots(sheet, blast)
        _packages(sheet, blast, listed)
        _releases(sheet, blast, listed)
        _notes(sheet, blast.notes)
        _provenance(sheet, made_of(blast, view))
        yield sheet.taken()

    def provenance(self, _text: str) -> Provenance | None:
        """Return None: a table is for reading, and wraps what it was made of."""
        return None


REPORT: Final = TableReport()


def who_has_table(answer: WhoHas, *, width: int = 80, colour: bool = False) -> str:
    """Return who holds a package as text."""
    sheet = TextCanvas(width, colour=colour)
    services = len({row.service for row in answer.matches})
    sheet.line(
        f"{answer.query}: {counted(services, 'service')} in {counted(len(answer.matches), 'row')} of documents",
        style="bold",
    )
    if answer.matches:
        sheet.blank()
        rows = [
            (
                f"{row.service} ({SOMEBODY_ELSES})" if row.is_external else row.service,
                row.release.replace("@", " "),
                "now" if row.current else "earlier",
                f"{row.document.path} ({row.document.sha256[:_SHORT]})",
            )
            for row in answer.matches
        ]
        sheet.table(("service", "release", "holds it", "document"), rows)
    _notes(sheet, answer.notes)
    return sheet.text()


def why_table(answer: WhyAnswer, *, clearance: bool = False, width: int = 80, colour: bool = False) -> str:
    """Return one service's verdict as text: every build, and each path with what stands behind its edges.

    ``clearance``: in their place the proof of each build that is cleared, and what is open for the others. Where the
    answer has trees, they stand in their place too.
    """
    sheet = TextCanvas(width, colour=colour)
    one, blast = answer.service, answer.blast
    group = group_of(one.verdict)
    sheet.line(f"{one.service}: {group.upper()} ({one.verdict})", style="bold")
    for word, text in (
        ("why", one.reason),
        ("when", times_of(one.slots, blast)),
        ("evidence", EVIDENCE.get(one.basis, one.basis)),
        ("path", nodes_of(one.paths)),
        ("owner", one.owner),
        ("company", one.company or ""),
        ("run by", SOMEBODY_ELSES.removesuffix("'s") if one.service in blast.external else ""),
        ("asked", f"{blast.incident.id}, {span(blast.window)}"),
    ):
        if text:
            sheet.line(f"{word:<9}{text}", indent=2, hang=9)
    for text in filter(None, (*notices(blast), by_incident(one), clearance_in_words(one))):
        sheet.line(text, indent=2)
    if clearance:
        write_proofs(sheet, one)
    if answer.trees is not None:
        write_trees(sheet, answer.trees)
    if not clearance and answer.trees is None:
        _builds(sheet, answer)
    _notes(sheet, blast.notes)
    return sheet.text()


def _builds(sheet: TextCanvas, answer: WhyAnswer) -> None:
    one = answer.service
    sheet.title(f"Builds ({len(one.builds)})")
    for build in one.builds:
        _build(sheet, build, _evidence(build, answer.blast), paths=True)
    if not one.builds:
        sheet.line("none are known", indent=2)
    of_builds = {path for build in one.builds for path in build.paths}
    if rest := [path for path in one.paths if path not in of_builds]:
        sheet.title("Paths")
        for path in rest:
            _steps(sheet, path, indent=2)


def verification_table(answer: Verification, *, width: int = 80, colour: bool = False) -> str:
    """Return what became of a report as text."""
    sheet = TextCanvas(width, colour=colour)
    sheet.line(answer.verdict(), style="bold")
    for text in (*answer.reasons, *answer.changes):
        sheet.line(text, indent=2)
    sheet.line(f"question: {answer.then.question}", indent=2, style="dim")
    then = answer.then
    sheet.line(
        f"then: graphkit {then.graphkit}, packaging {then.packaging}, {counted(then.inputs, 'input')}, "
        f"facts {then.facts_sha256[:_SHORT]}",
        indent=2,
        style="dim",
    )
    return sheet.text()


def comparison_table(answer: Comparison, *, width: int = 80, colour: bool = False) -> str:
    """Return what changed since an old report as text, the worst first."""
    sheet = TextCanvas(width, colour=colour)
    sheet.line(f"{answer.incident}: {answer.headline()}", style="bold")
    for kind, rows in groupby(answer.changes, key=lambda one: one.kind):
        sheet.title(HEADS[kind])
        for one in rows:
            verdicts = " → ".join(dict.fromkeys(filter(None, (one.before, one.after))))
            told = f"{one.name}{f' ({one.about})' if one.about else ''}{f': {verdicts}' if verdicts else ''}"
            sheet.line(f"{one.what} {told}", indent=2)
            for detail in one.details:
                sheet.line(detail, indent=6)
    _notes(sheet, answer.remarks)
    sheet.blank()
    sheet.line(since(answer), style="dim")
    return sheet.text()


def stats_table(answer: Stats, *, problems: bool = True, width: int = 80, colour: bool = False) -> str:
    """Return what a graph holds as text; ``problems`` lists every one, else they are counted."""
    sheet = TextCanvas(width, colour=colour)
    rows = [(word.replace("_", " "), f"{number:,}") for word, number in answer.counts]
    sheet.table(("what", "how many"), rows)
    sheet.blank()
    sheet.line(f"newest fact: {clock(answer.newest_fact) if answer.newest_fact is not None else 'none'}")
    sheet.line(f"facts sha256: {answer.facts_sha256}")
    sheet.line(f"compiled with packaging {answer.packaging}")
    if answer.problems:
        sheet.title(f"Problems ({answer.problem_count:,})")
        if problems:
            _problems(sheet, answer.problems)
        else:
            sheet.line("graphkit stats --problems lists them", indent=2)
    return sheet.text()


def doctor_table(answer: Health, *, width: int = 80, colour: bool = False) -> str:
    """Return what was looked at as text: a line for each check, and below a finding what to do about it."""
    sheet = TextCanvas(width, colour=colour)
    for one in answer.checks:
        word = "ok" if not one.is_finding else "mended" if one.is_repaired else "FOUND"
        sheet.line(f"{word:8}{one.subject}: {one.text}", style="bold" if word == "FOUND" else "")
        if one.do and not one.is_repaired:
            sheet.line(one.do, indent=8)
    sheet.blank()
    sheet.line(f"{counted(len(answer.findings), 'finding')}" if answer.findings else "nothing found")
    return sheet.text()


def ingest_table(answer: IngestReport, *, width: int = 80, colour: bool = False) -> str:
    """Return what an ingest read as text; every input that was not used is named."""
    sheet = TextCanvas(width, colour=colour)
    sheet.line(
        f"{answer.read:,} read: {answer.new:,} new, {answer.unchanged:,} unchanged; {len(answer.rejected):,} rejected, "
        f"{len(answer.unrecognised):,} unrecognised, {counted(answer.problems, 'problem')}",
        style="bold",
    )
    if answer.rejected:
        sheet.title(f"Rejected ({len(answer.rejected):,})")
        _problems(sheet, ((one.path, Problem(place=one.place, text=one.problem)) for one in answer.rejected))
    if answer.unrecognised:
        sheet.title(f"Unrecognised ({len(answer.unrecognised):,})")
        for path in answer.unrecognised:
            sheet.line(path, indent=2)
    if answer.worst:
        sheet.title("Inputs with most problems")
        _problems(sheet, answer.worst)
    _notes(sheet, answer.notes)
    return sheet.text()


def _releases(sheet: TextCanvas, blast: Blast, listed: Listing) -> None:
    sheet.title("Compromised releases")
    for one in listed.releases:
        ghost = ", no longer on the index" if one.ghost else ""
        part = "" if one.release.whole else ", only some of its files"
        sheet.line(f"{name_of(one)}  {between(one.start, one.until)}{ghost}{part}", indent=2)
        if one.release.note:
            sheet.line(one.release.note, indent=6)
    for cause in blast.incident.causes:
        sheet.line(f"cause: {cause.text}{_ids(cause.sources)} [{cause.certainty or 'certainty not said'}]", indent=2)


def _slots(sheet: TextCanvas, blast: Blast) -> None:
    if lines := window_lines(blast):
        sheet.title("Windows, one for each incident")
        for line in lines:
            sheet.line(line, indent=2)
    sheet.title("Time periods")
    for number, text in enumerate(slot_spans(blast)):
        sheet.line(f"{number}: {text}", indent=2)
    if not blast.slots:
        sheet.line("none", indent=2)


def _services(sheet: TextCanvas, blast: Blast, view: ReportOptions) -> Iterator[str]:
    sheet.title(f"Services ({_counts(blast.summary.services)})")
    if not blast.services:
        sheet.line("the graph holds none; graphkit ingest reads their documents", indent=2)
    folded = {} if view.long else _folded(blast)
    beside = {name for names in folded.values() for name in names}
    in_order: Iterable[ServiceVerdict] = blast.services
    if blast.external:
        in_order = sorted(in_order, key=lambda one: (one.verdict.rank, one.service in blast.external))
    for one in in_order:
        if one.service in beside:
            continue
        _service(sheet, one, blast)
        if more := folded.get(one.service):
            names = f"{', '.join(more[:_NAMED])}, …"
            sheet.line(f"and {len(more):,} more like this: {names} (--long lists them)", indent=2)
        yield sheet.taken()


def _folded(blast: Blast) -> dict[ServiceId, Sequence[ServiceId]]:
    """Return the services that are shown with another one, by that: many that are alike, and not exposed."""
    quiet = (one for one in blast.services if one.verdict not in EXPOSED)
    return {one.first.service: one.names[1:] for one in alike(blast, quiet) if len(one.names) > _FEW}


def _service(sheet: TextCanvas, one: ServiceVerdict, blast: Blast) -> None:
    verdict = one.verdict
    about = [SOMEBODY_ELSES] if one.service in blast.external else []
    about += [f"company: {one.company}" if one.company else "", f"owner: {one.owner}" if one.owner else ""]
    said = "; ".join(filter(None, about))
    sheet.line(f"{one.service}" + (f" ({said})" if said else ""), indent=2, lead=verdict.value, tint=verdict)
    sheet.line(one.reason, indent=6)
    if evidence := _evidence(one, blast):
        sheet.line(evidence, indent=6)
    for text in filter(None, (clearance_in_words(one), by_incident(one))):
        sheet.line(text, indent=6)
    if verdict in EXPOSED and one.paths:
        sheet.line("path: " + " -> ".join(step.node for step in one.paths[0]), indent=6)
    if len(one.builds) > 1:
        for build in one.builds:
            told = _evidence(build, blast)
            _build(sheet, build, "" if told == evidence else told, paths=False, indent=6)
            if build.reason != one.reason:
                sheet.line(build.reason, indent=10)


def _evidence(one: ServiceVerdict | BuildVerdict, blast: Blast) -> str:
    """Return on what a verdict rests, and for which time: ``evidence: a lock file; when: …``; empty for nothing."""
    when = times_of(one.slots, blast)
    told = (f"evidence: {EVIDENCE.get(one.basis, one.basis)}" if one.basis else "", f"when: {when}" if when else "")
    return "; ".join(filter(None, told))


def _build(sheet: TextCanvas, build: BuildVerdict, evidence: str, *, paths: bool, indent: int = 2) -> None:
    when = f"build of {clock(build.at)}" if build.at is not None else "any build that nobody recorded"
    of = f", {build.document.path} ({build.document.sha256[:_SHORT]})" if build.document else ""
    about = f", for {build.incident}" if build.incident else ""
    told = f"{when}{of}{about}{f'; {evidence}' if evidence else ''}"
    sheet.line(told, indent=indent, lead=build.verdict.value, tint=build.verdict)
    if paths:
        sheet.line(build.reason, indent=indent + 4)
        for path in build.paths:
            _steps(sheet, path, indent=indent + 4)


def _steps(sheet: TextCanvas, path: Path, *, indent: int) -> None:
    for number, step in enumerate(path):
        sheet.line(f"{'-> ' if number else ''}{step.node}", indent=indent + 2 * min(number, 6))
        sheet.line(step.why, indent=indent + 2 * min(number, 6) + 3, style="dim")


def _companies(sheet: TextCanvas, blast: Blast) -> None:
    sheet.title(f"Companies ({_counts(blast.summary.companies)})")
    if not blast.companies:
        sheet.line("the graph names none; graphkit ingest org reads them", indent=2)
    for row in blast.companies:
        named = row.name if row.name == row.company else f"{row.name} ({row.company})"
        sheet.line(named + _stands(row), indent=2, lead=row.verdict.value, tint=row.verdict)
        for supplied in row.supplies:
            data = f"; holds {', '.join(supplied.data)}" if supplied.data else ""
            sheet.line(f"{supplied.supplier} supplies {supplied.what}{data}{_ids(supplied.sources)}", indent=6)
        if row.services:
            sheet.line(f"services: {', '.join(row.services)}", indent=6)
        for claim in row.claims:
            sheet.line(_claim(claim), indent=6)


def _packages(sheet: TextCanvas, blast: Blast, listed: Listing) -> None:
    sheet.title(f"Packages ({_counts(blast.summary.packages)})")
    if listed.packages:
        rows = list(map(_package_cells, listed.packages))
        sheet.table(
            ("tier", "package", "newest", "a fresh install takes (time periods)", "steps"), rows, tint=0, whole=1
        )
        _maintainers(sheet, listed.packages)
    else:
        sheet.line("none to list" if blast.is_index_read else NOT_CHECKED, indent=2)
    if listed.notes:
        sheet.blank()
    for note in listed.notes:
        sheet.line(note, indent=2)


def _package_cells(row: PackageRow) -> tuple[str, ...]:
    takes = takes_in_words(row.takes) or (f"({slot_runs(row.slots)})" if row.slots else "-")
    return WORDS[standing(row)], row.package, row.newest, takes, str(row.distance)


def _maintainers(sheet: TextCanvas, rows: Iterable[PackageRow]) -> None:
    told = [f"{row.package}: {', '.join(about)}" for row in rows if (about := renown(row))]
    if told:
        sheet.title("Whom to write to")
    for line in told:
        sheet.line(line, indent=2)


def _provenance(sheet: TextCanvas, made: Provenance) -> None:
    sheet.blank()
    sheet.line(
        f"graphkit {made.graphkit}, packaging {made.packaging}; question: {made.question}; "
        f"{counted(made.inputs, 'input')}, facts {made.facts_sha256[:_SHORT]}",
        style="dim",
    )


def _stands(row: CompanyRow) -> str:
    if row.verdict is CompanyVerdict.NONE:
        return ": named only, nothing ties it to the incident"
    if row.distance:
        chain = " < ".join(row.via)
        return f", {counted(row.distance, 'step')} away: supplied by {chain}, which is {row.origin_tier}"
    return ""


def _claim(claim: Claim) -> str:
    """Return a claim in one line: who, when, how sure, what, where it stands, and whether it can change anything."""
    said = ", ".join(filter(None, (claim.claimant, claim.date, claim.certainty)))
    mark = f" [{why}]" if (why := bearing(claim)) else f" [{claim.polarity}, {claim.standing}]"
    return f"{said}: {claim.text}{_ids([one.id for one in claim.sources])}{mark}"


def _ids(sources: Sequence[str]) -> str:
    return f" ({', '.join(sources)})" if sources else ""


def _counts(counts: Iterable[tuple[str, int]]) -> str:
    return ", ".join(f"{number:,} {word}" for word, number in counts if number) or "none"


def _problems(sheet: TextCanvas, rows: Iterable[tuple[str, Problem]]) -> None:
    for path, problem in rows:
        place = f", {problem.place}" if problem.place else ""
        sheet.line(f"{path}{place}: {problem.text}", indent=2)


def _notes(sheet: TextCanvas, notes: Sequence[str]) -> None:
    if notes:
        sheet.title(f"Notes ({len(notes)})")
        for note in notes:
            sheet.line(f"- {note}", indent=2)
