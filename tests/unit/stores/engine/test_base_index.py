"""What the base of an index depends on: the same key only where packages, releases, files and ranges are the same."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import pytest
from msgspec.structs import replace

from graphkit.model.incidents import CompromisedFile, CompromisedRelease, Incident
from graphkit.model.names import PackageName, ServiceId
from graphkit.model.organisation import DocumentUse, Organisation
from graphkit.model.requirements import requirement
from graphkit.model.times import exactly
from graphkit.stores.engine.base_index import base_key, facts_sha256, stage_changed, stage_facts, write_package_facts
from graphkit.stores.engine.compile_ranges import number_sets
from graphkit.stores.engine.compile_releases import compile_packages
from graphkit.stores.engine.index_folder import HeldArrays, IndexArrays
from graphkit.stores.engine.record import Record
from graphkit.stores.port import Fact
from tests.unit.stores.engine.kept import component, document, metadata, page, recorded, staged, texts_of

INDEX: tuple[Fact, ...] = (page("lib", "1.0", "1.1"), page("app", "1"), metadata("app", "1", "lib>=1", "dep"))
BAD = CompromisedRelease(purl="pkg:pypi/lib@1.0", package=PackageName("lib"), version="1.0", listed_from=5)
INCIDENT = Incident(id="x", title="t", releases=(BAD,))


@cache
def digests(*facts: Fact) -> tuple[str, str]:
    """The key of the base, and the digest of all facts."""
    with recorded(facts) as record:
        stage_facts(staged(record))
        key = base_key(record.connection)
        return key, facts_sha256(record.connection, key)


def key_of(facts: Iterable[Fact]) -> str:
    return digests(*facts)[0]


def test_the_order_of_facts_does_not_change_the_key() -> None:
    assert key_of([*INDEX, INCIDENT]) == key_of([INCIDENT, *reversed(INDEX)])


CHANGES: dict[str, Fact] = {
    "a page read again": page("lib", "1.0", "1.1", read_at=2000),
    "a page of a package that was only required": page("dep"),
    "weaker metadata of a release without any": metadata("lib", "1.0", "dep"),
    "an accused release": INCIDENT,
    "a release that a document alone knows": document("aa", component("lib", "7")),
    "another spelling of a release that documents alone know": document("aa", component("app", "2.0")),
    "a name that a document brings": document("aa", component("fresh")),
    "a name that a manifest requires": document("aa", requirements=(requirement("fresh"),)),
    "a name that an advisory has a range of": Incident(
        id="y", title="", releases=(), ranges=((PackageName("fresh"), "<1"),)
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_changes_the_base_changes_its_key(change: Fact) -> None:
    assert key_of([*INDEX, change]) != key_of(INDEX)


KEEPS: dict[str, Fact] = {
    "a withdrawn incident": replace(INCIDENT, withdrawn=True),
    "a release that a page lists": document("aa", component("lib", "1.0.0")),
    "a release whose metadata are known": document("aa", component("app", "1")),
    "a release of another origin": document("aa", component("lib", "7", origin="git+https://code.example/lib")),
    "a package without a version": document("aa", component("lib")),
    "a package of another ecosystem": document("aa", component("lib", package=None, purl="pkg:npm/lib@7")),
    "who uses a document": DocumentUse(service=ServiceId("web"), document="aa"),
}


@pytest.mark.parametrize("kept", KEEPS.values(), ids=KEEPS)
def test_what_leaves_the_base_as_it_is_leaves_its_key(kept: Fact) -> None:
    assert key_of([*INDEX, kept]) == key_of(INDEX)


@pytest.mark.parametrize(
    "other",
    [
        replace(BAD, version="1.1", purl="pkg:pypi/lib@1.1"),
        replace(BAD, version="1.0.0"),  # the spelling that the release may show
        replace(BAD, listed_from=6),
        replace(BAD, listed_from=None),
        replace(BAD, whole=False),
        replace(BAD, files=(CompromisedFile(filename="a.whl"),)),
        replace(BAD, files=(CompromisedFile(filename="a.whl", sha256="ab"),)),
    ],
)
def test_every_word_of_an_accusation_counts(other: CompromisedRelease) -> None:
    assert key_of([*INDEX, INCIDENT]) != key_of([*INDEX, replace(INCIDENT, releases=(other,))])


@pytest.mark.parametrize(
    "fact",
    [
        document("aa", component("lib", "1.0")),
        DocumentUse(service=ServiceId("web"), document="aa", built_at=exactly(1)),
        Organisation(source="a"),
        Incident(id="y", title="t", releases=()),
    ],
)
def test_the_digest_of_all_facts_has_evidence_that_the_base_lacks(fact: Fact) -> None:
    (key, facts), (more_key, more_facts) = digests(*INDEX), digests(fact, *INDEX)
    assert key == more_key
    assert facts != more_facts


def compiled(record: Record) -> IndexArrays:
    connection = staged(record)
    stage_facts(connection)
    number_sets(connection)
    out = HeldArrays()
    compile_packages(connection, out)
    return out.held()


def test_facts_stand_beside_packages_and_zeros_where_there_are_none() -> None:
    with recorded(INDEX) as record:
        index = compiled(record)
        assert texts_of(index, "package.name") == ["app", "dep", "lib"]
        app, dep, lib = index.array("package.facts").tolist()
    assert dep == b""
    assert len({app, dep, lib}) == 3
    assert len(app) == 16


@pytest.mark.parametrize(
    ("later", "expected"),
    [
        ([], []),
        ([page("lib", "1.0", read_at=2000)], ["lib"]),
        ([page("dep"), INCIDENT], ["dep", "lib"]),
        ([document("aa", component("app", "3"), component("lib", "1.0"))], ["app"]),
    ],
)
def test_packages_that_changed_are_those_with_other_facts_than_before(later: list[Fact], expected: list[str]) -> None:
    with recorded(INDEX) as record, recorded(INDEX, later) as newer:
        older = compiled(record)
        stage_facts(staged(newer))
        assert stage_changed(newer.connection, older) == len(expected)
        names = newer.connection.execute("SELECT package FROM changed ORDER BY package").fetchall()
    assert [name for (name,) in names] == expected


def test_a_package_that_lost_its_facts_changed() -> None:
    with recorded([*INDEX, INCIDENT, document("aa", component("ghost", "1"))]) as record:
        older = compiled(record)
    with recorded(INDEX) as newer:
        stage_facts(staged(newer))
        assert stage_changed(newer.connection, older) == 2
        assert newer.connection.execute("SELECT package FROM changed ORDER BY 1").fetchall() == [("ghost",), ("lib",)]


def test_facts_that_end_in_zeros_come_back_as_they_are() -> None:
    """NumPy cuts zeros from the end of bytes; the digest of a package must not lose them."""
    facts = "ab" + "00" * 15
    with recorded(INDEX) as record:
        connection = staged(record)
        stage_facts(connection)
        connection.execute("UPDATE all_facts SET facts = ? || substr(facts, 33) WHERE package = 'lib'", [facts])
        number_sets(connection)
        out = HeldArrays()
        compile_packages(connection, out)
        assert stage_changed(connection, out.held()) == 0


def test_a_base_of_no_package_has_no_facts() -> None:
    with recorded() as record:
        connection = staged(record)
        stage_facts(connection)
        number_sets(connection)
        out = HeldArrays()
        compile_packages(connection, out)
        write_package_facts(connection, out)
        assert out.held().array("package.facts").tolist() == []
        assert stage_changed(connection, out.held()) == 0


def test_what_tables_say_of_a_project_is_of_its_facts() -> None:
    keys = []
    with recorded([page("lib", "1")]) as record:
        for downloads, maintainers in ((None, ""), (5, ""), (6, ""), (6, "a")):
            record.connection.execute("DELETE FROM projects; DELETE FROM package_facts")
            record.connection.execute(
                "INSERT INTO projects VALUES ('lib', 1, ?, ?, ?)", [downloads, maintainers, "00" * 16]
            )
            stage_facts(staged(record))
            keys.append(base_key(record.connection))
    assert len(set(keys)) == 4
