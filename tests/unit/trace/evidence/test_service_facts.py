"""Services with what they are judged by; those that have one SBOM alone are told from others by a few properties."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from graphkit.model.documents import Document, DocumentKind
from graphkit.model.environment import Environment
from graphkit.model.names import company_id, service_id
from graphkit.model.organisation import Build, DocumentUse, Organisation, Service, Word
from graphkit.model.times import exactly
from graphkit.trace.evidence.service_facts import ServiceFacts, SingleSbom, _single_sbom, service_facts
from tests.cases.build import at, document, organisation, use
from tests.property.memory import MemoryReader

SHOP = service_id("shop")
SBOM = replace(document("sbom.json", DocumentKind.SBOM, ["app==1"]), created=exactly(at("12:00")))
LOCK = document("uv.lock", DocumentKind.LOCK, ["app==1"])


def facts(*documents: Document, told: Organisation) -> dict[str, ServiceFacts]:
    reader = MemoryReader([*documents, told])
    return {str(one.service.id): one for one in service_facts(reader.evidence())}


def single(
    of: Document = SBOM, *, service: Service | None = None, uses: tuple[DocumentUse, ...] | None = None
) -> SingleSbom | None:
    told = organisation(services=(service or Service(id=SHOP),), uses=(use("shop", of),) if uses is None else uses)
    return facts(of, told=told)["shop"].single_sbom


def test_a_service_that_has_one_sbom_alone_is_judged_by_a_few_properties() -> None:
    assert single() == SingleSbom(
        kind=0, created=exactly(at("12:00")), path="sbom.json", subject="", is_subject_first=False
    )


OWN = {
    "sha256": "ff",
    "path": "other.json",
    "created": None,
    "subject": "My.App",
    "lines": (3,),
    "components": (),
    "places": (),
    "edges": (),
}
"""Another value of each field of a document that may differ between services that are alike."""


@pytest.mark.parametrize("name", sorted({*Document.__struct_fields__} - {"kind"}))
def test_services_are_of_one_kind_where_all_but_what_is_their_own_is_equal(name: str) -> None:
    changed = replace(SBOM, **{name: OWN.get(name, f"another {name}")})
    kinds: dict[object, int] = {}
    first = _single_sbom(Service(id=SHOP), use("shop", SBOM), SBOM, kinds)
    second = _single_sbom(Service(id=service_id("till")), use("till", SBOM), changed, kinds)
    assert first is not None
    assert second is not None
    assert (first.kind == second.kind) is (name in OWN)


CHANGES: list[tuple[dict[str, object], str, object]] = [
    ({"created": None}, "created", None),
    ({"subject": "My.App"}, "subject", "my-app"),
    ({"format": "CycloneDX 1.5"}, "is_subject_first", True),
]


@pytest.mark.parametrize(("change", "name", "value"), CHANGES)
def test_each_property_is_that_of_the_sbom(change: dict[str, object], name: str, value: object) -> None:
    found = single(replace(SBOM, **change))
    assert found is not None
    assert getattr(found, name) == value


def test_that_the_builds_named_are_all_makes_another_kind() -> None:
    services = (
        Service(id=SHOP, builds_complete=True, owner="team", note="a note"),
        Service(id=service_id("till"), builds_complete=True),
        Service(id=service_id("kiosk")),
    )
    told = organisation(services=services, uses=tuple(use(str(one.id), SBOM) for one in services))
    kinds = {name: one.single_sbom.kind for name, one in facts(SBOM, told=told).items() if one.single_sbom}
    assert kinds["shop"] == kinds["till"] != kinds["kiosk"]


APART: list[tuple[str, Callable[[], SingleSbom | None]]] = [
    ("its document is no SBOM", lambda: single(LOCK)),
    ("it has none", lambda: single(uses=())),
    ("a time is said of it", lambda: single(uses=(use("shop", SBOM, built_at="12:00"),))),
    ("it was in place", lambda: single(uses=(use("shop", SBOM, stands_from="08:00"),))),
    ("it was replaced", lambda: single(uses=(use("shop", SBOM, stands_until="08:00"),))),
    ("it was read", lambda: single(uses=(use("shop", SBOM, read_at="08:00"),))),
    ("it is on a branch", lambda: single(uses=(replace(use("shop", SBOM), branch="main"),))),
    ("it is said to be complete", lambda: single(uses=(replace(use("shop", SBOM), is_complete=True),))),
    ("it has a company", lambda: single(service=Service(id=SHOP, company=company_id("acme")))),
    ("its environment is known", lambda: single(service=Service(id=SHOP, environment=Environment()))),
    ("its index is known", lambda: single(service=Service(id=SHOP, index="public"))),
    ("it was never built", lambda: single(service=Service(id=SHOP, is_never_built=True))),
]


@pytest.mark.parametrize(("why", "found"), APART, ids=[why for why, _ in APART])
def test_a_service_of_which_more_is_known_is_judged_by_itself(why: str, found: Callable[[], SingleSbom | None]) -> None:
    assert found() is None, why


def test_a_build_that_somebody_names_makes_it_one_of_its_own() -> None:
    build = Build(service=SHOP, at=exactly(at("12:00")), words=(Word("builds", "org.yaml"),))
    told = organisation(services=(Service(id=SHOP),), uses=(use("shop", SBOM),), builds=(build,))
    found = facts(SBOM, told=told)["shop"]
    assert (found.single_sbom, found.builds, len(found.uses)) == (None, (build,), 1)


def test_each_service_has_its_own_documents_and_one_without_any_is_there_too() -> None:
    services = tuple(Service(id=service_id(name)) for name in ("till", "shop", "bare"))
    told = organisation(services=services, uses=(use("shop", SBOM), use("till", LOCK), use("till", SBOM)))
    found = facts(SBOM, LOCK, told=told)
    assert {name: len(one.uses) for name, one in found.items()} == {"bare": 0, "shop": 1, "till": 2}
    assert {name for name, one in found.items() if one.single_sbom} == {"shop"}


def test_two_readers_are_read_apart() -> None:
    first = MemoryReader([SBOM, organisation(services=(Service(id=SHOP),), uses=(use("shop", SBOM),))]).evidence()
    second = MemoryReader([organisation(services=(Service(id=service_id("till")),))]).evidence()
    assert [one.service.id for one in service_facts(first)] == ["shop"]
    assert [one.service.id for one in service_facts(second)] == ["till"]
    assert service_facts(first) is service_facts(first)
