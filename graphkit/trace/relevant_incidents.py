"""Which of the incidents in a graph a question about all of them asks about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from packaging.utils import canonicalize_name

from graphkit.model.incidents import Incident
from graphkit.model.names import PackageName, name_of_purl
from graphkit.stores.port import Reader

_MALICIOUS = "MAL-"
"""How ids of records of malicious packages begin (the OSV database of the OpenSSF)."""


def relevant_incidents(reader: Reader, *, malicious_only: bool) -> tuple[str, ...]:
    """Return ids: every incident file, then the records that matter, each by id.

    A record matters where it is not withdrawn, no incident file is about the same, and a document of the graph lists
    or requires its package, or a package of the graph requires it; one of files alone, of whatever package, always
    does. ``malicious_only``: and it is of a malicious package. Cost: one look at each incident, at the packages that
    records name, and at the head of each document.
    """
    incidents = reader.evidence().incidents()
    files = [one for one in incidents if not one.advisory]
    same = {name for one in files for name in (one.id, *one.aliases)}
    records = [
        one
        for one in incidents
        if one.advisory
        and not one.withdrawn
        and same.isdisjoint((one.id, *one.aliases))
        and (not malicious_only or any(name.startswith(_MALICIOUS) for name in (one.id, *one.aliases)))
    ]
    met = _met(reader, sorted({name for one in records for name in _packages(one)}))
    return (
        *(one.id for one in files),
        *(one.id for one in records if _names_any(one) or not met.isdisjoint(_packages(one))),
    )


def _names_any(incident: Incident) -> bool:
    """Return whether a file of whatever package is accused."""
    return any(file.package is None and not file.purl for file in incident.files)


def _packages(incident: Incident) -> Iterator[PackageName]:
    """Yield the packages of the Python index that an incident names."""
    yield from (one.package for one in incident.releases if one.package)
    yield from (package for package, _ in incident.ranges)
    yield from (name for purl in incident.every if (name := name_of_purl(purl)))
    yield from (one.package for one in incident.files if one.package)
    yield from (one.package for one in incident.undecided if one.package)


def _met(reader: Reader, names: Sequence[PackageName]) -> set[PackageName]:
    """Return the packages that a document lists or requires, or that a package requires."""
    if not names:
        return set()
    evidence = reader.evidence()
    listings = evidence.listings(names, (), ())
    found: set[PackageName] = set()
    for document in dict.fromkeys(listings.document):
        rows = evidence.document(document).components
        found |= {row.package or PackageName(canonicalize_name(row.name)) for row in rows}
    used = sorted({use.document for use in evidence.organisation().uses})
    for head in evidence.heads(used):
        asked = (*head.requirements, *(head.build_requires or ()))
        found |= {one.package for one in (*asked, *(one for each in head.commands for one in each.requirements))}
    ids = reader.package_ids(names)
    known = np.flatnonzero(np.asarray(ids) >= 0)
    dependents = reader.packages(ids[known]).dependents
    found |= {names[at] for at, number in zip(known.tolist(), dependents.tolist(), strict=True) if number}
    return found & set(names)
