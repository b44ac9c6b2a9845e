"""Requirement sets: equal ones are kept once, whatever the order and the batches."""

from __future__ import annotations

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from graphkit.model.index import MetadataSource
from graphkit.model.requirements import Requirement, requirement
from graphkit.stores.engine.record import Record
from graphkit.stores.engine.requirement_sets import DIGITS, RequirementSets, requirement_row, set_digest
from tests.unit.stores.engine.kept import metadata, recorded

PLAIN = requirement("lib[b,a]>=1; python_version > '3'")
TEXTS = st.lists(st.sampled_from(["lib", "lib>=1", "LIB >=1", "other", "lib[x]", "--unreadable>=1,<"]), max_size=5)


def read(texts: list[str]) -> list[Requirement]:
    return [requirement(text.removeprefix("--")) for text in texts]


@given(st.lists(TEXTS, max_size=5))
def test_sets_are_numbered_by_what_is_in_them(batch: list[list[str]]) -> None:
    sets = RequirementSets()
    numbers: dict[frozenset[Requirement], int] = {}
    for texts in batch:
        requirements = read(texts)
        number, digest = sets.add(requirements)
        assert number == numbers.setdefault(frozenset(requirements), len(numbers))
        assert digest == set_digest({requirement_row(one)[0] for one in requirements})
        assert sets.add(reversed(requirements)) == (number, digest)


@pytest.mark.parametrize(
    "other",
    [
        replace(PLAIN, package=requirement("lic").package),
        replace(PLAIN, extras=()),
        replace(PLAIN, specifier=""),
        replace(PLAIN, marker=""),
        replace(PLAIN, url="https://files.example/lib.whl"),
        replace(PLAIN, unreadable="lib>=1,<"),
        replace(PLAIN, specifier=PLAIN.marker, marker=PLAIN.specifier),  # no part runs into the next
    ],
)
def test_every_part_of_a_requirement_counts(other: Requirement) -> None:
    assert requirement_row(other)[0] != requirement_row(PLAIN)[0]
    assert len(requirement_row(other)[0]) == DIGITS


def test_a_digest_takes_lone_surrogates_which_the_database_then_refuses() -> None:
    assert len(requirement_row(replace(PLAIN, unreadable="lib \ud800"))[0]) == DIGITS


def required(record: Record) -> dict[str, list[str]]:
    found = record.connection.execute("""
        SELECT release_metadata.package, list_sort(list(required.package || specifier))
        FROM release_metadata JOIN requirement_members USING (requirement_set)
        JOIN requirements AS required ON required.id = requirement GROUP BY ALL""").fetchall()
    return dict(found)


def test_releases_get_back_what_they_require_over_several_batches() -> None:
    batches = [
        [metadata("a", "1", "lib", "dep>1"), metadata("b", "1")],
        [metadata("c", "1", "dep>1", "lib", "lib"), metadata("d", "1", "lib")],
        [metadata("a", "1", "new", source=MetadataSource.CORE_METADATA)],
    ]
    with recorded(*batches) as record:
        assert required(record) == {"a": ["new"], "c": ["dep>1", "lib"], "d": ["lib"]}
        counts = [len(record.connection.table(name)) for name in ("requirement_sets", "requirements")]
        assert counts == [4, 3]  # that of `b` is empty, and the first of `a` and that of `c` are one


def test_a_batch_without_metadata_writes_nothing() -> None:
    with duckdb.connect() as database:  # which has not one of the tables
        RequirementSets().write(database)
