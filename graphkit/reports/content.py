"""What is drawn of a blast, as plain values: an entry per release, package, service and company, and their links.

Every text here has passed `shown`, so that a page's script may put it anywhere as text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any, Final
from urllib.parse import urlsplit

from msgspec import Struct, field

from graphkit.model.answers import (
    Accused,
    Assumption,
    Blast,
    BuildVerdict,
    CompanyRow,
    PackageRow,
    Path,
    ServiceVerdict,
)
from graphkit.model.incidents import Source
from graphkit.model.names import CompanyId
from graphkit.model.organisation import Claim
from graphkit.model.ranks import CompanyVerdict
from graphkit.model.sentences import and_more
from graphkit.reports.proofs import proof_of
from graphkit.reports.text import counted, shown
from graphkit.reports.wording import (
    EXPOSED,
    REACHED,
    WORDS,
    Listing,
    bearing,
    between,
    by_incident,
    clearance_in_words,
    clock,
    name_of,
    slots_by_release,
    standing,
)

COMPROMISED: Final = "compromised"
RELEASE, PACKAGE, SERVICE, COMPANY = "release", "package", "service", "company"
KINDS: Final = (RELEASE, PACKAGE, SERVICE, COMPANY)
VERDICTS: Final = (
    COMPROMISED,
    "observed",
    "replayed",
    "stated",
    "picked",
    "supplier",
    "admitted",
    "nominated",
    "older",
    "unknown",
    "cleared",
    "none",
)
"""Every verdict that an entry can have, worst first."""
_EXPOSED: Final = frozenset((*EXPOSED, *REACHED))
_NAMED: Final = 25
"""How many services a company's reason names; those services name their company all."""
_MANY: Final = 10_000
"""From so many services on, digests of documents are given by their first twelve digits."""


class Entry(Struct, kw_only=True):
    """A row of the table, and mostly a node of the picture. ``column`` orders the layers inside its kind.

    ``slots`` are those in which it was exposed; ``dated`` False: exposed, but nobody knows when.
    ``paths`` are (steps, ids of the entries they pass); ``lit`` are the entries on its ways to a release, ``trail`` the
    links between them, ``through`` entries whose own ways are its ways too. ``group``: what it is gathered under where
    there are too many to draw. ``proof``: on which assumptions a service is cleared, in words as ``reason``
    has them too, and ``assumes`` by their names. ``external``: a service that is somebody else's.
    """

    id: str
    kind: str
    name: str
    verdict: str
    evidence: str = ""
    company: str = ""
    owner: str = ""
    group: str = ""
    reason: str = ""
    proof: str = ""
    assumes: tuple[Assumption, ...] = ()
    external: bool = False
    column: int = 0
    slots: Sequence[int] = ()
    dated: bool = True
    row: bool = True
    facts: list[tuple[str, str]] = field(default_factory=list)
    paths: list[tuple[list[tuple[str, str]], list[str]]] = field(default_factory=list)
    builds: list[dict[str, Any]] = field(default_factory=list)
    claims: list[dict[str, Any]] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    lit: list[str] = field(default_factory=list)
    trail: list[tuple[str, str]] = field(default_factory=list)
    through: list[str] = field(default_factory=list)


class Content(Struct, kw_only=True):
    """All entries in the order of the table, and the links between them: (from, to) → why."""

    entries: dict[str, Entry] = field(default_factory=dict)
    links: dict[tuple[str, str], str] = field(default_factory=dict)
    sources: dict[str, dict[str, str]] = field(default_factory=dict)

    def ways(self, entry_id: str) -> tuple[list[str], list[tuple[str, str]]]:
        """Return the entries and links that lead from the releases to an entry, through whatever it hangs on."""
        lit, trail = dict[str, None](), dict[tuple[str, str], None]()
        passed, waiting = {entry_id}, [entry_id]
        while waiting:
            one = self.entries[waiting.pop()]
            lit |= dict.fromkeys((one.id, *one.lit))
            trail |= dict.fromkeys(one.trail)
            waiting += [other for other in one.through if other not in passed]
            passed.update(one.through)
        return list(lit), list(trail)


def content(blast: Blast, listed: Listing) -> Content:
    """Return what the page shows of a blast: every service and company, and the packages listed."""
    return _Builder(blast, listed).content


class _Builder:
    def __init__(self, blast: Blast, listed: Listing) -> None:
        self.content = Content()
        self._blast = blast
        self._by_node: dict[str, str] = {}
        self._companies = {row.company: f"c{number}" for number, row in enumerate(blast.companies)}
        self._services = {one.service: f"s{number}" for number, one in enumerate(blast.services)}
        self._operators = {name: row.company for row in blast.companies for name in row.services}
        self._digest = 64 if len(blast.services) <= _MANY else 12
        self._rows = {row.company: row for row in blast.companies}
        self._spare = 0
        self._sources(blast.incident.sources)
        for number, accused in enumerate(listed.releases):
            self._release(number, accused)
        for number, row in enumerate(listed.packages):
            self._by_node.setdefault(row.package, f"p{number}")
        for number, row in enumerate(listed.packages):
            self._package(f"p{number}", row)
        for one in blast.services:
            self._service(one)
        for company in blast.companies:
            self._company(company)
        for company in blast.companies:
            self._chain(company)

    def _add(self, entry: Entry) -> Entry:
        self.content.entries[entry.id] = entry
        return entry

    def _release(self, number: int, one: Accused) -> None:
        release, entry_id = one.release, f"r{number}"
        if release.package:
            self._by_node[f"{release.package}@{release.version}"] = entry_id
        self._by_node[release.purl] = entry_id
        entry = Entry(
            id=entry_id,
            kind=RELEASE,
            name=shown(name_of(one)),
            verdict=COMPROMISED,
            evidence="no longer on the index" if one.ghost else "still listed",
            reason=shown(release.note),
            slots=[
                slot
                for slot, stretch in enumerate(self._blast.slots)
                if (one.start is None or one.start < stretch.until) and (one.until is None or stretch.start < one.until)
            ],
            sources=[shown(text) for text in release.sources],
        )
        entry.facts += [("purl", shown(release.purl)), ("listed", between(one.start, one.until))]
        if not release.whole:
            entry.facts.append(("files", "only those named here are bad"))
        for file in release.files:
            inside = " (inside an archive)" if file.member else ""
            entry.facts.append(("file", shown(f"{file.filename}{inside} sha256 {file.sha256 or 'not known'}")))
        self._add(entry)

    def _package(self, entry_id: str, row: PackageRow) -> None:
        where = standing(row)
        takes = ", then ".join(slots_by_release(row.takes))
        reason = f"a fresh install takes {takes}" if takes else WORDS[where]
        entry = Entry(
            id=entry_id,
            kind=PACKAGE,
            name=shown(row.package),
            verdict=where,
            evidence=shown(f"newest {row.newest}" if row.newest else ""),
            reason=shown(reason),
            column=row.distance,
            slots=list(row.slots),
            dated=bool(row.slots) or row.tier is None,
        )
        entry.facts += [
            ("newest release", shown(row.newest) or "none"),
            ("steps to the release", str(row.distance)),
            ("releases exposed", f"{row.releases:,}"),
            ("required by", counted(row.dependents, "package reached", "packages reached")),
        ]
        if row.downloads is not None:
            entry.facts.append(("downloads", f"{row.downloads:,}"))
        if row.maintainers:
            entry.facts.append(("maintainers", shown(row.maintainers)))
        if row.older_tier:
            entry.facts.append(("older releases", row.older_tier.value))
        if row.unresolvable:
            entry.facts.append(("unresolvable in slots", ", ".join(map(str, row.unresolvable))))
        self._add(entry)
        self._trails(entry, row.paths)
        self._taken(entry, row)
        hangs_on = next((one for one in entry.lit if one != entry.id), "")
        entry.group = self._entry(hangs_on).name if hangs_on else ""

    def _taken(self, entry: Entry, row: PackageRow) -> None:
        """Link every release that a package takes, not only the one its path ends in, to where that path enters."""
        passed = entry.paths[0][1] if entry.paths else [entry.id]
        last = next(
            (entry_id for entry_id in reversed(passed) if self.content.entries[entry_id].kind != RELEASE), entry.id
        )
        for release in dict.fromkeys(take.release for take in row.takes):
            if (entry_id := self._by_node.get(release)) is not None:
                self._link(entry_id, last, f"a fresh install of {entry.name} takes it")
                entry.trail.append((entry_id, last))
                if entry_id not in entry.lit:
                    entry.lit.append(entry_id)

    def _service(self, one: ServiceVerdict) -> None:
        entry = Entry(
            id=self._services[one.service],
            kind=SERVICE,
            name=shown(one.service),
            verdict=one.verdict.value,
            evidence=shown(one.basis),
            company=shown(self._operators.get(one.service) or one.company or ""),
            owner=shown(one.owner),
            reason=shown("; ".join(filter(None, (one.reason, clearance_in_words(one), by_incident(one))))),
            proof=clearance_in_words(one),
            assumes=one.assumes,
            external=one.service in self._blast.external,
            slots=list(one.slots),
            dated=bool(one.slots) or one.verdict not in _EXPOSED,
        )
        entry.group = entry.company or entry.owner
        entry.facts += [("company", entry.company or "not known"), ("owner", entry.owner or "not known")]
        entry.builds = [self._build(build) for build in one.builds]
        self._add(entry)
        self._trails(entry, one.paths)

    def _build(self, build: BuildVerdict) -> dict[str, Any]:
        return {
            "when": clock(build.at) if build.at is not None else "any build that nobody recorded",
            "incident": shown(build.incident),
            "verdict": build.verdict.value,
            "reason": shown(build.reason),
            "basis": shown(build.basis),
            "proof": shown(proof_of(build.clearance)) if build.clearance else "",
            "document": shown(build.document.path) if build.document else "",
            "sha256": shown(build.document.sha256)[: self._digest] if build.document else "",
        }

    def _company(self, row: CompanyRow) -> None:
        entry = Entry(
            id=self._companies[row.company],
            kind=COMPANY,
            name=shown(row.name),
            verdict=row.verdict.value,
            column=row.distance or 0,
            dated=row.verdict not in _EXPOSED,
            company=shown(row.company),
            group=shown(row.via[0]) if row.via else "",
        )
        if row.distance:
            entry.evidence = f"{counted(row.distance, 'step')} away"
        entry.reason = _why(row)
        entry.facts += _facts(row)
        entry.claims = [self._claim(claim) for claim in row.claims]
        self._add(entry)
        self._operated(entry, row)

    def _operated(self, entry: Entry, row: CompanyRow) -> None:
        """Tie a company to its services; it was exposed when they were."""
        services = [self._services[name] for name in row.services if name in self._services]
        for entry_id in services:
            self._link(entry_id, entry.id, "operated by")
        entry.slots = sorted({slot for entry_id in services for slot in self._entry(entry_id).slots})
        entry.dated = entry.dated or bool(entry.slots)
        exposed = [entry_id for entry_id in services if self._entry(entry_id).verdict in _EXPOSED]
        entry.lit = [entry.id]
        entry.through = exposed
        entry.trail = [(entry_id, entry.id) for entry_id in exposed]

    def _chain(self, row: CompanyRow) -> None:
        """Tie a company to the suppliers it hangs on; it was exposed when the chain's end was."""
        if not row.via:
            return
        entry = self.content.entries[self._companies[row.company]]
        chain = [*reversed(row.via), row.company]
        steps = [(shown(chain[0]), f"is {shown(row.origin_tier)}")]
        for supplier, customer in pairwise(chain):
            why = self._supplied(supplier, customer)
            steps.append((shown(customer), why))
            if supplier in self._companies and customer in self._companies:
                link = (self._companies[supplier], self._companies[customer])
                self._link(*link, why)
                entry.trail.append(link)
        suppliers = [self._companies[name] for name in row.via if name in self._companies]
        entry.lit += suppliers
        if suppliers:
            origin = self._entry(suppliers[-1])
            entry.through = [*entry.through, origin.id]
            entry.slots, entry.dated = origin.slots, origin.dated
        entry.paths.append((steps, [entry.id, *suppliers]))

    def _supplied(self, supplier: CompanyId, customer: CompanyId) -> str:
        row = self._rows.get(customer)
        what = sorted({one.what for one in row.supplies if one.supplier == supplier and one.what} if row else ())
        return shown(f"{supplier} supplies it{' with ' + ', '.join(what) if what else ''}")

    def _entry(self, entry_id: str) -> Entry:
        return self.content.entries[entry_id]

    def _trails(self, entry: Entry, paths: Iterable[Path]) -> None:
        """Add an entry's paths, and the links along them; a path leads from the entry to a release."""
        entry.lit = [entry.id]
        for path in paths:
            passed = [entry.id]
            own = entry.kind == PACKAGE or (bool(path) and self._known(path[0].node) is None)
            rest = path[1:] if own else path  # the first step is the entry itself, or its document
            for number, step in enumerate(rest):
                entry_id = self._known(step.node) or self._between(step.node, entry, len(rest) - 1 - number)
                if entry_id != passed[-1]:
                    self._link(entry_id, passed[-1], shown(step.why))
                    entry.trail.append((entry_id, passed[-1]))
                    passed.append(entry_id)
            entry.paths.append(([(shown(step.node), shown(step.why)) for step in path], passed))
            entry.lit += passed
        entry.lit = list(dict.fromkeys(entry.lit))

    def _known(self, node: str) -> str | None:
        return self._by_node.get(node) or self._by_node.get(node.rpartition("@")[0])

    def _between(self, node: str, owner: Entry, distance: int) -> str:
        """Return a node for a package that a path passes and that has no row of its own."""
        entry_id = f"x{self._spare}"
        self._spare += 1
        self._by_node[node] = entry_id
        self._add(
            Entry(
                id=entry_id,
                kind=PACKAGE,
                name=shown(node),
                verdict=owner.verdict,
                reason=f"on the path of {owner.name}",
                column=max(distance, 1),
                slots=owner.slots,
                dated=owner.dated,
                row=False,
                lit=[entry_id],
            )
        )
        return entry_id

    def _link(self, start: str, end: str, why: str) -> None:
        self.content.links.setdefault((start, end), why)

    def _claim(self, claim: Claim) -> dict[str, Any]:
        self._sources(claim.sources)
        return {
            "claimant": shown(claim.claimant),
            "date": shown(claim.date),
            "certainty": shown(claim.certainty),
            "polarity": claim.polarity.value,
            "standing": claim.standing.value,
            "text": shown(claim.text),
            "mark": bearing(claim),
            "sources": [shown(one.id) for one in claim.sources],
        }

    def _sources(self, sources: Iterable[Source]) -> None:
        for one in sources:
            self.content.sources.setdefault(
                shown(one.id),
                {
                    "title": shown(one.title or one.id),
                    "publisher": shown(one.publisher),
                    "date": shown(one.date),
                    "url": web_address(one.url),
                },
            )


def _why(row: CompanyRow) -> str:
    """Return what a company's verdict rests on, as a sentence."""
    if row.distance:
        return shown(f"supplied by {' < '.join(row.via)}, which is {row.origin_tier}")
    if row.verdict is CompanyVerdict.NONE:
        return "named only, nothing ties it to the incident"
    if row.verdict is CompanyVerdict.STATED:
        return "an affirmative claim, first-hand or confirmed"
    if row.services:
        return shown(f"its services: {', '.join(row.services[:_NAMED])}") + and_more(len(row.services), _NAMED)
    return ""


def _facts(row: CompanyRow) -> Iterator[tuple[str, str]]:
    """Yield what else is known of a company, each with its head."""
    yield "id", shown(row.company)
    if row.data:
        yield "data held", shown(", ".join(row.data))
    for one in row.supplies:
        holds = f"; holds {', '.join(one.data)}" if one.data else ""
        yield "supplied", shown(f"{one.supplier}: {one.what}{holds} {' '.join(one.sources)}".strip())


def web_address(url: str) -> str:
    """Return an address that a person may be offered to click: http or https, nothing hidden in it; else empty."""
    if url != shown(url) or any(character in url for character in " \"'<>\\`"):
        return ""
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        return ""
    return url if usable else ""
