"""A blast as a status note in Markdown, for an issue and for a mail. Whatever was read from somewhere stands as text.

Own services come first, then what to do; public packages are an appendix. It has lists alone, no tables and no HTML, so
that it can be read as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Final

from graphkit.model.answers import Blast, BuildVerdict, CompanyRow, PackageRow, Path, Provenance, ServiceVerdict
from graphkit.model.incidents import Source
from graphkit.model.organisation import Claim
from graphkit.model.ranks import CompanyVerdict, Verdict
from graphkit.model.sentences import first_of
from graphkit.reports.actions import lines_to_act_on
from graphkit.reports.comparison import HEADS, Comparison, since
from graphkit.reports.content import web_address
from graphkit.reports.evidence import shown_by
from graphkit.reports.groups import EVIDENCE, counts_of, group_of, sentence, whose
from graphkit.reports.interface import ReportOptions
from graphkit.reports.provenance import read_stamp, stamp
from graphkit.reports.settling import Remedy, settle_in_graph
from graphkit.reports.text import counted, shown
from graphkit.reports.wording import (
    EXPOSED,
    REPLACED,
    WORDS,
    Listing,
    bearing,
    between,
    by_incident,
    clearance_in_words,
    clock,
    listing,
    made_of,
    name_of,
    notices,
    only_assumed,
    renown,
    said_beside,
    slot_spans,
    slots_by_release,
    standing,
    times_of,
    what_and_when,
    window_lines,
)

_TITLE: Final = "# Status note: "
_MADE: Final = re.compile(r"- To check it, [^:]*: (?P<fence>`+) ?(?P<stamp>\{.*\}) ?(?P=fence)")
_NAMED: Final = 3
"""How many services a line names that is about several."""
_VERDICTS: Final = frozenset(one.value for one in Verdict)
# What sites link or replace even when escaped (mentions, addresses, emoji, sums), and what is markup or HTML.
_ACTS: Final = re.compile(r"[\\*_\[\]{}~|^=<>&`@#$]|://|www\.|:[a-z+-][\w+-]*:", re.IGNORECASE)
_CODE: Final = re.compile(r"(?<!`)`([^`]+)`(?!`)")
_BEFORE_A_WORD: Final = "(\"'"
_AFTER_A_WORD: Final = ")\"',.;:?"


class MarkdownReport:
    """A blast as a note for people who were not there: sections, lists, nothing to look up."""

    suffix: Final = ".md"

    def render(self, blast: Blast, view: ReportOptions) -> str:
        """Return the note. No line begins with a text that was read, so that none is a heading or a command."""
        listed = listing(blast, view)
        others = [one for one in blast.services if one.service in blast.external] if blast.external else []
        sections = (
            ("## In short", _in_short(blast)),
            ("## Services", _services(blast, _own(blast), strict=view.strict)),
            ("## What to do now", _to_do(blast)),
            ("## Companies, and what they said", _companies(blast)),
            *((("## Services of others", _services(blast, others, strict=view.strict)),) if others else ()),
            ("## What happened", _happened(blast, listed)),
            ("## Notes and assumptions", _notes(blast, listed)),
            ("## Appendix: public packages", _packages(blast, listed)),
            ("## Appendix: sources", _sources(blast)),
            ("## How to check this note", _made(made_of(blast, view))),
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

    Words that could are code, which reads as they are: in an issue, and in a mail too.

    >>> prose("<b>*x* @all, litellm<1.82 by `uv lock`")
    '`<b>*x*` `@all`, `litellm<1.82` by `uv lock`'
    """
    parts = _CODE.split(shown(text))  # every second one stood between backticks
    return "".join(code(part) if at % 2 and part.strip(" ") else _plain(part) for at, part in enumerate(parts))


def _plain(text: str) -> str:
    return " ".join(_inert(word) if _ACTS.search(word) else word for word in text.split(" "))


def code(text: str) -> str:
    """Return a text as a code span, whatever backticks it has."""
    inner = shown(text)
    if not inner.strip(" "):
        return "(no name)"
    fence = "`" * (max((len(run) for run in re.findall("`+", inner)), default=0) + 1)
    pad = " " if inner[0] in "` " or inner[-1] in "` " else ""
    return f"{fence}{pad}{inner}{pad}{fence}"


def _inert(word: str) -> str:
    rest = word.lstrip(_BEFORE_A_WORD)
    inner = rest.rstrip(_AFTER_A_WORD)
    return f"{word[: len(word) - len(rest)]}{code(inner)}{rest[len(inner) :]}" if inner else code(word)


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


def _in_short(blast: Blast) -> Iterator[str]:
    yield f"- What: {prose(what_and_when(blast))}"
    for line in (*notices(blast), *said_beside(blast)):
        yield f"- Note: {prose(line)}"
    counts = counts_of(blast)
    yield f"- In short: {prose(sentence(counts, whose(blast)))}"
    yield f"- Verdicts: {', '.join(f'{group.upper()} {number:,}' for group, number in counts.items())}"


def _own(blast: Blast) -> Iterator[ServiceVerdict]:
    return (one for one in blast.services if one.service not in blast.external)


def _services(blast: Blast, services: Iterable[ServiceVerdict], *, strict: bool) -> Iterator[str]:
    """Yield each service, the worst first: why, when, by which path, and what shows it or would settle it."""
    settle = settle_in_graph(blast, None)
    refused = {one.service for one in only_assumed(blast)} if strict else set()
    for one in services:
        yield f"- **{group_of(one.verdict).upper()}** {_named(one)}"
        yield f"  - Why: {prose(one.reason)}"
        if one.verdict in EXPOSED:
            yield from _exposure(one, blast)
        if one.verdict is Verdict.UNKNOWN:
            yield f"  - {_settled(settle(one))}"
        if one.verdict is Verdict.CLEARED:
            yield f"  - Proof: {prose(clearance_in_words(one))}"
        if one.service in refused:
            yield "  - Counts as unknown, by --strict: cleared only by assumptions"
            yield from (f"  - To replace {prose(each)}: {prose(REPLACED[each])}" for each in one.assumes)
        for build in _open_builds(one):
            yield f"  - Also unknown is a build {_build(build)}: {prose(build.reason)}"
        if text := by_incident(one):
            yield f"  - By incident: {prose(text)}"


def _exposure(one: ServiceVerdict, blast: Blast) -> Iterator[str]:
    if when := times_of(one.slots, blast):
        yield f"  - Exposed: {prose(when)}"
    if one.paths:
        yield f"  - Path: {_path(one.paths)}"
    basis = EVIDENCE.get(one.basis, one.basis)
    place = shown_by(one)
    if shown_in := "; ".join(filter(None, (basis, str(place) if place else ""))):
        yield f"  - Evidence: {prose(shown_in)}"


def _settled(remedy: Remedy) -> str:
    return f"To {remedy.purpose(1)}{remedy.condition}: {code(remedy.command)}"


def _open_builds(one: ServiceVerdict) -> Iterator[BuildVerdict]:
    """Yield the builds that are unknown for another reason than the service as a whole."""
    for build in one.builds:
        if build.verdict is Verdict.UNKNOWN and (one.verdict is not Verdict.UNKNOWN or build.reason != one.reason):
            yield build


def _build(build: BuildVerdict) -> str:
    when = f"of {clock(build.at)}" if build.at is not None else "that nobody recorded"
    return f"{when}, {code(build.document.path)}" if build.document else when


def _to_do(blast: Blast) -> Iterator[str]:
    """Yield what to do, with a box for each: what the incident says, what is exposed, what is open, who to ask."""
    for line in lines_to_act_on(blast):
        of = f"Of {line.incident}" if line.incident else ""
        do = "" if line.text.lower().startswith(line.do) else line.do.capitalize()  # else it would be said twice
        told = ": ".join(filter(None, (of, do, line.text)))
        yield f"- [ ] {prose(told)}{f' ({prose(line.by)})' if line.by else ''}"
    for one in _own(blast):
        if one.verdict is Verdict.OBSERVED:
            yield f"- [ ] Contain {_named(one)}: renew every secret its builds could read; rebuild without the release"
        elif one.verdict in EXPOSED:
            yield f"- [ ] Look at what {_named(one)} installed (lock, SBOM, build log); until then renew its secrets"
    yield from _to_settle(blast)
    for row in blast.companies:
        if row.verdict is CompanyVerdict.SUPPLIER and row.via:
            yield f"- [ ] For {code(row.company)}: ask {code(row.via[0])} which of its data was within reach"
        elif row.verdict is CompanyVerdict.UNKNOWN:
            yield f"- [ ] For {code(row.company)}: get the documents of its services"


def _to_settle(blast: Blast) -> Iterator[str]:
    """Yield each command that settles unknown services, with the first of these."""
    settle = settle_in_graph(blast, None)
    services: dict[Remedy, list[str]] = {}
    for one in _own(blast):
        if one.verdict is Verdict.UNKNOWN:
            services.setdefault(settle(one), []).append(one.service)
    for remedy, names in services.items():
        told = f"{prose(first_of(names, _NAMED))}{remedy.condition}: {code(remedy.command)}"
        yield f"- [ ] {remedy.verb.capitalize()} {told}"


def _companies(blast: Blast) -> Iterator[str]:
    for row in blast.companies:
        yield f"- **{_company_word(row)}** {_company(row)}"
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
    return f"Claim of {date} by {who}{sure}: {prose(claim.text)}{said} ({mark})"


def _company_word(row: CompanyRow) -> str:
    if row.verdict is CompanyVerdict.NONE:
        return "no tie found"
    return group_of(Verdict(row.verdict.value)).upper() if row.verdict.value in _VERDICTS else row.verdict.value


def _happened(blast: Blast, listed: Listing) -> Iterator[str]:
    for one in listed.releases:
        ghost = ", no longer on the index" if one.ghost else ""
        part = "" if one.release.whole else ", only some of its files"
        note = f": {prose(one.release.note)}" if one.release.note else ""
        said = _ids(one.release.sources)
        yield f"- Compromised: {code(name_of(one))}, {between(one.start, one.until)}{ghost}{part}{note}{said}"
    for cause in blast.incident.causes:
        sure = prose(cause.certainty) if cause.certainty else "certainty not said"
        yield f"- Cause ({sure}): {prose(cause.text)}{_ids(cause.sources)}"


def _notes(blast: Blast, listed: Listing) -> Iterator[str]:
    for line in window_lines(blast):
        yield f"- Window: {prose(line)}"
    spans = slot_spans(blast)
    if len(spans) > 1:
        yield f"- Looked at apart, since what was on offer differs: {prose('; '.join(spans))}"
    for note in (*listed.notes, *blast.notes):
        yield f"- Note: {prose(note)}"


def _packages(blast: Blast, listed: Listing) -> Iterator[str]:
    """Yield the public packages, those together of which a fresh install takes the same."""
    alike: dict[tuple[str, str], list[PackageRow]] = {}
    for row in listed.packages:
        alike.setdefault((_word(row), _takes(row, blast)), []).append(row)
    for (word, takes), members in alike.items():
        yield f"- **{word}** {counted(len(members), 'package')}{takes}"
        yield from (f"  - Package {_package(row, blast)}" for row in members)
    open_ones = [sum(bool(row.unresolvable) for row in rows) for rows in (blast.packages, listed.packages)]
    if (rest := open_ones[0] - open_ones[1]) > 0:
        yield f"- **unresolvable** in some time: {counted(rest, 'package')} of those not listed"


def _word(row: PackageRow) -> str:
    return group_of(Verdict(row.tier)).upper() if row.tier else WORDS[standing(row)]


def _takes(row: PackageRow, blast: Blast) -> str:
    taken = [f"{code(name)} ({prose(times_of(at, blast))})" for name, at in slots_by_release(row.takes).items()]
    return f": a fresh install takes {', '.join(taken)}" if taken else ""


def _package(row: PackageRow, blast: Blast) -> str:
    nodes = [step.node for step in min(row.paths, key=len)] if row.paths else []
    way = f", by way of {' → '.join(map(code, nodes[1:-1]))}" if len(nodes) > 2 else ""
    newest = f", newest {prose(row.newest)}" if row.newest else ""
    is_always = len(row.unresolvable) == len(blast.slots)
    times = "" if is_always else f", {prose(times_of(row.unresolvable, blast))}"
    stuck = f"; **unresolvable**: no install was found{times}" if row.unresolvable else ""
    about = "".join(f"; {prose(text)}" for text in renown(row))
    return f"{code(row.package)}{newest}{way}{stuck}{about}"


def _sources(blast: Blast) -> Iterator[str]:
    claims = (one for row in blast.companies for claim in row.claims for one in claim.sources)
    for one in sorted(dict.fromkeys((*blast.incident.sources, *claims)), key=_order):
        said = ", ".join(prose(text) for text in (one.title, one.publisher, one.date) if text)
        address = f" <{one.url}>" if web_address(one.url) else f" {code(one.url)}" if one.url else ""
        yield f"- Source {code(one.id)}: {said or 'no title'}{address}"


def _order(one: Source) -> tuple[str, str, str, str, str]:
    return one.id, one.title, one.publisher, one.date, one.url


def _made(made: Provenance) -> Iterator[str]:
    versions = f"graphkit {prose(made.graphkit)}, packaging {prose(made.packaging)}"
    yield f"- Made by {versions} from {counted(made.inputs, 'input')}, for {code(made.question)}"
    yield f"- To check it, `graphkit report verify FILE` reads this line: {code(stamp(made))}"


def _named(one: ServiceVerdict) -> str:
    about = [f"{word} {prose(text)}" for word, text in (("company", one.company), ("owner", one.owner)) if text]
    return code(one.service) + (f" ({', '.join(about)})" if about else "")


def _company(row: CompanyRow) -> str:
    named = code(row.company) if row.name == row.company else f"{prose(row.name)} ({code(row.company)})"
    if not row.distance:
        return named
    chain = ", supplied by ".join(map(code, row.via))
    return f"{named}, {counted(row.distance, 'step')} away: supplied by {chain}, which is {prose(row.origin_tier)}"


def _path(paths: Sequence[Path]) -> str:
    return " → ".join(code(step.node) for step in min(paths, key=len))


def _ids(sources: Iterable[str]) -> str:
    joined = ", ".join(map(code, sources))
    return f" ({joined})" if joined else ""
