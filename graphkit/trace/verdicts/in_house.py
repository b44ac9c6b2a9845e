"""Releases that have documents of their own: whatever installs one carries what they list.

Contract: docs/semantics.md#in-house-packages.

A service that lists acme-core 2.0.0 carries what the SBOM of acme-core 2.0.0 lists.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from msgspec.structs import replace
from packaging.utils import canonicalize_name

from graphkit.model.documents import Component, Document
from graphkit.model.names import PackageName
from graphkit.model.ranks import Verdict
from graphkit.model.versions import release_version
from graphkit.stores import port
from graphkit.trace.evidence.accusation import Accusation, Carrier
from graphkit.trace.evidence.documents import CaseDocuments, Said
from graphkit.trace.verdicts.listings import Finding, Words, read_listing, subject_of

_Carriers = dict[PackageName, dict[str, Carrier]]


def with_carriers(documents: CaseDocuments, accused: Accusation) -> Accusation:
    """Return an accusation with the releases whose own SBOMs show an accused one, or may, over any number of steps.

    The rows that name such packages are taken up in ``documents``. Cost: one document of each kind that names
    something accused, a head of each that may show it, and nothing more where nobody lists what those describe, and no
    page of it was read.
    """
    while described := _described(documents, accused, _showing(documents, accused)):
        found, rows = _found(documents, accused, described)
        carriers = {package: dict(known) for package, known in accused.carriers.items()}
        is_more = False
        for package, key, one in (
            (package, key, one) for package, known in found.items() for key, one in known.items()
        ):
            if _is_worse(one, carriers.get(package, {}).get(key)):
                carriers.setdefault(package, {})[key] = one
                is_more = True
        if not is_more:
            break
        accused = replace(accused, carriers=carriers)
        documents.take_up(rows)
    return accused


def _showing(documents: CaseDocuments, accused: Accusation) -> list[str]:
    """Return the documents that show something accused, or may; of those that say the same, one is read.

    One that describes what it names does not show it, and says nothing of those that list the same.
    """
    kinds: dict[Said, bool] = {}
    found: list[str] = []
    for sha256, said in documents.naming.items():
        if said not in kinds:
            finding = _finding(documents.whole(sha256), accused)
            if finding.may_show or not finding.is_subject:
                kinds[said] = finding.may_show
        if kinds.get(said, False):
            found.append(sha256)
    return sorted(found)


def _finding(document: Document, accused: Accusation) -> Finding:
    return read_listing(document, accused, Words())


def _described(documents: CaseDocuments, accused: Accusation, showing: list[str]) -> dict[PackageName, list[str]]:
    """Return documents by the package that each says to be about; none of one about what is accused already."""
    described: dict[PackageName, list[str]] = {}
    own_names = accused.packages | accused.carriers.keys()
    for sha256, subject in zip(showing, documents.subjects(showing), strict=True):
        name = PackageName(subject)
        # One that names something accused as its subject alone was taken for those that list the same.
        if subject and (name not in own_names or _finding(documents.whole(sha256), accused).may_show):
            described.setdefault(name, []).append(sha256)
    return described


def _found(
    documents: CaseDocuments, accused: Accusation, described: Mapping[PackageName, list[str]]
) -> tuple[_Carriers, port.Listings]:
    """Return the releases that some documents describe and others list, or installs find, and the rows of those."""
    rows = documents.rows_of(sorted(described))
    own = {sha256 for members in described.values() for sha256 in members}
    # A document lists what it describes, in its first row; that says nothing of others.
    is_others = np.array(
        [sha256 not in own or at > 0 for sha256, at in zip(rows.document, rows.component.tolist(), strict=True)],
        dtype=np.bool_,
    )
    rows = _some(rows, is_others)
    _, first = np.unique(rows.content, return_index=True)
    is_first = np.zeros(len(rows.content), dtype=np.bool_)
    is_first[first] = True
    kept = _some(rows, is_first)
    listed = dict(zip(kept.content.tolist(), map(_name_of, documents.components(kept)), strict=True))
    found: _Carriers = {}
    for package in described.keys() & (set(listed.values()) | documents.on_index(sorted(described))):
        for sha256 in described[package]:
            document = documents.whole(sha256)
            about = subject_of(document)
            if about is not None:
                key = release_version(about.version).key if about.version else ""
                carrier = _carrier(document, _finding(document, accused), is_sure=bool(key))
                known = found.setdefault(_name_of(about), {})
                if _is_worse(carrier, known.get(key)):
                    known[key] = carrier
    wanted = np.array([content for content, package in listed.items() if package in found], dtype=rows.content.dtype)
    return found, _some(rows, np.isin(rows.content, wanted))


def _is_worse(carrier: Carrier, known: Carrier | None) -> bool:
    return known is None or carrier.verdict.rank < known.verdict.rank


def _name_of(row: Component) -> PackageName:
    return row.package or PackageName(canonicalize_name(row.name))


def _carrier(document: Document, finding: Finding, *, is_sure: bool) -> Carrier:
    """Return what a release carries by its document; of a document that names no version, any release may."""
    if finding.verdict is None or not is_sure:
        return Carrier(
            verdict=Verdict.UNKNOWN,
            reason=f"whose own {document.path} may list an accused release, or be about another release; the versions "
            "that are missing there would settle it",
        )
    return Carrier(
        verdict=finding.verdict,
        reason=f"and its own {finding.reason}",
        path=finding.paths[0] if finding.paths else (),
        shown=finding.shown,
    )


def _some(rows: port.Listings, which: np.typing.NDArray[np.bool_]) -> port.Listings:
    places: Iterable[int] = np.flatnonzero(which).tolist()
    return port.Listings(
        document=tuple(rows.document[at] for at in places), component=rows.component[which], content=rows.content[which]
    )
