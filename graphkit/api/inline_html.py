"""Answers as HTML inside somebody else's page, as notebooks show a value: no script, no address, no style sheet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

from graphkit.api.svg import picture_svg
from graphkit.model.answers import Blast, IngestReport, ServiceVerdict, Stats, WhoHas, WhyAnswer
from graphkit.reports.interface import ReportOptions
from graphkit.reports.proofs import proof_of
from graphkit.reports.text import counted, cut, shown
from graphkit.reports.wording import (
    by_incident,
    clearance_in_words,
    clock,
    headline,
    listing,
    notices,
    slot_runs,
    slot_spans,
    standing,
    takes_in_words,
    window_lines,
)

_ROWS: Final = 15
_LONGEST: Final = 240


def blast_html(blast: Blast) -> str:
    """Return the headline, the picture, and the first services, companies and packages."""
    listed = listing(blast, ReportOptions())
    services = [
        (one.verdict, one.service, one.company or "", one.owner, slot_runs(one.slots), _reason(one))
        for one in blast.services
    ]
    companies = [(row.verdict, row.name, " < ".join(row.via), len(row.claims)) for row in blast.companies]
    packages = [(standing(row), row.package, row.newest, takes_in_words(row.takes)) for row in listed.packages]
    parts = (
        f"<p><b>{_text(headline(blast))}</b></p>",
        picture_svg(blast, listed),
        _table("Services", ("verdict", "service", "company", "owner", "slots", "reason"), services),
        _table("Companies", ("verdict", "company", "through", "claims"), companies),
        _table("Packages", ("tier", "package", "newest", "a fresh install takes (slots)"), packages),
        _list("Slots", [f"{number}: {text}" for number, text in enumerate(slot_spans(blast))]),
        _list("Windows", window_lines(blast)),
        _list("Notes", [*listed.notes, *blast.notes]),
        f"<p><small>{_text(blast.provenance.question)}; facts {_text(blast.provenance.facts_sha256[:12])}</small></p>",
    )
    return f"<div>{''.join(parts)}</div>"


def why_html(answer: WhyAnswer) -> str:
    """Return a service with its builds and paths."""
    one = answer.service
    builds = [
        (
            build.verdict,
            "any build that nobody recorded" if build.at is None else clock(build.at),
            build.document.path if build.document else "",
            f"{build.reason}; {proof_of(build.clearance)}" if build.clearance else build.reason,
        )
        for build in one.builds
    ]
    paths = [
        _list(f"Path {number}", [f"{step.node}: {step.why}" for step in path], ordered=True)
        for number, path in enumerate(one.paths[:_ROWS], start=1)
    ]
    told = f"<p><b>{_text(f'{one.service} is {one.verdict}')}</b>: {_text(_reason(one))}</p>"
    told += "".join(f"<p>{_text(text)}</p>" for text in notices(answer.blast))
    return f"<div>{told}{_table('Builds', ('verdict', 'at', 'document', 'reason'), builds)}{''.join(paths)}</div>"


def _reason(one: ServiceVerdict) -> str:
    """Return why a service has its verdict; where it is cleared, with what that assumes."""
    return "; ".join(filter(None, (one.reason, clearance_in_words(one), by_incident(one))))


def who_has_html(answer: WhoHas) -> str:
    """Return who holds a package."""
    rows = [
        (row.service, row.release.replace("@", " "), "now" if row.current else "earlier", row.document.path)
        for row in answer.matches
    ]
    table = _table(answer.query, ("service", "release", "holds it", "document"), rows)
    return f"<div>{table}{_list('Notes', answer.notes)}</div>"


def stats_html(answer: Stats) -> str:
    """Return what a graph holds."""
    rows = [(word.replace("_", " "), f"{number:,}") for word, number in answer.counts]
    problems = [f"{path} {problem.place}: {problem.text}" for path, problem in answer.problems]
    return (
        f"<div>{_table('What the graph holds', ('what', 'number'), rows, most=100)}{_list('Problems', problems)}</div>"
    )


def ingest_html(answer: IngestReport) -> str:
    """Return what an ingest read, and each input that it did not use."""
    counts = (
        f"{answer.read:,} read: {answer.new:,} new, {answer.unchanged:,} unchanged; {len(answer.rejected):,} rejected, "
        f"{len(answer.unrecognised):,} unrecognised, {counted(answer.problems, 'problem')}"
    )
    rejected = [(one.path, one.place, one.problem) for one in answer.rejected]
    worst = [f"{path} {problem.place}: {problem.text}" for path, problem in answer.worst]
    return (
        f"<div><p><b>{_text(counts)}</b></p>{_table('Rejected', ('path', 'place', 'problem'), rejected)}"
        f"{_list('Unrecognised', answer.unrecognised)}{_list('Problems', worst)}{_list('Notes', answer.notes)}</div>"
    )


def _text(text: object) -> str:
    return escape(cut(shown(str(text)), _LONGEST * 4))


def _table(title: str, heads: Sequence[str], rows: Sequence[Sequence[object]], most: int = _ROWS) -> str:
    """Return a table of the first rows, under a heading that counts all; nothing where there are none."""
    if not rows:
        return ""
    head = "".join(f'<th style="text-align:left">{_text(word)}</th>' for word in heads)
    body = "".join(
        "<tr>"
        + "".join(f'<td style="text-align:left">{_text(cut(str(cell), _LONGEST))}</td>' for cell in row)
        + "</tr>"
        for row in rows[:most]
    )
    rest = f"<p><small>{len(rows) - most:,} more</small></p>" if len(rows) > most else ""
    is_open = " open" if len(rows) <= most else ""
    return (
        f"<details{is_open}><summary>{_text(title)} ({len(rows):,})</summary>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{rest}</details>"
    )


def _list(title: str, texts: Iterable[str], *, ordered: bool = False) -> str:
    rows = [f"<li>{_text(text)}</li>" for text in texts]
    if not rows:
        return ""
    kind = "ol" if ordered else "ul"
    rest = f"<p><small>{len(rows) - _ROWS:,} more</small></p>" if len(rows) > _ROWS else ""
    inside = "".join(rows[:_ROWS])
    return f"<details><summary>{_text(title)} ({len(rows):,})</summary><{kind}>{inside}</{kind}>{rest}</details>"
