"""Flags as properties with names: every flag of the port has one, and both ways give the same."""

import re

import numpy as np
import pytest

from graphkit.resources import resource
from graphkit.stores import port
from graphkit.stores.neo4j.flag_properties import FILES, OFFERS, PACKAGES, RANGES, RELEASES, FlagProperties

COLUMNS = [("PAGE", PACKAGES), ("RELEASE", RELEASES), ("OFFER", OFFERS), ("FILE", FILES), ("RANGE", RANGES)]


def masks(kind: str) -> list[int]:
    """Every flag of the port of one kind."""
    return sorted(value for name, value in vars(port).items() if name.startswith(f"{kind}_") and isinstance(value, int))


@pytest.mark.parametrize(("kind", "properties"), COLUMNS)
def test_every_flag_of_the_port_has_a_property(kind: str, properties: FlagProperties) -> None:
    flags = np.array([0, *masks(kind)], dtype=np.uint8)
    none, *rows = properties.rows(flags)
    changed = [[name for name in properties.names if row[name] != none[name]] for row in rows]
    assert sorted(changed) == sorted([name] for name in properties.names)


@pytest.mark.parametrize(("kind", "properties"), COLUMNS)
def test_flags_come_back(kind: str, properties: FlagProperties) -> None:
    flags = np.arange(sum(masks(kind)) + 1, dtype=np.uint8)
    columns = properties.columns(flags)
    assert [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)] == properties.rows(
        flags
    )
    found = properties.flags({**columns, "name": []})
    assert found.dtype == np.uint8
    assert found.tolist() == flags.tolist()


@pytest.mark.parametrize(("_", "properties"), COLUMNS)
def test_no_rows_give_no_flags(_: str, properties: FlagProperties) -> None:
    none = np.array([], dtype=np.uint8)
    assert properties.rows(none) == []
    assert properties.flags(properties.columns(none)).tolist() == []


def test_a_release_is_listed_unless_it_is_a_ghost() -> None:
    rows = RELEASES.rows(np.array([0, port.RELEASE_GHOST], dtype=np.uint8))
    assert [row["listed"] for row in rows] == [True, False]


def test_names_differ() -> None:
    of_releases = [*RELEASES.names, *OFFERS.names, *FILES.names]
    assert len(of_releases) == len(set(of_releases))


@pytest.mark.parametrize("path", sorted(resource("queries").glob("*/*.cypher")), ids=lambda path: path.name)
def test_no_statement_reads_bits(path) -> None:  # type: ignore[no-untyped-def]
    """A remainder is how Cypher would take a number apart."""
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\bflags\b|\boffer\b|%", text)


def test_the_statements_of_the_port_give_every_property() -> None:
    wanted = {
        "packages": PACKAGES.names,
        "ranges": RANGES.names,
        "releases": (*RELEASES.names, *OFFERS.names, *FILES.names),
        "users": OFFERS.names,
    }
    for name, properties in wanted.items():
        text = resource("queries", "neo4j", f"{name}.cypher").read_text(encoding="utf-8")
        assert set(properties) <= set(re.findall(r" AS (\w+)", text)), name
