"""Which problem of a document says why it is open."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from graphkit.model.documents import (
    ATTESTED,
    EDITABLE_TREE,
    NOT_READ,
    SAYS_COMPLETE,
    Basis,
    Document,
    DocumentKind,
    Problem,
    how_many,
    is_attested,
    is_open_for_editable_trees_alone,
    line_of,
    usual_places,
    why_open,
)


def document(*texts: str) -> Document:
    problems = tuple(Problem(place=str(number), text=text) for number, text in enumerate(texts))
    return Document(
        sha256="", path="x", kind=DocumentKind.ENVIRONMENT, format="x", basis=Basis.INSTALLED, problems=problems
    )


@pytest.mark.parametrize(
    ("texts", "place"),
    [
        ((), None),
        (("odd",), "0"),
        (("odd", f"{SAYS_COMPLETE}no", "'x' is not here; the dependency was left out", f"{NOT_READ}x"), "3"),
        (("odd", f"{SAYS_COMPLETE}no", "'x' is not here; the dependency was left out"), "2"),
        (("odd", f"{SAYS_COMPLETE}no"), "1"),
    ],
)
def test_the_part_that_was_not_read_comes_first(texts: tuple[str, ...], place: str | None) -> None:
    found = why_open(document(*texts))
    assert (found.place if found else None) == place


def test_editable_trees_alone() -> None:
    assert is_open_for_editable_trees_alone(document(f"{EDITABLE_TREE}x", "odd"))
    assert not is_open_for_editable_trees_alone(document(f"{EDITABLE_TREE}x", f"{NOT_READ}y"))
    assert not is_open_for_editable_trees_alone(document("odd"))


def test_a_document_that_came_in_an_attestation_is_known_by_its_format() -> None:
    plain = document()
    assert [is_attested(replace(plain, format=f"spdx{ending}")) for ending in ("", ATTESTED)] == [False, True]


def test_problems_that_one_line_stands_for_are_counted() -> None:
    assert how_many([]) == 0
    assert how_many([Problem(place="", text="x"), Problem(place="", text="and more", count=40)]) == 41


@pytest.mark.parametrize(
    ("count", "places"),
    [(0, ()), (1, ("metadata.component",)), (3, ("metadata.component", "components[0]", "components[1]"))],
)
def test_the_component_that_a_flat_bom_describes_comes_first(count: int, places: tuple[str, ...]) -> None:
    assert usual_places(count) == places


LINES = [
    ("uv.lock", (3, 8), [3, 8, 0]),  # a row beyond those that have a line
    ("uv.lock", (7,), [7, 7, 7]),  # all of them are in one line
    ("uv.lock", (), [0, 0, 0]),
    ("sboms.json[1]", (3, 8), [3, 8, 0]),
    ("sboms.json#0", (3, 8), [0, 0, 0]),
]


@pytest.mark.parametrize(("path", "lines", "found"), LINES)
def test_the_line_of_a_row_is_told_where_each_has_its_own(path: str, lines: tuple[int, ...], found: list[int]) -> None:
    placed = replace(document(), path=path, lines=lines)
    assert [line_of(placed, number) for number in range(3)] == found
