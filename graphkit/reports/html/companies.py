"""The companies that the incident reaches, and what was said about them; it needs no script to be read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from graphkit.model.answers import Blast, CompanyRow
from graphkit.model.names import CompanyId
from graphkit.model.organisation import Claim
from graphkit.model.ranks import CompanyVerdict
from graphkit.model.sentences import and_more
from graphkit.reports.groups import CALLED
from graphkit.reports.html.top import anchor, safe, with_code
from graphkit.reports.text import counted
from graphkit.reports.wording import bearing

LISTED: Final = 30
"""How many companies the section lists; the table has all."""
_CLAIMS: Final = 4
_SERVICES: Final = 5


def companies(blast: Blast) -> str:
    """Return a section of the companies that anything ties to the incident, worst first; empty where there is none."""
    numbered = [(number, row) for number, row in enumerate(blast.companies) if row.verdict is not CompanyVerdict.NONE]
    if not numbered:
        return ""
    names = {row.company: row.name for row in blast.companies}
    parties = "".join(_party(f"c{number}", row, names) for number, row in numbered[:LISTED])
    rest = len(numbered) - LISTED
    more = f"<p>{counted(rest, 'more company', 'more companies')}: see the table</p>" if rest > 0 else ""
    return (
        '<section class="companies" aria-labelledby="companies-head"><h2 id="companies-head">Companies and what was '
        f'said</h2><ul class="parties">{parties}</ul>{more}</section>'
    )


def _party(entry: str, row: CompanyRow, names: Mapping[CompanyId, str]) -> str:
    reasons = "".join(f"<p>{safe(one)}</p>" for one in _reasons(row, names))
    claims = sorted(row.claims, key=lambda one: bool(bearing(one)))  # those that count come first
    listed = "".join(map(_claim, claims[:_CLAIMS]))
    if (rest := len(claims) - _CLAIMS) > 0:
        listed += f"<li>{counted(rest, 'more claim')}: choose the name</li>"
    return (
        f'<li class="party v-{row.verdict}"><span class="badge">{CALLED[row.verdict]}</span> '
        f'<button type="button" class="name" data-id="{entry}">{safe(row.name)}</button>{reasons}'
        f"{f'<ul>{listed}</ul>' if listed else ''}</li>"
    )


def _reasons(row: CompanyRow, names: Mapping[CompanyId, str]) -> Iterator[str]:
    """Yield what ties a company to the incident, beside claims."""
    if row.services:
        yield f"runs {', '.join(row.services[:_SERVICES])}{and_more(len(row.services), _SERVICES)}"
    if row.via:
        what = ", ".join(dict.fromkeys(one.what for one in row.supplies if one.supplier == row.via[0] and one.what))
        chain = ", which is supplied by ".join(names.get(name, name) for name in row.via)
        yield f"supplied by {chain}{f': {what}' if what else ''}"


def _claim(one: Claim) -> str:
    said = ", ".join(filter(None, (one.claimant, one.date)))
    about = " · ".join(filter(None, (one.certainty, bearing(one))))
    sources = " ".join(anchor(source.url, source.id) for source in one.sources)
    return f"<li><b>{safe(said)}</b>: {with_code(one.text)} <small>{safe(about)} {sources}</small></li>"
