"""The values of the model: frozen, hashable, without a dictionary of their own; errors word themselves."""

from __future__ import annotations

import inspect
from types import ModuleType

import pytest
from msgspec import Struct, structs

from graphkit.model import (
    answers,
    documents,
    environment,
    errors,
    incidents,
    index,
    organisation,
    requirements,
    times,
    versions,
)
from graphkit.model.documents import Basis, Component, Edge
from graphkit.model.environment import Environment
from graphkit.model.errors import GraphkitError, InputError, UsageError

MODULES = (answers, documents, environment, incidents, index, organisation, requirements, times, versions)


def values_of(module: ModuleType) -> list[type[Struct]]:
    """Return the structs that a module defines."""
    classes = (value for _, value in inspect.getmembers(module, inspect.isclass) if issubclass(value, Struct))
    return [value for value in classes if value.__module__ == module.__name__]


VALUES = [value for module in MODULES for value in values_of(module)]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: value.__name__)
def test_values_are_frozen_slotted_and_named_by_field(value: type[Struct]) -> None:
    assert value.__struct_config__.frozen
    assert not value.__dictoffset__
    assert not value.__match_args__  # what is given by its place can be matched by it
    mutable = [name for name, kind in value.__annotations__.items() if str(kind).startswith(("list", "dict", "set"))]
    assert mutable == []


@pytest.mark.parametrize("value", VALUES, ids=lambda value: value.__name__)
def test_values_are_documented(value: type[Struct]) -> None:
    assert value.__doc__


def test_the_default_environment_is_fixed() -> None:
    assert structs.asdict(Environment()) == {
        "python": "3.12",
        "platform": "linux",
        "machine": "x86_64",
        "implementation": "cpython",
    }


def test_equal_values_are_one() -> None:
    assert len({Component(ref="a", name="a"), Component(ref="a", name="a")}) == 1
    assert Edge(source="a", target="z") < Edge(source="b", target="a")


def test_bases_stand_in_the_order_of_their_strength() -> None:
    assert [basis.value for basis in Basis] == ["hash", "installed", "built", "locked", "listed"]


def test_errors_share_one_root_and_hold_their_fields() -> None:
    placed = InputError("no purl", place="components[3].purl")
    assert (placed.problem, placed.place, str(placed)) == (
        "no purl",
        "components[3].purl",
        "components[3].purl: no purl",
    )
    assert str(InputError("empty")) == "empty"
    assert issubclass(InputError, GraphkitError)
    assert issubclass(UsageError, GraphkitError)
    assert errors.GraphkitError("one line").args == ("one line",)
