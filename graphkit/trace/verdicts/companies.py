"""The verdict of a company: its own services, what was stated of it, and who supplies it.

Contract: docs/semantics.md#companies.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple, TypeVar

from msgspec import Struct
from packaging.specifiers import SpecifierSet

from graphkit.model.answers import CompanyRow, ServiceVerdict, Supplied
from graphkit.model.names import BadName, CompanyId, name_of_purl, purl_key, read_purl
from graphkit.model.organisation import Claim, Company, Organisation, Polarity, Standing, Supply
from graphkit.model.ranks import CompanyVerdict
from graphkit.model.times import BEGINNING, FOREVER, Instant
from graphkit.model.versions import ReleaseVersion, release_version
from graphkit.trace.case import Case
from graphkit.trace.events import identity_of

_T = TypeVar("_T")
_ORIGINS = (CompanyVerdict.OBSERVED, CompanyVerdict.REPLAYED, CompanyVerdict.STATED)
_VOUCHED = (Standing.FIRST_HAND, Standing.CONFIRMED)


class CaseWindow(NamedTuple):
    """A case of the question, with its own window ``start <= t < until``."""

    case: Case
    start: Instant
    until: Instant


def is_stated(claim: Claim, cases: Sequence[Case]) -> bool:
    """Return whether a claim makes its company `stated`: affirmative, vouched for, and about one of the cases."""
    if claim.polarity is not Polarity.AFFIRMS or claim.standing not in _VOUCHED:
        return False
    return any(is_about(claim, case) for case in cases)


def is_about(claim: Claim, case: Case) -> bool:
    """Return whether a claim names an incident, or what it accuses."""
    return claim.object.strip().lower() in case.names or _names_release(claim.object, case)


def _names_release(text: str, case: Case) -> bool:
    """Return whether a purl names an accused release, or its package without a version.

    One purl may list several versions with commas, as reports of a case do.
    """
    try:
        purl, package = read_purl(text), name_of_purl(text)
    except BadName:
        return False
    parts = purl.version.split(",") if purl.version else []
    if package is None:
        accused = {identity_of(release) for release in case.releases if release.package is None}
        key = purl_key(text)
        if key in case.every_elsewhere or not parts:
            return key in case.every_elsewhere or key in {name for name, _ in accused}
        return any((key, part.casefold()) in accused for part in parts)
    keys = case.keys().get(package)
    specifiers = [specifier for name, specifier in case.ranges if name == package]
    if package in case.every or not parts:
        return package in case.every or keys is not None or bool(specifiers)
    return any(_is_accused(release_version(part), keys or frozenset(), specifiers) for part in parts)


def _is_accused(version: ReleaseVersion, keys: Collection[str], specifiers: Sequence[str]) -> bool:
    if version.key in keys:
        return True
    parsed = version.parsed
    return parsed is not None and any(SpecifierSet(one).contains(parsed, prereleases=True) for one in specifiers)


class _Standing(Struct, frozen=True, kw_only=True):
    """Where a company stands: on its own, or at the end of a chain of suppliers."""

    verdict: CompanyVerdict
    distance: int | None = None
    via: tuple[CompanyId, ...] = ()
    origin: str = ""


def company_rows(
    organisation: Organisation, asked: Sequence[CaseWindow], services: Sequence[ServiceVerdict]
) -> tuple[CompanyRow, ...]:
    """Return a row for every company that anything names, sorted by verdict, distance and name.

    Causes within a campaign carry nothing; a supply relation counts where it held at some instant of
    one of the windows. Cost: companies, relations and claims, each once.
    """
    named = {company.id: company for company in organisation.companies}
    cases = [one.case for one in asked]
    everyone = _everyone(organisation, services)
    claims = _by_company((claim.company, claim) for claim in organisation.claims)
    supplied = _by_company((one.customer, one) for one in organisation.supplies)
    operated = _by_company((one.company, one) for one in services if one.company)
    own = {
        company: _own(operated.get(company, ()), [c for c in claims.get(company, ()) if is_stated(c, cases)])
        for company in everyone
    }
    reached = _suppliers(organisation.supplies, own, asked)
    rows = []
    for company in everyone:
        standing = min((own[company], reached.get(company, own[company])), key=lambda one: one.verdict.rank)
        relations = sorted(supplied.get(company, ()), key=lambda one: (one.supplier, one.what))
        first_hop = [one for one in relations if standing.via[:1] == (one.supplier,)]
        rows.append(
            CompanyRow(
                company=company,
                name=named.get(company, Company(id=company, name=company)).name,
                verdict=standing.verdict,
                distance=standing.distance,
                via=standing.via,
                origin_tier=standing.origin,
                supplies=tuple(map(_supplied, relations)),
                data=tuple(dict.fromkeys(text for one in first_hop for text in one.data)),
                services=tuple(sorted(one.service for one in operated.get(company, ()))),
                claims=tuple(sorted(claims.get(company, ()), key=lambda one: (one.date, one.id, one.text))),
            )
        )
    return tuple(sorted(rows, key=_order))


def _order(row: CompanyRow) -> tuple[int, int, str, str]:
    return (row.verdict.rank, -1 if row.distance is None else row.distance, row.name.lower(), row.company)


def _everyone(organisation: Organisation, services: Sequence[ServiceVerdict]) -> list[CompanyId]:
    return sorted(
        {company.id for company in organisation.companies}
        | {claim.company for claim in organisation.claims}
        | {side for one in organisation.supplies for side in (one.supplier, one.customer)}
        | {one.company for one in services if one.company}
    )


def _by_company(pairs: Iterable[tuple[CompanyId, _T]]) -> dict[CompanyId, list[_T]]:
    found: dict[CompanyId, list[_T]] = {}
    for company, one in pairs:
        found.setdefault(company, []).append(one)
    return found


def _own(services: Sequence[ServiceVerdict], stating: Sequence[Claim]) -> _Standing:
    """Return where a company stands by itself: the worst of its services and of what was stated."""
    verdicts = [CompanyVerdict(one.verdict.value) for one in services]
    if stating:
        verdicts.append(CompanyVerdict.STATED)
    worst = min(verdicts, key=lambda one: one.rank, default=CompanyVerdict.NONE)
    exposed = worst not in {CompanyVerdict.UNKNOWN, CompanyVerdict.CLEARED, CompanyVerdict.NONE}
    return _Standing(verdict=worst, distance=0 if exposed else None, origin=worst if exposed else "")


def _supplied(one: Supply) -> Supplied:
    return Supplied(supplier=one.supplier, what=one.what, data=one.data, sources=one.sources)


def _suppliers(
    supplies: Sequence[Supply], own: Mapping[CompanyId, _Standing], asked: Sequence[CaseWindow]
) -> dict[CompanyId, _Standing]:
    """Return who is reached through suppliers, breadth first from those that were hit themselves.

    Of several chains the shortest counts; among equal ones the strongest origin, then the names.
    """
    customers: dict[CompanyId, list[CompanyId]] = {}
    for one in supplies:
        began = BEGINNING if one.start is None else one.start
        ended = FOREVER if one.until is None else one.until
        if any(began < window.until and window.start < ended for window in asked):
            customers.setdefault(one.supplier, []).append(one.customer)
    origins = sorted(
        (company for company, standing in own.items() if standing.verdict in _ORIGINS),
        key=lambda company: (own[company].verdict.rank, company),
    )
    chains: dict[CompanyId, tuple[CompanyId, ...]] = dict.fromkeys(origins, ())
    queue = list(origins)
    for company in queue:
        for customer in sorted(customers.get(company, ())):
            if customer not in chains:
                chains[customer] = (company, *chains[company])
                queue.append(customer)
    return {
        company: _Standing(
            verdict=CompanyVerdict.SUPPLIER, distance=len(via), via=via, origin=own[via[-1]].verdict.value
        )
        for company, via in chains.items()
        if via
    }
