"""What one document that lists packages says of a case: it shows an accused release, or how far it rules one out.

The obligations (d) and (f) to (i) of a proof by listing (docs/semantics.md#proof-by-listing); whether the document is
dated, and which build it speaks for, is for `graphkit.trace.verdicts.services` to say.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from graphkit.model.answers import Obligation, Path
from graphkit.model.documents import (
    DENIES_ITSELF,
    NOT_READ,
    SAYS_COMPLETE,
    Basis,
    Completeness,
    Component,
    Document,
    DocumentKind,
    how_many,
    is_attested,
    is_reason,
    line_of,
    location_of,
    why_open,
)
from graphkit.model.organisation import CompleteFrom
from graphkit.model.ranks import Verdict
from graphkit.trace.evidence.accusation import Accusation, Named, RowTest, test_row
from graphkit.trace.evidence.other_ecosystems import type_of
from graphkit.trace.evidence.ways import label_of, path_along, way_to
from graphkit.trace.verdicts.clearance import OpenObligation, ProofStep, fact, word

_RECORDS: Final = {
    DocumentKind.ENVIRONMENT: "records what was installed",
    DocumentKind.LOCK: "is a lock",
    DocumentKind.SBOM: "records a build",
}


class Finding(Struct, frozen=True, kw_only=True):
    """What a document says of the case, whatever its date.

    ``verdict`` is `observed` or `admitted` where it shows an accused release, with ``basis``, ``paths`` and the
    releases ``shown`` (every one, not only the one that decides); None where it shows none: then ``steps`` are
    the obligations that it discharges or leaves open, and ``reason`` says what it lists instead.
    """

    verdict: Verdict | None
    reason: str
    basis: str = ""
    paths: tuple[Path, ...] = ()
    shown: frozenset[Named] = frozenset()
    steps: tuple[ProofStep, ...] = ()
    line: int = 0
    """Where in its file the row stands that decides; 0: not known."""
    is_subject: bool = False
    """The document's own subject is an accused release."""
    may_show: bool = False
    """Some row is an accused release, or may be one for all one knows."""

    @property
    def is_clean(self) -> bool:
        """Whether it shows nothing accused and leaves nothing open."""
        return self.verdict is None and not any(isinstance(one, OpenObligation) for one in self.steps)


class Words(Struct, frozen=True, kw_only=True):
    """What the organisation says of a document: that it lists all, or that what such tools make does."""

    is_complete: bool = False
    complete_from: tuple[CompleteFrom, ...] = ()
    resolver: str = ""
    names_resolver: bool = False
    """The organisation names the resolver; else a command does."""


def read_listing(document: Document, accused: Accusation, words: Words) -> Finding:
    """Return what one document says: the worst row that shows an accused release, else what it proves."""
    described_row = subject_of(document)
    subject = described_row.ref if described_row else None
    # What a document describes is no file that it lists: one that is accused by hash alone, of any package, it is not.
    alone = tuple(one for one in accused.files if one.package is not None or one.purl)
    of_subject = replace(accused, files=alone, are_images_told=False)
    rows = [
        (number, row, test_row(row, document, of_subject if row.ref == subject else accused))
        for number, row in enumerate(document.components)
    ]
    suspects = [one for one in rows if one[2].verdict is not None and one[1].ref != subject]
    exposing = [one for one in suspects if one[2].verdict in {Verdict.OBSERVED, Verdict.ADMITTED}]
    if exposing:
        number, row, test = min(exposing, key=lambda one: (one[2].rank, one[0]))
        assert test.verdict is not None
        line = line_of(document, number)
        place = f" at {location_of(document.lines, document.places[number], line)}" if document.places else ""
        name = f"{row.package or row.name} {row.version}".strip()
        return Finding(
            verdict=test.verdict,
            basis=test.basis if test.verdict is Verdict.OBSERVED else "",
            reason=f"{document.path} lists {name}{place}" + (f", {test.reason}" if test.reason else ""),
            paths=(_joined(_path_in(document, row), test.path),),
            shown=frozenset[Named]().union(*(one.shown for _, _, one in exposing)),
            line=line,
            may_show=True,
        )
    described = next((one for one in rows if one[1].ref == subject and one[2].verdict is not None), None)
    is_by_another = False
    if described is not None:
        row = described[1]
        is_by_another = test_row(row, document, replace(of_subject, carriers={})).verdict is None
        if is_by_another and not row.purl and not row.version:
            described = None  # two documents of one name, and of no version, need not be about the same
    steps = (
        _rows(document, accused, words, suspects, described, is_by_another=is_by_another),
        *_completeness(document, accused, words),
    )
    return Finding(
        verdict=None,
        reason=_listed(document, accused),
        steps=steps,
        is_subject=described is not None,
        may_show=bool(suspects),
    )


def subject_of(document: Document) -> Component | None:
    """Return the row that a document is about. A lock or an environment whose rows have one root has none."""
    tops = set(document.roots) if document.subject else ()
    rows = {row.ref: row for row in document.components if row.ref in tops and row.name == document.subject}
    return next((rows[ref] for ref in document.roots if ref in rows), None)


def _listed(document: Document, accused: Accusation) -> str:
    """Return what a document without an accused release lists, as a reason says it."""
    return f"{document.path} is complete and lists {_others(document, accused)}"


def _others(document: Document, accused: Accusation) -> str:
    """Return the other releases of accused packages that a document lists, or that it lists none of them."""
    return (
        " and ".join(_held(document, accused)) or f"no {' or '.join(sorted(accused.packages)) or 'accused component'}"
    )


def _held(document: Document, accused: Accusation) -> list[str]:
    return sorted({f"{row.package} {row.version}" for row in document.components if row.package in accused.packages})


def _rows(
    document: Document,
    accused: Accusation,
    words: Words,
    suspects: Sequence[tuple[int, Component, RowTest]],
    described: tuple[int, Component, RowTest] | None,
    *,
    is_by_another: bool,
) -> ProofStep:
    """Return obligation (d): every row that could be the target is something else.

    ``is_by_another``: what it describes is no accused release, but another document of it shows one, or may.
    """
    if suspects:
        number, _, test = min(suspects, key=lambda one: (one[2].rank, one[0]))
        # Of an environment the place says which file a row without metadata was made from, and why.
        is_placed = document.kind is DocumentKind.ENVIRONMENT and bool(document.places)
        place = f", at {document.places[number]}" if is_placed else ""
        return OpenObligation(obligation=Obligation.ROWS, text=f"{document.path}{place}: {test.reason}")
    if described:
        name = f"{described[1].package or described[1].name} {described[1].version}".strip()
        text = f"{document.path} describes {name} itself; what its users installed is in their own documents"
        if is_by_another:
            is_sure = described[2].verdict is not Verdict.UNKNOWN
            shown = described[2].reason if is_sure else "and another document of it may list an accused release"
            text = f"{document.path} describes {name}, {shown}; whether both are of one build would settle it"
        return OpenObligation(obligation=Obligation.ROWS, text=text)
    if not (document.covers_python or words.is_complete):
        return OpenObligation(
            obligation=Obligation.ROWS,
            text=f"{document.path} says nothing of Python packages; a listing that covers Python would settle it, or "
            "the word that it lists everything, so that there is none",
            can_be_declared=document.completeness is not Completeness.INCOMPLETE,
        )
    elsewhere = accused.keys_elsewhere
    kinds = {type_of(row.purl) for row in document.components if row.purl} if elsewhere else set()
    if missing := sorted(set(map(type_of, elsewhere)) - kinds):
        return OpenObligation(
            obligation=Obligation.ROWS,
            text=f"{document.path} says nothing of {missing[0]} components; a listing of them would settle it",
        )
    if not document.covers_python:
        text = f"the organisation says that {document.path} lists everything, and nothing in it is a Python package"
        return word(Obligation.ROWS, text)
    return fact(Obligation.ROWS, f"{document.path} lists {_others(document, accused)}")


def _completeness(document: Document, accused: Accusation, words: Words) -> Iterator[ProofStep]:
    """Yield obligations (f) to (i): it records an installation, lists all of it, and was read whole."""
    path = document.path
    if document.kind is DocumentKind.SBOM and document.basis is Basis.LISTED:
        yield OpenObligation(
            obligation=Obligation.INSTALLED,
            text=f"{path} was made before a build or apart from one, so it does not show what was installed; a lock "
            "file, a build SBOM or an environment listing of that build would settle it",
        )
    else:
        unchecked = ", by an attestation whose signature was not checked" if is_attested(document) else ""
        yield fact(Obligation.INSTALLED, f"{path} {_RECORDS.get(document.kind, 'records a build')}{unchecked}")
    yield _covers_all(document, accused, words)
    if document.completeness is Completeness.INCOMPLETE:
        yield _not_complete(document, accused, Obligation.READ_WHOLE)
    else:
        yield fact(Obligation.READ_WHOLE, f"every part of {path} that can name a package was read")
    if document.kind is DocumentKind.ENVIRONMENT and document.completeness is Completeness.INCOMPLETE:
        yield _not_complete(document, accused, Obligation.FOLDER)
    else:
        yield fact(Obligation.FOLDER, f"nothing in {path} leads to what was not read")


def _covers_all(document: Document, accused: Accusation, words: Words) -> ProofStep:
    """Return obligation (g): it says that it is complete, its kind implies it, or the organisation says so."""
    path = document.path
    if left_out := sorted(set(document.not_covered) & accused.packages):
        return OpenObligation(
            obligation=Obligation.COMPLETE,
            text=f"{path} leaves out {left_out[0]} by its own account; a listing with it would settle it",
        )
    if document.complete_under and words.resolver != document.complete_under:
        return OpenObligation(
            obligation=Obligation.COMPLETE,
            text=f"{path} is complete under {document.complete_under} alone, and nothing says that "
            f"{document.complete_under} installs it; `resolver: {document.complete_under}` in the organisation file "
            "would settle it",
        )
    if document.completeness is Completeness.COMPLETE:
        if document.complete_under and words.names_resolver:
            text = f"the organisation says that {words.resolver} installs it (resolver: {words.resolver})"
            return word(Obligation.COMPLETE, f"{text}, under which {path} lists everything")
        return fact(Obligation.COMPLETE, f"{path} lists everything, as it says or its kind implies")
    if document.completeness is Completeness.UNKNOWN and not _is_contradicted(document):
        if words.is_complete:
            return word(Obligation.COMPLETE, f"the organisation says that {path} lists everything")
        for one in words.complete_from:
            if _is_made_by(document, one):
                of = f" of an {one.source}" if one.source else ""
                return word(
                    Obligation.COMPLETE, f"the organisation says that what {one.tool} makes{of} lists everything"
                )
        is_listing = document.kind in {DocumentKind.SBOM, DocumentKind.ENVIRONMENT}
        return replace(_not_complete(document, accused, Obligation.COMPLETE), can_be_declared=is_listing)
    return _not_complete(document, accused, Obligation.COMPLETE)


def _is_contradicted(document: Document) -> bool:
    return any(one.text.startswith(SAYS_COMPLETE) for one in document.problems)


def _is_made_by(document: Document, one: CompleteFrom) -> bool:
    """Return whether a tool made a document. What the document itself says of its source must not contradict.

    A tool stands there as ``name version``; some names have several words.
    """
    tools = {
        part.lower() for made in document.generator for part in (made.split(" ")[0], made.rpartition(" ")[0], made)
    }
    tools.discard("")
    fits = not document.source_kind or not one.source or document.source_kind == one.source
    return one.tool.lower() in tools and fits


def _not_complete(document: Document, accused: Accusation, obligation: Obligation) -> OpenObligation:
    others = _held(document, accused)
    held = f"holds {' and '.join(others)}, but " if others else ""
    return OpenObligation(
        obligation=obligation,
        text=f"{document.path} {held}{_why_not_complete(document)}; a lock file or an environment listing "
        "of that build would settle it",
    )


def _why_not_complete(document: Document) -> str:
    """Return why a document is not taken for complete: what it says, or why that was not believed."""
    if unbelieved := [one.text for one in document.problems if one.text.startswith(SAYS_COMPLETE)]:
        return unbelieved[0]
    if document.completeness is not Completeness.INCOMPLETE:
        return "does not say that it is complete"
    says = "says that it is not complete"
    if not document.problems:
        return says
    first, count = why_open(document) or document.problems[0], how_many(document.problems)
    if first.text == DENIES_ITSELF:
        return says
    more = f", one of {count} problems" if count > 1 else ""
    unread = f"was not read completely ({first.place}: {first.text.removeprefix(NOT_READ)}{more})"
    return f"{says}, or {unread}" if document.kind is DocumentKind.SBOM and not is_reason(first) else unread


def _joined(path: Path, onward: Path) -> Path:
    """Return a path that leads on into another document, at the release that both of them name."""
    if not onward or path[-1].node != onward[0].node:
        return path + onward
    return (*path[:-1], replace(path[-1], why=f"{path[-1].why}; {onward[0].why}"), *onward[1:])


def _path_in(document: Document, row: Component) -> Path:
    """Return a shortest path inside one document from what it describes to a row; breadth first."""
    labels = {one.ref: label_of(one.name, one.version) for one in document.components}
    way = way_to(row.ref, document.roots, document.edges)
    shown = [labels.get(ref, ref) for ref in way or (row.ref,)]
    return path_along(shown, document.path, document.sha256, is_led_to=bool(way))
