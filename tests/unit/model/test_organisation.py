"""Whose a service is."""

from __future__ import annotations

import pytest

from graphkit.model.names import company_id, service_id
from graphkit.model.organisation import Company, Organisation, Service


@pytest.mark.parametrize(
    ("of_company", "of_service", "is_external"),
    [
        (False, None, False),
        (True, None, True),
        (True, False, False),  # what a service says of itself goes before its company
        (False, True, True),
        (None, None, False),  # it has no company
        (None, True, True),
    ],
)
def test_a_service_is_somebody_elses_by_its_own_word_else_by_its_company(
    of_company: bool | None,  # noqa: FBT001 - a case
    of_service: bool | None,  # noqa: FBT001 - a case
    is_external: bool,  # noqa: FBT001 - a case
) -> None:
    acme, shop = company_id("acme"), service_id("shop")
    companies = () if of_company is None else (Company(id=acme, name="Acme", is_external=of_company),)
    service = Service(id=shop, company=None if of_company is None else acme, is_external=of_service)
    told = Organisation(companies=companies, services=(service,))
    assert told.external_services == (frozenset({shop}) if is_external else frozenset())


def test_a_company_that_nobody_declared_is_nobodys() -> None:
    told = Organisation(services=(Service(id=service_id("shop"), company=company_id("ghost")),))
    assert told.external_services == frozenset()
