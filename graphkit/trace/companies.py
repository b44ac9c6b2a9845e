"""The verdict of a company: its own services, what was stated of it, and who supplies it (semantics §3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from graphkit.model.answers import CompanyRow, CompanyVerdict, ServiceVerdict, Supplied
from graphkit.model.names import BadName, CompanyId, name_of_purl, read_purl
from graphkit.model.organisation import Claim, Company, Organisation, Polarity, Standing, Supply
from graphkit.model.times import BEGINNING, FOREVER, Instant
from graphkit.model.versions import release_version
from graphkit.trace.case import Case

_T = TypeVar("_T")
_RANKS = list(CompanyVerdict)
_ORIGINS = (CompanyVerdict.OBSERVED, CompanyVerdict.REPLAYED, CompanyVerdict.STATED)
_VOUCHED = (Standing.FIRST_HAND, Standing.CONFIRMED)


def is_stated(claim: Claim, case: Case) -> bool:
    """Return whether a claim makes its company `stated`: affirmative, vouched for, and about this case."""
    if claim.polarity is not Polarity.AFFIRMS or claim.standing not in _VOUCHED:
        return False
    return claim.object.strip().lower() in case.names or _names_release(claim.object, case)


def _names_release(text: str, case: Case) -> bool:
    """Return whether a purl names an accused release, or its package without a version.

    One purl may list several versions with commas, as reports of a case do.
    """
    try:
        purl, package = read_purl(text), name_of_purl(text)
    except BadName:
        return False
    if package is None:
        return any(release.purl.partition("?")[0] == text.strip() for release in case.releases)
    if (keys := case.keys().get(package)) is None:
        return False
    return not purl.version or any(release_version(part).key in keys for part in purl.version.split(","))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Standing:
    """Where a company stands: on its own, or at the end of a chain of suppliers."""

    verdict: CompanyVerdict
    distance: int | None = None
    via: tuple[CompanyId, ...] = ()
    origin: str = ""


def company_rows(
    organisation: Organisation, case: Case, services: Sequence[ServiceVerdict], start: Instant, until: Instant
) -> tuple[CompanyRow, ...]:
    """Return a row for every company that anything names, sorted by verdict, distance and name.

    Causes within a campaign carry nothing; a supply relation counts where it held at some instant of
    the window. Cost: companies, relations and claims, each once.
    """
    named = {company.id: company for company in organisation.companies}
    everyone = _everyone(organisation, services)
    claims = _by_company((claim.company, claim) for claim in organisation.claims)
    operated = _by_company((one.company, one) for one in services if one.company)
    own = {
        company: _own(operated.get(company, ()), [c for c in claims.get(company, ()) if is_stated(c, case)])
        for company in everyone
    }
    reached = _suppliers(organisation.supplies, own, start, until)
    rows = []
    for company in everyone:
        standing = min((own[company], reached.get(company, own[company])), key=lambda one: _RANKS.index(one.verdict))
        relations = sorted(
            (one for one in organisation.supplies if one.customer == company), key=lambda one: (one.supplier, one.what)
        )
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
    return (_RANKS.index(row.verdict), -1 if row.distance is None else row.distance, row.name.lower(), row.company)


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
    worst = min(verdicts, key=_RANKS.index, default=CompanyVerdict.NONE)
    exposed = worst not in {CompanyVerdict.UNKNOWN, CompanyVerdict.CLEARED, CompanyVerdict.NONE}
    return _Standing(verdict=worst, distance=0 if exposed else None, origin=worst if exposed else "")


def _supplied(one: Supply) -> Supplied:
    return Supplied(supplier=one.supplier, what=one.what, data=one.data, sources=one.sources)


def _suppliers(
    supplies: Sequence[Supply], own: Mapping[CompanyId, _Standing], start: Instant, until: Instant
) -> dict[CompanyId, _Standing]:
    """Return who is reached through suppliers, breadth first from those that were hit themselves.

    Of several chains the shortest counts; among equal ones the strongest origin, then the names.
    """
    customers: dict[CompanyId, list[CompanyId]] = {}
    for one in supplies:
        began = BEGINNING if one.start is None else one.start
        ended = FOREVER if one.until is None else one.until
        if began < until and start < ended:
            customers.setdefault(one.supplier, []).append(one.customer)
    origins = sorted(
        (company for company, standing in own.items() if standing.verdict in _ORIGINS),
        key=lambda company: (_RANKS.index(own[company].verdict), company),
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
