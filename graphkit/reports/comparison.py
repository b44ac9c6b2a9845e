"""What changed between two reports in the shape ``graphkit.blast/1``: who is worse off, better off, new or gone."""

from __future__ import annotations

import json
import shlex
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final, Literal, TypeVar

import msgspec
from msgspec import Struct

from graphkit.model.answers import Assumption, Provenance
from graphkit.model.errors import UsageError
from graphkit.model.ranks import CompanyVerdict, Tier, Verdict
from graphkit.model.times import BadTime, instant
from graphkit.reports.provenance import read_provenance
from graphkit.reports.text import counted
from graphkit.reports.wording import ASSUMED, EXPOSED, OF_A_VIEW, SOMEBODY_ELSES, between, clock

What = Literal["worse", "better", "new", "gone", "changed"]
WHATS: Final[tuple[What, ...]] = ("worse", "new", "better", "gone", "changed")
_EXPOSED: Final = frozenset(verdict.value for verdict in EXPOSED)
KINDS: Final = ("release", "service", "company", "package", "claim", "note")
_PLURAL: Final = {"company": "companies"}
_ORDERS: Final[Mapping[str, Sequence[str]]] = {
    "service": [verdict.value for verdict in Verdict],
    "company": [verdict.value for verdict in CompanyVerdict],
    "package": [*(tier.value for tier in Tier), "nominated", "older"],
}
"""Verdicts of each kind, worst first."""


HEADS: Final = {
    "release": "Compromised releases",
    "service": "Services",
    "company": "Companies",
    "package": "Packages",
    "claim": "Claims",
    "note": "Notes of the answer",
}
"""What a list of changes of each kind is headed."""


def since(answer: Comparison) -> str:
    """Return what was compared with what, by the facts that each rests on."""

    def told(made: Provenance) -> str:
        until = f" until {clock(made.facts_until)}" if made.facts_until is not None else ""
        return f"{counted(made.inputs, 'input')}{until} ({made.facts_sha256[:12] or 'facts not said'})"

    return f"now: {told(answer.after)}; before: {told(answer.before)}; question: {answer.after.question}"


class _Part(msgspec.Struct, rename={"start": "from"}):
    """A part of a report; what is not compared is not read."""


class _Slot(_Part):
    start: str | None
    until: str | None


class _Release(_Part):
    purl: str
    start: str | None = None
    until: str | None = None


class _Document(_Part):
    sha256: str


class _Clearance(_Part):
    kind: str
    start: str | None
    until: str | None
    facts: list[str]
    words: list[str]
    assumes: list[str]


class _Build(_Part):
    verdict: str
    at: str | None = None
    document: _Document | None = None
    incident: str = ""
    clearance: _Clearance | None = None


class _Verdict(_Part):
    incident: str
    verdict: str


class _Service(_Part):
    service: str
    verdict: str
    reason: str
    incidents: list[_Verdict] = []
    company: str | None = None
    owner: str = ""
    slots: list[int] = []
    builds: list[_Build] = []
    external: bool = False


class _Claim(_Part):
    text: str
    claimant: str = ""
    date: str = ""
    id: str = ""


class _Company(_Part):
    company: str
    verdict: str
    name: str = ""
    via: list[str] = []
    claims: list[_Claim] = []


class _Take(_Part):
    slot: int
    release: str


class _Package(_Part):
    package: str
    tier: str | None = None
    nominated: bool = False
    newest: str = ""
    takes: list[_Take] = []


class _Incident(_Part):
    id: str
    releases: list[_Release]
    withdrawn: list[str] = []


class _Window(_Part):
    start: str | None
    until: str | None
    reading: str = ""
    incident: str = ""


class _Report(_Part):
    schema: Literal["graphkit.blast/1"]
    incident: _Incident
    window: _Window
    slots: list[_Slot]
    services: list[_Service]
    companies: list[_Company]
    packages: list[_Package]
    notes: list[str]
    provenance: dict[str, Any]
    environment: dict[str, Any] = {}
    windows: list[_Window] = []


class Change(Struct, frozen=True, kw_only=True):
    """One thing that changed. ``before`` and ``after`` are verdicts or what stands for them, empty where there is none.

    ``about`` says whose it is; ``details`` what else there is to say, the reason first.
    """

    kind: str
    name: str
    what: What
    before: str = ""
    after: str = ""
    about: str = ""
    details: tuple[str, ...] = ()


class Comparison(Struct, frozen=True, kw_only=True):
    """What changed from one report to another. ``remarks``: what makes the two hard to compare."""

    incident: str
    before: Provenance
    after: Provenance
    changes: tuple[Change, ...]
    remarks: tuple[str, ...]

    def headline(self) -> str:
        """Return the changes in one sentence, by kind, the worst first."""
        counts = Counter((one.kind, one.what) for one in self.changes)
        parts = [
            f"{counted(number, kind, _PLURAL.get(kind, ''))} {what}"
            for kind in KINDS
            for what in WHATS
            if (number := counts[kind, what])
        ]
        return f"{', '.join(parts)}." if parts else "Nothing changed."


def read_report(text: str, named: str) -> dict[str, Any]:
    """Return an old report that can be compared.

    Raises:
        UsageError: the text is no JSON report of a blast; ``named`` is what its file is called.
    """
    try:
        read = json.loads(text)  # unlike msgspec it takes halves of surrogate pairs, which names may have
        _decode(read)
    except (ValueError, msgspec.ValidationError, RecursionError) as error:
        raise UsageError(f"{named} is not a report that can be compared: {error}; give one of --format json") from error
    return dict(read)


def compare(old: Mapping[str, Any], new: Mapping[str, Any]) -> Comparison:
    """Return what changed between two reports, as `read_report` or ``blast_shape`` give them.

    The new one should list every package: what the old one did not list by its ``--tier`` is then known not to be new.
    """
    before, after = _decode(old), _decode(new)
    made = [read_provenance(one.provenance) for one in (before, after)]
    unknown = Provenance(graphkit="", packaging="", question="", inputs=0, facts_sha256="")
    was, now = (one or unknown for one in made)
    spans = _spans(before), _spans(after)

    def service(one: _Service | None, other: _Service) -> tuple[str, ...]:
        return _service(one, other, spans)

    changes = [
        *_releases(before, after, was.question),
        *_paired("service", before.services, after.services, lambda one: one.service, service),
        *_paired("company", before.companies, after.companies, lambda one: one.company, _company),
        *_packages(before, after, was.question, spans),
        *_claims(before, after),
        *_notes(before, after),
    ]
    order = {(kind, what): number for number, (kind, what) in enumerate((k, w) for k in KINDS for w in WHATS)}
    return Comparison(
        incident=after.incident.id,
        before=was,
        after=now,
        changes=tuple(sorted(changes, key=lambda one: order[one.kind, one.what])),
        remarks=tuple(_remarks(before, after, was, now)),
    )


def _decode(shape: object) -> _Report:
    return msgspec.convert(shape, _Report)


_Span = tuple[str | None, str | None]
_Spans = tuple[Sequence[_Span], Sequence[_Span]]


def _spans(report: _Report) -> Sequence[_Span]:
    return [(one.start, one.until) for one in report.slots]


def _when(slots: Sequence[int], spans: Sequence[_Span]) -> str:
    """Return slots as stretches of time, so that reports with other slots can be compared."""
    joined: list[list[str | None]] = []
    for slot in sorted(set(slots)):
        start, until = spans[slot] if 0 <= slot < len(spans) else (None, None)
        if joined and joined[-1][1] == start:
            joined[-1][1] = until
        else:
            joined.append([start, until])
    return ", ".join(_between(start, until) for start, until in joined)


def _between(start: str | None, until: str | None) -> str:
    try:
        return between(instant(start) if start else None, instant(until) if until else None)
    except BadTime:
        return f"{start} to {until}"


_Row = TypeVar("_Row", _Service, _Company)


def _paired(
    kind: str,
    before: Sequence[_Row],
    after: Sequence[_Row],
    name: Callable[[_Row], str],
    details: Callable[[_Row | None, _Row], tuple[str, ...]],
) -> Iterator[Change]:
    """Yield the changes of rows that have a verdict: new, gone, another verdict, or the same on other grounds."""
    old = {name(row): row for row in before}
    for row in after:
        known = old.pop(name(row), None)
        said = details(known, row)
        if known is None:
            yield Change(kind=kind, name=name(row), what="new", after=row.verdict, about=_about(row), details=said)
        elif known.verdict != row.verdict or said:
            yield Change(
                kind=kind,
                name=name(row),
                what=_direction(kind, known.verdict, row.verdict),
                before=known.verdict,
                after=row.verdict,
                about=_about(row),
                details=said,
            )
    for gone, row in old.items():
        yield Change(kind=kind, name=gone, what="gone", before=row.verdict, about=_about(row))


def _about(row: _Service | _Company) -> str:
    if isinstance(row, _Company):
        return row.name if row.name != row.company else ""
    pairs = (("company", row.company), ("owner", row.owner))
    return ", ".join(f"{word} {text}" for word, text in pairs if text)


def _direction(kind: str, before: str, after: str) -> What:
    order = _ORDERS[kind]
    if before == after or before not in order or after not in order:
        return "changed"
    return "worse" if order.index(after) < order.index(before) else "better"


def _service(old: _Service | None, new: _Service, spans: _Spans) -> tuple[str, ...]:
    if old is None:
        return (new.reason,)
    said = [] if new.reason == old.reason else [new.reason]
    when = _when(old.slots, spans[0]), _when(new.slots, spans[1])
    if when[0] != when[1] and new.verdict in _EXPOSED:
        said.append(f"exposed {when[1] or 'at no known time'}; before: {when[0] or 'at no known time'}")
    builds = [Counter(map(_build, one.builds)) for one in (old, new)]
    for word, more in (("new", builds[1] - builds[0]), ("no longer there", builds[0] - builds[1])):
        by_verdict = Counter(verdict for (_, verdict, _) in more.elements())
        if by_verdict:
            parts = ", ".join(f"{number:,} {verdict}" for verdict, number in sorted(by_verdict.items()))
            said.append(f"builds {word}: {parts}")
    before = {one.incident: one.verdict for one in old.incidents}
    said += [
        f"for {one.incident}: {was} → {one.verdict}"
        for one in new.incidents
        if (was := before.get(one.incident, one.verdict)) != one.verdict
    ]
    if old.external != new.external:
        said.append(SOMEBODY_ELSES if new.external else "one of your own, no longer somebody else's")
    return (*said, *_assumptions(old, new))


def _assumptions(old: _Service, new: _Service) -> Iterator[str]:
    """Yield how what a clearance assumes has grown or shrunk, where the service is cleared in both reports."""
    if old.verdict != Verdict.CLEARED or new.verdict != Verdict.CLEARED:
        return
    was, now = (
        dict.fromkeys(code for build in one.builds if build.clearance for code in build.clearance.assumes)
        for one in (old, new)
    )
    for word, codes in (("more", now.keys() - was.keys()), ("no longer", was.keys() - now.keys())):
        if codes:
            yield f"cleared, assuming {word}: {', '.join(_assumption(code) for code in sorted(codes))}"


def _assumption(code: str) -> str:
    return ASSUMED[Assumption(code)] if code in set(Assumption) else code


def proofs_changed(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for each service that is cleared in both reports, and by another proof in the new one."""
    before = {one.service: one for one in _decode(old).services}
    for one in _decode(new).services:
        known = before.get(one.service)
        if known is None or not known.verdict == one.verdict == Verdict.CLEARED:
            continue
        was, now = (Counter(map(_proof, row.builds)) for row in (known, one))
        if was == now:
            continue
        gone = {line for proof in (was - now) for line in proof}
        changed = dict.fromkeys(line for proof in (now - was) for line in proof if line not in gone)
        first = next(iter(changed), "something that it named is gone")
        rest = f", and {len(changed) - 1:,} more" if len(changed) > 1 else ""
        yield f"{one.service} is cleared by another proof: {first}{rest}"


def _proof(one: _Build) -> tuple[str, ...]:
    """Return what a build's proof says, line by line; its build is a line of it."""
    made = one.clearance
    if made is None:
        return (one.at or "", one.incident)
    parts = [*(f"by fact, {text}" for text in made.facts), *(f"by word, {text}" for text in made.words)]
    head = (one.at or "", one.incident, f"proof by {made.kind}", _between(made.start, made.until))
    return (*head, *parts, *(f"assuming {_assumption(code)}" for code in made.assumes))


def _build(one: _Build) -> tuple[str, str, str]:
    return one.at or "", one.verdict, one.document.sha256 if one.document else ""


def _company(old: _Company | None, new: _Company) -> tuple[str, ...]:
    via = " < ".join(new.via)
    same = old is not None and old.via == new.via
    return () if same or not via else (f"supplied by {via}",)


def _packages(before: _Report, after: _Report, question: str, spans: _Spans) -> Iterator[Change]:
    cut, tier = _listed(question)
    old = {row.package: row for row in before.packages}
    for row in after.packages:
        known, now = old.pop(row.package, None), _standing(row)
        takes = _takes(row, spans[1])
        if known is None:
            if not cut and _ORDERS["package"].index(now) <= _ORDERS["package"].index(tier):
                yield Change(kind="package", name=row.package, what="new", after=now, details=(takes,) if takes else ())
            continue
        was, took = _standing(known), _takes(known, spans[0])
        said = [f"takes {takes or 'none'}; before: {took or 'none'}"] if takes != took else []
        said += [f"newest {row.newest}; before: {known.newest}"] if row.newest != known.newest else []
        if was != now or said:
            what = _direction("package", was, now)
            yield Change(kind="package", name=row.package, what=what, before=was, after=now, details=tuple(said))
    for name, row in old.items():
        yield Change(kind="package", name=name, what="gone", before=_standing(row))


def _listed(question: str) -> tuple[bool, str]:
    """Return whether an old report's question cut its list of packages, and the weakest standing that it listed."""
    try:
        words = shlex.split(question)
    except ValueError:
        words = []
    options = dict(pairwise(words))
    tier = options.get("--tier", Tier.PICKED.value)
    weakest = "older" if tier == Tier.ADMITTED.value else tier
    return bool({"--limit", "--offset"} & options.keys()), weakest if weakest in _ORDERS["package"] else "picked"


def _standing(row: _Package) -> str:
    return row.tier or ("nominated" if row.nominated else "older")


def _takes(row: _Package, spans: Sequence[_Span]) -> str:
    slots: dict[str, list[int]] = {}
    for take in row.takes:
        slots.setdefault(take.release, []).append(take.slot)
    return ", ".join(f"{release.replace('@', ' ')} ({_when(numbers, spans)})" for release, numbers in slots.items())


def _releases(before: _Report, after: _Report, question: str) -> Iterator[Change]:
    cut, _ = _listed(question)
    old = {one.purl: one for one in before.incident.releases}
    for one in after.incident.releases:
        known, now = old.pop(one.purl, None), _between(one.start, one.until)
        if known is None:
            if not cut:
                yield Change(kind="release", name=one.purl, what="new", after=now)
        elif (was := _between(known.start, known.until)) != now:
            yield Change(kind="release", name=one.purl, what="changed", before=was, after=now)
    for purl, one in old.items():
        yield Change(kind="release", name=purl, what="gone", before=_between(one.start, one.until))


def _claims(before: _Report, after: _Report) -> Iterator[Change]:
    old, new = (
        {(row.company, one.id, one.text): one for row in r.companies for one in row.claims} for r in (before, after)
    )
    directions: tuple[tuple[What, Mapping[tuple[str, str, str], _Claim]], ...] = (("new", new), ("gone", old))
    for what, claims in directions:
        others = old if what == "new" else new
        for key, one in claims.items():
            if key in others:
                continue
            about = "; ".join(filter(None, (key[0], one.date, one.claimant)))
            yield Change(kind="claim", name=one.text, what=what, about=about)


def _notes(before: _Report, after: _Report) -> Iterator[Change]:
    old, new = (
        dict.fromkeys(text for text in one.notes if not any(words in text for words in OF_A_VIEW))
        for one in (before, after)
    )
    yield from (Change(kind="note", name=text, what="new") for text in new if text not in old)
    yield from (Change(kind="note", name=text, what="gone") for text in old if text not in new)


def _remarks(before: _Report, after: _Report, was: Provenance, now: Provenance) -> Iterator[str]:
    if before.incident.id != after.incident.id:
        yield f"the two ask about different things: {before.incident.id} and {after.incident.id}"
    windows = [_between(one.window.start, one.window.until) for one in (before, after)]
    yield from _different(
        (
            ("window", windows[0], windows[1]),
            ("reading", before.window.reading, after.window.reading),
            ("graphkit", was.graphkit, now.graphkit),
            ("packaging", was.packaging, now.packaging),
            *_windows(before, after),
        )
    )
    if before.incident.withdrawn != after.incident.withdrawn:
        withdrawn = [", ".join(one.incident.withdrawn) or "none" for one in (after, before)]
        yield f"withdrawn records: {withdrawn[0]}; before: {withdrawn[1]}"
    for word in sorted(before.environment.keys() | after.environment.keys()):
        old, new = (one.environment.get(word) for one in (before, after))
        if old != new:
            yield f"{word} of installs: {new}; before: {old}"
    if _listed(was.question)[0]:
        yield "the old report was cut by --limit or --offset: what is new is not told from what it cut, and is left out"
    if was.facts_sha256 == now.facts_sha256 and was.facts_sha256:
        yield "both rest on the same facts"


def _different(compared: Iterable[tuple[str, str, str]]) -> Iterator[str]:
    """Yield a remark for what is not the same: a word for it, the old text and the new one."""
    yield from (f"{word}: {new or 'none'}; before: {old or 'none'}" for word, old, new in compared if old != new)


def _windows(before: _Report, after: _Report) -> Iterator[tuple[str, str, str]]:
    """Yield the window and reading of every incident, old and new, where several were asked about."""
    known = {one.incident: one for one in before.windows}
    for one in after.windows if len(after.windows) > 1 else ():
        old = known.get(one.incident)
        yield f"window of {one.incident}", _between(old.start, old.until) if old else "", _between(one.start, one.until)
        yield f"reading of {one.incident}", old.reading if old else "", one.reading
