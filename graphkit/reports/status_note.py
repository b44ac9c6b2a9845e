"""A blast as a status note in Markdown, ready for a ticket. Whatever was read from somewhere stands in it as text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Final

from graphkit.model.answers import Blast, BuildVerdict, CompanyRow, Path, Provenance, ServiceVerdict
from graphkit.model.incidents import Source
from graphkit.model.organisation import Claim
from graphkit.model.ranks import CompanyVerdict, Verdict
from graphkit.reports.comparison import HEADS, Comparison, since
from graphkit.reports.content import web_address
from graphkit.reports.interface import ReportOptions
from graphkit.reports.provenance import read_stamp, stamp
from graphkit.reports.text import counted, shown
from graphkit.reports.wording import (
    EXPOSED,
    REACHED,
    REPLACED,
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
    only_assumed,
    renown,
    slot_runs,
    slot_spans,
    standing,
    takes_in_words,
    window_lines,
)

_TITLE: Final = "# Status note: "
_MADE: Final = re.compile(r"- To check it, [^:]*: (?P<fence>`+) ?(?P<stamp>\{.*\}) ?(?P=fence)")
# What sites link or replace even when escaped (mentions, addresses, emoji, sums) becomes code, HTML becomes entities.
_ACTS: Final = re.compile(
    r"(?P<code>(?:[@#$]|://|(?<=www)\.|:(?=[a-z+-][\w+-]*:))+)|(?P<entity>[<>&`])|(?P<mark>[\\*_\[\]{}~|!^=])",
    re.IGNORECASE,
)


class MarkdownReport:
    """A blast as a note for people who were not there: sections, lists, nothing to look up."""

    suffix: Final = ".md"

    def render(self, blast: Blast, view: ReportOptions) -> str:
        """Return the note. No line begins with a text that was read, so that none is a heading or a command."""
        listed = listing(blast, view)
        sections = (
            ("## What happened", _happened(blast, listed)),
            ("## Affected", _affected(blast, listed)),
            ("## Not affected, and why", _spared(blast)),
            ("## Unknown, and what would settle it", _unknown(blast, listed, strict=view.strict)),
            ("## Companies", _companies(blast)),
            ("## Next steps", _steps(blast)),
            ("## Sources", _sources(blast)),
            ("## Notes", _notes(blast, made_of(blast, view))),
        )
        parts = ["\n".join((title, "", *(list(lines) or ["- None."]))) for title, lines in sections]
        return "\n\n".join((f"{_TITLE}{prose(blast.incident.id)}", *parts)) + "\n"

    def provenance(self, text: str) -> Provenance | None:
        """Return what such a note says it was made of, in its last line."""
        found = _MADE.fullmatch(text.rstrip("\n").rpartition("\n")[2]) if text.startswith(_TITLE) else None
        return read_stamp(found["stamp"]) if found else None


REPORT: Final = MarkdownReport()


def prose(text: str) -> str:
    r"""Return a text in which no Markdown or HTML takes effect, for the middle of a line.

    >>> prose("<b>*x* @all")
    '&lt;b&gt;\\*x\\* `@`all'
    """
    return _ACTS.sub(_inert, shown(text))


def code(text: str) -> str:
    """Return a text as a code span, whatever backticks it has."""
    inner = shown(text)
    if not inner.strip(" "):
        return "(no name)"
    fence = "`" * (max((len(run) for run in re.findall("`+", inner)), default=0) + 1)
    pad = " " if inner[0] in "` " or inner[-1] in "` " else ""
    return f"{fence}{pad}{inner}{pad}{fence}"


def _inert(found: re.Match[str]) -> str:
    if found["code"]:
        return f"`{found[0]}`"
    if found["entity"]:
        return {"<": "&lt;", ">": "&gt;", "&": "&amp;", "`": "&#96;"}[found[0]]
    return f"\\{found[0]}"


def comparison_note(answer: Comparison) -> str:
    """Return what changed since an old report as a note in Markdown, the worst first."""
    parts = [f"# What changed: {prose(answer.incident)}", f"- In short: {prose(answer.headline())}"]
    for kind, rows in groupby(answer.changes, key=lambda one: one.kind):
        lines = [f"## {HEADS[kind]}", ""]
        for one in rows:
            verdicts = " → ".join(dict.fromkeys(filter(None, (one.before, one.after))))
            name = prose(one.name) if kind in {"claim", "note"} else code(one.name)
            about = f" ({prose(one.about)})" if one.about else ""
            lines.append(f"- **{one.what}** {name}{about}{f': {prose(verdicts)}' if verdicts else ''}")
            lines += [f"  - Now: {prose(detail)}" for detail in one.details]
        parts.append("\n".join(lines))
    remarks = [f"- Remark: {prose(text)}" for text in answer.remarks]
    parts.append("\n".join(("## What was compared", "", f"- Compared: {prose(since(answer))}", *remarks)))
    return "\n\n".join(parts) + "\n"


def _happened(blast: Blast, listed: Listing) -> Iterator[str]:
    if blast.incident.title:
        yield f"- In short: {prose(blast.incident.title)}"
    yield f"- Found: {prose(headline(blast))}"
    for one in listed.releases:
        ghost = ", no longer on the index" if one.ghost else ""
        part = "" if one.release.whole else ", only some of its files"
        note = f": {prose(one.release.note)}" if one.release.note else ""
        said = _ids(one.release.sources)
        yield f"- Compromised: {code(name_of(one))}, {between(one.start, one.until)}{ghost}{part}{note}{said}"
    for cause in blast.incident.causes:
        sure = prose(cause.certainty) if cause.certainty else "certainty not said"
        yield f"- Cause ({sure}): {prose(cause.text)}{_ids(cause.sources)}"
    for line in window_lines(blast):
        yield f"- Window: {prose(line)}"
    for number, text in enumerate(slot_spans(blast)):
        yield f"- Slot {number} of the window: {prose(text)}"


def _affected(blast: Blast, listed: Listing) -> Iterator[str]:
    for one in blast.services:
        if one.verdict in EXPOSED:
            yield f"- **{one.verdict}** service {_named(one)}: {prose(one.reason)}"
            if one.paths:
                yield f"  - Path: {_path(one.paths)}"
    for row in blast.companies:
        if row.verdict in REACHED:
            yield f"- **{row.verdict}** company {_company(row)}"
    for package in listed.packages:
        taken = takes_in_words(package.takes)
        takes = f": a fresh install takes {prose(taken)}" if taken else ""
        path = f"; path: {_path(package.paths)}" if package.paths else ""
        about = "".join(f"; {prose(text)}" for text in renown(package))
        yield f"- **{WORDS[standing(package)]}** package {code(package.package)}{takes}{path}{about}"
    for note in listed.notes:
        yield f"- Rest: {prose(note)}"


def _spared(blast: Blast) -> Iterator[str]:
    for one in blast.services:
        if one.verdict is Verdict.CLEARED:
            yield f"- **cleared** service {_named(one)}: {prose(one.reason)}"
            yield f"  - Proof: {prose(clearance_in_words(one))}"
    for row in blast.companies:
        if row.verdict is CompanyVerdict.CLEARED:
            yield f"- **cleared** company {_company(row)}: every service of it that is known is cleared"
        if row.verdict is CompanyVerdict.NONE:
            yield f"- **no tie found** company {_company(row)}: named only, which does not clear it"


def _unknown(blast: Blast, listed: Listing, *, strict: bool) -> Iterator[str]:
    for one in only_assumed(blast) if strict else ():
        yield f"- **cleared only by assumptions** service {_named(one)}: {prose(clearance_in_words(one))}"
        yield from (f"  - Replace {code}: {REPLACED[code]}" for code in one.assumes)
    for one in blast.services:
        if one.verdict is Verdict.UNKNOWN:
            yield f"- **unknown** service {_named(one)}: {prose(one.reason)}"
        for build in _open_builds(one):
            yield f"- **unknown** build of {code(one.service)}, {_build(build)}: {prose(build.reason)}"
    for row in blast.companies:
        if row.verdict is CompanyVerdict.UNKNOWN:
            yield f"- **unknown** company {_company(row)}: settled when its services are"
    for package in listed.packages:
        if package.unresolvable:
            slots = slot_runs(package.unresolvable)
            yield f"- **unresolvable** package {code(package.package)}: no install was found in slots {slots}"
    open_ones = [sum(bool(row.unresolvable) for row in rows) for rows in (blast.packages, listed.packages)]
    if (rest := open_ones[0] - open_ones[1]) > 0:
        yield f"- **unresolvable** in some slot: {counted(rest, 'package')} of those not listed"


def _open_builds(one: ServiceVerdict) -> Iterator[BuildVerdict]:
    """Yield the builds that are unknown for another reason than the service as a whole."""
    for build in one.builds:
        if build.verdict is Verdict.UNKNOWN and (one.verdict is not Verdict.UNKNOWN or build.reason != one.reason):
            yield build


def _build(build: BuildVerdict) -> str:
    when = clock(build.at) if build.at is not None else "builds nobody recorded"
    return f"{when}, {code(build.document.path)}" if build.document else when


def _companies(blast: Blast) -> Iterator[str]:
    for row in blast.companies:
        yield f"- **{row.verdict}** {_company(row)}"
        if row.services:
            yield f"  - Services: {', '.join(map(code, row.services))}"
        for one in row.supplies:
            data = f"; holds {prose(', '.join(one.data))}" if one.data else ""
            yield f"  - Supplied by {code(one.supplier)}: {prose(one.what)}{data}{_ids(one.sources)}"
        for claim in row.claims:
            yield f"  - {_claim(claim)}"


def _claim(claim: Claim) -> str:
    mark = bearing(claim) or f"{claim.polarity}, {claim.standing}"
    sure = f", {prose(claim.certainty)}" if claim.certainty else ""
    said = _ids([one.id for one in claim.sources]) or " (no source)"
    date = prose(claim.date) if claim.date else "undated"
    who = prose(claim.claimant) if claim.claimant else "not named"
    return f"Claim of {date} by {who}{sure}: {prose(claim.text)}{said} \\[{mark}\\]"


def _steps(blast: Blast) -> Iterator[str]:
    """Yield what follows from the verdicts: contain what is shown, look into what is likely, settle what is open."""
    for one in blast.services:
        name = _named(one)
        if one.verdict is Verdict.OBSERVED:
            yield f"- [ ] Contain {name}: renew every secret its builds could read; rebuild without the release"
        elif one.verdict in EXPOSED:
            yield f"- [ ] Look at what {name} installed (lock, SBOM, build log); until then renew its secrets"
        elif one.verdict is Verdict.UNKNOWN:
            yield f"- [ ] Settle {name}: {prose(one.reason)}"
        for build in _open_builds(one):
            yield f"- [ ] Settle the build of {code(one.service)}, {_build(build)}: {prose(build.reason)}"
    for row in blast.companies:
        if row.verdict is CompanyVerdict.SUPPLIER and row.via:
            yield f"- [ ] For {code(row.company)}: ask {code(row.via[0])} which of its data was within reach"
        elif row.verdict is CompanyVerdict.UNKNOWN:
            yield f"- [ ] For {code(row.company)}: get the documents of its services"


def _sources(blast: Blast) -> Iterator[str]:
    claims = (one for row in blast.companies for claim in row.claims for one in claim.sources)
    for one in sorted(dict.fromkeys((*blast.incident.sources, *claims)), key=_order):
        said = ", ".join(prose(text) for text in (one.title, one.publisher, one.date) if text)
        address = f" <{one.url}>" if web_address(one.url) else f" {code(one.url)}" if one.url else ""
        yield f"- Source {code(one.id)}: {said or 'no title'}{address}"


def _order(one: Source) -> tuple[str, str, str, str, str]:
    return one.id, one.title, one.publisher, one.date, one.url


def _notes(blast: Blast, made: Provenance) -> Iterator[str]:
    for note in blast.notes:
        yield f"- Note: {prose(note)}"
    versions = f"graphkit {prose(made.graphkit)}, packaging {prose(made.packaging)}"
    yield f"- Made by {versions} from {counted(made.inputs, 'input')}, for {code(made.question)}"
    yield f"- To check it, `graphkit report verify FILE` reads this line: {code(stamp(made))}"


def _named(one: ServiceVerdict) -> str:
    about = [f"{word} {prose(text)}" for word, text in (("company", one.company), ("owner", one.owner)) if text]
    about += [f"basis {prose(one.basis)}"] if one.basis else []
    about += [f"slots {slot_runs(one.slots)}"] if one.slots else []
    about += [prose(text)] if (text := by_incident(one)) else []
    return code(one.service) + (f" ({', '.join(about)})" if about else "")


def _company(row: CompanyRow) -> str:
    named = code(row.company) if row.name == row.company else f"{prose(row.name)} ({code(row.company)})"
    if not row.distance:
        return named
    chain = " &lt; ".join(map(code, row.via))
    return f"{named}, {counted(row.distance, 'step')} away: supplied by {chain}, which is {prose(row.origin_tier)}"


def _path(paths: Sequence[Path]) -> str:
    return " → ".join(code(step.node) for step in min(paths, key=len))


def _ids(sources: Iterable[str]) -> str:
    joined = ", ".join(map(code, sources))
    return f" ({joined})" if joined else ""
