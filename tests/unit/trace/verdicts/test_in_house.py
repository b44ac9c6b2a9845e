"""Releases with documents of their own: whatever installs one carries what they list, over any number of steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from graphkit.model.answers import ServiceVerdict
from graphkit.model.documents import Basis, Completeness, Document, DocumentKind, InstallCommand
from graphkit.model.names import service_id
from graphkit.model.organisation import Service
from graphkit.model.ranks import Verdict
from graphkit.model.requirements import requirement
from graphkit.stores.port import Fact
from graphkit.trace.case import Case
from graphkit.trace.evidence.accusation import Accusation, accuse
from graphkit.trace.evidence.documents import CaseDocuments
from graphkit.trace.verdicts.in_house import with_carriers
from tests.cases.build import compromised, document, incident, manifest, organisation, package, page, use
from tests.property.asking import cases_of, services_of
from tests.property.memory import MemoryReader

RECORD = incident(compromised("bad", "2", "11:00"), until="13:00")
STOOD = {"stands_from": "08:00", "read_at": "18:00"}


def sbom(subject: str, *rows: str, path: str = "", **more: Any) -> Document:
    """Return the SBOM of a release, ``name==version``, whose first row is what it describes."""
    name = subject.partition("==")[0]
    made = document(path or f"{name}.json", DocumentKind.SBOM, [subject, *rows])
    return replace(made, **{"subject": name, "roots": ("0",), "completeness": Completeness.COMPLETE, **more})


def carried(*documents: Document, facts: Sequence[Fact] = ()) -> dict[str, dict[str, str]]:
    """Return the verdict of what each release carries, by package and version."""
    found, _ = accusation_with(*documents, facts=facts)
    return {
        str(package): {version: one.verdict.value for version, one in known.items()}
        for package, known in found.carriers.items()
    }


def accusation_with(*documents: Document, facts: Sequence[Fact] = ()) -> tuple[Accusation, Case]:
    services = tuple(Service(id=service_id(f"s{number}")) for number in range(len(documents)))
    told = organisation(services=services, uses=tuple(use(f"s{n}", one) for n, one in enumerate(documents)))
    reader = MemoryReader([RECORD, *documents, *facts, told])
    (case,) = cases_of(reader, ["case-1"])
    read = CaseDocuments(reader, case)
    return with_carriers(read, accuse(case, read.organisation)), case


CORE, APP = sbom("core==1", "bad==2"), sbom("app==1", "core==1")


def test_a_release_carries_what_its_own_document_shows() -> None:
    assert carried(CORE, APP) == {"core": {"1": "observed"}}
    found, _ = accusation_with(CORE, APP)
    (one,) = found.carriers[next(iter(found.carriers))].values()
    assert one.reason == "and its own core.json lists bad 2"
    assert [step.node for step in one.path] == ["core.json", "bad@2"]  # no edge leads to it
    assert one.shown == {("bad", "2")}


def test_over_any_number_of_steps() -> None:
    top = sbom("top==1", "app==1")
    assert carried(CORE, APP, top, sbom("x==1", "top==1")) == {
        "core": {"1": "observed"},
        "app": {"1": "observed"},
        "top": {"1": "observed"},
    }


def test_releases_that_carry_each_other_come_to_an_end() -> None:
    one, two = sbom("one==1", "two==1", "bad==2"), sbom("two==1", "one==1")
    assert carried(one, two) == {"one": {"1": "observed"}, "two": {"1": "observed"}}


def test_nothing_is_carried_where_nobody_lists_it_and_no_install_finds_it() -> None:
    assert carried(CORE) == {}
    assert carried(CORE, facts=[page("core", {"1": "01:00"})]) == {"core": {"1": "observed"}}
    assert carried(CORE, facts=[replace(page("core", {}), found=False)]) == {}


@pytest.mark.parametrize(
    ("own", "carries"),
    [
        (sbom("core==1", "bad==1"), {}),  # another release
        (sbom("core==1", "bad=="), {"core": {"1": "unknown"}}),
        (sbom("core==", "bad==2"), {"core": {"": "unknown"}}),  # of which release it is, is not said
        (replace(sbom("core==1", "bad==2"), subject=""), {}),  # it describes nothing
        (replace(sbom("core==1", "bad==2"), kind=DocumentKind.LOCK, basis=Basis.LOCKED), {}),
        (replace(sbom("core==1", "bad==2"), roots=()), {}),
    ],
)
def test_what_a_document_carries_is_as_sure_as_what_it_says(own: Document, carries: dict[str, dict[str, str]]) -> None:
    assert carried(own, APP) == carries


def test_of_two_documents_of_one_release_the_worse_counts_in_any_order() -> None:
    clean = sbom("core==1", "bad==1", path="a.json")
    for first in "0f":  # documents are read by their sha256
        doubtful = replace(sbom("core==1", "bad==", path="b.json"), sha256=first * 64)
        assert carried(clean, doubtful, CORE, APP) == {"core": {"1": "observed"}}
        assert carried(clean, doubtful, APP) == {"core": {"1": "unknown"}}


def test_each_release_carries_what_its_own_document_says() -> None:
    newer = sbom("core==2", "bad==1", path="newer.json")
    assert carried(CORE, newer, APP) == {"core": {"1": "observed"}}


def test_a_document_of_the_accused_package_itself_shows_nothing_of_others() -> None:
    own = sbom("bad==2", "ok==1")
    assert carried(own, sbom("x==1", "ok==1")) == {}


# As services are judged


def judged(
    *documents: Document, facts: Sequence[Fact] = (), shop: Document | None = None, **more: Any
) -> ServiceVerdict:
    """Return the verdict of `shop`, which uses one document, beside services that use the others."""
    services = (
        Service(**{"id": service_id("shop"), **more}),
        *(Service(id=service_id(f"s{number}")) for number in range(len(documents))),
    )
    own = shop or APP
    times = {"built_at": "12:00"} if own.kind is DocumentKind.SBOM else STOOD
    uses = (
        use("shop", own, **times),
        *(use(f"s{number}", one, built_at="12:00") for number, one in enumerate(documents)),
    )
    reader = MemoryReader([RECORD, *documents, own, *facts, organisation(services=services, uses=uses)])
    return services_of(reader, "case-1")[service_id("shop")]


def test_a_service_that_lists_such_a_release_is_observed_with_the_way_through_both_documents() -> None:
    found = judged(CORE)
    assert (found.verdict, found.basis) == (Verdict.OBSERVED, "listed")
    assert [step.node for step in found.paths[0]][-1] == "bad@2"
    assert "core.json lists bad 2" in found.reason


@pytest.mark.parametrize(
    ("row", "verdict"),
    [("core==1", "observed"), ("core==2", "cleared"), ("core==", "unknown"), ("other==1", "cleared")],
)
def test_another_release_carries_nothing(row: str, verdict: str) -> None:
    assert judged(CORE, shop=sbom("app==1", row), builds_complete=True).verdict.value == verdict


@pytest.mark.parametrize(
    ("subject", "purl", "told"),
    [
        ("core==1", "pkg:pypi/core@1", "shop.json describes core 1, and its own core.json lists bad 2"),
        ("core==1", "", "shop.json describes core 1, and its own core.json lists bad 2"),
        ("core==", "pkg:pypi/core", "shop.json describes core, and another document of it may list an accused release"),
        ("core==", "", ""),  # a name alone: two projects are called so
    ],
)
def test_a_clean_document_of_what_another_shows_to_carry_it_clears_nobody(subject: str, purl: str, told: str) -> None:
    def about(made: Document) -> Document:
        return replace(made, components=(replace(made.components[0], purl=purl), *made.components[1:]))

    found = judged(
        about(sbom(subject, "bad==2", path="core.json")),
        shop=about(sbom(subject, "ok==1", path="shop.json")),
        builds_complete=True,
    )
    assert found.verdict is (Verdict.UNKNOWN if told else Verdict.CLEARED)
    assert found.reason.startswith(told) or not told


INDEX: Sequence[Fact] = (
    *package("bad", {"1": ("01:00", []), "2": ("11:00", [])}),
    *package("core", {"1": ("01:00", []), "2": ("01:00", [])}),
    *package("wrap", {"1": ("01:00", ["core<2"])}),
)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("core", "requirements.txt allows core 1, and its own core.json lists bad 2"),
        ("wrap", "requirements.txt allows core 1, and its own core.json lists bad 2"),
        ("core>=2", ""),
    ],
)
def test_an_install_that_may_take_such_a_release_clears_nobody(text: str, told: str) -> None:
    found = judged(CORE, shop=manifest("requirements.txt", text), facts=INDEX)
    assert found.verdict is (Verdict.UNKNOWN if told else Verdict.CLEARED)
    assert found.reason.startswith(told) or not told


def test_where_a_document_names_no_version_any_release_of_it_may_carry_it() -> None:
    own = sbom("core==", "bad==2")
    found = judged(own, shop=manifest("requirements.txt", "core>=2"), facts=INDEX)
    assert found.verdict is Verdict.UNKNOWN
    assert found.reason.startswith("requirements.txt allows core, whose own core.json may list an accused release")


def test_a_release_that_is_on_no_index_carries_nothing_to_an_install() -> None:
    own = sbom("core==9", "bad==2")
    assert judged(own, shop=manifest("requirements.txt", "core"), facts=INDEX).verdict is Verdict.CLEARED


def test_a_script_that_may_install_such_a_release_leaves_its_service_open() -> None:
    told = InstallCommand(place="line 3", text="pip install wrap", tool="pip", requirements=(requirement("wrap"),))
    script = document("Dockerfile", DocumentKind.SCRIPT, commands=(told,))
    lock = document("uv.lock", DocumentKind.LOCK, ["ok==1"])
    services = (Service(id=service_id("shop")), Service(id=service_id("core")))
    uses = (use("shop", lock, **STOOD), use("shop", script, **STOOD), use("core", CORE, built_at="12:00"))
    reader = MemoryReader([RECORD, CORE, lock, script, *INDEX, organisation(services=services, uses=uses)])
    found = services_of(reader, "case-1")[service_id("shop")]
    assert found.verdict is Verdict.UNKNOWN
    assert "installs a package that may bring in core, whose own SBOM may list an accused release" in found.reason
