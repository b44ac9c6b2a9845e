"""Answers as JSON, in the shapes of docs/cli-contract.md#json: keys sorted, the same bytes for the same answer."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final, cast

import msgspec

from graphkit.model.answers import (
    Accused,
    Blast,
    BuildVerdict,
    CompanyRow,
    DocumentName,
    IngestReport,
    PackageRow,
    Provenance,
    ServiceVerdict,
    Stats,
    WhoHas,
    WhyAnswer,
    Window,
)
from graphkit.model.documents import Problem
from graphkit.model.health import Health
from graphkit.model.incidents import Source
from graphkit.model.organisation import Claim
from graphkit.model.ranks import Tier
from graphkit.model.times import NO_TIME, rfc3339
from graphkit.reports.actions import action_shape
from graphkit.reports.alike import Alike, alike
from graphkit.reports.comparison import Comparison
from graphkit.reports.interface import ReportOptions
from graphkit.reports.proofs import clearance_shape, explained_shape
from graphkit.reports.provenance import Verification, provenance_shape, read_object, read_provenance
from graphkit.reports.text import safe_json
from graphkit.reports.trees import tree_shape
from graphkit.reports.wording import Listing, listing, made_of, reading_of, windows_of

Shape = dict[str, Any]
_AT_ONCE: Final = 256
"""How many rows of a long list are written at once."""


class JsonReport:
    """A blast as JSON, for programs."""

    suffix: Final = ".json"

    def render(self, blast: Blast, view: ReportOptions) -> str:
        """Return the answer in the shape ``graphkit.blast/1``."""
        return "".join(self.parts(blast, view))

    def parts(self, blast: Blast, view: ReportOptions) -> Iterator[str]:
        """Yield the answer in parts; a fleet's is never whole in memory."""
        groups = {"groups": map(_group, alike(blast))} if view.group else {}
        shape = _shape_without_services(blast, listing(blast, view), made_of(blast, view))
        return _parts(shape, {"services": _services(blast), **groups})

    def provenance(self, text: str) -> Provenance | None:
        """Return what such a report says it was made of."""
        read = read_object(text)
        return read_provenance(read.get("provenance")) if read.get("schema") == SCHEMA else None


REPORT: Final = JsonReport()
SCHEMA: Final = "graphkit.blast/1"


def who_has_json(answer: WhoHas) -> Iterator[str]:
    """Yield who holds a package in the shape ``graphkit.who-has/1``, in parts."""
    rows = (
        {
            "service": row.service,
            "release": row.release,
            "current": row.current,
            "document": _document(row.document),
            **({"external": True} if row.is_external else {}),
        }
        for row in answer.matches
    )
    shape = {"schema": "graphkit.who-has/1", "query": answer.query, "notes": list(answer.notes)}
    return _parts(shape, {"matches": rows})


def why_json(answer: WhyAnswer, *, clearance: bool = False) -> str:
    """Return one service with its builds and paths in the shape ``graphkit.why/1``, beside what was asked.

    ``clearance`` adds ``proofs``: for each build its proof in words and what replaces each assumption, or what is open.
    Where the answer has trees, they are its ``trees``.
    """
    blast = answer.blast
    listed = Listing(packages=(), releases=blast.incident.releases, notes=())
    whole = _shape_without_services(blast, listed, blast.provenance)
    kept = ("incident", "window", "windows", "slots", "environment", "provenance", "notes")
    shape: Shape = {"schema": "graphkit.why/1", "service": _service(answer.service)}
    if clearance:
        shape["proofs"] = [explained_shape(build) for build in answer.service.builds]
    if answer.trees is not None:
        shape["trees"] = [tree_shape(one) for one in answer.trees]
    return encoded(shape | {key: whole[key] for key in kept})


def verification_json(answer: Verification) -> str:
    """Return what became of a report in the shape ``graphkit.verify/1``."""
    return encoded(
        {
            "schema": "graphkit.verify/1",
            "format": answer.form,
            "same": answer.same,
            "then": provenance_shape(answer.then),
            "now": provenance_shape(answer.now),
            "reasons": list(answer.reasons),
            "changes": list(answer.changes),
        }
    )


def whole_shape(blast: Blast, view: ReportOptions) -> Shape:
    """Return a blast in the shape ``graphkit.blast/1`` with every package, whatever the view lists, as it is read."""
    whole = blast_shape(blast, listing(blast, ReportOptions(tier=Tier.ADMITTED)), made_of(blast, view))
    return cast("Shape", json.loads(_text(whole)))


def comparison_json(answer: Comparison) -> str:
    """Return what changed since an old report in the shape ``graphkit.compare/1``."""
    rows = [
        {
            "kind": one.kind,
            "name": one.name,
            "what": one.what,
            "before": one.before,
            "after": one.after,
            "about": one.about,
            "details": list(one.details),
        }
        for one in answer.changes
    ]
    return encoded(
        {
            "schema": "graphkit.compare/1",
            "incident": answer.incident,
            "same": not answer.changes,
            "before": provenance_shape(answer.before),
            "after": provenance_shape(answer.after),
            "changes": rows,
            "remarks": list(answer.remarks),
        }
    )


def stats_json(answer: Stats) -> str:
    """Return what a graph holds in the shape ``graphkit.stats/1``."""
    return encoded(
        {
            "schema": "graphkit.stats/1",
            "counts": dict(answer.counts),
            "problems": _problems(answer.problems),
            "problem_count": answer.problem_count,
            "packaging": answer.packaging,
            "facts_sha256": answer.facts_sha256,
            "newest_fact": rfc3339(answer.newest_fact),
        }
    )


def doctor_json(answer: Health) -> str:
    """Return what was looked at in the shape ``graphkit.doctor/1``."""
    return encoded(
        {
            "schema": "graphkit.doctor/1",
            "findings": len(answer.findings),
            "checks": [
                {
                    "subject": one.subject,
                    "text": one.text,
                    "finding": one.is_finding,
                    "repaired": one.is_repaired,
                    "do": one.do,
                }
                for one in answer.checks
            ],
        }
    )


def ingest_json(answer: IngestReport) -> str:
    """Return what an ingest read in the shape ``graphkit.ingest/1``."""
    return encoded(
        {
            "schema": "graphkit.ingest/1",
            "read": answer.read,
            "new": answer.new,
            "unchanged": answer.unchanged,
            "rejected": [{"path": one.path, "place": one.place, "problem": one.problem} for one in answer.rejected],
            "unrecognised": list(answer.unrecognised),
            "problems": answer.problems,
            "worst": _problems(answer.worst),
            "notes": list(answer.notes),
        }
    )


def encoded(shape: Mapping[str, Any]) -> str:
    """Return JSON text: keys sorted, two spaces, characters that hide or reorder as escapes, a newline at the end."""
    return _text(shape) + "\n"


def _text(value: object) -> str:
    try:
        # Answers over fleets have megabytes; with an indent, the encoder of Python is written in Python.
        text = msgspec.json.format(msgspec.json.encode(value, order="sorted"), indent=2).decode()
    except UnicodeEncodeError:  # half of a surrogate pair, which is no UTF-8
        plain = msgspec.to_builtins(value)
        text = json.dumps(plain, ensure_ascii=False, sort_keys=True, indent=2, allow_nan=False)
    return safe_json(text)


def _parts(shape: Mapping[str, Any], lists: Mapping[str, Iterable[Shape]]) -> Iterator[str]:
    """Yield what `encoded` returns of a shape with some long lists more, which may be made as they are read."""
    lead = "{\n"
    for key in sorted({*shape, *lists}):
        yield f'{lead}  "{key}": '
        if key in lists:
            yield from _list(iter(lists[key]))
        else:
            yield _indented(_text(shape[key]))
        lead = ",\n"
    yield "\n}\n"


def _list(rows: Iterator[Shape]) -> Iterator[str]:
    lead, end = "[", "]"
    before, after = map(len, _text({"": [0]}).split("\n    0"))
    while some := list(islice(rows, _AT_ONCE)):
        yield lead + _text({"": some})[before:-after]  # as the list of some key, which is as deep
        lead, end = ",", "\n  ]"
    yield ("[" if end == "]" else "") + end


def _indented(text: str) -> str:
    """Return text one step further to the right, but its first line; strings have no line breaks in JSON."""
    return text.replace("\n", "\n  ")


def blast_shape(blast: Blast, listed: Listing, made: Provenance) -> Shape:
    """Return a blast in the shape ``graphkit.blast/1``, with the packages and releases that are listed."""
    return {**_shape_without_services(blast, listed, made), "services": list(_services(blast))}


def _services(blast: Blast) -> Iterator[Shape]:
    for one in blast.services:
        yield {**_service(one), "external": True} if one.service in blast.external else _service(one)


def _group(one: Alike) -> Shape:
    """Return services that are alike: how many, their names, and what is said of all of them, as of the first."""
    shared = _service(one.first)
    del shared["service"]
    return {"count": len(one.names), "services": one.names, "shared": shared}


def _shape_without_services(blast: Blast, listed: Listing, made: Provenance) -> Shape:
    incident, environment = blast.incident, blast.environment
    return {
        "schema": SCHEMA,
        "incident": {
            "id": incident.id,
            "title": incident.title,
            "actor": incident.actor,
            "causes": [
                {"text": one.text, "certainty": one.certainty, "sources": list(one.sources)} for one in incident.causes
            ],
            "actions": [action_shape(one) for one in incident.actions],
            "releases": [_accused(one) for one in listed.releases],
            "sources": _sources(incident.sources),
            "withdrawn": list(incident.withdrawn),
        },
        "window": {**_span(blast.window), "reading": reading_of(blast)},
        "windows": [{"incident": one.incident, **_span(one), "reading": one.reading} for one in windows_of(blast)],
        "slots": [
            {"incident": slot.incident, "from": rfc3339(slot.start), "until": rfc3339(slot.until)}
            for slot in blast.slots
        ],
        "environment": {
            "python": environment.python,
            "platform": environment.platform,
            "machine": environment.machine,
            "implementation": environment.implementation,
            "resolver": blast.resolver,
        },
        "summary": {
            "services": dict(blast.summary.services),
            "companies": dict(blast.summary.companies),
            "packages": dict(blast.summary.packages),
            "releases": blast.summary.releases,
            **({"external_services": dict(blast.summary.external_services)} if blast.external else {}),
        },
        "companies": [_company(one) for one in blast.companies],
        "packages": [_package(one) for one in listed.packages],
        "provenance": provenance_shape(made),
        "notes": [*blast.notes, *listed.notes],
        **({"partial": True} if blast.is_partial else {}),
        **({} if blast.is_index_read else {"fresh_installs": "not_checked"}),
    }


def _span(one: Window) -> Shape:
    """Return the ends of a window; null where they are not known."""
    start, until = (one.start, one.until) if one.is_known else (None, None)
    return {"from": rfc3339(start), "until": rfc3339(until)}


def _accused(one: Accused) -> Shape:
    release = one.release
    return {
        "purl": release.purl,
        "package": release.package,
        "version": release.version,
        "from": rfc3339(one.start),
        "until": rfc3339(one.until),
        "files": [{"filename": f.filename, "sha256": f.sha256, "member": f.member} for f in release.files],
        "ghost": one.ghost,
        "whole": release.whole,
        "note": release.note,
        "sources": list(release.sources),
    }


def _service(one: ServiceVerdict) -> Shape:
    return {
        "service": one.service,
        "company": one.company,
        "owner": one.owner,
        "verdict": one.verdict,
        "basis": one.basis,
        "reason": one.reason,
        "slots": one.slots,
        "incidents": [{"incident": incident, "verdict": verdict} for incident, verdict in one.incidents],
        "near": "not_picked" if one.near else None,
        "builds": [_build(build) for build in one.builds],
        "paths": one.paths,
    }


def _build(one: BuildVerdict) -> Shape:
    return {
        "at": None if one.at is None or one.at == NO_TIME else str(one.at),
        "verdict": one.verdict,
        "reason": one.reason,
        "basis": one.basis,
        "document": _document(one.document) if one.document else None,
        "incident": one.incident,
        "clearance": clearance_shape(one.clearance) if one.clearance else None,
        "slots": one.slots,
        "paths": one.paths,
    }


def _document(one: DocumentName) -> Shape:
    shape: Shape = {"sha256": one.sha256, "path": one.path}
    if one.repository:
        shape["repository"] = one.repository
    if one.file and one.file != one.path:
        shape["file"] = one.file
    if one.line:
        shape["line"] = one.line
    return shape


def _company(one: CompanyRow) -> Shape:
    return {
        "company": one.company,
        "name": one.name,
        "verdict": one.verdict.value,
        "distance": one.distance,
        "via": list(one.via),
        "origin_tier": one.origin_tier,
        "supplies": [
            {"supplier": s.supplier, "what": s.what, "data": list(s.data), "sources": list(s.sources)}
            for s in one.supplies
        ],
        "data": list(one.data),
        "services": list(one.services),
        "claims": [_claim(claim) for claim in one.claims],
    }


def _claim(one: Claim) -> Shape:
    """Return a claim; ``source`` is the first of ``sources`` in short: its address, else its id."""
    first = one.sources[0] if one.sources else None
    return {
        "id": one.id,
        "claimant": one.claimant,
        "polarity": one.polarity.value,
        "standing": one.standing.value,
        "text": one.text,
        "certainty": one.certainty,
        "date": one.date,
        "object": one.object,
        "relation": one.relation,
        "source": (first.url or first.id) if first else None,
        "sources": _sources(one.sources),
    }


def _sources(sources: Sequence[Source]) -> list[Shape]:
    return [
        {"id": one.id, "title": one.title, "publisher": one.publisher, "date": one.date, "url": one.url}
        for one in sources
    ]


def _package(one: PackageRow) -> Shape:
    return {
        "package": one.package,
        "tier": one.tier.value if one.tier else None,
        "takes": [{"slot": take.slot, "release": take.release} for take in one.takes],
        "older_tier": one.older_tier.value if one.older_tier else None,
        "newest": one.newest,
        "releases": one.releases,
        "distance": one.distance,
        "slots": list(one.slots),
        "paths": one.paths,
        "nominated": one.nominated,
        "unresolvable": list(one.unresolvable),
        "dependents": one.dependents,
        **({} if one.downloads is None else {"downloads": one.downloads}),
        **({"maintainers": one.maintainers} if one.maintainers else {}),
    }


def _problems(rows: Iterable[tuple[str, Problem]]) -> list[Shape]:
    return [{"path": path, "place": problem.place, "problem": problem.text} for path, problem in rows]
