"""What one document says of a case: it shows an accused release, clears it, or leaves it open (semantics §3, §4)."""

from __future__ import annotations

from dataclasses import dataclass

from graphkit.model.answers import Path, Step, Verdict
from graphkit.model.documents import SAYS_COMPLETE, Completeness, Component, Document, DocumentKind, how_many
from graphkit.trace.accusation import Accusation, Named, test_row
from graphkit.trace.elsewhere import type_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a document says of the case, whatever its date."""

    verdict: Verdict
    reason: str
    basis: str = ""
    paths: tuple[Path, ...] = ()
    shown: frozenset[Named] = frozenset()
    """The accused releases of the index that it shows: every one, not only the one that decides."""


def read_document(document: Document, accused: Accusation) -> Finding:
    """Return what one document says: it shows an accused release, clears it, or leaves it open, and why."""
    rows = [(number, row, test_row(row, document, accused)) for number, row in enumerate(document.components)]
    suspects = [(row, match, number) for number, row, match in rows if match.verdict is not None]
    if suspects:
        row, match, number = min(suspects, key=lambda one: (one[1].rank, one[2]))
        if match.verdict in {None, Verdict.UNKNOWN}:
            return Finding(verdict=Verdict.UNKNOWN, reason=f"{document.path}: {match.reason}")
        place = f" at {document.places[number]}" if document.places else ""
        name = f"{row.package or row.name} {row.version}".strip()
        return Finding(
            verdict=match.verdict,
            basis=match.basis if match.verdict is Verdict.OBSERVED else "",
            reason=f"{document.path} lists {name}{place}" + (f", {match.reason}" if match.reason else ""),
            paths=(_path_in(document, row),),
            shown=frozenset[Named]().union(*(one.shown for _, one, _ in suspects)),
        )
    if not document.covers_python:
        return Finding(
            verdict=Verdict.UNKNOWN,
            reason=f"{document.path} says nothing of Python packages; a listing that covers Python would settle it",
        )
    kinds = {type_of(row.purl) for row in document.components if row.purl} if accused.elsewhere else set()
    if missing := sorted({type_of(release.key) for release in accused.elsewhere} - kinds):
        return Finding(
            verdict=Verdict.UNKNOWN,
            reason=f"{document.path} says nothing of {missing[0]} components; a listing of them would settle it",
        )
    others = sorted({f"{row.package} {row.version}" for row in document.components if row.package in accused.keys})
    if document.completeness is not Completeness.COMPLETE:
        held = f"holds {' and '.join(others)}, but " if others else ""
        return Finding(
            verdict=Verdict.UNKNOWN,
            reason=f"{document.path} {held}{_why_not_complete(document)}; a lock file or an environment listing "
            "of that build would settle it",
        )
    what = " and ".join(others) or f"no {' or '.join(sorted(accused.keys)) or 'accused component'}"
    return Finding(verdict=Verdict.CLEARED, reason=f"{document.path} is complete and lists {what}")


def _why_not_complete(document: Document) -> str:
    """Return why a document is not taken for complete: what it says, or why that was not believed."""
    if unbelieved := [one.text for one in document.problems if one.text.startswith(SAYS_COMPLETE)]:
        return unbelieved[0]
    if document.completeness is not Completeness.INCOMPLETE:
        return "does not say that it is complete"
    says = "says that it is not complete"
    if not document.problems:
        return says
    first, count = document.problems[0], how_many(document.problems)
    more = f", the first of {count} problems" if count > 1 else ""
    unread = f"was not read completely ({first.place}: {first.text}{more})"
    return f"{says}, or {unread}" if document.kind is DocumentKind.SBOM else unread


def _path_in(document: Document, row: Component) -> Path:
    """Return a shortest path inside one document from what it describes to a row; breadth first."""
    labels = {one.ref: f"{one.name}@{one.version}" if one.version else one.name for one in document.components}
    parents: dict[str, str] = {}
    children: dict[str, list[str]] = {}
    for edge in document.edges:
        children.setdefault(edge.source, []).append(edge.target)
    queue = list(document.roots)
    seen = set(queue)
    for ref in queue:
        for child in children.get(ref, ()):
            if child not in seen:
                seen.add(child)
                parents[child] = ref
                queue.append(child)
    steps: list[Step] = []
    ref = row.ref
    while ref in parents:
        steps.append(Step(node=labels.get(ref, ref), why=f"{labels.get(parents[ref], parents[ref])} depends on it"))
        ref = parents[ref]
    where = f"{document.path} (sha256 {document.sha256[:12]})"
    if ref not in seen:
        return (Step(node=document.path, why=where), Step(node=labels.get(ref, ref), why=f"listed in {where}"))
    top = Step(node=labels.get(ref, ref), why=where)
    return (Step(node=document.path, why=where), top, *reversed(steps)) if ref == row.ref else (top, *reversed(steps))
