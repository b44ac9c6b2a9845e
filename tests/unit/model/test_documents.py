"""Which problem of a document says why it is open."""

from __future__ import annotations

import pytest

from graphkit.model.documents import (
    EDITABLE_TREE,
    NOT_READ,
    SAYS_COMPLETE,
    Basis,
    Document,
    DocumentKind,
    Problem,
    is_open_for_editable_trees_alone,
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
