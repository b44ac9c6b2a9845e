"""Ids of nodes, what an organisation becomes, and how a batch is cut; none of it needs a server."""

import pytest

from graphkit.model.names import CompanyId, ServiceId
from graphkit.model.organisation import Company, Organisation, Service, Supply
from graphkit.stores.neo4j import evidence_rows
from graphkit.stores.neo4j.batch import parts
from graphkit.stores.neo4j.existing_rows import touched
from graphkit.stores.neo4j.node_rows import are_yanked, key_of, range_id, release_id, short
from graphkit.stores.port import Fact
from tests.contract.test_store_contract import BAD, WORLD, component, document, metadata, page


def test_a_long_text_is_cut_and_stays_apart_from_others() -> None:
    assert short("x" * 200) == "x" * 200
    one, other = short("x" * 201), short("x" * 202)
    assert one != other
    assert (len(one), one[:41]) == (105, "x" * 40 + "#")
    assert len(short("\N{GRINNING FACE}" * 100).encode()) <= 40 * 4 + 65


def test_half_of_a_surrogate_pair_is_no_error() -> None:
    assert short("\ud800") == "\ud800"
    assert short("\ud800" * 100).startswith("\ud800" * 40 + "#")


@pytest.mark.parametrize(
    ("said", "ident"),
    [
        (("lib", "", "specifier", ">=1"), "lib>=1"),
        (("lib", "a,b", "specifier", ""), "lib[a,b]"),
        (("lib", "", "url", "https://files.example/a.whl"), "lib @ https://files.example/a.whl"),
        (("lib", "", "unreadable", "lib >>1"), "lib ? lib >>1"),
    ],
)
def test_a_range_has_the_id_of_what_it_says(said: tuple[str, str, str, str], ident: str) -> None:
    assert range_id(*said) == ident


def test_ids_of_releases_and_keys() -> None:
    assert release_id("lib", "1.0") == "lib@1.0"
    assert key_of("purl", "pkg:pypi/lib") == "purl:pkg:pypi/lib"


@pytest.mark.parametrize(
    ("files", "is_yanked"), [([], False), ([False], False), ([True, False], False), ([True, True], True)]
)
def test_a_release_is_yanked_where_all_its_files_are(files: list[bool], *, is_yanked: bool) -> None:
    assert are_yanked(files) is is_yanked


@pytest.mark.parametrize(
    ("changed", "release"),
    [
        ({}, "lib@1.0"),
        ({"origin": "git+https://code.example/lib"}, None),
        ({"package": ""}, None),
        ({"version_key": ""}, None),
    ],
)
def test_which_release_a_component_is(changed: dict[str, str], release: str | None) -> None:
    row = {"package": "lib", "version_key": "1.0", "origin": "", **changed}
    assert evidence_rows.release_of(row) == release


def test_companies_that_others_only_mention_are_there_too() -> None:
    acme, blue, coal = map(CompanyId, ("acme", "blue", "coal"))
    facts = Organisation(
        companies=(Company(id=acme, name="Acme"),),
        services=(Service(id=ServiceId("web"), company=blue), Service(id=ServiceId("ci"))),
        supplies=(Supply(supplier=coal, customer=acme, what="heat"),),
    )
    found = evidence_rows.organisation(facts)
    assert [(row["id"], row["name"]) for row in found["Company"]] == [
        ("acme", "Acme"),
        ("blue", "blue"),
        ("coal", "coal"),
    ]
    assert found["OPERATES"] == [("blue", "web", {})]
    assert [(near, far, said["what"]) for near, far, said in found["SUPPLIES"]] == [("coal", "acme", "heat")]
    assert [row["company"] for row in found["Service"]] == ["blue", ""]


def test_incidents_name_releases_by_their_key() -> None:
    (incident,) = (fact for fact in WORLD if getattr(fact, "id", "") == "INC-1")
    assert evidence_rows.compromises([incident]) == [  # type: ignore[list-item]
        ("INC-1", "lib@1.2", {"listed_from": BAD.listed_from, "whole": BAD.whole})
    ]


def test_what_facts_say_something_of() -> None:
    assert touched(WORLD) == {"lib", "app"}
    assert touched([document("aa", component("0", "seen", "1"))]) == {"seen"}
    assert touched([]) == set()


def test_a_batch_is_cut_between_packages() -> None:
    facts: list[Fact] = [page("a", {"1": 1}), page("b", {"1": 1}), metadata("a", "1", "b"), document("dd")]
    assert list(parts(facts)) == [[facts[0], facts[2], facts[1], facts[3]]]
    assert list(parts(facts, 4)) == [[facts[0], facts[2]], [facts[1], facts[3]]]
    assert list(parts([])) == [[]]
