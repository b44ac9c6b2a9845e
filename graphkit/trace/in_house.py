"""Releases that have documents of their own: whatever installs one carries what they list (semantics §2).

A service that lists acme-core 2.0.0 carries what the SBOM of acme-core 2.0.0 lists.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from packaging.utils import canonicalize_name

from graphkit.model.answers import Verdict
from graphkit.model.documents import Component, Document
from graphkit.model.names import PackageName
from graphkit.model.versions import release_version
from graphkit.stores import port
from graphkit.trace.accusation import Accusation, Carrier, Named
from graphkit.trace.documents import Documents, Said
from graphkit.trace.verdicts.listings import Finding, Words, read_listing, subject_of

Carriers = dict[Named, Carrier]


def with_carriers(documents: Documents, accused: Accusation) -> Accusation:
    """Return an accusation with the releases whose own SBOMs show an accused one, over any number of steps.

    The rows that name such a release are taken up in ``documents``. Cost: one document of each kind that names
    something accused, a head of each that shows it, and nothing more where nobody lists what those describe.
    """
    while True:
        found, rows = _found(documents, accused, _showing(documents, accused))
        if found.keys() <= accused.carriers.keys():
            return accused
        accused = accused.carried({**accused.carriers, **found})
        documents.take_up(rows)


def _showing(documents: Documents, accused: Accusation) -> list[str]:
    """Return the documents that show something accused; of those that say the same, one is read."""
    kinds: dict[Said, bool] = {}
    for sha256, said in documents.naming.items():
        if said not in kinds:
            kinds[said] = _finding(documents.whole(sha256), accused).verdict is not None
    return sorted(sha256 for sha256, said in documents.naming.items() if kinds[said])


def _finding(document: Document, accused: Accusation) -> Finding:
    return read_listing(document, accused, Words())


def _found(documents: Documents, accused: Accusation, showing: list[str]) -> tuple[Carriers, port.Listings]:
    """Return the releases that documents with something accused describe and others list, and those rows."""
    described: dict[PackageName, list[str]] = {}
    for sha256, subject in zip(showing, documents.subjects(showing), strict=True):
        if subject:
            described.setdefault(PackageName(canonicalize_name(subject)), []).append(sha256)
    rows = documents.rows_of(sorted(described))
    own = {sha256 for members in described.values() for sha256 in members}
    # A document lists what it describes, in its first row; that says nothing of others.
    is_others = np.array(
        [sha256 not in own or at > 0 for sha256, at in zip(rows.document, rows.component.tolist(), strict=True)],
        dtype=np.bool_,
    )
    rows = _some(rows, is_others)
    listed: dict[int, Component] = {}
    for sha256, at, content in zip(rows.document, rows.component.tolist(), rows.content.tolist(), strict=True):
        if content not in listed:
            listed[content] = documents.whole(sha256).components[at]
    wanted = {_named(row): content for content, row in listed.items() if row.package and row.version and not row.origin}
    found: Carriers = {}
    for package in {package for package, _ in wanted}:
        for sha256 in described.get(package, ()):
            document = documents.whole(sha256)
            about = subject_of(document)
            if about is not None and about.version and (named := _named(about)) in wanted and named not in found:
                found[named] = _carrier(_finding(document, accused))
    contents = {content for content, row in listed.items() if _named(row) in found}
    return found, _some(rows, np.isin(rows.content, sorted(contents)))


def _named(row: Component) -> Named:
    return PackageName(row.package or ""), release_version(row.version).key


def _carrier(finding: Finding) -> Carrier:
    assert finding.verdict in {Verdict.OBSERVED, Verdict.ADMITTED}
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
