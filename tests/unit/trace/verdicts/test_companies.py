from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest

from graphkit.model.incidents import CompromisedRelease, Incident
from graphkit.model.names import company_id, package_name, purl_of
from graphkit.model.organisation import Claim, Company, Organisation, Polarity, Standing, Supply
from graphkit.model.ranks import CompanyVerdict
from graphkit.trace.case import Case, resolve
from graphkit.trace.verdicts.companies import CaseWindow, company_rows, is_stated

ACME, SHOP = company_id("acme"), company_id("shop")


def claim(about: str, **more: object) -> Claim:
    said = {"polarity": Polarity.AFFIRMS, "standing": Standing.FIRST_HAND, "certainty": "", "date": ""}
    return Claim(id="c", company=ACME, claimant="acme", text="", object=about, **(said | more))  # type: ignore[arg-type]


def cases(*incidents: Incident) -> tuple[Case, ...]:
    return resolve(incidents, [one.id for one in incidents], None, lambda _: ())


def release(name: str, version: str) -> CompromisedRelease:
    package = package_name(name)
    return CompromisedRelease(purl=purl_of(package, version), package=package, version=version)


NPM = CompromisedRelease(purl="pkg:npm/axios@1.14.1", package=None, version="1.14.1")
ONE = Incident(id="one", title="", releases=(release("litellm", "1.82.8"),), aliases=("MAL-1",))
TWO = Incident(
    id="two",
    title="",
    releases=(NPM, release("badpkg", "1.0")),
    ranges=((package_name("ranged"), ">=1,<2"),),
    every=("pkg:pypi/whole", "pkg:npm/evil-js"),
)


@pytest.mark.parametrize(
    ("about", "stated"),
    [
        ("one", True),
        ("MAL-1", True),
        ("two", True),
        ("three", False),
        ("pkg:pypi/litellm", True),
        ("pkg:pypi/LiteLLM@1.82.7,1.82.8", True),
        ("pkg:pypi/litellm@1.82.6", False),
        ("pkg:pypi/badpkg@1.0.0", True),
        ("pkg:pypi/ranged", True),
        ("pkg:pypi/ranged@1.5", True),
        ("pkg:pypi/ranged@2.0", False),
        ("pkg:pypi/ranged@odd", False),
        ("pkg:pypi/whole@odd", True),
        ("pkg:npm/axios@1.14.1", True),
        ("pkg:npm/axios", True),
        ("pkg:npm/axios@1.0", False),
        ("pkg:npm/evil-js@9", True),
        ("pkg:npm/left-pad", False),
        ("a breach", False),
        ("", False),
    ],
)
def test_a_claim_is_about_any_of_the_cases(about: str, stated: bool) -> None:  # noqa: FBT001
    assert is_stated(claim(about), cases(ONE, TWO)) is stated


def test_a_denial_or_a_rumour_states_nothing() -> None:
    asked = cases(ONE, TWO)
    assert not is_stated(claim("one", polarity=Polarity.DENIES), asked)
    assert not is_stated(claim("one", standing=Standing.RUMOUR), asked)


@pytest.mark.parametrize(
    ("start", "until", "reached"), [(0, 5, False), (15, 20, True), (30, 60, True), (60, 70, False)]
)
def test_a_supply_counts_in_the_window_of_any_case(start: int, until: int, reached: bool) -> None:  # noqa: FBT001
    one, two = cases(ONE, TWO)
    supply = Supply(supplier=ACME, customer=SHOP, what="logs", start=start, until=until)
    organisation = Organisation(companies=(Company(id=SHOP, name="Shop"),), claims=(claim("two"),), supplies=(supply,))
    rows = company_rows(organisation, [CaseWindow(one, 10, 20), CaseWindow(two, 40, 50)], ())
    verdicts = {row.company: row.verdict for row in rows}
    assert verdicts[ACME] is CompanyVerdict.STATED
    assert (verdicts[SHOP] is CompanyVerdict.SUPPLIER) is reached


def test_of_two_chains_of_suppliers_that_are_as_long_the_first_name_counts() -> None:
    (case,) = cases(ONE)
    one, other, end = map(company_id, ("a-one", "b-other", "c-end"))
    pairs = [(ACME, other), (ACME, one), (other, end), (one, end), (end, ACME)]
    supplies = tuple(Supply(supplier=supplier, customer=customer, what="logs") for supplier, customer in pairs)
    organisation = Organisation(claims=(claim("one"),), supplies=supplies)
    rows = {row.company: row for row in company_rows(organisation, [CaseWindow(case, 10, 20)], ())}
    assert (rows[end].distance, rows[end].via) == (2, (one, ACME))
    assert (rows[ACME].verdict, rows[ACME].distance) == (CompanyVerdict.STATED, 0)


def test_relations_are_gone_through_as_often_for_many_companies_as_for_few() -> None:
    class Counted(tuple[Supply, ...]):
        __slots__ = ()
        passes = 0

        def __iter__(self) -> Iterator[Supply]:
            type(self).passes += 1
            return super().__iter__()

    (case,) = cases(ONE)
    passes = []
    for many in (3, 300):
        names = [company_id(f"c-{number:03}") for number in range(many)]
        Counted.passes = 0
        supplies = Counted(Supply(supplier=one, customer=other, what="logs") for one, other in pairwise(names))
        rows = company_rows(Organisation(supplies=supplies), [CaseWindow(case, 10, 20)], ())
        assert [len(row.supplies) for row in rows] == [0] + [1] * (many - 1)
        passes.append(Counted.passes)
    assert passes[0] == passes[1]
